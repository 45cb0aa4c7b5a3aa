//! The pages: view structs, templates over them, and the embedded files they load.
pub mod assets;
pub mod desk;
pub mod line;
pub mod render;
pub mod say;
pub mod tallman;
pub mod view;
pub mod words;

#[cfg(test)]
mod contrast;
