//! What every answer has, what none shows, and answers that are given again.

use super::*;

#[tokio::test]
async fn every_answer_has_the_security_headers_and_a_request_id() {
    for path in ["/api/open", "/api/nowhere", "/api/self", "/api/panics"] {
        let answer = call("GET", path, None).await;
        let has =
            |name: &str, value: &str| assert_eq!(answer.headers[name], value, "{path} {name}");
        has("cache-control", "no-store");
        has("x-content-type-options", "nosniff");
        has("x-frame-options", "DENY");
        has("referrer-policy", "no-referrer");
        has("cross-origin-resource-policy", "same-origin");
        has("cross-origin-opener-policy", "same-origin");
        has(
            "strict-transport-security",
            "max-age=63072000; includeSubDomains",
        );
        let csp = answer.headers["content-security-policy"].to_str().unwrap();
        assert!(csp.starts_with("default-src 'none';"));
        assert!(answer.headers.contains_key("permissions-policy"));
        assert!(!answer.headers.contains_key("access-control-allow-origin"));
        let id: Uuid = answer.headers["x-request-id"]
            .to_str()
            .unwrap()
            .parse()
            .unwrap();
        assert_eq!(id.get_version_num(), 7);
    }
    let open = call("GET", "/api/open", None).await;
    assert_eq!(open.headers["x-request-id"].to_str().unwrap(), open.text);
    assert_ne!(call("GET", "/api/open", None).await.text, open.text);
}

#[tokio::test]
async fn nothing_internal_leaks_and_stray_errors_become_problems() {
    let broken = call("GET", "/api/broken", Some("manager")).await;
    assert_eq!(broken.problem(), "internal");
    assert!(!broken.text.contains("disk") && !broken.text.contains("table"));
    let panicked = call("GET", "/api/panics", None).await;
    assert_eq!(panicked.problem(), "internal");
    assert!(!panicked.text.contains(CANARY));
    let bare = call("GET", "/api/bare", None).await;
    assert_eq!(bare.status, 400);
    assert!(!bare.text.contains("raw words"));
    assert_eq!(bare.problem(), "malformed-request");
}

#[tokio::test]
async fn keyed_requests_over_http() {
    let ask = async |id: u8, key: Option<&str>, body: &'static str| {
        let mut request = Request::post(format!("/api/keyed/{id}"));
        if let Some(key) = key {
            request = request.header("idempotency-key", key);
        }
        if !body.is_empty() {
            request = request.header(header::CONTENT_TYPE, "application/json");
        }
        send(&app(), request.body(Body::from(body)).unwrap()).await
    };
    let plain = ask(1, None, r#"{"name":"Ann"}"#).await.json();
    assert_eq!(plain, json!({"name": "Ann", "keyed": null}));
    assert_eq!(ask(1, None, "").await.json()["name"], Value::Null);
    let keyed = ask(1, Some("k 1"), r#"{"name":"Ann"}"#).await.json()["keyed"].clone();
    assert_eq!(
        (&keyed[0], &keyed[1]),
        (&json!("k 1"), &json!("POST /api/keyed/{contact_id}"))
    );
    let print = async |id, body| ask(id, Some("k"), body).await.json()["keyed"][2].clone();
    assert_eq!(keyed[2], print(1, r#"{ "name" : "Ann" }"#).await);
    assert_ne!(
        keyed[2],
        print(2, r#"{"name":"Ann"}"#).await,
        "another contact, another request"
    );
    assert_ne!(keyed[2], print(1, r#"{"name":"Bob"}"#).await);
    assert_eq!(ask(1, Some(""), "{}").await.problem(), "malformed-request");
    assert_eq!(
        ask(1, Some(&"k".repeat(256)), "{}").await.errors()[0].0,
        "Idempotency-Key"
    );
    assert_eq!(
        ask(1, Some("k"), r#"{"x":1}"#).await.problem(),
        "validation"
    );
}

#[tokio::test]
async fn a_problem_keeps_each_cookie_once() {
    let answer = call("GET", "/api/cookies", None).await;
    assert_eq!(answer.problem(), "unauthorized");
    let cookies: Vec<_> = answer.headers.get_all(header::SET_COOKIE).iter().collect();
    assert_eq!(cookies, ["a=1", "b=2", "c=3"]);
}
