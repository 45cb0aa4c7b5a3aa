//! The payloads of the topics, one noun a file.
//!
//! Times are [`Micros`]. Receivers ignore members they do not know, so a newer sender may add some.
//! Pharmacy messages (FHIR, HL7 v2) are not here: they are read by `exchange`.

use serde::Serialize;
use serde::de::DeserializeOwned;

mod alert;
mod capabilities;
mod command;
mod health;
mod heartbeat;
mod letter;
mod presence;
mod scan;
mod shown;
mod verdict;

pub use alert::{
    AlertEvent, AlertIndex, AlertIndexEntry, AlertLife, AlertState, Phase, Severity, Silence,
};
pub use capabilities::{Capabilities, SCHEMA_PHARMACY};
pub use command::{AlertAction, AlertCommand, CommandAnswer, CommandReply};
pub use health::{CartHealth, ClockConfidence, ScannerHealth, ScannerState, SpoolState};
pub use heartbeat::Heartbeat;
pub use letter::DeadLetter;
pub use presence::Presence;
pub use scan::{SCAN_EXPIRES_MICROS, Scan};
pub use shown::Shown;
pub use verdict::{Receipt, VerdictMessage, VerdictWord};

/// An instant: microseconds since 1970-01-01T00:00:00Z. RFC 3339 stands only inside FHIR and HL7.
pub type Micros = i64;

/// Why a payload cannot be read or written. Nothing of its content is repeated.
#[derive(Debug, thiserror::Error)]
pub enum PayloadError {
    /// More bytes than the topic allows.
    #[error("the payload has {bytes} bytes, at most {max} are taken on this topic; send less")]
    TooLarge {
        /// Its size.
        bytes: usize,
        /// The limit.
        max: usize,
    },
    /// Not JSON, or a member is missing or of another type.
    #[error(
        "the payload is not the JSON this topic carries: {kind} at line {line} column {column}; \
         see docs/mqtt.md"
    )]
    Malformed {
        /// `syntax`, `data` or `end`.
        kind: &'static str,
        /// Counted from 1.
        line: usize,
        /// Counted from 1.
        column: usize,
    },
    /// A value that has no JSON form.
    #[error("the payload could not be written as JSON")]
    Unwritable,
}

impl From<serde_json::Error> for PayloadError {
    fn from(error: serde_json::Error) -> Self {
        use serde_json::error::Category;
        let kind = match error.classify() {
            Category::Syntax => "syntax",
            Category::Data => "data",
            Category::Eof => "end",
            Category::Io => "reading",
        };
        Self::Malformed { kind, line: error.line(), column: error.column() }
    }
}

/// Refuses a payload of more than `max` bytes.
pub fn check_size(bytes: &[u8], max: usize) -> Result<(), PayloadError> {
    if bytes.len() > max {
        return Err(PayloadError::TooLarge { bytes: bytes.len(), max });
    }
    Ok(())
}

/// Reads a payload of at most `max` bytes; `topic.kind().payload_bytes_max()` gives the limit.
pub fn decode<T: DeserializeOwned>(bytes: &[u8], max: usize) -> Result<T, PayloadError> {
    check_size(bytes, max)?;
    Ok(serde_json::from_slice(bytes)?)
}

/// Writes a payload as compact JSON.
pub fn encode<T: Serialize>(payload: &T) -> Result<Vec<u8>, PayloadError> {
    serde_json::to_vec(payload).map_err(|_| PayloadError::Unwritable)
}

#[cfg(test)]
mod tests;
