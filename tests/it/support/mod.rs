//! A real server in this process, on loopback ports of its own, with people and orders in it.

pub(crate) mod http;
pub(crate) mod places;
pub(crate) mod world;

pub(crate) use http::{Asked, Reply};
pub(crate) use places::{Mosquitto, Scratch};
pub(crate) use world::PIN;

use emar::clock::{Clock, RandomIds};
use emar::config::{Config, Mqtt};
use emar::server::{Extra, Running, Seams, start};
use emar_domain::audit::tile::TileId;
use emar_domain::audit::verify::{Head, Report, Row, Verifier};
use emar_domain::time::Instant;
use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, Once};
use std::time::Duration;

/// Longest wait for something that must come.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);
/// 08:00 in New York: the middle of the morning pass.
pub(crate) const START: &str = "2026-11-02T13:00:00Z";

static PANICS: Mutex<Vec<String>> = Mutex::new(Vec::new());

/// Notes panics of the server's tasks: a test's own failure panics on the test's thread.
fn watch_panics() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let before = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |info| {
            let name = std::thread::current().name().unwrap_or_default().to_owned();
            if name.starts_with("tokio") {
                PANICS.lock().unwrap().push(info.to_string());
            }
            before(info);
        }));
        let _ = tracing_subscriber::fmt().with_env_filter("warn").with_test_writer().try_init();
    });
}

/// Clinical time stands still unless a test moves it; machine time runs, and may be moved on.
pub(crate) struct TestClock {
    clinical: AtomicI64,
    began: std::time::Instant,
    skipped: AtomicI64,
}

impl TestClock {
    pub(crate) fn at(text: &str) -> Self {
        let clinical = Instant::parse(text).unwrap().micros().into();
        Self { clinical, began: std::time::Instant::now(), skipped: AtomicI64::new(0) }
    }

    /// Lets machine time pass.
    pub(crate) fn skip_machine_seconds(&self, seconds: i64) {
        self.skipped.fetch_add(seconds * 1_000_000, Ordering::SeqCst);
    }

    /// Sets clinical time.
    pub(crate) fn set(&self, text: &str) {
        self.set_micros(Instant::parse(text).unwrap().micros());
    }

    /// Sets clinical time, in microseconds since 1970.
    pub(crate) fn set_micros(&self, micros: i64) {
        let before = self.clinical.swap(micros, Ordering::SeqCst);
        assert!(before <= micros, "clinical time goes forward only");
    }
}

impl Clock for TestClock {
    fn clinical(&self) -> Instant {
        Instant::from_micros(self.clinical.load(Ordering::SeqCst))
    }

    fn machine(&self) -> i64 {
        let ran = i64::try_from(self.began.elapsed().as_micros()).unwrap();
        1_790_000_000_000_000 + ran + self.skipped.load(Ordering::SeqCst)
    }
}

/// What a test wants of its server.
#[derive(Default)]
pub(crate) struct Wanted {
    /// The home's zone; absent: New York.
    pub(crate) zone: Option<&'static str>,
    /// First clinical instant; absent: [`START`].
    pub(crate) start: Option<&'static str>,
    /// On PostgreSQL instead of SQLite.
    pub(crate) postgres: bool,
    /// With a broker.
    pub(crate) broker: Broker,
}

/// Which broker.
#[derive(Default)]
pub(crate) enum Broker {
    /// None.
    #[default]
    None,
    /// A Mosquitto of the test's own.
    Mosquitto(Mosquitto),
}

/// A server under test. [`TestApp::finish`] must be called: it holds the server to account.
pub(crate) struct TestApp {
    running: Option<Running>,
    pub(crate) clock: Arc<TestClock>,
    pub(crate) mosquitto: Option<Mosquitto>,
    /// The configuration file the command line would be given.
    pub(crate) config: std::path::PathBuf,
    settings: Config,
    _dir: Scratch,
    finished: bool,
}

fn seams(clock: &Arc<TestClock>) -> Seams {
    let given: Arc<dyn Clock> = clock.clone();
    Seams { clock: Box::new(move |_, _, _| given), ids: Arc::new(RandomIds), demo: false }
}

fn any_port() -> SocketAddr {
    SocketAddr::from(([127, 0, 0, 1], 0))
}

