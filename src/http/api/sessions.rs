//! Signing on and off.

use super::json::Json;
use super::orders::instant;
use super::settle;
use crate::http::Web;
use crate::http::attempts::Locked;
use crate::http::auth::{Auth, COOKIE, Live};
use crate::http::problem::Problem;
use crate::secret::{hex, random, sha256};
use crate::service::lane::Asked;
use crate::store::SessionRow;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use emar_domain::decide::{Actor, Command};
use emar_domain::fact::User;
use emar_domain::id::{SessionId, Slug};
use emar_domain::role::Role;
use emar_domain::time::Instant;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// A session ends at the latest one shift after it began.
const SHIFT_MICROS: i64 = 12 * 3600 * 1_000_000;

/// Badge, PIN and the cart or station they are entered at.
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SignOn {
    /// The raw scan of the badge, or its number as typed.
    pub badge: String,
    /// 6 to 12 digits.
    pub pin: String,
    /// The cart or station.
    pub device: String,
    /// What the device's own clock shows, RFC 3339. A cart's is held against the server's.
    #[serde(default)]
    pub at: Option<String>,
}

/// Who signed on. `session` is told once, to clients that are no browser.
#[derive(Serialize, utoipa::ToSchema)]
pub struct SignedOn {
    /// The token to send as `Authorization: Bearer`.
    pub session: String,
    /// The user's id.
    pub user: String,
    /// Their role.
    pub role: String,
    /// When the session ends at the latest, RFC 3339.
    pub expires_at: String,
}

/// Checks badge and PIN at a device; the user, or the problem. Every failure at an enrolled device
/// takes the same work; elsewhere no PIN is right, and none is hashed.
///
/// # Errors
/// 401 for a wrong badge or PIN or a device that is not enrolled, 423 while locked out, 429 for too
/// many attempts without an enrolled device.
pub async fn prove(
    web: &Arc<Web>,
    headers: &HeaderMap,
    asked: &SignOn,
) -> Result<(User, Slug), Problem> {
    let device = Slug::new(&asked.device).map_err(|_| failed())?;
    let now = web.app.clock.machine();
    // Before the home is borrowed: a second borrow beside a waiting writer never comes back.
    let enrolled = web.from_device(headers, &device);
    let user = {
        let home = web.app.home();
        let now = web.app.clock.clinical();
        let badge = match emar_domain::verdict::read::named(&home, &asked.badge, now) {
            emar_domain::verdict::read::Named::Badge(text) => text,
            _ => asked.badge.clone(),
        };
        home.user_by_badge(&badge).filter(|u| u.active).cloned()
    };
    let id = user.as_ref().map(|u| u.id);
    let fits = if enrolled {
        web.attempts.take(id, &device, now).map_err(locked)?;
        fits(web, asked.pin.clone(), user.as_ref().map(|u| u.pin_hash.clone())).await
    } else {
        if !web.attempts.stranger("sign-on", now) {
            return Err(slow_down());
        }
        false
    };
    match user.filter(|_| fits) {
        Some(user) => {
            web.attempts.succeeded(user.id, &device, now);
            Ok((user, device))
        }
        None => {
            let command = Command::SignOnFailed { user: id, device };
            web.app.lane.ask(Asked::by_server(command)).await;
            Err(failed())
        }
    }
}

/// Whether the PIN is the stored one; a few are hashed at once, the others wait.
async fn fits(web: &Arc<Web>, pin: String, stored: Option<String>) -> bool {
    let Ok(permit) = Arc::clone(&web.hashing).acquire_owned().await else { return false };
    let pins = Arc::clone(&web.pins);
    let hashed = tokio::task::spawn_blocking(move || {
        // Held by the work itself: a caller who goes away ends neither.
        let _permit = permit;
        pins.fits(&pin, stored.as_deref())
    });
    hashed.await.unwrap_or(false)
}

fn failed() -> Problem {
    let detail = "Badge and PIN do not belong together, or this device is not enrolled. Try \
        again; after five wrong PINs the badge is locked for 15 minutes.";
    Problem::new(StatusCode::UNAUTHORIZED, "sign_on_failed", detail)
}

fn locked(what: Locked) -> Problem {
    let detail = match what {
        Locked::User => {
            "Five wrong PINs with this badge: it is locked until 15 minutes have passed. Others \
             can sign on here."
        }
        Locked::UserDay => {
            "Twenty wrong PINs with this badge within a day: it is locked until a day has passed. \
             Others can sign on here."
        }
        Locked::DeviceDay => {
            "Twenty wrong PINs at this device within a day: nobody can sign on here until a day \
             has passed. Use another cart or station."
        }
    };
    Problem::new(StatusCode::LOCKED, "locked_out", detail)
}

/// Too many attempts of those who bring no enrolled device.
#[must_use]
pub fn slow_down() -> Problem {
    let detail = "Too many attempts from devices that are not enrolled. Wait a minute.";
    Problem::new(StatusCode::TOO_MANY_REQUESTS, "slow_down", detail)
}

