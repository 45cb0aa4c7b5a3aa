//! PRN limits and ingredient caps: how soon again, how often, and how much in a day.

use serde::{Deserialize, Serialize};

use crate::amount::Amount;
use crate::time::{Instant, MICROS_PER_SECOND, SECONDS_PER_MINUTE};
use crate::zone::ZoneRules;

const MINUTE: i64 = SECONDS_PER_MINUTE * MICROS_PER_SECOND;
const ROLLING_DAY: i64 = 24 * 60 * MINUTE;

/// Which givings count together. Schedules, rule 8: rolling by default, calendar day by choice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum Day {
    /// Those less than 24 elapsed hours old: one exactly 24 h old no longer counts.
    #[default]
    #[serde(rename = "rolling24h")]
    Rolling24h,
    /// Those of the same civil date in the home's zone, however long that day is.
    #[serde(rename = "calendar_day")]
    CalendarDay,
}

/// What a PRN order allows. Schedules, rule 8.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct PrnLimit {
    /// Fewest elapsed minutes since the latest giving.
    pub interval_minutes_min: Option<i64>,
    /// Most givings in a day.
    pub per_day_max: Option<u32>,
    /// Which day that is.
    pub day: Day,
}

/// Why a PRN giving is refused: one limit or both.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PrnRefusal {
    /// The interval since the latest giving is not over.
    pub too_soon: bool,
    /// How many givings count, when they are as many as the day allows.
    pub reached: Option<u32>,
    /// The first whole minute on the home's clock at which no limit refuses; `None`: never.
    pub next: Option<Instant>,
}

impl PrnLimit {
    /// Whether one more giving at `at` is allowed, after those of `history` in any order.
    ///
    /// A giving charted for later than `at` is already in the record, so it counts too: the
    /// interval is not over before it, and it takes its place in a rolling day.
    ///
    /// # Errors
    /// [`PrnRefusal`], when a limit refuses it.
    pub fn check(
        self,
        zone: &ZoneRules,
        history: &[Instant],
        at: Instant,
    ) -> Result<(), PrnRefusal> {
        let latest = history.iter().max();
        let interval = self.interval_minutes_min.map(|minutes| minutes.saturating_mul(MINUTE));
        let wait = latest.zip(interval).filter(|(last, wait)| at.micros_since(**last) < *wait);
        let taken = one_each(history);
        let tally = |most: u32| Tally { zone, day: self.day, most: most.into(), taken: &taken };
        let count = self.counted(zone, history, at);
        let reached = self.per_day_max.and_then(|most| (count >= most).then_some(count));
        if wait.is_none() && reached.is_none() {
            return Ok(());
        }
        let from = match wait {
            Some((last, wait)) => last.plus_micros(wait),
            None => Some(at),
        };
        let next = from.and_then(|from| match self.per_day_max {
            Some(most) => tally(most).room_for(1, from),
            None => whole_minute(zone, from),
        });
        Err(PrnRefusal { too_soon: wait.is_some(), reached, next })
    }

    /// How many givings of `history`, in any order, count together with one at `at`.
    #[must_use]
    pub fn counted(self, zone: &ZoneRules, history: &[Instant], at: Instant) -> u32 {
        let taken = one_each(history);
        let tally = Tally { zone, day: self.day, most: i128::MAX, taken: &taken };
        u32::try_from(tally.sum(at)).unwrap_or(u32::MAX)
    }
}

fn one_each(history: &[Instant]) -> Vec<(Instant, i128)> {
    history.iter().map(|at| (*at, 1)).collect()
}

/// The most of one ingredient in a day, over all products, scheduled and PRN. Schedules, rule 8.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct IngredientCap {
    /// The most; reaching it exactly is allowed.
    pub most: Amount,
    /// In which day.
    pub day: Day,
}

