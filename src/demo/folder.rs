//! The demo's data directory: made and marked by the demo, and used by nothing else.

use serde::{Deserialize, Serialize};
use std::io;
use std::path::{Path, PathBuf};

/// The mark's file name; it also remembers what the home was made of.
const MARK: &str = "demo.json";

/// What the mark says.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Mark {
    /// The seed of this home.
    pub seed: u64,
    /// Every step of the seed was carried out.
    pub complete: bool,
}

/// Why a directory does not serve.
#[derive(Debug, thiserror::Error)]
pub enum FolderError {
    /// Holds something the demo did not make.
    #[error(
        "{0} was not made by `emar demo`, and its invented people must not mix with what is there; \
         name a new directory"
    )]
    NotOurs(PathBuf),
    /// Made from another seed.
    #[error("{path} holds the demo home of seed {held}; use --seed {held} or a new directory")]
    OtherSeed {
        /// Which directory.
        path: PathBuf,
        /// Its seed.
        held: u64,
    },
    /// The operating system.
    #[error("{path}: {why}; check its name and rights")]
    Io {
        /// Which file or directory.
        path: PathBuf,
        /// What it said.
        why: io::Error,
    },
}

/// A directory the demo made.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Folder {
    /// Where.
    pub path: PathBuf,
    /// What it holds.
    pub mark: Mark,
}

impl Folder {
    /// Takes `path`, or makes a fresh directory for temporary files. A new or empty directory gets
    /// the mark; one with the mark goes on; anything else is refused. `seed`: as asked for, if it
    /// was.
    ///
    /// # Errors
    /// [`FolderError`] in words for the person at the terminal.
    pub fn open(path: Option<PathBuf>, seed: Option<u64>) -> Result<Self, FolderError> {
        let path = path.unwrap_or_else(fresh);
        let io = |why| FolderError::Io { path: path.clone(), why };
        std::fs::create_dir_all(&path).map_err(io)?;
        // Absolute, because bridges are started with it.
        let path = path.canonicalize().map_err(io)?;
        let io = |why| FolderError::Io { path: path.clone(), why };
        match std::fs::read(path.join(MARK)) {
            Ok(bytes) => {
                let mark: Mark = serde_json::from_slice(&bytes)
                    .map_err(|_| FolderError::NotOurs(path.clone()))?;
                match seed.filter(|asked| *asked != mark.seed) {
                    Some(_) => Err(FolderError::OtherSeed { held: mark.seed, path }),
                    None => Ok(Self { path, mark }),
                }
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                if std::fs::read_dir(&path).map_err(io)?.next().is_some() {
                    return Err(FolderError::NotOurs(path));
                }
                let mark = Mark { seed: seed.unwrap_or(1), complete: false };
                let folder = Self { path, mark };
                folder.write()?;
                Ok(folder)
            }
            Err(why) => Err(io(why)),
        }
    }

    /// Remembers that the whole home is there.
    ///
    /// # Errors
    /// [`FolderError::Io`].
    pub fn completed(&mut self) -> Result<(), FolderError> {
        self.mark.complete = true;
        self.write()
    }

    fn write(&self) -> Result<(), FolderError> {
        let io = |why| FolderError::Io { path: self.path.clone(), why };
        let text = serde_json::to_vec(&self.mark).map_err(|e| io(e.into()))?;
        let beside = self.path.join(format!("{MARK}.new"));
        std::fs::write(&beside, text).map_err(io)?;
        std::fs::rename(&beside, self.path.join(MARK)).map_err(io)
    }

    /// Writes a file only its owner can read, and says where it is.
    ///
    /// # Errors
    /// [`FolderError::Io`].
    pub fn keep(&self, name: &str, text: &str) -> Result<PathBuf, FolderError> {
        use std::io::Write;
        use std::os::unix::fs::OpenOptionsExt;
        let path = self.path.join(name);
        let written = (|| {
            if let Some(parent) = path.parent() {
                std::fs::create_dir_all(parent)?;
            }
            let mut options = std::fs::OpenOptions::new();
            let mut file =
                options.create(true).truncate(true).write(true).mode(0o600).open(&path)?;
            file.write_all(text.as_bytes())
        })();
        written.map_err(|why| FolderError::Io { path: path.clone(), why })?;
        Ok(path)
    }
}

fn fresh() -> PathBuf {
    let name = format!("emar-demo-{}", uuid::Uuid::now_v7().simple());
    std::env::temp_dir().join(name)
}

/// Whether the demo made this directory: a real home is never served from it.
#[must_use]
pub fn is_demo(path: &Path) -> bool {
    path.join(MARK).exists()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_the_demo_made_is_used_again() {
        let base = fresh();
        let ours = base.join("ours");
        let mut folder = Folder::open(Some(ours.clone()), Some(7)).unwrap();
        assert!(!folder.mark.complete && is_demo(&ours));
        folder.completed().unwrap();
        let again = Folder::open(Some(ours.clone()), None).unwrap();
        assert_eq!(again.mark, Mark { seed: 7, complete: true });
        let other = Folder::open(Some(ours), Some(8)).unwrap_err();
        assert!(other.to_string().contains("--seed 7"), "{other}");

        let theirs = base.join("theirs");
        std::fs::create_dir_all(&theirs).unwrap();
        std::fs::write(theirs.join("home.db"), b"").unwrap();
        let refused = Folder::open(Some(theirs.clone()), None).unwrap_err();
        assert!(matches!(refused, FolderError::NotOurs(_)));
        assert!(!is_demo(&theirs), "and it is left as it was");
        std::fs::remove_dir_all(base).unwrap();
    }
}
