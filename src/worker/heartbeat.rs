//! The sign of life: signed, never retained, and sent only because a pass over the database was
//! completed. There is no timer here on purpose.

use super::scheduler::Pass;
use super::{Shutdown, ended};
use crate::bus::Bus;
use crate::service::App;
use emar_domain::id::FacilityId;
use emar_wire::payload::Heartbeat;
use emar_wire::{Id, Topic, signed};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use tokio::sync::watch;

/// Machine time between two heartbeats, less the renewals' jitter.
const EVERY: i64 = 4_900_000;

/// Since when the oldest alert row waits to be sent, in machine microseconds; none waits: 0.
#[derive(Debug, Default)]
pub struct OldestUnsent(AtomicI64);

impl OldestUnsent {
    /// Tells since when.
    pub fn set(&self, since: Option<i64>) {
        self.0.store(since.unwrap_or(0), Ordering::Relaxed);
    }

    /// Its age at `now`, in seconds.
    pub fn age_s(&self, now: i64) -> u32 {
        match self.0.load(Ordering::Relaxed) {
            0 => 0,
            since => u32::try_from((now - since).max(0) / 1_000_000).unwrap_or(u32::MAX),
        }
    }
}

/// Sends a heartbeat after passes, at most every five seconds, until the server ends.
pub async fn run(
    app: Arc<App>,
    bus: Arc<dyn Bus>,
    mut passes: watch::Receiver<Option<Pass>>,
    oldest: Arc<OldestUnsent>,
    mut shutdown: Shutdown,
) {
    let Some(topic) = topic(&app.facility) else { return };
    let mut seq = 0;
    let mut last = i64::MIN;
    loop {
        tokio::select! {
            told = passes.changed() => if told.is_err() { return },
            () = ended(&mut shutdown) => return,
        }
        let Some(pass) = *passes.borrow_and_update() else { continue };
        if pass.at < last.saturating_add(EVERY) {
            continue;
        }
        last = pass.at;
        seq += 1;
        let beat = beat(&app, pass, seq, oldest.age_s(pass.at));
        let sent = match signed::sign(&app.outgoing.key, &beat) {
            Ok(bytes) => bus.publish(topic.clone(), bytes).await.map_err(|e| e.to_string()),
            Err(error) => Err(error.to_string()),
        };
        if let Err(error) = sent {
            tracing::warn!(error, "no heartbeat was sent");
        }
    }
}

fn topic(facility: &FacilityId) -> Option<Topic> {
    Some(Topic::Heartbeat { facility: Id::new(facility.as_str()).ok()? })
}

fn beat(app: &App, pass: Pass, seq: u64, oldest_unsent_s: u32) -> Heartbeat {
    let home = app.home();
    Heartbeat {
        epoch: pass.epoch,
        seq,
        at: pass.at,
        tree_size: home.version,
        open_alerts: u32::try_from(home.alerts.len()).unwrap_or(u32::MAX),
        oldest_unsent_s,
    }
}
