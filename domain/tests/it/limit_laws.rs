//! Laws of PRN limits and ingredient caps.
use emar_domain::amount::{Amount, Unit};
use emar_domain::limit::{CapRefusal, Day, IngredientCap, PrnLimit, PrnRefusal};
use emar_domain::time::Instant;
use emar_domain::zone::{Transition, ZoneName, ZoneOffset, ZoneRules};
use proptest::prelude::*;

const ONE: i64 = 1_000_000_000;
const MINUTE: i64 = 60_000_000;

fn instant(text: &str) -> Instant {
    Instant::parse(text).unwrap()
}

fn zone(first_s: i32, changes: &[(&str, i32)]) -> ZoneRules {
    let first = ZoneOffset { offset_s: first_s, abbrev: "XXT".into() };
    let change = |&(at, offset_s): &(&str, i32)| Transition {
        at: instant(at),
        offset_s,
        abbrev: "XXT".into(),
    };
    let changes = changes.iter().map(change).collect();
    ZoneRules::new(ZoneName::new("Test/Zone").unwrap(), "2026f".into(), first, changes).unwrap()
}

/// Clocks that change in the days the laws play in: by an hour each way, over midnight in both
/// directions, by half an hour, and not at all.
fn zones() -> Vec<ZoneRules> {
    vec![
        zone(-18000, &[("2026-03-08T07:00Z", -14400)]),
        zone(-14400, &[("2026-03-08T06:00Z", -18000)]),
        zone(-18000, &[("2026-03-08T05:00Z", -14400)]),
        zone(-9000, &[("2026-03-08T02:31Z", -12600)]),
        zone(39600, &[("2026-03-07T15:00Z", 37800)]),
        zone(20700, &[]),
    ]
}

fn moment() -> impl Strategy<Value = Instant> {
    let from = instant("2026-03-06T00:00Z");
    // Many on whole minutes, so that bounds are met exactly.
    (0..4 * 24 * 60_i64, prop_oneof![Just(0), 0..MINUTE])
        .prop_map(move |(minutes, rest)| from.plus_micros(minutes * MINUTE + rest).unwrap())
}

fn day() -> impl Strategy<Value = Day> {
    prop_oneof![Just(Day::Rolling24h), Just(Day::CalendarDay)]
}

fn allowed(limit: PrnLimit, zone: &ZoneRules, history: &[Instant], at: Instant) -> bool {
    limit.check(zone, history, at).is_ok()
}

proptest! {
    #[test]
    fn a_prn_refusal_names_the_first_whole_minute(
        zone in proptest::sample::select(zones()),
        day in day(),
        interval_minutes_min in proptest::option::of(0..600_i64),
        per_day_max in proptest::option::of(1..4_u32),
        mut history in proptest::collection::vec(moment(), 0..8),
        at in moment(),
    ) {
        let limit = limit(interval_minutes_min, per_day_max, day);
        let answer = limit.check(&zone, &history, at);
        history.sort_unstable();
        prop_assert_eq!(limit.check(&zone, &history, at), answer);
        let Err(refusal) = answer else { return Ok(()) };
        prop_assert!(refusal.too_soon || refusal.reached.is_some());
        let next = refusal.next.unwrap();
        prop_assert!(next > at);
        prop_assert_eq!(next.micros() % MINUTE, 0);
        prop_assert!(allowed(limit, &zone, &history, next));
        let mut before = next.plus_micros(-MINUTE).unwrap();
        while before >= at {
            prop_assert!(!allowed(limit, &zone, &history, before), "{before}");
            before = before.plus_micros(-MINUTE).unwrap();
        }
    }

    #[test]
    fn no_rolling_day_ever_holds_more_than_the_most(
        per_day_max in 1..4_u32,
        asked in proptest::collection::vec(moment(), 0..30),
    ) {
        let zone = zone(0, &[]);
        let limit = limit(None, Some(per_day_max), Day::Rolling24h);
        let mut given: Vec<Instant> = Vec::new();
        for at in asked {
            if allowed(limit, &zone, &given, at) {
                given.push(at);
            }
        }
        for end in &given {
            let within = |at: &&Instant| (0..24 * 60 * MINUTE).contains(&end.micros_since(**at));
            prop_assert!(given.iter().filter(within).count() <= per_day_max as usize);
        }
    }

    #[test]
    fn a_cap_refusal_names_the_first_whole_minute(
        zone in proptest::sample::select(zones()),
        day in day(),
        history in proptest::collection::vec((moment(), 0..8 * ONE), 0..8),
        at in moment(),
        nano in 0..14 * ONE,
    ) {
        let mg = |nano| Amount { nano, unit: Unit::Mg };
        let cap = IngredientCap { most: mg(12 * ONE), day };
        let history: Vec<_> = history.into_iter().map(|(at, nano)| (at, mg(nano))).collect();
        let refused = |at| cap.check(&zone, &history, at, mg(nano)).err();
        let Some(refusal) = refused(at) else { return Ok(()) };
        let CapRefusal::Exceeded { next } = refusal else { panic!("{refusal}") };
        prop_assert_eq!(next.is_none(), nano > 12 * ONE);
        let Some(next) = next else { return Ok(()) };
        prop_assert!(next > at);
        prop_assert_eq!(refused(next), None);
        let mut before = next.plus_micros(-MINUTE).unwrap();
        while before >= at {
            prop_assert!(refused(before).is_some(), "{before}");
            before = before.plus_micros(-MINUTE).unwrap();
        }
    }
}

