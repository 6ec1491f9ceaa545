//! The team: who works for the business, and asking somebody to join (S3 section 5).

use std::collections::BTreeSet;

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use chrono::{DateTime, TimeDelta, Utc};
use http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;
use vio_domain::calling::day::day_start;
use vio_domain::forms::FormRegistry;
use vio_domain::ids::UserId;
use vio_domain::permission::{
    CustomPermissions, Permission, PermissionSet, Preset, Role, effective,
};
use vio_domain::text::{Email, PersonName, ShortText};
use vio_http::{FieldProblem, Fields, Idempotent, Json, Principal, Problem, RequestId, Validate};
use vio_runtime::App;
use vio_runtime::letters::hand_on;
use vio_runtime::web::{actor, store_problem};
use vio_store::log::Entry;
use vio_store::mail_stops::MailStop;
use vio_store::tx::Tx;
use vio_store::users::{NewUser, PersonalDetails, UserRow, UserStatus};
use vio_store::{StoreError, TenantStore};

use crate::invite::write_invitation;
use crate::password;
use crate::sign_up::taken;
use crate::view::Password;

/// Members of one team that are listed.
pub(crate) const MOST_MEMBERS: usize = 1_000;
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
    /// What of it was given beyond the role, and what was taken.
    #[schema(value_type = Changes)]
    permission_changes: CustomPermissions,
    #[schema(example = "Receptionist")]
    job_title: Option<String>,
    /// `active`, `inactive` or `invited`.
    #[schema(value_type = String, example = "active")]
    status: UserStatus,
    /// Of somebody invited: until when the link that they were sent last is good. It may be over.
    #[serde(skip_serializing_if = "Option::is_none")]
    invited_until: Option<DateTime<Utc>>,
    /// Why e-mail does not reach them: `bounced`, or `complained` where they did not want it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = json!(null))]
    mail_stopped: Option<&'static str>,
    last_login: Option<DateTime<Utc>>,
    created_at: DateTime<Utc>,
}

impl Member {
    /// A member as listed, with what is known of their address.
    pub(crate) async fn one(
        app: &App,
        tenant: &TenantStore,
        row: UserRow,
    ) -> Result<Self, Problem> {
        let mut members = Self::all(app, tenant, vec![row]).await?;
        members
            .pop()
            .ok_or_else(|| Problem::internal_because("a member vanished"))
    }

    async fn all(
        app: &App,
        tenant: &TenantStore,
        rows: Vec<UserRow>,
    ) -> Result<Vec<Self>, Problem> {
        let mut opened = Vec::with_capacity(rows.len());
        for row in rows {
            let personal = tenant.open_personal(&row).map_err(store_problem)?;
            opened.push((row, personal));
        }
        let addresses: Vec<Email> = opened
            .iter()
            .map(|(_, personal)| personal.email.clone())
            .collect();
        let stops = tenant.mail_stops(&addresses).await.map_err(store_problem)?;
        // Invitations run on real time; people are shown theirs on the domain's, which only differs where a test moved it.
        let ahead = app.clock.now() - app.real_clock.now();
        let shown = |at: DateTime<Utc>| {
            if ahead.num_seconds().abs() < 5 {
                at
            } else {
                at + ahead
            }
        };
        Ok(opened
            .into_iter()
            .zip(stops)
            .map(|((row, personal), stop)| {
                let mut member = Self::of(row, personal);
                member.invited_until = member.invited_until.map(shown);
                member.mail_stopped = stop.map(MailStop::as_str);
                member
            })
            .collect())
    }

    fn of(row: UserRow, personal: PersonalDetails) -> Self {
        Self {
            id: row.id.uuid(),
            full_name: personal.full_name.as_str().to_owned(),
            email: personal.email.as_str().to_owned(),
            role: row.role,
            preset: row.preset_in_force(),
            permissions: row.permissions(),
            permission_changes: row.custom,
            job_title: personal.job_title.map(ShortText::into_string),
            status: row.status,
            invited_until: row.invitation.map(|open| open.until),
            mail_stopped: None,
            last_login: row.last_sign_in,
            created_at: row.created_at,
            industries: row.industries,
        }
    }
}

/// How many there are (S3 `current_team_size`).
#[derive(Serialize, ToSchema)]
pub(crate) struct TeamSize {
    active: usize,
    admins: usize,
    staff: usize,
    inactive: usize,
    /// Asked to join, and not here yet.
    invited: usize,
}

