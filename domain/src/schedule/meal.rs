//! A home's meals: when they begin, and what a code that is tied to them makes of that.

use serde::{Deserialize, Serialize};

use super::frequency::{Frequency, Hour};
use crate::condition::{Meal, Relation, Tie, TiedHour};
use crate::time::CivilTime;

/// When meals begin and people go to bed. Schedules, section 2, "event": times come from the home's
/// meal table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Meals {
    /// Breakfast begins.
    pub breakfast: CivilTime,
    /// Lunch begins.
    pub lunch: CivilTime,
    /// Dinner begins.
    pub dinner: CivilTime,
    /// People go to bed.
    pub bedtime: CivilTime,
}

/// What an hour of a code is tied to, by the letters of HL7 and FHIR: `A` before, `C` with and `P`
/// after a meal, `M` breakfast, `D` lunch, `V` dinner; `HS` bedtime.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
#[allow(missing_docs)]
pub enum Event {
    Acm,
    Acd,
    Acv,
    Cm,
    Cd,
    Cv,
    Pcm,
    Pcd,
    Pcv,
    Hs,
}

impl Event {
    /// What it says.
    #[must_use]
    pub const fn tie(self) -> Tie {
        let (relation, meal) = match self {
            Self::Acm => (Relation::Before, Meal::Breakfast),
            Self::Acd => (Relation::Before, Meal::Lunch),
            Self::Acv => (Relation::Before, Meal::Dinner),
            Self::Cm => (Relation::With, Meal::Breakfast),
            Self::Cd => (Relation::With, Meal::Lunch),
            Self::Cv => (Relation::With, Meal::Dinner),
            Self::Pcm => (Relation::After, Meal::Breakfast),
            Self::Pcd => (Relation::After, Meal::Lunch),
            Self::Pcv => (Relation::After, Meal::Dinner),
            Self::Hs => return Tie::Bedtime,
        };
        Tie::Meal { relation, meal }
    }
}

impl Meals {
    /// When what an hour is tied to begins, in minutes of the day: as the table's own hours have
    /// it, and here.
    fn begin(&self, tie: Tie) -> (u32, u32) {
        let (usual, here) = match tie {
            Tie::Meal { meal: Meal::Breakfast, .. } => (8, self.breakfast),
            Tie::Meal { meal: Meal::Lunch, .. } => (12, self.lunch),
            Tie::Meal { meal: Meal::Dinner, .. } => (17, self.dinner),
            Tie::Bedtime | Tie::Span(_) => (21, self.bedtime),
        };
        (usual * 60, here.minute_of_day())
    }

    /// When a meal begins.
    #[must_use]
    pub const fn begins(&self, meal: Meal) -> CivilTime {
        match meal {
            Meal::Breakfast => self.breakfast,
            Meal::Lunch => self.lunch,
            Meal::Dinner => self.dinner,
        }
    }

    /// Whether breakfast, lunch, dinner and bedtime follow each other within a day.
    pub(super) fn in_order(&self) -> bool {
        let all = [CivilTime::MIDNIGHT, self.breakfast, self.lunch, self.dinner, self.bedtime];
        all.is_sorted_by(|before, after| before < after)
    }

    /// The meal on whose wrong side an hour tied to it lies, and when that begins. Verdicts, check
    /// 48.
    pub(super) fn astray(&self, hour: &TiedHour) -> Option<(Meal, CivilTime)> {
        let Tie::Meal { relation, meal } = hour.tie else { return None };
        let begins = self.begins(meal);
        relation.is_broken(&hour.time, &begins).then_some((meal, begins))
    }

    /// The table's hours of a code, each moved by as much as its meal lies from the usual one; on
    /// the same day, at the earliest at midnight. `None` for codes that no meal moves.
    #[must_use]
    pub fn hours(&self, frequency: &Frequency) -> Option<Vec<Hour>> {
        let tied = !frequency.events.is_empty() && frequency.events.len() == frequency.times.len();
        if !tied {
            return None;
        }
        let moved = |(hour, event): (&Hour, &Event)| {
            let (usual, here) = self.begin(event.tie());
            let by = i64::from(here) - i64::from(usual);
            let minute = (i64::from(hour.due().minute_of_day()) + by).clamp(0, 24 * 60 - 1);
            let minute = u32::try_from(minute).ok()?;
            Some(Hour::At(CivilTime::new(minute / 60, minute % 60)?))
        };
        frequency.times.iter().zip(&frequency.events).map(moved).collect()
    }
}
