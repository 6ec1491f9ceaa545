//! Cal.com's settings (S3 section 4, api.md).

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use vio_domain::appointment::CallBeforeHours;
use vio_domain::settings::mapping::FieldMapping;
use vio_domain::text::Email;
use vio_http::{Fields, Patch};
use vio_runtime::App;
use vio_store::calendar::CalendarRow;
use vio_store::tenants::TenantSettings;

use crate::intake::{self, DuplicateHandling};
use crate::integrations::{base_url, masked, secret};
use crate::mapping::{MappingPatch, MappingView};

/// The Cal.com calendar.
#[derive(Serialize, ToSchema)]
pub(crate) struct CalcomView {
    enabled: bool,
    configured: bool,
    /// Masked.
    #[schema(example = "••••c0de")]
    api_key: Option<String>,
    /// Masked.
    #[schema(example = "••••beef")]
    webhook_secret: Option<String>,
    #[schema(example = "desk@riverside.example")]
    organizer_email: Option<String>,
    #[schema(example = 1234567)]
    event_type_id: Option<u64>,
    /// How long before an appointment from here its reminder call is wanted; null: as for others.
    #[schema(example = 48)]
    call_before_hours: Option<u16>,
    field_mapping: MappingView,
    /// Whether a booking of somebody unknown makes a contact.
    auto_create_contacts: bool,
    duplicate_handling: DuplicateHandling,
    #[schema(example = "https://app.example/api/webhook/calcom-booking/k8Zq…")]
    webhook_url: String,
    base_url: Option<String>,
    /// When it was last read without a failure; more under `/api/settings/integrations/status`.
    last_sync: Option<DateTime<Utc>>,
    problems: Vec<String>,
}

fn problems(settings: &TenantSettings) -> Vec<String> {
    let calcom = &settings.settings.integrations.calcom;
    if !calcom.enabled {
        return Vec::new();
    }
    let missing = [
        (calcom.has_key, "The API key is missing."),
        (
            calcom.has_webhook_secret,
            "The webhook secret is missing, so bookings cannot be told from forgeries and are refused.",
        ),
        (
            calcom.organizer_email.is_some(),
            "The organizer's e-mail address is missing.",
        ),
    ];
    missing
        .into_iter()
        .filter(|(there, _)| !there)
        .map(|(_, problem)| problem.to_owned())
        .collect()
}

impl CalcomView {
    pub(crate) fn of(
        opened: &TenantSettings,
        webhook_url: String,
        row: Option<&CalendarRow>,
    ) -> Self {
        let calcom = &opened.settings.integrations.calcom;
        Self {
            enabled: calcom.enabled,
            configured: calcom.has_key && calcom.has_webhook_secret,
            api_key: masked(opened.secrets.calcom_key.as_deref()),
            webhook_secret: masked(opened.secrets.calcom_webhook.current.as_deref()),
            organizer_email: calcom
                .organizer_email
                .as_ref()
                .map(|e| e.as_str().to_owned()),
            event_type_id: calcom.event_type_id,
            call_before_hours: calcom.call_before_hours.map(CallBeforeHours::hours),
            field_mapping: MappingView::of(&calcom.field_mapping),
            auto_create_contacts: calcom.intake.auto_create_contacts,
            duplicate_handling: calcom.intake.duplicate_handling.into(),
            webhook_url,
            base_url: calcom.base_url.as_ref().map(|url| url.as_str().to_owned()),
            last_sync: row.and_then(|row| row.last_read_at),
            problems: problems(opened),
        }
    }
}

#[derive(Deserialize, ToSchema)]
pub(crate) struct CalcomPatch {
    #[serde(default)]
    #[schema(value_type = Option<bool>)]
    enabled: Patch<bool>,
    #[serde(default)]
    #[schema(value_type = Option<String>, format = Password)]
    api_key: Patch<String>,
    /// The one it replaces stays valid for 24 hours.
    #[serde(default)]
    #[schema(value_type = Option<String>, format = Password)]
    webhook_secret: Patch<String>,
    #[serde(default)]
    #[schema(value_type = Option<String>, example = "desk@riverside.example")]
    organizer_email: Patch<String>,
    #[serde(default)]
    #[schema(value_type = Option<u64>, example = 1234567)]
    event_type_id: Patch<u64>,
    #[serde(default)]
    #[schema(value_type = Option<u16>, example = 48)]
    call_before_hours: Patch<u16>,
    #[serde(default)]
    field_mapping: MappingPatch,
    #[serde(default)]
    #[schema(value_type = Option<bool>)]
    auto_create_contacts: Patch<bool>,
    #[serde(default)]
    #[schema(value_type = Option<DuplicateHandling>)]
    duplicate_handling: Patch<DuplicateHandling>,
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    base_url: Patch<String>,
}

impl CalcomPatch {
    pub(crate) fn apply(&self, app: &App, opened: &mut TenantSettings, fields: &mut Fields) {
        let calcom = &mut opened.settings.integrations.calcom;
        let secrets = &mut opened.secrets;
        self.enabled
            .copy(fields, "/calcom/enabled", &mut calcom.enabled);
        let email = &mut calcom.organizer_email;
        self.organizer_email
            .put_optional(fields, "/calcom/organizer_email", email, |t| {
                Email::parse(t)
            });
        let event = &mut calcom.event_type_id;
        self.event_type_id
            .put_optional(fields, "/calcom/event_type_id", event, |id| {
                if *id > 0 {
                    Ok(*id)
                } else {
                    Err(("out_of_range", "An event type's id is a positive number."))
                }
            });
        let before = &mut calcom.call_before_hours;
        self.call_before_hours
            .put_optional(fields, "/calcom", before, |hours| {
                CallBeforeHours::try_from(*hours)
            });
        let usual = FieldMapping::default();
        self.field_mapping
            .apply("/calcom", usual, &mut calcom.field_mapping, fields);
        let (auto, handling) = (&self.auto_create_contacts, &self.duplicate_handling);
        intake::apply("/calcom", auto, handling, &mut calcom.intake, fields);
        let local = app.platform.local;
        let url = &mut calcom.base_url;
        self.base_url
            .put_optional(fields, "/calcom/base_url", url, |t| base_url(t, local));
        self.api_key
            .put_optional(fields, "/calcom/api_key", &mut secrets.calcom_key, |t| {
                secret(t)
            });
        calcom.has_key = secrets.calcom_key.is_some();
        let hook = &mut secrets.calcom_webhook;
        let mut new = hook.current.clone();
        self.webhook_secret
            .put_optional(fields, "/calcom/webhook_secret", &mut new, |t| secret(t));
        hook.set(new, app.clock.now());
        calcom.has_webhook_secret = hook.current.is_some();
    }
}
