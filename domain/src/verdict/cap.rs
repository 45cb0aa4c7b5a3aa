//! How much of an ingredient a resident may have in a day, whatever it was ordered for: checks 52
//! and 55. The limit is a person's, not an order's. Schedules, rule 8.

use super::{Check, Objection};
use crate::amount::Amount;
use crate::dose::Dose;
use crate::dose_amount::of_dose;
use crate::home::Home;
use crate::limit::{CapRefusal, IngredientCap};
use crate::order::Order;
use crate::time::Instant;

const DAY_MINUTES: i64 = 24 * 60;

/// Checks 52 and 55, for each part of the drug that the home limits.
#[must_use]
pub(super) fn cap_objections(
    home: &Home,
    order: &Order,
    dose: Option<&Dose>,
    at: Instant,
) -> Vec<Objection> {
    let limits = &home.policy_at(at).limits;
    let parts = order.current.drug.ingredient.split('/').map(str::trim);
    let capped = parts.filter_map(|part| Some((part, limits.get(part)?.cap()?)));
    capped.filter_map(|(part, cap)| Had::of(home, order, dose, part, at).objection(cap)).collect()
}

/// What a resident had of one part of a drug, and what they are about to have.
struct Had<'a> {
    home: &'a Home,
    order: &'a Order,
    dose: Option<&'a Dose>,
    part: &'a str,
    at: Instant,
    taken: Vec<(Instant, Amount)>,
    /// Something was taken, or is about to be, in an amount that nobody can add up.
    unknown: bool,
}

impl<'a> Had<'a> {
    fn of(
        home: &'a Home,
        order: &'a Order,
        dose: Option<&'a Dose>,
        part: &'a str,
        at: Instant,
    ) -> Self {
        let own = dose.and_then(|d| d.outcome.as_ref()).filter(|o| o.outcome.is_taken());
        let own = own.map(|o| (order.id(), o.at));
        let resident = order.current.resident;
        let day = |t: Instant| at.micros_since(t) < DAY_MINUTES * 60 * 1_000_000;
        let done = home.taken.get(&resident).into_iter().flatten();
        let done = done.filter(|t| Some((t.order, t.at)) != own && day(t.at));
        let done = done.filter(|t| t.ingredient.split('/').any(|of| of.trim() == part));
        let mut had = Self { home, order, dose, part, at, taken: Vec::new(), unknown: false };
        for taken in done {
            had.add(taken.at, alone(&taken.ingredient).and(taken.amount));
        }
        // What lies in a pot goes down with it.
        for other in home.orders_of(resident).filter(|o| has(o, part)) {
            let in_pots = home.doses_of_order(other.id()).filter(|d| d.prepared.is_some());
            for prepared in in_pots.filter(|d| dose.is_none_or(|own| own.id != d.id)) {
                had.add(at, amount_of(other, Some(prepared)));
            }
        }
        had
    }

    fn add(&mut self, at: Instant, amount: Option<Amount>) {
        match amount {
            Some(amount) => self.taken.push((at, amount)),
            None => self.unknown = true,
        }
    }

    fn objection(&self, cap: IngredientCap) -> Option<Objection> {
        let zone = &self.home.zone;
        let told = |o: Objection| {
            let taken = cap.taken(zone, &self.taken, self.at).to_string();
            let o = o.with("ingredient", self.part).with("taken", taken);
            o.with("cap", cap.most.to_string())
        };
        let unsure = || Some(told(Objection::new(Check::IngredientUncounted)));
        let Some(own) = amount_of(self.order, self.dose) else { return unsure() };
        match cap.check(zone, &self.taken, self.at, own) {
            Err(CapRefusal::Exceeded { next }) => {
                let stop = told(Objection::new(Check::IngredientCap));
                Some(match next {
                    Some(next) => stop.with("next_at", next),
                    None => stop,
                })
            }
            Err(CapRefusal::NotComparable) => unsure(),
            Ok(()) if self.unknown => unsure(),
            Ok(()) => self.blocks(cap, own).map(told),
        }
    }

    /// Check 55: a scheduled dose of the next day that has room now and would have none after this
    /// one, given when needed.
    fn blocks(&self, cap: IngredientCap, own: Amount) -> Option<Objection> {
        if !self.order.is_prn() {
            return None;
        }
        let until = self.at.plus_minutes(DAY_MINUTES)?;
        let home = self.home;
        let others = home.orders_of(self.order.current.resident).filter(|o| has(o, self.part));
        let to_come = others.filter(|o| !o.is_unplanned()).flat_map(|o| {
            let doses = home.doses_of_order(o.id());
            let open = doses.filter(|d| d.is_open() && !d.slot.is_removal());
            open.filter(|d| d.due > self.at && d.due < until)
                .filter_map(move |d| Some((d.due, amount_of(o, Some(d))?)))
        });
        let mut to_come: Vec<(Instant, Amount)> = to_come.collect();
        to_come.sort_by_key(|(due, _)| *due);
        let mut without = self.taken.clone();
        let mut with = self.taken.clone();
        with.push((self.at, own));
        for (due, amount) in to_come {
            let fits = |had: &[(Instant, Amount)]| cap.check(&home.zone, had, due, amount).is_ok();
            if fits(&without) && !fits(&with) {
                return Some(Objection::new(Check::PrnBlocksScheduled).with("due_at", due));
            }
            without.push((due, amount));
            with.push((due, amount));
        }
        None
    }
}

fn has(order: &Order, part: &str) -> bool {
    order.current.drug.ingredient.split('/').any(|of| of.trim() == part)
}

/// Of a combination an amount does not say how much of each part there is.
fn alone(ingredient: &str) -> Option<()> {
    (!ingredient.contains('/')).then_some(())
}

/// How much of its one ingredient a dose is; `None` where a reading or the giver says so.
fn amount_of(order: &Order, dose: Option<&Dose>) -> Option<Amount> {
    let known = order.current.conditions.scale.is_none();
    let own = known.then(|| of_dose(order, dose).current.dose).filter(|own| own.nano > 0);
    alone(&order.current.drug.ingredient).and(own)
}
