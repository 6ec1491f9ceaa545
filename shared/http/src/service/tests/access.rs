//! Who may pass, how often, and what is told of where a request comes from.

use super::*;

#[tokio::test]
async fn a_route_without_an_entry_cannot_work() {
    for (method, path) in [
        ("GET", "/api/forgotten"),
        ("POST", "/api/idempotent-forgotten"),
    ] {
        let answer = call(method, path, Some("client_admin")).await;
        assert_eq!(answer.status, 500);
        assert_eq!(answer.problem(), "internal");
        assert!(!answer.text.contains(CANARY));
    }
}

#[tokio::test]
async fn where_an_edge_is_configured_nothing_goes_round_it() {
    let hash = hex::encode(aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, b"s"));
    let shared = Shared::new(Arc::new(Tokens::default()), Arc::new(Unlimited)).with_table(sorted());
    let app = service(routes(), shared.with_origin(hash.parse().unwrap()));
    for (path, secret, status) in [
        ("/api/open", Some("s"), 200),
        ("/api/open", Some("t"), 403),
        ("/api/open", None, 403),
        ("/api/unknown", Some("s"), 404),
        ("/api/unknown", None, 403),
    ] {
        let mut request = Request::get(path);
        if let Some(secret) = secret {
            request = request.header("x-origin-secret", secret);
        }
        let answer = send(&app, request.body(Body::empty()).unwrap()).await;
        assert_eq!(answer.status, status, "{path} {secret:?}");
        if status == 403 {
            assert_eq!(answer.problem(), "forbidden");
        }
    }
}

#[tokio::test]
async fn unknown_paths_and_methods() {
    assert_eq!(
        call("GET", "/api/nowhere", None).await.problem(),
        "not-found"
    );
    let answer = call("DELETE", "/api/open", None).await;
    assert_eq!(answer.problem(), "method-not-allowed");
    assert_eq!(answer.headers[header::ALLOW], "GET");
    let answer = call("OPTIONS", &format!("/api/contacts/{ID}"), None).await;
    assert_eq!(answer.status, 405);
    assert_eq!(answer.headers[header::ALLOW], "DELETE, GET");
    let head = call("HEAD", "/api/open", None).await;
    assert_eq!((head.status, head.text.as_str()), (StatusCode::OK, ""));
}

#[tokio::test]
async fn who_may_pass() {
    let contact = format!("/api/contacts/{ID}");
    // (method, path, token, status)
    let cases = [
        ("GET", "/api/open", None, 200),
        ("GET", "/api/self", None, 401),
        ("GET", "/api/self", Some("forged"), 401),
        ("GET", "/api/self", Some("suspended"), 403),
        ("GET", "/api/self", Some("away"), 503),
        ("GET", "/api/self", Some("read_only"), 200),
        ("GET", contact.as_str(), None, 401),
        ("GET", contact.as_str(), Some("read_only"), 200),
        ("HEAD", contact.as_str(), None, 401),
        ("GET", contact.as_str(), Some("super_admin"), 403),
        ("DELETE", contact.as_str(), Some("receptionist"), 403),
        ("DELETE", contact.as_str(), Some("manager"), 200),
        ("GET", "/api/any", Some("basic_staff"), 200),
        ("GET", "/api/any", Some("read_only"), 403),
        ("GET", "/api/admin", Some("client_admin"), 403),
        ("GET", "/api/admin", Some("super_admin"), 200),
    ];
    for (method, path, token, status) in cases {
        let answer = call(method, path, token).await;
        assert_eq!(answer.status, status, "{method} {path} {token:?}");
        if status == 401 {
            assert_eq!(answer.headers[header::WWW_AUTHENTICATE], "Bearer");
        }
        if status == 503 {
            assert_eq!(answer.headers[header::RETRY_AFTER], "2");
            assert!(!answer.text.contains("no table"));
        }
    }
}

