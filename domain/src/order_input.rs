//! What cannot stand in an order at all, whoever writes it: told with its place, why, and what to
//! do, before anybody looks at what is doubtful. Stories 5, 18, 19; schedules, sections 2 and 3.

use crate::amount::Amount;
use crate::condition::{Conditions, SelfAdministration};
use crate::home::Home;
use crate::order::{OrderVersion, Timing};
use crate::reading;
use crate::schedule::frequency::{Frequencies, Frequency, Kind, Need};
use crate::schedule::{Clock, ClockChange, OrderLife, Schedule, ScheduleFault, Span};
use crate::schedule::{expand, times_a_day};
use crate::time::{CivilTime, Instant, Weekday};
use std::collections::BTreeSet;

/// Longest window on either side of a due time, in minutes: a day.
const WINDOW_MINUTES_MAX: i64 = 24 * 60;
/// Days over which a pair is looked at: weekly and monthly patches come round in them.
const PAIR_DAYS: i64 = 62;

/// A place in an order, as a JSON pointer from the order, and what is wrong there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BadInput {
    /// Where.
    pub pointer: &'static str,
    /// What, why, and what to do.
    pub fault: InputFault,
}

/// What is wrong.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[allow(missing_docs, reason = "the sentence says it")]
pub enum InputFault {
    #[error("This text has {least} to {most} bytes.")]
    Text { least: u32, most: u32 },
    #[error("A dose is more than nothing. Write how much is given each time.")]
    NoDose,
    #[error("A window has 0 to 1,440 minutes.")]
    WindowRange,
    #[error(
        "The home's policy lets such a dose be given {most} minutes from its time at most on this \
         side. Write {most} or less."
    )]
    WindowWide { most: i64 },
    #[error("The order stops before it starts. Write a stop after the start, or none.")]
    StopBeforeStart,
    #[error("The order expires before it starts. Write a later end, or none.")]
    ExpiresBeforeStart,
    #[error("{0}: the schedule cannot be planned. Write what is missing.")]
    Schedule(ScheduleFault),
    #[error("Write each dose as 40 mg.")]
    NamedDose,
    #[error("The doses of one order are measured alike. Write each of them in {0}, as its own.")]
    DoseMeasure(&'static str),
    #[error(
        "The checks of an order know drugs in lower case only. Write it in small letters, without \
         spaces around it, such as metformin."
    )]
    NotLower,
    #[error("Say what for, in at most 1,000 bytes.")]
    Indication,
    #[error("Two givings are 1 minute to 7 days apart.")]
    PrnInterval,
    #[error("The longer of two intervals is longer than the shorter, and at most 7 days.")]
    PrnRange,
    #[error("There are 1 to 100 givings in a day.")]
    PrnMost,
    #[error(
        "An order on call that may be called for again ends some day, or it would run for ever. \
         Write a stop, or set repeat to false."
    )]
    OnCallEndless,
    #[error(
        "Between two applications nothing comes off, so the second would go on over the first. \
         Write a time of removal between them."
    )]
    PairUnlinked,
    #[error("A reason code has at most 200 bytes.")]
    Reason,
    #[error("This home has no such frequency code. Write one of its codes, or leave it empty.")]
    FrequencyUnknown,
    #[error(
        "The frequency says {wanted} doses a day and the times say {listed}. Write the times it \
         has, the frequency that has these times, or leave the frequency empty."
    )]
    TimesCount { wanted: u32, listed: u32 },
    #[error(
        "The frequency and the schedule name different days. Write the days the frequency has, the \
         frequency that has these days, or leave the frequency empty."
    )]
    DaysDiffer,
    #[error("The frequency is of stepped doses and the schedule has no steps. Write its steps.")]
    StepsMissing,
    #[error("The frequency and the timing are of different kinds. Write the one that is meant.")]
    OtherKind,
    #[error(
        "The frequency says every {wanted} minutes and the schedule another. Write one of them."
    )]
    IntervalDiffers { wanted: u32 },
    #[error(
        "A hold parameter looks at a reading this home does not know. Write one of sbp, dbp, hr, \
         hr_apical, hr_radial, rr, spo2, temp, inr, glucose, pain."
    )]
    ReadingUnknown,
    #[error("This time is none of the order's times. Write the times of the schedule only.")]
    HourUnlisted,
    #[error("Say on what decision covert giving rests, in 1 to 1,000 bytes.")]
    CovertGround,
    #[error(
        "Who keeps and takes a drug is neither measured nor deceived nor read to: this needs staff \
         who give it. Write another level of self-administration, or leave this out."
    )]
    NeedsStaff,
    #[error("There are no special instructions to acknowledge. Write them, or set this to false.")]
    NothingToAcknowledge,
}

