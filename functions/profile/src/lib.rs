//! What a business and its people set: profile, business, calls, privacy, integrations, lists, and the audit trail
//! (S3, rules.md Privacy).

mod audit;
mod business;
mod calls;
mod change;
mod health;
mod hours;
mod integrations;
mod locations;
mod patch;
mod privacy;
mod tags;
mod types;
mod user;

use axum::Router;
use utoipa::openapi::OpenApi;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use vio_runtime::App;

/// The function's routes and their description.
pub fn router(app: App) -> (Router, OpenApi) {
    OpenApiRouter::new()
        .routes(routes!(user::show, user::edit))
        .routes(routes!(business::show, business::edit))
        .routes(routes!(calls::show, calls::edit))
        .routes(routes!(privacy::show, privacy::edit))
        .routes(routes!(integrations::show, integrations::edit))
        .routes(routes!(types::show, types::replace))
        .routes(routes!(locations::list, locations::add))
        .routes(routes!(locations::edit, locations::remove))
        .routes(routes!(tags::list, tags::add))
        .routes(routes!(tags::edit, tags::remove))
        .routes(routes!(audit::list))
        .routes(routes!(health::health))
        .with_state(app)
        .split_for_parts()
}
