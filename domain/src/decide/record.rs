//! What a decision gathers while it is made: facts, leaves, effects, and the cart as it will be.

use super::{Actor, Answer, Command, Decision, Effect, Refusal, Stamp};
use crate::alert::{Alert, AlertKind, AlertState};
use crate::audit::leaf::{Action, Fields, Leaf, Object, Outcome, salted_sha256};
use crate::cart::CartSession;
use crate::fact::{Fact, User};
use crate::home::Home;
use crate::id::{AlertId, CartId, DoseId, ResidentId};
use crate::time::{CivilDate, Instant};
use std::collections::{BTreeMap, BTreeSet};
use uuid::Uuid;

pub(super) struct Record<'a, 's> {
    pub(super) home: &'a Home,
    pub(super) actor: &'a Actor,
    pub(super) now: Instant,
    stamp: &'a mut Stamp<'s>,
    facts: Vec<Fact>,
    leaves: Vec<Leaf>,
    effects: Vec<Effect>,
    cart: Option<CartSession>,
    alerts: BTreeMap<AlertId, Alert>,
    settled: BTreeSet<DoseId>,
    prepared: Vec<DoseId>,
}

impl<'a, 's> Record<'a, 's> {
    pub(super) fn new(home: &'a Home, actor: &'a Actor, stamp: &'a mut Stamp<'s>) -> Self {
        Self {
            home,
            actor,
            now: stamp.now,
            stamp,
            facts: Vec::new(),
            leaves: Vec::new(),
            effects: Vec::new(),
            cart: None,
            alerts: BTreeMap::new(),
            settled: BTreeSet::new(),
            prepared: Vec::new(),
        }
    }

    pub(super) fn fresh(&mut self) -> Uuid {
        (self.stamp.fresh)()
    }

    pub(super) fn fact(&mut self, fact: Fact) {
        self.facts.push(fact);
    }

    pub(super) fn effect(&mut self, effect: Effect) {
        self.effects.push(effect);
    }

    /// The cart's session as it will be; changed in place, written once.
    pub(super) fn cart(&mut self, id: &CartId) -> &mut CartSession {
        let home = self.home;
        self.cart.get_or_insert_with(|| {
            home.carts.get(id).cloned().unwrap_or_else(|| CartSession::empty(id.clone()))
        })
    }

    /// An alert as it will be; `None` when it is not open.
    pub(super) fn alert(&mut self, id: AlertId) -> Option<&mut Alert> {
        if !self.alerts.contains_key(&id) {
            self.alerts.insert(id, self.home.alerts.get(&id)?.clone());
        }
        self.alerts.get_mut(&id)
    }

    /// A new alert.
    pub(super) fn raise(&mut self, alert: Alert) {
        self.alerts.insert(alert.id, alert);
    }

    /// Whether this decision has raised such an alert already.
    pub(super) fn has_raised(&self, kind: AlertKind, resident: ResidentId) -> bool {
        self.alerts.values().any(|a| a.kind == kind && a.resident == resident)
    }

    /// The open alert of a kind about a resident, on a date and in no pass, as it will be.
    pub(super) fn open_alert(
        &mut self,
        kind: AlertKind,
        resident: ResidentId,
        date: CivilDate,
    ) -> Option<&mut Alert> {
        let of = |a: &&Alert| {
            let key = (a.kind, a.resident, a.date, a.pass.as_str());
            key == (kind, resident, date, "none") && a.state != AlertState::Ended
        };
        let home = self.home;
        let mut all = self.alerts.values().chain(home.alerts.values());
        let id = all.find(of)?.id;
        self.alert(id)
    }

    /// A dose that needs nothing more; its alert may end with it.
    pub(super) fn settle(&mut self, dose: DoseId) {
        self.settled.insert(dose);
    }

    /// A dose that went into the pot; the leaf of its scan tells of it.
    pub(super) fn prepared(&mut self, dose: DoseId) {
        self.prepared.push(dose);
    }

    /// The doses that went into the pot, as a leaf names them.
    pub(super) fn put_in_pot(&self) -> String {
        self.prepared.iter().map(ToString::to_string).collect::<Vec<_>>().join(",")
    }

    pub(super) fn leaf(&mut self, action: Action, kind: &str, id: String) -> &mut Leaf {
        let actor = self.actor;
        let leaf = Leaf {
            id: self.fresh(),
            ts: self.now.micros(),
            demo: self.stamp.demo,
            tz: self.home.zone.name().as_str().to_owned(),
            facility: self.home.facility.as_str().to_owned(),
            actor: crate::audit::leaf::Actor {
                user: actor.user.map(|u| u.to_string()),
                role: Some(actor.role.code().to_owned()),
                session: actor.session.map(|s| s.to_string()),
                auth: Some(actor.auth.clone()),
                witness2: None,
            },
            device: actor.device.as_ref().map(|d| d.as_str().to_owned()),
            action,
            object: Object { kind: kind.to_owned(), id },
            resident: None,
            reason: None,
            before: None,
            after: None,
            comment_sha256: None,
            request_id: None,
            clock_offset_ms: None,
            outcome: Outcome::Done,
        };
        self.leaves.push(leaf);
        let last = self.leaves.len() - 1;
        &mut self.leaves[last]
    }

    /// Registers a record that no rule judges: one fact, one leaf.
    pub(super) fn register(&mut self, kind: &str, id: String, fact: Fact) -> Answer {
        self.leaf(Action::Config, kind, id);
        self.fact(fact);
        Answer::Done { count: 1 }
    }

