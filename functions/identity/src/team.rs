//! The team: who works for the business, and adding somebody (S3 section 5).

use std::collections::BTreeSet;

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use chrono::{DateTime, Utc};
use http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;
use vio_domain::forms::FormRegistry;
use vio_domain::ids::UserId;
use vio_domain::permission::{
    CustomPermissions, Permission, PermissionSet, Preset, Role, effective,
};
use vio_domain::text::{Email, PersonName, ShortText};
use vio_http::idempotency::once;
use vio_http::{FieldProblem, Fields, Idempotent, Json, Principal, Problem, RequestId, Validate};
use vio_runtime::App;
use vio_runtime::web::{actor, store_problem};
use vio_store::log::Entry;
use vio_store::tx::Tx;
use vio_store::users::{NewUser, PersonalDetails, UserRow, UserStatus};
use vio_store::{StoreError, TenantStore};

use crate::password;
use crate::sign_up::taken;
use crate::view::Password;

/// Members of one team that are listed.
const MOST_MEMBERS: usize = 1_000;
/// Industries one manager can be given.
const MOST_INDUSTRIES: usize = 20;

/// One member of the team.
#[derive(Serialize, ToSchema)]
pub(crate) struct Member {
    id: Uuid,
    #[schema(example = "Grace Example")]
    full_name: String,
    #[schema(example = "grace@riverside.example")]
    email: String,
    #[schema(value_type = String, example = "client_user")]
    role: Role,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, example = "receptionist")]
    preset: Option<Preset>,
    /// A manager's industries.
    industries: BTreeSet<String>,
    /// All that the member may do.
    #[schema(value_type = Vec<String>)]
    permissions: PermissionSet,
    #[schema(example = "Receptionist")]
    job_title: Option<String>,
    /// `active` or `inactive`.
    #[schema(value_type = String, example = "active")]
    status: UserStatus,
    last_login: Option<DateTime<Utc>>,
    created_at: DateTime<Utc>,
    /// In the list: why no e-mails are sent to the address for now, `bounced` (they come back) or `complained`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, example = "bounced")]
    email_stopped: Option<&'static str>,
}

impl Member {
    fn of(tenant: &TenantStore, row: UserRow) -> Result<Self, Problem> {
        let personal = tenant.open_personal(&row).map_err(store_problem)?;
        Ok(Self {
            id: row.id.uuid(),
            full_name: personal.full_name.as_str().to_owned(),
            email: personal.email.as_str().to_owned(),
            role: row.role,
            preset: row.preset_in_force(),
            permissions: row.permissions(),
            job_title: personal.job_title.map(ShortText::into_string),
            status: row.status,
            last_login: row.last_sign_in,
            created_at: row.created_at,
            industries: row.industries,
            email_stopped: None,
        })
    }
}

