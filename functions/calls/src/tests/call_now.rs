//! Call Now: what it takes over, what refuses it, who waits and for how long, and taking it back.

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};
use vio_domain::appointment::AppointmentStatus;
use vio_domain::calling::session::{Action, CallEvent, Method, SessionState};
use vio_domain::contact::{ConsentMethod, ContactMethod, VoiceConsent};
use vio_domain::ids::ContactId;
use vio_domain::permission::Preset;
use vio_runtime::testing::Answer;
use vio_store::key::{self, LOG_SHARDS, LogKind};
use vio_store::log::LogRow;

use super::world::{PHONE, World, ended, said};

fn session(answer: &Answer) -> vio_domain::ids::SessionId {
    assert_eq!(answer.status, 202, "{:?}", answer.body);
    answer.body["session_id"].as_str().unwrap().parse().unwrap()
}

fn at(value: &Value) -> DateTime<Utc> {
    value.as_str().unwrap().parse().unwrap()
}

async fn logged(world: &World, contact: ContactId, action: &str) -> usize {
    let ts = &world.tenant.store;
    let mut found = 0;
    for shard in 0..LOG_SHARDS {
        let pk = key::log_pk(ts.id, LogKind::Change, shard);
        let (rows, _) = ts
            .store
            .list::<LogRow>(pk, "", true, 10_000, None)
            .await
            .unwrap();
        found += rows
            .iter()
            .filter(|row| row.contact == Some(contact) && row.action == action)
            .count();
    }
    found
}

async fn no_appointment(world: &World, phone: &str) -> ContactId {
    let contact = world.person(phone, None).await;
    let about = world.tenant.store.person(contact).await.unwrap().unwrap();
    let about = about.appointments[0].id;
    let planned = world.planned(contact).await;
    // As a deletion of the appointment leaves it.
    let ts = &world.tenant.store;
    let mut person = ts.person(contact).await.unwrap().unwrap();
    let mut tx = vio_store::tx::Tx::new();
    ts.stage_no_more_calls(
        &mut tx,
        &mut person,
        vio_domain::calling::session::CancelReason::Person,
    )
    .await
    .unwrap();
    person.remove_appointment(about);
    ts.stage_person(&mut tx, &mut person).unwrap();
    vio_runtime::testing::tell(ts, &mut tx, &person);
    ts.store.commit(tx).await.unwrap();
    assert_eq!(world.call(planned).await["status"], "cancelled");
    contact
}

#[tokio::test]
async fn it_takes_the_planned_reminder_over_and_goes_at_once() {
    let world = World::new().await;
    let contact = world.person(PHONE, None).await;
    let reminder = world.planned(contact).await;
    let tried = world.call_now(contact, json!({"dry_run": true})).await;
    assert_eq!(tried.status, 200, "{:?}", tried.body);
    assert!(tried.body.get("session_id").is_none());
    assert!(world.due().await.is_empty());
    assert!(world.app.queues.take_dial().is_empty());

    let called = world.call_now(contact, json!({})).await;
    assert_eq!(session(&called), reminder);
    assert_eq!(called.body["status"], "planned");
    assert_eq!(called.body["warnings"], json!([]));
    assert!(called.body.get("position").is_none());
    assert_eq!(called.body["decision"].as_array().unwrap().len(), 16);
    assert_eq!(world.app.queues.take_dial().len(), 1);
    // Pressed twice, it is one call.
    let again = world.call_now(contact, json!({})).await;
    assert_eq!(session(&again), reminder);
    assert_eq!(world.sessions(contact).await.len(), 1);
    assert_eq!(logged(&world, contact, "call_now.accepted").await, 1);

    let granted = world.granted(contact).await;
    assert_eq!(granted.session.session.method, Method::ManualCallNow);
    let busy = world.call_now(contact, json!({})).await;
    assert_eq!(
        (busy.status.as_u16(), busy.problem()),
        (409, "call-in-progress")
    );
    assert_eq!(busy.body["session_id"], json!(reminder));
    world.hear(&granted, CallEvent::Placed).await;
    let end = ended(world.tenant.store.now(), "user_hangup", true);
    let event = CallEvent::Analyzed {
        ended: end,
        started: true,
        analysis: Some(said(Action::Confirmed)),
    };
    world.hear(&granted, event).await;
    let call = world.call(reminder).await;
    assert_eq!(call["method"], "manual_call_now");
    assert_eq!(
        (&call["status"], &call["outcome"]),
        (&json!("completed"), &json!("answered"))
    );
}

