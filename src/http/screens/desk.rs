//! The addresses of the nurses' desk: a resident's MAR, and orders. Who is nobody here is asked to
//! sign on; who may not read is told so.
use super::compose::{Wrong, compose, hold_span};
use super::hub::frame;
use super::mar;
use super::month::Month;
use super::month_record;
use super::routes::{Viewing, fragments, html, manner};
use super::sight::Sight;
use super::typed::Typed;
use super::{history, orders, review};
use crate::http::api::json::{Json, Path, Query};
use crate::http::api::residents::reads_unit;
use crate::http::auth::Auth;
use crate::http::pages::desk::{
    render_history, render_mar, render_orders, render_refusal, render_sign, render_work,
};
use crate::http::pages::view::desk::{DeskBar, DeskRefusal, DeskSign};
use crate::http::pages::view::orders::{Orders, Work};
use crate::http::problem::Problem;
use crate::store::StoreError;
use axum::extract::{Extension, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use emar_domain::administration::Administration;
use emar_domain::home::Home;
use emar_domain::id::{DoseId, ResidentId, Slug};
use emar_domain::resident::Resident;
use emar_domain::role::Action;
use emar_domain::time::Instant;
use serde::Deserialize;

/// Most doses of one cell.
const DOSES_MAX: usize = 20;

type Who = Option<Extension<Auth>>;

/// Which month; the present one when none is named.
#[derive(Debug, Default, Deserialize)]
pub struct OfMonth {
    month: Option<String>,
}

/// Which doses, by id, joined by commas.
#[derive(Debug, Deserialize)]
pub struct OfDoses {
    doses: String,
}

/// Whose orders, and whether they are reviewed.
#[derive(Debug, Default, Deserialize)]
pub struct OfResident {
    resident: Option<String>,
    view: Option<String>,
}

impl OfResident {
    fn is_review(&self) -> bool {
        self.view.as_deref() == Some("review")
    }
}

fn bar(sight: &Sight<'_>, auth: Option<&Auth>, title: &str) -> DeskBar {
    let user = auth.and_then(|auth| auth.actor.user).map(|id| sight.user(id));
    DeskBar {
        title: sight.words().t(title),
        user: user.unwrap_or_default(),
        read_at: sight.stamp(sight.now),
        zone: sight.home.zone.name().as_str().to_owned(),
    }
}

impl Viewing {
    /// The one who is signed on and may read, or the page that says why nothing is shown.
    fn reader(&self, headers: &HeaderMap, who: &Who, title: &str) -> Result<Auth, Box<Response>> {
        match who {
            Some(Extension(auth)) if auth.actor.role.may(Action::ReadMar) => Ok(auth.clone()),
            Some(Extension(auth)) => Err(Box::new(self.refuse(
                headers,
                auth,
                (title, "desk-role"),
                StatusCode::FORBIDDEN,
            ))),
            None => Err(Box::new(self.ask_to_sign_on(headers, title))),
        }
    }

    fn refuse(
        &self,
        headers: &HeaderMap,
        auth: &Auth,
        (title, why): (&str, &str),
        status: StatusCode,
    ) -> Response {
        let manner = manner(headers);
        let home = self.app.home();
        let sight = Sight { home: &home, now: self.app.clock.clinical(), lang: manner.lang };
        let page = DeskRefusal {
            frame: frame(&self.app, &sight, manner),
            bar: bar(&sight, Some(auth), title),
            sentence: sight.words().t(why),
        };
        (status, html(render_refusal(&page))).into_response()
    }

    fn ask_to_sign_on(&self, headers: &HeaderMap, title: &str) -> Response {
        let known: Vec<(Slug, String)> = {
            let home = self.app.home();
            let mut all: Vec<_> = home.devices.values().filter(|d| d.active).collect();
            // At a station a session lasts longer and takes no cart from anybody.
            all.sort_by_key(|d| d.kind != "station");
            all.into_iter().map(|d| (d.id.clone(), d.name.clone())).collect()
        };
        let here = known.into_iter().filter(|(id, _)| (self.from_device)(headers, id));
        let places = here.map(|(id, name)| (id.to_string(), name)).collect();
        let manner = manner(headers);
        let home = self.app.home();
        let sight = Sight { home: &home, now: self.app.clock.clinical(), lang: manner.lang };
        let page = DeskSign {
            frame: frame(&self.app, &sight, manner),
            bar: bar(&sight, None, title),
            places,
        };
        (StatusCode::UNAUTHORIZED, html(render_sign(&page))).into_response()
    }
}

fn find<'a>(home: &'a Home, auth: &Auth, id: &str) -> Option<&'a Resident> {
    let id: ResidentId = id.parse().ok()?;
    home.residents.get(&id).filter(|r| reads_unit(home, auth, &r.unit))
}

