//! The witness: schedules expanded day by day, from the words of the documents alone. It shares
//! with the product the types an order is written in, and nothing that computes.

use std::collections::{BTreeMap, BTreeSet};

use emar_domain::schedule::{
    Clock, ClockChange, Cycle, DoseDay, Interval, Monthly, OrderLife, Overflow, Schedule, Span,
    Step,
};
use emar_domain::time::{CivilDate, CivilTime, Instant};
use emar_domain::zone::{GapPolicy, OverlapPolicy};

use crate::expansion::calendar::{
    date_text, day, day_of, local_text, month_length, number_of, wall_text,
};
use crate::expansion::zone::{Shown, Zone};

/// A schedule that counts doses, on an order that does not say from when.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct CountWithoutStart;

/// One dose, as it is told.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Told {
    pub(crate) at: i64,
    pub(crate) local: String,
    pub(crate) date: String,
    pub(crate) slot: u32,
    pub(crate) prescribed: String,
    pub(crate) shifted: bool,
    pub(crate) dose: Option<String>,
}

/// The identity of a dose within one plan.
pub(crate) type Identity = (String, u32);

/// What an expansion says, in plain words.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Account {
    pub(crate) due: Vec<Told>,
    pub(crate) held: Vec<Told>,
    pub(crate) flags: BTreeMap<String, BTreeSet<&'static str>>,
    /// The dose that stays, and the one that went into it.
    pub(crate) merged: BTreeSet<(Identity, Told)>,
    pub(crate) dropped: BTreeSet<Told>,
}

/// One prescribed time.
#[derive(Debug, Clone)]
struct Time {
    at: i64,
    wall: i64,
    date: i64,
    slot: u32,
    shifted: bool,
    dropped: bool,
    dose: Option<String>,
}

pub(crate) fn second(at: Instant) -> i64 {
    assert_eq!(at.micros() % 1_000_000, 0, "the orders of this test keep to whole seconds");
    at.micros() / 1_000_000
}

fn inside(span: &Span, at: i64) -> bool {
    second(span.from) <= at && at < second(span.to)
}

/// Also tells how many times were prescribed in the range.
pub(crate) fn expand(
    life: &OrderLife,
    schedule: &Schedule,
    zone: &Zone,
    change: ClockChange,
    range: Span,
) -> Result<(Account, usize), CountWithoutStart> {
    let end = second(range.to);
    let lives = |time: &Time| {
        life.start.is_none_or(|start| second(start) <= time.at)
            && life.stop.is_none_or(|stop| time.at < second(stop))
    };
    let times = match schedule {
        Schedule::Once(once) => vec![elapsed(zone, second(once.at), 1)],
        Schedule::Interval(interval) => every_so_often(zone, *interval, end),
        Schedule::Clock(clock) => {
            let days = (first_day(life, clock, range)?, day_of(end) + 3);
            if let Some(steps) = clock.steps.as_ref().filter(|steps| steps[0].doses.is_some()) {
                // Two steps may share a day, so that day's list is that of all steps together.
                let of_steps = steps.iter().flat_map(|step| step.times.clone().unwrap_or_default());
                let list = clock.times.iter().copied().chain(of_steps).collect();
                let all = Clock { times: list, steps: None, ..Clock::clone(clock) };
                let mut times = of_days(&all, zone, change, days, clock.anchor_date);
                times.retain(lives);
                steps_by_doses(clock, steps, &times)
            } else {
                of_days(clock, zone, change, days, None)
            }
        }
    };
    let mut times: Vec<Time> = times.into_iter().filter(lives).collect();
    if let Some(most) = life.max_doses {
        times = first_doses(times, most).0;
    }
    times.retain(|time| inside(&range, time.at));
    let prescribed = times.len();
    Ok((account(zone, times, &life.holds), prescribed))
}

fn elapsed(zone: &Zone, at: i64, slot: u32) -> Time {
    let wall = at + zone.offset_at(at);
    Time { at, wall, date: day_of(wall), slot, shifted: false, dropped: false, dose: None }
}

/// Anchor, anchor + minutes, …; nothing before the anchor.
fn every_so_often(zone: &Zone, interval: Interval, end: i64) -> Vec<Time> {
    let mut times = Vec::new();
    let mut at = second(interval.anchor);
    while at < end {
        times.push(elapsed(zone, at, u32::try_from(times.len()).unwrap()));
        at += i64::from(interval.minutes) * 60;
    }
    times
}

