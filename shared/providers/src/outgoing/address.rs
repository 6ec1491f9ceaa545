//! Where something may be sent to: names and addresses of the public internet. What a name leads to is judged when it is
//! connected to, because it may lead elsewhere the next time.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use reqwest::Url;

/// Longest address that is taken, in bytes.
const LONGEST: usize = 2_000;

/// What may be reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reach {
    /// Public addresses over TLS.
    Public,
    /// This machine as well, without TLS too: the local host.
    ThisMachine,
}

impl Reach {
    /// Whether a connection to the address may be made.
    pub fn allows(self, address: IpAddr) -> bool {
        is_public(address) || (self == Self::ThisMachine && address.is_loopback())
    }
}

/// Ranges of IPv4 that are not public: network and length of its prefix (IANA's registry of special addresses).
const SPECIAL_V4: [([u8; 4], u32); 16] = [
    ([0, 0, 0, 0], 8),
    ([10, 0, 0, 0], 8),
    ([100, 64, 0, 0], 10),
    ([127, 0, 0, 0], 8),
    ([169, 254, 0, 0], 16),
    ([172, 16, 0, 0], 12),
    ([192, 0, 0, 0], 24),
    ([192, 0, 2, 0], 24),
    ([192, 31, 196, 0], 24),
    ([192, 52, 193, 0], 24),
    ([192, 88, 99, 0], 24),
    ([192, 168, 0, 0], 16),
    ([192, 175, 48, 0], 24),
    ([198, 18, 0, 0], 15),
    ([198, 51, 100, 0], 24),
    ([203, 0, 113, 0], 24),
];

/// Ranges within IPv6's global unicast (2000::/3) that are not public, or that stand for addresses of IPv4: the first two
/// groups and the length of the prefix.
const SPECIAL_V6: [([u16; 2], u32); 4] = [
    // Of the protocols: Teredo, ORCHID, benchmarks.
    ([0x2001, 0x0000], 23),
    // Documentation.
    ([0x2001, 0x0db8], 32),
    ([0x3fff, 0x0000], 20),
    // 6to4, which holds an address of IPv4.
    ([0x2002, 0x0000], 16),
];

fn public_v4(address: Ipv4Addr) -> bool {
    let bits = address.to_bits();
    // From 224.0.0.0 on: groups, what is kept back, everybody.
    address.octets()[0] < 224
        && SPECIAL_V4.iter().all(|(network, length)| {
            (bits ^ Ipv4Addr::from(*network).to_bits()) >> (32 - length) != 0
        })
}

fn public_v6(address: Ipv6Addr) -> bool {
    let segments = address.segments();
    let first = (u32::from(segments[0]) << 16) | u32::from(segments[1]);
    // All else is nobody's, of one link or one site, a group, or stands for an address of IPv4.
    segments[0] >> 13 == 1
        && SPECIAL_V6.iter().all(|([high, low], length)| {
            let network = (u32::from(*high) << 16) | u32::from(*low);
            (first ^ network) >> (32 - length) != 0
        })
}

/// Whether an address belongs to the public internet: not to this machine, a private network, one link (where clouds tell
/// their metadata), a group, or a purpose of its own.
pub fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => public_v4(address),
        IpAddr::V6(address) => public_v6(address),
    }
}

/// An address that a business named, which nothing speaks against before it is connected to.
#[derive(Clone, PartialEq, Eq)]
pub struct WebhookUrl(Url);

/// The text is not such an address. It is not repeated: it may hold a credential.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BadWebhookUrl {
    /// Not a URL, too long, or with a user or a fragment.
    #[error("give an address such as https://example.com/hooks, without user and fragment")]
    Malformed,
    /// Not https.
    #[error("the address must begin with https://")]
    NotHttps,
    /// Of this machine, a private network, or a name that only such have.
    #[error("the address must be of the public internet")]
    NotPublic,
}

impl BadWebhookUrl {
    /// For programs.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Malformed => "invalid_url",
            Self::NotHttps => "not_https",
            Self::NotPublic => "not_public",
        }
    }
}

/// Endings of names that no public server has.
const PRIVATE_NAMES: [&str; 7] = [
    "localhost",
    "local",
    "internal",
    "intranet",
    "lan",
    "home.arpa",
    "localdomain",
];

fn is_private_name(name: &str) -> bool {
    let name = name.trim_end_matches('.');
    let ends = |ending: &str| {
        name.strip_suffix(ending)
            .is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
    };
    !name.contains('.') || PRIVATE_NAMES.into_iter().any(ends)
}

impl WebhookUrl {
    /// Parses an address.
    pub fn parse(text: &str, reach: Reach) -> Result<Self, BadWebhookUrl> {
        if text.len() > LONGEST {
            return Err(BadWebhookUrl::Malformed);
        }
        let url = Url::parse(text.trim()).map_err(|_| BadWebhookUrl::Malformed)?;
        let host = url.host_str().unwrap_or_default().to_owned();
        let plain =
            url.username().is_empty() && url.password().is_none() && url.fragment().is_none();
        if host.is_empty() || !plain {
            return Err(BadWebhookUrl::Malformed);
        }
        let literal = host.trim_matches(['[', ']']).parse::<IpAddr>().ok();
        let here = host == "localhost" || literal.is_some_and(|address| address.is_loopback());
        let here = here && reach == Reach::ThisMachine;
        let https = url.scheme() == "https";
        if !(https || here && url.scheme() == "http") {
            return Err(BadWebhookUrl::NotHttps);
        }
        let reachable = match literal {
            Some(address) => reach.allows(address),
            None => here || !is_private_name(&host),
        };
        if !reachable {
            return Err(BadWebhookUrl::NotPublic);
        }
        Ok(Self(url))
    }

