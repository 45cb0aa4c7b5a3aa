//! The domain behind a bare wasm ABI of three exports, for the bedside page.
//!
//! JSON in, JSON out; [`answer`] is the whole of it and the same in a native build, so that the
//! page and the server can be held against each other byte for byte.
pub mod abi;
mod parse;
mod verdict;

use serde::Deserialize;
use serde_json::{Value, json};

/// A request of the page.
#[derive(Deserialize)]
#[serde(tag = "fn", rename_all = "snake_case")]
enum Request {
    /// Which core this is.
    Version,
    /// What a scan means, without looking anything up.
    ParseScan(parse::ParseScan),
    /// What the rules say to a scan.
    Judge(Box<verdict::JudgeScan>),
}

/// Answers a request: `{"fn": name, ...}` gives the function's value, or `{"error": code}`.
/// Total: any bytes have an answer, and the same bytes have the same answer.
#[must_use]
pub fn answer(input: &[u8]) -> Vec<u8> {
    let value = match serde_json::from_slice(input) {
        Ok(Request::Version) => json!({ "version": env!("CARGO_PKG_VERSION") }),
        Ok(Request::ParseScan(request)) => request.answer(),
        Ok(Request::Judge(request)) => request.answer(),
        Err(error) if error.is_data() => json!({ "error": "bad_request" }),
        Err(_) => json!({ "error": "not_json" }),
    };
    Value::to_string(&value).into_bytes()
}
