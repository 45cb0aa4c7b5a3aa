//! What a person looks at before a change: how near doses lie, how much a day, how full a pass.

use crate::administration::Outcome;
use crate::amount::Amount;
use crate::dose::Dose;
use crate::drug::{has_part, parts};
use crate::home::Home;
use crate::id::OrderId;
use crate::time::{CivilDate, Instant};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// When a dose was taken, or is due.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
pub struct Moment {
    /// When.
    pub at: Instant,
    /// Of which order.
    pub order: OrderId,
    /// It was taken; else it is due.
    pub taken: bool,
}

/// Two neighbouring doses of one order.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Gap {
    /// The earlier.
    pub from: Moment,
    /// The later.
    pub to: Moment,
}

impl Gap {
    fn micros(&self) -> i64 {
        self.to.at.micros_since(self.from.at)
    }
}

/// Two neighbouring doses of one ingredient on one instant, or nearer than half the nominal
/// interval. Schedules, rule 4.1: exactly half stands.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Overlap {
    /// The ingredient they share.
    pub ingredient: String,
    /// The earlier.
    pub first: Moment,
    /// The later.
    pub second: Moment,
    /// The longer nominal interval of the two orders in minutes, where one of them has any.
    pub nominal_minutes: Option<u32>,
}

/// Amounts added up exactly, one for each kind of unit: 500 mg and two tablets stay two amounts.
#[derive(Clone, PartialEq, Eq, Default, Debug, Serialize, Deserialize)]
pub struct Sum {
    /// In the smallest unit that was ordered; more than one where units do not agree.
    pub amounts: Vec<Amount>,
    /// Orders with a dose that is in no amount: partly taken, named by the schedule in words, said
    /// by a scale, or of a combination with another ingredient.
    pub left_out: BTreeSet<OrderId>,
}

/// What a resident gets of an ingredient on a civil day: what was taken and what is due.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Total {
    /// The prescribed civil date.
    pub date: CivilDate,
    /// The ingredient.
    pub ingredient: String,
    /// As things stand.
    pub before: Sum,
    /// After the change.
    pub after: Sum,
}

/// Doses of one med pass of a unit.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct PassLoad {
    /// The date on which the pass opens.
    pub date: CivilDate,
    /// Its name; `none` between passes.
    pub pass: String,
    /// Doses to be given as things stand.
    pub before: u32,
    /// After the change.
    pub after: u32,
}

/// When a dose is or was given; nothing is given by taking something off.
fn moment(dose: &Dose) -> Option<Moment> {
    if dose.slot.is_removal() {
        return None;
    }
    let taken = dose.outcome.as_ref().filter(|o| o.outcome.is_taken()).map(|o| o.at);
    let at = taken.or_else(|| dose.is_open().then_some(dose.due))?;
    Some(Moment { at, order: dose.slot.order, taken: taken.is_some() })
}

/// The nearest and the farthest neighbours among the doses of each order, the last taken among
/// them.
pub(super) fn gaps(
    home: &Home,
    orders: &BTreeSet<OrderId>,
    to: Instant,
) -> (Option<Gap>, Option<Gap>) {
    let mut all: Vec<Gap> = Vec::new();
    for order in orders {
        let doses = home.doses_of_order(*order).filter(|d| d.due < to);
        let mut doses: Vec<Moment> = doses.filter_map(moment).collect();
        doses.sort_unstable();
        all.extend(doses.windows(2).filter_map(|pair| match pair {
            [from, to] if !to.taken => Some(Gap { from: *from, to: *to }),
            _ => None,
        }));
    }
    (all.iter().min_by_key(|g| g.micros()).copied(), all.iter().max_by_key(|g| g.micros()).copied())
}

fn nominal(home: &Home, order: OrderId) -> Option<u32> {
    home.orders.get(&order)?.current.timing.schedule()?.nominal_interval_minutes()
}

/// The parts of the ingredients of these orders.
fn parts_of(home: &Home, orders: &BTreeSet<OrderId>) -> BTreeSet<String> {
    let of = orders.iter().filter_map(|id| home.orders.get(id));
    let all = of.flat_map(|o| parts(&o.current.drug.ingredient));
    all.filter(|part| !part.is_empty()).map(str::to_owned).collect()
}

