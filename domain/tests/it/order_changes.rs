//! What a change of an order does to its beginning: its start and its first dose. Schedules,
//! section 1, "dose"; rule 1.

use crate::world::{DAY, World, clock, instant, new_york, once, version};
use emar_domain::decide::ChangeKind;
use emar_domain::id::OrderId;
use emar_domain::order::OrderVersion;
use emar_domain::time::Instant;

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
