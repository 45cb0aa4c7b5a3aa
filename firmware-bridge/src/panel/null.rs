//! A panel without hardware: the log, and for tests and the demo a state file or JSON lines.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use super::{Panel, PanelError, Signal};

/// Writes each state to the log, to `state_file` (the newest only) and to standard output
/// (one JSON object a line), as configured.
#[derive(Debug)]
pub struct NullPanel {
    state_file: Option<PathBuf>,
    json_stdout: bool,
}

impl NullPanel {
    /// A panel writing where told.
    ///
    /// # Errors
    /// The folder of the state file cannot be written to.
    pub fn open(state_file: Option<&Path>, json_stdout: bool) -> Result<Self, PanelError> {
        if let Some(path) = state_file {
            replace(path, b"{}\n")
                .map_err(|why| PanelError::StateFile { path: path.display().to_string(), why })?;
        }
        Ok(Self { state_file: state_file.map(Path::to_path_buf), json_stdout })
    }
}

/// A reader sees the old state or the new one, never half a line.
fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut beside = path.as_os_str().to_owned();
    beside.push(".new");
    fs::write(&beside, bytes)?;
    fs::rename(&beside, path)
}

impl Panel for NullPanel {
    fn unlock_drawer(&mut self, unlock: bool) {
        tracing::info!(unlock, "drawer");
    }

    fn show(&mut self, signal: &Signal) {
        tracing::info!(
            light = ?signal.light,
            sound = ?signal.sound,
            cause = ?signal.cause,
            scan_id = signal.scan_id.map(tracing::field::display),
            "panel"
        );
        // Cannot fail: plain words and a uuid.
        let mut line = serde_json::to_vec(signal).unwrap_or_default();
        line.push(b'\n');
        if let Some(path) = &self.state_file
            && let Err(why) = replace(path, &line)
        {
            tracing::warn!(%why, path = %path.display(), "panel state file not written");
        }
        if self.json_stdout {
            let mut out = io::stdout().lock();
            if let Err(why) = out.write_all(&line).and_then(|()| out.flush()) {
                tracing::warn!(%why, "panel state not written to standard output");
            }
        }
    }
}
