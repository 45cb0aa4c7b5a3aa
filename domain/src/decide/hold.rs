//! What keeps the doses of an order back for a while: its hold, a mark against giving it, and its
//! resident's absence. Whatever begins or ends, a dose is expected only when none of them is left.

use super::order::{act, act_leaf, answer, event, person, replan, standing, unchanged};
use super::record::Record;
use super::resident::resident_of;
use super::{Answer, HoldFor, Refusal};
use crate::dose::Withdrawal;
use crate::id::OrderId;
use crate::order::{DoNotGive, Hold, Order, OrderAct, OrderState};
use crate::resident::Resident;
use crate::role;
use crate::time::Instant;

/// Why a dose due at an instant is not to be given then, if so: what the resident keeps is never
/// the staff's to give, and nobody is there to take it before what the order says.
pub(super) fn kept_back(resident: &Resident, order: &Order, due: Instant) -> Option<Withdrawal> {
    if order.is_self_managed() {
        Some(Withdrawal::SelfManaged)
    } else if resident.absence_at(due).is_some() {
        Some(Withdrawal::Away)
    } else if order.mark_at(due).is_some() {
        Some(Withdrawal::DoNotGive)
    } else {
        order.hold_at(due).map(|_| Withdrawal::Held)
    }
}

/// Brings the doses of an order due from `from` on to what keeps them back now that resident and
/// order stand like this; how many changed. What passed meanwhile is not made up for, and what was
/// called off is expected again only `again`. What is on the body comes off whatever keeps doses
/// back.
pub(super) fn follow(
    record: &mut Record<'_, '_>,
    resident: &Resident,
    order: &Order,
    from: Instant,
    again: bool,
) -> u32 {
    let (home, now) = (record.home, record.now);
    let runs = order.state_at(now).is_in_force();
    let mut count = 0;
    for dose in home.doses_of_order(order.id()).filter(|d| d.due >= from && d.outcome.is_none()) {
        let why = match dose.slot.is_removal() {
            true => None,
            false => kept_back(resident, order, dose.due),
        };
        let may_change = match dose.withdrawn {
            None => why.is_some(),
            Some(
                Withdrawal::Superseded
                | Withdrawal::NotApplied
                | Withdrawal::EnteredInError
                | Withdrawal::Merged,
            ) => false,
            Some(Withdrawal::Discontinued) => again && runs && dose.due >= now,
            Some(_) => (why.is_some() || runs) && dose.due >= now,
        };
        if may_change && why != dose.withdrawn {
            replan(record, dose, why, now);
            if why.is_some() {
                record.settle(dose.id);
            }
            count += 1;
        }
    }
    count
}

/// [`follow`] for an order that changed; its resident who left has doses again when they are back.
fn follow_order(record: &mut Record<'_, '_>, changed: &Order, from: Instant) {
    if let Some(resident) = resident_of(record.home, changed).filter(|r| r.lives_here()) {
        follow(record, resident, changed, from, false);
    }
}

/// A hold takes what is due while it lasts; what was due before it is missed unless somebody charts
/// it. Schedules, rule 3.
pub(super) fn held(
    record: &mut Record<'_, '_>,
    id: OrderId,
    asked: &HoldFor,
) -> Result<Answer, Refusal> {
    let order = standing(record, id, OrderState::is_in_force)?;
    let now = record.now;
    if let Some(hold) = order.hold.as_ref().filter(|hold| !hold.is_over(now)) {
        return Err(Refusal::new("order_held", "resume_first").with("from", hold.from));
    }
    let from = asked.from.unwrap_or(now);
    if from < now {
        return Err(Refusal::new("hold_past", "later_time").with("from", from));
    }
    if let Some(until) = asked.until.filter(|until| *until <= from) {
        return Err(Refusal::new("hold_reversed", "later_time").with("until", until));
    }
    let hold = Some(Hold { from, until: asked.until, reason: asked.reason.clone() });
    let version = order.current.version;
    event(record, id, version, OrderAct::Held, &asked.reason, hold.clone());
    act_leaf(record, order, OrderAct::Held);
    follow_order(record, &Order { hold, ..order.clone() }, from);
    Ok(answer(order))
}

pub(super) fn resume(record: &mut Record<'_, '_>, id: OrderId) -> Result<Answer, Refusal> {
    let order = standing(record, id, OrderState::is_in_force)?;
    let now = record.now;
    if order.hold.as_ref().is_none_or(|hold| hold.is_over(now)) {
        let state = order.state_at(now);
        return Err(Refusal::new("order_state", "reload").with("state", state.code()));
    }
    act(record, order, OrderAct::Resumed, "");
    follow_order(record, &Order { hold: None, ..order.clone() }, now);
    Ok(answer(order))
}

/// Somebody doubts the order: from now on it is not given, and its doses say so. Verdicts, check
/// 29.
pub(super) fn do_not_give(
    record: &mut Record<'_, '_>,
    id: OrderId,
    reason: &str,
) -> Result<Answer, Refusal> {
    let by = person(record, role::Action::StopOrder)?;
    let order = standing(record, id, OrderState::is_in_force)?;
    if order.do_not_give.is_some() {
        return Ok(unchanged(order));
    }
    act(record, order, OrderAct::DoNotGive, reason);
    let since = record.now;
    let do_not_give = Some(DoNotGive { since, by: Some(by), reason: reason.to_owned() });
    follow_order(record, &Order { do_not_give, ..order.clone() }, since);
    Ok(answer(order))
}

/// Verdicts, check 29: the mark is lifted by who made it, or by who stands for the prescriber.
pub(super) fn may_give(
    record: &mut Record<'_, '_>,
    id: OrderId,
    reason: &str,
) -> Result<Answer, Refusal> {
    let by = person(record, role::Action::StopOrder)?;
    let order = standing(record, id, OrderState::is_in_force)?;
    let Some(mark) = &order.do_not_give else { return Ok(unchanged(order)) };
    if mark.by != Some(by) && !record.actor.role.may(role::Action::LiftMark) {
        let refusal = Refusal::new("mark_of_another", "ask_charge_nurse");
        return Err(match mark.by {
            Some(by) => refusal.with("by", by.to_string()),
            None => refusal,
        });
    }
    act(record, order, OrderAct::MayGive, reason);
    follow_order(record, &Order { do_not_give: None, ..order.clone() }, record.now);
    Ok(answer(order))
}
