//! What an order's conditions say at the bedside: meals (48), readings (58 to 61), covert giving
//! and special instructions (68).

use super::{Check, Objection, Severity};
use crate::amount::format_nano;
use crate::condition::Tie;
use crate::dose::Dose;
use crate::evidence::{ByScale, by_scale, minutes_max, unclean};
use crate::gate::{GateVerdict, HoldRule};
use crate::home::Home;
use crate::order::Order;
use crate::reading::{GLUCOSE, Measured, Shown};
use crate::time::{Instant, MICROS_PER_SECOND, SECONDS_PER_MINUTE};
use crate::zone::{Due, GapPolicy, OverlapPolicy};

/// Checks 48, 58 to 61 and 68 on a dose given at `at`.
#[must_use]
pub(super) fn condition_objections(
    home: &Home,
    order: &Order,
    dose: Option<&Dose>,
    at: Instant,
) -> Vec<Objection> {
    let conditions = &order.current.conditions;
    let mut found = Vec::new();
    found.extend(dose.and_then(|dose| meal_relation(home, order, dose, at)));
    found.extend(reading_objections(home, order, at));
    found.extend(covert(home, order, at));
    let text = order.current.instructions.trim();
    if !text.is_empty() {
        let severity = if conditions.acknowledge { Severity::Warn } else { Severity::Info };
        found.push(Objection::new(Check::SpecialInstruction).severity(severity).with("text", text));
    }
    found
}

/// Check 48: before the meal is not after it. Known where the home has a meal table.
fn meal_relation(home: &Home, order: &Order, dose: &Dose, at: Instant) -> Option<Objection> {
    let Tie::Meal { relation, meal } = order.current.conditions.tie(dose.local.time())? else {
        return None;
    };
    let civil = dose.slot.date.at(home.policy.meals?.begins(meal));
    let began = match home.zone.resolve_with(civil, GapPolicy::default(), OverlapPolicy::default())
    {
        Due::Once { at, .. } | Due::Twice { first: at, .. } | Due::Dropped { would_be: at } => at,
    };
    let broken = relation.is_broken(&at, &began);
    let o = || Objection::new(Check::MealRelationWrong).with("ordered", relation.code());
    broken.then(|| o().with("meal", meal.code()).with("meal_at", began))
}

/// What the scale says where its row says none to give.
pub const GIVE_NONE: &str = "give_none";
/// What the scale says where it says nothing.
pub const CALL_PRESCRIBER: &str = "call_prescriber";

/// Checks 58 to 61: what must be measured first, what says hold, and what says do something else.
/// Every rule is told of, each missing or old reading once.
fn reading_objections(home: &Home, order: &Order, at: Instant) -> Vec<Objection> {
    let newest = |code: &str| home.reading(order.current.resident, code, at);
    let limit = |code: &str| minutes_max(order, code);
    let mut found = unclean(home, order, at, |answer| {
        let rule = answer.rule?;
        let code = rule.code.as_str();
        match answer.verdict {
            GateVerdict::Give => None,
            GateVerdict::BlockMissing => Some(missing(code)),
            GateVerdict::BlockStale => Some(stale(newest(code)?, limit(code), at)),
            GateVerdict::Hold => Some(failed(rule, answer.reading.map_or(0, |r| r.nano))),
        }
    });
    found.push(match by_scale(home, order, at) {
        None => None,
        Some(ByScale::Missing) => Some(missing(GLUCOSE)),
        Some(ByScale::Stale(last)) => Some(stale(last, limit(GLUCOSE), at)),
        Some(ByScale::Units(units, _)) if units.nano > 0 => None,
        Some(ByScale::Units(_, reading)) => Some(instead(reading, GIVE_NONE)),
        Some(ByScale::Action(code, reading)) => Some(instead(reading, code)),
        Some(ByScale::NoRow(reading)) => Some(instead(reading, CALL_PRESCRIBER)),
    });
    let mut told = Vec::new();
    for objection in found.into_iter().flatten() {
        if !told.contains(&objection) {
            told.push(objection);
        }
    }
    told.sort_by_key(|o| o.code.number());
    told
}

fn missing(code: &str) -> Objection {
    Objection::new(Check::ReadingMissing).with("reading", code)
}

fn stale(last: &Measured, limit: u32, at: Instant) -> Objection {
    let o = Objection::new(Check::ReadingStale).with("reading", last.code.as_str());
    // A minute that has begun counts, so that 60 minutes and a second never read as 60 of 60.
    let minute = SECONDS_PER_MINUTE * MICROS_PER_SECOND;
    let minutes = (at.micros_since(last.at) + minute - 1).div_euclid(minute);
    o.with("minutes", minutes).with("limit", limit)
}

fn failed(rule: &HoldRule, nano: i64) -> Objection {
    let o = Objection::new(Check::HoldParameterFailed).with("reading", rule.code.as_str());
    let o = o.with("value", compared_text(nano)).with("op", rule.op.code());
    o.with("bound", format_nano(rule.nano))
}

/// A value as the instrument showed it: what compares above or below every number is none.
fn compared_text(nano: i64) -> String {
    let shown = match nano {
        i64::MAX => Shown::Hi,
        nano if nano < 0 => Shown::Lo,
        nano => Shown::Nano(nano),
    };
    shown.to_string()
}

fn instead(reading: &Measured, action: &str) -> Objection {
    let o = Objection::new(Check::ScaleAction).with("value", reading.shown.to_string());
    o.with("reading", reading.code.as_str()).with("action", action)
}

/// Whoever gives it must know that the resident does not; a decision past its review is doubtful.
fn covert(home: &Home, order: &Order, at: Instant) -> Option<Objection> {
    let covert = order.current.conditions.covert.as_ref()?;
    let overdue = covert.review_on < home.today(at);
    let severity = if overdue { Severity::Warn } else { Severity::Info };
    let o = Objection::new(Check::CovertGiving).severity(severity);
    let o = o.with("reference", covert.legal_reference.as_str());
    Some(o.with("review", covert.review_on.to_string()))
}
