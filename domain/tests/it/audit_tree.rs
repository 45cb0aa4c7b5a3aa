//! The Merkle tree against RFC 6962's test log, a naive recursion and the second implementation
//! in `tests/faults/merkle_oracle.py`.
#![allow(clippy::unwrap_used)]

use emar_domain::audit::proof::{
    HashSource, Node, consistency_proof, consistency_ranges, inclusion_proof, inclusion_ranges,
};
use emar_domain::audit::tile::{Tile, TileId, Tiles, filled};
use emar_domain::audit::tree::{
    Frontier, FrontierError, Hash, ProofError, empty_root, leaf_hash, node_hash,
    verify_consistency, verify_inclusion,
};
use proptest::prelude::*;
use sha2::{Digest, Sha256};

fn naive(leaves: &[Hash]) -> Hash {
    match leaves {
        [] => empty_root(),
        [one] => *one,
        _ => {
            let (left, right) = leaves.split_at(leaves.len().next_power_of_two() / 2);
            node_hash(&naive(left), &naive(right))
        }
    }
}

fn numbered(count: u64) -> Vec<Hash> {
    (0..count).map(|n| leaf_hash(n.to_string().as_bytes())).collect()
}

fn first(leaves: &[Hash], count: u64) -> &[Hash] {
    &leaves[..usize::try_from(count).unwrap()]
}

fn frontier(leaves: &[Hash]) -> Frontier {
    let mut grown = Frontier::new();
    grown.append_all(leaves);
    grown
}

/// The eight leaves of the certificate-transparency test log and its published roots.
#[test]
fn published_roots() {
    let leaves: [&[u8]; 8] = [
        b"",
        &[0x00],
        &[0x10],
        &[0x20, 0x21],
        &[0x30, 0x31],
        b"@ABC",
        b"PQRSTUVW",
        b"`abcdefghijklmno",
    ];
    let roots = [
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
        "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
        "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
        "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
        "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
        "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
        "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
    ];
    let mut grown = Frontier::new();
    for (size, root) in roots.iter().enumerate() {
        assert_eq!(grown.root().to_string(), *root, "size {size}");
        if let Some(leaf) = leaves.get(size) {
            grown.append(leaf_hash(leaf));
        }
    }
}

/// Every proof of every size up to 129, byte for byte what the Python oracle makes: SHA-256 over
/// root, inclusion proofs and consistency proofs of each size in turn.
#[test]
fn same_proofs_as_the_oracle() {
    let all = numbered(129);
    let mut digest = Sha256::new();
    let mut hashes = 0_u64;
    for size in 1..=129_u64 {
        let leaves = first(&all, size);
        digest.update(frontier(leaves).root().0);
        let mut add = |proof: Vec<Hash>| {
            hashes += proof.len() as u64;
            proof.iter().for_each(|hash| digest.update(hash.0));
        };
        (0..size).for_each(|index| add(inclusion_proof(index, size, leaves).unwrap()));
        (1..size).for_each(|old| add(consistency_proof(old, size, leaves).unwrap()));
    }
    let got = Hash(digest.finalize().into()).to_string();
    let want = "eab126e40e815b11ffe700ca6408ce05dcf0e8e27c9a54e96f2c5f41f34ea7bb";
    assert_eq!((got.as_str(), hashes), (want, 108_281));
}

#[test]
fn empty_tree_and_ranges_are_refused() {
    let (one, root) = (numbered(1), numbered(1)[0]);
    let empty = empty_root();
    assert_eq!(verify_consistency(0, 1, &[], &empty, &root), Err(ProofError::FromEmpty));
    assert_eq!(verify_consistency(0, 0, &[], &empty, &empty), Err(ProofError::FromEmpty));
    assert_eq!(verify_consistency(2, 1, &[], &root, &root), Err(ProofError::Range));
    assert_eq!(verify_consistency(1, 1, &[], &root, &root), Ok(()));
    assert_eq!(verify_consistency(1, 1, &[root], &root, &root), Err(ProofError::Length));
    assert_eq!(verify_consistency(1, 2, &[], &root, &root), Err(ProofError::Length));
    assert_eq!(verify_inclusion(&one[0], 1, 1, &[], &root), Err(ProofError::Range));
    assert_eq!(verify_inclusion(&one[0], 0, 1, &[], &root), Ok(()));
    assert!(inclusion_ranges(1, 1).is_empty() && consistency_ranges(0, 9).is_empty());
    assert_eq!(inclusion_proof(1, 1, one.as_slice()), None);
    assert_eq!(consistency_proof(2, 1, one.as_slice()), None);
}

