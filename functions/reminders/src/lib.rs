//! The tick, each minute: reads all that is due, shard by shard, and wakes who must act. It keeps no watermark, so
//! nothing depends on an earlier tick having run: losing messages costs at most a minute (architecture.md
//! "Level-triggered, not edge-triggered").

use std::collections::BTreeSet;

use futures::stream::{self, StreamExt};
use vio_domain::ids::TenantId;
use vio_runtime::app::App;
use vio_runtime::queues::{
    CalendarMessage, DialMessage, InboxMessage, JobMessage, LetterWork, MessageWork, NoticeWork,
    OutgoingMessage, QueueError,
};
use vio_store::StoreError;
use vio_store::key::{self, DUE_SHARDS, DueKind};
use vio_store::port::{AttributeValue, Attributes, DUE_SK, Index, PK, SK, SortRange};

/// Index entries read per query.
const PAGE: u32 = 500;
/// Queries per shard and tick at most. What lies beyond waits for the next tick: it is due all the same.
const PAGES: usize = 20;
/// Tenants looked at and messages sent side by side: one after the other, ten thousand due in one minute would take the
/// tick longer than it may run.
const AT_ONCE: usize = 32;

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
    /// Letters to staff handed to the same worker.
    pub letters: usize,
    /// Tenants whose staff are to be told of something.
    pub notices: usize,
    /// Addresses of businesses that are to be told something.
    pub outgoing: usize,
}

fn text<'a>(item: &'a Attributes, name: &str) -> Option<&'a str> {
    match item.get(name) {
        Some(AttributeValue::S(text)) => Some(text),
        _ => None,
    }
}

/// What became of waking one tenant's pump.
enum Wake {
    Sent,
    Armed,
    NotSent,
}

/// Wakes a tenant's pump; `anyway` even where a wake-up is already on its way.
async fn wake(app: &App, tenant: TenantId, anyway: bool) -> Result<Wake, StoreError> {
    if !anyway && app.store.pump_armed(tenant).await? {
        return Ok(Wake::Armed);
    }
    match app.queues.dial(DialMessage { tenant }, 0).await {
        Ok(()) => Ok(Wake::Sent),
        Err(error) => {
            tracing::warn!(%tenant, %error, "a wake-up was not sent; the next tick sends it");
            Ok(Wake::NotSent)
        }
    }
}

/// Does one thing for each, [`AT_ONCE`] side by side.
async fn at_once<T, U, F>(all: impl IntoIterator<Item = T>, each: impl Fn(T) -> F) -> Vec<U>
where
    F: Future<Output = U>,
{
    stream::iter(all)
        .map(each)
        .buffer_unordered(AT_ONCE)
        .collect()
        .await
}

/// Hands each to its worker; how many were.
async fn handed_on<T, F>(all: impl IntoIterator<Item = T>, send: impl Fn(T) -> F) -> usize
where
    F: Future<Output = Result<(), QueueError>>,
{
    let sent = at_once(all, send).await;
    let failed = sent.iter().filter_map(|sent| sent.as_ref().err());
    for error in failed {
        tracing::warn!(%error, "work was not handed on; the next tick does");
    }
    sent.iter().filter(|sent| sent.is_ok()).count()
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
    let mut letters: Vec<LetterWork> = Vec::new();
    let mut notices: BTreeSet<TenantId> = BTreeSet::new();
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
                    DueKind::Letter => {
                        let letter = text(item, PK).and_then(key::letter_of);
                        letters.extend(letter.map(|letter| LetterWork {
                            tenant,
                            letter: letter.to_owned(),
                        }));
                    }
                    DueKind::Notice => {
                        notices.insert(tenant);
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
    // An attempt past its bound is looked at whatever the pump waits for.
    let pumps: Vec<(TenantId, bool)> = dial
        .union(&attempts)
        .map(|tenant| (*tenant, attempts.contains(tenant)))
        .collect();
    let woken = at_once(pumps, |(tenant, anyway)| wake(app, tenant, anyway)).await;
    for woken in woken {
        match woken? {
            Wake::Sent => ticked.woken += 1,
            Wake::Armed => ticked.armed += 1,
            Wake::NotSent => {}
        }
    }
    ticked.jobs = handed_on(jobs, |job| app.queues.job(job)).await;
    ticked.calendars = handed_on(calendars, |tenant| {
        app.queues.calendar(CalendarMessage { tenant })
    })
    .await;
    ticked.messages = handed_on(messages, |message| app.queues.message(message)).await;
    ticked.letters = handed_on(letters, |letter| app.queues.letter(letter)).await;
    ticked.notices = handed_on(notices, |notices| {
        app.queues.notices(NoticeWork { notices })
    })
    .await;
    ticked.outgoing = handed_on(outgoing, |message| app.queues.outgoing(message, 0)).await;
    ticked.events = handed_on(events, |event| app.queues.inbox(event)).await;
    if ticked.due > 0 {
        tracing::info!(
            due = ticked.due,
            woken = ticked.woken,
            armed = ticked.armed,
            events = ticked.events,
            jobs = ticked.jobs,
            calendars = ticked.calendars,
            messages = ticked.messages,
            letters = ticked.letters,
            notices = ticked.notices,
            outgoing = ticked.outgoing,
            "tick"
        );
    }
    Ok(ticked)
}
