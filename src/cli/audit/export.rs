//! An export: the log as files, laid out as in C2SP tlog-tiles (docs/audit.md).

use std::fs::File;
use std::io::{BufRead as _, BufReader, BufWriter, Lines, Read as _, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail, ensure};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use emar_domain::audit::leaf::LEAF_BYTES_MAX;
use emar_domain::audit::note::{Note, Signature, VerifyKey};
use emar_domain::audit::tile::{TILE_BYTES, TILE_LEVELS, TILE_WIDTH, TileId};
use emar_domain::audit::tree::leaf_hash;
use emar_domain::audit::verify::{Head, Stored};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::evidence::Evidence;
use super::source::Database;
use crate::store::LeafRow;
use crate::worker::checkpoint::FILE;

const FORMAT: u32 = 1;
/// Written last: a folder without it is not whole.
const ABOUT: &str = "log.json";
const CHECKPOINT: &str = "checkpoint";
const CHECKPOINTS: &str = "checkpoints.jsonl";
const ADMINISTRATIONS: &str = "administrations";
const TILES: u32 = 64;

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct About {
    format: u32,
    facility: String,
    log: String,
    /// Leaves in the bundles.
    leaves: u64,
    /// As the head says.
    size: u64,
    /// Its frontier, base64.
    frontier: String,
    vkey: Option<String>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Line {
    size: u64,
    root: String,
    body: String,
    signatures: Vec<SignatureLine>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct SignatureLine {
    name: String,
    key_id: [u8; 4],
    signature: String,
}

/// The bundle of the 256 leaves from `index * 256` on; `width`: of so many, when it is not full.
fn bundle(index: u64, width: u64) -> String {
    let path = TileId { level: 0, index }.path().replacen("tile/0/", "tile/entries/", 1);
    if width == TILE_WIDTH { path } else { format!("{path}.p/{width}") }
}

fn put(out: &Path, name: &str, bytes: &[u8]) -> anyhow::Result<()> {
    let path = out.join(name);
    let write = || -> std::io::Result<()> {
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder)?;
        }
        let mut file = File::create_new(&path)?;
        file.write_all(bytes)?;
        file.sync_all()
    };
    write().with_context(|| format!("{} cannot be written", path.display()))
}

/// Writes a log into a new folder; how many leaves.
pub(super) async fn write(
    source: &mut Database,
    key: Option<&VerifyKey>,
    evidence: Option<Evidence>,
    out: &Path,
) -> anyhow::Result<u64> {
    std::fs::create_dir_all(out).with_context(|| out.display().to_string())?;
    let empty = std::fs::read_dir(out)?.next().is_none();
    ensure!(empty, "{} is not empty; name a new folder", out.display());
    if let Some(evidence) = evidence {
        let mut kept = Vec::new();
        evidence.into_reader().read_to_end(&mut kept)?;
        put(out, FILE, &kept)?;
    }
    let leaves = write_leaves(source, out).await?;
    for level in 0..TILE_LEVELS {
        let mut from = 0;
        loop {
            let page = source.tiles(level, from, TILES).await?;
            let Some((last, _)) = page.last() else { break };
            from = last + 1;
            for (index, bytes) in &page {
                put(out, &TileId { level, index: *index }.path(), bytes)?;
            }
        }
    }
    write_checkpoints(source, out).await?;
    let file = File::create_new(out.join(ADMINISTRATIONS))?;
    let mut ids = BufWriter::new(file);
    loop {
        let page = source.next_administrations().await?;
        if page.is_empty() {
            break;
        }
        for id in page {
            writeln!(ids, "{id}")?;
        }
    }
    ids.into_inner()?.sync_all()?;
    let head = source.head().await?;
    let about = About {
        format: FORMAT,
        facility: source.facility().to_owned(),
        log: source.log().to_owned(),
        leaves,
        size: head.size,
        frontier: STANDARD.encode(&head.frontier),
        vkey: key.map(VerifyKey::to_vkey),
    };
    put(out, ABOUT, &serde_json::to_vec_pretty(&about)?)?;
    Ok(leaves)
}

