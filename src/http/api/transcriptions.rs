//! Messages of pharmacies that were not carried out: a person reads them, does what they ask by
//! hand and says so.

use super::json::{Json, Path};
use super::keyed::Keyed;
use super::residents::reads_unit;
use super::settle_in;
use crate::http::Web;
use crate::http::auth::Auth;
use crate::http::problem::Problem;
use crate::service::lane::Asked;
use axum::Json as Reply;
use axum::extract::State;
use emar_domain::decide::Command;
use emar_domain::fact::Transcription;
use emar_domain::home::Home;
use emar_domain::id::FactId;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::sync::Arc;

/// What was done about a message.
#[derive(Deserialize, Serialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DoneBody {
    /// In words, such as the order that was entered for it.
    pub reason: String,
}

/// Those that wait and are for whoever looks: of residents of their units, and of nobody known.
pub fn waiting<'a>(home: &'a Home, auth: &'a Auth) -> impl Iterator<Item = &'a Transcription> {
    let unit = |t: &Transcription| Some(&home.residents.get(&t.resident?)?.unit);
    home.transcriptions
        .values()
        .filter(move |t| unit(t).is_none_or(|unit| reads_unit(home, auth, unit)))
}

/// What pharmacies sent and the home did not carry out, and why: each waits for a person.
#[utoipa::path(
    get, path = "/api/v1/transcriptions", tag = "orders",
    responses((status = 200, description = "what waits, oldest first")),
)]
pub async fn list(State(web): State<Arc<Web>>, auth: Auth) -> Reply<Value> {
    let home = web.app.home();
    let mut all: Vec<&Transcription> = waiting(&home, &auth).collect();
    all.sort_by_key(|t| (t.at, t.id));
    let told = |t: &&Transcription| {
        json!({
            "id": t.id, "sender": t.sender, "message": t.message, "answer": t.answer,
            "resident": t.resident, "says": t.says, "reasons": t.reasons,
            "at": home.zone.to_offset_time(t.at).to_string(),
        })
    };
    Reply(json!({ "transcriptions": all.iter().map(told).collect::<Vec<_>>() }))
}

/// Takes a message off the list: what it asks for was done by hand, or there was nothing to do.
#[utoipa::path(
    post, path = "/api/v1/transcriptions/{id}/done", tag = "orders",
    params(("id" = String, Path), ("Idempotency-Key" = String, Header)),
    request_body = DoneBody,
    responses(
        (status = 200, description = "it waits no more"),
        (status = 404, body = Problem),
        (status = 409, body = Problem),
    ),
)]
pub async fn done(
    State(web): State<Arc<Web>>,
    auth: Auth,
    keyed: Keyed,
    Path(id): Path,
    Json(body): Json<DoneBody>,
) -> Result<Reply<Value>, Problem> {
    let id = FactId(id.parse().map_err(|_| Problem::not_found())?);
    let note = super::orders::reason(&body.reason)?;
    let forbidden = {
        let home = web.app.home();
        home.transcriptions.contains_key(&id) && !waiting(&home, &auth).any(|t| t.id == id)
    };
    if forbidden {
        return Err(Problem::not_found());
    }
    let command = Command::Transcribed { id, note };
    let key = keyed.over("transcribed", &auth, &command);
    let actor = auth.actor.clone();
    let asked = Asked { actor, key: Some(key), ..Asked::by_server(command) };
    let (_, receipt, _) = settle_in(&web, keyed.lang, web.app.lane.ask(asked).await)?;
    Ok(Reply(json!({ "id": id, "seq": receipt.seq })))
}
