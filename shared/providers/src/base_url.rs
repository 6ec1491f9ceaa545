//! Where a provider is.

use std::fmt;

use reqwest::Url;

/// A provider's address without a trailing slash: https, or http to a loopback address (the sandbox).
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct BaseUrl(String);

/// The text is not such an address. It is not repeated: it may hold a credential.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the base URL must be https without user, query or fragment (http only on this machine)")]
pub struct BadBaseUrl;

impl BaseUrl {
    /// Parses an address.
    pub fn parse(text: &str) -> Result<Self, BadBaseUrl> {
        let url = Url::parse(text).map_err(|_| BadBaseUrl)?;
        let loopback = is_loopback(&url);
        let scheme = url.scheme() == "https" || (url.scheme() == "http" && loopback);
        let plain = url.username().is_empty()
            && url.password().is_none()
            && url.query().is_none()
            && url.fragment().is_none();
        if !(scheme && plain) || url.host_str().is_none() {
            return Err(BadBaseUrl);
        }
        Ok(Self(url.as_str().trim_end_matches('/').to_owned()))
    }

    /// The address, for a fingerprint or for display.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether it is on this machine.
    pub fn is_loopback(&self) -> bool {
        Url::parse(&self.0).is_ok_and(|url| is_loopback(&url))
    }

    /// The address of a path that starts with a slash.
    pub(crate) fn join(&self, path: &str) -> String {
        format!("{}{path}", self.0)
    }

    /// The address of a path made of segments, of which none can lead out of its place.
    pub(crate) fn segments<'a>(
        &self,
        segments: impl IntoIterator<Item = &'a str>,
    ) -> Option<String> {
        let mut url = Url::parse(&self.0).ok()?;
        url.path_segments_mut()
            .ok()?
            .pop_if_empty()
            .extend(segments);
        Some(url.into())
    }
}

/// An address with a query, encoded; as it is for an empty one.
pub(crate) fn with_query(url: &str, query: &[(&str, &str)]) -> Option<String> {
    if query.is_empty() {
        return Some(url.to_owned());
    }
    let mut url = Url::parse(url).ok()?;
    url.query_pairs_mut().extend_pairs(query);
    Some(url.into())
}

fn is_loopback(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default().trim_matches(['[', ']']);
    host == "localhost"
        || host
            .parse::<std::net::IpAddr>()
            .is_ok_and(|ip| ip.is_loopback())
}

impl fmt::Debug for BaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_safe_addresses_are_accepted() {
        for (text, base) in [
            ("https://api.retellai.com", "https://api.retellai.com"),
            ("https://api.cal.com/", "https://api.cal.com"),
            (
                "http://127.0.0.1:8090/retell",
                "http://127.0.0.1:8090/retell",
            ),
            ("http://localhost:8090", "http://localhost:8090"),
            ("http://[::1]:8090", "http://[::1]:8090"),
        ] {
            assert_eq!(BaseUrl::parse(text).unwrap().as_str(), base);
        }
        for text in [
            "",
            "api.retellai.com",
            "http://api.retellai.com",
            "http://127.0.0.1.example.com",
            "ftp://127.0.0.1",
            "https://user:secret@api.retellai.com",
            "https://api.retellai.com/?key=secret",
            "https://api.retellai.com/#x",
        ] {
            assert_eq!(BaseUrl::parse(text), Err(BadBaseUrl), "{text}");
        }
        let base = BaseUrl::parse("http://127.0.0.1:8090/calcom").unwrap();
        assert_eq!(
            base.segments(["v2", "a/../b?c#d", "e"]).unwrap(),
            "http://127.0.0.1:8090/calcom/v2/a%2F..%2Fb%3Fc%23d/e"
        );
        assert!(BaseUrl::parse("http://localhost:1").unwrap().is_loopback());
        assert!(!BaseUrl::parse("https://api.cal.com").unwrap().is_loopback());
    }
}
