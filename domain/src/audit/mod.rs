//! The audit trail: an RFC 6962 Merkle log of leaves with C2SP signed checkpoints.
//!
//! The store keeps leaves, full tiles, the head and the checkpoints; everything here is maths on
//! bytes that were stored, and nothing is written again to verify it.

pub mod checkpoint;
pub mod leaf;
pub mod note;
pub mod proof;
pub mod tile;
pub mod tree;
pub mod verify;
