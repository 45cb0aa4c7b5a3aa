//! A home that lives in a test: commands are decided and folded in, as by the write lane, and every
//! fact is kept beside it in a ledger that forgets nothing.

use emar_domain::administration::Override;
use emar_domain::amount::Amount;
use emar_domain::decide::{
    Actor, Answer, ChangeCommand, ChangeKind, ChartCommand, Command, Decision, HoldFor,
    OrderCommand, Refusal, Stamp, Stay, StayCommand, decide,
};
use emar_domain::dose::{Dose, Slot, Withdrawal};
use emar_domain::fact::Fact;
use emar_domain::home::Home;
use emar_domain::id::{AdministrationId, DoseId, OrderId, ResidentId, Slug, UserId};
use emar_domain::order::{Order, OrderState, OrderVersion, Timing};
use emar_domain::resident::Resident;
use emar_domain::role::Role;
use emar_domain::schedule::policy::Policy;
use emar_domain::time::Instant;
use emar_domain::zone::ZoneRules;
use serde::Serialize;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use uuid::Uuid;

pub(crate) const DAY: i64 = 24 * 60;
const SALT: [u8; 16] = [0; 16];
/// As long as the server keeps charted doses in memory.
pub(crate) const MEMORY_MINUTES: i64 = 36 * 60;

pub(crate) fn instant(text: &str) -> Instant {
    Instant::parse(text).unwrap()
}

pub(crate) fn new_york() -> ZoneRules {
    serde_json::from_str(include_str!("../../data/new_york_2026.json")).unwrap()
}

/// Three units; what is noted may be given.
pub(crate) fn policy(zone: &ZoneRules) -> Policy {
    serde_json::from_value(json!({
        "schema": 1, "facility": "oakhill", "name": "Oak Hill", "profile": "us",
        "zone": zone.name(),
        "units": {"east": {"rooms": ["112-B"]}, "north": {"rooms": ["212-B"]},
            "west": {"rooms": ["312-B"]}},
        "passes": {"morning": "07:00-10:30", "noon": "11:30-13:30", "evening": "16:00-18:30",
            "night": "20:00-22:30"},
        "windows": {"default": "facility_60"}, "giving": {"unverified": "allow"},
        "wristband": {"gsrn_prefix": "952123450", "pattern": "^R-[0-9A-HJKMNP-TV-Z]{8}$"}
    }))
    .unwrap()
}

pub(crate) fn nurse(n: u128) -> Actor {
    Actor { user: Some(UserId(Uuid::from_u128(n))), role: Role::Nurse, ..Actor::server() }
}

pub(crate) fn resident_id(n: u128) -> ResidentId {
    ResidentId(Uuid::from_u128(0x1_0000 + n))
}

pub(crate) fn order_id(n: u128) -> OrderId {
    OrderId(Uuid::from_u128(0xabc_0000 + n))
}

pub(crate) fn resident(n: u128, unit: &str) -> Resident {
    let payload = emar_domain::scan::wristband::payload(u64::try_from(n).unwrap());
    serde_json::from_value(json!({
        "id": resident_id(n), "family": "Garza", "given": "Ana", "birth_date": null, "unit": unit,
        "room": "112-B", "band": emar_domain::scan::wristband::code("R-", &payload),
        "state": "admitted",
    }))
    .unwrap()
}

pub(crate) fn planned(schedule: &Value) -> Value {
    json!({"when": "planned", "schedule": schedule})
}

pub(crate) fn clock(times: &[&str]) -> Value {
    planned(&json!({"kind": "clock", "times": times}))
}

pub(crate) fn once(at: Instant) -> Value {
    planned(&json!({"kind": "once", "at": at.to_string()}))
}

pub(crate) fn prn(minutes: i64, most: u32) -> Value {
    json!({"when": "prn", "indication": "pain", "interval_minutes_min": minutes,
        "per_day_max": most})
}

