//! Other rules for the home's zone: doses to come are due at other instants. Schedules, section 5,
//! rule 7.

use super::Answer;
use super::hold::kept_back;
use super::order::{replan, revision};
use super::plan::{all_of, begins, expansion, write_dose};
use super::record::{Record, fields};
use super::resident::resident_of;
use crate::audit::leaf::Action;
use crate::dose::{Dose, Slot, Withdrawal};
use crate::fact::{DoseDue, Fact};
use crate::home::Home;
use crate::order::{Order, Timing};
use crate::schedule::{ClockChange, Schedule, Span};
use crate::time::{CivilDate, Instant};
use crate::zone::Due;
use std::collections::BTreeSet;

/// Doses to come get the instants their civil times have by `home.zone`: each keeps its identity
/// and its plan. What is due by now, or was acted on, stays; what would be due outside its order's
/// life is not due any more. One leaf tells of it.
pub(super) fn rules(record: &mut Record<'_, '_>, before: &str) -> Answer {
    let home = record.home;
    let (mut moved, mut added) = (0u32, 0u32);
    for order in home.orders.values() {
        if order.state_at(record.now).is_in_force() {
            let (of_order, new) = move_doses(record, order);
            (moved, added) = (moved + of_order, added + new);
        }
    }
    let zone = &home.zone;
    let leaf = record.leaf(Action::Config, "zone_rules", zone.name().as_str().to_owned());
    leaf.before = Some(fields([("tzdb", before.into())]));
    leaf.after = Some(fields([
        ("tzdb", zone.tzdb().into()),
        ("moved", i64::from(moved).into()),
        ("added", i64::from(added).into()),
    ]));
    Answer::Done { count: moved }
}

/// How many doses of an order moved, and how many came to be that had been one with another.
fn move_doses(record: &mut Record<'_, '_>, order: &Order) -> (u32, u32) {
    let (home, now) = (record.home, record.now);
    let timing = &order.current.timing;
    // Elapsed times are instants already, and so is the one of a one-time order.
    let by_clock = |dose: &Dose| {
        let schedule = match timing {
            Timing::Pair { remove, .. } if dose.slot.is_removal() => Some(remove),
            _ => timing.schedule(),
        };
        matches!(schedule, Some(Schedule::Clock(_)))
    };
    let Some(last) = order.planned_until else { return (0, 0) };
    let ours = home.doses_of_order(order.id()).filter(|d| d.slot.plan == order.plan);
    let ours: Vec<&Dose> = ours.collect();
    let mut times: Vec<(Instant, bool, &Dose)> = ours
        .iter()
        .filter(|d| is_to_come(d, now) && by_clock(d))
        .filter_map(|d| due(home, d).map(|(at, shifted)| (at, shifted, *d)))
        .collect();
    // Of two on one instant the dose whose own time this is stays, as when they are planned.
    times.sort_by_key(|(at, shifted, dose)| (*at, *shifted, dose.slot));
    let done = ours.iter().filter(|d| d.outcome.is_some() && d.slot.slot > 0 && by_clock(d));
    let done: BTreeSet<Instant> = done.filter_map(|d| Some(due(home, d)?.0)).collect();
    let (mut taken, mut written, mut moved, mut until) = (None, None, 0, last);
    let of_life = |at| at >= order.current.start && order.current.ends_at().is_none_or(|e| at < e);
    for (at, shifted, dose) in times {
        let off = dose.slot.is_removal();
        let gone = dose.withdrawn == Some(Withdrawal::Superseded);
        let merged = dose.withdrawn == Some(Withdrawal::Merged);
        // One with a dose that was passed over is passed over with it.
        let with_it = merged && written == Some(at);
        let meets = taken == Some(at) || with_it || done.contains(&at);
        let follows = merged || dose.is_open() || dose.is_kept_back();
        let due = (at, shifted);
        if !gone && !off && !of_life(at) {
            replan(record, dose, Some(Withdrawal::Superseded), now);
            moved += 1;
        } else if !gone && !off && meets {
            if at != dose.due || !merged {
                move_dose(record, dose, due, Some(Withdrawal::Merged));
                moved += 1;
            }
        } else if at != dose.due || merged {
            let stands = as_it_stands(home, order, at);
            move_dose(record, dose, due, if follows && !off { stands } else { dose.withdrawn });
            moved += 1;
        }
        if !off {
            written = Some(at);
        }
        if !off && !gone {
            (taken, until) = (Some(at), until.max(at));
        }
    }
    let Some(schedule @ Schedule::Clock(_)) = timing.schedule() else { return (moved, 0) };
    let known: BTreeSet<(CivilDate, i64)> = ours.iter().map(|d| key(&d.slot)).collect();
    (moved, add_missing(record, order, schedule, until, &known))
}

