//! What is asked of a home.

use super::Home;
use crate::alert::Alert;
use crate::decide::Actor;
use crate::dose::Dose;
use crate::drug::Product;
use crate::fact::User;
use crate::id::{CartId, DoseId, OrderId, ResidentId, UnitId};
use crate::order::Order;
use crate::reading::Measured;
use crate::resident::Resident;
use crate::role::Role;
use crate::schedule::policy::Policy;
use crate::time::{CivilDate, Instant};
use std::collections::BTreeSet;
use std::ops::Bound;

impl Home {
    /// The resident who wears this band.
    #[must_use]
    pub fn resident_by_band(&self, band: &str) -> Option<&Resident> {
        self.residents.get(self.index.bands.get(band)?)
    }

    /// The person whose badge this is.
    #[must_use]
    pub fn user_by_badge(&self, badge: &str) -> Option<&User> {
        self.users.get(self.index.badges.get(badge)?)
    }

    /// The product under a 14-digit GTIN.
    #[must_use]
    pub fn product_by_gtin(&self, gtin14: &str) -> Option<&Product> {
        self.products.get(self.index.gtins.get(gtin14)?)
    }

    /// The product under an 11-digit NDC.
    #[must_use]
    pub fn product_by_ndc(&self, ndc11: &str) -> Option<&Product> {
        self.products.get(self.index.ndcs.get(ndc11)?)
    }

    /// A resident's orders, whatever their state.
    pub fn orders_of(&self, resident: ResidentId) -> impl Iterator<Item = &Order> {
        let ids = self.index.resident_orders.get(&resident);
        ids.into_iter().flatten().filter_map(|id| self.orders.get(id))
    }

    /// A resident's doses in memory, in order of due time.
    pub fn doses_of(&self, resident: ResidentId) -> impl Iterator<Item = &Dose> {
        let keys = self.index.resident_doses.get(&resident);
        keys.into_iter().flatten().filter_map(|(_, id)| self.doses.get(id))
    }

    /// How many of a resident's doses are to be given or explained and have opened by `now`.
    #[must_use]
    pub fn opened_doses(&self, resident: ResidentId, now: Instant) -> usize {
        let open = self.index.open_by_resident.get(&resident);
        open.map_or(0, |doses| doses.range(..=(now, DoseId(uuid::Uuid::max()))).count())
    }

    /// An order's doses in memory that are due after `due`, in order of due time.
    pub fn doses_after(&self, order: OrderId, due: Instant) -> impl Iterator<Item = &Dose> {
        let from = (Bound::Excluded((due, DoseId(uuid::Uuid::max()))), Bound::Unbounded);
        let keys = self.index.order_doses.get(&order).map(|doses| doses.range(from));
        keys.into_iter().flatten().filter_map(|(_, id)| self.doses.get(id))
    }

    /// An order's doses in memory, in order of due time.
    pub fn doses_of_order(&self, order: OrderId) -> impl DoubleEndedIterator<Item = &Dose> {
        let keys = self.index.order_doses.get(&order);
        keys.into_iter().flatten().filter_map(|(_, id)| self.doses.get(id))
    }

    /// The removal of what is on the body from an order, as far as the record says.
    #[must_use]
    pub fn worn(&self, order: OrderId) -> Option<&Dose> {
        self.doses_of_order(order).find(|d| d.is_worn())
    }

    /// The removal that belongs to an application: the first of its plan that is due after it.
    #[must_use]
    pub fn removal_of(&self, application: &Dose) -> Option<&Dose> {
        let same_plan = |d: &&Dose| d.slot.is_removal() && d.slot.plan == application.slot.plan;
        self.doses_after(application.slot.order, application.due).find(same_plan)
    }

    /// Open doses whose late bound lies before `now`, oldest first.
    pub fn overdue(&self, now: Instant) -> impl Iterator<Item = &Dose> {
        self.index
            .open_by_close
            .range(..(now, DoseId(uuid::Uuid::nil())))
            .filter_map(|(_, id)| self.doses.get(id))
    }

    /// The open alert that covers a dose.
    #[must_use]
    pub fn alert_of(&self, dose: DoseId) -> Option<&Alert> {
        self.alerts.get(self.index.alerted.get(&dose)?)
    }

    /// The order a sender knows under its own number.
    #[must_use]
    pub fn order_by_placer(&self, sender: &str, placer: &str) -> Option<&Order> {
        let key = (sender.to_owned(), placer.to_owned());
        self.orders.get(self.index.placers.get(&key)?)
    }

    /// The policy that was in force at an instant. Model, section 6: a verdict about the past goes
    /// by the one in force then.
    #[must_use]
    pub fn policy_at(&self, at: Instant) -> &Policy {
        self.earlier.iter().find(|e| at < e.until).map_or(&self.policy, |e| &e.policy)
    }