type Checked = Result<(), BadInput>;

fn bad(pointer: &'static str, fault: InputFault) -> Checked {
    Err(BadInput { pointer, fault })
}

fn holds(sound: bool, pointer: &'static str, fault: InputFault) -> Checked {
    if sound { Ok(()) } else { bad(pointer, fault) }
}

/// Everything that the types cannot say of an order: texts that are there and not endless, a dose,
/// windows the home allows, a schedule that can be planned and that agrees with the frequency, and
/// conditions that somebody can meet. `current` is the version it replaces: what was received under
/// a name of the sender's keeps it.
///
/// # Errors
/// The first thing that is wrong.
pub fn check_input(
    home: &Home,
    table: &Frequencies,
    version: &OrderVersion,
    current: Option<&OrderVersion>,
) -> Result<(), BadInput> {
    texts(version)?;
    holds(version.dose.nano > 0, "/dose/nano", InputFault::NoDose)?;
    for (pointer, minutes) in
        [("/before_minutes", version.before_minutes), ("/after_minutes", version.after_minutes)]
    {
        let sound = (0..=WINDOW_MINUTES_MAX).contains(&minutes);
        holds(sound, pointer, InputFault::WindowRange)?;
    }
    let reversed = version.stop.is_some_and(|stop| stop <= version.start);
    holds(!reversed, "/stop", InputFault::StopBeforeStart)?;
    let reversed = version.expires.is_some_and(|expires| expires <= version.start);
    holds(!reversed, "/expires", InputFault::ExpiresBeforeStart)?;
    timing(home, version)?;
    let kept = current.is_some_and(|current| current.frequency == version.frequency);
    let row = table.find(&version.frequency);
    let known = row.is_some() || version.frequency.is_empty() || kept;
    // What is given when needed may say how often in words; limits bind it.
    let bound = known || matches!(version.timing, Timing::Prn { .. });
    holds(bound, "/frequency", InputFault::FrequencyUnknown)?;
    if let Some(row) = row {
        agrees(row, &version.timing)?;
    }
    windows(home, table, version, row)?;
    conditions(version)
}

fn texts(version: &OrderVersion) -> Checked {
    let drug = &version.drug;
    let texts = [
        ("/drug/ingredient", &drug.ingredient, 1, 200),
        ("/drug/name", &drug.name, 1, 300),
        ("/drug/form", &drug.form, 1, 100),
        ("/drug/route", &drug.route, 0, 100),
        ("/dose_text", &version.dose_text, 0, 1000),
        ("/frequency", &version.frequency, 0, 100),
        ("/indication", &version.indication, 0, 1000),
        ("/instructions", &version.instructions, 0, 4000),
        ("/prescriber", &version.prescriber, 0, 200),
        ("/source/version", &version.source.version, 0, 100),
    ];
    for (pointer, text, least, most) in texts {
        let sound = length(text) <= most && length(text.trim()) >= least;
        holds(sound, pointer, InputFault::Text { least, most })?;
    }
    // What a drug is checked by is compared letter by letter: in capitals it would meet nothing.
    for (pointer, text) in [
        ("/drug/ingredient", &drug.ingredient),
        ("/drug/form", &drug.form),
        ("/drug/route", &drug.route),
    ] {
        holds(*text == text.trim().to_lowercase(), pointer, InputFault::NotLower)?;
    }
    let why = version.allergy_override.as_ref();
    let sound = why.is_none_or(|text| !text.trim().is_empty() && text.len() <= 1000);
    holds(sound, "/allergy_override", InputFault::Text { least: 1, most: 1000 })
}

fn length(text: &str) -> u32 {
    u32::try_from(text.len()).unwrap_or(u32::MAX)
}

