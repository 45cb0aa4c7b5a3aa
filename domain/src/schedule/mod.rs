//! What an order says about when: kinds of schedule, their fields, and their expansion into doses.
//! The serde shape is the one of the conformance cases and of stored orders.

mod days;
mod expand;
mod fault;
pub mod frequency;
pub mod hours;
pub mod meal;
pub mod pattern;
pub mod policy;
mod policy_check;
pub mod window;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::time::{CivilDate, CivilTime, Instant, Weekday};

pub use expand::{
    ClockChange, DAYS_MAX, DOSES_MAX, ExpandError, Expansion, Flag, Merged, OrderLife, PlannedDose,
    Span, expand,
};

/// Most times of day one schedule may list: every ten minutes.
pub const TIMES_MAX: usize = 144;
/// Most steps of a taper, doses in turn, and weekdays in a list.
pub const STEPS_MAX: usize = 100;
/// Longest interval, cycle, step or spacing, in its own unit (minutes, days, months or doses).
pub const LENGTH_MAX: u32 = 1_000_000;

/// When doses are due.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Schedule {
    /// One instant.
    Once(Once),
    /// Elapsed time: anchor, anchor + minutes, …; nothing before the anchor.
    Interval(Interval),
    /// Civil times on every day that qualifies.
    Clock(Box<Clock>),
}

/// One instant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Once {
    /// When.
    #[serde(with = "crate::time::rfc3339")]
    pub at: Instant,
}

/// Every so many elapsed minutes from an anchor on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Interval {
    /// Elapsed minutes from one dose to the next, 1 to [`LENGTH_MAX`].
    pub minutes: u32,
    /// The first dose.
    #[serde(with = "crate::time::rfc3339")]
    pub anchor: Instant,
}

/// Civil times of day, on the days that every day filter lets through.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Clock {
    /// Times of day, in any order; a time listed twice is one time.
    pub times: Vec<CivilTime>,
    /// Only these weekdays.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dow: Option<Vec<Weekday>>,
    /// Every so many civil days counted from `anchor_date`, none before it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub every_days: Option<u32>,
    /// First civil day of `every_days`, `steps` and `alternate`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub anchor_date: Option<CivilDate>,
    /// Civil days on and off.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cycle: Option<Cycle>,
    /// A day of every so many months.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub monthly: Option<Monthly>,
    /// A taper, titration or loading dose.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub steps: Option<Vec<Step>>,
    /// Dose by weekday.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dose_by_dow: Option<BTreeMap<DoseDay, String>>,
    /// Doses in turn by civil day since `anchor_date`, the first on it, none before it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub alternate: Option<Vec<String>>,
}

/// So many civil days on, so many off, from `anchor` on, none before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Cycle {
    /// Days on, at least 1.
    pub on: u32,
    /// Days off.
    pub off: u32,
    /// The first day on.
    pub anchor: CivilDate,
}

/// One day in every so many months: a day of the month, or the nth weekday.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Monthly {
    /// Day of the month, 1 to 31. Either this or `nth` with `dow`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub day: Option<u32>,
    /// What happens in a month without that day; must be said for days 29 to 31.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub overflow: Option<Overflow>,
    /// Which such weekday of the month, 1 to 5, or -1 for the last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nth: Option<i8>,
    /// The weekday meant by `nth`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dow: Option<Weekday>,
    /// Every so many months, 1 for each month.
    pub every: u32,
    /// The first month; none before it.
    pub anchor: YearMonth,
}

/// A month without day 29, 30 or 31. Schedules, rule 5: an overflow rule is needed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Overflow {
    /// On the last day of the month instead.
    Clamp,
    /// No dose in that month.
    Skip,
}

/// A month of a year. Text form `YYYY-MM`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct YearMonth(CivilDate);

impl YearMonth {
    /// January of the year 1: a phase for rules that fall in every month.
    pub const FIRST: Self = Self(CivilDate::MIN);

    /// The month a date lies in.
    #[must_use]
    pub fn of(date: CivilDate) -> Self {
        Self(date.plus_days(1 - i64::from(date.day())).unwrap_or(date))
    }

    /// The first day of the month.
    #[must_use]
    pub fn first_day(self) -> CivilDate {
        self.0
    }

    /// Months from `earlier` to `self`, negative when `earlier` is later.
    #[must_use]
    pub fn months_since(self, earlier: Self) -> i64 {
        let number = |month: Self| i64::from(month.0.year()) * 12 + i64::from(month.0.month());
        number(self) - number(earlier)
    }
}

impl TryFrom<String> for YearMonth {
    type Error = &'static str;
    fn try_from(text: String) -> Result<Self, Self::Error> {
        match text.len() {
            7 => CivilDate::parse(&format!("{text}-01")).map(Self).map_err(|_| Self::SHAPE),
            _ => Err(Self::SHAPE),
        }
    }
}