/// How many there are (S3 `current_team_size`).
#[derive(Serialize, ToSchema)]
pub(crate) struct TeamSize {
    active: usize,
    admins: usize,
    staff: usize,
    inactive: usize,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct Team {
    members: Vec<Member>,
    size: TeamSize,
}

/// The team, in order of joining.
#[utoipa::path(get, path = "/api/team", tag = "identity", responses((status = 200, body = Team)))]
pub(crate) async fn list(
    State(app): State<App>,
    principal: Principal,
) -> Result<Json<Team>, Problem> {
    let tenant = app.tenant_of(&principal).await?;
    let rows = tenant.team(MOST_MEMBERS).await.map_err(store_problem)?;
    let count = |test: &dyn Fn(&UserRow) -> bool| rows.iter().filter(|row| test(row)).count();
    let active = |row: &UserRow| row.status == UserStatus::Active;
    let size = TeamSize {
        active: count(&active),
        admins: count(&|row| active(row) && row.role == Role::ClientAdmin),
        staff: count(&|row| active(row) && row.role == Role::ClientUser),
        inactive: count(&|row| !active(row)),
    };
    let mut members = rows
        .into_iter()
        .map(|row| Member::of(&tenant, row))
        .collect::<Result<Vec<_>, _>>()?;
    let emails: Vec<Email> = members
        .iter()
        .filter_map(|member| Email::parse(&member.email).ok())
        .collect();
    let stops = tenant.mail_stops(&emails).await.map_err(store_problem)?;
    for member in &mut members {
        let known = emails.iter().zip(&stops);
        let mut own = known.filter(|(email, _)| email.as_str() == member.email);
        member.email_stopped = own.find_map(|(_, stop)| stop.map(|stop| stop.as_str()));
    }
    Ok(Json(Team { members, size }))
}

#[derive(Deserialize, ToSchema)]
pub(crate) struct NewMember {
    #[schema(example = "Grace Example")]
    full_name: Option<String>,
    /// Unique on the platform: it is what people sign in with.
    #[schema(example = "grace@riverside.example")]
    email: Option<String>,
    /// `client_admin` or `client_user`.
    #[schema(example = "client_user")]
    role: Option<String>,
    /// `receptionist` (when left out), `basic_staff`, `manager` or `read_only`.
    #[serde(default)]
    #[schema(example = "receptionist")]
    preset: Option<String>,
    /// The industries that a manager is given.
    #[serde(default)]
    #[schema(example = json!([]))]
    industries: Option<Vec<String>>,
    /// What is given beyond the role, or taken from it.
    #[serde(default)]
    permissions: Option<Changes>,
    #[serde(default)]
    #[schema(example = "Receptionist")]
    job_title: Option<String>,
    /// The first password; the member is active at once.
    password: Option<Password>,
}

/// S3's permission names.
#[derive(Default, Deserialize, ToSchema)]
pub(crate) struct Changes {
    #[serde(default)]
    #[schema(example = json!(["export_contacts"]))]
    add: Vec<String>,
    #[serde(default)]
    #[schema(example = json!([]))]
    remove: Vec<String>,
}

pub(crate) struct Joining {
    personal: PersonalDetails,
    role: Role,
    preset: Option<Preset>,
    industries: BTreeSet<String>,
    custom: CustomPermissions,
    password: secrecy::SecretString,
}

fn permissions(fields: &mut Fields, pointer: &str, names: Vec<String>) -> PermissionSet {
    let mut set = PermissionSet::EMPTY;
    for (index, name) in names.iter().enumerate() {
        match name.parse::<Permission>() {
            Ok(permission) => set.insert(permission),
            Err(_) => fields.note(
                &format!("{pointer}/{index}"),
                "unknown_permission",
                "There is no such permission.",
            ),
        }
    }
    set
}

fn industries(fields: &mut Fields, names: Vec<String>) -> BTreeSet<String> {
    let known = FormRegistry::embedded().ok();
    if names.len() > MOST_INDUSTRIES {
        fields.note("/industries", "too_many", "At most 20 industries.");
        return BTreeSet::new();
    }
    for (index, name) in names.iter().enumerate() {
        if known.as_ref().is_none_or(|forms| forms.get(name).is_none()) {
            fields.note(
                &format!("/industries/{index}"),
                "unknown_industry",
                "There is no form for this industry.",
            );
        }
    }
    names.into_iter().collect()
}

impl Validate for NewMember {
    type Domain = Joining;

