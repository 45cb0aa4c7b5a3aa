//! Zone rules as data: a checked name and the transitions of one zone, taken by the shell from the
//! newest tz database it has. The core knows no database of its own.

use serde::{Deserialize, Serialize};

use crate::time::{CivilDate, CivilDateTime, Instant, MICROS_PER_SECOND, OFFSET_MAX_S, OffsetTime};

/// Most transitions a zone may have: two a year for a thousand years.
pub const TRANSITIONS_MAX: usize = 2_000;

/// Why zone rules are refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ZoneError {
    /// Not the name of an IANA zone.
    #[error("a zone is named like America/New_York: letters, digits, _ - + and / only")]
    Name,
    /// An offset beyond 18 hours.
    #[error("an offset of {offset_s} s is no offset of any zone")]
    Offset {
        /// The offset found, seconds east of UTC.
        offset_s: i32,
    },
    /// Transitions not in strictly growing order.
    #[error("the transitions are not in time order at number {index}")]
    Order {
        /// Which transition, from 0.
        index: u32,
    },
    /// More than [`TRANSITIONS_MAX`] transitions.
    #[error("a zone with more than {TRANSITIONS_MAX} transitions")]
    TooMany,
    /// An abbreviation or database version that is empty, too long or not plain ASCII.
    #[error("an abbreviation or database version that is not plain ASCII of 1 to 32 characters")]
    Text,
}

/// The name of an IANA zone, checked for shape only: whether it exists, the shell's databases know.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ZoneName(String);

impl ZoneName {
    /// Checks the shape: 1 to 64 of letters, digits, `_`, `-`, `+`, in parts divided by single `/`.
    ///
    /// # Errors
    /// [`ZoneError::Name`].
    pub fn new(name: &str) -> Result<Self, ZoneError> {
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'+');
        let sound = name.len() <= 64
            && name.split('/').all(|part| !part.is_empty() && part.bytes().all(plain))
            && name.starts_with(|first: char| first.is_ascii_alphabetic());
        if sound { Ok(Self(name.to_owned())) } else { Err(ZoneError::Name) }
    }

    /// The name as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for ZoneName {
    type Error = ZoneError;
    fn try_from(name: String) -> Result<Self, ZoneError> {
        Self::new(&name)
    }
}

impl From<ZoneName> for String {
    fn from(name: ZoneName) -> Self {
        name.0
    }
}

impl std::fmt::Display for ZoneName {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

/// An offset from UTC and the letters that go with it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ZoneOffset {
    /// Seconds east of UTC.
    pub offset_s: i32,
    /// Such as `EDT`; for zones without letters the offset itself, such as `+1030`.
    pub abbrev: String,
}

/// From `at` on (included) the offset is this one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Transition {
    /// The first instant with the new offset.
    pub at: Instant,
    /// Seconds east of UTC from then on.
    pub offset_s: i32,
    /// Such as `EST`.
    pub abbrev: String,
}

/// Everything the core knows of one zone. Build with [`ZoneRules::new`]; serde checks the same.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Unchecked")]
pub struct ZoneRules {
    name: ZoneName,
    tzdb: String,
    first: ZoneOffset,
    transitions: Vec<Transition>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Unchecked {
    name: ZoneName,
    tzdb: String,
    first: ZoneOffset,
    transitions: Vec<Transition>,
}

impl TryFrom<Unchecked> for ZoneRules {
    type Error = ZoneError;
    fn try_from(raw: Unchecked) -> Result<Self, ZoneError> {
        Self::new(raw.name, raw.tzdb, raw.first, raw.transitions)
    }
}

/// What a civil time means in a zone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Resolved {
    /// It happens once.
    Single(Instant),
    /// A clock change skips it.
    Gap {
        /// The change itself: the first instant after the gap.
        transition: Instant,
        /// The instant the time has with the offset from before the gap (RFC 5545 3.3.5).
        shifted: Instant,
    },
    /// A clock change repeats it.
    Overlap {
        /// The earlier of the two.
        first: Instant,
        /// The later of the two.
        second: Instant,
    },
}

/// What to do with a civil time that a clock change skips. Schedules, zones and DST, rule 2.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum GapPolicy {
    /// Keep the offset from before the gap: 02:30 becomes 03:30 (RFC 5545 3.3.5).
    #[default]
    Rfc5545,
    /// Due at the change itself.
    NextValid,
    /// Dropped, never silently.
    Skip,
}

