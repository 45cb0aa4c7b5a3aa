//! Charting: exceptions, confirmations and past givings, and corrections of them.

use super::record::{Record, fields};
use super::{Answer, ChartAnswer, ChartCommand, Effect, Refusal};
use crate::administration::{Administration, Mode, Outcome, Override, reason};
use crate::alert::{Alert, AlertKind, AlertState};
use crate::amount::Amount;
use crate::audit::leaf::{ADMINISTRATION, Action, salted_sha256};
use crate::dose::{Dose, DoseOutcome};
use crate::fact::{Fact, OrderEvent};
use crate::home::may_retry;
use crate::id::{AdministrationId, AlertId, CartId, DoseId, FactId, UserId};
use crate::order::{Order, OrderAct, Timing};
use crate::role;
use crate::schedule::Schedule;
use crate::schedule::policy::Confirm;
use crate::time::Instant;
use crate::verdict::{Check, Objection, Severity, order_objections};

/// One administration about to be written.
pub(super) struct Charted<'a> {
    pub(super) dose: DoseId,
    pub(super) order: &'a Order,
    pub(super) outcome: Outcome,
    pub(super) reason: Option<String>,
    pub(super) amount: Option<Amount>,
    pub(super) mode: Mode,
    pub(super) at: Instant,
    pub(super) by: UserId,
    pub(super) cart: Option<CartId>,
    pub(super) overrides: Vec<Override>,
    pub(super) packages: Vec<String>,
    pub(super) comment: Option<String>,
    pub(super) salt: [u8; 16],
    pub(super) corrects: Option<AdministrationId>,
    pub(super) effective: bool,
}

/// Writes an administration, its leaf, its effect; settles the dose and, of a one-time order, the
/// order.
pub(super) fn administer(record: &mut Record<'_, '_>, c: Charted<'_>) -> AdministrationId {
    let id = AdministrationId(record.fresh());
    let now = record.now;
    let version = &c.order.current;
    let comment_salt = c.comment.as_ref().map(|_| c.salt);
    let leaf = record.leaf(Action::Create, ADMINISTRATION, id.to_string());
    leaf.resident = Some(version.resident.0);
    leaf.reason.clone_from(&c.reason);
    leaf.comment_sha256 = c.comment.as_ref().map(|text| salted_sha256(&c.salt, text));
    let dose_text = c.dose.to_string();
    leaf.after = Some(fields([
        ("dose", dose_text.as_str().into()),
        ("outcome", c.outcome.code().into()),
        ("administered_at", c.at.micros().into()),
        ("effective", i64::from(c.effective).into()),
    ]));
    if let Some(earlier) = c.corrects {
        let earlier = earlier.to_string();
        leaf.before = Some(fields([("administration", earlier.as_str().into())]));
    }
    let administration = Administration {
        id,
        dose: c.dose,
        order: version.order,
        version: version.version,
        resident: version.resident,
        outcome: c.outcome,
        reason: c.reason,
        comment: c.comment,
        comment_salt,
        amount: c.amount,
        mode: c.mode,
        overrides: c.overrides,
        packages: c.packages,
        by: c.by,
        cart: c.cart,
        administered_at: c.at,
        recorded_at: now,
        corrects: c.corrects,
        effective: c.effective,
    };
    record.effect(Effect::Administration(Box::new(administration.clone())));
    record.fact(Fact::Administration(Box::new(administration)));
    record.settle(c.dose);
    let once = matches!(&version.timing, Timing::Planned { schedule: Schedule::Once(_) });
    if once && c.effective && c.outcome.is_taken() {
        let event = OrderEvent {
            id: FactId(record.fresh()),
            order: version.order,
            version: version.version,
            act: OrderAct::Completed,
            by: Some(c.by),
            reason: String::new(),
            at: now,
        };
        record.fact(Fact::OrderEvent(Box::new(event)));
    }
    id
}

