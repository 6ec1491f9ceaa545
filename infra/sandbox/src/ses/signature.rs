//! AWS Signature Version 4 of a request, checked as AWS does.

use aws_lc_rs::{digest, hmac};
use axum::http::{HeaderMap, Method, Uri};
use subtle::ConstantTimeEq;

const ALGORITHM: &str = "AWS4-HMAC-SHA256";

/// What a request's `Authorization` says.
pub(super) struct Given<'a> {
    /// Whose key it is signed with.
    pub(super) key_id: &'a str,
    /// `<day>/<region>/<service>/aws4_request`.
    scope: &'a str,
    signed_headers: &'a str,
    signature: &'a str,
}

impl<'a> Given<'a> {
    /// Reads the header; None where it is not one of Signature Version 4 for SES.
    pub(super) fn of(headers: &'a HeaderMap) -> Option<Self> {
        let value = headers.get("authorization")?.to_str().ok()?;
        let rest = value.strip_prefix(ALGORITHM)?.trim();
        let mut parts = rest.split(',').map(str::trim);
        let mut part = |name: &str| parts.next()?.strip_prefix(name)?.strip_prefix('=');
        let (key_id, scope) = part("Credential")?.split_once('/')?;
        let given = Self {
            key_id,
            scope,
            signed_headers: part("SignedHeaders")?,
            signature: part("Signature")?,
        };
        given.scope.ends_with("/ses/aws4_request").then_some(given)
    }

    /// Whether the request is signed with this secret: method, address, headers and body.
    pub(super) fn holds(
        &self,
        secret: &str,
        (method, uri): (&Method, &Uri),
        headers: &HeaderMap,
        body: &[u8],
    ) -> bool {
        self.signature_with(secret, (method, uri), headers, body)
            .is_some_and(|expected| {
                bool::from(expected.as_bytes().ct_eq(self.signature.as_bytes()))
            })
    }

    fn signature_with(
        &self,
        secret: &str,
        (method, uri): (&Method, &Uri),
        headers: &HeaderMap,
        body: &[u8],
    ) -> Option<String> {
        let header = |name: &str| headers.get(name)?.to_str().ok();
        let mut lines = String::new();
        for name in self.signed_headers.split(';') {
            lines.push_str(&format!("{name}:{}\n", header(name)?.trim()));
        }
        let canonical = format!(
            "{method}\n{}\n{}\n{lines}\n{}\n{}",
            uri.path(),
            uri.query().unwrap_or_default(),
            self.signed_headers,
            sha256(body)
        );
        let instant = header("x-amz-date")?;
        let text = format!(
            "{ALGORITHM}\n{instant}\n{}\n{}",
            self.scope,
            sha256(canonical.as_bytes())
        );
        let mut key = format!("AWS4{secret}").into_bytes();
        for part in self.scope.split('/') {
            key = mac(&key, part.as_bytes());
        }
        Some(hex::encode(mac(&key, text.as_bytes())))
    }
}

fn sha256(bytes: &[u8]) -> String {
    hex::encode(digest::digest(&digest::SHA256, bytes))
}

fn mac(key: &[u8], bytes: &[u8]) -> Vec<u8> {
    let key = hmac::Key::new(hmac::HMAC_SHA256, key);
    hmac::sign(&key, bytes).as_ref().to_vec()
}
