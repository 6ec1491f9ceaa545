//! The providers' own samples, where they lie beside the project (or where `VIO_PAYLOADS` says): every file of the folder has
//! a row here that says what it is read as. What a delivery comes to is held by `vio-webhooks`.
#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stderr)]

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::time::Duration;

use secrecy::SecretString;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use uuid::Uuid;
use vio_domain::calendar::{BankHolidays, Division};
use vio_domain::ids::{AttemptId, ContactId, SessionId, TenantId};
use vio_providers::calcom::webhook::Trigger;
use vio_providers::calcom::{CalcomClient, Updated};
use vio_providers::calendly::{CalendlyClient, Wanted};
use vio_providers::retell::webhook::EventKind;
use vio_providers::retell::{
    AgentSettings, ApiError, CallMetadata, CreateCallRequest, DEFAULT_RING_DURATION_MS,
    DataStorage, HttpRetellFactory, MAX_CALL_DURATION_MS, RetellFactory, Voicemail,
};
use vio_providers::{BaseUrl, Http, SignatureError, Unanswered, calcom, calendly, retell};

const SOON: Duration = Duration::from_secs(5);

/// A sample's bytes, or `None`, said loudly.
fn sample(name: &str) -> Option<Vec<u8>> {
    let beside = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/payloads");
    let path = std::env::var_os("VIO_PAYLOADS")
        .map_or(beside, PathBuf::from)
        .join(name);
    let found = std::fs::read(&path).ok();
    if found.is_none() {
        eprintln!(
            "SKIPPED: no sample {name}; set VIO_PAYLOADS to the folder with the providers' samples"
        );
    }
    found
}

#[test]
fn retells_samples_are_read() {
    for (name, kind) in [
        (
            "retell/webhook.call_started.from-openapi-example.json",
            EventKind::CallStarted,
        ),
        (
            "retell/webhook.call_ended.from-openapi-example.json",
            EventKind::CallEnded,
        ),
        (
            "retell/webhook.call_ended.official-doc-sample.json",
            EventKind::CallEnded,
        ),
        (
            "retell/webhook.call_analyzed.from-openapi-example.json",
            EventKind::CallAnalyzed,
        ),
    ] {
        let Some(body) = sample(name) else { continue };
        let event = retell::webhook::parse(&body).unwrap();
        assert_eq!(event.kind, kind, "{name}");
        let call = event.call.unwrap();
        assert!(call.started_at.is_some(), "{name}");
        if kind == EventKind::CallAnalyzed {
            let analysis = call.analysis.unwrap();
            assert_eq!(analysis.in_voicemail, Some(false));
            assert_eq!(call.cost_millicents, Some(70_000));
        }
    }
}

#[test]
fn calcoms_samples_are_read() {
    for (name, trigger) in [
        ("BOOKING_CREATED", Trigger::BookingCreated),
        ("BOOKING_RESCHEDULED", Trigger::BookingRescheduled),
        ("BOOKING_CANCELLED", Trigger::BookingCancelled),
        ("BOOKING_REQUESTED", Trigger::Other),
        ("BOOKING_REJECTED", Trigger::BookingCancelled),
        ("BOOKING_NO_SHOW_UPDATED.marked", Trigger::NoShowUpdated),
        ("BOOKING_NO_SHOW_UPDATED.unmarked", Trigger::NoShowUpdated),
        ("MEETING_ENDED", Trigger::Other),
    ] {
        let Some(body) = sample(&format!("calcom/doc-2026.{name}.json")) else {
            continue;
        };
        let event = calcom::webhook::parse(&body).unwrap();
        assert_eq!(event.trigger, trigger, "{name}");
        assert!(event.uid.is_some(), "{name}");
        if let Some(booking) = event.booking {
            assert_eq!(
                booking.attendee.name.as_deref(),
                Some("Guest User"),
                "{name}"
            );
            assert_eq!(
                booking.attendee.email.as_deref(),
                Some("guest@example.com"),
                "{name}"
            );
            assert_eq!(booking.length_minutes, Some(15), "{name}");
            let moved = trigger == Trigger::BookingRescheduled;
            assert_eq!(booking.reschedule_uid.is_some(), moved, "{name}");
        }
    }
}

