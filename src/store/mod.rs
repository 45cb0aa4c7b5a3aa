//! The store: one set of statements on SQLite and PostgreSQL.
//!
//! [`Ledger`] is the write lane's door: one explicit transaction a batch of commands. Everything
//! else a server keeps (sessions, outbox marks, inbox, lease) goes through [`Store`].
//! Whoever calls must not cancel [`Ledger::commit_with`]; every other write runs in a task of its
//! own, so that a caller who goes away leaves no half-open transaction.

mod conn;
mod insert;
mod ledger;
mod lock;
mod migrate;
mod pack;
mod postgres;
mod rows;
mod sql;
mod sqlite;
#[cfg(test)]
pub(crate) mod tests;
mod value;

pub use ledger::{
    Batch, CommitError, Committed, CommittedEntry, Decided, Entry, InboxAnswer, KeptAnswer, Ledger,
    NewAnswer, Opened, OutboxRow, PolicyRow,
};
pub use sql::{
    AHEAD_MINUTES, AuditRow, CheckpointRow, CosignatureRow, DoneOn, DoseHistory, Due, Head,
    LeafRow, Lease, MEMORY_MINUTES, Mark, OpenMessage, PolicyVersion, Reading, Received,
    SessionRow,
};

pub(crate) use sqlite::options as sqlite_options;

use conn::Conn;
use lock::DirectoryLock;
use sqlx::PgPool;
use sqlx::error::ErrorKind;
use std::path::{Path, PathBuf};
use std::time::Duration;
use value::{Row, Value};

/// Longest wait for connections in use when the store is closed.
const CLOSE_MAX: Duration = Duration::from_secs(10);