fn timing(home: &Home, version: &OrderVersion) -> Checked {
    let sound = |pointer, schedule: &Schedule| {
        schedule.validate().or_else(|fault| bad(pointer, InputFault::Schedule(fault)))
    };
    match &version.timing {
        Timing::Planned { schedule } => {
            sound("/timing/schedule", schedule)?;
            named_doses(version)
        }
        Timing::Pair { apply, remove } => {
            sound("/timing/apply", apply)?;
            sound("/timing/remove", remove)?;
            named_doses(version)?;
            let linked = is_linked(home, version.start, apply, remove);
            holds(linked, "/timing/remove", InputFault::PairUnlinked)
        }
        Timing::Prn {
            indication, interval_minutes_min, interval_minutes_max, per_day_max, ..
        } => {
            holds(indication.len() <= 1000, "/timing/indication", InputFault::Indication)?;
            let apart = interval_minutes_min.is_none_or(|m| (1..=7 * 24 * 60).contains(&m));
            holds(apart, "/timing/interval_minutes_min", InputFault::PrnInterval)?;
            let least = interval_minutes_min.unwrap_or(i64::MAX);
            let range = interval_minutes_max.is_none_or(|m| least < m && m <= 7 * 24 * 60);
            holds(range, "/timing/interval_minutes_max", InputFault::PrnRange)?;
            let most = per_day_max.is_none_or(|most| (1..=100).contains(&most));
            holds(most, "/timing/per_day_max", InputFault::PrnMost)
        }
        Timing::OnCall { repeat } => {
            holds(!repeat || version.stop.is_some(), "/stop", InputFault::OnCallEndless)
        }
        Timing::Continuous => Ok(()),
        Timing::Unschedulable { reason } => {
            holds(reason.len() <= 200, "/timing/reason", InputFault::Reason)
        }
    }
}

/// What is counted at the bedside is the amount a schedule names: it must be one, and one that the
/// order's own dose can be held against.
fn named_doses(version: &OrderVersion) -> Checked {
    for (place, text) in version.timing.named_doses() {
        let Some(dose) = Amount::parse_text(text).ok().filter(|dose| dose.nano > 0) else {
            return bad(place, InputFault::NamedDose);
        };
        let unit = version.dose.unit.code();
        holds(dose.comparable(version.dose), place, InputFault::DoseMeasure(unit))?;
    }
    Ok(())
}

/// Whether something comes off between any two applications of the two months from `from` on.
#[must_use]
pub fn is_linked(home: &Home, from: Instant, apply: &Schedule, remove: &Schedule) -> bool {
    let Some(to) = from.plus_minutes(PAIR_DAYS * 24 * 60) else { return false };
    let life = OrderLife { start: Some(from), ..OrderLife::default() };
    let times = |schedule| {
        let change = ClockChange::default();
        let found = expand(&life, schedule, &home.zone, change, Span { from, to }).ok()?;
        Some(found.due.into_iter().map(|dose| dose.at).collect::<Vec<_>>())
    };
    let (Some(on), Some(off)) = (times(apply), times(remove)) else { return false };
    let comes_off = |pair: (&_, &_)| off.iter().any(|at| pair.0 < at && at <= pair.1);
    on.iter().zip(on.iter().skip(1)).all(comes_off) && (on.is_empty() || !off.is_empty())
}

/// Whether a frequency and a timing say the same: neither is the other's guess.
fn agrees(row: &Frequency, timing: &Timing) -> Checked {
    let kind = |sound: bool| holds(sound, "/frequency", InputFault::OtherKind);
    match timing {
        Timing::Planned { schedule: Schedule::Clock(clock) } => {
            kind(matches!(row.kind, Kind::Clock | Kind::Event | Kind::Window))?;
            same_days(row, clock)?;
            same_times(row, clock)
        }
        Timing::Planned { schedule: Schedule::Interval(interval) } => {
            kind(matches!(row.kind, Kind::Interval | Kind::Clock))?;
            kind(row.interval_minutes.is_some())?;
            let wanted = row.interval_minutes.unwrap_or(interval.minutes);
            let fault = InputFault::IntervalDiffers { wanted };
            holds(interval.minutes == wanted, "/timing/schedule/minutes", fault)
        }
        Timing::Planned { schedule: Schedule::Once(_) } => kind(row.kind == Kind::Once),
        Timing::Pair { apply, .. } => {
            kind(row.kind == Kind::Pair)?;
            let Schedule::Clock(clock) = apply else { return kind(false) };
            let at_apply = |bad| BadInput { pointer: "/timing/apply", ..bad };
            same_days(row, clock).and_then(|()| same_times(row, clock)).map_err(at_apply)
        }
        Timing::Continuous => kind(row.kind == Kind::Continuous),
        Timing::Prn { .. } | Timing::OnCall { .. } | Timing::Unschedulable { .. } => Ok(()),
    }
}

