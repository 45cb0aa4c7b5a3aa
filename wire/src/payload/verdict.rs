use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// The three words of a verdict; the panel shows green only with a receipt, amber for ask, red for
/// stop.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum VerdictWord {
    /// No objection, or information only.
    Ok,
    /// A warning, or a witness is needed.
    Ask,
    /// Refused, or the list must be refreshed.
    Stop,
}

/// The server's answer to a scan.
///
/// `{"scan_id":"0190...","verdict":"stop","objections":["wrong_resident"]}`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct VerdictMessage {
    /// The scan it answers.
    pub scan_id: Uuid,
    /// The word.
    pub verdict: VerdictWord,
    /// The codes of the objections.
    #[serde(default)]
    pub objections: Vec<String>,
    /// Proof that something was committed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub receipt: Option<Receipt>,
}

/// What a cart keeps of a commit, and with which it later asks for the leaf's inclusion.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Receipt {
    /// The leaf's number in the audit log.
    pub seq: u64,
    /// SHA-256 of the leaf, base64.
    pub leaf_hash: String,
    /// The server's signed promise that the log contains it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub promise: Option<String>,
}
