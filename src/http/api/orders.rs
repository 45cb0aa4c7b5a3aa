//! Orders: the worklist of drafts, and the acts on them.

use super::json::{Json, MaybeJson, Path, Query};
use super::keyed::Keyed;
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
use emar_domain::amount::Amount;
use emar_domain::decide::{Answer, ChangeCommand, ChangeKind, Command, HoldFor, OrderCommand};
use emar_domain::home::Home;
use emar_domain::id::{OrderId, ResidentId};
use emar_domain::order::{Order, OrderState, OrderVersion, Timing};
use emar_domain::schedule::{Schedule, ScheduleFault};
use emar_domain::time::Instant;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::sync::Arc;

/// Longest window on either side of a due time, in minutes: a day.
const WINDOW_MINUTES_MAX: i64 = 24 * 60;

/// Most rows in one answer.
const ROWS_MAX: usize = 200;

/// Which orders.
#[derive(Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
pub struct InState {
    /// `draft`, `active`, `held`, `discontinued`, `expired`, `completed`, `entered_in_error`.
    pub state: Option<String>,
}

const STATES: [OrderState; 7] = [
    OrderState::Draft,
    OrderState::Active,
    OrderState::Held,
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

fn told(order: &Order, state: &str) -> Value {
    json!({
        "id": order.id(),
        "resident": order.current.resident,
        "version": order.current.version,
        "state": state,
        "since": order.since.to_string(),
        "reason": order.reason,
        "hold": order.hold,
        "drug": order.current.drug.name,
        "dose": order.current.dose.to_string(),
        "dose_text": order.current.dose_text,
        "route": order.current.drug.route,
        "frequency": order.current.frequency,
        "timing": order.current.timing,
        "start": order.current.start.to_string(),
        "stop": order.current.stop.map(|t| t.to_string()),
        "indication": order.current.indication,
        "instructions": order.current.instructions,
        "noted_by": order.noted_by,
        "verified_by": order.verified_by,
        "source": order.current.source,
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
    let rows: Vec<Value> = found.into_iter().map(|(o, s)| told(o, s)).collect();
    Ok(Reply(json!({"orders": rows})))
}

/// Who asks, as they ask, and what was sent: the same request under the same key is done once.
struct Request<'a, T> {
    auth: Auth,
    keyed: Keyed,
    sent: (&'static str, &'a str, &'a T),
}

async fn act<T: Serialize>(
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
    let order = match command {
        OrderCommand::Receive(version) => return Some(version.resident),
        OrderCommand::Change(change) => change.version.order,
        OrderCommand::Note(id, _)
        | OrderCommand::Verify(id)
        | OrderCommand::Hold(id, _)
        | OrderCommand::Resume(id)
        | OrderCommand::Discontinue(id, _) => *id,
    };
    home.orders.get(&order).map(|o| o.current.resident)
}

fn id(text: &str) -> Result<OrderId, Problem> {
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
    Json(version): Json<OrderVersion>,
) -> Result<Response, Problem> {
    let anew = entered(version.clone(), &web, &auth)?;
    let request = Request { auth, keyed, sent: ("enter", "", &version) };
    let told = act(&web, request, OrderCommand::Receive(Box::new(anew))).await?;
    Ok((StatusCode::CREATED, told).into_response())
}

/// The order as it is entered: sound, and under the home's own name and number.
pub(super) fn entered(
    mut version: OrderVersion,
    web: &Web,
    auth: &Auth,
) -> Result<OrderVersion, Problem> {
    sound(&version)?;
    version.order = OrderId(web.app.ids.fresh());
    version.version = 1;
    version.not_before = None;
    version.entered_by = auth.actor.user;
    "home".clone_into(&mut version.source.sender);
    version.source.placer = version.order.to_string();
    Ok(version)
}

/// What the types cannot say of an order: texts that are there and not endless, a dose, windows
/// and a schedule that can be.
fn sound(version: &OrderVersion) -> Result<(), Problem> {
    let drug = &version.drug;
    let texts = [
        ("/drug/ingredient", &drug.ingredient, 1, 200),
        ("/drug/name", &drug.name, 1, 300),
        ("/drug/form", &drug.form, 1, 100),
        ("/drug/route", &drug.route, 0, 100),
        ("/dose_text", &version.dose_text, 0, 1000),
        ("/frequency", &version.frequency, 0, 100),
        ("/indication", &version.indication, 0, 1000),
        ("/instructions", &version.instructions, 0, 4000),
        ("/source/version", &version.source.version, 0, 100),
    ];
    for (pointer, text, least, most) in texts {
        if text.len() > most || text.trim().len() < least {
            let detail = format!("This text has {least} to {most} bytes.");
            return Err(Problem::malformed(pointer, detail));
        }
    }
    if version.allergy_override.as_ref().is_some_and(|t| t.trim().is_empty() || t.len() > 1000) {
        return Err(Problem::malformed("/allergy_override", "Say why, in at most 1,000 bytes."));
    }
    if version.dose.nano <= 0 {
        return Err(Problem::malformed("/dose/nano", "A dose is more than nothing."));
    }
    let windows =
        [("/before_minutes", version.before_minutes), ("/after_minutes", version.after_minutes)];
    for (pointer, minutes) in windows {
        if !(0..=WINDOW_MINUTES_MAX).contains(&minutes) {
            return Err(Problem::malformed(pointer, "A window has 0 to 1,440 minutes."));
        }
    }
    if version.stop.is_some_and(|stop| stop <= version.start) {
        return Err(Problem::malformed("/stop", "The order stops before it starts."));
    }
    timing(&version.timing)
}

/// What is counted at the bedside is the amount a schedule names: it must be one.
fn named_doses(schedule: &Schedule) -> Result<(), Problem> {
    let Schedule::Clock(clock) = schedule else { return Ok(()) };
    let steps = clock.steps.iter().flatten().map(|step| ("/timing/schedule/steps", &step.dose));
    let turns = clock.alternate.iter().flatten().map(|dose| ("/timing/schedule/alternate", dose));
    let days = clock.dose_by_dow.iter().flat_map(|all| all.values());
    let days = days.map(|dose| ("/timing/schedule/dose_by_dow", dose));
    let unread = |dose: &str| !Amount::parse_text(dose).is_ok_and(|dose| dose.nano > 0);
    match steps.chain(turns).chain(days).find(|(_, dose)| unread(dose)) {
        Some((place, _)) => Err(Problem::malformed(place, "Write each dose as 40 mg.")),
        None => Ok(()),
    }
}

fn timing(timing: &Timing) -> Result<(), Problem> {
    match timing {
        Timing::Planned { schedule } => {
            let fault = |fault: ScheduleFault| fault.to_string();
            let valid = schedule.validate().map_err(fault);
            valid.map_err(|what| Problem::malformed("/timing/schedule", what))?;
            named_doses(schedule)
        }
        Timing::Prn { indication, interval_minutes_min, per_day_max } => {
            if indication.len() > 1000 {
                let detail = "Say what for, in at most 1,000 bytes.";
                return Err(Problem::malformed("/timing/indication", detail));
            }
            if interval_minutes_min.is_some_and(|m| !(1..=7 * WINDOW_MINUTES_MAX).contains(&m)) {
                let detail = "Two givings are 1 minute to 7 days apart.";
                return Err(Problem::malformed("/timing/interval_minutes_min", detail));
            }
            if per_day_max.is_some_and(|most| !(1..=100).contains(&most)) {
                let detail = "There are 1 to 100 givings in a day.";
                return Err(Problem::malformed("/timing/per_day_max", detail));
            }
            Ok(())
        }
        Timing::Unschedulable { reason } if reason.len() > 200 => {
            Err(Problem::malformed("/timing/reason", "A reason code has at most 200 bytes."))
        }
        Timing::Unschedulable { .. } => Ok(()),
    }
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
    let command = OrderCommand::Note(id(&order)?, answers.overrides.clone());
    act(&web, Request { auth, keyed, sent: ("note", &order, &answers) }, command).await
}

/// A second person confirms it.
#[utoipa::path(
    post, path = "/api/v1/orders/{id}/verify", tag = "orders",
    params(("id" = String, Path), ("Idempotency-Key" = String, Header)),
    responses((status = 200, description = "verified"), (status = 409, body = Problem)),
)]
pub async fn verify(
    State(web): State<Arc<Web>>,
    auth: Auth,
    keyed: Keyed,
    Path(order): Path,
) -> Result<Reply<Value>, Problem> {
    let command = OrderCommand::Verify(id(&order)?);
    act(&web, Request { auth, keyed, sent: ("verify", &order, &()) }, command).await
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
    Json(asked): Json<ChangeBody>,
) -> Result<Reply<Value>, Problem> {
    let (why, version) = (reason(&asked.reason)?, asked.order.clone());
    let anew = Anew { kind: asked.kind, reason: why, version, pointer: "/order" };
    let change = changed_anew(&web, &auth, id(&order)?, anew).await?;
    act(&web, Request { auth, keyed, sent: ("change", &order, &asked) }, change).await
}

/// Another version as it was sent; `pointer` says where in the body it stood.
pub(super) struct Anew {
    pub(super) kind: ChangeKind,
    pub(super) reason: String,
    pub(super) version: OrderVersion,
    pub(super) pointer: &'static str,
}

/// The command that puts a version in force, with what the database knows of the order.
pub(super) async fn changed_anew(
    web: &Web,
    auth: &Auth,
    order: OrderId,
    Anew { kind, reason, mut version, pointer }: Anew,
) -> Result<OrderCommand, Problem> {
    sound(&version).map_err(|problem| problem.under(pointer))?;
    version.entered_by = auth.actor.user;
    {
        let home = web.app.home();
        let current = home.orders.get(&order).ok_or_else(Problem::not_found)?;
        version.order = order;
        version.source = current.current.source.clone();
    }
    let done = web.app.store.done_on(order).await.map_err(|_| Problem::unavailable())?;
    let (charted, last_taken) = (done.charted, done.last_taken);
    let change = ChangeCommand { version, kind, reason, charted, last_taken };
    Ok(OrderCommand::Change(Box::new(change)))
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

fn instant(pointer: &str, text: &str) -> Result<Instant, Problem> {
    Instant::parse(text).map_err(|fault| Problem::malformed(pointer, fault.to_string()))
}

pub(super) fn reason(text: &str) -> Result<String, Problem> {
    if text.trim().is_empty() || text.len() > 1000 {
        return Err(Problem::malformed("/reason", "Say why, in at most 1,000 bytes."));
    }
    Ok(text.to_owned())
}
