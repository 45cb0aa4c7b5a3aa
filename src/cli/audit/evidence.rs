//! Checkpoints kept outside the database, read line by line.

use std::fs::File;
use std::io::{BufRead as _, BufReader, ErrorKind, Read, Take};
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use emar_domain::audit::checkpoint::read_log;
use emar_domain::audit::note::NOTE_BYTES_MAX;

/// A file of checkpoints as far as it went when it was opened.
pub(super) struct Evidence {
    path: PathBuf,
    file: BufReader<Take<File>>,
}

impl Evidence {
    pub(super) fn open(path: &Path) -> anyhow::Result<Self> {
        Self::try_open(path).with_context(|| format!("{} cannot be read", path.display()))
    }

    pub(super) fn open_if_there(path: &Path) -> anyhow::Result<Option<Self>> {
        match Self::try_open(path) {
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            opened => {
                opened.map(Some).with_context(|| format!("{} cannot be read", path.display()))
            }
        }
    }

    fn try_open(path: &Path) -> std::io::Result<Self> {
        let file = File::open(path)?;
        let length = file.metadata()?.len();
        Ok(Self { path: path.to_owned(), file: BufReader::new(file.take(length)) })
    }

    /// Tells each note's text, in the order of the file.
    pub(super) fn each(mut self, mut tell: impl FnMut(&str)) -> anyhow::Result<()> {
        let unreadable = || format!("{} cannot be read", self.path.display());
        let lines = self.file.fill_buf().with_context(unreadable)?.first() == Some(&b'"');
        let mut bytes = Vec::new();
        if !lines {
            let most = NOTE_BYTES_MAX + 1;
            self.file.by_ref().take(most).read_to_end(&mut bytes).with_context(unreadable)?;
            read_log(&String::from_utf8_lossy(&bytes)).iter().for_each(|text| tell(text));
            return Ok(());
        }
        while self.file.read_until(b'\n', &mut bytes).with_context(unreadable)? > 0 {
            read_log(&String::from_utf8_lossy(&bytes)).iter().for_each(|text| tell(text));
            bytes.clear();
        }
        Ok(())
    }

    /// The file's bytes.
    pub(super) fn into_reader(self) -> impl Read {
        self.file
    }
}
