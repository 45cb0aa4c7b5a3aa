//! HTTP: pages for people, an API for machines.

pub mod api;
pub mod attempts;
pub mod auth;
pub mod metrics;
pub mod pages;
pub mod problem;
pub mod screens;

use crate::secret::Pins;
use crate::service::App;
use crate::worker::outbox::OutboxHandle;
use api::json::BODY_BYTES_MAX;
use attempts::Attempts;
use auth::Sessions;
use axum::Router;
use axum::extract::{DefaultBodyLimit, Request, State};
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::{delete, get, post};
use problem::Problem;
use screens::{Screens, Viewing};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Semaphore;
use utoipa::OpenApi;

/// Longest a request may take.
const REQUEST_TIME: Duration = Duration::from_secs(10);
/// Most requests at work at once; beyond it callers are told to come again.
const AT_WORK_MAX: usize = 256;
/// Kept free for charting and for stations that say what they showed.
const RESERVED: usize = 64;
/// Most PINs hashed at once.
const HASHING_MAX: usize = 2;

/// What every handler shares.
pub struct Web {
    /// The facility.
    pub app: Arc<App>,
    /// Name of its audit log.
    pub log: String,
    /// Sessions in memory.
    pub sessions: Sessions,
    /// Wrong PINs.
    pub attempts: Attempts,
    /// Checks PINs.
    pub pins: Arc<Pins>,
    /// Held while a PIN is hashed: each takes 19 MiB.
    pub hashing: Arc<Semaphore>,
    /// Held from the lane's word to the session's row: two badges at one cart leave one session.
    pub signing: tokio::sync::Mutex<()>,
    /// State of the pages.
    pub screens: Arc<Screens>,
    /// The outbox worker, when there is a broker.
    pub outbox: Option<OutboxHandle>,
    /// Authorises the command line of whoever owns the data directory.
    pub control: [u8; 32],
    ordinary: Semaphore,
    reserved: Semaphore,
}

impl Web {
    /// What the handlers of one server share.
    #[must_use]
    pub fn new(
        app: Arc<App>,
        log: String,
        pins: Arc<Pins>,
        screens: Arc<Screens>,
        outbox: Option<OutboxHandle>,
        control: [u8; 32],
    ) -> Self {
        Self {
            app,
            log,
            sessions: Sessions::default(),
            attempts: Attempts::default(),
            pins,
            hashing: Arc::new(Semaphore::new(HASHING_MAX)),
            signing: tokio::sync::Mutex::default(),
            screens,
            outbox,
            control,
            ordinary: Semaphore::new(AT_WORK_MAX),
            reserved: Semaphore::new(RESERVED),
        }
    }
}

/// The API's description.
#[derive(OpenApi)]
#[openapi(
    info(
        title = "emar",
        description = "Electronic medication administration record: bedside, orders, alerts, \
                       audit trail."
    ),
    paths(
        api::sessions::sign_on,
        api::sessions::sign_off,
        api::residents::list,
        api::residents::one,
        api::residents::doses,
        api::residents::mar,
        api::readings::post,
        api::readings::list,
        api::stays::absence,
        api::stays::returned,
        api::stays::discharge,
        api::stays::readmit,
        api::scans::post,
        api::administrations::post,
        api::witness::post,
        api::administrations::correct,
        api::orders::list,
        api::orders::enter,
        api::preview::preview,
        api::explain::explain,
        api::orders::note,
        api::orders::verify,
        api::orders::change,
        api::orders::hold,
        api::orders::resume,
        api::orders::discontinue,
        api::orders::entered_in_error,
        api::marks::renew,
        api::marks::do_not_give,
        api::marks::may_give,
        api::transcriptions::list,
        api::transcriptions::done,
        api::alerts::list,
        api::alerts::accept,
        api::alerts::snooze,
        api::alerts::escalate,
        api::alerts::shown,
        api::audit::checkpoint,
        api::audit::inclusion,
    ),
    components(schemas(Problem))
)]
struct Api;

