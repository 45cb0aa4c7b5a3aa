#![forbid(unsafe_code)]
//! The `emar` command.
use clap::Parser;
use emar::cli::Cli;

fn main() -> anyhow::Result<()> {
    Cli::parse().run()
}