/// Neighbours that lie too near, one of them a dose to come of these orders. A dose between two
/// that are too near is nearer still to one of them, so neighbours are enough.
pub(super) fn overlaps(home: &Home, orders: &BTreeSet<OrderId>, to: Instant) -> Vec<Overlap> {
    let mut found = Vec::new();
    for part in parts_of(home, orders) {
        let of = |d: &&Dose| {
            home.orders
                .get(&d.slot.order)
                .is_some_and(|o| has_part(&o.current.drug.ingredient, &part))
        };
        let doses = home.doses.values().filter(|d| d.due < to).filter(of);
        let mut all: Vec<Moment> = doses.filter_map(moment).collect();
        all.sort_unstable();
        for pair in all.windows(2) {
            let [first, second] = *pair else { continue };
            let ours = |m: &Moment| orders.contains(&m.order) && !m.taken;
            let nominal_minutes = nominal(home, first.order).max(nominal(home, second.order));
            let near = second.at.micros_since(first.at);
            let least =
                nominal_minutes.map_or(0, |minutes| i64::from(minutes) * 60 * 1_000_000 / 2);
            if (ours(&first) || ours(&second)) && (near == 0 || near < least) {
                let ingredient = part.clone();
                found.push(Overlap { ingredient, first, second, nominal_minutes });
            }
        }
    }
    found.sort_by_key(|o| (o.first, o.second));
    found
}

/// What the resident gets of each part of these orders' ingredients, day by day from `today` on.
pub(super) fn totals(
    before: &Home,
    after: &Home,
    orders: &BTreeSet<OrderId>,
    today: CivilDate,
    to: Instant,
) -> Vec<Total> {
    let mut found = Vec::new();
    for part in parts_of(after, orders) {
        let mut was = daily(before, &part, today, to);
        let mut will = daily(after, &part, today, to);
        let dates: BTreeSet<CivilDate> = was.keys().chain(will.keys()).copied().collect();
        found.extend(dates.into_iter().map(|date| Total {
            date,
            ingredient: part.clone(),
            before: was.remove(&date).unwrap_or_default(),
            after: will.remove(&date).unwrap_or_default(),
        }));
    }
    found.sort_by(|a, b| (a.date, &a.ingredient).cmp(&(b.date, &b.ingredient)));
    found
}

fn daily(home: &Home, part: &str, today: CivilDate, to: Instant) -> BTreeMap<CivilDate, Sum> {
    let mut days: BTreeMap<CivilDate, Sum> = BTreeMap::new();
    for order in home.orders.values().filter(|o| has_part(&o.current.drug.ingredient, part)) {
        let single = parts(&order.current.drug.ingredient).count() == 1;
        let scaled = order.current.conditions.scale.is_some();
        let doses = home.doses_of_order(order.id()).filter(|d| d.due < to && d.slot.date >= today);
        for dose in doses.filter(|d| moment(d).is_some()) {
            let sum = days.entry(dose.slot.date).or_default();
            let partial = dose.outcome.as_ref().is_some_and(|o| o.outcome == Outcome::Partial);
            // Where a reading says how much, the order's own dose is none of it.
            let own = (!scaled).then_some(order.current.dose);
            let amount = dose.prescribed.amount.or(own).filter(|amount| amount.nano != 0);
            let added = amount.filter(|_| single && !partial).and_then(|a| sum.plus(a));
            if added.is_none() {
                sum.left_out.insert(order.id());
            }
        }
    }
    days
}

impl Sum {
    /// Adds an amount to those of its kind; `None` when the sum cannot be held.
    fn plus(&mut self, amount: Amount) -> Option<()> {
        let Some(kin) = self.amounts.iter_mut().find(|a| a.comparable(amount)) else {
            self.amounts.push(amount);
            return Some(());
        };
        let smaller = [kin.unit, amount.unit].into_iter().min_by_key(|unit| unit.scale().1)?;
        let base = kin.base().checked_add(amount.base())?;
        let nano = i64::try_from(base / i128::from(smaller.scale().1)).ok()?;
        *kin = Amount { nano, unit: smaller };
        Some(())
    }
}

/// Doses to be given in each pass of a unit, before and after; `others` are the same in both.
pub(super) fn load(others: &Home, before: &Home, after: &Home, to: Instant) -> Vec<PassLoad> {
    let mut found: BTreeMap<(CivilDate, String), (u32, u32)> = BTreeMap::new();
    for (home, was, will) in [(others, 1, 1), (before, 1, 0), (after, 0, 1)] {
        for dose in home.doses.values().filter(|d| d.is_open() && d.due < to) {
            let pass = home.policy.pass_of(dose.local);
            let key = pass.map_or((dose.slot.date, "none".to_owned()), |p| (p.date, p.name));
            let counts = found.entry(key).or_default();
            *counts = (counts.0 + was, counts.1 + will);
        }
    }
    found
        .into_iter()
        .map(|((date, pass), (before, after))| PassLoad { date, pass, before, after })
        .collect()
}
