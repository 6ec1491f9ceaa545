//! How bodies are read.

use super::*;

#[tokio::test]
async fn json_bodies_are_read_strictly() {
    assert_eq!(
        post_json(
            "/api/body",
            r#"{"name":"Ann","kind":"patient","tags":[{"label":"x"}]}"#
        )
        .await
        .text,
        r#"patient Ann None ["x"]"#
    );
    // (body, problem, pointer, code)
    let cases = [
        ("", "malformed-json", "", "syntax"),
        ("garbage", "malformed-json", "", "syntax"),
        (r#"{"name":"#, "malformed-json", "/name", "syntax"),
        (
            r#"{"name":"Ann","name":"Bob"}"#,
            "malformed-json",
            "/name",
            "duplicate_key",
        ),
        (r#"{"name":7}"#, "validation", "/name", "wrong_type"),
        (r#"{"age":-1}"#, "validation", "/age", "invalid_value"),
        (
            r#"{"tags":[{"label":"a"},{}]}"#,
            "validation",
            "/tags/1/label",
            "required",
        ),
        (
            r#"{"tags":[{"label":"a","colour":1}]}"#,
            "validation",
            "/tags/0/colour",
            "unknown_field",
        ),
        (
            r#"{"kind":"canary-7f3a"}"#,
            "validation",
            "/kind",
            "not_allowed",
        ),
        (
            r#"{"canary/7":1}"#,
            "validation",
            "/canary~17",
            "unknown_field",
        ),
        ("[]", "validation", "", "wrong_type"),
    ];
    for (body, problem, pointer, code) in cases {
        let answer = post_json("/api/body", body).await;
        assert_eq!(answer.problem(), problem, "{body}");
        assert_eq!(
            answer.errors(),
            [(pointer.to_owned(), code.to_owned())],
            "{body}"
        );
        assert!(
            !answer.text.contains("canary-7f3a"),
            "the value is repeated: {}",
            answer.text
        );
    }
    let unknown = post_json("/api/body", r#"{"a":1,"b":{"c":1}}"#).await;
    let named: Vec<String> = unknown
        .errors()
        .into_iter()
        .map(|(pointer, _)| pointer)
        .collect();
    assert_eq!(named, ["/a", "/b"]);
    let deep = format!("{}{}", "[".repeat(33), "]".repeat(33));
    let deep = post_json("/api/body", format!(r#"{{"a":{deep}}}"#)).await;
    assert_eq!(
        (deep.status.as_u16(), deep.errors()[0].1.as_str()),
        (400, "too_deep")
    );
}

#[tokio::test]
async fn all_wrong_fields_are_told_at_once() {
    let answer = post_json("/api/body", r#"{"name":"A","age":200}"#).await;
    assert_eq!(answer.status, 422);
    let told = answer.errors();
    assert_eq!(
        told,
        [("/name", "too_short"), ("/age", "too_old")].map(|(p, c)| (p.to_owned(), c.to_owned()))
    );
    let answer = post_json("/api/body", "{}").await;
    assert_eq!(
        answer.errors(),
        [("/name".to_owned(), "required".to_owned())]
    );
}

#[tokio::test]
async fn content_types_and_sizes() {
    for (kind, status) in [
        (None, 415),
        (Some("text/plain"), 415),
        (Some("application/jsonp"), 415),
        (Some("application/json; charset=latin1"), 415),
        (Some("application/json; charset=UTF-8"), 200),
        (Some("application/merge-patch+json"), 200),
    ] {
        let mut request = Request::post("/api/body");
        if let Some(kind) = kind {
            request = request.header(header::CONTENT_TYPE, kind);
        }
        let answer = send(
            &app(),
            request.body(Body::from(r#"{"name":"Ann"}"#)).unwrap(),
        )
        .await;
        assert_eq!(answer.status, status, "{kind:?}");
    }
    // Over the route's own limit, announced or not.
    let big = format!(r#"{{"name":"{}"}}"#, "x".repeat(2_000));
    for announced in [true, false] {
        let mut request =
            Request::post("/api/body").header(header::CONTENT_TYPE, "application/json");
        if announced {
            request = request.header(header::CONTENT_LENGTH, big.len());
        }
        let answer = send(&app(), request.body(Body::from(big.clone())).unwrap()).await;
        assert_eq!(answer.problem(), "too-large");
        assert_eq!(answer.errors(), [(String::new(), "too_large".to_owned())]);
    }
    let raw = |bytes: usize| {
        Request::post("/api/raw")
            .body(Body::from(vec![0; bytes]))
            .unwrap()
    };
    assert_eq!(send(&app(), raw(DEFAULT_BODY_LIMIT)).await.status, 200);
    assert_eq!(send(&app(), raw(DEFAULT_BODY_LIMIT + 1)).await.status, 413);
}

#[tokio::test]
async fn a_body_may_be_absent_where_it_may() {
    assert_eq!(call("POST", "/api/maybe", None).await.text, "false");
    assert_eq!(post_json("/api/maybe", "").await.text, "false");
    assert_eq!(post_json("/api/maybe", "{}").await.text, "true");
    let untyped = Request::post("/api/maybe").body(Body::from("{}")).unwrap();
    assert_eq!(send(&app(), untyped).await.status, 415);
}
