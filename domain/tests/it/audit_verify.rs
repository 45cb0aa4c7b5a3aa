//! Tampering with a stored log: every class is found and named, and nothing else is.
#![allow(clippy::unwrap_used, clippy::cast_possible_truncation)]

use std::collections::{BTreeMap, BTreeSet};

use emar_domain::audit::checkpoint::Checkpoint;
use emar_domain::audit::note::{KeyKind, Note, SignKey};
use emar_domain::audit::tile::{TILE_BYTES, Tile, TileId, filled};
use emar_domain::audit::tree::{Frontier, Hash, leaf_hash};
use emar_domain::audit::verify::{Code, Head, Report, Row, Stored, Verifier};
use proptest::prelude::*;
use uuid::Uuid;

const ORIGIN: &str = "emar.demo/oakhill/audit";
const SIZE: u64 = 700;
const STORED: [u64; 6] = [0, 100, 256, 400, 600, 650];
const OUTSIDE: [u64; 2] = [300, 600];

#[derive(Clone)]
struct Log {
    rows: Vec<(u64, Vec<u8>, Vec<u8>)>,
    tiles: BTreeMap<TileId, Vec<u8>>,
    head: Head,
    stored: Vec<Stored>,
    outside: Vec<String>,
    administrations: BTreeSet<Uuid>,
    keys: bool,
}

fn key() -> SignKey {
    SignKey::from_seed(ORIGIN, KeyKind::Log, &[7; 32]).unwrap()
}

fn note(size: u64, root: Hash) -> Note {
    let body = Checkpoint { origin: ORIGIN.into(), size, root, extension: vec![] }.to_body();
    let signatures = vec![key().sign(&body, 0)];
    Note { body, signatures }
}

fn leaf(n: u64, salt: &str) -> Vec<u8> {
    let id = Uuid::from_u128(u128::from(n));
    let kind = if n.is_multiple_of(3) { "administration" } else { "scan_event" };
    format!(
        r#"{{"action":"C","object":{{"id":"{id}","kind":"{kind}"}},"outcome":"done","x":"{salt}"}}"#
    )
    .into_bytes()
}

/// A sound log over these leaves, as a server (or a forger with its key) writes it.
fn write(leaves: &[Vec<u8>]) -> Log {
    let hashes: Vec<Hash> = leaves.iter().map(|leaf| leaf_hash(leaf)).collect();
    let size = leaves.len() as u64;
    let root_at = |size: u64| {
        let mut grown = Frontier::new();
        grown.append_all(&hashes[..size as usize]);
        grown
    };
    let notes = |sizes: &[u64]| -> Vec<(u64, Hash)> {
        let there = sizes.iter().copied().filter(|at| *at <= size);
        there.map(|at| (at, root_at(at).root())).collect()
    };
    let stored = notes(&STORED).into_iter();
    let stored =
        stored.map(|(size, root)| Stored { size, root: root.0.into(), note: note(size, root) });
    let rows = leaves.iter().zip(&hashes).enumerate();
    Log {
        rows: rows.map(|(n, (leaf, hash))| (n as u64, leaf.clone(), hash.0.into())).collect(),
        tiles: filled(0, size)
            .into_iter()
            .map(|id| (id, id.read(hashes.as_slice()).unwrap().to_bytes()))
            .collect(),
        head: Head { size, frontier: root_at(size).to_bytes() },
        stored: stored.collect(),
        outside: notes(&OUTSIDE).into_iter().map(|(n, root)| note(n, root).to_text()).collect(),
        administrations: (0..size)
            .filter(|n| n % 3 == 0)
            .map(|n| Uuid::from_u128(n.into()))
            .collect(),
        keys: false,
    }
}

fn leaves(size: u64) -> Vec<Vec<u8>> {
    (0..size).map(|n| leaf(n, "plain")).collect()
}

fn sound() -> Log {
    write(&leaves(SIZE))
}

