#![forbid(unsafe_code)]
//! Every clinical decision of emar: pure, no IO, no clock, no randomness, no floats.

pub mod audit;
pub mod scan;
pub mod schedule;
pub mod time;
pub mod zone;
