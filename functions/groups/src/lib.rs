//! Contact groups over HTTP (S2, rules.md Groups): made, changed, deleted; who is in them, and who could be. What is done
//! to many members at once is a job (`functions/jobs`).
//!
//! A group that somebody does not see is answered 404, and is in no list of theirs.

mod analytics;
mod body;
mod history;
mod list;
mod make;
mod members;
mod one;
mod overlap;
mod reach;
mod suggestions;
mod templates;

use axum::Router;
use utoipa::openapi::OpenApi;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use vio_runtime::App;

fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list::list, one::create))
        .routes(routes!(one::read, one::edit, one::delete))
        .routes(routes!(overlap::read))
        .routes(routes!(analytics::all))
        .routes(routes!(analytics::compare))
        .routes(routes!(analytics::one))
        .routes(routes!(templates::list))
        .routes(routes!(templates::apply))
        .routes(routes!(suggestions::list))
        .routes(routes!(suggestions::accept))
        .routes(routes!(history::list))
        .routes(routes!(members::add))
        .routes(routes!(members::remove))
}

/// The function's routes over `app`, and their description.
pub fn router(app: App) -> (Router, OpenApi) {
    routes().with_state(app).split_for_parts()
}

/// The description of the function's routes.
pub fn document() -> OpenApi {
    routes().into_openapi()
}

#[cfg(test)]
mod tests;
