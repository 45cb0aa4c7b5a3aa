//! Failure stories 2, 3, 4, 5, 7 and 10 where messages are read: what an order says on the wire is what
//! it is, or a person is asked; the others are in `domain/tests/it/stories.rs`.
use super::*;
use emar_domain::alert::AlertKind;
use emar_domain::decide::{Actor, Stamp, decide};
use emar_domain::drug::{Product, Strength};
use emar_domain::explain::{Standing as Listed, explain};
use emar_domain::id::{OrderId, ProductId, UserId};
use emar_domain::order::OrderState;
use emar_domain::role::Role;
use emar_domain::schedule::frequency::{Brought, Planned};
use emar_domain::schedule::{ClockChange, OrderLife, Span, Step, expand};
use emar_domain::time::{CivilDate, Weekday};
use std::cell::Cell;
use std::sync::LazyLock;
use uuid::Uuid;

fn nurse() -> Actor {
    Actor { user: Some(UserId(Uuid::from_u128(1))), role: Role::Nurse, ..Actor::server() }
}

fn carried_out(home: &mut Home, actor: &Actor, command: &Command, now: Instant) -> bool {
    let mut ids = u128::from(home.version) << 64;
    let mut fresh = || {
        ids += 1;
        Uuid::from_u128(ids)
    };
    let decision = decide(home, actor, command, &mut Stamp { now, demo: false, fresh: &mut fresh });
    let version = home.version + decision.leaves.len() as u64;
    decision.facts.iter().for_each(|fact| home.apply(fact, version));
    home.version = version;
    decision.answer.is_ok()
}

/// Oak Hill with one resident; made once, reading the zones takes long.
static OAK_HILL: LazyLock<Home> = LazyLock::new(|| {
    let mut home = home();
    for command in classified(&[resident()]).commands {
        let Command::Resident(resident) = command else { panic!("{command:?}") };
        home.put_resident(*resident);
    }
    home
});

fn with_resident() -> Home {
    OAK_HILL.clone()
}

fn now() -> Instant {
    Instant::parse("2026-11-02T13:05:00Z").unwrap()
}

/// The same order with another dosage instruction.
fn dosed(members: &Value) -> Value {
    let mut order = order();
    let dosage = order["dosageInstruction"][0].as_object_mut().unwrap();
    dosage.remove("timing");
    dosage.extend(members.as_object().unwrap().clone());
    order
}

fn repeat(repeat: Value) -> Value {
    json!({"timing": {"repeat": repeat}})
}

/// An order both one-time and PRN fell between two rules: no message makes one.
#[test]
fn story_02_one_time_and_as_needed_is_for_a_person() {
    let at = "2026-11-02T08:00:00-05:00";
    for timing in [
        json!({"repeat": {"count": 1}}),
        json!({"event": [at]}),
        json!({"repeat": {"count": 1, "frequency": 1, "period": 6, "periodUnit": "h"}}),
        json!({"event": [at], "repeat": {"count": 1}}),
        json!({"event": [at], "repeat": {"frequency": 1, "period": 6, "periodUnit": "h"}}),
    ] {
        for needed in
            [json!({"asNeededBoolean": true}), json!({"asNeededCodeableConcept": {"text": "pain"}})]
        {
            let mut members = needed.clone();
            members["timing"] = timing.clone();
            let result = classified(&[resident(), dosed(&members)]);
            assert_eq!(result.result, Standing::NeedsTranscription, "{members}");
            assert!(received(&result).is_none(), "{members}");
        }
    }
    // Of what is needed now and then, none is given at once.
    let mut order = dosed(&json!({"asNeededCodeableConcept": {"text": "pain"},
        "timing": {"repeat": {"frequency": 1, "period": 6, "periodUnit": "h"}}}));
    assert!(received(&classified(&[resident(), order.clone()])).is_some());
    order["priority"] = json!("stat");
    let result = classified(&[resident(), order]);
    assert_eq!(result.result, Standing::NeedsTranscription);
    assert!(received(&result).is_none());
}

