//! Orders: what was prescribed, in versions, and where each order stands.

use crate::administration::Override;
use crate::amount::Amount;
use crate::condition::{Conditions, SelfAdministration};
use crate::dose::Dose;
use crate::drug::{Product, Strength};
use crate::id::{OrderId, ResidentId, UserId};
use crate::limit::PrnLimit;
use crate::schedule::Schedule;
use crate::schedule::hours::{AskedTiming, AtHours};
use crate::schedule::policy::Policy;
use crate::time::Instant;
use serde::{Deserialize, Serialize};

mod timing;

pub use timing::{FirstDose, Timing};

/// Where an order stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OrderState {
    /// Received or entered, not noted: nothing may be given on it.
    Draft,
    /// Noted by a nurse.
    Active,
    /// On hold.
    Held,
    /// Marked "do not give" by somebody who doubts it.
    DoNotGive,
    /// Stopped by the prescriber or the pharmacy.
    Discontinued,
    /// Past its stop.
    Expired,
    /// Once and done.
    Completed,
    /// Never meant.
    EnteredInError,
}

impl OrderState {
    /// The code stored and sent.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Draft => "draft",
            Self::Active => "active",
            Self::Held => "held",
            Self::DoNotGive => "do_not_give",
            Self::Discontinued => "discontinued",
            Self::Expired => "expired",
            Self::Completed => "completed",
            Self::EnteredInError => "entered_in_error",
        }
    }

    /// Whether it was noted and is not over: its doses are planned, though it may keep them back.
    #[must_use]
    pub const fn is_in_force(self) -> bool {
        matches!(self, Self::Active | Self::Held | Self::DoNotGive)
    }
}

/// The drug as ordered: a product meets it by ingredient, form and strength, never by name.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct OrderedDrug {
    /// Ingredient, lower case.
    pub ingredient: String,
    /// How it is shown (`metformin 500 mg tablet`).
    pub name: String,
    /// Strength, where the order names one; the dose then still decides how many pieces.
    #[serde(default)]
    pub strength: Option<Strength>,
    /// Dose form, lower case.
    pub form: String,
    /// Route code, lower case.
    pub route: String,
}

impl OrderedDrug {
    /// The same ingredient.
    #[must_use]
    pub fn same_ingredient(&self, product: &Product) -> bool {
        self.ingredient == product.ingredient
    }
}

/// A hold: nothing is due from `from` on, included, until `until`, excluded.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Hold {
    /// From this instant on.
    pub from: Instant,
    /// Before this instant; absent: until somebody resumes the order.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Instant>,
    /// Why, in words.
    pub reason: String,
}

impl Hold {
    /// Whether it holds back what is due at an instant.
    #[must_use]
    pub fn contains(&self, at: Instant) -> bool {
        at.is_within(self.from, self.until)
    }

    /// Whether it has ended by `now`.
    #[must_use]
    pub fn is_over(&self, now: Instant) -> bool {
        self.until.is_some_and(|until| until <= now)
    }
}

/// A mark against giving, by somebody who doubts the order. Verdicts, check 29.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct DoNotGive {
    /// From this instant on.
    pub since: Instant,
    /// Who marked it.
    pub by: Option<UserId>,
    /// Why, in words.
    pub reason: String,
}

/// Where an order came from.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Source {
    /// Sender: a pharmacy id, `import`, or `home`.
    pub sender: String,
    /// The sender's number for the order.
    pub placer: String,
    /// The sender's version of it.
    pub version: String,
}

