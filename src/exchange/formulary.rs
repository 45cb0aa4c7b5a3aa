//! The formulary as CSV: every line a product, or the whole file refused with every fault.

use crate::exchange::fhir;
use emar_domain::amount::Unit;
use emar_domain::drug::{Handling, Product, Strength, piece_of};
use emar_domain::home::Home;
use emar_domain::id::ProductId;
use emar_domain::scan::check::has_check_digit;
use emar_domain::scan::ndc::{Typed, typed};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

/// The columns, all of them, in any order.
pub const COLUMNS: [&str; 9] = [
    "ndc",
    "gtin14",
    "name",
    "ingredient",
    "strength",
    "unit",
    "form",
    "route",
    "units_per_package",
];
/// A column that may be missing: what handling a product takes, `do_not_crush`, `hazardous` or both
/// with `|` between them.
pub const HANDLING: &str = "handling";
/// Most lines of a formulary.
pub const LINES_MAX: usize = 50_000;

/// One fault, where it stands and what to write instead.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Fault {
    /// Line of the file, from 1.
    pub line: u64,
    /// Name of the column; empty for the whole line.
    pub column: &'static str,
    /// In plain words.
    pub why: String,
}

/// Reads a formulary. A product is known again by its NDC, else its GTIN, so that a second import
/// changes it and does not double it.
///
/// # Errors
/// Every [`Fault`] of the file; nothing of a faulty file is taken.
pub fn read(bytes: &[u8], home: &Home) -> Result<Vec<Product>, Vec<Fault>> {
    let mut reader = csv::ReaderBuilder::new()
        .flexible(true)
        .trim(csv::Trim::All)
        .from_reader(bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes));
    let headers = match reader.headers() {
        Ok(headers) => headers.clone(),
        Err(e) => return Err(vec![whole(1, e.to_string())]),
    };
    let places = places(&headers)?;
    let (mut products, mut faults) = (Vec::new(), Vec::new());
    let mut seen: BTreeMap<String, u64> = BTreeMap::new();
    for (count, record) in reader.records().enumerate() {
        let record = match record {
            Ok(record) => record,
            Err(e) => {
                let line = e.position().map_or(0, csv::Position::line);
                faults.push(whole(line, e.to_string()));
                continue;
            }
        };
        let line = record.position().map_or(0, csv::Position::line);
        if count >= LINES_MAX {
            faults.push(whole(line, format!("more than {LINES_MAX} lines: split the file")));
            break;
        }
        if record.len() != headers.len() {
            let why = format!("{} cells where the heading has {}", record.len(), headers.len());
            faults.push(whole(line, why));
            continue;
        }
        let cell = |column| places.get(column).and_then(|i| record.get(*i)).unwrap_or_default();
        let before = faults.len();
        let product = product(cell, line, home, &mut faults);
        for (column, code) in product.iter().flat_map(codes) {
            if let Some(first) = seen.insert(code, line) {
                let why = format!("line {first} has this code already");
                faults.push(Fault { line, column, why });
            }
        }
        products.extend(product.filter(|_| faults.len() == before));
    }
    if faults.is_empty() { Ok(products) } else { Err(faults) }
}

fn whole(line: u64, why: String) -> Fault {
    Fault { line, column: "", why }
}

fn codes(product: &Product) -> Vec<(&'static str, String)> {
    let ndc = product.ndc11.iter().map(|ndc| ("ndc", format!("ndc {ndc}")));
    ndc.chain(product.gtins.iter().map(|gtin| ("gtin14", gtin.clone()))).collect()
}

