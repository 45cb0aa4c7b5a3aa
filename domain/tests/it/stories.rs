//! Failure stories 1 to 13, each with the test that would have caught it; what an order says on the
//! wire (4, 6 and the messages of 2 and 3) is tested where messages are read, in
//! `src/exchange/fhir/tests/stories.rs`.

use crate::expansion::zone::{Shown, ZONES, Zone};
use crate::scenario::Script;
use crate::world::{
    DAY, Row, World, answers, as_needed, charting, clock, hold, instant, new_york, nurse, once,
    planned, prn, resident_id, version,
};
use emar_domain::administration::{Mode, Outcome, Override};
use emar_domain::alert::{Alert, AlertKind};
use emar_domain::amount::{Amount, Unit};
use emar_domain::decide::{
    Actor, Answer, AwayFor, ChangeKind, ChartCommand, Command, Decision, OrderCommand, RenewFor,
    Stay, is_overdue, order_fault,
};
use emar_domain::dose::DoseState;
use emar_domain::drug::{Label, Product, Strength};
use emar_domain::explain::{Reason, Standing, due_list, explain, unlisted};
use emar_domain::fact::Fact;
use emar_domain::home::Home;
use emar_domain::id::{LabelId, OrderId, ProductId, Slug};
use emar_domain::order::{OrderState, OrderVersion, Timing};
use emar_domain::order_check::{self, Occasion};
use emar_domain::resident::AbsenceKind;
use emar_domain::role::Role;
use emar_domain::schedule::{
    ClockChange, Expansion, Flag, Interval, Merged, OrderLife, PlannedDose, Schedule, Span, expand,
};
use emar_domain::time::{CivilDate, CivilDateTime, CivilTime, Instant};
use emar_domain::verdict::read::named;
use emar_domain::verdict::{Check, Param, filing_objections, judge};
use emar_domain::zone::{GapPolicy, OverlapPolicy, ZoneRules};
use proptest::prelude::*;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use uuid::Uuid;

fn hhmm(minute: u32) -> String {
    format!("{:02}:{:02}", minute / 60, minute % 60)
}

fn schedule(value: &Value) -> Schedule {
    serde_json::from_value(value.clone()).unwrap()
}

fn doses(schedule: &Schedule, life: &OrderLife, zone: &ZoneRules, range: Span) -> Vec<PlannedDose> {
    expand(life, schedule, zone, ClockChange::default(), range).unwrap().due
}

fn plus(at: Instant, minutes: i64) -> Instant {
    at.plus_minutes(minutes).unwrap()
}

fn days(at: Instant, from: i64, to: i64) -> Span {
    Span { from: plus(at, from * DAY), to: plus(at, to * DAY) }
}

fn given(facts: &[Fact]) -> usize {
    facts.iter().filter(|f| matches!(f, Fact::Administration(_))).count()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 100, ..ProptestConfig::default() })]

    /// A morning for three days, then twice a day: the second stage began on the evening of the
    /// first one's last morning. The clocks go back on the third day.
    #[test]
    fn story_01_overlapping_stages(
        starts in 0..2_880i64,
        shared in prop::collection::btree_set(0..96u32, 1..5)
            .prop_map(|set| set.into_iter().collect::<Vec<u32>>())
            .prop_shuffle(),
        stages in prop::collection::vec((1..9u32, 1..5usize, any::<bool>()), 2..5),
        by_days in any::<bool>(),
    ) {
        let zone = new_york();
        let start = plus(instant("2026-10-30T04:00:00Z"), starts);
        let shared: Vec<u32> = shared.into_iter().map(|quarter| quarter * 15).collect();
        // Each stage has some of the same times; of any two, one has all that the other has.
        let times = |many: usize, all: bool| -> Vec<u32> {
            let many = if all { shared.len() } else { many.min(shared.len()) };
            let mut times = shared[..many].to_vec();
            times.sort_unstable();
            times
        };
        let steps: Vec<Value> = stages.iter().enumerate().map(|(n, (length, many, all))| {
            let of: Vec<String> = times(*many, *all).into_iter().map(hhmm).collect();
            let unit = if by_days { "days" } else { "doses" };
            json!({"dose": format!("{n} mg"), unit: length, "times": of})
        }).collect();
        let anchor = zone.to_civil(start).date();
        let schedule = schedule(&json!({"kind": "clock", "anchor_date": anchor, "steps": steps}));
        let life = OrderLife { start: Some(start), ..OrderLife::default() };
        let found = doses(&schedule, &life, &zone, days(start, -1, 40));
        let stage = |dose: &PlannedDose| {
            dose.dose.as_deref().unwrap().split(' ').next().unwrap().parse::<usize>().unwrap()
        };
        for pair in found.windows(2) {
            prop_assert!(pair[0].at < pair[1].at, "two doses at once: {:?}", pair);
            prop_assert!(stage(&pair[0]) <= stage(&pair[1]), "a stage begins early: {:?}", pair);
        }
        let mut a_day: BTreeMap<_, Vec<&PlannedDose>> = BTreeMap::new();
        found.iter().for_each(|dose| a_day.entry(dose.date).or_default().push(dose));
        for (date, of_day) in a_day {
            let most = of_day.iter().map(|d| times(stages[stage(d)].1, stages[stage(d)].2).len());
            prop_assert!(of_day.len() <= most.max().unwrap(), "{}: {:?}", date, of_day);
        }
        // No hole either: the next stage begins with the first of its own times after the last dose,
        // or on the day after where stages are counted in days.
        for pair in found.windows(2).filter(|pair| stage(&pair[0]) != stage(&pair[1])) {
            let (last, next) = (pair[0].prescribed, stage(&pair[1]));
            let days = if by_days { 1..=1 } else { 0..=1 };
            let days = days.map(|n| last.date().plus_days(n).unwrap());
            let times = times(stages[next].1, stages[next].2);
            let of_day = |date: CivilDate| {
                times.iter().map(move |m| date.at(CivilTime::parse(&hhmm(*m)).unwrap()))
            };
            let first = days.flat_map(of_day).find(|time| *time > last);
            prop_assert_eq!(next, stage(&pair[0]) + 1, "a stage was left out: {:?}", pair);
            prop_assert_eq!(Some(pair[1].prescribed), first, "a hole: {:?}", pair);
        }
        prop_assert_eq!(found.last().map(stage), Some(stages.len() - 1), "a stage never came");
        // A stage that another follows is as long as it was prescribed. The start of the order may
        // cut off the first day.
        let reached = stages.len();
        for (n, (length, ..)) in stages.iter().enumerate().take(reached) {
            let of_stage: Vec<&PlannedDose> = found.iter().filter(|d| stage(d) == n).collect();
            let dates: BTreeSet<_> = of_stage.iter().map(|d| d.date).collect();
            let lasts = if by_days { dates.len() } else { of_stage.len() };
            let cut = by_days && n == 0 && lasts + 1 == usize::try_from(*length).unwrap();
            prop_assert!(cut || lasts == usize::try_from(*length).unwrap(), "stage {}: {}", n, lasts);
        }

        // What a home plans piece by piece is the same course.
        let mut world = World::with_residents(zone, start, 1);
        let mut taper = version(1, 1, &clock(&["09:00"]), start);
        taper.timing = Timing::Planned { schedule };
        let order = world.receive(taper);
        for _ in 0..30 {
            world.wait(DAY);
            world.plan_ahead();
        }
        let reach = plus(world.now, DAY);
        let home: Vec<Instant> =
            world.doses(order).iter().map(|d| d.due).filter(|due| *due < reach).collect();
        let course: Vec<Instant> = found.iter().map(|d| d.at).filter(|at| *at < reach).collect();
        prop_assert_eq!(home, course);
    }
}

