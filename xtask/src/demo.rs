//! `cargo demo`: builds everything, wasm included, and becomes `emar demo`.
//!
//! The dev profile is used on purpose: it compiles in a fraction of the time of an optimised one,
//! and the crates where speed shows are optimised in it anyway (see `[profile.dev.package]`).

use crate::workspace;
use anyhow::{Context, Result};
use std::os::unix::process::CommandExt;
use std::process::Command;

/// Builds the server and the bridge it starts, then replaces this process by `emar demo FLAGS`.
pub(crate) fn run(flags: Vec<String>) -> Result<()> {
    workspace::add_targets(&["wasm32-unknown-unknown"])?;
    workspace::must(&mut workspace::cargo(&[
        "build",
        "-p",
        "emar",
        "-p",
        "emar-bridge",
        "--bins",
    ]))?;
    let emar = workspace::binaries()?.join("emar");
    let error = Command::new(&emar).arg("demo").args(flags).exec();
    Err(error).with_context(|| format!("starting {}", emar.display()))
}
