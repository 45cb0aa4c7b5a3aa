//! What the desk's form makes of what is typed, and what the desk offers to whom.
use super::compose::compose;
use super::history::history;
use super::orders::work;
use super::regimen::read_back;
use super::sight::Sight;
use super::tests::scenario::Script;
use super::tests::{sight, told};
use super::typed::Typed;
use crate::http::auth::Auth;
use crate::http::pages::view::orders::{Act, Work};
use crate::http::pages::words::Lang;
use crate::policy_file::frequencies;
use crate::store::DoseHistory;
use emar_domain::administration::Override;
use emar_domain::amount::Amount;
use emar_domain::decide::{Actor, Command, HoldFor, OrderCommand};
use emar_domain::dose::Dose;
use emar_domain::drug::{Product, Strength};
use emar_domain::fact::{DoseDue, DoseFact};
use emar_domain::id::ProductId;
use emar_domain::limit::Day;
use emar_domain::order::{Order, OrderVersion, Timing};
use emar_domain::order_input::check_input;
use emar_domain::resident::Allergy;
use emar_domain::role::Role;
use emar_domain::schedule::{Clock, DoseDay, Schedule};

fn garza(script: &Script) -> String {
    let all = script.home.residents.values();
    all.clone().find(|r| r.family.0 == "Garza").unwrap().id.to_string()
}

pub(super) fn senna(script: &Script) -> Typed {
    Typed {
        resident: garza(script),
        drug: "Senna 8.6 mg tablet".into(),
        number: "17.2".into(),
        unit: "mg".into(),
        route: "po".into(),
        pattern: "regular".into(),
        frequency: "BID".into(),
        start: "2026-11-02 08:00".into(),
        ..Typed::default()
    }
}

fn composed(script: &Script, typed: &Typed) -> Result<OrderVersion, Vec<&'static str>> {
    let fields = |wrong: Vec<super::compose::Wrong>| wrong.into_iter().map(|w| w.field).collect();
    compose(&sight(script), typed, &|_| true).map_err(fields)
}

fn clock_times(order: &OrderVersion) -> Vec<String> {
    let Timing::Planned { schedule: Schedule::Clock(clock) } = &order.timing else {
        panic!("{:?}", order.timing)
    };
    clock.times.iter().map(|t| format!("{:02}:{:02}", t.hour(), t.minute())).collect()
}

#[test]
fn what_is_typed_right_is_an_order_the_rules_take() {
    let script = told("");
    let order = composed(&script, &senna(&script)).unwrap();
    assert_eq!(order.dose, Amount::parse("17.2", "mg").unwrap());
    assert_eq!(order.frequency, "BID");
    assert_eq!(clock_times(&order).len(), 2, "the home's hours");
    assert!(order.before_minutes > 0 && order.after_minutes > 0);
    assert_eq!(order.start.to_string(), "2026-11-02T13:00:00Z", "home time");
    let times = Typed { frequency: String::new(), times: "08:00, 20:00".into(), ..senna(&script) };
    let order = composed(&script, &times).unwrap();
    assert_eq!(
        (order.frequency.as_str(), clock_times(&order)),
        ("BID", vec!["08:00".to_owned(), "20:00".to_owned(),])
    );
    let weekly = Typed { frequency: "WEEKLY".into(), days: vec!["mon".into()], ..senna(&script) };
    assert!(composed(&script, &weekly).is_ok());
    let prn = Typed {
        pattern: "prn".into(),
        frequency: String::new(),
        apart: "4.5".into(),
        apart_max: "6".into(),
        count_by: "calendar_day".into(),
        most: "3".into(),
        indication: "constipation".into(),
        ..senna(&script)
    };
    let order = composed(&script, &prn).unwrap();
    let wanted = Timing::Prn {
        indication: "constipation".into(),
        interval_minutes_min: Some(270),
        interval_minutes_max: Some(360),
        per_day_max: Some(3),
        day: Day::CalendarDay,
    };
    assert_eq!(order.timing, wanted);
    let said = read_back(&sight(&script), &order).join("\n").replace('\u{a0}', " ");
    let limits = "every 4 h 30 to 6 h 00, never sooner · at most 3 a calendar day";
    assert!(said.contains(limits), "{said}");
    let shorter = Typed { apart_max: "4".into(), ..prn };
    assert_eq!(composed(&script, &shorter), Err(vec!["apart_max"]));
}

