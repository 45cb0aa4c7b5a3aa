//! A home's policy: hours of administration, med passes, windows, giving, witness, escalation and
//! wristbands. The shell reads it from a file; here it is checked and asked.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::RangeInclusive;

use serde::{Deserialize, Deserializer, Serialize};

pub use super::fault::{Fault, FaultCode};
use super::frequency::{Frequencies, Frequency, Hour};
use super::meal::Meals;
use super::pattern::Pattern;
use super::window::{CivilSpan, Window};
use crate::amount::Amount;
use crate::limit::{Day, IngredientCap};
use crate::time::{CivilDate, CivilDateTime};
use crate::zone::ZoneName;

/// The one form of policy known.
pub const SCHEMA: u32 = 1;
/// Longest escalation time, in minutes: a day.
pub const ESCALATION_MAX_MIN: u32 = 1_440;
/// Most minutes a window may be open to one side: twelve hours.
pub const WINDOW_MAX_MIN: u32 = 720;

/// Fewest and most days doses may be planned ahead, and how many are where a home says nothing: the
/// project's choice.
pub const HORIZON_DAYS: RangeInclusive<u32> = 2..=60;
const HORIZON_DAYS_DEFAULT: u32 = 14;

/// Everything a home decides for itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Policy {
    /// Version of the form, [`SCHEMA`].
    pub schema: u32,
    /// Opaque id of the home, used in topics: 1 to 32 of a–z, 0–9 and `-`.
    pub facility: String,
    /// What people call the home.
    pub name: String,
    /// Whose customs are the defaults.
    pub profile: Profile,
    /// The home's zone.
    pub zone: ZoneName,
    /// From which civil midnight on; absent: the next one after it is applied.
    #[serde(default, deserialize_with = "civil_date", skip_serializing_if = "Option::is_none")]
    pub effective_from: Option<CivilDate>,
    /// How many days ahead doses are planned.
    #[serde(default = "horizon_days", skip_serializing_if = "is_usual_horizon")]
    pub horizon_days: u32,
    /// The units, by opaque id.
    pub units: BTreeMap<String, Unit>,
    /// Med passes by name.
    pub passes: BTreeMap<String, CivilSpan>,
    /// Hours by frequency code, in place of the table's.
    #[serde(default)]
    pub hours: BTreeMap<String, Vec<Hour>>,
    /// When meals begin: moves the hours of codes tied to them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub meals: Option<Meals>,
    /// Windows of administration.
    pub windows: Windows,
    /// How giving is done.
    #[serde(default)]
    pub giving: Giving,
    /// What a second person must witness.
    #[serde(default)]
    pub witness: Witness,
    /// The most of an ingredient in a day, over all orders of a resident, by ingredient in lower
    /// case. A pharmacist sets them.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub limits: BTreeMap<String, DayLimit>,
    /// When an alert climbs.
    #[serde(default)]
    pub escalation: Escalation,
    /// How this home's wristbands read.
    pub wristband: Wristband,
}

const fn horizon_days() -> u32 {
    HORIZON_DAYS_DEFAULT
}

/// Left out when stored, so that a version kept before there was a choice stays the same text.
const fn is_usual_horizon(days: &u32) -> bool {
    *days == HORIZON_DAYS_DEFAULT
}

/// Whose customs are the defaults.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs)]
pub enum Profile {
    Us,
    Uk,
}

/// One unit of the home.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Unit {
    /// Rooms and beds, each in one unit only.
    pub rooms: Vec<String>,
    /// Hours by frequency code, in place of the home's.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub hours: BTreeMap<String, Vec<Hour>>,
    /// Windows, in place of the home's.
    #[serde(default, skip_serializing_if = "UnitWindows::is_empty")]
    pub windows: UnitWindows,
}

/// Windows of one unit, where they are others than the home's.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct UnitWindows {
    /// As [`Windows::class`].
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub class: BTreeMap<String, String>,
    /// As [`Windows::minutes`].
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub minutes: BTreeMap<String, Window>,
}