/// Where to begin: three days early, so that no gap moves a dose across; where doses are counted,
/// at the start of the order, or at the anchor that has none before it.
fn first_day(life: &OrderLife, clock: &Clock, range: Span) -> Result<i64, CountWithoutStart> {
    let by_doses = clock.steps.iter().flatten().any(|step| step.doses.is_some());
    if !by_doses && life.max_doses.is_none() {
        return Ok(day_of(second(range.from)) - 3);
    }
    if let Some(start) = life.start {
        return Ok(day_of(second(start)) - 3);
    }
    let anchors = [
        clock.anchor_date,
        clock.cycle.map(|cycle| cycle.anchor),
        clock.monthly.map(|monthly| monthly.anchor.first_day()),
    ];
    anchors.into_iter().flatten().map(number_of).max().ok_or(CountWithoutStart)
}

/// The times of the days from the first to the last, all but those of steps by doses.
fn of_days(
    clock: &Clock,
    zone: &Zone,
    change: ClockChange,
    (first, last): (i64, i64),
    none_before: Option<CivilDate>,
) -> Vec<Time> {
    let anchor = clock.anchor_date.map(number_of);
    let every = clock.every_days.map(|days| every_days(days, anchor.unwrap(), last));
    let cycle = clock.cycle.map(|cycle| days_on(cycle, last));
    let monthly = clock.monthly.map(|monthly| days_of_months(monthly, last));
    let steps = clock.steps.as_ref().map(|steps| steps_by_days(steps, anchor.unwrap(), last));
    let turns = clock.alternate.as_ref().map(|turns| in_turn(turns, anchor.unwrap(), last));
    let mut times = Vec::new();
    for date in first..=last {
        let out = |days: &Option<BTreeSet<i64>>| days.as_ref().is_some_and(|d| !d.contains(&date));
        let weekday = day(date).weekday;
        if out(&every)
            || out(&cycle)
            || out(&monthly)
            || clock.dow.as_ref().is_some_and(|days| !days.contains(&weekday))
            || none_before.is_some_and(|anchor| date < number_of(anchor))
        {
            continue;
        }
        let mut list = &clock.times;
        let mut dose = None;
        if let Some(steps) = &steps {
            let Some(step) = steps.get(&date) else { continue };
            list = step.times.as_ref().unwrap_or(list);
            dose = Some(step.dose.clone());
        }
        if let Some(turns) = &turns {
            let Some(turn) = turns.get(&date) else { continue };
            dose = Some((*turn).clone());
        }
        if let Some(doses) = &clock.dose_by_dow {
            let named = doses.get(&DoseDay::Day(weekday)).or_else(|| doses.get(&DoseDay::Other));
            dose = Some(named.unwrap().clone());
        }
        of_day(list, zone, change, date, dose.as_ref(), &mut times);
    }
    times
}

fn every_days(days: u32, anchor: i64, last: i64) -> BTreeSet<i64> {
    let mut found = BTreeSet::new();
    let mut date = anchor;
    while date <= last {
        found.insert(date);
        date += i64::from(days);
    }
    found
}

fn days_on(cycle: Cycle, last: i64) -> BTreeSet<i64> {
    let mut found = BTreeSet::new();
    let mut date = number_of(cycle.anchor);
    while date <= last {
        for _ in 0..cycle.on {
            found.insert(date);
            date += 1;
        }
        date += i64::from(cycle.off);
    }
    found
}

fn days_of_months(monthly: Monthly, last: i64) -> BTreeSet<i64> {
    let mut found = BTreeSet::new();
    let mut date = number_of(monthly.anchor.first_day());
    let mut months = 0;
    while date <= last {
        let month = day(date);
        let length = month_length(month.year, month.month);
        if months % monthly.every == 0 {
            let of_month = match monthly.nth {
                None => day_of_month(monthly, length),
                Some(nth) => {
                    let wanted = monthly.dow.unwrap();
                    let falls = |of: &u32| day(date + i64::from(*of) - 1).weekday == wanted;
                    let all: Vec<u32> = (1..=length).filter(falls).collect();
                    match usize::try_from(nth) {
                        Ok(nth) => all.get(nth - 1).copied(),
                        Err(_) => all.last().copied(),
                    }
                }
            };
            found.extend(of_month.map(|of| date + i64::from(of) - 1));
        }
        months += 1;
        date += i64::from(length);
    }
    found
}

fn day_of_month(monthly: Monthly, length: u32) -> Option<u32> {
    let wanted = monthly.day.unwrap();
    if wanted <= length {
        return Some(wanted);
    }
    match monthly.overflow.unwrap() {
        Overflow::Clamp => Some(length),
        Overflow::Skip => None,
    }
}

/// Steps end to end from the anchor on; after the last nothing.
fn steps_by_days(steps: &[Step], anchor: i64, last: i64) -> BTreeMap<i64, &Step> {
    let mut found = BTreeMap::new();
    let mut date = anchor;
    for step in steps {
        for _ in 0..step.days.unwrap() {
            if date <= last {
                found.insert(date, step);
            }
            date += 1;
        }
    }
    found
}

fn in_turn(turns: &[String], anchor: i64, last: i64) -> BTreeMap<i64, &String> {
    (anchor..=last).zip(turns.iter().cycle()).collect()
}

