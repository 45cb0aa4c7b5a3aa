//! The schema for editors is held against the form the program reads.

use super::{code, frequencies, parse};
use crate::zones::Catalogue;
use emar_domain::schedule::policy::Policy;
use serde_json::{Map, Value, json};
use std::collections::BTreeSet;

const HOMES: [(&str, &str); 2] = [
    ("oakhill", include_str!("../../schedules/oakhill.toml")),
    ("larkfield", include_str!("../../schedules/larkfield.toml")),
];

fn schema() -> Value {
    serde_json::from_str(include_str!("../../schedules/policy.schema.json")).unwrap()
}

/// A policy with every key that can be left out, as JSON.
fn whole() -> Value {
    json!({
        "schema": 1, "facility": "a", "name": "A", "profile": "us", "zone": "UTC",
        "effective_from": "2026-11-02", "horizon_days": 10,
        "meals": {"breakfast": "08:00", "lunch": "12:00", "dinner": "17:00", "bedtime": "21:00"},
        "units": {"east": {"rooms": ["1"], "hours": {"DAILY": ["09:00"]},
            "windows": {"class": {"QHS": "stat"}, "minutes": {"stat": minutes()}}}},
        "passes": {"morning": "07:00-10:00"}, "hours": {"DAILY": ["09:00"]},
        "windows": {"default": "facility_60", "time_critical": ["insulin"],
            "class": {"QHS": "stat"}, "minutes": {"stat": minutes()}},
        "giving": {"confirm": "each", "off_schedule": "free", "unverified": "warn",
            "clock_variance_max_s": 60},
        "witness": {"required": ["opioid"], "none_available": "forbid"},
        "limits": {"acetaminophen": {"most": "3 g", "day": "calendar_day"}},
        "escalation": {"station_min": 0, "charge_nurse_min": 1, "on_call_min": 2,
            "accept_expires_s": 60},
        "wristband": {"gsrn_prefix": "9521", "pattern": "^[A-Z]{8}$"},
    })
}

fn minutes() -> Value {
    json!({"before_min": 1, "after_min": 2})
}

/// Where the form has keys of its own, and the object of the schema that lists them.
const OBJECTS: [(&str, &str); 12] = [
    ("", ""),
    ("/units/east", "/definitions/unit"),
    ("/units/east/windows", "/definitions/unit_windows"),
    ("/windows/minutes/stat", "/definitions/minutes"),
    ("/units/east/windows/minutes/stat", "/definitions/minutes"),
    ("/windows", "/definitions/windows"),
    ("/meals", "/definitions/meals"),
    ("/giving", "/definitions/giving"),
    ("/witness", "/definitions/witness"),
    ("/limits/acetaminophen", "/definitions/limit"),
    ("/escalation", "/definitions/escalation"),
    ("/wristband", "/definitions/wristband"),
];

/// What the program itself says when it is given something else: the words in backticks.
fn said(changed: Value, from: usize) -> BTreeSet<String> {
    let error = serde_json::from_value::<Policy>(changed).unwrap_err().to_string();
    error.split('`').skip(1).step_by(2).skip(from).map(str::to_owned).collect()
}

fn object_mut<'v>(whole: &'v mut Value, at: &str) -> &'v mut Map<String, Value> {
    whole.pointer_mut(at).unwrap().as_object_mut().unwrap()
}

#[test]
fn the_schema_has_every_key_of_the_form_and_no_other() {
    let schema = schema();
    for (at, listed_at) in OBJECTS {
        let listed = schema.pointer(listed_at).unwrap();
        assert_eq!(listed["additionalProperties"], false, "{listed_at}");
        let listed_keys: BTreeSet<String> =
            listed["properties"].as_object().unwrap().keys().cloned().collect();
        let mut changed = whole();
        object_mut(&mut changed, at).insert("no-such-key".into(), json!(1));
        assert_eq!(said(changed, 1), listed_keys, "{at}");
        // A key the program cannot do without is required, and no other.
        let required: BTreeSet<&str> = listed["required"]
            .as_array()
            .map(|all| all.iter().map(|key| key.as_str().unwrap()).collect())
            .unwrap_or_default();
        for key in &listed_keys {
            let mut changed = whole();
            object_mut(&mut changed, at).remove(key);
            let needed = serde_json::from_value::<Policy>(changed).is_err();
            assert_eq!(needed, required.contains(key.as_str()), "{at}/{key}");
        }
    }
}