impl UnitWindows {
    fn is_empty(&self) -> bool {
        self.class.is_empty() && self.minutes.is_empty()
    }
}

/// Windows of administration. No federal rule sets minutes: surveyors compare with this.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Windows {
    /// The class of ordinary doses (`multi_daily`, `daily_or_longer`, ordered once), or
    /// `by_frequency`: each keeps its own class.
    pub default: String,
    /// Ingredients or drug classes that are `time_critical` (ISMP 2011), lower case.
    #[serde(default)]
    pub time_critical: BTreeSet<String>,
    /// Classes by frequency code, in place of the table's and of the default.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub class: BTreeMap<String, String>,
    /// Minutes in place of the table's: by class (lower case), or by frequency code (upper case),
    /// which comes before its class.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub minutes: BTreeMap<String, Window>,
}

/// [`Windows::default`]: every dose keeps the class of its frequency.
pub const BY_FREQUENCY: &str = "by_frequency";
/// Classes that the home's default class replaces.
const ORDINARY: [&str; 3] = ["multi_daily", "daily_or_longer", "facility_60"];

/// What makes a prepared dose a given one. Model, section 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Confirm {
    /// TAKEN or Enter confirms the whole pot of a resident.
    #[default]
    Resident,
    /// Every dose by itself.
    Each,
    /// The last package writes both facts.
    Scan,
}

/// Giving a dose before its window opens; after it closed, a reason is always asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OffSchedule {
    /// Without a question.
    Free,
    /// With a reason.
    #[default]
    Review,
    /// Not at all.
    Blocked,
}

/// Giving before an order is verified.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Unverified {
    /// Refused.
    #[default]
    Forbid,
    /// With a warning.
    Warn,
    /// Without a question.
    Allow,
}

/// How giving is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Giving {
    /// What makes a prepared dose a given one.
    pub confirm: Confirm,
    /// Giving before the window opens.
    pub off_schedule: OffSchedule,
    /// Giving before verification.
    pub unverified: Unverified,
    /// Seconds a cart's clock may differ from the server's before nobody can sign on at it.
    pub clock_variance_max_s: u32,
}

impl Default for Giving {
    fn default() -> Self {
        Self {
            confirm: Confirm::default(),
            off_schedule: OffSchedule::default(),
            unverified: Unverified::default(),
            clock_variance_max_s: 120,
        }
    }
}

/// When no second person can be had.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NoneAvailable {
    /// The dose waits.
    #[default]
    Forbid,
    /// The dose may be given alone, and an alert says so.
    AllowWithAlert,
}

/// What a second person must witness.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Witness {
    /// Ingredients or drug classes, lower case.
    pub required: BTreeSet<String>,
    /// When no second person can be had.
    pub none_available: NoneAvailable,
}

/// The most of an ingredient in a day. Schedules, rule 8.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DayLimit {
    /// How much: `3 g`. Exactly so much is allowed.
    pub most: String,
    /// Which givings count together.
    #[serde(default)]
    pub day: Day,
}

impl DayLimit {
    /// The cap, when its amount can be read and is more than nothing.
    #[must_use]
    pub fn cap(&self) -> Option<IngredientCap> {
        let most = Amount::parse_text(&self.most).ok().filter(|most| most.nano > 0)?;
        Some(IngredientCap { most, day: self.day })
    }
}

/// When an alert climbs, in minutes after it is raised. Reliability: L1, L2, L3.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Escalation {
    /// Shown at the station.
    pub station_min: u32,
    /// To the charge nurse.
    pub charge_nurse_min: u32,
    /// To the person on call.
    pub on_call_min: u32,
    /// Seconds after which an acceptance without an outcome lapses and the alert sounds again.
    pub accept_expires_s: u32,
}

