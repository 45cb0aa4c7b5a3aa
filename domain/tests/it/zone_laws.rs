//! Other rules for the home's zone, one case each: what moves, what stays, and what comes to be.
//! The weeks meet each of these too seldom to be relied on.

use crate::expansion::zone::Zone;
use crate::world::{World, answers, charting, clock, hold, instant, nurse, planned, version};
use emar_domain::decide::{Actor, ChartCommand, Command, OrderCommand, Stamp, Stay};
use emar_domain::dose::{Dose, Withdrawal};
use emar_domain::id::OrderId;
use emar_domain::order::FirstDose;
use emar_domain::preview::preview;
use emar_domain::time::Instant;
use serde_json::json;
use uuid::Uuid;

/// The clocks go forward on the next morning, at 07:00Z.
const BEFORE_SPRING: &str = "2026-03-07T17:00:00Z";
/// 03:30 on that morning, and when it is by the rules that come.
const DUE: &str = "2026-03-08T07:30:00Z";
const DUE_LATER: &str = "2026-03-08T08:30:00Z";

fn home(now: &str, horizon_days: u32) -> World {
    let zone = Zone::named("America/New_York");
    let mut world = World::with_residents(zone.rules.clone(), instant(now), 1);
    world.home.policy.horizon_days = horizon_days;
    world
}

/// The clock change of the fortnight after `from` comes four weeks later.
fn put_off(world: &mut World, from: &str) {
    let zone = Zone::named("America/New_York").put_off(instant(from));
    world.home.zone = zone.rules;
    let told = world.run(&Actor::server(), &Command::ZoneRules("2025b".to_owned()));
    told.answer.unwrap();
}

fn on<'a>(world: &'a World, order: OrderId, date: &str) -> Vec<&'a Dose> {
    let all = world.doses(order).into_iter();
    all.filter(|dose| dose.slot.date.to_string() == date).collect()
}

fn due(doses: &[&Dose]) -> Vec<Instant> {
    doses.iter().filter(|dose| dose.is_open()).map(|dose| dose.due).collect()
}

#[test]
fn what_was_given_early_is_not_planned_once_more() {
    let mut world = home(BEFORE_SPRING, 3);
    let weekly = planned(&json!({"kind": "clock", "times": ["03:30"], "dow": ["sun"]}));
    let order = world.receive(version(1, 1, &weekly, world.now));
    let dose = world.doses(order)[0].clone();
    assert_eq!(dose.due, instant(DUE));
    world.now = instant("2026-03-08T06:40:00Z");
    world.chart(charting(dose.id, "given", Some(world.now))).unwrap();
    put_off(&mut world, BEFORE_SPRING);
    world.plan(&[order]);
    let found: Vec<Instant> = world.doses(order).iter().map(|dose| dose.due).collect();
    assert_eq!(found, [dose.due], "what was given stays where it was, and is the only one");
}

#[test]
fn what_comes_to_lie_outside_its_orders_life_is_not_due() {
    for (now, start, stop, date) in [
        (BEFORE_SPRING, BEFORE_SPRING, Some("2026-03-08T08:00:00Z"), "2026-03-08"),
        ("2026-10-31T17:00:00Z", "2026-11-01T08:30:00Z", None, "2026-11-01"),
    ] {
        let mut world = home(now, 3);
        let mut course = version(1, 1, &clock(&["03:30"]), instant(start));
        course.stop = stop.map(instant);
        let order = world.receive(course);
        assert_eq!(due(&on(&world, order, date)).len(), 1, "{date}");
        put_off(&mut world, now);
        let dose = on(&world, order, date)[0];
        assert_eq!(dose.withdrawn, Some(Withdrawal::Superseded), "{date}");
    }
}

#[test]
fn two_that_were_one_part_and_two_that_meet_are_one() {
    let mut world = home(BEFORE_SPRING, 35);
    let order = world.receive(version(1, 1, &clock(&["02:30", "03:30"]), world.now));
    let many =
        |world: &World| ["2026-03-08", "2026-04-05"].map(|date| due(&on(world, order, date)).len());
    assert_eq!(many(&world), [1, 2]);
    put_off(&mut world, BEFORE_SPRING);
    assert_eq!(many(&world), [2, 1]);
    let stays = on(&world, order, "2026-04-05").into_iter().find(|dose| dose.is_open()).unwrap();
    assert_eq!((stays.slot.slot, stays.shifted), (2, false), "whose own time it is");
    let all = on(&world, order, "2026-04-05").into_iter();
    let all: Vec<_> = all.map(|dose| (dose.slot.slot, dose.due, dose.withdrawn)).collect();
    let one = stays.due;
    assert_eq!(all, [(1, one, Some(Withdrawal::Merged)), (2, one, None)], "both are told");
}

