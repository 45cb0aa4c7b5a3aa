//! One state of a facility's log, read throughout, to verify or export it.
//!
//! What is read may be damaged: rows come as they are stored, without judgement.

use super::super::conn::Conn;
use super::super::value::{Row, bind};
use super::super::{StoreError, migrate};
use super::{home, statements};
use emar_domain::audit::note::{Note, Signature};
use emar_domain::audit::verify::{Head, Stored};
use emar_domain::home::Home;
use emar_domain::time::Instant;
use uuid::Uuid;

statements! {
    READ_MIGRATIONS = "SELECT name FROM schema_migration ORDER BY name";
    READ_LOGS = "SELECT id, log FROM facility ORDER BY id";
    READ_HEAD = "SELECT size, frontier FROM audit_head WHERE log = $1";
    READ_LEAVES = "SELECT seq, leaf, leaf_hash FROM audit \
        WHERE log = $1 AND seq >= $2 ORDER BY seq LIMIT $3";
    READ_TILES = "SELECT tile_index, hashes FROM audit_tile \
        WHERE log = $1 AND tile_level = $2 AND tile_index >= $3 ORDER BY tile_index LIMIT $4";
    READ_CHECKPOINTS = "SELECT size, root, body FROM checkpoint \
        WHERE log = $1 AND size >= $2 ORDER BY size LIMIT $3";
    READ_SIGNATURES = "SELECT size, signer, key_id, signature FROM cosignature \
        WHERE log = $1 AND size >= $2 AND size <= $3 ORDER BY size, signer, key_id";
    READ_ADMINISTRATIONS = "SELECT id FROM administration \
        WHERE facility = $1 AND id >= $2 ORDER BY id LIMIT $3";
}

/// A leaf as stored, right or not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeafRow {
    /// Its index.
    pub seq: u64,
    /// Its bytes.
    pub leaf: Vec<u8>,
    /// Its hash as stored, of whatever length.
    pub leaf_hash: Vec<u8>,
}

/// A read transaction on a database that somebody else may be writing.
pub struct Reading {
    conn: Conn,
}

fn stored(size: u64) -> i64 {
    i64::try_from(size).unwrap_or(i64::MAX)
}

impl Reading {
    pub(crate) async fn begin(mut conn: Conn) -> Result<Self, StoreError> {
        conn.begin_read().await?;
        // SQLite fixes the state that is read at the first statement.
        let migrations = conn.fetch(READ_MIGRATIONS, vec![]).await?;
        if migrations.len() > migrate::SQLITE.len() {
            return Err(StoreError::Newer);
        }
        Ok(Self { conn })
    }

    /// Facilities and the names of their logs.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn logs(&mut self) -> Result<Vec<(String, String)>, StoreError> {
        let rows = self.conn.fetch(READ_LOGS, vec![]).await?;
        rows.iter().map(|r| Ok((r.text(0)?, r.text(1)?))).collect()
    }

    /// The home as the rules see it at `now`: `empty`, filled as [`super::super::Store::load_home`]
    /// fills it.
    ///
    /// # Errors
    /// When the facility is unknown, a row cannot be read, or the database fails.
    pub async fn home(&mut self, empty: Home, now: Instant) -> Result<Home, StoreError> {
        home::load(&mut self.conn, empty, now).await
    }

    /// The head of a log; an empty one when its row is gone.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn head(&mut self, log: &str) -> Result<Head, StoreError> {
        let rows = self.conn.fetch(READ_HEAD, bind![log]).await?;
        match rows.first() {
            Some(row) => Ok(Head { size: row.size(0)?, frontier: row.blob(1)? }),
            None => Ok(Head { size: 0, frontier: Vec::new() }),
        }
    }

    /// At most `most` leaves from `from` on, in order.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn leaves(
        &mut self,
        log: &str,
        from: u64,
        most: u32,
    ) -> Result<Vec<LeafRow>, StoreError> {
        let rows = self.conn.fetch(READ_LEAVES, bind![log, stored(from), most]).await?;
        let read =
            |r: &Row| Ok(LeafRow { seq: r.size(0)?, leaf: r.blob(1)?, leaf_hash: r.blob(2)? });
        rows.iter().map(read).collect()
    }

    /// At most `most` tiles of a level from `from` on: index and bytes.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn tiles(
        &mut self,
        log: &str,
        level: u8,
        from: u64,
        most: u32,
    ) -> Result<Vec<(u64, Vec<u8>)>, StoreError> {
        let values = bind![log, i64::from(level), stored(from), most];
        let rows = self.conn.fetch(READ_TILES, values).await?;
        rows.iter().map(|r| Ok((r.size(0)?, r.blob(1)?))).collect()
    }

    /// At most `most` checkpoints of `from` leaves and more, with their signatures.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn checkpoints(
        &mut self,
        log: &str,
        from: u64,
        most: u32,
    ) -> Result<Vec<Stored>, StoreError> {
        let rows = self.conn.fetch(READ_CHECKPOINTS, bind![log, stored(from), most]).await?;
        let read = |r: &Row| {
            let note = Note { body: r.text(2)?, signatures: Vec::new() };
            Ok(Stored { size: r.size(0)?, root: r.blob(1)?, note })
        };
        let mut found: Vec<Stored> = rows.iter().map(read).collect::<Result<_, StoreError>>()?;
        let Some(last) = found.last().map(|row| row.size) else { return Ok(found) };
        let values = bind![log, stored(from), stored(last)];
        for row in self.conn.fetch(READ_SIGNATURES, values).await? {
            let (size, id) = (row.size(0)?, row.blob(2)?);
            let key_id = id.try_into().map_err(|_| StoreError::Damaged("a key id".into()))?;
            let line = Signature { name: row.text(1)?, key_id, bytes: row.blob(3)? };
            if let Ok(at) = found.binary_search_by_key(&size, |row| row.size) {
                found[at].note.signatures.push(line);
            }
        }
        Ok(found)
    }

    /// At most `most` ids of a facility's administrations from `from` on, in order.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn administrations(
        &mut self,
        facility: &str,
        from: Uuid,
        most: u32,
    ) -> Result<Vec<Uuid>, StoreError> {
        let rows = self.conn.fetch(READ_ADMINISTRATIONS, bind![facility, from, most]).await?;
        rows.iter().map(|r| r.id(0)).collect()
    }
}
