//! Bodies that are broken as a whole.

use serde_json::{Value, json};
use vio_http::body::DEFAULT_BODY_LIMIT;
use vio_jobs::LARGEST_PIECE;
use vio_providers::retell::webhook::LARGEST_EVENT;

use crate::{CANARY, Target};

/// Nested so deep that a careless parser's stack ends.
const FAR_TOO_DEEP: usize = 100_000;

pub(crate) async fn broken(target: &Target<'_>) {
    if target.operation.body().is_none() {
        return no_body_wanted(target).await;
    }
    let example = target.example();
    not_json(target, &example).await;
    of_another_type(target, &example).await;
    too_much(target).await;
    let empty = target.with_body(Vec::new(), Some("application/json"));
    if let Some(answer) = target.send("an empty body", &empty).await {
        // Where a body may be left out, none is an answer like any other.
        target.is_documented("an empty body", &answer);
        if answer.status.is_server_error() {
            target.note("an empty body", &answer.text);
        }
    }
}

/// A body for an operation that reads none changes nothing about its answer's form.
async fn no_body_wanted(target: &Target<'_>) {
    if target.operation.method != "GET" {
        return;
    }
    let ask = target.ask().raw(format!("{{\"{CANARY}\":"));
    if let Some(answer) = target.send("a body nobody wants", &ask).await {
        target.is_documented("a body nobody wants", &answer);
    }
}

async fn not_json(target: &Target<'_>, example: &Value) {
    let text = example.to_string();
    let cut = &text.as_bytes()[..text.len() - 1];
    let cases: [(&str, Vec<u8>); 12] = [
        ("garbage", [&[0, 255, 254, 1], CANARY.as_bytes()].concat()),
        ("a word", CANARY.into()),
        ("a body that is cut off", cut.to_vec()),
        (
            "text after the body",
            [text.as_bytes(), CANARY.as_bytes()].concat(),
        ),
        (
            "a byte order mark",
            [&[0xEF, 0xBB, 0xBF], text.as_bytes()].concat(),
        ),
        ("invalid UTF-8", b"{\"zz\":\"\xff\xfe\"}".to_vec()),
        ("half a surrogate pair", br#"{"zz":"\ud800"}"#.to_vec()),
        ("a number beyond all bounds", b"{\"zz\":1e999}".to_vec()),
        ("NaN", b"{\"zz\":NaN}".to_vec()),
        ("a comment", b"{/* */}".to_vec()),
        ("single quotes", b"{'zz':1}".to_vec()),
        ("white space", b" \t\r\n".to_vec()),
    ];
    for (what, body) in cases {
        let ask = target.with_body(body, Some("application/json"));
        target.refused(what, &ask, None).await;
    }
    let twice = twice(example);
    let named = format!("/{}", twice.1);
    target
        .refused(
            "a key given twice",
            &target.with_json(&twice.0),
            Some(&named),
        )
        .await;
}

/// The body with its first key given twice, and that key.
fn twice(example: &Value) -> (String, String) {
    let first = example.as_object().and_then(|fields| fields.keys().next());
    let key = first.cloned().unwrap_or_else(|| "zz".to_owned());
    let text = example.to_string();
    let rest = text.trim_start_matches('{');
    let comma = if rest == "}" { "\"zz\":1," } else { "" };
    (format!("{{\"{key}\":\"{CANARY}\",{comma}{rest}"), key)
}

async fn of_another_type(target: &Target<'_>, example: &Value) {
    let text = example.to_string();
    if !target.is_signed() {
        for kind in [
            "text/plain",
            "application/x-www-form-urlencoded",
            "application/json; charset=utf-16",
            "json",
            "",
        ] {
            let ask = target.with_body(text.clone().into_bytes(), Some(kind));
            let what = format!("the type {kind:?}");
            if let Some(answer) = target.send(&what, &ask).await {
                target.is_refusal(&what, &answer, &[415], Some("Content-Type"));
            }
        }
        let ask = target.with_body(text.into_bytes(), None);
        target.refused("no type", &ask, Some("Content-Type")).await;
        let mut body = example.clone();
        body["zz_unknown"] = json!(CANARY);
        target
            .refused(
                "an unknown field",
                &target.with_json(body),
                Some("/zz_unknown"),
            )
            .await;
    }
    let schema = target.operation.body_schema().expect("a schema");
    for root in [
        json!([]),
        json!([CANARY]),
        json!(CANARY),
        json!(7),
        json!(true),
        json!(null),
    ] {
        if vio_tests::contract::schema::faults(&target.stage.document, schema, &root).is_empty()
            && !target.is_signed()
        {
            continue; // documented: refresh takes null
        }
        let what = format!("{root} in place of an object");
        target.refused(&what, &target.with_json(&root), None).await;
    }
}

async fn too_much(target: &Target<'_>) {
    for depth in [200, FAR_TOO_DEEP] {
        let arrays = format!("{{\"zz\":{}{}}}", "[".repeat(depth), "]".repeat(depth));
        let what = format!("arrays {depth} deep");
        target.refused(&what, &target.with_json(arrays), None).await;
        let objects = "{\"zz\":".repeat(depth) + "1" + &"}".repeat(depth);
        let what = format!("objects {depth} deep");
        target
            .refused(&what, &target.with_json(objects), None)
            .await;
    }
    let limit = match target.operation.path.as_str() {
        path if path.contains("call-outcome") => LARGEST_EVENT,
        "/api/dnc/import" => LARGEST_PIECE,
        _ => DEFAULT_BODY_LIMIT,
    };
    let body = format!("{{\"zz\":\"{CANARY}{}\"}}", "x".repeat(limit));
    let ask = target.with_json(body);
    if let Some(answer) = target.send("a body over the limit", &ask).await {
        target.is_refusal("a body over the limit", &answer, &[413], Some(""));
    }
}