    /// The civil date at `now` in the home.
    #[must_use]
    pub fn today(&self, now: Instant) -> CivilDate {
        self.zone.to_civil(now).date()
    }

    /// Civil days from the date at `now` to the one on which an order ends, none when it has ended
    /// or has no end.
    #[must_use]
    pub fn days_left(&self, order: &Order, now: Instant) -> Option<i64> {
        let end = order.current.ends_at().filter(|end| *end > now)?;
        Some(self.today(end).days_since(self.today(now)))
    }

    /// When an order was taken, in no order, the taking at `own` left out.
    pub fn taken_of(&self, order: &Order, own: Option<Instant>) -> impl Iterator<Item = Instant> {
        let all = self.taken.get(&order.current.resident).into_iter().flatten();
        let order = order.id();
        all.filter(move |t| t.order == order && Some(t.at) != own).map(|t| t.at)
    }

    /// How often an order was taken after `since`, and when last of all (an interval may be
    /// longer), the taking at `own` not counted.
    #[must_use]
    pub fn taken_since(
        &self,
        order: &Order,
        since: Instant,
        own: Option<Instant>,
    ) -> (u32, Option<Instant>) {
        self.taken_of(order, own)
            .fold((0, None), |(n, last), at| (n + u32::from(at > since), last.max(Some(at))))
    }

    /// The newest reading of this very code that was taken on a resident by `at`: what came before
    /// it says nothing any more, and what comes after it said nothing yet.
    #[must_use]
    pub fn reading(&self, resident: ResidentId, code: &str, at: Instant) -> Option<&Measured> {
        let all = self.readings.get(&resident)?;
        all.iter().rev().find(|reading| reading.code == code && reading.at <= at)
    }

    /// What one resident's screen needs and nothing else: the slice sent to the page's core.
    #[must_use]
    pub fn slice(&self, cart: &CartId) -> Self {
        let mut slice = Self::new(self.facility.clone(), self.policy.clone(), self.zone.clone());
        slice.version = self.version;
        let session = self.carts.get(cart);
        slice.carts.extend(session.map(|c| (cart.clone(), c.clone())));
        if let Some(resident) = session.and_then(|c| c.open).and_then(|r| self.residents.get(&r)) {
            slice.take_in(self, resident);
            let ingredients: BTreeSet<&str> =
                self.orders_of(resident.id).map(|o| o.current.drug.ingredient.as_str()).collect();
            let needed =
                self.products.values().filter(|p| ingredients.contains(p.ingredient.as_str()));
            needed.for_each(|p| slice.put_product(p.clone()));
            let labels = self.labels.iter().filter(|(_, l)| l.resident == resident.id);
            slice.labels.extend(labels.map(|(k, l)| (k.clone(), l.clone())));
        }
        slice
    }
    /// These residents with their orders, doses and what they took, and nothing else: what doses
    /// follow from. Doses that memory does not reach count as not yet planned in it: planned again,
    /// they are the same.
    #[must_use]
    pub fn of_residents<'a>(&self, residents: impl Iterator<Item = &'a Resident>) -> Self {
        let mut part = Self::new(self.facility.clone(), self.policy.clone(), self.zone.clone());
        part.version = self.version;
        residents.for_each(|resident| part.take_in(self, resident));
        part
    }

    fn take_in(&mut self, home: &Self, resident: &Resident) {
        self.put_resident(resident.clone());
        let reached = home.reach.plus_micros(-1).unwrap_or(home.reach);
        for order in home.orders_of(resident.id) {
            let planned_until = order.planned_until.min(Some(reached));
            self.put_order(Order { planned_until, ..order.clone() });
        }
        // What was brought for a commit that runs is beyond the reach and is planned again here.
        let kept = |d: &&Dose| d.due < home.reach || home.is_passed_over(d);
        let near = home.doses_of(resident.id).filter(kept);
        near.for_each(|d| self.put_dose(d.clone()));
        let taken = home.taken.get(&resident.id).cloned().unwrap_or_default();
        self.taken.insert(resident.id, taken);
        let readings = home.readings.get(&resident.id).cloned();
        self.readings.extend(readings.map(|all| (resident.id, all)));
    }

    /// Whether this actor may read of this unit: nurses and aides of theirs (none named: all),
    /// surveyors of those they were let into and no other, the rest of the whole home.
    #[must_use]
    pub fn may_read(&self, actor: &Actor, unit: &UnitId) -> bool {
        let user = || actor.user.and_then(|u| self.users.get(&u));
        match actor.role {
            Role::Nurse | Role::Aide => {
                user().is_some_and(|u| u.units.is_empty() || u.units.contains(unit))
            }
            Role::Surveyor => user().is_some_and(|u| u.units.contains(unit)),
            _ => true,
        }
    }
}
