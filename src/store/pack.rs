//! The tables that every scan fills, written in one trip to the engine.
//!
//! SQLite's driver runs each statement in a thread of its own: two switches of threads, which under
//! load cost more than the statement itself. It takes several statements as one text, though, and
//! keeps them prepared under it; so that a handful of texts serves every batch, the rows of each
//! table are filled up to one of a few sizes with rows that are passed over. PostgreSQL takes one
//! statement at a time, of any number of rows when each column is an array.

use super::StoreError;
use super::conn::{Conn, Sql};
use super::insert::{Table, places, select_text, unnest, unnest_text};
use super::rows;
use super::sql::projection::DOSE_MARK;
use super::value::{Value, transposed};
use std::collections::BTreeMap;
use std::sync::Arc;

pub(crate) const HEAD_MOVE: &str = "UPDATE audit_head SET size = $1, frontier = $2 \
    WHERE log = $3 AND epoch = $4 AND size = $5";

/// How many tables a pack fills.
pub(crate) const WIDTH: usize = 10;
/// The tables in the order they are written, and how many rows of each a size stands for. The last
/// is not filled: its rows say what becomes of doses that `dose_state` has.
const TABLES: [(&Table, usize); WIDTH] = [
    (&rows::PREPARED, 1),
    (&rows::ADMINISTRATION, 1),
    (&rows::SCAN_EVENT, 1),
    (&rows::IDEMPOTENCY, 1),
    (&rows::OUTBOX, 1),
    (&rows::OUTBOX_STATE, 1),
    (&rows::CART_SESSION, 1),
    (&rows::DOSE_OUTCOME, 1),
    (&rows::AUDIT, 2),
    (&rows::DOSE_MARK, 2),
];
const SIZES: [usize; 5] = [2, 8, 16, 24, 32];
const SIZE_MAX: usize = 32;

/// What a batch writes to these tables.
pub(crate) struct Pack {
    /// Rows, table by table.
    pub(crate) rows: [Vec<Value>; WIDTH],
    /// The values of [`HEAD_MOVE`].
    pub(crate) head: Vec<Value>,
}

/// The texts made so far.
#[derive(Default)]
pub(crate) struct PackTexts {
    sqlite: BTreeMap<(usize, bool), Arc<str>>,
    postgres: BTreeMap<[bool; WIDTH], Arc<str>>,
}

/// Writes a pack.
///
/// # Errors
/// `Conflict` when a row was passed over by its table's ON CONFLICT condition.
pub(crate) async fn write(
    conn: &mut Conn,
    made: &mut PackTexts,
    pack: Pack,
) -> Result<(), StoreError> {
    match conn {
        Conn::Postgres(_) => by_arrays(conn, made, pack).await,
        Conn::SqliteWrite(_) | Conn::SqliteRead(_) => by_sizes(conn, made, pack).await,
    }
}

async fn by_sizes(conn: &mut Conn, made: &mut PackTexts, mut pack: Pack) -> Result<(), StoreError> {
    loop {
        let units = pack.units();
        let last = units <= SIZE_MAX;
        let size = SIZES.into_iter().find(|s| *s >= units).unwrap_or(SIZE_MAX);
        let mut values = Vec::new();
        let mut want = [0; WIDTH];
        let mut charts_left = false;
        for ((rows, (table, per)), want) in pack.rows.iter_mut().zip(TABLES).zip(&mut want) {
            let (width, most) = (table.columns.len(), size * per * table.columns.len());
            // An outcome names an administration, which may stand in a later round.
            let waits = table.name == rows::DOSE_OUTCOME.name && charts_left;
            let rest = rows.split_off(if waits { 0 } else { rows.len().min(most) });
            charts_left |= table.name == rows::ADMINISTRATION.name && !rest.is_empty();
            *want = rows.len() / width;
            values.append(rows);
            values.resize(values.len() + (most - *want * width), Value::Int(None));
            *rows = rest;
        }
        if last {
            values.append(&mut pack.head);
        }
        let text = made.sqlite.entry((size, last)).or_insert_with(|| text(size, last).into());
        let ran = conn.run(Sql::Made(Arc::clone(text)), values).await?;
        for ((ran, want), (table, _)) in ran.iter().zip(want).zip(TABLES) {
            passed_over(table, ran.touched, want)?;
        }
        if last {
            return head_moved(ran.last().map_or(0, |ran| ran.touched));
        }
    }
}