async fn write_leaves(source: &mut Database, out: &Path) -> anyhow::Result<u64> {
    let (mut count, mut pending) = (0, Vec::new());
    loop {
        let page = source.next_leaves().await?;
        if page.is_empty() {
            break;
        }
        for row in page {
            if row.seq != count {
                bail!(
                    "leaf {count} is missing, so the log cannot be exported: run `emar audit \
                     verify` on the database, and keep a copy of the database itself"
                );
            }
            let length = u16::try_from(row.leaf.len());
            let length = length.with_context(|| format!("leaf {count} is too long"))?;
            pending.extend(length.to_be_bytes());
            pending.extend(&row.leaf);
            count += 1;
            if count % TILE_WIDTH == 0 {
                put(out, &bundle(count / TILE_WIDTH - 1, TILE_WIDTH), &pending)?;
                pending.clear();
            }
        }
    }
    if !pending.is_empty() {
        put(out, &bundle(count / TILE_WIDTH, count % TILE_WIDTH), &pending)?;
    }
    Ok(count)
}

async fn write_checkpoints(source: &mut Database, out: &Path) -> anyhow::Result<()> {
    let mut lines = BufWriter::new(File::create_new(out.join(CHECKPOINTS))?);
    let mut newest = None;
    loop {
        let page = source.next_checkpoints().await?;
        if page.is_empty() {
            break;
        }
        for row in page {
            let signed = |line: &Signature| SignatureLine {
                name: line.name.clone(),
                key_id: line.key_id,
                signature: STANDARD.encode(&line.bytes),
            };
            let line = Line {
                size: row.size,
                root: STANDARD.encode(&row.root),
                body: row.note.body.clone(),
                signatures: row.note.signatures.iter().map(signed).collect(),
            };
            writeln!(lines, "{}", serde_json::to_string(&line)?)?;
            newest = Some(row.note);
        }
    }
    lines.into_inner()?.sync_all()?;
    match newest {
        Some(note) => put(out, CHECKPOINT, note.to_text().as_bytes()),
        None => Ok(()),
    }
}

/// An export being read.
pub(super) struct Reader {
    folder: PathBuf,
    about: About,
    leaf: u64,
    checkpoints: Lines<BufReader<File>>,
    administrations: Lines<BufReader<File>>,
}

fn lines(folder: &Path, name: &str) -> anyhow::Result<Lines<BufReader<File>>> {
    let path = folder.join(name);
    let file = File::open(&path).with_context(|| format!("{} cannot be read", path.display()))?;
    Ok(BufReader::new(file).lines())
}

impl Reader {
    pub(super) fn open(folder: &Path) -> anyhow::Result<Self> {
        let path = folder.join(ABOUT);
        let text = std::fs::read_to_string(&path).with_context(|| {
            format!("{} cannot be read: {} is no whole export", path.display(), folder.display())
        })?;
        let about: About =
            serde_json::from_str(&text).with_context(|| path.display().to_string())?;
        ensure!(about.format == FORMAT, "{}: a newer emar made this export", path.display());
        Ok(Self {
            folder: folder.to_owned(),
            about,
            leaf: 0,
            checkpoints: lines(folder, CHECKPOINTS)?,
            administrations: lines(folder, ADMINISTRATIONS)?,
        })
    }

    pub(super) fn facility(&self) -> &str {
        &self.about.facility
    }

    pub(super) fn log(&self) -> &str {
        &self.about.log
    }

    pub(super) fn key(&self) -> Option<VerifyKey> {
        self.about.vkey.as_deref().and_then(|text| VerifyKey::from_vkey(text).ok())
    }

