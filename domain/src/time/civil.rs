//! Civil dates and times: what a calendar and a wall clock show.

use std::fmt;

use chrono::{Datelike, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, Timelike};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::{Instant, MICROS_PER_SECOND, OffsetTime, TimeError};

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

    /// The wall clock so many microseconds after 1970-01-01T00:00 on it. Instants are bounded far
    /// inside what the calendar holds, so the fallback is never taken.
    pub(super) fn from_wall_micros(micros: i64) -> Self {
        let shown = chrono::DateTime::from_timestamp_micros(micros);
        Self(shown.map_or(NaiveDateTime::MIN, |time| time.naive_utc()))
    }

    pub(super) fn with_seconds(self) -> impl fmt::Display {
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
