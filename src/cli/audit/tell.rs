//! What a walk came to, in plain words or as JSON.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use emar_domain::audit::verify::{Code, Finding};
use serde_json::{Value, json};

use super::walk::Walked;

/// Findings of one code told to a person, and told in JSON; the rest are counted.
const SHOWN: usize = 10;
const LISTED: usize = 1000;

/// What a finding means, and what to do.
#[allow(clippy::too_many_lines, reason = "a table, one arm a code")]
pub(super) const fn words(code: Code) -> (&'static str, &'static str) {
    match code {
        Code::Fork => (
            "the log is not the one a checkpoint kept elsewhere was made of: history was rewritten",
            "stop the server, keep this database as it is, and compare it with a backup older \
             than the checkpoint",
        ),
        Code::Truncated => (
            "a checkpoint tells of more leaves than the log has: the end was cut off, or an old \
             backup was restored",
            "find out who restored what; the missing leaves are in a newer backup or an export",
        ),
        Code::TwoRoots => (
            "two checkpoints of one size differ: two histories were vouched for",
            "keep both checkpoints and the database; one of the histories is forged",
        ),
        Code::SeqGap => (
            "leaves are missing or out of order: rows were removed",
            "restore the missing leaves from a backup or an export; until then the leaves above \
             prove nothing",
        ),
        Code::LeafRewritten => (
            "leaf and hash were both replaced, or leaves were removed, added or reordered here",
            "compare the leaves from here on with a backup or an export",
        ),
        Code::LeafChanged => (
            "the leaf is not what was written: it was edited",
            "compare the leaf with a backup or an export, and the facts it tells of too",
        ),
        Code::LeafHashChanged => (
            "the stored hash of the leaf was edited; the leaf itself is right",
            "find out who writes to the database besides emar",
        ),
        Code::CheckpointRoot => (
            "a stored checkpoint is not that of the leaves below it",
            "when a stretch of leaves is named, one of them was changed: compare them with a \
             backup; when none is, the checkpoint itself was changed",
        ),
        Code::CheckpointRow => (
            "a stored checkpoint's size or root is not what its signed text says: it was edited",
            "compare it with checkpoints.log; the signed text is what counts",
        ),
        Code::Signature => (
            "a checkpoint is not signed by the key, or its signature does not hold",
            "check that the key is this log's (`emar audit key`); if it is, the checkpoint was \
             forged or edited",
        ),
        Code::Unreadable => (
            "a checkpoint cannot be read",
            "take the file whole, as it was written; a single bad line was edited or torn",
        ),
        Code::OtherLog => (
            "a checkpoint is of another log",
            "give the checkpoint of this home; inside the database it was put there by hand",
        ),
        Code::HeadSize => (
            "the head does not count the leaves that are there: leaves were added or removed \
             besides emar",
            "do not serve this database; compare it with a backup or an export",
        ),
        Code::HeadFrontier => (
            "the head's hashes are not those of the leaves",
            "when a stretch of leaves is named, one of them was changed: compare them with a \
             backup; when none is, the head itself was edited",
        ),
        Code::TileWrong => (
            "a tile does not fit the leaves below it: the tile was edited",
            "the leaves and checkpoints stand; replace the tile from an export",
        ),
        Code::TileMissing => (
            "a full tile is missing",
            "the leaves and checkpoints stand; replace the tile from an export",
        ),
        Code::AdministrationWithoutLeaf => (
            "an administration has no leaf: it was not recorded by emar",
            "ask who gave this dose; the record was put into the database by hand",
        ),
        Code::LeafWithoutAdministration => (
            "a leaf tells of an administration that is not there: it was removed",
            "restore the administration from a backup; the leaf says whose dose it was",
        ),
        Code::AdministrationTwice => (
            "two leaves tell of recording one administration",
            "compare both leaves with the administration; one of them was not written by emar",
        ),
    }
}

/// The first leaf that is wrong, or the stretch it lies in. Tiles are no leaves.
pub(super) fn first_wrong(findings: &[Finding]) -> Option<(u64, Option<u64>)> {
    let leaves = findings.iter().filter(|f| !matches!(f.code, Code::TileWrong | Code::TileMissing));
    leaves.filter_map(|f| Some((f.first?, f.last))).min_by_key(|(first, _)| *first)
}

