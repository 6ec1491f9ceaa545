//! Signing in. A wrong password, an unknown address and a closed account are told apart by nothing: not by the answer,
//! not by its time, not by when the address is locked.

use std::time::Duration;

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use chrono::{DateTime, Utc};
use http::header;
use serde::Deserialize;
use tokio::time::Instant;
use utoipa::{IntoParams, ToSchema};
use vio_crypto::password::needs_rehash;
use vio_domain::ids::TenantId;
use vio_domain::text::Email;
use vio_http::{Client, FieldProblem, Json, Kind, Problem, Query, QueryParams, RequestId};
use vio_runtime::App;
use vio_runtime::web::{store_problem, visitor};
use vio_store::TenantStore;
use vio_store::log::{Actor, Entry, Who};
use vio_store::sign_ins::Try;
use vio_store::tenants::TenantStatus;
use vio_store::tx::Tx;
use vio_store::users::{UserRow, UserStatus, login_hash};

use crate::view::{Password, SignedIn, SignedInUser};
use crate::{cookie, password};

/// A refusal takes at least so long, whatever was looked up for it.
const REFUSAL_TAKES: Duration = Duration::from_millis(400);

#[derive(Deserialize, ToSchema)]
pub(crate) struct Credentials {
    #[schema(example = "ada@riverside.example")]
    email: String,
    password: Password,
    /// The code of an authenticator app, where the account asks for one.
    #[serde(default)]
    #[schema(example = json!(null))]
    totp: Option<String>,
}

/// How the refresh token is handed over.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct Delivery {
    /// `true`: as an HttpOnly, SameSite=Strict cookie instead of in the body.
    cookie: Option<bool>,
}

impl QueryParams for Delivery {}

/// 429 until an address may be tried again.
pub(crate) fn locked(app: &App, until: DateTime<Utc>) -> Problem {
    let wait = (until - app.real_clock.now()).num_milliseconds().max(0);
    let seconds = u64::try_from(wait).unwrap_or(0).div_ceil(1000).max(1);
    Problem::new(Kind::LockedOut)
        .retry_after(seconds)
        .next_allowed_at(until)
}

/// Refuses whoever is of a suspended business.
pub(crate) async fn not_suspended(app: &App, tenant: TenantId) -> Result<(), Problem> {
    let row = app.store.tenant_row(tenant).await.map_err(store_problem)?;
    match row.is_none_or(|row| row.status == TenantStatus::Suspended) {
        true => Err(Problem::new(Kind::TenantSuspended)),
        false => Ok(()),
    }
}

/// Signs in.
#[utoipa::path(post, path = "/api/auth/sign-in", tag = "identity", params(Delivery), request_body = Credentials, responses(
    (status = 200, body = SignedIn),
    (status = 401, description = "E-mail address or password wrong; no more is said"),
    (status = 403, description = "The business's account is suspended"),
    (status = 429, description = "Too many failed tries; see Retry-After")))]
pub(crate) async fn sign_in(
    State(app): State<App>,
    client: Client,
    request: RequestId,
    Query(delivery): Query<Delivery>,
    Json(body): Json<Credentials>,
) -> Result<Response, Problem> {
    let began = Instant::now();
    if body.totp.is_some() {
        return Err(Problem::validation(vec![FieldProblem::new(
            "/totp",
            "not_enrolled",
            "Authenticator codes are not in use here. Leave this field out.",
        )]));
    }
    let in_cookie = delivery.cookie.unwrap_or(false);
    let found = judge(&app, &client, request, body.email, body.password).await;
    let (tenant, mut user, actor) = match found {
        Ok(found) => found,
        Err(problem) => {
            if problem.kind() == Kind::WrongCredentials {
                tokio::time::sleep_until(began + REFUSAL_TAKES).await;
            }
            return Err(problem);
        }
    };
    let session = app
        .open_session(&tenant, &mut user, in_cookie, &actor)
        .await?;
    let body = SignedIn::new(&session, SignedInUser::of(&tenant, &user)?, !in_cookie);
    if in_cookie {
        let set = cookie::set(
            &app.platform,
            &session.refresh_token,
            session.refresh_expires_in,
        )?;
        return Ok(([(header::SET_COOKIE, set)], Json(body)).into_response());
    }
    Ok(Json(body).into_response())
}

/// Who has these credentials.
async fn judge(
    app: &App,
    client: &Client,
    request: RequestId,
    email: String,
    password: Password,
) -> Result<(TenantStore, UserRow, Actor), Problem> {
    let wrong = || Problem::new(Kind::WrongCredentials);
    let Ok(email) = Email::parse(&email) else {
        return Err(wrong());
    };
    let address = login_hash(app.platform_keys().await.map_err(store_problem)?, &email);
    let began = match app
        .store
        .begin_try(address, app.real_clock.now())
        .await
        .map_err(store_problem)?
    {
        Try::Allowed { began_ms } => began_ms,
        Try::Locked { until } => return Err(locked(app, until)),
    };
    let mut account = None;
    if let Some(login) = app.store.login(&address).await.map_err(store_problem)? {
        let tenant = app.tenant(login.tenant).await?;
        let user = tenant.user(login.user).await.map_err(store_problem)?;
        account = user.map(|user| (tenant, user));
    }
    let stored = account
        .as_ref()
        .map(|(tenant, user)| tenant.open_password(user))
        .transpose()
        .map_err(store_problem)?
        .flatten();
    let again = password.0.clone();
    let matches = password::verify(app, password.0, stored.clone()).await?;
    let account = account.map(|(tenant, user)| {
        let actor = visitor(Who::User { id: user.id }, client, request);
        (tenant, user, actor)
    });
    let right = matches
        && account
            .as_ref()
            .is_some_and(|(_, user, _)| user.status == UserStatus::Active);
    app.store
        .end_try(address, began, right, app.real_clock.now())
        .await
        .map_err(store_problem)?;
    let Some((tenant, mut user, actor)) = account else {
        return Err(wrong());
    };
    if !right {
        let entry = Entry::new("user.sign_in_failed", "user", user.id.uuid());
        let mut tx = Tx::new();
        tenant.log(&mut tx, &actor, entry).map_err(store_problem)?;
        app.store.commit(tx).await.map_err(store_problem)?;
        return Err(wrong());
    }
    not_suspended(app, tenant.id).await?;
    if stored.is_some_and(|stored| needs_rehash(&stored, &app.platform.password_cost)) {
        rehash(app, &tenant, &mut user, again).await;
    }
    Ok((tenant, user, actor))
}

/// Brings a password's hash to the present cost. One that fails is tried again at the next sign-in.
async fn rehash(
    app: &App,
    tenant: &TenantStore,
    user: &mut UserRow,
    password: secrecy::SecretString,
) {
    let Ok(new) = password::hash(app, password).await else {
        return;
    };
    let mut changed = user.clone();
    let mut tx = Tx::new();
    let staged = tenant
        .set_password(&mut changed, &new)
        .and_then(|()| tx.update(&mut changed));
    let saved = match staged {
        Ok(()) => app.store.commit(tx).await,
        Err(error) => Err(error),
    };
    match saved {
        Ok(()) => *user = changed,
        Err(error) => tracing::warn!(%error, "a password's hash was not renewed"),
    }
}
