//! SQLite: one write connection, a pool of readers, and durability set and read back on each.

use super::StoreError;
use super::conn::{Conn, Writer};
use super::lock::DirectoryLock;
use sqlx::pool::PoolConnection;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{ConnectOptions, Connection, Executor, Row, SqliteConnection, SqlitePool};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{Mutex, OwnedMutexGuard};

const READERS_MAX: u32 = 4;
const BUSY: Duration = Duration::from_secs(5);
/// Prepared statements a connection keeps; a long one holds 100 KiB.
const STATEMENTS_MAX: usize = 96;
/// Pages the write connection keeps, in KiB (a negative number, as SQLite wants it).
const CACHE: &str = "PRAGMA cache_size = -4096";
/// Pages of the write-ahead log from which a commit carries them over into the file; long before,
/// [`super::Store::carry_over`] has done it beside the commits.
const CHECKPOINT_PAGES: &str = "16000";
/// Rows the driver's thread reads ahead of us: each stop costs a switch between threads.
const ROWS_AHEAD: usize = 512;

/// What a connection must answer, or it is not used.
const SETTINGS: &[(&str, &str)] = &[
    ("PRAGMA journal_mode", "wal"),
    ("PRAGMA synchronous", "2"),
    ("PRAGMA foreign_keys", "1"),
    ("PRAGMA recursive_triggers", "1"),
    ("PRAGMA trusted_schema", "0"),
    ("PRAGMA busy_timeout", "5000"),
];

#[derive(Clone)]
pub(crate) struct Sqlite {
    /// Nothing, once the store is closed.
    writer: Arc<Mutex<Option<Writer>>>,
    pub(crate) readers: SqlitePool,
}

impl Sqlite {
    pub(crate) async fn writer(&self) -> Result<Conn, StoreError> {
        let writer = self.writer.clone().lock_owned().await;
        OwnedMutexGuard::try_map(writer, Option::as_mut)
            .map(Conn::SqliteWrite)
            .map_err(|_| StoreError::Usage("the store is closed"))
    }

    /// Ends all connections, as they come back, and lets go of the directory.
    pub(crate) async fn close(&self) {
        self.readers.close().await;
        if let Some(writer) = self.writer.lock().await.take() {
            // Nothing of it is open: what a transaction began is rolled back with it.
            let _ = writer.conn.close().await;
        }
    }
}

pub(crate) fn options(file: &Path) -> SqliteConnectOptions {
    SqliteConnectOptions::new()
        .filename(file)
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .foreign_keys(true)
        .busy_timeout(BUSY)
        .pragma("recursive_triggers", "ON")
        .pragma("trusted_schema", "OFF")
        .pragma("temp_store", "MEMORY")
        .pragma("wal_autocheckpoint", CHECKPOINT_PAGES)
        .statement_cache_capacity(STATEMENTS_MAX)
        .row_buffer_size(ROWS_AHEAD)
        .disable_statement_logging()
}

pub(crate) async fn open(file: &Path, lock: DirectoryLock) -> Result<Sqlite, StoreError> {
    let options = options(file);
    let mut conn = SqliteConnection::connect_with(&options).await?;
    check(&mut conn).await?;
    conn.execute(CACHE).await?;
    let readers = SqlitePoolOptions::new()
        .max_connections(READERS_MAX)
        .test_before_acquire(false)
        .after_connect(|conn, _| {
            Box::pin(async move {
                check(conn).await.map_err(|e| sqlx::Error::Configuration(Box::new(e)))?;
                conn.execute("PRAGMA query_only = ON").await?;
                Ok(())
            })
        })
        .before_acquire(|conn, _| {
            Box::pin(async move {
                // A reader that went away half-way would pin an old state: end its transaction.
                // Without one the statement fails, which is the rule.
                let _ = conn.execute("ROLLBACK").await;
                Ok(true)
            })
        })
        .connect_lazy_with(options);
    let writer = Writer { conn, begun: false, _lock: lock };
    Ok(Sqlite { writer: Arc::new(Mutex::new(Some(writer))), readers })
}

/// Opens a file that a server may be writing, to read it only.
pub(crate) async fn open_to_read(file: &Path) -> Result<PoolConnection<sqlx::Sqlite>, StoreError> {
    std::fs::metadata(file)
        .map_err(|source| StoreError::Directory { path: file.to_owned(), source })?;
    let options = SqliteConnectOptions::new()
        .filename(file)
        .read_only(true)
        .busy_timeout(BUSY)
        .pragma("trusted_schema", "OFF")
        .disable_statement_logging();
    let opened = read_through(options.clone()).await;
    // A server at work keeps a write-ahead log. Without one the file is at rest, and on a medium
    // that cannot be written SQLite reads it only when told so.
    if opened.is_err() && !file.with_extension("db-wal").exists() {
        return read_through(options.immutable(true)).await;
    }
    opened
}

async fn read_through(
    options: SqliteConnectOptions,
) -> Result<PoolConnection<sqlx::Sqlite>, StoreError> {
    let pool = SqlitePoolOptions::new().max_connections(1).connect_with(options).await?;
    let mut conn = pool.acquire().await?;
    conn.execute("SELECT count(*) FROM sqlite_schema").await?;
    Ok(conn)
}

/// Reads the settings back: a connection that is not durable must not be used.
pub(crate) async fn check(conn: &mut SqliteConnection) -> Result<(), StoreError> {
    for (pragma, want) in SETTINGS {
        let row = conn.fetch_one(*pragma).await?;
        let got = match row.try_get::<String, _>(0) {
            Ok(text) => text,
            Err(_) => row.try_get::<i64, _>(0)?.to_string(),
        };
        if got != *want {
            return Err(StoreError::Setting { name: (*pragma).to_owned(), want, got });
        }
    }
    Ok(())
}
