//! The campaigns function on Lambda.

#[tokio::main]
async fn main() -> Result<(), lambda_http::Error> {
    vio_runtime::lambda::serve(|app| vio_campaigns::router(app).0).await
}
