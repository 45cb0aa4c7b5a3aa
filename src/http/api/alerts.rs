//! Alerts: what is open, who has it.

use super::json::{Json, Path};
use super::residents::reads_unit;
use super::sessions::{SignOn, prove};
use super::settle;
use crate::http::Web;
use crate::http::auth::Auth;
use crate::http::problem::Problem;
use crate::service::lane::Asked;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::{Extension, Json as Reply};
use emar_domain::decide::{Actor, AlertCommand, Answer, Command, QUIET_MINUTES_MAX};
use emar_domain::fact::Device;
use emar_domain::id::{AlertId, Slug};
use emar_wire::payload::Shown;
use serde::Deserialize;
use serde_json::{Value, json};
use std::sync::Arc;

/// Taking an alert: at a station with badge and PIN, or by the session.
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Take {
    /// Revision on the screen.
    pub rev: u32,
    /// Raw scan of the badge.
    #[serde(default)]
    pub badge: Option<String>,
    /// PIN.
    #[serde(default)]
    pub pin: Option<String>,
    /// The station.
    #[serde(default)]
    pub station: Option<String>,
}

/// Making an alert quiet for a while.
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Snooze {
    /// Revision on the screen.
    pub rev: u32,
    /// For how long, at most 60.
    pub minutes: i64,
    /// Why.
    pub reason: String,
}

/// A station's page displayed a revision.
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ShownBody {
    /// Which revision.
    pub rev: u32,
    /// Which station.
    pub station: String,
}

fn id(text: &str) -> Result<AlertId, Problem> {
    text.parse().map_err(|_| Problem::not_found())
}

/// Open alerts, oldest first.
#[utoipa::path(
    get, path = "/api/v1/alerts", tag = "alerts",
    responses((status = 200, description = "open alerts")),
)]
pub async fn list(State(web): State<Arc<Web>>, auth: Auth) -> Reply<Value> {
    let home = web.app.home();
    let all = home.alerts.values();
    let mut open: Vec<_> = all.filter(|a| reads_unit(&home, &auth, &a.unit)).collect();
    open.sort_by_key(|a| (a.raised_at, a.id));
    Reply(json!({"alerts": open}))
}

async fn act(web: &Arc<Web>, actor: Actor, command: AlertCommand) -> Result<Reply<Value>, Problem> {
    let asked = Asked { actor, ..Asked::by_server(Command::Alert(command)) };
    let (answer, ..) = settle(web, web.app.lane.ask(asked).await)?;
    let Answer::Alert(alert) = answer else { return Err(Problem::unknown()) };
    let (id, rev, state, level) = (alert.id, alert.rev, alert.state, alert.level);
    Ok(Reply(json!({"alert": id, "rev": rev, "state": state, "level": level, "fragments": []})))
}

/// A person takes an alert. First taker wins; the second is told who has it.
#[utoipa::path(
    post, path = "/api/v1/alerts/{id}/accept", tag = "alerts", params(("id" = String, Path)),
    request_body = Take,
    responses(
        (status = 200, description = "taken"),
        (status = 401, body = Problem),
        (status = 409, body = Problem),
    ),
)]
pub async fn accept(
    State(web): State<Arc<Web>>,
    auth: Option<Extension<Auth>>,
    Path(alert): Path,
    headers: HeaderMap,
    Json(take): Json<Take>,
) -> Result<Reply<Value>, Problem> {
    let alert = id(&alert)?;
    let actor = match (take.badge, take.pin, take.station, auth) {
        (Some(badge), Some(pin), Some(device), _) => {
            let (user, device) =
                prove(&web, &headers, &SignOn { badge, pin, device, at: None }).await?;
            let auth = "badge+pin".to_owned();
            Actor {
                user: Some(user.id),
                role: user.role,
                session: None,
                device: Some(device),
                auth,
            }
        }
        (_, _, _, Some(Extension(auth))) => auth.actor,
        _ => {
            let detail = "Taking an alert needs your badge and PIN.";
            return Err(Problem::new(StatusCode::UNAUTHORIZED, "sign_on_first", detail));
        }
    };
    act(&web, actor, AlertCommand::Accept(alert, take.rev)).await
}

