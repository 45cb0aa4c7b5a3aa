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

    /// Adds a drug's name, tall-man letters bold where the list has the name, its strength as every
    /// other amount is written.
    pub fn drug(mut self, name: &str, list: &TallMan) -> Self {
        self.runs.extend(list.runs(&keep_units(&spell_out(name))));
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

/// `1000 mcg` as `1,000 micrograms`: names come from formularies as they were typed there.
fn spell_out(name: &str) -> String {
    let words: Vec<&str> = name.split(' ').collect();
    let spelled = words.iter().enumerate().map(|(at, word)| {
        let (unit, rest) =
            word.split_once('/').map_or((*word, ""), |(unit, _)| (unit, &word[unit.len()..]));
        let before = at.checked_sub(1).and_then(|at| words.get(at));
        let measured = words.get(at + 1).is_some_and(|next| next.starts_with(char::is_alphabetic));
        if unit == "mcg" && before.is_some_and(|w| w.ends_with(|c: char| c.is_ascii_digit())) {
            format!("micrograms{rest}")
        } else if measured && word.len() > 3 && word.bytes().all(|b| b.is_ascii_digit()) {
            thousands(word)
        } else {
            (*word).to_owned()
        }
    });
    spelled.collect::<Vec<_>>().join(" ")
}

/// Digits in groups of three.
fn thousands(digits: &str) -> String {
    let groups = digits.as_bytes().rchunks(3).rev();
    let groups: Vec<_> = groups.map(String::from_utf8_lossy).collect();
    groups.join(",")
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
    fn a_name_from_a_formulary_reads_like_every_other_amount() {
        for (name, spelled) in [
            ("cyanocobalamin 1000 mcg tablet", "cyanocobalamin 1,000 micrograms tablet"),
            ("fentanyl 25 mcg/h patch", "fentanyl 25 micrograms/h patch"),
            ("heparin 1000000 units", "heparin 1,000,000 units"),
            ("lactulose 10 g/15 mL solution", "lactulose 10 g/15 mL solution"),
            ("mcg 2026, 1000", "mcg 2026, 1000"),
            ("", ""),
        ] {
            assert_eq!(spell_out(name), spelled);
        }
    }

    #[test]
    fn nothing_is_lost() {
        let text = "<b>é 5 mg\u{1F48A} ' \" &";
        assert_eq!(keep_units(text).replace(NBSP, " "), text);
    }
}