/// One immutable version of an order. A field of a name that it does not have is refused: what was
/// meant as a limit must not be lost by its spelling.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OrderVersion {
    /// The order.
    pub order: OrderId,
    /// Counts from 1.
    pub version: u32,
    /// Whose it is.
    pub resident: ResidentId,
    /// What.
    pub drug: OrderedDrug,
    /// How much each time.
    pub dose: Amount,
    /// The dose in words, as the sender wrote it.
    #[serde(default)]
    pub dose_text: String,
    /// Frequency code, for display.
    #[serde(default)]
    pub frequency: String,
    /// When.
    pub timing: Timing,
    /// What its times were worked out from; absent where only the times are known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub asked: Option<AskedTiming>,
    /// From this instant on.
    pub start: Instant,
    /// Before this instant.
    #[serde(default)]
    pub stop: Option<Instant>,
    /// The law ends it before this instant.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires: Option<Instant>,
    /// Who prescribed it, in words.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub prescriber: String,
    /// The version this one only prescribes on: what is given, how and when is as it was there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub renews: Option<u32>,
    /// Early window in minutes.
    pub before_minutes: i64,
    /// Late window in minutes.
    pub after_minutes: i64,
    /// Escalates twice as fast and is never quiet, whatever the home's policy says of its drug
    /// ([`OrderVersion::is_time_critical`]).
    #[serde(default)]
    pub time_critical: bool,
    /// What for.
    #[serde(default)]
    pub indication: String,
    /// Special instructions.
    #[serde(default)]
    pub instructions: String,
    /// When its first dose is given.
    #[serde(default)]
    pub first_dose: FirstDose,
    /// No dose of this version is due before it: half the nominal interval after the last dose
    /// given under the version before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub not_before: Option<Instant>,
    /// What else it says about giving: hours tied to meals, hold parameters, a scale, who gives it.
    #[serde(default, skip_serializing_if = "Conditions::is_empty")]
    pub conditions: Conditions,
    /// An allergy to it was seen and accepted by prescriber or pharmacist: why.
    #[serde(default)]
    pub allergy_override: Option<String>,
    /// Doubts about it that whoever entered it answered with a reason.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub accepted: Vec<Override>,
    /// Who entered it; absent when it was received.
    #[serde(default)]
    pub entered_by: Option<UserId>,
    /// Where it came from.
    pub source: Source,
}

/// What an order comes to from a change of the home's hours or windows on.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct NewHours {
    /// Its times and windows.
    #[serde(flatten)]
    pub at: AtHours,
    /// When its first dose is given: one that was given must not be asked for again.
    pub first_dose: FirstDose,
    /// No dose of the new plan is due before it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub not_before: Option<Instant>,
}

impl OrderVersion {
    /// Before this instant it is given: the earlier of its stop and what the law allows.
    #[must_use]
    pub fn ends_at(&self) -> Option<Instant> {
        [self.stop, self.expires].into_iter().flatten().min()
    }

    /// The version that said what is given: labels and pots of it and of its renewals are alike.
    #[must_use]
    pub fn content_version(&self) -> u32 {
        self.renews.unwrap_or(self.version)
    }

    /// Whether it is time critical in a home: by the home's policy, or because whoever wrote it
    /// said so. Model, section 1, "alert".
    #[must_use]
    pub fn is_time_critical(&self, policy: &Policy) -> bool {
        self.time_critical || policy.is_time_critical(crate::drug::terms(&self.drug.ingredient))
    }

    /// Whether it is given when needed.
    #[must_use]
    pub const fn is_prn(&self) -> bool {
        matches!(self.timing, Timing::Prn { .. })
    }
}

/// An order: its current version and where it stands.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Order {
    /// The version in force.
    pub current: OrderVersion,
    /// The plan its untouched doses belong to (`model.md` names it; grows with each edit, and when
    /// the home's hours for it change).
    pub plan: u32,
    /// The latest due time among the doses of this plan: planning goes on after it.
    #[serde(default)]
    pub planned_until: Option<Instant>,
    /// Where it stands.
    pub state: OrderState,
    /// Since when.
    pub since: Instant,
    /// Why (discontinuation).
    #[serde(default)]
    pub reason: String,
    /// The hold that runs, is to come or ran last.
    #[serde(default)]
    pub hold: Option<Hold>,
    /// The mark against giving it, until it is lifted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub do_not_give: Option<DoNotGive>,
    /// Who noted it.
    #[serde(default)]
    pub noted_by: Option<UserId>,
    /// Who verified it.
    #[serde(default)]
    pub verified_by: Option<UserId>,
}

impl Order {
    /// The order's id.
    #[must_use]
    pub fn id(&self) -> OrderId {
        self.current.order
    }

    /// Where it stands at `now`: an active order past its end has expired, one that is marked is
    /// not to be given, one in its hold is held.
    #[must_use]
    pub fn state_at(&self, now: Instant) -> OrderState {
        if self.state != OrderState::Active {
            return self.state;
        }
        if self.current.ends_at().is_some_and(|end| end <= now) {
            return OrderState::Expired;
        }
        if self.mark_at(now).is_some() {
            return OrderState::DoNotGive;
        }
        if self.hold_at(now).is_some() { OrderState::Held } else { OrderState::Active }
    }

    /// The first instant at which this dose may be given because the order has started; `None`
    /// for a dose of an older plan, whose start was another. Stories, 13: what is typed has no
    /// seconds.
    #[must_use]
    pub fn starts_for(&self, dose: Option<&Dose>) -> Option<Instant> {
        let older = dose.is_some_and(|dose| dose.slot.plan < self.plan);
        let opens = self.current.start.minute().plus_minutes(-self.current.before_minutes);
        opens.filter(|_| !older)
    }

