//! The connection to Calendly: what is set, and how it is shown.

pub(crate) mod trial;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use vio_crypto::EndpointId;
use vio_domain::appointment::CallBeforeHours;
use vio_domain::settings::mapping::FieldMapping;
use vio_domain::text::{Email, ShortText};
use vio_http::{Fields, Patch};
use vio_providers::BaseUrl;
use vio_runtime::App;
use vio_store::calendar::{CalendarRow, Subscribed};
use vio_store::tenants::TenantSettings;

use crate::intake::{self, DuplicateHandling};
use crate::integrations::{Refusal, base_url, masked, secret};
use crate::mapping::{MappingPatch, MappingView};

/// Kinds of event that can be chosen at most.
const MOST_EVENT_TYPES: usize = 100;

/// The Calendly calendar.
#[derive(Serialize, ToSchema)]
pub(crate) struct CalendlyView {
    enabled: bool,
    configured: bool,
    /// The personal access token. Masked.
    #[schema(example = "••••c0de")]
    api_key: Option<String>,
    /// Masked.
    #[schema(example = "••••beef")]
    webhook_signing_key: Option<String>,
    #[schema(example = "desk@riverside.example")]
    organizer_email: Option<String>,
    /// The kinds of event whose bookings are taken over; none: all of them.
    #[schema(example = json!(["https://api.calendly.com/event_types/GBGBDCAADAEDCRZ2"]))]
    event_types: Vec<String>,
    /// How long before an appointment from here its reminder call is wanted; null: as for others.
    #[schema(example = 48)]
    call_before_hours: Option<u16>,
    field_mapping: MappingView,
    /// Whether a booking of somebody unknown makes a contact.
    auto_create_contacts: bool,
    duplicate_handling: DuplicateHandling,
    /// Where Calendly sends bookings. It is told so when the calendar is read first.
    #[schema(example = "https://app.example/api/webhook/calendly-booking/v3Rq…")]
    webhook_url: String,
    base_url: Option<String>,
    /// When it was last read without a failure; more under `/api/settings/integrations/status`.
    last_sync: Option<DateTime<Utc>>,
    problems: Vec<String>,
}

fn problems(opened: &TenantSettings, row: Option<&CalendarRow>) -> Vec<String> {
    let calendly = &opened.settings.integrations.calendly;
    if !calendly.enabled {
        return Vec::new();
    }
    let mut problems = Vec::new();
    if !calendly.has_key {
        problems.push("The access token is missing.".to_owned());
    }
    if calendly.organizer_email.is_none() {
        problems.push("The account's e-mail address is missing.".to_owned());
    }
    let webhook = row.and_then(|row| row.subscribed).and_then(sentence);
    problems.extend(webhook.filter(|_| calendly.has_key).map(str::to_owned));
    problems
}

/// What is wrong with the subscription to its webhooks.
pub(crate) fn sentence(stands: Subscribed) -> Option<&'static str> {
    match stands {
        Subscribed::Active => None,
        Subscribed::Disabled => Some(
            "Calendly switched our webhook off, because it could not be reached for a day. The calendar is read every five \
             minutes until the webhook is made anew, which is tried within two hours.",
        ),
        Subscribed::Missing => Some(
            "Calendly has no webhook that points here, and none could be made. The calendar is read every five minutes \
             instead.",
        ),
        Subscribed::Refused => Some(
            "Calendly allows this account or this token no webhook: a paid plan and the right to webhooks are needed. The \
             calendar is read every five minutes instead.",
        ),
    }
}

impl CalendlyView {
    pub(crate) fn of(
        opened: &TenantSettings,
        webhook_url: String,
        row: Option<&CalendarRow>,
    ) -> Self {
        let calendly = &opened.settings.integrations.calendly;
        let secrets = &opened.secrets;
        let text = |one: &ShortText<255>| one.as_str().to_owned();
        Self {
            enabled: calendly.enabled,
            configured: calendly.has_key && calendly.has_signing_key,
            api_key: masked(secrets.calendly_key.as_deref()),
            webhook_signing_key: masked(secrets.calendly_signing.current.as_deref()),
            organizer_email: (calendly.organizer_email.as_ref()).map(|e| e.as_str().to_owned()),
            event_types: calendly.event_types.iter().map(text).collect(),
            call_before_hours: calendly.call_before_hours.map(CallBeforeHours::hours),
            field_mapping: MappingView::of(&calendly.field_mapping),
            auto_create_contacts: calendly.intake.auto_create_contacts,
            duplicate_handling: calendly.intake.duplicate_handling.into(),
            webhook_url,
            base_url: calendly.base_url.as_ref().map(text),
            last_sync: row.and_then(|row| row.last_read_at),
            problems: problems(opened, row),
        }
    }
}

