//! The `emar` command.
fn main() {}