fn limit(interval_minutes_min: Option<i64>, per_day_max: Option<u32>, day: Day) -> PrnLimit {
    PrnLimit { interval_minutes_min, per_day_max, day }
}

fn refused(too_soon: bool, reached: Option<u32>, next: &str) -> Result<(), PrnRefusal> {
    Err(PrnRefusal { too_soon, reached, next: Some(instant(next)) })
}

#[test]
fn prn_limits_meet_their_bounds() {
    let zone = zone(-18000, &[]);
    let rolling = |minutes, most| limit(minutes, most, Day::Rolling24h);
    let nine = instant("2026-11-02T09:00Z");
    for (limit, given, want) in [
        (rolling(None, Some(1)), "2026-11-01T09:00Z", Ok(())),
        (
            rolling(None, Some(1)),
            "2026-11-01T09:00:00.000001Z",
            refused(false, Some(1), "2026-11-02T09:01Z"),
        ),
        (rolling(Some(60), Some(2)), "2026-11-02T08:00Z", Ok(())),
        (rolling(Some(60), None), "2026-11-02T08:00:01Z", refused(true, None, "2026-11-02T09:01Z")),
        // Both limits: the later of their bounds.
        (
            rolling(Some(2880), Some(1)),
            "2026-11-01T10:00Z",
            refused(true, Some(1), "2026-11-03T10:00Z"),
        ),
        (
            rolling(Some(60), Some(1)),
            "2026-11-02T08:30Z",
            refused(true, Some(1), "2026-11-03T08:30Z"),
        ),
        // Charted for later than the request.
        (rolling(Some(60), None), "2026-11-02T10:00Z", refused(true, None, "2026-11-02T11:00Z")),
        (rolling(None, Some(1)), "2026-11-02T10:00Z", refused(false, Some(1), "2026-11-03T10:00Z")),
        (rolling(None, None), "2026-11-02T10:00Z", Ok(())),
    ] {
        assert_eq!(limit.check(&zone, &[instant(given)], nine), want, "{limit:?} {given}");
    }
    let never = Err(PrnRefusal { too_soon: false, reached: Some(0), next: None });
    assert_eq!(rolling(None, Some(0)).check(&zone, &[], nine), never);
    let twice = rolling(None, Some(2)).check(&zone, &[nine, nine], nine);
    assert_eq!(twice, refused(false, Some(2), "2026-11-03T09:00Z"));
}

#[test]
fn a_calendar_day_is_the_homes() {
    let new_york = zone(-14400, &[("2026-11-01T06:00Z", -18000)]);
    let st_johns = zone(-9000, &[("2010-11-07T02:31Z", -12600)]);
    let once = limit(None, Some(1), Day::CalendarDay);
    for (zone, given, at, want) in [
        (&new_york, "2026-11-01T03:59Z", "2026-11-01T04:00Z", Ok(())),
        (
            &new_york,
            "2026-11-01T04:00Z",
            "2026-11-02T04:59:59Z",
            refused(false, Some(1), "2026-11-02T05:00Z"),
        ),
        // Clocks put back over midnight: the new date has one minute, then the old one comes back.
        (
            &st_johns,
            "2010-11-06T12:00Z",
            "2010-11-07T02:29:30Z",
            refused(false, Some(1), "2010-11-07T02:30Z"),
        ),
        (
            &st_johns,
            "2010-11-06T12:00Z",
            "2010-11-07T02:31Z",
            refused(false, Some(1), "2010-11-07T03:30Z"),
        ),
    ] {
        assert_eq!(once.check(zone, &[instant(given)], instant(at)), want, "{given} {at}");
    }
}

#[test]
fn a_cap_counts_what_compares_and_nothing_else() {
    let zone = zone(0, &[]);
    let cap = IngredientCap { most: Amount::whole(3, Unit::G), day: Day::Rolling24h };
    let at = instant("2026-11-02T09:00Z");
    let taken = [(at, Amount::whole(2_675, Unit::Mg))];
    let check = |amount| cap.check(&zone, &taken, at, amount);
    assert_eq!(check(Amount::whole(325, Unit::Mg)), Ok(()));
    let over = Amount { nano: 325 * ONE + 1, unit: Unit::Mg };
    let next = Some(instant("2026-11-03T09:00Z"));
    assert_eq!(check(over), Err(CapRefusal::Exceeded { next }));
    assert_eq!(check(Amount::whole(1, Unit::Tablet)), Err(CapRefusal::NotComparable));
}
