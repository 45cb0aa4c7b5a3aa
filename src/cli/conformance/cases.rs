//! The acceptance cases of this project, scored as `tests/cases/score.py` scores them.
use serde_json::{Map, Value};

const BARCODES: &str = include_str!("../../../tests/cases/barcode.jsonl");
const STREAMS: &str = include_str!("../../../tests/cases/stream.jsonl");
const DRUG_CODES: &str = include_str!("../../../tests/cases/schedule.jsonl");

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
        let later = matches!(case["kind"].as_str(), Some("hibc" | "ppn"));
        match reply.get("answer") {
            None if later => {}
            None => wrong.push(format!("UNSUPPORTED {reply}")),
            Some(got) => match verdict(&case["expect"], got) {
                None => right += 1,
                Some(verdict) => wrong.push(format!("{verdict} {case}\n    {got}")),
            },
        }
    }
    assert!(wrong.is_empty(), "{} wrong:\n{}", wrong.len(), wrong.join("\n"));
    assert!(right >= 449, "only {right} cases were in scope");
}

#[test]
fn streams() {
    let mut right = 0;
    for case in cases(STREAMS) {
        let reply = ask(&case);
        if case["proto"] != "line" {
            assert!(reply.get("unsupported").is_some(), "{reply}");
            continue;
        }
        for (name, want) in case["expect"].as_object().unwrap() {
            assert_eq!(reply["answer"].get(name), Some(want), "{case}");
        }
        right += 1;
    }
    assert_eq!(right, 37);
}

#[test]
fn drug_codes() {
    let mut right = 0;
    for case in cases(DRUG_CODES) {
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