/// `GET /residents/{id}/mar?month=`: the MAR of a month.
pub async fn mar_page(
    State(v): State<Viewing>,
    who: Who,
    headers: HeaderMap,
    Path(id): Path,
    Query(of): Query<OfMonth>,
) -> Response {
    let auth = match v.reader(&headers, &who, "mar-title") {
        Ok(auth) => auth,
        Err(response) => return *response,
    };
    let missing = |why| v.refuse(&headers, &auth, ("mar-title", why), StatusCode::NOT_FOUND);
    let now = v.app.clock.clinical();
    let resident = find(&v.app.home(), &auth, &id).map(|r| r.id);
    let Some(resident) = resident else { return missing("mar-no_resident") };
    let month = match &of.month {
        Some(text) => Month::parse(text),
        None => Month::of(v.app.home().today(now)),
    };
    let Some(month) = month else { return missing("mar-no_month") };
    let Ok(record) = month_record::read(&v.app, resident, month).await else {
        let why = ("mar-title", "desk-unavailable");
        return v.refuse(&headers, &auth, why, StatusCode::SERVICE_UNAVAILABLE);
    };
    let manner = manner(&headers);
    let page = {
        let home = v.app.home();
        let sight = Sight { home: &home, now, lang: manner.lang };
        let head = (frame(&v.app, &sight, manner), bar(&sight, Some(&auth), "mar-title"));
        home.residents.get(&resident).map(|of| mar::mar(&sight, head, of, month, &record))
    };
    // The home is free again: a second borrow beside a waiting writer never comes back.
    page.map_or_else(|| missing("mar-no_resident"), |page| html(render_mar(&page)))
}

/// `GET /residents/{id}/mar/history?doses=`: what became of the doses of a cell.
pub async fn mar_history(
    State(v): State<Viewing>,
    auth: Auth,
    headers: HeaderMap,
    Path(id): Path,
    Query(of): Query<OfDoses>,
) -> Result<Response, Problem> {
    let resident = find(&v.app.home(), &auth, &id).map(|r| r.id).ok_or_else(Problem::not_found)?;
    let ids: Result<Vec<DoseId>, _> = of.doses.split(',').map(str::parse).collect();
    let ids = ids.ok().filter(|ids| ids.len() <= DOSES_MAX).ok_or_else(Problem::not_found)?;
    let store = &v.app.store;
    let mut found = Vec::with_capacity(ids.len());
    for id in ids {
        let dose = store.dose_history(id).await.map_err(|_| Problem::unavailable())?;
        let dose = dose.filter(|d| d.dose.resident == resident).ok_or_else(Problem::not_found)?;
        found.push(dose);
    }
    let order = found.first().map(|d| d.dose.slot.order).ok_or_else(Problem::not_found)?;
    let versions = store.order_versions(order).await.map_err(|_| Problem::unavailable())?;
    let manner = manner(&headers);
    let home = v.app.home();
    let sight = Sight { home: &home, now: v.app.clock.clinical(), lang: manner.lang };
    let frame = frame(&v.app, &sight, manner);
    let told = render_history(&frame, &history::history(&sight, &found, &versions));
    Ok(fragments(frame.seq, told.map(|fragment| vec![fragment])))
}

