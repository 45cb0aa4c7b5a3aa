//! A resident's stay: away, back, discharged, readmitted.

use super::json::{Json, MaybeJson, Path, Query};
use super::keyed::Keyed;
use super::orders::{instant, reason};
use super::preview::{self, days_ahead, look, rehearse};
use super::residents::{find, told};
use super::settle_in;
use crate::http::Web;
use crate::http::auth::Auth;
use crate::http::pages::desk::render_preview;
use crate::http::problem::Problem;
use crate::http::screens::hub::{Manner, frame};
use crate::http::screens::preview::stay_in_words;
use crate::http::screens::sight::Sight;
use crate::service::lane::Asked;
use axum::Json as Reply;
use axum::extract::State;
use emar_domain::decide::{Answer, AwayFor, Command, Stamp, Stay, StayCommand};
use emar_domain::home::Home;
use emar_domain::preview::{Preview, Rehearsal};
use emar_domain::resident::AbsenceKind;
use serde::Deserialize;
use serde_json::{Value, json};
use std::sync::Arc;

/// Where, how long and why.
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AbsenceBody {
    /// `hospital`, `leave` or `day_release`.
    #[schema(value_type = String)]
    pub kind: AbsenceKind,
    /// From this instant on (RFC 3339), at most a day ago; absent: from now.
    pub from: Option<String>,
    /// Before this instant (RFC 3339), when it ends by itself; absent: until the return.
    pub until: Option<String>,
    /// In words.
    pub reason: String,
}

/// Why, and whether they died.
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DischargeBody {
    /// In words.
    pub reason: String,
    /// They died.
    #[serde(default)]
    pub deceased: bool,
}

/// Where to.
#[derive(Deserialize, Default, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ReadmitBody {
    /// A room of the home's policy; absent: the one they had.
    pub room: Option<String>,
}

/// Whether it is done, or only told.
#[derive(Clone, Copy, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
pub struct DryRun {
    /// Nothing is recorded: the answer tells what it would do to the doses of the days to come, or
    /// is the refusal it would meet.
    #[serde(default)]
    pub dry_run: bool,
    /// Civil days to look at, today among them: 1 to 60. Else 7, or 60 where no dose of the 7
    /// would change.
    pub days: Option<u32>,
    /// Asks for the same in words beside it, as HTML in the language of the request.
    #[serde(default)]
    pub fragments: bool,
}

/// Records that a resident is away: what is due meanwhile is shown as away and not missed. Another
/// absence while one runs takes its place from its own beginning on.
#[utoipa::path(
    post, path = "/api/v1/residents/{id}/absence", tag = "residents",
    params(
        ("id" = String, Path),
        ("Idempotency-Key" = String, Header, description = "fresh for each request"),
        DryRun,
    ),
    request_body = AbsenceBody,
    responses(
        (status = 200, description = "the resident"),
        (status = 404, body = Problem),
        (status = 409, body = Problem),
        (status = 422, body = Problem),
    ),
)]
pub async fn absence(
    State(web): State<Arc<Web>>,
    auth: Auth,
    keyed: Keyed,
    Path(id): Path,
    Query(how): Query<DryRun>,
    Json(asked): Json<AbsenceBody>,
) -> Result<Reply<Value>, Problem> {
    let away = AwayFor {
        kind: asked.kind,
        from: asked.from.map(|text| instant("/from", &text)).transpose()?,
        until: asked.until.map(|text| instant("/until", &text)).transpose()?,
        reason: reason(&asked.reason)?,
    };
    act(&web, Request { auth, keyed, how }, &id, Stay::Away(away)).await
}

/// Records that a resident is back, sooner or later than said, or does not go after all: what is
/// still to come is due again.
#[utoipa::path(
    post, path = "/api/v1/residents/{id}/return", tag = "residents",
    params(
        ("id" = String, Path),
        ("Idempotency-Key" = String, Header, description = "fresh for each request"),
        DryRun,
    ),
    responses(
        (status = 200, description = "the resident"),
        (status = 404, body = Problem),
        (status = 409, body = Problem),
    ),
)]
pub async fn returned(
    State(web): State<Arc<Web>>,
    auth: Auth,
    keyed: Keyed,
    Path(id): Path,
    Query(how): Query<DryRun>,
) -> Result<Reply<Value>, Problem> {
    act(&web, Request { auth, keyed, how }, &id, Stay::Return).await
}

