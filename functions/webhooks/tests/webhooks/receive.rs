//! What is let in, and what is not.

use chrono::TimeDelta;
use http::StatusCode;
use serde_json::json;
use vio_domain::bookings::Calendar;

use crate::support::*;

const CREATED: fn() -> Vec<u8> = || Booking::created("u1", 7, 0).json().to_string().into_bytes();
const ENDED: &[u8] = br#"{"event":"call_ended","call":{"call_id":"call_1"}}"#;

#[tokio::test]
async fn a_booking_without_the_right_signature_stays_out() {
    let clinic = Clinic::new().await;
    let body = CREATED();
    let right = hmac_hex(CALCOM_SECRET, &[&body]);
    let forged = hmac_hex("another-secret", &[&body]);
    let empty = hmac_hex("", &[&body]);
    let of_another_body = hmac_hex(CALCOM_SECRET, &[b"{}"]);
    for header in [
        None,
        Some("no-secret-provided"),
        Some(""),
        Some(forged.as_str()),
        Some(empty.as_str()),
        Some(of_another_body.as_str()),
        Some(right.to_uppercase().as_str()),
    ] {
        let header = header.map(|value| ("x-cal-signature-256", value));
        let (status, answer) = clinic.post(&clinic.bookings, header, body.clone()).await;
        assert_eq!(status, StatusCode::UNAUTHORIZED, "{header:?} {answer}");
    }
    assert!(clinic.test.queues.take_inbox().is_empty());
    // Staff see it in the calendar's status, and not once for each.
    let noted = async || {
        let row = clinic.store().calendar(Calendar::Calcom).await.unwrap();
        let failures = row.map(|row| row.failures).unwrap_or_default();
        failures
            .into_iter()
            .map(|one| one.reason)
            .collect::<Vec<_>>()
    };
    assert_eq!(noted().await, ["wrong_signature"]);
    clinic.test.advance(TimeDelta::minutes(15));
    let header = Some(("x-cal-signature-256", forged.as_str()));
    clinic.post(&clinic.bookings, header, body.clone()).await;
    assert_eq!(noted().await, ["wrong_signature", "wrong_signature"]);
    assert_eq!(clinic.book(&body).await.0, StatusCode::OK);
    assert_eq!(clinic.test.queues.take_inbox().len(), 1);
}

#[tokio::test]
async fn a_call_event_must_be_signed_now() {
    let clinic = Clinic::new().await;
    let now = clinic.now();
    let tolerance = TimeDelta::milliseconds(300_000);
    let moment = TimeDelta::milliseconds(1);
    for (key, at, expected) in [
        ("another-key", now, 401),
        (RETELL_KEY, now - tolerance - moment, 401),
        (RETELL_KEY, now + tolerance + moment, 401),
        (RETELL_KEY, now - tolerance, 200),
        (RETELL_KEY, now + tolerance, 200),
    ] {
        let signature = retell_signature(key, ENDED, at);
        let header = Some(("x-retell-signature", signature.as_str()));
        let (status, _) = clinic.post(&clinic.calls, header, ENDED).await;
        assert_eq!(status.as_u16(), expected, "{key} {at}");
    }
    assert_eq!(
        clinic.post(&clinic.calls, None, ENDED).await.0,
        StatusCode::UNAUTHORIZED
    );
    // The developer's clock does not make an old signature new, nor a new one old.
    clinic.test.clock.advance(TimeDelta::days(1));
    let signature = retell_signature(RETELL_KEY, ENDED, now);
    let header = Some(("x-retell-signature", signature.as_str()));
    let (status, answer) = clinic.post(&clinic.calls, header, ENDED).await;
    assert_eq!(
        (status, &answer["status"]),
        (StatusCode::OK, &json!("duplicate"))
    );
}

