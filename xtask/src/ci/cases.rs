//! The conformance cases: scored, and silent exactly where the list says so.

use crate::workspace;
use anyhow::{Context, Result, bail};
use serde_json::Value;
use std::collections::BTreeSet;
use std::fs;
use std::io::Write;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::thread;

/// Fields that describe a case and are not its input.
const DESCRIPTIVE: [&str; 8] =
    ["expect", "title", "category", "kind", "source", "basis", "derived", "note"];

/// `score.py` over every case file, with the list of what is not decided yet.
///
/// # Errors
/// When there are no cases.
pub(super) fn score() -> Result<Command> {
    let mut command = Command::new("/usr/bin/python3");
    command.arg(folder().join("score.py")).arg("--emar").arg(emar()?);
    command.arg("--allow").arg(folder().join("unsupported.txt")).args(files()?);
    Ok(command)
}

/// Checks that the cases answered `unsupported` are the listed ones, no more and no fewer.
///
/// # Errors
/// Names the cases on one side only.
pub(super) fn silence() -> Result<()> {
    let list = fs::read_to_string(folder().join("unsupported.txt")).context("unsupported.txt")?;
    let listed = ids(&list);
    let mut cases = String::new();
    for file in files()? {
        cases.push_str(&fs::read_to_string(file)?);
    }
    let answers = ask(inputs(&cases)?)?;
    let silent = unsupported(&answers)?;
    let guessed: Vec<_> = listed.difference(&silent).cloned().collect();
    let missing: Vec<_> = silent.difference(&listed).cloned().collect();
    if !guessed.is_empty() {
        bail!("listed as unsupported, but decided: {}", guessed.join(" "));
    }
    if !missing.is_empty() {
        bail!("unsupported, but not listed: {}", missing.join(" "));
    }
    Ok(())
}

fn folder() -> PathBuf {
    workspace::root().join("tests/cases")
}

fn emar() -> Result<PathBuf> {
    Ok(workspace::binaries()?.join("emar"))
}

fn files() -> Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder()).context("tests/cases")? {
        let path = entry?.path();
        if path.extension().is_some_and(|end| end == "jsonl") {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

fn ids(list: &str) -> BTreeSet<String> {
    let ids = list.lines().map(|line| line.split('#').next().unwrap_or_default().trim());
    ids.filter(|id| !id.is_empty()).map(str::to_owned).collect()
}

fn inputs(cases: &str) -> Result<String> {
    let mut inputs = String::new();
    for line in cases.lines().filter(|line| !line.trim().is_empty()) {
        let mut case: Value = serde_json::from_str(line)?;
        let fields = case.as_object_mut().context("a case is an object")?;
        fields.retain(|name, _| !DESCRIPTIVE.contains(&name.as_str()));
        inputs.push_str(&case.to_string());
        inputs.push('\n');
    }
    Ok(inputs)
}

fn ask(inputs: String) -> Result<String> {
    let mut child = Command::new(emar()?)
        .arg("conformance")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .context("starting emar conformance")?;
    let mut input = child.stdin.take().context("the child has no input")?;
    let writer = thread::spawn(move || input.write_all(inputs.as_bytes()));
    let output = child.wait_with_output()?;
    if !matches!(writer.join(), Ok(Ok(()))) {
        bail!("emar conformance did not read every case");
    }
    String::from_utf8(output.stdout).context("the answers")
}

fn unsupported(answers: &str) -> Result<BTreeSet<String>> {
    let mut silent = BTreeSet::new();
    for line in answers.lines() {
        let answer: Value = serde_json::from_str(line)?;
        if answer.get("unsupported").is_some() {
            silent.insert(answer["id"].as_str().context("an answer without id")?.to_owned());
        }
    }
    Ok(silent)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_cases_and_answers_are_read() {
        assert_eq!(ids("# why\nS1  # HIBC\n\nS2\n"), ["S1", "S2"].map(String::from).into());
        let input = inputs(r#"{"id":"S1","raw":"+A","expect":{"error":"x"},"note":"n"}"#);
        assert_eq!(input.expect("one case"), "{\"id\":\"S1\",\"raw\":\"+A\"}\n");
        let answers = "{\"id\":\"S1\",\"unsupported\":\"HIBC\"}\n{\"id\":\"S3\",\"answer\":{}}\n";
        assert_eq!(unsupported(answers).expect("answers"), ["S1"].map(String::from).into());
    }
}
