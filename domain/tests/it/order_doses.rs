//! How much an order may give at once, in every unit and wherever it names a dose; and how far apart
//! its doses are meant to lie.

use crate::world::{World, clock, instant, new_york, planned, version};
use emar_domain::amount::Amount;
use emar_domain::decide::ChangeKind;
use emar_domain::drug::Strength;
use emar_domain::order::{OrderVersion, Timing};
use emar_domain::order_check::{Occasion, findings};
use emar_domain::order_input::{InputFault, check_input};
use emar_domain::schedule::Schedule;
use emar_domain::schedule::frequency::Frequencies;
use serde_json::{Value, json};

fn order(timing: &Value) -> OrderVersion {
    version(1, 1, timing, instant("2026-11-02T15:00:00Z"))
}

fn codes(order: &OrderVersion) -> Vec<&'static str> {
    let world = World::with_residents(new_york(), order.start, 1);
    let all = findings(&world.home, order, Occasion::Noted);
    all.into_iter().map(|o| o.code.code()).collect()
}

/// What is found about a dose of a drug of this strength, by this route.
fn found(drug: &str, strength: &str, route: &str, dose: &str) -> Vec<&'static str> {
    let mut order = order(&clock(&["09:00"]));
    order.drug.ingredient = drug.into();
    order.drug.strength = Strength::parse(strength);
    order.drug.route = route.into();
    order.dose = Amount::parse_text(dose).unwrap();
    codes(&order)
}

#[test]
fn real_orders_meet_no_ceiling() {
    for (drug, strength, route, dose) in [
        ("magnesium hydroxide", "", "po", "30 mL"),
        ("lactulose", "10 g/15 mL", "po", "45 mL"),
        ("lactulose", "667 mg/mL", "po", "30 mL"),
        ("lactulose", "10 g/15 mL", "po", "20 g"),
        ("polyethylene glycol 3350", "", "po", "17 g"),
        ("polyethylene glycol 3350", "17 g", "po", "1 sachet"),
        ("ergocalciferol", "50000 units", "po", "1 capsule"),
        ("ergocalciferol", "50000 units", "po", "50000 units"),
        ("ergocalciferol", "", "po", "50000 units"),
        ("nystatin", "100000 units/mL", "swish", "500000 units"),
        ("acetaminophen", "160 mg/5 mL", "po", "20 mL"),
        ("potassium chloride", "20 mEq/15 mL", "po", "40 mEq"),
        ("valproic acid", "50 mg/mL", "po", "1000 mg"),
        ("vancomycin", "50 mg/mL", "iv", "1 g"),
        ("sodium chloride", "9 mg/mL", "iv", "1000 mL"),
        ("dextrose", "50 mg/mL", "iv", "1000 mL"),
        ("enteral feed", "", "gtube", "1500 mL"),
        ("albuterol", "90 mcg/puff", "inh", "2 puffs"),
        ("albuterol", "90 mcg/puff", "inh", "180 mcg"),
        ("timolol", "", "oph", "5 drops"),
        ("insulin glargine", "100 units/mL", "subcut", "60 units"),
        ("heparin", "5000 units/mL", "subcut", "5000 units"),
        ("fluticasone", "50 mcg/spray", "nas", "2 sprays"),
    ] {
        assert_eq!(found(drug, strength, route, dose), [""; 0], "{dose} of {drug} {strength}");
    }
    let mut feed = order(&json!({"when": "continuous"}));
    feed.dose = Amount::parse_text("1000 mL").unwrap();
    feed.stop = feed.start.plus_minutes(1440);
    assert_eq!(codes(&feed), [""; 0]);
}

#[test]
fn too_much_at_once_asks_and_what_nobody_takes_stops() {
    for (drug, strength, route, dose, want) in [
        ("acetaminophen", "160 mg/5 mL", "po", "500 mL", "dose_high"),
        ("acetaminophen", "160 mg/5 mL", "po", "5000 mL", "dose_unusual"),
        ("acetaminophen", "160 mg/5 mL", "po", "20 g", "dose_high"),
        ("morphine", "20 mg/mL", "po", "500 mg", "dose_high"),
        ("lorazepam", "2 mg/mL", "im", "15 mL", "dose_high"),
        ("metformin", "", "po", "50 g", "dose_high"),
        ("metformin", "", "po", "850 g", "dose_unusual"),
        ("insulin lispro", "100 units/mL", "subcut", "140 units", "dose_high"),
        ("insulin lispro", "100 units/mL", "subcut", "2 mL", "dose_high"),
        ("insulin lispro", "", "subcut", "4000 units", "dose_unusual"),
        ("ergocalciferol", "", "po", "5000000 units", "dose_high"),
        ("potassium chloride", "20 mEq/15 mL", "po", "200 mEq", "dose_high"),
        ("potassium chloride", "20 mEq/15 mL", "po", "150 mL", "dose_high"),
        ("albuterol", "90 mcg/puff", "inh", "20 puffs", "dose_high"),
        ("albuterol", "90 mcg/puff", "inh", "18 mg", "dose_unusual"),
        ("timolol", "", "oph", "50 drops", "dose_high"),
        ("fluticasone", "", "nas", "200 sprays", "dose_unusual"),
        ("sodium chloride", "9 mg/mL", "iv", "10 L", "dose_high"),
    ] {
        assert_eq!(found(drug, strength, route, dose), [want], "{dose} of {drug} {strength}");
    }
}

