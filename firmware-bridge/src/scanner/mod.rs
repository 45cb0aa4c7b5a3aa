//! From what scanners send to whole codes. The framing is the core's; here are the ports.

mod keyboard;
pub mod pty;
mod reopen;
pub mod replay;
mod serial;

use std::io;
use std::time::Duration;

use emar_domain::scan::beep::Beep;
use emar_domain::scan::framing::{
    self, Dedup, Frame, FrameError, Framer, KeyConfig, KeyEvent, KeyFramer, LineConfig, LineFramer,
    SsiConfig, SsiFramer,
};
use tokio::sync::mpsc::Sender;

use self::reopen::Reading;
use self::serial::Mouth;
use crate::config::{Beeps, Ends, KeyboardConfig, Protocol, ScannerConfig, SerialConfig, Suffix};

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

/// One of several scanners, by its place in the configuration.
pub type Port = usize;

/// A scanner at work. Dropping it closes its port within a quarter of a second.
#[derive(Debug)]
pub struct Scanner {
    reading: Reading,
    mouth: Option<Mouth>,
}

impl Scanner {
    /// Starts reading the scanner that `config` names; what it sends goes to `events`.
    ///
    /// # Errors
    /// The operating system gives no thread.
    pub fn spawn(
        port: Port,
        config: &ScannerConfig,
        events: Sender<(Port, ScannerEvent)>,
    ) -> io::Result<Self> {
        let (reading, mouth) = match config {
            ScannerConfig::Serial(config) => {
                serial::spawn(config.clone(), Feed::serial(port, config, events))?
            }
            ScannerConfig::Keyboard(config) => {
                let feed = Feed::keyboard(port, config, events);
                (keyboard::spawn(config.clone(), feed)?, None)
            }
        };
        Ok(Self { reading, mouth })
    }

    /// Whether its thread ended by itself: nobody would notice that it is plugged in.
    #[must_use]
    pub fn has_ended(&self) -> bool {
        self.reading.has_ended()
    }

    /// Has the scanner beep, where it takes commands.
    pub fn beep(&self, beep: Beep) {
        if let Some(mouth) = &self.mouth {
            mouth.beep(beep);
        }
    }
}

/// What frames the codes of one scanner, whatever it is fed with.
pub trait Framing {
    /// Nothing arrived until `now_ms`.
    fn silence(&mut self, now_ms: u64, frames: &mut Vec<Frame>);
    /// The scanner is gone: what it held is not held any more.
    fn let_go(&mut self) {}
}

impl Framing for Framer {
    fn silence(&mut self, now_ms: u64, frames: &mut Vec<Frame>) {
        Framer::silence(self, now_ms, frames);
    }
}

impl Framing for KeyFramer {
    fn silence(&mut self, now_ms: u64, frames: &mut Vec<Frame>) {
        KeyFramer::silence(self, now_ms, frames);
    }
    fn let_go(&mut self) {
        KeyFramer::let_go(self);
    }
}

/// Frames what one scanner sends and hands whole codes on. Its time is the line's: it is told how
/// long the line was silent, and knows no other clock. For threads, not for async code: it blocks
/// while the bridge is behind.
#[derive(Debug)]
pub struct Feed<F> {
    port: Port,
    framer: F,
    repeats: Dedup,
    events: Sender<(Port, ScannerEvent)>,
    link: Option<ScannerLink>,
    line_ms: u64,
}

impl Feed<Framer> {
    /// A feed framing bytes as `config` says.
    #[must_use]
    pub fn serial(port: Port, config: &SerialConfig, events: Sender<(Port, ScannerEvent)>) -> Self {
        Self::new(port, framer(config), config.repeat_ms, events)
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
}

impl Feed<KeyFramer> {
    /// A feed framing keys as `config` says.
    #[must_use]
    pub fn keyboard(
        port: Port,
        config: &KeyboardConfig,
        events: Sender<(Port, ScannerEvent)>,
    ) -> Self {
        Self::new(port, KeyFramer::new(key_config(config)), config.repeat_ms, events)
    }

    /// One read brought `keys` after another `gap` of silence.
    ///
    /// # Errors
    /// The bridge stops.
    pub fn keys(&mut self, gap: Duration, keys: &[KeyEvent]) -> Result<(), Gone> {
        self.advance(gap);
        let mut frames = Vec::new();
        for key in keys {
            self.framer.feed(self.line_ms, *key, &mut frames);
        }
        self.hand_on(frames)
    }
}

impl<F: Framing> Feed<F> {
    fn new(port: Port, framer: F, repeat_ms: u32, events: Sender<(Port, ScannerEvent)>) -> Self {
        let repeats = Dedup::new(repeat_ms.into());
        Self { port, framer, repeats, events, link: None, line_ms: 0 }
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

    /// The port is gone: what was begun is no whole code, even where silence would end one.
    ///
    /// # Errors
    /// The bridge stops.
    pub fn cut_off(&mut self) -> Result<(), Gone> {
        let mut frames = Vec::new();
        self.framer.silence(u64::MAX, &mut frames);
        self.framer.let_go();
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
        self.events.blocking_send((self.port, event)).map_err(|_| Gone)
    }
}

fn framer(config: &SerialConfig) -> Framer {
    let (idle_ms, max_len) = (config.idle_ms.into(), config.max_len);
    match config.protocol {
        Protocol::Line => Framer::Line(LineFramer::new(LineConfig {
            suffix: suffix(config.suffix),
            prefix: config.prefix_bytes().unwrap_or_default(),
            idle_ms,
            max_len,
            told: config.beeps != Beeps::None,
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

fn key_config(config: &KeyboardConfig) -> KeyConfig {
    KeyConfig {
        suffix: match config.ends {
            Ends::Auto => framing::Suffix::Auto,
            Ends::Enter => framing::Suffix::Cr,
            Ends::Tab => framing::Suffix::Tab,
            Ends::Silence => framing::Suffix::None,
        },
        prefix: config.prefix.map(|key| key.0),
        gs: config.gs.map(|key| key.0),
        idle_ms: config.idle_ms.into(),
        max_len: config.max_len,
    }
}

/// The longest one read waits; bounds both the wake-ups a second and the time a stop takes.
const READ_WAIT_MAX_MS: u32 = 250;

/// The idle time and a little, in equal parts none of which is longer than [`READ_WAIT_MAX_MS`].
fn read_wait(idle_ms: u32) -> Duration {
    let idle_ms = idle_ms + 1;
    Duration::from_millis(idle_ms.div_ceil(idle_ms.div_ceil(READ_WAIT_MAX_MS)).into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_are_short_and_pass_the_idle_time() {
        for idle_ms in 20..=5000 {
            let wait = read_wait(idle_ms);
            assert!(wait <= Duration::from_millis(READ_WAIT_MAX_MS.into()), "{idle_ms}");
            let parts = (idle_ms + 1).div_ceil(READ_WAIT_MAX_MS);
            assert!(wait * parts > Duration::from_millis(idle_ms.into()), "{idle_ms}");
        }
    }
}