#[tokio::test]
async fn both_secrets_count_for_a_day_after_a_rotation() {
    let clinic = Clinic::new().await;
    let now = clinic.now();
    clinic
        .set(|opened| {
            opened
                .secrets
                .retell_key
                .rotate("new-retell-key".into(), now);
            opened
                .secrets
                .calcom_webhook
                .rotate("new-secret".into(), now);
        })
        .await;
    let day = TimeDelta::hours(24);
    for (after, old_is_good) in [
        (TimeDelta::zero(), true),
        (day - TimeDelta::milliseconds(1), true),
        (day, false),
    ] {
        clinic.test.real_clock.set(now + after);
        for (key, good) in [(RETELL_KEY, old_is_good), ("new-retell-key", true)] {
            let signature = retell_signature(key, ENDED, now + after);
            let header = Some(("x-retell-signature", signature.as_str()));
            let (status, _) = clinic.post(&clinic.calls, header, ENDED).await;
            assert_eq!(status == StatusCode::OK, good, "{key} {after}");
        }
        let body = CREATED();
        for (secret, good) in [(CALCOM_SECRET, old_is_good), ("new-secret", true)] {
            let signature = hmac_hex(secret, &[&body]);
            let header = Some(("x-cal-signature-256", signature.as_str()));
            let (status, _) = clinic.post(&clinic.bookings, header, body.clone()).await;
            assert_eq!(status == StatusCode::OK, good, "{secret} {after}");
        }
    }
}

#[tokio::test]
async fn an_address_is_one_providers_of_one_tenant() {
    let clinic = Clinic::new().await;
    let other = clinic
        .test
        .tenant("Other Clinic", vio_domain::settings::BusinessType::Medical)
        .await;
    let endpoints = clinic.store().settings().await.unwrap().endpoints;
    let others = other.store.settings().await.unwrap().endpoints;
    let body = CREATED();
    let signature = hmac_hex(CALCOM_SECRET, &[&body]);
    let header = Some(("x-cal-signature-256", signature.as_str()));
    for (id, expected) in [
        ("AAAAAAAAAAAAAAAAAAAAAAAA", 404),
        ("nonsense", 404),
        ("..%2F..%2Fapi", 404),
        (endpoints.call_outcome.as_str(), 404),
        // Another tenant's address takes only what that tenant's secret signed: it has none.
        (others.calcom_booking.as_str(), 401),
        (endpoints.calcom_booking.as_str(), 200),
    ] {
        let path = format!("/api/webhook/calcom-booking/{id}");
        let (status, answer) = clinic.post(&path, header, body.clone()).await;
        assert_eq!(status.as_u16(), expected, "{id} {answer}");
    }
}

#[tokio::test]
async fn what_is_signed_but_no_event_is_refused() {
    let clinic = Clinic::new().await;
    let deep = format!("{}1{}", "{\"a\":".repeat(40), "}".repeat(40));
    let twice = r#"{"triggerEvent":"BOOKING_CREATED","triggerEvent":"PING"}"#;
    let no_uid = r#"{"triggerEvent":"BOOKING_CANCELLED","payload":{}}"#;
    for body in [
        "",
        "{",
        "[]",
        "\"x\"",
        "{}",
        "\u{0}",
        deep.as_str(),
        twice,
        no_uid,
    ] {
        for (status, answer) in [
            clinic.book(body.as_bytes()).await,
            clinic.tell(body.as_bytes()).await,
        ] {
            // Retell has no trigger to miss in what Cal.com sends: it misses its own.
            assert_eq!(status, StatusCode::BAD_REQUEST, "{body:?} {answer}");
            assert!(
                answer["errors"][0]["pointer"].is_string(),
                "{body:?} {answer}"
            );
        }
    }
    assert!(clinic.test.queues.take_inbox().is_empty());
}

/// Text that compression makes little of.
pub(crate) fn noise(bytes: usize) -> String {
    let mut state = 0x2545_f491_4f6c_dd1d_u64;
    let alphabet = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    (0..bytes)
        .map(|_| {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            char::from(alphabet[(state % 64) as usize])
        })
        .collect()
}

