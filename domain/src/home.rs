//! One home as the rules see it: the snapshot every decision is made on.
//!
//! The shell loads it once, then folds in each committed fact; it holds what is open or recent, so
//! its size follows the number of residents, never the length of history.

use crate::administration::Administration;
use crate::alert::{Alert, AlertState};
use crate::cart::CartSession;
use crate::dose::{Dose, DoseOutcome, Prepared};
use crate::drug::{Label, Product};
use crate::fact::{Device, DoseDue, DoseFact, Fact, OrderEvent, PotAct, PotFact, User};
use crate::id::{
    AlertId, CartId, DoseId, FacilityId, OrderId, ProductId, ResidentId, Slug, UserId,
};
use crate::order::{Order, OrderAct, OrderState, OrderVersion};
use crate::resident::Resident;
use crate::schedule::policy::Policy;
use crate::time::{CivilDate, Instant};
use crate::zone::ZoneRules;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Bound;

/// A drug taken recently: what PRN limits and "same ingredient" look at.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Taken {
    /// The order.
    pub order: OrderId,
    /// Its ingredient.
    pub ingredient: String,
    /// When.
    pub at: Instant,
    /// By whom.
    pub by: UserId,
}

/// One home.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Home {
    /// Its id in topics.
    pub facility: FacilityId,
    /// The policy in force.
    pub policy: Policy,
    /// The rules of its zone.
    pub zone: ZoneRules,
    /// Number of leaves of its audit log: grows with every change, so it names a version of any
    /// list.
    pub version: u64,
    /// Residents.
    pub residents: BTreeMap<ResidentId, Resident>,
    /// Formulary.
    pub products: BTreeMap<ProductId, Product>,
    /// Pharmacy labels by their text.
    pub labels: BTreeMap<String, Label>,
    /// Orders that matter now.
    pub orders: BTreeMap<OrderId, Order>,
    /// Doses that matter now.
    pub doses: BTreeMap<DoseId, Dose>,
    /// Alerts that are open.
    pub alerts: BTreeMap<AlertId, Alert>,
    /// Cart sessions.
    pub carts: BTreeMap<CartId, CartSession>,
    /// Carts and stations.
    pub devices: BTreeMap<Slug, Device>,
    /// People.
    pub users: BTreeMap<UserId, User>,
    /// What each resident took lately, and the last giving of each PRN order.
    pub taken: BTreeMap<ResidentId, Vec<Taken>>,
    /// Packages with a serial that were put in a pot lately, and for which dose.
    pub spent: BTreeMap<String, DoseId>,
    /// Version at which an order last changed.
    pub order_changed: BTreeMap<OrderId, u64>,
    /// Version at which a dose last changed.
    pub dose_changed: BTreeMap<DoseId, u64>,
    /// What follows from the rest; made by [`Home::index`], never sent.
    #[serde(skip)]
    index: Index,
}

#[derive(Clone, PartialEq, Eq, Debug, Default)]
struct Index {
    bands: BTreeMap<String, ResidentId>,
    gtins: BTreeMap<String, ProductId>,
    ndcs: BTreeMap<String, ProductId>,
    badges: BTreeMap<String, UserId>,
    resident_orders: BTreeMap<ResidentId, BTreeSet<OrderId>>,
    resident_doses: BTreeMap<ResidentId, BTreeSet<(Instant, DoseId)>>,
    order_doses: BTreeMap<OrderId, BTreeSet<(Instant, DoseId)>>,
    open_by_close: BTreeSet<(Instant, DoseId)>,
    open_by_resident: BTreeMap<ResidentId, BTreeSet<(Instant, DoseId)>>,
    alerted: BTreeMap<DoseId, AlertId>,
    placers: BTreeMap<(String, String), OrderId>,
}

