//! Alerts: raised by the clock, taken by people, ended by charting.

use super::plan::order_fault;
use super::record::Record;
use super::resident::lives_here;
use super::{AlertCommand, Answer, Refusal};
use crate::alert::{Alert, AlertKind, AlertState};
use crate::dose::Dose;
use crate::home::Home;
use crate::id::{AlertId, ResidentId};
use crate::order::Order;
use crate::resident::Resident;
use crate::role::{self, Role};
use crate::time::{CivilDate, Instant};
use std::collections::BTreeMap;

/// Highest escalation level: on call.
const LEVEL_MAX: u8 = 3;
/// Longest time an alert may be quiet, in minutes from when that is asked for.
pub const QUIET_MINUTES_MAX: i64 = 60;
/// The charge nurse's.
pub(super) const LEVEL_CHARGE: u8 = 2;

/// Does what the time demands: raises alerts for doses one second past their late bound, re-raises
/// those whose taker's time ran out, escalates those nobody took.
pub(super) fn overdue(record: &mut Record<'_, '_>, most: u32) -> Answer {
    let home = record.home;
    let Some(bound) = record.now.plus_seconds(-1) else { return Answer::Done { count: 0 } };
    let most = usize::try_from(most).unwrap_or(usize::MAX);
    let late: Vec<&Dose> = unheard(home, bound).take(most).collect();
    let mut open = open_by_key(home);
    let mut count = 0;
    for dose in late {
        count += 1;
        raise_or_extend(record, dose, &mut open);
    }
    for id in home.alerts.keys() {
        count += u32::from(move_on(record, *id));
    }
    Answer::Done { count }
}

/// Late doses no alert covers. Who left gets no dose: theirs are left out here, before anything is
/// counted, or they would take the turns of those who are waiting; nor can anybody take off here
/// what somebody wears elsewhere.
fn unheard(home: &Home, bound: Instant) -> impl Iterator<Item = &Dose> {
    home.overdue(bound.plus_micros(1).unwrap_or(bound))
        .filter(|d| home.alert_of(d.id).is_none() && lives_here(home, d.resident))
        .filter(move |d| !(d.slot.is_removal() && is_away(home, d.resident, bound)))
}

fn is_away(home: &Home, resident: ResidentId, at: Instant) -> bool {
    home.residents.get(&resident).is_some_and(|r| r.absence_at(at).is_some())
}

type Key = (ResidentId, CivilDate, String);

fn open_by_key(home: &Home) -> BTreeMap<Key, AlertId> {
    let missed = home.alerts.values().filter(|a| a.kind == AlertKind::MissedDose);
    missed.map(|a| ((a.resident, a.date, a.pass.clone()), a.id)).collect()
}

fn raise_or_extend(record: &mut Record<'_, '_>, dose: &Dose, open: &mut BTreeMap<Key, AlertId>) {
    let home = record.home;
    let Some(resident) = home.residents.get(&dose.resident) else { return };
    let order = home.orders.get(&dose.slot.order);
    let time_critical = order.is_some_and(|o| o.current.is_time_critical(&home.policy));
    let pass = home.policy_at(dose.due).pass_of(dose.local);
    let (date, pass) = pass.map_or((dose.slot.date, "none".to_owned()), |p| (p.date, p.name));
    let key = (dose.resident, date, pass.clone());
    let now = record.now;
    if let Some(id) = open.get(&key).copied() {
        if let Some(alert) = record.alert(id) {
            alert.doses.push(dose.id);
            alert.due = alert.due.min(dose.due);
            alert.time_critical |= time_critical;
            joined(alert);
            revise(home, alert, now);
        }
        return;
    }
    let id = AlertId(record.fresh());
    open.insert(key, id);
    let mut alert = raised(id, AlertKind::MissedDose, resident, date, now);
    alert.pass = pass;
    alert.doses.push(dose.id);
    alert.due = dose.due;
    alert.time_critical = time_critical;
    record.raise(alert);
}

