//! Webhook events of every size, end to end: small ones in the table, large ones in the bucket, through the real
//! gateway, S3 and queues; and what happens when the bucket is away or the process ends between object and entry.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::path::{Path, PathBuf};
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use reqwest::StatusCode;
use serde_json::{Value, json};
use vio_local::{Host, HostOptions, seed};
use vio_sandbox::retell_signature;
use vio_tests::booking::deliver;
use vio_tests::clinic::RETELL_KEY;
use vio_tests::process::free_port;
use vio_tests::time::{quiet_tuesday, text, wait_until};
use vio_tests::{Booking, Clinic, HostClient, Process, Random};

const KB: usize = 1024;
const SOON: Duration = Duration::from_secs(20);
/// The demo clinic's webhook secret for Cal.com (README).
const CALCOM_SECRET: &str = "riverside-demo-webhook-secret";

/// Text that compression makes little of.
fn noise(bytes: usize) -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let mut random = Random::new(7);
    let mut letter = || char::from(LETTERS[usize::try_from(random.below(64)).unwrap()]);
    (0..bytes).map(|_| letter()).collect()
}

/// The event, filled up to exactly so many bytes.
fn padded(mut event: Value, part: &str, bytes: usize) -> Value {
    event[part]["padding"] = json!("");
    let rest = bytes - event.to_string().len();
    event[part]["padding"] = json!(noise(rest));
    event
}

/// The files of a bucket below a stack's directory, without what the object store notes beside them.
fn objects(data: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![data.join("aws/objects/vio-data/inbox")];
    while let Some(folder) = folders.pop() {
        let Ok(entries) = std::fs::read_dir(&folder) else {
            continue;
        };
        for entry in entries {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if !path.file_name().unwrap().to_string_lossy().starts_with('.') {
                found.push(path);
            }
        }
    }
    found
}

/// The demo clinic on a Tuesday morning, on a directory.
struct Demo {
    host: Host,
    client: HostClient,
    morning: DateTime<Utc>,
    directory: tempfile::TempDir,
}

