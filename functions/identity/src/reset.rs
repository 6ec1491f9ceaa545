//! A new password over a link (S3 section 5, api.md). Asking tells nothing: whether anybody has the address shows neither in
//! the answer, nor in its time, nor in when one may ask again.

use std::time::Duration;

use axum::extract::State;
use chrono::{DateTime, Utc};
use http::StatusCode;
use serde::Deserialize;
use tokio::time::Instant;
use utoipa::ToSchema;
use uuid::Uuid;
use vio_crypto::tokens::PasswordResetToken;
use vio_domain::ids::SignInId;
use vio_domain::letters::{Letter, Moment};
use vio_domain::mail::Link;
use vio_domain::text::Email;
use vio_http::{Client, FieldProblem, Json, Problem, RequestId};
use vio_runtime::App;
use vio_runtime::letters::hand_on;
use vio_runtime::web::{store_problem, visitor};
use vio_store::TenantStore;
use vio_store::error::StoreError;
use vio_store::letters::NewLetter;
use vio_store::log::{Actor, Entry, Who};
use vio_store::password_resets::RESET_LIFETIME;
use vio_store::tenants::TenantStatus;
use vio_store::tx::Tx;
use vio_store::users::{UserRow, UserStatus, login_hash};

use crate::view::Password;
use crate::{password, sessions};

/// Bytes of an address at most (RFC 5321).
const LONGEST_ADDRESS: usize = 320;
/// Every answer takes so long, whatever was done for it.
const ANSWER_TAKES: Duration = Duration::from_millis(600);

#[derive(Deserialize, ToSchema)]
pub(crate) struct Forgot {
    #[schema(example = "ada@riverside.example")]
    email: String,
}

/// Asks for a link to a new password. Somebody who has the address gets it by e-mail; the answer is the same for everybody.
/// An address gets at most three links an hour.
#[utoipa::path(post, path = "/api/auth/password/forgot", tag = "identity", request_body = Forgot, responses(
    (status = 202, description = "If somebody has this address, the link is on its way"),
    (status = 422, description = "Longer than any address")))]
pub(crate) async fn forgot(
    State(app): State<App>,
    client: Client,
    request: RequestId,
    Json(body): Json<Forgot>,
) -> Result<StatusCode, Problem> {
    let began = Instant::now();
    if body.email.len() > LONGEST_ADDRESS {
        return Err(Problem::validation(vec![FieldProblem::new(
            "/email",
            "too_long",
            "No e-mail address is so long.",
        )]));
    }
    if let Err(problem) = ask(&app, &client, request, &body.email).await {
        // Saying so would say that there is somebody.
        tracing::warn!(kind = ?problem.kind(), "a link to a new password was not written");
    }
    tokio::time::sleep_until(began + ANSWER_TAKES).await;
    Ok(StatusCode::ACCEPTED)
}

async fn ask(app: &App, client: &Client, request: RequestId, email: &str) -> Result<(), Problem> {
    let Ok(email) = Email::parse(email) else {
        return Ok(());
    };
    let address = login_hash(app.platform_keys().await.map_err(store_problem)?, &email);
    let now = app.real_clock.now();
    if !app
        .store
        .may_ask_password_reset(address, now)
        .await
        .map_err(store_problem)?
    {
        return Ok(());
    }
    let Some(login) = app.store.login(&address).await.map_err(store_problem)? else {
        return Ok(());
    };
    let tenant = app.tenant(login.tenant).await?;
    let row = app
        .store
        .tenant_row(tenant.id)
        .await
        .map_err(store_problem)?;
    if row.is_none_or(|row| row.status == TenantStatus::Suspended) {
        return Ok(());
    }
    let user = tenant.user(login.user).await.map_err(store_problem)?;
    let Some(user) = user.filter(|user| user.status == UserStatus::Active) else {
        return Ok(());
    };
    let actor = visitor(Who::User { id: user.id }, client, request);
    send_link(app, &tenant, &user, &actor).await
}

/// A page of the console that takes a secret: after the `#`, which is sent to no server.
pub(crate) fn link(app: &App, page: &str, token: &str) -> Result<Link, Problem> {
    Link::parse(&format!("{}/{page}#token={token}", app.platform.public_url))
        .map_err(|_| Problem::internal_because("the public address makes no link"))
}

/// Writes the letter with a link to a new password.
pub(crate) async fn send_link(
    app: &App,
    tenant: &TenantStore,
    user: &UserRow,
    actor: &Actor,
) -> Result<(), Problem> {
    let personal = tenant.open_personal(user).map_err(store_problem)?;
    let zone = zone(tenant).await?;
    let mut tx = Tx::new();
    let token = tenant
        .stage_password_reset(&mut tx, user, app.real_clock.now())
        .map_err(store_problem)?;
    let letter = Letter::PasswordReset {
        name: personal.full_name.as_str().to_owned(),
        link: link(app, "reset", &token.expose())?,
        // Letters live on the domain's clock, the link itself on the real one: they only differ where a test moved one.
        valid_until: Moment {
            at: app.clock.now() + RESET_LIFETIME,
            zone,
        },
    };
    let new = NewLetter {
        to: &personal.email,
        user: Some(user.id),
        letter,
        about: &format!("password_reset/{}", token.id()),
        due: tenant.now(),
    };
    let letter = tenant
        .write_letter(&mut tx, new)
        .await
        .map_err(store_problem)?;
    let entry = Entry::new("user.password_reset_asked", "user", user.id.uuid());
    tenant.log(&mut tx, actor, entry).map_err(store_problem)?;
    app.store.commit(tx).await.map_err(store_problem)?;
    hand_on(app, tenant.id, letter).await;
    Ok(())
}