#[test]
fn each_slip_is_told_at_its_field() {
    let script = told("");
    let typed = || senna(&script);
    for (field, typed) in [
        ("resident", Typed { resident: "nobody".into(), ..typed() }),
        ("drug", Typed { drug: "snake oil".into(), ..typed() }),
        ("number", Typed { number: "0".into(), ..typed() }),
        ("number", Typed { number: "1e3".into(), ..typed() }),
        ("number", Typed { number: "10".into(), ..typed() }),
        ("unit", Typed { unit: "stone".into(), ..typed() }),
        ("route", Typed { route: String::new(), ..typed() }),
        ("frequency", Typed { frequency: String::new(), ..typed() }),
        ("frequency", Typed { frequency: "TAPER".into(), ..typed() }),
        ("frequency", Typed { frequency: "PATCH12".into(), ..typed() }),
        ("times", Typed { times: "8 o'clock".into(), ..typed() }),
        ("times", Typed { times: "08:00".into(), ..typed() }),
        ("days", Typed { days: vec!["mon".into()], ..typed() }),
        ("days", Typed { frequency: "WEEKLY".into(), ..typed() }),
        ("days", Typed { frequency: "BIW".into(), days: vec!["mon".into()], ..typed() }),
        ("start", Typed { start: "tomorrow".into(), ..typed() }),
        ("start", Typed { start: "2026-03-08 02:30".into(), ..typed() }),
        ("start", Typed { start: "2026-11-01 01:30".into(), ..typed() }),
        ("stop", Typed { stop: "2026-11-02 08:00".into(), ..typed() }),
        ("stop", Typed { pattern: "on_call".into(), ..typed() }),
        ("expires", Typed { expires: "2026-11-02 08:00".into(), ..typed() }),
        ("expires", Typed { expires: "in a week".into(), ..typed() }),
        ("prescriber", Typed { prescriber: "x".repeat(201), ..typed() }),
        ("off_times", Typed { pattern: "pair".into(), off_times: "21:00".into(), ..typed() }),
        ("instructions", Typed { instructions: "x".repeat(1001), ..typed() }),
        ("self_administration", Typed { self_administration: "nobody".into(), ..typed() }),
        (
            "self_administration",
            Typed { self_administration: "self_managed".into(), ..given(&script) },
        ),
        ("acknowledge", Typed { acknowledge: "yes".into(), ..typed() }),
        ("covert_reference", Typed { covert_review: "2026-12-01".into(), ..typed() }),
        ("covert_review", Typed { covert_reference: "Best interests 14".into(), ..typed() }),
        ("covert_review", Typed { covert_review: "in May".into(), ..given(&script) }),
        ("before", Typed { before: "61".into(), ..typed() }),
        ("after", Typed { after: "61".into(), ..typed() }),
        ("after", Typed { after: "half an hour".into(), ..typed() }),
        ("before", Typed { before: "-5".into(), ..typed() }),
        ("elapsed", Typed { elapsed: "yes".into(), ..typed() }),
        ("times", Typed { times: "08:00 20:00".into(), ..elapsed(&script) }),
    ] {
        assert_eq!(composed(&script, &typed), Err(vec![field]), "{typed:?}");
    }
    let prn = Typed { pattern: "prn".into(), ..typed() };
    assert_eq!(composed(&script, &prn), Err(vec!["indication", "apart", "most"]));
    assert!(composed(&script, &Typed::default()).unwrap_err().contains(&"pattern"));
    let blank = Typed { pattern: "regular".into(), ..Typed::default() };
    let nothing = composed(&script, &blank).unwrap_err();
    for field in ["resident", "drug", "number", "unit", "route", "start", "frequency"] {
        assert!(nothing.contains(&field), "{field} of {nothing:?}");
    }
}

#[test]
fn a_recorded_reaction_asks_why_in_both_languages() {
    let mut script = told("");
    let mut resident =
        script.home.residents.values().find(|r| r.family.0 == "Garza").unwrap().clone();
    let (ingredient, reaction) = ("senna".to_owned(), "cramps".to_owned());
    resident.allergies.push(Allergy { ingredient, reaction, covers: vec![] });
    script.home.put_resident(resident);
    let typed = senna(&script);
    for (lang, part) in [(Lang::En, "Recorded reaction"), (Lang::Es, "Reacción registrada")] {
        let sight = Sight { home: &script.home, now: script.now, lang };
        let wrong = compose(&sight, &typed, &|_| true).unwrap_err();
        assert_eq!((wrong.len(), wrong[0].field), (1, "allergy"));
        assert!(wrong[0].text.contains(part) && wrong[0].text.contains("cramps"), "{wrong:?}");
    }
    let accepted = Typed { allergy: "tolerated since May".into(), ..typed };
    let order = composed(&script, &accepted).unwrap();
    assert_eq!(order.allergy_override.as_deref(), Some("tolerated since May"));
}

#[test]
fn another_units_resident_is_nobody_here() {
    let script = told("");
    let wrong = compose(&sight(&script), &senna(&script), &|_| false).unwrap_err();
    assert_eq!(wrong[0].field, "resident");
}

