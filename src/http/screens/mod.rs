//! What the pages show, from the home in memory: view builders, live streams and their routes.
//!
//! One [`Screens`] a facility. Whoever settles a scan, of a page or of a bridge, passes the answer
//! to [`Screens::scan_response`]; a charting goes to [`Screens::charted`], signing on and off to
//! [`Screens::signed`], a station's word that it displayed an alert to [`Screens::shown`], presence
//! of a cart to [`crate::service::heard::HeardFrom`]. Commits reach the pages by themselves.
pub mod alert_rows;
pub mod bedside;
mod carried;
pub mod compose;
pub mod desk;
pub mod due_list;
mod giving;
pub mod history;
pub mod hub;
mod letters;
pub mod live;
pub mod mar;
pub mod measure;
mod measured;
pub mod month;
pub mod month_record;
pub mod orders;
pub mod parts;
pub mod pattern;
pub mod preview;
pub mod regimen;
pub mod review;
pub mod routes;
pub mod scan_view;
pub mod sight;
pub mod standing;
pub mod station;
mod stay;
pub mod streams;
mod timing;
pub mod typed;
pub mod why;

pub use hub::Screens;
pub use routes::{Viewer, Viewing, routes};

#[cfg(test)]
mod desk_tests;
#[cfg(test)]
mod measured_tests;
#[cfg(test)]
mod tests;
