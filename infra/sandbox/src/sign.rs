//! Signatures as the providers make them. Timestamps are real time, never the developer clock.

use aws_lc_rs::{digest, hmac};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

fn hmac_hex(key: &str, parts: &[&[u8]]) -> String {
    let key = hmac::Key::new(hmac::HMAC_SHA256, key.as_bytes());
    let mut context = hmac::Context::with_key(&key);
    for part in parts {
        context.update(part);
    }
    hex::encode(context.sign())
}

/// The value of `x-retell-signature` for a raw body: `v=<unix ms>,d=<64 lower-case hex>`,
/// HMAC-SHA256 under the API key over the body followed by the decimal milliseconds.
#[must_use]
pub fn retell_signature(api_key: &str, body: &[u8], unix_ms: i64) -> String {
    let digest = hmac_hex(api_key, &[body, unix_ms.to_string().as_bytes()]);
    format!("v={unix_ms},d={digest}")
}

/// The value of `X-Cal-Signature-256` for a raw body; literally `no-secret-provided` for an empty
/// secret, as Cal.com sends it.
#[must_use]
pub fn calcom_signature(secret: &str, body: &[u8]) -> String {
    if secret.is_empty() {
        "no-secret-provided".to_owned()
    } else {
        hmac_hex(secret, &[body])
    }
}

/// The value of `Calendly-Webhook-Signature` for a raw body: `t=<unix s>,v1=<64 lower-case hex>`, HMAC-SHA256 under the
/// subscription's key over the seconds, a dot and the body.
#[must_use]
pub fn calendly_signature(signing_key: &str, body: &[u8], unix_s: i64) -> String {
    let digest = hmac_hex(signing_key, &[unix_s.to_string().as_bytes(), b".", body]);
    format!("t={unix_s},v1={digest}")
}

/// The value of `X-Twilio-Signature` for a form: base64 of HMAC-SHA1 under the auth token over the address and every
/// field, sorted by name and value, each once.
#[must_use]
pub fn twilio_signature(auth_token: &str, url: &str, fields: &[(String, String)]) -> String {
    let mut fields = fields.to_vec();
    fields.sort();
    fields.dedup();
    let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, auth_token.as_bytes());
    let mut context = hmac::Context::with_key(&key);
    context.update(url.as_bytes());
    for (name, value) in fields {
        context.update(name.as_bytes());
        context.update(value.as_bytes());
    }
    STANDARD.encode(context.sign())
}

/// SHA-256 over a JSON value's meaning: the order of object members does not count.
pub(crate) fn fingerprint(value: &Value) -> String {
    let mut text = String::new();
    canonical(value, &mut text);
    hex::encode(digest::digest(&digest::SHA256, text.as_bytes()))
}

fn canonical(value: &Value, out: &mut String) {
    match value {
        Value::Object(members) => {
            let mut members: Vec<_> = members.iter().collect();
            members.sort_by_key(|(name, _)| *name);
            out.push('{');
            for (name, member) in members {
                out.push_str(&Value::String(name.clone()).to_string());
                out.push(':');
                canonical(member, out);
                out.push(',');
            }
            out.push('}');
        }
        Value::Array(items) => {
            out.push('[');
            for item in items {
                canonical(item, out);
                out.push(',');
            }
            out.push(']');
        }
        scalar => out.push_str(&scalar.to_string()),
    }
}
