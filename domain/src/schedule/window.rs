//! The small rules of timing: windows, missed doses, first doses, civil expiry, typed times, and a
//! surveyor's error rate.

use serde::{Deserialize, Serialize};

use crate::time::{
    CivilDate, CivilDateTime, CivilTime, Instant, MICROS_PER_SECOND, OffsetTime, SECONDS_PER_MINUTE,
};
use crate::zone::{Due, GapPolicy, OverlapPolicy, Resolved, ZoneRules};

/// How far from its due time a dose may be given, in elapsed minutes. Home data, never a constant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Window {
    /// Minutes before the due time, still on time at the bound.
    pub before_min: u32,
    /// Minutes after the due time, still on time at the bound.
    pub after_min: u32,
}

/// Where a giving lies in its window.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Timing {
    /// Before the window opens.
    Early,
    /// In the window, both bounds included.
    OnTime,
    /// After the window closes.
    Late,
}

/// So many elapsed minutes away, at most to the end of the record's years.
fn shifted(instant: Instant, minutes: i64) -> Instant {
    let micros = minutes.saturating_mul(SECONDS_PER_MINUTE * MICROS_PER_SECOND);
    Instant::from_micros(instant.micros().saturating_add(micros))
}

impl Window {
    /// The first instant on time.
    #[must_use]
    pub fn opens(self, due: Instant) -> Instant {
        shifted(due, -i64::from(self.before_min))
    }

    /// The last instant on time; the missed-dose alert is raised strictly after it.
    #[must_use]
    pub fn closes(self, due: Instant) -> Instant {
        shifted(due, i64::from(self.after_min))
    }

    /// Schedules, section 3: closed at both ends, compared as instants.
    #[must_use]
    pub fn timing(self, due: Instant, given_at: Instant) -> Timing {
        between(self.opens(due), self.closes(due), given_at)
    }

    /// Model, section 1: the alert exists from the moment strictly after the late bound on.
    #[must_use]
    pub fn is_missed(self, due: Instant, now: Instant) -> bool {
        now > self.closes(due)
    }
}

fn between(opens: Instant, closes: Instant, given_at: Instant) -> Timing {
    if given_at < opens {
        Timing::Early
    } else if given_at <= closes {
        Timing::OnTime
    } else {
        Timing::Late
    }
}

/// A span of wall-clock time in which doses may be given at any moment (liberalised pass). When it
/// closes at or before it opens, it closes on the next day and belongs to its opening date.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct CivilWindow {
    /// The date it opens on.
    pub date: CivilDate,
    /// First time of day in it.
    pub opens: CivilTime,
    /// Last time of day in it.
    pub closes: CivilTime,
}

impl CivilWindow {
    /// The first and last instant in it; of a repeated time the first pass, as for doses.
    #[must_use]
    pub fn bounds(self, zone: &ZoneRules) -> (Instant, Instant) {
        let next_day = i64::from(self.closes <= self.opens);
        let closing = self.date.plus_days(next_day).unwrap_or(self.date);
        (resolved(zone, self.date.at(self.opens)), resolved(zone, closing.at(self.closes)))
    }

    /// Schedules, section 3: both bounds are on time.
    #[must_use]
    pub fn timing(self, zone: &ZoneRules, given_at: Instant) -> Timing {
        let (opens, closes) = self.bounds(zone);
        between(opens, closes, given_at)
    }
}

/// A span of wall-clock time, any day. Text form `HH:MM-HH:MM`; it may cross midnight.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct CivilSpan {
    /// First time of day in it.
    pub opens: CivilTime,
    /// Last time of day in it; at or before `opens`: on the next day.
    pub closes: CivilTime,
}

impl CivilSpan {
    /// The span that opens on this date.
    #[must_use]
    pub fn on(self, date: CivilDate) -> CivilWindow {
        CivilWindow { date, opens: self.opens, closes: self.closes }
    }

