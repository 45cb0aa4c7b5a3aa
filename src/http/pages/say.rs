//! Objections in words: the rules' codes and values as a nurse reads them.
use super::line::keep_units;
use super::words::{Lang, ObjectionText, Words};
use emar_domain::gate::Comparison;
use emar_domain::time::{CivilDate, Instant};
use emar_domain::verdict::{Check, Objection, Param, Severity};
use emar_domain::zone::ZoneRules;
use std::collections::BTreeMap;

/// What turns ids and instants into names and home time.
pub struct Speaker<'a> {
    /// The words.
    pub words: &'a Words,
    /// The home's zone.
    pub zone: &'a ZoneRules,
    /// Now: a time of another day is said with its date.
    pub now: Instant,
    /// Name of a user by id; `None` when unknown.
    pub user: &'a dyn Fn(&str) -> Option<String>,
}

impl Speaker<'_> {
    /// Headline and sentence of an objection.
    #[must_use]
    pub fn objection(&self, objection: &Objection) -> ObjectionText {
        let params = objection.params.iter();
        let params: BTreeMap<String, String> =
            params.map(|(name, value)| (name.clone(), self.param(name, value))).collect();
        let code = match objection.code {
            Check::DoubleScan if params.contains_key("prepared_at") => "in_another_pot",
            Check::OrderDiscontinued if params.contains_key("state") => "order_in_error",
            code => code.code(),
        };
        let text = self.words.objection(code, &params);
        ObjectionText { headline: text.headline, detail: keep_units(&text.detail) }
    }

    /// The objection that is the headline: the heaviest, the first of its kind in the table.
    #[must_use]
    pub fn headline(objections: &[Objection]) -> Option<&Objection> {
        objections.iter().min_by_key(|objection| objection.severity)
    }

    fn param(&self, name: &str, value: &Param) -> String {
        match value {
            Param::Int(micros) if name.ends_with("_at") || name == "at" => {
                self.time(Instant::from_micros(*micros))
            }
            Param::Int(halves) if name == "halves" => halves_text(*halves),
            Param::Int(number) => thousands(*number),
            Param::Text(id) if name == "by" => (self.user)(id).unwrap_or_else(|| "—".to_owned()),
            Param::Text(outcome) if name == "outcome" => self.words.t(&format!("status-{outcome}")),
            Param::Text(code) if matches!(name, "reading" | "action") => {
                self.words.named(name, code)
            }
            Param::Text(op) if name == "op" => {
                let known = Comparison::ALL.into_iter().find(|known| known.code() == op);
                known.map_or_else(String::new, |known| self.words.named("compare", known.name()))
            }
            Param::Text(text) => match CivilDate::parse(text) {
                Ok(date) => date_text(self.words.lang(), date),
                Err(_) => text.clone(),
            },
        }
    }

    /// `08:04`, or `04-Nov-2026 08:04` when it is not today.
    #[must_use]
    pub fn time(&self, at: Instant) -> String {
        let civil = self.zone.to_civil(at);
        let clock = format!("{:02}:{:02}", civil.time().hour(), civil.time().minute());
        if civil.date() == self.zone.to_civil(self.now).date() {
            return clock;
        }
        format!("{} {clock}", date_text(self.words.lang(), civil.date()))
    }
}

/// `04-Mar-1938`.
#[must_use]
pub fn date_text(lang: Lang, date: CivilDate) -> String {
    const EN: &str = "JanFebMarAprMayJunJulAugSepOctNovDec";
    const ES: &str = "enefebmarabrmayjunjulagosepoctnovdic";
    let months = if lang == Lang::En { EN } else { ES };
    let at = usize::try_from(date.month().saturating_sub(1)).unwrap_or(0) * 3;
    let month = months.get(at..at + 3).unwrap_or("???");
    format!("{:02}-{month}-{:04}", date.day(), date.year())
}

/// A number with a comma from 1,000.
#[must_use]
pub fn thousands(number: i64) -> String {
    let digits = number.unsigned_abs().to_string();
    let mut out = String::new();
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    if number < 0 { format!("−{out}") } else { out }
}

/// Pieces from halves: 1 is `½`, 2 is `1`, 3 is `1½`.
fn halves_text(halves: i64) -> String {
    match (halves / 2, halves % 2) {
        (0, 1) => "½".to_owned(),
        (whole, 1) => format!("{whole}½"),
        (whole, _) => whole.to_string(),
    }
}

/// Reasons a scan was not possible, in the order offered.
pub const UNSCANNABLE: [&str; 6] = [
    "damaged_label",
    "damaged_wristband",
    "no_barcode",
    "scanner_failure",
    "dose_discrepancy",
    "unable_to_determine",
];

