//! C2SP checkpoints: what a log was at one size, to be signed as a note.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::note::{Note, NoteError};
use super::tree::{Hash, ProofError, SIZE_MAX, empty_root, verify_consistency};

/// The origin line of a facility's log: `emar.<org>/<facility>/audit`.
pub fn origin(org: &str, facility: &str) -> String {
    format!("emar.{org}/{facility}/audit")
}

/// A log's size and root under the log's name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checkpoint {
    /// Which log: not empty, without white space at its ends.
    pub origin: String,
    /// Leaves in the log.
    pub size: u64,
    /// The root over them.
    pub root: Hash,
    /// Further signed lines, none empty.
    pub extension: Vec<String>,
}

impl Checkpoint {
    /// The text to sign.
    pub fn to_body(&self) -> String {
        let root = STANDARD.encode(self.root.0);
        let mut body = format!("{}\n{}\n{root}\n", self.origin, self.size);
        for line in &self.extension {
            body += line;
            body.push('\n');
        }
        body
    }

    /// Reads the text of a note.
    ///
    /// # Errors
    /// When the lines are not origin, size, root and non-empty extension lines.
    pub fn from_body(body: &str) -> Result<Checkpoint, NoteError> {
        let refuse = || NoteError::Malformed("its text is not a checkpoint");
        let mut lines = body.strip_suffix('\n').ok_or_else(refuse)?.split('\n');
        let mut next = || lines.next().filter(|line| !line.is_empty());
        let origin = next().ok_or_else(refuse)?.to_owned();
        let size = next().and_then(read_size).ok_or_else(refuse)?;
        let root = next().and_then(|line| STANDARD.decode(line).ok()).ok_or_else(refuse)?;
        let root = Hash::from_slice(&root).ok_or_else(refuse)?;
        let extension: Vec<String> = lines.map(str::to_owned).collect();
        if extension.iter().any(String::is_empty) {
            return Err(refuse());
        }
        Ok(Checkpoint { origin, size, root, extension })
    }

    /// Checks with a consistency proof that this checkpoint's log is a prefix of `newer`.
    ///
    /// The empty log is a prefix of every log and needs an empty proof; the proof's own maths
    /// does not know that case, so it is decided here.
    ///
    /// # Errors
    /// [`ProofError`] tells why it is not.
    pub fn is_prefix_of(&self, newer: &Checkpoint, proof: &[Hash]) -> Result<(), ProofError> {
        if self.size > 0 {
            return verify_consistency(self.size, newer.size, proof, &self.root, &newer.root);
        }
        match (proof.is_empty(), self.root == empty_root()) {
            (true, true) if newer.size > 0 || newer.root == self.root => Ok(()),
            (true, _) => Err(ProofError::Root),
            (false, _) => Err(ProofError::Length),
        }
    }
}

fn read_size(text: &str) -> Option<u64> {
    let plain = text == "0" || !text.starts_with('0');
    let digits = plain && text.bytes().all(|byte| byte.is_ascii_digit());
    digits.then(|| text.parse().ok()).flatten().filter(|size| *size <= SIZE_MAX)
}

/// A note as one line of `checkpoints.log`: a JSON string, ended by a newline.
pub fn log_line(note: &Note) -> String {
    format!("{}\n", serde_json::Value::String(note.to_text()))
}

/// The note texts of a file of checkpoints: `checkpoints.log`, or one note by itself.
///
/// A last line without its newline was torn by a power cut and is passed over; any other line
/// that cannot be read is given as it stands, so that reading it as a note fails and is told.
pub fn read_log(text: &str) -> Vec<String> {
    if !text.starts_with('"') {
        return if text.is_empty() { Vec::new() } else { vec![text.to_owned()] };
    }
    text.split_inclusive('\n')
        .filter_map(|line| line.strip_suffix('\n'))
        .map(|line| serde_json::from_str(line).unwrap_or_else(|_| line.to_owned()))
        .collect()
}
