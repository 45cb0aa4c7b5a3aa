//! The load of a med pass: carts over HTTP against a server of their own, and what it costs. The
//! figures are the server's: it runs as a process of its own, so that neither the carts nor the
//! comparison count as its work. And the planning of a horizon, in this process.

pub mod bare;
pub mod connection;
pub mod floor;
pub mod horizon;
pub mod nurse;
pub mod process;
pub mod report;
pub mod run;