pub(super) fn chart(record: &mut Record<'_, '_>, c: &ChartCommand) -> Result<Answer, Refusal> {
    let by = record.actor.user.ok_or_else(|| Refusal::new("sign_on_first", "sign_on"))?;
    let (order, dose) = subject(record, c)?;
    allowed(record, order, c, by)?;
    reason_fits(c)?;
    let at = when(record, order, c)?;
    let amount = amount(order, c)?;
    let done = dose.and_then(|d| d.outcome.as_ref());
    let effective = if c.corrects.is_some() {
        done.is_none_or(|d| Some(d.administration) == c.corrects)
    } else {
        claim(record, c, order, dose, done)?
    };
    let dose_id = match dose {
        Some(dose) => dose.id,
        None => super::plan::prn_dose(record, order),
    };
    let packages = leave_pot(record, c, dose_id);
    let charted = Charted {
        dose: dose_id,
        order,
        outcome: c.outcome,
        reason: c.reason.clone(),
        amount,
        mode: c.mode,
        at,
        by,
        cart: c.cart.clone(),
        overrides: c.overrides.clone(),
        packages,
        comment: c.comment.clone().filter(|t| !t.is_empty()),
        salt: c.salt,
        corrects: c.corrects,
        effective,
    };
    let administration = administer(record, charted);
    if !effective && c.corrects.is_none() && c.outcome.is_taken() {
        possible_double_dose(record, order, dose_id);
    }
    let recorded_at = record.now;
    Ok(Answer::Chart(ChartAnswer {
        administration,
        dose: dose_id,
        outcome: c.outcome,
        effective,
        administered_at: at,
        recorded_at,
    }))
}

fn subject<'a>(
    record: &Record<'a, '_>,
    c: &ChartCommand,
) -> Result<(&'a Order, Option<&'a Dose>), Refusal> {
    let home = record.home;
    let unknown = |code| Refusal::new(code, "reload");
    let dose = match c.dose {
        Some(id) => Some(home.doses.get(&id).ok_or_else(|| unknown("dose_unknown"))?),
        None => None,
    };
    let order = dose.map(|d| d.slot.order).or(c.order).ok_or_else(|| unknown("dose_missing"))?;
    let order = home.orders.get(&order).ok_or_else(|| unknown("order_unknown"))?;
    if dose.is_none() && !order.is_prn() {
        return Err(unknown("dose_missing"));
    }
    Ok((order, dose))
}

fn allowed(
    record: &Record<'_, '_>,
    order: &Order,
    c: &ChartCommand,
    by: UserId,
) -> Result<(), Refusal> {
    let role = record.actor.role;
    let restricted = c.outcome.is_taken() && order.is_restricted(&record.home.policy);
    let action = match &c.corrected {
        Some(earlier) if earlier.by != by => role::Action::CorrectOther,
        // What one may not give, one may not turn one's own record into either.
        _ if restricted => role::Action::ChartRestricted,
        Some(_) => role::Action::CorrectOwn,
        None => role::Action::Chart,
    };
    if c.corrects != c.corrected.as_ref().map(|a| a.id) {
        return Err(Refusal::new("administration_unknown", "reload"));
    }
    if role.may(action) {
        Ok(())
    } else {
        Err(Refusal::new("role_cannot_chart", "ask_charge_nurse"))
    }
}

/// Not given needs a coded reason of that outcome, and a comment where the reason says so.
fn reason_fits(c: &ChartCommand) -> Result<(), Refusal> {
    let found = c.reason.as_deref().and_then(reason);
    if c.reason.is_some() && found.is_none_or(|r| r.outcome != c.outcome) {
        return Err(Refusal::new("reason_unknown", "reason"));
    }
    let needed = !c.outcome.is_taken() || c.outcome == Outcome::Partial || c.corrects.is_some();
    let Some(reason) = found else {
        let missing = needed && !(c.corrects.is_some() && c.comment.is_some());
        return if missing { Err(Refusal::new("reason_missing", "reason")) } else { Ok(()) };
    };
    let comment = c.comment.as_deref().is_some_and(|t| !t.trim().is_empty());
    if reason.note_required && !comment {
        return Err(Refusal::new("comment_missing", "comment").with("reason", reason.code));
    }
    Ok(())
}

/// How much was taken: the dose when it was given, some of it when it was given in part.
fn amount(order: &Order, c: &ChartCommand) -> Result<Option<Amount>, Refusal> {
    let dose = order.current.dose;
    let unfit = || Refusal::new("amount_unfit", "amount").with("dose", dose.to_string());
    let against = |taken: Amount| {
        taken.comparable(dose).then(|| taken.base().cmp(&dose.base())).ok_or_else(unfit)
    };
    match (c.outcome, c.amount) {
        (Outcome::Given, None) => Ok(Some(dose)),
        (Outcome::Given, Some(taken)) if against(taken)?.is_eq() => Ok(Some(taken)),
        (Outcome::Partial, None) => Err(Refusal::new("amount_missing", "amount")),
        (Outcome::Partial, Some(taken)) if taken.nano > 0 && against(taken)?.is_lt() => {
            Ok(Some(taken))
        }
        (Outcome::Given | Outcome::Partial, Some(_)) => Err(unfit()),
        _ => Ok(None),
    }
}

