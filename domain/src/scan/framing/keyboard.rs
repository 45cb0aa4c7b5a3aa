//! Scanners that are keyboards: keys to characters, characters to frames.
//!
//! Key codes are those of Linux (`input-event-codes.h`), which number positions of a US keyboard,
//! so no layout of the host has a say. CapsLock is a state of the host and is not looked at; a
//! scanner that is itself set to another layout presses other positions, which is refused here or
//! by the parser.
use super::{Frame, LineConfig, LineFramer, Suffix};

/// How a scanner is set up. Every number is a choice of the home; these are the defaults.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyConfig {
    /// What ends a frame: `Auto` is Enter or Tab, `Cr` is Enter, `None` is silence.
    pub suffix: Suffix,
    /// The function key, 1 to 24, that starts a frame; `None` when the scanner sends none.
    pub prefix: Option<u8>,
    /// The function key that stands for GS beside Ctrl+] and Alt+029.
    pub gs: Option<u8>,
    /// A longer silence ends a frame, in milliseconds.
    pub idle_ms: u64,
    /// The longest frame in characters.
    pub max_len: u32,
}

impl Default for KeyConfig {
    fn default() -> Self {
        Self { suffix: Suffix::Auto, prefix: None, gs: None, idle_ms: 200, max_len: 512 }
    }
}

/// What happened to a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyEvent {
    /// It went down.
    Pressed(u16),
    /// It came up.
    Released(u16),
    /// The kernel repeats it because it is held; a scanner holds none.
    Repeated(u16),
    /// Events were lost: which keys are down is not known, and what is being typed is not whole.
    Lost,
}

const GS: u8 = 0x1D;
const RS: u8 = 0x1E;
const EOT: u8 = 0x04;
/// Stands for the prefix key. No key types it.
const START: u8 = 0x80;
/// Stands for what is no character of a code: it makes the frame unreadable.
const ALIEN: u8 = 0xFF;

const LEFT_CTRL: u16 = 29;
const LEFT_SHIFT: u16 = 42;
const RIGHT_SHIFT: u16 = 54;
const LEFT_ALT: u16 = 56;
const RIGHT_CTRL: u16 = 97;
const RIGHT_ALT: u16 = 100;
const LEFT_META: u16 = 125;
const RIGHT_META: u16 = 126;
/// CapsLock, NumLock, ScrollLock.
const LOCKS: [u16; 3] = [58, 69, 70];

/// Rows of keys that type: first code, characters, characters with Shift.
const ROWS: [(u16, &[u8], &[u8]); 5] = [
    (2, b"1234567890-=", b"!@#$%^&*()_+"),
    (16, b"qwertyuiop[]", b"QWERTYUIOP{}"),
    (30, b"asdfghjkl;'`", b"ASDFGHJKL:\"~"),
    (43, b"\\zxcvbnm,./", b"|ZXCVBNM<>?"),
    (57, b" ", b" "),
];
/// The keypad types the same with and without NumLock.
const KEYPAD: [(u16, &[u8]); 3] = [(71, b"789-456+1230."), (55, b"*"), (98, b"/")];

/// Which keys are held, and what a key types because of them.
#[derive(Debug, Clone, Default)]
struct Keyboard {
    prefix: Option<u8>,
    gs: Option<u8>,
    held: Vec<u16>,
    /// The number typed on the keypad while Alt is held.
    code: Option<u32>,
}

impl Keyboard {
    fn holds(&self, either: [u16; 2]) -> bool {
        self.held.iter().any(|key| either.contains(key))
    }

    fn event(&mut self, event: KeyEvent) -> Option<u8> {
        match event {
            KeyEvent::Pressed(key) if is_modifier(key) => {
                if !self.held.contains(&key) {
                    self.held.push(key);
                }
                None
            }
            KeyEvent::Pressed(key) if LOCKS.contains(&key) => None,
            KeyEvent::Pressed(key) => self.typed(key),
            KeyEvent::Released(key) => {
                self.held.retain(|held| *held != key);
                let over = !self.holds([LEFT_ALT, RIGHT_ALT]);
                self.code.take_if(|_| over).map(|code| {
                    u8::try_from(code).ok().filter(|byte| is_text(*byte)).unwrap_or(ALIEN)
                })
            }
            KeyEvent::Repeated(_) => None,
            KeyEvent::Lost => {
                self.held.clear();
                self.code = None;
                Some(ALIEN)
            }
        }
    }

