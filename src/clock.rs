//! The two clocks: clinical time, which a demo may speed up, and machine time, which nothing
//! scales.

use emar_domain::time::Instant;
use std::time::{Instant as Monotonic, SystemTime};

/// Where time comes from.
pub trait Clock: Send + Sync {
    /// Clinical time: doses, windows, alerts, the trail.
    fn clinical(&self) -> Instant;
    /// Machine time in microseconds since 1970, monotonic within a process: sessions, time-outs,
    /// heartbeats, resends.
    fn machine(&self) -> i64;
    /// What a clock on the wall shows, in microseconds since 1970: it follows the operating
    /// system's when that is set. For comparing with other machines, never for counting time.
    fn wall(&self) -> i64 {
        unix_micros()
    }
    /// Clinical seconds that pass in one machine second.
    fn speed(&self) -> u32 {
        1
    }
    /// Whether the clinical clock is the demo's.
    fn is_demo(&self) -> bool {
        false
    }
}

/// Real time. Clinical time never goes back: a clock set back stands still until it is caught up.
pub struct SystemClock {
    began: Monotonic,
    began_at: i64,
    floor: std::sync::atomic::AtomicI64,
}

#[allow(clippy::disallowed_methods, reason = "this is the Clock seam itself")]
fn unix_micros() -> i64 {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    since.ok().and_then(|d| i64::try_from(d.as_micros()).ok()).unwrap_or(0)
}

impl SystemClock {
    /// A clock that starts no earlier than `floor`, the last instant the data directory knows.
    #[must_use]
    pub fn new(floor: Instant) -> Self {
        let began_at = unix_micros();
        Self { began: Monotonic::now(), began_at, floor: floor.micros().into() }
    }
}

fn elapsed(since: Monotonic) -> i64 {
    i64::try_from(since.elapsed().as_micros()).unwrap_or(i64::MAX)
}

impl Clock for SystemClock {
    fn clinical(&self) -> Instant {
        let now = unix_micros();
        let before = self.floor.fetch_max(now, std::sync::atomic::Ordering::AcqRel);
        Instant::from_micros(before.max(now))
    }

    fn machine(&self) -> i64 {
        self.began_at + elapsed(self.began)
    }
}

/// The demo's clock: clinical time starts where it is told and runs `speed` times as fast as life.
pub struct DemoClock {
    began: Monotonic,
    began_at: i64,
    clinical: Instant,
    speed: u32,
}

impl DemoClock {
    /// A clock that shows `clinical` now.
    #[must_use]
    pub fn new(clinical: Instant, speed: u32) -> Self {
        Self { began: Monotonic::now(), began_at: unix_micros(), clinical, speed }
    }
}

impl Clock for DemoClock {
    fn clinical(&self) -> Instant {
        let passed = elapsed(self.began).saturating_mul(i64::from(self.speed));
        self.clinical.plus_micros(passed).unwrap_or(Instant::MAX)
    }

    fn machine(&self) -> i64 {
        self.began_at + elapsed(self.began)
    }

    fn speed(&self) -> u32 {
        self.speed
    }

    fn is_demo(&self) -> bool {
        true
    }
}

/// Where fresh ids come from.
pub trait Ids: Send + Sync {
    /// A fresh id, uuid v7.
    fn fresh(&self) -> uuid::Uuid;
}

/// Random ids in order of time.
pub struct RandomIds;

impl Ids for RandomIds {
    fn fresh(&self) -> uuid::Uuid {
        uuid::Uuid::now_v7()
    }
}
