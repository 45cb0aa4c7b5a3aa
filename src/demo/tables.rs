//! The demo's data files: formulary, regimens, names. All invented.

use super::seed::SeedError;
use emar_domain::amount::Amount;
use emar_domain::drug::{Product, Strength};
use emar_domain::id::ProductId;
use emar_domain::time::CivilTime;
use uuid::Uuid;

const FORMULARY: &str = include_str!("data/formulary.csv");
const REGIMENS: &str = include_str!("data/regimens.csv");
const NAMES: &str = include_str!("data/names.csv");

/// Something a prescriber of the demo may order.
#[derive(Clone, Debug)]
pub struct Regimen {
    /// Place of its product in the formulary.
    pub product: usize,
    /// Each time.
    pub dose: Amount,
    /// Frequency code, or `PRN`.
    pub frequency: String,
    /// Hours of its own, in place of the home's.
    pub hours: Vec<CivilTime>,
    /// A resident gets at most one regimen of a group.
    pub group: String,
    /// How often it is chosen.
    pub weight: u64,
    /// PRN: fewest minutes between two givings.
    pub prn_minutes: Option<i64>,
    /// PRN: most givings in 24 hours.
    pub prn_max: Option<u32>,
    /// What for.
    pub indication: String,
    /// Special instructions.
    pub instructions: String,
}

/// Names to put together.
#[derive(Clone, Debug, Default)]
pub struct Names {
    /// Given names.
    pub given: Vec<&'static str>,
    /// First halves of family names.
    pub fronts: Vec<&'static str>,
    /// Second halves.
    pub backs: Vec<&'static str>,
}

fn rows<const N: usize>(
    file: &'static str,
    text: &'static str,
) -> impl Iterator<Item = Result<(u32, [&'static str; N]), SeedError>> {
    // No cell of these files holds a comma, so a line is split at each.
    text.lines().zip(1u32..).skip(1).map(move |(line, number)| {
        let cells: Vec<&str> = line.split(',').collect();
        let cells = cells.try_into().map_err(|_| SeedError::Data { file, line: number })?;
        Ok((number, cells))
    })
}

/// The formulary; `fresh` makes the ids.
///
/// # Errors
/// [`SeedError::Data`] names the line that cannot be read.
pub fn formulary(fresh: &mut dyn FnMut() -> Uuid) -> Result<Vec<Product>, SeedError> {
    const FILE: &str = "formulary.csv";
    rows::<9>(FILE, FORMULARY)
        .map(|row| {
            let (line, [_ndc, gtin, name, ingredient, strength, unit, form, route, per]) = row?;
            let wrong = || SeedError::Data { file: FILE, line };
            Ok(Product {
                id: ProductId(fresh()),
                name: name.to_owned(),
                ingredient: ingredient.to_owned(),
                strength: Strength::parse(&format!("{strength} {unit}")).ok_or_else(wrong)?,
                form: form.to_owned(),
                route: route.to_owned(),
                units_per_package: per.parse().map_err(|_| wrong())?,
                handling: std::collections::BTreeSet::new(),
                ndc11: None,
                gtins: vec![gtin.to_owned()],
            })
        })
        .collect()
}

/// What may be ordered of `formulary`.
///
/// # Errors
/// [`SeedError::Data`] names the line that cannot be read.
pub fn regimens(formulary: &[Product]) -> Result<Vec<Regimen>, SeedError> {
    const FILE: &str = "regimens.csv";
    let optional = |text: &str| (!text.is_empty()).then(|| text.to_owned());
    rows::<10>(FILE, REGIMENS)
        .map(|row| {
            let (line, cells) = row?;
            let [product, dose, frequency, hours, group, weight, minutes, most, why, how] = cells;
            let wrong = || SeedError::Data { file: FILE, line };
            let hours = hours.split_whitespace().map(CivilTime::parse).collect::<Result<_, _>>();
            Ok(Regimen {
                product: formulary.iter().position(|p| p.name == product).ok_or_else(wrong)?,
                dose: Amount::parse_text(dose).map_err(|_| wrong())?,
                frequency: frequency.to_owned(),
                hours: hours.map_err(|_| wrong())?,
                group: group.to_owned(),
                weight: weight.parse().map_err(|_| wrong())?,
                prn_minutes: optional(minutes)
                    .map(|m| m.parse())
                    .transpose()
                    .map_err(|_| wrong())?,
                prn_max: optional(most).map(|m| m.parse()).transpose().map_err(|_| wrong())?,
                indication: why.to_owned(),
                instructions: how.to_owned(),
            })
        })
        .collect()
}

/// The names.
///
/// # Errors
/// [`SeedError::Data`] names the line that cannot be read.
pub fn names() -> Result<Names, SeedError> {
    const FILE: &str = "names.csv";
    let mut names = Names::default();
    for row in rows::<2>(FILE, NAMES) {
        let (line, [kind, text]) = row?;
        match kind {
            "given" => names.given.push(text),
            "front" => names.fronts.push(text),
            "back" => names.backs.push(text),
            _ => return Err(SeedError::Data { file: FILE, line }),
        }
    }
    Ok(names)
}