    fn typed(&mut self, key: u16) -> Option<u8> {
        if self.holds([LEFT_META, RIGHT_META]) {
            return Some(ALIEN);
        }
        let (ctrl, shift) =
            (self.holds([LEFT_CTRL, RIGHT_CTRL]), self.holds([LEFT_SHIFT, RIGHT_SHIFT]));
        if self.holds([LEFT_ALT, RIGHT_ALT]) {
            let Some(digit) = keypad(key).filter(u8::is_ascii_digit).filter(|_| !ctrl) else {
                return Some(ALIEN);
            };
            let code = self.code.unwrap_or(0).saturating_mul(10);
            self.code = Some(code.saturating_add(u32::from(digit - b'0')));
            return None;
        }
        if ctrl {
            return Some(control(key));
        }
        Some(match key {
            28 | 96 => b'\r',
            15 => b'\t',
            _ => match function(key) {
                Some(number) if self.prefix == Some(number) => START,
                Some(number) if self.gs == Some(number) => GS,
                Some(_) => ALIEN,
                None => main(key, shift).or_else(|| keypad(key)).unwrap_or(ALIEN),
            },
        })
    }
}

fn is_modifier(key: u16) -> bool {
    let pairs = [LEFT_SHIFT, RIGHT_SHIFT, LEFT_CTRL, RIGHT_CTRL, LEFT_ALT, RIGHT_ALT];
    pairs.contains(&key) || [LEFT_META, RIGHT_META].contains(&key)
}

/// What Alt and a number may stand for: a character of a code, or its end.
fn is_text(byte: u8) -> bool {
    matches!(byte, 0x20..=0x7E | GS | RS | EOT | b'\r' | b'\t')
}

/// What Ctrl and a key stand for. Only characters that a code or its end has: Ctrl and a letter
/// could otherwise smuggle a command in.
fn control(key: u16) -> u8 {
    match main(key, false) {
        Some(b']') => GS,
        Some(b'6') => RS,
        Some(b'd') => EOT,
        Some(b'm' | b'j') => b'\r',
        Some(b'i') => b'\t',
        _ => ALIEN,
    }
}

fn main(key: u16, shift: bool) -> Option<u8> {
    ROWS.iter().find_map(|(first, plain, shifted)| {
        let at = usize::from(key.checked_sub(*first)?);
        if shift { shifted.get(at) } else { plain.get(at) }.copied()
    })
}

fn keypad(key: u16) -> Option<u8> {
    KEYPAD
        .iter()
        .find_map(|(first, types)| types.get(usize::from(key.checked_sub(*first)?)).copied())
}

/// The number of a function key.
fn function(key: u16) -> Option<u8> {
    let number = match key {
        59..=68 => key - 58,
        87 | 88 => key - 76,
        183..=194 => key - 170,
        _ => return None,
    };
    u8::try_from(number).ok()
}

/// The state machine for one such scanner. Feed every key, and `silence` while nothing arrives.
#[derive(Debug, Clone)]
pub struct KeyFramer {
    keyboard: Keyboard,
    line: LineFramer,
}

impl KeyFramer {
    /// Starts between two frames with no key held.
    pub fn new(config: KeyConfig) -> Self {
        let KeyConfig { suffix, prefix, gs, idle_ms, max_len } = config;
        let line = LineConfig {
            suffix,
            prefix: prefix.map(|_| START).into_iter().collect(),
            idle_ms,
            max_len,
            told: false,
            dedup_window_ms: None,
        };
        let keyboard = Keyboard { prefix, gs, ..Keyboard::default() };
        Self { keyboard, line: LineFramer::new(line) }
    }

    /// Takes one event read at `now_ms` and appends what it completes to `out`.
    pub fn feed(&mut self, now_ms: u64, event: KeyEvent, out: &mut Vec<Frame>) {
        if let Some(byte) = self.keyboard.event(event) {
            self.line.feed(now_ms, &[byte], out);
        }
    }

