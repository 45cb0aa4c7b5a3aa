//! The style rules that no other tool checks (functions over 70 lines are clippy's, layout is
//! rustfmt's). Each finding names file, line and rule.

mod rules;
mod source;
mod words;

use crate::workspace;
use anyhow::{Context, Result, bail};
use rules::{ENDINGS, RULES};
use source::Source;
use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::Command;

/// Checks every file that git knows or would add.
///
/// # Errors
/// When a rule is broken; all findings are printed first.
pub(crate) fn run() -> Result<()> {
    let mut findings = Vec::new();
    let mut endings = 0;
    let files = files()?;
    for path in &files {
        let bytes = fs::read(workspace::root().join(path)).with_context(|| path.clone())?;
        let Ok(text) = String::from_utf8(bytes) else { continue };
        if path.ends_with(".rs") || path.ends_with(".js") {
            let source = Source::new(path, &text);
            for (line, what) in RULES.iter().flat_map(|rule| rule(&source)) {
                findings.push(format!("{path}:{}: {what}", line + 1));
            }
            findings.extend(unsafe_allowed(&source));
            endings += ends_in(&source);
        } else if !path.starts_with("tests/samples/") {
            for (line, what) in rules::workplace(&text) {
                findings.push(format!("{path}:{}: {what}", line + 1));
            }
        }
    }
    findings.extend(parity(&files));
    findings.iter().for_each(|finding| println!("{finding}"));
    println!(
        "tidy: {} files, {} findings, {endings} unwrap/expect/panic outside tests",
        files.len(),
        findings.len()
    );
    if findings.is_empty() { Ok(()) } else { bail!("tidy found {} offences", findings.len()) }
}

fn files() -> Result<Vec<String>> {
    let args = ["ls-files", "-z", "--cached", "--others", "--exclude-standard"];
    let list = workspace::read(Command::new("git").args(args).current_dir(workspace::root()))?;
    let there = |path: &&str| workspace::root().join(path).is_file();
    let paths: BTreeSet<_> = list.split('\0').filter(|p| !p.is_empty()).filter(there).collect();
    Ok(paths.into_iter().map(str::to_owned).collect())
}

/// A crate's root forbids unsafe code; only the wasm ABI of the page's core needs some.
fn unsafe_allowed(source: &Source) -> Option<String> {
    let path = Path::new(&source.path);
    let folder = path.parent()?;
    let is_root = (folder.ends_with("src") && path.file_name()? == "lib.rs")
        || (folder.ends_with("src") && path.file_name()? == "main.rs")
        || folder.ends_with("src/bin");
    let forbids = source.code.contains("#![forbid(unsafe_code)]");
    let wrong = is_root && !forbids && !source.path.starts_with("web/core/");
    wrong.then(|| format!("{}:1: a crate's root says #![forbid(unsafe_code)]", source.path))
}

/// Both engines have the same migrations.
fn parity(files: &[String]) -> Vec<String> {
    let names = |engine: &str| -> BTreeSet<&str> {
        files.iter().filter_map(|path| path.strip_prefix(engine)).collect()
    };
    let (sqlite, postgres) = (names("migrations/sqlite/"), names("migrations/postgres/"));
    let alone = sqlite.symmetric_difference(&postgres);
    alone.map(|name| format!("migrations: {name} is there for one engine only")).collect()
}

fn ends_in(source: &Source) -> usize {
    let count =
        |code: &str| ENDINGS.iter().map(|ending| code.matches(ending).count()).sum::<usize>();
    source.outside_tests(&source.code).map(|(_, code)| count(code)).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_root_without_the_line_is_found() {
        let finds = |path, text| unsafe_allowed(&Source::new(path, text)).is_some();
        assert!(finds("domain/src/lib.rs", "pub mod a;"));
        assert!(finds("firmware-bridge/src/bin/emar-station.rs", "fn main() {}"));
        assert!(!finds("domain/src/lib.rs", "#![forbid(unsafe_code)]"));
        assert!(!finds("web/core/src/lib.rs", "pub mod a;"));
        assert!(!finds("domain/src/dose.rs", "pub struct Dose;"));
    }

    #[test]
    fn a_migration_for_one_engine_is_found() {
        let files = ["migrations/sqlite/1.sql", "migrations/postgres/1.sql"].map(str::to_owned);
        assert!(parity(&files).is_empty());
        assert_eq!(parity(&files[..1]).len(), 1);
    }
}
