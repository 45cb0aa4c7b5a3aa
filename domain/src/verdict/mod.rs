//! Verdicts: what the rules answer to a scan, as a list of objections. Codes, never sentences.

mod barcode;
mod cap;
mod condition;
mod dose;
mod filing;
mod handling;
mod ingredient;
mod judge;
mod order;
mod product;
pub mod read;
mod session;

use crate::administration::Override;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

pub(crate) use barcode::resident_objections;
pub use cap::{amount_of, cap_objections};
pub use condition::{CALL_PRESCRIBER, GIVE_NONE};
pub use dose::{EARLY_REACH_MINUTES, pick_dose, removal_objection, settled_elsewhere, units_short};
pub use filing::{filing_objections, out_of_reach, unanswered};
pub use handling::{witness_objection, witness_stop};
pub use judge::{Judgement, Target, judge};
pub use order::order_objections;
pub use product::{Package, product_objections};
pub use session::clock_objection;

/// How heavy an objection is, heaviest first.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// Cannot be charted as given on this path.
    Stop,
    /// What the nurse sees is out of date; nothing is filed, the list reloads.
    Refresh,
    /// A second authorised person must confirm now.
    Witness,
    /// The nurse decides; a coded reason is required.
    Warn,
    /// Shown.
    Info,
}

/// The verdict in one word, as it goes over the wire.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Word {
    /// No objection, or only information.
    Ok,
    /// A warning or a witness to settle.
    Ask,
    /// Stop or refresh.
    Stop,
}

impl Word {
    /// The text on the wire.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Ask => "ask",
            Self::Stop => "stop",
        }
    }
}

