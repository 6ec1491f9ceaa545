//! The work list as a work list: who sees to it, when, what was done, and what brings it back.

use chrono::TimeDelta;
use serde_json::{Value, json};
use vio_domain::calling::limits::{CALL_DAILY_LIMIT, CallLimits};
use vio_domain::calling::session::{Action, CallEvent};
use vio_domain::contact::AttentionReason;
use vio_domain::ids::ContactId;
use vio_domain::notices::{Happening, Limit};
use vio_domain::permission::Preset;
use vio_domain::phone::{Country, parse};
use vio_runtime::testing::Answer;
use vio_store::calling::grant::Granting;
use vio_store::contacts::Save;
use vio_store::log::Actor;
use vio_store::tx::Tx;

use super::world::{PHONE, World, ended, said};

async fn flag(world: &World, contact: ContactId, reason: AttentionReason) {
    let ts = &world.tenant.store;
    let mut person = ts.person(contact).await.unwrap().unwrap();
    let mut tx = Tx::new();
    ts.flag(&mut tx, &mut person.contact, reason, None, None)
        .unwrap();
    // Flagged for it already, nothing is written.
    if ts.stage_person(&mut tx, &mut person).unwrap() {
        vio_runtime::testing::tell(ts, &mut tx, &person);
        ts.store.commit(tx).await.unwrap();
    }
}

async fn listed(world: &World, query: &str) -> Vec<Value> {
    let answer = world
        .server
        .get(&format!("/api/attention{query}"), world.admin())
        .await;
    assert_eq!(answer.status, 200, "{:?}", answer.body);
    answer.body["attention"].as_array().unwrap().clone()
}

async fn act(world: &World, entry: &Value, what: &str, body: Value) -> Answer {
    let id = entry["attention_id"].as_str().unwrap();
    let path = format!("/api/attention/{id}/{what}");
    world.server.post(&path, world.admin(), body).await
}

#[tokio::test]
async fn an_entry_is_given_noted_put_off_done_and_opened_again() {
    let world = World::new().await;
    let contact = world.person(PHONE, None).await;
    let other = world.person("07911 123457", None).await;
    flag(&world, contact, AttentionReason::NoCallWindow).await;
    flag(&world, other, AttentionReason::PossibleDuplicate).await;
    let entry = listed(&world, "?reason=no_call_window").await.remove(0);
    let colleague = world.app.staff(&world.tenant, Preset::Receptionist).await;

    assert_eq!(listed(&world, "?assigned_to=none").await.len(), 2);
    let given = act(
        &world,
        &entry,
        "assign",
        json!({"assigned_to": colleague.id}),
    )
    .await;
    assert_eq!(given.status, 200, "{:?}", given.body);
    assert_eq!(given.header("etag"), Some("\"v2\""));
    let hers = format!("?assigned_to={}", colleague.id);
    assert_eq!(listed(&world, &hers).await.len(), 1);
    assert_eq!(listed(&world, "?assigned_to=me").await.len(), 0);
    assert_eq!(listed(&world, "?assigned_to=none").await.len(), 1);
    assert_eq!(
        listed(&world, &format!("?contact_id={other}")).await.len(),
        1
    );
    let stranger = json!({"assigned_to": uuid::Uuid::from_u128(5)});
    let refused = act(&world, &entry, "assign", stranger).await;
    assert_eq!(
        (refused.status.as_u16(), refused.pointers()),
        (422, vec!["/assigned_to"])
    );

    // Two people on one entry: the second sees what the first did.
    let id = entry["attention_id"].as_str().unwrap();
    let stale = world
        .server
        .send(
            http::Method::POST,
            &format!("/api/attention/{id}/note"),
            Some(&colleague.token),
            Some(json!({"text": "I see to it."})),
            &[("if-match", "\"v1\"")],
        )
        .await;
    assert_eq!(stale.status, 412);
    assert_eq!(stale.header("etag"), Some("\"v2\""));
    let noted = act(&world, &entry, "note", json!({"text": "Left a message."})).await;
    assert_eq!(noted.body["notes"], 1);
    let card = json!({"text": "NHS number 943 476 5919"});
    let refused = act(&world, &entry, "note", card).await;
    assert_eq!(
        (refused.status.as_u16(), refused.pointers()),
        (422, vec!["/text"])
    );

    // Out of sight until its instant; then it is back, though nothing was written.
    let until = world.tenant.store.now() + TimeDelta::minutes(30);
    let put_off = act(&world, &entry, "snooze", json!({"until": until})).await;
    assert_eq!(put_off.body["status"], "snoozed");
    assert_eq!(listed(&world, "").await.len(), 1);
    assert_eq!(listed(&world, "?status=snoozed").await.len(), 1);
    world.advance(TimeDelta::minutes(30));
    assert_eq!(listed(&world, "").await.len(), 2);
    let late = json!({"until": until});
    assert_eq!(act(&world, &entry, "snooze", late).await.status, 422);

    let done = act(&world, &entry, "resolve", json!({"done": "Rang her."})).await;
    assert_eq!(done.body["status"], "resolved");
    assert_eq!(listed(&world, "").await.len(), 1);
    let person = world.tenant.store.person(contact).await.unwrap().unwrap();
    assert_eq!(person.contact.needs_attention, None);
    let late = json!({"assigned_to": "me"});
    assert_eq!(act(&world, &entry, "assign", late).await.status, 409);

    let again = act(
        &world,
        &entry,
        "reopen",
        json!({"reason": "She rang back."}),
    )
    .await;
    assert_eq!(again.body["status"], "open");
    let person = world.tenant.store.person(contact).await.unwrap().unwrap();
    assert_eq!(
        person.contact.needs_attention,
        Some(AttentionReason::NoCallWindow)
    );
    let read = world
        .server
        .get(&format!("/api/attention/{id}"), world.admin())
        .await;
    let steps: Vec<_> = read.body["history"]
        .as_array()
        .unwrap()
        .iter()
        .map(|step| (step["kind"].as_str().unwrap(), step["text"].as_str()))
        .collect();
    assert_eq!(
        steps,
        [
            ("assigned", None),
            ("noted", Some("Left a message.")),
            ("snoozed", None),
            ("resolved", Some("Rang her.")),
            ("reopened", Some("She rang back.")),
        ]
    );
    assert_eq!(read.body["assigned_to"], json!(colleague.id));
}

