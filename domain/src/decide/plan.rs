//! Planning doses ahead, and the slot of a PRN giving.

use super::Answer;
use super::record::{Record, fields};
use crate::audit::leaf::Action;
use crate::dose::{Slot, Withdrawal};
use crate::fact::{DoseDue, DoseFact, Fact};
use crate::home::Home;
use crate::id::{DoseId, OrderId};
use crate::order::{FirstDose, Order, OrderState, Timing};
use crate::schedule::window::is_too_near;
use crate::schedule::{
    ClockChange, ExpandError, Expansion, OrderLife, PlannedDose, Schedule, Span, expand,
};
use crate::time::Instant;

/// Minutes within which a PRN dose that was prepared must be confirmed before it is called missed.
const PRN_CONFIRM_MINUTES: i64 = 60;

/// Plans the doses of these orders from where planning stopped up to the horizon.
///
/// Residents who are not here get none: their return makes the orders go on. The doses of one med
/// pass get ids that follow each other, so that a store sorted by id keeps them side by side.
pub(super) fn plan(record: &mut Record<'_, '_>, orders: &[OrderId]) -> Answer {
    let home = record.home;
    let mut found = Vec::new();
    for order in orders.iter().filter_map(|id| home.orders.get(id)) {
        let due = due_doses(record, order);
        if !due.is_empty() {
            let leaf = record.leaf(Action::Create, "dose", order.id().to_string());
            leaf.resident = Some(order.current.resident.0);
            leaf.after = Some(fields([("doses", due.len().try_into().unwrap_or(i64::MAX).into())]));
        }
        found.extend(due.into_iter().map(|(due, withdrawn)| (order, due, withdrawn)));
    }
    found.sort_by_key(|(order, due, _)| (due.at, order.current.resident));
    let count = u32::try_from(found.len()).unwrap_or(u32::MAX);
    for (order, due, withdrawn) in found {
        let slot =
            Slot { order: order.id(), plan: order.plan, date: due.date, slot: i64::from(due.slot) };
        write_dose(record, order, slot, &due, withdrawn);
    }
    Answer::Done { count }
}

/// The doses to write down, each with why it is not expected, if so.
fn due_doses(record: &mut Record<'_, '_>, order: &Order) -> Vec<(PlannedDose, Option<Withdrawal>)> {
    let home = record.home;
    let Timing::Planned { schedule } = &order.current.timing else { return Vec::new() };
    let present = super::resident::is_present(home, order.current.resident);
    let runs = matches!(order.state_at(record.now), OrderState::Active | OrderState::Held);
    if !runs || !present {
        return Vec::new();
    }
    let Some(range) = range(home, order, schedule, record.now).filter(|r| r.from < r.to) else {
        return Vec::new();
    };
    match expansion(home, order, schedule, range) {
        Ok(mut found) => {
            found.due.append(&mut found.held);
            found.due.sort();
            first_now(home, order, schedule, begins(order, schedule), found.due)
        }
        Err(_) => {
            super::alert::order_problem(record, order);
            Vec::new()
        }
    }
}

/// Schedules, rule 1: an order whose first dose is given now has one where planning begins, and its
/// next time is passed over when less than half the nominal interval remains until it.
fn first_now(
    home: &Home,
    order: &Order,
    schedule: &Schedule,
    at: Instant,
    due: Vec<PlannedDose>,
) -> Vec<(PlannedDose, Option<Withdrawal>)> {
    let mut due: Vec<_> = due.into_iter().map(|dose| (dose, None)).collect();
    let asked = order.current.first_dose == FirstDose::Now && order.planned_until.is_none();
    let over = order.current.stop.is_some_and(|stop| stop <= at);
    let there = due.first().is_some_and(|(next, _)| next.at == at);
    let (Schedule::Clock(_), true) = (schedule, asked && !over && !there) else { return due };
    let interval = schedule.nominal_interval_minutes();
    if let Some((next, withdrawn)) = due.first_mut()
        && interval.is_some_and(|minutes| is_too_near(at, next.at, minutes))
    {
        // Written down as passed over, or the next planning would find it missing and plan it.
        *withdrawn = Some(Withdrawal::Superseded);
    }
    let prescribed = home.zone.to_civil(at);
    let date = prescribed.date();
    let first = PlannedDose { at, date, slot: 0, prescribed, shifted: false, dose: None };
    due.insert(0, (first, None));
    due
}

/// The doses of an order's schedule in a range of its life, whatever was planned of them.
///
/// # Errors
/// [`ExpandError`] when the schedule is unsound or the range too long.
pub(crate) fn expansion(
    home: &Home,
    order: &Order,
    schedule: &Schedule,
    range: Span,
) -> Result<Expansion, ExpandError> {
    let start = order.current.start.min(begins(order, schedule));
    let hold = order.hold.as_ref();
    let holds = hold.map(|h| Span { from: h.from, to: h.until.unwrap_or(Instant::MAX) });
    let life = OrderLife {
        start: Some(start),
        stop: order.current.stop,
        holds: holds.into_iter().collect(),
        ..OrderLife::default()
    };
    expand(&life, schedule, &home.zone, ClockChange::default(), range)
}