/// `GET /orders?resident=&view=`: the worklist and the form, or the pharmacist's review.
pub async fn orders_page(
    State(v): State<Viewing>,
    who: Who,
    headers: HeaderMap,
    Query(of): Query<OfResident>,
) -> Response {
    let auth = match v.reader(&headers, &who, "orders-title") {
        Ok(auth) => auth,
        Err(response) => return *response,
    };
    let Ok(resident) = one(&v, &auth, &of) else {
        let why = ("orders-title", "mar-no_resident");
        return v.refuse(&headers, &auth, why, StatusCode::NOT_FOUND);
    };
    let Ok(done) = charted_lately(&v, resident, &of).await else {
        let why = ("orders-title", "desk-unavailable");
        return v.refuse(&headers, &auth, why, StatusCode::SERVICE_UNAVAILABLE);
    };
    let manner = manner(&headers);
    let home = v.app.home();
    let sight = Sight { home: &home, now: v.app.clock.clinical(), lang: manner.lang };
    let title = if of.is_review() { "review-title" } else { "orders-title" };
    html(render_orders(&Orders {
        frame: frame(&v.app, &sight, manner),
        bar: bar(&sight, Some(&auth), title),
        work: work(&sight, &auth, resident, done.as_deref()),
        residents: orders::residents(&sight, &auth, resident),
        entry: orders::entry(&sight, &auth).filter(|_| !of.is_review()),
        device: auth.actor.device.as_ref().map(ToString::to_string).unwrap_or_default(),
    }))
}

/// The one resident asked for, if one is; a problem when there is none for who asks.
fn one(v: &Viewing, auth: &Auth, of: &OfResident) -> Result<Option<ResidentId>, Problem> {
    let Some(id) = of.resident.as_deref().filter(|id| !id.is_empty()) else { return Ok(None) };
    find(&v.app.home(), auth, id).map(|r| Some(r.id)).ok_or_else(Problem::not_found)
}

/// What was charted of the one resident who is reviewed; `None` where nothing is reviewed.
async fn charted_lately(
    v: &Viewing,
    resident: Option<ResidentId>,
    of: &OfResident,
) -> Result<Option<Vec<Administration>>, StoreError> {
    let Some(resident) = resident.filter(|_| of.is_review()) else {
        return Ok(of.is_review().then(Vec::new));
    };
    let now = v.app.clock.clinical();
    let from = now.plus_minutes(-review::USE_DAYS * 24 * 60).unwrap_or(Instant::MIN);
    v.app.store.administrations_of_resident(resident, from, now).await.map(Some)
}

fn work(
    sight: &Sight<'_>,
    auth: &Auth,
    of: Option<ResidentId>,
    reviewed: Option<&[Administration]>,
) -> Work {
    match reviewed {
        Some(done) => review::review(sight, auth, of, done),
        None => orders::work(sight, auth, of),
    }
}

/// `GET /orders/fragments?resident=&view=`: the worklist, or the review, anew.
pub async fn orders_fragments(
    State(v): State<Viewing>,
    auth: Auth,
    headers: HeaderMap,
    Query(of): Query<OfResident>,
) -> Result<Response, Problem> {
    let resident = one(&v, &auth, &of)?;
    let done = charted_lately(&v, resident, &of).await.map_err(|_| Problem::unavailable())?;
    let manner = manner(&headers);
    let home = v.app.home();
    let sight = Sight { home: &home, now: v.app.clock.clinical(), lang: manner.lang };
    let frame = frame(&v.app, &sight, manner);
    let work = render_work(&frame, &work(&sight, &auth, resident, done.as_deref()));
    Ok(fragments(frame.seq, work.map(|fragment| vec![fragment])))
}

/// `POST /orders/compose`: the order, the change or the span of a hold that the form means, to be
/// sent as it stands, or what is wrong with which field. Nothing is recorded.
pub async fn orders_compose(
    State(v): State<Viewing>,
    auth: Auth,
    headers: HeaderMap,
    Json(typed): Json<Typed>,
) -> Response {
    let home = v.app.home();
    let lang = manner(&headers).lang;
    let sight = Sight { home: &home, now: v.app.clock.clinical(), lang };
    let reads = |resident: &Resident| reads_unit(&home, &auth, &resident.unit);
    let answer = if typed.act == "hold" {
        hold_span(&sight, &typed).map(|(from, until)| {
            let text = |at: Option<Instant>| at.map(|at| at.to_string());
            serde_json::json!({ "hold": { "from": text(from), "until": text(until) } })
        })
    } else {
        compose(&sight, &typed, &reads).map(|order| {
            let Typed { order: of, kind, reason, .. } = &typed;
            let change = serde_json::json!({ "order": of, "kind": kind, "reason": reason });
            serde_json::json!({ "order": order, "change": (!of.is_empty()).then_some(change) })
        })
    };
    let wrong = |wrong: Vec<Wrong>| serde_json::json!({ "wrong": wrong });
    axum::Json(answer.unwrap_or_else(wrong)).into_response()
}