/// The reasons offered when a nurse overrides a warning, at most nine; empty for what cannot be
/// overridden.
#[must_use]
pub fn override_reasons(objection: &Objection) -> &'static [&'static str] {
    if objection.severity != Severity::Warn {
        return &[];
    }
    match objection.code.code() {
        "identity_keyed" | "code_keyed" | "drug_unscannable" => &UNSCANNABLE,
        "prn_reason_missing" => &[
            "pain",
            "anxiety",
            "nausea",
            "fever",
            "constipation",
            "breathing",
            "sleep",
            "itch",
            "other",
        ],
        "duplicate_order" | "same_ingredient_ordered" | "abbreviation_unsafe" => {
            &["both_meant", "replaces", "other_time", "prescriber", "pharmacist", "other"]
        }
        "dose_high" => &["prescriber", "pharmacist", "other"],
        "pot_unconfirmed" => &["put_back", "give_later", "other"],
        "special_instruction" => &["read", "prescriber", "clinical", "other"],
        "covert_giving" => &["decision_stands", "prescriber", "other"],
        "removal_early" | "removal_late" => {
            &["fell_off", "resident_request", "resident_away", "procedure", "prescriber", "other"]
        }
        _ => &[
            "resident_request",
            "resident_away",
            "meal",
            "procedure",
            "prescriber",
            "clinical",
            "workload",
            "supply",
            "other",
        ],
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::pages::words::words;
    use emar_domain::verdict::Check;

    fn zone() -> ZoneRules {
        serde_json::from_str(include_str!("../../../domain/tests/data/new_york_2026.json")).unwrap()
    }

    fn say(objection: &Objection, lang: Lang) -> ObjectionText {
        let zone = zone();
        let now = Instant::parse("2026-11-02T13:04:00Z").unwrap();
        let user = |id: &str| (id == "u1").then(|| "N. Osei RN".to_owned());
        Speaker { words: words(lang), zone: &zone, now, user: &user }.objection(objection)
    }

    #[test]
    fn every_check_has_words_in_both_languages() {
        for lang in [Lang::En, Lang::Es] {
            for check in Check::ALL {
                let text = say(&Objection::new(*check), lang);
                assert!(!text.headline.starts_with("obj-"), "{check:?} has no headline");
                assert!(!text.detail.starts_with("obj-"), "{check:?} has no sentence");
                assert!(!text.detail.contains('{'), "{check:?}: {}", text.detail);
                let stops = check.severity() == Severity::Stop;
                let says = text.headline.starts_with("STOP") || text.headline.starts_with("ALTO");
                assert_eq!(stops, says, "{check:?}: {}", text.headline);
            }
        }
    }

    #[test]
    fn values_are_said_as_people_read_them() {
        let at = |text| Instant::parse(text).unwrap();
        let given =
            |when| Objection::new(Check::AlreadyGiven).with("given_at", at(when)).with("by", "u1");
        for (objection, sentence) in [
            (given("2026-11-02T13:00:00Z"), "Given by N. Osei RN at 08:00. Nothing was charted."),
            (
                given("2026-11-01T13:00:00Z"),
                "Given by N. Osei RN at 01-Nov-2026 08:00. Nothing was charted.",
            ),
            (
                Objection::new(Check::LotExpired).with("expired", "2026-10-31"),
                "Expired on 31-Oct-2026. Set it aside.",
            ),
            (
                Objection::new(Check::UnitsToGive)
                    .with("halves", 3_i64)
                    .with("strength", "5 mg")
                    .with("dose", "7.5 mg"),
                "Give 1½ × 5\u{a0}mg = 7.5\u{a0}mg.",
            ),
            (
                Objection::new(Check::DoseLate).with("minutes", 1_440_i64),
                "1,440\u{a0}min after the window closed.",
            ),
            (Objection::new(Check::NotDue), "Next due —."),
        ] {
            assert_eq!(say(&objection, Lang::En).detail, sentence);
        }
    }

    #[test]
    fn every_override_reason_has_words_and_a_digit() {
        for check in Check::ALL {
            let reasons = override_reasons(&Objection::new(*check));
            assert_eq!(reasons.is_empty(), check.severity() != Severity::Warn, "{check:?}");
            assert!(reasons.len() <= 9, "{check:?}");
            for reason in reasons {
                assert!(!words(Lang::Es).why(reason).starts_with("why-"), "{reason}");
            }
        }
    }

    #[test]
    fn the_headline_is_the_heaviest_objection() {
        let list = [Check::DoseLate, Check::WrongStrength, Check::AllergyMatch].map(Objection::new);
        assert_eq!(Speaker::headline(&list).map(|o| o.code), Some(Check::WrongStrength));
        assert_eq!(Speaker::headline(&[]), None);
    }
}
