//! The scans that wait to be sent late: one at a time, oldest first, until the server answers.
//! No IO; time is an argument.

use std::collections::VecDeque;
use std::time::Duration;

use emar_wire::payload::Scan;
use uuid::Uuid;

/// How long a late scan waits for its answer before it is sent again.
pub const RESEND: Duration = Duration::from_secs(5);

/// Spent scans that are durably kept and not yet answered. Times are monotonic.
#[derive(Debug, Default)]
pub struct Late {
    queue: VecDeque<Scan>,
    resend_at: Option<Duration>,
}

impl Late {
    /// A spent scan became durable.
    pub fn kept(&mut self, scan: Scan) {
        self.queue.push_back(Scan { late: true, ..scan });
    }

    /// The scan to send at `now`, marked late, if one is due. The caller says that the link is up.
    pub fn due(&mut self, now: Duration) -> Option<&Scan> {
        if self.resend_at.is_some_and(|at| now < at) {
            return None;
        }
        self.resend_at = self.queue.front().map(|_| now + RESEND);
        self.queue.front()
    }

    /// The link came up: send at once.
    pub fn link_up(&mut self) {
        self.resend_at = None;
    }

    /// The server answered `scan_id`; true when it was waiting here.
    pub fn answered(&mut self, scan_id: Uuid) -> bool {
        let before = self.queue.len();
        let first = self.queue.front().is_some_and(|scan| scan.scan_id == scan_id);
        self.queue.retain(|scan| scan.scan_id != scan_id);
        if first {
            self.resend_at = None;
        }
        self.queue.len() < before
    }

    /// How many wait.
    #[must_use]
    pub fn len(&self) -> usize {
        self.queue.len()
    }

    /// Whether none waits.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.queue.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scan(number: u128) -> Scan {
        Scan { scan_id: Uuid::from_u128(number), raw: "x".into(), ..Scan::default() }
    }

    fn due(late: &mut Late, now: Duration) -> Option<u128> {
        late.due(now).map(|scan| {
            assert!(scan.late);
            scan.scan_id.as_u128()
        })
    }

    #[test]
    fn one_at_a_time_in_order_until_answered() {
        let mut late = Late::default();
        assert_eq!(due(&mut late, Duration::ZERO), None);
        late.kept(scan(1));
        late.kept(scan(2));
        assert_eq!(due(&mut late, Duration::ZERO), Some(1));
        assert_eq!(due(&mut late, RESEND / 2), None);
        assert_eq!(due(&mut late, RESEND), Some(1), "no answer: again");
        assert!(late.answered(Uuid::from_u128(1)));
        assert!(!late.answered(Uuid::from_u128(1)));
        assert_eq!(due(&mut late, RESEND), Some(2));
        late.link_up();
        assert_eq!(due(&mut late, RESEND), Some(2));
        assert!(late.answered(Uuid::from_u128(2)));
        assert!(late.is_empty());
    }
}
