//! A function crate as it looks from outside: routes declared once, served and documented.
#![expect(clippy::unwrap_used, reason = "a test ends at its first surprise")]

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use http::{Request, StatusCode};
use http_body_util::BodyExt;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tower::ServiceExt;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use vio_domain::ids::ContactId;
use vio_http::openapi::{self, DocumentError};
use vio_http::page::PageParams;
use vio_http::rate::Unlimited;
use vio_http::{
    AuthError, Authenticator, ETag, Idempotent, IfMatch, Json, Paged, Pagination, Path, Principal,
    Problem, QueryParams, Shared, service,
};

vio_http::pagination! {
    /// Where the list of contacts stands.
    ContactsPagination = "total_contacts",
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "only its shape matters")]
struct Filters {
    /// The appointment's status.
    status: Option<String>,
}

impl QueryParams for Filters {
    const NOT_BUILT: &'static [&'static str] = &["search"];
}

#[derive(Deserialize, ToSchema)]
struct NewContact {
    name: String,
}

#[derive(Serialize, ToSchema)]
struct Contact {
    id: uuid::Uuid,
    name: String,
}

#[derive(Serialize, ToSchema)]
struct Page {
    contacts: Vec<Contact>,
    pagination: ContactsPagination,
}

/// Lists contacts.
#[utoipa::path(get, path = "/api/contacts", tag = "contacts", params(Filters, PageParams), responses((status = 200, body = Page)))]
async fn list(_: Principal, list: Paged<Filters>) -> Result<Json<Page>, Problem> {
    Ok(Json(Page {
        contacts: Vec::new(),
        pagination: Pagination {
            current_page: list.page.page.get(),
            page_size: list.page.page_size,
            total: Some(26),
            next_cursor: None,
        }
        .into(),
    }))
}

/// Adds a contact.
#[utoipa::path(post, path = "/api/contacts", tag = "contacts", request_body = NewContact,
    responses((status = 201, body = Contact), (status = 409, description = "It may exist already")))]
async fn create(
    _: Principal,
    request: Idempotent<NewContact>,
) -> Result<(StatusCode, Json<Contact>), Problem> {
    let contact = Contact {
        id: uuid::Uuid::now_v7(),
        name: request.body.name,
    };
    Ok((StatusCode::CREATED, Json(contact)))
}

/// Changes a contact.
#[utoipa::path(patch, path = "/api/contacts/{contact_id}", tag = "contacts", request_body = NewContact,
    params(("contact_id" = uuid::Uuid, Path)), responses((status = 200, body = Contact)))]
async fn patch(
    _: Principal,
    Path(id): Path<ContactId>,
    condition: IfMatch,
    Json(change): Json<NewContact>,
) -> Result<(ETag, Json<Contact>), Problem> {
    let now = ETag::version(3);
    condition.check(&now)?;
    let contact = Contact {
        id: id.uuid(),
        name: change.name,
    };
    Ok((now, Json(contact)))
}

#[test]
fn pagination_names_what_it_counts() {
    let at = |total| {
        let pagination = Pagination {
            current_page: 2,
            page_size: 25,
            total,
            next_cursor: None,
        };
        serde_json::to_string(&ContactsPagination::from(pagination)).unwrap()
    };
    assert_eq!(
        at(Some(51)),
        r#"{"current_page":2,"page_size":25,"total_pages":3,"total_contacts":51,"next_cursor":null}"#
    );
    assert_eq!(
        at(None),
        r#"{"current_page":2,"page_size":25,"total_pages":null,"total_contacts":null,"next_cursor":null}"#
    );
}

fn function() -> (Router, utoipa::openapi::OpenApi) {
    OpenApiRouter::new()
        .routes(routes!(list, create))
        .routes(routes!(patch))
        .split_for_parts()
}

struct NoToken;

#[async_trait::async_trait]
impl Authenticator for NoToken {
    async fn authenticate(&self, _: &str, _: bool) -> Result<Principal, AuthError> {
        Err(AuthError::Refused)
    }
}

async fn get(app: &Router, path: &str) -> (http::HeaderMap, String) {
    let request = Request::get(path).body(Body::empty()).unwrap();
    let (parts, body) = app.clone().oneshot(request).await.unwrap().into_parts();
    let bytes = body.collect().await.unwrap().to_bytes();
    (parts.headers, String::from_utf8(bytes.to_vec()).unwrap())
}

fn app() -> Router {
    let (routes, own) = function();
    let whole = openapi::merge([own]).unwrap();
    let routes = routes.merge(openapi::routes(serde_json::to_vec(&whole).unwrap().into()));
    service(routes, Shared::new(Arc::new(NoToken), Arc::new(Unlimited)))
}

