//! Who asks, and whether they may: one table, default deny.

use super::Web;
use super::problem::Problem;
use super::screens::Viewer;
use crate::secret::{sha256, unhex};
use crate::service::activity::{IDLE_CART_MICROS, IDLE_STATION_MICROS};
use crate::service::devices::BRIDGE;
use axum::extract::{FromRequestParts, MatchedPath, Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::Response;
use emar_domain::decide::Actor;
use emar_domain::fact::Device;
use emar_domain::id::{SessionId, Slug, UserId};
use emar_domain::role::{Action, Role};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

/// The session cookie; the prefix makes browsers keep it to this origin, over TLS or loopback.
pub const COOKIE: &str = "__Host-emar";
/// The cookie of an enrolled cart or station.
pub const DEVICE_COOKIE: &str = "__Host-emar-device";
/// How long a session read from the database is trusted before it is read again.
const TRUST_MICROS: i64 = 5 * 1_000_000;

/// What a route asks of a role.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Needs {
    /// Nobody needs to be signed on.
    Open,
    /// Somebody is signed on, whoever it is; the rules behind decide the rest.
    Session,
    /// The role may do this.
    Role(Action),
}

/// Every route and what it needs. What is not listed is refused.
pub const TABLE: &[(&str, &str, Needs)] = &[
    ("GET", "/", Needs::Open),
    ("GET", "/healthz", Needs::Open),
    ("GET", "/readyz", Needs::Open),
    ("GET", "/api/openapi.json", Needs::Open),
    ("GET", "/enrol", Needs::Open),
    ("POST", "/enrol", Needs::Open),
    ("POST", "/api/v1/sessions", Needs::Open),
    ("GET", "/bedside", Needs::Open),
    ("GET", "/assets/{*path}", Needs::Open),
    ("GET", "/bedside/fragments", Needs::Open),
    ("GET", "/bedside/preview", Needs::Open),
    ("GET", "/bedside/measure", Needs::Open),
    ("GET", "/station", Needs::Open),
    ("GET", "/station/fragments", Needs::Open),
    ("GET", "/residents/{id}/mar", Needs::Open),
    ("GET", "/residents/{id}/mar/history", Needs::Role(Action::ReadMar)),
    ("GET", "/orders", Needs::Open),
    ("GET", "/orders/fragments", Needs::Role(Action::ReadMar)),
    ("POST", "/orders/compose", Needs::Role(Action::EnterOrder)),
    ("GET", "/events", Needs::Open),
    ("GET", "/api/v1/words", Needs::Open),
    ("GET", "/demo/scanner", Needs::Open),
    ("POST", "/demo/scan", Needs::Open),
    ("GET", "/demo/sheet.json", Needs::Open),
    ("GET", "/api/v1/core/home", Needs::Open),
    ("DELETE", "/api/v1/session", Needs::Session),
    ("GET", "/api/v1/residents", Needs::Role(Action::ReadMar)),
    ("GET", "/api/v1/residents/{id}", Needs::Role(Action::ReadMar)),
    ("GET", "/api/v1/residents/{id}/doses", Needs::Role(Action::ReadMar)),
    ("GET", "/api/v1/residents/{id}/mar", Needs::Role(Action::ReadMar)),
    ("GET", "/api/v1/residents/{id}/readings", Needs::Role(Action::ReadMar)),
    ("POST", "/api/v1/residents/{id}/readings", Needs::Role(Action::Chart)),
    ("POST", "/api/v1/residents/{id}/absence", Needs::Role(Action::RecordAbsence)),
    ("POST", "/api/v1/residents/{id}/return", Needs::Role(Action::RecordAbsence)),
    ("POST", "/api/v1/residents/{id}/discharge", Needs::Role(Action::Admit)),
    ("POST", "/api/v1/residents/{id}/readmit", Needs::Role(Action::Admit)),
    ("POST", "/api/v1/scans", Needs::Open),
    ("POST", "/api/v1/administrations", Needs::Role(Action::Chart)),
    ("POST", "/api/v1/witness", Needs::Role(Action::Chart)),
    ("POST", "/api/v1/administrations/{id}/corrections", Needs::Role(Action::CorrectOwn)),
    ("GET", "/api/v1/orders", Needs::Role(Action::ReadMar)),
    ("POST", "/api/v1/orders", Needs::Role(Action::EnterOrder)),
    ("POST", "/api/v1/orders/preview", Needs::Role(Action::EnterOrder)),
    ("GET", "/api/v1/orders/{id}/explain", Needs::Role(Action::ReadMar)),
    ("POST", "/api/v1/orders/{id}/note", Needs::Role(Action::NoteOrder)),
    ("POST", "/api/v1/orders/{id}/verify", Needs::Role(Action::VerifyOrder)),
    ("POST", "/api/v1/orders/{id}/versions", Needs::Role(Action::EnterOrder)),
    ("POST", "/api/v1/orders/{id}/hold", Needs::Role(Action::StopOrder)),
    ("POST", "/api/v1/orders/{id}/resume", Needs::Role(Action::NoteOrder)),
    ("POST", "/api/v1/orders/{id}/discontinue", Needs::Role(Action::StopOrder)),
    ("POST", "/api/v1/orders/{id}/entered_in_error", Needs::Role(Action::StopOrder)),
    ("POST", "/api/v1/orders/{id}/renew", Needs::Role(Action::NoteOrder)),
    ("POST", "/api/v1/orders/{id}/do_not_give", Needs::Role(Action::StopOrder)),
    ("POST", "/api/v1/orders/{id}/may_give", Needs::Role(Action::StopOrder)),
    ("GET", "/api/v1/transcriptions", Needs::Role(Action::ReadMar)),
    ("POST", "/api/v1/transcriptions/{id}/done", Needs::Role(Action::NoteOrder)),
    ("GET", "/api/v1/alerts", Needs::Role(Action::ReadMar)),
    ("POST", "/api/v1/alerts/{id}/accept", Needs::Open),
    ("POST", "/api/v1/alerts/{id}/snooze", Needs::Role(Action::TakeAlert)),
    ("POST", "/api/v1/alerts/{id}/escalate", Needs::Role(Action::TakeAlert)),
    ("POST", "/api/v1/alerts/{id}/shown", Needs::Open),
    ("GET", "/api/v1/audit/checkpoint", Needs::Role(Action::ReadAudit)),
    ("GET", "/api/v1/audit/proof", Needs::Role(Action::ReadAudit)),
    ("POST", "/api/v1/control", Needs::Open),
];

