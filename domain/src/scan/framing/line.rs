//! Scanners that send plain text with a terminator, or end a frame by silence.
use super::{Frame, FrameError, text_of};

/// What ends a frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Suffix {
    /// Carriage return.
    Cr,
    /// Line feed.
    Lf,
    /// Either of the two, so that the pair is one end.
    CrLf,
    /// Tabulator.
    Tab,
    /// Carriage return, line feed or tabulator.
    Auto,
    /// ETX, usually with STX as the prefix.
    Etx,
    /// Nothing: silence ends the frame.
    None,
}

/// ACK, NAK, ENQ and DC2: what scanners say to a command of the host's.
const ANSWERS: [u8; 4] = [0x06, 0x15, 0x05, 0x12];

impl Suffix {
    fn ends(self, byte: u8) -> bool {
        match self {
            Self::Cr => byte == b'\r',
            Self::Lf => byte == b'\n',
            Self::CrLf => matches!(byte, b'\r' | b'\n'),
            Self::Tab => byte == b'\t',
            Self::Auto => matches!(byte, b'\r' | b'\n' | b'\t'),
            Self::Etx => byte == 0x03,
            Self::None => false,
        }
    }
}

/// How a scanner is set up. Every number is a choice of the home; these are the defaults.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LineConfig {
    /// What ends a frame.
    pub suffix: Suffix,
    /// What starts a frame; empty when the scanner sends none.
    pub prefix: Vec<u8>,
    /// A longer silence ends a frame, in milliseconds.
    pub idle_ms: u64,
    /// The longest frame in bytes, without prefix and suffix.
    pub max_len: u32,
    /// Whether the scanner is told things: it may acknowledge them, and what it says then is no
    /// part of the code that follows.
    pub told: bool,
    /// Repeats of a text inside this many milliseconds are one scan; `None`: no such filter.
    pub dedup_window_ms: Option<u64>,
}

impl Default for LineConfig {
    fn default() -> Self {
        Self {
            suffix: Suffix::Auto,
            prefix: Vec::new(),
            idle_ms: 200,
            max_len: 512,
            told: false,
            dedup_window_ms: Some(super::Dedup::WINDOW_MS),
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// Waiting for the prefix; `noise` when anything came already.
    Before { noise: bool },
    /// Inside a frame, possibly an empty one.
    Inside,
    /// Skipping the rest of a frame that was too long.
    Skipping,
}

/// The state machine for one port. Feed every read, and `silence` while nothing arrives.
#[derive(Debug, Clone)]
pub struct LineFramer {
    config: LineConfig,
    state: State,
    frame: Vec<u8>,
    last_ms: u64,
}

impl LineFramer {
    /// Starts between two frames.
    pub fn new(config: LineConfig) -> Self {
        let state = Self::between(&config);
        Self { config, state, frame: Vec::new(), last_ms: 0 }
    }

    /// Takes the bytes of one read made at `now_ms` and appends what they complete to `out`.
    pub fn feed(&mut self, now_ms: u64, bytes: &[u8], out: &mut Vec<Frame>) {
        self.silence(now_ms, out);
        if !bytes.is_empty() {
            self.last_ms = now_ms;
        }
        for &byte in bytes {
            self.byte(byte, out);
        }
    }

    /// Says that nothing arrived until `now_ms`: a frame that waited longer than the idle time
    /// ends (without a suffix) or is dropped and reported (with one).
    pub fn silence(&mut self, now_ms: u64, out: &mut Vec<Frame>) {
        if now_ms.saturating_sub(self.last_ms) <= self.config.idle_ms {
            return;
        }
        let cut = match self.state {
            State::Before { noise } => noise,
            State::Inside => !self.frame.is_empty(),
            State::Skipping => false,
        };
        if self.config.suffix == Suffix::None {
            self.end(out);
        } else {
            if cut {
                self.report(FrameError::Partial, out);
            }
            self.reset();
        }
    }

    fn between(config: &LineConfig) -> State {
        if config.prefix.is_empty() { State::Inside } else { State::Before { noise: false } }
    }

    fn byte(&mut self, byte: u8, out: &mut Vec<Frame>) {
        if self.config.suffix.ends(byte) {
            return self.end(out);
        }
        if self.state == State::Skipping {
            return;
        }
        if byte == 0 && self.frame.is_empty() {
            return;
        }
        if self.config.told && self.is_between() && ANSWERS.contains(&byte) {
            return;
        }
        self.frame.push(byte);
        if !self.config.prefix.is_empty() {
            if self.frame.ends_with(&self.config.prefix) {
                self.frame.clear();
                self.state = State::Inside;
                return;
            }
            if let State::Before { .. } = self.state {
                self.state = State::Before { noise: true };
                self.keep_possible_prefix();
                return;
            }
        }
        if self.frame.len() > self.longest() {
            self.report(FrameError::Overflow, out);
            self.frame.clear();
            self.state = State::Skipping;
        }
    }

    fn is_between(&self) -> bool {
        self.frame.is_empty() && self.state == Self::between(&self.config)
    }

    fn longest(&self) -> usize {
        usize::try_from(self.config.max_len).unwrap_or(usize::MAX)
    }

    /// Noise is not kept, but its last bytes may be the first ones of a prefix.
    fn keep_possible_prefix(&mut self) {
        let keep = self.config.prefix.len() - 1;
        if self.frame.len() > keep {
            self.frame.drain(..self.frame.len() - keep);
        }
    }

    fn end(&mut self, out: &mut Vec<Frame>) {
        match self.state {
            State::Before { noise: true } => self.report(FrameError::NoPrefix, out),
            State::Inside if !self.frame.is_empty() => {
                out.push(text_of(std::mem::take(&mut self.frame), self.last_ms));
            }
            _ => {}
        }
        self.reset();
    }

    fn reset(&mut self) {
        self.frame.clear();
        self.state = Self::between(&self.config);
    }

    fn report(&self, error: FrameError, out: &mut Vec<Frame>) {
        out.push(Frame::Error { at_ms: self.last_ms, error });
    }
}
