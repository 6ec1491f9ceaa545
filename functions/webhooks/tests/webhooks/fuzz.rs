//! Whatever comes in, nothing panics, no server error is answered, and what is stored can be processed: recorded events
//! distorted by chance, through each parser and through the function as a provider reaches it. A seed that fails is in the
//! panic's message; `VIO_FUZZ_SEED` runs it alone, and `VIO_SOAK_SEEDS` says how many (`make soak`).

use std::panic::{AssertUnwindSafe, catch_unwind};

use chrono::TimeDelta;
use http::StatusCode;
use serde_json::{Value, json};
use vio_domain::calendar::parse_zone;
use vio_domain::phone::{self, Country};
use vio_domain::text::{Email, PersonName};
use vio_providers::{calcom, calendly, retell, twilio};

use crate::mutate::{Chance, broken, distorted, form, sample, text};
use crate::support::*;

/// Seeds of a usual run, and cases of each seed.
const SEEDS: u64 = 20;
const CASES: usize = 60;

fn seeds() -> Vec<u64> {
    let number = |name: &str| std::env::var(name).ok()?.parse::<u64>().ok();
    match number("VIO_FUZZ_SEED") {
        Some(seed) => vec![seed],
        None => (1..=number("VIO_SOAK_SEEDS").unwrap_or(SEEDS)).collect(),
    }
}

/// Runs `case` with each seed; a panic is told with the seed and what was being read.
fn with_each_seed(name: &str, case: impl Fn(&mut Chance) -> Vec<Vec<u8>>, read: impl Fn(&[u8])) {
    for seed in seeds() {
        let mut chance = Chance::new(seed);
        for bytes in case(&mut chance) {
            let outcome = catch_unwind(AssertUnwindSafe(|| read(&bytes)));
            assert!(
                outcome.is_ok(),
                "{name}, VIO_FUZZ_SEED={seed}: {:?}",
                String::from_utf8_lossy(&bytes)
            );
        }
    }
}

/// Distorted and broken forms of samples.
fn cases(samples: &[Value], chance: &mut Chance) -> Vec<Vec<u8>> {
    (0..CASES)
        .map(|_| {
            let value = distorted(chance.pick(samples), chance);
            let bytes = value.to_string().into_bytes();
            if chance.below(3) == 0 {
                broken(&bytes, chance)
            } else {
                bytes
            }
        })
        .collect()
}

fn bookings() -> Vec<Value> {
    vec![
        sample("calcom-booking-created.json"),
        sample("calcom-booking.json"),
        Booking::created("u1", 7, 0).json(),
        Booking::cancelled("u1", 7, 1).json(),
        json!({ "triggerEvent": "MEETING_ENDED", "uid": "u1", "createdAt": "2026-03-02T09:00:00Z" }),
        json!({ "triggerEvent": "BOOKING_NO_SHOW_UPDATED", "createdAt": "2026-03-02T09:00:00Z",
                "payload": { "bookingUid": "u1", "attendees": [{ "email": "a@example.com", "noShow": true }] } }),
    ]
}

fn invitees() -> Vec<Value> {
    let created = sample("calendly-booking.json");
    let with = |name: &str, more: fn(&mut Value)| {
        let mut event = created.clone();
        event["event"] = json!(name);
        more(&mut event["payload"]);
        event
    };
    vec![
        with("invitee.canceled", |it| {
            it["cancellation"] = json!({ "created_at": "2026-03-02T10:00:00.000000Z" });
        }),
        with("invitee.canceled", |it| it["rescheduled"] = json!(true)),
        with("invitee.created", |it| {
            it["old_invitee"] = json!("https://api.calendly.com/scheduled_events/A/invitees/B");
        }),
        with("invitee_no_show.created", |_| {}),
        created,
    ]
}

