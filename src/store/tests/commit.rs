//! The write lane's transaction.

use super::world::*;
use crate::store::conn::Conn;
use crate::store::{Batch, CommitError, Decided, Store};
use emar_domain::administration::Outcome;
use emar_domain::audit::tree::{Frontier, leaf_hash};
use emar_domain::fact::Fact;
use emar_domain::id::{AdministrationId, DoseId};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

pub(super) async fn writes_facts_leaves_and_head(store: Store, _: String) {
    let mut lane = ledger(&store).await;
    let entries = seed(3);
    let done = commit(&mut lane, minute(0), entries.clone()).await;
    assert_eq!((done.size, done.entries.len()), (4, 4));
    assert_eq!(done.entries[3].version, 4);

    let leaves = store.leaves(LOG, 0, 10).await.unwrap();
    let mut tree = Frontier::new();
    for (leaf, entry) in leaves.iter().zip(&entries) {
        assert_eq!(leaf.leaf, entry.leaves[0]);
        tree.append(leaf_hash(&leaf.leaf));
    }
    assert_eq!(done.root, tree.root());
    assert_eq!(store.head(&oakhill()).await.unwrap().unwrap().frontier, tree);

    commit(&mut lane, minute(130), vec![entry(vec![given(1, 1, 130), scan(1)])]).await;
    let id = AdministrationId(id(7, 1011));
    let found = store.administration(id).await.unwrap().unwrap();
    assert_eq!(found, charted(1, 1, 1, Outcome::Given, 130));
    let dose = DoseId(super::world::id(5, 101));
    let history = store.dose_history(dose).await.unwrap().unwrap();
    assert_eq!([Fact::Dose(Box::new(history.dose))], dose_facts(1, 1, 120));
    assert_eq!((history.dues.len(), history.administrations.len()), (1, 1));
    let month = store.doses_of_resident(resident(1).id, minute(0), minute(1000)).await.unwrap();
    assert_eq!(month.len(), 2);
    assert_eq!(month[0].outcome.as_ref().map(|o| o.administration), Some(id));
    assert_eq!(store.resident(resident(2).id).await.unwrap(), Some(resident(2)));
    let order = store.order_by_placer(&oakhill(), "rx", "P2").await.unwrap().unwrap();
    assert_eq!(store.order_versions(order).await.unwrap(), [super::world::order(2, 1)]);
    assert_eq!(store.order_events(order).await.unwrap().len(), 3);
}

fn dose_facts(n: u128, slot: u128, due: i64) -> [Fact; 1] {
    let [fact, _] = dose(n, slot, due);
    [fact]
}

/// Batches below, at and above the sizes in which rows are packed, and more doses than one takes.
pub(super) async fn a_batch_of_any_size_is_written_whole(store: Store, _: String) {
    let mut lane = ledger(&store).await;
    commit(&mut lane, minute(0), seed(240)).await;
    let (mut next, mut outbox) = (1, 0);
    for size in [1, 2, 3, 9, 16, 17, 25, 32, 33, 100] {
        let of = next..next + size;
        next += size;
        // The other way round, so that administrations and outcomes, which are sorted, differ.
        let entries = of.clone().rev().map(|n| {
            let mut entry = entry(vec![given(n, 1, 130), scan(n)]);
            entry.outbox = vec![message("a", "x")];
            entry
        });
        commit(&mut lane, minute(130), entries.collect()).await;
        outbox += i64::try_from(size).unwrap();
        assert_eq!(store.outbox_open(&oakhill()).await.unwrap()[0].2, outbox.cast_unsigned());
        for n in of {
            let doses = store.doses_of_resident(resident(n).id, minute(0), minute(1000)).await;
            let doses = doses.unwrap();
            assert_eq!(doses.iter().filter(|d| d.outcome.is_some()).count(), 1, "{n} of {size}");
            assert!(store.scan(emar_domain::id::ScanId(id(9, n))).await.unwrap().is_some());
        }
    }
    let open = store.load_home(&oakhill(), policy(), zone(), minute(130)).await.unwrap();
    assert_eq!(open.doses.len(), 2 * 240, "what is given stays in memory for a while");
}

/// A command may come to nothing, as a plan with nothing due: then nothing is written.
pub(super) async fn an_entry_of_nothing_is_no_error(store: Store, _: String) {
    let mut lane = ledger(&store).await;
    commit(&mut lane, minute(0), seed(1)).await;
    let size = store.head(&oakhill()).await.unwrap().unwrap().frontier.size();
    let done = commit(&mut lane, minute(1), vec![crate::store::Entry::default()]).await;
    assert_eq!(done.size, size);
    let some = commit(&mut lane, minute(2), vec![crate::store::Entry::default(), entry(vec![])]);
    assert_eq!(some.await.size, size + 1);
}

pub(super) async fn keeps_answers_under_their_keys(store: Store, _: String) {
    let mut lane = ledger(&store).await;
    let mut first = entry(vec![]);
    first.answer = Some(answer("k1", "{\"ok\":1}"));
    commit(&mut lane, minute(0), vec![first.clone()]).await;
    let keys = ["k1".to_owned(), "k2".to_owned(), "k3".to_owned()];
    let (found, done) = lane
        .commit_with(&keys, |opened| {
            assert_eq!(opened.size, 1);
            Decided::Nothing(opened.answers.clone())
        })
        .await
        .unwrap();
    assert_eq!(found.len(), 1);
    assert_eq!(found["k1"], first.answer.clone().unwrap().kept);
    assert_eq!((done.size, done.entries.len()), (1, 0));
    let again = Batch { at: minute(0), entries: vec![first] };
    let refused = lane.commit_with(&[], |_| Decided::Write(again, ())).await;
    assert!(matches!(refused, Err(CommitError::Conflict(_))), "{refused:?}");
}

