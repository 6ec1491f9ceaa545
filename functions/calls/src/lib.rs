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

/// The function's routes and their document.
pub fn router(app: App) -> (Router, OpenApi) {
    OpenApiRouter::new()
        .routes(routes!(sessions::list))
        .routes(routes!(sessions::read))
        .routes(routes!(call_now::call))
        .routes(routes!(call_now::cancel))
        .routes(routes!(limits::read))
        .routes(routes!(limits::pause))
        .routes(routes!(limits::resume))
        .routes(routes!(attention::list))
        .routes(routes!(attention::read))
        .routes(routes!(attention::assign))
        .routes(routes!(attention::snooze))
        .routes(routes!(attention::note))
        .routes(routes!(attention::resolve))
        .routes(routes!(attention::reopen))
        .routes(routes!(dnc::list, dnc::add))
        .routes(routes!(dnc::remove))
        .with_state(app)
        .split_for_parts()
}

#[cfg(test)]
mod tests;