/// A version as it is received: windows of an hour, one tablet of 5 mg of a drug of its own.
pub(crate) fn version(order: u128, resident: u128, timing: &Value, start: Instant) -> OrderVersion {
    serde_json::from_value(json!({
        "order": order_id(order), "version": 1, "resident": resident_id(resident),
        "drug": {"ingredient": format!("drug {order}"), "name": "drug 5 mg tablet",
            "form": "tablet", "route": "po"},
        "dose": Amount::parse_text("5 mg").unwrap(), "timing": timing, "start": start,
        "before_minutes": 60, "after_minutes": 60,
        "source": {"sender": "pharmacy", "placer": order.to_string(), "version": "1"},
    }))
    .unwrap()
}

/// Answers to every doubt an order or a giving can meet.
pub(crate) fn answers() -> Vec<Override> {
    let codes = [
        "duplicate_order",
        "same_ingredient_ordered",
        "dose_early",
        "dose_late",
        "later_dose_given",
        "prn_reason_missing",
        "order_unverified",
        "order_not_active",
        "order_not_started",
        "order_held",
        "order_discontinued",
        "order_expired",
        "order_completed",
        "resident_absent",
        "resident_discharged",
        "order_changed",
        "prn_too_soon",
        "same_ingredient_recent",
        "other_patch_on",
        "prn_max_reached",
    ];
    codes
        .map(|code| Override {
            code: code.into(),
            reason: "looked at".into(),
            comment: None,
            contact: None,
        })
        .into()
}

/// What was done about a dose; `at` says when, if it is told afterwards.
pub(crate) fn charting(dose: DoseId, outcome: &str, at: Option<Instant>) -> ChartCommand {
    let reason = match outcome {
        "refused" => Some("REF"),
        "held" => Some("HOLD_NURSE"),
        "not_given" => Some("ASLEEP"),
        _ => None,
    };
    serde_json::from_value(json!({
        "dose": dose, "outcome": outcome, "reason": reason, "comment": "told", "salt": SALT,
        "mode": if at.is_some() { "past" } else { "now" }, "administered_at": at,
        "overrides": answers(),
    }))
    .unwrap()
}

/// A giving of a PRN order, told afterwards.
pub(crate) fn as_needed(order: OrderId, at: Instant) -> ChartCommand {
    serde_json::from_value(json!({
        "order": order, "outcome": "given", "salt": SALT, "mode": "past",
        "administered_at": at, "overrides": answers(),
    }))
    .unwrap()
}

pub(crate) fn hold(from: Option<Instant>, until: Option<Instant>) -> HoldFor {
    HoldFor { from, until, reason: "low pressure".into() }
}

/// One dose as the facts alone tell it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub(crate) struct Row {
    pub(crate) slot: Slot,
    pub(crate) resident: ResidentId,
    pub(crate) due: Instant,
    pub(crate) opens: Instant,
    pub(crate) closes: Instant,
    pub(crate) withdrawn: Option<Withdrawal>,
    pub(crate) outcome: Option<(AdministrationId, &'static str, Instant)>,
}

impl Row {
    pub(crate) fn is_open(&self) -> bool {
        self.outcome.is_none() && self.withdrawn.is_none()
    }
}

/// Every dose there ever was, folded from the facts without the product's own fold.
#[derive(Default)]
pub(crate) struct Ledger {
    pub(crate) rows: BTreeMap<DoseId, Row>,
    slots: BTreeMap<Slot, DoseId>,
    pub(crate) by_order: BTreeMap<OrderId, BTreeSet<DoseId>>,
    pub(crate) taken: BTreeMap<OrderId, Instant>,
    charted: BTreeSet<OrderId>,
}

impl Ledger {
    fn fold(&mut self, fact: &Fact) {
        match fact {
            Fact::Dose(d) => {
                let twice = self.slots.insert(d.slot, d.id);
                assert_eq!(twice, None, "a dose was planned twice: {:?}", d.slot);
                let at = d.planned_at;
                let row = Row {
                    slot: d.slot,
                    resident: d.resident,
                    due: at,
                    opens: at,
                    closes: at,
                    withdrawn: None,
                    outcome: None,
                };
                self.rows.insert(d.id, row);
                self.by_order.entry(d.slot.order).or_default().insert(d.id);
            }
            Fact::DoseDue(d) => {
                let row = self.rows.get_mut(&d.dose).unwrap();
                (row.due, row.opens, row.closes) = (d.due, d.opens, d.closes);
                row.withdrawn = d.withdrawn;
            }
            Fact::Administration(a) if a.effective => {
                let row = self.rows.get_mut(&a.dose).unwrap();
                row.outcome = Some((a.id, a.outcome.code(), a.administered_at));
                self.charted.insert(a.order);
                if a.outcome.is_taken() {
                    let last = self.taken.entry(a.order).or_insert(a.administered_at);
                    *last = a.administered_at.max(*last);
                }
            }
            _ => {}
        }
    }

