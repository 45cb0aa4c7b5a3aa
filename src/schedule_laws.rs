//! Laws of schedules over the real clock changes of odd zones. They stand here and not beside the
//! code because they are about the rules the shell hands out; the core's own witness, over every
//! zone, is `domain/tests/it/expansion_laws.rs`.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, LazyLock};

use emar_domain::schedule::frequency::{Brought, Frequency, Kind, Need, Planned};
use emar_domain::schedule::meal::Meals;
use emar_domain::schedule::policy::Policy;
use emar_domain::schedule::window::Window;
use emar_domain::schedule::{
    ClockChange, Expansion, OrderLife, PlannedDose, Schedule, Span, YearMonth, expand,
};
use emar_domain::time::{CivilDate, CivilTime, Instant, Weekday};
use emar_domain::zone::{GapPolicy, OverlapPolicy, Resolved, ZoneName, ZoneRules};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::policy_file::frequencies;
use crate::zones::Catalogue;

static ZONES: LazyLock<Vec<Arc<ZoneRules>>> = LazyLock::new(|| {
    let catalogue = Catalogue::open(None);
    [
        "Australia/Lord_Howe",
        "America/St_Johns",
        "Asia/Kathmandu",
        "America/Havana",
        "Pacific/Apia",
        "America/Phoenix",
        "America/Vancouver",
        "America/New_York",
        "Africa/Casablanca",
        "Antarctica/Troll",
        "Pacific/Kwajalein",
        "Africa/Monrovia",
    ]
    .iter()
    .map(|name| catalogue.rules(&ZoneName::new(name).unwrap()).unwrap())
    .collect()
});

const GAPS: [GapPolicy; 3] = [GapPolicy::Rfc5545, GapPolicy::NextValid, GapPolicy::Skip];

fn schedule(shape: Value) -> Schedule {
    serde_json::from_value(shape).unwrap()
}

fn hours(times: &[&str]) -> Schedule {
    schedule(json!({"kind": "clock", "times": times}))
}

/// Two times of every hour: some of them lie in every gap and overlap there is.
fn dense() -> Schedule {
    let times: Vec<String> =
        (0..24).flat_map(|hour| [format!("{hour:02}:00"), format!("{hour:02}:15")]).collect();
    schedule(json!({"kind": "clock", "times": times}))
}

fn days(zone: &ZoneRules, at: Instant, before: i64, after: i64) -> (CivilDate, CivilDate) {
    let day = zone.to_civil(at).date();
    (day.plus_days(before).unwrap(), day.plus_days(after).unwrap())
}

fn instant(zone: &ZoneRules, date: CivilDate) -> Instant {
    match zone.resolve(date.midnight()) {
        Resolved::Single(at) | Resolved::Overlap { first: at, .. } => at,
        Resolved::Gap { transition, .. } => transition,
    }
}

fn everything(done: &Expansion) -> Vec<&PlannedDose> {
    let merged = done.merged.iter().map(|merged| &merged.dose);
    done.due.iter().chain(&done.held).chain(&done.dropped).chain(merged).collect()
}

#[test]
fn every_prescribed_time_is_a_dose_or_a_told_merge_or_drop() {
    let mut shifted = 0;
    for zone in ZONES.iter() {
        let changes = zone.transitions().iter().map(|change| change.at);
        let until = Instant::parse("2040-01-01T00:00Z").unwrap();
        for at in changes.filter(|at| *at < until) {
            let (first, last) = days(zone, at, -1, 1);
            let range = Span {
                from: instant(zone, first.plus_days(-2).unwrap()),
                to: instant(zone, last.plus_days(2).unwrap()),
            };
            for (gap, overlap) in GAPS.into_iter().zip([
                OverlapPolicy::First,
                OverlapPolicy::Second,
                OverlapPolicy::First,
            ]) {
                let change = ClockChange { gap, overlap };
                let done = expand(&OrderLife::default(), &dense(), zone, change, range).unwrap();
                let mut seen = BTreeMap::new();
                for dose in
                    everything(&done).iter().filter(|dose| (first..=last).contains(&dose.date))
                {
                    *seen.entry((dose.date, dose.slot)).or_insert(0) += 1;
                }
                let days = usize::try_from(last.days_since(first) + 1).unwrap();
                assert_eq!(seen.len(), days * 48, "{} {at} {gap:?}", zone.name());
                assert!(seen.values().all(|times| *times == 1), "{} {at} {gap:?}", zone.name());
                let instants: BTreeSet<_> = done.due.iter().map(|dose| dose.at).collect();
                assert_eq!(instants.len(), done.due.len(), "two doses on one instant");
                for dose in everything(&done).iter().filter(|dose| dose.shifted) {
                    assert!(done.flags.contains_key(&dose.date));
                    shifted += 1;
                }
                let moved = |dose: &&PlannedDose| zone.to_civil(dose.at) != dose.prescribed;
                assert!(done.due.iter().filter(moved).all(|dose| dose.shifted));
            }
        }
    }
    assert!(shifted > 500, "the zones have gaps, and {shifted} doses lay in them");
}

