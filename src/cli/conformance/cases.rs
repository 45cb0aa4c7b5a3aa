//! The acceptance cases of this project, scored as `tests/cases/score.py` scores them.
use serde_json::{Map, Value, json};

const BARCODES: &str = include_str!("../../../tests/cases/barcode.jsonl");
const STREAMS: &str = include_str!("../../../tests/cases/stream.jsonl");
const SCHEDULES: &str = include_str!("../../../tests/cases/schedule.jsonl");

const NOT_COMPARED: [&str; 4] = ["error", "suspect", "warn", "elements"];

fn cases(lines: &str) -> Vec<Value> {
    lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// Sends a case as the scorer does, without what only people read.
fn ask(case: &Value) -> Value {
    let mut sent = case.clone();
    for name in ["expect", "title", "category", "kind", "source", "basis", "derived", "note"] {
        sent.as_object_mut().unwrap().remove(name);
    }
    super::answer_line(&sent.to_string())
}

/// What the scorer calls the answer; `None` is right.
fn verdict(want: &Value, got: &Value) -> Option<&'static str> {
    let is = |value: &Value, name: &str| value.get(name).is_some_and(|v| *v != Value::Bool(false));
    let (rejected, suspect) = (is(got, "error"), is(got, "suspect"));
    if is(want, "error") {
        return (!rejected).then_some("ACCEPTED-BAD");
    }
    if is(want, "suspect") && (rejected || suspect) {
        return (!rejected && want.get("gtin") != got.get("gtin")).then_some("WRONG-FIELD");
    }
    if want.get("suspect") == Some(&Value::Bool(true)) {
        return Some("GS-LOST-TRUSTED");
    }
    if rejected {
        return Some("REJECTED-GOOD");
    }
    if fields(want) != fields(got) || want.get("elements") != got.get("elements") {
        return Some("WRONG-FIELD");
    }
    if suspect {
        return Some("FALSE-SUSPECT");
    }
    (want.get("warn") != got.get("warn")).then_some("WARN")
}

/// The fields that are compared, a list as a set.
fn fields(answer: &Value) -> Map<String, Value> {
    let mut fields = answer.as_object().unwrap().clone();
    fields.retain(|name, _| !NOT_COMPARED.contains(&name.as_str()));
    if let Some(Value::Array(readings)) = fields.get_mut("ndc11_candidates") {
        readings.sort_by_key(Value::to_string);
    }
    fields
}

#[test]
fn barcodes() {
    let (mut wrong, mut right) = (Vec::new(), 0);
    for case in cases(BARCODES) {
        let reply = ask(&case);
        assert_eq!(reply["id"], case["id"]);
        match reply.get("answer") {
            None => wrong.push(format!("UNSUPPORTED {reply}")),
            Some(got) => match verdict(&case["expect"], got) {
                None => right += 1,
                Some(verdict) => wrong.push(format!("{verdict} {case}\n    {got}")),
            },
        }
    }
    assert!(wrong.is_empty(), "{} wrong:\n{}", wrong.len(), wrong.join("\n"));
    assert_eq!(right, 559);
}

#[test]
fn streams() {
    let mut right = 0;
    for case in cases(STREAMS) {
        let reply = ask(&case);
        for (name, want) in case["expect"].as_object().unwrap() {
            assert_eq!(reply["answer"].get(name), Some(want), "{case}");
        }
        right += 1;
    }
    assert_eq!(right, 45);
}

#[test]
fn drug_codes() {
    let mut right = 0;
    for case in cases(SCHEDULES) {
        if !matches!(case["type"].as_str(), Some("ndc" | "ndc12" | "ndc_candidates" | "gtin")) {
            continue;
        }
        let reply = ask(&case);
        for (name, want) in case["expect"].as_object().unwrap() {
            assert_eq!(reply["answer"].get(name), Some(want), "{case}");
        }
        right += 1;
    }
    assert_eq!(right, 5);
}

const LIMITS: [&str; 5] = ["prn", "ingredient_cap", "gate", "scale", "scale_valid"];

#[test]
fn limits_and_readings() {
    let mut right = 0;
    for case in cases(SCHEDULES) {
        if !LIMITS.contains(&case["type"].as_str().unwrap()) {
            continue;
        }
        let reply = ask(&case);
        for (name, want) in case["expect"].as_object().unwrap() {
            assert_eq!(reply["answer"].get(name), Some(want), "{case}");
        }
        right += 1;
    }
    assert_eq!(right, 16);
}

