//! Putting a server together: data, lane, broker, workers, listeners; and taking it apart again.

mod open;

use crate::bus::broker::{Account, Broker};
use crate::bus::{Bus, BusEvents, mqtt};
use crate::config::{Config, Mqtt};
use crate::http::Web;
use crate::http::screens::Screens;
use crate::secret::{self, SecretError};
use crate::service::app::App;
use crate::service::devices::is_bridge;
use crate::store::StoreError;
use crate::worker;
use crate::worker::scheduler::{Ended, Terms};
use crate::worker::start;
use axum::Router;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::sync::{broadcast, mpsc, watch};
use tokio::task::{JoinHandle, JoinSet};

/// How long loops have to end by themselves, and how long where they wait.
const STOP_MAX: Duration = Duration::from_secs(5);

/// Name of the last clinical instant among the kept values.
pub const LAST_INSTANT: &str = "last_instant";
/// Name of the demo's mark among the kept values.
pub const DEMO_MARK: &str = "demo";

pub use open::{MakeClock, Opened, Seams, open, place, policy};

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
        if tokio::time::timeout(STOP_MAX, ended).await.is_err() {
            // Ended where it waits; the write lane then lets go of its connection.
            let _ = tokio::time::timeout(STOP_MAX, self.loops.shutdown()).await;
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
    let screens = Arc::new(Screens::default());
    let app = Arc::clone(&opened.app);
    let (broker, line) = connect(config, &opened, &extra).await?;
    let mqtt = broker.as_ref().map(Broker::addr);
    let has_line = line.is_some();
    let parts = start::Parts {
        app: Arc::clone(&app),
        terms: Terms { holder: config.server.clone(), epoch: opened.epoch },
        sign: opened.sign.clone(),
        directory: config.data.clone(),
        policy: Some(config.policy.clone()),
        zones: Arc::clone(&opened.zones),
        bus: line,
    };
    let start::Running { outbox, scheduler, mut loops, .. } = start::start(parts, &stopped);
    loops.spawn(end_with_the_lease(scheduler, opened.fail.clone()));
    let outbox = has_line.then_some(outbox);
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

/// Another server runs the home from then on: what this one holds in memory is worth nothing.
async fn end_with_the_lease(scheduler: JoinHandle<Ended>, fail: mpsc::Sender<String>) {
    if matches!(scheduler.await, Ok(Ended::LeaseLost)) {
        // Full when the lane found it out too.
        let _ = fail.try_send("another server took over the lease".to_owned());
    }
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
            Ok((cart, answer)) => screens.scanned(&app, &cart, &answer),
            // The pages read the committed state; only the slab of a verdict was missed.
            Err(broadcast::error::RecvError::Lagged(_)) => {}
            Err(broadcast::error::RecvError::Closed) => return,
        }
    }
}

type Line = Option<(Arc<dyn Bus>, Box<dyn BusEvents>)>;

async fn connect(
    config: &Config,
    opened: &Opened,
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
            let app = Arc::clone(&opened.app);
            let knows =
                Arc::new(move |user: &str, password: &str| is_bridge(&app.home(), user, password));
            let broker = Broker::start_knowing(*address, &all, knows).await;
            let broker = broker.map_err(|e| told(&e))?;
            let at = broker.addr();
            (Some(broker), at.ip().to_string(), at.port(), "emar".to_owned(), password)
        }
        Mqtt::External { host, port, user, password_file } => {
            (None, host.clone(), *port, user.clone(), password_of(password_file)?)
        }
    };
    let (server, at, login) = (&config.server, (host.as_str(), port), (&*user, &*password));
    let options = start::options(&opened.app, server, opened.epoch, at, login);
    let (bus, events) = mqtt::connect(options.map_err(|e| told(&e))?);
    Ok((broker, Some((Arc::new(bus), Box::new(events)))))
}
