//! The files the pages load, embedded in the binary and served under `/assets/`.
use super::words::{Lang, words};
use axum::Router;
use axum::extract::Path;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use sha2::{Digest, Sha256};
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::LazyLock;

/// An embedded file.
#[derive(Clone, Debug)]
pub struct Asset {
    /// Its content.
    pub bytes: Cow<'static, [u8]>,
    /// Media type.
    pub content_type: &'static str,
    /// Strong entity tag of the content, with its quotes.
    pub etag: String,
}

const CSS: &str = "text/css; charset=utf-8";
const JS: &str = "text/javascript; charset=utf-8";
const JSON: &str = "application/json";

macro_rules! embedded {
    ($($path:literal: $content_type:expr),* $(,)?) => {
        [$(($path, $content_type, include_bytes!(concat!("../../../web/", $path)).as_slice())),*]
    };
}

static ASSETS: LazyLock<BTreeMap<&'static str, Asset>> = LazyLock::new(|| {
    let files = embedded![
        "tokens.css": CSS,
        "icon.svg": "image/svg+xml",
        "bedside/bedside.css": CSS,
        "bedside/api.js": JS,
        "bedside/bedside.js": JS,
        "bedside/chart.js": JS,
        "bedside/core.js": JS,
        "bedside/dialogs.js": JS,
        "bedside/keys.js": JS,
        "bedside/live.js": JS,
        "bedside/measure.js": JS,
        "bedside/scanner.js": JS,
        "bedside/session.js": JS,
        "bedside/sound.js": JS,
        "bedside/theme.js": JS,
        "desk/ask.js": JS,
        "desk/desk.css": CSS,
        "desk/entry.js": JS,
        "desk/mar.js": JS,
        "desk/orders.js": JS,
        "desk/page.js": JS,
        "desk/sign.js": JS,
        "desk/letters.js": JS,
        "desk/stay.js": JS,
        "station/station.css": CSS,
        "station/station.js": JS,
        "demo/scanner.css": CSS,
        "demo/scanner.js": JS,
    ];
    let core = include_bytes!(concat!(env!("OUT_DIR"), "/core.wasm")).as_slice();
    let fixed = files.into_iter().chain([("core.wasm", "application/wasm", core)]);
    let mut assets: BTreeMap<&'static str, Asset> =
        fixed.map(|(path, kind, bytes)| (path, asset(bytes.into(), kind))).collect();
    for (path, lang) in [("words-en.json", Lang::En), ("words-es.json", Lang::Es)] {
        assets.insert(path, asset(words(lang).page_json().into_bytes().into(), JSON));
    }
    assets
});

fn asset(bytes: Cow<'static, [u8]>, content_type: &'static str) -> Asset {
    let mut etag = String::from("\"");
    for byte in &Sha256::digest(&bytes)[..16] {
        // Writing to a String cannot fail.
        let _ = write!(etag, "{byte:02x}");
    }
    etag.push('"');
    Asset { bytes, content_type, etag }
}

/// The embedded file at `path` (without `/assets/`), if there is one.
pub fn find(path: &str) -> Option<&'static Asset> {
    ASSETS.get(path)
}

/// `GET /assets/{path}`: revalidated at each load by content, 304 when the page has it already.
pub fn routes<S: Clone + Send + Sync + 'static>() -> Router<S> {
    Router::new().route("/assets/{*path}", get(serve))
}

async fn serve(Path(path): Path<String>, headers: HeaderMap) -> Response {
    let Some(asset) = find(&path) else { return StatusCode::NOT_FOUND.into_response() };
    let known = headers.get(header::IF_NONE_MATCH).and_then(|value| value.to_str().ok());
    let fresh = known.is_some_and(|tags| tags.split(',').any(|tag| tag.trim() == asset.etag));
    let mut response = if fresh {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        asset.bytes.clone().into_response()
    };
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(asset.content_type));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    if let Ok(etag) = HeaderValue::from_str(&asset.etag) {
        headers.insert(header::ETAG, etag);
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn get_with(path: &str, tag: Option<&str>) -> Response {
        let mut headers = HeaderMap::new();
        if let Some(tag) = tag {
            headers.insert(header::IF_NONE_MATCH, tag.parse().unwrap());
        }
        serve(Path(path.to_owned()), headers).await
    }

    #[tokio::test]
    async fn a_known_tag_is_answered_without_the_file() {
        let first = get_with("tokens.css", None).await;
        assert_eq!(first.status(), StatusCode::OK);
        assert_eq!(first.headers()[header::CONTENT_TYPE], CSS);
        let tag = first.headers()[header::ETAG].to_str().unwrap().to_owned();
        assert_eq!(get_with("tokens.css", Some(&tag)).await.status(), StatusCode::NOT_MODIFIED);
        assert_eq!(get_with("tokens.css", Some("\"old\"")).await.status(), StatusCode::OK);
        assert_eq!(get_with("../Cargo.toml", None).await.status(), StatusCode::NOT_FOUND);
    }

    #[test]
    fn every_module_named_by_a_page_or_a_module_is_embedded() {
        for (path, asset) in ASSETS.iter().filter(|(path, _)| path.ends_with(".js")) {
            let source = std::str::from_utf8(&asset.bytes).unwrap();
            let folder = path.rsplit_once('/').unwrap().0;
            for line in source.lines().filter(|line| line.contains(" from \"")) {
                let name = line.rsplit('"').nth(1).unwrap();
                let target = match name.strip_prefix("./") {
                    Some(own) => format!("{folder}/{own}"),
                    None => name.trim_start_matches("../").to_owned(),
                };
                assert!(find(&target).is_some(), "{path} imports {name}");
            }
        }
    }

    #[test]
    fn the_wasm_is_a_wasm_and_small() {
        let wasm = &find("core.wasm").unwrap().bytes;
        assert_eq!(&wasm[..4], b"\0asm");
        let most = if cfg!(debug_assertions) { 2_000_000 } else { 1_000_000 };
        assert!(wasm.len() < most, "{} bytes", wasm.len());
    }
}