fn answered(case: &str) -> Value {
    let case: Value = serde_json::from_str(case).expect(case);
    super::answer_line(&case.to_string())["answer"].clone()
}

fn at(time: &str) -> String {
    format!("2026-06-10T{time}-04:00")
}

#[test]
fn prn_and_caps_in_odd_shapes() {
    let prn = |policy: &str, history: &[&str], request: &str| {
        let history: Vec<String> = history.iter().map(|time| at(time)).collect();
        answered(&format!(
            r#"{{"type": "prn", "tz": "America/New_York", "policy": {policy},
            "history": {history:?}, "request_at": "{}"}}"#,
            at(request)
        ))
    };
    let deny = |next: &str| json!({"verdict": "deny", "next_allowed": at(next)});
    let allow = json!({"verdict": "allow"});
    assert_eq!(prn("{}", &["09:00:00"], "09:00:00"), allow);
    assert_eq!(prn(r#"{"max_count": 0}"#, &[], "09:00:00"), json!({"verdict": "deny"}));
    let half = r#"{"min_interval_min": 30}"#;
    assert_eq!(prn(half, &["09:00:20", "08:00:00"], "09:10:00"), deny("09:31:00"));
    assert_eq!(prn(half, &["09:00:20"], "09:30:20"), allow);

    let cap = |history: &str, mg: &str| {
        answered(&format!(
            r#"{{"type": "ingredient_cap", "tz": "America/New_York",
            "policy": {{"ingredient": "x", "cap_mg": 0.3, "window": "calendar_day"}},
            "history": {history}, "request": {{"at": "{}", "mg": {mg}}}}}"#,
            at("12:00:00")
        ))
    };
    let taken = format!(r#"[["{}", 0.1], ["{}", 1e-1]]"#, at("08:00:00"), at("00:00:00"));
    assert_eq!(cap(&taken, "0.1"), allow);
    let tomorrow = json!({"verdict": "deny", "next_allowed": "2026-06-11T00:00:00-04:00"});
    assert_eq!(cap(&taken, "0.100000001"), tomorrow);
    assert_eq!(cap("[]", "0.300000001"), json!({"verdict": "deny"}));
}

