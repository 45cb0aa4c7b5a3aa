//! A strictly durable store for scans that got no answer in time.
//!
//! One append-only file, `scans.spool`. A record is `length u32 | crc32 u32 | JSON`, numbers
//! little-endian, the checksum over length and JSON. A scan counts as kept once `fsync`
//! returned. A record cut short by a crash is cut off at the next start; anything else that
//! does not read is set aside in a file of its own and reported, never thrown away.

use std::collections::VecDeque;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use emar_wire::payload::Scan;
use rustix::fs::{FallocateFlags, fallocate};
use rustix::io::Errno;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

const FILE: &str = "scans.spool";
const HEAD_BYTES: usize = 8;
/// Longest JSON of one record: a scan of 4096 bytes, each escaped to six, and its fields.
const RECORD_BYTES_MAX: usize = 32 * 1024;

/// Taken up on the disk ahead of what is written, so that a disk that others fill is noticed
/// before a scan needs it: more than a cart scans between two looks.
const ROOM_BYTES: u64 = 2 * RECORD_BYTES_MAX as u64;

/// What can go wrong with the spool.
#[derive(Debug, thiserror::Error)]
pub enum SpoolError {
    /// The file or its folder refuses.
    #[error("the spool at {path} could not be {what}: {why}; check the disk and its rights")]
    Io {
        /// Which file.
        path: PathBuf,
        /// What was tried.
        what: &'static str,
        /// What the operating system said.
        #[source]
        why: io::Error,
    },
    /// Another process holds the spool.
    #[error("the spool at {0} is in use by another bridge; stop that one or name another folder")]
    InUse(PathBuf),
    /// The spool holds as much as it may.
    #[error("the spool holds {bytes} bytes, its limit; it empties once the server answers")]
    Full {
        /// Size of what is kept.
        bytes: u64,
    },
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Record {
    Scan(Scan),
    Answered(Uuid),
}

/// The open spool. Holds the file's lock until dropped.
#[derive(Debug)]
pub struct Spool {
    path: PathBuf,
    file: File,
    bytes: u64,
    bytes_max: u64,
    /// Whether the file holds what is answered already.
    stale: bool,
    /// Whether the last write failed. What a failed `fsync` left in the file is not known, so only
    /// a new file tells that the disk is good again.
    refused: bool,
    kept: VecDeque<Scan>,
}

impl Spool {
    /// Opens or creates the spool in `directory` and reads what waits there.
    ///
    /// # Errors
    /// [`SpoolError::InUse`] when another process holds it, else what the disk said.
    pub fn open(directory: &Path, bytes_max: u64) -> Result<Self, SpoolError> {
        let path = directory.join(FILE);
        let failed = |what| {
            let path = path.clone();
            move |why| SpoolError::Io { path, what, why }
        };
        fs::create_dir_all(directory).map_err(failed("created"))?;
        let mut file = open(&path, false).map_err(failed("opened"))?;
        match file.try_lock() {
            Ok(()) => {}
            Err(fs::TryLockError::WouldBlock) => return Err(SpoolError::InUse(path)),
            Err(fs::TryLockError::Error(why)) => return Err(failed("locked")(why)),
        }
        sync_folder(directory).map_err(failed("synced"))?;
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes).map_err(failed("read"))?;
        let (records, good) = parse(&bytes);
        if good < bytes.len() {
            set_aside(&path, &bytes, good).map_err(failed("set aside"))?;
            file.set_len(good as u64).map_err(failed("cut"))?;
            file.sync_all().map_err(failed("synced"))?;
        }
        let (bytes, kept) = (good as u64, VecDeque::new());
        let mut spool = Self { path, file, bytes, bytes_max, stale: true, refused: false, kept };
        for record in records {
            match record {
                Record::Scan(scan) => spool.kept.push_back(scan),
                Record::Answered(id) => spool.kept.retain(|scan| scan.scan_id != id),
            }
        }
        Ok(spool)
    }

    /// The scans kept and not yet answered, oldest first.
    pub fn kept(&self) -> impl Iterator<Item = &Scan> {
        self.kept.iter()
    }

