//! `[[scanner]]`: the ports of a cart's scanners and how each sends its codes.

use std::path::{Path, PathBuf};

use emar_wire::Id;
use serde::Deserialize;

use super::Row;

/// One scanner of the cart.
#[derive(Clone, Debug, Deserialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
pub enum ScannerConfig {
    /// On a serial port: exact bytes, and the only kind that can be told to beep the verdict.
    Serial(SerialConfig),
    /// A scanner that is a keyboard, taken away from the console and read key by key.
    Keyboard(KeyboardConfig),
}

/// A serial port and how the scanner frames a code.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SerialConfig {
    /// Tells the scanners of one cart apart; needed as soon as there are two.
    #[serde(default)]
    pub name: Option<Id>,
    /// Path that stays the same when the scanner is plugged in again, such as
    /// `/dev/serial/by-id/...`; reopened by this name.
    pub port: PathBuf,
    /// Bits a second.
    #[serde(default = "default_baud")]
    pub baud: u32,
    /// 7 or 8.
    #[serde(default = "default_data_bits")]
    pub data_bits: u8,
    /// Parity bit.
    #[serde(default)]
    pub parity: Parity,
    /// 1 or 2.
    #[serde(default = "default_stop_bits")]
    pub stop_bits: u8,
    /// Flow control.
    #[serde(default)]
    pub flow: Flow,
    /// How the scanner sends its codes.
    #[serde(default)]
    pub protocol: Protocol,
    /// What ends a code; of protocol `line`.
    #[serde(default)]
    pub suffix: Suffix,
    /// Bytes that begin a code, in hexadecimal; what stands before them is noise. Of `line`.
    #[serde(default)]
    pub prefix: Option<String>,
    /// Whose commands the scanner takes to beep the verdict; it must be set up to wait for them.
    #[serde(default)]
    pub beeps: Beeps,
    /// A silence of so many milliseconds ends a code (suffix `NONE`) or cuts it off; of `ssi`, a
    /// packet or a code of several.
    #[serde(default = "default_idle_ms")]
    pub idle_ms: u32,
    /// Longest code in bytes, at most 4096.
    #[serde(default = "default_max_len")]
    pub max_len: u32,
    /// The same code again within so many milliseconds is the scanner reading twice. The server
    /// judges longer repeats; above 400 a real second package could be swallowed.
    #[serde(default = "default_repeat_ms")]
    pub repeat_ms: u32,
}

/// An input device and how the scanner types a code on it, by US key positions.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeyboardConfig {
    /// As of a serial scanner.
    #[serde(default)]
    pub name: Option<Id>,
    /// Path that stays the same, `/dev/input/by-id/...-event-kbd`.
    pub device: PathBuf,
    /// What ends a code.
    #[serde(default)]
    pub ends: Ends,
    /// The function key that begins a code; what stands before it is noise.
    #[serde(default)]
    pub prefix: Option<FunctionKey>,
    /// The function key that stands for GS; Ctrl+] and Alt+029 are always understood.
    #[serde(default)]
    pub gs: Option<FunctionKey>,
    /// A silence of so many milliseconds ends a code (ends `silence`) or cuts it off.
    #[serde(default = "default_idle_ms")]
    pub idle_ms: u32,
    /// Longest code in characters, at most 4096.
    #[serde(default = "default_max_len")]
    pub max_len: u32,
    /// As of a serial scanner.
    #[serde(default = "default_repeat_ms")]
    pub repeat_ms: u32,
}

/// Parity of the serial line.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub enum Parity {
    /// No parity bit.
    #[default]
    None,
    /// Odd.
    Odd,
    /// Even.
    Even,
}

/// Flow control of the serial line.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub enum Flow {
    /// None.
    #[default]
    None,
    /// RTS/CTS.
    Hardware,
    /// XON/XOFF.
    Software,
}

/// How a scanner sends its codes.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub enum Protocol {
    /// Plain text with a suffix.
    #[default]
    Line,
    /// Zebra's Simple Serial Interface: packets with a checksum, each answered.
    Ssi,
}

/// What ends a code.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "UPPERCASE")]
pub enum Suffix {
    /// Carriage return.
    #[default]
    Cr,
    /// Line feed.
    Lf,
    /// Carriage return, line feed or both.
    Crlf,
    /// Tabulator.
    Tab,
    /// Carriage return, line feed or tabulator.
    Auto,
    /// End of text, 0x03.
    Etx,
    /// Silence alone.
    None,
}

/// Whose commands make a scanner beep the verdict.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub enum Beeps {
    /// Nobody's: the scanner beeps what it read, the panel beeps the verdict.
    #[default]
    None,
    /// Honeywell with Host ACK switched on.
    Honeywell,
    /// Datalogic, and its makes of another name.
    Datalogic,
}

/// What ends a code that is typed.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub enum Ends {
    /// Enter or Tab, whichever comes.
    #[default]
    Auto,
    /// Enter alone; a Tab inside a code makes it unreadable.
    Enter,
    /// Tab alone.
    Tab,
    /// Silence alone.
    Silence,
}

/// A function key, `F1` to `F24`.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(try_from = "String")]
pub struct FunctionKey(pub u8);

impl TryFrom<String> for FunctionKey {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let number = text.strip_prefix('F').and_then(|number| number.parse().ok());
        number
            .filter(|number| (1..=24).contains(number))
            .map(Self)
            .ok_or_else(|| format!("{text:?} is no function key; use \"F1\" to \"F24\""))
    }
}

