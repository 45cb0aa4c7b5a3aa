//! FHIR dates and times: a day, or an instant. Anything vaguer is not guessed at.

use emar_domain::time::{CivilDate, CivilTime, Instant};
use emar_domain::zone::{Due, GapPolicy, OverlapPolicy, ZoneRules};

/// A FHIR dateTime that is exact enough to act on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Moment {
    /// A whole day, in the home's zone.
    Day(CivilDate),
    /// An instant; a foreign offset keeps the instant.
    At(Instant),
}

impl Moment {
    /// Reads `2026-11-02` or RFC 3339; `None` for `2026`, `2026-11` and anything else.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let day = CivilDate::parse(text).ok().map(Self::Day);
        day.or_else(|| Instant::parse(text).ok().map(Self::At))
    }

    /// The first instant of it.
    pub(super) fn starts(self, zone: &ZoneRules) -> Instant {
        match self {
            Self::Day(date) => at(zone, date, CivilTime::MIDNIGHT),
            Self::At(instant) => instant,
        }
    }

    /// The first instant after it as the end of a Period, whose days are included.
    pub(super) fn ends(self, zone: &ZoneRules) -> Option<Instant> {
        match self {
            Self::Day(date) => Some(at(zone, date.plus_days(1)?, CivilTime::MIDNIGHT)),
            Self::At(instant) => Some(instant),
        }
    }

    /// The civil date in the home.
    pub(super) fn date(self, zone: &ZoneRules) -> CivilDate {
        match self {
            Self::Day(date) => date,
            Self::At(instant) => zone.to_civil(instant).date(),
        }
    }
}

/// The instant of a civil time in the home: gaps move on, overlaps take the first.
pub(super) fn at(zone: &ZoneRules, date: CivilDate, time: CivilTime) -> Instant {
    match zone.resolve_with(date.at(time), GapPolicy::Rfc5545, OverlapPolicy::First) {
        Due::Once { at, .. } | Due::Twice { first: at, .. } | Due::Dropped { would_be: at } => at,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_days_and_instants_are_moments() {
        assert!(matches!(Moment::parse("2026-11-02"), Some(Moment::Day(_))));
        let instant = Instant::parse("2026-11-02T08:00:00Z").unwrap();
        assert_eq!(Moment::parse("2026-11-02T09:00:00+01:00"), Some(Moment::At(instant)));
        for vague in ["2026", "2026-11", "2026-11-02T09:00:00", "tomorrow", ""] {
            assert_eq!(Moment::parse(vague), None, "{vague}");
        }
    }
}