/// Schedules, section 5, rule 4: recorded with both identities, always, and never a second dose.
#[test]
fn two_on_one_instant_are_written_down_as_one() {
    let mut world = home(BEFORE_SPRING, 3);
    let twice = version(1, 1, &clock(&["02:30", "03:30"]), world.now);
    let received = OrderCommand::Receive(Box::new(twice.clone()));
    world.order(&Actor::server(), received).unwrap();
    world.order(&nurse(1), OrderCommand::Note(twice.order, answers())).unwrap();
    let note = OrderCommand::Hold(twice.order, hold(Some(instant(DUE_LATER)), None));
    let mut ids = 0;
    let mut fresh = || {
        ids += 1;
        Uuid::from_u128(ids)
    };
    let mut stamp = Stamp { now: world.now, demo: false, fresh: &mut fresh };
    let told = preview(&world.home, &nurse(1), &note, 3, &mut stamp).unwrap();
    let told: Vec<_> = told.merged.iter().map(|one| (one.slot.slot, one.due)).collect();
    assert_eq!(told, [(1, instant(DUE))], "the preview says it before");
    let planned = world.run(&Actor::server(), &Command::Plan(vec![twice.order]));
    let after = planned.leaves[0].after.clone().unwrap();
    assert_eq!(serde_json::to_value(&after["merged"]).unwrap(), json!(1), "the trail says it");
    let spring = |world: &World| -> Vec<_> {
        let all = on(world, twice.order, "2026-03-08").into_iter();
        all.map(|dose| (dose.slot.slot, dose.due, dose.withdrawn)).collect()
    };
    let due = instant(DUE);
    let wanted = [(1, due, Some(Withdrawal::Merged)), (2, due, None)];
    assert_eq!(spring(&world), wanted);
    // Nothing that keeps doses back for a while makes two of them again.
    world.order(&nurse(1), OrderCommand::Hold(twice.order, hold(None, None))).unwrap();
    world.order(&nurse(1), OrderCommand::Resume(twice.order)).unwrap();
    assert_eq!(spring(&world), wanted, "off hold");
    world.stay(1, Stay::Discharge { reason: "moved".into(), deceased: false }).unwrap();
    world.stay(1, Stay::Readmit { room: None }).unwrap();
    world.plan_ahead();
    assert_eq!(spring(&world), wanted, "back again");
    world.now = due;
    let gone = on(&world, twice.order, "2026-03-08")[0].id;
    let told = charting(gone, "given", Some(due));
    let told = ChartCommand { overrides: Vec::new(), ..told };
    assert_eq!(world.chart(told).unwrap_err().code, "order_changed");
}

/// The one was given early, and then the other falls on its time: it is one with it, and done.
#[test]
fn what_meets_a_dose_that_was_given_is_one_with_it() {
    let zone = Zone::named("America/New_York").put_off(instant(BEFORE_SPRING));
    let mut world = home(BEFORE_SPRING, 3);
    world.home.zone = zone.rules;
    let order = world.receive(version(1, 1, &clock(&["02:30", "03:30"]), world.now));
    let morning = on(&world, order, "2026-03-08");
    assert_eq!(due(&morning), [instant(DUE), instant(DUE_LATER)]);
    let second = morning[1].id;
    world.now = instant("2026-03-08T07:29:00Z");
    world.chart(charting(second, "given", Some(world.now))).unwrap();
    world.now = instant("2026-03-08T07:29:30Z");
    world.home.zone = Zone::named("America/New_York").rules.clone();
    world.run(&Actor::server(), &Command::ZoneRules("2999a".to_owned())).answer.unwrap();
    world.plan(&[order]);
    let gone: Vec<_> = on(&world, order, "2026-03-08").iter().map(|d| d.withdrawn).collect();
    assert_eq!(gone, [Some(Withdrawal::Merged), None]);
}

#[test]
fn what_is_past_stays_where_it_was() {
    let mut world = home(BEFORE_SPRING, 3);
    let order = world.receive(version(1, 1, &clock(&["03:30"]), world.now));
    world.now = instant("2026-03-08T15:00:00Z");
    put_off(&mut world, BEFORE_SPRING);
    assert_eq!(due(&on(&world, order, "2026-03-08")), [instant(DUE)], "it was missed then");
    assert_eq!(due(&on(&world, order, "2026-03-09")), [instant("2026-03-09T08:30:00Z")]);
}

#[test]
fn a_first_dose_given_at_once_is_an_instant() {
    let mut world = home(BEFORE_SPRING, 3);
    let start = instant("2026-03-08T10:00:00Z");
    let mut order = version(1, 1, &clock(&["03:30"]), start);
    order.first_dose = FirstDose::Now;
    let order = world.receive(order);
    put_off(&mut world, BEFORE_SPRING);
    let first = world.doses(order)[0];
    assert_eq!((first.slot.slot, first.due), (0, start));
}

#[test]
fn what_leaves_a_hold_is_due_and_what_comes_into_one_is_held() {
    for (from, until, held) in [
        ("2026-03-08T07:00:00Z", "2026-03-08T08:00:00Z", false),
        ("2026-03-08T08:00:00Z", "2026-03-08T09:00:00Z", true),
    ] {
        let mut world = home(BEFORE_SPRING, 3);
        let order = world.receive(version(1, 1, &clock(&["03:30"]), world.now));
        let span = hold(Some(instant(from)), Some(instant(until)));
        world.order(&nurse(1), OrderCommand::Hold(order, span)).unwrap();
        assert_eq!(on(&world, order, "2026-03-08")[0].is_open(), held, "before: {from}");
        put_off(&mut world, BEFORE_SPRING);
        let dose = on(&world, order, "2026-03-08")[0];
        assert_eq!((dose.due, dose.is_open()), (instant(DUE_LATER), !held), "after: {from}");
    }
}