/// What the table says of meals for planning and what it says of them on the wire are one thing.
#[test]
fn every_event_code_ties_each_of_its_hours() {
    let events = frequencies().frequencies.iter().filter(|row| row.kind == Kind::Event);
    let mut rows = 0;
    for row in events {
        let wire: Value = serde_json::from_str(row.fhir_repeat.as_deref().unwrap()).unwrap();
        assert_eq!(serde_json::to_value(&row.events).unwrap(), wire["when"], "{}", row.code);
        let times: Vec<_> = row.times.iter().map(|hour| hour.due()).collect();
        assert_eq!(row.ties(&times, None).len(), times.len(), "{}", row.code);
        rows += 1;
    }
    assert_eq!(rows, 5);
}

#[test]
fn a_homes_meals_move_the_hours_that_are_tied_to_them() {
    let time = |text: &str| CivilTime::parse(text).unwrap();
    let [breakfast, lunch, dinner, bedtime] = ["07:15", "12:30", "17:00", "20:00"].map(time);
    let meals = Meals { breakfast, lunch, dinner, bedtime };
    for (code, wanted) in [
        ("ACHS", Some(vec!["06:45", "12:00", "16:30", "20:00"])),
        ("PC", Some(vec!["08:15", "13:30", "18:00"])),
        ("WITHMEALS", Some(vec!["07:15", "12:30", "17:00"])),
        ("ACBK", Some(vec!["05:45"])),
        ("BID", None),
        ("AMPASS", None),
    ] {
        let hours = meals.hours(frequencies().find(code).unwrap());
        let hours = hours.map(|all| all.iter().map(|h| h.due().to_string()).collect::<Vec<_>>());
        let wanted = wanted.map(|all| all.into_iter().map(str::to_owned).collect());
        assert_eq!(hours, wanted, "{code}");
    }
    let usual = ["08:00", "12:00", "17:00", "21:00"].map(time);
    let [breakfast, lunch, dinner, bedtime] = usual;
    let meals = Meals { breakfast, lunch, dinner, bedtime };
    for row in frequencies().frequencies.iter().filter(|row| row.kind == Kind::Event) {
        assert_eq!(meals.hours(row).as_deref(), Some(row.times.as_slice()), "{}", row.code);
    }
}

/// A liberalised pass is a span, not the time at which it opens.
#[test]
fn a_window_code_keeps_its_span() {
    let row = frequencies().find("AMPASS").unwrap();
    let opening = CivilTime::parse("06:00").unwrap();
    let ties = row.ties(&[opening], None);
    let told = serde_json::to_value(&ties).unwrap();
    assert_eq!(told, json!([{"time": "06:00", "tie": {"span": "06:00-10:00"}}]));
}

#[test]
fn elapsed_orders_keep_their_spacing() {
    let shape = json!({"kind": "interval", "minutes": 360, "anchor": "2026-01-01T00:00Z"});
    let from = Instant::parse("2026-01-01T00:00Z").unwrap();
    let range = Span { from, to: from.plus_minutes(400 * 24 * 60).unwrap() };
    for zone in ZONES.iter() {
        let life = OrderLife::default();
        let done = expand(&life, &schedule(shape.clone()), zone, ClockChange::default(), range);
        let due = done.unwrap().due;
        assert_eq!(due.len(), 1600);
        assert!(due.windows(2).all(|pair| pair[1].at.seconds_since(pair[0].at) == 6 * 3600));
        assert!(due.iter().zip(0..).all(|(dose, step)| dose.slot == step));
    }
}

