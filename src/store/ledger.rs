//! The write lane's transaction: lock and fence, look up keys, decide, write all, move the head.

mod batch;

use super::conn::{Conn, Sql};
use super::insert::{Marks, Texts, execute_list, fetch_list, insert};
use super::pack::{self, Pack, PackTexts};
use super::rows::{self, Place, Rows};
use super::sql::projection::{DOSE_DUE, DOSE_OPEN, ORDER};
use super::value::{Row, Value, bind};
use super::{Store, StoreError};
use emar_domain::audit::tile::{self, TILE_WIDTH, Tile, TileId};
use emar_domain::audit::tree::{Frontier, Hash, leaf_hash};
use emar_domain::id::FacilityId;
use emar_domain::time::Instant;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use tokio::time::Instant as Lap;

pub use batch::{
    Batch, CommitError, Committed, CommittedEntry, Decided, Entry, InboxAnswer, KeptAnswer,
    NewAnswer, Opened, OutboxRow, PolicyRow,
};

const HEAD_LOCK: &str = "UPDATE audit_head SET size = size WHERE log = $1 AND epoch = $2 \
    RETURNING size, frontier";
const KEYS: &str = "SELECT key, who, request_sha256, status, answer FROM idempotency \
    WHERE facility = $1 AND key IN {}";
const RESIDENTS: &str = "SELECT id FROM resident WHERE facility = $1 AND id IN {}";
const ORDERS: &str = "SELECT id FROM orders WHERE facility = $1 AND id IN {}";
const STREAM_END: &str =
    "SELECT coalesce(max(seq), 0) FROM outbox WHERE facility = $1 AND stream = $2";
const LEAF_HASHES: &str = "SELECT leaf_hash FROM audit \
    WHERE log = $1 AND seq >= $2 AND seq < $3 ORDER BY seq";
const ANSWERED: &str =
    "DELETE FROM inbox_open WHERE facility = $1 AND sender = $2 AND message_id = $3";
const TILES: &str = "SELECT hashes FROM audit_tile WHERE log = $1 AND tile_level = $2 \
    AND tile_index >= $3 AND tile_index < $4 ORDER BY tile_index";

/// The statements above that take a list, for the test that prepares each.
#[cfg(test)]
pub(crate) const LISTS: &[&str] = &[KEYS, RESIDENTS, ORDERS];
/// The others.
#[cfg(test)]
pub(crate) const FIXED: &[&str] =
    &[HEAD_LOCK, pack::HEAD_MOVE, STREAM_END, LEAF_HASHES, TILES, ANSWERED];

/// One facility's log and facts, written under one epoch. Used by its write lane alone.
pub struct Ledger {
    store: Store,
    facility: FacilityId,
    log: String,
    epoch: i64,
    texts: Texts,
    packs: PackTexts,
    /// Texts that begin a batch, by how many keys they look up.
    openings: BTreeMap<usize, Arc<str>>,
    /// Kept between batches: to borrow it anew costs PostgreSQL a round trip.
    held: Option<Conn>,
    /// Last number of each outbox stream, good while the log has `known_size` leaves.
    streams: BTreeMap<String, i64>,
    known_size: Option<u64>,
}

impl Store {
    /// The ledger of a facility whose log is `log`, written under `epoch`.
    #[must_use]
    pub fn ledger(&self, facility: FacilityId, log: &str, epoch: i64) -> Ledger {
        Ledger {
            store: self.clone(),
            facility,
            log: log.to_owned(),
            epoch,
            texts: Texts::default(),
            packs: PackTexts::default(),
            openings: BTreeMap::new(),
            held: None,
            streams: BTreeMap::new(),
            known_size: None,
        }
    }
}

impl Ledger {
    /// Opens a transaction, lets `decide` look at the log's size and at the answers already given
    /// under `keys`, writes what it decides, and commits.
    ///
    /// Must run in a task that nobody cancels.
    ///
    /// # Errors
    /// See [`CommitError`]: only after `Unknown` may something have been written.
    pub async fn commit_with<R>(
        &mut self,
        keys: &[String],
        decide: impl FnOnce(&Opened) -> Decided<R>,
    ) -> Result<(R, Committed), CommitError> {
        let asked = Lap::now();
        let mut conn = match self.held.take() {
            Some(conn) => conn,
            None => self.store.writer().await?,
        };
        let begun = Lap::now();
        let mut decided = begun;
        let written = match self.write(&mut conn, keys, decide, &mut decided).await {
            Ok((answer, committed, true)) => {
                let written = Lap::now();
                conn.commit().await.map_err(CommitError::Unknown)?;
                tracing::debug!(
                    commands = committed.entries.len(),
                    wait = ?(begun - asked),
                    decide = ?(decided - begun),
                    write = ?(written - decided),
                    commit = ?written.elapsed(),
                    "a batch"
                );
                self.known_size = Some(committed.size);
                Ok((answer, committed))
            }
            Ok((answer, committed, false)) => {
                conn.rollback().await?;
                Ok((answer, committed))
            }
            Err(error) => {
                self.known_size = None;
                if conn.rollback().await.is_err() {
                    // Dropped: its next user starts by ending whatever is open.
                    return Err(error);
                }
                Err(error)
            }
        };
        if matches!(conn, Conn::Postgres(_)) {
            self.held = Some(conn);
        }
        written
    }

