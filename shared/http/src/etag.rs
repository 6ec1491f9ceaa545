//! Versions of records in `ETag` and `If-Match` (rules.md Contacts): a stale one is 412, a missing one where it is
//! needed 428.

use std::fmt;

use axum::extract::FromRequestParts;
use axum::response::{IntoResponseParts, ResponseParts};
use http::request::Parts;
use http::{HeaderValue, header};

use crate::problem::{FieldProblem, Kind, Problem};

/// Tags of one `If-Match` are read up to this many.
const MOST_TAGS: usize = 16;

/// A strong entity tag, without its quotes: `c3-a7`. Add it to a response as a part: `(etag, Json(contact))`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ETag(String);

/// The text has a character that an entity tag may not have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not an entity tag")]
pub struct InvalidETag;

impl ETag {
    /// A tag of printable ASCII without quotes, commas and backslashes, 1 to 200 characters.
    pub fn new(text: impl Into<String>) -> Result<Self, InvalidETag> {
        let text = text.into();
        let fits = (1..=200).contains(&text.len())
            && text
                .bytes()
                .all(|b| b.is_ascii_graphic() && !matches!(b, b'"' | b',' | b'\\'));
        if fits {
            Ok(Self(text))
        } else {
            Err(InvalidETag)
        }
    }

    /// The tag of a record with one version: `v7`.
    pub fn version(version: u64) -> Self {
        Self(format!("v{version}"))
    }

    /// The tag without its quotes.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ETag {
    /// As it stands in a header, in quotes.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\"{}\"", self.0)
    }
}

impl IntoResponseParts for ETag {
    type Error = std::convert::Infallible;

    fn into_response_parts(self, mut parts: ResponseParts) -> Result<ResponseParts, Self::Error> {
        if let Ok(value) = HeaderValue::from_str(&self.to_string()) {
            parts.headers_mut().insert(header::ETAG, value);
        }
        Ok(parts)
    }
}

/// The condition of a change; a handler's argument.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum IfMatch {
    /// No `If-Match`: the change is unconditional where that is allowed.
    Absent,
    /// `*`: whatever the version, as long as there is one.
    Any,
    /// One of these versions. Weak tags never match a change, so they are not among them.
    OneOf(Vec<ETag>),
}

impl IfMatch {
    /// 428 unless there is a condition (PUT).
    pub fn required(self) -> Result<Self, Problem> {
        if self == Self::Absent {
            return Err(
                Problem::new(Kind::PreconditionRequired).error(FieldProblem::new(
                    "If-Match",
                    "required",
                    "Send the ETag of the version being replaced.",
                )),
            );
        }
        Ok(self)
    }

    /// 412, with the present `ETag`, unless `current` is allowed. The store's own condition decides again in the
    /// transaction; this answers early.
    pub fn check(&self, current: &ETag) -> Result<(), Problem> {
        match self {
            Self::Absent | Self::Any => Ok(()),
            Self::OneOf(tags) if tags.contains(current) => Ok(()),
            Self::OneOf(_) => Err(version_mismatch(current)),
        }
    }
}

/// 412 with the version that is stored now.
pub fn version_mismatch(current: &ETag) -> Problem {
    let problem = Problem::new(Kind::VersionMismatch);
    match HeaderValue::from_str(&current.to_string()) {
        Ok(value) => problem.header(header::ETAG, value),
        Err(_) => problem,
    }
}

impl<S: Send + Sync> FromRequestParts<S> for IfMatch {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let mut values = Vec::new();
        for value in parts.headers.get_all(header::IF_MATCH) {
            values.push(value.to_str().map_err(|_| malformed())?);
        }
        if values.is_empty() {
            return Ok(Self::Absent);
        }
        parse(&values.join(",")).ok_or_else(malformed)
    }
}

fn malformed() -> Problem {
    Problem::new(Kind::MalformedRequest)
        .detail("The If-Match header could not be read.")
        .error(FieldProblem::new(
            "If-Match",
            "malformed",
            "Must be an ETag in quotes, a list of them, or *.",
        ))
}

fn parse(text: &str) -> Option<IfMatch> {
    if text.trim() == "*" {
        return Some(IfMatch::Any);
    }
    let mut tags = Vec::new();
    let mut seen = 0;
    for item in text
        .split(',')
        .map(str::trim)
        .filter(|item| !item.is_empty())
    {
        seen += 1;
        if seen > MOST_TAGS {
            return None;
        }
        let (weak, quoted) = item
            .strip_prefix("W/")
            .map_or((false, item), |rest| (true, rest));
        let tag = quoted.strip_prefix('"')?.strip_suffix('"')?;
        let tag = ETag::new(tag).ok()?;
        if !weak {
            tags.push(tag);
        }
    }
    (seen > 0).then_some(IfMatch::OneOf(tags))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tags(list: &[&str]) -> Option<IfMatch> {
        Some(IfMatch::OneOf(
            list.iter().map(|t| ETag::new(*t).unwrap()).collect(),
        ))
    }

    #[test]
    fn lists_stars_and_weak_tags() {
        assert_eq!(parse("*"), Some(IfMatch::Any));
        assert_eq!(parse("\"c3-a7\""), tags(&["c3-a7"]));
        assert_eq!(parse("\"a\" , \"b\","), tags(&["a", "b"]));
        assert_eq!(parse("W/\"a\", \"b\""), tags(&["b"]));
        for broken in [
            "",
            ",",
            "a",
            "\"a",
            "\"a\" \"b\"",
            "\"\"",
            "*, \"a\"",
            "w/\"a\"",
        ] {
            assert_eq!(parse(broken), None, "{broken}");
        }
        assert_eq!(parse(&vec!["\"a\""; MOST_TAGS + 1].join(",")), None);
    }

    #[test]
    fn only_the_present_version_passes() {
        let now = ETag::new("c3-a7").unwrap();
        assert!(IfMatch::Absent.check(&now).is_ok());
        assert!(IfMatch::Any.check(&now).is_ok());
        assert!(parse("\"x\", \"c3-a7\"").unwrap().check(&now).is_ok());
        let stale = parse("\"c2-a7\"").unwrap().check(&now).unwrap_err();
        assert_eq!(stale.kind(), Kind::VersionMismatch);
        assert_eq!(
            parse("W/\"c3-a7\"")
                .unwrap()
                .check(&now)
                .unwrap_err()
                .kind(),
            Kind::VersionMismatch
        );
        assert_eq!(
            IfMatch::Absent.required().unwrap_err().kind(),
            Kind::PreconditionRequired
        );
        assert!(ETag::new("a\"b").is_err() && ETag::new("ü").is_err() && ETag::new("").is_err());
    }
}
