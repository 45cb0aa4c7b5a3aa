//! Orders: the worklist of drafts, and the acts on them.

use super::json::{Json, MaybeJson, Path, Query, Unread};
use super::keyed::Keyed;
use super::order_entry::{Anew, changed_anew, entered, placed, read};
use super::residents::reads_unit;
use super::settle_in;
use crate::http::Web;
use crate::http::auth::Auth;
use crate::http::problem::Problem;
use crate::service::lane::Asked;
use axum::Json as Reply;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use emar_domain::administration::Override;
use emar_domain::condition::Conditions;
use emar_domain::decide::{Answer, ChangeKind, Command, HoldFor, OrderCommand};
use emar_domain::home::Home;
use emar_domain::id::{OrderId, ResidentId};
use emar_domain::order::{Order, OrderState, OrderVersion};
use emar_domain::time::Instant;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::sync::Arc;

/// Most rows in one answer.
const ROWS_MAX: usize = 200;

/// Which orders.
#[derive(Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
pub struct InState {
    /// `draft`, `active`, `held`, `do_not_give`, `discontinued`, `expired`, `completed`,
    /// `entered_in_error`.
    pub state: Option<String>,
}

const STATES: [OrderState; 8] = [
    OrderState::Draft,
    OrderState::Active,
    OrderState::Held,
    OrderState::DoNotGive,
    OrderState::Discontinued,
    OrderState::Expired,
    OrderState::Completed,
    OrderState::EnteredInError,
];

/// Why.
#[derive(Deserialize, Serialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Because {
    /// In words.
    pub reason: String,
}

/// Answers to doubts.
#[derive(Deserialize, Serialize, Default, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Answers {
    /// `[{"code": "duplicate_order", "reason": "replaces"}]`.
    #[serde(default)]
    #[schema(value_type = Vec<Object>)]
    pub overrides: Vec<Override>,
    /// The version that was read; another is refused as `order_changed`.
    pub version: Option<u32>,
}

/// What was read.
#[derive(Deserialize, Serialize, Default, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Seen {
    /// The version that was read; another is refused as `order_changed`.
    pub version: Option<u32>,
}

/// How long, and why.
#[derive(Deserialize, Serialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct HoldBody {
    /// In words.
    pub reason: String,
    /// From this instant on (RFC 3339); absent: from now.
    pub from: Option<String>,
    /// Before this instant (RFC 3339); absent: until it is resumed.
    pub until: Option<String>,
}

/// Another version of an order.
#[derive(Deserialize, Serialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ChangeBody {
    /// `new_version`: the prescriber wants something else from now on; `correction`: it never was
    /// as written, and no dose was charted yet.
    #[schema(value_type = String)]
    pub kind: ChangeKind,
    /// In words.
    pub reason: String,
    /// The whole order as it will be, numbered one above the version it replaces.
    #[schema(value_type = Object)]
    pub order: OrderVersion,
}

fn told(home: &Home, order: &Order, state: &str, now: Instant) -> Value {
    let ends_at = order.current.ends_at();
    json!({
        "id": order.id(),
        "resident": order.current.resident,
        "version": order.current.version,
        "state": state,
        "since": order.since.to_string(),
        "reason": order.reason,
        "hold": order.hold,
        "do_not_give": order.do_not_give.as_ref().map(|mark| json!({
            "since_at": home.zone.to_offset_time(mark.since).to_string(),
            "by": mark.by,
            "reason": mark.reason,
        })),
        "drug": order.current.drug.name,
        "dose": order.current.dose.to_string(),
        "dose_text": order.current.dose_text,
        "route": order.current.drug.route,
        "frequency": order.current.frequency,
        "timing": order.current.timing,
        "conditions": order.current.conditions,
        "read_back": read_back(&order.current.conditions),
        "start": order.current.start.to_string(),
        "stop": order.current.stop.map(|t| t.to_string()),
        "expires": order.current.expires.map(|t| t.to_string()),
        "ends_at": ends_at.map(|t| home.zone.to_offset_time(t).to_string()),
        "days_left": home.days_left(order, now),
        "prescriber": order.current.prescriber,
        "renews": order.current.renews,
        "indication": order.current.indication,
        "instructions": order.current.instructions,
        "noted_by": order.noted_by,
        "verified_by": order.verified_by,
        "source": order.current.source,
    })
}

