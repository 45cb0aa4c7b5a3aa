//! Order state: checks 27 to 37 of the table.

use super::{Check, Objection, Severity};
use crate::dose::Dose;
use crate::home::Home;
use crate::order::{Order, OrderState, Timing};
use crate::schedule::policy::Unverified;
use crate::time::Instant;

/// What the order's state says against giving it at `now`, which may lie before its latest change;
/// `dose` is the one to be given, `seen` the list version on the screen.
#[must_use]
pub fn order_objections(
    home: &Home,
    order: &Order,
    dose: Option<&Dose>,
    seen: Option<u64>,
    now: Instant,
) -> Vec<Objection> {
    let mut found = Vec::new();
    let changed = home.order_changed.get(&order.id()).copied().unwrap_or(0);
    if seen.is_some_and(|version| version < changed) {
        found.push(Objection::new(Check::OrderChanged));
    }
    let since = |check| {
        let mut o = Objection::new(check).with("since_at", order.since);
        if !order.reason.is_empty() {
            o = o.with("reason", order.reason.as_str());
        }
        o
    };
    match state_then(order, now) {
        OrderState::Draft => found.push(since(Check::OrderNotActive)),
        OrderState::Held => found.push(held(order, now)),
        OrderState::DoNotGive => found.push(marked(order, now)),
        OrderState::Discontinued => found.push(since(Check::OrderDiscontinued)),
        state @ OrderState::EnteredInError => {
            found.push(since(Check::OrderDiscontinued).with("state", state.code()));
        }
        OrderState::Completed => found.push(since(Check::OrderCompleted)),
        OrderState::Expired => {
            let ended = order.current.ends_at().unwrap_or(order.since);
            // The last dose of a course was due before the end, and its window is open over it.
            let last = |d: &Dose| d.is_open() && d.due < ended && now <= d.closes;
            let over = !dose.is_some_and(last);
            let expired = || Objection::new(Check::OrderExpired).with("ended_at", ended);
            found.extend(over.then(expired));
        }
        OrderState::Active => {}
    }
    if order.starts_for(dose).is_some_and(|opens| now < opens) {
        found.push(Objection::new(Check::OrderNotStarted).with("starts_at", order.current.start));
    }
    if order.state == OrderState::Active && order.verified_by.is_none() {
        let severity = match home.policy_at(now).giving.unverified {
            Unverified::Forbid => Severity::Stop,
            Unverified::Warn => Severity::Warn,
            Unverified::Allow => Severity::Info,
        };
        found.push(Objection::new(Check::OrderUnverified).severity(severity));
    }
    if let Timing::Unschedulable { reason } = &order.current.timing {
        found.push(Objection::new(Check::OrderUnschedulable).with("reason", reason.as_str()));
    }
    found
}

fn held(order: &Order, now: Instant) -> Objection {
    let mut o = Objection::new(Check::OrderHeld);
    if let Some(hold) = order.hold_at(now) {
        o = o.with("since_at", hold.from);
        if let Some(until) = hold.until {
            o = o.with("until_at", until);
        }
        if !hold.reason.is_empty() {
            o = o.with("reason", hold.reason.as_str());
        }
    }
    o
}

fn marked(order: &Order, now: Instant) -> Objection {
    let mut o = Objection::new(Check::OrderDoNotGive);
    if let Some(mark) = order.mark_at(now) {
        o = o.with("since_at", mark.since).with("reason", mark.reason.as_str());
        if let Some(by) = mark.by {
            o = o.with("by", by.to_string());
        }
    }
    o
}

/// Where the order stood at `at`, as far as its latest change tells. What it was before an ending
/// is taken for active; before it was noted (or resumed, which looks the same) it was
/// not to be given.
fn state_then(order: &Order, at: Instant) -> OrderState {
    let over = order.current.ends_at().is_some_and(|end| end <= at);
    match order.state {
        OrderState::Discontinued | OrderState::Completed if order.since > at => {
            if over {
                OrderState::Expired
            } else {
                OrderState::Active
            }
        }
        // What is typed has no seconds: stories, 13.
        OrderState::Active if order.since.minute() > at => OrderState::Draft,
        _ => order.state_at(at),
    }
}
