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

/// Last uses, in machine time. After a restart a session counts from its first use.
#[derive(Debug, Default)]
pub struct Activity(Mutex<BTreeMap<SessionId, i64>>);

impl Activity {
    /// Uses the session at `now`; false, and nothing changes, when it was idle longer than `idle`.
    pub fn used(&self, session: SessionId, now: i64, idle: i64) -> bool {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if all.len() >= SESSIONS_MAX {
            all.retain(|_, seen| now - *seen <= IDLE_STATION_MICROS);
        }
        let seen = all.entry(session).or_insert(now);
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
        assert!(all.used(id, 0, 10));
        assert!(all.used(id, 10, 10));
        assert!(all.used(id, 20, 10));
        assert!(!all.used(id, 31, 10));
        assert!(!all.used(id, 32, 10));
    }
}
