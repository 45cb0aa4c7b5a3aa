//! Readings: what was measured on a resident, and when.

use serde::{Deserialize, Serialize};

use crate::time::Instant;

/// One measured value.
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

/// The readings a hold parameter may look at.
pub const CODES: [&str; 11] =
    ["sbp", "dbp", "hr", "hr_apical", "hr_radial", "rr", "spo2", "temp", "inr", "glucose", "pain"];

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
