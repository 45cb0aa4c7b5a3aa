//! Charting without a scan of its own, and corrections.

use super::json::{Json, Path};
use super::keyed::Keyed;
use super::scans::{OverrideBody, list_version, overrides};
use super::settle;
use super::witness::WitnessBody;
use crate::http::Web;
use crate::http::auth::Auth;
use crate::http::problem::Problem;
use crate::secret::random;
use crate::service::lane::Asked;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use emar_domain::administration::{Administration, Mode, Outcome};
use emar_domain::amount::Amount;
use emar_domain::decide::{Answer, ChartCommand, Command};
use emar_domain::id::{AdministrationId, DoseId, OrderId, Slug};
use emar_domain::time::Instant;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// Longest comment, in bytes.
pub(crate) const COMMENT_BYTES_MAX: usize = 4000;

/// What was done about a dose, or about a PRN order.
#[derive(Deserialize, Serialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ChartBody {
    /// The dose.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pub dose: Option<DoseId>,
    /// The order, for a PRN giving.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pub order: Option<OrderId>,
    /// `given`, `partial`, `held`, `refused` or `not_given`.
    #[schema(value_type = String)]
    pub outcome: Outcome,
    /// Reason code of the home's list.
    #[serde(default)]
    pub reason: Option<String>,
    /// In words.
    #[serde(default)]
    pub comment: Option<String>,
    /// How much was taken, of a partial dose: `250 mg`.
    #[serde(default)]
    pub units: Option<String>,
    /// Ids of the scans that led here; informative, the cart's session holds what was scanned.
    #[serde(default)]
    pub scans: Vec<String>,
    /// `now` or `past`.
    #[schema(value_type = String)]
    pub mode: Mode,
    /// When it was done, RFC 3339 with offset; needed with `past`.
    #[serde(default)]
    pub administered_at: Option<String>,
    /// The second person, where the home wants one for this drug.
    #[serde(default)]
    pub witness: Option<WitnessBody>,
    /// Warnings the nurse gave a reason for.
    #[serde(default)]
    pub overrides: Vec<OverrideBody>,
    /// The cart, if at one.
    #[serde(default)]
    pub cart: Option<String>,
    /// Version of the list on the screen.
    #[serde(default)]
    pub list_version: Option<String>,
    /// Asks for the parts of the bedside page that it changed, as HTML.
    #[serde(default, skip_serializing)]
    pub fragments: bool,
}

/// Charts an outcome.
#[utoipa::path(
    post, path = "/api/v1/administrations", request_body = ChartBody, tag = "bedside",
    params(("Idempotency-Key" = String, Header, description = "fresh for each request")),
    responses(
        (status = 201, description = "recorded, with its receipt"),
        (status = 409, body = Problem),
        (status = 422, body = Problem),
    ),
)]
pub async fn post(
    State(web): State<Arc<Web>>,
    auth: Auth,
    headers: HeaderMap,
    keyed: Keyed,
    Json(body): Json<ChartBody>,
) -> Result<Response, Problem> {
    chart(&web, (auth, &headers), &keyed, body, None).await
}

/// Corrects a record: appends another that points back to it.
#[utoipa::path(
    post, path = "/api/v1/administrations/{id}/corrections", request_body = ChartBody,
    tag = "bedside", params(("id" = String, Path, description = "the administration to correct")),
    responses(
        (status = 201, description = "recorded, with its receipt"),
        (status = 404, body = Problem),
        (status = 409, body = Problem),
    ),
)]
pub async fn correct(
    State(web): State<Arc<Web>>,
    auth: Auth,
    Path(id): Path,
    headers: HeaderMap,
    keyed: Keyed,
    Json(body): Json<ChartBody>,
) -> Result<Response, Problem> {
    let id: AdministrationId = id.parse().map_err(|_| Problem::not_found())?;
    let earlier = web.app.store.administration(id).await.map_err(|_| Problem::unavailable())?;
    let earlier = earlier.ok_or_else(Problem::not_found)?;
    chart(&web, (auth, &headers), &keyed, body, Some(earlier)).await
}

