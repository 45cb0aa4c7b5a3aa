//! Frequency codes: what a code such as BID means in a home, and what an order must bring beside
//! it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::meal::Event;
use super::window::{CivilSpan, Window};
use super::{
    Clock, Cycle, DoseDay, Interval, Monthly, Once, Overflow, Schedule, ScheduleFault, Step,
    YearMonth,
};
use crate::condition::{Tie, TiedHour};
use crate::time::{CivilDate, CivilTime, Instant, Weekday};

/// The table of frequency codes and window classes, as data.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Frequencies {
    /// Version of the table's form; 1.
    pub schema: u32,
    /// How early and late a dose of a class may be given.
    #[serde(rename = "window_class")]
    pub window_classes: Vec<WindowClass>,
    /// The codes.
    #[serde(rename = "frequency")]
    pub frequencies: Vec<Frequency>,
}

/// One window class. Minutes are home data: what the table brings are defaults.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WindowClass {
    /// Such as `multi_daily`.
    pub id: String,
    /// Elapsed minutes before the due time.
    pub before_min: Option<u32>,
    /// Elapsed minutes after the due time.
    pub after_min: Option<u32>,
    /// In place of minutes: this share of the interval, before and after.
    pub percent_of_interval: Option<u32>,
    /// A broken meal relation is an error whatever the minutes.
    #[serde(default)]
    pub relation_required: bool,
    /// Whose numbers these are.
    pub source: Option<String>,
}

/// How doses of a code are planned. Schedules, section 2.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs)]
pub enum Kind {
    Clock,
    Interval,
    Once,
    Event,
    Window,
    Pair,
    Prn,
    Continuous,
}

/// What an order must bring beside the code; no default fills it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs)]
pub enum Need {
    Anchor,
    AnchorDate,
    AnchorMonth,
    At,
    Day,
    Dow,
    On,
    Off,
    Steps,
    Indication,
    MinIntervalMin,
    MaxCount,
}

/// A time of day, or the span of a liberalised pass.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Hour {
    /// A time point.
    At(CivilTime),
    /// A span.
    Span(CivilSpan),
}

impl TryFrom<String> for Hour {
    type Error = &'static str;
    fn try_from(text: String) -> Result<Self, Self::Error> {
        match CivilTime::parse(&text) {
            Ok(time) => Ok(Self::At(time)),
            Err(_) => CivilSpan::try_from(text)
                .map(Self::Span)
                .map_err(|_| "expected a time written HH:MM or a span written HH:MM-HH:MM"),
        }
    }
}

impl From<Hour> for String {
    fn from(hour: Hour) -> Self {
        match hour {
            Hour::At(time) => time.to_string(),
            Hour::Span(span) => span.into(),
        }
    }
}

impl Hour {
    /// When a dose at this hour is due: a span's doses are due from its opening on.
    #[must_use]
    pub fn due(self) -> CivilTime {
        match self {
            Self::At(time) => time,
            Self::Span(span) => span.opens,
        }
    }
}

/// One frequency code.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Frequency {
    /// Such as `BID`.
    pub code: String,
    /// What a person reads; codes are never shown alone.
    pub display: String,
    /// Other writings accepted from text and HL7 v2, never from FHIR timing codes.
    #[serde(default)]
    pub aliases: Vec<String>,
    /// How doses are planned.
    pub kind: Kind,
    /// Default hours; a home overrides them.
    #[serde(default)]
    pub times: Vec<Hour>,
    /// What each of the hours is tied to, in their order.
    #[serde(default)]
    pub events: Vec<Event>,
    /// Of a pair: hours of the second act.
    #[serde(default)]
    pub remove_times: Vec<CivilTime>,
    /// Day filter: weekdays.
    pub dow: Option<Vec<Weekday>>,
    /// So many weekdays the order must name, no more and no fewer.
    pub dow_count: Option<u32>,
    /// Day filter: every so many civil days.
    pub every_days: Option<u32>,
    /// Day filter: every so many months.
    pub every_months: Option<u32>,
    /// What happens in a month without the day, unless the order says otherwise.
    pub overflow: Option<Overflow>,
    /// Elapsed minutes from dose to dose; of a clock code, for orders that ask for elapsed time.
    pub interval_minutes: Option<u32>,
    /// What the order must bring.
    #[serde(default)]
    pub needs: Vec<Need>,
    /// Doses on a day on which the order is due; 0 when none are planned.
    pub doses_per_day: u32,
    /// Its window class.
    pub window_class: String,
    /// Window class of the last time of the day, where it differs (bedtime after meals).
    pub last_window_class: Option<String>,
    /// `clock` or `elapsed`: how it behaves over a clock change.
    pub dst: String,
    /// FHIR timing code.
    pub fhir_code: Option<String>,
    /// FHIR `Timing.repeat` as JSON, for the wire only, never read to plan doses.
    pub fhir_repeat: Option<String>,
    /// Whether this row is meant when only the FHIR code or repeat arrives.
    #[serde(default = "yes")]
    pub fhir_default: bool,
    /// How HL7 v2 writes it.
    pub hl7v2: Option<String>,
    /// Why the code must not be shown.
    pub error_prone: Option<String>,
    /// For the pharmacist who reviews the table.
    pub note: Option<String>,
}