impl YearMonth {
    const SHAPE: &'static str = "expected a month written YYYY-MM";
}

impl From<YearMonth> for String {
    fn from(month: YearMonth) -> Self {
        format!("{:04}-{:02}", month.0.year(), month.0.month())
    }
}

/// One step of a taper: so many civil days, or so many doses. All steps of one schedule are alike.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Step {
    /// The dose as prescribed, such as `40 mg`.
    pub dose: String,
    /// Civil days the step lasts; they run whether or not the order's start cuts doses off.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub days: Option<u32>,
    /// Doses the step lasts, counted from the order's start.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub doses: Option<u32>,
    /// Times of day of this step, in place of the schedule's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub times: Option<Vec<CivilTime>>,
}

/// A weekday, or `*`: every weekday without a line of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum DoseDay {
    /// This weekday.
    Day(Weekday),
    /// Every weekday without a line of its own.
    Other,
}

impl TryFrom<String> for DoseDay {
    type Error = crate::time::TimeError;
    fn try_from(text: String) -> Result<Self, Self::Error> {
        if text == "*" { Ok(Self::Other) } else { Weekday::parse(&text).map(Self::Day) }
    }
}

impl From<DoseDay> for String {
    fn from(day: DoseDay) -> Self {
        match day {
            DoseDay::Day(day) => day.code().to_owned(),
            DoseDay::Other => "*".to_owned(),
        }
    }
}

/// Why a schedule cannot be expanded. Such an order is `order_unschedulable`, never read as daily.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, thiserror::Error,
)]
#[serde(rename_all = "snake_case")]
pub enum ScheduleFault {
    /// A clock schedule or a step without any time of day.
    #[error("no_times")]
    NoTimes,
    /// A list longer than the record allows.
    #[error("list_too_long")]
    ListTooLong,
    /// A list of weekdays, steps or doses in turn that is empty.
    #[error("list_empty")]
    ListEmpty,
    /// An interval, spacing, cycle or step of length 0 or beyond [`LENGTH_MAX`].
    #[error("length_out_of_range")]
    LengthOutOfRange,
    /// `every_days`, `alternate` or steps by days without an anchor date.
    #[error("anchor_date_missing")]
    AnchorDateMissing,
    /// A monthly rule that names neither a day nor an nth weekday, or both, or none that exists.
    #[error("monthly_rule")]
    MonthlyRule,
    /// Day 29, 30 or 31 without an overflow rule.
    #[error("overflow_missing")]
    OverflowMissing,
    /// A step with both or neither of days and doses, or steps of both sorts in one schedule.
    #[error("step_length")]
    StepLength,
    /// More than one of steps, dose by weekday and doses in turn.
    #[error("two_dose_rules")]
    TwoDoseRules,
    /// A weekday on which a dose is due but for which no dose is named.
    #[error("dose_of_day_missing")]
    DoseOfDayMissing,
    /// A count of doses without a start or anchor to count from.
    #[error("count_without_start")]
    CountWithoutStart,
}

impl Schedule {
    /// Whether the schedule can be expanded at all.
    ///
    /// # Errors
    /// The first fault found.
    pub fn validate(&self) -> Result<(), ScheduleFault> {
        match self {
            Self::Once(_) => Ok(()),
            Self::Interval(interval) => length(interval.minutes),
            Self::Clock(clock) => clock.validate(),
        }
    }

    /// The shortest nominal time between two doses, in minutes, where the schedule has one: the
    /// interval; 24 h divided by the times of a day; with one time a day, the days between, of
    /// weekdays the fewest. Used by "half the nominal interval".
    #[must_use]
    pub fn nominal_interval_minutes(&self) -> Option<u32> {
        match self {
            Self::Once(_) => None,
            Self::Interval(interval) => Some(interval.minutes),
            Self::Clock(clock) => clock.nominal_interval_minutes(),
        }
    }
}

fn length(value: u32) -> Result<(), ScheduleFault> {
    if (1..=LENGTH_MAX).contains(&value) { Ok(()) } else { Err(ScheduleFault::LengthOutOfRange) }
}

fn list<T>(values: &[T]) -> Result<(), ScheduleFault> {
    match values.len() {
        0 => Err(ScheduleFault::ListEmpty),
        1..=STEPS_MAX => Ok(()),
        _ => Err(ScheduleFault::ListTooLong),
    }
}

impl Clock {
    fn nominal_interval_minutes(&self) -> Option<u32> {
        const DAY: u32 = 24 * 60;
        let a_day = self.times_a_day_max();
        if a_day != 1 {
            return DAY.checked_div(a_day);
        }
        let of_week = self.dow.as_deref().and_then(days_apart).map(|days| days * DAY);
        let every = self.every_days.map(|days| days.saturating_mul(DAY));
        let months = self.monthly.map(|monthly| monthly.every.saturating_mul(28 * DAY));
        [of_week, every, months, Some(DAY)].into_iter().flatten().max()
    }

