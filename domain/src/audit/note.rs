//! C2SP signed notes: a text, a blank line, signature lines `— <name> <base64>`.
//!
//! Sources: C2SP signed-note (key ids, vkey and skey texts) and tlog-cosignature (timestamped
//! cosignatures, type 0x04).

use core::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ed25519_dalek::{Signature as EdSignature, Signer as _};
use sha2::{Digest, Sha256};

/// The most bytes of a note that is read.
pub const NOTE_BYTES_MAX: u64 = 65_536;
/// The most signature lines of a note that is read.
pub const SIGNATURES_MAX: u64 = 64;
const ED25519: u8 = 0x01;
const COSIGNATURE: u8 = 0x04;
const SKEY_PREFIX: &str = "PRIVATE+KEY+";

/// What a key signs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyKind {
    /// The note's text as it is: the log itself.
    Log,
    /// A time and a checkpoint: a witness.
    Witness,
}

impl KeyKind {
    const fn byte(self) -> u8 {
        match self {
            KeyKind::Log => ED25519,
            KeyKind::Witness => COSIGNATURE,
        }
    }
}

/// Why a note, a key or a signature is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NoteError {
    /// The text is not a signed note.
    #[error("not a signed note: {0}; take the file whole, as it was written")]
    Malformed(&'static str),
    /// The text is not a verifier key.
    #[error("not a verifier key; it reads <name>+<8 hex digits>+<base64>, on one line")]
    Vkey,
    /// The text is not a signer key.
    #[error("not a signer key; it reads PRIVATE+KEY+<name>+<8 hex digits>+<base64>")]
    Skey,
    /// A key's name is empty or holds white space, control characters or a plus sign.
    #[error("a key's name must be without white space and plus signs, and not empty")]
    Name,
    /// A signature of a known key does not hold.
    #[error("the signature of {0} does not hold: text or signature was changed")]
    Signature(String),
    /// No line is by a known key.
    #[error("no signature by a key that was given; give the key that signed this log")]
    Unsigned,
}

/// A public key with its name, as a `vkey` text carries it.
#[derive(Clone, PartialEq, Eq)]
pub struct VerifyKey {
    name: String,
    kind: KeyKind,
    key: ed25519_dalek::VerifyingKey,
}

impl fmt::Debug for VerifyKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.to_vkey())
    }
}

impl VerifyKey {
    /// A key from its 32 bytes.
    ///
    /// # Errors
    /// When the name is not fit for a note or the bytes are no Ed25519 key.
    pub fn new(name: &str, kind: KeyKind, key: &[u8; 32]) -> Result<VerifyKey, NoteError> {
        check_name(name)?;
        let key = ed25519_dalek::VerifyingKey::from_bytes(key).map_err(|_| NoteError::Vkey)?;
        Ok(VerifyKey { name: name.to_owned(), kind, key })
    }

    /// Reads `<name>+<8 hex digits>+<base64>`.
    ///
    /// # Errors
    /// When the text is not of that form or its id does not fit the key.
    pub fn from_vkey(text: &str) -> Result<VerifyKey, NoteError> {
        let (name, id, kind, key) = read_key(text).ok_or(NoteError::Vkey)?;
        let key = VerifyKey::new(name, kind, &key)?;
        if key.id() == id { Ok(key) } else { Err(NoteError::Vkey) }
    }

    /// The text that [`VerifyKey::from_vkey`] reads.
    pub fn to_vkey(&self) -> String {
        write_key("", &self.name, self.id(), self.kind, self.key.as_bytes())
    }

    /// The key's name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The first four bytes of SHA-256 over name, newline, kind and key.
    pub fn id(&self) -> [u8; 4] {
        let digest = Sha256::new()
            .chain_update(&self.name)
            .chain_update([b'\n', self.kind.byte()])
            .chain_update(self.key.as_bytes())
            .finalize();
        [digest[0], digest[1], digest[2], digest[3]]
    }

