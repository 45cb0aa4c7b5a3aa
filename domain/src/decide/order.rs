//! Orders: received, noted, verified, changed, discontinued.

use super::end::{lawful_end, renew};
use super::hold::{do_not_give, held, may_give, resume};
use super::record::{Record, fields};
use super::{Answer, ChangeCommand, ChangeKind, OrderCommand, Refusal};
use crate::administration::Override;
use crate::audit::leaf::Action;
use crate::dose::{Dose, Slot, Withdrawal};
use crate::fact::{DoseDue, Fact, OrderEvent};
use crate::home::Home;
use crate::id::{FactId, OrderId, UserId};
use crate::order::{FirstDose, Hold, Order, OrderAct, OrderState, OrderVersion, Timing};
use crate::order_check::{self, Occasion};
use crate::role;
use crate::schedule::Schedule;
use crate::schedule::window::not_too_near;
use crate::time::Instant;
use crate::verdict::{Check, Objection};

impl OrderCommand {
    /// The order it is about.
    #[must_use]
    pub fn order(&self) -> OrderId {
        match self {
            Self::Receive(version) => version.order,
            Self::Change(change) => change.version.order,
            Self::AsSeen(_, command) => command.order(),
            Self::Note(id, _)
            | Self::Verify(id)
            | Self::Hold(id, _)
            | Self::Resume(id)
            | Self::DoNotGive(id, _)
            | Self::MayGive(id, _)
            | Self::Renew(id, _)
            | Self::Discontinue(id, _)
            | Self::EnteredInError { order: id, .. } => *id,
        }
    }
}

pub(super) fn order(record: &mut Record<'_, '_>, c: &OrderCommand) -> Result<Answer, Refusal> {
    match c {
        OrderCommand::Receive(version) => receive(record, version),
        OrderCommand::Note(id, answers) => note(record, *id, answers),
        OrderCommand::Verify(id) => verify(record, *id),
        OrderCommand::Hold(id, hold) => held(record, *id, hold),
        OrderCommand::Resume(id) => resume(record, *id),
        OrderCommand::DoNotGive(id, reason) => do_not_give(record, *id, reason),
        OrderCommand::MayGive(id, reason) => may_give(record, *id, reason),
        OrderCommand::Renew(id, asked) => renew(record, *id, asked),
        OrderCommand::AsSeen(version, command) => {
            let current = known(record, command.order())?.current.version;
            if current != *version {
                return Err(Refusal::new("order_changed", "reload").with("version", current));
            }
            order(record, command)
        }
        OrderCommand::Change(c) => change(record, c),
        OrderCommand::Discontinue(id, reason) => {
            let order = known(record, *id)?;
            // A pharmacy that stops what was withdrawn here asks for nothing more.
            if matches!(order.state, OrderState::Discontinued | OrderState::EnteredInError) {
                return Ok(unchanged(order));
            }
            let order = standing(record, order.id(), not_over)?;
            act(record, order, OrderAct::Discontinued, reason);
            let now = record.now;
            // One still in its window is no longer anybody's to give; what is past stays.
            call_off(record, order, Withdrawal::Discontinued, |dose| dose.closes >= now);
            Ok(answer(order))
        }
        OrderCommand::EnteredInError { order, reason, charted } => {
            entered_in_error(record, *order, reason, *charted)
        }
    }
}

