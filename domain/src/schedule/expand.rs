//! The doses of one order in a range, in this order of work: qualifying days, times to instants,
//! start and stop, merge, sort, count of doses, query range, holds. Schedules, sections 4 and 5.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::days::{DayPlan, Days};
use super::{Interval, Schedule, ScheduleFault};
use crate::time::{CivilDate, CivilDateTime, CivilTime, Instant};
use crate::zone::{Due, GapPolicy, OverlapPolicy, ZoneRules};

/// Most doses one expansion may walk over: a dose every ten minutes for two years.
pub const DOSES_MAX: usize = 105_120;
/// Most civil days one expansion may walk over: a hundred years.
pub const DAYS_MAX: i64 = 36_525;
/// The longest skip of any zone is a whole day, so a time prescribed up to two days before a range
/// can fall into it.
const DAYS_BEFORE: i64 = -2;
/// A clock set back over midnight shows the next date before the range has ended.
const DAYS_AFTER: i64 = 1;

/// A half-open span of time: `from` is in, `to` is out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Span {
    /// The first instant in it.
    pub from: Instant,
    /// The first instant after it.
    pub to: Instant,
}

impl Span {
    /// Whether the instant lies in it.
    #[must_use]
    pub fn contains(&self, instant: Instant) -> bool {
        self.from <= instant && instant < self.to
    }
}

/// The bounds of an order's life.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct OrderLife {
    /// Doses due before it are not the order's.
    pub start: Option<Instant>,
    /// Doses due at or after it are not the order's.
    pub stop: Option<Instant>,
    /// Doses in all, counted from the start: held ones count, ones dropped by a gap do not.
    pub max_doses: Option<u32>,
    /// Holds and absences: doses inside are held, not due, and shift nothing.
    pub holds: Vec<Span>,
}

/// A home's rule for clock changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct ClockChange {
    /// For times that a change skips.
    pub gap: GapPolicy,
    /// For times that a change repeats.
    pub overlap: OverlapPolicy,
}

/// One dose with the parts of its identity that come from the schedule: `date` and `slot`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct PlannedDose {
    /// When it is due; of a dropped dose, when RFC 5545 would have it due.
    pub at: Instant,
    /// The prescribed civil date, before any gap is resolved.
    pub date: CivilDate,
    /// Clock: rank of the prescribed time in that day's list, from 1; the second pass of a repeated
    /// time goes on after the list. Interval: steps since the anchor, from 0. Once: 1.
    pub slot: u32,
    /// The prescribed wall-clock time.
    pub prescribed: CivilDateTime,
    /// A gap moved it away from the prescribed time.
    pub shifted: bool,
    /// The dose text where the schedule names doses.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dose: Option<String>,
}

/// A dose that fell on the instant of another dose of the order and became one with it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Merged {
    /// The dose that stays (in `due` or `held`).
    pub into: (CivilDate, u32),
    /// The dose that went into it.
    pub dose: PlannedDose,
}

/// What a clock change did to doses of one prescribed date.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Flag {
    /// A gap moved a dose.
    TimeShiftedGap,
    /// A gap dropped a dose, as the home's policy says.
    DoseDroppedByGap,
}

/// The doses of an order in a range. Prescribed times = due + held + merged + dropped.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Expansion {
    /// Due, in time order.
    pub due: Vec<PlannedDose>,
    /// Inside a hold, in time order.
    pub held: Vec<PlannedDose>,
    /// By prescribed civil date.
    pub flags: BTreeMap<CivilDate, BTreeSet<Flag>>,
    /// Doses that became one with another.
    pub merged: Vec<Merged>,
    /// Doses that a gap dropped.
    pub dropped: Vec<PlannedDose>,
}

/// Why there is no expansion.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ExpandError {
    /// The schedule itself is not sound.
    #[error(transparent)]
    Schedule(#[from] ScheduleFault),
    /// More than [`DOSES_MAX`] doses or [`DAYS_MAX`] days to walk over.
    #[error("too_long")]
    TooLong,
}

