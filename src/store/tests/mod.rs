//! One contract, two engines. SQLite runs in a directory of its own for each contract; PostgreSQL
//! in a database of its own, on the server `EMAR_TEST_PG` names or on a private one.

mod commit;
mod concurrency;
mod guards;
mod home;
mod queues;
mod schema;
pub(crate) mod world;

use super::Store;
use std::future::Future;
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};

static NEXT: AtomicU32 = AtomicU32::new(0);

fn fresh_name() -> String {
    format!("emar_test_{}_{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed))
}

/// A directory that goes when it is dropped.
pub(crate) struct Scratch(pub(crate) PathBuf);

impl Scratch {
    pub(crate) fn new() -> Self {
        let path = std::env::temp_dir().join(fresh_name());
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

type Contract = fn(Store, String) -> Pin<Box<dyn Future<Output = ()> + Send>>;

/// Names contracts, each an `async fn(Store, place: String)`, and runs each on SQLite.
macro_rules! contracts {
    ($($module:ident::$name:ident),+ $(,)?) => {
        const ALL: &[(&str, Contract)] =
            &[$((stringify!($name), |store, place| Box::pin($module::$name(store, place)))),+];
        mod sqlite {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $name() {
                let scratch = super::Scratch::new();
                let place = scratch.0.display().to_string();
                let store = super::Store::open(&place).await.unwrap();
                super::$module::$name(store, place).await;
            })+
        }
    };
}

contracts! {
    commit::writes_facts_leaves_and_head,
    commit::a_batch_of_any_size_is_written_whole,
    commit::an_entry_of_nothing_is_no_error,
    commit::keeps_answers_under_their_keys,
    commit::a_conflict_rolls_everything_back,
    commit::one_outcome_a_dose,
    commit::a_fenced_writer_writes_nothing,
    commit::full_tiles_are_written,
    concurrency::an_abandoned_write_loses_nothing,
    concurrency::stale_memory_is_told,
    guards::facts_are_append_only,
    home::a_loaded_home_is_the_folded_home,
    home::far_doses_are_brought,
    home::the_last_prn_giving_is_kept,
    home::the_last_reading_of_each_code_is_kept,
    home::rebuilt_projections_are_the_live_ones,
    home::a_dose_stands_where_its_acts_left_it,
    queues::inbox_answers_once,
    queues::outbox_is_sent_in_order,
    queues::open_messages_have_an_index,
    queues::sessions_end,
    queues::the_lease_fences,
    queues::one_checkpoint_a_size,
    schema::every_statement_prepares,
    schema::opening_again_changes_nothing,
}

#[test]
fn postgres() {
    let server = PgServer::find_or_start();
    for (name, contract) in ALL {
        eprintln!("postgres: {name}");
        let place = server.new_database();
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build()
            .unwrap();
        runtime.block_on(async {
            let store = Store::open(&place).await.unwrap();
            contract(store, place).await;
        });
    }
}

/// A PostgreSQL server to make databases on.
pub(crate) struct PgServer {
    url: String,
    private: Option<(Scratch, PathBuf)>,
}

impl PgServer {
    pub(crate) fn find_or_start() -> Self {
        match std::env::var("EMAR_TEST_PG") {
            Ok(url) if !url.is_empty() => Self { url, private: None },
            _ => Self::start(),
        }
    }

    fn start() -> Self {
        let root = Path::new("/usr/lib/postgresql");
        let mut versions: Vec<PathBuf> = std::fs::read_dir(root)
            .expect("PostgreSQL's server programs, or EMAR_TEST_PG")
            .map(|entry| entry.unwrap().path().join("bin"))
            .filter(|bin| bin.join("initdb").exists())
            .collect();
        versions.sort();
        let bin = versions.pop().expect("a PostgreSQL under /usr/lib/postgresql");
        let scratch = Scratch::new();
        let (data, socket) = (scratch.0.join("data"), scratch.0.join("socket"));
        std::fs::create_dir(&data).unwrap();
        std::fs::create_dir(&socket).unwrap();
        if is_root() {
            run("chown", &["-R".into(), "postgres".into(), scratch.0.display().to_string()]);
        }
        let d = data.display().to_string();
        let args = ["-D", &d, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--no-sync"];
        as_postgres(&bin.join("initdb"), &args);
        let options =
            format!("-c listen_addresses='' -c unix_socket_directories='{}'", socket.display());
        let log = socket.join("log").display().to_string();
        as_postgres(&bin.join("pg_ctl"), &["-D", &d, "-l", &log, "-o", &options, "-w", "start"]);
        let url = format!("postgres://postgres@localhost/postgres?host={}", socket.display());
        Self { url, private: Some((scratch, bin)) }
    }

    pub(crate) fn new_database(&self) -> String {
        let name = fresh_name();
        let runtime = tokio::runtime::Runtime::new().unwrap();
        runtime.block_on(async {
            use sqlx::{AssertSqlSafe, Connection, Executor};
            let mut admin = sqlx::PgConnection::connect(&self.url).await.unwrap();
            let sql = format!("CREATE DATABASE {name} TEMPLATE template0");
            admin.execute(sqlx::raw_sql(AssertSqlSafe(sql))).await.unwrap();
        });
        let (before, after) = self.url.rsplit_once("/postgres").expect("the maintenance database");
        format!("{before}/{name}{after}")
    }
}

impl Drop for PgServer {
    fn drop(&mut self) {
        if let Some((scratch, bin)) = &self.private {
            let data = scratch.0.join("data").display().to_string();
            as_postgres(&bin.join("pg_ctl"), &["-D", &data, "-m", "immediate", "-w", "stop"]);
        }
    }
}

fn is_root() -> bool {
    Command::new("id").arg("-u").output().is_ok_and(|o| o.stdout.starts_with(b"0"))
}

fn as_postgres(program: &Path, args: &[&str]) {
    let program = program.display().to_string();
    let args = args.iter().map(|a| (*a).to_owned());
    if is_root() {
        let user = ["-u", "postgres", "--"].map(str::to_owned).into_iter();
        let all: Vec<String> = user.chain([program]).chain(args).collect();
        run("runuser", &all);
    } else {
        run(&program, &args.collect::<Vec<_>>());
    }
}

fn run(program: &str, args: &[String]) {
    let done = Command::new(program).args(args).stdout(Stdio::null()).status().unwrap();
    assert!(done.success(), "{program} {args:?}");
}
