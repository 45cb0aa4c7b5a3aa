//! Directories, databases and brokers of a test's own.

use emar::config::Mqtt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

static NEXT: AtomicU32 = AtomicU32::new(0);

fn fresh_name() -> String {
    format!("emar_it_{}_{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed))
}

/// A directory that goes when it is dropped.
pub(crate) struct Scratch(PathBuf);

impl Scratch {
    pub(crate) fn new() -> Self {
        let path = std::env::temp_dir().join(fresh_name());
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    pub(crate) fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// A new database on the server `EMAR_TEST_PG` names, else on a private one started once.
pub(crate) async fn new_database() -> String {
    static SERVER: OnceLock<String> = OnceLock::new();
    let url = SERVER.get_or_init(|| match std::env::var("EMAR_TEST_PG") {
        Ok(url) if !url.is_empty() => url,
        _ => start_cluster(),
    });
    let (before, after) = url.rsplit_once("/postgres").expect("the maintenance database");
    let name = fresh_name();
    let sql = format!("CREATE DATABASE {name} TEMPLATE template0");
    use sqlx::{AssertSqlSafe, Connection, Executor};
    let mut admin = sqlx::PgConnection::connect(url).await.unwrap();
    admin.execute(sqlx::raw_sql(AssertSqlSafe(sql))).await.unwrap();
    format!("{before}/{name}{after}")
}

/// A cluster that ends with this process: its postmaster watches a pipe only this process holds.
fn start_cluster() -> String {
    let root = Path::new("/usr/lib/postgresql");
    let mut versions: Vec<PathBuf> = std::fs::read_dir(root)
        .expect("PostgreSQL's server programs, or EMAR_TEST_PG")
        .map(|entry| entry.unwrap().path().join("bin"))
        .filter(|bin| bin.join("initdb").exists())
        .collect();
    versions.sort();
    let bin = versions.pop().expect("a PostgreSQL under /usr/lib/postgresql");
    let dir = std::env::temp_dir().join(fresh_name());
    let (data, socket) = (dir.join("data"), dir.join("socket"));
    std::fs::create_dir_all(&data).unwrap();
    std::fs::create_dir_all(&socket).unwrap();
    if is_root() {
        run("chown", &["-R", "postgres", &dir.display().to_string()]);
    }
    let d = data.display().to_string();
    let initdb = bin.join("initdb").display().to_string();
    as_postgres(&[&initdb, "-D", &d, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--no-sync"]);
    let (pg_ctl, s) = (bin.join("pg_ctl").display().to_string(), socket.display().to_string());
    let options = format!("-c listen_addresses='' -c unix_socket_directories='{s}'");
    let log = format!("{s}/log");
    as_postgres(&[&pg_ctl, "-D", &d, "-l", &log, "-o", &options, "-w", "start"]);
    // Tests end without a last word, so a shell waits for this process and then clears up.
    let user = if is_root() { "runuser -u postgres --" } else { "" };
    let script = format!(
        "while kill -0 {} 2>/dev/null; do sleep 1; done; \
         {user} {pg_ctl} -D {d} -m immediate -w stop; rm -rf {}",
        std::process::id(),
        dir.display()
    );
    let mut keeper = Command::new("sh");
    // Whoever ends this process by its group must not end the one that clears up after it.
    std::os::unix::process::CommandExt::process_group(&mut keeper, 0);
    keeper.args(["-c", &script]).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    drop(keeper.spawn().unwrap());
    format!("postgres://postgres@localhost/postgres?host={s}")
}

fn is_root() -> bool {
    Command::new("id").arg("-u").output().is_ok_and(|o| o.stdout == b"0\n")
}

fn as_postgres(words: &[&str]) {
    if is_root() {
        let user = ["-u", "postgres", "--"];
        run("runuser", &user.iter().chain(words).copied().collect::<Vec<_>>());
    } else {
        run(words[0], &words[1..]);
    }
}

fn run(program: &str, args: &[&str]) {
    let done = Command::new(program).args(args).stdout(Stdio::null()).status().unwrap();
    assert!(done.success(), "{program} {args:?}");
}

/// A Mosquitto on a free loopback port, with the accounts `server` and `pharm1`.
pub(crate) struct Mosquitto {
    pub(crate) port: u16,
    child: Child,
    dir: Scratch,
}

impl Mosquitto {
    pub(crate) async fn start() -> Self {
        let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let port = free.local_addr().unwrap().port();
        drop(free);
        let dir = Scratch::new();
        let file = |name: &str| dir.path().join(name).display().to_string();
        for user in ["server", "pharm1"] {
            let create: &[&str] = if user == "server" { &["-c"] } else { &[] };
            let passwords = file("passwords");
            let words = ["-b", &passwords, user, &format!("pw-{user}")];
            run("mosquitto_passwd", &create.iter().chain(&words).copied().collect::<Vec<_>>());
            std::fs::write(dir.path().join(user), format!("pw-{user}\n")).unwrap();
        }
        let conf = format!(
            "listener {port} 127.0.0.1\nallow_anonymous false\npassword_file {}\nuser root\n",
            file("passwords")
        );
        std::fs::write(dir.path().join("conf"), conf).unwrap();
        let program = std::env::var("EMAR_TEST_MOSQUITTO");
        let program = program.unwrap_or_else(|_| "/usr/sbin/mosquitto".to_owned());
        let child = Command::new(program)
            .args(["-c", &file("conf")])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("mosquitto is needed for this test; install the package mosquitto");
        let up = async {
            while tokio::net::TcpStream::connect(("127.0.0.1", port)).await.is_err() {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        tokio::time::timeout(super::PATIENCE, up).await.expect("mosquitto did not start");
        Self { port, child, dir }
    }

    /// How the server is told of it.
    pub(crate) fn config(&self, user: &str) -> Mqtt {
        let password_file = self.dir.path().join(user);
        let (host, port) = ("127.0.0.1".to_owned(), self.port);
        Mqtt::External { host, port, user: user.to_owned(), password_file }
    }

    /// One of Mosquitto's own tools, signed on as the pharmacy.
    pub(crate) fn tool(&self, name: &str) -> tokio::process::Command {
        let mut tool = tokio::process::Command::new(name);
        tool.args(["-h", "127.0.0.1", "-p", &self.port.to_string()]);
        tool.args(["-u", "pharm1", "-P", "pw-pharm1", "-q", "1"]);
        tool.kill_on_drop(true);
        tool
    }
}

impl Drop for Mosquitto {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
