//! What a change of an order would do to doses. Nothing is written.

use super::json::{Query, Unread, parse};
use super::order_entry::{Anew, changed_anew, entered, read};
use super::orders::{hold_for, instant, never_meant, read_back, reason, within_reach};
use super::refused;
use crate::http::Web;
use crate::http::auth::Auth;
use crate::http::pages::desk::render_preview;
use crate::http::pages::words::Lang;
use crate::http::problem::Problem;
use crate::http::screens::hub::frame;
use crate::http::screens::preview::in_words;
use crate::http::screens::routes::manner;
use crate::http::screens::sight::Sight;
use axum::Json as Reply;
use axum::extract::State;
use axum::http::HeaderMap;
use emar_domain::amount::Amount;
use emar_domain::decide::{ChangeKind, OrderCommand, Refusal, RenewFor, Stamp};
use emar_domain::home::Home;
use emar_domain::id::OrderId;
use emar_domain::order::OrderVersion;
use emar_domain::preview::{
    Expected, Gap, Moment, Overlap, PREVIEW_DAYS_MAX, PassLoad, Preview, Rehearsal, Removed, Sum,
    Total,
};
use emar_domain::role::Action;
use emar_domain::time::Instant;
use emar_domain::zone::ZoneRules;
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::{Value, json};
use std::sync::Arc;

/// Days looked at when nobody says how many and something changes in them.
const DAYS: u32 = 7;

/// How far.
#[derive(Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
pub struct Ahead {
    /// Civil days, today among them: 1 to 60. Else 7, or 60 where no dose of the 7 would change.
    pub days: Option<u32>,
    /// Asks for the same in words beside it, as HTML in the language of the request.
    #[serde(default)]
    pub fragments: bool,
}

/// A change of an order that is there.
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Changed {
    /// The order.
    #[schema(value_type = String)]
    pub order: OrderId,
    /// What would be done.
    pub change: Change,
    /// Why, in words; a note and a resume need none.
    #[serde(default)]
    pub reason: Option<String>,
    /// Of a hold: from this instant on (RFC 3339); absent: from now.
    #[serde(default)]
    pub from: Option<String>,
    /// Of a hold: before this instant (RFC 3339); absent: until it is resumed. Of a renewal: the
    /// new end.
    #[serde(default)]
    pub until: Option<String>,
    /// Of a new version or a correction: the whole order as it will be.
    #[serde(default)]
    #[schema(value_type = Option<Object>)]
    pub version: Option<OrderVersion>,
}

/// What would be done to an order.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Change {
    /// Accepted into the home.
    Note,
    /// On hold.
    Hold,
    /// Off hold.
    Resume,
    /// Stopped.
    Discontinue,
    /// Withdrawn as one that never was meant.
    EnteredInError,
    /// Marked against giving.
    DoNotGive,
    /// The mark lifted.
    MayGive,
    /// Prescribed on.
    Renew,
    /// Another version in force.
    NewVersion,
    /// Its record put right.
    Correction,
}

/// Which of the two bodies it is: an order has no `change`.
#[derive(Deserialize)]
struct Shape {
    change: Option<IgnoredAny>,
}

/// What entering an order (the body of `POST /api/v1/orders`), or a change of one, would do to the
/// doses of the days to come. A refusal is the one the act itself would meet.
#[utoipa::path(
    post, path = "/api/v1/orders/preview", tag = "orders", params(Ahead),
    request_body(
        content = Changed,
        description = "A change of an order, or an order as POST /api/v1/orders takes it",
    ),
    responses(
        (status = 200, description = "what would change"),
        (status = 403, body = Problem),
        (status = 404, body = Problem),
        (status = 409, body = Problem),
        (status = 422, body = Problem),
    ),
)]
pub async fn preview(
    State(web): State<Arc<Web>>,
    auth: Auth,
    headers: HeaderMap,
    Query(ahead): Query<Ahead>,
    Unread(body): Unread,
) -> Result<Reply<Value>, Problem> {
    let asked = days_ahead(ahead.days)?;
    let is_change = parse::<Shape>(&body)?.change.is_some();
    let command =
        if is_change { changed(&body, &web, &auth).await? } else { new(&body, &web, &auth)? };
    within_reach(&web, &auth, &command)?;
    let read_back = match &command {
        OrderCommand::Receive(version) => read_back(&version.conditions),
        OrderCommand::Change(change) => read_back(&change.version.conditions),
        OrderCommand::Note(order, _) => {
            let home = web.app.home();
            home.orders.get(order).map_or(Value::Null, |o| read_back(&o.current.conditions))
        }
        _ => Value::Null,
    };
    let manner = manner(&headers);
    let begin =
        |home: &Home, stamp: &mut Stamp<'_>| Rehearsal::new(home, &auth.actor, &command, stamp);
    let work_out = move |rehearsal: Rehearsal, stamp: &mut Stamp<'_>| {
        look(asked, Preview::is_empty, |days| rehearsal.clone().preview(days, stamp))
    };
    let (preview, now) = rehearse(&web, manner.lang, begin, work_out).await?;
    let home = web.app.home();
    let mut told = told(&home.zone, &preview, !is_change, now);
    told["read_back"] = read_back;
    if ahead.fragments {
        let sight = Sight { home: &home, now, lang: manner.lang };
        let frame = frame(&web.app, &sight, manner);
        let written = render_preview(&frame, &in_words(&sight, &preview, written(&home, &command)));
        told["fragments"] = json!([written.map_err(|_| Problem::unavailable())?]);
    }
    Ok(Reply(told))
}