impl TestApp {
    /// A server on the defaults: SQLite, no broker, New York, 08:00 on 2026-11-02.
    pub(crate) async fn new() -> Self {
        Self::with(Wanted::default()).await
    }

    /// A server as wanted.
    pub(crate) async fn with(wanted: Wanted) -> Self {
        watch_panics();
        let dir = Scratch::new();
        let policy = dir.path().join("oakhill.toml");
        let zone = wanted.zone.unwrap_or("America/New_York");
        std::fs::write(&policy, include_str!("oakhill.toml").replace("ZONE", zone)).unwrap();
        let url = wanted.postgres.then(places::new_database);
        let database_url_file = match url {
            Some(url) => {
                let file = dir.path().join("url");
                std::fs::write(&file, url.await).unwrap();
                Some(file)
            }
            None => None,
        };
        let (mqtt, mosquitto) = match wanted.broker {
            Broker::None => (Mqtt::None, None),
            Broker::Mosquitto(m) => (m.config("server"), Some(m)),
        };
        let config = Config {
            policy,
            data: dir.path().join("data"),
            database_url_file,
            server: "srv-1".to_owned(),
            http: any_port(),
            metrics: any_port(),
            zoneinfo: None,
            pharmacies: ["pharm1".to_owned()].into(),
            mqtt,
        };
        std::fs::create_dir_all(&config.data).unwrap();
        let clock = Arc::new(TestClock::at(wanted.start.unwrap_or(START)));
        let running = start(&config, seams(&clock), Extra::default()).await.unwrap();
        let file = dir.path().join("emar.toml");
        let url = config.database_url_file.as_ref();
        let url = url.map_or(String::new(), |url| format!("database_url_file = {url:?}\n"));
        let text = format!("policy = {:?}\ndata = {:?}\n{url}", config.policy, config.data);
        std::fs::write(&file, text).unwrap();
        let app = Self {
            running: Some(running),
            clock,
            mosquitto,
            config: file,
            settings: config,
            _dir: dir,
            finished: false,
        };
        app.furnish().await;
        app
    }

    /// Stops the server and starts it again on the same data, at the clinical time it has.
    pub(crate) async fn restart(&mut self) {
        self.running.take().unwrap().stop().await;
        let running = start(&self.settings, seams(&self.clock), Extra::default()).await;
        self.running = Some(running.unwrap());
    }

    /// As [`Self::restart`], with a tz database in a folder of the test's own: `zones` by name, as
    /// compiled.
    pub(crate) async fn restart_with_zones(&mut self, release: &str, zones: &[(&str, &[u8])]) {
        let folder = self._dir.path().join("zoneinfo");
        for (name, compiled) in zones {
            let file = folder.join(name);
            std::fs::create_dir_all(file.parent().unwrap()).unwrap();
            std::fs::write(file, compiled).unwrap();
        }
        std::fs::write(folder.join("tzdata.zi"), format!("# version {release}\n")).unwrap();
        self.settings.zoneinfo = Some(folder);
        self.restart().await;
    }

    /// Writes the policy file as a person would: the test home's, with lines changed.
    pub(crate) fn change_policy(&self, lines: &[(&str, &str)]) {
        let mut text = std::fs::read_to_string(&self.settings.policy).unwrap();
        for (from, to) in lines {
            assert!(text.contains(from), "{from}");
            text = text.replacen(from, to, 1);
        }
        std::fs::write(&self.settings.policy, text).unwrap();
    }

    /// The leaves of the trail, as JSON.
    pub(crate) async fn trail_tells(&self) -> Vec<serde_json::Value> {
        let (app, log) = (&self.running().app, &self.running().web.log);
        let rows = app.store.leaves(log, 0, u64::from(u32::MAX)).await.unwrap();
        rows.iter().map(|row| serde_json::from_slice(&row.leaf).unwrap()).collect()
    }

    /// Lets machine time pass.
    pub(crate) async fn pass_machine_seconds(&self, seconds: i64) {
        assert!(!self.running().app.store.is_shared(), "a lease would run out");
        self.clock.skip_machine_seconds(seconds);
        // A turn of the workers, which sign idle carts off.
        tokio::time::sleep(Duration::from_millis(20)).await;
    }

