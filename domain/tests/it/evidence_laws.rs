//! Laws of which reading decides: the newest fresh one of the very same code, and no other.
use crate::scenario::Script;
use emar_domain::amount::{Amount, Unit};
use emar_domain::condition::Conditions;
use emar_domain::evidence::{ByScale, SCALE_MINUTES, by_scale};
use emar_domain::gate::{Comparison, Gate, HoldRule};
use emar_domain::home::Home;
use emar_domain::id::{ReadingId, ResidentId, UserId};
use emar_domain::order::Order;
use emar_domain::reading::{CODES, Measured, Shown, scope};
use emar_domain::scale::{GlucoseUnit, Row, RowAnswer, Scale, Span};
use emar_domain::schedule::policy::Profile;
use emar_domain::time::Instant;
use emar_domain::verdict::{CALL_PRESCRIBER, Check, Objection, Param, filing_objections};
use proptest::prelude::*;
use uuid::Uuid;

const ONE: i64 = 1_000_000_000;
const AGE: u32 = 60;

fn minute(n: i64) -> Instant {
    Instant::parse("2026-11-02T13:00:00Z").unwrap().plus_minutes(n).unwrap()
}

/// A home with one resident and one order with these conditions.
fn home(conditions: Conditions) -> (Home, Order) {
    let mut script = Script::new();
    for line in [
        "product metoprolol 25 mg tablet gtin 09521234500016",
        "resident Garza room 112-B",
        "order metoprolol for Garza 25 mg at 08:00",
        "nurse Osei",
        "at 2026-11-02 06:00",
        "note metoprolol by Novak, verified by Osei",
    ] {
        script.step(line).unwrap();
    }
    let mut home = script.home.clone();
    let mut order = home.orders.values().next().unwrap().clone();
    order.current.conditions = conditions;
    home.put_order(order.clone());
    (home, order)
}

fn held_below_100() -> Conditions {
    let rule = HoldRule { code: "sbp".into(), op: Comparison::Below, nano: 100 * ONE };
    Conditions { gate: Some(Gate::new(AGE, vec![rule]).unwrap()), ..Conditions::default() }
}

fn by_rows(scale: Scale) -> Conditions {
    Conditions { scale: Some(scale), ..Conditions::default() }
}

fn measured(n: u128, who: ResidentId, code: &str, shown: Shown, at: i64) -> Measured {
    Measured {
        id: ReadingId(Uuid::from_u128(n)),
        resident: who,
        code: code.into(),
        shown,
        glucose_unit: (code == "glucose").then_some(GlucoseUnit::MgPerDl),
        by: UserId(Uuid::from_u128(1)),
        cart: None,
        at: minute(at),
        recorded_at: minute(i64::try_from(n).unwrap()),
    }
}

/// What the rules say of readings, and of nothing else.
fn said(home: &Home, order: &Order, at: i64) -> Vec<Objection> {
    let of = |o: &Objection| (58..=61).contains(&o.code.number());
    filing_objections(home, order, None, None, minute(at)).into_iter().filter(of).collect()
}

fn codes(all: &[Objection]) -> Vec<Check> {
    all.iter().map(|o| o.code).collect()
}

