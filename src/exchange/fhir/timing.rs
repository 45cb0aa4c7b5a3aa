//! Timing: to a schedule at the home's hours, or to limits for when it is needed.

use super::json::{self, At};
use super::moment::{self, Moment};
use super::reason::Reasons;
use super::repeat::{self, Bounds, Length, PeriodUnit, Rate, Repeat};
use super::{Context, system};
use emar_domain::condition::TiedHour;
use emar_domain::order::Timing;
use emar_domain::schedule::Schedule;
use emar_domain::schedule::frequency::{Brought, Frequency, Planned, Unschedulable};
use emar_domain::schedule::hours::AskedTiming;
use emar_domain::time::{Instant, Weekday};
use std::collections::BTreeSet;

/// When an order is given, and within which windows.
pub(super) struct When {
    pub(super) timing: Timing,
    pub(super) asked: Option<AskedTiming>,
    pub(super) frequency: String,
    /// What its hours are tied to.
    pub(super) hours: Vec<TiedHour>,
    pub(super) before_minutes: i64,
    pub(super) after_minutes: i64,
    pub(super) start: Option<Instant>,
    pub(super) stop: Option<Instant>,
}

/// What the rest of the order says that timing depends on.
pub(super) struct Asked<'a> {
    pub(super) unit: &'a str,
    pub(super) time_critical: bool,
    pub(super) ordered: Option<Moment>,
    pub(super) stat: bool,
}

/// A Timing as read: a row of the table of frequencies, and what the order brings to it.
struct Row<'a> {
    frequency: &'a Frequency,
    brought: Brought,
    /// Days a daily row is restricted to.
    days: BTreeSet<Weekday>,
}

/// A Timing taken apart.
pub(super) struct Parts<'a> {
    pub(super) coded: Option<&'a Frequency>,
    pub(super) repeat: Repeat,
    pub(super) bounds: Bounds,
    pub(super) event: Option<Moment>,
    pointer: String,
}

/// Reads `timing` of a Dosage; a Dosage without one reads as empty parts.
pub(super) fn parts<'a>(
    dosage: &At<'_>,
    context: &Context<'a>,
    reasons: &mut Reasons,
) -> Option<Parts<'a>> {
    let mut parts = Parts {
        coded: None,
        repeat: Repeat::default(),
        bounds: Bounds::default(),
        event: None,
        pointer: dosage.to("timing"),
    };
    let Some(timing) = reasons.read(dosage.object("timing")) else { return Some(parts) };
    let before = reasons.grave();
    for (name, member) in timing.members() {
        if !matches!(name, "id" | "extension" | "event" | "_event" | "repeat" | "code") {
            reasons.transcribe(member.pointer, "this part of the timing is not understood");
        }
    }
    let events = reasons.read(timing.list("event"));
    match events.as_slice() {
        [] => {}
        [one] => {
            parts.event = reasons.read(one.as_text().map(Some)).and_then(Moment::parse);
            if parts.event.is_none() {
                reasons.transcribe(one.pointer.clone(), "not a time with its offset");
            }
        }
        [_, second, ..] => {
            reasons.transcribe(second.pointer.clone(), "several single times cannot be planned");
        }
    }
    if let Some(at) = reasons.read(timing.object("repeat")) {
        (parts.repeat, parts.bounds) = repeat::read(&at, reasons).unwrap_or_default();
    }
    if let Some(code) = reasons.read(timing.object("code")) {
        parts.coded = coded(&code, context, reasons);
    }
    (reasons.grave() == before).then_some(parts)
}

/// The row a timing code names; FHIR's timing codes are complete statements.
fn coded<'a>(code: &At<'_>, context: &Context<'a>, reasons: &mut Reasons) -> Option<&'a Frequency> {
    let codings = reasons.read(code.list("coding"));
    let mut rows = Vec::new();
    for coding in &codings {
        if reasons.read(coding.text("system")) != Some(system::GTS) {
            continue;
        }
        let name = reasons.read(coding.text("code")).unwrap_or_default();
        match context.frequencies.find_fhir(name) {
            Some(row) => rows.push(row),
            None => {
                let why = "this home has no hours for the timing code";
                reasons.transcribe(coding.to("code"), why);
            }
        }
    }
    match rows.as_slice() {
        [row] => Some(row),
        [] => {
            let why = "the timing code is not one of FHIR's, and its text is for a person to read";
            reasons.transcribe(code.pointer.clone(), why);
            None
        }
        _ => {
            reasons.transcribe(code.pointer.clone(), "several timing codes");
            None
        }
    }
}

