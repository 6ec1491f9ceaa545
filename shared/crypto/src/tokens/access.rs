//! Making access tokens.

use std::fmt;
use std::sync::Arc;

use aws_lc_rs::digest;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, TimeDelta, Utc};
use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use tokio::sync::OnceCell;
use uuid::Uuid;

use super::{PublicKey, Verifier};
use crate::CryptoError;
use crate::kms::{Kms, KmsError};

/// Who issues tokens, for whom, and for how long they last.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TokenConfig {
    /// `iss`: the installation's own address.
    pub issuer: String,
    /// `aud`: the API.
    pub audience: String,
    /// From issue to expiry, in whole seconds.
    pub lifetime: TimeDelta,
}

impl TokenConfig {
    /// How long an access token lasts unless configured: 10 minutes.
    pub const DEFAULT_LIFETIME: TimeDelta = TimeDelta::minutes(10);

    /// A configuration with the default lifetime.
    pub fn new(issuer: impl Into<String>, audience: impl Into<String>) -> Self {
        Self {
            issuer: issuer.into(),
            audience: audience.into(),
            lifetime: Self::DEFAULT_LIFETIME,
        }
    }
}

/// What an access token says. Seconds since 1970 for times, as JWT has them.
///
/// It carries no personal data: ids, and what the holder was allowed when it was issued. `pv` lets a verifier notice that
/// this has changed since.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claims {
    /// Who issued it.
    pub iss: String,
    /// For whom.
    pub aud: String,
    /// The user.
    pub sub: Uuid,
    /// The user's tenant; nil for a platform operator.
    pub tid: Uuid,
    /// The session, which can be revoked.
    pub sid: Uuid,
    /// The role by its name in rules.md.
    pub role: String,
    /// The preset of a `client_user`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub preset: Option<String>,
    /// The version of the user's permissions.
    pub pv: u64,
    /// When it was issued.
    pub iat: i64,
    /// From when on it is refused.
    pub exp: i64,
    /// Its own id.
    pub jti: Uuid,
}

/// What the caller decides about a new access token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewAccess {
    /// The user.
    pub user: Uuid,
    /// The user's tenant; nil for a platform operator.
    pub tenant: Uuid,
    /// The session it belongs to.
    pub session: Uuid,
    /// The role by its name in rules.md.
    pub role: String,
    /// The preset of a `client_user`.
    pub preset: Option<String>,
    /// The version of the user's permissions.
    pub permission_version: u64,
}

/// Issues and verifies ES256 access tokens with a key that never leaves the key service. Its public half is asked for
/// at the first use, once: a function that handles no token does not wait for it.
pub struct AccessTokens {
    kms: Arc<dyn Kms>,
    config: TokenConfig,
    known: OnceCell<Known>,
}

struct Known {
    public: PublicKey,
    verifier: Verifier,
    /// The encoded header, the same for every token.
    header: String,
}

impl AccessTokens {
    /// Tokens of this configuration under the key service's signing key.
    pub fn new(kms: Arc<dyn Kms>, config: TokenConfig) -> Self {
        Self {
            kms,
            config,
            known: OnceCell::new(),
        }
    }

    /// The key that verifies these tokens.
    pub async fn public_key(&self) -> Result<&PublicKey, CryptoError> {
        Ok(&self.known().await?.public)
    }

    /// A verifier of these tokens.
    pub async fn verifier(&self) -> Result<&Verifier, CryptoError> {
        Ok(&self.known().await?.verifier)
    }

    async fn known(&self) -> Result<&Known, CryptoError> {
        self.known
            .get_or_try_init(|| async {
                let key = self.kms.public_key().await?;
                let public = PublicKey::from_spki_der(&key.spki_der)
                    .map_err(|_| KmsError::Malformed("the signing key is not a P-256 key"))?;
                let header =
                    serde_json::json!({ "alg": "ES256", "typ": "at+jwt", "kid": public.kid() });
                Ok(Known {
                    verifier: Verifier::new(&self.config, vec![public.clone()]),
                    header: URL_SAFE_NO_PAD.encode(header.to_string()),
                    public,
                })
            })
            .await
    }

    /// Issues a token at `now` (real time). `jti` is a fresh UUIDv7.
    pub async fn issue(
        &self,
        access: NewAccess,
        now: DateTime<Utc>,
        jti: Uuid,
    ) -> Result<(SecretString, Claims), CryptoError> {
        let claims = Claims {
            iss: self.config.issuer.clone(),
            aud: self.config.audience.clone(),
            sub: access.user,
            tid: access.tenant,
            sid: access.session,
            role: access.role,
            preset: access.preset,
            pv: access.permission_version,
            iat: now.timestamp(),
            exp: now.timestamp() + self.config.lifetime.num_seconds(),
            jti,
        };
        Ok((self.sign(&claims).await?, claims))
    }

