//! Signed payloads: `{"p": "<JSON text>", "k": "<key id>", "s": "<base64 Ed25519 over p>"}`.
//!
//! The signature is over the bytes of `p` as received; only verified bytes are parsed.

use std::collections::BTreeMap;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ed25519_dalek::{Signature, Signer, SigningKey, VerifyingKey};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::payload::{self, PayloadError};

/// A signed payload as it travels.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Signed {
    /// The payload, JSON as text.
    pub p: String,
    /// [`key_id`] of the signer's public key.
    pub k: String,
    /// The Ed25519 signature over the bytes of `p`, base64 with padding.
    pub s: String,
}

/// Why a signed payload is not believed.
#[derive(Debug, thiserror::Error)]
pub enum SignedError {
    /// The envelope or the payload inside cannot be read.
    #[error(transparent)]
    Payload(#[from] PayloadError),
    /// Signed with a key this party was not given.
    #[error("signed with an unknown key; enrol this device again if the server's key changed")]
    UnknownKey,
    /// The signature is not one of that key over these bytes.
    #[error("the signature does not hold; the message was altered or forged and is ignored")]
    Forged,
}

/// The short name of a public key: the first 8 bytes of its SHA-256, in lower-case hex.
pub fn key_id(key: &VerifyingKey) -> String {
    Sha256::digest(key.as_bytes()).iter().take(8).map(|byte| format!("{byte:02x}")).collect()
}

/// Signs `payload` and returns the bytes to publish.
pub fn sign<T: Serialize>(key: &SigningKey, payload: &T) -> Result<Vec<u8>, PayloadError> {
    let p = serde_json::to_string(payload).map_err(|_| PayloadError::Unwritable)?;
    let s = STANDARD.encode(key.sign(p.as_bytes()).to_bytes());
    payload::encode(&Signed { p, k: key_id(&key.verifying_key()), s })
}

/// The public keys a receiver believes; two while a key is being replaced.
#[derive(Debug, Clone, Default)]
pub struct Keyring(BTreeMap<String, VerifyingKey>);

impl Keyring {
    /// A ring of these keys.
    pub fn new(keys: impl IntoIterator<Item = VerifyingKey>) -> Self {
        Self(keys.into_iter().map(|key| (key_id(&key), key)).collect())
    }

    /// Reads a signed payload of at most `max` bytes: checks the signature, then parses `p`.
    pub fn open<T: DeserializeOwned>(&self, bytes: &[u8], max: usize) -> Result<T, SignedError> {
        let envelope: Signed = payload::decode(bytes, max)?;
        let key = self.0.get(&envelope.k).ok_or(SignedError::UnknownKey)?;
        let raw = STANDARD.decode(&envelope.s).map_err(|_| SignedError::Forged)?;
        let signature = Signature::from_slice(&raw).map_err(|_| SignedError::Forged)?;
        key.verify_strict(envelope.p.as_bytes(), &signature).map_err(|_| SignedError::Forged)?;
        Ok(payload::decode(envelope.p.as_bytes(), max)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::payload::Heartbeat;

    fn key(seed: u8) -> SigningKey {
        SigningKey::from_bytes(&[seed; 32])
    }

    fn beat() -> Heartbeat {
        Heartbeat { epoch: 1, seq: 2, at: 3, tree_size: 4, open_alerts: 5, oldest_unsent_s: 6 }
    }

    #[test]
    fn what_was_signed_opens_and_nothing_else_does() {
        let ring = Keyring::new([key(1).verifying_key(), key(2).verifying_key()]);
        let bytes = sign(&key(2), &beat()).unwrap();
        assert_eq!(ring.open::<Heartbeat>(&bytes, 4096).unwrap(), beat());

        let stranger = sign(&key(3), &beat()).unwrap();
        let unknown = ring.open::<Heartbeat>(&stranger, 4096);
        assert!(matches!(unknown, Err(SignedError::UnknownKey)));

        let envelope: Signed = serde_json::from_slice(&bytes).unwrap();
        let forgeries = [
            Signed { p: envelope.p.replace("\"seq\":2", "\"seq\":3"), ..envelope.clone() },
            Signed { p: format!("{} ", envelope.p), ..envelope.clone() },
            Signed { k: key_id(&key(1).verifying_key()), ..envelope.clone() },
            Signed { s: String::new(), ..envelope.clone() },
            Signed { s: STANDARD.encode([0; 64]), ..envelope.clone() },
        ];
        for forged in forgeries {
            let bytes = serde_json::to_vec(&forged).unwrap();
            let opened = ring.open::<Heartbeat>(&bytes, 4096);
            assert!(matches!(opened, Err(SignedError::Forged)), "{forged:?}");
        }
        assert!(matches!(ring.open::<Heartbeat>(b"{}", 4096), Err(SignedError::Payload(_))));
    }

    #[test]
    fn the_key_id_is_stable() {
        let id = key_id(&key(1).verifying_key());
        assert_eq!((id.len(), id.as_str()), (16, "34750f98bd59fcfc"));
    }
}
