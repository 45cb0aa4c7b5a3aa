//! Laws of what a reading decides: hold parameters and sliding scales.
use emar_domain::gate::{Comparison, Gate, GateError, GateVerdict, HoldRule};
use emar_domain::reading::Reading;
use emar_domain::scale::{
    Glucose, GlucoseUnit, Level, Row, RowAnswer, Scale, ScaleError, ScaleRefusal, Span,
};
use emar_domain::time::Instant;
use proptest::prelude::*;

const ONE: i64 = 1_000_000_000;

fn instant(text: &str) -> Instant {
    Instant::parse(text).unwrap()
}

fn rule(code: &str, op: Comparison, nano: i64) -> HoldRule {
    HoldRule { code: code.into(), op, nano }
}

fn reading(code: &str, value: i64, at: &str) -> Reading {
    Reading { code: code.into(), nano: value * ONE, at: instant(at) }
}

#[test]
fn a_gate_answers_by_the_first_rule_that_is_not_clean() {
    let gate = Gate::new(
        60,
        vec![
            rule("sbp", Comparison::Below, 100 * ONE),
            rule("hr_apical", Comparison::AtOrBelow, 60 * ONE),
        ],
    )
    .unwrap();
    let fine = reading("sbp", 100, "2026-06-10T08:00Z");
    let pulse = |value| reading("hr_apical", value, "2026-06-10T08:59Z");
    for (readings, verdict, code) in [
        (vec![fine.clone(), pulse(61)], GateVerdict::Give, None),
        (vec![pulse(60), fine.clone()], GateVerdict::Hold, Some("hr_apical")),
        (vec![pulse(60)], GateVerdict::BlockMissing, Some("sbp")),
        (
            vec![fine.clone(), reading("hr_radial", 70, "2026-06-10T08:59Z")],
            GateVerdict::BlockMissing,
            Some("hr_apical"),
        ),
        (
            vec![reading("sbp", 120, "2026-06-10T07:59:59.999999Z"), pulse(60)],
            GateVerdict::BlockStale,
            Some("sbp"),
        ),
        // Taken after the dose: no evidence, neither for nor against it.
        (
            vec![fine.clone(), reading("sbp", 90, "2026-06-10T09:00:00.000001Z"), pulse(61)],
            GateVerdict::Give,
            None,
        ),
        // The latest counts, wherever it stands in the list.
        (
            vec![reading("sbp", 99, "2026-06-10T08:30Z"), fine.clone(), pulse(61)],
            GateVerdict::Hold,
            Some("sbp"),
        ),
        // Two at one instant: the one that holds.
        (
            vec![reading("sbp", 99, "2026-06-10T08:00Z"), fine.clone(), pulse(61)],
            GateVerdict::Hold,
            Some("sbp"),
        ),
        (
            vec![fine.clone(), reading("sbp", 99, "2026-06-10T08:00Z"), pulse(61)],
            GateVerdict::Hold,
            Some("sbp"),
        ),
    ] {
        let answer = gate.evaluate(&readings, instant("2026-06-10T09:00Z"));
        let found = (answer.verdict, answer.rule.map(|rule| rule.code.as_str()));
        assert_eq!(found, (verdict, code), "{readings:?}");
    }
}

