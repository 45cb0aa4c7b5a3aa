//! A civil month of a home: the most that is ever read of a MAR at once.
use emar_domain::schedule::YearMonth;
use emar_domain::time::{CivilDate, Instant};
use emar_domain::zone::{Due, GapPolicy, OverlapPolicy, ZoneRules};

/// A month whose next month is in the calendar too.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Month {
    first: CivilDate,
    next: CivilDate,
}

impl Month {
    /// The month a date lies in; `None` for the last of the calendar.
    #[must_use]
    pub fn of(date: CivilDate) -> Option<Self> {
        let first = YearMonth::of(date).first_day();
        let next = (28..=31).filter_map(|n| first.plus_days(n)).find(|d| d.day() == 1)?;
        Some(Self { first, next })
    }

    /// Reads `YYYY-MM`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::of(YearMonth::try_from(text.to_owned()).ok()?.first_day())
    }

    /// Its first day.
    #[must_use]
    pub fn first(self) -> CivilDate {
        self.first
    }

    /// The month before.
    #[must_use]
    pub fn before(self) -> Option<Self> {
        Self::of(self.first.plus_days(-1)?)
    }

    /// The month after.
    #[must_use]
    pub fn after(self) -> Option<Self> {
        Self::of(self.next)
    }

    /// Its days.
    pub fn days(self) -> impl Iterator<Item = CivilDate> {
        (0..self.next.days_since(self.first)).filter_map(move |n| self.first.plus_days(n))
    }

    /// Where a date stands in it, from 0; a date outside it at the nearer end.
    #[must_use]
    pub fn column(self, date: CivilDate) -> usize {
        let last = self.next.days_since(self.first) - 1;
        usize::try_from(date.days_since(self.first).clamp(0, last)).unwrap_or(0)
    }

    /// From its first instant to the first of the next, which is not in it.
    #[must_use]
    pub fn span(self, zone: &ZoneRules) -> (Instant, Instant) {
        (begins(zone, self.first), begins(zone, self.next))
    }
}

impl std::fmt::Display for Month {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&String::from(YearMonth::of(self.first)))
    }
}

fn begins(zone: &ZoneRules, day: CivilDate) -> Instant {
    match zone.resolve_with(day.midnight(), GapPolicy::NextValid, OverlapPolicy::First) {
        Due::Once { at, .. } => at,
        Due::Twice { first, .. } => first,
        Due::Dropped { would_be } => would_be,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn date(text: &str) -> CivilDate {
        CivilDate::parse(text).unwrap()
    }

    #[test]
    fn a_month_has_its_days_and_its_neighbours() {
        for (text, days, before, after) in [
            ("2026-11", 30, "2026-10", "2026-12"),
            ("2026-12", 31, "2026-11", "2027-01"),
            ("2028-02", 29, "2028-01", "2028-03"),
        ] {
            let month = Month::parse(text).unwrap();
            assert_eq!(month.days().count(), days, "{text}");
            assert_eq!(month.before().unwrap().to_string(), before);
            assert_eq!(month.after().unwrap().to_string(), after);
        }
        for text in ["2026-13", "2026-1", "", "2026-11-01", "9999-12"] {
            assert_eq!(Month::parse(text), None, "{text}");
        }
    }

    #[test]
    fn a_date_outside_stands_at_the_nearer_end() {
        let month = Month::parse("2026-11").unwrap();
        for (day, column) in
            [("2026-11-01", 0), ("2026-11-30", 29), ("2026-10-31", 0), ("2026-12-01", 29)]
        {
            assert_eq!(month.column(date(day)), column, "{day}");
        }
    }

    #[test]
    fn the_month_the_clocks_go_back_in_is_an_hour_longer() {
        let zone: ZoneRules =
            serde_json::from_str(include_str!("../../../domain/tests/data/new_york_2026.json"))
                .unwrap();
        let (from, to) = Month::parse("2026-11").unwrap().span(&zone);
        assert_eq!(from.to_string(), "2026-11-01T04:00:00Z");
        assert_eq!(to.seconds_since(from), (30 * 24 + 1) * 3600);
    }
}
