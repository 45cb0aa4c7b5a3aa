//! Laws of the preview and of the list: what is told beforehand is what is there afterwards, and no
//! order is missing.

use emar_domain::administration::{Mode, Outcome, Override};
use emar_domain::amount::Amount;
use emar_domain::decide::{
    Actor, AwayFor, ChangeCommand, ChangeKind, ChartCommand, Command, Decision, HoldFor,
    OrderCommand, Stamp, Stay, StayCommand, decide, far_orders,
};
use emar_domain::dose::{Dose, Slot, Withdrawal};
use emar_domain::explain::{Reason, Standing, due_list, explain};
use emar_domain::fact::Fact;
use emar_domain::home::Home;
use emar_domain::id::{OrderId, ResidentId, Slug, UserId};
use emar_domain::order::{FirstDose, OrderState, OrderVersion, OrderedDrug, Source, Timing};
use emar_domain::preview::{Preview, Rehearsal, preview};
use emar_domain::resident::{AbsenceKind, Resident, ResidentState};
use emar_domain::role::Role;
use emar_domain::schedule::Schedule;
use emar_domain::time::Instant;
use proptest::prelude::*;
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet};
use uuid::Uuid;

const DAY: i64 = 24 * 60;

fn policy(unverified: &str) -> emar_domain::schedule::policy::Policy {
    serde_json::from_value(json!({
        "schema": 1, "facility": "oakhill", "name": "Oak Hill", "profile": "us",
        "zone": "America/New_York", "units": {"east": {"rooms": ["112-B"]}},
        "passes": {"morning": "07:00-10:30", "evening": "16:00-18:30"},
        "windows": {"default": "facility_60"}, "giving": {"unverified": unverified},
        "wristband": {"gsrn_prefix": "952123450", "pattern": "^R-[0-9A-HJKMNP-TV-Z]{8}$"}
    }))
    .unwrap()
}

fn instant(text: &str) -> Instant {
    Instant::parse(text).unwrap()
}

fn nurse(n: u128) -> Actor {
    Actor { user: Some(UserId(Uuid::from_u128(n))), role: Role::Nurse, ..Actor::server() }
}

fn resident(n: u128) -> Resident {
    Resident {
        id: ResidentId(Uuid::from_u128(n)),
        family: "Garza".into(),
        given: "Ana".into(),
        nickname: "".into(),
        birth_date: None,
        unit: Slug::new("east").unwrap(),
        room: "112-B".into(),
        number: "".into(),
        band: format!("band-{n}").as_str().into(),
        state: ResidentState::Admitted,
        absences: vec![],
        left_because: String::new(),
        allergies: vec![],
        how_taken: String::new(),
        code_status: String::new(),
    }
}

fn order_id(n: u8) -> OrderId {
    OrderId(Uuid::from_u128(0xabc_0000 + u128::from(n)))
}

fn version(order: u8, version: u32, timing: Timing, start: Instant) -> OrderVersion {
    OrderVersion {
        order: order_id(order),
        version,
        resident: resident(7).id,
        drug: OrderedDrug {
            ingredient: ["senna", "metformin"][usize::from(order % 2)].into(),
            name: "tablet".into(),
            strength: None,
            form: "tablet".into(),
            route: "po".into(),
        },
        dose: Amount::parse_text("500 mg").unwrap(),
        dose_text: String::new(),
        frequency: String::new(),
        timing,
        asked: None,
        start,
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
        source: Source {
            sender: "pharmacy".into(),
            placer: order.to_string(),
            version: version.to_string(),
        },
    }
}

fn answers() -> Vec<Override> {
    let answer = |code: &str| Override {
        code: code.into(),
        reason: "both".into(),
        comment: None,
        contact: None,
    };
    ["duplicate_order", "same_ingredient_ordered"].map(answer).into()
}

fn low_pressure() -> HoldFor {
    HoldFor { from: None, until: None, reason: "low pressure".into() }
}

fn clock(times: &[&str]) -> Timing {
    planned(json!({"kind": "clock", "times": times}))
}

fn planned(schedule: serde_json::Value) -> Timing {
    Timing::Planned { schedule: serde_json::from_value(schedule).unwrap() }
}

struct World {
    home: Home,
    now: Instant,
    ids: u128,
}

