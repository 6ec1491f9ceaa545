use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use chrono::TimeDelta;
use lambda_http::Context;
use serde_json::{Value, json};
use uuid::Uuid;
use vio_domain::ids::TenantId;
use vio_domain::settings::BusinessType;
use vio_runtime::testing::{Server, TestApp, TestTenant};
use vio_store::live::{CONNECTION_LIFETIME, TICKET_LIFETIME};

use super::*;

/// Notes what is said; connections may be gone.
#[derive(Default)]
struct Noted {
    said: Mutex<Vec<(String, Change)>>,
    gone: Mutex<Vec<String>>,
}

#[async_trait]
impl Sockets for Noted {
    async fn post(&self, connection: &str, text: String) -> Result<(), PostError> {
        if self.gone.lock().unwrap().iter().any(|id| id == connection) {
            return Err(PostError::Gone);
        }
        let change = serde_json::from_str(&text).unwrap();
        let mut said = self.said.lock().unwrap();
        said.push((connection.to_owned(), change));
        Ok(())
    }
}

struct World {
    test: TestApp,
    server: Server,
    live: Live,
    noted: Arc<Noted>,
    one: TestTenant,
    other: TestTenant,
}

impl World {
    async fn new() -> Self {
        let test = TestApp::new().await;
        let one = test.tenant("One", BusinessType::Salon).await;
        let other = test.tenant("Other", BusinessType::Salon).await;
        let noted = Arc::new(Noted::default());
        let live = Live {
            app: test.app.clone(),
            sockets: noted.clone(),
        };
        Self {
            server: test.serve(router(test.app.clone()).0),
            test,
            live,
            noted,
            one,
            other,
        }
    }

    async fn ticket(&self, tenant: &TestTenant) -> String {
        let token = &tenant.admin.token;
        let path = "/api/live/tickets";
        let answer = self.server.post(path, token, Value::Null).await;
        assert_eq!(answer.status, 201, "{}", answer.body);
        let ticket = answer.body["ticket"].as_str().unwrap().to_owned();
        let url = answer.body["url"].as_str().unwrap();
        assert!(url.starts_with("ws"), "{url}");
        assert!(url.ends_with(&format!("/live?ticket={ticket}")), "{url}");
        ticket
    }

    async fn invoke(&self, event: Value) -> Value {
        invoke(&self.live, &Router::new(), event, Context::default())
            .await
            .unwrap()
    }

    async fn connect(&self, id: &str, query: Value) -> u64 {
        let event = json!({
            "requestContext": { "routeKey": "$connect", "eventType": "CONNECT", "connectionId": id },
            "queryStringParameters": query,
        });
        self.invoke(event).await["statusCode"].as_u64().unwrap()
    }

    async fn open(&self, tenant: &TestTenant, id: &str) {
        let ticket = self.ticket(tenant).await;
        assert_eq!(self.connect(id, json!({ "ticket": ticket })).await, 200);
    }

    /// New entries of a tenant's change log, as the stream brings them.
    async fn changed(&self, tenant: TenantId, what: &[(&str, Uuid, u64)]) {
        let entries = what.iter().map(|(action, id, version)| {
            json!({
                "_t": {"S": "log"}, "tenant": {"S": tenant.to_string()}, "id": {"S": Uuid::now_v7().to_string()},
                "access": {"BOOL": false}, "action": {"S": action}, "entity_id": {"S": id.to_string()},
                "entity_version": {"N": version.to_string()},
            })
        });
        self.streamed("INSERT", entries.collect()).await;
    }

    async fn streamed(&self, name: &str, images: Vec<Value>) {
        let records: Vec<Value> = images
            .into_iter()
            .enumerate()
            .map(|(at, image)| {
                json!({
                    "eventID": format!("e{at}"), "eventName": name, "eventSource": "aws:dynamodb", "awsRegion": "eu-west-2",
                    "dynamodb": {
                        "ApproximateCreationDateTime": 1_763_640_000.0, "Keys": {}, "SequenceNumber": format!("{at}"),
                        "SizeBytes": 300, "StreamViewType": "NEW_IMAGE", "NewImage": image,
                    },
                })
            })
            .collect();
        let answer = self.invoke(json!({ "Records": records })).await;
        assert_eq!(answer, json!({ "batchItemFailures": [] }));
    }

    fn heard(&self) -> Vec<(String, Change)> {
        let mut said = std::mem::take(&mut *self.noted.said.lock().unwrap());
        said.sort();
        said
    }
}

fn change(kind: &str, id: Uuid, version: u64) -> Change {
    Change {
        kind: kind.to_owned(),
        id,
        version,
    }
}

#[tokio::test]
async fn a_ticket_opens_one_connection_and_no_second_one() {
    let world = World::new().await;
    let ticket = world.ticket(&world.one).await;
    let query = json!({ "ticket": ticket });
    assert_eq!(world.connect("a", query.clone()).await, 200);
    assert_eq!(world.connect("b", query).await, 401);
    for query in [
        json!(null),
        json!({}),
        json!({ "ticket": "" }),
        json!({ "ticket": "lt_x.y" }),
        json!({ "ticket": world.one.admin.token }),
    ] {
        assert_eq!(world.connect("c", query).await, 401);
    }
    // Of an id that exists, with another secret.
    let other = world.ticket(&world.one).await;
    let (id, _) = other.split_once('.').unwrap();
    let forged = format!("{id}.{}", "A".repeat(43));
    assert_eq!(world.connect("d", json!({ "ticket": forged })).await, 401);
    world.test.advance(TICKET_LIFETIME);
    assert_eq!(world.connect("e", json!({ "ticket": other })).await, 401);
    let anonymous = world.server.post_open("/api/live/tickets", json!({})).await;
    assert_eq!(anonymous.status, 401);
}

