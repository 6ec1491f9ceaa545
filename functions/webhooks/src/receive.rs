//! Receiving: whose address it is, whether the provider signed it, whether it is an event of ours; then stored.

use axum::Json;
use axum::extract::State;
use chrono::TimeDelta;
use http::HeaderMap;
use secrecy::SecretString;
use serde::Serialize;
use utoipa::ToSchema;
use vio_crypto::EndpointId;
use vio_domain::bookings::Calendar;
use vio_http::{FieldProblem, Kind, Path, Problem, RawBody};
use vio_providers::booking::Event;
use vio_providers::{EventError, SignatureError, calcom, calendly, retell};
use vio_runtime::App;
use vio_runtime::queues::InboxMessage;
use vio_runtime::web::store_problem;
use vio_store::TenantStore;
use vio_store::calendar::CalendarRow;
use vio_store::inbox::Stored;
use vio_store::objects::Put;
use vio_store::tenants::{Provider, TenantSettings};

use crate::Webhooks;
use crate::bookings::{Wanted, note_failure, wanted};

/// What went wrong where a calendar signs with another secret.
const WRONG_SIGNATURE: &str = "wrong_signature";
/// For so long it is not noted again: whoever knows the address can send what they like.
const NOT_AGAIN: TimeDelta = TimeDelta::minutes(15);

/// What became of a delivery.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ReceiptStatus {
    /// Stored; it is processed within a moment.
    Accepted,
    /// Delivered before: nothing new happens.
    Duplicate,
    /// Of a kind that is not used here, or of a connection that is switched off.
    Ignored,
}

/// The answer to a delivery.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
pub struct Receipt {
    pub status: ReceiptStatus,
}

/// Results of calls, from Retell
///
/// Signed by Retell with the tenant's API key (`x-retell-signature`), at most five minutes ago. `call_started`,
/// `call_ended` and `call_analyzed` are processed; other events are accepted and ignored. At most 5 MiB.
#[utoipa::path(post, path = "/api/webhook/call-outcome/{endpoint_id}", tag = "webhooks",
    params(("endpoint_id" = String, Path, description = "The tenant's own address, as its settings show it")),
    request_body(content = serde_json::Value, content_type = "application/json",
        example = json!({"event": "call_ended", "call": {"call_id": "call_4f2c9e", "call_status": "ended", "metadata": {"attempt_id": "0192f0c1-2b3c-7def-8abc-0123456789ab"}}})),
    responses((status = 200, body = Receipt, description = "Received")))]
pub(crate) async fn call_outcome(
    State(webhooks): State<Webhooks>,
    Path(endpoint): Path<EndpointId>,
    headers: HeaderMap,
    RawBody(body): RawBody,
) -> Result<Json<Receipt>, Problem> {
    let (ts, settings) = recipient(&webhooks.app, &endpoint, Provider::Retell).await?;
    let now = webhooks.app.real_clock.now();
    let keys = secrets(settings.secrets.retell_key.accepted(now));
    let header = header(&headers, retell::webhook::SIGNATURE_HEADER)?;
    retell::webhook::verify(header, &body, &keys, now).map_err(refused)?;
    guard(&body)?;
    let event = retell::webhook::parse(&body).map_err(malformed)?;
    match (event.kind.clone(), event.identity()) {
        (retell::webhook::EventKind::Other, _) | (_, None) => receipt(ReceiptStatus::Ignored),
        (_, Some(identity)) => store(&webhooks, &ts, Provider::Retell, &identity, &body).await,
    }
}

/// Bookings, from Cal.com
///
/// Signed by Cal.com with the webhook's secret (`X-Cal-Signature-256`). `BOOKING_CREATED`, `BOOKING_RESCHEDULED`,
/// `BOOKING_CANCELLED`, `BOOKING_REJECTED` and `BOOKING_NO_SHOW_UPDATED` are processed, in whatever order they come, and
/// `BOOKING_REQUESTED` where it moves a booking; other triggers are accepted and ignored, as are event types other than
/// the one set and everything while the connection is switched off. At most 1 MiB.
#[utoipa::path(post, path = "/api/webhook/calcom-booking/{endpoint_id}", tag = "webhooks",
    params(("endpoint_id" = String, Path, description = "The tenant's own address, as its settings show it")),
    request_body(content = serde_json::Value, content_type = "application/json",
        example = json!({"triggerEvent": "BOOKING_CANCELLED", "createdAt": "2027-03-09T08:00:00Z", "payload": {"uid": "bK4f2c9e"}})),
    responses((status = 200, body = Receipt, description = "Received")))]
