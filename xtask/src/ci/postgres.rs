//! A private PostgreSQL cluster for one run of the tests.

use crate::workspace;
use anyhow::{Context, Result, bail};
use std::fs;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

const START_SECONDS_MAX: u64 = 60;

/// A running cluster; dropping it stops the server and removes its files.
pub(super) struct Cluster {
    server: Child,
    folder: PathBuf,
    port: u16,
}

impl Cluster {
    /// Makes a cluster in a temporary directory and waits until it answers.
    ///
    /// # Errors
    /// When `initdb` or the server fails; the server's log is printed.
    pub(super) fn start() -> Result<Self> {
        let binaries = super::setup::postgres_binaries()?;
        let folder = std::env::temp_dir().join(format!("emar-ci-pg-{}", std::process::id()));
        let data = folder.join("data");
        fs::create_dir_all(&data)?;
        give_to_server(&folder)?;
        let initdb = binaries.join("initdb");
        let quiet = fs::File::create(folder.join("initdb.log"))?;
        workspace::must(
            as_server(&initdb)?
                .args(["-U", "postgres", "-A", "trust", "--data-checksums", "-E", "UTF8"])
                .args(["--locale=C", "-D"])
                .arg(&data)
                .stdout(quiet),
        )?;
        let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        let server = serve(&binaries, &folder, port)?;
        let mut cluster = Self { server, folder, port };
        cluster.wait(&binaries)?;
        Ok(cluster)
    }

    /// The address for `EMAR_TEST_PG`, of the superuser and the maintenance database.
    pub(super) fn url(&self) -> String {
        format!("postgres://postgres@127.0.0.1:{}/postgres", self.port)
    }

    fn wait(&mut self, binaries: &Path) -> Result<()> {
        let start = Instant::now();
        while start.elapsed().as_secs() < START_SECONDS_MAX {
            if let Some(status) = self.server.try_wait()? {
                bail!("PostgreSQL ended at once ({status}):\n{}", self.log());
            }
            let ready = Command::new(binaries.join("pg_isready"))
                .args(["-q", "-h", "127.0.0.1", "-U", "postgres", "-p", &self.port.to_string()])
                .status()?;
            if ready.success() {
                return Ok(());
            }
            pause();
        }
        bail!("PostgreSQL did not answer within {START_SECONDS_MAX} s:\n{}", self.log());
    }

    fn log(&self) -> String {
        fs::read_to_string(self.folder.join("server.log")).unwrap_or_default()
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        // SIGQUIT is PostgreSQL's immediate shutdown: its children go too, which SIGKILL omits.
        let stopped = Command::new("kill").args(["-QUIT", &self.server.id().to_string()]).status();
        if !stopped.is_ok_and(|status| status.success()) {
            drop(self.server.kill());
        }
        drop(self.server.wait());
        drop(fs::remove_dir_all(&self.folder));
    }
}

fn serve(binaries: &Path, folder: &Path, port: u16) -> Result<Child> {
    let log = fs::File::create(folder.join("server.log"))?;
    as_server(&binaries.join("postgres"))?
        .arg("-D")
        .arg(folder.join("data"))
        .args(["-h", "127.0.0.1", "-p", &port.to_string(), "-k"])
        .arg(folder)
        .args(["-c", "fsync=on", "-c", "max_connections=300", "-c", "shared_buffers=64MB"])
        .stdin(Stdio::null())
        .stdout(log.try_clone()?)
        .stderr(log)
        .spawn()
        .context("starting PostgreSQL")
}

/// PostgreSQL refuses to run as root; then it runs as the user its package made. The signal on the
/// parent's death stops it even when this program is killed.
fn as_server(program: &Path) -> Result<Command> {
    let mut command = Command::new("setpriv");
    if super::is_root()? {
        command.args(["--reuid=postgres", "--regid=postgres", "--init-groups"]);
    }
    command.args(["--pdeathsig", "QUIT"]).arg(program).current_dir("/");
    Ok(command)
}

fn give_to_server(folder: &Path) -> Result<()> {
    if super::is_root()? {
        workspace::must(Command::new("chown").args(["-R", "postgres:"]).arg(folder))?;
    }
    Ok(())
}

#[expect(clippy::disallowed_methods, reason = "a chore has no runtime whose thread it could block")]
fn pause() {
    thread::sleep(Duration::from_millis(100));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cluster_answers_and_leaves_nothing_behind() {
        let cluster = Cluster::start().expect("PostgreSQL starts");
        let asked = Command::new("psql")
            .args([cluster.url().as_str(), "-Atc", "SHOW fsync"])
            .output()
            .expect("psql runs");
        assert_eq!(String::from_utf8_lossy(&asked.stdout), "on\n");
        let folder = cluster.folder.clone();
        drop(cluster);
        assert!(!folder.exists());
    }
}
