//! What a change of an order or of a stay would do to doses, found out by carrying it out on a copy
//! of the resident: the same decision, the same planning, and a look at what is different
//! afterwards.

mod figures;

use crate::administration::Override;
use crate::decide::{Actor, Answer, Command, OrderCommand, Refusal, Stamp, StayCommand, decide};
use crate::dose::{Dose, Slot, Withdrawal};
use crate::fact::Fact;
use crate::home::Home;
use crate::id::{OrderId, ResidentId, UserId};
use crate::order::{Order, OrderState};
use crate::order_check::{self, Occasion};
use crate::resident::Resident;
use crate::role::Role;
use crate::schedule::policy::HORIZON_DAYS;
use crate::time::{CivilDate, Instant};
use crate::verdict::Objection;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

pub use figures::{Gap, Moment, Overlap, PassLoad, Sum, Total};

/// Most days a preview looks ahead: as far as a home may plan.
pub const PREVIEW_DAYS_MAX: u32 = *HORIZON_DAYS.end();

/// A dose to be given or explained.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
pub struct Expected {
    /// Its identity.
    #[serde(flatten)]
    pub slot: Slot,
    /// When it is due.
    pub due: Instant,
    /// A clock change moved it.
    pub shifted: bool,
}

impl Expected {
    fn of(dose: &Dose) -> Self {
        Self { slot: dose.slot, due: dose.due, shifted: dose.shifted }
    }
}

/// A dose that would not be expected any more.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Removed {
    /// The dose.
    pub dose: Expected,
    /// Why.
    pub why: Withdrawal,
}

/// A dose that would be due at another time.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Moved {
    /// As it is due now.
    pub before: Expected,
    /// As it would be due.
    pub after: Expected,
}

/// What a change would do.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Preview {
    /// The order changed; `None`: the resident's stay, and with it all their orders.
    pub order: Option<OrderId>,
    /// Whose it is.
    pub resident: ResidentId,
    /// The copy noted a draft: these are the doses it will have once a nurse notes it.
    pub noted: bool,
    /// Doses due before this instant were looked at: the beginning of a civil day.
    pub to: Instant,
    /// Doses that are not expected now and would be, in order of due time.
    pub added: Vec<Expected>,
    /// Doses that are expected now and would not be.
    pub removed: Vec<Removed>,
    /// Doses that would be due at another time.
    pub moved: Vec<Moved>,
    /// Doses of the order, or of all orders, that stay as they are.
    pub unchanged: u32,
    /// Doses of the order that would be one with another of it, because a clock change puts both
    /// on one instant.
    pub merged: Vec<Expected>,
    /// The two neighbouring doses of an order that would lie nearest together. Of a stay, among the
    /// orders with a dose added.
    pub gap_min: Option<Gap>,
    /// The two that would lie farthest apart.
    pub gap_max: Option<Gap>,
    /// Doses of those orders that would lie too near to one of the same ingredient.
    pub overlaps: Vec<Overlap>,
    /// What the resident would get of the ingredients on each civil day.
    pub totals: Vec<Total>,
    /// Doses of the resident's unit by med pass.
    pub load: Vec<PassLoad>,
}

impl Preview {
    /// Whether no dose of the days looked at would change.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.added.is_empty() && self.removed.is_empty() && self.moved.is_empty()
    }
}

/// A change carried out on copies, not yet planned: made on the whole home, worked out without it.
#[derive(Clone, Debug)]
pub struct Rehearsal {
    order: Option<OrderId>,
    resident: ResidentId,
    noted: bool,
    before: Home,
    after: Home,
    /// The rest of the resident's unit.
    others: Home,
}

impl Rehearsal {
    /// Decides the command on `home` and carries it out on a copy of the resident. A draft is noted
    /// in the copy, as by a nurse, so that a new order shows the doses it will have.
    ///
    /// # Errors
    /// The refusal that the command itself would meet.
    pub fn new(
        home: &Home,
        actor: &Actor,
        command: &OrderCommand,
        stamp: &mut Stamp<'_>,
    ) -> Result<Self, Refusal> {
        let decision = decide(home, actor, &Command::Order(undoubted(home, command)), stamp);
        let Answer::Order { order, .. } = decision.answer? else {
            return Err(Refusal::new("order_unknown", "reload"));
        };
        let whose = |fact: &Fact| match fact {
            Fact::OrderVersion(v) if v.order == order => Some(v.resident),
            _ => None,
        };
        let resident = decision
            .facts
            .iter()
            .find_map(whose)
            .or_else(|| home.orders.get(&order).map(|o| o.current.resident))
            .and_then(|id| home.residents.get(&id))
            .ok_or_else(|| Refusal::new("resident_unknown", "census"))?;
        let mut rehearsal = Self::of(home, resident, &decision.facts);
        let after = &mut rehearsal.after;
        let mut touched: BTreeSet<OrderId> = decision.facts.iter().filter_map(order_of).collect();
        touched.insert(order);
        rehearsal.order = Some(order);
        for id in touched {
            if after.orders.get(&id).is_some_and(|o| o.state == OrderState::Draft) {
                let note = Command::Order(OrderCommand::Note(id, answered(after, id)));
                let nurse = a_nurse((stamp.fresh)());
                let done = decide(after, &nurse, &note, stamp);
                fold(after, &done.facts);
                rehearsal.noted |= id == order && done.answer.is_ok();
            }
        }
        Ok(rehearsal)
    }

