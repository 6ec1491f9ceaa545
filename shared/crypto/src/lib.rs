//! Everything secret: envelope encryption of fields, keyed hashes for lookup, passwords, tokens, message
//! authentication (rules.md *Privacy*, *People, roles, sessions*).
//!
//! # The envelope
//!
//! ```text
//! KMS key ─ wraps ─► tenant data key (one per tenant, kept on the tenant's record)
//!                      │ HKDF-SHA-256, one label each
//!                      ├─► field key     seals what belongs to no person
//!                      ├─► wrapping key  wraps person keys ─► person key ─ seals the person's fields
//!                      └─► lookup key    keyed hashes of phone numbers, e-mails, booking uids
//! ```
//!
//! *One* wrapped data key, not one per use: a request pays one KMS call for a tenant at most, one blob is stored, and
//! the derived keys are independent of each other. Rotating the KMS key does not touch it; rotating the data key itself
//! means rewriting what it sealed, as it would for any of the three.
//!
//! An object in the bucket has a key of its own, which lies sealed in the record that names the object: giving an object
//! to a person, or dropping it, is a change of that record and not of the object.
//!
//! A person's key lies apart from the person's records; destroying it makes every field of that person unreadable,
//! wherever a copy is kept.
//!
//! # Randomness and time
//!
//! Times are always parameters. Identifiers, tokens and keys take a [`Random`], so that a simulation repeats exactly; the
//! nonces of AES-GCM and the salts of passwords do not, because a repeated nonce would be a disaster: they always
//! come from the operating system. Ciphertexts therefore differ between two runs; their lengths do not.
//!
//! # Cold start
//!
//! aws-lc gathers CPU jitter for its first random bytes (about 20 ms). `AWS_LC_SYS_NO_JITTER_ENTROPY=1` at build time
//! removes that and with it one entropy source, leaving the kernel's. It is deliberately not set here: decide it in a
//! security note, for all functions at once.
//!
//! # Logs
//!
//! Nothing here logs, and no `Debug` or error message shows a key, a plaintext, a token or a hash of one.

mod cipher;
mod endpoint;
mod error;
mod keyring;
mod keys;
pub mod kms;
mod lookup;
pub mod mac;
mod object_key;
pub mod password;
mod random;
mod sealed;
pub mod tokens;

pub use cipher::{FieldRef, MAX_INFLATED_BYTES};
pub use endpoint::{EndpointId, EndpointIdError};
pub use error::CryptoError;
pub use keyring::KeyRing;
pub use keys::{PersonKey, PlatformKeys, TenantKeys, WrappedPersonKey};
pub use kms::{AwsKms, EncryptionContext, Kms, KmsError, MemoryKms, WrappedKey};
pub use lookup::{LookupHash, LookupHashError, LookupKind};
pub use object_key::ObjectKey;
pub use random::{Random, SeededRandom, SystemRandom, random_bytes};
pub use sealed::{Sealed, as_base64};
