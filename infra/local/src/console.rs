//! The console as CloudFront and its bucket serve it (template.yaml): files, and one page for every path without a file's
//! ending.

use std::path::PathBuf;

use axum::Router;
use axum::extract::Request;
use axum::http::{HeaderName, HeaderValue, Uri, header};
use axum::middleware::{Next, from_fn, map_request};
use axum::response::Response;
use tower_http::services::ServeDir;

/// What its pages may load and do. The template has the same.
const POLICY: &str = "default-src 'self'; img-src 'self' data:; style-src 'self'; script-src 'self'; \
    connect-src 'self'; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";
const PAGE: &str = "/index.html";
/// Where files lie whose names change with what is in them.
const HASHED: &str = "/assets/";

const HEADERS: [(HeaderName, HeaderValue); 4] = [
    (
        header::CONTENT_SECURITY_POLICY,
        HeaderValue::from_static(POLICY),
    ),
    (
        header::X_CONTENT_TYPE_OPTIONS,
        HeaderValue::from_static("nosniff"),
    ),
    (header::X_FRAME_OPTIONS, HeaderValue::from_static("DENY")),
    (
        header::REFERRER_POLICY,
        HeaderValue::from_static("no-referrer"),
    ),
];

/// Serves the console that was built into `directory`.
pub(crate) fn router(directory: PathBuf) -> Router {
    Router::new()
        .fallback_service(
            ServeDir::new(directory)
                .precompressed_gzip()
                .precompressed_br(),
        )
        .layer(map_request(one_page))
        .layer(from_fn(with_headers))
}

/// A path without a file's ending is the page itself.
async fn one_page(mut request: Request) -> Request {
    let last = request.uri().path().rsplit('/').next().unwrap_or_default();
    if !last.contains('.') {
        *request.uri_mut() = Uri::from_static(PAGE);
    }
    request
}

async fn with_headers(request: Request, next: Next) -> Response {
    let hashed = request.uri().path().starts_with(HASHED);
    let mut response = next.run(request).await;
    let kept = if hashed && response.status().is_success() {
        "public, max-age=31536000, immutable"
    } else {
        "no-cache"
    };
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(kept));
    headers.extend(HEADERS);
    response
}

#[cfg(test)]
mod tests {
    use axum::body::Body;
    use tower::ServiceExt;

    use super::*;

    async fn get(router: &Router, path: &str) -> (u16, String, String) {
        let request = Request::get(path).body(Body::empty()).unwrap();
        let answer = router.clone().oneshot(request).await.unwrap();
        assert_eq!(answer.headers()[header::CONTENT_SECURITY_POLICY], POLICY);
        let (status, cache) = (
            answer.status().as_u16(),
            answer.headers()[header::CACHE_CONTROL]
                .to_str()
                .unwrap()
                .to_owned(),
        );
        let body = axum::body::to_bytes(answer.into_body(), 1_000)
            .await
            .unwrap();
        (status, cache, String::from_utf8(body.to_vec()).unwrap())
    }

    #[tokio::test]
    async fn every_path_of_the_console_is_its_page_and_files_are_files() {
        let directory = tempfile::tempdir().unwrap();
        std::fs::write(directory.path().join("index.html"), "the page").unwrap();
        std::fs::create_dir(directory.path().join("assets")).unwrap();
        std::fs::write(directory.path().join("assets/app-1a2b.js"), "the script").unwrap();
        let outside = directory.path().parent().unwrap().join("outside.txt");
        let router = router(directory.path().to_owned());
        for path in [
            "/",
            "/today",
            "/patients/0192f0c1-2b3c-7def-8abc-0123456789ab/timeline",
            "/index.html",
        ] {
            let page = (200, "no-cache".to_owned(), "the page".to_owned());
            assert_eq!(get(&router, path).await, page, "{path}");
        }
        let (status, cache, body) = get(&router, "/assets/app-1a2b.js").await;
        assert_eq!((status, body.as_str()), (200, "the script"));
        assert!(cache.contains("immutable"));
        for path in ["/assets/gone.js", "/../outside.txt", "/%2e%2e/outside.txt"] {
            assert_eq!(
                get(&router, path).await.0,
                404,
                "{path} {}",
                outside.display()
            );
        }
    }

    /// Words parted by whatever space.
    fn words(text: &str) -> Vec<&str> {
        text.split_whitespace().collect()
    }

    #[test]
    fn the_template_has_the_same_policy() {
        let template = include_str!("../../../template.yaml");
        let begin = template.find("default-src 'self';").unwrap();
        let end = begin + template[begin..].find("Override").unwrap();
        assert_eq!(words(&template[begin..end]), words(POLICY));
    }
}
