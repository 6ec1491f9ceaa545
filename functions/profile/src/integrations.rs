//! Connections to providers (S3 section 4, api.md). Secrets go in and never come out: they read back masked.

use axum::extract::State;
use chrono::{DateTime, Utc};
use futures::try_join;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use vio_domain::appointment::CallBeforeHours;
use vio_domain::bookings::Calendar;
use vio_domain::permission::Role;
use vio_domain::phone::{self, Country, E164};
use vio_domain::settings::mapping::FieldMapping;
use vio_domain::text::{Email, ShortText};
use vio_http::{ETag, FieldProblem, Fields, IfMatch, Json, Kind, Principal, Problem, RequestId};
use vio_providers::BaseUrl;
use vio_runtime::App;
use vio_runtime::web::store_problem;
use vio_store::calendar::CalendarRow;
use vio_store::tenants::TenantSettings;

use crate::calendly::{CalendlyPatch, CalendlyView};
use crate::change::{Asked, tag};
use crate::email::{EmailPatch, EmailView};
use crate::intake::{self, DuplicateHandling};
use crate::mapping::{MappingPatch, MappingView};
use vio_http::Patch;

/// A secret's length, in bytes.
const SECRET_LENGTH: std::ops::RangeInclusive<usize> = 8..=512;
/// Characters of a secret that are shown, so that people can tell two apart; none of a short one.
const SHOWN: usize = 4;

/// The voice provider.
#[derive(Serialize, ToSchema)]
pub(crate) struct RetellView {
    enabled: bool,
    /// Whether calls can be placed.
    configured: bool,
    #[schema(example = "agent_9f2c")]
    agent_id: Option<String>,
    #[schema(example = "+442079460002")]
    from_number: Option<String>,
    /// Masked.
    #[schema(example = "••••c0de")]
    api_key: Option<String>,
    /// Where the provider sends its webhooks.
    #[schema(example = "https://app.example/api/webhook/call-outcome/u1xU…")]
    webhook_url: String,
    /// Instead of the provider's own address; on the local host only.
    base_url: Option<String>,
    #[schema(example = json!(null))]
    last_sync: Option<String>,
    /// What keeps it from working, in words.
    problems: Vec<String>,
}

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

