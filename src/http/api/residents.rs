//! Residents, their doses, their MAR.

use super::explain::reason_told;
use super::json::{Path, Query};
use crate::http::Web;
use crate::http::auth::Auth;
use crate::http::problem::Problem;
use crate::http::screens::month::Month;
use crate::http::screens::month_record;
use axum::Json;
use axum::extract::State;
use emar_domain::dose::Dose;
use emar_domain::dose_amount::{at_scan, of_dose};
use emar_domain::explain::{Reason, Standing, due_list, kept_back};
use emar_domain::home::Home;
use emar_domain::id::{ResidentId, UnitId};
use emar_domain::order::Order;
use emar_domain::resident::{Resident, ResidentState};
use emar_domain::time::Instant;
use serde::Deserialize;
use serde_json::{Map, Value, json};
use std::sync::Arc;

/// Which residents.
#[derive(Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
pub struct OfUnit {
    /// Only of this unit.
    pub unit: Option<String>,
}

/// Which month.
#[derive(Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
pub struct OfMonth {
    /// `YYYY-MM`.
    pub month: String,
}

/// Whether this user may read of this unit.
pub(crate) fn reads_unit(home: &Home, auth: &Auth, unit: &UnitId) -> bool {
    home.may_read(&auth.actor, unit)
}

fn sees(home: &Home, auth: &Auth, resident: &Resident) -> bool {
    reads_unit(home, auth, &resident.unit)
}

pub(super) fn told(home: &Home, resident: &Resident, now: Instant) -> Value {
    let local = |at| home.zone.to_offset_time(at).to_string();
    json!({
        "id": resident.id,
        "family": resident.family.0,
        "given": resident.given.0,
        "nickname": resident.nickname.0,
        "birth_date": resident.birth_date.map(|d| d.to_string()),
        "unit": resident.unit,
        "room": resident.room,
        "state": resident.state,
        "left_because": resident.left_because,
        "away": resident.absence_at(now).is_some(),
        "absence": resident.absence_ahead(now).map(|absence| json!({
            "kind": absence.kind,
            "from": local(absence.from),
            "until": absence.until.map(local),
            "reason": absence.reason,
        })),
        "allergies": resident.allergies,
        "how_taken": resident.how_taken,
        "code_status": resident.code_status,
    })
}

/// Residents of the home, in room order.
#[utoipa::path(get, path = "/api/v1/residents", params(OfUnit), tag = "residents",
    responses((status = 200, description = "residents"), (status = 403, body = Problem)))]
pub async fn list(
    State(web): State<Arc<Web>>,
    auth: Auth,
    Query(of): Query<OfUnit>,
) -> Json<Value> {
    let now = web.app.clock.clinical();
    let home = web.app.home();
    let mut found: Vec<&Resident> = home
        .residents
        .values()
        .filter(|r| r.state == ResidentState::Admitted && sees(&home, &auth, r))
        .filter(|r| of.unit.as_ref().is_none_or(|u| r.unit.as_str() == u))
        .collect();
    found.sort_by(|a, b| (&a.unit, &a.room).cmp(&(&b.unit, &b.room)));
    let found: Vec<Value> = found.into_iter().map(|r| told(&home, r, now)).collect();
    Json(json!({"residents": found}))
}

pub(super) fn find<'a>(home: &'a Home, auth: &Auth, id: &str) -> Result<&'a Resident, Problem> {
    let id: ResidentId = id.parse().map_err(|_| Problem::not_found())?;
    home.residents.get(&id).filter(|r| sees(home, auth, r)).ok_or_else(Problem::not_found)
}

/// One resident.
#[utoipa::path(
    get, path = "/api/v1/residents/{id}", tag = "residents", params(("id" = String, Path)),
    responses((status = 200, description = "the resident"), (status = 404, body = Problem)),
)]
pub async fn one(
    State(web): State<Arc<Web>>,
    auth: Auth,
    Path(id): Path,
) -> Result<Json<Value>, Problem> {
    let home = web.app.home();
    Ok(Json(told(&home, find(&home, &auth, &id)?, web.app.clock.clinical())))
}

