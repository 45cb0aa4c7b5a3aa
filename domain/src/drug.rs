//! Products of the formulary, and how many of one make a dose.

use crate::amount::{Amount, Dimension, Unit};
use crate::id::{LabelId, OrderId, ProductId, ResidentId};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// How much of the ingredient there is in one piece, or in `per`.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Strength {
    /// The ingredient.
    pub amount: Amount,
    /// In how much (`100 units` per `1 mL`); absent: in one piece.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub per: Option<Amount>,
}

impl Strength {
    /// Whether so much of the drug, in pieces or measured, holds exactly so much of its ingredient.
    #[must_use]
    pub fn holds(self, ingredient: Amount, drug: Amount) -> bool {
        let per = match self.per {
            Some(per) => per,
            None if is_piece(drug.unit) => Amount::whole(1, drug.unit),
            None => return false,
        };
        let product = |one: Amount, other: Amount| one.base().checked_mul(other.base());
        ingredient.comparable(self.amount)
            && drug.comparable(per)
            && product(ingredient, per).is_some_and(|of| Some(of) == product(drug, self.amount))
    }

    /// The same concentration or strength, whatever the units it is written in.
    #[must_use]
    pub fn same_as(self, other: Self) -> bool {
        let one = |s: Self| s.per.map_or(1, Amount::base);
        let pers_match = match (self.per, other.per) {
            (None, None) => true,
            (Some(a), Some(b)) => a.comparable(b),
            _ => false,
        };
        let cross = |a: Self, b: Self| a.amount.base().checked_mul(one(b));
        pers_match
            && self.amount.comparable(other.amount)
            && cross(self, other).is_some()
            && cross(self, other) == cross(other, self)
    }

    /// Reads `500 mg` or `100 units/mL` or `160 mg/5 mL`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (amount, per) = text.split_once('/').map_or((text, None), |(a, p)| (a, Some(p.trim())));
        let per = match per {
            None => None,
            Some(p) => Some(Amount::parse_text(p).or_else(|_| Amount::parse("1", p)).ok()?),
        };
        let amount = Amount::parse_text(amount).ok()?;
        (amount.nano > 0 && per.is_none_or(|p| p.nano > 0)).then_some(Self { amount, per })
    }
}

impl std::fmt::Display for Strength {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.per {
            None => write!(f, "{}", self.amount),
            Some(p) if p == Amount::whole(1, p.unit) => {
                write!(f, "{}/{}", self.amount, p.unit.code())
            }
            Some(p) => write!(f, "{}/{p}", self.amount),
        }
    }
}

/// A product: one line of the formulary.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Product {
    /// Identity.
    pub id: ProductId,
    /// What is printed on it.
    pub name: String,
    /// The ingredient, lower case (`metformin`, `carbidopa/levodopa`).
    pub ingredient: String,
    /// Strength of one piece, or concentration.
    pub strength: Strength,
    /// Dose form, lower case (`tablet`, `tablet extended release`, `solution`).
    pub form: String,
    /// Usual route, lower case code (`po`).
    pub route: String,
    /// Pieces in one scanned package.
    pub units_per_package: u32,
    /// NDC in 11 digits, when it has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ndc11: Option<String>,
    /// GTINs in 14 digits under which it is scanned.
    #[serde(default)]
    pub gtins: Vec<String>,
    /// What handling it takes.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub handling: BTreeSet<Handling>,
}

/// What handling a product takes. Verdicts, checks 66 and 67.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Handling {
    /// Swallowed whole: not crushed, opened or split.
    DoNotCrush,
    /// Touched with gloves, and its waste kept apart.
    Hazardous,
}

impl Handling {
    /// Reads a code.
    #[must_use]
    pub fn parse(code: &str) -> Option<Self> {
        match code {
            "do_not_crush" => Some(Self::DoNotCrush),
            "hazardous" => Some(Self::Hazardous),
            _ => None,
        }
    }
}

impl Product {
    /// Whether it is swallowed whole: the formulary says so, or its form lets go of the drug later
    /// or longer, which crushing undoes.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        let slow = ["extended release", "delayed release", "enteric"];
        self.handling.contains(&Handling::DoNotCrush)
            || slow.iter().any(|word| self.form.contains(word))
    }
}

