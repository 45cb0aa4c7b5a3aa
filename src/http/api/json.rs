//! Bodies and queries: bounded, typed, told exactly where they are wrong, and never echoed.

use crate::http::problem::Problem;
use axum::body::Bytes;
use axum::body::HttpBody as _;
use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::http::request::Parts;
use axum::http::{StatusCode, header};
use serde::de::{DeserializeOwned, IgnoredAny};

/// Largest body, except of an import.
pub const BODY_BYTES_MAX: usize = 256 * 1024;
/// Deepest nesting.
const DEPTH_MAX: u32 = 32;

/// A JSON body.
pub struct Json<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Json<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        let Unread(body) = Unread::from_request(request, state).await?;
        parse(&body).map(Self)
    }
}

/// A body that says it is JSON, for a route that takes more than one shape: see [`parse`].
pub struct Unread(pub Bytes);

impl<S: Send + Sync> FromRequest<S> for Unread {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        let kind = request.headers().get(header::CONTENT_TYPE).and_then(|v| v.to_str().ok());
        let kind = kind.and_then(|k| k.split(';').next()).map(str::trim);
        if kind != Some("application/json") {
            let detail = "Send the body as Content-Type: application/json.";
            return Err(Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "content_type", detail));
        }
        let body = Bytes::from_request(request, state).await.map_err(|e| {
            let detail = "The body is larger than 256 KiB or broke off. Send it again, smaller.";
            Problem::new(e.status(), "body", detail)
        })?;
        Ok(Self(body))
    }
}

/// A JSON body that may be left out.
pub struct MaybeJson<T>(pub T);

impl<T: DeserializeOwned + Default, S: Send + Sync> FromRequest<S> for MaybeJson<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        if request.body().is_end_stream() {
            return Ok(Self(T::default()));
        }
        Json::from_request(request, state).await.map(|Json(body)| Self(body))
    }
}

/// What follows the `?` of an address. The framework's own refusal would be no problem document and
/// would quote the input.
pub struct Query<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequestParts<S> for Query<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        match axum::extract::Query::from_request_parts(parts, state).await {
            Ok(axum::extract::Query(query)) => Ok(Self(query)),
            Err(rejection) => {
                let field = named(&rejection.body_text());
                let detail = "The address asks with something this server does not know, twice, \
                              or not at all. See /api/openapi.json.";
                let mut problem = Problem::new(StatusCode::BAD_REQUEST, "query", detail);
                problem.pointer = Some(field.map(|f| format!("?{f}")).unwrap_or_default().into());
                Err(problem)
            }
        }
    }
}

/// The id in an address; what cannot be one names nothing.
pub struct Path(pub String);

impl<S: Send + Sync> FromRequestParts<S> for Path {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let path = axum::extract::Path::from_request_parts(parts, state).await;
        path.map(|axum::extract::Path(id)| Self(id)).map_err(|_| Problem::not_found())
    }
}

/// A form.
pub struct Form<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Form<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        let form = axum::extract::Form::from_request(request, state).await;
        form.map(|axum::extract::Form(form)| Self(form)).map_err(|rejection| {
            let field = named(&rejection.body_text());
            let detail = "The form cannot be read. Open its page again and fill in every field.";
            let mut problem = Problem::new(rejection.status(), "form", detail);
            problem.pointer = field.map(|f| format!("/{f}").into());
            problem
        })
    }
}

/// The field a refusal of serde says is missing or there twice. What else it quotes is input.
fn named(text: &str) -> Option<String> {
    let after = ["missing field `", "duplicate field `"].iter().find_map(|w| text.split_once(w))?.1;
    let field = after.split('`').next()?;
    let plain = field.len() <= 64 && field.bytes().all(|b| b.is_ascii_lowercase() || b == b'_');
    plain.then(|| field.to_owned())
}

/// Reads JSON.
///
/// # Errors
/// A problem that names line and column, or the place by JSON pointer.
pub fn parse<T: DeserializeOwned>(body: &[u8]) -> Result<T, Problem> {
    if depth(body) > DEPTH_MAX {
        return Err(Problem::malformed("", "The JSON is nested deeper than 32 levels."));
    }
    let mut reader = serde_json::Deserializer::from_slice(body);
    let read: T = serde_path_to_error::deserialize(&mut reader).map_err(|error| {
        // The reader calls a list in place of a code bad syntax; a look at the whole tells.
        let is_json = error.inner().is_data() || serde_json::from_slice::<IgnoredAny>(body).is_ok();
        let pointer = if is_json { pointer(error.path(), error.inner()) } else { String::new() };
        unread(error.inner(), is_json, pointer)
    })?;
    reader.end().map_err(|error| unread(&error, false, String::new()))?;
    Ok(read)
}