fn span(first: u64, last: Option<u64>) -> String {
    match last {
        Some(last) => format!("between leaf {first} and leaf {last}"),
        None => format!("leaf {first}"),
    }
}

fn counts(findings: &[Finding]) -> BTreeMap<&'static str, usize> {
    let mut counts = BTreeMap::new();
    for finding in findings {
        *counts.entry(finding.code.as_str()).or_insert(0) += 1;
    }
    counts
}

/// For a person at the terminal.
pub(super) fn text(walked: &Walked) -> String {
    let report = &walked.report;
    let mut text = format!("{}: {} leaves\n", walked.log, report.size);
    let _ = write_summary(&mut text, walked);
    if report.findings.is_empty() {
        text.push_str("all is as it was written\n");
        return text;
    }
    let (mut shown, mut last) = (0, None);
    let counts = counts(&report.findings);
    for finding in &report.findings {
        if last != Some(finding.code) {
            (shown, last) = (0, Some(finding.code));
            let (what, remedy) = words(finding.code);
            let _ = write!(text, "\n{}: {what}\n  do: {remedy}\n", finding.code.as_str());
        }
        shown += 1;
        if shown <= SHOWN {
            let _ = writeln!(text, "  - {}", place(finding));
        } else if shown == SHOWN + 1 {
            let more = counts.get(finding.code.as_str()).map_or(0, |all| all - SHOWN);
            let _ = writeln!(text, "  - and {more} more");
        }
    }
    text.push('\n');
    if let Some((first, last)) = first_wrong(&report.findings) {
        let _ = writeln!(text, "the first wrong leaf: {}", span(first, last));
    }
    let _ = writeln!(text, "exit code {}", report.exit_code());
    text
}

fn write_summary(text: &mut String, walked: &Walked) -> std::fmt::Result {
    let report = &walked.report;
    writeln!(text, "root {}", STANDARD.encode(report.root.as_bytes()))?;
    writeln!(
        text,
        "{} checkpoints match ({} were read from outside the database), {} signatures hold",
        report.roots_matched, walked.outside, report.signed
    )?;
    for note in &walked.notes {
        writeln!(text, "note: {note}")?;
    }
    Ok(())
}

fn place(finding: &Finding) -> String {
    let mut parts = Vec::new();
    if let Some(first) = finding.first {
        parts.push(span(first, finding.last));
    }
    if let Some(size) = finding.size {
        parts.push(format!("checkpoint of {size} leaves"));
    }
    if let Some(subject) = &finding.subject {
        // Names come from files that anybody may have written.
        parts.push(subject.escape_debug().to_string());
    }
    if parts.is_empty() { "the log as a whole".to_owned() } else { parts.join(", ") }
}

/// One object, for programs.
pub(super) fn json(walked: &Walked) -> Value {
    let report = &walked.report;
    let findings: Vec<Value> = report.findings.iter().take(LISTED).map(one).collect();
    let first = first_wrong(&report.findings)
        .map(|(first, last)| json!({"first": first, "last": last.unwrap_or(first)}));
    json!({
        "ok": report.findings.is_empty(),
        "exit_code": report.exit_code(),
        "facility": walked.facility,
        "log": walked.log,
        "size": report.size,
        "root": STANDARD.encode(report.root.as_bytes()),
        "checkpoints_matched": report.roots_matched,
        "checkpoints_outside": walked.outside,
        "signed": report.signed,
        "keys": walked.keys,
        "first_wrong_leaf": first,
        "counts": counts(&report.findings),
        "findings": findings,
        "notes": walked.notes,
    })
}

fn one(finding: &Finding) -> Value {
    let (what, remedy) = words(finding.code);
    json!({
        "code": finding.code.as_str(),
        "first": finding.first,
        "last": finding.last,
        "checkpoint": finding.size,
        "subject": finding.subject,
        "meaning": what,
        "do": remedy,
    })
}