    /// The scanner is gone: no key is held any more.
    pub fn let_go(&mut self) {
        self.keyboard.held.clear();
        self.keyboard.code = None;
    }

    /// Says that nothing arrived until `now_ms`, as of [`LineFramer::silence`].
    pub fn silence(&mut self, now_ms: u64, out: &mut Vec<Frame>) {
        self.line.silence(now_ms, out);
    }
}

#[cfg(test)]
mod tests {
    use super::super::FrameError;
    use super::*;

    const ENTER: u16 = 28;

    /// Keys in words: `+shift` holds, `-shift` lets go, anything else is pressed and let go.
    fn events(keys: &str) -> Vec<KeyEvent> {
        keys.split_whitespace()
            .flat_map(|word| match (word.strip_prefix('+'), word.strip_prefix('-')) {
                (Some(name), _) if !name.is_empty() => vec![KeyEvent::Pressed(code(name))],
                (_, Some(name)) if !name.is_empty() => vec![KeyEvent::Released(code(name))],
                _ => vec![KeyEvent::Pressed(code(word)), KeyEvent::Released(code(word))],
            })
            .collect()
    }

    fn code(name: &str) -> u16 {
        if let Some(number) = name.strip_prefix("kp") {
            let digit = KEYPAD[0].1.iter().position(|byte| number.as_bytes() == [*byte]);
            return 71 + u16::try_from(digit.unwrap()).unwrap();
        }
        match name {
            "shift" => LEFT_SHIFT,
            "rshift" => RIGHT_SHIFT,
            "ctrl" => LEFT_CTRL,
            "alt" => LEFT_ALT,
            "altgr" => RIGHT_ALT,
            "meta" => LEFT_META,
            "caps" => LOCKS[0],
            "num" => LOCKS[1],
            "enter" => ENTER,
            "kenter" => 96,
            "tab" => 15,
            "esc" => 1,
            "space" => 57,
            "F8" => 66,
            "F9" => 67,
            "F12" => 88,
            "F13" => 183,
            one => (2..=57)
                .find(|key| main(*key, false).is_some_and(|byte| one.as_bytes() == [byte]))
                .unwrap(),
        }
    }

    fn framed(config: &KeyConfig, keys: &str) -> Vec<Result<String, FrameError>> {
        let mut framer = KeyFramer::new(config.clone());
        let mut frames = Vec::new();
        for (now_ms, event) in (1..).zip(events(keys)) {
            framer.feed(now_ms, event, &mut frames);
        }
        framer.silence(10_000, &mut frames);
        frames
            .into_iter()
            .map(|frame| match frame {
                Frame::Scan { text, .. } => Ok(text),
                Frame::Error { error, .. } => Err(error),
            })
            .collect()
    }

    #[test]
    fn keys_type_what_they_say_on_a_us_keyboard() {
        let rows: &[(&str, &str)] = &[
            ("] +shift d -shift 2 0 1 enter", "]D201"),
            ("] d 2 0 1 tab", "]d201"),
            ("+shift a -shift a +rshift b -rshift b enter", "AaBb"),
            // Two Shifts: letting one go still holds the other.
            ("+shift +rshift a -shift a -rshift a enter", "AAa"),
            ("+shift 1 2 3 4 5 6 7 8 9 0 - = -shift enter", "!@#$%^&*()_+"),
            ("+shift [ ] \\ ; ' ` , . / -shift enter", "{}|:\"~<>?"),
            ("[ ] \\ ; ' ` , . / - = enter", "[]\\;'`,./-="),
            ("caps a +shift b -shift enter", "aB"),
            ("num kp0 kp1 kp9 kp. kp+ kenter", "019.+"),
            ("1 space 2 enter", "1 2"),
            ("1 +ctrl ] -ctrl 2 enter", "1\u{1d}2"),
            ("1 +ctrl +shift 6 -shift -ctrl +ctrl d -ctrl enter", "1\u{1e}\u{4}"),
            ("1 +alt kp0 kp2 kp9 -alt 2 enter", "1\u{1d}2"),
            ("+alt kp0 kp6 kp5 -alt +altgr kp2 kp9 -altgr 2 enter", "A\u{1d}2"),
            ("1 F8 2 enter", "1\u{1d}2"),
            ("1 2 +ctrl m -ctrl", "12"),
        ];
        let config = KeyConfig { gs: Some(8), ..KeyConfig::default() };
        for (keys, text) in rows {
            assert_eq!(framed(&config, keys), [Ok((*text).to_owned())], "{keys}");
        }
    }

