//! One SQL text and one schema for both engines.

use super::guards::FACTS;
use super::world::*;
use crate::store::insert::{Marks, Texts, insert, text};
use crate::store::{Store, StoreError, migrate, rows, sql};
use std::collections::{BTreeMap, BTreeSet};

pub(super) async fn every_statement_prepares(store: Store, _: String) {
    let mut conn = store.writer().await.unwrap();
    let lists = sql::lists().into_iter().map(|head| {
        let next = (1..9).find(|n| !head.contains(&format!("${n}"))).unwrap();
        head.replace("{}", &format!("(${next})")).into()
    });
    let mut made: Vec<std::sync::Arc<str>> = lists.collect();
    made.extend(rows::WRITTEN.iter().map(|table| text(table, 3, Marks::Numbered)));
    let fixed = sql::all().into_iter().map(crate::store::conn::Sql::Fixed);
    let all: Vec<_> = fixed.chain(made.into_iter().map(crate::store::conn::Sql::Made)).collect();
    assert!(all.len() > 100);
    for statement in all {
        let shown = format!("{statement:?}");
        conn.prepare(statement).await.unwrap_or_else(|e| panic!("{shown}: {e}"));
        for banned in ["now()", "FOR UPDATE", "ILIKE", "->", "::", "CAST(", "sum(", "?"] {
            assert!(!shown.contains(banned), "{banned} is not portable: {shown}");
        }
    }
    // An empty insert is no statement at all.
    let none = insert(&mut conn, &mut Texts::default(), &rows::DOSE, vec![]).await.unwrap();
    assert_eq!(none, 0);
}

pub(super) async fn opening_again_changes_nothing(store: Store, place: String) {
    let mut lane = ledger(&store).await;
    commit(&mut lane, minute(0), seed(1)).await;
    if !store.is_shared() {
        let second = Store::open(&place).await;
        let Err(StoreError::Held { holder, .. }) = second else { panic!("a second server") };
        assert_eq!(holder, format!("process {}", std::process::id()));
    }
    drop(lane);
    store.close().await;
    // Whoever still has the closed store neither writes nor stands in the way of the next one.
    assert!(store.writer().await.is_err());
    let again = Store::open(&place).await.unwrap();
    assert_eq!(again.head(&oakhill()).await.unwrap().unwrap().frontier.size(), 2);
}

/// `table -> columns` as the migrations write them.
fn columns(all: &[migrate::Migration]) -> BTreeMap<String, Vec<String>> {
    let mut tables = BTreeMap::new();
    let mut current: Option<(String, Vec<String>)> = None;
    for line in all.iter().flat_map(|m| m.sql.lines()) {
        if let Some(rest) = line.strip_prefix("CREATE TABLE ") {
            current = Some((rest.trim_end_matches('(').to_owned(), Vec::new()));
        } else if line.starts_with(')') {
            tables.extend(current.take());
        } else if let Some((_, columns)) = &mut current {
            let word = line.split_whitespace().next().unwrap_or_default();
            if line.starts_with("  ") && word.chars().all(|c| c.is_ascii_lowercase() || c == '_') {
                let null = if line.contains("NOT NULL") { "" } else { "?" };
                columns.push(format!("{word}{null}"));
            }
        }
    }
    tables
}

#[test]
fn migrations_are_in_parity() {
    let names = |all: &[migrate::Migration]| all.iter().map(|m| m.name).collect::<Vec<_>>();
    assert_eq!(names(migrate::SQLITE), names(migrate::POSTGRES));
    let (sqlite, postgres) = (columns(migrate::SQLITE), columns(migrate::POSTGRES));
    assert!(sqlite.len() > 30);
    let keyed = |tables: BTreeMap<String, Vec<String>>| -> BTreeMap<String, BTreeSet<String>> {
        // audit_head.frontier's CHECK stands on a line of its own in one of them.
        tables
            .into_iter()
            .map(|(t, c)| (t, c.into_iter().map(|c| c.replace('?', "")).collect()))
            .collect()
    };
    assert_eq!(keyed(sqlite.clone()), keyed(postgres));
    for fact in FACTS {
        assert!(sqlite.contains_key(*fact), "{fact}");
    }
    let indexes = |all: &[migrate::Migration]| -> BTreeSet<String> {
        let lines = all.iter().flat_map(|m| m.sql.lines());
        lines
            .filter(|l| l.starts_with("CREATE") && l.contains("INDEX"))
            .map(str::to_owned)
            .collect()
    };
    assert_eq!(indexes(migrate::SQLITE), indexes(migrate::POSTGRES));
}
