//! Tokens: short access tokens that anybody of ours can verify, and secret tokens of which only a hash is kept.
//!
//! The access token is made and read here, on aws-lc-rs, rather than with a JWT library: signing goes through the key
//! service, which such libraries do not do, and they read the clock themselves. What is left is one algorithm, pinned.

mod access;
mod keys;
mod secret;
mod verify;

pub use access::{AccessTokens, Claims, NewAccess, TokenConfig};
pub(crate) use keys::SPKI_P256_PREFIX;
pub use keys::{PublicKey, PublicKeyError, jwks};
pub use secret::{
    EmailChange, EmailChangeToken, Invitation, InvitationToken, LiveTicket, LiveTicketToken,
    PasswordReset, PasswordResetToken, Refresh, RefreshToken, RefreshTokenHash, SecretToken,
    SecretTokenError, SecretTokenHash, SignIn, SignInToken, TokenKind,
};
pub use verify::{CLOCK_SKEW, MAX_TOKEN_BYTES, TokenError, Verifier};
