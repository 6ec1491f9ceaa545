//! The course of a campaign: its pace, its windows, its estimate, holding and ending it.

use chrono::{DateTime, TimeDelta, Utc};
use futures::FutureExt;
use serde_json::{Value, json};
use vio_domain::calling::order::Band;
use vio_domain::calling::session::{CallEvent, Ended, Method, SessionState};
use vio_store::calling::grant::{Dialling, Granting};
use vio_store::campaigns::Controlled;
use vio_store::log::Actor;
use vio_store::tx::Tx;

use super::world::World;

fn instant(value: &Value) -> DateTime<Utc> {
    value
        .as_str()
        .unwrap_or_else(|| panic!("{value}"))
        .parse()
        .unwrap()
}

/// An estimate is within one window of the truth.
fn near(estimate: &Value, truth: DateTime<Utc>) {
    let off = (instant(estimate) - truth).abs();
    assert!(off <= TimeDelta::minutes(15), "{estimate} and {truth}");
}

#[tokio::test]
async fn sixty_at_once_within_the_limit_and_the_estimate_comes_true() {
    let world = World::new().await;
    let people = world.people(60).await;
    let group = world.group("Follow-up", &people).await;
    let start = world.now();
    let begun = world
        .call_all(group, json!({"call_timing": "immediate"}))
        .await;
    assert_eq!(begun.status, 202, "{:?}", begun.body);
    assert_eq!(begun.body["total_members"], 60);
    assert_eq!(begun.body["to_be_called"], 60);
    assert_eq!(begun.body["group_name"], "Follow-up");
    assert_eq!(begun.body["success"], true);
    assert!(
        begun.body.get("estimated_cost").is_none(),
        "no price, no cost"
    );
    let path = begun.body["status_endpoint"].as_str().unwrap().to_owned();

    world.play_for(5).await;
    assert_eq!(world.provider.arrivals().len(), 25);
    let status = world.get(&path).await;
    assert_eq!(status["status"], "executing");
    assert_eq!(
        status["counts"],
        json!({"planned": 35, "placing": 0, "completed": 25, "failed": 0, "skipped": 0, "cancelled": 0})
    );
    assert_eq!(status["calls_remaining"], 35);
    assert_eq!(status["success_rate"], 100.0);
    let midway = status["estimated_completion"].clone();
    assert_eq!(status["appointment_actions"], json!({"confirmed": 25}));
    assert!(status.get("cost_so_far").is_none(), "no price, no cost");
    let sum = |counted: &str| -> u64 {
        let quarters = status["pace"].as_array().unwrap().iter();
        quarters
            .map(|quarter| quarter[counted].as_u64().unwrap())
            .sum()
    };
    assert_eq!((sum("called"), sum("expected")), (25, 35));

    // Those still to be called, page after page.
    let mut to_go = Vec::new();
    let mut next = format!("{path}?result=to_go&page_size=10");
    loop {
        let page = world.get(&next).await;
        assert_eq!(page["pagination"]["total_results"], 35);
        let results = page["results"].as_array().unwrap().clone();
        to_go.extend(results.into_iter().map(|one| one["contact_id"].clone()));
        let Some(cursor) = page["pagination"]["next_cursor"].as_str() else {
            break;
        };
        next = format!("{path}?result=to_go&page_size=10&cursor={cursor}");
    }
    let expected: Vec<Value> = people[25..].iter().map(|id| json!(id)).collect();
    assert_eq!(to_go, expected);
    let second = format!("{path}?result=confirmed&page=2&page_size=20");
    let second = world.get(&second).await;
    assert_eq!(second["results"].as_array().unwrap().len(), 5);
    for nobody in [
        "rescheduled",
        "cancelled",
        "no_action",
        "not_reached",
        "skipped",
    ] {
        let page = world.get(&format!("{path}?result={nobody}")).await;
        assert_eq!(page["results"], json!([]), "{nobody}");
    }

    world.play_for(40).await;
    let arrivals = world.provider.arrivals();
    assert_eq!(arrivals.len(), 60);
    world.judge_arrivals();
    // Full use: the 26th and the 51st as soon as a slot is free.
    let minute = |n: usize| (arrivals[n].at - start).num_seconds();
    assert!(
        (900..=905).contains(&minute(25)) && (1_800..=1_810).contains(&minute(50)),
        "{} {}",
        minute(25),
        minute(50)
    );
    let truth = arrivals[59].at;
    near(&begun.body["estimated_completion"], truth);
    near(&midway, truth);
    let status = world.get(&path).await;
    assert_eq!(status["status"], "completed");
    assert_eq!(status["calls_completed"], 60);
    assert_eq!(status["outcomes"], json!({"answered": 60}));
    assert_eq!(status["estimated_completion"], Value::Null);
    assert_eq!(status["pagination"]["total_results"], 60);
    let first = &status["results"][0];
    assert_eq!(first["contact_id"], json!(people[0]));
    assert_eq!(
        (&first["success"], &first["outcome"]),
        (&json!(true), &json!("answered"))
    );
    assert_eq!(first["appointment_action"], "confirmed");
    assert_eq!(instant(&first["called_at"]), arrivals[0].at);
    assert!(first["call_duration"].is_i64() && first["appointment_time"].is_string());
    assert!(
        first["provider_call_id"]
            .as_str()
            .unwrap()
            .starts_with("call_")
    );
    let running = world.tenant.store.campaigns_running().await.unwrap();
    assert!(running.running.is_empty() && running.ending.is_empty());
    // Every call was the campaign's, about the appointment whose reminder it took over.
    let sessions = world.sessions(people[7]).await;
    assert_eq!(sessions.len(), 1);
    assert_eq!(sessions[0].session.method, Method::Campaign);
    assert!(sessions[0].session.appointment.is_some());
}

