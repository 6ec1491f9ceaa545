//! The link by which a person ends e-mails to them. Following it shows a page with a button, because mail programs follow
//! links by themselves; one `POST`, by that button or by a mail program's own (RFC 8058), does it.

use axum::extract::State;
use axum::response::{Html, IntoResponse, Response};
use http::header;
use vio_domain::messages::mail::unsubscribe_page;
use vio_http::{NoParams, Path, Problem, Query};
use vio_runtime::App;
use vio_runtime::web::store_problem;
use vio_store::TenantStore;
use vio_store::log::Actor;
use vio_store::messages::UnsubscribeToken;
use vio_store::tenants::TenantSettings;

/// The page's own policy: its styles stand in it, and its form goes back to where it is.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'; form-action 'self'";

async fn of(app: &App, token: &UnsubscribeToken) -> Result<(TenantStore, TenantSettings), Problem> {
    let found = app.store.tenant_with_settings(token.tenant).await;
    found.map_err(store_problem)?.ok_or_else(Problem::not_found)
}

fn page(settings: &TenantSettings, done: bool) -> Response {
    let page = unsubscribe_page(settings.settings.business.spoken_name(), done);
    let headers = [
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::CACHE_CONTROL, "no-store"),
        (header::REFERRER_POLICY, "no-referrer"),
    ];
    (headers, Html(page)).into_response()
}

/// A page that asks whether the person wants no more e-mails.
#[utoipa::path(get, path = "/api/unsubscribe/{token}", tag = "messages",
    params(("token" = String, Path, description = "As it stands in an e-mail")),
    responses((status = 200, description = "A page with a button", body = String, content_type = "text/html",
        example = "<!DOCTYPE html>")))]
pub(crate) async fn ask(
    State(app): State<App>,
    Path(token): Path<UnsubscribeToken>,
    Query(NoParams {}): Query<NoParams>,
) -> Result<Response, Problem> {
    let (ts, settings) = of(&app, &token).await?;
    let person = ts.unsubscribing(&token).await.map_err(store_problem)?;
    let person = person.ok_or_else(Problem::not_found)?;
    Ok(page(&settings, !person.contact.preferences.email_opt_in))
}

/// Ends e-mails to the person, at once. Their appointments and calls stay as they are. What is posted is not read: a mail
/// program's `List-Unsubscribe=One-Click` says nothing more than the address.
#[utoipa::path(post, path = "/api/unsubscribe/{token}", tag = "messages",
    params(("token" = String, Path, description = "As it stands in an e-mail")),
    responses((status = 200, description = "Done; a page that says so", body = String, content_type = "text/html",
        example = "<!DOCTYPE html>")))]
pub(crate) async fn end(
    State(app): State<App>,
    Path(token): Path<UnsubscribeToken>,
    Query(NoParams {}): Query<NoParams>,
) -> Result<Response, Problem> {
    let (ts, settings) = of(&app, &token).await?;
    let actor = Actor::provider("email");
    let done = ts.unsubscribe(&settings.settings, &token, &actor).await;
    if !done.map_err(store_problem)? {
        return Err(Problem::not_found());
    }
    Ok(page(&settings, true))
}
