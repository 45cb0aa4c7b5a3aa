//! A home's policy as a TOML file: read, checked, and every fault told with its place and remedy.

mod reading;
#[cfg(test)]
mod schema_tests;

use std::path::Path;
use std::sync::LazyLock;

use emar_domain::schedule::frequency::Frequencies;
use emar_domain::schedule::policy::{
    ESCALATION_MAX_MIN, Fault, FaultCode, HORIZON_DAYS, Policy, SCHEMA, WINDOW_MAX_MIN,
};
use emar_domain::time::Instant;
use serde::Serialize;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::zones::Catalogue;

/// Largest policy file read, in bytes.
pub const FILE_MAX: u64 = 256 * 1024;

/// Read once; the text is part of the program and a test reads it.
static FREQUENCIES: LazyLock<Frequencies> = LazyLock::new(|| {
    #[expect(clippy::expect_used, reason = "a test reads this very text")]
    toml::from_str(include_str!("../schedules/frequencies.toml"))
        .expect("schedules/frequencies.toml")
});

/// The table of frequency codes and window classes that homes override.
#[must_use]
pub fn frequencies() -> &'static Frequencies {
    &FREQUENCIES
}

/// One fault of a policy file, in words.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Problem {
    /// Line, from 1.
    pub line: usize,
    /// Column, in characters from 1.
    pub column: usize,
    /// The keys that lead there, such as `passes.noon`; empty for the whole file.
    pub path: String,
    /// What is wrong, in a word for programs.
    pub code: String,
    /// What is wrong.
    pub what: String,
    /// What to do about it.
    pub remedy: String,
}

impl Problem {
    fn whole_file(what: String, remedy: &str) -> Self {
        let (path, code) = (String::new(), "unreadable".to_owned());
        Self { line: 1, column: 1, path, code, what, remedy: remedy.to_owned() }
    }
}

/// Reads a policy file.
///
/// # Errors
/// Every problem found, in the order of the file; never an empty list.
pub fn load(path: &Path, zones: &Catalogue) -> Result<Policy, Vec<Problem>> {
    let text = read(path).map_err(|problem| vec![problem])?;
    parse(&text, zones)
}

fn read(path: &Path) -> Result<String, Problem> {
    use std::io::Read;
    let unreadable = |error: std::io::Error| {
        Problem::whole_file(
            format!("the file cannot be read: {error}"),
            "check its name and who may read it",
        )
    };
    let mut bytes = Vec::new();
    let file = std::fs::File::open(path).map_err(unreadable)?;
    file.take(FILE_MAX + 1).read_to_end(&mut bytes).map_err(unreadable)?;
    if u64::try_from(bytes.len()).is_ok_and(|length| length > FILE_MAX) {
        let what = format!("the file is larger than {FILE_MAX} bytes");
        return Err(Problem::whole_file(what, "give the policy of one home"));
    }
    String::from_utf8(bytes).map_err(|error| {
        let sound = error.utf8_error().valid_up_to();
        let before = String::from_utf8_lossy(&error.as_bytes()[..sound]).into_owned();
        let (line, column) = place(&before, before.len());
        Problem {
            line,
            column,
            path: String::new(),
            code: "unreadable".to_owned(),
            what: "a byte that is not UTF-8 text".to_owned(),
            remedy: "save the file as UTF-8".to_owned(),
        }
    })
}

/// Reads the text of a policy file.
///
/// # Errors
/// Every problem found, in the order of the file; never an empty list.
pub fn parse(text: &str, zones: &Catalogue) -> Result<Policy, Vec<Problem>> {
    let (root, errors) = DeTable::parse_recoverable(text);
    let table = match toml::from_str(text) {
        Ok(table) if errors.is_empty() => table,
        Ok(_) => return Err(unwritten(text, &errors)),
        Err(error) if errors.is_empty() => return Err(unwritten(text, &[error])),
        Err(_) => return Err(unwritten(text, &errors)),
    };
    let told = |path: &[String], code: String, (what, remedy): (String, String)| {
        let (line, column) = place(text, find(&root, path));
        Problem { line, column, path: path.join("."), code, what, remedy }
    };
    let mut reading = reading::read(table);
    let misread = std::mem::take(&mut reading.misread);
    let mut problems: Vec<Problem> = misread
        .into_iter()
        .map(|found| {
            let (code, remedy) = misread_as(&found.what);
            told(&found.path, code.to_owned(), (found.what, remedy.to_owned()))
        })
        .collect();
    let zone = ["zone".to_owned()];
    if let Some(policy) = &reading.policy {
        let faults = policy.validate(frequencies()).into_iter();
        let own = faults.filter(|fault| !reading.is_replaced(&fault.path));
        problems.extend(own.map(|fault| told(&fault.path, code(&fault.code), words(&fault))));
        if let (Err(error), false) = (zones.rules(&policy.zone), reading.is_replaced(&zone)) {
            let remedy = "name an IANA zone, such as America/New_York".to_owned();
            problems.push(told(&zone, "zone_unknown".to_owned(), (error.to_string(), remedy)));
        }
    }
    problems.sort_by_key(|problem| (problem.line, problem.column));
    match reading.policy {
        Some(policy) if problems.is_empty() => Ok(policy),
        _ => Err(problems),
    }
}

