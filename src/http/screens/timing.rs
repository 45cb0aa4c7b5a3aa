//! The part of the form that says when an order is given: its times, days and window, its limits.
use super::compose::{Reader, is_critical};
use super::giving::OwnWindow;
use super::orders::offered;
use super::pattern::{Doses, Pattern, frequency_of};
use crate::policy_file::frequencies;
use emar_domain::drug::Product;
use emar_domain::limit::Day;
use emar_domain::order::Timing;
use emar_domain::order_input::is_linked;
use emar_domain::resident::Resident;
use emar_domain::schedule::frequency::{Brought, Frequency, Kind, Need, Planned, Unschedulable};
use emar_domain::schedule::hours::AskedTiming;
use emar_domain::schedule::{Clock, Schedule, YearMonth};
use emar_domain::time::{CivilDate, CivilDateTime, CivilTime, Instant, Weekday};

/// What stands in the form where PRN givings are counted by the calendar day.
pub(super) const CALENDAR_DAY: &str = "calendar_day";
/// Longest time between two PRN givings, in minutes: a week.
const APART_MINUTES_MAX: i64 = 7 * 24 * 60;
/// Most PRN givings in a day.
const PER_DAY_MAX: u32 = 100;

/// When it is given, and in which window.
pub(super) struct When {
    pub(super) timing: Timing,
    pub(super) asked: Option<AskedTiming>,
    pub(super) frequency: String,
    pub(super) window: (i64, i64),
    /// What of the window is the order's own.
    pub(super) own: OwnWindow,
}

impl When {
    /// Without planned times there is nothing to be early or late for.
    fn unplanned(timing: Timing, frequency: &str) -> Self {
        let (frequency, own) = (frequency.to_owned(), (None, None));
        Self { timing, asked: None, frequency, window: (0, 0), own }
    }
}