    /// Sees that the next scans have room, under the limit and on the disk, and takes it up.
    ///
    /// # Errors
    /// [`SpoolError::Full`], or what the disk said; then a scan would not be kept.
    pub fn make_room(&mut self) -> Result<(), SpoolError> {
        if self.refused || self.bytes + ROOM_BYTES > self.bytes_max && self.stale {
            self.compact()?;
        }
        if self.bytes + ROOM_BYTES > self.bytes_max {
            return Err(SpoolError::Full { bytes: self.bytes });
        }
        match fallocate(&self.file, FallocateFlags::KEEP_SIZE, self.bytes, ROOM_BYTES) {
            // Not every file system can; there the write itself will tell.
            Ok(()) | Err(Errno::OPNOTSUPP | Errno::NOSYS) => Ok(()),
            Err(why) => Err(self.failed("given room", why.into())),
        }
    }

    /// Keeps `scan`; on return it survives a crash.
    ///
    /// # Errors
    /// [`SpoolError::Full`], or what the disk said; then the scan is not kept.
    pub fn keep(&mut self, scan: &Scan) -> Result<(), SpoolError> {
        let bytes = encode(&Record::Scan(scan.clone()));
        if self.refused || self.bytes + bytes.len() as u64 > self.bytes_max {
            self.compact()?;
        }
        if self.bytes + bytes.len() as u64 > self.bytes_max {
            return Err(SpoolError::Full { bytes: self.bytes });
        }
        self.append(&bytes)?;
        self.sync()?;
        self.kept.push_back(scan.clone());
        Ok(())
    }

    /// Forgets the scan with `scan_id`: the server answered it. Unknown ids are nothing.
    ///
    /// # Errors
    /// What the disk said; the scan may then be sent once more, which the server tells by its id.
    pub fn answered(&mut self, scan_id: Uuid) -> Result<(), SpoolError> {
        let before = self.kept.len();
        self.kept.retain(|scan| scan.scan_id != scan_id);
        if self.kept.len() == before {
            return Ok(());
        }
        if self.kept.is_empty() {
            return self.cut_to(0);
        }
        if self.refused {
            // Left out of the new file.
            return Ok(());
        }
        self.stale = true;
        self.append(&encode(&Record::Answered(scan_id)))
    }

    fn append(&mut self, bytes: &[u8]) -> Result<(), SpoolError> {
        let written =
            self.file.seek(SeekFrom::Start(self.bytes)).and_then(|_| self.file.write_all(bytes));
        if let Err(why) = written {
            self.refused = true;
            // Half a record in front of the next one would hide it from the next start.
            let at = self.bytes;
            self.cut_to(at)?;
            return Err(self.failed("written", why));
        }
        self.bytes += bytes.len() as u64;
        Ok(())
    }

    fn sync(&mut self) -> Result<(), SpoolError> {
        let synced = self.file.sync_data();
        self.refused |= synced.is_err();
        synced.map_err(|why| self.failed("synced", why))
    }

    fn cut_to(&mut self, bytes: u64) -> Result<(), SpoolError> {
        let cut = self.file.set_len(bytes).and_then(|()| self.file.sync_all());
        self.refused |= cut.is_err();
        cut.map_err(|why| self.failed("cut", why))?;
        self.bytes = bytes;
        Ok(())
    }

    /// Writes a new file with what is still kept: answered scans cost no room in it, and no write
    /// that failed leaves a hole.
    fn compact(&mut self) -> Result<(), SpoolError> {
        let beside = self.path.with_extension("new");
        let bytes: Vec<u8> =
            self.kept.iter().flat_map(|scan| encode(&Record::Scan(scan.clone()))).collect();
        let made = (|| {
            let mut file = open(&beside, true)?;
            file.lock()?;
            file.write_all(&bytes)?;
            file.sync_all()?;
            fs::rename(&beside, &self.path)?;
            self.path.parent().map_or(Ok(()), sync_folder)?;
            Ok(file)
        })();
        if made.is_err() {
            // Half a file would take room; and the old one may be no part of the folder any more.
            self.refused = true;
            let _ = fs::remove_file(&beside);
        }
        self.file = made.map_err(|why| self.failed("compacted", why))?;
        self.bytes = bytes.len() as u64;
        (self.stale, self.refused) = (false, false);
        Ok(())
    }

    fn failed(&self, what: &'static str, why: io::Error) -> SpoolError {
        SpoolError::Io { path: self.path.clone(), what, why }
    }
}

/// Scans can be wristbands: nobody else may read them.
fn open(path: &Path, empty: bool) -> io::Result<File> {
    OpenOptions::new().read(true).write(true).create(true).truncate(empty).mode(0o600).open(path)
}

fn sync_folder(directory: &Path) -> io::Result<()> {
    File::open(directory)?.sync_all()
}