impl Demo {
    async fn start() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let host = Host::start(HostOptions::kept(directory.path()))
            .await
            .unwrap();
        let morning = quiet_tuesday(Utc::now());
        host.clock().move_to(morning, true).await.unwrap();
        host.seed_demo().await.unwrap().expect("a demo clinic");
        let client = HostClient::new(&host.base_url(), seed::SIGN_INS[0].email, seed::PASSWORD);
        Self {
            host,
            client,
            morning,
            directory,
        }
    }

    /// Delivers a booking of so many bytes.
    async fn book(&self, name: &str, phone: &str, bytes: usize) -> (StatusCode, Value) {
        let booking = Booking::new(name, phone, self.morning + TimeDelta::hours(49));
        let event = padded(booking.created(self.morning), "payload", bytes);
        let settings = self.client.get("/api/settings/integrations").await;
        let address = settings["calcom"]["webhook_url"].as_str().unwrap();
        deliver(address, CALCOM_SECRET, &event).await
    }

    async fn booked(&self, name: &str) -> Value {
        wait_until("the contact of a booking", SOON, async || {
            self.client.contact_named(name).await
        })
        .await
    }

    fn objects(&self) -> usize {
        objects(self.directory.path()).len()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn bookings_of_every_size_become_contacts() {
    let demo = Demo::start().await;
    let accepted = (StatusCode::OK, json!({ "status": "accepted" }));
    for (name, phone, bytes, objects) in [
        ("Agnes Farrow", "+441134960131", 5 * KB, 0),
        ("Barnaby Glass", "+441134960132", 199 * KB, 0),
        ("Cressida Hart", "+441134960133", 250 * KB, 1),
        ("Digby Ironside", "+441134960134", 1024 * KB, 2),
    ] {
        assert_eq!(demo.book(name, phone, bytes).await, accepted, "{name}");
        demo.booked(name).await;
        assert_eq!(demo.objects(), objects, "{name}");
        // Delivered again, nothing is put again.
        let (_, again) = demo.book(name, phone, bytes).await;
        assert_eq!(again["status"], "duplicate", "{name}");
        assert_eq!(demo.objects(), objects, "{name}");
    }
    demo.host.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_with_five_megabytes_of_transcript_settles() {
    let directory = tempfile::tempdir().unwrap();
    let host = Host::start(HostOptions::kept(directory.path()))
        .await
        .unwrap();
    let morning = quiet_tuesday(Utc::now());
    host.clock().move_to(morning, true).await.unwrap();
    let clinic = Clinic::sign_up(&host.base_url()).await;
    let client = &clinic.client;
    // The provider says nothing by itself: what it says comes from here.
    client
        .script(&json!({ "default": { "fault": "no_webhooks" } }))
        .await;
    let contact = clinic.contact(0, morning + TimeDelta::hours(47)).await;
    let who = contact["id"].as_str().unwrap();
    client
        .move_clock(morning + TimeDelta::hours(23) + TimeDelta::seconds(1))
        .await;
    let call = wait_until("a call", SOON, async || client.calls_of(who).await.pop()).await;
    let settings = client.get("/api/settings/integrations").await;
    let address = settings["retell"]["webhook_url"].as_str().unwrap();
    let now = client.now().await;
    for name in ["call_ended", "call_analyzed"] {
        let event = json!({ "event": name, "call": {
            "call_id": call["call_id"], "metadata": call["metadata"], "disconnection_reason": "agent_hangup",
            "start_timestamp": (now - TimeDelta::seconds(30)).timestamp_millis(), "end_timestamp": now.timestamp_millis(),
            "call_analysis": { "in_voicemail": false, "custom_analysis_data": { "appointment_action": "confirmed" } },
        }});
        let event = padded(event, "call", 5_000_000).to_string();
        let signature =
            retell_signature(RETELL_KEY, event.as_bytes(), Utc::now().timestamp_millis());
        let http = reqwest::Client::builder().no_proxy().build().unwrap();
        let request = http
            .post(address)
            .header("content-type", "application/json")
            .header("x-retell-signature", signature);
        let answer = request.body(event).send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::OK, "{name}");
    }
    wait_until("a confirmation", SOON, async || {
        (client.contact(who).await["appointment_status"] == "confirmed").then_some(())
    })
    .await;
    assert_eq!(objects(directory.path()).len(), 2);
    host.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn while_the_bucket_is_away_the_provider_comes_again() {
    let demo = Demo::start().await;
    let (name, phone) = ("Ester Jolly", "+441134960135");
    let bucket = demo.directory.path().join("aws/objects/vio-data");
    let aside = demo.directory.path().join("aside");
    std::fs::rename(&bucket, &aside).unwrap();
    let (status, answer) = demo.book(name, phone, 250 * KB).await;
    assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE, "{answer}");
    // What needs no bucket goes on.
    let (status, _) = demo.book("Fitzroy Kemp", "+441134960136", 5 * KB).await;
    assert_eq!(status, StatusCode::OK);
    demo.booked("Fitzroy Kemp").await;
    assert_eq!(demo.client.contact_named(name).await, None);
    std::fs::rename(&aside, &bucket).unwrap();
    let (status, answer) = demo.book(name, phone, 250 * KB).await;
    assert_eq!(
        (status, &answer["status"]),
        (StatusCode::OK, &json!("accepted"))
    );
    demo.booked(name).await;
    demo.host.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn ended_between_object_and_entry_the_event_is_taken_when_it_comes_again() {
    const SECRET: &str = "a-secret-of-the-large-events-test";
    let directory = tempfile::tempdir().unwrap();
    let data = directory.path().join("data");
    let listen = format!("127.0.0.1:{}", free_port());
    let spawn = |crash_at: &str| {
        let arguments = ["--listen", &listen, "--data", data.to_str().unwrap()];
        let log = directory.path().join("host.log");
        Process::spawn("vio-local", &arguments, &[("VIO_CRASH_AT", crash_at)], &log)
    };
    let mut process = spawn("object_stored");
    let base = process.ready().await.expect("the product starts");
    let clinic = Clinic::sign_up(&base).await;
    let calcom = json!({ "calcom": { "enabled": true, "webhook_secret": SECRET } });
    let settings = clinic
        .client
        .patch("/api/settings/integrations", &calcom)
        .await;
    let address = settings["calcom"]["webhook_url"]
        .as_str()
        .unwrap()
        .to_owned();
    let now = Utc::now();
    let booking = Booking::new("Griselda Lamb", "+441134960137", quiet_tuesday(now));
    let event = padded(booking.created(now), "payload", 250 * KB);

    let raw = event.to_string();
    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    let mut request = http.post(&address);
    for (name, value) in vio_sandbox::signed_delivery(SECRET, raw.as_bytes()) {
        request = request.header(name, value);
    }
    assert!(request.body(raw).send().await.is_err(), "it was to end");
    assert!(process.ended(SOON).await.is_some());
    assert_eq!(objects(&data).len(), 1, "the object was there first");

    let mut process = spawn("never");
    process.ready().await.expect("the product starts");
    assert_eq!(clinic.client.contact_named(&booking.name).await, None);
    let (status, answer) = deliver(&address, SECRET, &event).await;
    assert_eq!(
        (status, &answer["status"]),
        (StatusCode::OK, &json!("accepted"))
    );
    let taken = wait_until("the contact of a booking", SOON, async || {
        clinic.client.contact_named(&booking.name).await
    })
    .await;
    assert_eq!(taken["appointment_time"], text(booking.start));
    // The first one stays for the lifecycle; a third delivery adds nothing.
    let (_, again) = deliver(&address, SECRET, &event).await;
    assert_eq!(again["status"], "duplicate");
    assert_eq!(objects(&data).len(), 2);
    process.kill().await;
}