/// Runs a scenario that a nurse can read; `every_scenario_holds` runs it too.
fn told(text: &str) -> Script {
    let mut script = Script::new();
    for (n, line) in text.lines().enumerate() {
        if let Err(why) = script.step(line) {
            panic!("line {}: {line}\n{why}", n + 1);
        }
    }
    script
}

fn scan(script: &mut Script, cart: &str, raw: &str) -> Decision {
    let cart = Slug::new(cart).unwrap();
    let session = &script.home.carts[&cart];
    let user = session.user;
    let role = user.map_or(Role::Device, |u| script.home.users[&u].role);
    let actor = Actor { user, role, ..Actor::server() };
    let command = serde_json::from_value(json!({
        "id": Uuid::from_u128(0x5ca_0000), "cart": cart, "raw": raw, "source": "wedge",
        "list_version": null, "late": false, "overrides": [],
    }));
    script.run(&actor, &Command::Scan(command.unwrap()))
}

/// An order both one-time and PRN fell between two rules and stayed active: it was given again.
#[test]
fn story_02_one_time_prn_repeated() {
    let text = include_str!("../../../tests/scenarios/story-02-given-once.txt");
    let mut script = Script::new();
    let (before, after) = text.split_once("cart-1 card TAKEN").unwrap();
    before.lines().for_each(|line| script.step(line).unwrap());
    let done = scan(&mut script, "cart-1", "]C0EMAR:CMD:TAKEN");
    let completed = |fact: &Fact| match fact {
        Fact::OrderEvent(e) => e.act == emar_domain::order::OrderAct::Completed,
        _ => false,
    };
    assert_eq!((given(&done.facts), done.facts.iter().filter(|f| completed(f)).count()), (1, 1));
    let gtin = script.home.products.values().next().unwrap().gtins[0].clone();
    let second = scan(&mut script, "cart-2", &format!("]d201{gtin}1730123110L1\u{1d}21A9"));
    assert_eq!(given(&second.facts), 0);
    let Ok(Answer::Scan(answer)) = second.answer else { panic!("{:?}", second.answer) };
    let already = answer.objections.iter().find(|o| o.code == Check::AlreadyGiven).unwrap();
    assert_eq!(already.params.get("given_at"), Some(&Param::from(script.now)));
    assert!(already.params.contains_key("by"), "{already:?}");
    after.lines().skip(1).for_each(|line| script.step(line).unwrap());
    let done = told(text);
    assert_eq!(done.home.orders.values().next().unwrap().state, OrderState::Completed);

    // Two who say afterwards that they gave it: one giving counts, and somebody must look.
    let now = instant("2026-11-02T14:00:00Z");
    let mut world = World::with_residents(new_york(), now, 1);
    let order = world.receive(version(1, 1, &once(now), now));
    let dose = world.doses(order)[0].id;
    let both = [1, 2].map(|n| {
        let claim = Command::Chart(Box::new(charting(dose, "given", Some(world.now))));
        let decision = world.decide(&nurse(n), &claim);
        world.fold(&decision);
        decision
    });
    let effective = |d: &Decision| match d.answer.as_ref() {
        Ok(Answer::Chart(c)) => c.effective,
        other => panic!("{other:?}"),
    };
    assert_eq!(both.each_ref().map(effective), [true, false]);
    // One who is about to give it now is told who gave it, and when.
    let now_too = ChartCommand { mode: Mode::Now, ..charting(dose, "given", None) };
    let refused = world.chart(now_too).unwrap_err();
    let given = &refused.objections[0].params;
    assert_eq!(refused.code, "already_given");
    assert_eq!(given.get("given_at"), Some(&Param::from(world.now)));
    assert!(given.contains_key("by"), "{given:?}");
    let double = |a: &&Alert| a.kind == AlertKind::PossibleDoubleDose;
    assert_eq!(world.home.alerts.values().filter(double).count(), 1);
    world.wait(DAY);
    world.plan_ahead();
    assert_eq!(world.doses(order).len(), 1, "it is over");
}

/// The level at which an alert is the charge nurse's.
const CHARGE_NURSE: u8 = 2;

/// Anything that can be sent as when an order is given.
fn any_timing() -> impl Strategy<Value = Value> {
    let time = prop_oneof![
        8 => (0..96u32).prop_map(|quarter| hhmm(quarter * 15)),
        1 => Just("24:00".to_owned()),
        1 => Just(String::new()),
    ];
    let times = prop::collection::vec(time, 0..4);
    let days = prop::sample::select(vec![
        json!(null),
        json!([]),
        json!(["mon"]),
        json!(["tue", "tue"]),
        json!(["someday"]),
    ]);
    let anchor = prop::sample::select(vec![json!(null), json!("2026-10-20"), json!("2036-01-01")]);
    let number = prop::sample::select(vec![json!(null), json!(0), json!(1), json!(3), json!(-1)]);
    let rule = prop::sample::select(vec![
        json!({}),
        json!({"cycle": {"on": 0, "off": 3, "anchor": "2026-10-25"}}),
        json!({"cycle": {"on": 2, "off": 5, "anchor": "2026-10-25"}}),
        json!({"monthly": {"day": 31, "every": 1, "anchor": "2026-01"}}),
        json!({"monthly": {"day": 31, "overflow": "skip", "every": 2, "anchor": "2026-02"}}),
        json!({"monthly": {"nth": 5, "dow": "thu", "every": 1, "anchor": "2026-01"}}),
        json!({"steps": [{"dose": "4 mg", "days": 3}]}),
        json!({"steps": [{"dose": "4 mg", "doses": 2}, {"dose": "2 mg", "days": 1}]}),
        json!({"steps": []}),
        json!({"alternate": ["5 mg", "2.5 mg"]}),
        json!({"dose_by_dow": {"mon": "5 mg"}}),
    ]);
    let clock = (times, days, anchor, number.clone(), rule).prop_map(|(t, d, a, n, mut rule)| {
        for (name, value) in [("dow", d), ("anchor_date", a), ("every_days", n)] {
            if !value.is_null() {
                rule[name] = value;
            }
        }
        (rule["kind"], rule["times"]) = (json!("clock"), json!(t));
        planned(&rule)
    });
    let interval = (
        prop::sample::select(vec![0i64, 1, 60, 4_320, 2_000_000, -5]),
        prop::sample::select(vec!["2026-10-30T11:00:00Z", "2040-01-01T00:00:00Z", "today"]),
    )
        .prop_map(|(m, a)| planned(&json!({"kind": "interval", "minutes": m, "anchor": a})));
    let once = (-4..4i64).prop_map(|day| once(plus(instant("2026-11-02T15:00:00Z"), day * DAY)));
    let odd = prop::sample::select(vec![
        json!(null),
        json!({}),
        json!({"when": ""}),
        json!({"when": "planned", "schedule": {}}),
        json!({"when": "prn", "indication": ""}),
        json!({"when": "prn", "indication": "pain", "interval_minutes_min": 240}),
        json!({"when": "unschedulable", "reason": "days_missing"}),
        json!({"when": "unschedulable", "reason": ""}),
        prn(240, 4),
    ]);
    prop_oneof![6 => clock, 2 => interval, 2 => once, 2 => odd]
}