pub(super) fn list(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|text| (*text).to_owned()).collect()
}

/// Every way the form can say when and how much: what is typed, and how it is read back.
fn patterns(script: &Script) -> Vec<(Typed, &'static str)> {
    let typed = || Typed { frequency: String::new(), ..senna(script) };
    let of = |pattern: &str| Typed { pattern: pattern.into(), ..typed() };
    let steps = |pattern: &str, lengths: &[&str]| Typed {
        step_number: list(&["34.4", "17.2", "8.6"]),
        step_length: list(lengths),
        step_times: list(&["", "", "20:00"]),
        times: "08:00".into(),
        ..of(pattern)
    };
    let month = |day: &str| Typed { month_day: day.into(), ..of("monthly") };
    vec![
        (senna(script), "every day"),
        (Typed { days: list(&["mon", "thu"]), ..of("weekdays") }, "on Mon, Thu"),
        (
            Typed { every: "3".into(), ..of("every_days") },
            "every 3 days, counted from Mon 02-Nov-2026",
        ),
        (
            Typed { every: "2".into(), anchor: "2026-11-01".into(), ..of("every_days") },
            "every 2 days, counted from Sun 01-Nov-2026",
        ),
        (
            Typed { on: "21".into(), off: "7".into(), ..of("cycle") },
            "21 days on, 7 days off, counted from Mon 02-Nov-2026",
        ),
        (
            Typed { on: "14".into(), off: "7".into(), frequency: "BID".into(), ..of("cycle") },
            "at 09:00 17:00, 14 days on, 7 days off, counted from Mon 02-Nov-2026",
        ),
        (month("15"), "day 15 of every month"),
        (
            Typed { overflow: "clamp".into(), months: "3".into(), ..month("31") },
            "day 31 of every 3 months, counted from November 2026 (in a shorter month on its last",
        ),
        (
            Typed { month_nth: "-1".into(), month_dow: "fri".into(), ..month("") },
            "the last Fri of every month",
        ),
        (
            steps("steps_days", &["5", "5", "3"]),
            "Step 2: 17.2 mg, 5 days, Sat 07-Nov-2026 to Wed 11-Nov-2026",
        ),
        (steps("steps_days", &["5", "5", "3"]), "No dose from Sun 15-Nov-2026 on"),
        (steps("steps_days", &["5", "5", ""]), "Step 3: 8.6 mg at 20:00, from then on"),
        (steps("steps_doses", &["4", "2", "1"]), "Step 1: 34.4 mg, 4 doses"),
        (
            Typed { turn: list(&["8.6", "17.2"]), ..of("turns") },
            "in turn, day by day: 8.6 mg, 17.2 mg, counted from Mon 02-Nov-2026",
        ),
        (
            Typed { by_day: list(&["8.6", "", "17.2", "", "", "", ""]), ..of("by_day") },
            "Mon 8.6 mg · Wed 17.2 mg",
        ),
        (of("once"), "once, Mon 02-Nov-2026 08:00"),
        (of("stat"), "once, Mon 02-Nov-2026 06:30"),
        (Typed { first: "now".into(), ..senna(script) }, "first dose now"),
    ]
}

/// The ways without planned times, what is put on and taken off, and what is asked beside.
fn other_ways(script: &Script) -> Vec<(Typed, &'static str)> {
    let of = |pattern: &str| Typed {
        pattern: pattern.into(),
        frequency: String::new(),
        ..senna(script)
    };
    vec![
        (of("on_call_once"), "On call, once"),
        (Typed { stop: "2026-11-09 08:00".into(), ..of("on_call") }, "On call\n"),
        (of("running"), "Running"),
        (
            Typed { times: "09:00".into(), off_times: "21:00".into(), ..of("pair") },
            "at 09:00, every day\noff at 21:00",
        ),
        (
            Typed { times: "09:00".into(), every: "3".into(), ..of("pair") },
            "off at 09:00, every 3 days, counted from Mon 02-Nov-2026",
        ),
        (
            Typed { times: "09:00".into(), days: list(&["mon", "thu"]), ..of("pair") },
            "off at 09:00, on Mon, Thu",
        ),
        (measured(script), "Hold when systolic pressure is below 100, or when"),
        (measured(script), "By glucose in mg/dL: 69 and below: call"),
        (measured(script), "until Mon 09-Nov-2026 12:00, by law"),
        (measured(script), "prescribed by Dr Adeyemi"),
        (given(script), "The resident takes it, staff check"),
        (
            given(script),
            "resident's knowledge. Ground: Best interests 14. Review by Tue 01-Dec-2026",
        ),
        (given(script), "Whoever gives it must confirm: crush in yoghurt"),
        (given(script), "given from 30 min before to 45 min after its time"),
        (alone(script), "The resident keeps and takes it, nothing is due for staff"),
        (
            Typed { after: "0".into(), step_number: list(&["8.6"]), ..of("steps_days") },
            "given from 60 min before to 0 min after its time",
        ),
        (
            Typed { times: "09:00".into(), before: "10".into(), ..of("pair") },
            "given from 10 min before to 60 min after its time",
        ),
        (
            Typed { frequency: "Q6H".into(), before: "15".into(), ..elapsed(script) },
            "every 6 h 00, whatever the clock says, from Mon 02-Nov-2026 08:00",
        ),
        (
            Typed { anchor: "2026-11-02 09:30".into(), ..elapsed(script) },
            "every 12 h 00, whatever the clock says, from Mon 02-Nov-2026 09:30",
        ),
        (
            Typed { frequency: "Q72H".into(), ..senna(script) },
            "every 3 d 0 h, whatever the clock says, from Mon 02-Nov-2026 08:00",
        ),
    ]
}

