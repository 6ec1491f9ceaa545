//! What businesses are told at addresses that they name: signed as Standard Webhooks says, and never sent into a network of
//! ours.

mod address;
mod client;
mod sign;

pub use address::{BadWebhookUrl, Reach, WebhookUrl, is_public};
pub use client::{NotPosted, OutgoingClient, Posted};
pub use sign::{
    BadSecret, ID_HEADER, SIGNATURE_HEADER, TIMESTAMP_HEADER, TOLERANCE_S, sign, verify,
};