/// A way to say when that can be planned, with up to two of its members left out or made odd.
fn timings() -> impl Strategy<Value = Value> {
    let daily = json!({"frequency": 1, "period": 1, "periodUnit": "d"});
    let with = |more: Value| {
        let mut repeat = daily.clone();
        repeat.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        json!({"timing": {"repeat": repeat}})
    };
    let coded = |code: &str| {
        let coding = json!([{"system": system::GTS, "code": code}]);
        json!({"timing": {"code": {"coding": coding}, "repeat": {}}})
    };
    let sound = vec![
        with(json!({})),
        with(json!({"period": 6, "periodUnit": "h"})),
        with(json!({"dayOfWeek": ["mon"]})),
        with(json!({"boundsPeriod": {"start": "2026-11-02"}})),
        with(json!({"boundsPeriod": {"end": "2026-11-03"}})),
        json!({"timing": {"repeat": {"timeOfDay": ["07:15:00"]}}}),
        json!({"timing": {"repeat": {"timeOfDay": ["08:00:00", "20:00:00"]}}}),
        coded("BID"),
        coded("QD"),
        coded("Q6H"),
    ];
    let odd = |name: &'static str, values: Value| {
        values.as_array().unwrap().iter().map(|v| (name, v.clone())).collect::<Vec<_>>()
    };
    let number = json!([null, 0, 1, 2, 3, 1.5, -1, "2", 4_000_000_000u64, []]);
    let odds = [
        odd("frequency", number.clone()),
        odd("period", number),
        odd("periodUnit", json!([null, "h", "d", "wk", "mo", "a", ""])),
        odd("timeOfDay", json!([null, [], ["08:00:00"], ["25:00:00"], "08:00:00"])),
        odd("timeOfDay", json!([["08:00:00", "08:00:00"], ["08:00:00", "20:00:00"]])),
        odd("dayOfWeek", json!([null, ["mon"], ["mon", "thu"], [], ["funday"]])),
        odd("when", json!([["ACM"], ["HS"], ["C"], ["XX"], []])),
        odd("boundsPeriod", json!([{"start": "2026-12-01", "end": "2026-11-01"}])),
        odd("boundsPeriod", json!([null, {"end": "2026-11-03"}, {"start": "soon"}])),
        odd("asNeededBoolean", json!([true, false])),
    ]
    .concat();
    let spoilt = prop::collection::vec(prop::sample::select(odds), 0..=2);
    (prop::sample::select(sound), spoilt).prop_map(|(mut members, spoilt)| {
        for (name, value) in spoilt {
            let place = match name {
                "asNeededBoolean" => &mut members,
                _ => &mut members["timing"]["repeat"],
            };
            let place = place.as_object_mut().unwrap();
            if value.is_null() {
                place.remove(name)
            } else {
                place.insert(name.into(), value)
            };
        }
        members
    })
}

