//! The pages' addresses. Authentication stands in front and says who looks.
use super::desk;
use super::hub::{Manner, Screens};
use super::live::{Page, follow};
use super::measure::measuring;
use super::sight::Sight;
use crate::http::api::json::Query;
use crate::http::pages::assets;
use crate::http::pages::render::{
    Fragment, render_bedside, render_bedside_fragments, render_start, render_station,
    render_station_fragments,
};
use crate::http::pages::view::{Frame, Theme};
use crate::http::pages::words::{Lang, words};
use crate::service::App;
use axum::Router;
use axum::extract::{Extension, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::sse::Sse;
use axum::response::{Html, IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use emar_domain::id::{CartId, Slug, UnitId};
use emar_domain::role::{Action, Role};
use serde::Deserialize;
use std::sync::Arc;

/// Whether a request comes from an enrolled device.
pub type FromDevice = dyn Fn(&HeaderMap, &Slug) -> bool + Send + Sync;

/// What the routes work with.
#[derive(Clone)]
pub struct Viewing {
    /// The facility.
    pub app: Arc<App>,
    /// State of the pages.
    pub screens: Arc<Screens>,
    /// Whether a request comes from this cart or station.
    pub from_device: Arc<FromDevice>,
}

/// Who looks, put into the request by authentication when somebody is signed on.
#[derive(Clone, Debug)]
pub struct Viewer {
    /// Name of the session: at most two streams each.
    pub session: String,
    /// In which role.
    pub role: Role,
    /// At which cart or station.
    pub device: Option<Slug>,
}

/// What the pages' addresses ask for.
#[derive(Debug, Default, Deserialize)]
pub struct Asked {
    cart: Option<String>,
    unit: Option<String>,
    station: Option<String>,
}

/// Every page, the events and the embedded files.
pub fn routes<S: Clone + Send + Sync + 'static>(viewing: Viewing) -> Router<S> {
    Router::new()
        .route("/", get(start))
        .route("/bedside", get(bedside))
        .route("/bedside/fragments", get(bedside_fragments))
        .route("/bedside/preview", get(core_home))
        .route("/bedside/measure", get(to_measure))
        .route("/station", get(station))
        .route("/station/fragments", get(station_fragments))
        .route("/residents/{id}/mar", get(desk::mar_page))
        .route("/residents/{id}/mar/history", get(desk::mar_history))
        .route("/orders", get(desk::orders_page))
        .route("/orders/fragments", get(desk::orders_fragments))
        .route("/orders/compose", post(desk::orders_compose))
        .route("/events", get(events))
        .route("/api/v1/core/home", get(core_home))
        .route("/api/v1/words", get(words_json))
        .with_state(viewing)
        .merge(assets::routes())
}

type Looking = Option<Extension<Viewer>>;

/// A sentence for a page that cannot be shown.
fn no(status: StatusCode, why: &'static str) -> Response {
    (status, no_store(), why).into_response()
}

fn no_store() -> [(header::HeaderName, HeaderValue); 1] {
    [(header::CACHE_CONTROL, HeaderValue::from_static("no-store"))]
}

pub(super) fn html(page: askama::Result<String>) -> Response {
    match page {
        Ok(page) => (no_store(), Html(page)).into_response(),
        Err(error) => {
            tracing::error!(%error, "a page could not be written");
            no(StatusCode::SERVICE_UNAVAILABLE, "The page could not be written. Load it again.")
        }
    }
}

pub(super) fn fragments(seq: i64, found: askama::Result<Vec<Fragment>>) -> Response {
    match found {
        Ok(fragments) => {
            let body = serde_json::json!({ "seq": seq, "fragments": fragments });
            (no_store(), axum::Json(body)).into_response()
        }
        Err(error) => html(Err(error)),
    }
}

/// The language and theme a request asks for.
pub fn manner(headers: &HeaderMap) -> Manner {
    let cookies = headers.get_all(header::COOKIE).iter().filter_map(|v| v.to_str().ok());
    let pairs: Vec<(&str, &str)> =
        cookies.flat_map(|all| all.split(';')).filter_map(|p| p.trim().split_once('=')).collect();
    let cookie = |name: &str| pairs.iter().find(|(n, _)| *n == name).map(|(_, value)| *value);
    let accepted = headers.get(header::ACCEPT_LANGUAGE).and_then(|v| v.to_str().ok());
    let lang = cookie("lang").or(accepted).map_or(Lang::En, Lang::from_tag);
    let chosen = match cookie("theme") {
        Some("day") => Some(Theme::Day),
        Some("night") => Some(Theme::Night),
        _ => None,
    };
    Manner { lang, chosen }
}

const NO_CART: &str = "There is no such cart here. Open the start page and choose one.";
const NO_UNIT: &str = "There is no such unit here. Open the start page and choose one.";
const NOT_HERE: &str =
    "This browser is not enrolled for it, and nobody is signed on. Enrol it first.";

impl Viewing {
    /// The cart asked for, if it may be shown: on the cart itself, or to who is signed on at it.
    fn cart(
        &self,
        headers: &HeaderMap,
        viewer: &Looking,
        asked: &Asked,
    ) -> Result<CartId, Box<Response>> {
        let missing = || Box::new(no(StatusCode::NOT_FOUND, NO_CART));
        let cart = asked.cart.as_deref().and_then(|id| Slug::new(id).ok()).ok_or_else(missing)?;
        if !self.app.home().devices.get(&cart).is_some_and(|d| d.kind == "cart" && d.active) {
            return Err(missing());
        }
        let at_it = viewer.as_ref().is_some_and(|v| v.device.as_ref() == Some(&cart));
        if at_it || (self.from_device)(headers, &cart) {
            return Ok(cart);
        }
        Err(Box::new(no(StatusCode::UNAUTHORIZED, NOT_HERE)))
    }

    /// The unit asked for, if its board may be shown: on one of its stations, or to who may read.
    fn unit(
        &self,
        headers: &HeaderMap,
        viewer: &Looking,
        asked: &Asked,
    ) -> Result<Option<UnitId>, Box<Response>> {
        let missing = || Box::new(no(StatusCode::NOT_FOUND, NO_UNIT));
        let unit = match asked.unit.as_deref().filter(|unit| !unit.is_empty()) {
            Some(unit) => Some(Slug::new(unit).map_err(|_| missing())?),
            None => None,
        };
        let stations: Vec<Slug> = {
            let home = self.app.home();
            let known = |unit: &Slug| home.policy.units.contains_key(unit.as_str());
            if unit.as_ref().is_some_and(|unit| !known(unit)) {
                return Err(missing());
            }
            let here = |unit_of: &Slug| unit.as_ref().is_none_or(|unit| unit_of == unit);
            let all = home.devices.values().filter(|d| d.kind == "station" && d.active);
            all.filter(|d| here(&d.unit)).map(|d| d.id.clone()).collect()
        };
        let reads = viewer.as_ref().is_some_and(|v| v.role.may(Action::ReadMar));
        if reads || stations.iter().any(|id| (self.from_device)(headers, id)) {
            return Ok(unit);
        }
        Err(Box::new(no(StatusCode::UNAUTHORIZED, NOT_HERE)))
    }
}

/// `GET /`: where the carts and stations of the home are.
pub async fn start(State(v): State<Viewing>, headers: HeaderMap) -> Response {
    let manner = manner(&headers);
    let home = v.app.home();
    let sight = Sight { home: &home, now: v.app.clock.clinical(), lang: manner.lang };
    let active = || home.devices.values().filter(|d| d.active);
    let carts = active().filter(|d| d.kind == "cart");
    let carts = carts.map(|d| (format!("/bedside?cart={}", d.id), d.name.clone()));
    let stations = active().filter(|d| d.kind == "station");
    let stations = stations.map(|d| (format!("/station?unit={}", d.unit), d.name.clone()));
    let places: Vec<(String, String)> = carts.chain(stations).collect();
    let shift = Theme::of_hour(sight.hour());
    let (lang, chosen, demo) = (manner.lang, manner.chosen, v.app.clock.is_demo());
    html(render_start(&Frame { lang, shift, chosen, demo, seq: 0 }, &home.policy.name, &places))
}

/// `GET /bedside?cart=`: the whole page of a cart.
pub async fn bedside(
    State(v): State<Viewing>,
    viewer: Looking,
    headers: HeaderMap,
    Query(asked): Query<Asked>,
) -> Response {
    if asked.cart.is_none() {
        return Redirect::to("/").into_response();
    }
    let cart = match v.cart(&headers, &viewer, &asked) {
        Ok(cart) => cart,
        Err(response) => return *response,
    };
    let manner = manner(&headers);
    v.screens.speaks(&cart, manner.lang);
    let home = v.app.home();
    match v.screens.page(&v.app, &home, &cart, manner) {
        Some(page) => html(render_bedside(&page)),
        None => no(StatusCode::NOT_FOUND, NO_CART),
    }
}

/// `GET /bedside/fragments?cart=`: the full refresh.
pub async fn bedside_fragments(
    State(v): State<Viewing>,
    viewer: Looking,
    headers: HeaderMap,
    Query(asked): Query<Asked>,
) -> Response {
    let cart = match v.cart(&headers, &viewer, &asked) {
        Ok(cart) => cart,
        Err(response) => return *response,
    };
    let manner = manner(&headers);
    v.screens.speaks(&cart, manner.lang);
    v.app.heard.hear(&cart, v.app.clock.machine());
    let home = v.app.home();
    match v.screens.page(&v.app, &home, &cart, manner) {
        Some(page) => fragments(page.frame.seq, render_bedside_fragments(&page)),
        None => no(StatusCode::NOT_FOUND, NO_CART),
    }
}

/// `GET /station?unit=`: the whole board.
pub async fn station(
    State(v): State<Viewing>,
    viewer: Looking,
    headers: HeaderMap,
    Query(asked): Query<Asked>,
) -> Response {
    let unit = match v.unit(&headers, &viewer, &asked) {
        Ok(unit) => unit,
        Err(response) => return *response,
    };
    let station = asked.station.as_deref().filter(|id| Slug::new(id).is_ok());
    let home = v.app.home();
    let at = (unit.as_ref(), station);
    html(render_station(&v.screens.board(&v.app, &home, at, manner(&headers))))
}

/// `GET /station/fragments?unit=`: the full refresh.
pub async fn station_fragments(
    State(v): State<Viewing>,
    viewer: Looking,
    headers: HeaderMap,
    Query(asked): Query<Asked>,
) -> Response {
    let unit = match v.unit(&headers, &viewer, &asked) {
        Ok(unit) => unit,
        Err(response) => return *response,
    };
    let home = v.app.home();
    let page = v.screens.board(&v.app, &home, (unit.as_ref(), None), manner(&headers));
    fragments(page.frame.seq, render_station_fragments(&page))
}

/// `GET /events?cart=` or `?unit=`: what changes, as it does.
pub async fn events(
    State(v): State<Viewing>,
    viewer: Looking,
    headers: HeaderMap,
    Query(asked): Query<Asked>,
) -> Response {
    let page = if asked.cart.is_some() {
        v.cart(&headers, &viewer, &asked).map(Page::Cart)
    } else {
        v.unit(&headers, &viewer, &asked).map(Page::Board)
    };
    let page = match page {
        Ok(page) => page,
        Err(response) => return *response,
    };
    let who = match (&viewer, &page) {
        (Some(viewer), _) => format!("session {}", viewer.session),
        (None, Page::Cart(cart)) => format!("cart {cart}"),
        (None, Page::Board(Some(unit))) => format!("unit {unit}"),
        (None, Page::Board(None)) => "board".to_owned(),
    };
    let Some(place) = v.screens.streams.take(&who) else {
        return no(StatusCode::SERVICE_UNAVAILABLE, "Too many live pages are open. Try again.");
    };
    let events = follow(v.app, v.screens, page, manner(&headers), place);
    (no_store(), Sse::new(events)).into_response()
}

/// `GET /bedside/preview?cart=`: what the page's core judges on, the open resident and no other.
pub async fn core_home(
    State(v): State<Viewing>,
    viewer: Looking,
    headers: HeaderMap,
    Query(asked): Query<Asked>,
) -> Response {
    let cart = match v.cart(&headers, &viewer, &asked) {
        Ok(cart) => cart,
        Err(response) => return *response,
    };
    let home = v.app.home();
    let session = home.carts.get(&cart);
    let user = session.and_then(|s| s.session.and(s.user)).and_then(|id| home.users.get(&id));
    let Some(user) = user else {
        return no(StatusCode::UNAUTHORIZED, "Nobody is signed on here. Scan your badge.");
    };
    let (slice, now) = (home.slice(&cart), v.app.clock.clinical());
    let body = serde_json::json!({ "home": slice, "cart": cart, "role": user.role, "now": now });
    (no_store(), axum::Json(body)).into_response()
}

/// What the dialog is opened for.
#[derive(Debug, Default, Deserialize)]
pub struct ToMeasure {
    cart: Option<String>,
    order: Option<String>,
}

/// `GET /bedside/measure?cart=&order=`: what is to be measured on the open resident, for the order
/// named and the other doses that are open.
pub async fn to_measure(
    State(v): State<Viewing>,
    viewer: Looking,
    headers: HeaderMap,
    Query(asked): Query<ToMeasure>,
) -> Response {
    let of = Asked { cart: asked.cart, ..Asked::default() };
    let cart = match v.cart(&headers, &viewer, &of) {
        Ok(cart) => cart,
        Err(response) => return *response,
    };
    let home = v.app.home();
    let session = home.carts.get(&cart).filter(|s| s.session.is_some());
    let Some(resident) = session.and_then(|s| s.open) else {
        return no(StatusCode::UNAUTHORIZED, "Nobody is open here. Scan the wristband.");
    };
    let order = asked.order.and_then(|id| id.parse().ok());
    let (now, lang) = (v.app.clock.clinical(), manner(&headers).lang);
    let found = measuring(&Sight { home: &home, now, lang }, resident, order);
    (no_store(), axum::Json(found)).into_response()
}

/// `GET /api/v1/words`: the words the pages' scripts use, in the language asked for.
pub async fn words_json(headers: HeaderMap) -> Response {
    let json = words(manner(&headers).lang).page_json();
    ([(header::CONTENT_TYPE, "application/json")], json).into_response()
}
