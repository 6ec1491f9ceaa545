//! Calendly: subscribed to, read where it does not tell, told of cancellations and of nothing else.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard};

use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::routing::{delete, get, post};
use axum::{Json, Router};
use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use serde_json::{Value, json};
use vio_domain::appointment::AppointmentStatus;
use vio_domain::bookings::Calendar;
use vio_domain::contact::AttentionReason;
use vio_store::calendar::{CalendarRow, Subscribed};
use vio_store::contacts::Person;
use vio_store::key::LogKind;

use crate::support::Clinic;
use crate::{HOUR, MINUTE};

const API: &str = "https://api.calendly.com";
const KEY: &str = "calendly-signing-key";

/// What Calendly holds and was asked.
#[derive(Default)]
struct Fake {
    /// By id.
    events: BTreeMap<String, Value>,
    /// By the event's id, in order.
    invitees: BTreeMap<String, Vec<Value>>,
    hooks: Vec<Value>,
    changes: Vec<String>,
    asked: usize,
    /// Lists of people that were asked for.
    lists: usize,
    /// What everything is answered with, instead.
    broken: Option<StatusCode>,
    /// What cancellations are answered with, instead.
    refuses: Option<StatusCode>,
    /// What everything about subscriptions is answered with, instead.
    no_hooks: Option<StatusCode>,
    /// Lists of people after which it asks for a pause.
    patience: Option<usize>,
}

#[derive(Clone, Default)]
struct Calendly(Arc<Mutex<Fake>>);

type No = (StatusCode, [(&'static str, &'static str); 1], Json<Value>);
type Answer = Result<Json<Value>, No>;

fn no(status: StatusCode) -> No {
    (
        status,
        [("x-ratelimit-reset", "20")],
        Json(json!({"title": "No", "message": "no"})),
    )
}

fn text(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Micros, true)
}

impl Calendly {
    fn look(&self) -> MutexGuard<'_, Fake> {
        self.0.lock().unwrap()
    }

    fn asked(&self) -> Result<MutexGuard<'_, Fake>, No> {
        let mut fake = self.look();
        fake.asked += 1;
        match fake.broken {
            Some(status) => Err(no(status)),
            None => Ok(fake),
        }
    }

    async fn serve(&self) -> String {
        let app = Router::new()
            .route("/users/me", get(me))
            .route("/scheduled_events", get(events))
            .route("/scheduled_events/{id}", get(event))
            .route("/scheduled_events/{id}/invitees", get(invitees))
            .route("/scheduled_events/{id}/invitees/{invitee}", get(invitee))
            .route("/scheduled_events/{id}/cancellation", post(cancel))
            .route("/webhook_subscriptions", get(hooks).post(subscribe))
            .route("/webhook_subscriptions/{id}", delete(unsubscribe))
            .with_state(self.clone());
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(async move { axum::serve(listener, app).await });
        format!("http://{address}")
    }
}

async fn me(State(calendly): State<Calendly>) -> Answer {
    drop(calendly.asked()?);
    Ok(Json(
        json!({"resource": {"uri": format!("{API}/users/U1"), "email": "desk@calm.example",
        "current_organization": format!("{API}/organizations/O1")}}),
    ))
}

fn page(items: Vec<Value>, query: &BTreeMap<String, String>) -> Json<Value> {
    let number = |name: &str| query.get(name).and_then(|n| n.parse::<usize>().ok());
    let (count, before) = (
        number("count").unwrap_or(20),
        number("page_token").unwrap_or(0),
    );
    assert!(count <= 100);
    let more = items.len() > before + count;
    let items: Vec<Value> = items.into_iter().skip(before).take(count).collect();
    let next = more.then(|| (before + count).to_string());
    Json(json!({"collection": items, "pagination": {"next_page_token": next}}))
}

async fn events(
    State(calendly): State<Calendly>,
    Query(query): Query<BTreeMap<String, String>>,
) -> Answer {
    let fake = calendly.asked()?;
    assert_eq!(query["user"], format!("{API}/users/U1"));
    let from = query.get("min_start_time").cloned().unwrap_or_default();
    let mut found: Vec<Value> = fake.events.values().cloned().collect();
    found.retain(|event| event["start_time"].as_str().unwrap() > from.as_str());
    found.sort_by_key(|event| (event["start_time"].to_string(), event["uri"].to_string()));
    Ok(page(found, &query))
}