/// Hold parameters and scale in plain words, each with worked examples. Story 19.
pub(super) fn read_back(conditions: &Conditions) -> Value {
    let (gate, scale) = (&conditions.gate, &conditions.scale);
    json!({
        "gate": gate.as_ref().map(ToString::to_string),
        "scale": scale.as_ref().map(ToString::to_string),
    })
}

/// Orders of the home, at most 200, oldest state first.
#[utoipa::path(get, path = "/api/v1/orders", params(InState), tag = "orders",
    responses((status = 200, description = "orders")))]
pub async fn list(
    State(web): State<Arc<Web>>,
    auth: Auth,
    Query(of): Query<InState>,
) -> Result<Reply<Value>, Problem> {
    if of.state.as_deref().is_some_and(|want| STATES.iter().all(|s| s.code() != want)) {
        return Err(Problem::malformed("?state", "There is no such state of an order."));
    }
    let now = web.app.clock.clinical();
    let home = web.app.home();
    let mut found: Vec<(&Order, &str)> = home
        .orders
        .values()
        .filter(|o| {
            let unit = home.residents.get(&o.current.resident).map(|r| &r.unit);
            unit.is_some_and(|unit| reads_unit(&home, &auth, unit))
        })
        .map(|o| (o, o.state_at(now).code()))
        .filter(|(_, state)| of.state.as_deref().is_none_or(|want| want == *state))
        .collect();
    found.sort_by_key(|(o, _)| (o.since, o.id()));
    found.truncate(ROWS_MAX);
    let rows: Vec<Value> = found.into_iter().map(|(o, s)| told(&home, o, s, now)).collect();
    Ok(Reply(json!({"orders": rows})))
}

/// Who asks, as they ask, and what was sent: the same request under the same key is done once.
pub(super) struct Request<'a, T> {
    pub(super) auth: Auth,
    pub(super) keyed: Keyed,
    pub(super) sent: (&'static str, &'a str, &'a T),
}

pub(super) async fn act<T: Serialize>(
    web: &Arc<Web>,
    Request { auth, keyed, sent }: Request<'_, T>,
    command: OrderCommand,
) -> Result<Reply<Value>, Problem> {
    within_reach(web, &auth, &command)?;
    let key = Some(keyed.over("order", &auth, &sent));
    let asked = Asked { actor: auth.actor, key, ..Asked::by_server(Command::Order(command)) };
    let (answer, receipt, _) = settle_in(web, keyed.lang, web.app.lane.ask(asked).await)?;
    let Answer::Order { order, version, changed } = answer else { return Err(Problem::unknown()) };
    let now = web.app.clock.clinical();
    let state = web.app.home().orders.get(&order).map(|o| o.state_at(now).code());
    Ok(Reply(json!({
        "order": order, "version": version, "changed": changed, "state": state, "seq": receipt.seq,
    })))
}

/// Orders of residents whom this user may not read of are not there for them.
pub(super) fn within_reach(web: &Web, auth: &Auth, command: &OrderCommand) -> Result<(), Problem> {
    let home = web.app.home();
    let resident = concerns(&home, command).and_then(|id| home.residents.get(&id));
    match resident.filter(|resident| !reads_unit(&home, auth, &resident.unit)) {
        Some(_) => Err(Problem::not_found()),
        None => Ok(()),
    }
}

/// Whose order it is.
fn concerns(home: &Home, command: &OrderCommand) -> Option<ResidentId> {
    if let OrderCommand::Receive(version) = command {
        return Some(version.resident);
    }
    home.orders.get(&command.order()).map(|o| o.current.resident)
}

fn as_seen(version: Option<u32>, command: OrderCommand) -> OrderCommand {
    match version {
        Some(version) => OrderCommand::AsSeen(version, Box::new(command)),
        None => command,
    }
}

pub(super) fn id(text: &str) -> Result<OrderId, Problem> {
    text.parse().map_err(|_| Problem::not_found())
}

