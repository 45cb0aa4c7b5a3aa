//! `emar conformance`: acceptance cases in, what the domain decides out.
//!
//! Holds no rules and no tables of its own, and keeps nothing from one case to the next.
pub(super) mod barcode;
#[cfg(test)]
mod cases;
mod clinical;
mod stream;

use std::io::{BufRead, Write};

use anyhow::Context;
use serde_json::{Value, json};

/// Reads cases from stdin and writes one line per case, in the same order, to stdout.
///
/// # Errors
/// Only when stdin cannot be read or stdout cannot be written; a bad case is answered.
pub fn run() -> anyhow::Result<()> {
    answer_lines(std::io::stdin().lock(), std::io::stdout().lock())
}

fn answer_lines(mut cases: impl BufRead, mut answers: impl Write) -> anyhow::Result<()> {
    let mut line = Vec::new();
    loop {
        line.clear();
        if cases.read_until(b'\n', &mut line).context("cannot read the cases from stdin")? == 0 {
            return answers.flush().context("cannot write the answers to stdout");
        }
        let text = String::from_utf8_lossy(&line);
        if text.trim().is_empty() {
            continue;
        }
        writeln!(answers, "{}", answer_line(&text)).context("cannot write to stdout")?;
        answers.flush().context("cannot write to stdout")?;
    }
}

/// The reply to one line: `{"id", "answer"}` or `{"id", "unsupported"}`.
fn answer_line(line: &str) -> Value {
    let case: Value = match serde_json::from_str(line) {
        Ok(case) => case,
        Err(error) => return json!({"id": null, "unsupported": format!("not JSON: {error}")}),
    };
    let id = case.get("id").cloned().unwrap_or(Value::Null);
    match answer(&case) {
        Ok(answer) => json!({"id": id, "answer": answer}),
        Err(reason) => json!({"id": id, "unsupported": reason}),
    }
}

fn answer(case: &Value) -> Result<Value, String> {
    let Some(case_type) = case.get("type").and_then(Value::as_str) else {
        return Err("the case names no type".into());
    };
    match case_type {
        "barcode" => barcode::barcode(case),
        "stream" => stream::answer(case),
        "ndc" | "ndc12" | "ndc_candidates" | "gtin" => barcode::drug_code(case_type, case),
        _ => clinical::answer(case_type, case)
            .unwrap_or_else(|| Err(format!("cases of type {case_type:?} are not known here"))),
    }
}

/// A field of a case that must be there and be text.
fn text<'a>(case: &'a Value, name: &str) -> Result<&'a str, String> {
    let value = case.get(name).and_then(Value::as_str);
    value.ok_or_else(|| format!("the case has no text {name:?}"))
}