#[tokio::test]
async fn a_key_makes_a_repeat_one_call() {
    let world = World::new().await;
    let contact = world.person(PHONE, None).await;
    let path = format!("/api/contacts/{contact}/call-now");
    let send = || {
        world.server.send(
            http::Method::POST,
            &path,
            Some(world.admin()),
            Some(json!({})),
            &[("idempotency-key", "one")],
        )
    };
    let first = send().await;
    world.granted(contact).await;
    let second = send().await;
    assert_eq!(second.status, 202);
    assert_eq!(second.body, first.body);
    assert_eq!(second.header("idempotency-replayed"), Some("true"));
}

/// One change that makes one check fail, and the type, check and guard it must be refused with.
#[tokio::test]
async fn each_failed_check_is_refused_with_its_own_type() {
    struct Case {
        name: &'static str,
        status: u16,
        check: &'static str,
        guard: &'static str,
        /// Whether it is known when it will pass.
        next: bool,
    }
    let case = |name, status, check, guard, next| Case {
        name,
        status,
        check,
        guard,
        next,
    };
    let cases = [
        case(
            "calling-not-configured",
            409,
            "configuration",
            "agent_configured",
            false,
        ),
        case("outside-call-hours", 409, "hours", "permitted_hours", true),
        case("calling-paused", 409, "limits", "not_paused", false),
        case("number-limit", 409, "limits", "attempts_per_number", true),
        case("no-phone", 409, "contact", "dialable_number", false),
        case("attempts-exhausted", 409, "contact", "attempts_cap", false),
        case("called-recently", 409, "contact", "gap", true),
        case("do-not-call", 409, "contact", "do_not_call_list", false),
        case("do-not-contact", 409, "contact", "do_not_contact", false),
        case("consent-required", 409, "contact", "voice_consent", false),
    ];
    for case in cases {
        let mut world = World::new().await;
        let contact = world.person(PHONE, None).await;
        match case.name {
            "calling-not-configured" => {
                world
                    .set(|settings| settings.settings.integrations.retell.agent_id = None)
                    .await;
            }
            "outside-call-hours" => world.advance(TimeDelta::minutes(11 * 60 + 1)),
            "calling-paused" => {
                let paused = world
                    .server
                    .post("/api/calls/pause", world.admin(), json!({}))
                    .await;
                assert_eq!(paused.status, 200);
            }
            "number-limit" => {
                // Four others with the number were rung in this day.
                for _ in 0..4 {
                    let other = world.person(PHONE, None).await;
                    world.call_now(other, json!({})).await;
                    let granted = world.granted(other).await;
                    let end = ended(world.tenant.store.now(), "dial_failed", false);
                    let event = CallEvent::Ended {
                        ended: end,
                        started: false,
                    };
                    world.hear(&granted, event).await;
                    let call = world.call(granted.session.session.id).await;
                    assert_eq!(
                        (&call["status"], &call["error"]),
                        (&json!("failed"), &json!("dial_failed"))
                    );
                }
            }
            "no-phone" => {
                world
                    .change(contact, |person| person.contact.phone = None)
                    .await
            }
            "attempts-exhausted" => {
                world
                    .change(contact, |person| person.appointments[0].call_attempts = 3)
                    .await;
            }
            "called-recently" => {
                world.call_now(contact, json!({})).await;
                let granted = world.granted(contact).await;
                let end = ended(world.tenant.store.now(), "dial_no_answer", false);
                let event = CallEvent::Ended {
                    ended: end,
                    started: false,
                };
                world.hear(&granted, event).await;
                world.advance(TimeDelta::hours(7));
            }
            "do-not-call" => {
                let listed = world
                    .server
                    .post("/api/dnc", world.admin(), json!({"phone": PHONE}))
                    .await;
                assert_eq!(listed.status, 201);
            }
            "do-not-contact" => {
                world
                    .change(contact, |person| person.contact.do_not_contact = true)
                    .await;
            }
            _ => {
                world
                    .set(|settings| settings.settings.privacy.require_voice_consent = true)
                    .await;
            }
        }
        world.sign_in_again().await;
        world.app.queues.take_dial();
        let before = world.tenant.store.person(contact).await.unwrap().unwrap();
        // Waiting for a slot helps none of them.
        for queue in [false, true] {
            let refused = world.call_now(contact, json!({"queue": queue})).await;
            let name = case.name;
            assert_eq!(
                (refused.status.as_u16(), refused.problem()),
                (case.status, name)
            );
            assert_eq!(refused.body["check"], case.check, "{name}");
            assert_eq!(refused.body["guard"], case.guard, "{name}");
            assert!(
                refused.body["remedy"].as_str().unwrap().ends_with('.'),
                "{name}"
            );
            assert_eq!(
                refused.body["next_allowed_at"].is_string(),
                case.next,
                "{name}"
            );
            assert_eq!(refused.header("retry-after").is_some(), case.next, "{name}");
            match name {
                "calling-not-configured" => {
                    assert_eq!(refused.body["missing"], json!(["retell.agent_id"]));
                    assert_eq!(refused.body["settings"], "/api/settings/integrations");
                }
                "outside-call-hours" => {
                    assert_eq!(refused.body["next_allowed_at"], "2026-03-03T08:00:00Z");
                }
                "calling-paused" => assert_eq!(refused.body["reason"], "person"),
                "called-recently" => assert_eq!(refused.body["retry_after"], 3600),
                _ => {}
            }
        }
        assert!(world.app.queues.take_dial().is_empty(), "{}", case.name);
        let after = world.tenant.store.person(contact).await.unwrap().unwrap();
        assert_eq!(before.next_call_at(), after.next_call_at(), "{}", case.name);
        assert_eq!(
            logged(&world, contact, "call_now.refused").await,
            2,
            "{}",
            case.name
        );
        let refusals = match before.open_sessions().next() {
            Some((_, open)) => world
                .tenant
                .store
                .decisions(contact, open.id)
                .await
                .unwrap(),
            None => continue,
        };
        assert!(
            refusals.iter().any(|record| record.verdict == "refuse"),
            "{}",
            case.name
        );
    }
}

