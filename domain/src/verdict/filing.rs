//! The checks once more, when a taken dose is written down: what a screen checked does not count.

use super::barcode::resident_objections;
use super::condition::condition_objections;
use super::dose::{previous_on, prn_objections, reach_opens, time_objections};
use super::ingredient::ingredient_objections;
use super::product::allergy;
use super::{Check, Objection, Severity, order_objections};
use crate::administration::{Mode, Override};
use crate::dose::Dose;
use crate::home::Home;
use crate::order::Order;
use crate::time::Instant;

/// What the rules say against the dose having been taken at `at`: resident, order, hour, limits of
/// a PRN order, allergy. That the dose was charted before is not among them: that claim has rules
/// of its own.
#[must_use]
pub fn filing_objections(
    home: &Home,
    order: &Order,
    dose: Option<&Dose>,
    seen: Option<u64>,
    at: Instant,
) -> Vec<Objection> {
    let mut found = Vec::new();
    let resident = home.residents.get(&order.current.resident);
    if let Some(resident) = resident {
        found.extend(resident_objections(resident, at));
    }
    found.extend(order_objections(home, order, dose, seen, at));
    // Another dose took its place while it lay in a pot or on a screen.
    let replaced = |d: &&Dose| d.is_replaced();
    let changed = || Objection::new(Check::OrderChanged).severity(Severity::Stop);
    found.extend(dose.filter(replaced).map(|_| changed()));
    let taken = dose.and_then(|d| d.outcome.as_ref()).filter(|o| o.outcome.is_taken());
    if taken.is_some() {
        // It was this very dose that completed the order.
        found.retain(|o| o.code != Check::OrderCompleted);
    }
    if order.is_unplanned() {
        found.extend(prn_objections(home, order, taken.map(|o| o.at), at));
    } else if let Some(dose) = dose {
        found.extend(time_objections(home, order, dose, at));
        found.extend(taken.is_none().then(|| previous_on(home, order)).flatten());
    }
    found.extend(ingredient_objections(home, order, at));
    found.extend(condition_objections(home, order, dose, at));
    found.extend(resident.and_then(|r| allergy(&order.current, None, r)));
    found
}

/// The objections that still stand in the way: a warning needs a reason. What already happened is
/// not undone by a stop, so there a stop stands only until it, too, was answered with a reason.
#[must_use]
pub fn unanswered(all: Vec<Objection>, given: &[Override], mode: Mode) -> Vec<Objection> {
    let stands = |o: &Objection| {
        let named = given.iter().any(|v| v.code == o.code.code());
        match o.severity {
            Severity::Info => false,
            Severity::Stop if mode == Mode::Past => !named,
            Severity::Warn | Severity::Witness | Severity::Refresh | Severity::Stop => {
                !o.is_answered(given)
            }
        }
    };
    all.into_iter().filter(stands).collect()
}

/// Check 45 for what is charted without a scan: nothing can be said yet of a dose out of reach.
#[must_use]
pub fn out_of_reach(order: &Order, dose: &Dose, at: Instant) -> Option<Objection> {
    let planned = !order.is_unplanned() && !dose.slot.is_removal();
    let out = planned && at < reach_opens(order, dose);
    out.then(|| Objection::new(Check::NotDue).with("next_at", dose.due))
}
