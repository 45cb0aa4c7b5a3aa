#![forbid(unsafe_code)]
//! An electronic medication administration record for long-term care homes.
pub mod bench;
pub mod bus;
pub mod cli;
pub mod clock;
pub mod config;
pub mod demo;
#[cfg(test)]
mod entry_tests;
pub mod exchange;
pub mod http;
pub mod policy_file;
#[cfg(test)]
mod schedule_laws;
pub mod secret;
pub mod server;
pub mod service;
pub mod store;
pub mod telemetry;
pub mod worker;
pub mod zones;
