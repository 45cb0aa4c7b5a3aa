//! The scheduler loop: renews the lease, does what time demands, forgets what is long done.
//!
//! Architecture Invariant: the sign of life comes from here, after a completed write to the
//! database. A live process whose scheduler or database is dead falls silent.

use super::{Shutdown, pause};
use crate::clock::Clock;
use crate::service::{App, Asked, Outcome};
use crate::store::MEMORY_MINUTES;
use emar_domain::decide::{Answer, Command, is_overdue};
use std::sync::{Arc, PoisonError};
use std::time::Duration;
use tokio::sync::watch;

const SECOND: i64 = 1_000_000;
/// Machine time between two renewals of the lease, and how long each holds.
const RENEW: i64 = 2_500_000;
const HOLD: i64 = 15 * SECOND;
/// Machine time between two clearings of memory.
const FORGET: i64 = 60 * SECOND;
/// Doses raised in one turn.
const DOSES_MAX: u32 = 200;
/// Waits after a turn that found nothing although time demanded something.
const CALM: i64 = 5 * SECOND;
/// The name under which the last clinical instant is kept: a restart goes on from there.
pub const LAST_INSTANT: &str = "last_instant";

/// A completed pass over the database.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pass {
    /// Machine time at its end.
    pub at: i64,
    /// The epoch of the lease.
    pub epoch: i64,
}

/// Under which name and epoch this server works.
#[derive(Clone, Debug)]
pub struct Terms {
    /// The holder's name.
    pub holder: String,
    /// The epoch the lane writes under.
    pub epoch: i64,
}

/// Why the scheduler ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ended {
    /// The server ends.
    Shutdown,
    /// Another server has the lease: this one must stop and join again.
    LeaseLost,
}

struct Due {
    renew: i64,
    forget: i64,
    overdue: i64,
}

/// Runs until the server ends or loses its lease; tells `passes` of each completed pass.
pub async fn run(
    app: Arc<App>,
    terms: Terms,
    passes: watch::Sender<Option<Pass>>,
    mut shutdown: Shutdown,
) -> Ended {
    let tick = tick(&*app.clock);
    let start = app.clock.machine();
    let mut due = Due { renew: start, forget: start + FORGET, overdue: start };
    let mut raised = true;
    loop {
        let now = app.clock.machine();
        if now >= due.overdue {
            raised = overdue(&app).await;
            due.overdue = if raised { now } else { now + CALM };
        }
        if now >= due.renew {
            due.renew = now + RENEW;
            match renew(&app, &terms).await {
                // Without alerts this server is no watch: who waits for its sign must know.
                Ok(true) if !raised => {}
                Ok(true) => {
                    let pass = Pass { at: app.clock.machine(), epoch: terms.epoch };
                    passes.send_replace(Some(pass));
                }
                Ok(false) => return Ended::LeaseLost,
                Err(error) => tracing::error!(%error, "the lease was not renewed"),
            }
        }
        if now >= due.forget {
            due.forget = now + FORGET;
            forget(&app);
        }
        if !pause(tick, &mut shutdown).await {
            return Ended::Shutdown;
        }
    }
}

/// Half a second; shorter under a fast clock, so that alerts come within four clinical seconds, or
/// 50 ms.
fn tick(clock: &dyn Clock) -> Duration {
    Duration::from_millis((4_000 / u64::from(clock.speed().max(1))).clamp(50, 500))
}

/// Raises and moves alerts where time demands it; false when that came to nothing.
async fn overdue(app: &App) -> bool {
    if !is_overdue(&app.home(), app.clock.clinical()) {
        return true;
    }
    match app.lane.ask_patiently(Asked::by_server(Command::Overdue(DOSES_MAX))).await {
        Outcome::Done { answer, .. } if *answer == (Answer::Done { count: 0 }) => {
            tracing::warn!("time demanded alerts and none was raised");
            false
        }
        Outcome::Done { .. } => true,
        outcome => {
            tracing::error!(?outcome, "alerts could not be raised");
            false
        }
    }
}

/// The write whose completion is the sign of life. A data directory of SQLite is locked while the
/// server lives, so there the lease cannot be another's, however long this process was held up.
async fn renew(app: &App, terms: &Terms) -> Result<bool, crate::store::StoreError> {
    if app.store.is_shared() {
        let until = app.clock.machine() + HOLD;
        let Terms { holder, epoch } = terms;
        if !app.store.keep_lease(&app.facility, holder, *epoch, until).await? {
            let lease = app.store.lease(&app.facility).await?;
            tracing::error!(?lease, "the lease is another's");
            return Ok(false);
        }
    }
    let at = app.clock.clinical().micros().to_string();
    app.store.set_meta(&app.facility, LAST_INSTANT, &at).await?;
    Ok(true)
}

fn forget(app: &App) {
    let Some(before) = app.clock.clinical().plus_minutes(-MEMORY_MINUTES) else { return };
    app.home.write().unwrap_or_else(PoisonError::into_inner).forget(before);
}