/// An alert nobody has taken yet, of no pass and no dose.
pub(super) fn raised(
    id: AlertId,
    kind: AlertKind,
    resident: &Resident,
    date: CivilDate,
    now: Instant,
) -> Alert {
    Alert {
        id,
        rev: 1,
        kind,
        resident: resident.id,
        unit: resident.unit.clone(),
        date,
        pass: "none".to_owned(),
        doses: Vec::new(),
        due: now,
        time_critical: false,
        level: 1,
        state: AlertState::Active,
        accepted_by: None,
        accepted_until: None,
        raised_at: now,
        changed_at: now,
        quiet_until: None,
        quiet_reason: None,
        quiet_salt: None,
        ended: None,
    }
}

/// An order in force without due times: the charge nurse hears of it. One alert a resident, open
/// until each such order is stopped; another order makes it anybody's to take again.
pub(super) fn order_problem(record: &mut Record<'_, '_>, order: &Order) {
    let (home, now) = (record.home, record.now);
    let Some(resident) = home.residents.get(&order.current.resident) else { return };
    let of = |a: &&Alert| a.kind == AlertKind::OrderProblem && a.resident == resident.id;
    if let Some(open) = home.alerts.values().find(of).map(|a| a.id) {
        if let Some(alert) = record.alert(open).filter(|a| a.state == AlertState::Accepted) {
            untaken(alert);
            revise(home, alert, now);
        }
        return;
    }
    if record.has_raised(AlertKind::OrderProblem, resident.id) {
        return;
    }
    let id = AlertId(record.fresh());
    let mut alert = raised(id, AlertKind::OrderProblem, resident, home.today(now), now);
    alert.level = LEVEL_CHARGE;
    alert.time_critical = order.current.is_time_critical(&home.policy);
    record.raise(alert);
}

/// Whether a resident who lives here has an order in force without due times.
fn has_problem(home: &Home, resident: ResidentId, now: Instant) -> bool {
    lives_here(home, resident)
        && home.orders_of(resident).any(|o| order_fault(home, o, now).is_some())
}

/// What a further dose does to an alert: whoever took it has not seen that dose, and nothing
/// quietens a time-critical one.
pub(super) fn joined(alert: &mut Alert) {
    if alert.state == AlertState::Accepted {
        untaken(alert);
    }
    if alert.time_critical {
        alert.quiet_until = None;
    }
}

fn untaken(alert: &mut Alert) {
    alert.state = AlertState::Active;
    alert.accepted_by = None;
    alert.accepted_until = None;
}

/// One revision a decision: several changes at once are one step for whoever listens. It counts
/// from what was committed, not from the time, which may stand still between two decisions.
pub(super) fn revise(home: &Home, alert: &mut Alert, now: Instant) {
    alert.rev = home.alerts.get(&alert.id).map_or(1, |committed| committed.rev + 1);
    alert.changed_at = now;
}

/// Whether [`overdue`] would find anything to do at `now`: a loop that asks first leaves no empty
/// commands in the log.
#[must_use]
pub fn is_overdue(home: &Home, now: Instant) -> bool {
    let Some(bound) = now.plus_seconds(-1) else { return false };
    unheard(home, bound).next().is_some()
        || home.alerts.values().any(|a| moves_on(home, &mut a.clone(), now))
}

fn move_on(record: &mut Record<'_, '_>, id: AlertId) -> bool {
    let now = record.now;
    let home = record.home;
    let Some(alert) = record.alert(id) else { return false };
    let moved = moves_on(home, alert, now);
    if moved {
        revise(home, alert, now);
    }
    moved
}

/// Brings an alert to where time has taken it; whether that changed it.
fn moves_on(home: &Home, alert: &mut Alert, now: Instant) -> bool {
    let before = alert.clone();
    let settled = |d: &crate::id::DoseId| home.doses.get(d).is_none_or(|d| !d.is_open());
    let over = match alert.kind {
        AlertKind::MissedDose => alert.doses.iter().all(settled),
        AlertKind::OrderProblem => !has_problem(home, alert.resident, now),
        AlertKind::PossibleDoubleDose | AlertKind::Unwitnessed => false,
    };
    if over {
        alert.state = AlertState::Ended;
        alert.ended = Some("withdrawn".to_owned());
    } else if alert.state == AlertState::Accepted && alert.accepted_until.is_some_and(|t| t <= now)
    {
        untaken(alert);
        alert.level = (alert.level + 1).min(LEVEL_MAX);
    } else if alert.state == AlertState::Active && alert.quiet_until.is_none_or(|t| t <= now) {
        let due = level_at(home, alert, now);
        alert.level = alert.level.max(due);
    }
    *alert != before
}

