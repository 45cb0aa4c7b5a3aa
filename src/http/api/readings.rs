//! What was measured on a resident: written down once, shown to every order that asks for it.

use super::json::{Json, Path, Query};
use super::keyed::Keyed;
use super::orders::instant;
use super::residents::find;
use super::settle_in;
use crate::http::Web;
use crate::http::auth::Auth;
use crate::http::problem::Problem;
use crate::service::lane::Asked;
use axum::Json as Reply;
use axum::extract::State;
use axum::http::StatusCode;
use emar_domain::amount::parse_nano;
use emar_domain::decide::{Answer, Command, MeasureCommand, NewReading, READINGS_MAX};
use emar_domain::home::Home;
use emar_domain::id::Slug;
use emar_domain::reading::{Measured, Shown, customary_glucose, scope};
use emar_domain::scale::GlucoseUnit;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::sync::Arc;

/// Hours looked back on where the request names none.
const HOURS: i64 = 24;
/// Most hours looked back on at once: 31 days.
const HOURS_MAX: i64 = 31 * 24;

/// One value.
#[derive(Deserialize, Serialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ReadingBody {
    /// What and where: `sbp`, `dbp`, `hr`, `hr_apical`, `hr_radial`, `rr`, `spo2`, `temp`, `inr`,
    /// `glucose`, `weight` or `pain`. An apical pulse is no radial pulse.
    pub code: String,
    /// As the instrument shows it, a plain decimal as text (`128`, `36.9`); of glucose also `HI`
    /// and `LO`.
    pub value: String,
    /// Of glucose `mg/dL` or `mmol/L`; absent: the one the home is used to. The others have one
    /// unit in a home: mmHg, beats and breaths a minute, %, °F and lb (us) or °C and kg (uk).
    #[serde(default)]
    pub unit: Option<String>,
}

/// Readings taken together.
#[derive(Deserialize, Serialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ReadingsBody {
    /// Each code once.
    pub readings: Vec<ReadingBody>,
    /// When they were taken (RFC 3339 with offset), at most a day ago; absent: now.
    #[serde(default)]
    pub at: Option<String>,
    /// The cart, if at one.
    #[serde(default)]
    pub cart: Option<String>,
    /// Asks for the parts of the bedside page that it changed, as HTML.
    #[serde(default, skip_serializing)]
    pub fragments: bool,
}

/// How far back.
#[derive(Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
pub struct Since {
    /// Hours to look back on: 1 to 744, else 24.
    pub hours: Option<i64>,
}

/// Writes down what was measured on a resident. Hold parameters and scales go by the newest reading
/// of a kind alone, for as long as each order lets it count.
#[utoipa::path(
    post, path = "/api/v1/residents/{id}/readings", tag = "bedside",
    params(
        ("id" = String, Path),
        ("Idempotency-Key" = String, Header, description = "fresh for each request"),
    ),
    request_body = ReadingsBody,
    responses(
        (status = 201, description = "recorded, with their receipt"),
        (status = 404, body = Problem),
        (status = 409, body = Problem, description = "the resident is away, or not one any more"),
        (status = 422, body = Problem),
    ),
)]
pub async fn post(
    State(web): State<Arc<Web>>,
    auth: Auth,
    keyed: Keyed,
    Path(id): Path,
    Json(body): Json<ReadingsBody>,
) -> Result<(StatusCode, Reply<Value>), Problem> {
    let resident = find(&web.app.home(), &auth, &id)?.id;
    let key = keyed.over("readings", &auth, &(&body, resident));
    let cart = body.cart.as_deref().map(Slug::new).transpose();
    let cart = cart.map_err(|e| Problem::malformed("/cart", e.to_string()))?;
    if cart.is_some() && cart != auth.actor.device {
        return Err(Problem::malformed("/cart", "You are signed on at another cart."));
    }
    let at = body.at.as_deref().map(|text| instant("/at", text)).transpose()?;
    if body.readings.len() > READINGS_MAX as usize {
        return Err(Problem::malformed("/readings", "More readings than there are kinds of them."));
    }
    let readings = (0..).zip(body.readings).map(|(place, body)| reading(place, body));
    let readings = readings.collect::<Result<Vec<_>, _>>()?;
    let command = MeasureCommand { resident, cart: cart.clone(), at, readings };
    let (actor, command) = (auth.actor, Command::Measure(command));
    let asked = Asked { actor, key: Some(key), ..Asked::by_server(command) };
    let (answer, receipt, _) = settle_in(&web, keyed.lang, web.app.lane.ask(asked).await)?;
    let Answer::Measure { readings } = answer else { return Err(Problem::unknown()) };
    let fragments = cart.filter(|_| body.fragments).map(|cart| {
        let home = web.app.home();
        web.screens.measured(&web.app, &home, &cart)
    });
    let home = web.app.home();
    let told = json!({
        "readings": readings.iter().map(|r| told(&home, r)).collect::<Vec<_>>(),
        "leaf": receipt.leaf_hash,
        "seq": receipt.seq,
        "fragments": fragments.unwrap_or_default(),
    });
    Ok((StatusCode::CREATED, Reply(told)))
}