    /// The hold that holds back what is due at an instant.
    #[must_use]
    pub fn hold_at(&self, at: Instant) -> Option<&Hold> {
        self.hold.as_ref().filter(|hold| hold.contains(at))
    }

    /// The mark against giving what is due at an instant.
    #[must_use]
    pub fn mark_at(&self, at: Instant) -> Option<&DoNotGive> {
        self.do_not_give.as_ref().filter(|mark| mark.since <= at)
    }

    /// Takes over the home's other hours or windows.
    pub fn take_hours(&mut self, new: &NewHours) {
        self.current.timing = Timing::Planned { schedule: new.at.schedule.clone() };
        self.current.conditions.hours.clone_from(&new.at.ties);
        self.current.before_minutes = new.at.before_minutes;
        self.current.after_minutes = new.at.after_minutes;
        self.current.first_dose = new.first_dose;
        self.current.not_before = new.not_before;
    }

    /// Whether it is given when needed.
    #[must_use]
    pub const fn is_prn(&self) -> bool {
        self.current.is_prn()
    }

    /// Whether it is given without planned times: when needed, when called, or running.
    #[must_use]
    pub fn is_unplanned(&self) -> bool {
        self.current.timing.is_unplanned()
    }

    /// Whether its first giving completes it: one instant, or one call.
    #[must_use]
    pub fn is_given_once(&self) -> bool {
        let once = matches!(self.current.timing.schedule(), Some(Schedule::Once(_)));
        (once && !self.is_pair()) || matches!(self.current.timing, Timing::OnCall { repeat: false })
    }

    /// Whether it is put on and taken off again: two linked tasks.
    #[must_use]
    pub const fn is_pair(&self) -> bool {
        matches!(self.current.timing, Timing::Pair { .. })
    }

    /// Whether the resident keeps and takes it: nothing of it is due for staff.
    #[must_use]
    pub fn is_self_managed(&self) -> bool {
        self.current.conditions.self_administration == SelfAdministration::SelfManaged
    }

    /// What a PRN order allows; `None` for any other.
    #[must_use]
    pub fn prn_limit(&self) -> Option<PrnLimit> {
        let Timing::Prn { interval_minutes_min, per_day_max, day, .. } = self.current.timing else {
            return None;
        };
        Some(PrnLimit { interval_minutes_min, per_day_max, day })
    }

    /// Whether giving it takes more than an aide: it has no planned times, so that somebody judges
    /// when, or it is of what the home wants witnessed.
    #[must_use]
    pub fn is_restricted(&self, policy: &Policy) -> bool {
        let terms = crate::drug::terms(&self.current.drug.ingredient);
        self.is_unplanned() || policy.needs_witness(terms)
    }
}

/// What happened to an order.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OrderAct {
    /// Came from outside or was entered: a draft.
    Received,
    /// Accepted into the home by a nurse.
    Noted,
    /// Confirmed by a second person.
    Verified,
    /// Put on hold.
    Held,
    /// Taken off hold.
    Resumed,
    /// Marked "do not give".
    DoNotGive,
    /// The mark was lifted.
    MayGive,
    /// Its resident is back: planning goes on from here.
    Back,
    /// Prescribed on, otherwise as it was.
    Renewed,
    /// A new version was prescribed.
    Changed,
    /// The record of it was wrong and was put right before any dose was charted.
    Corrected,
    /// The home's hours for it changed: a new plan.
    HoursChanged,
    /// The home's windows for it changed, and its hours did not: the plan stays.
    WindowsChanged,
    /// Stopped.
    Discontinued,
    /// Completed by its one giving.
    Completed,
    /// Declared never meant.
    EnteredInError,
}

impl OrderAct {
    /// The code stored and sent.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Received => "received",
            Self::Noted => "noted",
            Self::Verified => "verified",
            Self::Held => "held",
            Self::Resumed => "resumed",
            Self::DoNotGive => "do_not_give",
            Self::MayGive => "may_give",
            Self::Back => "back",
            Self::Renewed => "renewed",
            Self::Changed => "changed",
            Self::Corrected => "corrected",
            Self::HoursChanged => "hours_changed",
            Self::WindowsChanged => "windows_changed",
            Self::Discontinued => "discontinued",
            Self::Completed => "completed",
            Self::EnteredInError => "entered_in_error",
        }
    }
}
