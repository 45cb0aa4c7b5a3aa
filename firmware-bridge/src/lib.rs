#![forbid(unsafe_code)]
//! The Raspberry Pi on the med cart: reads scanners, shows the verdict by light and sound.
//!
//! [`run`] is the whole bridge; the program `emar-bridge` and the demo both call it. The bridge
//! only moves bytes and time: framing is the core's, verdicts are the server's.

pub mod answering;
mod bridge;
pub mod clock;
pub mod config;
pub mod enroll;
pub mod health;
pub mod hex;
pub mod keeper;
pub mod key;
pub mod late;
pub mod panel;
mod run;
pub mod scanner;
pub mod spool;
pub mod uplink;
mod watchdog;

pub use config::Config;
pub use run::{BridgeError, run};
