use serde::{Deserialize, Serialize};

use super::Micros;

/// The sign of life of the lease holder; travels signed ([`crate::signed`]), never retained.
///
/// ```json
/// {"epoch":3,"seq":118,"at":1793602800000000,"tree_size":5120,"open_alerts":2,
///  "oldest_unsent_s":0}
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Heartbeat {
    /// The epoch of the lease; a heartbeat of a lower one than seen before is ignored.
    pub epoch: i64,
    /// Grows by one within the epoch; a receiver ignores one it has seen.
    pub seq: u64,
    /// When the database pass before it was completed.
    pub at: Micros,
    /// Leaves in the audit log.
    pub tree_size: u64,
    /// Alerts that have not ended.
    pub open_alerts: u32,
    /// Age of the oldest alert row that waits to be sent, in seconds; above 10 is itself an alarm.
    pub oldest_unsent_s: u32,
}
