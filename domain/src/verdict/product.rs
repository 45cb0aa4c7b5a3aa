//! Product against order: checks 17 to 26, and allergy (51).

use super::{Check, Objection, Severity};
use crate::drug::{Label, Product, Units, piece_of, units_for};
use crate::order::{Order, OrderVersion};
use crate::resident::Resident;
use crate::time::CivilDate;

/// A package as scanned: the product it is, and what its code says of it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Package<'a> {
    /// Text that names this very package when it carries a serial, else its kind.
    pub key: String,
    /// Whether the key names one package only.
    pub unique: bool,
    /// The product.
    pub product: Option<&'a Product>,
    /// The pharmacy label, if that was scanned.
    pub label: Option<&'a Label>,
    /// Last day on which it may be used.
    pub expiry: Option<CivilDate>,
}

/// What the package itself says against being used today.
#[must_use]
pub(super) fn package_objections(package: &Package<'_>, today: CivilDate) -> Vec<Objection> {
    let expired = package.expiry.filter(|last| *last < today);
    expired
        .map(|last| Objection::new(Check::LotExpired).with("expired", last.to_string()))
        .into_iter()
        .collect()
}

/// How well a product meets an order, and the packages one dose takes.
#[must_use]
pub fn product_objections(
    package: &Package<'_>,
    order: &Order,
    resident: &Resident,
) -> (Vec<Objection>, Option<Units>) {
    let mut found = Vec::new();
    let mut units = Some(Units { packages: 1, halves: 0 });
    if let Some(label) = package.label
        && label.version < order.current.content_version()
    {
        found.push(Objection::new(Check::LabelSuperseded));
    }
    if let Some(product) = package.product {
        units = against_order(product, order, &mut found);
    }
    found.extend(allergy(&order.current, package.product, resident));
    (found, units)
}

fn against_order(product: &Product, order: &Order, found: &mut Vec<Objection>) -> Option<Units> {
    let drug = &order.current.drug;
    // A label names its order; what was put under it may still be another drug.
    if !drug.same_ingredient(product) {
        found.push(Objection::new(Check::WrongDrug));
    }
    if product.form != drug.form {
        let o = Objection::new(Check::WrongForm);
        found.push(o.with("ordered", drug.form.as_str()).with("scanned", product.form.as_str()));
    }
    // A dose counted in pieces says nothing about milligrams, so the strength must then be the
    // ordered one.
    let counted = piece_of(order.current.dose.unit.code()).is_some();
    let strength_fits = drug.strength.is_none_or(|s| s.same_as(product.strength));
    let units =
        if counted && !strength_fits { None } else { units_for(order.current.dose, product) };
    match units {
        None => {
            let o = Objection::new(Check::WrongStrength);
            found.push(
                o.with("ordered", order.current.dose.to_string())
                    .with("scanned", product.strength.to_string()),
            );
        }
        Some(u) if u.halves != 0 && u.halves != 2 => {
            let o = Objection::new(Check::UnitsToGive).with("halves", u.halves);
            found.push(
                o.with("strength", product.strength.to_string())
                    .with("dose", order.current.dose.to_string()),
            );
        }
        Some(_) => {}
    }
    if product.route != drug.route && !product.route.is_empty() && !drug.route.is_empty() {
        found.push(Objection::new(Check::RouteDiffers));
    }
    units
}

/// Check 51: a recorded reaction to any part of the ingredient, the ordered or the scanned one. Who
/// accepted the reaction on the order accepted it for the ordered ingredient only.
pub(super) fn allergy(
    ordered: &OrderVersion,
    product: Option<&Product>,
    resident: &Resident,
) -> Option<Objection> {
    let to = |ingredient: &str| resident.allergies.iter().find(|a| a.matches(ingredient));
    let (of_order, of_product) =
        (to(&ordered.drug.ingredient), product.and_then(|p| to(&p.ingredient)));
    let other = of_product.filter(|a| of_order != Some(a));
    let accepted = ordered.allergy_override.is_some() && other.is_none() && of_order.is_some();
    let met =
        if ordered.allergy_override.is_some() { other.or(of_order) } else { of_order.or(other) }?;
    let severity = if accepted { Severity::Info } else { Severity::Stop };
    Some(
        Objection::new(Check::AllergyMatch)
            .severity(severity)
            .with("ingredient", met.ingredient.as_str())
            .with("reaction", met.reaction.as_str()),
    )
}
