mod outgoing;

use std::sync::Mutex;

use async_trait::async_trait;
use serde_json::{Value, json};

use super::*;

const TENANT: &str = "01932f00-0000-7000-8000-000000000001";
const CONTACT: &str = "01932f00-0000-7000-8000-000000000002";
const ENTRY: &str = "01932f00-0000-7000-8000-000000000003";

/// An entry as the store writes it, sealed parts and all.
fn entry() -> Value {
    json!({
        "pk": {"S": format!("T#{TENANT}#LC#2")}, "sk": {"S": ENTRY},
        "_t": {"S": "log"}, "_s": {"N": "1"}, "v": {"N": "1"},
        "tenant": {"S": TENANT}, "id": {"S": ENTRY}, "access": {"BOOL": false},
        "at": {"S": "2026-11-20T12:00:00Z"},
        "who": {"M": {"kind": {"S": "system"}, "name": {"S": "pump"}}},
        "action": {"S": "contact.updated"}, "entity": {"S": "contact"}, "entity_id": {"S": CONTACT},
        "contact": {"S": CONTACT}, "entity_version": {"N": "7"},
        "fields": {"L": [{"S": "phone"}]}, "details": {"B": "AQIDBA=="}, "overflow": {"BOOL": false},
    })
}

fn record(sequence: usize, name: &str, image: Value) -> Value {
    json!({
        "eventID": format!("e{sequence}"), "eventName": name, "eventVersion": "1.1", "eventSource": "aws:dynamodb",
        "awsRegion": "eu-west-2",
        "dynamodb": {
            "ApproximateCreationDateTime": 1_763_640_000.0, "Keys": {}, "NewImage": image,
            "SequenceNumber": format!("{sequence}"), "SizeBytes": 300, "StreamViewType": "NEW_IMAGE",
        },
    })
}

fn event(records: Vec<Value>) -> Event {
    serde_json::from_value(json!({ "Records": records })).unwrap()
}

fn projected(name: &str, image: Value) -> Option<DomainEvent> {
    project(&event(vec![record(1, name, image)]).records[0]).unwrap()
}

fn with(change: impl FnOnce(&mut Value)) -> Value {
    let mut image = entry();
    change(&mut image);
    image
}

#[test]
fn a_new_entry_of_the_change_log_is_an_event_of_ids() {
    let event = projected("INSERT", entry()).unwrap();
    assert_eq!(
        serde_json::to_value(&event).unwrap(),
        json!({"type": "contact.updated", "tenant": TENANT, "id": CONTACT, "version": 7, "event_id": ENTRY})
    );
}

#[test]
fn everything_else_is_none() {
    let access = with(|image| image["access"] = json!({"BOOL": true}));
    assert_eq!(projected("INSERT", access), None);
    let contact = with(|image| image["_t"] = json!({"S": "contact"}));
    assert_eq!(projected("INSERT", contact), None);
    assert_eq!(projected("MODIFY", entry()), None);
    assert_eq!(projected("REMOVE", json!({})), None);
}

#[test]
fn an_unreadable_entry_is_an_error() {
    let broken = with(|image| image["entity_id"] = json!({"S": "not an id"}));
    assert!(project(&event(vec![record(1, "INSERT", broken)]).records[0]).is_err());
}

/// Takes `room` events, then refuses.
struct Small {
    room: usize,
    taken: Mutex<Vec<DomainEvent>>,
}

#[async_trait]
impl Bus for Small {
    async fn put(&self, events: &[DomainEvent]) -> Result<(), BusError> {
        assert!(events.len() <= BUS_BATCH);
        let mut taken = self.taken.lock().unwrap();
        for (first_refused, event) in events.iter().enumerate() {
            if taken.len() == self.room {
                let source = None;
                return Err(BusError {
                    first_refused,
                    source,
                });
            }
            taken.push(event.clone());
        }
        Ok(())
    }
}

async fn through(room: usize, records: Vec<Value>) -> (usize, Vec<Option<String>>) {
    let bus = Arc::new(Small {
        room,
        taken: Mutex::default(),
    });
    let app = vio_runtime::testing::TestApp::new().await.app;
    let response = Projector::new(app, bus.clone())
        .handle(event(records))
        .await;
    let failures = response
        .batch_item_failures
        .into_iter()
        .map(|failure| failure.item_identifier)
        .collect();
    (bus.taken.lock().unwrap().len(), failures)
}

#[tokio::test]
async fn a_batch_goes_on_from_the_first_record_that_was_refused() {
    let records = |count: usize| {
        (1..=count)
            .map(|at| record(at, "INSERT", entry()))
            .collect::<Vec<_>>()
    };
    assert_eq!(through(100, records(25)).await, (25, vec![]));
    assert_eq!(through(0, records(25)).await, (0, vec![Some("1".into())]));
    assert_eq!(
        through(13, records(25)).await,
        (13, vec![Some("14".into())])
    );
}

#[tokio::test]
async fn an_unreadable_entry_does_not_hold_up_the_rest() {
    let broken = with(|image| image["tenant"] = json!({"S": "nobody"}));
    let records = vec![record(1, "INSERT", broken), record(2, "INSERT", entry())];
    assert_eq!(through(9, records).await, (1, vec![]));
}
