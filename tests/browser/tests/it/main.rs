//! The pages in a real browser, in one program.
#![forbid(unsafe_code)]

mod browser;
mod desk;
mod desk_flow;
mod measure;
mod pages;
