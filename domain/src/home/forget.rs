//! What memory lets go of; it is in the database all the same.

use super::Home;
use crate::dose::{Dose, Withdrawal};
use crate::id::{DoseId, OrderId};
use crate::order::Order;
use crate::time::Instant;
use std::collections::{BTreeMap, BTreeSet};

/// How much longer than the rest the last reading of each code is remembered: 30 days.
pub const READING_MINUTES: i64 = 30 * 24 * 60;

impl Home {
    /// Forgets those of these doses that memory does not reach. What is on a body stays: it may
    /// come off at any time; so does what was passed over: it would be told as the next.
    pub fn forget_far(&mut self, doses: impl IntoIterator<Item = DoseId>) {
        for id in doses {
            let far = |dose: &Dose| {
                dose.due >= self.reach && !dose.is_worn() && !self.is_passed_over(dose)
            };
            if self.doses.get(&id).is_some_and(far) {
                self.drop_dose(id);
            }
        }
    }

    /// Whether a time of an order's plan as it is was passed over for a dose given near to it.
    #[must_use]
    pub fn is_passed_over(&self, dose: &Dose) -> bool {
        let order = self.orders.get(&dose.slot.order);
        let superseded = dose.withdrawn == Some(Withdrawal::Superseded) && dose.outcome.is_none();
        superseded && order.is_some_and(|order| order.plan == dose.slot.plan)
    }

    /// What was passed over in an older plan of an order is told nobody.
    pub(super) fn forget_older_plan(&mut self, order: OrderId) {
        let far: Vec<DoseId> =
            self.doses_of_order(order).filter(|d| d.due >= self.reach).map(|d| d.id).collect();
        self.forget_far(far);
    }

    /// Forgets charted or withdrawn doses due before `before`, what was taken before it, and orders
    /// that ended with nothing left in memory; not what is still on the body.
    pub fn forget(&mut self, before: Instant) {
        let over = |d: &&Dose| !d.is_open() && !d.is_worn() && d.due < before;
        let old: Vec<DoseId> = self.doses.values().filter(over).map(|d| d.id).collect();
        for id in old {
            self.drop_dose(id);
            self.dose_changed.remove(&id);
        }
        self.forget_taken(before);
        self.forget_readings(before);
    }

    /// Forgets readings taken before `before`, except the last of each code on a resident until
    /// then, which is kept for [`READING_MINUTES`] more: an order may let it count for weeks, as an
    /// INR, and what is charted for an instant since then goes by it.
    pub fn forget_readings(&mut self, before: Instant) {
        let oldest = before.plus_minutes(-READING_MINUTES).unwrap_or(Instant::MIN);
        for readings in self.readings.values_mut() {
            let until = readings.iter().filter(|r| oldest <= r.at && r.at < before);
            // All that were taken at that instant: of several any that holds, holds.
            let last: BTreeMap<String, Instant> = until.map(|r| (r.code.clone(), r.at)).collect();
            readings.retain(|r| r.at >= before || last.get(&r.code) == Some(&r.at));
        }
        self.readings.retain(|_, readings| !readings.is_empty());
    }

    /// Forgets what was taken before `before`, except the last giving of each PRN order: its
    /// interval may be longer than memory reaches.
    pub fn forget_taken(&mut self, before: Instant) {
        let orders = &self.orders;
        for taken in self.taken.values_mut() {
            let prn = taken.iter().filter(|t| orders.get(&t.order).is_some_and(Order::is_prn));
            let all: BTreeSet<(OrderId, Instant)> = prn.map(|t| (t.order, t.at)).collect();
            let last: BTreeMap<OrderId, Instant> = all.into_iter().collect();
            taken.retain(|t| t.at >= before || last.get(&t.order) == Some(&t.at));
        }
    }
}
