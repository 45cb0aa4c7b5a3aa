//! Bytes of a scanner to scans: pure state machines, fed with the time of every read.
//!
//! Server, bridge and conformance call the same functions; the bridge only moves bytes.
mod dedup;
mod keyboard;
mod line;
mod ssi;

pub use dedup::Dedup;
pub use keyboard::{KeyConfig, KeyEvent, KeyFramer};
pub use line::{LineConfig, LineFramer, Suffix};
pub use ssi::{Reply, SsiConfig, SsiFramer};

/// How a scanner sends its codes.
#[derive(Debug, Clone)]
pub enum Framer {
    /// Plain text with a terminator, or ended by silence. It is never answered.
    Line(LineFramer),
    /// Zebra's packets, each answered.
    Ssi(SsiFramer),
}

impl Framer {
    /// Takes the bytes of one read made at `now_ms`; appends what they complete to `frames` and
    /// what the scanner is to be told to `replies`, in order.
    pub fn feed(
        &mut self,
        now_ms: u64,
        bytes: &[u8],
        frames: &mut Vec<Frame>,
        replies: &mut Vec<Reply>,
    ) {
        match self {
            Self::Line(framer) => framer.feed(now_ms, bytes, frames),
            Self::Ssi(framer) => framer.feed(now_ms, bytes, frames, replies),
        }
    }

    /// Says that nothing arrived until `now_ms`.
    pub fn silence(&mut self, now_ms: u64, frames: &mut Vec<Frame>) {
        match self {
            Self::Line(framer) => framer.silence(now_ms, frames),
            Self::Ssi(framer) => framer.silence(now_ms, frames),
        }
    }
}

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
    /// Of packets also: what is none, and one that nothing here takes.
    Garbage,
    /// A packet whose checksum is wrong.
    Checksum,
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
            Self::Checksum => "checksum",
            Self::Overflow => "overflow",
            Self::NoPrefix => "no_prefix",
        }
    }
}

/// A whole frame as a scan: printable ASCII, and the three control characters that GS1 and ISO
/// 15434 use inside a symbol.
fn text_of(bytes: Vec<u8>, at_ms: u64) -> Frame {
    let readable =
        |text: &String| text.bytes().all(|byte| matches!(byte, 0x20..=0x7E | 0x1D | 0x1E | 0x04));
    match String::from_utf8(bytes).ok().filter(readable) {
        Some(text) => Frame::Scan { at_ms, text },
        None => Frame::Error { at_ms, error: FrameError::Garbage },
    }
}
