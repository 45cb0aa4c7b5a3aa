//! Checkpoints of the audit log: stored, then signed, appended to `checkpoints.log`, published.

use super::{Shutdown, changed, ended, pause};
use crate::bus::Bus;
use crate::service::App;
use crate::store::{CheckpointRow, CosignatureRow, StoreError};
use emar_domain::audit::checkpoint::{Checkpoint, log_line};
use emar_domain::audit::note::{Note, SignKey};
use emar_wire::{Id, Topic};
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;

/// A checkpoint at most so long after a commit,
const LATEST: Duration = Duration::from_secs(1);
/// and at most so many leaves after the last one.
const LEAVES_MAX: u64 = 256;
const IDLE: Duration = Duration::from_secs(60);
/// The file in the data directory.
pub const FILE: &str = "checkpoints.log";

/// What could not be done about a checkpoint.
#[derive(Debug, thiserror::Error)]
pub enum CheckpointError {
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The facility has no log.
    #[error("the facility has no audit log; start the server anew")]
    NoLog,
    /// What is stored under this size is another tree.
    #[error(
        "checkpoint {0} of the database has another root than its log: run `emar audit verify`"
    )]
    OtherRoot(u64),
    /// `checkpoints.log` failed.
    #[error("{path}: {source}; make room, and check who may write there")]
    File {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
}

/// Signs the head after commits until the server ends. `latest` tells the newest note; `connected`
/// changes at each connection to the broker, which may have lost what it kept.
pub async fn run(
    app: Arc<App>,
    key: SignKey,
    directory: PathBuf,
    bus: Option<Arc<dyn Bus>>,
    latest: watch::Sender<String>,
    mut connected: watch::Receiver<u64>,
    mut shutdown: Shutdown,
) {
    let path = directory.join(FILE);
    let mut changes = app.changes.subscribe();
    let mut signed = 0;
    loop {
        let size = app.home().version;
        if size > signed {
            match sign(&app, &key, &path, signed).await {
                Ok((size, note)) => {
                    signed = size;
                    latest.send_replace(note);
                    publish(&app, bus.as_ref(), &latest).await;
                }
                Err(error) => {
                    tracing::error!(%error, "no checkpoint was signed");
                    if !pause(LATEST, &mut shutdown).await {
                        return;
                    }
                }
            }
        }
        let again = async {
            // A dropped sender: there is no broker to come back.
            if connected.changed().await.is_err() {
                std::future::pending::<()>().await;
            }
        };
        let mut end = shutdown.clone();
        let go_on = tokio::select! {
            go_on = changed(&mut changes, IDLE, &mut end) => go_on,
            () = again => {
                publish(&app, bus.as_ref(), &latest).await;
                true
            }
        };
        if !go_on || !gather(&app, signed, &mut changes, &mut shutdown).await {
            return;
        }
    }
}

/// After a commit, waits until a second is over or enough leaves have come.
async fn gather<T: Clone>(
    app: &App,
    signed: u64,
    changes: &mut tokio::sync::broadcast::Receiver<T>,
    shutdown: &mut Shutdown,
) -> bool {
    let size = || app.home().version;
    if size() == signed {
        return true;
    }
    let filled = async {
        while size() < signed + LEAVES_MAX {
            if matches!(changes.recv().await, Err(tokio::sync::broadcast::error::RecvError::Closed))
            {
                return;
            }
        }
    };
    tokio::select! {
        _ = tokio::time::timeout(LATEST * 9 / 10, filled) => true,
        () = ended(shutdown) => false,
    }
}

