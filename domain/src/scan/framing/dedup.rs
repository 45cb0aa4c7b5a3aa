//! A scanner that reads one symbol twice is one scan; a second tablet is another.
use std::collections::BTreeMap;

/// Drops repeats of a text inside a window that starts with the scan that was let through.
///
/// It sits above framing. A repeat does not stretch the window: a symbol left under the scanner is
/// let through again after each window, where the verdict meets it as a double scan.
#[derive(Debug, Clone)]
pub struct Dedup {
    window_ms: u64,
    let_through: BTreeMap<String, u64>,
}

impl Dedup {
    /// The window in normal use, in milliseconds.
    pub const WINDOW_MS: u64 = 1_500;
    /// The window while a dose needs more than one package, in milliseconds.
    pub const UNITS_WINDOW_MS: u64 = 400;

    /// Starts with nothing seen.
    pub fn new(window_ms: u64) -> Self {
        Self { window_ms, let_through: BTreeMap::new() }
    }

    /// Changes the window, as when a dose of several packages begins or ends.
    pub fn set_window(&mut self, window_ms: u64) {
        self.window_ms = window_ms;
    }

    /// Is this scan one to act on? `at_ms` must not go backwards.
    pub fn admit(&mut self, at_ms: u64, text: &str) -> bool {
        let window_ms = self.window_ms;
        self.let_through.retain(|_, seen_ms| at_ms.saturating_sub(*seen_ms) < window_ms);
        if self.let_through.contains_key(text) {
            return false;
        }
        self.let_through.insert(text.to_owned(), at_ms);
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_repeat_is_dropped_and_a_second_tablet_is_not() {
        let mut dedup = Dedup::new(Dedup::WINDOW_MS);
        assert!(dedup.admit(0, "A"));
        assert!(!dedup.admit(120, "A"));
        assert!(dedup.admit(500, "B"));
        assert!(!dedup.admit(1_499, "A"));
        assert!(dedup.admit(1_500, "A"), "the window is half open");
        assert!(dedup.admit(4_500, "A"));
    }

    #[test]
    fn units_mode_lets_the_second_package_pass_sooner() {
        let mut dedup = Dedup::new(Dedup::WINDOW_MS);
        assert!(dedup.admit(0, "A"));
        dedup.set_window(Dedup::UNITS_WINDOW_MS);
        assert!(!dedup.admit(399, "A"));
        assert!(dedup.admit(401, "A"));
    }
}
