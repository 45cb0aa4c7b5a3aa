//! The walk: pages of a log through the verifier, each row once.

use std::collections::{BTreeSet, VecDeque};

use emar_domain::audit::note::VerifyKey;
use emar_domain::audit::tile::{TILE_LEVELS, TILE_WIDTH, TileId};
use emar_domain::audit::verify::{Report, Row, Stored, Verifier};

use super::evidence::Evidence;
use super::source::Source;

/// Tiles of a page: 8 KiB each.
const TILES: u32 = 64;

/// What a walk came to.
pub(super) struct Walked {
    pub(super) facility: String,
    pub(super) log: String,
    pub(super) keys: Vec<String>,
    /// Checkpoints kept outside the database that were read.
    pub(super) outside: u64,
    /// What limits the worth of the answer.
    pub(super) notes: Vec<String>,
    pub(super) report: Report,
}

/// Stored checkpoints, one ahead, so that the newest is known as such.
#[derive(Default)]
struct Checkpoints {
    page: VecDeque<Stored>,
    ended: bool,
}

impl Checkpoints {
    /// The next one of at most `size` leaves, and whether it is the newest.
    async fn next(
        &mut self,
        source: &mut Source,
        size: u64,
    ) -> anyhow::Result<Option<(Stored, bool)>> {
        while self.page.len() < 2 && !self.ended {
            let more = source.next_checkpoints().await?;
            self.ended = more.is_empty();
            self.page.extend(more);
        }
        let next = self.page.pop_front_if(|row| row.size <= size);
        Ok(next.map(|row| (row, self.page.is_empty())))
    }
}

/// Walks a log, held against the checkpoints kept `outside`.
pub(super) async fn walk(
    source: &mut Source,
    keys: &[VerifyKey],
    outside: Vec<Evidence>,
    notes: Vec<String>,
) -> anyhow::Result<Walked> {
    let mut verifier = Verifier::new(source.log(), keys, &[], &[]);
    let mut told = 0;
    for evidence in outside {
        evidence.each(|text| {
            told += 1;
            verifier.outside(text);
        })?;
    }
    // A tile above the lowest covers 65,536 leaves and more: few, so all of them at once.
    for level in 1..TILE_LEVELS {
        tiles(source, &mut verifier, level, 0, u64::MAX).await?;
    }
    let mut checkpoints = Checkpoints::default();
    let mut tile = 0;
    loop {
        let leaves = source.next_leaves().await?;
        // After the last leaf come the checkpoints and tiles that promise more.
        let end = leaves.last().map_or(u64::MAX, |row| row.seq.saturating_add(1));
        while let Some((row, newest)) = checkpoints.next(source, end).await? {
            verifier.stored(&row, newest);
        }
        tile = tiles(source, &mut verifier, 0, tile, end.div_ceil(TILE_WIDTH)).await?;
        if leaves.is_empty() {
            break;
        }
        for row in &leaves {
            verifier.row(Row { seq: row.seq, leaf: &row.leaf, leaf_hash: &row.leaf_hash });
        }
    }
    let mut administrations = BTreeSet::new();
    loop {
        let more = source.next_administrations().await?;
        if more.is_empty() {
            break;
        }
        administrations.extend(more);
    }
    let report = verifier.finish(&source.head().await?, Some(&administrations));
    Ok(Walked {
        facility: source.facility().to_owned(),
        log: source.log().to_owned(),
        keys: keys.iter().map(VerifyKey::to_vkey).collect(),
        outside: told,
        notes,
        report,
    })
}

/// Gives the verifier tiles `from..to` of a level; where to go on.
async fn tiles(
    source: &mut Source,
    verifier: &mut Verifier,
    level: u8,
    mut from: u64,
    to: u64,
) -> anyhow::Result<u64> {
    while from < to {
        let most = u32::try_from(to - from).unwrap_or(u32::MAX).min(TILES);
        let page = source.tiles(level, from, most).await?;
        let Some((last, _)) = page.last() else { break };
        let last = *last;
        for (index, bytes) in page.into_iter().take_while(|(index, _)| *index < to) {
            verifier.tile(TileId { level, index }, &bytes);
            from = index + 1;
        }
        // Where one is missing, a page reaches beyond `to`.
        if last >= to {
            break;
        }
    }
    Ok(from)
}
