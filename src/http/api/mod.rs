//! The API of `/api/v1`: requests checked, put to the rules, answered in JSON.

pub mod administrations;
pub mod alerts;
pub mod audit;
pub mod control;
pub mod enrol;
pub mod explain;
pub mod json;
pub mod keyed;
pub mod marks;
mod order_entry;
pub mod orders;
pub mod preview;
pub mod readings;
pub mod residents;
pub mod scans;
pub mod sessions;
pub mod stays;
pub mod transcriptions;
pub mod witness;

use super::Web;
use super::pages::words::Lang;
use super::problem::Problem;
use crate::service::lane::{Outcome, Receipt};
use emar_domain::decide::{Answer, Refusal};

/// The answer and its receipt, or the problem to send instead, said in English.
///
/// # Errors
/// The refusal, or that nothing or nobody knows what was written.
pub fn settle(web: &Web, outcome: Outcome) -> Result<(Answer, Receipt, u64), Problem> {
    settle_in(web, Lang::En, outcome)
}

/// The same in the language of the one who asks.
///
/// # Errors
/// As [`settle`].
pub fn settle_in(
    web: &Web,
    lang: Lang,
    outcome: Outcome,
) -> Result<(Answer, Receipt, u64), Problem> {
    match outcome {
        Outcome::Done { answer, receipt, version } => Ok((*answer, receipt, version)),
        Outcome::Refused(refusal) => Err(refused(web, lang, refusal)),
        Outcome::KeyReused => Err(Problem::key_reused()),
        Outcome::Unavailable => Err(Problem::unavailable()),
        Outcome::Unknown => Err(Problem::unknown()),
    }
}

fn refused(web: &Web, lang: Lang, refusal: Refusal) -> Problem {
    let sentence = web.screens.refusal_sentence(&web.app, lang, &refusal);
    Problem::refused(refusal, sentence)
}
