//! One member of the team: changed, shut out, let in again, sent a link to a new password, taken out (S3 section 5).

use std::collections::BTreeSet;

use axum::extract::State;
use http::StatusCode;
use serde::Deserialize;
use utoipa::ToSchema;
use uuid::Uuid;
use vio_domain::ids::{SignInId, UserId};
use vio_domain::permission::{
    CustomPermissions, Permission, PermissionSet, Preset, Role, effective,
};
use vio_domain::text::{PersonName, ShortText};
use vio_http::{
    ETag, Fields, IfMatch, Json, Kind, Patch, Path, Principal, Problem, RequestId, Validate,
};
use vio_runtime::App;
use vio_runtime::web::{actor, store_problem};
use vio_store::entity::Entity;
use vio_store::log::Entry;
use vio_store::port::Condition;
use vio_store::tx::Tx;
use vio_store::users::{PersonalDetails, UserRow, UserStatus};
use vio_store::{StoreError, TenantStore};

use crate::team::{Changes, MOST_MEMBERS, Member, industries, permissions, staff_role};
use crate::{reset, sessions};

/// Races lost before giving up.
const TRIES: usize = 4;

/// What to change; a field left out stays.
#[derive(Deserialize, ToSchema)]
pub(crate) struct MemberPatch {
    #[serde(default)]
    #[schema(value_type = Option<String>, example = "Grace Example")]
    full_name: Patch<String>,
    #[serde(default)]
    #[schema(value_type = Option<String>, example = "Practice manager")]
    job_title: Patch<String>,
    /// `client_admin` or `client_user`.
    #[serde(default)]
    #[schema(value_type = Option<String>, example = "client_user")]
    role: Patch<String>,
    /// `receptionist`, `basic_staff`, `manager` or `read_only`.
    #[serde(default)]
    #[schema(value_type = Option<String>, example = "basic_staff")]
    preset: Patch<String>,
    /// The industries that a manager is given.
    #[serde(default)]
    #[schema(value_type = Option<Vec<String>>, example = json!([]))]
    industries: Patch<Vec<String>>,
    /// What is given beyond the role, or taken from it, in place of what was.
    #[serde(default)]
    #[schema(value_type = Option<Changes>)]
    permissions: Patch<Changes>,
    /// `active` or `inactive`: somebody inactive cannot sign in.
    #[serde(default)]
    #[schema(value_type = Option<String>, example = "inactive")]
    status: Patch<String>,
}

/// A member as they are to be.
struct Wanted {
    personal: PersonalDetails,
    role: Role,
    preset: Option<Preset>,
    industries: BTreeSet<String>,
    custom: CustomPermissions,
    status: UserStatus,
}

/// A member with a request being applied to them.
struct Applying<'a> {
    patch: &'a MemberPatch,
    row: &'a UserRow,
    personal: PersonalDetails,
}

impl Validate for Applying<'_> {
    type Domain = Wanted;

    fn validate(self, fields: &mut Fields) -> Option<Wanted> {
        let (patch, row, mut personal) = (self.patch, self.row, self.personal);
        patch
            .full_name
            .put(fields, "/full_name", &mut personal.full_name, |text| {
                PersonName::parse(text)
            });
        patch
            .job_title
            .put_optional(fields, "/job_title", &mut personal.job_title, |text| {
                ShortText::parse(text)
            });
        let mut role = row.role;
        patch
            .role
            .put(fields, "/role", &mut role, |text| staff_role(text));
        let mut preset = row.preset.filter(|_| role == Role::ClientUser);
        patch
            .preset
            .put_optional(fields, "/preset", &mut preset, |text| {
                text.parse::<Preset>().map_err(|_| {
                    (
                        "unknown_preset",
                        "Choose receptionist, basic_staff, manager or read_only.",
                    )
                })
            });
        if role == Role::ClientAdmin && preset.is_some() {
            fields.note("/preset", "not_for_admins", "Only staff have a preset.");
        }
        let manages = preset == Some(Preset::Manager);
        let mut given = match manages {
            true => row.industries.clone(),
            false => BTreeSet::new(),
        };
        if let Patch::Set(names) = &patch.industries {
            given = industries(fields, names.clone());
        } else if let Patch::Clear = &patch.industries {
            given = BTreeSet::new();
        }
        if !given.is_empty() && !manages {
            fields.note(
                "/industries",
                "managers_only",
                "Only a manager is given industries.",
            );
        }
        let mut custom = row.custom;
        match &patch.permissions {
            Patch::Keep => {}
            Patch::Clear => custom = CustomPermissions::default(),
            Patch::Set(changes) => {
                custom = CustomPermissions {
                    add: permissions(fields, "/permissions/add", &changes.add),
                    remove: permissions(fields, "/permissions/remove", &changes.remove),
                }
            }
        }
        let mut status = row.status;
        patch.status.put(fields, "/status", &mut status, |text| {
            match (text.as_str(), row.status) {
                ("active", UserStatus::Active | UserStatus::Inactive) => Ok(UserStatus::Active),
                ("inactive", UserStatus::Active | UserStatus::Inactive) => Ok(UserStatus::Inactive),
                ("invited", UserStatus::Invited) => Ok(UserStatus::Invited),
                (_, UserStatus::Invited) => Err((
                    "invited",
                    "They have not accepted the invitation yet. You can withdraw it.",
                )),
                _ => Err(("not_allowed", "Choose active or inactive.")),
            }
        });
        Some(Wanted {
            personal,
            role,
            preset,
            industries: given,
            custom,
            status,
        })
    }
}

