//! The command line: one command a file.
pub mod conformance;
pub mod import;
pub mod schedule;

use clap::{Parser, Subcommand};

/// An electronic medication administration record for long-term care homes.
#[derive(Debug, Parser)]
#[command(name = "emar", version)]
pub struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Answer acceptance cases: one JSON case a line on stdin, one answer a line on stdout.
    Conformance,
    /// Residents, orders, allergies and labels from FHIR files, products from a CSV.
    Import(import::Import),
    /// A home's policy: hours, med passes, windows, escalation.
    Schedule(schedule::Schedule),
}

impl Cli {
    /// Carries out the command that was given.
    ///
    /// # Errors
    /// What the command could not do, in words for the person at the terminal.
    pub fn run(self) -> anyhow::Result<()> {
        match self.command {
            Command::Conformance => conformance::run(),
            Command::Import(command) => {
                command.run(|| anyhow::bail!("there is no home to import into yet: use --dry-run"))
            }
            Command::Schedule(command) => command.run(),
        }
    }
}