/// Every route of the server. `more` are the demo's own.
pub fn router(web: Arc<Web>, more: Router<Arc<Web>>) -> Router {
    let api = Router::new()
        .route("/api/v1/sessions", post(api::sessions::sign_on))
        .route("/api/v1/session", delete(api::sessions::sign_off))
        .route("/api/v1/residents", get(api::residents::list))
        .route("/api/v1/residents/{id}", get(api::residents::one))
        .route("/api/v1/residents/{id}/doses", get(api::residents::doses))
        .route("/api/v1/residents/{id}/mar", get(api::residents::mar))
        .route(
            "/api/v1/residents/{id}/readings",
            get(api::readings::list).post(api::readings::post),
        )
        .route("/api/v1/residents/{id}/absence", post(api::stays::absence))
        .route("/api/v1/residents/{id}/return", post(api::stays::returned))
        .route("/api/v1/residents/{id}/discharge", post(api::stays::discharge))
        .route("/api/v1/residents/{id}/readmit", post(api::stays::readmit))
        .route("/api/v1/scans", post(api::scans::post))
        .route("/api/v1/administrations", post(api::administrations::post))
        .route("/api/v1/witness", post(api::witness::post))
        .route("/api/v1/administrations/{id}/corrections", post(api::administrations::correct))
        .route("/api/v1/orders", get(api::orders::list).post(api::orders::enter))
        .route("/api/v1/orders/preview", post(api::preview::preview))
        .route("/api/v1/orders/{id}/explain", get(api::explain::explain))
        .route("/api/v1/orders/{id}/note", post(api::orders::note))
        .route("/api/v1/orders/{id}/verify", post(api::orders::verify))
        .route("/api/v1/orders/{id}/versions", post(api::orders::change))
        .route("/api/v1/orders/{id}/hold", post(api::orders::hold))
        .route("/api/v1/orders/{id}/resume", post(api::orders::resume))
        .route("/api/v1/orders/{id}/discontinue", post(api::orders::discontinue))
        .route("/api/v1/orders/{id}/entered_in_error", post(api::orders::entered_in_error))
        .route("/api/v1/orders/{id}/renew", post(api::marks::renew))
        .route("/api/v1/orders/{id}/do_not_give", post(api::marks::do_not_give))
        .route("/api/v1/orders/{id}/may_give", post(api::marks::may_give))
        .route("/api/v1/transcriptions", get(api::transcriptions::list))
        .route("/api/v1/transcriptions/{id}/done", post(api::transcriptions::done))
        .route("/api/v1/alerts", get(api::alerts::list))
        .route("/api/v1/alerts/{id}/accept", post(api::alerts::accept))
        .route("/api/v1/alerts/{id}/snooze", post(api::alerts::snooze))
        .route("/api/v1/alerts/{id}/escalate", post(api::alerts::escalate))
        .route("/api/v1/alerts/{id}/shown", post(api::alerts::shown))
        .route("/api/v1/audit/checkpoint", get(api::audit::checkpoint))
        .route("/api/v1/audit/proof", get(api::audit::inclusion))
        .route("/api/v1/control", post(api::control::post))
        .route("/enrol", get(api::enrol::form).post(api::enrol::enrol))
        .route("/api/openapi.json", get(openapi))
        .route("/healthz", get(|| async { "ok\n" }))
        .route("/readyz", get(ready));
    let asked_by = Arc::clone(&web);
    let viewing = Viewing {
        app: Arc::clone(&web.app),
        screens: Arc::clone(&web.screens),
        from_device: Arc::new(move |headers, device| asked_by.from_device(headers, device)),
    };
    let all = api.merge(more).with_state(Arc::clone(&web)).merge(screens::routes(viewing));
    all.layer(from_fn_with_state(Arc::clone(&web), auth::guard))
        .fallback(|| async { Problem::not_found() })
        .method_not_allowed_fallback(|| async {
            let detail = "This address does not take that method.";
            Problem::new(StatusCode::METHOD_NOT_ALLOWED, "method", detail)
        })
        .layer(DefaultBodyLimit::max(BODY_BYTES_MAX))
        .layer(from_fn_with_state(web, bounded))
}

async fn openapi() -> Response {
    axum::Json(Api::openapi()).into_response()
}

/// Ready: the home is in memory and the database answers.
async fn ready(State(web): State<Arc<Web>>) -> Response {
    match web.app.store.head(&web.app.facility).await {
        Ok(Some(_)) => "ready\n".into_response(),
        _ => Problem::unavailable().into_response(),
    }
}

/// Bounds every request in time and number, and puts the headers every answer carries.
async fn bounded(State(web): State<Arc<Web>>, request: Request, next: Next) -> Response {
    let path = request.uri().path();
    let first = path == "/api/v1/administrations"
        || path == "/api/v1/scans"
        || path.ends_with("/shown")
        || path.ends_with("/readings");
    let live = path == "/events";
    let permit = match web.ordinary.try_acquire() {
        Ok(permit) => Some(permit),
        Err(_) if first => web.reserved.try_acquire().ok(),
        Err(_) => None,
    };
    let mut response = match permit {
        None => Problem::unavailable().into_response(),
        // A stream answers at once and then goes on: its permit ends with the head.
        Some(_permit) if live => next.run(request).await,
        Some(_permit) => match tokio::time::timeout(REQUEST_TIME, next.run(request)).await {
            Ok(response) => response,
            Err(_) => Problem::unknown().into_response(),
        },
    };
    let headers = response.headers_mut();
    for (name, value) in HEADERS {
        headers.entry(HeaderName::from_static(name)).or_insert(HeaderValue::from_static(value));
    }
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    response
}

const HEADERS: [(&str, &str); 3] = [
    (
        "content-security-policy",
        "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; \
         img-src 'self' data:; font-src 'self'; connect-src 'self'; worker-src 'self'; \
         manifest-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    ),
    ("x-content-type-options", "nosniff"),
    ("referrer-policy", "no-referrer"),
];
