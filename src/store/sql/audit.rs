//! The audit log's rows: leaves, tiles, checkpoints and their signatures.

use super::super::value::{Value, bind};
use super::super::{Store, StoreError};
use super::statements;
use emar_domain::audit::tree::Hash;
use emar_domain::time::Instant;

statements! {
    LEAVES = "SELECT seq, leaf, leaf_hash FROM audit \
        WHERE log = $1 AND seq >= $2 AND seq < $3 ORDER BY seq";
    HASHES = "SELECT leaf_hash FROM audit \
        WHERE log = $1 AND seq >= $2 AND seq < $3 ORDER BY seq";
    TILES = "SELECT tile_index, hashes FROM audit_tile WHERE log = $1 AND tile_level = $2 \
        AND tile_index >= $3 AND tile_index < $4 ORDER BY tile_index";
    CHECKPOINT_ADD = "INSERT INTO checkpoint(log, size, root, body, made_at) \
        SELECT $1, $2, $3, $4, $5 \
        WHERE NOT EXISTS (SELECT 1 FROM checkpoint WHERE log = $1 AND size = $2) \
        ON CONFLICT DO NOTHING";
    CHECKPOINT = "SELECT size, root, body, made_at FROM checkpoint WHERE log = $1 AND size = $2";
    CHECKPOINT_LAST = "SELECT size, root, body, made_at FROM checkpoint WHERE log = $1 \
        ORDER BY size DESC LIMIT 1";
    CHECKPOINTS = "SELECT size, root, body, made_at FROM checkpoint \
        WHERE log = $1 AND size >= $2 ORDER BY size LIMIT $3";
    COSIGN = "INSERT INTO cosignature(log, size, signer, key_id, signature, received_at) \
        SELECT $1, $2, $3, $4, $5, $6 WHERE NOT EXISTS (SELECT 1 FROM cosignature \
        WHERE log = $1 AND size = $2 AND signer = $3 AND key_id = $4) ON CONFLICT DO NOTHING";
    COSIGNATURES = "SELECT signer, key_id, signature, received_at FROM cosignature \
        WHERE log = $1 AND size = $2 ORDER BY received_at, signer";
}

/// A leaf as stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditRow {
    /// Its index.
    pub seq: u64,
    /// Its exact bytes.
    pub leaf: Vec<u8>,
    /// Its hash as stored.
    pub leaf_hash: Hash,
}

/// A checkpoint as stored, before any signature.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CheckpointRow {
    /// Leaves.
    pub size: u64,
    /// Root.
    pub root: Hash,
    /// The exact text that is signed.
    pub body: String,
    /// When it was made.
    pub made_at: Instant,
}

/// A signature below a checkpoint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CosignatureRow {
    /// Name of the key.
    pub signer: String,
    /// First four bytes of the key's hash.
    pub key_id: Vec<u8>,
    /// What follows the key id on the line.
    pub signature: Vec<u8>,
    /// When it came.
    pub received_at: Instant,
}

fn stored(size: u64) -> i64 {
    i64::try_from(size).unwrap_or(i64::MAX)
}

fn cosign_values(log: &str, size: u64, line: &CosignatureRow) -> Vec<Value> {
    let (key, signature) = (line.key_id.as_slice(), line.signature.as_slice());
    bind![log, stored(size), &line.signer, key, signature, line.received_at.micros()]
}

fn read_checkpoint(row: &super::super::Row) -> Result<CheckpointRow, StoreError> {
    Ok(CheckpointRow {
        size: row.size(0)?,
        root: Hash(row.sha256(1)?),
        body: row.text(2)?,
        made_at: Instant::from_micros(row.int(3)?),
    })
}

