//! Messages to send. Times are the machine's, in microseconds.

use super::super::value::{Value, bind};
use super::super::{Conn, Store, StoreError};
use super::statements;
use emar_domain::id::FacilityId;

macro_rules! due {
    ($which:literal) => {
        concat!(
            "SELECT s.stream, s.seq, m.topic, m.bytes, s.sent_at, s.received_at, s.tries \
             FROM outbox_state s JOIN outbox m \
             ON m.facility = s.facility AND m.stream = s.stream AND m.seq = s.seq \
             WHERE s.facility = $1 AND s.is_open = 1 AND ",
            $which
        )
    };
}

/// Marks the messages from one number to another.
macro_rules! mark {
    ($set:literal) => {
        concat!(
            "UPDATE outbox_state SET ",
            $set,
            " WHERE facility = $1 AND stream = $2 AND seq >= $3 AND seq <= $4 AND is_open = 1"
        )
    };
}

statements! {
    DUE = due!("s.next_at <= $2 ORDER BY s.next_at, s.stream, s.seq LIMIT $3");
    DUE_OF = due!("s.stream = $2 AND s.next_at <= $3 ORDER BY s.next_at, s.seq LIMIT $4");
    UNANSWERED = "SELECT coalesce(stream, ''), count(*) FROM outbox_state \
        WHERE facility = $1 AND is_open = 1 AND next_at <= $2 AND sent_at IS NOT NULL \
        GROUP BY coalesce(stream, '')";
    OLDEST_OPEN = "SELECT coalesce(stream, ''), min(seq), count(*) FROM outbox_state \
        WHERE facility = $1 AND is_open = 1 AND next_at <= $2 \
        GROUP BY coalesce(stream, '') ORDER BY 1";
    SENT = mark!("sent_at = coalesce(sent_at, $5), tries = tries + 1, next_at = $6, is_open = $7");
    RECEIVED = mark!("received_at = coalesce(received_at, $5), next_at = $6, is_open = $7");
    APPLIED = mark!("applied_at = $5, is_open = 0");
    FAILED = mark!("failed_at = $5, is_open = 0");
    LATER = mark!("tries = tries + 1, next_at = $5");
}

/// A message that wants to be sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Due {
    /// Its stream.
    pub stream: String,
    /// Its number there, from 1.
    pub seq: i64,
    /// Where it goes.
    pub topic: String,
    /// What is sent.
    pub bytes: Vec<u8>,
    /// When the broker first took it.
    pub sent_at: Option<i64>,
    /// When it was stored or shown at the other end.
    pub received_at: Option<i64>,
    /// How often it was sent.
    pub tries: u32,
}

/// What became of messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mark {
    /// The broker took it.
    Sent {
        /// When.
        at: i64,
        /// When to send it again unless it is answered; none: nothing more is expected.
        next_at: Option<i64>,
    },
    /// The other end has stored or shown it.
    Received {
        /// When.
        at: i64,
        /// When to ask again unless it is applied; none: nothing more is expected.
        next_at: Option<i64>,
    },
    /// The other end has acted on it.
    Applied {
        /// When.
        at: i64,
    },
    /// The other end refused it.
    Failed {
        /// When.
        at: i64,
    },
    /// It could not be sent.
    Later {
        /// When to try again.
        next_at: i64,
    },
}

impl Mark {
    fn statement(self) -> (&'static str, Vec<Value>) {
        let next = |next_at: Option<i64>| next_at.unwrap_or(i64::MAX);
        match self {
            Self::Sent { at, next_at } => (SENT, bind![at, next(next_at), next_at.is_some()]),
            Self::Received { at, next_at } => {
                (RECEIVED, bind![at, next(next_at), next_at.is_some()])
            }
            Self::Applied { at } => (APPLIED, bind![at]),
            Self::Failed { at } => (FAILED, bind![at]),
            Self::Later { next_at } => (LATER, bind![next_at]),
        }
    }
}

