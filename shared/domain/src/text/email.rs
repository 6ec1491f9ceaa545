//! E-mail addresses.

use email_address::{EmailAddress, Options};
use serde::{Deserialize, Serialize};

use super::text_type;
use crate::error::Invalid;

/// An e-mail address with valid syntax, its domain in lower case, at most 254 characters (rules.md Contacts).
///
/// The part before the @ keeps its case, as the address's owner wrote it; [`Email::folded`] decides equality.
#[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Email(String);

impl Email {
    /// Bytes at most (RFC 5321, erratum 1690).
    pub const MAX: usize = 254;

    /// Checks the syntax and lower-cases the domain.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        let text = text.trim();
        if text.len() > Self::MAX {
            return Err(Invalid::new(
                "too_long",
                "An e-mail address can have at most 254 characters.",
            ));
        }
        let refused = || {
            Invalid::new(
                "invalid_email",
                "This is not a complete e-mail address, such as anna@example.com.",
            )
        };
        if text
            .chars()
            .any(|c| c.is_control() || c.is_whitespace() || super::is_deceptive(c))
        {
            return Err(refused());
        }
        let options = Options::default()
            .with_required_tld()
            .without_domain_literal()
            .without_display_text();
        let address = EmailAddress::parse_with_options(text, options).map_err(|_| refused())?;
        let email = format!(
            "{}@{}",
            address.local_part(),
            address.domain().to_lowercase()
        );
        if email.len() > Self::MAX {
            return Err(Invalid::new(
                "too_long",
                "An e-mail address can have at most 254 characters.",
            ));
        }
        Ok(Self(email))
    }

    /// The domain, in lower case.
    pub fn domain(&self) -> &str {
        self.0.rsplit_once('@').map_or("", |(_, domain)| domain)
    }

    /// The form in which two addresses are compared and looked up: all lower case. Practically every mail system
    /// delivers without regard to case.
    pub fn folded(&self) -> String {
        self.0.to_lowercase()
    }
}
text_type!(Email);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_domain_is_lower_cased_and_the_rest_kept() {
        let email = Email::parse("  Anna.Smith@Example.CO.UK ").unwrap();
        assert_eq!(email.as_str(), "Anna.Smith@example.co.uk");
        assert_eq!(email.domain(), "example.co.uk");
        assert_eq!(email.folded(), "anna.smith@example.co.uk");
        assert_eq!(format!("{email:?}"), "Email(24 characters)");
    }

    #[test]
    fn bad_syntax_is_refused() {
        let bad = [
            "",
            "anna",
            "anna@",
            "@example.com",
            "anna@localhost",
            "anna@@example.com",
            "anna smith@example.com",
            "anna@exa mple.com",
            "anna@example..com",
            "a\u{0}@example.com",
            "Anna <anna@example.com>",
            "anna@[127.0.0.1]",
            ".anna@example.com",
            "anna@-example.com",
        ];
        for text in bad {
            assert_eq!(
                Email::parse(text).map_err(|e| e.code),
                Err("invalid_email"),
                "{text:?}"
            );
        }
        for text in [
            "a@b.co",
            "o'brien+tag@example.museum",
            "jürgen@example.de",
            "anna@müller.example",
        ] {
            assert!(Email::parse(text).is_ok(), "{text}");
        }
    }

    #[test]
    fn at_most_254() {
        let domain = format!("{0}.{0}.{0}.com", "d".repeat(61));
        let local = "l".repeat(254 - domain.len() - 1);
        assert_eq!(local.len(), 64);
        assert!(Email::parse(&format!("{local}@{domain}")).is_ok());
        assert_eq!(
            Email::parse(&format!("{local}@{domain}m"))
                .unwrap_err()
                .code,
            "too_long"
        );
    }
}
