//! Secrets: PIN hashes, session tokens, keys in files only their owner can read.

use argon2::{Algorithm, Argon2, Params, Version};
use sha2::{Digest, Sha256};
use std::fmt::Write as _;
use std::io::Write as _;
use std::path::{Path, PathBuf};

/// What could not be done with a secret.
#[derive(Debug, thiserror::Error)]
pub enum SecretError {
    /// The operating system gave no random bytes.
    #[error("the operating system gave no random bytes: {0}")]
    Random(getrandom::Error),
    /// A key file could not be read or written.
    #[error("{path}: {source}; make it readable by the server's user only (mode 0600)")]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A key file does not hold 32 bytes in hex.
    #[error("{0} does not hold a key of 64 hex digits; restore it from the backup")]
    Shape(PathBuf),
    /// Hashing failed.
    #[error("the PIN could not be hashed: {0}")]
    Hash(argon2::Error),
    /// The PIN is too weak.
    #[error(
        "a PIN has 6 to 12 digits, not all alike, not in sequence, not a date of this century; \
         choose another"
    )]
    Weak,
}

/// 32 random bytes.
///
/// # Errors
/// When the operating system has none.
pub fn random() -> Result<[u8; 32], SecretError> {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes).map_err(SecretError::Random)?;
    Ok(bytes)
}

/// Bytes as lower-case hex.
#[must_use]
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, b| {
        // Writing to a String cannot fail.
        let _ = write!(text, "{b:02x}");
        text
    })
}

/// Bytes from hex, when it is hex of 32 bytes.
#[must_use]
pub fn unhex(text: &str) -> Option<[u8; 32]> {
    let text = text.trim();
    if text.len() != 64 || !text.is_ascii() {
        return None;
    }
    let mut bytes = [0; 32];
    for (i, byte) in bytes.iter_mut().enumerate() {
        *byte = u8::from_str_radix(text.get(2 * i..2 * i + 2)?, 16).ok()?;
    }
    Some(bytes)
}

/// SHA-256.
#[must_use]
pub fn sha256(bytes: &[u8]) -> [u8; 32] {
    Sha256::digest(bytes).into()
}

/// Reads a key file, or makes it with fresh random bytes, mode 0600.
///
/// # Errors
/// When it cannot be read or made, or holds something else.
pub fn key_file(path: &Path) -> Result<[u8; 32], SecretError> {
    let failed = |source| SecretError::File { path: path.to_owned(), source };
    match std::fs::read_to_string(path) {
        Ok(text) => unhex(&text).ok_or_else(|| SecretError::Shape(path.to_owned())),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            use std::os::unix::fs::OpenOptionsExt as _;
            let key = random()?;
            if let Some(parent) = path.parent() {
                std::fs::create_dir_all(parent).map_err(failed)?;
            }
            let mut open = std::fs::OpenOptions::new();
            let mut file =
                open.write(true).create_new(true).mode(0o600).open(path).map_err(failed)?;
            writeln!(file, "{}", hex(&key)).and_then(|()| file.sync_all()).map_err(failed)?;
            Ok(key)
        }
        Err(error) => Err(failed(error)),
    }
}

/// Argon2id with the server's pepper (19 MiB, 2 passes, 1 lane: OWASP's minimum).
pub struct Pins {
    pepper: [u8; 32],
}

impl Pins {
    /// Hashes PINs with `pepper`.
    #[must_use]
    pub fn new(pepper: [u8; 32]) -> Self {
        Self { pepper }
    }

    fn digest(&self, pin: &str, salt: &[u8]) -> Result<[u8; 32], SecretError> {
        let argon = Argon2::new_with_secret(
            &self.pepper,
            Algorithm::Argon2id,
            Version::V0x13,
            Params::DEFAULT,
        );
        let mut out = [0; 32];
        let argon = argon.map_err(SecretError::Hash)?;
        argon.hash_password_into(pin.as_bytes(), salt, &mut out).map_err(SecretError::Hash)?;
        Ok(out)
    }

    /// A hash to store: `argon2id$<salt hex>$<hash hex>`.
    ///
    /// # Errors
    /// When the PIN is weak, or there are no random bytes.
    pub fn hash(&self, pin: &str) -> Result<String, SecretError> {
        if is_weak(pin) {
            return Err(SecretError::Weak);
        }
        let salt = random()?;
        Ok(format!("argon2id${}${}", hex(&salt), hex(&self.digest(pin, &salt)?)))
    }

    /// Whether `pin` is the one `stored` was made of. The work is the same for an unknown user:
    /// pass `None`.
    #[must_use]
    pub fn fits(&self, pin: &str, stored: Option<&str>) -> bool {
        let parts = stored.and_then(|s| {
            let (salt, hash) = s.strip_prefix("argon2id$")?.split_once('$')?;
            Some((unhex(salt)?, unhex(hash)?))
        });
        let (salt, want) = parts.unwrap_or(([0; 32], [0; 32]));
        let Ok(got) = self.digest(pin, &salt) else { return false };
        let differing = got.iter().zip(want).fold(0u8, |all, (a, b)| all | (a ^ b));
        parts.is_some() && differing == 0
    }
}

fn is_weak(pin: &str) -> bool {
    let digits: Vec<u8> = pin.bytes().collect();
    let shape = (6..=12).contains(&digits.len()) && digits.iter().all(u8::is_ascii_digit);
    let step = |by: i16| digits.windows(2).all(|w| i16::from(w[1]) - i16::from(w[0]) == by);
    !shape || step(0) || step(1) || step(-1) || pin.starts_with("19") || pin.starts_with("20")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pin_fits_its_own_hash_and_no_other() {
        let pins = Pins::new([7; 32]);
        let stored = pins.hash("481516").unwrap();
        assert!(pins.fits("481516", Some(&stored)));
        assert!(!pins.fits("481517", Some(&stored)));
        assert!(!pins.fits("481516", None));
        assert!(!Pins::new([8; 32]).fits("481516", Some(&stored)), "another pepper");
        for weak in ["111111", "123456", "654321", "19380304", "12345", "48151a"] {
            assert!(matches!(pins.hash(weak), Err(SecretError::Weak)), "{weak}");
        }
    }
}