#[test]
fn calendlys_samples_are_read() {
    for (name, trigger) in [
        ("created", Trigger::BookingCreated),
        ("canceled", Trigger::BookingCancelled),
    ] {
        let Some(body) = sample(&format!("calendly/official-2024.invitee_{name}.json")) else {
            continue;
        };
        let event = calendly::webhook::parse(&body).unwrap();
        assert_eq!(event.trigger, trigger, "{name}");
        let booking = event.booking.unwrap();
        assert_eq!(booking.attendee.name.as_deref(), Some("John Doe"), "{name}");
        // They come without the event's times, which have to be read.
        assert_eq!(booking.start, None, "{name}");
        assert!(calendly::ids_of(&booking.uid).is_some(), "{name}");
    }
}

/// Every file, and where it is held: a delivery below and in `vio-webhooks`, Twilio's in `tests/twilio.rs`, the rest below.
const ALL: &[&str] = &[
    "calcom/doc-2026.BOOKING_CANCELLED.json",
    "calcom/doc-2026.BOOKING_CREATED.json",
    "calcom/doc-2026.BOOKING_NO_SHOW_UPDATED.marked.json",
    "calcom/doc-2026.BOOKING_NO_SHOW_UPDATED.unmarked.json",
    "calcom/doc-2026.BOOKING_REJECTED.json",
    "calcom/doc-2026.BOOKING_REQUESTED.json",
    "calcom/doc-2026.BOOKING_RESCHEDULED.json",
    "calcom/doc-2026.MEETING_ENDED.json",
    "calcom/v2-get-bookings.openapi-example.json",
    "calcom/v2-get-me.openapi-example.json",
    "calendly/api.get.scheduled_events.200.Example.json",
    "calendly/api.get.scheduled_events_uuid_invitees.200.Example.json",
    "calendly/api.get.users_me.200.Example.json",
    "calendly/api.get.webhook_subscriptions.200.Example.json",
    "calendly/official-2024.invitee_canceled.json",
    "calendly/official-2024.invitee_created.json",
    "govuk/bank-holidays.json",
    "retell/create-phone-call.errors.json",
    "retell/create-phone-call.request.sdk-test.json",
    "retell/get-call.phone-call.openapi-example.json",
    "retell/signature-vectors.json",
    "retell/v3-list-calls.request.json",
    "retell/webhook.call_analyzed.from-openapi-example.json",
    "retell/webhook.call_ended.from-openapi-example.json",
    "retell/webhook.call_ended.official-doc-sample.json",
    "retell/webhook.call_started.from-openapi-example.json",
    "twilio/error-21211.json",
    "twilio/error-21610.json",
    "twilio/inbound-sms.form.txt",
    "twilio/lookup-v2.fetch.json",
    "twilio/lookup-v2.fetchInvalid.json",
    "twilio/lookup-v2.fetchLineTypeIntelligence.json",
    "twilio/message-create-201.create.json",
    "twilio/signature-vectors.json",
    "twilio/status-callback.form.txt",
];

#[test]
fn every_sample_is_known() {
    let beside = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/payloads");
    let folder = std::env::var_os("VIO_PAYLOADS").map_or(beside, PathBuf::from);
    let Ok(providers) = std::fs::read_dir(&folder) else {
        eprintln!(
            "SKIPPED: no samples; set VIO_PAYLOADS to the folder with the providers' samples"
        );
        return;
    };
    let mut found = BTreeSet::new();
    for provider in providers {
        let provider = provider.unwrap().path();
        let files = std::fs::read_dir(&provider).into_iter().flatten();
        for file in files {
            let path = file.unwrap().path();
            let name = path.strip_prefix(&folder).unwrap().to_string_lossy();
            found.insert(name.replace('\\', "/"));
        }
    }
    let known: BTreeSet<String> = ALL.iter().map(|name| (*name).to_owned()).collect();
    assert_eq!(
        found, known,
        "a sample that nothing holds, or one that is gone"
    );
}

