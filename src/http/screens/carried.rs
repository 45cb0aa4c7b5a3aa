//! What an order takes over from the one it changes.
use super::typed::Typed;
use emar_domain::condition::Conditions;
use emar_domain::order::{Order, OrderVersion, Source};

/// One above the version the form was filled from, so that a newer one is not written over.
pub(super) fn next_version(typed: &Typed, current: Option<&Order>) -> u32 {
    let read = typed.version.parse().ok().or(current.map(|order| order.current.version));
    read.map_or(1, |version: u32| version.saturating_add(1))
}

/// Whether nobody chose another frequency. One that the form cannot say stands there empty.
pub(super) fn is_untouched(typed: &Typed, old: &OrderVersion) -> bool {
    ["", old.frequency.as_str()].contains(&typed.frequency.trim())
}

/// Where nobody touched the times, what belongs to them stays too.
pub(super) fn as_timed(version: OrderVersion, old: &OrderVersion) -> OrderVersion {
    let hours = old.conditions.hours.clone();
    OrderVersion {
        frequency: old.frequency.clone(),
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

/// Where the order came from; a new one is the home's own.
pub(super) fn source(current: Option<&Order>) -> Source {
    let home =
        || Source { sender: "home".to_owned(), placer: String::new(), version: "1".to_owned() };
    current.map_or_else(home, |order| order.current.source.clone())
}
