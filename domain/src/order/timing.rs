//! When an order is given.

use crate::limit::Day;
use crate::schedule::Schedule;
use serde::{Deserialize, Serialize};

/// When it is given.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(tag = "when", rename_all = "snake_case")]
pub enum Timing {
    /// At planned times.
    Planned {
        /// The schedule doses are expanded from.
        schedule: Schedule,
    },
    /// When needed.
    Prn {
        /// What for.
        indication: String,
        /// Fewest minutes between two givings.
        interval_minutes_min: Option<i64>,
        /// Of a range (every 4 to 6 hours) the longer, which is shown and bars nothing.
        /// Schedules, rule 8.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        interval_minutes_max: Option<i64>,
        /// Most givings in 24 hours.
        per_day_max: Option<u32>,
        /// Which givings count together.
        #[serde(default, skip_serializing_if = "is_rolling")]
        day: Day,
    },
    /// When called for (before a procedure): no due time, each giving makes one more dose.
    /// Features, group 1: valid by its own rule.
    OnCall {
        /// It may be called for again until the order stops; else its one giving completes it.
        #[serde(default)]
        repeat: bool,
    },
    /// It runs from start to stop without planned times (oxygen, a tube feed); each package hung
    /// is one more dose.
    Continuous,
    /// Put on and taken off again at planned times. Schedules, section 2, "pair": two linked tasks,
    /// and a removal is never a dose that is given.
    Pair {
        /// When it is put on.
        apply: Schedule,
        /// When it is taken off: each application at the first of these times after it.
        remove: Schedule,
    },
    /// No due time can be worked out; the reason is a code.
    Unschedulable {
        /// Why.
        reason: String,
    },
}

fn is_rolling(day: &Day) -> bool {
    *day == Day::default()
}

impl Timing {
    /// When needed, with the fewest minutes between two givings and the most in any 24 hours.
    #[must_use]
    pub fn prn(
        indication: impl Into<String>,
        interval_minutes_min: Option<i64>,
        per_day_max: Option<u32>,
    ) -> Self {
        Self::Prn {
            indication: indication.into(),
            interval_minutes_min,
            interval_minutes_max: None,
            per_day_max,
            day: Day::default(),
        }
    }

    /// The schedule that doses are planned from; of a pair, the applications.
    #[must_use]
    pub const fn schedule(&self) -> Option<&Schedule> {
        match self {
            Self::Planned { schedule } | Self::Pair { apply: schedule, .. } => Some(schedule),
            Self::Prn { .. }
            | Self::OnCall { .. }
            | Self::Continuous
            | Self::Unschedulable { .. } => None,
        }
    }

    /// The doses its schedule names, as they are written, each with its place as a JSON pointer
    /// from the order: of steps, in turn, by weekday.
    #[must_use]
    pub fn named_doses(&self) -> Vec<(&'static str, &str)> {
        let Some(Schedule::Clock(clock)) = self.schedule() else { return Vec::new() };
        let [of_steps, of_turns, of_days] = match self {
            Self::Pair { .. } => ["/timing/apply"; 3],
            _ => [
                "/timing/schedule/steps",
                "/timing/schedule/alternate",
                "/timing/schedule/dose_by_dow",
            ],
        };
        let steps = clock.steps.iter().flatten().map(|step| (of_steps, step.dose.as_str()));
        let turns = clock.alternate.iter().flatten().map(|dose| (of_turns, dose.as_str()));
        let days = clock.dose_by_dow.iter().flat_map(|all| all.values());
        let days = days.map(|dose| (of_days, dose.as_str()));
        steps.chain(turns).chain(days).collect()
    }

    /// Whether it is given without planned times, each giving making one more dose.
    #[must_use]
    pub const fn is_unplanned(&self) -> bool {
        matches!(self, Self::Prn { .. } | Self::OnCall { .. } | Self::Continuous)
    }
}

/// When the first dose of an order is given. Schedules, rule 1.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FirstDose {
    /// At the next of its times.
    #[default]
    NextTime,
    /// As soon as it is noted; the next time is passed over when less than half the nominal
    /// interval remains until it.
    Now,
}