/// Alerts of the charge nurse that tell of an order.
fn order_problems(home: &Home) -> usize {
    let told = |a: &&Alert| a.kind == AlertKind::OrderProblem && a.level == CHARGE_NURSE;
    home.alerts.values().filter(told).count()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 600, ..ProptestConfig::default() })]

    /// An empty or odd frequency removed an order from the list, and the bedside saw nothing.
    #[test]
    fn story_03_order_vanished(
        timing in any_timing(),
        starts in -3..4i64,
        stops in prop::option::of(0..3_000i64),
    ) {
        let now = instant("2026-11-02T15:00:00Z");
        let mut world = World::with_residents(new_york(), now, 1);
        let mut sent = serde_json::to_value(version(1, 1, &clock(&["09:00"]), now)).unwrap();
        let start = plus(now, starts * DAY);
        (sent["timing"], sent["start"]) = (timing, json!(start));
        sent["stop"] = json!(stops.map(|stop| plus(start, stop)));
        // What is not of the shape of an order is refused before it comes here.
        let Ok(order) = serde_json::from_value::<OrderVersion>(sent) else { return Ok(()) };
        let id = order.order;
        let received = OrderCommand::Receive(Box::new(order));
        world.order(&Actor::server(), received).unwrap();
        let draft = due_list(&world.home, resident_id(1), now);
        prop_assert_eq!(draft.others.len(), 1, "a draft is listed");
        if let Err(refusal) = world.order(&nurse(1), OrderCommand::Note(id, answers())) {
            prop_assert!(!refusal.objections.is_empty(), "{:?}", refusal);
            return Ok(());
        }
        world.plan(&[id]);
        let order = &world.home.orders[&id];
        if order.state_at(now) == OrderState::Expired {
            return Ok(());
        }
        let list = due_list(&world.home, resident_id(1), now);
        let dose = list.doses.iter().any(|d| d.slot.order == id);
        prop_assert!(dose || list.others.len() == 1, "on no list: {:?}", order);
        prop_assert_eq!(unlisted(&world.home, resident_id(1), now), []);
        match explain(&world.home, order, now) {
            Standing::Due { .. } | Standing::NotDue { next: Some(_), .. } => {
                prop_assert_eq!(order_problems(&world.home), 0);
            }
            Standing::NotDue { reason: Reason::Prn, .. } => {
                prop_assert!(order.prn_limit().is_some());
            }
            Standing::NotDue { reason, next: None } => {
                prop_assert!(order_fault(&world.home, order, now).is_some(), "{:?}", reason);
                prop_assert_eq!(order_problems(&world.home), 1, "nobody is told: {:?}", order);
                world.tick();
                prop_assert_eq!(order_problems(&world.home), 1, "it is still so");
            }
        }
    }
}

/// The count that watches for a vanished order would find one.
#[test]
fn an_order_on_no_list_is_counted() {
    let now = instant("2026-11-02T15:00:00Z");
    let mut world = World::with_residents(new_york(), now, 1);
    let order = world.receive(version(1, 1, &clock(&["09:00"]), now));
    assert_eq!(unlisted(&world.home, resident_id(1), now), []);
    // A home whose lists were not made anew after it was read.
    let text = serde_json::to_string(&world.home).unwrap();
    let torn: Home = serde_json::from_str(&text).unwrap();
    assert_eq!(unlisted(&torn, resident_id(1), now), [order]);
    world.home.residents.clear();
    assert_eq!(unlisted(&world.home, resident_id(1), now), [order]);
}

/// What stands against an order of this strength, dose and text.
fn doubts(strength: &str, dose: &str, text: &str) -> Vec<&'static str> {
    let now = instant("2026-11-02T15:00:00Z");
    let world = World::with_residents(new_york(), now, 1);
    let mut order = version(1, 1, &clock(&["09:00"]), now);
    order.dose = Amount::parse_text(dose).unwrap();
    order.dose_text = text.to_owned();
    order.drug.strength = Strength::parse(strength);
    let all = order_check::findings(&world.home, &order, Occasion::Noted);
    order_check::standing(all, &[]).into_iter().map(|o| o.code.code()).collect()
}

/// "0.5L" became a six-minute stop time; "40 mg capsule" became 40 capsules.
#[test]
fn story_05_numbers() {
    for (dose, text, want) in [
        ("5 mg", "5 mg", &[][..]),
        ("5 mg", "take 5 mg", &[]),
        ("0.5 mg", "take .5 mg", &["dose_contradiction", "abbreviation_unsafe"]),
        ("5 mg", "take 5.0 mg", &["abbreviation_unsafe"]),
        ("5 mg", "5mg", &["abbreviation_unsafe"]),
        ("5 mg", "give 5 g", &["dose_contradiction"]),
        ("5 mg", "give 50 mg", &["dose_contradiction"]),
        ("5 mg", "give 5 mcg", &["dose_contradiction"]),
        ("5 mL", "give 5 L", &["dose_contradiction"]),
        ("5 mL", "give 0.005 L", &[]),
        // The same number of another unit.
        ("5 mg", "give 5 tablets", &["dose_contradiction"]),
        ("5 tablets", "give 5 capsules", &["dose_contradiction"]),
        ("5 units", "give 5 mL", &["dose_contradiction"]),
        ("5 capsules", "5 mg capsule", &["dose_contradiction"]),
        ("5 capsules", "5 capsules of 5 mg", &[]),
        ("1 tablet", "5 mg tablet", &[]),
        ("10 mg", "2 tablets of 2.5 mg", &["dose_contradiction"]),
        // Thousands are grouped as this program groups them.
        ("5 mg", "take 1,250 mg", &["dose_contradiction"]),
        ("1000 units", "give 1,000 units", &[]),
        ("50000 units", "give 5,000 units", &["dose_contradiction"]),
        ("50 mg", "50 mg", &[]),
        ("51 mg", "51 mg", &["dose_unusual"]),
        ("5 g", "5 g", &["dose_unusual"]),
        ("10 capsules", "", &[]),
        ("40 capsules", "40 mg capsule", &["dose_contradiction", "dose_unusual"]),
        ("11 tablets", "", &["dose_unusual"]),
    ] {
        assert_eq!(doubts("5 mg", dose, text), want, "{dose:?} {text:?}");
    }
    by_strength_another_unit_is_the_same_dose();
    nothing_doubtful_takes_force();
    amounts_are_read_whole_and_shown_as_they_are_read();
}

