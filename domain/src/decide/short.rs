//! A count that ends before all packages of the dose were scanned: part of the dose, or put back.

use super::ScanCommand;
use super::record::{Record, fields};
use super::scan_unit::prepare;
use crate::amount::Amount;
use crate::audit::leaf::Action;
use crate::cart::Counting;
use crate::drug::{Product, units_for};
use crate::home::Home;
use crate::verdict::{Check, Objection, settled_elsewhere};

/// The reason a dose is charted with when not all of its packages were scanned; why the nurse went
/// on all the same is among the overrides.
pub(super) const PARTIAL: &str = "PARTIAL";

/// Puts what was counted in the pot as part of its dose. When the dose was settled elsewhere
/// meanwhile, the packages go back instead, and that is the answer.
pub(super) fn settle_short(
    record: &mut Record<'_, '_>,
    c: &ScanCommand,
    mut counted: Counting,
) -> Option<Objection> {
    if let Some(elsewhere) = settled_elsewhere(record.home, counted.dose) {
        put_back(record, &counted);
        return Some(elsewhere);
    }
    let answers = c.overrides.iter().filter(|v| v.code == Check::UnitsShort.code());
    counted.overrides.extend(answers.cloned());
    prepare(record, &c.cart, counted);
    None
}

/// Packages that were counted and never in the pot go back: the trail says how many. The dose has
/// no fact of it, since it may stand in another cart's pot.
pub(super) fn put_back(record: &mut Record<'_, '_>, counted: &Counting) {
    let resident = record.home.orders.get(&counted.order).map(|o| o.current.resident);
    let (kind, id) = match counted.dose {
        Some(dose) => ("dose", dose.to_string()),
        None => ("orders", counted.order.to_string()),
    };
    let packages = i64::try_from(counted.packages.len()).unwrap_or(i64::MAX);
    let leaf = record.leaf(Action::Execute, kind, id);
    Record::about(leaf, resident);
    leaf.reason = Some("returned".to_owned());
    leaf.after = Some(fields([("packages", packages.into())]));
}

/// How much of `dose` these packages hold.
pub(super) fn held_by(home: &Home, dose: Amount, packages: &[String]) -> Amount {
    let one = |key: &String| {
        let product = product_of(home, key)?;
        let halves = i64::from(units_for(dose, product)?.halves);
        let pieces = i64::from(product.units_per_package.max(1));
        dose.nano.checked_mul(2 * pieces)?.checked_div(halves)
    };
    let held = packages.iter().filter_map(one).fold(0, i64::saturating_add);
    Amount { nano: held.min(dose.nano), ..dose }
}

/// The product a counted package's text names.
fn product_of<'a>(home: &'a Home, key: &str) -> Option<&'a Product> {
    if let Some(label) = key.strip_prefix("label:") {
        return home.products.get(&home.labels.get(label)?.product?);
    }
    let name = key.split('#').next()?;
    home.product_by_gtin(name).or_else(|| home.product_by_ndc(name))
}