fn verify(log: &Log) -> Report {
    let keys = if log.keys { vec![key().verify_key()] } else { vec![] };
    let mut verifier = Verifier::new(ORIGIN, &keys, &log.stored, &log.outside);
    log.tiles.iter().for_each(|(id, bytes)| verifier.tile(*id, bytes));
    for (seq, leaf, leaf_hash) in &log.rows {
        verifier.row(Row { seq: *seq, leaf, leaf_hash });
    }
    verifier.finish(&log.head, Some(&log.administrations))
}

type Found = (Code, Option<u64>, Option<u64>);

fn found(log: &Log) -> Vec<Found> {
    verify(log).findings.into_iter().map(|f| (f.code, f.first, f.last)).collect()
}

fn one(code: Code, leaf: u64) -> Vec<Found> {
    vec![(code, Some(leaf), None)]
}

fn codes(log: &Log) -> BTreeSet<Code> {
    verify(log).findings.into_iter().map(|f| f.code).collect()
}

fn edited(leaf: &mut [u8]) {
    let at = leaf.len() - 3;
    leaf[at] ^= 1;
}

/// Leaf and hash replaced together, the tiles as they were.
fn rewrite(log: &mut Log, at: u64) {
    let row = &mut log.rows[at as usize];
    edited(&mut row.1);
    row.2 = leaf_hash(&row.1).0.into();
}

#[test]
fn a_sound_log_has_no_finding() {
    for size in [0, 1, 99, 100, 255, 256, 257, 512, SIZE] {
        let mut log = write(&leaves(size));
        log.outside.truncate(OUTSIDE.iter().filter(|at| **at <= size).count());
        assert_eq!(verify(&log).findings, [], "size {size}");
        assert_eq!(verify(&log).exit_code(), 0);
    }
    let report = verify(&Log { keys: true, ..sound() });
    assert_eq!((report.findings.len(), report.roots_matched, report.signed), (0, 8, 8));
    let mut unsigned = Log { keys: true, ..sound() };
    unsigned.stored.last_mut().unwrap().note.signatures.clear();
    assert_eq!(found(&unsigned), [], "a crash came between storing and signing");
    unsigned.stored[1].note.signatures.clear();
    assert_eq!(found(&unsigned), [(Code::Signature, None, None)]);
}

#[test]
fn edits_are_named_to_the_leaf() {
    // In a full tile, in the tail below a checkpoint, and in the tail that only the head covers.
    for at in [0, 97, 255, 256, 511, 600, 699] {
        let mut log = sound();
        edited(&mut log.rows[at as usize].1);
        assert_eq!(found(&log), one(Code::LeafChanged, at), "leaf {at}");
        let mut log = sound();
        log.rows[at as usize].2[5] ^= 4;
        assert_eq!(found(&log), one(Code::LeafHashChanged, at), "leaf_hash {at}");
        log.rows[at as usize].2.pop();
        assert_eq!(found(&log), one(Code::LeafHashChanged, at), "short leaf_hash {at}");
    }
    for at in [0, 97, 300, 511] {
        let mut log = sound();
        rewrite(&mut log, at);
        assert_eq!(found(&log), one(Code::LeafRewritten, at), "rewritten {at}");
    }
    let mut log = sound();
    rewrite(&mut log, 620);
    let stretch = (Some(600), Some(649));
    let head = (Code::HeadFrontier, Some(600), Some(699));
    assert_eq!(found(&log), [(Code::CheckpointRoot, stretch.0, stretch.1), head]);
}

#[test]
fn deleted_inserted_reordered() {
    let mut log = sound();
    log.rows.remove(301);
    assert_eq!(found(&log), one(Code::SeqGap, 301));

    let mut log = sound();
    log.rows.remove(301);
    (301..).zip(&mut log.rows[301..]).for_each(|(seq, row)| row.0 = seq);
    log.administrations.remove(&Uuid::from_u128(999));
    let all = verify(&log).findings;
    assert!(all.iter().any(|f| f.first == Some(301)), "{all:?}");
    assert!(all.iter().all(|f| f.first.is_none_or(|at| at >= 300)), "{all:?}");

    let mut log = sound();
    let mut extra = log.rows[301].clone();
    extra.1 = leaf(100_000, "");
    extra.2 = leaf_hash(&extra.1).0.into();
    log.rows.insert(301, extra);
    (0..).zip(&mut log.rows).for_each(|(seq, row)| row.0 = seq);
    let all = verify(&log).findings;
    assert!(all.iter().any(|f| f.first == Some(301)), "{all:?}");
    assert!(codes(&log).contains(&Code::HeadSize));

    let mut log = sound();
    log.rows.swap(40, 41);
    assert_eq!(verify(&log).findings[0].first, Some(40));
    assert!(codes(&log).contains(&Code::SeqGap));
    (log.rows[40].0, log.rows[41].0) = (40, 41);
    assert_eq!(found(&log), [(Code::LeafRewritten, Some(40), Some(41))]);
}

