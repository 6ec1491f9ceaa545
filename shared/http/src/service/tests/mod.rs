//! The layers around every route, on a table of routes made for it.

mod access;
mod answers;
mod bodies;
mod parameters;

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
use crate::body::DEFAULT_BODY_LIMIT;
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