/// A dose with its order as it has it.
fn dose_told(home: &Home, dose: &Dose, order: Option<&Order>, now: Instant) -> Value {
    let local = home.zone.to_offset_time(dose.due).to_string();
    let fixed = order.filter(|o| o.current.conditions.scale.is_none());
    json!({
        "id": dose.id,
        "order": dose.slot.order,
        "drug": order.map(|o| o.current.drug.name.clone()),
        "amount": fixed.map(|o| o.current.dose.to_string()),
        "route": order.map(|o| o.current.drug.route.clone()),
        "due_at": local,
        "opens_at": home.zone.to_offset_time(dose.opens).to_string(),
        "closes_at": home.zone.to_offset_time(dose.closes).to_string(),
        "tie": order.and_then(|o| o.current.conditions.tie(dose.local.time())),
        "act": if dose.slot.is_removal() { "remove" } else { "give" },
        "state": dose.state_at(now),
        "withdrawn": dose.withdrawn,
        "kept_back": kept_back(home, dose).map(|reason| reason_told(&home.zone, &reason)),
        "prepared": dose.prepared.is_some(),
        "shifted": dose.shifted,
        "outcome": dose.outcome.as_ref().map(|o| json!({
            "administration": o.administration,
            "outcome": o.outcome,
            "by": o.by,
            "at": home.zone.to_offset_time(o.at).to_string(),
        })),
    })
}

/// Why an order that is not on the list of doses is not due, in full: never silence.
fn not_due(home: &Home, order: &Order, standing: &Standing) -> Value {
    let mut told = match standing {
        Standing::Due { .. } => Map::from_iter([("why".to_owned(), json!("due"))]),
        Standing::NotDue { reason, .. } => reason_told(&home.zone, reason),
    };
    if let Standing::NotDue { reason: Reason::Unschedulable { fault }, .. } = standing {
        told.insert("why".to_owned(), json!(format!("unschedulable:{fault}")));
    }
    let next = standing.dose().map(|n| home.zone.to_offset_time(n.due).to_string());
    told.insert("order".to_owned(), json!(order.id()));
    told.insert("drug".to_owned(), json!(order.current.drug.name));
    told.insert("next_at".to_owned(), json!(next));
    Value::Object(told)
}

/// A resident's doses of today and what is open, those of today that an absence, a hold or a mark
/// keeps back, and every other order with the reason why it is not due. `amount` is null where a
/// sliding scale says how much and no reading of now says which row.
#[utoipa::path(
    get, path = "/api/v1/residents/{id}/doses", tag = "residents", params(("id" = String, Path)),
    responses((status = 200, description = "doses"), (status = 404, body = Problem)),
)]
pub async fn doses(
    State(web): State<Arc<Web>>,
    auth: Auth,
    Path(id): Path,
) -> Result<Json<Value>, Problem> {
    let now = web.app.clock.clinical();
    let home = web.app.home();
    let resident = find(&home, &auth, &id)?;
    let list = due_list(&home, resident.id, now);
    let told = |doses: Vec<&Dose>| -> Vec<Value> {
        let own = |dose: &Dose| {
            let order = home.orders.get(&dose.slot.order)?;
            // A reading of now says nothing of a dose that is not open yet, or was charted.
            let open = dose.is_open() && dose.opens <= now;
            let at_scan = || at_scan(&home, order, Some(dose), now);
            Some(if open { at_scan() } else { of_dose(order, Some(dose)) })
        };
        doses.into_iter().map(|dose| dose_told(&home, dose, own(dose).as_deref(), now)).collect()
    };
    let not_due = list.others.iter().map(|(order, standing)| not_due(&home, order, standing));
    Ok(Json(json!({
        "list_version": home.version.to_string(),
        "not_due": not_due.collect::<Vec<_>>(),
        "doses": told(list.doses),
        "kept_back": told(list.kept_back),
    })))
}

/// A resident's MAR of one month: every dose, and every administration with its corrections.
#[utoipa::path(
    get, path = "/api/v1/residents/{id}/mar", params(("id" = String, Path), OfMonth),
    tag = "residents",
    responses(
        (status = 200, description = "the MAR"),
        (status = 404, body = Problem),
        (status = 422, body = Problem),
    ),
)]
pub async fn mar(
    State(web): State<Arc<Web>>,
    auth: Auth,
    Path(id): Path,
    Query(of): Query<OfMonth>,
) -> Result<Json<Value>, Problem> {
    let now = web.app.clock.clinical();
    let (resident, month) = {
        let home = web.app.home();
        let resident = find(&home, &auth, &id)?.id;
        let month = Month::parse(&of.month)
            .ok_or_else(|| Problem::malformed("/month", "The month is written YYYY-MM."))?;
        (resident, month)
    };
    let record = month_record::read(&web.app, resident, month).await;
    let record = record.map_err(|_| Problem::unavailable())?;
    let home = web.app.home();
    let of = |dose: &Dose| dose_told(&home, dose, record.order_of(&home, dose).as_ref(), now);
    let doses: Vec<Value> = record.doses().iter().map(of).collect();
    let (month, done) = (month.to_string(), record.done());
    Ok(Json(json!({"resident": resident, "month": month, "doses": doses, "administrations": done})))
}
