//! `Timing.repeat`, read whole: a member that is not understood is a reason.

use super::json::At;
use super::moment::Moment;
use super::reason::Reasons;
use emar_domain::amount::parse_nano;
use emar_domain::time::{CivilTime, Weekday};
use std::collections::BTreeSet;

const WHOLE: i64 = 1_000_000_000;

/// So many times in so many units.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Rate {
    pub(super) times: u32,
    pub(super) period: u32,
    pub(super) unit: PeriodUnit,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum PeriodUnit {
    Minute,
    Hour,
    Day,
    Week,
    Month,
}

/// What recurs; bounds apart, so that two can be compared.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Repeat {
    pub(super) rate: Option<Rate>,
    pub(super) period_max: Option<u32>,
    pub(super) days: BTreeSet<Weekday>,
    pub(super) times: BTreeSet<CivilTime>,
    pub(super) when: BTreeSet<String>,
    pub(super) offset: Option<u32>,
    pub(super) count: Option<u32>,
}

/// From when to when.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Bounds {
    pub(super) start: Option<Moment>,
    pub(super) end: Option<Moment>,
    /// Length from the start, in civil days or elapsed hours.
    pub(super) length: Option<Length>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Length {
    Days(u32),
    Hours(u32),
}

const KNOWN: [&str; 17] = [
    "id",
    "extension",
    "frequency",
    "period",
    "periodMax",
    "periodUnit",
    "dayOfWeek",
    "timeOfDay",
    "when",
    "offset",
    "count",
    "boundsPeriod",
    "boundsDuration",
    "boundsRange",
    "frequencyMax",
    "duration",
    "countMax",
];

/// Reads a repeat; `None` with reasons when it says anything that cannot be planned exactly.
pub(super) fn read(at: &At<'_>, reasons: &mut Reasons) -> Option<(Repeat, Bounds)> {
    let before = reasons.grave();
    for (name, member) in at.members() {
        let refused = match name {
            "frequencyMax" | "countMax" => "a range of times cannot be planned",
            "duration" | "durationMax" | "durationUnit" => {
                "how long one giving takes cannot be represented"
            }
            "boundsRange" => "a range of lengths does not say when to stop",
            _ if !KNOWN.contains(&name) => "this part of the timing is not understood",
            _ => continue,
        };
        reasons.transcribe(member.pointer, refused);
    }
    let repeat = Repeat {
        rate: rate(at, reasons),
        period_max: whole(at, "periodMax", reasons),
        days: texts(at, "dayOfWeek", reasons, |t| Weekday::parse(t).ok()),
        times: texts(at, "timeOfDay", reasons, time_of_day),
        when: texts(at, "when", reasons, |t| Some(t.to_owned())),
        offset: whole(at, "offset", reasons),
        count: whole(at, "count", reasons),
    };
    if !repeat.times.is_empty() && !repeat.when.is_empty() {
        reasons.transcribe(at.to("when"), "times of day and events together contradict FHIR");
    }
    let bounds = bounds(at, reasons);
    (reasons.grave() == before).then_some((repeat, bounds))
}

fn time_of_day(text: &str) -> Option<CivilTime> {
    let minutes = if text.len() == 8 { text.strip_suffix(":00")? } else { return None };
    CivilTime::parse(minutes).ok()
}

fn texts<T: Ord>(
    at: &At<'_>,
    name: &str,
    reasons: &mut Reasons,
    parse: impl Fn(&str) -> Option<T>,
) -> BTreeSet<T> {
    let mut found = BTreeSet::new();
    for each in reasons.read(at.list(name)) {
        let Some(text) = reasons.read(each.as_text().map(Some)) else { continue };
        match parse(text) {
            Some(value) => {
                if !found.insert(value) {
                    reasons.transcribe(each.pointer, "named twice");
                }
            }
            None => reasons.transcribe(each.pointer, "not a value that can be planned"),
        }
    }
    found
}

/// A whole number above 0, however many zeros follow its point.
fn whole(at: &At<'_>, name: &str, reasons: &mut Reasons) -> Option<u32> {
    let digits = reasons.read(at.digits(name))?;
    let nano = parse_nano(digits).ok().filter(|n| *n > 0 && n % WHOLE == 0);
    let number = nano.and_then(|n| u32::try_from(n / WHOLE).ok());
    if number.is_none() {
        reasons.transcribe(at.to(name), "not a whole number above 0");
    }
    number
}

fn rate(at: &At<'_>, reasons: &mut Reasons) -> Option<Rate> {
    let (times, period) = (whole(at, "frequency", reasons), whole(at, "period", reasons));
    let unit = reasons.read(at.text("periodUnit"));
    let period = match (times, period, unit) {
        (None, None, None) => return None,
        (_, Some(period), Some(_)) => period,
        _ => {
            reasons.transcribe(at.to("period"), "a frequency needs a period and its unit");
            return None;
        }
    };
    let unit = match unit {
        Some("min") => PeriodUnit::Minute,
        Some("h") => PeriodUnit::Hour,
        Some("d") => PeriodUnit::Day,
        Some("wk") => PeriodUnit::Week,
        Some("mo") => PeriodUnit::Month,
        _ => {
            reasons.transcribe(at.to("periodUnit"), "a unit of time that cannot be planned");
            return None;
        }
    };
    // FHIR: a period without frequency is once in it.
    Some(Rate { times: times.unwrap_or(1), period, unit })
}

fn bounds(at: &At<'_>, reasons: &mut Reasons) -> Bounds {
    let mut bounds = Bounds::default();
    if let Some(period) = reasons.read(at.object("boundsPeriod")) {
        bounds.start = moment(&period, "start", reasons);
        bounds.end = moment(&period, "end", reasons);
    }
    if let Some(length) = reasons.read(at.object("boundsDuration")) {
        let number = whole(&length, "value", reasons);
        let unit = match reasons.read(length.text("code")) {
            Some(code) => Some(code),
            None => reasons.read(length.text("unit")),
        };
        bounds.length = match (number, unit) {
            (Some(n), Some("d")) => Some(Length::Days(n)),
            (Some(n), Some("wk")) => n.checked_mul(7).map(Length::Days),
            (Some(n), Some("h")) => Some(Length::Hours(n)),
            _ => None,
        };
        if bounds.length.is_none() || length.get("comparator").is_some() {
            let why = "only a number of hours, days or weeks says when to stop";
            reasons.transcribe(length.pointer, why);
        }
    }
    bounds
}

/// A member that is a moment; a vaguer one is a reason.
pub(super) fn moment(at: &At<'_>, name: &str, reasons: &mut Reasons) -> Option<Moment> {
    let text = reasons.read(at.text(name))?;
    let moment = Moment::parse(text);
    if moment.is_none() {
        reasons.transcribe(at.to(name), "not a full date, nor a time with its offset");
    }
    moment
}
