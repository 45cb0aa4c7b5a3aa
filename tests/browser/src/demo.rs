//! The built `emar demo`, quiet, on free ports and in a directory of its own.

use crate::process::Program;
use serde_json::Value;
use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};
use tokio::sync::Mutex;

/// How long two weeks of doses for the whole home may take on a slow machine.
const PLANNING_MAX: Duration = Duration::from_secs(300);
/// Nothing written for so long: all is planned.
const QUIET: Duration = Duration::from_secs(3);

/// A running demo home without robots; dropping it stops it and removes its data.
pub struct Demo {
    /// Its ready line.
    pub ready: Value,
    program: Option<Program>,
    data: PathBuf,
}

/// Someone who can sign on.
pub struct User {
    /// What the badge's barcode says.
    pub badge: String,
    /// The PIN, digits.
    pub pin: String,
}

impl Demo {
    /// Starts `emar demo --no-robots --json FLAGS` on a home whose doses are planned, and waits for
    /// its ready line.
    ///
    /// # Panics
    /// When the binary is not built or the demo ends before it is ready.
    pub async fn start(flags: &[&str]) -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let data = std::env::temp_dir().join(format!("emar-page-{}-{count}", std::process::id()));
        // Each test has a home of its own, and planning one takes most of what a start takes.
        copy(&planned_home().await, &data);
        Self::run(data, flags).await
    }

    async fn run(data: PathBuf, flags: &[&str]) -> Self {
        let mut command = Command::new(binary());
        command.args(["demo", "--no-robots", "--json", "--data"]).arg(&data);
        command.args(["--http", "127.0.0.1:0", "--mqtt", "127.0.0.1:0"]);
        // What a test failed by is lost among the lines of homes that lose their broker.
        command.env("EMAR_LOG", "error,rumqttd=off").env("RUST_LOG", "error");
        let mut program = Program::start(command.args(flags).stdout(Stdio::piped()));
        let output = program.child.stdout.take().expect("the demo's output");
        let ready = tokio::task::spawn_blocking(move || ready_line(output));
        let ready = ready.await.expect("the reader of the demo's output");
        Self { ready, program: Some(program), data }
    }

    /// Waits until the server has written nothing for a while.
    async fn settles(&self) {
        let begun = Instant::now();
        let (mut leaves, mut since) = (String::new(), begun);
        while since.elapsed() < QUIET {
            assert!(begun.elapsed() < PLANNING_MAX, "the demo does not come to rest: {leaves}");
            tokio::time::sleep(Duration::from_millis(200)).await;
            let now = self.metric("emar_audit_leaves ");
            if now != leaves {
                (leaves, since) = (now, Instant::now());
            }
        }
    }

    fn metric(&self, name: &str) -> String {
        let url = self.ready["metrics"].as_str().expect("metrics in the ready line");
        let place = url.trim_start_matches("http://").trim_end_matches("/metrics");
        let mut line = TcpStream::connect(place).expect("the metrics listen");
        let request =
            format!("GET /metrics HTTP/1.1\r\nHost: {place}\r\nConnection: close\r\n\r\n");
        line.write_all(request.as_bytes()).expect("the metrics are asked");
        let mut text = String::new();
        line.read_to_string(&mut text).expect("the metrics answer");
        text.lines().find(|line| line.starts_with(name)).expect(name).to_owned()
    }

    /// The address of a page: `url("/station")`.
    #[must_use]
    pub fn url(&self, path: &str) -> String {
        let base = self.ready["http"].as_str().expect("http in the ready line");
        format!("{base}{path}")
    }

    /// Stops the server in its tracks, as a hung machine would; connections stay open.
    pub fn freeze(&self) {
        self.signal("-STOP");
    }

    /// Lets it run again.
    pub fn thaw(&self) {
        self.signal("-CONT");
    }

    fn signal(&self, signal: &str) {
        self.program.iter().for_each(|program| program.signal(signal));
    }

    /// The first user of a role.
    ///
    /// # Panics
    /// When the demo has none.
    #[must_use]
    pub fn user(&self, role: &str) -> User {
        let users = self.ready["users"].as_array().expect("users in the ready line");
        let user = users.iter().find(|user| user["role"] == role);
        let user = user.unwrap_or_else(|| panic!("no {role} among {users:?}"));
        let text = |name: &str| user[name].as_str().expect(name).to_owned();
        User { badge: text("badge"), pin: text("pin") }
    }
}

impl Drop for Demo {
    fn drop(&mut self) {
        self.thaw();
        drop(self.program.take());
        drop(fs::remove_dir_all(&self.data));
    }
}

/// A demo home that ran until its doses were planned, made by the first test that asks.
async fn planned_home() -> PathBuf {
    static HOME: Mutex<Option<PathBuf>> = Mutex::const_new(None);
    let mut home = HOME.lock().await;
    if home.is_none() {
        // In the build directory: nobody is left to remove it when the last test has ended.
        let path = build_directory().with_file_name("tmp").join("emar-page-home");
        drop(fs::remove_dir_all(&path));
        let mut demo = Demo::run(path.clone(), &["--speed", "1"]).await;
        demo.settles().await;
        drop(demo.program.take());
        demo.data = PathBuf::new();
        *home = Some(path);
    }
    home.clone().expect("made above")
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("a directory for the demo");
    for entry in fs::read_dir(from).expect("the planned home") {
        let entry = entry.expect("an entry of the planned home");
        let (from, to) = (entry.path(), to.join(entry.file_name()));
        if from.is_dir() {
            copy(&from, &to);
        } else {
            fs::copy(&from, &to).expect("a file of the planned home");
        }
    }
}

/// Where this test is `deps/TEST`.
fn build_directory() -> PathBuf {
    let own = std::env::current_exe().expect("this test's path");
    own.parent().and_then(|deps| deps.parent()).expect("the build directory").to_owned()
}

/// `emar` beside this test.
fn binary() -> PathBuf {
    let binary = build_directory().join("emar");
    assert!(binary.exists(), "build it first: cargo build -p emar -p emar-bridge");
    binary
}

/// Reads on after the ready line, so that the demo never waits for a reader.
fn ready_line(output: impl Read + Send + 'static) -> Value {
    let mut lines = BufReader::new(output).lines();
    for line in lines.by_ref() {
        let line = line.expect("a line of the demo");
        let Ok(ready) = serde_json::from_str::<Value>(&line) else { continue };
        if ready["ready"] == true {
            std::thread::spawn(move || lines.for_each(drop));
            return ready;
        }
    }
    panic!("the demo ended before it was ready");
}
