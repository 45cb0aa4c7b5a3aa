//! Doses: one occurrence of an order each.

use crate::administration::Outcome;
use crate::id::{AdministrationId, DoseId, OrderId, ResidentId, UserId};
use crate::time::{CivilDate, CivilDateTime, Instant};
use serde::{Deserialize, Serialize};

/// A dose's identity: given when it is first planned, never changed, holds no instant.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
pub struct Slot {
    /// The order.
    pub order: OrderId,
    /// The plan of the order that made it.
    pub plan: u32,
    /// The prescribed civil date.
    pub date: CivilDate,
    /// Rank in that day's list from 1 (clock; 0: a first dose given at once), steps since the
    /// anchor (interval), 1 (once), next free (PRN).
    pub slot: i64,
}

/// A planned dose, and what became of it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Dose {
    /// Row identity.
    pub id: DoseId,
    /// Identity as planned.
    pub slot: Slot,
    /// Whose it is.
    pub resident: ResidentId,
    /// Revision of its planning.
    pub rev: u32,
    /// When it is due.
    pub due: Instant,
    /// The prescribed local time.
    pub local: CivilDateTime,
    /// The first instant that is not early.
    pub opens: Instant,
    /// The last instant that is not late.
    pub closes: Instant,
    /// The time was moved by a clock change.
    #[serde(default)]
    pub shifted: bool,
    /// Planned doses only: replaced by a newer plan, or called off with the order's state.
    #[serde(default)]
    pub withdrawn: Option<Withdrawal>,
    /// What was done, once something was.
    #[serde(default)]
    pub outcome: Option<DoseOutcome>,
    /// In the pot since.
    #[serde(default)]
    pub prepared: Option<Prepared>,
}

/// Why a planned dose is no longer expected.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Withdrawal {
    /// A newer plan of the order took its place.
    Superseded,
    /// The order was discontinued, or the resident left.
    Discontinued,
    /// The order is on hold.
    Held,
    /// The resident is away.
    Away,
    /// The order is marked "do not give".
    DoNotGive,
}

impl Withdrawal {
    /// The code stored and sent.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Superseded => "superseded",
            Self::Discontinued => "discontinued",
            Self::Held => "held",
            Self::Away => "away",
            Self::DoNotGive => "do_not_give",
        }
    }
}

/// The effective outcome of a dose.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct DoseOutcome {
    /// The administration that is in effect.
    pub administration: AdministrationId,
    /// What it says.
    pub outcome: Outcome,
    /// By whom.
    pub by: UserId,
    /// When it was done.
    pub at: Instant,
}

/// A dose in the pot: not yet given.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Prepared {
    /// The fact that says so.
    pub id: crate::id::PreparedId,
    /// Who put it there.
    pub by: UserId,
    /// When.
    pub at: Instant,
}

/// How a dose stands at an instant.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DoseState {
    /// The window is not open yet.
    Planned,
    /// From due - before to due + after, both included.
    Due,
    /// After due + after, until charted.
    Late,
    /// Charted: see the outcome.
    Charted,
    /// No longer expected.
    Withdrawn,
}

impl Dose {
    /// How it stands at `now`.
    #[must_use]
    pub fn state_at(&self, now: Instant) -> DoseState {
        if self.outcome.is_some() {
            DoseState::Charted
        } else if self.withdrawn.is_some() {
            DoseState::Withdrawn
        } else if now < self.opens {
            DoseState::Planned
        } else if now <= self.closes {
            DoseState::Due
        } else {
            DoseState::Late
        }
    }

    /// Whether an absence, a hold or a mark keeps it back, and what they keep may be due again.
    #[must_use]
    pub fn is_kept_back(&self) -> bool {
        use Withdrawal::{Away, DoNotGive, Held};
        self.outcome.is_none() && matches!(self.withdrawn, Some(Away | Held | DoNotGive))
    }

    /// Whether something must still be done about it.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.outcome.is_none() && self.withdrawn.is_none()
    }
}
