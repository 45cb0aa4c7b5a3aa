//! The bus: the embedded broker and, above the client of `emar-wire`, the seam to it.

pub mod broker;