fn reading(place: u32, body: ReadingBody) -> Result<NewReading, Problem> {
    let wrong = |field: &str, why: &str| {
        Err(Problem::malformed(&format!("/readings/{place}/{field}"), why.to_owned()))
    };
    let plain = |c: u8| c.is_ascii_lowercase() || c.is_ascii_digit() || c == b'_';
    if !(1..=32).contains(&body.code.len()) || !body.code.bytes().all(plain) {
        return wrong("code", "A reading is named by its code, as sbp or hr_apical.");
    }
    let shown = match body.value.as_str() {
        "HI" => Shown::Hi,
        "LO" => Shown::Lo,
        number => match parse_nano(number) {
            Ok(nano) if is_plain(number) => Shown::Nano(nano),
            _ => return wrong("value", "A value is a plain decimal, or HI or LO of a meter."),
        },
    };
    let known = |unit: &GlucoseUnit| Some(unit.code()) == body.unit.as_deref();
    let glucose_unit = GlucoseUnit::ALL.into_iter().find(known);
    if body.unit.is_some() && glucose_unit.is_none() {
        return wrong("unit", "Only glucose has a unit here: mg/dL or mmol/L.");
    }
    Ok(NewReading { code: body.code, shown, glucose_unit })
}

/// Digits with at most a decimal point between them, as instruments show them: `.5` and `1e2` are
/// slips.
fn is_plain(number: &str) -> bool {
    let digit = |c: Option<&u8>| c.is_some_and(u8::is_ascii_digit);
    let bytes = number.as_bytes();
    let inner = bytes.iter().all(|c| c.is_ascii_digit() || *c == b'.');
    inner && digit(bytes.first()) && digit(bytes.last())
}

/// What was measured on a resident, oldest first.
#[utoipa::path(
    get, path = "/api/v1/residents/{id}/readings", tag = "residents",
    params(("id" = String, Path), Since),
    responses((status = 200, description = "readings"), (status = 404, body = Problem)),
)]
pub async fn list(
    State(web): State<Arc<Web>>,
    auth: Auth,
    Path(id): Path,
    Query(since): Query<Since>,
) -> Result<Reply<Value>, Problem> {
    let hours = since.hours.unwrap_or(HOURS);
    if !(1..=HOURS_MAX).contains(&hours) {
        return Err(Problem::malformed("?hours", "Look back on 1 to 744 hours."));
    }
    let resident = find(&web.app.home(), &auth, &id)?.id;
    let now = web.app.clock.clinical();
    let (from, to) = (now.plus_minutes(-hours * 60), now.plus_micros(1));
    let (from, to) = from.zip(to).ok_or_else(Problem::unavailable)?;
    let found = web.app.store.readings_of_resident(resident, from, to).await;
    let found = found.map_err(|_| Problem::unavailable())?;
    let home = web.app.home();
    let found: Vec<Value> = found.iter().map(|reading| told(&home, reading)).collect();
    Ok(Reply(json!({ "readings": found })))
}

/// A reading as it is told, its value as the instrument showed it.
fn told(home: &Home, reading: &Measured) -> Value {
    let profile = home.policy.profile;
    let glucose = reading.glucose_unit.unwrap_or_else(|| customary_glucose(profile));
    let local = |at| home.zone.to_offset_time(at).to_string();
    json!({
        "id": reading.id,
        "code": reading.code,
        "value": reading.shown.to_string().replace(',', ""),
        "unit": scope(&reading.code, profile, glucose).map(|scope| scope.unit),
        "by": reading.by,
        "at": local(reading.at),
        "recorded_at": local(reading.recorded_at),
    })
}