fn json_sample(name: &str) -> Option<Value> {
    sample(name).map(|bytes| serde_json::from_slice(&bytes).unwrap())
}

/// A server that answers every request so; and the address of it.
async fn answering(status: u16, body: String) -> BaseUrl {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = BaseUrl::parse(&format!("http://{}", listener.local_addr().unwrap())).unwrap();
    tokio::spawn(async move {
        while let Ok((mut connection, _)) = listener.accept().await {
            let mut request = vec![0; 64 * 1024];
            let _ = connection.read(&mut request).await;
            let length = body.len();
            let answer = format!(
                "HTTP/1.1 {status} X\r\ncontent-type: application/json\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{body}"
            );
            let _ = connection.write_all(answer.as_bytes()).await;
        }
    });
    base
}

fn secret() -> SecretString {
    SecretString::from("a-secret")
}

#[tokio::test]
async fn calcoms_answers_are_read() {
    if let Some(answer) = json_sample("calcom/v2-get-me.openapi-example.json") {
        let client = CalcomClient::new(
            Http::new(),
            answering(200, answer.to_string()).await,
            secret(),
        );
        let me = client.me(SOON).await.unwrap();
        assert_eq!(
            (me.username.as_deref(), me.email.as_deref()),
            (Some("string"), Some("string"))
        );
    }
    let Some(answer) = json_sample("calcom/v2-get-bookings.openapi-example.json") else {
        return;
    };
    let client = CalcomClient::new(
        Http::new(),
        answering(200, answer.to_string()).await,
        secret(),
    );
    let read = client.updated(Updated::default(), SOON).await.unwrap();
    // It says that there are more, though fewer came than were asked for.
    assert_eq!((read.count, read.more), (1, true));
    let booking = &read.bookings[0];
    assert_eq!(booking.uid, "booking_uid_123");
    assert_eq!(booking.moved_from.as_deref(), Some("previous_uid_123"));
    assert_eq!(booking.start.to_rfc3339(), "2024-08-13T15:30:00+00:00");
    let event = booking.event().unwrap();
    assert_eq!(event.trigger, Trigger::BookingRescheduled);
    let told = event.booking.unwrap();
    assert_eq!(told.attendee.name.as_deref(), Some("John Doe"));
    assert_eq!(told.attendee.phones, ["+919876543210"]);
    assert_eq!(told.organizer_name.as_deref(), Some("Jane Doe"));
    // The last page, one that says nothing of pages, one that is empty though it speaks of more, and what is no list.
    let with = |change: &dyn Fn(&mut Value)| {
        let mut answer = answer.clone();
        change(&mut answer);
        answer
    };
    for (answer, expected) in [
        (
            with(&|a| a["pagination"]["hasNextPage"] = json!(false)),
            Some((1, false)),
        ),
        (with(&|a| a["pagination"] = Value::Null), Some((1, false))),
        (with(&|a| a["data"] = json!([])), Some((0, false))),
        (
            with(&|a| a["data"] = json!([null, {}, {"uid": "u"}])),
            Some((3, true)),
        ),
        (with(&|a| a["data"] = json!({})), None),
        (json!([]), None),
    ] {
        let client = CalcomClient::new(
            Http::new(),
            answering(200, answer.to_string()).await,
            secret(),
        );
        let read = client.updated(Updated::default(), SOON).await;
        match expected {
            Some(expected) => {
                let read = read.unwrap();
                assert_eq!((read.count, read.more), expected, "{answer}");
            }
            None => {
                assert_eq!(
                    read.unwrap_err(),
                    ApiError::NoAnswer(Unanswered::Unreadable),
                    "{answer}"
                );
            }
        }
    }
}