    /// A person's account. A badge names one person: two who share it would chart as each other.
    pub(super) fn user(&mut self, user: &User) -> Result<Answer, Refusal> {
        let holder = self.home.user_by_badge(&user.badge.0).filter(|other| other.active);
        if user.active && holder.is_some_and(|other| other.id != user.id) {
            return Err(Refusal::new("badge_in_use", "badge"));
        }
        Ok(self.register("user_account", user.id.to_string(), Fact::User(Box::new(user.clone()))))
    }

    /// What a message was answered: a leaf alone, its row is the shell's.
    /// A policy taken over: a leaf alone, its row is the shell's.
    pub(super) fn policy(&mut self, version: u32, effective_from: Instant) -> Answer {
        let leaf = self.leaf(Action::Config, "policy", version.to_string());
        leaf.after = Some(fields([("effective_from", effective_from.micros().into())]));
        Answer::Done { count: 1 }
    }

    /// The leaf of a refused command: refusals are part of the trail.
    pub(super) fn refused(&mut self, command: &Command, refusal: &Refusal) {
        self.facts.clear();
        self.leaves.clear();
        self.effects.clear();
        self.cart = None;
        self.alerts.clear();
        self.settled.clear();
        self.prepared.clear();
        let (kind, id) = object_of(command);
        let leaf = self.leaf(Action::Execute, kind, id);
        leaf.outcome = Outcome::Refused;
        leaf.reason = Some(refusal.code.clone());
        if let Command::Witness(c) = command {
            leaf.actor.witness2 = Some(c.by.to_string());
        }
    }

    pub(super) fn into_decision(mut self, answer: Result<Answer, Refusal>) -> Decision {
        self.end_settled_alerts();
        let alerts = std::mem::take(&mut self.alerts);
        for alert in alerts.into_values() {
            let before = self.home.alerts.get(&alert.id);
            if before == Some(&alert) {
                continue;
            }
            // Salted anew each time, so the same words given twice are told twice.
            let quieted = before.is_none_or(|b| b.quiet_salt != alert.quiet_salt);
            let quiet = alert.quiet_reason.as_ref().zip(alert.quiet_salt.as_ref());
            let quiet = quiet.filter(|_| quieted).map(|(why, salt)| salted_sha256(salt, why));
            let resident = alert.resident;
            let state = alert.state.code();
            let rev = i64::from(alert.rev);
            let leaf = self.leaf(Action::Update, "alert", alert.id.to_string());
            leaf.resident = Some(resident.0);
            leaf.reason = quiet.map(|_| "quiet".to_owned());
            leaf.comment_sha256 = quiet;
            let level = i64::from(alert.level);
            leaf.after = Some(fields([
                ("state", state.into()),
                ("rev", rev.into()),
                ("level", level.into()),
            ]));
            self.effects.push(Effect::Alert(Box::new(alert.clone())));
            self.facts.push(Fact::Alert(Box::new(alert)));
        }
        if let Some(cart) = self.cart.take()
            && self.home.carts.get(&cart.cart) != Some(&cart)
        {
            self.facts.push(Fact::Cart(Box::new(cart)));
        }
        Decision { answer, facts: self.facts, leaves: self.leaves, effects: self.effects }
    }

    fn end_settled_alerts(&mut self) {
        let home = self.home;
        // Only what is missed ends by being charted; a double dose stays until a person looked.
        let missed = |a: &&Alert| a.kind == AlertKind::MissedDose;
        let covering = self.settled.iter().filter_map(|d| home.alert_of(*d));
        let touched: BTreeSet<AlertId> = covering.filter(missed).map(|a| a.id).collect();
        for id in touched {
            let settled = self.settled.clone();
            let now = self.now;
            let Some(alert) = self.alert(id) else { continue };
            let open = |d: &&DoseId| {
                !settled.contains(d) && home.doses.get(d).is_some_and(crate::dose::Dose::is_open)
            };
            if alert.doses.iter().find(open).is_none() {
                alert.state = AlertState::Ended;
                alert.ended = Some("charted".to_owned());
                alert.rev += 1;
                alert.changed_at = now;
            }
        }
    }

    /// Who the resident's name stands for in a leaf, and only their id.
    pub(super) fn about(leaf: &mut Leaf, resident: Option<ResidentId>) {
        leaf.resident = resident.map(|r| r.0);
    }
}

pub(super) fn fields<const N: usize>(all: [(&str, crate::audit::leaf::Value); N]) -> Fields {
    all.into_iter().map(|(k, v)| (k.to_owned(), v)).collect()
}

fn object_of(command: &Command) -> (&'static str, String) {
    use super::AlertCommand as A;
    match command {
        Command::Scan(c) => ("scan_event", c.id.to_string()),
        Command::Chart(c) => match (c.dose, c.order) {
            (Some(d), _) => ("dose", d.to_string()),
            (None, Some(o)) => ("orders", o.to_string()),
            (None, None) => ("dose", "none".to_owned()),
        },
        Command::Witness(c) => ("orders", c.order.to_string()),
        Command::Order(c) => ("orders", c.order().to_string()),
        Command::Measure(c) => ("resident", c.resident.to_string()),
        Command::Stay(c) => ("resident", c.resident.to_string()),
        Command::Alert(A::Accept(id, _) | A::Snooze(id, ..) | A::Escalate(id, _)) => {
            ("alert", id.to_string())
        }
        Command::User(user) => ("user_account", user.id.to_string()),
        Command::SignOn { user, .. } => ("user_account", user.to_string()),
        Command::SignOnFailed { device, .. } => ("device", device.to_string()),
        _ => ("facility", "home".to_owned()),
    }
}
