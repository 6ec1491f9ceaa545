//! The `calendar` queue's consumer.

use aws_lambda_events::event::sqs::SqsEvent;
use lambda_runtime::{Error, LambdaEvent, service_fn};
use vio_calendar_sync::CalendarSync;

#[tokio::main]
async fn main() -> Result<(), Error> {
    vio_runtime::logging::start();
    let sync = CalendarSync::new(vio_runtime::App::from_env().await?);
    let sync = &sync;
    lambda_runtime::run(service_fn(move |event: LambdaEvent<SqsEvent>| async move {
        Ok::<_, Error>(
            vio_runtime::batch::handle(event.payload, |message| {
                vio_calendar_sync::handle(sync, message)
            })
            .await,
        )
    }))
    .await
}
