//! Alerts: one per resident, pass date, pass and kind, in revisions.

use crate::id::{AlertId, DoseId, ResidentId, UnitId, UserId};
use crate::time::{CivilDate, Instant};
use serde::{Deserialize, Serialize};

/// What an alert is about.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AlertKind {
    /// Doses past their late bound and not charted.
    MissedDose,
    /// Two claims that one dose was given.
    PossibleDoubleDose,
    /// A dose given without the second person the home wants.
    Unwitnessed,
    /// An order that cannot be scheduled or understood.
    OrderProblem,
}

impl AlertKind {
    /// The code stored and sent.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::MissedDose => "missed_dose",
            Self::PossibleDoubleDose => "possible_double_dose",
            Self::Unwitnessed => "unwitnessed",
            Self::OrderProblem => "order_problem",
        }
    }
}

/// Where an alert stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AlertState {
    /// Nobody has it.
    Active,
    /// A person took it, until their time runs out.
    Accepted,
    /// Its doses are charted, or it was settled.
    Ended,
}

impl AlertState {
    /// The code stored and sent.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Accepted => "accepted",
            Self::Ended => "ended",
        }
    }
}

/// An alert at its latest revision.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Alert {
    /// Identity.
    pub id: AlertId,
    /// Grows by one with each change.
    pub rev: u32,
    /// What it is about.
    pub kind: AlertKind,
    /// Whom it is about.
    pub resident: ResidentId,
    /// Where they live.
    pub unit: UnitId,
    /// Civil date of the pass.
    pub date: CivilDate,
    /// Name of the pass (`morning`), or `none`.
    pub pass: String,
    /// Doses it covers, in order of due time.
    pub doses: Vec<DoseId>,
    /// Earliest due time of them.
    pub due: Instant,
    /// Holds a time-critical dose.
    pub time_critical: bool,
    /// Escalation level: 1 station, 2 charge nurse, 3 on call.
    pub level: u8,
    /// Where it stands.
    pub state: AlertState,
    /// Who has it.
    #[serde(default)]
    pub accepted_by: Option<UserId>,
    /// Until when their taking counts.
    #[serde(default)]
    pub accepted_until: Option<Instant>,
    /// When it was raised.
    pub raised_at: Instant,
    /// When this revision was made.
    pub changed_at: Instant,
    /// Quiet until: without sound and escalation, never absent.
    #[serde(default)]
    pub quiet_until: Option<Instant>,
    /// Why it was made quiet, in words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quiet_reason: Option<String>,
    /// Salt of the words' hash in the trail.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quiet_salt: Option<[u8; 16]>,
    /// Why it ended.
    #[serde(default)]
    pub ended: Option<String>,
}
