//! Twilio's webhooks: forms, signed over the address they are configured with and every field.

use aws_lc_rs::hmac;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use reqwest::Url;
use secrecy::{ExposeSecret, SecretString};
use vio_domain::messages::state::Report;

use super::{Form, FormError};
use crate::SignatureError;

/// The header with the signature.
pub const SIGNATURE_HEADER: &str = "x-twilio-signature";
/// Most bytes of an event.
pub use super::form::LARGEST_FORM as LARGEST_EVENT;
/// Bytes of an HMAC-SHA-1.
const TAG: usize = 20;

/// Checks the signature of a form posted to `url`, the address as it is configured, never as a request's headers say.
/// Every token that is valid is tried (two for a day after a rotation), with the address as it is and with and without
/// a port, because Twilio signs either.
pub fn verify(
    header: &str,
    url: &str,
    form: &Form,
    tokens: &[SecretString],
) -> Result<(), SignatureError> {
    let mut given = [0_u8; TAG + 1];
    // One byte more than needed: base64 writes in threes.
    let length = STANDARD.decode_slice(header.as_bytes(), &mut given);
    if header.len() > 28 || length != Ok(TAG) {
        return Err(SignatureError::Wrong);
    }
    let mut fields = String::new();
    for (name, value) in form.sorted() {
        fields.push_str(name);
        fields.push_str(value);
    }
    let mut right = false;
    for token in tokens {
        let secret = token.expose_secret().as_bytes();
        let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, secret);
        for url in spellings(url) {
            let message = format!("{url}{fields}");
            let made = hmac::verify(&key, message.as_bytes(), &given[..TAG]).is_ok();
            right |= made & !secret.is_empty();
        }
    }
    if right {
        Ok(())
    } else {
        Err(SignatureError::Wrong)
    }
}

/// The address as it is, without a port where it is https, and with the standard port.
fn spellings(url: &str) -> Vec<String> {
    let mut found = vec![url.to_owned()];
    let Ok(parsed) = Url::parse(url) else {
        return found;
    };
    let (Some(host), Some((scheme, rest))) = (parsed.host_str(), url.split_once("://")) else {
        return found;
    };
    let standard = if parsed.scheme() == "https" { 443 } else { 80 };
    let (authority, path) = rest.split_at(rest.find(['/', '?']).unwrap_or(rest.len()));
    let ported = authority.len() > host.len() && authority.starts_with(host);
    if ported {
        found.push(format!("{scheme}://{host}{path}"));
    } else {
        found.push(format!("{scheme}://{authority}:{standard}{path}"));
    }
    found
}

/// What came.
#[derive(Clone, PartialEq, Eq)]
pub enum Event {
    /// Somebody wrote.
    Inbound(Inbound),
    /// News of a message of ours.
    Status(StatusReport),
    /// Anything else: accepted and ignored.
    Other,
}

/// A message from a person.
#[derive(Clone, PartialEq, Eq)]
pub struct Inbound {
    pub sid: String,
    /// As Twilio gives it; E.164 for a phone.
    pub from: String,
    pub body: String,
    /// What Twilio took it for: STOP, START or HELP; None where it does not say.
    pub opt_out: Option<String>,
}

/// News of a message of ours.
#[derive(Clone, PartialEq, Eq)]
pub struct StatusReport {
    pub sid: String,
    pub report: Report,
    pub error_code: Option<u32>,
}

impl std::fmt::Debug for Event {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Inbound(_) => "Inbound",
            Self::Status(_) => "Status",
            Self::Other => "Other",
        })
    }
}

/// Longest text of a message that is kept, in characters: Twilio's own limit.
const LONGEST_BODY: usize = 1_600;

impl Event {
    /// Reads a form whose signature is right.
    pub fn of(form: &Form) -> Result<Self, FormError> {
        let sid = form.text("MessageSid").or_else(|| form.text("SmsSid"));
        let sid = sid.filter(|sid| is_sid(sid)).ok_or(FormError::Malformed)?;
        let word = form
            .text("MessageStatus")
            .or_else(|| form.text("SmsStatus"));
        if word == Some("received") || (word.is_none() && form.get("Body").is_some()) {
            let from = form.text("From").ok_or(FormError::Malformed)?;
            let body = form.get("Body").unwrap_or_default();
            return Ok(Self::Inbound(Inbound {
                sid: sid.to_owned(),
                from: from.to_owned(),
                body: body.chars().take(LONGEST_BODY).collect(),
                opt_out: form.text("OptOutType").map(str::to_owned),
            }));
        }
        let Some(report) = word.and_then(Report::of) else {
            return Ok(Self::Other);
        };
        Ok(Self::Status(StatusReport {
            sid: sid.to_owned(),
            report,
            error_code: form.text("ErrorCode").and_then(|code| code.parse().ok()),
        }))
    }

    /// What makes two deliveries the same event.
    pub fn identity(form: &Form) -> String {
        let part = |name| form.text(name).unwrap_or("-");
        format!(
            "sms|{}|{}",
            form.text("MessageSid").unwrap_or(part("SmsSid")),
            form.text("MessageStatus").unwrap_or(part("SmsStatus"))
        )
    }
}

/// Two letters and 32 hexadecimal digits.
pub(crate) fn is_sid(text: &str) -> bool {
    text.len() == 34
        && text.as_bytes()[..2].iter().all(u8::is_ascii_uppercase)
        && text.bytes().skip(2).all(|byte| byte.is_ascii_hexdigit())
}
