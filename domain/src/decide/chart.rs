//! Charting: exceptions, confirmations and past givings, and corrections of them.

use super::double::possible_double_dose;
use super::filing::{amount, filed, objected};
use super::hold::kept_back;
use super::order::replan;
use super::plan::unplanned_dose;
use super::record::{Record, fields};
use super::witness::{unwitnessed, witnessed};
use super::{Answer, ChartAnswer, ChartCommand, Effect, Refusal};
use crate::administration::{Administration, Mode, Outcome, Override, Witnessed, reason, words};
use crate::amount::Amount;
use crate::audit::leaf::{ADMINISTRATION, Action, salted_sha256};
use crate::dose::{Dose, DoseOutcome, Withdrawal};
use crate::dose_amount::as_charted;
use crate::evidence::relied_on;
use crate::fact::{Fact, OrderEvent};
use crate::id::{AdministrationId, CartId, DoseId, FactId, ReadingId, UserId};
use crate::order::{Order, OrderAct, OrderState};
use crate::role;
use crate::schedule::policy::Confirm;
use crate::schedule::window::is_too_near;
use crate::time::Instant;
use crate::verdict::{Check, Objection, out_of_reach};

/// One administration about to be written.
pub(super) struct Charted<'a> {
    pub(super) dose: DoseId,
    pub(super) order: &'a Order,
    pub(super) version: u32,
    pub(super) outcome: Outcome,
    pub(super) reason: Option<String>,
    pub(super) amount: Option<Amount>,
    pub(super) mode: Mode,
    pub(super) at: Instant,
    pub(super) by: UserId,
    pub(super) cart: Option<CartId>,
    pub(super) overrides: Vec<Override>,
    pub(super) witness: Option<Witnessed>,
    pub(super) packages: Vec<String>,
    pub(super) readings: Vec<ReadingId>,
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
    let words = words(c.comment.as_deref(), &c.overrides);
    // A scan brings no salt of its own: its words come with the reasons.
    let salt = if c.salt == [0; 16] { record.fresh().into_bytes() } else { c.salt };
    let comment_salt = words.as_ref().map(|_| salt);
    let leaf = record.leaf(Action::Create, ADMINISTRATION, id.to_string());
    leaf.resident = Some(version.resident.0);
    leaf.reason.clone_from(&c.reason);
    let present = c.witness.filter(|_| c.corrects.is_none());
    leaf.actor.witness2 = present.map(|w| w.by.to_string());
    leaf.comment_sha256 = words.map(|text| salted_sha256(&salt, &text));
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
        version: c.version,
        resident: version.resident,
        outcome: c.outcome,
        reason: c.reason,
        comment: c.comment,
        comment_salt,
        amount: c.amount,
        mode: c.mode,
        overrides: c.overrides,
        witness: c.witness,
        packages: c.packages,
        readings: c.readings,
        by: c.by,
        cart: c.cart,
        administered_at: c.at,
        recorded_at: now,
        corrects: c.corrects,
        effective: c.effective,
    };
    // Taking something off gives nobody a drug, so a pharmacy hears of no administration.
    if administration.outcome != Outcome::Removed {
        record.effect(Effect::Administration(Box::new(administration.clone())));
    }
    record.fact(Fact::Administration(Box::new(administration.clone())));
    record.settle(c.dose);
    unwitnessed(record, c.order, &administration);
    follow_once(record, c.order, &administration);
    follow_pair(record, &administration);
    space_new_plan(record, c.order, &administration);
    id
}

/// A dose of an older plan that is given after the order was changed: what the new plan has nearer
/// to it than half the interval is not given too. Model, section 1, "dose".
fn space_new_plan(record: &mut Record<'_, '_>, order: &Order, a: &Administration) {
    let home = record.home;
    let older = home.doses.get(&a.dose).is_some_and(|d| d.slot.plan < order.plan);
    let Some(schedule) = order.current.timing.schedule() else { return };
    let Some(interval) = schedule.nominal_interval_minutes() else { return };
    if !(older && a.effective) {
        return;
    }
    if !a.outcome.is_taken() {
        return expect_again(record, order, a, interval);
    }
    let at = a.administered_at;
    let near = |d: &&Dose| {
        let to_come = d.slot.plan == order.plan && d.is_open() && !d.slot.is_removal();
        to_come && d.due >= at && is_too_near(at, d.due, interval)
    };
    for dose in home.doses_of_order(order.id()).filter(near) {
        replan(record, dose, Some(Withdrawal::Superseded), record.now);
        record.settle(dose.id);
    }
    super::plan::pass_over(record, order, schedule, at);
}

