//! Verifying access tokens, in process, without a call to anybody.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, TimeDelta, Utc};
use serde::Deserialize;

use super::{Claims, PublicKey, TokenConfig};

/// How far the clocks of two of our functions may differ.
pub const CLOCK_SKEW: TimeDelta = TimeDelta::seconds(5);

/// The longest token that is looked at; ours take about 700 bytes.
pub const MAX_TOKEN_BYTES: usize = 2_048;

/// Why an access token is refused. For our own logs and tests: the holder learns only that it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    /// Not three parts of base64url with a header and claims as we write them, or too long.
    #[error("the token is malformed")]
    Malformed,
    /// Another algorithm or kind of token than ours.
    #[error("the token is of another kind")]
    Algorithm,
    /// Signed with a key we do not know.
    #[error("the token's key is unknown")]
    UnknownKey,
    /// The signature is wrong.
    #[error("the token's signature is wrong")]
    Signature,
    /// Issued by somebody else.
    #[error("the token has another issuer")]
    Issuer,
    /// Issued for somebody else.
    #[error("the token is for another audience")]
    Audience,
    /// Past its time.
    #[error("the token has expired")]
    Expired,
    /// Issued in the future, beyond [`CLOCK_SKEW`].
    #[error("the token is not valid yet")]
    NotYetValid,
    /// It lasts longer than any token we issue.
    #[error("the token lasts too long")]
    Lifetime,
}

/// Only these members may be there: no `crit`, no embedded key, no key address.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Header {
    alg: String,
    typ: String,
    kid: String,
}

/// Verifies access tokens against cached public keys: ES256 only, key id required.
#[derive(Clone, Debug)]
pub struct Verifier {
    config: TokenConfig,
    keys: Vec<PublicKey>,
}

impl Verifier {
    /// Accepts tokens of this configuration under any of `keys` (the signing key, and those it replaced).
    pub fn new(config: &TokenConfig, keys: Vec<PublicKey>) -> Self {
        Self {
            config: config.clone(),
            keys,
        }
    }

    /// The claims of a token that is genuine, ours, and valid at `now` (real time). The caller still checks that the
    /// session lives and that the permission version is current.
    pub fn verify(&self, token: &str, now: DateTime<Utc>) -> Result<Claims, TokenError> {
        if token.len() > MAX_TOKEN_BYTES {
            return Err(TokenError::Malformed);
        }
        let (signed, signature) = token.rsplit_once('.').ok_or(TokenError::Malformed)?;
        let (header, payload) = signed.split_once('.').ok_or(TokenError::Malformed)?;
        let header: Header = part(header)?;
        if header.alg != "ES256" || header.typ != "at+jwt" {
            return Err(TokenError::Algorithm);
        }
        let key = self
            .keys
            .iter()
            .find(|key| key.kid() == header.kid)
            .ok_or(TokenError::UnknownKey)?;
        let signature = URL_SAFE_NO_PAD
            .decode(signature)
            .map_err(|_| TokenError::Malformed)?;
        if !key.verifies(signed.as_bytes(), &signature) {
            return Err(TokenError::Signature);
        }
        let claims: Claims = part(payload)?;
        self.check(&claims, now)?;
        Ok(claims)
    }

    fn check(&self, claims: &Claims, now: DateTime<Utc>) -> Result<(), TokenError> {
        if claims.iss != self.config.issuer {
            return Err(TokenError::Issuer);
        }
        if claims.aud != self.config.audience {
            return Err(TokenError::Audience);
        }
        let lasts = claims.exp.checked_sub(claims.iat);
        if lasts.is_none_or(|seconds| seconds <= 0 || seconds > self.config.lifetime.num_seconds())
        {
            return Err(TokenError::Lifetime);
        }
        let (now, skew) = (now.timestamp(), CLOCK_SKEW.num_seconds());
        if claims.iat > now + skew {
            return Err(TokenError::NotYetValid);
        }
        if claims.exp <= now - skew {
            return Err(TokenError::Expired);
        }
        Ok(())
    }
}

fn part<T: for<'de> Deserialize<'de>>(encoded: &str) -> Result<T, TokenError> {
    let json = URL_SAFE_NO_PAD
        .decode(encoded)
        .map_err(|_| TokenError::Malformed)?;
    serde_json::from_slice(&json).map_err(|_| TokenError::Malformed)
}
