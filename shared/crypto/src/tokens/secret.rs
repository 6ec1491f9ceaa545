//! Opaque tokens: the holder has the secret, we keep its hash.

use std::fmt;
use std::marker::PhantomData;

use aws_lc_rs::digest;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use uuid::Uuid;
use zeroize::Zeroizing;

use crate::{CryptoError, Random};

const SECRET_LEN: usize = 32;

/// What a secret token is for: tokens of two kinds are two types, with two prefixes.
pub trait TokenKind {
    /// Written before the id, such as `rt` in `rt_<id>.<secret>`.
    const PREFIX: &'static str;
}

macro_rules! kinds {
    ($($(#[$doc:meta])* $kind:ident, $alias:ident, $prefix:literal;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum $kind {}

        impl TokenKind for $kind {
            const PREFIX: &'static str = $prefix;
        }

        #[doc = concat!("A token of the kind [`", stringify!($kind), "`].")]
        pub type $alias = SecretToken<$kind>;
    )*};
}

kinds! {
    /// Renews a session; its id is the family, which reuse of an old token ends.
    Refresh, RefreshToken, "rt";
    /// Lets somebody set a new password; its id is the request.
    PasswordReset, PasswordResetToken, "pr";
    /// Lets somebody join a team; its id is the invitation.
    Invitation, InvitationToken, "iv";
    /// Confirms a new e-mail address; its id is the request.
    EmailChange, EmailChangeToken, "ec";
    /// Carries a sign-in between its steps; its id is the attempt.
    SignIn, SignInToken, "si";
    /// Opens one live connection, once; its id is the ticket.
    LiveTicket, LiveTicketToken, "lt";
}

/// `<prefix>_<id>.<secret>`: a UUID under which its hash is stored, and 256 random bits.
///
/// Wiped when dropped; neither `Debug` nor `Display` shows the secret.
pub struct SecretToken<K> {
    id: Uuid,
    secret: Zeroizing<[u8; SECRET_LEN]>,
    kind: PhantomData<K>,
}

/// The text is not a token of this kind. Says nothing of the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a token of this kind")]
pub struct SecretTokenError;

impl<K: TokenKind> SecretToken<K> {
    /// Makes a new one. `id` is what it is stored under; for a refresh token the family, kept over rotations.
    pub fn generate(id: Uuid, random: &dyn Random) -> Result<Self, CryptoError> {
        let mut secret = Zeroizing::new([0u8; SECRET_LEN]);
        random.fill(secret.as_mut_slice())?;
        Ok(Self {
            id,
            secret,
            kind: PhantomData,
        })
    }

    /// Reads what somebody sent. Whether it is genuine only its stored hash knows.
    pub fn parse(text: &str) -> Result<Self, SecretTokenError> {
        let (id, secret) = text
            .strip_prefix(K::PREFIX)
            .and_then(|rest| rest.strip_prefix('_'))
            .and_then(|rest| rest.split_once('.'))
            .ok_or(SecretTokenError)?;
        if id.len() != 32 {
            return Err(SecretTokenError);
        }
        let id = Uuid::try_parse(id).map_err(|_| SecretTokenError)?;
        let mut bytes = Zeroizing::new([0u8; SECRET_LEN]);
        match URL_SAFE_NO_PAD.decode_slice(secret, bytes.as_mut_slice()) {
            Ok(SECRET_LEN) => Ok(Self {
                id,
                secret: bytes,
                kind: PhantomData,
            }),
            _ => Err(SecretTokenError),
        }
    }

    /// What its hash is stored under; for a refresh token the family.
    pub fn id(&self) -> Uuid {
        self.id
    }

    /// The token in full, to hand to its holder and to nobody else.
    pub fn expose(&self) -> Zeroizing<String> {
        Zeroizing::new(format!(
            "{}_{}.{}",
            K::PREFIX,
            self.id.as_simple(),
            URL_SAFE_NO_PAD.encode(self.secret.as_slice())
        ))
    }

    /// What to store. SHA-256 needs no salt and no stretching here: nobody guesses 256 random bits.
    pub fn hash(&self) -> SecretTokenHash<K> {
        let mut context = digest::Context::new(&digest::SHA256);
        context.update(K::PREFIX.as_bytes());
        context.update(self.id.as_bytes());
        context.update(self.secret.as_slice());
        let mut hash = [0u8; 32];
        hash.copy_from_slice(context.finish().as_ref());
        SecretTokenHash {
            hash,
            kind: PhantomData,
        }
    }
}

impl RefreshToken {
    /// The session family it belongs to.
    pub fn family(&self) -> Uuid {
        self.id
    }
}

impl<K: TokenKind> fmt::Debug for SecretToken<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SecretToken({}_{}..)", K::PREFIX, self.id.as_simple())
    }
}