impl Home {
    /// A home in which nothing has happened yet.
    #[must_use]
    pub fn new(facility: FacilityId, policy: Policy, zone: ZoneRules) -> Self {
        Self {
            facility,
            policy,
            zone,
            version: 0,
            residents: BTreeMap::new(),
            products: BTreeMap::new(),
            labels: BTreeMap::new(),
            orders: BTreeMap::new(),
            doses: BTreeMap::new(),
            alerts: BTreeMap::new(),
            carts: BTreeMap::new(),
            devices: BTreeMap::new(),
            users: BTreeMap::new(),
            taken: BTreeMap::new(),
            spent: BTreeMap::new(),
            order_changed: BTreeMap::new(),
            dose_changed: BTreeMap::new(),
            index: Index::default(),
        }
    }

    /// Makes everything that follows from the rest anew; call once after deserialising.
    #[must_use]
    pub fn indexed(mut self) -> Self {
        self.index = Index::default();
        let all = std::mem::take(&mut self.residents);
        all.into_values().for_each(|r| self.put_resident(r));
        let all = std::mem::take(&mut self.products);
        all.into_values().for_each(|p| self.put_product(p));
        let all = std::mem::take(&mut self.users);
        all.into_values().for_each(|u| self.put_user(u));
        let all = std::mem::take(&mut self.orders);
        all.into_values().for_each(|o| self.put_order(o));
        let all = std::mem::take(&mut self.doses);
        all.into_values().for_each(|d| self.put_dose(d));
        let all = std::mem::take(&mut self.alerts);
        all.into_values().for_each(|a| self.put_alert(a));
        self
    }

    /// Puts a resident in place of an earlier state of them.
    pub fn put_resident(&mut self, resident: Resident) {
        if let Some(old) = self.residents.get(&resident.id) {
            self.index.bands.remove(&old.band.0);
        }
        if !resident.band.0.is_empty() {
            self.index.bands.insert(resident.band.0.clone(), resident.id);
        }
        self.residents.insert(resident.id, resident);
    }

    /// Puts a product in place of an earlier state of it.
    pub fn put_product(&mut self, product: Product) {
        for gtin in &product.gtins {
            self.index.gtins.insert(gtin.clone(), product.id);
        }
        if let Some(ndc) = &product.ndc11 {
            self.index.ndcs.insert(ndc.clone(), product.id);
        }
        self.products.insert(product.id, product);
    }

    /// Puts a person in place of an earlier state of them.
    pub fn put_user(&mut self, user: User) {
        if let Some(old) = self.users.get(&user.id) {
            let badge = &old.badge.0;
            if self.index.badges.get(badge) == Some(&user.id) {
                self.index.badges.remove(badge);
            }
        }
        // A badge that was somebody's who left may be another's now.
        if user.active || self.user_by_badge(&user.badge.0).is_none_or(|holder| !holder.active) {
            self.index.badges.insert(user.badge.0.clone(), user.id);
        }
        self.users.insert(user.id, user);
    }

    /// Puts an order in place of an earlier state of it.
    pub fn put_order(&mut self, order: Order) {
        let source = &order.current.source;
        self.index.placers.insert((source.sender.clone(), source.placer.clone()), order.id());
        self.index.resident_orders.entry(order.current.resident).or_default().insert(order.id());
        self.orders.insert(order.id(), order);
    }

    /// Puts a dose in place of an earlier state of it.
    pub fn put_dose(&mut self, dose: Dose) {
        let place = |d: &Dose| (d.resident, d.slot.order, d.due, d.opens, d.closes);
        let stays = self.doses.get(&dose.id).is_some_and(|old| place(old) == place(&dose));
        if !stays {
            self.drop_dose(dose.id);
            let key = (dose.due, dose.id);
            self.index.resident_doses.entry(dose.resident).or_default().insert(key);
            self.index.order_doses.entry(dose.slot.order).or_default().insert(key);
        }
        let of_resident = self.index.open_by_resident.entry(dose.resident).or_default();
        if dose.is_open() {
            self.index.open_by_close.insert((dose.closes, dose.id));
            of_resident.insert((dose.opens, dose.id));
        } else {
            self.index.open_by_close.remove(&(dose.closes, dose.id));
            of_resident.remove(&(dose.opens, dose.id));
        }
        self.doses.insert(dose.id, dose);
    }