fn calls() -> Vec<Value> {
    let ended = sample("call-outcome.json");
    let mut analyzed = ended.clone();
    analyzed["event"] = json!("call_analyzed");
    analyzed["call"] = json!({
        "call_id": "sample-call", "call_status": "ended", "disconnection_reason": "user_hangup",
        "start_timestamp": 1_772_442_000_000_i64, "end_timestamp": 1_772_442_060_000_i64, "duration_ms": 60_000,
        "metadata": { "tenant_id": "x", "attempt_id": "y" }, "transcript": "Agent: Hello",
        "call_analysis": { "call_summary": "They confirmed.", "user_sentiment": "Positive", "call_successful": true,
                           "custom_analysis_data": { "appointment_action": "rescheduled", "new_time": "2026-03-12T10:30" } },
    });
    vec![ended, analyzed]
}

fn forms() -> Vec<Value> {
    let sid = "SM8c4d7beaf75ce73ce83ecaf57942bfe3";
    vec![
        json!({ "MessageSid": sid, "SmsStatus": "received", "From": "+447911000001", "To": "+447700153842", "Body": "YES" }),
        json!({ "MessageSid": sid, "MessageStatus": "undelivered", "ErrorCode": "30003", "To": "+447911000001" }),
    ]
}

/// A form's bytes, of an object's members.
fn form_cases(chance: &mut Chance) -> Vec<Vec<u8>> {
    let samples = forms();
    (0..CASES)
        .map(|_| {
            let value = distorted(chance.pick(&samples), chance);
            let bytes = form(value.as_object().unwrap_or(&Default::default())).into_bytes();
            if chance.below(2) == 0 {
                broken(&bytes, chance)
            } else {
                bytes
            }
        })
        .collect()
}

#[test]
fn fuzzed_bookings_of_cal_com_are_read_or_refused() {
    let samples = bookings();
    with_each_seed(
        "Cal.com",
        |chance| cases(&samples, chance),
        |body| {
            let _ = calcom::webhook::parse(body);
            let _ = calcom::reading::kept(body);
            let value = serde_json::from_slice(body).unwrap_or_default();
            if let Some(read) = calcom::reading::ReadBooking::read(value) {
                let _ = (read.event(), read.identity());
                assert!(calcom::reading::kept(&read.body()).is_ok());
            }
        },
    );
}

#[test]
fn fuzzed_bookings_of_calendly_are_read_or_refused() {
    let samples = invitees();
    with_each_seed(
        "Calendly",
        |chance| cases(&samples, chance),
        |body| {
            let _ = calendly::webhook::parse(body);
            let _ = calendly::reading::kept(body);
            let value: Value = serde_json::from_slice(body).unwrap_or_default();
            let uri = value["payload"]["uri"].as_str().unwrap_or_default();
            let _ = calendly::ids_of(uri);
        },
    );
}

#[test]
fn fuzzed_calls_are_read_or_refused() {
    let samples = calls();
    let now = chrono::DateTime::from_timestamp(1_772_442_000, 0).unwrap();
    with_each_seed(
        "Retell",
        |chance| cases(&samples, chance),
        |body| {
            let Ok(event) = retell::webhook::parse(body) else {
                return;
            };
            let _ = event.identity();
            if let Some(call) = event.call {
                let _ = (call.ending(), call.connected(), call.needs_zone());
                for moment in [
                    retell::Moment::Started,
                    retell::Moment::Ended,
                    retell::Moment::Analyzed,
                ] {
                    let _ = call.news(moment, chrono_tz::Europe::London, now);
                }
            }
        },
    );
}

#[test]
fn fuzzed_forms_are_read_or_refused() {
    with_each_seed("Twilio", form_cases, |body| {
        if let Ok(form) = twilio::Form::parse(body) {
            let _ = twilio::webhook::Event::of(&form);
            let _ = twilio::webhook::Event::identity(&form);
        }
    });
}

