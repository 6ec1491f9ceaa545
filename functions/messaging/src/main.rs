//! The function of messages: requests from API Gateway, and the `messages` queue.

use lambda_runtime::{Error, LambdaEvent, service_fn};
use serde_json::Value;

#[tokio::main]
async fn main() -> Result<(), Error> {
    vio_runtime::logging::start();
    let app = vio_runtime::App::from_env().await?;
    let (routes, _) = vio_messaging::router(app.clone());
    let service = vio_runtime::lambda::behind_edge(&app, routes)?;
    let (app, service) = (&app, &service);
    lambda_runtime::run(service_fn(move |event: LambdaEvent<Value>| async move {
        let (payload, context) = event.into_parts();
        vio_messaging::invoke(app, service, payload, context)
            .await
            .map_err(Error::from)
    }))
    .await
}