#[test]
fn steps_never_overlap_and_leave_no_hole() {
    let steps = json!([
        {"dose": "4 mg", "doses": 3, "times": ["01:30", "02:30"]},
        {"dose": "3 mg", "doses": 5, "times": ["01:30", "14:00"]},
        {"dose": "2 mg", "doses": 4},
    ]);
    for zone in ZONES.iter() {
        for change in zone.transitions().iter().rev().take(30) {
            let anchor = days(zone, change.at, -2, 0).0;
            let shape = json!({"kind": "clock", "times": ["02:00"], "steps": steps,
                "anchor_date": anchor});
            let from = instant(zone, anchor);
            let range = Span { from, to: from.plus_minutes(20 * 24 * 60).unwrap() };
            let life = OrderLife { start: Some(from), ..OrderLife::default() };
            let rule = ClockChange::default();
            let due = expand(&life, &schedule(shape), zone, rule, range).unwrap().due;
            let given: Vec<_> = due.iter().filter_map(|dose| dose.dose.as_deref()).collect();
            let wanted = [["4 mg"; 3].as_slice(), &["3 mg"; 5], &["2 mg"; 4]].concat();
            assert_eq!(given, wanted, "{} {}", zone.name(), change.at);
            let identities: BTreeSet<_> = due.iter().map(|dose| (dose.date, dose.slot)).collect();
            assert_eq!(identities.len(), due.len());
        }
    }
}

fn any_schedule(anchor: CivilDate, at: Instant) -> impl Strategy<Value = Schedule> {
    let month = String::from(YearMonth::of(anchor));
    let steps = |unit: &str| json!([{"dose": "4 mg", unit: 3}, {"dose": "2 mg", unit: 4}]);
    let odd = ["00:00", "00:30", "01:30", "02:15", "02:30", "03:30", "23:45"];
    let shapes = [
        json!({"kind": "clock", "times": odd}),
        json!({"kind": "clock", "times": odd, "dow": ["sat", "sun"]}),
        json!({"kind": "clock", "times": odd, "every_days": 2, "anchor_date": anchor}),
        json!({"kind": "clock", "times": odd, "cycle": {"on": 2, "off": 1, "anchor": anchor}}),
        json!({"kind": "clock", "times": odd,
            "monthly": {"day": 31, "overflow": "clamp", "every": 1, "anchor": month}}),
        json!({"kind": "clock", "times": odd, "steps": steps("days"), "anchor_date": anchor}),
        json!({"kind": "clock", "times": odd, "steps": steps("doses"), "anchor_date": anchor}),
        json!({"kind": "clock", "times": odd,
            "alternate": ["5 mg", "2 mg"], "anchor_date": anchor}),
        json!({"kind": "interval", "minutes": 95, "anchor": at.to_string()}),
        json!({"kind": "once", "at": at.to_string()}),
    ];
    (0..shapes.len()).prop_map(move |index| schedule(shapes[index].clone()))
}

type Case = (Arc<ZoneRules>, Schedule, OrderLife, ClockChange, Instant, Vec<i64>);

