//! What an order takes over from the one it changes.
use super::giving::OwnWindow;
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

/// Where nobody touched the times, what belongs to them stays too; of the window, where nobody
/// touched that either.
pub(super) fn as_timed(version: OrderVersion, old: &OrderVersion, own: OwnWindow) -> OrderVersion {
    let hours = old.conditions.hours.clone();
    let mut asked = old.asked.clone();
    let mut kept = version.timing.schedule().is_none();
    if let Some(asked) = &mut asked {
        let brought = &mut asked.brought;
        kept = (brought.before_minutes, brought.after_minutes) == own;
        (brought.before_minutes, brought.after_minutes) = own;
    }
    let window = |old: i64, new: i64| if kept { old } else { new };
    OrderVersion {
        frequency: old.frequency.clone(),
        asked,
        before_minutes: window(old.before_minutes, version.before_minutes),
        after_minutes: window(old.after_minutes, version.after_minutes),
        time_critical: old.time_critical,
        conditions: Conditions { hours, ..version.conditions },
        ..version
    }
}

/// Where the order came from; a new one is the home's own.
pub(super) fn source(current: Option<&Order>) -> Source {
    let home =
        || Source { sender: "home".to_owned(), placer: String::new(), version: "1".to_owned() };
    current.map_or_else(home, |order| order.current.source.clone())
}
