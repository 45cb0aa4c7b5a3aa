//! Laws of a change of the home's hours: nothing before it changes, nothing after it is lost, and
//! nothing comes too near to what was given.

use crate::scenario::Script;
use emar_domain::dose::{Dose, Withdrawal};
use emar_domain::order::{Order, Timing};
use emar_domain::schedule::{ClockChange, Expansion, OrderLife, Schedule, Span, expand};
use emar_domain::time::{CivilTime, Instant};
use proptest::prelude::*;
use std::collections::BTreeSet;

/// A quarter of an hour of the day, and how it is written.
fn written(quarter: u32) -> String {
    format!("{:02}:{:02}", quarter / 4, quarter % 4 * 15)
}

fn two_times() -> impl Strategy<Value = [String; 2]> {
    (0..96_u32, 1..96_u32).prop_map(|(one, apart)| {
        let other = (one + apart) % 96;
        [written(one.min(other)), written(one.max(other))]
    })
}

fn home(hours: &[String; 2]) -> Script {
    let mut script = Script::new();
    script.now = Instant::parse("2026-10-30T04:00:00Z").unwrap();
    for line in [
        &format!("hours BID {}", hours.join(" ")),
        "product senna 8.6 mg tablet gtin 09521234500016",
        "resident Garza room 112-B",
        "order senna for Garza 8.6 mg BID",
        "nurse Osei",
        "note senna by Novak, verified by Osei",
    ] {
        script.step(line).unwrap();
    }
    script
}

fn order(script: &Script) -> Order {
    script.home.orders.values().next().unwrap().clone()
}

fn doses(script: &Script) -> Vec<Dose> {
    script.home.doses.values().cloned().collect()
}

/// What the new hours prescribe from `from` on, as far as the new plan reaches.
fn prescribed(script: &Script, order: &Order, from: Instant) -> (Schedule, Expansion, Span) {
    let Timing::Planned { schedule } = &order.current.timing else { panic!("planned") };
    let to = order.planned_until.unwrap().plus_micros(1).unwrap();
    let span = Span { from, to };
    let life = OrderLife::default();
    let found = expand(&life, schedule, &script.home.zone, ClockChange::default(), span).unwrap();
    (schedule.clone(), found, span)
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 150, failure_persistence: None, ..ProptestConfig::default()
    })]

    /// The change takes force on the night the clocks go back, and the server may be late.
    #[test]
    fn an_hours_change_alters_nothing_before_it_and_loses_nothing_after_it(
        old in two_times(), new in two_times(), given in 0..3_usize, late_minutes in 0..300_i64,
    ) {
        let mut script = home(&old);
        script.step("at 2026-10-31T23:59-04:00").unwrap();
        for time in old.iter().take(given) {
            let line = format!("chart senna {time} given PAPER \"on paper\" past at {time} by Osei");
            script.step(&format!("{line} => done")).unwrap();
        }
        let midnight = Instant::parse("2026-11-01T04:00:00Z").unwrap();
        script.now = midnight.plus_minutes(late_minutes).unwrap();
        let (before, was) = (doses(&script), order(&script));
        let told = if old == new { "" } else { "hours_changed" };
        script.step(&format!("hours BID {} => {told}", new.join(" "))).unwrap();
        let now = order(&script);
        prop_assert_eq!(now.plan, was.plan + u32::from(old != new));
        if old == new {
            prop_assert_eq!(doses(&script), before);
            return Ok(());
        }
        for dose in &before {
            let after = &script.home.doses[&dose.id];
            if dose.due < midnight || dose.outcome.is_some() {
                prop_assert_eq!(after, dose);
            } else {
                prop_assert_eq!(after.withdrawn, Some(Withdrawal::Superseded));
                prop_assert_eq!((after.due, after.slot), (dose.due, dose.slot));
            }
        }
        let last = script.home.taken.values().flatten().map(|t| t.at).max();
        let half = last.and_then(|last| last.plus_minutes(6 * 60));
        let bound = half.map_or(midnight, |half| half.max(midnight));
        prop_assert_eq!(now.current.not_before, Some(bound));
        let planned: BTreeSet<_> = doses(&script)
            .iter()
            .filter(|d| d.slot.plan == now.plan)
            .map(|d| (d.due, d.slot.date, d.slot.slot))
            .collect();
        prop_assert!(planned.iter().all(|(due, ..)| *due >= bound));
        let (schedule, found, span) = prescribed(&script, &now, midnight);
        let Schedule::Clock(clock) = &schedule else { panic!("{schedule:?}") };
        let times: Vec<CivilTime> = new.iter().map(|t| CivilTime::parse(t).unwrap()).collect();
        prop_assert_eq!(&clock.times, &times);
        let wanted: BTreeSet<_> = found
            .due
            .iter()
            .filter(|d| d.at >= bound)
            .map(|d| (d.at, d.date, i64::from(d.slot)))
            .collect();
        prop_assert_eq!(&planned, &wanted);
        // Every civil time of the whole days is a dose, merged or dropped, or too near.
        let (first, end) = (script.home.today(span.from), script.home.today(span.to));
        let whole = |date| date < end;
        let merged = found.merged.iter().map(|m| &m.dose);
        let all = found.due.iter().chain(&found.dropped).chain(merged);
        let count = all.filter(|d| whole(d.date)).count();
        prop_assert_eq!(i64::try_from(count).unwrap(), end.days_since(first) * 2);
    }
}