#[test]
fn a_stored_frontier_is_checked() {
    let grown = frontier(&numbered(7));
    assert_eq!(Frontier::from_bytes(7, &grown.to_bytes()), Ok(grown.clone()));
    let short = Frontier::from_bytes(7, &grown.to_bytes()[1..]);
    assert_eq!(short, Err(FrontierError::Length { size: 7, want: 96, got: 95 }));
    assert_eq!(Frontier::from_bytes(u64::MAX, &[]), Err(FrontierError::Size(u64::MAX)));
    assert!(Frontier::from_bytes(8, &grown.to_bytes()).is_err());
}

#[test]
fn tiles_fill_and_are_named() {
    assert_eq!(filled(0, 255), []);
    assert_eq!(filled(255, 256), [TileId { level: 0, index: 0 }]);
    assert_eq!(filled(256, 256), []);
    let grown = filled(65_000, 65_536 + 256);
    assert_eq!(grown.len(), 5);
    assert_eq!(grown[4], TileId { level: 1, index: 0 });
    assert_eq!(TileId { level: 0, index: 1_234_067 }.path(), "tile/0/x001/x234/067");
    assert_eq!(TileId { level: 2, index: 7 }.path(), "tile/2/007");
    assert_eq!(TileId { level: 1, index: 3 }.first_leaf(2), Some((3 * 256 + 2) * 256));
    assert_eq!(Tile::from_bytes(&[0; 8191]), None);
}

/// Proofs read from tiles and the tail are those read from all leaves.
#[test]
fn tiles_give_the_same_proofs() {
    let size = 256 * 256 + 256 + 3;
    let leaves = numbered(size);
    let mut tiles = Tiles::default();
    for id in filled(0, size) {
        let tile = id.read(&tiles).or_else(|| id.read(leaves.as_slice())).unwrap();
        tiles.add_tile(id, Tile::from_bytes(&tile.to_bytes()).unwrap());
    }
    (size - 3..size).for_each(|n| tiles.add_leaf(n, leaves[usize::try_from(n).unwrap()]));
    let root = frontier(&leaves).root();
    for index in [0, 255, 256, 65_535, 65_536, size - 4, size - 1] {
        let proof = inclusion_proof(index, size, &tiles).unwrap();
        let leaf = leaves[usize::try_from(index).unwrap()];
        assert_eq!(verify_inclusion(&leaf, index, size, &proof, &root), Ok(()));
    }
    for old in [1, 255, 257, 65_536, size - 1] {
        let old_root = frontier(first(&leaves, old)).root();
        let proof = consistency_proof(old, size, &tiles).unwrap();
        assert_eq!(verify_consistency(old, size, &proof, &old_root, &root), Ok(()));
    }
    assert_eq!(tiles.node(Node { level: 0, index: size }), None);
}

proptest! {
    #[test]
    fn frontier_is_the_naive_root(size in 0_u64..700, cut in 0_u64..700) {
        let leaves = numbered(size);
        let cut = usize::try_from(cut.min(size)).unwrap();
        let mut grown = frontier(&leaves[..cut]);
        grown = Frontier::from_bytes(grown.size(), &grown.to_bytes()).unwrap();
        grown.append_all(&leaves[cut..]);
        prop_assert_eq!(grown.root(), naive(&leaves));
        prop_assert_eq!(grown.size(), size);
    }

    #[test]
    fn proofs_hold_and_changed_ones_do_not(
        size in 2_u64..600, at in 0_u64..600, flip in any::<(u16, u8)>(),
    ) {
        let leaves = numbered(size);
        let (index, old) = (at % size, 1 + at % (size - 1));
        let (root, old_root) = (naive(&leaves), naive(first(&leaves, old)));
        let leaf = leaves[usize::try_from(index).unwrap()];
        let inside = inclusion_proof(index, size, leaves.as_slice()).unwrap();
        let grows = consistency_proof(old, size, leaves.as_slice()).unwrap();
        prop_assert_eq!(verify_inclusion(&leaf, index, size, &inside, &root), Ok(()));
        prop_assert_eq!(verify_consistency(old, size, &grows, &old_root, &root), Ok(()));

        let spoil = |proof: &[Hash]| {
            let mut bad = proof.to_vec();
            let at = usize::from(flip.0) % (bad.len() * 32);
            bad[at / 32].0[at % 32] ^= 1 << (flip.1 % 8);
            bad
        };
        let longer = |proof: &[Hash]| [proof, &[root]].concat();
        for bad in [spoil(&inside), longer(&inside), inside[1..].to_vec()] {
            prop_assert!(verify_inclusion(&leaf, index, size, &bad, &root).is_err());
        }
        for bad in [spoil(&grows), longer(&grows), grows[1..].to_vec()] {
            prop_assert!(verify_consistency(old, size, &bad, &old_root, &root).is_err());
        }
        prop_assert!(verify_consistency(old, size, &grows, &root, &old_root).is_err());
    }
}
