//! Events over 200 KB: the object in the bucket first, then the entry that names it.

use chrono::TimeDelta;
use http::StatusCode;
use serde_json::{Value, json};
use vio_crypto::LookupHash;
use vio_store::inbox::{InboxRow, InboxState, MOST_TRIES};
use vio_store::objects::{Fault, ObjectName};
use vio_store::port::Condition;
use vio_store::tx::Tx;

use crate::receive::noise;
use crate::support::*;

const KB: usize = 1024;

/// A booking of exactly so many bytes, which compress to three quarters.
fn booking(uid: &'static str, bytes: usize) -> Vec<u8> {
    let mut event = Booking::created(uid, 7, 0).json();
    event["payload"]["metadata"] = json!({ "attachment": "" });
    let rest = bytes - event.to_string().len();
    event["payload"]["metadata"]["attachment"] = json!(noise(rest));
    event.to_string().into_bytes()
}

fn accepted(answer: (StatusCode, Value)) {
    assert_eq!(answer, (StatusCode::OK, json!({"status": "accepted"})));
}

fn hash(clinic: &Clinic, uid: &str) -> LookupHash {
    let body = booking(if uid == "u1" { "u1" } else { "u2" }, 5 * KB);
    let event = vio_providers::calcom::webhook::parse(&body).unwrap();
    let provider = vio_store::tenants::Provider::Calcom;
    clinic.store().event_hash(provider, &event.identity())
}

async fn row(clinic: &Clinic, uid: &str) -> InboxRow {
    let row = clinic.store().event(hash(clinic, uid)).await.unwrap();
    row.expect("an entry")
}

fn objects(clinic: &Clinic) -> Vec<ObjectName> {
    clinic.objects.dump().into_keys().collect()
}

async fn body(clinic: &Clinic, row: &InboxRow) -> Option<Vec<u8>> {
    let body = clinic.store().event_body(&clinic.objects, row).await;
    body.unwrap()
}

#[tokio::test]
async fn what_is_large_lies_in_the_bucket_and_is_processed_like_the_rest() {
    for (bytes, in_bucket) in [
        (5 * KB, false),
        (199 * KB, false),
        (200 * KB, false),
        (200 * KB + 1, true),
        (250 * KB, true),
        (1024 * KB, true),
    ] {
        let clinic = Clinic::new().await;
        let event = booking("u1", bytes);
        accepted(clinic.book(&event).await);
        assert_eq!(objects(&clinic).len(), usize::from(in_bucket), "{bytes}");
        for (name, object) in clinic.objects.dump() {
            assert!(
                name.as_str()
                    .starts_with(&format!("inbox/{}/", clinic.tenant.id))
            );
            assert!(object.len() > bytes / 2 && object.len() < bytes);
        }
        let entry = row(&clinic, "u1").await;
        assert_eq!(entry.object(), objects(&clinic).pop());
        assert_eq!(body(&clinic, &entry).await, Some(event.clone()));
        assert_eq!(clinic.drain().await, 1);
        assert_eq!(clinic.only_person().await.appointments.len(), 1);
        // Done, and kept: another delivery changes nothing and puts nothing.
        assert_eq!(
            body(&clinic, &row(&clinic, "u1").await).await,
            Some(event.clone())
        );
        assert_eq!(clinic.book(&event).await.1["status"], "duplicate");
        assert_eq!(objects(&clinic).len(), usize::from(in_bucket), "{bytes}");
    }
}

#[tokio::test]
async fn a_call_of_five_megabytes() {
    let clinic = Clinic::new().await;
    let tell = async |call_id: &str, transcript: String| {
        let call = json!({"call_id": call_id, "transcript": transcript});
        let event = json!({"event": "call_ended", "call": call}).to_string();
        assert!(event.len() > 4_900_000);
        accepted(clinic.tell(event.as_bytes()).await);
    };
    tell("call_1", "and how are you today ".repeat(227_000)).await;
    tell("call_2", noise(5_000_000)).await;
    let mut sizes: Vec<_> = clinic
        .objects
        .dump()
        .into_values()
        .map(|object| object.len())
        .collect();
    sizes.sort_unstable();
    // Words compress well, noise does not.
    assert!(
        matches!(sizes[..], [words, noise] if words < 100_000 && noise > 3_000_000),
        "{sizes:?}"
    );
    // Of calls that nobody here asked for nothing is kept, the object included.
    assert_eq!(clinic.drain().await, 2);
    assert_eq!(objects(&clinic), []);
}

#[tokio::test]
async fn erasing_the_person_closes_the_object() {
    let clinic = Clinic::new().await;
    let event = booking("u1", 300 * KB);
    accepted(clinic.book(&event).await);
    let before = row(&clinic, "u1").await;
    clinic.drain().await;
    let after = row(&clinic, "u1").await;
    assert_eq!(body(&clinic, &after).await, Some(event));
    assert_eq!(after.object(), before.object(), "the object itself stays");
    let contact = clinic.only_person().await.contact.id;
    let mut tx = Tx::new();
    let place = vio_store::key::person_key(clinic.tenant.id, contact);
    tx.delete_if("erase", place, Condition::Always);
    clinic.store().store.commit(tx).await.unwrap();
    assert_eq!(body(&clinic, &after).await, None);
}

