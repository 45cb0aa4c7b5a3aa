use serde::{Deserialize, Serialize};

use super::Micros;
use crate::Id;

/// Birth and death of a party, retained on its `presence` topic; the death is also its last will.
///
/// `{"session":7,"up":true,"at":1793602800000000,"units":["east"],"build":"0.1.0"}`
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Presence {
    /// Grows with each connection of the party. A will can overtake a birth, so a receiver ignores
    /// a message whose session is lower than the greatest it has seen of that party.
    pub session: u64,
    /// True in the birth, false in the death.
    pub up: bool,
    /// When the connection was made (birth and last will) or ended (clean shutdown).
    pub at: Micros,
    /// Servers: the epoch of the lease as this server knows it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub epoch: Option<i64>,
    /// Stations: the units shown there.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub units: Vec<Id>,
    /// The program's version.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub build: Option<String>,
}