/// The record of that giving was wrong: what was passed over for it alone is expected again.
fn expect_again(record: &mut Record<'_, '_>, order: &Order, a: &Administration, interval: u32) {
    let home = record.home;
    let was = home.doses.get(&a.dose).and_then(|d| d.outcome.as_ref());
    let Some(wrong) = was.filter(|o| o.outcome.is_taken()).map(|o| o.at) else { return };
    let Some(resident) = home.residents.get(&order.current.resident) else { return };
    let passed_over = |d: &&Dose| {
        let of_plan = d.slot.plan == order.plan && !d.slot.is_removal();
        let replaced = d.withdrawn == Some(Withdrawal::Superseded) && d.outcome.is_none();
        of_plan && replaced && d.due >= record.now && is_too_near(wrong, d.due, interval)
    };
    let others: Vec<Instant> = home.taken_of(order, Some(wrong)).collect();
    let free = |d: &&Dose| !others.iter().any(|at| is_too_near(*at, d.due, interval));
    let again: Vec<&Dose> =
        home.doses_of_order(order.id()).filter(passed_over).filter(free).collect();
    for dose in again {
        replan(record, dose, kept_back(resident, order, dose.due), record.now);
    }
}

/// What was put on is to be taken off; what was not, is not. Settled with the application, so that
/// nobody is sent for a patch that never was.
fn follow_pair(record: &mut Record<'_, '_>, a: &Administration) {
    let home = record.home;
    let Some(dose) = home.doses.get(&a.dose).filter(|d| !d.slot.is_removal()) else { return };
    let Some(removal) = home.removal_of(dose).filter(|r| r.outcome.is_none()) else { return };
    let withdrawn = (!a.outcome.is_taken()).then_some(Withdrawal::NotApplied);
    if !a.effective || removal.withdrawn == withdrawn {
        return;
    }
    replan(record, removal, withdrawn, record.now);
    if withdrawn.is_some() {
        record.settle(removal.id);
    }
}

/// A one-time order, or one given on one call, is completed by its giving, in the same commit; a
/// correction that takes the giving back makes the order active again.
fn follow_once(record: &mut Record<'_, '_>, order: &Order, a: &Administration) {
    if !order.is_given_once() || !a.effective {
        return;
    }
    let act = match (a.outcome.is_taken(), order.state) {
        (true, OrderState::Active) => OrderAct::Completed,
        (false, OrderState::Completed) if a.corrects.is_some() => OrderAct::Resumed,
        _ => return,
    };
    let event = OrderEvent {
        id: FactId(record.fresh()),
        order: a.order,
        version: a.version,
        act,
        by: Some(a.by),
        reason: String::new(),
        at: record.now,
        hold: None,
        hours: None,
    };
    record.fact(Fact::OrderEvent(Box::new(event)));
}