/// One tablet of 1 mg is 1 mg, and 5 mL of 1 mg/mL are 5 mg.
fn by_strength_another_unit_is_the_same_dose() {
    for (strength, dose, text, alike) in [
        ("1 mg", "1 tablet", "1 mg tablet", true),
        ("1 mg", "1 mg", "give 1 tablet", true),
        ("2 mg", "1 tablet", "1 mg tablet", false),
        ("1 mg/mL", "5 mL", "give 5 mg", true),
        ("10 mg/10 mL", "5 mg", "give 5 mL", true),
        ("10 mg/mL", "5 mL", "give 5 mg", false),
        ("1 mg/mL", "5 mL", "give 5 tablets", false),
    ] {
        let found = doubts(strength, dose, text);
        assert_eq!(found.is_empty(), alike, "{dose} of {strength}, {text:?}: {found:?}");
    }
}

/// Before it is put right, or answered where it may be.
fn nothing_doubtful_takes_force() {
    let now = instant("2026-11-02T15:00:00Z");
    for (text, code) in [("give 5 g", "dose_contradiction"), ("5mg", "abbreviation_unsafe")] {
        let mut world = World::with_residents(new_york(), now, 1);
        let order =
            OrderVersion { dose_text: text.to_owned(), ..version(1, 1, &clock(&["09:00"]), now) };
        let id = order.order;
        world.order(&Actor::server(), OrderCommand::Receive(Box::new(order))).unwrap();
        let refused = world.order(&nurse(1), OrderCommand::Note(id, answers())).unwrap_err();
        assert_eq!(refused.objections[0].code.code(), code, "{text}");
        let looked = Override {
            code: code.into(),
            reason: "the sender was asked".into(),
            comment: None,
            contact: None,
        };
        let noted = world.order(&nurse(1), OrderCommand::Note(id, vec![looked]));
        assert_eq!(noted.is_ok(), code == "abbreviation_unsafe", "{text}");
    }
}

fn amounts_are_read_whole_and_shown_as_they_are_read() {
    for text in ["0.5L", "5,0 mg", "1,00 mg", "5.0,0 mg", "1/2 tablet", "mg", "-5 mg", "5", ""] {
        assert!(Amount::parse_text(text).is_err(), "{text:?} is no amount");
    }
    for unit in Unit::ALL {
        for number in ["0.000000001", "0.1", "0.5", "1", "1000", "1234567.891", "9000000000"] {
            let amount = Amount::parse(number, unit.code()).unwrap();
            let shown = amount.to_string().replace('\u{a0}', " ").replace(',', "");
            assert_eq!(Amount::parse_text(&shown).unwrap(), amount, "{shown:?}");
            let digits = shown.split(' ').next().unwrap();
            assert!(!digits.starts_with('.') && !digits.ends_with('.'), "{shown:?}");
            assert!(!(digits.contains('.') && digits.ends_with('0')), "{shown:?}");
        }
    }
}

/// Nothing in it is as in another order.
fn of_its_own(order: OrderVersion, n: u128) -> OrderVersion {
    let minutes = i64::try_from(n).unwrap();
    let doses = i32::try_from(n).unwrap();
    OrderVersion {
        dose: Amount::whole(doses, Unit::Mg),
        dose_text: format!("{n} mg"),
        frequency: format!("code {n}"),
        prescriber: format!("doctor {n}"),
        indication: format!("reason {n}"),
        instructions: format!("with {n} glasses"),
        stop: order.start.plus_minutes(30 * DAY + minutes),
        before_minutes: minutes,
        after_minutes: 2 * minutes,
        time_critical: n.is_multiple_of(2),
        ..order
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, ..ProptestConfig::default() })]

    /// Frequency and start of one renewal were copied to others: many at once are one by one.
    #[test]
    fn story_07_bulk_verify_leaked_fields(
        orders in prop::collection::vec((any_timing(), -3..4i64, 0..5u8), 2..12),
    ) {
        let now = instant("2026-11-02T15:00:00Z");
        let many = u128::try_from(orders.len()).unwrap();
        let received = || {
            let mut world = World::with_residents(new_york(), now, many);
            let mut sent = Vec::new();
            for (n, (timing, starts, act)) in (1..).zip(&orders) {
                let start = plus(now, starts * DAY);
                let mut order = of_its_own(version(n, n, &clock(&["09:00"]), start), n);
                let Ok(timing) = serde_json::from_value(timing.clone()) else { continue };
                order.timing = timing;
                sent.push((order.clone(), *act));
                let received = OrderCommand::Receive(Box::new(order));
                world.order(&Actor::server(), received).unwrap();
            }
            (world, sent)
        };
        let commands = |sent: &[(OrderVersion, u8)]| -> Vec<Command> {
            let note = |v: &OrderVersion| OrderCommand::Note(v.order, answers());
            let of = |(v, act): &(OrderVersion, u8)| match act {
                0 => OrderCommand::Discontinue(v.order, "stopped".into()),
                1 => {
                    let (version, sender) = (v.version + 1, v.source.clone());
                    let source = emar_domain::order::Source { version: "2".into(), ..sender };
                    OrderCommand::Receive(Box::new(OrderVersion { version, source, ..v.clone() }))
                }
                _ => note(v),
            };
            sent.iter().map(of).map(Command::Order).collect()
        };
        let (mut single, sent) = received();
        for command in commands(&sent) {
            single.run(&nurse(1), &command);
        }
        // One batch: all are decided on the same snapshot, then folded in.
        let (mut batch, sent) = received();
        let all: Vec<Decision> =
            commands(&sent).iter().map(|c| batch.decide(&nurse(1), c)).collect();
        all.iter().for_each(|decision| batch.fold(decision));
        prop_assert!(batch.home == single.home, "a batch is not its commands one by one");
        for (version, act) in &sent {
            let kept = &batch.home.orders[&version.order].current;
            let as_sent = OrderVersion {
                version: kept.version,
                source: kept.source.clone(),
                ..version.clone()
            };
            prop_assert!(*kept == as_sent, "act {} changed {:?}", act, kept);
        }
    }
}

/// The same of verifying and renewing, among the orders of one resident.
#[test]
fn story_07_verified_and_renewed_they_keep_their_own() {
    let now = instant("2026-11-02T15:00:00Z");
    let mut world = World::with_residents(new_york(), now, 1);
    let times = ["08:00", "09:00", "10:00", "11:00", "12:00"];
    let sent: Vec<OrderVersion> = (1..)
        .zip(times)
        .map(|(n, time)| {
            let start = plus(now, -DAY * i64::try_from(n).unwrap());
            of_its_own(version(n, 1, &clock(&[time]), start), n)
        })
        .collect();
    for order in &sent {
        let received = OrderCommand::Receive(Box::new(order.clone()));
        world.order(&Actor::server(), received).unwrap();
        world.order(&nurse(1), OrderCommand::Note(order.order, answers())).unwrap();
    }
    let until = plus(now, 60 * DAY);
    for order in &sent {
        world.order(&nurse(2), OrderCommand::Verify(order.order)).unwrap();
        let renewal = RenewFor { until, reason: "goes on".into() };
        world.order(&nurse(1), OrderCommand::Renew(order.order, renewal)).unwrap();
    }
    for order in &sent {
        let kept = &world.home.orders[&order.order].current;
        assert_eq!(kept.ends_at(), Some(until));
        let own = OrderVersion {
            version: order.version,
            renews: None,
            stop: order.stop,
            expires: order.expires,
            accepted: order.accepted.clone(),
            entered_by: order.entered_by,
            source: order.source.clone(),
            ..kept.clone()
        };
        assert_eq!(own, *order);
    }
}