#[tokio::test]
async fn a_second_call_to_a_number_waits_for_the_first_and_says_so() {
    let world = World::new().await;
    let first = world.person("07911 123450", None).await;
    let second = world.person("07911 123450", None).await;
    let other = world.person("07911 123451", None).await;
    let called = world.call_now(first, json!({})).await;
    assert!(called.body.get("position").is_none(), "{:?}", called.body);
    world.advance(TimeDelta::milliseconds(1));
    let now = world.tenant.store.now();
    let called = world.call_now(second, json!({})).await;
    assert_eq!(called.body["position"], 2, "{:?}", called.body);
    let usual = vio_domain::campaigns::forecast::USUAL_CALL;
    let waits = at(&called.body["estimated_at"]) - now;
    let recheck = vio_domain::calling::guards::IN_FLIGHT_RECHECK;
    assert!((usual..=usual + recheck).contains(&waits), "{waits}");
    // A free slot is enough for another number.
    let called = world.call_now(other, json!({})).await;
    assert!(called.body.get("position").is_none(), "{:?}", called.body);
}

#[tokio::test]
async fn the_twenty_sixth_is_refused_or_waits_and_the_estimate_comes_true() {
    let world = World::new().await;
    let mut people = Vec::new();
    for number in 0..28 {
        people.push(world.person(&format!("07911 1234{number:02}"), None).await);
    }
    for contact in &people[..25] {
        let called = world.call_now(*contact, json!({})).await;
        assert!(called.body.get("position").is_none(), "{:?}", called.body);
    }
    // Nothing is granted yet: those who wait count as well.
    let refused = world.call_now(people[25], json!({})).await;
    assert_eq!(
        (refused.status.as_u16(), refused.problem()),
        (429, "call-limit-reached")
    );
    assert_eq!(refused.header("retry-after"), Some("901"));
    assert_eq!(
        (&refused.body["check"], &refused.body["guard"]),
        (&json!("limits"), &json!("slots"))
    );
    for contact in &people[..25] {
        let granted = world.granted(*contact).await;
        let settings = world.settings().await;
        let arrived = [(granted.attempt.attempt.id, world.tenant.store.now())];
        world
            .tenant
            .store
            .record_arrivals(&settings, &world.app.app.platform.limits, &arrived)
            .await
            .unwrap();
        world.advance(TimeDelta::seconds(2));
    }
    let refused = world.call_now(people[25], json!({"queue": false})).await;
    assert_eq!(refused.status, 429);
    let mut waiting = Vec::new();
    for (place, contact) in people[25..].iter().enumerate() {
        world.advance(TimeDelta::milliseconds(1));
        let called = world.call_now(*contact, json!({"queue": true})).await;
        let id = session(&called);
        assert_eq!(called.body["position"], json!(place + 1));
        waiting.push((*contact, id, at(&called.body["estimated_at"])));
    }
    assert!(waiting.is_sorted_by_key(|(_, _, estimate)| *estimate));
    // The last of them, read on its own, is told the same.
    let call = world.call(waiting[2].1).await;
    assert_eq!(call["position"], 3);
    assert_eq!(at(&call["estimated_at"]), waiting[2].2);
    for (contact, _, estimate) in waiting {
        world.app.clock.set(estimate - TimeDelta::milliseconds(1));
        let due = world.due().await;
        let item = due.iter().find(|item| item.contact == contact).unwrap();
        let mut gate = world.gate().await;
        let early = world.grant_on(&mut gate, item, || {}).await;
        assert!(matches!(
            early,
            vio_store::calling::grant::Granting::Held { .. }
        ));
        world.app.clock.set(estimate);
        world.granted(contact).await;
    }
}

