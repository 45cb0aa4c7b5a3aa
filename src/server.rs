//! Putting a server together: data, lane, broker, workers, listeners; and taking it apart again.

use crate::bus::broker::{Account, Broker};
use crate::bus::cart::Carts;
use crate::bus::inbound::{self, Doors};
use crate::bus::pharmacy::PharmacyDoor;
use crate::bus::station::StationDoor;
use crate::bus::{Bus, BusEvents, mqtt};
use crate::clock::{Clock, Ids, RandomIds, SystemClock};
use crate::config::{Config, Mqtt};
use crate::http::Web;
use crate::http::screens::Screens;
use crate::secret::{self, Pins, SecretError};
use crate::service::app::App;
use crate::service::effects::Outgoing;
use crate::service::heard::HeardFrom;
use crate::service::lane::Lane;
use crate::service::told;
use crate::store::{Store, StoreError};
use crate::worker;
use crate::worker::heartbeat::OldestUnsent;
use crate::worker::outbox::OutboxHandle;
use crate::worker::scheduler::{Ended, Terms};
use crate::zones::Catalogue;
use axum::Router;
use emar_domain::audit::note::{KeyKind, SignKey};
use emar_domain::id::Slug;
use emar_domain::schedule::policy::Policy;
use emar_domain::time::Instant;
use emar_wire::client::{Announced, Options};
use emar_wire::payload::Presence;
use emar_wire::{Id, Role, Topic};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::{Arc, RwLock};
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::sync::{broadcast, mpsc, watch};
use tokio::task::JoinSet;

/// Machine microseconds a lease lasts unless renewed.
const LEASE_MICROS: i64 = 10_000_000;
/// Name of the last clinical instant among the kept values.
pub const LAST_INSTANT: &str = "last_instant";
/// Name of the demo's mark among the kept values.
pub const DEMO_MARK: &str = "demo";