fn key(slot: &Slot) -> (CivilDate, i64) {
    (slot.date, slot.slot)
}

/// A first dose given at once (slot 0) is an instant of its own. What was taken out of the plan
/// keeps its place in it, or it would be planned once more at its new instant.
fn is_to_come(dose: &Dose, now: Instant) -> bool {
    dose.due > now && dose.outcome.is_none() && dose.slot.slot != 0
}

/// When a dose's prescribed civil time is, and whether a gap moved it. `None`: the home drops times
/// that a gap skips, and then the dose stays where it was, to be seen.
fn due(home: &Home, dose: &Dose) -> Option<(Instant, bool)> {
    let ClockChange { gap, overlap } = ClockChange::default();
    match home.zone.resolve_with(dose.local, gap, overlap) {
        Due::Once { at, shifted } => Some((at, shifted)),
        Due::Twice { first, .. } => Some((first, false)),
        Due::Dropped { .. } => None,
    }
}

/// Why a dose due at an instant is not expected, if so: nobody is there any more, or something
/// keeps it back.
fn as_it_stands(home: &Home, order: &Order, due: Instant) -> Option<Withdrawal> {
    match resident_of(home, order).filter(|resident| resident.lives_here()) {
        Some(resident) => kept_back(resident, order, due),
        None => Some(Withdrawal::Discontinued),
    }
}

fn move_dose(
    record: &mut Record<'_, '_>,
    dose: &Dose,
    (due, shifted): (Instant, bool),
    withdrawn: Option<Withdrawal>,
) {
    let by = due.micros_since(dose.due);
    record.fact(Fact::DoseDue(Box::new(DoseDue {
        due,
        opens: dose.opens.plus_micros(by).unwrap_or(Instant::MIN),
        closes: dose.closes.plus_micros(by).unwrap_or(Instant::MAX),
        shifted,
        withdrawn,
        ..revision(dose, record.now)
    })));
}

/// Doses that were one with another on one instant and are not any more; how many.
fn add_missing(
    record: &mut Record<'_, '_>,
    order: &Order,
    schedule: &Schedule,
    until: Instant,
    known: &BTreeSet<(CivilDate, i64)>,
) -> u32 {
    let after_now = record.now.plus_micros(1).map(|from| from.max(begins(order, schedule)));
    let Some((from, to)) = after_now.zip(until.plus_micros(1)) else { return 0 };
    if from >= to {
        return 0;
    }
    let Ok(found) = expansion(record.home, order, schedule, Span { from, to }) else { return 0 };
    let mut all = all_of(found);
    all.retain(|(dose, _)| !known.contains(&(dose.date, i64::from(dose.slot))));
    for (dose, why) in &all {
        let slot = i64::from(dose.slot);
        let slot = Slot { order: order.id(), plan: order.plan, date: dose.date, slot };
        let stands = as_it_stands(record.home, order, dose.at);
        write_dose(record, order, slot, dose, why.or(stands));
    }
    u32::try_from(all.len()).unwrap_or(u32::MAX)
}
