//! Runs `tests/scenarios/*.txt` on the core alone: every line is a command decided and folded in.

use crate::scenario::Script;
use emar_domain::home::Taken;
use emar_domain::order::Timing;
use emar_domain::time::Instant;
use emar_domain::verdict::{Check, Param, filing_objections};

#[test]
fn every_scenario_holds() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/scenarios");
    let mut files: Vec<_> = std::fs::read_dir(folder)
        .unwrap()
        .map(|f| f.unwrap().path())
        .filter(|p| p.extension().is_some_and(|e| e == "txt"))
        .collect();
    files.sort();
    assert!(files.len() >= 6, "the scenarios are gone");
    let mut wrong = Vec::new();
    for file in files {
        let name = file.file_name().unwrap().to_string_lossy().into_owned();
        let text = std::fs::read_to_string(&file).unwrap();
        let mut script = Script::new();
        for (n, line) in text.lines().enumerate() {
            if let Err(why) = script.step(line) {
                wrong.push(format!("{name}:{}: {line}\n    {why}", n + 1));
            }
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

/// What the home no longer knows cannot be charted, and is not dropped from the pot either.
#[test]
fn a_dose_of_an_unknown_order_stays_in_the_pot() {
    let text = include_str!("../../../tests/scenarios/taken-back.txt");
    let mut script = Script::new();
    for line in text.lines().take_while(|line| !line.starts_with("-- the first tablet")) {
        script.step(line).unwrap();
    }
    script.step("cart-1 scan senna #A2 => ok unit_scanned 2/3").unwrap();
    script.step("cart-1 scan senna #A3 => ok prepared 3/3").unwrap();
    script.home.orders.clear();
    script.step("cart-1 card TAKEN => stop order_not_active").unwrap();
    assert_eq!(script.home.carts.values().next().unwrap().pot.len(), 1);
    script.step("cart-1 card UNDO => ok undone").unwrap();
    assert!(script.home.doses.values().all(|d| d.prepared.is_none()), "it went back, visibly");
}

/// A warning was accepted for a package, and goes back with it.
#[test]
fn what_was_accepted_for_a_package_goes_back_with_it() {
    let text = include_str!("../../../tests/scenarios/taken-back.txt");
    let mut script = Script::new();
    for line in text.lines().take_while(|line| !line.starts_with("cart-1 scan")) {
        script.step(line).unwrap();
    }
    let accepted = |script: &Script| {
        let cart = script.home.carts.values().next().unwrap();
        cart.counting.as_ref().map(|c| (c.packages.len(), c.overrides.len()))
    };
    for line in [
        "at 2026-11-02 10:30",
        "cart-1 scan senna #A1 because dose_late supply => ok unit_scanned 1/3",
        "cart-1 scan senna #A2 because dose_late supply => ok unit_scanned 2/3",
    ] {
        script.step(line).unwrap();
    }
    assert_eq!(accepted(&script), Some((2, 2)));
    script.step("cart-1 card UNDO => ok undone").unwrap();
    assert_eq!(accepted(&script), Some((1, 1)));
    script.step("cart-1 card UNDO => ok undone").unwrap();
    assert_eq!(accepted(&script), None);
}

/// Checks 53 and 54: whichever limit refuses, the time named is one that both allow.
#[test]
fn a_prn_refusal_names_a_time_that_both_limits_allow() {
    let text = include_str!("../../../tests/scenarios/prn-long-interval.txt");
    let mut script = Script::new();
    for line in text.lines().take_while(|line| !line.starts_with("at 2026-11-02 09:00")) {
        script.step(line).unwrap();
    }
    let mut order = script.home.orders.values().next().unwrap().clone();
    if let Timing::Prn { interval_minutes_min, per_day_max, .. } = &mut order.current.timing {
        (*interval_minutes_min, *per_day_max) = (Some(240), Some(2));
    }
    script.home.put_order(order.clone());
    let by = *script.home.users.keys().next().unwrap();
    let ingredient = order.current.drug.ingredient.clone();
    let mut take = |at: &str| {
        let at = Instant::parse(at).unwrap();
        let dose =
            emar_domain::id::DoseId(uuid::Uuid::from_u128(at.micros().unsigned_abs().into()));
        let taken =
            Taken { dose, order: order.id(), ingredient: ingredient.clone(), at, by, amount: None };
        script.home.taken.entry(order.current.resident).or_default().push(taken);
    };
    take("2026-11-02T14:00:30Z");
    take("2026-11-02T20:00Z");
    let refused = |at: &str| {
        let at = Instant::parse(at).unwrap();
        let all = filing_objections(&script.home, &order, None, None, at);
        let timed = all.into_iter().filter(|o| o.code != Check::PrnReasonMissing);
        timed.map(|o| (o.code, o.params.get("next_at").cloned())).collect::<Vec<_>>()
    };
    let next = Some(Param::from(Instant::parse("2026-11-03T14:01Z").unwrap()));
    let (soon, most) = ((Check::PrnTooSoon, next.clone()), (Check::PrnMaxReached, next));
    assert_eq!(refused("2026-11-02T21:00Z"), [soon, most.clone()]);
    assert_eq!(refused("2026-11-03T14:00:29.999999Z"), [most]);
    assert_eq!(refused("2026-11-03T14:00:30Z"), []);
}