    pub(crate) fn of(&self, order: OrderId) -> impl Iterator<Item = &Row> {
        self.by_order.get(&order).into_iter().flatten().map(|id| &self.rows[id])
    }

    /// What is settled for good at `now`: doses whose window has closed, byte for byte.
    pub(crate) fn settled(&self, from: Instant, now: Instant) -> String {
        let old = |row: &&Row| from <= row.due && row.closes < now;
        let rows: Vec<&Row> = self.rows.values().filter(old).collect();
        serde_json::to_string(&rows).unwrap()
    }

    /// Doses due in `from..to` that closed before `now` with nothing charted: those missed.
    pub(crate) fn missed(&self, from: Instant, to: Instant, now: Instant) -> String {
        let missed =
            |row: &&Row| from <= row.due && row.due < to && row.closes < now && row.is_open();
        let rows: Vec<&Row> = self.rows.values().filter(missed).collect();
        serde_json::to_string(&rows).unwrap()
    }
}

pub(crate) struct World {
    pub(crate) home: Home,
    pub(crate) now: Instant,
    pub(crate) ledger: Ledger,
    ids: u128,
    /// How far each order was planned, at which of its versions: the server's own memory of it.
    planned: BTreeMap<OrderId, (u64, Instant)>,
}

impl World {
    pub(crate) fn new(zone: ZoneRules, now: Instant) -> Self {
        let policy = policy(&zone);
        let home = Home::new(Slug::new("oakhill").unwrap(), policy, zone);
        let (ledger, planned) = (Ledger::default(), BTreeMap::new());
        Self { home, now, ledger, ids: 1 << 40, planned }
    }

    /// With residents 1 to `residents`, in turn in the three units.
    pub(crate) fn with_residents(zone: ZoneRules, now: Instant, residents: u128) -> Self {
        let mut world = Self::new(zone, now);
        for n in 1..=residents {
            let unit = ["east", "north", "west"][usize::try_from(n % 3).unwrap()];
            world.resident(resident(n, unit));
        }
        world
    }

    pub(crate) fn decide(&mut self, actor: &Actor, command: &Command) -> Decision {
        let mut ids = self.ids;
        let mut fresh = || {
            ids += 1;
            Uuid::from_u128(ids)
        };
        let mut stamp = Stamp { now: self.now, demo: false, fresh: &mut fresh };
        let decision = decide(&self.home, actor, command, &mut stamp);
        self.ids = ids;
        decision
    }

    pub(crate) fn fold(&mut self, decision: &Decision) {
        let version = self.home.version + decision.leaves.len() as u64;
        for fact in &decision.facts {
            self.home.apply(fact, version);
            self.ledger.fold(fact);
        }
        self.home.version = version;
    }

    pub(crate) fn run(&mut self, actor: &Actor, command: &Command) -> Decision {
        let decision = self.decide(actor, command);
        self.fold(&decision);
        decision
    }

    pub(crate) fn resident(&mut self, resident: Resident) {
        self.run(&Actor::server(), &Command::Resident(Box::new(resident))).answer.unwrap();
    }

    /// By the charge nurse, who may do all of it.
    pub(crate) fn stay(&mut self, n: u128, act: Stay) -> Result<Answer, Refusal> {
        let charge = Actor { role: Role::Charge, ..nurse(1) };
        self.run(&charge, &Command::Stay(StayCommand { resident: resident_id(n), act })).answer
    }