/// Pressed for in the last minute and looked at after hours, it waits for the morning: whoever asks is told when.
#[tokio::test]
async fn one_that_was_put_off_until_the_morning_is_not_said_to_go_at_once() {
    let mut world = World::new().await;
    let contact = world.person(PHONE, None).await;
    let evening = "2026-03-02T20:00:00Z".parse::<DateTime<Utc>>().unwrap();
    world.app.clock.set(evening - TimeDelta::seconds(1));
    world.sign_in_again().await;
    let called = world.call_now(contact, json!({})).await;
    let id = session(&called);
    assert!(called.body.get("estimated_at").is_none());
    world.advance(TimeDelta::seconds(2));
    let due = world.due().await;
    let mut gate = world.gate().await;
    let put_off = world.grant_on(&mut gate, &due[0], || {}).await;
    assert!(matches!(
        put_off,
        vio_store::calling::grant::Granting::Moved
    ));
    let morning = evening + TimeDelta::hours(12);
    let again = world.call_now(contact, json!({"queue": true})).await;
    assert_eq!(session(&again), id);
    assert_eq!(again.body["position"], 1);
    assert_eq!(at(&again.body["estimated_at"]), morning);
    let call = world.call(id).await;
    assert_eq!(at(&call["estimated_at"]), morning);
}

