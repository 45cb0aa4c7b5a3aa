//! Which doses beyond memory's reach a command may change or must know.

use super::{Command, OrderCommand};
use crate::home::Home;
use crate::id::{OrderId, ResidentId};
use crate::order::Order;
use std::collections::BTreeSet;

/// The orders all of whose doses must be in memory before `command` is decided: with them the
/// decision is the one on a home that holds every dose. The others have what they need in reach:
/// a dose is opened at most a day and two hours before it is due.
#[must_use]
pub fn far_orders(home: &Home, command: &Command) -> BTreeSet<OrderId> {
    match command {
        Command::Order(
            OrderCommand::Hold(order, _)
            | OrderCommand::Resume(order)
            | OrderCommand::Discontinue(order, _),
        ) => [*order].into(),
        Command::Order(OrderCommand::Change(change)) => [change.version.order].into(),
        Command::Resident(resident) => home.orders_of(resident.id).map(Order::id).collect(),
        Command::Scan(scan) => {
            let open = home.carts.get(&scan.cart).and_then(|cart| cart.open);
            open.map(|resident| spaced_orders(home, resident)).unwrap_or_default()
        }
        Command::Chart(chart) => {
            let order = chart.dose.and_then(|id| home.doses.get(&id)).map(|dose| dose.slot.order);
            let order = order.or(chart.order).and_then(|id| home.orders.get(&id));
            order.map(|o| spaced_orders(home, o.current.resident)).unwrap_or_default()
        }
        // Planning goes on where it stopped, which every order says of itself.
        Command::Plan(_)
        | Command::Overdue(_)
        | Command::Order(
            OrderCommand::Receive(_) | OrderCommand::Note(..) | OrderCommand::Verify(_),
        )
        | Command::Alert(_)
        | Command::SignOn { .. }
        | Command::SignOnFailed { .. }
        | Command::SignOff { .. }
        | Command::Product(_)
        | Command::Label(_)
        | Command::User(_)
        | Command::Device(_)
        | Command::Message { .. }
        | Command::Policy { .. } => BTreeSet::new(),
    }
}

/// A resident's orders with an open dose of an older plan: given now, it spaces the new plan.
/// Model, section 1, "dose".
fn spaced_orders(home: &Home, resident: ResidentId) -> BTreeSet<OrderId> {
    let older = |order: &&Order| {
        let mut doses = home.doses_of_order(order.id());
        doses.any(|dose| dose.slot.plan < order.plan && dose.withdrawn.is_none())
    };
    home.orders_of(resident).filter(older).map(Order::id).collect()
}