    /// The address.
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }
}

impl fmt::Debug for WebhookUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "WebhookUrl({})", self.0.host_str().unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_public_internet_is_public() {
        for public in [
            "1.1.1.1",
            "8.8.8.8",
            "9.255.255.255",
            "11.0.0.1",
            "100.63.255.255",
            "100.128.0.0",
            "128.0.0.1",
            "169.253.255.255",
            "172.15.255.255",
            "172.32.0.0",
            "192.167.255.255",
            "192.169.0.0",
            "198.17.255.255",
            "198.20.0.0",
            "223.255.255.255",
            "2606:4700:4700::1111",
            "2a00:1450:4009:80b::200e",
            "2001:200::1",
            "2001:db7:ffff::1",
            "3fff:1000::1",
        ] {
            assert!(is_public(public.parse().unwrap()), "{public}");
        }
        for special in [
            "0.0.0.0",
            "0.1.2.3",
            "10.0.0.1",
            "10.255.255.255",
            "100.64.0.1",
            "100.127.255.255",
            "127.0.0.1",
            "127.8.8.8",
            "169.254.169.254",
            "172.16.0.1",
            "172.31.255.255",
            "192.0.0.170",
            "192.0.2.1",
            "192.88.99.1",
            "192.168.1.1",
            "198.18.0.1",
            "198.19.255.255",
            "198.51.100.7",
            "203.0.113.7",
            "224.0.0.1",
            "240.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "::127.0.0.1",
            "::ffff:127.0.0.1",
            "::ffff:8.8.8.8",
            "64:ff9b::7f00:1",
            "64:ff9b:1::1",
            "100::1",
            "2001::1",
            "2001:1ff:ffff::1",
            "2001:db8::1",
            "2002:7f00:1::1",
            "3fff:fff::1",
            "5f00::1",
            "fc00::1",
            "fd00:ec2::254",
            "fe80::1",
            "fec0::1",
            "ff02::1",
        ] {
            assert!(!is_public(special.parse().unwrap()), "{special}");
        }
    }

    #[test]
    fn addresses_of_other_networks_are_refused_however_they_are_written() {
        use BadWebhookUrl::{Malformed, NotHttps, NotPublic};
        for (text, why) in [
            ("", Malformed),
            ("example.com/hook", Malformed),
            ("https://user@example.com/", Malformed),
            ("https://user:secret@example.com/", Malformed),
            ("https://example.com/#part", Malformed),
            ("http://example.com/", NotHttps),
            ("ftp://example.com/", NotHttps),
            ("file:///etc/passwd", Malformed),
            ("https://127.0.0.1/", NotPublic),
            ("https://127.1/", NotPublic),
            ("https://2130706433/", NotPublic),
            ("https://0x7f000001/", NotPublic),
            ("https://0177.0.0.1/", NotPublic),
            ("https://[::1]/", NotPublic),
            ("https://[::ffff:10.0.0.1]/", NotPublic),
            ("https://169.254.169.254/latest/meta-data", NotPublic),
            ("https://[fd00:ec2::254]/", NotPublic),
            ("https://localhost/", NotPublic),
            ("https://LOCALHOST./", NotPublic),
            ("https://a.localhost/", NotPublic),
            ("https://metadata.google.internal/", NotPublic),
            ("https://printer.local/", NotPublic),
            ("https://intranet/", NotPublic),
        ] {
            assert_eq!(WebhookUrl::parse(text, Reach::Public), Err(why), "{text}");
        }
        let long = format!("https://example.com/{}", "a".repeat(2_000));
        assert_eq!(WebhookUrl::parse(&long, Reach::Public), Err(Malformed));
        for text in [
            "https://example.com/hooks?for=us",
            "https://example.com:8443/",
            "https://notlocal.example/",
            "https://1.1.1.1/",
        ] {
            assert_eq!(
                WebhookUrl::parse(text, Reach::Public).unwrap().as_str(),
                text
            );
        }
    }

    #[test]
    fn the_local_host_reaches_itself_and_no_network() {
        let here = |text: &str| WebhookUrl::parse(text, Reach::ThisMachine);
        assert!(here("http://127.0.0.1:9000/hook").is_ok());
        assert!(here("http://localhost:9000/hook").is_ok());
        assert!(here("http://[::1]:9000/hook").is_ok());
        assert!(here("https://example.com/hook").is_ok());
        assert_eq!(here("http://example.com/"), Err(BadWebhookUrl::NotHttps));
        assert_eq!(here("https://10.0.0.1/"), Err(BadWebhookUrl::NotPublic));
        let shown = format!("{:?}", here("https://example.com/secret-path").unwrap());
        assert!(!shown.contains("secret"), "{shown}");
    }
}
