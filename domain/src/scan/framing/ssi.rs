//! Zebra's Simple Serial Interface: packets with a checksum, each answered.
//!
//! `length op source status data… checksum`: the length counts everything but the two bytes of the
//! checksum, which make the sum of all bytes zero, most significant byte first.
//! Source: Zebra, Simple Serial Interface Programmer's Guide, 72E-40451.
use super::{Frame, FrameError, text_of};

const DECODE_DATA: u8 = 0xF3;
const EVENT: u8 = 0xF6;
const ACK: u8 = 0xD0;
const NAK: u8 = 0xD1;
const SOURCE_HOST: u8 = 4;
const STATUS_RESEND: u8 = 1;
const STATUS_CONTINUED: u8 = 2;
/// Length, op, source and status.
const HEAD: usize = 4;
const CHECKSUM: usize = 2;
/// How long the scanner, asked to send the next part of a scan again, may take: its own time-out.
const RESEND_WAIT_MS: u64 = 2_000;

/// How a scanner is set up. Every number is a choice of the home; these are the defaults.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SsiConfig {
    /// A longer silence inside a packet, or inside a scan of several packets, cuts it off.
    pub idle_ms: u64,
    /// The longest scan in bytes, over all its packets.
    pub max_len: u32,
}

impl Default for SsiConfig {
    fn default() -> Self {
        Self { idle_ms: 200, max_len: 512 }
    }
}

/// What the scanner is told about a packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reply {
    /// It is taken.
    Ack,
    /// It came damaged: send it again.
    NakResend,
    /// It came whole, and nothing here takes packets of its kind.
    NakDenied,
}

impl Reply {
    /// The name of the reply in acceptance cases.
    pub fn code(self) -> &'static str {
        match self {
            Self::Ack => "ACK",
            Self::NakResend | Self::NakDenied => "NAK",
        }
    }

    /// The packet to send.
    pub fn packet(self) -> Vec<u8> {
        let (op, cause): (u8, &[u8]) = match self {
            Self::Ack => (ACK, &[]),
            Self::NakResend => (NAK, &[1]),
            Self::NakDenied => (NAK, &[6]),
        };
        let length = if cause.is_empty() { 4 } else { 5 };
        let mut packet = vec![length, op, SOURCE_HOST, 0];
        packet.extend_from_slice(cause);
        packet.extend(checksum(&packet));
        packet
    }
}

/// What makes the sum of the bytes and itself zero.
fn checksum(bytes: &[u8]) -> [u8; CHECKSUM] {
    bytes
        .iter()
        .fold(0u16, |sum, byte| sum.wrapping_add(u16::from(*byte)))
        .wrapping_neg()
        .to_be_bytes()
}

/// The state machine for one port. Feed every read, and `silence` while nothing arrives.
#[derive(Debug, Clone)]
pub struct SsiFramer {
    config: SsiConfig,
    /// Bytes of a packet that is not whole yet.
    buffer: Vec<u8>,
    scan: Scan,
    /// The data of the last packet of a scan: the same again as a resend is not another scan.
    taken: Option<Vec<u8>>,
    last_ms: u64,
}

/// How far a scan of several packets is.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Scan {
    /// Between two scans.
    Between,
    /// The text so far. `awaits_resend`: the scanner was asked to send the next packet again.
    Going { text: Vec<u8>, awaits_resend: bool },
    /// What was reported already is skipped up to its last packet.
    Skipping,
    /// Silence cut it off: a resend now is its rest, and no scan of its own.
    Cut,
}

impl SsiFramer {
    /// Starts between two packets.
    pub fn new(config: SsiConfig) -> Self {
        Self { config, buffer: Vec::new(), scan: Scan::Between, taken: None, last_ms: 0 }
    }

    /// Takes the bytes of one read made at `now_ms`; appends what they complete to `frames` and
    /// what the scanner is to be told to `replies`, in order.
    pub fn feed(
        &mut self,
        now_ms: u64,
        bytes: &[u8],
        frames: &mut Vec<Frame>,
        replies: &mut Vec<Reply>,
    ) {
        self.silence(now_ms, frames);
        if bytes.is_empty() {
            return;
        }
        self.last_ms = now_ms;
        self.buffer.extend_from_slice(bytes);
        while self.packet(frames, replies) {}
    }

