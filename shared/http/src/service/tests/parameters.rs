//! How queries, cursors, ids and conditions are read.

use super::*;

#[tokio::test]
async fn query_parameters_are_read_strictly() {
    // (query, problem, named)
    for (query, problem, named, code) in [
        ("search=x", "unknown-parameter", "search", "not_built"),
        (
            "colour=red",
            "unknown-parameter",
            "colour",
            "unknown_parameter",
        ),
        (
            "status=a&status=b",
            "invalid-parameter",
            "status",
            "invalid_value",
        ),
        (
            "limit=canary-7f3a",
            "invalid-parameter",
            "limit",
            "invalid_value",
        ),
        ("page=0", "invalid-parameter", "page", "out_of_range"),
        ("page=%2B1", "invalid-parameter", "page", "out_of_range"),
        (
            "page_size=9",
            "invalid-parameter",
            "page_size",
            "out_of_range",
        ),
        (
            "page_size=101",
            "invalid-parameter",
            "page_size",
            "out_of_range",
        ),
        ("page=1&cursor=x", "invalid-parameter", "page", "conflict"),
        ("cursor=x", "invalid-cursor", "cursor", "invalid_cursor"),
    ] {
        let answer = call("GET", &format!("/api/list?{query}"), None).await;
        assert_eq!(answer.status, 400, "{query}");
        assert_eq!(answer.problem(), problem, "{query}");
        assert_eq!(
            answer.errors(),
            [(named.to_owned(), code.to_owned())],
            "{query}"
        );
        assert!(!answer.text.contains("canary"), "{}", answer.text);
    }
    let answer = call(
        "GET",
        "/api/list?status=a%26b&limit=7&page=3&page_size=10",
        None,
    )
    .await
    .json();
    assert_eq!(
        (&answer["status"], &answer["limit"]),
        (&json!("a&b"), &json!(7))
    );
    assert_eq!((&answer["page"], &answer["size"]), (&json!(3), &json!(10)));
    assert_eq!(
        call("GET", "/api/open?x=1", None).await.problem(),
        "unknown-parameter"
    );
    assert_eq!(call("GET", "/api/list", None).await.json()["size"], 25);
}

#[tokio::test]
async fn a_cursor_goes_on_where_it_was_and_nowhere_else() {
    let first = call("GET", "/api/list?status=pending", None).await.json();
    let cursor = first["next"].as_str().unwrap();
    let second = call(
        "GET",
        &format!("/api/list?cursor={cursor}&status=pending"),
        None,
    )
    .await
    .json();
    assert_eq!((&second["from"], &second["page"]), (&json!(25), &json!(2)));
    let other = call(
        "GET",
        &format!("/api/list?cursor={cursor}&status=confirmed"),
        None,
    )
    .await;
    assert_eq!(other.problem(), "invalid-cursor");
    let mut forged = cursor.to_owned();
    forged.replace_range(30..31, if &forged[30..31] == "A" { "B" } else { "A" });
    let forged = call(
        "GET",
        &format!("/api/list?cursor={forged}&status=pending"),
        None,
    )
    .await;
    assert_eq!(forged.problem(), "invalid-cursor");
    let long = call(
        "GET",
        &format!("/api/list?cursor={}", "A".repeat(5_000)),
        None,
    )
    .await;
    assert_eq!(long.problem(), "invalid-cursor");
}

#[tokio::test]
async fn an_id_that_is_none_is_not_found() {
    let token = Some("client_admin");
    assert_eq!(
        call("GET", &format!("/api/contacts/{ID}"), token)
            .await
            .text,
        ID
    );
    for bad in [
        "7",
        "%ff",
        "0192f0c12b3c7def8abc0123456789ab",
        "%20",
        "..%2f",
    ] {
        let answer = call("GET", &format!("/api/contacts/{bad}"), token).await;
        assert_eq!(answer.problem(), "not-found", "{bad}");
    }
    assert_eq!(
        call("GET", &format!("/api/contacts/{ID}/x/9"), None)
            .await
            .text,
        format!("{ID} 9")
    );
    assert_eq!(
        call("GET", &format!("/api/contacts/{ID}/x/999"), None)
            .await
            .status,
        404
    );
}

#[tokio::test]
async fn conditions_over_http() {
    let put = async |tag: Option<&str>| {
        let mut request = Request::put("/api/versioned");
        if let Some(tag) = tag {
            request = request.header(header::IF_MATCH, tag);
        }
        send(&app(), request.body(Body::empty()).unwrap()).await
    };
    assert_eq!(put(None).await.problem(), "precondition-required");
    let stale = put(Some("\"c1-a1\"")).await;
    assert_eq!(stale.problem(), "version-mismatch");
    assert_eq!(stale.headers[header::ETAG], "\"c3-a7\"");
    assert_eq!(put(Some("c3-a7")).await.problem(), "malformed-request");
    let saved = put(Some("\"c3-a7\"")).await;
    assert_eq!(
        (saved.text.as_str(), &saved.headers[header::ETAG]),
        ("saved", &"\"c3-a7\"".parse().unwrap())
    );
}
