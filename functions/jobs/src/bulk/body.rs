//! What is asked of many contacts, parsed and judged.

use std::collections::BTreeSet;

use serde::Deserialize;
use utoipa::ToSchema;
use vio_domain::appointment::{AppointmentStatus, CallBeforeHours, ConfirmationMethod, Duration};
use vio_domain::bulk::{Edit, GroupChange, MOST_GROUPS, Operation};
use vio_domain::contact::Priority;
use vio_domain::ids::{GroupId, UserId};
use vio_domain::phi::FieldPolicy;
use vio_domain::settings::Settings;
use vio_domain::text::{Reason, ShortText, SpecialInstructions};
use vio_http::{Fields, Principal, Problem};
use vio_runtime::phi::{Screened, screen};
use vio_runtime::web::{sees_group, store_problem};
use vio_store::TenantStore;
use vio_store::groups::GroupRow;

use super::Asked;

/// How groups change; one of the three.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[schema(as = BulkGroupChanges, example = json!({"add_to_groups": ["0192f0c1-2b3c-7def-8abc-0123456789ab"]}))]
pub struct GroupChanges {
    /// At most 10 groups.
    #[schema(value_type = Option<Vec<Uuid>>)]
    add_to_groups: Option<Vec<String>>,
    #[schema(value_type = Option<Vec<Uuid>>)]
    remove_from_groups: Option<Vec<String>>,
    /// These groups and no other. Groups that you do not see stay, and so do archived ones.
    #[schema(value_type = Option<Vec<Uuid>>)]
    replace_all_groups: Option<Vec<String>>,
}

/// Fields to write; empty ones are left as they are.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[schema(as = BulkFieldUpdates, example = json!({"appointment_duration": 45, "owner_name": "Jo Lee"}))]
pub struct FieldUpdates {
    appointment_type: Option<String>,
    /// 15, 30, 45, 60, 90 or 120 minutes.
    appointment_duration: Option<u16>,
    owner_name: Option<String>,
    /// Spoken; at most 300 characters.
    special_instructions: Option<String>,
    /// 1 to 168.
    call_before_hours: Option<u16>,
    /// normal, high or urgent.
    #[schema(value_type = Option<String>, example = "high")]
    priority: Option<Priority>,
    /// Somebody of the team.
    #[schema(value_type = Option<Uuid>)]
    assigned_to: Option<String>,
}

/// What is to be done.
#[derive(Debug, Default)]
pub struct Wanted {
    pub new_status: Option<AppointmentStatus>,
    pub confirmation_method: Option<ConfirmationMethod>,
    pub reason: Option<String>,
    pub group_changes: Option<GroupChanges>,
    pub field_updates: Option<FieldUpdates>,
    pub confirm: Option<String>,
    /// Whether only to say what would happen.
    pub dry_run: bool,
}

/// The kinds of operations, by both of their names (S0, S2).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KindOf {
    Status,
    Groups,
    Edit,
    Delete,
}

impl KindOf {
    /// Reads the name; what is done elsewhere is said to be.
    pub fn parse(fields: &mut Fields, pointer: &str, name: &str) -> Option<Self> {
        let elsewhere = match name.trim_start_matches("bulk_") {
            "status" | "status_update" => return Some(Self::Status),
            "groups" | "group_assignment" => return Some(Self::Groups),
            "edit" | "assign" => return Some(Self::Edit),
            "delete" => return Some(Self::Delete),
            "call" => {
                "Calls to many are a campaign: POST /api/campaigns or POST /api/groups/{group_id}/call-all."
            }
            _ => "One of status, groups, edit, delete.",
        };
        let code = match name.trim_start_matches("bulk_") {
            "call" => "use_campaigns",
            _ => "not_offered",
        };
        fields.note(pointer, code, elsewhere);
        None
    }
}

