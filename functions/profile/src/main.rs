//! Profile on Lambda.

#[tokio::main]
async fn main() -> Result<(), lambda_http::Error> {
    vio_runtime::lambda::serve(|app| vio_profile::router(app).0).await
}
