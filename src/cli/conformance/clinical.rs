//! The clinical case types: schedules and windows here, limits and readings in `limits`.
mod limits;

use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock};

use emar_domain::schedule::{
    ClockChange, Expansion, OrderLife, PlannedDose, Schedule, Span, expand, window,
};
use emar_domain::time::{CivilDateTime, CivilTime, Instant, OffsetTime};
use emar_domain::zone::{GapPolicy, OverlapPolicy, ZoneName, ZoneRules};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::zones::Catalogue;

/// Zone rules are the same for every case, so one catalogue serves them all.
static ZONES: LazyLock<Catalogue> = LazyLock::new(|| Catalogue::open(None));

type Answer = Result<Value, String>;

/// What the domain decides about a clinical case, or why it is unsupported.
///
/// `None`: the type is not a clinical one.
pub(super) fn answer(case_type: &str, case: &Value) -> Option<Answer> {
    let answer = match case_type {
        "expand" => expansion(case),
        "window" => timing(case),
        "window_abs" => civil_timing(case),
        "missed" => missed(case),
        "first_dose" => first_dose(case),
        "civil_expiry" => civil_expiry(case),
        "offset" => offset(case),
        "naive" => typed(case),
        "offset_norm" => normalised(case),
        "error_rate" => error_rate(case),
        "prn" => limits::prn(case),
        "ingredient_cap" => limits::ingredient_cap(case),
        "gate" => limits::gate(case),
        "scale" => limits::scale(case),
        "scale_valid" => limits::scale_valid(case),
        _ => return None,
    };
    Some(answer)
}

/// An instant written with any offset.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(transparent)]
struct At(#[serde(with = "emar_domain::time::rfc3339")] Instant);

fn read<T: DeserializeOwned>(case: &Value) -> Result<T, String> {
    T::deserialize(case).map_err(|error| format!("the case cannot be read: {error}"))
}

fn zone(name: &ZoneName) -> Result<Arc<ZoneRules>, String> {
    ZONES.rules(name).map_err(|error| error.to_string())
}

fn local(zone: &ZoneRules, at: Instant) -> String {
    zone.to_offset_time(at).to_string()
}

#[derive(Deserialize)]
struct ExpandCase {
    tz: ZoneName,
    policy: ExpandPolicy,
    order: ExpandOrder,
    query: Range,
}

#[derive(Deserialize)]
struct ExpandPolicy {
    gap: GapPolicy,
    overlap: OverlapPolicy,
    #[serde(default)]
    stop: Stop,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "snake_case")]