/// Validity compared dates, so that old and new labels failed alike.
#[test]
fn story_08_reprint_killed_good_labels() {
    let script = told(include_str!("../../../tests/scenarios/story-08-labels.txt"));
    let cart = script.home.carts.values().next().unwrap();
    let first = script.now.micros();
    let years = |n: i64| first + n * 365 * DAY * 60_000_000;
    for at in [0, years(-9), first - 1, first, first + 1_000_000, years(1), years(13)] {
        let at = Instant::from_micros(at);
        for (label, superseded) in [("OLD", true), ("NEW", false), ("AGAIN", false)] {
            let text = format!("]C0{label}");
            let scanned = named(&script.home, &text, at);
            let told = judge(&script.home, cart, Some(Role::Nurse), &scanned, None, at);
            let found = told.objections.iter().any(|o| o.code == Check::LabelSuperseded);
            assert_eq!(found, superseded, "{label} at {at}");
        }
    }
}

/// Doses were called missed only when a later dose of the order had begun.
#[test]
fn story_09_last_dose_never_missed() {
    let monday = instant("2026-11-02T14:00:00Z");
    let course = json!({"kind": "clock", "times": ["09:00"]});
    let weekly = json!({"kind": "clock", "times": ["09:00"], "dow": ["mon"]});
    let monthly = json!({"kind": "clock", "times": ["09:00"],
        "monthly": {"day": 2, "every": 1, "anchor": "2026-01"}});
    let taper = json!({"kind": "clock", "times": ["09:00"], "anchor_date": "2026-11-02",
        "steps": [{"dose": "5 mg", "days": 1}]});
    let counted = json!({"kind": "clock", "times": ["09:00"],
        "steps": [{"dose": "5 mg", "doses": 1}]});
    let patch = json!({"kind": "interval", "minutes": 4_320, "anchor": monday.to_string()});
    let cases = [
        ("once", once(monday), None),
        ("last of a course", planned(&course), Some(plus(monday, 1))),
        ("weekly", planned(&weekly), None),
        ("monthly", planned(&monthly), None),
        ("last day of a taper", planned(&taper), None),
        ("a single counted dose", planned(&counted), None),
        ("every 72 hours", planned(&patch), None),
    ];
    for (name, timing, stop) in &cases {
        for (restarts, before, after) in [(false, 60, 60), (true, 60, 60), (false, 0, 0)] {
            let start = plus(monday, -DAY + 1);
            let mut world = World::with_residents(new_york(), start, 1);
            // So that no later dose is there.
            world.home.policy.horizon_days = 3;
            let mut order = version(1, 1, timing, start);
            order.stop = *stop;
            (order.before_minutes, order.after_minutes) = (before, after);
            let order = world.receive(order);
            let dose = world.doses(order)[0].clone();
            assert_eq!((dose.due, world.doses(order).len()), (monday, 1), "{name}");

            world.now = plus(monday, after);
            world.tick();
            assert!(!is_overdue(&world.home, world.now), "{name}: the bound is in the window");
            assert_eq!(world.home.alerts.len(), 0, "{name}");
            if restarts {
                world.restart();
            }
            world.now = world.now.plus_seconds(1).unwrap();
            assert!(is_overdue(&world.home, world.now), "{name}");
            world.tick();
            let alert = world.home.alert_of(dose.id).map(|a| a.kind);
            assert_eq!(alert, Some(AlertKind::MissedDose), "{name}");
            assert_eq!(world.doses(order)[0].state_at(world.now), DoseState::Late, "{name}");

            // Nobody comes: days later it is still there, whatever was planned, ended or forgotten.
            for _ in 0..5 {
                world.wait(DAY / 2);
                world.plan_ahead();
                world.forget();
                if restarts {
                    world.restart();
                }
                world.tick();
            }
            assert!(world.home.alert_of(dose.id).is_some(), "{name}");
            let list = due_list(&world.home, resident_id(1), world.now);
            assert!(list.doses.iter().any(|d| d.id == dose.id), "{name}");
            world.chart(charting(dose.id, "not_given", None)).unwrap();
            assert!(world.home.alert_of(dose.id).is_none(), "{name}");
        }
    }
}

/// Five a day became every four hours; the count of doses came from the quantity dispensed.
#[test]
fn story_10_interval_in_whole_hours() {
    let zone = new_york();
    let now = instant("2026-10-31T14:00:00Z");
    let even = (1..=DAY).filter(|a_day| DAY % a_day == 0);
    for (a_day, minutes) in even.map(|a_day| (a_day, DAY / a_day)) {
        let minutes = u32::try_from(minutes).unwrap();
        let every = Schedule::Interval(Interval { minutes, anchor: now });
        assert_eq!(every.nominal_interval_minutes(), Some(minutes));
        // The clocks go back within these days, and elapsed time does not notice.
        let found = doses(&every, &OrderLife::default(), &zone, days(now, 0, 3));
        let a_day = usize::try_from(a_day).unwrap();
        assert_eq!(found.len(), 3 * a_day);
        for (n, dose) in found.iter().enumerate() {
            let later = found.get(n + a_day).map(|later| later.at);
            assert!(later.is_none_or(|at| at == plus(dose.at, DAY)), "{a_day} a day");
        }
    }

    // So many days of it are so many doses, whatever is in the cupboard.
    for (times, length) in [(1, 7), (2, 7), (3, 10), (5, 2)] {
        let hours: Vec<String> = (0..times).map(|n| hhmm(60 * (8 + 3 * n))).collect();
        let hours: Vec<&str> = hours.iter().map(String::as_str).collect();
        let planned_with = |packages: &[u32]| {
            let mut world = World::with_residents(new_york(), now, 1);
            // Planning goes on after the packages are known.
            world.home.policy.horizon_days = 3;
            let start = instant("2026-11-03T05:00:00Z");
            let mut order = version(1, 1, &clock(&hours), start);
            order.stop = start.plus_minutes(length * DAY);
            let ingredient = order.drug.ingredient.clone();
            let order = world.receive(order);
            for (n, units) in (0..).zip(packages) {
                let product: Product = serde_json::from_value(json!({
                    "id": ProductId(Uuid::from_u128(0x99_000 + n)), "name": "drug 5 mg tablet",
                    "ingredient": ingredient,
                    "strength": Strength::parse("5 mg").unwrap(),
                    "form": "tablet", "route": "po", "units_per_package": units,
                }))
                .unwrap();
                let label = Label {
                    id: LabelId(Uuid::from_u128(0x1_abe1_0000 + n)),
                    code: format!("RX-{n}"),
                    pharmacy: "pharmacy".into(),
                    resident: resident_id(1),
                    order,
                    version: 1,
                    product: Some(product.id),
                };
                world.run(&Actor::server(), &Command::Product(Box::new(product)));
                world.run(&Actor::server(), &Command::Label(Box::new(label)));
            }
            for _ in 0..15 {
                world.wait(DAY);
                world.plan_ahead();
            }
            world.doses(order).iter().map(|d| d.due).collect::<Vec<_>>()
        };
        let plain = planned_with(&[]);
        let wanted = usize::try_from(i64::from(times) * length).unwrap();
        assert_eq!(plain.len(), wanted, "{times} a day for {length} days");
        assert_eq!(planned_with(&[3, 500]), plain, "a package decides nothing");
    }
}

