//! The command line: one command a file.
pub mod audit;
pub mod bench;
pub mod config;
pub mod conformance;
pub mod demo;
pub mod home;
pub mod import;
pub mod people;
pub mod scan;
pub mod schedule;
pub mod serve;

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
    /// The audit log: verify it, export it, name its key.
    Audit(audit::Audit),
    /// The server's configuration file.
    Config(config::ConfigCommand),
    /// Make a new home.
    Init(people::Init),
    /// People who sign on.
    User(people::Users),
    /// Carts and stations.
    Cart(people::Carts),
    /// Run an invented home with robot nurses.
    Demo(demo::Demo),
    /// Run a home's server.
    Serve(serve::Serve),
    /// Measure a server on this machine.
    Bench(bench::Bench),
    /// Answer acceptance cases: one JSON case a line on stdin, one answer a line on stdout.
    Conformance,
    /// Residents, orders, allergies and labels from FHIR files, products from a CSV.
    Import(import::Import),
    /// A home's policy: hours, med passes, windows, escalation; and the doses of an order.
    Schedule(schedule::Schedule),
    /// Codes as scanners send them: what one is, and why it is refused.
    Scan(scan::Scan),
}

impl Cli {
    /// Carries out the command that was given.
    ///
    /// # Errors
    /// What the command could not do, in words for the person at the terminal.
    pub fn run(self) -> anyhow::Result<()> {
        match self.command {
            Command::Audit(command) => std::process::exit(i32::from(command.run()?)),
            Command::Config(command) => command.run(),
            Command::Init(command) => command.run(),
            Command::User(command) => command.run(),
            Command::Cart(command) => command.run(),
            Command::Demo(command) => command.run(),
            Command::Serve(command) => command.run(),
            Command::Bench(command) => command.run(),
            Command::Conformance => conformance::run(),
            Command::Import(command) => {
                let config = command.config();
                command.run(|| {
                    let config = config.ok_or_else(|| {
                        anyhow::anyhow!("name the home: --config FILE, or use --dry-run")
                    })?;
                    let config = crate::config::Config::load(&config)?;
                    Ok(Box::new(home::Door::open(&config)?))
                })
            }
            Command::Schedule(command) => command.run(),
            Command::Scan(command) => std::process::exit(i32::from(command.run()?)),
        }
    }
}