#[test]
fn the_schema_lists_the_words_the_program_knows() {
    let schema = schema();
    for (at, listed_at) in [
        ("/profile", "/properties/profile"),
        ("/giving/confirm", "/definitions/giving/properties/confirm"),
        ("/giving/off_schedule", "/definitions/giving/properties/off_schedule"),
        ("/giving/unverified", "/definitions/giving/properties/unverified"),
        ("/witness/none_available", "/definitions/witness/properties/none_available"),
    ] {
        let mut changed = whole();
        *changed.pointer_mut(at).unwrap() = json!("no-such-word");
        let listed = schema.pointer(listed_at).unwrap()["enum"].as_array().unwrap();
        let listed = listed.iter().map(|word| word.as_str().unwrap().to_owned()).collect();
        assert_eq!(said(changed, 1), listed, "{at}");
    }
}

/// As much of JSON Schema as the schema uses, but for patterns.
fn faults(schema: &Value, root: &Value, value: &Value, at: &str, found: &mut Vec<String>) {
    if let Some(name) = schema["$ref"].as_str() {
        let target = root.pointer(name.strip_prefix('#').unwrap()).unwrap();
        return faults(target, root, value, at, found);
    }
    let fits = match schema["type"].as_str().unwrap() {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "integer" => value.is_i64(),
        "string" => value.is_string(),
        other => panic!("{other} is not looked at"),
    };
    let listed = schema["enum"].as_array();
    let bounded = |key: &str| schema[key].as_i64().zip(value.as_i64());
    let sound = fits
        && listed.is_none_or(|words| words.contains(value))
        && bounded("minimum").is_none_or(|(least, value)| value >= least)
        && bounded("maximum").is_none_or(|(most, value)| value <= most);
    if !sound {
        found.push(at.to_owned());
        return;
    }
    if let Some(object) = value.as_object() {
        for key in schema["required"].as_array().into_iter().flatten() {
            if !object.contains_key(key.as_str().unwrap()) {
                found.push(format!("{at}/{key}"));
            }
        }
        for (key, value) in object {
            let at = format!("{at}/{key}");
            match (&schema["properties"][key], &schema["additionalProperties"]) {
                (Value::Null, Value::Object(_)) => {
                    faults(&schema["additionalProperties"], root, value, &at, found);
                }
                (Value::Null, _) => found.push(at),
                (listed, _) => faults(listed, root, value, &at, found),
            }
        }
    }
    for (place, value) in value.as_array().into_iter().flatten().enumerate() {
        faults(&schema["items"], root, value, &format!("{at}/{place}"), found);
    }
}

fn told(value: &Value) -> Vec<String> {
    let (schema, mut found) = (schema(), Vec::new());
    faults(&schema, &schema, value, "", &mut found);
    found
}

#[test]
fn the_example_homes_are_sound_and_validate_by_the_schema() {
    let zones = Catalogue::open(None);
    for (name, text) in HOMES {
        let policy = parse(text, &zones).unwrap_or_else(|faults| panic!("{name}: {faults:?}"));
        assert_eq!(policy.facility, name);
        assert!(text.starts_with("#:schema ./policy.schema.json\n"), "{name}");
        assert_eq!(told(&serde_json::to_value(&policy).unwrap()), [""; 0], "{name}");
    }
    assert_eq!(told(&whole()), [""; 0]);
}

