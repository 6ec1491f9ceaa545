//! A call from planned to settled, as the API shows it; what wins over a grant; news in any order.

use chrono::TimeDelta;
use proptest::prelude::*;
use serde_json::json;
use vio_domain::calling::session::{Action, Analysis, CallEvent, SessionState};
use vio_domain::ids::ContactId;
use vio_runtime::queues::DialMessage;
use vio_store::calling::do_not_call::{DncSource, NewDnc};
use vio_store::calling::grant::{Granted, Granting};
use vio_store::calling::settle::Heard;
use vio_store::key::{self, LOG_SHARDS, LogKind};
use vio_store::log::{Actor, LogRow};
use vio_store::tx::Tx;

use super::world::{PHONE, World, ended, said};

#[tokio::test]
async fn a_call_shows_each_of_its_states() {
    let world = World::new().await;
    let contact = world.person(PHONE, None).await;
    let id = world.planned(contact).await;
    let call = world.call(id).await;
    assert_eq!(call["status"], "planned");
    assert_eq!(call["method"], "reminder");
    assert_eq!(call["due_at"], "2026-03-02T11:00:00Z");
    assert_eq!(call["contact_id"], json!(contact));
    assert_eq!(call["decision"], json!([]));
    assert!(world.due().await.is_empty());

    world.advance(TimeDelta::hours(2));
    let granted = world.granted(contact).await;
    let call = world.call(id).await;
    assert_eq!(call["status"], "placing");
    assert_eq!(call["decision"].as_array().unwrap().len(), 16);
    assert!(
        call["decision"]
            .as_array()
            .unwrap()
            .iter()
            .all(|guard| guard["passed"] == true && guard["saw"].is_string())
    );
    assert_eq!(call["decisions"][0]["verdict"], "place");

    world.hear(&granted, CallEvent::Placed).await;
    let call = world.call(id).await;
    assert_eq!(call["status"], "initiated");
    assert_eq!(call["provider_call_id"], format!("call_{id}"));
    world.advance(TimeDelta::milliseconds(1_999));
    assert_eq!(world.call(id).await["status"], "initiated");
    world.advance(TimeDelta::milliseconds(1));
    assert_eq!(world.call(id).await["status"], "ringing");

    world.hear(&granted, CallEvent::Started).await;
    assert_eq!(world.call(id).await["status"], "answered");
    world.advance(TimeDelta::seconds(36));
    let over = ended(world.tenant.store.now(), "user_hangup", true);
    let event = CallEvent::Ended {
        ended: over.clone(),
        started: true,
    };
    world.hear(&granted, event).await;
    let call = world.call(id).await;
    assert_eq!(call["status"], "answered");
    assert_eq!(call["ended_at"], json!(over.at));
    assert!(call.get("outcome").is_none());

    let event = CallEvent::Analyzed {
        ended: over.clone(),
        started: true,
        analysis: Some(said(Action::Confirmed)),
    };
    world.hear(&granted, event).await;
    let call = world.call(id).await;
    assert_eq!(call["status"], "completed");
    assert_eq!(call["outcome"], "answered");
    assert_eq!(call["appointment_action"], "confirmed");
    assert_eq!(call["customer_sentiment"], "positive");
    assert_eq!(call["call_duration"], 36);
    assert_eq!(call["follow_up_required"], false);
    assert_eq!(call["attempt"], 1);
    let person = world.tenant.store.person(contact).await.unwrap().unwrap();
    assert_eq!(person.appointments[0].status.as_str(), "confirmed");
    assert_eq!(person.appointments[0].open_session, None);
}

