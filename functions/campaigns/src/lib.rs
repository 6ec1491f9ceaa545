//! Campaigns over HTTP (S2 "Group-Based Bulk Calling System", S0 "Group-Based Calling Campaigns", rules.md Campaigns):
//! begun over a group or a selection, foreseen by a dry run, watched, held, resumed, ended.
//!
//! Nothing here plans or places a call: the start is one transaction, and the tenant's pump does the rest.

mod answer;
mod begin;
mod body;
mod control;
mod list;
mod pace;
mod reach;
mod results;
mod status;

pub use begin::{Selected, call_selected};
pub use body::CallAll;

use axum::Router;
use utoipa::openapi::OpenApi;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use vio_runtime::App;
use vio_runtime::queues::DialMessage;
use vio_store::TenantStore;

fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(begin::call_all))
        .routes(routes!(begin::selection))
        .routes(routes!(list::list))
        .routes(routes!(status::status))
        .routes(routes!(control::pause))
        .routes(routes!(control::resume))
        .routes(routes!(control::cancel))
}

/// The function's routes over `app`, and their description.
pub fn router(app: App) -> (Router, OpenApi) {
    routes().with_state(app).split_for_parts()
}

/// The description of the function's routes.
pub fn document() -> OpenApi {
    routes().into_openapi()
}

/// Wakes the tenant's pump; a message that is lost costs at most a minute.
async fn wake(app: &App, ts: &TenantStore) {
    if let Err(error) = app.queues.dial(DialMessage { tenant: ts.id }, 0).await {
        tracing::warn!(tenant = %ts.id, %error, "a wake-up was not sent; the tick finds the work");
    }
}

#[cfg(test)]
mod tests;
