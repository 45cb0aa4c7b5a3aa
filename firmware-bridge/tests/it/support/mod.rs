pub(crate) mod broker;
pub(crate) mod cart;
pub(crate) mod program;
pub(crate) mod server;

use std::time::Duration;

/// Generous: the machine may be busy. Nothing waits so long when it works.
pub(crate) const SOON: Duration = Duration::from_secs(20);
