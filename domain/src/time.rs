//! Instants and civil times. An instant is a point in UTC; a civil time is what the wall clock
//! shows. Only [`crate::zone::ZoneRules`] turns one into the other.

use std::fmt;

use chrono::{Datelike, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, Timelike};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

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
        CivilDateTime::from_wall_micros(shown).unwrap_or(CivilDateTime(NaiveDateTime::MIN))
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

/// A date of the civil calendar, years 0001 to 9999. Text form `YYYY-MM-DD`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CivilDate(NaiveDate);

impl CivilDate {
    /// 0001-01-01.
    pub const MIN: Self = match NaiveDate::from_ymd_opt(1, 1, 1) {
        Some(date) => Self(date),
        None => Self(NaiveDate::MIN),
    };

    /// From year, month 1–12 and day of month; `None` when there is no such day.
    #[must_use]
    pub fn new(year: i32, month: u32, day: u32) -> Option<Self> {
        NaiveDate::from_ymd_opt(year, month, day).and_then(Self::checked)
    }

    fn checked(date: NaiveDate) -> Option<Self> {
        (1..=9999).contains(&date.year()).then_some(Self(date))
    }

    /// Reads `YYYY-MM-DD`.
    ///
    /// # Errors
    /// [`TimeError::Date`].
    pub fn parse(text: &str) -> Result<Self, TimeError> {
        let bytes = text.as_bytes();
        let shaped = bytes.len() == 10
            && bytes.iter().enumerate().all(|(at, byte)| match at {
                4 | 7 => *byte == b'-',
                _ => byte.is_ascii_digit(),
            });
        if !shaped {
            return Err(TimeError::Date);
        }
        NaiveDate::parse_from_str(text, "%Y-%m-%d")
            .ok()
            .and_then(Self::checked)
            .ok_or(TimeError::Date)
    }

    /// Year, 1 to 9999.
    #[must_use]
    pub fn year(self) -> i32 {
        self.0.year()
    }

    /// Month, 1 to 12.
    #[must_use]
    pub fn month(self) -> u32 {
        self.0.month()
    }

    /// Day of the month, 1 to 31.
    #[must_use]
    pub fn day(self) -> u32 {
        self.0.day()
    }

    /// Day of the week.
    #[must_use]
    pub fn weekday(self) -> Weekday {
        Weekday::ALL[self.0.weekday().num_days_from_monday() as usize]
    }

    /// Days since 0001-01-01, which is 1: differences of it are counts of civil days.
    #[must_use]
    pub fn day_number(self) -> i64 {
        i64::from(self.0.num_days_from_ce())
    }

    /// This many civil days later (earlier when negative); `None` outside the years 0001 to 9999.
    #[must_use]
    pub fn plus_days(self, days: i64) -> Option<Self> {
        let days = TimeDelta::try_days(days)?;
        self.0.checked_add_signed(days).and_then(Self::checked)
    }

    /// Civil days from `earlier` to `self`.
    #[must_use]
    pub fn days_since(self, earlier: Self) -> i64 {
        self.day_number() - earlier.day_number()
    }

    /// The wall-clock time `time` on this date.
    #[must_use]
    pub fn at(self, time: CivilTime) -> CivilDateTime {
        CivilDateTime(self.0.and_time(time.0))
    }

    /// Midnight at the start of this date.
    #[must_use]
    pub fn midnight(self) -> CivilDateTime {
        self.at(CivilTime::MIDNIGHT)
    }
}

impl fmt::Display for CivilDate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}-{:02}", self.year(), self.month(), self.day())
    }
}

/// A time of day on the wall clock, to the microsecond. Text form `HH:MM`, longer only when needed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CivilTime(NaiveTime);

impl CivilTime {
    /// 00:00.
    pub const MIDNIGHT: Self = Self(NaiveTime::MIN);

    /// From hour 0–23 and minute 0–59; `None` outside.
    #[must_use]
    pub fn new(hour: u32, minute: u32) -> Option<Self> {
        NaiveTime::from_hms_opt(hour, minute, 0).map(Self)
    }

    /// Reads `HH:MM`, `HH:MM:SS` or `HH:MM:SS.f`, 24-hour clock; no 24:00, no leap second.
    ///
    /// # Errors
    /// [`TimeError::Time`].
    pub fn parse(text: &str) -> Result<Self, TimeError> {
        let (clock, fraction) = match text.split_once('.') {
            Some((clock, fraction)) if clock.len() == 8 => (clock, Some(fraction)),
            Some(_) => return Err(TimeError::Time),
            None => (text, None),
        };
        let shaped = matches!(clock.len(), 5 | 8)
            && clock.bytes().enumerate().all(|(at, byte)| match at % 3 {
                2 => byte == b':',
                _ => byte.is_ascii_digit(),
            });
        if !shaped {
            return Err(TimeError::Time);
        }
        let mut parts = clock.split(':').map(|part| part.parse::<u32>().unwrap_or(u32::MAX));
        let mut next = || parts.next().unwrap_or(0);
        let micros = fraction.map_or(Some(0), parse_fraction).ok_or(TimeError::Time)?;
        NaiveTime::from_hms_micro_opt(next(), next(), next(), micros)
            .map(Self)
            .ok_or(TimeError::Time)
    }

