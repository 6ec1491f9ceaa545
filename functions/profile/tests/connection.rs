//! Trying connections out: what is wrong is said in its own sentence.
#![expect(clippy::unwrap_used, reason = "a test ends at its first surprise")]

use std::net::Ipv4Addr;
use std::sync::{Arc, Mutex};

use axum::extract::State;
use axum::http::{StatusCode, Uri};
use axum::{Json, Router};
use serde_json::{Value, json};
use vio_domain::permission::Preset;
use vio_domain::settings::BusinessType;
use vio_runtime::testing::{Server, TestApp, TestTenant};

const TEST: &str = "/api/settings/integrations/calcom/test";
const ALL: [&str; 3] = [
    "BOOKING_CREATED",
    "BOOKING_RESCHEDULED",
    "BOOKING_CANCELLED",
];

/// What the provider answers to each path.
type Answers = Arc<Mutex<Vec<(&'static str, u16, Value)>>>;

async fn answer(State(answers): State<Answers>, uri: Uri) -> (StatusCode, Json<Value>) {
    let answers = answers.lock().unwrap();
    let found = answers.iter().find(|(path, ..)| uri.path() == *path);
    let (status, body) = found.map_or((404, json!({})), |(_, status, body)| {
        (*status, body.clone())
    });
    (StatusCode::from_u16(status).unwrap(), Json(body))
}

const CALENDLY_TEST: &str = "/api/settings/integrations/calendly/test";

struct World {
    app: TestApp,
    server: Server,
    tenant: TestTenant,
    answers: Answers,
    url: String,
    hook: String,
}

impl World {
    async fn new() -> Self {
        let app = TestApp::new().await;
        let server = app.serve(vio_profile::router(app.app.clone()).0);
        let tenant = app.tenant("Riverside", BusinessType::Medical).await;
        let answers = Answers::default();
        let provider = Router::new().fallback(answer).with_state(answers.clone());
        let listener = tokio::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0))
            .await
            .unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, provider).await });
        let endpoints = tenant.store.settings().await.unwrap().endpoints;
        let hook = format!(
            "https://app.example/api/webhook/calcom-booking/{}",
            endpoints.calcom_booking
        );
        Self {
            app,
            server,
            tenant,
            answers,
            url,
            hook,
        }
    }

    async fn save(&self, calcom: Value) {
        self.save_all(json!({ "calcom": calcom })).await;
    }

    async fn save_all(&self, body: Value) {
        let token = &self.tenant.admin.token;
        let saved = self
            .server
            .patch("/api/settings/integrations", token, body)
            .await;
        assert_eq!(saved.status, 200, "{}", saved.body);
    }

    async fn tried(&self) -> Value {
        let answer = self
            .server
            .post(TEST, &self.tenant.admin.token, json!({}))
            .await;
        assert_eq!(answer.status, 200, "{}", answer.body);
        answer.body
    }

    /// Answers as a connection in order, but for what is given.
    fn answers(&self, other: &[(&'static str, u16, Value)]) {
        let booking = json!({"eventType": {"slug": "check-up"}, "start": "2026-03-04T10:30:00Z", "status": "accepted",
                             "title": "Ada Example", "attendees": [{"email": "ada@example.com"}]});
        let mut all = other.to_vec();
        all.extend([
            (
                "/v2/me",
                200,
                json!({"data": {"email": "Desk@example.com"}}),
            ),
            ("/v2/bookings", 200, json!({"data": [booking]})),
            (
                "/v2/webhooks",
                200,
                json!({"data": [self.pointing(true, &ALL)]}),
            ),
            ("/v2/event-types/7/webhooks", 200, json!({"data": []})),
        ]);
        *self.answers.lock().unwrap() = all;
    }

    fn pointing(&self, active: bool, triggers: &[&str]) -> Value {
        json!({"subscriberUrl": self.hook, "active": active, "triggers": triggers})
    }
}

#[tokio::test]
async fn each_fault_has_its_own_sentence() {
    let world = World::new().await;
    assert_eq!(world.tried().await["outcome"], "not_configured");
    world
        .save(json!({"enabled": true, "api_key": "cal_live_0123456789", "webhook_secret": "hush-hush-hush",
                     "organizer_email": "desk@example.com", "event_type_id": 7, "base_url": world.url}))
        .await;
    let elsewhere =
        json!({"subscriberUrl": "https://elsewhere.example/", "active": true, "triggers": ALL});
    let mut sentences = Vec::new();
    for (faults, outcome) in [
        (vec![("/v2/me", 401, json!({}))], "wrong_key"),
        (vec![("/v2/webhooks", 403, json!({}))], "missing_scope"),
        (vec![("/v2/bookings", 403, json!({}))], "missing_scope"),
        (
            vec![("/v2/webhooks", 200, json!({"data": [elsewhere]}))],
            "no_webhook",
        ),
        (
            vec![(
                "/v2/webhooks",
                200,
                json!({"data": [world.pointing(false, &ALL)]}),
            )],
            "webhook_disabled",
        ),
        (
            vec![(
                "/v2/webhooks",
                200,
                json!({"data": [world.pointing(true, &ALL[..2])]}),
            )],
            "webhook_disabled",
        ),
        (
            vec![("/v2/me", 200, json!({"data": {"email": "ada@example.com"}}))],
            "wrong_organizer",
        ),
        (vec![("/v2/me", 429, json!({}))], "busy"),
        (vec![("/v2/me", 500, json!({}))], "unreachable"),
        (vec![("/v2/me", 200, json!("gone"))], "unreachable"),
        (
            vec![("/v2/webhooks", 200, json!({"data": {}}))],
            "unreachable",
        ),
    ] {
        world.answers(&faults);
        let tried = world.tried().await;
        assert_eq!(tried["outcome"], outcome, "{tried}");
        assert_eq!(tried["samples"], json!([]));
        sentences.push(tried["message"].as_str().unwrap().to_owned());
    }
    assert!(sentences[3].contains(&world.hook), "{}", sentences[3]);
    assert!(
        sentences[5].contains("BOOKING_CANCELLED"),
        "{}",
        sentences[5]
    );
    assert!(sentences[6].contains("ada@example.com") && sentences[6].contains("desk@example.com"));
    sentences.sort();
    sentences.dedup();
    assert_eq!(sentences.len(), 8, "{sentences:#?}");

    world.answers(&[]);
    let works = world.tried().await;
    assert_eq!(works["outcome"], "works", "{works}");
    assert_eq!(
        works["samples"],
        json!([{"event_type": "check-up", "start": "2026-03-04T10:30:00Z", "status": "accepted"}])
    );
    // One that belongs to the event type alone does as well.
    let own = json!({"data": [world.pointing(true, &ALL)]});
    world.answers(&[
        ("/v2/webhooks", 200, json!({"data": []})),
        ("/v2/event-types/7/webhooks", 200, own),
    ]);
    assert_eq!(world.tried().await["outcome"], "works");
    world.save(json!({"base_url": "http://127.0.0.1:9"})).await;
    assert_eq!(world.tried().await["outcome"], "unreachable");
}

const CALENDLY: &str = "https://api.calendly.com";

impl World {
    /// Answers as a connected Calendly, but for what is given.
    async fn calendly(&self, other: &[(&'static str, u16, Value)]) {
        let mut all = other.to_vec();
        all.extend([
            (
                "/users/me",
                200,
                json!({"resource": {"uri": format!("{CALENDLY}/users/U1"), "email": "Desk@example.com",
                    "current_organization": format!("{CALENDLY}/organizations/O1")}}),
            ),
            (
                "/scheduled_events",
                200,
                json!({"collection": [{"uri": format!("{CALENDLY}/scheduled_events/EV1"), "name": "Check-up", "status": "active",
                    "start_time": "2026-03-04T10:30:00.000000Z", "event_guests": [{"email": "ada@example.com"}]}]}),
            ),
            (
                "/event_types",
                200,
                json!({"collection": [
                    {"uri": format!("{CALENDLY}/event_types/A"), "name": "Check-up", "duration": 30, "active": true},
                    {"uri": format!("{CALENDLY}/event_types/B"), "name": "Hygiene", "duration": 45, "active": false},
                ]}),
            ),
            (
                "/webhook_subscriptions",
                200,
                self.subscription("active", &["invitee.created", "invitee.canceled"]).await,
            ),
        ]);
        *self.answers.lock().unwrap() = all;
    }

    async fn subscription(&self, state: &str, events: &[&str]) -> Value {
        let endpoints = self.tenant.store.settings().await.unwrap().endpoints;
        let url = format!(
            "https://app.example/api/webhook/calendly-booking/{}",
            endpoints.calendly_booking
        );
        json!({"collection": [{"uri": format!("{CALENDLY}/webhook_subscriptions/W1"), "callback_url": url, "state": state,
            "events": events}]})
    }
}

#[tokio::test]
async fn each_fault_of_calendly_has_its_own_sentence() {
    let world = World::new().await;
    let token = &world.tenant.admin.token;
    let tried = async || {
        let answer = world.server.post(CALENDLY_TEST, token, json!({})).await;
        assert_eq!(answer.status, 200, "{}", answer.body);
        answer.body
    };
    assert_eq!(tried().await["outcome"], "not_configured");
    world
        .save_all(json!({"calendly": {"enabled": true, "api_key": "calendly_0123456789", "organizer_email": "desk@example.com",
                     "base_url": world.url}}))
        .await;
    let other = json!({"resource": {"uri": format!("{CALENDLY}/users/U2"), "email": "ada@example.com",
        "current_organization": format!("{CALENDLY}/organizations/O1")}});
    let mut sentences = Vec::new();
    for (faults, outcome) in [
        (vec![("/users/me", 401, json!({}))], "wrong_key"),
        (
            vec![("/webhook_subscriptions", 403, json!({}))],
            "missing_scope",
        ),
        (vec![("/scheduled_events", 403, json!({}))], "missing_scope"),
        (vec![("/users/me", 200, other)], "wrong_organizer"),
        (
            vec![("/webhook_subscriptions", 200, json!({"collection": []}))],
            "no_webhook",
        ),
        (
            vec![(
                "/webhook_subscriptions",
                200,
                world
                    .subscription("disabled", &["invitee.created", "invitee.canceled"])
                    .await,
            )],
            "webhook_disabled",
        ),
        (
            vec![(
                "/webhook_subscriptions",
                200,
                world.subscription("active", &["invitee.created"]).await,
            )],
            "webhook_disabled",
        ),
        (vec![("/users/me", 429, json!({}))], "busy"),
        (vec![("/users/me", 500, json!({}))], "unreachable"),
    ] {
        world.calendly(&faults).await;
        let answer = tried().await;
        assert_eq!(answer["outcome"], outcome, "{answer}");
        assert_eq!(answer["samples"], json!([]));
        sentences.push(answer["message"].as_str().unwrap().to_owned());
    }
    assert!(sentences[3].contains("ada@example.com") && sentences[3].contains("desk@example.com"));
    assert!(
        sentences[6].contains("invitee.canceled"),
        "{}",
        sentences[6]
    );
    sentences.sort();
    sentences.dedup();
    assert_eq!(sentences.len(), 8, "{sentences:#?}");
    world.calendly(&[]).await;
    let works = tried().await;
    assert_eq!(works["outcome"], "works", "{works}");
    let sample =
        json!([{"event_type": "Check-up", "start": "2026-03-04T10:30:00Z", "status": "active"}]);
    assert_eq!(works["samples"], sample);

    // What can be booked, to choose from.
    let path = "/api/settings/integrations/calendly/event-types";
    let listed = world.server.get(path, token).await.body;
    let one = |id: &str, name: &str, minutes: u32, active: bool, chosen: bool| json!({"uri": format!("{CALENDLY}/event_types/{id}"), "name": name, "duration_minutes": minutes, "active": active, "chosen": chosen});
    let all = json!([
        one("A", "Check-up", 30, true, true),
        one("B", "Hygiene", 45, false, true)
    ]);
    assert_eq!(
        (&listed["outcome"], &listed["event_types"]),
        (&json!("works"), &all)
    );
    let chosen = json!([format!("{CALENDLY}/event_types/B")]);
    world
        .save_all(json!({"calendly": {"event_types": chosen}}))
        .await;
    let listed = world.server.get(path, token).await.body;
    assert_eq!(listed["event_types"][0]["chosen"], false);
    assert_eq!(listed["event_types"][1]["chosen"], true);
    world.calendly(&[("/users/me", 401, json!({}))]).await;
    let listed = world.server.get(path, token).await;
    assert_eq!(listed.status, 200);
    assert_eq!(
        (&listed.body["outcome"], &listed.body["event_types"]),
        (&json!("wrong_key"), &json!([]))
    );
    let desk = world.app.staff(&world.tenant, Preset::Receptionist).await;
    assert_eq!(world.server.get(path, &desk.token).await.status, 403);
    assert_eq!(
        world
            .server
            .post(CALENDLY_TEST, &desk.token, json!({}))
            .await
            .status,
        403
    );
}

#[tokio::test]
async fn the_voice_provider_is_tried_without_a_call() {
    let world = World::new().await;
    let token = &world.tenant.admin.token;
    let path = "/api/settings/integrations/retell/test";
    let tried = async || world.server.post(path, token, json!({})).await.body;
    assert_eq!(tried().await["outcome"], "not_configured");
    let retell = json!({"agent_id": "agent_1", "from_number": "+442079460002", "api_key": "key_0123456789", "base_url": world.url});
    let body = json!({ "retell": retell });
    let saved = world
        .server
        .patch("/api/settings/integrations", token, body)
        .await;
    assert_eq!(saved.status, 200, "{}", saved.body);
    let lines = json!({"current_concurrency": 3, "concurrency_limit": 20});
    // There is no webhook to be missing: every call names its own.
    let mut sentences = std::collections::BTreeSet::new();
    for (status, body, outcome) in [
        (200, lines, "works"),
        (401, json!({}), "wrong_key"),
        (403, json!({}), "missing_scope"),
        (429, json!({}), "busy"),
        (200, json!({}), "unreachable"),
    ] {
        *world.answers.lock().unwrap() = vec![("/get-concurrency", status, body)];
        let answer = tried().await;
        assert_eq!(answer["outcome"], outcome);
        sentences.insert(answer["message"].as_str().unwrap().to_owned());
    }
    assert_eq!(sentences.len(), 5, "{sentences:#?}");
    assert!(
        sentences.iter().any(|one| one.contains("3 of 20 calls")),
        "{sentences:#?}"
    );
    let desk = world.app.staff(&world.tenant, Preset::Receptionist).await;
    for path in [TEST, path] {
        assert_eq!(
            world.server.post(path, &desk.token, json!({})).await.status,
            403
        );
    }
}

#[tokio::test]
async fn each_fault_of_twilio_has_its_own_sentence() {
    let world = World::new().await;
    let token = &world.tenant.admin.token;
    let path = "/api/settings/integrations/twilio/test";
    let tried = async || world.server.post(path, token, json!({})).await.body;
    assert_eq!(tried().await["outcome"], "not_configured");
    let sid = format!("AC{}", "a".repeat(32));
    world
        .save_all(
            json!({"twilio": {"enabled": true, "account_sid": sid, "auth_token": "token_0123456789",
            "from_number": "+447700153842", "base_url": world.url}}),
        )
        .await;
    let endpoint = world.tenant.store.settings().await.unwrap().endpoints.sms;
    let ours = format!("https://app.example/api/webhook/sms/{endpoint}");
    let number = |e164: &str, sms: bool, url: Value| json!({"incoming_phone_numbers": [{"phone_number": e164, "capabilities": {"sms": sms}, "sms_url": url}]});
    let from = "+447700153842";
    let mut sentences = Vec::new();
    for (status, body, outcome) in [
        (401, json!({"code": 20003}), "wrong_key"),
        (403, json!({"code": 20003}), "missing_scope"),
        (429, json!({"code": 20429}), "busy"),
        (500, json!({}), "unreachable"),
        (200, json!({"numbers": []}), "unreachable"),
        (200, json!({"incoming_phone_numbers": []}), "wrong_number"),
        (
            200,
            number("+447700153843", true, json!(ours)),
            "wrong_number",
        ),
        (200, number(from, false, json!(ours)), "wrong_number"),
        (200, number(from, true, Value::Null), "no_webhook"),
        (
            200,
            number(from, true, json!("https://elsewhere.example/")),
            "no_webhook",
        ),
        (200, number(from, true, json!(ours)), "works"),
        (200, number(from, true, json!(format!("{ours}/"))), "works"),
    ] {
        let numbers =
            "/2010-04-01/Accounts/ACaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa/IncomingPhoneNumbers.json";
        *world.answers.lock().unwrap() = vec![(numbers, status, body)];
        let answer = tried().await;
        assert_eq!(answer["outcome"], outcome, "{answer}");
        sentences.push(answer["message"].as_str().unwrap().to_owned());
    }
    assert!(sentences[8].contains(&ours), "{}", sentences[8]);
    sentences.sort();
    sentences.dedup();
    assert_eq!(sentences.len(), 7, "{sentences:#?}");
    let desk = world.app.staff(&world.tenant, Preset::Receptionist).await;
    assert_eq!(
        world.server.post(path, &desk.token, json!({})).await.status,
        403
    );
}
