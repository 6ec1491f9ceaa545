//! The `dial` queue's consumer.

use aws_lambda_events::event::sqs::SqsEvent;
use lambda_runtime::{Error, LambdaEvent, service_fn};

#[tokio::main]
async fn main() -> Result<(), Error> {
    vio_runtime::logging::start();
    let app = vio_runtime::App::from_env().await?;
    let app = &app;
    lambda_runtime::run(service_fn(move |event: LambdaEvent<SqsEvent>| async move {
        Ok::<_, Error>(
            vio_runtime::batch::handle(event.payload, |message| {
                vio_campaign_worker::handle(app, message)
            })
            .await,
        )
    }))
    .await
}
