//! The projector on Lambda: stream records in, events out.

use aws_lambda_events::event::dynamodb::Event;
use lambda_runtime::{Error, LambdaEvent, service_fn};
use vio_projector::{EventBridge, handle};

#[tokio::main]
async fn main() -> Result<(), Error> {
    vio_runtime::logging::start();
    let config = aws_config::load_from_env().await;
    let name = vio_runtime::config::required("VIO_BUS_NAME")?;
    let bus = EventBridge::new(aws_sdk_eventbridge::Client::new(&config), name);
    let bus = &bus;
    lambda_runtime::run(service_fn(move |event: LambdaEvent<Event>| async move {
        Ok::<_, Error>(handle(event.payload, bus).await)
    }))
    .await
}