/// The zone in which the people of a business read times.
pub(crate) async fn zone(tenant: &TenantStore) -> Result<chrono_tz::Tz, Problem> {
    let settings = tenant.settings().await.map_err(store_problem)?;
    Ok(settings.settings.business.timezone)
}

/// Stages the letter that says that a password was changed. It cannot be switched off (S3 `account_updates`).
pub(crate) async fn write_changed(
    app: &App,
    tenant: &TenantStore,
    tx: &mut Tx,
    user: &UserRow,
) -> Result<String, Problem> {
    let personal = tenant.open_personal(user).map_err(store_problem)?;
    let letter = Letter::PasswordChanged {
        name: personal.full_name.as_str().to_owned(),
        when: Moment {
            at: app.clock.now(),
            zone: zone(tenant).await?,
        },
    };
    let new = NewLetter {
        to: &personal.email,
        user: Some(user.id),
        letter,
        about: &format!("password_changed/{}/{}", user.id, user.password_version),
        due: tenant.now(),
    };
    tenant.write_letter(tx, new).await.map_err(store_problem)
}

/// What a link that is used up, too old or nobody's is answered.
pub(crate) fn not_good() -> Problem {
    Problem::validation(vec![FieldProblem::new(
        "/token",
        "link_not_good",
        "This link is not good any more: it works once, and for a limited time. Ask for a new one.",
    )])
}

#[derive(Deserialize, ToSchema)]
pub(crate) struct Reset {
    /// What stands after the `#` of the link.
    #[schema(example = "pr_0192f0c12b3c7def8abc0123456789ab.…")]
    token: String,
    new_password: Password,
}

/// Sets the new password with a link. Every device is signed out, and a letter says that the password was changed.
#[utoipa::path(post, path = "/api/auth/password/reset", tag = "identity", request_body = Reset, responses(
    (status = 204, description = "Changed; every device is signed out"),
    (status = 422, description = "The link is not good, or the password breaks a rule")))]
pub(crate) async fn reset(
    State(app): State<App>,
    client: Client,
    request: RequestId,
    Json(body): Json<Reset>,
) -> Result<StatusCode, Problem> {
    password::check("/new_password", &body.new_password.0, None)?;
    let token = PasswordResetToken::parse(&body.token).map_err(|_| not_good())?;
    let now = app.real_clock.now();
    let row = app
        .store
        .password_reset(&token, now)
        .await
        .map_err(store_problem)?
        .ok_or_else(not_good)?;
    let tenant = app.tenant(row.tenant).await?;
    let user = tenant.user(row.user).await.map_err(store_problem)?;
    let good = |user: &UserRow| user.status == UserStatus::Active && row.is_for(user);
    let mut user = user.filter(good).ok_or_else(not_good)?;
    let personal = tenant.open_personal(&user).map_err(store_problem)?;
    password::check("/new_password", &body.new_password.0, Some(&personal))?;
    let hash = password::hash(&app, body.new_password.0).await?;
    let actor = visitor(Who::User { id: user.id }, &client, request);
    tenant
        .set_password(&mut user, &hash)
        .map_err(store_problem)?;
    let mut tx = Tx::new();
    tenant.stage_reset_used(&mut tx, &row);
    tenant
        .save_user(&mut tx, &mut user)
        .map_err(store_problem)?;
    let letter = write_changed(&app, &tenant, &mut tx, &user).await?;
    let entry = Entry::new("user.password_reset", "user", user.id.uuid())
        .version(user.edits)
        .fields(["password"]);
    tenant.log(&mut tx, &actor, entry).map_err(store_problem)?;
    match app.store.commit(tx).await {
        Ok(()) => {}
        Err(error @ StoreError::Lost { .. }) if lost_link(&error) => return Err(not_good()),
        Err(error) => return Err(store_problem(error)),
    }
    hand_on(&app, tenant.id, letter).await;
    forgive(&app, &personal.email, now).await?;
    let nobody = SignInId::new(Uuid::nil());
    sessions::end_all_but(&app, &tenant, user.id, nobody, &actor).await?;
    app.authenticator.forget_user(user.id);
    Ok(StatusCode::NO_CONTENT)
}

fn lost_link(error: &StoreError) -> bool {
    matches!(error, StoreError::Lost { lost } if lost.contains(&"password_reset"))
}

/// Whoever has the mailbox need not wait for a lock that guesses made.
async fn forgive(app: &App, email: &Email, now: DateTime<Utc>) -> Result<(), Problem> {
    let address = login_hash(app.platform_keys().await.map_err(store_problem)?, email);
    app.store
        .end_try(address, i64::MIN, true, now)
        .await
        .map_err(store_problem)
}
