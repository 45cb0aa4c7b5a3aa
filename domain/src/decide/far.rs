//! Which doses beyond memory's reach a command may change or must know.

use super::{Command, OrderCommand};
use crate::home::Home;
use crate::id::{OrderId, ResidentId};
use crate::order::Order;
use std::collections::BTreeSet;

/// The orders all of whose doses must be in memory before `command` is decided: with them the
/// decision is the one on a home that holds every dose. The others have what they need in reach:
/// a dose is opened at most a day and two hours before it is due, and what is on a body is always
/// in memory.
#[must_use]
pub fn far_orders(home: &Home, command: &Command) -> BTreeSet<OrderId> {
    match command {
        Command::Order(order) => far_order(order).into_iter().collect(),
        Command::Resident(resident) => home.orders_of(resident.id).map(Order::id).collect(),
        Command::Stay(stay) => home.orders_of(stay.resident).map(Order::id).collect(),
        Command::Hours(hours) => hours.orders.iter().map(|other| other.order).collect(),
        Command::ZoneRules(_) => home.orders.keys().copied().collect(),
        Command::Scan(scan) => {
            let open = home.carts.get(&scan.cart).and_then(|cart| cart.open);
            open.map(|resident| spaced_orders(home, resident)).unwrap_or_default()
        }
        Command::Chart(chart) => {
            let order = chart.dose.and_then(|id| home.doses.get(&id)).map(|dose| dose.slot.order);
            let order = order.or(chart.order).and_then(|id| home.orders.get(&id));
            order.map(|o| spaced_orders(home, o.current.resident)).unwrap_or_default()
        }
        // Planning goes on where it stopped, which every order says of itself; of a pair, what is
        // to come off may lie after that.
        Command::Plan(orders) => {
            let pair = |id: &&OrderId| home.orders.get(id).is_some_and(Order::is_pair);
            orders.iter().filter(pair).copied().collect()
        }
        // What is checked may be of any plan: as for its scan.
        Command::Witness(c) => [c.order].into(),
        Command::Measure(_)
        | Command::Overdue(_)
        | Command::Alert(_)
        | Command::SignOn { .. }
        | Command::SignOnFailed { .. }
        | Command::SignOff { .. }
        | Command::Product(_)
        | Command::Label(_)
        | Command::User(_)
        | Command::Device(_)
        | Command::Message { .. }
        | Command::Transcribed { .. }
        | Command::Policy { .. } => BTreeSet::new(),
    }
}

fn far_order(command: &OrderCommand) -> Option<OrderId> {
    match command {
        OrderCommand::Hold(order, _)
        | OrderCommand::Resume(order)
        | OrderCommand::DoNotGive(order, _)
        | OrderCommand::MayGive(order, _)
        | OrderCommand::Renew(order, _)
        | OrderCommand::Discontinue(order, _)
        | OrderCommand::EnteredInError { order, .. } => Some(*order),
        OrderCommand::Change(change) => Some(change.version.order),
        OrderCommand::AsSeen(_, command) => far_order(command),
        OrderCommand::Receive(_) | OrderCommand::Note(..) | OrderCommand::Verify(_) => None,
    }
}

/// A resident's orders with a dose of an older plan: given now, it spaces the new plan
/// (model, section 1, "dose"); and pairs, of which what is put on now comes off days later.
fn spaced_orders(home: &Home, resident: ResidentId) -> BTreeSet<OrderId> {
    let older = |order: &&Order| {
        let mut doses = home.doses_of_order(order.id());
        // Every scan asks this of every order; most have their first plan.
        order.plan > 1 && doses.any(|dose| dose.slot.plan < order.plan)
    };
    let far = |order: &&Order| order.is_pair() || older(order);
    home.orders_of(resident).filter(far).map(Order::id).collect()
}