#[tokio::test]
async fn two_people_cannot_take_the_last_slot() {
    let world = World::new().await;
    for number in 0..24 {
        let contact = world.person(&format!("07911 1234{number:02}"), None).await;
        session(&world.call_now(contact, json!({})).await);
    }
    let (one, two) = (
        world.person("07911 123498", None).await,
        world.person("07911 123499", None).await,
    );
    let (first, second) = tokio::join!(
        world.call_now(one, json!({})),
        world.call_now(two, json!({}))
    );
    let mut statuses = [first.status.as_u16(), second.status.as_u16()];
    statuses.sort_unstable();
    assert_eq!(statuses, [202, 429]);
}

#[tokio::test]
async fn a_call_that_waits_can_be_taken_back() {
    let mut world = World::new().await;
    let contact = world.person(PHONE, None).await;
    let due = world.call(world.planned(contact).await).await["due_at"].clone();
    let id = session(&world.call_now(contact, json!({})).await);
    let path = format!("/api/calls/{id}/cancel");
    let cancelled = world.server.post(&path, world.admin(), json!({})).await;
    assert_eq!(cancelled.status, 200, "{:?}", cancelled.body);
    assert_eq!(cancelled.body["status"], "cancelled");
    let again = world.server.post(&path, world.admin(), json!({})).await;
    assert_eq!(again.body, cancelled.body);
    // The reminder is back where it was.
    let planned = world.planned(contact).await;
    let reminder = world.call(planned).await;
    assert_eq!(
        (&reminder["method"], &reminder["due_at"]),
        (&json!("reminder"), &due)
    );
    assert!(world.due().await.is_empty());
    // It is not a call that somebody pressed for.
    let path = format!("/api/calls/{planned}/cancel");
    assert_eq!(
        world
            .server
            .post(&path, world.admin(), json!({}))
            .await
            .status,
        409
    );

    // A retry comes back as it was.
    world.advance(TimeDelta::hours(2));
    let granted = world.granted(contact).await;
    let end = ended(world.tenant.store.now(), "dial_no_answer", false);
    world
        .hear(
            &granted,
            CallEvent::Ended {
                ended: end,
                started: false,
            },
        )
        .await;
    let retry = world.call(world.planned(contact).await).await;
    world
        .set(|settings| {
            let retries = &mut settings.settings.calls.retries;
            retries.policy = vio_domain::calling::settle::RetryPolicy::new(true, 3).unwrap();
        })
        .await;
    world.advance(TimeDelta::hours(8));
    world.sign_in_again().await;
    let id = session(&world.call_now(contact, json!({})).await);
    let path = format!("/api/calls/{id}/cancel");
    assert_eq!(
        world
            .server
            .post(&path, world.admin(), json!({}))
            .await
            .status,
        200
    );
    let back = world.call(world.planned(contact).await).await;
    assert_eq!(
        (&back["method"], &back["latest_at"]),
        (&json!("retry"), &retry["latest_at"])
    );
    assert_eq!(logged(&world, contact, "call_now.cancelled").await, 2);

    // What is on its way is not taken back.
    let id = session(&world.call_now(contact, json!({})).await);
    world.granted(contact).await;
    let path = format!("/api/calls/{id}/cancel");
    let late = world.server.post(&path, world.admin(), json!({})).await;
    assert_eq!(
        (late.status.as_u16(), late.problem()),
        (409, "call-in-progress")
    );
}

#[tokio::test]
async fn somebody_without_an_appointment_is_rung_and_rung_again() {
    let world = World::new().await;
    let contact = no_appointment(&world, PHONE).await;
    let id = session(&world.call_now(contact, json!({})).await);
    let again = world.call_now(contact, json!({})).await;
    assert_eq!(session(&again), id);
    let ts = &world.tenant.store;
    let state = async || {
        let person = ts.person(contact).await.unwrap().unwrap();
        (
            serde_json::to_value(person.contact.call_state).unwrap(),
            person.next_call_at(),
        )
    };
    assert_eq!(state().await, (json!("calling_scheduled"), Some(ts.now())));
    // Tries without an appointment are counted along their own row: 1 + 2 retries, then staff hears of it.
    for try_number in 1..=3 {
        let granted = world.granted(contact).await;
        assert_eq!(state().await.0, "calling_in_progress");
        let busy = world.call_now(contact, json!({})).await;
        assert_eq!(busy.problem(), "call-in-progress");
        let end = ended(ts.now(), "dial_busy", false);
        world
            .hear(
                &granted,
                CallEvent::Ended {
                    ended: end,
                    started: false,
                },
            )
            .await;
        let planned = world
            .sessions(contact)
            .await
            .iter()
            .filter(|row| row.session.state == SessionState::Planned)
            .count();
        assert_eq!(
            planned,
            usize::from(try_number < 3),
            "after try {try_number}"
        );
        world.advance(TimeDelta::hours(1));
    }
    let list = world.server.get("/api/attention", world.admin()).await;
    assert!(!list.body["attention"].as_array().unwrap().is_empty());
}

