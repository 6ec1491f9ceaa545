//! Liveness.

use serde::Serialize;
use utoipa::ToSchema;
use vio_http::Json;

/// That the function answers, and which build it is.
#[derive(Serialize, ToSchema)]
pub(crate) struct Health {
    #[schema(example = "ok")]
    status: &'static str,
    #[schema(example = "0.1.0")]
    version: &'static str,
}

/// Whether the product answers, and its version. Says nothing of what it depends on.
#[utoipa::path(get, path = "/api/health", tag = "platform", responses((status = 200, body = Health)))]
pub(crate) async fn health() -> Json<Health> {
    Json(Health {
        status: "ok",
        version: env!("CARGO_PKG_VERSION"),
    })
}
