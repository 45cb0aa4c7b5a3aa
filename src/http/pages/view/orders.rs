//! The orders page: the worklist and the form that enters an order.
use super::super::line::{Line, keep_units};
use super::Frame;
use super::desk::DeskBar;

/// The page.
#[derive(Clone, Debug)]
pub struct Orders {
    /// Language, theme, age.
    pub frame: Frame,
    /// Top bar.
    pub bar: DeskBar,
    /// The worklist.
    pub work: Work,
    /// Residents whose orders can be looked at one by one.
    pub residents: Vec<Choice>,
    /// The form; `None` for a role that enters no orders.
    pub entry: Option<Entry>,
    /// Where the one who looks is signed on; there they sign on again when the session ended.
    pub device: String,
}

/// The worklist: what waits for somebody, or all orders of one resident.
#[derive(Clone, Debug)]
pub struct Work {
    /// Id of the one resident; empty: what waits, of everybody.
    pub resident: String,
    /// `review`, or empty for the worklist.
    pub view: &'static str,
    /// What the role may not do, said plainly; empty when it may do all of it.
    pub role_note: String,
    /// Of one resident: where they stand with the home.
    pub stay: Option<Stay>,
    /// Messages of pharmacies that a person has to read.
    pub letters: Letters,
    /// To note, to verify, on hold; of one resident also the rest.
    pub sections: Vec<Section>,
}

/// Messages that were not carried out.
#[derive(Clone, Debug, Default)]
pub struct Letters {
    /// The oldest.
    pub rows: Vec<Letter>,
    /// How many more there are.
    pub more: u32,
}

impl Letters {
    /// How many there are.
    #[must_use]
    pub fn count(&self) -> u32 {
        u32::try_from(self.rows.len()).unwrap_or(u32::MAX).saturating_add(self.more)
    }
}

/// A message that was not carried out.
#[derive(Clone, Debug)]
pub struct Letter {
    /// Its id.
    pub id: String,
    /// Whom it is about, or that this is not known.
    pub who: String,
    /// Who sent it, and when it came.
    pub from: String,
    /// What it says.
    pub says: String,
    /// Why it was not carried out.
    pub reasons: Vec<String>,
    /// The one who looks may take it off the list.
    pub yours: bool,
}

/// Where a resident stands with the home.
#[derive(Clone, Debug)]
pub struct Stay {
    /// Resident id.
    pub resident: String,
    /// `GARZA, Pilar · 112-B`.
    pub who: String,
    /// Here, away, or left; since when, until when and why.
    pub says: String,
    /// What the one who looks may record.
    pub acts: Vec<StayAct>,
}

/// What can be recorded of a stay.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StayAct {
    /// They go away for a time.
    Away,
    /// They are back.
    Back,
    /// They leave for good.
    Discharge,
    /// They live here again.
    Readmit,
}

impl StayAct {
    /// The last part of its address.
    pub fn code(self) -> &'static str {
        match self {
            Self::Away => "absence",
            Self::Back => "return",
            Self::Discharge => "discharge",
            Self::Readmit => "readmit",
        }
    }

    /// Key of its word.
    pub fn word(self) -> &'static str {
        match self {
            Self::Away => "stay-away",
            Self::Back => "stay-back",
            Self::Discharge => "stay-discharge",
            Self::Readmit => "stay-readmit",
        }
    }

    /// What it asks for: parts of the dialog.
    pub fn asks(self) -> &'static str {
        match self {
            Self::Away => "kind from until reason",
            Self::Back => "",
            Self::Discharge => "reason deceased",
            Self::Readmit => "room",
        }
    }
}

/// Orders in one state.
#[derive(Clone, Debug)]
pub struct Section {
    /// Element id.
    pub id: String,
    /// Its title.
    pub title: String,
    /// What it says when it is empty.
    pub none: String,
    /// Oldest first.
    pub rows: Vec<OrderRow>,
    /// How many more there are.
    pub more: u32,
}

