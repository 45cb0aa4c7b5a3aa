//! Use cases: one batch of commands, one transaction, one answer each.

pub mod activity;
pub mod app;
pub mod devices;
pub mod effects;
pub mod heard;
pub mod lane;
pub mod scan;
pub mod told;

pub use app::{App, Change};
pub use lane::{Asked, LaneHandle, Outcome, Receipt};
