//! The pages in a real headless Chromium, against the built `emar demo`.
//!
//! `cargo ci` runs these after building everything. By hand: `cargo build -p emar -p emar-bridge`,
//! then `cargo test -p emar-browser-tests`. `EMAR_TEST_CHROMEDRIVER` and `EMAR_TEST_CHROMIUM` name
//! other browsers than Debian's; `EMAR_TEST_SCREENSHOTS` a directory for pictures.
#![forbid(unsafe_code)]

mod browser;
mod cart;
mod demo;
mod process;
mod sheet;

pub use browser::{shot, with_page};
pub use cart::{clean, look, press, reload_until, scan, shows, type_by_hand, until};
pub use demo::{Demo, User};
pub use sheet::{Sheet, Stock};
