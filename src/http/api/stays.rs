//! A resident's stay: away, back, discharged, readmitted.

use super::json::{Json, MaybeJson, Path};
use super::keyed::Keyed;
use super::orders::{instant, reason};
use super::residents::{find, told};
use super::settle_in;
use crate::http::Web;
use crate::http::auth::Auth;
use crate::http::problem::Problem;
use crate::service::lane::Asked;
use axum::Json as Reply;
use axum::extract::State;
use emar_domain::decide::{Answer, AwayFor, Command, Stay, StayCommand};
use emar_domain::resident::AbsenceKind;
use serde::Deserialize;
use serde_json::{Value, json};
use std::sync::Arc;

/// Where, how long and why.
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AbsenceBody {
    /// `hospital`, `leave` or `day_release`.
    #[schema(value_type = String)]
    pub kind: AbsenceKind,
    /// From this instant on (RFC 3339), at most a day ago; absent: from now.
    pub from: Option<String>,
    /// Before this instant (RFC 3339), when it ends by itself; absent: until the return.
    pub until: Option<String>,
    /// In words.
    pub reason: String,
}

/// Why, and whether they died.
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DischargeBody {
    /// In words.
    pub reason: String,
    /// They died.
    #[serde(default)]
    pub deceased: bool,
}

/// Where to.
#[derive(Deserialize, Default, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ReadmitBody {
    /// A room of the home's policy; absent: the one they had.
    pub room: Option<String>,
}

/// Records that a resident is away: what is due meanwhile is shown as away and not missed. Another
/// absence while one runs takes its place from its own beginning on.
#[utoipa::path(
    post, path = "/api/v1/residents/{id}/absence", tag = "residents",
    params(
        ("id" = String, Path),
        ("Idempotency-Key" = String, Header, description = "fresh for each request"),
    ),
    request_body = AbsenceBody,
    responses(
        (status = 200, description = "the resident"),
        (status = 404, body = Problem),
        (status = 409, body = Problem),
        (status = 422, body = Problem),
    ),
)]
pub async fn absence(
    State(web): State<Arc<Web>>,
    auth: Auth,
    keyed: Keyed,
    Path(id): Path,
    Json(asked): Json<AbsenceBody>,
) -> Result<Reply<Value>, Problem> {
    let away = AwayFor {
        kind: asked.kind,
        from: asked.from.map(|text| instant("/from", &text)).transpose()?,
        until: asked.until.map(|text| instant("/until", &text)).transpose()?,
        reason: reason(&asked.reason)?,
    };
    act(&web, auth, &keyed, &id, Stay::Away(away)).await
}

/// Records that a resident is back, sooner or later than said, or does not go after all: what is
/// still to come is due again.
#[utoipa::path(
    post, path = "/api/v1/residents/{id}/return", tag = "residents",
    params(
        ("id" = String, Path),
        ("Idempotency-Key" = String, Header, description = "fresh for each request"),
    ),
    responses(
        (status = 200, description = "the resident"),
        (status = 404, body = Problem),
        (status = 409, body = Problem),
    ),
)]
pub async fn returned(
    State(web): State<Arc<Web>>,
    auth: Auth,
    keyed: Keyed,
    Path(id): Path,
) -> Result<Reply<Value>, Problem> {
    act(&web, auth, &keyed, &id, Stay::Return).await
}

/// A resident leaves for good, or has died: nothing more is due.
#[utoipa::path(
    post, path = "/api/v1/residents/{id}/discharge", tag = "residents",
    params(
        ("id" = String, Path),
        ("Idempotency-Key" = String, Header, description = "fresh for each request"),
    ),
    request_body = DischargeBody,
    responses(
        (status = 200, description = "the resident"),
        (status = 404, body = Problem),
        (status = 409, body = Problem),
        (status = 422, body = Problem),
    ),
)]
pub async fn discharge(
    State(web): State<Arc<Web>>,
    auth: Auth,
    keyed: Keyed,
    Path(id): Path,
    Json(asked): Json<DischargeBody>,
) -> Result<Reply<Value>, Problem> {
    let reason = reason(&asked.reason)?;
    let discharge = Stay::Discharge { reason, deceased: asked.deceased };
    act(&web, auth, &keyed, &id, discharge).await
}

/// A resident who was discharged lives here again: their orders go on from now.
#[utoipa::path(
    post, path = "/api/v1/residents/{id}/readmit", tag = "residents",
    params(
        ("id" = String, Path),
        ("Idempotency-Key" = String, Header, description = "fresh for each request"),
    ),
    request_body = Option<ReadmitBody>,
    responses(
        (status = 200, description = "the resident"),
        (status = 404, body = Problem),
        (status = 409, body = Problem),
    ),
)]
pub async fn readmit(
    State(web): State<Arc<Web>>,
    auth: Auth,
    keyed: Keyed,
    Path(id): Path,
    MaybeJson(asked): MaybeJson<ReadmitBody>,
) -> Result<Reply<Value>, Problem> {
    act(&web, auth, &keyed, &id, Stay::Readmit { room: asked.room }).await
}

async fn act(
    web: &Arc<Web>,
    auth: Auth,
    keyed: &Keyed,
    id: &str,
    act: Stay,
) -> Result<Reply<Value>, Problem> {
    let resident = find(&web.app.home(), &auth, id)?.id;
    let command = Command::Stay(StayCommand { resident, act });
    let key = keyed.over("stay", &auth, &command);
    let actor = auth.actor.clone();
    let asked = Asked { actor, key: Some(key), ..Asked::by_server(command) };
    let (answer, receipt, _) = settle_in(web, keyed.lang, web.app.lane.ask(asked).await)?;
    let Answer::Done { count } = answer else { return Err(Problem::unknown()) };
    let home = web.app.home();
    let now = web.app.clock.clinical();
    let resident = told(&home, find(&home, &auth, id)?, now);
    Ok(Reply(json!({"resident": resident, "doses": count, "seq": receipt.seq})))
}
