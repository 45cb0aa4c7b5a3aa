//! A run: bare loop and load by turns, so that the machine's noise falls on both.

use super::bare::{Bare, Pace};
use super::floor::{DOSES, Floor, ORDERS};
use super::nurse::{Did, Nurse};
use super::process::Server;
use super::report::{Home, Latency, Outbox, Report, permille};
use crate::config::Config;
use crate::store::sqlite_options;
use anyhow::{Context as _, bail};
use sqlx::{ConnectOptions as _, Connection as _, PgConnection, Row as _, SqliteConnection};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};
use tokio::task::JoinSet;

/// Turns of load; the bare loop runs before each and after the last.
const TURNS: u32 = 4;
/// Doses made for a second of load. Where they are given sooner the load ends sooner.
const DOSES_PER_SECOND: u32 = 2000;
const DRAIN_MAX: Duration = Duration::from_secs(120);
const LOOK: Duration = Duration::from_millis(10);

/// What is asked of a run.
pub struct Wanted {
    /// Carts.
    pub carts: u32,
    /// Seconds of load in all.
    pub seconds: u32,
    /// A PostgreSQL database, empty; none: SQLite.
    pub database: Option<String>,
    /// Where the home is made.
    pub directory: PathBuf,
    /// A server that runs already, and its home.
    pub running: Option<(SocketAddr, Floor)>,
}

/// Residents of each cart that are enough for the load.
#[must_use]
pub fn residents_per_cart(carts: u32, seconds: u32) -> u32 {
    (DOSES_PER_SECOND * seconds.max(1)).div_ceil(ORDERS * DOSES * carts.max(1))
}

