//! The tenant view on Lambda.

use std::sync::Arc;

use vio_runtime::{App, bootstrap};
use vio_views::{ViewApp, Views, begin_with_small_pages};

/// Takes its memory from the kernel in huge pages, once there is a view worth them ([`begin_with_small_pages`]):
/// page by page the kernel would take as long as all the rest of filling one.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

#[tokio::main]
async fn main() -> Result<(), lambda_http::Error> {
    begin_with_small_pages();
    vio_runtime::logging::start();
    let aws = bootstrap::aws().await;
    let app = App::from_aws(&aws)?;
    let objects = Arc::new(bootstrap::objects(&aws)?);
    let views = Views::new(objects, app.real_clock.clone(), Views::limits_of_function());
    vio_runtime::lambda::serve_app(app, |app| vio_views::router(ViewApp { app, views }).0).await
}