    /// The date on which the span that contains this time opened, both bounds included.
    #[must_use]
    pub fn opening_date(self, civil: CivilDateTime) -> Option<CivilDate> {
        let time = civil.time();
        let crosses = self.closes <= self.opens;
        if time >= self.opens && (crosses || time <= self.closes) {
            Some(civil.date())
        } else if crosses && time <= self.closes {
            civil.date().plus_days(-1)
        } else {
            None
        }
    }

    /// Length on an ordinary day, in minutes, 1 to 1440.
    #[must_use]
    pub fn minutes(self) -> u32 {
        let (opens, closes) = (self.opens.minute_of_day(), self.closes.minute_of_day());
        if closes > opens { closes - opens } else { closes + 24 * 60 - opens }
    }
}

impl TryFrom<String> for CivilSpan {
    type Error = &'static str;
    fn try_from(text: String) -> Result<Self, Self::Error> {
        let bounds = text.split_once('-').and_then(|(opens, closes)| {
            Some((CivilTime::parse(opens).ok()?, CivilTime::parse(closes).ok()?))
        });
        let (opens, closes) = bounds.ok_or("expected a span written HH:MM-HH:MM")?;
        Ok(Self { opens, closes })
    }
}

impl From<CivilSpan> for String {
    fn from(span: CivilSpan) -> Self {
        format!("{}-{}", span.opens, span.closes)
    }
}

/// A civil time under the default rules: RFC 5545 in a gap, the first pass of a repeated time.
fn resolved(zone: &ZoneRules, civil: CivilDateTime) -> Instant {
    match zone.resolve_with(civil, GapPolicy::Rfc5545, OverlapPolicy::First) {
        Due::Once { at, .. } | Due::Twice { first: at, .. } | Due::Dropped { would_be: at } => at,
    }
}

/// Schedules, rule 4.1: after a first dose given now, the next home time is skipped when less than
/// half the nominal interval remains; exactly half stands. `None` when no time of day is listed.
#[must_use]
pub fn next_after_first_dose(
    zone: &ZoneRules,
    times: &[CivilTime],
    interval_min: u32,
    first_given: Instant,
) -> Option<Instant> {
    let today = zone.to_civil(first_given).date();
    let mut next: Vec<Instant> = (-1..=3)
        .filter_map(|days| today.plus_days(days))
        .flat_map(|date| times.iter().map(move |time| date.at(*time)))
        .map(|civil| resolved(zone, civil))
        .filter(|at| *at > first_given)
        .collect();
    next.sort_unstable();
    next.dedup();
    let nearest = *next.first()?;
    if is_too_near(first_given, nearest, interval_min) {
        next.get(1).copied()
    } else {
        Some(nearest)
    }
}

/// Schedules, rule 4.1: less than half the nominal interval between the last dose and `at`.
#[must_use]
pub fn is_too_near(last_given: Instant, at: Instant, interval_min: u32) -> bool {
    let interval = i64::from(interval_min) * SECONDS_PER_MINUTE * MICROS_PER_SECOND;
    at.micros_since(last_given).saturating_mul(2) < interval
}

/// Schedules, rule 4.1: the first instant that is not too near to the last dose. `None` beyond the
/// years of the record.
#[must_use]
pub fn not_too_near(last_given: Instant, interval_min: u32) -> Option<Instant> {
    last_given.plus_seconds(half_seconds(interval_min))
}

/// The first instant that is no nearer to the dose before this one than to its own due time. `None`
/// before the years of the record.
#[must_use]
pub fn own_half(due: Instant, interval_min: u32) -> Option<Instant> {
    due.plus_seconds(-half_seconds(interval_min))
}

fn half_seconds(interval_min: u32) -> i64 {
    i64::from(interval_min) * (SECONDS_PER_MINUTE / 2)
}

/// Schedules, rule 4.8: the same local time so many civil days on, excluded at that instant.
/// `None` beyond the years of the record.
#[must_use]
pub fn civil_expiry(zone: &ZoneRules, start: Instant, days: i64) -> Option<Instant> {
    let begun = zone.to_civil(start);
    let ends = begun.date().plus_days(days)?.at(begun.time());
    Some(resolved(zone, ends))
}

