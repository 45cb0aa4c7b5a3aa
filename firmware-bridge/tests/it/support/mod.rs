pub(crate) mod broker;
pub(crate) mod cart;
pub(crate) mod program;
pub(crate) mod server;

use std::io::Write;
use std::time::Duration;

/// Generous: the machine may be busy. Nothing waits so long when it works.
pub(crate) const SOON: Duration = Duration::from_secs(20);

/// Says past the harness, which keeps what a passing test prints, that this one had not the means.
pub(crate) fn not_run(why: &str) {
    let _ = writeln!(std::io::stderr(), "NOT RUN: {why}");
}
