//! Instants and civil times. An instant is a point in UTC; a civil time is what the wall clock
//! shows. Only [`crate::zone::ZoneRules`] turns one into the other.

mod civil;

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

pub use civil::{CivilDate, CivilDateTime, CivilTime, Weekday};

/// Microseconds in a second.
pub const MICROS_PER_SECOND: i64 = 1_000_000;
/// Seconds in a minute.
pub const SECONDS_PER_MINUTE: i64 = 60;

/// Why a text is not a time. The text itself is not repeated: it may be hostile and long.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TimeError {
    /// Not an RFC 3339 time with an offset.
    #[error("expected a time with an offset such as 2026-06-10T09:00:00-04:00")]
    Rfc3339,
    /// Not a civil date.
    #[error("expected a date of the calendar written YYYY-MM-DD, years 0001 to 9999")]
    Date,
    /// Not a civil time of day.
    #[error("expected a time of day from 00:00 to 23:59 written HH:MM or HH:MM:SS")]
    Time,
    /// Not a civil date and time.
    #[error("expected a date and time without an offset such as 2026-06-10T09:00")]
    DateTime,
    /// Outside the years this record can hold.
    #[error("a time outside the years 0001 to 9999")]
    Range,
    /// Not a weekday.
    #[error("expected a weekday: mon, tue, wed, thu, fri, sat or sun")]
    Weekday,
}

/// A point in UTC, in microseconds since 1970-01-01. On the wire and in tables a plain i64.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct Instant(i64);

impl Instant {
    /// The earliest instant, 0001-01-03: every zone still has a four-digit year there.
    pub const MIN: Self = Self(-62_135_424_000 * MICROS_PER_SECOND);
    /// The last instant, 9999-12-29.
    pub const MAX: Self = Self(253_402_041_600 * MICROS_PER_SECOND);
    /// 1970-01-01T00:00:00Z.
    pub const EPOCH: Self = Self(0);

    /// From microseconds since 1970; what lies outside `MIN..=MAX` becomes the nearer bound.
    #[must_use]
    pub const fn from_micros(micros: i64) -> Self {
        if micros < Self::MIN.0 {
            Self::MIN
        } else if micros > Self::MAX.0 {
            Self::MAX
        } else {
            Self(micros)
        }
    }

    /// From microseconds since 1970; `None` outside `MIN..=MAX`.
    #[must_use]
    pub const fn checked_from_micros(micros: i64) -> Option<Self> {
        if micros < Self::MIN.0 || micros > Self::MAX.0 { None } else { Some(Self(micros)) }
    }

    /// Microseconds since 1970.
    #[must_use]
    pub const fn micros(self) -> i64 {
        self.0
    }

    /// This many microseconds later (earlier when negative); `None` outside `MIN..=MAX`.
    #[must_use]
    pub fn plus_micros(self, micros: i64) -> Option<Self> {
        self.0.checked_add(micros).and_then(Self::checked_from_micros)
    }

    /// This many elapsed seconds later (earlier when negative); `None` outside `MIN..=MAX`.
    #[must_use]
    pub fn plus_seconds(self, seconds: i64) -> Option<Self> {
        seconds.checked_mul(MICROS_PER_SECOND).and_then(|micros| self.plus_micros(micros))
    }

    /// This many elapsed minutes later (earlier when negative); `None` outside `MIN..=MAX`.
    #[must_use]
    pub fn plus_minutes(self, minutes: i64) -> Option<Self> {
        minutes.checked_mul(SECONDS_PER_MINUTE).and_then(|seconds| self.plus_seconds(seconds))
    }

    /// The beginning of the minute it lies in: what a person who writes hours and minutes means.
    #[must_use]
    pub fn minute(self) -> Self {
        let into = self.0.rem_euclid(SECONDS_PER_MINUTE * MICROS_PER_SECOND);
        self.plus_micros(-into).unwrap_or(self)
    }

    /// Elapsed microseconds from `earlier` to `self`; negative when `earlier` is later.
    #[must_use]
    pub const fn micros_since(self, earlier: Self) -> i64 {
        // Cannot overflow: both lie within MIN..=MAX, far inside i64.
        self.0 - earlier.0
    }

    /// Whole elapsed seconds from `earlier` to `self`, rounded down.
    #[must_use]
    pub const fn seconds_since(self, earlier: Self) -> i64 {
        self.micros_since(earlier).div_euclid(MICROS_PER_SECOND)
    }

