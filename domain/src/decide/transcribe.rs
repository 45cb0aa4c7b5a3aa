//! Messages answered, and those of them that a person has to read.

use super::order::person;
use super::record::{Record, fields};
use super::{Answer, Refusal};
use crate::audit::leaf::{Action, Outcome};
use crate::fact::{Fact, Transcription, TranscriptionDone};
use crate::id::{FactId, ResidentId};
use crate::role;
use serde::{Deserialize, Serialize};

/// What a person has to read of a message that was not carried out.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Aside {
    /// Whom it is about, where that is known.
    pub resident: Option<ResidentId>,
    /// What it says, as far as it can be read.
    pub says: String,
    /// Why it was not carried out, in words.
    pub reasons: Vec<String>,
}

/// A message was answered; what could not be carried out is put before a person.
pub(super) fn message(
    record: &mut Record<'_, '_>,
    (sender, message, answer): (&str, &str, &str),
    aside: Option<&Aside>,
) -> Answer {
    let done = answer == "AA";
    let leaf = record.leaf(Action::Execute, "inbox", message.to_owned());
    leaf.outcome = if done { Outcome::Done } else { Outcome::Refused };
    leaf.after = Some(fields([("sender", sender.into()), ("answer", answer.into())]));
    if let Some(aside) = aside.filter(|_| !done) {
        leaf.resident = aside.resident.map(|r| r.0);
        let Aside { resident, says, reasons } = aside.clone();
        let id = FactId(record.fresh());
        record.fact(Fact::Transcription(Box::new(Transcription {
            id,
            rev: 1,
            sender: sender.to_owned(),
            message: message.to_owned(),
            answer: answer.to_owned(),
            resident,
            says,
            reasons,
            at: record.now,
            done: None,
        })));
    }
    Answer::Done { count: 1 }
}

/// A person says what they did about it.
pub(super) fn transcribed(
    record: &mut Record<'_, '_>,
    id: FactId,
    note: &str,
) -> Result<Answer, Refusal> {
    let by = person(record, role::Action::NoteOrder)?;
    let Some(waiting) = record.home.transcriptions.get(&id) else {
        return Err(Refusal::new("transcription_done", "reload"));
    };
    let leaf = record.leaf(Action::Update, "inbox", waiting.message.clone());
    leaf.resident = waiting.resident.map(|r| r.0);
    leaf.after = Some(fields([("sender", waiting.sender.as_str().into())]));
    let done = TranscriptionDone { by, note: note.to_owned(), at: record.now };
    let rev = waiting.rev + 1;
    let done = Transcription { rev, done: Some(done), ..waiting.clone() };
    record.fact(Fact::Transcription(Box::new(done)));
    Ok(Answer::Done { count: 1 })
}
