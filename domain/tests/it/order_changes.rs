//! What a change of an order does to its beginning: its start and its first dose. Schedules,
//! section 1, "dose"; rule 1.

use crate::world::{
    DAY, World, answers, charting, clock, instant, new_york, nurse, once, planned, version,
};
use emar_domain::decide::{Actor, ChangeKind, Command, HoursCommand, OrderCommand, OtherHours};
use emar_domain::id::OrderId;
use emar_domain::order::{FirstDose, OrderVersion, Timing};
use emar_domain::schedule::hours::AtHours;
use emar_domain::time::Instant;
use serde_json::{Value, json};

fn later(at: Instant, days: i64) -> Instant {
    at.plus_minutes(days * DAY).unwrap()
}

/// The order with another start; what the home says to it.
fn starts(world: &mut World, order: OrderId, start: Instant) -> Result<(), String> {
    let old = world.home.orders[&order].current.clone();
    let new = OrderVersion { version: old.version + 1, start, ..old };
    world.change(new, ChangeKind::NewVersion).map(|_| ()).map_err(|refusal| refusal.code)
}

#[test]
fn only_what_has_not_begun_is_put_off() {
    let now = instant("2026-11-03T15:00:00Z");
    let refused = Err("change_starts_later".to_owned());
    for (begins, wanted, said) in [
        (later(now, -2), now.plus_seconds(1).unwrap(), refused.clone()),
        (later(now, -2), later(now, 2), refused),
        (later(now, -2), now, Ok(())),
        (later(now, 1), later(now, 2), Ok(())),
        (later(now, 2), later(now, 1), Ok(())),
    ] {
        let mut world = World::with_residents(new_york(), later(now, -2), 1);
        let order = world.receive(version(1, 1, &clock(&["08:00", "20:00"]), begins));
        world.now = now;
        let before = world.ledger.of(order).filter(|row| row.is_open()).count();
        assert_eq!(starts(&mut world, order, wanted), said, "{begins} to {wanted}");
        world.plan_ahead();
        let open = world.ledger.of(order).filter(|row| row.is_open());
        let open: Vec<Instant> = open.map(|row| row.due).collect();
        let next = open.iter().filter(|due| **due >= now).min().unwrap();
        assert!(said.is_err() || *next >= wanted, "{next} lies before {wanted}");
        assert!(said.is_ok() || open.len() >= before, "a refused change took doses away");
    }
    // One instant has nothing in between.
    let mut world = World::with_residents(new_york(), now, 1);
    let order = world.receive(version(1, 1, &once(later(now, 1)), now));
    assert_eq!(starts(&mut world, order, later(now, 1)), Ok(()));
}

fn first_now(timing: &Value, start: Instant) -> OrderVersion {
    OrderVersion { first_dose: FirstDose::Now, ..version(1, 1, timing, start) }
}

/// The same order at other times of day, as its next version or by the home's hours from `hours`
/// on.
fn other_times(world: &mut World, order: OrderId, times: &[&str], hours: Option<Instant>) {
    let old = world.home.orders[&order].current.clone();
    let timing: Timing = serde_json::from_value(clock(times)).unwrap();
    let Some(from) = hours else {
        let new = OrderVersion { version: old.version + 1, timing, ..old };
        world.change(new, ChangeKind::NewVersion).unwrap();
        return;
    };
    let at = AtHours {
        schedule: timing.schedule().unwrap().clone(),
        ties: Vec::new(),
        before_minutes: old.before_minutes,
        after_minutes: old.after_minutes,
    };
    let last_taken = world.ledger.taken.get(&order).copied();
    let orders = vec![OtherHours { order, version: old.version, at, last_taken }];
    let command = Command::Hours(Box::new(HoursCommand { policy: Some(2), from, orders }));
    world.run(&Actor::server(), &command).answer.unwrap();
}

/// When doses are to be given or were, before `to`.
fn due(world: &mut World, order: OrderId, to: Instant) -> Vec<String> {
    world.plan_ahead();
    let rows = world.ledger.of(order).filter(|row| row.withdrawn.is_none() && row.due < to);
    let mut due: Vec<Instant> = rows.map(|row| row.due).collect();
    due.sort_unstable();
    due.into_iter().map(|at| world.home.zone.to_civil(at).to_string()).collect()
}