/// What the table says of a route; `None`: refused.
#[must_use]
pub fn needs(method: &Method, path: &str) -> Option<Needs> {
    let method = if method == Method::HEAD { "GET" } else { method.as_str() };
    TABLE.iter().find(|(m, p, _)| *m == method && *p == path).map(|(_, _, n)| *n)
}

/// A session as the server remembers it between requests.
#[derive(Clone, Debug)]
pub struct Live {
    /// Its public name.
    pub id: SessionId,
    /// Who.
    pub user: UserId,
    /// As what.
    pub role: Role,
    /// At which cart or station.
    pub device: Option<Slug>,
    /// When it ends at the latest, machine time.
    pub expires_at: i64,
    /// When the database was last asked about it.
    pub read_at: i64,
}

/// Sessions in memory, by the hash of their token.
#[derive(Default)]
pub struct Sessions(Mutex<BTreeMap<[u8; 32], Live>>);

impl Sessions {
    fn lock(&self) -> std::sync::MutexGuard<'_, BTreeMap<[u8; 32], Live>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Remembers a session.
    pub fn put(&self, token: [u8; 32], live: Live) {
        self.lock().insert(token, live);
    }

    /// Forgets every session opened at a device.
    pub fn forget_at(&self, device: &Slug) {
        self.lock().retain(|_, live| live.device.as_ref() != Some(device));
    }

    /// Forgets a session.
    pub fn forget(&self, token: &[u8; 32]) {
        self.lock().remove(token);
    }
}

/// The one who asks.
#[derive(Clone, Debug)]
pub struct Auth {
    /// For the rules.
    pub actor: Actor,
    /// Hash of the token.
    pub token: [u8; 32],
}

impl Web {
    /// The session a request belongs to, if it brings one that still counts.
    pub async fn session(&self, headers: &HeaderMap) -> Option<Auth> {
        let token = sha256(&unhex(&token_of(headers)?)?);
        let now = self.app.clock.machine();
        let known = self.sessions.lock().get(&token).cloned();
        let live = match known {
            Some(live) if now - live.read_at < TRUST_MICROS => live,
            _ => {
                let row = self.app.store.session(&token).await.ok()??;
                if row.revoked_at.is_some() || row.facility != self.app.facility {
                    self.sessions.forget(&token);
                    return None;
                }
                Live {
                    id: row.id,
                    user: row.user,
                    role: row.role,
                    device: row.device,
                    expires_at: row.expires_at,
                    read_at: now,
                }
            }
        };
        let idle = match live.device.as_ref().and_then(|d| self.device_kind(d)) {
            Some(kind) if kind == "station" => IDLE_STATION_MICROS,
            _ => IDLE_CART_MICROS,
        };
        if now >= live.expires_at || !self.app.activity.used(live.id, now, idle) {
            return None;
        }
        let active = self.app.home().users.get(&live.user).is_some_and(|u| u.active);
        if !active {
            return None;
        }
        let actor = Actor {
            user: Some(live.user),
            role: live.role,
            session: Some(live.id),
            device: live.device.clone(),
            auth: "badge+pin".to_owned(),
        };
        self.sessions.put(token, live);
        Some(Auth { actor, token })
    }

