//! Trying a connection out (S3 "Integration Status & Testing"): asks the provider with what is saved, and says in a
//! sentence what is wrong and what to do.

use std::time::Duration;

use axum::extract::State;
use chrono::{DateTime, Utc};
use futures::future::join;
use secrecy::SecretString;
use serde::Serialize;
use utoipa::ToSchema;
use vio_domain::settings::integrations::Calcom;
use vio_http::query::NoParams;
use vio_http::{Json, Principal, Problem, Query, RequestId};
use vio_providers::calcom::{Bookings, CalcomClient, Hook};
use vio_providers::twilio::{Account, TwilioError};
use vio_providers::{ApiError, BaseUrl, Http, Unanswered};
use vio_runtime::App;
use vio_runtime::web::{actor, store_problem};
use vio_store::log::Entry;
use vio_store::tenants::TenantSettings;
use vio_store::tx::Tx;

/// How long a provider has to answer one question.
pub(crate) const PATIENCE: Duration = Duration::from_secs(8);
/// Bookings that are shown.
pub(crate) const SAMPLES: u32 = 3;
/// What Cal.com must tell us of.
const TRIGGERS: [&str; 3] = [
    "BOOKING_CREATED",
    "BOOKING_RESCHEDULED",
    "BOOKING_CANCELLED",
];

/// What a trial came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = ConnectionOutcome)]
pub(crate) enum Outcome {
    Works,
    /// Something is not set yet.
    NotConfigured,
    /// The provider does not know the key.
    WrongKey,
    /// The key may not do what is needed.
    MissingScope,
    /// Nothing at the provider points here.
    NoWebhook,
    /// What points here is switched off, or does not tell all that is needed.
    WebhookDisabled,
    /// The account has no such number, or it sends no SMS.
    WrongNumber,
    /// The key is another person's.
    WrongOrganizer,
    /// The provider asks us to wait.
    Busy,
    /// The provider did not answer, or not sensibly.
    Unreachable,
}

/// A booking as the provider has it, without whose it is.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Sample {
    /// The kind of event booked.
    #[schema(example = "check-up")]
    pub(crate) event_type: Option<String>,
    pub(crate) start: Option<DateTime<Utc>>,
    #[schema(example = "accepted")]
    pub(crate) status: Option<String>,
}

/// What came of trying a connection out.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ConnectionTest)]
pub(crate) struct Tried {
    outcome: Outcome,
    /// For people.
    #[schema(example = "Cal.com answers, and its webhook reaches us.")]
    message: String,
    tested_at: DateTime<Utc>,
    /// With a calendar: up to three of its latest bookings.
    samples: Vec<Sample>,
}

/// A finding that ends a trial.
pub(crate) type Found = (Outcome, String);

pub(crate) fn unanswered(name: &str, error: &ApiError) -> Found {
    match error {
        ApiError::Refused { status: 401, .. } => (
            Outcome::WrongKey,
            format!("{name} does not know this API key. Make a new one there and save it here."),
        ),
        ApiError::Refused { status: 403, .. } => (
            Outcome::MissingScope,
            format!(
                "{name} knows the key, but it may not read what is needed. Give it more rights there, or save another."
            ),
        ),
        ApiError::Refused { status: 429, .. } => (
            Outcome::Busy,
            format!("{name} asks us to slow down. Try again in a few minutes."),
        ),
        ApiError::Refused { status, .. } => (
            Outcome::Unreachable,
            format!(
                "{name} answered with status {status}, which says nothing about the key. Try again later."
            ),
        ),
        ApiError::NoAnswer(Unanswered::TimedOut) => (
            Outcome::Unreachable,
            format!(
                "{name} did not answer within {} seconds. Try again later.",
                PATIENCE.as_secs()
            ),
        ),
        ApiError::NoAnswer(_) => (
            Outcome::Unreachable,
            format!(
                "{name} cannot be reached, or answers nothing that can be read. Try again later."
            ),
        ),
    }
}

pub(crate) fn not_configured(what: &str) -> Found {
    (Outcome::NotConfigured, format!("{what} Save it first."))
}