    /// Most times of one day, the steps' own among them.
    #[must_use]
    pub fn times_a_day_max(&self) -> u32 {
        let of_steps = self.steps.iter().flatten().filter_map(|step| step.times.as_deref());
        let all = of_steps.chain([self.times.as_slice()]);
        all.map(times_a_day).max().unwrap_or(0)
    }

    /// Whether the schedule names its doses itself: a taper, doses in turn, or by weekday.
    #[must_use]
    pub const fn names_doses(&self) -> bool {
        self.steps.is_some() || self.dose_by_dow.is_some() || self.alternate.is_some()
    }

    /// Times of day in order, each once.
    pub(crate) fn sorted_times(&self) -> Vec<CivilTime> {
        sorted(&self.times)
    }

    fn validate(&self) -> Result<(), ScheduleFault> {
        self.validate_times()?;
        self.validate_filters()?;
        let rules = [self.steps.is_some(), self.dose_by_dow.is_some(), self.alternate.is_some()];
        if rules.into_iter().filter(|used| *used).count() > 1 {
            return Err(ScheduleFault::TwoDoseRules);
        }
        if let Some(steps) = &self.steps {
            self.validate_steps(steps)?;
        }
        if let Some(turn) = &self.alternate {
            list(turn)?;
            self.anchor_date.ok_or(ScheduleFault::AnchorDateMissing)?;
        }
        if let Some(doses) = &self.dose_by_dow {
            let named = |day: &Weekday| doses.contains_key(&DoseDay::Day(*day));
            let due = self.dow.as_deref().unwrap_or(&Weekday::ALL);
            if !doses.contains_key(&DoseDay::Other) && !due.iter().all(named) {
                return Err(ScheduleFault::DoseOfDayMissing);
            }
        }
        Ok(())
    }

    fn validate_times(&self) -> Result<(), ScheduleFault> {
        let of_steps = self.steps.iter().flatten().map(|step| step.times.as_ref());
        // The schedule's own times may be left out when every step brings its own.
        let own_needed = self.steps.as_ref().is_none_or(Vec::is_empty)
            || of_steps.clone().any(|times| times.is_none());
        if own_needed && self.times.is_empty() {
            return Err(ScheduleFault::NoTimes);
        }
        for times in of_steps.flatten().chain([&self.times]) {
            if times.len() > TIMES_MAX {
                return Err(ScheduleFault::ListTooLong);
            }
        }
        Ok(())
    }

    fn validate_filters(&self) -> Result<(), ScheduleFault> {
        if let Some(days) = &self.dow {
            list(days)?;
        }
        if let Some(days) = self.every_days {
            length(days)?;
            self.anchor_date.ok_or(ScheduleFault::AnchorDateMissing)?;
        }
        if let Some(cycle) = self.cycle {
            length(cycle.on)?;
            length(cycle.off.max(1))?;
        }
        let Some(monthly) = self.monthly else { return Ok(()) };
        length(monthly.every)?;
        match (monthly.day, monthly.nth, monthly.dow) {
            (Some(1..=28), None, None) => Ok(()),
            (Some(29..=31), None, None) if monthly.overflow.is_some() => Ok(()),
            (Some(29..=31), None, None) => Err(ScheduleFault::OverflowMissing),
            (None, Some(1..=5 | -1), Some(_)) => Ok(()),
            _ => Err(ScheduleFault::MonthlyRule),
        }
    }

    fn validate_steps(&self, steps: &[Step]) -> Result<(), ScheduleFault> {
        list(steps)?;
        let by_days = steps[0].days.is_some();
        for step in steps {
            match (step.days, step.doses) {
                (Some(days), None) if by_days => length(days)?,
                (None, Some(doses)) if !by_days => length(doses)?,
                _ => return Err(ScheduleFault::StepLength),
            }
            if step.times.as_ref().is_some_and(Vec::is_empty) {
                return Err(ScheduleFault::NoTimes);
            }
        }
        if by_days && self.anchor_date.is_none() {
            return Err(ScheduleFault::AnchorDateMissing);
        }
        Ok(())
    }
}

/// How many times of day are listed; one listed twice is one.
pub(crate) fn times_a_day(times: &[CivilTime]) -> u32 {
    u32::try_from(sorted(times).len()).unwrap_or(u32::MAX)
}

/// Fewest days from one of these weekdays to the next of them, over the week's end too.
fn days_apart(days: &[Weekday]) -> Option<u32> {
    let all = Weekday::ALL;
    let ahead = |apart: usize| {
        let later = all.iter().cycle().skip(apart);
        all.iter().zip(later).any(|(one, other)| days.contains(one) && days.contains(other))
    };
    (1..=all.len()).find(|apart| ahead(*apart)).and_then(|apart| u32::try_from(apart).ok())
}

fn sorted(times: &[CivilTime]) -> Vec<CivilTime> {
    let mut times = times.to_vec();
    times.sort_unstable();
    times.dedup();
    times
}
