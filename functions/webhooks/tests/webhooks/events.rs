//! The function as Lambda invokes it: requests and batches, told apart by their form.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use lambda_http::Context;
use serde_json::{Value, json};

use crate::support::*;

pub(crate) fn sample_event(name: &str) -> Value {
    let path = format!(
        "{}/../../events/webhooks/{name}.json",
        env!("CARGO_MANIFEST_DIR")
    );
    serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
}

async fn invoke(clinic: &Clinic, payload: Value) -> Value {
    vio_webhooks::invoke(
        &clinic.webhooks,
        &clinic.service,
        payload,
        Context::default(),
    )
    .await
    .unwrap()
}

#[tokio::test]
async fn a_request_in_text_or_base64_and_then_its_message() {
    let clinic = Clinic::new().await;
    let body = Booking::created("u1", 7, 0).json().to_string();
    let signature = hmac_hex(CALCOM_SECRET, &[body.as_bytes()]);
    for (text, encoded, status) in [
        (body.clone(), false, "accepted"),
        (STANDARD.encode(&body), true, "duplicate"),
    ] {
        let mut request = sample_event("calcom-booking");
        request["rawPath"] = json!(clinic.bookings);
        request["requestContext"]["http"]["path"] = json!(clinic.bookings);
        request["headers"]["x-cal-signature-256"] = json!(signature);
        request["body"] = json!(text);
        request["isBase64Encoded"] = json!(encoded);
        let answer = invoke(&clinic, request).await;
        assert_eq!(answer["statusCode"], 200, "{answer}");
        let receipt: Value = serde_json::from_str(answer["body"].as_str().unwrap()).unwrap();
        assert_eq!(receipt["status"], status);
    }
    let message = clinic.test.queues.take_inbox().remove(0);
    let mut batch = sample_event("inbox");
    batch["Records"][0]["body"] = json!(serde_json::to_string(&message).unwrap());
    let answer = invoke(&clinic, batch.clone()).await;
    assert_eq!(answer["batchItemFailures"], json!([]));
    assert_eq!(clinic.only_person().await.appointments.len(), 1);
    // A message that is none is not delivered again.
    batch["Records"][0]["body"] = json!("nonsense");
    assert_eq!(invoke(&clinic, batch).await["batchItemFailures"], json!([]));
}

#[tokio::test]
async fn calendlys_request_in_text_or_base64() {
    let clinic = Clinic::new().await;
    let mut request = sample_event("calendly-booking");
    let body = request["body"].as_str().unwrap().to_owned();
    let signature = calendly_signature(CALENDLY_KEY, body.as_bytes(), clinic.now());
    for (text, encoded, status) in [
        (STANDARD.encode(&body), true, "accepted"),
        (body.clone(), false, "duplicate"),
    ] {
        request["rawPath"] = json!(clinic.calendly);
        request["requestContext"]["http"]["path"] = json!(clinic.calendly);
        request["headers"]["calendly-webhook-signature"] = json!(signature);
        request["body"] = json!(text);
        request["isBase64Encoded"] = json!(encoded);
        let answer = invoke(&clinic, request.clone()).await;
        assert_eq!(answer["statusCode"], 200, "{answer}");
        let receipt: Value = serde_json::from_str(answer["body"].as_str().unwrap()).unwrap();
        assert_eq!(receipt["status"], status);
    }
    clinic.drain().await;
    let person = clinic.only_person().await;
    assert_eq!(person.contact.name.as_str(), "Guest User");
    assert_eq!(person.appointments.len(), 1);
}

#[tokio::test]
async fn the_samples_as_they_are_do_no_harm() {
    let clinic = Clinic::new().await;
    for (name, expected) in [
        ("calcom-booking", 404),
        ("calendly-booking", 404),
        ("call-outcome", 404),
        ("sms", 404),
    ] {
        let answer = invoke(&clinic, sample_event(name)).await;
        assert_eq!(answer["statusCode"], expected, "{name} {answer}");
    }
    assert_eq!(
        invoke(&clinic, sample_event("inbox")).await["batchItemFailures"],
        json!([])
    );
    let unknown = vio_webhooks::invoke(
        &clinic.webhooks,
        &clinic.service,
        json!({}),
        Context::default(),
    );
    assert!(unknown.await.is_err());
    // Lambda logs the error: it says nothing of the event.
    let payload = json!({ "Records": "Zoë Lucas" });
    let context = Context::default();
    let unknown = vio_webhooks::invoke(&clinic.webhooks, &clinic.service, payload, context).await;
    let said = format!("{:?}", unknown.unwrap_err());
    assert!(!said.contains("Lucas"), "{said}");
}
