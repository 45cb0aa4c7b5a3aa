//! The clinical case types: schedules, windows, limits.
use serde_json::Value;

/// What the domain decides about a clinical case, or why it is unsupported.
///
/// `None`: the type is not a clinical one.
pub(super) fn answer(_case_type: &str, _case: &Value) -> Option<Result<Value, String>> {
    None
}