    pub(crate) fn order(&mut self, actor: &Actor, c: OrderCommand) -> Result<Answer, Refusal> {
        self.run(actor, &Command::Order(c)).answer
    }

    /// Received, noted, verified, and planned as soon as the horizon's worker comes by.
    pub(crate) fn receive(&mut self, version: OrderVersion) -> OrderId {
        let id = version.order;
        let received = OrderCommand::Receive(Box::new(version));
        self.order(&Actor::server(), received).unwrap();
        self.order(&nurse(1), OrderCommand::Note(id, answers())).unwrap();
        self.order(&nurse(2), OrderCommand::Verify(id)).unwrap();
        self.plan(&[id]);
        id
    }

    pub(crate) fn change(
        &mut self,
        version: OrderVersion,
        kind: ChangeKind,
    ) -> Result<Answer, Refusal> {
        let id = version.order;
        let version = OrderVersion { accepted: answers(), ..version };
        let c = ChangeCommand {
            version,
            kind,
            reason: "round of the physician".into(),
            charted: self.ledger.charted.contains(&id),
            last_taken: self.ledger.taken.get(&id).copied(),
        };
        self.order(&nurse(1), OrderCommand::Change(Box::new(c)))
    }

    pub(crate) fn chart(&mut self, c: ChartCommand) -> Result<Answer, Refusal> {
        self.run(&nurse(1), &Command::Chart(Box::new(c))).answer
    }

    pub(crate) fn plan(&mut self, orders: &[OrderId]) {
        for some in orders.chunks(32) {
            self.run(&Actor::server(), &Command::Plan(some.to_vec())).answer.unwrap();
        }
    }

    /// Plans what is not planned two days ahead, as the server keeps doing.
    pub(crate) fn plan_ahead(&mut self) {
        let near = self.now.plus_minutes(self.home.policy.horizon_minutes() - DAY).unwrap();
        let changed = |o: &Order| self.home.order_changed.get(&o.id()).copied().unwrap_or(0);
        let planned = |o: &Order| {
            self.planned.get(&o.id()).is_some_and(|(at, until)| *at == changed(o) && *until >= near)
        };
        let wants = |o: &&Order| {
            matches!(o.current.timing, Timing::Planned { .. })
                && matches!(o.state_at(self.now), OrderState::Active | OrderState::Held)
                && o.planned_until.is_none_or(|until| until < near)
                && !planned(o)
        };
        let wanting: Vec<&Order> = self.home.orders.values().filter(wants).collect();
        let until = self.now.plus_minutes(self.home.policy.horizon_minutes()).unwrap();
        let done: Vec<_> = wanting.iter().map(|o| (o.id(), (changed(o), until))).collect();
        let wanting: Vec<OrderId> = wanting.into_iter().map(Order::id).collect();
        self.planned.extend(done);
        self.plan(&wanting);
    }

    pub(crate) fn tick(&mut self) {
        self.run(&Actor::server(), &Command::Overdue(10_000)).answer.unwrap();
    }

    pub(crate) fn wait(&mut self, minutes: i64) {
        self.now = self.now.plus_minutes(minutes).unwrap();
    }

    /// A server that stops and comes back has what it had.
    pub(crate) fn restart(&mut self) {
        let text = serde_json::to_string(&self.home).unwrap();
        let back: Home = serde_json::from_str(&text).unwrap();
        let back = back.indexed();
        assert!(serde_json::to_string(&back).unwrap() == text, "the home is another one");
        for id in self.home.residents.keys() {
            assert!(back.doses_of(*id).eq(self.home.doses_of(*id)), "other doses after a restart");
            assert!(back.orders_of(*id).eq(self.home.orders_of(*id)), "other orders");
        }
        let all = Instant::MAX;
        assert!(back.overdue(all).eq(self.home.overdue(all)), "others are waited for");
        self.home = back;
        self.planned.clear();
    }

    pub(crate) fn forget(&mut self) {
        self.home.forget(self.now.plus_minutes(-MEMORY_MINUTES).unwrap());
    }

    pub(crate) fn doses(&self, order: OrderId) -> Vec<&Dose> {
        self.home.doses_of_order(order).collect()
    }
}