/// With everything the form asks about giving.
fn given(script: &Script) -> Typed {
    Typed {
        instructions: "crush in yoghurt".into(),
        self_administration: "checked".into(),
        acknowledge: "yes".into(),
        covert_reference: "Best interests 14".into(),
        covert_review: "2026-12-01".into(),
        before: "30".into(),
        after: "45".into(),
        ..senna(script)
    }
}

/// Kept and taken by the resident.
fn alone(script: &Script) -> Typed {
    Typed { self_administration: "self_managed".into(), ..senna(script) }
}

/// Every twelve hours, elapsed.
fn elapsed(script: &Script) -> Typed {
    Typed { frequency: "Q12H".into(), elapsed: "yes".into(), ..senna(script) }
}

fn all_ways(script: &Script) -> Vec<(Typed, &'static str)> {
    patterns(script).into_iter().chain(other_ways(script)).collect()
}

/// With everything the form asks beside what, how much and when.
pub(super) fn measured(script: &Script) -> Typed {
    Typed {
        prescriber: "Dr Adeyemi".into(),
        stop: "2026-12-02 08:00".into(),
        expires: "2026-11-09 12:00".into(),
        hold_code: list(&["sbp", "hr"]),
        hold_op: list(&["<", "<="]),
        hold_value: list(&["100", "59.5"]),
        hold_age: "60".into(),
        scale_unit: "mg/dL".into(),
        scale_from: list(&["", "70", "150", "400"]),
        scale_to: list(&["69", "149", "399", ""]),
        scale_units: list(&["", "0", "2.5", ""]),
        scale_action: list(&["call prescriber", "", "", "call_prescriber"]),
        ..senna(script)
    }
}

#[test]
fn every_pattern_is_read_back_as_it_was_meant() {
    let script = told("");
    for (typed, part) in all_ways(&script) {
        let order = composed(&script, &typed).unwrap_or_else(|w| panic!("{w:?}: {typed:?}"));
        let taken = check_input(&script.home, frequencies(), &order, None);
        assert_eq!(taken, Ok(()), "{typed:?} is an order the rules take");
        let said = read_back(&sight(&script), &order).join("\n").replace('\u{a0}', " ");
        assert!(said.contains(part), "{part} in {said}");
    }
}

/// What the form shows of an order in force is what it would make again: a change of one thing
/// changes nothing else.
#[test]
fn an_order_opened_in_the_form_means_what_it_meant() {
    for at in 0..all_ways(&told("")).len() {
        let mut script = told("");
        let (typed, part) = all_ways(&script).swap_remove(at);
        let mut version = composed(&script, &typed).unwrap();
        version.order = emar_domain::id::OrderId(uuid::Uuid::from_u128(78));
        let novak = auth(&script, "Novak", Role::Charge);
        version.accepted = ["duplicate_order", "same_ingredient_ordered"]
            .map(|code| Override {
                code: code.into(),
                reason: "both_meant".into(),
                comment: None,
                contact: None,
            })
            .to_vec();
        let id = version.order;
        let receive = Command::Order(OrderCommand::Receive(Box::new(version)));
        script.run(&novak.actor, &receive).answer.unwrap();
        let opened = Typed::of(&sight(&script), &script.home.orders[&id]);
        assert!(!opened.pattern.is_empty(), "{part}: no way to say it");
        let (order, kind) = (id.to_string(), "new_version".to_owned());
        let again = Typed { order, kind, reason: "less".into(), ..opened };
        let again = compose(&sight(&script), &again, &|_| true).unwrap();
        let old = script.home.orders[&id].current.clone();
        assert_eq!(again, OrderVersion { version: 2, accepted: Vec::new(), ..old }, "{part}");
    }
}