#[derive(Clone, Debug)]
enum Edit {
    Change(Vec<u32>, bool),
    Hold(i64, Option<i64>),
    Resume,
    Discontinue,
    Away(bool),
    Discharge(bool),
}

fn edits() -> impl Strategy<Value = Edit> {
    let times = prop::collection::vec(0..96u32, 1..4);
    prop_oneof![
        4 => (times, any::<bool>()).prop_map(|(times, correct)| Edit::Change(times, correct)),
        2 => (0..2 * DAY, prop::option::of(1..3 * DAY))
            .prop_map(|(from, length)| Edit::Hold(from, length)),
        2 => Just(Edit::Resume),
        1 => Just(Edit::Discontinue),
        1 => any::<bool>().prop_map(Edit::Away),
        1 => any::<bool>().prop_map(Edit::Discharge),
    ]
}

fn edit(world: &mut World, order: OrderId, edit: &Edit) -> bool {
    let now = world.now;
    match edit {
        Edit::Change(quarters, correct) => {
            let hours: Vec<String> = quarters.iter().map(|q| hhmm(q * 15)).collect();
            let hours: Vec<&str> = hours.iter().map(String::as_str).collect();
            let old = world.home.orders[&order].current.clone();
            let changed = OrderVersion {
                version: old.version + 1,
                timing: serde_json::from_value(clock(&hours)).unwrap(),
                ..old
            };
            let kinds = [ChangeKind::NewVersion, ChangeKind::Correction];
            world.change(changed, kinds[usize::from(*correct)]).is_ok()
        }
        Edit::Hold(from, length) => {
            let from = plus(now, *from);
            let span = hold(Some(from), length.map(|length| plus(from, length)));
            world.order(&nurse(1), OrderCommand::Hold(order, span)).is_ok()
        }
        Edit::Resume => world.order(&nurse(1), OrderCommand::Resume(order)).is_ok(),
        Edit::Discontinue => {
            let stop = OrderCommand::Discontinue(order, "stopped".into());
            world.order(&nurse(1), stop).is_ok()
        }
        Edit::Away(true) => {
            let (kind, reason) = (AbsenceKind::Hospital, "fall".to_owned());
            let away = AwayFor { kind, from: None, until: None, reason };
            world.stay(1, Stay::Away(away)).is_ok()
        }
        Edit::Away(false) => world.stay(1, Stay::Return).is_ok(),
        Edit::Discharge(true) => {
            let reason = "moved".to_owned();
            world.stay(1, Stay::Discharge { reason, deceased: false }).is_ok()
        }
        Edit::Discharge(false) => world.stay(1, Stay::Readmit { room: None }).is_ok(),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 150, ..ProptestConfig::default() })]

    /// Changing a time turned earlier doses into missed ones, because identity held the time.
    #[test]
    fn story_11_edit_rewrote_the_past(
        lived in prop::collection::vec((any::<bool>(), edits(), 1..900i64, 0..4u8), 1..25),
    ) {
        let mut world = World::with_residents(new_york(), instant("2026-10-31T09:00:00Z"), 1);
        let start = world.now;
        let hours = clock(&["00:00", "08:00", "16:00", "23:59"]);
        let orders = [1, 2].map(|n| world.receive(version(n, 1, &hours, start)));
        for (which, change, minutes, charts) in lived {
            world.wait(minutes);
            world.plan_ahead();
            world.tick();
            let order = orders[usize::from(which)];
            let now = world.now;
            let due = |d: &&&emar_domain::dose::Dose| d.is_open() && d.opens <= now;
            let waiting = world.doses(order);
            let waiting = waiting.iter().find(due).map(|d| d.id);
            if let (Some(dose), 1..) = (waiting, charts) {
                let done = ["given", "refused", "held"][usize::from(charts - 1)];
                let at = (done == "given").then_some(now);
                world.chart(charting(dose, done, at)).unwrap();
            }
            let midnight = world.home.zone.day_begins(world.home.today(now));
            let yesterday = plus(midnight, -DAY);
            let past = world.ledger.settled(Instant::MIN, now);
            let missed = world.ledger.missed(yesterday, midnight, now);
            let late: Vec<_> = world.home.overdue(now).cloned().collect();
            // What was charted before it was due stays as it was too.
            let charted = |w: &World| -> Vec<_> {
                let seen = |row: &Row| (row.due, row.outcome, row.outcome.and(row.withdrawn));
                let rows = w.ledger.rows.iter();
                let rows = rows.filter(|(_, row)| row.due < now || row.outcome.is_some());
                rows.map(|(id, row)| (*id, seen(row))).collect()
            };
            let outcomes = charted(&world);
            let begun = world.ledger.of(order).any(|row| row.outcome.is_some());
            let done = edit(&mut world, order, &change);
            let corrects = matches!(change, Edit::Change(_, true));
            prop_assert!(!(done && begun && corrects), "the order of what was charted is put right");
            world.plan_ahead();
            world.tick();
            prop_assert_eq!(&world.ledger.settled(Instant::MIN, now), &past);
            prop_assert_eq!(&world.ledger.missed(yesterday, midnight, now), &missed);
            prop_assert_eq!(world.home.overdue(now).cloned().collect::<Vec<_>>(), late);
            prop_assert_eq!(charted(&world), outcomes);
        }
    }
}

/// Half-hours of one civil day.
const HALF_HOURS: usize = 48;

fn every_half_hour() -> Schedule {
    let times: Vec<String> = (0..48).map(|n| hhmm(n * 30)).collect();
    schedule(&json!({"kind": "clock", "times": times}))
}

/// Where a prescribed half-hour is by the plain list of the zone's offsets, and whether a gap moved
/// it there; nowhere when a gap drops it.
fn by_law(zone: &Zone, prescribed: CivilDateTime, how: ClockChange) -> Vec<(Instant, bool)> {
    let day_s = prescribed.date().days_since(CivilDate::new(1970, 1, 1).unwrap()) * DAY * 60;
    let wall = day_s + i64::from(prescribed.time().minute_of_day()) * 60;
    let at = |second: i64| Instant::from_micros(second * 1_000_000);
    match (zone.shown(wall), how.gap, how.overlap) {
        (Shown::Once(one), ..) => vec![(at(one), false)],
        (Shown::Twice(first, _), _, OverlapPolicy::First) => vec![(at(first), false)],
        (Shown::Twice(_, second), _, OverlapPolicy::Second) => vec![(at(second), false)],
        (Shown::Twice(first, second), ..) => vec![(at(first), false), (at(second), false)],
        (Shown::Never { .. }, GapPolicy::Skip, _) => vec![],
        (Shown::Never { change, .. }, GapPolicy::NextValid, _) => vec![(at(change), true)],
        (Shown::Never { before, .. }, ..) => vec![(at(wall - before), true)],
    }
}