/// The hash of a secret token, as it is stored: 43 characters of base64url.
#[derive(Serialize, Deserialize)]
#[serde(into = "String", try_from = "String", bound = "")]
pub struct SecretTokenHash<K> {
    hash: [u8; 32],
    kind: PhantomData<K>,
}

/// The stored hash of a [`RefreshToken`].
pub type RefreshTokenHash = SecretTokenHash<Refresh>;

impl<K: TokenKind> SecretTokenHash<K> {
    /// Whether `token` is the one that was hashed, in constant time.
    #[must_use]
    pub fn matches(&self, token: &SecretToken<K>) -> bool {
        *self == token.hash()
    }
}

/// In constant time.
impl<K> PartialEq for SecretTokenHash<K> {
    fn eq(&self, other: &Self) -> bool {
        crate::mac::equal(&self.hash, &other.hash)
    }
}

impl<K> Eq for SecretTokenHash<K> {}

impl<K> Clone for SecretTokenHash<K> {
    fn clone(&self) -> Self {
        Self {
            hash: self.hash,
            kind: PhantomData,
        }
    }
}

impl<K> fmt::Debug for SecretTokenHash<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretTokenHash(..)")
    }
}

impl<K> From<SecretTokenHash<K>> for String {
    fn from(hash: SecretTokenHash<K>) -> Self {
        URL_SAFE_NO_PAD.encode(hash.hash)
    }
}

impl<K> TryFrom<String> for SecretTokenHash<K> {
    type Error = SecretTokenError;

    fn try_from(text: String) -> Result<Self, SecretTokenError> {
        let mut hash = [0u8; 32];
        match URL_SAFE_NO_PAD.decode_slice(text, &mut hash) {
            Ok(32) => Ok(Self {
                hash,
                kind: PhantomData,
            }),
            _ => Err(SecretTokenError),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::SystemRandom;

    fn token() -> RefreshToken {
        RefreshToken::generate(Uuid::from_u128(7), &SystemRandom).unwrap()
    }

    #[test]
    fn it_reads_back_and_matches_its_hash() {
        let token = token();
        let text = token.expose();
        assert!(text.starts_with("rt_00000000000000000000000000000007."));
        let read = RefreshToken::parse(&text).unwrap();
        assert_eq!(read.family(), Uuid::from_u128(7));
        assert!(token.hash().matches(&read));
        let json = serde_json::to_string(&token.hash()).unwrap();
        let stored: RefreshTokenHash = serde_json::from_str(&json).unwrap();
        assert!(stored.matches(&read));
        assert_eq!(json.len(), 45);
    }

    #[test]
    fn another_secret_or_family_does_not_match() {
        let token = token();
        assert!(!token.hash().matches(&self::token()));
        let moved = token.expose().replacen("07.", "08.", 1);
        assert!(!token.hash().matches(&RefreshToken::parse(&moved).unwrap()));
    }

    #[test]
    fn other_text_is_refused() {
        let text = token().expose();
        let dashed = text.replace(
            "00000000000000000000000000000007",
            "00000000-0000-0000-0000-000000000007",
        );
        let cases = [
            "",
            "rt_",
            "rt_.",
            &text[1..],
            &text[..text.len() - 1],
            &format!("{}A", *text),
            &text.replacen("rt_", "pr_", 1),
            &dashed,
            &"é".repeat(40),
        ];
        for case in cases {
            assert!(RefreshToken::parse(case).is_err(), "{case}");
        }
        assert!(PasswordResetToken::parse(&text).is_err());
    }

    #[test]
    fn kinds_do_not_share_hashes() {
        let text = token().expose();
        let reset = PasswordResetToken::parse(&text.replacen("rt_", "pr_", 1)).unwrap();
        let refresh = RefreshToken::parse(&text).unwrap();
        assert_ne!(String::from(reset.hash()), String::from(refresh.hash()));
    }

    #[test]
    fn debug_hides_the_secret() {
        let token = token();
        let text = token.expose();
        let (_, secret) = text.split_once('.').unwrap();
        assert!(!format!("{token:?} {:?}", token.hash()).contains(secret));
        assert!(!format!("{:?}", token.hash()).contains(&String::from(token.hash())));
    }
}
