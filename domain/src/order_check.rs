//! What is wrong or doubtful about an order before anybody gives it: checked when it is entered,
//! changed or noted. Stories 4, 5, 18; schedules, section 2 and rule 8.

use crate::administration::Override;
use crate::decide::limited;
use crate::drug::share_a_part;
use crate::home::Home;
use crate::order::{Order, OrderState, OrderVersion, Timing};
use crate::resident::{Allergy, Resident};
use crate::schedule::Schedule;
use crate::verdict::{Check, Objection, Severity};

mod dose;

pub use dose::cannot_be_made;

/// Words in an indication that say that methotrexate is given against cancer, where daily courses
/// are known.
const ONCOLOGIC: [&str; 9] = [
    "cancer",
    "leukaemia",
    "leukemia",
    "lymphoma",
    "carcinoma",
    "sarcoma",
    "oncolog",
    "neoplas",
    "tumo",
];
const MINUTES_A_WEEK: u32 = 7 * 24 * 60;

/// When an order is looked at.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Occasion {
    /// It is written down, perhaps not yet complete.
    Entered,
    /// It takes force: now everything must be there.
    Noted,
}

/// Everything that is wrong (stop) or doubtful (warn) about an order.
#[must_use]
pub fn findings(home: &Home, version: &OrderVersion, occasion: Occasion) -> Vec<Objection> {
    let mut found = Vec::new();
    found.extend(dose::contradiction(version));
    found.extend(dose::too_much(version));
    // What a sender wrote is judged by whoever scans the package; who enters it here can mend it.
    if version.entered_by.is_some() {
        found.extend(dose::unmade(version));
        found.extend(unanswered_reaction(home, version));
    }
    found.extend(methotrexate(version));
    if occasion == Occasion::Noted {
        found.extend(incomplete_prn(version));
        found.extend(psychotropic_no_end(home, version));
    }
    found.extend(same_ingredient(home, version));
    for text in [&version.dose_text, &version.instructions] {
        found.extend(unsafe_writing(text));
    }
    found
}

/// Those that still stand in the way: a stop always, a doubt until it is answered with a reason.
#[must_use]
pub fn standing(found: Vec<Objection>, answers: &[Override]) -> Vec<Objection> {
    let answered = |o: &Objection| {
        answers.iter().any(|a| a.code == o.code.code() && !a.reason.trim().is_empty())
    };
    let stands = |o: &Objection| match o.severity {
        Severity::Info => false,
        Severity::Warn => !answered(o),
        _ => true,
    };
    found.into_iter().filter(stands).collect()
}

/// Check 51 at entry: an order for what the resident has reacted to says why it is given.
fn unanswered_reaction(home: &Home, version: &OrderVersion) -> Option<Objection> {
    let resident = home.residents.get(&version.resident)?;
    let met = reaction(resident, &version.drug.ingredient)?;
    let o = || Objection::new(Check::AllergyMatch).with("ingredient", met.ingredient.as_str());
    version.allergy_override.is_none().then(|| o().with("reaction", met.reaction.as_str()))
}

/// The recorded reaction of a resident to an ingredient.
#[must_use]
pub fn reaction<'a>(resident: &'a Resident, ingredient: &str) -> Option<&'a Allergy> {
    resident.allergies.iter().find(|allergy| allergy.matches(ingredient))
}

/// Schedules, section 2: oral methotrexate is weekly, on a named day; daily only against cancer.
fn methotrexate(version: &OrderVersion) -> Option<Objection> {
    let oral = matches!(version.drug.route.as_str(), "po" | "oral" | "");
    if !version.drug.ingredient.contains("methotrexate") || !oral {
        return None;
    }
    let named_day = match &version.timing {
        Timing::Planned { schedule: Schedule::Once(_) } => true,
        Timing::Planned { schedule: schedule @ Schedule::Clock(clock) } => {
            clock.dow.as_ref().is_some_and(|days| !days.is_empty())
                && schedule.nominal_interval_minutes() >= Some(MINUTES_A_WEEK)
        }
        _ => false,
    };
    let indication = version.indication.to_lowercase();
    let against_cancer = ONCOLOGIC.iter().any(|word| indication.contains(word));
    (!named_day && !against_cancer).then(|| Objection::new(Check::MethotrexateNotWeekly))
}

/// Schedules, rule 8: indication, minimum interval and 24 h maximum before activation.
fn incomplete_prn(version: &OrderVersion) -> Option<Objection> {
    let Timing::Prn { indication, interval_minutes_min, per_day_max, .. } = &version.timing else {
        return None;
    };
    let said = !indication.trim().is_empty() || !version.indication.trim().is_empty();
    let missing: Vec<&str> = [
        (!said).then_some("indication"),
        interval_minutes_min.is_none().then_some("interval"),
        per_day_max.is_none().then_some("maximum"),
    ]
    .into_iter()
    .flatten()
    .collect();
    let o = || Objection::new(Check::PrnIncomplete).with("missing", missing.join(","));
    (!missing.is_empty()).then(o)
}

/// Story 25; schedules, rule 8: nobody said when it stops, so the law does. Of an order that runs
/// this was asked before.
fn psychotropic_no_end(home: &Home, version: &OrderVersion) -> Option<Objection> {
    if home.orders.get(&version.order).is_some_and(|order| order.state != OrderState::Draft) {
        return None;
    }
    let ends = version.stop.is_none().then_some(version.ends_at()).flatten();
    let ends = ends.filter(|_| limited(home, version))?;
    Some(Objection::new(Check::PsychotropicNoEnd).with("ends_at", ends))
}

