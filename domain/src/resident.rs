//! Residents as the rules see them. Names and birth dates never print through `Debug`.

use crate::id::{ResidentId, UnitId};
use crate::time::{CivilDate, Instant};
use serde::{Deserialize, Serialize};
use std::fmt;

/// Text that says who somebody is: kept, shown on purpose, never printed by `Debug`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Personal(pub String);

impl fmt::Debug for Personal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("(personal)")
    }
}

impl From<&str> for Personal {
    fn from(s: &str) -> Self {
        Self(s.to_owned())
    }
}

/// Where a resident stands with the home.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ResidentState {
    /// Lives here.
    Admitted,
    /// Left, or not yet admitted.
    Discharged,
    /// Has died.
    Deceased,
}

/// A recorded allergy or reaction.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Allergy {
    /// Ingredient, lower case, matched against orders and products; a class name matches nothing
    /// by itself and is shown.
    pub ingredient: String,
    /// What happens, as recorded.
    #[serde(default)]
    pub reaction: String,
    /// Ingredients the source put under it, lower case.
    #[serde(default)]
    pub covers: Vec<String>,
}

impl Allergy {
    /// Whether a drug with `ingredient` meets it (combination drugs: any part).
    #[must_use]
    pub fn matches(&self, ingredient: &str) -> bool {
        ingredient
            .split('/')
            .map(str::trim)
            .any(|part| part == self.ingredient || self.covers.iter().any(|c| c == part))
    }
}

/// A resident of the home.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Resident {
    /// Identity.
    pub id: ResidentId,
    /// Family name.
    pub family: Personal,
    /// Given names.
    pub given: Personal,
    /// What they like to be called.
    #[serde(default)]
    pub nickname: Personal,
    /// Birth date.
    pub birth_date: Option<CivilDate>,
    /// Unit.
    pub unit: UnitId,
    /// Room and bed, as printed on the door.
    pub room: String,
    /// The home's own number for them.
    #[serde(default)]
    pub number: Personal,
    /// Text of the wristband in force (GSRN digits, or the facility pattern).
    pub band: Personal,
    /// Where they stand.
    pub state: ResidentState,
    /// Away since (hospital, leave), if they are.
    #[serde(default)]
    pub away_since: Option<Instant>,
    /// Allergies.
    #[serde(default)]
    pub allergies: Vec<Allergy>,
    /// How medicines are taken ("whole, with thickened water").
    #[serde(default)]
    pub how_taken: String,
    /// Code status, as recorded.
    #[serde(default)]
    pub code_status: String,
}