#[tokio::test]
async fn a_change_is_told_to_all_of_its_business_and_to_nobody_else() {
    let world = World::new().await;
    world.open(&world.one, "a").await;
    world.open(&world.one, "b").await;
    world.open(&world.other, "c").await;
    let id = Uuid::now_v7();
    let twice = [("contact.updated", id, 2), ("contact.updated", id, 3)];
    world.changed(world.one.id, &twice).await;
    let newest = change("contact.updated", id, 3);
    let expected = [("a".to_owned(), newest.clone()), ("b".to_owned(), newest)];
    assert_eq!(world.heard(), expected);
}

/// The recorded events of API Gateway.
#[tokio::test]
async fn sample_events_are_understood() {
    let world = World::new().await;
    let (routes, _) = router(world.test.app.clone());
    let service = vio_runtime::lambda::behind_edge(&world.test.app, routes).unwrap();
    let ask = async |sample: &str, name: &str, value: &str| {
        let sample = sample.replace(name, value);
        let event = serde_json::from_str(&sample).unwrap();
        let answer = invoke(&world.live, &service, event, Context::default());
        answer.await.unwrap()
    };
    let sample = include_str!("../../../events/live/ticket.json");
    let answer = ask(sample, "{token}", &world.one.admin.token).await;
    assert_eq!(answer["statusCode"], 201, "{answer}");
    let ticket: Value = serde_json::from_str(answer["body"].as_str().unwrap()).unwrap();
    let sample = include_str!("../../../events/live/connect.json");
    let answer = ask(sample, "{ticket}", ticket["ticket"].as_str().unwrap()).await;
    assert_eq!(answer, json!({ "statusCode": 200 }));
    let sample = include_str!("../../../events/live/disconnect.json");
    assert_eq!(ask(sample, "", "").await, json!({ "statusCode": 200 }));
}

#[tokio::test]
async fn a_step_of_a_call_a_job_or_a_campaign_is_told_though_no_entry_tells_it() {
    let world = World::new().await;
    world.open(&world.one, "a").await;
    let (tenant, id) = (world.one.id.to_string(), Uuid::now_v7());
    let named =
        json!({ "tenant": {"S": tenant}, "id": {"S": id.to_string()}, "more": {"BOOL": true} });
    let of = |kind: &str, at: &str| json!({ "_t": {"S": kind}, "v": {"N": "4"}, at: {"M": named} });
    let mut job = named.clone();
    job["_t"] = json!({ "S": "job" });
    job["v"] = json!({ "N": "5" });
    // What is neither of these is not told.
    let contact = of("contact", "contact");
    let images = vec![
        of("session", "session"),
        of("campaign", "campaign"),
        job,
        contact,
    ];
    world.streamed("MODIFY", images).await;
    let told: Vec<Change> = world
        .heard()
        .into_iter()
        .map(|(_, change)| change)
        .collect();
    let expected = [("call", 4), ("campaign", 4), ("job", 5)];
    let expected = expected.map(|(what, version)| change(&format!("{what}.changed"), id, version));
    assert_eq!(told, expected);
}

#[tokio::test]
async fn many_changes_are_told_in_one() {
    let world = World::new().await;
    world.open(&world.one, "a").await;
    let ids: Vec<Uuid> = (0..=MOST_AT_ONCE).map(|_| Uuid::now_v7()).collect();
    let all: Vec<_> = ids.iter().map(|id| ("contact.updated", *id, 1)).collect();
    world.changed(world.one.id, &all).await;
    let many = change("many.changed", world.one.id.uuid(), 0);
    assert_eq!(world.heard(), [("a".to_owned(), many)]);
    world.changed(world.one.id, &all[1..]).await;
    assert_eq!(world.heard().len(), MOST_AT_ONCE);
}

#[tokio::test]
async fn a_connection_ends_with_its_time_with_its_session_and_when_it_is_gone() {
    let world = World::new().await;
    let id = Uuid::now_v7();
    let tell = async || {
        let one = [("contact.updated", id, 1)];
        world.changed(world.one.id, &one).await;
        world.heard().len()
    };
    let kept = async || {
        let now = world.test.app.real_clock.now();
        let store = &world.test.app.store;
        store
            .live_connections(world.one.id, now)
            .await
            .unwrap()
            .len()
    };
    world.open(&world.one, "a").await;
    world
        .test
        .advance(CONNECTION_LIFETIME - TimeDelta::seconds(1));
    assert_eq!(tell().await, 1);
    world.test.advance(TimeDelta::seconds(1));
    assert_eq!((tell().await, kept().await), (0, 0));

    let fresh = World::new().await;
    fresh.open(&fresh.one, "a").await;
    fresh.open(&fresh.one, "b").await;
    fresh.noted.gone.lock().unwrap().push("a".to_owned());
    let one = [("contact.updated", id, 1)];
    fresh.changed(fresh.one.id, &one).await;
    assert_eq!(fresh.heard().len(), 1);
    let store = &fresh.test.app.store;
    let now = fresh.test.app.real_clock.now();
    let left = store.live_connections(fresh.one.id, now).await.unwrap();
    assert_eq!(left.len(), 1);

    // Known for at most half a minute after it ended.
    fresh.test.suspend(fresh.one.id).await;
    fresh.test.advance(TimeDelta::seconds(31));
    fresh.changed(fresh.one.id, &one).await;
    assert_eq!(fresh.heard().len(), 0);
}