async fn chart(
    web: &Arc<Web>,
    (auth, headers): (Auth, &HeaderMap),
    keyed: &Keyed,
    body: ChartBody,
    corrected: Option<Administration>,
) -> Result<Response, Problem> {
    let key = keyed.over("chart", &auth, &(&body, corrected.as_ref().map(|c| c.id)));
    let is_page = body.fragments;
    let witness = match &body.witness {
        Some(second) => Some(second.proven(web, headers, &auth).await?),
        None => None,
    };
    let command = ChartCommand { witness, ..command(web, &auth, body, corrected)? };
    let cart = command.cart.clone();
    let actor = auth.actor;
    let asked =
        Asked { actor, key: Some(key), ..Asked::by_server(Command::Chart(Box::new(command))) };
    let (answer, receipt, _) = settle(web, web.app.lane.ask(asked).await)?;
    let Answer::Chart(done) = answer else { return Err(Problem::unknown()) };
    let (text, fragments) = web.screens.charted(&web.app, cart.as_ref(), &done, is_page);
    let told = serde_json::json!({
        "administration": done.administration,
        "dose": done.dose,
        "outcome": done.outcome,
        "effective": done.effective,
        "administered_at": done.administered_at.to_string(),
        "recorded_at": done.recorded_at.to_string(),
        "leaf": receipt.leaf_hash,
        "seq": receipt.seq,
        "headline": text.headline,
        "detail": text.detail,
        "fragments": fragments,
    });
    Ok((StatusCode::CREATED, axum::Json(told)).into_response())
}

fn command(
    web: &Arc<Web>,
    auth: &Auth,
    body: ChartBody,
    corrected: Option<Administration>,
) -> Result<ChartCommand, Problem> {
    let cart = body.cart.as_deref().map(Slug::new).transpose();
    let cart = cart.map_err(|e| Problem::malformed("/cart", e.to_string()))?;
    if cart.is_some() && cart != auth.actor.device {
        return Err(Problem::malformed("/cart", "You are signed on at another cart."));
    }
    if body.comment.as_ref().is_some_and(|c| c.len() > COMMENT_BYTES_MAX) {
        return Err(Problem::malformed("/comment", "A comment has at most 4,000 bytes."));
    }
    let amount = body.units.as_deref().map(Amount::parse_text).transpose();
    let amount =
        amount.map_err(|e| Problem::malformed("/units", format!("{e}; write it as 250 mg.")))?;
    let at = body.administered_at.as_deref().map(Instant::parse).transpose();
    let at = at.map_err(|e| Problem::malformed("/administered_at", e.to_string()))?;
    let mut salt = [0; 16];
    salt.copy_from_slice(&random().map_err(|_| Problem::unavailable())?[..16]);
    if body.mode == Mode::Now && at.is_some() {
        let detail = "What is done now has no time of its own. Leave it out, or send mode past.";
        return Err(Problem::malformed("/administered_at", detail));
    }
    if let Some(earlier) = &corrected {
        let detail = "A correction is about the dose of the record it corrects. Leave this out.";
        if body.dose.is_some_and(|dose| dose != earlier.dose) {
            return Err(Problem::malformed("/dose", detail));
        }
        if body.order.is_some_and(|order| order != earlier.order) {
            return Err(Problem::malformed("/order", detail));
        }
    }
    let dose = body.dose.or(corrected.as_ref().map(|c| c.dose));
    if let Some(dose) = dose
        && corrected.is_none()
        && !web.app.home().doses.contains_key(&dose)
    {
        return Err(Problem::not_found());
    }
    Ok(ChartCommand {
        dose,
        order: body.order,
        outcome: body.outcome,
        reason: body.reason.filter(|r| !r.is_empty()),
        comment: body.comment,
        salt,
        amount,
        mode: body.mode,
        administered_at: at,
        overrides: overrides(body.overrides)?,
        witness: None,
        cart,
        list_version: list_version(body.list_version)?,
        corrects: corrected.as_ref().map(|c| c.id),
        corrected: corrected.map(Box::new),
    })
}
