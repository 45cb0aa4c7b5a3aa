//! What else an order says about giving: what its hours are tied to, hold parameters, a sliding
//! scale, who gives it, and how.

use crate::gate::Gate;
use crate::reading::{CODES, GLUCOSE};
use crate::scale::Scale;
use crate::schedule::window::CivilSpan;
use crate::time::{CivilDate, CivilTime};
use serde::{Deserialize, Serialize};

/// Everything of an order that is neither what nor how much nor when. An order without any has the
/// default.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Conditions {
    /// What times of day stand for, where they stand for more than themselves.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub hours: Vec<TiedHour>,
    /// Hold parameters. Schedules, rule 9.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gate: Option<Gate>,
    /// A sliding scale. Schedules, rule 10.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scale: Option<Scale>,
    /// Who takes care of taking it.
    #[serde(skip_serializing_if = "SelfAdministration::is_staff")]
    pub self_administration: SelfAdministration,
    /// Given without the resident's knowledge, and on what ground.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub covert: Option<Covert>,
    /// Whoever gives it must say that the special instructions were read. Verdicts, check 68.
    #[serde(skip_serializing_if = "is_not")]
    pub acknowledge: bool,
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde hands over a reference")]
const fn is_not(flag: &bool) -> bool {
    !*flag
}

impl Conditions {
    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// What a prescribed time of day stands for.
    #[must_use]
    pub fn tie(&self, time: CivilTime) -> Option<Tie> {
        self.hours.iter().find(|hour| hour.time == time).map(|hour| hour.tie)
    }

    /// The codes of the readings that must be fresh before it is given, each once, in the order in
    /// which readings are listed everywhere.
    #[must_use]
    pub fn readings(&self) -> Vec<&str> {
        let mut codes: Vec<&str> = self.gate.iter().flat_map(Gate::codes).collect();
        codes.extend(self.scale.as_ref().map(|_| GLUCOSE));
        codes.sort_by_key(|code| (CODES.iter().position(|known| known == code), *code));
        codes.dedup();
        codes
    }
}

/// A time of day, and what it stands for.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TiedHour {
    /// The prescribed time.
    pub time: CivilTime,
    /// What for.
    pub tie: Tie,
}

/// What a prescribed time of day stands for. Schedules, section 2, "event" and "window".
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Tie {
    /// A meal: the relation is absolute, whatever the minutes.
    Meal {
        /// On which side of it.
        relation: Relation,
        /// Which one.
        meal: Meal,
    },
    /// Going to bed.
    Bedtime,
    /// Any time between opening and closing (a liberalised pass); the time is the opening.
    Span(CivilSpan),
}

/// On which side of a meal.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Relation {
    /// Before it begins.
    Before,
    /// With it.
    With,
    /// After it began.
    After,
}

impl Relation {
    /// The code stored and sent.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Before => "before",
            Self::With => "with",
            Self::After => "after",
        }
    }

    /// Whether `at` is on the wrong side of a meal that begins at `meal`. Schedules, section 3: the
    /// relation is absolute, whatever the minutes.
    #[must_use]
    pub fn is_broken<T: Ord>(self, at: &T, meal: &T) -> bool {
        match self {
            Self::Before => at >= meal,
            Self::After => at < meal,
            Self::With => false,
        }
    }
}

/// A meal of the day.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Meal {
    /// In the morning.
    Breakfast,
    /// At noon.
    Lunch,
    /// In the evening.
    Dinner,
}

impl Meal {
    /// The code stored and sent.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Breakfast => "breakfast",
            Self::Lunch => "lunch",
            Self::Dinner => "dinner",
        }
    }
}

/// Who takes care of taking it. Features, group 2: self-managed drugs are listed, off the pass.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SelfAdministration {
    /// Staff give it.
    #[default]
    Staff,
    /// The resident takes it when staff remind them.
    Prompted,
    /// The resident takes it, staff check that it was taken.
    Checked,
    /// The resident keeps and takes it: nothing is due for staff.
    SelfManaged,
}

impl SelfAdministration {
    /// All of them, from the most that staff do to the least.
    pub const ALL: [Self; 4] = [Self::Staff, Self::Prompted, Self::Checked, Self::SelfManaged];

    /// The code stored and sent.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Staff => "staff",
            Self::Prompted => "prompted",
            Self::Checked => "checked",
            Self::SelfManaged => "self_managed",
        }
    }

    /// Whether staff give it.
    #[must_use]
    #[allow(clippy::trivially_copy_pass_by_ref, reason = "serde hands over a reference")]
    pub fn is_staff(&self) -> bool {
        *self == Self::Staff
    }
}

/// Given without the resident's knowledge. Regulations: both fields are required.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Covert {
    /// The decision it rests on, such as the record of a best-interests meeting.
    pub legal_reference: String,
    /// The day by which that decision is looked at again.
    pub review_on: CivilDate,
}
