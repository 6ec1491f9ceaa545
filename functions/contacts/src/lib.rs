//! Contacts and their appointments over HTTP (S0, S1, rules.md Contacts): made, read, changed, deleted, restored; their
//! consents, timeline, history and calls; numbers and texts judged before they are saved.
//!
//! A handler reads the body into domain types ([`input`]), loads the person within the caller's reach ([`reach`]),
//! changes it in memory ([`apply`]) and saves it in one transaction of `vio_store::contacts`.

mod apply;
mod appointments;
mod body;
mod calls;
mod consents;
mod create;
mod custom;
mod deleted;
mod edit;
mod forms;
mod given;
mod groups;
mod history;
mod input;
mod interactions;
mod merge;
mod phi;
mod reach;
mod read;
mod remove;
mod times;
mod validate_phone;
mod view;
mod warnings;

use axum::Router;
use utoipa::openapi::OpenApi;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use vio_runtime::App;

pub use custom::merged;
pub use view::{
    ChecklistView, ConsentView, ContactView, FormOfContact, NeedsAttention, PreferencesView,
};
pub use warnings::Warning;

fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(create::create))
        .routes(routes!(validate_phone::validate_phone))
        .routes(routes!(phi::check_phi))
        .routes(routes!(read::read, edit::patch, edit::put, remove::delete))
        .routes(routes!(remove::restore))
        .routes(routes!(deleted::list))
        .routes(routes!(merge::merge))
        .routes(routes!(appointments::list, appointments::add))
        .routes(routes!(
            appointments::read,
            appointments::patch,
            appointments::cancel
        ))
        .routes(routes!(consents::list, consents::record))
        .routes(routes!(interactions::list, interactions::add))
        .routes(routes!(history::list))
        .routes(routes!(calls::list))
        .routes(routes!(forms::list))
}

/// The function's routes over `app`, and their description.
pub fn router(app: App) -> (Router, OpenApi) {
    routes().with_state(app).split_for_parts()
}

/// The description of the function's routes.
pub fn document() -> OpenApi {
    routes().into_openapi()
}
