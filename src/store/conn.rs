//! One connection of either engine, and explicit transactions on it.

use super::StoreError;
use super::insert::Marks;
use super::lock::DirectoryLock;
use super::value::{Column, Row, Value};
use sqlx::pool::PoolConnection;
use sqlx::{
    AssertSqlSafe, Either, Executor, Postgres, SqlSafeStr, SqlStr, Sqlite, SqliteConnection,
};
use std::future::poll_fn;
use std::sync::Arc;
use tokio::sync::OwnedMappedMutexGuard;

/// SQLite's one write connection.
pub(crate) struct Writer {
    pub(crate) conn: SqliteConnection,
    /// A transaction was begun and neither committed nor rolled back: whoever held the connection
    /// went away half-way.
    pub(crate) begun: bool,
    /// Who has the one that writes has the directory.
    pub(crate) _lock: DirectoryLock,
}

impl Writer {
    /// Ends what its last user left open; a transaction begins next.
    async fn about_to_begin(&mut self) {
        if self.begun {
            // Fails when the statement that began it never ran; then nothing is open.
            let _ = self.conn.execute("ROLLBACK").await;
        }
        self.begun = true;
    }
}

/// What a statement did.
pub(crate) struct Ran {
    /// Rows it touched.
    pub(crate) touched: u64,
    /// Rows it answered.
    pub(crate) rows: Vec<Row>,
}

/// A connection held by one caller.
pub(crate) enum Conn {
    SqliteWrite(OwnedMappedMutexGuard<Option<Writer>, Writer>),
    SqliteRead(PoolConnection<Sqlite>),
    Postgres(PoolConnection<Postgres>),
}

/// Compiles one body for each kind of connection.
macro_rules! on_each {
    ($self:expr, $conn:ident, $wrap:ident => $body:expr) => {
        match $self {
            Conn::SqliteWrite(writer) => {
                let $conn = &mut writer.conn;
                #[allow(unused_imports)]
                use Row::Sqlite as $wrap;
                $body
            }
            Conn::SqliteRead(conn) => {
                let $conn = &mut **conn;
                #[allow(unused_imports)]
                use Row::Sqlite as $wrap;
                $body
            }
            Conn::Postgres(conn) => {
                let $conn = &mut **conn;
                #[allow(unused_imports)]
                use Row::Postgres as $wrap;
                $body
            }
        }
    };
}

macro_rules! bound {
    ($sql:expr, $values:expr) => {{
        let mut query = sqlx::query($sql);
        for value in $values {
            query = match value {
                Value::Int(v) => query.bind(v),
                Value::Text(v) => query.bind(v),
                Value::Blob(v) => query.bind(v),
                Value::Id(v) => query.bind(v),
            };
        }
        query
    }};
}

/// A statement: a literal, or text put together from names in this folder and cached.
#[derive(Clone, Debug)]
pub(crate) enum Sql {
    Fixed(&'static str),
    Made(Arc<str>),
}

impl From<&'static str> for Sql {
    fn from(text: &'static str) -> Self {
        Self::Fixed(text)
    }
}

impl Sql {
    fn safe(self) -> SqlStr {
        match self {
            Self::Fixed(text) => text.into_sql_str(),
            // Made of table and column names of this folder and of placeholders, never of input.
            Self::Made(text) => AssertSqlSafe(text).into_sql_str(),
        }
    }
}

impl Conn {
    /// Runs a statement that answers no rows; how many rows it touched.
    pub(crate) async fn execute(
        &mut self,
        sql: impl Into<Sql>,
        values: Vec<Value>,
    ) -> Result<u64, StoreError> {
        let sql = sql.into().safe();
        on_each!(self, conn, _Wrap => Ok(bound!(sql, values).execute(conn).await?.rows_affected()))
    }

    /// Runs a statement and reads all its rows.
    pub(crate) async fn fetch(
        &mut self,
        sql: impl Into<Sql>,
        values: Vec<Value>,
    ) -> Result<Vec<Row>, StoreError> {
        let sql = sql.into().safe();
        on_each!(self, conn, Wrap => {
            let rows = bound!(sql, values).fetch_all(conn).await?;
            Ok(rows.into_iter().map(Wrap).collect())
        })
    }

    /// Runs a statement and hands over its rows one after the other, for reads of many rows: none
    /// is kept.
    pub(crate) async fn each(
        &mut self,
        sql: impl Into<Sql>,
        values: Vec<Value>,
        mut take: impl FnMut(&Row) -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        let sql = sql.into().safe();
        on_each!(self, conn, Wrap => {
            let mut rows = bound!(sql, values).fetch(conn);
            while let Some(row) = poll_fn(|cx| rows.as_mut().poll_next(cx)).await {
                take(&Wrap(row?))?;
            }
            Ok(())
        })
    }

