//! What the database says at the end.

use emar::store::Store;
use emar_domain::audit::verify::{Row, Verifier};
use sqlx::{Connection as _, PgConnection, SqliteConnection};
use std::collections::BTreeSet;
use std::path::Path;
use uuid::Uuid;

const PAGE: u32 = 1000;
const SCANS: &str = "SELECT id FROM scan_event";
/// Doses with more than one record that counts; the load corrects nothing.
const TWICE: &str = "SELECT dose FROM administration WHERE effective = 1 \
    GROUP BY dose HAVING count(*) > 1";
/// Outcomes that are not the dose's own record.
const ASTRAY: &str = "SELECT a.id FROM administration a \
    LEFT JOIN dose_outcome o ON o.dose = a.dose AND o.administration = a.id \
    WHERE a.effective = 1 AND o.dose IS NULL";

/// Every answer is there, no dose counts twice, the log is whole.
pub(crate) async fn check(place: &str, log: &str, scans: &[Uuid], administrations: &[Uuid]) {
    let kept = ids(place, SCANS).await;
    let lost: Vec<&Uuid> = scans.iter().filter(|id| !kept.contains(id)).collect();
    assert!(lost.is_empty(), "{} acknowledged scans are lost: {lost:?}", lost.len());
    assert_eq!(ids(place, TWICE).await, BTreeSet::new(), "doses with two effective outcomes");
    assert_eq!(ids(place, ASTRAY).await, BTreeSet::new(), "records that are no dose's outcome");
    let stored = verify(place, log).await;
    let lost: Vec<&Uuid> = administrations.iter().filter(|id| !stored.contains(id)).collect();
    assert!(lost.is_empty(), "{} acknowledged administrations are lost: {lost:?}", lost.len());
    let (read, all) = (administrations.len(), stored.len());
    eprintln!("{read} administrations acknowledged, {all} stored, {} scans, none lost", kept.len());
}

/// Walks the whole log: leaves, tiles, checkpoints, head, and each administration with its leaf.
async fn verify(place: &str, log: &str) -> BTreeSet<Uuid> {
    let mut reading = Store::open_to_read(place).await.unwrap();
    let facility = reading.logs().await.unwrap().into_iter().find(|(_, name)| name == log);
    let (facility, _) = facility.expect("the log's facility");
    let head = reading.head(log).await.unwrap();
    let checkpoints = reading.checkpoints(log, 0, u32::MAX >> 1).await.unwrap();
    let mut verifier = Verifier::new(log, &[], &checkpoints, &[]);
    for level in 0..=2 {
        for (index, bytes) in reading.tiles(log, level, 0, u32::MAX >> 1).await.unwrap() {
            verifier.tile(emar_domain::audit::tile::TileId { level, index }, &bytes);
        }
    }
    let mut from = 0;
    loop {
        let leaves = reading.leaves(log, from, PAGE).await.unwrap();
        for row in &leaves {
            verifier.row(Row { seq: row.seq, leaf: &row.leaf, leaf_hash: &row.leaf_hash });
            from = row.seq + 1;
        }
        if leaves.is_empty() {
            break;
        }
    }
    let all = reading.administrations(&facility, Uuid::nil(), u32::MAX >> 1).await.unwrap();
    let all: BTreeSet<Uuid> = all.into_iter().collect();
    let report = verifier.finish(&head, Some(&all));
    assert_eq!(report.findings, vec![], "the log does not verify");
    assert_eq!((report.size, report.size > 0), (head.size, true));
    all
}

async fn ids(place: &str, sql: &'static str) -> BTreeSet<Uuid> {
    let rows: Vec<Uuid> = if place.starts_with("postgres") {
        let mut conn = PgConnection::connect(place).await.unwrap();
        sqlx::query_scalar(sql).fetch_all(&mut conn).await.unwrap()
    } else {
        let file = Path::new(place).join("emar.db");
        let mut conn =
            SqliteConnection::connect(&format!("sqlite://{}", file.display())).await.unwrap();
        sqlx::query_scalar(sql).fetch_all(&mut conn).await.unwrap()
    };
    rows.into_iter().collect()
}
