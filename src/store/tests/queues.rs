//! Inbox, outbox, sessions, lease and checkpoints.

use super::world::*;
use crate::store::value::bind;
use crate::store::{
    CheckpointRow, CosignatureRow, InboxAnswer, Mark, Received, SessionRow, Store, StoreError,
};
use emar_domain::audit::tree::Hash;
use emar_domain::id::{SessionId, Slug};
use emar_domain::role::Role;

pub(super) async fn inbox_answers_once(store: Store, _: String) {
    let mut lane = ledger(&store).await;
    let home = oakhill();
    let receive = async |id: &str, hash: u8| {
        store.receive(&home, "rx", id, [hash; 32], "t", b"bytes", minute(1)).await.unwrap()
    };
    assert_eq!(receive("m1", 1).await, Received::New);
    assert_eq!(receive("m1", 1).await, Received::Unanswered);
    assert_eq!(receive("m1", 2).await, Received::Conflict);
    assert_eq!(receive("m2", 2).await, Received::New);
    assert_eq!(store.open_messages(&home).await.unwrap().len(), 2);
    let mut done = entry(vec![]);
    let (sender, message_id) = ("rx".to_owned(), "m1".to_owned());
    done.inbox.push(InboxAnswer { sender, message_id, answer: "AA".into() });
    commit(&mut lane, minute(2), vec![done]).await;
    assert_eq!(receive("m1", 1).await, Received::Replay("AA".into()));
    assert_eq!(receive("m1", 2).await, Received::Conflict);
    let open = store.open_messages(&home).await.unwrap();
    assert_eq!(open.len(), 1);
    assert_eq!((open[0].message_id.as_str(), open[0].bytes.as_slice()), ("m2", &b"bytes"[..]));
}

pub(super) async fn outbox_is_sent_in_order(store: Store, _: String) {
    let mut lane = ledger(&store).await;
    let home = oakhill();
    let mut first = entry(vec![]);
    first.outbox = vec![message("a", "1"), message("b", "1"), message("a", "2")];
    let mut second = entry(vec![]);
    second.outbox = vec![message("a", "3")];
    commit(&mut lane, minute(0), vec![first]).await;
    // Another server's lane goes on where this one stopped.
    let mut other = ledger(&store).await;
    commit(&mut other, minute(0), vec![second]).await;
    let mut third = entry(vec![]);
    third.outbox = vec![message("a", "4")];
    commit(&mut lane, minute(0), vec![third]).await;
    let seqs = async |stream: Option<&str>, now| {
        let due = store.outbox_due(&home, stream, now, 9).await.unwrap();
        due.iter().map(|d| (d.stream.clone(), d.seq)).collect::<Vec<_>>()
    };
    let a = |n| ("a".to_owned(), n);
    assert_eq!(seqs(Some("a"), 0).await, [a(1), a(2), a(3), a(4)]);
    assert_eq!(seqs(None, 0).await.len(), 5);
    let mark = async |list: &[i64], mark| {
        store.outbox_mark(&home, vec![("a".into(), list.to_vec(), mark)]).await.unwrap()
    };
    assert_eq!(mark(&[1, 2, 3], Mark::Sent { at: 5, next_at: Some(10) }).await, 3);
    assert_eq!(seqs(Some("a"), 9).await, [a(4)]);
    let unanswered = store.outbox_unanswered(&home).await.unwrap();
    assert_eq!(unanswered, [("a".into(), 3)], "what was never sent has no answer to wait for");
    assert_eq!(mark(&[4], Mark::Sent { at: 5, next_at: None }).await, 1);
    assert_eq!(mark(&[1], Mark::Received { at: 6, next_at: Some(60) }).await, 1);
    assert_eq!(mark(&[2], Mark::Failed { at: 7 }).await, 1);
    assert_eq!(mark(&[2], Mark::Applied { at: 8 }).await, 0, "closed stays closed");
    assert_eq!(mark(&[3], Mark::Later { next_at: 70 }).await, 1);
    assert_eq!(seqs(Some("a"), 60).await, [a(1)]);
    assert_eq!(mark(&[1], Mark::Applied { at: 61 }).await, 1);
    let due = store.outbox_due(&home, Some("a"), 70, 9).await.unwrap();
    assert_eq!((due.len(), due[0].tries, due[0].sent_at), (1, 2, Some(5)));
    let open = store.outbox_open(&home).await.unwrap();
    assert_eq!(open, [("a".into(), 3, 1), ("b".into(), 1, 1)]);
}

/// SQLite's planner alone is asked: PostgreSQL's goes by the size of the table, which is empty.
pub(super) async fn open_messages_have_an_index(store: Store, _: String) {
    if store.is_shared() {
        return;
    }
    let text = format!("EXPLAIN QUERY PLAN {}", crate::store::sql::OUTBOX_OPEN);
    let plan = store.read(Box::leak(text.into_boxed_str()), bind!["oakhill", i64::MAX]);
    let plan: Vec<String> = plan.await.unwrap().iter().map(|r| r.text(3).unwrap()).collect();
    assert!(plan[0].contains("INDEX outbox_due"), "{plan:?}");
}

