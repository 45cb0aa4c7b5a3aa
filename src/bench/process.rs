//! The server as a child process, and what it used, as the kernel counts it.

use anyhow::{Context as _, bail};
use std::io::{BufRead as _, BufReader};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// Linux counts processor time for user programs in hundredths of a second.
const TICK_MICROS: u64 = 10_000;

/// A server in a process of its own; killed when dropped.
pub struct Server {
    child: Child,
    /// Pages and API.
    pub http: SocketAddr,
    /// From start to the ready line.
    pub ready: Duration,
}

impl Server {
    /// Starts `program serve` and waits until it is ready.
    ///
    /// # Errors
    /// When it ends instead.
    pub fn start(program: &Path, config: &Path) -> anyhow::Result<Self> {
        let started = Instant::now();
        let mut child = Command::new(program)
            .args(["serve", "--json", "--config"])
            .arg(config)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .context("the server was not started")?;
        let out = child.stdout.take().context("the server has no output")?;
        let mut line = String::new();
        BufReader::new(out).read_line(&mut line)?;
        let ready = started.elapsed();
        let told: serde_json::Value = serde_json::from_str(&line).unwrap_or_default();
        let http = told["http"].as_str().and_then(|url| url.strip_prefix("http://"));
        match http.and_then(|at| at.parse().ok()) {
            Some(http) => Ok(Self { child, http, ready }),
            None => {
                // It may have ended by itself, which is what the error then says.
                let _ = child.kill();
                bail!("the server did not become ready: {}", child.wait()?)
            }
        }
    }

    /// Its process.
    #[must_use]
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Processor time used so far, in microseconds.
    #[must_use]
    pub fn cpu_micros(&self) -> Option<u64> {
        let text = std::fs::read_to_string(format!("/proc/{}/stat", self.pid())).ok()?;
        cpu(&text)
    }

    /// The most memory it ever held, in KiB.
    #[must_use]
    pub fn peak_kib(&self) -> Option<u64> {
        let text = std::fs::read_to_string(format!("/proc/{}/status", self.pid())).ok()?;
        peak(&text)
    }

    /// SIGKILL, at once; it has ended when this returns.
    ///
    /// # Errors
    /// When it cannot be waited for.
    pub fn kill(mut self) -> std::io::Result<()> {
        self.child.kill()?;
        self.child.wait().map(drop)
    }

    /// Tells it to stop, and waits.
    ///
    /// # Errors
    /// When it ends with a fault.
    pub fn stop(mut self) -> anyhow::Result<()> {
        let pid = i32::try_from(self.pid())?;
        let pid = rustix::process::Pid::from_raw(pid).context("no process")?;
        rustix::process::kill_process(pid, rustix::process::Signal::TERM)?;
        let ended = self.child.wait()?;
        if ended.success() { Ok(()) } else { bail!("the server ended with {ended}") }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Nothing to do when it has ended before.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The most memory this process ever held, in KiB.
#[must_use]
pub fn own_peak_kib() -> Option<u64> {
    peak(&std::fs::read_to_string("/proc/self/status").ok()?)
}

/// User and system time of a `/proc/PID/stat` line; the program's name may hold anything.
fn cpu(stat: &str) -> Option<u64> {
    let (_, rest) = stat.rsplit_once(')')?;
    let mut fields = rest.split_ascii_whitespace().skip(11);
    let user: u64 = fields.next()?.parse().ok()?;
    let system: u64 = fields.next()?.parse().ok()?;
    Some((user + system) * TICK_MICROS)
}

fn peak(status: &str) -> Option<u64> {
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.trim().strip_suffix("kB")?.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_kernels_own_counts_are_read() {
        let stat = "7 (a ) b) S 1 7 7 0 -1 4194304 100 0 0 0 12 34 0 0 20 0";
        assert_eq!(cpu(stat), Some(460_000));
        assert_eq!(peak("Name:\tx\nVmHWM:\t   5120 kB\n"), Some(5120));
        assert!(peak("Name:\tx\n").is_none());
    }
}