    fn holds(&self, body: &str, signature: &[u8]) -> bool {
        let (message, signature) = match (self.kind, signature.split_at_checked(8)) {
            (KeyKind::Log, _) => (body.to_owned(), signature),
            (KeyKind::Witness, Some((time, rest))) => {
                let Ok(time) = <[u8; 8]>::try_from(time) else { return false };
                (cosigned(body, u64::from_be_bytes(time)), rest)
            }
            (KeyKind::Witness, None) => return false,
        };
        EdSignature::from_slice(signature)
            .is_ok_and(|signature| self.key.verify_strict(message.as_bytes(), &signature).is_ok())
    }
}

fn cosigned(body: &str, unix_s: u64) -> String {
    format!("cosignature/v1\ntime {unix_s}\n{body}")
}

/// A private key with its name, as an `skey` text carries it.
#[derive(Clone)]
pub struct SignKey {
    name: String,
    kind: KeyKind,
    key: ed25519_dalek::SigningKey,
}

impl fmt::Debug for SignKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SignKey({})", self.name)
    }
}

impl SignKey {
    /// A key from 32 random bytes.
    ///
    /// # Errors
    /// When the name is not fit for a note.
    pub fn from_seed(name: &str, kind: KeyKind, seed: &[u8; 32]) -> Result<SignKey, NoteError> {
        check_name(name)?;
        let key = ed25519_dalek::SigningKey::from_bytes(seed);
        Ok(SignKey { name: name.to_owned(), kind, key })
    }

    /// Reads `PRIVATE+KEY+<name>+<8 hex digits>+<base64>`.
    ///
    /// # Errors
    /// When the text is not of that form or its id does not fit the key.
    pub fn from_skey(text: &str) -> Result<SignKey, NoteError> {
        let text = text.strip_prefix(SKEY_PREFIX).ok_or(NoteError::Skey)?;
        let (name, id, kind, seed) = read_key(text).ok_or(NoteError::Skey)?;
        let key = SignKey::from_seed(name, kind, &seed)?;
        if key.verify_key().id() == id { Ok(key) } else { Err(NoteError::Skey) }
    }

    /// The secret text that [`SignKey::from_skey`] reads.
    pub fn to_skey(&self) -> String {
        let id = self.verify_key().id();
        write_key(SKEY_PREFIX, &self.name, id, self.kind, self.key.as_bytes())
    }

    /// The public half.
    pub fn verify_key(&self) -> VerifyKey {
        let key = self.key.verifying_key();
        VerifyKey { name: self.name.clone(), kind: self.kind, key }
    }

    /// Signs a text; a witness's key also signs the time in `unix_s`, a log's key leaves it out.
    pub fn sign(&self, body: &str, unix_s: u64) -> Signature {
        let bytes = match self.kind {
            KeyKind::Log => self.key.sign(body.as_bytes()).to_bytes().to_vec(),
            KeyKind::Witness => {
                let signature = self.key.sign(cosigned(body, unix_s).as_bytes());
                [unix_s.to_be_bytes().as_slice(), &signature.to_bytes()].concat()
            }
        };
        Signature { name: self.name.clone(), key_id: self.verify_key().id(), bytes }
    }
}

/// One signature line, without judgement of its worth.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signature {
    /// Name of the key.
    pub name: String,
    /// Id of the key.
    pub key_id: [u8; 4],
    /// The signature; a witness's starts with the time, 8 bytes big-endian.
    pub bytes: Vec<u8>,
}

/// A text, ended by a newline, with its signature lines.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note {
    /// The signed text.
    pub body: String,
    /// The lines below it.
    pub signatures: Vec<Signature>,
}