/// Another version takes force now: untouched doses to come are superseded, and the new plan begins
/// here, but not nearer to the last taken dose than half its nominal interval. What lies behind
/// stays as it is. Schedules, section 1, "dose"; rule 1.
fn change(record: &mut Record<'_, '_>, c: &ChangeCommand) -> Result<Answer, Refusal> {
    let order = standing(record, c.version.order, not_over)?;
    let in_force = order.state != OrderState::Draft;
    if in_force {
        person(record, role::Action::NoteOrder)?;
    }
    let now = record.now;
    let old = &order.current;
    if c.version.version != old.version + 1 {
        let seen = i64::from(c.version.version) - 1;
        return Err(Refusal::new("order_changed", "reload").with("version", seen));
    }
    let same = c.version.resident == old.resident
        && c.version.drug.ingredient == old.drug.ingredient
        && c.version.source.sender == old.source.sender
        && c.version.source.placer == old.source.placer;
    if !same {
        return Err(Refusal::new("order_other_drug", "new_order"));
    }
    if in_force && leaves_a_hole(old, c.version.start, now) {
        let refusal = Refusal::new("change_starts_later", "new_order");
        return Err(refusal.with("starts_at", c.version.start));
    }
    if c.kind == ChangeKind::Correction && was_charted(record.home, order, c.charted) {
        return Err(Refusal::new("order_charted", "new_version"));
    }
    let occasion = if in_force { Occasion::Noted } else { Occasion::Entered };
    nothing_stands(record.home, &c.version, &c.version.accepted, occasion)?;
    let not_before = new_plan_begins(record.home, order, &c.version.timing, c.last_taken, now);
    let first_dose = first_dose_from(record.home, order, c.version.first_dose, now);
    let expires = lawful_end(record.home, &c.version, Some(order).filter(|_| in_force), now);
    let renews = None;
    let version = OrderVersion { first_dose, not_before, expires, renews, ..c.version.clone() };
    let number = version.version;
    record.fact(Fact::OrderVersion(Box::new(version)));
    let kind = match c.kind {
        ChangeKind::NewVersion => OrderAct::Changed,
        ChangeKind::Correction => OrderAct::Corrected,
    };
    event(record, order.id(), number, kind, &c.reason, None);
    let leaf = record.leaf(Action::Update, "order_version", order.id().to_string());
    leaf.resident = Some(old.resident.0);
    leaf.before = Some(fields([("version", i64::from(old.version).into())]));
    let after = [("version", i64::from(number).into()), ("act", kind.code().into())];
    leaf.after = Some(fields(after));
    supersede(record, order, now);
    Ok(Answer::Order { order: order.id(), version: number, changed: true })
}

/// The order was never meant: nothing of it is expected any more, nor was it missed. What was done
/// on it was done all the same, and then it can only be stopped. Model, section 1, "order".
fn entered_in_error(
    record: &mut Record<'_, '_>,
    id: OrderId,
    reason: &str,
    charted: bool,
) -> Result<Answer, Refusal> {
    person(record, role::Action::StopOrder)?;
    let order = known(record, id)?;
    if order.state == OrderState::EnteredInError {
        return Ok(unchanged(order));
    }
    let order = standing(record, id, not_over)?;
    if was_charted(record.home, order, charted) {
        return Err(Refusal::new("error_charted", "discontinue"));
    }
    if let Some(pot) = record.home.doses_of_order(id).find_map(|d| d.prepared.as_ref()) {
        let refusal = Refusal::new("error_prepared", "undo").with("prepared_at", pot.at);
        return Err(refusal.with("by", pot.by.to_string()));
    }
    act(record, order, OrderAct::EnteredInError, reason);
    call_off(record, order, Withdrawal::EnteredInError, |_| true);
    Ok(answer(order))
}

/// Whether a dose of the order was ever charted: `before` as far as the database reaches, else what
/// was since.
fn was_charted(home: &Home, order: &Order, before: bool) -> bool {
    before || home.doses_of_order(order.id()).any(|d| d.outcome.is_some())
}

/// Whether doses of an order that runs would be nobody's to give until its changed start: the
/// version that says how they are given is replaced now, so they cannot be left as they are.
fn leaves_a_hole(old: &OrderVersion, start: Instant, now: Instant) -> bool {
    let one_instant = matches!(old.timing.schedule(), Some(Schedule::Once(_)));
    old.start <= now && now < start && !one_instant
}

/// When the first dose of a new plan from `from` on is given, as it is asked for: where the plan
/// before had one given at once that lies behind or was charted, there is no second one. Schedules,
/// rule 1.
pub(super) fn first_dose_from(
    home: &Home,
    order: &Order,
    asked: FirstDose,
    from: Instant,
) -> FirstDose {
    let old = &order.current;
    if old.first_dose == FirstDose::NextTime || order.planned_until.is_none() {
        return asked;
    }
    let of_plan = || home.doses_of_order(order.id()).filter(|d| d.slot.plan == order.plan);
    let charted = of_plan().any(|d| d.outcome.is_some());
    // Since when the order runs says nothing: it may have been on hold meanwhile.
    let begins = old.start.max(old.not_before.unwrap_or(Instant::MIN));
    let number = old.timing.schedule().map(|s| i64::from(Slot::of_first_now(s)));
    let first = of_plan().find(|d| Some(d.slot.slot) == number).map_or(begins, |d| d.due);
    if charted || first < from { FirstDose::NextTime } else { asked }
}