/// What the store could not do.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The driver or the engine failed.
    #[error("the database failed: {0}")]
    Database(sqlx::Error),
    /// A constraint refused a row; nothing was written.
    #[error("the database refused a row: {0}")]
    Conflict(String),
    /// A connection does not keep what it is told to keep.
    #[error("{name} is {got:?} and must be {want}: data would not be safe; correct it and restart")]
    Setting {
        /// The setting.
        name: String,
        /// What it must be.
        want: &'static str,
        /// What the connection says.
        got: String,
    },
    /// The data directory cannot be used.
    #[error("{path} cannot be used: {source}")]
    Directory {
        /// Which file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// Another server works on the data directory.
    #[error("{path} is in use by {holder}; stop that server first, or use another directory")]
    Held {
        /// The directory.
        path: PathBuf,
        /// Who has it.
        holder: String,
    },
    /// A newer emar made this database.
    #[error("a newer emar made this database; run that version, or a newer one")]
    Newer,
    /// A migration was not the one that ran here.
    #[error("migration {0} differs from the one this database was made with; run that version")]
    OtherMigration(&'static str),
    /// What is stored cannot be read.
    #[error("the database holds something unreadable: {0}")]
    Damaged(String),
    /// A mistake in this program.
    #[error("{0}")]
    Usage(&'static str),
}

impl From<sqlx::Error> for StoreError {
    fn from(error: sqlx::Error) -> Self {
        let refused = error.as_database_error().and_then(|db| {
            let by_code = match db.code().as_deref() {
                // SQLite: any constraint, extended codes 19 + 256 n (RAISE in a trigger is 1811).
                Some(code) if code.parse::<i64>().is_ok_and(|c| c & 0xff == 19) => true,
                // PostgreSQL: class 23, a row touched twice by one upsert, RAISE in a trigger.
                Some(code) => code.starts_with("23") || matches!(code, "21000" | "P0001"),
                None => false,
            };
            (by_code || !matches!(db.kind(), ErrorKind::Other))
                .then(|| db.constraint().map_or_else(|| db.message().to_owned(), str::to_owned))
        });
        refused.map_or(Self::Database(error), Self::Conflict)
    }
}

#[derive(Clone)]
enum Engine {
    Sqlite(sqlite::Sqlite),
    Postgres(PgPool),
}

/// A database, open and at the newest schema. Cheap to clone.
#[derive(Clone)]
pub struct Store {
    engine: Engine,
}

impl Store {
    /// Opens what `place` names: a `postgres://` URL, or a data directory for SQLite (made when
    /// missing, locked while the store lives). Brings the schema up to date.
    ///
    /// # Errors
    /// When the directory is in use or unusable, the settings are not durable, or the database is
    /// of a newer emar.
    pub async fn open(place: &str) -> Result<Self, StoreError> {
        if place.starts_with("postgres://") || place.starts_with("postgresql://") {
            Self::open_postgres(place).await
        } else {
            Self::open_directory(Path::new(place)).await
        }
    }

    async fn open_directory(directory: &Path) -> Result<Self, StoreError> {
        std::fs::create_dir_all(directory)
            .map_err(|source| StoreError::Directory { path: directory.to_owned(), source })?;
        let lock = DirectoryLock::take(directory)?;
        let sqlite = sqlite::open(&directory.join("emar.db"), lock).await?;
        let store = Self { engine: Engine::Sqlite(sqlite) };
        migrate::run(&mut store.writer().await?, migrate::SQLITE).await?;
        Ok(store)
    }

    async fn open_postgres(url: &str) -> Result<Self, StoreError> {
        let store = Self { engine: Engine::Postgres(postgres::open(url).await?) };
        migrate::run(&mut store.writer().await?, migrate::POSTGRES).await?;
        Ok(store)
    }

    /// Opens what `place` names to read one state of it, beside a live server: without the
    /// directory's lock, without a migration, and without a way to write.
    ///
    /// # Errors
    /// When there is no such database, or a newer emar made it.
    pub async fn open_to_read(place: &str) -> Result<Reading, StoreError> {
        let conn = if place.starts_with("postgres://") || place.starts_with("postgresql://") {
            Conn::Postgres(postgres::open(place).await?.acquire().await?)
        } else {
            Conn::SqliteRead(sqlite::open_to_read(&Path::new(place).join("emar.db")).await?)
        };
        Reading::begin(conn).await
    }

    /// Whether a second server may work on this database (PostgreSQL).
    #[must_use]
    pub fn is_shared(&self) -> bool {
        matches!(self.engine, Engine::Postgres(_))
    }

    /// Ends all connections and lets go of the directory; waits some seconds for what is in use. A
    /// write lane keeps the one that writes for as long as it lives.
    pub async fn close(&self) {
        let closing = async {
            match &self.engine {
                Engine::Sqlite(sqlite) => sqlite.close().await,
                Engine::Postgres(pool) => pool.close().await,
            }
        };
        let _ = tokio::time::timeout(CLOSE_MAX, closing).await;
    }

    /// Carries committed pages of SQLite's write-ahead log over into its file, as far as no reader
    /// still needs the old ones; writers go on meanwhile.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn carry_over(&self) -> Result<(), StoreError> {
        match &self.engine {
            Engine::Sqlite(_) => self.reader().await?.batch("PRAGMA wal_checkpoint(PASSIVE)").await,
            Engine::Postgres(_) => Ok(()),
        }
    }

    async fn writer(&self) -> Result<Conn, StoreError> {
        Ok(match &self.engine {
            Engine::Sqlite(sqlite) => sqlite.writer().await?,
            Engine::Postgres(pool) => Conn::Postgres(pool.acquire().await?),
        })
    }

    async fn reader(&self) -> Result<Conn, StoreError> {
        Ok(match &self.engine {
            Engine::Sqlite(sqlite) => Conn::SqliteRead(sqlite.readers.acquire().await?),
            Engine::Postgres(pool) => Conn::Postgres(pool.acquire().await?),
        })
    }

    /// Reads with one statement.
    async fn read(&self, sql: &'static str, values: Vec<Value>) -> Result<Vec<Row>, StoreError> {
        self.reader().await?.fetch(sql, values).await
    }

    /// Runs statements in one transaction, in a task of its own; the rows each answered.
    async fn write(
        &self,
        statements: Vec<(&'static str, Vec<Value>)>,
    ) -> Result<Vec<Vec<Row>>, StoreError> {
        let store = self.clone();
        let done = tokio::spawn(async move {
            let mut conn = store.writer().await?;
            conn.begin().await?;
            let mut answers = Vec::with_capacity(statements.len());
            for (sql, values) in statements {
                match conn.fetch(sql, values).await {
                    Ok(rows) => answers.push(rows),
                    Err(error) => {
                        conn.rollback().await?;
                        return Err(error);
                    }
                }
            }
            conn.commit().await?;
            Ok(answers)
        });
        done.await.map_err(|_| StoreError::Usage("a write stopped half-way; nothing was kept"))?
    }

    async fn write_one(
        &self,
        sql: &'static str,
        values: Vec<Value>,
    ) -> Result<Vec<Row>, StoreError> {
        Ok(self.write(vec![(sql, values)]).await?.pop().unwrap_or_default())
    }
}