#[test]
fn a_slip_in_a_row_is_told_at_its_row() {
    let script = told("");
    let steps = Typed {
        pattern: "steps_days".into(),
        frequency: String::new(),
        step_number: list(&["17.2", "10", "8.6"]),
        step_length: list(&["5", "5", "0"]),
        step_times: list(&["", "25:00", ""]),
        ..senna(&script)
    };
    let wrong = compose(&sight(&script), &steps, &|_| true).unwrap_err();
    let told: Vec<_> = wrong.iter().map(|w| (w.field, w.row)).collect();
    let at = |field, row| (field, Some(row));
    assert_eq!(told, [at("step_number", 1), at("step_times", 1), at("step_length", 2)]);
    let of = |pattern: &str| Typed { pattern: pattern.into(), ..senna(&script) };
    let plain = |pattern: &str| Typed { frequency: String::new(), ..of(pattern) };
    for (field, typed) in [
        ("step_number", plain("steps_days")),
        (
            "step_length",
            Typed {
                step_length: list(&["", "5", "5"]),
                times: "08:00".into(),
                step_times: list(&["", "", ""]),
                step_number: list(&["8.6", "8.6", "8.6"]),
                ..steps.clone()
            },
        ),
        ("turn", Typed { turn: list(&["8.6", ""]), ..plain("turns") }),
        ("by_day", plain("by_day")),
        ("days", plain("weekdays")),
        ("every", plain("every_days")),
        ("off", Typed { on: "21".into(), ..plain("cycle") }),
        ("month_day", Typed { month_day: "32".into(), ..plain("monthly") }),
        ("overflow", Typed { month_day: "30".into(), ..plain("monthly") }),
        ("month_dow", Typed { month_nth: "1".into(), ..plain("monthly") }),
        ("anchor", Typed { anchor: "monday".into(), every: "2".into(), ..plain("every_days") }),
        ("frequency", Typed { every: "2".into(), frequency: "MWF".into(), ..of("every_days") }),
        ("pattern", of("")),
    ] {
        assert_eq!(composed(&script, &typed), Err(vec![field]), "{typed:?}");
    }
}

/// Before meals at the hours of three times a day is not three times a day: what a code means for
/// windows and for the home's other hours goes with it.
#[test]
fn another_frequency_at_the_same_times_is_taken() {
    let mut script = told("");
    let mut order = script.home.orders.values().next().unwrap().clone();
    let times = "07:30 11:30 16:30".to_owned();
    let typed = Typed { frequency: "TID".into(), times, ..senna(&script) };
    order.current.frequency = "TID".into();
    order.current.timing = composed(&script, &typed).unwrap().timing;
    script.home.put_order(order.clone());
    let opened = Typed {
        order: order.id().to_string(),
        kind: "new_version".into(),
        reason: "stomach".into(),
        ..Typed::of(&sight(&script), &order)
    };
    let as_it_was = composed(&script, &opened).unwrap();
    assert_eq!((as_it_was.frequency.as_str(), as_it_was.asked), ("TID", None));
    let with_meals = Typed { frequency: "WITHMEALS".into(), ..opened };
    let changed = composed(&script, &with_meals).unwrap();
    assert_eq!(changed.timing, order.current.timing);
    let asked = changed.asked.map(|asked| asked.code);
    assert_eq!((changed.frequency.as_str(), asked.as_deref()), ("WITHMEALS", Some("WITHMEALS")));
}

/// What is said of giving is said in the language of who reads it.
#[test]
fn giving_is_read_back_in_spanish_too() {
    let script = told("");
    let sight = Sight { home: &script.home, now: script.now, lang: Lang::Es };
    let order = compose(&sight, &given(&script), &|_| true).unwrap();
    let said = read_back(&sight, &order).join("\n").replace('\u{a0}', " ");
    for part in [
        "El residente la toma, el personal comprueba",
        "Base: Best interests 14.",
        "Quien la dé debe confirmar: crush in yoghurt",
        "se da desde 30 min antes hasta 45 min después de su hora",
    ] {
        assert!(said.contains(part), "{part} in {said}");
    }
}