/// A pharmacy's label: an opaque key for one version of one order.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Label {
    /// Identity.
    pub id: LabelId,
    /// The text in the barcode, matched exactly.
    pub code: String,
    /// The pharmacy that printed it.
    pub pharmacy: String,
    /// Whose it is.
    pub resident: ResidentId,
    /// The order it fills.
    pub order: OrderId,
    /// The order's version it was printed for; an older one is superseded (never by date).
    pub version: u32,
    /// The product in the package, where the pharmacy said so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub product: Option<ProductId>,
}

/// How many scans and pieces make one dose of a product.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Units {
    /// Packages to scan.
    pub packages: u32,
    /// Halves of a piece to give: 1 is half a tablet, 4 are two tablets. 0 for what is measured.
    pub halves: u32,
}

/// Most pieces one dose may take; above it the product is the wrong one (units per dose far above
/// the usual are a known way of misreading an order).
pub const PIECES_MAX: u32 = 10;

/// The permitted count of `product` that gives `dose` exactly, if there is one.
///
/// Permitted: 1 to [`PIECES_MAX`] whole pieces; of a plain tablet also a half or one and a half.
/// What is measured (a volume, or units of a vial) is one scan of its container.
#[must_use]
pub fn units_for(dose: Amount, product: &Product) -> Option<Units> {
    let halves = halves_of(dose, product.strength, &product.form)?;
    let per_package = product.units_per_package.max(1) * 2;
    Some(Units { packages: halves.div_ceil(per_package).max(1), halves })
}

/// How many half pieces of a strength and form give `dose` exactly, by the rule of [`units_for`]; 0
/// for what is measured.
#[must_use]
pub fn halves_of(dose: Amount, strength: Strength, form: &str) -> Option<u32> {
    if dose.nano <= 0 {
        return None;
    }
    if let Some(per) = strength.per {
        let measured = dose.comparable(strength.amount) || dose.comparable(per);
        return measured.then_some(0);
    }
    let halves = if dose.comparable(strength.amount) {
        exact_halves(dose.base(), strength.amount.base())?
    } else if is_piece(dose.unit) && piece_of(form).is_none_or(|u| u == dose.unit) {
        exact_halves(dose.base(), Amount::whole(1, dose.unit).base())?
    } else {
        return None;
    };
    let whole = halves.is_multiple_of(2) && halves <= 2 * PIECES_MAX;
    let split = form == "tablet" && matches!(halves, 1 | 3);
    (whole || split).then_some(halves)
}

fn exact_halves(dose: i128, piece: i128) -> Option<u32> {
    let doubled = dose.checked_mul(2)?;
    if piece <= 0 || doubled % piece != 0 {
        return None;
    }
    u32::try_from(doubled / piece).ok().filter(|h| *h > 0)
}

pub(crate) fn is_piece(unit: Unit) -> bool {
    unit.scale().0 == Dimension::Count && !matches!(unit, Unit::Units | Unit::Meq | Unit::Mmol)
}

/// Classes of ingredients, one a row; insulins carry their class in their name.
const CLASSES: &str = include_str!("../data/drug_classes.csv");

/// Classes that are psychotropic. 42 CFR 483.45(c)(3); opioids are not.
const PSYCHOTROPIC: [&str; 4] = ["antipsychotic", "antidepressant", "anxiolytic", "hypnotic"];

fn words(ingredient: &str) -> impl Iterator<Item = &str> + Clone {
    ingredient.split(['/', ' ', '-']).filter(|word| !word.is_empty())
}

/// The classes of any part of an ingredient.
fn classes(ingredient: &str) -> impl Iterator<Item = &str> {
    let rows = CLASSES.lines().skip(1).filter_map(|row| row.split_once(','));
    let of = move |known: &str| words(ingredient).any(|word| word.eq_ignore_ascii_case(known));
    rows.filter(move |(known, _)| of(known)).map(|(_, class)| class)
}

/// Whether any part of an ingredient is psychotropic.
#[must_use]
pub fn is_psychotropic(ingredient: &str) -> bool {
    classes(ingredient).any(|class| PSYCHOTROPIC.contains(&class))
}

/// Whether any part of an ingredient is an antipsychotic.
#[must_use]
pub fn is_antipsychotic(ingredient: &str) -> bool {
    classes(ingredient).any(|class| class == "antipsychotic")
}