impl Wanted {
    /// The operation, with every wrong field noted.
    pub async fn operation(
        self,
        kind: KindOf,
        asked: Asked<'_>,
        fields: &mut Fields,
    ) -> Result<Option<Operation>, Problem> {
        let Asked {
            ts, who, settings, ..
        } = asked;
        let stray = [
            ("/new_status", self.new_status.is_some(), KindOf::Status),
            (
                "/confirmation_method",
                self.confirmation_method.is_some(),
                KindOf::Status,
            ),
            (
                "/group_changes",
                self.group_changes.is_some(),
                KindOf::Groups,
            ),
            ("/field_updates", self.field_updates.is_some(), KindOf::Edit),
            ("/confirm", self.confirm.is_some(), KindOf::Delete),
        ];
        for (pointer, given, of) in stray {
            if given && of != kind {
                fields.note(pointer, "not_here", "Not with this operation.");
            }
        }
        let reason = self
            .reason
            .as_deref()
            .filter(|text| !text.trim().is_empty());
        let reason = match reason {
            Some(text) => fields.take("/reason", Reason::parse(text)).map(Some),
            None => Some(None),
        };
        // Whatever the operation, what is named must be there, so that all that is wrong is told at once.
        let change = match (self.group_changes, kind) {
            (None, KindOf::Status | KindOf::Edit | KindOf::Delete) => None,
            (changes, _) => group_change(changes.unwrap_or_default(), ts, who, fields).await?,
        };
        let edit = match (self.field_updates, kind) {
            (None, KindOf::Status | KindOf::Groups | KindOf::Delete) => None,
            (updates, _) => edit(updates.unwrap_or_default(), ts, settings, fields).await?,
        };
        Ok(match kind {
            KindOf::Status => {
                let status = fields.require("/new_status", self.new_status, Ok::<_, (&str, &str)>);
                if self.confirmation_method.is_some()
                    && status.is_some_and(|status| status != AppointmentStatus::Confirmed)
                {
                    let detail = "Only with the status confirmed.";
                    fields.note("/confirmation_method", "not_confirmed", detail);
                }
                if matches!(reason, Some(None)) {
                    let detail = "Say why the status changes; it is kept in the audit.";
                    fields.note("/reason", "required", detail);
                }
                match (status, reason.flatten()) {
                    (Some(status), Some(reason)) => Some(Operation::Status {
                        status,
                        method: self.confirmation_method,
                        reason,
                    }),
                    _ => None,
                }
            }
            KindOf::Groups => change.map(|change| Operation::Groups {
                change,
                reason: reason.flatten(),
            }),
            KindOf::Edit => edit.map(Operation::Edit),
            KindOf::Delete => {
                // What is only looked at needs no confirmation, but a wrong word is told all the same.
                let confirmed = match self.confirm.as_deref() {
                    Some(word) => word == "DELETE",
                    None => self.dry_run,
                };
                if !confirmed {
                    fields.note("/confirm", "required", "Type DELETE to confirm.");
                }
                Some(Operation::Delete)
            }
        })
    }
}

async fn group_change(
    changes: GroupChanges,
    ts: &TenantStore,
    who: &Principal,
    fields: &mut Fields,
) -> Result<Option<GroupChange>, Problem> {
    let given = [
        ("add_to_groups", changes.add_to_groups),
        ("remove_from_groups", changes.remove_from_groups),
        ("replace_all_groups", changes.replace_all_groups),
    ];
    let given: Vec<(&str, Vec<String>)> = given
        .into_iter()
        .filter_map(|(name, texts)| texts.map(|texts| (name, texts)))
        .collect();
    if given.len() != 1 {
        let detail = "One of add_to_groups, remove_from_groups, replace_all_groups.";
        fields.note("/group_changes", "required", detail);
    }
    let all = ts.all_groups().await.map_err(store_problem)?;
    let mut change = None;
    for (name, texts) in given {
        let pointer = format!("/group_changes/{name}");
        if texts.len() > MOST_GROUPS || (texts.is_empty() && name != "replace_all_groups") {
            let detail = format!("Name one to {MOST_GROUPS} groups.");
            fields.note(&pointer, "out_of_range", detail);
            continue;
        }
        let mut groups = BTreeSet::new();
        for (n, text) in texts.iter().enumerate() {
            let known = text.parse::<GroupId>().ok().and_then(|id| {
                let seen = |row: &&GroupRow| row.id == id && sees_group(who, &row.visibility);
                all.iter().find(seen)
            });
            let wrong = match known {
                None => Some(("unknown_group", "There is no such group.")),
                Some(row) if row.archived_at.is_some() && name != "remove_from_groups" => {
                    Some(("archived_group", "This group is archived."))
                }
                Some(row) => {
                    groups.insert(row.id);
                    None
                }
            };
            if let Some((code, detail)) = wrong {
                fields.note(&format!("{pointer}/{n}"), code, detail);
            }
        }
        change = Some(match name {
            "add_to_groups" => GroupChange::Add(groups),
            "remove_from_groups" => GroupChange::Remove(groups),
            _ => GroupChange::Replace {
                with: groups,
                hidden: all
                    .iter()
                    .filter(|row| !sees_group(who, &row.visibility) || row.archived_at.is_some())
                    .map(|row| row.id)
                    .collect(),
            },
        });
    }
    Ok(change)
}