/// Doses in time order, those on one instant side by side. They come day by day, so that nearly all
/// of them go to the end.
#[derive(Default)]
struct Doses {
    all: Vec<PlannedDose>,
    /// How many instants they are due at.
    instants: usize,
}

impl Doses {
    fn put(&mut self, dose: PlannedDose) {
        let place = match self.all.last() {
            Some(last) if last.at > dose.at => self.all.partition_point(|d| d.at <= dose.at),
            _ => self.all.len(),
        };
        let before = place.checked_sub(1).and_then(|place| self.all.get(place));
        self.instants += usize::from(before.is_none_or(|before| before.at != dose.at));
        self.all.insert(place, dose);
    }

    /// The instant number `n`, from 0, that doses are due at.
    fn instant(&self, n: usize) -> Option<Instant> {
        let mut groups = self.all.chunk_by(|one, next| one.at == next.at);
        groups.nth(n)?.first().map(|dose| dose.at)
    }

    fn last(&self) -> Option<Instant> {
        self.all.last().map(|dose| dose.at)
    }

    /// Leaves the doses of the first `count` instants.
    fn keep(&mut self, count: usize) {
        if let Some(beyond) = self.instant(count) {
            self.all.truncate(self.all.partition_point(|dose| dose.at < beyond));
            self.instants = count;
        }
    }
}

/// Expands an order over `range`.
///
/// Cost grows with the range, except where doses must be counted from the start of the order.
///
/// # Errors
/// [`ExpandError`] when the schedule is unsound or the range too long.
pub fn expand(
    life: &OrderLife,
    schedule: &Schedule,
    zone: &ZoneRules,
    change: ClockChange,
    range: Span,
) -> Result<Expansion, ExpandError> {
    schedule.validate()?;
    let walk = Walk { life, zone, change, range };
    let (doses, dropped) = match schedule {
        Schedule::Once(once) => (walk.once(once.at), Vec::new()),
        Schedule::Interval(interval) => (walk.interval(*interval)?, Vec::new()),
        Schedule::Clock(clock) => walk.clock(&Days::new(clock))?,
    };
    Ok(walk.finish(doses, dropped))
}

struct Walk<'a> {
    life: &'a OrderLife,
    zone: &'a ZoneRules,
    change: ClockChange,
    range: Span,
}