#[tokio::test]
async fn staggered_calls_are_spread_evenly_and_within_the_limit() {
    let world = World::new().await;
    let group = world.group("A", &world.people(60).await).await;
    let body = json!({"call_timing": "staggered", "stagger_duration_minutes": 15});
    let path = world.begun(group, body).await;
    let estimate = world.get(&path).await["estimated_completion"].clone();
    world.play_for(45).await;
    assert_eq!(world.provider.arrivals().len(), 60);
    world.judge_arrivals();
    let gaps = world.gaps();
    assert!(gaps.iter().all(|gap| (36..=40).contains(gap)), "{gaps:?}");
    near(&estimate, world.provider.arrivals()[59].at);
    assert_eq!(world.get(&path).await["status"], "completed");
}

#[tokio::test]
async fn an_interval_is_kept_also_after_a_pause() {
    let world = World::new().await;
    let group = world.group("A", &world.people(6).await).await;
    let path = world
        .begun(
            group,
            json!({"call_timing": "immediate", "call_interval_minutes": 5}),
        )
        .await;
    world.play_for(11).await;
    assert_eq!(world.provider.arrivals().len(), 3);
    world.act(&path, "pause").await;
    world.play_for(30).await;
    assert_eq!(world.provider.arrivals().len(), 3);
    world.act(&path, "resume").await;
    let estimate = world.get(&path).await["estimated_completion"].clone();
    world.play_for(20).await;
    assert_eq!(world.provider.arrivals().len(), 6);
    let gaps = world.gaps();
    assert!(gaps.iter().all(|gap| *gap >= 300), "{gaps:?}");
    assert!(gaps[3..].iter().all(|gap| *gap <= 305), "{gaps:?}");
    near(&estimate, world.provider.arrivals()[5].at);
    assert_eq!(world.get(&path).await["status"], "completed");
}

#[tokio::test]
async fn scheduled_for_the_evening_it_begins_when_the_hours_open() {
    let world = World::new().await;
    let mut people = Vec::new();
    for number in 0..3 {
        people.push(world.person(number, Some(100)).await);
    }
    let group = world.group("A", &people).await;
    let body = json!({"call_timing": "scheduled", "scheduled_datetime": "2026-03-02T21:00:00Z"});
    let path = world.begun(group, body).await;
    world.pump().await;
    let status = world.get(&path).await;
    assert_eq!(status["status"], "scheduled");
    assert_eq!(status["scheduled_datetime"], "2026-03-02T21:00:00Z");
    assert_eq!(status["starts_at"], "2026-03-03T08:00:00Z");
    near(
        &status["estimated_completion"],
        "2026-03-03T08:00:00Z".parse().unwrap(),
    );
    world.play("2026-03-03T07:59:00Z".parse().unwrap()).await;
    assert!(world.provider.arrivals().is_empty());
    world.play_for(3).await;
    let arrivals = world.provider.arrivals();
    assert_eq!(arrivals.len(), 3);
    assert!((arrivals[2].at - instant(&status["starts_at"])).num_seconds() < 5);
}

