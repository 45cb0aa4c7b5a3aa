//! Opening a home: database, keys, state in memory, write lane.

use super::{DEMO_MARK, LAST_INSTANT, StartError};
use crate::clock::{Clock, Ids, RandomIds, SystemClock};
use crate::config::Config;
use crate::secret::{self, Pins};
use crate::service::app::App;
use crate::service::effects::Outgoing;
use crate::service::heard::HeardFrom;
use crate::service::lane::Lane;
use crate::service::told;
use crate::service::{Asked, Outcome};
use crate::store::Store;
use crate::worker;
use crate::zones::Catalogue;
use emar_domain::audit::note::{KeyKind, SignKey};
use emar_domain::decide::Command;
use emar_domain::id::Slug;
use emar_domain::schedule::policy::Policy;
use emar_domain::time::Instant;
use emar_domain::zone::ZoneRules;
use sha2::{Digest, Sha256};
use std::sync::{Arc, RwLock};
use tokio::sync::{broadcast, mpsc};

/// Machine microseconds a lease lasts unless renewed.
const LEASE_MICROS: i64 = 10_000_000;

/// A home opened for work: its app, and what signs for it.
pub struct Opened {
    /// The app.
    pub app: Arc<App>,
    /// Signs checkpoints.
    pub sign: SignKey,
    /// Name of the audit log.
    pub log: String,
    /// Checks PINs.
    pub pins: Arc<Pins>,
    /// Epoch of the lane.
    pub epoch: i64,
    /// Zone data.
    pub zones: Arc<Catalogue>,
    /// Tells when the lane cannot go on.
    pub fatal: mpsc::Receiver<String>,
    /// Tells it.
    pub fail: mpsc::Sender<String>,
}

/// Makes the clock of a home from the last instant its data knows.
pub type MakeClock = dyn FnOnce(&Policy, &Catalogue, Option<Instant>) -> Arc<dyn Clock> + Send;

/// What a caller may replace: the clock (the demo's) and the ids.
pub struct Seams {
    /// Makes the clock from the last instant the data knows.
    pub clock: Box<MakeClock>,
    /// Ids.
    pub ids: Arc<dyn Ids>,
    /// Whether the data is a demo's.
    pub demo: bool,
}

impl Seams {
    /// Real time, random ids.
    #[must_use]
    pub fn real() -> Self {
        let clock = |_: &Policy, _: &Catalogue, last: Option<Instant>| -> Arc<dyn Clock> {
            Arc::new(SystemClock::new(last.unwrap_or(Instant::EPOCH)))
        };
        Self { clock: Box::new(clock), ids: Arc::new(RandomIds), demo: false }
    }
}

/// The policy a configuration names.
///
/// # Errors
/// Every fault of the file, in words.
pub fn policy(config: &Config, zones: &Catalogue) -> Result<Policy, StartError> {
    crate::policy_file::load(&config.policy, zones).map_err(|faults| {
        let file = config.policy.display();
        let told = faults.iter().map(|f| {
            format!("{file}:{}:{}: {}: {}. {}", f.line, f.column, f.path, f.what, f.remedy)
        });
        StartError::Policy(told.collect::<Vec<_>>().join("\n"))
    })
}

