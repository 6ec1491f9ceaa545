//! The host as a whole, in this process: the clock's rules, restarts, seeding, what the way in refuses.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::num::NonZeroU32;
use std::path::Path;
use std::time::Duration;

use chrono::{DateTime, Datelike, NaiveDate, TimeDelta, Utc, Weekday};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use vio_local::{Host, HostError, HostOptions};
use vio_sandbox::Credentials;

struct Client {
    http: reqwest::Client,
    base: String,
}

impl Client {
    fn of(host: &Host) -> Self {
        Self {
            http: reqwest::Client::builder().no_proxy().build().unwrap(),
            base: host.base_url(),
        }
    }

    async fn send(&self, method: Method, path: &str, body: Option<Value>) -> (StatusCode, Value) {
        let mut request = self.http.request(method, format!("{}{path}", self.base));
        if let Some(body) = body {
            request = request.json(&body);
        }
        let answer = request.send().await.unwrap();
        (answer.status(), answer.json().await.unwrap_or(Value::Null))
    }

    async fn get(&self, path: &str) -> (StatusCode, Value) {
        self.send(Method::GET, path, None).await
    }

    async fn post(&self, path: &str, body: Value) -> (StatusCode, Value) {
        self.send(Method::POST, path, Some(body)).await
    }

    async fn sign_up(&self) -> String {
        let (status, answer) = self
            .post(
                "/api/tenants",
                json!({
                    "business_name": "Corner Salon", "business_type": "salon",
                    "admin": {"full_name": "Ann Admin", "email": "ann@example.com", "password": PASSWORD},
                }),
            )
            .await;
        assert_eq!(status, 201, "{answer}");
        answer["tenant_id"].as_str().unwrap().to_owned()
    }

    async fn sign_in(&self) -> StatusCode {
        self.post(
            "/api/auth/sign-in",
            json!({"email": "ann@example.com", "password": PASSWORD}),
        )
        .await
        .0
    }

    async fn clock(&self) -> DateTime<Utc> {
        self.get("/dev/clock").await.1["now"]
            .as_str()
            .unwrap()
            .parse()
            .unwrap()
    }
}

const PASSWORD: &str = "Correct-Horse-9-Battery";

fn quiet() -> HostOptions {
    HostOptions {
        ticks: false,
        ..HostOptions::ephemeral()
    }
}