#[tokio::test]
async fn the_same_reason_again_shows_what_was_put_off() {
    let world = World::new().await;
    let contact = world.person(PHONE, None).await;
    flag(&world, contact, AttentionReason::NoCallWindow).await;
    flag(&world, contact, AttentionReason::NoCallWindow).await;
    let entries = listed(&world, "").await;
    assert_eq!(entries.len(), 1, "one entry of a reason");
    let until = world.tenant.store.now() + TimeDelta::days(1);
    act(&world, &entries[0], "snooze", json!({"until": until})).await;
    assert_eq!(listed(&world, "").await.len(), 0);
    flag(&world, contact, AttentionReason::NoCallWindow).await;
    let open = listed(&world, "").await;
    assert_eq!(open.len(), 1);
    // Done is done for both.
    act(&world, &open[0], "resolve", json!({})).await;
    assert_eq!(listed(&world, "?status=all").await.len(), 2);
    assert_eq!(listed(&world, "?status=resolved").await.len(), 2);
}

#[tokio::test]
async fn a_number_that_is_added_ends_the_wait_for_it() {
    let world = World::new().await;
    let contact = world.person(PHONE, None).await;
    world
        .change(contact, |person| person.contact.phone = None)
        .await;
    flag(&world, contact, AttentionReason::NO_PHONE).await;
    let ts = &world.tenant.store;
    let settings = world.settings().await;
    let mut person = ts.person(contact).await.unwrap().unwrap();
    person.contact.phone = Some(parse("07911 123499", Country::GB).unwrap().e164);
    let claims = ts.judge(&person).await.unwrap().claims;
    let actor = Actor::system("test");
    let save = Save {
        settings: &settings.settings,
        actor: &actor,
        action: "contact.updated",
        reason: None,
        claims: Some(claims),
        replan: true,
    };
    let mut tx = Tx::new();
    ts.stage_save(&mut tx, &mut person, save).await.unwrap();
    ts.store.commit(tx).await.unwrap();
    assert!(listed(&world, "").await.is_empty());
    let done = listed(&world, "?status=resolved").await;
    assert_eq!(done[0]["reason"], "no_phone");
    let person = ts.person(contact).await.unwrap().unwrap();
    assert_eq!(person.contact.needs_attention, None);
}

