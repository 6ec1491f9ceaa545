//! The function of live connections: requests and connections from API Gateway, and the table's stream.

use std::sync::Arc;

use lambda_runtime::{Error, LambdaEvent, service_fn};
use serde_json::Value;
use vio_live::{ApiGateway, Live};

#[tokio::main]
async fn main() -> Result<(), Error> {
    vio_runtime::logging::start();
    let aws = vio_runtime::bootstrap::aws().await;
    let app = vio_runtime::App::from_aws(&aws)?;
    // Where API Gateway takes what is to be said on a connection: the WebSocket API's own address.
    let url = vio_runtime::config::required("VIO_SOCKETS_URL")?;
    let (routes, _) = vio_live::router(app.clone());
    let service = vio_runtime::lambda::behind_edge(&app, routes)?;
    let live = Live {
        app,
        sockets: Arc::new(ApiGateway::new((&aws).into(), &url)),
    };
    let (live, service) = (&live, &service);
    lambda_runtime::run(service_fn(move |event: LambdaEvent<Value>| async move {
        let (payload, context) = event.into_parts();
        vio_live::invoke(live, service, payload, context)
            .await
            .map_err(Error::from)
    }))
    .await
}