/// A narrower window goes with the home's hours: they may narrow it further and never widen it.
#[test]
fn an_order_with_its_own_window_follows_the_home_and_keeps_it() {
    let script = told("");
    let window = |order: &OrderVersion, critical| {
        let asked = order.asked.as_ref().unwrap();
        let at = asked.at_hours(&script.home.policy, frequencies(), "east", critical).unwrap();
        (at.before_minutes, at.after_minutes)
    };
    let own = Typed { before: "20".into(), after: "45".into(), ..senna(&script) };
    let order = composed(&script, &own).unwrap();
    assert_eq!((order.before_minutes, order.after_minutes), (20, 45));
    assert_eq!(window(&order, false), (20, 45), "the home has 60 on either side");
    assert_eq!(window(&order, true), (20, 30), "it has 30 where time is critical");

    let mut kept = script.home.orders.values().next().unwrap().clone();
    kept.current = OrderVersion { order: kept.id(), ..order };
    let mut home = told("");
    home.home.put_order(kept.clone());
    let change = |typed: Typed| Typed {
        order: kept.id().to_string(),
        kind: "new_version".into(),
        reason: "x".into(),
        ..typed
    };
    let opened = change(Typed::of(&sight(&home), &kept));
    assert_eq!((opened.before.as_str(), opened.after.as_str()), ("20", "45"));
    let wider = composed(&home, &Typed { after: String::new(), ..opened.clone() }).unwrap();
    assert_eq!((wider.before_minutes, wider.after_minutes), (20, 60));
    assert_eq!(window(&wider, false), (20, 60));
    assert_eq!(wider.timing, kept.current.timing);
    let none = Typed { before: String::new(), after: String::new(), ..opened };
    let none = composed(&home, &none).unwrap();
    assert_eq!(window(&none, false), (60, 60));
    let asked = none.asked.unwrap().brought;
    assert_eq!((asked.before_minutes, asked.after_minutes), (None, None));
}

/// What a change takes out of the fields is out of the order: nothing is carried on unseen.
#[test]
fn what_is_taken_out_of_the_fields_is_out_of_the_order() {
    let mut script = told("");
    let mut order = script.home.orders.values().next().unwrap().clone();
    order.current =
        OrderVersion { order: order.id(), ..composed(&script, &given(&script)).unwrap() };
    script.home.put_order(order.clone());
    let opened = Typed {
        order: order.id().to_string(),
        kind: "new_version".into(),
        reason: "she was told".into(),
        covert_reference: String::new(),
        covert_review: String::new(),
        acknowledge: String::new(),
        self_administration: String::new(),
        ..Typed::of(&sight(&script), &order)
    };
    let changed = composed(&script, &opened).unwrap();
    assert!(changed.conditions.is_empty(), "{:?}", changed.conditions);
}

#[test]
fn a_change_says_what_kind_it_is_and_why() {
    let script = told("");
    let order = script.home.orders.values().next().unwrap();
    let change = Typed { order: order.id().to_string(), ..Typed::of(&sight(&script), order) };
    assert_eq!(composed(&script, &change), Err(vec!["kind", "reason"]));
    let nobody = Typed { order: uuid::Uuid::nil().to_string(), ..change };
    assert!(composed(&script, &nobody).unwrap_err().contains(&"resident"));
}

fn auth(script: &Script, name: &str, role: Role) -> Auth {
    let user = script.home.users.values().find(|u| u.name.0 == name).map(|u| u.id);
    let actor = Actor { user, role, session: None, device: None, auth: "badge+pin".into() };
    Auth { actor, token: [0; 32] }
}

fn of<'a>(work: &'a Work, section: &str) -> &'a [crate::http::pages::view::orders::OrderRow] {
    &work.sections.iter().find(|s| s.id == section).unwrap().rows
}

/// These acts, and the two that end an order of which nothing was charted.
fn ending(acts: &[Act]) -> Vec<Act> {
    [acts, &[Act::Discontinue, Act::EnteredInError]].concat()
}

