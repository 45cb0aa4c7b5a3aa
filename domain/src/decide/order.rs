//! Orders: received, noted, verified, held, resumed, discontinued.

use super::record::{Record, fields};
use super::{Answer, OrderCommand, Refusal};
use crate::audit::leaf::Action;
use crate::dose::{Dose, Withdrawal};
use crate::fact::{DoseDue, Fact, OrderEvent};
use crate::id::{FactId, OrderId};
use crate::order::{Order, OrderAct, OrderState, OrderVersion, Timing};
use crate::role;
use crate::time::Instant;

pub(super) fn order(record: &mut Record<'_, '_>, c: &OrderCommand) -> Result<Answer, Refusal> {
    match c {
        OrderCommand::Receive(version) => receive(record, version),
        OrderCommand::Note(id) => note(record, *id),
        OrderCommand::Verify(id) => verify(record, *id),
        OrderCommand::Hold(id, reason) => {
            let order = standing(record, *id, &[OrderState::Active])?;
            act(record, order, OrderAct::Held, reason);
            withdraw(record, order, Withdrawal::Held);
            Ok(answer(order))
        }
        OrderCommand::Resume(id) => {
            let order = standing(record, *id, &[OrderState::Held])?;
            act(record, order, OrderAct::Resumed, "");
            // Who is not here gets nothing: their return settles it.
            if super::resident::is_present(record.home, order.current.resident) {
                reinstate(record, order, &[Withdrawal::Held], None);
            }
            Ok(answer(order))
        }
        OrderCommand::Discontinue(id, reason) => {
            let ended = [OrderState::Draft, OrderState::Active, OrderState::Held];
            let order = known(record, *id)?;
            if order.state == OrderState::Discontinued {
                return Ok(unchanged(order));
            }
            let order = standing(record, order.id(), &ended)?;
            act(record, order, OrderAct::Discontinued, reason);
            withdraw(record, order, Withdrawal::Discontinued);
            Ok(answer(order))
        }
    }
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
        if version.version <= order.current.version {
            return Err(Refusal::new("version_older", "none"));
        }
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
fn note(record: &mut Record<'_, '_>, id: OrderId) -> Result<Answer, Refusal> {
    let order = standing(record, id, &[OrderState::Draft])?;
    person(record, role::Action::NoteOrder)?;
    act(record, order, OrderAct::Noted, "");
    if order.current.entered_by.is_none() {
        act(record, order, OrderAct::Verified, "");
    }
    if matches!(order.current.timing, Timing::Unschedulable { .. }) {
        super::alert::order_problem(record, order);
    }
    Ok(answer(order))
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
    record.fact(Fact::OrderEvent(Box::new(OrderEvent { id, order, version, act, by, reason, at })));
}

/// Doses from now on are not expected any more; what was charted or is past stays as it is. After a
/// discontinuation a dose that is still in its window is no longer anybody's to give; a hold takes
/// only what is due while it lasts: what was due before it is missed unless somebody charts it.
fn withdraw(record: &mut Record<'_, '_>, order: &Order, why: Withdrawal) {
    let now = record.now;
    let home = record.home;
    let from = |d: &Dose| if why == Withdrawal::Held { d.due } else { d.closes };
    let ahead = home.doses_of_order(order.id()).filter(|d| d.is_open() && from(d) >= now);
    for dose in ahead {
        replan(record, dose, Some(why), now);
        record.settle(dose.id);
    }
}

/// Doses to come that were withdrawn for one of these reasons are expected again, or withdrawn for
/// another; how many.
pub(super) fn reinstate(
    record: &mut Record<'_, '_>,
    order: &Order,
    were: &[Withdrawal],
    withdrawn: Option<Withdrawal>,
) -> u32 {
    let now = record.now;
    let home = record.home;
    let mut count = 0;
    for dose in home.doses_of_order(order.id()).filter(|d| d.due >= now && d.outcome.is_none()) {
        if dose.withdrawn.is_some_and(|why| were.contains(&why)) {
            replan(record, dose, withdrawn, now);
            count += 1;
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
    record.fact(Fact::DoseDue(Box::new(DoseDue {
        dose: dose.id,
        rev: dose.rev + 1,
        due: dose.due,
        opens: dose.opens,
        closes: dose.closes,
        shifted: dose.shifted,
        withdrawn,
        at,
    })));
}