/// The schedule of an order that is not "as needed".
pub(super) fn planned(
    parts: &Parts<'_>,
    asked: &Asked<'_>,
    context: &Context<'_>,
    reasons: &mut Reasons,
) -> Option<When> {
    let Some(row) = row(parts, asked, context) else {
        let why = "when to give it is not said in a way that can be planned exactly";
        reasons.transcribe(parts.pointer.clone(), why);
        return None;
    };
    let policy = &context.home.policy;
    let hours = policy.hours_of(asked.unit, row.frequency);
    let schedule = match row.frequency.plan(&row.brought, hours.as_deref()) {
        Ok(Planned::Doses(schedule)) => schedule,
        Ok(Planned::Pair { .. }) => {
            let why = "its removal has its own time: when it comes off is entered by a person";
            reasons.transcribe(parts.pointer.clone(), why);
            return None;
        }
        Ok(Planned::Unplanned) => {
            let why = "a continuous order has no times to plan: it is entered by a person";
            reasons.transcribe(parts.pointer.clone(), why);
            return None;
        }
        Err(e) => {
            reasons.transcribe(parts.pointer.clone(), &unschedulable(&e));
            return None;
        }
    };
    let table = context.frequencies;
    let window = policy.order_window(table, row.frequency, asked.unit, asked.time_critical);
    let Some((before_minutes, after_minutes)) = window else {
        reasons.transcribe(parts.pointer.clone(), "this home has no window for this timing");
        return None;
    };
    let (start, stop) = life(parts, asked, context, reasons)?;
    let frequency = display(&row);
    let hours = match &schedule {
        Schedule::Clock(clock) => row.frequency.ties(&clock.times, hours.as_deref()),
        Schedule::Once(_) | Schedule::Interval(_) => Vec::new(),
    };
    let timing = Timing::Planned { schedule };
    let asked = Some(AskedTiming { code: row.frequency.code.clone(), brought: row.brought });
    Some(When { timing, asked, frequency, hours, before_minutes, after_minutes, start, stop })
}

fn unschedulable(e: &Unschedulable) -> String {
    match e {
        Unschedulable::NeedsMissing(needs) => {
            let needs: Vec<String> =
                needs.iter().map(|n| format!("{n:?}").to_lowercase()).collect();
            format!("this timing needs more than the order says: {}", needs.join(", "))
        }
        Unschedulable::DowCount { wanted } => format!("this timing needs {wanted} named weekdays"),
        Unschedulable::HoursCount { wanted } => format!("this timing needs {wanted} hours of day"),
        other => format!("this timing cannot be planned ({other})"),
    }
}

fn display(row: &Row<'_>) -> String {
    if row.days.is_empty() {
        return row.frequency.code.clone();
    }
    let days: Vec<&str> = row.days.iter().map(|d| d.code()).collect();
    format!("{} on {}", row.frequency.display, days.join(", "))
}

/// The row that says exactly what the timing says.
fn row<'a>(parts: &Parts<'a>, asked: &Asked<'_>, context: &Context<'a>) -> Option<Row<'a>> {
    let zone = &context.home.zone;
    let instant = |moment: Option<Moment>| match moment {
        Some(Moment::At(instant)) => Some(instant),
        _ => None,
    };
    let mut brought = Brought {
        anchor: instant(parts.bounds.start),
        anchor_date: parts.bounds.start.map(|m| m.date(zone)),
        ..Brought::default()
    };
    let repeat = &parts.repeat;
    let once = *repeat == Repeat { count: Some(1), ..Repeat::default() };
    let empty = *repeat == Repeat::default();
    let single =
        parts.coded.is_none() && (once || (empty && (parts.event.is_some() || asked.stat)));
    if single {
        let code = if asked.stat { "STAT" } else { "ONCE" };
        let ordered = if asked.stat { asked.ordered } else { parts.bounds.start };
        brought.at = Some(instant(parts.event.or(ordered))?);
        let frequency = context.frequencies.find(code)?;
        return Some(Row { frequency, brought, days: BTreeSet::new() });
    }
    // A first dose at once beside a schedule, or a time beside one, would be two statements.
    if asked.stat || parts.event.is_some() || repeat.count.is_some() {
        return None;
    }
    if let Some(frequency) = parts.coded {
        let agrees = empty || wire_form(frequency).is_some_and(|own| own == *repeat);
        return agrees.then(|| Row { frequency, brought, days: BTreeSet::new() });
    }
    if repeat.period_max.is_some() || (repeat.offset.is_some() && repeat.when.is_empty()) {
        return None;
    }
    uncoded(repeat, brought, context)
}