/// Enters an order: a draft until it is noted.
#[utoipa::path(
    post, path = "/api/v1/orders", tag = "orders", request_body = Object,
    params(("Idempotency-Key" = String, Header, description = "fresh for each request")),
    responses(
        (status = 201, description = "the draft"),
        (status = 409, body = Problem),
        (status = 422, body = Problem),
    ),
)]
pub async fn enter(
    State(web): State<Arc<Web>>,
    auth: Auth,
    keyed: Keyed,
    Unread(body): Unread,
) -> Result<Response, Problem> {
    let version: OrderVersion = read(&body)?;
    let anew = entered(version.clone(), &web, &auth)?;
    let request = Request { auth, keyed, sent: ("enter", "", &version) };
    let told = act(&web, request, OrderCommand::Receive(Box::new(anew))).await;
    let told = told.map_err(|problem| placed(problem, ""))?;
    Ok((StatusCode::CREATED, told).into_response())
}

/// A nurse accepts a received order into the home. What is doubtful about it (409, objections that
/// warn) is answered by their codes, each with a reason.
#[utoipa::path(
    post, path = "/api/v1/orders/{id}/note", tag = "orders",
    params(("id" = String, Path), ("Idempotency-Key" = String, Header)),
    request_body = Option<Answers>,
    responses((status = 200, description = "noted"), (status = 409, body = Problem)),
)]
pub async fn note(
    State(web): State<Arc<Web>>,
    auth: Auth,
    keyed: Keyed,
    Path(order): Path,
    MaybeJson(answers): MaybeJson<Answers>,
) -> Result<Reply<Value>, Problem> {
    let note = OrderCommand::Note(id(&order)?, answers.overrides.clone());
    let command = as_seen(answers.version, note);
    act(&web, Request { auth, keyed, sent: ("note", &order, &answers) }, command).await
}

/// A second person confirms it.
#[utoipa::path(
    post, path = "/api/v1/orders/{id}/verify", tag = "orders",
    params(("id" = String, Path), ("Idempotency-Key" = String, Header)),
    request_body = Option<Seen>,
    responses((status = 200, description = "verified"), (status = 409, body = Problem)),
)]
pub async fn verify(
    State(web): State<Arc<Web>>,
    auth: Auth,
    keyed: Keyed,
    Path(order): Path,
    MaybeJson(seen): MaybeJson<Seen>,
) -> Result<Reply<Value>, Problem> {
    let command = as_seen(seen.version, OrderCommand::Verify(id(&order)?));
    act(&web, Request { auth, keyed, sent: ("verify", &order, &seen) }, command).await
}

/// Puts it on hold, from now or a later instant on, until another or until it is resumed: what is
/// due in between is shown as held and not missed.
#[utoipa::path(
    post, path = "/api/v1/orders/{id}/hold", tag = "orders",
    params(("id" = String, Path), ("Idempotency-Key" = String, Header)),
    request_body = HoldBody,
    responses((status = 200, description = "held"), (status = 409, body = Problem)),
)]
pub async fn hold(
    State(web): State<Arc<Web>>,
    auth: Auth,
    keyed: Keyed,
    Path(order): Path,
    Json(asked): Json<HoldBody>,
) -> Result<Reply<Value>, Problem> {
    let why = reason(&asked.reason)?;
    let hold = hold_for(why, asked.from.as_deref(), asked.until.as_deref())?;
    let command = OrderCommand::Hold(id(&order)?, hold);
    act(&web, Request { auth, keyed, sent: ("hold", &order, &asked) }, command).await
}

/// Takes it off hold: its doses are due again from now on.
#[utoipa::path(
    post, path = "/api/v1/orders/{id}/resume", tag = "orders",
    params(("id" = String, Path), ("Idempotency-Key" = String, Header)),
    responses((status = 200, description = "active again"), (status = 409, body = Problem)),
)]
pub async fn resume(
    State(web): State<Arc<Web>>,
    auth: Auth,
    keyed: Keyed,
    Path(order): Path,
) -> Result<Reply<Value>, Problem> {
    let command = OrderCommand::Resume(id(&order)?);
    act(&web, Request { auth, keyed, sent: ("resume", &order, &()) }, command).await
}