/// Refuses to change somebody into, or out of, what the one who asks may not do themselves.
fn guard(principal: &Principal, row: &UserRow, gets: PermissionSet) -> Result<(), Problem> {
    let beyond = |set: PermissionSet| set.without(principal.permissions);
    let missing: Vec<Permission> = beyond(gets.union(row.permissions())).iter().collect();
    if missing.is_empty() {
        return Ok(());
    }
    Err(Problem::lacks(&missing)
        .detail("You cannot change what somebody may do beyond what you may do yourself."))
}

fn runs_it(row: &UserRow) -> bool {
    row.status == UserStatus::Active && row.role == Role::ClientAdmin
}

/// Sees to it that somebody stays who runs the business: another administrator, who is one still when this goes through.
async fn keep_an_admin(
    tenant: &TenantStore,
    tx: &mut Tx,
    leaving: &UserRow,
) -> Result<(), Problem> {
    let team = tenant.team(MOST_MEMBERS).await.map_err(store_problem)?;
    let other = team
        .iter()
        .find(|row| row.id != leaving.id && runs_it(row))
        .ok_or_else(|| Problem::new(Kind::LastAdministrator))?;
    let still = Condition::VersionIs(Entity::version(other));
    tx.check("other_administrator", other.key(), still);
    Ok(())
}

/// Names of what differs.
fn changed(row: &UserRow, before: &PersonalDetails, wanted: &Wanted) -> Vec<&'static str> {
    [
        ("full_name", before.full_name != wanted.personal.full_name),
        ("job_title", before.job_title != wanted.personal.job_title),
        ("role", row.role != wanted.role),
        ("preset", row.preset != wanted.preset),
        ("industries", row.industries != wanted.industries),
        ("permissions", row.custom != wanted.custom),
        ("status", row.status != wanted.status),
    ]
    .into_iter()
    .filter(|(_, differs)| *differs)
    .map(|(name, _)| name)
    .collect()
}

/// Changes a member of the team. Somebody who becomes inactive is signed out everywhere. One's own role and status stay, and
/// so does the last administrator.
#[utoipa::path(patch, path = "/api/team/{user_id}", tag = "identity", request_body = MemberPatch,
    params(("user_id" = Uuid, Path), ("If-Match" = Option<String>, Header, description = "The version being changed")),
    responses((status = 200, body = Member), (status = 409, description = "The last administrator"), (status = 412, description = "The member was changed meanwhile")))]
pub(crate) async fn edit(
    State(app): State<App>,
    principal: Principal,
    request: RequestId,
    Path(id): Path<UserId>,
    condition: IfMatch,
    Json(patch): Json<MemberPatch>,
) -> Result<(ETag, Json<Member>), Problem> {
    let tenant = app.tenant_of(&principal).await?;
    for _ in 0..TRIES {
        let mut row = member(&tenant, id).await?;
        condition.check(&ETag::version(row.edits))?;
        let before = tenant.open_personal(&row).map_err(store_problem)?;
        let wanted = Applying {
            patch: &patch,
            row: &row,
            personal: before.clone(),
        }
        .validated()?;
        let names = changed(&row, &before, &wanted);
        if names.is_empty() {
            let tag = ETag::version(row.edits);
            return Ok((tag, Json(Member::one(&app, &tenant, row).await?)));
        }
        let own = ["role", "preset", "industries", "permissions", "status"];
        if id == principal.user_id && names.iter().any(|name| own.contains(name)) {
            return Err(Problem::new(Kind::Forbidden).detail(
                "Your own role, permissions and status are for another administrator to change.",
            ));
        }
        guard(
            &principal,
            &row,
            effective(wanted.role, wanted.preset, wanted.custom),
        )?;
        let mut tx = Tx::new();
        let was = runs_it(&row);
        let entry = serde_json::json!({
            "before": { "role": row.role, "preset": row.preset, "permissions": row.custom, "status": row.status },
            "after": { "role": wanted.role, "preset": wanted.preset, "permissions": wanted.custom, "status": wanted.status },
        });
        let may = |row: &UserRow| {
            (
                row.role,
                row.preset,
                row.custom,
                row.status,
                row.industries.clone(),
            )
        };
        let could = may(&row);
        (row.role, row.preset, row.custom) = (wanted.role, wanted.preset, wanted.custom);
        (row.industries, row.status) = (wanted.industries, wanted.status);
        // Another name takes nobody's session away.
        if may(&row) != could {
            row.permission_version += 1;
        }
        if was && !runs_it(&row) {
            keep_an_admin(&tenant, &mut tx, &row).await?;
        }
        tenant
            .set_personal(&mut row, &wanted.personal)
            .map_err(store_problem)?;
        tenant.save_user(&mut tx, &mut row).map_err(store_problem)?;
        let actor = actor(&principal, request);
        let entry = Entry::new("user.changed", "user", id.uuid())
            .version(row.edits)
            .fields(names)
            .details(entry);
        tenant.log(&mut tx, &actor, entry).map_err(store_problem)?;
        match app.store.commit(tx).await {
            Ok(()) => {}
            Err(error) if error.is_lost() => continue,
            Err(error) => return Err(store_problem(error)),
        }
        if row.status != UserStatus::Active {
            let nobody = SignInId::new(Uuid::nil());
            sessions::end_all_but(&app, &tenant, id, nobody, &actor).await?;
        }
        app.authenticator.forget_user(id);
        let tag = ETag::version(row.edits);
        return Ok((tag, Json(Member::one(&app, &tenant, row).await?)));
    }
    Err(Problem::new(Kind::Conflict))
}

