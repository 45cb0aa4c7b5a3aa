//! What the form makes of hold parameters and scales, and what it says where they do not fit.
use super::compose::compose;
use super::desk_tests::{list, measured, senna};
use super::orders::row;
use super::regimen::read_back;
use super::sight::Sight;
use super::tests::{sight, told};
use super::typed::Typed;
use crate::http::auth::Auth;
use crate::http::pages::words::Lang;
use emar_domain::decide::Actor;
use emar_domain::role::Role;

#[test]
fn what_is_measured_is_read_back_with_the_rules_own_examples() {
    let script = told("");
    let order = compose(&sight(&script), &measured(&script), &|_| true).unwrap();
    for (lang, lines) in [
        (
            Lang::En,
            [
                "Hold when systolic pressure is below 100, or when heart rate is at or below \
                 59.5. Each reading may be at most 60 minutes old.",
                "With systolic pressure 100: give. With systolic pressure 99: hold. \
                 With heart rate 59.6: give. With heart rate 59.5: hold.",
                "69 and below: call prescriber; 70 to 149: 0 units; 150 to 399: 2.5 units; \
                 400 and above: call prescriber.",
                "With 150 mg/dL: 2.5 units. With 400 mg/dL: call prescriber.",
            ],
        ),
        (
            Lang::Es,
            [
                "Retener cuando presión sistólica está por debajo de 100, o cuando frecuencia \
                 cardíaca está en 59.5 o por debajo. Cada medición puede tener como máximo 60",
                "Con presión sistólica 100: dar. Con presión sistólica 99: retener.",
                "69 o menos: call prescriber; 70 a 149: 0 units; 150 a 399: 2.5 units;",
                "Con 150 mg/dL: 2.5 units. Con 400 mg/dL: call prescriber.",
            ],
        ),
    ] {
        let sight = Sight { lang, ..sight(&script) };
        let said = read_back(&sight, &order).join("\n").replace('\u{a0}', " ");
        for line in lines {
            assert!(said.contains(line), "{line} in {said}");
        }
    }
}

#[test]
fn whoever_notes_or_verifies_it_reads_the_same() {
    let mut script = told("");
    let composed = compose(&sight(&script), &measured(&script), &|_| true).unwrap();
    let mut order = script.home.orders.values().next().unwrap().clone();
    order.current.conditions = composed.conditions;
    order.current.prescriber = composed.prescriber;
    order.current.expires = composed.expires;
    let user = script.home.users.keys().next().copied();
    let actor =
        Actor { user, role: Role::Nurse, session: None, device: None, auth: "badge+pin".into() };
    let resident = script.home.residents[&order.current.resident].clone();
    script.home.put_order(order.clone());
    let auth = Auth { actor, token: [0; 32] };
    let row = row(&sight(&script), &auth, &order, &resident);
    assert_eq!(row.amount, "by scale", "no units before the reading is known");
    let notes = row.notes.join("\n");
    let notes = notes.replace('\u{a0}', " ");
    for part in [
        "until Mon 09-Nov-2026 12:00, by law",
        "prescribed by Dr Adeyemi",
        "With systolic pressure 99: hold.",
        "150 to 399: 2.5 units",
    ] {
        assert!(notes.contains(part), "{part} in {notes}");
    }
}

/// Rows of a scale, each from, to, units and what else to do.
fn scale(script: &super::tests::scenario::Script, rows: &[[&str; 4]]) -> Typed {
    let column = |at: usize| rows.iter().map(|row| row[at].to_owned()).collect();
    Typed {
        scale_unit: "mg/dL".into(),
        scale_from: column(0),
        scale_to: column(1),
        scale_units: column(2),
        scale_action: column(3),
        ..senna(script)
    }
}

