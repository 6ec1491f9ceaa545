//! The public half of the key that signs access tokens.

use std::fmt;

use aws_lc_rs::digest;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED, ParsedPublicKey};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Deserialize;
use serde_json::{Value, json};

/// A P-256 `SubjectPublicKeyInfo` up to the point: everything before it is constant.
pub(crate) const SPKI_P256_PREFIX: [u8; 26] = [
    0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a,
    0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00,
];
const COORDINATE_LEN: usize = 32;
const POINT_LEN: usize = 1 + 2 * COORDINATE_LEN;

/// A P-256 public key, ready to verify with.
#[derive(Clone)]
pub struct PublicKey {
    kid: String,
    point: [u8; POINT_LEN],
    parsed: ParsedPublicKey,
}

/// The bytes are not a P-256 public key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a P-256 public key")]
pub struct PublicKeyError;

impl PublicKey {
    /// From X.509 `SubjectPublicKeyInfo` in DER, as KMS gives it.
    pub fn from_spki_der(der: &[u8]) -> Result<Self, PublicKeyError> {
        let point = der
            .strip_prefix(SPKI_P256_PREFIX.as_slice())
            .ok_or(PublicKeyError)?;
        Self::from_point(point)
    }

    /// The keys of a JWK set, as [`jwks`] writes it. Keys of other kinds are refused, not skipped: the set is ours.
    pub fn from_jwks(set: &str) -> Result<Vec<Self>, PublicKeyError> {
        #[derive(Deserialize)]
        struct Set {
            keys: Vec<Jwk>,
        }
        #[derive(Deserialize)]
        struct Jwk {
            kty: String,
            crv: String,
            x: String,
            y: String,
        }
        let set: Set = serde_json::from_str(set).map_err(|_| PublicKeyError)?;
        let coordinate = |text: &str| URL_SAFE_NO_PAD.decode(text).map_err(|_| PublicKeyError);
        set.keys
            .iter()
            .map(|key| {
                if key.kty != "EC" || key.crv != "P-256" {
                    return Err(PublicKeyError);
                }
                Self::from_point(&[vec![4], coordinate(&key.x)?, coordinate(&key.y)?].concat())
            })
            .collect()
    }

    fn from_point(point: &[u8]) -> Result<Self, PublicKeyError> {
        let point: [u8; POINT_LEN] = point.try_into().map_err(|_| PublicKeyError)?;
        if point[0] != 4 {
            return Err(PublicKeyError);
        }
        // Refuses points that are not on the curve.
        let parsed =
            ParsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point).map_err(|_| PublicKeyError)?;
        Ok(Self {
            kid: thumbprint(&point),
            point,
            parsed,
        })
    }

    /// The key's id in token headers: its RFC 7638 thumbprint. Follows from the key alone, and names no account.
    pub fn kid(&self) -> &str {
        &self.kid
    }

    /// The key as a JWK for verifying ES256.
    pub fn jwk(&self) -> Value {
        let (x, y) = coordinates(&self.point);
        json!({ "kty": "EC", "crv": "P-256", "x": x, "y": y, "use": "sig", "alg": "ES256", "kid": self.kid })
    }

    /// Whether `signature` (r and s, 32 bytes each) is this key's over `message`.
    pub(crate) fn verifies(&self, message: &[u8], signature: &[u8]) -> bool {
        self.parsed.verify_sig(message, signature).is_ok()
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PublicKey({})", self.kid)
    }
}

/// The JWK set to publish: the key that signs and those it replaced that may still have signed a living token.
pub fn jwks(keys: &[PublicKey]) -> Value {
    json!({ "keys": keys.iter().map(PublicKey::jwk).collect::<Vec<_>>() })
}

fn coordinates(point: &[u8; POINT_LEN]) -> (String, String) {
    let (x, y) = point[1..].split_at(COORDINATE_LEN);
    (URL_SAFE_NO_PAD.encode(x), URL_SAFE_NO_PAD.encode(y))
}

fn thumbprint(point: &[u8; POINT_LEN]) -> String {
    let (x, y) = coordinates(point);
    let canonical = format!(r#"{{"crv":"P-256","kty":"EC","x":"{x}","y":"{y}"}}"#);
    URL_SAFE_NO_PAD.encode(digest::digest(&digest::SHA256, canonical.as_bytes()))
}
