//! Why an order has nothing due now, and the list on which no order is missing. Verdicts, rule 14:
//! every active order is on the list, or on the list with its reason for not being due.

use crate::administration::Outcome;
use crate::decide::next_unplanned;
use crate::dose::{Dose, DoseOutcome, Withdrawal};
use crate::home::Home;
use crate::id::{OrderId, ResidentId, UserId};
use crate::order::{Order, OrderState, Timing};
use crate::resident::{AbsenceKind, Resident};
use crate::schedule::policy::Unverified;
use crate::time::Instant;
use serde::{Deserialize, Serialize};

/// A dose to come, and when it may be given.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct NextDose {
    /// When it is due.
    pub due: Instant,
    /// The first instant that is not early.
    pub opens: Instant,
    /// The last instant that is not late.
    pub closes: Instant,
}

/// Why nothing of an order is due now.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(tag = "why", rename_all = "snake_case")]
pub enum Reason {
    /// Received or entered, and no nurse has noted it.
    Draft,
    /// Noted, and the home forbids giving before a second person verified it.
    Unverified,
    /// On hold since, until when, and why.
    Held {
        /// Since when.
        since: Instant,
        /// Until when; absent: until somebody resumes it.
        until: Option<Instant>,
        /// In words.
        because: String,
    },
    /// Marked "do not give" since, by whom and why.
    DoNotGive {
        /// Since when.
        since: Instant,
        /// Who marked it.
        by: Option<UserId>,
        /// In words.
        because: String,
    },
    /// Stopped at, and why.
    Discontinued {
        /// When.
        since: Instant,
        /// In words.
        because: String,
    },
    /// Past its end.
    Expired {
        /// The end.
        at: Instant,
    },
    /// Once, and done.
    Completed {
        /// When.
        at: Instant,
    },
    /// Never meant.
    EnteredInError,
    /// The resident is away: where, since and until when, and why.
    Away {
        /// Where.
        kind: AbsenceKind,
        /// Since when.
        since: Instant,
        /// Until when; absent: until their return is recorded.
        until: Option<Instant>,
        /// In words.
        because: String,
    },
    /// The resident does not live here any more.
    Left,
    /// No due time can be worked out.
    Unschedulable {
        /// Why.
        fault: String,
    },
    /// The resident keeps and takes it: listed, off the pass.
    SelfManaged,
    /// When needed; nothing is ever due.
    Prn,
    /// When called for; nothing is ever due.
    OnCall,
    /// It runs, without planned times.
    Running {
        /// Since when.
        since: Instant,
        /// Until when; absent: until it is stopped.
        until: Option<Instant>,
    },
    /// The last dose was charted today; the next, if any, comes later.
    Charted {
        /// What was done.
        outcome: Outcome,
        /// When.
        at: Instant,
        /// By whom.
        by: UserId,
    },
    /// The next dose's window opens later.
    OpensLater,
    /// No dose is to come.
    AllDone,
}

impl Reason {
    /// The code sent.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Draft => "draft",
            Self::Unverified => "order_unverified",
            Self::Held { .. } => "held",
            Self::DoNotGive { .. } => "do_not_give",
            Self::Discontinued { .. } => "discontinued",
            Self::Expired { .. } => "expired",
            Self::Completed { .. } => "completed",
            Self::EnteredInError => "entered_in_error",
            Self::Away { .. } => "resident_absent",
            Self::Left => "resident_left",
            Self::Unschedulable { .. } => "unschedulable",
            Self::SelfManaged => "self_managed",
            Self::Prn => "prn",
            Self::OnCall => "on_call",
            Self::Running { .. } => "running",
            Self::Charted { .. } => "charted",
            Self::OpensLater => "opens_later",
            Self::AllDone => "all_done",
        }
    }

    /// Whether nothing more can come of the order.
    #[must_use]
    pub const fn is_over(&self) -> bool {
        use Reason::{Completed, Discontinued, EnteredInError, Expired};
        matches!(self, Discontinued { .. } | Expired { .. } | Completed { .. } | EnteredInError)
    }
}

/// How an order stands with its doses: a dose that is due, or a reason, never neither.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(tag = "standing", rename_all = "snake_case")]
pub enum Standing {
    /// A dose is due or late: it waits to be given or explained.
    Due {
        /// The earliest such dose.
        dose: NextDose,
    },
    /// Nothing is due.
    NotDue {
        /// Why.
        reason: Reason,
        /// The next dose, where the order as it stands will have one.
        next: Option<NextDose>,
    },
}

