//! The tenant's list of appointment types: which are sensitive, and how they are said (rules.md Contacts).

use std::collections::BTreeSet;

use axum::extract::State;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use vio_domain::settings::{AppointmentType, Sensitivity};
use vio_domain::text::ShortText;
use vio_http::{ETag, Fields, IfMatch, Json, Principal, Problem, RequestId};
use vio_runtime::App;
use vio_store::tenants::TenantSettings;

use crate::change::{Asked, tag};

/// Types of one tenant.
const MOST_TYPES: usize = 200;

/// One appointment type.
#[derive(Serialize, Deserialize, ToSchema)]
pub(crate) struct TypeEntry {
    #[schema(example = "Root canal")]
    name: String,
    /// `normal`, or `sensitive`: never spoken, and hidden on cards without the permission.
    #[serde(default)]
    #[schema(value_type = String, example = "normal")]
    sensitivity: Sensitivity,
    /// What the agent says instead of the name.
    #[serde(default)]
    #[schema(example = "a dental appointment")]
    spoken_as: Option<String>,
}

/// The list.
#[derive(Serialize, Deserialize, ToSchema)]
pub(crate) struct Types {
    appointment_types: Vec<TypeEntry>,
}

impl Types {
    fn of(opened: &TenantSettings) -> Self {
        let entries = opened.settings.appointment_types.iter();
        Self {
            appointment_types: entries
                .map(|entry| TypeEntry {
                    name: entry.name.as_str().to_owned(),
                    sensitivity: entry.sensitivity,
                    spoken_as: entry.spoken_as.as_ref().map(|t| t.as_str().to_owned()),
                })
                .collect(),
        }
    }

    fn apply(&self, opened: &mut TenantSettings, fields: &mut Fields) {
        if self.appointment_types.len() > MOST_TYPES {
            fields.note("/appointment_types", "too_many", "List at most 200 types.");
            return;
        }
        let mut seen = BTreeSet::new();
        let mut list = Vec::with_capacity(self.appointment_types.len());
        for (index, entry) in self.appointment_types.iter().enumerate() {
            let at = |field: &str| format!("/appointment_types/{index}/{field}");
            let name = fields.take(&at("name"), ShortText::parse(&entry.name));
            let spoken = fields.optional(&at("spoken_as"), entry.spoken_as.as_deref(), |text| {
                ShortText::parse(text)
            });
            let (Some(name), Some(spoken_as)) = (name, spoken) else {
                continue;
            };
            if !seen.insert(name.as_str().to_lowercase()) {
                fields.note(&at("name"), "given_twice", "This type is listed twice.");
            }
            list.push(AppointmentType {
                name,
                sensitivity: entry.sensitivity,
                spoken_as,
            });
        }
        opened.settings.appointment_types = list;
    }
}

/// The appointment types.
#[utoipa::path(get, path = "/api/appointment-types", tag = "settings",
    responses((status = 200, body = Types, headers(("ETag" = String, description = "Version of the settings")))))]
pub(crate) async fn show(
    State(app): State<App>,
    principal: Principal,
) -> Result<(ETag, Json<Types>), Problem> {
    let (_, opened) = app.tenant_with_settings(&principal).await?;
    Ok((tag(&opened), Json(Types::of(&opened))))
}

/// Replaces the list.
#[utoipa::path(put, path = "/api/appointment-types", tag = "settings", request_body = Types,
    params(("If-Match" = String, Header, description = "The version being replaced")),
    responses((status = 200, body = Types), (status = 412, description = "Somebody else changed the settings meanwhile"),
    (status = 428, description = "If-Match is missing")))]
pub(crate) async fn replace(
    State(app): State<App>,
    principal: Principal,
    request: RequestId,
    condition: IfMatch,
    Json(list): Json<Types>,
) -> Result<(ETag, Json<Types>), Problem> {
    let asked = Asked {
        app: &app,
        principal: &principal,
        request,
        condition: condition.required()?,
        section: "settings.appointment_types",
    };
    let saved = asked
        .change(|opened, fields| list.apply(opened, fields))
        .await?;
    Ok((tag(&saved), Json(Types::of(&saved))))
}