#[tokio::test]
async fn a_retry_is_the_second_try_of_its_appointment() {
    let world = World::new().await;
    let contact = world.person(PHONE, None).await;
    world.advance(TimeDelta::hours(2));
    let granted = world.granted(contact).await;
    let event = CallEvent::Ended {
        ended: ended(world.tenant.store.now(), "dial_no_answer", false),
        started: false,
    };
    world.hear(&granted, event).await;
    let first = world.call(granted.session.session.id).await;
    assert_eq!(
        (&first["status"], &first["outcome"]),
        (&json!("completed"), &json!("no_answer"))
    );
    assert!(first.get("call_duration").is_none() && first.get("error").is_none());
    let retry = world.call(world.planned(contact).await).await;
    assert_eq!(retry["method"], "retry");
    assert_eq!(retry["attempt"], 2);
}

#[tokio::test]
async fn a_pause_stops_grants_and_a_resume_wakes_the_pump() {
    let world = World::new().await;
    let contact = world.person(PHONE, None).await;
    world.advance(TimeDelta::hours(2));
    let item = world.due().await.remove(0);
    let mut read_before = world.gate().await;
    let paused = world
        .server
        .post("/api/calls/pause", world.admin(), json!({}))
        .await;
    assert_eq!(paused.status, 200);
    assert_eq!(paused.body["paused"]["reason"], "person");
    assert_eq!(
        paused.body["paused"]["by"],
        world.tenant.admin.id.to_string()
    );
    assert!(paused.body["available_at"].is_null());
    // A pump that read the gate before the pause loses.
    let outcome = world.grant_on(&mut read_before, &item, || {}).await;
    assert!(matches!(outcome, Granting::Lost));
    let mut gate = world.gate().await;
    let outcome = world.grant_on(&mut gate, &item, || {}).await;
    assert!(matches!(outcome, Granting::Held { until: None, .. }));
    // The pump rests, and the tick leaves it alone.
    let (ts, settings) = (&world.tenant.store, world.settings().await);
    let now = ts.now();
    ts.change_gate(&settings, None, |gate| {
        gate.arm(now, now + TimeDelta::minutes(15))
    })
    .await
    .unwrap();
    assert!(ts.store.pump_armed(ts.id).await.unwrap());
    // A second pause keeps the first reason and instant.
    world.advance(TimeDelta::minutes(1));
    let again = world
        .server
        .post("/api/calls/pause", world.admin(), json!({}))
        .await;
    assert_eq!(again.body["paused"], paused.body["paused"]);

    let resumed = world
        .server
        .post("/api/calls/resume", world.admin(), json!({}))
        .await;
    assert_eq!(resumed.status, 200);
    assert!(resumed.body["paused"].is_null());
    assert!(!ts.store.pump_armed(ts.id).await.unwrap());
    let message = DialMessage { tenant: ts.id };
    assert_eq!(world.app.queues.take_dial(), vec![(message, 0)]);
    world.granted(contact).await;
    let limits = world.server.get("/api/calls/limits", world.admin()).await;
    assert_eq!(limits.body["used"], 1);
    assert_eq!(limits.body["used_today"], 1);
    assert_eq!(limits.body["limit"], 25);
    assert_eq!(limits.body["window_seconds"], 900);
    // Resuming what is not paused wakes nobody.
    world
        .server
        .post("/api/calls/resume", world.admin(), json!({}))
        .await;
    assert!(world.app.queues.take_dial().is_empty());
}

