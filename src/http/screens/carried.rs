//! What an order takes over from the one it changes.
use super::typed::Typed;
use emar_domain::condition::Conditions;
use emar_domain::order::{Order, OrderVersion};

/// One above the version the form was filled from, so that a newer one is not written over.
pub(super) fn next_version(typed: &Typed, current: Option<&Order>) -> u32 {
    let read = typed.version.parse().ok().or(current.map(|order| order.current.version));
    read.map_or(1, |version: u32| version.saturating_add(1))
}

/// Where nobody touched the times, what belongs to them stays too.
pub(super) fn as_timed(version: OrderVersion, old: &OrderVersion) -> OrderVersion {
    let hours = old.conditions.hours.clone();
    OrderVersion {
        asked: old.asked.clone(),
        before_minutes: old.before_minutes,
        after_minutes: old.after_minutes,
        time_critical: old.time_critical,
        conditions: Conditions { hours, ..version.conditions },
        ..version
    }
}

/// Those of the order that is changed; what its hours stand for follows from the new ones.
pub(super) fn conditions(order: &Order) -> Conditions {
    Conditions { hours: Vec::new(), ..order.current.conditions.clone() }
}
