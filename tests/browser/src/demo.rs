//! The built `emar demo`, quiet, on free ports and in a directory of its own.

use crate::process::Program;
use serde_json::Value;
use std::fs;
use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};

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
    /// Starts `emar demo --no-robots --json FLAGS` and waits for its ready line.
    ///
    /// # Panics
    /// When the binary is not built or the demo ends before it is ready.
    pub async fn start(flags: &[&str]) -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let data = std::env::temp_dir().join(format!("emar-page-{}-{count}", std::process::id()));
        let mut command = Command::new(binary());
        command.args(["demo", "--no-robots", "--json", "--data"]).arg(&data);
        command.args(["--http", "127.0.0.1:0", "--mqtt", "127.0.0.1:0"]);
        let mut program = Program::start(command.args(flags).stdout(Stdio::piped()));
        let output = program.child.stdout.take().expect("the demo's output");
        let ready = tokio::task::spawn_blocking(move || ready_line(output));
        let ready = ready.await.expect("the reader of the demo's output");
        Self { ready, program: Some(program), data }
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

/// `emar` beside this test: target/debug/deps/TEST and target/debug/emar.
fn binary() -> PathBuf {
    let own = std::env::current_exe().expect("this test's path");
    let folder = own.parent().and_then(|deps| deps.parent()).expect("the build directory");
    let binary = folder.join("emar");
    assert!(binary.exists(), "build it first: cargo build -p emar -p emar-bridge");
    binary
}

/// Reads on after the ready line, so that the demo never waits for a reader.
fn ready_line(output: impl std::io::Read + Send + 'static) -> Value {
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
