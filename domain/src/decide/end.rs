//! When an order ends by law, and prescribing it on.

use super::order::{act_leaf, event, person, standing};
use super::record::Record;
use super::{Answer, Refusal};
use crate::drug;
use crate::fact::Fact;
use crate::home::Home;
use crate::id::OrderId;
use crate::order::{Order, OrderAct, OrderState, OrderVersion};
use crate::role;
use crate::schedule::policy::Profile;
use crate::schedule::window::civil_expiry;
use crate::time::Instant;
use serde::{Deserialize, Serialize};

/// Civil days after which a PRN order of a psychotropic ends. Schedules, rule 8; 42 CFR
/// 483.45(e)(4).
pub const PSYCHOTROPIC_PRN_DAYS: i64 = 14;

/// How long an order is prescribed on, and why.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct RenewFor {
    /// Before this instant it now ends.
    pub until: Instant,
    /// The prescriber's rationale, in words.
    pub reason: String,
}

/// Whether the law ends the order by itself: PRN of a psychotropic, where the home follows US
/// customs.
pub(crate) fn limited(home: &Home, version: &OrderVersion) -> bool {
    home.policy.profile == Profile::Us
        && version.is_prn()
        && drug::is_psychotropic(&version.drug.ingredient)
}

/// When the law ends this version, as far as it or its sender says. A change of an order that runs
/// under the law does not begin its days anew; one that comes under it begins them now, and one
/// that leaves it has no end of the law any more.
pub(super) fn lawful_end(
    home: &Home,
    version: &OrderVersion,
    running: Option<&Order>,
    now: Instant,
) -> Option<Instant> {
    let was = running.filter(|order| limited(home, &order.current));
    let of_law = was.and_then(|order| order.current.expires);
    if !limited(home, version) {
        return version.expires.filter(|end| Some(*end) != of_law);
    }
    let from = if running.is_some() { version.start.max(now) } else { version.start };
    let limit = match was {
        Some(_) => of_law,
        None => civil_expiry(&home.zone, from, PSYCHOTROPIC_PRN_DAYS),
    };
    version.expires.into_iter().chain(limit).min()
}

/// The same order prescribed on: its doses go on as they are planned, and what was verified of it
/// stays so, since nothing else changes.
pub(super) fn renew(
    record: &mut Record<'_, '_>,
    id: OrderId,
    asked: &RenewFor,
) -> Result<Answer, Refusal> {
    person(record, role::Action::NoteOrder)?;
    let order = standing(record, id, OrderState::is_in_force)?;
    let old = &order.current;
    let until = asked.until;
    let Some(end) = old.ends_at() else { return Err(Refusal::new("renewal_needless", "none")) };
    if until <= end {
        return Err(Refusal::new("renewal_not_longer", "later_time").with("ends_at", end));
    }
    // Regulations, 483.45(e)(5): only a new order, after the prescriber saw the resident.
    if limited(record.home, old) && drug::is_antipsychotic(&old.drug.ingredient) {
        return Err(Refusal::new("renewal_needs_evaluation", "new_order"));
    }
    let number = old.version + 1;
    let version = OrderVersion {
        version: number,
        stop: old.stop.map(|stop| stop.max(until)),
        expires: old.expires.map(|expires| expires.max(until)),
        renews: Some(old.content_version()),
        ..old.clone()
    };
    record.fact(Fact::OrderVersion(Box::new(version)));
    event(record, id, number, OrderAct::Renewed, &asked.reason, None);
    act_leaf(record, order, OrderAct::Renewed);
    Ok(Answer::Order { order: id, version: number, changed: true })
}