async fn event(State(calendly): State<Calendly>, Path(id): Path<String>) -> Answer {
    let fake = calendly.asked()?;
    let event = fake
        .events
        .get(&id)
        .ok_or_else(|| no(StatusCode::NOT_FOUND))?;
    Ok(Json(json!({ "resource": event })))
}

async fn invitees(
    State(calendly): State<Calendly>,
    Path(id): Path<String>,
    Query(query): Query<BTreeMap<String, String>>,
) -> Answer {
    let mut fake = calendly.asked()?;
    if let Some(left) = &mut fake.patience {
        if *left == 0 {
            return Err(no(StatusCode::TOO_MANY_REQUESTS));
        }
        *left -= 1;
    }
    fake.lists += 1;
    Ok(page(
        fake.invitees.get(&id).cloned().unwrap_or_default(),
        &query,
    ))
}

async fn invitee(
    State(calendly): State<Calendly>,
    Path((id, invitee)): Path<(String, String)>,
) -> Answer {
    let fake = calendly.asked()?;
    let all = fake.invitees.get(&id).cloned().unwrap_or_default();
    let found = all
        .into_iter()
        .find(|one| one["uri"].as_str().unwrap().ends_with(&invitee));
    let found = found.ok_or_else(|| no(StatusCode::NOT_FOUND))?;
    Ok(Json(json!({ "resource": found })))
}

async fn cancel(State(calendly): State<Calendly>, Path(id): Path<String>) -> Answer {
    // Two at once would both get here before either is done.
    tokio::time::sleep(std::time::Duration::from_millis(30)).await;
    let mut fake = calendly.asked()?;
    if let Some(status) = fake.refuses {
        return Err(no(status));
    }
    fake.changes.push(format!("cancel {id}"));
    fake.events.get_mut(&id).unwrap()["status"] = json!("canceled");
    for invitee in fake.invitees.get_mut(&id).unwrap() {
        invitee["status"] = json!("canceled");
    }
    Ok(Json(
        json!({"resource": {"canceler_type": "host", "created_at": "2026-03-02T09:30:00.5Z"}}),
    ))
}

async fn hooks(
    State(calendly): State<Calendly>,
    Query(query): Query<BTreeMap<String, String>>,
) -> Answer {
    let fake = calendly.asked()?;
    if let Some(status) = fake.no_hooks {
        return Err(no(status));
    }
    assert_eq!(query["organization"], format!("{API}/organizations/O1"));
    Ok(page(fake.hooks.clone(), &query))
}

async fn subscribe(State(calendly): State<Calendly>, Json(body): Json<Value>) -> Answer {
    let mut fake = calendly.asked()?;
    if let Some(status) = fake.no_hooks {
        return Err(no(status));
    }
    if fake
        .hooks
        .iter()
        .any(|hook| hook["callback_url"] == body["url"])
    {
        return Err(no(StatusCode::CONFLICT));
    }
    let id = format!("WH{}", fake.asked);
    let hook = json!({"uri": format!("{API}/webhook_subscriptions/{id}"), "callback_url": body["url"],
        "state": "active", "events": body["events"], "key": body["signing_key"]});
    fake.hooks.push(hook.clone());
    Ok(Json(json!({ "resource": hook })))
}

async fn unsubscribe(State(calendly): State<Calendly>, Path(id): Path<String>) -> StatusCode {
    let mut fake = calendly.look();
    fake.hooks
        .retain(|hook| !hook["uri"].as_str().unwrap().ends_with(&id));
    StatusCode::NO_CONTENT
}

/// A clinic whose Calendly is connected, and that alone.
async fn connected() -> (Clinic, Calendly) {
    let clinic = Clinic::new().await;
    let calendly = Calendly::default();
    let url = calendly.serve().await;
    let now = clinic.now();
    clinic
        .set(|opened| {
            opened.settings.integrations.calcom.enabled = false;
            let settings = &mut opened.settings.integrations.calendly;
            settings.enabled = true;
            settings.has_key = true;
            settings.base_url = Some(url.parse().unwrap());
            opened.secrets.calendly_key = Some("calendly-token".to_owned());
            opened.secrets.calendly_signing.rotate(KEY.to_owned(), now);
        })
        .await;
    (clinic, calendly)
}

