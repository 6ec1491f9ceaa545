//! Access tokens from the outside: what we issued verifies, and nothing else does.
#![allow(
    clippy::unwrap_used,
    reason = "a test fails by panicking, its helpers too"
)]

use std::sync::Arc;

use aws_lc_rs::{digest, hmac};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, TimeDelta, Utc};
use secrecy::ExposeSecret;
use serde_json::{Value, json};
use uuid::Uuid;
use vio_crypto::tokens::{
    AccessTokens, CLOCK_SKEW, Claims, MAX_TOKEN_BYTES, NewAccess, PublicKey, TokenConfig,
    TokenError, Verifier, jwks,
};
use vio_crypto::{Kms, MemoryKms};

fn now() -> DateTime<Utc> {
    DateTime::from_timestamp(1_795_000_000, 0).unwrap()
}

fn config() -> TokenConfig {
    TokenConfig::new("https://vio.example", "vio-api")
}

fn tokens(seed: u8) -> AccessTokens {
    AccessTokens::new(Arc::new(MemoryKms::new([seed; 32]).unwrap()), config())
}

fn access() -> NewAccess {
    NewAccess {
        user: Uuid::from_u128(1),
        tenant: Uuid::from_u128(2),
        session: Uuid::from_u128(3),
        role: "client_user".to_owned(),
        preset: Some("receptionist".to_owned()),
        permission_version: 4,
    }
}

async fn issued() -> (String, Claims, Verifier) {
    let tokens = tokens(1);
    let (token, claims) = tokens
        .issue(access(), now(), Uuid::from_u128(5))
        .await
        .unwrap();
    let verifier = tokens.verifier().await.unwrap().clone();
    (token.expose_secret().to_owned(), claims, verifier)
}

fn decoded(part: &str) -> Value {
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap()
}

fn encoded(value: &Value) -> String {
    URL_SAFE_NO_PAD.encode(value.to_string())
}

#[tokio::test]
async fn what_we_issued_verifies() {
    let (token, claims, verifier) = issued().await;
    assert_eq!(verifier.verify(&token, now()), Ok(claims.clone()));
    assert_eq!(claims.exp - claims.iat, 600);
    assert!(token.len() < 800, "{}", token.len());
    let parts: Vec<&str> = token.split('.').collect();
    let kid = tokens(1).public_key().await.unwrap().kid().to_owned();
    assert_eq!(
        decoded(parts[0]),
        json!({ "alg": "ES256", "typ": "at+jwt", "kid": kid })
    );
    assert_eq!(
        decoded(parts[1]),
        json!({
            "iss": "https://vio.example", "aud": "vio-api", "sub": Uuid::from_u128(1), "tid": Uuid::from_u128(2),
            "sid": Uuid::from_u128(3), "role": "client_user", "preset": "receptionist", "pv": 4,
            "iat": now().timestamp(), "exp": now().timestamp() + 600, "jti": Uuid::from_u128(5),
        })
    );
}

#[tokio::test]
async fn a_verifier_built_from_the_published_set_agrees() {
    let (token, claims, _) = issued().await;
    let keys = [
        tokens(2).public_key().await.unwrap().clone(),
        tokens(1).public_key().await.unwrap().clone(),
    ];
    let set = jwks(&keys);
    assert_eq!(set["keys"][0]["alg"], "ES256");
    let read = PublicKey::from_jwks(&set.to_string()).unwrap();
    assert_eq!(read[1].kid(), keys[1].kid());
    assert_eq!(
        Verifier::new(&config(), read).verify(&token, now()),
        Ok(claims)
    );
}

#[tokio::test]
async fn time_bounds_are_exact() {
    let (token, _, verifier) = issued().await;
    let at = |offset: TimeDelta| verifier.verify(&token, now() + offset).map(|_| ());
    let second = TimeDelta::seconds(1);
    assert_eq!(at(-CLOCK_SKEW), Ok(()));
    assert_eq!(at(-CLOCK_SKEW - second), Err(TokenError::NotYetValid));
    assert_eq!(at(TimeDelta::minutes(10) + CLOCK_SKEW - second), Ok(()));
    assert_eq!(
        at(TimeDelta::minutes(10) + CLOCK_SKEW),
        Err(TokenError::Expired)
    );
}

#[tokio::test]
async fn genuine_signatures_over_wrong_claims_are_refused() {
    let tokens = tokens(1);
    let verifier = tokens.verifier().await.unwrap();
    let good = issued().await.1;
    let refused = async |change: fn(&mut Claims)| {
        let mut claims = good.clone();
        change(&mut claims);
        let token = tokens.sign(&claims).await.unwrap();
        verifier.verify(token.expose_secret(), now()).unwrap_err()
    };
    assert_eq!(
        refused(|claims| claims.aud = "another-api".to_owned()).await,
        TokenError::Audience
    );
    assert_eq!(
        refused(|claims| claims.iss = "https://evil.example".to_owned()).await,
        TokenError::Issuer
    );
    assert_eq!(
        refused(|claims| claims.exp += 1).await,
        TokenError::Lifetime
    );
    assert_eq!(
        refused(|claims| claims.exp = claims.iat).await,
        TokenError::Lifetime
    );
    assert_eq!(
        refused(|claims| (claims.iat, claims.exp) = (i64::MIN, i64::MAX)).await,
        TokenError::Lifetime
    );
    assert_eq!(
        refused(|claims| (claims.iat, claims.exp) = (0, 600)).await,
        TokenError::Expired
    );
}

