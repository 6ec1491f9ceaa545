//! Written messages to people, by SMS and e-mail, and letters to staff: taken on over HTTP, sent from the `messages`
//! queue, on which the news of e-mails comes too. A lost message of the queue costs a minute: the tick finds everything
//! that is not done with.

mod email;
mod feedback;
mod letters;
mod many;
mod notices;
mod one;
mod sms;
#[cfg(test)]
mod tests;
mod unsubscribe;
mod work;

use axum::Router;
use lambda_http::Context;
use serde_json::Value;
use utoipa::openapi::OpenApi;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use vio_runtime::App;
use vio_runtime::lambda::{self, UnknownEvent};

pub use notices::tell;
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
