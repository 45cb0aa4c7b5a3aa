//! The demo's clock stands still while the home is being made, then runs.

use crate::clock::{Clock, DemoClock};
use emar_domain::time::Instant;
use std::sync::OnceLock;

/// A clock that shows one instant until it is released.
pub struct HeldClock {
    from: Instant,
    speed: u32,
    machine: DemoClock,
    running: OnceLock<DemoClock>,
}

impl HeldClock {
    /// Stands at `from`; will run `speed` times as fast as life.
    #[must_use]
    pub fn new(from: Instant, speed: u32) -> Self {
        Self { from, speed, machine: DemoClock::new(from, 1), running: OnceLock::new() }
    }

    /// Lets clinical time run from now on.
    pub fn release(&self) {
        self.running.get_or_init(|| DemoClock::new(self.from, self.speed));
    }
}

impl Clock for HeldClock {
    fn clinical(&self) -> Instant {
        self.running.get().map_or(self.from, Clock::clinical)
    }

    fn machine(&self) -> i64 {
        self.machine.machine()
    }

    fn speed(&self) -> u32 {
        self.speed
    }

    fn is_demo(&self) -> bool {
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[allow(clippy::disallowed_methods, reason = "a plain thread waits here, no runtime")]
    fn it_stands_then_runs_and_machine_time_never_waits() {
        let from = Instant::parse("2026-11-02T11:30:00Z").unwrap();
        let clock = HeldClock::new(from, 1000);
        let machine = clock.machine();
        std::thread::sleep(std::time::Duration::from_millis(5));
        assert_eq!(clock.clinical(), from);
        assert!(clock.machine() >= machine + 5000);
        clock.release();
        clock.release();
        std::thread::sleep(std::time::Duration::from_millis(5));
        assert!(clock.clinical().micros_since(from) >= 5_000_000);
    }
}
