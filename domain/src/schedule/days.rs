//! Which civil days qualify, with which times and which dose.

use super::{Clock, DoseDay, Monthly, Overflow, Step, YearMonth, sorted};
use crate::time::{CivilDate, CivilTime};

/// What a qualifying day asks for.
pub(super) struct DayPlan<'a> {
    pub(super) times: &'a [CivilTime],
    pub(super) dose: Option<&'a str>,
}

/// A clock schedule with its time lists sorted once.
pub(super) struct Days<'a> {
    clock: &'a Clock,
    times: Vec<CivilTime>,
    steps: Vec<(&'a Step, Vec<CivilTime>)>,
}

impl<'a> Days<'a> {
    pub(super) fn new(clock: &'a Clock) -> Self {
        let times = clock.sorted_times();
        let of_step =
            |step: &'a Step| (step, step.times.as_deref().map_or_else(|| times.clone(), sorted));
        let steps = clock.steps.iter().flatten().map(of_step).collect();
        Self { clock, times, steps }
    }

    /// The steps when they are counted in doses; such a schedule is walked step by step.
    pub(super) fn steps_by_dose(&self) -> Option<impl Iterator<Item = (u32, DayPlan<'_>)>> {
        let counted = self.steps.first().is_some_and(|(step, _)| step.doses.is_some());
        counted.then(|| {
            self.steps.iter().map(|(step, times)| {
                let plan = DayPlan { times, dose: Some(step.dose.as_str()) };
                (step.doses.unwrap_or(0), plan)
            })
        })
    }

    /// Every time of day the schedule knows, in order: slots are ranks in this list for steps by
    /// dose, because two steps can share one day there.
    pub(super) fn all_times(&self) -> Vec<CivilTime> {
        let of_steps = self.steps.iter().flat_map(|(_, times)| times);
        sorted(&self.times.iter().chain(of_steps).copied().collect::<Vec<_>>())
    }

    /// The first day that can qualify, where an anchor says so.
    pub(super) fn anchor(&self) -> Option<CivilDate> {
        let clock = self.clock;
        let monthly = clock.monthly.map(|rule| rule.anchor.first_day());
        [clock.anchor_date, clock.cycle.map(|cycle| cycle.anchor), monthly]
            .into_iter()
            .flatten()
            .max()
    }

    /// Whether every day filter lets the date through.
    pub(super) fn qualifies(&self, date: CivilDate) -> bool {
        let clock = self.clock;
        clock.dow.as_ref().is_none_or(|days| days.contains(&date.weekday()))
            && clock.anchor_date.is_none_or(|anchor| date >= anchor)
            && clock.every_days.is_none_or(|every| self.day_index(date) % i64::from(every) == 0)
            && clock.cycle.is_none_or(|cycle| {
                let day = date.days_since(cycle.anchor);
                let (on, off) = (i64::from(cycle.on), i64::from(cycle.off));
                day >= 0 && day % (on + off) < on
            })
            && clock.monthly.is_none_or(|rule| falls_on(rule, date))
    }

    /// The day's times and dose; `None` when the day does not qualify.
    pub(super) fn plan(&self, date: CivilDate) -> Option<DayPlan<'_>> {
        if !self.qualifies(date) {
            return None;
        }
        if !self.steps.is_empty() {
            return self.step_on(date);
        }
        let weekday = DoseDay::Day(date.weekday());
        let by_dow = self.clock.dose_by_dow.as_ref();
        let by_dow = by_dow.and_then(|doses| doses.get(&weekday).or(doses.get(&DoseDay::Other)));
        let in_turn = self.clock.alternate.as_ref().and_then(|turn| {
            let count = i64::try_from(turn.len()).ok()?;
            turn.get(usize::try_from(self.day_index(date).checked_rem(count)?).ok()?)
        });
        Some(DayPlan { times: &self.times, dose: by_dow.or(in_turn).map(String::as_str) })
    }

    /// Schedules, rule 7: steps by days run from the anchor date in civil days.
    fn step_on(&self, date: CivilDate) -> Option<DayPlan<'_>> {
        let mut left = self.day_index(date);
        for (step, times) in &self.steps {
            let days = i64::from(step.days?);
            if left < days {
                return Some(DayPlan { times, dose: Some(step.dose.as_str()) });
            }
            left -= days;
        }
        None
    }

    /// Civil days since the anchor date; 0 without one (validation asks for it where it matters).
    fn day_index(&self, date: CivilDate) -> i64 {
        self.clock.anchor_date.map_or(0, |anchor| date.days_since(anchor))
    }
}

/// Schedules, rule 5: a day of the month with its overflow rule, or the nth weekday.
fn falls_on(rule: Monthly, date: CivilDate) -> bool {
    let month = YearMonth::of(date);
    let months = month.months_since(rule.anchor);
    if months < 0 || months % i64::from(rule.every.max(1)) != 0 {
        return false;
    }
    let is_last = |days_ahead: i64| {
        date.plus_days(days_ahead).is_none_or(|later| YearMonth::of(later) != month)
    };
    match (rule.day, rule.nth, rule.dow) {
        (Some(day), _, _) => {
            let clamped = rule.overflow == Some(Overflow::Clamp) && date.day() < day && is_last(1);
            date.day() == day || clamped
        }
        (None, Some(nth), Some(weekday)) if date.weekday() == weekday => match u32::try_from(nth) {
            Ok(nth) => (date.day() - 1) / 7 + 1 == nth,
            Err(_) => is_last(7),
        },
        _ => false,
    }
}
