//! Laws of what is checked when an order is entered, over the shipped table of frequencies: a code
//! and a schedule that do not say the same are refused, and every code's own schedule is taken.

use emar_domain::home::Home;
use emar_domain::order::{OrderVersion, Timing};
use emar_domain::order_input::{BadInput, check_input};
use emar_domain::schedule::Step;
use emar_domain::schedule::frequency::{Brought, Need, Planned};
use emar_domain::time::{CivilDate, Instant, Weekday};
use serde_json::{Value, json};
use std::sync::LazyLock;
use uuid::Uuid;

use crate::exchange::fhir::tests::home;
use crate::policy_file::frequencies;

static OAK_HILL: LazyLock<Home> = LazyLock::new(|| {
    let mut home = home();
    let resident = json!({"id": Uuid::nil(), "family": "Garza", "given": "Ana", "birth_date": null,
        "unit": "east", "room": "112-B", "band": "R-1234567C", "state": "admitted"});
    home.put_resident(serde_json::from_value(resident).unwrap());
    home
});

fn order(frequency: &str, timing: &Value) -> OrderVersion {
    serde_json::from_value(json!({
        "order": Uuid::nil(), "version": 1, "resident": Uuid::nil(),
        "drug": {"ingredient": "alendronate", "name": "alendronate 70 mg tablet",
            "form": "tablet", "route": "po"},
        "dose": {"nano": 70_000_000_000_i64, "unit": "mg"}, "frequency": frequency,
        "timing": timing, "start": Instant::parse("2026-11-02T13:00:00Z").unwrap(),
        "before_minutes": 0, "after_minutes": 0,
        "source": {"sender": "home", "placer": "1", "version": "1"},
    }))
    .unwrap()
}

fn checked(order: &OrderVersion) -> Result<(), BadInput> {
    check_input(&OAK_HILL, frequencies(), order, None)
}

/// Where it is refused; nowhere where it is taken.
fn place(frequency: &str, schedule: &Value) -> Option<&'static str> {
    let planned = json!({"when": "planned", "schedule": schedule});
    checked(&order(frequency, &planned)).err().map(|bad| bad.pointer)
}

fn clock(more: Value) -> Value {
    let mut clock = json!({"kind": "clock", "times": ["09:00"]});
    clock.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    clock
}

#[test]
fn a_codes_own_schedule_is_taken() {
    let weekdays = |n: u32| Weekday::ALL.into_iter().take(usize::try_from(n).unwrap()).collect();
    let step = Step { dose: "70 mg".into(), days: Some(3), doses: None, times: None };
    let at = Instant::parse("2026-11-02T13:00:00Z").unwrap();
    let mut taken = 0;
    for row in &frequencies().frequencies {
        let brought = Brought {
            anchor: Some(at),
            at: Some(at),
            anchor_date: Some(CivilDate::parse("2026-11-02").unwrap()),
            anchor_month: Some("2026-11".to_owned().try_into().unwrap()),
            day: Some(31),
            dow: row.dow_count.map(weekdays),
            on: Some(21),
            off: Some(7),
            steps: row.needs.contains(&Need::Steps).then(|| vec![step.clone()]),
            ..Brought::default()
        };
        let hours = OAK_HILL.policy.hours_of("east", row);
        let timing = match row.plan(&brought, hours.as_deref()).unwrap() {
            Planned::Doses(schedule) => Timing::Planned { schedule },
            Planned::Pair { apply, remove } => Timing::Pair { apply, remove },
            Planned::Unplanned => continue,
        };
        let order = OrderVersion { timing, ..order(&row.code, &json!({"when": "continuous"})) };
        assert_eq!(checked(&order), Ok(()), "{}", row.code);
        taken += 1;
    }
    assert!(taken > 30, "{taken}");
}

#[test]
fn a_code_and_a_schedule_of_other_days_are_refused() {
    const AT: &str = "/timing/schedule";
    let anchored = |days: u32| json!({"every_days": days, "anchor_date": "2026-11-02"});
    let monthly = |every: u32| json!({"monthly": {"day": 2, "every": every, "anchor": "2026-11"}});
    let nth = json!({"monthly": {"nth": -1, "dow": "fri", "every": 1, "anchor": "2026-11"}});
    let cycle = json!({"cycle": {"on": 21, "off": 7, "anchor": "2026-11-02"}});
    let weekends = json!({"dow": ["sat", "sun"]});
    for (code, schedule, wanted) in [
        // Planned every day.
        ("WEEKLY", json!({}), "/dow"),
        ("MWF", json!({}), "/dow"),
        ("QOD", json!({}), "/every_days"),
        ("Q28D", json!({}), "/every_days"),
        ("MONTHLY", json!({}), "/monthly"),
        ("CYCLE", json!({}), "/cycle"),
        ("TAPER", json!({}), "/steps"),
        // Or on other days.
        ("DAILY", weekends.clone(), "/dow"),
        ("DAILY", anchored(2), "/every_days"),
        ("DAILY", monthly(1), "/monthly"),
        ("DAILY", cycle.clone(), "/cycle"),
        ("MWF", json!({"dow": ["mon", "wed", "sat"]}), "/dow"),
        ("WEEKLY", weekends.clone(), "/dow"),
        ("TIW", weekends, "/dow"),
        ("QOD", anchored(3), "/every_days"),
        ("Q7D", anchored(14), "/dow"),
        ("MONTHLY", monthly(3), "/monthly"),
        ("MONTHLY", nth.clone(), "/monthly"),
        ("CYCLE", anchored(2), "/every_days"),
        ("BID", json!({"times": ["09:00", "17:00"], "dow": ["mon"]}), "/dow"),
    ] {
        let found = place(code, &clock(schedule.clone()));
        assert_eq!(found, Some(format!("{AT}{wanted}").as_str()), "{code} {schedule}");
    }
    for (code, schedule) in [
        ("DAILY", json!({})),
        ("DAILY", json!({"dow": Weekday::ALL.map(Weekday::code)})),
        ("WEEKLY", json!({"dow": ["mon"]})),
        ("Q7D", json!({"dow": ["mon", "mon"]})),
        ("MWF", json!({"dow": ["fri", "mon", "wed"]})),
        ("MONTHLY", monthly(1)),
        // What no code says is entered without one.
        ("", nth),
        ("", anchored(5)),
        ("", cycle),
    ] {
        assert_eq!(place(code, &clock(schedule.clone())), None, "{code} {schedule}");
    }
}

