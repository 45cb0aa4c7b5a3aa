//! The domain behind a bare wasm ABI of three exports, for the bedside page.
//!
//! JSON in, JSON out; [`answer`] is the whole of it and the same in a native build, so that the
//! page and the server can be held against each other byte for byte.
pub mod abi;
mod parse;
mod verdict;

use serde::Deserialize;
use serde_json::{Value, json};

/// The name of what is asked. The rest is read by the function itself: a tagged enum would compile
/// every reader of a home twice into the page.
#[derive(Deserialize)]
struct Asked {
    #[serde(rename = "fn")]
    name: String,
}

/// Answers a request: `{"fn": name, ...}` gives the function's value, or `{"error": code}`.
/// Total: any bytes have an answer, and the same bytes have the same answer.
#[must_use]
pub fn answer(input: &[u8]) -> Vec<u8> {
    let value =
        serde_json::from_slice::<Asked>(input).and_then(|asked| match asked.name.as_str() {
            "version" => Ok(json!({ "version": env!("CARGO_PKG_VERSION") })),
            "parse_scan" => serde_json::from_slice(input).map(parse::ParseScan::answer),
            "judge" => serde_json::from_slice(input).map(verdict::JudgeScan::answer),
            _ => Ok(json!({ "error": "bad_request" })),
        });
    let value = value.unwrap_or_else(
        |error| json!({ "error": if error.is_data() { "bad_request" } else { "not_json" } }),
    );
    Value::to_string(&value).into_bytes()
}