/// Keeps a copy of what could not be read, unless it is only a record the crash cut short.
fn set_aside(path: &Path, bytes: &[u8], good: usize) -> io::Result<()> {
    let rest = &bytes[good..];
    tracing::warn!(at = good, bytes = rest.len(), "spool: the end does not read; cut off");
    if rest.len() < HEAD_BYTES || rest.iter().all(|byte| *byte == 0) || cut_short(rest) {
        return Ok(());
    }
    let aside = path.with_extension(format!("damaged-{good}"));
    tracing::error!(file = %aside.display(), "spool: damaged records set aside for a person");
    let mut file = open(&aside, true)?;
    file.write_all(rest)?;
    file.sync_all()
}

fn cut_short(rest: &[u8]) -> bool {
    word(rest, 0).is_some_and(|length| {
        let length = length as usize;
        length <= RECORD_BYTES_MAX && rest.len() < HEAD_BYTES + length
    })
}

/// The records up to the first that does not read, and where that one starts.
fn parse(bytes: &[u8]) -> (Vec<Record>, usize) {
    let mut records = Vec::new();
    let mut at = 0;
    while let Some((record, end)) = parse_one(bytes, at) {
        records.push(record);
        at = end;
    }
    (records, at)
}

fn parse_one(bytes: &[u8], at: usize) -> Option<(Record, usize)> {
    let length = word(bytes, at)?;
    let check = word(bytes, at + 4)?;
    let start = at + HEAD_BYTES;
    let end = start + usize::try_from(length).ok().filter(|n| *n <= RECORD_BYTES_MAX)?;
    let json = bytes.get(start..end)?;
    if check != checksum(length, json) {
        return None;
    }
    serde_json::from_slice(json).ok().map(|record| (record, end))
}

fn word(bytes: &[u8], at: usize) -> Option<u32> {
    bytes.get(at..at + 4)?.try_into().ok().map(u32::from_le_bytes)
}

fn encode(record: &Record) -> Vec<u8> {
    // Cannot fail: strings, numbers and a uuid; and 4096 bytes of scan never reach the limit.
    let json = serde_json::to_vec(record).unwrap_or_default();
    let length = u32::try_from(json.len()).unwrap_or(u32::MAX);
    let mut bytes = length.to_le_bytes().to_vec();
    bytes.extend(checksum(length, &json).to_le_bytes());
    bytes.extend(json);
    bytes
}

