//! How the cart is, told on the bus. No IO; time is an argument.

use std::time::Duration;

use emar_wire::payload::{CartHealth, ClockConfidence, Micros, ScannerHealth, SpoolState};

/// A cart whose clock is further from the server's has its scans taken for old ones soon: the
/// server takes none that is ten seconds off.
const CLOCK_OFF_MS: i64 = 5_000;
/// After so long without a heartbeat the clock may have run away.
const CLOCK_KNOWN: Duration = Duration::from_secs(60);
/// The least and the most time between two messages.
const APART: Duration = Duration::from_secs(5);
const AT_LEAST: Duration = Duration::from_secs(30);

/// What is counted for the health of a cart. Times are monotonic unless they say wall.
#[derive(Debug, Default)]
pub struct Health {
    last_scan_at: Option<Micros>,
    failures: u32,
    clock: Option<(Duration, i64)>,
    told: Option<(Duration, CartHealth)>,
}

impl Health {
    /// A code was read at `wall`.
    pub fn read(&mut self, wall: Micros) {
        self.last_scan_at = Some(wall);
    }

    /// A scan was no whole code, or got no answer.
    pub fn failed(&mut self) {
        self.failures = self.failures.saturating_add(1);
    }

    /// The server answered a scan in time.
    pub fn answered(&mut self) {
        self.failures = 0;
    }

    /// A heartbeat sent at `server` arrived at `wall`, by this cart's clock.
    pub fn heard(&mut self, now: Duration, server: Micros, wall: Micros) {
        self.clock = Some((now, wall.saturating_sub(server) / 1_000));
    }

    /// The clock against the server's, and by how many milliseconds it is ahead where known.
    #[must_use]
    pub fn clock(&self, now: Duration) -> (ClockConfidence, Option<i64>) {
        match self.clock {
            Some((at, offset)) if now.saturating_sub(at) <= CLOCK_KNOWN => {
                let off = offset.unsigned_abs() > CLOCK_OFF_MS.unsigned_abs();
                (if off { ClockConfidence::Off } else { ClockConfidence::Agrees }, Some(offset))
            }
            _ => (ClockConfidence::Unknown, None),
        }
    }

    /// What to tell at `now`, if it is time to: at once after a connection, when something changed,
    /// else twice a minute.
    pub fn due(
        &mut self,
        now: Duration,
        wall: Micros,
        scanners: Vec<ScannerHealth>,
        waiting: u32,
        spool: SpoolState,
    ) -> Option<CartHealth> {
        let (clock, clock_offset_ms) = self.clock(now);
        let (last_scan_at, failures) = (self.last_scan_at, self.failures);
        let health = CartHealth {
            at: wall,
            scanners,
            last_scan_at,
            failures,
            waiting,
            spool,
            clock,
            clock_offset_ms,
        };
        let due = self.told.as_ref().is_none_or(|(at, told)| {
            let since = now.saturating_sub(*at);
            since >= AT_LEAST || since >= APART && is_news(told, &health)
        });
        due.then(|| {
            self.told = Some((now, health.clone()));
            health
        })
    }

    /// A new connection: a newcomer is told at once.
    pub fn forget_told(&mut self) {
        self.told = None;
    }
}

/// A scan more or a millisecond of offset is none: those come with the next.
fn is_news(told: &CartHealth, health: &CartHealth) -> bool {
    let quiet = |health: &CartHealth| CartHealth {
        at: 0,
        last_scan_at: None,
        clock_offset_ms: None,
        ..health.clone()
    };
    quiet(told) != quiet(health)
}

#[cfg(test)]
mod tests {
    use emar_wire::payload::ScannerState;

    use super::*;

    fn due(health: &mut Health, now: u64, state: ScannerState) -> Option<CartHealth> {
        let scanners = vec![ScannerHealth { name: None, state }];
        let now = Duration::from_secs(now);
        health.due(now, 1, scanners, 0, SpoolState::Keeps)
    }

    #[test]
    fn it_is_told_at_once_when_changed_and_twice_a_minute() {
        let mut health = Health::default();
        let open = ScannerState::Open;
        assert!(due(&mut health, 0, open).is_some());
        health.read(7);
        assert!(due(&mut health, 20, open).is_none(), "another scan is no news");
        assert_eq!(due(&mut health, 30, open).unwrap().last_scan_at, Some(7));
        assert!(due(&mut health, 34, ScannerState::Unplugged).is_none(), "not more often");
        assert!(due(&mut health, 35, ScannerState::Unplugged).is_some());
        health.failed();
        health.failed();
        assert_eq!(due(&mut health, 40, ScannerState::Unplugged).unwrap().failures, 2);
        health.answered();
        health.forget_told();
        assert_eq!(due(&mut health, 40, ScannerState::Unplugged).unwrap().failures, 0);
    }

    #[test]
    fn the_clock_is_believed_for_a_minute_and_within_five_seconds() {
        let second = 1_000_000;
        let rows = [
            (0, 0, ClockConfidence::Agrees),
            (5 * second, 60, ClockConfidence::Agrees),
            (-5 * second - 1_000, 0, ClockConfidence::Off),
            (5 * second + 1_000, 0, ClockConfidence::Off),
            (i64::MIN, 0, ClockConfidence::Off),
            (0, 61, ClockConfidence::Unknown),
        ];
        for (ahead, later, want) in rows {
            let mut health = Health::default();
            health.heard(Duration::ZERO, 0, ahead);
            let (clock, offset) = health.clock(Duration::from_secs(later));
            assert_eq!(clock, want, "{ahead} {later}");
            assert_eq!(offset.is_none(), want == ClockConfidence::Unknown);
        }
        assert_eq!(Health::default().clock(Duration::ZERO).0, ClockConfidence::Unknown);
    }
}