/// An empty or odd frequency: a next dose, or a reason and the charge nurse's alert, or an answer
/// that says what a person must do. Never nothing.
#[test]
fn story_03_no_message_makes_an_order_vanish() {
    let (taken, planned) = (Cell::new(0), Cell::new(0));
    let mut runner = proptest::test_runner::TestRunner::new(ProptestConfig::with_cases(250));
    let ran = runner.run(&timings(), |members| {
        let mut home = with_resident();
        let bytes = message("new-order", &dosed(&members));
        let answer = message::receive(&bytes, &context(&home)).result;
        let Some(version) = received(&answer).cloned() else {
            prop_assert!(answer.result != Standing::Applied);
            prop_assert!(answer.reasons.iter().any(|r| !r.why.is_empty()));
            return Ok(());
        };
        taken.set(taken.get() + 1);
        let id: OrderId = version.order;
        let person = version.resident;
        let act =
            |home: &mut Home, actor: &Actor, c| carried_out(home, actor, &Command::Order(c), now());
        let received = OrderCommand::Receive(Box::new(version));
        prop_assert!(act(&mut home, &Actor::server(), received));
        prop_assert!(home.orders_of(person).any(|o| o.id() == id), "a draft on no list");
        if !act(&mut home, &nurse(), OrderCommand::Note(id, vec![])) {
            return Ok(());
        }
        planned.set(planned.get() + 1);
        carried_out(&mut home, &Actor::server(), &Command::Plan(vec![id]), now());
        prop_assert_eq!(emar_domain::explain::unlisted(&home, person, now()), []);
        let order = &home.orders[&id];
        let over = order.state_at(now()) == OrderState::Expired;
        let next = match explain(&home, order, now()) {
            Listed::Due { .. } => true,
            Listed::NotDue { next, .. } => next.is_some(),
        };
        let told = home.alerts.values().any(|a| a.kind == AlertKind::OrderProblem);
        prop_assert!(over || order.is_prn() || next != told, "nobody is told: {:?}", order);
        Ok(())
    });
    ran.unwrap();
    let (taken, planned) = (taken.get(), planned.get());
    assert!(taken > 50 && planned > 50, "{taken} taken, {planned} planned: most said nothing");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(250))]

    /// A formulary default turned a daily order into PRN: here the message alone says when, how
    /// often and how much, whatever the formulary holds.
    #[test]
    fn story_04_default_beat_intent(
        which in 0..6usize,
        name in prop::sample::select(vec!["PRN", "as needed", "nebuliser PRN", "weekly", "40 mg"]),
        strength in prop::sample::select(vec!["20 mg", "40 mg", "10 mg/mL", "100 units/mL"]),
        form in prop::sample::select(vec!["tablet", "nebuliser solution", "capsule", "patch"]),
        units in prop::sample::select(vec![1u32, 30, 500]),
    ) {
        let daily = json!({"frequency": 1, "period": 1, "periodUnit": "d"});
        let six = json!({"frequency": 1, "period": 6, "periodUnit": "h"});
        let single = json!({"event": ["2026-11-03T08:00:00-05:00"], "repeat": {"count": 1}});
        let needed = json!({"timing": {"repeat": six},
            "asNeededCodeableConcept": {"text": "pain"}});
        let coded = json!({"timing": {"code": {"coding": [{"system": system::GTS,
            "code": "BID"}]}}});
        let (members, kind) = [
            (repeat(daily.clone()), "clock"),
            (coded, "clock"),
            (repeat(json!({"frequency": 1, "period": 1, "periodUnit": "d",
                "dayOfWeek": ["mon"]})), "clock"),
            (repeat(json!({"timeOfDay": ["07:15:00"]})), "clock"),
            (json!({"timing": single}), "once"),
            (needed, "prn"),
        ][which].clone();
        let mut sent = dosed(&members);
        let coding = sent["medicationCodeableConcept"]["coding"].as_array_mut().unwrap();
        coding.push(json!({"system": system::NDC, "code": "12345-6789-01"}));
        let bare = with_resident();
        let mut stocked = with_resident();
        for (n, ingredient) in (1..).zip(["simvastatin", "albuterol"]) {
            stocked.put_product(Product {
                id: ProductId(Uuid::from_u128(n)),
                name: format!("Simvastatin 20 MG Oral Tablet {name}"),
                ingredient: ingredient.to_owned(),
                strength: Strength::parse(strength).unwrap(),
                form: form.to_owned(),
                route: "inh".to_owned(),
                units_per_package: units,
 handling: std::collections::BTreeSet::new(),
                ndc11: (n == 1).then(|| "12345678901".to_owned()),
                gtins: vec![],
            });
        }
        let bytes = message("new-order", &sent);
        let [plain, beside] = [&bare, &stocked].map(|home| {
            let taken = message::receive(&bytes, &context(home)).result;
            received(&taken).cloned()
        });
        // It is the drug of the formulary, or its defaults would not come near the order.
        let found = beside.as_ref().map(|v| (v.drug.form.as_str(), v.drug.strength));
        prop_assert_eq!(found, Some((form, Strength::parse(strength))));
        let [plain, beside] = [plain, beside].map(|version| {
            version.map(|v| (v.timing, v.frequency, v.dose, v.before_minutes, v.after_minutes))
        });
        let dose = Amount::parse_text("20 mg").unwrap();
        prop_assert!(plain.as_ref().is_some_and(|(_, _, said, ..)| said.same_as(dose)));
        let found = plain.as_ref().map(|(timing, ..)| match timing {
            Timing::Planned { schedule: Schedule::Clock(_) } => "clock",
            Timing::Planned { schedule: Schedule::Once(_) } => "once",
            Timing::Planned { schedule: Schedule::Interval(_) } => "interval",
            Timing::Prn { .. } => "prn",
            Timing::Unschedulable { .. } => "unschedulable",
            Timing::OnCall { .. } => "on_call",
            Timing::Continuous => "continuous",
            Timing::Pair { .. } => "pair",
        });
        prop_assert_eq!(found, Some(kind), "{}", members);
        prop_assert_eq!(plain, beside, "{}", members);
    }
}