/// Whether two ingredients have a part in common: a combination is each of its parts.
#[must_use]
pub fn share_a_part(one: &str, other: &str) -> bool {
    parts(one).any(|part| has_part(other, part))
}

/// The ingredients a combination is made of; of a single one itself.
pub fn parts(ingredient: &str) -> impl Iterator<Item = &str> {
    ingredient.split('/').map(str::trim)
}

/// Whether an ingredient is, or a combination holds, this one.
#[must_use]
pub fn has_part(ingredient: &str, part: &str) -> bool {
    parts(ingredient).any(|of| of == part)
}

/// The words a policy may call a drug by: its ingredients, every word of them, and their classes.
pub fn terms(ingredient: &str) -> impl Iterator<Item = &str> {
    [ingredient]
        .into_iter()
        .chain(parts(ingredient))
        .chain(words(ingredient))
        .chain(classes(ingredient))
}

/// The piece a form is counted in, where the form says so.
#[must_use]
pub fn piece_of(form: &str) -> Option<Unit> {
    let first = form.split([' ', ',']).next()?;
    Unit::parse(first).filter(|u| is_piece(*u))
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    fn product(strength: &str, form: &str) -> Product {
        Product {
            id: ProductId(Uuid::nil()),
            name: String::new(),
            ingredient: "x".into(),
            strength: Strength::parse(strength).unwrap(),
            form: form.into(),
            route: "po".into(),
            units_per_package: 1,
            handling: BTreeSet::new(),
            ndc11: None,
            gtins: vec![],
        }
    }

    #[test]
    fn classes_come_from_the_shipped_list() {
        for (ingredient, psychotropic, antipsychotic) in [
            ("lorazepam", true, false),
            ("Lorazepam", true, false),
            ("quetiapine", true, true),
            ("olanzapine/fluoxetine", true, true),
            ("haloperidol decanoate", true, true),
            ("sertraline", true, false),
            ("zolpidem", true, false),
            ("oxycodone", false, false),
            ("melatonin", false, false),
            ("metformin", false, false),
        ] {
            assert_eq!(is_psychotropic(ingredient), psychotropic, "{ingredient}");
            assert_eq!(is_antipsychotic(ingredient), antipsychotic, "{ingredient}");
        }
        assert!(terms("oxycodone/acetaminophen").any(|term| term == "opioid"));
        assert!(!terms("acetaminophen").any(|term| term == "opioid"));
        let mut seen = BTreeSet::new();
        for row in CLASSES.lines().skip(1) {
            let (ingredient, class) = row.split_once(',').unwrap();
            assert!(class == "opioid" || PSYCHOTROPIC.contains(&class), "{row}");
            assert!(seen.insert(ingredient), "{ingredient} twice");
            assert!(ingredient.bytes().all(|b| b.is_ascii_lowercase()), "{row}");
        }
    }

    #[test]
    fn only_permitted_counts_give_a_dose() {
        for (dose, strength, form, want) in [
            ("10 mg", "5 mg", "tablet", Some((2, 4))),
            ("17.2 mg", "8.6 mg", "tablet", Some((2, 4))),
            ("10 mg", "4 mg", "tablet", None),
            ("2.5 mg", "5 mg", "tablet", Some((1, 1))),
            ("7.5 mg", "5 mg", "tablet", Some((2, 3))),
            ("2.5 mg", "5 mg", "tablet extended release", None),
            ("2.5 mg", "5 mg", "capsule", None),
            ("1 g", "500 mg", "tablet", Some((2, 4))),
            ("50 mcg", "0.05 mg", "tablet", Some((1, 2))),
            ("40 mg", "1 mg", "capsule", None),
            ("4 units", "100 units/mL", "solution", Some((1, 0))),
            ("5 mL", "160 mg/5 mL", "solution", Some((1, 0))),
            ("2 tablet", "325 mg", "tablet", Some((2, 4))),
            ("2 capsule", "325 mg", "tablet", None),
            ("5 mL", "325 mg", "tablet", None),
        ] {
            let dose = Amount::parse_text(dose).unwrap();
            let got = units_for(dose, &product(strength, form)).map(|u| (u.packages, u.halves));
            assert_eq!(got, want, "{dose:?} of {strength} {form}");
        }
    }
}