impl Store {
    /// Leaves `from..to` of a log, in order; fewer when the log is shorter or damaged.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn leaves(&self, log: &str, from: u64, to: u64) -> Result<Vec<AuditRow>, StoreError> {
        let rows = self.read(LEAVES, bind![log, stored(from), stored(to)]).await?;
        rows.iter()
            .map(|r| {
                let leaf_hash = Hash(r.sha256(2)?);
                Ok(AuditRow { seq: r.size(0)?, leaf: r.blob(1)?, leaf_hash })
            })
            .collect()
    }

    /// Hashes of the leaves `from..to`, for proofs.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn leaf_hashes(
        &self,
        log: &str,
        from: u64,
        to: u64,
    ) -> Result<Vec<Hash>, StoreError> {
        let rows = self.read(HASHES, bind![log, stored(from), stored(to)]).await?;
        rows.iter().map(|r| r.sha256(0).map(Hash)).collect()
    }

    /// Full tiles `from..to` of a level: index and bytes.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn tiles(
        &self,
        log: &str,
        level: u8,
        from: u64,
        to: u64,
    ) -> Result<Vec<(u64, Vec<u8>)>, StoreError> {
        let values = bind![log, i64::from(level), stored(from), stored(to)];
        let rows = self.read(TILES, values).await?;
        rows.iter().map(|r| Ok((r.size(0)?, r.blob(1)?))).collect()
    }

    /// Stores a checkpoint unless one of its size is there; answers what is stored, which alone may
    /// be signed.
    ///
    /// # Errors
    /// When the log is unknown or the database fails.
    pub async fn checkpoint_or_stored(
        &self,
        log: &str,
        made: &CheckpointRow,
    ) -> Result<CheckpointRow, StoreError> {
        let (size, at) = (stored(made.size), made.made_at.micros());
        let insert = (CHECKPOINT_ADD, bind![log, size, made.root.0, &made.body, at]);
        let answers = self.write(vec![insert, (CHECKPOINT, bind![log, size])]).await?;
        let row = answers.get(1).and_then(|rows| rows.first());
        read_checkpoint(row.ok_or(StoreError::Usage("a checkpoint just stored is missing"))?)
    }

    /// As [`Store::checkpoint_or_stored`], and stores with it the signature that `sign` makes of
    /// what is stored: a crash leaves no checkpoint without one.
    ///
    /// # Errors
    /// When the log is unknown or the database fails.
    pub async fn checkpoint_signed(
        &self,
        log: &str,
        made: &CheckpointRow,
        sign: impl FnOnce(&CheckpointRow) -> Option<CosignatureRow> + Send + 'static,
    ) -> Result<CheckpointRow, StoreError> {
        let (store, log, size) = (self.clone(), log.to_owned(), stored(made.size));
        let add = bind![&log, size, made.root.0, &made.body, made.made_at.micros()];
        let done = tokio::spawn(async move {
            let mut conn = store.writer().await?;
            conn.begin().await?;
            conn.execute(CHECKPOINT_ADD, add).await?;
            let rows = conn.fetch(CHECKPOINT, bind![&log, size]).await?;
            let row = rows.first().ok_or(StoreError::Usage("a checkpoint just stored is missing"));
            let row = read_checkpoint(row?)?;
            if let Some(line) = sign(&row) {
                conn.execute(COSIGN, cosign_values(&log, row.size, &line)).await?;
            }
            conn.commit().await?;
            Ok(row)
        });
        done.await.map_err(|_| StoreError::Usage("a write stopped half-way; nothing was kept"))?
    }

    /// The newest checkpoint.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn last_checkpoint(&self, log: &str) -> Result<Option<CheckpointRow>, StoreError> {
        let rows = self.read(CHECKPOINT_LAST, bind![log]).await?;
        rows.first().map(read_checkpoint).transpose()
    }

    /// At most `limit` checkpoints of `from` leaves and more, in order of size.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn checkpoints(
        &self,
        log: &str,
        from: u64,
        limit: u32,
    ) -> Result<Vec<CheckpointRow>, StoreError> {
        let rows = self.read(CHECKPOINTS, bind![log, stored(from), limit]).await?;
        rows.iter().map(read_checkpoint).collect()
    }

    /// Stores a signature of a checkpoint; the first of a key stays.
    ///
    /// # Errors
    /// When there is no such checkpoint or the database fails.
    pub async fn cosign(
        &self,
        log: &str,
        size: u64,
        line: &CosignatureRow,
    ) -> Result<(), StoreError> {
        self.write_one(COSIGN, cosign_values(log, size, line)).await.map(drop)
    }

    /// Signatures of a checkpoint.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn cosignatures(
        &self,
        log: &str,
        size: u64,
    ) -> Result<Vec<CosignatureRow>, StoreError> {
        let rows = self.read(COSIGNATURES, bind![log, stored(size)]).await?;
        rows.iter()
            .map(|r| {
                Ok(CosignatureRow {
                    signer: r.text(0)?,
                    key_id: r.blob(1)?,
                    signature: r.blob(2)?,
                    received_at: Instant::from_micros(r.int(3)?),
                })
            })
            .collect()
    }
}