/// Where the message does not say it, or says it oddly, no default does.
#[test]
fn story_04_no_default_fills_a_hole() {
    let gts = |code: &str| json!({"timing": {"code": {"coding": [{"system": system::GTS, "code": code}]}}});
    for members in [
        json!({}),
        json!({"timing": {}}),
        json!({"timing": {"code": {"text": "as before"}}}),
        gts("XYZ"),
        gts(""),
        repeat(json!({})),
        repeat(json!({"frequency": 1})),
        repeat(json!({"frequency": 0, "period": 1, "periodUnit": "d"})),
        repeat(json!({"frequency": 1.5, "period": 1, "periodUnit": "d"})),
        repeat(json!({"frequency": 1, "period": 1, "periodUnit": "day"})),
        repeat(json!({"frequency": 1, "period": 1, "periodUnit": "d", "timeOfDay": ["25:00:00"]})),
        repeat(json!({"frequency": 1, "period": 1, "periodUnit": "d", "dayOfWeek": ["funday"]})),
        repeat(json!({"when": ["XX"]})),
        // Planned, but not from which day.
        gts("QOD"),
        repeat(json!({"frequency": 1, "period": 2, "periodUnit": "d"})),
        json!({"timing": {"repeat": {"frequency": 1, "period": 1, "periodUnit": "d"}},
            "doseAndRate": null}),
        json!({"timing": {"repeat": {"frequency": 1, "period": 1, "periodUnit": "d"}},
            "asNeededCodeableConcept": {"text": "pain"}}),
    ] {
        let mut order = dosed(&members);
        let step = order["dosageInstruction"][0].as_object_mut().unwrap();
        step.retain(|_, value| !value.is_null());
        let result = classified(&[resident(), order]);
        assert_eq!(result.result, Standing::NeedsTranscription, "{members}");
        assert!(received(&result).is_none(), "{members}");
    }
}

/// 40 mg became 40 capsules: a unit is what its code and its text both say, in a known list.
#[test]
fn story_05_a_unit_is_said_once() {
    let of = |quantity: Value| {
        let mut order = order();
        order["dosageInstruction"][0]["doseAndRate"] = json!([{"doseQuantity": quantity}]);
        classified(&[resident(), order])
    };
    let forms = system::DOSE_FORM;
    let whole = of(json!({"value": 2, "unit": "capsule", "system": forms, "code": "CAP"}));
    assert_eq!(received(&whole).map(|v| v.dose), Some(Amount::parse_text("2 capsule").unwrap()));
    for quantity in [
        json!({"value": 40, "unit": "mg", "system": forms, "code": "CAP"}),
        json!({"value": 40, "unit": "capsule", "system": system::UCUM, "code": "mg"}),
        json!({"value": 40, "unit": "mcg", "system": system::UCUM, "code": "mg"}),
        json!({"value": 40, "unit": "mg", "system": "urn:elsewhere", "code": "mg"}),
        json!({"value": 40}),
        json!({"value": 0, "unit": "mg"}),
        json!({"value": "40", "unit": "mg"}),
        json!({"value": 0.000_000_000_1, "unit": "mg"}),
    ] {
        let result = of(quantity.clone());
        assert!(result.result != Standing::Applied, "{quantity}");
        assert!(received(&result).is_none(), "{quantity}");
    }
}

