//! What travels between server, carts, stations and pharmacies: topics, payloads, signatures and
//! the MQTT client.
//!
//! Architecture Invariant: this crate is the only place that knows rumqttc, and `topic.rs` the only
//! place that spells a topic.
#![forbid(unsafe_code)]

pub mod client;
mod id;
pub mod payload;
pub mod role;
pub mod signed;
pub mod topic;

pub use id::{ID_BYTES_MAX, Id, IdError};
pub use role::Role;
pub use topic::{Kind, Topic, TopicError};