#[tokio::test]
async fn size_is_limited() {
    let clinic = Clinic::new().await;
    let with_notes = |notes: String| {
        let mut event = Booking::created("u1", 7, 0).json();
        event["payload"]["additionalNotes"] = json!(notes);
        event.to_string().into_bytes()
    };
    let too_large = StatusCode::PAYLOAD_TOO_LARGE;
    assert_eq!(
        clinic.book(&with_notes("x".repeat(1024 * 1024))).await.0,
        too_large
    );
    assert!(clinic.test.queues.take_inbox().is_empty());
    let words = "and how are you today ".repeat(100_000);
    let call = json!({"event": "call_ended", "call": {"call_id": "call_1", "transcript": words}});
    assert_eq!(
        clinic.tell(call.to_string().as_bytes()).await.0,
        StatusCode::OK
    );
    let call = json!({"event": "call_ended", "call": {"call_id": "call_2", "transcript": words.repeat(3)}});
    assert_eq!(clinic.tell(call.to_string().as_bytes()).await.0, too_large);
}

#[tokio::test]
async fn what_is_not_used_is_accepted_and_not_kept() {
    let clinic = Clinic::new().await;
    let ignored = json!({"status": "ignored"});
    let meeting = br#"{"triggerEvent":"MEETING_ENDED","uid":"u1","startTime":"x"}"#;
    assert_eq!(
        clinic.book(meeting).await,
        (StatusCode::OK, ignored.clone())
    );
    let other = br#"{"event":"transcript_updated"}"#;
    assert_eq!(clinic.tell(other).await, (StatusCode::OK, ignored.clone()));
    clinic
        .set(|opened| opened.settings.integrations.calcom.event_type_id = Some(7))
        .await;
    assert_eq!(
        clinic.book(&CREATED()).await,
        (StatusCode::OK, ignored.clone())
    );
    clinic
        .set(|opened| {
            opened.settings.integrations.calcom.event_type_id = Some(100);
            opened.settings.integrations.calcom.enabled = false;
        })
        .await;
    assert_eq!(clinic.book(&CREATED()).await, (StatusCode::OK, ignored));
    assert_eq!(clinic.drain().await, 0);
    clinic
        .set(|opened| opened.settings.integrations.calcom.enabled = true)
        .await;
    assert_eq!(clinic.book(&CREATED()).await.1["status"], "accepted");
}

#[tokio::test]
async fn a_lost_message_is_made_up_for_by_the_tick_and_a_second_delivery_by_nothing() {
    let clinic = Clinic::new().await;
    assert_eq!(clinic.book(&CREATED()).await.1["status"], "accepted");
    assert_eq!(clinic.book(&CREATED()).await.1["status"], "duplicate");
    let lost = clinic.test.queues.take_inbox();
    assert_eq!(lost.len(), 1);
    let tick = async || vio_reminders::tick(&clinic.test.app).await.unwrap().events;
    assert_eq!(tick().await, 0, "the message has its moment");
    clinic.test.advance(TimeDelta::minutes(1));
    assert_eq!(tick().await, 1);
    assert_eq!(clinic.drain().await, 1);
    let person = clinic.only_person().await;
    assert_eq!(person.appointments.len(), 1);
    // The lost message turns up after all.
    for message in lost {
        vio_webhooks::process(&clinic.webhooks, message)
            .await
            .unwrap();
    }
    let again = clinic.only_person().await;
    assert_eq!(
        (again.contact, again.appointments),
        (person.contact, person.appointments)
    );
    assert_eq!(tick().await, 0);
}

#[tokio::test]
async fn messages_about_nothing_are_acknowledged() {
    let clinic = Clinic::new().await;
    let nobody = vio_domain::ids::TenantId::new(uuid::Uuid::from_u128(7));
    let event = clinic
        .store()
        .event_hash(vio_store::tenants::Provider::Calcom, "x")
        .to_string();
    for tenant in [clinic.tenant.id, nobody] {
        let message = vio_runtime::queues::InboxMessage {
            tenant,
            event: event.clone(),
        };
        vio_webhooks::process(&clinic.webhooks, message)
            .await
            .unwrap();
    }
}
