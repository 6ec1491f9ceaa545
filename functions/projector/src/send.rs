//! Sending what waits for an address. A run has the address for a while; each delivery is taken before it is sent, so that
//! what is lost with a process has its turn again. One that does not answer ends the run and gets a rest, which grows: it
//! costs nobody else anything.

use std::time::{Duration, Instant};

use chrono::{DateTime, TimeDelta, Utc};
use futures::future::join_all;
use secrecy::SecretString;
use serde::Serialize;
use uuid::Uuid;
use vio_domain::ids::TenantId;
use vio_domain::outgoing::FAILING_FOR;
use vio_providers::outgoing::{
    ID_HEADER, NotPosted, OutgoingClient, SIGNATURE_HEADER, TIMESTAMP_HEADER, WebhookUrl, sign,
};
use vio_runtime::App;
use vio_runtime::batch::MessageError;
use vio_runtime::queues::{MAX_DELAY_SECONDS, OutgoingMessage};
use vio_store::log::Actor;
use vio_store::outgoing::{
    Came, DeliveryRow, DisabledBy, HealthRow, TryResult, WaitingRow, Webhook,
};
use vio_store::tenants::TenantStatus;
use vio_store::{StoreError, TenantStore};

/// Requests to one address at a time.
const SIDE_BY_SIDE: u32 = 8;
/// After this long a run begins no further request; with the last one's 15 s it ends within the function's time.
const RUN: Duration = Duration::from_secs(60);
/// When a suspended business is looked at again.
const SUSPENDED: TimeDelta = TimeDelta::hours(1);

/// What is sent. It carries no name, number or text of anybody.
#[derive(Serialize)]
struct Body<'a> {
    #[serde(rename = "type")]
    event: &'a str,
    timestamp: DateTime<Utc>,
    data: Data<'a>,
}

#[derive(Serialize)]
struct Data<'a> {
    tenant_id: Uuid,
    id: Uuid,
    #[serde(skip_serializing_if = "Option::is_none")]
    contact_id: Option<Uuid>,
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<&'a str>,
    /// Absent where the record has none.
    #[serde(skip_serializing_if = "Option::is_none")]
    version: Option<u64>,
}

/// The body of a delivery: the same bytes at each try.
pub(crate) fn body(row: &DeliveryRow) -> Result<Vec<u8>, serde_json::Error> {
    serde_json::to_vec(&Body {
        event: row.event.as_str(),
        timestamp: row.at,
        data: Data {
            tenant_id: row.tenant.uuid(),
            id: row.subject,
            contact_id: row.contact.map(|contact| contact.uuid()),
            status: row.status.as_deref(),
            version: (row.subject_version > 0).then_some(row.subject_version),
        },
    })
}

/// What a run needs of the address.
struct Receiver<'a> {
    app: &'a App,
    client: &'a OutgoingClient,
    ts: &'a TenantStore,
    url: WebhookUrl,
    secrets: Vec<SecretString>,
}

/// Handles one message of the queue.
pub(crate) async fn process(
    app: &App,
    client: &OutgoingClient,
    message: OutgoingMessage,
) -> Result<(), MessageError> {
    let next = run(app, client, &message)
        .await
        .map_err(MessageError::retry)?;
    // What comes soon is not left to the tick, which looks once a minute.
    let Some(next) = next else { return Ok(()) };
    let wait = (next - app.clock.now()).num_seconds().max(0);
    let wait = u32::try_from(wait).unwrap_or(u32::MAX).saturating_add(1);
    if wait <= MAX_DELAY_SECONDS
        && let Err(error) = app.queues.outgoing(message, wait).await
    {
        tracing::warn!(%error, "an address was not handed on; the tick does it");
    }
    Ok(())
}

/// Sends what is due to an address. Answers when there is more.
async fn run(
    app: &App,
    client: &OutgoingClient,
    message: &OutgoingMessage,
) -> Result<Option<DateTime<Utc>>, StoreError> {
    let Some(ts) = app.store.tenant(message.tenant).await? else {
        return Ok(None);
    };
    let Some(wake) = ts.take_outgoing_wake(message.webhook).await? else {
        return Ok(None);
    };
    let next = if is_suspended(app, message.tenant).await? {
        Some(ts.now() + SUSPENDED)
    } else {
        match ts.outgoing_webhook(message.webhook).await? {
            Some(webhook) if webhook.disabled.is_none() => {
                send_all(app, client, &ts, &webhook).await?
            }
            // What waits has its turn when it is switched on again.
            _ => None,
        }
    };
    ts.settle_outgoing_wake(&wake, next).await?;
    Ok(next)
}

async fn is_suspended(app: &App, tenant: TenantId) -> Result<bool, StoreError> {
    let row = app.store.tenant_row(tenant).await?;
    Ok(row.is_none_or(|row| row.status == TenantStatus::Suspended))
}