impl Default for Escalation {
    fn default() -> Self {
        Self { station_min: 0, charge_nurse_min: 10, on_call_min: 20, accept_expires_s: 600 }
    }
}

/// How this home's wristbands read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Wristband {
    /// GS1 company prefix of this home's GSRNs (AI 8018); absent: no GS1 wristbands.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gsrn_prefix: Option<String>,
    /// The facility's own pattern, in the small language of [`Pattern`].
    pub pattern: Pattern,
}

/// A med pass on a date.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Pass {
    /// The date on which it opens.
    pub date: CivilDate,
    /// Its name.
    pub name: String,
}

impl Policy {
    /// How far ahead doses are planned, in minutes.
    #[must_use]
    pub fn horizon_minutes(&self) -> i64 {
        i64::from(self.horizon_days) * 24 * 60
    }

    /// The pass a civil time lies in, both bounds included; of two that meet, the earlier. `None`
    /// between passes.
    #[must_use]
    pub fn pass_of(&self, civil: CivilDateTime) -> Option<Pass> {
        let mut found: Vec<(CivilDateTime, &String)> = self
            .passes
            .iter()
            .filter_map(|(name, span)| Some((span.opening_date(civil)?.at(span.opens), name)))
            .collect();
        found.sort();
        found.first().map(|(opened, name)| Pass { date: opened.date(), name: (*name).clone() })
    }

    /// Hours a home gives a code: the unit's before the home's; `None`: the table's stand.
    #[must_use]
    pub fn hours(&self, unit: &str, code: &str) -> Option<&[Hour]> {
        let of_unit = self.units.get(unit).and_then(|unit| unit.hours.get(code));
        of_unit.or_else(|| self.hours.get(code)).map(Vec::as_slice)
    }

    /// Hours of a code here: the unit's before the home's before what its meals make of the
    /// table's. `None`: the table's stand.
    #[must_use]
    pub fn hours_of(&self, unit: &str, frequency: &Frequency) -> Option<Vec<Hour>> {
        let own = self.hours(unit, &frequency.code).map(<[Hour]>::to_vec);
        own.or_else(|| self.meals.as_ref()?.hours(frequency))
    }

    /// The unit that has this room.
    #[must_use]
    pub fn unit_of_room(&self, room: &str) -> Option<&str> {
        let has = |unit: &Unit| unit.rooms.iter().any(|other| other == room);
        self.units.iter().find(|(_, unit)| has(unit)).map(|(id, _)| id.as_str())
    }