proptest! {
    /// Whatever came before the newest reading, and whatever comes after it, changes nothing; nor
    /// does the order in which they were written down, or what is measured elsewhere.
    #[test]
    fn the_newest_fresh_reading_decides(
        taken in prop::collection::vec((-300_i64..300, 60_i64..180, 0_usize..4), 0..12),
        at in -200_i64..400,
    ) {
        let (mut home, order) = home(held_below_100());
        let who = order.current.resident;
        let mut newest: Option<(i64, u128, i64)> = None;
        for (n, (minute, value, code)) in (1..).zip(&taken) {
            let code = ["sbp", "dbp", "hr", "sbp"][*code];
            home.put_reading(measured(n, who, code, Shown::Nano(value * ONE), *minute));
            let counts = code == "sbp" && *minute <= at;
            if counts && newest.is_none_or(|(m, k, _)| (m, k) < (*minute, n)) {
                newest = Some((*minute, n, *value));
            }
        }
        let same_minute = |m: i64| taken.iter().any(|(minute, value, code)| {
            *minute == m && [0, 3].contains(code) && *value < 100
        });
        let want = match newest {
            None => vec![Check::ReadingMissing],
            Some((m, ..)) if at - m > i64::from(AGE) => vec![Check::ReadingStale],
            // Of several at one instant any that holds, holds.
            Some((m, ..)) if same_minute(m) => vec![Check::HoldParameterFailed],
            Some(_) => vec![],
        };
        prop_assert_eq!(codes(&said(&home, &order, at)), want);
    }

    /// What memory lets go of was of no account for anything charted since.
    #[test]
    fn forgetting_changes_no_answer(
        taken in prop::collection::vec((-100_i64..20, 60_i64..180), 0..12),
        days in 0_u32..25,
        at in 0_i64..600,
    ) {
        let rule = HoldRule { code: "inr".into(), op: Comparison::Above, nano: 100 * ONE };
        let gate = Gate::new(days * 24 * 60, vec![rule]).unwrap();
        let (mut home, order) = home(Conditions { gate: Some(gate), ..Conditions::default() });
        let who = order.current.resident;
        // Half an hour apart, so that some are taken at one instant.
        for (n, (half_hours, value)) in (1..).zip(&taken) {
            home.put_reading(measured(n, who, "inr", Shown::Nano(value * ONE), half_hours * 30));
        }
        let before = said(&home, &order, at);
        home.forget_readings(minute(0));
        prop_assert_eq!(said(&home, &order, at), before);
        let left = home.readings.values().flatten().filter(|r| r.at < minute(0)).map(|r| r.at);
        let instants: std::collections::BTreeSet<_> = left.collect();
        prop_assert!(instants.len() <= 1);
    }

    /// One row, one answer: a whole number in a row of units gives them, and the ends of the scale
    /// are reached by HI and LO, which never ask for units.
    #[test]
    fn a_scale_gives_its_row_and_nothing_else(
        cuts in prop::collection::btree_set(20_u32..600, 1..6),
        acts in prop::collection::vec(any::<bool>(), 7),
        value in 10_u32..700,
        age in 0_i64..120,
    ) {
        let cuts: Vec<u32> = cuts.into_iter().collect();
        let bounds = |n: usize| Span {
            lo: n.checked_sub(1).map(|below| cuts[below]),
            hi: cuts.get(n).map(|cut| cut - 1),
        };
        let row = |n: usize| {
            let units = i32::try_from(n).unwrap();
            let answer = if acts[n] {
                RowAnswer::Action(format!("act_{n}"))
            } else {
                RowAnswer::Units(Amount::whole(units, Unit::Units))
            };
            Row { span: bounds(n), answer }
        };
        let rows: Vec<Row> = (0..=cuts.len()).map(row).collect();
        let scale = Scale::new(GlucoseUnit::MgPerDl, rows.clone()).unwrap();
        let (mut home, order) = home(by_rows(scale));
        let who = order.current.resident;
        let value_nano = Shown::Nano(i64::from(value) * ONE);
        let fits = |r: &&Row| {
            r.span.lo.is_none_or(|lo| lo <= value) && r.span.hi.is_none_or(|hi| value <= hi)
        };
        let own = rows.iter().find(fits).unwrap();
        for (n, (shown, row)) in (1..).zip([
            (Shown::Lo, &rows[0]),
            (Shown::Hi, rows.last().unwrap()),
            (value_nano, own),
        ]) {
            // Each is newer than the one before.
            home.put_reading(measured(n, who, "glucose", shown, i64::try_from(n).unwrap()));
            let newest = i64::try_from(n).unwrap();
            let found = said(&home, &order, newest + age);
            let action = found.first().and_then(|o| o.params.get("action")).cloned();
            if age > i64::from(SCALE_MINUTES) {
                prop_assert_eq!(codes(&found), [Check::ReadingStale]);
                continue;
            }
            match (&row.answer, shown) {
                (RowAnswer::Action(code), _) => prop_assert_eq!(action, Some(code.as_str().into())),
                (RowAnswer::Units(_), Shown::Hi | Shown::Lo) => {
                    prop_assert_eq!(action, Some(CALL_PRESCRIBER.into()));
                }
                (RowAnswer::Units(units), Shown::Nano(_)) if units.nano == 0 => {
                    prop_assert_eq!(action, Some(Param::from("give_none")));
                }
                (RowAnswer::Units(units), Shown::Nano(_)) => {
                    prop_assert_eq!(codes(&found), []);
                    let came = by_scale(&home, &order, minute(newest + age)).unwrap();
                    prop_assert!(matches!(came, ByScale::Units(given, _) if given == *units));
                }
            }
        }
    }
}