    fn validate(self, fields: &mut Fields) -> Option<Joining> {
        let full_name = fields.require("/full_name", self.full_name, |text| {
            PersonName::parse(&text)
        });
        let email = fields.require("/email", self.email, |text| Email::parse(&text));
        let role = fields.require("/role", self.role, |text| match text.parse::<Role>() {
            Ok(role @ (Role::ClientAdmin | Role::ClientUser)) => Ok(role),
            _ => Err(("unknown_role", "Choose client_admin or client_user.")),
        });
        let preset = fields.optional("/preset", self.preset, |text| {
            text.parse::<Preset>().map_err(|_| {
                (
                    "unknown_preset",
                    "Choose receptionist, basic_staff, manager or read_only.",
                )
            })
        });
        if role == Some(Role::ClientAdmin) && matches!(preset, Some(Some(_))) {
            fields.note("/preset", "not_for_admins", "Only staff have a preset.");
        }
        let given = self.industries.unwrap_or_default();
        if !given.is_empty() && preset.flatten() != Some(Preset::Manager) {
            fields.note(
                "/industries",
                "managers_only",
                "Only a manager is given industries.",
            );
        }
        let industries = industries(fields, given);
        let changes = self.permissions.unwrap_or_default();
        let custom = CustomPermissions {
            add: permissions(fields, "/permissions/add", changes.add),
            remove: permissions(fields, "/permissions/remove", changes.remove),
        };
        let job_title =
            fields.optional("/job_title", self.job_title, |text| ShortText::parse(&text));
        let password = match self.password {
            Some(password) => {
                let words: Vec<&str> = [
                    full_name.as_ref().map(PersonName::as_str),
                    email.as_ref().map(Email::as_str),
                ]
                .into_iter()
                .flatten()
                .collect();
                fields.extend(password::faults("/password", &password.0, &words));
                Some(password.0)
            }
            None => {
                fields.note(
                    "/password",
                    "required",
                    "Give a first password: invitations by e-mail are not available yet.",
                );
                None
            }
        };
        Some(Joining {
            personal: PersonalDetails {
                full_name: full_name?,
                email: email?,
                job_title: job_title?,
                phone: None,
            },
            role: role?,
            preset: preset?,
            industries,
            custom,
            password: password?,
        })
    }
}

/// Adds a member of the team, active at once with the password given.
#[utoipa::path(post, path = "/api/team", tag = "identity", request_body = NewMember, responses(
    (status = 201, body = Member),
    (status = 409, description = "The e-mail address is in use")))]
pub(crate) async fn add(
    State(app): State<App>,
    principal: Principal,
    request: RequestId,
    new: Idempotent<NewMember>,
) -> Result<Response, Problem> {
    let tenant = app.tenant_of(&principal).await?;
    let (app, principal) = (&app, &principal);
    once(
        &app.answers,
        principal.tenant_id,
        new.keyed,
        app.store.new_id(),
        |operation| join(app, principal, request, tenant, new.body, operation),
    )
    .await
}

async fn join(
    app: &App,
    principal: &Principal,
    request: RequestId,
    tenant: TenantStore,
    body: NewMember,
    operation: Uuid,
) -> Result<Response, Problem> {
    if !app.platform.local && body.password.is_some() {
        return Err(Problem::validation(vec![FieldProblem::new(
            "/password",
            "not_allowed",
            "People choose their own password here; you cannot set one for them.",
        )]));
    }
    let joining = body.validated()?;
    // Nobody hands out what they do not have themselves.
    let gets = effective(joining.role, joining.preset, joining.custom);
    let missing: Vec<Permission> = gets.without(principal.permissions).iter().collect();
    if !missing.is_empty() {
        return Err(Problem::lacks(&missing)
            .detail("You cannot give somebody permissions that you do not have yourself."));
    }
    let user = UserId::new(operation);
    let password = password::hash(app, joining.password).await?;
    let mut tx = Tx::new();
    let row = tenant
        .create_user(
            &mut tx,
            app.platform_keys().await.map_err(store_problem)?,
            NewUser {
                id: user,
                role: joining.role,
                preset: joining.preset,
                industries: joining.industries,
                custom: joining.custom,
                personal: joining.personal,
                password,
            },
        )
        .map_err(store_problem)?;
    let entry = Entry::new("user.added", "user", user.uuid())
        .version(1)
        .details(serde_json::json!({
            "role": row.role, "preset": row.preset_in_force(),
            "permissions": { "add": row.custom.add, "remove": row.custom.remove },
        }));
    let actor = actor(principal, request);
    tenant.log(&mut tx, &actor, entry).map_err(store_problem)?;
    let row = match app.store.commit(tx).await {
        Ok(()) => row,
        // The same keyed request came this far before.
        Err(StoreError::Lost { lost }) if lost.contains(&"user") => tenant
            .user(user)
            .await
            .map_err(store_problem)?
            .ok_or_else(|| Problem::internal_because("a user vanished"))?,
        Err(error) => return Err(taken(error)),
    };
    let member = Member::of(&tenant, row)?;
    Ok((StatusCode::CREATED, Json(member)).into_response())
}
