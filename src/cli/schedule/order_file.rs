//! An order's schedule in a file of its own: an order as in the conformance cases, or its schedule
//! alone, in TOML or JSON.

use emar_domain::schedule::{
    Clock, Interval, LENGTH_MAX, Once, OrderLife, STEPS_MAX, Schedule, ScheduleFault, Span,
    TIMES_MAX,
};
use emar_domain::time::OffsetTime;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use std::fmt;

/// What is wrong with a file: where, what, and what to do.
#[derive(Debug)]
pub(super) struct Fault {
    field: String,
    what: String,
    remedy: String,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let colon = if self.field.is_empty() { "" } else { ": " };
        write!(f, "{}{colon}{}\n    {}", self.field, self.what, self.remedy)
    }
}

impl Fault {
    fn new(field: &str, what: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { field: field.to_owned(), what: what.into(), remedy: remedy.into() }
    }
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Life {
    start: Option<OffsetTime>,
    stop: Option<OffsetTime>,
    max_doses: Option<u32>,
    holds: Vec<(OffsetTime, OffsetTime)>,
}

/// Reads an order or a schedule.
pub(super) fn read(text: &str) -> Result<(Schedule, OrderLife), Fault> {
    let mut all = table(text)?;
    let (at, schedule, life) = match all.remove("schedule") {
        Some(Value::Object(schedule)) => ("schedule.", schedule, typed::<Life>("", all)?),
        Some(_) => {
            let remedy = "write its kind and fields under it: [schedule]";
            return Err(Fault::new("schedule", "is no table", remedy));
        }
        None => ("", all, Life::default()),
    };
    let schedule = typed_by_kind(at, schedule)?;
    schedule.validate().map_err(|fault| told(at, fault))?;
    let holds = life.holds.iter().map(|(from, to)| Span { from: from.instant, to: to.instant });
    let life = OrderLife {
        start: life.start.map(|at| at.instant),
        stop: life.stop.map(|at| at.instant),
        max_doses: life.max_doses,
        holds: holds.collect(),
    };
    Ok((schedule, life))
}

/// The file as a table; times that TOML knows by itself become the texts they are in JSON.
fn table(text: &str) -> Result<Map<String, Value>, Fault> {
    if text.trim_start().starts_with('{') {
        return serde_json::from_str(text)
            .map_err(|error| Fault::new("", format!("is no JSON: {error}"), "correct it there"));
    }
    let read: toml::Table = toml::from_str(text).map_err(|error| {
        let before = text.get(..error.span().map_or(0, |span| span.start)).unwrap_or_default();
        let what = error.message().lines().next().unwrap_or_default();
        let line = before.matches('\n').count() + 1;
        Fault::new("", format!("is no TOML: line {line}: {what}"), "correct it there")
    })?;
    Ok(read.into_iter().map(|(key, value)| (key, plain(value))).collect())
}

fn plain(value: toml::Value) -> Value {
    match value {
        toml::Value::String(text) => Value::String(text),
        toml::Value::Integer(number) => Value::from(number),
        toml::Value::Float(number) => Value::from(number),
        toml::Value::Boolean(truth) => Value::Bool(truth),
        toml::Value::Datetime(time) => Value::String(time.to_string()),
        toml::Value::Array(list) => Value::Array(list.into_iter().map(plain).collect()),
        toml::Value::Table(table) => {
            Value::Object(table.into_iter().map(|(key, value)| (key, plain(value))).collect())
        }
    }
}

/// A schedule read kind by kind: read as a whole, its faults would not say which field.
fn typed_by_kind(at: &str, mut fields: Map<String, Value>) -> Result<Schedule, Fault> {
    let field = format!("{at}kind");
    let remedy = "write kind = \"clock\", \"interval\" or \"once\"";
    match fields.remove("kind").as_ref().map(Value::as_str) {
        Some(Some("once")) => typed::<Once>(at, fields).map(Schedule::Once),
        Some(Some("interval")) => typed::<Interval>(at, fields).map(Schedule::Interval),
        Some(Some("clock")) => {
            typed::<Clock>(at, fields).map(|clock| Schedule::Clock(Box::new(clock)))
        }
        Some(_) => Err(Fault::new(&field, "is no kind of schedule", remedy)),
        None => Err(Fault::new(&field, "is missing", remedy)),
    }
}

fn typed<T: DeserializeOwned>(at: &str, fields: Map<String, Value>) -> Result<T, Fault> {
    serde_path_to_error::deserialize(Value::Object(fields)).map_err(|error| {
        let inner = error.inner().to_string();
        let path = error.path().to_string();
        let path =
            if path == "." { at.trim_end_matches('.').to_owned() } else { format!("{at}{path}") };
        let remedy = if inner.starts_with("unknown field") {
            "correct the key or take it out: what is not understood is never passed over"
        } else if inner.starts_with("missing field") {
            "add the field"
        } else {
            "write it as asked"
        };
        Fault::new(&path, inner, remedy)
    })
}

/// A schedule that reads well and still cannot be: the field and the remedy.
fn told(at: &str, fault: ScheduleFault) -> Fault {
    use ScheduleFault as F;
    let (field, what, remedy) = match fault {
        F::NoTimes => (
            "times",
            "there is no time of day",
            "list at least one: times = [\"08:00\"]".to_owned(),
        ),
        F::ListTooLong => (
            "times",
            "a list is too long",
            format!("list at most {TIMES_MAX} times and {STEPS_MAX} steps, doses or weekdays"),
        ),
        F::ListEmpty => (
            "dow, steps or alternate",
            "a list is empty",
            "put something into it or take it out".to_owned(),
        ),
        F::LengthOutOfRange => (
            "minutes, every_days, cycle, steps or monthly.every",
            "a length is out of range",
            format!("give 1 to {LENGTH_MAX}"),
        ),
        F::AnchorDateMissing => (
            "anchor_date",
            "every_days, alternate and steps by days count from a date that is not there",
            "add anchor_date = \"YYYY-MM-DD\"".to_owned(),
        ),
        F::MonthlyRule => (
            "monthly",
            "no such day of a month",
            "give either day (1 to 31) or nth (1 to 5, or -1) with dow".to_owned(),
        ),
        F::OverflowMissing => (
            "monthly.overflow",
            "not every month has day 29, 30 or 31",
            "say overflow = \"clamp\" or \"skip\"".to_owned(),
        ),
        F::StepLength => (
            "steps",
            "a step lasts either days or doses, and all steps of an order the same",
            "give each step days = N, or each doses = N".to_owned(),
        ),
        F::TwoDoseRules => (
            "steps, dose_by_dow or alternate",
            "two rules name the dose",
            "keep one of them".to_owned(),
        ),
        F::DoseOfDayMissing => (
            "dose_by_dow",
            "a weekday on which a dose is due has none",
            "name it, or all others by \"*\"".to_owned(),
        ),
        F::CountWithoutStart => (
            "start",
            "doses are counted and there is nothing to count from",
            "add start, or anchor_date to the schedule".to_owned(),
        ),
    };
    let at = if field == "start" { "" } else { at };
    Fault::new(&format!("{at}{field}"), what, remedy)
}