#[tokio::test]
async fn a_pause_holds_what_is_not_placed_and_gives_the_reminders_back() {
    let world = World::new().await;
    let people = world.people(40).await;
    let group = world.group("A", &people).await;
    let path = world
        .begun(group, json!({"call_timing": "immediate"}))
        .await;
    world.pump().await;
    assert_eq!(world.provider.arrivals().len(), 25);
    let ready = world.sessions(people[30]).await;
    assert_eq!(
        ready[0].session.method,
        Method::Campaign,
        "handed over ahead"
    );
    let due = ready[0].session.due;
    assert!(due <= world.now());

    let paused = world.act(&path, "pause").await;
    assert_eq!(
        (paused.status.as_u16(), &paused.body["status"]),
        (200, &json!("paused"))
    );
    world.play_for(20).await;
    assert_eq!(world.provider.arrivals().len(), 25, "none is placed");
    let status = world.get(&path).await;
    assert_eq!(status["status"], "paused");
    assert_eq!(status["counts"]["planned"], 15);
    assert_eq!(status["estimated_completion"], Value::Null);
    let person = world
        .tenant
        .store
        .person(people[30])
        .await
        .unwrap()
        .unwrap();
    let open = person.appointments[0].open_session.unwrap();
    let reminder = world
        .tenant
        .store
        .session(people[30], open.id)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(reminder.session.method, Method::Reminder);
    assert!(reminder.session.due > world.now() && reminder.session.campaign.is_none());

    let resumed = world.act(&path, "resume").await;
    assert_eq!(resumed.body["status"], "executing");
    world.play_for(20).await;
    world.judge_arrivals();
    assert_eq!(world.provider.arrivals().len(), 40);
    assert_eq!(world.get(&path).await["status"], "completed");
    let again = world.act(&path, "pause").await;
    assert_eq!(
        (again.status.as_u16(), again.problem()),
        (409, "campaign-over")
    );
}

/// A pause that commits between a call's guards and its grant wins.
#[tokio::test]
async fn a_pause_meets_a_grant() {
    let world = World::new().await;
    let people = world.people(2).await;
    let group = world.group("A", &people).await;
    let path = world
        .begun(group, json!({"call_timing": "immediate"}))
        .await;
    let ts = &world.tenant.store;
    let settings = ts.settings().await.unwrap();
    let limits = world.app.app.platform.limits;
    let dialling = Dialling {
        settings: &settings,
        limits: &limits,
        fingerprint: "print",
        tenant_active: true,
    };
    for _ in 0..2 {
        let running = ts.campaigns_running().await.unwrap();
        ts.step_campaigns(dialling, running).await.unwrap();
    }
    let items = ts.due_items(Band::NormalCampaign, 10).await.unwrap();
    assert_eq!(items.len(), 2);
    let mut gate = ts.gate(&settings).await.unwrap();
    let id = path.split('/').nth(4).unwrap().parse().unwrap();
    let by = world.tenant.admin.id;
    let meanwhile = |_: &_, _: &_, _| {
        let staff = Actor::system("test");
        let paused = ts.pause_campaign(id, by, &staff).now_or_never();
        assert!(matches!(paused, Some(Ok(Controlled::Changed(_)))));
        Ok(b"{}".to_vec())
    };
    let granting = ts
        .grant(dialling, &mut gate, &items[0], meanwhile)
        .await
        .unwrap();
    assert!(matches!(granting, Granting::Lost));
    // Asked again, it goes back.
    let mut gate = ts.gate(&settings).await.unwrap();
    let granting = ts
        .grant(dialling, &mut gate, &items[0], |_, _, _| Ok(Vec::new()))
        .await
        .unwrap();
    assert!(matches!(granting, Granting::Moved));
    assert!(ts.due_items(Band::NormalCampaign, 10).await.unwrap().len() < 2);
    let status = world.get(&path).await;
    assert_eq!(
        (&status["status"], &status["counts"]["planned"]),
        (&json!("paused"), &json!(2))
    );
}

