//! Migrations: the same file names for both engines, each run once, in order, in one transaction.

use super::StoreError;
use super::conn::{Conn, Sql};
use super::value::bind;
use sha2::{Digest, Sha256};

/// A migration: its file name without the ending, and its text.
pub(crate) struct Migration {
    pub(crate) name: &'static str,
    pub(crate) sql: &'static str,
}

macro_rules! migrations {
    ($folder:literal: $($name:literal),+ $(,)?) => {
        &[$(Migration {
            name: $name,
            sql: include_str!(concat!("../../migrations/", $folder, "/", $name, ".sql")),
        }),+]
    };
}

pub(crate) const SQLITE: &[Migration] =
    migrations!("sqlite": "0001_audit", "0002_facts", "0003_projections", "0004_guards");
pub(crate) const POSTGRES: &[Migration] =
    migrations!("postgres": "0001_audit", "0002_facts", "0003_projections", "0004_guards");

const TABLE: &str = "CREATE TABLE IF NOT EXISTS schema_migration(
  name TEXT PRIMARY KEY, sha256 TEXT NOT NULL)";

/// Brings the database to the newest schema; what is already there is compared, never run again.
pub(crate) async fn run(conn: &mut Conn, all: &[Migration]) -> Result<(), StoreError> {
    conn.begin().await?;
    match run_all(conn, all).await {
        Ok(()) => conn.commit().await,
        Err(error) => {
            conn.rollback().await?;
            Err(error)
        }
    }
}

async fn run_all(conn: &mut Conn, all: &[Migration]) -> Result<(), StoreError> {
    if matches!(conn, Conn::Postgres(_)) {
        // Servers that start together take turns.
        conn.batch("SELECT pg_advisory_xact_lock(7305809)").await?;
    }
    conn.batch(TABLE).await?;
    let done =
        conn.fetch("SELECT name, sha256 FROM schema_migration ORDER BY name", vec![]).await?;
    if done.len() > all.len() {
        return Err(StoreError::Newer);
    }
    for (i, migration) in all.iter().enumerate() {
        let hash = hex(&Sha256::digest(migration.sql));
        match done.get(i) {
            Some(row) if row.text(0)? == migration.name && row.text(1)? == hash => {}
            Some(_) => return Err(StoreError::OtherMigration(migration.name)),
            None => {
                conn.batch(Sql::Fixed(migration.sql)).await?;
                let insert = "INSERT INTO schema_migration(name, sha256) VALUES ($1, $2)";
                conn.execute(insert, bind![migration.name, hash]).await?;
            }
        }
    }
    Ok(())
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|b| format!("{b:02x}")).collect()
}