fn yes() -> bool {
    true
}

/// What an order brings beside its frequency code.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[allow(missing_docs)]
pub struct Brought {
    /// Hours of this order, in place of the home's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub times: Option<Vec<CivilTime>>,
    /// Elapsed time is asked for (Q4H to Q12H are clock schedules otherwise).
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub elapsed: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub anchor: Option<Instant>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub anchor_date: Option<CivilDate>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub anchor_month: Option<YearMonth>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub at: Option<Instant>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub day: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub overflow: Option<Overflow>,
    /// Weekdays: those the code needs, or those it is restricted to where it names none itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dow: Option<Vec<Weekday>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub on: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub off: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub steps: Option<Vec<Step>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dose_by_dow: Option<BTreeMap<DoseDay, String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub alternate: Option<Vec<String>>,
    /// Minutes before the due time, where the order wants fewer than the home.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub before_minutes: Option<i64>,
    /// The same after it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub after_minutes: Option<i64>,
}

/// Why an order cannot be scheduled (`order_unschedulable`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(rename_all = "snake_case")]
pub enum Unschedulable {
    /// No row of the table has this code or alias.
    #[error("frequency_unknown")]
    FrequencyUnknown,
    /// The order does not bring what the code needs.
    #[error("needs_missing")]
    NeedsMissing(Vec<Need>),
    /// Fewer or more weekdays than the code asks for.
    #[error("dow_count")]
    DowCount {
        /// How many it asks for.
        wanted: u32,
    },
    /// Another number of hours than the code has doses a day.
    #[error("hours_count")]
    HoursCount {
        /// How many it has.
        wanted: u32,
    },
    /// The resulting schedule is not sound.
    #[error("schedule_unsound: {0}")]
    Unsound(ScheduleFault),
    /// The table's row itself is not sound.
    #[error("frequency_unsound")]
    FrequencyUnsound,
}

/// What a code and an order together plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Planned {
    /// Doses at planned times.
    Doses(Schedule),
    /// A pair: doses at planned times, and linked removals that are not doses.
    Pair {
        /// When it is applied.
        apply: Schedule,
        /// When it is removed.
        remove: Schedule,
    },
    /// No planned doses: as needed, or continuous.
    Unplanned,
}

impl Frequencies {
    /// The row with this code or alias, in any case. FHIR timing codes are not looked up here.
    #[must_use]
    pub fn find(&self, code: &str) -> Option<&Frequency> {
        let same = |other: &String| other.eq_ignore_ascii_case(code);
        self.frequencies
            .iter()
            .find(|row| same(&row.code))
            .or_else(|| self.frequencies.iter().find(|row| row.aliases.iter().any(same)))
    }

    /// The default row of a FHIR timing code, which is a complete statement.
    #[must_use]
    pub fn find_fhir(&self, code: &str) -> Option<&Frequency> {
        self.frequencies
            .iter()
            .find(|row| row.fhir_default && row.fhir_code.as_deref() == Some(code))
    }

    /// The window class with this id.
    #[must_use]
    pub fn window_class(&self, id: &str) -> Option<&WindowClass> {
        self.window_classes.iter().find(|class| class.id == id)
    }
}

impl WindowClass {
    /// The minutes of the class; `interval_min` is the time between doses for classes that are a
    /// share of it (rounded down: never longer than the share). `None` for classes without bounds.
    #[must_use]
    pub fn window(&self, interval_min: Option<u32>) -> Option<Window> {
        if let Some(percent) = self.percent_of_interval {
            let share = u64::from(interval_min?) * u64::from(percent) / 100;
            let minutes = u32::try_from(share).ok()?;
            return Some(Window { before_min: minutes, after_min: minutes });
        }
        let none = self.before_min.is_none() && self.after_min.is_none();
        (!none).then(|| Window {
            before_min: self.before_min.unwrap_or(0),
            after_min: self.after_min.unwrap_or(0),
        })
    }
}

impl Frequency {
    /// The schedule this code gives an order: the order's hours before the home's before the
    /// table's. Schedules, section 2: what is missing is never read as daily.
    ///
    /// # Errors
    /// [`Unschedulable`], to be charted as `order_unschedulable`.
    pub fn plan(
        &self,
        brought: &Brought,
        home_hours: Option<&[Hour]>,
    ) -> Result<Planned, Unschedulable> {
        let planned = match self.kind {
            Kind::Prn | Kind::Continuous => return Ok(Planned::Unplanned),
            _ if brought.elapsed && self.interval_minutes.is_some() => {
                Planned::Doses(self.interval(brought)?)
            }
            Kind::Interval => Planned::Doses(self.interval(brought)?),
            Kind::Once => {
                self.check_needs(brought)?;
                let at = brought.at.ok_or(Unschedulable::FrequencyUnsound)?;
                Planned::Doses(Schedule::Once(Once { at }))
            }
            Kind::Clock | Kind::Event | Kind::Window => {
                Planned::Doses(self.clock(brought, home_hours)?)
            }
            Kind::Pair => {
                let apply = self.clock(brought, home_hours)?;
                let mut remove = apply.clone();
                if let Schedule::Clock(clock) = &mut remove {
                    clock.times.clone_from(&self.remove_times);
                }
                Planned::Pair { apply, remove }
            }
        };
        let schedules = match &planned {
            Planned::Doses(schedule) => vec![schedule],
            Planned::Pair { apply, remove } => vec![apply, remove],
            Planned::Unplanned => Vec::new(),
        };
        for schedule in schedules {
            schedule.validate().map_err(Unschedulable::Unsound)?;
        }
        Ok(planned)
    }