#[test]
fn truncated_and_forked() {
    // The forger truncates everything in the database; only the file kept elsewhere knows.
    let mut log = Log { outside: sound().outside, ..write(&leaves(450)) };
    assert_eq!(found(&log), [(Code::Truncated, Some(450), Some(599))]);
    assert_eq!(verify(&log).exit_code(), 11);
    log.outside.pop();
    assert_eq!(found(&log), [], "nothing outside tells of more than 300 leaves");

    let mut rows_only = sound();
    rows_only.rows.truncate(650);
    let seen = codes(&rows_only);
    assert!(seen.contains(&Code::HeadSize) && !seen.contains(&Code::Truncated));

    // The forger owns database and key, and writes another history from leaf 350 on.
    let mut other = leaves(SIZE);
    other[350] = leaf(350, "forged");
    let log = Log { outside: sound().outside, keys: true, ..write(&other) };
    let seen = verify(&log).findings;
    assert!(seen.iter().any(|f| (f.code, f.size) == (Code::Fork, Some(600))), "{seen:?}");
    assert!(seen.iter().all(|f| matches!(f.code, Code::Fork | Code::TwoRoots)), "{seen:?}");
    let mut alone = log.clone();
    alone.stored.retain(|row| row.size < 600);
    assert_eq!(found(&alone), [(Code::Fork, Some(400), Some(599))]);
}

#[test]
fn tiles_swapped_missing_and_short() {
    let (zero, one_) = (TileId { level: 0, index: 0 }, TileId { level: 0, index: 1 });
    let mut log = sound();
    let (a, b) = (log.tiles[&zero].clone(), log.tiles[&one_].clone());
    log.tiles.extend([(zero, b), (one_, a)]);
    let seen = verify(&log).findings;
    assert!(seen.iter().all(|f| f.code == Code::TileWrong), "{seen:?}");
    assert_eq!(seen[0].first, Some(0));

    let mut log = sound();
    log.tiles.remove(&one_);
    assert_eq!(found(&log), [(Code::TileMissing, Some(256), Some(511))]);
    log.tiles.insert(one_, vec![0; 31]);
    assert_eq!(found(&log), [(Code::TileWrong, Some(256), Some(511))]);

    let mut log = sound();
    log.tiles.insert(TileId { level: 0, index: 2 }, vec![0; TILE_BYTES as usize]);
    let seen = codes(&log);
    assert_eq!(seen, BTreeSet::from([Code::TileWrong]));
}

#[test]
fn upper_tiles_are_held_against_the_leaves() {
    let leaves: Vec<Vec<u8>> = (0..65_536_u64).map(|n| n.to_be_bytes().to_vec()).collect();
    let mut log = write(&leaves);
    log.administrations.clear();
    assert_eq!(verify(&log).findings, []);
    let id = TileId { level: 1, index: 0 };
    let mut hashes = Tile::from_bytes(&log.tiles[&id]).unwrap().hashes().to_vec();
    hashes[9].0[0] ^= 1;
    log.tiles.insert(id, Tile::new(hashes).unwrap().to_bytes());
    assert_eq!(found(&log), [(Code::TileWrong, Some(9 * 256), Some(10 * 256 - 1))]);
}