#[test]
fn each_order_stands_once_where_it_waits_and_offers_what_the_role_may() {
    let mut script = told("");
    let typed =
        Typed { drug: "metformin 500 mg tablet".into(), number: "500".into(), ..senna(&script) };
    let novak = auth(&script, "Novak", Role::Charge);
    let osei = auth(&script, "Osei", Role::Nurse);
    let mut version = composed(&script, &typed).unwrap();
    version.order = emar_domain::id::OrderId(uuid::Uuid::from_u128(77));
    version.entered_by = novak.actor.user;
    let id = version.order;
    let run = |script: &mut Script, who: &Auth, command: OrderCommand| {
        script.run(&who.actor, &Command::Order(command)).answer.unwrap();
    };
    run(&mut script, &novak, OrderCommand::Receive(Box::new(version)));
    let see = |script: &Script, who: &Auth| work(&sight(script), who, None);
    let draft = see(&script, &novak);
    assert_eq!(of(&draft, "to-note")[0].acts, ending(&[Act::Note, Act::Change]));
    let pharmacist = auth(&script, "Nobody", Role::Pharmacist);
    let seen = see(&script, &pharmacist);
    assert_eq!(of(&seen, "to-note")[0].acts, ending(&[Act::Change]));
    let don = see(&script, &auth(&script, "Nobody", Role::Don));
    assert!(of(&don, "to-note")[0].acts.is_empty() && !don.role_note.is_empty());

    run(&mut script, &novak, OrderCommand::Note(id, Vec::new()));
    let own = see(&script, &novak);
    let row = &of(&own, "to-verify")[0];
    assert_eq!(
        row.acts,
        ending(&[Act::Change, Act::Hold, Act::DoNotGive]),
        "not verified by who noted it"
    );
    assert!(!row.not_yours.is_empty());
    assert!(of(&own, "to-note").is_empty());
    let other = see(&script, &osei);
    assert!(of(&other, "to-verify")[0].acts.contains(&Act::Verify));

    let hold = HoldFor { from: None, until: None, reason: "low sugar".into() };
    run(&mut script, &osei, OrderCommand::Hold(id, hold));
    let held = see(&script, &osei);
    let row = &of(&held, "on-hold")[0];
    assert_eq!(row.acts, ending(&[Act::Verify, Act::Resume, Act::Change, Act::DoNotGive]));
    assert!(row.notes.iter().any(|n| n.contains("low sugar")), "{:?}", row.notes);
    assert!(of(&held, "to-verify").is_empty());

    run(&mut script, &osei, OrderCommand::Resume(id));
    run(&mut script, &osei, OrderCommand::Verify(id));
    let resident = script.home.orders[&id].current.resident;
    let of_resident = |script: &Script| work(&sight(script), &osei, Some(resident));
    let row_of = |work: &Work, section: &str| {
        of(work, section).iter().find(|row| row.id == id.to_string()).unwrap().clone()
    };

    // One to come is seen and can be taken off where a second one would be refused.
    let tomorrow = script.now.plus_minutes(24 * 60);
    let hold = HoldFor { from: tomorrow, until: None, reason: "fasting".into() };
    run(&mut script, &osei, OrderCommand::Hold(id, hold));
    let row = row_of(&of_resident(&script), "active");
    let acts = ending(&[Act::Resume, Act::Change, Act::DoNotGive]);
    assert_eq!(row.acts, acts, "{:?}", row.notes);
    let to_come = "on hold from Tue 03-Nov-2026 06:30 on: fasting";
    assert!(row.notes.iter().any(|n| n.contains(to_come)), "{:?}", row.notes);

    // A mark over it hides it no more.
    run(&mut script, &osei, OrderCommand::DoNotGive(id, "doubtful".into()));
    let row = row_of(&of_resident(&script), "on-hold");
    assert!(row.acts.contains(&Act::Resume) && !row.acts.contains(&Act::Hold), "{:?}", row.acts);
    assert!(row.notes.iter().any(|n| n.contains(to_come)), "{:?}", row.notes);
    run(&mut script, &osei, OrderCommand::MayGive(id, "asked".into()));
    run(&mut script, &osei, OrderCommand::Resume(id));
    let row = row_of(&of_resident(&script), "active");
    let acts = ending(&[Act::Change, Act::Hold, Act::DoNotGive]);
    assert_eq!(row.acts, acts);
    assert!(row.notes.iter().all(|n| !n.contains("on hold")), "{:?}", row.notes);
    assert_eq!(see(&script, &osei).sections.iter().map(|s| s.rows.len()).sum::<usize>(), 0);
    let all = of_resident(&script);
    assert_eq!(of(&all, "active").len(), 3, "all of one resident");
}

/// The doses of an order as stored, in order of due time.
fn stored(script: &Script, order: &Order) -> Vec<DoseHistory> {
    let mut doses: Vec<_> = script.home.doses_of_order(order.id()).collect();
    doses.sort_by_key(|dose| dose.due);
    let told = |dose: &&Dose| DoseHistory {
        dose: DoseFact {
            id: dose.id,
            slot: dose.slot,
            resident: dose.resident,
            prescribed: dose.prescribed,
            local: dose.local,
            planned_at: script.now,
        },
        dues: vec![DoseDue {
            dose: dose.id,
            rev: 1,
            due: dose.due,
            opens: dose.opens,
            closes: dose.closes,
            shifted: dose.shifted,
            withdrawn: dose.withdrawn,
            at: script.now,
        }],
        pots: vec![],
        administrations: vec![],
    };
    doses.iter().map(told).collect()
}

