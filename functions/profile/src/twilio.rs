//! Twilio's settings: messages by SMS, and what is known of numbers (S1 phase 2, api.md).

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use vio_domain::text::ShortText;
use vio_http::{Fields, Patch};
use vio_runtime::App;
use vio_store::tenants::TenantSettings;

use crate::integrations::{Refusal, base_url, masked, number, secret};

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

fn problems(settings: &TenantSettings) -> Vec<String> {
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

impl TwilioView {
    pub(crate) fn of(opened: &TenantSettings, webhook_url: String) -> Self {
        let twilio = &opened.settings.integrations.twilio;
        Self {
            enabled: twilio.enabled,
            configured: twilio.configured(),
            account_sid: twilio
                .account_sid
                .as_ref()
                .map(|sid| sid.as_str().to_owned()),
            auth_token: masked(opened.secrets.twilio_token.current.as_deref()),
            from_number: twilio.from_number.as_ref().map(|n| n.as_str().to_owned()),
            stop_ends_calls: twilio.stop_ends_calls,
            webhook_url,
            base_url: twilio.base_url.as_ref().map(|url| url.as_str().to_owned()),
            last_sync: None,
            problems: problems(opened),
        }
    }
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

fn account_sid(text: &str) -> Result<ShortText<34>, Refusal> {
    let fault = ("malformed_id", "An account's SID is AC and 32 digits.");
    let digits = text.strip_prefix("AC").ok_or(fault)?;
    if digits.len() != 32 || !digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return Err(fault);
    }
    ShortText::parse(text).map_err(|_| fault)
}

impl TwilioPatch {
    pub(crate) fn apply(&self, app: &App, opened: &mut TenantSettings, fields: &mut Fields) {
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
        token.set(new, app.clock.now());
        twilio.has_token = token.current.is_some();
    }
}