/// What to do with a civil time that happens twice. Schedules, zones and DST, rule 3.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OverlapPolicy {
    /// Due the first time.
    #[default]
    First,
    /// Due the second time.
    Second,
    /// Due both times: for monitoring only, never for drugs.
    Both,
}

/// The instants of one civil time under a policy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Due {
    /// One instant, and whether a gap moved the time.
    Once {
        /// When.
        at: Instant,
        /// A gap moved it.
        shifted: bool,
    },
    /// Both passes of a repeated hour.
    Twice {
        /// The earlier.
        first: Instant,
        /// The later.
        second: Instant,
    },
    /// Dropped by a gap; `would_be` is the instant RFC 5545 would give it, which places the drop.
    Dropped {
        /// The instant RFC 5545 would give it.
        would_be: Instant,
    },
}

impl ZoneRules {
    /// Checks and keeps the rules of one zone. `tzdb` is the release they are from, such as
    /// `2026f`.
    ///
    /// # Errors
    /// When offsets are insane, transitions out of order or too many, or texts not plain.
    pub fn new(
        name: ZoneName,
        tzdb: String,
        first: ZoneOffset,
        transitions: Vec<Transition>,
    ) -> Result<Self, ZoneError> {
        let plain = |text: &str| {
            (1..=32).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic())
        };
        if transitions.len() > TRANSITIONS_MAX {
            return Err(ZoneError::TooMany);
        }
        let offsets = transitions.iter().map(|change| (change.offset_s, change.abbrev.as_str()));
        for (offset_s, abbrev) in offsets.chain([(first.offset_s, first.abbrev.as_str())]) {
            if offset_s.abs() > OFFSET_MAX_S {
                return Err(ZoneError::Offset { offset_s });
            }
            if !plain(abbrev) {
                return Err(ZoneError::Text);
            }
        }
        if !plain(&tzdb) {
            return Err(ZoneError::Text);
        }
        for (index, pair) in (1_u32..).zip(transitions.windows(2)) {
            if pair[0].at >= pair[1].at {
                return Err(ZoneError::Order { index });
            }
        }
        Ok(Self { name, tzdb, first, transitions })
    }

    /// The zone's name.
    #[must_use]
    pub fn name(&self) -> &ZoneName {
        &self.name
    }

    /// The tz database release the rules are from.
    #[must_use]
    pub fn tzdb(&self) -> &str {
        &self.tzdb
    }

    /// The transitions in time order.
    #[must_use]
    pub fn transitions(&self) -> &[Transition] {
        &self.transitions
    }

    /// How many transitions lie at or before the instant.
    fn passed(&self, instant: Instant) -> usize {
        self.transitions.partition_point(|change| change.at <= instant)
    }

    /// Offset after the first `passed` transitions.
    fn offset_after(&self, passed: usize) -> i32 {
        match passed.checked_sub(1).and_then(|last| self.transitions.get(last)) {
            Some(change) => change.offset_s,
            None => self.first.offset_s,
        }
    }

    /// Seconds east of UTC at the instant.
    #[must_use]
    pub fn offset_at(&self, instant: Instant) -> i32 {
        self.offset_after(self.passed(instant))
    }

    /// The abbreviation in force at the instant, such as `EDT`.
    #[must_use]
    pub fn abbrev_at(&self, instant: Instant) -> &str {
        match self.passed(instant).checked_sub(1).and_then(|last| self.transitions.get(last)) {
            Some(change) => &change.abbrev,
            None => &self.first.abbrev,
        }
    }

    /// What the wall clock shows at the instant.
    #[must_use]
    pub fn to_civil(&self, instant: Instant) -> CivilDateTime {
        instant.at_offset(self.offset_at(instant))
    }

    /// The instant with the zone's offset, to be printed.
    #[must_use]
    pub fn to_offset_time(&self, instant: Instant) -> OffsetTime {
        OffsetTime { instant, offset_s: self.offset_at(instant) }
    }

    /// The first instant after `instant` at which the calendar shows another date; `None` beyond
    /// the years of the record. Clocks put back over midnight make it the date before.
    #[must_use]
    pub fn next_date_change(&self, instant: Instant) -> Option<Instant> {
        let today = self.to_civil(instant).date();
        let midnight = today.plus_days(1)?.midnight();
        let mut passed = self.passed(instant);
        loop {
            let plain = midnight.at_offset(self.offset_after(passed))?;
            match self.transitions.get(passed).filter(|change| change.at <= plain) {
                Some(change) if change.at.at_offset(change.offset_s).date() != today => {
                    return Some(change.at);
                }
                Some(_) => passed += 1,
                None => return Some(plain),
            }
        }
    }

    /// What a civil time means here: once, never or twice.
    #[must_use]
    pub fn resolve(&self, civil: CivilDateTime) -> Resolved {
        let wall = civil.wall_micros();
        let at_offset =
            |offset_s: i32| Instant::from_micros(wall - i64::from(offset_s) * MICROS_PER_SECOND);
        let earliest = self.passed(at_offset(OFFSET_MAX_S));
        // A day and a half later: hardly ever is a transition between.
        let last = at_offset(-OFFSET_MAX_S);
        let later = self.transitions.get(earliest..).unwrap_or_default();
        let latest = earliest + later.iter().take_while(|change| change.at <= last).count();
        let (mut found, mut gap) = ([None, None], None);
        for passed in earliest..=latest {
            let instant = at_offset(self.offset_after(passed));
            let begun = passed == 0 || self.transitions[passed - 1].at <= instant;
            let ended = self.transitions.get(passed).filter(|change| change.at <= instant);
            match ended {
                None if begun && found[0].is_none() => found[0] = Some(instant),
                None if begun && found[1].is_none() => found[1] = Some(instant),
                None => {}
                // Past the end by the old offset, before the beginning by the new one: a gap.
                Some(change) if at_offset(change.offset_s) < change.at => {
                    gap = gap.or(Some((change.at, instant)));
                }
                Some(_) => {}
            }
        }
        match (found, gap) {
            ([Some(first), Some(second)], _) => Resolved::Overlap { first, second },
            ([Some(single), None], _) => Resolved::Single(single),
            (_, Some((transition, shifted))) => Resolved::Gap { transition, shifted },
            // Unreachable for ordered rules; the offset in force is the only sane reading left.
            (_, None) => Resolved::Single(at_offset(self.offset_after(earliest))),
        }
    }

    /// The first instant at which the wall clock shows this date or a later one.
    #[must_use]
    pub fn day_begins(&self, date: CivilDate) -> Instant {
        match self.resolve(date.midnight()) {
            Resolved::Single(at) | Resolved::Overlap { first: at, .. } => at,
            Resolved::Gap { transition, .. } => transition,
        }
    }

    /// The first instant of the civil day after the one that runs at `now`.
    #[must_use]
    pub fn next_day_begins(&self, now: Instant) -> Instant {
        let next = self.to_civil(now).date().plus_days(1);
        next.map_or(Instant::MAX, |date| self.day_begins(date))
    }

    /// The instants of a civil time under a home's clock-change policy.
    #[must_use]
    pub fn resolve_with(
        &self,
        civil: CivilDateTime,
        gap: GapPolicy,
        overlap: OverlapPolicy,
    ) -> Due {
        match (self.resolve(civil), gap, overlap) {
            (Resolved::Single(at), _, _)
            | (Resolved::Overlap { first: at, .. }, _, OverlapPolicy::First)
            | (Resolved::Overlap { second: at, .. }, _, OverlapPolicy::Second) => {
                Due::Once { at, shifted: false }
            }
            (Resolved::Overlap { first, second }, _, OverlapPolicy::Both) => {
                Due::Twice { first, second }
            }
            (Resolved::Gap { shifted: at, .. }, GapPolicy::Rfc5545, _)
            | (Resolved::Gap { transition: at, .. }, GapPolicy::NextValid, _) => {
                Due::Once { at, shifted: true }
            }
            (Resolved::Gap { shifted, .. }, GapPolicy::Skip, _) => {
                Due::Dropped { would_be: shifted }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn zone(first_s: i32, changes: &[(&str, i32)]) -> ZoneRules {
        let letters = || "XXT".to_owned();
        let first = ZoneOffset { offset_s: first_s, abbrev: letters() };
        let change = |&(at, offset_s): &(&str, i32)| Transition {
            at: Instant::parse(at).unwrap(),
            offset_s,
            abbrev: letters(),
        };
        let changes = changes.iter().map(change).collect();
        ZoneRules::new(ZoneName::new("Test/Zone").unwrap(), "2026f".into(), first, changes).unwrap()
    }

    fn instant(text: &str) -> Instant {
        Instant::parse(text).unwrap()
    }

    #[test]
    fn gaps_and_overlaps() {
        let new_york =
            zone(-18000, &[("2026-03-08T07:00Z", -14400), ("2026-11-01T06:00Z", -18000)]);
        let resolve = |text| new_york.resolve(CivilDateTime::parse(text).unwrap());
        let gap = |shifted| Resolved::Gap {
            transition: instant("2026-03-08T07:00Z"),
            shifted: instant(shifted),
        };
        for (civil, wanted) in [
            ("2026-03-08T01:59:59", Resolved::Single(instant("2026-03-08T06:59:59Z"))),
            ("2026-03-08T02:00", gap("2026-03-08T07:00Z")),
            ("2026-03-08T02:59", gap("2026-03-08T07:59Z")),
            ("2026-03-08T03:00", Resolved::Single(instant("2026-03-08T07:00Z"))),
            ("2026-11-01T00:59", Resolved::Single(instant("2026-11-01T04:59Z"))),
            (
                "2026-11-01T01:00",
                Resolved::Overlap {
                    first: instant("2026-11-01T05:00Z"),
                    second: instant("2026-11-01T06:00Z"),
                },
            ),
            ("2026-11-01T02:00", Resolved::Single(instant("2026-11-01T07:00Z"))),
        ] {
            assert_eq!(resolve(civil), wanted, "{civil}");
        }
    }

    #[test]
    fn a_whole_day_may_be_skipped() {
        let apia = zone(-36000, &[("2011-12-30T10:00Z", 50400)]);
        let resolved = apia.resolve(CivilDateTime::parse("2011-12-30T09:00").unwrap());
        let shifted = instant("2011-12-30T19:00Z");
        assert_eq!(resolved, Resolved::Gap { transition: instant("2011-12-30T10:00Z"), shifted });
        assert_eq!(apia.to_civil(shifted).to_string(), "2011-12-31T09:00");
    }

    #[test]
    fn a_date_ends_when_the_calendar_shows_another() {
        let st_johns = zone(-9000, &[("2010-11-07T02:31Z", -12600)]);
        let havana = zone(-18000, &[("2026-03-08T05:00Z", -14400)]);
        let apia = zone(-36000, &[("2011-12-30T10:00Z", 50400)]);
        for (zone, from, until) in [
            // Midnight, a minute of the new date, then the old one again until a second midnight.
            (&st_johns, "2010-11-06T20:00Z", "2010-11-07T02:30Z"),
            (&st_johns, "2010-11-07T02:30Z", "2010-11-07T02:31Z"),
            (&st_johns, "2010-11-07T02:31Z", "2010-11-07T03:30Z"),
            // Midnight itself is skipped.
            (&havana, "2026-03-07T12:00Z", "2026-03-08T05:00Z"),
            (&havana, "2026-03-08T05:00Z", "2026-03-09T04:00Z"),
            // A whole date is skipped.
            (&apia, "2011-12-30T09:00Z", "2011-12-30T10:00Z"),
        ] {
            assert_eq!(zone.next_date_change(instant(from)), Some(instant(until)), "{from}");
        }
        assert_eq!(havana.next_date_change(Instant::MAX), None);
    }

    #[test]
    fn bad_rules_are_refused() {
        for name in ["", "/", "../etc", "America//New_York", "a b", "1", "America/", "é"] {
            assert_eq!(ZoneName::new(name), Err(ZoneError::Name), "{name}");
        }
        let rules = r#"{"name":"A/B","tzdb":"2026f","first":{"offset_s":0,"abbrev":"X"},
            "transitions":[{"at":5,"offset_s":0,"abbrev":"X"},{"at":5,"offset_s":1,"abbrev":"X"}]}"#;
        assert!(serde_json::from_str::<ZoneRules>(rules).is_err());
        let sound = rules.replace("\"at\":5,\"offset_s\":1", "\"at\":6,\"offset_s\":1");
        assert!(serde_json::from_str::<ZoneRules>(&sound).is_ok());
        let wild = sound.replace("\"offset_s\":1", "\"offset_s\":64801");
        assert!(serde_json::from_str::<ZoneRules>(&wild).is_err());
    }
}
