//! What the providers of calls, messages and calendars say and understand: their requests, answers, webhooks and signatures;
//! and what is sent to addresses that businesses name.
//!
//! No client here retries on its own, follows a redirect or sends without a time limit, and none reads an answer of
//! any size. What people say and are called never reaches `Debug`, an error or a log.

mod base_url;
pub mod booking;
pub mod calcom;
pub mod calendly;
mod error;
mod json;
pub mod outgoing;
pub mod retell;
pub mod ses;
mod signature;
mod transport;
pub mod twilio;

pub use base_url::{BadBaseUrl, BaseUrl};
pub use error::{ApiError, ProviderMessage, RetryAfter, Unanswered};
pub use json::EventError;
pub use signature::SignatureError;
pub use transport::Http;
