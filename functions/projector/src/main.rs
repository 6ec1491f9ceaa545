//! The projector on Lambda: stream records in, events and deliveries out; and the queue of what is sent to addresses.

use std::sync::Arc;

use lambda_runtime::{Error, LambdaEvent, service_fn};
use serde_json::Value;
use vio_projector::{EventBridge, Projector};

#[tokio::main]
async fn main() -> Result<(), Error> {
    vio_runtime::logging::start();
    let aws = vio_runtime::bootstrap::aws().await;
    let name = vio_runtime::config::required("VIO_BUS_NAME")?;
    let bus = EventBridge::new(aws_sdk_eventbridge::Client::new(&aws), name);
    let projector = Projector::new(vio_runtime::App::from_aws(&aws)?, Arc::new(bus));
    let projector = &projector;
    lambda_runtime::run(service_fn(move |event: LambdaEvent<Value>| async move {
        projector.invoke(event.payload).await.map_err(Error::from)
    }))
    .await
}
