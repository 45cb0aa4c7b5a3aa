use serde::{Deserialize, Serialize};

/// The schema of pharmacy messages this program speaks; the major version is also in the topic.
pub const SCHEMA_PHARMACY: &str = "emar.pharmacy/1";

/// What the server accepts, retained.
///
/// ```json
/// {"schemas":["emar.pharmacy/1"],"content_types":["application/fhir+json; fhirVersion=4.0"],
///  "accepts":["order"],"sends":["administration"],"bytes_max":1047552}
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Capabilities {
    /// Schemas with their versions.
    pub schemas: Vec<String>,
    /// Forms of the payload.
    pub content_types: Vec<String>,
    /// Levels under `in/` that are understood.
    pub accepts: Vec<String>,
    /// Levels under `out/` that are sent.
    pub sends: Vec<String>,
    /// The greatest message, in bytes.
    pub bytes_max: u32,
}