/// A dose is due where the law has its prescribed time, also those that are one with another; of
/// two on one instant the one whose own time it is stays.
fn at_their_times(
    zone: &Zone,
    done: &Expansion,
    date: CivilDate,
    how: ClockChange,
) -> Result<(), String> {
    let mut found: BTreeMap<CivilDateTime, Vec<(Instant, bool)>> = BTreeMap::new();
    let all = done.due.iter().chain(done.merged.iter().map(|one| &one.dose));
    for dose in all.filter(|dose| dose.date.days_since(date).abs() <= 1) {
        found.entry(dose.prescribed).or_default().push((dose.at, dose.shifted));
    }
    for (prescribed, mut places) in found {
        places.sort_unstable();
        let law = by_law(zone, prescribed, how);
        if places != law {
            return Err(format!("{prescribed} is due at {places:?}, by law at {law:?}"));
        }
    }
    let stays = |one: &&Merged| done.due.iter().find(|d| (d.date, d.slot) == one.into);
    let stolen = |one: &&Merged| {
        stays(one).is_none_or(|kept| kept.at != one.dose.at || kept.shifted && !one.dose.shifted)
    };
    done.merged.iter().find(stolen).map_or(Ok(()), |one| Err(format!("it takes a place: {one:?}")))
}

/// What is planned piece by piece, cut at and beside the change, is what is planned at once.
fn in_pieces(
    rules: &ZoneRules,
    range: Span,
    change: Instant,
    how: ClockChange,
) -> Result<(), String> {
    let every = every_half_hour();
    let all = |range| expand(&OrderLife::default(), &every, rules, how, range).unwrap();
    let cuts = [0, 30, 60, DAY].map(|minutes| plus(change, minutes));
    let ends = cuts.into_iter().chain([range.to]);
    let mut from = range.from;
    let (mut due, mut dropped) = (Vec::new(), Vec::new());
    for to in ends {
        let piece = all(Span { from, to });
        due.extend(piece.due);
        dropped.extend(piece.dropped);
        from = to;
    }
    let whole = all(range);
    let alike = due == whole.due && dropped == whole.dropped;
    if alike { Ok(()) } else { Err("piece by piece it is not the same".to_owned()) }
}

/// Each time prescribed on the days around a clock change is one dose, or a merge or a drop that is
/// told.
fn accounted(zone: &Zone, change: Instant, how: ClockChange) -> Result<(), String> {
    let rules = &zone.rules;
    let date = rules.to_civil(change).date();
    let range = days(rules.day_begins(date), -4, 5);
    let done = expand(&OrderLife::default(), &every_half_hour(), rules, how, range).unwrap();
    at_their_times(zone, &done, date, how)?;
    let Expansion { due, merged, dropped, flags, .. } = done;
    let moved = due.iter().chain(merged.iter().map(|one| &one.dose)).filter(|d| d.shifted);
    let moved = moved.map(|dose| (dose, Flag::TimeShiftedGap));
    let gone = dropped.iter().map(|dose| (dose, Flag::DoseDroppedByGap));
    let said = |date: &CivilDate, flag: &Flag| flags.get(date).is_some_and(|of| of.contains(flag));
    if let Some((dose, _)) = moved.chain(gone).find(|(d, flag)| !said(&d.date, flag)) {
        return Err(format!("nothing says what became of {dose:?}"));
    }
    let all: Vec<&PlannedDose> =
        due.iter().chain(merged.iter().map(|one| &one.dose)).chain(&dropped).collect();
    for near in -1..=1 {
        let date = date.plus_days(near).unwrap();
        let of: Vec<&&PlannedDose> = all.iter().filter(|d| d.date == date).collect();
        let times: BTreeSet<_> = of.iter().map(|d| d.prescribed).collect();
        let slots: BTreeSet<u32> = of.iter().map(|d| d.slot).collect();
        let twice = how.overlap == OverlapPolicy::Both;
        let doubled = of.len() != HALF_HOURS && !twice;
        if times.len() != HALF_HOURS || slots.len() != of.len() || doubled {
            return Err(format!("on {date} there are {} of {}", of.len(), times.len()));
        }
    }
    for pair in due.windows(2) {
        if pair[0].at >= pair[1].at {
            return Err(format!("not one after the other: {pair:?}"));
        }
    }
    let anchor = plus(change, -DAY);
    let every = Schedule::Interval(Interval { minutes: 350, anchor });
    let elapsed = doses(&every, &OrderLife::default(), rules, days(change, -1, 2));
    match elapsed.windows(2).find(|pair| pair[1].at != plus(pair[0].at, 350)) {
        None => Ok(()),
        Some(pair) => Err(format!("elapsed time is not elapsed: {pair:?}")),
    }
}

/// Entries were overwritten in the repeated hour; reminders looped, shifted or moved a dose.
#[test]
fn story_12_dst() {
    let whole = [
        "America/New_York",
        "America/Havana",
        "America/St_Johns",
        "Australia/Lord_Howe",
        "Asia/Kathmandu",
        "America/Phoenix",
        "Pacific/Apia",
        "Europe/London",
    ];
    let gaps = [GapPolicy::Rfc5545, GapPolicy::NextValid, GapPolicy::Skip];
    let overlaps = [OverlapPolicy::First, OverlapPolicy::Second, OverlapPolicy::Both];
    let mut changes = 0usize;
    for (n, zone) in ZONES.iter().enumerate() {
        // Every change of some zones, and some changes of every zone.
        let every = if whole.contains(&zone.name()) { 1 } else { 37 };
        for (m, second) in zone.places().into_iter().enumerate().skip(n % every).step_by(every) {
            let change = Instant::from_micros(second * 1_000_000);
            let how = ClockChange { gap: gaps[(n + m) % 3], overlap: overlaps[(n + m / 3) % 3] };
            if let Err(why) = accounted(zone, change, how) {
                panic!("{} at {change}, {how:?}: {why}", zone.name());
            }
            // Every rule for gaps where the date changes with the clock, else now and then one.
            let dates =
                [-1, 0].map(|s| zone.rules.to_civil(change.plus_seconds(s).unwrap()).date());
            let over_midnight = if dates[0] == dates[1] { 0 } else { gaps.len() };
            let some = usize::from(changes.is_multiple_of(8));
            for gap in gaps.iter().cycle().skip(n + m).take(over_midnight.max(some)) {
                let how = ClockChange { gap: *gap, ..how };
                if let Err(why) = in_pieces(&zone.rules, days(change, -1, 2), change, how) {
                    panic!("{} at {change}, {how:?}: {why}", zone.name());
                }
            }
            changes += 1;
        }
    }
    assert!(changes > 1_000, "only {changes} clock changes were looked at");

    // Two givings at 01:30, an hour apart: each has its own entry, in their order.
    let now = instant("2026-11-01T05:30:00Z");
    let mut world = World::with_residents(new_york(), now, 1);
    let order = world.receive(version(1, 1, &prn(30, 24), now));
    let mut entries = Vec::new();
    for _ in 0..2 {
        let at = world.now;
        let Ok(Answer::Chart(done)) = world.chart(as_needed(order, at)) else { panic!() };
        let dose = &world.home.doses[&done.dose];
        entries.push((dose.local.to_string(), dose.slot.slot, done.administered_at));
        world.wait(60);
    }
    let local = "2026-11-01T01:30".to_owned();
    let wanted = [(local.clone(), 1, now), (local, 2, plus(now, 60))];
    assert_eq!(entries, wanted);
    let taken: Vec<Instant> = world.home.taken_of(&world.home.orders[&order], None).collect();
    assert_eq!(taken, [now, plus(now, 60)], "limits count both");
}