/// Where a new plan of an order in force begins: at `from`, but not nearer to the last taken dose
/// than half its nominal interval. `last_taken` is as far back as the database reaches.
pub(super) fn new_plan_begins(
    home: &Home,
    order: &Order,
    timing: &Timing,
    last_taken: Option<Instant>,
    from: Instant,
) -> Option<Instant> {
    if order.state == OrderState::Draft {
        return None;
    }
    // What was given since the shell looked is in memory.
    let last_taken = last_taken.max(home.taken_of(order, None).max());
    let spaced = last_taken.zip(timing.schedule().and_then(Schedule::nominal_interval_minutes));
    let spaced = spaced.and_then(|(last, interval)| not_too_near(last, interval));
    Some(spaced.map_or(from, |spaced| spaced.max(from)))
}

/// Untouched doses due from `from` on, which a new plan takes the place of; how many.
pub(super) fn supersede(record: &mut Record<'_, '_>, order: &Order, from: Instant) -> u32 {
    let (home, now) = (record.home, record.now);
    let mut count = 0;
    for dose in untouched(home, order, from) {
        replan(record, dose, Some(Withdrawal::Superseded), now);
        record.settle(dose.id);
        count += 1;
    }
    count
}

/// Doses due from `from` on about which nothing was done and which no newer plan replaced. What is
/// on the body comes off as it was planned.
pub(super) fn untouched<'h>(
    home: &'h Home,
    order: &Order,
    from: Instant,
) -> impl Iterator<Item = &'h Dose> {
    let open = move |d: &&Dose| {
        let to_come = d.due >= from && d.outcome.is_none() && !d.slot.is_removal();
        to_come && d.withdrawn != Some(Withdrawal::Superseded)
    };
    home.doses_of_order(order.id()).filter(open)
}

pub(super) fn known<'a>(record: &Record<'a, '_>, id: OrderId) -> Result<&'a Order, Refusal> {
    record.home.orders.get(&id).ok_or_else(|| Refusal::new("order_unknown", "reload"))
}

pub(super) fn standing<'a>(
    record: &Record<'a, '_>,
    id: OrderId,
    wanted: impl FnOnce(OrderState) -> bool,
) -> Result<&'a Order, Refusal> {
    let order = known(record, id)?;
    let state = order.state_at(record.now);
    if wanted(state) {
        return Ok(order);
    }
    Err(Refusal::new("order_state", "reload").with("state", state.code()))
}

fn not_over(state: OrderState) -> bool {
    state == OrderState::Draft || state.is_in_force()
}

pub(super) fn answer(order: &Order) -> Answer {
    Answer::Order { order: order.id(), version: order.current.version, changed: true }
}

pub(super) fn unchanged(order: &Order) -> Answer {
    Answer::Order { order: order.id(), version: order.current.version, changed: false }
}

fn receive(record: &mut Record<'_, '_>, sent: &OrderVersion) -> Result<Answer, Refusal> {
    let home = record.home;
    let (id, resident) = (sent.order, sent.resident);
    if !home.residents.contains_key(&resident) {
        return Err(Refusal::new("resident_unknown", "census"));
    }
    let mut number = sent.version;
    if let Some(order) = home.orders.get(&id) {
        let current = &order.current;
        if current.source == sent.source && current.version == sent.version {
            return Ok(unchanged(order));
        }
        if order.state != OrderState::Draft {
            return Err(Refusal::new("order_state", "new_order").with("state", order.state.code()));
        }
        // Putting a draft right here used up the number under which its sender counts on.
        let put_right = current.entered_by.is_some() && sent.entered_by.is_none();
        if put_right && current.source.version != sent.source.version {
            number = number.max(current.version + 1);
        }
        if number <= current.version {
            return Err(Refusal::new("version_older", "none"));
        }
    }
    // What a sender got wrong is found when it is noted: it must not be lost before.
    if sent.entered_by.is_some() {
        nothing_stands(home, sent, &sent.accepted, Occasion::Entered)?;
    }
    let expires = lawful_end(home, sent, None, record.now);
    let version = OrderVersion { version: number, expires, renews: None, ..sent.clone() };
    record.fact(Fact::OrderVersion(Box::new(version)));
    event(record, id, number, OrderAct::Received, "", None);
    let leaf = record.leaf(Action::Create, "order_version", id.to_string());
    leaf.resident = Some(resident.0);
    leaf.after = Some(fields([("version", i64::from(number).into())]));
    Ok(Answer::Order { order: id, version: number, changed: true })
}

