//! The function of the webhooks: requests from API Gateway, and the `inbox` queue.

use std::sync::Arc;

use lambda_runtime::{Error, LambdaEvent, service_fn};
use serde_json::Value;
use vio_runtime::bootstrap;
use vio_webhooks::Webhooks;

#[tokio::main]
async fn main() -> Result<(), Error> {
    vio_runtime::logging::start();
    let aws = bootstrap::aws().await;
    let webhooks = Webhooks {
        app: vio_runtime::App::from_aws(&aws)?,
        objects: Arc::new(bootstrap::objects(&aws)?),
    };
    let (routes, _) = vio_webhooks::router(webhooks.clone());
    let service = vio_runtime::lambda::behind_edge(&webhooks.app, routes)?;
    let (webhooks, service) = (&webhooks, &service);
    lambda_runtime::run(service_fn(move |event: LambdaEvent<Value>| async move {
        let (payload, context) = event.into_parts();
        vio_webhooks::invoke(webhooks, service, payload, context)
            .await
            .map_err(Error::from)
    }))
    .await
}