fn uncoded<'a>(repeat: &Repeat, brought: Brought, context: &Context<'a>) -> Option<Row<'a>> {
    let days = repeat.days.clone();
    let dow = (!days.is_empty()).then(|| days.iter().copied().collect());
    let brought = Brought { dow, ..brought };
    if !repeat.when.is_empty() {
        let frequency = of_events(repeat, context)?;
        return Some(Row { frequency, brought, days });
    }
    let count = u32::try_from(repeat.times.len()).ok()?;
    let day_count = u32::try_from(days.len()).ok()?;
    let daily = |n| Rate { times: n, period: 1, unit: PeriodUnit::Day };
    let weekly = |n| Rate { times: n, period: 1, unit: PeriodUnit::Week };
    let per_day = match repeat.rate {
        Some(rate) if rate.period == 1 && rate.unit == PeriodUnit::Day => Some(rate.times),
        Some(rate) if day_count > 0 && rate == weekly(day_count) => Some(1),
        Some(_) if day_count > 0 || count > 0 => return None,
        Some(_) => None,
        None if count > 0 => Some(count),
        None if day_count > 0 => Some(1),
        None => return None,
    };
    if count > 0 && per_day != Some(count) {
        return None;
    }
    let wanted = per_day.map_or(repeat.rate, |n| Some(daily(n)))?;
    let times = (count > 0).then(|| repeat.times.iter().copied().collect());
    let brought = Brought { times, ..brought };
    if wanted == daily(1) && (1..=3).contains(&day_count) {
        // Weekly codes have the windows of weekly doses.
        let frequency = of_rate(weekly(day_count), context)?;
        return Some(Row { frequency, brought, days: BTreeSet::new() });
    }
    Some(Row { frequency: of_rate(wanted, context)?, brought, days })
}

fn of_rate<'a>(rate: Rate, context: &Context<'a>) -> Option<&'a Frequency> {
    let wanted = Repeat { rate: Some(rate), ..Repeat::default() };
    let mut rows = defaults(context);
    rows.find(|row| wire_form(row).is_some_and(|own| own == wanted))
}

fn of_events<'a>(repeat: &Repeat, context: &Context<'a>) -> Option<&'a Frequency> {
    let count = u32::try_from(repeat.when.len()).ok()?;
    let daily = Rate { times: count, period: 1, unit: PeriodUnit::Day };
    if repeat.rate.is_some_and(|rate| rate != daily) {
        return None;
    }
    let mut rows = defaults(context);
    rows.find(|row| {
        wire_form(row).is_some_and(|own| {
            own.when == repeat.when && (repeat.offset.is_none() || own.offset == repeat.offset)
        })
    })
}

fn defaults<'a>(context: &Context<'a>) -> impl Iterator<Item = &'a Frequency> {
    context.frequencies.frequencies.iter().filter(|row| row.fhir_default)
}

/// How the table itself writes a row in FHIR.
fn wire_form(row: &Frequency) -> Option<Repeat> {
    let node = json::parse(row.fhir_repeat.as_deref()?.as_bytes()).ok()?;
    repeat::read(&At::root(&node), &mut Reasons::default()).map(|(repeat, _)| repeat)
}

/// First and end of the order, from its bounds.
pub(super) fn life(
    parts: &Parts<'_>,
    asked: &Asked<'_>,
    context: &Context<'_>,
    reasons: &mut Reasons,
) -> Option<(Option<Instant>, Option<Instant>)> {
    let zone = &context.home.zone;
    let start = parts.bounds.start.or(asked.ordered).map(|m| m.starts(zone));
    let end = parts.bounds.end.and_then(|m| m.ends(zone));
    let length = parts.bounds.length.and_then(|length| {
        let start = start.unwrap_or(context.now);
        match length {
            Length::Hours(n) => start.plus_minutes(i64::from(n) * 60),
            Length::Days(n) => {
                let civil = zone.to_civil(start);
                let date = civil.date().plus_days(i64::from(n))?;
                Some(moment::at(zone, date, civil.time()))
            }
        }
    });
    let stop = match (end, length) {
        (Some(a), Some(b)) if a != b => {
            reasons.transcribe(parts.pointer.clone(), "its end and its length disagree");
            return None;
        }
        (a, b) => a.or(b),
    };
    if stop.is_some_and(|stop| stop <= start.unwrap_or(context.now)) {
        reasons.transcribe(parts.pointer.clone(), "it would end before it starts");
        return None;
    }
    Some((start, stop))
}