#[tokio::test]
async fn other_algorithms_and_headers_are_refused() {
    let (token, _, verifier) = issued().await;
    let parts: Vec<&str> = token.split('.').collect();
    let genuine = decoded(parts[0]);
    let with = |header: Value| format!("{}.{}.{}", encoded(&header), parts[1], parts[2]);
    let changed = |name: &str, value: Value| {
        let mut header = genuine.clone();
        header[name] = value;
        with(header)
    };
    let refused = |token: &str| verifier.verify(token, now()).unwrap_err();

    for alg in ["none", "None", "HS256", "RS256", "ES384", "es256", ""] {
        assert_eq!(
            refused(&changed("alg", json!(alg))),
            TokenError::Algorithm,
            "{alg}"
        );
    }
    assert_eq!(
        refused(&changed("typ", json!("JWT"))),
        TokenError::Algorithm
    );
    assert_eq!(
        refused(&changed("kid", json!("other"))),
        TokenError::UnknownKey
    );
    assert_eq!(
        refused(&changed("crit", json!(["b64"]))),
        TokenError::Malformed
    );
    assert_eq!(refused(&changed("jwk", json!({}))), TokenError::Malformed);
    for missing in ["alg", "typ", "kid"] {
        let mut header = genuine.clone();
        header.as_object_mut().unwrap().remove(missing);
        assert_eq!(refused(&with(header)), TokenError::Malformed, "{missing}");
    }
    // Unsigned, under an otherwise right header as well.
    let none = encoded(&json!({ "alg": "none", "typ": "at+jwt", "kid": genuine["kid"] }));
    assert_eq!(
        refused(&format!("{none}.{}.", parts[1])),
        TokenError::Algorithm
    );
    assert_eq!(
        refused(&format!("{}.{}.", parts[0], parts[1])),
        TokenError::Signature
    );
    // Signed with the public key as if it were a shared secret.
    let public = Arc::new(MemoryKms::new([1; 32]).unwrap())
        .public_key()
        .await
        .unwrap();
    let header = encoded(&json!({ "alg": "HS256", "typ": "at+jwt", "kid": genuine["kid"] }));
    let signed = format!("{header}.{}", parts[1]);
    let tag = hmac::sign(
        &hmac::Key::new(hmac::HMAC_SHA256, &public.spki_der),
        signed.as_bytes(),
    );
    assert_eq!(
        refused(&format!("{signed}.{}", URL_SAFE_NO_PAD.encode(tag))),
        TokenError::Algorithm
    );
}

#[tokio::test]
async fn another_key_and_changed_bytes_are_refused() {
    let (token, claims, verifier) = issued().await;
    let other = tokens(2);
    let foreign = other.sign(&claims).await.unwrap();
    assert_eq!(
        verifier.verify(foreign.expose_secret(), now()),
        Err(TokenError::UnknownKey)
    );
    // The foreign key under our key's id.
    let parts: Vec<&str> = token.split('.').collect();
    let signed = format!("{}.{}", parts[0], parts[1]);
    let kms = MemoryKms::new([2; 32]).unwrap();
    let mut hash = [0u8; 32];
    hash.copy_from_slice(digest::digest(&digest::SHA256, signed.as_bytes()).as_ref());
    let der = kms.sign_digest(&hash).await.unwrap();
    assert!(
        verifier
            .verify(&format!("{signed}.{}", URL_SAFE_NO_PAD.encode(der)), now())
            .is_err()
    );
    let theirs: Vec<&str> = foreign.expose_secret().split('.').collect();
    assert_eq!(
        verifier.verify(&format!("{signed}.{}", theirs[2]), now()),
        Err(TokenError::Signature)
    );
    // A wish for more rights.
    let mut wish = decoded(parts[1]);
    wish["role"] = json!("super_admin");
    let wished = format!("{}.{}.{}", parts[0], encoded(&wish), parts[2]);
    assert_eq!(verifier.verify(&wished, now()), Err(TokenError::Signature));
    // Any character of the claims or the signature (the last one of a part has unused bits, which must be zero).
    for position in parts[0].len() + 1..token.len() {
        let mut bytes = token.clone().into_bytes();
        bytes[position] = if bytes[position] == b'A' { b'B' } else { b'A' };
        let changed = String::from_utf8(bytes).unwrap();
        assert!(
            verifier.verify(&changed, now()).is_err(),
            "character {position}"
        );
    }
}

#[tokio::test]
async fn what_is_no_token_is_refused() {
    let (token, _, verifier) = issued().await;
    let long = format!("{token}{}", "A".repeat(MAX_TOKEN_BYTES));
    for text in [
        "",
        ".",
        "..",
        "a.b.c",
        "é.é.é",
        &token[1..],
        &format!("{token}."),
        &format!("{token}.x"),
        &long,
    ] {
        assert!(verifier.verify(text, now()).is_err(), "{text}");
    }
    assert_eq!(verifier.verify(&long, now()), Err(TokenError::Malformed));
}

#[tokio::test]
async fn keys_that_are_not_p256_are_refused() {
    let good = MemoryKms::new([1; 32])
        .unwrap()
        .public_key()
        .await
        .unwrap()
        .spki_der;
    assert!(PublicKey::from_spki_der(&good).is_ok());
    assert!(PublicKey::from_spki_der(&good[..90]).is_err());
    let mut off_the_curve = good.clone();
    off_the_curve[90] ^= 1;
    assert!(PublicKey::from_spki_der(&off_the_curve).is_err());
    assert!(
        PublicKey::from_jwks(r#"{"keys":[{"kty":"RSA","crv":"P-256","x":"","y":""}]}"#).is_err()
    );
    assert!(PublicKey::from_jwks("{}").is_err());
}

#[tokio::test]
async fn the_tokens_do_not_show_in_debug() {
    let tokens = tokens(1);
    let (token, _) = tokens
        .issue(access(), now(), Uuid::from_u128(5))
        .await
        .unwrap();
    assert!(!format!("{token:?}").contains("eyJ"));
}
