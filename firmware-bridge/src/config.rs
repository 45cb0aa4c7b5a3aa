//! The bridge's configuration file (TOML). Unknown fields are errors; secrets are file names.

use std::net::IpAddr;
use std::path::{Path, PathBuf};

use ed25519_dalek::VerifyingKey;
use emar_wire::Id;
use serde::Deserialize;

mod scanner;

pub use scanner::{
    Beeps, Ends, Flow, FunctionKey, KeyboardConfig, Parity, Protocol, ScannerConfig, SerialConfig,
    Suffix,
};

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
    /// The scanners, each `[[scanner]]` one; at least one.
    #[serde(rename = "scanner")]
    pub scanners: Vec<ScannerConfig>,
    /// Lights and buzzer.
    #[serde(default)]
    pub panel: PanelConfig,
    /// The drawer's lock, where the cart has one.
    #[serde(default)]
    pub drawer: Option<DrawerConfig>,
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
    /// A Raspberry Pi.
    Pi(Pins),
}

/// Pins of a Raspberry Pi, BCM numbers.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Pins {
    /// Green light.
    pub green: u8,
    /// Amber light.
    pub amber: u8,
    /// Red light.
    pub red: u8,
    /// Passive buzzer.
    pub buzzer: u8,
    /// Button to ground; the Pi pulls the pin up.
    #[serde(default)]
    pub button: Option<u8>,
    /// Relay of the drawer's lock, high to unlock; with `[drawer]`.
    #[serde(default)]
    pub drawer: Option<u8>,
}

/// A drawer that the bridge locks.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DrawerConfig {
    /// How many seconds an answer of the server keeps it unlocked.
    #[serde(default = "default_open_s")]
    pub open_s: u32,
}

impl Pins {
    fn are_apart(&self) -> bool {
        let Self { green, amber, red, buzzer, button, drawer } = *self;
        let mut all = vec![green, amber, red, buzzer];
        all.extend(button);
        all.extend(drawer);
        let count = all.len();
        all.sort_unstable();
        all.dedup();
        all.len() == count
    }
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
const fn default_open_s() -> u32 {
    20
}
const fn default_spool_bytes_max() -> u64 {
    4 * 1024 * 1024
}

/// A field, what stands in it, whether that can work, and what to do where it cannot.
type Row = (&'static str, String, bool, &'static str);

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
        let (pins, wired) = match &self.panel {
            PanelConfig::Null { .. } => (true, true),
            PanelConfig::Pi(pins) => {
                (pins.are_apart(), pins.drawer.is_some() == self.drawer.is_some())
            }
        };
        let open_s = self.drawer.as_ref().map_or(20, |drawer| drawer.open_s);
        let rows: [Row; 6] = [
            (
                "broker.host",
                host.clone(),
                loopback,
                "the password would cross the network in clear; run a TLS tunnel on this cart \
                 and name its loopback end, for example 127.0.0.1",
            ),
            ("broker.port", self.broker.port.to_string(), self.broker.port > 0, "use 1 to 65535"),
            (
                "panel",
                "pi".into(),
                pins,
                "two of its pins have one number; give each pin its own BCM number",
            ),
            (
                "panel.drawer",
                self.drawer.is_some().to_string(),
                wired,
                "the relay's pin and the table [drawer] go together; add the other or remove both",
            ),
            ("drawer.open_s", open_s.to_string(), (1..=600).contains(&open_s), "use 1 to 600"),
            (
                "spool.bytes_max",
                self.spool.bytes_max.to_string(),
                (256 * 1024..=1 << 30).contains(&self.spool.bytes_max),
                "use 262144 to 1073741824",
            ),
        ];
        let scanners = scanner::rows(&self.scanners);
        match rows.into_iter().chain(scanners).find(|(_, _, good, _)| !good) {
            Some((field, value, _, why)) => Err(ConfigError::Value { field, value, why }),
            None => Ok(()),
        }
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
        let kinds: Vec<_> = config.scanners.iter().map(ScannerConfig::port).collect();
        assert_eq!(kinds[0], Path::new("/dev/emar-scanner"));
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
            ("beeps = \"none\"", "beeps = \"zebra\"", "unknown variant"),
            ("baud = 9600", "bauds = 9600", "unknown field"),
            ("kind = \"serial\"", "kind = \"bluetooth\"", "unknown variant"),
            ("[[scanner]]", "[scanner]", "invalid type"),
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
    fn pins_are_apart_and_a_drawer_has_its_relay() {
        let with = |panel: &str, rest: &str| {
            let text = EXAMPLE.replace("kind = \"null\"", panel);
            parse(&format!("{text}\n{rest}"))
        };
        let pins = "kind = \"pi\"\ngreen = 17\namber = 27\nred = 22\nbuzzer = 18\nbutton = 23";
        with(pins, "").unwrap();
        with(&format!("{pins}\ndrawer = 24"), "[drawer]").unwrap();
        with("kind = \"null\"", "[drawer]\nopen_s = 60").unwrap();
        let bad = [
            (format!("{pins}\ndrawer = 17"), "[drawer]", "pins have one number"),
            (format!("{pins}\ndrawer = 24"), "", "panel.drawer"),
            (pins.to_owned(), "[drawer]", "panel.drawer"),
            (format!("{pins}\ndrawer = 24"), "[drawer]\nopen_s = 0", "drawer.open_s"),
            (format!("{pins}\ndrawers = 24"), "", "unknown field"),
        ];
        for (panel, rest, names) in bad {
            let why = with(&panel, rest).unwrap_err().to_string();
            assert!(why.contains(names), "{panel} {rest}: {why}");
        }
    }

