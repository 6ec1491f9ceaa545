//! Keyed hashes: equality without readability.

use std::fmt;
use std::str::FromStr;

use aws_lc_rs::hmac;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};

const LEN: usize = 20;

/// What kind of value is looked up. The kind is hashed with the value, so a phone number and a booking uid that are
/// written alike never meet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum LookupKind {
    /// A phone number in E.164.
    Phone,
    /// An e-mail address as the domain normalised it.
    Email,
    /// A booking's uid at Cal.com or Calendly.
    BookingUid,
    /// A source reference of a contact or appointment.
    SourceReference,
    /// The identity a provider gives to an event.
    ProviderEvent,
    /// A group's name, folded (unique per tenant, rules.md *Groups*).
    GroupName,
    /// An `Idempotency-Key` with its route.
    IdempotencyKey,
    /// One row of an imported file.
    ImportRow,
    /// The e-mail somebody signs in with; platform-wide (see [`crate::PlatformKeys`]).
    SignInEmail,
    /// A client's network address, for limits.
    ClientAddress,
    /// A contact at an address, in the link by which e-mails to them end: the hash is a proof there.
    Unsubscribe,
}

impl LookupKind {
    /// Part of what is hashed: never change one.
    fn label(self) -> &'static [u8] {
        match self {
            Self::Phone => b"phone",
            Self::Email => b"email",
            Self::BookingUid => b"booking_uid",
            Self::SourceReference => b"source_reference",
            Self::ProviderEvent => b"provider_event",
            Self::GroupName => b"group_name",
            Self::IdempotencyKey => b"idempotency_key",
            Self::ImportRow => b"import_row",
            Self::SignInEmail => b"sign_in_email",
            Self::ClientAddress => b"client_address",
            Self::Unsubscribe => b"unsubscribe",
        }
    }
}

/// HMAC-SHA-256 of a value under a tenant's lookup key, cut to 160 bits. Written as 27 characters of base64url.
///
/// It stands for the person in claims and do-not-call entries, so it goes into keys, never into logs: `Debug` hides it.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct LookupHash([u8; LEN]);

impl LookupHash {
    pub(crate) fn compute(key: &hmac::Key, kind: LookupKind, normalized: &str) -> Self {
        let mut context = hmac::Context::with_key(key);
        context.update(kind.label());
        context.update(&[0]);
        context.update(normalized.as_bytes());
        let mut hash = [0u8; LEN];
        hash.copy_from_slice(&context.sign().as_ref()[..LEN]);
        Self(hash)
    }
}

/// The text is not a lookup hash.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a lookup hash")]
pub struct LookupHashError;

impl FromStr for LookupHash {
    type Err = LookupHashError;

    fn from_str(text: &str) -> Result<Self, LookupHashError> {
        let mut hash = [0u8; LEN];
        match URL_SAFE_NO_PAD.decode_slice(text, &mut hash) {
            Ok(LEN) => Ok(Self(hash)),
            _ => Err(LookupHashError),
        }
    }
}

impl TryFrom<String> for LookupHash {
    type Error = LookupHashError;

    fn try_from(text: String) -> Result<Self, LookupHashError> {
        text.parse()
    }
}

impl From<LookupHash> for String {
    fn from(hash: LookupHash) -> Self {
        hash.to_string()
    }
}

impl fmt::Display for LookupHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&URL_SAFE_NO_PAD.encode(self.0))
    }
}

impl fmt::Debug for LookupHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("LookupHash(..)")
    }
}
