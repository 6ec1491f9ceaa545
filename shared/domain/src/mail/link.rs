//! Addresses that stand in e-mails.

use serde::{Deserialize, Serialize};

use crate::error::Invalid;

/// An absolute address of a web page, safe to stand in a text and in an attribute. It may hold a secret, such as the
/// token of an invitation, so `Debug` hides it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Link(String);

impl Link {
    /// Characters at most: longer ones are cut by mail programs.
    pub const MAX: usize = 1_000;

    /// Takes `https://…`, and `http://…` for the local host. Only characters that need no escape in HTML but `&`
    /// may stand in it.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        let rest = text
            .strip_prefix("https://")
            .or_else(|| text.strip_prefix("http://"));
        let plain =
            |c: char| c.is_ascii_graphic() && !matches!(c, '"' | '\'' | '<' | '>' | '`' | '\\');
        match rest {
            Some(rest)
                if !rest.is_empty() && text.len() <= Self::MAX && text.chars().all(plain) =>
            {
                Ok(Self(text.to_owned()))
            }
            _ => Err(Invalid::new(
                "invalid_link",
                "This is not the address of a web page.",
            )),
        }
    }

    /// The address.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for Link {
    type Error = Invalid;

    fn try_from(text: String) -> Result<Self, Invalid> {
        Self::parse(&text)
    }
}

impl From<Link> for String {
    fn from(link: Link) -> String {
        link.0
    }
}

impl std::fmt::Debug for Link {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Link({} characters)", self.0.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_whole_addresses_of_pages_are_links() {
        for good in [
            "https://app.example/reset#token=AbC-_9",
            "http://127.0.0.1:8080/x?a=1&b=2",
        ] {
            assert_eq!(Link::parse(good).unwrap().as_str(), good);
        }
        for bad in [
            "",
            "https://",
            "javascript:alert(1)",
            "//app.example",
            "https://app.example/a b",
            "https://app.example/\"onclick=",
            "https://app.example/<b>",
            "https://app.example/\n",
            "https://äpp.example/",
        ] {
            assert!(Link::parse(bad).is_err(), "{bad}");
        }
        assert!(Link::parse(&format!("https://a.example/{}", "x".repeat(1_000))).is_err());
    }

    #[test]
    fn a_link_does_not_show_in_debug() {
        let link = Link::parse("https://app.example/reset#secret").unwrap();
        assert!(!format!("{link:?}").contains("secret"));
    }
}
