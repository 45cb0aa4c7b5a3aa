//! The whole demo: server, carts, robots and stations, started in order and stopped in reverse.

use super::carts::{Bridge, BridgeStartError, DemoCarts, Uplink};
use super::clock::HeldClock;
use super::folder::{Folder, FolderError};
use super::orders::PHARMACY;
use super::pages::routes;
use super::people::Post;
use super::pharmacy::{self, Pharmacy};
use super::robots::{Floor, Robots};
use super::seed::{Seed, SeedError, seed, start as start_of};
use super::sheet::Sheet;
use super::station::{Stations, Watch};
use crate::bus::broker::Account;
use crate::clock::{Clock, RandomIds};
use crate::config::{Config, Mqtt};
use crate::secret::{self, Pins, SecretError, sha256};
use crate::server::{self, Extra, Running, Seams, StartError};
use crate::service::lane::Key;
use crate::service::{Asked, Outcome};
use crate::zones::Catalogue;
use emar_domain::decide::{Actor, Command};
use emar_domain::role::Role;
use emar_domain::schedule::policy::Policy;
use emar_domain::time::Instant;
use emar_domain::zone::ZoneRules;
use emar_wire::Id;
use std::collections::{BTreeMap, BTreeSet};
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::PathBuf;
use std::sync::Arc;

/// The demo's home, as shipped.
const POLICY: &str = include_str!("../../schedules/oakhill.toml");
/// Where metrics listen when nobody else does.
const METRICS_PORT: u16 = 9464;
/// Where pages and API listen unless told otherwise.
const HTTP_PORT: u16 = 8080;
/// Steps asked for at once; the lane takes as many in one commit.
const STEPS_AT_ONCE: usize = 64;

/// What the demo is told.
#[derive(Clone, Debug)]
pub struct Wishes {
    /// Pages and API.
    pub http: SocketAddr,
    /// The embedded broker.
    pub mqtt: SocketAddr,
    /// Data directory; none: a fresh one for temporary files.
    pub data: Option<PathBuf>,
    /// How many times as fast as life clinical time runs.
    pub speed: u32,
    /// Seed of the home; none: that of the directory, else 1.
    pub seed: Option<u64>,
    /// Robot nurses, stations, and a pharmacy that confirms.
    pub robots: bool,
}