#[tokio::test]
async fn only_one_well_formed_bearer_counts() {
    for values in [
        &["Basic client_admin"][..],
        &["Bearer "],
        &["Bearer client admin"],
        &["client_admin"],
        &["Bearer client_admin", "Bearer client_admin"],
        &["Bearer client\tadmin"],
    ] {
        let mut request = Request::get("/api/self");
        for value in values {
            request = request.header(header::AUTHORIZATION, *value);
        }
        let answer = send(&app(), request.body(Body::empty()).unwrap()).await;
        assert_eq!(answer.problem(), "unauthorized", "{values:?}");
    }
    let long = format!("Bearer {}", "a".repeat(8 * 1024 + 1));
    let request = Request::get("/api/self").header(header::AUTHORIZATION, long);
    let tokens = Arc::new(Tokens::default());
    let answer = send(
        &app_with(Arc::clone(&tokens)),
        request.body(Body::empty()).unwrap(),
    )
    .await;
    assert_eq!(answer.status, 401);
    assert!(
        tokens.fresh.lock().unwrap().is_empty(),
        "the authenticator was asked"
    );
    let request = Request::get("/api/self").header(header::AUTHORIZATION, "bearer client_admin");
    assert_eq!(
        send(&app(), request.body(Body::empty()).unwrap())
            .await
            .status,
        200
    );
}

#[tokio::test]
async fn sensitive_routes_are_judged_afresh() {
    let tokens = Arc::new(Tokens::default());
    let app = app_with(Arc::clone(&tokens));
    for path in [format!("/api/contacts/{ID}"), "/api/self".to_owned()] {
        let request = Request::get(path).header(header::AUTHORIZATION, "Bearer manager");
        send(&app, request.body(Body::empty()).unwrap()).await;
    }
    assert_eq!(*tokens.fresh.lock().unwrap(), [true, false]);
}

/// Lets two pass.
#[derive(Default)]
struct Two(AtomicUsize);

#[async_trait::async_trait]
impl RateLimiter for Two {
    async fn check(&self, _: TenantId) -> Decision {
        match self.0.fetch_add(1, Ordering::SeqCst) {
            0 | 1 => Decision::Pass,
            _ => Decision::Wait { seconds: 42 },
        }
    }
}

#[tokio::test]
async fn a_tenant_has_its_request_limit() {
    let shared = Shared::new(Arc::new(Tokens::default()), Arc::new(Two::default()));
    let shared = shared.with_table(sorted());
    let app = service(routes(), shared);
    let ask = |path: &str, token: &str| {
        Request::get(path)
            .header(header::AUTHORIZATION, format!("Bearer {token}"))
            .body(Body::empty())
            .unwrap()
    };
    assert_eq!(send(&app, ask("/api/self", "manager")).await.status, 200);
    // A refused request counts as well: permission is asked after the limit.
    assert_eq!(send(&app, ask("/api/admin", "manager")).await.status, 403);
    let answer = send(&app, ask("/api/self", "manager")).await;
    assert_eq!(answer.problem(), "rate-limited");
    assert_eq!(answer.status, 429);
    let seconds: u64 = answer.headers[header::RETRY_AFTER]
        .to_str()
        .unwrap()
        .parse()
        .unwrap();
    assert_eq!(seconds, 42);
    assert_eq!(answer.json()["retry_after"], seconds);
    assert_eq!(send(&app, ask("/api/open", "manager")).await.status, 200);
}

#[tokio::test]
async fn a_handler_gets_no_principal_where_nobody_signed_in() {
    assert_eq!(
        call("POST", "/api/nope", Some("client_admin"))
            .await
            .problem(),
        "internal"
    );
}

#[tokio::test]
async fn where_a_request_comes_from() {
    let mut request = Request::get("/api/self")
        .header(header::AUTHORIZATION, "Bearer manager")
        .header(header::USER_AGENT, "x".repeat(300))
        .header("x-forwarded-for", "6.6.6.6")
        .body(Body::empty())
        .unwrap();
    request
        .extensions_mut()
        .insert(ClientIp([192, 0, 2, 1].into()));
    let answer = send(&app(), request).await;
    let expected = format!("client_user Some(192.0.2.1) Some(\"{}\")", "x".repeat(256));
    assert_eq!(answer.text, expected);
    assert_eq!(call("GET", "/api/client", None).await.text, "None");
}
