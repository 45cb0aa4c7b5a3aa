//! The two clocks of the bridge: one that measures, one that tells the time of day.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// Where the bridge takes its time from, so that tests can hold it still.
pub trait Clock: Send + Sync {
    /// Time since some fixed moment of this run; never jumps, never scaled.
    fn monotonic(&self) -> Duration;
    /// Microseconds UTC since 1970; may jump when the operating system corrects it.
    fn wall_us(&self) -> i64;
}

/// The operating system's clocks.
#[derive(Debug)]
pub struct SystemClock {
    start: Instant,
}

impl SystemClock {
    /// A clock whose monotonic time starts at zero now.
    #[must_use]
    pub fn new() -> Self {
        Self { start: Instant::now() }
    }
}

impl Default for SystemClock {
    fn default() -> Self {
        Self::new()
    }
}

impl Clock for SystemClock {
    fn monotonic(&self) -> Duration {
        self.start.elapsed()
    }

    #[expect(clippy::disallowed_methods, reason = "this is the Clock seam itself")]
    fn wall_us(&self) -> i64 {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        i64::try_from(since.as_micros()).unwrap_or(i64::MAX)
    }
}