/// Makes a home, runs a server and the load, and measures.
///
/// # Errors
/// When the server, the database or a cart fails: there is no figure then.
pub fn run(wanted: &Wanted) -> anyhow::Result<Report> {
    let (floor, server, http) = match &wanted.running {
        Some((http, floor)) => (floor.clone(), None, *http),
        None => {
            let residents = residents_per_cart(wanted.carts, wanted.seconds);
            let (dir, url) = (&wanted.directory, wanted.database.as_deref());
            let floor = Floor::make(dir, url, wanted.carts, residents)?;
            std::fs::write(dir.join("bench.json"), serde_json::to_vec(&floor)?)?;
            let server = Server::start(&std::env::current_exe()?, &floor.config)?;
            let http = server.http;
            (floor, Some(server), http)
        }
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let report = runtime.block_on(measure(wanted, &floor, server.as_ref(), http))?;
    server.map_or(Ok(()), Server::stop)?;
    Ok(report)
}

#[derive(Default)]
struct Sum {
    load: Pace,
    bare: Pace,
    drain: u64,
    cpu: u64,
    scans: Vec<u32>,
    taken: Vec<u32>,
}

async fn measure(
    wanted: &Wanted,
    floor: &Floor,
    server: Option<&Server>,
    http: SocketAddr,
) -> anyhow::Result<Report> {
    let mut outbox = Messages::open(&floor.config).await?;
    let mut bare = Bare::open(&wanted.directory, outbox.url()).await?;
    let mut nurses = Vec::new();
    let gtins: Arc<[String]> = floor.gtins.clone().into();
    for cart in &floor.carts {
        let mut nurse = Nurse::new(cart.clone(), Arc::clone(&gtins));
        // One after the other, and before the clock starts: a PIN costs what it costs on purpose.
        nurse.arrive(http).await?;
        nurses.push(nurse);
    }
    let turn = Duration::from_secs(wanted.seconds.into()) / TURNS;
    let mut sum = Sum::default();
    let cpu = || server.and_then(Server::cpu_micros).unwrap_or(0);
    for _ in 0..TURNS {
        sum.bare = sum.bare.and(bare.run(turn / 4).await?);
        let (used, begun) = (cpu(), Instant::now());
        let mut done = 0;
        (nurses, done) = turn_of(nurses, turn, &mut sum, done).await?;
        let drained = Instant::now();
        outbox.drained().await?;
        sum.drain += micros(drained.elapsed());
        sum.load = sum.load.and(Pace { done, micros: micros(begun.elapsed()) });
        sum.cpu += cpu() - used;
    }
    sum.bare = sum.bare.and(bare.run(turn / 4).await?);
    let beds: usize = floor.carts.iter().map(|cart| cart.bands.len()).sum();
    Ok(Report {
        engine: if outbox.url().is_some() { "postgres" } else { "sqlite" },
        carts: u32::try_from(floor.carts.len())?,
        home: Home { residents: u64::try_from(beds)?, doses: floor.doses() },
        ready_ms: server.map(|s| micros(s.ready) / 1000),
        administrations: sum.load.done,
        load_us: sum.load.micros,
        drain_us: sum.drain,
        administrations_per_s: sum.load.per_second(),
        scan: Latency::of(sum.scans),
        taken: Latency::of(sum.taken),
        cpu_us_per_administration: server.and_then(|_| sum.cpu.checked_div(sum.load.done)),
        peak_kib: server.and_then(Server::peak_kib),
        outbox: outbox.count().await?,
        bare_per_s: sum.bare.per_second(),
        ratio_permille: permille(sum.load, sum.bare),
    })
}

fn micros(length: Duration) -> u64 {
    u64::try_from(length.as_micros()).unwrap_or(u64::MAX)
}

/// All carts at work for so long, or until one has given all its doses; the nurses, and how many
/// administrations were acknowledged.
async fn turn_of(
    nurses: Vec<Nurse>,
    length: Duration,
    sum: &mut Sum,
    mut done: u64,
) -> anyhow::Result<(Vec<Nurse>, u64)> {
    let until = Instant::now() + length;
    let ended = Arc::new(AtomicBool::new(false));
    let mut working: JoinSet<anyhow::Result<_>> = JoinSet::new();
    for mut nurse in nurses {
        let ended = Arc::clone(&ended);
        working.spawn(async move {
            let (mut scans, mut taken, mut given) = (Vec::new(), Vec::new(), 0_usize);
            while Instant::now() < until && !ended.load(Ordering::Relaxed) {
                match nurse.step().await? {
                    Did::Scanned { micros, .. } => scans.push(micros),
                    Did::Taken { micros, administrations, .. } => {
                        taken.push(micros);
                        given += administrations.len();
                    }
                    Did::Finished => ended.store(true, Ordering::Relaxed),
                }
            }
            Ok((nurse, scans, taken, given))
        });
    }
    let mut back = Vec::new();
    while let Some(worked) = working.join_next().await {
        let (nurse, scans, taken, given) = worked??;
        sum.scans.extend(scans);
        sum.taken.extend(taken);
        done += u64::try_from(given)?;
        back.push(nurse);
    }
    Ok((back, done))
}

/// The server's outbox, read beside it.
enum Messages {
    Sqlite(SqliteConnection),
    Postgres(String, PgConnection),
}

const WAITING: &str = "SELECT count(*) FROM outbox_state WHERE is_open = 1 AND sent_at IS NULL";
const SENT: &str = "SELECT count(*) FROM outbox_state WHERE sent_at IS NOT NULL";

impl Messages {
    async fn open(config: &Path) -> anyhow::Result<Self> {
        let config = Config::load(config)?;
        match config.database_url_file {
            None => {
                let options = sqlite_options(&config.data.join("emar.db"));
                let conn = options.create_if_missing(false).connect().await?;
                Ok(Self::Sqlite(conn))
            }
            Some(file) => {
                let url = std::fs::read_to_string(&file)?.trim().to_owned();
                let conn = PgConnection::connect(&url).await?;
                Ok(Self::Postgres(url, conn))
            }
        }
    }

    fn url(&self) -> Option<&str> {
        match self {
            Self::Sqlite(_) => None,
            Self::Postgres(url, _) => Some(url),
        }
    }

    async fn one(&mut self, sql: &'static str) -> anyhow::Result<u64> {
        let count: i64 = match self {
            Self::Sqlite(conn) => sqlx::query(sql).fetch_one(conn).await?.try_get(0)?,
            Self::Postgres(_, conn) => sqlx::query(sql).fetch_one(conn).await?.try_get(0)?,
        };
        u64::try_from(count).context("a count below nothing")
    }

    async fn count(&mut self) -> anyhow::Result<Outbox> {
        Ok(Outbox { sent: self.one(SENT).await?, waiting: self.one(WAITING).await? })
    }

    /// Returns once the broker has taken everything.
    async fn drained(&mut self) -> anyhow::Result<()> {
        let begun = Instant::now();
        while self.one(WAITING).await? > 0 {
            if begun.elapsed() > DRAIN_MAX {
                bail!("the outbox did not drain in {} s", DRAIN_MAX.as_secs());
            }
            tokio::time::sleep(LOOK).await;
        }
        Ok(())
    }
}