fn when(record: &Record<'_, '_>, order: &Order, c: &ChartCommand) -> Result<Instant, Refusal> {
    let starts = order.current.start.plus_minutes(-order.current.before_minutes);
    match (c.mode, c.administered_at) {
        (Mode::Now, _) => Ok(record.now),
        (Mode::Past, None) => Err(Refusal::new("time_missing", "time")),
        (Mode::Past, Some(at)) if at > record.now => Err(Refusal::new("time_in_future", "time")),
        (Mode::Past, Some(at)) if starts.is_some_and(|starts| at < starts) => {
            let refusal = Refusal::new("time_before_start", "time");
            Err(refusal.with("starts_at", order.current.start))
        }
        (Mode::Past, Some(at)) => Ok(at),
    }
}

/// Whether this claim becomes the dose's effective outcome, or why it is refused.
///
/// A claim about now on a taken dose is refused with who and when; one about the past is kept
/// beside it. A dose refused, held or not given may be offered again inside its window.
fn claim(
    record: &Record<'_, '_>,
    c: &ChartCommand,
    order: &Order,
    dose: Option<&Dose>,
    done: Option<&DoseOutcome>,
) -> Result<bool, Refusal> {
    if let Some(done) = done {
        let again = may_retry(done.outcome) && dose.is_some_and(|d| record.now <= d.closes);
        return match c.mode {
            Mode::Past => Ok(may_retry(done.outcome) && c.outcome.is_taken()),
            Mode::Now if again => now_checks(record, c, order, dose).map(|()| true),
            Mode::Now => Err(already(done)),
        };
    }
    if c.mode == Mode::Now {
        now_checks(record, c, order, dose)?;
    }
    Ok(true)
}

fn already(done: &DoseOutcome) -> Refusal {
    let o = Objection::new(Check::AlreadyGiven)
        .with("given_at", done.at)
        .with("by", done.by.to_string())
        .with("outcome", done.outcome.code());
    let code = if done.outcome.is_taken() { "already_given" } else { "already_charted" };
    let mut refusal = Refusal::new(code, "reload");
    refusal.objections.push(o);
    refusal
}

/// A giving charted now must have been put in the pot by scan, and its order must still stand.
fn now_checks(
    record: &Record<'_, '_>,
    c: &ChartCommand,
    order: &Order,
    dose: Option<&Dose>,
) -> Result<(), Refusal> {
    if !c.outcome.is_taken() {
        return Ok(());
    }
    let in_pot = dose.is_some_and(|d| d.prepared.is_some());
    if !in_pot && record.home.policy.giving.confirm != Confirm::Scan {
        return Err(Refusal::new("not_prepared", "scan_package"));
    }
    if !in_pot {
        return Err(Refusal::new("not_scanned", "scan_package"));
    }
    let all = order_objections(record.home, order, c.list_version, record.now);
    let stops: Vec<Objection> =
        all.into_iter().filter(|o| o.severity <= Severity::Refresh).collect();
    if stops.is_empty() {
        return Ok(());
    }
    let mut refusal = Refusal::new(stops[0].code.code(), "reload");
    refusal.objections = stops;
    Err(refusal)
}

/// Takes the dose out of the cart's pot and hands over what was scanned for it.
fn leave_pot(record: &mut Record<'_, '_>, c: &ChartCommand, dose: DoseId) -> Vec<String> {
    let Some(cart) = &c.cart else { return Vec::new() };
    let session = record.cart(cart);
    let mut packages = Vec::new();
    session.pot.retain(|p| {
        if p.dose == dose {
            packages.clone_from(&p.packages);
        }
        p.dose != dose
    });
    if session.counting.as_ref().is_some_and(|n| n.dose == Some(dose)) {
        session.counting = None;
    }
    session.used.extend(packages.iter().cloned());
    packages
}

fn possible_double_dose(record: &mut Record<'_, '_>, order: &Order, dose: DoseId) {
    let resident = order.current.resident;
    let Some(lives) = record.home.residents.get(&resident) else { return };
    let id = AlertId(record.fresh());
    let now = record.now;
    record.raise(Alert {
        id,
        rev: 1,
        kind: AlertKind::PossibleDoubleDose,
        resident,
        unit: lives.unit.clone(),
        date: record.home.today(now),
        pass: "none".to_owned(),
        doses: vec![dose],
        due: now,
        time_critical: true,
        level: 1,
        state: AlertState::Active,
        accepted_by: None,
        accepted_until: None,
        raised_at: now,
        changed_at: now,
        quiet_until: None,
        ended: None,
    });
}