#[test]
fn fuzzed_signatures_are_refused() {
    let keys = [secrecy::SecretString::from("key".to_owned())];
    let now = chrono::DateTime::from_timestamp(1_772_442_000, 0).unwrap();
    let samples = [
        "v=1772442000000,d=07024cabe7dd8f6d1c6e4a8324ca92c812e6ad4a7ee506c04f7e462e3321823e",
        "t=1772442000,v1=07024cabe7dd8f6d1c6e4a8324ca92c812e6ad4a7ee506c04f7e462e3321823e",
        "RSOYDt4T1cUTdK1PDd93/VVr8B8=",
        "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    ];
    let made = |chance: &mut Chance| {
        (0..CASES)
            .map(|_| broken(chance.pick(&samples).as_bytes(), chance))
            .collect()
    };
    with_each_seed("signatures", made, |header| {
        let header = String::from_utf8_lossy(header);
        assert!(retell::webhook::verify(&header, b"{}", &keys, now).is_err());
        assert!(calendly::webhook::verify(&header, b"{}", &keys, now).is_err());
        assert!(calcom::webhook::verify(&header, b"{}", &keys).is_err());
        let form = twilio::Form::default();
        let url = "https://app.example/";
        assert!(twilio::webhook::verify(&header, url, &form, &keys).is_err());
        let stamp = "1772442000";
        let checked = vio_providers::outgoing::verify(&keys[0], "7", stamp, &header, b"{}", now);
        assert!(checked.is_err());
    });
}

#[test]
fn fuzzed_numbers_names_addresses_and_zones_are_read_or_refused() {
    let made = |chance: &mut Chance| {
        (0..CASES)
            .map(|_| {
                let bytes = text(chance).into_bytes();
                if chance.below(3) == 0 {
                    broken(&bytes, chance)
                } else {
                    bytes
                }
            })
            .collect()
    };
    with_each_seed("text", made, |bytes| {
        let text = String::from_utf8_lossy(bytes);
        for country in [Country::GB, Country::US] {
            if let Ok(phone) = phone::parse(&text, country) {
                let again = phone::parse(phone.e164.as_str(), country).unwrap();
                assert_eq!(again.e164, phone.e164);
            }
        }
        let _ = parse_zone(&text);
        if let Ok(email) = Email::parse(&text) {
            assert_eq!(Email::parse(email.as_str()), Ok(email));
        }
        if let Ok(name) = PersonName::parse(&text) {
            let _ = name.split();
            assert_eq!(PersonName::parse(name.as_str()), Ok(name));
        }
    });
}

/// The function's own way: signed as the provider signs, stored, processed from the queue.
#[tokio::test]
async fn fuzzed_events_are_taken_or_refused_and_what_is_taken_can_be_processed() {
    let (booked, invited) = (bookings(), invitees());
    for seed in seeds() {
        let clinic = Clinic::new().await;
        let mut chance = Chance::new(seed);
        let granted = crate::calls::granted(&clinic).await;
        let heard = crate::calls::course(
            &clinic,
            &granted,
            json!({ "appointment_action": "confirmed" }),
        )
        .await;
        for _ in 0..CASES / 4 {
            for provider in 0..3 {
                let samples = [&booked, &invited, &heard][provider];
                let mut body = distorted(chance.pick(samples), &mut chance)
                    .to_string()
                    .into_bytes();
                if chance.below(4) == 0 {
                    body = broken(&body, &mut chance);
                }
                let (status, answer) = match provider {
                    0 => clinic.book(&body).await,
                    1 => clinic.book_at_calendly(&body).await,
                    _ => clinic.tell(&body).await,
                };
                let said = String::from_utf8_lossy(&body);
                let refused = [
                    StatusCode::OK,
                    StatusCode::BAD_REQUEST,
                    StatusCode::PAYLOAD_TOO_LARGE,
                    StatusCode::UNPROCESSABLE_ENTITY,
                ];
                assert!(
                    refused.contains(&status),
                    "VIO_FUZZ_SEED={seed}: {status} {answer} for {said}"
                );
                for message in clinic.test.queues.take_inbox() {
                    let outcome = vio_webhooks::process(&clinic.webhooks, message).await;
                    assert!(
                        outcome.is_ok(),
                        "VIO_FUZZ_SEED={seed}: {outcome:?} of {said}"
                    );
                }
                clinic.test.advance(TimeDelta::seconds(1));
            }
        }
    }
}
