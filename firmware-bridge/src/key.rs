//! The server's public key as text.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ed25519_dalek::VerifyingKey;

/// Algorithm byte of Ed25519 in a C2SP verifier key.
const ED25519: u8 = 1;

/// Reads a C2SP verifier key, `<name>+<hash>+<base64>`, the last part being the algorithm byte
/// and the key's 32 bytes. `None` when it is not one.
#[must_use]
pub fn parse(text: &str) -> Option<VerifyingKey> {
    let (_, rest) = text.trim().split_once('+')?;
    let (_, encoded) = rest.split_once('+')?;
    match STANDARD.decode(encoded).ok()?.as_slice() {
        [ED25519, key @ ..] => VerifyingKey::from_bytes(key.try_into().ok()?).ok(),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_verifier_key_is_read_and_nothing_else() {
        // The key of the example in C2SP signed-note.
        let good = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";
        assert!(parse(good).is_some());
        assert!(parse(&format!("{good}\n")).is_some());
        for bad in ["", "PeterNeumann", "a+b+c", "a+b+AQID", &good.replace("+AR", "+BR")] {
            assert!(parse(bad).is_none(), "{bad}");
        }
    }
}
