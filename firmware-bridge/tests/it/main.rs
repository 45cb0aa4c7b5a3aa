//! The bridge on real ports (pseudo-terminals) and a real broker (Mosquitto).

mod answers;
mod outage;
mod ports;
mod program;
mod support;
