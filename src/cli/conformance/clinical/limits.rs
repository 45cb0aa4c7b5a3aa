//! The clinical case types about limits and readings.
use emar_domain::amount::{Amount, Unit, format_nano, parse_nano};
use emar_domain::gate::{Comparison, Gate, HoldRule};
use emar_domain::limit::{CapRefusal, Day, IngredientCap, PrnLimit};
use emar_domain::reading::Reading;
use emar_domain::scale::{Glucose, GlucoseUnit, Level, Row, RowAnswer, Scale, ScaleError, Span};
use emar_domain::time::Instant;
use emar_domain::zone::{ZoneName, ZoneRules};
use serde::{Deserialize, Deserializer};
use serde_json::{Number, Value, json};

use super::{Answer, At, local, read, zone};

/// A number that is not negative, as exact billionths.
struct Nano(i64);

impl<'de> Deserialize<'de> for Nano {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let number = Number::deserialize(from)?.to_string();
        parse_nano(&number).map(Self).map_err(|error| {
            serde::de::Error::custom(format!("{error}, or is negative, where none may be"))
        })
    }
}

#[derive(Deserialize)]
struct PrnCase {
    tz: ZoneName,
    policy: PrnPolicy,
    history: Vec<At>,
    request_at: At,
}

#[derive(Deserialize)]
struct PrnPolicy {
    min_interval_min: Option<u32>,
    max_count: Option<u32>,
    window: Option<Day>,
}

pub(super) fn prn(case: &Value) -> Answer {
    let case: PrnCase = read(case)?;
    let zone = zone(&case.tz)?;
    let limit = PrnLimit {
        interval_minutes_min: case.policy.min_interval_min.map(i64::from),
        per_day_max: case.policy.max_count,
        day: case.policy.window.unwrap_or_default(),
    };
    let history: Vec<Instant> = case.history.iter().map(|at| at.0).collect();
    Ok(match limit.check(&zone, &history, case.request_at.0) {
        Ok(()) => json!({"verdict": "allow"}),
        Err(refusal) => denied(&zone, refusal.next),
    })
}

fn denied(zone: &ZoneRules, next: Option<Instant>) -> Value {
    let mut answer = json!({"verdict": "deny"});
    if let Some(next) = next {
        answer["next_allowed"] = json!(local(zone, next));
    }
    answer
}

#[derive(Deserialize)]
struct CapCase {
    tz: ZoneName,
    policy: CapPolicy,
    history: Vec<(At, Nano)>,
    request: CapRequest,
}

#[derive(Deserialize)]
struct CapPolicy {
    cap_mg: Nano,
    window: Option<Day>,
}

#[derive(Deserialize)]
struct CapRequest {
    at: At,
    mg: Nano,
}

pub(super) fn ingredient_cap(case: &Value) -> Answer {
    let case: CapCase = read(case)?;
    let zone = zone(&case.tz)?;
    let mg = |nano: &Nano| Amount { nano: nano.0, unit: Unit::Mg };
    let cap = IngredientCap {
        most: mg(&case.policy.cap_mg),
        day: case.policy.window.unwrap_or_default(),
    };
    let history: Vec<(Instant, Amount)> =
        case.history.iter().map(|(at, amount)| (at.0, mg(amount))).collect();
    match cap.check(&zone, &history, case.request.at.0, mg(&case.request.mg)) {
        Ok(()) => Ok(json!({"verdict": "allow"})),
        Err(CapRefusal::Exceeded { next }) => Ok(denied(&zone, next)),
        Err(refusal @ CapRefusal::NotComparable) => Err(refusal.to_string()),
    }
}

#[derive(Deserialize)]
struct GateCase {
    at: At,
    policy: GatePolicy,
    observations: Vec<Observation>,
}

#[derive(Deserialize)]
struct GatePolicy {
    max_age_min: u32,
    hold_if_any: Vec<Parameter>,
}

#[derive(Deserialize)]
struct Parameter {
    code: String,
    op: Comparison,
    value: Nano,
}

#[derive(Deserialize)]
struct Observation {
    code: String,
    value: Nano,
    at: At,
}

pub(super) fn gate(case: &Value) -> Answer {
    let case: GateCase = read(case)?;
    let rules = case.policy.hold_if_any.into_iter();
    let rules = rules.map(|rule| HoldRule { code: rule.code, op: rule.op, nano: rule.value.0 });
    let gate = Gate::new(case.policy.max_age_min, rules.collect());
    let gate = gate.map_err(|error| error.to_string())?;
    let seen = case.observations.into_iter();
    let readings: Vec<Reading> =
        seen.map(|one| Reading { code: one.code, nano: one.value.0, at: one.at.0 }).collect();
    let found = gate.evaluate(&readings, case.at.0);
    let mut answer = json!({"verdict": found.verdict});
    if let Some(rule) = found.rule {
        answer["reason"] = json!(rule.code);
    }
    Ok(answer)
}

#[derive(Deserialize)]
struct ScaleRow {
    #[serde(deserialize_with = "Option::deserialize")]
    lo: Option<u32>,
    #[serde(deserialize_with = "Option::deserialize")]
    hi: Option<u32>,
    units: Option<Nano>,
    action: Option<String>,
}

#[derive(Deserialize)]
struct ScaleCase {
    scale: Vec<ScaleRow>,
    glucose: Option<Shown>,
}

/// What a meter shows: a number, or that it has none.
#[derive(Deserialize)]
#[serde(untagged)]
enum Shown {
    Value(u32),
    Beyond(Beyond),
}

#[derive(Deserialize)]
enum Beyond {
    #[serde(rename = "HI")]
    Hi,
    #[serde(rename = "LO")]
    Lo,
}

/// A case names no unit: its table and its reading are in the same one, whichever it is.
const UNIT: GlucoseUnit = GlucoseUnit::MgPerDl;

fn table(rows: Vec<ScaleRow>) -> Result<Scale, ScaleError> {
    let row = |row: ScaleRow| {
        let span = Span { lo: row.lo, hi: row.hi };
        Row::new(span, row.units.map(|units| units.0), row.action)
    };
    Scale::new(UNIT, rows.into_iter().map(row).collect::<Result<_, _>>()?)
}

pub(super) fn scale(case: &Value) -> Answer {
    let case: ScaleCase = read(case)?;
    let level = match case.glucose.ok_or("the case names no glucose")? {
        Shown::Value(value) => Level::Value(value),
        Shown::Beyond(Beyond::Hi) => Level::Hi,
        Shown::Beyond(Beyond::Lo) => Level::Lo,
    };
    let scale = table(case.scale).map_err(|error| error.to_string())?;
    let answer = scale.evaluate(Glucose { level, unit: UNIT });
    match answer.map_err(|refusal| refusal.to_string())? {
        RowAnswer::Units(units) => {
            let number: Number = serde_json::from_str(&format_nano(units.nano).replace(',', ""))
                .map_err(|error| error.to_string())?;
            Ok(json!({"units": number}))
        }
        RowAnswer::Action(code) => Ok(json!({"action": code})),
    }
}

pub(super) fn scale_valid(case: &Value) -> Answer {
    let case: ScaleCase = read(case)?;
    Ok(match table(case.scale) {
        Ok(_) => json!({"valid": true}),
        Err(error) => json!({"valid": false, "error": error.code()}),
    })
}
