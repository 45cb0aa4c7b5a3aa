//! Callers that go away, and servers that share a database.

use super::world::*;
use crate::store::{CommitError, Decided, Store};
use std::task::Poll;
use std::time::Duration;

/// sqlx 0.9.0 gives back a PostgreSQL connection inside an open transaction when BEGIN is
/// cancelled; the next borrower's write would be answered and then rolled back.
pub(super) async fn an_abandoned_write_loses_nothing(store: Store, place: String) {
    ledger(&store).await;
    let home = oakhill();
    for n in 0..40_u32 {
        let other = store.clone();
        let mut abandoned = Box::pin(async move {
            let mut conn = other.writer().await.unwrap();
            conn.begin().await.unwrap();
            std::future::pending::<()>().await;
        });
        for _ in 0..=(n % 4) {
            let poll = std::future::poll_fn(|cx| Poll::Ready(abandoned.as_mut().poll(cx)));
            let _ = poll.await;
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        drop(abandoned);
        store.set_meta(&home, &format!("n{n}"), "kept").await.unwrap();
    }
    store.close().await;
    drop(store);
    let fresh = Store::open(&place).await.unwrap();
    for n in 0..40_u32 {
        let kept = fresh.meta(&home, &format!("n{n}")).await.unwrap();
        assert_eq!(kept.as_deref(), Some("kept"), "n{n}");
    }
}

pub(super) async fn stale_memory_is_told(store: Store, _: String) {
    let mut one = ledger(&store).await;
    let mut two = ledger(&store).await;
    commit(&mut one, minute(0), seed(1)).await;
    let told = two
        .commit_with::<()>(&[], |opened| {
            assert_eq!(opened.size, 2);
            Decided::Stale
        })
        .await;
    assert!(matches!(told, Err(CommitError::Stale(2))), "{told:?}");
    let lanes = [one, two].into_iter().enumerate().map(|(lane, mut ledger)| {
        tokio::spawn(async move {
            for n in 0..20 {
                let leaf = format!("lane {lane} leaf {n}").into_bytes();
                let entry = crate::store::Entry { leaves: vec![leaf], ..Default::default() };
                commit(&mut ledger, minute(0), vec![entry]).await;
            }
        })
    });
    for lane in lanes.collect::<Vec<_>>() {
        lane.await.unwrap();
    }
    assert_eq!(store.head(&oakhill()).await.unwrap().unwrap().frontier.size(), 42);
}
