//! Project chores. `cargo demo` and `cargo ci` are aliases of commands here.
#![forbid(unsafe_code)]

mod ci;
mod demo;
mod deny;
mod spdx;
mod tidy;
mod workspace;

use anyhow::{Result, bail};
use std::process::ExitCode;

const USAGE: &str = "\
usage: cargo xtask COMMAND
  demo [FLAGS]   build everything and run the demo home (flags go to `emar demo`)
  ci             install what is missing, then format, lint, build and test everything
  tidy           the style rules that no other tool checks
  deny           bans, licences and sources of every dependency, as deny.toml says";

fn main() -> ExitCode {
    match chore() {
        Ok(code) => code,
        Err(error) => {
            eprintln!("xtask: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn chore() -> Result<ExitCode> {
    let mut args = std::env::args().skip(1);
    let command = args.next();
    match command.as_deref() {
        Some("demo") => demo::run(args.collect())?,
        Some("ci") => return ci::run(),
        Some("tidy") => tidy::run()?,
        Some("deny") => deny::run()?,
        Some("help" | "--help" | "-h") => println!("{USAGE}"),
        Some(other) => bail!("there is no chore `{other}`\n{USAGE}"),
        None => bail!("which chore?\n{USAGE}"),
    }
    Ok(ExitCode::SUCCESS)
}
