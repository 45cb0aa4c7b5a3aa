//! Planning doses ahead, and the slot of a giving without a planned time.

use super::Answer;
use super::hold::kept_back;
use super::record::{Record, fields};
use super::resident::resident_of;
use crate::audit::leaf::Action;
use crate::dose::{Dose, Slot, Withdrawal};
use crate::dose_amount::prescribed;
use crate::fact::{DoseDue, DoseFact, Fact};
use crate::home::Home;
use crate::id::{DoseId, OrderId};
use crate::order::{FirstDose, Order, Timing};
use crate::schedule::window::is_too_near;
use crate::schedule::{
    ClockChange, ExpandError, Expansion, OrderLife, PlannedDose, Schedule, Span, expand,
};
use crate::time::Instant;
use std::collections::BTreeSet;

/// Minutes within which an unplanned dose that was prepared must be confirmed before it is called
/// missed.
const CONFIRM_MINUTES: i64 = 60;

/// Plans the doses of these orders from where planning stopped up to the horizon.
///
/// Residents who left get none: their return makes the orders go on. What falls into an absence or
/// a hold is written down with that. The doses of one med
/// pass get ids that follow each other, so that a store sorted by id keeps them side by side.
pub(super) fn plan(record: &mut Record<'_, '_>, orders: &[OrderId]) -> Answer {
    let home = record.home;
    let mut found = Vec::new();
    for order in orders.iter().filter_map(|id| home.orders.get(id)) {
        let due = due_doses(record, order);
        if !due.is_empty() {
            let leaf = record.leaf(Action::Create, "dose", order.id().to_string());
            leaf.resident = Some(order.current.resident.0);
            let merged = due.iter().filter(|(_, why)| *why == Some(Withdrawal::Merged)).count();
            let count = |doses: usize| i64::try_from(doses).unwrap_or(i64::MAX).into();
            let mut after = fields([("doses", count(due.len() - merged))]);
            if merged > 0 {
                after.insert("merged".to_owned(), count(merged));
            }
            leaf.after = Some(after);
        }
        found.extend(due.into_iter().map(|(due, withdrawn)| (order, due, withdrawn)));
    }
    found.sort_by_key(|(order, due, _)| (due.at, order.current.resident));
    let count = u32::try_from(found.len()).unwrap_or(u32::MAX);
    let mut removals = BTreeSet::new();
    for (order, due, withdrawn) in found {
        let slot =
            Slot { order: order.id(), plan: order.plan, date: due.date, slot: i64::from(due.slot) };
        write_dose(record, order, slot, &due, withdrawn);
        if let Timing::Pair { remove, .. } = &order.current.timing {
            plan_removal(record, order, remove, due.at, &mut removals);
        }
    }
    Answer::Done { count }
}

/// Writes down when an application comes off: at the first time of removal after it, whatever the
/// order's stop, and only expected once something was put on. Schedules, section 2, "pair".
fn plan_removal(
    record: &mut Record<'_, '_>,
    order: &Order,
    remove: &Schedule,
    applied: Instant,
    written: &mut BTreeSet<Slot>,
) {
    let Some(off) = removal_after(record.home, order, remove, applied) else {
        super::alert::order_problem(record, order);
        return;
    };
    let (plan, number) = (order.plan, Slot::of_removal(off.slot));
    let slot = Slot { order: order.id(), plan, date: off.date, slot: number };
    // Two applications may not share a removal; were they to, the second would meet the first.
    let known = record.home.doses_of_order(order.id()).any(|d| d.slot == slot);
    if !known && written.insert(slot) {
        write_dose(record, order, slot, &off, Some(Withdrawal::NotApplied));
    }
}

/// The first time of removal after an application.
pub(crate) fn removal_after(
    home: &Home,
    order: &Order,
    remove: &Schedule,
    applied: Instant,
) -> Option<PlannedDose> {
    let mut from = applied.plus_micros(1)?;
    let start = Some(order.current.start.min(applied));
    let life = OrderLife { start, ..OrderLife::default() };
    // A day is enough for most; a year and more for a device changed once a year.
    for days in [1, 40, 400] {
        let to = from.plus_minutes(days * 24 * 60)?;
        let range = Span { from, to };
        let found = expand(&life, remove, &home.zone, ClockChange::default(), range).ok()?;
        if let Some(first) = found.due.into_iter().next() {
            return Some(first);
        }
        from = to;
    }
    None
}

/// A dose to write down, and why it is not expected, if so.
type ToWrite = (PlannedDose, Option<Withdrawal>);