#[derive(Deserialize, ToSchema)]
pub(crate) struct CalendlyPatch {
    #[serde(default)]
    #[schema(value_type = Option<bool>)]
    enabled: Patch<bool>,
    /// The personal access token.
    #[serde(default)]
    #[schema(value_type = Option<String>, format = Password)]
    api_key: Patch<String>,
    /// What Calendly is to sign its webhooks with. Without one, one is made with the first token. The one it replaces
    /// stays valid for 24 hours.
    #[serde(default)]
    #[schema(value_type = Option<String>, format = Password)]
    webhook_signing_key: Patch<String>,
    #[serde(default)]
    #[schema(value_type = Option<String>, example = "desk@riverside.example")]
    organizer_email: Patch<String>,
    /// Addresses of kinds of event; none: all of them.
    #[serde(default)]
    #[schema(value_type = Option<Vec<String>>, example = json!(["https://api.calendly.com/event_types/GBGBDCAADAEDCRZ2"]))]
    event_types: Patch<Vec<String>>,
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

/// Addresses of kinds of event, each once.
fn event_types(given: &[String]) -> Result<Vec<ShortText<255>>, Refusal> {
    let fault = (
        "malformed_id",
        "Give the addresses of event types as Calendly names them, at most 100.",
    );
    if given.len() > MOST_EVENT_TYPES {
        return Err(fault);
    }
    let mut found: Vec<ShortText<255>> = Vec::new();
    for uri in given {
        let uri = BaseUrl::parse(uri.trim()).map_err(|_| fault)?;
        let uri = ShortText::parse(uri.as_str()).map_err(|_| fault)?;
        if !found.contains(&uri) {
            found.push(uri);
        }
    }
    Ok(found)
}

impl CalendlyPatch {
    pub(crate) fn apply(&self, app: &App, opened: &mut TenantSettings, fields: &mut Fields) {
        let calendly = &mut opened.settings.integrations.calendly;
        let secrets = &mut opened.secrets;
        self.enabled
            .copy(fields, "/calendly/enabled", &mut calendly.enabled);
        let email = &mut calendly.organizer_email;
        self.organizer_email
            .put_optional(fields, "/calendly/organizer_email", email, |t| {
                Email::parse(t)
            });
        let mut chosen = Some(std::mem::take(&mut calendly.event_types));
        self.event_types
            .put_optional(fields, "/calendly/event_types", &mut chosen, |given| {
                event_types(given)
            });
        calendly.event_types = chosen.unwrap_or_default();
        let before = &mut calendly.call_before_hours;
        self.call_before_hours
            .put_optional(fields, "/calendly", before, |hours| {
                CallBeforeHours::try_from(*hours)
            });
        let usual = FieldMapping::of_calendly();
        self.field_mapping
            .apply("/calendly", usual, &mut calendly.field_mapping, fields);
        let (auto, handling) = (&self.auto_create_contacts, &self.duplicate_handling);
        intake::apply("/calendly", auto, handling, &mut calendly.intake, fields);
        let local = app.platform.local;
        let url = &mut calendly.base_url;
        self.base_url
            .put_optional(fields, "/calendly/base_url", url, |t| base_url(t, local));
        self.api_key.put_optional(
            fields,
            "/calendly/api_key",
            &mut secrets.calendly_key,
            |t| secret(t),
        );
        calendly.has_key = secrets.calendly_key.is_some();
        let signing = &mut secrets.calendly_signing;
        let mut new = signing.current.clone();
        let pointer = "/calendly/webhook_signing_key";
        self.webhook_signing_key
            .put_optional(fields, pointer, &mut new, |t| secret(t));
        if new.is_none() && calendly.has_key {
            // Nobody has to think one up: Calendly is told it, not people.
            match EndpointId::generate(app.store.random()) {
                Ok(made) => new = Some(made.to_string()),
                Err(_) => fields.note(pointer, "required", "Give a key to sign webhooks with."),
            }
        }
        signing.set(new, app.clock.now());
        calendly.has_signing_key = signing.current.is_some();
    }
}
