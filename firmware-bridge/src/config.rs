//! The bridge's configuration file (TOML). Unknown fields are errors; secrets are file names.

use std::net::IpAddr;
use std::path::{Path, PathBuf};

use ed25519_dalek::VerifyingKey;
use emar_wire::Id;
use serde::Deserialize;

/// A complete example; `emar-bridge config example` prints it and a test reads it back.
pub const EXAMPLE: &str = include_str!("../bridge.example.toml");

/// Everything the bridge is told from outside.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// Opaque id of the home, as in its policy file.
    pub facility: Id,
    /// Opaque id of this cart, as given by `emar cart add`.
    pub cart: Id,
    /// The MQTT broker.
    pub broker: BrokerConfig,
    /// The serial scanner.
    pub scanner: ScannerConfig,
    /// Lights and buzzer.
    #[serde(default)]
    pub panel: PanelConfig,
    /// Where scans without an answer wait.
    pub spool: SpoolConfig,
}

/// How to reach the broker.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BrokerConfig {
    /// Loopback only in this version: the end of a TLS tunnel on this cart, or the broker itself.
    #[serde(default = "default_host")]
    pub host: String,
    /// TCP port.
    #[serde(default = "default_port")]
    pub port: u16,
    /// The cart's user name at the broker.
    pub user: String,
    /// File holding the password; one line.
    pub password_file: PathBuf,
    /// File holding the server's public key, one line, with which heartbeats are signed.
    /// Without it heartbeats count unverified.
    #[serde(default)]
    pub server_key_file: Option<PathBuf>,
}

/// The serial port and how the scanner frames a code.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ScannerConfig {
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

/// Which panel the cart has.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, tag = "kind", rename_all = "lowercase")]
pub enum PanelConfig {
    /// No hardware: states go to the log and where named.
    Null {
        /// File that always holds the newest state as JSON.
        #[serde(default)]
        state_file: Option<PathBuf>,
        /// Print every state as one line of JSON.
        #[serde(default)]
        json_stdout: bool,
    },
    /// Raspberry Pi pins, BCM numbers.
    Pi {
        /// Green light.
        green: u8,
        /// Amber light.
        amber: u8,
        /// Red light.
        red: u8,
        /// Passive buzzer.
        buzzer: u8,
    },
}

impl Default for PanelConfig {
    fn default() -> Self {
        Self::Null { state_file: None, json_stdout: false }
    }
}

/// Where scans without an answer wait.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SpoolConfig {
    /// Folder on a disk that keeps what it was given.
    pub directory: PathBuf,
    /// Largest size of the spool in bytes.
    #[serde(default = "default_spool_bytes_max")]
    pub bytes_max: u64,
}

fn default_host() -> String {
    "127.0.0.1".into()
}
const fn default_port() -> u16 {
    1883
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
const fn default_spool_bytes_max() -> u64 {
    4 * 1024 * 1024
}

/// The configuration cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file cannot be read.
    #[error("{path} could not be read: {why}; check the path and its rights")]
    Read {
        /// Which file.
        path: PathBuf,
        /// What the operating system said.
        #[source]
        why: std::io::Error,
    },
    /// Not TOML, an unknown field, or a field of the wrong kind.
    #[error("{path}: {why}")]
    Toml {
        /// Which file.
        path: PathBuf,
        /// Line, column and reason.
        #[source]
        why: Box<toml::de::Error>,
    },
    /// A value that cannot work.
    #[error("{field} = {value}: {why}")]
    Value {
        /// The field, with its table.
        field: &'static str,
        /// What stands there.
        value: String,
        /// Why not, and what to do.
        why: &'static str,
    },
}

impl Config {
    /// Reads and checks the file at `path`.
    ///
    /// # Errors
    /// What is wrong and where.
    pub fn load(path: &Path) -> Result<Self, ConfigError> {
        let text = read(path)?;
        Self::parse(&text, path)
    }

    /// Reads and checks `text`; `path` only stands in errors.
    ///
    /// # Errors
    /// What is wrong and where.
    pub fn parse(text: &str, path: &Path) -> Result<Self, ConfigError> {
        let config: Self = toml::from_str(text)
            .map_err(|why| ConfigError::Toml { path: path.into(), why: Box::new(why) })?;
        config.check()?;
        Ok(config)
    }