    /// Says that nothing arrived until `now_ms`: a packet or a scan that was begun is dropped and
    /// reported once the silence is longer than it may be.
    pub fn silence(&mut self, now_ms: u64, frames: &mut Vec<Frame>) {
        let silent_ms = now_ms.saturating_sub(self.last_ms);
        let idle_ms = self.config.idle_ms;
        let mut cut = silent_ms > idle_ms && !self.buffer.is_empty();
        if cut {
            self.buffer.clear();
        }
        match self.scan {
            Scan::Going { awaits_resend, .. } => {
                let wait_ms = if awaits_resend { idle_ms.max(RESEND_WAIT_MS) } else { idle_ms };
                if silent_ms > wait_ms {
                    cut = true;
                    self.scan = Scan::Cut;
                }
            }
            Scan::Skipping if silent_ms > idle_ms => self.scan = Scan::Between,
            Scan::Skipping | Scan::Between | Scan::Cut => {}
        }
        if cut {
            self.report(FrameError::Partial, frames);
        }
    }

    /// Takes one packet off the buffer; `false`: there is no whole one.
    fn packet(&mut self, frames: &mut Vec<Frame>, replies: &mut Vec<Reply>) -> bool {
        // NULs in front are a line that was plugged in, or woke up.
        let nuls = self.buffer.iter().take_while(|byte| **byte == 0).count();
        self.buffer.drain(..nuls);
        let Some(length) = self.buffer.first().map(|length| usize::from(*length)) else {
            return false;
        };
        if length < HEAD {
            self.buffer.clear();
            self.report(FrameError::Garbage, frames);
            return false;
        }
        if self.buffer.len() < length + CHECKSUM {
            return false;
        }
        let rest = self.buffer.split_off(length + CHECKSUM);
        let packet = std::mem::replace(&mut self.buffer, rest);
        let (bytes, sum) = packet.split_at(length);
        if sum != checksum(bytes) {
            // A wrong length may have cut the packet wrongly: nothing behind it is one for sure.
            // What was dropped unanswered, the scanner sends again.
            self.buffer.clear();
            if let Scan::Going { awaits_resend, .. } = &mut self.scan {
                *awaits_resend = true;
            }
            self.report(FrameError::Checksum, frames);
            replies.push(Reply::NakResend);
            return false;
        }
        if let [_, op, _, status, data @ ..] = bytes {
            match *op {
                DECODE_DATA => self.decoded(*status, data, frames),
                EVENT => {}
                // The other side's answers are not answered.
                ACK | NAK => return true,
                _ => {
                    self.report(FrameError::Garbage, frames);
                    replies.push(Reply::NakDenied);
                    return true;
                }
            }
            replies.push(Reply::Ack);
        }
        true
    }

    /// One packet of a scan. Its first byte tells the symbology; the text has its AIM identifier.
    fn decoded(&mut self, status: u8, data: &[u8], frames: &mut Vec<Frame>) {
        let resend = status & STATUS_RESEND != 0;
        let known = resend && self.taken.as_deref() == Some(data);
        let asked_for = matches!(self.scan, Scan::Going { awaits_resend: true, .. });
        if known && !asked_for {
            return;
        }
        self.taken = Some(data.to_vec());
        let after = if status & STATUS_CONTINUED == 0 { Scan::Between } else { Scan::Skipping };
        let mut text = match std::mem::replace(&mut self.scan, after) {
            Scan::Skipping => return,
            Scan::Cut if resend => return self.report(FrameError::Partial, frames),
            // Without its mark this is the packet asked for or another scan, and with the data of
            // the packet before it is that one or an equal one: which is not known.
            Scan::Going { awaits_resend: true, .. } if known || !resend => {
                return self.report(FrameError::Partial, frames);
            }
            Scan::Going { text, .. } => text,
            Scan::Between | Scan::Cut => Vec::new(),
        };
        text.extend_from_slice(data.get(1..).unwrap_or_default());
        if text.len() > usize::try_from(self.config.max_len).unwrap_or(usize::MAX) {
            self.report(FrameError::Overflow, frames);
        } else if status & STATUS_CONTINUED != 0 {
            self.scan = Scan::Going { text, awaits_resend: false };
        } else if !text.is_empty() {
            frames.push(text_of(text, self.last_ms));
        }
    }

    fn report(&self, error: FrameError, frames: &mut Vec<Frame>) {
        frames.push(Frame::Error { at_ms: self.last_ms, error });
    }
}
