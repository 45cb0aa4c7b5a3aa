//! The bridge on real ports (pseudo-terminals) and a real broker (Mosquitto).

mod answers;
mod bad_input;
mod disk;
mod enroll;
mod outage;
mod ports;
mod program;
mod several;
mod soak;
mod support;
mod typed;
