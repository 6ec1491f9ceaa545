//! Amazon SES: e-mail out, and news of what became of it.

mod client;
pub mod feedback;
mod mailbox;

use std::fmt;
use std::time::Duration;

use async_trait::async_trait;

use crate::error::{RetryAfter, Unanswered};
pub use client::{SesMailer, SesSigning};
pub use mailbox::Mailbox;

/// An e-mail to send.
#[derive(Clone, PartialEq, Eq)]
pub struct NewMail {
    /// From whom it is: the name that is shown, with the platform's own address.
    pub from: Mailbox,
    /// Whom it is to: the bare address.
    pub to: String,
    /// Where answers go, instead of the sender's address.
    pub reply_to: Option<String>,
    /// One line.
    pub subject: String,
    pub text: String,
    pub html: String,
    /// Names it in the news of it: opaque, of letters, digits, `_` and `-`.
    pub tag: String,
    /// Where one request, and nothing else, ends e-mails to this person (RFC 8058).
    pub unsubscribe: Option<String>,
}

impl fmt::Debug for NewMail {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NewMail")
            .field("tag", &self.tag)
            .finish_non_exhaustive()
    }
}

/// What a refusal is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// Too much at once.
    TooMany,
    /// The account may send no more today: somebody must ask for more, or tomorrow comes.
    Quota,
    /// The account, its credentials, its sender or its settings: somebody must see to it, and then it may go out. So is an
    /// account that may write to proved addresses only.
    Account,
    /// This e-mail.
    Mail,
}

/// What is logged when an e-mail is refused for a reason that holds for all: an alarm looks for these words.
pub const ACCOUNT_REFUSED: &str = "e-mail is refused for the whole account";

/// A request that did not succeed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum MailError {
    /// Refused for certain: 4xx other than 408 and 409.
    #[error("refused with status {status}: {about:?}")]
    Refused {
        status: u16,
        about: Refusal,
        retry_after: Option<RetryAfter>,
    },
    /// Nothing was sent: we have no credentials to sign with, or the request cannot be made.
    #[error("there is nothing to sign a request with")]
    NotSigned,
    /// Nobody knows.
    #[error(transparent)]
    NoAnswer(#[from] Unanswered),
}

/// What the account may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MailAccount {
    /// Whether it may send at all now.
    pub sends: bool,
    /// Whether it may send to everybody, or only to addresses that were proved to SES.
    pub to_everybody: bool,
    /// Whether it has sent all that it may in 24 hours.
    pub used_up: bool,
}

/// Sends e-mail. Every request is sent at most once and ends within its `timeout`.
#[async_trait]
pub trait Mailer: Send + Sync {
    /// `POST /v2/email/outbound-emails`; the provider's id of the e-mail. There is no idempotency key and no list: after
    /// [`MailError::NoAnswer`] it may have been taken on, and only news of it can tell.
    async fn send(&self, mail: &NewMail, timeout: Duration) -> Result<String, MailError>;

    /// `GET /v2/email/account`: whether e-mail can be sent.
    async fn account(&self, timeout: Duration) -> Result<MailAccount, MailError>;
}
