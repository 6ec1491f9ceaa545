//! Asking Calendly with what is saved: whether the connection works, and what can be booked.

use axum::extract::State;
use futures::future::join;
use secrecy::SecretString;
use serde::Serialize;
use utoipa::ToSchema;
use vio_http::query::NoParams;
use vio_http::{Json, Principal, Problem, Query, RequestId};
use vio_providers::calendly::{CalendlyClient, EVENTS, Me, Subscription, Wanted};
use vio_providers::{ApiError, BaseUrl, Http};
use vio_runtime::App;
use vio_store::tenants::TenantSettings;

use crate::connection::{
    Found, Outcome, PATIENCE, SAMPLES, Sample, Tried, not_configured, tried, unanswered,
};

fn failed(error: ApiError) -> Found {
    unanswered("Calendly", &error)
}

fn client(app: &App, opened: &TenantSettings) -> Result<CalendlyClient, Found> {
    let token = opened.secrets.calendly_key.clone();
    let token = token.ok_or_else(|| not_configured("The access token of Calendly is missing."))?;
    let own = opened.settings.integrations.calendly.base_url.as_ref();
    let base = own.map_or(app.platform.calendly_url.as_str(), |url| url.as_str());
    let base =
        BaseUrl::parse(base).map_err(|_| not_configured("The address of Calendly is none."))?;
    Ok(CalendlyClient::new(
        Http::new(),
        base,
        SecretString::from(token),
    ))
}

/// Asks whose the token is; it must be the one that the business named.
async fn whose(client: &CalendlyClient, opened: &TenantSettings) -> Result<Me, Found> {
    let me = client.me(PATIENCE).await.map_err(failed)?;
    let organizer = &opened.settings.integrations.calendly.organizer_email;
    if let (Some(theirs), Some(ours)) = (&me.email, organizer)
        && !theirs.eq_ignore_ascii_case(ours.as_str())
    {
        let message = format!(
            "The token belongs to {theirs}, but the account set here is {}. Save that person's token, or change the account.",
            ours.as_str()
        );
        return Err((Outcome::WrongOrganizer, message));
    }
    Ok(me)
}

/// Asks Calendly: whose the token is, what is booked, and whether its webhook points here.
async fn ask(app: &App, opened: &TenantSettings) -> Result<(String, Vec<Sample>), Found> {
    let client = client(app, opened)?;
    let me = whose(&client, opened).await?;
    let wanted = Wanted {
        user: me.uri.clone(),
        count: Some(SAMPLES),
        latest_first: true,
        ..Wanted::default()
    };
    let (events, hooks) = join(
        client.scheduled_events(&wanted, PATIENCE),
        client.subscriptions(&me, PATIENCE),
    )
    .await;
    let address = format!(
        "{}/api/webhook/calendly-booking/{}",
        app.platform.public_url, opened.endpoints.calendly_booking
    );
    reaches(&hooks.map_err(failed)?, &address)?;
    let samples = events.map_err(failed)?.items.into_iter().map(|event| {
        let status = if event.canceled { "canceled" } else { "active" };
        Sample {
            event_type: event.name,
            start: Some(event.start),
            status: Some(status.to_owned()),
        }
    });
    Ok((
        "Calendly answers, and its webhook reaches us.".to_owned(),
        samples.collect(),
    ))
}

/// Whether one of these tells us all that is needed.
fn reaches(hooks: &[Subscription], address: &str) -> Result<(), Found> {
    let here: Vec<&Subscription> = hooks
        .iter()
        .filter(|hook| hook.url.trim_end_matches('/') == address)
        .collect();
    if here.is_empty() {
        let message = format!(
            "Calendly answers, but has no webhook for {address}. One is made within a minute after the connection is saved and \
             switched on; if it stays away, the account's plan or the token's rights do not allow it. Bookings are read every \
             five minutes meanwhile."
        );
        return Err((Outcome::NoWebhook, message));
    }
    let Some(active) = here.iter().find(|hook| hook.active) else {
        let message = "Calendly switched the webhook that points here off, because it could not be reached for a day. It is \
                       made anew within two hours; save a new signing key to have it at once.";
        return Err((Outcome::WebhookDisabled, message.to_owned()));
    };
    let told = |wanted: &&str| active.events.iter().any(|event| event == wanted);
    let missing: Vec<&str> = EVENTS[..2]
        .iter()
        .copied()
        .filter(|event| !told(event))
        .collect();
    if missing.is_empty() {
        return Ok(());
    }
    let message = format!(
        "The webhook that points here does not send {}. It is made anew when the calendar is read next.",
        missing.join(", ")
    );
    Err((Outcome::WebhookDisabled, message))
}

/// Tries the saved connection with Calendly out.
#[utoipa::path(post, path = "/api/settings/integrations/calendly/test", tag = "settings",
    responses((status = 200, description = "What came of it", body = Tried)))]
pub(crate) async fn test_calendly(
    State(app): State<App>,
    who: Principal,
    request: RequestId,
    Query(NoParams {}): Query<NoParams>,
) -> Result<Json<Tried>, Problem> {
    tried(&app, &who, request, "calendly", ask).await
}

/// A kind of event that can be booked.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CalendlyEventType)]
pub(crate) struct EventTypeView {
    /// Its address at Calendly, as `event_types` of the settings take it.
    #[schema(example = "https://api.calendly.com/event_types/GBGBDCAADAEDCRZ2")]
    uri: String,
    #[schema(example = "Check-up")]
    name: Option<String>,
    #[schema(example = 30)]
    duration_minutes: Option<i64>,
    /// Whether it can be booked at the moment.
    active: bool,
    /// Whether its bookings are taken over, as the settings are saved.
    chosen: bool,
}

/// What can be booked, or why that is not known.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CalendlyEventTypes)]
pub(crate) struct EventTypesView {
    outcome: Outcome,
    /// For people.
    #[schema(example = "Calendly has 3 event types.")]
    message: String,
    event_types: Vec<EventTypeView>,
}

async fn list(app: &App, opened: &TenantSettings) -> Result<Vec<EventTypeView>, Found> {
    let client = client(app, opened)?;
    let me = whose(&client, opened).await?;
    let found = client.event_types(&me.uri, PATIENCE).await;
    let calendly = &opened.settings.integrations.calendly;
    let one = |kind: vio_providers::calendly::EventType| EventTypeView {
        chosen: calendly.takes(Some(&kind.uri)),
        uri: kind.uri,
        name: kind.name,
        duration_minutes: kind.minutes,
        active: kind.active,
    };
    Ok(found.map_err(failed)?.into_iter().map(one).collect())
}

/// What can be booked with the account, to choose from.
#[utoipa::path(get, path = "/api/settings/integrations/calendly/event-types", tag = "settings",
    responses((status = 200, description = "The account's event types, or why they are not known", body = EventTypesView)))]
pub(crate) async fn event_types(
    State(app): State<App>,
    who: Principal,
    Query(NoParams {}): Query<NoParams>,
) -> Result<Json<EventTypesView>, Problem> {
    let (_, opened) = app.tenant_with_settings(&who).await?;
    Ok(Json(match list(&app, &opened).await {
        Ok(event_types) => EventTypesView {
            outcome: Outcome::Works,
            message: format!("Calendly has {} event types.", event_types.len()),
            event_types,
        },
        Err((outcome, message)) => EventTypesView {
            outcome,
            message,
            event_types: Vec::new(),
        },
    }))
}