    /// Whether a drug is time critical here, by its ingredients and classes.
    #[must_use]
    pub fn is_time_critical<'t>(&self, mut terms: impl Iterator<Item = &'t str>) -> bool {
        terms.any(|term| self.windows.time_critical.contains(&term.to_ascii_lowercase()))
    }

    /// Whether a drug needs a witness here, by its ingredients and classes.
    #[must_use]
    pub fn needs_witness<'t>(&self, mut terms: impl Iterator<Item = &'t str>) -> bool {
        terms.any(|term| self.witness.required.contains(&term.to_ascii_lowercase()))
    }

    /// The window of the dose at `slot` (from 1) of a code. Schedules, section 3: what the unit or
    /// the home says of the code itself; else the home's class for ordinary doses, and the
    /// frequency's own class for meals, short intervals and STAT; a time critical drug is never
    /// given more room than `time_critical` allows. A liberalised pass is open for its whole span.
    /// `None`: the class has no bounds.
    #[must_use]
    pub fn window(
        &self,
        table: &Frequencies,
        frequency: &Frequency,
        unit: &str,
        slot: u32,
        time_critical: bool,
    ) -> Option<Window> {
        let code = frequency.code.as_str();
        let last = slot == frequency.doses_per_day;
        let own = frequency.last_window_class.as_deref().filter(|_| last);
        let own = own.unwrap_or(&frequency.window_class);
        let ordinary = ORDINARY.contains(&own) && self.windows.default != BY_FREQUENCY;
        let class = if ordinary { self.windows.default.as_str() } else { own };
        let class = self.class_of(unit, code).unwrap_or(class);
        let minutes = |class, interval| self.minutes(table, unit, class, interval);
        let hours = self.hours(unit, &frequency.code).unwrap_or(&frequency.times);
        let span =
            usize::try_from(slot).ok().and_then(|slot| spans(hours).nth(slot.checked_sub(1)?));
        let window = match span {
            Some(span) => Some(Window { before_min: 0, after_min: span.minutes() }),
            None => {
                self.own_minutes(unit, code).or_else(|| minutes(class, frequency.interval_minutes))
            }
        };
        if time_critical { self.narrowed(table, unit, window) } else { window }
    }

    /// The window of ordinary doses that no code describes: of the home's default class; where each
    /// code keeps its own, of what is given several times a day.
    pub(super) fn usual_window(
        &self,
        table: &Frequencies,
        unit: &str,
        time_critical: bool,
    ) -> Option<Window> {
        let by_frequency = self.windows.default == BY_FREQUENCY;
        let class = if by_frequency { "multi_daily" } else { self.windows.default.as_str() };
        let window = self.minutes(table, unit, class, None);
        if time_critical { self.narrowed(table, unit, window) } else { window }
    }

    fn narrowed(&self, table: &Frequencies, unit: &str, window: Option<Window>) -> Option<Window> {
        match (window, self.minutes(table, unit, "time_critical", None)) {
            (Some(window), Some(critical)) => Some(Window {
                before_min: window.before_min.min(critical.before_min),
                after_min: window.after_min.min(critical.after_min),
            }),
            (window, critical) => window.or(critical),
        }
    }

    fn class_of(&self, unit: &str, code: &str) -> Option<&str> {
        let of_unit = self.units.get(unit).and_then(|unit| unit.windows.class.get(code));
        of_unit.or_else(|| self.windows.class.get(code)).map(String::as_str)
    }

    fn own_minutes(&self, unit: &str, class_or_code: &str) -> Option<Window> {
        let of_unit = self.units.get(unit).and_then(|u| u.windows.minutes.get(class_or_code));
        of_unit.or_else(|| self.windows.minutes.get(class_or_code)).copied()
    }

    fn minutes(
        &self,
        table: &Frequencies,
        unit: &str,
        class: &str,
        interval: Option<u32>,
    ) -> Option<Window> {
        let own = self.own_minutes(unit, class);
        own.or_else(|| table.window_class(class).and_then(|row| row.window(interval)))
    }
}

/// The spans among hours, in order of opening.
fn spans(hours: &[Hour]) -> impl Iterator<Item = CivilSpan> {
    let mut spans: Vec<CivilSpan> = hours
        .iter()
        .filter_map(|hour| match hour {
            Hour::Span(span) => Some(*span),
            Hour::At(_) => None,
        })
        .collect();
    spans.sort_unstable();
    spans.into_iter()
}

/// A date as text, or as the one-entry map in which TOML readers hand over a bare date.
fn civil_date<'de, D: Deserializer<'de>>(from: D) -> Result<Option<CivilDate>, D::Error> {
    struct Written;
    impl<'de> serde::de::Visitor<'de> for Written {
        type Value = CivilDate;
        fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str("a date written YYYY-MM-DD")
        }
        fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<CivilDate, E> {
            CivilDate::parse(text).map_err(E::custom)
        }
        fn visit_map<A: serde::de::MapAccess<'de>>(
            self,
            mut map: A,
        ) -> Result<CivilDate, A::Error> {
            let entry = map.next_entry::<serde::de::IgnoredAny, CivilDate>()?;
            entry.map(|(_, date)| date).ok_or_else(|| serde::de::Error::missing_field("date"))
        }
    }
    from.deserialize_any(Written).map(Some)
}