const fn default_baud() -> u32 {
    9600
}
const fn default_data_bits() -> u8 {
    8
}
const fn default_stop_bits() -> u8 {
    1
}
const fn default_idle_ms() -> u32 {
    200
}
const fn default_max_len() -> u32 {
    512
}
const fn default_repeat_ms() -> u32 {
    400
}

impl ScannerConfig {
    /// What tells this scanner from the others of its cart.
    #[must_use]
    pub fn name(&self) -> Option<&Id> {
        match self {
            Self::Serial(serial) => serial.name.as_ref(),
            Self::Keyboard(keyboard) => keyboard.name.as_ref(),
        }
    }

    /// The path it is opened by.
    #[must_use]
    pub fn port(&self) -> &Path {
        match self {
            Self::Serial(serial) => &serial.port,
            Self::Keyboard(keyboard) => &keyboard.device,
        }
    }

    /// Within how many milliseconds the same code is the scanner reading twice.
    #[must_use]
    pub fn repeat_ms(&self) -> u32 {
        match self {
            Self::Serial(serial) => serial.repeat_ms,
            Self::Keyboard(keyboard) => keyboard.repeat_ms,
        }
    }

    fn rows(&self) -> Vec<Row> {
        let (idle_ms, max_len, mut rows) = match self {
            Self::Serial(serial) => (serial.idle_ms, serial.max_len, serial.rows()),
            Self::Keyboard(keyboard) => (keyboard.idle_ms, keyboard.max_len, keyboard.rows()),
        };
        rows.extend([
            (
                "scanner.idle_ms",
                idle_ms.to_string(),
                (20..=5000).contains(&idle_ms),
                "use 20 to 5000",
            ),
            (
                "scanner.max_len",
                max_len.to_string(),
                (16..=4096).contains(&max_len),
                "use 16 to 4096",
            ),
            (
                "scanner.repeat_ms",
                self.repeat_ms().to_string(),
                self.repeat_ms() <= 400,
                "use 0 to 400: above that a real second package could be swallowed",
            ),
        ]);
        rows
    }
}

impl SerialConfig {
    /// The bytes of `prefix`; `None` when it is not hexadecimal.
    #[must_use]
    pub fn prefix_bytes(&self) -> Option<Vec<u8>> {
        crate::hex::decode(self.prefix.as_deref().unwrap_or_default())
    }

    fn rows(&self) -> Vec<Row> {
        vec![
            (
                "scanner.baud",
                self.baud.to_string(),
                (300..=921_600).contains(&self.baud),
                "use what the scanner is set to, commonly 9600 or 115200",
            ),
            (
                "scanner.data_bits",
                self.data_bits.to_string(),
                matches!(self.data_bits, 7 | 8),
                "use 7 or 8",
            ),
            (
                "scanner.stop_bits",
                self.stop_bits.to_string(),
                matches!(self.stop_bits, 1 | 2),
                "use 1 or 2",
            ),
            (
                "scanner.prefix",
                self.prefix.clone().unwrap_or_default(),
                self.prefix_bytes().is_some(),
                "use pairs of hexadecimal digits, for example \"02\", or leave it out",
            ),
            (
                "scanner.beeps",
                format!("{:?}", self.beeps).to_lowercase(),
                self.beeps == Beeps::None || self.protocol == Protocol::Line,
                "these commands are for protocol \"line\"; leave it out",
            ),
            (
                "scanner.repeat_ms",
                self.repeat_ms.to_string(),
                self.beeps != Beeps::Honeywell || self.repeat_ms == 0,
                "with beeps = \"honeywell\" the scanner waits for the host after each code, and a \
                 code left out gets no answer; use 0: a scanner that waits does not read twice",
            ),
        ]
    }
}

impl KeyboardConfig {
    fn rows(&self) -> Vec<Row> {
        let both = self.prefix.is_some() && self.prefix == self.gs;
        let value = self.gs.map(|key| format!("F{}", key.0)).unwrap_or_default();
        vec![("scanner.gs", value, !both, "it is the prefix already; name another key")]
    }
}

/// What is to be checked of all scanners together and of each.
pub(super) fn rows(scanners: &[ScannerConfig]) -> Vec<Row> {
    let alone = |index: usize, same: &dyn Fn(&ScannerConfig) -> bool| {
        scanners.iter().enumerate().all(|(other, scanner)| other == index || !same(scanner))
    };
    let mut rows: Vec<Row> = vec![(
        "scanner",
        scanners.len().to_string(),
        (1..=8).contains(&scanners.len()),
        "name one to eight scanners, each under [[scanner]]",
    )];
    for (index, scanner) in scanners.iter().enumerate() {
        let name = scanner.name();
        rows.push((
            "scanner.name",
            name.map(ToString::to_string).unwrap_or_default(),
            scanners.len() == 1 || name.is_some() && alone(index, &|s| s.name() == name),
            "with several scanners give each a name of its own, for example \"left\"",
        ));
        rows.push((
            "scanner.port",
            scanner.port().display().to_string(),
            alone(index, &|s| s.port() == scanner.port()),
            "two scanners have this port; give each its own, by /dev/serial/by-id or \
             /dev/input/by-id",
        ));
        rows.extend(scanner.rows());
    }
    rows
}
