//! What a policy that reads well can still have wrong, named; [`super::policy_check`] finds it.

use serde::Serialize;

use crate::condition::Meal;
use crate::time::CivilTime;

/// What is wrong with a policy, and where.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Fault {
    /// Keys from the root of the file; a number is a place in a list, from 0.
    pub path: Vec<String>,
    /// What is wrong there.
    pub code: FaultCode,
}

/// What can be wrong with a policy that reads well.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum FaultCode {
    /// A form of policy this version does not know.
    SchemaUnknown,
    /// An id that is not 1 to 32 of a–z, 0–9 and `-`.
    IdShape,
    /// An empty, overlong or unprintable name.
    NameShape,
    /// Nothing where at least one is needed.
    Empty,
    /// A room that another unit, or the same, already has.
    RoomTwice,
    /// Two passes share more than a bound.
    PassesOverlap {
        /// The other pass.
        with: String,
    },
    /// A frequency code the table does not have.
    FrequencyUnknown,
    /// A code whose doses have no hours of the day.
    HoursNotUsed,
    /// Another number of hours than the code has doses a day.
    HoursCount {
        /// How many it has.
        wanted: u32,
    },
    /// The same hour twice.
    HourTwice,
    /// A span where a time is wanted, or the reverse.
    HourKind,
    /// Meals and bedtime that do not follow each other within the day.
    MealsOrder,
    /// An hour on the wrong side of the meal it is tied to: a dose given on time would be wrong.
    MealSide {
        /// The meal.
        meal: Meal,
        /// When it begins.
        begins: CivilTime,
    },
    /// A window class the table does not have.
    ClassUnknown,
    /// A code whose doses have no minutes of their own: as needed, continuous, or a whole pass.
    WindowNotUsed,
    /// More than [`super::policy::WINDOW_MAX_MIN`] minutes.
    WindowTooLong,
    /// Not lower case letters, digits, spaces and `-`.
    TermShape,
    /// A later level of escalation before an earlier one, or later than a day.
    EscalationOrder,
    /// An acceptance that lapses at once, or not within a day.
    AcceptExpires,
    /// A clock's variance below ten seconds, which no network keeps, or above half an hour.
    ClockVariance,
    /// Not within [`super::policy::HORIZON_DAYS`].
    HorizonDays,
    /// The most of an ingredient in a day that is no amount, or nothing.
    LimitAmount,
    /// A GS1 company prefix is 4 to 12 digits.
    GsrnPrefix,
    /// A pattern that matches texts too short to be hard to guess.
    PatternTooShort,
}