fn places(headers: &csv::StringRecord) -> Result<BTreeMap<&'static str, usize>, Vec<Fault>> {
    let mut places = BTreeMap::new();
    let mut faults = Vec::new();
    for column in COLUMNS.into_iter().chain([HANDLING]) {
        let found: Vec<usize> =
            headers.iter().enumerate().filter(|(_, h)| *h == column).map(|(i, _)| i).collect();
        match found.as_slice() {
            [one] => {
                places.insert(column, *one);
            }
            [] if column == HANDLING => {}
            [] => faults.push(Fault { line: 1, column, why: "the column is missing".to_owned() }),
            _ => {
                faults.push(Fault { line: 1, column, why: "the column is there twice".to_owned() })
            }
        }
    }
    for header in headers.iter().filter(|h| !COLUMNS.contains(h) && *h != HANDLING) {
        faults.push(whole(1, format!("the column {header:?} is not known: remove it")));
    }
    if faults.is_empty() { Ok(places) } else { Err(faults) }
}

/// Reads one line; `None` with faults when any of it is wrong.
fn product<'r>(
    cell: impl Fn(&'static str) -> &'r str,
    line: u64,
    home: &Home,
    faults: &mut Vec<Fault>,
) -> Option<Product> {
    let before = faults.len();
    let mut fault = |column, why: &str| faults.push(Fault { line, column, why: why.to_owned() });
    let ndc11 = match (cell("ndc"), typed(cell("ndc"))) {
        ("", _) => None,
        (_, Typed::Ndc11(ndc)) => Some(ndc),
        (_, Typed::Ambiguous) => {
            fault("ndc", "ten digits have three readings: write the NDC with its hyphens");
            None
        }
        (_, Typed::Ndc12(_)) => {
            fault("ndc", "its labeler has six digits, which 11 do not hold: name the gtin14 alone");
            None
        }
        (_, Typed::NotAnNdc) => {
            fault("ndc", "not an NDC: write 11 digits, or three parts with hyphens");
            None
        }
    };
    let gtin = cell("gtin14");
    if !gtin.is_empty() && (gtin.len() != 14 || !has_check_digit(gtin)) {
        fault("gtin14", "not 14 digits with a right check digit");
    }
    if cell("ndc").is_empty() && gtin.is_empty() {
        fault("ndc", "neither ndc nor gtin14: it could never be scanned");
    }
    for column in ["name", "ingredient", "form", "route"] {
        if cell(column).is_empty() {
            fault(column, "must not be empty");
        }
    }
    if !cell("route").is_empty() && !fhir::is_route(cell("route")) {
        fault("route", "not a route code such as PO, SUBCUT or TOP");
    }
    let form = cell("form").to_lowercase();
    let strength = strength(cell("strength"), cell("unit"));
    if strength.is_none() {
        let why = "strength and unit are not an amount above 0 such as 500 and mg, or 100 and \
                   units/mL";
        fault("strength", why);
    }
    if strength.is_some_and(|s| s.per.is_some()) && piece_of(&form).is_some() {
        fault("unit", "a form that is counted has its strength in one piece, not in a volume");
    }
    let units = cell("units_per_package").parse::<u32>().ok().filter(|n| (1..=10_000).contains(n));
    if units.is_none() {
        fault("units_per_package", "not a whole number of 1 to 10000");
    }
    let words = cell(HANDLING).split('|').map(str::trim).filter(|word| !word.is_empty());
    let handling: Option<BTreeSet<Handling>> = words.map(Handling::parse).collect();
    if handling.is_none() {
        fault(HANDLING, "not do_not_crush, hazardous, or both with | between them");
    }
    let (strength, units_per_package, handling) = (strength?, units?, handling?);
    let key = ndc11.clone().unwrap_or_else(|| gtin.to_owned());
    let known = ndc11.as_deref().and_then(|ndc| home.product_by_ndc(ndc));
    let known = known.or_else(|| home.product_by_gtin(gtin));
    let derived = || ProductId(fhir::derived(&["product", home.facility.as_str(), &key]));
    (faults.len() == before).then(|| Product {
        id: known.map_or_else(derived, |p| p.id),
        name: cell("name").to_owned(),
        ingredient: cell("ingredient").to_lowercase(),
        strength,
        form,
        route: cell("route").to_lowercase(),
        units_per_package,
        ndc11,
        gtins: Some(gtin.to_owned()).filter(|g| !g.is_empty()).into_iter().collect(),
        handling,
    })
}