impl Store {
    /// At most `limit` messages due at `now`, of one stream or of all: those never sent first, by
    /// stream and number, then those to be sent again, longest due first.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn outbox_due(
        &self,
        facility: &FacilityId,
        stream: Option<&str>,
        now: i64,
        limit: u32,
    ) -> Result<Vec<Due>, StoreError> {
        let rows = match stream {
            None => self.read(DUE, bind![facility.as_str(), now, limit]).await?,
            Some(s) => self.read(DUE_OF, bind![facility.as_str(), s, now, limit]).await?,
        };
        rows.iter()
            .map(|r| {
                Ok(Due {
                    stream: r.text(0)?,
                    seq: r.int(1)?,
                    topic: r.text(2)?,
                    bytes: r.blob(3)?,
                    sent_at: r.int_opt(4)?,
                    received_at: r.int_opt(5)?,
                    tries: r.count(6)?,
                })
            })
            .collect()
    }

    /// For each stream with open messages: its name, the lowest open number, how many are open.
    ///
    /// Grouped by an expression and bounded by a time that excludes nothing, so that SQLite looks
    /// into the index of open messages; by the bare column it walks every message ever sent, bytes
    /// and all, along the primary key.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn outbox_open(
        &self,
        facility: &FacilityId,
    ) -> Result<Vec<(String, i64, u64)>, StoreError> {
        let rows = self.read(OLDEST_OPEN, bind![facility.as_str(), i64::MAX]).await?;
        rows.iter().map(|r| Ok((r.text(0)?, r.int(1)?, r.size(2)?))).collect()
    }

    /// For each stream, how many messages were sent and are not closed.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn outbox_unanswered(
        &self,
        facility: &FacilityId,
    ) -> Result<Vec<(String, u64)>, StoreError> {
        let rows = self.read(UNANSWERED, bind![facility.as_str(), i64::MAX]).await?;
        rows.iter().map(|r| Ok((r.text(0)?, r.size(1)?))).collect()
    }

    /// Marks messages, by stream and number, all in one transaction; closed ones stay as they are.
    /// How many were marked.
    ///
    /// # Errors
    /// When the database fails; none is then marked.
    pub async fn outbox_mark(
        &self,
        facility: &FacilityId,
        marks: Vec<(String, Vec<i64>, Mark)>,
    ) -> Result<u64, StoreError> {
        let (store, facility) = (self.clone(), facility.clone());
        let done = tokio::spawn(async move {
            let mut conn = store.writer().await?;
            conn.begin().await?;
            match mark_all(&mut conn, &facility, marks).await {
                Ok(marked) => conn.commit().await.map(|()| marked),
                Err(error) => {
                    conn.rollback().await?;
                    Err(error)
                }
            }
        });
        done.await.map_err(|_| StoreError::Usage("a mark stopped half-way"))?
    }
}

async fn mark_all(
    conn: &mut Conn,
    facility: &FacilityId,
    marks: Vec<(String, Vec<i64>, Mark)>,
) -> Result<u64, StoreError> {
    let mut marked = 0;
    for (stream, seqs, mark) in marks {
        let (statement, values) = mark.statement();
        for (first, last) in runs(&seqs) {
            let which = bind![facility.as_str(), &stream, first, last];
            marked += conn.execute(statement, [which, values.clone()].concat()).await?;
        }
    }
    Ok(marked)
}

/// Numbers as runs of neighbours: what is sent together mostly stands together.
fn runs(seqs: &[i64]) -> Vec<(i64, i64)> {
    let mut sorted = seqs.to_vec();
    sorted.sort_unstable();
    let mut runs: Vec<(i64, i64)> = Vec::new();
    for seq in sorted {
        match runs.last_mut() {
            Some((_, last)) if seq <= last.saturating_add(1) => *last = seq,
            _ => runs.push((seq, seq)),
        }
    }
    runs
}

#[cfg(test)]
mod tests {
    use super::runs;

    #[test]
    fn neighbours_are_marked_together() {
        assert_eq!(runs(&[3, 1, 2, 7, 9, 8, 8]), [(1, 3), (7, 9)]);
        assert_eq!(runs(&[]), []);
    }
}