#[tokio::test]
async fn calendlys_answers_are_read() {
    let client = async |name: &str| -> Option<CalendlyClient> {
        let answer = json_sample(name)?.to_string();
        Some(CalendlyClient::new(
            Http::new(),
            answering(200, answer).await,
            secret(),
        ))
    };
    let Some(api) = client("calendly/api.get.users_me.200.Example.json").await else {
        return;
    };
    let me = api.me(SOON).await.unwrap();
    assert_eq!(me.uri, "https://api.calendly.com/users/AAAAAAAAAAAAAAAA");
    assert_eq!(
        me.organization,
        "https://api.calendly.com/organizations/AAAAAAAAAAAAAAAA"
    );
    assert_eq!(me.email.as_deref(), Some("user@example.com"));

    let api = client("calendly/api.get.scheduled_events.200.Example.json")
        .await
        .unwrap();
    let page = api
        .scheduled_events(&Wanted::default(), SOON)
        .await
        .unwrap();
    let event = &page.items[0];
    assert_eq!(
        (event.id.as_str(), event.canceled),
        ("GBGBDCAADAEDCRZ2", false)
    );
    assert_eq!(event.name.as_deref(), Some("15 Minute Meeting"));
    assert_eq!(
        page.next.as_deref(),
        Some("sNjq4TvMDfUHEl7zHRR0k0E1PCEJWvdi")
    );

    let name = "calendly/api.get.scheduled_events_uuid_invitees.200.Example.json";
    let people = client(name)
        .await
        .unwrap()
        .invitees("AAAAAAAAAAAAAAAA", None, SOON)
        .await
        .unwrap();
    assert_eq!(people.items.len(), 1);
    assert!(people.next.is_some());
    let read = calendly::reading::ReadInvitee::read(event, people.items[0].clone()).unwrap();
    assert!(!read.off && !read.replaced);
    let told = read.event().unwrap();
    assert_eq!(told.trigger, Trigger::BookingCreated);
    let booking = told.booking.unwrap();
    assert_eq!(booking.attendee.first_name.as_deref(), Some("John"));
    assert_eq!(booking.attendee.email.as_deref(), Some("test@example.com"));
    assert!(booking.attendee.phones.is_empty());

    // The list names a page after it for ever: it is not read for ever.
    let name = "calendly/api.get.webhook_subscriptions.200.Example.json";
    let all = client(name)
        .await
        .unwrap()
        .subscriptions(&me, SOON)
        .await
        .unwrap();
    let hook = &all[0];
    assert_eq!(
        (hook.url.as_str(), hook.active),
        ("https://blah.foo/bar", true)
    );
    assert!(!hook.tells_enough(), "it does not tell of cancellations");
}

#[tokio::test]
async fn retells_answers_are_read_and_its_refusals_told_apart() {
    if let Some(errors) = json_sample("retell/create-phone-call.errors.json") {
        for (status, body) in errors.as_object().unwrap() {
            let status: u16 = status.parse().unwrap();
            let base = answering(status, body.to_string()).await;
            let api = HttpRetellFactory::new(Http::new()).client(base, secret());
            let error = api.create_call(b"{}", SOON).await.unwrap_err();
            match (status, error) {
                // After a failure of its own the call may have been placed.
                (500, ApiError::NoAnswer(Unanswered::Status(500))) => {}
                (_, ApiError::Refused { status: told, .. }) => assert_eq!(told, status),
                (_, other) => panic!("{status}: {other:?}"),
            }
        }
    }
    let Some(call) = json_sample("retell/get-call.phone-call.openapi-example.json") else {
        return;
    };
    let base = answering(200, call.to_string()).await;
    let api = HttpRetellFactory::new(Http::new()).client(base, secret());
    let read = api
        .get_call("Jabr9TXYYJHfvl6Syypi88rdAHYHmcq6", SOON)
        .await
        .unwrap();
    assert_eq!(read.duration_ms, Some(10_000));
    assert_eq!(read.cost_millicents, Some(70_000));
    assert_eq!(
        read.disconnection_reason
            .as_ref()
            .map(|reason| reason.as_str()),
        Some("user_hangup")
    );
    assert!(read.transcript.is_some() && read.analysis.is_some());
    assert_eq!(read.attempt_id, None, "it is nobody's of ours");
}

