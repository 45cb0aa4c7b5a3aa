//! Half the nominal interval between two doses, also where the interval is longer than doses are
//! planned ahead. Schedules, rule 1; model, section 1, "dose".

use crate::world::{DAY, World, charting, instant, new_york, planned, version};
use emar_domain::decide::ChangeKind;
use emar_domain::id::OrderId;
use emar_domain::order::{FirstDose, OrderVersion};
use emar_domain::time::Instant;
use serde_json::{Value, json};

/// What is to be given or was, in the next seven weeks, by local time.
fn lives(world: &mut World, order: OrderId) -> Vec<String> {
    for _ in 0..49 {
        world.wait(DAY);
        world.plan_ahead();
    }
    let there = world.ledger.of(order).filter(|row| row.withdrawn.is_none());
    let mut due: Vec<Instant> = there.map(|row| row.due).collect();
    due.sort_unstable();
    due.into_iter().map(|at| world.home.zone.to_civil(at).to_string()).collect()
}

/// A home that plans three days ahead, so that every time told here lies beyond that.
fn home(now: Instant) -> World {
    let mut world = World::with_residents(new_york(), now, 1);
    world.home.policy.horizon_days = 3;
    world
}

fn weekly(day: &str) -> Value {
    planned(&json!({"kind": "clock", "times": ["20:00"], "dow": [day]}))
}

fn monthly(day: u32) -> Value {
    planned(&json!({"kind": "clock", "times": ["09:00"],
        "monthly": {"day": day, "every": 1, "anchor": "2026-01"}}))
}

#[test]
fn a_first_dose_now_passes_over_a_time_beyond_the_horizon() {
    let monday = instant("2026-11-02T14:00:00Z");
    for (timing, wanted) in [
        // Three days and eleven hours on: less than half a week.
        (weekly("thu"), &["2026-11-02T09:00", "2026-11-12T20:00", "2026-11-19T20:00"][..]),
        // Four days and eleven hours on: more than half.
        (weekly("fri"), &["2026-11-02T09:00", "2026-11-06T20:00", "2026-11-13T20:00"]),
        (monthly(12), &["2026-11-02T09:00", "2026-12-12T09:00"]),
        (monthly(20), &["2026-11-02T09:00", "2026-11-20T09:00", "2026-12-20T09:00"]),
    ] {
        let mut world = home(monday);
        let mut order = version(1, 1, &timing, monday);
        order.first_dose = FirstDose::Now;
        let order = world.receive(order);
        let due = lives(&mut world, order);
        assert_eq!(due[..wanted.len()], *wanted, "{timing}");
    }
}

#[test]
fn a_dose_of_the_old_plan_spares_one_of_the_new_plan_beyond_the_horizon() {
    let changed = instant("2026-11-02T14:30:00Z");
    for (day, wanted) in [
        (12, &["2026-11-02T09:00", "2026-12-12T09:00"][..]),
        (20, &["2026-11-02T09:00", "2026-11-20T09:00", "2026-12-20T09:00"]),
    ] {
        let start = instant("2026-11-01T14:00:00Z");
        let mut world = home(start);
        let order = world.receive(version(1, 1, &monthly(2), start));
        world.now = changed;
        let old = world.home.orders[&order].current.clone();
        let timing = serde_json::from_value(monthly(day)).unwrap();
        let new = OrderVersion { version: 2, timing, ..old };
        world.change(new, ChangeKind::NewVersion).unwrap();
        world.plan_ahead();
        world.wait(10);
        let dose = world.doses(order)[0].id;
        world.chart(charting(dose, "given", Some(world.now))).unwrap();
        assert_eq!(lives(&mut world, order)[..wanted.len()], *wanted, "the {day}th");
    }
}
