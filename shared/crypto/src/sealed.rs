//! A sealed value at rest.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A sealed value: format version, nonce, ciphertext and tag. Safe to store; meaningless without its key.
///
/// Serialized as bytes, which DynamoDB keeps as binary. In JSON put `#[serde(with = "vio_crypto::as_base64")]` on the
/// field. Reading takes bytes, base64 text and lists of numbers alike (self-describing formats only).
#[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Sealed(#[serde(with = "as_bytes")] Vec<u8>);

impl Sealed {
    /// Takes stored bytes; whether they open is known only when they are opened.
    pub fn from_bytes(bytes: Vec<u8>) -> Self {
        Self(bytes)
    }

    /// The bytes to store.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// The bytes to store.
    pub fn into_bytes(self) -> Vec<u8> {
        self.0
    }

    /// How many bytes storing it takes.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are no bytes at all (which nothing sealed ever has).
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl fmt::Debug for Sealed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Sealed({} bytes)", self.0.len())
    }
}

impl AsRef<[u8]> for Sealed {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

impl From<Vec<u8>> for Sealed {
    fn from(bytes: Vec<u8>) -> Self {
        Self(bytes)
    }
}

/// serde as bytes: binary in DynamoDB.
pub(crate) mod as_bytes {
    use std::fmt;

    use base64::Engine;
    use base64::engine::general_purpose::STANDARD;
    use serde::de::{Deserializer, Error, SeqAccess, Visitor};
    use serde::ser::Serializer;

    pub(crate) fn serialize<S: Serializer>(bytes: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bytes(bytes)
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Vec<u8>, D::Error> {
        deserializer.deserialize_any(Bytes)
    }

    struct Bytes;

    impl<'de> Visitor<'de> for Bytes {
        type Value = Vec<u8>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("bytes or base64 text")
        }

        fn visit_bytes<E: Error>(self, bytes: &[u8]) -> Result<Vec<u8>, E> {
            Ok(bytes.to_vec())
        }

        fn visit_byte_buf<E: Error>(self, bytes: Vec<u8>) -> Result<Vec<u8>, E> {
            Ok(bytes)
        }

        fn visit_str<E: Error>(self, text: &str) -> Result<Vec<u8>, E> {
            // The decoder's own message would name a byte of the text.
            STANDARD.decode(text).map_err(|_| E::custom("not base64"))
        }

        fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Vec<u8>, A::Error> {
            let mut bytes = Vec::new();
            while let Some(byte) = seq.next_element()? {
                bytes.push(byte);
            }
            Ok(bytes)
        }
    }
}

/// serde of a [`Sealed`] as standard base64 text, for JSON.
pub mod as_base64 {
    use base64::Engine;
    use base64::engine::general_purpose::STANDARD;
    use serde::{Deserialize, Deserializer, Serializer};

    use super::Sealed;

    /// Writes base64 text.
    pub fn serialize<S: Serializer>(sealed: &Sealed, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&STANDARD.encode(sealed.as_bytes()))
    }

    /// Reads what [`serialize`] wrote, and bytes as well.
    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Sealed, D::Error> {
        Sealed::deserialize(deserializer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Row {
        phone: Sealed,
        email: Option<Sealed>,
    }

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Document {
        #[serde(with = "as_base64")]
        phone: Sealed,
    }

    fn sealed() -> Sealed {
        Sealed::from_bytes(vec![1, 0, 255, 254, 7])
    }

    #[test]
    fn dynamodb_keeps_it_as_binary() {
        let row = Row {
            phone: sealed(),
            email: Some(sealed()),
        };
        let value: serde_dynamo::AttributeValue = serde_dynamo::to_attribute_value(&row).unwrap();
        let serde_dynamo::AttributeValue::M(map) = &value else {
            panic!("not a map")
        };
        assert_eq!(
            map["phone"],
            serde_dynamo::AttributeValue::B(vec![1, 0, 255, 254, 7])
        );
        assert_eq!(
            serde_dynamo::from_attribute_value::<_, Row>(value).unwrap(),
            row
        );
    }

    #[test]
    fn json_keeps_it_as_base64() {
        let document = Document { phone: sealed() };
        let json = serde_json::to_string(&document).unwrap();
        assert_eq!(json, r#"{"phone":"AQD//gc="}"#);
        assert_eq!(serde_json::from_str::<Document>(&json).unwrap(), document);
    }

    #[test]
    fn json_without_the_attribute_still_reads_back() {
        let row = Row {
            phone: sealed(),
            email: None,
        };
        let json = serde_json::to_string(&row).unwrap();
        assert_eq!(serde_json::from_str::<Row>(&json).unwrap(), row);
    }

    #[test]
    fn bad_base64_is_refused_without_quoting_it() {
        let error = serde_json::from_str::<Document>(r#"{"phone":"07700 900123"}"#).unwrap_err();
        assert!(!error.to_string().contains("07700"), "{error}");
    }

    #[test]
    fn debug_shows_only_the_length() {
        assert_eq!(format!("{:?}", sealed()), "Sealed(5 bytes)");
    }
}