enum Stop {
    #[default]
    Exclusive,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ExpandOrder {
    schedule: Schedule,
    start: Option<At>,
    stop: Option<At>,
    max_doses: Option<u32>,
    #[serde(default)]
    holds: Vec<(At, At)>,
}

#[derive(Deserialize)]
struct Range {
    from: At,
    to: At,
}

fn expansion(case: &Value) -> Answer {
    let case: ExpandCase = read(case)?;
    let zone = zone(&case.tz)?;
    let ExpandPolicy { gap, overlap, stop: Stop::Exclusive } = case.policy;
    let order = case.order;
    let life = OrderLife {
        start: order.start.map(|at| at.0),
        stop: order.stop.map(|at| at.0),
        max_doses: order.max_doses,
        holds: order.holds.iter().map(|(from, to)| Span { from: from.0, to: to.0 }).collect(),
    };
    let change = ClockChange { gap, overlap };
    let range = Span { from: case.query.from.0, to: case.query.to.0 };
    let Expansion { due, held, flags, .. } =
        expand(&life, &order.schedule, &zone, change, range).map_err(|error| error.to_string())?;
    let told = |dose: &PlannedDose| {
        let mut told = json!({"local": local(&zone, dose.at), "utc": dose.at.to_string()});
        if let Some(text) = &dose.dose {
            told["dose"] = json!(text);
        }
        told
    };
    let flags: BTreeMap<String, _> =
        flags.into_iter().map(|(date, flags)| (date.to_string(), flags)).collect();
    Ok(json!({
        "count": due.len(),
        "due": due.iter().map(told).collect::<Vec<_>>(),
        "held": held.iter().map(|dose| local(&zone, dose.at)).collect::<Vec<_>>(),
        "flags": flags,
    }))
}

#[derive(Deserialize)]
struct Event {
    given_at: At,
}

#[derive(Deserialize)]
struct WindowCase {
    due: At,
    policy: Minutes,
    event: Event,
}

/// A case says more of its window than its minutes.
#[derive(Deserialize)]
struct Minutes {
    before_min: u32,
    after_min: u32,
}

fn timing(case: &Value) -> Answer {
    let case: WindowCase = read(case)?;
    let Minutes { before_min, after_min } = case.policy;
    let window = window::Window { before_min, after_min };
    Ok(json!({"verdict": window.timing(case.due.0, case.event.given_at.0)}))
}

#[derive(Deserialize)]
struct CivilWindowCase {
    tz: ZoneName,
    window: window::CivilWindow,
    event: Event,
}

fn civil_timing(case: &Value) -> Answer {
    let case: CivilWindowCase = read(case)?;
    let zone = zone(&case.tz)?;
    Ok(json!({"verdict": case.window.timing(&zone, case.event.given_at.0)}))
}

#[derive(Deserialize)]
struct MissedCase {
    tz: ZoneName,
    due: At,
    policy: MissedPolicy,
    now: Option<At>,
}

#[derive(Deserialize)]
struct MissedPolicy {
    #[serde(default)]
    before_min: u32,
    after_min: u32,
}

fn missed(case: &Value) -> Answer {
    let case: MissedCase = read(case)?;
    let zone = zone(&case.tz)?;
    let MissedPolicy { before_min, after_min } = case.policy;
    let window = window::Window { before_min, after_min };
    let due = case.due.0;
    let mut answer =
        json!({"alert_at": local(&zone, window.closes(due)), "at_alert": "strictly_after"});
    if let Some(now) = case.now {
        answer["alert"] = json!(window.is_missed(due, now.0));
    }
    Ok(answer)
}

#[derive(Deserialize)]
struct FirstDoseCase {
    tz: ZoneName,
    policy: FirstDosePolicy,
    interval_min: u32,
    times: Vec<CivilTime>,
    first_given: At,
}

#[derive(Deserialize)]
struct FirstDosePolicy {
    rule: FirstDoseRule,
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum FirstDoseRule {
    HalfInterval,
}

fn first_dose(case: &Value) -> Answer {
    let case: FirstDoseCase = read(case)?;
    let zone = zone(&case.tz)?;
    let FirstDosePolicy { rule: FirstDoseRule::HalfInterval } = case.policy;
    let given = case.first_given.0;
    let next = window::next_after_first_dose(&zone, &case.times, case.interval_min, given);
    let next = next.ok_or("the case lists no times")?;
    Ok(json!({"next_due": local(&zone, next)}))
}

#[derive(Deserialize)]
struct ExpiryCase {
    tz: ZoneName,
    start: At,
    days: u32,
    now: Option<At>,
}

fn civil_expiry(case: &Value) -> Answer {
    let case: ExpiryCase = read(case)?;
    let zone = zone(&case.tz)?;
    let expires = window::civil_expiry(&zone, case.start.0, i64::from(case.days))
        .ok_or("the expiry lies beyond the year 9999")?;
    let mut answer = json!({"expires": local(&zone, expires), "at_expiry": "deny"});
    if let Some(now) = case.now {
        answer["active"] = json!(now.0 < expires);
    }
    Ok(answer)
}

#[derive(Deserialize)]
struct OffsetCase {
    tz: ZoneName,
    start: At,
    minutes: i64,
}

fn offset(case: &Value) -> Answer {
    let case: OffsetCase = read(case)?;
    let zone = zone(&case.tz)?;
    let at = case.start.0.plus_minutes(case.minutes).ok_or("beyond the year 9999")?;
    Ok(json!({"at": local(&zone, at)}))
}

#[derive(Deserialize)]
struct TypedCase<T> {
    tz: ZoneName,
    input: T,
}

fn typed(case: &Value) -> Answer {
    let case: TypedCase<CivilDateTime> = read(case)?;
    Ok(json!({"result": window::typed_time(zone(&case.tz)?.as_ref(), case.input)}))
}

fn normalised(case: &Value) -> Answer {
    let case: TypedCase<OffsetTime> = read(case)?;
    let (home, warn) = window::in_home_time(zone(&case.tz)?.as_ref(), case.input);
    Ok(json!({"local": home.to_string(), "warn": warn}))
}

#[derive(Deserialize)]
struct RateCase {
    errors: u64,
    opportunities: u64,
}

fn error_rate(case: &Value) -> Answer {
    let case: RateCase = read(case)?;
    let rate = window::error_rate(case.errors, case.opportunities);
    let rate = rate.ok_or("a rate needs at least one opportunity")?;
    serde_json::to_value(rate).map_err(|error| error.to_string())
}
