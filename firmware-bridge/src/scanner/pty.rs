//! A scanner made of a pseudo-terminal, for the demo's robot nurses and for tests: the bridge
//! opens the link like any serial port.

use std::fs;
use std::io::{self, Read, Write};
use std::os::fd::OwnedFd;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};

/// The scanner's end. Dropping it unplugs the scanner: the link goes and the reader is hung up.
#[derive(Debug)]
pub struct PtyScanner {
    line: fs::File,
    link: PathBuf,
    device: PathBuf,
}

impl PtyScanner {
    /// Plugs a scanner in under the name `link`, replacing what has that name.
    ///
    /// # Errors
    /// No pseudo-terminal is to be had, or the link cannot be made.
    pub fn plug_in(link: &Path) -> io::Result<Self> {
        let flags = OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC;
        let line: OwnedFd = openpt(flags)?;
        grantpt(&line)?;
        unlockpt(&line)?;
        let device = ptsname(&line, Vec::new())?;
        let device = PathBuf::from(device.to_str().map_err(io::Error::other)?);
        let beside = link.with_extension("new");
        let _ = fs::remove_file(&beside);
        symlink(&device, &beside)?;
        fs::rename(&beside, link)?;
        Ok(Self { line: line.into(), link: link.into(), device })
    }

    /// Waits for what the bridge answers.
    ///
    /// # Errors
    /// What the pseudo-terminal said.
    pub fn receive(&mut self, bytes: &mut [u8]) -> io::Result<()> {
        self.line.read_exact(bytes)
    }

    /// Sends bytes as they are; a whole code needs its suffix.
    ///
    /// # Errors
    /// What the pseudo-terminal said.
    pub fn send(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.line.write_all(bytes)
    }
}

impl Drop for PtyScanner {
    fn drop(&mut self) {
        // Another scanner may have taken the name meanwhile.
        if fs::read_link(&self.link).is_ok_and(|device| device == self.device) {
            let _ = fs::remove_file(&self.link);
        }
    }
}