async fn send_all(
    app: &App,
    client: &OutgoingClient,
    ts: &TenantStore,
    webhook: &Webhook,
) -> Result<Option<DateTime<Utc>>, StoreError> {
    let mut health = ts.outgoing_health(webhook.id).await?;
    if let Some(until) = health.rest_until.filter(|until| *until > ts.now()) {
        return Ok(Some(until));
    }
    let Ok(url) = WebhookUrl::parse(&webhook.url, client.reach()) else {
        // Only a change of the rules for addresses leads here.
        ts.disable_outgoing_webhook(webhook.id, DisabledBy::Failing, &actor())
            .await?;
        return Ok(None);
    };
    let accepted = webhook.secret.accepted(ts.now());
    let receiver = Receiver {
        app,
        client,
        ts,
        url,
        secrets: accepted.into_iter().map(SecretString::from).collect(),
    };
    let begun = Instant::now();
    loop {
        let waiting = ts.outgoing_waiting(webhook.id, SIDE_BY_SIDE).await?;
        let now = ts.now();
        let due: Vec<&WaitingRow> = waiting.iter().filter(|row| row.at <= now).collect();
        if due.is_empty() || begun.elapsed() >= RUN {
            return Ok(waiting.first().map(|row| row.at));
        }
        // The first one alone where nobody knows whether it answers.
        let together = if health.failing_since.is_some() {
            1
        } else {
            due.len()
        };
        let sent = join_all(due.into_iter().take(together).map(|row| receiver.send(row))).await;
        let mut came = Vec::new();
        for one in sent {
            came.extend(one?);
        }
        match judge(&came, &mut health, now) {
            Judged::GoOn(changed) => {
                if changed {
                    ts.note_outgoing_health(&mut health).await?;
                }
            }
            Judged::Rest => {
                ts.note_outgoing_health(&mut health).await?;
                return Ok(health.rest_until);
            }
            Judged::Off(by) => {
                tracing::warn!(tenant_id = %ts.id, webhook = %webhook.id, by = by.as_str(), "an address was switched off");
                ts.disable_outgoing_webhook(webhook.id, by, &actor())
                    .await?;
                return Ok(None);
            }
        }
    }
}

fn actor() -> Actor {
    Actor::system("outgoing-webhooks")
}

/// What a round of requests says of the address.
enum Judged {
    /// It answers; whether that is news.
    GoOn(bool),
    /// It does not, or asked to be left alone.
    Rest,
    Off(DisabledBy),
}

fn judge(came: &[Came], health: &mut HealthRow, now: DateTime<Utc>) -> Judged {
    if came.iter().any(|one| one.result.gone()) {
        return Judged::Off(DisabledBy::Gone);
    }
    if came.is_empty() {
        return Judged::GoOn(false);
    }
    let asked = came.iter().filter_map(|one| one.asked).max();
    let taken = |one: &Came| one.result.taken();
    if came.iter().any(taken) {
        let news = health.failing_since.is_some() || health.rests > 0;
        health.well();
        // What says that the receiver as a whole is busy or away: nothing else is sent to it now either.
        let away = |one: &Came| {
            let answered = matches!(one.result, TryResult::Answered(_));
            !answered || matches!(one.result, TryResult::Answered(429 | 502..=504))
        };
        if asked.is_none() && !came.iter().any(away) {
            return Judged::GoOn(news);
        }
    } else {
        health.failed(now);
        let since = health.failing_since.unwrap_or(now);
        if now - since >= FAILING_FOR {
            return Judged::Off(DisabledBy::Failing);
        }
    }
    health.rest(asked, now);
    Judged::Rest
}

impl Receiver<'_> {
    /// Sends one delivery whose turn it is; None where somebody else did.
    async fn send(&self, waiting: &WaitingRow) -> Result<Option<Came>, StoreError> {
        let Some(mut row) = self.ts.take_delivery(waiting).await? else {
            return Ok(None);
        };
        let begun = Instant::now();
        let (result, asked) = self.post(&row).await?;
        let duration_ms = u32::try_from(begun.elapsed().as_millis()).unwrap_or(u32::MAX);
        let came = Came {
            result,
            duration_ms,
            asked,
            jitter: self.ts.new_id().as_bytes()[15],
        };
        self.ts.settle_delivery(&mut row, &came).await?;
        tracing::info!(tenant_id = %self.ts.id, delivery = %row.id, tries = row.tries, ?result, duration_ms, state = row.state.as_str(), "delivery");
        Ok(Some(came))
    }

    async fn post(
        &self,
        row: &DeliveryRow,
    ) -> Result<(TryResult, Option<DateTime<Utc>>), StoreError> {
        let invalid = |what: &dyn std::fmt::Display| StoreError::Invalid(what.to_string());
        let body = body(row).map_err(|error| invalid(&error))?;
        let id = row.id.to_string();
        // Real time: receivers compare it with theirs.
        let stamp = self.app.real_clock.now().timestamp();
        let signature = sign(&self.secrets, &id, stamp, &body).map_err(|error| invalid(&error))?;
        let headers = [
            (ID_HEADER, id),
            (TIMESTAMP_HEADER, stamp.to_string()),
            (SIGNATURE_HEADER, signature),
        ];
        Ok(match self.client.post(&self.url, &headers, body).await {
            Ok(posted) => {
                let now = self.ts.now();
                let asked = posted.retry_after.map(|after| after.instant(now));
                (
                    TryResult::Answered(posted.status),
                    asked.filter(|at| *at > now),
                )
            }
            Err(NotPosted::TimedOut) => (TryResult::TimedOut, None),
            Err(NotPosted::NoConnection) => (TryResult::NoConnection, None),
            Err(NotPosted::AddressRefused) => (TryResult::AddressRefused, None),
        })
    }
}