#[test]
fn steps_keep_to_the_times_a_day_of_their_code() {
    let twice = ["08:00", "20:00"];
    let steps = |one: &[&str], other: &[&str]| {
        let step = |times| json!({"dose": "70 mg", "days": 3, "times": times});
        json!({"times": [], "anchor_date": "2026-11-02", "steps": [step(one), step(other)]})
    };
    for (code, schedule, wanted) in [
        ("BID", steps(&twice, &twice), None),
        ("BID", steps(&twice, &["08:00"]), Some("/timing/schedule/steps")),
        ("DAILY", steps(&twice, &["08:00"]), Some("/timing/schedule/steps")),
        ("WEEKLY", steps(&["08:00"], &["08:00"]), Some("/timing/schedule/dow")),
        ("TAPER", steps(&twice, &["08:00"]), None),
        ("", steps(&twice, &["08:00"]), None),
    ] {
        assert_eq!(place(code, &clock(schedule.clone())), wanted, "{code} {schedule}");
    }
}

#[test]
fn an_interval_is_of_a_code_that_has_one() {
    let every = |minutes: u32| {
        json!({"kind": "interval", "minutes": minutes,
        "anchor": "2026-11-02T08:00:00-05:00"})
    };
    for (code, minutes, wanted) in [
        ("DAILY", 60, Some("/frequency")),
        ("BID", 60, Some("/frequency")),
        ("WEEKLY", 10_080, Some("/frequency")),
        ("Q6H", 360, None),
        ("Q6H", 60, Some("/timing/schedule/minutes")),
        ("Q72H", 4_320, None),
        ("", 90, None),
    ] {
        assert_eq!(place(code, &every(minutes)), wanted, "{code} every {minutes}");
    }
}

/// Schedules, section 3: insulin with a day to either side would never be late.
#[test]
fn without_a_code_the_homes_windows_hold_too() {
    let daily = clock(json!({}));
    let interval =
        json!({"kind": "interval", "minutes": 4_320, "anchor": "2026-11-02T08:00:00-05:00"});
    let pass = clock(json!({"times": ["06:00"]}));
    for (drug, critical, schedule, before, after, wanted) in [
        ("senna", false, &daily, 60, 60, None),
        ("senna", false, &daily, 61, 60, Some("/before_minutes")),
        ("senna", false, &daily, 60, 61, Some("/after_minutes")),
        ("senna", false, &interval, 60, 61, Some("/after_minutes")),
        // A liberalised pass is open for its whole span, at its own hours.
        ("senna", false, &pass, 0, 240, None),
        ("senna", true, &daily, 30, 30, None),
        ("senna", true, &daily, 30, 60, Some("/after_minutes")),
        ("insulin glargine", false, &daily, 30, 30, None),
        ("insulin glargine", false, &daily, 31, 30, Some("/before_minutes")),
        ("insulin glargine", false, &daily, 0, 1440, Some("/after_minutes")),
        ("insulin glargine", false, &pass, 0, 240, Some("/after_minutes")),
    ] {
        let mut order = order("", &json!({"when": "planned", "schedule": schedule}));
        order.drug.ingredient = drug.into();
        order.time_critical = critical;
        (order.before_minutes, order.after_minutes) = (before, after);
        let found = checked(&order).err().map(|bad| bad.pointer);
        assert_eq!(found, wanted, "{drug} -{before} +{after} {schedule}");
    }
}

/// "Methotrexate" would meet neither the check of methotrexate nor a recorded reaction.
#[test]
fn a_drug_is_written_in_small_letters() {
    let daily = json!({"when": "planned", "schedule": clock(json!({}))});
    for (field, text) in [
        ("ingredient", "Methotrexate"),
        ("ingredient", " methotrexate"),
        ("form", "Tablet"),
        ("form", "tablet "),
        ("route", "PO"),
    ] {
        let mut order = order("DAILY", &daily);
        let drug = &mut order.drug;
        let place = match field {
            "ingredient" => &mut drug.ingredient,
            "form" => &mut drug.form,
            _ => &mut drug.route,
        };
        text.clone_into(place);
        let found = checked(&order).err().map(|bad| bad.pointer);
        assert_eq!(found, Some(format!("/drug/{field}").as_str()), "{text:?}");
    }
}
