//! A calendar of doses: one line a civil day for people, one object for programs.

use emar_domain::schedule::{Expansion, PlannedDose};
use emar_domain::time::{CivilDate, Instant};
use emar_domain::zone::ZoneRules;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

/// What is shown.
pub(super) struct Calendar<'a> {
    pub(super) zone: &'a ZoneRules,
    /// First day.
    pub(super) from: CivilDate,
    /// First day not shown.
    pub(super) to: CivilDate,
    pub(super) done: &'a Expansion,
}

/// What is out of the ordinary about a dose.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Mark {
    Shifted,
    Held,
    Merged,
    Dropped,
}

impl Mark {
    const fn sign(self) -> char {
        match self {
            Self::Shifted => '>',
            Self::Held => '#',
            Self::Merged => '=',
            Self::Dropped => 'x',
        }
    }

    const fn words(self) -> &'static str {
        match self {
            Self::Shifted => "moved by a clock change, due at the time shown",
            Self::Held => "on hold or away, not due",
            Self::Merged => "at the same moment as another dose of the order, and one with it",
            Self::Dropped => "not due: a clock change skips this time",
        }
    }
}

impl Calendar<'_> {
    /// One line a day, and a legend of the marks that were used.
    pub(super) fn to_text(&self) -> String {
        let mut days: BTreeMap<CivilDate, Vec<(Instant, String)>> = BTreeMap::new();
        let mut day = Some(self.from);
        while let Some(date) = day.filter(|date| *date < self.to) {
            days.insert(date, Vec::new());
            day = date.plus_days(1);
        }
        let mut used = BTreeSet::new();
        let done = self.done;
        let merged = done.merged.iter().map(|merged| (&merged.dose, Some(Mark::Merged)));
        let due = done.due.iter().map(|dose| (dose, dose.shifted.then_some(Mark::Shifted)));
        let held = done.held.iter().map(|dose| (dose, Some(Mark::Held)));
        let dropped = done.dropped.iter().map(|dose| (dose, Some(Mark::Dropped)));
        for (dose, mark) in due.chain(held).chain(merged).chain(dropped) {
            used.extend(mark);
            days.entry(dose.date).or_default().push((dose.at, self.cell(dose, mark)));
        }
        let zone = self.zone;
        let mut text = format!("{} (tz data {})\n", zone.name(), zone.tzdb());
        for (date, mut cells) in days {
            cells.sort();
            let cells: Vec<String> = cells.into_iter().map(|(_, cell)| cell).collect();
            let cells = if cells.is_empty() { "-".to_owned() } else { cells.join("  ") };
            // Writing to a text cannot fail.
            let _ = writeln!(text, "{date} {}  {cells}", capital(date.weekday().code()));
        }
        let count = done.due.len();
        let _ = writeln!(text, "{count} {}", if count == 1 { "dose" } else { "doses" });
        for mark in used {
            let _ = writeln!(text, "{} {}", mark.sign(), mark.words());
        }
        text
    }

    fn cell(&self, dose: &PlannedDose, mark: Option<Mark>) -> String {
        let zone = self.zone;
        let told = matches!(mark, Some(Mark::Merged | Mark::Dropped));
        let shown = if told { dose.prescribed } else { zone.to_civil(dose.at) };
        let mut cell = shown.time().to_string();
        if shown.date() != dose.date {
            let _ = write!(cell, " of {}", shown.date());
        }
        if self.clocks_change_on(dose.date) && !told {
            let _ = write!(cell, " {}", zone.abbrev_at(dose.at));
        }
        cell.extend(mark.map(Mark::sign));
        if let Some(amount) = &dose.dose {
            let _ = write!(cell, " {amount}");
        }
        cell
    }

    fn clocks_change_on(&self, date: CivilDate) -> bool {
        let begins = self.zone.day_begins(date);
        let ends = date.plus_days(1).map_or(Instant::MAX, |next| self.zone.day_begins(next));
        self.zone.offset_at(begins) != self.zone.offset_at(ends)
    }

    /// Everything of the expansion, each dose with its identity, its local time and its instant.
    pub(super) fn to_json(&self) -> Value {
        let done = self.done;
        let all = |doses: &[PlannedDose]| doses.iter().map(|d| self.dose(d)).collect::<Vec<_>>();
        let merged = done.merged.iter().map(|merged| {
            let mut dose = self.dose(&merged.dose);
            dose["into"] = json!({"date": merged.into.0, "slot": merged.into.1});
            dose
        });
        let merged: Vec<Value> = merged.collect();
        let flags: BTreeMap<String, _> =
            done.flags.iter().map(|(date, flags)| (date.to_string(), flags)).collect();
        json!({
            "zone": self.zone.name(),
            "tzdb": self.zone.tzdb(),
            "from": self.from,
            "to": self.to,
            "count": done.due.len(),
            "due": all(&done.due),
            "held": all(&done.held),
            "merged": merged,
            "dropped": all(&done.dropped),
            "flags": flags,
        })
    }

    fn dose(&self, dose: &PlannedDose) -> Value {
        let mut told = json!({
            "date": dose.date,
            "slot": dose.slot,
            "prescribed": dose.prescribed,
            "local": self.zone.to_offset_time(dose.at).to_string(),
            "utc": dose.at.to_string(),
            "shifted": dose.shifted,
        });
        if let Some(amount) = &dose.dose {
            told["dose"] = json!(amount);
        }
        told
    }
}

fn capital(word: &str) -> String {
    let mut letters = word.chars();
    letters.next().map(|first| first.to_ascii_uppercase()).into_iter().chain(letters).collect()
}
