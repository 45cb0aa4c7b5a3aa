//! What a command carries beside its body: the key under which it is asked once, however often it
//! is sent, and the language its refusal is said in.

use crate::http::auth::Auth;
use crate::http::pages::words::Lang;
use crate::http::problem::Problem;
use crate::http::screens::routes::manner;
use crate::secret::sha256;
use crate::service::lane::Key;
use axum::extract::FromRequestParts;
use axum::http::StatusCode;
use axum::http::request::Parts;
use serde::Serialize;

/// The `Idempotency-Key` of a request, and its language.
pub struct Keyed {
    text: String,
    /// For people; English where the request names none that is spoken.
    pub lang: Lang,
}

impl<S: Send + Sync> FromRequestParts<S> for Keyed {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let text = parts.headers.get("idempotency-key").and_then(|v| v.to_str().ok());
        let fits =
            |t: &&str| (8..=64).contains(&t.len()) && t.bytes().all(|b| b.is_ascii_graphic());
        let Some(text) = text.filter(fits) else {
            let detail = "Send an Idempotency-Key header of 8 to 64 characters, fresh for each \
                request and the same at every retry.";
            let mut problem = Problem::new(StatusCode::BAD_REQUEST, "key_missing", detail);
            problem.pointer = Some("Idempotency-Key".into());
            return Err(problem);
        };
        Ok(Self { text: text.to_owned(), lang: manner(&parts.headers).lang })
    }
}

impl Keyed {
    /// The key of a kind of command; `request` is what was asked, the same at every retry.
    #[must_use]
    pub fn over(&self, kind: &str, auth: &Auth, request: &impl Serialize) -> Key {
        let who = auth.actor.user.map(|u| u.to_string()).unwrap_or_default();
        let request = serde_json::to_vec(request).unwrap_or_default();
        Key { key: format!("{kind}/{}", self.text), who, request_sha256: sha256(&request) }
    }
}