/// HI is above and LO below whatever a hold parameter names, on either side.
#[test]
fn hi_and_lo_compare_as_the_ends() {
    for (op, bound, shown, holds) in [
        (Comparison::Above, 400, Shown::Hi, true),
        (Comparison::AtOrAbove, 1_400, Shown::Hi, true),
        (Comparison::Below, 70, Shown::Hi, false),
        (Comparison::Below, 70, Shown::Lo, true),
        (Comparison::AtOrBelow, 11, Shown::Lo, true),
        (Comparison::Above, 400, Shown::Lo, false),
    ] {
        let rule = HoldRule { code: "glucose".into(), op, nano: bound * ONE };
        let gate = Some(Gate::new(AGE, vec![rule]).unwrap());
        let (mut home, order) = home(Conditions { gate, ..Conditions::default() });
        let who = order.current.resident;
        home.put_reading(measured(1, who, "glucose", shown, 0));
        let found = said(&home, &order, 5);
        assert_eq!(!found.is_empty(), holds, "{op:?} {bound} {shown:?}");
        if let Some(o) = found.first() {
            assert_eq!(o.code, Check::HoldParameterFailed);
            assert_eq!(o.params["value"], Param::from(shown.to_string()));
        }
    }
}

/// Hold parameters name no unit: theirs is the scale's, else the home's; and nothing is rounded into a row.
#[test]
fn glucose_in_another_unit_or_between_two_rows_decides_nothing() {
    let rule = HoldRule { code: "glucose".into(), op: Comparison::Below, nano: 70 * ONE };
    let gate = Some(Gate::new(AGE, vec![rule]).unwrap());
    let (mut home, order) = home(Conditions { gate, ..Conditions::default() });
    let who = order.current.resident;
    home.put_reading(measured(1, who, "glucose", Shown::Nano(120 * ONE), 0));
    assert_eq!(said(&home, &order, 5), []);
    let mut other = measured(2, who, "glucose", Shown::Nano(7 * ONE), 1);
    other.glucose_unit = Some(GlucoseUnit::MmolPerL);
    home.put_reading(other);
    assert_eq!(codes(&said(&home, &order, 5)), [Check::ReadingMissing], "the newest decides");

    let units = |n: i32| RowAnswer::Units(Amount::whole(n, Unit::Units));
    let rule = HoldRule { code: "glucose".into(), op: Comparison::Below, nano: 4 * ONE };
    let gate = Some(Gate::new(AGE, vec![rule]).unwrap());
    let row = |lo, hi, n| Row { span: Span { lo, hi }, answer: units(n) };
    let rows = vec![row(None, Some(7), 1), row(Some(8), None, 2)];
    let scale = Scale::new(GlucoseUnit::MmolPerL, rows).unwrap();
    let (mut home, order) = self::home(Conditions { gate, ..by_rows(scale) });
    let mut between = measured(1, order.current.resident, "glucose", Shown::Nano(75 * ONE / 10), 0);
    between.glucose_unit = Some(GlucoseUnit::MmolPerL);
    home.put_reading(between);
    let found = said(&home, &order, 5);
    assert_eq!(codes(&found), [Check::ScaleAction]);
    assert_eq!(found[0].params["action"], Param::from(CALL_PRESCRIBER));
    let mut low = measured(2, order.current.resident, "glucose", Shown::Nano(3 * ONE), 1);
    low.glucose_unit = Some(GlucoseUnit::MmolPerL);
    home.put_reading(low);
    assert_eq!(codes(&said(&home, &order, 5)), [Check::HoldParameterFailed]);
}

#[test]
fn every_reading_has_bounds_that_let_the_living_through() {
    for (code, us, uk) in [
        ("sbp", "128", "128"),
        ("dbp", "74", "74"),
        ("hr", "66", "66"),
        ("hr_apical", "58", "58"),
        ("hr_radial", "58", "58"),
        ("rr", "16", "16"),
        ("spo2", "97", "97"),
        ("temp", "98.6", "37.1"),
        ("inr", "2.45", "2.45"),
        ("glucose", "182", "10.1"),
        ("weight", "141.5", "64.2"),
        ("pain", "0", "10"),
    ] {
        assert!(CODES.contains(&code));
        for (profile, text, unit) in
            [(Profile::Us, us, GlucoseUnit::MgPerDl), (Profile::Uk, uk, GlucoseUnit::MmolPerL)]
        {
            let scope = scope(code, profile, unit).unwrap();
            let nano = emar_domain::amount::parse_nano(text).unwrap();
            assert!(scope.holds(nano), "{code} {text}");
            assert!(!scope.holds(nano * 20 + 20 * ONE), "{code}");
            assert!(!scope.holds(nano + 1), "{code}: finer than any instrument shows");
        }
    }
    assert_eq!(CODES.len(), 12);
    assert_eq!(scope("height", Profile::Us, GlucoseUnit::MgPerDl), None);
}