const TREES: [&str; 10] = [
    "Ash", "Birch", "Cedar", "Dogwood", "Elm", "Fir", "Gorse", "Hazel", "Ivy", "Juniper",
];

/// Somebody books in the calendar alone, `hours` from now.
fn book(clinic: &Clinic, calendly: &Calendly, id: usize, hours: i64) -> String {
    let (now, start) = (clinic.now(), clinic.now() + TimeDelta::hours(hours));
    let event_uri = format!("{API}/scheduled_events/EV{id}");
    let uri = format!("{event_uri}/invitees/IN{id}");
    let event = json!({
        "uri": event_uri, "name": "Check-up", "status": "active", "event_type": format!("{API}/event_types/CHECKUP"),
        "start_time": text(start), "end_time": text(start + TimeDelta::minutes(30)),
        "invitees_counter": {"total": 1, "active": 1, "limit": 1}, "updated_at": text(now), "created_at": text(now),
    });
    let name = format!(
        "Zoe {}{}",
        TREES[id % 10],
        "abcdefghij".get(..id / 10 % 10).unwrap()
    );
    let invitee = json!({
        "uri": uri, "name": name, "email": format!("zoe{id}@example.com"), "timezone": "Europe/London", "status": "active",
        "text_reminder_number": format!("+44 20 7946 {:04}", 100 + id), "rescheduled": false, "old_invitee": null,
        "created_at": text(now), "updated_at": text(now),
    });
    let mut fake = calendly.look();
    fake.events.insert(format!("EV{id}"), event);
    fake.invitees.insert(format!("EV{id}"), vec![invitee]);
    uri
}

/// The person cancels there, or moves to another booking; no webhook tells of it.
fn off(clinic: &Clinic, calendly: &Calendly, id: usize, to: Option<usize>) {
    let now = text(clinic.now());
    let uri = |id: usize| format!("{API}/scheduled_events/EV{id}/invitees/IN{id}");
    let mut fake = calendly.look();
    let event = fake.events.get_mut(&format!("EV{id}")).unwrap();
    event["status"] = json!("canceled");
    event["updated_at"] = json!(now);
    let gone = &mut fake.invitees.get_mut(&format!("EV{id}")).unwrap()[0];
    gone["status"] = json!("canceled");
    gone["updated_at"] = json!(now);
    let gone = gone.clone();
    let Some(to) = to else { return };
    let old = &mut fake.invitees.get_mut(&format!("EV{id}")).unwrap()[0];
    old["rescheduled"] = json!(true);
    old["new_invitee"] = json!(uri(to));
    let new = &mut fake.invitees.get_mut(&format!("EV{to}")).unwrap()[0];
    new["old_invitee"] = json!(uri(id));
    for field in ["name", "email", "text_reminder_number"] {
        new[field] = gone[field].clone();
    }
}

async fn row(clinic: &Clinic) -> CalendarRow {
    let row = clinic.store().calendar(Calendar::Calendly).await.unwrap();
    row.unwrap()
}

/// Somebody who booked and was read.
async fn booked(clinic: &Clinic, calendly: &Calendly, id: usize) -> Person {
    let before: Vec<_> = clinic
        .people()
        .await
        .iter()
        .map(|one| one.contact.id)
        .collect();
    book(clinic, calendly, id, 50);
    clinic.later(HOUR + MINUTE * 2).await;
    clinic.drain().await;
    let mut now = clinic.people().await;
    now.retain(|one| !before.contains(&one.contact.id));
    now.pop().unwrap()
}

#[tokio::test]
async fn it_is_subscribed_to_once_with_our_key_and_read_seldom_then() {
    let (clinic, calendly) = connected().await;
    clinic.run().await;
    let hooks = calendly.look().hooks.clone();
    let [hook] = &hooks[..] else {
        panic!("{hooks:?}")
    };
    let endpoint = clinic
        .store()
        .settings()
        .await
        .unwrap()
        .endpoints
        .calendly_booking;
    let url = format!("https://app.example/api/webhook/calendly-booking/{endpoint}");
    assert_eq!(
        (&hook["callback_url"], &hook["key"]),
        (&json!(url), &json!(KEY))
    );
    assert_eq!(hook["events"].as_array().unwrap().len(), 4);
    let noted = row(&clinic).await;
    assert_eq!(
        (noted.subscribed, noted.renew),
        (Some(Subscribed::Active), false)
    );
    let asked = calendly.look().asked;
    assert_eq!(clinic.later(MINUTE * 30).await.found, 0);
    assert_eq!(calendly.look().asked, asked, "not every five minutes");
    clinic.later(MINUTE * 32).await;
    assert!(calendly.look().asked > asked);
    assert_eq!(calendly.look().hooks, hooks, "it is not made twice");

    // Taken away there, it is made again; with another key too.
    calendly.look().hooks.clear();
    clinic.later(HOUR + MINUTE * 2).await;
    assert_eq!(calendly.look().hooks.len(), 1);
}

