//! Attempts to prove who one is, counted before they are judged: whoever guesses in parallel gets
//! no more guesses than whoever waits for each answer.

use emar_domain::id::{Slug, UserId};
use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

const MINUTE_MICROS: i64 = 60 * 1_000_000;
const LOCK_MICROS: i64 = 15 * MINUTE_MICROS;
const DAY_MICROS: i64 = 24 * 60 * MINUTE_MICROS;

/// Wrong PINs of one user within [`LOCK_MICROS`].
const USER_MAX: usize = 5;
/// Wrong PINs of one user, or at one device, within a day.
const DAY_MAX: usize = 20;
/// Attempts a minute of all who bring no enrolled device, and of all codes to enrol one.
const STRANGERS_MAX: usize = 30;

/// Why a sign-on may not be tried now.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Locked {
    /// Five wrong PINs of this user within a quarter of an hour.
    User,
    /// Twenty wrong PINs of this user within a day.
    UserDay,
    /// Twenty wrong PINs at this device within a day.
    DeviceDay,
}

/// Wrong PINs by user and by device.
///
/// Only what comes from the enrolled device counts against user and device: otherwise anybody on
/// the network could lock the house out of its own carts.
#[derive(Default)]
pub struct Attempts(Mutex<BTreeMap<String, Vec<i64>>>);

fn of_user(user: UserId) -> String {
    format!("user {user}")
}

fn of_device(device: &Slug) -> String {
    format!("device {device}")
}

impl Attempts {
    fn lock(&self) -> MutexGuard<'_, BTreeMap<String, Vec<i64>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes one attempt at an enrolled device. It counts as a wrong one until
    /// [`Self::succeeded`].
    ///
    /// # Errors
    /// What is locked.
    pub fn take(&self, user: Option<UserId>, device: &Slug, now: i64) -> Result<(), Locked> {
        let mut all = self.lock();
        let since = |who: &str, span: i64| {
            all.get(who).map_or(0, |times| times.iter().filter(|t| **t > now - span).count())
        };
        if let Some(user) = user.map(of_user) {
            if since(&user, DAY_MICROS) >= DAY_MAX {
                return Err(Locked::UserDay);
            }
            if since(&user, LOCK_MICROS) >= USER_MAX {
                return Err(Locked::User);
            }
        }
        if since(&of_device(device), DAY_MICROS) >= DAY_MAX {
            return Err(Locked::DeviceDay);
        }
        for who in user.map(of_user).into_iter().chain([of_device(device)]) {
            note(&mut all, who, now, DAY_MICROS);
        }
        Ok(())
    }

    /// The attempt taken at `taken` was a right PIN: it clears the user's count; of the device's it
    /// takes back itself alone.
    pub fn succeeded(&self, user: UserId, device: &Slug, taken: i64) {
        let mut all = self.lock();
        all.remove(&of_user(user));
        if let Some(times) = all.get_mut(&of_device(device))
            && let Some(at) = times.iter().position(|t| *t == taken)
        {
            times.remove(at);
        }
    }

    /// Whether somebody without an enrolled device may try now: all of them together, `what` by
    /// `what`, so many times a minute.
    pub fn stranger(&self, what: &str, now: i64) -> bool {
        let mut all = self.lock();
        let who = format!("stranger {what}");
        let recent = |times: &Vec<i64>| times.iter().filter(|t| **t > now - MINUTE_MICROS).count();
        if all.get(&who).map_or(0, recent) >= STRANGERS_MAX {
            return false;
        }
        note(&mut all, who, now, MINUTE_MICROS);
        true
    }
}

fn note(all: &mut BTreeMap<String, Vec<i64>>, who: String, now: i64, span: i64) {
    let times = all.entry(who).or_default();
    times.retain(|t| *t > now - span);
    times.push(now);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_attempt_counts_from_before_its_answer() {
        let attempts = Attempts::default();
        let user = UserId(uuid::Uuid::from_u128(1));
        let cart = Slug::new("cart-1").unwrap();
        for _ in 0..USER_MAX {
            assert_eq!(attempts.take(Some(user), &cart, 10), Ok(()));
        }
        assert_eq!(attempts.take(Some(user), &cart, 10), Err(Locked::User));
        assert_eq!(attempts.take(None, &cart, 10), Ok(()), "nobody else is locked");
        attempts.succeeded(user, &cart, 10);
        assert_eq!(attempts.take(Some(user), &cart, 11), Ok(()));
        assert_eq!(attempts.take(Some(user), &cart, LOCK_MICROS + 11), Ok(()));
    }

    #[test]
    fn twenty_in_a_day_lock_the_device_and_a_right_pin_takes_back_only_its_own() {
        let attempts = Attempts::default();
        let cart = Slug::new("cart-1").unwrap();
        let user = UserId(uuid::Uuid::from_u128(1));
        for n in 1..20 {
            assert_eq!(attempts.take(None, &cart, n), Ok(()));
        }
        assert_eq!(attempts.take(Some(user), &cart, 20), Ok(()));
        assert_eq!(attempts.take(None, &cart, 20), Err(Locked::DeviceDay));
        attempts.succeeded(user, &cart, 20);
        assert_eq!(attempts.take(None, &cart, 21), Ok(()));
        assert_eq!(attempts.take(None, &cart, 21), Err(Locked::DeviceDay));
        assert_eq!(attempts.take(None, &cart, DAY_MICROS + 2), Ok(()));
    }

    #[test]
    fn strangers_are_slowed_down_together_and_lock_nobody_out() {
        let attempts = Attempts::default();
        let cart = Slug::new("cart-1").unwrap();
        for _ in 0..STRANGERS_MAX {
            assert!(attempts.stranger("sign-on", 10));
        }
        assert!(!attempts.stranger("sign-on", 10));
        assert!(attempts.stranger("enrol", 10));
        assert_eq!(attempts.take(None, &cart, 10), Ok(()));
        assert!(attempts.stranger("sign-on", 11 + MINUTE_MICROS));
    }
}