fn any_case() -> impl Strategy<Value = Case> {
    let place = (0..ZONES.len(), any::<proptest::sample::Index>());
    place.prop_flat_map(|(zone, index)| {
        let zone = Arc::clone(&ZONES[zone]);
        let at = match zone.transitions() {
            [] => Instant::EPOCH,
            changes => index.get(changes).at,
        };
        let anchor = days(&zone, at, -3, 0).0;
        let minutes = -5_000..5_000_i64;
        let overlap = prop_oneof![
            Just(OverlapPolicy::First),
            Just(OverlapPolicy::Second),
            Just(OverlapPolicy::Both)
        ];
        let gap = proptest::sample::select(&GAPS[..]);
        let change = (gap, overlap).prop_map(|(gap, overlap)| ClockChange { gap, overlap });
        let bounds = (
            proptest::option::of(minutes.clone()),
            proptest::option::of(minutes.clone()),
            proptest::option::of(1..20_u32),
            minutes.clone(),
        );
        let life = bounds.prop_map(move |(start, stop, max_doses, hold)| {
            let after = |minutes: i64| at.plus_minutes(minutes).unwrap();
            // A count needs something to count from.
            let start = start.or(max_doses.map(|_| -4_000)).map(after);
            let holds = vec![Span { from: after(hold), to: after(hold + 600) }];
            OrderLife { start, stop: stop.map(after), max_doses, holds }
        });
        let cuts = proptest::collection::vec(minutes, 2..6);
        (any_schedule(anchor, at), life, change, cuts).prop_map(
            move |(schedule, life, change, cuts)| {
                (Arc::clone(&zone), schedule, life, change, at, cuts)
            },
        )
    })
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 400, failure_persistence: None, ..ProptestConfig::default()
    })]

    #[test]
    fn a_range_is_the_concatenation_of_its_parts(case in any_case()) {
        let (zone, schedule, life, change, at, mut cuts) = case;
        cuts.sort_unstable();
        let cuts: Vec<Instant> = cuts.iter().map(|cut| at.plus_minutes(*cut).unwrap()).collect();
        let ask = |from, to| expand(&life, &schedule, &zone, change, Span { from, to }).unwrap();
        let whole = ask(cuts[0], cuts[cuts.len() - 1]);
        let mut joined = Expansion::default();
        for pair in cuts.windows(2) {
            let part = ask(pair[0], pair[1]);
            joined.due.extend(part.due);
            joined.held.extend(part.held);
            joined.merged.extend(part.merged);
            joined.dropped.extend(part.dropped);
            for (date, flags) in part.flags {
                joined.flags.entry(date).or_default().extend(flags);
            }
        }
        prop_assert_eq!(whole, joined);
    }
}

/// Doses over 400 days as FHIR `Timing.repeat` says it.
fn fhir_count(repeat: &Value, from: CivilDate) -> i64 {
    let number = |key: &str| repeat[key].as_i64();
    let listed =
        |key: &str| repeat[key].as_array().map(Vec::len).and_then(|n| i64::try_from(n).ok());
    if let Some(count) = number("count") {
        return count;
    }
    let each = listed("when").or(listed("timeOfDay")).or(number("frequency")).unwrap();
    if let Some(named) = repeat["dayOfWeek"].as_array() {
        let on = |date: &CivilDate| named.iter().any(|day| day == date.weekday().code());
        let dates = (0..400).filter_map(|day| from.plus_days(day));
        return each * i64::try_from(dates.filter(on).count()).unwrap();
    }
    let (period, unit) = (number("period").unwrap_or(1), repeat["periodUnit"].as_str());
    let times = |length: i64| each * ((400 * 24 * 60 + length - 1) / length);
    match unit.unwrap_or("d") {
        "h" => times(period * 60),
        "d" => times(period * 24 * 60),
        // So many days of each week: 400 days are 57 weeks and a day, which is a named one.
        "wk" if period == 1 => each * 57 + 1,
        "wk" => times(period * 7 * 24 * 60),
        "mo" => {
            let months = (0..400).filter_map(|day| from.plus_days(day));
            let months: BTreeSet<_> = months.filter(|date| date.day() == from.day()).collect();
            each * months
                .iter()
                .filter(|date| {
                    YearMonth::of(**date).months_since(YearMonth::of(from)) % period == 0
                })
                .count() as i64
        }
        other => panic!("{other}"),
    }
}

fn brought(row: &Frequency, from: CivilDate, at: Instant) -> Brought {
    let dow: Vec<Weekday> = (0..row.dow_count.unwrap_or(0))
        .map(|day| from.plus_days(i64::from(day)).unwrap().weekday())
        .collect();
    Brought {
        anchor: Some(at),
        anchor_date: Some(from),
        anchor_month: Some(YearMonth::of(from)),
        at: Some(at),
        day: Some(from.day()),
        dow: Some(dow).filter(|dow| !dow.is_empty()),
        ..Brought::default()
    }
}

