//! The core from outside: laws, tables, failure stories and scenarios, in one program.
#![allow(clippy::disallowed_methods, reason = "tests read files, the environment and the clock")]

mod evidence_laws;
mod expansion;
mod scenario;
mod world;

mod audit_note;
mod audit_tree;
mod audit_verify;
mod expansion_laws;
mod framing_laws;
mod gs1_table;
mod hours_laws;
mod limit_laws;
mod order_changes;
mod order_doses;
mod package_names;
mod pair_laws;
mod preview_laws;
mod reading_laws;
mod scan_laws;
mod scenarios;
mod spacing;
mod stories;
mod symbol_laws;
mod week;
mod zone_laws;
