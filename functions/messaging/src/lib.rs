//! Written messages to people, by SMS and e-mail, and letters to staff: taken on over HTTP, sent from the `messages`
//! queue, on which the news of e-mails comes too. A lost message of the queue costs a minute: the tick finds everything
//! that is not done with.

mod email;
mod feedback;
mod letters;
mod many;
mod one;
mod sms;
#[cfg(test)]
mod tests;
mod unsubscribe;
mod work;

use std::convert::Infallible;

use aws_lambda_events::event::sqs::SqsEvent;
use axum::Router;
use lambda_http::request::LambdaRequest;
use lambda_http::{Adapter, Context, LambdaEvent, Service};
use serde_json::Value;
use utoipa::openapi::OpenApi;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use vio_runtime::App;

pub use work::{Work, process};

fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(one::send_sms))
        .routes(routes!(one::send_email))
        .routes(routes!(unsubscribe::ask, unsubscribe::end))
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
        let answer = vio_runtime::batch::handle(batch, |message| process(app, message)).await;
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
