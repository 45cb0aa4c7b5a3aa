//! Orders: received, noted, verified, held, resumed, changed, discontinued.

use super::record::{Record, fields};
use super::{Answer, ChangeCommand, ChangeKind, HoldFor, OrderCommand, Refusal};
use crate::administration::Override;
use crate::audit::leaf::Action;
use crate::dose::{Dose, Withdrawal};
use crate::fact::{DoseDue, Fact, OrderEvent};
use crate::home::Home;
use crate::id::{FactId, OrderId};
use crate::order::{FirstDose, Hold, Order, OrderAct, OrderState, OrderVersion, Timing};
use crate::order_check::{self, Occasion};
use crate::role;
use crate::time::{Instant, MICROS_PER_SECOND, SECONDS_PER_MINUTE};

pub(super) fn order(record: &mut Record<'_, '_>, c: &OrderCommand) -> Result<Answer, Refusal> {
    match c {
        OrderCommand::Receive(version) => receive(record, version),
        OrderCommand::Note(id, answers) => note(record, *id, answers),
        OrderCommand::Verify(id) => verify(record, *id),
        OrderCommand::Hold(id, hold) => held(record, *id, hold),
        OrderCommand::Resume(id) => resume(record, *id),
        OrderCommand::Change(c) => change(record, c),
        OrderCommand::Discontinue(id, reason) => {
            let ended = [OrderState::Draft, OrderState::Active, OrderState::Held];
            let order = known(record, *id)?;
            if order.state == OrderState::Discontinued {
                return Ok(unchanged(order));
            }
            let order = standing(record, order.id(), &ended)?;
            act(record, order, OrderAct::Discontinued, reason);
            discontinue_doses(record, order);
            Ok(answer(order))
        }
    }
}

/// A hold takes what is due while it lasts; what was due before it is missed unless somebody charts
/// it. Schedules, rule 3.
fn held(record: &mut Record<'_, '_>, id: OrderId, asked: &HoldFor) -> Result<Answer, Refusal> {
    let order = standing(record, id, &[OrderState::Active, OrderState::Held])?;
    let now = record.now;
    if let Some(hold) = order.hold.as_ref().filter(|hold| !hold.is_over(now)) {
        return Err(Refusal::new("order_held", "resume_first").with("from", hold.from));
    }
    let from = asked.from.unwrap_or(now);
    if from < now {
        return Err(Refusal::new("hold_past", "later_time").with("from", from));
    }
    if let Some(until) = asked.until.filter(|until| *until <= from) {
        return Err(Refusal::new("hold_reversed", "later_time").with("until", until));
    }
    let hold = Hold { from, until: asked.until, reason: asked.reason.clone() };
    let (order_id, version) = (order.id(), order.current.version);
    let fact = FactId(record.fresh());
    record.fact(Fact::OrderEvent(Box::new(OrderEvent {
        id: fact,
        order: order_id,
        version,
        act: OrderAct::Held,
        by: record.actor.user,
        reason: asked.reason.clone(),
        at: now,
        hold: Some(hold.clone()),
        hours: None,
    })));
    act_leaf(record, order, OrderAct::Held);
    let within = record.home.doses_of_order(id).filter(|d| d.is_open() && hold.contains(d.due));
    for dose in within {
        replan(record, dose, Some(Withdrawal::Held), now);
        record.settle(dose.id);
    }
    Ok(answer(order))
}

fn resume(record: &mut Record<'_, '_>, id: OrderId) -> Result<Answer, Refusal> {
    let order = standing(record, id, &[OrderState::Active, OrderState::Held])?;
    if order.hold.as_ref().is_none_or(|hold| hold.is_over(record.now)) {
        return Err(Refusal::new("order_state", "reload").with("state", order.state.code()));
    }
    act(record, order, OrderAct::Resumed, "");
    // Who is not here gets nothing: their return settles it.
    if super::resident::is_present(record.home, order.current.resident) {
        reinstate(record, order, &[Withdrawal::Held], None);
    }
    Ok(answer(order))
}