#[test]
fn gates_and_scales_in_odd_shapes() {
    let gate = |rules: &str, seen: &[(&str, &str, &str)]| {
        let seen = seen.iter().map(|(code, value, time)| {
            format!(r#"{{"code": "{code}", "value": {value}, "at": "{}"}}"#, at(time))
        });
        answered(&format!(
            r#"{{"type": "gate", "policy": {{"max_age_min": 60, "hold_if_any": [{rules}]}},
            "at": "{}", "observations": [{}]}}"#,
            at("09:00:00"),
            seen.collect::<Vec<_>>().join(",")
        ))
    };
    let temp = r#"{"code": "temp", "op": ">=", "value": 38.5}"#;
    assert_eq!(gate(temp, &[("temp", "38.4", "08:00:00")]), json!({"verdict": "give"}));
    let hold = json!({"verdict": "hold", "reason": "temp"});
    assert_eq!(gate(temp, &[("temp", "38.50", "09:00:00")]), hold);
    let missing = json!({"verdict": "block_missing", "reason": "temp"});
    assert_eq!(gate(temp, &[("temp", "36.5", "09:00:01")]), missing);
    let stale = json!({"verdict": "block_stale", "reason": "temp"});
    assert_eq!(gate(temp, &[("temp", "36.5", "07:59:59")]), stale);

    let scale = |kind: &str, glucose: &str| {
        answered(&format!(
            r#"{{"type": "{kind}", "glucose": {glucose}, "scale": [
            {{"lo": 301, "hi": null, "action": "call"}}, {{"lo": null, "hi": 69, "units": 0}},
            {{"lo": 70, "hi": 300, "units": 2.5, "action": null}}]}}"#
        ))
    };
    assert_eq!(scale("scale", "70"), json!({"units": 2.5}));
    assert_eq!(scale("scale", "0"), json!({"units": 0}));
    assert_eq!(scale("scale", "\"HI\""), json!({"action": "call"}));
    assert_eq!(scale("scale_valid", "null"), json!({"valid": true}));
    let valid = |rows: &str| answered(&format!(r#"{{"type": "scale_valid", "scale": [{rows}]}}"#));
    assert_eq!(valid(""), json!({"valid": false, "error": "open_end"}));
    let reversed = r#"{"lo": 9, "hi": 8, "units": 1}"#;
    assert_eq!(valid(reversed), json!({"valid": false, "error": "reversed"}));
}

#[test]
fn limits_that_make_no_sense_are_unsupported() {
    let prn = r#""type": "prn", "tz": "America/New_York", "request_at": "2026-06-10T09:00Z""#;
    let cap = |most: &str, mg: &str| {
        format!(
            r#"{{"type": "ingredient_cap", "tz": "America/New_York", "history": [],
            "policy": {{"cap_mg": {most}}},
            "request": {{"at": "2026-06-10T09:00Z", "mg": {mg}}}}}"#
        )
    };
    let gate = r#""type": "gate", "at": "2026-06-10T09:00Z", "observations": []"#;
    let rule =
        |op: &str, value: &str| format!(r#"{{"code": "sbp", "op": "{op}", "value": {value}}}"#);
    let rules = |rules: &str| {
        format!(r#"{{{gate}, "policy": {{"max_age_min": 60, "hold_if_any": [{rules}]}}}}"#)
    };
    for case in [
        format!(r#"{{{prn}, "policy": {{"min_interval_min": -1}}, "history": []}}"#),
        format!(r#"{{{prn}, "policy": {{"max_count": 1.5}}, "history": []}}"#),
        format!(r#"{{{prn}, "policy": {{"window": "week"}}, "history": []}}"#),
        format!(r#"{{{prn}, "policy": {{}}, "history": ["2026-06-10T09:00"]}}"#),
        format!(r#"{{{prn}, "policy": {{}}}}"#),
        cap("-3", "1"),
        cap("3", "-1"),
        cap("3", "1e300"),
        cap("\"3\"", "1"),
        rules(""),
        rules(&rule("!=", "1")),
        rules(&rule("<", "-1")),
        rules(&rule("<", "0")),
        rules(&format!("{}, {}", rule("<", "60"), rule(">", "50"))),
        r#"{"type": "scale", "scale": [{"lo": null, "hi": null, "units": 1}]}"#.to_owned(),
        r#"{"type": "scale", "glucose": 150.5, "scale": [{"lo": null, "hi": null, "units": 1}]}"#
            .to_owned(),
        r#"{"type": "scale", "glucose": "HI", "scale": [{"lo": null, "hi": null, "units": 1}]}"#
            .to_owned(),
        r#"{"type": "scale", "glucose": 5, "scale": [{"lo": 1, "hi": 9, "units": 1}]}"#.to_owned(),
        r#"{"type": "scale_valid", "scale": [{"lo": null, "units": 1}]}"#.to_owned(),
    ] {
        let sent: Value = serde_json::from_str(&case).expect(&case);
        let reply = super::answer_line(&sent.to_string());
        assert!(reply["unsupported"].is_string(), "{case}\n{reply}");
    }
}

#[test]
fn what_cannot_be_read_is_unsupported_and_keeps_its_place() {
    let mut answers = Vec::new();
    let lines = concat!(
        "not JSON\n",
        "\n",
        "[1]\n",
        "{\"id\": \"A\", \"type\": \"nonsense\"}\n",
        "{\"id\": \"B\", \"type\": \"barcode\", \"raw\": 7, \"as_of\": \"2026-11-22\"}\n",
        "{\"id\": \"C\", \"type\": \"stream\", \"proto\": \"line\", ",
        "\"config\": {\"suffix\": \"CR\"},",
        " \"chunks\": [{\"gap_ms\": -1, \"hex\": \"é0\"}]}\n",
        "{\"id\": \"D\", \"type\": \"ndc\", \"input\": \"1234-5678-90\"}",
    );
    super::answer_lines(lines.as_bytes(), &mut answers).unwrap();
    let answers: Vec<Value> = String::from_utf8(answers)
        .unwrap()
        .lines()
        .map(|l| serde_json::from_str(l).unwrap())
        .collect();
    let ids: Vec<&str> = answers.iter().filter_map(|a| a["id"].as_str()).collect();
    assert_eq!((answers.len(), ids), (6, vec!["A", "B", "C", "D"]));
    assert!(answers[..5].iter().all(|a| a["unsupported"].is_string()));
    assert_eq!(answers[5]["answer"]["ndc11"], "01234567890");
}