/// How many days a preview is asked to look at.
pub(super) fn days_ahead(asked: Option<u32>) -> Result<Option<u32>, Problem> {
    if asked.is_none_or(|days| (1..=PREVIEW_DAYS_MAX).contains(&days)) {
        return Ok(asked);
    }
    let detail = format!("A preview looks 1 to {PREVIEW_DAYS_MAX} days ahead.");
    Err(Problem::malformed("?days", detail))
}

/// What a rehearsal of the home as it stands comes to, and at which instant.
pub(super) async fn rehearse<R, T>(
    web: &Web,
    lang: Lang,
    begin: impl FnOnce(&Home, &mut Stamp<'_>) -> Result<R, Refusal>,
    work_out: impl FnOnce(R, &mut Stamp<'_>) -> T + Send + 'static,
) -> Result<(T, Instant), Problem>
where
    R: Send + 'static,
    T: Send + 'static,
{
    let now = web.app.clock.clinical();
    let ids = Arc::clone(&web.app.ids);
    let mut fresh = move || ids.fresh();
    let begun = {
        let home = web.app.home();
        begin(&home, &mut Stamp { now, demo: false, fresh: &mut fresh })
    };
    let rehearsal = begun.map_err(|refusal| refused(web, lang, refusal))?;
    // Weeks of doses take a while: neither the home's lock nor a thread of the server waits.
    let worked_out = tokio::task::spawn_blocking(move || {
        work_out(rehearsal, &mut Stamp { now, demo: false, fresh: &mut fresh })
    });
    Ok((worked_out.await.map_err(|_| Problem::unavailable())?, now))
}

/// Looks at the days asked for, else at a week, and farther where that shows nothing.
pub(super) fn look<T>(
    asked: Option<u32>,
    is_empty: fn(&T) -> bool,
    mut preview: impl FnMut(u32) -> T,
) -> T {
    let near = preview(asked.unwrap_or(DAYS));
    if asked.is_none() && is_empty(&near) { preview(PREVIEW_DAYS_MAX) } else { near }
}

/// The order as it would be, where there is one to read back.
fn written<'a>(home: &'a Home, command: &'a OrderCommand) -> Option<&'a OrderVersion> {
    match command {
        OrderCommand::Receive(version) => Some(version),
        OrderCommand::Change(change) => Some(&change.version),
        OrderCommand::Note(order, _) => home.orders.get(order).map(|o| &o.current),
        _ => None,
    }
}

fn new(body: &[u8], web: &Web, auth: &Auth) -> Result<OrderCommand, Problem> {
    let version: OrderVersion = read(body)?;
    Ok(OrderCommand::Receive(Box::new(entered(version, web, auth)?)))
}

async fn changed(body: &[u8], web: &Web, auth: &Auth) -> Result<OrderCommand, Problem> {
    let Changed { order, change, reason: why, from, until, version } = read(body)?;
    let needed = match change {
        Change::NewVersion | Change::Correction => Action::EnterOrder,
        Change::Hold
        | Change::Discontinue
        | Change::EnteredInError
        | Change::DoNotGive
        | Change::MayGive => Action::StopOrder,
        Change::Note | Change::Resume | Change::Renew => Action::NoteOrder,
    };
    if !auth.actor.role.may(needed) {
        return Err(Problem::role_forbidden());
    }
    let why = || reason(why.as_deref().unwrap_or_default());
    Ok(match change {
        Change::Hold => {
            OrderCommand::Hold(order, hold_for(why()?, from.as_deref(), until.as_deref())?)
        }
        Change::Note => OrderCommand::Note(order, Vec::new()),
        Change::Resume => OrderCommand::Resume(order),
        Change::Discontinue => OrderCommand::Discontinue(order, why()?),
        Change::EnteredInError => never_meant(web, order, why()?).await?,
        Change::DoNotGive => OrderCommand::DoNotGive(order, why()?),
        Change::MayGive => OrderCommand::MayGive(order, why()?),
        Change::Renew => {
            let missing = || Problem::malformed("/until", "The new end is missing.");
            let until = instant("/until", &until.ok_or_else(missing)?)?;
            OrderCommand::Renew(order, RenewFor { until, reason: why()? })
        }
        Change::NewVersion | Change::Correction => {
            let kind = match change {
                Change::Correction => ChangeKind::Correction,
                _ => ChangeKind::NewVersion,
            };
            let missing = || Problem::malformed("/version", "The order as it will be is missing.");
            let version = version.ok_or_else(missing)?;
            let asked = Anew { kind, reason: why()?, version, pointer: "/version" };
            changed_anew(web, auth, order, asked).await?
        }
    })
}

/// The answer. An order that is not there yet has no id, and a stay is none: `null` stands for it.
pub(super) fn told(zone: &ZoneRules, preview: &Preview, is_new: bool, now: Instant) -> Value {
    let told = Told { zone, new: preview.order.filter(|_| is_new) };
    let moved = preview.moved.iter().map(|moved| {
        let mut dose = told.dose(&moved.after);
        dose["was_due_at"] = told.local(moved.before.due);
        dose
    });
    json!({
        "order": preview.order.and_then(|id| told.order(id)),
        "resident": preview.resident,
        "as_noted": preview.noted,
        "from": told.local(now),
        "to": told.local(preview.to),
        "added": preview.added.iter().map(|d| told.dose(d)).collect::<Vec<_>>(),
        "removed": preview.removed.iter().map(|gone| told.removed(gone)).collect::<Vec<_>>(),
        "moved": moved.collect::<Vec<_>>(),
        "unchanged": preview.unchanged,
        "merged": preview.merged.iter().map(|d| told.dose(d)).collect::<Vec<_>>(),
        "gap_min": preview.gap_min.map(|gap| told.gap(gap)),
        "gap_max": preview.gap_max.map(|gap| told.gap(gap)),
        "overlaps": preview.overlaps.iter().map(|o| told.overlap(o)).collect::<Vec<_>>(),
        "totals": preview.totals.iter().map(|t| told.total(t)).collect::<Vec<_>>(),
        "load": preview.load.iter().map(load).collect::<Vec<_>>(),
    })
}

struct Told<'a> {
    zone: &'a ZoneRules,
    new: Option<OrderId>,
}

impl Told<'_> {
    fn local(&self, at: Instant) -> Value {
        json!(self.zone.to_offset_time(at).to_string())
    }

    fn order(&self, id: OrderId) -> Option<OrderId> {
        Some(id).filter(|id| Some(*id) != self.new)
    }

    fn dose(&self, dose: &Expected) -> Value {
        json!({
            "order": self.order(dose.slot.order),
            "plan": dose.slot.plan,
            "date": dose.slot.date,
            "slot": dose.slot.slot,
            "due_at": self.local(dose.due),
            "shifted": dose.shifted,
        })
    }

    fn removed(&self, gone: &Removed) -> Value {
        let mut dose = self.dose(&gone.dose);
        dose["why"] = json!(gone.why);
        dose
    }

    fn moment(&self, moment: &Moment) -> Value {
        let (order, at) = (self.order(moment.order), self.local(moment.at));
        json!({"order": order, "at": at, "taken": moment.taken})
    }

    fn gap(&self, gap: Gap) -> Value {
        json!({
            "from": self.moment(&gap.from),
            "to": self.moment(&gap.to),
            "minutes": minutes(gap.from, gap.to),
        })
    }

    fn overlap(&self, overlap: &Overlap) -> Value {
        json!({
            "ingredient": overlap.ingredient,
            "first": self.moment(&overlap.first),
            "second": self.moment(&overlap.second),
            "minutes": minutes(overlap.first, overlap.second),
            "nominal_minutes": overlap.nominal_minutes,
        })
    }

    fn total(&self, total: &Total) -> Value {
        let sum = |sum: &Sum| {
            let left_out = sum.left_out.iter().map(|id| self.order(*id));
            json!({
                "amounts": sum.amounts.iter().map(amount).collect::<Vec<_>>(),
                "left_out": left_out.collect::<Vec<_>>(),
            })
        };
        let (before, after) = (sum(&total.before), sum(&total.after));
        let Total { date, ingredient, .. } = total;
        json!({"date": date, "ingredient": ingredient, "before": before, "after": after})
    }
}

fn minutes(from: Moment, to: Moment) -> i64 {
    to.at.seconds_since(from.at).div_euclid(60)
}

fn amount(amount: &Amount) -> Value {
    json!({"nano": amount.nano, "unit": amount.unit, "text": amount.to_string()})
}

fn load(load: &PassLoad) -> Value {
    let PassLoad { date, pass, before, after } = load;
    json!({"date": date, "pass": pass, "before": before, "after": after})
}