/// Features, group 2: a duplicate order, or another order of the same ingredient.
fn same_ingredient(home: &Home, version: &OrderVersion) -> Option<Objection> {
    let others = home.orders_of(version.resident).filter(|other| {
        let runs = matches!(other.state, OrderState::Draft | OrderState::Active);
        let over = other.current.ends_at().is_some_and(|end| end <= version.start);
        let same = share_a_part(&other.current.drug.ingredient, &version.drug.ingredient);
        runs && !over && same && other.id() != version.order
    });
    let planned = |timing: &Timing| !timing.is_unplanned();
    let duplicates = |other: &&Order| {
        let (one, two) = (&other.current, version);
        one.drug.ingredient == two.drug.ingredient
            && one.drug.form == two.drug.form
            && one.drug.route == two.drug.route
            && planned(&one.timing) == planned(&two.timing)
    };
    let others: Vec<&Order> = others.collect();
    let duplicate = others.iter().copied().find(|other| duplicates(other));
    let (check, other) = match duplicate {
        Some(other) => (Check::DuplicateOrder, other),
        None => (Check::SameIngredientOrdered, others.first().copied()?),
    };
    let o = Objection::new(check).with("drug", other.current.drug.name.as_str());
    Some(o.with("order", other.id().to_string()))
}

/// Ways of writing that were misread before, each with what to write. Regulations: Joint Commission
/// "do not use" items and safety literature; the list is `abbreviations.csv`.
fn unsafe_writing(text: &str) -> Option<Objection> {
    let found = text.split_whitespace().find_map(|word| {
        let word = word.trim_matches(|c: char| "(),;:".contains(c));
        let better = unsafe_number(word).map(str::to_owned).or_else(|| listed(word))?;
        Some((word, better))
    });
    let (word, better) = found?;
    Some(Objection::new(Check::AbbreviationUnsafe).with("text", word).with("use", better))
}

fn listed(word: &str) -> Option<String> {
    let rows = include_str!("../data/abbreviations.csv").lines().skip(1);
    let mut rows = rows.filter_map(|row| {
        let (avoid, rest) = row.split_once(',')?;
        let last = rest.rsplit_once(',')?.0;
        let (_, better) = last.split_once(',')?;
        Some((avoid, better.trim_matches('"')))
    });
    // Rows that show a number are patterns (`unsafe_number`); of a row of several words only those
    // in capitals stand for themselves.
    let names = |avoid: &str| {
        let several = avoid.contains(' ');
        let pattern = avoid.contains('.') || avoid.starts_with(|c: char| c.is_ascii_digit());
        let stands = |one: &str| !several || one.bytes().all(|b| b.is_ascii_uppercase());
        !pattern && avoid.split_whitespace().any(|one| one == word && one.len() > 1 && stands(one))
    };
    let single = |avoid: &str| avoid == "U" && word == "U";
    rows.find(|(avoid, _)| names(avoid) || single(avoid)).map(|(_, better)| better.to_owned())
}

fn unsafe_number(word: &str) -> Option<&'static str> {
    let digits = word.trim_end_matches(|c: char| !c.is_ascii_digit() && c != '.');
    let unit = word.get(digits.len()..).unwrap_or_default();
    if !digits.contains(|c: char| c.is_ascii_digit()) {
        return None;
    }
    if digits.starts_with('.') {
        return Some("a zero before the point");
    }
    let number = digits.bytes().all(|b| b.is_ascii_digit() || b == b'.');
    let trailing =
        digits.split_once('.').is_some_and(|(_, after)| after.bytes().all(|b| b == b'0'));
    if number && trailing && digits.contains('.') && !digits.ends_with('.') {
        return Some("no zero behind the point");
    }
    let joined = number && !unit.is_empty() && crate::amount::Unit::parse(unit).is_some();
    joined.then_some("a space before the unit")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unsafe_writing_is_found_and_plain_words_are_not() {
        let told = |text: &str| {
            let found = unsafe_writing(text)?;
            Some((found.params.get("text").cloned(), found.params.get("use").cloned()))
        };
        for (text, word) in [
            ("give 5.0 mg", "5.0"),
            ("give .5 mg", ".5"),
            ("10mg at night", "10mg"),
            ("10 U daily", "U"),
            ("10 IU", "IU"),
            ("QD with food", "QD"),
            ("MSO4 as needed", "MSO4"),
            ("1 drop OU", "OU"),
            ("give 5 ml", "ml"),
        ] {
            let (found, better) = told(text).unwrap_or_else(|| panic!("{text} is unsafe"));
            assert_eq!(found, Some(word.into()), "{text}");
            assert!(better.is_some(), "{text}");
        }
        for text in [
            "0.5 mg",
            "5 mg",
            "10 units",
            "take 1 tablet (500 mg) at 08:00",
            "vitamin B12",
            "",
            "as needed for pain in the knee",
            "1.5 tablets",
            "room 112-B",
            "every 6 hours",
            "10 mg per day",
            "sub-acute care",
        ] {
            assert_eq!(told(text), None, "{text}");
        }
    }
}