impl World {
    fn new(now: Instant, unverified: &str) -> Self {
        let rules = serde_json::from_str(include_str!("../data/new_york_2026.json")).unwrap();
        let home = Home::new(Slug::new("oakhill").unwrap(), policy(unverified), rules);
        let mut world = Self { home, now, ids: 1 << 40 };
        for n in [7, 8] {
            world.run(&Actor::server(), Command::Resident(Box::new(resident(n))));
        }
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

    fn receive(&mut self, v: OrderVersion) {
        let id = v.order;
        let received = Command::Order(OrderCommand::Receive(Box::new(v)));
        self.run(&Actor::server(), received).answer.unwrap();
        self.run(&nurse(1), Command::Order(OrderCommand::Note(id, answers()))).answer.unwrap();
        self.run(&nurse(2), Command::Order(OrderCommand::Verify(id))).answer.unwrap();
        self.run(&Actor::server(), Command::Plan(vec![id])).answer.unwrap();
    }

    /// Plans day by day and order by order, as a server that runs until `to` does.
    fn live_until(&mut self, to: Instant) {
        loop {
            for order in self.home.orders.keys().copied().collect::<Vec<_>>() {
                self.run(&Actor::server(), Command::Plan(vec![order])).answer.unwrap();
            }
            if self.now.plus_minutes(self.home.policy.horizon_minutes()).unwrap() >= to {
                return;
            }
            self.now = self.now.plus_minutes(DAY).unwrap();
        }
    }

    fn span(&self, from: i64, until: i64) -> (Option<Instant>, Option<Instant>) {
        (self.now.plus_minutes(from), self.now.plus_minutes(until))
    }

    fn copy(&self) -> Self {
        Self { home: self.home.clone(), now: self.now, ids: self.ids + (1 << 60) }
    }

    /// The home as a server has it in memory, whose doses far ahead are in the database alone.
    fn near(&self, minutes: i64) -> Self {
        let mut near = Self { home: self.home.clone(), ..*self };
        near.home.reach = self.now.plus_minutes(minutes).unwrap();
        near.home.forget_far(self.home.doses.keys().copied());
        near
    }

    /// Brings the doses that `command` may touch from the home that holds them all.
    fn bring(&mut self, full: &Self, command: &Command) {
        for order in far_orders(&self.home, command) {
            full.home.doses_of_order(order).for_each(|d| self.home.put_dose(d.clone()));
        }
    }

    fn open(&self, to: Instant) -> BTreeMap<Slot, Instant> {
        let open = self.home.doses_of(resident(7).id).filter(|d| d.is_open() && d.due < to);
        open.map(|d| (d.slot, d.due)).collect()
    }

    fn preview(
        &self,
        actor: &Actor,
        command: &OrderCommand,
        days: u32,
    ) -> Result<Preview, emar_domain::decide::Refusal> {
        let mut ids = 1u128 << 100;
        let mut fresh = || {
            ids += 1;
            Uuid::from_u128(ids)
        };
        let mut stamp = Stamp { now: self.now, demo: false, fresh: &mut fresh };
        preview(&self.home, actor, command, days, &mut stamp)
    }

    fn preview_stay(
        &self,
        actor: &Actor,
        command: &StayCommand,
        days: u32,
    ) -> Result<Preview, emar_domain::decide::Refusal> {
        let mut ids = 1u128 << 100;
        let mut fresh = || {
            ids += 1;
            Uuid::from_u128(ids)
        };
        let mut stamp = Stamp { now: self.now, demo: false, fresh: &mut fresh };
        let rehearsal = Rehearsal::of_stay(&self.home, actor, command, &mut stamp)?;
        Ok(rehearsal.preview(days, &mut stamp))
    }
}

fn schedules() -> impl Strategy<Value = Timing> {
    let time = (0..24u32, prop::sample::select(vec![0u32, 30])).prop_map(|(h, m)| (h, m));
    let times = prop::collection::btree_set(time, 0..4).prop_map(|times| {
        times.into_iter().map(|(h, m)| format!("{h:02}:{m:02}")).collect::<Vec<_>>()
    });
    let extra = prop::sample::select(vec![
        json!({}),
        json!({}),
        json!({"dow": ["mon", "thu"]}),
        json!({"every_days": 3, "anchor_date": "2026-10-20"}),
        json!({"every_days": 3}),
        json!({"cycle": {"on": 2, "off": 3, "anchor": "2026-10-25"}}),
        json!({"monthly": {"day": 15, "every": 1, "anchor": "2026-01"}}),
        json!({"monthly": {"day": 31, "every": 1, "anchor": "2026-01"}}),
        json!({"steps": [{"dose": "4 mg", "doses": 3}, {"dose": "2 mg", "doses": 2}]}),
        json!({"steps": [{"dose": "4 mg", "days": 3}], "anchor_date": "2026-10-30"}),
        json!({"alternate": ["5 mg", "2.5 mg"], "anchor_date": "2026-10-01"}),
    ]);
    let clock = (times, extra).prop_map(|(times, mut shape)| {
        shape["kind"] = json!("clock");
        shape["times"] = json!(times);
        planned(shape)
    });
    let interval = (1..3_000u32).prop_map(|minutes| {
        planned(json!({"kind": "interval", "minutes": minutes * 7,
            "anchor": "2026-10-30T11:00:00Z"}))
    });
    let once = (0..6i64).prop_map(|day| {
        let at = instant("2026-10-31T11:00:00Z").plus_minutes(day * DAY).unwrap();
        Timing::Planned { schedule: Schedule::Once(emar_domain::schedule::Once { at }) }
    });
    let prn = Just(Timing::prn("pain", Some(240), Some(4)));
    let none = Just(Timing::Unschedulable { reason: "days_missing".into() });
    prop_oneof![6 => clock, 2 => interval, 1 => once, 1 => prn, 1 => none]
}

/// What happens to a home; the number says to which order.
#[derive(Clone, Debug)]
enum Step {
    Receive(u8, Timing, i64, Option<i64>),
    Note(u8),
    Verify(u8),
    Hold(u8),
    Resume(u8),
    Discontinue(u8),
    EnteredInError(u8),
    Change(u8, Timing),
    Plan,
    Chart(u8),
    Away(bool),
    /// From and until, in minutes from now.
    AwayFor(i64, i64),
    Left(bool),
    HoldFor(u8, i64, i64),
    Mark(u8, bool),
    Wait(i64),
}

impl Step {
    fn command(&self, world: &World) -> Option<OrderCommand> {
        Some(match self {
            Self::Receive(n, timing, start, stop) => {
                let known = world.home.orders.get(&order_id(*n));
                let at = |minutes: i64| instant("2026-10-31T04:00:00Z").plus_minutes(minutes);
                let number = known.map_or(1, |o| o.current.version + 1);
                let mut v = version(*n, number, timing.clone(), at(*start).unwrap());
                v.stop = stop.and_then(|stop| at(start + stop));
                OrderCommand::Receive(Box::new(v))
            }
            Self::Note(n) => OrderCommand::Note(order_id(*n), answers()),
            Self::Verify(n) => OrderCommand::Verify(order_id(*n)),
            Self::Hold(n) => OrderCommand::Hold(order_id(*n), low_pressure()),
            Self::Resume(n) => OrderCommand::Resume(order_id(*n)),
            Self::Discontinue(n) => OrderCommand::Discontinue(order_id(*n), "stopped".into()),
            Self::EnteredInError(n) => {
                let (order, reason) = (order_id(*n), "another resident's".into());
                OrderCommand::EnteredInError { order, reason, charted: false }
            }
            Self::Change(n, timing) => {
                let order = world.home.orders.get(&order_id(*n))?;
                let number = order.current.version + 1;
                OrderCommand::Change(Box::new(ChangeCommand {
                    version: version(*n, number, timing.clone(), order.current.start),
                    kind: ChangeKind::NewVersion,
                    reason: "another hour".into(),
                    charted: false,
                    last_taken: None,
                }))
            }
            Self::HoldFor(n, from, until) => {
                let (from, until) = world.span(*from, *until);
                OrderCommand::Hold(order_id(*n), HoldFor { from, until, ..low_pressure() })
            }
            Self::Mark(n, true) => OrderCommand::DoNotGive(order_id(*n), "slow pulse".into()),
            Self::Mark(n, false) => OrderCommand::MayGive(order_id(*n), "asked".into()),
            Self::Plan
            | Self::Chart(_)
            | Self::Away(_)
            | Self::AwayFor(..)
            | Self::Left(_)
            | Self::Wait(_) => return None,
        })
    }
}

fn steps(orders_only: bool) -> impl Strategy<Value = Step> {
    let n = 0..3u8;
    let receive = (0..4u8, schedules(), 0..4 * DAY, prop::option::of(1..9 * DAY))
        .prop_map(|(n, timing, start, stop)| Step::Receive(n, timing, start, stop));
    let orders = prop_oneof![
        4 => receive,
        4 => n.clone().prop_map(Step::Note),
        1 => n.clone().prop_map(Step::Verify),
        2 => n.clone().prop_map(Step::Hold),
        1 => (n.clone(), 0..2 * DAY, 1..3 * DAY)
            .prop_map(|(n, at, len)| Step::HoldFor(n, at, at + len)),
        2 => n.clone().prop_map(Step::Resume),
        2 => (n.clone(), any::<bool>()).prop_map(|(n, mark)| Step::Mark(n, mark)),
        1 => n.clone().prop_map(Step::Discontinue),
        1 => n.clone().prop_map(Step::EnteredInError),
    ];
    let life = prop_oneof![
        4 => Just(Step::Plan),
        4 => n.prop_map(Step::Chart),
        1 => any::<bool>().prop_map(Step::Away),
        2 => (-DAY..2 * DAY, 0..3 * DAY).prop_map(|(at, len)| Step::AwayFor(at, at + len)),
        1 => any::<bool>().prop_map(Step::Left),
        4 => (1..DAY).prop_map(Step::Wait),
    ];
    prop_oneof![18 => orders, if orders_only { 0 } else { 16 } => life]
}

/// What happens to a stay.
fn stays() -> impl Strategy<Value = Step> {
    prop_oneof![
        2 => any::<bool>().prop_map(Step::Away),
        3 => (-DAY..2 * DAY, 0..3 * DAY).prop_map(|(at, len)| Step::AwayFor(at, at + len)),
        2 => any::<bool>().prop_map(Step::Left),
    ]
}

/// A new version of an order in force.
fn changes() -> impl Strategy<Value = Step> {
    (0..3u8, schedules()).prop_map(|(n, timing)| Step::Change(n, timing))
}

fn stay(act: Stay) -> (Actor, Command) {
    let charge = Actor { role: Role::Charge, ..nurse(1) };
    (charge, Command::Stay(StayCommand { resident: resident(7).id, act }))
}

/// What a step asks, and who; `None` for one that only waits, or finds nothing to chart.
fn asked(world: &World, step: &Step) -> Option<(Actor, Command)> {
    if let Some(command) = step.command(world) {
        return Some((nurse(1), Command::Order(command)));
    }
    match step {
        Step::Away(gone) => {
            let (kind, reason) = (AbsenceKind::Hospital, "fall".to_owned());
            let away = Stay::Away(AwayFor { kind, from: None, until: None, reason });
            Some(stay(if *gone { away } else { Stay::Return }))
        }
        Step::AwayFor(from, until) => {
            let (kind, reason) = (AbsenceKind::Leave, "family".to_owned());
            let (from, until) = world.span(*from, *until);
            Some(stay(Stay::Away(AwayFor { kind, from, until, reason })))
        }
        Step::Left(left) => {
            let gone = Stay::Discharge { reason: "moved".into(), deceased: false };
            Some(stay(if *left { gone } else { Stay::Readmit { room: None } }))
        }
        Step::Chart(n) => {
            let due = |d: &&Dose| d.is_open() && d.due <= world.now;
            let dose = world.home.doses_of_order(order_id(*n)).find(due)?.clone();
            let chart = ChartCommand {
                dose: Some(dose.id),
                order: None,
                outcome: Outcome::Given,
                reason: None,
                comment: None,
                salt: [0; 16],
                amount: None,
                mode: Mode::Past,
                administered_at: Some(dose.due),
                overrides: vec![],
                witness: None,
                cart: None,
                list_version: None,
                corrects: None,
                corrected: None,
            };
            Some((nurse(1), Command::Chart(Box::new(chart))))
        }
        Step::Plan => {
            let orders = world.home.orders.keys().copied().collect();
            Some((Actor::server(), Command::Plan(orders)))
        }
        _ => None,
    }
}

fn act(world: &mut World, step: &Step) {
    if let Step::Wait(minutes) = step {
        world.now = world.now.plus_minutes(*minutes).unwrap();
    }
    if let Some((actor, command)) = asked(world, step) {
        world.run(&actor, command);
    }
}

fn lived(unverified: &str, history: &[Step]) -> World {
    let mut world = World::new(instant("2026-10-31T15:00:00Z"), unverified);
    history.iter().for_each(|step| act(&mut world, step));
    world
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

    #[test]
    fn what_is_previewed_is_what_comes(
        history in prop::collection::vec(steps(false), 0..14),
        change in steps(true),
        days in 1..9u32,
    ) {
        let world = lived("forbid", &history);
        let command = change.command(&world).unwrap();
        let told = world.preview(&nurse(2), &command, days);
        prop_assert_eq!(&world.near(2 * DAY).preview(&nurse(2), &command, days), &told);
        let mut real = world.copy();
        let done = real.run(&nurse(2), Command::Order(command));
        let told = match (told, done.answer) {
            (Ok(told), Ok(_)) => told,
            (told, done) => {
                prop_assert_eq!(told.err(), done.err());
                return Ok(());
            }
        };
        if real.home.orders[&told.order.unwrap()].state == OrderState::Draft {
            let note = OrderCommand::Note(told.order.unwrap(), answers());
            let noted = real.run(&nurse(3), Command::Order(note)).answer.is_ok();
            prop_assert_eq!(noted, told.noted, "what was over before is not noted");
        }
        let mut undone = world.copy();
        real.live_until(told.to);
        undone.live_until(told.to);
        let (is, would) = (undone.open(told.to), real.open(told.to));

        let mut want = is.clone();
        for gone in &told.removed {
            prop_assert_eq!(want.remove(&gone.dose.slot), Some(gone.dose.due));
            let dose = real.home.doses.values().find(|d| d.slot == gone.dose.slot);
            prop_assert!(dose.is_none_or(|d| d.withdrawn == Some(gone.why)));
        }
        for moved in &told.moved {
            prop_assert_eq!(want.insert(moved.after.slot, moved.after.due), Some(moved.before.due));
        }
        for new in &told.added {
            prop_assert_eq!(want.insert(new.slot, new.due), None);
        }
        prop_assert_eq!(&want, &would);
        let stays = is.iter().filter(|(slot, due)| {
            Some(slot.order) == told.order && would.get(slot) == Some(due)
        });
        prop_assert_eq!(usize::try_from(told.unchanged).unwrap(), stays.count());
        let load = |of: fn(&emar_domain::preview::PassLoad) -> u32| -> u32 {
            told.load.iter().map(of).sum()
        };
        prop_assert_eq!(usize::try_from(load(|l| l.before)).unwrap(), is.len());
        prop_assert_eq!(usize::try_from(load(|l| l.after)).unwrap(), would.len());
    }

    #[test]
    fn what_is_previewed_of_a_stay_is_what_comes(
        history in prop::collection::vec(prop_oneof![3 => steps(false), 1 => stays()], 0..14),
        last in stays(),
        days in 1..9u32,
    ) {
        let world = lived("forbid", &history);
        let (actor, command) = asked(&world, &last).unwrap();
        let Command::Stay(of_stay) = &command else { panic!("{command:?}") };
        let told = world.preview_stay(&actor, of_stay, days);
        prop_assert_eq!(&world.near(2 * DAY).preview_stay(&actor, of_stay, days), &told);
        let mut real = world.copy();
        let done = real.run(&actor, command);
        let told = match (told, done.answer) {
            (Ok(told), Ok(_)) => told,
            (told, done) => {
                prop_assert_eq!(told.err(), done.err());
                return Ok(());
            }
        };
        let mut undone = world.copy();
        real.live_until(told.to);
        undone.live_until(told.to);
        let (is, would) = (undone.open(told.to), real.open(told.to));
        let mut want = is.clone();
        for gone in &told.removed {
            prop_assert_eq!(want.remove(&gone.dose.slot), Some(gone.dose.due));
            let dose = real.home.doses.values().find(|d| d.slot == gone.dose.slot);
            prop_assert!(dose.is_none_or(|d| d.withdrawn == Some(gone.why)));
        }
        prop_assert_eq!(usize::try_from(told.unchanged).unwrap(), want.len());
        for new in &told.added {
            prop_assert_eq!(want.insert(new.slot, new.due), None);
        }
        prop_assert_eq!(&want, &would);
        let load = |of: fn(&emar_domain::preview::PassLoad) -> u32| -> u32 {
            told.load.iter().map(of).sum()
        };
        prop_assert_eq!(usize::try_from(load(|l| l.before)).unwrap(), is.len());
        prop_assert_eq!(usize::try_from(load(|l| l.after)).unwrap(), would.len());
        let hours = |gap: emar_domain::preview::Gap| gap.to.at.seconds_since(gap.from.at);
        if let (Some(least), Some(most)) = (told.gap_min, told.gap_max) {
            prop_assert!(hours(least) <= hours(most));
            let added = |m: emar_domain::preview::Moment| {
                told.added.iter().any(|d| d.slot.order == m.order)
            };
            prop_assert!(added(least.to) && added(most.to));
        }
    }

    /// Hold, mark and absence come, go and overlap: none gives back what another keeps.
    #[test]
    fn a_dose_to_come_is_expected_unless_something_keeps_it_back(
        history in prop::collection::vec(steps(false), 0..30),
    ) {
        let world = lived("forbid", &history);
        let here = &world.home.residents[&resident(7).id];
        for order in world.home.orders.values().filter(|o| o.state_at(world.now).is_in_force()) {
            let to_come = |d: &&Dose| d.due >= world.now && d.outcome.is_none();
            for dose in world.home.doses_of_order(order.id()).filter(to_come) {
                let kept = here.absence_at(dose.due).is_some()
                    || order.mark_at(dose.due).is_some()
                    || order.hold_at(dose.due).is_some();
                match dose.withdrawn {
                    Some(Withdrawal::Superseded) => {}
                    Some(Withdrawal::Discontinued) => prop_assert!(!here.lives_here()),
                    None => prop_assert!(!kept && here.lives_here(), "{:?}", dose),
                    Some(_) => prop_assert!(kept || !here.lives_here(), "{:?}", dose),
                }
            }
        }
    }

    /// What a server decides, with only the far doses at hand that it was told to bring, is what is
    /// decided on a home that holds every dose; and afterwards it holds what it would have loaded.
    #[test]
    fn far_doses_are_brought_where_they_matter(
        first in prop::collection::vec(schedules(), 3),
        history in prop::collection::vec(prop_oneof![9 => steps(false), 2 => changes()], 0..8),
        last in prop_oneof![
            4 => steps(false),
            3 => changes(),
            2 => (0..3u8).prop_map(Step::Resume),
        ],
        minutes in 2 * DAY..3 * DAY,
    ) {
        let planned = first.into_iter().zip(0..).flat_map(|(timing, n)| {
            [Step::Receive(n, timing, 0, None), Step::Note(n), Step::Plan]
        });
        let history: Vec<Step> = planned.chain(history).collect();
        let mut full = lived("allow", &history);
        let mut near = full.near(minutes);
        let Some((actor, command)) = asked(&full, &last) else { return Ok(()) };
        near.bring(&full, &command);
        let (all, some) = (full.run(&actor, command.clone()), near.run(&actor, command));
        prop_assert_eq!((&some.answer, &some.facts), (&all.answer, &all.facts));
        prop_assert_eq!(some.leaves, all.leaves);
        let reach = near.home.reach;
        near.home.forget_far(full.home.doses.keys().copied());
        let kept = |d: &&Dose| d.due < reach || full.home.is_passed_over(d);
        let within: Vec<&Dose> = full.home.doses.values().filter(kept).collect();
        prop_assert_eq!(near.home.doses.values().collect::<Vec<_>>(), within);
        prop_assert_eq!(near.home.orders, full.home.orders);
    }

    #[test]
    fn no_active_order_is_missing_from_the_list(
        history in prop::collection::vec(steps(false), 0..20),
        forbid in any::<bool>(),
    ) {
        let world = lived(if forbid { "forbid" } else { "allow" }, &history);
        let list = due_list(&world.home, resident(7).id, world.now);
        let of_doses: BTreeSet<OrderId> = list.doses.iter().map(|d| d.slot.order).collect();
        let others: BTreeSet<OrderId> = list.others.iter().map(|(o, _)| o.id()).collect();
        prop_assert_eq!(others.len(), list.others.len(), "an order twice");
        prop_assert!(others.is_disjoint(&of_doses));
        for order in world.home.orders.values() {
            let state = order.state_at(world.now);
            let wanted = state == OrderState::Draft || state.is_in_force();
            let listed = others.contains(&order.id()) || of_doses.contains(&order.id());
            prop_assert!(listed || !wanted, "{:?} is on no list", order);
        }
    }

    #[test]
    fn what_is_explained_is_true(history in prop::collection::vec(steps(false), 0..20)) {
        let world = lived("allow", &history);
        for order in world.home.orders.values() {
            let mut later = world.copy();
            let first = |w: &World| w.home.doses_of_order(order.id())
                .find(|d| d.is_open()).map(|d| d.due);
            let standing = explain(&world.home, order, world.now);
            let near = world.near(2 * DAY);
            let told = explain(&near.home, &near.home.orders[&order.id()], world.now);
            prop_assert_eq!(&told, &standing);
            match standing {
                Standing::Due { dose } => {
                    prop_assert!(dose.opens <= world.now);
                    later.live_until(world.now);
                    prop_assert_eq!(first(&later), Some(dose.due));
                }
                Standing::NotDue { reason, next: Some(next) } => {
                    later.live_until(next.due.plus_micros(1).unwrap());
                    use Reason::{Away, Charted, Held, OpensLater};
                    match reason {
                        OpensLater | Charted { .. } => {
                            prop_assert!(next.opens > world.now);
                            prop_assert_eq!(first(&later), Some(next.due));
                        }
                        Held { until: Some(_), .. } | Away { until: Some(_), .. } => {
                            let mut to_come = later.home.doses_after(order.id(), world.now);
                            let first = to_come.find(|d| d.is_open()).map(|d| d.due);
                            prop_assert_eq!(first, Some(next.due));
                        }
                        other => prop_assert!(false, "{:?}", other),
                    }
                }
                Standing::NotDue { reason, next: None } => {
                    later.live_until(world.now.plus_minutes(40 * DAY).unwrap());
                    prop_assert_eq!(first(&later).filter(|due| *due >= world.now), None);
                    let state = order.state_at(world.now) == OrderState::Active;
                    let ended = matches!(reason, Reason::AllDone | Reason::Charted { .. });
                    prop_assert!(!ended || state);
                }
            }
        }
    }
}

/// Model, section 1, "dose": a dose of the old plan, given after the change, takes what the new
/// plan has within half an interval; of a weekly order that is farther ahead than memory reaches.
#[test]
fn a_dose_given_late_spaces_the_new_plan_beyond_memory() {
    let weekly =
        |anchor: &str| planned(json!({"kind": "interval", "minutes": 7 * DAY, "anchor": anchor}));
    let mut full = World::new(instant("2026-10-29T15:00:00Z"), "allow");
    let start = instant("2026-10-29T11:00:00Z");
    full.receive(version(1, 1, weekly("2026-10-30T11:00:00Z"), start));
    full.now = instant("2026-10-30T12:00:00Z");
    let change = Step::Change(1, weekly("2026-11-02T11:00:00Z"));
    [change, Step::Plan].iter().for_each(|step| act(&mut full, step));
    let (actor, chart) = asked(&full, &Step::Chart(1)).expect("the dose of the old plan is open");
    let superseded = |d: &Decision| {
        let of = |fact: &Fact| matches!(fact, Fact::DoseDue(due) if due.withdrawn.is_some());
        d.facts.iter().filter(|fact| of(fact)).count()
    };
    let mut near = full.near(2 * DAY);
    assert_eq!(superseded(&near.copy().run(&actor, chart.clone())), 0, "it is out of reach");
    near.bring(&full, &chart);
    assert_eq!(superseded(&near.run(&actor, chart)), 1);
}

fn two_orders() -> World {
    let mut world = World::new(instant("2026-11-02T13:00:00Z"), "forbid");
    let start = instant("2026-11-01T05:00:00Z");
    world.receive(version(1, 1, clock(&["09:00", "17:00"]), start));
    world
}

#[test]
fn a_second_order_of_the_drug_shows_nearness_totals_and_load() {
    let world = two_orders();
    let start = instant("2026-11-01T05:00:00Z");
    let mut second = version(3, 1, clock(&["10:00"]), start);
    second.dose = Amount::parse_text("1 g").unwrap();
    let command = OrderCommand::Receive(Box::new(second.clone()));
    let told = world.preview(&Actor::server(), &command, 2).unwrap();
    assert!(told.noted);
    assert_eq!(told.to, instant("2026-11-04T05:00:00Z"));
    let added: Vec<Instant> = told.added.iter().map(|d| d.due).collect();
    assert_eq!(added, [instant("2026-11-02T15:00:00Z"), instant("2026-11-03T15:00:00Z")]);
    assert!(told.removed.is_empty() && told.moved.is_empty());
    let near: Vec<i64> =
        told.overlaps.iter().map(|o| o.second.at.seconds_since(o.first.at) / 3600).collect();
    // 10:00 is daily: half of its day lies between it and the doses of 09:00 and 17:00.
    assert_eq!(near, [1, 7, 1, 7]);
    assert_eq!(told.overlaps[0].ingredient, "metformin");
    let days: Vec<(String, String, String)> = told
        .totals
        .iter()
        .map(|t| {
            let text = |all: &[Amount]| format!("{all:?}");
            (t.date.to_string(), text(&t.before.amounts), text(&t.after.amounts))
        })
        .collect();
    let day = |date: &str| (date.to_owned(), "[1,000 mg]".to_owned(), "[2,000 mg]".to_owned());
    assert_eq!(days, [day("2026-11-02"), day("2026-11-03")]);
    let load: Vec<(&str, u32, u32)> =
        told.load.iter().map(|l| (l.pass.as_str(), l.before, l.after)).collect();
    let pass = [("evening", 1, 1), ("morning", 1, 2)];
    assert_eq!(load, [pass, pass].concat());

    second.dose = Amount::parse_text("2 tablets").unwrap();
    let command = OrderCommand::Receive(Box::new(second));
    let told = world.preview(&Actor::server(), &command, 1).unwrap();
    assert_eq!(format!("{:?}", told.totals[0].after.amounts), "[1,000 mg, 2 tablet]");
}

#[test]
fn gaps_are_those_between_neighbours_of_the_order() {
    let world = World::new(instant("2026-11-02T11:00:00Z"), "forbid");
    let start = instant("2026-11-01T05:00:00Z");
    let v = version(1, 1, clock(&["08:00", "10:00", "20:00"]), start);
    let told = world.preview(&Actor::server(), &OrderCommand::Receive(Box::new(v)), 2).unwrap();
    let hours = |gap: Option<emar_domain::preview::Gap>| {
        gap.map(|g| g.to.at.seconds_since(g.from.at) / 3600)
    };
    assert_eq!((hours(told.gap_min), hours(told.gap_max)), (Some(2), Some(12)));
    assert_eq!(told.overlaps.len(), 2, "08:00 and 10:00 lie nearer than four hours, twice");
}

#[test]
fn a_taper_is_added_up_by_the_doses_it_names() {
    let world = World::new(instant("2026-11-02T11:00:00Z"), "forbid");
    let start = instant("2026-11-02T05:00:00Z");
    let steps = json!({"kind": "clock", "times": ["08:00", "20:00"], "anchor_date": "2026-11-02",
        "steps": [{"dose": "20 mg", "days": 1}, {"dose": "half a tablet", "days": 1},
            {"dose": "5 mg", "days": 1}]});
    let v = version(1, 1, planned(steps), start);
    let told = world.preview(&Actor::server(), &OrderCommand::Receive(Box::new(v)), 3).unwrap();
    let sums: Vec<(String, usize)> = told
        .totals
        .iter()
        .map(|t| (format!("{:?}", t.after.amounts), t.after.left_out.len()))
        .collect();
    let want = [("[40 mg]", 0), ("[]", 1), ("[10 mg]", 0)].map(|(a, n)| (a.to_owned(), n));
    assert_eq!(sums, want);
}

#[test]
fn a_hold_takes_the_doses_planned_and_those_not_planned_yet() {
    let world = two_orders();
    let hold = OrderCommand::Hold(order_id(1), low_pressure());
    let told = world.preview(&nurse(1), &hold, 6).unwrap();
    assert_eq!((told.removed.len(), told.unchanged), (12, 0));
    assert!(told.removed.iter().all(|gone| gone.why == Withdrawal::Held));
    assert_eq!((told.gap_min, told.overlaps.len()), (None, 0));
}

#[test]
fn a_refused_change_is_told_as_refused() {
    let world = two_orders();
    let refused = world.preview(&nurse(1), &OrderCommand::Resume(order_id(1)), 3).unwrap_err();
    assert_eq!(refused.code, "order_state");
}

/// Schedules, rule 1: a time passed over for a first dose now is never told as the next, however
/// far ahead it lies.
#[test]
fn what_was_passed_over_is_no_dose_to_come() {
    let start = instant("2026-11-02T14:00:00Z");
    let monthly = planned(json!({"kind": "clock", "times": ["09:00"],
        "monthly": {"day": 12, "every": 1, "anchor": "2026-01"}}));
    let mut full = World::new(start, "allow");
    let order = OrderVersion { first_dose: FirstDose::Now, ..version(1, 1, monthly, start) };
    full.receive(order);
    act(&mut full, &Step::Chart(1));
    let near = full.near(2 * DAY);
    let next = Some(instant("2026-12-12T14:00:00Z"));
    for world in [&full, &near] {
        let told = explain(&world.home, &world.home.orders[&order_id(1)], world.now);
        assert!(
            matches!(told, Standing::NotDue { next: Some(dose), .. } if Some(dose.due) == next)
        );
        let hold = OrderCommand::Hold(order_id(1), low_pressure());
        let told = world.preview(&nurse(1), &hold, 45).unwrap();
        assert_eq!(told.removed.iter().map(|gone| Some(gone.dose.due)).collect::<Vec<_>>(), [next]);
    }
}

#[test]
fn each_standing_has_its_reason() {
    let start = instant("2026-11-01T05:00:00Z");
    let why = |world: &World| {
        let order = &world.home.orders[&order_id(1)];
        match explain(&world.home, order, world.now) {
            Standing::Due { dose } => format!("due {}", dose.due),
            Standing::NotDue { reason, next } => {
                let next = next.map_or(String::new(), |n| format!(" next {}", n.due));
                format!("{}{next}", reason.code())
            }
        }
    };
    let order = |timing: Timing| {
        let mut world = World::new(instant("2026-11-02T13:00:00Z"), "forbid");
        world.receive(version(1, 1, timing, start));
        world
    };
    let mut world = order(clock(&["08:30"]));
    assert_eq!(why(&world), "due 2026-11-02T13:30:00Z");
    let id = order_id(1);
    world.run(&nurse(1), Command::Order(OrderCommand::Hold(id, low_pressure())));
    assert_eq!(why(&world), "held");
    world.run(&nurse(1), Command::Order(OrderCommand::Resume(id)));
    world.now = world.now.plus_minutes(60).unwrap();
    act(&mut world, &Step::Chart(1));
    assert_eq!(why(&world), "charted next 2026-11-03T13:30:00Z");
    act(&mut world, &Step::Away(true));
    assert_eq!(why(&world), "resident_absent");
    world.run(&nurse(1), Command::Order(OrderCommand::Discontinue(id, "stopped".into())));
    assert_eq!(why(&world), "discontinued");

    let mut entered = World::new(instant("2026-11-02T13:00:00Z"), "forbid");
    let mut v = version(1, 1, clock(&["08:30"]), start);
    v.entered_by = nurse(5).user;
    entered.run(&nurse(5), Command::Order(OrderCommand::Receive(Box::new(v))));
    assert_eq!(why(&entered), "draft");
    entered.run(&nurse(1), Command::Order(OrderCommand::Note(id, answers())));
    act(&mut entered, &Step::Plan);
    assert_eq!(why(&entered), "order_unverified next 2026-11-02T13:30:00Z");

    let monthly = json!({"kind": "clock", "times": ["09:00"],
        "monthly": {"day": 1, "every": 3, "anchor": "2026-01"}});
    assert_eq!(why(&order(planned(monthly))), "opens_later next 2027-01-01T14:00:00Z");
    let seldom = json!({"kind": "clock", "times": ["09:00"],
        "monthly": {"day": 1, "every": 24, "anchor": "2026-01"}});
    assert_eq!(why(&order(planned(seldom))), "opens_later next 2028-01-01T14:00:00Z");
    let no_days = planned(json!({"kind": "clock", "times": ["09:00"], "every_days": 2}));
    assert_eq!(why(&order(no_days)), "unschedulable");
    let unreadable = Timing::Unschedulable { reason: "days_missing".into() };
    assert_eq!(why(&order(unreadable)), "unschedulable");
    let steps = json!({"kind": "clock", "times": ["08:00"], "anchor_date": "2026-10-01",
        "steps": [{"dose": "5 mg", "days": 2}]});
    assert_eq!(why(&order(planned(steps))), "all_done");

    // Ordered for 08:00, noted at 08:10 while the resident is away for a minute: what was due
    // before is no dose to come.
    let once = planned(json!({"kind": "once", "at": "2026-11-02T08:00:00-05:00"}));
    let mut late = World::new(instant("2026-11-02T13:10:00Z"), "allow");
    let received = Command::Order(OrderCommand::Receive(Box::new(version(1, 1, once, start))));
    late.run(&Actor::server(), received).answer.unwrap();
    late.run(&nurse(1), Command::Order(OrderCommand::Note(id, answers()))).answer.unwrap();
    act(&mut late, &Step::AwayFor(0, 1));
    assert_eq!(why(&late), "resident_absent");
}
