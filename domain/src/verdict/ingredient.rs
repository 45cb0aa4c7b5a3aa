//! What the resident had of an ingredient by other orders: checks 53, 56 and 57. The limit is a
//! person's, not an order's.

use super::{Check, Objection};
use crate::administration::Outcome;
use crate::drug::share_a_part;
use crate::home::Home;
use crate::order::Order;
use crate::time::{Instant, MICROS_PER_SECOND, SECONDS_PER_MINUTE};

/// How long an outcome of the same ingredient is recent. Verdicts, check 56.
const RECENT_MINUTES: i64 = 120;

/// The resident's other orders with an ingredient of this one.
fn others<'a>(home: &'a Home, order: &'a Order) -> impl Iterator<Item = &'a Order> {
    let of = &order.current;
    home.orders_of(of.resident).filter(move |other| {
        other.id() != order.id()
            && share_a_part(&other.current.drug.ingredient, &of.drug.ingredient)
    })
}

/// When the resident took the ingredient by another order, in no order.
pub(super) fn taken_by_others<'a>(
    home: &'a Home,
    order: &'a Order,
) -> impl Iterator<Item = Instant> + 'a {
    others(home, order).flat_map(|other| home.taken_of(other, None))
}

/// Checks 56 and 57. What is charted at the very instant went down with this one and was seen.
#[must_use]
pub(super) fn ingredient_objections(home: &Home, order: &Order, at: Instant) -> Vec<Objection> {
    let minutes_since =
        |past: Instant| at.micros_since(past).div_euclid(SECONDS_PER_MINUTE * MICROS_PER_SECOND);
    let recent = others(home, order)
        .flat_map(|other| home.doses_of_order(other.id()).map(move |dose| (other, dose)))
        .filter_map(|(other, dose)| Some((dose.outcome.as_ref()?, other)))
        .filter(|(done, _)| {
            let known =
                done.outcome.is_taken() || matches!(done.outcome, Outcome::Held | Outcome::Refused);
            known && done.at < at && minutes_since(done.at) < RECENT_MINUTES
        })
        .max_by_key(|(done, _)| done.at);
    let mut found = Vec::new();
    if let Some((done, other)) = recent {
        let o = Objection::new(Check::SameIngredientRecent);
        let o =
            o.with("drug", other.current.drug.name.as_str()).with("outcome", done.outcome.code());
        found.push(o.with("minutes", minutes_since(done.at)));
    }
    let worn = others(home, order).find_map(|other| Some((other, home.worn(other.id())?)));
    found.extend(worn.map(|(other, removal)| {
        let o = Objection::new(Check::OtherPatchOn);
        o.with("drug", other.current.drug.name.as_str()).with("off_at", removal.due)
    }));
    found
}