    fn device_kind(&self, device: &Slug) -> Option<String> {
        self.app.home().devices.get(device).map(|d| d.kind.clone())
    }

    /// Whether the request comes from this enrolled cart or station. In the demo every browser on
    /// the machine is every cart. A bridge has no page: nobody stands at it.
    #[must_use]
    pub fn from_device(&self, headers: &HeaderMap, device: &Slug) -> bool {
        let home = self.app.home();
        let page = |d: &&Device| d.active && d.kind != BRIDGE;
        let Some(known) = home.devices.get(device).filter(page) else { return false };
        if self.app.clock.is_demo() {
            return true;
        }
        let token = cookie(headers, DEVICE_COOKIE).or_else(|| {
            headers.get("emar-device").and_then(|v| v.to_str().ok()).map(str::to_owned)
        });
        let hash = token.and_then(|t| unhex(&t)).map(|t| crate::secret::hex(&sha256(&t)));
        known.enrolled && hash.is_some_and(|h| h == known.secret_sha256)
    }
}

/// A cookie's value.
#[must_use]
pub fn cookie(headers: &HeaderMap, name: &str) -> Option<String> {
    let all = headers.get_all(header::COOKIE).iter().filter_map(|v| v.to_str().ok());
    all.flat_map(|v| v.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .find(|(n, _)| *n == name)
        .map(|(_, value)| value.to_owned())
}

/// The token of a request: the cookie, or a Bearer of a client that is no browser (no Origin).
fn token_of(headers: &HeaderMap) -> Option<String> {
    let bearer = headers.get(header::AUTHORIZATION).and_then(|v| v.to_str().ok());
    match bearer.and_then(|v| v.strip_prefix("Bearer ")) {
        Some(token) if !headers.contains_key(header::ORIGIN) => Some(token.to_owned()),
        Some(_) => None,
        None => cookie(headers, COOKIE),
    }
}

/// A state-changing request of a browser must come from this origin.
fn same_origin(headers: &HeaderMap) -> bool {
    let text = |name: &str| headers.get(name).and_then(|v| v.to_str().ok());
    if let Some(site) = text("sec-fetch-site")
        && site != "same-origin"
        && site != "none"
    {
        return false;
    }
    match (text("origin"), text("host")) {
        (Some(origin), Some(host)) => origin.split_once("://").is_some_and(|(_, o)| o == host),
        (Some(_), None) => false,
        (None, _) => true,
    }
}

/// The one place that decides who may use a route.
pub async fn guard(
    State(web): State<Arc<Web>>,
    mut request: Request,
    next: Next,
) -> Result<Response, Problem> {
    let path = request.extensions().get::<MatchedPath>().map(|p| p.as_str().to_owned());
    let path = path.unwrap_or_default();
    let needed = needs(request.method(), &path).ok_or_else(Problem::not_found)?;
    let changes = !matches!(*request.method(), Method::GET | Method::HEAD);
    if changes && !same_origin(request.headers()) {
        let detail = "This request came from another site and was not carried out.";
        return Err(Problem::new(StatusCode::FORBIDDEN, "cross_site", detail));
    }
    let auth = web.session(request.headers()).await;
    let allowed = match (needed, &auth) {
        (Needs::Open, _) => true,
        (_, None) => {
            let detail = "Nobody is signed on here. Scan your badge and enter your PIN.";
            return Err(Problem::new(StatusCode::UNAUTHORIZED, "sign_on_first", detail));
        }
        (Needs::Session, Some(_)) => true,
        (Needs::Role(action), Some(auth)) => auth.actor.role.may(action),
    };
    if !allowed {
        return Err(Problem::role_forbidden());
    }
    if let Some(auth) = auth {
        request.extensions_mut().insert(Viewer {
            session: auth.actor.session.map(|s| s.to_string()).unwrap_or_default(),
            role: auth.actor.role,
            device: auth.actor.device.clone(),
        });
        request.extensions_mut().insert(auth);
    }
    Ok(next.run(request).await)
}

impl<S: Send + Sync> FromRequestParts<S> for Auth {
    type Rejection = Problem;
    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        parts.extensions.get::<Self>().cloned().ok_or_else(|| {
            let detail = "Nobody is signed on here. Scan your badge and enter your PIN.";
            Problem::new(StatusCode::UNAUTHORIZED, "sign_on_first", detail)
        })
    }
}
