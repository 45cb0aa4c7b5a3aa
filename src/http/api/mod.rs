//! The API of `/api/v1`: requests checked, put to the rules, answered in JSON.

pub mod administrations;
pub mod alerts;
pub mod audit;
pub mod control;
pub mod enrol;
pub mod explain;
pub mod json;
pub mod marks;
pub mod orders;
pub mod preview;
pub mod residents;
pub mod scans;
pub mod sessions;
pub mod stays;

use super::Web;
use super::auth::Auth;
use super::problem::Problem;
use crate::secret::sha256;
use crate::service::lane::{Key, Outcome, Receipt};
use axum::http::{HeaderMap, StatusCode};
use emar_domain::decide::{Answer, Refusal};

/// The answer and its receipt, or the problem to send instead.
///
/// # Errors
/// The refusal, or that nothing or nobody knows what was written.
pub fn settle(web: &Web, outcome: Outcome) -> Result<(Answer, Receipt, u64), Problem> {
    match outcome {
        Outcome::Done { answer, receipt, version } => Ok((*answer, receipt, version)),
        Outcome::Refused(refusal) => Err(refused(web, refusal)),
        Outcome::KeyReused => Err(Problem::key_reused()),
        Outcome::Unavailable => Err(Problem::unavailable()),
        Outcome::Unknown => Err(Problem::unknown()),
    }
}

/// The key a request must carry, within the routes of `scope`.
fn key(headers: &HeaderMap, auth: &Auth, scope: &str, request: &[u8]) -> Result<Key, Problem> {
    let text = headers.get("idempotency-key").and_then(|v| v.to_str().ok());
    let fits = |t: &&str| (8..=64).contains(&t.len()) && t.bytes().all(|b| b.is_ascii_graphic());
    let Some(text) = text.filter(fits) else {
        let detail = "Send an Idempotency-Key header of 8 to 64 characters, fresh for each \
            request and the same at every retry.";
        let mut problem = Problem::new(StatusCode::BAD_REQUEST, "key_missing", detail);
        problem.pointer = Some("Idempotency-Key".into());
        return Err(problem);
    };
    let who = auth.actor.user.map(|u| u.to_string()).unwrap_or_default();
    Ok(Key { key: format!("{scope}/{text}"), who, request_sha256: sha256(request) })
}

fn refused(web: &Web, refusal: Refusal) -> Problem {
    let sentence = web.screens.refusal_sentence(&web.app, None, &refusal);
    Problem::refused(refusal, sentence)
}
