//! Every sample, hostile text and broken trees; what single orders come to.
mod stories;

use super::*;
use emar_domain::administration::{Administration, Mode, Outcome};
use emar_domain::amount::Amount;
use emar_domain::decide::OrderCommand;
use emar_domain::fact::Fact;
use emar_domain::id::{AdministrationId, DoseId, ReadingId, Slug, UserId};
use emar_domain::order::{OrderVersion, Timing};
use emar_domain::reading::{Measured, Shown};
use emar_domain::resident::Resident;
use emar_domain::scale::GlucoseUnit;
use emar_domain::schedule::Schedule;
use emar_domain::schedule::policy::Profile;
use emar_domain::time::OffsetTime;
use proptest::prelude::*;
use serde_json::{Value, json};
use std::path::PathBuf;

/// Oak Hill with nothing in it.
pub(crate) fn home() -> Home {
    let zones = crate::zones::Catalogue::open(None);
    let text = include_str!("../../../schedules/oakhill.toml");
    let policy = crate::policy_file::parse(text, &zones).unwrap();
    let rules = zones.rules(&policy.zone).unwrap();
    Home::new(Slug::new("oakhill").unwrap(), policy, (*rules).clone())
}

fn context(home: &Home) -> Context<'_> {
    let frequencies = crate::policy_file::frequencies();
    Context { home, frequencies, sender: "pharm1", seq: None, now: Instant::EPOCH }
}

fn samples() -> Vec<(PathBuf, Vec<u8>)> {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/samples/fhir");
    let folders = std::fs::read_dir(root).unwrap().map(|e| e.unwrap().path());
    let folders = folders.filter(|p| p.is_dir());
    let mut files: Vec<PathBuf> =
        folders.flat_map(|d| std::fs::read_dir(d).unwrap()).map(|e| e.unwrap().path()).collect();
    files.sort();
    files.into_iter().map(|p| (p.clone(), std::fs::read(p).unwrap())).collect()
}

fn resident() -> Value {
    json!({"resourceType": "Patient", "id": "p1", "birthDate": "1940-02-29",
        "identifier": [{"type": {"coding": [{"code": "MR"}]}, "value": "4711"},
            {"system": "urn:emar:wristband", "value": "R-1234567C"}],
        "extension": [{"url": "urn:emar:room", "valueString": "201-A"}],
        "name": [{"family": "Voss", "given": ["Edda"]}]})
}

fn order() -> Value {
    json!({"resourceType": "MedicationRequest", "id": "rx1", "status": "active",
        "intent": "order", "meta": {"versionId": "3"},
        "identifier": [{"type": {"coding": [{"code": "PLAC"}]}, "value": "RX-9"}],
        "subject": {"reference": "Patient/p1"}, "authoredOn": "2026-11-02T08:00:00-05:00",
        "medicationCodeableConcept": {"coding": [{"code": "314231",
            "system": system::RXNORM, "display": "Simvastatin 20 MG Oral Tablet"}]},
        "dosageInstruction": [{"text": "one at night",
            "timing": {"code": {"coding": [{"system": system::GTS, "code": "BID"}]}},
            "doseAndRate": [{"doseQuantity": {"value": 20, "unit": "mg",
                "system": system::UCUM, "code": "mg"}}]}]})
}

fn classified(resources: &[Value]) -> FileResult {
    let entries: Vec<Value> = resources.iter().map(|r| json!({"resource": r})).collect();
    let bundle = json!({"resourceType": "Bundle", "type": "collection", "entry": entries});
    classify(bundle.to_string().as_bytes(), &context(&home()))
}

fn received(result: &FileResult) -> Option<&OrderVersion> {
    result.commands.iter().find_map(|c| match c {
        Command::Order(OrderCommand::Receive(version)) => Some(&**version),
        _ => None,
    })
}

/// The order with the member at `pointer` replaced, or removed with `null`.
fn altered(pointer: &str, value: Value) -> FileResult {
    let mut order = order();
    let (parent, name) = pointer.rsplit_once('/').unwrap();
    let parent = order.pointer_mut(parent).unwrap().as_object_mut().unwrap();
    parent.remove(name);
    if !value.is_null() {
        parent.insert(name.to_owned(), value);
    }
    classified(&[resident(), order])
}