/// Messages by SMS, and what is known of numbers.
#[derive(Serialize, ToSchema)]
pub(crate) struct TwilioView {
    enabled: bool,
    /// Whether messages can be sent.
    configured: bool,
    #[schema(example = "ACaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa")]
    account_sid: Option<String>,
    /// Masked.
    #[schema(example = "••••c0de")]
    auth_token: Option<String>,
    #[schema(example = "+447700153842")]
    from_number: Option<String>,
    /// Whether who sends STOP gets no more calls either.
    stop_ends_calls: bool,
    /// Where messages of people are to be posted to.
    #[schema(example = "https://app.example/api/webhook/sms/p3Vw…")]
    webhook_url: String,
    base_url: Option<String>,
    #[schema(example = json!(null))]
    last_sync: Option<String>,
    problems: Vec<String>,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct IntegrationsView {
    retell: RetellView,
    calcom: CalcomView,
    calendly: CalendlyView,
    twilio: TwilioView,
    email: EmailView,
}

/// A secret as it is shown.
pub(crate) fn masked(secret: Option<&str>) -> Option<String> {
    let secret = secret?;
    let count = secret.chars().count();
    let tail: String = match count {
        0..=15 => String::new(),
        _ => secret.chars().skip(count - SHOWN).collect(),
    };
    Some(format!("••••{tail}"))
}

fn retell_problems(settings: &TenantSettings) -> Vec<String> {
    let retell = &settings.settings.integrations.retell;
    let mut problems = Vec::new();
    if retell.agent_id.is_none() {
        problems.push("No agent is chosen, so nobody can be called.".to_owned());
    }
    if !retell.has_key {
        problems.push("The API key is missing, so nobody can be called.".to_owned());
    }
    match &retell.from_number {
        None => problems.push("No number to call from is set.".to_owned()),
        Some(number) => {
            let abroad = |region: &Country| *region != Country::US;
            let regions = &settings.settings.business.accepted_regions;
            if number.region() == Country::US && regions.iter().any(|region| abroad(&region)) {
                problems.push(
                    "This is a US number. Numbers bought from the provider in the US call US numbers only; \
                     use a number that may call your contacts' countries."
                        .to_owned(),
                );
            }
        }
    }
    problems
}

fn calcom_problems(settings: &TenantSettings) -> Vec<String> {
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

fn twilio_problems(settings: &TenantSettings) -> Vec<String> {
    let twilio = &settings.settings.integrations.twilio;
    if !twilio.enabled {
        return Vec::new();
    }
    let missing = [
        (
            twilio.account_sid.is_some(),
            "The account's SID is missing.",
        ),
        (twilio.has_token, "The auth token is missing."),
        (
            twilio.from_number.is_some(),
            "The number to send from is missing, so nobody can be written to.",
        ),
    ];
    missing
        .into_iter()
        .filter(|(there, _)| !there)
        .map(|(_, problem)| problem.to_owned())
        .collect()
}

impl IntegrationsView {
    async fn read(
        app: &App,
        principal: &Principal,
        opened: &TenantSettings,
    ) -> Result<Self, Problem> {
        let ts = app.tenant_of(principal).await?;
        let (calcom, calendly) = try_join!(
            ts.calendar(Calendar::Calcom),
            ts.calendar(Calendar::Calendly)
        )
        .map_err(store_problem)?;
        Ok(Self::of(app, opened, calcom.as_ref(), calendly.as_ref()))
    }

    fn of(
        app: &App,
        opened: &TenantSettings,
        calcom_row: Option<&CalendarRow>,
        calendly_row: Option<&CalendarRow>,
    ) -> Self {
        let hook =
            |kind: &str, id: &str| format!("{}/api/webhook/{kind}/{id}", app.platform.public_url);
        let retell = &opened.settings.integrations.retell;
        let calcom = &opened.settings.integrations.calcom;
        let twilio = &opened.settings.integrations.twilio;
        let problems = calcom_problems(opened);
        Self {
            retell: RetellView {
                enabled: retell.configured(),
                configured: retell.configured(),
                agent_id: retell.agent_id.as_ref().map(|id| id.as_str().to_owned()),
                from_number: retell.from_number.as_ref().map(|n| n.as_str().to_owned()),
                api_key: masked(opened.secrets.retell_key.current.as_deref()),
                webhook_url: hook("call-outcome", &opened.endpoints.call_outcome),
                base_url: retell.base_url.as_ref().map(|url| url.as_str().to_owned()),
                last_sync: None,
                problems: retell_problems(opened),
            },
            calcom: CalcomView {
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
                webhook_url: hook("calcom-booking", &opened.endpoints.calcom_booking),
                base_url: calcom.base_url.as_ref().map(|url| url.as_str().to_owned()),
                last_sync: calcom_row.and_then(|row| row.last_read_at),
                problems,
            },
            calendly: CalendlyView::of(
                opened,
                hook("calendly-booking", &opened.endpoints.calendly_booking),
                calendly_row,
            ),
            twilio: TwilioView {
                enabled: twilio.enabled,
                configured: twilio.configured(),
                account_sid: twilio
                    .account_sid
                    .as_ref()
                    .map(|sid| sid.as_str().to_owned()),
                auth_token: masked(opened.secrets.twilio_token.current.as_deref()),
                from_number: twilio.from_number.as_ref().map(|n| n.as_str().to_owned()),
                stop_ends_calls: twilio.stop_ends_calls,
                webhook_url: hook("sms", &opened.endpoints.sms),
                base_url: twilio.base_url.as_ref().map(|url| url.as_str().to_owned()),
                last_sync: None,
                problems: twilio_problems(opened),
            },
            email: EmailView::of(app, opened),
        }
    }
}

/// The connections, secrets masked.
#[utoipa::path(get, path = "/api/settings/integrations", tag = "settings",
    responses((status = 200, body = IntegrationsView, headers(("ETag" = String, description = "Version of the settings")))))]
pub(crate) async fn show(
    State(app): State<App>,
    principal: Principal,
) -> Result<(ETag, Json<IntegrationsView>), Problem> {
    let (_, opened) = app.tenant_with_settings(&principal).await?;
    let view = IntegrationsView::read(&app, &principal, &opened).await?;
    Ok((tag(&opened), Json(view)))
}

