//! Canaries through everything that takes text: each field where it is taken, each route where it is refused.

mod bookings;
mod business;
mod calls;
mod people;
mod refusals;

use chrono::{TimeDelta, Utc};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use vio_sandbox::{retell_signature, signed_delivery, twilio_signature};
use vio_tests::time::{instant, text, wait_until};
use vio_tests::{Booking, Random};

use crate::coverage::Operation;
use crate::words::*;
use crate::world::{Client, World};

pub(crate) use bookings::bookings;
pub(crate) use business::{business, sign_ins};
pub(crate) use calls::{attention, call};
pub(crate) use people::person;
pub(crate) use refusals::refusals;

const SOON: std::time::Duration = std::time::Duration::from_secs(30);
/// An id of nothing.
const NOBODY: &str = "018f0000-0000-7000-8000-000000000000";

/// A text that says which one it is.
fn word(of: &str) -> String {
    format!("{WORD} {of}")
}

fn id(answer: &Value) -> String {
    let names = ["id", "dnc_id", "attention_id", "session_id"];
    let id = names.iter().find_map(|name| answer[*name].as_str());
    id.unwrap_or_else(|| panic!("no id in {answer}")).to_owned()
}
