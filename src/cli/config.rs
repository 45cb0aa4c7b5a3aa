//! `emar config`: an example to start from, and a check.

use crate::config::{Config, EXAMPLE};
use clap::{Args, Subcommand};
use std::path::PathBuf;

/// The server's configuration file.
#[derive(Debug, Args)]
pub struct ConfigCommand {
    #[command(subcommand)]
    act: Act,
}

#[derive(Debug, Subcommand)]
enum Act {
    /// Print an example with every key.
    Example,
    /// Say what is wrong with a file.
    Check {
        /// The file.
        file: PathBuf,
    },
}

impl ConfigCommand {
    /// Carries it out.
    ///
    /// # Errors
    /// What is wrong with the file.
    pub fn run(self) -> anyhow::Result<()> {
        match self.act {
            Act::Example => print!("{EXAMPLE}"),
            Act::Check { file } => {
                Config::load(&file)?;
                println!("{} is sound", file.display());
            }
        }
        Ok(())
    }
}
