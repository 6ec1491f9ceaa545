//! Calls over HTTP: what was called and why, the allowance and its pause, the work list, the do-not-call list
//! (api.md "Calls, campaigns, groups").
//!
//! Nothing here places a call. A change that lets one be placed leaves it to the pump, which asks every guard anew.

mod attention;
mod call_now;
mod dnc;
mod limits;
mod reach;
mod sessions;

use axum::Router;
use utoipa::openapi::OpenApi;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use vio_runtime::App;

fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(sessions::list))
        .routes(routes!(sessions::read))
        .routes(routes!(call_now::call))
        .routes(routes!(call_now::cancel))
        .routes(routes!(limits::read))
        .routes(routes!(limits::pause))
        .routes(routes!(limits::resume))
        .routes(routes!(attention::list::list))
        .routes(routes!(attention::read))
        .routes(routes!(attention::change::assign))
        .routes(routes!(attention::change::snooze))
        .routes(routes!(attention::change::note))
        .routes(routes!(attention::change::resolve))
        .routes(routes!(attention::change::reopen))
        .routes(routes!(dnc::list, dnc::add))
        .routes(routes!(dnc::find))
        .routes(routes!(dnc::remove))
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