/// What we send has the names and kinds of the provider's own requests.
#[test]
fn our_requests_to_retell_are_as_its_own() {
    let Some(own) = json_sample("retell/create-phone-call.request.sdk-test.json") else {
        return;
    };
    let id = Uuid::from_u128(1);
    let ours = CreateCallRequest {
        from_number: "+442079460002".into(),
        to_number: "+442079460003".into(),
        agent_id: "agent_1".into(),
        metadata: CallMetadata {
            tenant_id: TenantId::new(id),
            contact_id: ContactId::new(id),
            session_id: SessionId::new(id),
            attempt_id: AttemptId::new(id),
        },
        dynamic_variables: BTreeMap::from([("first_name".into(), "Ada".into())]),
        agent: AgentSettings {
            webhook_url: "https://app.example/api/webhook/call-outcome/x".into(),
            data_storage: DataStorage::Everything,
            data_storage_retention_days: 30,
            max_call_duration_ms: MAX_CALL_DURATION_MS,
            ring_duration_ms: DEFAULT_RING_DURATION_MS,
            voicemail: Voicemail::Hangup,
        },
    };
    let ours: Value = serde_json::from_slice(&ours.to_bytes()).unwrap();
    let kind = |value: &Value| std::mem::discriminant(value);
    for name in [
        "from_number",
        "to_number",
        "override_agent_id",
        "metadata",
        "retell_llm_dynamic_variables",
    ] {
        assert_eq!(kind(&ours[name]), kind(&own[name]), "{name}");
    }
    // Our filter's form is held beside the client (`tests/http.rs`).
    let list = json_sample("retell/v3-list-calls.request.json").unwrap();
    let filter = list["filter_criteria"]["metadata"][0].as_object().unwrap();
    let names: Vec<&str> = filter.keys().map(String::as_str).collect();
    assert_eq!(names, ["key", "op", "type", "value"]);
    assert_eq!(
        (&filter["op"], &filter["type"]),
        (&json!("eq"), &json!("string"))
    );
}

#[test]
fn retells_signature_vectors_hold() {
    let Some(vector) = json_sample("retell/signature-vectors.json") else {
        return;
    };
    let text = |name: &str| vector[name].as_str().unwrap();
    let body = text("body").as_bytes();
    let keys = [SecretString::from(text("api_key"))];
    let at = vector["timestamp_ms"].as_i64().unwrap();
    let tolerance = vector["tolerance_ms"].as_i64().unwrap();
    let now = |milliseconds| chrono::DateTime::from_timestamp_millis(milliseconds).unwrap();
    let verify = |header: &str, at| retell::webhook::verify(header, body, &keys, now(at));
    for off in [0, tolerance, -tolerance] {
        assert_eq!(verify(text("signature"), at + off), Ok(()), "{off}");
    }
    for off in [tolerance + 1, -tolerance - 1] {
        assert_eq!(
            verify(text("signature"), at + off),
            Err(SignatureError::Expired),
            "{off}"
        );
    }
    for header in vector["reject"].as_array().unwrap() {
        assert!(verify(header.as_str().unwrap(), at).is_err(), "{header}");
    }
}

/// The bank holidays that ship are those of GOV.UK, day for day.
#[test]
fn the_bank_holidays_that_ship_are_the_governments() {
    let Some(official) = json_sample("govuk/bank-holidays.json") else {
        return;
    };
    for (name, division) in [
        ("england-and-wales", Division::EnglandAndWales),
        ("scotland", Division::Scotland),
        ("northern-ireland", Division::NorthernIreland),
    ] {
        let events = official[name]["events"].as_array().unwrap();
        let official: BTreeMap<String, String> = events
            .iter()
            .map(|one| {
                let text = |field: &str| one[field].as_str().unwrap().to_owned();
                (text("date"), text("title"))
            })
            .collect();
        let ours = BankHolidays::shipped().of(division);
        let ours: BTreeMap<String, String> = ours
            .map(|(date, title)| (date.to_string(), title.to_owned()))
            .collect();
        assert_eq!(ours, official, "{name}");
    }
    let scotland = BankHolidays::shipped();
    let one_off = "2026-06-15".parse().unwrap();
    assert!(scotland.title(Division::Scotland, one_off).is_some());
    assert!(scotland.title(Division::EnglandAndWales, one_off).is_none());
}