#[test]
fn checkpoints_replaced() {
    let mut log = sound();
    log.stored[3].root[0] ^= 1;
    assert_eq!(found(&log), [(Code::CheckpointRow, None, None)]);
    log.keys = true;
    assert_eq!(found(&log), [(Code::CheckpointRow, None, None)]);

    let mut log = sound();
    log.stored[3] = Stored { size: 400, root: vec![9; 32], note: note(400, Hash([9; 32])) };
    assert_eq!(found(&log), [(Code::CheckpointRoot, None, None)]);
    assert_eq!(verify(&log).findings[0].size, Some(400));

    let mut log = Log { keys: true, ..sound() };
    log.stored[3].note.signatures[0].bytes[1] ^= 1;
    assert_eq!(found(&log), [(Code::Signature, None, None)]);

    let mut log = Log { keys: true, ..sound() };
    log.outside.push(note(300, Hash([9; 32])).to_text());
    assert_eq!(codes(&log), BTreeSet::from([Code::Fork, Code::TwoRoots]));
    log.outside = vec!["torn".into()];
    assert_eq!(found(&log), [(Code::Unreadable, None, None)]);
    let body = log.stored[1].note.body.replace("oakhill", "elmhill");
    log.outside = vec![Note { signatures: vec![key().sign(&body, 0)], body }.to_text()];
    assert_eq!(found(&log), [(Code::OtherLog, None, None)]);
}

#[test]
fn heads_and_administrations() {
    let mut log = sound();
    log.head.size -= 1;
    assert_eq!(found(&log), one(Code::HeadSize, 699));
    let mut log = sound();
    log.head.frontier.pop();
    assert_eq!(found(&log), [(Code::HeadFrontier, Some(650), Some(699))]);

    let mut log = sound();
    log.administrations.insert(Uuid::from_u128(1));
    log.administrations.remove(&Uuid::from_u128(9));
    let want = [
        (Code::AdministrationWithoutLeaf, None, None),
        (Code::LeafWithoutAdministration, Some(9), None),
    ];
    assert_eq!(found(&log), want);
    let mut twice = leaves(SIZE);
    twice[10] = leaf(9, "again");
    assert_eq!(found(&write(&twice)), one(Code::AdministrationTwice, 10));
}

#[test]
fn codes_and_exit_codes_are_apart() {
    let exits: BTreeSet<u8> = Code::ALL.iter().map(|code| code.exit_code()).collect();
    let words: BTreeSet<&str> = Code::ALL.iter().map(|code| code.as_str()).collect();
    assert_eq!((exits.len(), words.len()), (Code::ALL.len(), Code::ALL.len()));
    assert_eq!((exits.first(), exits.last()), (Some(&10), Some(&28)));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn every_flip_is_found(class in 0..7_u8, at in any::<u32>(), bit in 0..8_u8) {
        let mut log = SOUND.with(Clone::clone);
        let at = at as usize;
        let row = at % log.rows.len();
        let flip = |bytes: &mut [u8]| {
            let at = (at / 701) % bytes.len();
            bytes[at] ^= 1 << bit;
        };
        let want = match class {
            0 => { flip(&mut log.rows[row].1); Code::LeafChanged }
            1 => { flip(&mut log.rows[row].2); Code::LeafHashChanged }
            2 => { flip(log.tiles.values_mut().nth(at % 2).unwrap()); Code::TileWrong }
            3 => { flip(&mut log.head.frontier); Code::HeadFrontier }
            4 => { flip(&mut log.stored[at % 6].root); Code::CheckpointRow }
            5 => { flip(&mut log.stored[at % 6].note.signatures[0].bytes); Code::Signature }
            _ => {
                let text = &mut log.outside[at % 2];
                let mut bytes = text.clone().into_bytes();
                flip(&mut bytes);
                *text = String::from_utf8_lossy(&bytes).into_owned();
                Code::Signature
            }
        };
        log.keys = class > 3;
        let report = verify(&log);
        let seen: Vec<Code> = report.findings.iter().map(|f| f.code).collect();
        if class < 2 {
            prop_assert_eq!((seen[0], report.findings[0].first), (want, Some(row as u64)));
        } else if class == 6 {
            prop_assert!(matches!(seen[..], [Code::Signature | Code::Unreadable]), "{seen:?}");
        } else {
            prop_assert_eq!(seen, vec![want]);
        }
        prop_assert!(report.exit_code() >= 10);
    }
}

thread_local! {
    static SOUND: Log = sound();
}