/// Empty texts are left as they are (S2 `update_only_non_empty_fields`).
fn text<const N: usize>(
    fields: &mut Fields,
    pointer: &str,
    given: Option<String>,
) -> Option<ShortText<N>> {
    let given = given.filter(|text| !text.trim().is_empty())?;
    fields.take(pointer, ShortText::parse(&given))
}

async fn edit(
    updates: FieldUpdates,
    ts: &TenantStore,
    settings: &Settings,
    fields: &mut Fields,
) -> Result<Option<Edit>, Problem> {
    let at = |name: &str| format!("/field_updates/{name}");
    let spoken = updates
        .special_instructions
        .filter(|text| !text.trim().is_empty());
    let spoken = spoken.and_then(|text| {
        let pointer = at("special_instructions");
        fields.take(&pointer, SpecialInstructions::parse(&text))
    });
    if let Some(text) = &spoken {
        let pointer = at("special_instructions");
        match screen(settings, FieldPolicy::Spoken, &pointer, text.as_str()) {
            Screened::Block(field) => fields.extend([field]),
            Screened::Clean | Screened::Warn(_) => {}
        }
    }
    let mut assigned_to = None;
    if let Some(given) = updates.assigned_to {
        let user = match given.parse::<UserId>() {
            Ok(id) => ts.user(id).await.map_err(store_problem)?,
            Err(_) => None,
        };
        match user {
            Some(user) => assigned_to = Some(user.id),
            None => {
                let detail = "Choose somebody of your team.";
                fields.note(&at("assigned_to"), "unknown_user", detail);
            }
        }
    }
    let wrong = |error: vio_domain::error::FieldError| (error.code, error.detail);
    let number = |fields: &mut Fields, name: &str, code: &str, detail: String| {
        fields.note(&format!("/field_updates/{name}"), code, detail);
    };
    let mut appointment_duration = None;
    if let Some(minutes) = updates.appointment_duration {
        match Duration::try_from(minutes).map_err(wrong) {
            Ok(duration) => appointment_duration = Some(duration),
            Err((code, detail)) => number(fields, "appointment_duration", code, detail),
        }
    }
    let mut call_before_hours = None;
    if let Some(hours) = updates.call_before_hours {
        match CallBeforeHours::try_from(hours).map_err(wrong) {
            Ok(hours) => call_before_hours = Some(hours),
            Err((code, detail)) => number(fields, "call_before_hours", code, detail),
        }
    }
    let edit = Edit {
        appointment_type: text(fields, &at("appointment_type"), updates.appointment_type),
        owner_name: text(fields, &at("owner_name"), updates.owner_name),
        appointment_duration,
        special_instructions: spoken,
        call_before_hours,
        priority: updates.priority,
        assigned_to,
    };
    if edit.is_empty() && fields.is_clean() {
        fields.note("/field_updates", "required", "Say what to change.");
    }
    Ok(Some(edit))
}