    #[test]
    fn what_is_no_character_of_a_code_makes_it_unreadable() {
        let rows = [
            "1 esc 2 enter",
            "1 F12 2 enter",
            "1 F13 2 enter",
            "1 +ctrl c -ctrl 2 enter",
            "1 +ctrl b -ctrl 2 enter",
            "1 +alt 2 -alt enter",
            "1 +altgr 9 -altgr enter",
            "1 +alt kp0 kp0 kp3 -alt enter",
            "1 +alt kp9 kp9 kp9 kp9 kp9 kp9 kp9 kp9 kp9 kp9 kp9 -alt enter",
            "1 +meta 2 -meta enter",
            "esc enter",
        ];
        for keys in rows {
            assert_eq!(framed(&KeyConfig::default(), keys), [Err(FrameError::Garbage)], "{keys}");
        }
    }

    #[test]
    fn a_prefix_key_cuts_off_what_a_person_typed_before_it() {
        let config = KeyConfig { prefix: Some(9), ..KeyConfig::default() };
        assert_eq!(framed(&config, "x y F9 1 2 enter"), [Ok("12".into())]);
        assert_eq!(framed(&config, "1 2 enter"), [Err(FrameError::NoPrefix)]);
    }

    #[test]
    fn the_end_is_what_it_is_set_to() {
        let with = |suffix| KeyConfig { suffix, ..KeyConfig::default() };
        assert_eq!(framed(&with(Suffix::None), "1 2"), [Ok("12".into())]);
        assert_eq!(framed(&with(Suffix::Auto), "1 2"), [Err(FrameError::Partial)]);
        assert_eq!(framed(&with(Suffix::Cr), "1 tab 2 enter"), [Err(FrameError::Garbage)]);
        assert_eq!(framed(&with(Suffix::Tab), "1 2 tab"), [Ok("12".into())]);
    }

    #[test]
    fn a_held_key_does_not_outlive_lost_events_and_repeats_type_nothing() {
        let mut framer = KeyFramer::new(KeyConfig::default());
        let mut frames = Vec::new();
        let mut feed = |events: &[KeyEvent]| {
            for event in events {
                framer.feed(1, *event, &mut frames);
            }
        };
        feed(&[KeyEvent::Pressed(LEFT_SHIFT), KeyEvent::Pressed(30), KeyEvent::Lost]);
        feed(&[KeyEvent::Pressed(ENTER)]);
        feed(&[KeyEvent::Pressed(30), KeyEvent::Repeated(30), KeyEvent::Pressed(ENTER)]);
        assert_eq!(
            frames,
            [
                Frame::Error { at_ms: 1, error: FrameError::Garbage },
                Frame::Scan { at_ms: 1, text: "a".into() }
            ]
        );
    }

    #[test]
    fn a_scanner_unplugged_with_a_key_held_comes_back_without_it() {
        let mut framer = KeyFramer::new(KeyConfig::default());
        let mut frames = Vec::new();
        framer.feed(1, KeyEvent::Pressed(LEFT_SHIFT), &mut frames);
        framer.let_go();
        for key in [30, ENTER] {
            framer.feed(2, KeyEvent::Pressed(key), &mut frames);
        }
        assert_eq!(frames, [Frame::Scan { at_ms: 2, text: "a".into() }]);
    }

    #[test]
    fn a_slow_scanner_is_one_code_and_a_pause_cuts_it_off() {
        let mut framer = KeyFramer::new(KeyConfig::default());
        let mut frames = Vec::new();
        for (at, key) in [(0, 2), (190, 3), (380, 4), (570, ENTER), (1_000, 2), (1_300, 3)] {
            framer.feed(at, KeyEvent::Pressed(key), &mut frames);
        }
        assert_eq!(
            frames,
            [
                Frame::Scan { at_ms: 570, text: "123".into() },
                Frame::Error { at_ms: 1_000, error: FrameError::Partial }
            ]
        );
    }
}