pub(crate) async fn calcom_booking(
    State(webhooks): State<Webhooks>,
    Path(endpoint): Path<EndpointId>,
    headers: HeaderMap,
    RawBody(body): RawBody,
) -> Result<Json<Receipt>, Problem> {
    let (ts, settings) = recipient(&webhooks.app, &endpoint, Provider::Calcom).await?;
    let now = webhooks.app.real_clock.now();
    let keys = secrets(settings.secrets.calcom_webhook.accepted(now));
    let header = header(&headers, calcom::webhook::SIGNATURE_HEADER)?;
    if let Err(error) = calcom::webhook::verify(header, &body, &keys) {
        return Err(wrongly_signed(&ts, &settings, Calendar::Calcom, error).await);
    }
    guard(&body)?;
    let event = calcom::webhook::parse(&body).map_err(malformed)?;
    store_booking(&webhooks, &ts, &settings, Calendar::Calcom, &event, &body).await
}

/// Bookings, from Calendly
///
/// Signed by Calendly with the subscription's key (`Calendly-Webhook-Signature`), at most three minutes ago.
/// `invitee.created`, `invitee.canceled`, `invitee_no_show.created` and `invitee_no_show.deleted` are processed, in whatever
/// order they come; other events are accepted and ignored, as are event types that are not chosen, the end of a booking
/// that was moved (`rescheduled`: the new booking says more) and everything while the connection is switched off. At most
/// 1 MiB.
#[utoipa::path(post, path = "/api/webhook/calendly-booking/{endpoint_id}", tag = "webhooks",
    params(("endpoint_id" = String, Path, description = "The tenant's own address, as its settings show it")),
    request_body(content = serde_json::Value, content_type = "application/json",
        example = json!({"event": "invitee.canceled", "created_at": "2027-03-09T08:00:00.000000Z",
            "payload": {"uri": "https://api.calendly.com/scheduled_events/GBGBDCAA/invitees/AAAAAAAA", "rescheduled": false}})),
    responses((status = 200, body = Receipt, description = "Received")))]
pub(crate) async fn calendly_booking(
    State(webhooks): State<Webhooks>,
    Path(endpoint): Path<EndpointId>,
    headers: HeaderMap,
    RawBody(body): RawBody,
) -> Result<Json<Receipt>, Problem> {
    let (ts, settings) = recipient(&webhooks.app, &endpoint, Provider::Calendly).await?;
    let now = webhooks.app.real_clock.now();
    let keys = secrets(settings.secrets.calendly_signing.accepted(now));
    let header = header(&headers, calendly::webhook::SIGNATURE_HEADER)?;
    if let Err(error) = calendly::webhook::verify(header, &body, &keys, now) {
        return Err(wrongly_signed(&ts, &settings, Calendar::Calendly, error).await);
    }
    guard(&body)?;
    let event = calendly::webhook::parse(&body).map_err(malformed)?;
    store_booking(&webhooks, &ts, &settings, Calendar::Calendly, &event, &body).await
}

/// Stores a calendar's event where it is used. One of a kind of booking that was not chosen is counted, and not kept.
async fn store_booking(
    webhooks: &Webhooks,
    ts: &TenantStore,
    settings: &TenantSettings,
    calendar: Calendar,
    event: &Event,
    body: &[u8],
) -> Result<Json<Receipt>, Problem> {
    match wanted(calendar, &settings.settings.integrations, event) {
        Wanted::Yes => store(webhooks, ts, calendar.into(), &event.identity(), body).await,
        Wanted::No => receipt(ReceiptStatus::Ignored),
        Wanted::OtherType => {
            if let Err(error) = ts.count_ignored(calendar).await {
                tracing::warn!(tenant_id = %ts.id, %error, "an event that is not used was not counted");
            }
            receipt(ReceiptStatus::Ignored)
        }
    }
}

/// Whose address it is. One that is nobody's, or another provider's, is nothing here.
pub(crate) async fn recipient(
    app: &App,
    endpoint: &EndpointId,
    provider: Provider,
) -> Result<(TenantStore, TenantSettings), Problem> {
    let row = app
        .store
        .endpoint(&endpoint.to_string())
        .await
        .map_err(store_problem)?
        .filter(|row| row.provider == provider)
        .ok_or_else(Problem::not_found)?;
    let ts = app.tenant(row.tenant).await?;
    let settings = ts.settings().await.map_err(store_problem)?;
    Ok((ts, settings))
}

pub(crate) fn secrets(accepted: Vec<&str>) -> Vec<SecretString> {
    accepted.into_iter().map(SecretString::from).collect()
}