/// Stores the head's checkpoint, then signs what is stored and keeps the note in the file.
async fn sign(
    app: &App,
    key: &SignKey,
    path: &Path,
    signed: u64,
) -> Result<(u64, String), CheckpointError> {
    let head = app.store.head(&app.facility).await?.ok_or(CheckpointError::NoLog)?;
    let (size, root) = (head.frontier.size(), head.frontier.root());
    let now = app.clock.clinical();
    let body = Checkpoint { origin: head.log.clone(), size, root, extension: Vec::new() }.to_body();
    let made = CheckpointRow { size, root, body, made_at: now };
    let (signer, at) = (key.clone(), unix_s(app));
    let sign = move |stored: &CheckpointRow| {
        let line = signer.sign(&stored.body, at);
        (stored.root == root).then(|| CosignatureRow {
            signer: line.name,
            key_id: line.key_id.to_vec(),
            signature: line.bytes,
            received_at: now,
        })
    };
    let stored = app.store.checkpoint_signed(&head.log, &made, sign).await?;
    if stored.root != root {
        return Err(CheckpointError::OtherRoot(size));
    }
    let signature = key.sign(&stored.body, unix_s(app));
    let note = Note { body: stored.body, signatures: vec![signature] };
    if size > signed {
        let (path, line) = (path.to_owned(), log_line(&note));
        let kept = tokio::task::spawn_blocking(move || append(&path, &line)).await;
        // The closure does not panic, and nobody aborts it.
        kept.unwrap_or(Ok(()))?;
    }
    Ok((size, note.to_text()))
}

fn unix_s(app: &App) -> u64 {
    u64::try_from(app.clock.machine() / 1_000_000).unwrap_or(0)
}

/// Appends a line durably. A last line torn by a power cut was never acknowledged to anybody: it is
/// cut off, since a line after it would be unreadable.
fn append(path: &Path, line: &str) -> Result<(), CheckpointError> {
    let write = || -> std::io::Result<()> {
        let new = !path.exists();
        let mut file = std::fs::OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(path)?;
        let end = file.seek(SeekFrom::End(0))?;
        let whole = whole_lines(&mut file, end)?;
        if whole < end {
            file.set_len(whole)?;
            file.seek(SeekFrom::Start(whole))?;
        }
        file.write_all(line.as_bytes())?;
        file.sync_data()?;
        if let (true, Some(directory)) = (new, path.parent()) {
            std::fs::File::open(directory)?.sync_all()?;
        }
        Ok(())
    };
    write().map_err(|source| CheckpointError::File { path: path.to_owned(), source })
}

/// Where the last whole line ends; a line is shorter than what is read.
fn whole_lines(file: &mut std::fs::File, end: u64) -> std::io::Result<u64> {
    let from = end.saturating_sub(64 * 1024);
    file.seek(SeekFrom::Start(from))?;
    let mut tail = Vec::new();
    file.read_to_end(&mut tail)?;
    let last = tail.iter().rposition(|byte| *byte == b'\n');
    Ok(match last.and_then(|at| u64::try_from(at + 1).ok()) {
        Some(after) => from + after,
        None => from,
    })
}

async fn publish(app: &App, bus: Option<&Arc<dyn Bus>>, latest: &watch::Sender<String>) {
    let note = latest.borrow().clone();
    let (Some(bus), Ok(facility)) = (bus, Id::new(app.facility.as_str())) else { return };
    if note.is_empty() {
        return;
    }
    if let Err(error) = bus.publish(Topic::Checkpoint { facility }, note.into_bytes()).await {
        tracing::warn!(%error, "the checkpoint was not published");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_torn_line_is_cut_before_the_next() {
        let directory = std::env::temp_dir().join(format!("emar-torn-{}", std::process::id()));
        std::fs::create_dir_all(&directory).unwrap();
        let path = directory.join(FILE);
        append(&path, "\"one\"\n").unwrap();
        let mut file = std::fs::OpenOptions::new().append(true).open(&path).unwrap();
        file.write_all(b"\"to").unwrap();
        append(&path, "\"two\"\n").unwrap();
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "\"one\"\n\"two\"\n");
        std::fs::remove_dir_all(&directory).unwrap();
    }
}