/// Why a server did not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The configuration.
    #[error(transparent)]
    Config(#[from] crate::config::ConfigError),
    /// The policy file.
    #[error("{0}")]
    Policy(String),
    /// The zone.
    #[error("the home's zone cannot be used: {0}")]
    Zone(String),
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Keys and secrets.
    #[error(transparent)]
    Secret(#[from] SecretError),
    /// Another server runs this facility.
    #[error("{holder} runs this home until its lease ends; stop it first, or wait {seconds} s")]
    Leased {
        /// Who.
        holder: String,
        /// Seconds.
        seconds: i64,
    },
    /// A listener.
    #[error("{address}: {source}; stop what listens there, or choose another address")]
    Listen {
        /// Where.
        address: SocketAddr,
        /// Why.
        source: std::io::Error,
    },
    /// The broker.
    #[error("the broker cannot be used: {0}")]
    Broker(String),
    /// A demo's data, or the reverse.
    #[error("{0}")]
    Demo(&'static str),
}

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
}

/// What a caller may replace: the clock (the demo's) and the ids.
pub struct Seams {
    /// Makes the clock from the last instant the data knows.
    pub clock: Box<dyn FnOnce(&Policy, &Catalogue, Option<Instant>) -> Arc<dyn Clock> + Send>,
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
    let zone = zones.rules(&policy.zone).map_err(|e| StartError::Zone(e.to_string()))?;
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
    let marked = store.meta(&facility, DEMO_MARK).await?.is_some();
    match (marked, seams.demo) {
        (true, false) => {
            return Err(StartError::Demo(
                "this data directory was made by `emar demo`: its times and people are invented; \
                 start a real home with `emar init`",
            ));
        }
        (false, true) => store.set_meta(&facility, DEMO_MARK, "1").await?,
        _ => {}
    }
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
    let in_force = worker::policy::in_force(&versions, clock.clinical());
    let policy = in_force.and_then(|v| worker::policy::from_body(&v.body)).unwrap_or(policy);
    let home = store.load_home(&facility, policy, (*zone).clone(), clock.clinical()).await?;
    let home = Arc::new(RwLock::new(home));
    let outgoing = Arc::new(Outgoing {
        key: ed25519_dalek::SigningKey::from_bytes(&wire),
        pharmacies: config.pharmacies.clone(),
        administration: told::administration,
    });
    let (changes, _) = broadcast::channel(256);
    let (stop, fatal) = mpsc::channel(1);
    let lane = Lane {
        ledger: store.ledger(facility.clone(), &log, lease.epoch),
        store: store.clone(),
        home: Arc::clone(&home),
        clock: Arc::clone(&clock),
        ids: Arc::clone(&seams.ids),
        outgoing: Arc::clone(&outgoing),
        changes: changes.clone(),
        fatal: stop,
    }
    .start();
    let ids = seams.ids;
    let app = Arc::new(App {
        facility,
        store,
        home,
        lane,
        clock,
        ids,
        outgoing,
        changes,
        activity: Default::default(),
        scans: broadcast::Sender::new(64),
        heard: HeardFrom::default(),
    });
    let pins = Arc::new(Pins::new(pepper));
    Ok(Opened { app, sign, log, pins, epoch: lease.epoch, zones, fatal })
}

fn place(config: &Config) -> Result<String, StartError> {
    match &config.database_url_file {
        None => Ok(config.data.to_string_lossy().into_owned()),
        Some(path) => {
            std::fs::read_to_string(path).map(|t| t.trim().to_owned()).map_err(|source| {
                StartError::Config(crate::config::ConfigError::Read { path: path.clone(), source })
            })
        }
    }
}

/// A running server.
pub struct Running {
    /// Pages and API.
    pub http: SocketAddr,
    /// Metrics.
    pub metrics: SocketAddr,
    /// The broker's address, when there is one.
    pub mqtt: Option<SocketAddr>,
    /// The home.
    pub app: Arc<App>,
    /// What the handlers share.
    pub web: Arc<Web>,
    stop: watch::Sender<bool>,
    broker: Option<Broker>,
    loops: JoinSet<()>,
    fatal: mpsc::Receiver<String>,
    control_file: PathBuf,
}

impl Running {
    /// Waits until the server cannot go on by itself; why.
    pub async fn failed(&mut self) -> String {
        match self.fatal.recv().await {
            Some(why) => why,
            None => std::future::pending().await,
        }
    }

    /// Stops: listeners first, then workers, then the broker; the last clinical instant is kept.
    pub async fn stop(mut self) {
        self.stop.send_replace(true);
        let ended = async { while self.loops.join_next().await.is_some() {} };
        if tokio::time::timeout(Duration::from_secs(5), ended).await.is_err() {
            self.loops.abort_all();
        }
        keep_instant(&self.app).await;
        if let Some(broker) = self.broker.take() {
            broker.stop().await;
        }
        // A file left behind names a server that no longer answers, which the next start replaces.
        let _ = std::fs::remove_file(&self.control_file);
        self.app.store.close().await;
    }
}

async fn keep_instant(app: &App) {
    let now = app.clock.clinical().micros().to_string();
    if let Err(error) = app.store.set_meta(&app.facility, LAST_INSTANT, &now).await {
        tracing::warn!(%error, "the last instant was not kept");
    }
}

/// What a demo adds to a server.
#[derive(Default)]
pub struct Extra {
    /// Accounts of the embedded broker, beside those of the configuration.
    pub accounts: Vec<Account>,
    /// More routes; each needs its line in [`crate::http::auth::TABLE`].
    pub routes: Router<Arc<Web>>,
}

/// Starts a server: opens the home, the broker, the workers and the listeners.
///
/// # Errors
/// [`StartError`] in words for the person at the terminal.
pub async fn start(config: &Config, seams: Seams, extra: Extra) -> Result<Running, StartError> {
    let listen = |address| async move {
        TcpListener::bind(address).await.map_err(|source| StartError::Listen { address, source })
    };
    let opened = open(config, seams).await?;
    let http = listen(config.http).await?;
    let metrics = listen(config.metrics).await?;
    let (stop, stopped) = watch::channel(false);
    let mut loops = JoinSet::new();
    let screens = Arc::new(Screens::default());
    let app = Arc::clone(&opened.app);
    let (broker, line) = connect(config, &app, &extra).await?;
    let mqtt = broker.as_ref().map(Broker::addr);
    let outbox = workers(&mut loops, config, &opened, line, &stopped);
    let control = secret::random()?;
    let web = Web::new(
        Arc::clone(&app),
        opened.log.clone(),
        Arc::clone(&opened.pins),
        Arc::clone(&screens),
        outbox,
        control,
    );
    let web = Arc::new(web);
    loops.spawn(show_bridge_scans(Arc::clone(&app), screens, stopped.clone()));
    let at = |listener: &TcpListener, address| {
        listener.local_addr().map_err(|source| StartError::Listen { address, source })
    };
    let (http_at, metrics_at) = (at(&http, config.http)?, at(&metrics, config.metrics)?);
    let control_file = config.data.join("control");
    write_control(&control_file, http_at, &control)?;
    serve(&mut loops, http, crate::http::router(Arc::clone(&web), extra.routes), &stopped);
    serve(&mut loops, metrics, crate::http::metrics::router(Arc::clone(&app)), &stopped);
    Ok(Running {
        http: http_at,
        metrics: metrics_at,
        mqtt,
        app,
        web,
        stop,
        broker,
        loops,
        fatal: opened.fatal,
        control_file,
    })
}

fn serve(
    loops: &mut JoinSet<()>,
    listener: TcpListener,
    router: Router,
    stopped: &watch::Receiver<bool>,
) {
    let mut stopped = stopped.clone();
    loops.spawn(async move {
        let ended = async move { worker::ended(&mut stopped).await };
        let served = axum::serve(listener, router).with_graceful_shutdown(ended).await;
        if let Err(error) = served {
            tracing::error!(%error, "a listener ended");
        }
    });
}

fn write_control(path: &Path, http: SocketAddr, token: &[u8; 32]) -> Result<(), StartError> {
    use std::io::Write as _;
    use std::os::unix::fs::OpenOptionsExt as _;
    let failed = |source| StartError::Secret(SecretError::File { path: path.to_owned(), source });
    // A file of an earlier server names an address that may be somebody else's by now.
    let _ = std::fs::remove_file(path);
    let mut options = std::fs::OpenOptions::new();
    let mut file = options.write(true).create_new(true).mode(0o600).open(path).map_err(failed)?;
    writeln!(file, "{http} {}", secret::hex(token)).map_err(failed)
}

/// A scan of the bridge shows on the cart's page like one of the page itself.
async fn show_bridge_scans(app: Arc<App>, screens: Arc<Screens>, mut stopped: worker::Shutdown) {
    let mut scans = app.scans.subscribe();
    loop {
        let told = tokio::select! {
            told = scans.recv() => told,
            () = worker::ended(&mut stopped) => return,
        };
        match told {
            Ok((cart, answer)) => drop(screens.scan_response(&app, &cart, &answer)),
            // The pages read the committed state; only the slab of a verdict was missed.
            Err(broadcast::error::RecvError::Lagged(_)) => {}
            Err(broadcast::error::RecvError::Closed) => return,
        }
    }
}

type Line = Option<(Arc<dyn Bus>, Box<dyn BusEvents>)>;

async fn connect(
    config: &Config,
    app: &Arc<App>,
    extra: &Extra,
) -> Result<(Option<Broker>, Line), StartError> {
    let told = |e: &dyn std::fmt::Display| StartError::Broker(e.to_string());
    let password_of = |path: &Path| {
        std::fs::read_to_string(path)
            .map(|t| t.trim().to_owned())
            .map_err(|e| StartError::Broker(format!("{}: {e}", path.display())))
    };
    let (broker, host, port, user, password) = match &config.mqtt {
        Mqtt::None => return Ok((None, None)),
        Mqtt::Embedded { address, accounts } => {
            let password = secret::hex(&secret::random()?);
            let mut all = vec![Account { user: "emar".to_owned(), password: password.clone() }];
            for account in accounts {
                let password = password_of(&account.password_file)?;
                all.push(Account { user: account.user.clone(), password });
            }
            all.extend(extra.accounts.iter().cloned());
            let broker = Broker::start(*address, &all).await.map_err(|e| told(&e))?;
            let at = broker.addr();
            (Some(broker), at.ip().to_string(), at.port(), "emar".to_owned(), password)
        }
        Mqtt::External { host, port, user, password_file } => {
            (None, host.clone(), *port, user.clone(), password_of(password_file)?)
        }
    };
    let id = |text: &str| Id::new(text).map_err(|e| told(&e));
    let facility = id(app.facility.as_str())?;
    let server = id(&config.server)?;
    let clock = Arc::clone(&app.clock);
    let now: Arc<dyn Fn() -> i64 + Send + Sync> = Arc::new(move || clock.machine());
    let mut options =
        Options::new((host, port), id(&format!("emar-{server}"))?, (user, password), now);
    let role = Role::Server { facility: facility.clone() };
    options.subscriptions = role.filters();
    options.announced = Some(Announced {
        topic: Topic::ServerPresence { facility, server },
        presence: Presence::default(),
    });
    options.clean_session = false;
    let (bus, events) = mqtt::connect(options);
    Ok((broker, Some((Arc::new(bus), Box::new(events)))))
}

fn workers(
    loops: &mut JoinSet<()>,
    config: &Config,
    opened: &Opened,
    line: Line,
    stopped: &watch::Receiver<bool>,
) -> Option<OutboxHandle> {
    let app = &opened.app;
    let clone = || (Arc::clone(app), stopped.clone());
    let (passes, passed) = watch::channel(None);
    let terms = Terms { holder: config.server.clone(), epoch: opened.epoch };
    let (a, s) = clone();
    loops.spawn(async move {
        if worker::scheduler::run(a, terms, passes, s).await == Ended::LeaseLost {
            tracing::error!("another server took over the lease; this one must be restarted");
            std::process::exit(75);
        }
    });
    let (a, s) = clone();
    loops.spawn(worker::horizon::run(a, s));
    let (a, s) = clone();
    loops.spawn(worker::policy::run(a, config.policy.clone(), Arc::clone(&opened.zones), s));
    let (latest, _) = watch::channel(String::new());
    let (connections, connected) = watch::channel(0);
    let bus = line.as_ref().map(|(bus, _)| Arc::clone(bus));
    let (a, s) = clone();
    let (key, data) = (opened.sign.clone(), config.data.clone());
    loops.spawn(worker::checkpoint::run(a, key, data, bus, latest, connected, s));
    let (bus, events) = line?;
    let oldest = Arc::new(OldestUnsent::default());
    let (handle, inbox) = worker::outbox::channel();
    let (a, s) = clone();
    loops.spawn(worker::outbox::run(a, Arc::clone(&bus), inbox, Arc::clone(&oldest), s));
    let (a, s) = clone();
    loops.spawn(worker::heartbeat::run(a, Arc::clone(&bus), passed, oldest, s));
    let doors = Doors {
        carts: Carts::new(Arc::clone(app), Arc::clone(&bus)),
        stations: StationDoor::new(Arc::clone(app), Arc::clone(&bus)),
        pharmacies: PharmacyDoor::new(Arc::clone(app), Arc::clone(&bus)),
        outbox: handle.clone(),
        connected: connections,
    };
    let (a, s) = clone();
    loops.spawn(inbound::run(a, bus, events, doors, s));
    Some(handle)
}