#[tokio::test]
async fn what_is_odd_is_a_warning() {
    let mut world = World::new().await;
    let contact = world.person(PHONE, None).await;
    world
        .change(contact, |person| {
            person.appointments[0].status = AppointmentStatus::Confirmed;
            person.contact.preferred_contact_method = ContactMethod::Sms;
            person.contact.preferences.sms_opt_in = true;
        })
        .await;
    let called = world.call_now(contact, json!({})).await;
    session(&called);
    let codes: Vec<_> = called.body["warnings"]
        .as_array()
        .unwrap()
        .iter()
        .map(|warning| warning["code"].clone())
        .collect();
    assert_eq!(codes, ["status_needs_no_call", "prefers_sms"]);
    // It rings regardless.
    world.granted(contact).await;

    let past = world.person("07911 123457", None).await;
    let about = world.tenant.store.person(past).await.unwrap().unwrap();
    let about = about.appointments[0].id;
    world.advance(TimeDelta::hours(26));
    world.sign_in_again().await;
    let called = world
        .call_now(past, json!({"appointment_id": about, "dry_run": true}))
        .await;
    assert_eq!(called.body["warnings"][0]["code"], "appointment_past");
    let other = json!({"appointment_id": uuid::Uuid::from_u128(1)});
    let unknown = world.call_now(past, other).await;
    assert_eq!(
        (unknown.status.as_u16(), unknown.pointers()),
        (422, vec!["/appointment_id"])
    );
}

#[tokio::test]
async fn consent_given_lets_it_through() {
    let world = World::new().await;
    world
        .set(|settings| settings.settings.privacy.require_voice_consent = true)
        .await;
    let contact = world.person(PHONE, None).await;
    let refused = world.call_now(contact, json!({})).await;
    assert_eq!(refused.problem(), "consent-required");
    let obtained_at = world.tenant.store.now();
    world
        .change(contact, |person| {
            person.contact.preferences.voice_consent = VoiceConsent::Given {
                method: ConsentMethod::Verbal,
                obtained_at,
            };
        })
        .await;
    session(&world.call_now(contact, json!({})).await);
}

#[tokio::test]
async fn only_who_may_and_only_their_own() {
    let world = World::new().await;
    let contact = world.person(PHONE, None).await;
    let path = format!("/api/contacts/{contact}/call-now");
    let reader = world.app.staff(&world.tenant, Preset::ReadOnly).await;
    assert_eq!(
        world
            .server
            .post(&path, &reader.token, json!({}))
            .await
            .status,
        403
    );
    let reception = world.app.staff(&world.tenant, Preset::Receptionist).await;
    assert_eq!(
        world
            .server
            .post(&path, &reception.token, json!({}))
            .await
            .status,
        202
    );
    let stranger = world
        .app
        .tenant("Other Salon", vio_domain::settings::BusinessType::Salon)
        .await
        .admin
        .token;
    assert_eq!(
        world.server.post(&path, &stranger, json!({})).await.status,
        404
    );
    let id = world.planned(contact).await;
    let cancel = format!("/api/calls/{id}/cancel");
    assert_eq!(
        world
            .server
            .post(&cancel, &stranger, json!({}))
            .await
            .status,
        404
    );
}
