//! The first page: what there is to see.

use axum::http::{HeaderName, header};
use axum::response::Html;

/// The page. It loads nothing.
pub(crate) async fn page() -> ([(HeaderName, &'static str); 3], Html<&'static str>) {
    let headers = [
        (
            header::CONTENT_SECURITY_POLICY,
            "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'",
        ),
        (header::CACHE_CONTROL, "no-store"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ];
    (headers, Html(include_str!("landing.html")))
}
