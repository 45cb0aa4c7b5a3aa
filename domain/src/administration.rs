//! What was done about a dose.

use crate::amount::Amount;
use crate::id::{AdministrationId, CartId, DoseId, OrderId, ReadingId, ResidentId, UserId};
use crate::time::Instant;
use serde::{Deserialize, Serialize};

/// What was done.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// The whole dose was taken.
    Given,
    /// Part of it was taken.
    Partial,
    /// Held by a parameter or on judgement.
    Held,
    /// Refused by the resident.
    Refused,
    /// Not given for another reason.
    NotGiven,
    /// Taken off the body: the outcome of a removal, and of nothing else.
    Removed,
}

impl Outcome {
    /// Every outcome.
    pub const ALL: &'static [Outcome] =
        &[Self::Given, Self::Partial, Self::Held, Self::Refused, Self::NotGiven, Self::Removed];

    /// The code stored and sent.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Given => "given",
            Self::Partial => "partial",
            Self::Held => "held",
            Self::Refused => "refused",
            Self::NotGiven => "not_given",
            Self::Removed => "removed",
        }
    }

    /// Reads a code.
    #[must_use]
    pub fn parse(code: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|o| o.code() == code)
    }

    /// Whether drug went into the resident.
    #[must_use]
    pub const fn is_taken(self) -> bool {
        matches!(self, Self::Given | Self::Partial)
    }

    /// Whether another outcome may follow for the same dose: a refusal, a hold or a dose not given
    /// may be tried again while the dose is in its window; what was taken, or taken off, may not.
    #[must_use]
    pub const fn may_be_retried(self) -> bool {
        !self.is_taken() && !matches!(self, Self::Removed)
    }
}

/// A reason code of the home's list (shipped: `reason_codes.csv`).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Reason {
    /// The code.
    pub code: &'static str,
    /// In words.
    pub display: &'static str,
    /// The outcome it explains.
    pub outcome: Outcome,
    /// A comment is compulsory.
    pub note_required: bool,
    /// SNOMED CT id sent beside the local code, where one is known.
    pub snomed: Option<&'static str>,
    /// Code of FHIR's reason-medication-not-given system (a to d), where one fits.
    pub fhir_not_given: Option<&'static str>,
}

/// Every reason a nurse may chart with, in the order of the shipped list.
#[must_use]
pub fn reasons() -> Vec<Reason> {
    include_str!("../data/reason_codes.csv").lines().skip(1).filter_map(read_reason).collect()
}

/// The reason with this code.
#[must_use]
pub fn reason(code: &str) -> Option<Reason> {
    reasons().into_iter().find(|r| r.code == code)
}

fn read_reason(line: &'static str) -> Option<Reason> {
    let (code, rest) = line.split_once(',')?;
    let (display, rest) = match rest.strip_prefix('"') {
        Some(quoted) => quoted.split_once("\",")?,
        None => rest.split_once(',')?,
    };
    let cells: Vec<&str> = rest.split(',').collect();
    let [coarse, _status, fhir, snomed, _rxa20, _rxa18, note, ..] = cells.as_slice() else {
        return None;
    };
    let outcome = match (code, *coarse) {
        ("PARTIAL" | "VOMIT", _) => Outcome::Partial,
        ("HOLD_PARAM" | "HOLD_NURSE", _) => Outcome::Held,
        ("REF" | "REF_TASTE" | "REF_SE", _) => Outcome::Refused,
        (_, "given") => Outcome::Given,
        (_, "not_given") => Outcome::NotGiven,
        _ => return None,
    };
    let fhir_not_given = fhir.strip_prefix("FHIR ").and_then(|f| f.get(..1));
    Some(Reason {
        code,
        display,
        outcome,
        note_required: *note == "yes",
        snomed: Some(*snomed).filter(|s| !s.is_empty()),
        fhir_not_given,
    })
}

/// Whether a claim is about now (a scan) or about what already happened.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// Nothing has happened yet: a second claim is refused.
    Now,
    /// It has happened: a second claim is stored and raises `possible_double_dose`.
    Past,
}

/// A warning the nurse accepted, and why.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Override {
    /// Code of the objection.
    pub code: String,
    /// Coded reason.
    pub reason: String,
    /// In words, where the nurse added some; never in a leaf.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub comment: Option<String>,
    /// Who was asked and what they said, in words, where a stop yields to the prescriber only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub contact: Option<String>,
}

/// All the words of an entry in the order in which the trail has their hash: the comment, then
/// those of each accepted warning.
#[must_use]
pub fn words(comment: Option<&str>, overrides: &[Override]) -> Option<String> {
    let of_overrides = overrides.iter().flat_map(|v| v.comment.iter().chain(&v.contact));
    let all: Vec<&str> = comment.into_iter().chain(of_overrides.map(String::as_str)).collect();
    (!all.is_empty()).then(|| all.join("\n"))
}

/// What a second person found, before they saw what the giver had.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Witnessed {
    /// Who; never the giver.
    pub by: UserId,
    /// The dose as they worked it out.
    pub amount: Amount,
    /// When their PIN was entered.
    pub at: Instant,
}

/// One administration: insert-only.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Administration {
    /// Identity.
    pub id: AdministrationId,
    /// The dose; a PRN giving gets its own at charting.
    pub dose: DoseId,
    /// The order.
    pub order: OrderId,
    /// Version of the order it was charted on.
    pub version: u32,
    /// Whose it is.
    pub resident: ResidentId,
    /// What was done.
    pub outcome: Outcome,
    /// Reason code, where one is needed.
    #[serde(default)]
    pub reason: Option<String>,
    /// Free text of the nurse; never in a leaf.
    #[serde(default)]
    pub comment: Option<String>,
    /// Salt of the comment's hash in the leaf.
    #[serde(default)]
    pub comment_salt: Option<[u8; 16]>,
    /// How much was taken.
    pub amount: Option<Amount>,
    /// Now or past.
    pub mode: Mode,
    /// Accepted warnings.
    #[serde(default)]
    pub overrides: Vec<Override>,
    /// The second person's check, where the home wants one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub witness: Option<Witnessed>,
    /// Package texts scanned for it.
    #[serde(default)]
    pub packages: Vec<String>,
    /// The readings it rests on: those that let it be given, or had it held.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub readings: Vec<ReadingId>,
    /// Who.
    pub by: UserId,
    /// At which cart, if at one.
    #[serde(default)]
    pub cart: Option<CartId>,
    /// When it was done.
    pub administered_at: Instant,
    /// When it was recorded.
    pub recorded_at: Instant,
    /// The administration it corrects.
    #[serde(default)]
    pub corrects: Option<AdministrationId>,
    /// Whether it is the dose's effective outcome.
    pub effective: bool,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_chartable_reason_of_the_list_is_read() {
        let all = reasons();
        assert_eq!(all.len(), 31, "33 rows less LATE_UNCHARTED and ERROR, which no nurse charts");
        let loa = reason("LOA").unwrap();
        assert_eq!((loa.display, loa.fhir_not_given), ("on leave, no drug sent", Some("b")));
        assert!(reason("REF").unwrap().note_required);
        assert_eq!(reason("REF").unwrap().snomed, Some("182895007"));
        assert_eq!(reason("HOLD_NURSE").unwrap().outcome, Outcome::Held);
    }
}