#[test]
fn every_sample_has_one_answer_with_reasons_and_twice_the_same() {
    let home = home();
    let all = samples();
    assert!(all.len() > 100, "{}", all.len());
    for (path, bytes) in all {
        let result = classify(&bytes, &context(&home));
        assert!(
            result.result == Standing::Applied || result.reasons.iter().any(|r| !r.why.is_empty()),
            "{path:?} is silent"
        );
        assert_eq!(result, classify(&bytes, &context(&home)), "{path:?}");
        assert!(result.result != Standing::Refused || result.commands.is_empty(), "{path:?}");
    }
}

#[test]
fn an_exact_order_becomes_a_version() {
    let result = classified(&[resident(), order()]);
    assert_eq!(result.reasons, []);
    let version = received(&result).unwrap();
    assert_eq!((version.version, version.source.placer.as_str()), (3, "RX-9"));
    assert!(version.dose.same_as(Amount::parse_text("20 mg").unwrap()));
    assert_eq!((version.frequency.as_str(), version.drug.route.as_str()), ("BID", "po"));
    let Timing::Planned { schedule: Schedule::Clock(clock) } = &version.timing else {
        panic!("{:?}", version.timing)
    };
    let hours: Vec<String> = clock.times.iter().map(ToString::to_string).collect();
    assert_eq!(hours, ["09:00", "17:00"], "the home's hours");
    assert_eq!(version.start, Instant::parse("2026-11-02T13:00:00Z").unwrap());
}

#[test]
fn what_is_not_exact_is_for_a_person_and_names_its_place() {
    let step = "/dosageInstruction/0";
    let range = json!([{"doseRange": {"low": {"value": 1, "unit": "mg"}}}]);
    let quantity = |q: Value| json!([{"doseQuantity": q}]);
    let repeat = |r: Value| json!({"repeat": r});
    for (member, value) in [
        ("doseAndRate", range),
        ("doseAndRate", Value::Null),
        ("doseAndRate", quantity(json!({"value": 1, "unit": "blob"}))),
        ("doseAndRate", quantity(json!({"value": -1, "unit": "mg"}))),
        ("doseAndRate", quantity(json!({"value": 1, "unit": "mg", "comparator": "<"}))),
        ("doseAndRate", quantity(json!({"value": 1, "unit": "g", "code": "mg"}))),
        ("timing", Value::Null),
        ("timing", repeat(json!({"frequency": 1, "period": 24, "periodUnit": "h"}))),
        ("timing", repeat(json!({"frequency": 1, "period": 1, "periodUnit": "wk"}))),
        ("timing", repeat(json!({"frequency": 1, "period": 2, "periodUnit": "d"}))),
        (
            "timing",
            repeat(json!({"frequency": 1, "frequencyMax": 2, "period": 1, "periodUnit": "d"})),
        ),
        ("timing", repeat(json!({"frequency": 1, "period": 1.5, "periodUnit": "d"}))),
        ("timing", repeat(json!({"timeOfDay": ["09:00:00"], "when": ["HS"]}))),
        (
            "timing",
            repeat(
                json!({"frequency": 3, "period": 1, "periodUnit": "d", "timeOfDay": ["09:00:00"]}),
            ),
        ),
        ("asNeededBoolean", json!(true)),
        ("maxDosePerLifetime", json!({"value": 1})),
        ("somethingNew", json!(1)),
        ("text", json!("20 mg twice daily, hold for SBP < 100")),
        ("patientInstruction", json!("Hold if the pulse is below 60")),
        ("additionalInstruction", json!([{"text": "units per sliding scale"}])),
        ("route", json!({"text": "by magic"})),
    ] {
        let result = altered(&format!("{step}/{member}"), value.clone());
        assert_eq!(result.result, Standing::NeedsTranscription, "{member} {value}");
        assert!(received(&result).is_none(), "{member} {value}");
        let placed = |r: &Reason| r.pointer.starts_with("/entry/1/resource/dosageInstruction/0");
        assert!(result.reasons.iter().any(placed), "{:?}", result.reasons);
    }
}

