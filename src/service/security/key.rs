//! Keys that callers show, and what is kept of them.
//!
//! A key is 32 random bytes, written in hexadecimal behind a prefix by which people and scanners recognise it. Only its
//! SHA-256 is kept: a slow hash would protect guessable secrets, and these are none.

use sha2::{Digest as _, Sha256};
use tokio_rustls::rustls::crypto::ring;

/// What every key begins with.
const PREFIX: &str = "pe_";

/// SHA-256 of a key or a certificate.
pub fn digest(secret: &[u8]) -> [u8; 32] {
    Sha256::digest(secret).into()
}

/// A new key, or `None` where the system gives no random bytes.
pub fn new_key() -> Option<String> {
    let mut bytes = [0; 32];
    ring::default_provider().secure_random.fill(&mut bytes).ok()?;
    Some(format!("{PREFIX}{}", hex(&bytes)))
}

/// `bytes` in hexadecimal.
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Reads a digest as `hex` writes it, or as `openssl x509 -fingerprint -sha256` does, with colons and capitals.
pub(super) fn parse_digest(text: &str) -> Option<[u8; 32]> {
    let digits: Vec<u8> = text.bytes().filter(|byte| *byte != b':').collect();
    let mut bytes = [0; 32];
    if digits.len() != 2 * bytes.len() {
        return None;
    }
    for (byte, pair) in bytes.iter_mut().zip(digits.chunks(2)) {
        let value = |digit: u8| char::from(digit).to_digit(16);
        *byte = u8::try_from(value(pair[0])? << 4 | value(pair[1])?).ok()?;
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_long_and_never_the_same() {
        let keys = [new_key().expect("random bytes"), new_key().expect("random bytes")];
        assert_ne!(keys[0], keys[1]);
        assert!(keys.iter().all(|key| key.len() == PREFIX.len() + 64 && key.starts_with(PREFIX)));
    }

    #[test]
    fn digests_are_read_as_they_are_written() {
        let known = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert_eq!(hex(&digest(b"abc")), known);
        assert_eq!(parse_digest(known), Some(digest(b"abc")));
        let with_colons: Vec<_> = known.as_bytes().chunks(2).map(|pair| String::from_utf8_lossy(pair)).collect();
        assert_eq!(parse_digest(&with_colons.join(":").to_uppercase()), Some(digest(b"abc")));
        assert_eq!(parse_digest("abc"), None);
        assert_eq!(parse_digest(&known.replace('b', "x")), None);
    }
}
