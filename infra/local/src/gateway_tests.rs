use axum::routing::{any, get};
use lambda_http::RequestExt;
use lambda_http::request::RequestContext;

use super::*;

fn arrival() -> Arrival {
    Arrival {
        peer: SocketAddr::from(([127, 0, 0, 1], 4321)),
        at: DateTime::from_timestamp(1_800_000_000, 0).unwrap(),
        id: Uuid::from_u128(7),
        route: "ANY /api/{proxy+}".into(),
    }
}

/// What the function saw.
async fn seen(request: axum::extract::Request) -> axum::Json<Value> {
    let RequestContext::ApiGatewayV2(context) = request.request_context() else {
        panic!("not an event of payload version 2");
    };
    let (parts, body) = request.into_parts();
    let headers: serde_json::Map<String, Value> = parts
        .headers
        .iter()
        .map(|(name, value)| (name.to_string(), json!(value.to_str().unwrap())))
        .collect();
    axum::Json(json!({
        "method": parts.method.as_str(),
        "path": parts.uri.path(),
        "query": parts.uri.query(),
        "source_ip": context.http.source_ip,
        "route": context.route_key,
        "headers": headers,
        "body": STANDARD.encode(body.collect().await.unwrap().to_bytes()),
    }))
}

fn echo() -> Router {
    Router::new()
        .route("/api/echo", any(|body: bytes::Bytes| async { body }))
        .route(
            "/api/size/{bytes}",
            get(
                |axum::extract::Path(bytes): axum::extract::Path<usize>| async move {
                    "a".repeat(bytes)
                },
            ),
        )
        .route(
            "/api/slow",
            get(|| async { tokio::time::sleep(Duration::from_secs(60)).await }),
        )
        .route("/api/nothing", get(|| async { StatusCode::NO_CONTENT }))
        .route(
            "/api/cookies",
            get(|| async {
                let mut headers = HeaderMap::new();
                headers.append(
                    header::SET_COOKIE,
                    HeaderValue::from_static("a=1; HttpOnly"),
                );
                headers.append(header::SET_COOKIE, HeaderValue::from_static("b=2"));
                headers.append("x-one", HeaderValue::from_static("1"));
                (StatusCode::CREATED, headers, "made")
            }),
        )
        .route(
            "/api/length",
            any(|body: bytes::Bytes| async move { body.len().to_string() }),
        )
        .fallback(seen)
        .layer(axum::extract::DefaultBodyLimit::disable())
}

async fn through(request: Request<Body>) -> (StatusCode, HeaderMap, Vec<u8>) {
    let (parts, body) = invoke(echo(), arrival(), request).await.into_parts();
    (
        parts.status,
        parts.headers,
        body.collect().await.unwrap().to_bytes().to_vec(),
    )
}

fn post(kind: &str, body: Vec<u8>) -> Request<Body> {
    Request::post("/api/echo")
        .header("content-type", kind)
        .body(Body::from(body))
        .unwrap()
}

#[tokio::test]
async fn a_request_arrives_as_the_event_says() {
    let request = Request::put("/api/some/where%20else?b=2&a=x%26y&b=3")
        .header("content-type", "application/json")
        .header("user-agent", "test")
        .header("x-many", "1")
        .header("x-many", "2")
        .header("cookie", "one=1; two=2")
        .header("x-forwarded-for", "203.0.113.9")
        .body(Body::from("{}"))
        .unwrap();
    let (status, _, body) = through(request).await;
    assert_eq!(status, 200);
    let seen: Value = serde_json::from_slice(&body).unwrap();
    assert_eq!(seen["method"], "PUT");
    assert_eq!(seen["path"], "/api/some/where%20else");
    assert_eq!(seen["query"], "b=2&a=x%26y&b=3");
    assert_eq!(seen["source_ip"], "127.0.0.1");
    assert_eq!(seen["route"], "ANY /api/{proxy+}");
    assert_eq!(seen["headers"]["x-many"], "1,2");
    // Whoever calls does not say where from.
    assert_eq!(seen["headers"]["x-forwarded-for"], "127.0.0.1");
    assert!(
        seen["headers"]["cookie"]
            .as_str()
            .unwrap()
            .contains("two=2")
    );
    assert_eq!(seen["body"], STANDARD.encode("{}"));
}