impl Standing {
    /// The dose that is due, or else the next one.
    #[must_use]
    pub const fn dose(&self) -> Option<NextDose> {
        match self {
            Self::Due { dose } => Some(*dose),
            Self::NotDue { next, .. } => *next,
        }
    }
}

/// How `order` stands at `now`: what is due, or why nothing is.
///
/// What bars every dose comes before what the hour says. What planning has not reached yet is
/// looked up in the schedule, so an order of once a month has its next dose too.
#[must_use]
pub fn explain(home: &Home, order: &Order, now: Instant) -> Standing {
    let bar = match of_state(order, now).or_else(|| of_resident(home, order, now)) {
        // A hold that ends brings no dose to who does not live here.
        Some(_) if order.state_at(now).is_in_force() && has_left(home, order) => Some(Reason::Left),
        Some(reason) => Some(reason),
        None if order.is_self_managed() => Some(Reason::SelfManaged),
        None => match &order.current.timing {
            Timing::Unschedulable { reason } => {
                Some(Reason::Unschedulable { fault: reason.clone() })
            }
            Timing::Prn { .. } => Some(Reason::Prn),
            Timing::OnCall { .. } => Some(Reason::OnCall),
            Timing::Continuous => {
                let (since, until) = (order.current.start, order.current.ends_at());
                Some(Reason::Running { since, until })
            }
            Timing::Planned { .. } | Timing::Pair { .. } => None,
        },
    };
    if let Some(reason) = bar {
        let ends = matches!(
            reason,
            Reason::Held { until: Some(_), .. } | Reason::Away { until: Some(_), .. }
        );
        // What was due before is to be charted all the same, and is no dose to come.
        let next = ends.then(|| next_dose(home, order, now, now).ok().flatten()).flatten();
        return Standing::NotDue { reason, next };
    }
    let next = match next_dose(home, order, now, Instant::MIN) {
        Ok(next) => next,
        Err(fault) => {
            return Standing::NotDue { reason: Reason::Unschedulable { fault }, next: None };
        }
    };
    let forbidden = home.policy.giving.unverified == Unverified::Forbid;
    if forbidden && order.verified_by.is_none() {
        return Standing::NotDue { reason: Reason::Unverified, next };
    }
    match next {
        Some(dose) if dose.opens <= now => Standing::Due { dose },
        next => {
            let charted = charted_today(home, order, now);
            let later = if next.is_some() { Reason::OpensLater } else { Reason::AllDone };
            Standing::NotDue { reason: charted.unwrap_or(later), next }
        }
    }
}

fn of_state(order: &Order, now: Instant) -> Option<Reason> {
    let (since, because) = (order.since, || order.reason.clone());
    match order.state_at(now) {
        OrderState::Active => None,
        OrderState::Draft => Some(Reason::Draft),
        OrderState::Held => held(order, now),
        OrderState::DoNotGive => marked(order, now),
        OrderState::Discontinued => Some(Reason::Discontinued { since, because: because() }),
        OrderState::Expired => {
            Some(Reason::Expired { at: order.current.ends_at().unwrap_or(since) })
        }
        OrderState::Completed => Some(Reason::Completed { at: since }),
        OrderState::EnteredInError => Some(Reason::EnteredInError),
    }
}

fn of_resident(home: &Home, order: &Order, now: Instant) -> Option<Reason> {
    let resident = home.residents.get(&order.current.resident).filter(|r| r.lives_here());
    resident.map_or(Some(Reason::Left), |resident| away(resident, now))
}

fn has_left(home: &Home, order: &Order) -> bool {
    !home.residents.get(&order.current.resident).is_some_and(Resident::lives_here)
}

fn held(order: &Order, at: Instant) -> Option<Reason> {
    order.hold_at(at).map(|hold| Reason::Held {
        since: hold.from,
        until: hold.until,
        because: hold.reason.clone(),
    })
}

fn marked(order: &Order, at: Instant) -> Option<Reason> {
    order.mark_at(at).map(|mark| Reason::DoNotGive {
        since: mark.since,
        by: mark.by,
        because: mark.reason.clone(),
    })
}

fn away(resident: &Resident, at: Instant) -> Option<Reason> {
    resident.absence_at(at).map(|absence| Reason::Away {
        kind: absence.kind,
        since: absence.from,
        until: absence.until,
        because: absence.reason.clone(),
    })
}

