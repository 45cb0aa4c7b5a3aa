//! The comparison: a bare durable commit loop. Three multi-row inserts a batch of 32 rows, through
//! the same driver, on the same engine, with the same settings, and nothing else.

use crate::store::sqlite_options;
use sqlx::{Connection as _, Executor as _, PgConnection, SqliteConnection};
use std::path::Path;
use std::time::{Duration, Instant};
use uuid::Uuid;

/// Rows of each insert.
pub const ROWS: u32 = 32;
/// About what an administration, its leaf and its message take.
const BODY_BYTES: usize = 700;
const LEAF_BYTES: usize = 500;
const MESSAGE_BYTES: usize = 1800;

const TABLES: [&str; 3] = [
    "CREATE TABLE IF NOT EXISTS bare_fact(id BLOB PRIMARY KEY, dose BLOB NOT NULL, \
     body TEXT NOT NULL)",
    "CREATE TABLE IF NOT EXISTS bare_leaf(id BLOB PRIMARY KEY, hash BLOB NOT NULL, \
     body TEXT NOT NULL)",
    "CREATE TABLE IF NOT EXISTS bare_message(id BLOB PRIMARY KEY, topic BLOB NOT NULL, \
     body TEXT NOT NULL)",
];
const NAMES: [(&str, usize); 3] =
    [("bare_fact", BODY_BYTES), ("bare_leaf", LEAF_BYTES), ("bare_message", MESSAGE_BYTES)];

/// How far a loop came.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Pace {
    /// Rows of the first table that are durable.
    pub done: u64,
    /// In so many microseconds.
    pub micros: u64,
}

impl Pace {
    /// Both together.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self { done: self.done + other.done, micros: self.micros + other.micros }
    }

    /// A second.
    #[must_use]
    pub fn per_second(self) -> u64 {
        (self.done * 1_000_000).checked_div(self.micros).unwrap_or(0)
    }
}

/// The loop's own connection and tables.
pub enum Bare {
    /// In a file beside the server's data.
    Sqlite(Box<SqliteConnection>),
    /// In the server's database.
    Postgres(Box<PgConnection>),
}

fn insert(table: &str) -> String {
    let row = |n: u32| format!("(${}, ${}, ${})", 3 * n + 1, 3 * n + 2, 3 * n + 3);
    let rows: Vec<String> = (0..ROWS).map(row).collect();
    format!("INSERT INTO {table}(id, dose, body) VALUES {}", rows.join(", "))
        .replace("bare_leaf(id, dose", "bare_leaf(id, hash")
        .replace("bare_message(id, dose", "bare_message(id, topic")
}

macro_rules! batch {
    ($conn:expr, $begin:literal, $texts:expr) => {{
        $conn.execute($begin).await?;
        for (text, bytes) in $texts {
            let mut query = sqlx::query(sqlx::AssertSqlSafe(text.clone()));
            for _ in 0..ROWS {
                let body = "x".repeat(*bytes);
                query = query.bind(Uuid::now_v7()).bind(Uuid::now_v7()).bind(body);
            }
            query.execute(&mut **$conn).await?;
        }
        $conn.execute("COMMIT").await?;
    }};
}

impl Bare {
    /// Opens the loop beside a server's database.
    ///
    /// # Errors
    /// When the database cannot be opened.
    pub async fn open(directory: &Path, database: Option<&str>) -> anyhow::Result<Self> {
        match database {
            None => {
                let options = sqlite_options(&directory.join("bare.db"));
                let mut conn = SqliteConnection::connect_with(&options).await?;
                for table in TABLES {
                    conn.execute(sqlx::AssertSqlSafe(format!("{table} WITHOUT ROWID"))).await?;
                }
                Ok(Self::Sqlite(Box::new(conn)))
            }
            Some(url) => {
                let mut conn = PgConnection::connect(url).await?;
                for table in TABLES {
                    let table = table.replace("BLOB", "UUID");
                    conn.execute(sqlx::AssertSqlSafe(table)).await?;
                }
                Ok(Self::Postgres(Box::new(conn)))
            }
        }
    }

    /// Runs for so long.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn run(&mut self, length: Duration) -> anyhow::Result<Pace> {
        let texts: Vec<(String, usize)> =
            NAMES.iter().map(|(name, bytes)| (insert(name), *bytes)).collect();
        let begun = Instant::now();
        let mut done = 0;
        while begun.elapsed() < length {
            match self {
                Self::Sqlite(conn) => batch!(conn, "BEGIN IMMEDIATE", &texts),
                Self::Postgres(conn) => batch!(conn, "BEGIN", &texts),
            }
            done += u64::from(ROWS);
        }
        let micros = u64::try_from(begun.elapsed().as_micros()).unwrap_or(u64::MAX);
        Ok(Pace { done, micros })
    }
}
