//! PostgreSQL: every connection checked for durability, and never one inside a stale transaction.

use super::StoreError;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::{ConnectOptions, Executor, PgConnection, PgPool, Row};
use std::str::FromStr;
use std::time::Duration;

const CONNECTIONS_MAX: u32 = 12;
const STATEMENTS_MAX: usize = 512;

pub(crate) async fn open(url: &str) -> Result<PgPool, StoreError> {
    let options = PgConnectOptions::from_str(url)?
        .statement_cache_capacity(STATEMENTS_MAX)
        .disable_statement_logging();
    let pool = PgPoolOptions::new()
        .max_connections(CONNECTIONS_MAX)
        .acquire_timeout(Duration::from_secs(10))
        .test_before_acquire(false)
        .after_connect(|conn, _| {
            Box::pin(async move {
                check(conn).await.map_err(|e| sqlx::Error::Configuration(Box::new(e)))
            })
        })
        // sqlx 0.9.0 gives back a connection inside an open transaction when a BEGIN is cancelled;
        // the next borrower's statements would be answered and then lost.
        .before_acquire(|conn, _| {
            Box::pin(async move {
                conn.execute("ROLLBACK").await?;
                Ok(true)
            })
        })
        .connect_with(options)
        .await?;
    Ok(pool)
}

async fn check(conn: &mut PgConnection) -> Result<(), StoreError> {
    let row = conn.fetch_one("SHOW synchronous_commit").await?;
    let got: String = row.try_get(0)?;
    if got != "on" && got != "remote_apply" {
        let name = "synchronous_commit".to_owned();
        return Err(StoreError::Setting { name, want: "on or remote_apply", got });
    }
    // ROLLBACK without a transaction warns each time; the log is for what matters.
    conn.execute("SET client_min_messages = error").await?;
    // A connection lives for weeks, and a plan made while a table was empty walks through it later.
    conn.execute("SET plan_cache_mode = force_custom_plan").await?;
    Ok(())
}
