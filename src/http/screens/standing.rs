//! How doses and residents stand in a round: the words of the board and of the round list.
use super::sight::Sight;
use crate::http::pages::view::Status;
use emar_domain::administration::Outcome;
use emar_domain::alert::AlertState;
use emar_domain::dose::{Dose, DoseState};
use emar_domain::home::Home;
use emar_domain::resident::Resident;
use emar_domain::schedule::policy::Pass;
use emar_domain::time::Instant;

/// The status of what was charted.
#[must_use]
pub fn charted(outcome: Outcome) -> Status {
    match outcome {
        Outcome::Given => Status::Given,
        Outcome::Partial => Status::Partial,
        Outcome::Held => Status::Held,
        Outcome::Refused => Status::Refused,
        Outcome::NotGiven => Status::NotGiven,
        Outcome::Removed => Status::Removed,
    }
}

/// How a dose is shown at `now`. A late one counts as missed while nobody has taken its alert, as
/// late once someone has or while its cart is at that resident (model, section 1). `None`: it is
/// not expected any more.
#[must_use]
pub fn status(home: &Home, dose: &Dose, now: Instant) -> Option<Status> {
    if let Some(done) = &dose.outcome {
        return Some(charted(done.outcome));
    }
    match dose.state_at(now) {
        DoseState::Planned => Some(Status::Next),
        DoseState::Due => Some(Status::Due),
        DoseState::Late if taken_care_of(home, dose) => Some(Status::Late),
        DoseState::Late => Some(Status::Missed),
        DoseState::Charted | DoseState::Withdrawn => None,
    }
}

fn taken_care_of(home: &Home, dose: &Dose) -> bool {
    let alert = home.alert_of(dose.id).is_some_and(|a| a.state == AlertState::Accepted);
    let at_cart = |open| open == Some(dose.resident);
    alert || home.carts.values().any(|cart| cart.session.is_some() && at_cart(cart.open))
}

/// The round a clock time belongs to.
pub struct Round {
    now: Instant,
    /// The pass under way, if one is.
    pub pass: Option<Pass>,
}

/// A resident's doses in a round.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Standing {
    /// Doses of the round.
    pub total: u32,
    /// Of them, how many wait for somebody.
    pub left: u32,
    /// Late doses nobody has.
    pub missed: u32,
    /// Late doses somebody has.
    pub late: u32,
    /// Doses in their window.
    pub due: u32,
    /// The heaviest state, and the due time of the first dose in it.
    pub heaviest: Option<(Status, Instant)>,
}

impl Round {
    /// The round at the time of a look.
    #[must_use]
    pub fn at(sight: &Sight<'_>) -> Self {
        let civil = sight.home.zone.to_civil(sight.now);
        Self { now: sight.now, pass: sight.home.policy.pass_of(civil) }
    }

    /// Whether a dose belongs to it: it waits for somebody now, its window is open (charted or not,
    /// so that progress never goes down), or the pass under way is its own.
    #[must_use]
    pub fn holds(&self, home: &Home, dose: &Dose) -> bool {
        let waits = dose.is_open() || (dose.withdrawn.is_none() && self.now <= dose.closes);
        if dose.opens <= self.now && waits {
            return true;
        }
        let near = |at: Instant| self.now.seconds_since(at).abs() < 24 * 3600;
        dose.withdrawn.is_none()
            && self.pass.is_some()
            && near(dose.due)
            && home.policy.pass_of(dose.local) == self.pass
    }

    /// How a resident stands in it.
    #[must_use]
    pub fn standing(&self, home: &Home, resident: &Resident) -> Standing {
        let mut found = Standing::default();
        for dose in home.doses_of(resident.id).filter(|d| self.holds(home, d)) {
            let Some(status) = status(home, dose, self.now) else { continue };
            found.total += 1;
            found.left += u32::from(dose.is_open());
            match status {
                Status::Missed => found.missed += 1,
                Status::Late => found.late += 1,
                Status::Due => found.due += 1,
                _ => {}
            }
            let heavier = found.heaviest.is_none_or(|(had, _)| weight(status) > weight(had));
            if heavier {
                found.heaviest = Some((status, dose.due));
            }
        }
        found
    }
}

/// What must be seen first weighs most.
fn weight(status: Status) -> u8 {
    match status {
        Status::Missed => 9,
        Status::Late => 8,
        Status::Due => 7,
        Status::Next => 6,
        Status::Refused => 5,
        Status::NotGiven => 4,
        Status::Held => 3,
        Status::Partial => 2,
        Status::Given | Status::Removed => 1,
        Status::Prn | Status::Away | Status::SelfManaged | Status::Withdrawn => 0,
    }
}

/// The first dose of a resident that is planned after `now`.
#[must_use]
pub fn next_due(sight: &Sight<'_>, resident: &Resident) -> Option<Instant> {
    let open = |d: &&Dose| d.is_open() && d.due > sight.now;
    sight.home.doses_of(resident.id).find(open).map(|d| d.due)
}