/// A nurse accepts the order into the home, wherever it comes from; a second person verifies it.
/// Model, section 1.
fn note(record: &mut Record<'_, '_>, id: OrderId, answers: &[Override]) -> Result<Answer, Refusal> {
    let order = standing(record, id, |state| state == OrderState::Draft)?;
    person(record, role::Action::NoteOrder)?;
    // Noted, it would be over at once and on no list: nobody would know that it was never given.
    if let Some(end) = order.current.ends_at().filter(|end| *end <= record.now) {
        let mut refusal = Refusal::new("order_findings", "new_order");
        refusal.objections.push(Objection::new(Check::OrderExpired).with("ended_at", end));
        return Err(refusal);
    }
    let answers = [order.current.accepted.as_slice(), answers].concat();
    nothing_stands(record.home, &order.current, &answers, Occasion::Noted)?;
    let why: Vec<String> = answers.iter().map(|a| format!("{}: {}", a.code, a.reason)).collect();
    act(record, order, OrderAct::Noted, &why.join("; "));
    if matches!(order.current.timing, Timing::Unschedulable { .. }) {
        super::alert::order_problem(record, order);
    }
    Ok(answer(order))
}

fn nothing_stands(
    home: &Home,
    version: &OrderVersion,
    answers: &[Override],
    occasion: Occasion,
) -> Result<(), Refusal> {
    let open = order_check::standing(order_check::findings(home, version, occasion), answers);
    if open.is_empty() {
        return Ok(());
    }
    let mut refusal = Refusal::new("order_findings", "answer_findings");
    refusal.objections = open;
    Err(refusal)
}

fn verify(record: &mut Record<'_, '_>, id: OrderId) -> Result<Answer, Refusal> {
    let by = person(record, role::Action::VerifyOrder)?;
    let order = standing(record, id, OrderState::is_in_force)?;
    if order.verified_by.is_some() {
        return Ok(unchanged(order));
    }
    if order.current.entered_by == Some(by) || order.noted_by == Some(by) {
        return Err(Refusal::new("verify_own", "second_person"));
    }
    act(record, order, OrderAct::Verified, "");
    Ok(answer(order))
}

pub(super) fn person(record: &Record<'_, '_>, action: role::Action) -> Result<UserId, Refusal> {
    let by = record.actor.user.ok_or_else(|| Refusal::new("sign_on_first", "sign_on"))?;
    if record.actor.role.may(action) {
        Ok(by)
    } else {
        Err(Refusal::new("role_forbidden", "ask_charge_nurse"))
    }
}

pub(super) fn act(record: &mut Record<'_, '_>, order: &Order, act: OrderAct, reason: &str) {
    event(record, order.id(), order.current.version, act, reason, None);
    act_leaf(record, order, act);
}

pub(super) fn act_leaf(record: &mut Record<'_, '_>, order: &Order, act: OrderAct) {
    let leaf = record.leaf(Action::Update, "orders", order.id().to_string());
    leaf.resident = Some(order.current.resident.0);
    leaf.before = Some(fields([("state", order.state.code().into())]));
    leaf.after = Some(fields([("act", act.code().into())]));
}

pub(super) fn event(
    record: &mut Record<'_, '_>,
    order: OrderId,
    version: u32,
    act: OrderAct,
    reason: &str,
    hold: Option<Hold>,
) {
    let id = FactId(record.fresh());
    let (at, by) = (record.now, record.actor.user);
    let reason = reason.to_owned();
    let event = OrderEvent { id, order, version, act, by, reason, at, hold, hours: None };
    record.fact(Fact::OrderEvent(Box::new(event)));
}

/// These doses of an order that ends are not expected any more; what was charted stays as it is,
/// and what is on the body still comes off.
fn call_off(
    record: &mut Record<'_, '_>,
    order: &Order,
    why: Withdrawal,
    which: impl Fn(&Dose) -> bool,
) {
    let now = record.now;
    let open = |d: &&Dose| d.may_be_called_off() && which(d) && !d.slot.is_removal();
    for dose in record.home.doses_of_order(order.id()).filter(open) {
        replan(record, dose, Some(why), now);
        record.settle(dose.id);
    }
}

pub(super) fn replan(
    record: &mut Record<'_, '_>,
    dose: &Dose,
    withdrawn: Option<Withdrawal>,
    at: Instant,
) {
    record.fact(Fact::DoseDue(Box::new(DoseDue { withdrawn, ..revision(dose, at) })));
}

/// The next revision of when a dose is due, the same as it is.
pub(super) fn revision(dose: &Dose, at: Instant) -> DoseDue {
    DoseDue {
        dose: dose.id,
        rev: dose.rev + 1,
        due: dose.due,
        opens: dose.opens,
        closes: dose.closes,
        shifted: dose.shifted,
        withdrawn: dose.withdrawn,
        at,
    }
}
