//! What the pages show, from the home in memory: view builders, live streams and their routes.
pub mod alert_rows;
pub mod bedside;
pub mod due_list;
pub mod heard;
pub mod scan_view;
pub mod sight;
pub mod standing;
pub mod station;
