//! Work that is too long for one request: taken in over HTTP, done part by part from the `jobs` queue, watched and
//! cancelled over HTTP. A lost message costs a minute: the tick finds every job that is not over.

pub mod bulk;
mod file;
mod import;
mod show;
#[cfg(test)]
mod tests;
mod work;

use axum::Router;
use lambda_http::Context;
use serde_json::Value;
use utoipa::openapi::OpenApi;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use vio_http::body::body_limit;
use vio_runtime::App;
use vio_runtime::lambda::{self, UnknownEvent};

pub use work::process;

/// A piece of a file in JSON: 4 MB of it fit into an event of API Gateway (architecture.md "Local host").
pub const LARGEST_PIECE: usize = 4 * 1024 * 1024 + 64 * 1024;

fn routes() -> OpenApiRouter<App> {
    let bulk = OpenApiRouter::new()
        .routes(routes!(bulk::bulk_operations))
        .routes(routes!(bulk::bulk_add))
        .routes(routes!(bulk::bulk_remove))
        .routes(routes!(bulk::clear))
        .routes(routes!(bulk::undo_members))
        .routes(routes!(bulk::results))
        .routes(routes!(bulk::undo));
    let imports = OpenApiRouter::new()
        .routes(routes!(import::import))
        .layer(body_limit(LARGEST_PIECE));
    OpenApiRouter::new()
        .routes(routes!(show::list))
        .routes(routes!(show::read))
        .routes(routes!(show::errors))
        .routes(routes!(show::cancel))
        .merge(bulk)
        .merge(imports)
}

/// The HTTP routes with their document. They go behind [`vio_http::service`].
pub fn router(app: App) -> (Router, OpenApi) {
    routes().with_state(app).split_for_parts()
}

/// The description of the function's routes.
pub fn document() -> OpenApi {
    routes().into_openapi()
}

/// One invocation: the function receives requests and consumes the queue, and the two are told apart by their form.
/// `service` is [`router`] behind the shared layers.
pub async fn invoke(
    app: &App,
    service: &Router,
    payload: Value,
    context: Context,
) -> Result<Value, UnknownEvent> {
    lambda::request_or_batch(service, payload, context, |message| process(app, message)).await
}