/// Asks Cal.com: whose the key is, what it has booked, and whether its webhook points here.
async fn calcom(app: &App, opened: &TenantSettings) -> Result<(String, Vec<Sample>), Found> {
    let calcom = &opened.settings.integrations.calcom;
    let key = opened.secrets.calcom_key.clone();
    let key = key.ok_or_else(|| not_configured("The API key of Cal.com is missing."))?;
    if !calcom.has_webhook_secret {
        return Err(not_configured(
            "The webhook's secret is missing, so that bookings cannot be told from forgeries.",
        ));
    }
    let own = calcom.base_url.as_ref();
    let base = own.map_or(app.platform.calcom_url.as_str(), |url| url.as_str());
    let base =
        BaseUrl::parse(base).map_err(|_| not_configured("The address of Cal.com is none."))?;
    let client = CalcomClient::new(Http::new(), base, SecretString::from(key));
    let failed = |error: ApiError| unanswered("Cal.com", &error);
    let me = client.me(PATIENCE).await.map_err(failed)?;
    if let (Some(theirs), Some(ours)) = (&me.email, &calcom.organizer_email)
        && !theirs.eq_ignore_ascii_case(ours.as_str())
    {
        let message = format!(
            "The key belongs to {theirs}, but the organizer set here is {}. Save that person's key, or change the organizer.",
            ours.as_str()
        );
        return Err((Outcome::WrongOrganizer, message));
    }
    let wanted = Bookings {
        take: SAMPLES,
        event_type: calcom.event_type_id,
        latest_first: true,
    };
    let (bookings, hooks) = join(client.bookings(&wanted, PATIENCE), hooks(&client, calcom)).await;
    let address = format!(
        "{}/api/webhook/calcom-booking/{}",
        app.platform.public_url, opened.endpoints.calcom_booking
    );
    reaches(&hooks.map_err(failed)?, &address)?;
    let samples = bookings.map_err(failed)?.into_iter().map(|booking| Sample {
        event_type: booking.event_type,
        start: booking.start,
        status: booking.status,
    });
    Ok((
        "Cal.com answers, and its webhook reaches us.".to_owned(),
        samples.collect(),
    ))
}

/// The account's webhooks, and those of the one event type where one is set.
async fn hooks(client: &CalcomClient, calcom: &Calcom) -> Result<Vec<Hook>, ApiError> {
    let mut all = client.hooks(None, PATIENCE).await?;
    if let Some(event_type) = calcom.event_type_id {
        all.extend(client.hooks(Some(event_type), PATIENCE).await?);
    }
    Ok(all)
}

/// Whether one of these tells us all that is needed.
fn reaches(hooks: &[Hook], address: &str) -> Result<(), Found> {
    let here: Vec<&Hook> = hooks
        .iter()
        .filter(|hook| hook.url.trim_end_matches('/') == address)
        .collect();
    if here.is_empty() {
        let message = format!(
            "No webhook of this Cal.com account points here, so that bookings are not heard of. Add one with the address {address}."
        );
        return Err((Outcome::NoWebhook, message));
    }
    let Some(active) = here.iter().find(|hook| hook.active) else {
        let message =
            "The webhook that points here is switched off at Cal.com. Switch it on there.";
        return Err((Outcome::WebhookDisabled, message.to_owned()));
    };
    let told = |trigger: &&str| active.triggers.iter().any(|one| one == trigger);
    let missing: Vec<&str> = TRIGGERS
        .into_iter()
        .filter(|trigger| !told(trigger))
        .collect();
    if missing.is_empty() {
        return Ok(());
    }
    let message = format!(
        "The webhook that points here does not send {}. Tick it there.",
        missing.join(", ")
    );
    Err((Outcome::WebhookDisabled, message))
}

/// Asks Retell how many calls may be under way, which only a right key is told.
async fn retell(app: &App, opened: &TenantSettings) -> Result<(String, Vec<Sample>), Found> {
    let retell = &opened.settings.integrations.retell;
    let key = opened.secrets.retell_key.current.clone();
    let key = key.ok_or_else(|| not_configured("The API key of the voice provider is missing."))?;
    if retell.agent_id.is_none() || retell.from_number.is_none() {
        return Err(not_configured(
            "The calling agent or the number to call from is missing.",
        ));
    }
    let own = retell.base_url.as_ref();
    let base = own.map_or(app.platform.retell_url.as_str(), |url| url.as_str());
    let api = app.retell.client_at(base, SecretString::from(key));
    let api = api.map_err(|_| not_configured("The address of the voice provider is none."))?;
    let answered = api.concurrency(PATIENCE).await;
    let lines = answered.map_err(|error| unanswered("The voice provider", &error))?;
    let message = format!(
        "The voice provider answers: {} of {} calls are under way. Agent and number are tried by the first call.",
        lines.current, lines.limit
    );
    Ok((message, Vec::new()))
}