#[tokio::test]
async fn the_document_says_what_the_table_says() {
    let (_, text) = get(&app(), "/api/openapi.json").await;
    let document: Value = serde_json::from_str(&text).unwrap();
    let operation = |method: &str, path: &str| document["paths"][path][method].clone();
    let create = operation("post", "/api/contacts");
    assert_eq!(create["x-permissions"][0], "create_contacts");
    assert!(create["security"][0]["bearer"].is_array());
    assert_eq!(create["parameters"][0]["name"], "Idempotency-Key");
    assert_eq!(
        create["responses"]["409"]["description"],
        "It may exist already"
    );
    assert_eq!(
        create["responses"]["422"]["$ref"],
        "#/components/responses/Problem422"
    );
    for status in ["400", "401", "403", "413", "415", "429", "500", "503"] {
        assert!(create["responses"][status].is_object(), "{status}");
    }
    let patch = operation("patch", "/api/contacts/{contact_id}");
    assert!(patch["responses"]["404"].is_object());
    let names: Vec<&Value> = patch["parameters"]
        .as_array()
        .unwrap()
        .iter()
        .map(|p| &p["name"])
        .collect();
    assert_eq!(
        names,
        ["contact_id"],
        "the extractors add no parameters of their own"
    );
    let list = operation("get", "/api/contacts");
    let names: Vec<&Value> = list["parameters"]
        .as_array()
        .unwrap()
        .iter()
        .map(|p| &p["name"])
        .collect();
    assert_eq!(names, ["status", "page", "page_size", "cursor"]);
    assert!(
        document["components"]["schemas"]["ContactsPagination"]["properties"]["total_contacts"]
            .is_object()
    );
    let problem = &document["components"]["schemas"]["Problem"];
    for member in [
        "type",
        "title",
        "status",
        "detail",
        "instance",
        "errors",
        "retry_after",
        "next_allowed_at",
    ] {
        assert!(
            problem["properties"][member].is_object(),
            "{member}: {problem}"
        );
    }
    // Every reference leads somewhere.
    for reference in text.split("\"$ref\":\"#").skip(1) {
        let pointer = reference.split('"').next().unwrap();
        assert!(document.pointer(pointer).is_some(), "{pointer}");
    }
    // Every type of problem has its example.
    for kind in vio_http::Kind::ALL {
        assert!(text.contains(&kind.uri()), "{kind:?}");
    }
}

#[tokio::test]
async fn the_page_runs_its_own_script_and_nothing_else() {
    let (headers, html) = get(&app(), "/api/docs").await;
    assert_eq!(headers["content-type"], "text/html; charset=utf-8");
    let policy = headers["content-security-policy"].to_str().unwrap();
    assert!(
        policy.starts_with("default-src 'none'; script-src 'sha256-"),
        "{policy}"
    );
    for (tag, directive) in [("script", "script-src"), ("style", "style-src")] {
        let text = html
            .split(&format!("<{tag}>"))
            .nth(1)
            .and_then(|rest| rest.split(&format!("</{tag}>")).next())
            .unwrap();
        let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, text.as_bytes());
        let hash = base64::Engine::encode(&base64::engine::general_purpose::STANDARD, digest);
        assert!(
            policy.contains(&format!("{directive} 'sha256-{hash}'")),
            "{directive}"
        );
        assert_eq!(html.matches(&format!("<{tag}")).count(), 1);
    }
    for elsewhere in [
        "http://",
        "https://",
        "src=",
        "@import",
        "url(",
        "innerHTML",
        "style=",
        "onclick",
    ] {
        assert!(!html.contains(elsewhere), "{elsewhere}");
    }
}

#[test]
fn documents_that_contradict_are_refused() {
    let own = || function().1;
    assert!(matches!(
        openapi::merge([own(), own()]),
        Err(DocumentError::OperationTwice(_))
    ));

    /// Not in the table.
    #[utoipa::path(get, path = "/api/forgotten", responses((status = 200)))]
    async fn forgotten() {}
    let (_, stray) = OpenApiRouter::<()>::new()
        .routes(routes!(forgotten))
        .split_for_parts();
    assert!(matches!(
        openapi::merge([own(), stray]),
        Err(DocumentError::NoEntry(_))
    ));

    mod other {
        /// Another meaning of the name.
        #[derive(serde::Serialize, utoipa::ToSchema)]
        pub(super) struct Contact {
            number: u8,
        }
        #[utoipa::path(get, path = "/api/health", responses((status = 200, body = Contact)))]
        pub(super) async fn health() {}
    }
    let (_, second) = OpenApiRouter::<()>::new()
        .routes(routes!(other::health))
        .split_for_parts();
    assert!(
        matches!(openapi::merge([own(), second]), Err(DocumentError::SchemaTwice(name)) if name == "Contact")
    );

    let whole = openapi::merge([own()]).unwrap();
    let missing = openapi::undocumented(&whole);
    assert!(missing.iter().any(|route| route.path == "/api/health"));
    assert!(!missing.iter().any(|route| route.path == "/api/contacts"));
}