#[tokio::test]
async fn what_the_agent_noted_is_followed_up() {
    let world = World::new().await;
    let contact = world.person(PHONE, None).await;
    world.advance(TimeDelta::hours(2));
    let granted = world.granted(contact).await;
    let mut analysis = said(Action::Confirmed);
    analysis.follow_up_required = true;
    let event = CallEvent::Analyzed {
        ended: ended(world.tenant.store.now(), "user_hangup", true),
        started: true,
        analysis: Some(analysis),
    };
    world.hear(&granted, event).await;
    let call = world.call(granted.session.session.id).await;
    assert_eq!(call["follow_up_required"], true);
    assert_eq!(call["customer_sentiment"], "positive");
    let entries = listed(&world, "").await;
    assert_eq!(entries[0]["reason"], "follow_up_required");
    assert_eq!(entries[0]["session_id"], call["session_id"]);
}

#[tokio::test]
async fn two_failures_in_a_row_wait_for_the_fallback() {
    let world = World::new().await;
    let contact = world.person(PHONE, None).await;
    world.advance(TimeDelta::hours(2));
    for failure in 1..=2 {
        let granted = world.granted(contact).await;
        let end = ended(world.tenant.store.now(), "dial_busy", false);
        let event = CallEvent::Ended {
            ended: end,
            started: false,
        };
        world.hear(&granted, event).await;
        let reasons: Vec<_> = listed(&world, "")
            .await
            .iter()
            .map(|entry| entry["reason"].clone())
            .collect();
        let expected: &[&str] = if failure == 1 {
            &[]
        } else {
            &["fallback_pending"]
        };
        assert_eq!(reasons, expected, "after {failure}");
        // Automatic retries go on.
        world.planned(contact).await;
        world.advance(TimeDelta::hours(1));
    }
}

#[tokio::test]
async fn a_call_back_at_a_named_time_is_planned_or_left_to_staff() {
    for (named, planned) in [
        // 16:00 today is within the hours; 21:00 is not; no time is none.
        (Some("2026-03-02T16:00:00Z"), true),
        (Some("2026-03-02T21:00:00Z"), false),
        (None, false),
    ] {
        let world = World::new().await;
        let contact = world.person(PHONE, None).await;
        world.advance(TimeDelta::hours(2));
        let granted = world.granted(contact).await;
        let mut analysis = said(Action::NoAction);
        analysis.new_time = named.map(|at| at.parse().unwrap());
        let event = CallEvent::Analyzed {
            ended: ended(world.tenant.store.now(), "user_requested_callback", true),
            started: true,
            analysis: Some(analysis),
        };
        world.hear(&granted, event).await;
        let entries = listed(&world, "").await;
        if planned {
            let call = world.call(world.planned(contact).await).await;
            assert_eq!(call["due_at"].as_str(), named);
            assert_eq!(call["latest_at"], "2026-03-02T17:00:00Z");
            assert!(entries.is_empty(), "{entries:?}");
        } else {
            assert_eq!(entries[0]["reason"], "callback_requested", "{named:?}");
            assert_eq!(world.sessions(contact).await.len(), 1);
        }
    }
}

#[tokio::test]
async fn a_pause_is_told_an_hour_before_a_reminder_would_be_missed() {
    let world = World::new().await;
    let contact = world.person(PHONE, None).await;
    let other = world.person("07911 123457", None).await;
    // Its window ends two hours before the appointment; the other one's at closing time.
    let id = world.planned(contact).await;
    let latest = world.call(id).await["latest_at"].clone();
    let latest: chrono::DateTime<chrono::Utc> = latest.as_str().unwrap().parse().unwrap();
    let ts = &world.tenant.store;
    world.app.clock.set(latest - TimeDelta::minutes(61));
    let held = ts.held_reminders().await.unwrap();
    assert_eq!((held.missed.len(), held.closing.len()), (0, 0));
    assert_eq!(held.look_again, Some(latest - TimeDelta::hours(1)));
    world.app.clock.set(latest - TimeDelta::hours(1));
    let held = ts.held_reminders().await.unwrap();
    assert_eq!((held.missed.len(), held.closing.len()), (0, 2));
    let settings = ts.settings().await.unwrap().settings;
    for item in &held.closing {
        assert!(ts.tell_calling_paused(&settings, item).await.unwrap());
        assert!(
            !ts.tell_calling_paused(&settings, item).await.unwrap(),
            "once"
        );
    }
    let person = ts.person(contact).await.unwrap().unwrap();
    assert_eq!(
        person.contact.needs_attention,
        Some(AttentionReason::CallingPaused)
    );
    // It still rings if calling goes on in time.
    let due = world.due().await;
    assert!(due.iter().any(|item| item.contact == contact));
    world.app.clock.set(latest);
    let held = ts.held_reminders().await.unwrap();
    assert_eq!(held.missed.len(), 2);
    let settings = world.settings().await;
    let gate = world.gate().await;
    let dialling = vio_store::calling::grant::Dialling {
        settings: &settings,
        limits: &world.app.app.platform.limits,
        fingerprint: "print",
        tenant_active: true,
    };
    for item in &held.missed {
        ts.settle_missed(dialling, &gate, item).await.unwrap();
    }
    assert!(world.due().await.is_empty());
    let person = ts.person(other).await.unwrap().unwrap();
    let missed = AttentionReason::Call(vio_domain::calling::attention::CallAttention::WindowMissed);
    assert_eq!(person.contact.needs_attention, Some(missed));
    // Nobody will be rung, so that staff are told, once of each.
    let notices = ts.notices(100).await.unwrap();
    let told = |who| {
        let of = notices.iter().filter(|row| {
            matches!(row.happening, Happening::NeedsAttention { contact, reason } if contact == who && reason == missed)
        });
        of.count()
    };
    assert_eq!((told(contact), told(other)), (1, 1));
}