/// The one value of the signature's header.
pub(crate) fn header<'a>(headers: &'a HeaderMap, name: &'static str) -> Result<&'a str, Problem> {
    let mut values = headers.get_all(name).iter();
    match (values.next(), values.next()) {
        (Some(value), None) => value.to_str().map_err(|_| refused(SignatureError::Wrong)),
        _ => Err(refused(SignatureError::Wrong)),
    }
}

/// 401, and now and then among what went wrong with the calendar: whoever gave it another secret than the one saved here
/// learns of it.
async fn wrongly_signed(
    ts: &TenantStore,
    settings: &TenantSettings,
    calendar: Calendar,
    error: SignatureError,
) -> Problem {
    let told = |row: CalendarRow| {
        let mut failures = row.failures.into_iter();
        failures.any(|one| one.reason == WRONG_SIGNATURE && ts.now() - one.at < NOT_AGAIN)
    };
    let integrations = &settings.settings.integrations;
    if integrations.calendar(calendar).enabled {
        match ts.calendar(calendar).await {
            Ok(row) => {
                if !row.is_some_and(told) {
                    note_failure(ts, calendar, WRONG_SIGNATURE).await;
                }
            }
            Err(error) => tracing::warn!(tenant_id = %ts.id, %error, "a calendar was not read"),
        }
    }
    refused(error)
}

pub(crate) fn refused(_: SignatureError) -> Problem {
    Problem::new(Kind::InvalidSignature)
}

/// The limits that every JSON body has: depth, and no key twice.
fn guard(body: &[u8]) -> Result<(), Problem> {
    vio_http::body::parse::<serde_json::Value>(body).map(|_| ())
}

fn malformed(error: EventError) -> Problem {
    match error {
        EventError::TooLarge => too_large(),
        EventError::NotAnObject => Problem::new(Kind::MalformedJson).error(FieldProblem::new(
            "",
            "not_an_object",
            "The body must be a JSON object.",
        )),
        EventError::Missing(field) => {
            let pointer = format!("/{}", field.replace('.', "/"));
            let problem = FieldProblem::new(pointer, "missing", "Missing or unreadable.");
            Problem::new(Kind::MalformedRequest).error(problem)
        }
    }
}

pub(crate) fn too_large() -> Problem {
    let error = FieldProblem::new("", "too_large", "The body is too large.");
    Problem::new(Kind::PayloadTooLarge).error(error)
}

pub(crate) fn receipt(status: ReceiptStatus) -> Result<Json<Receipt>, Problem> {
    Ok(Json(Receipt { status }))
}

/// Stores an event: the object first, if it is large, then the entry that names it. What ends between the two leaves an
/// object that nothing names, and the provider delivers again.
pub(crate) async fn store(
    webhooks: &Webhooks,
    ts: &TenantStore,
    provider: Provider,
    identity: &str,
    body: &[u8],
) -> Result<Json<Receipt>, Problem> {
    let new = ts
        .new_event(provider, identity, body)
        .map_err(store_problem)?;
    let mut object = None;
    if let Some((name, bytes)) = new.object() {
        // A redelivery puts nothing: only two deliveries at once do, and the second takes its object back below.
        if ts
            .event(new.event())
            .await
            .map_err(store_problem)?
            .is_some()
        {
            return receipt(ReceiptStatus::Duplicate);
        }
        // Its name is new, so what is there already is this very delivery's, sent again after a lost answer.
        let (Put::Created | Put::Exists) = webhooks
            .objects
            .put_if_absent(name, bytes.to_vec())
            .await
            .map_err(|error| store_problem(error.into()))?;
        object = Some(name.clone());
        vio_runtime::crash::point("object_stored");
    }
    match (ts.store_event(new).await.map_err(store_problem)?, object) {
        (Stored::Duplicate, object) => {
            if let Some(object) = object
                && let Err(error) = webhooks.objects.delete(&object).await
            {
                tracing::warn!(tenant_id = %ts.id, %error, "a second delivery's object was not deleted; its lifecycle does it");
            }
            receipt(ReceiptStatus::Duplicate)
        }
        (Stored::New { event }, _) => {
            vio_runtime::crash::point("stored");
            let message = InboxMessage {
                tenant: ts.id,
                event: event.to_string(),
            };
            if let Err(error) = webhooks.app.queues.inbox(message).await {
                tracing::warn!(tenant_id = %ts.id, %error, "a stored event was not handed on; the tick does it");
            }
            receipt(ReceiptStatus::Accepted)
        }
    }
}