/// The next dose of an order that planning or memory has not reached yet; `None` when none comes in
/// the ten years looked over.
///
/// # Errors
/// [`ExpandError`] when the schedule is unsound.
pub(crate) fn next_unplanned(
    home: &Home,
    order: &Order,
    schedule: &Schedule,
    now: Instant,
) -> Result<Option<PlannedDose>, ExpandError> {
    let Some(Span { from, .. }) = range(home, order, schedule, now) else { return Ok(None) };
    let from = from.min(home.reach.max(begins(order, schedule)));
    let mut from = match schedule {
        Schedule::Interval(interval) => from.max(interval.anchor),
        Schedule::Once(_) | Schedule::Clock(_) => from,
    };
    // Piece by piece: ten years of a dose every ten minutes are too many to walk over at once.
    for days in [3].into_iter().chain([400; 9]) {
        let Some(to) = from.plus_minutes(days * 24 * 60) else { break };
        let found = expansion(home, order, schedule, Span { from, to })?;
        if let Some(first) = found.due.into_iter().next() {
            return Ok(Some(first));
        }
        from = to;
    }
    Ok(None)
}

/// From where planning stopped up to the home's horizon; may be empty.
fn range(home: &Home, order: &Order, schedule: &Schedule, now: Instant) -> Option<Span> {
    let begun = begins(order, schedule);
    let from = order.planned_until.and_then(|t| t.plus_micros(1)).map_or(begun, |t| t.max(begun));
    Some(Span { from, to: now.plus_minutes(home.policy.horizon_minutes())? })
}

/// Why no due times can be worked out for an order that should have some, in words.
#[must_use]
pub fn order_fault(home: &Home, order: &Order, now: Instant) -> Option<String> {
    if !matches!(order.state_at(now), OrderState::Active | OrderState::Held) {
        return None;
    }
    match &order.current.timing {
        Timing::Unschedulable { reason } => Some(reason.clone()),
        Timing::Planned { schedule } => {
            let range = range(home, order, schedule, now)?;
            expansion(home, order, schedule, range).err().map(|fault| fault.to_string())
        }
        Timing::Prn { .. } => None,
    }
}

/// Where planning begins. Times of a course that passed before the order was noted, or while it was
/// held, are nobody's to give; the one instant of a one-time order is what was prescribed, and
/// noting it late makes the dose late, never none.
fn begins(order: &Order, schedule: &Schedule) -> Instant {
    let start = order.current.start;
    match schedule {
        Schedule::Once(once) => start.min(once.at),
        _ => start.max(order.since).max(order.current.not_before.unwrap_or(Instant::MIN)),
    }
}

fn write_dose(
    record: &mut Record<'_, '_>,
    order: &Order,
    slot: Slot,
    planned: &PlannedDose,
    withdrawn: Option<Withdrawal>,
) -> DoseId {
    let (local, due, shifted) = (planned.prescribed, planned.at, planned.shifted);
    let id = DoseId(record.fresh());
    let at = record.now;
    let resident = order.current.resident;
    record.fact(Fact::Dose(Box::new(DoseFact { id, slot, resident, local, planned_at: at })));
    let (before, after) = if order.is_prn() {
        (0, PRN_CONFIRM_MINUTES)
    } else {
        (order.current.before_minutes, order.current.after_minutes)
    };
    record.fact(Fact::DoseDue(Box::new(DoseDue {
        dose: id,
        rev: 1,
        due,
        opens: due.plus_minutes(-before).unwrap_or(Instant::MIN),
        closes: due.plus_minutes(after).unwrap_or(Instant::MAX),
        shifted,
        withdrawn: withdrawn.or_else(|| order.hold_at(due).map(|_| Withdrawal::Held)),
        at,
    })));
    id
}

/// A dose for one PRN giving, due now: the next free slot of today.
pub(super) fn prn_dose(record: &mut Record<'_, '_>, order: &Order) -> DoseId {
    let now = record.now;
    let local = record.home.zone.to_civil(now);
    let date = local.date();
    let taken = record.home.doses_of_order(order.id()).filter(|d| d.slot.date == date);
    let slot = taken.map(|d| d.slot.slot).max().unwrap_or(0) + 1;
    let slot = Slot { order: order.id(), plan: order.plan, date, slot };
    let dose =
        PlannedDose { at: now, date, slot: 0, prescribed: local, shifted: false, dose: None };
    write_dose(record, order, slot, &dose, None)
}
