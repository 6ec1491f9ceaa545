//! Argon2id.

use std::fmt;

use argon2::{Algorithm, Argon2, Params, PasswordHasher, PasswordVerifier, Version};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};

use super::{MAX_CHARS, normalized};

/// The cost of one hash.
#[derive(Clone, Debug)]
pub struct Argon2Params(Params);

impl Argon2Params {
    /// 64 MiB, three passes, one lane: RFC 9106's choice for limited memory, and over three times the memory of OWASP's
    /// minimum (19 MiB, two passes). The identity function has 1 GB or more, so it is never short.
    pub const DEFAULT: Self = Self(params(64 * 1024, 3));

    /// As cheap as the format allows, so that tests are quick. Never where a real password is stored.
    pub const fn for_tests() -> Self {
        Self(params(Params::MIN_M_COST, 1))
    }

    fn hasher(&self) -> Argon2<'static> {
        Argon2::new(Algorithm::Argon2id, Version::V0x13, self.0.clone())
    }
}

impl Default for Argon2Params {
    fn default() -> Self {
        Self::DEFAULT
    }
}

/// Both uses are constants: a bad one falls back to the library's own, which is OWASP's minimum.
const fn params(kibibytes: u32, passes: u32) -> Params {
    match Params::new(kibibytes, passes, 1, None) {
        Ok(params) => params,
        Err(_) => Params::DEFAULT,
    }
}

/// Why a password could not be hashed or a stored hash not be read. Says nothing of either.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PasswordError {
    /// Longer than [`MAX_CHARS`]: refused before any work is done.
    #[error("the password is too long")]
    TooLong,
    /// Not an Argon2id hash in PHC form.
    #[error("not a password hash")]
    NotAHash,
    /// The library or the system's generator failed.
    #[error("the password could not be hashed")]
    Failed,
}

/// A hash in PHC form (`$argon2id$v=19$m=…,t=…,p=…$salt$hash`). `Debug` hides it.
#[derive(Clone, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct PasswordHash(argon2::PasswordHash);

impl TryFrom<String> for PasswordHash {
    type Error = PasswordError;

    fn try_from(text: String) -> Result<Self, PasswordError> {
        let hash = argon2::PasswordHash::new(&text).map_err(|_| PasswordError::NotAHash)?;
        let complete =
            hash.algorithm == argon2::ARGON2ID_IDENT && hash.salt.is_some() && hash.hash.is_some();
        let cost = Params::try_from(&hash).map_err(|_| PasswordError::NotAHash)?;
        // What we store never asks for more than this; a forged record must not buy an hour of work.
        let affordable = cost.m_cost() <= 1024 * 1024 && cost.t_cost() <= 16 && cost.p_cost() <= 8;
        if complete && affordable {
            Ok(Self(hash))
        } else {
            Err(PasswordError::NotAHash)
        }
    }
}

impl From<PasswordHash> for String {
    fn from(hash: PasswordHash) -> Self {
        hash.0.to_string()
    }
}

impl fmt::Debug for PasswordHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PasswordHash(..)")
    }
}

/// Hashes a password with a fresh 128-bit salt. Blocks; see the [module](super).
pub fn hash(password: &SecretString, params: &Argon2Params) -> Result<PasswordHash, PasswordError> {
    check_length(password)?;
    let mut salt = [0u8; 16];
    aws_lc_rs::rand::fill(&mut salt).map_err(|_| PasswordError::Failed)?;
    params
        .hasher()
        .hash_password_with_salt(normalized(password.expose_secret()).as_bytes(), &salt)
        .map(PasswordHash)
        .map_err(|_| PasswordError::Failed)
}

/// Whether this is the password that was hashed, compared in constant time. Blocks; see the [module](super).
#[must_use]
pub fn verify(password: &SecretString, stored: &PasswordHash) -> bool {
    check_length(password).is_ok()
        && Argon2::default()
            .verify_password(normalized(password.expose_secret()).as_bytes(), &stored.0)
            .is_ok()
}

/// Does the work of [`verify`] for a user who does not exist, so that timing does not tell them apart from those who do.
/// Always false. `params` must be those that real users' hashes have. Blocks; see the [module](super).
#[must_use]
pub fn verify_dummy(password: &SecretString, params: &Argon2Params) -> bool {
    if check_length(password).is_ok() {
        let hashed = params
            .hasher()
            .hash_password_with_salt(normalized(password.expose_secret()).as_bytes(), &[0; 16]);
        // Keeps the compiler from leaving out work whose result nobody reads.
        std::hint::black_box(&hashed);
    }
    false
}

