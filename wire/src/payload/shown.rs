use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::Micros;

/// A station's word that a person could see this revision of an alert. Until it comes, the alert
/// is sent again.
///
/// `{"alert_id":"0190...","rev":2,"at":1793602800000000}`
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shown {
    /// The alert.
    pub alert_id: Uuid,
    /// The revision shown.
    pub rev: u32,
    /// When it appeared.
    pub at: Micros,
}