    async fn write<R>(
        &mut self,
        conn: &mut Conn,
        keys: &[String],
        decide: impl FnOnce(&Opened) -> Decided<R>,
        lap: &mut Lap,
    ) -> Result<(R, Committed, bool), CommitError> {
        // On error the connection is given back, and whoever takes it next rolls back first.
        let opened = self.open(conn, keys).await?;
        let decided = decide(&opened);
        *lap = Lap::now();
        match decided {
            Decided::Stale => Err(CommitError::Stale(opened.size)),
            Decided::Nothing(answer) => {
                let root = opened.frontier.root();
                Ok((answer, Committed { size: opened.size, root, entries: Vec::new() }, false))
            }
            Decided::Write(batch, answer) => {
                if self.known_size != Some(opened.size) {
                    self.streams.clear();
                }
                Ok((answer, self.write_batch(conn, opened, batch).await?, true))
            }
        }
    }

    async fn open(&mut self, conn: &mut Conn, keys: &[String]) -> Result<Opened, CommitError> {
        let list: Vec<Value> = keys.iter().map(Value::from).collect();
        let (head, kept) = match conn.marks() {
            Marks::Plain => self.open_at_once(conn, list).await?,
            Marks::Numbered => {
                conn.begin().await?;
                let head = conn.fetch(HEAD_LOCK, bind![&self.log, self.epoch]).await?;
                let facility = bind![self.facility.as_str()];
                (head, fetch_list(conn, &mut self.texts, KEYS, &facility, &list).await?)
            }
        };
        let Some(row) = head.first() else { return Err(CommitError::Fenced) };
        let size = row.size(0)?;
        let frontier = Frontier::from_bytes(size, &row.blob(1)?)
            .map_err(|e| StoreError::Damaged(e.to_string()))?;
        let mut answers = BTreeMap::new();
        for row in kept {
            let status = u16::try_from(row.int(3)?)
                .map_err(|_| StoreError::Damaged("an answer's status".into()))?;
            let kept = KeptAnswer {
                who: row.text(1)?,
                request_sha256: row.sha256(2)?,
                status,
                answer: row.text(4)?,
            };
            answers.insert(row.text(0)?, kept);
        }
        Ok(Opened { size, frontier, answers })
    }

    /// Begins, locks the head and looks up the keys in one trip to SQLite's thread.
    async fn open_at_once(
        &mut self,
        conn: &mut Conn,
        mut keys: Vec<Value>,
    ) -> Result<(Vec<Row>, Vec<Row>), StoreError> {
        let count = keys.len().next_power_of_two();
        keys.resize(count, Value::Text(None));
        let text = self.openings.entry(count).or_insert_with(|| {
            let marks = vec!["?"; count].join(", ");
            let keys = KEYS.replace("{}", &format!("({marks})"));
            let (head, keys) = (pack::plain(HEAD_LOCK), pack::plain(&keys));
            format!("BEGIN IMMEDIATE;\n{head};\n{keys}").into()
        });
        let values = [bind![&self.log, self.epoch, self.facility.as_str()], keys].concat();
        let ran = conn.begin_with(Sql::Made(Arc::clone(text)), values).await?;
        let mut rows = ran.into_iter().map(|ran| ran.rows).skip(1);
        Ok((rows.next().unwrap_or_default(), rows.next().unwrap_or_default()))
    }