#[tokio::test]
async fn an_answer_comes_back_whole() {
    let (status, headers, body) =
        through(Request::get("/api/cookies").body(Body::empty()).unwrap()).await;
    assert_eq!((status.as_u16(), body.as_slice()), (201, &b"made"[..]));
    let cookies: Vec<_> = headers.get_all(header::SET_COOKIE).iter().collect();
    assert_eq!(cookies, ["a=1; HttpOnly", "b=2"]);
    assert_eq!(headers.get_all("x-one").iter().count(), 1);
    let (status, _, body) =
        through(Request::get("/api/nothing").body(Body::empty()).unwrap()).await;
    assert_eq!((status.as_u16(), body.len()), (204, 0));
}

#[tokio::test]
async fn bytes_stay_as_they_are() {
    let binary: Vec<u8> = (0..=255).collect();
    for kind in [
        "application/octet-stream",
        "application/json",
        "text/plain",
        "image/png",
    ] {
        let (status, _, body) = through(post(kind, binary.clone())).await;
        assert_eq!((status.as_u16(), &body), (200, &binary), "{kind}");
    }
    let text = "Grüße, 你好\n\u{0}".as_bytes().to_vec();
    for kind in [
        "application/octet-stream",
        "application/json; charset=utf-8",
    ] {
        assert_eq!(through(post(kind, text.clone())).await.2, text, "{kind}");
    }
}

#[tokio::test]
async fn large_bodies_are_refused_where_aws_refuses_them() {
    let post = |kind, bytes| {
        let request = Request::post("/api/length").header("content-type", kind);
        request.body(Body::from(vec![b'a'; bytes])).unwrap()
    };
    let text = |bytes| post("text/plain", bytes);
    let binary = |bytes| post("application/octet-stream", bytes);
    assert_eq!(through(text(5 * 1024 * 1024)).await.0, 200);
    // The event is larger than the body: 6 MB of text do not fit.
    assert_eq!(through(text(MAX_EVENT)).await.0, 413);
    assert_eq!(through(text(MAX_BODY + 1)).await.0, 413);
    // Binary grows by a third.
    assert_eq!(through(binary(4 * 1024 * 1024)).await.0, 200);
    assert_eq!(through(binary(5 * 1024 * 1024)).await.0, 413);
}

#[tokio::test]
async fn large_answers_break_as_they_would_there() {
    let size = |bytes: usize| {
        Request::get(format!("/api/size/{bytes}"))
            .body(Body::empty())
            .unwrap()
    };
    assert_eq!(through(size(5 * 1024 * 1024)).await.0, 200);
    let (status, _, body) = through(size(MAX_EVENT)).await;
    assert_eq!(status, 500);
    assert_eq!(body, br#"{"message":"Internal Server Error"}"#);
}

#[tokio::test]
async fn headers_have_a_limit() {
    let request = |bytes| {
        Request::get("/api/x")
            .header("x-long", "a".repeat(bytes))
            .body(Body::empty())
            .unwrap()
    };
    assert_eq!(through(request(9_000)).await.0, 200);
    assert_eq!(through(request(MAX_HEADERS)).await.0, 431);
}

#[tokio::test]
async fn a_function_that_takes_too_long_is_given_up() {
    assert_eq!(TIMEOUT, Duration::from_secs(30));
    let request = Request::get("/api/slow").body(Body::empty()).unwrap();
    let answer = invoke_within(Duration::from_millis(50), echo(), arrival(), request).await;
    assert_eq!(answer.status(), 503);
}
