//! The demo: an invented home, its codes on a sheet, and robots that work in it.

pub mod carts;
pub mod client;
pub mod clock;
pub mod desk;
pub mod folder;
pub mod orders;
pub mod pages;
pub mod people;
pub mod pharmacy;
pub mod random;
pub mod robots;
pub mod running;
pub mod seed;
pub mod sheet;
pub mod station;
pub mod tables;

pub use carts::{DemoCarts, ScanError};
pub use orders::{PHARMACY, Stock};
pub use people::{Person, Post, is_weak};