/// Every dose of an expansion: one that became one with another is written down as that, and not
/// left out. Schedules, section 5, rule 4.
pub(super) fn all_of(found: Expansion) -> Vec<ToWrite> {
    let own = found.due.into_iter().chain(found.held).map(|dose| (dose, None));
    let merged = found.merged.into_iter().map(|one| (one.dose, Some(Withdrawal::Merged)));
    let mut all: Vec<ToWrite> = own.chain(merged).collect();
    all.sort_by(|(a, _), (b, _)| a.cmp(b));
    all
}

/// The doses to write down.
fn due_doses(record: &mut Record<'_, '_>, order: &Order) -> Vec<ToWrite> {
    let home = record.home;
    let Some(schedule) = order.current.timing.schedule() else { return Vec::new() };
    let lives_here = super::resident::lives_here(home, order.current.resident);
    if !order.state_at(record.now).is_in_force() || !lives_here || still_waits(home, order) {
        return Vec::new();
    }
    let range = range(home, order, schedule, record.now).filter(|r| r.from < r.to);
    let found = range.and_then(|range| expansion(home, order, schedule, range).ok());
    let due = found.map(|found| {
        let mut due = all_of(found);
        // Other rules for the zone bring what was given early behind where planning stopped.
        let of_plan = home.doses_of_order(order.id()).filter(|d| d.slot.plan == order.plan);
        let known: BTreeSet<_> = of_plan.map(|d| (d.slot.date, d.slot.slot)).collect();
        due.retain(|(due, _)| !known.contains(&(due.date, i64::from(due.slot))));
        first_now(home, order, schedule, begins(order, schedule), due)
    });
    let due = due.unwrap_or_default();
    if due.is_empty() && order_fault(home, order, record.now).is_some() {
        super::alert::order_problem(record, order);
    }
    due
}

/// Whether the one dose of a one-time order, planned before the order was changed, is still to be
/// given: another would be a second one.
fn still_waits(home: &Home, order: &Order) -> bool {
    let mut older = home.doses_of_order(order.id()).filter(|d| d.slot.plan < order.plan);
    order.is_given_once() && older.any(Dose::is_open)
}

/// Schedules, rule 1: an order whose first dose is given now has one where planning begins, and its
/// next time is passed over when less than half the nominal interval remains until it.
fn first_now(
    home: &Home,
    order: &Order,
    schedule: &Schedule,
    at: Instant,
    mut due: Vec<ToWrite>,
) -> Vec<ToWrite> {
    let asked = order.current.first_dose == FirstDose::Now && order.planned_until.is_none();
    let over = order.current.ends_at().is_some_and(|end| end <= at);
    let there = due.first().is_some_and(|(next, _)| next.at == at);
    if matches!(schedule, Schedule::Once(_)) || !asked || over || there {
        return due;
    }
    let interval = schedule.nominal_interval_minutes();
    if due.is_empty() {
        // The next time of a weekly or monthly drug may lie beyond the horizon.
        due = near_after(home, order, schedule, at, at);
    }
    let given = resident_of(home, order).is_none_or(|r| kept_back(r, order, at).is_none());
    if let Some((next, withdrawn)) = due.iter_mut().find(|(_, why)| given && why.is_none())
        && interval.is_some_and(|minutes| is_too_near(at, next.at, minutes))
    {
        // Written down as passed over, or the next planning would find it missing and plan it.
        *withdrawn = Some(Withdrawal::Superseded);
    }
    let prescribed = home.zone.to_civil(at);
    let date = prescribed.date();
    let slot = Slot::of_first_now(schedule);
    let first = PlannedDose { at, date, slot, prescribed, shifted: false, dose: None };
    due.insert(0, (first, None));
    due
}

/// Doses from `from` on that lie nearer to one taken at `taken` than half the nominal interval.
fn near_after(
    home: &Home,
    order: &Order,
    schedule: &Schedule,
    from: Instant,
    taken: Instant,
) -> Vec<ToWrite> {
    let Some(interval) = schedule.nominal_interval_minutes() else { return Vec::new() };
    let Some(to) = taken.plus_minutes(i64::from(interval)).filter(|to| from < *to) else {
        return Vec::new();
    };
    let found = expansion(home, order, schedule, Span { from, to }).unwrap_or_default();
    let near = |dose: &PlannedDose| dose.at >= taken && is_too_near(taken, dose.at, interval);
    all_of(found).into_iter().filter(|(dose, _)| near(dose)).collect()
}

