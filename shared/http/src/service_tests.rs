use std::io;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use axum::body::Body;
use axum::routing::{get, post};
use http::{HeaderMap, Request, StatusCode, header};
use http_body_util::BodyExt;
use serde::Deserialize;
use serde_json::{Value, json};
use tower::ServiceExt;
use uuid::Uuid;
use vio_domain::ids::{ContactId, SignInId, TenantId, UserId};
use vio_domain::permission::{
    ContactScopes, CustomPermissions, Permission, Preset, Role, effective,
};

use super::*;
use crate::access::{Access, Method};
use crate::page::CursorMac;
use crate::principal::{AuthError, ClientIp};
use crate::rate::{Decision, Unlimited};
use crate::validate::{Fields, Validate};
use crate::{
    ETag, FieldProblem, Idempotent, IfMatch, Json, NoParams, Paged, Path, Path2, Principal, Query,
    QueryParams, RawBody, RequestId,
};

const ID: &str = "0192f0c1-2b3c-7def-8abc-0123456789ab";
const CANARY: &str = "canary-7f3a";

const fn on(method: Method, path: &'static str, access: Access) -> Route {
    Route::new(method, path, access)
}

static TEST_TABLE: &[Route] = &[
    on(Method::Get, "/api/admin", Access::SuperAdmin),
    on(
        Method::Get,
        "/api/any",
        Access::NeedsAny(&[Permission::ExportData, Permission::CreateContacts]),
    ),
    on(Method::Post, "/api/body", Access::Public),
    on(Method::Get, "/api/bare", Access::Public),
    on(Method::Get, "/api/broken", Access::SignedIn),
    on(Method::Get, "/api/client", Access::Public),
    on(
        Method::Delete,
        "/api/contacts/{contact_id}",
        Access::Needs(Permission::DeleteContacts),
    ),
    on(
        Method::Get,
        "/api/contacts/{contact_id}",
        Access::Needs(Permission::ViewContacts),
    )
    .fresh(),
    on(
        Method::Get,
        "/api/contacts/{contact_id}/x/{n}",
        Access::Public,
    ),
    on(Method::Post, "/api/keyed/{contact_id}", Access::Public).idempotent(),
    on(Method::Get, "/api/list", Access::Public).parameters(),
    on(Method::Get, "/api/cookies", Access::Public),
    on(Method::Post, "/api/maybe", Access::Public),
    on(Method::Post, "/api/nope", Access::Public).idempotent(),
    on(Method::Get, "/api/open", Access::Public),
    on(Method::Get, "/api/panics", Access::Public),
    on(Method::Post, "/api/raw", Access::Signature),
    on(Method::Get, "/api/self", Access::SignedIn),
    on(Method::Put, "/api/versioned", Access::Public),
];

fn sorted() -> &'static [Route] {
    let mut table = TEST_TABLE.to_vec();
    table.sort_by_key(|route| (route.path, route.method));
    Box::leak(table.into_boxed_slice())
}

/// Accepts `<role or preset>`, notes whether it was asked afresh.
#[derive(Default)]
struct Tokens {
    fresh: Mutex<Vec<bool>>,
}

#[async_trait::async_trait]
impl Authenticator for Tokens {
    async fn authenticate(&self, bearer: &str, fresh: bool) -> Result<Principal, AuthError> {
        self.fresh
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(fresh);
        let (role, preset) = match bearer {
            "away" => return Err(AuthError::Unavailable("no table".into())),
            "suspended" => return Err(AuthError::TenantSuspended),
            text => match (text.parse::<Role>(), text.parse::<Preset>()) {
                (Ok(role), _) => (role, None),
                (_, Ok(preset)) => (Role::ClientUser, Some(preset)),
                _ => return Err(AuthError::Refused),
            },
        };
        let permissions = effective(role, preset, CustomPermissions::default());
        Ok(Principal {
            tenant_id: TenantId::new(Uuid::from_u128(7)),
            user_id: UserId::new(Uuid::from_u128(8)),
            session_id: SignInId::new(Uuid::from_u128(9)),
            role,
            preset,
            permissions,
            scope: ContactScopes::new(role, preset, permissions, &Default::default()),
            ip: None,
            user_agent: None,
        })
    }
}