/// A resident leaves for good, or has died: nothing more is due.
#[utoipa::path(
    post, path = "/api/v1/residents/{id}/discharge", tag = "residents",
    params(
        ("id" = String, Path),
        ("Idempotency-Key" = String, Header, description = "fresh for each request"),
        DryRun,
    ),
    request_body = DischargeBody,
    responses(
        (status = 200, description = "the resident"),
        (status = 404, body = Problem),
        (status = 409, body = Problem),
        (status = 422, body = Problem),
    ),
)]
pub async fn discharge(
    State(web): State<Arc<Web>>,
    auth: Auth,
    keyed: Keyed,
    Path(id): Path,
    Query(how): Query<DryRun>,
    Json(asked): Json<DischargeBody>,
) -> Result<Reply<Value>, Problem> {
    let reason = reason(&asked.reason)?;
    let discharge = Stay::Discharge { reason, deceased: asked.deceased };
    act(&web, Request { auth, keyed, how }, &id, discharge).await
}

/// A resident who was discharged lives here again: their orders go on from now.
#[utoipa::path(
    post, path = "/api/v1/residents/{id}/readmit", tag = "residents",
    params(
        ("id" = String, Path),
        ("Idempotency-Key" = String, Header, description = "fresh for each request"),
        DryRun,
    ),
    request_body = Option<ReadmitBody>,
    responses(
        (status = 200, description = "the resident"),
        (status = 404, body = Problem),
        (status = 409, body = Problem),
    ),
)]
pub async fn readmit(
    State(web): State<Arc<Web>>,
    auth: Auth,
    keyed: Keyed,
    Path(id): Path,
    Query(how): Query<DryRun>,
    MaybeJson(asked): MaybeJson<ReadmitBody>,
) -> Result<Reply<Value>, Problem> {
    act(&web, Request { auth, keyed, how }, &id, Stay::Readmit { room: asked.room }).await
}

struct Request {
    auth: Auth,
    keyed: Keyed,
    how: DryRun,
}

async fn act(
    web: &Arc<Web>,
    request: Request,
    id: &str,
    act: Stay,
) -> Result<Reply<Value>, Problem> {
    let Request { auth, keyed, how } = request;
    let resident = find(&web.app.home(), &auth, id)?.id;
    let command = StayCommand { resident, act };
    if how.dry_run {
        return tell(web, &auth, &keyed, &command, how).await;
    }
    let command = Command::Stay(command);
    let key = keyed.over("stay", &auth, &command);
    let actor = auth.actor.clone();
    let asked = Asked { actor, key: Some(key), ..Asked::by_server(command) };
    let (answer, receipt, _) = settle_in(web, keyed.lang, web.app.lane.ask(asked).await)?;
    let Answer::Done { count } = answer else { return Err(Problem::unknown()) };
    let home = web.app.home();
    let now = web.app.clock.clinical();
    let resident = told(&home, find(&home, &auth, id)?, now);
    Ok(Reply(json!({"resident": resident, "doses": count, "seq": receipt.seq})))
}

/// What it would do.
async fn tell(
    web: &Arc<Web>,
    auth: &Auth,
    keyed: &Keyed,
    command: &StayCommand,
    how: DryRun,
) -> Result<Reply<Value>, Problem> {
    let asked = days_ahead(how.days)?;
    let begin =
        |home: &Home, stamp: &mut Stamp<'_>| Rehearsal::of_stay(home, &auth.actor, command, stamp);
    let work_out = move |rehearsal: Rehearsal, stamp: &mut Stamp<'_>| {
        look(asked, Preview::is_empty, |days| rehearsal.clone().preview(days, stamp))
    };
    let (preview, now) = rehearse(web, keyed.lang, begin, work_out).await?;
    let home = web.app.home();
    let mut told = preview::told(&home.zone, &preview, false, now);
    if how.fragments {
        let sight = Sight { home: &home, now, lang: keyed.lang };
        let frame = frame(&web.app, &sight, Manner { lang: keyed.lang, chosen: None });
        let written = render_preview(&frame, &stay_in_words(&sight, &preview));
        told["fragments"] = json!([written.map_err(|_| Problem::unavailable())?]);
    }
    Ok(Reply(told))
}