/// The word a fault is told to programs by.
fn code(fault: &FaultCode) -> String {
    match serde_json::to_value(fault) {
        Ok(serde_json::Value::String(word)) => word,
        Ok(serde_json::Value::Object(one)) => one.keys().next().cloned().unwrap_or_default(),
        _ => String::new(),
    }
}

/// Text that is not TOML.
fn unwritten(text: &str, errors: &[toml::de::Error]) -> Vec<Problem> {
    let told = |error: &toml::de::Error| {
        let (line, column) = place(text, error.span().map_or(0, |span| span.start));
        // Of what the reader says only the first line: the rest draws the place once more.
        let what = error.message().lines().next().unwrap_or_default().to_owned();
        let remedy = "write it as `schedules/oakhill.toml` does".to_owned();
        Problem { line, column, path: String::new(), code: "not_toml".to_owned(), what, remedy }
    };
    errors.iter().map(told).collect()
}

/// Warnings that do not bar a policy: tz databases that disagree about the home's zone.
#[must_use]
pub fn warnings(policy: &Policy, zones: &Catalogue, around: Instant) -> Vec<String> {
    let told = |other: crate::zones::Difference| {
        format!(
            "tz database {} ({}) puts {} elsewhere than {} from {} on; {} is used",
            other.release,
            other.place,
            policy.zone,
            zones.winner().release(),
            other.from,
            zones.winner().release(),
        )
    };
    zones
        .differences(&policy.zone, around)
        .map(|found| found.into_iter().map(told).collect())
        .unwrap_or_default()
}

/// The word and the remedy of what cannot be read.
fn misread_as(what: &str) -> (&'static str, &'static str) {
    if what.starts_with("unknown field") {
        let remedy = "correct the key or take it out: what is not understood is never passed over";
        ("unknown_field", remedy)
    } else if what.starts_with("missing field") {
        ("missing_field", "add the key; `schedules/oakhill.toml` shows each one")
    } else if what.starts_with("unknown variant") {
        ("unknown_word", "choose one of the words listed")
    } else {
        ("not_so_written", "write it as `schedules/oakhill.toml` does")
    }
}

/// Byte offset of the value at a path, or of the nearest table above it that the file writes.
fn find(root: &Spanned<DeTable<'_>>, path: &[String]) -> usize {
    let (Some((first, rest)), mut at) = (path.split_first(), 0) else { return 0 };
    let Some((key, value)) = root.get_ref().get_key_value(first.as_str()) else { return at };
    at = at.max(key.span().start);
    let mut value = value;
    for key in rest {
        let next = match value.get_ref() {
            DeValue::Table(table) => table.get_key_value(key.as_str()).map(|(key, value)| {
                at = key.span().start;
                value
            }),
            DeValue::Array(list) => key.parse().ok().and_then(|place: usize| {
                let value = list.get(place)?;
                at = value.span().start;
                Some(value)
            }),
            _ => None,
        };
        let Some(next) = next else { break };
        value = next;
    }
    at
}

/// Line and column, both from 1, of a byte offset.
fn place(text: &str, offset: usize) -> (usize, usize) {
    let before = text.get(..offset).unwrap_or(text);
    let line_start = before.rfind('\n').map_or(0, |at| at + 1);
    (before.matches('\n').count() + 1, before[line_start..].chars().count() + 1)
}

