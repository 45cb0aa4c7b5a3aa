//! kill -9 of the real server, again and again, while carts give medicines.
//!
//! An answer counts once a cart has read it. At the end every such answer must be in the database,
//! no dose may have two effective outcomes, and the audit log must verify. `EMAR_CRASH_ROUNDS` sets
//! the number of kills, `EMAR_CRASH_PROGRAM` another `emar` (a release build). With
//! `EMAR_PLANTED_FAULT=answer-before-commit` a build with debug assertions must fail here.

mod cluster;
mod evidence;

use cluster::Cluster;
use emar::bench::floor::Floor;
use emar::bench::nurse::{Did, Nurse};
use emar::bench::process::Server;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};
use tokio::runtime::Runtime;
use tokio::task::JoinSet;
use uuid::Uuid;

const CARTS: u32 = 8;
/// Residents of each cart and packages of each pot: small, so that a slow build too confirms many
/// pots between two kills, or as many as last a fast one for many rounds.
const SMALL: (u32, usize) = (2, 2);
const LARGE: (u32, usize) = (30, 12);
const ROUNDS_FEW: u32 = 10;
const SQLITE_ROUNDS: u32 = 8;
const POSTGRES_ROUNDS: u32 = 4;
/// Milliseconds of load before a kill: at least, and at most more.
const LOAD_MILLIS: (u64, u64) = (400, 1600);
/// How long a round waits beyond its load for a giving, so that the kill falls among givings.
const GIVING_MAX: Duration = Duration::from_secs(20);
const SETTLE_MAX: Duration = Duration::from_secs(240);

#[test]
fn sqlite() {
    let directory = Scratch::new("sqlite");
    crash(&directory.0, None, rounds(SQLITE_ROUNDS));
}

#[test]
fn postgres() {
    let directory = Scratch::new("postgres");
    let cluster = Cluster::find_or_start();
    let runtime = Runtime::new().unwrap();
    let database = runtime.block_on(cluster.new_database());
    crash(&directory.0, Some(&database), rounds(POSTGRES_ROUNDS));
}

fn rounds(usual: u32) -> u32 {
    let asked = std::env::var("EMAR_CRASH_ROUNDS").ok();
    asked.map_or(usual, |text| text.parse().expect("EMAR_CRASH_ROUNDS is a number"))
}

/// What the carts have read.
#[derive(Default)]
struct Read {
    scans: Vec<Uuid>,
    administrations: Vec<Uuid>,
}

fn crash(directory: &Path, database: Option<&str>, rounds: u32) {
    let program = std::env::var_os("EMAR_CRASH_PROGRAM");
    let program = program.unwrap_or_else(|| env!("CARGO_BIN_EXE_emar").into());
    let program = Path::new(&program);
    let (residents, packages) = if rounds > ROUNDS_FEW { LARGE } else { SMALL };
    let floor = Floor::make(directory, database, CARTS, residents).unwrap();
    let gtins: Arc<[String]> = floor.gtins.iter().take(packages).cloned().collect();
    let carts = floor.carts.iter().cloned();
    let mut nurses: Vec<Nurse> = carts.map(|cart| Nurse::new(cart, Arc::clone(&gtins))).collect();
    let read = Arc::new(Mutex::new(Read::default()));
    let mut chance = Chance::new();
    let runtime = Runtime::new().unwrap();
    for round in 0..rounds {
        let server = Server::start(program, &floor.config).unwrap();
        let load = chance.between(LOAD_MILLIS);
        nurses = runtime.block_on(async {
            let mut working = JoinSet::new();
            let http = server.http;
            for nurse in nurses.drain(..) {
                working.spawn(work(nurse, http, Arc::clone(&read), None));
            }
            tokio::time::sleep(Duration::from_millis(load)).await;
            // A machine under load gives nothing in so short a time, and a kill would prove nothing.
            let mut home = Vec::new();
            let before = read.lock().unwrap().administrations.len();
            let giving = async {
                while read.lock().unwrap().administrations.len() == before && !working.is_empty() {
                    home.extend(working.try_join_next().map(Result::unwrap));
                    tokio::time::sleep(Duration::from_millis(10)).await;
                }
            };
            let _ = tokio::time::timeout(GIVING_MAX, giving).await;
            server.kill().unwrap();
            home.extend(working.join_all().await);
            home
        });
        let given = read.lock().unwrap().administrations.len();
        eprintln!("kill {round} after {load} ms of load: {given} administrations acknowledged");
    }
    let server = Server::start(program, &floor.config).unwrap();
    runtime.block_on(async {
        let mut working = JoinSet::new();
        for nurse in nurses {
            working.spawn(work(nurse, server.http, Arc::clone(&read), Some(8)));
        }
        let all = tokio::time::timeout(SETTLE_MAX, working.join_all());
        all.await.expect("what was not answered is answered after the last start");
    });
    server.stop().unwrap();
    let read = read.lock().unwrap();
    assert!(!read.scans.is_empty(), "no cart was answered anything: this proves nothing");
    assert!(!read.administrations.is_empty(), "nothing was given: this proves nothing");
    let place =
        database.map_or_else(|| directory.join("data").display().to_string(), str::to_owned);
    runtime.block_on(evidence::check(&place, &floor.log, &read.scans, &read.administrations));
}

/// One nurse at work until the server goes, or for so many steps.
async fn work(
    mut nurse: Nurse,
    http: std::net::SocketAddr,
    read: Arc<Mutex<Read>>,
    steps: Option<u32>,
) -> Nurse {
    if let Err(error) = nurse.arrive(http).await {
        assert!(steps.is_none(), "a cart cannot go on: {error:#}");
        return nurse;
    }
    let mut done = 0;
    while steps != Some(done) {
        match nurse.step().await {
            Ok(Did::Scanned { scan, .. }) => read.lock().unwrap().scans.push(scan),
            Ok(Did::Taken { scan, administrations, .. }) => {
                let mut read = read.lock().unwrap();
                read.scans.push(scan);
                let ids = administrations.iter().map(|id| id.parse::<Uuid>().unwrap());
                read.administrations.extend(ids);
            }
            Ok(Did::Finished) => return nurse,
            Err(error) if error.is::<std::io::Error>() && steps.is_none() => return nurse,
            Err(error) => panic!("what a cart was told before does not hold: {error:#}"),
        }
        done += 1;
    }
    nurse
}

/// Moments that differ each time; they need no seed, for no kill can be repeated.
struct Chance(u64);

impl Chance {
    #[allow(clippy::disallowed_methods, reason = "a seed of chance, no time of the home")]
    fn new() -> Self {
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap();
        Self(u64::from(now.subsec_nanos()) | 1)
    }

    fn between(&mut self, (least, more): (u64, u64)) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        least + self.0 % more
    }
}

/// A directory of this test, gone at its end unless it failed.
struct Scratch(PathBuf);

impl Scratch {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("emar-crash-{}-{name}", std::process::id()));
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("the data is kept in {}", self.0.display());
        } else {
            let _ = std::fs::remove_dir_all(&self.0);
        }
    }
}