fn kept(directory: &Path) -> HostOptions {
    HostOptions {
        ticks: false,
        ..HostOptions::kept(directory)
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn it_answers_on_this_machine_only() {
    let listen = "0.0.0.0:0".parse().unwrap();
    let outside = Host::start(HostOptions { listen, ..quiet() }).await;
    assert!(matches!(outside, Err(HostError::NotLoopback(_))));
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_pass_the_gateway_and_the_rest_is_told_apart() {
    let host = Host::start(quiet()).await.unwrap();
    let client = Client::of(&host);
    let (status, problem) = client.get("/api/nowhere").await;
    assert_eq!((status.as_u16(), &problem["status"]), (404, &json!(404)));
    let (status, document) = client.get("/api/openapi.json").await;
    assert_eq!(status, 200);
    let kept: Value = serde_json::from_str(include_str!("../../../docs/openapi.json")).unwrap();
    assert!(document == kept && kept["paths"]["/api/auth/sign-in"]["post"].is_object());
    assert_eq!(client.get("/elsewhere").await.0, 404);
    assert_eq!(client.get("/dev/nowhere").await.0, 404);
    assert_eq!(client.send(Method::DELETE, "/dev/clock", None).await.0, 405);
    for path in ["/", "/api/docs", "/dev/sandbox"] {
        let page = client
            .http
            .get(format!("{}{path}", client.base))
            .send()
            .await
            .unwrap();
        assert_eq!(page.status(), 200, "{path}");
        assert!(
            page.headers().contains_key("content-security-policy"),
            "{path}"
        );
        assert!(
            page.headers()["content-type"]
                .to_str()
                .unwrap()
                .starts_with("text/html"),
            "{path}"
        );
    }
    for path in ["/dev/clock", "/api/health", "/"] {
        let request = client
            .http
            .get(format!("{}{path}", client.base))
            .header("host", "rebound.example");
        assert_eq!(request.send().await.unwrap().status(), 403, "{path}");
    }
    let large = client
        .http
        .post(format!("{}/api/auth/sign-in", client.base))
        .body(vec![b'a'; 11 * 1024 * 1024]);
    assert_eq!(large.send().await.unwrap().status(), 413);
    host.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_clock_moves_as_it_may() {
    let host = Host::start(quiet()).await.unwrap();
    let client = Client::of(&host);
    let start = client.clock().await;
    assert!((start - Utc::now()).abs() < TimeDelta::seconds(5));
    // Nobody is there yet: any instant will do.
    assert_eq!(
        client
            .post("/dev/clock", json!({"now": "2026-01-05T08:00:00Z"}))
            .await
            .0,
        200
    );
    assert!(client.clock().await < start);
    // Whoever is answered knows it at once.
    let request = client.http.get(format!("{}/api/health", client.base));
    let answer = request.send().await.unwrap();
    let date = answer.headers()["date"].to_str().unwrap();
    assert!(date.starts_with("Mon, 05 Jan 2026 08:00:"), "{date}");
    client.sign_up().await;
    let (status, answer) = client
        .post("/dev/clock", json!({"advance_seconds": 3600}))
        .await;
    assert_eq!(status, 200);
    assert!(answer["tick"].is_object());
    let now = client.clock().await;
    assert!(now >= "2026-01-05T09:00:00Z".parse::<DateTime<Utc>>().unwrap());
    assert_eq!(
        client
            .post("/dev/clock", json!({"now": "2026-01-05T08:00:00Z"}))
            .await
            .0,
        409
    );
    assert!(client.clock().await >= now);
    for nonsense in [
        json!({}),
        json!({"now": "2026-02-01T00:00:00Z", "advance_seconds": 1}),
        json!({"to": 1}),
    ] {
        assert_eq!(client.post("/dev/clock", nonsense).await.0, 422);
    }
    assert_eq!(
        client
            .post("/dev/clock", json!({"now": "9999-02-01T00:00:00Z"}))
            .await
            .0,
        422
    );
    let form = client
        .http
        .post(format!("{}/dev/clock", client.base))
        .body(r#"{"advance_seconds": 1}"#);
    assert_eq!(form.send().await.unwrap().status(), 415);
    host.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_clock_stays_while_a_provider_is_outside() {
    let retell_url = Some("https://api.retellai.com".to_owned());
    let host = Host::start(HostOptions {
        retell_url,
        ..quiet()
    })
    .await
    .unwrap();
    let client = Client::of(&host);
    let before = client.clock().await;
    assert_eq!(
        client
            .post("/dev/clock", json!({"advance_seconds": 86_400}))
            .await
            .0,
        409
    );
    assert!(client.clock().await < before + TimeDelta::hours(1));
    host.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restart_keeps_everything() {
    let directory = tempfile::tempdir().unwrap();
    let host = Host::start(kept(directory.path())).await.unwrap();
    let client = Client::of(&host);
    client.sign_up().await;
    assert_eq!(
        client
            .post("/dev/clock", json!({"advance_seconds": 86_400}))
            .await
            .0,
        200
    );
    let before = client.clock().await;
    let sandbox = host.sandbox().retell_url();
    let second = Host::start(kept(directory.path())).await;
    assert!(
        matches!(second, Err(HostError::Part { .. })),
        "two hosts on one directory"
    );
    host.shutdown().await;

    let host = Host::start(kept(directory.path())).await.unwrap();
    let client = Client::of(&host);
    assert_eq!(client.sign_in().await, 200);
    assert!(client.clock().await >= before);
    assert_eq!(host.sandbox().retell_url(), sandbox);
    // Those of before the restart count too.
    assert_eq!(
        client
            .post("/dev/clock", json!({"now": "2020-01-05T08:00:00Z"}))
            .await
            .0,
        409
    );
    host.shutdown().await;
}

/// 08:00 UTC on the first Monday of the next March.
fn monday_in_march(now: DateTime<Utc>) -> DateTime<Utc> {
    let monday = NaiveDate::from_weekday_of_month_opt(now.year() + 1, 3, Weekday::Mon, 1).unwrap();
    monday.and_hms_opt(8, 0, 0).unwrap().and_utc()
}

#[tokio::test(flavor = "multi_thread")]
async fn many_contacts_are_planned_for_calls() {
    let host = Host::start(quiet()).await.unwrap();
    let client = Client::of(&host);
    // A Monday with no holiday near: at a weekend there is no hour left in which to ring before Monday morning.
    let monday = monday_in_march(host.clock().now());
    let moved = client.post("/dev/clock", json!({"now": monday})).await;
    assert_eq!(moved.0.as_u16(), 200, "{}", moved.1);
    let tenant = client.sign_up().await;
    let (status, answer) = client
        .post("/dev/seed", json!({"contacts": 25, "tenant_id": tenant}))
        .await;
    assert_eq!((status.as_u16(), &answer["contacts"]), (200, &json!(25)));
    let scope = host
        .app()
        .store
        .tenant(tenant.parse().unwrap())
        .await
        .unwrap()
        .unwrap();
    let listed = scope
        .list_contacts(vio_store::contacts::ListQuery {
            status: None,
            ascending: true,
            start: vio_store::contacts::Start::Page(1),
            page_size: 100,
        })
        .await
        .unwrap();
    assert_eq!(listed.contacts.len(), 25);
    for (contact, appointment) in &listed.contacts {
        let appointment = appointment.as_ref().unwrap();
        assert!(contact.phone.is_some());
        assert!(appointment.time > host.clock().now() + TimeDelta::hours(24));
        assert!(
            appointment
                .next_call_at
                .is_some_and(|at| at < appointment.time)
        );
    }
    let nobody = json!({"contacts": 1, "tenant_id": "01932f00-0000-7000-8000-000000000001"});
    assert_eq!(client.post("/dev/seed", nobody).await.0, 404);
    assert_eq!(
        client
            .post(
                "/dev/seed",
                json!({"contacts": 1_000_000, "tenant_id": tenant})
            )
            .await
            .0,
        422
    );
    host.shutdown().await;
}

/// What happens in the product gets onto the bus: ids, and nothing else.
#[tokio::test(flavor = "multi_thread")]
async fn changes_become_events_of_ids() {
    let host = Host::start(quiet()).await.unwrap();
    let (sqs, bus) = (host.stack().sqs(), host.stack().events());
    let queue = sqs
        .create_queue()
        .queue_name("listener")
        .send()
        .await
        .unwrap()
        .queue_url
        .unwrap();
    bus.put_rule()
        .name("all")
        .event_bus_name(vio_local::BUS)
        .event_pattern(r#"{"source":["vioconcierge"]}"#)
        .send()
        .await
        .unwrap();
    let target = aws_sdk_eventbridge::types::Target::builder()
        .id("listener")
        .arn("arn:aws:sqs:eu-west-2:000000000000:listener")
        .build()
        .unwrap();
    bus.put_targets()
        .rule("all")
        .event_bus_name(vio_local::BUS)
        .targets(target)
        .send()
        .await
        .unwrap();

    let tenant = Client::of(&host).sign_up().await;
    let received = sqs
        .receive_message()
        .queue_url(&queue)
        .wait_time_seconds(10)
        .send()
        .await
        .unwrap();
    let body = received
        .messages()
        .first()
        .expect("an event within ten seconds")
        .body()
        .unwrap()
        .to_owned();
    let event: Value = serde_json::from_str(&body).unwrap();
    assert_eq!(event["detail"]["tenant"], json!(tenant));
    assert_eq!(event["detail"]["type"], event["detail-type"]);
    let members: Vec<&String> = event["detail"].as_object().unwrap().keys().collect();
    assert_eq!(members, ["event_id", "id", "tenant", "type", "version"]);
    for personal in ["Ann", "example.com", "Corner"] {
        assert!(!body.contains(personal));
    }
    host.shutdown().await;
}

/// Nothing of a start or a stop hangs.
#[tokio::test(flavor = "multi_thread")]
async fn a_shutdown_is_short() {
    let host = Host::start(HostOptions::ephemeral()).await.unwrap();
    tokio::time::timeout(Duration::from_secs(8), host.shutdown())
        .await
        .unwrap();
}

/// The clinic of `--seed demo`: there once, however often it is asked for, and over a restart.
#[tokio::test(flavor = "multi_thread")]
async fn the_demo_clinic_is_made_once() {
    let directory = tempfile::tempdir().unwrap();
    let host = Host::start(kept(directory.path())).await.unwrap();
    let tenant = host.seed_demo().await.unwrap().unwrap();
    assert_eq!(host.seed_demo().await.unwrap(), Some(tenant));
    // A start that was cut off before the note was written goes over it all again.
    host.shutdown().await;
    std::fs::remove_file(directory.path().join("demo.json")).unwrap();
    let host = Host::start(kept(directory.path())).await.unwrap();
    assert_eq!(host.seed_demo().await.unwrap(), Some(tenant));

    let scope = host.app().store.tenant(tenant).await.unwrap().unwrap();
    let query = vio_store::contacts::ListQuery {
        status: None,
        ascending: true,
        start: vio_store::contacts::Start::Page(1),
        page_size: 100,
    };
    let listed = scope.list_contacts(query).await.unwrap();
    assert_eq!(listed.contacts.len(), 12 + 60);
    let (groups, _) = scope.groups(10, None).await.unwrap();
    assert_eq!((groups.len(), groups[0].members), (1, 60));
    for (contact, appointment) in &listed.contacts {
        let planned = appointment
            .as_ref()
            .and_then(|appointment| appointment.next_call_at);
        assert!(planned.is_some(), "{} gets no call", contact.id);
    }
    let settings = scope.settings().await.unwrap();
    assert_eq!(settings.settings.appointment_types.len(), 4);
    assert_eq!(scope.locations().await.unwrap().len(), 2);
    assert!(settings.settings.integrations.retell.configured());

    // The sandbox knows the clinic's key, and nobody else's.
    let key = settings.secrets.retell_key.current.unwrap();
    let access = host.connections().retell(&key).await.unwrap();
    assert_eq!(access.agents.len(), 1);
    assert!(host.connections().retell("key_of_nobody").await.is_none());

    let client = Client::of(&host);
    for who in vio_local::seed::SIGN_INS {
        let credentials = json!({"email": who.email, "password": vio_local::seed::PASSWORD});
        let (status, session) = client.post("/api/auth/sign-in", credentials).await;
        assert_eq!(status, 200, "{}", who.email);
        assert_eq!(session["user"]["preset"].as_str(), who.preset);
    }
    host.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_business_has_one_limit_of_requests_over_all_functions() {
    let host = Host::start(HostOptions {
        requests_per_minute: NonZeroU32::new(30),
        ..quiet()
    })
    .await
    .unwrap();
    let client = Client::of(&host);
    client.sign_up().await;
    let body = json!({"email": "ann@example.com", "password": PASSWORD});
    let (_, session) = client.post("/api/auth/sign-in", body).await;
    let token = session["access_token"].as_str().unwrap();
    let paths = ["/api/contacts", "/api/groups", "/api/tags", "/api/calls"];
    let mut passed = 0;
    for path in paths.iter().cycle().take(60) {
        let request = client.http.get(format!("{}{path}", client.base));
        let answer = request.bearer_auth(token).send().await.unwrap();
        if answer.status() == 200 {
            passed += 1;
            continue;
        }
        assert_eq!(answer.status(), 429, "{path}");
        let after: u64 = answer.headers()["retry-after"]
            .to_str()
            .unwrap()
            .parse()
            .unwrap();
        assert!((1..=60).contains(&after), "{after}");
        let problem: Value = answer.json().await.unwrap();
        assert_eq!(problem["retry_after"], after);
    }
    assert_eq!(passed, 30);
    assert_eq!(client.get("/api/health").await.0, 200, "who is nobody");
    host.shutdown().await;
}
