//! Requests come through the edge: CloudFront adds a secret header to each, and a function refuses one without it, so
//! that nobody goes round the web ACL (architecture.md *Authentication*). The function knows the secret's hash alone.

use std::str::FromStr;
use std::sync::Arc;

use aws_lc_rs::constant_time::verify_slices_are_equal;
use aws_lc_rs::digest::{SHA256, SHA256_OUTPUT_LEN, digest};
use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, HeaderName};

use crate::problem::Problem;
use crate::service::Shared;

/// The header that the edge sets; one that a client sends is replaced there.
pub const ORIGIN_SECRET: HeaderName = HeaderName::from_static("x-origin-secret");

/// SHA-256 of the secret, or of two while it is rotated. The secret is 256 random bits, so a hash gives nothing away.
#[derive(Debug, Clone)]
pub struct OriginHashes(Arc<[[u8; SHA256_OUTPUT_LEN]]>);

/// The hashes are not one or two, comma-separated, of 64 hex digits each.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not one or two SHA-256 hashes in hex")]
pub struct OriginHashesError;

impl FromStr for OriginHashes {
    type Err = OriginHashesError;

    fn from_str(text: &str) -> Result<Self, OriginHashesError> {
        let hashes = text
            .split(',')
            .map(|hash| {
                let mut bytes = [0; SHA256_OUTPUT_LEN];
                hex::decode_to_slice(hash.trim(), &mut bytes).map_err(|_| OriginHashesError)?;
                Ok(bytes)
            })
            .collect::<Result<Vec<_>, _>>()?;
        if hashes.len() > 2 {
            return Err(OriginHashesError);
        }
        Ok(Self(hashes.into()))
    }
}

impl OriginHashes {
    /// Whether the request carries the secret, once.
    fn admits(&self, headers: &HeaderMap) -> bool {
        let mut values = headers.get_all(ORIGIN_SECRET).iter();
        let (Some(value), None) = (values.next(), values.next()) else {
            return false;
        };
        let hash = digest(&SHA256, value.as_bytes());
        self.0
            .iter()
            .any(|known| verify_slices_are_equal(known, hash.as_ref()).is_ok())
    }
}

/// Refuses what did not come through the edge, where one is configured, and hides the secret from what follows.
pub(crate) async fn require_origin(
    State(shared): State<Shared>,
    mut request: Request,
    next: Next,
) -> Response {
    if let Some(hashes) = &shared.origin
        && !hashes.admits(request.headers())
    {
        return Problem::forbidden().into_response();
    }
    request.headers_mut().remove(ORIGIN_SECRET);
    next.run(request).await
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn hash(secret: &str) -> String {
        hex::encode(digest(&SHA256, secret.as_bytes()))
    }

    fn headers(values: &[&'static str]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(ORIGIN_SECRET, HeaderValue::from_static(value));
        }
        headers
    }

    #[test]
    fn the_secret_admits_and_nothing_else_does() {
        let one: OriginHashes = hash("s").parse().unwrap();
        assert!(one.admits(&headers(&["s"])));
        for refused in [&[][..], &["t"], &[""], &["s", "s"], &["s", "t"]] {
            assert!(!one.admits(&headers(refused)), "{refused:?}");
        }
        let both: OriginHashes = format!("{},{}", hash("old"), hash("new")).parse().unwrap();
        assert!(both.admits(&headers(&["old"])) && both.admits(&headers(&["new"])));
        assert!(!both.admits(&headers(&["s"])));
    }

    #[test]
    fn hashes_are_hashes() {
        let three = [hash("a"), hash("b"), hash("c")].join(",");
        for text in [
            "",
            "abc",
            &hash("s")[1..],
            &three,
            &hash("s").replace('a', "g"),
        ] {
            let expected = text.len() == 64 && text.bytes().all(|b| b.is_ascii_hexdigit());
            assert_eq!(text.parse::<OriginHashes>().is_ok(), expected, "{text}");
        }
    }
}