#[test]
fn parameters_that_cannot_be_meant_are_refused() {
    use Comparison::{Above, AtOrAbove, AtOrBelow, Below, Exactly};
    let check = |rules: &[(Comparison, i64)]| {
        let rules = rules.iter().map(|(op, nano)| rule("sbp", *op, *nano)).collect();
        Gate::new(60, rules).map(|_| ())
    };
    let nothing = || Err(GateError::NothingGives { code: "sbp".into() });
    let undecided = |op, nano| Err(GateError::Undecided { rule: rule("sbp", op, nano) });
    for (rules, want) in [
        (&[(Below, 100 * ONE), (Above, 180 * ONE)][..], Ok(())),
        (&[(Below, 60 * ONE), (Above, 60 * ONE)], Ok(())),
        (&[(AtOrBelow, 60 * ONE), (AtOrAbove, 61 * ONE)], Ok(())),
        (&[(Below, 60 * ONE), (Above, 60 * ONE), (Exactly, 60 * ONE)], nothing()),
        (&[(Below, 60 * ONE), (Above, 50 * ONE)], nothing()),
        (&[(Below, 100 * ONE), (AtOrAbove, 100 * ONE)], nothing()),
        (&[(AtOrAbove, 0)], nothing()),
        (&[(AtOrBelow, i64::MAX)], nothing()),
        (&[(Exactly, 0)], Ok(())),
        (&[(Below, 0)], undecided(Below, 0)),
        (&[(Above, i64::MAX)], undecided(Above, i64::MAX)),
        (&[(Above, -ONE)], undecided(Above, -ONE)),
        (&[], Err(GateError::Empty)),
    ] {
        assert_eq!(check(rules), want, "{rules:?}");
    }
    let nameless = Gate::new(60, vec![rule(" ", Below, ONE)]);
    assert_eq!(nameless, Err(GateError::NoCode { number: 1 }));
    let unknown = r#"{"max_age_minutes":60,"hold_if_any":[{"code":"sbp","op":"!=","nano":1}]}"#;
    assert!(serde_json::from_str::<Gate>(unknown).is_err());
    assert!(serde_json::from_str::<Gate>(&unknown.replace("!=", ">")).is_ok());
    assert!(serde_json::from_str::<Gate>(r#"{"max_age_minutes":60,"hold_if_any":[]}"#).is_err());
}

#[test]
fn a_gate_is_read_back_in_words() {
    let gate = Gate::new(
        60,
        vec![
            rule("sbp", Comparison::Below, 100 * ONE),
            rule("temp", Comparison::AtOrAbove, 38 * ONE + ONE / 2),
        ],
    );
    assert_eq!(
        gate.unwrap().to_string(),
        "Hold when systolic pressure is below 100, or when temperature is at or above 38.5. \
         Each reading may be at most 60 minutes old. With systolic pressure 100: give. \
         With systolic pressure 99: hold. With temperature 38.4: give. With temperature 38.5: hold."
    );
}

fn comparison() -> impl Strategy<Value = Comparison> {
    use Comparison::{Above, AtOrAbove, AtOrBelow, Below, Exactly};
    proptest::sample::select(vec![Below, AtOrBelow, Above, AtOrAbove, Exactly])
}

/// Values close together, so that rules meet, from whole ones down to billionths.
fn value() -> impl Strategy<Value = i64> {
    (0..6_i64, proptest::sample::select(vec![ONE, ONE / 10, 1])).prop_map(|(n, size)| n * size)
}

fn rules() -> impl Strategy<Value = Vec<HoldRule>> {
    let code = proptest::sample::select(vec!["sbp", "hr"]);
    let one = (code, comparison(), value()).prop_map(|(code, op, nano)| rule(code, op, nano));
    proptest::collection::vec(one, 1..5)
}

proptest! {
    #[test]
    fn a_gate_gives_or_holds_each_fresh_value(
        rules in rules(), sbp in value(), hr in value(), age in 0..=60_i64,
    ) {
        let Ok(gate) = Gate::new(60, rules.clone()) else { return Ok(()) };
        let at = instant("2026-06-10T09:00Z");
        let taken = at.plus_minutes(-age).unwrap();
        let of = |code: &str, nano| Reading { code: code.into(), nano, at: taken };
        let readings = [of("sbp", sbp), of("hr", hr)];
        let held = rules.iter().any(|r| r.holds(if r.code == "sbp" { sbp } else { hr }));
        let want = if held { GateVerdict::Hold } else { GateVerdict::Give };
        prop_assert_eq!(gate.evaluate(&readings, at).verdict, want);
    }

    #[test]
    fn each_parameter_has_an_example_that_gives_and_one_that_holds(rules in rules()) {
        let Ok(gate) = Gate::new(60, rules.clone()) else { return Ok(()) };
        let examples = gate.examples();
        prop_assert_eq!(examples.len(), 2 * rules.len());
        for (rule, pair) in rules.iter().zip(examples.chunks(2)) {
            prop_assert_eq!(pair[0].verdict, GateVerdict::Give);
            prop_assert_eq!(pair[1].verdict, GateVerdict::Hold);
            prop_assert!(pair.iter().all(|example| example.code == rule.code));
            prop_assert!(rule.holds(pair[1].nano) && !rule.holds(pair[0].nano));
        }
    }

    #[test]
    fn parameters_are_refused_only_where_nothing_gives(
        bounds in proptest::collection::vec((comparison(), value()), 1..5),
    ) {
        let rules: Vec<_> = bounds.iter().map(|(op, nano)| rule("sbp", *op, *nano)).collect();
        let near = |nano: i64| nano - 5..=nano + 5;
        let values = bounds.iter().flat_map(|(_, nano)| near(*nano)).filter(|nano| *nano >= 0);
        let gives = values.into_iter().any(|nano| !rules.iter().any(|r| r.holds(nano)));
        match Gate::new(60, rules) {
            Ok(_) => prop_assert!(gives),
            Err(GateError::NothingGives { .. }) => prop_assert!(!gives),
            Err(GateError::Undecided { rule }) => prop_assert!(rule.nano == 0),
            Err(other) => prop_assert!(false, "{}", other),
        }
    }
}

fn row(lo: Option<u32>, hi: Option<u32>, units: i64) -> Row {
    Row::new(Span { lo, hi }, Some(units * ONE), None).unwrap()
}

fn action(lo: Option<u32>, hi: Option<u32>, code: &str) -> Row {
    Row::new(Span { lo, hi }, None, Some(code.into())).unwrap()
}

fn table() -> Vec<Row> {
    vec![
        action(None, Some(69), "hypoglycemia_protocol"),
        row(Some(70), Some(150), 0),
        row(Some(151), Some(400), 2),
        action(Some(401), None, "call_prescriber"),
    ]
}

#[test]
fn a_scale_answers_with_its_one_row() {
    let unit = GlucoseUnit::MgPerDl;
    let scale = Scale::new(unit, table().into_iter().rev().collect()).unwrap();
    let shown = |level| scale.evaluate(Glucose { level, unit }).unwrap().to_string();
    for (level, want) in [
        (Level::Value(0), "hypoglycemia protocol"),
        (Level::Value(69), "hypoglycemia protocol"),
        (Level::Value(70), "0\u{a0}units"),
        (Level::Value(151), "2\u{a0}units"),
        (Level::Value(400), "2\u{a0}units"),
        (Level::Value(u32::MAX), "call prescriber"),
        (Level::Lo, "hypoglycemia protocol"),
        (Level::Hi, "call prescriber"),
    ] {
        assert_eq!(shown(level), want, "{level:?}");
    }
    let other = Glucose { level: Level::Value(8), unit: GlucoseUnit::MmolPerL };
    let refusal = ScaleRefusal::OtherUnit { reading: "mmol/L", scale: "mg/dL" };
    assert_eq!(scale.evaluate(other), Err(refusal));
    let plain = Scale::new(unit, vec![row(None, Some(150), 0), row(Some(151), None, 2)]).unwrap();
    for level in [Level::Hi, Level::Lo] {
        assert_eq!(plain.evaluate(Glucose { level, unit }), Err(ScaleRefusal::NoAction));
    }
    assert_eq!(
        scale.to_string(),
        "By glucose in mg/dL: 69 and below: hypoglycemia protocol; 70 to 150: 0\u{a0}units; \
         151 to 400: 2\u{a0}units; 401 and above: call prescriber. \
         With 151 mg/dL: 2\u{a0}units. With 401 mg/dL: call prescriber."
    );
}

#[test]
fn a_bad_scale_names_its_rows() {
    let check = |rows| Scale::new(GlucoseUnit::MgPerDl, rows).map(|_| ());
    let span = |lo: u32, hi: u32| Span { lo: Some(lo), hi: Some(hi) };
    let (low, high) = (row(None, Some(179), 0), row(Some(221), None, 9));
    let some = |lo, hi| row(Some(lo), Some(hi), 1);
    for (rows, want) in [
        (
            vec![low.clone(), some(180, 200), some(200, 220), high.clone()],
            Err(ScaleError::Overlap { lower: span(180, 200), upper: span(200, 220) }),
        ),
        (
            vec![high.clone(), some(202, 220), low.clone(), some(180, 200)],
            Err(ScaleError::Gap { lower: span(180, 200), upper: span(202, 220) }),
        ),
        // The first bad pair from below decides, before the ends do.
        (
            vec![some(1, 5), some(7, 9), some(9, 12)],
            Err(ScaleError::Gap { lower: span(1, 5), upper: span(7, 9) }),
        ),
        (
            vec![low.clone(), low.clone()],
            Err(ScaleError::Overlap { lower: low.span, upper: low.span }),
        ),
        (
            vec![row(None, None, 1), high.clone()],
            Err(ScaleError::Overlap { lower: Span { lo: None, hi: None }, upper: high.span }),
        ),
        (vec![low.clone(), some(180, 220)], Err(ScaleError::OpenEnd)),
        (vec![some(180, 220), high.clone()], Err(ScaleError::OpenEnd)),
        (vec![], Err(ScaleError::OpenEnd)),
        (vec![row(None, None, 1)], Ok(())),
        (vec![low, some(180, 220), high], Ok(())),
    ] {
        assert_eq!(check(rows.clone()), want, "{rows:?}");
    }
    let plain = span(1, 2);
    for (at, units, action, want) in [
        (span(2, 1), Some(0), None, ScaleError::Reversed { row: span(2, 1) }),
        (plain, None, None, ScaleError::OneAnswer { row: plain }),
        (plain, Some(0), Some("call"), ScaleError::OneAnswer { row: plain }),
        (plain, Some(-1), None, ScaleError::OneAnswer { row: plain }),
        (plain, None, Some(" "), ScaleError::OneAnswer { row: plain }),
    ] {
        assert_eq!(Row::new(at, units, action.map(str::to_owned)), Err(want));
    }
    let stored = serde_json::to_string(&Scale::new(GlucoseUnit::MmolPerL, table()).unwrap());
    let stored = stored.unwrap();
    assert!(serde_json::from_str::<Scale>(&stored).is_ok());
    assert!(serde_json::from_str::<Scale>(&stored.replace("150", "151")).is_err());
}

proptest! {
    #[test]
    fn a_scale_that_validates_gives_one_row_for_every_number(
        rows in proptest::collection::vec(
            (proptest::option::of(0..12_u32), proptest::option::of(0..12_u32)), 0..6,
        ),
    ) {
        let rows: Vec<Row> = (0_i64..).zip(rows)
            .filter_map(|(n, (lo, hi))| Row::new(Span { lo, hi }, Some(n), None).ok())
            .collect();
        let fitting = |value: u32| {
            let fits = |row: &&Row| {
                row.span.lo.is_none_or(|lo| lo <= value) && row.span.hi.is_none_or(|hi| value <= hi)
            };
            rows.iter().filter(fits).map(|row| row.answer.clone()).collect::<Vec<RowAnswer>>()
        };
        let open = rows.iter().any(|r| r.span.lo.is_none()) && rows.iter().any(|r| r.span.hi.is_none());
        let scale = Scale::new(GlucoseUnit::MgPerDl, rows.clone());
        let one_row = (0..14).all(|value| fitting(value).len() == 1);
        prop_assert_eq!(scale.is_ok(), open && one_row);
        let Ok(scale) = scale else { return Ok(()) };
        for value in 0..14 {
            let glucose = Glucose { level: Level::Value(value), unit: GlucoseUnit::MgPerDl };
            prop_assert_eq!(scale.evaluate(glucose), Ok(&fitting(value)[0]));
        }
    }

    #[test]
    fn neighbours_that_meet_make_a_scale(cuts in proptest::collection::btree_set(0..500_u32, 1..9)) {
        let cuts: Vec<u32> = cuts.into_iter().collect();
        let mut rows = vec![action(None, Some(cuts[0]), "call")];
        rows.extend(cuts.windows(2).map(|pair| row(Some(pair[0] + 1), Some(pair[1]), 2)));
        rows.push(action(Some(cuts[cuts.len() - 1] + 1), None, "call"));
        let scale = Scale::new(GlucoseUnit::MgPerDl, rows).unwrap();
        for example in scale.examples() {
            let level = Level::Value(example.value);
            let glucose = Glucose { level, unit: GlucoseUnit::MgPerDl };
            prop_assert_eq!(scale.evaluate(glucose), Ok(&example.answer));
        }
    }
}
