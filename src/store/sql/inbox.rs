//! Messages received: stored before they are acknowledged, answered the same when they come again.

use super::super::value::bind;
use super::super::{Store, StoreError};
use super::statements;
use emar_domain::id::FacilityId;
use emar_domain::time::Instant;

statements! {
    RECEIVE = "INSERT INTO inbox(facility, sender, message_id, sha256, topic, bytes, at) \
        SELECT $1, $2, $3, $4, $5, $6, $7 WHERE NOT EXISTS (SELECT 1 FROM inbox \
        WHERE facility = $1 AND sender = $2 AND message_id = $3) \
        ON CONFLICT DO NOTHING RETURNING message_id";
    KEEP_OPEN = "INSERT INTO inbox_open(facility, sender, message_id) \
        SELECT i.facility, i.sender, i.message_id FROM inbox i \
        WHERE i.facility = $1 AND i.sender = $2 AND i.message_id = $3 AND NOT EXISTS \
        (SELECT 1 FROM inbox_answer a WHERE a.facility = i.facility AND a.sender = i.sender \
        AND a.message_id = i.message_id) ON CONFLICT DO NOTHING";
    STORED = "SELECT i.sha256, a.answer FROM inbox i LEFT JOIN inbox_answer a \
        ON a.facility = i.facility AND a.sender = i.sender AND a.message_id = i.message_id \
        WHERE i.facility = $1 AND i.sender = $2 AND i.message_id = $3";
    OPEN = "SELECT i.sender, i.message_id, i.topic, i.bytes, i.at FROM inbox_open o \
        JOIN inbox i ON i.facility = o.facility AND i.sender = o.sender \
        AND i.message_id = o.message_id WHERE o.facility = $1 ORDER BY i.at, i.message_id";
}

/// What a received message is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Received {
    /// Not seen before.
    New,
    /// Seen before and not answered yet.
    Unanswered,
    /// Seen and answered before: answer this again.
    Replay(String),
    /// The same id was used for other bytes.
    Conflict,
}

/// A message received and not answered yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OpenMessage {
    /// Who sent it.
    pub sender: String,
    /// Their id for it.
    pub message_id: String,
    /// The topic it came on.
    pub topic: String,
    /// What came.
    pub bytes: Vec<u8>,
    /// When.
    pub at: Instant,
}

impl Store {
    /// Stores a message durably; only then may its receipt be acknowledged.
    ///
    /// # Errors
    /// When the database fails.
    #[allow(clippy::too_many_arguments, reason = "a row has that many columns")]
    pub async fn receive(
        &self,
        facility: &FacilityId,
        sender: &str,
        message_id: &str,
        sha256: [u8; 32],
        topic: &str,
        bytes: &[u8],
        at: Instant,
    ) -> Result<Received, StoreError> {
        let key = || bind![facility.as_str(), sender, message_id];
        let row = bind![facility.as_str(), sender, message_id, sha256, topic, bytes, at.micros()];
        let statements = vec![(RECEIVE, row), (KEEP_OPEN, key()), (STORED, key())];
        let answers = self.write(statements).await?;
        let [new, _, stored] = answers.as_slice() else {
            return Err(StoreError::Usage("three statements answer three times"));
        };
        let missing = StoreError::Usage("a message just stored is missing");
        let stored = stored.first().ok_or(missing)?;
        Ok(match (new.is_empty(), stored.sha256(0)? == sha256, stored.text_opt(1)?) {
            (false, ..) => Received::New,
            (true, false, _) => Received::Conflict,
            (true, true, None) => Received::Unanswered,
            (true, true, Some(answer)) => Received::Replay(answer),
        })
    }

    /// Messages received and not answered: what a server works on after it starts.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn open_messages(
        &self,
        facility: &FacilityId,
    ) -> Result<Vec<OpenMessage>, StoreError> {
        let rows = self.read(OPEN, bind![facility.as_str()]).await?;
        rows.iter()
            .map(|r| {
                Ok(OpenMessage {
                    sender: r.text(0)?,
                    message_id: r.text(1)?,
                    topic: r.text(2)?,
                    bytes: r.blob(3)?,
                    at: Instant::from_micros(r.int(4)?),
                })
            })
            .collect()
    }
}
