//! Headers that a route reads, and cannot.

use vio_tests::contract::Ask;

use crate::{CANARY, Target};

pub(crate) async fn wrong(target: &Target<'_>) {
    let names = target.operation.names("header");
    if names.iter().any(|name| name == "If-Match") {
        if_match(target).await;
    }
    if names.iter().any(|name| name == "Idempotency-Key") {
        idempotency_key(target).await;
    }
}

/// The operation's example with one header instead of what would be right.
fn with(target: &Target<'_>, name: &str, value: Option<&[u8]>) -> Ask {
    let mut ask = match target.operation.body().map(|_| target.example()) {
        Some(body) => target.with_json(body),
        None => target.ask(),
    };
    ask.headers
        .retain(|(known, _)| !known.eq_ignore_ascii_case(name));
    match value {
        Some(value) => ask.header(name, value),
        None => ask,
    }
}

async fn if_match(target: &Target<'_>) {
    let long = format!("\"{CANARY}{}\"", "x".repeat(300));
    let many = vec!["\"v1\""; 40].join(",");
    let cases: [&[u8]; 9] = [
        CANARY.as_bytes(),
        b"\"v1",
        b"v1\"",
        b"\"v1\" \"v2\"",
        b"W/",
        b"\"\xc3\xa9\xff\"",
        b"\"v\\1\"",
        long.as_bytes(),
        many.as_bytes(),
    ];
    for value in cases {
        let what = format!("If-Match {:.40}", String::from_utf8_lossy(value));
        let ask = with(target, "If-Match", Some(value));
        if let Some(answer) = target.send(&what, &ask).await {
            target.is_refusal(&what, &answer, &[400], Some("If-Match"));
        }
    }
    let ask = with(target, "If-Match", Some(b"\"v999999\""));
    if let Some(answer) = target.send("a stale If-Match", &ask).await {
        target.is_refusal("a stale If-Match", &answer, &[412], None);
    }
    let required = target
        .operation
        .parameters("header")
        .any(|header| header["name"] == "If-Match" && header["required"] == true);
    if required
        && let Some(answer) = target
            .send("no If-Match", &with(target, "If-Match", None))
            .await
    {
        target.is_refusal("no If-Match", &answer, &[428], Some("If-Match"));
    }
}

async fn idempotency_key(target: &Target<'_>) {
    let long = format!("{CANARY}{}", "x".repeat(256));
    for value in [
        b"".as_slice(),
        long.as_bytes(),
        b"caf\xc3\xa9",
        b"\xff\xfe",
        b"a\tb",
    ] {
        let what = format!("Idempotency-Key {:.40}", String::from_utf8_lossy(value));
        let ask = with(target, "Idempotency-Key", Some(value));
        if let Some(answer) = target.send(&what, &ask).await {
            target.is_refusal(&what, &answer, &[400], Some("Idempotency-Key"));
        }
    }
}
