//! From an entry of the log to a receiver: each event once, signed, tried again in time, given up in the end, and one who
//! does not answer in nobody's way.

use std::collections::BTreeSet;
use std::sync::Arc;

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use chrono::TimeDelta;
use secrecy::SecretString;
use tokio::net::TcpListener;
use vio_domain::ids::OutgoingWebhookId;
use vio_domain::notices::Happening;
use vio_domain::outgoing::EventType;
use vio_domain::settings::BusinessType;
use vio_runtime::testing::{TestApp, TestTenant};
use vio_store::log::Actor;
use vio_store::memory::MemoryTable;
use vio_store::outgoing::{DeliveryRow, DeliveryState, DisabledBy, TryResult, Webhook};
use vio_store::tx::Tx;

use super::*;

/// What a receiver got: id, instant, signatures, body.
type Got = (String, String, String, Vec<u8>);

#[derive(Default)]
struct Inbox {
    got: Mutex<Vec<Got>>,
    /// What is answered, in order; 204 afterwards.
    answers: Mutex<Vec<(u16, Option<&'static str>)>>,
}

async fn take(State(inbox): State<Arc<Inbox>>, headers: HeaderMap, body: Bytes) -> Response {
    let header = |name: &str| headers[name].to_str().unwrap().to_owned();
    inbox.got.lock().unwrap().push((
        header("webhook-id"),
        header("webhook-timestamp"),
        header("webhook-signature"),
        body.to_vec(),
    ));
    let mut answers = inbox.answers.lock().unwrap();
    if answers.is_empty() {
        return StatusCode::NO_CONTENT.into_response();
    }
    let (status, wait) = answers.remove(0);
    let status = StatusCode::from_u16(status).unwrap();
    match wait {
        Some(wait) => (status, [("retry-after", wait)]).into_response(),
        None => status.into_response(),
    }
}

struct World {
    test: TestApp,
    tenant: TestTenant,
    projector: Projector,
    inbox: Arc<Inbox>,
    url: String,
}

struct Swallow;

#[async_trait]
impl Bus for Swallow {
    async fn put(&self, _: &[DomainEvent]) -> Result<(), BusError> {
        Ok(())
    }
}

impl World {
    async fn new() -> Self {
        Self::of(TestApp::new().await).await
    }

    async fn of(test: TestApp) -> Self {
        let tenant = test.tenant("Calm Clinic", BusinessType::Medical).await;
        let inbox = Arc::new(Inbox::default());
        let app = Router::new()
            .route("/hook", post(take))
            .with_state(inbox.clone());
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/hook", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
        Self {
            projector: Projector::new(test.app.clone(), Arc::new(Swallow)),
            test,
            tenant,
            inbox,
            url,
        }
    }

    async fn webhook(&self, url: &str, events: &[EventType]) -> Webhook {
        let ts = &self.tenant.store;
        let id = OutgoingWebhookId::new(ts.new_id());
        let mut webhook = ts.new_outgoing_webhook(id, url.to_owned());
        webhook.events = events.iter().copied().collect();
        ts.new_outgoing_secret(&mut webhook, id.uuid()).unwrap();
        let mut tx = Tx::new();
        ts.save_outgoing_webhook(&mut tx, &mut webhook).unwrap();
        ts.store.commit(tx).await.unwrap();
        webhook
    }

    /// A batch of the stream with these entries of the log.
    async fn stream(&self, entries: &[Value]) {
        let records = entries
            .iter()
            .enumerate()
            .map(|(at, entry)| record(at + 1, "INSERT", entry.clone()));
        let response = self.projector.handle(event(records.collect())).await;
        assert!(response.batch_item_failures.is_empty());
    }

    /// An entry of the log that tells this.
    fn entry(&self, number: u64, told: EventType) -> Value {
        self.entry_of(number, &[(told, Some("confirmed"))])
    }

    fn entry_of(&self, number: u64, told: &[(EventType, Option<&str>)]) -> Value {
        let news: Vec<Value> = told
            .iter()
            .map(|(event, status)| {
                let mut one = json!({ "event": {"S": event.as_str()}, "id": {"S": CONTACT}, "version": {"N": "7"} });
                if let Some(status) = status {
                    one["status"] = json!({ "S": status });
                }
                json!({ "M": one })
            })
            .collect();
        with(|image| {
            image["tenant"] = json!({ "S": self.tenant.id.to_string() });
            image["id"] = json!({ "S": format!("01932f00-0000-7000-8000-{number:012x}") });
            image["news"] = json!({ "L": news });
        })
    }

