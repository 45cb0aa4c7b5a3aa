//! Multi-row statements: one text for each table and number of rows, made once.

use super::StoreError;
use super::conn::{Conn, Sql};
use super::value::Value;
use std::collections::BTreeMap;
use std::fmt::Write;
use std::sync::Arc;

/// Most rows of one statement.
const ROWS_MAX: usize = 64;

/// A table as it is written.
pub(crate) struct Table {
    pub(crate) name: &'static str,
    pub(crate) columns: &'static [&'static str],
    /// What follows the values (`ON CONFLICT ...`).
    pub(crate) tail: &'static str,
}

/// The texts made so far. Numbers of rows are rounded so that few are needed.
#[derive(Default)]
pub(crate) struct Texts {
    inserts: BTreeMap<(&'static str, usize, Marks), Arc<str>>,
    lists: BTreeMap<(&'static str, usize), Arc<str>>,
}

impl Texts {
    fn insert(&mut self, table: &Table, rows: usize, marks: Marks) -> Sql {
        let make = || insert_text(table, rows, marks).into();
        Sql::Made(self.inserts.entry((table.name, rows, marks)).or_insert_with(make).clone())
    }

    /// `head` with `($from, ...)` for `count` values in place of `{}`.
    fn list(&mut self, head: &'static str, from: usize, count: usize) -> Sql {
        let make = || list_text(head, from, count).into();
        Sql::Made(self.lists.entry((head, count)).or_insert_with(make).clone())
    }
}

/// How values are marked in a text. SQLite's driver asks for the name of every mark, and SQLite
/// finds a named one by walking over those before it: hundreds of them cost more than the insert.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Marks {
    /// `$1`, `$2`, ...
    Numbered,
    /// `?`, in the order of the values.
    Plain,
}

/// The text that inserts `rows` rows, for the test that prepares it.
#[cfg(test)]
pub(crate) fn text(table: &Table, rows: usize, marks: Marks) -> Arc<str> {
    insert_text(table, rows, marks).into()
}

fn insert_text(table: &Table, rows: usize, marks: Marks) -> String {
    let width = table.columns.len();
    let mut text = format!("INSERT INTO {}({}) VALUES ", table.name, table.columns.join(", "));
    for row in 0..rows {
        text.push_str(if row == 0 { "(" } else { ", (" });
        for column in 0..width {
            let comma = if column == 0 { "" } else { ", " };
            // Writing to a String cannot fail.
            let _ = match marks {
                Marks::Numbered => write!(text, "{comma}${}", row * width + column + 1),
                Marks::Plain => write!(text, "{comma}?"),
            };
        }
        text.push(')');
    }
    if !table.tail.is_empty() {
        text.push(' ');
        text.push_str(table.tail);
    }
    text
}

/// The text that inserts up to `rows` rows: those whose first column is NULL are passed over.
pub(crate) fn select_text(table: &Table, rows: usize) -> String {
    let (name, columns, tail) = (table.name, table.columns.join(", "), table.tail);
    let values = places(table, rows);
    format!(
        "INSERT INTO {name}({columns}) SELECT * FROM (VALUES {values}) \
         WHERE column1 IS NOT NULL {tail}"
    )
}

/// `(?, ?), (?, ?)`: so many rows.
pub(crate) fn places(table: &Table, rows: usize) -> String {
    let row = format!("({})", vec!["?"; table.columns.len()].join(", "));
    vec![row; rows].join(", ")
}

/// Any number of rows, each column an array, marked from `from` on.
pub(crate) fn unnest(table: &Table, from: usize) -> String {
    let marks: Vec<String> = (from..from + table.columns.len()).map(|n| format!("${n}")).collect();
    format!("unnest({})", marks.join(", "))
}

/// The text that inserts such rows.
pub(crate) fn unnest_text(table: &Table, from: usize) -> String {
    let (name, columns, rows) = (table.name, table.columns.join(", "), unnest(table, from));
    format!("INSERT INTO {name}({columns}) SELECT * FROM {rows} {}", table.tail)
}

fn list_text(head: &str, from: usize, count: usize) -> String {
    let marks: Vec<String> = (from..from + count).map(|n| format!("${n}")).collect();
    head.replace("{}", &format!("({})", marks.join(", ")))
}

/// The number of rows of the next statement when `left` remain: exact when few, else a multiple of
/// four, so that a batch takes at most two statements and a table at most 28 texts.
fn rows_of_next(left: usize) -> usize {
    if left <= 16 { left } else { ROWS_MAX.min(left - left % 4) }
}

/// Inserts `values`, row after row; how many rows were inserted or replaced.
pub(crate) async fn insert(
    conn: &mut Conn,
    texts: &mut Texts,
    table: &Table,
    mut values: Vec<Value>,
) -> Result<u64, StoreError> {
    let width = table.columns.len();
    let mut touched = 0;
    while !values.is_empty() {
        let rows = rows_of_next(values.len() / width);
        let rest = values.split_off(rows * width);
        touched += conn.execute(texts.insert(table, rows, conn.marks()), values).await?;
        values = rest;
    }
    Ok(touched)
}

/// Values of a list in one statement, padded to a power of two by repeating the last.
fn chunks(values: &[Value]) -> impl Iterator<Item = Vec<Value>> {
    values.chunks(ROWS_MAX).map(|chunk| {
        let mut chunk = chunk.to_vec();
        if let Some(last) = chunk.last().cloned() {
            chunk.resize(chunk.len().next_power_of_two(), last);
        }
        chunk
    })
}

/// Runs a statement once for each lot of `list`; `{}` in it is the list, after the `fixed` values.
pub(crate) async fn execute_list(
    conn: &mut Conn,
    texts: &mut Texts,
    head: &'static str,
    fixed: &[Value],
    list: &[Value],
) -> Result<u64, StoreError> {
    let mut touched = 0;
    for chunk in chunks(list) {
        let sql = texts.list(head, fixed.len() + 1, chunk.len());
        touched += conn.execute(sql, [fixed, &chunk].concat()).await?;
    }
    Ok(touched)
}

/// Reads as [`execute_list`] writes. A value given twice may bring its rows twice only when it
/// stands in two lots.
pub(crate) async fn fetch_list(
    conn: &mut Conn,
    texts: &mut Texts,
    head: &'static str,
    fixed: &[Value],
    list: &[Value],
) -> Result<Vec<super::value::Row>, StoreError> {
    let mut rows = Vec::new();
    for chunk in chunks(list) {
        let sql = texts.list(head, fixed.len() + 1, chunk.len());
        rows.extend(conn.fetch(sql, [fixed, &chunk].concat()).await?);
    }
    Ok(rows)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_batch_takes_at_most_two_statements_of_few_texts() {
        let mut texts = std::collections::BTreeSet::new();
        for n in 1..=ROWS_MAX {
            let mut left = n;
            let mut statements = 0;
            while left > 0 {
                let rows = rows_of_next(left);
                texts.insert(rows);
                left -= rows;
                statements += 1;
            }
            assert!(statements <= 2, "{n} rows take {statements} statements");
        }
        assert_eq!(texts.len(), 28);
    }

    #[test]
    fn texts_are_numbered_through() {
        let table = Table { name: "t", columns: &["a", "b"], tail: "ON CONFLICT DO NOTHING" };
        assert_eq!(
            insert_text(&table, 2, Marks::Numbered),
            "INSERT INTO t(a, b) VALUES ($1, $2), ($3, $4) ON CONFLICT DO NOTHING"
        );
        assert_eq!(
            insert_text(&table, 1, Marks::Plain),
            "INSERT INTO t(a, b) VALUES (?, ?) ON CONFLICT DO NOTHING"
        );
        assert_eq!(list_text("x = $1 AND y IN {}", 2, 2), "x = $1 AND y IN ($2, $3)");
    }
}
