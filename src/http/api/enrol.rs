//! Enrolling a cart or station with its one-time code: the browser becomes that device.

use super::json::Form;
use super::sessions::slow_down;
use crate::http::Web;
use crate::http::auth::DEVICE_COOKIE;
use crate::http::problem::Problem;
use crate::secret::{hex, random, sha256};
use crate::service::lane::{Asked, Outcome};
use axum::extract::State;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{Html, IntoResponse, Redirect, Response};
use emar_domain::decide::Command;
use emar_domain::fact::Device;
use emar_domain::id::Slug;
use serde::Deserialize;
use std::sync::Arc;

/// What is entered.
#[derive(Deserialize)]
pub struct Code {
    device: String,
    code: String,
}

/// The form.
pub async fn form() -> Html<&'static str> {
    Html(include_str!("../../../web/templates/enrol.html"))
}

/// Takes the code, once; sets the device's cookie, and tells the token to a client that is no
/// browser.
pub async fn enrol(
    State(web): State<Arc<Web>>,
    Form(code): Form<Code>,
) -> Result<Response, Problem> {
    let refused = || {
        let detail = "This code does not fit, or was used. Ask for a new one: emar cart add.";
        Problem::new(StatusCode::UNAUTHORIZED, "enrol_failed", detail)
    };
    let id = Slug::new(code.device.trim()).map_err(|_| refused())?;
    let now = web.app.clock.machine();
    if !web.attempts.stranger("enrol", now) {
        return Err(slow_down());
    }
    let known = web.app.home().devices.get(&id).cloned();
    let hash = hex(&sha256(code.code.trim().as_bytes()));
    let fits = |d: &Device| d.active && !d.enrolled && d.secret_sha256 == hash;
    let device = known.filter(fits).ok_or_else(refused)?;
    let token = random().map_err(|_| Problem::unavailable())?;
    let enrolled = Device {
        rev: device.rev + 1,
        secret_sha256: hex(&sha256(&token)),
        enrolled: true,
        ..device.clone()
    };
    let asked = Asked::by_server(Command::Device(Box::new(enrolled)));
    match web.app.lane.ask(asked).await {
        Outcome::Done { .. } => {}
        _ => return Err(Problem::unavailable()),
    }
    let page = if device.kind == "station" { "/station?unit=" } else { "/bedside?cart=" };
    let whose = if device.kind == "station" { device.unit.as_str() } else { id.as_str() };
    let mut response = Redirect::to(&format!("{page}{whose}")).into_response();
    let cookie = format!(
        "{DEVICE_COOKIE}={}; Path=/; Secure; HttpOnly; SameSite=Strict; Max-Age=31536000",
        hex(&token)
    );
    if let Ok(value) = HeaderValue::from_str(&cookie) {
        response.headers_mut().insert(header::SET_COOKIE, value);
    }
    Ok(response)
}