    async fn write_batch(
        &mut self,
        conn: &mut Conn,
        opened: Opened,
        batch: Batch,
    ) -> Result<Committed, CommitError> {
        let Opened { size: old_size, mut frontier, .. } = opened;
        let mut rows = Rows::default();
        let mut audit = Vec::new();
        let mut entries = Vec::with_capacity(batch.entries.len());
        for entry in batch.entries {
            let mut leaves = Vec::with_capacity(entry.leaves.len());
            for leaf in entry.leaves {
                let (index, hash) = (frontier.size(), leaf_hash(&leaf));
                audit.extend(bind![&self.log, stored(index)?, leaf, hash.0]);
                frontier.append(hash);
                leaves.push((index, hash));
            }
            let version = frontier.size();
            let seq = stored(version)?;
            let mut place = Place { facility: &self.facility, seq, rank: 0, at: batch.at };
            for fact in &entry.facts {
                rows.add(fact, place)?;
                place.rank += 1;
            }
            if let Some(p) = entry.policy {
                let (rank, from) = (place.rank, p.effective_from.micros());
                let facility = self.facility.as_str();
                let at = batch.at.micros();
                rows.policy.extend(bind![facility, p.version, seq, rank, at, from, p.body]);
            }
            self.add_messages(conn, &mut rows, batch.at, entry.answer, entry.outbox, entry.inbox)
                .await?;
            entries.push(CommittedEntry { leaves, version, facts: entry.facts });
        }
        self.insert_facts(conn, &mut rows).await?;
        let dose_marks = rows.dose_marks();
        let pack = Pack {
            rows: [
                rows.prepared,
                rows.administration,
                rows.scan_event,
                rows.idempotency,
                rows.outbox,
                rows.outbox_state,
                flat(rows.cart_session),
                flat(rows.dose_outcome),
                audit,
                dose_marks,
            ],
            head: self.moved_head(old_size, &frontier)?,
        };
        pack::write(conn, &mut self.packs, pack).await?;
        execute_list(conn, &mut self.texts, DOSE_OPEN, &[], &ids(&rows.doses_moved)).await?;
        self.insert_tiles(conn, old_size, frontier.size()).await?;
        Ok(Committed { size: frontier.size(), root: frontier.root(), entries })
    }

    async fn add_messages(
        &mut self,
        conn: &mut Conn,
        rows: &mut Rows,
        at: Instant,
        answer: Option<NewAnswer>,
        outbox: Vec<OutboxRow>,
        inbox: Vec<InboxAnswer>,
    ) -> Result<(), StoreError> {
        let (facility, at) = (self.facility.as_str().to_owned(), at.micros());
        if let Some(NewAnswer { key, kept: k }) = answer {
            let (who, sha256) = (k.who, k.request_sha256);
            let row = bind![&facility, key, who, sha256, k.status, k.answer, at];
            rows.idempotency.extend(row);
        }
        for message in outbox {
            let seq = self.next_of_stream(conn, &message.stream).await?;
            let (facility, stream) = (&facility, &message.stream);
            rows.outbox.extend(bind![facility, stream, seq, message.topic, message.bytes]);
            let (no, zero) = (None::<i64>, 0_i64);
            let state = bind![facility, stream, seq, no, no, no, no, zero, zero, true];
            rows.outbox_state.extend(state);
        }
        for i in inbox {
            conn.execute(ANSWERED, bind![&facility, &i.sender, &i.message_id]).await?;
            rows.inbox_answer.extend(bind![&facility, i.sender, i.message_id, at, i.answer]);
        }
        Ok(())
    }

    async fn next_of_stream(&mut self, conn: &mut Conn, stream: &str) -> Result<i64, StoreError> {
        if let Some(last) = self.streams.get_mut(stream) {
            *last += 1;
            return Ok(*last);
        }
        let found = conn.fetch(STREAM_END, bind![self.facility.as_str(), stream]).await?;
        let next = found.first().map_or(Ok(0), |row| row.int(0))? + 1;
        self.streams.insert(stream.to_owned(), next);
        Ok(next)
    }

    async fn insert_facts(&mut self, conn: &mut Conn, rows: &mut Rows) -> Result<(), StoreError> {
        let take = std::mem::take::<Vec<Value>>;
        let residents = std::mem::take(&mut rows.residents);
        let residents = self.unknown(conn, RESIDENTS, residents).await?.into_values();
        let orders = self.unknown(conn, ORDERS, std::mem::take(&mut rows.orders)).await?;
        rows.order_state.retain(|id, _| orders.contains_key(id));
        for (table, values) in [
            (&rows::RESIDENT, residents.flatten().collect()),
            (&rows::RESIDENT_EVENT, take(&mut rows.resident_event)),
            (&rows::PRODUCT, take(&mut rows.product)),
            (&rows::PRODUCT_CODE, take(&mut rows.product_code)),
            (&rows::LABEL, take(&mut rows.label)),
            (&rows::ORDERS, orders.into_values().flatten().collect()),
            (&rows::ORDER_VERSION, take(&mut rows.order_version)),
            (&rows::ORDER_EVENT, take(&mut rows.order_event)),
            (&rows::DOSE, take(&mut rows.dose)),
            (&rows::DOSE_DUE, take(&mut rows.dose_due)),
            (&rows::READING, take(&mut rows.reading)),
            (&rows::ALERT_EVENT, take(&mut rows.alert_event)),
            (&rows::USER_ACCOUNT, take(&mut rows.user_account)),
            (&rows::TRANSCRIPTION, take(&mut rows.transcription)),
            (&rows::DEVICE, take(&mut rows.device)),
            (&rows::POLICY, take(&mut rows.policy)),
            (&rows::INBOX_ANSWER, take(&mut rows.inbox_answer)),
        ] {
            insert(conn, &mut self.texts, table, values).await?;
        }
        let (take, texts) = (std::mem::take::<BTreeMap<_, _>>, &mut self.texts);
        insert(conn, texts, &rows::LATEST, flat(std::mem::take(&mut rows.latest))).await?;
        insert(conn, texts, &rows::ORDER_STATE, flat(take(&mut rows.order_state))).await?;
        insert(conn, texts, &rows::DOSE_STATE, std::mem::take(&mut rows.dose_state)).await?;
        guarded(conn, texts, &rows::ALERT, take(&mut rows.alert)).await?;
        guarded(conn, texts, &rows::ALERT_DOSE, std::mem::take(&mut rows.alert_dose)).await?;
        execute_list(conn, texts, ORDER, &[], &ids(&rows.orders_touched)).await?;
        execute_list(conn, texts, DOSE_DUE, &[], &ids(&rows.doses_moved)).await?;
        Ok(())
    }