    pub(super) fn head(&self) -> anyhow::Result<Head> {
        let frontier = STANDARD.decode(&self.about.frontier).context("the head's frontier")?;
        Ok(Head { size: self.about.size, frontier })
    }

    /// The leaves of the next bundle; a bundle that is not there is a gap.
    pub(super) fn next_leaves(&mut self) -> anyhow::Result<Vec<LeafRow>> {
        while self.leaf < self.about.leaves {
            let (first, width) = (self.leaf, TILE_WIDTH.min(self.about.leaves - self.leaf));
            self.leaf += width;
            let name = bundle(first / TILE_WIDTH, width);
            let most = TILE_WIDTH * (LEAF_BYTES_MAX + 2);
            let Some(bytes) = self.read(&name, most)? else { continue };
            let rows = read_bundle(first, &bytes).with_context(|| format!("{name} is damaged"))?;
            ensure!(rows.len() as u64 <= width, "{name} holds more than {width} leaves");
            if !rows.is_empty() {
                return Ok(rows);
            }
        }
        Ok(Vec::new())
    }

    fn read(&self, name: &str, most: u64) -> anyhow::Result<Option<Vec<u8>>> {
        let path = self.folder.join(name);
        let mut bytes = Vec::new();
        match File::open(&path).and_then(|file| file.take(most).read_to_end(&mut bytes)) {
            Ok(_) => Ok(Some(bytes)),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error).with_context(|| path.display().to_string()),
        }
    }

    pub(super) fn tiles(
        &self,
        level: u8,
        from: u64,
        most: u32,
    ) -> anyhow::Result<Vec<(u64, Vec<u8>)>> {
        let span = TILE_WIDTH.checked_pow(u32::from(level) + 1);
        let full = span.map_or(0, |span| self.about.leaves / span);
        let mut found = Vec::new();
        for index in from..full.min(from.saturating_add(u64::from(most))) {
            if let Some(bytes) = self.read(&TileId { level, index }.path(), TILE_BYTES + 1)? {
                found.push((index, bytes));
            }
        }
        Ok(found)
    }

    pub(super) fn next_checkpoints(&mut self) -> anyhow::Result<Vec<Stored>> {
        let Some(line) = self.checkpoints.next() else { return Ok(Vec::new()) };
        let read = |text: &str| -> anyhow::Result<Stored> {
            let line: Line = serde_json::from_str(text)?;
            let mut signatures = Vec::new();
            for signed in line.signatures {
                let bytes = STANDARD.decode(&signed.signature)?;
                signatures.push(Signature { name: signed.name, key_id: signed.key_id, bytes });
            }
            let note = Note { body: line.body, signatures };
            Ok(Stored { size: line.size, root: STANDARD.decode(&line.root)?, note })
        };
        Ok(vec![read(&line?).with_context(|| format!("{CHECKPOINTS} is damaged"))?])
    }

    pub(super) fn next_administrations(&mut self) -> anyhow::Result<Vec<Uuid>> {
        let Some(line) = self.administrations.next() else { return Ok(Vec::new()) };
        let line = line?;
        let id = Uuid::parse_str(&line).with_context(|| format!("{ADMINISTRATIONS} is damaged"))?;
        Ok(vec![id])
    }
}

fn read_bundle(first: u64, mut bytes: &[u8]) -> anyhow::Result<Vec<LeafRow>> {
    let mut rows = Vec::new();
    while let Some((length, rest)) = bytes.split_first_chunk::<2>() {
        let length = usize::from(u16::from_be_bytes(*length));
        let (leaf, rest) = rest.split_at_checked(length).context("its last leaf is cut off")?;
        bytes = rest;
        let leaf_hash = leaf_hash(leaf).as_bytes().to_vec();
        rows.push(LeafRow { seq: first + rows.len() as u64, leaf: leaf.to_vec(), leaf_hash });
    }
    ensure!(bytes.is_empty(), "a single byte is left over");
    Ok(rows)
}