#[test]
fn rows_that_do_not_fit_are_named_at_their_row() {
    let script = told("");
    let low = ["", "149", "0", ""];
    for (rows, at, text) in [
        (
            vec![low, ["151", "", "2", ""]],
            ("scale_from", Some(1)),
            "149 and below and 151 and above leave a gap",
        ),
        (
            vec![["140", "", "2", ""], low],
            ("scale_from", Some(0)),
            "149 and below and 140 and above overlap",
        ),
        (vec![low, ["", "", "", ""], low], ("scale_from", Some(2)), "overlap"),
        (vec![low, ["200", "150", "2", ""]], ("scale_from", Some(1)), "lower number first"),
        (vec![low, ["150", "399", "2", ""]], ("scale_from", None), "no row for the lowest"),
        (vec![low, ["150", "", "", ""]], ("scale_units", Some(1)), "either units or"),
        (vec![low, ["150", "", "2", "call"]], ("scale_units", Some(1)), "either units or"),
        (vec![low, ["150", "", "-2", ""]], ("scale_units", Some(1)), "plain number"),
        (vec![low, ["150.5", "", "2", ""]], ("scale_from", Some(1)), "whole number"),
        (vec![["", "", "", ""]], ("scale_from", None), "rows of the scale"),
    ] {
        let wrong = compose(&sight(&script), &scale(&script, &rows), &|_| true).unwrap_err();
        let told: Vec<_> = wrong.iter().map(|w| (w.field, w.row)).collect();
        assert_eq!(told, [at], "{rows:?}: {wrong:?}");
        assert!(wrong[0].text.contains(text), "{text} in {wrong:?}");
    }
    let unit = Typed { scale_unit: String::new(), ..scale(&script, &[low, ["150", "", "2", ""]]) };
    let wrong = compose(&sight(&script), &unit, &|_| true).unwrap_err();
    assert_eq!((wrong.len(), wrong[0].field), (1, "scale_unit"));
}

#[test]
fn hold_parameters_that_cannot_be_are_told_at_their_row() {
    let script = told("");
    let holds = |rows: &[[&str; 3]], age: &str| Typed {
        hold_code: list(&rows.iter().map(|row| row[0]).collect::<Vec<_>>()),
        hold_op: list(&rows.iter().map(|row| row[1]).collect::<Vec<_>>()),
        hold_value: list(&rows.iter().map(|row| row[2]).collect::<Vec<_>>()),
        hold_age: age.into(),
        ..senna(&script)
    };
    let low = ["sbp", "<", "100"];
    for (rows, age, at, text) in [
        (vec![low], "", vec![("hold_age", None)], "how many minutes"),
        (vec![["", "", ""]], "60", vec![("hold_code", None)], "at least one"),
        (vec![low, ["sbp", ">=", "100"]], "60", vec![("hold_value", Some(1))], "systolic"),
        (vec![["sbp", "<", "0"]], "60", vec![("hold_value", Some(0))], "below 0"),
        (vec![["bp", "<", "100"]], "60", vec![("hold_code", Some(0))], "reading"),
        (
            vec![low, ["hr", "", "low"]],
            "60",
            vec![("hold_op", Some(1)), ("hold_value", Some(1))],
            "compared",
        ),
    ] {
        let wrong = compose(&sight(&script), &holds(&rows, age), &|_| true).unwrap_err();
        let told: Vec<_> = wrong.iter().map(|w| (w.field, w.row)).collect();
        assert_eq!(told, at, "{rows:?}: {wrong:?}");
        assert!(wrong[0].text.contains(text), "{text} in {wrong:?}");
    }
    let blank = holds(&[["", "", ""]], "");
    let order = compose(&sight(&script), &blank, &|_| true).unwrap();
    assert!(order.conditions.is_empty(), "rows left empty are none");
}

/// The fields show minutes; an end the law set by the second must stay what it was, or it would
/// look like one that was written by hand.
#[test]
fn an_instant_nobody_touched_stays_to_the_second() {
    let mut script = told("");
    let mut order = script.home.orders.values().next().unwrap().clone();
    let end = emar_domain::time::Instant::parse("2026-11-16T13:00:41Z").unwrap();
    order.current.expires = Some(end);
    let id = order.id().to_string();
    script.home.put_order(order.clone());
    let opened = Typed::of(&sight(&script), &order);
    let change = Typed { order: id, kind: "new_version".into(), reason: "x".into(), ..opened };
    let expires = |typed: &Typed| compose(&sight(&script), typed, &|_| true).unwrap().expires;
    assert_eq!(expires(&change), Some(end));
    assert_eq!(expires(&Typed { expires: String::new(), ..change.clone() }), None);
    let other = Typed { expires: "2026-11-16 08:01".into(), ..change };
    assert_eq!(expires(&other).unwrap().to_string(), "2026-11-16T13:01:00Z");
}
