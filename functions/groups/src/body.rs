//! What is sent of a group, and how one is answered (S2 ContactGroupCreate, ContactGroupResponse).

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Deserializer, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;
use vio_domain::bulk::MOST_CONTACTS;
use vio_domain::groups::{Color, GroupDescription, GroupName, Icon, MOST_VIEWERS, Visibility};
use vio_domain::ids::{ContactId, UserId};
use vio_http::Fields;
use vio_store::groups::GroupRow;

/// A group.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ContactGroup, example = json!({
    "id": "0192f0c1-2b3c-7def-8abc-0123456789ab", "tenant_id": "0192f0c1-2b3c-7def-8abc-0123456789ac",
    "name": "Follow-up", "description": "To be rung after their visit", "color": "#F59E0B", "icon": "📋",
    "visibility": "all_staff", "visible_to": [], "contact_count": 60, "archived_at": null, "last_activity_at": "2026-03-02T09:00:00Z",
    "created_by": "0192f0c1-2b3c-7def-8abc-0123456789ad", "created_at": "2026-03-02T09:00:00Z",
    "updated_at": "2026-03-02T09:00:00Z", "version": 1
}))]
pub(crate) struct GroupView {
    id: Uuid,
    tenant_id: Uuid,
    name: String,
    description: Option<String>,
    /// One of the eight colours, as hex.
    color: &'static str,
    icon: Option<&'static str>,
    /// all_staff, admins_only or custom.
    visibility: &'static str,
    /// With custom visibility: who sees it besides administrators.
    visible_to: Vec<Uuid>,
    /// Contacts in it.
    contact_count: u32,
    /// Since when it is archived: in no list of groups in use, closed to new members.
    archived_at: Option<DateTime<Utc>>,
    /// When it was made or edited, or members came or went.
    last_activity_at: DateTime<Utc>,
    created_by: Option<Uuid>,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
    version: u64,
    /// The job that still puts contacts into it, where there are more than 100.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) job_id: Option<Uuid>,
}

impl From<&GroupRow> for GroupView {
    fn from(row: &GroupRow) -> Self {
        let users = match &row.visibility {
            Visibility::Custom { users } => users.iter().map(|user| user.uuid()).collect(),
            Visibility::AllStaff | Visibility::AdminsOnly => Vec::new(),
        };
        Self {
            id: row.id.uuid(),
            tenant_id: row.tenant.uuid(),
            name: row.name.as_str().to_owned(),
            description: row
                .description
                .as_ref()
                .map(|text| text.as_str().to_owned()),
            color: row.color.hex(),
            icon: row.icon.map(Icon::as_str),
            visibility: row.visibility.name(),
            visible_to: users,
            contact_count: row.members,
            archived_at: row.archived_at,
            last_activity_at: row.active_at,
            created_by: row.created_by.map(UserId::uuid),
            created_at: row.created_at,
            updated_at: row.updated_at,
            version: row.edit_version,
            job_id: None,
        }
    }
}

/// Tells null, which clears a field, from a field that was left out.
fn given<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Option<String>>, D::Error> {
    Option::<String>::deserialize(from).map(Some)
}

/// A group to be made or changed. A field that is left out of a change stays as it is; null clears description or icon.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[schema(as = ContactGroupBody, example = json!({"name": "Follow-up", "color": "#F59E0B", "icon": "📋"}))]
pub(crate) struct GroupBody {
    /// 1 to 50 characters, once per business whatever the case.
    pub(crate) name: Option<String>,
    /// At most 255 characters.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<String>)]
    description: Option<Option<String>>,
    /// One of the eight colours, as hex; blue where none is given.
    color: Option<String>,
    /// One of the set.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<String>)]
    icon: Option<Option<String>>,
    /// all_staff (the default), admins_only or custom.
    visibility: Option<String>,
    /// With custom visibility: ids of the users who see it.
    visible_to: Option<Vec<String>>,
    /// On creation: contacts to put into it, at most 10,000. More than 100 are put in by a job.
    pub(crate) initial_contact_ids: Option<Vec<String>>,
    /// On a change: whether it is archived.
    pub(crate) archived: Option<bool>,
}