/// When they were here last (S3 `user_activity`).
#[derive(Serialize, ToSchema)]
pub(crate) struct TeamActivity {
    /// Signed in today, where the business is.
    active_today: usize,
    /// Signed in within the last seven days.
    active_this_week: usize,
    never_logged_in: usize,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct Team {
    members: Vec<Member>,
    size: TeamSize,
    activity: TeamActivity,
}

/// The team, in order of joining.
#[utoipa::path(get, path = "/api/team", tag = "identity", responses((status = 200, body = Team)))]
pub(crate) async fn list(
    State(app): State<App>,
    principal: Principal,
) -> Result<Json<Team>, Problem> {
    let (tenant, settings) = app.tenant_with_settings(&principal).await?;
    let rows = tenant.team(MOST_MEMBERS).await.map_err(store_problem)?;
    let count = |test: &dyn Fn(&UserRow) -> bool| rows.iter().filter(|row| test(row)).count();
    let active = |row: &UserRow| row.status == UserStatus::Active;
    let size = TeamSize {
        active: count(&active),
        admins: count(&|row| active(row) && row.role == Role::ClientAdmin),
        staff: count(&|row| active(row) && row.role == Role::ClientUser),
        inactive: count(&|row| row.status == UserStatus::Inactive),
        invited: count(&|row| row.status == UserStatus::Invited),
    };
    let now = app.clock.now();
    let today = day_start(settings.settings.business.timezone, now);
    let since =
        |at: DateTime<Utc>| move |row: &UserRow| row.last_sign_in.is_some_and(|last| last >= at);
    let activity = TeamActivity {
        active_today: count(&since(today)),
        active_this_week: count(&since(now - TimeDelta::days(7))),
        never_logged_in: count(&|row| row.last_sign_in.is_none()),
    };
    let members = Member::all(&app, &tenant, rows).await?;
    Ok(Json(Team {
        members,
        size,
        activity,
    }))
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
    /// The first password; the member is active at once. Only where the platform allows it: people choose their own.
    password: Option<Password>,
    /// Without a password: whether the letter with the invitation goes out now (S3 `send_welcome_email`); `true` when left
    /// out. It can be sent later.
    #[serde(default)]
    #[schema(example = true)]
    send_welcome_email: Option<bool>,
}

/// S3's permission names.
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
pub(crate) struct Changes {
    #[serde(default)]
    #[schema(example = json!(["export_contacts"]))]
    pub(crate) add: Vec<String>,
    #[serde(default)]
    #[schema(example = json!([]))]
    pub(crate) remove: Vec<String>,
}

pub(crate) struct Joining {
    personal: PersonalDetails,
    role: Role,
    preset: Option<Preset>,
    industries: BTreeSet<String>,
    custom: CustomPermissions,
    password: Option<secrecy::SecretString>,
    send_welcome_email: bool,
}

/// The role of a member, by its name.
pub(crate) fn staff_role(text: &str) -> Result<Role, (&'static str, &'static str)> {
    match text.parse::<Role>() {
        Ok(role @ (Role::ClientAdmin | Role::ClientUser)) => Ok(role),
        _ => Err(("unknown_role", "Choose client_admin or client_user.")),
    }
}

/// A set of permissions by their names.
pub(crate) fn permissions(fields: &mut Fields, pointer: &str, names: &[String]) -> PermissionSet {
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

/// The industries of a manager, by the names of their forms.
pub(crate) fn industries(fields: &mut Fields, names: Vec<String>) -> BTreeSet<String> {
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
        let role = fields.require("/role", self.role, |text| staff_role(&text));
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
            add: permissions(fields, "/permissions/add", &changes.add),
            remove: permissions(fields, "/permissions/remove", &changes.remove),
        };
        let job_title =
            fields.optional("/job_title", self.job_title, |text| ShortText::parse(&text));
        let password = self.password.map(|password| {
            let words: Vec<&str> = [
                full_name.as_ref().map(PersonName::as_str),
                email.as_ref().map(Email::as_str),
            ]
            .into_iter()
            .flatten()
            .collect();
            fields.extend(password::faults("/password", &password.0, &words));
            password.0
        });
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
            password,
            send_welcome_email: self.send_welcome_email.unwrap_or(true),
        })
    }
}

/// Asks somebody to join the team: they get a letter with a link over which they choose a password. With a password they
/// are active at once, where the platform allows that.
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
    app.once(principal.tenant_id, new.keyed, |operation| {
        join(app, principal, request, tenant, new.body, operation)
    })
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
    let password = match joining.password {
        Some(password) => Some(password::hash(app, password).await?),
        None => None,
    };
    let mut tx = Tx::new();
    let mut row = tenant
        .new_user(
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
    let mut letter = None;
    if row.status == UserStatus::Invited && joining.send_welcome_email {
        letter = Some(write_invitation(app, &tenant, &mut tx, &mut row, principal).await?);
    }
    tx.create(&mut row).map_err(store_problem)?;
    let action = match row.status {
        UserStatus::Invited => "user.invited",
        _ => "user.added",
    };
    let entry = Entry::new(action, "user", user.uuid())
        .version(1)
        .details(serde_json::json!({
            "role": row.role, "preset": row.preset_in_force(),
            "permissions": { "add": row.custom.add, "remove": row.custom.remove },
        }));
    let actor = actor(principal, request);
    tenant.log(&mut tx, &actor, entry).map_err(store_problem)?;
    let row = match app.store.commit(tx).await {
        Ok(()) => {
            if let Some(letter) = letter {
                hand_on(app, tenant.id, letter).await;
            }
            row
        }
        // The same keyed request came this far before.
        Err(StoreError::Lost { lost }) if lost.contains(&"user") => tenant
            .user(user)
            .await
            .map_err(store_problem)?
            .ok_or_else(|| Problem::internal_because("a user vanished"))?,
        Err(error) => return Err(taken(error)),
    };
    let member = Member::one(app, &tenant, row).await?;
    Ok((StatusCode::CREATED, Json(member)).into_response())
}
