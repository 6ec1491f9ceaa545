//! Contact groups over HTTP (S2, rules.md Groups): made, changed, deleted; who is in them.
//!
//! A group that somebody does not see is answered 404, and is in no list of theirs.

mod body;
mod list;
mod members;
mod one;
mod reach;

use axum::Router;
use utoipa::openapi::OpenApi;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use vio_runtime::App;

/// The function's routes and their document.
pub fn router(app: App) -> (Router, OpenApi) {
    OpenApiRouter::new()
        .routes(routes!(list::list, one::create))
        .routes(routes!(one::read, one::edit, one::delete))
        .routes(routes!(members::list))
        .routes(routes!(members::add))
        .routes(routes!(members::remove))
        .with_state(app)
        .split_for_parts()
}

#[cfg(test)]
mod tests;
