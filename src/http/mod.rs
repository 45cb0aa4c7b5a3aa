//! HTTP: pages for people, an API for machines.
pub mod pages;
pub mod screens;
