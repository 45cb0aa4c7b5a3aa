//! Barcode kind and resident: checks 5 to 13.

use super::read::Named;
use super::{Check, Objection};
use crate::resident::{Resident, ResidentState};
use crate::time::Instant;

/// What the code itself says against being used.
#[must_use]
pub(super) fn barcode_objection(named: &Named<'_>) -> Option<Check> {
    match named {
        Named::Malformed => Some(Check::BarcodeMalformed),
        Named::Several => Some(Check::SeveralBarcodes),
        Named::Unknown => Some(Check::BarcodeUnknown),
        Named::Unsupported => Some(Check::BarcodeUnsupported),
        Named::Command(_) | Named::Band(_) | Named::Badge(_) | Named::Package(_) => None,
    }
}

/// What the resident's state says against giving anything at `at`.
#[must_use]
pub(crate) fn resident_objections(resident: &Resident, at: Instant) -> Vec<Objection> {
    let mut found = Vec::new();
    match resident.state {
        ResidentState::Deceased => found.push(Objection::new(Check::ResidentDeceased)),
        ResidentState::Discharged => found.push(Objection::new(Check::ResidentDischarged)),
        ResidentState::Admitted => {}
    }
    if let Some(absence) = resident.absence_at(at) {
        let mut o = Objection::new(Check::ResidentAbsent).with("since_at", absence.from);
        if let Some(until) = absence.until {
            o = o.with("until_at", until);
        }
        let o = o.with("kind", absence.kind.code()).with("reason", absence.reason.as_str());
        found.push(o);
    }
    found
}