/// Why the demo did not start.
#[derive(Debug, thiserror::Error)]
pub enum DemoError {
    /// The data directory.
    #[error(transparent)]
    Folder(#[from] FolderError),
    /// The server.
    #[error(transparent)]
    Start(#[from] StartError),
    /// The home.
    #[error(transparent)]
    Seed(#[from] SeedError),
    /// Keys.
    #[error(transparent)]
    Secret(#[from] SecretError),
    /// A cart.
    #[error(transparent)]
    Bridge(#[from] BridgeStartError),
    /// A scanner.
    #[error("a demo scanner could not be plugged in: {0}; free pseudo-terminals or threads")]
    Scanner(std::io::Error),
    /// The shipped policy or zone.
    #[error("the demo's own policy cannot be used: {0}")]
    Policy(String),
    /// A step of the seed was not carried out.
    #[error("the demo's home could not be made: {0}")]
    Step(String),
}

/// A running demo.
pub struct Demo {
    /// The server.
    pub server: Running,
    /// The home.
    pub seed: Seed,
    /// Its number.
    pub number: u64,
    /// Its directory.
    pub data: PathBuf,
    /// Password of `observer` at the broker.
    pub observer_password: String,
    /// Password of the demo's pharmacy at the broker.
    pub pharmacy_password: String,
    bridges: Vec<Bridge>,
    robots: Option<Robots>,
    stations: Option<Stations>,
    pharmacy: Option<Pharmacy>,
}

fn policy_and_zone() -> Result<(Policy, ZoneRules), DemoError> {
    let zones = Catalogue::open(None);
    let faults = |faults: Vec<crate::policy_file::Problem>| {
        DemoError::Policy(faults.into_iter().map(|f| f.what).collect::<Vec<_>>().join("; "))
    };
    let policy = crate::policy_file::parse(POLICY, &zones).map_err(faults)?;
    let zone = zones.rules(&policy.zone).map_err(|e| DemoError::Policy(e.to_string()))?;
    Ok((policy, (*zone).clone()))
}

impl Demo {
    /// Starts everything; clinical time runs once the home is whole.
    ///
    /// # Errors
    /// [`DemoError`] in words for the person at the terminal.
    pub async fn start(wishes: &Wishes) -> Result<Self, DemoError> {
        let mut folder = Folder::open(wishes.data.clone(), wishes.seed)?;
        let (policy, zone) = policy_and_zone()?;
        let pins = Pins::new(secret::key_file(&folder.path.join("keys/pepper.key"))?);
        let hash = |pin: &str| match pins.hash(pin) {
            _ if folder.mark.complete => Some(String::new()),
            Ok(hash) => Some(hash),
            Err(why) => {
                tracing::error!(%why, "a demo PIN");
                None
            }
        };
        let number = folder.mark.seed;
        let seed = seed(number, &policy, &zone, &hash)?;
        let passwords = passwords(&seed)?;
        let password = |who: &str| passwords.get(who).cloned().unwrap_or_default();
        let carts_folder = folder.path.join("carts");
        let carts =
            Arc::new(DemoCarts::plug_in(&carts_folder, &seed.carts).map_err(DemoError::Scanner)?);
        let sheet = Arc::new(Sheet::new(&policy.facility, &seed));

        let config = config(wishes, &folder)?;
        let begins = start_of(&zone)?;
        let (made, clock) = std::sync::mpsc::channel();
        let speed = wishes.speed;
        let seams = Seams {
            clock: Box::new(move |_, _, last: Option<Instant>| {
                let held = Arc::new(HeldClock::new(last.map_or(begins, |l| l.max(begins)), speed));
                // The receiver waits below.
                let _ = made.send(Arc::clone(&held));
                held as Arc<dyn Clock>
            }),
            ids: Arc::new(RandomIds),
            demo: true,
        };
        let accounts = passwords
            .iter()
            .map(|(user, password)| Account { user: user.clone(), password: password.clone() })
            .collect();
        let extra = Extra { accounts, routes: routes(Arc::clone(&carts), sheet) };
        let server = server::start(&config, seams, extra).await?;
        let mut demo = Self {
            server,
            number,
            data: folder.path.clone(),
            observer_password: password("observer"),
            pharmacy_password: password(PHARMACY),
            seed,
            bridges: Vec::new(),
            robots: None,
            stations: None,
            pharmacy: None,
        };
        if let Err(why) = demo.furnish(&mut folder, wishes, carts, &passwords, zone).await {
            demo.stop().await;
            return Err(why);
        }
        if let Ok(clock) = clock.try_recv() {
            clock.release();
        }
        Ok(demo)
    }

    async fn furnish(
        &mut self,
        folder: &mut Folder,
        wishes: &Wishes,
        carts: Arc<DemoCarts>,
        passwords: &BTreeMap<String, String>,
        zone: ZoneRules,
    ) -> Result<(), DemoError> {
        if !folder.mark.complete {
            self.make_home().await?;
            folder.completed()?;
        }
        let Some(broker) = self.server.mqtt else { return Ok(()) };
        let facility = self.server.app.facility.to_string();
        for cart in &self.seed.carts {
            let name = cart.id.as_str();
            let password = passwords.get(name).cloned().unwrap_or_default();
            let password_file = folder.keep(&format!("carts/{name}/password"), &password)?;
            let uplink = Uplink { facility: &facility, broker, password_file: &password_file };
            let bridge = Bridge::start(&folder.path.join("carts"), cart, &uplink)?;
            self.bridges.push(bridge);
        }
        if wishes.robots {
            self.pharmacy = Some(self.pharmacy(broker, zone.clone())?);
            let clock = Arc::clone(&self.server.app.clock);
            let floor = Floor { clock, zone, server: self.server.http, carts };
            self.robots = Some(Robots::start(&self.seed, self.number, &floor, &self.bridges));
            self.stations = self.stations(broker, passwords)?;
        }
        Ok(())
    }

    fn pharmacy(&self, broker: SocketAddr, zone: ZoneRules) -> Result<Pharmacy, DemoError> {
        let bad = |why: emar_wire::IdError| DemoError::Policy(why.to_string());
        let app = &self.server.app;
        Ok(Pharmacy::start(pharmacy::Told {
            facility: Id::new(app.facility.as_str()).map_err(bad)?,
            pharmacy: Id::new(PHARMACY).map_err(bad)?,
            password: self.pharmacy_password.clone(),
            broker,
            clock: Arc::clone(&app.clock),
            zone,
        }))
    }

    fn stations(
        &self,
        broker: SocketAddr,
        passwords: &BTreeMap<String, String>,
    ) -> Result<Option<Stations>, DemoError> {
        let bad = |why: emar_wire::IdError| DemoError::Policy(why.to_string());
        let app = &self.server.app;
        let charge = self.seed.people.iter().find(|p| p.role == Role::Charge).cloned();
        let Some(charge) = charge else { return Ok(None) };
        let told = Watch {
            facility: Id::new(app.facility.as_str()).map_err(bad)?,
            broker,
            server: self.server.http,
            key: app.outgoing.key.verifying_key(),
            clock: Arc::clone(&app.clock),
            charge,
        };
        let with_password = |post: &Post| {
            let password = passwords.get(post.id.as_str()).cloned().unwrap_or_default();
            (post.clone(), password)
        };
        let posts: Vec<_> = self.seed.stations.iter().map(with_password).collect();
        Stations::start(&posts, self.number, &told).map(Some).map_err(bad)
    }

    /// Carries out the seed's steps, each under a key of its own: what a start that broke off did
    /// is not done again.
    async fn make_home(&self) -> Result<(), DemoError> {
        self.carry_out("step", self.seed.steps.iter().cloned()).await?;
        let plans = self.seed.beds.iter().map(|bed| {
            let orders = bed.orders.iter().map(|(order, _)| order.order).collect();
            (Actor::server(), Command::Plan(orders))
        });
        self.carry_out("plan", plans).await
    }

    async fn carry_out(
        &self,
        what: &str,
        steps: impl Iterator<Item = (Actor, Command)>,
    ) -> Result<(), DemoError> {
        let mut steps = steps.enumerate().peekable();
        while steps.peek().is_some() {
            // All are queued, in their order, before the first is awaited: they share a commit.
            let mut waiting = Vec::new();
            for (number, (actor, command)) in steps.by_ref().take(STEPS_AT_ONCE) {
                let (key, who) = (format!("{what} {number}"), "demo".to_owned());
                // The seed makes the same of a step but for the salt of a PIN, so the name tells.
                let request_sha256 = sha256(key.as_bytes());
                let key = Some(Key { key, who, request_sha256 });
                let asked = Asked { actor, key, ..Asked::by_server(command) };
                waiting.push(self.server.app.lane.queue(asked).await);
            }
            for answer in waiting {
                let answer = match answer {
                    Some(answer) => answer.await.unwrap_or(Outcome::Unknown),
                    None => Outcome::Unavailable,
                };
                match answer {
                    Outcome::Done { .. } => {}
                    Outcome::Refused(refusal) => return Err(DemoError::Step(refusal.code)),
                    other => return Err(DemoError::Step(format!("{other:?}"))),
                }
            }
        }
        Ok(())
    }

    /// Stops robots, stations, pharmacy, bridges and the server, in this order.
    pub async fn stop(self) {
        if let Some(robots) = self.robots {
            robots.stop().await;
        }
        if let Some(stations) = self.stations {
            stations.stop().await;
        }
        if let Some(pharmacy) = self.pharmacy {
            pharmacy.stop().await;
        }
        for bridge in self.bridges {
            bridge.stop().await;
        }
        self.server.stop().await;
    }
}

/// A fresh password for each account of the broker.
fn passwords(seed: &Seed) -> Result<BTreeMap<String, String>, SecretError> {
    let posts = seed.carts.iter().chain(&seed.stations).map(|post| post.id.to_string());
    let others = ["observer", PHARMACY].map(str::to_owned);
    let fresh = |who: String| Ok((who, secret::hex(&secret::random()?[..12])));
    posts.chain(others).map(fresh).collect()
}

fn config(wishes: &Wishes, folder: &Folder) -> Result<Config, DemoError> {
    let policy = folder.path.join("oakhill.toml");
    if !policy.exists() {
        folder.keep("oakhill.toml", POLICY)?;
    }
    Ok(Config {
        policy,
        data: folder.path.clone(),
        database_url_file: None,
        server: "srv-1".to_owned(),
        http: wishes.http,
        metrics: metrics_address(wishes.http),
        zoneinfo: None,
        pharmacies: BTreeSet::from([PHARMACY.to_owned()]),
        mqtt: Mqtt::Embedded { address: wishes.mqtt, accounts: Vec::new() },
    })
}

/// The usual port for a demo at the usual address that finds it free; any for the others, so that
/// two demos that start together never want the same one.
fn metrics_address(http: SocketAddr) -> SocketAddr {
    let usual = SocketAddr::from((Ipv4Addr::LOCALHOST, METRICS_PORT));
    let free = http.port() == HTTP_PORT && TcpListener::bind(usual).is_ok();
    if free { usual } else { SocketAddr::from((Ipv4Addr::LOCALHOST, 0)) }
}