/// Another version takes force now: untouched doses to come are superseded, and the new plan begins
/// here, but not nearer to the last taken dose than half its nominal interval. What lies behind
/// stays as it is. Schedules, section 1, "dose"; rule 1.
fn change(record: &mut Record<'_, '_>, c: &ChangeCommand) -> Result<Answer, Refusal> {
    let states = [OrderState::Draft, OrderState::Active, OrderState::Held];
    let order = standing(record, c.version.order, &states)?;
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
    let charted = c.charted || record.home.doses_of_order(order.id()).any(|d| d.outcome.is_some());
    if c.kind == ChangeKind::Correction && charted {
        return Err(Refusal::new("order_charted", "new_version"));
    }
    let occasion = match order.state {
        OrderState::Draft => Occasion::Entered,
        _ => Occasion::Noted,
    };
    nothing_stands(record.home, &c.version, &c.version.accepted, occasion)?;
    if order.state != OrderState::Draft {
        person(record, role::Action::NoteOrder)?;
    }
    let not_before = new_plan_begins(record.home, order, &c.version.timing, c.last_taken, now);
    // Its first dose was given when the order began; a copy of the order must not ask for another.
    let first_dose = match old.first_dose {
        FirstDose::Now => FirstDose::NextTime,
        FirstDose::NextTime => c.version.first_dose,
    };
    let version = OrderVersion { first_dose, not_before, ..c.version.clone() };
    let number = version.version;
    record.fact(Fact::OrderVersion(Box::new(version)));
    let kind = match c.kind {
        ChangeKind::NewVersion => OrderAct::Changed,
        ChangeKind::Correction => OrderAct::Corrected,
    };
    event(record, order.id(), number, kind, &c.reason);
    let leaf = record.leaf(Action::Update, "order_version", order.id().to_string());
    leaf.resident = Some(old.resident.0);
    leaf.before = Some(fields([("version", i64::from(old.version).into())]));
    let after = [("version", i64::from(number).into()), ("act", kind.code().into())];
    leaf.after = Some(fields(after));
    supersede(record, order, now);
    Ok(Answer::Order { order: order.id(), version: number, changed: true })
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
    let spaced = last_taken.zip(half_interval_micros(timing));
    let spaced = spaced.and_then(|(last, half)| last.plus_micros(half));
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

/// Doses due from `from` on about which nothing was done and which no newer plan replaced.
pub(super) fn untouched<'h>(
    home: &'h Home,
    order: &Order,
    from: Instant,
) -> impl Iterator<Item = &'h Dose> {
    let open = move |d: &&Dose| {
        d.due >= from && d.outcome.is_none() && d.withdrawn != Some(Withdrawal::Superseded)
    };
    home.doses_of_order(order.id()).filter(open)
}

fn half_interval_micros(timing: &Timing) -> Option<i64> {
    let Timing::Planned { schedule } = timing else { return None };
    let minutes = schedule.nominal_interval_minutes()?;
    Some(i64::from(minutes) * (SECONDS_PER_MINUTE / 2) * MICROS_PER_SECOND)
}

fn known<'a>(record: &Record<'a, '_>, id: OrderId) -> Result<&'a Order, Refusal> {
    record.home.orders.get(&id).ok_or_else(|| Refusal::new("order_unknown", "reload"))
}

fn standing<'a>(
    record: &Record<'a, '_>,
    id: OrderId,
    states: &[OrderState],
) -> Result<&'a Order, Refusal> {
    let order = known(record, id)?;
    let state = order.state_at(record.now);
    if states.contains(&state) {
        return Ok(order);
    }
    Err(Refusal::new("order_state", "reload").with("state", state.code()))
}

fn answer(order: &Order) -> Answer {
    Answer::Order { order: order.id(), version: order.current.version, changed: true }
}

fn unchanged(order: &Order) -> Answer {
    Answer::Order { order: order.id(), version: order.current.version, changed: false }
}

