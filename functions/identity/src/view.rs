//! What answers show of a session and its user, and the password as it comes in.

use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Deserializer, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;
use vio_domain::permission::{PermissionSet, Preset, Role};
use vio_http::Problem;
use vio_runtime::sessions::Session;
use vio_runtime::web::store_problem;
use vio_store::TenantStore;
use vio_store::users::UserRow;

/// A password as sent: wiped when dropped, shown nowhere.
#[derive(ToSchema)]
#[schema(value_type = String, format = Password, example = "vast-Umbrella-71-quietly")]
pub(crate) struct Password(pub(crate) SecretString);

impl<'de> Deserialize<'de> for Password {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(|text| Self(SecretString::from(text)))
    }
}

/// Who signed in.
#[derive(Serialize, ToSchema)]
pub(crate) struct SignedInUser {
    pub(crate) id: Uuid,
    pub(crate) tenant_id: Uuid,
    #[schema(value_type = String, example = "client_admin")]
    pub(crate) role: Role,
    /// What a `client_user` starts from.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, example = "receptionist")]
    pub(crate) preset: Option<Preset>,
    #[schema(example = "Ada Example")]
    pub(crate) full_name: String,
    /// All that the user may do, by S3's names.
    #[schema(value_type = Vec<String>, example = json!(["view_contacts", "create_contacts"]))]
    pub(crate) permissions: PermissionSet,
}

impl SignedInUser {
    pub(crate) fn of(tenant: &TenantStore, row: &UserRow) -> Result<Self, Problem> {
        let personal = tenant.open_personal(row).map_err(store_problem)?;
        Ok(Self {
            id: row.id.uuid(),
            tenant_id: tenant.id.uuid(),
            role: row.role,
            preset: row.preset_in_force(),
            full_name: personal.full_name.as_str().to_owned(),
            permissions: row.permissions(),
        })
    }
}

/// A session to work with.
#[derive(Serialize, ToSchema)]
pub(crate) struct SignedIn {
    /// A JWT for the `Authorization: Bearer` header.
    #[schema(example = "eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiIwMTkyZjBjMSJ9.c2lnbmF0dXJl")]
    access_token: String,
    #[schema(example = "Bearer")]
    token_type: &'static str,
    /// Seconds until the access token expires.
    #[schema(example = 600)]
    expires_in: u64,
    /// Good once; absent where it came as a cookie.
    #[serde(skip_serializing_if = "Option::is_none")]
    refresh_token: Option<String>,
    user: SignedInUser,
}

impl SignedIn {
    /// `in_body` is false where the refresh token goes as a cookie.
    pub(crate) fn new(session: &Session, user: SignedInUser, in_body: bool) -> Self {
        Self {
            access_token: session.access_token.expose_secret().to_owned(),
            token_type: "Bearer",
            expires_in: session.expires_in,
            refresh_token: in_body.then(|| session.refresh_token.expose().to_string()),
            user,
        }
    }
}
