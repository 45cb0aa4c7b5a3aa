//! An order as it is written down, new or anew: read, checked, and told where it is wrong.

use super::json::parse;
use crate::exchange::fhir::is_route;
use crate::http::Web;
use crate::http::auth::Auth;
use crate::http::problem::Problem;
use crate::policy_file::frequencies;
use emar_domain::amount::Unit;
use emar_domain::decide::{ChangeCommand, ChangeKind, OrderCommand};
use emar_domain::gate::{Gate, WrittenGate};
use emar_domain::home::Home;
use emar_domain::id::OrderId;
use emar_domain::order::{OrderVersion, Timing};
use emar_domain::order_input::{InputFault, check_input};
use emar_domain::reading;
use emar_domain::scale::{Scale, WrittenScale};
use emar_domain::schedule::Schedule;
use emar_domain::schedule::hours::AtHours;
use emar_domain::verdict::Check;
use serde::de::DeserializeOwned;
use serde_json::Value;

/// The order as it is entered: sound, and under the home's own name and number.
pub(super) fn entered(
    mut version: OrderVersion,
    web: &Web,
    auth: &Auth,
) -> Result<OrderVersion, Problem> {
    {
        let home = web.app.home();
        tied(&home, &mut version);
        version.time_critical = version.is_time_critical(&home.policy);
        sound(&home, &version, None)?;
        at_home_hours(&version, &home)?;
    }
    version.order = OrderId(web.app.ids.fresh());
    version.version = 1;
    version.not_before = None;
    version.entered_by = auth.actor.user;
    "home".clone_into(&mut version.source.sender);
    version.source.placer = version.order.to_string();
    Ok(version)
}

/// What cannot stand in an order; `current` is the version it replaces.
fn sound(
    home: &Home,
    version: &OrderVersion,
    current: Option<&OrderVersion>,
) -> Result<(), Problem> {
    let route = &version.drug.route;
    if !route.is_empty() && !is_route(route) {
        let detail = "This home knows no such route. Write one of its route codes, such as po.";
        return Err(Problem::malformed("/drug/route", detail));
    }
    check_input(home, frequencies(), version, current)
        .map_err(|bad| Problem::malformed(bad.pointer, bad.fault.to_string()))
}

/// What its times were worked out from must come to these times here: the next look at the home's
/// hours would change them unseen.
fn at_home_hours(version: &OrderVersion, home: &Home) -> Result<(), Problem> {
    let Some((asked, resident)) = version.asked.as_ref().zip(home.residents.get(&version.resident))
    else {
        return Ok(());
    };
    let (unit, critical) = (resident.unit.as_str(), version.time_critical);
    let at = asked.at_hours(&home.policy, frequencies(), unit, critical);
    let same = |at: AtHours| {
        version.timing == Timing::Planned { schedule: at.schedule }
            && version.conditions.hours == at.ties
            && (version.before_minutes, version.after_minutes)
                == (at.before_minutes, at.after_minutes)
    };
    if at.is_some_and(same) {
        return Ok(());
    }
    let detail = "The home has other times or windows for this. Leave it out, or send those of \
        today.";
    Err(Problem::malformed("/asked", detail))
}

/// What the order's hours stand for, where nobody said: meals and spans of its frequency.
fn tied(home: &Home, version: &mut OrderVersion) {
    let resident = home.residents.get(&version.resident);
    let row = frequencies().find(&version.frequency);
    let Some(Schedule::Clock(clock)) = version.timing.schedule() else { return };
    let (Some(resident), Some(row)) = (resident, row) else { return };
    if version.conditions.hours.is_empty() {
        let hours = home.policy.hours_of(resident.unit.as_str(), row);
        version.conditions.hours = row.ties(&clock.times, hours.as_deref());
    }
}

/// An order as it was sent. A table that cannot be is told by its rows: what was meant as a limit
/// must not be lost in a word such as "malformed".
pub(super) fn read<T: DeserializeOwned>(body: &[u8]) -> Result<T, Problem> {
    parse(body).map_err(|problem| explained(body, problem))
}

fn explained(body: &[u8], mut problem: Problem) -> Problem {
    let Some(pointer) = problem.pointer.as_deref() else { return problem };
    let whole: Value = serde_json::from_slice(body).unwrap_or_default();
    let written = whole.pointer(pointer).cloned().unwrap_or_default();
    let told = if pointer.ends_with("/conditions/gate") {
        let gate: Option<WrittenGate> = serde_json::from_value(written).ok();
        let known = |gate: &WrittenGate| {
            gate.hold_if_any.iter().all(|rule| reading::CODES.contains(&rule.code.as_str()))
        };
        match gate {
            Some(gate) if known(&gate) => Gate::try_from(gate).err().map(|e| e.to_string()),
            Some(_) => Some(InputFault::ReadingUnknown.to_string()),
            None => None,
        }
    } else if pointer.ends_with("/conditions/scale") {
        let scale: Option<WrittenScale> = serde_json::from_value(written).ok();
        scale.and_then(|scale| Scale::try_from(scale).err()).map(|e| e.to_string())
    } else if pointer.ends_with("/unit") {
        let units: Vec<&str> = Unit::ALL.iter().map(|unit| unit.code()).collect();
        Some(format!("No such unit is known here. Write one of {}.", units.join(", ")))
    } else {
        None
    };
    if let Some(told) = told {
        problem.detail = told.into();
    }
    problem
}

/// Where in an order a finding is to be mended.
const fn place_of(check: Check) -> Option<&'static str> {
    match check {
        Check::DoseContradiction => Some("/dose_text"),
        Check::DoseUnusual | Check::DoseHigh | Check::DoseUnfit => Some("/dose"),
        Check::MethotrexateNotWeekly | Check::PrnIncomplete => Some("/timing"),
        Check::AllergyMatch => Some("/allergy_override"),
        Check::DuplicateOrder | Check::SameIngredientOrdered => Some("/drug"),
        _ => None,
    }
}

/// A refusal with the place of its first finding, under `root` of the body.
pub(super) fn placed(mut problem: Problem, root: &str) -> Problem {
    let first = problem.objections.first().and_then(|o| place_of(o.code));
    if &*problem.code == "order_findings" {
        problem.pointer = first.map(|place| format!("{root}{place}").into());
    }
    problem
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
    version.entered_by = auth.actor.user;
    {
        let home = web.app.home();
        let current = home.orders.get(&order).ok_or_else(Problem::not_found)?;
        tied(&home, &mut version);
        version.time_critical = version.is_time_critical(&home.policy);
        let sound = sound(&home, &version, Some(&current.current));
        sound.map_err(|problem| problem.under(pointer))?;
        at_home_hours(&version, &home).map_err(|problem| problem.under(pointer))?;
        // What was said to be time critical stays so for as long as the order runs.
        version.time_critical |= current.current.time_critical;
        version.order = order;
        version.source = current.current.source.clone();
    }
    let done = web.app.store.done_on(order).await.map_err(|_| Problem::unavailable())?;
    let (charted, last_taken) = (done.charted, done.last_taken);
    let change = ChangeCommand { version, kind, reason, charted, last_taken };
    Ok(OrderCommand::Change(Box::new(change)))
}