impl Reader<'_> {
    /// What days, and elapsed intervals, are counted from.
    fn anchor(&mut self, start: Instant) -> Option<(CivilDate, Instant)> {
        let text = self.typed.anchor.trim();
        let begins = self.sight.home.zone.to_civil(start);
        if text.is_empty() {
            return Some((begins.date(), start));
        }
        let day = CivilDate::parse(text).map(|date| date.at(begins.time()));
        let civil = day.or_else(|_| CivilDateTime::parse(text)).ok();
        let civil = self.or(civil, "anchor", "wrong-anchor")?;
        Some((civil.date(), self.resolved("anchor", civil)?))
    }

    pub(super) fn when(
        &mut self,
        pattern: Pattern,
        resident: Option<&Resident>,
        drug: Option<&Product>,
        start: Option<Instant>,
        doses: &Option<Doses>,
    ) -> Option<When> {
        match pattern {
            Pattern::Prn => return self.prn(),
            Pattern::OnCall | Pattern::OnCallOnce => {
                let repeat = pattern == Pattern::OnCall;
                return Some(When::unplanned(Timing::OnCall { repeat }, ""));
            }
            Pattern::Running => return Some(When::unplanned(Timing::Continuous, "CONT")),
            _ => {}
        }
        let times = self.read_times("times", None, &self.typed.times);
        let row = self.row(pattern, times.as_deref());
        let days = if pattern == Pattern::Regular { self.days() } else { Some(Vec::new()) };
        let own = self.own_window();
        let (row, times, days, start, own) = (row?, times?, days?, start?, own?);
        if !days.is_empty() && !row.needs.contains(&Need::Dow) {
            self.is_wrong("days", "wrong-days_unused", &[]);
            return None;
        }
        let elapsed = self.elapsed(pattern, row, &times)?;
        let (date, anchor) = self.anchor(start)?;
        let brought = Brought {
            times: (!times.is_empty()).then_some(times),
            elapsed,
            before_minutes: own.0,
            after_minutes: own.1,
            anchor: Some(anchor),
            at: Some(start),
            anchor_date: Some(date),
            anchor_month: Some(YearMonth::of(date)),
            day: Some(date.day()),
            dow: (!days.is_empty()).then_some(days),
            ..Brought::default()
        };
        let resident = resident?;
        let hours = self.sight.home.policy.hours_of(resident.unit.as_str(), row);
        let plain = match row.plan(&brought, hours.as_deref()) {
            Ok(Planned::Doses(schedule)) => schedule,
            Ok(Planned::Pair { .. } | Planned::Unplanned) => {
                return self.or(None, "frequency", "wrong-frequency");
            }
            Err(why) => return self.unschedulable(&why),
        };
        let (policy, critical) = (&self.sight.home.policy, is_critical(self.sight, drug?));
        let window = policy.order_window(frequencies(), row, resident.unit.as_str(), critical);
        let (before, after) = self.or(window, "frequency", "wrong-window")?;
        let window = (own.0.unwrap_or(before), own.1.unwrap_or(after));
        let schedule = match plain.clone() {
            Schedule::Clock(clock) => {
                let clock = self.shaped(pattern, *clock, doses.as_ref()?, date)?;
                Schedule::Clock(Box::new(clock))
            }
            other => other,
        };
        self.or(schedule.validate().ok(), "pattern", "wrong-pattern")?;
        let frequency = frequency_of(pattern, row, &schedule);
        if pattern == Pattern::Pair {
            let timing = self.pair(schedule, start)?;
            return Some(When { timing, asked: None, frequency, window, own });
        }
        // A pattern the form shaped is more than its code asks for.
        let asked = AskedTiming { code: row.code.clone(), brought };
        let asked = (schedule == plain).then_some(asked);
        Some(When { timing: Timing::Planned { schedule }, asked, frequency, window, own })
    }

    /// Whether the hours of a clock frequency are meant as elapsed ones. Schedules, section 2.
    fn elapsed(&mut self, pattern: Pattern, row: &Frequency, times: &[CivilTime]) -> Option<bool> {
        if pattern != Pattern::Regular || self.typed.elapsed.is_empty() {
            return Some(false);
        }
        self.or(row.interval_minutes, "elapsed", "wrong-elapsed")?;
        self.or(times.is_empty().then_some(()), "times", "wrong-elapsed_times")?;
        Some(row.kind == Kind::Clock)
    }

    /// What is put on comes off at the first of the times after it; where none are written, when
    /// the next one is put on.
    fn pair(&mut self, apply: Schedule, start: Instant) -> Option<Timing> {
        let times = self.read_times("off_times", None, &self.typed.off_times)?;
        let remove = match times.as_slice() {
            [] => apply.clone(),
            _ => Schedule::Clock(Box::new(Clock { times, ..Clock::default() })),
        };
        let linked = is_linked(self.sight.home, start, &apply, &remove);
        self.or(linked.then_some(()), "off_times", "wrong-off_times")?;
        Some(Timing::Pair { apply, remove })
    }

    /// The frequency that is meant.
    fn row(&mut self, pattern: Pattern, times: Option<&[CivilTime]>) -> Option<&'static Frequency> {
        let code = self.typed.frequency.trim();
        let found = match (pattern, code, times) {
            (Pattern::Once, ..) => frequencies().find("ONCE"),
            (Pattern::Stat, ..) => frequencies().find("STAT"),
            (Pattern::Regular, "", Some([])) => {
                return self.or(None, "frequency", "wrong-frequency_none");
            }
            (Pattern::Regular, "", Some(times)) => by_count(times.len()),
            (Pattern::Regular, code, _) => {
                offered().find(|row| row.code.eq_ignore_ascii_case(code))
            }
            (_, _, times) => return self.plain_row(times.map_or(0, <[CivilTime]>::len)),
        };
        self.or(found, "frequency", "wrong-frequency")
    }

    fn unschedulable(&mut self, why: &Unschedulable) -> Option<When> {
        match why {
            Unschedulable::HoursCount { wanted } => {
                self.is_wrong("times", "wrong-times_count", &[("wanted", &wanted.to_string())]);
            }
            Unschedulable::DowCount { wanted } => {
                self.is_wrong("days", "wrong-days_count", &[("wanted", &wanted.to_string())]);
            }
            Unschedulable::NeedsMissing(needs) if needs.contains(&Need::Dow) => {
                self.is_wrong("days", "wrong-days", &[]);
            }
            _ => self.is_wrong("frequency", "wrong-frequency", &[]),
        }
        None
    }

    /// Schedules, rule 8: what for, how far apart and how often are needed before it is active.
    fn prn(&mut self) -> Option<When> {
        let indication = self.typed.indication.trim().to_owned();
        if indication.is_empty() {
            self.is_wrong("indication", "wrong-prn_indication", &[]);
        }
        let apart = minutes(self.typed.apart.trim()).filter(|m| *m <= APART_MINUTES_MAX);
        let apart = self.or(apart, "apart", "wrong-prn_apart");
        let most = self.typed.most.trim().parse().ok();
        let most = most.filter(|most: &u32| (1..=PER_DAY_MAX).contains(most));
        let most = self.or(most, "most", "wrong-prn_most");
        let apart = apart?;
        let longest = self.longest(apart)?;
        let timing = Timing::Prn {
            indication,
            interval_minutes_min: Some(apart),
            interval_minutes_max: longest,
            per_day_max: Some(most?),
            day: match self.typed.count_by.as_str() {
                CALENDAR_DAY => Day::CalendarDay,
                _ => Day::Rolling24h,
            },
        };
        Some(When::unplanned(timing, "PRN"))
    }

    /// The longer of two intervals, where a range is written.
    fn longest(&mut self, apart: i64) -> Option<Option<i64>> {
        let text = self.typed.apart_max.trim();
        if text.is_empty() {
            return Some(None);
        }
        let longest = minutes(text).filter(|m| *m > apart && *m <= APART_MINUTES_MAX);
        self.or(longest, "apart_max", "wrong-prn_range").map(Some)
    }

    /// Times of day, none where none are written.
    pub(super) fn read_times(
        &mut self,
        field: &'static str,
        row: Option<usize>,
        text: &str,
    ) -> Option<Vec<CivilTime>> {
        let words = text.split([' ', ',', ';']).filter(|t| !t.is_empty());
        let times = words.map(|t| CivilTime::parse(t).ok()).collect::<Option<Vec<_>>>();
        if times.is_none() {
            self.is_wrong_at(field, row, "wrong-times", &[]);
        }
        times
    }

    pub(super) fn days(&mut self) -> Option<Vec<Weekday>> {
        let days = self.typed.days.iter().map(|d| Weekday::parse(d).ok());
        let days = days.collect::<Option<Vec<_>>>();
        self.or(days, "days", "wrong-days")
    }
}

/// The code of so many times a day, for display and for its window.
pub(super) fn by_count(count: usize) -> Option<&'static Frequency> {
    let code = match count {
        1 => "DAILY",
        2 => "BID",
        3 => "TID",
        4 => "QID",
        5 => "5XD",
        _ => return None,
    };
    frequencies().find(code)
}

/// Whole minutes of a number of hours such as `4` or `1.5`, at least one.
fn minutes(hours: &str) -> Option<i64> {
    let nano = emar_domain::amount::parse_nano(hours).ok()?;
    let minutes = nano.checked_mul(60)? / 1_000_000_000;
    (minutes >= 1).then_some(minutes)
}
