//! What a request leaves in the log. Alone in its binary: which log lines are wanted is a setting of the process.

use std::io;
use std::sync::{Arc, Mutex, PoisonError};

use axum::Router;
use axum::body::Body;
use axum::routing::{get, post};
use http::{Request, header};
use serde::Deserialize;
use serde_json::Value;
use tower::ServiceExt;
use uuid::Uuid;
use vio_domain::ids::{ContactId, SignInId, TenantId, UserId};
use vio_domain::permission::{ContactScopes, PermissionSet, Role};
use vio_http::rate::Unlimited;
use vio_http::{AuthError, Authenticator, Json, Path, Principal, Problem, Shared, service};

const ID: &str = "0192f0c1-2b3c-7def-8abc-0123456789ab";
const CANARY: &str = "canary-7f3a";

struct AnyToken;

#[async_trait::async_trait]
impl Authenticator for AnyToken {
    async fn authenticate(&self, _: &str, _: bool) -> Result<Principal, AuthError> {
        Ok(Principal {
            tenant_id: TenantId::new(Uuid::from_u128(7)),
            user_id: UserId::new(Uuid::from_u128(8)),
            session_id: SignInId::new(Uuid::from_u128(9)),
            role: Role::ClientAdmin,
            preset: None,
            permissions: PermissionSet::all(),
            scope: ContactScopes::default(),
            ip: None,
            user_agent: None,
        })
    }
}

#[derive(Deserialize)]
#[expect(dead_code, reason = "only its shape matters")]
struct SignIn {
    email: String,
}

#[derive(Debug, thiserror::Error)]
#[error("the table is gone")]
struct Gone(#[source] io::Error);

#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut log = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        log.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[tokio::test]
async fn one_line_per_request_without_what_was_sent() {
    let log = Log::default();
    let writer = log.clone();
    tracing_subscriber::fmt()
        .json()
        .with_max_level(tracing_subscriber::filter::LevelFilter::TRACE)
        .with_writer(move || writer.clone())
        .init();
    let routes = Router::new()
        .route(
            "/api/contacts/{contact_id}/history",
            get(|_: Path<ContactId>| async {}),
        )
        .route("/api/auth/sign-in", post(|_: Json<SignIn>| async {}))
        .route(
            "/api/users/profile",
            get(|| async { Err::<(), _>(Problem::internal(&Gone(io::Error::other("disk 7")))) }),
        );
    let app = service(routes, Shared::new(Arc::new(AnyToken), Arc::new(Unlimited)));
    let token = format!("Bearer {CANARY}");
    let ask = |path: String| Request::get(path).header(header::AUTHORIZATION, &token);
    let body = format!(r#"{{"email":["{CANARY}"],"{CANARY}":1}}"#);
    for request in [
        ask(format!("/api/contacts/{ID}/history?q={CANARY}"))
            .header(header::USER_AGENT, CANARY)
            .body(Body::from(CANARY)),
        ask(format!("/api/{CANARY}")).body(Body::empty()),
        Request::post("/api/auth/sign-in")
            .header(header::CONTENT_TYPE, "application/json")
            .body(Body::from(body)),
        ask("/api/users/profile".to_owned()).body(Body::empty()),
    ] {
        app.clone().oneshot(request.unwrap()).await.unwrap();
    }

    let text = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
    assert!(!text.contains(CANARY) && !text.contains(ID), "{text}");
    let lines: Vec<Value> = text
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let field = |n: usize, name: &str| lines[n]["fields"][name].clone();
    assert_eq!(lines.len(), 4, "{text}");
    assert_eq!(field(0, "path"), "/api/contacts/{contact_id}/history");
    assert_eq!(field(0, "method"), "GET");
    assert_eq!(field(0, "status"), 200);
    assert_eq!(field(0, "tenant_id"), Uuid::from_u128(7).to_string());
    assert!(field(0, "duration_us").is_u64() && field(0, "request_id").is_string());
    assert_eq!(field(1, "path"), "unmatched");
    assert_eq!(field(2, "status"), 422);
    assert_eq!(lines[3]["level"], "ERROR");
    assert_eq!(field(3, "cause"), "the table is gone: disk 7");
}