#[test]
fn fields_and_fhir_repeat_of_every_frequency_agree_over_400_days() {
    let zone = ZONES.iter().find(|zone| zone.name().as_str() == "America/Phoenix").unwrap();
    let from = CivilDate::new(2026, 6, 10).unwrap();
    let at = instant(zone, from);
    let range = Span { from: at, to: at.plus_minutes(400 * 24 * 60).unwrap() };
    let mut compared = 0;
    for row in &frequencies().frequencies {
        let Some(repeat) = &row.fhir_repeat else { continue };
        let repeat: Value = serde_json::from_str(repeat).unwrap();
        let planned = row.plan(&brought(row, from, at), None).unwrap();
        let (Planned::Doses(schedule) | Planned::Pair { apply: schedule, .. }) = planned else {
            panic!("{} plans no doses", row.code)
        };
        let life = OrderLife::default();
        let due = expand(&life, &schedule, zone, ClockChange::default(), range).unwrap().due;
        assert_eq!(due.len() as i64, fhir_count(&repeat, from), "{}", row.code);
        compared += 1;
    }
    assert!(compared >= 36, "{compared} rows have a FHIR form");
}

#[test]
fn what_a_code_needs_is_never_filled_in() {
    for row in &frequencies().frequencies {
        let planned = row.plan(&Brought::default(), None);
        let unplanned = matches!(row.kind, Kind::Prn | Kind::Continuous);
        assert_eq!(planned.is_ok(), unplanned || row.needs.is_empty(), "{}", row.code);
        assert!(frequencies().window_class(&row.window_class).is_some(), "{}", row.code);
        for other in frequencies().frequencies.iter().filter(|other| other.code != row.code) {
            assert!(!other.aliases.contains(&row.code), "{} is also an alias", row.code);
        }
    }
    let weekly = frequencies().find("qweek").unwrap();
    assert_eq!(weekly.missing(&Brought::default()), [Need::Dow]);
    assert!(frequencies().find("BIWEEKLY").is_none());
}

/// Unit before home before table, and a code before its class.
#[test]
fn what_a_home_says_of_a_code_comes_before_its_class() {
    let text = include_str!("../schedules/larkfield.toml");
    let mut policy = crate::policy_file::parse(text, &Catalogue::open(None)).unwrap();
    let window = |policy: &Policy, code: &str, unit: &str, critical: bool| {
        policy.order_window(frequencies(), frequencies().find(code).unwrap(), unit, critical)
    };
    assert_eq!(window(&policy, "BID", "garden", false), Some((60, 60)), "the home's default");
    assert_eq!(window(&policy, "BID", "orchard", false), Some((60, 90)), "the unit's minutes");
    assert_eq!(window(&policy, "QHS", "garden", false), Some((120, 120)), "the code's class");
    assert_eq!(window(&policy, "Q6H", "garden", false), Some((45, 45)), "the code's minutes");
    assert_eq!(window(&policy, "QHS", "orchard", true), Some((30, 30)), "never more room");
    assert_eq!(window(&policy, "PRN", "garden", false), None);
    assert_eq!(window(&policy, "AMPASS", "garden", false), Some((0, 180)), "the whole pass");
    let unit = policy.units.get_mut("orchard").unwrap();
    unit.windows.class.insert("Q6H".into(), "time_critical".into());
    assert_eq!(window(&policy, "Q6H", "orchard", false), Some((45, 45)), "minutes before class");
    unit_minutes(&mut policy, "Q6H", 20);
    assert_eq!(window(&policy, "Q6H", "orchard", false), Some((20, 20)), "unit before home");
}

fn unit_minutes(policy: &mut Policy, code: &str, minutes: u32) {
    let window = Window { before_min: minutes, after_min: minutes };
    let unit = policy.units.get_mut("orchard").unwrap();
    unit.windows.minutes.insert(code.into(), window);
}

#[test]
fn a_home_cannot_add_doses_by_its_hours() {
    let bid = frequencies().find("BID").unwrap();
    let three = ["09:00", "13:00", "17:00"].map(|hour| hour.to_owned().try_into().unwrap());
    assert!(bid.plan(&Brought::default(), Some(&three)).is_err());
    let planned = bid.plan(&Brought::default(), Some(&three[..2])).unwrap();
    assert_eq!(planned, Planned::Doses(hours(&["09:00", "13:00"])));
}
