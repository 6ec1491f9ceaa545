//! Twilio: SMS out and in, and what is known of a number.

mod client;
mod form;
pub mod webhook;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use secrecy::SecretString;
use vio_domain::messages::state::Report;

use crate::error::{RetryAfter, Unanswered};
use crate::{BadBaseUrl, BaseUrl};
pub use client::{HttpTwilio, HttpTwilioFactory};
pub use form::{Form, FormError, LARGEST_FORM};

/// Twilio's own address for messages, and for looking numbers up.
pub const TWILIO_URL: &str = "https://api.twilio.com";
pub(crate) const LOOKUPS_URL: &str = "https://lookups.twilio.com";

/// Twilio's codes that mean something to us (CONTRACTS.md); there are many more.
pub mod code {
    /// The credentials are wrong.
    pub const CREDENTIALS: u32 = 20003;
    /// Too many requests.
    pub const TOO_MANY: u32 = 20429;
    /// Not a number.
    pub const BAD_NUMBER: u32 = 21211;
    /// The person sent a stop word to this sender.
    pub const OPTED_OUT: u32 = 21610;
    /// By callback: the phone is off or out of reach.
    pub const UNREACHABLE: u32 = 30003;
}

/// Whose account, and the token that opens it and signs its webhooks.
#[derive(Clone)]
pub struct Account {
    /// `AC` and 32 hexadecimal digits.
    pub sid: String,
    pub token: SecretString,
}

impl fmt::Debug for Account {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Account")
    }
}

/// A request that did not succeed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TwilioError {
    /// Refused for certain: 4xx other than 408 and 409.
    #[error("refused with status {status}, code {code:?}")]
    Refused {
        status: u16,
        /// Twilio's own code, where the answer has one.
        code: Option<u32>,
        retry_after: Option<RetryAfter>,
    },
    /// Nobody knows.
    #[error(transparent)]
    NoAnswer(#[from] Unanswered),
}

/// An SMS to send.
#[derive(Clone, PartialEq, Eq)]
pub struct NewSms {
    /// E.164.
    pub to: String,
    /// The tenant's number, E.164.
    pub from: String,
    pub body: String,
    /// Where the provider reports to; it names the message, so that a report finds it even where no answer came.
    /// Empty where nobody waits for a report.
    pub status_callback: String,
}

impl fmt::Debug for NewSms {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("NewSms")
    }
}

/// An SMS that the provider has.
#[derive(Clone, PartialEq, Eq)]
pub struct Sms {
    /// The provider's id of it.
    pub sid: String,
    /// None for one that came in.
    pub report: Option<Report>,
    pub body: String,
    pub created_at: Option<DateTime<Utc>>,
    pub error_code: Option<u32>,
}

impl fmt::Debug for Sms {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sms")
            .field("sid", &self.sid)
            .field("report", &self.report)
            .finish_non_exhaustive()
    }
}

/// A page of the provider's messages, newest first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    pub messages: Vec<Sms>,
    /// Whether there are older ones.
    pub more: bool,
}

/// What is known of a number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lookup {
    pub valid: bool,
    /// Twilio's word, such as `mobile`, `landline` or `nonFixedVoip`.
    pub line_type: Option<String>,
    pub carrier: Option<String>,
}

/// A number of the account, as far as messages need it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OwnNumber {
    pub sms: bool,
    /// Where messages to it are posted.
    pub sms_url: Option<String>,
}

/// Twilio's API with one tenant's account. Every request is sent at most once and ends within its `timeout`.
#[async_trait]
pub trait TwilioApi: Send + Sync {
    /// `POST …/Messages.json`. There is no idempotency key: after [`TwilioError::NoAnswer`] the message may have been
    /// taken on, and only the list or a report can tell.
    async fn send(&self, sms: &NewSms, timeout: Duration) -> Result<Sms, TwilioError>;

    /// `GET …/Messages.json`: what went from one number to another, newest first, one page. An answer that leaves doubt
    /// is an error, never an empty list.
    async fn sent(&self, to: &str, from: &str, timeout: Duration) -> Result<Page, TwilioError>;

    /// `GET /v2/PhoneNumbers/{e164}` with its line type.
    async fn lookup(&self, e164: &str, timeout: Duration) -> Result<Lookup, TwilioError>;

    /// `GET …/IncomingPhoneNumbers.json`: the account's number of that name; None where it has none. Also the test of
    /// the credentials.
    async fn own_number(
        &self,
        e164: &str,
        timeout: Duration,
    ) -> Result<Option<OwnNumber>, TwilioError>;
}

/// Makes clients for a tenant's address and account.
pub trait TwilioFactory: Send + Sync {
    /// A client for this address and account.
    fn client(&self, base_url: BaseUrl, account: Account) -> Arc<dyn TwilioApi>;

    /// The same from an address as it was stored.
    fn client_at(
        &self,
        base_url: &str,
        account: Account,
    ) -> Result<Arc<dyn TwilioApi>, BadBaseUrl> {
        Ok(self.client(BaseUrl::parse(base_url)?, account))
    }
}