/// Makes an alert quiet for a while; never one that is time-critical.
#[utoipa::path(
    post, path = "/api/v1/alerts/{id}/snooze", tag = "alerts", params(("id" = String, Path)),
    request_body = Snooze,
    responses((status = 200, description = "quiet"), (status = 409, body = Problem)),
)]
pub async fn snooze(
    State(web): State<Arc<Web>>,
    auth: Auth,
    Path(alert): Path,
    Json(snooze): Json<Snooze>,
) -> Result<Reply<Value>, Problem> {
    if !(1..=QUIET_MINUTES_MAX).contains(&snooze.minutes) {
        return Err(Problem::malformed("/minutes", "An alert may be quiet for 1 to 60 minutes."));
    }
    if snooze.reason.trim().is_empty() || snooze.reason.len() > 1000 {
        return Err(Problem::malformed("/reason", "Say why, in at most 1,000 bytes."));
    }
    let until = web.app.clock.clinical().plus_minutes(snooze.minutes);
    let until = until.ok_or_else(|| Problem::malformed("/minutes", "Too long."))?;
    act(&web, auth.actor, AlertCommand::Snooze(id(&alert)?, snooze.rev, until, snooze.reason)).await
}

/// Sends an alert one level up.
#[utoipa::path(
    post, path = "/api/v1/alerts/{id}/escalate", tag = "alerts", params(("id" = String, Path)),
    request_body = Take,
    responses((status = 200, description = "escalated"), (status = 409, body = Problem)),
)]
pub async fn escalate(
    State(web): State<Arc<Web>>,
    auth: Auth,
    Path(alert): Path,
    Json(take): Json<Take>,
) -> Result<Reply<Value>, Problem> {
    act(&web, auth.actor, AlertCommand::Escalate(id(&alert)?, take.rev)).await
}

/// A station's page displayed a revision where a person could see it.
#[utoipa::path(
    post, path = "/api/v1/alerts/{id}/shown", tag = "alerts", params(("id" = String, Path)),
    request_body = ShownBody,
    responses((status = 204), (status = 401, body = Problem)),
)]
pub async fn shown(
    State(web): State<Arc<Web>>,
    auth: Option<Extension<Auth>>,
    Path(alert): Path,
    headers: HeaderMap,
    Json(body): Json<ShownBody>,
) -> Result<StatusCode, Problem> {
    let alert = id(&alert)?;
    let station =
        Slug::new(&body.station).map_err(|e| Problem::malformed("/station", e.to_string()))?;
    let signed_on = auth.is_some_and(|auth| auth.actor.device.as_ref() == Some(&station));
    if !signed_on && !web.from_device(&headers, &station) {
        let detail =
            "Only the station itself, or somebody signed on at it, may say what it showed.";
        return Err(Problem::new(StatusCode::UNAUTHORIZED, "sign_on_first", detail));
    }
    let is_station = |d: &Device| d.active && d.kind == "station";
    if !web.app.home().devices.get(&station).is_some_and(is_station) {
        return Err(Problem::malformed("/station", "This is no station of the home."));
    }
    let open = web.app.home().alerts.get(&alert).map(|a| a.rev);
    let newest = match open {
        Some(rev) => rev,
        None => {
            let ended = web.app.store.alert(alert).await.map_err(|_| Problem::unavailable())?;
            ended.ok_or_else(Problem::not_found)?.rev
        }
    };
    if !(1..=newest).contains(&body.rev) {
        return Err(Problem::malformed("/rev", "The alert has no such revision."));
    }
    let station = station.as_str();
    if let Some(outbox) = &web.outbox {
        let at = web.app.clock.machine();
        outbox.shown(Shown { alert_id: alert.0, rev: body.rev, at }).await;
    }
    web.screens.shown(&web.app.home(), alert, body.rev);
    tracing::debug!(%station, %alert, "shown");
    Ok(StatusCode::NO_CONTENT)
}
