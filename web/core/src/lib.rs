//! The domain behind a bare wasm ABI of three exports, for the bedside page.