/// Stopped before it was written: noted, it would be over and on no list.
#[test]
fn a_stop_before_the_start_is_for_a_person_also_where_no_start_is_named() {
    let until = |end: &str| {
        let code = json!({"coding": [{"system": system::GTS, "code": "BID"}]});
        let timing = json!({"code": code, "repeat": {"boundsPeriod": {"end": end}}});
        altered("/dosageInstruction/0/timing", timing)
    };
    assert_eq!(until("2026-11-09").result, Standing::Applied);
    let early = until("2026-10-01");
    assert_eq!(early.result, Standing::NeedsTranscription);
    assert!(received(&early).is_none());
    let at = "/entry/1/resource/dosageInstruction/0/timing";
    assert!(early.reasons.iter().any(|r| r.pointer.starts_with(at)), "{:?}", early.reasons);
}

/// A change of what a pharmacy sent is checked as an order that is entered: its frequency and its
/// schedule say the same.
#[test]
fn what_is_taken_from_a_message_stands_up_to_the_checks_at_entry() {
    let code = |code: &str| json!({"code": {"coding": [{"system": system::GTS, "code": code}]}});
    let repeat = |r: Value| json!({"repeat": r});
    let daily = |times: u32, days: &[&str]| {
        repeat(json!({"frequency": times, "period": 1, "periodUnit": "d", "dayOfWeek": days}))
    };
    for (timing, frequency) in [
        (code("BID"), "BID"),
        (code("QD"), "DAILY"),
        (code("Q6H"), "Q6H"),
        (code("BED"), "QHS"),
        (repeat(json!({"frequency": 1, "period": 1, "periodUnit": "d"})), "DAILY"),
        (repeat(json!({"frequency": 1, "period": 6, "periodUnit": "h"})), "Q6H"),
        (repeat(json!({"timeOfDay": ["07:15:00", "19:15:00"]})), "BID"),
        (repeat(json!({"when": ["ACM", "ACD", "ACV"]})), "AC"),
        (daily(1, &["mon"]), "WEEKLY"),
        (daily(1, &["mon", "thu"]), "BIW"),
        (daily(1, &["mon", "wed", "fri"]), "TIW"),
        (daily(1, &["mon", "tue", "wed", "thu"]), "once daily on mon, tue, wed, thu"),
        (daily(2, &["mon", "thu"]), "twice daily on mon, thu"),
    ] {
        let result = altered("/dosageInstruction/0/timing", timing.clone());
        let version = received(&result).unwrap_or_else(|| panic!("{timing}: {result:?}"));
        assert_eq!(version.frequency, frequency, "{timing}");
        let mut home = home();
        for command in &result.commands {
            if let Command::Resident(resident) = command {
                home.put_resident((**resident).clone());
            }
        }
        assert!(home.residents.contains_key(&version.resident));
        let table = crate::policy_file::frequencies();
        let checked = emar_domain::order_input::check_input(&home, table, version, Some(version));
        assert_eq!(checked, Ok(()), "{timing}");
    }
}

#[test]
fn insulin_is_time_critical_whatever_its_second_name() {
    for (drug, critical) in
        [("Insulin Glargine 20 MG Oral Tablet", true), ("Simvastatin 20 MG Oral Tablet", false)]
    {
        let result = altered("/medicationCodeableConcept/coding/0/display", json!(drug));
        let found = received(&result).map(|v| (v.time_critical, v.after_minutes));
        assert_eq!(found, Some((critical, if critical { 30 } else { 60 })), "{result:?}");
    }
}