#[tokio::test]
async fn one_switched_off_is_shown_read_around_and_made_anew() {
    let (clinic, calendly) = connected().await;
    clinic.run().await;
    calendly.look().hooks[0]["state"] = json!("disabled");
    clinic.later(HOUR + MINUTE * 2).await;
    let noted = row(&clinic).await;
    assert_eq!(noted.subscribed, Some(Subscribed::Disabled));
    assert_eq!(noted.failures[0].reason, "webhook_disabled");
    assert_eq!(noted.trouble, None, "it is read all the same");
    let asked = calendly.look().asked;
    book(&clinic, &calendly, 1, 50);
    assert_eq!(clinic.later(MINUTE * 7).await.found, 1);
    assert!(calendly.look().asked > asked);
    assert_eq!(row(&clinic).await.failures.len(), 1, "noted once");
    for _ in 0..10 {
        clinic.later(MINUTE * 7).await;
    }
    assert_eq!(calendly.look().hooks[0]["state"], "active");
    assert_eq!(row(&clinic).await.subscribed, Some(Subscribed::Active));

    // An account without webhooks is read every five minutes.
    calendly.look().no_hooks = Some(StatusCode::FORBIDDEN);
    clinic.later(HOUR + MINUTE * 2).await;
    let noted = row(&clinic).await;
    assert_eq!(
        (noted.subscribed, noted.trouble),
        (Some(Subscribed::Refused), None)
    );
    book(&clinic, &calendly, 2, 50);
    assert_eq!(clinic.later(MINUTE * 7).await.found, 1);
}

#[tokio::test]
async fn everything_to_come_is_read_in_pages_and_taken_in_once() {
    let (clinic, calendly) = connected().await;
    for id in 0..230 {
        book(&clinic, &calendly, id, 50 + id as i64 / 3);
    }
    book(&clinic, &calendly, 999, -5);
    clinic.test.advance(MINUTE * 5);
    let mut found = 0;
    for _ in 0..3 {
        found += clinic.run().await.found;
    }
    assert_eq!(found, 230);
    clinic.drain().await;
    assert_eq!(clinic.people().await.len(), 230);
    let noted = row(&clinic).await;
    assert_eq!(
        (noted.total, noted.unfinished, noted.trouble),
        (230, None, None)
    );
    // A few of those at the edge of a run were asked for twice, and none later.
    let lists = calendly.look().lists;
    assert!((230..236).contains(&lists), "{lists}");
    assert_eq!(clinic.later(HOUR + MINUTE * 2).await.found, 0);
    assert_eq!(calendly.look().lists, lists);

    off(&clinic, &calendly, 7, None);
    book(&clinic, &calendly, 500, 90);
    off(&clinic, &calendly, 8, Some(500));
    assert_eq!(clinic.later(HOUR + MINUTE * 2).await.found, 2);
    clinic.drain().await;
    assert_eq!(clinic.people().await.len(), 230);
    assert_eq!(clinic.later(HOUR + MINUTE * 2).await.found, 0);
    let statuses: Vec<AppointmentStatus> = clinic
        .people()
        .await
        .iter()
        .map(|person| person.appointments[0].status)
        .filter(|status| *status != AppointmentStatus::Pending)
        .collect();
    assert_eq!(statuses.len(), 2);
    assert!(statuses.contains(&AppointmentStatus::Cancelled));
    assert!(statuses.contains(&AppointmentStatus::Rescheduled));
}

#[tokio::test]
async fn kinds_that_are_not_chosen_are_not_read() {
    let (clinic, calendly) = connected().await;
    let chosen = vec![format!("{API}/event_types/OTHER").parse().unwrap()];
    clinic
        .set(|opened| opened.settings.integrations.calendly.event_types = chosen)
        .await;
    book(&clinic, &calendly, 1, 50);
    assert_eq!(clinic.run().await.found, 0);
    assert_eq!(calendly.look().lists, 0);
}