    /// Runs the statements of one text, their values one after the other; what each did. SQLite
    /// alone takes more than one.
    pub(crate) async fn run(
        &mut self,
        sql: impl Into<Sql>,
        values: Vec<Value>,
    ) -> Result<Vec<Ran>, StoreError> {
        let sql = sql.into().safe();
        on_each!(self, conn, Wrap => {
            let mut ran = Vec::new();
            let mut answers = Vec::new();
            let mut steps = conn.fetch_many(bound!(sql, values));
            while let Some(step) = poll_fn(|cx| steps.as_mut().poll_next(cx)).await {
                match step? {
                    Either::Left(done) => {
                        let rows = std::mem::take(&mut answers);
                        ran.push(Ran { touched: done.rows_affected(), rows });
                    }
                    Either::Right(row) => answers.push(Wrap(row)),
                }
            }
            Ok(ran)
        })
    }

    /// Runs a statement whose values are arrays, which PostgreSQL alone takes, and reads its rows.
    pub(crate) async fn fetch_arrays(
        &mut self,
        sql: impl Into<Sql>,
        columns: Vec<Column>,
    ) -> Result<Vec<Row>, StoreError> {
        let Self::Postgres(conn) = self else {
            return Err(StoreError::Usage("SQLite takes no arrays"));
        };
        let mut query = sqlx::query(sql.into().safe());
        for column in columns {
            query = match column {
                Column::Int(all) => query.bind(all),
                Column::Text(all) => query.bind(all),
                Column::Blob(all) => query.bind(all),
                Column::Id(all) => query.bind(all),
            };
        }
        let rows = query.fetch_all(&mut **conn).await?;
        Ok(rows.into_iter().map(Row::Postgres).collect())
    }

    /// Runs several statements at once, without values.
    pub(crate) async fn batch(&mut self, sql: impl Into<Sql>) -> Result<(), StoreError> {
        let sql = sql.into().safe();
        on_each!(self, conn, _Wrap => {
            sqlx::raw_sql(sql).execute(conn).await?;
            Ok(())
        })
    }

    /// Checks that the engine can prepare a statement.
    #[cfg(test)]
    pub(crate) async fn prepare(&mut self, sql: impl Into<Sql>) -> Result<(), StoreError> {
        let sql = sql.into().safe();
        on_each!(self, conn, _Wrap => {
            conn.prepare(sql).await?;
            Ok(())
        })
    }

    /// How this engine's driver wants the values of long statements marked.
    pub(crate) const fn marks(&self) -> Marks {
        match self {
            Self::SqliteWrite(_) | Self::SqliteRead(_) => Marks::Plain,
            Self::Postgres(_) => Marks::Numbered,
        }
    }

    /// Begins a transaction that will write.
    pub(crate) async fn begin(&mut self) -> Result<(), StoreError> {
        match self {
            Self::SqliteWrite(writer) => {
                writer.about_to_begin().await;
                writer.conn.execute("BEGIN IMMEDIATE").await?;
            }
            Self::SqliteRead(_) => {
                return Err(StoreError::Usage("a read connection cannot write"));
            }
            Self::Postgres(conn) => {
                conn.execute("BEGIN").await?;
            }
        }
        Ok(())
    }

    /// Begins a transaction that will write with the statements of `text`, in one trip; SQLite's.
    pub(crate) async fn begin_with(
        &mut self,
        text: Sql,
        values: Vec<Value>,
    ) -> Result<Vec<Ran>, StoreError> {
        if let Self::SqliteWrite(writer) = self {
            writer.about_to_begin().await;
        }
        self.run(text, values).await
    }

    /// Begins a transaction that reads one state of the database throughout.
    pub(crate) async fn begin_read(&mut self) -> Result<(), StoreError> {
        match self {
            Self::SqliteWrite(_) => self.begin().await,
            Self::SqliteRead(conn) => Ok(conn.execute("BEGIN").await.map(drop)?),
            Self::Postgres(conn) => {
                let begin = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";
                Ok(conn.execute(begin).await.map(drop)?)
            }
        }
    }

    /// Commits. After an error it is not known whether the transaction is in the database.
    pub(crate) async fn commit(&mut self) -> Result<(), StoreError> {
        on_each!(self, conn, _Wrap => conn.execute("COMMIT").await.map(drop))?;
        self.ended();
        Ok(())
    }

    /// Rolls back.
    pub(crate) async fn rollback(&mut self) -> Result<(), StoreError> {
        on_each!(self, conn, _Wrap => conn.execute("ROLLBACK").await.map(drop))?;
        self.ended();
        Ok(())
    }

    fn ended(&mut self) {
        if let Self::SqliteWrite(writer) = self {
            writer.begun = false;
        }
    }
}