#[test]
fn what_must_not_be_ignored_is_refused() {
    for (pointer, value) in [
        ("/doNotPerform", json!(true)),
        ("/modifierExtension", json!([{"url": "x"}])),
        ("/implicitRules", json!("x")),
        ("/dosageInstruction/0/modifierExtension", json!([{"url": "x"}])),
        ("/intent", json!("plan")),
        ("/status", json!(7)),
        ("/dosageInstruction/0/asNeededBoolean", json!("true")),
    ] {
        let result = altered(pointer, value);
        assert_eq!(result.result, Standing::Refused, "{pointer}");
        assert_eq!(result.commands, [], "{pointer}");
    }
    let twice = order().to_string().replacen("\"status\"", "\"intent\":\"order\",\"status\"", 1);
    assert_eq!(classify(twice.as_bytes(), &context(&home())).result, Standing::Refused);
}

#[test]
fn as_needed_needs_all_its_limits() {
    let timing = json!({"repeat": {"frequency": 1, "period": 6, "periodUnit": "h"}});
    let mut order = order();
    order["dosageInstruction"][0]["timing"] = timing;
    order["dosageInstruction"][0]["asNeededCodeableConcept"] = json!({"text": "pain"});
    let result = classified(&[resident(), order]);
    assert_eq!(received(&result).unwrap().timing, Timing::prn("pain", Some(360), Some(4)));

    let range = |least: u32, most: u32| {
        let mut order = self::order();
        order["dosageInstruction"][0]["timing"] = json!({"repeat":
            {"frequency": 1, "period": least, "periodMax": most, "periodUnit": "h"}});
        order["dosageInstruction"][0]["asNeededCodeableConcept"] = json!({"text": "pain"});
        classified(&[resident(), order])
    };
    let Timing::Prn { interval_minutes_min, interval_minutes_max, .. } =
        received(&range(4, 6)).unwrap().timing
    else {
        panic!("as needed is as needed")
    };
    assert_eq!((interval_minutes_min, interval_minutes_max), (Some(240), Some(360)));
    assert!(received(&range(6, 4)).is_none(), "the longer is not longer");
}

fn message(event: &str, order: &Value) -> Vec<u8> {
    json!({"resourceType": "Bundle", "type": "message", "entry": [
        {"resource": {"resourceType": "MessageHeader", "id": "m-1",
            "eventCoding": {"system": system::EVENT, "code": event}}},
        {"resource": order}, {"resource": resident()}]})
    .to_string()
    .into_bytes()
}

#[test]
fn messages_find_residents_and_never_create_them() {
    let mut home = home();
    let taken = message::receive(&message("new-order", &order()), &context(&home));
    assert_eq!(taken.id.as_deref(), Some("m-1"));
    assert_eq!(taken.result.result, Standing::NeedsTranscription);
    assert!(taken.result.reasons.iter().any(|r| r.code == Code::ResidentUnknown));
    for command in classified(&[resident()]).commands {
        let Command::Resident(resident) = command else { panic!("{command:?}") };
        assert_eq!((resident.unit.as_str(), resident.room.as_str()), ("west", "201-A"));
        home.put_resident(*resident);
    }
    let taken = message::receive(&message("new-order", &order()), &context(&home));
    assert_eq!(taken.result.result, Standing::Applied, "{:?}", taken.result.reasons);
    let version = received(&taken.result).unwrap().clone();
    home.apply(&Fact::OrderVersion(Box::new(version.clone())), 1);
    let mut stop = order();
    stop["status"] = json!("stopped");
    let refused = message::receive(&message("new-order", &stop), &context(&home));
    assert_eq!(refused.result.result, Standing::Refused);
    let taken = message::receive(&message("discontinue-order", &stop), &context(&home));
    let wanted = OrderCommand::Discontinue(version.order, "stopped".to_owned());
    assert_eq!(taken.result.commands, [Command::Order(wanted)]);
    let mut other = resident();
    other["birthDate"] = json!("1941-01-01");
    let bytes = String::from_utf8(message("new-order", &order())).unwrap();
    let bytes = bytes.replace("1940-02-29", "1941-01-01");
    let taken = message::receive(bytes.as_bytes(), &context(&home));
    assert!(taken.result.reasons.iter().any(|r| r.code == Code::ResidentMismatch));
}

