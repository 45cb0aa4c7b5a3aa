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

/// Homes, each with a server of its own; the bare loop runs before and after the load of each.
const ROUNDS: u32 = 4;
/// Doses made for a second of load. Where they are given sooner the load ends sooner.
const DOSES_PER_SECOND: u32 = 3000;
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
    /// Where the homes are made.
    pub directory: PathBuf,
    /// A server that runs already, and its home.
    pub running: Option<(SocketAddr, Floor)>,
}

/// Residents of each cart that are enough for so many milliseconds of load.
fn residents_per_cart(carts: u32, millis: u32) -> u32 {
    let doses = (DOSES_PER_SECOND * millis.max(1000)).div_ceil(1000);
    doses.div_ceil(ORDERS * DOSES * carts.max(1))
}

/// Makes homes, runs a server and the load on each, and measures.
///
/// # Errors
/// When the server, the database or a cart fails: there is no figure then.
pub fn run(wanted: &Wanted) -> anyhow::Result<Report> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let mut sum = Sum::default();
    if let Some((http, floor)) = &wanted.running {
        let length = Duration::from_secs(wanted.seconds.into());
        let on = On { floor, server: None, http: *http, directory: &wanted.directory, length };
        runtime.block_on(round(on, &mut sum))?;
        return report(floor, 1, sum);
    }
    let length = Duration::from_secs(wanted.seconds.into()) / ROUNDS;
    let residents = residents_per_cart(wanted.carts, wanted.seconds * 1000 / ROUNDS);
    let mut last = None;
    for n in 1..=ROUNDS {
        let directory = wanted.directory.join(format!("home-{n}"));
        let database = match &wanted.database {
            Some(url) => Some(runtime.block_on(schema(url, n))?),
            None => None,
        };
        let floor = Floor::make(&directory, database.as_deref(), wanted.carts, residents)?;
        std::fs::write(directory.join("bench.json"), serde_json::to_vec(&floor)?)?;
        let server = Server::start(&std::env::current_exe()?, &floor.config)?;
        let (http, directory) = (server.http, directory.as_path());
        let on = On { floor: &floor, server: Some(&server), http, directory, length };
        runtime.block_on(round(on, &mut sum))?;
        server.stop()?;
        last = Some(floor);
    }
    report(&last.context("no home was made")?, ROUNDS, sum)
}

/// A schema of its own for a home, and the URL that leads to it.
async fn schema(url: &str, n: u32) -> anyhow::Result<String> {
    let mut conn = PgConnection::connect(url).await?;
    let create = format!("CREATE SCHEMA emar_bench_{n}");
    sqlx::raw_sql(sqlx::AssertSqlSafe(create)).execute(&mut conn).await?;
    let mark = if url.contains('?') { '&' } else { '?' };
    Ok(format!("{url}{mark}options=-csearch_path%3Demar_bench_{n}"))
}

#[derive(Default)]
struct Sum {
    postgres: bool,
    load: Pace,
    bare: Pace,
    drain: u64,
    cpu: Option<u64>,
    ready: Option<u64>,
    peak: Option<u64>,
    outbox: Outbox,
    scans: Vec<u32>,
    taken: Vec<u32>,
}

/// One home with its server.
#[derive(Clone, Copy)]
struct On<'a> {
    floor: &'a Floor,
    server: Option<&'a Server>,
    http: SocketAddr,
    directory: &'a Path,
    length: Duration,
}

async fn round(on: On<'_>, sum: &mut Sum) -> anyhow::Result<()> {
    let mut outbox = Messages::open(&on.floor.config).await?;
    let mut bare = Bare::open(on.directory, outbox.url()).await?;
    let mut nurses = Vec::new();
    let gtins: Arc<[String]> = on.floor.gtins.clone().into();
    for cart in &on.floor.carts {
        let mut nurse = Nurse::new(cart.clone(), Arc::clone(&gtins));
        // One after the other, and before the clock starts: a PIN costs what it costs on purpose.
        nurse.arrive(on.http).await?;
        nurses.push(nurse);
    }
    let cpu = || on.server.and_then(Server::cpu_micros);
    sum.bare = sum.bare.and(bare.run(on.length / 4).await?);
    let (used, begun) = (cpu(), Instant::now());
    let done = load(nurses, on.length, sum).await?;
    let drained = Instant::now();
    outbox.drained().await?;
    sum.drain += micros(drained.elapsed());
    sum.load = sum.load.and(Pace { done, micros: micros(begun.elapsed()) });
    let spent = cpu().zip(used).map(|(after, before)| after - before);
    sum.cpu = spent.map(|spent| sum.cpu.unwrap_or(0) + spent);
    sum.bare = sum.bare.and(bare.run(on.length / 4).await?);
    sum.ready = sum.ready.max(on.server.map(|s| micros(s.ready) / 1000));
    sum.peak = sum.peak.max(on.server.and_then(Server::peak_kib));
    let counted = outbox.count().await?;
    sum.outbox.sent += counted.sent;
    sum.outbox.waiting += counted.waiting;
    sum.postgres = outbox.url().is_some();
    Ok(())
}

fn report(floor: &Floor, homes: u32, sum: Sum) -> anyhow::Result<Report> {
    let beds: usize = floor.carts.iter().map(|cart| cart.bands.len()).sum();
    Ok(Report {
        engine: if sum.postgres { "postgres" } else { "sqlite" },
        carts: u32::try_from(floor.carts.len())?,
        homes,
        home: Home { residents: u64::try_from(beds)?, doses: floor.doses() },
        ready_ms: sum.ready,
        administrations: sum.load.done,
        load_us: sum.load.micros,
        drain_us: sum.drain,
        administrations_per_s: sum.load.per_second(),
        scan: Latency::of(sum.scans),
        taken: Latency::of(sum.taken),
        cpu_us_per_administration: sum.cpu.and_then(|cpu| cpu.checked_div(sum.load.done)),
        peak_kib: sum.peak,
        outbox: sum.outbox,
        bare_per_s: sum.bare.per_second(),
        ratio_permille: permille(sum.load, sum.bare),
    })
}

fn micros(length: Duration) -> u64 {
    u64::try_from(length.as_micros()).unwrap_or(u64::MAX)
}

/// All carts at work for so long, or until one has given all its doses; how many administrations
/// were acknowledged.
async fn load(nurses: Vec<Nurse>, length: Duration, sum: &mut Sum) -> anyhow::Result<u64> {
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
            Ok((scans, taken, given))
        });
    }
    let mut done = 0;
    while let Some(worked) = working.join_next().await {
        let (scans, taken, given) = worked??;
        sum.scans.extend(scans);
        sum.taken.extend(taken);
        done += u64::try_from(given)?;
    }
    Ok(done)
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