#[tokio::test]
async fn listing_a_number_ends_its_planned_calls_and_unlisting_plans_them_anew() {
    let world = World::new().await;
    let one = world.person(PHONE, None).await;
    let two = world.person(PHONE, None).await;
    let other = world.person("07911 123457", None).await;
    let (first, second) = (world.planned(one).await, world.planned(two).await);
    world.advance(TimeDelta::hours(2));
    let items = world.due().await;
    let body = json!({"phone": "+44 7911 123456", "reason": "Asked at the desk."});
    let added = world
        .server
        .post("/api/dnc", world.admin(), body.clone())
        .await;
    assert_eq!(added.status, 201, "{:?}", added.body);
    assert_eq!(added.body["phone"], "+447911123456");
    assert_eq!(added.body["source"], "manual");
    for id in [first, second] {
        assert_eq!(world.call(id).await["status"], "cancelled");
    }
    assert_eq!(world.due().await.len(), 1);
    // A pump that read the queue before finds nothing to call.
    for item in items.iter().filter(|item| item.contact != other) {
        let mut gate = world.gate().await;
        let outcome = world.grant_on(&mut gate, item, || {}).await;
        assert!(matches!(outcome, Granting::Gone));
    }
    world.granted(other).await;
    // Planning does not bring them back, and listing twice is one entry.
    let again = world.server.post("/api/dnc", world.admin(), body).await;
    assert_eq!(again.status, 200);
    assert_eq!(again.body["dnc_id"], added.body["dnc_id"]);
    let list = world.server.get("/api/dnc", world.admin()).await;
    assert_eq!(list.body["dnc"], json!([added.body]));

    let path = added.header("location").unwrap().to_owned();
    assert_eq!(world.server.delete(&path, world.admin()).await.status, 204);
    assert_eq!(world.server.delete(&path, world.admin()).await.status, 404);
    for contact in [one, two] {
        let id = world.planned(contact).await;
        assert_eq!(world.call(id).await["method"], "reminder");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_number_listed_between_guards_and_grant_wins() {
    let world = World::new().await;
    let contact = world.person(PHONE, None).await;
    world.advance(TimeDelta::hours(2));
    let item = world.due().await.remove(0);
    let mut gate = world.gate().await;
    let ts = world.tenant.store.clone();
    let runtime = tokio::runtime::Handle::current();
    // Only guard and entry, so that nothing but the grant's own condition can stop it.
    let list = || {
        tokio::task::block_in_place(|| {
            runtime.block_on(async {
                let person = ts.person(contact).await.unwrap().unwrap();
                let number = person.contact.phone.unwrap();
                let new = NewDnc {
                    phone: ts.phone_hash(&number),
                    number: Some(number),
                    reason: None,
                    source: DncSource::Manual,
                    contact: None,
                    import: None,
                };
                let mut tx = Tx::new();
                ts.stage_do_not_call_entry(&mut tx, new, &Actor::system("test"))
                    .unwrap();
                ts.store.commit(tx).await.unwrap();
            });
        });
    };
    let outcome = world.grant_on(&mut gate, &item, list).await;
    assert!(matches!(outcome, Granting::Lost));
    assert_eq!(world.call(item.session).await["status"], "planned");
    // Looked at again, it ends with the list as its reason.
    let mut gate = world.gate().await;
    let outcome = world.grant_on(&mut gate, &item, || {}).await;
    assert!(matches!(outcome, Granting::Moved));
    let call = world.call(item.session).await;
    assert_eq!(call["status"], "cancelled");
    let listed = call["decision"]
        .as_array()
        .unwrap()
        .iter()
        .find(|guard| guard["guard"] == "do_not_call_list")
        .unwrap()
        .clone();
    assert_eq!(
        (&listed["passed"], &listed["final"]),
        (&json!(false), &json!(true))
    );
}

#[tokio::test]
async fn who_asks_in_a_call_is_listed_with_the_number_rung() {
    let world = World::new().await;
    let contact = world.person(PHONE, None).await;
    world.advance(TimeDelta::hours(2));
    let granted = world.granted(contact).await;
    let event = CallEvent::Analyzed {
        ended: ended(world.tenant.store.now(), "user_requested_dnc", true),
        started: true,
        analysis: Some(said(Action::NoAction)),
    };
    world.hear(&granted, event.clone()).await;
    world.hear(&granted, event).await;
    let list = world.server.get("/api/dnc", world.admin()).await;
    assert_eq!(list.body["dnc"].as_array().unwrap().len(), 1);
    let entry = &list.body["dnc"][0];
    assert_eq!(entry["source"], "call");
    assert_eq!(entry["phone"], "+447911123456");
    assert_eq!(entry["contact_id"], json!(contact));
    let sessions = world.sessions(contact).await;
    assert!(
        sessions
            .iter()
            .all(|row| row.session.state != SessionState::Planned)
    );
}

/// How a call can go.
#[derive(Debug, Clone, Copy)]
enum Course {
    Says(Action),
    Machine,
    NoAnswer,
    Busy,
    BrokeOff,
    AsksNotToBeCalled,
    NeverAnalysed,
}

fn course() -> impl Strategy<Value = Course> {
    prop::sample::select(vec![
        Course::Says(Action::Confirmed),
        Course::Says(Action::Cancelled),
        Course::Says(Action::Rescheduled),
        Course::Says(Action::NoAction),
        Course::Machine,
        Course::NoAnswer,
        Course::Busy,
        Course::BrokeOff,
        Course::AsksNotToBeCalled,
        Course::NeverAnalysed,
    ])
}

/// All that the provider tells of a call, in the order in which it happened.
fn news(course: Course, at: chrono::DateTime<chrono::Utc>) -> Vec<CallEvent> {
    let (reason, connected, analysis) = match course {
        Course::Says(Action::Rescheduled) => {
            let analysis = Analysis {
                new_time: Some(at + TimeDelta::hours(50)),
                ..said(Action::Rescheduled)
            };
            ("agent_hangup", true, Some(analysis))
        }
        Course::Says(action) => ("agent_hangup", true, Some(said(action))),
        Course::Machine => {
            let analysis = Analysis {
                in_voicemail: true,
                feedback: None,
                ..Analysis::default()
            };
            ("voicemail_reached", true, Some(analysis))
        }
        Course::NoAnswer => ("dial_no_answer", false, None),
        Course::Busy => ("dial_busy", false, None),
        Course::BrokeOff => ("error_retell", true, Some(Analysis::default())),
        Course::AsksNotToBeCalled => ("user_requested_dnc", true, Some(said(Action::NoAction))),
        Course::NeverAnalysed => ("user_hangup", true, None),
    };
    let ended = ended(at, reason, connected);
    let mut events = vec![CallEvent::Placed];
    if connected {
        events.push(CallEvent::Started);
    }
    events.push(CallEvent::Ended {
        ended: ended.clone(),
        started: connected,
    });
    events.push(CallEvent::Analyzed {
        ended,
        started: connected,
        analysis,
    });
    events
}

/// Everything that a call leaves behind, without the ids that differ between two people.
async fn left_behind(world: &World, granted: &Granted) -> serde_json::Value {
    let ts = &world.tenant.store;
    let contact = granted.session.session.contact;
    let person = ts.person(contact).await.unwrap().unwrap();
    let appointment = &person.appointments[0];
    let mut sessions = Vec::new();
    for row in world.sessions(contact).await {
        let mut call = world.call(row.session.id).await;
        for id in [
            "session_id",
            "contact_id",
            "appointment_id",
            "provider_call_id",
            "decision",
            "decisions",
        ] {
            call.as_object_mut().unwrap().remove(id);
        }
        sessions.push(call);
    }
    let attempt = ts
        .attempt(contact, granted.attempt.attempt.id)
        .await
        .unwrap()
        .unwrap();
    let (settled, _) = logged(world, contact).await;
    let phone = person.contact.phone.clone().unwrap();
    json!({
        "sessions": sessions,
        "attempt_placed": attempt.attempt.counts(),
        "counted": attempt.counted,
        "status": appointment.status,
        "version": appointment.version,
        "moved_to": appointment.time,
        "confirmation": appointment.confirmation,
        "attempts": appointment.call_attempts,
        "open": appointment.open_session.map(|open| open.in_progress),
        "next_call_at": appointment.next_call_at,
        "last_contact_time": person.contact.last_contact_time,
        "failures": person.contact.failures_in_a_row,
        "needs_attention": person.contact.needs_attention,
        "call_state": person.contact.call_state,
        "contact_version": person.contact.version,
        "listed": ts.on_do_not_call_list(&person.contact).await.unwrap(),
        "locked": ts.store.port()
            .get(&key::number_lock(ts.id, &ts.phone_hash(&phone).to_string())).await.unwrap().is_some(),
        "watched": ts.store.port()
            .get(&key::flight(ts.id, granted.attempt.attempt.id)).await.unwrap().is_some(),
        "settled_entries": settled,
    })
}

/// Log entries of a contact's calls: settled, progressed.
async fn logged(world: &World, contact: ContactId) -> (usize, usize) {
    let ts = &world.tenant.store;
    let (mut settled, mut progressed) = (0, 0);
    for shard in 0..LOG_SHARDS {
        let pk = key::log_pk(ts.id, LogKind::Change, shard);
        let (rows, _) = ts
            .store
            .list::<LogRow>(pk, "", true, 10_000, None)
            .await
            .unwrap();
        for row in rows.iter().filter(|row| row.contact == Some(contact)) {
            settled += usize::from(row.action == "call.settled");
            progressed += usize::from(row.action == "call.progressed");
        }
    }
    (settled, progressed)
}

/// What each course says of itself, so that the property below cannot hold by nothing ever happening.
fn expected(course: Course) -> (&'static str, u32) {
    match course {
        Course::Says(Action::Confirmed) => ("confirmed", 1),
        Course::Says(Action::Cancelled) => ("cancelled", 1),
        Course::Says(Action::Rescheduled) => ("rescheduled", 0),
        _ => ("pending", 1),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, ..ProptestConfig::default() })]

    /// Whatever order the news of a call comes in, and however often: the session, its attempt, the appointment, the
    /// contact, retries, list, lock and watch end alike, and there is exactly one entry `call.settled`. Entries
    /// `call.progressed` are one for each intermediate state that was seen, so news that comes after what supersedes
    /// it adds none; never more than in order. All news is heard at one instant: `placed_at` is when we learnt of the
    /// call, and would differ otherwise.
    #[test]
    fn news_in_any_order_and_number_ends_alike(
        course in course(),
        picks in prop::collection::vec(any::<prop::sample::Index>(), 0..6),
        order in prop::collection::vec(any::<u32>(), 10),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let world = World::new().await;
            let (one, two) = (world.person(PHONE, None).await, world.person("07911 123457", None).await);
            world.advance(TimeDelta::hours(2));
            let (in_order, shuffled) = (world.granted(one).await, world.granted(two).await);
            let events = news(course, world.tenant.store.now());
            for event in &events {
                world.hear(&in_order, event.clone()).await;
            }
            // Every event at least once, some more often, in any order.
            let mut heard = events.clone();
            heard.extend(picks.iter().map(|pick| pick.get(&events).clone()));
            let mut keyed: Vec<_> = heard.into_iter().zip(order.iter().cycle()).collect();
            keyed.sort_by_key(|(_, key)| **key);
            for (event, _) in keyed {
                world.hear(&shuffled, event).await;
            }
            let left = left_behind(&world, &shuffled).await;
            assert_eq!(left, left_behind(&world, &in_order).await);
            assert_eq!(left["settled_entries"], 1);
            let (status, attempts) = expected(course);
            assert_eq!((left["status"].as_str(), left["attempts"].as_u64()), (Some(status), Some(u64::from(attempts))));
            let (_, straight) = logged(&world, one).await;
            let (_, crooked) = logged(&world, two).await;
            assert!(crooked <= straight, "{crooked} entries of progress, {straight} in order");
            // And once more changes nothing.
            for event in &events {
                assert_eq!(world.hear(&shuffled, event.clone()).await, Heard::Nothing);
            }
            assert_eq!(left_behind(&world, &shuffled).await, left);
        });
    }
}