/// Frequency and start of one renewal were copied to others: many in one document are one by one.
#[test]
fn story_07_many_orders_are_taken_one_by_one() {
    let orders: Vec<Value> = (1..=6)
        .map(|n| {
            let mut order = dosed(&json!({
                "timing": {"repeat": {"timeOfDay": [format!("{:02}:15:00", 6 + n)],
                    "boundsPeriod": {"start": format!("2026-11-{n:02}"),
                        "end": format!("2026-12-{n:02}")}}},
                "text": format!("order {n}"), "patientInstruction": format!("with {n} glasses"),
                "doseAndRate": [{"doseQuantity": {"value": n, "unit": "mg"}}],
            }));
            order["id"] = json!(format!("rx{n}"));
            order["identifier"][0]["value"] = json!(format!("RX-{n}"));
            order["meta"]["versionId"] = json!(n.to_string());
            order["authoredOn"] = json!(format!("2026-10-{:02}T08:00:00-04:00", 10 + n));
            order["reasonCode"] = json!([{"text": format!("reason {n}")}]);
            order["requester"] = json!({"display": format!("doctor {n}")});
            order
        })
        .collect();
    let versions = |result: &FileResult| -> Vec<OrderVersion> {
        let received = result.commands.iter().filter_map(|c| match c {
            Command::Order(OrderCommand::Receive(version)) => Some((**version).clone()),
            _ => None,
        });
        received.collect()
    };
    let single = |order: &Value| versions(&classified(&[resident(), order.clone()]));
    let one_by_one: Vec<OrderVersion> = orders.iter().flat_map(single).collect();
    assert_eq!(one_by_one.len(), orders.len());
    let together: Vec<Value> = [resident()].into_iter().chain(orders).collect();
    assert_eq!(versions(&classified(&together)), one_by_one);
}

/// How much was dispensed is no number of doses, and no end.
#[test]
fn story_10_a_quantity_dispensed_counts_no_doses() {
    let version = |order: Value| received(&classified(&[resident(), order])).cloned().unwrap();
    let plain = version(order());
    for quantity in [1, 10, 500] {
        let mut sent = order();
        sent["dispenseRequest"] = json!({"quantity": {"value": quantity, "unit": "tablet"},
            "numberOfRepeatsAllowed": 2, "expectedSupplyDuration": {"value": 5, "code": "d"}});
        assert_eq!(version(sent), plain, "{quantity}");
    }
}

/// "n times a day" is n doses on each day it is due, of every code of the table; the count is never
/// that of a package.
#[test]
fn story_10_so_many_a_day_are_so_many() {
    let home = home();
    let date = CivilDate::parse("2026-11-02").unwrap();
    let begins = home.zone.day_begins(date);
    let day = Span { from: begins, to: home.zone.day_begins(date.plus_days(1).unwrap()) };
    let week = [Weekday::Mon, Weekday::Wed, Weekday::Fri];
    let mut planned = 0;
    for row in &crate::policy_file::frequencies().frequencies {
        let named = usize::try_from(row.dow_count.unwrap_or(1)).unwrap();
        let brought = Brought {
            anchor: Some(begins),
            anchor_date: Some(date),
            anchor_month: None,
            at: Some(begins),
            day: Some(2),
            dow: Some(week[..named].to_vec()),
            on: Some(3),
            off: Some(2),
            steps: Some(vec![Step {
                dose: "5 mg".to_owned(),
                days: Some(3),
                doses: None,
                times: None,
            }]),
            ..Brought::default()
        };
        let Ok(Planned::Doses(schedule)) = row.plan(&brought, None) else { continue };
        if matches!(schedule, Schedule::Interval(_)) {
            continue;
        }
        let clock = ClockChange::default();
        let done = expand(&OrderLife::default(), &schedule, &home.zone, clock, day).unwrap();
        let due_today = row.dow.as_ref().is_none_or(|days| days.contains(&Weekday::Mon));
        let wanted = if due_today { row.doses_per_day } else { 0 };
        assert_eq!(u32::try_from(done.due.len()), Ok(wanted), "{}", row.code);
        planned += 1;
    }
    assert!(planned > 20, "only {planned} codes were planned");
}