pub(super) async fn sessions_end(store: Store, _: String) {
    let session = SessionRow {
        token_sha256: [3; 32],
        id: SessionId(id(12, 1)),
        facility: oakhill(),
        user: nurse(),
        device: Some(Slug::new("cart-1").unwrap()),
        role: Role::Nurse,
        created_at: 1,
        expires_at: 100,
        revoked_at: None,
    };
    store.add_session(&session).await.unwrap();
    assert_eq!(store.session(&[3; 32]).await.unwrap(), Some(session.clone()));
    assert_eq!(store.session(&[4; 32]).await.unwrap(), None);
    assert_eq!(store.live_sessions(&oakhill(), 50).await.unwrap().len(), 1);
    assert!(store.live_sessions(&oakhill(), 100).await.unwrap().is_empty());
    store.revoke_session(session.id, 60).await.unwrap();
    store.revoke_session(session.id, 70).await.unwrap();
    assert_eq!(store.session(&[3; 32]).await.unwrap().unwrap().revoked_at, Some(60));
    store.prune_sessions(101).await.unwrap();
    assert_eq!(store.session(&[3; 32]).await.unwrap(), None);
}

pub(super) async fn the_lease_fences(store: Store, _: String) {
    ledger(&store).await;
    let home = oakhill();
    let take = async |who: &str, now, until| {
        let lease = store.take_lease(&home, who, now, until).await.unwrap();
        (lease.holder, lease.until, lease.epoch)
    };
    assert_eq!(store.lease(&home).await.unwrap(), None);
    assert_eq!(take("s1", 0, 10).await, ("s1".into(), 10, 2));
    assert_eq!(take("s1", 5, 15).await, ("s1".into(), 15, 2), "renewed under its epoch");
    assert_eq!(take("s2", 15, 25).await, ("s1".into(), 15, 2), "not over yet");
    assert_eq!(take("s2", 16, 26).await, ("s2".into(), 26, 3));
    assert_eq!(take("s1", 17, 27).await, ("s2".into(), 26, 3));
    assert_eq!(take("s2", 40, 50).await, ("s2".into(), 50, 4), "what ran out begins anew");
    let keep =
        async |who: &str, epoch, until| store.keep_lease(&home, who, epoch, until).await.unwrap();
    assert!(keep("s2", 4, 60).await);
    assert!(!keep("s2", 3, 70).await, "an epoch that is over");
    assert!(!keep("s1", 4, 70).await, "another's");
    assert!(keep("s2", 4, 99).await, "it ran out at 60, and nobody took it");
    assert_eq!(take("s2", 70, 99).await, ("s2".into(), 99, 4));
    store.set_meta(&home, "clock", "1").await.unwrap();
    store.set_meta(&home, "clock", "2").await.unwrap();
    assert_eq!(store.meta(&home, "clock").await.unwrap().as_deref(), Some("2"));
    assert_eq!(store.meta(&home, "demo").await.unwrap(), None);
    assert_eq!(store.facilities().await.unwrap(), ["oakhill"]);
}

fn checkpoint(root: u8) -> CheckpointRow {
    CheckpointRow { size: 1, root: Hash([root; 32]), body: format!("b{root}"), made_at: minute(0) }
}

pub(super) async fn sign_one(store: &Store) {
    store.checkpoint_or_stored(LOG, &checkpoint(1)).await.unwrap();
    store.cosign(LOG, 1, &line(1)).await.unwrap();
}

fn line(byte: u8) -> CosignatureRow {
    let key_id = vec![1, 2, 3, 4];
    let signature = vec![byte; 64];
    CosignatureRow { signer: "w".into(), key_id, signature, received_at: minute(0) }
}

pub(super) async fn one_checkpoint_a_size(store: Store, _: String) {
    ledger(&store).await;
    assert_eq!(store.last_checkpoint(LOG).await.unwrap(), None);
    sign_one(&store).await;
    let stored = store.checkpoint_or_stored(LOG, &checkpoint(2)).await.unwrap();
    assert_eq!(stored, checkpoint(1), "two roots of one size are never signed");
    assert_eq!(store.last_checkpoint(LOG).await.unwrap(), Some(checkpoint(1)));
    assert_eq!(store.checkpoints(LOG, 0, 9).await.unwrap().len(), 1);
    store.cosign(LOG, 1, &line(2)).await.unwrap();
    assert_eq!(store.cosignatures(LOG, 1).await.unwrap(), [line(1)]);
    let nowhere = store.cosign(LOG, 7, &line(1)).await;
    assert!(matches!(nowhere, Err(StoreError::Conflict(_))), "{nowhere:?}");
}
