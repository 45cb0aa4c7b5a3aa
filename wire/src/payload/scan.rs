use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::Micros;
use crate::Id;

/// How long a scan may wait for its verdict, judged by `at` in the payload.
pub const SCAN_EXPIRES_MICROS: Micros = 10_000_000;

/// One reading of a cart's scanner.
///
/// `{"scan_id":"0190...","raw":"]d2011030...","symbology":"]d2","at":1793602800000000}`
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Scan {
    /// Made by the reader; the same id gets the same answer.
    pub scan_id: Uuid,
    /// The characters as framed, control characters escaped as JSON does.
    pub raw: String,
    /// The AIM identifier, where the scanner sends one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub symbology: Option<String>,
    /// When it was read.
    pub at: Micros,
    /// Which of the cart's scanners read it, where it has several.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scanner: Option<Id>,
    /// True for a scan that was answered STOP for lack of an answer and is sent for the record: it
    /// never charts.
    #[serde(default, skip_serializing_if = "is_false")]
    pub late: bool,
}

impl Scan {
    /// Whether the scan is for the record only at `now`: late, or read longer ago than
    /// [`SCAN_EXPIRES_MICROS`], or dated that far into the future.
    pub fn is_spent(&self, now: Micros) -> bool {
        self.late || now.abs_diff(self.at) > SCAN_EXPIRES_MICROS.unsigned_abs()
    }
}

// serde hands the field by reference.
fn is_false(flag: &bool) -> bool {
    !*flag
}