fn receive(record: &mut Record<'_, '_>, version: &OrderVersion) -> Result<Answer, Refusal> {
    let home = record.home;
    let mut version = version.clone();
    if !home.residents.contains_key(&version.resident) {
        return Err(Refusal::new("resident_unknown", "census"));
    }
    if let Some(order) = home.orders.get(&version.order) {
        let same = order.current.source == version.source;
        if same && order.current.version == version.version {
            return Ok(unchanged(order));
        }
        if order.state != OrderState::Draft {
            return Err(Refusal::new("order_state", "new_order").with("state", order.state.code()));
        }
        // A draft that was put right here keeps its sender's next version out of no number.
        let put_right = order.current.entered_by.is_some() && version.entered_by.is_none();
        if put_right && order.current.source.version != version.source.version {
            version.version = version.version.max(order.current.version + 1);
        }
        if version.version <= order.current.version {
            return Err(Refusal::new("version_older", "none"));
        }
    }
    let version = &version;
    // What a sender got wrong is found when it is noted: it must not be lost before.
    if version.entered_by.is_some() {
        nothing_stands(home, version, &version.accepted, Occasion::Entered)?;
    }
    record.fact(Fact::OrderVersion(Box::new(version.clone())));
    event(record, version.order, version.version, OrderAct::Received, "");
    let leaf = record.leaf(Action::Create, "order_version", version.order.to_string());
    leaf.resident = Some(version.resident.0);
    leaf.after = Some(fields([("version", i64::from(version.version).into())]));
    let (order, version) = (version.order, version.version);
    Ok(Answer::Order { order, version, changed: true })
}

/// A nurse accepts the order into the home. Where nobody has entered it here (it was received), one
/// act of a nurse notes and verifies; an order entered here needs a second person to verify.
fn note(record: &mut Record<'_, '_>, id: OrderId, answers: &[Override]) -> Result<Answer, Refusal> {
    let order = standing(record, id, &[OrderState::Draft])?;
    person(record, role::Action::NoteOrder)?;
    let answers = [order.current.accepted.as_slice(), answers].concat();
    nothing_stands(record.home, &order.current, &answers, Occasion::Noted)?;
    let why: Vec<String> = answers.iter().map(|a| format!("{}: {}", a.code, a.reason)).collect();
    act(record, order, OrderAct::Noted, &why.join("; "));
    if order.current.entered_by.is_none() {
        act(record, order, OrderAct::Verified, "");
    }
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
    let order = standing(record, id, &[OrderState::Active, OrderState::Held])?;
    if order.verified_by.is_some() {
        return Ok(unchanged(order));
    }
    if order.current.entered_by == Some(by) || order.noted_by == Some(by) {
        return Err(Refusal::new("verify_own", "second_person"));
    }
    act(record, order, OrderAct::Verified, "");
    Ok(answer(order))
}

fn person(record: &Record<'_, '_>, action: role::Action) -> Result<crate::id::UserId, Refusal> {
    let by = record.actor.user.ok_or_else(|| Refusal::new("sign_on_first", "sign_on"))?;
    if record.actor.role.may(action) {
        Ok(by)
    } else {
        Err(Refusal::new("role_forbidden", "ask_charge_nurse"))
    }
}

fn act(record: &mut Record<'_, '_>, order: &Order, act: OrderAct, reason: &str) {
    event(record, order.id(), order.current.version, act, reason);
    act_leaf(record, order, act);
}

fn act_leaf(record: &mut Record<'_, '_>, order: &Order, act: OrderAct) {
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
) {
    let id = FactId(record.fresh());
    let (at, by) = (record.now, record.actor.user);
    let reason = reason.to_owned();
    let (hold, hours) = (None, None);
    let event = OrderEvent { id, order, version, act, by, reason, at, hold, hours };
    record.fact(Fact::OrderEvent(Box::new(event)));
}

/// Doses from now on are not expected any more; what was charted or is past stays as it is. A dose
/// that is still in its window is no longer anybody's to give.
fn discontinue_doses(record: &mut Record<'_, '_>, order: &Order) {
    let now = record.now;
    let ahead = record.home.doses_of_order(order.id()).filter(|d| d.is_open() && d.closes >= now);
    for dose in ahead {
        replan(record, dose, Some(Withdrawal::Discontinued), now);
        record.settle(dose.id);
    }
}

/// Doses to come that were withdrawn for one of these reasons are expected again, except within
/// `hold`; how many are.
pub(super) fn reinstate(
    record: &mut Record<'_, '_>,
    order: &Order,
    were: &[Withdrawal],
    hold: Option<&Hold>,
) -> u32 {
    let now = record.now;
    let home = record.home;
    let mut count = 0;
    for dose in home.doses_of_order(order.id()).filter(|d| d.due >= now && d.outcome.is_none()) {
        let held = hold.filter(|hold| hold.contains(dose.due)).map(|_| Withdrawal::Held);
        if dose.withdrawn.is_some_and(|why| were.contains(&why)) && dose.withdrawn != held {
            replan(record, dose, held, now);
            count += u32::from(held.is_none());
        }
    }
    count
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
