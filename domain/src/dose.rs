//! Doses: one occurrence of an order each.

use crate::administration::Outcome;
use crate::amount::Amount;
use crate::id::{AdministrationId, DoseId, OrderId, ResidentId, UserId};
use crate::schedule::Schedule;
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
    /// Rank in that day's list from 1 (clock), steps since the anchor (interval), 1 (once), next
    /// free (PRN, on call, continuous). A first dose given at once is none of these, see
    /// [`Slot::of_first_now`]; the removals of a pair are numbered downwards, see
    /// [`Slot::of_removal`].
    pub slot: i64,
}

impl Slot {
    /// The number of a first dose given at once: one that no time of the schedule has.
    #[must_use]
    pub const fn of_first_now(schedule: &Schedule) -> u32 {
        match schedule {
            Schedule::Interval(_) => u32::MAX,
            Schedule::Clock(_) | Schedule::Once(_) => 0,
        }
    }

    /// The number of a removal whose time has this rank in its own list: below 0, so that it is
    /// never taken for a dose to give.
    #[must_use]
    pub fn of_removal(rank: u32) -> i64 {
        -1 - i64::from(rank)
    }

    /// Whether something is taken off here, and nothing given. Verdicts, rule 12: a removal is
    /// never a dose.
    #[must_use]
    pub const fn is_removal(&self) -> bool {
        self.slot < 0
    }
}

/// What an order said of a dose when it was planned. A later version changes neither.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Prescribed {
    /// The version of the order that said so.
    pub version: u32,
    /// How much; `None` where nothing is given, where no time was planned and where a reading
    /// decides. Nothing at all where the schedule's words name no amount: no package makes it, so a
    /// scan stops.
    pub amount: Option<Amount>,
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
    /// As it was ordered then.
    #[serde(default)]
    pub prescribed: Prescribed,
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
    /// The resident keeps and takes it.
    SelfManaged,
    /// A removal: nothing was put on that it would take off.
    NotApplied,
    /// The order is marked "do not give".
    DoNotGive,
    /// The order was entered in error.
    EnteredInError,
    /// Another dose of the order is due at the same instant, and it is one with it. Schedules,
    /// section 5, rule 4.
    Merged,
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
            Self::SelfManaged => "self_managed",
            Self::NotApplied => "not_applied",
            Self::DoNotGive => "do_not_give",
            Self::EnteredInError => "entered_in_error",
            Self::Merged => "merged",
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

    /// Whether it is the removal of something that is on the body, as far as the record says.
    #[must_use]
    pub fn is_worn(&self) -> bool {
        let off = self.outcome.as_ref().is_some_and(|o| o.outcome == Outcome::Removed);
        self.slot.is_removal() && self.withdrawn.is_none() && !off
    }

    /// Whether an absence, a hold or a mark keeps it back, and what they keep may be due again.
    #[must_use]
    pub fn is_kept_back(&self) -> bool {
        use Withdrawal::{Away, DoNotGive, Held};
        self.outcome.is_none() && matches!(self.withdrawn, Some(Away | Held | DoNotGive))
    }

    /// Whether it is to come or only kept back: what an order's end, or its resident's leaving,
    /// calls off.
    #[must_use]
    pub fn may_be_called_off(&self) -> bool {
        use Withdrawal::{Away, DoNotGive, Held, SelfManaged};
        let kept_back =
            matches!(self.withdrawn, None | Some(Away | DoNotGive | Held | SelfManaged));
        self.outcome.is_none() && kept_back
    }

    /// Whether another dose is expected in its place and nothing was done about this one.
    #[must_use]
    pub fn is_replaced(&self) -> bool {
        use Withdrawal::{Merged, Superseded};
        self.outcome.is_none() && matches!(self.withdrawn, Some(Superseded | Merged))
    }

    /// Whether something must still be done about it.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.outcome.is_none() && self.withdrawn.is_none()
    }
}
