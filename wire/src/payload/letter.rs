use serde::{Deserialize, Serialize};

use super::Micros;

/// A pointer to a pharmacy message that was set aside; the bytes are in the quarantine table.
///
/// `{"id":"msg-81","reason":"unsupported_version","at":1793602800000000}`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeadLetter {
    /// The quarantine row.
    pub id: String,
    /// The code of why.
    pub reason: String,
    /// When it was set aside.
    pub at: Micros,
}