    pub(crate) fn running(&self) -> &Running {
        self.running.as_ref().unwrap()
    }

    /// The home as committed.
    pub(crate) fn home(&self) -> std::sync::RwLockReadGuard<'_, emar_domain::home::Home> {
        self.running().app.home()
    }

    /// Number of leaves.
    pub(crate) fn version(&self) -> u64 {
        self.home().version
    }

    /// Waits until the home in memory is as it must become.
    pub(crate) async fn until<T>(
        &self,
        what: &str,
        seen: impl Fn(&emar_domain::home::Home) -> Option<T>,
    ) -> T {
        let wait = async {
            loop {
                let found = seen(&self.home());
                if let Some(found) = found {
                    return found;
                }
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        tokio::time::timeout(PATIENCE, wait).await.unwrap_or_else(|_| panic!("not yet: {what}"))
    }

    /// Ends the server and holds it to account: the outbox is drained but for `waiting`, the trail
    /// verifies and tells of every administration, nothing panicked.
    pub(crate) async fn finish_with_waiting(mut self, waiting: &[&str]) {
        self.drained(waiting).await;
        self.trail_verifies().await;
        self.finished = true;
        self.running.take().unwrap().stop().await;
        let panics = PANICS.lock().unwrap().clone();
        assert!(panics.is_empty(), "the server panicked: {panics:?}");
    }

    /// Ends a server that lost its home to another: the other is held to account.
    pub(crate) async fn abandon(mut self) {
        self.finished = true;
        self.running.take().unwrap().stop().await;
    }

    /// As [`Self::finish_with_waiting`], with nothing left to send.
    pub(crate) async fn finish(self) {
        self.finish_with_waiting(&[]).await;
    }

    /// Waits until nothing but the streams named in `waiting` has anything left to send.
    pub(crate) async fn drained(&self, waiting: &[&str]) {
        let app = &self.running().app;
        let wait = async {
            loop {
                let open = app.store.outbox_open(&app.facility).await.unwrap();
                let streams = open.iter().map(|(stream, ..)| stream.as_str());
                let left: Vec<&str> = streams.filter(|s| !waiting.contains(s)).collect();
                if left.is_empty() {
                    return;
                }
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        };
        let done = tokio::time::timeout(PATIENCE, wait).await;
        assert!(done.is_ok(), "the outbox is not drained");
    }

    /// The server's own work may add a leaf while the trail is read: then it is read again.
    async fn trail_verifies(&self) {
        let (app, log) = (&self.running().app, &self.running().web.log);
        let size = async || app.store.head(&app.facility).await.unwrap().unwrap().frontier.size();
        for _ in 0..10 {
            let before = size().await;
            let report = self.trail(log).await;
            let version = self.version();
            if size().await == before {
                assert!(report.findings.is_empty(), "the trail: {:?}", report.findings);
                assert_eq!(version, before, "memory is not the database");
                return;
            }
        }
        panic!("the server adds leaves without end");
    }

    async fn trail(&self, log: &str) -> Report {
        let app = &self.running().app;
        let head = app.store.head(&app.facility).await.unwrap().unwrap();
        let size = head.frontier.size();
        let mut verifier = Verifier::new(log, &[], &[], &[]);
        for level in 0..4 {
            for (index, bytes) in app.store.tiles(log, level, 0, u64::from(u32::MAX)).await.unwrap()
            {
                verifier.tile(TileId { level, index }, &bytes);
            }
        }
        for row in app.store.leaves(log, 0, size + 1).await.unwrap() {
            let leaf_hash = &row.leaf_hash.0;
            verifier.row(Row { seq: row.seq, leaf: &row.leaf, leaf_hash });
        }
        let all = app
            .store
            .administrations_between(&app.facility, Instant::MIN, Instant::MAX, 100_000)
            .await
            .unwrap();
        let all: BTreeSet<_> = all.iter().map(|a| a.id.0).collect();
        let head = Head { size, frontier: head.frontier.to_bytes() };
        verifier.finish(&head, Some(&all))
    }
}

impl Drop for TestApp {
    fn drop(&mut self) {
        if !self.finished && !std::thread::panicking() {
            panic!("a test must end with finish(): the server was not held to account");
        }
    }
}
