//! Laws of what is put on and taken off: every application has one removal of its own, nobody is
//! sent for what was never put on, and nothing goes on over what is on. Verdicts, 44 and rule 12.

use emar_domain::administration::{Mode, Outcome, Override};
use emar_domain::amount::Amount;
use emar_domain::decide::{Actor, ChartCommand, Command, Decision, OrderCommand, Stamp, decide};
use emar_domain::dose::{Dose, Withdrawal};
use emar_domain::home::Home;
use emar_domain::id::{DoseId, OrderId, ResidentId, Slug, UserId};
use emar_domain::order::{FirstDose, OrderVersion, OrderedDrug, Source, Timing};
use emar_domain::resident::{Resident, ResidentState};
use emar_domain::role::Role;
use emar_domain::time::Instant;
use emar_domain::verdict::{Check, filing_objections};
use proptest::prelude::*;
use serde_json::json;
use uuid::Uuid;

const DAY: i64 = 24 * 60;
const ORDER: OrderId = OrderId(Uuid::from_u128(0xabc));
const RESIDENT: ResidentId = ResidentId(Uuid::from_u128(7));

struct World {
    home: Home,
    now: Instant,
    ids: u128,
}

fn nurse(n: u128) -> Actor {
    Actor { user: Some(UserId(Uuid::from_u128(n))), role: Role::Nurse, ..Actor::server() }
}

fn resident() -> Resident {
    Resident {
        id: RESIDENT,
        family: "Garza".into(),
        given: "Ana".into(),
        nickname: "".into(),
        birth_date: None,
        unit: Slug::new("east").unwrap(),
        room: "112-B".into(),
        number: "".into(),
        band: "band".into(),
        state: ResidentState::Admitted,
        absences: vec![],
        left_because: String::new(),
        allergies: vec![],
        how_taken: String::new(),
        code_status: String::new(),
    }
}

impl World {
    /// A home whose one order is a patch, put on at `on` and off at `off` every `every` days, in
    /// the week in which the clocks go back.
    fn new(on: u32, off: u32, every: u32) -> Self {
        let rules = serde_json::from_str(include_str!("../data/new_york_2026.json")).unwrap();
        let policy = serde_json::from_value(json!({
            "schema": 1, "facility": "oakhill", "name": "Oak Hill", "profile": "us",
            "zone": "America/New_York", "units": {"east": {"rooms": ["112-B"]}},
            "passes": {"morning": "07:00-10:30"}, "windows": {"default": "facility_60"},
            "wristband": {"gsrn_prefix": "952123450", "pattern": "^R-[0-9A-HJKMNP-TV-Z]{8}$"}
        }));
        let home = Home::new(Slug::new("oakhill").unwrap(), policy.unwrap(), rules);
        let now = Instant::parse("2026-10-30T04:00:00Z").unwrap();
        let mut world = Self { home, now, ids: 1 << 40 };
        world.run(&Actor::server(), Command::Resident(Box::new(resident())));
        let apply = json!({"kind": "clock", "times": [format!("{on:02}:00")],
            "every_days": every, "anchor_date": "2026-10-30"});
        let remove = json!({"kind": "clock", "times": [format!("{off:02}:00")]});
        let schedule = |value| serde_json::from_value(value).unwrap();
        let timing = Timing::Pair { apply: schedule(apply), remove: schedule(remove) };
        let version = OrderVersion {
            order: ORDER,
            version: 1,
            resident: RESIDENT,
            drug: OrderedDrug {
                ingredient: "lidocaine".into(),
                name: "patch".into(),
                strength: None,
                form: "patch".into(),
                route: "top".into(),
            },
            dose: Amount::parse_text("1 patch").unwrap(),
            dose_text: String::new(),
            frequency: String::new(),
            timing,
            asked: None,
            start: now,
            stop: None,
            expires: None,
            prescriber: String::new(),
            renews: None,
            before_minutes: 60,
            after_minutes: 60,
            time_critical: false,
            indication: String::new(),
            instructions: String::new(),
            accepted: vec![],
            first_dose: FirstDose::NextTime,
            not_before: None,
            conditions: emar_domain::condition::Conditions::default(),
            allergy_override: None,
            entered_by: None,
            source: Source { sender: "p".into(), placer: "1".into(), version: "1".into() },
        };
        let received = Command::Order(OrderCommand::Receive(Box::new(version)));
        world.run(&Actor::server(), received).answer.unwrap();
        let note = Command::Order(OrderCommand::Note(ORDER, vec![]));
        world.run(&nurse(1), note).answer.unwrap();
        let verify = Command::Order(OrderCommand::Verify(ORDER));
        world.run(&nurse(2), verify).answer.unwrap();
        world
    }