#[derive(Debug, Deserialize)]
struct Person {
    name: Option<String>,
    age: Option<u32>,
    #[serde(default)]
    tags: Vec<Tag>,
    kind: Option<PersonKind>,
}

#[derive(Debug, Deserialize)]
struct Tag {
    label: String,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
enum PersonKind {
    Client,
    Patient,
}

struct Known(String);

impl Validate for Person {
    type Domain = Known;

    fn validate(self, fields: &mut Fields) -> Option<Known> {
        let name = fields.require("/name", self.name, |name| {
            if name.len() < 2 {
                Err(("too_short", "At least 2 characters."))
            } else {
                Ok(name)
            }
        });
        let age = fields.optional("/age", self.age, |age| {
            if age > 150 {
                Err(FieldProblem::new("", "too_old", "At most 150."))
            } else {
                Ok(age)
            }
        });
        let kind = match self.kind {
            Some(PersonKind::Client) => "client",
            Some(PersonKind::Patient) => "patient",
            None => "person",
        };
        let labels: Vec<String> = self.tags.into_iter().map(|tag| tag.label).collect();
        Some(Known(format!("{kind} {} {:?} {labels:?}", name?, age?)))
    }
}

#[derive(Debug, Deserialize)]
struct Filters {
    status: Option<String>,
    limit: Option<u32>,
}

impl QueryParams for Filters {
    const NOT_BUILT: &'static [&'static str] = &["search", "tag"];
}

struct Xor;

impl CursorMac for Xor {
    fn tag(&self, message: &[u8]) -> [u8; 16] {
        let mut tag = [42_u8; 16];
        for (n, byte) in message.iter().enumerate() {
            tag[n % 16] = tag[n % 16].wrapping_mul(31).wrapping_add(*byte);
        }
        tag
    }

    fn verify(&self, message: &[u8], tag: &[u8; 16]) -> bool {
        self.tag(message) == *tag
    }
}

async fn list(Paged { filters, page }: Paged<Filters>) -> Result<Json<Value>, Problem> {
    let (from, number) = page
        .position::<u32>(Some(&Xor))?
        .unwrap_or((0, page.page.get()));
    let next = page.next_cursor(from + page.page_size, number, Some(&Xor))?;
    Ok(Json(json!({
        "from": from, "page": number, "size": page.page_size, "next": next,
        "status": filters.status, "limit": filters.limit,
    })))
}