    fn check(&self) -> Result<(), ConfigError> {
        let host = &self.broker.host;
        let loopback = host == "localhost" || host.parse().is_ok_and(|ip: IpAddr| ip.is_loopback());
        let scanner = &self.scanner;
        let rows = [
            (
                "broker.host",
                host.clone(),
                loopback,
                "the password would cross the network in clear; run a TLS tunnel on this cart \
                 and name its loopback end, for example 127.0.0.1",
            ),
            ("broker.port", self.broker.port.to_string(), self.broker.port > 0, "use 1 to 65535"),
            (
                "scanner.baud",
                scanner.baud.to_string(),
                (300..=921_600).contains(&scanner.baud),
                "use what the scanner is set to, commonly 9600 or 115200",
            ),
            (
                "scanner.data_bits",
                scanner.data_bits.to_string(),
                matches!(scanner.data_bits, 7 | 8),
                "use 7 or 8",
            ),
            (
                "scanner.stop_bits",
                scanner.stop_bits.to_string(),
                matches!(scanner.stop_bits, 1 | 2),
                "use 1 or 2",
            ),
            (
                "scanner.prefix",
                scanner.prefix.clone().unwrap_or_default(),
                self.prefix_bytes().is_some(),
                "use pairs of hexadecimal digits, for example \"02\", or leave it out",
            ),
            (
                "scanner.idle_ms",
                scanner.idle_ms.to_string(),
                (20..=5000).contains(&scanner.idle_ms),
                "use 20 to 5000",
            ),
            (
                "scanner.max_len",
                scanner.max_len.to_string(),
                (16..=4096).contains(&scanner.max_len),
                "use 16 to 4096",
            ),
            (
                "scanner.repeat_ms",
                scanner.repeat_ms.to_string(),
                scanner.repeat_ms <= 400,
                "use 0 to 400: above that a real second package could be swallowed",
            ),
            (
                "spool.bytes_max",
                self.spool.bytes_max.to_string(),
                (64 * 1024..=1 << 30).contains(&self.spool.bytes_max),
                "use 65536 to 1073741824",
            ),
        ];
        match rows.into_iter().find(|(_, _, good, _)| !good) {
            Some((field, value, _, why)) => Err(ConfigError::Value { field, value, why }),
            None => Ok(()),
        }
    }

    /// The bytes of `scanner.prefix`; `None` when it is not hexadecimal.
    #[must_use]
    pub fn prefix_bytes(&self) -> Option<Vec<u8>> {
        crate::hex::decode(self.scanner.prefix.as_deref().unwrap_or_default())
    }

    /// The broker password.
    ///
    /// # Errors
    /// The file cannot be read or is empty.
    pub fn password(&self) -> Result<String, ConfigError> {
        secret(&self.broker.password_file, "broker.password_file")
    }

    /// The key that signs heartbeats, if one is configured.
    ///
    /// # Errors
    /// The file cannot be read or holds no key.
    pub fn server_key(&self) -> Result<Option<VerifyingKey>, ConfigError> {
        let field = "broker.server_key_file";
        let Some(path) = &self.broker.server_key_file else { return Ok(None) };
        let key = crate::key::parse(&secret(path, field)?);
        key.map(Some).ok_or_else(|| ConfigError::Value {
            field,
            value: path.display().to_string(),
            why: "it holds no Ed25519 public key; copy the line <name>+<hash>+<base64> that the \
                  server prints",
        })
    }

    /// Reads every file the configuration names and says what is wrong with the first bad one.
    ///
    /// # Errors
    /// As [`Config::password`] and [`Config::server_key`].
    pub fn check_files(&self) -> Result<(), ConfigError> {
        self.password()?;
        self.server_key().map(|_| ())
    }
}

fn read(path: &Path) -> Result<String, ConfigError> {
    std::fs::read_to_string(path).map_err(|why| ConfigError::Read { path: path.into(), why })
}

fn secret(path: &Path, field: &'static str) -> Result<String, ConfigError> {
    let text = read(path)?;
    let line = text.trim_end_matches(['\r', '\n']);
    if line.is_empty() || line.contains(['\r', '\n']) {
        return Err(ConfigError::Value {
            field,
            value: path.display().to_string(),
            why: "the file holds no line or several; put exactly one line in it",
        });
    }
    Ok(line.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Config, ConfigError> {
        Config::parse(text, Path::new("bridge.toml"))
    }

    #[test]
    fn the_example_is_good() {
        let config = parse(EXAMPLE).unwrap();
        assert_eq!(config.facility.as_str(), "oakhill");
        assert_eq!(config.scanner.suffix, Suffix::Cr);
    }

    #[test]
    fn wrong_values_are_named_with_a_way_out() {
        let rows = [
            ("host = \"127.0.0.1\"", "host = \"10.0.0.7\"", "broker.host"),
            ("baud = 9600", "baud = 1", "scanner.baud"),
            ("idle_ms = 200", "idle_ms = 0", "scanner.idle_ms"),
            ("max_len = 512", "max_len = 5000", "scanner.max_len"),
            ("repeat_ms = 400", "repeat_ms = 1500", "scanner.repeat_ms"),
            ("suffix = \"CR\"", "suffix = \"CR\"\nprefix = \"0x\"", "scanner.prefix"),
            ("suffix = \"CR\"", "suffix = \"EOL\"", "unknown variant"),
            ("protocol = \"line\"", "protocol = \"snapi\"", "unknown variant"),
            ("baud = 9600", "bauds = 9600", "unknown field"),
            ("cart = \"cart-1\"", "cart = \"cart/+\"", "id"),
            ("kind = \"null\"", "kind = \"nil\"", "unknown variant"),
        ];
        for (from, to, names) in rows {
            assert!(EXAMPLE.contains(from), "{from}");
            let why = parse(&EXAMPLE.replace(from, to)).unwrap_err().to_string();
            assert!(why.contains(names), "{to}: {why}");
        }
    }

    #[test]
    fn a_prefix_is_bytes() {
        let text = EXAMPLE.replace("suffix = \"CR\"", "suffix = \"CR\"\nprefix = \"021b\"");
        assert_eq!(parse(&text).unwrap().prefix_bytes(), Some(vec![0x02, 0x1b]));
    }
}