    /// Runs what the queue holds.
    async fn drain(&self) -> Vec<u32> {
        let mut delays = Vec::new();
        for (message, delay) in self.test.queues.take_outgoing() {
            delays.push(delay);
            if delay == 0 {
                self.projector.process(message).await.unwrap();
            }
        }
        delays
    }

    /// What the tick would do at this instant.
    async fn tick(&self, webhook: &Webhook) {
        let message = OutgoingMessage {
            tenant: self.tenant.id,
            webhook: webhook.id,
        };
        self.projector.process(message).await.unwrap();
        self.test.queues.take_outgoing();
    }

    async fn deliveries(&self, webhook: &Webhook) -> Vec<DeliveryRow> {
        let ts = &self.tenant.store;
        let (mut rows, _) = ts.outgoing_deliveries(webhook.id, None, 100).await.unwrap();
        rows.reverse();
        rows
    }

    async fn again(&self, webhook: &Webhook) -> Webhook {
        let ts = &self.tenant.store;
        ts.outgoing_webhook(webhook.id).await.unwrap().unwrap()
    }

    fn got(&self) -> Vec<Got> {
        std::mem::take(&mut self.inbox.got.lock().unwrap())
    }

    fn answer(&self, answers: &[(u16, Option<&'static str>)]) {
        self.inbox.answers.lock().unwrap().extend(answers);
    }
}

#[tokio::test]
async fn an_event_is_sent_once_and_signed_to_whoever_chose_it() {
    let world = World::new().await;
    let confirmed = EventType::AppointmentConfirmed;
    let webhook = world.webhook(&world.url, &[confirmed]).await;
    let other = world.webhook(&world.url, &[EventType::CallFinished]).await;
    let entries = [
        world.entry(1, confirmed),
        world.entry(2, EventType::ContactUpdated),
    ];
    // The stream may tell of the same again, in the same batch and in another.
    let twice = [entries[0].clone(), entries[1].clone(), entries[0].clone()];
    world.stream(&twice).await;
    world.stream(&entries).await;
    world.drain().await;
    world.stream(&entries).await;
    world.drain().await;
    assert!(world.deliveries(&other).await.is_empty());
    let rows = world.deliveries(&webhook).await;
    assert_eq!(rows.len(), 1);
    assert_eq!(
        (rows[0].state, rows[0].tries),
        (DeliveryState::Delivered, 1)
    );
    assert_eq!(rows[0].next_at, None);
    let got = world.got();
    let [(id, stamp, signature, body)] = &got[..] else {
        panic!("not one request");
    };
    assert_eq!(*id, rows[0].id.to_string());
    let secret = SecretString::from(webhook.secret.current.clone().unwrap());
    let now = world.test.app.real_clock.now();
    let checked = vio_providers::outgoing::verify(&secret, id, stamp, signature, body, now);
    assert_eq!(checked, Ok(()));
    let body: Value = serde_json::from_slice(body).unwrap();
    let expected = json!({
        "type": "appointment.confirmed", "timestamp": "2026-11-20T12:00:00Z",
        "data": { "tenant_id": world.tenant.id, "id": CONTACT, "contact_id": CONTACT,
                  "status": "confirmed", "version": 7 },
    });
    assert_eq!(body, expected);
}

#[tokio::test]
async fn an_entry_that_tells_several_things_makes_one_of_each() {
    let world = World::new().await;
    let all = world.webhook(&world.url, &EventType::CHOICE).await;
    let told = [
        (EventType::CallFinished, Some("completed")),
        (EventType::AppointmentCancelled, Some("cancelled")),
    ];
    let entry = world.entry_of(1, &told);
    world.stream(&[entry.clone(), entry]).await;
    world.drain().await;
    let rows = world.deliveries(&all).await;
    let events: BTreeSet<_> = rows.iter().map(|row| row.event).collect();
    assert_eq!(rows.len(), 2);
    assert_eq!(events, BTreeSet::from(told.map(|(event, _)| event)));
    let ids: BTreeSet<_> = world.got().into_iter().map(|got| got.0).collect();
    assert_eq!(ids.len(), 2);
}

#[tokio::test]
async fn a_new_entry_of_the_work_list_is_told_and_a_done_one_is_not() {
    let world = World::new().await;
    let webhook = world
        .webhook(&world.url, &[EventType::NeedsAttentionCreated])
        .await;
    let tenant = world.tenant.id;
    let item = |part: &str| {
        json!({
            "pk": {"S": format!("T#{tenant}#{part}")}, "sk": {"S": ENTRY}, "_t": {"S": "attention"},
            "tenant": {"S": tenant.to_string()}, "id": {"S": ENTRY}, "contact": {"S": CONTACT},
            "since": {"S": "2026-11-20T12:00:00Z"}, "reason": {"S": "something"},
        })
    };
    world.stream(&[item("DONE"), item("ATTN")]).await;
    world.drain().await;
    let got = world.got();
    assert_eq!(got.len(), 1);
    let body = String::from_utf8(got[0].3.clone()).unwrap();
    assert!(body.contains("needs_attention.created") && body.contains(CONTACT));
    assert!(!body.contains("something"), "{body}");
    assert_eq!(world.deliveries(&webhook).await.len(), 1);
}

#[tokio::test]
async fn what_failed_is_tried_again_in_time_with_the_same_id_until_it_is_taken() {
    let world = World::new().await;
    let confirmed = EventType::AppointmentConfirmed;
    let webhook = world.webhook(&world.url, &[confirmed]).await;
    world.answer(&[(500, None), (302, None)]);
    world.stream(&[world.entry(1, confirmed)]).await;
    let delays = world.drain().await;
    assert_eq!(delays, [0]);
    // The next try is asked for from the queue, not left to the tick.
    let soon = world.test.queues.take_outgoing();
    assert!(matches!(soon[..], [(_, 5..=8)]), "{soon:?}");
    let row = world.deliveries(&webhook).await.remove(0);
    assert_eq!((row.state, row.tries), (DeliveryState::Waiting, 1));
    assert_eq!(row.last.unwrap().result, TryResult::Answered(500));
    assert!(
        world
            .tenant
            .store
            .outgoing_health(webhook.id)
            .await
            .unwrap()
            .failing_since
            .is_some()
    );
    // Not before its turn.
    world.test.advance(TimeDelta::seconds(2));
    world.tick(&webhook).await;
    assert_eq!(world.got().len(), 1);
    world.test.advance(TimeDelta::seconds(8));
    world.tick(&webhook).await;
    world.test.advance(TimeDelta::minutes(7));
    world.tick(&webhook).await;
    let row = world.deliveries(&webhook).await.remove(0);
    assert_eq!((row.state, row.tries), (DeliveryState::Delivered, 3));
    let got = world.got();
    assert_eq!(got.len(), 2);
    assert_eq!((&got[0].0, &got[0].3), (&got[1].0, &got[1].3));
    assert_ne!(got[0].1, got[1].1, "each try has an instant of its own");
    let health = world
        .tenant
        .store
        .outgoing_health(webhook.id)
        .await
        .unwrap();
    assert_eq!((health.failing_since, health.rests), (None, 0));
}

#[tokio::test]
async fn retry_after_is_kept_to_for_all_that_waits() {
    let world = World::new().await;
    let confirmed = EventType::AppointmentConfirmed;
    let webhook = world.webhook(&world.url, &[confirmed]).await;
    world.answer(&[(429, Some("600"))]);
    world.stream(&[world.entry(1, confirmed)]).await;
    world.drain().await;
    world.stream(&[world.entry(2, confirmed)]).await;
    world.test.advance(TimeDelta::seconds(590));
    world.tick(&webhook).await;
    assert_eq!(world.got().len(), 1, "nothing before it asked for it");
    world.test.advance(TimeDelta::seconds(11));
    world.tick(&webhook).await;
    assert_eq!(world.got().len(), 2);
}

/// What administrators are to be told of an address: that it is gone, or that it fails.
async fn told(world: &World, webhook: &Webhook) -> Vec<bool> {
    let notices = world.tenant.store.notices(100).await.unwrap();
    let of = notices.iter().filter_map(|row| match row.happening {
        Happening::WebhookDisabled { webhook: id, gone } if id == webhook.id => Some(gone),
        _ => None,
    });
    of.collect()
}

#[tokio::test]
async fn gone_is_gone_and_what_waits_is_sent_when_staff_switch_it_on() {
    let world = World::new().await;
    let confirmed = EventType::AppointmentConfirmed;
    let webhook = world.webhook(&world.url, &[confirmed]).await;
    world.answer(&[(410, None)]);
    world.stream(&[world.entry(1, confirmed)]).await;
    world.drain().await;
    let mut off = world.again(&webhook).await;
    assert_eq!(off.disabled.unwrap().by, DisabledBy::Gone);
    assert_eq!(told(&world, &webhook).await, [true]);
    let row = world.deliveries(&webhook).await.remove(0);
    assert_eq!((row.state, row.tries), (DeliveryState::Failed, 1));
    // What happens now is not for it.
    world.stream(&[world.entry(2, confirmed)]).await;
    world.drain().await;
    assert_eq!(world.deliveries(&webhook).await.len(), 1);
    assert_eq!(world.got().len(), 1);
    // Staff switch it on, and have what failed sent again.
    let ts = &world.tenant.store;
    off.disabled = None;
    let mut tx = Tx::new();
    ts.restart_outgoing(&mut tx, off.id).unwrap();
    ts.save_outgoing_webhook(&mut tx, &mut off).unwrap();
    ts.store.commit(tx).await.unwrap();
    let since = "2020-01-01T00:00:00Z".parse().unwrap();
    let put = ts.replay_failed(off.id, since).await.unwrap();
    assert_eq!(put, (1, false));
    world.tick(&webhook).await;
    let row = world.deliveries(&webhook).await.remove(0);
    assert_eq!((row.state, row.tries), (DeliveryState::Delivered, 1));
}

#[tokio::test]
async fn who_takes_nothing_for_days_is_switched_off_and_tried_less_and_less() {
    let world = World::new().await;
    let confirmed = EventType::AppointmentConfirmed;
    let webhook = world.webhook(&world.url, &[confirmed]).await;
    world.answer(&[(500, None); 2_000]);
    let entries: Vec<Value> = (1..=30).map(|n| world.entry(n, confirmed)).collect();
    world.stream(&entries).await;
    world.drain().await;
    let mut minutes = 0;
    while world.again(&webhook).await.disabled.is_none() {
        assert!(minutes < 6 * 24 * 60, "it is never switched off");
        world.test.advance(TimeDelta::minutes(10));
        minutes += 10;
        world.tick(&webhook).await;
    }
    assert!(
        minutes >= 5 * 24 * 60,
        "switched off after {minutes} minutes"
    );
    let off = world.again(&webhook).await;
    assert_eq!(off.disabled.unwrap().by, DisabledBy::Failing);
    assert_eq!(told(&world, &webhook).await, [false]);
    // Once a rest is over one is tried, and then it rests for half an hour.
    let asked = world.got().len();
    assert!(
        asked <= 30 + 5 * 24 * 2,
        "{asked} requests to who takes nothing"
    );
}

#[tokio::test]
async fn nobody_there_costs_one_try_and_others_wait_for_nobody() {
    let world = World::new().await;
    let confirmed = EventType::AppointmentConfirmed;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let dead = format!("http://{}/hook", listener.local_addr().unwrap());
    drop(listener);
    let away = world.webhook(&dead, &[confirmed]).await;
    let there = world.webhook(&world.url, &[confirmed]).await;
    let entries: Vec<Value> = (1..=50).map(|n| world.entry(n, confirmed)).collect();
    world.stream(&entries).await;
    world.drain().await;
    let tried: u32 = world
        .deliveries(&away)
        .await
        .iter()
        .map(|row| row.tries)
        .sum();
    assert!((1..=8).contains(&tried), "{tried} tries");
    let taken = world.deliveries(&there).await;
    assert!(
        taken
            .iter()
            .all(|row| row.state == DeliveryState::Delivered)
    );
    assert_eq!((taken.len(), world.got().len()), (50, 50));
}

#[tokio::test]
async fn what_was_taken_and_lost_with_its_process_has_its_turn_again() {
    let world = World::new().await;
    let confirmed = EventType::AppointmentConfirmed;
    let webhook = world.webhook(&world.url, &[confirmed]).await;
    world.stream(&[world.entry(1, confirmed)]).await;
    let ts = &world.tenant.store;
    // A process takes the address and a delivery, and dies.
    let wake = ts.take_outgoing_wake(webhook.id).await.unwrap();
    assert!(wake.is_some());
    let waiting = ts.outgoing_waiting(webhook.id, 10).await.unwrap();
    assert!(ts.take_delivery(&waiting[0]).await.unwrap().is_some());
    assert!(ts.take_delivery(&waiting[0]).await.unwrap().is_none());
    world.tick(&webhook).await;
    assert!(world.got().is_empty(), "somebody has it");
    world.test.advance(TimeDelta::minutes(4));
    world.tick(&webhook).await;
    assert_eq!(world.got().len(), 1);
    let row = world.deliveries(&webhook).await.remove(0);
    assert_eq!((row.state, row.tries), (DeliveryState::Delivered, 2));
}

#[tokio::test]
async fn a_suspended_business_waits_and_a_replaced_secret_signs_for_a_day() {
    let world = World::new().await;
    let confirmed = EventType::AppointmentConfirmed;
    let webhook = world.webhook(&world.url, &[confirmed]).await;
    let ts = &world.tenant.store;
    let mut rotated = world.again(&webhook).await;
    let new = ts.new_outgoing_secret(&mut rotated, ts.new_id()).unwrap();
    let mut tx = Tx::new();
    ts.save_outgoing_webhook(&mut tx, &mut rotated).unwrap();
    ts.store.commit(tx).await.unwrap();
    let sent = async |number| {
        world.stream(&[world.entry(number, confirmed)]).await;
        world.drain().await;
        let (id, stamp, signatures, body) = world.got().remove(0);
        let now = world.test.app.real_clock.now();
        let old = webhook.secret.current.clone().unwrap();
        [new.clone(), old].map(|secret| {
            let secret = SecretString::from(secret);
            vio_providers::outgoing::verify(&secret, &id, &stamp, &signatures, &body, now).is_ok()
        })
    };
    assert_eq!(sent(1).await, [true, true]);
    world.test.advance(TimeDelta::hours(25));
    assert_eq!(sent(2).await, [true, false]);
    world.test.suspend(world.tenant.id).await;
    world.stream(&[world.entry(3, confirmed)]).await;
    world.drain().await;
    assert!(world.got().is_empty());
    let row = world.deliveries(&webhook).await.remove(2);
    assert_eq!((row.state, row.tries), (DeliveryState::Waiting, 0));
}

/// In production the address of a network of ours is refused when it is connected to, whoever stored it.
#[tokio::test]
async fn production_sends_nothing_to_this_machine() {
    let mut platform = vio_runtime::testing::platform();
    platform.local = false;
    let test = TestApp::with(platform, MemoryTable::default(), None).await;
    let world = World::of(test).await;
    let confirmed = EventType::AppointmentConfirmed;
    let webhook = world.webhook(&world.url, &[confirmed]).await;
    let ts = &world.tenant.store;
    let delivery = vio_domain::ids::DeliveryId::new(ts.new_id());
    ts.send_sample(webhook.id, delivery).await.unwrap();
    world.tick(&webhook).await;
    assert!(world.got().is_empty());
    assert!(world.again(&webhook).await.disabled.is_some());
}

#[tokio::test]
async fn a_removed_address_is_sent_nothing_more() {
    let world = World::new().await;
    let confirmed = EventType::AppointmentConfirmed;
    let webhook = world.webhook(&world.url, &[confirmed]).await;
    world.stream(&[world.entry(1, confirmed)]).await;
    let ts = &world.tenant.store;
    let mut tx = Tx::new();
    ts.remove_outgoing_webhook(&mut tx, &webhook);
    ts.store.commit(tx).await.unwrap();
    world.drain().await;
    world.tick(&webhook).await;
    assert!(world.got().is_empty());
    // Only whoever is there can be switched off, and nothing is told of one who is not.
    let by = Actor::system("test");
    ts.disable_outgoing_webhook(webhook.id, DisabledBy::Gone, &by)
        .await
        .unwrap();
    assert!(ts.outgoing_webhook(webhook.id).await.unwrap().is_none());
}

/// The sample of `events/projector`, as SQS sends it: what waits for an address goes out; about an address that nobody
/// knows there is nothing to do.
#[tokio::test]
async fn the_sample_of_the_queue_sends_what_waits() {
    let path = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../events/projector/outgoing.json"
    );
    let sample = std::fs::read_to_string(path).unwrap();
    let world = World::new().await;
    let confirmed = EventType::AppointmentConfirmed;
    let webhook = world.webhook(&world.url, &[confirmed]).await;
    world.stream(&[world.entry(1, confirmed)]).await;
    let ours = sample
        .replace(
            "0192f0c1-2b3c-7def-8abc-0123456789ab",
            &world.tenant.id.to_string(),
        )
        .replace(
            "0192f0c1-2b3c-7def-8abc-0123456789ad",
            &webhook.id.to_string(),
        );
    // The queue may say it twice.
    for (event, got) in [(&sample, 0), (&ours, 1), (&ours, 0)] {
        let event = serde_json::from_str(event).unwrap();
        let answer = world.projector.invoke(event).await.unwrap();
        assert_eq!(answer["batchItemFailures"], json!([]));
        assert_eq!(world.got().len(), got);
    }
}
