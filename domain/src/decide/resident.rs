//! Residents: admitted, changed, away, gone, back again.

use super::Answer;
use super::order::{event, reinstate, replan};
use super::record::Record;
use crate::audit::leaf::Action;
use crate::dose::{Dose, Withdrawal};
use crate::fact::Fact;
use crate::home::Home;
use crate::id::ResidentId;
use crate::order::{Order, OrderAct, OrderState};
use crate::resident::{Resident, ResidentState};

/// Whether doses are given to them in the home: admitted, and not away.
pub(super) fn is_present(home: &Home, resident: ResidentId) -> bool {
    home.residents.get(&resident).is_some_and(|r| absence(r).is_none())
}

/// Whether they live here; their missed doses are somebody's to see.
pub(super) fn lives_here(home: &Home, resident: ResidentId) -> bool {
    home.residents.get(&resident).is_some_and(|r| r.state == ResidentState::Admitted)
}

/// Why nothing is to be given to them, if so.
pub(crate) fn absence(resident: &Resident) -> Option<Withdrawal> {
    match resident.state {
        ResidentState::Discharged | ResidentState::Deceased => Some(Withdrawal::Discontinued),
        ResidentState::Admitted => resident.away_since.map(|_| Withdrawal::Away),
    }
}

/// Registers a resident as they now are, and what follows for their doses from it.
pub(super) fn resident(record: &mut Record<'_, '_>, resident: &Resident) -> Answer {
    let old = record.home.residents.get(&resident.id).and_then(absence);
    let new = absence(resident);
    let fact = Fact::Resident(Box::new(resident.clone()));
    let answer = record.register("resident", resident.id.to_string(), fact);
    match (old, new) {
        (_, Some(why)) if old != new => leave(record, resident, why),
        (Some(_), None) => come_back(record, resident),
        _ => {}
    }
    answer
}

/// Nobody can give them anything any more. Who left for good has no open window either; a dose that
/// was due before somebody went on leave stays a dose to be charted, and what somebody wears on
/// leave is still to come off.
fn leave(record: &mut Record<'_, '_>, resident: &Resident, why: Withdrawal) {
    let (home, now) = (record.home, record.now);
    let since = resident.away_since.unwrap_or(now);
    let gone = |d: &&Dose| match why {
        Withdrawal::Away => d.due >= since && !d.slot.is_removal(),
        _ => d.closes >= now,
    };
    let mut withdrawn = 0u32;
    for dose in home.doses_of(resident.id).filter(|d| d.is_open() && gone(d)) {
        replan(record, dose, Some(why), now);
        record.settle(dose.id);
        withdrawn += 1;
    }
    told(record, resident, why.code(), withdrawn);
}

/// Their orders go on from now: what would have been due in between is not made up for, what was
/// withdrawn and is still to come is expected again.
fn come_back(record: &mut Record<'_, '_>, resident: &Resident) {
    let (home, now) = (record.home, record.now);
    let mut reinstated = 0u32;
    for order in home.orders_of(resident.id) {
        if matches!(order.state_at(now), OrderState::Active | OrderState::Held) {
            go_on(record, order);
            let whys = [Withdrawal::Held, Withdrawal::Away, Withdrawal::Discontinued];
            reinstated += reinstate(record, order, &whys, order.hold.as_ref());
        }
    }
    told(record, resident, "back", reinstated);
}

/// Says in the order's own history since when it runs again: planning goes on from there.
fn go_on(record: &mut Record<'_, '_>, order: &Order) {
    event(record, order.id(), order.current.version, OrderAct::Back, "the resident is back");
    let leaf = record.leaf(Action::Update, "orders", order.id().to_string());
    leaf.resident = Some(order.current.resident.0);
    leaf.reason = Some("resident_back".to_owned());
    let act = OrderAct::Back.code();
    leaf.after = Some(super::record::fields([("act", act.into())]));
}

fn told(record: &mut Record<'_, '_>, resident: &Resident, what: &str, doses: u32) {
    let leaf = record.leaf(Action::Update, "resident", resident.id.to_string());
    leaf.resident = Some(resident.id.0);
    leaf.reason = Some(what.to_owned());
    leaf.after = Some(super::record::fields([("doses", i64::from(doses).into())]));
}