/// Prednisone of 5 mg, 40 mg: a later dose in tablets, or ten times as much.
fn tapered(schedule: Value) -> OrderVersion {
    let mut all = json!({"kind": "clock", "times": ["09:00"], "anchor_date": "2026-11-02"});
    all.as_object_mut().unwrap().extend(schedule.as_object().unwrap().clone());
    let mut order = order(&planned(&all));
    order.drug.strength = Strength::parse("5 mg");
    order.dose = Amount::parse_text("40 mg").unwrap();
    order
}

fn three(dose: &str) -> [Value; 3] {
    [
        json!({"steps": [{"dose": "40 mg", "days": 3}, {"dose": dose, "days": 3}]}),
        json!({"alternate": ["40 mg", dose]}),
        json!({"dose_by_dow": {"mon": dose, "*": "40 mg"}}),
    ]
}

#[test]
fn every_dose_a_schedule_names_is_looked_at() {
    for (dose, entered, want) in [
        ("20 mg", true, &[][..]),
        ("400 mg", false, &["dose_unusual"]),
        ("400 mg", true, &["dose_unusual", "dose_unfit"]),
        ("12 mg", false, &[]),
        ("12 mg", true, &["dose_unfit"]),
    ] {
        for schedule in three(dose) {
            let mut order = tapered(schedule.clone());
            order.entered_by = entered.then(|| emar_domain::id::UserId(uuid::Uuid::nil()));
            assert_eq!(codes(&order), want, "{schedule}");
        }
    }
    let mut scaled = order(&clock(&["09:00"]));
    scaled.drug.ingredient = "insulin lispro".into();
    scaled.dose = Amount::parse_text("2 units").unwrap();
    scaled.conditions = serde_json::from_value(json!({"scale": {"unit": "mg/dL", "rows": [
        {"span": {"lo": null, "hi": 149}, "answer": {"units": {"nano": 0, "unit": "units"}}},
        {"span": {"lo": 150, "hi": null},
            "answer": {"units": {"nano": 400_000_000_000_i64, "unit": "units"}}},
    ]}}))
    .unwrap();
    assert_eq!(codes(&scaled), ["dose_high"], "a row of a scale");
}

#[test]
fn the_doses_of_one_order_are_measured_alike() {
    let table: Frequencies =
        serde_json::from_value(json!({"schema": 1, "window_class": [], "frequency": []})).unwrap();
    for (dose, want) in [("20 mg", None), ("20000 mcg", None), ("4 tablets", Some("mg"))] {
        for schedule in three(dose) {
            let order = tapered(schedule.clone());
            let world = World::with_residents(new_york(), order.start, 1);
            let found = check_input(&world.home, &table, &order, None).err().map(|bad| bad.fault);
            assert_eq!(found, want.map(InputFault::DoseMeasure), "{schedule}");
        }
    }
}

#[test]
fn weekdays_lie_as_far_apart_as_the_nearest_two() {
    const DAY: u32 = 24 * 60;
    for (days, apart) in [
        (&["sat", "sun"][..], 1),
        (&["sun", "mon"], 1),
        (&["mon", "wed", "fri"], 2),
        (&["tue", "sat"], 3),
        (&["mon", "thu"], 3),
        (&["wed"], 7),
        (&["wed", "wed"], 7),
        (&["mon", "tue", "wed", "thu", "fri", "sat", "sun"], 1),
    ] {
        let timing = planned(&json!({"kind": "clock", "times": ["09:00"], "dow": days}));
        let timing: Timing = serde_json::from_value(timing).unwrap();
        let interval = timing.schedule().and_then(Schedule::nominal_interval_minutes);
        assert_eq!(interval, Some(apart * DAY), "{days:?}");
    }
}

/// Saturday's dose is given and the order is edited: Sunday's is still prescribed.
#[test]
fn a_change_on_saturday_leaves_sundays_dose() {
    let saturday = instant("2026-11-07T13:00:00Z");
    let mut world = World::with_residents(new_york(), saturday, 1);
    let weekend = planned(&json!({"kind": "clock", "times": ["09:00"], "dow": ["sat", "sun"]}));
    let id = world.receive(version(1, 1, &weekend, saturday));
    world.now = instant("2026-11-07T14:10:00Z");
    let dose = world.doses(id)[0].id;
    world.chart(crate::world::charting(dose, "given", Some(world.now))).unwrap();
    let old = world.home.orders[&id].current.clone();
    let new = OrderVersion { version: 2, instructions: "with food".into(), ..old };
    world.change(new, ChangeKind::NewVersion).unwrap();
    world.plan_ahead();
    let open = world.doses(id).into_iter().filter(|dose| dose.is_open());
    let first = open.map(|dose| dose.due).min();
    assert_eq!(first, Some(instant("2026-11-08T14:00:00Z")));
}