impl Note {
    /// Reads a signed note; tells nothing about the worth of its signatures.
    ///
    /// # Errors
    /// When the text is too long or is not a signed note.
    pub fn parse(text: &str) -> Result<Note, NoteError> {
        let refuse = |why| Err(NoteError::Malformed(why));
        if text.len() as u64 > NOTE_BYTES_MAX {
            return refuse("it is longer than 65,536 bytes");
        }
        if text.chars().any(|c| c.is_control() && c != '\n') {
            return refuse("it holds control characters");
        }
        let Some(at) = text.rfind("\n\n") else {
            return refuse("the blank line before the signatures is missing");
        };
        let (body, lines) = (&text[..=at], &text[at + 2..]);
        let Some(lines) = lines.strip_suffix('\n') else {
            return refuse("the last line has no end, or no signature follows");
        };
        let signatures: Option<Vec<Signature>> = lines.split('\n').map(read_signature).collect();
        match signatures {
            Some(found) if found.len() as u64 <= SIGNATURES_MAX => {
                Ok(Note { body: body.to_owned(), signatures: found })
            }
            Some(_) => refuse("it has more than 64 signatures"),
            None => refuse("a signature line cannot be read"),
        }
    }

    /// The text that [`Note::parse`] reads.
    pub fn to_text(&self) -> String {
        let mut text = format!("{}\n", self.body);
        for line in &self.signatures {
            let bytes = [line.key_id.as_slice(), &line.bytes].concat();
            text += &format!("\u{2014} {} {}\n", line.name, STANDARD.encode(bytes));
        }
        text
    }

    /// The names of the given keys that signed this note. Lines of unknown keys are passed over.
    ///
    /// # Errors
    /// When a known key's signature does not hold, or when no known key signed.
    pub fn verify(&self, keys: &[VerifyKey]) -> Result<Vec<String>, NoteError> {
        let mut signers = Vec::new();
        for line in &self.signatures {
            let known = keys.iter().find(|key| key.name == line.name && key.id() == line.key_id);
            let Some(key) = known else { continue };
            if !key.holds(&self.body, &line.bytes) {
                return Err(NoteError::Signature(line.name.clone()));
            }
            signers.push(line.name.clone());
        }
        if signers.is_empty() { Err(NoteError::Unsigned) } else { Ok(signers) }
    }
}

fn check_name(name: &str) -> Result<(), NoteError> {
    let bad = |c: char| c == '+' || c.is_whitespace() || c.is_control();
    if name.is_empty() || name.chars().any(bad) { Err(NoteError::Name) } else { Ok(()) }
}

fn read_signature(line: &str) -> Option<Signature> {
    let (name, base64) = line.strip_prefix("\u{2014} ")?.split_once(' ')?;
    check_name(name).ok()?;
    let bytes = STANDARD.decode(base64).ok()?;
    let (id, signature) = bytes.split_at_checked(4)?;
    if signature.is_empty() {
        return None;
    }
    let key_id = id.try_into().ok()?;
    Some(Signature { name: name.to_owned(), key_id, bytes: signature.to_vec() })
}

fn read_key(text: &str) -> Option<(&str, [u8; 4], KeyKind, [u8; 32])> {
    let (name, rest) = text.trim_end().split_once('+')?;
    let (id, base64) = rest.split_once('+')?;
    if id.len() != 8 || !id.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b)) {
        return None;
    }
    let id = u32::from_str_radix(id, 16).ok()?.to_be_bytes();
    let bytes = STANDARD.decode(base64).ok()?;
    let (kind, key) = bytes.split_first()?;
    let kind = match *kind {
        ED25519 => KeyKind::Log,
        COSIGNATURE => KeyKind::Witness,
        _ => return None,
    };
    Some((name, id, kind, key.try_into().ok()?))
}

fn write_key(prefix: &str, name: &str, id: [u8; 4], kind: KeyKind, key: &[u8; 32]) -> String {
    let bytes = [&[kind.byte()], key.as_slice()].concat();
    format!("{prefix}{name}+{:08x}+{}", u32::from_be_bytes(id), STANDARD.encode(bytes))
}