    /// Forgets a dose (not a deletion: it is in the database).
    pub fn drop_dose(&mut self, id: DoseId) {
        let Some(old) = self.doses.remove(&id) else { return };
        let key = (old.due, id);
        if let Some(set) = self.index.resident_doses.get_mut(&old.resident) {
            set.remove(&key);
        }
        if let Some(set) = self.index.order_doses.get_mut(&old.slot.order) {
            set.remove(&key);
        }
        self.index.open_by_close.remove(&(old.closes, id));
        if let Some(set) = self.index.open_by_resident.get_mut(&old.resident) {
            set.remove(&(old.opens, id));
        }
    }

    /// Puts an alert in place of an earlier revision; an ended one is forgotten.
    pub fn put_alert(&mut self, alert: Alert) {
        if alert.state == AlertState::Ended {
            for dose in &alert.doses {
                self.index.alerted.remove(dose);
            }
            self.alerts.remove(&alert.id);
            return;
        }
        for dose in &alert.doses {
            self.index.alerted.insert(*dose, alert.id);
        }
        self.alerts.insert(alert.id, alert);
    }

    /// Forgets charted or withdrawn doses due before `before`, what was taken before it, and orders
    /// that ended with nothing left in memory.
    pub fn forget(&mut self, before: Instant) {
        let old: Vec<DoseId> =
            self.doses.values().filter(|d| !d.is_open() && d.due < before).map(|d| d.id).collect();
        for id in old {
            self.drop_dose(id);
            self.dose_changed.remove(&id);
        }
        self.forget_taken(before);
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

    /// Folds in one committed fact; `version` is the size of the audit log after its commit.
    pub fn apply(&mut self, fact: &Fact, version: u64) {
        self.version = version;
        match fact {
            Fact::Resident(r) => self.put_resident((**r).clone()),
            Fact::Product(p) => self.put_product((**p).clone()),
            Fact::Label(l) => {
                self.labels.insert(l.code.clone(), (**l).clone());
            }
            Fact::OrderVersion(v) => self.apply_order_version(v, version),
            Fact::OrderEvent(e) => self.apply_order_event(e, version),
            Fact::Dose(d) => self.apply_dose(d),
            Fact::DoseDue(d) => self.apply_dose_due(d),
            Fact::Pot(p) => self.apply_pot(p, version),
            Fact::Administration(a) => self.apply_administration(a, version),
            Fact::Alert(a) => self.put_alert((**a).clone()),
            Fact::User(u) => self.put_user((**u).clone()),
            Fact::Device(d) => {
                self.devices.insert(d.id.clone(), (**d).clone());
            }
            Fact::Cart(c) => {
                self.carts.insert(c.cart.clone(), (**c).clone());
            }
            Fact::Scan(_) => {}
        }
    }

    fn apply_order_version(&mut self, v: &OrderVersion, version: u64) {
        self.order_changed.insert(v.order, version);
        let order = match self.orders.get(&v.order) {
            Some(old) => Order { current: v.clone(), plan: old.plan + 1, ..old.clone() },
            None => Order {
                current: v.clone(),
                plan: 1,
                planned_until: None,
                state: OrderState::Draft,
                since: v.start,
                reason: String::new(),
                noted_by: None,
                verified_by: None,
            },
        };
        self.put_order(order);
    }

    fn apply_order_event(&mut self, e: &OrderEvent, version: u64) {
        self.order_changed.insert(e.order, version);
        let Some(order) = self.orders.get_mut(&e.order) else { return };
        match e.act {
            OrderAct::Received => order.state = OrderState::Draft,
            OrderAct::Noted => {
                order.state = OrderState::Active;
                order.noted_by = e.by;
            }
            OrderAct::Verified => {
                order.verified_by = e.by;
                return;
            }
            OrderAct::Held => order.state = OrderState::Held,
            OrderAct::Resumed => order.state = OrderState::Active,
            OrderAct::Discontinued => order.state = OrderState::Discontinued,
            OrderAct::Completed => order.state = OrderState::Completed,
            OrderAct::EnteredInError => order.state = OrderState::EnteredInError,
        }
        order.since = e.at;
        order.reason.clone_from(&e.reason);
    }

    fn apply_dose(&mut self, d: &DoseFact) {
        let dose = Dose {
            id: d.id,
            slot: d.slot,
            resident: d.resident,
            rev: 0,
            due: d.planned_at,
            local: d.local,
            opens: d.planned_at,
            closes: Instant::MAX,
            shifted: false,
            withdrawn: None,
            outcome: None,
            prepared: None,
        };
        self.put_dose(dose);
    }

    fn apply_dose_due(&mut self, d: &DoseDue) {
        let Some(mut dose) = self.doses.get(&d.dose).cloned() else { return };
        dose.rev = d.rev;
        dose.due = d.due;
        dose.opens = d.opens;
        dose.closes = d.closes;
        dose.shifted = d.shifted;
        dose.withdrawn = d.withdrawn;
        if let Some(order) = self.orders.get_mut(&dose.slot.order) {
            order.planned_until = order.planned_until.max(Some(d.due));
        }
        self.put_dose(dose);
    }

    fn apply_pot(&mut self, p: &PotFact, version: u64) {
        self.dose_changed.insert(p.dose, version);
        // A key with '#' carries a serial: it names one package in the world.
        for key in p.packages.iter().filter(|k| k.contains('#')) {
            match p.act {
                PotAct::Prepared => self.spent.insert(key.clone(), p.dose),
                PotAct::Returned => self.spent.remove(key),
            };
        }
        let Some(dose) = self.doses.get_mut(&p.dose) else { return };
        dose.prepared = match p.act {
            PotAct::Prepared => Some(Prepared { id: p.id, by: p.by, at: p.at }),
            PotAct::Returned => None,
        };
    }

    fn apply_administration(&mut self, a: &Administration, version: u64) {
        self.dose_changed.insert(a.dose, version);
        if !a.effective {
            return;
        }
        if let Some(mut dose) = self.doses.get(&a.dose).cloned() {
            dose.prepared = None;
            dose.outcome = Some(DoseOutcome {
                administration: a.id,
                outcome: a.outcome,
                by: a.by,
                at: a.administered_at,
            });
            self.put_dose(dose);
        }
        let ingredient = self
            .orders
            .get(&a.order)
            .map(|o| o.current.drug.ingredient.clone())
            .unwrap_or_default();
        let taken = self.taken.entry(a.resident).or_default();
        taken.retain(|t| !(Some(t.at) == Some(a.administered_at) && t.order == a.order));
        if a.outcome.is_taken() {
            taken.push(Taken { order: a.order, ingredient, at: a.administered_at, by: a.by });
        }
    }

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

    /// The civil date at `now` in the home.
    #[must_use]
    pub fn today(&self, now: Instant) -> CivilDate {
        self.zone.to_civil(now).date()
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
        let all = self.taken.get(&order.current.resident).into_iter().flatten();
        all.filter(|t| t.order == order.id() && Some(t.at) != own)
            .fold((0, None), |(n, last), t| (n + u32::from(t.at > since), last.max(Some(t.at))))
    }

    /// What one resident's screen needs and nothing else: the slice sent to the page's core.
    #[must_use]
    pub fn slice(&self, cart: &CartId) -> Self {
        let mut slice = Self::new(self.facility.clone(), self.policy.clone(), self.zone.clone());
        slice.version = self.version;
        let session = self.carts.get(cart);
        slice.carts.extend(session.map(|c| (cart.clone(), c.clone())));
        if let Some(resident) = session.and_then(|c| c.open).and_then(|r| self.residents.get(&r)) {
            slice.put_resident(resident.clone());
            self.orders_of(resident.id).for_each(|o| slice.put_order(o.clone()));
            self.doses_of(resident.id).for_each(|d| slice.put_dose(d.clone()));
            let taken = self.taken.get(&resident.id).cloned().unwrap_or_default();
            slice.taken.insert(resident.id, taken);
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
}
