//! Tells open consoles that something changed: tickets over HTTP, connections over API Gateway's WebSocket API, and pushes
//! from the table's stream. A push carries ids alone; who gets it re-reads what they may see.
//!
//! Nothing hangs on a push: one that is lost is made up for by the console's slower asking.

mod connect;
mod push;
#[cfg(test)]
mod tests;
mod ticket;

use std::sync::Arc;

use aws_lambda_events::event::dynamodb::Event as StreamEvent;
use axum::Router;
use lambda_http::Context;
use serde_json::Value;
use utoipa::openapi::OpenApi;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use vio_runtime::App;
use vio_runtime::lambda::{self, UnknownEvent};

pub use connect::SocketEvent;
pub use push::{ApiGateway, Change, MOST_AT_ONCE, PostError, Sockets};

/// What the function works with.
#[derive(Clone)]
pub struct Live {
    pub app: App,
    pub sockets: Arc<dyn Sockets>,
}

impl std::fmt::Debug for Live {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Live").finish_non_exhaustive()
    }
}

fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(ticket::issue))
}

/// The HTTP routes with their document. They go behind [`vio_http::service`].
pub fn router(app: App) -> (Router, OpenApi) {
    routes().with_state(app).split_for_parts()
}

/// The description of the function's routes.
pub fn document() -> OpenApi {
    routes().into_openapi()
}

/// One invocation; the three kinds of events are told apart by their form. `service` is [`router`] behind the shared
/// layers.
pub async fn invoke(
    live: &Live,
    service: &Router,
    payload: Value,
    context: Context,
) -> Result<Value, UnknownEvent> {
    if payload.get("Records").is_some() {
        let event: StreamEvent = lambda::read(payload)?;
        live.push(event).await;
        // No record of the batch is to be delivered again.
        return Ok(serde_json::json!({ "batchItemFailures": [] }));
    }
    if payload.pointer("/requestContext/eventType").is_some() {
        let event: SocketEvent = lambda::read(payload)?;
        let status = live.hear(&event).await;
        return Ok(serde_json::json!({ "statusCode": status.as_u16() }));
    }
    lambda::request(service, payload, context).await
}
