//! Signatures of Standard Webhooks: `v1,` and the base64 of HMAC-SHA256 over `id.timestamp.body`, several beside each other
//! while a secret is replaced.

use aws_lc_rs::hmac;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, Utc};
use secrecy::{ExposeSecret, SecretString};

use crate::SignatureError;

/// The header with the id of what is told, the same at each try.
pub const ID_HEADER: &str = "webhook-id";
/// The header with the instant of the try, in seconds since the epoch.
pub const TIMESTAMP_HEADER: &str = "webhook-timestamp";
/// The header with the signatures.
pub const SIGNATURE_HEADER: &str = "webhook-signature";
/// How far the instant of a try may be from a receiver's, both ways, in seconds.
pub const TOLERANCE_S: i64 = 300;
/// What leads a secret as it is shown.
const PREFIX: &str = "whsec_";
/// Most signatures of a header that are looked at.
const MOST_SIGNATURES: usize = 8;

/// The secret is not base64.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a secret of a webhook")]
pub struct BadSecret;

fn key(secret: &SecretString) -> Result<hmac::Key, BadSecret> {
    let text = secret.expose_secret();
    let text = text.strip_prefix(PREFIX).unwrap_or(text);
    let bytes = STANDARD.decode(text).map_err(|_| BadSecret)?;
    if bytes.is_empty() {
        return Err(BadSecret);
    }
    Ok(hmac::Key::new(hmac::HMAC_SHA256, &bytes))
}

fn message(id: &str, timestamp: i64, body: &[u8]) -> Vec<u8> {
    [
        id.as_bytes(),
        b".",
        timestamp.to_string().as_bytes(),
        b".",
        body,
    ]
    .concat()
}

/// The value of the signature's header, with one signature for each secret (two for a day after a rotation).
pub fn sign(
    secrets: &[SecretString],
    id: &str,
    timestamp: i64,
    body: &[u8],
) -> Result<String, BadSecret> {
    let message = message(id, timestamp, body);
    let mut signatures = Vec::with_capacity(secrets.len());
    for secret in secrets {
        let tag = hmac::sign(&key(secret)?, &message);
        signatures.push(format!("v1,{}", STANDARD.encode(tag)));
    }
    if signatures.is_empty() {
        return Err(BadSecret);
    }
    Ok(signatures.join(" "))
}

/// Checks what a receiver checks: that one of the signatures was made with the secret, and the instant is of the present.
/// `now` is real time.
pub fn verify(
    secret: &SecretString,
    id: &str,
    timestamp: &str,
    signatures: &str,
    body: &[u8],
    now: DateTime<Utc>,
) -> Result<(), SignatureError> {
    let plain =
        (1..=12).contains(&timestamp.len()) && timestamp.bytes().all(|byte| byte.is_ascii_digit());
    let at: i64 = timestamp.parse().map_err(|_| SignatureError::Wrong)?;
    let key = key(secret).map_err(|_| SignatureError::Wrong)?;
    let message = message(id, at, body);
    let mut right = false;
    for one in signatures.split(' ').take(MOST_SIGNATURES) {
        let Some(given) = one.strip_prefix("v1,").filter(|text| text.len() <= 44) else {
            continue;
        };
        let given = STANDARD.decode(given).unwrap_or_default();
        right |= hmac::verify(&key, &message, &given).is_ok();
    }
    // The seconds are signed as they are written: a form of them that is not ours is not right.
    if !(right && plain && at.to_string() == timestamp) {
        return Err(SignatureError::Wrong);
    }
    if now.timestamp().abs_diff(at) > TOLERANCE_S.unsigned_abs() {
        return Err(SignatureError::Expired);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secret(text: &str) -> SecretString {
        SecretString::from(text.to_owned())
    }

    fn at(seconds: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(seconds, 0).unwrap()
    }

    const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
    const ID: &str = "msg_p5jXN8AQM9LWM0D4loKWxJek";
    const AT: i64 = 1_614_265_330;
    const BODY: &[u8] = br#"{"test": 2432232314}"#;

    /// The example of the standard's own libraries.
    #[test]
    fn the_published_vector_holds() {
        let made = sign(&[secret(SECRET)], ID, AT, BODY).unwrap();
        assert_eq!(made, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
    }

    #[test]
    fn two_secrets_give_two_signatures_and_either_verifies() {
        let other = "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
        let made = sign(&[secret(other), secret(SECRET)], ID, AT, BODY).unwrap();
        assert_eq!(made.split(' ').count(), 2);
        let stamp = AT.to_string();
        for own in [SECRET, other] {
            assert_eq!(
                verify(&secret(own), ID, &stamp, &made, BODY, at(AT)),
                Ok(())
            );
        }
        let stranger = secret("whsec_c3RyYW5nZXI=");
        let wrong = Err(SignatureError::Wrong);
        assert_eq!(verify(&stranger, ID, &stamp, &made, BODY, at(AT)), wrong);
        for (id, stamp, signatures, body) in [
            ("msg_other", stamp.as_str(), made.as_str(), BODY),
            (ID, "1614265331", made.as_str(), BODY),
            (ID, "01614265330", made.as_str(), BODY),
            (ID, "+1614265330", made.as_str(), BODY),
            (ID, "", made.as_str(), BODY),
            (ID, stamp.as_str(), made.as_str(), b"{}".as_slice()),
            (ID, stamp.as_str(), "", BODY),
            (ID, stamp.as_str(), "v1,", BODY),
            (ID, stamp.as_str(), "v2,AAAA", BODY),
            (ID, stamp.as_str(), &made.replace("v1,", "v1a,"), BODY),
        ] {
            let checked = verify(&secret(SECRET), id, stamp, signatures, body, at(AT));
            assert_eq!(checked, wrong, "{id} {stamp} {signatures}");
        }
    }

    #[test]
    fn what_is_of_another_time_is_refused() {
        let made = sign(&[secret(SECRET)], ID, AT, BODY).unwrap();
        let stamp = AT.to_string();
        let checked = |now| verify(&secret(SECRET), ID, &stamp, &made, BODY, at(now));
        assert_eq!(checked(AT + TOLERANCE_S), Ok(()));
        assert_eq!(checked(AT - TOLERANCE_S), Ok(()));
        assert_eq!(checked(AT + TOLERANCE_S + 1), Err(SignatureError::Expired));
        assert_eq!(checked(AT - TOLERANCE_S - 1), Err(SignatureError::Expired));
    }

    #[test]
    fn what_is_no_secret_signs_nothing() {
        for bad in ["", "whsec_", "whsec_not base64"] {
            assert_eq!(sign(&[secret(bad)], ID, AT, BODY), Err(BadSecret), "{bad}");
        }
        assert_eq!(sign(&[], ID, AT, BODY), Err(BadSecret));
    }
}
