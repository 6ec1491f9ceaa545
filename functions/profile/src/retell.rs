//! The voice provider's settings (S3 section 4, api.md).

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use vio_domain::phone::Country;
use vio_domain::text::ShortText;
use vio_http::{Fields, Patch};
use vio_runtime::App;
use vio_store::tenants::TenantSettings;

use crate::integrations::{Refusal, base_url, masked, number, secret};

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

fn problems(settings: &TenantSettings) -> Vec<String> {
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

impl RetellView {
    pub(crate) fn of(opened: &TenantSettings, webhook_url: String) -> Self {
        let retell = &opened.settings.integrations.retell;
        Self {
            enabled: retell.configured(),
            configured: retell.configured(),
            agent_id: retell.agent_id.as_ref().map(|id| id.as_str().to_owned()),
            from_number: retell.from_number.as_ref().map(|n| n.as_str().to_owned()),
            api_key: masked(opened.secrets.retell_key.current.as_deref()),
            webhook_url,
            base_url: retell.base_url.as_ref().map(|url| url.as_str().to_owned()),
            last_sync: None,
            problems: problems(opened),
        }
    }
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

fn agent(text: &str) -> Result<ShortText<100>, Refusal> {
    let fault = ("malformed_id", "This is not an agent's id.");
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
    if !text.chars().all(plain) {
        return Err(fault);
    }
    ShortText::parse(text).map_err(|_| fault)
}

impl RetellPatch {
    pub(crate) fn apply(&self, app: &App, opened: &mut TenantSettings, fields: &mut Fields) {
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
        key.set(new, app.clock.now());
        retell.has_key = key.current.is_some();
    }
}
