//! A PostgreSQL to work on: `EMAR_TEST_PG`, or a private one that only this test reaches.

use sqlx::{AssertSqlSafe, Connection as _, Executor as _, PgConnection};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// A server to make databases on; a private one is stopped when dropped.
pub(crate) struct Cluster {
    url: String,
    private: Option<(PathBuf, PathBuf)>,
}

impl Cluster {
    /// The server of `EMAR_TEST_PG`, or a private one.
    pub(crate) fn find_or_start() -> Self {
        match std::env::var("EMAR_TEST_PG") {
            Ok(url) if !url.is_empty() => Self { url, private: None },
            _ => Self::start(),
        }
    }

    fn start() -> Self {
        let versions = std::fs::read_dir("/usr/lib/postgresql")
            .expect("PostgreSQL's server programs, or EMAR_TEST_PG");
        let bins = versions.map(|entry| entry.unwrap().path().join("bin"));
        let bin = bins.filter(|bin| bin.join("initdb").exists()).max();
        let bin = bin.expect("a PostgreSQL under /usr/lib/postgresql");
        let root = std::env::temp_dir().join(format!("emar-crash-pg-{}", std::process::id()));
        let (data, socket) = (root.join("data"), root.join("socket"));
        std::fs::create_dir_all(&data).unwrap();
        std::fs::create_dir_all(&socket).unwrap();
        if is_root() {
            run(Command::new("chown").args(["-R", "postgres"]).arg(&root));
        }
        let data = data.display().to_string();
        let initdb = ["-D", &data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--no-sync"];
        as_postgres(&bin.join("initdb"), &initdb);
        let options =
            format!("-c listen_addresses='' -c unix_socket_directories='{}'", socket.display());
        let log = socket.join("log").display().to_string();
        let start = ["-D", &data, "-l", &log, "-o", &options, "-w", "start"];
        as_postgres(&bin.join("pg_ctl"), &start);
        let url = format!("postgres://postgres@localhost/postgres?host={}", socket.display());
        Self { url, private: Some((root, bin)) }
    }

    /// An empty database.
    pub(crate) async fn new_database(&self) -> String {
        let name = format!("emar_crash_{}", std::process::id());
        let mut admin = PgConnection::connect(&self.url).await.unwrap();
        let sql = format!("CREATE DATABASE {name} TEMPLATE template0");
        admin.execute(AssertSqlSafe(sql)).await.unwrap();
        let (before, after) = self.url.rsplit_once("/postgres").expect("the maintenance database");
        format!("{before}/{name}{after}")
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        if let Some((root, bin)) = &self.private {
            let data = root.join("data").display().to_string();
            as_postgres(&bin.join("pg_ctl"), &["-D", &data, "-m", "immediate", "-w", "stop"]);
            let _ = std::fs::remove_dir_all(root);
        }
    }
}

fn is_root() -> bool {
    Command::new("id").arg("-u").output().is_ok_and(|o| o.stdout.starts_with(b"0"))
}

fn as_postgres(program: &Path, args: &[&str]) {
    if is_root() {
        run(Command::new("runuser").args(["-u", "postgres", "--"]).arg(program).args(args));
    } else {
        run(Command::new(program).args(args));
    }
}

fn run(command: &mut Command) {
    let done = command.stdout(Stdio::null()).status().unwrap();
    assert!(done.success(), "{command:?}");
}
