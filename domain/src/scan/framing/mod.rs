//! Bytes of a scanner to scans: pure state machines, fed with the time of every read.
//!
//! Server, bridge and conformance call the same functions; the bridge only moves bytes.
mod dedup;
mod line;

pub use dedup::Dedup;
pub use line::{LineConfig, LineFramer, Suffix};

/// What a framer makes of the bytes, in order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Frame {
    /// One whole frame; `at_ms` is when its last byte was read, on the caller's monotonic clock.
    Scan {
        /// Milliseconds on the clock the reads were stamped with.
        at_ms: u64,
        /// The frame without prefix and suffix: printable ASCII, GS, RS and EOT.
        text: String,
    },
    /// A frame that is not a scan and was dropped.
    Error {
        /// Milliseconds on the clock the reads were stamped with.
        at_ms: u64,
        /// Why it was dropped.
        error: FrameError,
    },
}

/// Why a frame was dropped. It is never joined to what follows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum FrameError {
    /// Cut off by silence.
    Partial,
    /// A byte outside 20–7E, 1D, 1E and 04: wrong baud rate, line noise, a reply of the scanner.
    Garbage,
    /// Longer than allowed; the rest up to the next terminator or silence is skipped.
    Overflow,
    /// Ended without the prefix that every frame of this scanner has.
    NoPrefix,
}

impl FrameError {
    /// The name of the error in logs, messages and acceptance cases.
    pub fn code(self) -> &'static str {
        match self {
            Self::Partial => "partial",
            Self::Garbage => "garbage",
            Self::Overflow => "overflow",
            Self::NoPrefix => "no_prefix",
        }
    }
}