    #[test]
    fn scanners_of_one_cart_are_told_apart() {
        let with = |scanners: &str| {
            let (head, _) = EXAMPLE.split_once("\n[[scanner]]\n").unwrap();
            let (_, tail) = EXAMPLE.split_once("\n[panel]\n").unwrap();
            parse(&format!("{head}\n{scanners}\n[panel]\n{tail}"))
        };
        let serial = |name: &str, port: &str| {
            format!("[[scanner]]\nkind = \"serial\"\n{name}\nport = \"{port}\"\n")
        };
        let keyboard = |rest: &str| {
            format!("[[scanner]]\nkind = \"keyboard\"\ndevice = \"/dev/input/a\"\n{rest}\n")
        };
        let (left, right) = ("name = \"left\"", "name = \"right\"");
        let good = [
            serial("", "/dev/a"),
            serial(left, "/dev/a") + &serial(right, "/dev/b"),
            serial(left, "/dev/a") + &keyboard(right),
            serial("beeps = \"honeywell\"\nrepeat_ms = 0", "/dev/a"),
            serial("beeps = \"datalogic\"", "/dev/a"),
            keyboard("prefix = \"F9\"\ngs = \"F8\"\nends = \"silence\""),
        ];
        for text in good {
            with(&text).unwrap();
        }
        let bad = [
            (String::new(), "missing field `scanner`"),
            (serial("", "/dev/a") + &serial(right, "/dev/b"), "scanner.name"),
            (serial(left, "/dev/a") + &serial(left, "/dev/b"), "scanner.name"),
            (serial(left, "/dev/a") + &serial(right, "/dev/a"), "scanner.port"),
            (keyboard("prefix = \"F9\"\ngs = \"F9\""), "scanner.gs"),
            (keyboard("prefix = \"F25\""), "no function key"),
            (keyboard("baud = 9600"), "unknown field"),
            (serial("protocol = \"ssi\"\nbeeps = \"honeywell\"", "/dev/a"), "scanner.beeps"),
            (serial("beeps = \"honeywell\"", "/dev/a"), "waits for the host"),
            (serial("beeps = \"honeywell\"\nrepeat_ms = 1", "/dev/a"), "use 0"),
        ];
        for (text, names) in bad {
            let why = with(&text).unwrap_err().to_string();
            assert!(why.contains(names), "{text}: {why}");
        }
    }

    #[test]
    fn a_prefix_is_bytes() {
        let text = EXAMPLE.replace("suffix = \"CR\"", "suffix = \"CR\"\nprefix = \"021b\"");
        let ScannerConfig::Serial(serial) = parse(&text).unwrap().scanners.remove(0) else {
            panic!("the example's scanner is serial")
        };
        assert_eq!(serial.prefix_bytes(), Some(vec![0x02, 0x1b]));
    }
}
