//! Why an order has nothing due now.

use super::json::Path;
use super::residents::reads_unit;
use crate::http::Web;
use crate::http::auth::Auth;
use crate::http::problem::Problem;
use axum::Json;
use axum::extract::State;
use emar_domain::explain::{NextDose, Reason, Standing, explain as standing_of};
use emar_domain::id::OrderId;
use emar_domain::zone::ZoneRules;
use serde_json::{Map, Value, json};
use std::sync::Arc;

/// What of an order is due, or the code of why nothing is, and the next dose with its window.
#[utoipa::path(
    get, path = "/api/v1/orders/{id}/explain", tag = "orders", params(("id" = String, Path)),
    responses((status = 200, description = "how it stands"), (status = 404, body = Problem)),
)]
pub async fn explain(
    State(web): State<Arc<Web>>,
    auth: Auth,
    Path(id): Path,
) -> Result<Json<Value>, Problem> {
    let id: OrderId = id.parse().map_err(|_| Problem::not_found())?;
    let now = web.app.clock.clinical();
    let home = web.app.home();
    let order = home.orders.get(&id).ok_or_else(Problem::not_found)?;
    let resident = home.residents.get(&order.current.resident);
    if !resident.is_some_and(|r| reads_unit(&home, &auth, &r.unit)) {
        return Err(Problem::not_found());
    }
    let standing = standing_of(&home, order, now);
    let mut told = match &standing {
        Standing::Due { .. } => Map::new(),
        Standing::NotDue { reason, .. } => reason_told(&home.zone, reason),
    };
    let due = matches!(standing, Standing::Due { .. });
    told.insert("order".to_owned(), json!(id));
    told.insert("drug".to_owned(), json!(order.current.drug.name));
    told.insert("state".to_owned(), json!(order.state_at(now).code()));
    told.insert("due".to_owned(), json!(due));
    told.insert("dose".to_owned(), json!(standing.dose().map(|d| dose_told(&home.zone, d))));
    Ok(Json(Value::Object(told)))
}

fn dose_told(zone: &ZoneRules, dose: NextDose) -> Value {
    let local = |at| zone.to_offset_time(at).to_string();
    let NextDose { due, opens, closes } = dose;
    json!({"due_at": local(due), "opens_at": local(opens), "closes_at": local(closes)})
}

/// The reason's code as `why`, and what completes it.
pub(super) fn reason_told(zone: &ZoneRules, reason: &Reason) -> Map<String, Value> {
    let local = |at| json!(zone.to_offset_time(at).to_string());
    let told: Vec<(&str, Value)> = match reason {
        Reason::Held { since, until, because } => {
            let mut told = vec![("since_at", local(*since)), ("reason", json!(because))];
            told.extend(until.map(|until| ("until_at", local(until))));
            told
        }
        Reason::Discontinued { since, because } => {
            vec![("since_at", local(*since)), ("reason", json!(because))]
        }
        Reason::Running { since, until } => {
            let mut told = vec![("since_at", local(*since))];
            told.extend(until.map(|until| ("until_at", local(until))));
            told
        }
        Reason::Away { kind, since, until, because } => {
            let mut told = vec![
                ("kind", json!(kind)),
                ("since_at", local(*since)),
                ("reason", json!(because)),
            ];
            told.extend(until.map(|until| ("until_at", local(until))));
            told
        }
        Reason::DoNotGive { since, by, because } => {
            vec![("since_at", local(*since)), ("by", json!(by)), ("reason", json!(because))]
        }
        Reason::Expired { at } | Reason::Completed { at } => vec![("ended_at", local(*at))],
        Reason::Unschedulable { fault } => vec![("reason", json!(fault))],
        Reason::Charted { outcome, at, by } => {
            vec![("outcome", json!(outcome)), ("charted_at", local(*at)), ("by", json!(by))]
        }
        Reason::Draft
        | Reason::Unverified
        | Reason::EnteredInError
        | Reason::Left
        | Reason::SelfManaged
        | Reason::Prn
        | Reason::OnCall
        | Reason::OpensLater
        | Reason::AllDone => vec![],
    };
    let why = [("why", json!(reason.code()))];
    why.into_iter().chain(told).map(|(name, value)| (name.to_owned(), value)).collect()
}
