//! Written messages to people: taken on over HTTP, sent from the `messages` queue. A lost message of the queue costs a
//! minute: the tick finds every message that is not done with.

mod many;
mod notices;
mod one;
#[cfg(test)]
mod tests;
mod work;

use std::convert::Infallible;

use aws_lambda_events::event::sqs::SqsEvent;
use axum::Router;
use lambda_http::request::LambdaRequest;
use lambda_http::{Adapter, Context, LambdaEvent, Service};
use serde::Deserialize;
use serde_json::Value;
use utoipa::openapi::OpenApi;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use vio_runtime::App;
use vio_runtime::batch::MessageError;
use vio_runtime::queues::{MessageWork, NoticeWork};

pub use notices::tell;
pub use work::process;

fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(one::send_sms))
        .routes(routes!(one::send_reminder))
        .routes(routes!(many::send_many))
}

/// The HTTP routes with their document. They go behind [`vio_http::service`].
pub fn router(app: App) -> (Router, OpenApi) {
    routes().with_state(app).split_for_parts()
}

/// The description of the function's routes.
pub fn document() -> OpenApi {
    routes().into_openapi()
}

/// An event of the function that is neither a request nor a batch of the queue.
#[derive(Debug, thiserror::Error)]
#[error("the event is neither a request nor a batch of messages")]
pub struct UnknownEvent(#[source] serde_json::Error);

/// What comes from the queue, told apart by its fields.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub enum Queued {
    /// Staff are to be told what they are to be told.
    Notices(NoticeWork),
    /// A message is to be sent, or looked for.
    Message(MessageWork),
}

/// Does what a message of the queue asks for.
pub async fn take(app: &App, queued: Queued) -> Result<(), MessageError> {
    match queued {
        Queued::Notices(work) => tell(app, &work).await.map_err(MessageError::retry),
        Queued::Message(message) => process(app, message).await,
    }
}

/// One invocation: the function receives requests and consumes the queue, and the two are told apart by their form.
/// `service` is [`router`] behind the shared layers.
pub async fn invoke(
    app: &App,
    service: &Router,
    payload: Value,
    context: Context,
) -> Result<Value, UnknownEvent> {
    if payload.get("Records").is_some() {
        let batch: SqsEvent = serde_json::from_value(payload).map_err(UnknownEvent)?;
        let answer = vio_runtime::batch::handle(batch, |queued| take(app, queued)).await;
        return serde_json::to_value(answer).map_err(UnknownEvent);
    }
    let request: LambdaRequest = serde_json::from_value(payload).map_err(UnknownEvent)?;
    let answer: Result<_, Infallible> = Adapter::from(service.clone())
        .call(LambdaEvent::new(request, context))
        .await;
    let answer = match answer {
        Ok(answer) => answer,
        Err(never) => match never {},
    };
    serde_json::to_value(answer).map_err(UnknownEvent)
}