#[tokio::test]
async fn a_cancelled_campaign_calls_nobody_any_more() {
    let world = World::new().await;
    let people = world.people(40).await;
    let group = world.group("A", &people).await;
    let path = world
        .begun(group, json!({"call_timing": "immediate"}))
        .await;
    world.pump().await;
    assert_eq!(world.act(&path, "cancel").await.body["status"], "cancelled");
    assert_eq!(
        world.act(&path, "cancel").await.status,
        200,
        "once is enough"
    );
    assert_eq!(world.act(&path, "resume").await.problem(), "campaign-over");
    world.play_for(40).await;
    assert_eq!(world.provider.arrivals().len(), 25);
    let status = world.get(&path).await;
    assert_eq!(status["status"], "cancelled");
    assert_eq!(status["counts"]["cancelled"], 15);
    assert_eq!(status["counts"]["completed"], 25);
    assert_eq!(status["calls_remaining"], 0);
    for contact in &people[25..] {
        let person = world.tenant.store.person(*contact).await.unwrap().unwrap();
        let open = person.appointments[0].open_session.unwrap();
        let row = world
            .tenant
            .store
            .session(*contact, open.id)
            .await
            .unwrap()
            .unwrap();
        assert_eq!(row.session.method, Method::Reminder);
    }
    let running = world.tenant.store.campaigns_running().await.unwrap();
    assert!(running.running.is_empty() && running.ending.is_empty());
}

#[tokio::test]
async fn urgent_goes_first_and_never_past_the_limit() {
    let world = World::new().await;
    let people = world.people(60).await;
    let normal = world.group("Normal", &people[..50]).await;
    let urgent = world.group("Urgent", &people[50..]).await;
    world
        .begun(normal, json!({"call_timing": "immediate"}))
        .await;
    world.pump().await;
    assert_eq!(world.provider.arrivals().len(), 25);
    let path = world
        .begun(
            urgent,
            json!({"call_timing": "immediate", "priority_level": "urgent"}),
        )
        .await;
    world.play_for(14).await;
    assert_eq!(
        world.provider.arrivals().len(),
        25,
        "no 26th within the window"
    );
    world.play_for(2).await;
    let arrivals = world.provider.arrivals();
    assert_eq!(arrivals.len(), 50);
    let first_ten = arrivals[25..35]
        .iter()
        .all(|arrival| people[50..].contains(&arrival.contact()));
    assert!(first_ten, "the urgent ones first");
    assert_eq!(world.get(&path).await["status"], "completed");
    world.judge_arrivals();
}

#[tokio::test]
async fn the_message_is_said_in_its_place() {
    let world = World::new().await;
    let group = world.group("A", &world.people(1).await).await;
    let message = "We have a new address since last week.";
    let body = json!({"call_timing": "immediate", "custom_message_addition": message});
    let path = world.begun(group, body).await;
    world.pump().await;
    let arrivals = world.provider.arrivals();
    assert_eq!(arrivals[0].said("custom_message"), message);
    assert_eq!(arrivals[0].said("custom_message_mode"), "add");
    assert_eq!(arrivals[0].body.to_string().matches(message).count(), 1);
    assert_eq!(world.get(&path).await["custom_message"], message);
    // Sealed where it lies.
    let stored = world
        .app
        .table
        .dump()
        .iter()
        .any(|item| format!("{item:?}").contains("new address"));
    assert!(!stored);
}

#[tokio::test]
async fn a_group_deleted_midway_changes_nothing() {
    let world = World::new().await;
    let people = world.people(30).await;
    let group = world.group("Follow-up", &people).await;
    let path = world
        .begun(group, json!({"call_timing": "immediate"}))
        .await;
    world.pump().await;
    let ts = &world.tenant.store;
    let row = ts.group(group).await.unwrap().unwrap();
    let mut tx = Tx::new();
    ts.delete_group(&mut tx, &row);
    ts.store.commit(tx).await.unwrap();
    world.play_for(20).await;
    let status = world.get(&path).await;
    assert_eq!(
        (&status["status"], &status["group_name"]),
        (&json!("completed"), &json!("Follow-up"))
    );
    assert_eq!(world.provider.arrivals().len(), 30);
}