#[test]
fn answers_read_back() {
    let at = OffsetTime::parse("2026-11-02T09:00:00-05:00").unwrap();
    let id = uuid::Uuid::nil();
    let envelope =
        answer::Envelope { id, at, facility: "oakhill", event: message::Event::NewOrder };
    for kind in answer::Kind::ALL {
        let bytes = answer::write(&envelope, "m-1", *kind, &[]);
        let heard = answer::read(bytes.as_bytes()).unwrap();
        assert_eq!((heard.to.as_str(), heard.kind), ("m-1", *kind));
    }
    assert_eq!(answer::read(b"{}"), None);
}

/// What was done about a dose of an order.
fn done(
    version: &OrderVersion,
    person: &Resident,
    outcome: Outcome,
    at: OffsetTime,
) -> Administration {
    let id = uuid::Uuid::from_u128(7);
    Administration {
        id: AdministrationId(id),
        dose: DoseId(id),
        order: version.order,
        version: version.version,
        resident: person.id,
        outcome,
        reason: None,
        comment: None,
        comment_salt: None,
        amount: Some(version.dose),
        mode: Mode::Now,
        overrides: vec![],
        witness: None,
        readings: vec![],
        packages: vec![],
        by: UserId(id),
        cart: None,
        administered_at: at.instant,
        recorded_at: at.instant,
        corrects: None,
        effective: true,
    }
}

/// A dose held by parameter goes out with what was measured.
#[test]
fn readings_go_out_beside_what_rests_on_them() {
    let all = classified(&[resident(), order()]);
    let version = received(&all).unwrap().clone();
    let Command::Resident(person) = &all.commands[0] else { panic!("{all:?}") };
    let at = OffsetTime::parse("2026-11-02T09:03:07-05:00").unwrap();
    let id = uuid::Uuid::from_u128(7);
    let event = message::Event::Administration;
    let envelope = answer::Envelope { id, at, facility: "oakhill", event };
    let reading = |n: u128, code: &str, shown| Measured {
        id: ReadingId(uuid::Uuid::from_u128(n)),
        resident: person.id,
        code: code.into(),
        shown,
        glucose_unit: (code == "glucose").then_some(GlucoseUnit::MgPerDl),
        by: UserId(id),
        cart: None,
        at: at.instant,
        recorded_at: at.instant,
    };
    let readings = [
        reading(21, "sbp", Shown::Nano(98_000_000_000)),
        reading(22, "hr_apical", Shown::Nano(58_000_000_000)),
        reading(23, "glucose", Shown::Hi),
    ];
    let profile = Profile::Us;
    let told_readings: Vec<_> =
        readings.iter().map(|reading| observation::ToldReading { reading, at, profile }).collect();
    let administration = done(&version, person, Outcome::Held, at);
    let told = administration::Told {
        administration: &administration,
        first: administration.id,
        version: 1,
        order: &version,
        resident: person,
        readings: &told_readings,
        done_at: at,
        recorded_at: at,
    };
    let text = administration::write(&envelope, &told);
    println!("{text}");
    for part in [
        "\"supportingInformation\":[{\"reference\":\"urn:uuid:00000000-0000-0000-0000-000000000015\"",
        "\"code\":\"8480-6\"",
        "\"value\":98,\"unit\":\"mmHg\"",
        "\"code\":\"hr_apical\"",
        "\"valueString\":\"HI\"",
    ] {
        assert!(text.contains(part), "{part} in {text}");
    }
    assert!(!text.contains("Voss"));
}

