//! Programs that a test starts and that must not outlive it.

use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

const START_SECONDS_MAX: u64 = 180;

/// A program in a process group of its own; dropping it ends the whole group, with the browsers a
/// driver started.
pub(crate) struct Program {
    pub(crate) child: Child,
    name: String,
}

impl Program {
    pub(crate) fn start(command: &mut Command) -> Self {
        use std::os::unix::process::CommandExt;
        let name = command.get_program().to_string_lossy().into_owned();
        let child = command.process_group(0).spawn();
        let child = child.unwrap_or_else(|error| panic!("starting {name}: {error}"));
        Self { child, name }
    }

    /// Waits until something listens on the loopback port.
    pub(crate) async fn listens(&mut self, port: u16) {
        let start = Instant::now();
        while TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_err() {
            if let Some(status) = self.child.try_wait().expect("the state of a child") {
                panic!("{} ended at once: {status}", self.name);
            }
            let waited = start.elapsed().as_secs();
            assert!(waited < START_SECONDS_MAX, "{} does not listen on {port}", self.name);
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    pub(crate) fn signal(&self, signal: &str) {
        let group = format!("-{}", self.child.id());
        let mut kill = Command::new("kill");
        drop(kill.args([signal, "--", &group]).stderr(Stdio::null()).status());
    }

    /// Asks the program to stop, as Ctrl-C does, and gives it ten seconds.
    fn interrupt(&mut self) {
        self.signal("-INT");
        let start = Instant::now();
        while start.elapsed().as_secs() < 10 {
            if matches!(self.child.try_wait(), Ok(Some(_))) {
                return;
            }
            std::thread::park_timeout(Duration::from_millis(20));
        }
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        self.interrupt();
        self.signal("-KILL");
        drop(self.child.wait());
    }
}

/// A loopback port that nobody listens on.
pub(crate) fn free_port() -> u16 {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
    listener.local_addr().expect("its number").port()
}