impl Walk<'_> {
    /// End of what can be asked: the earlier of the range's end and the order's stop.
    fn upper(&self) -> Instant {
        self.life.stop.map_or(self.range.to, |stop| stop.min(self.range.to))
    }

    fn elapsed_dose(&self, at: Instant, slot: u32) -> PlannedDose {
        let prescribed = self.zone.to_civil(at);
        let date = prescribed.date();
        PlannedDose { at, date, slot, prescribed, shifted: false, dose: None }
    }

    fn once(&self, at: Instant) -> Vec<PlannedDose> {
        let alive = self.life.start.is_none_or(|start| at >= start)
            && at < self.upper()
            && self.life.max_doses != Some(0);
        alive.then(|| self.elapsed_dose(at, 1)).into_iter().collect()
    }

    /// Steps since the anchor that lie in the order's life and the range, by arithmetic alone.
    fn interval(&self, interval: Interval) -> Result<Vec<PlannedDose>, ExpandError> {
        let every = i64::from(interval.minutes) * 60 * crate::time::MICROS_PER_SECOND;
        let step_at = |instant: Instant| {
            let since = instant.micros_since(interval.anchor).max(0);
            since.div_euclid(every) + i64::from(since.rem_euclid(every) != 0)
        };
        let begin = self.life.start.map_or(0, step_at);
        let from = begin.max(step_at(self.range.from));
        let mut to = step_at(self.upper());
        if let Some(count) = self.life.max_doses {
            to = to.min(begin.saturating_add(i64::from(count)));
        }
        if to - from > i64::try_from(DOSES_MAX).unwrap_or(i64::MAX) {
            return Err(ExpandError::TooLong);
        }
        (from..to)
            .map(|step| {
                let at =
                    step.checked_mul(every).and_then(|micros| interval.anchor.plus_micros(micros));
                let slot = u32::try_from(step).ok();
                at.zip(slot)
                    .map(|(at, slot)| self.elapsed_dose(at, slot))
                    .ok_or(ExpandError::TooLong)
            })
            .collect()
    }

    /// The doses, in time order, and those that a gap dropped.
    fn clock(&self, days: &Days<'_>) -> Result<(Vec<PlannedDose>, Vec<PlannedDose>), ExpandError> {
        if let Some(steps) = days.steps_by_dose() {
            return self.steps_by_dose(days, steps);
        }
        let lower = match self.life.max_doses {
            Some(_) => self.beginning(days)?,
            None => self.range.from.max(self.life.start.unwrap_or(Instant::MIN)),
        };
        let (doses, dropped) =
            self.gather(lower, self.life.max_doses, |date| days.plan(date), None)?;
        Ok((doses.all, dropped))
    }

    /// Where counting begins: the order's start, else the schedule's anchor.
    fn beginning(&self, days: &Days<'_>) -> Result<Instant, ExpandError> {
        let anchor = days.anchor().map(|date| self.zone.day_begins(date));
        let begin = match (self.life.start, anchor) {
            // Nothing is due before the anchor, so the walk may jump to it.
            (Some(start), Some(anchor)) => Some(start.max(anchor)),
            (start, anchor) => start.or(anchor),
        };
        begin.ok_or(ExpandError::Schedule(ScheduleFault::CountWithoutStart))
    }

    /// Schedules, rule 7: the next step starts with the first of its own times after the last dose
    /// of the step before.
    fn steps_by_dose<'p>(
        &self,
        days: &Days<'_>,
        steps: impl Iterator<Item = (u32, DayPlan<'p>)>,
    ) -> Result<(Vec<PlannedDose>, Vec<PlannedDose>), ExpandError> {
        let ranks = days.all_times();
        let mut lower = self.beginning(days)?;
        let mut left = self.life.max_doses.unwrap_or(u32::MAX);
        let (mut doses, mut dropped) = (Vec::new(), Vec::new());
        for (count, plan) in steps {
            let plan_on = |date| {
                let DayPlan { times, dose } = plan;
                days.qualifies(date).then_some(DayPlan { times, dose })
            };
            let step = self.gather(lower, Some(count.min(left)), plan_on, Some(&ranks))?;
            let given = u32::try_from(step.0.instants).unwrap_or(u32::MAX);
            dropped.extend(step.1);
            let last = step.0.last();
            doses.extend(step.0.all);
            left = left.saturating_sub(given);
            match last.and_then(|at| at.plus_micros(1)) {
                Some(after) if given == count && left > 0 => lower = after,
                _ => break,
            }
        }
        Ok((doses, dropped))
    }

    /// Doses at or after `lower`, before the upper bound, at most `count` of them.
    fn gather<'p>(
        &self,
        lower: Instant,
        count: Option<u32>,
        plan_on: impl Fn(CivilDate) -> Option<DayPlan<'p>>,
        ranks: Option<&[CivilTime]>,
    ) -> Result<(Doses, Vec<PlannedDose>), ExpandError> {
        let (mut doses, mut dropped) = (Doses::default(), Vec::new());
        let upper = self.upper();
        let limit = count.map_or(usize::MAX, |count| usize::try_from(count).unwrap_or(usize::MAX));
        if lower >= upper || limit == 0 {
            return Ok((doses, dropped));
        }
        let first = self.zone.to_civil(lower).date();
        let last = self.zone.to_civil(upper).date();
        let days = last.days_since(first);
        if days > DAYS_MAX {
            return Err(ExpandError::TooLong);
        }
        let alive = Span { from: lower, to: upper };
        for day in DAYS_BEFORE..=days + DAYS_AFTER {
            let Some(date) = first.plus_days(day) else { continue };
            if doses.instants >= limit && self.settled(&doses, limit, date) {
                break;
            }
            let Some(plan) = plan_on(date) else { continue };
            for (dose, gone) in self.doses_of(date, &plan, ranks) {
                match (alive.contains(dose.at), gone) {
                    (true, true) => dropped.push(dose),
                    (true, false) => doses.put(dose),
                    (false, _) => {}
                }
            }
            if doses.instants > DOSES_MAX {
                return Err(ExpandError::TooLong);
            }
        }
        if count.is_some() {
            doses.keep(limit);
        }
        if doses.instants >= limit {
            // The order, or the step, ends with its last dose: nothing after it was dropped.
            let last = doses.last();
            dropped.retain(|dose| Some(dose.at) <= last);
        }
        Ok((doses, dropped))
    }

    /// Whether no dose prescribed on `date` or later can come before the dose number `limit`.
    fn settled(&self, doses: &Doses, limit: usize, date: CivilDate) -> bool {
        let bound = self.zone.day_begins(date);
        limit.checked_sub(1).and_then(|n| doses.instant(n)).is_some_and(|last| last < bound)
    }

    /// The day's doses, each with whether a gap dropped it.
    fn doses_of(
        &self,
        date: CivilDate,
        plan: &DayPlan<'_>,
        ranks: Option<&[CivilTime]>,
    ) -> Vec<(PlannedDose, bool)> {
        let ranks = ranks.unwrap_or(plan.times);
        let slots = u32::try_from(ranks.len()).unwrap_or(u32::MAX);
        let mut found = Vec::with_capacity(plan.times.len());
        for time in plan.times {
            let before = ranks.partition_point(|other| other < time);
            let slot = u32::try_from(before).unwrap_or(u32::MAX).saturating_add(1);
            let prescribed = date.at(*time);
            let dose = |at, slot, shifted| PlannedDose {
                at,
                date,
                slot,
                prescribed,
                shifted,
                dose: plan.dose.map(str::to_owned),
            };
            match self.zone.resolve_with(prescribed, self.change.gap, self.change.overlap) {
                Due::Once { at, shifted } => found.push((dose(at, slot, shifted), false)),
                Due::Twice { first, second } => {
                    found.push((dose(first, slot, false), false));
                    found.push((dose(second, slot.saturating_add(slots), false), false));
                }
                Due::Dropped { would_be } => found.push((dose(would_be, slot, false), true)),
            }
        }
        found
    }

    /// Query range, holds, flags and the record of merges.
    fn finish(&self, mut doses: Vec<PlannedDose>, dropped: Vec<PlannedDose>) -> Expansion {
        let mut done = Expansion::default();
        doses.retain(|dose| self.range.contains(dose.at));
        for dose in doses.iter().filter(|dose| dose.shifted) {
            done.flags.entry(dose.date).or_default().insert(Flag::TimeShiftedGap);
        }
        // On one instant the dose whose own time this is stays; one that a gap moved goes into it.
        doses.sort_by_key(|dose| (dose.at, dose.shifted, dose.date, dose.slot));
        done.due.reserve_exact(doses.len());
        let mut kept: Option<(Instant, (CivilDate, u32))> = None;
        for dose in doses {
            match kept {
                Some((at, into)) if at == dose.at => done.merged.push(Merged { into, dose }),
                _ => {
                    kept = Some((dose.at, (dose.date, dose.slot)));
                    let held = self.life.holds.iter().any(|hold| hold.contains(dose.at));
                    if held { done.held.push(dose) } else { done.due.push(dose) }
                }
            }
        }
        for dose in dropped.into_iter().filter(|dose| self.range.contains(dose.at)) {
            done.flags.entry(dose.date).or_default().insert(Flag::DoseDroppedByGap);
            done.dropped.push(dose);
        }
        done
    }
}
