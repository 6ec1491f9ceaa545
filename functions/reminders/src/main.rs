//! The tick's function: EventBridge invokes it each minute.

use lambda_runtime::{Error, LambdaEvent, service_fn};
use serde_json::Value;

#[tokio::main]
async fn main() -> Result<(), Error> {
    vio_runtime::logging::start();
    let app = vio_runtime::App::from_env().await?;
    let app = &app;
    lambda_runtime::run(service_fn(move |_: LambdaEvent<Value>| async move {
        vio_reminders::tick(app)
            .await
            .map(|_| ())
            .map_err(Error::from)
    }))
    .await
}