/// Asks Twilio for the number that messages go out from, and whether what people write to it is posted here.
async fn twilio(app: &App, opened: &TenantSettings) -> Result<(String, Vec<Sample>), Found> {
    let settings = &opened.settings.integrations.twilio;
    let (Some(sid), Some(from), Some(token)) = (
        &settings.account_sid,
        &settings.from_number,
        opened.secrets.twilio_token.current.clone(),
    ) else {
        return Err(not_configured(
            "The account's SID, its auth token or the number to send from is missing.",
        ));
    };
    let own = settings.base_url.as_ref();
    let base = own.map_or(app.platform.twilio_url.as_str(), |url| url.as_str());
    let account = Account {
        sid: sid.as_str().to_owned(),
        token: SecretString::from(token),
    };
    let api = app.twilio.client_at(base, account);
    let api = api.map_err(|_| not_configured("The address of Twilio is none."))?;
    let answered = api.own_number(from.as_str(), PATIENCE).await;
    let number = answered.map_err(|error| match error {
        TwilioError::NoAnswer(unknown) => unanswered("Twilio", &unknown.into()),
        TwilioError::Refused {
            status,
            retry_after,
            ..
        } => {
            let message = Default::default();
            let refused = ApiError::Refused {
                status,
                retry_after,
                message,
            };
            unanswered("Twilio", &refused)
        }
    })?;
    let number = number.filter(|number| number.sms).ok_or_else(|| {
        let message =
            "This Twilio account has no such number that sends SMS. Choose one of its own.";
        (Outcome::WrongNumber, message.to_owned())
    })?;
    let address = format!(
        "{}/api/webhook/sms/{}",
        app.platform.public_url, opened.endpoints.sms
    );
    if number
        .sms_url
        .as_deref()
        .map(|url| url.trim_end_matches('/'))
        != Some(address.as_str())
    {
        let message = format!(
            "Messages can be sent, but what people answer is not posted here, STOP among it. Set the number's address for incoming messages to {address}."
        );
        return Err((Outcome::NoWebhook, message));
    }
    let message = "Twilio answers, and what people write to the number reaches us.";
    Ok((message.to_owned(), Vec::new()))
}

/// Tries the saved connection with Twilio out; nobody is written to.
#[utoipa::path(post, path = "/api/settings/integrations/twilio/test", tag = "settings",
    responses((status = 200, description = "What came of it", body = Tried)))]
pub(crate) async fn test_twilio(
    State(app): State<App>,
    who: Principal,
    request: RequestId,
    Query(NoParams {}): Query<NoParams>,
) -> Result<Json<Tried>, Problem> {
    tried(&app, &who, request, "twilio", twilio).await
}

/// Tries the saved connection with Cal.com out.
#[utoipa::path(post, path = "/api/settings/integrations/calcom/test", tag = "settings",
    responses((status = 200, description = "What came of it", body = Tried)))]
pub(crate) async fn test_calcom(
    State(app): State<App>,
    who: Principal,
    request: RequestId,
    Query(NoParams {}): Query<NoParams>,
) -> Result<Json<Tried>, Problem> {
    tried(&app, &who, request, "calcom", calcom).await
}

/// Tries the saved connection with the voice provider out; nobody is called.
#[utoipa::path(post, path = "/api/settings/integrations/retell/test", tag = "settings",
    responses((status = 200, description = "What came of it", body = Tried)))]
pub(crate) async fn test_retell(
    State(app): State<App>,
    who: Principal,
    request: RequestId,
    Query(NoParams {}): Query<NoParams>,
) -> Result<Json<Tried>, Problem> {
    tried(&app, &who, request, "retell", retell).await
}

/// Asks a provider with what is saved, and enters what came of it into the log.
pub(crate) async fn tried(
    app: &App,
    who: &Principal,
    request: RequestId,
    provider: &str,
    ask: impl AsyncFnOnce(&App, &TenantSettings) -> Result<(String, Vec<Sample>), Found>,
) -> Result<Json<Tried>, Problem> {
    let (ts, opened) = app.tenant_with_settings(who).await?;
    let (outcome, message, samples) = match ask(app, &opened).await {
        Ok((message, samples)) => (Outcome::Works, message, samples),
        Err((outcome, message)) => (outcome, message, Vec::new()),
    };
    let entry = Entry::new("integration.tested", "settings", ts.id.uuid())
        .details(serde_json::json!({ "provider": provider, "outcome": outcome }));
    let mut tx = Tx::new();
    ts.log(&mut tx, &actor(who, request), entry)
        .map_err(store_problem)?;
    app.store.commit(tx).await.map_err(store_problem)?;
    Ok(Json(Tried {
        outcome,
        message,
        tested_at: ts.now(),
        samples,
    }))
}
