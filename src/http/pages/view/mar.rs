//! A resident's MAR of one month, and the history of one of its cells.
use super::super::line::{Line, keep_units};
use super::bedside::Banner;
use super::desk::DeskBar;
use super::{Chip, Frame, Status};

/// The page.
#[derive(Clone, Debug)]
pub struct Mar {
    /// Language, theme, age.
    pub frame: Frame,
    /// Top bar.
    pub bar: DeskBar,
    /// Whose it is.
    pub banner: Banner,
    /// `November 2026`.
    pub month: String,
    /// The month before, the shown one and the one after, `YYYY-MM`; none beyond the calendar.
    pub months: (Option<String>, String, Option<String>),
    /// Its days.
    pub days: Vec<Day>,
    /// Orders that are not over.
    pub orders: Vec<OrderRows>,
    /// Orders given when needed, over or not.
    pub prn: Vec<PrnRows>,
    /// Orders that are over.
    pub ended: Vec<OrderRows>,
    /// How many days ahead the home plans doses.
    pub horizon_days: u32,
}

/// A day of the month, a column.
#[derive(Clone, Debug)]
pub struct Day {
    /// 1 to 31.
    pub number: u32,
    /// `Mon`.
    pub weekday: String,
    /// Its first letters, as wide as a column: `Mo`.
    pub short: String,
    /// Whether it is today.
    pub today: bool,
}

/// An order with one row for each of its times.
#[derive(Clone, Debug)]
pub struct OrderRows {
    /// Order id.
    pub id: String,
    /// Drug as ordered.
    pub drug: Line,
    /// Dose.
    pub amount: String,
    /// Route, frequency, what for, instructions.
    pub under: Line,
    /// Its state, where that is not simply active: on hold, waiting, ended, each with when and why.
    pub standing: String,
    /// Why nothing of it is due now; empty when a dose is, or when it is over.
    pub why: String,
    /// A row for each time of day; one without a time when no dose of it is in the month.
    pub rows: Vec<TimeRow>,
}

/// One time of day of an order.
#[derive(Clone, Debug)]
pub struct TimeRow {
    /// `08:00`; a dash where the order has no dose.
    pub time: String,
    /// One for each day.
    pub cells: Vec<Option<Cell>>,
}

/// A day of a row with at least one dose.
#[derive(Clone, Debug)]
pub struct Cell {
    /// Ids of its doses, joined by commas.
    pub doses: String,
    /// What it shows.
    pub status: Status,
    /// The same in words: `Tue 03-Nov-2026 08:00: Given 08:03 N. Osei RN`.
    pub label: String,
}

/// A PRN order with its givings.
#[derive(Clone, Debug)]
pub struct PrnRows {
    /// Order id.
    pub id: String,
    /// Drug as ordered.
    pub drug: Line,
    /// Dose.
    pub amount: String,
    /// Route, limits, what for.
    pub under: Line,
    /// As of [`OrderRows`].
    pub standing: String,
    /// Why it may not be given now; empty when it may, or when it is over.
    pub why: String,
    /// Oldest first.
    pub givings: Vec<Giving>,
}

/// One giving of a PRN order.
#[derive(Clone, Debug)]
pub struct Giving {
    /// Dose id.
    pub dose: String,
    /// `Tue 03-Nov-2026 14:05`.
    pub at: String,
    /// What was done, what for, who.
    pub chip: Chip,
    /// `650 mg · Pain · N. Osei RN`.
    pub note: String,
}

/// What became of the doses of a cell.
#[derive(Clone, Debug)]
pub struct History {
    /// Drug as ordered.
    pub drug: Line,
    /// Dose.
    pub amount: String,
    /// One for each dose.
    pub doses: Vec<DoseStory>,
}

/// What became of one dose.
#[derive(Clone, Debug)]
pub struct DoseStory {
    /// `Due Tue 03-Nov-2026 08:00`.
    pub title: String,
    /// How it stands.
    pub chip: Chip,
    /// In the order recorded.
    pub events: Vec<DoseEvent>,
}

/// Something that was recorded of a dose.
#[derive(Clone, Debug)]
pub struct DoseEvent {
    /// When it was recorded.
    pub at: String,
    /// Class of its colour; empty for what is no outcome.
    pub class: &'static str,
    /// What: `Given`, `Put in the pot`.
    pub what: String,
    /// A line each.
    pub notes: Vec<String>,
}

impl OrderRows {
    /// The dose, number and unit kept together.
    pub fn amount_kept(&self) -> String {
        keep_units(&self.amount)
    }
}

impl PrnRows {
    /// The dose, number and unit kept together.
    pub fn amount_kept(&self) -> String {
        keep_units(&self.amount)
    }
}

impl Giving {
    /// The note, numbers and units kept together.
    pub fn note_kept(&self) -> String {
        keep_units(&self.note)
    }
}

impl History {
    /// The dose, number and unit kept together.
    pub fn amount_kept(&self) -> String {
        keep_units(&self.amount)
    }
}
