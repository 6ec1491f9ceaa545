//! The unguessable part of a tenant's webhook URL.

use std::fmt;
use std::str::FromStr;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};

use crate::{CryptoError, Random, random_bytes};

const LEN: usize = 18;

/// 144 random bits as 24 characters of base64url: `/api/webhook/{provider}/{endpoint_id}` (rules.md *Webhooks in*).
///
/// It names the tenant; the signature decides. `Debug` shows only the first four characters.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct EndpointId([u8; LEN]);

impl EndpointId {
    /// Makes a new one.
    pub fn generate(random: &dyn Random) -> Result<Self, CryptoError> {
        Ok(Self(random_bytes(random)?))
    }
}

/// The text is not an endpoint id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not an endpoint id")]
pub struct EndpointIdError;

impl FromStr for EndpointId {
    type Err = EndpointIdError;

    fn from_str(text: &str) -> Result<Self, EndpointIdError> {
        let mut id = [0u8; LEN];
        match URL_SAFE_NO_PAD.decode_slice(text, &mut id) {
            Ok(LEN) => Ok(Self(id)),
            _ => Err(EndpointIdError),
        }
    }
}

impl TryFrom<String> for EndpointId {
    type Error = EndpointIdError;

    fn try_from(text: String) -> Result<Self, EndpointIdError> {
        text.parse()
    }
}

impl From<EndpointId> for String {
    fn from(id: EndpointId) -> Self {
        id.to_string()
    }
}

impl fmt::Display for EndpointId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&URL_SAFE_NO_PAD.encode(self.0))
    }
}

impl fmt::Debug for EndpointId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "EndpointId({}..)", URL_SAFE_NO_PAD.encode(&self.0[..3]))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{SeededRandom, SystemRandom};

    #[test]
    fn it_reads_back() {
        let id = EndpointId::generate(&SystemRandom).unwrap();
        let text = id.to_string();
        assert_eq!(text.len(), 24);
        assert_eq!(text.parse(), Ok(id));
        let json = serde_json::to_string(&id).unwrap();
        assert_eq!(serde_json::from_str::<EndpointId>(&json).unwrap(), id);
        assert!(!format!("{id:?}").contains(&text));
    }

    #[test]
    fn other_text_is_refused() {
        let text = EndpointId::generate(&SeededRandom::new(3))
            .unwrap()
            .to_string();
        for bad in [
            "",
            &text[..23],
            &format!("{text}A"),
            &format!("{text}AAAAAAAAA"),
            "../../../../../../../../",
            "é",
        ] {
            assert_eq!(bad.parse::<EndpointId>(), Err(EndpointIdError), "{bad}");
        }
    }
}