    /// `resident` and `orders` say once that somebody or something was heard of; what `known`
    /// finds in the database is left out.
    async fn unknown(
        &mut self,
        conn: &mut Conn,
        known: &'static str,
        mut rows: BTreeMap<uuid::Uuid, Vec<Value>>,
    ) -> Result<BTreeMap<uuid::Uuid, Vec<Value>>, StoreError> {
        let ids: Vec<Value> = rows.keys().map(|id| Value::from(*id)).collect();
        let facility = bind![self.facility.as_str()];
        for row in fetch_list(conn, &mut self.texts, known, &facility, &ids).await? {
            rows.remove(&row.id(0)?);
        }
        Ok(rows)
    }

    async fn insert_tiles(
        &mut self,
        conn: &mut Conn,
        old_size: u64,
        new_size: u64,
    ) -> Result<(), StoreError> {
        for id in tile::filled(old_size, new_size) {
            let hashes = self.tile_hashes(conn, id).await?;
            let tile = Tile::new(hashes).ok_or_else(|| {
                StoreError::Damaged(format!("the log lacks part of {}", id.path()))
            })?;
            let (level, index) = (i64::from(id.level), stored(id.index)?);
            let row = bind![&self.log, level, index, tile.to_bytes()];
            insert(conn, &mut self.texts, &rows::AUDIT_TILE, row).await?;
        }
        Ok(())
    }

    async fn tile_hashes(&self, conn: &mut Conn, id: TileId) -> Result<Vec<Hash>, StoreError> {
        let first = stored(id.index)?.saturating_mul(TILE_WIDTH.cast_signed());
        let end = first.saturating_add(TILE_WIDTH.cast_signed());
        let bad = || StoreError::Damaged(format!("a hash of {}", id.path()));
        if id.level == 0 {
            let rows = conn.fetch(LEAF_HASHES, bind![&self.log, first, end]).await?;
            rows.iter().map(|r| Ok(Hash(r.sha256(0)?))).collect()
        } else {
            let below = i64::from(id.level - 1);
            let rows = conn.fetch(TILES, bind![&self.log, below, first, end]).await?;
            rows.iter().map(|r| Ok(Tile::from_bytes(&r.blob(0)?).ok_or_else(bad)?.root())).collect()
        }
    }

    fn moved_head(&self, old_size: u64, to: &Frontier) -> Result<Vec<Value>, StoreError> {
        let (old, new) = (stored(old_size)?, stored(to.size())?);
        Ok(bind![new, to.to_bytes(), &self.log, self.epoch, old])
    }
}

fn stored(size: u64) -> Result<i64, StoreError> {
    i64::try_from(size).map_err(|_| StoreError::Damaged("a log too long to number".into()))
}

fn flat<K>(rows: BTreeMap<K, Vec<Value>>) -> Vec<Value> {
    rows.into_values().flatten().collect()
}

fn ids(ids: &BTreeSet<uuid::Uuid>) -> Vec<Value> {
    ids.iter().map(|id| Value::from(*id)).collect()
}

/// Inserts rows of which none may be passed over by the table's ON CONFLICT condition.
async fn guarded<K>(
    conn: &mut Conn,
    texts: &mut Texts,
    table: &super::insert::Table,
    rows: BTreeMap<K, Vec<Value>>,
) -> Result<(), StoreError> {
    let want = rows.len() as u64;
    if insert(conn, texts, table, flat(rows)).await? == want {
        Ok(())
    } else {
        Err(StoreError::Conflict(table.name.to_owned()))
    }
}