/// Why a planned dose is kept back, where it is and what did so is still on record.
#[must_use]
pub fn kept_back(home: &Home, dose: &Dose) -> Option<Reason> {
    let order = || home.orders.get(&dose.slot.order);
    match dose.withdrawn.filter(|_| dose.is_kept_back())? {
        Withdrawal::Superseded
        | Withdrawal::Discontinued
        | Withdrawal::SelfManaged
        | Withdrawal::NotApplied
        | Withdrawal::EnteredInError
        | Withdrawal::Merged => None,
        Withdrawal::Away => away(home.residents.get(&dose.resident)?, dose.due),
        Withdrawal::Held => held(order()?, dose.due),
        Withdrawal::DoNotGive => marked(order()?, dose.due),
    }
}

/// The earliest dose to be given or explained that is due after `after`: planned, or still to be
/// planned.
fn next_dose(
    home: &Home,
    order: &Order,
    now: Instant,
    after: Instant,
) -> Result<Option<NextDose>, String> {
    let to_give = |d: &&Dose| d.is_open() && !d.slot.is_removal();
    let planned = home.doses_after(order.id(), after).find(to_give);
    if let Some(Dose { due, opens, closes, .. }) = planned.cloned() {
        return Ok(Some(NextDose { due, opens, closes }));
    }
    let Some(schedule) = order.current.timing.schedule() else { return Ok(None) };
    let found = next_unplanned(home, order, schedule, now).map_err(|fault| fault.to_string())?;
    // A one-time order that is noted late keeps its dose, which then was due before.
    Ok(found.filter(|dose| dose.at > after).map(|dose| NextDose {
        due: dose.at,
        opens: dose.at.plus_minutes(-order.current.before_minutes).unwrap_or(Instant::MIN),
        closes: dose.at.plus_minutes(order.current.after_minutes).unwrap_or(Instant::MAX),
    }))
}

fn charted_today(home: &Home, order: &Order, now: Instant) -> Option<Reason> {
    let today = |done: &&DoseOutcome| home.today(done.at) == home.today(now) && done.at <= now;
    let done = home.doses_of_order(order.id()).filter_map(|d| d.outcome.as_ref());
    let last = done.filter(today).max_by_key(|done| done.at)?;
    Some(Reason::Charted { outcome: last.outcome, at: last.at, by: last.by })
}

/// What a resident's list shows.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct DueList<'a> {
    /// Doses of today, and what is open from before, in order of due time.
    pub doses: Vec<&'a Dose>,
    /// Doses of today that an absence, a hold or a mark keeps back, in order of due time.
    pub kept_back: Vec<&'a Dose>,
    /// Every other order that is not over, and how it stands.
    pub others: Vec<(&'a Order, Standing)>,
}

/// The list of a resident at `now`. Stories, 3: active orders = listed orders, always.
#[must_use]
pub fn due_list(home: &Home, resident: ResidentId, now: Instant) -> DueList<'_> {
    let today = home.today(now);
    let shown = |d: &&Dose| {
        let open = d.is_open() && d.opens <= now;
        d.withdrawn.is_none() && (d.slot.date == today || open)
    };
    let doses: Vec<&Dose> = home.doses_of(resident).filter(shown).collect();
    let listed = |order: &Order| doses.iter().any(|d| d.slot.order == order.id());
    let others = home.orders_of(resident).filter(|o| !listed(o)).filter_map(|order| {
        let standing = explain(home, order, now);
        let over = matches!(&standing, Standing::NotDue { reason, .. } if reason.is_over());
        (!over).then_some((order, standing))
    });
    let others = others.collect();
    let of_today = home.doses_of(resident).filter(|d| d.slot.date == today);
    let kept_back = of_today.filter(|d| d.is_kept_back()).collect();
    DueList { doses, kept_back, others }
}

/// Orders of a resident that are not over and are on no list. Stories, 3: there must be none; one
/// that is found is a fault of this program. Counted from the orders themselves, not from what the
/// list is made of.
#[must_use]
pub fn unlisted(home: &Home, resident: ResidentId, now: Instant) -> Vec<OrderId> {
    let list = home.residents.contains_key(&resident).then(|| due_list(home, resident, now));
    let on = |list: &DueList<'_>, order: OrderId| {
        list.doses.iter().any(|d| d.slot.order == order)
            || list.others.iter().any(|(other, _)| other.id() == order)
    };
    let missing = |order: &&Order| {
        order.current.resident == resident
            && (order.state_at(now) == OrderState::Draft || order.state_at(now).is_in_force())
            && !list.as_ref().is_some_and(|list| on(list, order.id()))
    };
    home.orders.values().filter(missing).map(Order::id).collect()
}
