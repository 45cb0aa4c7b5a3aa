//! Mapping between the messages of other systems and the domain: pure, no IO, no clock, no ids of
//! its own making.
//!
//! Architecture Invariant: nothing here decides anything clinical. What a message says exactly
//! becomes a command; what it does not say exactly becomes a reason for a person to read.
pub mod fhir;
pub mod formulary;
