//! Barcode kind and resident: checks 5 to 13.

use super::read::Named;
use super::{Check, Objection};
use crate::resident::{Resident, ResidentState};

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

/// What the resident's state says against giving anything.
#[must_use]
pub(super) fn resident_objections(resident: &Resident) -> Vec<Objection> {
    let mut found = Vec::new();
    match resident.state {
        ResidentState::Deceased => found.push(Objection::new(Check::ResidentDeceased)),
        ResidentState::Discharged => found.push(Objection::new(Check::ResidentDischarged)),
        ResidentState::Admitted => {}
    }
    if let Some(since) = resident.away_since {
        found.push(Objection::new(Check::ResidentAbsent).with("since_at", since));
    }
    found
}
