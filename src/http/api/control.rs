//! Commands of the command line, from whoever may read the data directory.

use crate::http::Web;
use crate::http::problem::Problem;
use crate::service::lane::{Asked, Outcome};
use axum::Json as Reply;
use axum::body::Bytes;
use axum::extract::State;
use axum::extract::rejection::BytesRejection;
use axum::http::{HeaderMap, StatusCode, header};
use emar_domain::decide::Command;
use serde_json::{Value, json};
use std::sync::Arc;

/// Carries out commands one after the other, each through the lane; what the rules refuse is told.
pub async fn post(
    State(web): State<Arc<Web>>,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Result<Reply<Value>, Problem> {
    let token = headers.get(header::AUTHORIZATION).and_then(|v| v.to_str().ok());
    let token = token.and_then(|t| t.strip_prefix("Control ")).and_then(crate::secret::unhex);
    if token.map(|t| crate::secret::sha256(&t)) != Some(crate::secret::sha256(&web.control)) {
        let detail = "Only the command line of this data directory's owner may do this.";
        return Err(Problem::new(StatusCode::UNAUTHORIZED, "control", detail));
    }
    let body = body.map_err(|e| {
        let detail = "The body is larger than 256 KiB or broke off. Send fewer commands at once.";
        Problem::new(e.status(), "body", detail)
    })?;
    let commands: Vec<Command> = super::json::parse(&body)?;
    let mut refused = Vec::new();
    for command in commands {
        match web.app.lane.ask_patiently(Asked::by_server(command)).await {
            Outcome::Done { .. } => {}
            Outcome::Refused(refusal) => refused.push(refusal.code),
            _ => return Err(Problem::unavailable()),
        }
    }
    Ok(Reply(json!({"refused": refused})))
}