/// Why an amount of an ingredient is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CapRefusal {
    /// The day's sum would exceed the cap.
    #[error("the ingredient's total of the day would exceed its cap")]
    Exceeded {
        /// The first whole minute on the home's clock with room for it; `None`: the amount alone
        /// is more than the cap.
        next: Option<Instant>,
    },
    /// An amount is not of the cap's kind (tablets against milligrams), so no sum can be made.
    #[error("an amount is not of the cap's kind; write each as the ingredient's own mass")]
    NotComparable,
}

impl IngredientCap {
    /// What of `history`, in any order, counts together with a taking at `at`; amounts that are not
    /// of the cap's kind are left out.
    #[must_use]
    pub fn taken(self, zone: &ZoneRules, history: &[(Instant, Amount)], at: Instant) -> Amount {
        let kin = history.iter().filter(|(_, amount)| amount.comparable(self.most));
        let taken: Vec<(Instant, i128)> = kin.map(|(at, a)| (*at, a.base())).collect();
        let tally = Tally { zone, day: self.day, most: self.most.base(), taken: &taken };
        let nano = tally.sum(at) / i128::from(self.most.unit.scale().1);
        Amount { nano: i64::try_from(nano).unwrap_or(i64::MAX), unit: self.most.unit }
    }

    /// Whether `amount` more at `at` is allowed, after the ingredient's takings of `history` in any
    /// order. As for PRN limits, what is charted for later than `at` counts too.
    ///
    /// # Errors
    /// [`CapRefusal`].
    pub fn check(
        self,
        zone: &ZoneRules,
        history: &[(Instant, Amount)],
        at: Instant,
        amount: Amount,
    ) -> Result<(), CapRefusal> {
        let all = history.iter().map(|(_, taken)| taken).chain([&amount]);
        if all.into_iter().any(|one| !one.comparable(self.most)) {
            return Err(CapRefusal::NotComparable);
        }
        let taken: Vec<(Instant, i128)> = history.iter().map(|(at, a)| (*at, a.base())).collect();
        let tally = Tally { zone, day: self.day, most: self.most.base(), taken: &taken };
        if tally.sum(at) + amount.base() <= tally.most {
            return Ok(());
        }
        Err(CapRefusal::Exceeded { next: tally.room_for(amount.base(), at) })
    }
}

/// What was taken, held against the most of a day.
struct Tally<'a> {
    zone: &'a ZoneRules,
    day: Day,
    most: i128,
    taken: &'a [(Instant, i128)],
}

impl Tally<'_> {
    /// What counts together with a giving at `at`.
    fn sum(&self, at: Instant) -> i128 {
        let date = |at| self.zone.to_civil(at).date();
        let today = date(at);
        let counts = |taken: Instant| match self.day {
            Day::Rolling24h => at.micros_since(taken) < ROLLING_DAY,
            Day::CalendarDay => date(taken) == today,
        };
        self.taken.iter().filter(|(at, _)| counts(*at)).map(|(_, amount)| amount).sum()
    }

    /// The first whole minute from `from` on with room for `more`.
    fn room_for(&self, more: i128, from: Instant) -> Option<Instant> {
        if more > self.most {
            return None;
        }
        let mut at = whole_minute(self.zone, from)?;
        while self.sum(at) + more > self.most {
            at = whole_minute(self.zone, self.next_change(at)?)?;
        }
        Some(at)
    }

    /// The next instant after `at` at which other givings count.
    fn next_change(&self, at: Instant) -> Option<Instant> {
        match self.day {
            Day::CalendarDay => self.zone.next_date_change(at),
            Day::Rolling24h => {
                let counted = self.taken.iter().map(|(taken, _)| *taken);
                let oldest = counted.filter(|taken| at.micros_since(*taken) < ROLLING_DAY).min();
                oldest?.plus_micros(ROLLING_DAY)
            }
        }
    }
}

/// The first whole minute on the home's clock from `at` on.
fn whole_minute(zone: &ZoneRules, at: Instant) -> Option<Instant> {
    let shown = at.micros() + i64::from(zone.offset_at(at)) * MICROS_PER_SECOND;
    at.plus_micros((-shown).rem_euclid(MINUTE))
}