/// Puts another version in force now: untouched doses to come are planned anew, what was charted
/// stays, and a second person confirms the change.
#[utoipa::path(
    post, path = "/api/v1/orders/{id}/versions", tag = "orders",
    params(("id" = String, Path), ("Idempotency-Key" = String, Header)),
    request_body = ChangeBody,
    responses(
        (status = 200, description = "in force"),
        (status = 409, body = Problem),
        (status = 422, body = Problem),
    ),
)]
pub async fn change(
    State(web): State<Arc<Web>>,
    auth: Auth,
    keyed: Keyed,
    Path(order): Path,
    Unread(body): Unread,
) -> Result<Reply<Value>, Problem> {
    let asked: ChangeBody = read(&body)?;
    let (why, version) = (reason(&asked.reason)?, asked.order.clone());
    let anew = Anew { kind: asked.kind, reason: why, version, pointer: "/order" };
    let change = changed_anew(&web, &auth, id(&order)?, anew).await?;
    let request = Request { auth, keyed, sent: ("change", &order, &asked) };
    act(&web, request, change).await.map_err(|problem| placed(problem, "/order"))
}

/// A hold as it was sent.
pub(super) fn hold_for(
    reason: String,
    from: Option<&str>,
    until: Option<&str>,
) -> Result<HoldFor, Problem> {
    let from = from.map(|text| instant("/from", text)).transpose()?;
    let until = until.map(|text| instant("/until", text)).transpose()?;
    Ok(HoldFor { from, until, reason })
}

/// Stops it.
#[utoipa::path(
    post, path = "/api/v1/orders/{id}/discontinue", tag = "orders",
    params(("id" = String, Path), ("Idempotency-Key" = String, Header)),
    request_body = Because,
    responses((status = 200, description = "discontinued"), (status = 409, body = Problem)),
)]
pub async fn discontinue(
    State(web): State<Arc<Web>>,
    auth: Auth,
    keyed: Keyed,
    Path(order): Path,
    Json(because): Json<Because>,
) -> Result<Reply<Value>, Problem> {
    let command = OrderCommand::Discontinue(id(&order)?, reason(&because.reason)?);
    act(&web, Request { auth, keyed, sent: ("discontinue", &order, &because) }, command).await
}

/// Withdraws it as one that never was meant, such as an order written for another resident: none of
/// its doses is expected or missed any more. Refused once a dose of it was charted or lies in a
/// pot.
#[utoipa::path(
    post, path = "/api/v1/orders/{id}/entered_in_error", tag = "orders",
    params(("id" = String, Path), ("Idempotency-Key" = String, Header)),
    request_body = Because,
    responses((status = 200, description = "withdrawn"), (status = 409, body = Problem)),
)]
pub async fn entered_in_error(
    State(web): State<Arc<Web>>,
    auth: Auth,
    keyed: Keyed,
    Path(order): Path,
    Json(because): Json<Because>,
) -> Result<Reply<Value>, Problem> {
    let command = never_meant(&web, id(&order)?, reason(&because.reason)?).await?;
    act(&web, Request { auth, keyed, sent: ("entered_in_error", &order, &because) }, command).await
}

/// The command that withdraws an order as one entered in error, with what the database knows of it.
pub(super) async fn never_meant(
    web: &Web,
    order: OrderId,
    reason: String,
) -> Result<OrderCommand, Problem> {
    let done = web.app.store.done_on(order).await.map_err(|_| Problem::unavailable())?;
    Ok(OrderCommand::EnteredInError { order, reason, charted: done.charted })
}

pub(super) fn instant(pointer: &str, text: &str) -> Result<Instant, Problem> {
    Instant::parse(text).map_err(|fault| Problem::malformed(pointer, fault.to_string()))
}

pub(super) fn reason(text: &str) -> Result<String, Problem> {
    if text.trim().is_empty() || text.len() > 1000 {
        return Err(Problem::malformed("/reason", "Say why, in at most 1,000 bytes."));
    }
    Ok(text.to_owned())
}
