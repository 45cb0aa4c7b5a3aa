//! Commands that write to a home: through its running server, or else with the data directory's
//! lock.

use crate::config::Config;
use crate::server::{Opened, Seams, open, place};
use crate::service::{Asked, Outcome};
use crate::store::Store;
use anyhow::{Context as _, bail};
use emar_domain::decide::Command;
use emar_domain::home::Home;
use emar_domain::time::Instant;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::path::Path;
use std::time::Duration;

/// Most commands in one request to a running server, so that each stays below its size limit.
const COMMANDS_MAX: usize = 40;

/// A home that can be written to.
pub struct Door {
    runtime: tokio::runtime::Runtime,
    opened: Option<Box<Opened>>,
    home: Home,
    running: Option<Running>,
}

/// The server that has the home: how to reach it, and its database to read beside it.
struct Running {
    at: String,
    token: String,
    place: String,
    empty: Home,
}

impl Door {
    /// Opens the home of a configuration.
    ///
    /// # Errors
    /// When neither the server answers nor the data directory is free.
    pub fn open(config: &Config) -> anyhow::Result<Self> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let control = read_control(&config.data).filter(|(at, _)| TcpStream::connect(at).is_ok());
        if let Some((at, token)) = control {
            let zones = crate::zones::Catalogue::open(config.zoneinfo.as_deref());
            let policy = crate::server::policy(config, &zones)?;
            let zone = (*zones.rules(&policy.zone)?).clone();
            let facility = emar_domain::id::Slug::new(&policy.facility)?;
            let empty = Home::new(facility, policy, zone);
            let running = Running { at, token, place: place(config)?, empty };
            let home = running.home(&runtime)?;
            return Ok(Self { runtime, opened: None, home, running: Some(running) });
        }
        let opened = runtime.block_on(open(config, Seams::real()))?;
        let home = opened.app.home().clone();
        Ok(Self { runtime, opened: Some(Box::new(opened)), home, running: None })
    }

    /// The home as the rules see it, with what was applied before.
    #[must_use]
    pub fn home(&self) -> &Home {
        &self.home
    }

    /// The time of the home.
    #[must_use]
    pub fn now(&self) -> Instant {
        self.opened.as_ref().map_or_else(system_now, |o| o.app.clock.clinical())
    }

    /// Carries out commands; the codes of those the rules refused.
    ///
    /// # Errors
    /// When nothing was written.
    pub fn apply(&mut self, commands: Vec<Command>) -> anyhow::Result<Vec<String>> {
        if let Some(running) = &self.running {
            let mut refused = Vec::new();
            for part in commands.chunks(COMMANDS_MAX) {
                refused.extend(send(&running.at, &running.token, part)?);
            }
            self.home = running.home(&self.runtime)?;
            return Ok(refused);
        }
        let Some(opened) = &self.opened else { bail!("the home is not open") };
        let app = &opened.app;
        let refused = self.runtime.block_on(async {
            let mut refused = Vec::new();
            for command in commands {
                match app.lane.ask_patiently(Asked::by_server(command)).await {
                    Outcome::Done { .. } => {}
                    Outcome::Refused(refusal) => refused.push(refusal.code),
                    _ => bail!("the database did not take it: nothing of this command was written"),
                }
            }
            Ok(refused)
        })?;
        self.home = app.home().clone();
        Ok(refused)
    }
}

impl super::import::Target for Door {
    fn home(&self) -> &Home {
        Self::home(self)
    }
    fn now(&self) -> Instant {
        Self::now(self)
    }
    fn apply(&mut self, commands: Vec<Command>) -> anyhow::Result<Vec<String>> {
        Self::apply(self, commands)
    }
}

impl Running {
    /// The home as the server has committed it: what is imported is compared with what is there.
    fn home(&self, runtime: &tokio::runtime::Runtime) -> anyhow::Result<Home> {
        runtime.block_on(async {
            let mut reading = Store::open_to_read(&self.place).await?;
            Ok(reading.home(self.empty.clone(), system_now()).await?)
        })
    }
}

/// The time outside.
pub(super) fn system_now() -> Instant {
    crate::clock::Clock::clinical(&crate::clock::SystemClock::new(Instant::EPOCH))
}

fn read_control(data: &Path) -> Option<(String, String)> {
    let text = std::fs::read_to_string(data.join("control")).ok()?;
    let (at, token) = text.trim().split_once(' ')?;
    Some((at.to_owned(), token.to_owned()))
}

/// One request over loopback, in HTTP/1.1 by hand: the answer is short and the peer is ours.
fn send(at: &str, token: &str, commands: &[Command]) -> anyhow::Result<Vec<String>> {
    let body = serde_json::to_string(commands)?;
    let mut stream = TcpStream::connect(at).context("the running server does not answer")?;
    stream.set_read_timeout(Some(Duration::from_secs(30)))?;
    write!(
        stream,
        "POST /api/v1/control HTTP/1.1\r\nHost: {at}\r\nAuthorization: Control {token}\r\n\
         Content-Type: application/json\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
        body.len()
    )?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    let (head, body) = answer.split_once("\r\n\r\n").context("the running server broke off")?;
    if !head.starts_with("HTTP/1.1 200") {
        bail!("the running server refused: {body}");
    }
    let told: serde_json::Value = serde_json::from_str(body)?;
    let refused = told["refused"].as_array().cloned().unwrap_or_default();
    Ok(refused.iter().filter_map(|r| r.as_str().map(str::to_owned)).collect())
}
