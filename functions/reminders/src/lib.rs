//! The tick, each minute: reads all that is due, shard by shard, and wakes who must act. It keeps no watermark, so
//! nothing depends on an earlier tick having run: losing messages costs at most a minute (architecture.md
//! "Level-triggered, not edge-triggered").

use std::collections::BTreeSet;

use vio_domain::ids::TenantId;
use vio_runtime::app::App;
use vio_runtime::queues::{
    CalendarMessage, DialMessage, InboxMessage, JobMessage, MessageWork, OutgoingMessage,
};
use vio_store::StoreError;
use vio_store::key::{self, DUE_SHARDS, DueKind};
use vio_store::port::{AttributeValue, Attributes, DUE_SK, Index, PK, SK, SortRange};

/// Index entries read per query.
const PAGE: u32 = 500;
/// Queries per shard and tick at most. What lies beyond waits for the next tick: it is due all the same.
const PAGES: usize = 20;

/// What a tick did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Ticked {
    /// Entries found due.
    pub due: usize,
    /// Tenants whose pump was woken.
    pub woken: usize,
    /// Tenants left alone because a wake-up is already on its way.
    pub armed: usize,
    /// Stored events handed to processing again.
    pub events: usize,
    /// Jobs handed to their worker again.
    pub jobs: usize,
    /// Tenants with whose calendar something is due.
    pub calendars: usize,
    /// Messages to people handed to their worker.
    pub messages: usize,
    /// Addresses of businesses that are to be told something.
    pub outgoing: usize,
}

fn text<'a>(item: &'a Attributes, name: &str) -> Option<&'a str> {
    match item.get(name) {
        Some(AttributeValue::S(text)) => Some(text),
        _ => None,
    }
}

/// Finds all that is due and wakes each tenant once.
pub async fn tick(app: &App) -> Result<Ticked, StoreError> {
    let now = app.clock.now();
    let mut ticked = Ticked::default();
    let mut dial: BTreeSet<TenantId> = BTreeSet::new();
    let mut attempts: BTreeSet<TenantId> = BTreeSet::new();
    let mut events: Vec<InboxMessage> = Vec::new();
    let mut jobs: Vec<JobMessage> = Vec::new();
    let mut calendars: BTreeSet<TenantId> = BTreeSet::new();
    let mut messages: Vec<MessageWork> = Vec::new();
    let mut outgoing: Vec<OutgoingMessage> = Vec::new();
    for shard in 0..DUE_SHARDS {
        let mut after = None;
        for _ in 0..PAGES {
            let until = SortRange::AtMost(key::due_until(now));
            let page = app
                .store
                .suggest(Index::Due, key::due_pk(shard), until, true, PAGE, after)
                .await?;
            for item in &page.items {
                let Some((_, kind, tenant)) = text(item, DUE_SK).and_then(key::parse_due) else {
                    continue;
                };
                ticked.due += 1;
                match kind {
                    DueKind::Dial | DueKind::Campaign => {
                        dial.insert(tenant);
                    }
                    // Neither waits for the gate: the pump looks at them whatever it waits for itself.
                    DueKind::Attempt | DueKind::Replan => {
                        attempts.insert(tenant);
                    }
                    DueKind::Calendar => {
                        calendars.insert(tenant);
                    }
                    DueKind::Job => {
                        let job = text(item, SK).and_then(key::job_of);
                        jobs.extend(job.map(|job| JobMessage { tenant, job }));
                    }
                    DueKind::Message => {
                        let place = text(item, PK).zip(text(item, SK));
                        let found = place.and_then(|(pk, sk)| key::message_of(pk, sk));
                        messages.extend(found.map(|(contact, message)| MessageWork {
                            tenant,
                            contact,
                            message,
                        }));
                    }
                    DueKind::Outgoing => {
                        let webhook = text(item, SK).and_then(key::outgoing_webhook_of);
                        outgoing.extend(webhook.map(|webhook| OutgoingMessage { tenant, webhook }));
                    }
                    DueKind::Inbox => {
                        let event = text(item, PK).and_then(key::inbox_event_of);
                        events.extend(event.map(|event| InboxMessage {
                            tenant,
                            event: event.to_owned(),
                        }));
                    }
                }
            }
            after = page.next;
            if after.is_none() {
                break;
            }
        }
    }
    for tenant in dial.union(&attempts) {
        // An attempt past its bound is looked at whatever the pump waits for.
        if !attempts.contains(tenant) && app.store.pump_armed(*tenant).await? {
            ticked.armed += 1;
            continue;
        }
        match app.queues.dial(DialMessage { tenant: *tenant }, 0).await {
            Ok(()) => ticked.woken += 1,
            Err(error) => {
                tracing::warn!(%tenant, %error, "a wake-up was not sent; the next tick sends it")
            }
        }
    }
    for job in jobs {
        match app.queues.job(job).await {
            Ok(()) => ticked.jobs += 1,
            Err(error) => tracing::warn!(%error, "a job was not handed on; the next tick does"),
        }
    }
    for tenant in calendars {
        match app.queues.calendar(CalendarMessage { tenant }).await {
            Ok(()) => ticked.calendars += 1,
            Err(error) => {
                tracing::warn!(%tenant, %error, "a calendar was not handed on; the next tick does")
            }
        }
    }
    for message in messages {
        match app.queues.message(message).await {
            Ok(()) => ticked.messages += 1,
            Err(error) => tracing::warn!(%error, "a message was not handed on; the next tick does"),
        }
    }
    for message in outgoing {
        match app.queues.outgoing(message, 0).await {
            Ok(()) => ticked.outgoing += 1,
            Err(error) => {
                tracing::warn!(%error, "an address was not handed on; the next tick does")
            }
        }
    }
    for event in events {
        match app.queues.inbox(event).await {
            Ok(()) => ticked.events += 1,
            Err(error) => tracing::warn!(%error, "an event was not handed on; the next tick does"),
        }
    }
    if ticked.due > 0 {
        tracing::info!(
            due = ticked.due,
            woken = ticked.woken,
            armed = ticked.armed,
            events = ticked.events,
            jobs = ticked.jobs,
            calendars = ticked.calendars,
            messages = ticked.messages,
            outgoing = ticked.outgoing,
            "tick"
        );
    }
    Ok(ticked)
}
