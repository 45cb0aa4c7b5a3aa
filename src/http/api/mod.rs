//! The API of `/api/v1`: requests checked, put to the rules, answered in JSON.

pub mod administrations;
pub mod alerts;
pub mod audit;
pub mod control;
pub mod enrol;
pub mod explain;
pub mod json;
pub mod orders;
pub mod preview;
pub mod residents;
pub mod scans;
pub mod sessions;

use super::Web;
use super::problem::Problem;
use crate::service::lane::{Outcome, Receipt};
use emar_domain::decide::{Answer, Refusal};

/// The answer and its receipt, or the problem to send instead.
///
/// # Errors
/// The refusal, or that nothing or nobody knows what was written.
pub fn settle(web: &Web, outcome: Outcome) -> Result<(Answer, Receipt, u64), Problem> {
    match outcome {
        Outcome::Done { answer, receipt, version } => Ok((*answer, receipt, version)),
        Outcome::Refused(refusal) => Err(refused(web, refusal)),
        Outcome::KeyReused => Err(Problem::key_reused()),
        Outcome::Unavailable => Err(Problem::unavailable()),
        Outcome::Unknown => Err(Problem::unknown()),
    }
}

fn refused(web: &Web, refusal: Refusal) -> Problem {
    let sentence = web.screens.refusal_sentence(&web.app, None, &refusal);
    Problem::refused(refusal, sentence)
}
