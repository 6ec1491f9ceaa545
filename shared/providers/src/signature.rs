//! Keyed hashes over raw bodies, compared in constant time.

use aws_lc_rs::hmac;
use secrecy::{ExposeSecret, SecretString};

/// The webhook does not come from the provider, or not from now. Nothing more is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SignatureError {
    /// Missing, of another form, or made with another key.
    #[error("the signature is missing or wrong")]
    Wrong,
    /// Right, but too long ago or too far ahead.
    #[error("the signature is not of the present")]
    Expired,
}

/// 64 lower-case hexadecimal digits.
pub(crate) fn digest(hexadecimal: &str) -> Option<[u8; 32]> {
    let lower = hexadecimal
        .bytes()
        .all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    let mut bytes = [0; 32];
    (lower && hex::decode_to_slice(hexadecimal, &mut bytes).is_ok()).then_some(bytes)
}

/// Whether one of the keys (two during a rotation) made the HMAC-SHA256 of the message. Every key is tried, so that
/// the time taken does not tell which one it was; an empty key never matches.
pub(crate) fn made_by_one_of(keys: &[SecretString], message: &[u8], digest: &[u8; 32]) -> bool {
    keys.iter().fold(false, |found, key| {
        let secret = key.expose_secret().as_bytes();
        let made = hmac::Key::new(hmac::HMAC_SHA256, secret);
        let right = hmac::verify(&made, message, digest).is_ok();
        found | (right & !secret.is_empty())
    })
}
