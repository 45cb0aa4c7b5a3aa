//! A line of text as the pages show it: tall-man letters and doses bold, numbers kept with
//! their units.
use super::tallman::TallMan;
use std::fmt;

/// A stretch of text in one weight.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Run {
    /// The text, not escaped; templates escape it.
    pub text: String,
    /// Whether it stands out.
    pub strong: bool,
}

/// One line in runs. It is never cut short; it wraps.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Line {
    /// In reading order.
    pub runs: Vec<Run>,
}

impl Line {
    /// An empty line.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds text in normal weight.
    pub fn text(self, text: &str) -> Self {
        self.push(text, false)
    }

    /// Adds text that stands out, such as the dose to give.
    pub fn strong(self, text: &str) -> Self {
        self.push(text, true)
    }

    /// Adds a drug's name, tall-man letters bold where the list has the name.
    pub fn drug(mut self, name: &str, list: &TallMan) -> Self {
        self.runs.extend(list.runs(&keep_units(name)));
        self
    }

    fn push(mut self, text: &str, strong: bool) -> Self {
        self.runs.push(Run { text: keep_units(text), strong });
        self
    }
}

impl From<&str> for Line {
    fn from(text: &str) -> Self {
        Self::new().text(text)
    }
}

impl fmt::Display for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.runs.iter().try_for_each(|run| f.write_str(&run.text))
    }
}

/// No-break space.
pub const NBSP: char = '\u{a0}';

/// The text with every number kept together with the word after it (`17.2 mg`, `2 tablets`,
/// `1 h 34`), so that no line ends between a number and its unit.
pub fn keep_units(text: &str) -> String {
    let chars: Vec<char> = text.chars().collect();
    let at = |i: usize, test: fn(&char) -> bool| chars.get(i).is_some_and(test);
    let digit = |c: &char| c.is_ascii_digit();
    let keeps = |i: usize| {
        let number_and_unit = at(i - 1, digit) && at(i + 1, |c| c.is_alphabetic());
        let hours_and_minutes =
            i >= 2 && chars[i - 1] == 'h' && chars[i - 2].is_whitespace() && at(i + 1, digit);
        number_and_unit || hours_and_minutes
    };
    (0..chars.len())
        .map(|i| if chars[i] == ' ' && i > 0 && keeps(i) { NBSP } else { chars[i] })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_stays_with_its_unit() {
        for (text, kept) in [
            (
                "give 17.2 mg (2 tablets of 8.6 mg)",
                "give 17.2\u{a0}mg (2\u{a0}tablets of 8.6\u{a0}mg)",
            ),
            ("2,600 mg left", "2,600\u{a0}mg left"),
            ("Late 1 h 34", "Late 1\u{a0}h\u{a0}34"),
            ("1 of 2", "1\u{a0}of 2"),
            ("room 114. Put it back", "room 114. Put it back"),
            (" 5", " 5"),
            ("", ""),
        ] {
            assert_eq!(keep_units(text), kept);
        }
    }

    #[test]
    fn nothing_is_lost() {
        let text = "<b>é 5 mg\u{1F48A} ' \" &";
        assert_eq!(keep_units(text).replace(NBSP, " "), text);
    }
}