#[tokio::test]
async fn a_member_who_was_called_meanwhile_is_passed_over_and_keeps_the_reminder() {
    let world = World::new().await;
    let people = world.people(27).await;
    let group = world.group("A", &people).await;
    let path = world
        .begun(group, json!({"call_timing": "immediate"}))
        .await;
    world.pump().await;
    // The 26th hears nothing, and is taken off the list of those to be rung.
    let ts = &world.tenant.store;
    let last = people[26];
    let mut person = ts.person(last).await.unwrap().unwrap();
    person.contact.do_not_contact = true;
    let mut tx = Tx::new();
    ts.stage_person(&mut tx, &mut person).unwrap();
    vio_runtime::testing::tell(ts, &mut tx, &person);
    ts.store.commit(tx).await.unwrap();
    world.play_for(20).await;
    assert_eq!(world.provider.arrivals().len(), 26);
    let status = world.get(&path).await;
    assert_eq!(status["status"], "completed");
    assert_eq!(status["skipped_by_reason"], json!({"do_not_contact": 1}));
    let page = world.get(&format!("{path}?page=2&page_size=25")).await;
    let skipped = page["results"]
        .as_array()
        .unwrap()
        .iter()
        .find(|one| one["contact_id"] == json!(last))
        .unwrap();
    assert_eq!(
        (&skipped["status"], &skipped["skip_reason"]),
        (&json!("skipped"), &json!("do_not_contact"))
    );
}

#[tokio::test]
async fn a_retry_says_the_message_again_and_is_not_the_campaigns_own_call() {
    let world = World::new().await;
    let people = world.people(1).await;
    let group = world.group("A", &people).await;
    let body = json!({"call_timing": "immediate", "custom_message_addition": "We have moved."});
    let path = world.begun(group, body).await;
    vio_campaign_worker::pump(&world.app.app, world.tenant.id)
        .await
        .unwrap();
    let arrivals = world.provider.arrivals();
    let event = CallEvent::Ended {
        ended: Ended {
            at: world.now(),
            reason: "dial_no_answer".into(),
            started_at: None,
        },
        started: false,
    };
    world.hear(0, &arrivals[0], event).await;
    let status = world.get(&path).await;
    assert_eq!(status["status"], "completed");
    assert_eq!(status["outcomes"], json!({"no_answer": 1}));
    assert_eq!(status["success_rate"], 0.0);
    let sessions = world.sessions(people[0]).await;
    let retry = sessions.last().unwrap();
    assert_eq!(
        (retry.session.method, &retry.session.state),
        (Method::Retry, &SessionState::Planned)
    );
    // A campaign that takes the retry over and is ended gives it back as it was.
    let due = retry.session.due;
    assert_eq!(due, world.now() + TimeDelta::hours(2));
    world
        .app
        .advance(TimeDelta::hours(2) + TimeDelta::seconds(1));
    vio_campaign_worker::pump(&world.app.app, world.tenant.id)
        .await
        .unwrap();
    let arrivals = world.provider.arrivals();
    assert_eq!(arrivals.len(), 2);
    assert_eq!(arrivals[1].said("custom_message"), "We have moved.");
    assert_eq!(world.get(&path).await["outcomes"], json!({"no_answer": 1}));
}

#[tokio::test]
async fn a_large_campaign_is_prepared_in_several_runs_and_foreseen() {
    let world = World::new().await;
    let people = world.people(230).await;
    let group = world.group("A", &people).await;
    let path = world
        .begun(group, json!({"call_timing": "immediate"}))
        .await;
    let estimate = world.get(&path).await["estimated_completion"].clone();
    world.pump().await;
    let status = world.get(&path).await;
    assert_eq!(
        status["pagination"]["total_results"], 200,
        "the rest is for the next run"
    );
    assert_eq!(status["counts"]["planned"], 230);
    world.play_for(150).await;
    world.judge_arrivals();
    let arrivals = world.provider.arrivals();
    assert_eq!(arrivals.len(), 230);
    near(&estimate, arrivals[229].at);
    assert_eq!(world.get(&path).await["status"], "completed");
}
