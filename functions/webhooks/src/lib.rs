//! Providers' webhooks (rules.md "Webhooks in"): verified over the raw body, stored once, answered at once, processed
//! from the `inbox` queue. A lost message costs a minute: the tick finds what still lies in the inbox.

mod bookings;
mod process;
mod receive;
mod retell;
mod twilio;

use std::sync::Arc;

use axum::Router;
use lambda_http::Context;
use serde_json::Value;
use utoipa::openapi::OpenApi;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use vio_http::body::body_limit;
use vio_providers::retell::webhook as retell_events;
use vio_providers::twilio::webhook::LARGEST_EVENT as LARGEST_FORM;
use vio_runtime::App;
use vio_runtime::lambda::{self, UnknownEvent};
use vio_store::objects::Objects;

pub use process::process;
pub use receive::{Receipt, ReceiptStatus};

/// What this function works with: what every function has, and the bucket of large events.
#[derive(Clone)]
pub struct Webhooks {
    pub app: App,
    pub objects: Arc<dyn Objects>,
}

impl std::fmt::Debug for Webhooks {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Webhooks").finish_non_exhaustive()
    }
}

fn routes() -> OpenApiRouter<Webhooks> {
    let calls = OpenApiRouter::new()
        .routes(routes!(receive::call_outcome))
        .layer(body_limit(retell_events::LARGEST_EVENT));
    OpenApiRouter::new()
        .routes(routes!(receive::calcom_booking))
        .routes(routes!(receive::calendly_booking))
        .merge(
            OpenApiRouter::new()
                .routes(routes!(crate::twilio::sms))
                .layer(body_limit(LARGEST_FORM)),
        )
        .merge(calls)
}

/// The HTTP routes, and their description. They go behind [`vio_http::service`].
pub fn router(webhooks: Webhooks) -> (Router, OpenApi) {
    routes().with_state(webhooks).split_for_parts()
}

/// The description of the function's routes.
pub fn document() -> OpenApi {
    routes().into_openapi()
}

/// One invocation: the function receives requests and consumes the queue, and the two are told apart by their form.
/// `service` is [`router`] behind the shared layers.
pub async fn invoke(
    webhooks: &Webhooks,
    service: &Router,
    payload: Value,
    context: Context,
) -> Result<Value, UnknownEvent> {
    lambda::request_or_batch(service, payload, context, |message| {
        process(webhooks, message)
    })
    .await
}
