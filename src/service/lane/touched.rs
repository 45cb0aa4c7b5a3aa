//! What a command touches.

use super::Asked;
use emar_domain::decide::{Command, OrderCommand};
use emar_domain::home::Home;
use emar_domain::id::{CartId, OrderId, ResidentId};

/// What a command touches, so that no batch decides twice on the same thing. Empty: everything.
pub(super) fn touches(home: &Home, asked: &Asked) -> Vec<String> {
    let mut touched: Vec<String> = asked.key.iter().map(|k| format!("key {}", k.key)).collect();
    let cart = |c: &CartId| format!("cart {c}");
    let resident = |r: ResidentId| format!("resident {r}");
    let order_resident = |id: &OrderId| home.orders.get(id).map(|o| resident(o.current.resident));
    match &asked.command {
        Command::Scan(c) => {
            touched.push(cart(&c.cart));
            touched.extend(home.carts.get(&c.cart).and_then(|s| s.open).map(resident));
        }
        Command::Chart(c) => {
            touched.extend(c.cart.as_ref().map(cart));
            let order = c.dose.and_then(|d| home.doses.get(&d)).map(|d| d.slot.order).or(c.order);
            touched.extend(order.as_ref().and_then(order_resident));
        }
        Command::Witness(c) => {
            touched.push(cart(&c.cart));
            touched.extend(order_resident(&c.order));
        }
        Command::Order(c) => {
            let sent = if let OrderCommand::Receive(v) = c { Some(v.resident) } else { None };
            touched.extend(sent.map(resident).or_else(|| order_resident(&c.order())));
            touched.push(format!("order {}", c.order()));
        }
        Command::SignOn { cart: Some(c), .. } | Command::SignOff { cart: Some(c) } => {
            touched.push(cart(c));
        }
        Command::Resident(r) => touched.push(resident(r.id)),
        Command::Measure(c) => touched.push(resident(c.resident)),
        Command::Stay(c) => touched.push(resident(c.resident)),
        Command::Product(p) => touched.push(format!("product {}", p.id)),
        Command::Label(l) => touched.push(format!("label {}", l.code)),
        Command::User(u) => touched.push(format!("user {}", u.id)),
        Command::Device(d) => touched.push(format!("device {}", d.id)),
        Command::SignOnFailed { device, .. } => touched.push(format!("device {device}")),
        Command::SignOn { user, .. } => touched.push(format!("user {user}")),
        Command::Plan(orders) => touched.extend(orders.iter().filter_map(order_resident)),
        Command::Hours(c) => {
            touched.extend(c.orders.iter().filter_map(|o| order_resident(&o.order)));
        }
        Command::Message { sender, message, .. } => {
            touched.push(format!("message {sender} {message}"));
        }
        Command::Transcribed { id, .. } => touched.push(format!("transcription {id}")),
        Command::Policy { .. } => touched.push("policy".to_owned()),
        Command::Alert(_)
        | Command::Overdue(_)
        | Command::SignOff { .. }
        | Command::ZoneRules(_) => return Vec::new(),
    }
    touched
}