    /// Whether it lies in `[from, until)`; without an end, from `from` on. Schedules, section 1:
    /// holds and absences are half-open.
    #[must_use]
    pub fn is_within(self, from: Self, until: Option<Self>) -> bool {
        from <= self && until.is_none_or(|until| self < until)
    }

    /// Reads RFC 3339 with an offset (seconds may be left out); the offset is used and forgotten.
    ///
    /// # Errors
    /// [`TimeError::Rfc3339`] or [`TimeError::Range`].
    pub fn parse(text: &str) -> Result<Self, TimeError> {
        OffsetTime::parse(text).map(|time| time.instant)
    }

    /// What a clock `offset_s` seconds east of UTC shows at this instant.
    #[must_use]
    pub fn at_offset(self, offset_s: i32) -> CivilDateTime {
        let shown = self.0 + i64::from(offset_s.clamp(-OFFSET_MAX_S, OFFSET_MAX_S)) * 1_000_000;
        CivilDateTime::from_wall_micros(shown)
    }
}

impl fmt::Display for Instant {
    /// RFC 3339 in UTC: `2026-06-10T13:00:00Z`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}Z", self.at_offset(0).with_seconds())
    }
}

impl<'de> Deserialize<'de> for Instant {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let micros = i64::deserialize(from)?;
        Self::checked_from_micros(micros).ok_or_else(|| serde::de::Error::custom(TimeError::Range))
    }
}

/// `#[serde(with = "time::rfc3339")]`: an [`Instant`] as text, any offset in, UTC out.
pub mod rfc3339 {
    use super::{Deserialize, Deserializer, Instant, Serializer};

    /// Writes `2026-06-10T13:00:00Z`.
    ///
    /// # Errors
    /// Those of the serializer.
    pub fn serialize<S: Serializer>(instant: &Instant, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(instant)
    }

    /// Reads RFC 3339 with any offset.
    ///
    /// # Errors
    /// When the text is not such a time.
    pub fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Instant, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(from)?;
        Instant::parse(&text).map_err(serde::de::Error::custom)
    }
}

/// The largest offset from UTC taken as sane, in seconds: 18 hours, as ISO 8601 writers agree.
pub const OFFSET_MAX_S: i32 = 18 * 3600;

/// An instant together with the UTC offset it was written, or is to be shown, with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct OffsetTime {
    /// The point in UTC.
    pub instant: Instant,
    /// Seconds east of UTC.
    pub offset_s: i32,
}

impl OffsetTime {
    /// Reads `2026-06-10T09:00[:00[.000000]](Z|±HH:MM[:SS])`; digits past the microsecond are cut.
    ///
    /// # Errors
    /// [`TimeError::Rfc3339`] when the text has another shape or names no real time;
    /// [`TimeError::Range`] outside the years 0001 to 9999.
    pub fn parse(text: &str) -> Result<Self, TimeError> {
        if !text.is_ascii() || text.len() < 17 {
            return Err(TimeError::Rfc3339);
        }
        let (civil, offset) = match text.strip_suffix(['Z', 'z']) {
            Some(civil) => (civil, "+00:00"),
            // Searched from after the date, whose hyphens are no signs.
            None => match text[10..].rfind(['+', '-']) {
                Some(at) => text.split_at(10 + at),
                None => return Err(TimeError::Rfc3339),
            },
        };
        let offset_s = parse_offset(offset).ok_or(TimeError::Rfc3339)?;
        let civil = CivilDateTime::parse(civil).map_err(|_| TimeError::Rfc3339)?;
        let instant = civil.at_offset(offset_s).ok_or(TimeError::Range)?;
        Ok(Self { instant, offset_s })
    }

    /// What the clock shows.
    #[must_use]
    pub fn civil(self) -> CivilDateTime {
        self.instant.at_offset(self.offset_s)
    }
}

impl fmt::Display for OffsetTime {
    /// `2026-06-10T09:00:00-04:00`; offsets with seconds, found before 1972 only, show them.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let size = self.offset_s.unsigned_abs();
        let sign = if self.offset_s < 0 { '-' } else { '+' };
        write!(f, "{}", self.civil().with_seconds())?;
        write!(f, "{sign}{:02}:{:02}", size / 3600, size / 60 % 60)?;
        if !size.is_multiple_of(60) {
            write!(f, ":{:02}", size % 60)?;
        }
        Ok(())
    }
}