pub(super) fn chart(record: &mut Record<'_, '_>, c: &ChartCommand) -> Result<Answer, Refusal> {
    let by = record.actor.user.ok_or_else(|| Refusal::new("sign_on_first", "sign_on"))?;
    let (order, dose) = subject(record, c)?;
    allowed(record, order, c, by)?;
    act_fits(c, dose)?;
    reason_fits(c)?;
    let at = when(record, order, dose, c)?;
    let (own, version) = as_charted(order, dose, c.mode);
    let amount = amount(record.home, &own, c, at)?;
    if let Some(early) = dose.and_then(|d| out_of_reach(order, d, at)) {
        return Err(objected(vec![early]));
    }
    let effective = claim(record, c, dose, at)?;
    let witness = witnessed(record, c, dose, by, amount)?;
    let overrides = filed(record, c, (order, dose), (amount, witness.as_ref()), at)?;
    let dose_id = dose.map_or_else(|| unplanned_dose(record, order), |d| d.id);
    let packages = leave_pot(record, c, dose_id);
    let charted = Charted {
        dose: dose_id,
        version,
        order,
        outcome: c.outcome,
        reason: c.reason.clone(),
        amount,
        mode: c.mode,
        at,
        by,
        cart: c.cart.clone(),
        overrides,
        witness,
        packages,
        readings: rested_on(record, c.outcome, order, at),
        comment: c.comment.clone().filter(|t| !t.is_empty()),
        salt: c.salt,
        corrects: c.corrects,
        effective,
    };
    let administration = administer(record, charted);
    if !effective && c.corrects.is_none() && c.outcome.is_taken() {
        possible_double_dose(record, order, dose_id);
    }
    Ok(Answer::Chart(ChartAnswer {
        administration,
        dose: dose_id,
        outcome: c.outcome,
        effective,
        administered_at: at,
        recorded_at: record.now,
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
    if dose.is_none() && !order.is_unplanned() {
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
    let policy = record.home.policy_at(c.administered_at.unwrap_or(record.now));
    let restricted = c.outcome.is_taken() && order.is_restricted(policy);
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
    if c.corrected.as_ref().is_some_and(|a| c.dose != Some(a.dose)) {
        return Err(Refusal::new("correction_of_another_dose", "reload"));
    }
    if role.may(action) {
        Ok(())
    } else {
        Err(Refusal::new("role_cannot_chart", "ask_charge_nurse"))
    }
}

/// Something is taken off, and nothing else is done, at a removal; and nowhere else. Only a record
/// that it came off may be put right to say that it did not.
fn act_fits(c: &ChartCommand, dose: Option<&Dose>) -> Result<(), Refusal> {
    let Some(removal) = dose.filter(|d| d.slot.is_removal()) else {
        let fits = c.outcome != Outcome::Removed;
        return if fits { Ok(()) } else { Err(Refusal::new("not_a_removal", "reload")) };
    };
    let taken_back = c.corrects.is_some() && c.outcome == Outcome::NotGiven;
    if c.outcome != Outcome::Removed && !taken_back {
        return Err(Refusal::new("removal_only", "chart_removed"));
    }
    match removal.withdrawn {
        Some(_) => Err(Refusal::new("nothing_on", "reload")),
        None => Ok(()),
    }
}

/// Not given needs a coded reason of that outcome, and a comment where the reason says so.
fn reason_fits(c: &ChartCommand) -> Result<(), Refusal> {
    let found = c.reason.as_deref().and_then(reason);
    if c.reason.is_some() && found.is_none_or(|r| r.outcome != c.outcome) {
        return Err(Refusal::new("reason_unknown", "reason"));
    }
    let plain = matches!(c.outcome, Outcome::Given | Outcome::Removed);
    let needed = !plain || c.corrects.is_some();
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

fn when(
    record: &Record<'_, '_>,
    order: &Order,
    dose: Option<&Dose>,
    c: &ChartCommand,
) -> Result<Instant, Refusal> {
    let starts = order.starts_for(dose);
    match (c.mode, c.administered_at) {
        // A correction is never a giving now: the dose left no pot, so somebody says when.
        (Mode::Now, _) if c.corrects.is_some() && c.outcome.is_taken() => {
            Err(Refusal::new("time_missing", "time"))
        }
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
/// beside it. A dose refused, held or not given may be offered again inside its window, and taken
/// then: the window is judged on when it was taken, not on when that is charted.
fn claim(
    record: &Record<'_, '_>,
    c: &ChartCommand,
    dose: Option<&Dose>,
    at: Instant,
) -> Result<bool, Refusal> {
    let done = dose.and_then(|d| d.outcome.as_ref());
    if c.corrects.is_some() {
        return Ok(done.is_none_or(|d| Some(d.administration) == c.corrects));
    }
    if let Some(done) = done {
        let again = done.outcome.may_be_retried();
        let in_window = dose.is_some_and(|d| at <= d.closes);
        // What was put in the pot inside the window may be confirmed after it, as late.
        let offered =
            in_window || c.outcome.is_taken() && dose.is_some_and(|d| d.prepared.is_some());
        return match c.mode {
            Mode::Past => Ok(again && in_window && c.outcome.is_taken()),
            Mode::Now if again && offered => in_pot(record, c, dose).map(|()| true),
            Mode::Now => Err(already(done)),
        };
    }
    if c.mode == Mode::Now {
        in_pot(record, c, dose)?;
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

/// A giving charted now must have been put in the pot by scan.
fn in_pot(record: &Record<'_, '_>, c: &ChartCommand, dose: Option<&Dose>) -> Result<(), Refusal> {
    if !c.outcome.is_taken() || dose.is_some_and(|d| d.prepared.is_some()) {
        return Ok(());
    }
    let scan = record.home.policy.giving.confirm == Confirm::Scan;
    Err(Refusal::new(if scan { "not_scanned" } else { "not_prepared" }, "scan_package"))
}

/// The readings that what is charted rests on: those that let the dose be given, or had it held.
fn rested_on(
    record: &Record<'_, '_>,
    outcome: Outcome,
    order: &Order,
    at: Instant,
) -> Vec<ReadingId> {
    let rests = outcome.is_taken() || outcome == Outcome::Held;
    if rests { relied_on(record.home, order, at) } else { Vec::new() }
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
    if let Some(counted) = session.counting.take_if(|n| n.dose == Some(dose)) {
        packages.extend(counted.packages);
    }
    session.used.extend(packages.iter().cloned());
    packages
}
