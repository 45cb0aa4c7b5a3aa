//! Residents: admitted, changed, away, gone, back again.

use super::hold::follow;
use super::order::{event, person, replan};
use super::record::{Record, fields};
use super::{Answer, Refusal};
use crate::audit::leaf::Action;
use crate::dose::{Dose, Withdrawal};
use crate::fact::Fact;
use crate::home::Home;
use crate::id::{ResidentId, Slug};
use crate::order::{Order, OrderAct};
use crate::resident::{Absence, AbsenceKind, Resident, ResidentState};
use crate::role;
use crate::time::Instant;
use serde::{Deserialize, Serialize};

/// How long before it is recorded an absence may have begun, in hours: as far back as memory
/// reaches, doses of the time are there to follow it.
pub const ABSENCE_PAST_HOURS_MAX: i64 = 24;

/// Something about a resident's stay in the home.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct StayCommand {
    /// Whose.
    pub resident: ResidentId,
    /// What.
    pub act: Stay,
}

/// What happens to a stay.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum Stay {
    /// They go away, and live here all the same.
    Away(AwayFor),
    /// They are here again, or do not go after all.
    Return,
    /// They leave for good.
    Discharge {
        /// Why, in words.
        reason: String,
        /// They died.
        deceased: bool,
    },
    /// They live here again.
    Readmit {
        /// In this room; absent: in the one they had.
        room: Option<String>,
    },
}

/// How long somebody is away, and why.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct AwayFor {
    /// Where they are.
    pub kind: AbsenceKind,
    /// From this instant on; absent: from now.
    pub from: Option<Instant>,
    /// Before this instant; absent: until their return is recorded.
    pub until: Option<Instant>,
    /// Why, in words.
    pub reason: String,
}

/// Whose order it is.
pub(super) fn resident_of<'a>(home: &'a Home, order: &Order) -> Option<&'a Resident> {
    home.residents.get(&order.current.resident)
}

/// Whether they live here; their missed doses are somebody's to see.
pub(super) fn lives_here(home: &Home, resident: ResidentId) -> bool {
    home.residents.get(&resident).is_some_and(Resident::lives_here)
}

/// Registers a resident as they are described, and what follows for their doses from it. Whether
/// they are away is recorded by its own acts and changed by no description.
pub(super) fn resident(record: &mut Record<'_, '_>, described: &Resident) -> Answer {
    let old = record.home.residents.get(&described.id);
    let mut new = described.clone();
    if let Some(old) = old {
        new.absences.clone_from(&old.absences);
    }
    if new.lives_here() {
        new.left_because.clear();
    } else {
        new.end_absences(record.now);
    }
    let was_here = old.map(Resident::lives_here);
    let answer = register(record, &new);
    match (was_here, new.lives_here()) {
        (Some(true) | None, false) => leave(record, &new),
        (Some(false), true) => readmitted(record, &new),
        _ => 0,
    };
    answer
}

/// Carries out what happens to a stay; the answer counts the doses that follow from it.
pub(super) fn stay(record: &mut Record<'_, '_>, c: &StayCommand) -> Result<Answer, Refusal> {
    let home = record.home;
    let old = home.residents.get(&c.resident);
    let old = old.ok_or_else(|| Refusal::new("resident_unknown", "census"))?;
    let now = record.now;
    let mut new = old.clone();
    let count = match &c.act {
        Stay::Away(asked) => {
            person(record, role::Action::RecordAbsence)?;
            living(old)?;
            let absence = absence(record, old.id, asked)?;
            let from = absence.from.min(now);
            new.go_away(absence);
            register(record, &new);
            follow_all(record, &new, asked.kind.code(), from)
        }
        Stay::Return => {
            person(record, role::Action::RecordAbsence)?;
            living(old)?;
            if !new.come_back(now) {
                return Err(Refusal::new("resident_present", "none"));
            }
            register(record, &new);
            follow_all(record, &new, "back", now)
        }
        Stay::Discharge { reason, deceased } => {
            person(record, role::Action::Admit)?;
            living(old)?;
            new.state = if *deceased { ResidentState::Deceased } else { ResidentState::Discharged };
            new.left_because.clone_from(reason);
            new.end_absences(now);
            register(record, &new);
            leave(record, &new)
        }
        Stay::Readmit { room } => {
            person(record, role::Action::Admit)?;
            if old.state != ResidentState::Discharged {
                return Err(resident_state(old));
            }
            new.state = ResidentState::Admitted;
            new.left_because.clear();
            if let Some(room) = room {
                let unit = home.policy.unit_of_room(room).and_then(|unit| Slug::new(unit).ok());
                new.unit = unit.ok_or_else(|| Refusal::new("room_unknown", "room"))?;
                new.room.clone_from(room);
            }
            register(record, &new);
            readmitted(record, &new)
        }
    };
    Ok(Answer::Done { count })
}

