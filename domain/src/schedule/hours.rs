//! An order at its home's hours: what it asked for, and what that comes to under a policy.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::Schedule;
use super::frequency::{Brought, Frequencies, Frequency, Kind, Planned};
use super::policy::Policy;
use crate::condition::TiedHour;

/// What an order asks for, kept beside the times it came to: when the home's hours change, they are
/// worked out anew. Model, section 1, "dose".
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AskedTiming {
    /// Frequency code, as in the table.
    pub code: String,
    /// What the order brings beside it; its own times stand whatever the home's hours are.
    #[serde(default)]
    pub brought: Brought,
}

/// What an order comes to in one unit under one policy.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AtHours {
    /// Its times.
    pub schedule: Schedule,
    /// What they stand for, where they stand for more than themselves.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub ties: Vec<TiedHour>,
    /// Early window in minutes.
    pub before_minutes: i64,
    /// Late window in minutes.
    pub after_minutes: i64,
}

impl AskedTiming {
    /// Times and windows in a unit under a policy; `None` when the table no longer has the code or
    /// it cannot be planned or has no window: what was worked out before then stands. A window of
    /// the order's own stays, and is never wider than the home's.
    #[must_use]
    pub fn at_hours(
        &self,
        policy: &Policy,
        table: &Frequencies,
        unit: &str,
        time_critical: bool,
    ) -> Option<AtHours> {
        let row = table.frequencies.iter().find(|row| row.code == self.code)?;
        let hours = policy.hours_of(unit, row);
        let planned = row.plan(&self.brought, hours.as_deref()).ok()?;
        let Planned::Doses(schedule) = planned else { return None };
        let ties = match &schedule {
            Schedule::Clock(clock) => row.ties(&clock.times, hours.as_deref()),
            Schedule::Once(_) | Schedule::Interval(_) => Vec::new(),
        };
        let (before, after) = policy.order_window(table, row, unit, time_critical)?;
        let narrower = |own: Option<i64>, home: i64| own.map_or(home, |own| own.min(home));
        let before_minutes = narrower(self.brought.before_minutes, before);
        let after_minutes = narrower(self.brought.after_minutes, after);
        Some(AtHours { schedule, ties, before_minutes, after_minutes })
    }
}

impl Policy {
    /// Minutes before and after the due time for all doses of an order: the narrowest window of any
    /// of the day's doses, since an order has one and it must not be too wide. `None`: a dose of it
    /// has no bounds.
    #[must_use]
    pub fn order_window(
        &self,
        table: &Frequencies,
        frequency: &Frequency,
        unit: &str,
        time_critical: bool,
    ) -> Option<(i64, i64)> {
        let windows = (1..=frequency.doses_per_day.max(1))
            .map(|slot| self.window(table, frequency, unit, slot, time_critical))
            .collect::<Option<Vec<_>>>()?;
        let before = windows.iter().map(|window| window.before_min).min()?;
        let after = windows.iter().map(|window| window.after_min).min()?;
        Some((i64::from(before), i64::from(after)))
    }

    /// The widest window an order without a code may have: that of the home's default class, or of
    /// a code with as many times a day; of a liberalised pass, only at its own hours. `None`: none
    /// of them has bounds.
    #[must_use]
    pub fn widest_window(
        &self,
        table: &Frequencies,
        schedule: &Schedule,
        unit: &str,
        time_critical: bool,
    ) -> Option<(i64, i64)> {
        let alike = |row: &&Frequency| {
            let Schedule::Clock(clock) = schedule else { return false };
            let own = self.hours_of(unit, row);
            let opens = own.as_deref().unwrap_or(&row.times).iter().map(|hour| hour.due());
            match row.kind {
                Kind::Clock | Kind::Event => row.doses_per_day == clock.times_a_day_max(),
                Kind::Window => {
                    opens.collect::<BTreeSet<_>>() == clock.times.iter().copied().collect()
                }
                Kind::Interval | Kind::Once | Kind::Pair | Kind::Prn | Kind::Continuous => false,
            }
        };
        let rows = table.frequencies.iter().filter(alike);
        let of_rows = rows.filter_map(|row| self.order_window(table, row, unit, time_critical));
        let usual = self.usual_window(table, unit, time_critical);
        let usual = usual.map(|w| (i64::from(w.before_min), i64::from(w.after_min)));
        of_rows.chain(usual).reduce(|one, other| (one.0.max(other.0), one.1.max(other.1)))
    }
}
