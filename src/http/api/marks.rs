//! An order prescribed on; marked against giving, and the mark lifted.

use super::json::{Json, Path};
use super::keyed::Keyed;
use super::orders::{Because, Request, act, id, instant, reason};
use crate::http::Web;
use crate::http::auth::Auth;
use crate::http::problem::Problem;
use axum::Json as Reply;
use axum::extract::State;
use emar_domain::decide::{OrderCommand, RenewFor};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::sync::Arc;

/// Until when, and why.
#[derive(Deserialize, Serialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RenewBody {
    /// Before this instant it now ends (RFC 3339).
    pub until: String,
    /// The prescriber's rationale, in words.
    pub reason: String,
}

/// Prescribes it on: a new version that differs in nothing but its end. Its doses go on as they
/// are planned, and it stays verified.
#[utoipa::path(
    post, path = "/api/v1/orders/{id}/renew", tag = "orders",
    params(("id" = String, Path), ("Idempotency-Key" = String, Header)),
    request_body = RenewBody,
    responses((status = 200, description = "prescribed on"), (status = 409, body = Problem)),
)]
pub async fn renew(
    State(web): State<Arc<Web>>,
    auth: Auth,
    keyed: Keyed,
    Path(order): Path,
    Json(asked): Json<RenewBody>,
) -> Result<Reply<Value>, Problem> {
    let renewal =
        RenewFor { until: instant("/until", &asked.until)?, reason: reason(&asked.reason)? };
    let command = OrderCommand::Renew(id(&order)?, renewal);
    act(&web, Request { auth, keyed, sent: ("renew", &order, &asked) }, command).await
}

/// Marks it "do not give": a scan of it is STOP, and its doses say why, until the mark is lifted.
#[utoipa::path(
    post, path = "/api/v1/orders/{id}/do_not_give", tag = "orders",
    params(("id" = String, Path), ("Idempotency-Key" = String, Header)),
    request_body = Because,
    responses((status = 200, description = "marked"), (status = 409, body = Problem)),
)]
pub async fn do_not_give(
    State(web): State<Arc<Web>>,
    auth: Auth,
    keyed: Keyed,
    Path(order): Path,
    Json(because): Json<Because>,
) -> Result<Reply<Value>, Problem> {
    let command = OrderCommand::DoNotGive(id(&order)?, reason(&because.reason)?);
    act(&web, Request { auth, keyed, sent: ("do_not_give", &order, &because) }, command).await
}

/// Lifts the mark "do not give": who made it, or a charge nurse or pharmacist for the prescriber.
/// Its doses to come are due again, unless something else keeps them back.
#[utoipa::path(
    post, path = "/api/v1/orders/{id}/may_give", tag = "orders",
    params(("id" = String, Path), ("Idempotency-Key" = String, Header)),
    request_body = Because,
    responses((status = 200, description = "the mark is lifted"), (status = 409, body = Problem)),
)]
pub async fn may_give(
    State(web): State<Arc<Web>>,
    auth: Auth,
    keyed: Keyed,
    Path(order): Path,
    Json(because): Json<Because>,
) -> Result<Reply<Value>, Problem> {
    let command = OrderCommand::MayGive(id(&order)?, reason(&because.reason)?);
    act(&web, Request { auth, keyed, sent: ("may_give", &order, &because) }, command).await
}
