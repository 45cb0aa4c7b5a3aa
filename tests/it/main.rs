//! The whole server, over its own doors: HTTP, MQTT and the clock. One binary; its modules mirror
//! the routes.

#![allow(clippy::disallowed_methods, reason = "a test has real time, files and processes")]

mod administrations;
mod alerts;
mod authorisation;
mod bad_input;
mod clock_changes;
mod command_line;
mod demo;
mod desk;
mod horizon;
mod hours;
mod marks;
mod order_kinds;
mod orders;
mod pharmacy;
mod preview;
mod readings;
mod scans;
mod sessions;
mod stays;
mod support;
mod witness;