fn living(resident: &Resident) -> Result<(), Refusal> {
    if resident.lives_here() { Ok(()) } else { Err(resident_state(resident)) }
}

fn resident_state(resident: &Resident) -> Refusal {
    let state = match resident.state {
        ResidentState::Admitted => "admitted",
        ResidentState::Discharged => "discharged",
        ResidentState::Deceased => "deceased",
    };
    Refusal::new("resident_state", "reload").with("state", state)
}

/// An absence as asked for: it may have begun a while ago, since who is sent to hospital is brought
/// there first, but not before something was given here.
fn absence(
    record: &Record<'_, '_>,
    resident: ResidentId,
    asked: &AwayFor,
) -> Result<Absence, Refusal> {
    let now = record.now;
    let from = asked.from.unwrap_or(now);
    if now.plus_minutes(-ABSENCE_PAST_HOURS_MAX * 60).is_some_and(|earliest| from < earliest) {
        return Err(Refusal::new("absence_past", "later_time").with("from", from));
    }
    if let Some(until) = asked.until.filter(|until| *until <= from) {
        return Err(Refusal::new("absence_reversed", "later_time").with("until", until));
    }
    let taken = record.home.taken.get(&resident).into_iter().flatten();
    if let Some(here) = taken.filter(|t| t.at.is_within(from, asked.until)).max_by_key(|t| t.at) {
        let refusal = Refusal::new("absence_contradicted", "later_time");
        return Err(refusal.with("given_at", here.at).with("by", here.by.to_string()));
    }
    let AwayFor { kind, until, ref reason, .. } = *asked;
    Ok(Absence { kind, from, until, reason: reason.clone() })
}

fn register(record: &mut Record<'_, '_>, resident: &Resident) -> Answer {
    let fact = Fact::Resident(Box::new(resident.clone()));
    record.register("resident", resident.id.to_string(), fact)
}

/// What is due while they are away is not expected, and what is to come when they are here is; a
/// dose that was due before they went stays a dose to be charted. Schedules, rule 3.
fn follow_all(record: &mut Record<'_, '_>, resident: &Resident, what: &str, from: Instant) -> u32 {
    let home = record.home;
    let orders = home.orders_of(resident.id);
    let count = orders.map(|order| follow(record, resident, order, from, false)).sum();
    told(record, resident, what, count);
    count
}

/// Nobody can give them anything any more, in windows that are open either.
fn leave(record: &mut Record<'_, '_>, resident: &Resident) -> u32 {
    let (home, now) = (record.home, record.now);
    let mut withdrawn = 0u32;
    let ahead = |d: &&Dose| d.may_be_called_off() && d.closes >= now;
    for dose in home.doses_of(resident.id).filter(ahead) {
        replan(record, dose, Some(Withdrawal::Discontinued), now);
        record.settle(dose.id);
        withdrawn += 1;
    }
    told(record, resident, Withdrawal::Discontinued.code(), withdrawn);
    withdrawn
}

/// Their orders go on from now: what would have been due in between is not made up for, what was
/// withdrawn and is still to come is expected again.
fn readmitted(record: &mut Record<'_, '_>, resident: &Resident) -> u32 {
    let (home, now) = (record.home, record.now);
    let mut reinstated = 0u32;
    for order in home.orders_of(resident.id) {
        if order.state_at(now).is_in_force() {
            go_on(record, order);
            reinstated += follow(record, resident, order, now, true);
        }
    }
    told(record, resident, "back", reinstated);
    reinstated
}

/// Says in the order's own history since when it runs again: planning goes on from there.
fn go_on(record: &mut Record<'_, '_>, order: &Order) {
    let (id, version) = (order.id(), order.current.version);
    event(record, id, version, OrderAct::Back, "the resident is back", None);
    let leaf = record.leaf(Action::Update, "orders", order.id().to_string());
    leaf.resident = Some(order.current.resident.0);
    leaf.reason = Some("resident_back".to_owned());
    leaf.after = Some(fields([("act", OrderAct::Back.code().into())]));
}

fn told(record: &mut Record<'_, '_>, resident: &Resident, what: &str, doses: u32) {
    let leaf = record.leaf(Action::Update, "resident", resident.id.to_string());
    leaf.resident = Some(resident.id.0);
    leaf.reason = Some(what.to_owned());
    leaf.after = Some(fields([("doses", i64::from(doses).into())]));
}
