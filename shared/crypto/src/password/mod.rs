//! Passwords: what may be one (S3), and Argon2id over them (rules.md *People, roles, sessions*).
//!
//! Hashing and verifying take a good part of a second and tens of mebibytes **by design, and block the thread**: call
//! them inside `tokio::task::spawn_blocking`, and bound how many run at once where one process serves many requests.

mod hashing;
mod policy;

pub use hashing::{
    Argon2Params, PasswordError, PasswordHash, hash, needs_rehash, verify, verify_dummy,
};
pub use policy::{MAX_CHARS, MIN_CHARS, PasswordRule, broken_rules, strength};

/// One way to write what was typed: an accent is one character or two, depending on the keyboard.
fn normalized(password: &str) -> zeroize::Zeroizing<String> {
    use unicode_normalization::UnicodeNormalization;
    // Enough room from the start, so that growing leaves no copy behind.
    let mut out = zeroize::Zeroizing::new(String::with_capacity(password.len() * 3));
    out.extend(password.nfc());
    out
}
