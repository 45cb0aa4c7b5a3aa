//! What the server does by itself: plans doses, raises alerts, sends, signs, watches.
//!
//! Architecture Invariant: only the lease holder runs these. Each loop waits for a commit or a
//! timer, never spins, and asks the lane only when there is something to do.

pub mod carry;
pub mod checkpoint;
pub mod heartbeat;
pub mod horizon;
pub mod hours;
pub mod listing;
pub mod outbox;
pub mod policy;
pub mod scheduler;
pub mod start;

use std::time::Duration;
use tokio::sync::{broadcast, watch};

/// Tells every worker to end; true: end.
pub type Shutdown = watch::Receiver<bool>;

/// Waits for a commit, at most `most`; false when the server ends. Commits missed while busy count
/// as one.
async fn changed<T: Clone>(
    changes: &mut broadcast::Receiver<T>,
    most: Duration,
    shutdown: &mut Shutdown,
) -> bool {
    tokio::select! {
        told = changes.recv() => !matches!(told, Err(broadcast::error::RecvError::Closed)),
        () = tokio::time::sleep(most) => true,
        () = ended(shutdown) => false,
    }
}

/// Waits, or ends early; false when the server ends.
async fn pause(time: Duration, shutdown: &mut Shutdown) -> bool {
    tokio::select! {
        () = tokio::time::sleep(time) => true,
        () = ended(shutdown) => false,
    }
}

/// Resolves when the server ends.
pub(crate) async fn ended(shutdown: &mut Shutdown) {
    // A dropped sender means that nobody runs the server any more.
    let _ = shutdown.wait_for(|end| *end).await;
}

#[cfg(test)]
mod tests;