async fn by_arrays(conn: &mut Conn, made: &mut PackTexts, pack: Pack) -> Result<(), StoreError> {
    let filled: [bool; WIDTH] =
        std::array::from_fn(|i| pack.rows.get(i).is_some_and(|r| !r.is_empty()));
    let text = made.postgres.entry(filled).or_insert_with(|| arrays_text(filled).into());
    let mut columns = Vec::new();
    let mut want = Vec::new();
    for (rows, (table, _)) in pack.rows.into_iter().zip(TABLES).filter(|(r, _)| !r.is_empty()) {
        want.push((table, rows.len() / table.columns.len()));
        columns.extend(transposed(rows, table.columns.len())?);
    }
    if !want.is_empty() {
        let counts = conn.fetch_arrays(Sql::Made(Arc::clone(text)), columns).await?;
        let counts = counts.first().ok_or(StoreError::Usage("a pack without counts"))?;
        for (i, (table, want)) in want.into_iter().enumerate() {
            passed_over(table, counts.size(i)?, want)?;
        }
    }
    head_moved(conn.execute(HEAD_MOVE, pack.head).await?)
}

fn passed_over(table: &Table, touched: u64, want: usize) -> Result<(), StoreError> {
    if touched == want as u64 { Ok(()) } else { Err(StoreError::Conflict(table.name.to_owned())) }
}

fn head_moved(touched: u64) -> Result<(), StoreError> {
    match touched {
        1 => Ok(()),
        _ => Err(StoreError::Damaged("the audit head moved under its own lock".into())),
    }
}

impl Pack {
    /// What size would hold all its rows.
    fn units(&self) -> usize {
        let of = |(rows, (table, per)): (&Vec<Value>, (&Table, usize))| {
            (rows.len() / table.columns.len()).div_ceil(per)
        };
        self.rows.iter().zip(TABLES).map(of).max().unwrap_or(0)
    }
}

fn is_filled(table: &Table) -> bool {
    table.name != rows::DOSE_MARK.name
}

fn text(size: usize, last: bool) -> String {
    let each = TABLES.map(|(table, per)| match is_filled(table) {
        true => select_text(table, size * per),
        false => DOSE_MARK.replace("{}", &format!("(VALUES {}) AS v", places(table, size * per))),
    });
    let mut text = each.join(";\n");
    if last {
        text.push_str(";\n");
        text.push_str(&plain(HEAD_MOVE));
    }
    text
}

/// A statement with `?` for the marks that stand in it in their order.
pub(crate) fn plain(numbered: &str) -> String {
    (1..10).rev().fold(numbered.to_owned(), |text, n| text.replace(&format!("${n}"), "?"))
}

/// One statement that fills these tables and answers how many rows each took.
fn arrays_text(filled: [bool; WIDTH]) -> String {
    let (mut parts, mut counts, mut from) = (Vec::new(), Vec::new(), 1);
    for (i, (table, _)) in TABLES.into_iter().enumerate() {
        if filled.get(i) == Some(&true) {
            let each = match is_filled(table) {
                true => unnest_text(table, from),
                false => {
                    let columns: Vec<String> =
                        (1..=table.columns.len()).map(|n| format!("column{n}")).collect();
                    let source = unnest(table, from);
                    let source = format!("{source} AS v({})", columns.join(", "));
                    DOSE_MARK.replace("{}", &source)
                }
            };
            parts.push(format!("t{i} AS ({each} RETURNING 1)"));
            counts.push(format!("(SELECT count(*) FROM t{i})"));
            from += table.columns.len();
        }
    }
    format!("WITH {} SELECT {}", parts.join(",\n"), counts.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_stand_in_their_order() {
        assert_eq!(plain("a = $1 AND b = $2"), "a = ? AND b = ?");
        let places = (1..=5).map(|n| HEAD_MOVE.find(&format!("${n}")).unwrap());
        assert!(places.is_sorted(), "{HEAD_MOVE}");
        assert_eq!(HEAD_MOVE.matches('$').count(), 5);
    }
}
