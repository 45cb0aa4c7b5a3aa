//! Open alerts as rows: what, who, since, who has it, where it goes next.
use super::sight::{Sight, amount, amount_ordered, span};
use super::standing::status;
use crate::http::pages::line::Line;
use crate::http::pages::view::Status;
use crate::http::pages::view::station::{AlertRow, Taken};
use emar_domain::alert::{Alert, AlertKind, AlertState};
use emar_domain::decide::order_fault;
use emar_domain::dose::Dose;
use emar_domain::dose_amount::of_dose;
use emar_domain::id::UnitId;
use emar_domain::order::Order;
use std::cmp::Reverse;

/// The open alerts of a unit (`None`: of the home), heaviest and oldest first. `shown` says whether
/// a station already displayed a revision.
#[must_use]
pub fn alert_rows(
    sight: &Sight<'_>,
    unit: Option<&UnitId>,
    shown: &dyn Fn(&Alert) -> bool,
) -> Vec<AlertRow> {
    let here = |a: &&Alert| a.state != AlertState::Ended && unit.is_none_or(|u| a.unit == *u);
    let mut open: Vec<&Alert> = sight.home.alerts.values().filter(here).collect();
    open.sort_by_key(|a| (!a.time_critical, Reverse(a.level), a.raised_at, a.id));
    open.into_iter().map(|alert| row(sight, alert, shown(alert))).collect()
}

fn row(sight: &Sight<'_>, alert: &Alert, shown: bool) -> AlertRow {
    let doses: Vec<&Dose> = alert
        .doses
        .iter()
        .filter_map(|id| sight.home.doses.get(id))
        .filter(|d| d.is_open())
        .collect();
    let states = doses.iter().filter_map(|d| status(sight.home, d, sight.now));
    let missed = states.into_iter().any(|s| s == Status::Missed);
    let status = (alert.kind == AlertKind::MissedDose).then_some(if missed {
        Status::Missed
    } else {
        Status::Late
    });
    let taken = alert.accepted_by.filter(|_| alert.state == AlertState::Accepted);
    AlertRow {
        id: alert.id.to_string(),
        rev: alert.rev,
        shown,
        status,
        title: title(sight, alert, status, &doses),
        detail: detail(sight, alert),
        taken: taken.map(|id| Taken { who: sight.user(id), at: sight.time(alert.changed_at) }),
        escalates: escalates(sight, alert),
    }
}

/// `Missed: insulin lispro 4 units + 2 more`.
fn title(sight: &Sight<'_>, alert: &Alert, status: Option<Status>, doses: &[&Dose]) -> Line {
    let w = sight.words();
    let what = match (alert.kind, status) {
        (AlertKind::PossibleDoubleDose, _) => w.t("alert-double"),
        (AlertKind::Unwitnessed, _) => w.t("alert-unwitnessed"),
        (AlertKind::OrderProblem, _) => w.t("alert-order"),
        (AlertKind::MissedDose, status) => w.t(status.unwrap_or(Status::Missed).word()),
    };
    let mut line = Line::from(what.as_str());
    let named = doses.first().map(|d| d.slot.order);
    let named = named.or_else(|| {
        let charted = alert.doses.first().and_then(|id| sight.home.doses.get(id));
        charted.map(|d| d.slot.order)
    });
    let named = named.or_else(|| {
        let faulty = |o: &&Order| order_fault(sight.home, o, sight.now).is_some();
        let problem = alert.kind == AlertKind::OrderProblem;
        let order = sight.home.orders_of(alert.resident).filter(|_| problem).find(faulty);
        order.map(Order::id)
    });
    if let Some(order) = named.and_then(|id| sight.home.orders.get(&id)) {
        line = line.text(": ");
        line.runs.extend(sight.drug(order).runs);
        let dose = doses.first().filter(|d| d.slot.order == order.id());
        let much = match dose {
            Some(dose) => amount(sight, &of_dose(order, Some(dose)).current),
            None => amount_ordered(sight, &order.current),
        };
        line = line.text(" — ").strong(&much);
    }
    if doses.len() > 1 {
        let more = (doses.len() - 1).to_string();
        line = line.text(" ").text(&w.one("alert-more", "count", &more));
    }
    line
}

fn detail(sight: &Sight<'_>, alert: &Alert) -> String {
    let w = sight.words();
    let who = sight.home.residents.get(&alert.resident);
    let who = who.map(|r| format!("{}, {} {}", r.family.0.to_uppercase(), r.given.0, r.room));
    let mut parts: Vec<String> = who.into_iter().collect();
    if alert.kind == AlertKind::MissedDose {
        parts.push(w.one("alert-due", "at", &sight.time(alert.due)));
    }
    parts.push(w.one("alert-since", "at", &sight.time(alert.raised_at)));
    if alert.time_critical && alert.kind == AlertKind::MissedDose {
        parts.push(w.t("alert-critical"));
    }
    if let Some(until) = alert.quiet_until.filter(|until| *until > sight.now) {
        parts.push(w.one("alert-quiet", "at", &sight.time(until)));
    }
    parts.join(" · ")
}

/// Who hears of it next, and in how long; empty when nobody will.
fn escalates(sight: &Sight<'_>, alert: &Alert) -> String {
    let policy = &sight.home.policy.escalation;
    let next = alert.level.saturating_add(1);
    let minutes = match next {
        2 => policy.charge_nurse_min,
        3 => policy.on_call_min,
        _ => return String::new(),
    };
    // A time-critical alert climbs twice as fast.
    let share = if alert.time_critical { 30 } else { 60 };
    let at = match alert.state {
        AlertState::Accepted => alert.accepted_until,
        _ => alert.raised_at.plus_seconds(i64::from(minutes) * share).max(alert.quiet_until),
    };
    let Some(at) = at else { return String::new() };
    let left = at.seconds_since(sight.now).max(0);
    let minutes = left.div_euclid(60) + i64::from(left % 60 != 0);
    sight.words().one(&format!("escalate-{next}"), "in", &span(minutes * 60))
}