async fn member(tenant: &TenantStore, id: UserId) -> Result<UserRow, Problem> {
    tenant
        .user(id)
        .await
        .map_err(store_problem)?
        .ok_or_else(Problem::not_found)
}

/// Takes a member out of the team for good, or withdraws an invitation. Their address is free again; what they did stays
/// in the audit trail.
#[utoipa::path(delete, path = "/api/team/{user_id}", tag = "identity", params(("user_id" = Uuid, Path)), responses(
    (status = 204, description = "Gone"), (status = 409, description = "The last administrator")))]
pub(crate) async fn remove(
    State(app): State<App>,
    principal: Principal,
    request: RequestId,
    Path(id): Path<UserId>,
) -> Result<StatusCode, Problem> {
    let tenant = app.tenant_of(&principal).await?;
    if id == principal.user_id {
        return Err(Problem::new(Kind::Forbidden)
            .detail("Your own account is for another administrator to take away."));
    }
    let actor = actor(&principal, request);
    for _ in 0..TRIES {
        let mut row = member(&tenant, id).await?;
        guard(&principal, &row, PermissionSet::EMPTY)?;
        let mut tx = Tx::new();
        if runs_it(&row) {
            keep_an_admin(&tenant, &mut tx, &row).await?;
        }
        let action = match row.status {
            UserStatus::Invited => "user.invitation_withdrawn",
            _ => "user.deleted",
        };
        let entry = Entry::new(action, "user", id.uuid()).version(row.edits + 1);
        tenant.stage_invitation_over(&mut tx, &mut row);
        let keys = app.platform_keys().await.map_err(store_problem)?;
        tenant
            .delete_user(&mut tx, keys, &row)
            .map_err(store_problem)?;
        tenant.log(&mut tx, &actor, entry).map_err(store_problem)?;
        match app.store.commit(tx).await {
            Ok(()) => {}
            Err(StoreError::Lost { .. }) => continue,
            Err(error) => return Err(store_problem(error)),
        }
        let nobody = SignInId::new(Uuid::nil());
        sessions::end_all_but(&app, &tenant, id, nobody, &actor).await?;
        app.authenticator.forget_user(id);
        return Ok(StatusCode::NO_CONTENT);
    }
    Err(Problem::new(Kind::Conflict))
}

/// Sends a member a link to a new password. Their present one works until they use it.
#[utoipa::path(post, path = "/api/team/{user_id}/reset-password", tag = "identity", params(("user_id" = Uuid, Path)), responses(
    (status = 202, description = "The letter is on its way"),
    (status = 409, description = "The member is not active")))]
pub(crate) async fn reset_password(
    State(app): State<App>,
    principal: Principal,
    request: RequestId,
    Path(id): Path<UserId>,
) -> Result<StatusCode, Problem> {
    let tenant = app.tenant_of(&principal).await?;
    let row = member(&tenant, id).await?;
    guard(&principal, &row, PermissionSet::EMPTY)?;
    match row.status {
        UserStatus::Active => {}
        UserStatus::Inactive => {
            return Err(
                Problem::new(Kind::Conflict).detail("They are inactive. Let them in first.")
            );
        }
        UserStatus::Invited => {
            return Err(Problem::new(Kind::Conflict)
                .detail("They have no password yet. Send the invitation again instead."));
        }
    }
    reset::send_link(&app, &tenant, &row, &actor(&principal, request)).await?;
    Ok(StatusCode::ACCEPTED)
}
