#![forbid(unsafe_code)]
//! Every clinical decision of emar: pure, no IO, no clock, no randomness, no floats.

pub mod administration;
pub mod alert;
pub mod amount;
pub mod audit;
pub mod cart;
pub mod condition;
pub mod decide;
pub mod dose;
pub mod dose_amount;
pub mod drug;
pub mod evidence;
pub mod explain;
pub mod fact;
pub mod gate;
pub mod home;
pub mod id;
pub mod limit;
pub mod order;
pub mod order_check;
pub mod order_input;
pub mod preview;
pub mod reading;
pub mod resident;
pub mod role;
pub mod scale;
pub mod scan;
pub mod schedule;
pub mod time;
pub mod verdict;
pub mod zone;
