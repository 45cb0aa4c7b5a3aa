//! Tall-man letters: display only, never compared.
//!
//! Source: the name pairs of the FDA Name Differentiation Project, `web/words/tallman.csv`;
//! a home may add its own list.
use super::line::Run;
use std::collections::BTreeMap;

/// Names by their plain lower-case form.
#[derive(Clone, Debug)]
pub struct TallMan {
    names: BTreeMap<String, String>,
}

impl TallMan {
    /// The shipped list.
    pub fn shipped() -> Self {
        let rows = include_str!("../../../web/words/tallman.csv").lines().skip(1);
        let names = rows.filter_map(|row| row.split(',').next());
        Self { names: names.map(entry).collect() }
    }

    /// The list with a home's further names, written in tall-man letters (`metFORMIN`).
    /// A home's spelling wins.
    pub fn with(mut self, names: &[&str]) -> Self {
        self.names.extend(names.iter().map(|name| entry(name)));
        self
    }

    /// `text` in runs, the capitals of listed names strong. Only whole words match.
    pub fn runs(&self, text: &str) -> Vec<Run> {
        let mut runs: Vec<Run> = Vec::new();
        for word in text.split_inclusive(|c: char| !c.is_alphanumeric()) {
            let name = word.trim_end_matches(|c: char| !c.is_alphanumeric());
            let rest = &word[name.len()..];
            match self.names.get(&name.to_lowercase()) {
                Some(tall) => tall.chars().for_each(|c| push(&mut runs, c, c.is_uppercase())),
                None => name.chars().for_each(|c| push(&mut runs, c, false)),
            }
            rest.chars().for_each(|c| push(&mut runs, c, false));
        }
        runs
    }
}

fn entry(name: &str) -> (String, String) {
    (name.to_lowercase(), name.to_owned())
}

fn push(runs: &mut Vec<Run>, c: char, strong: bool) {
    match runs.last_mut() {
        Some(last) if last.strong == strong => last.text.push(c),
        _ => runs.push(Run { text: c.to_string(), strong }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn marked(text: &str, list: &TallMan) -> String {
        let mark = |run: &Run| {
            if run.strong { format!("[{}]", run.text) } else { run.text.clone() }
        };
        list.runs(text).iter().map(mark).collect()
    }

    #[test]
    fn listed_names_get_their_letters_and_others_stay() {
        let list = TallMan::shipped();
        for (text, shown) in [
            ("hydralazine 25 mg tablet", "hydr[ALAZINE] 25 mg tablet"),
            ("Hydralazine", "hydr[ALAZINE]"),
            ("predniSONE/hydroxyzine", "predni[SONE]/hydr[OXY]zine"),
            ("rOPINIRole", "r[OPINIR]ole"),
            ("prednisones", "prednisones"),
            ("metformin", "metformin"),
            ("", ""),
        ] {
            assert_eq!(marked(text, &list), shown);
        }
        assert_eq!(marked("metformin", &list.with(&["metFORMIN"])), "met[FORMIN]");
    }

    #[test]
    fn every_row_of_the_list_is_its_own_plain_name() {
        for row in include_str!("../../../web/words/tallman.csv").lines().skip(1) {
            let mut cells = row.split(',');
            let (tall, plain) = (cells.next().unwrap(), cells.next().unwrap());
            assert_eq!(tall.to_lowercase(), plain);
            assert!(tall.chars().any(char::is_uppercase), "{tall}");
        }
    }
}
