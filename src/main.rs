#![forbid(unsafe_code)]
//! The `emar` command.
use clap::Parser;
use emar::cli::Cli;

// Under load glibc keeps three times the memory that is in use; huge pages would do the same here.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> anyhow::Result<()> {
    Cli::parse().run()
}