#[tokio::test]
async fn where_it_asks_for_a_pause_the_next_reading_goes_on_from_there() {
    let (clinic, calendly) = connected().await;
    for id in 0..30 {
        book(&clinic, &calendly, id, 50 + id as i64);
    }
    let mut found = 0;
    for round in 0..3 {
        calendly.look().patience = Some(12);
        found += clinic.later(MINUTE * 7).await.found;
        let noted = row(&clinic).await;
        let waits = noted.trouble.map(|trouble| trouble.reason);
        assert_eq!(waits.as_deref(), (round < 2).then_some("busy"), "{round}");
    }
    assert_eq!(found, 30);
    assert!(calendly.look().lists <= 33, "little is asked for twice");
    for (status, reason) in [
        (401, "wrong_key"),
        (403, "missing_scope"),
        (404, "refused"),
        (503, "unreachable"),
    ] {
        calendly.look().broken = Some(StatusCode::from_u16(status).unwrap());
        clinic.later(HOUR + MINUTE * 2).await;
        assert_eq!(row(&clinic).await.trouble.unwrap().reason, reason);
    }
    calendly.look().broken = None;
    clinic.later(MINUTE * 20).await;
    assert_eq!(row(&clinic).await.trouble, None);
}

#[tokio::test]
async fn a_cancellation_is_told_once_however_many_run() {
    let (clinic, calendly) = connected().await;
    let person = booked(&clinic, &calendly, 1).await;
    clinic.cancel(&person).await;
    let both = tokio::join!(clinic.run(), clinic.run());
    assert_eq!(both.0.told + both.1.told, 1);
    for _ in 0..3 {
        clinic.later(HOUR).await;
        clinic.drain().await;
    }
    assert_eq!(calendly.look().changes, ["cancel EV1"]);
    assert_eq!(clinic.attention(&person).await, None);
    let ours = clinic.appointment(&person).await;
    assert_eq!(ours.status, AppointmentStatus::Cancelled);
}

#[tokio::test]
async fn a_confirmation_has_nothing_to_tell_and_a_new_time_is_for_staff() {
    let (clinic, calendly) = connected().await;
    let (confirmed, moved) = (
        booked(&clinic, &calendly, 1).await,
        booked(&clinic, &calendly, 2).await,
    );
    clinic
        .change(&confirmed, |one| one.status = AppointmentStatus::Confirmed)
        .await;
    let to = clinic.now() + TimeDelta::days(3);
    clinic
        .change(&moved, |one| {
            one.time = to;
            one.status = AppointmentStatus::Rescheduled;
        })
        .await;
    clinic.later(MINUTE).await;
    clinic.later(HOUR * 2).await;
    assert_eq!(calendly.look().changes, Vec::<String>::new());
    assert_eq!(clinic.attention(&confirmed).await, None);
    let reason = Some(AttentionReason::CalendarNotUpdated);
    assert_eq!(clinic.attention(&moved).await, reason);
    assert_eq!(clinic.appointment(&moved).await.time, to, "it stands here");
    let log = clinic
        .store()
        .read_log(LogKind::Change, None, 100)
        .await
        .unwrap();
    let refused = log
        .into_iter()
        .find(|entry| entry.action == "calendar.refused");
    let opened = clinic.store().open_log(refused.unwrap()).await.unwrap();
    assert_eq!(opened.details.unwrap()["why"], "no_new_times");
}

#[tokio::test]
async fn what_others_are_invited_to_is_not_cancelled() {
    let (clinic, calendly) = connected().await;
    let person = booked(&clinic, &calendly, 1).await;
    calendly.look().events.get_mut("EV1").unwrap()["invitees_counter"]["limit"] = json!(5);
    clinic.cancel(&person).await;
    clinic.later(MINUTE).await;
    assert_eq!(calendly.look().changes, Vec::<String>::new());
    let reason = Some(AttentionReason::CalendarNotUpdated);
    assert_eq!(clinic.attention(&person).await, reason);
}