/// The dose of the first step is not the dose of the order: bold beside the drug, it would be read
/// as what is given through the whole course.
#[test]
fn an_order_of_several_doses_is_shown_with_none_of_them() {
    let mut script = told(
        "order metformin for Garza steps from 2026-11-02 08:00 1,000 mg 1 days 500 mg 1 days\n\
         note metformin by Novak\nplan metformin",
    );
    let osei = auth(&script, "Osei", Role::Nurse);
    let of = |o: &&Order| o.current.drug.ingredient == "metformin";
    let order = script.home.orders.values().find(of).unwrap().clone();
    let amount = |script: &Script, of: &Order| {
        let all = work(&sight(script), &osei, Some(of.current.resident));
        let mut rows = all.sections.iter().flat_map(|section| &section.rows);
        rows.find(|row| row.id == of.id().to_string()).unwrap().amount.clone()
    };
    assert_eq!(amount(&script, &order), "by steps");

    let doses = stored(&script, &order);
    let versions = [order.current.clone()];
    let headed = |script: &Script, doses: &[DoseHistory]| {
        history(&sight(script), doses, &versions).amount.replace('\u{a0}', " ")
    };
    assert_eq!(doses.len(), 2);
    assert_eq!(headed(&script, &doses[..1]), "1,000 mg");
    assert_eq!(headed(&script, &doses[1..]), "500 mg");
    assert_eq!(headed(&script, &doses), "by steps", "a cell with both");
    script.home.orders.remove(&order.id());
    assert_eq!(headed(&script, &doses[1..]), "500 mg", "long over and no longer in memory");

    let Timing::Planned { schedule: Schedule::Clock(clock) } = &order.current.timing else {
        panic!("{:?}", order.current.timing)
    };
    let plain = Clock { steps: None, ..*clock.clone() };
    let days = [(DoseDay::Other, "500 mg".to_owned())].into();
    for (clock, words) in [
        (Clock { dose_by_dow: Some(days), ..plain.clone() }, "by weekday"),
        (Clock { alternate: Some(list(&["500 mg", "1000 mg"])), ..plain.clone() }, "in turn"),
        (plain, "1,000 mg"),
    ] {
        let mut order = order.clone();
        let clock = Box::new(clock);
        order.current.timing = Timing::Planned { schedule: Schedule::Clock(clock) };
        script.home.put_order(order.clone());
        assert_eq!(amount(&script, &order).replace('\u{a0}', " "), words);
    }
}

/// Whoever notes it knows that no dose will come of it.
#[test]
fn a_draft_without_due_times_says_so_on_the_worklist() {
    let script = told("order metformin for Garza 500 mg unschedulable \"days are missing\"");
    let osei = auth(&script, "Osei", Role::Nurse);
    let shown = work(&sight(&script), &osei, None);
    let under = of(&shown, "to-note")[0].under.to_string();
    assert!(under.contains("no due time can be worked out: days are missing"), "{under}");
}

/// Schedules, rule 10: the table says how many units, so nobody makes up a dose beside it.
#[test]
fn a_scale_needs_no_dose_and_shows_none() {
    let mut script = told("");
    let lispro = "insulin lispro 100 units/mL solution".to_owned();
    let senna = script.home.products.values().next().unwrap().clone();
    script.home.put_product(Product {
        id: ProductId(uuid::Uuid::from_u128(79)),
        name: lispro.clone(),
        ingredient: "insulin lispro".into(),
        strength: Strength {
            amount: Amount::parse("100", "units").unwrap(),
            per: Some(Amount::parse("1", "mL").unwrap()),
        },
        form: "solution".into(),
        gtins: vec![],
        handling: std::collections::BTreeSet::new(),
        ..senna
    });
    let typed =
        Typed { drug: lispro, number: "4".into(), unit: "units".into(), ..measured(&script) };
    let blank = Typed { number: String::new(), unit: String::new(), ..typed.clone() };
    let order = composed(&script, &blank).unwrap();
    assert_eq!(order.dose, Amount::parse("2.5", "units").unwrap(), "the most the scale gives");
    for typed in [&blank, &typed] {
        let order = composed(&script, typed).unwrap();
        assert_eq!(check_input(&script.home, frequencies(), &order, None), Ok(()));
        let said = read_back(&sight(&script), &order);
        let said = said[0].replace('\u{a0}', " ");
        assert_eq!(said, "insulin lispro 100 units/mL solution · by mouth");
    }
    let opened = |version: OrderVersion| {
        let mut order = script.home.orders.values().next().unwrap().clone();
        order.current = version;
        Typed::of(&sight(&script), &order).number
    };
    assert_eq!(opened(order), "", "what the form worked out is not shown as if it was typed");
    assert_eq!(opened(composed(&script, &typed).unwrap()), "4");

    // Rows that do not fit are told where they stand, and a scale that gives nothing needs a dose.
    let unfit = Typed { scale_units: list(&["", "0", "", ""]), ..blank.clone() };
    assert_eq!(composed(&script, &unfit), Err(vec!["scale_units"]));
    let nothing = Typed {
        scale_from: list(&["", "70"]),
        scale_to: list(&["69", ""]),
        scale_units: list(&["", "0"]),
        scale_action: list(&["call prescriber", ""]),
        ..blank.clone()
    };
    assert_eq!(composed(&script, &nothing), Err(vec!["number", "unit"]));
    let tablets = Typed { drug: senna.name, ..blank };
    assert_eq!(composed(&script, &tablets), Err(vec!["number"]), "no tablet holds units");
}
