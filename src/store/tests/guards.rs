//! Nothing that was recorded can be changed, whoever asks.

use super::world::*;
use crate::store::conn::{Conn, Sql};
use crate::store::{Entry, InboxAnswer, PolicyRow, Store};
use emar_domain::alert::AlertState;
use emar_domain::fact::{Fact, PotAct};

/// Every fact table of the model.
pub(super) const FACTS: &[&str] = &[
    "facility",
    "policy",
    "resident",
    "resident_event",
    "product",
    "product_code",
    "label",
    "orders",
    "order_version",
    "order_event",
    "dose",
    "dose_due",
    "prepared",
    "administration",
    "reading",
    "scan_event",
    "alert_event",
    "inbox",
    "audit",
    "audit_tile",
    "checkpoint",
    "cosignature",
    "user_account",
    "transcription",
    "device",
    "inbox_answer",
];

pub(super) async fn facts_are_append_only(store: Store, _: String) {
    fill(&store).await;
    for table in FACTS {
        let before = rows(&store, table).await;
        assert!(!before.is_empty(), "{table} has a row to attack");
        let first = first_column(&store, table).await;
        let mut attacks =
            vec![format!("UPDATE {table} SET {first} = {first}"), format!("DELETE FROM {table}")];
        if store.is_shared() {
            attacks.push(format!("TRUNCATE {table} CASCADE"));
            attacks
                .push(format!("SET LOCAL session_replication_role = replica; DELETE FROM {table}"));
        } else {
            attacks.push(format!("UPDATE OR REPLACE {table} SET {first} = {first}"));
            attacks.push(format!("INSERT OR REPLACE INTO {table} SELECT * FROM {table}"));
        }
        for attack in attacks {
            let mut conn = store.writer().await.unwrap();
            if let Conn::SqliteWrite(_) = conn {
                // The guards must hold for whoever opens the file without our settings.
                conn.batch("PRAGMA recursive_triggers = OFF").await.unwrap();
            }
            conn.begin().await.unwrap();
            let done = conn.batch(Sql::Made(attack.as_str().into())).await;
            if done.is_ok() {
                conn.commit().await.unwrap();
            } else {
                conn.rollback().await.unwrap();
            }
            drop(conn);
            let harmless = attack.contains("REPLACE INTO") && SAME_ROW_PASSES.contains(table);
            assert!(done.is_err() || harmless, "{attack}");
            assert_eq!(rows(&store, table).await, before, "{attack}");
        }
    }
}

/// Their guards let an equal row through, for ON CONFLICT DO NOTHING.
const SAME_ROW_PASSES: &[&str] = &["audit_tile", "checkpoint", "cosignature"];

async fn rows(store: &Store, table: &str) -> Vec<String> {
    let mut conn = store.reader().await.unwrap();
    let sql = Sql::Made(format!("SELECT * FROM {table}").into());
    let mut rows: Vec<String> =
        conn.fetch(sql, vec![]).await.unwrap().iter().map(crate::store::Row::show).collect();
    rows.sort();
    rows
}

async fn first_column(store: &Store, table: &str) -> String {
    let mut conn = store.reader().await.unwrap();
    let sql = Sql::Made(format!("SELECT * FROM {table}").into());
    conn.fetch(sql, vec![]).await.unwrap()[0].column_names().remove(0)
}

/// At least one row in every fact table.
async fn fill(store: &Store) {
    let mut lane = ledger(store).await;
    commit(&mut lane, minute(0), seed(1)).await;
    store.receive(&oakhill(), "rx", "m1", [1; 32], "t", b"x", minute(0)).await.unwrap();
    let mut last = entry(vec![
        pot(1, 1, 1, PotAct::Prepared, 125),
        given(1, 1, 130),
        scan(1),
        reading(1, 1, "hr_apical", 130),
        Fact::Alert(Box::new(alert(1, 1, AlertState::Active, &[2]))),
    ]);
    last.inbox.push(InboxAnswer {
        sender: "rx".into(),
        message_id: "m1".into(),
        answer: "AA".into(),
    });
    last.policy =
        Some(PolicyRow { version: 1, effective_from: minute(0), body: "schema = 1".into() });
    let filler =
        (0..256).map(|n| Entry { leaves: vec![format!("f{n}").into_bytes()], ..Entry::default() });
    commit(&mut lane, minute(0), std::iter::once(last).chain(filler).collect()).await;
    super::queues::sign_one(store).await;
}