#[derive(Deserialize, ToSchema)]
pub(crate) struct RetellPatch {
    #[serde(default)]
    #[schema(value_type = Option<String>, example = "agent_9f2c")]
    agent_id: Patch<String>,
    #[serde(default)]
    #[schema(value_type = Option<String>, example = "+442079460002")]
    from_number: Patch<String>,
    /// Signs the provider's webhooks too. The one it replaces stays valid for those for 24 hours.
    #[serde(default)]
    #[schema(value_type = Option<String>, format = Password)]
    api_key: Patch<String>,
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    base_url: Patch<String>,
}

#[derive(Deserialize, ToSchema)]
pub(crate) struct TwilioPatch {
    #[serde(default)]
    #[schema(value_type = Option<bool>)]
    enabled: Patch<bool>,
    #[serde(default)]
    #[schema(value_type = Option<String>, example = "ACaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa")]
    account_sid: Patch<String>,
    /// Signs the provider's webhooks too. The one it replaces stays valid for those for 24 hours.
    #[serde(default)]
    #[schema(value_type = Option<String>, format = Password)]
    auth_token: Patch<String>,
    #[serde(default)]
    #[schema(value_type = Option<String>, example = "+447700153842")]
    from_number: Patch<String>,
    #[serde(default)]
    #[schema(value_type = Option<bool>)]
    stop_ends_calls: Patch<bool>,
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    base_url: Patch<String>,
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

/// What to change; a field left out stays, null removes one.
#[derive(Deserialize, ToSchema)]
pub(crate) struct IntegrationsPatch {
    #[serde(default)]
    retell: Option<RetellPatch>,
    #[serde(default)]
    calcom: Option<CalcomPatch>,
    #[serde(default)]
    calendly: Option<CalendlyPatch>,
    #[serde(default)]
    twilio: Option<TwilioPatch>,
    #[serde(default)]
    email: Option<EmailPatch>,
}

pub(crate) type Refusal = (&'static str, &'static str);

/// A secret as typed. One that reads back masked is not taken for a new one.
pub(crate) fn secret(text: &str) -> Result<String, Refusal> {
    let text = text.trim();
    if text.contains('•') {
        return Err((
            "masked",
            "This is the masked form. Leave the field out to keep the secret.",
        ));
    }
    if !SECRET_LENGTH.contains(&text.len()) || !text.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err((
            "malformed_secret",
            "A secret has 8 to 512 printable characters without spaces.",
        ));
    }
    Ok(text.to_owned())
}

fn agent(text: &str) -> Result<ShortText<100>, Refusal> {
    let fault = ("malformed_id", "This is not an agent's id.");
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
    if !text.chars().all(plain) {
        return Err(fault);
    }
    ShortText::parse(text).map_err(|_| fault)
}

pub(crate) fn base_url(text: &str, local: bool) -> Result<ShortText<255>, Refusal> {
    if !local {
        return Err((
            "not_allowed",
            "The provider's address cannot be changed here.",
        ));
    }
    let fault = (
        "invalid_url",
        "Give https, or http on this machine, without user, query or fragment.",
    );
    let url = BaseUrl::parse(text).map_err(|_| fault)?;
    ShortText::parse(url.as_str()).map_err(|_| fault)
}

fn number(text: &str, country: Country) -> Result<E164, FieldProblem> {
    phone::parse(text, country)
        .map(|phone| phone.e164)
        .map_err(|error| FieldProblem::new("", error.code(), error.to_string()))
}

impl RetellPatch {
    fn apply(&self, app: &App, opened: &mut TenantSettings, fields: &mut Fields) {
        let country = opened.settings.business.country;
        let retell = &mut opened.settings.integrations.retell;
        self.agent_id
            .put_optional(fields, "/retell/agent_id", &mut retell.agent_id, |t| {
                agent(t)
            });
        let from = &mut retell.from_number;
        self.from_number
            .put_optional(fields, "/retell/from_number", from, |t| number(t, country));
        let local = app.platform.local;
        let url = &mut retell.base_url;
        self.base_url
            .put_optional(fields, "/retell/base_url", url, |t| base_url(t, local));
        let key = &mut opened.secrets.retell_key;
        let mut new = key.current.clone();
        self.api_key
            .put_optional(fields, "/retell/api_key", &mut new, |t| secret(t));
        match new {
            Some(new) => key.rotate(new, app.clock.now()),
            None => *key = Default::default(),
        }
        retell.has_key = key.current.is_some();
    }
}