/// CRC-32 (IEEE 802.3, reflected) over length and content, so that a run of zeros is no record.
fn checksum(length: u32, json: &[u8]) -> u32 {
    let step = |crc: u32, byte: &u8| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| {
            if crc & 1 == 1 { (crc >> 1) ^ 0xEDB8_8320 } else { crc >> 1 }
        })
    };
    !length.to_le_bytes().iter().chain(json).fold(u32::MAX, step)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scan(number: u128) -> Scan {
        let raw = format!("]C1{number}");
        Scan { scan_id: Uuid::from_u128(number), raw, at: 1, ..Scan::default() }
    }

    fn ids(spool: &Spool) -> Vec<u128> {
        spool.kept().map(|scan| scan.scan_id.as_u128()).collect()
    }

    const ROOM: u64 = 1 << 20;

    #[test]
    fn crc_is_the_ieee_one() {
        // "123456789" with its first four bytes taken as the length word.
        assert_eq!(checksum(u32::from_le_bytes(*b"1234"), b"56789"), 0xCBF4_3926);
    }

    #[test]
    fn kept_scans_survive_until_answered() {
        let folder = tempfile::tempdir().unwrap();
        let mut spool = Spool::open(folder.path(), ROOM).unwrap();
        for number in 1..=3 {
            spool.keep(&scan(number)).unwrap();
        }
        spool.answered(Uuid::from_u128(2)).unwrap();
        drop(spool);
        let mut spool = Spool::open(folder.path(), ROOM).unwrap();
        assert_eq!(ids(&spool), [1, 3]);
        spool.answered(Uuid::from_u128(1)).unwrap();
        spool.answered(Uuid::from_u128(3)).unwrap();
        assert_eq!(fs::metadata(folder.path().join(FILE)).unwrap().len(), 0);
    }

    #[test]
    fn every_torn_tail_leaves_the_records_before_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(FILE);
        let mut spool = Spool::open(folder.path(), ROOM).unwrap();
        spool.keep(&scan(1)).unwrap();
        let first = usize::try_from(spool.bytes).unwrap();
        spool.keep(&scan(2)).unwrap();
        drop(spool);
        let whole = fs::read(&path).unwrap();
        for cut in first..whole.len() {
            fs::write(&path, &whole[..cut]).unwrap();
            let mut spool = Spool::open(folder.path(), ROOM).unwrap();
            assert_eq!(ids(&spool), [1], "cut at {cut}");
            spool.keep(&scan(3)).unwrap();
            drop(spool);
            assert_eq!(ids(&Spool::open(folder.path(), ROOM).unwrap()), [1, 3], "cut at {cut}");
        }
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "nothing was set aside");
    }

    #[test]
    fn damage_in_the_middle_is_set_aside_not_lost() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(FILE);
        let mut spool = Spool::open(folder.path(), ROOM).unwrap();
        spool.keep(&scan(1)).unwrap();
        let first = usize::try_from(spool.bytes).unwrap();
        spool.keep(&scan(2)).unwrap();
        spool.keep(&scan(3)).unwrap();
        drop(spool);
        let mut bytes = fs::read(&path).unwrap();
        bytes[first + HEAD_BYTES + 5] ^= 0x40;
        fs::write(&path, &bytes).unwrap();
        let mut spool = Spool::open(folder.path(), ROOM).unwrap();
        assert_eq!(ids(&spool), [1]);
        spool.keep(&scan(4)).unwrap();
        drop(spool);
        assert_eq!(ids(&Spool::open(folder.path(), ROOM).unwrap()), [1, 4]);
        let aside = path.with_extension(format!("damaged-{first}"));
        assert_eq!(fs::read(aside).unwrap(), &bytes[first..]);
    }

    #[test]
    fn a_full_spool_refuses_and_answered_scans_make_room() {
        let folder = tempfile::tempdir().unwrap();
        let one = encode(&Record::Scan(scan(1))).len() as u64;
        let mut spool = Spool::open(folder.path(), one * 3).unwrap();
        for number in 1..=3 {
            spool.keep(&scan(number)).unwrap();
        }
        assert!(matches!(spool.keep(&scan(4)), Err(SpoolError::Full { .. })));
        spool.answered(Uuid::from_u128(1)).unwrap();
        spool.keep(&scan(4)).unwrap();
        assert_eq!(ids(&spool), [2, 3, 4]);
        drop(spool);
        assert_eq!(ids(&Spool::open(folder.path(), one * 3).unwrap()), [2, 3, 4]);
    }

    #[test]
    fn room_is_refused_before_a_scan_needs_it_and_comes_back_with_the_answers() {
        let folder = tempfile::tempdir().unwrap();
        let one = encode(&Record::Scan(scan(1))).len() as u64;
        let mut spool = Spool::open(folder.path(), ROOM_BYTES + one * 2).unwrap();
        for number in 1..=3 {
            spool.make_room().unwrap();
            spool.keep(&scan(number)).unwrap();
        }
        assert!(matches!(spool.make_room(), Err(SpoolError::Full { .. })));
        spool.answered(Uuid::from_u128(2)).unwrap();
        spool.make_room().unwrap();
        assert_eq!(ids(&spool), [1, 3]);
        drop(spool);
        let length = fs::metadata(folder.path().join(FILE)).unwrap().len();
        assert_eq!(length, one * 2, "room taken up is no part of the file");
        assert_eq!(ids(&Spool::open(folder.path(), ROOM).unwrap()), [1, 3]);
    }

    #[test]
    fn after_a_failed_write_what_is_kept_goes_into_a_new_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(FILE);
        let mut spool = Spool::open(folder.path(), ROOM).unwrap();
        spool.keep(&scan(1)).unwrap();
        spool.keep(&scan(2)).unwrap();
        // A record whose fsync failed: written as far as this process can tell, a hole on the disk.
        spool.append(&encode(&Record::Scan(scan(9)))).unwrap();
        spool.refused = true;
        File::options().write(true).open(&path).unwrap().set_len(spool.bytes - 20).unwrap();
        spool.answered(Uuid::from_u128(1)).unwrap();
        spool.make_room().unwrap();
        spool.keep(&scan(3)).unwrap();
        assert_eq!(ids(&spool), [2, 3]);
        drop(spool);
        assert_eq!(ids(&Spool::open(folder.path(), ROOM).unwrap()), [2, 3], "nothing is behind it");
    }

    #[test]
    fn two_bridges_cannot_share_one_spool() {
        let folder = tempfile::tempdir().unwrap();
        let _held = Spool::open(folder.path(), ROOM).unwrap();
        assert!(matches!(Spool::open(folder.path(), ROOM), Err(SpoolError::InUse(_))));
    }
}
