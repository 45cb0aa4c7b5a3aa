//! What an order's conditions say at the bedside: meals (48), readings (58), covert giving and
//! special instructions (68).

use super::{Check, Objection, Severity};
use crate::condition::Tie;
use crate::dose::Dose;
use crate::home::Home;
use crate::order::Order;
use crate::reading::code_in_words;
use crate::time::Instant;
use crate::zone::{Due, GapPolicy, OverlapPolicy};

/// Checks 48, 58 and 68 on a dose given at `at`.
#[must_use]
pub(super) fn condition_objections(
    home: &Home,
    order: &Order,
    dose: Option<&Dose>,
    at: Instant,
) -> Vec<Objection> {
    let conditions = &order.current.conditions;
    let mut found = Vec::new();
    found.extend(dose.and_then(|dose| meal_relation(home, order, dose, at)));
    // Readings are not recorded here yet, so each that is asked for is missing: it is measured, and
    // the dose is held, or charted afterwards with the value as its reason.
    for code in conditions.readings() {
        found.push(Objection::new(Check::ReadingMissing).with("reading", code_in_words(code)));
    }
    found.extend(covert(home, order, at));
    let text = order.current.instructions.trim();
    if !text.is_empty() {
        let severity = if conditions.acknowledge { Severity::Warn } else { Severity::Info };
        found.push(Objection::new(Check::SpecialInstruction).severity(severity).with("text", text));
    }
    found
}

/// Check 48: before the meal is not after it. Known where the home has a meal table.
fn meal_relation(home: &Home, order: &Order, dose: &Dose, at: Instant) -> Option<Objection> {
    let Tie::Meal { relation, meal } = order.current.conditions.tie(dose.local.time())? else {
        return None;
    };
    let civil = dose.slot.date.at(home.policy.meals?.begins(meal));
    let began = match home.zone.resolve_with(civil, GapPolicy::default(), OverlapPolicy::default())
    {
        Due::Once { at, .. } | Due::Twice { first: at, .. } | Due::Dropped { would_be: at } => at,
    };
    let broken = relation.is_broken(&at, &began);
    let o = || Objection::new(Check::MealRelationWrong).with("ordered", relation.code());
    broken.then(|| o().with("meal", meal.code()).with("meal_at", began))
}

/// Whoever gives it must know that the resident does not; a decision past its review is doubtful.
fn covert(home: &Home, order: &Order, at: Instant) -> Option<Objection> {
    let covert = order.current.conditions.covert.as_ref()?;
    let overdue = covert.review_on < home.today(at);
    let severity = if overdue { Severity::Warn } else { Severity::Info };
    let o = Objection::new(Check::CovertGiving).severity(severity);
    let o = o.with("reference", covert.legal_reference.as_str());
    Some(o.with("review", covert.review_on.to_string()))
}
