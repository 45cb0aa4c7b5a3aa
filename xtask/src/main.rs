//! Project chores: demo, ci, tidy.
fn main() {}