/// Doses at exactly 08:00 did not show; giving in the ordering minute failed; midnight was a day
/// off.
#[test]
fn story_13_boundary_times() {
    windows_are_closed_at_both_ends();
    lives_and_holds_are_half_open();
    an_order_ends_at_its_stop();
    a_refused_dose_can_be_taken_at_its_bound();
    an_order_can_be_given_in_its_own_minute();
}

fn windows_are_closed_at_both_ends() {
    let evening = instant("2026-11-02T22:00:00Z");
    for (time, due) in [
        ("00:00", "2026-11-03T05:00:00Z"),
        ("08:00", "2026-11-03T13:00:00Z"),
        ("23:59", "2026-11-03T04:59:00Z"),
    ] {
        let due = instant(due);
        for (before, after) in [(60, 60), (30, 0), (0, 0)] {
            let mut world = World::with_residents(new_york(), evening, 1);
            let single = json!({"kind": "clock", "times": [time],
                "steps": [{"dose": "5 mg", "doses": 1}]});
            let mut order = version(1, 1, &planned(&single), evening);
            (order.before_minutes, order.after_minutes) = (before, after);
            let id = world.receive(order);
            let dose = world.doses(id)[0].clone();
            assert_eq!(dose.due, due, "{time}");
            assert_eq!(dose.slot.date, world.home.today(due), "{time} is of its own day");
            let (opens, closes) = (plus(due, -before), plus(due, after));
            for (at, state, objection) in [
                (opens.plus_seconds(-1).unwrap(), DoseState::Planned, Some(Check::DoseEarly)),
                (opens, DoseState::Due, None),
                (due, DoseState::Due, None),
                (closes, DoseState::Due, None),
                (closes.plus_seconds(1).unwrap(), DoseState::Late, Some(Check::DoseLate)),
            ] {
                let order = &world.home.orders[&id];
                assert_eq!(dose.state_at(at), state, "{time} at {at}");
                let said = filing_objections(&world.home, order, Some(&dose), None, at);
                let said = said.iter().map(|o| o.code);
                let hour = [Check::DoseEarly, Check::DoseLate];
                assert_eq!(said.into_iter().find(|c| hour.contains(c)), objection, "{time} {at}");
                let waits = matches!(explain(&world.home, order, at), Standing::Due { .. });
                assert_eq!(waits, state != DoseState::Planned, "{time} at {at}");
                let shown = due_list(&world.home, resident_id(1), at).doses.len();
                let today = world.home.today(at) == dose.slot.date;
                assert_eq!(shown, usize::from(waits || today), "{time} at {at}");
                let found = emar_domain::verdict::pick_dose(&world.home, order, at);
                let out = before == 0 && after == 0 && state == DoseState::Planned;
                assert_eq!(found.map(|d| d.id), (!out || found.is_some()).then_some(dose.id));
            }
        }
    }
}

fn lives_and_holds_are_half_open() {
    let evening = instant("2026-11-02T22:00:00Z");
    let due = instant("2026-11-03T13:00:00Z");
    let second = |n: i64| due.plus_seconds(n).unwrap();
    let doses_of = |start: Instant, stop: Option<Instant>| {
        let mut world = World::with_residents(new_york(), evening, 1);
        let mut order = version(1, 1, &clock(&["08:00"]), start);
        order.stop = stop;
        let id = world.receive(order);
        world.doses(id).iter().filter(|d| d.due == due).count()
    };
    for (start, stop, many) in [
        (due, None, 1),
        (second(1), None, 0),
        (evening, Some(due), 0),
        (evening, Some(second(1)), 1),
        (due, Some(second(1)), 1),
    ] {
        assert_eq!(doses_of(start, stop), many, "from {start} to {stop:?}");
    }
    for (from, until, held) in [
        (due, None, true),
        (second(1), None, false),
        (evening, Some(due), false),
        (evening, Some(second(1)), true),
    ] {
        let mut world = World::with_residents(new_york(), evening, 1);
        let id = world.receive(version(1, 1, &clock(&["08:00"]), evening));
        let c = OrderCommand::Hold(id, hold(Some(from), until));
        world.order(&nurse(1), c).unwrap();
        assert_eq!(!world.doses(id)[0].is_open(), held, "held from {from} to {until:?}");
    }
}

fn an_order_ends_at_its_stop() {
    let stop = instant("2026-11-03T13:00:00Z");
    let mut world = World::with_residents(new_york(), plus(stop, -DAY), 1);
    let mut order = version(1, 1, &prn(240, 4), world.now);
    order.stop = Some(stop);
    let id = world.receive(order);
    let order = &world.home.orders[&id];
    for (second, state) in [(-1, OrderState::Active), (0, OrderState::Expired)] {
        let at = stop.plus_seconds(second).unwrap();
        assert_eq!(order.state_at(at), state, "{at}");
        let said = filing_objections(&world.home, order, None, None, at);
        let over = said.iter().any(|o| o.code == Check::OrderExpired);
        assert_eq!(over, state == OrderState::Expired, "{at}");
    }
}

fn a_refused_dose_can_be_taken_at_its_bound() {
    for (second, counts) in [(-1, true), (0, true), (1, false)] {
        let mut world = World::with_residents(new_york(), instant("2026-11-02T22:00:00Z"), 1);
        let id = world.receive(version(1, 1, &clock(&["08:00"]), world.now));
        let dose = world.doses(id)[0].clone();
        world.now = dose.due;
        world.chart(charting(dose.id, "refused", None)).unwrap();
        let taken = dose.closes.plus_seconds(second).unwrap();
        world.now = plus(taken, 30);
        let done = world.chart(charting(dose.id, "given", Some(taken))).unwrap();
        let Answer::Chart(done) = done else { panic!("{done:?}") };
        assert_eq!(done.effective, counts, "{second} s from the bound");
    }
}

/// Ordered and noted at 08:00:42, given at once, and written down as 08:00.
fn an_order_can_be_given_in_its_own_minute() {
    let due = instant("2026-11-03T13:00:00Z");
    let second = |n: i64| due.plus_seconds(n).unwrap();
    let noted = second(42);
    let mut world = World::with_residents(new_york(), noted, 1);
    let mut order = version(1, 1, &prn(240, 4), noted);
    order.before_minutes = 0;
    let id = world.receive(order);
    world.now = second(50);
    let order = &world.home.orders[&id];
    let said = filing_objections(&world.home, order, None, None, due);
    let said: Vec<&str> = said.iter().map(|o| o.code.code()).collect();
    assert_eq!(said, ["prn_reason_missing"]);
    let Ok(Answer::Chart(done)) = world.chart(as_needed(id, due)) else {
        panic!("giving in the ordering minute failed")
    };
    assert_eq!((done.outcome, done.administered_at, done.effective), (Outcome::Given, due, true));
    // A minute earlier it was not ordered.
    assert_eq!(world.chart(as_needed(id, second(-60))).unwrap_err().code, "time_before_start");
}
