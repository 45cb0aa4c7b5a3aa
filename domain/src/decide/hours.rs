//! The home's hours change: orders at its hours go over to a new plan.

use super::Answer;
use super::order::{first_dose_from, new_plan_begins, revision, supersede, untouched};
use super::record::{Record, fields};
use crate::audit::leaf::Action;
use crate::fact::{DoseDue, Fact, OrderEvent};
use crate::home::Home;
use crate::id::{FactId, OrderId};
use crate::order::{NewHours, Order, OrderAct, OrderState, Timing};
use crate::schedule::frequency::Frequencies;
use crate::schedule::hours::AtHours;
use crate::schedule::policy::Policy;
use crate::time::Instant;
use serde::{Deserialize, Serialize};

/// Orders that are at other hours from an instant on.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct HoursCommand {
    /// The version of the policy that says so; absent: a resident lives in another unit.
    pub policy: Option<u32>,
    /// From when on: the midnight at which the policy takes force.
    pub from: Instant,
    /// The orders.
    pub orders: Vec<OtherHours>,
}

/// What one order comes to at other hours.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct OtherHours {
    /// The order.
    pub order: OrderId,
    /// The version of it that was looked at.
    pub version: u32,
    /// Its times and windows.
    pub at: AtHours,
    /// When the latest taken dose of the order was given, as far back as the database reaches.
    pub last_taken: Option<Instant>,
}

/// The orders that come to other times or windows under `policy` than those they have. Orders that
/// bring their own times, and those received before it was kept what they asked for, have no part.
#[must_use]
pub fn other_hours(home: &Home, policy: &Policy, table: &Frequencies) -> Vec<OtherHours> {
    let other = |order: &Order| {
        let current = &order.current;
        let unit = home.residents.get(&current.resident)?.unit.as_str();
        let critical = current.is_time_critical(policy);
        let at = current.asked.as_ref()?.at_hours(policy, table, unit, critical)?;
        (differs(order, &at)? && is_open(order)).then(|| OtherHours {
            order: order.id(),
            version: current.version,
            at,
            last_taken: None,
        })
    };
    home.orders.values().filter_map(other).collect()
}

fn is_open(order: &Order) -> bool {
    matches!(order.state, OrderState::Draft | OrderState::Active | OrderState::Held)
}

fn differs(order: &Order, at: &AtHours) -> Option<bool> {
    let current = &order.current;
    let Timing::Planned { schedule } = &current.timing else { return None };
    let windows = (current.before_minutes, current.after_minutes);
    Some(*schedule != at.schedule || windows != (at.before_minutes, at.after_minutes))
}

/// A new plan from the instant on for each order at other hours; for one at the same hours and
/// other windows, its doses keep their plan and get the windows. Model, section 1, "dose".
pub(super) fn hours(record: &mut Record<'_, '_>, c: &HoursCommand) -> Answer {
    let home = record.home;
    let mut changed = 0;
    for other in &c.orders {
        let Some(order) = home.orders.get(&other.order) else { continue };
        let stands = order.current.version == other.version && is_open(order);
        if stands && differs(order, &other.at) == Some(true) {
            one(record, order, other, c);
            changed += 1;
        }
    }
    Answer::Done { count: changed }
}

fn one(record: &mut Record<'_, '_>, order: &Order, other: &OtherHours, c: &HoursCommand) {
    let timing = Timing::Planned { schedule: other.at.schedule.clone() };
    let new_plan = order.current.timing != timing;
    let (home, from) = (record.home, c.from);
    let not_before = if new_plan {
        new_plan_begins(home, order, &timing, other.last_taken, from)
    } else {
        order.current.not_before
    };
    let asked = order.current.first_dose;
    let first_dose = if new_plan { first_dose_from(home, order, asked, from) } else { asked };
    let new = NewHours { at: other.at.clone(), first_dose, not_before };
    let act = if new_plan { OrderAct::HoursChanged } else { OrderAct::WindowsChanged };
    let event = OrderEvent {
        id: FactId(record.fresh()),
        order: order.id(),
        version: order.current.version,
        act,
        by: record.actor.user,
        reason: String::new(),
        at: record.now,
        hold: None,
        hours: Some(new),
    };
    record.fact(Fact::OrderEvent(Box::new(event)));
    let doses = match act {
        OrderAct::HoursChanged => supersede(record, order, from),
        _ => rewindow(record, order, &other.at, from),
    };
    let leaf = record.leaf(Action::Update, "orders", order.id().to_string());
    leaf.resident = Some(order.current.resident.0);
    leaf.reason = Some(act.code().to_owned());
    leaf.before = Some(fields([("plan", i64::from(order.plan).into())]));
    leaf.after = Some(fields([
        ("plan", (i64::from(order.plan) + i64::from(new_plan)).into()),
        ("policy", i64::from(c.policy.unwrap_or(0)).into()),
        ("from", from.micros().into()),
        ("doses", i64::from(doses).into()),
    ]));
}

/// The windows of untouched doses to come are the home's new ones; how many.
fn rewindow(record: &mut Record<'_, '_>, order: &Order, at: &AtHours, from: Instant) -> u32 {
    let (home, now) = (record.home, record.now);
    let mut count = 0;
    for dose in untouched(home, order, from) {
        record.fact(Fact::DoseDue(Box::new(DoseDue {
            opens: dose.due.plus_minutes(-at.before_minutes).unwrap_or(Instant::MIN),
            closes: dose.due.plus_minutes(at.after_minutes).unwrap_or(Instant::MAX),
            ..revision(dose, now)
        })));
        count += 1;
    }
    count
}
