//! Signed-in devices: listed with device, address and last use, each revocable (S3 `session_management`).

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use chrono::{DateTime, Utc};
use http::{StatusCode, header};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;
use vio_domain::ids::{SignInId, UserId};
use vio_http::{FieldProblem, Json, Kind, Path, Principal, Problem, Query, QueryParams, RequestId};
use vio_runtime::App;
use vio_runtime::web::{actor, store_problem};
use vio_store::TenantStore;
use vio_store::log::{Actor, Entry};
use vio_store::sign_ins::SignInRow;
use vio_store::tx::Tx;

use crate::cookie;

/// One signed-in device.
#[derive(Serialize, ToSchema)]
pub(crate) struct Device {
    id: Uuid,
    /// What the client called itself at sign-in.
    #[schema(example = "Mozilla/5.0 (X11; Linux x86_64) Firefox/140.0")]
    device: Option<String>,
    #[schema(example = "198.51.100.10")]
    ip_address: Option<String>,
    created_at: DateTime<Utc>,
    /// To within five minutes.
    last_active: DateTime<Utc>,
    expires_at: DateTime<Utc>,
    /// Whether this is the device that asks.
    current: bool,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct Devices {
    sessions: Vec<Device>,
}

/// One's own signed-in devices, newest first.
#[utoipa::path(get, path = "/api/auth/sessions", tag = "identity", responses((status = 200, body = Devices)))]
pub(crate) async fn list(
    State(app): State<App>,
    principal: Principal,
) -> Result<Json<Devices>, Problem> {
    let tenant = app.tenant_of(&principal).await?;
    let rows = tenant
        .sign_ins(principal.user_id)
        .await
        .map_err(store_problem)?;
    let now = app.real_clock.now();
    let sessions = rows
        .into_iter()
        .filter(|row| row.expires_at > now)
        .map(|row| {
            let origin = tenant.sign_in_origin(&row).map_err(store_problem)?;
            Ok(Device {
                id: row.id.uuid(),
                device: origin.device,
                ip_address: origin.address,
                created_at: row.created_at,
                last_active: row.last_used,
                expires_at: row.expires_at,
                current: row.id == principal.session_id,
            })
        })
        .collect::<Result<_, Problem>>()?;
    Ok(Json(Devices { sessions }))
}

/// Which devices to sign out.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct Which {
    /// Must be `true`: all devices but this one.
    others: Option<bool>,
}

impl QueryParams for Which {}

/// Signs out all of one's devices but this one.
#[utoipa::path(delete, path = "/api/auth/sessions", tag = "identity", params(Which),
    responses((status = 204, description = "Signed out")))]
pub(crate) async fn end_others(
    State(app): State<App>,
    principal: Principal,
    request: RequestId,
    Query(which): Query<Which>,
) -> Result<StatusCode, Problem> {
    if which.others != Some(true) {
        return Err(Problem::new(Kind::InvalidParameter)
            .detail("Say others=true to sign out all other devices.")
            .error(FieldProblem::new("others", "required", "Must be true.")));
    }
    let tenant = app.tenant_of(&principal).await?;
    let actor = actor(&principal, request);
    end_all_but(
        &app,
        &tenant,
        principal.user_id,
        principal.session_id,
        &actor,
    )
    .await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Signs out one of one's devices.
#[utoipa::path(delete, path = "/api/auth/sessions/{session_id}", tag = "identity",
    params(("session_id" = Uuid, Path)), responses((status = 204, description = "Signed out")))]
pub(crate) async fn end_one(
    State(app): State<App>,
    principal: Principal,
    request: RequestId,
    Path(id): Path<SignInId>,
) -> Result<StatusCode, Problem> {
    let tenant = app.tenant_of(&principal).await?;
    let row = app
        .store
        .sign_in(tenant.id, principal.user_id, id)
        .await
        .map_err(store_problem)?
        .ok_or_else(Problem::not_found)?;
    end(
        &app,
        &tenant,
        &[row],
        "user.session_revoked",
        None,
        &actor(&principal, request),
    )
    .await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Signs this device out. Its tokens are refused from now on.
#[utoipa::path(post, path = "/api/auth/sign-out", tag = "identity",
    responses((status = 204, description = "Signed out")))]
pub(crate) async fn sign_out(
    State(app): State<App>,
    principal: Principal,
    request: RequestId,
) -> Result<Response, Problem> {
    let tenant = app.tenant_of(&principal).await?;
    let row = app
        .store
        .sign_in(tenant.id, principal.user_id, principal.session_id)
        .await
        .map_err(store_problem)?;
    if let Some(row) = row {
        let actor = actor(&principal, request);
        end(&app, &tenant, &[row], "user.signed_out", None, &actor).await?;
    }
    let cleared = [(header::SET_COOKIE, cookie::clear(&app.platform)?)];
    Ok((StatusCode::NO_CONTENT, cleared).into_response())
}

/// Devices ended in one transaction: three operations each, of a hundred.
const AT_ONCE: usize = 30;

/// Ends sign-ins for good, with an entry of the audit each.
pub(crate) async fn end(
    app: &App,
    tenant: &TenantStore,
    rows: &[SignInRow],
    action: &'static str,
    reason: Option<&str>,
    actor: &Actor,
) -> Result<(), Problem> {
    for some in rows.chunks(AT_ONCE) {
        let mut tx = Tx::new();
        for row in some {
            tenant.end_sign_in(&mut tx, row.user, row.id);
            let details = serde_json::json!({ "session_id": row.id, "reason": reason });
            let entry = Entry::new(action, "user", row.user.uuid()).details(details);
            tenant.log(&mut tx, actor, entry).map_err(store_problem)?;
        }
        app.store.commit(tx).await.map_err(store_problem)?;
        for row in some {
            app.authenticator.forget(row.id);
        }
    }
    Ok(())
}

/// Ends every sign-in of a user but one.
pub(crate) async fn end_all_but(
    app: &App,
    tenant: &TenantStore,
    user: UserId,
    kept: SignInId,
    actor: &Actor,
) -> Result<(), Problem> {
    loop {
        let mut rows = tenant.sign_ins(user).await.map_err(store_problem)?;
        let whole = rows.len();
        rows.retain(|row| row.id != kept);
        if rows.is_empty() {
            return Ok(());
        }
        end(app, tenant, &rows, "user.session_revoked", None, actor).await?;
        // A page holds a hundred: a full one may not have been the last.
        if whole < 100 {
            return Ok(());
        }
    }
}
