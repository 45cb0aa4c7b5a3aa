//! When each session was last used, by page or scanner: a cart nobody touches signs itself off.

use emar_domain::id::SessionId;
use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

/// Machine microseconds without use after which a cart's session ends (security R3).
pub const IDLE_CART_MICROS: i64 = 120 * 1_000_000;
/// The same for a station.
pub const IDLE_STATION_MICROS: i64 = 600 * 1_000_000;
/// Sessions remembered; a home has fewer people on a shift.
const SESSIONS_MAX: usize = 10_000;

/// Last uses, in machine time, of the sessions this process saw begin. When one begun before a
/// restart was last used nobody knows: it counts as idle, so that nothing is charted under somebody
/// who left meanwhile. The cart keeps its place, as at any sign-off.
#[derive(Debug, Default)]
pub struct Activity(Mutex<BTreeMap<SessionId, i64>>);

impl Activity {
    /// A session begins at `now`.
    pub fn begun(&self, session: SessionId, now: i64) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if all.len() >= SESSIONS_MAX {
            all.retain(|_, seen| now - *seen <= IDLE_STATION_MICROS);
        }
        all.insert(session, now);
    }

    /// Uses the session at `now`; false, and nothing changes, when it was idle longer than `idle`.
    pub fn used(&self, session: SessionId, now: i64, idle: i64) -> bool {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(seen) = all.get_mut(&session) else { return false };
        let live = now - *seen <= idle;
        if live {
            *seen = now;
        }
        live
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_session_used_in_time_goes_on_and_an_idle_one_stays_ended() {
        let all = Activity::default();
        let id = SessionId(uuid::Uuid::nil());
        all.begun(id, 0);
        assert!(all.used(id, 10, 10));
        assert!(all.used(id, 20, 10));
        assert!(!all.used(id, 31, 10));
        assert!(!all.used(id, 32, 10));
        all.begun(id, 33);
        assert!(all.used(id, 34, 10));
    }

    #[test]
    fn a_session_of_before_a_restart_counts_as_idle() {
        let (before, after) = (Activity::default(), Activity::default());
        let id = SessionId(uuid::Uuid::nil());
        before.begun(id, 0);
        assert!(before.used(id, 1, 10));
        assert!(!after.used(id, 2, 10));
        assert!(!after.used(id, 3, 10), "asking does not begin it");
    }
}