/// What a typed local time without an offset means. Schedules, section 5, rule 6: a time that does
/// not exist or happens twice is refused, and the nurse picks which.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Typed {
    /// It happened once.
    Ok,
    /// A clock change skipped it.
    Nonexistent,
    /// A clock change repeated it.
    Ambiguous,
}

/// Schedules, section 5, rule 6.
#[must_use]
pub fn typed_time(zone: &ZoneRules, civil: CivilDateTime) -> Typed {
    match zone.resolve(civil) {
        Resolved::Single(_) => Typed::Ok,
        Resolved::Gap { .. } => Typed::Nonexistent,
        Resolved::Overlap { .. } => Typed::Ambiguous,
    }
}

/// Schedules, section 5, rule 6: a foreign offset keeps the instant, is shown in home time, and
/// warns (`true`).
#[must_use]
pub fn in_home_time(zone: &ZoneRules, written: OffsetTime) -> (OffsetTime, bool) {
    let home = zone.to_offset_time(written.instant);
    (home, home.offset_s != written.offset_s)
}

/// A medication error rate as a surveyor computes it (42 CFR 483.45(f)(1), tag F759).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ErrorRate {
    /// Percent with two decimals, half up, such as `4.88`.
    pub rate_percent: String,
    /// 5 % or more, by the exact fraction: 4.996 % is not.
    pub at_or_over_5: bool,
}

/// F759: errors by opportunities. `None` without opportunities.
#[must_use]
pub fn error_rate(errors: u64, opportunities: u64) -> Option<ErrorRate> {
    let (errors, opportunities) = (u128::from(errors), u128::from(opportunities));
    // Hundredths of a percent, half up, in whole numbers.
    let hundredths = (errors * 20_000 + opportunities).checked_div(opportunities * 2)?;
    Some(ErrorRate {
        rate_percent: format!("{}.{:02}", hundredths / 100, hundredths % 100),
        at_or_over_5: errors * 100 >= opportunities * 5,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn error_rates_are_exact() {
        for (errors, opportunities, percent, over) in [
            (2, 41, "4.88", false),
            (2, 25, "8.00", true),
            (1, 20, "5.00", true),
            (4_999_999, 100_000_000, "5.00", false),
            (1, 800, "0.13", false),
            (0, 7, "0.00", false),
            (3, 2, "150.00", true),
        ] {
            let rate = error_rate(errors, opportunities).unwrap();
            assert_eq!((rate.rate_percent.as_str(), rate.at_or_over_5), (percent, over));
        }
        assert_eq!(error_rate(0, 0), None);
    }

    #[test]
    fn the_first_dose_that_is_not_too_near_is_exactly_half_the_interval_away() {
        let last = Instant::parse("2026-06-10T13:00:00Z").unwrap();
        for interval in [1, 7, 240, 1_440] {
            let first = not_too_near(last, interval).unwrap();
            assert!(!is_too_near(last, first, interval), "{interval}");
            assert!(is_too_near(last, first.plus_micros(-1).unwrap(), interval), "{interval}");
        }
    }

    #[test]
    fn window_bounds_are_on_time() {
        let window = Window { before_min: 60, after_min: 30 };
        let due = Instant::parse("2026-06-10T13:00:00Z").unwrap();
        for (given, timing, missed) in [
            ("2026-06-10T11:59:59Z", Timing::Early, false),
            ("2026-06-10T12:00:00Z", Timing::OnTime, false),
            ("2026-06-10T13:30:00Z", Timing::OnTime, false),
            ("2026-06-10T13:30:00.000001Z", Timing::Late, true),
        ] {
            let given = Instant::parse(given).unwrap();
            assert_eq!((window.timing(due, given), window.is_missed(due, given)), (timing, missed));
        }
    }
}