/// Prints what is sent; `tests/support/validate_r4b.py` reads the lines that start with `{`.
#[test]
fn administrations_are_told_by_number_and_never_by_name() {
    let all = classified(&[resident(), order()]);
    let version = received(&all).unwrap().clone();
    let Command::Resident(person) = &all.commands[0] else { panic!("{all:?}") };
    let at = OffsetTime::parse("2026-11-02T09:03:07-05:00").unwrap();
    let id = uuid::Uuid::from_u128(7);
    let event = message::Event::Administration;
    let envelope = answer::Envelope { id, at, facility: "oakhill", event };
    for (outcome, reason, wanted) in [
        (Outcome::Given, None, "\"status\":\"completed\""),
        (Outcome::Partial, Some("PARTIAL"), "\"value\":20,\"unit\":\"mg\""),
        (Outcome::Refused, Some("REF"), "\"code\":\"182895007\""),
        (Outcome::NotGiven, Some("ASLEEP"), "\"code\":\"c\""),
        (Outcome::Held, Some("HOLD_NURSE"), "\"status\":\"not-done\""),
    ] {
        let administration = Administration {
            comment: Some("spat <half> out".to_owned()),
            reason: reason.map(str::to_owned),
            ..done(&version, person, outcome, at)
        };
        let told = administration::Told {
            administration: &administration,
            first: administration.id,
            version: 1,
            order: &version,
            resident: person,
            readings: &[],
            done_at: at,
            recorded_at: at,
        };
        let text = administration::write(&envelope, &told);
        println!("{text}");
        let placer = "\"system\":\"urn:emar:placer\",\"value\":\"RX-9\"";
        for part in [wanted, placer, "2026-11-02T09:03:07-05:00", "spat <half> out"] {
            assert!(text.contains(part), "{part} in {text}");
        }
        assert!(!text.contains("Voss"));
        println!(
            "{}",
            answer::write(&envelope, "m-1", answer::Kind::Ae, &classified(&[order()]).reasons)
        );
    }
}

#[test]
fn hostile_text_arrives_byte_for_byte() {
    let hostile = format!("& ^ | ~ < > ' \"\n\r\t\\ \u{202e}💊 {}", "x".repeat(65_536));
    let mut named = resident();
    named["name"][0]["family"] = json!(hostile);
    let mut order = order();
    order["dosageInstruction"][0]["text"] = json!(hostile);
    let result = classified(&[named, order]);
    assert_eq!(received(&result).unwrap().dose_text, hostile);
    assert!(
        result
            .commands
            .iter()
            .any(|c| matches!(c, Command::Resident(resident) if resident.family.0 == hostile))
    );
}

#[test]
fn limits_are_refusals() {
    let big = vec![b' '; FILE_BYTES_MAX + 1];
    assert_eq!(classify(&big, &context(&home())).result, Standing::Refused);
    let many = vec![json!({"resource": {"resourceType": "Basic"}}); MESSAGE_ENTRIES_MAX + 1];
    let bundle = json!({"resourceType": "Bundle", "type": "message", "entry": many});
    let taken = message::receive(bundle.to_string().as_bytes(), &context(&home()));
    assert_eq!(taken.result.result, Standing::Refused);
    for other in ["MSH|^~\\&|", "<Bundle/>", "null", "[]", "7", "{}", ""] {
        let result = classify(other.as_bytes(), &context(&home()));
        assert_eq!(result.result, Standing::Refused, "{other}");
        assert!(!result.reasons.is_empty());
    }
}

/// Deletes or replaces the `nth` node of a tree.
fn mutate(value: &mut Value, nth: &mut usize, with: &Value) {
    if *nth == 0 {
        *value = with.clone();
    }
    *nth = nth.wrapping_sub(1);
    match value {
        Value::Array(all) => all.iter_mut().for_each(|v| mutate(v, nth, with)),
        Value::Object(all) => all.values_mut().for_each(|v| mutate(v, nth, with)),
        _ => {}
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]
    #[test]
    fn broken_trees_never_panic(nth in 0usize..120, second in 0usize..120, kind in 0usize..7) {
        let with = [json!(null), json!(0), json!(-1.5), json!("x"), json!([]), json!({}), json!(true)];
        let mut bundle: Value =
            serde_json::from_slice(&message("new-order", &order())).unwrap();
        mutate(&mut bundle, &mut { nth }, &with[kind]);
        mutate(&mut bundle, &mut { second }, &with[(kind + 1) % 7]);
        let home = home();
        let result = classify(bundle.to_string().as_bytes(), &context(&home));
        prop_assert!(result.result == Standing::Applied || !result.reasons.is_empty());
    }
}