    /// The same of an act on a resident's stay.
    ///
    /// # Errors
    /// The refusal that the command itself would meet.
    pub fn of_stay(
        home: &Home,
        actor: &Actor,
        command: &StayCommand,
        stamp: &mut Stamp<'_>,
    ) -> Result<Self, Refusal> {
        let decision = decide(home, actor, &Command::Stay(command.clone()), stamp);
        decision.answer?;
        let resident = home.residents.get(&command.resident);
        let resident = resident.ok_or_else(|| Refusal::new("resident_unknown", "census"))?;
        Ok(Self::of(home, resident, &decision.facts))
    }

    fn of(home: &Home, resident: &Resident, facts: &[Fact]) -> Self {
        let before = home.of_residents([resident].into_iter());
        let neighbours = home.residents.values().filter(|r| r.unit == resident.unit);
        let others = home.of_residents(neighbours.filter(|r| r.id != resident.id));
        let mut after = before.clone();
        fold(&mut after, facts);
        Self { order: None, resident: resident.id, noted: false, before, after, others }
    }

    /// Whose doses it is about.
    #[must_use]
    pub const fn resident(&self) -> ResidentId {
        self.resident
    }

    /// Plans both copies for `days` civil days, today among them, and tells them apart. At most
    /// [`PREVIEW_DAYS_MAX`].
    #[must_use]
    pub fn preview(mut self, days: u32, stamp: &mut Stamp<'_>) -> Preview {
        let days = i64::from(days.clamp(1, PREVIEW_DAYS_MAX));
        let today = self.before.today(stamp.now);
        let end = today.plus_days(days).unwrap_or(today);
        let to = self.before.zone.day_begins(end);
        for home in [&mut self.before, &mut self.after, &mut self.others] {
            plan_ahead(home, to, stamp);
        }
        let (before, after) = (expected(&self.before, to), expected(&self.after, to));
        let mut preview = Preview {
            order: self.order,
            resident: self.resident,
            noted: self.noted,
            to,
            added: Vec::new(),
            removed: Vec::new(),
            moved: Vec::new(),
            unchanged: 0,
            merged: Vec::new(),
            gap_min: None,
            gap_max: None,
            overlaps: Vec::new(),
            totals: Vec::new(),
            load: Vec::new(),
        };
        for (slot, dose) in &after {
            match before.get(slot) {
                None => preview.added.push(*dose),
                Some(was) if was.due != dose.due => {
                    preview.moved.push(Moved { before: *was, after: *dose });
                }
                Some(_) => {
                    let counts = self.order.is_none_or(|order| order == slot.order);
                    preview.unchanged += u32::from(counts);
                }
            }
        }
        let gone = before.iter().filter(|(slot, _)| !after.contains_key(slot));
        preview.removed = gone
            .map(|(slot, dose)| Removed { dose: *dose, why: why_gone(&self.after, *slot) })
            .collect();
        preview.added.sort_by_key(|dose| (dose.due, *dose));
        preview.removed.sort_by_key(|gone| (gone.dose.due, gone.dose));
        preview.moved.sort_by_key(|moved| (moved.after.due, moved.after));
        self.count_up(&mut preview, today, stamp.now);
        preview
    }

    /// What the doses come to together.
    fn count_up(&self, preview: &mut Preview, today: CivilDate, now: Instant) {
        let to = preview.to;
        let (nearby, all): (BTreeSet<OrderId>, BTreeSet<OrderId>) = match self.order {
            Some(order) => ([order].into(), [order].into()),
            None => (
                preview.added.iter().map(|dose| dose.slot.order).collect(),
                self.after.orders.keys().copied().collect(),
            ),
        };
        let in_one = |order: &OrderId| merged(&self.after, *order, now, to);
        preview.merged = nearby.iter().flat_map(in_one).collect();
        (preview.gap_min, preview.gap_max) = figures::gaps(&self.after, &nearby, to);
        preview.overlaps = figures::overlaps(&self.after, &nearby, to);
        preview.totals = figures::totals(&self.before, &self.after, &all, today, to);
        preview.load = figures::load(&self.others, &self.before, &self.after, to);
    }
}