pub(super) async fn a_conflict_rolls_everything_back(store: Store, _: String) {
    let mut lane = ledger(&store).await;
    commit(&mut lane, minute(0), seed(2)).await;
    let good = entry(vec![given(1, 1, 130)]);
    // The same dose planned twice under another row id.
    let Fact::Dose(mut twin) = dose(2, 1, 120)[0].clone() else { unreachable!() };
    twin.id = DoseId(id(5, 999));
    let mut bad = entry(vec![Fact::Dose(twin)]);
    bad.outbox.push(message("a", "x"));
    let batch = Batch { at: minute(130), entries: vec![good.clone(), bad] };
    let refused = lane.commit_with(&[], |_| Decided::Write(batch, ())).await;
    assert!(matches!(refused, Err(CommitError::Conflict(_))), "{refused:?}");
    assert_eq!(store.head(&oakhill()).await.unwrap().unwrap().frontier.size(), 3);
    let id = AdministrationId(id(7, 1011));
    assert_eq!(store.administration(id).await.unwrap(), None);
    assert!(store.outbox_due(&oakhill(), None, 0, 9).await.unwrap().is_empty());
    let done = commit(&mut lane, minute(131), vec![good]).await;
    assert_eq!(done.size, 4);
}

pub(super) async fn one_outcome_a_dose(store: Store, _: String) {
    let mut lane = ledger(&store).await;
    commit(&mut lane, minute(0), seed(1)).await;
    let mut try_one = async |mut a: emar_domain::administration::Administration, corrects| {
        a.corrects = corrects;
        let facts = vec![Fact::Administration(Box::new(a))];
        let batch = Batch { at: minute(130), entries: vec![entry(facts)] };
        lane.commit_with(&[], |_| Decided::Write(batch, ())).await.is_ok()
    };
    let refused = charted(1, 1, 1, Outcome::Refused, 130);
    let given = charted(1, 1, 2, Outcome::Given, 131);
    let second = charted(1, 1, 3, Outcome::Given, 132);
    let error = charted(1, 1, 4, Outcome::NotGiven, 133);
    let third = charted(1, 1, 5, Outcome::Given, 134);
    let mut claim = charted(1, 1, 6, Outcome::Given, 135);
    claim.effective = false;
    assert!(try_one(refused.clone(), None).await);
    assert!(try_one(given.clone(), None).await, "what was refused may be tried again");
    assert!(!try_one(second, None).await, "what was given may not be given again");
    assert!(!try_one(error.clone(), Some(refused.id)).await, "only the record in effect");
    assert!(try_one(claim, None).await, "a claim about the past is kept, without effect");
    assert!(try_one(error, Some(given.id)).await, "a correction takes the place");
    assert!(try_one(third, None).await);
}

pub(super) async fn a_fenced_writer_writes_nothing(store: Store, _: String) {
    let mut old = ledger(&store).await;
    commit(&mut old, minute(0), seed(1)).await;
    let lease = store.take_lease(&oakhill(), "other", 10, 20).await.unwrap();
    assert_eq!(lease.epoch, 2);
    let batch = Batch { at: minute(1), entries: vec![entry(vec![given(1, 1, 130)])] };
    let fenced = old.commit_with(&[], |_| Decided::Write(batch.clone(), ())).await;
    assert!(matches!(fenced, Err(CommitError::Fenced)), "{fenced:?}");
    let mut new = store.ledger(oakhill(), LOG, lease.epoch);
    assert_eq!(commit(&mut new, minute(1), batch.entries).await.size, 3);
}

pub(super) async fn full_tiles_are_written(store: Store, _: String) {
    let mut lane = ledger(&store).await;
    for round in 0_u32..3 {
        let entries = (0_u32..100)
            .map(|n| crate::store::Entry {
                leaves: vec![format!("leaf {round} {n}").into_bytes()],
                ..Default::default()
            })
            .collect();
        commit(&mut lane, minute(0), entries).await;
    }
    let tiles = store.tiles(LOG, 0, 0, 10).await.unwrap();
    assert_eq!(tiles.len(), 1);
    let hashes = store.leaf_hashes(LOG, 0, 256).await.unwrap();
    let bytes: Vec<u8> = hashes.iter().flat_map(|h| h.0).collect();
    assert_eq!(tiles[0], (0, bytes));
    assert_eq!(store.head(&oakhill()).await.unwrap().unwrap().frontier.size(), 300);
}

/// SQLite's own count of steps: a look-up that becomes a walk over the log shows as thousands.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_leaf_costs_no_more_in_a_long_log() {
    let scratch = super::Scratch::new();
    let store = Store::open(&scratch.0.display().to_string()).await.unwrap();
    let mut lane = ledger(&store).await;
    let steps = Arc::new(AtomicU64::new(0));
    if let Conn::SqliteWrite(mut writer) = store.writer().await.unwrap() {
        let count = Arc::clone(&steps);
        let counted = move || count.fetch_add(1, Ordering::Relaxed) < u64::MAX;
        writer.conn.lock_handle().await.unwrap().set_progress_handler(1, counted);
    }
    let mut costs = Vec::new();
    // Neither size fills a tile.
    for (before, more) in [(0, 32), (33, 32 * 60)] {
        for _ in 0..more / 32 {
            commit(&mut lane, minute(before), (0..32).map(|_| entry(vec![])).collect()).await;
        }
        let begun = steps.load(Ordering::Relaxed);
        commit(&mut lane, minute(2000), vec![entry(vec![])]).await;
        costs.push(steps.load(Ordering::Relaxed) - begun);
    }
    assert!(costs[0] > 0 && costs[1] < 2 * costs[0], "steps at 32 and at 1,953 leaves: {costs:?}");
}