#[derive(Debug, thiserror::Error)]
#[error("the table is gone")]
struct Gone(#[source] io::Error);

fn routes() -> Router {
    Router::new()
        .route(
            "/api/open",
            get(|id: RequestId, _: Query<NoParams>| async move { id.0.to_string() }),
        )
        .route(
            "/api/self",
            get(|who: Principal| async move {
                format!("{} {:?} {:?}", who.role, who.ip, who.user_agent)
            }),
        )
        .route("/api/admin", get(|| async { "admin" }))
        .route("/api/any", get(|| async { "any" }))
        .route(
            "/api/client",
            get(|client: crate::Client| async move { format!("{:?}", client.ip) }),
        )
        .route(
            "/api/contacts/{contact_id}",
            get(|Path(id): Path<ContactId>| async move { id.to_string() })
                .delete(|| async { "gone" }),
        )
        .route(
            "/api/contacts/{contact_id}/x/{n}",
            get(|Path2(id, n): Path2<ContactId, u8>| async move { format!("{id} {n}") }),
        )
        .route(
            "/api/body",
            post(
                |Json(person): Json<Person>| async move { person.validated().map(|known| known.0) },
            )
            .layer(crate::body::body_limit(2_000)),
        )
        .route(
            "/api/maybe",
            post(|body: Option<Json<Person>>| async move { format!("{}", body.is_some()) }),
        )
        .route(
            "/api/raw",
            post(|RawBody(body): RawBody| async move { body.len().to_string() }),
        )
        .route("/api/list", get(list))
        .route(
            "/api/versioned",
            axum::routing::put(|condition: IfMatch| async move {
                let now = ETag::new("c3-a7").unwrap();
                condition.required()?.check(&now)?;
                Ok::<_, Problem>((now, "saved"))
            }),
        )
        .route(
            "/api/broken",
            get(|| async { Err::<(), _>(Problem::internal(&Gone(io::Error::other("disk 7")))) }),
        )
        .route(
            "/api/bare",
            get(|| async { (StatusCode::IM_A_TEAPOT, "raw words") }),
        )
        .route(
            "/api/panics",
            get(|| async {
                if ID.len() == 36 {
                    panic!("{CANARY}")
                }
            }),
        )
        .route("/api/nope", post(|_: Principal| async { "unreachable" }))
        .route(
            "/api/keyed/{contact_id}",
            post(|request: Idempotent<Person>| async move {
                let keyed = request
                    .keyed
                    .map(|keyed| json!([keyed.key.as_str(), keyed.route, keyed.fingerprint]));
                Json(json!({"name": request.body.name, "keyed": keyed}))
            }),
        )
        .route(
            "/api/cookies",
            get(|| async {
                let own = Problem::unauthorized()
                    .header(header::SET_COOKIE, http::HeaderValue::from_static("a=1"));
                let more = [(header::SET_COOKIE, "b=2"), (header::SET_COOKIE, "c=3")];
                (axum::response::AppendHeaders(more), own)
            }),
        )
        // No entry in the table:
        .route("/api/forgotten", get(|| async { CANARY }))
        .route(
            "/api/idempotent-forgotten",
            post(|_: Idempotent<Value>| async { CANARY }),
        )
}

fn app() -> Router {
    app_with(Arc::new(Tokens::default()))
}

fn app_with(tokens: Arc<Tokens>) -> Router {
    service(
        routes(),
        Shared::new(tokens, Arc::new(Unlimited)).with_table(sorted()),
    )
}

struct Answer {
    status: StatusCode,
    headers: HeaderMap,
    text: String,
}

impl Answer {
    fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|_| panic!("no JSON: {}", self.text))
    }

    /// The problem's slug; checks that the document is whole.
    fn problem(&self) -> String {
        let body = self.json();
        assert_eq!(
            self.headers[header::CONTENT_TYPE],
            "application/problem+json"
        );
        assert_eq!(body["status"], self.status.as_u16());
        let id = self.headers["x-request-id"].to_str().unwrap();
        assert_eq!(body["instance"], format!("urn:uuid:{id}"));
        assert!(body["title"].is_string() && body["detail"].is_string());
        body["type"]
            .as_str()
            .unwrap()
            .strip_prefix("https://vioconcierge.dev/problems/")
            .unwrap()
            .to_owned()
    }

    fn errors(&self) -> Vec<(String, String)> {
        let body = self.json();
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        body["errors"]
            .as_array()
            .unwrap_or(&Vec::new())
            .iter()
            .map(|error| (text(&error["pointer"]), text(&error["code"])))
            .collect()
    }
}

async fn send(app: &Router, request: Request<Body>) -> Answer {
    let response = app.clone().oneshot(request).await.unwrap();
    let (parts, body) = response.into_parts();
    let bytes = body.collect().await.unwrap().to_bytes();
    Answer {
        status: parts.status,
        headers: parts.headers,
        text: String::from_utf8(bytes.to_vec()).unwrap(),
    }
}

async fn call(method: &str, path: &str, token: Option<&str>) -> Answer {
    let mut request = Request::builder().method(method).uri(path);
    if let Some(token) = token {
        request = request.header(header::AUTHORIZATION, format!("Bearer {token}"));
    }
    send(&app(), request.body(Body::empty()).unwrap()).await
}

async fn post_json(path: &str, body: impl Into<Body>) -> Answer {
    let request = Request::post(path)
        .header(header::CONTENT_TYPE, "application/json")
        .body(body.into())
        .unwrap();
    send(&app(), request).await
}

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