/// What is wrong and what to do, in words.
#[allow(clippy::too_many_lines, reason = "a table, one arm a fault")]
fn words(fault: &Fault) -> (String, String) {
    let last = fault.path.last().map_or("", String::as_str);
    let told = |what: &str, remedy: &str| (what.to_owned(), remedy.to_owned());
    match &fault.code {
        FaultCode::SchemaUnknown => {
            (format!("this version reads schema {SCHEMA} only"), format!("write schema = {SCHEMA}"))
        }
        FaultCode::IdShape => (
            format!("{last:?} is used as an id, which has 1 to 32 of a-z, 0-9 and -"),
            "choose a plain id; what people read goes into name".to_owned(),
        ),
        FaultCode::NameShape => {
            told("empty, too long, or with control characters or outer spaces", "write it plainly")
        }
        FaultCode::Empty => told("nothing stands here", "name at least one"),
        FaultCode::RoomTwice => {
            told("this room is listed already", "keep each room in one unit, once")
        }
        FaultCode::PassesOverlap { with } => (
            format!("this pass and {with} share more than a minute, so a dose would be in both"),
            "let one end before, or when, the other begins".to_owned(),
        ),
        FaultCode::FrequencyUnknown => (
            format!("no frequency has the code {last:?}"),
            "use a code (not an alias) from schedules/frequencies.toml".to_owned(),
        ),
        FaultCode::HoursNotUsed => (
            format!("doses of {last} have no hours of the day"),
            "take the line out: such orders count from their own anchor".to_owned(),
        ),
        FaultCode::HoursCount { wanted } => (
            format!("{last} is {wanted} doses a day, so it has {wanted} hours"),
            "list exactly that many, or use another code".to_owned(),
        ),
        FaultCode::HourTwice => told("the same hour twice", "list each hour once"),
        FaultCode::HourKind => told(
            "times are written HH:MM, and only liberalised passes have spans HH:MM-HH:MM",
            "write the hours of this code as schedules/frequencies.toml does",
        ),
        FaultCode::MealsOrder => told(
            "breakfast, lunch, dinner and bedtime do not follow each other within the day",
            "write them in that order, each later than the one before",
        ),
        FaultCode::MealSide { meal, begins } => (
            format!("an hour of {last} is on the wrong side of {}, at {begins}", meal.code()),
            "take the line out: the meals then say its hours; or move the hour".to_owned(),
        ),
        FaultCode::ClassUnknown => told(
            "no window class with minutes has this name",
            "use a class from schedules/frequencies.toml, or by_frequency as the default",
        ),
        FaultCode::WindowNotUsed => (
            format!("doses of {last} have no minutes before and after a due time"),
            "take the line out: such doses are as needed, or due for a whole pass".to_owned(),
        ),
        FaultCode::WindowTooLong => (
            format!("a window of more than {WINDOW_MAX_MIN} minutes to one side"),
            "give fewer minutes; for a whole pass use a span as hours".to_owned(),
        ),
        FaultCode::TermShape => told(
            "ingredients and drug classes are lower case letters, digits, spaces and -",
            "write them as the formulary does, in lower case",
        ),
        FaultCode::EscalationOrder => (
            format!("levels climb in order and within {ESCALATION_MAX_MIN} minutes"),
            "station_min <= charge_nurse_min <= on_call_min".to_owned(),
        ),
        FaultCode::AcceptExpires => {
            told("an acceptance lapses after 30 seconds to 24 hours", "600 is usual")
        }
        FaultCode::LimitAmount => told(
            "the most of an ingredient in a day is an amount",
            "write it with its unit, as in most = \"3 g\"",
        ),
        FaultCode::ClockVariance => {
            told("a cart's clock may differ by 10 seconds to 30 minutes", "120 is usual")
        }
        FaultCode::HorizonDays => (
            format!(
                "doses are planned {} to {} days ahead",
                HORIZON_DAYS.start(),
                HORIZON_DAYS.end()
            ),
            "take the line out: 14 days are usual".to_owned(),
        ),
        FaultCode::GsrnPrefix => told(
            "a GS1 company prefix has 4 to 12 digits",
            "use the prefix licensed to the home, or take the line out",
        ),
        FaultCode::PatternTooShort => told(
            "wristbands this short can be guessed",
            "match at least 6 characters, such as ^R-[0-9A-HJKMNP-TV-Z]{8}$",
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const OAK_HILL: &str = include_str!("../schedules/oakhill.toml");

    fn zones() -> Catalogue {
        Catalogue::open(None)
    }

    #[test]
    fn the_demo_home_is_sound() {
        let policy = parse(OAK_HILL, &zones()).unwrap();
        assert_eq!(policy.effective_from.unwrap().to_string(), "2026-11-02");
        assert_eq!(policy.units.values().map(|unit| unit.rooms.len()).sum::<usize>(), 120);
        let json = serde_json::to_string(&policy).unwrap();
        assert_eq!(serde_json::from_str::<Policy>(&json).unwrap(), policy);
    }

    #[test]
    fn faults_are_told_with_their_place() {
        let passes = "[passes]\nmorning = \"07:00-10:30\"\n";
        for (from, to, line_of, path) in [
            ("schema = 1", "schema = 2", "schema", "schema"),
            ("America/New_York", "America/Nowhere", "zone", "zone"),
            ("noon = \"11:30", "noon = \"10:29", "noon =", "passes.noon"),
            ("BID = [", "BID = [\"20:00\", ", "BID", "hours.BID"),
            (
                "stat = { before_min = 0",
                "stat = { before_min = 721",
                "stat",
                "windows.minutes.stat",
            ),
            ("stat = { before", "PRN = { before", "PRN", "windows.minutes.PRN"),
            ("stat = { before", "Stat = { before", "Stat", "windows.minutes.Stat"),
            ("BID = ", "BIDD = ", "BIDD", "hours.BIDD"),
            ("facility_60", "facility_61", "default", "windows.default"),
            ("charge_nurse_min = 10", "charge_nurse_min = 30", "on_call", "escalation.on_call_min"),
            ("\"201-A\"", "\"101-A\"", "201-B", "units.west.rooms.0"),
            ("952123450", "95", "gsrn", "wristband.gsrn_prefix"),
            ("{8}$", "{2}$", "pattern =", "wristband.pattern"),
            ("\"insulin\", \"levodopa\"", "\"Insulin\"", "time_crit", "windows.time_critical"),
        ] {
            assert!(OAK_HILL.contains(from) && OAK_HILL.contains(passes), "{from}");
            let text = OAK_HILL.replacen(from, to, 1);
            let problems = parse(&text, &zones()).unwrap_err();
            assert_eq!(problems.len(), 1, "{problems:?}");
            assert_eq!(problems[0].path, path);
            let line = text.lines().nth(problems[0].line - 1).unwrap();
            assert!(line.contains(line_of), "{line} does not show {line_of}");
        }
    }

    #[test]
    fn every_fault_is_told_and_not_the_first_alone() {
        let mut text = OAK_HILL.to_owned();
        for (from, to) in [
            ("zone = \"America/New_York\"\n", ""),
            ("profile = \"us\" ", "profile = \"fr\" "),
            ("\"101-A\", \"101-B\"", "101, 102"),
            ("noon = \"11:30-13:30\"", "noon = \"11:30\""),
            ("BID = [\"09:00\", \"17:00\"]", "BID = [\"9 am\", \"17:00\"]"),
            ("TID = [\"09:00\", ", "TID = ["),
            ("QHS = ", "BEDTIME = "),
            ("confirm = \"resident\"", "confrim = \"resident\""),
            ("charge_nurse_min = 10", "charge_nurse_min = -10"),
            ("gsrn_prefix = \"952123450\"", "gsrn_prefix = \"95\""),
        ] {
            assert!(text.contains(from), "{from}");
            text = text.replacen(from, to, 1);
        }
        let problems = parse(&text, &zones()).unwrap_err();
        let told: Vec<(&str, &str)> =
            problems.iter().map(|p| (p.path.as_str(), p.code.as_str())).collect();
        let wanted = [
            ("zone", "missing_field"),
            ("profile", "unknown_word"),
            ("units.east.rooms.0", "not_so_written"),
            ("units.east.rooms.1", "not_so_written"),
            ("passes.noon", "not_so_written"),
            ("hours.BEDTIME", "frequency_unknown"),
            ("hours.BID.0", "not_so_written"),
            ("hours.TID", "hours_count"),
            ("giving.confrim", "unknown_field"),
            ("escalation.charge_nurse_min", "not_so_written"),
            ("wristband.gsrn_prefix", "gsrn_prefix"),
        ];
        assert_eq!(told, wanted);
        for problem in &problems[1..] {
            let line = text.lines().nth(problem.line - 1).unwrap();
            let keys: Vec<&str> = problem.path.split('.').collect();
            let named = keys.iter().rev().find(|key| key.parse::<u32>().is_err()).unwrap();
            let list = keys.contains(&"rooms") && line.contains("101");
            assert!(line.contains(named) || list, "{}:{line}", problem.path);
            assert!(!problem.remedy.is_empty());
        }
    }

    #[test]
    fn several_slips_of_writing_are_told_at_once() {
        let text = OAK_HILL.replacen("\"us\"", "\"us", 1).replacen("[giving]", "[giving", 1);
        let problems = parse(&text, &zones()).unwrap_err();
        let lines: Vec<usize> = problems.iter().map(|p| p.line).collect();
        let line_of = |what: &str| text.lines().position(|l| l.starts_with(what)).unwrap() + 1;
        assert!(lines.contains(&line_of("profile")) && lines.contains(&line_of("[giving")));
        assert!(problems.iter().all(|p| p.code == "not_toml"), "{problems:?}");
    }

    #[test]
    fn what_cannot_be_read_is_told_with_its_place() {
        for (from, to, what) in [
            ("[giving]", "[giving]\nconfrim = \"each\"", "unknown field"),
            ("confirm = \"resident\"", "confirm = \"always\"", "unknown variant"),
            ("zone = \"America/New_York\"\n", "", "missing field"),
            ("07:00-10:30", "07:00-25:30", "HH:MM"),
            ("\"us\"", "\"us", "invalid"),
            ("2026-11-02", "2026-11-02T00:00:00", "YYYY-MM-DD"),
        ] {
            let problems = parse(&OAK_HILL.replacen(from, to, 1), &zones()).unwrap_err();
            assert!(problems[0].what.contains(what), "{problems:?}");
            assert!(problems[0].line >= 1 && problems[0].column >= 1);
        }
    }
}
