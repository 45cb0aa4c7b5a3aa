//! The domain behind a bare wasm ABI of three exports, for the bedside page.
//!
//! JSON in, JSON out; [`answer`] is the whole of it and the same in a native build, so that the
//! page and the server can be held against each other byte for byte.
pub mod abi;

use serde_json::{Value, json};

/// Answers a request: `{"fn": name, ...}` gives the function's value, or `{"error": code}`.
/// Total: any bytes have an answer, and the same bytes have the same answer.
pub fn answer(input: &[u8]) -> Vec<u8> {
    let request: Value = match serde_json::from_slice(input) {
        Ok(value) => value,
        Err(_) => return bytes(&json!({ "error": "not_json" })),
    };
    let value = match request.get("fn").and_then(Value::as_str) {
        Some("version") => json!({ "version": env!("CARGO_PKG_VERSION") }),
        Some(_) => json!({ "error": "unknown_fn" }),
        None => json!({ "error": "no_fn" }),
    };
    bytes(&value)
}

fn bytes(value: &Value) -> Vec<u8> {
    value.to_string().into_bytes()
}
