//! Reads the form of a policy through everything that is wrong with it: what cannot be read is
//! noted and taken out, or replaced where the form needs something, until the rest reads.

use std::collections::BTreeSet;

use emar_domain::schedule::policy::Policy;
use serde_path_to_error::{Path, Segment};
use toml::{Table, Value};

/// Most faults of form told of one file. What is taken out and needed takes a second turn.
const FAULTS_MAX: usize = 100;

/// Something that cannot be read, by the keys that lead there.
pub(super) struct Misread {
    pub(super) path: Vec<String>,
    pub(super) what: String,
}

/// What came of reading.
#[derive(Default)]
pub(super) struct Reading {
    /// The policy, with what could not be read left out or replaced; absent when too much is wrong.
    pub(super) policy: Option<Policy>,
    /// Everything that could not be read.
    pub(super) misread: Vec<Misread>,
    replaced: BTreeSet<Vec<String>>,
}

impl Reading {
    /// Whether a value is not the file's own: nothing can be said of it.
    pub(super) fn is_replaced(&self, path: &[String]) -> bool {
        self.replaced.iter().any(|at| at.starts_with(path) || path.starts_with(at))
    }
}

pub(super) fn read(table: Table) -> Reading {
    let mut root = Value::Table(table);
    let mut reading = Reading::default();
    for _ in 0..2 * FAULTS_MAX {
        let error = match serde_path_to_error::deserialize::<_, Policy>(root.clone()) {
            Ok(policy) => {
                reading.policy = Some(policy);
                break;
            }
            Err(error) => error,
        };
        let mut path = keys(error.path());
        let what = error.inner().message().lines().next().unwrap_or_default().to_owned();
        let named = |start: &str| what.strip_prefix(start)?.split('`').nth(1).map(str::to_owned);
        let missing = named("missing field");
        let key = missing.clone().or_else(|| named("unknown field"));
        if let Some(key) = key.filter(|key| path.last() != Some(key)) {
            path.push(key);
        }
        let done = match missing {
            Some(key) => put(&mut root, &path, stand_in(&key)),
            None => take_out(&mut root, &path),
        };
        // What was taken out and is needed is missing now, and was told already.
        if reading.replaced.insert(path.clone()) {
            reading.misread.push(Misread { path, what });
        }
        if !done {
            break;
        }
    }
    reading
}

fn keys(path: &Path) -> Vec<String> {
    path.iter()
        .filter_map(|segment| match segment {
            Segment::Map { key } => Some(key.clone()),
            Segment::Seq { index } => Some(index.to_string()),
            Segment::Enum { .. } | Segment::Unknown => None,
        })
        .collect()
}

fn at<'v>(root: &'v mut Value, path: &[String]) -> Option<&'v mut Value> {
    path.iter().try_fold(root, |value, key| match value {
        Value::Table(table) => table.get_mut(key),
        Value::Array(list) => list.get_mut(key.parse::<usize>().ok()?),
        _ => None,
    })
}

fn put(root: &mut Value, path: &[String], value: Value) -> bool {
    let Some((key, above)) = path.split_last() else { return false };
    match at(root, above) {
        Some(Value::Table(table)) => {
            table.insert(key.clone(), value);
            true
        }
        _ => false,
    }
}

/// A place in a list is replaced, so that those after it keep theirs.
fn take_out(root: &mut Value, path: &[String]) -> bool {
    let Some((key, above)) = path.split_last() else { return false };
    let of_hours = above.iter().any(|key| key == "hours");
    match at(root, above) {
        Some(Value::Table(table)) => table.remove(key).is_some(),
        Some(Value::Array(list)) => {
            let place = key.parse::<usize>().ok().and_then(|place| list.get_mut(place));
            let filler = if of_hours { "00:00" } else { "x" };
            let other = place.filter(|value| value.as_str() != Some(filler));
            other.map(|value| *value = Value::String(filler.to_owned())).is_some()
        }
        _ => false,
    }
}

/// Something that reads, in place of a key the form cannot do without.
fn stand_in(key: &str) -> Value {
    let text = |text: &str| Value::String(text.to_owned());
    match key {
        "schema" | "before_min" | "after_min" => Value::Integer(1),
        "profile" => text("us"),
        "zone" => text("UTC"),
        "default" => text("facility_60"),
        "pattern" => text("^[A-Z]{8}$"),
        "rooms" => Value::Array(Vec::new()),
        "windows" | "wristband" | "units" | "passes" => Value::Table(Table::new()),
        _ => text("x"),
    }
}
