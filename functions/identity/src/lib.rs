//! Who may come in: sign-up of a business, sign-in, renewal, sign-out, signed-in devices, passwords, the team
//! (S0, S3 sections 2 and 5, rules.md People, roles, sessions).

mod cookie;
mod invite;
mod keys;
mod member;
mod password;
mod refresh;
mod reset;
mod sessions;
mod sign_in;
mod sign_up;
mod team;
mod view;

use axum::Router;
use utoipa::openapi::OpenApi;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use vio_runtime::App;

fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(sign_up::sign_up))
        .routes(routes!(sign_in::sign_in))
        .routes(routes!(refresh::refresh))
        .routes(routes!(sessions::sign_out))
        .routes(routes!(sessions::list, sessions::end_others))
        .routes(routes!(sessions::end_one))
        .routes(routes!(password::change))
        .routes(routes!(reset::forgot))
        .routes(routes!(reset::reset))
        .routes(routes!(invite::accept))
        .routes(routes!(keys::keys))
        .routes(routes!(team::list, team::add))
        .routes(routes!(member::edit, member::remove))
        .routes(routes!(member::reset_password))
        .routes(routes!(invite::invite))
}

/// The function's routes over `app`, and their description.
pub fn router(app: App) -> (Router, OpenApi) {
    routes().with_state(app).split_for_parts()
}

/// The description of the function's routes.
pub fn document() -> OpenApi {
    routes().into_openapi()
}