#[tokio::test]
async fn while_the_bucket_is_away_the_provider_is_told_to_come_again() {
    for fault in [Fault::LostRequest, Fault::LostAnswer] {
        let clinic = Clinic::new().await;
        let large = booking("u1", 300 * KB);
        clinic.objects.fail(fault);
        let (status, answer) = clinic.book(&large).await;
        assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE, "{answer}");
        assert!(
            clinic
                .store()
                .event(hash(&clinic, "u1"))
                .await
                .unwrap()
                .is_none()
        );
        assert!(clinic.test.queues.take_inbox().is_empty());
        // Small ones do not need it.
        accepted(clinic.book(&booking("u2", 5 * KB)).await);
        clinic.drain().await;
        clinic.objects.fail(Fault::None);
        // What was put and never named is left over; nobody has its key.
        let left_over = objects(&clinic);
        assert_eq!(left_over.len(), usize::from(fault == Fault::LostAnswer));
        accepted(clinic.book(&large).await);
        assert_eq!(objects(&clinic).len(), left_over.len() + 1);
        let named = row(&clinic, "u1").await.object().unwrap();
        assert!(!left_over.contains(&named));
        assert_eq!(clinic.drain().await, 1);
        assert_eq!(body(&clinic, &row(&clinic, "u1").await).await, Some(large));
    }
}

#[tokio::test]
async fn of_two_deliveries_at_once_one_object_stays() {
    let clinic = Clinic::new().await;
    let event = booking("u1", 300 * KB);
    let answers = tokio::join!(
        clinic.book(&event),
        clinic.book(&event),
        clinic.book(&event)
    );
    let mut said =
        [answers.0.1, answers.1.1, answers.2.1].map(|answer| answer["status"].to_string());
    said.sort();
    assert_eq!(said, ["\"accepted\"", "\"duplicate\"", "\"duplicate\""]);
    let entry = row(&clinic, "u1").await;
    assert_eq!(objects(&clinic), [entry.object().unwrap()]);
    assert_eq!(body(&clinic, &entry).await, Some(event));
}

/// Runs what the queue and the tick make of the event, again and again, until nothing comes any more.
async fn exhaust(clinic: &Clinic) -> u32 {
    let mut rounds = 0;
    loop {
        clinic.drain().await;
        clinic.test.advance(TimeDelta::hours(2));
        let tick = vio_reminders::tick(&clinic.test.app).await.unwrap();
        if tick.events == 0 {
            return rounds;
        }
        rounds += 1;
        assert!(rounds <= MOST_TRIES, "it goes on for ever");
    }
}

#[tokio::test]
async fn an_entry_whose_object_is_missing_or_damaged_fails_and_is_not_tried_again() {
    type Harm = fn(&Clinic, &ObjectName, &ObjectName);
    let harms: [(&str, Harm); 4] = [
        ("missing", |clinic, one, _| {
            futures::executor::block_on(async {
                vio_store::objects::Objects::delete(&clinic.objects, one)
                    .await
                    .unwrap();
            });
        }),
        ("cut off", |clinic, one, _| {
            let mut bytes = clinic.objects.dump()[one].clone();
            bytes.truncate(bytes.len() - 1);
            clinic.objects.damage(one, bytes);
        }),
        ("empty", |clinic, one, _| {
            clinic.objects.damage(one, Vec::new())
        }),
        ("another event's", |clinic, one, other| {
            let bytes = clinic.objects.dump()[other].clone();
            clinic.objects.damage(one, bytes);
        }),
    ];
    for (what, harm) in harms {
        let clinic = Clinic::new().await;
        accepted(clinic.book(&booking("u1", 300 * KB)).await);
        accepted(clinic.book(&booking("u2", 300 * KB)).await);
        let (one, other) = (row(&clinic, "u1").await, row(&clinic, "u2").await);
        harm(&clinic, &one.object().unwrap(), &other.object().unwrap());
        assert_eq!(exhaust(&clinic).await, 0, "{what}");
        let state = row(&clinic, "u1").await.state;
        assert!(
            matches!(state, InboxState::Failed { .. }),
            "{what}: {state:?}"
        );
        let state = row(&clinic, "u2").await.state;
        assert!(
            matches!(state, InboxState::Done { .. }),
            "{what}: {state:?}"
        );
    }
}

#[tokio::test]
async fn an_event_waits_for_a_bucket_that_is_away_and_is_given_up_in_the_end() {
    let clinic = Clinic::new().await;
    accepted(clinic.book(&booking("u1", 300 * KB)).await);
    clinic.objects.fail(Fault::LostRequest);
    clinic.drain().await;
    assert!(row(&clinic, "u1").await.is_waiting());
    clinic.objects.fail(Fault::None);
    exhaust(&clinic).await;
    assert_eq!(clinic.only_person().await.appointments.len(), 1);

    let clinic = Clinic::new().await;
    accepted(clinic.book(&booking("u1", 300 * KB)).await);
    clinic.objects.fail(Fault::LostRequest);
    assert_eq!(exhaust(&clinic).await, MOST_TRIES - 1);
    let state = row(&clinic, "u1").await.state;
    assert!(matches!(state, InboxState::Failed { .. }), "{state:?}");
}