/// `500` and `mg`; `100` and `units/mL`; `160` and `mg/5 mL`.
fn strength(number: &str, unit: &str) -> Option<Strength> {
    let ingredient = unit.split('/').next()?;
    Unit::parse(ingredient.trim())?;
    Strength::parse(&format!("{number} {unit}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exchange::fhir::tests::home;

    const HEAD: &str = "ndc,gtin14,name,ingredient,strength,unit,form,route,units_per_package\n";
    const GOOD: &str = "0093-1048-01,00300931048011,Metformin 500 mg tablet,Metformin,500,mg,\
                        tablet,PO,1\n";

    fn faults(rows: &str) -> Vec<(u64, &'static str)> {
        let text = format!("{HEAD}{rows}");
        let faults = read(text.as_bytes(), &home()).expect_err("has faults");
        faults.into_iter().map(|f| (f.line, f.column)).collect()
    }

    #[test]
    fn what_handling_takes_is_read_where_the_column_is_there() {
        let head = HEAD.replace("units_per_package", "units_per_package,handling");
        let read_one = |handling: &str| {
            let text = format!("{head}{},{handling}\n", GOOD.trim_end());
            read(text.as_bytes(), &home())
        };
        let both = BTreeSet::from([Handling::DoNotCrush, Handling::Hazardous]);
        for (text, want) in [
            ("", BTreeSet::new()),
            ("hazardous", BTreeSet::from([Handling::Hazardous])),
            ("hazardous | do_not_crush", both),
        ] {
            assert_eq!(read_one(text).unwrap()[0].handling, want, "{text}");
        }
        let faults = read_one("crush").expect_err("no such word");
        assert_eq!((faults[0].line, faults[0].column), (2, "handling"));
    }

    #[test]
    fn a_good_line_is_a_product() {
        let text = format!("\u{feff}{HEAD}{GOOD}");
        let products = read(text.as_bytes(), &home()).unwrap();
        let [product] = products.as_slice() else { panic!("{products:?}") };
        assert_eq!(product.ndc11.as_deref(), Some("00093104801"));
        assert_eq!(product.strength, Strength::parse("500 mg").unwrap());
        assert_eq!((product.ingredient.as_str(), product.route.as_str()), ("metformin", "po"));
        let again = read(text.as_bytes(), &home()).unwrap();
        assert_eq!(again, products, "the same file makes the same ids");
        let mut stocked = home();
        stocked.put_product(product.clone());
        assert_eq!(read(text.as_bytes(), &stocked).unwrap()[0].id, product.id);
    }

    #[test]
    fn every_fault_is_told_and_nothing_is_taken() {
        let rows = format!("{GOOD}0093104801,00300931048014,,x,0,mg,tablet,XX,0\n,,a,b,5,parsec\n");
        let wanted = [
            (3, "ndc"),
            (3, "gtin14"),
            (3, "name"),
            (3, "route"),
            (3, "strength"),
            (3, "units_per_package"),
            (4, ""),
        ];
        assert_eq!(faults(&rows), wanted);
    }

    #[test]
    fn faults_of_single_cells() {
        for (row, wanted) in [
            (",,a,b,5,mg,tablet,PO,1", "ndc"),
            ("1,,a,b,5,mg,tablet,PO,1", "ndc"),
            ("0093-1048-01,,a,b,5,parsec,tablet,PO,1", "strength"),
            ("0093-1048-01,,a,b,-5,mg,tablet,PO,1", "strength"),
            ("0093-1048-01,,a,b,5,mg/mL,tablet,PO,1", "unit"),
            ("0093-1048-01,,a,b,5,mg,tablet,PO,1.5", "units_per_package"),
        ] {
            assert_eq!(faults(&format!("{row}\n")), [(2, wanted)], "{row}");
        }
        let twice = format!("{GOOD}{GOOD}");
        assert_eq!(faults(&twice), [(3, "ndc"), (3, "gtin14")]);
        let fault = read(b"ndc,name\n", &home()).expect_err("no columns");
        assert_eq!(fault.len(), 7);
        assert!(read(b"\xff\xfe", &home()).is_err());
    }
}
