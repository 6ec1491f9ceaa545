//! Passwords: hashing off the request threads, the rules of S3, and changing one's own.

use axum::extract::State;
use http::StatusCode;
use secrecy::SecretString;
use serde::Deserialize;
use tokio::sync::Semaphore;
use utoipa::ToSchema;
use vio_crypto::password::{self, PasswordError, PasswordHash, broken_rules};
use vio_http::{FieldProblem, Json, Kind, Principal, Problem, RequestId};
use vio_runtime::App;
use vio_runtime::letters::hand_on;
use vio_runtime::web::{actor, store_problem};
use vio_store::log::Entry;
use vio_store::sign_ins::Try;
use vio_store::tx::Tx;
use vio_store::users::{PersonalDetails, login_hash};

use crate::reset::write_changed;
use crate::sessions;
use crate::view::Password;

/// Hashes at once, each of 64 MiB: sign-ins wait for their turn rather than for memory.
static AT_ONCE: Semaphore = Semaphore::const_new(4);

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, Problem> {
    let _turn = AT_ONCE
        .acquire()
        .await
        .map_err(|error| Problem::internal(&error))?;
    tokio::task::spawn_blocking(work)
        .await
        .map_err(|error| Problem::internal(&error))
}

/// Hashes a new password at the platform's cost.
pub(crate) async fn hash(app: &App, password: SecretString) -> Result<PasswordHash, Problem> {
    let cost = app.platform.password_cost.clone();
    blocking(move || password::hash(&password, &cost))
        .await?
        .map_err(|error: PasswordError| Problem::internal(&error))
}

/// Whether this is the password; takes as long where there is none to compare with.
pub(crate) async fn verify(
    app: &App,
    password: SecretString,
    stored: Option<PasswordHash>,
) -> Result<bool, Problem> {
    let cost = app.platform.password_cost.clone();
    blocking(move || match stored {
        Some(stored) => password::verify(&password, &stored),
        None => password::verify_dummy(&password, &cost),
    })
    .await
}

/// What is wrong with a new password, each rule by name (S3 `new_password`).
pub(crate) fn faults(
    pointer: &str,
    password: &SecretString,
    own_words: &[&str],
) -> Vec<FieldProblem> {
    broken_rules(password, own_words)
        .into_iter()
        .map(|rule| FieldProblem::new(pointer, rule.name(), rule.sentence()))
        .collect()
}

/// Refuses a new password that breaks a rule; `whose` it will be, where that is known.
pub(crate) fn check(
    pointer: &str,
    password: &SecretString,
    whose: Option<&PersonalDetails>,
) -> Result<(), Problem> {
    let own_words = whose.map(|whose| [whose.full_name.as_str(), whose.email.as_str()]);
    let faults = faults(pointer, password, own_words.as_slice().as_flattened());
    match faults.is_empty() {
        true => Ok(()),
        false => Err(Problem::validation(faults)),
    }
}

#[derive(Deserialize, ToSchema)]
pub(crate) struct ChangePassword {
    current_password: Password,
    new_password: Password,
}

/// Changes one's own password. Every other device is signed out.
#[utoipa::path(post, path = "/api/auth/password", tag = "identity", request_body = ChangePassword, responses(
    (status = 204, description = "Changed; other devices are signed out"),
    (status = 422, description = "The current password is wrong, or the new one breaks a rule")))]
pub(crate) async fn change(
    State(app): State<App>,
    principal: Principal,
    request: RequestId,
    Json(body): Json<ChangePassword>,
) -> Result<StatusCode, Problem> {
    let tenant = app.tenant_of(&principal).await?;
    let mut user = tenant
        .user(principal.user_id)
        .await
        .map_err(store_problem)?
        .ok_or_else(Problem::unauthorized)?;
    let personal = tenant.open_personal(&user).map_err(store_problem)?;
    let address = login_hash(
        app.platform_keys().await.map_err(store_problem)?,
        &personal.email,
    );
    let began = match app
        .store
        .begin_try(address, app.real_clock.now())
        .await
        .map_err(store_problem)?
    {
        Try::Allowed { began_ms } => began_ms,
        Try::Locked { until } => return Err(crate::sign_in::locked(&app, until)),
    };
    let stored = tenant.open_password(&user).map_err(store_problem)?;
    let right = verify(&app, body.current_password.0, stored.clone()).await?;
    app.store
        .end_try(address, began, right, app.real_clock.now())
        .await
        .map_err(store_problem)?;
    if !right {
        return Err(Problem::new(Kind::Validation).error(FieldProblem::new(
            "/current_password",
            "wrong_password",
            "This is not your current password.",
        )));
    }
    check("/new_password", &body.new_password.0, Some(&personal))?;
    if verify(&app, body.new_password.0.clone(), stored).await? {
        return Err(Problem::new(Kind::Validation).error(FieldProblem::new(
            "/new_password",
            "unchanged",
            "Choose a password other than the present one.",
        )));
    }
    let new = hash(&app, body.new_password.0).await?;
    let actor = actor(&principal, request);
    tenant
        .set_password(&mut user, &new)
        .map_err(store_problem)?;
    let mut tx = Tx::new();
    tenant
        .save_user(&mut tx, &mut user)
        .map_err(store_problem)?;
    let letter = write_changed(&app, &tenant, &mut tx, &user).await?;
    let entry = Entry::new("user.password_changed", "user", user.id.uuid())
        .version(user.edits)
        .fields(["password"]);
    tenant.log(&mut tx, &actor, entry).map_err(store_problem)?;
    app.store.commit(tx).await.map_err(store_problem)?;
    hand_on(&app, tenant.id, letter).await;
    sessions::end_all_but(
        &app,
        &tenant,
        principal.user_id,
        principal.session_id,
        &actor,
    )
    .await?;
    Ok(StatusCode::NO_CONTENT)
}
