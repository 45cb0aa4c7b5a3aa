//! Where a log is read from: a database or an export, page by page.

use super::export::Reader;
use crate::store::{LeafRow, Reading};
use emar_domain::audit::verify::{Head, Stored};
use uuid::Uuid;

/// Rows of a page: at most 64 MiB of leaves, mostly half a megabyte.
const PAGE: u32 = 1024;

/// A log in a database.
pub(super) struct Database {
    reading: Reading,
    facility: String,
    log: String,
    leaf: u64,
    checkpoint: u64,
    administration: Option<Uuid>,
}

impl Database {
    pub(super) fn new(reading: Reading, facility: String, log: String) -> Self {
        let administration = Some(Uuid::nil());
        Self { reading, facility, log, leaf: 0, checkpoint: 0, administration }
    }

    pub(super) fn facility(&self) -> &str {
        &self.facility
    }

    pub(super) fn log(&self) -> &str {
        &self.log
    }

    pub(super) async fn head(&mut self) -> anyhow::Result<Head> {
        Ok(self.reading.head(&self.log).await?)
    }

    pub(super) async fn next_leaves(&mut self) -> anyhow::Result<Vec<LeafRow>> {
        let rows = self.reading.leaves(&self.log, self.leaf, PAGE).await?;
        self.leaf = rows.last().map_or(self.leaf, |row| row.seq + 1);
        Ok(rows)
    }

    pub(super) async fn tiles(
        &mut self,
        level: u8,
        from: u64,
        most: u32,
    ) -> anyhow::Result<Vec<(u64, Vec<u8>)>> {
        Ok(self.reading.tiles(&self.log, level, from, most).await?)
    }

    pub(super) async fn next_checkpoints(&mut self) -> anyhow::Result<Vec<Stored>> {
        let rows = self.reading.checkpoints(&self.log, self.checkpoint, PAGE).await?;
        self.checkpoint = rows.last().map_or(self.checkpoint, |row| row.size + 1);
        Ok(rows)
    }

    pub(super) async fn next_administrations(&mut self) -> anyhow::Result<Vec<Uuid>> {
        let Some(from) = self.administration else { return Ok(Vec::new()) };
        let ids = self.reading.administrations(&self.facility, from, PAGE).await?;
        let after = |id: &Uuid| id.as_u128().checked_add(1).map(Uuid::from_u128);
        self.administration = ids.last().and_then(after);
        Ok(ids)
    }
}

/// A log, wherever it is.
pub(super) enum Source {
    Database(Box<Database>),
    Export(Box<Reader>),
}

impl Source {
    pub(super) fn facility(&self) -> &str {
        match self {
            Self::Database(database) => database.facility(),
            Self::Export(export) => export.facility(),
        }
    }

    pub(super) fn log(&self) -> &str {
        match self {
            Self::Database(database) => database.log(),
            Self::Export(export) => export.log(),
        }
    }

    pub(super) async fn head(&mut self) -> anyhow::Result<Head> {
        match self {
            Self::Database(database) => database.head().await,
            Self::Export(export) => export.head(),
        }
    }

    /// The next leaves in order; none at the end.
    pub(super) async fn next_leaves(&mut self) -> anyhow::Result<Vec<LeafRow>> {
        match self {
            Self::Database(database) => database.next_leaves().await,
            Self::Export(export) => export.next_leaves(),
        }
    }

    /// At most `most` tiles of a level from `from` on.
    pub(super) async fn tiles(
        &mut self,
        level: u8,
        from: u64,
        most: u32,
    ) -> anyhow::Result<Vec<(u64, Vec<u8>)>> {
        match self {
            Self::Database(database) => database.tiles(level, from, most).await,
            Self::Export(export) => export.tiles(level, from, most),
        }
    }

    /// The next checkpoints in order of size; none at the end.
    pub(super) async fn next_checkpoints(&mut self) -> anyhow::Result<Vec<Stored>> {
        match self {
            Self::Database(database) => database.next_checkpoints().await,
            Self::Export(export) => export.next_checkpoints(),
        }
    }

    /// The next administrations; none at the end.
    pub(super) async fn next_administrations(&mut self) -> anyhow::Result<Vec<Uuid>> {
        match self {
            Self::Database(database) => database.next_administrations().await,
            Self::Export(export) => export.next_administrations(),
        }
    }
}