/// Times that planning has not reached yet and that lie too near to a dose taken at `taken` are
/// written down as passed over; none where others would have to be planned before them.
pub(super) fn pass_over(
    record: &mut Record<'_, '_>,
    order: &Order,
    schedule: &Schedule,
    taken: Instant,
) {
    let home = record.home;
    let Some(Span { from, .. }) = range(home, order, schedule, record.now) else { return };
    let runs = order.state_at(record.now).is_in_force();
    let before = Span { from, to: taken };
    let waits = from < taken
        && expansion(home, order, schedule, before)
            .is_ok_and(|found| !(found.due.is_empty() && found.held.is_empty()));
    if !runs || waits {
        return;
    }
    for (due, why) in near_after(home, order, schedule, from, taken) {
        let (plan, slot) = (order.plan, i64::from(due.slot));
        let slot = Slot { order: order.id(), plan, date: due.date, slot };
        write_dose(record, order, slot, &due, why.or(Some(Withdrawal::Superseded)));
    }
}

/// The doses of an order's schedule in a range of its life, whatever was planned of them.
///
/// # Errors
/// [`ExpandError`] when the schedule is unsound or the range too long.
pub fn expansion(
    home: &Home,
    order: &Order,
    schedule: &Schedule,
    range: Span,
) -> Result<Expansion, ExpandError> {
    let start = order.current.start.min(begins(order, schedule));
    let span = |from, until: Option<Instant>| Span { from, to: until.unwrap_or(Instant::MAX) };
    let held = order.hold.iter().map(|hold| span(hold.from, hold.until));
    let absences = resident_of(home, order).into_iter().flat_map(|r| &r.absences);
    let away = absences.map(|absence| span(absence.from, absence.until));
    let life = OrderLife {
        start: Some(start),
        stop: order.current.ends_at(),
        holds: held.chain(away).collect(),
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
    let of_plan = home.doses_of_order(order.id()).filter(|d| home.is_passed_over(d));
    let over: BTreeSet<_> = of_plan.map(|d| (d.slot.date, d.slot.slot)).collect();
    let to_come = |dose: &PlannedDose| !over.contains(&(dose.date, i64::from(dose.slot)));
    // Piece by piece: ten years of a dose every ten minutes are too many to walk over at once.
    for days in [3].into_iter().chain([400; 9]) {
        let Some(to) = from.plus_minutes(days * 24 * 60) else { break };
        let found = expansion(home, order, schedule, Span { from, to })?;
        if let Some(first) = found.due.into_iter().find(to_come) {
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
    if !order.state_at(now).is_in_force() {
        return None;
    }
    match &order.current.timing {
        Timing::Unschedulable { reason } => Some(reason.clone()),
        Timing::Planned { schedule } | Timing::Pair { apply: schedule, .. } => {
            let range = range(home, order, schedule, now)?;
            let fault = expansion(home, order, schedule, range).err().map(|e| e.to_string());
            fault.or_else(|| never_due(home, order, schedule, now))
        }
        Timing::Prn { .. } | Timing::OnCall { .. } | Timing::Continuous => None,
    }
}

/// Stories, 3: an order in force that has no dose behind it and none to come would be seen by
/// nobody. One on hold says so by itself, and so does one whose resident is away.
fn never_due(home: &Home, order: &Order, schedule: &Schedule, now: Instant) -> Option<String> {
    let held = order.hold.as_ref().is_some_and(|hold| !hold.is_over(now));
    let away = resident_of(home, order).is_some_and(|r| r.absence_at(now).is_some());
    if order.planned_until.is_some() || held || away {
        return None;
    }
    match next_unplanned(home, order, schedule, now) {
        Ok(Some(_)) => None,
        Ok(None) => Some("no_dose_to_come".to_owned()),
        Err(fault) => Some(fault.to_string()),
    }
}

/// Where planning begins. Times of a course that passed before the order was noted, or while it was
/// held, are nobody's to give; the one instant of a one-time order is what was prescribed, and
/// noting it late makes the dose late, never none.
pub(super) fn begins(order: &Order, schedule: &Schedule) -> Instant {
    let start = order.current.start;
    match schedule {
        Schedule::Once(once) => start.min(once.at),
        _ => start.max(order.since).max(order.current.not_before.unwrap_or(Instant::MIN)),
    }
}

pub(super) fn write_dose(
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
    let kept_back = resident_of(record.home, order).and_then(|r| kept_back(r, order, due));
    let prescribed = prescribed(order, slot, planned);
    let dose = DoseFact { id, slot, resident, prescribed, local, planned_at: at };
    record.fact(Fact::Dose(Box::new(dose)));
    let (before, after) = if order.is_unplanned() {
        (0, CONFIRM_MINUTES)
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
        withdrawn: withdrawn.or(kept_back),
        at,
    })));
    id
}

/// A dose for one giving without a planned time, due now: the next free slot of today.
pub(super) fn unplanned_dose(record: &mut Record<'_, '_>, order: &Order) -> DoseId {
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
