//! What SQS requires of a message, and the digests it answers with.

use std::collections::BTreeMap;

use base64::{Engine as _, engine::general_purpose::STANDARD as BASE64};
use s3s::crypto::{Checksum as _, Md5};

use super::{attributes::MAX_DELAY, queue::MessageAttribute};
use crate::wire::ApiError;

/// Attributes of one message.
const MAX_ATTRIBUTES: usize = 10;

/// The bytes that count against the size limit.
pub(crate) fn size_of(body: &str, attributes: &BTreeMap<String, MessageAttribute>) -> usize {
    let of_attribute = |(name, attribute): (&String, &MessageAttribute)| {
        let binary = attribute
            .binary_value
            .as_deref()
            .and_then(|text| BASE64.decode(text).ok());
        name.len()
            + attribute.data_type.len()
            + attribute.string_value.as_ref().map_or(0, String::len)
            + binary.map_or(0, |bytes| bytes.len())
    };
    body.len() + attributes.iter().map(of_attribute).sum::<usize>()
}

/// Checks size and characters of a message.
pub(crate) fn check_body(
    body: &str,
    attributes: &BTreeMap<String, MessageAttribute>,
    max_bytes: u32,
) -> Result<(), ApiError> {
    if body.is_empty() {
        let message = "The request must contain the parameter MessageBody.";
        return Err(
            ApiError::new("MissingRequiredParameterException", message).query("MissingParameter")
        );
    }
    if attributes.len() > MAX_ATTRIBUTES {
        return Err(invalid(
            "Number of message attributes exceeds the allowed maximum [10].",
        ));
    }
    if size_of(body, attributes) > max_bytes as usize {
        return Err(invalid(&format!(
            "Message must be shorter than {max_bytes} bytes."
        )));
    }
    // What XML 1.0 can hold, as SQS has it.
    let legal = |c: char| matches!(c, '\t' | '\n' | '\r' | '\u{20}'..='\u{D7FF}' | '\u{E000}'..='\u{FFFD}' | '\u{10000}'..);
    if !body.chars().all(legal) {
        let message = "Invalid characters found in the message.";
        return Err(
            ApiError::new("InvalidMessageContents", message).query("InvalidMessageContents")
        );
    }
    Ok(())
}

/// Checks a message's own delay, in seconds.
pub(crate) fn check_delay(seconds: Option<i64>) -> Result<Option<u32>, ApiError> {
    let Some(seconds) = seconds else {
        return Ok(None);
    };
    u32::try_from(seconds)
        .ok()
        .filter(|delay| *delay <= MAX_DELAY)
        .map(Some)
        .ok_or_else(|| {
            invalid(&format!(
                "Value {seconds} for parameter DelaySeconds is invalid. \
             Reason: DelaySeconds must be >= 0 and <= {MAX_DELAY}."
            ))
        })
}

/// The MD5 that SQS answers for a body.
pub(crate) fn md5_of_body(body: &str) -> String {
    md5(body.as_bytes())
}

/// The MD5 that SQS answers for attributes; `None` if there are none.
pub(crate) fn md5_of_attributes(
    attributes: &BTreeMap<String, MessageAttribute>,
) -> Result<Option<String>, ApiError> {
    if attributes.is_empty() {
        return Ok(None);
    }
    let mut encoded = Vec::new();
    let put = |bytes: &[u8], encoded: &mut Vec<u8>| {
        encoded.extend(u32::try_from(bytes.len()).unwrap_or(u32::MAX).to_be_bytes());
        encoded.extend(bytes);
    };
    for (name, attribute) in attributes {
        put(name.as_bytes(), &mut encoded);
        put(attribute.data_type.as_bytes(), &mut encoded);
        match (&attribute.string_value, &attribute.binary_value) {
            (Some(text), None) if !text.is_empty() => {
                encoded.push(1);
                put(text.as_bytes(), &mut encoded);
            }
            (None, Some(text)) => {
                let bytes = BASE64
                    .decode(text)
                    .map_err(|_| invalid("A binary value is not base64."))?;
                encoded.push(2);
                put(&bytes, &mut encoded);
            }
            _ => return Err(invalid("A message attribute must have exactly one value.")),
        }
    }
    Ok(Some(md5(&encoded)))
}

fn md5(bytes: &[u8]) -> String {
    let mut md5 = Md5::new();
    md5.update(bytes);
    hex::encode(md5.finalize())
}

fn invalid(reason: &str) -> ApiError {
    ApiError::new("InvalidParameterValueException", reason).query("InvalidParameterValue")
}