fn parse_offset(text: &str) -> Option<i32> {
    let sign = if text.starts_with('-') { -1 } else { 1 };
    let digits = text.get(1..)?;
    let well_formed = matches!(digits.len(), 5 | 8)
        && digits.bytes().enumerate().all(|(at, byte)| match at % 3 {
            2 => byte == b':',
            _ => byte.is_ascii_digit(),
        });
    if !well_formed {
        return None;
    }
    let mut parts = digits.split(':').map(|part| part.parse::<i32>().unwrap_or(i32::MAX));
    let (hours, minutes, seconds) = (parts.next()?, parts.next()?, parts.next().unwrap_or(0));
    let size = hours * 3600 + minutes * 60 + seconds;
    (minutes < 60 && seconds < 60 && size <= OFFSET_MAX_S).then_some(sign * size)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn offset_times_read_and_write() {
        for (text, shown, utc) in [
            ("2026-06-10T09:00-04:00", "2026-06-10T09:00:00-04:00", "2026-06-10T13:00:00Z"),
            ("2026-06-10T13:00:00Z", "2026-06-10T13:00:00+00:00", "2026-06-10T13:00:00Z"),
            ("2026-10-04T00:00+10:30", "2026-10-04T00:00:00+10:30", "2026-10-03T13:30:00Z"),
            (
                "2026-06-10T09:00:00.1234567+05:45",
                "2026-06-10T09:00:00.123456+05:45",
                "2026-06-10T03:15:00.123456Z",
            ),
            ("1971-01-01T00:00-00:44:30", "1971-01-01T00:00:00-00:44:30", "1971-01-01T00:44:30Z"),
            (
                "1969-12-31T23:59:59.5Z",
                "1969-12-31T23:59:59.500000+00:00",
                "1969-12-31T23:59:59.500000Z",
            ),
        ] {
            let time = OffsetTime::parse(text).unwrap();
            assert_eq!(time.to_string(), shown);
            assert_eq!(time.instant.to_string(), utc);
            assert_eq!(Instant::parse(utc).unwrap(), time.instant);
        }
    }

    #[test]
    fn what_is_not_a_time_is_refused() {
        for text in [
            "",
            "Z",
            "2026-06-10",
            "2026-06-10T09:00",
            "2026-06-10T09:00-4:00",
            "2026-06-10T09:00+19:00",
            "2026-06-10T09:00+04:60",
            "2026-02-30T09:00Z",
            "2026-06-10T24:00Z",
            "2026-06-10T09:60Z",
            "2026-06-10T09:00:60Z",
            "2026-06-10T09:00:00.Z",
            "2026-06-10T09:00.5Z",
            "+026-06-10T09:00:00Z",
            "0000-06-10T09:00:00Z",
            "٢٠٢٦-06-10T09:00:00Z",
            "2026-06-10T+9:00:00Z",
        ] {
            assert!(OffsetTime::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn bounds_hold() {
        assert_eq!(Instant::MIN.to_string(), "0001-01-03T00:00:00Z");
        assert_eq!(Instant::MAX.to_string(), "9999-12-29T00:00:00Z");
        assert_eq!(Instant::from_micros(i64::MIN), Instant::MIN);
        assert_eq!(Instant::MAX.plus_micros(1), None);
        assert_eq!(Instant::EPOCH.plus_minutes(i64::MAX), None);
        assert_eq!(Instant::MAX.at_offset(i32::MAX).date().year(), 9999);
        assert_eq!(CivilDate::new(9999, 12, 31).unwrap().plus_days(1), None);
        assert!(serde_json::from_str::<Instant>("9223372036854775807").is_err());
    }

    #[test]
    fn serde_shapes() {
        let date = CivilDate::new(2026, 6, 10).unwrap();
        assert_eq!(serde_json::to_string(&date).unwrap(), "\"2026-06-10\"");
        assert_eq!(serde_json::to_string(&Instant::EPOCH).unwrap(), "0");
        let time: CivilTime = serde_json::from_str("\"09:00\"").unwrap();
        assert_eq!(date.at(time).to_string(), "2026-06-10T09:00");
        assert_eq!(serde_json::to_string(&Weekday::Wed).unwrap(), "\"wed\"");
        assert_eq!(date.weekday(), Weekday::Wed);
    }
}