#[tokio::test]
async fn a_refusal_is_for_people_and_what_it_says_already_is_not_told() {
    for status in [400, 401, 403, 404] {
        let (clinic, calendly) = connected().await;
        let person = booked(&clinic, &calendly, 1).await;
        calendly.look().refuses = Some(StatusCode::from_u16(status).unwrap());
        clinic.cancel(&person).await;
        clinic.later(MINUTE).await;
        let reason = Some(AttentionReason::CalendarNotUpdated);
        assert_eq!(clinic.attention(&person).await, reason, "{status}");
    }
    let (clinic, calendly) = connected().await;
    let person = booked(&clinic, &calendly, 1).await;
    calendly.look().refuses = Some(StatusCode::INTERNAL_SERVER_ERROR);
    clinic.cancel(&person).await;
    clinic.later(MINUTE).await;
    // Meanwhile they cancelled it there themselves.
    off(&clinic, &calendly, 1, None);
    calendly.look().refuses = None;
    clinic.later(MINUTE * 3).await;
    assert_eq!(calendly.look().changes, Vec::<String>::new());
    assert_eq!(clinic.attention(&person).await, None);
}

#[tokio::test]
async fn one_that_is_switched_off_is_left_alone() {
    let (clinic, calendly) = connected().await;
    let person = booked(&clinic, &calendly, 1).await;
    assert_eq!(calendly.look().hooks.len(), 1);
    clinic
        .set(|opened| opened.settings.integrations.calendly.enabled = false)
        .await;
    clinic.run().await;
    assert_eq!(
        calendly.look().hooks,
        Vec::<Value>::new(),
        "it tells nobody any more"
    );
    let asked = calendly.look().asked;
    clinic.cancel(&person).await;
    for _ in 0..3 {
        clinic.later(HOUR).await;
    }
    assert_eq!(calendly.look().asked, asked);
    assert_eq!(row(&clinic).await.due, None);
}

/// What cannot be ended now is ended later, with the token that made it, though that is not saved any more.
#[tokio::test]
async fn one_that_is_left_is_not_subscribed_to_any_more_though_it_takes_some_tries() {
    let (clinic, calendly) = connected().await;
    clinic.run().await;
    assert_eq!(calendly.look().hooks.len(), 1);
    calendly.look().broken = Some(StatusCode::SERVICE_UNAVAILABLE);
    clinic
        .set(|opened| {
            let settings = &mut opened.settings.integrations.calendly;
            (settings.enabled, settings.has_key) = (false, false);
            opened.secrets.calendly_key = None;
        })
        .await;
    clinic.run().await;
    clinic.later(MINUTE * 20).await;
    assert_eq!(calendly.look().hooks.len(), 1);
    calendly.look().broken = None;
    clinic.later(MINUTE * 20).await;
    assert_eq!(calendly.look().hooks, Vec::<Value>::new());
    assert_eq!(row(&clinic).await.due, None);

    // Where the token is worth nothing any more, nobody asks again; nor after two days.
    for (status, tries) in [(StatusCode::UNAUTHORIZED, 1), (StatusCode::BAD_GATEWAY, 3)] {
        let (clinic, calendly) = connected().await;
        clinic.run().await;
        calendly.look().broken = Some(status);
        clinic
            .set(|opened| opened.settings.integrations.calendly.enabled = false)
            .await;
        let asked = calendly.look().asked;
        for _ in 0..3 {
            clinic.later(MINUTE * 16).await;
        }
        assert_eq!(calendly.look().asked - asked, tries, "{status}");
        clinic.later(HOUR * 49).await;
        assert_eq!(row(&clinic).await.due, None, "{status}");
    }
}

#[tokio::test]
async fn another_account_takes_the_place_of_the_one_before() {
    let (clinic, before) = connected().await;
    clinic.run().await;
    let after = Calendly::default();
    let url = after.serve().await;
    clinic
        .set(|opened| {
            opened.settings.integrations.calendly.base_url = Some(url.parse().unwrap());
            opened.secrets.calendly_key = Some("another-token".to_owned());
        })
        .await;
    clinic.run().await;
    assert_eq!(before.look().hooks, Vec::<Value>::new());
    assert_eq!(after.look().hooks.len(), 1);

    // Another token of the same account: there is one, and it stays.
    clinic
        .set(|opened| opened.secrets.calendly_key = Some("a-third-token".to_owned()))
        .await;
    for _ in 0..3 {
        clinic.later(HOUR).await;
        assert_eq!(after.look().hooks.len(), 1);
    }
    assert_eq!(row(&clinic).await.subscribed, Some(Subscribed::Active));
}
