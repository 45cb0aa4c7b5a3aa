//! The audit trail over HTTP: the newest checkpoint and inclusion proofs.

use super::json::Query;
use crate::http::Web;
use crate::http::auth::Auth;
use crate::http::problem::Problem;
use axum::Json;
use axum::extract::State;
use emar_domain::audit::proof;
use emar_domain::audit::tree::Hash;
use serde::Deserialize;
use serde_json::{Value, json};
use std::sync::Arc;

/// Largest log a proof is made of in memory; beyond it proofs come from tiles, by `emar audit`.
const PROOF_LEAVES_MAX: u64 = 1 << 20;

/// Which leaf.
#[derive(Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
pub struct OfLeaf {
    /// Hash of the leaf, hex, as in its receipt.
    pub leaf: String,
}

/// The newest signed checkpoint.
#[utoipa::path(get, path = "/api/v1/audit/checkpoint", tag = "audit",
    responses((status = 200, description = "the checkpoint"), (status = 404, body = Problem)))]
pub async fn checkpoint(State(web): State<Arc<Web>>, _auth: Auth) -> Result<Json<Value>, Problem> {
    let last = web.app.store.last_checkpoint(&web.log).await.map_err(|_| Problem::unavailable())?;
    let last = last.ok_or_else(Problem::not_found)?;
    let root = last.root.to_string();
    Ok(Json(json!({"log": web.log, "size": last.size, "root": root, "body": last.body})))
}

/// Proof that a leaf is in the log at its present size.
#[utoipa::path(get, path = "/api/v1/audit/proof", params(OfLeaf), tag = "audit",
    responses((status = 200, description = "the proof"), (status = 404, body = Problem)))]
pub async fn inclusion(
    State(web): State<Arc<Web>>,
    _auth: Auth,
    Query(of): Query<OfLeaf>,
) -> Result<Json<Value>, Problem> {
    let hash = crate::secret::unhex(&of.leaf).map(Hash);
    let hash = hash.ok_or_else(|| Problem::malformed("/leaf", "A leaf hash has 64 hex digits."))?;
    let store = &web.app.store;
    let head = store.head(&web.app.facility).await.map_err(|_| Problem::unavailable())?;
    let head = head.ok_or_else(Problem::not_found)?;
    let size = head.frontier.size();
    if size > PROOF_LEAVES_MAX {
        let detail =
            "This log is too long for a proof over HTTP; use `emar audit verify --export`.";
        return Err(Problem::malformed("", detail));
    }
    let hashes = store.leaf_hashes(&web.log, 0, size).await.map_err(|_| Problem::unavailable())?;
    // Every hash is read for the proof anyway; an index by hash would cost each leaf a page.
    let index = hashes.iter().position(|h| *h == hash).ok_or_else(Problem::not_found)?;
    let index = u64::try_from(index).map_err(|_| Problem::unavailable())?;
    let proof =
        proof::inclusion_proof(index, size, &hashes[..]).ok_or_else(Problem::unavailable)?;
    let proof: Vec<String> = proof.iter().map(ToString::to_string).collect();
    let root = head.frontier.root().to_string();
    Ok(Json(json!({"log": web.log, "index": index, "size": size, "root": root, "proof": proof})))
}