    /// What the times of an order with this code stand for, where they stand for more than
    /// themselves: meals and bedtime in their order, spans by their opening.
    #[must_use]
    pub fn ties(&self, times: &[CivilTime], home_hours: Option<&[Hour]>) -> Vec<TiedHour> {
        let times = super::sorted(times);
        let events = self.events.iter().map(|event| event.tie());
        if !self.events.is_empty() && self.events.len() == times.len() {
            return times
                .iter()
                .zip(events)
                .map(|(time, tie)| TiedHour { time: *time, tie })
                .collect();
        }
        let hours = home_hours.unwrap_or(&self.times).iter();
        let spans = hours.filter_map(|hour| match hour {
            Hour::Span(span) if times.contains(&span.opens) => {
                Some(TiedHour { time: span.opens, tie: Tie::Span(*span) })
            }
            _ => None,
        });
        spans.collect()
    }

    /// What the code needs and the order does not bring.
    #[must_use]
    pub fn missing(&self, brought: &Brought) -> Vec<Need> {
        let has = |need: &Need| match need {
            Need::Anchor => brought.anchor.is_some(),
            Need::AnchorDate => brought.anchor_date.is_some(),
            Need::AnchorMonth => brought.anchor_month.is_some(),
            Need::At => brought.at.is_some(),
            Need::Day => brought.day.is_some(),
            Need::Dow => brought.dow.is_some(),
            Need::On => brought.on.is_some(),
            Need::Off => brought.off.is_some(),
            Need::Steps => brought.steps.is_some(),
            // As-needed limits are checked where such orders are activated.
            Need::Indication | Need::MinIntervalMin | Need::MaxCount => true,
        };
        self.needs.iter().filter(|need| !has(need)).copied().collect()
    }

    fn check_needs(&self, brought: &Brought) -> Result<(), Unschedulable> {
        let missing = self.missing(brought);
        if missing.is_empty() { Ok(()) } else { Err(Unschedulable::NeedsMissing(missing)) }
    }

    fn interval(&self, brought: &Brought) -> Result<Schedule, Unschedulable> {
        let anchor = brought.anchor.ok_or(Unschedulable::NeedsMissing(vec![Need::Anchor]))?;
        let minutes = self.interval_minutes.ok_or(Unschedulable::FrequencyUnsound)?;
        Ok(Schedule::Interval(Interval { minutes, anchor }))
    }

    fn clock(
        &self,
        brought: &Brought,
        home_hours: Option<&[Hour]>,
    ) -> Result<Schedule, Unschedulable> {
        self.check_needs(brought)?;
        let due = |hours: &[Hour]| hours.iter().map(|hour| hour.due()).collect::<Vec<_>>();
        let times = match (&brought.times, home_hours) {
            (Some(times), _) => times.clone(),
            (None, Some(hours)) => due(hours),
            (None, None) => due(&self.times),
        };
        let distinct = super::sorted(&times);
        if u32::try_from(distinct.len()) != Ok(self.doses_per_day) {
            return Err(Unschedulable::HoursCount { wanted: self.doses_per_day });
        }
        let dow = self.dow.clone().or_else(|| brought.dow.clone());
        if let Some(wanted) = self.dow_count {
            let mut named = dow.clone().unwrap_or_default();
            named.sort_unstable();
            named.dedup();
            if u32::try_from(named.len()) != Ok(wanted) {
                return Err(Unschedulable::DowCount { wanted });
            }
        }
        let monthly = self.every_months.map(|every| Monthly {
            day: brought.day,
            overflow: brought.overflow.or(self.overflow),
            nth: None,
            dow: None,
            every,
            anchor: brought.anchor_month.unwrap_or(YearMonth::FIRST),
        });
        let cycle = match (brought.on, brought.off, brought.anchor_date) {
            (Some(on), Some(off), Some(anchor)) if self.needs.contains(&Need::On) => {
                Some(Cycle { on, off, anchor })
            }
            _ => None,
        };
        let steps = self.needs.contains(&Need::Steps).then(|| brought.steps.clone()).flatten();
        let anchored = self.needs.contains(&Need::AnchorDate) || brought.alternate.is_some();
        Ok(Schedule::Clock(Box::new(Clock {
            times,
            dow,
            every_days: self.every_days,
            anchor_date: brought.anchor_date.filter(|_| anchored),
            cycle,
            monthly,
            steps,
            dose_by_dow: brought.dose_by_dow.clone(),
            alternate: brought.alternate.clone(),
        })))
    }
}
