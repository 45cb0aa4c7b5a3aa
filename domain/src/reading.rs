//! Readings: what was measured on a resident, and when.
//!
//! A reading belongs to the resident, not to a dose: taken once in a pass, it serves every order
//! that asks for it for as long as that order lets it count.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::amount::format_nano;
use crate::id::{CartId, ReadingId, ResidentId, UserId};
use crate::scale::{Glucose, GlucoseUnit, Level};
use crate::schedule::policy::Profile;
use crate::time::{Instant, MICROS_PER_SECOND, SECONDS_PER_MINUTE};

/// Billionths in one.
const ONE: i64 = 1_000_000_000;
/// Billionths in a tenth.
const TENTH: i64 = ONE / 10;

/// The reading a sliding scale is entered with.
pub const GLUCOSE: &str = "glucose";

/// One measured value, as hold parameters compare it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reading {
    /// What was measured and where, such as `sbp` or `hr_apical`. Only the very same code is the
    /// same reading: an apical pulse is no radial pulse.
    pub code: String,
    /// The value in billionths of the code's unit. Never negative when read from outside.
    pub nano: i64,
    /// When.
    pub at: Instant,
}

/// The readings that are charted, and that a hold parameter may look at.
pub const CODES: [&str; 12] = [
    "sbp",
    "dbp",
    "hr",
    "hr_apical",
    "hr_radial",
    "rr",
    "spo2",
    "temp",
    "inr",
    GLUCOSE,
    "weight",
    "pain",
];

/// What an instrument shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Shown {
    /// A number, in billionths of the unit.
    Nano(i64),
    /// `HI`: above what a glucose meter measures.
    Hi,
    /// `LO`: below what a glucose meter measures.
    Lo,
}

impl fmt::Display for Shown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Nano(nano) => f.write_str(&format_nano(*nano)),
            Self::Hi => f.write_str("HI"),
            Self::Lo => f.write_str("LO"),
        }
    }
}

/// A reading as it was charted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Measured {
    /// Identity.
    pub id: ReadingId,
    /// On whom.
    pub resident: ResidentId,
    /// What and where, one of [`CODES`].
    pub code: String,
    /// What the instrument showed.
    pub shown: Shown,
    /// The unit of a glucose reading; the others have one unit in a home, see [`scope`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub glucose_unit: Option<GlucoseUnit>,
    /// By whom.
    pub by: UserId,
    /// At which cart, if at one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cart: Option<CartId>,
    /// When it was measured.
    pub at: Instant,
    /// When it was recorded.
    pub recorded_at: Instant,
}

impl Measured {
    /// As a hold parameter compares it: `HI` above every number, `LO` below every one. `None` for
    /// glucose in another unit than `glucose`, the one its numbers are in: values are never
    /// converted.
    #[must_use]
    pub fn compared(&self, glucose: GlucoseUnit) -> Option<Reading> {
        if self.glucose_unit.is_some_and(|unit| unit != glucose) {
            return None;
        }
        let nano = match self.shown {
            Shown::Nano(nano) => nano,
            Shown::Hi => i64::MAX,
            Shown::Lo => -1,
        };
        Some(Reading { code: self.code.clone(), nano, at: self.at })
    }

    /// As a sliding scale reads it. `None` for what is no glucose, or no whole number: the rows of
    /// a scale are of whole numbers, and nothing is rounded into one.
    #[must_use]
    pub fn as_glucose(&self) -> Option<Glucose> {
        let level = match self.shown {
            Shown::Nano(nano) if nano % ONE != 0 => return None,
            Shown::Nano(nano) => Level::Value(u32::try_from(nano / ONE).ok()?),
            Shown::Hi => Level::Hi,
            Shown::Lo => Level::Lo,
        };
        Some(Glucose { level, unit: self.glucose_unit? })
    }

    /// By time of measuring; of two at one instant the one recorded later counts as the newer.
    #[must_use]
    pub(crate) const fn rank(&self) -> (Instant, Instant, ReadingId) {
        (self.at, self.recorded_at, self.id)
    }
}

/// Whether a reading of `taken` counts at `at`; one exactly at the limit does. Schedules, rule 9.
#[must_use]
pub const fn is_fresh(taken: Instant, max_age_minutes: u32, at: Instant) -> bool {
    let most = max_age_minutes as i64 * SECONDS_PER_MINUTE * MICROS_PER_SECOND;
    at.micros_since(taken) <= most
}

/// The unit in which a home measures glucose unless an order's scale names the other.
#[must_use]
pub const fn customary_glucose(profile: Profile) -> GlucoseUnit {
    match profile {
        Profile::Us => GlucoseUnit::MgPerDl,
        Profile::Uk => GlucoseUnit::MmolPerL,
    }
}

/// What values a reading can have: outside of it a number is a slip, and is not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Scope {
    /// The unit, as it is written; empty for a ratio or a score.
    pub unit: &'static str,
    /// The least, in billionths of the unit.
    pub least_nano: i64,
    /// The most, in billionths of the unit.
    pub most_nano: i64,
    /// The finest step, in billionths of the unit.
    pub step_nano: i64,
}

impl Scope {
    /// Whether a value can be one.
    #[must_use]
    pub const fn holds(&self, nano: i64) -> bool {
        self.least_nano <= nano && nano <= self.most_nano && nano % self.step_nano == 0
    }
}

/// Unit and bounds of a reading in a home; `None` for a code that is not known. The bounds are the
/// project's own choice, wide enough for every living resident: they catch slips of the finger and
/// judge nothing.
#[must_use]
pub fn scope(code: &str, profile: Profile, glucose: GlucoseUnit) -> Option<Scope> {
    let of = |unit, least, most, step_nano| {
        Some(Scope { unit, least_nano: least * ONE, most_nano: most * ONE, step_nano })
    };
    match (code, profile) {
        ("sbp", _) => of("mmHg", 30, 320, ONE),
        ("dbp", _) => of("mmHg", 10, 220, ONE),
        ("hr" | "hr_apical" | "hr_radial", _) => of("/min", 10, 300, ONE),
        ("rr", _) => of("/min", 2, 90, ONE),
        ("spo2", _) => of("%", 30, 100, ONE),
        ("temp", Profile::Us) => of("°F", 75, 115, TENTH),
        ("temp", Profile::Uk) => of("°C", 24, 46, TENTH),
        ("inr", _) => Some(Scope {
            unit: "",
            least_nano: ONE / 2,
            most_nano: 20 * ONE,
            step_nano: TENTH / 10,
        }),
        (GLUCOSE, _) => match glucose {
            GlucoseUnit::MgPerDl => of(glucose.code(), 10, 1_500, ONE),
            GlucoseUnit::MmolPerL => of(glucose.code(), 1, 80, TENTH),
        },
        ("weight", Profile::Us) => of("lb", 40, 1_100, TENTH),
        ("weight", Profile::Uk) => of("kg", 18, 500, TENTH),
        ("pain", _) => of("", 0, 10, ONE),
        _ => None,
    }
}

/// A reading's code in plain English; one not known is written out as it stands.
#[must_use]
pub fn code_in_words(code: &str) -> String {
    let words = match code {
        "sbp" => "systolic pressure",
        "dbp" => "diastolic pressure",
        "hr" => "heart rate",
        "hr_apical" => "apical pulse",
        "hr_radial" => "radial pulse",
        "rr" => "respiratory rate",
        "spo2" => "oxygen saturation",
        "temp" => "temperature",
        "inr" => "INR",
        other => return other.replace('_', " "),
    };
    words.to_owned()
}
