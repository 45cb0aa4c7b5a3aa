//! From the bytes of a scanner to whole codes. The framing is the core's; here are the ports.

pub mod pty;
pub mod replay;
pub mod serial;

use std::time::Duration;

use emar_domain::scan::framing::{
    self, Dedup, Frame, FrameError, Framer, LineConfig, LineFramer, SsiConfig, SsiFramer,
};
use tokio::sync::mpsc::Sender;

use crate::config::{Config, Protocol, Suffix};

/// What a scanner tells the bridge.
#[derive(Clone, PartialEq, Eq)]
pub enum ScannerEvent {
    /// One whole code.
    Code(String),
    /// Bytes that are not one whole code; they were dropped.
    Unreadable(FrameError),
    /// The port's state changed.
    Link(ScannerLink),
}

/// Shows no code: it can be a wristband.
impl std::fmt::Debug for ScannerEvent {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Code(_) => f.write_str("Code(..)"),
            Self::Unreadable(why) => f.debug_tuple("Unreadable").field(why).finish(),
            Self::Link(link) => f.debug_tuple("Link").field(link).finish(),
        }
    }
}

/// State of a scanner's port.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ScannerLink {
    /// Open and read.
    Open,
    /// Not there.
    Unplugged,
    /// Another program holds it.
    Busy,
    /// The operating system forbids it.
    Forbidden,
}

/// Nobody takes the events any more: the bridge stops.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Gone;

/// Frames the bytes of one port and hands whole codes on. Its time is the line's: it is told how
/// long the line was silent, and knows no other clock. For threads, not for async code: it blocks
/// while the bridge is behind.
#[derive(Debug)]
pub struct Feed {
    framer: Framer,
    repeats: Dedup,
    events: Sender<ScannerEvent>,
    link: Option<ScannerLink>,
    line_ms: u64,
}

impl Feed {
    /// A feed framing as `config` says.
    #[must_use]
    pub fn new(config: &Config, events: Sender<ScannerEvent>) -> Self {
        let repeats = Dedup::new(config.scanner.repeat_ms.into());
        Self { framer: framer(config), repeats, events, link: None, line_ms: 0 }
    }

    /// The line was silent for another `gap`.
    ///
    /// # Errors
    /// The bridge stops.
    pub fn silence(&mut self, gap: Duration) -> Result<(), Gone> {
        self.advance(gap);
        let mut frames = Vec::new();
        self.framer.silence(self.line_ms, &mut frames);
        self.hand_on(frames)
    }

    /// One read brought `bytes` after another `gap` of silence. Returns what the scanner is to be
    /// sent: a code is acknowledged only once it was handed on.
    ///
    /// # Errors
    /// The bridge stops.
    pub fn bytes(&mut self, gap: Duration, bytes: &[u8]) -> Result<Vec<u8>, Gone> {
        self.advance(gap);
        let (mut frames, mut replies) = (Vec::new(), Vec::new());
        self.framer.feed(self.line_ms, bytes, &mut frames, &mut replies);
        self.hand_on(frames)?;
        Ok(replies.into_iter().flat_map(framing::Reply::packet).collect())
    }

    /// The port is gone: what was begun is no whole code, even where silence would end one.
    ///
    /// # Errors
    /// The bridge stops.
    pub fn cut_off(&mut self) -> Result<(), Gone> {
        let mut frames = Vec::new();
        self.framer.silence(u64::MAX, &mut frames);
        for frame in &mut frames {
            if let Frame::Scan { at_ms, .. } = *frame {
                *frame = Frame::Error { at_ms, error: FrameError::Partial };
            }
        }
        self.hand_on(frames)
    }

    /// The port's state; told on only when it changes.
    ///
    /// # Errors
    /// The bridge stops.
    pub fn link(&mut self, link: ScannerLink) -> Result<(), Gone> {
        if self.link == Some(link) {
            return Ok(());
        }
        self.link = Some(link);
        self.tell(ScannerEvent::Link(link))
    }

    fn advance(&mut self, gap: Duration) {
        let gap_ms = u64::try_from(gap.as_millis()).unwrap_or(u64::MAX);
        self.line_ms = self.line_ms.saturating_add(gap_ms);
    }

    fn hand_on(&mut self, frames: Vec<Frame>) -> Result<(), Gone> {
        for frame in frames {
            match frame {
                Frame::Scan { at_ms, text } if self.repeats.admit(at_ms, &text) => {
                    self.tell(ScannerEvent::Code(text))?;
                }
                Frame::Scan { .. } => tracing::debug!("scanner: read twice, one left out"),
                Frame::Error { error, .. } => self.tell(ScannerEvent::Unreadable(error))?,
            }
        }
        Ok(())
    }

    fn tell(&self, event: ScannerEvent) -> Result<(), Gone> {
        self.events.blocking_send(event).map_err(|_| Gone)
    }
}

fn framer(config: &Config) -> Framer {
    let (idle_ms, max_len) = (config.scanner.idle_ms.into(), config.scanner.max_len);
    match config.scanner.protocol {
        Protocol::Line => Framer::Line(LineFramer::new(LineConfig {
            suffix: suffix(config.scanner.suffix),
            prefix: config.prefix_bytes().unwrap_or_default(),
            idle_ms,
            max_len,
            dedup_window_ms: None,
        })),
        Protocol::Ssi => Framer::Ssi(SsiFramer::new(SsiConfig { idle_ms, max_len })),
    }
}

fn suffix(suffix: Suffix) -> framing::Suffix {
    match suffix {
        Suffix::Cr => framing::Suffix::Cr,
        Suffix::Lf => framing::Suffix::Lf,
        Suffix::Crlf => framing::Suffix::CrLf,
        Suffix::Tab => framing::Suffix::Tab,
        Suffix::Auto => framing::Suffix::Auto,
        Suffix::Etx => framing::Suffix::Etx,
        Suffix::None => framing::Suffix::None,
    }
}
