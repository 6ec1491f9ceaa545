//! What a business and its people set: profile, business, calls, privacy, integrations, lists, and the audit trail
//! (S3, rules.md Privacy); and the document of the whole API.

mod audit;
mod business;
mod calcom;
mod calendly;
mod calls;
mod change;
mod connection;
mod email;
mod health;
mod hours;
mod inbox;
mod intake;
mod integrations;
mod locations;
mod mapping;
mod notifications;
mod outgoing;
mod own;
mod preferences;
mod privacy;
mod retell;
mod sync;
mod twilio;
mod types;
mod user;

use axum::Router;
use bytes::Bytes;
use utoipa::openapi::OpenApi;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use vio_http::openapi;
use vio_runtime::App;

fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(user::show, user::edit))
        .routes(routes!(preferences::show, preferences::edit))
        .routes(routes!(notifications::show, notifications::edit))
        .routes(routes!(inbox::list))
        .routes(routes!(inbox::read))
        .routes(routes!(business::show, business::edit))
        .routes(routes!(calls::show, calls::edit))
        .routes(routes!(privacy::show, privacy::edit))
        .routes(routes!(integrations::show, integrations::edit))
        .routes(routes!(sync::status))
        .routes(routes!(connection::test_calcom))
        .routes(routes!(calendly::trial::test_calendly))
        .routes(routes!(calendly::trial::event_types))
        .routes(routes!(email::test_email))
        .routes(routes!(connection::test_retell))
        .routes(routes!(connection::test_twilio))
        .routes(routes!(types::show, types::replace))
        .routes(routes!(locations::list, locations::add))
        .routes(routes!(locations::edit, locations::remove))
        .routes(routes!(audit::list))
        .routes(routes!(outgoing::list, outgoing::add))
        .routes(routes!(outgoing::show, outgoing::edit, outgoing::remove))
        .routes(routes!(outgoing::rotate))
        .routes(routes!(outgoing::deliveries::list))
        .routes(routes!(outgoing::deliveries::replay))
        .routes(routes!(outgoing::deliveries::test))
        .routes(routes!(health::health))
}

/// The description of the whole API, which `make openapi` writes; a test keeps it true.
const DOCUMENT: &[u8] = include_bytes!("../../../docs/openapi.json");

/// The function's routes over `app`, and their description. It also serves the whole API's document and page.
pub fn router(app: App) -> (Router, OpenApi) {
    let (own, document) = routes().with_state(app).split_for_parts();
    let described = openapi::routes(Bytes::from_static(DOCUMENT));
    (own.merge(described), document)
}

/// The description of the function's routes.
pub fn document() -> OpenApi {
    routes().into_openapi()
}