macro_rules! checks {
    ($($(#[$doc:meta])* $name:ident = $number:literal $code:literal $severity:ident;)+) => {
        /// The checks in scope, by the names and numbers of the table of checks; a number is a name
        /// and never used again. Number 0: the house's own, outside the table.
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
        pub enum Check { $($(#[$doc])* #[serde(rename = $code)] $name,)+ }

        impl Check {
            /// Every check.
            pub const ALL: &'static [Check] = &[$(Check::$name,)+];

            /// The code on the wire and in the trail.
            #[must_use]
            pub const fn code(self) -> &'static str { match self { $(Check::$name => $code,)+ } }

            /// The number in the table.
            #[must_use]
            pub const fn number(self) -> u8 { match self { $(Check::$name => $number,)+ } }

            /// The severity the table gives it; the home may choose another for some.
            #[must_use]
            pub const fn severity(self) -> Severity {
                match self { $(Check::$name => Severity::$severity,)+ }
            }
        }
    };
}

checks! {
    /// Nobody is signed on at the cart.
    SignOnFirst = 72 "sign_on_first" Stop;
    /// The cart's clock and the server's are too far apart.
    ClockVariance = 1 "clock_variance" Stop;
    /// The role may look but not chart.
    RoleCannotChart = 2 "role_cannot_chart" Stop;
    /// Unreadable: bad check digit, cut short, lost separator.
    BarcodeMalformed = 5 "barcode_malformed" Stop;
    /// Two codes in one read.
    SeveralBarcodes = 6 "several_barcodes" Stop;
    /// A staff badge where a resident or a drug is expected.
    StaffBadgeScanned = 7 "staff_badge_scanned" Stop;
    /// A resident code where a drug is expected, or the reverse.
    WrongBarcodeKind = 8 "wrong_barcode_kind" Stop;
    /// Well formed, in no list.
    BarcodeUnknown = 9 "barcode_unknown" Stop;
    /// A package with no resident open.
    NoResidentOpen = 73 "no_resident_open" Stop;
    /// Belongs to another resident.
    WrongResident = 10 "wrong_resident" Stop;
    /// Has died.
    ResidentDeceased = 11 "resident_deceased" Stop;
    /// Not a resident at present.
    ResidentDischarged = 12 "resident_discharged" Stop;
    /// Recorded as away.
    ResidentAbsent = 13 "resident_absent" Stop;
    /// Identity keyed, not scanned.
    IdentityKeyed = 14 "identity_keyed" Warn;
    /// Lot or pack past its expiry.
    LotExpired = 18 "lot_expired" Stop;
    /// Label of an earlier version of the order.
    LabelSuperseded = 19 "label_superseded" Stop;
    /// Not ordered for this resident.
    WrongDrug = 20 "wrong_drug" Stop;
    /// Another dose form.
    WrongForm = 21 "wrong_form" Stop;
    /// No permitted count gives the dose.
    WrongStrength = 22 "wrong_strength" Stop;
    /// More than one piece, or part of one.
    UnitsToGive = 23 "units_to_give" Info;
    /// Fewer packages scanned than needed.
    UnitsShort = 24 "units_short" Warn;
    /// Usual route differs.
    RouteDiffers = 25 "route_differs" Info;
    /// More than one order fits.
    OrderChoiceNeeded = 26 "order_choice_needed" Info;
    /// The order is not as on the screen.
    OrderChanged = 27 "order_changed" Refresh;
    /// Not noted.
    OrderNotActive = 28 "order_not_active" Stop;
    /// Marked against giving.
    OrderDoNotGive = 29 "order_do_not_give" Stop;
    /// On hold.
    OrderHeld = 30 "order_held" Stop;
    /// Starts later.
    OrderNotStarted = 31 "order_not_started" Stop;
    /// Past its end.
    OrderExpired = 32 "order_expired" Stop;
    /// Stopped.
    OrderDiscontinued = 33 "order_discontinued" Stop;
    /// Once, and done.
    OrderCompleted = 35 "order_completed" Stop;
    /// Not verified by a second person.
    OrderUnverified = 36 "order_unverified" Stop;
    /// No due time can be worked out.
    OrderUnschedulable = 37 "order_unschedulable" Warn;
    /// The dose is not as on the screen.
    DoseChanged = 38 "dose_changed" Refresh;
    /// Charted as taken.
    AlreadyGiven = 41 "already_given" Stop;
    /// A later dose was taken.
    LaterDoseGiven = 42 "later_dose_given" Stop;
    /// This packet was already scanned.
    DoubleScan = 43 "double_scan" Stop;
    /// What was put on before is not taken off.
    PreviousPatchOn = 44 "previous_patch_on" Stop;
    /// Nothing due in reach.
    NotDue = 45 "not_due" Stop;
    /// Before the window opens.
    DoseEarly = 46 "dose_early" Warn;
    /// After the window closed.
    DoseLate = 47 "dose_late" Warn;
    /// Given on the wrong side of the meal.
    MealRelationWrong = 48 "meal_relation_wrong" Warn;
    /// Refused, held or not given before, and offered again.
    Retry = 49 "retry" Info;
    /// Taken off before the window of its removal.
    RemovalEarly = 50 "removal_early" Warn;
    /// Taken off after the window of its removal.
    RemovalLate = 50 "removal_late" Warn;
    /// A recorded reaction to the ingredient.
    AllergyMatch = 51 "allergy_match" Stop;
    /// More of the ingredient in a day than the home allows.
    IngredientCap = 52 "ingredient_cap" Stop;
    /// What was taken of a limited ingredient cannot be added up.
    IngredientUncounted = 0 "ingredient_uncounted" Warn;
    /// Sooner than the minimum interval.
    PrnTooSoon = 53 "prn_too_soon" Stop;
    /// The most in 24 hours was reached.
    PrnMaxReached = 54 "prn_max_reached" Stop;
    /// A dose when needed would leave no room for one to come.
    PrnBlocksScheduled = 55 "prn_blocks_scheduled" Warn;
    /// The same ingredient was given, held or refused a short while ago, by another order.
    SameIngredientRecent = 56 "same_ingredient_recent" Warn;
    /// The same ingredient is on the body, from another order.
    OtherPatchOn = 57 "other_patch_on" Warn;
    /// A reading must be taken first.
    ReadingMissing = 58 "reading_missing" Stop;
    /// The reading is older than the order allows.
    ReadingStale = 59 "reading_stale" Stop;
    /// A fresh reading meets a hold parameter: the dose is held, unless the prescriber was asked.
    HoldParameterFailed = 60 "hold_parameter_failed" Stop;
    /// The row of the scale says no units to give.
    ScaleAction = 61 "scale_action" Stop;
    /// Swallowed whole: not crushed, opened or split.
    DoNotCrush = 66 "do_not_crush" Info;
    /// Hazardous to handle.
    HazardousDrug = 67 "hazardous_drug" Info;
    /// The order's special instructions; to be acknowledged where the order forces it.
    SpecialInstruction = 68 "special_instruction" Info;
    /// A second authorised person must check.
    WitnessRequired = 63 "witness_required" Witness;
    /// Who wants to witness may not.
    WitnessInvalid = 64 "witness_invalid" Stop;
    /// Keyed instead of scanned.
    CodeKeyed = 70 "code_keyed" Warn;
    /// The drug cannot be scanned.
    DrugUnscannable = 71 "drug_unscannable" Warn;
    /// A PRN giving needs to say what for.
    PrnReasonMissing = 0 "prn_reason_missing" Warn;
    /// Given without the resident's knowledge.
    CovertGiving = 0 "covert_giving" Info;
    /// The pot of the resident before is not confirmed.
    PotUnconfirmed = 0 "pot_unconfirmed" Warn;
    /// Taken from the pot after it was charted elsewhere: kept beside the first claim.
    PossibleDoubleDose = 0 "possible_double_dose" Stop;
    /// The scan came after its answer had been given up.
    ScanSpent = 0 "scan_spent" Stop;
    /// The dose as number is none of those its text names.
    DoseContradiction = 0 "dose_contradiction" Stop;
    /// More pieces than one dose may take, or more than anybody is given at once.
    DoseUnusual = 0 "dose_unusual" Stop;
    /// More than is usual at once.
    DoseHigh = 0 "dose_high" Warn;
    /// No count of pieces of the ordered strength makes the dose.
    DoseUnfit = 0 "dose_unfit" Stop;
    /// Oral methotrexate that is not weekly on a named day.
    MethotrexateNotWeekly = 0 "methotrexate_not_weekly" Stop;
    /// A PRN order without indication, interval or maximum.
    PrnIncomplete = 0 "prn_incomplete" Stop;
    /// PRN of a psychotropic without a stop: the law ends it.
    PsychotropicNoEnd = 0 "psychotropic_no_end" Warn;
    /// An order of the same drug runs already.
    DuplicateOrder = 0 "duplicate_order" Warn;
    /// Another order has the same ingredient.
    SameIngredientOrdered = 0 "same_ingredient_ordered" Warn;
    /// Written in a way that was misread before.
    AbbreviationUnsafe = 0 "abbreviation_unsafe" Warn;
    /// The kind of code is known but not supported.
    BarcodeUnsupported = 0 "barcode_unsupported" Stop;
}

/// A value that completes a code: ids and instants (microseconds), never a sentence.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Param {
    /// A number; of a key that ends in `_at`, microseconds UTC.
    Int(i64),
    /// A code, an id, or an amount as it is shown.
    Text(String),
}

impl From<i64> for Param {
    fn from(n: i64) -> Self {
        Self::Int(n)
    }
}
impl From<u32> for Param {
    fn from(n: u32) -> Self {
        Self::Int(i64::from(n))
    }
}
impl From<crate::time::Instant> for Param {
    fn from(at: crate::time::Instant) -> Self {
        Self::Int(at.micros())
    }
}
impl From<String> for Param {
    fn from(s: String) -> Self {
        Self::Text(s)
    }
}
impl From<&str> for Param {
    fn from(s: &str) -> Self {
        Self::Text(s.to_owned())
    }
}

/// One objection.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Objection {
    /// Which check objects.
    pub code: Check,
    /// How heavily.
    pub severity: Severity,
    /// What completes the sentence.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub params: BTreeMap<String, Param>,
}

impl Objection {
    /// An objection of the table's own severity.
    #[must_use]
    pub fn new(code: Check) -> Self {
        Self { code, severity: code.severity(), params: BTreeMap::new() }
    }

    /// The same with another severity.
    #[must_use]
    pub fn severity(mut self, severity: Severity) -> Self {
        self.severity = severity;
        self
    }

    /// The same with one more value.
    #[must_use]
    pub fn with(mut self, key: &str, value: impl Into<Param>) -> Self {
        self.params.insert(key.to_owned(), value.into());
        self
    }

    /// Whether the nurse gave a reason, where a reason is an answer: to a warning, and where the
    /// home allows giving alone, to a missing witness, then in words too (verdicts, check 63); to a
    /// stop that yields to the prescriber, with what they said (check 60).
    #[must_use]
    pub fn is_answered(&self, overrides: &[Override]) -> bool {
        let mut own = overrides.iter().filter(|v| v.code == self.code.code());
        match self.severity {
            Severity::Warn => own.next().is_some(),
            Severity::Witness => {
                let in_words = |v: &Override| v.comment.as_ref().is_some_and(|t| !t.is_empty());
                self.params.contains_key(ALONE) && own.any(in_words)
            }
            // Asked, the prescriber may still say give.
            Severity::Stop => {
                let said = |v: &Override| v.contact.as_ref().is_some_and(|c| !c.trim().is_empty());
                self.code.yields_to_prescriber() && own.any(said)
            }
            Severity::Refresh | Severity::Info => false,
        }
    }
}

/// A value of `witness_required`: the home lets a dose be given alone when nobody else is there.
const ALONE: &str = "alone";

impl Check {
    /// Whether the prescriber may be asked about it: then a reason together with what the
    /// prescriber said is an answer to the stop.
    #[must_use]
    pub const fn yields_to_prescriber(self) -> bool {
        matches!(self, Self::HoldParameterFailed)
    }
}

/// The word for a list of objections; what the nurse answered does not count.
#[must_use]
pub fn word(objections: &[Objection], overridden: &[Override]) -> Word {
    let open = |o: &&Objection| !o.is_answered(overridden);
    match objections.iter().filter(open).map(|o| o.severity).min() {
        Some(Severity::Stop | Severity::Refresh) => Word::Stop,
        Some(Severity::Witness | Severity::Warn) => Word::Ask,
        Some(Severity::Info) | None => Word::Ok,
    }
}