#[tokio::test]
async fn the_limits_show_what_waits_and_what_protects() {
    let world = World::new().await;
    for number in 0..3 {
        world.person(&format!("07911 12340{number}"), None).await;
    }
    let contact = world.person(PHONE, None).await;
    world.call_now(contact, json!({})).await;
    let settings = world.settings().await;
    let ts = &world.tenant.store;
    let until = ts.now() + TimeDelta::seconds(40);
    ts.change_gate(&settings, None, |gate| {
        gate.back_off(until);
        true
    })
    .await
    .unwrap();
    let limits = world.server.get("/api/calls/limits", world.admin()).await;
    assert_eq!(
        limits.body["waiting"],
        json!({"call_now": 1, "due": 1, "planned_today": 4})
    );
    assert_eq!(limits.body["back_off_until"], json!(until));
    assert_eq!(limits.body["automatic_pause"]["failures"], 0);
    assert_eq!(limits.body["number_limit"]["attempts"], 4);
    world.advance(TimeDelta::hours(2));
    let limits = world.server.get("/api/calls/limits", world.admin()).await;
    assert_eq!(limits.body["waiting"]["due"], 4);
    assert!(limits.body.get("back_off_until").is_none());
}

#[tokio::test]
async fn too_many_at_once_is_no_technical_failure() {
    let world = World::new().await;
    let contact = world.person(PHONE, None).await;
    world.advance(TimeDelta::hours(2));
    let granted = world.granted(contact).await;
    let event = CallEvent::Ended {
        ended: ended(world.tenant.store.now(), "concurrency_limit_reached", false),
        started: false,
    };
    world.hear(&granted, event).await;
    let limits = world.server.get("/api/calls/limits", world.admin()).await;
    assert_eq!(limits.body["automatic_pause"]["failures"], 0);
    assert!(limits.body["back_off_until"].is_string());
    // It is tried again.
    world.planned(contact).await;
}

/// S3-41 `usage_limit_alerts`: a limit that is real. The grant that uses up the day says so in its own transaction.
#[tokio::test]
async fn the_last_call_of_the_day_is_told_to_administrators() {
    let world = World::new().await;
    let people = [
        world.person("07911 123401", None).await,
        world.person("07911 123402", None).await,
    ];
    world.advance(TimeDelta::hours(2));
    let limits = CallLimits::from_lookup(|name| (name == CALL_DAILY_LIMIT).then(|| "2".to_owned()));
    let settings = world.settings().await;
    let dialling = vio_store::calling::grant::Dialling {
        settings: &settings,
        limits: &limits.unwrap(),
        fingerprint: "print",
        tenant_active: true,
    };
    let ts = &world.tenant.store;
    let mut told = Vec::new();
    for contact in people {
        let due = world.due().await;
        let item = due.iter().find(|item| item.contact == contact).unwrap();
        let mut gate = world.gate().await;
        let granting = ts.grant(dialling, &mut gate, item, |_, _, _| Ok(b"{}".to_vec()));
        assert!(matches!(granting.await.unwrap(), Granting::Granted(_)));
        let notices = ts.notices(100).await.unwrap();
        let limits = notices.iter().filter_map(|row| match row.happening {
            Happening::UsageLimit { limit, percent } => Some((limit, percent)),
            _ => None,
        });
        told.push(limits.collect::<Vec<_>>());
    }
    assert_eq!(told, [vec![], vec![(Limit::CallsOfTheDay, 100)]]);
}
