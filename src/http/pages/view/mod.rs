//! What the pages show: plain owned values, already formatted, without database types.
pub mod bedside;
pub mod demo;
pub mod desk;
pub mod mar;
pub mod orders;
pub mod preview;
pub mod station;

#[cfg(test)]
pub(crate) mod fixtures;

use super::words::{Lang, Words, words};

/// Light or dark surface. Night is the shift from 19:00 to 07:00 home time, or a choice by hand.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Theme {
    /// Light.
    #[default]
    Day,
    /// Dark.
    Night,
}

impl Theme {
    /// The value of `data-theme`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Day => "day",
            Self::Night => "night",
        }
    }

    /// The theme of the shift at an hour (0-23) of home time.
    pub fn of_hour(hour: u8) -> Self {
        if (7..19).contains(&hour) { Self::Day } else { Self::Night }
    }
}

/// What every page needs besides its content.
#[derive(Clone, Debug, Default)]
pub struct Frame {
    /// Language of the words.
    pub lang: Lang,
    /// Theme by shift.
    pub shift: Theme,
    /// Theme chosen by hand (cookie `theme`), if any.
    pub chosen: Option<Theme>,
    /// Whether the DEMO mark is shown.
    pub demo: bool,
    /// Age of the page's content in the stream's numbering; every fragment in it has this `seq`.
    pub seq: i64,
}

impl Frame {
    /// The words of this page.
    pub fn words(&self) -> &'static Words {
        words(self.lang)
    }

    /// The theme in force.
    pub fn theme(&self) -> Theme {
        self.chosen.unwrap_or(self.shift)
    }
}

/// State of a dose as shown: a word, a glyph, a place and, last, a colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// To be given now.
    Due,
    /// After its window, taken care of.
    Late,
    /// After its window and nobody has it.
    Missed,
    /// Charted as given.
    Given,
    /// Charted as given in part.
    Partial,
    /// Charted as held, or its order is on hold.
    Held,
    /// Charted as refused.
    Refused,
    /// Charted as not given for another reason.
    NotGiven,
    /// Charted as taken off the body.
    Removed,
    /// PRN that may be given now.
    Prn,
    /// Not due yet.
    Next,
    /// Not expected while the resident is away.
    Away,
    /// Not expected of staff: the resident keeps and takes it.
    SelfManaged,
    /// Planned once and not expected any more: the order changed or ended.
    Withdrawn,
}

impl Status {
    /// The class that brings ink and tint (`tokens.css`).
    pub fn class(self) -> &'static str {
        match self {
            Self::Due => "due",
            Self::Late => "late",
            Self::Missed => "missed",
            Self::Given | Self::Partial | Self::Removed => "given",
            Self::Held => "held",
            Self::Refused | Self::NotGiven => "refused",
            Self::Prn => "prn",
            Self::Next | Self::Away | Self::SelfManaged | Self::Withdrawn => "next",
        }
    }

    /// Key of its word.
    pub fn word(self) -> &'static str {
        match self {
            Self::Due => "status-due",
            Self::Late => "status-late",
            Self::Missed => "status-missed",
            Self::Given => "status-given",
            Self::Partial => "status-partial",
            Self::Held => "status-held",
            Self::Refused => "status-refused",
            Self::NotGiven => "status-not_given",
            Self::Removed => "status-removed",
            Self::Prn => "status-prn",
            Self::Next => "status-next",
            Self::Away => "status-away",
            Self::SelfManaged => "status-self_managed",
            Self::Withdrawn => "status-withdrawn",
        }
    }

    /// One character for a board square.
    pub fn mark(self) -> &'static str {
        match self {
            Self::Due => "○",
            Self::Late => "!",
            Self::Missed => "–",
            Self::Given => "✓",
            Self::Partial => "◐",
            Self::Held => "‖",
            Self::Refused => "↩",
            Self::NotGiven => "⊘",
            Self::Removed => "⊟",
            Self::Prn => "◔",
            Self::Next => "·",
            Self::Away => "→",
            Self::SelfManaged => "◇",
            Self::Withdrawn => "×",
        }
    }

    /// Its glyph as SVG paths on a 16 × 16 grid; a constant, safe to print as it stands.
    pub fn glyph(self) -> &'static str {
        match self {
            Self::Due => r#"<circle cx="8" cy="8" r="6" class="line"/>"#,
            Self::Late => {
                concat!(
                    r#"<path d="M8 2 15 14H1Z" class="line"/>"#,
                    r#"<path d="M8 6.5v3.4M8 11.4v1.4" class="line"/>"#
                )
            }
            Self::Missed => {
                concat!(
                    r#"<path d="M5 1h6l4 4v6l-4 4H5l-4-4V5Z" class="fill"/>"#,
                    r#"<path d="M4.5 8h7" class="gap"/>"#
                )
            }
            Self::Given => r#"<path d="m2.5 8.5 3.6 3.8L13.5 4" class="thick"/>"#,
            Self::Partial => {
                concat!(
                    r#"<circle cx="8" cy="8" r="6" class="line"/>"#,
                    r#"<path d="M8 2a6 6 0 0 0 0 12Z" class="fill"/>"#
                )
            }
            Self::Held => r#"<path d="M5.5 3v10M10.5 3v10" class="thick"/>"#,
            Self::Refused => {
                r#"<path d="M6 3.5 2.5 7 6 10.5M3 7h6.5a3.5 3.5 0 0 1 0 7H7" class="line"/>"#
            }
            Self::NotGiven => {
                r#"<circle cx="8" cy="8" r="6" class="line"/><path d="m4 12 8-8" class="line"/>"#
            }
            Self::Removed => r#"<path d="M2.5 2.5h11v11h-11ZM5 8h6" class="line"/>"#,
            Self::Prn => {
                concat!(
                    r#"<circle cx="8" cy="8" r="6.2" class="dash"/>"#,
                    r#"<path d="M8 4v4l2.8 1.8" class="line"/>"#
                )
            }
            Self::Next => r#"<circle cx="8" cy="8" r="6" class="dots"/>"#,
            Self::Away => r#"<path d="M2 8h11M9 4l4 4-4 4" class="line"/>"#,
            Self::SelfManaged => r#"<path d="M8 1.5 14.5 8 8 14.5 1.5 8Z" class="line"/>"#,
            Self::Withdrawn => r#"<path d="m4 4 8 8M12 4l-8 8" class="line"/>"#,
        }
    }
}

/// A status with what belongs to it (`Late` + `1 h 34`, `Given` + `08:03`).
#[derive(Clone, Debug)]
pub struct Chip {
    /// The status.
    pub status: Status,
    /// Time or duration after the word; may be empty.
    pub note: String,
}

impl Chip {
    /// A chip; `note` may be empty.
    pub fn new(status: Status, note: &str) -> Self {
        Self { status, note: super::line::keep_units(note) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn night_is_from_nineteen_to_seven() {
        for (hour, theme) in
            [(6, Theme::Night), (7, Theme::Day), (18, Theme::Day), (19, Theme::Night)]
        {
            assert_eq!(Theme::of_hour(hour), theme);
        }
    }
}
