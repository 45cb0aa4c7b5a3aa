//! One shape for everything that did not work: RFC 9457.

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use emar_domain::decide::Refusal;
use emar_domain::verdict::Objection;
use serde::Serialize;

/// A problem document. `detail` is a sentence for people, `code` a word for programs.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct Problem {
    /// Always `about:blank`: `code` tells what it is.
    #[serde(rename = "type")]
    #[schema(value_type = String)]
    kind: Kind,
    /// The status in words.
    pub title: &'static str,
    /// The HTTP status.
    pub status: u16,
    /// What it is.
    #[schema(value_type = String)]
    pub code: Box<str>,
    /// What, why and what to do next.
    #[schema(value_type = String)]
    pub detail: Box<str>,
    /// The rules' objections.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(value_type = Vec<Object>)]
    pub objections: Vec<Objection>,
    /// Code of what to do next.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub next: Option<Box<str>>,
    /// Where in the request, as a JSON pointer or a header's name.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub pointer: Option<Box<str>>,
}

#[derive(Debug, Clone, Copy, Serialize)]
enum Kind {
    #[serde(rename = "about:blank")]
    Blank,
}

impl Problem {
    /// A problem.
    #[must_use]
    pub fn new(status: StatusCode, code: &str, detail: impl Into<Box<str>>) -> Self {
        Self {
            kind: Kind::Blank,
            title: status.canonical_reason().unwrap_or("Problem"),
            status: status.as_u16(),
            code: code.into(),
            detail: detail.into(),
            objections: Vec::new(),
            next: None,
            pointer: None,
        }
    }

    /// A request that cannot be read, and where.
    #[must_use]
    pub fn malformed(pointer: &str, detail: impl Into<Box<str>>) -> Self {
        let mut problem = Self::new(StatusCode::UNPROCESSABLE_ENTITY, "malformed", detail);
        problem.pointer = Some(pointer.into());
        problem
    }

    /// The same of a part of what was sent.
    #[must_use]
    pub fn under(mut self, pointer: &str) -> Self {
        self.pointer = self.pointer.map(|within| format!("{pointer}{within}").into());
        self
    }

    /// Something that is not there, or not for the one who asks.
    #[must_use]
    pub fn not_found() -> Self {
        let detail = "There is nothing under this address for you. Reload the list.";
        Self::new(StatusCode::NOT_FOUND, "not_found", detail)
    }

    /// The role of the one who asks may not do this.
    #[must_use]
    pub fn role_forbidden() -> Self {
        let detail = "Your role may not do this. Ask the charge nurse.";
        Self::new(StatusCode::FORBIDDEN, "role_forbidden", detail)
    }

    /// The database did not take it: nothing was written.
    #[must_use]
    pub fn unavailable() -> Self {
        let detail = "This was NOT recorded. Try again; if it goes on, write it down and tell the \
            charge nurse.";
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "unavailable", detail)
    }

    /// Whether it was written is not known.
    #[must_use]
    pub fn unknown() -> Self {
        let detail = "Whether this was recorded is not known. Ask again with the same key before \
            anything is given.";
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "unknown", detail)
    }

    /// The same key with another body.
    #[must_use]
    pub fn key_reused() -> Self {
        let detail = "This key was used for another request. Make a new key for a new request.";
        Self::new(StatusCode::CONFLICT, "key_reused", detail)
    }

    /// A refusal of the rules, with its sentence.
    #[must_use]
    pub fn refused(refusal: Refusal, sentence: String) -> Self {
        let status = match refusal.code.as_str() {
            "role_forbidden" | "role_cannot_chart" => StatusCode::FORBIDDEN,
            "dose_unknown" | "order_unknown" | "administration_unknown" => StatusCode::NOT_FOUND,
            "sign_on_first" => StatusCode::UNAUTHORIZED,
            "reason_missing" | "reason_unknown" | "comment_missing" | "amount_missing"
            | "amount_unfit" | "time_missing" | "time_in_future" | "time_before_start"
            | "dose_missing" | "readings_missing" | "reading_unknown" | "reading_unfit"
            | "reading_twice" | "pressure_reversed" | "reading_in_future" | "reading_too_old" => {
                StatusCode::UNPROCESSABLE_ENTITY
            }
            _ => StatusCode::CONFLICT,
        };
        let pointer = match refusal.code.as_str() {
            "reason_missing" | "reason_unknown" => Some("/reason"),
            "comment_missing" => Some("/comment"),
            "amount_missing" | "amount_unfit" => Some("/units"),
            "time_missing" | "time_in_future" | "time_before_start" => Some("/administered_at"),
            "dose_missing" => Some("/dose"),
            "readings_missing" | "reading_unknown" | "reading_unfit" | "reading_twice"
            | "pressure_reversed" => Some("/readings"),
            "reading_in_future" | "reading_too_old" => Some("/at"),
            _ => None,
        };
        let mut problem = Self::new(status, &refusal.code, sentence);
        problem.objections = refusal.objections;
        problem.next = Some(refusal.next.into());
        problem.pointer = pointer.map(Into::into);
        problem
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::BAD_REQUEST);
        let mut response = (status, axum::Json(&self)).into_response();
        let kind = HeaderValue::from_static("application/problem+json");
        response.headers_mut().insert(header::CONTENT_TYPE, kind);
        if status == StatusCode::SERVICE_UNAVAILABLE {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("1"));
        }
        response
    }
}
