#![forbid(unsafe_code)]
//! The Raspberry Pi on the med cart: reads scanners, shows the verdict by light and sound.
