//! `emar schedule`: explains every fault of a home's policy files, and shows an order's doses.

mod calendar;
mod order_file;
mod preview;

use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use clap::{Args, Subcommand};
use serde_json::json;

use crate::policy_file::{self, Problem};
use crate::zones::Catalogue;

/// The table of frequencies lies beside the homes' files and is not one of them.
const NOT_A_HOME: &str = "frequencies.toml";

/// A home's policy: hours, med passes, windows, escalation; and the doses of an order.
#[derive(Debug, Args)]
pub struct Schedule {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Check policy files and explain every fault with its line, column and remedy.
    Check(Check),
    /// Show the doses of an order on a calendar, before or after it is entered.
    Preview(Box<preview::Preview>),
}

#[derive(Debug, Args)]
struct Check {
    /// Files, or folders whose `*.toml` are checked.
    #[arg(default_value = "schedules")]
    paths: Vec<PathBuf>,
    /// One JSON object a file: file, ok, faults.
    #[arg(long)]
    json: bool,
}

impl Schedule {
    /// Carries out the command that was given.
    ///
    /// # Errors
    /// When a file has faults (those of a policy are on stdout), there is none, an order has no
    /// schedule, or stdout cannot be written.
    pub fn run(self) -> anyhow::Result<()> {
        match self.command {
            Command::Check(check) => check.run(),
            Command::Preview(preview) => preview.run(),
        }
    }
}

impl Check {
    fn run(self) -> anyhow::Result<()> {
        let zones = Catalogue::open(None);
        let files = files(&self.paths)?;
        let mut out = std::io::stdout().lock();
        let mut bad = 0;
        for file in &files {
            let problems = policy_file::load(file, &zones).err().unwrap_or_default();
            bad += usize::from(!problems.is_empty());
            tell(&mut out, file, &problems, self.json).context("cannot write to stdout")?;
        }
        if bad > 0 {
            bail!(
                "{bad} of {} policy files cannot be used; the faults are listed above",
                files.len()
            );
        }
        Ok(())
    }
}

fn tell(
    out: &mut impl Write,
    file: &Path,
    problems: &[Problem],
    as_json: bool,
) -> std::io::Result<()> {
    let name = file.display();
    if as_json {
        let told = json!({
            "file": name.to_string(), "ok": problems.is_empty(), "faults": problems,
        });
        return writeln!(out, "{told}");
    }
    if problems.is_empty() {
        return writeln!(out, "{name}: good");
    }
    for problem in problems {
        let Problem { line, column, path, what, remedy, .. } = problem;
        let path = if path.is_empty() { String::new() } else { format!("{path}: ") };
        writeln!(out, "{name}:{line}:{column}: {path}{what}\n    {remedy}")?;
    }
    Ok(())
}

/// The files named, and the `*.toml` of the folders named, in order of name.
fn files(paths: &[PathBuf]) -> anyhow::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for path in paths {
        if !path.is_dir() {
            files.push(path.clone());
            continue;
        }
        let unreadable = || format!("the folder {} cannot be read", path.display());
        let mut found = Vec::new();
        for entry in std::fs::read_dir(path).with_context(unreadable)? {
            let file = entry.with_context(unreadable)?.path();
            let is_home = file.extension().is_some_and(|extension| extension == "toml")
                && file.file_name().is_some_and(|name| name != NOT_A_HOME);
            if is_home {
                found.push(file);
            }
        }
        found.sort();
        files.append(&mut found);
    }
    if files.is_empty() {
        bail!("no policy file found; name one, such as schedules/oakhill.toml");
    }
    Ok(files)
}
