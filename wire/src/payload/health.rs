use serde::{Deserialize, Serialize};

use super::Micros;
use crate::Id;

/// How a cart's bridge is. Sent when it changes and every 30 s; `at` tells how old it is.
///
/// ```json
/// {"at":1793602800000000,"scanners":[{"name":"left","state":"open"}],
///  "last_scan_at":1793602790000000,"failures":0,"waiting":0,"spool":"keeps",
///  "clock":"agrees","clock_offset_ms":12}
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CartHealth {
    /// When this was so, by the cart's clock.
    pub at: Micros,
    /// Its scanners, in the order of its configuration.
    pub scanners: Vec<ScannerHealth>,
    /// When a code was last read, by the cart's clock; absent since its start.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_scan_at: Option<Micros>,
    /// Scans one after the other that were no whole code or got no answer; 0 after an answer.
    pub failures: u32,
    /// Scans without an answer that wait in the spool.
    pub waiting: u32,
    /// Whether the spool takes another.
    pub spool: SpoolState,
    /// The cart's clock against the server's.
    pub clock: ClockConfidence,
    /// The cart's clock less the server's, in milliseconds; the way of the message counts as the
    /// server being behind. Absent while `clock` is `unknown`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub clock_offset_ms: Option<i64>,
}

/// One scanner of a cart.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ScannerHealth {
    /// Its name, where the cart has several.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<Id>,
    /// Whether it can be read.
    pub state: ScannerState,
}

/// Whether a scanner can be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ScannerState {
    /// Open and read.
    Open,
    /// Not there, or not yet looked for.
    Unplugged,
    /// Another program holds it.
    Busy,
    /// The operating system forbids it.
    Forbidden,
}

/// Whether a scan without an answer would survive.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SpoolState {
    /// There is room.
    Keeps,
    /// Full or broken: the cart takes no scan.
    Refuses,
}

/// A cart's clock against the `at` of the server's heartbeats.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ClockConfidence {
    /// No heartbeat for a minute.
    Unknown,
    /// Within five seconds.
    Agrees,
    /// Further apart: scans may be taken for old ones, which answers STOP.
    Off,
}
