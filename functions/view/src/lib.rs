//! The tenant view over HTTP: every list, search and count of contacts (S0 "Advanced Filtering System", S2). The only
//! function that holds tenant views (architecture.md "The tenant view").
//!
//! [`held`] keeps views in memory: loaded from a snapshot or built anew, brought up to date from the change log before each
//! answer. Handlers parse ([`params`]), open the view for the caller, ask it, and answer ([`answer`]). Work on
//! many contacts is asked for here too ([`bulk`]) and done by `functions/jobs`.

mod answer;
mod bulk;
mod counts;
mod duplicates;
mod export;
mod groups;
mod held;
mod list;
mod members;
mod memory;
mod params;
mod saved;
mod tags;

use axum::Router;
use utoipa::openapi::OpenApi;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use vio_runtime::App;

pub use held::{Held, Limits, ViewError, Views};
pub use memory::begin_with_small_pages;

/// What this function works with: the app, and the views that the process holds.
#[derive(Clone)]
pub struct ViewApp {
    pub app: App,
    pub views: Views,
}

impl std::fmt::Debug for ViewApp {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ViewApp").finish_non_exhaustive()
    }
}

fn routes() -> OpenApiRouter<ViewApp> {
    OpenApiRouter::new()
        .routes(routes!(list::list))
        .routes(routes!(list::search))
        .routes(routes!(counts::counts))
        .routes(routes!(bulk::bulk))
        .routes(routes!(duplicates::list))
        .routes(routes!(duplicates::set_apart))
        .routes(routes!(export::export))
        .routes(routes!(groups::by_groups))
        .routes(routes!(groups::ungrouped))
        .routes(routes!(groups::contacts))
        .routes(routes!(members::members))
        .routes(routes!(saved::list, saved::add))
        .routes(routes!(saved::edit, saved::remove))
        .routes(routes!(tags::list, tags::add))
        .routes(routes!(tags::edit, tags::remove))
}

/// The function's routes over `app`, and their description.
pub fn router(app: ViewApp) -> (Router, OpenApi) {
    routes().with_state(app).split_for_parts()
}

/// The description of the function's routes.
pub fn document() -> OpenApi {
    routes().into_openapi()
}
