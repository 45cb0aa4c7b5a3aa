//! What is bound and what is read, the same for both engines.

use super::StoreError;
use serde::de::DeserializeOwned;
use sqlx::postgres::PgRow;
use sqlx::sqlite::SqliteRow;
use sqlx::{ColumnIndex, Decode, Row as _, Type};
use uuid::Uuid;

/// A bound value. Each column is always bound as the same type, so that one prepared statement
/// serves; `None` is NULL of that type.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Value {
    Int(Option<i64>),
    Text(Option<String>),
    Blob(Option<Vec<u8>>),
    Id(Option<Uuid>),
}

macro_rules! values {
    ($($from:ty => |$v:ident| $to:expr;)+) => {$(
        impl From<$from> for Value { fn from($v: $from) -> Self { $to } }
    )+};
}

values! {
    i64 => |v| Self::Int(Some(v));
    u32 => |v| Self::Int(Some(i64::from(v)));
    u16 => |v| Self::Int(Some(i64::from(v)));
    bool => |v| Self::Int(Some(i64::from(v)));
    Option<i64> => |v| Self::Int(v);
    &str => |v| Self::Text(Some(v.to_owned()));
    &String => |v| Self::Text(Some(v.clone()));
    String => |v| Self::Text(Some(v));
    Option<String> => |v| Self::Text(v);
    Option<&str> => |v| Self::Text(v.map(str::to_owned));
    &[u8] => |v| Self::Blob(Some(v.to_vec()));
    Vec<u8> => |v| Self::Blob(Some(v));
    Option<Vec<u8>> => |v| Self::Blob(v);
    [u8; 32] => |v| Self::Blob(Some(v.to_vec()));
    Uuid => |v| Self::Id(Some(v));
    Option<Uuid> => |v| Self::Id(v);
}

/// `[a.into(), b.into()]` without saying so.
macro_rules! bind {
    ($($value:expr),* $(,)?) => { vec![$($crate::store::value::Value::from($value)),*] };
}
pub(crate) use bind;

/// A column of rows, as PostgreSQL takes it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Column {
    Int(Vec<Option<i64>>),
    Text(Vec<Option<String>>),
    Blob(Vec<Option<Vec<u8>>>),
    Id(Vec<Option<Uuid>>),
}

impl Column {
    fn of(value: Value) -> Self {
        match value {
            Value::Int(v) => Self::Int(vec![v]),
            Value::Text(v) => Self::Text(vec![v]),
            Value::Blob(v) => Self::Blob(vec![v]),
            Value::Id(v) => Self::Id(vec![v]),
        }
    }

    fn push(&mut self, value: Value) -> Result<(), StoreError> {
        match (self, value) {
            (Self::Int(all), Value::Int(v)) => all.push(v),
            (Self::Text(all), Value::Text(v)) => all.push(v),
            (Self::Blob(all), Value::Blob(v)) => all.push(v),
            (Self::Id(all), Value::Id(v)) => all.push(v),
            _ => return Err(StoreError::Usage("a column bound as two types")),
        }
        Ok(())
    }
}

/// Rows of `width` values, one after the other, as columns.
pub(crate) fn transposed(rows: Vec<Value>, width: usize) -> Result<Vec<Column>, StoreError> {
    let mut columns: Vec<Column> = Vec::with_capacity(width);
    for (i, value) in rows.into_iter().enumerate() {
        match columns.get_mut(i % width) {
            Some(column) => column.push(value)?,
            None => columns.push(Column::of(value)),
        }
    }
    Ok(columns)
}

/// One row read.
pub(crate) enum Row {
    Sqlite(SqliteRow),
    Postgres(PgRow),
}

impl Row {
    fn get<T>(&self, column: usize) -> Result<T, StoreError>
    where
        T: for<'r> Decode<'r, sqlx::Sqlite> + Type<sqlx::Sqlite>,
        T: for<'r> Decode<'r, sqlx::Postgres> + Type<sqlx::Postgres>,
        usize: ColumnIndex<SqliteRow> + ColumnIndex<PgRow>,
    {
        Ok(match self {
            Self::Sqlite(row) => row.try_get(column)?,
            Self::Postgres(row) => row.try_get(column)?,
        })
    }

    pub(crate) fn int(&self, column: usize) -> Result<i64, StoreError> {
        self.get(column)
    }

    pub(crate) fn int_opt(&self, column: usize) -> Result<Option<i64>, StoreError> {
        self.get(column)
    }

    pub(crate) fn truth(&self, column: usize) -> Result<bool, StoreError> {
        Ok(self.int(column)? != 0)
    }

    /// A count, or anything else that is never negative.
    pub(crate) fn size(&self, column: usize) -> Result<u64, StoreError> {
        let value = self.int(column)?;
        u64::try_from(value).map_err(|_| StoreError::Damaged(format!("a negative size {value}")))
    }

    /// A small count.
    pub(crate) fn count(&self, column: usize) -> Result<u32, StoreError> {
        let value = self.int(column)?;
        u32::try_from(value).map_err(|_| StoreError::Damaged(format!("a count of {value}")))
    }

    pub(crate) fn text(&self, column: usize) -> Result<String, StoreError> {
        self.get(column)
    }

    pub(crate) fn text_opt(&self, column: usize) -> Result<Option<String>, StoreError> {
        self.get(column)
    }

    pub(crate) fn blob(&self, column: usize) -> Result<Vec<u8>, StoreError> {
        self.get(column)
    }

    pub(crate) fn sha256(&self, column: usize) -> Result<[u8; 32], StoreError> {
        let bytes = self.blob(column)?;
        bytes.try_into().map_err(|_| StoreError::Damaged("a SHA-256 that is not 32 bytes".into()))
    }

    pub(crate) fn id(&self, column: usize) -> Result<Uuid, StoreError> {
        self.get(column)
    }

    /// A noun stored as JSON text.
    pub(crate) fn noun<T: DeserializeOwned>(&self, column: usize) -> Result<T, StoreError> {
        let text = self.text(column)?;
        serde_json::from_str(&text).map_err(|e| StoreError::Damaged(format!("a stored row: {e}")))
    }

    /// Every value as text, for comparisons.
    #[cfg(test)]
    pub(crate) fn show(&self) -> String {
        let width = self.column_names().len();
        let one = |i| {
            let text = self.get::<Option<String>>(i).map(|v| format!("{v:?}"));
            let number = || self.get::<Option<i64>>(i).map(|v| format!("{v:?}"));
            let blob = || self.get::<Option<Vec<u8>>>(i).map(|v| format!("{v:?}"));
            let id = || self.get::<Option<Uuid>>(i).map(|v| format!("{v:?}"));
            text.or_else(|_| number()).or_else(|_| blob()).or_else(|_| id()).unwrap()
        };
        (0..width).map(one).collect::<Vec<_>>().join(" | ")
    }

    /// Names of the columns.
    #[cfg(test)]
    pub(crate) fn column_names(&self) -> Vec<String> {
        use sqlx::Column;
        match self {
            Self::Sqlite(row) => row.columns().iter().map(|c| c.name().to_owned()).collect(),
            Self::Postgres(row) => row.columns().iter().map(|c| c.name().to_owned()).collect(),
        }
    }
}
