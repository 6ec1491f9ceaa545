//! From the table's stream to what waits for businesses' own addresses: of each new entry of the change log, and each new
//! entry of the work list, one delivery for each address that chose what it tells (docs/outgoing-webhooks.md).

use std::collections::BTreeMap;

use aws_lambda_events::event::dynamodb::EventRecord;
use chrono::{DateTime, Utc};
use serde::Deserialize;
use uuid::Uuid;
use vio_domain::ids::{AttentionId, ContactId, LogId, TenantId};
use vio_domain::outgoing::{EventType, News, delivery_id};
use vio_runtime::App;
use vio_runtime::queues::OutgoingMessage;
use vio_store::StoreError;
use vio_store::calling::attention::AttentionRow;
use vio_store::entity::{Entity, TYPE};
use vio_store::key;
use vio_store::log::LogRow;
use vio_store::outgoing::OutgoingEvent;
use vio_store::port::{AttributeValue, PK};

use crate::UnreadableEntry;

/// The parts of a log entry that deliveries are made of.
#[derive(Deserialize)]
struct Logged {
    tenant: TenantId,
    id: LogId,
    access: bool,
    at: DateTime<Utc>,
    contact: Option<ContactId>,
    #[serde(default)]
    news: Vec<News>,
}

/// The parts of an entry of the work list that deliveries are made of: not its reason, which can say something of
/// somebody's health.
#[derive(Deserialize)]
struct Open {
    tenant: TenantId,
    id: AttentionId,
    contact: ContactId,
    since: DateTime<Utc>,
}

/// What a record of the stream tells, and whose it is.
pub(crate) fn told(
    record: &EventRecord,
) -> Result<Option<(TenantId, Vec<OutgoingEvent>)>, UnreadableEntry> {
    let item = &record.change.new_image;
    let text = |name: &str| match item.get(name) {
        Some(AttributeValue::S(text)) => Some(text.as_str()),
        _ => None,
    };
    if record.event_name != "INSERT" {
        return Ok(None);
    }
    if text(TYPE) == Some(LogRow::TYPE) {
        let entry: Logged = serde_dynamo::from_item(item.clone()).map_err(|_| UnreadableEntry)?;
        if entry.access || entry.news.is_empty() {
            return Ok(None);
        }
        return Ok(Some((entry.tenant, of_entry(entry))));
    }
    if text(TYPE) == Some(AttentionRow::TYPE) {
        let entry: Open = serde_dynamo::from_item(item.clone()).map_err(|_| UnreadableEntry)?;
        // What was done lies elsewhere, and is new there.
        if text(PK) != Some(key::attention_pk(entry.tenant).as_str()) {
            return Ok(None);
        }
        let id = entry.id.uuid();
        let event = OutgoingEvent {
            id: delivery_id(id, 0),
            event: EventType::NeedsAttentionCreated,
            at: entry.since,
            subject: id,
            version: 1,
            contact: Some(entry.contact),
            status: None,
        };
        return Ok(Some((entry.tenant, vec![event])));
    }
    Ok(None)
}

fn of_entry(entry: Logged) -> Vec<OutgoingEvent> {
    let source: Uuid = entry.id.uuid();
    let (at, contact) = (entry.at, entry.contact);
    entry
        .news
        .into_iter()
        .enumerate()
        .map(|(number, news)| OutgoingEvent {
            id: delivery_id(source, number),
            event: news.event,
            at,
            subject: news.id,
            version: news.version,
            contact,
            status: news.status,
        })
        .collect()
}

/// Makes what a tenant's addresses chose of these events. Making it again makes nothing twice.
pub(crate) async fn deliver(
    app: &App,
    tenant: TenantId,
    events: &[&OutgoingEvent],
) -> Result<(), StoreError> {
    let mut made = 0;
    for webhook in app.store.outgoing_webhook_rows(tenant).await? {
        let wanted: Vec<&OutgoingEvent> = events
            .iter()
            .copied()
            .filter(|event| webhook.wants(event.event))
            .collect();
        if wanted.is_empty() {
            continue;
        }
        made += app
            .store
            .make_deliveries(tenant, webhook.id, &wanted)
            .await?;
        let message = OutgoingMessage {
            tenant,
            webhook: webhook.id,
        };
        if let Err(error) = app.queues.outgoing(message, 0).await {
            tracing::warn!(tenant_id = %tenant, %error, "an address was not handed on; the tick does it");
        }
    }
    if made > 0 {
        tracing::info!(tenant_id = %tenant, made, "deliveries");
    }
    Ok(())
}

/// The events of a batch by tenant, each with the place of its first record.
#[derive(Default)]
pub(crate) struct ByTenant(BTreeMap<TenantId, (usize, Vec<OutgoingEvent>)>);

impl ByTenant {
    pub(crate) fn add(&mut self, place: usize, tenant: TenantId, events: Vec<OutgoingEvent>) {
        let of_tenant = self.0.entry(tenant).or_insert((place, Vec::new()));
        of_tenant.1.extend(events);
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Makes the deliveries of each; the place of the first record of those for whom it failed.
    pub(crate) async fn deliver(&self, app: &App) -> Option<usize> {
        let mut failed: Option<usize> = None;
        for (tenant, (place, events)) in &self.0 {
            let events: Vec<&OutgoingEvent> = events.iter().collect();
            if let Err(error) = deliver(app, *tenant, &events).await {
                tracing::warn!(tenant_id = %tenant, %error, "deliveries not made; the stream goes on from the first of them");
                failed = Some(failed.map_or(*place, |first| first.min(*place)));
            }
        }
        failed
    }
}
