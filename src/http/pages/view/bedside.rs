//! The bedside page of one cart.
use super::super::line::{Line, keep_units};
use super::{Chip, Frame};

/// The page: what its cart session shows now.
#[derive(Clone, Debug)]
pub struct Bedside {
    /// Language, theme, age.
    pub frame: Frame,
    /// Cart id, as in topics and requests.
    pub cart: String,
    /// Seconds without a key, touch or scan until the page signs off.
    pub idle_s: u32,
    /// Top bar.
    pub bar: Bar,
    /// Everything below it.
    pub screen: Screen,
}

/// Top bar.
#[derive(Clone, Debug)]
pub struct Bar {
    /// Unit as people call it.
    pub place: String,
    /// Residents done and in all, once a round is open.
    pub progress: Option<(u32, u32)>,
    /// Name and role of who is signed on (`N. Osei RN`).
    pub user: Option<String>,
    /// Home time, `08:04`.
    pub clock: String,
}

impl Bar {
    /// Progress for the meter: value and maximum, never an empty maximum.
    pub fn meter(&self) -> Option<(u32, u32)> {
        self.progress.map(|(done, total)| (done.min(total), total.max(1)))
    }
}

/// One of the three screens.
#[derive(Clone, Debug)]
pub enum Screen {
    /// Nobody is signed on (B1).
    SignOn(SignOn),
    /// The round (B2).
    Round(Round),
    /// An open resident (B3).
    Resident(Box<Resident>),
}

/// B1.
#[derive(Clone, Debug)]
pub struct SignOn {
    /// Cart as people call it.
    pub cart: String,
    /// Unit as people call it.
    pub unit: String,
    /// A badge was already read by the cart's bridge; the PIN comes next.
    pub badge_read: bool,
    /// Why the page is here, if there is a reason to tell.
    pub message: Option<String>,
}

/// B2: residents in room order.
#[derive(Clone, Debug)]
pub struct Round {
    /// Last verdict.
    pub slab: Slab,
    /// Residents with something left.
    pub left: u32,
    /// In room order; done residents stay in their place.
    pub rows: Vec<RoundRow>,
}

/// A resident of the round.
#[derive(Clone, Debug)]
pub struct RoundRow {
    /// Resident id.
    pub id: String,
    /// Room and bed, `112-B`.
    pub room: String,
    /// Family name in capitals.
    pub family: String,
    /// Given names.
    pub given: String,
    /// What the resident is called, if different.
    pub nickname: Option<String>,
    /// Allergies in a few words; `None` when there are none known.
    pub allergies: Option<String>,
    /// Doses left in this round.
    pub left: u32,
    /// Heaviest state, with the first time (`Due` + `08:00`); `None` when all is charted.
    pub chip: Option<Chip>,
}

/// B3.
#[derive(Clone, Debug)]
pub struct Resident {
    /// Who.
    pub banner: Banner,
    /// Last verdict.
    pub slab: Slab,
    /// What.
    pub doses: Doses,
    /// What next.
    pub actions: Actions,
}

/// Identity, allergies and how medicines are taken.
#[derive(Clone, Debug)]
pub struct Banner {
    /// Resident id.
    pub id: String,
    /// Initials, when there is no photo.
    pub initials: String,
    /// Address of the photo.
    pub photo: Option<String>,
    /// Family name in capitals.
    pub family: String,
    /// Given names.
    pub given: String,
    /// What the resident is called.
    pub nickname: Option<String>,
    /// Room and bed.
    pub room: String,
    /// `04-Mar-1938`.
    pub born: String,
    /// Completed years.
    pub age: u32,
    /// Identifier a person can compare with the wristband.
    pub number: String,
    /// How medicines are taken; may be empty.
    pub taken: String,
    /// Code status (`DNR`); may be empty.
    pub code_status: String,
    /// Allergies.
    pub allergies: Allergies,
}

/// Known, known to be none, or never asked: three different things.
#[derive(Clone, Debug)]
pub enum Allergies {
    /// `penicillin — hives`, one a line.
    Known(Vec<String>),
    /// Recorded as none known.
    NoneKnown,
    /// Nothing recorded.
    NotRecorded,
}

/// How the slab looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Look {
    /// Nothing said yet.
    Ready,
    /// Scanned, more units needed, or in the pot: light.
    Partial,
    /// Charted: light with the thick green edge.
    Ok,
    /// A decision is needed: amber.
    Ask,
    /// Stop, or the list has changed: dark, striped.
    Stop,
}