/// The hours of what is tied to meals follow from the meals, save those a home lists itself.
#[test]
fn the_meals_of_the_example_homes_say_the_hours_tied_to_them() {
    let zones = Catalogue::open(None);
    for ((name, text), hours) in HOMES.into_iter().zip([
        [
            ("ACHS", "07:30 11:30 16:30 21:00"),
            ("AC", "07:30 11:30 16:30"),
            ("PC", "09:00 13:00 18:00"),
            ("WITHMEALS", "08:00 12:00 17:00"),
            ("ACBK", "06:30"),
        ],
        [
            ("ACHS", "08:00 12:00 16:30 21:30"),
            ("AC", "08:00 12:00 16:30"),
            ("PC", "09:30 13:30 18:00"),
            ("WITHMEALS", "08:30 12:30 17:00"),
            ("ACBK", "07:30"),
        ],
    ]) {
        let policy = parse(text, &zones).unwrap();
        for (code, wanted) in hours {
            let row = frequencies().find(code).unwrap();
            for unit in policy.units.keys() {
                let found = policy.hours_of(unit, row).unwrap();
                let found: Vec<String> = found.into_iter().map(String::from).collect();
                assert_eq!(found.join(" "), wanted, "{code} in {unit} of {name}");
            }
            let own = policy.hours.contains_key(code);
            assert_eq!(own, (name, code) == ("larkfield", "ACBK"), "{code} of {name}");
        }
        let breakfast = policy.meals.expect("a meal table").breakfast.to_string();
        let meal = |begins: &str| format!("breakfast = \"{begins}\"");
        let earlier = text.replacen(&meal(&breakfast), &meal("07:35"), 1);
        let earlier = parse(&earlier, &zones).unwrap();
        let ac = earlier.hours_of("east", frequencies().find("AC").unwrap()).unwrap();
        assert_eq!(String::from(ac[0]), "07:05", "{name}");
    }
}

/// A dose given on time at such an hour would be wrong for its meal each time.
#[test]
fn hours_on_the_wrong_side_of_their_meal_are_faults() {
    let zones = Catalogue::open(None);
    let (_, oakhill) = HOMES[0];
    let (_, larkfield) = HOMES[1];
    let side = "meal_side";
    for (text, from, to, wanted) in [
        (oakhill, "[hours]", "[hours]\nAC = [\"07:59\", \"11:59\", \"16:59\"]", None),
        (oakhill, "[hours]", "[hours]\nPC = [\"08:00\", \"12:00\", \"17:00\"]", None),
        (
            oakhill,
            "[hours]",
            "[hours]\nAC = [\"07:30\", \"12:00\", \"16:30\"]",
            Some(("hours.AC", side)),
        ),
        (
            oakhill,
            "[hours]",
            "[hours]\nPC = [\"09:00\", \"13:00\", \"16:59\"]",
            Some(("hours.PC", side)),
        ),
        (oakhill, "[hours]", "[hours]\nACHS = [\"22:30\", \"07:30\", \"11:30\", \"16:30\"]", None),
        (
            larkfield,
            "[units.orchard.hours]",
            "[units.orchard.hours]\nACBK = [\"08:30\"]",
            Some(("units.orchard.hours.ACBK", side)),
        ),
        (larkfield, "breakfast = \"08:30\"", "breakfast = \"07:15\"", Some(("hours.ACBK", side))),
        (oakhill, "breakfast = \"08", "breakfast = \"00", Some(("meals", "meals_order"))),
        (oakhill, "lunch = \"12", "lunch = \"08", Some(("meals", "meals_order"))),
        (oakhill, "dinner = \"17", "dinner = \"11", Some(("meals", "meals_order"))),
        (oakhill, "bedtime = \"21", "bedtime = \"16", Some(("meals", "meals_order"))),
    ] {
        assert!(text.contains(from), "{from}");
        let told = parse(&text.replacen(from, to, 1), &zones)
            .map(|_| ())
            .map_err(|found| found.into_iter().map(|p| (p.path, p.code)).collect::<Vec<_>>());
        let wanted = match wanted {
            None => Ok(()),
            Some((path, code)) => Err(vec![(path.to_owned(), code.to_owned())]),
        };
        assert_eq!(told, wanted, "{to}");
    }
}

#[test]
fn the_schema_finds_what_is_wrong() {
    for (at, value) in [
        ("/profile", json!("fr")),
        ("/schema", json!(2)),
        ("/hours/DAILY", json!("09:00")),
        ("/units/east/windows/minutes/stat/before_min", json!(721)),
        ("/escalation/accept_expires_s", json!(1)),
        ("/giving/clock_variance_max_s", json!(9)),
    ] {
        let mut changed = whole();
        *changed.pointer_mut(at).unwrap() = value;
        assert_eq!(told(&changed), [at]);
    }
}

#[test]
fn each_fault_has_a_word_for_programs() {
    use emar_domain::schedule::policy::FaultCode;
    assert_eq!(code(&FaultCode::RoomTwice), "room_twice");
    assert_eq!(code(&FaultCode::HoursCount { wanted: 2 }), "hours_count");
}
