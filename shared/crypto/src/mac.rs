//! Message authentication of webhooks, ours and the providers' (rules.md *Webhooks in*).
//!
//! Every comparison is made in constant time. A message is given in parts, which are authenticated as if joined.

use aws_lc_rs::hmac;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use secrecy::SecretString;

use crate::{CryptoError, Random, random_bytes};

/// HMAC-SHA-256 as lower-case hex.
pub fn sign_hex(secret: &[u8], message: &[&[u8]]) -> String {
    hex::encode(tag(hmac::HMAC_SHA256, secret, message))
}

/// HMAC-SHA-1 as standard base64: Twilio's signature, and nothing else.
pub fn sign_sha1_base64(secret: &[u8], message: &[&[u8]]) -> String {
    STANDARD.encode(tag(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, secret, message))
}

/// Whether two secrets are equal, in time that tells nothing but their lengths. For shared secrets that are sent as they are
/// (the edge's origin secret).
#[must_use]
pub fn equal(a: &[u8], b: &[u8]) -> bool {
    aws_lc_rs::constant_time::verify_slices_are_equal(a, b).is_ok()
}

/// A new secret for a webhook that we send: `whsec_` and 256 random bits in standard base64 (Standard Webhooks).
pub fn new_webhook_secret(random: &dyn Random) -> Result<SecretString, CryptoError> {
    let bytes = zeroize::Zeroizing::new(random_bytes::<32>(random)?);
    Ok(SecretString::from(format!(
        "whsec_{}",
        STANDARD.encode(bytes.as_slice())
    )))
}

fn tag(algorithm: hmac::Algorithm, secret: &[u8], message: &[&[u8]]) -> hmac::Tag {
    let mut context = hmac::Context::with_key(&hmac::Key::new(algorithm, secret));
    for part in message {
        context.update(part);
    }
    context.sign()
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret;

    use super::*;
    use crate::SeededRandom;

    /// RFC 4231, test case 2.
    const HEX: &str = "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843";
    const MESSAGE: &[&[u8]] = &[b"what do ya want ", b"for nothing?"];

    #[test]
    fn the_published_vectors_hold() {
        assert_eq!(sign_hex(b"Jefe", MESSAGE), HEX);
        // RFC 2202, test case 2.
        let sha1 =
            STANDARD.encode(hex::decode("effcdf6ae5eb2fa2d27416d5f184df9c259a7c79").unwrap());
        assert_eq!(sign_sha1_base64(b"Jefe", MESSAGE), sha1);
    }

    #[test]
    fn webhook_secrets_are_long_and_new_each_time() {
        let random = SeededRandom::new(1);
        let a = new_webhook_secret(&random).unwrap();
        let b = new_webhook_secret(&random).unwrap();
        assert_eq!(a.expose_secret().len(), "whsec_".len() + 44);
        assert_ne!(a.expose_secret(), b.expose_secret());
    }

    #[test]
    fn equality_of_secrets() {
        assert!(equal(b"abc", b"abc"));
        assert!(!equal(b"abc", b"abd"));
        assert!(!equal(b"abc", b"ab"));
    }
}