/// The times of one day; a time listed twice is one time.
fn of_day(
    list: &[CivilTime],
    zone: &Zone,
    change: ClockChange,
    date: i64,
    dose: Option<&String>,
    times: &mut Vec<Time>,
) {
    let list: BTreeSet<CivilTime> = list.iter().copied().collect();
    let length = u32::try_from(list.len()).unwrap();
    for (slot, time) in (1..).zip(list) {
        let wall = date * 86_400 + i64::from(time.hour() * 60 + time.minute()) * 60;
        let plain =
            Time { at: 0, wall, date, slot, shifted: false, dropped: false, dose: dose.cloned() };
        match zone.shown(wall) {
            Shown::Once(at) => times.push(Time { at, ..plain }),
            Shown::Twice(first, second) => {
                let again = Time { at: second, slot: length + slot, ..plain.clone() };
                match change.overlap {
                    OverlapPolicy::First => times.push(Time { at: first, ..plain }),
                    OverlapPolicy::Second => times.push(Time { at: second, ..plain }),
                    OverlapPolicy::Both => times.extend([Time { at: first, ..plain }, again]),
                }
            }
            Shown::Never { change: after_gap, before } => {
                let moved = wall - before;
                times.push(match change.gap {
                    GapPolicy::Rfc5545 => Time { at: moved, shifted: true, ..plain },
                    GapPolicy::NextValid => Time { at: after_gap, shifted: true, ..plain },
                    GapPolicy::Skip => Time { at: moved, dropped: true, ..plain },
                });
            }
        }
    }
}

/// The first so many doses, times on one instant being one, and how many were found. A dropped
/// time does not count; it is kept while the count still runs at its instant.
fn first_doses(mut times: Vec<Time>, most: u32) -> (Vec<Time>, u32) {
    times.sort_by_key(|time| time.at);
    let instants: BTreeSet<i64> = times.iter().filter(|t| !t.dropped).map(|t| t.at).collect();
    let counted: Vec<i64> = instants.into_iter().take(usize::try_from(most).unwrap()).collect();
    let found = u32::try_from(counted.len()).unwrap();
    if found == most {
        times.retain(|time| counted.last().is_some_and(|last| time.at <= *last));
    }
    (times, found)
}

/// The next step starts with the first of its own times after the last dose of the step before.
fn steps_by_doses(clock: &Clock, steps: &[Step], times: &[Time]) -> Vec<Time> {
    let mut all: Vec<Time> = Vec::new();
    let mut after = i64::MIN;
    for step in steps {
        let list = step.times.as_ref().unwrap_or(&clock.times);
        let of_list = |wall: i64| {
            let minute = wall.rem_euclid(86_400) / 60;
            list.iter().any(|time| i64::from(time.hour() * 60 + time.minute()) == minute)
        };
        let own = times.iter().filter(|time| time.at > after && of_list(time.wall)).cloned();
        let (mut own, found) = first_doses(own.collect(), step.doses.unwrap());
        own.iter_mut().for_each(|time| time.dose = Some(step.dose.clone()));
        after = own.iter().filter(|time| !time.dropped).map(|t| t.at).max().unwrap_or(after);
        all.append(&mut own);
        if found < step.doses.unwrap() {
            break;
        }
    }
    all
}

/// Merges times on one instant, tells the held from the due, and flags what a gap did. Of two times
/// on one instant the one that was not moved stays, else the earlier prescribed.
fn account(zone: &Zone, times: Vec<Time>, holds: &[Span]) -> Account {
    let mut account = Account::default();
    let mut instants: BTreeMap<i64, Vec<Time>> = BTreeMap::new();
    for time in times {
        if time.shifted || time.dropped {
            let flag = if time.dropped { "dose_dropped_by_gap" } else { "time_shifted_gap" };
            account.flags.entry(date_text(time.date)).or_default().insert(flag);
        }
        if time.dropped {
            account.dropped.insert(told(zone, &time));
        } else {
            instants.entry(time.at).or_default().push(time);
        }
    }
    for (at, mut group) in instants {
        group.sort_by_key(|time| (time.shifted, time.wall, time.slot));
        let stays = told(zone, &group[0]);
        for other in &group[1..] {
            let into = (stays.date.clone(), stays.slot);
            account.merged.insert((into, told(zone, other)));
        }
        let held = holds.iter().any(|hold| inside(hold, at));
        if held { account.held.push(stays) } else { account.due.push(stays) }
    }
    account
}

fn told(zone: &Zone, time: &Time) -> Told {
    let offset = zone.offset_at(time.at);
    Told {
        at: time.at,
        local: local_text(time.at + offset, offset),
        date: date_text(time.date),
        slot: time.slot,
        prescribed: wall_text(time.wall),
        shifted: time.shifted,
        dose: time.dose.clone(),
    }
}