/// Opens a home: database, keys, state in memory, write lane. No listener, no worker.
///
/// # Errors
/// [`StartError`] in words for the person at the terminal.
pub async fn open(config: &Config, seams: Seams) -> Result<Opened, StartError> {
    config.check()?;
    let zones = Arc::new(Catalogue::open(config.zoneinfo.as_deref()));
    let policy = policy(config, &zones)?;
    zones.rules(&policy.zone).map_err(|e| StartError::Zone(e.to_string()))?;
    let facility = Slug::new(&policy.facility).map_err(|e| StartError::Policy(e.to_string()))?;
    let store = Store::open(&place(config)?).await?;
    let log = emar_domain::audit::checkpoint::origin("org", facility.as_str());
    let sign = secret::key_file(&config.data.join("keys/checkpoint.key"))?;
    let sign = SignKey::from_seed(&log, KeyKind::Log, &sign)
        .map_err(|e| StartError::Policy(e.to_string()))?;
    let pepper = secret::key_file(&config.data.join("keys/pepper.key"))?;
    let wire = secret::key_file(&config.data.join("keys/mqtt.key"))?;

    let now = Instant::from_micros(SystemClock::new(Instant::EPOCH).machine());
    store.ensure_facility(&facility, &log, now).await?;
    mark(&store, &facility, seams.demo).await?;
    let last = store.meta(&facility, LAST_INSTANT).await?;
    let last = last.and_then(|t| t.parse().ok()).map(Instant::from_micros);
    let clock = (seams.clock)(&policy, &zones, last);
    let machine = clock.machine();
    let lease =
        store.take_lease(&facility, &config.server, machine, machine + LEASE_MICROS).await?;
    if lease.holder != config.server {
        let seconds = (lease.until - machine) / 1_000_000;
        return Err(StartError::Leased { holder: lease.holder, seconds });
    }
    let versions = store.policies(&facility).await?;
    let steps = worker::policy::were_in_force(&versions, clock.clinical());
    let in_force = steps.last().and_then(|v| worker::policy::from_body(&v.body));
    let policy = in_force.unwrap_or(policy);
    let zone = zones.rules(&policy.zone).map_err(|e| StartError::Zone(e.to_string()))?;
    let now = clock.clinical();
    let mut home = store.load_home(&facility, policy, (*zone).clone(), now).await?;
    home.earlier = worker::policy::earlier(&steps);
    let home = Arc::new(RwLock::new(home));
    let outgoing = Arc::new(Outgoing {
        key: ed25519_dalek::SigningKey::from_bytes(&wire),
        pharmacies: config.pharmacies.clone(),
        administration: told::administration,
    });
    let (changes, _) = broadcast::channel(256);
    let (fail, fatal) = mpsc::channel(1);
    let lane = Lane {
        ledger: store.ledger(facility.clone(), &log, lease.epoch),
        store: store.clone(),
        home: Arc::clone(&home),
        clock: Arc::clone(&clock),
        ids: Arc::clone(&seams.ids),
        outgoing: Arc::clone(&outgoing),
        changes: changes.clone(),
        fatal: fail.clone(),
    }
    .start();
    let app = Arc::new(App {
        facility,
        store,
        home,
        lane,
        clock,
        ids: seams.ids,
        outgoing,
        changes,
        activity: Default::default(),
        scans: broadcast::Sender::new(64),
        heard: HeardFrom::default(),
    });
    follow_zone(&app).await?;
    let pins = Arc::new(Pins::new(pepper));
    Ok(Opened { app, sign, log, pins, epoch: lease.epoch, zones, fail, fatal })
}

/// The name under which the zone rules are kept that doses were planned with.
const ZONE_RULES: &str = "zone_rules";

/// Doses to come were planned with the rules the home's zone had when the server ran last. Under
/// other rules their civil times are other instants.
async fn follow_zone(app: &App) -> Result<(), StartError> {
    let (now, plans) = {
        let home = app.home();
        (zone_mark(&home.zone), home.orders.values().any(|o| o.planned_until.is_some()))
    };
    let before = app.store.meta(&app.facility, ZONE_RULES).await?;
    if before.as_ref() == Some(&now) {
        return Ok(());
    }
    if plans {
        let release =
            before.as_deref().and_then(|mark| mark.split(' ').next()).unwrap_or("unknown");
        let asked = Asked::by_server(Command::ZoneRules(release.to_owned()));
        match app.lane.ask_patiently(asked).await {
            Outcome::Done { answer, .. } => {
                tracing::warn!(release, now, ?answer, "the zone has other rules");
            }
            outcome => {
                let why = format!("doses could not be moved to new zone rules: {outcome:?}");
                return Err(StartError::Zone(why));
            }
        }
    }
    Ok(app.store.set_meta(&app.facility, ZONE_RULES, &now).await?)
}

/// Release, zone, and a digest of the rules: one release is not the same everywhere.
fn zone_mark(zone: &ZoneRules) -> String {
    let rules = serde_json::to_vec(zone).unwrap_or_default();
    let digest = secret::hex(&Sha256::digest(rules));
    format!("{} {} {digest}", zone.tzdb(), zone.name())
}

/// Where a configuration keeps its database, as [`Store::open`] takes it.
///
/// # Errors
/// When the file that names the database cannot be read.
pub fn place(config: &Config) -> Result<String, StartError> {
    match &config.database_url_file {
        None => Ok(config.data.to_string_lossy().into_owned()),
        Some(path) => {
            std::fs::read_to_string(path).map(|t| t.trim().to_owned()).map_err(|source| {
                StartError::Config(crate::config::ConfigError::Read { path: path.clone(), source })
            })
        }
    }
}

/// A demo's data stays a demo's, and no home becomes one.
async fn mark(store: &Store, facility: &Slug, demo: bool) -> Result<(), StartError> {
    let marked = store.meta(facility, DEMO_MARK).await?.is_some();
    match (marked, demo) {
        (true, false) => {
            return Err(StartError::Demo(
                "this data directory was made by `emar demo`: its times and people are invented; \
                 start a real home with `emar init`",
            ));
        }
        (false, true) => store.set_meta(facility, DEMO_MARK, "1").await?,
        _ => {}
    }
    Ok(())
}
