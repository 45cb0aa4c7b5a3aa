//! The server's configuration: one TOML file, no secrets in it, unknown keys refused.

use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

/// Everything a server is told.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// The home's policy file (`schedules/oakhill.toml`).
    pub policy: PathBuf,
    /// Data directory: SQLite database, keys, `checkpoints.log`.
    pub data: PathBuf,
    /// File with the `postgres://` URL; absent: SQLite in the data directory.
    #[serde(default)]
    pub database_url_file: Option<PathBuf>,
    /// Name of this server in topics and in the lease.
    #[serde(default = "default_server")]
    pub server: String,
    /// Where pages and API listen.
    #[serde(default = "default_http")]
    pub http: SocketAddr,
    /// Where metrics listen.
    #[serde(default = "default_metrics")]
    pub metrics: SocketAddr,
    /// A directory with newer zone data.
    #[serde(default)]
    pub zoneinfo: Option<PathBuf>,
    /// Pharmacies whose orders are taken and who hear of administrations.
    #[serde(default)]
    pub pharmacies: BTreeSet<String>,
    /// The broker.
    #[serde(default)]
    pub mqtt: Mqtt,
}

/// Which broker.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "broker", rename_all = "snake_case", deny_unknown_fields)]
pub enum Mqtt {
    /// None: nothing leaves over MQTT.
    None,
    /// In this process, on loopback only.
    Embedded {
        /// Where it listens.
        address: SocketAddr,
        /// Who may connect beside the server itself.
        #[serde(default)]
        accounts: Vec<Account>,
    },
    /// Another process (Mosquitto).
    External {
        /// Host name or address.
        host: String,
        /// Port.
        port: u16,
        /// The server's user name.
        user: String,
        /// File with its password.
        password_file: PathBuf,
    },
}

/// An account of the embedded broker.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Account {
    /// User name.
    pub user: String,
    /// File with the password.
    pub password_file: PathBuf,
}

impl Default for Mqtt {
    fn default() -> Self {
        Self::Embedded { address: SocketAddr::from(([127, 0, 0, 1], 1883)), accounts: Vec::new() }
    }
}

fn default_server() -> String {
    "srv-1".to_owned()
}
fn default_http() -> SocketAddr {
    SocketAddr::from(([127, 0, 0, 1], 8080))
}
fn default_metrics() -> SocketAddr {
    SocketAddr::from(([127, 0, 0, 1], 9464))
}

/// What is wrong with a configuration.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file cannot be read.
    #[error("{path}: {source}; name an existing file, or make one with `emar config example`")]
    Read {
        /// Which.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The file is no configuration.
    #[error("{path}: {why}")]
    Toml {
        /// Which.
        path: PathBuf,
        /// What and where.
        why: toml::de::Error,
    },
    /// Pages and API would be served in the clear to the network.
    #[error(
        "{0} is not loopback, and this server has no TLS: browsers would refuse the pages and \
         anybody on the network could read them; listen on 127.0.0.1 and put a TLS proxy in front"
    )]
    Clear(SocketAddr),
}

/// A configuration with every key, for `emar config example`.
pub const EXAMPLE: &str = include_str!("../deploy/emar.example.toml");

impl Config {
    /// Reads and checks a file.
    ///
    /// # Errors
    /// [`ConfigError`] in words for the person who wrote it.
    pub fn load(path: &Path) -> Result<Self, ConfigError> {
        let text = std::fs::read_to_string(path)
            .map_err(|source| ConfigError::Read { path: path.to_owned(), source })?;
        let config: Self = toml::from_str(&text)
            .map_err(|why| ConfigError::Toml { path: path.to_owned(), why })?;
        config.check()?;
        Ok(config)
    }

    /// Checks what the types cannot say.
    ///
    /// # Errors
    /// [`ConfigError::Clear`] for a listener the network could reach.
    pub fn check(&self) -> Result<(), ConfigError> {
        for address in [self.http, self.metrics] {
            if !address.ip().is_loopback() {
                return Err(ConfigError::Clear(address));
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_example_reads_and_a_network_address_is_refused() {
        let mut config: Config = toml::from_str(EXAMPLE).unwrap();
        config.check().unwrap();
        config.http = "0.0.0.0:8080".parse().unwrap();
        assert!(config.check().unwrap_err().to_string().contains("not loopback"));
        assert!(toml::from_str::<Config>("policy='a'\ndata='b'\nsurprise=1").is_err());
    }
}
