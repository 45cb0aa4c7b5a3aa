//! One home as the rules see it: the snapshot every decision is made on.
//!
//! The shell loads it once, then folds in each committed fact; it holds what is open or recent, so
//! its size follows the number of residents, never the length of history. Of the doses to come it
//! holds those due before [`Home::reach`]; the shell brings the others where a decision needs them.

mod ask;
mod forget;

pub use forget::READING_MINUTES;

use crate::administration::Administration;
use crate::alert::{Alert, AlertState};
use crate::amount::Amount;
use crate::cart::CartSession;
use crate::dose::{Dose, DoseOutcome, Prepared};
use crate::drug::{Label, Product};
use crate::fact::{
    Device, DoseDue, DoseFact, Fact, OrderEvent, PotAct, PotFact, Transcription, User,
};
use crate::id::{
    AlertId, CartId, DoseId, FacilityId, FactId, OrderId, ProductId, ResidentId, Slug, UserId,
};
use crate::order::{DoNotGive, Order, OrderAct, OrderState, OrderVersion};
use crate::reading::Measured;
use crate::resident::Resident;
use crate::schedule::policy::Policy;
use crate::time::Instant;
use crate::zone::ZoneRules;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// A drug taken recently: what PRN limits and "same ingredient" look at.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Taken {
    /// The dose.
    pub dose: DoseId,
    /// The order.
    pub order: OrderId,
    /// Its ingredient.
    pub ingredient: String,
    /// When.
    pub at: Instant,
    /// By whom.
    pub by: UserId,
    /// How much, where that is known.
    #[serde(default)]
    pub amount: Option<Amount>,
}

/// A policy that was in force before.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Earlier {
    /// Before this instant.
    pub until: Instant,
    /// The policy.
    pub policy: Policy,
}

/// One home.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Home {
    /// Its id in topics.
    pub facility: FacilityId,
    /// The policy in force.
    pub policy: Policy,
    /// Those that were in force before it, oldest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub earlier: Vec<Earlier>,
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
    /// What was measured on each resident lately, and the last of each kind, oldest first.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub readings: BTreeMap<ResidentId, Vec<Measured>>,
    /// Messages that wait for a person.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub transcriptions: BTreeMap<FactId, Transcription>,
    /// Packages with a serial that were put in a pot lately, and for which dose.
    pub spent: BTreeMap<String, DoseId>,
    /// Version at which an order last changed.
    pub order_changed: BTreeMap<OrderId, u64>,
    /// Version at which a dose last changed.
    pub dose_changed: BTreeMap<DoseId, u64>,
    /// Every dose due before this instant that matters is in `doses`; one due later is folded in
    /// only to be forgotten. [`Instant::MAX`]: all are here.
    #[serde(skip, default = "everything")]
    pub reach: Instant,
    /// What follows from the rest; made by [`Home::index`], never sent.
    #[serde(skip)]
    index: Index,
}

const fn everything() -> Instant {
    Instant::MAX
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
            earlier: Vec::new(),
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
            readings: BTreeMap::new(),
            transcriptions: BTreeMap::new(),
            spent: BTreeMap::new(),
            order_changed: BTreeMap::new(),
            dose_changed: BTreeMap::new(),
            reach: Instant::MAX,
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

    /// Puts a reading in its place among those of its resident; one that is there already stays.
    pub fn put_reading(&mut self, reading: Measured) {
        let of_resident = self.readings.entry(reading.resident).or_default();
        let place = of_resident.partition_point(|other| other.rank() < reading.rank());
        if of_resident.get(place).is_none_or(|other| other.id != reading.id) {
            of_resident.insert(place, reading);
        }
    }

    /// A message for a person; one that is done waits no more.
    pub fn put_transcription(&mut self, t: Transcription) {
        match t.done {
            Some(_) => self.transcriptions.remove(&t.id),
            None => self.transcriptions.insert(t.id, t),
        };
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
            Fact::Reading(m) => self.put_reading((**m).clone()),
            Fact::Transcription(t) => self.put_transcription((**t).clone()),
            Fact::Scan(_) => {}
        }
    }

    fn apply_order_version(&mut self, v: &OrderVersion, version: u64) {
        self.order_changed.insert(v.order, version);
        let order = match self.orders.get(&v.order) {
            // The same doses, further on: they are planned already as far as they are.
            Some(old) if v.renews.is_some() => Order { current: v.clone(), ..old.clone() },
            Some(old) => {
                let plan = old.plan + 1;
                Order { current: v.clone(), plan, planned_until: None, ..old.clone() }
            }
            None => Order {
                current: v.clone(),
                plan: 1,
                planned_until: None,
                state: OrderState::Draft,
                since: v.start,
                reason: String::new(),
                hold: None,
                do_not_give: None,
                noted_by: None,
                verified_by: None,
            },
        };
        self.put_order(order);
        self.forget_older_plan(v.order);
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
            OrderAct::Held => {
                order.hold.clone_from(&e.hold);
                return;
            }
            OrderAct::Resumed => {
                order.state = OrderState::Active;
                order.hold = None;
            }
            OrderAct::DoNotGive => {
                let (since, by, reason) = (e.at, e.by, e.reason.clone());
                order.do_not_give = Some(DoNotGive { since, by, reason });
                return;
            }
            OrderAct::MayGive => {
                order.do_not_give = None;
                return;
            }
            OrderAct::Renewed => return,
            OrderAct::Back => {}
            // Who changed it accepted it into the home; somebody else confirms it.
            OrderAct::Changed | OrderAct::Corrected => {
                order.noted_by = e.by;
                order.verified_by = None;
                return;
            }
            OrderAct::HoursChanged | OrderAct::WindowsChanged => {
                // What a later version replaced is read again when a home is loaded.
                let new = e.hours.as_ref().filter(|_| e.version == order.current.version);
                let Some(new) = new else { return };
                order.take_hours(new);
                if e.act == OrderAct::HoursChanged {
                    order.plan += 1;
                    order.planned_until = None;
                    self.forget_older_plan(e.order);
                }
                return;
            }
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
            prescribed: d.prescribed,
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
        let of_plan = |o: &&mut Order| o.plan == dose.slot.plan && !dose.slot.is_removal();
        let planned = self.orders.get_mut(&dose.slot.order).filter(of_plan);
        if let Some(order) = planned {
            order.planned_until = order.planned_until.max(Some(d.due));
        }
        self.put_dose(dose);
        self.forget_far([d.dose]);
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
        // A dose is taken once, whenever it is said to have been.
        taken.retain(|t| t.dose != a.dose);
        if a.outcome.is_taken() {
            let (order, at) = (a.order, a.administered_at);
            taken.push(Taken { dose: a.dose, order, ingredient, at, by: a.by, amount: a.amount });
        }
    }
}
