//! When each cart was last heard from, and how long it takes a resident.
use emar_domain::id::CartId;
use emar_domain::time::Instant;
use std::collections::{BTreeMap, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Openings kept to tell a cart's usual time a resident.
const SPANS_MAX: usize = 31;
/// Openings further apart than this say nothing about a pass.
const SPAN_SECONDS_MAX: i64 = 30 * 60;
/// Fewer openings than this say nothing about a cart.
const SPANS_MIN: usize = 3;

/// Signs of life of one cart.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Life {
    /// Machine time of its last scan, in microseconds.
    pub scan_at: Option<i64>,
    /// Machine time of its last sign of life of any kind.
    pub alive_at: Option<i64>,
    /// The broker holds its connection: its last will would come within seconds of its death.
    present: bool,
    opened_at: Option<Instant>,
    spans: VecDeque<i64>,
}

impl Life {
    /// Clinical seconds this cart usually takes a resident: the median of its last openings.
    #[must_use]
    pub fn median_seconds(&self) -> Option<i64> {
        if self.spans.len() < SPANS_MIN {
            return None;
        }
        let mut sorted: Vec<i64> = self.spans.iter().copied().collect();
        sorted.sort_unstable();
        sorted.get(sorted.len() / 2).copied()
    }

    /// Machine microseconds at `machine` since it was last heard from.
    #[must_use]
    pub fn silent_for(&self, machine: i64) -> Option<i64> {
        if self.present {
            return Some(0);
        }
        self.alive_at.map(|at| machine.saturating_sub(at).max(0))
    }
}

/// Signs of life of every cart, in memory: after a restart nothing was heard yet.
#[derive(Debug, Default)]
pub struct HeardFrom(Mutex<BTreeMap<CartId, Life>>);

impl HeardFrom {
    /// A scan of this cart arrived.
    pub fn scan(&self, cart: &CartId, machine: i64) {
        let mut all = self.all();
        let life = all.entry(cart.clone()).or_default();
        life.scan_at = life.scan_at.max(Some(machine));
        life.alive_at = life.alive_at.max(Some(machine));
    }

    /// The cart showed that it is there, by a request of its page.
    pub fn hear(&self, cart: &CartId, machine: i64) {
        let mut all = self.all();
        let life = all.entry(cart.clone()).or_default();
        life.alive_at = life.alive_at.max(Some(machine));
    }

    /// The broker says that the cart's bridge is connected, or has died.
    pub fn presence(&self, cart: &CartId, up: bool, machine: i64) {
        let mut all = self.all();
        let life = all.entry(cart.clone()).or_default();
        if up || life.present {
            life.alive_at = life.alive_at.max(Some(machine));
        }
        life.present = up;
    }

    /// The broker itself is away: whoever was connected was last heard from now.
    pub fn nobody_present(&self, machine: i64) {
        for life in self.all().values_mut().filter(|life| life.present) {
            life.present = false;
            life.alive_at = life.alive_at.max(Some(machine));
        }
    }

    /// The cart opened a resident.
    pub fn opened(&self, cart: &CartId, now: Instant) {
        let mut all = self.all();
        let life = all.entry(cart.clone()).or_default();
        let took = life.opened_at.map(|before| now.seconds_since(before));
        if let Some(took) = took.filter(|s| (1..=SPAN_SECONDS_MAX).contains(s)) {
            life.spans.push_back(took);
            if life.spans.len() > SPANS_MAX {
                life.spans.pop_front();
            }
        }
        life.opened_at = Some(now);
    }

    /// The signs of life of one cart.
    #[must_use]
    pub fn of(&self, cart: &CartId) -> Life {
        self.all().get(cart).cloned().unwrap_or_default()
    }

    fn all(&self) -> MutexGuard<'_, BTreeMap<CartId, Life>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use emar_domain::id::Slug;

    #[test]
    fn the_usual_time_is_the_median_and_pauses_do_not_count() {
        let heard = HeardFrom::default();
        let cart = Slug::new("cart-1").unwrap();
        let mut at = Instant::parse("2026-11-02T12:00:00Z").unwrap();
        heard.opened(&cart, at);
        for seconds in [100, 7_200, 300, 200] {
            assert_eq!(heard.of(&cart).median_seconds(), None);
            at = at.plus_seconds(seconds).unwrap();
            heard.opened(&cart, at);
        }
        assert_eq!(heard.of(&cart).median_seconds(), Some(200));
    }

    #[test]
    fn silence_counts_from_the_last_sign_of_any_kind() {
        let heard = HeardFrom::default();
        let cart = Slug::new("cart-1").unwrap();
        assert_eq!(heard.of(&cart).silent_for(9), None);
        heard.scan(&cart, 5);
        heard.hear(&cart, 3);
        assert_eq!(heard.of(&cart).silent_for(9), Some(4));
        assert_eq!(heard.of(&cart).scan_at, Some(5));
        heard.presence(&cart, true, 10);
        assert_eq!(heard.of(&cart).silent_for(99), Some(0));
        heard.nobody_present(100);
        heard.presence(&cart, false, 150);
        assert_eq!(heard.of(&cart).silent_for(160), Some(60));
    }
}
