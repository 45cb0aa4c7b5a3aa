//! How a drug is handled: checks 63 and 64, the second person.

use super::{ALONE, Check, Objection};
use crate::administration::Witnessed;
use crate::fact::User;
use crate::home::Home;
use crate::id::UserId;
use crate::order::Order;
use crate::role::Action;
use crate::schedule::policy::NoneAvailable;
use crate::time::Instant;

/// Check 63: what the home wants a second person for has none.
#[must_use]
pub fn witness_objection(
    home: &Home,
    order: &Order,
    witness: Option<&Witnessed>,
    at: Instant,
) -> Option<Objection> {
    let policy = home.policy_at(at);
    let wanted = policy.needs_witness(crate::drug::terms(&order.current.drug.ingredient));
    if !wanted || witness.is_some() {
        return None;
    }
    let objection = Objection::new(Check::WitnessRequired);
    Some(match policy.witness.none_available {
        NoneAvailable::AllowWithAlert => objection.with(ALONE, "allowed"),
        NoneAvailable::Forbid => objection,
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