fn unread(error: &serde_json::Error, is_json: bool, pointer: String) -> Problem {
    let place = format!("line {}, column {}", error.line(), error.column());
    let (what, status) = if is_json {
        ("is not what is asked for", StatusCode::UNPROCESSABLE_ENTITY)
    } else {
        ("is no JSON", StatusCode::BAD_REQUEST)
    };
    let mut problem = Problem::new(status, "malformed", format!("The body {what} at {place}."));
    problem.pointer = Some(pointer.into());
    problem
}

/// The place of an error as a JSON pointer. It ends before the first name that is no name of ours:
/// what the sender called something is input, and is not echoed.
fn pointer(path: &serde_path_to_error::Path, error: &serde_json::Error) -> String {
    use serde_path_to_error::Segment;
    let text = error.to_string();
    let unknown = text.strip_prefix("unknown field `").or(text.strip_prefix("unknown variant `"));
    let unknown = unknown.and_then(|rest| rest.split('`').next());
    let mut pointer = String::new();
    for segment in path.iter() {
        let name = match segment {
            Segment::Seq { index } => index.to_string(),
            Segment::Map { key } | Segment::Enum { variant: key } => key.clone(),
            Segment::Unknown => break,
        };
        let plain =
            name.len() <= 64 && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
        if !plain || unknown == Some(name.as_str()) {
            break;
        }
        pointer.push('/');
        pointer.push_str(&name);
    }
    if let Some(field) = named(&text) {
        let already = pointer.ends_with(&format!("/{field}")) && text.starts_with("duplicate");
        if !already {
            pointer.push('/');
            pointer.push_str(&field);
        }
    }
    pointer
}

/// How deep arrays and objects are nested, counted without parsing.
fn depth(body: &[u8]) -> u32 {
    let (mut deepest, mut now, mut text, mut escaped) = (0u32, 0u32, false, false);
    for byte in body {
        match (text, escaped, byte) {
            (true, true, _) => escaped = false,
            (true, false, b'\\') => escaped = true,
            (_, false, b'"') => text = !text,
            (false, _, b'{' | b'[') => {
                now += 1;
                deepest = deepest.max(now);
            }
            (false, _, b'}' | b']') => now = now.saturating_sub(1),
            _ => {}
        }
    }
    deepest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bad_body_is_told_where_without_being_echoed() {
        #[derive(serde::Deserialize, Debug)]
        #[allow(dead_code)]
        struct Body {
            rev: u32,
        }
        let told = |text: &str| parse::<Body>(text.as_bytes()).unwrap_err();
        assert_eq!(told("{\"rev\":").status, 400);
        assert_eq!(told("{}").pointer.as_deref(), Some("/rev"));
        assert!(!told("{\"rev\":\"SECRET\"}").detail.contains("SECRET"));
        assert_eq!(told("{\"rev\":\"`secret`\"}").pointer.as_deref(), Some("/rev"));
        assert_eq!(told("{\"rev\":1} x").status, 400);
        assert!(told(&"[".repeat(40)).detail.contains("32 levels"));
        assert_eq!(parse::<serde_json::Value>(b"\"[[[[\"").unwrap(), "[[[[");
    }
    #[test]
    fn a_pointer_leads_to_the_place_and_repeats_no_name_of_the_senders() {
        #[derive(serde::Deserialize, Debug)]
        #[serde(deny_unknown_fields)]
        #[allow(dead_code)]
        struct Row {
            code: String,
            kind: Option<Kind>,
        }
        #[derive(serde::Deserialize, Debug)]
        #[serde(rename_all = "snake_case")]
        enum Kind {
            Given,
        }
        #[derive(serde::Deserialize, Debug)]
        #[serde(deny_unknown_fields)]
        #[allow(dead_code)]
        struct Body {
            rows: Vec<Row>,
            #[serde(default)]
            by_name: std::collections::BTreeMap<String, u32>,
        }
        let cases = [
            (r#"{}"#, "/rows"),
            (r#"{"rows":7}"#, "/rows"),
            (r#"{"rows":[{"code":"a"},{"code":5}]}"#, "/rows/1/code"),
            (r#"{"rows":[{}]}"#, "/rows/0/code"),
            (r#"{"rows":[{"code":"a","code":"b"}]}"#, "/rows/0/code"),
            (r#"{"rows":[{"code":"a","kind":"secret"}]}"#, "/rows/0/kind"),
            (r#"{"rows":[{"code":"a","secret":1}]}"#, "/rows/0"),
            (r#"{"rows":[],"secret":1}"#, ""),
            (r#"{"rows":[],"by_name":{"o secret":"x"}}"#, "/by_name"),
        ];
        for (text, pointer) in cases {
            let problem = parse::<Body>(text.as_bytes()).unwrap_err();
            assert_eq!(problem.pointer.as_deref(), Some(pointer), "{text}");
        }
    }
}
