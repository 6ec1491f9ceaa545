//! One's own account (S3 section 2).

use axum::extract::State;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;
use vio_domain::permission::{PermissionSet, Preset, Role};
use vio_domain::phone::{self, Country};
use vio_domain::text::{PersonName, ShortText};
use vio_http::{
    ETag, FieldProblem, Fields, IfMatch, Json, Kind, Principal, Problem, RequestId, Validate,
};
use vio_runtime::App;
use vio_runtime::web::{actor, store_problem};
use vio_store::TenantStore;
use vio_store::log::Entry;
use vio_store::tx::Tx;
use vio_store::users::{IdleHours, PersonalDetails, UserRow};

use vio_http::Patch;

use crate::own::own;

/// Races lost before giving up.
const TRIES: usize = 4;

/// One's own account.
#[derive(Serialize, ToSchema)]
pub(crate) struct ProfileView {
    id: Uuid,
    tenant_id: Uuid,
    #[schema(example = "Ada Example")]
    full_name: String,
    /// What one signs in with.
    #[schema(example = "ada@riverside.example")]
    email_address: String,
    #[schema(example = "Practice Manager")]
    job_title: Option<String>,
    #[schema(example = "+442079460123")]
    phone_number: Option<String>,
    #[schema(value_type = String, example = "client_admin")]
    role: Role,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, example = "receptionist")]
    preset: Option<Preset>,
    /// All that one may do, by S3's names.
    #[schema(value_type = Vec<String>)]
    permissions: PermissionSet,
    /// Hours without a request after which a session ends: 2, 4, 8, 12 or 24.
    #[schema(example = 8)]
    session_timeout: u8,
}

impl ProfileView {
    fn of(tenant: &TenantStore, row: &UserRow) -> Result<Self, Problem> {
        let personal = tenant.open_personal(row).map_err(store_problem)?;
        Ok(Self {
            id: row.id.uuid(),
            tenant_id: tenant.id.uuid(),
            full_name: personal.full_name.as_str().to_owned(),
            email_address: personal.email.as_str().to_owned(),
            job_title: personal.job_title.map(ShortText::into_string),
            phone_number: personal.phone.map(|phone| phone.as_str().to_owned()),
            role: row.role,
            preset: row.preset_in_force(),
            permissions: row.permissions(),
            session_timeout: row.idle.hours(),
        })
    }
}

/// One's own account.
#[utoipa::path(get, path = "/api/users/profile", tag = "profile",
    responses((status = 200, body = ProfileView, headers(("ETag" = String, description = "Version of the account")))))]
pub(crate) async fn show(
    State(app): State<App>,
    principal: Principal,
) -> Result<(ETag, Json<ProfileView>), Problem> {
    let tenant = app.tenant_of(&principal).await?;
    let row = own(&tenant, &principal).await?;
    let view = ProfileView::of(&tenant, &row)?;
    Ok((ETag::version(row.edits), Json(view)))
}

/// What to change; a field left out stays, null empties one that may be empty.
#[derive(Deserialize, ToSchema)]
pub(crate) struct ProfilePatch {
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    full_name: Patch<String>,
    /// Not changed here: a new address is confirmed by e-mail first.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    email_address: Patch<String>,
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    job_title: Patch<String>,
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    phone_number: Patch<String>,
    #[serde(default)]
    #[schema(value_type = Option<u8>, example = 12)]
    session_timeout: Patch<u8>,
}

/// An account with a request being applied to it.
struct Applying<'a> {
    patch: &'a ProfilePatch,
    personal: PersonalDetails,
    idle: IdleHours,
    country: Country,
}

impl Validate for Applying<'_> {
    type Domain = (PersonalDetails, IdleHours);

    fn validate(mut self, fields: &mut Fields) -> Option<Self::Domain> {
        let (patch, personal) = (self.patch, &mut self.personal);
        patch
            .full_name
            .put(fields, "/full_name", &mut personal.full_name, |t| {
                PersonName::parse(t)
            });
        if patch.email_address.is_given() {
            fields.note(
                "/email_address",
                "needs_confirmation",
                "A new address has to be confirmed by e-mail, which is not available yet.",
            );
        }
        patch
            .job_title
            .put_optional(fields, "/job_title", &mut personal.job_title, |t| {
                ShortText::parse(t)
            });
        let country = self.country;
        patch
            .phone_number
            .put_optional(fields, "/phone_number", &mut personal.phone, |t| {
                phone::parse(t, country)
                    .map(|phone| phone.e164)
                    .map_err(|error| FieldProblem::new("", error.code(), error.to_string()))
            });
        patch
            .session_timeout
            .put(fields, "/session_timeout", &mut self.idle, |hours| {
                IdleHours::try_from(*hours)
            });
        Some((self.personal, self.idle))
    }
}

/// Names of the fields that differ.
fn changed(
    before: &PersonalDetails,
    after: &PersonalDetails,
    idle: (IdleHours, IdleHours),
) -> Vec<&'static str> {
    [
        ("full_name", before.full_name != after.full_name),
        ("job_title", before.job_title != after.job_title),
        ("phone_number", before.phone != after.phone),
        ("session_timeout", idle.0 != idle.1),
    ]
    .into_iter()
    .filter(|(_, differs)| *differs)
    .map(|(name, _)| name)
    .collect()
}

/// Changes one's own account.
#[utoipa::path(patch, path = "/api/users/profile", tag = "profile", request_body = ProfilePatch,
    params(("If-Match" = Option<String>, Header, description = "The version being changed")),
    responses((status = 200, body = ProfileView), (status = 412, description = "The account was changed meanwhile")))]
pub(crate) async fn edit(
    State(app): State<App>,
    principal: Principal,
    request: RequestId,
    condition: IfMatch,
    Json(patch): Json<ProfilePatch>,
) -> Result<(ETag, Json<ProfileView>), Problem> {
    let (tenant, settings) = app.tenant_with_settings(&principal).await?;
    for _ in 0..TRIES {
        let mut row = own(&tenant, &principal).await?;
        condition.check(&ETag::version(row.edits))?;
        let before = tenant.open_personal(&row).map_err(store_problem)?;
        let (after, idle) = Applying {
            patch: &patch,
            personal: before.clone(),
            idle: row.idle,
            country: settings.settings.business.country,
        }
        .validated()?;
        let names = changed(&before, &after, (row.idle, idle));
        if names.is_empty() {
            let view = ProfileView::of(&tenant, &row)?;
            return Ok((ETag::version(row.edits), Json(view)));
        }
        row.idle = idle;
        tenant
            .set_personal(&mut row, &after)
            .map_err(store_problem)?;
        let mut tx = Tx::new();
        tenant.save_user(&mut tx, &mut row).map_err(store_problem)?;
        let entry = Entry::new("user.profile_changed", "user", row.id.uuid())
            .version(row.edits)
            .fields(names)
            .details(serde_json::json!({ "before": before, "after": after }));
        let actor = actor(&principal, request);
        tenant.log(&mut tx, &actor, entry).map_err(store_problem)?;
        match app.store.commit(tx).await {
            Ok(()) => {
                app.authenticator.forget_user(row.id);
                let view = ProfileView::of(&tenant, &row)?;
                return Ok((ETag::version(row.edits), Json(view)));
            }
            Err(error) if error.is_lost() => {}
            Err(error) => return Err(store_problem(error)),
        }
    }
    Err(Problem::new(Kind::Conflict))
}
