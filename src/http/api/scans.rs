//! Scans of the page and of other clients: the same service as the bridge's.

use super::administrations::COMMENT_BYTES_MAX;
use super::json::Json;
use super::settle;
use crate::http::Web;
use crate::http::auth::Auth;
use crate::http::problem::Problem;
use crate::http::screens::scan_view::ScanResponse;
use crate::service::lane::Receipt;
use crate::service::scan::{ScanInput, scan};
use axum::Extension;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use emar_domain::administration::Override;
use emar_domain::decide::Answer;
use emar_domain::id::{AdministrationId, ScanId, Slug};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// Longest text of a scan, as the scanners' own limit.
const RAW_BYTES_MAX: usize = 4096;
/// Longest note of what a prescriber said, in bytes.
const CONTACT_BYTES_MAX: usize = 1000;
/// Most overrides with one scan.
const OVERRIDES_MAX: usize = 16;

/// A scan.
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ScanBody {
    /// Made by the page; the same id gets the same answer.
    #[schema(value_type = String)]
    pub scan_id: ScanId,
    /// The cart; absent: the one the session was opened at.
    #[serde(default)]
    pub cart: Option<String>,
    /// Text as read, GS as U+001D.
    pub raw: String,
    /// AIM identifier, when the reader names it outside `raw`.
    #[serde(default)]
    pub symbology: Option<String>,
    /// `wedge`, `key`, `keyed` or `bridge`.
    pub source: String,
    /// The page's clock, informative.
    #[serde(default)]
    #[allow(dead_code)]
    pub at: Option<String>,
    /// Version of the list on the screen.
    #[serde(default)]
    pub list_version: Option<String>,
    /// The scan being answered after `ask`.
    #[serde(default)]
    #[allow(dead_code)]
    pub answers: Option<String>,
    /// Warnings the nurse gave a reason for.
    #[serde(default)]
    pub overrides: Vec<OverrideBody>,
    /// Asks for the parts of the bedside page that the scan changed, as HTML.
    #[serde(default)]
    pub fragments: bool,
}

/// A warning, and why it is accepted.
#[derive(Deserialize, Serialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct OverrideBody {
    /// Code of the objection.
    pub code: String,
    /// Coded reason.
    pub reason: String,
    /// In words, where the nurse added some.
    #[serde(default)]
    pub comment: Option<String>,
    /// Who was asked and what they said, in words: with the reason it answers a stop that yields
    /// to the prescriber (`hold_parameter_failed`).
    #[serde(default)]
    pub contact: Option<String>,
}

/// The answer to a scan.
#[derive(Serialize)]
struct Told<'a> {
    #[serde(flatten)]
    response: ScanResponse,
    receipt: Receipt,
    administrations: &'a [AdministrationId],
    list_version: String,
}

/// Checks overrides: codes only, few, short.
///
/// # Errors
/// 422 naming the one that is no code.
pub fn overrides(bodies: Vec<OverrideBody>) -> Result<Vec<Override>, Problem> {
    let code = |t: &str| {
        (1..=64).contains(&t.len()) && t.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
    };
    if bodies.len() > OVERRIDES_MAX {
        return Err(Problem::malformed("/overrides", "More overrides than any scan can need."));
    }
    let mut all = Vec::new();
    for (i, body) in bodies.into_iter().enumerate() {
        if !code(&body.code) || !code(&body.reason) {
            let detail = "An override names the objection's code and a coded reason.";
            return Err(Problem::malformed(&format!("/overrides/{i}"), detail));
        }
        let comment = body.comment.filter(|text| !text.trim().is_empty());
        if comment.as_ref().is_some_and(|text| text.len() > COMMENT_BYTES_MAX) {
            let pointer = format!("/overrides/{i}/comment");
            return Err(Problem::malformed(&pointer, "A comment has at most 4,000 bytes."));
        }
        let contact = contact(body.contact, i)?;
        all.push(Override { code: body.code, reason: body.reason, comment, contact });
    }
    Ok(all)
}

fn contact(said: Option<String>, place: usize) -> Result<Option<String>, Problem> {
    let said = said.filter(|text| !text.trim().is_empty());
    if said.as_ref().is_some_and(|text| text.len() > CONTACT_BYTES_MAX) {
        let detail = "What the prescriber said has at most 1,000 bytes.";
        return Err(Problem::malformed(&format!("/overrides/{place}/contact"), detail));
    }
    Ok(said)
}

/// A list version as the pages send it.
///
/// # Errors
/// 422 when it is no number.
pub fn list_version(text: Option<String>) -> Result<Option<u64>, Problem> {
    let parse = |t: String| {
        t.parse().map_err(|_| Problem::malformed("/list_version", "A list version is a number."))
    };
    text.map(parse).transpose()
}

/// Judges and carries out a scan.
#[utoipa::path(
    post, path = "/api/v1/scans", request_body = ScanBody, tag = "bedside",
    responses(
        (status = 200, description = "the verdict"),
        (status = 401, body = Problem),
        (status = 422, body = Problem),
    ),
)]
pub async fn post(
    State(web): State<Arc<Web>>,
    auth: Option<Extension<Auth>>,
    headers: HeaderMap,
    Json(body): Json<ScanBody>,
) -> Result<Response, Problem> {
    let at_cart = auth.as_ref().and_then(|a| a.actor.device.clone());
    let cart = match &body.cart {
        Some(cart) => Slug::new(cart).map_err(|e| Problem::malformed("/cart", e.to_string()))?,
        None => at_cart.clone().ok_or_else(|| Problem::malformed("/cart", "Name the cart."))?,
    };
    if at_cart.as_ref() != Some(&cart) && !web.from_device(&headers, &cart) {
        let detail = "Only the cart itself, or somebody signed on at it, may send its scans.";
        return Err(Problem::new(StatusCode::UNAUTHORIZED, "sign_on_first", detail));
    }
    if body.raw.len() > RAW_BYTES_MAX {
        return Err(Problem::malformed("/raw", "A scan has at most 4,096 bytes. Scan again."));
    }
    if !matches!(body.source.as_str(), "wedge" | "key" | "keyed" | "bridge") {
        return Err(Problem::malformed("/source", "The source is wedge, key, keyed or bridge."));
    }
    let raw = match body.symbology.filter(|s| s.len() == 3 && s.starts_with(']')) {
        Some(aim) if !body.raw.starts_with(']') => aim + &body.raw,
        _ => body.raw,
    };
    let input = ScanInput {
        scan_id: body.scan_id,
        cart: cart.clone(),
        raw,
        source: body.source,
        list_version: list_version(body.list_version)?,
        late: false,
        overrides: overrides(body.overrides)?,
    };
    let (answer, receipt, version) = settle(&web, scan(&web.app, input).await)?;
    let Answer::Scan(answer) = answer else { return Err(Problem::unknown()) };
    let response = web.screens.scan_response(&web.app, &cart, &answer, body.fragments);
    let told = Told {
        response,
        receipt,
        administrations: &answer.administrations,
        list_version: version.to_string(),
    };
    Ok(axum::Json(told).into_response())
}
