use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use emar_bridge::panel::{Cause, Signal};

use super::SOON;
use super::cart::write_config;

const PROGRAM: &str = env!("CARGO_BIN_EXE_emar-bridge");

/// The program, under `EMAR_TEST_RUNNER` where that is set: it may be built for another machine.
pub(crate) fn program(wrapper: &[&str]) -> Command {
    let runner = std::env::var("EMAR_TEST_RUNNER").unwrap_or_default();
    let mut words = wrapper.iter().copied().chain(runner.split_whitespace()).chain([PROGRAM]);
    let mut command = Command::new(words.next().unwrap_or(PROGRAM));
    command.args(words);
    command
}

/// The program, its panel a file.
pub(crate) struct Program {
    pub(crate) child: Child,
    state: PathBuf,
}

impl Program {
    pub(crate) fn start(folder: &Path, port: u16) -> Self {
        Self::start_under(&[], folder, port)
    }

    /// The same, everything it logs going to `log`.
    pub(crate) fn start_logging(folder: &Path, port: u16, log: File) -> Self {
        Self::start_with(&[], folder, port, Some(log))
    }

    /// The same, started by another program that ends by becoming it.
    pub(crate) fn start_under(wrapper: &[&str], folder: &Path, port: u16) -> Self {
        Self::start_with(wrapper, folder, port, None)
    }

    fn start_with(wrapper: &[&str], folder: &Path, port: u16, log: Option<File>) -> Self {
        let state = folder.join("panel.json");
        let _ = fs::remove_file(&state);
        let panel = format!("kind = \"null\"\nstate_file = \"{}\"", state.display());
        let mut command = program(wrapper);
        if let Some(log) = log {
            command.env("RUST_LOG", "trace").stderr(log);
        } else {
            command.stderr(Stdio::null());
        }
        let child =
            command.arg("--config").arg(write_config(folder, port, &panel)).spawn().unwrap();
        Self { child, state }
    }

    pub(crate) async fn until(&self, cause: Cause) -> Signal {
        self.when(|signal| signal.cause == cause).await
    }

    /// What the panel shows once it is as `like` says.
    pub(crate) async fn when(&self, like: impl Fn(&Signal) -> bool) -> Signal {
        let until = Instant::now() + SOON;
        loop {
            let state = fs::read(&self.state).unwrap_or_default();
            match serde_json::from_slice::<Signal>(&state) {
                Ok(signal) if like(&signal) => return signal,
                state => assert!(Instant::now() < until, "not so, but {state:?}"),
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    /// Wake-ups and clock ticks (hundredths of a second) of the scanner's thread so far.
    pub(crate) fn scanner_work(&self) -> (u64, u64) {
        let threads = fs::read_dir(format!("/proc/{}/task", self.child.id())).unwrap();
        let thread = threads
            .map(|thread| thread.unwrap().path())
            .find(|thread| fs::read_to_string(thread.join("comm")).unwrap().trim() == "scanner")
            .expect("a thread named scanner");
        let status = fs::read_to_string(thread.join("status")).unwrap();
        let switches = status
            .lines()
            .filter_map(|line| line.split_once("ctxt_switches:"))
            .map(|(_, count)| count.trim().parse::<u64>().unwrap())
            .sum();
        let stat = fs::read_to_string(thread.join("stat")).unwrap();
        let fields: Vec<&str> = stat.rsplit_once(')').unwrap().1.split_whitespace().collect();
        let ticks = fields[11].parse::<u64>().unwrap() + fields[12].parse::<u64>().unwrap();
        (switches, ticks)
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