    /// Signs claims as they are; [`AccessTokens::issue`] fills them in.
    pub async fn sign(&self, claims: &Claims) -> Result<SecretString, CryptoError> {
        let payload = serde_json::to_vec(claims).map_err(|_| CryptoError::Primitive)?;
        let header = &self.known().await?.header;
        let mut token = format!("{header}.{}", URL_SAFE_NO_PAD.encode(payload));
        let mut hash = [0u8; 32];
        hash.copy_from_slice(digest::digest(&digest::SHA256, token.as_bytes()).as_ref());
        let signature = fixed_from_der(&self.kms.sign_digest(&hash).await?).ok_or(
            KmsError::Malformed("a signature that is not ECDSA P-256 in DER"),
        )?;
        token.push('.');
        token.push_str(&URL_SAFE_NO_PAD.encode(signature));
        Ok(SecretString::from(token))
    }
}

impl fmt::Debug for AccessTokens {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AccessTokens")
            .field("config", &self.config)
            .finish_non_exhaustive()
    }
}

/// `SEQUENCE { r INTEGER, s INTEGER }` to r and s of 32 bytes each. Strict: DER has one way to write a number.
fn fixed_from_der(der: &[u8]) -> Option<[u8; 64]> {
    // Two numbers of at most 33 bytes keep every length below 128, so a length is one byte.
    let [0x30, length, body @ ..] = der else {
        return None;
    };
    if usize::from(*length) != body.len() || *length >= 0x80 {
        return None;
    }
    let mut out = [0u8; 64];
    let (r, s) = out.split_at_mut(32);
    let rest = integer(body, r)?;
    let rest = integer(rest, s)?;
    rest.is_empty().then_some(out)
}

/// Writes the positive INTEGER at the start of `der` right-aligned into `out`; answers what follows it.
fn integer<'a>(der: &'a [u8], out: &mut [u8]) -> Option<&'a [u8]> {
    let [0x02, length, rest @ ..] = der else {
        return None;
    };
    let (number, rest) = rest.split_at_checked(usize::from(*length))?;
    let magnitude = match number {
        [] => return None,
        [0, tail @ ..] if tail.first().is_some_and(|byte| *byte >= 0x80) => tail,
        [first, ..] if *first == 0 || *first >= 0x80 => return None,
        _ => number,
    };
    let start = out.len().checked_sub(magnitude.len())?;
    out[start..].copy_from_slice(magnitude);
    Some(rest)
}

#[cfg(test)]
mod tests {
    use aws_lc_rs::rand::SystemRandom;
    use aws_lc_rs::signature::{
        ECDSA_P256_SHA256_ASN1_SIGNING, ECDSA_P256_SHA256_FIXED, EcdsaKeyPair, KeyPair,
        UnparsedPublicKey,
    };

    use super::*;

    #[test]
    fn every_der_signature_becomes_the_fixed_form() {
        let key = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_ASN1_SIGNING).unwrap();
        let public = UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, key.public_key().as_ref());
        // Enough of them that numbers with a leading zero byte, long and short, occur.
        for round in 0..600u32 {
            let message = round.to_be_bytes();
            let der = key.sign(&SystemRandom::new(), &message).unwrap();
            let fixed = fixed_from_der(der.as_ref()).unwrap();
            public.verify(&message, &fixed).unwrap();
        }
    }

    #[test]
    fn short_numbers_are_padded_and_sign_bytes_dropped() {
        let fixed = fixed_from_der(&[0x30, 7, 2, 1, 5, 2, 2, 0, 0x80]).unwrap();
        assert_eq!(fixed[31], 5);
        assert_eq!(fixed[63], 0x80);
        assert!(
            fixed[..31]
                .iter()
                .chain(&fixed[32..63])
                .all(|byte| *byte == 0)
        );
    }

    #[test]
    fn other_der_is_refused() {
        let long = [[0x30, 38, 2, 33, 1].as_slice(), &[1; 32], &[2, 1, 1]].concat();
        let cases: &[&[u8]] = &[
            &[],
            &[0x30, 0],
            &[0x30, 6, 2, 1, 5, 2, 1],
            &[0x30, 6, 2, 1, 5, 2, 1, 5, 0],
            &[0x30, 7, 2, 1, 5, 2, 1, 5, 0],
            &[0x30, 6, 2, 1, 0, 2, 1, 5],
            &[0x30, 6, 2, 1, 0x80, 2, 1, 5],
            &[0x30, 7, 2, 2, 0, 5, 2, 1, 5],
            &[0x30, 5, 2, 0, 2, 1, 5],
            &[0x30, 6, 2, 9, 5, 2, 1, 5],
            &[0x30, 0x81, 6, 2, 1, 5, 2, 1, 5],
            &[0x31, 6, 2, 1, 5, 2, 1, 5],
            &long,
        ];
        for case in cases {
            assert!(fixed_from_der(case).is_none(), "{case:?}");
        }
    }
}