    /// Hour, 0 to 23.
    #[must_use]
    pub fn hour(self) -> u32 {
        self.0.hour()
    }

    /// Minute, 0 to 59.
    #[must_use]
    pub fn minute(self) -> u32 {
        self.0.minute()
    }

    /// Minutes since midnight on the wall clock, 0 to 1439; seconds are cut.
    #[must_use]
    pub fn minute_of_day(self) -> u32 {
        self.hour() * 60 + self.minute()
    }
}

fn parse_fraction(text: &str) -> Option<u32> {
    let digits = (1..=12).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
    if !digits {
        return None;
    }
    let six: String = text.chars().chain("000000".chars()).take(6).collect();
    six.parse().ok()
}

impl fmt::Display for CivilTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:02}:{:02}", self.hour(), self.minute())?;
        if self.0.second() != 0 || self.0.nanosecond() != 0 {
            write!(f, ":{:02}", self.0.second())?;
        }
        write_fraction(f, self.0.nanosecond() / 1000)
    }
}

fn write_fraction(f: &mut fmt::Formatter<'_>, micros: u32) -> fmt::Result {
    if micros == 0 { Ok(()) } else { write!(f, ".{micros:06}") }
}

/// A date and time on the wall clock, without an offset. Text form `YYYY-MM-DDTHH:MM`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CivilDateTime(NaiveDateTime);

impl CivilDateTime {
    /// Reads a date, `T` (or a space), and a time of day.
    ///
    /// # Errors
    /// [`TimeError::DateTime`].
    pub fn parse(text: &str) -> Result<Self, TimeError> {
        let (date, time) = text.split_once(['T', 't', ' ']).ok_or(TimeError::DateTime)?;
        let date = CivilDate::parse(date).map_err(|_| TimeError::DateTime)?;
        let time = CivilTime::parse(time).map_err(|_| TimeError::DateTime)?;
        Ok(date.at(time))
    }

    /// The date part.
    #[must_use]
    pub fn date(self) -> CivilDate {
        CivilDate(self.0.date())
    }

    /// The time of day.
    #[must_use]
    pub fn time(self) -> CivilTime {
        CivilTime(self.0.time())
    }

    /// The instant at which a clock `offset_s` seconds east of UTC shows this; `None` when outside
    /// `Instant::MIN..=MAX`.
    #[must_use]
    pub fn at_offset(self, offset_s: i32) -> Option<Instant> {
        let micros = self.wall_micros().checked_sub(i64::from(offset_s) * MICROS_PER_SECOND)?;
        Instant::checked_from_micros(micros)
    }

    /// Microseconds from 1970-01-01T00:00 on the wall clock to this.
    pub(crate) fn wall_micros(self) -> i64 {
        self.0.and_utc().timestamp_micros()
    }

    fn from_wall_micros(micros: i64) -> Option<Self> {
        chrono::DateTime::from_timestamp_micros(micros).map(|time| Self(time.naive_utc()))
    }

    fn with_seconds(self) -> impl fmt::Display {
        fmt::from_fn(move |f| {
            let (date, time) = (self.date(), self.time());
            write!(f, "{date}T{:02}:{:02}:{:02}", time.hour(), time.minute(), time.0.second())?;
            write_fraction(f, time.0.nanosecond() / 1000)
        })
    }
}

impl fmt::Display for CivilDateTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}T{}", self.date(), self.time())
    }
}

/// Day of the week, Monday first. Text form `mon` … `sun`.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize,
)]
#[serde(rename_all = "lowercase")]
#[allow(missing_docs)]
pub enum Weekday {
    Mon,
    Tue,
    Wed,
    Thu,
    Fri,
    Sat,
    Sun,
}

impl Weekday {
    /// All seven, Monday first.
    pub const ALL: [Self; 7] =
        [Self::Mon, Self::Tue, Self::Wed, Self::Thu, Self::Fri, Self::Sat, Self::Sun];

    /// `mon` … `sun`.
    #[must_use]
    pub const fn code(self) -> &'static str {
        ["mon", "tue", "wed", "thu", "fri", "sat", "sun"][self as usize]
    }

    /// Reads `mon` … `sun`, lower case.
    ///
    /// # Errors
    /// [`TimeError::Weekday`].
    pub fn parse(text: &str) -> Result<Self, TimeError> {
        Self::ALL.into_iter().find(|day| day.code() == text).ok_or(TimeError::Weekday)
    }
}

impl fmt::Display for Weekday {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

macro_rules! as_text {
    ($($kind:ty),*) => {$(
        impl Serialize for $kind {
            fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
                to.collect_str(self)
            }
        }
        impl<'de> Deserialize<'de> for $kind {
            fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
                let text = std::borrow::Cow::<'de, str>::deserialize(from)?;
                <$kind>::parse(&text).map_err(serde::de::Error::custom)
            }
        }
        impl std::str::FromStr for $kind {
            type Err = TimeError;
            fn from_str(text: &str) -> Result<Self, TimeError> {
                <$kind>::parse(text)
            }
        }
    )*};
}
as_text!(OffsetTime, CivilDate, CivilTime, CivilDateTime);

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