fn account_sid(text: &str) -> Result<ShortText<34>, Refusal> {
    let fault = ("malformed_id", "An account's SID is AC and 32 digits.");
    let digits = text.strip_prefix("AC").ok_or(fault)?;
    if digits.len() != 32 || !digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return Err(fault);
    }
    ShortText::parse(text).map_err(|_| fault)
}

impl TwilioPatch {
    fn apply(&self, app: &App, opened: &mut TenantSettings, fields: &mut Fields) {
        let country = opened.settings.business.country;
        let twilio = &mut opened.settings.integrations.twilio;
        self.enabled
            .copy(fields, "/twilio/enabled", &mut twilio.enabled);
        let stop = &mut twilio.stop_ends_calls;
        self.stop_ends_calls
            .copy(fields, "/twilio/stop_ends_calls", stop);
        let sid = &mut twilio.account_sid;
        self.account_sid
            .put_optional(fields, "/twilio/account_sid", sid, |t| account_sid(t));
        let from = &mut twilio.from_number;
        self.from_number
            .put_optional(fields, "/twilio/from_number", from, |t| number(t, country));
        let local = app.platform.local;
        let url = &mut twilio.base_url;
        self.base_url
            .put_optional(fields, "/twilio/base_url", url, |t| base_url(t, local));
        let token = &mut opened.secrets.twilio_token;
        let mut new = token.current.clone();
        self.auth_token
            .put_optional(fields, "/twilio/auth_token", &mut new, |t| secret(t));
        match new {
            Some(new) => token.rotate(new, app.clock.now()),
            None => *token = Default::default(),
        }
        twilio.has_token = token.current.is_some();
    }
}

impl CalcomPatch {
    fn apply(&self, app: &App, opened: &mut TenantSettings, fields: &mut Fields) {
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
        match new {
            Some(new) => hook.rotate(new, app.clock.now()),
            None => *hook = Default::default(),
        }
        calcom.has_webhook_secret = hook.current.is_some();
    }
}

/// Changes the connections. The voice provider's agent, number and key belong to the platform: an administrator of a
/// business sets them where the platform lets them.
#[utoipa::path(patch, path = "/api/settings/integrations", tag = "settings", request_body = IntegrationsPatch,
    params(("If-Match" = Option<String>, Header, description = "The version being changed")),
    responses((status = 200, body = IntegrationsView), (status = 412, description = "Somebody else changed the settings meanwhile")))]
pub(crate) async fn edit(
    State(app): State<App>,
    principal: Principal,
    request: RequestId,
    condition: IfMatch,
    Json(patch): Json<IntegrationsPatch>,
) -> Result<(ETag, Json<IntegrationsView>), Problem> {
    let may_retell = principal.role == Role::SuperAdmin
        || (principal.role == Role::ClientAdmin && app.platform.tenant_sets_retell);
    if patch.retell.is_some() && !may_retell {
        return Err(Problem::new(Kind::Forbidden).detail(
            "The calling agent, its number and its key are set by the platform's operator.",
        ));
    }
    let asked = Asked {
        app: &app,
        principal: &principal,
        request,
        condition,
        section: "settings.integrations",
    };
    let saved = asked
        .change(|opened, fields| {
            if let Some(retell) = &patch.retell {
                retell.apply(&app, opened, fields);
            }
            if let Some(calcom) = &patch.calcom {
                calcom.apply(&app, opened, fields);
            }
            if let Some(calendly) = &patch.calendly {
                calendly.apply(&app, opened, fields);
            }
            if let Some(twilio) = &patch.twilio {
                twilio.apply(&app, opened, fields);
            }
            if let Some(email) = &patch.email {
                email.apply(&app, opened, fields);
            }
        })
        .await?;
    let view = IntegrationsView::read(&app, &principal, &saved).await?;
    Ok((tag(&saved), Json(view)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn little_of_a_secret_is_shown_and_nothing_of_a_short_one() {
        assert_eq!(
            masked(Some("key_0123456789abcdef")).as_deref(),
            Some("••••cdef")
        );
        assert_eq!(masked(Some("short-secret")).as_deref(), Some("••••"));
        assert_eq!(masked(None), None);
    }
}
