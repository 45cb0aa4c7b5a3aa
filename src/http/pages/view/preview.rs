//! What an order or a change of one would do, before it is confirmed.

/// The fragment.
#[derive(Clone, Debug)]
pub struct Preview {
    /// The order read back, a line each; empty where nothing is written anew.
    pub says: Vec<String>,
    /// Class, mark and text of each count: doses added, removed, moved, unchanged.
    pub counts: Vec<(&'static str, &'static str, String)>,
    /// What the counts leave open.
    pub notes: Vec<String>,
    /// Doses that would lie too near to each other.
    pub overlaps: Vec<String>,
    /// The first days on which something is different.
    pub days: Vec<PreviewDay>,
    /// How many more such days there are.
    pub more: u32,
}

/// What is different on a day.
#[derive(Clone, Debug)]
pub struct PreviewDay {
    /// `Mon 23-Nov-2026`.
    pub title: String,
    /// Class, mark and text of each dose.
    pub doses: Vec<(&'static str, &'static str, String)>,
    /// What the resident gets of each ingredient.
    pub totals: Vec<String>,
    /// How many doses each med pass has.
    pub load: Vec<String>,
}

impl Preview {
    /// Whether any day tells what the resident gets of an ingredient.
    pub(crate) fn has_totals(&self) -> bool {
        self.days.iter().any(|day| !day.totals.is_empty())
    }

    /// Whether any day tells how full a pass gets.
    pub(crate) fn has_loads(&self) -> bool {
        self.days.iter().any(|day| !day.load.is_empty())
    }
}