/// The level an untaken alert has reached; time-critical ones climb twice as fast.
fn level_at(home: &Home, alert: &Alert, now: Instant) -> u8 {
    let e = &home.policy.escalation;
    let waited = now.seconds_since(alert.raised_at);
    let share = if alert.time_critical { 30 } else { 60 };
    let reached = |minutes: u32| waited >= i64::from(minutes) * share;
    if reached(e.on_call_min) {
        3
    } else if reached(e.charge_nurse_min) {
        2
    } else {
        1
    }
}

pub(super) fn command(record: &mut Record<'_, '_>, c: &AlertCommand) -> Result<Answer, Refusal> {
    let by = record.actor.user.ok_or_else(|| Refusal::new("sign_on_first", "sign_on"))?;
    if !record.actor.role.may(role::Action::TakeAlert) {
        return Err(Refusal::new("role_forbidden", "ask_charge_nurse"));
    }
    let (AlertCommand::Accept(id, rev)
    | AlertCommand::Snooze(id, rev, ..)
    | AlertCommand::Escalate(id, rev)) = c;
    let (now, role) = (record.now, record.actor.role);
    let salt = record.fresh();
    let home = record.home;
    let alert = record.alert(*id).ok_or_else(|| Refusal::new("alert_ended", "reload"))?;
    let looks = matches!(role, Role::Charge | Role::Don) && alert.kind == AlertKind::Unwitnessed;
    let others = alert.state == AlertState::Accepted && alert.accepted_by != Some(by);
    if matches!(c, AlertCommand::Accept(..)) && others {
        return Err(taken(alert, "alert_taken"));
    }
    if alert.rev != *rev {
        return Err(taken(alert, "alert_changed").with("rev", alert.rev));
    }
    match c {
        // It asks for a look, and whoever answers for the floor has looked.
        AlertCommand::Accept(..) if looks => {
            alert.state = AlertState::Ended;
            alert.ended = Some("looked_at".to_owned());
            alert.accepted_by = Some(by);
        }
        AlertCommand::Accept(..) => {
            let seconds = i64::from(home.policy.escalation.accept_expires_s);
            alert.state = AlertState::Accepted;
            alert.accepted_by = Some(by);
            alert.accepted_until = now.plus_seconds(seconds);
        }
        AlertCommand::Snooze(_, _, until, reason) => {
            if alert.time_critical {
                return Err(Refusal::new("never_quiet", "accept"));
            }
            let bound = now.plus_minutes(QUIET_MINUTES_MAX).unwrap_or(now);
            if *until <= now || *until > bound {
                let refusal = Refusal::new("quiet_too_long", "shorter");
                return Err(refusal.with("most", QUIET_MINUTES_MAX));
            }
            alert.quiet_until = Some(*until);
            alert.quiet_reason = Some(reason.clone());
            alert.quiet_salt = Some(*salt.as_bytes());
        }
        AlertCommand::Escalate(..) => alert.level = (alert.level + 1).min(LEVEL_MAX),
    }
    revise(home, alert, now);
    let answer = alert.clone();
    Ok(Answer::Alert(Box::new(answer)))
}

/// A refusal that says who has the alert, if anybody, and since when it stands as it does.
fn taken(alert: &Alert, code: &str) -> Refusal {
    let refusal = Refusal::new(code, "reload").with("since_at", alert.changed_at);
    match alert.accepted_by.filter(|_| alert.state == AlertState::Accepted) {
        Some(by) => refusal.with("by", by.to_string()),
        None => refusal,
    }
}
