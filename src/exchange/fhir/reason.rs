//! Why something was not taken, or not whole.

use super::json::Typed;
use serde::Serialize;

/// What a file or message comes to: the worst of its reasons.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// Taken.
    Applied,
    /// Understood, kept, and not applied whole: a person must act.
    NeedsTranscription,
    /// Not taken at all.
    Refused,
}

/// What kind of reason.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Code {
    /// For the reader; changes nothing.
    Note,
    /// The home has it already; changes nothing.
    Known,
    /// Cannot be represented exactly: a person enters it from the original.
    NeedsTranscription,
    /// Nobody the home knows.
    ResidentUnknown,
    /// Somebody the home knows, described differently.
    ResidentMismatch,
    /// An order the home does not know.
    OrderUnknown,
    /// Not FHIR, or too large.
    Malformed,
    /// FHIR that this server does not act on.
    NotSupported,
    /// Says something that must not be ignored and is not understood (modifier, implicit rules).
    MustUnderstand,
    /// Contradicts itself.
    Conflict,
}

impl Code {
    /// The code on the wire.
    #[must_use]
    pub const fn text(self) -> &'static str {
        match self {
            Self::Note => "note",
            Self::Known => "known",
            Self::NeedsTranscription => "needs-transcription",
            Self::ResidentUnknown => "resident-unknown",
            Self::ResidentMismatch => "resident-mismatch",
            Self::OrderUnknown => "order-unknown",
            Self::Malformed => "malformed",
            Self::NotSupported => "not-supported",
            Self::MustUnderstand => "must-understand",
            Self::Conflict => "conflict",
        }
    }

    /// What it makes of the whole.
    #[must_use]
    pub const fn standing(self) -> Standing {
        match self {
            Self::Note | Self::Known => Standing::Applied,
            Self::NeedsTranscription
            | Self::ResidentUnknown
            | Self::ResidentMismatch
            | Self::OrderUnknown => Standing::NeedsTranscription,
            Self::Malformed | Self::NotSupported | Self::MustUnderstand | Self::Conflict => {
                Standing::Refused
            }
        }
    }
}

/// One reason.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Reason {
    /// JSON pointer (RFC 6901) into the document as received; empty: the whole.
    pub pointer: String,
    /// In plain words.
    pub why: String,
    /// Its kind.
    #[serde(skip)]
    pub code: Code,
}

/// Reasons as they gather; mapping goes on after one, so that a person sees all of them.
#[derive(Debug, Default)]
pub struct Reasons(Vec<Reason>);

impl Reasons {
    /// Adds one.
    pub fn add(&mut self, code: Code, pointer: String, why: String) {
        self.0.push(Reason { pointer, why, code });
    }

    /// Adds that something is for a person to transcribe.
    pub fn transcribe(&mut self, pointer: String, why: &str) {
        self.add(Code::NeedsTranscription, pointer, why.to_owned());
    }

    /// What was read; a member of a wrong type is a reason and reads as absent.
    pub fn read<T: Default>(&mut self, typed: Typed<T>) -> T {
        typed.unwrap_or_else(|wrong| {
            self.add(Code::Malformed, wrong.pointer, wrong.why);
            T::default()
        })
    }

    /// The worst of them.
    #[must_use]
    pub fn standing(&self) -> Standing {
        self.0.iter().map(|r| r.code.standing()).max().unwrap_or(Standing::Applied)
    }

    /// How many were added that are more than notes.
    #[must_use]
    pub fn grave(&self) -> usize {
        self.0.iter().filter(|r| r.code.standing() != Standing::Applied).count()
    }

    /// All of them.
    #[must_use]
    pub fn list(&self) -> &[Reason] {
        &self.0
    }

    /// All of them, taken out.
    #[must_use]
    pub fn into_list(self) -> Vec<Reason> {
        self.0
    }
}