impl Look {
    /// CSS class and `data-look`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Ready => "ready",
            Self::Partial => "partial",
            Self::Ok => "ok",
            Self::Ask => "ask",
            Self::Stop => "stop",
        }
    }

    /// The tone that goes with it; `ask` sounds as partial, since nothing is wrong yet.
    pub fn tone(self) -> &'static str {
        match self {
            Self::Ready => "none",
            Self::Partial | Self::Ask => "partial",
            Self::Ok => "ok",
            Self::Stop => "stop",
        }
    }
}

/// The verdict over the full width.
#[derive(Clone, Debug)]
pub struct Slab {
    /// How it looks and sounds.
    pub look: Look,
    /// One short line.
    pub headline: String,
    /// What exactly, and what next.
    pub detail: Line,
    /// Home time of the verdict; may be empty.
    pub time: String,
    /// The scan it answers, so that one scan sounds once; empty for none.
    pub scan_id: String,
    /// The order whose readings must be taken before it is scanned again; empty for none.
    pub measure: String,
}

/// The due list, late first, then by time.
#[derive(Clone, Debug)]
pub struct Doses {
    /// Version of this list, sent back with every scan.
    pub list_version: String,
    /// Active orders of which no due time can be worked out, each with why and what to do: nothing
    /// of them is given from here.
    pub never_due: Vec<NotDue>,
    /// Doses and PRN orders that may be given.
    pub rows: Vec<DoseRow>,
    /// Active orders without a dose now, each with why.
    pub not_due: Vec<NotDue>,
}

/// One dose, or one PRN order.
#[derive(Clone, Debug)]
pub struct DoseRow {
    /// Dose id; empty for a PRN order.
    pub dose: String,
    /// Order id.
    pub order: String,
    /// `08:00` or `PRN`.
    pub time: String,
    /// Name, strength and form, tall-man letters strong: `senna 8.6 mg tablet`.
    pub drug: Line,
    /// Amount to give, or given: `17.2 mg`.
    pub amount: String,
    /// What that is in units, `(2 tablets)`; may be empty.
    pub units: String,
    /// Route, frequency, indication, readings.
    pub under: Line,
    /// What is to be scanned.
    pub how: How,
    /// Something is to be measured before it is scanned.
    pub measure: bool,
    /// State.
    pub chip: Chip,
    /// The row keys act on by default.
    pub current: bool,
    /// Whether refused, hold and not available may be charted on it.
    pub open: bool,
}

impl DoseRow {
    /// The amount, number and unit kept together.
    pub fn amount_kept(&self) -> String {
        keep_units(&self.amount)
    }

    /// The units, number and word kept together.
    pub fn units_kept(&self) -> String {
        keep_units(&self.units)
    }

    /// Element id: stable for the dose.
    pub fn element(&self) -> String {
        if self.dose.is_empty() {
            format!("order-{}", self.order)
        } else {
            format!("dose-{}", self.dose)
        }
    }
}

/// What is to be scanned for a row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum How {
    /// A package.
    Scan,
    /// A package and a second badge.
    ScanAndBadge,
    /// Some of several packages.
    Units {
        /// So far.
        scanned: u32,
        /// In all.
        needed: u32,
    },
    /// Prepared, not yet taken.
    InPot {
        /// Packages in the pot.
        units: u32,
    },
    /// Nothing: what is on the body comes off, and that is charted.
    Remove,
    /// Charted after a scan.
    Scanned,
    /// Charted without a scan.
    Typed,
    /// Nothing.
    Nothing,
}

impl How {
    /// Whether the row is prepared and waits for its confirmation.
    pub fn in_pot(&self) -> bool {
        matches!(self, Self::InPot { .. })
    }

    /// One box a package, filled or not; none above eight, the number says it.
    pub fn boxes(&self) -> Vec<bool> {
        match *self {
            Self::Units { scanned, needed } if needed <= 8 => {
                (0..needed).map(|i| i < scanned).collect()
            }
            Self::InPot { units } if units <= 8 => (0..units).map(|_| true).collect(),
            _ => Vec::new(),
        }
    }
}

/// An active order that has no dose now.
#[derive(Clone, Debug)]
pub struct NotDue {
    /// Name, strength and form.
    pub drug: Line,
    /// Why, in words.
    pub why: String,
}

/// The action bar.
#[derive(Clone, Debug)]
pub struct Actions {
    /// Doses prepared and not yet taken.
    pub pot: u32,
    /// Whether there is something to undo.
    pub undo: bool,
}