/// What was sent, judged.
#[derive(Debug, Clone, Default)]
pub(crate) struct GroupInput {
    pub(crate) name: Option<GroupName>,
    pub(crate) description: Option<Option<GroupDescription>>,
    pub(crate) color: Option<Color>,
    pub(crate) icon: Option<Option<Icon>>,
    pub(crate) visibility: Option<Visibility>,
    pub(crate) archived: Option<bool>,
}

impl GroupBody {
    /// Judges every field.
    pub(crate) fn judge(self, fields: &mut Fields) -> GroupInput {
        fn text<T, E: vio_http::validate::FieldFault>(
            fields: &mut Fields,
            pointer: &str,
            sent: Option<Option<String>>,
            parse: impl Fn(&str) -> Result<T, E>,
        ) -> Option<Option<T>> {
            let sent = sent?.filter(|text| !text.trim().is_empty());
            Some(sent.and_then(|text| fields.take(pointer, parse(&text))))
        }
        GroupInput {
            name: self
                .name
                .and_then(|name| fields.take("/name", GroupName::parse(&name))),
            description: text(
                fields,
                "/description",
                self.description,
                GroupDescription::parse,
            ),
            color: self
                .color
                .and_then(|color| fields.take("/color", Color::try_from(color))),
            archived: self.archived,
            icon: text(fields, "/icon", self.icon, Icon::parse),
            visibility: visibility(fields, self.visibility.as_deref(), self.visible_to),
        }
    }
}

fn visibility(
    fields: &mut Fields,
    word: Option<&str>,
    users: Option<Vec<String>>,
) -> Option<Visibility> {
    match (word, users) {
        (Some("all_staff"), None) => Some(Visibility::AllStaff),
        (Some("admins_only"), None) => Some(Visibility::AdminsOnly),
        (Some("custom"), Some(texts)) if texts.len() <= MOST_VIEWERS => {
            let mut users = BTreeSet::new();
            for (n, text) in texts.iter().enumerate() {
                let unknown = ("unknown_user", "Choose somebody of your team.");
                let parsed = text.parse::<UserId>().map_err(|_| unknown);
                users.extend(fields.take(&format!("/visible_to/{n}"), parsed));
            }
            Some(Visibility::Custom { users })
        }
        (Some("custom"), Some(_)) => {
            let detail = format!("At most {MOST_VIEWERS} people.");
            fields.note("/visible_to", "too_many", detail);
            None
        }
        (Some("custom"), None) => {
            fields.note("/visible_to", "required", "Say who sees it.");
            None
        }
        (Some("all_staff" | "admins_only") | None, Some(_)) => {
            let detail = "Only with custom visibility.";
            fields.note("/visible_to", "not_here", detail);
            None
        }
        (Some(_), _) => {
            let detail = "One of all_staff, admins_only, custom.";
            fields.note("/visibility", "not_offered", detail);
            None
        }
        (None, None) => None,
    }
}

/// Ids of contacts, each once, at most `most`.
pub(crate) fn contact_ids(
    fields: &mut Fields,
    field: &str,
    texts: &[String],
    most: usize,
) -> Vec<ContactId> {
    if texts.len() > most {
        fields.note(
            field,
            "too_many",
            format!("At most {most} contacts at a time."),
        );
        return Vec::new();
    }
    let mut known = BTreeSet::new();
    let mut ids: Vec<ContactId> = Vec::with_capacity(texts.len());
    for (n, text) in texts.iter().enumerate() {
        let unknown = ("unknown", "There is no such contact.");
        let parsed = text.parse().map_err(|_| unknown);
        if let Some(id) = fields.take(&format!("{field}/{n}"), parsed)
            && known.insert(id)
        {
            ids.push(id);
        }
    }
    ids
}

/// Contacts of a new group.
pub(crate) fn first_members(fields: &mut Fields, field: &str, texts: &[String]) -> Vec<ContactId> {
    contact_ids(fields, field, texts, MOST_CONTACTS)
}
