//! The tenant view on Lambda.

use std::sync::Arc;

use vio_runtime::{App, bootstrap};
use vio_views::{ViewApp, Views};

/// Takes its memory from the kernel in huge pages, where they are to be had: a view is filled in a tenth of a second, and
/// page by page the kernel would take a third of it.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

#[tokio::main]
async fn main() -> Result<(), lambda_http::Error> {
    vio_runtime::logging::start();
    let aws = bootstrap::aws().await;
    let app = App::from_aws(&aws)?;
    let objects = Arc::new(bootstrap::objects(&aws)?);
    let views = Views::new(objects, app.real_clock.clone(), Views::limits_of_function());
    vio_runtime::lambda::serve_app(app, |app| vio_views::router(ViewApp { app, views }).0).await
}
