//! Providers' webhooks (rules.md "Webhooks in"): verified over the raw body, stored once, answered at once, processed
//! from the `inbox` queue. A lost message costs a minute: the tick finds what still lies in the inbox.

mod bookings;
mod process;
mod receive;
mod retell;
mod twilio;

use std::convert::Infallible;
use std::sync::Arc;

use aws_lambda_events::event::sqs::SqsEvent;
use axum::Router;
use lambda_http::request::LambdaRequest;
use lambda_http::{Adapter, Context, LambdaEvent, Service};
use serde_json::Value;
use utoipa::openapi::OpenApi;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use vio_http::body::body_limit;
use vio_providers::retell::webhook as retell_events;
use vio_providers::twilio::webhook::LARGEST_EVENT as LARGEST_FORM;
use vio_runtime::App;
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

/// An event of the function that is neither a request nor a batch of the queue. Lambda's runtime logs and reports it, so
/// it does not say what could not be read: that quotes the event.
#[derive(Debug, thiserror::Error)]
#[error("the event is neither a request nor a batch of messages")]
pub struct UnknownEvent;

/// One invocation: the function receives requests and consumes the queue, and the two are told apart by their form.
/// `service` is [`router`] behind the shared layers.
pub async fn invoke(
    webhooks: &Webhooks,
    service: &Router,
    payload: Value,
    context: Context,
) -> Result<Value, UnknownEvent> {
    if payload.get("Records").is_some() {
        let batch: SqsEvent = serde_json::from_value(payload).map_err(|_| UnknownEvent)?;
        let answer = vio_runtime::batch::handle(batch, |message| process(webhooks, message)).await;
        return serde_json::to_value(answer).map_err(|_| UnknownEvent);
    }
    let request: LambdaRequest = serde_json::from_value(payload).map_err(|_| UnknownEvent)?;
    let answer: Result<_, Infallible> = Adapter::from(service.clone())
        .call(LambdaEvent::new(request, context))
        .await;
    let answer = match answer {
        Ok(answer) => answer,
        Err(never) => match never {},
    };
    serde_json::to_value(answer).map_err(|_| UnknownEvent)
}
