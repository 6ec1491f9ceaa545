//! Renewing a session. Each refresh token is good once; an old one that comes back was copied, so its whole family ends
//! (rules.md People, roles, sessions).

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, header};
use serde::Deserialize;
use utoipa::ToSchema;
use vio_crypto::tokens::RefreshToken;
use vio_http::{Client, Json, Kind, Problem, RequestId};
use vio_runtime::App;
use vio_runtime::sessions::Renewal;
use vio_runtime::web::{store_problem, visitor};
use vio_store::log::Who;
use vio_store::users::UserStatus;

use crate::sign_in::not_suspended;
use crate::view::{SignedIn, SignedInUser};
use crate::{cookie, sessions};

/// Requests that use a session at the same moment only move its "last used"; a renewal is tried again past them.
const RACES: usize = 8;

#[derive(Default, Deserialize, ToSchema)]
pub(crate) struct Refresh {
    /// Left out where it is in a cookie.
    #[serde(default)]
    #[schema(example = "rt_0192f0c12b3c7def8abc0123456789ab.…")]
    refresh_token: Option<String>,
}

/// Renews a session: a new access token, and a new refresh token in place of the one sent.
#[utoipa::path(post, path = "/api/auth/refresh", tag = "identity", request_body(content = Option<Refresh>, description = "Nothing where the token is in a cookie"),
    responses((status = 200, body = SignedIn),
    (status = 401, description = "The token is not good, or no longer; one used before ends the session"),
    (status = 403, description = "The business's account is suspended")))]
pub(crate) async fn refresh(
    State(app): State<App>,
    client: Client,
    request: RequestId,
    headers: HeaderMap,
    body: Option<Json<Refresh>>,
) -> Result<Response, Problem> {
    let given = body.and_then(|Json(body)| body.refresh_token);
    let in_cookie = given.is_none();
    let token = match given {
        Some(text) => RefreshToken::parse(&text).ok(),
        None => cookie::read(&headers),
    };
    let renewed = match token {
        Some(token) => renew(&app, &client, request, token, in_cookie).await,
        None => Err(Problem::unauthorized()),
    };
    match renewed {
        Err(problem) if in_cookie && problem.kind() == Kind::Unauthorized => {
            Err(problem.header(header::SET_COOKIE, cookie::clear(&app.platform)?))
        }
        other => other,
    }
}

async fn renew(
    app: &App,
    client: &Client,
    request: RequestId,
    token: RefreshToken,
    in_cookie: bool,
) -> Result<Response, Problem> {
    for _ in 0..RACES {
        let Some(row) = app.store.sign_in_of(&token).await.map_err(store_problem)? else {
            return Err(Problem::unauthorized());
        };
        let tenant = app.tenant(row.tenant).await?;
        let actor = visitor(Who::User { id: row.user }, client, request);
        if !row.refresh.matches(&token) {
            let why = Some("refresh_token_reused");
            sessions::end(app, &tenant, &[row], "user.session_revoked", why, &actor).await?;
            return Err(Problem::unauthorized());
        }
        let user = tenant.user(row.user).await.map_err(store_problem)?;
        let Some(user) = user.filter(|user| user.status == UserStatus::Active) else {
            return Err(Problem::unauthorized());
        };
        not_suspended(app, row.tenant).await?;
        let idle = app.clock.now() - row.last_used >= user.idle.span();
        if idle || row.expires_at <= app.real_clock.now() {
            let why = Some(if idle { "idle" } else { "expired" });
            sessions::end(app, &tenant, &[row], "user.session_ended", why, &actor).await?;
            return Err(Problem::unauthorized());
        }
        let session = match app.renew_session(&user, row).await {
            Ok(session) => session,
            Err(Renewal::Lost) => continue,
            Err(Renewal::Problem(problem)) => return Err(problem),
        };
        app.authenticator.forget(session.id);
        let body = SignedIn::new(&session, SignedInUser::of(&tenant, &user)?, !in_cookie);
        if !in_cookie {
            return Ok(Json(body).into_response());
        }
        let set = cookie::set(
            &app.platform,
            &session.refresh_token,
            session.refresh_expires_in,
        )?;
        return Ok(([(header::SET_COOKIE, set)], Json(body)).into_response());
    }
    Err(Problem::new(Kind::Unavailable).retry_after(1))
}
