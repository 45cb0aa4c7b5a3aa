//! What the pages show, from the home in memory: view builders, live streams and their routes.
pub mod alert_rows;
pub mod bedside;
pub mod due_list;
pub mod heard;
pub mod hub;
pub mod live;
pub mod parts;
pub mod routes;
pub mod scan_view;
pub mod sight;
pub mod standing;
pub mod station;
pub mod streams;

pub use hub::Screens;
pub use routes::{Viewer, Viewing, routes};
