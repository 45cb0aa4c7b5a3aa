//! Why a command was not carried out: an answer, by code, never a sentence.

use crate::verdict::{Objection, Param};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Why a command was not carried out.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Refusal {
    /// Code (`already_given`, `alert_taken`, `role_forbidden`, ...).
    pub code: String,
    /// All objections, where the rules of the table object.
    #[serde(default)]
    pub objections: Vec<Objection>,
    /// What completes the sentence.
    #[serde(default)]
    pub params: BTreeMap<String, Param>,
    /// Code of what to do next.
    pub next: String,
}

impl Refusal {
    /// A refusal by code.
    #[must_use]
    pub fn new(code: &str, next: &str) -> Self {
        Self {
            code: code.to_owned(),
            objections: Vec::new(),
            params: BTreeMap::new(),
            next: next.to_owned(),
        }
    }

    /// With one more value.
    #[must_use]
    pub fn with(mut self, key: &str, value: impl Into<Param>) -> Self {
        self.params.insert(key.to_owned(), value.into());
        self
    }
}