/// What `command` would do to the doses due within `days` civil days, today among them.
///
/// # Errors
/// The refusal that the command itself would meet.
pub fn preview(
    home: &Home,
    actor: &Actor,
    command: &OrderCommand,
    days: u32,
    stamp: &mut Stamp<'_>,
) -> Result<Preview, Refusal> {
    Ok(Rehearsal::new(home, actor, command, stamp)?.preview(days, stamp))
}

fn fold(home: &mut Home, facts: &[Fact]) {
    let version = home.version;
    facts.iter().for_each(|fact| home.apply(fact, version));
}

fn order_of(fact: &Fact) -> Option<OrderId> {
    match fact {
        Fact::OrderVersion(v) => Some(v.order),
        Fact::OrderEvent(e) => Some(e.order),
        _ => None,
    }
}

fn a_nurse(id: uuid::Uuid) -> Actor {
    Actor { user: Some(UserId(id)), role: Role::Nurse, ..Actor::server() }
}

/// The command with every doubt answered: a preview helps to decide whether they matter.
fn undoubted(home: &Home, command: &OrderCommand) -> OrderCommand {
    let mut command = command.clone();
    let version = match &mut command {
        OrderCommand::Receive(version) => version.as_mut(),
        OrderCommand::Change(change) => &mut change.version,
        OrderCommand::Note(order, answers) => {
            answers.extend(answered(home, *order));
            return command;
        }
        _ => return command,
    };
    let doubts = order_check::findings(home, version, Occasion::Entered);
    version.accepted.extend(doubts.into_iter().map(answer));
    command
}

fn answer(doubt: Objection) -> Override {
    Override {
        code: doubt.code.code().to_owned(),
        reason: "preview".to_owned(),
        comment: None,
        contact: None,
    }
}

/// Answers to every doubt about a draft: whether they are good ones is for who notes it.
fn answered(home: &Home, order: OrderId) -> Vec<Override> {
    let draft = home.orders.get(&order).map(|o| &o.current);
    let doubts = draft.map(|v| order_check::findings(home, v, Occasion::Noted)).unwrap_or_default();
    doubts.into_iter().map(answer).collect()
}

/// Plans every order of the copy as the horizon's worker would have done by the day before `to`.
fn plan_ahead(home: &mut Home, to: Instant, stamp: &mut Stamp<'_>) {
    let all = Command::Plan(home.orders.keys().copied().collect());
    let mut at = stamp.now;
    loop {
        let mut then = Stamp { now: at, demo: stamp.demo, fresh: &mut *stamp.fresh };
        let facts = decide(home, &Actor::server(), &all, &mut then).facts;
        fold(home, &facts);
        match at.plus_minutes(home.policy.horizon_minutes()) {
            Some(reached) if reached < to => at = reached,
            _ => return,
        }
    }
}

fn expected(home: &Home, to: Instant) -> BTreeMap<Slot, Expected> {
    let open = home.doses.values().filter(|d| d.is_open() && d.due < to);
    open.map(|d| (d.slot, Expected::of(d))).collect()
}

fn merged(home: &Home, order: OrderId, from: Instant, to: Instant) -> Vec<Expected> {
    let one = |d: &&Dose| d.withdrawn == Some(Withdrawal::Merged) && d.due >= from && d.due < to;
    home.doses_of_order(order).filter(one).map(Expected::of).collect()
}

/// Why a dose is not expected any more: as it was withdrawn, or, where planning had not reached it
/// yet, as its order stands.
fn why_gone(after: &Home, slot: Slot) -> Withdrawal {
    let same = after.doses_of_order(slot.order).find(|d| d.slot == slot);
    if let Some(why) = same.and_then(|d| d.withdrawn) {
        return why;
    }
    let lives_here = |order: &Order| {
        after.residents.get(&order.current.resident).is_some_and(Resident::lives_here)
    };
    match after.orders.get(&slot.order) {
        Some(Order { state: OrderState::EnteredInError, .. }) => Withdrawal::EnteredInError,
        Some(order) if !lives_here(order) => Withdrawal::Discontinued,
        Some(order) if order.do_not_give.is_some() => Withdrawal::DoNotGive,
        Some(order) if order.hold.as_ref().is_some_and(|h| h.until.is_none()) => Withdrawal::Held,
        Some(Order { state: OrderState::Active, .. }) => Withdrawal::Superseded,
        _ => Withdrawal::Discontinued,
    }
}
