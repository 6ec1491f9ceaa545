//! E-mail of a business: whether it writes to its contacts, and where answers go. The way out is the platform's own.

use axum::extract::State;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use vio_domain::text::Email;
use vio_http::query::NoParams;
use vio_http::{Fields, Json, Patch, Principal, Problem, Query, RequestId};
use vio_providers::ApiError;
use vio_providers::ses::{MailError, Refusal};
use vio_runtime::App;
use vio_store::tenants::TenantSettings;

use crate::connection::{
    Found, Outcome, PATIENCE, Sample, Tried, not_configured, tried, unanswered,
};

/// Messages by e-mail.
#[derive(Serialize, ToSchema)]
#[schema(as = EmailView)]
pub(crate) struct EmailView {
    enabled: bool,
    /// Whether e-mails can be sent.
    configured: bool,
    /// The address that they come from, under the business's name; null where the platform sends none.
    #[schema(example = "no-reply@mail.example")]
    sender: Option<String>,
    /// Where answers go; null: e-mails ask for a call.
    #[schema(example = "desk@riverside.example")]
    reply_to: Option<String>,
    problems: Vec<String>,
}

impl EmailView {
    pub(crate) fn of(app: &App, opened: &TenantSettings) -> Self {
        let settings = &opened.settings.integrations.email;
        let sends = app.mail.is_some();
        let mut problems = Vec::new();
        if settings.enabled && !sends {
            problems.push("E-mail is not sent from this installation at the moment.".to_owned());
        }
        if settings.enabled && settings.reply_to.is_none() {
            problems.push(
                "No address for answers is set, so nobody reads what people answer.".to_owned(),
            );
        }
        Self {
            enabled: settings.enabled,
            configured: settings.enabled && sends,
            sender: app.mail.as_ref().map(|mail| mail.from.as_str().to_owned()),
            reply_to: settings
                .reply_to
                .as_ref()
                .map(|email| email.as_str().to_owned()),
            problems,
        }
    }
}

#[derive(Deserialize, ToSchema)]
#[schema(as = EmailPatch)]
pub(crate) struct EmailPatch {
    #[serde(default)]
    #[schema(value_type = Option<bool>)]
    enabled: Patch<bool>,
    #[serde(default)]
    #[schema(value_type = Option<String>, example = "desk@riverside.example")]
    reply_to: Patch<String>,
}

impl EmailPatch {
    pub(crate) fn apply(&self, app: &App, opened: &mut TenantSettings, fields: &mut Fields) {
        let email = &mut opened.settings.integrations.email;
        let before = email.enabled;
        self.enabled
            .copy(fields, "/email/enabled", &mut email.enabled);
        if email.enabled && !before && app.mail.is_none() {
            let detail = "E-mail is not sent from this installation.";
            fields.note("/email/enabled", "not_available", detail);
        }
        let reply_to = &mut email.reply_to;
        self.reply_to
            .put_optional(fields, "/email/reply_to", reply_to, |t| Email::parse(t));
    }
}

/// Asks the provider whether e-mail can be sent.
async fn email(app: &App, opened: &TenantSettings) -> Result<(String, Vec<Sample>), Found> {
    let Some(mail) = &app.mail else {
        let why = "E-mail is not sent from this installation.";
        return Err((Outcome::NotConfigured, why.to_owned()));
    };
    if !opened.settings.integrations.email.enabled {
        return Err(not_configured("E-mail is switched off."));
    }
    let account = mail.api.account(PATIENCE).await;
    let account = account.map_err(|error| match error {
        MailError::NoAnswer(unknown) => unanswered("The mail service", &unknown.into()),
        MailError::Refused {
            about: Refusal::TooMany | Refusal::Quota,
            retry_after,
            ..
        } => {
            let busy = ApiError::Refused {
                status: 429,
                retry_after,
                message: Default::default(),
            };
            unanswered("The mail service", &busy)
        }
        MailError::NotSigned | MailError::Refused { .. } => (
            Outcome::MissingScope,
            "The mail service does not let this installation in. Its operator must see to it."
                .to_owned(),
        ),
    })?;
    if !account.sends {
        let why = "The mail service has stopped sending for this installation. Its operator must see to it.";
        return Err((Outcome::Unreachable, why.to_owned()));
    }
    if !account.to_everybody {
        let why = "The mail service sends to proved addresses only as yet. The operator must ask it for more.";
        return Err((Outcome::MissingScope, why.to_owned()));
    }
    if account.used_up {
        let why = "The mail service has sent all that it may send in 24 hours for this installation. E-mails wait.";
        return Err((Outcome::Busy, why.to_owned()));
    }
    let message = format!(
        "E-mails can be sent. They come from {}.",
        mail.from.as_str()
    );
    Ok((message, Vec::new()))
}

/// Tries out whether e-mails can be sent; nobody is written to.
#[utoipa::path(post, path = "/api/settings/integrations/email/test", tag = "settings",
    responses((status = 200, description = "What came of it", body = Tried)))]
pub(crate) async fn test_email(
    State(app): State<App>,
    who: Principal,
    request: RequestId,
    Query(NoParams {}): Query<NoParams>,
) -> Result<Json<Tried>, Problem> {
    tried(&app, &who, request, "email", email).await
}
