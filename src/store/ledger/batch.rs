//! A batch of the write lane: what is decided on, what is written, what was committed.

use super::super::StoreError;
use emar_domain::audit::tree::{Frontier, Hash};
use emar_domain::fact::Fact;
use emar_domain::time::Instant;
use std::collections::BTreeMap;

/// The answer already given under an idempotency key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeptAnswer {
    /// Who asked.
    pub who: String,
    /// SHA-256 of what was asked.
    pub request_sha256: [u8; 32],
    /// HTTP status of the answer.
    pub status: u16,
    /// Its body.
    pub answer: String,
}

/// An answer to keep under an idempotency key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewAnswer {
    /// The key.
    pub key: String,
    /// What to keep.
    pub kept: KeptAnswer,
}

/// A message to send once the batch is committed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OutboxRow {
    /// The stream it is numbered and ordered in.
    pub stream: String,
    /// Where it goes.
    pub topic: String,
    /// What is sent.
    pub bytes: Vec<u8>,
}

/// What a received message was answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InboxAnswer {
    /// Who sent it.
    pub sender: String,
    /// Their id for it.
    pub message_id: String,
    /// The answer, given again when the message comes again.
    pub answer: String,
}

/// A version of a home's policy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PolicyRow {
    /// Counts from 1.
    pub version: u32,
    /// From when on it holds.
    pub effective_from: Instant,
    /// Its text.
    pub body: String,
}

/// What one command writes.
#[derive(Clone, Debug, Default)]
pub struct Entry {
    /// The answer to keep, when the command had a key.
    pub answer: Option<NewAnswer>,
    /// Facts, in the order they follow from one another.
    pub facts: Vec<Fact>,
    /// Leaves, exact bytes.
    pub leaves: Vec<Vec<u8>>,
    /// Messages to send.
    pub outbox: Vec<OutboxRow>,
    /// Answers to received messages.
    pub inbox: Vec<InboxAnswer>,
    /// A new policy.
    pub policy: Option<PolicyRow>,
}

/// What a batch of commands writes.
#[derive(Clone, Debug)]
pub struct Batch {
    /// Now, on the clinical clock.
    pub at: Instant,
    /// One for each command.
    pub entries: Vec<Entry>,
}

/// The state a batch is decided on.
#[derive(Clone, Debug)]
pub struct Opened {
    /// Leaves in the log.
    pub size: u64,
    /// Its right edge.
    pub frontier: Frontier,
    /// Answers already given, by key.
    pub answers: BTreeMap<String, KeptAnswer>,
}

/// What was decided.
pub enum Decided<R> {
    /// Write this, and hand back the rest after the commit.
    Write(Batch, R),
    /// Nothing to write (every command was a repetition).
    Nothing(R),
    /// Memory is behind the log: reload and come again.
    Stale,
}

/// Where an entry's leaves stand.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CommittedEntry {
    /// Index and hash of each leaf.
    pub leaves: Vec<(u64, Hash)>,
    /// The log's size after this entry: the version its facts are folded in under.
    pub version: u64,
    /// The facts, for whoever folds them in.
    pub facts: Vec<Fact>,
}

/// What was committed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Committed {
    /// Leaves in the log now.
    pub size: u64,
    /// Its root.
    pub root: Hash,
    /// For each entry of the batch, in order.
    pub entries: Vec<CommittedEntry>,
}

/// Why a batch was not committed.
#[derive(Debug, thiserror::Error)]
pub enum CommitError {
    /// Another server took over.
    #[error("this server no longer holds the log's epoch; it must join again before it writes")]
    Fenced,
    /// Memory is behind the log.
    #[error("memory is behind the log, which has {0} leaves; reload and decide again")]
    Stale(u64),
    /// A row was refused; nothing was written.
    #[error("nothing was written: {0}; run the commands one by one")]
    Conflict(String),
    /// Nothing was written.
    #[error("nothing was written: {0}")]
    Failed(StoreError),
    /// It may or may not be in the database.
    #[error("whether the batch was written is unknown ({0}); the server must restart")]
    Unknown(StoreError),
}

impl From<StoreError> for CommitError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Conflict(which) => Self::Conflict(which),
            other => Self::Failed(other),
        }
    }
}