/// Whether a stored hash was made at another cost than `params`, to be replaced at the next sign-in.
#[must_use]
pub fn needs_rehash(stored: &PasswordHash, params: &Argon2Params) -> bool {
    Params::try_from(&stored.0).map_or(true, |cost| {
        (cost.m_cost(), cost.t_cost(), cost.p_cost())
            != (params.0.m_cost(), params.0.t_cost(), params.0.p_cost())
    })
}

/// Four bytes are the most that a character takes, so huge input is refused without being counted.
fn check_length(password: &SecretString) -> Result<(), PasswordError> {
    let text = password.expose_secret();
    if text.len() > MAX_CHARS * 4 || text.chars().count() > MAX_CHARS {
        Err(PasswordError::TooLong)
    } else {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secret(text: &str) -> SecretString {
        SecretString::from(text)
    }

    #[test]
    fn the_right_password_verifies_and_no_other() {
        let stored = hash(&secret("Correct horse 1"), &Argon2Params::for_tests()).unwrap();
        assert!(verify(&secret("Correct horse 1"), &stored));
        for wrong in ["correct horse 1", "Correct horse 1 ", "Correct horse", ""] {
            assert!(!verify(&secret(wrong), &stored), "{wrong}");
        }
    }

    #[test]
    fn two_hashes_of_one_password_differ() {
        let hash = |text| String::from(hash(&secret(text), &Argon2Params::for_tests()).unwrap());
        assert_ne!(hash("same"), hash("same"));
    }

    #[test]
    fn it_is_argon2id_at_the_stated_cost_and_reads_back() {
        let stored = hash(&secret("x"), &Argon2Params::DEFAULT).unwrap();
        let json = serde_json::to_string(&stored).unwrap();
        assert!(
            json.starts_with(r#""$argon2id$v=19$m=65536,t=3,p=1$"#),
            "{json}"
        );
        let read: PasswordHash = serde_json::from_str(&json).unwrap();
        assert!(verify(&secret("x"), &read));
        assert!(!needs_rehash(&read, &Argon2Params::DEFAULT));
        assert!(needs_rehash(&read, &Argon2Params::for_tests()));
    }

    #[test]
    fn an_accent_typed_either_way_is_the_same() {
        let stored = hash(&secret("caf\u{e9}"), &Argon2Params::for_tests()).unwrap();
        assert!(verify(&secret("cafe\u{301}"), &stored));
    }

    #[test]
    fn long_input_is_refused_before_any_work() {
        let long = secret(&"a".repeat(MAX_CHARS + 1));
        assert_eq!(
            hash(&long, &Argon2Params::DEFAULT).unwrap_err(),
            PasswordError::TooLong
        );
        let stored = hash(&secret("x"), &Argon2Params::for_tests()).unwrap();
        assert!(!verify(&secret(&"a".repeat(10_000_000)), &stored));
    }

    #[test]
    fn an_unknown_user_never_signs_in_and_costs_the_same() {
        let params = Argon2Params(params(4 * 1024, 2));
        let stored = hash(&secret("right"), &params).unwrap();
        let time = |work: &dyn Fn() -> bool| {
            let start = std::time::Instant::now();
            assert!(!work());
            start.elapsed().as_secs_f64()
        };
        // The best of several, taken in turn, so that a busy machine disturbs both alike.
        let (mut known, mut unknown) = (f64::MAX, f64::MAX);
        for _ in 0..12 {
            known = known.min(time(&|| verify(&secret("wrong"), &stored)));
            unknown = unknown.min(time(&|| verify_dummy(&secret("wrong"), &params)));
        }
        // Without the work it would be a thousandth.
        assert!(
            (0.2..5.0).contains(&(known / unknown)),
            "{known} s against {unknown} s"
        );
    }

    #[test]
    fn other_text_is_not_a_hash() {
        let good = String::from(hash(&secret("x"), &Argon2Params::for_tests()).unwrap());
        let cases = [
            String::new(),
            "x".to_owned(),
            good.replace("argon2id", "argon2i"),
            good.replace("m=8", "m=99999999"),
            good.rsplit_once('$').unwrap().0.to_owned(),
        ];
        for case in cases {
            assert!(PasswordHash::try_from(case.clone()).is_err(), "{case}");
        }
        assert!(
            !format!("{:?}", PasswordHash::try_from(good.clone()).unwrap()).contains("argon2id")
        );
    }
}
