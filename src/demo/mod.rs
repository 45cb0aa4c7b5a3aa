//! The demo: an invented home, its codes on a sheet, and robots that work in it.

pub mod orders;
pub mod people;
pub mod random;
pub mod seed;
pub mod sheet;
pub mod tables;

pub use orders::{PHARMACY, Stock};
pub use people::{Person, Post, is_weak};
