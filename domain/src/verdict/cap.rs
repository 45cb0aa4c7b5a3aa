//! How much of an ingredient a resident may have in a day, whatever it was ordered for: checks 52
//! and 55. The limit is a person's, not an order's. Schedules, rule 8.

use super::{Check, Objection};
use crate::amount::Amount;
use crate::dose::Dose;
use crate::dose_amount::at_scan;
use crate::drug::{has_part, parts};
use crate::home::Home;
use crate::id::DoseId;
use crate::limit::{CapRefusal, Day, IngredientCap};
use crate::order::Order;
use crate::time::Instant;

const DAY_MICROS: i64 = 24 * 3600 * 1_000_000;

/// Checks 52 and 55, for each part of the drug that the home limits; `own` is what is given now, as
/// [`amount_of`] knows it.
#[must_use]
pub fn cap_objections(
    home: &Home,
    order: &Order,
    dose: Option<&Dose>,
    own: Option<Amount>,
    at: Instant,
) -> Vec<Objection> {
    let limits = &home.policy_at(at).limits;
    let ingredient = &order.current.drug.ingredient;
    let own = own.filter(|own| own.nano > 0 && is_single(ingredient));
    let capped = parts(ingredient).filter_map(|part| Some((part, limits.get(part)?.cap()?)));
    let had = |part| Had::of(home, order, dose.map(|d| d.id), part, at);
    capped.filter_map(|(part, cap)| had(part).objection(cap, own)).collect()
}

/// What a resident had of one part of a drug.
struct Had<'a> {
    home: &'a Home,
    order: &'a Order,
    part: &'a str,
    at: Instant,
    taken: Vec<(Instant, Amount)>,
    /// Something near was taken in an amount that nobody can add up.
    unknown: bool,
}

impl<'a> Had<'a> {
    fn of(
        home: &'a Home,
        order: &'a Order,
        own: Option<DoseId>,
        part: &'a str,
        at: Instant,
    ) -> Self {
        let resident = order.current.resident;
        let done = home.taken.get(&resident).into_iter().flatten();
        let done = done.filter(|t| Some(t.dose) != own);
        let done = done.filter(|t| has_part(&t.ingredient, part));
        let mut had = Self { home, order, part, at, taken: Vec::new(), unknown: false };
        for taken in done {
            had.add(taken.at, taken.amount.filter(|_| is_single(&taken.ingredient)));
        }
        // What lies in a pot goes down with it.
        for other in home.orders_of(resident).filter(|o| has_part(ingredient(o), part)) {
            let in_pots = home.doses_of_order(other.id()).filter(|d| d.prepared.is_some());
            for prepared in in_pots.filter(|d| Some(d.id) != own) {
                had.add(at, of_one(home, other, prepared, at));
            }
        }
        had
    }

    fn add(&mut self, at: Instant, amount: Option<Amount>) {
        match amount {
            Some(amount) => self.taken.push((at, amount)),
            None => self.unknown |= self.is_near(at),
        }
    }

    /// Whether a day can hold both that instant and this one.
    fn is_near(&self, at: Instant) -> bool {
        at.micros_since(self.at).abs() < DAY_MICROS
    }

    fn objection(&mut self, cap: IngredientCap, own: Option<Amount>) -> Option<Objection> {
        let own = own.filter(|own| own.comparable(cap.most));
        let kin = |(_, amount): &(Instant, Amount)| amount.comparable(cap.most);
        self.unknown |= self.taken.iter().any(|taken| !kin(taken) && self.is_near(taken.0));
        self.taken.retain(kin);
        let told = |o: Objection| {
            let taken = cap.taken(&self.home.zone, &self.taken, self.at).to_string();
            let o = o.with("ingredient", self.part).with("taken", taken);
            o.with("cap", cap.most.to_string())
        };
        // What nobody can add up is more than nothing.
        let least = own.unwrap_or(Amount { nano: 1, unit: cap.most.unit });
        if let Some(next) = self.exceeds(cap, least) {
            let stop = told(Objection::new(Check::IngredientCap));
            return Some(match next {
                Some(next) => stop.with("next_at", next),
                None => stop,
            });
        }
        match own {
            Some(own) if !self.unknown => self.blocks(cap, own).map(told),
            _ => Some(told(Objection::new(Check::IngredientUncounted))),
        }
    }

    /// Whether any day that holds `own` would hold too much: the day before it, and those before
    /// the givings charted for the day after it. With it, when there is room next.
    fn exceeds(&self, cap: IngredientCap, own: Amount) -> Option<Option<Instant>> {
        let too_much =
            |had: &[(Instant, Amount)], at| match cap.check(&self.home.zone, had, at, own) {
                Err(CapRefusal::Exceeded { next }) => Some(next),
                Err(CapRefusal::NotComparable) | Ok(()) => None,
            };
        if cap.day == Day::CalendarDay {
            return too_much(&self.taken, self.at);
        }
        let all = self.taken.iter().map(|(t, _)| *t);
        let later = all.filter(|t| *t > self.at && self.is_near(*t));
        [self.at].into_iter().chain(later).find_map(|end| {
            let had: Vec<_> = self.taken.iter().copied().filter(|(t, _)| *t <= end).collect();
            too_much(&had, end)
        })
    }

    /// Check 55: a scheduled dose of the next day, or one that is late, that has room now and would
    /// have none after this one, given when needed.
    fn blocks(&self, cap: IngredientCap, own: Amount) -> Option<Objection> {
        if !self.order.is_prn() {
            return None;
        }
        let (home, now) = (self.home, self.at);
        let until = now.plus_micros(DAY_MICROS)?;
        let others = home.orders_of(self.order.current.resident);
        let others = others.filter(|o| has_part(ingredient(o), self.part));
        let to_come = others.filter(|o| !o.is_unplanned()).flat_map(|o| {
            let doses = home.doses_of_order(o.id());
            let open = doses.filter(|d| d.is_open() && d.prepared.is_none());
            let open = open.filter(|d| !d.slot.is_removal() && d.due < until);
            open.filter_map(move |d| Some((d.due.max(now), d.due, of_one(home, o, d, now)?)))
        });
        let mut to_come: Vec<(Instant, Instant, Amount)> = to_come.collect();
        to_come.sort_by_key(|(at, due, _)| (*at, *due));
        let mut without = self.taken.clone();
        let mut with = self.taken.clone();
        with.push((now, own));
        for (at, due, amount) in to_come {
            let fits = |had: &[(Instant, Amount)]| cap.check(&home.zone, had, at, amount).is_ok();
            if fits(&without) && !fits(&with) {
                return Some(Objection::new(Check::PrnBlocksScheduled).with("due_at", due));
            }
            without.push((at, amount));
            with.push((at, amount));
        }
        None
    }
}

fn ingredient(order: &Order) -> &str {
    &order.current.drug.ingredient
}

/// Of a combination an amount does not say how much of each part there is.
fn is_single(ingredient: &str) -> bool {
    parts(ingredient).count() == 1
}

/// How much of its one ingredient a dose is.
fn of_one(home: &Home, order: &Order, dose: &Dose, at: Instant) -> Option<Amount> {
    amount_of(home, order, Some(dose), at).filter(|_| is_single(ingredient(order)))
}

/// How much a dose is, given at `at`; `None` where the readings it goes by say nothing yet.
#[must_use]
pub fn amount_of(home: &Home, order: &Order, dose: Option<&Dose>, at: Instant) -> Option<Amount> {
    let own = at_scan(home, order, dose, at);
    let known = own.current.conditions.scale.is_none() && own.current.dose.nano > 0;
    known.then_some(own.current.dose)
}