/// Opens a session.
#[utoipa::path(
    post, path = "/api/v1/sessions", request_body = SignOn, tag = "sessions",
    responses(
        (status = 201, body = SignedOn),
        (status = 401, body = Problem),
        (status = 409, description = "the cart's clock is too far off", body = Problem),
        (status = 422, body = Problem),
        (status = 423, body = Problem),
        (status = 429, body = Problem),
    ),
)]
pub async fn sign_on(
    State(web): State<Arc<Web>>,
    headers: HeaderMap,
    Json(asked): Json<SignOn>,
) -> Result<Response, Problem> {
    let here = Instant::from_micros(web.app.clock.wall());
    let shown = asked.at.as_deref().map(|at| instant("/at", at)).transpose()?;
    let (user, device) = prove(&web, &headers, &asked).await?;
    let token = random().map_err(|_| Problem::unavailable())?;
    let session = SessionId(web.app.ids.fresh());
    let now = web.app.clock.machine();
    let row = SessionRow {
        token_sha256: sha256(&token),
        id: session,
        facility: web.app.facility.clone(),
        user: user.id,
        device: Some(device.clone()),
        role: user.role,
        created_at: now,
        expires_at: now + SHIFT_MICROS,
        revoked_at: None,
    };
    let is_cart = web.app.home().devices.get(&device).is_some_and(|d| d.kind == "cart");
    let actor = Actor {
        user: Some(user.id),
        role: user.role,
        session: Some(session),
        device: Some(device.clone()),
        auth: "badge+pin".to_owned(),
    };
    let _one_at_a_time = web.signing.lock().await;
    let cart = is_cart.then(|| device.clone());
    let clocks = shown.map(|at_cart| (at_cart, here));
    let command = Command::SignOn { user: user.id, session, cart: cart.clone(), clocks };
    let asked = Asked { actor: actor.clone(), ..Asked::by_server(command) };
    web.app.activity.begun(session, now);
    settle(&web, web.app.lane.ask(asked).await)?;
    if let Err(problem) = keep(&web, &row, is_cart).await {
        // The home has somebody at the cart whose session is nowhere: taken back.
        let asked = Asked { actor, ..Asked::by_server(Command::SignOff { cart }) };
        web.app.lane.ask_patiently(asked).await;
        return Err(problem);
    }
    web.screens.signed(&device);
    let live = Live {
        id: session,
        user: user.id,
        role: user.role,
        device: Some(device),
        expires_at: row.expires_at,
        read_at: now,
    };
    web.sessions.put(row.token_sha256, live);
    let body = SignedOn {
        session: hex(&token),
        user: user.id.to_string(),
        role: Role::code(user.role).to_owned(),
        expires_at: Instant::from_micros(row.expires_at).to_string(),
    };
    let cookie = format!("{COOKIE}={}; Path=/; Secure; HttpOnly; SameSite=Strict", hex(&token));
    let mut response = (StatusCode::CREATED, axum::Json(body)).into_response();
    if let Ok(value) = HeaderValue::from_str(&cookie) {
        response.headers_mut().insert(header::SET_COOKIE, value);
    }
    Ok(response)
}

/// Keeps a session once the home knows of it. One session a cart: another badge ends the one
/// before. A station's board is everybody's.
async fn keep(web: &Web, row: &SessionRow, is_cart: bool) -> Result<(), Problem> {
    let store = &web.app.store;
    if let Some(device) = row.device.as_ref().filter(|_| is_cart) {
        let ended = store.revoke_sessions_at(&row.facility, device, row.created_at).await;
        ended.map_err(|_| Problem::unavailable())?;
        web.sessions.forget_at(device);
    }
    store.add_session(row).await.map_err(|_| Problem::unavailable())
}

/// Ends the session.
#[utoipa::path(delete, path = "/api/v1/session", tag = "sessions",
    responses((status = 204), (status = 401, body = Problem)))]
pub async fn sign_off(State(web): State<Arc<Web>>, auth: Auth) -> Result<Response, Problem> {
    let now = web.app.clock.machine();
    if let Some(session) = auth.actor.session {
        let revoked = web.app.store.revoke_session(session, now).await;
        revoked.map_err(|_| Problem::unavailable())?;
    }
    web.sessions.forget(&auth.token);
    let cart = auth.actor.device.clone();
    let signed_off = cart.clone();
    let asked = Asked { actor: auth.actor, ..Asked::by_server(Command::SignOff { cart }) };
    settle(&web, web.app.lane.ask(asked).await)?;
    if let Some(cart) = &signed_off {
        web.screens.signed(cart);
    }
    let gone = format!("{COOKIE}=; Path=/; Secure; HttpOnly; SameSite=Strict; Max-Age=0");
    let mut response = StatusCode::NO_CONTENT.into_response();
    if let Ok(value) = HeaderValue::from_str(&gone) {
        response.headers_mut().insert(header::SET_COOKIE, value);
    }
    Ok(response)
}