/// Asked for tomorrow at ten, and the order changes today: as a draft, before it was planned, after
/// it, and when the home's hours change at midnight.
#[test]
fn a_first_dose_still_to_come_outlives_a_change() {
    let noon = instant("2026-11-02T17:00:00Z");
    let (midnight, ten) = (instant("2026-11-03T05:00:00Z"), instant("2026-11-03T15:00:00Z"));
    let note = |world: &mut World, order| {
        world.order(&nurse(1), OrderCommand::Note(order, answers())).unwrap();
    };
    for (step, hours, times) in [
        ("draft", None, ["08:00", "21:00"]),
        ("noted", None, ["08:00", "21:00"]),
        ("planned", None, ["08:00", "21:00"]),
        ("planned", Some(midnight), ["08:00", "21:00"]),
        // The first dose is one of the schedule's own, and is none of the new one's.
        ("planned", None, ["10:00", "20:00"]),
        ("planned", Some(midnight), ["10:00", "20:00"]),
    ] {
        let mut world = World::with_residents(new_york(), noon, 1);
        let order = first_now(&clock(&times), ten);
        let received = OrderCommand::Receive(Box::new(order.clone()));
        world.order(&Actor::server(), received).unwrap();
        let order = order.order;
        if step != "draft" {
            note(&mut world, order);
        }
        if step == "planned" {
            world.plan_ahead();
        }
        world.wait(1);
        other_times(&mut world, order, &["09:00", "22:00"], hours);
        if step == "draft" {
            note(&mut world, order);
        }
        let wanted = ["2026-11-03T10:00", "2026-11-03T22:00"];
        let told = due(&mut world, order, instant("2026-11-04T12:00:00Z"));
        assert_eq!(told, wanted, "{step} {hours:?} {times:?}");
    }
}

/// Given a little before its time, or due a little ago: there is no second one.
#[test]
fn a_first_dose_is_asked_for_once() {
    let ten = instant("2026-11-03T15:00:00Z");
    let end = instant("2026-11-04T12:00:00Z");
    for (minutes, given, hours) in [
        (-10, true, None),
        (-10, true, Some(ten.plus_minutes(-5).unwrap())),
        (1, false, None),
        (10, true, None),
        (10, true, Some(ten.plus_minutes(5).unwrap())),
    ] {
        let mut world = World::with_residents(new_york(), ten.plus_minutes(-DAY).unwrap(), 1);
        let order = world.receive(first_now(&clock(&["08:00", "20:00"]), ten));
        world.now = ten.plus_minutes(minutes).unwrap();
        if given {
            let dose = world.doses(order)[0].id;
            world.chart(charting(dose, "given", Some(world.now))).unwrap();
        }
        world.wait(1);
        other_times(&mut world, order, &["09:00", "22:00"], hours);
        let told = due(&mut world, order, end);
        assert_eq!(told, ["2026-11-03T10:00", "2026-11-03T22:00"], "{minutes} {hours:?}");
    }
}

/// Noting takes a while, so the anchor has passed: an order by the interval has its first dose now
/// too, and its steps stay where they are.
#[test]
fn an_interval_has_its_first_dose_now() {
    let ten = instant("2026-11-02T15:00:00Z");
    let minutes = |n: i64| ten.plus_minutes(n).unwrap();
    for (every, start, anchor, noted, wanted) in [
        (4_320, ten, ten, minutes(20), &["2026-11-02T10:20", "2026-11-05T10:00"][..]),
        (4_320, ten, ten, ten, &["2026-11-02T10:00", "2026-11-05T10:00"]),
        (4_320, minutes(DAY), minutes(DAY), ten, &["2026-11-03T10:00", "2026-11-06T10:00"]),
        // 36 hours remain, and then a minute less.
        (4_320, ten, ten, minutes(36 * 60), &["2026-11-03T22:00", "2026-11-05T10:00"]),
        (4_320, ten, ten, minutes(36 * 60 + 1), &["2026-11-03T22:01", "2026-11-08T10:00"]),
        // Counted from an hour of the same day that is still to come.
        (720, ten, minutes(720), ten, &["2026-11-02T10:00", "2026-11-02T22:00"]),
        (720, ten, minutes(359), ten, &["2026-11-02T10:00", "2026-11-03T03:59"]),
    ] {
        let timing = planned(&json!({"kind": "interval", "minutes": every,
            "anchor": anchor.to_string()}));
        let mut world = World::with_residents(new_york(), noted, 1);
        let order = world.receive(first_now(&timing, start));
        for _ in 0..3 {
            world.wait(60);
            world.plan(&[order]);
        }
        let told = due(&mut world, order, minutes(12 * DAY));
        assert_eq!(told[..2], *wanted, "{every} from {anchor}, noted {noted}");
    }
}