    fn run(&mut self, actor: &Actor, command: Command) -> Decision {
        let mut ids = self.ids;
        let mut fresh = || {
            ids += 1;
            Uuid::from_u128(ids)
        };
        let mut stamp = Stamp { now: self.now, demo: false, fresh: &mut fresh };
        let decision = decide(&self.home, actor, &command, &mut stamp);
        self.ids = ids;
        let version = self.home.version + decision.leaves.len() as u64;
        decision.facts.iter().for_each(|fact| self.home.apply(fact, version));
        self.home.version = version;
        decision
    }

    fn plan(&mut self) -> usize {
        self.run(&Actor::server(), Command::Plan(vec![ORDER])).facts.len()
    }

    fn doses(&self, removals: bool) -> Vec<Dose> {
        let all = self.home.doses_of_order(ORDER);
        all.filter(|d| d.slot.is_removal() == removals).cloned().collect()
    }

    fn chart(&mut self, dose: DoseId, outcome: Outcome, reason: Option<&str>) -> bool {
        let why = |check: Check| Override {
            code: check.code().into(),
            reason: "law".into(),
            comment: None,
            contact: None,
        };
        let answered =
            [Check::RemovalEarly, Check::RemovalLate, Check::DoseLate, Check::DoseEarly].map(why);
        let c = ChartCommand {
            dose: Some(dose),
            order: None,
            outcome,
            reason: reason.map(str::to_owned),
            comment: Some("law".into()),
            salt: [0; 16],
            amount: None,
            mode: Mode::Past,
            administered_at: Some(self.now),
            overrides: answered.into(),
            witness: None,
            cart: None,
            list_version: None,
            corrects: None,
            corrected: None,
        };
        self.run(&nurse(2), Command::Chart(Box::new(c))).answer.is_ok()
    }
}

proptest! {
    /// Prescribed applications = doses, each with one removal after it and before the next; asking
    /// twice plans nothing, and nothing is expected to come off before something is on.
    #[test]
    fn every_application_has_one_removal(on in 0..24u32, worn in 1..24u32, every in 1..4u32) {
        let mut world = World::new(on, (on + worn) % 24, every);
        for _ in 0..8 {
            world.plan();
            prop_assert_eq!(world.plan(), 0);
            world.now = world.now.plus_minutes(DAY).unwrap();
        }
        let (applied, removals) = (world.doses(false), world.doses(true));
        prop_assert!(applied.len() >= 2, "{} applications", applied.len());
        prop_assert_eq!(applied.len(), removals.len());
        for (n, application) in applied.iter().enumerate() {
            let removal = &removals[n];
            let id = world.home.removal_of(application).map(|d| d.id);
            prop_assert_eq!(id, Some(removal.id));
            prop_assert!(removal.due > application.due);
            if let Some(next) = applied.get(n + 1) {
                prop_assert!(removal.due <= next.due);
            }
            prop_assert_eq!(removal.withdrawn, Some(Withdrawal::NotApplied));
        }
        let mut slots: Vec<_> = applied.iter().chain(&removals).map(|d| d.slot).collect();
        slots.sort_unstable();
        slots.dedup();
        prop_assert_eq!(slots.len(), applied.len() * 2, "an identity was given twice");
    }

    /// However applications and removals are charted: at most one is worn, what is worn was put on
    /// and not taken off, and while it is on the next meets check 44 and no other order of events
    /// does.
    #[test]
    fn nothing_goes_on_over_what_is_on(steps in prop::collection::vec(0..4u8, 1..20)) {
        let mut world = World::new(9, 21, 1);
        let mut on = None;
        for step in steps {
            world.plan();
            let next = world.doses(false).into_iter().find(|d| d.is_open());
            let Some(next) = next else { break };
            let order = world.home.orders[&ORDER].clone();
            let found = filing_objections(&world.home, &order, Some(&next), None, next.due);
            let stopped = found.iter().any(|o| o.code == Check::PreviousPatchOn);
            prop_assert_eq!(stopped, on.is_some());
            world.now = world.now.max(next.due);
            match step {
                0 => {
                    let done = world.chart(next.id, Outcome::Given, None);
                    prop_assert_eq!(done, on.is_none());
                    if done {
                        on = world.home.removal_of(&next).map(|d| d.id);
                    }
                }
                1 => prop_assert!(world.chart(next.id, Outcome::NotGiven, Some("OTHER"))),
                _ => {
                    let removal = world.home.worn(ORDER).map(|d| d.id);
                    prop_assert_eq!(removal, on);
                    if let Some(removal) = removal {
                        prop_assert!(world.chart(removal, Outcome::Removed, None));
                        on = None;
                    }
                }
            }
        }
    }
}