/// An order.
#[derive(Clone, Debug)]
pub struct OrderRow {
    /// Order id.
    pub id: String,
    /// The version that is shown.
    pub version: u32,
    /// `GARZA, Pilar · 112-B`.
    pub who: String,
    /// Resident id.
    pub resident: String,
    /// Drug as ordered.
    pub drug: Line,
    /// Dose.
    pub amount: String,
    /// Route, frequency and times, what for, instructions.
    pub under: Line,
    /// Class and text of what a reviewer must see.
    pub flags: Vec<(&'static str, String)>,
    /// From when, until when, who entered, noted, held it and why.
    pub notes: Vec<String>,
    /// Class of its colour and key of its word; the glyph of a held one is that of a held dose.
    pub state: (&'static str, &'static str),
    /// What the one who looks may do about it.
    pub acts: Vec<Act>,
    /// The form as it would be filled in for the order, as JSON; empty where it may not be changed.
    pub typed: String,
    /// Why an act that is needed is another's: said in place of its button.
    pub not_yours: String,
}

impl Section {
    /// How many orders it has.
    pub fn count(&self) -> u32 {
        u32::try_from(self.rows.len()).unwrap_or(u32::MAX).saturating_add(self.more)
    }
}

impl OrderRow {
    /// The dose, number and unit kept together.
    pub fn amount_kept(&self) -> String {
        keep_units(&self.amount)
    }
}

/// What can be done about an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Act {
    /// Accept it into the home.
    Note,
    /// Confirm it as a second person.
    Verify,
    /// Put another version in its place.
    Change,
    /// Put it on hold.
    Hold,
    /// Take it off hold.
    Resume,
    /// Prescribe it on.
    Renew,
    /// Mark it against giving.
    DoNotGive,
    /// Lift that mark.
    MayGive,
    /// Stop it.
    Discontinue,
    /// Withdraw it as one that never was meant.
    EnteredInError,
}

impl Act {
    /// The last part of its address.
    pub fn code(self) -> &'static str {
        match self {
            Self::Note => "note",
            Self::Verify => "verify",
            Self::Change => "change",
            Self::Hold => "hold",
            Self::Resume => "resume",
            Self::Renew => "renew",
            Self::DoNotGive => "do_not_give",
            Self::MayGive => "may_give",
            Self::Discontinue => "discontinue",
            Self::EnteredInError => "entered_in_error",
        }
    }

    /// Key of its word.
    pub fn word(self) -> &'static str {
        match self {
            Self::Note => "orders-note",
            Self::Verify => "orders-verify",
            Self::Change => "orders-change",
            Self::Hold => "orders-hold",
            Self::Resume => "orders-resume",
            Self::Renew => "orders-renew",
            Self::DoNotGive => "orders-do_not_give",
            Self::MayGive => "orders-may_give",
            Self::Discontinue => "orders-discontinue",
            Self::EnteredInError => "orders-entered_in_error",
        }
    }

    /// What it asks for: parts of the dialog, the first gets the focus.
    pub fn asks(self) -> &'static str {
        match self {
            Self::Hold => "reason from until",
            Self::Renew => "reason until",
            Self::DoNotGive | Self::MayGive | Self::Discontinue | Self::EnteredInError => "reason",
            Self::Note | Self::Verify | Self::Change | Self::Resume => "",
        }
    }

    /// Whether it opens the form.
    pub fn is_change(self) -> bool {
        self == Self::Change
    }

    /// Whether it is what the order waits for.
    pub fn is_first(self) -> bool {
        matches!(self, Self::Note | Self::Verify | Self::Resume | Self::MayGive)
    }
}

/// One of a list to choose from.
#[derive(Clone, Debug)]
pub struct Choice {
    /// What is sent.
    pub value: String,
    /// What is shown.
    pub text: String,
    /// Whether it is chosen.
    pub chosen: bool,
}

/// What the form offers.
#[derive(Clone, Debug)]
pub struct Entry {
    /// Names of the formulary, each with the usual route.
    pub drugs: Vec<(String, String)>,
    /// Units of dose.
    pub units: Vec<Choice>,
    /// Routes.
    pub routes: Vec<Choice>,
    /// Frequencies the form can say all of.
    pub frequencies: Vec<Choice>,
    /// Days of the week, code and name.
    pub days: Vec<Choice>,
    /// Ways in which an order is given.
    pub patterns: Vec<Choice>,
    /// Which weekday of a month.
    pub nths: Vec<Choice>,
    /// Readings that hold parameters look at.
    pub readings: Vec<Choice>,
    /// How a reading is compared.
    pub comparisons: Vec<Choice>,
    /// Levels of self-administration; that of staff has no value.
    pub levels: Vec<Choice>,
    /// Units of a sliding scale.
    pub glucose: Vec<Choice>,
    /// Today, `2026-11-02`.
    pub today: String,
    /// Now, as the fields of time are written: `2026-11-02 08:04`.
    pub now: String,
}
