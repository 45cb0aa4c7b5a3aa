//! How a drug is handled: the second person, checks 63 and 64, and what hands do to it, 66 and 67.

use super::{ALONE, Check, Objection};
use crate::administration::{Mode, Witnessed};
use crate::drug::{Handling, Product};
use crate::fact::User;
use crate::home::Home;
use crate::id::UserId;
use crate::order::Order;
use crate::role::Action;
use crate::schedule::policy::NoneAvailable;
use crate::time::Instant;

/// Check 63: what the home wants a second person for has none. What already happened without one
/// has to be recordable, so there a reason in words is an answer whatever the home says.
#[must_use]
pub fn witness_objection(
    home: &Home,
    order: &Order,
    witness: Option<&Witnessed>,
    (mode, at): (Mode, Instant),
) -> Option<Objection> {
    let policy = home.policy_at(at);
    let wanted = policy.needs_witness(crate::drug::terms(&order.current.drug.ingredient));
    if !wanted || witness.is_some() {
        return None;
    }
    let objection = Objection::new(Check::WitnessRequired);
    Some(match (policy.witness.none_available, mode) {
        (NoneAvailable::AllowWithAlert, _) | (_, Mode::Past) => objection.with(ALONE, "allowed"),
        (NoneAvailable::Forbid, Mode::Now) => objection,
    })
}

/// Check 64: the giver is no second person, and neither is somebody who may not give the drug. That
/// they stand at the same cart, the shell has seen.
#[must_use]
pub fn witness_stop(giver: UserId, witness: &User) -> Option<Objection> {
    let stop = |why: &str| {
        let o = Objection::new(Check::WitnessInvalid).with("by", witness.id.to_string());
        Some(o.with("why", why))
    };
    if witness.id == giver {
        return stop("giver");
    }
    if !(witness.active && witness.role.may(Action::Witness)) {
        return stop("role");
    }
    None
}

/// Checks 66 and 67: what is scanned is swallowed whole, or hazardous to touch.
#[must_use]
pub(super) fn handling_objections(product: Option<&Product>) -> Vec<Objection> {
    let Some(product) = product else { return Vec::new() };
    let whole = product
        .is_whole()
        .then(|| Objection::new(Check::DoNotCrush).with("why", product.form.as_str()));
    let hazardous = product.handling.contains(&Handling::Hazardous);
    let hazardous = hazardous.then(|| Objection::new(Check::HazardousDrug));
    whole.into_iter().chain(hazardous).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::drug::Strength;
    use crate::id::ProductId;
    use std::collections::BTreeSet;

    #[test]
    fn what_is_swallowed_whole_or_hazardous_is_said() {
        let product = |form: &str, handling: &[Handling]| Product {
            id: ProductId(uuid::Uuid::nil()),
            name: "a drug".into(),
            ingredient: "a drug".into(),
            strength: Strength::parse("5 mg").unwrap(),
            form: form.into(),
            route: "po".into(),
            units_per_package: 1,
            handling: handling.iter().copied().collect::<BTreeSet<_>>(),
            ndc11: None,
            gtins: Vec::new(),
        };
        let codes = |p: &Product| -> Vec<Check> {
            handling_objections(Some(p)).iter().map(|o| o.code).collect()
        };
        assert_eq!(codes(&product("tablet", &[])), []);
        assert_eq!(codes(&product("tablet extended release", &[])), [Check::DoNotCrush]);
        assert_eq!(codes(&product("capsule delayed release", &[])), [Check::DoNotCrush]);
        assert_eq!(codes(&product("tablet", &[Handling::DoNotCrush])), [Check::DoNotCrush]);
        let both = [Handling::Hazardous, Handling::DoNotCrush];
        let wanted = [Check::DoNotCrush, Check::HazardousDrug];
        assert_eq!(codes(&product("capsule", &both)), wanted);
        assert_eq!(handling_objections(None), []);
    }
}