/// A weekly code on a schedule without its day would be read as weekly and planned every day.
fn same_days(row: &Frequency, clock: &Clock) -> Checked {
    let same = |sound, place| holds(sound, place, InputFault::DaysDiffer);
    let named: BTreeSet<&Weekday> = clock.dow.iter().flatten().collect();
    let week = match (&row.dow, row.dow_count) {
        (Some(days), _) => named == days.iter().collect(),
        (None, Some(count)) => u32::try_from(named.len()) == Ok(count),
        (None, None) => named.is_empty() || named.len() == Weekday::ALL.len(),
    };
    same(week, "/timing/schedule/dow")?;
    let every_days = clock.every_days.filter(|days| *days != 1);
    same(every_days == row.every_days, "/timing/schedule/every_days")?;
    let day_of_month = clock.monthly.is_none_or(|rule| rule.day.is_some());
    let months = clock.monthly.map(|rule| rule.every) == row.every_months && day_of_month;
    same(months, "/timing/schedule/monthly")?;
    let cycles = clock.cycle.is_some() == row.needs.contains(&Need::On);
    same(cycles, "/timing/schedule/cycle")
}

/// As often a day as the frequency says, in every step; a code of stepped doses leaves it to them.
fn same_times(row: &Frequency, clock: &Clock) -> Checked {
    if row.needs.contains(&Need::Steps) {
        let stepped = clock.steps.is_some();
        return holds(stepped, "/timing/schedule/steps", InputFault::StepsMissing);
    }
    let wanted = row.doses_per_day;
    let own = Some(("/timing/schedule/times", &clock.times)).filter(|(_, times)| !times.is_empty());
    let of_steps = clock.steps.iter().flatten().filter_map(|step| step.times.as_ref());
    for (place, times) in own.into_iter().chain(of_steps.map(|t| ("/timing/schedule/steps", t))) {
        let listed = times_a_day(times);
        holds(listed == wanted, place, InputFault::TimesCount { wanted, listed })?;
    }
    Ok(())
}

/// An order has one window, and it is no wider than the home lets any of its doses have; without a
/// code, than it lets any dose have that is given as often.
fn windows(
    home: &Home,
    table: &Frequencies,
    version: &OrderVersion,
    row: Option<&Frequency>,
) -> Checked {
    let resident = home.residents.get(&version.resident);
    let Some((schedule, resident)) = version.timing.schedule().zip(resident) else {
        return Ok(());
    };
    let (unit, critical) = (resident.unit.as_str(), version.is_time_critical(&home.policy));
    let window = match row {
        Some(row) => home.policy.order_window(table, row, unit, critical),
        None => home.policy.widest_window(table, schedule, unit, critical),
    };
    let Some((before, after)) = window else { return Ok(()) };
    for (pointer, minutes, most) in [
        ("/before_minutes", version.before_minutes, before),
        ("/after_minutes", version.after_minutes, after),
    ] {
        holds(minutes <= most, pointer, InputFault::WindowWide { most })?;
    }
    Ok(())
}

fn conditions(version: &OrderVersion) -> Checked {
    let of: &Conditions = &version.conditions;
    let known = |code: &str| reading::CODES.contains(&code);
    let gate_known = of.gate.iter().flat_map(crate::gate::Gate::codes).all(known);
    holds(gate_known, "/conditions/gate", InputFault::ReadingUnknown)?;
    let listed = |time: &CivilTime| match version.timing.schedule() {
        Some(Schedule::Clock(clock)) => {
            let of_steps =
                clock.steps.iter().flatten().flat_map(|step| step.times.iter().flatten());
            clock.times.iter().chain(of_steps).any(|other| other == time)
        }
        _ => false,
    };
    let hours = of.hours.iter().all(|hour| listed(&hour.time));
    holds(hours, "/conditions/hours", InputFault::HourUnlisted)?;
    if let Some(covert) = &of.covert {
        let said = covert.legal_reference.trim();
        let sound = !said.is_empty() && said.len() <= 1000;
        holds(sound, "/conditions/covert/legal_reference", InputFault::CovertGround)?;
    }
    let asks = of.gate.is_some() || of.scale.is_some() || of.covert.is_some() || of.acknowledge;
    let alone = of.self_administration == SelfAdministration::SelfManaged;
    holds(!(alone && asks), "/conditions/self_administration", InputFault::NeedsStaff)?;
    let instructed = !version.instructions.trim().is_empty();
    let sound = !of.acknowledge || instructed;
    holds(sound, "/conditions/acknowledge", InputFault::NothingToAcknowledge)
}
