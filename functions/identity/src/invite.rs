//! Invitations to a team: the letter with the link, and accepting it (S3 section 5, api.md).

use axum::extract::State;
use http::StatusCode;
use serde::Deserialize;
use utoipa::ToSchema;
use vio_crypto::tokens::InvitationToken;
use vio_domain::ids::UserId;
use vio_domain::letters::{Letter, Moment};
use vio_http::{Client, Json, Kind, Path, Principal, Problem, RequestId};
use vio_runtime::App;
use vio_runtime::letters::hand_on;
use vio_runtime::web::{actor, store_problem, visitor};
use vio_store::TenantStore;
use vio_store::invitations::INVITATION_LIFETIME;
use vio_store::letters::NewLetter;
use vio_store::log::{Entry, Who};
use vio_store::tx::Tx;
use vio_store::users::{UserRow, UserStatus};

use crate::password;
use crate::reset::{link, not_good, zone};
use crate::sign_in::not_suspended;
use crate::view::Password;

/// Races lost before giving up.
const TRIES: usize = 4;

/// Stages an invitation and its letter, and answers the letter's name. The caller stages the user.
pub(crate) async fn write_invitation(
    app: &App,
    tenant: &TenantStore,
    tx: &mut Tx,
    user: &mut UserRow,
    by: &Principal,
) -> Result<String, Problem> {
    let personal = tenant.open_personal(user).map_err(store_problem)?;
    let inviting = tenant.user(by.user_id).await.map_err(store_problem)?;
    let invited_by = inviting
        .map(|row| tenant.open_personal(&row))
        .transpose()
        .map_err(store_problem)?
        .map(|inviting| inviting.full_name.as_str().to_owned());
    let token = tenant
        .stage_invitation(tx, user, app.real_clock.now())
        .map_err(store_problem)?;
    let letter = Letter::Invitation {
        name: Some(personal.full_name.as_str().to_owned()),
        invited_by,
        link: link(app, "invite", &token.expose())?,
        valid_until: Moment {
            at: app.clock.now() + INVITATION_LIFETIME,
            zone: zone(tenant).await?,
        },
    };
    let new = NewLetter {
        to: &personal.email,
        user: Some(user.id),
        letter,
        about: &format!("invitation/{}", token.id()),
        due: tenant.now(),
    };
    tenant.write_letter(tx, new).await.map_err(store_problem)
}

/// Sends somebody who was invited a new link; the one before is good no longer.
#[utoipa::path(post, path = "/api/team/{user_id}/invite", tag = "identity", params(("user_id" = Uuid, Path)), responses(
    (status = 202, description = "The letter is on its way"),
    (status = 409, description = "They have joined already")))]
pub(crate) async fn invite(
    State(app): State<App>,
    principal: Principal,
    request: RequestId,
    Path(id): Path<UserId>,
) -> Result<StatusCode, Problem> {
    let tenant = app.tenant_of(&principal).await?;
    for _ in 0..TRIES {
        let user = tenant.user(id).await.map_err(store_problem)?;
        let mut user = user.ok_or_else(Problem::not_found)?;
        if user.status != UserStatus::Invited {
            return Err(Problem::new(Kind::Conflict).detail("They have joined already."));
        }
        let mut tx = Tx::new();
        let letter = write_invitation(&app, &tenant, &mut tx, &mut user, &principal).await?;
        tenant
            .save_user(&mut tx, &mut user)
            .map_err(store_problem)?;
        let entry = Entry::new("user.invited", "user", id.uuid()).version(user.edits);
        let actor = actor(&principal, request);
        tenant.log(&mut tx, &actor, entry).map_err(store_problem)?;
        match app.store.commit(tx).await {
            Ok(()) => {
                hand_on(&app, tenant.id, letter).await;
                return Ok(StatusCode::ACCEPTED);
            }
            Err(error) if error.is_lost() => {}
            Err(error) => return Err(store_problem(error)),
        }
    }
    Err(Problem::new(Kind::Conflict))
}

#[derive(Deserialize, ToSchema)]
pub(crate) struct Accept {
    /// What stands after the `#` of the link.
    #[schema(example = "iv_0192f0c12b3c7def8abc0123456789ab.…")]
    token: String,
    /// The password that the member signs in with from now on.
    password: Password,
}

/// Accepts an invitation: the member is active and signs in with the password chosen here.
#[utoipa::path(post, path = "/api/auth/invitations/accept", tag = "identity", request_body = Accept, responses(
    (status = 204, description = "Joined"),
    (status = 403, description = "The business's account is suspended"),
    (status = 422, description = "The link is not good, or the password breaks a rule")))]
pub(crate) async fn accept(
    State(app): State<App>,
    client: Client,
    request: RequestId,
    Json(body): Json<Accept>,
) -> Result<StatusCode, Problem> {
    password::check("/password", &body.password.0, None)?;
    let token = InvitationToken::parse(&body.token).map_err(|_| not_good())?;
    let row = app
        .store
        .invitation(&token, app.real_clock.now())
        .await
        .map_err(store_problem)?
        .ok_or_else(not_good)?;
    let tenant = app.tenant(row.tenant).await?;
    let user = tenant.user(row.user).await.map_err(store_problem)?;
    let mut user = user.filter(|user| row.is_for(user)).ok_or_else(not_good)?;
    not_suspended(&app, tenant.id).await?;
    let personal = tenant.open_personal(&user).map_err(store_problem)?;
    password::check("/password", &body.password.0, Some(&personal))?;
    let hash = password::hash(&app, body.password.0).await?;
    tenant
        .set_password(&mut user, &hash)
        .map_err(store_problem)?;
    user.status = UserStatus::Active;
    let mut tx = Tx::new();
    tenant.stage_invitation_over(&mut tx, &mut user);
    tenant
        .save_user(&mut tx, &mut user)
        .map_err(store_problem)?;
    let entry = Entry::new("user.joined", "user", user.id.uuid())
        .version(user.edits)
        .fields(["status", "password"]);
    let actor = visitor(Who::User { id: user.id }, &client, request);
    tenant.log(&mut tx, &actor, entry).map_err(store_problem)?;
    match app.store.commit(tx).await {
        Ok(()) => {}
        // Accepted, withdrawn or made anew at this moment.
        Err(error) if error.is_lost() => return Err(not_good()),
        Err(error) => return Err(store_problem(error)),
    }
    app.authenticator.forget_user(user.id);
    Ok(StatusCode::NO_CONTENT)
}
