//! What an act on a resident's stay would do to doses, as the preview of an order: the same
//! decision, the same planning, and a look at what is different afterwards.

use super::{Expected, PREVIEW_DAYS_MAX, Removed, expected, fold, plan_ahead, why_gone};
use crate::decide::{Actor, Command, Refusal, Stamp, StayCommand, decide};
use crate::home::Home;
use crate::id::ResidentId;
use crate::time::Instant;
use serde::{Deserialize, Serialize};

/// What an act on a stay would do.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct StayPreview {
    /// Whose stay it is.
    pub resident: ResidentId,
    /// Doses due before this instant were looked at: the beginning of a civil day.
    pub to: Instant,
    /// Doses that are not expected now and would be, in order of due time.
    pub added: Vec<Expected>,
    /// Doses that are expected now and would not be, in order of due time.
    pub removed: Vec<Removed>,
    /// Doses that stay as they are.
    pub unchanged: u32,
}

impl StayPreview {
    /// Whether no dose of the days looked at would change.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.added.is_empty() && self.removed.is_empty()
    }
}

/// An act on a stay carried out on a copy, not yet planned.
#[derive(Clone, Debug)]
pub struct StayRehearsal {
    resident: ResidentId,
    before: Home,
    after: Home,
}

impl StayRehearsal {
    /// Decides the command on `home` and carries it out on a copy of the resident.
    ///
    /// # Errors
    /// The refusal that the command itself would meet.
    pub fn new(
        home: &Home,
        actor: &Actor,
        command: &StayCommand,
        stamp: &mut Stamp<'_>,
    ) -> Result<Self, Refusal> {
        let decision = decide(home, actor, &Command::Stay(command.clone()), stamp);
        decision.answer?;
        let resident = home.residents.get(&command.resident);
        let resident = resident.ok_or_else(|| Refusal::new("resident_unknown", "census"))?;
        let before = home.of_residents([resident].into_iter());
        let mut after = before.clone();
        fold(&mut after, &decision.facts);
        Ok(Self { resident: resident.id, before, after })
    }

    /// Plans both copies for `days` civil days, today among them, and tells them apart. At most
    /// [`PREVIEW_DAYS_MAX`].
    #[must_use]
    pub fn preview(mut self, days: u32, stamp: &mut Stamp<'_>) -> StayPreview {
        let days = i64::from(days.clamp(1, PREVIEW_DAYS_MAX));
        let today = self.before.today(stamp.now);
        let to = self.before.zone.day_begins(today.plus_days(days).unwrap_or(today));
        plan_ahead(&mut self.before, to, stamp);
        plan_ahead(&mut self.after, to, stamp);
        let (before, after) = (expected(&self.before, to), expected(&self.after, to));
        let fresh = after.iter().filter(|(slot, _)| !before.contains_key(slot));
        let mut added: Vec<Expected> = fresh.map(|(_, dose)| *dose).collect();
        let gone = before.iter().filter(|(slot, _)| !after.contains_key(slot));
        let why = |slot| why_gone(&self.after, slot);
        let mut removed: Vec<Removed> =
            gone.map(|(slot, dose)| Removed { dose: *dose, why: why(*slot) }).collect();
        added.sort_by_key(|dose| (dose.due, *dose));
        removed.sort_by_key(|gone| (gone.dose.due, gone.dose));
        let unchanged = before.len().saturating_sub(removed.len());
        let unchanged = u32::try_from(unchanged).unwrap_or(u32::MAX);
        StayPreview { resident: self.resident, to, added, removed, unchanged }
    }
}
