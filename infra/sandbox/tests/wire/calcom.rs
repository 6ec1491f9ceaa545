//! Cal.com's side.

use serde_json::{Value, json};
use vio_sandbox::{calcom_signature, signed_delivery};

use crate::support::*;

fn event(trigger: &str, uid: &str) -> Value {
    json!({
        "triggerEvent": trigger,
        "createdAt": "2026-11-20T08:00:00.000Z",
        "payload": {
            "title": "Check-up", "uid": uid, "bookingId": 7, "eventTypeId": 3,
            "startTime": "2026-11-25T10:00:00Z", "endTime": "2026-11-25T10:30:00+00:00",
            "organizer": {"id": 1, "name": "Clinic", "email": ORGANIZER, "timeZone": "Europe/London"},
            "attendees": [{"name": "Ada", "email": "ada@example.com", "timeZone": "Europe/London",
                           "phoneNumber": TO, "language": {"locale": "en"}}],
            "responses": {"attendeePhoneNumber": {"label": "phone_number", "value": TO}, "notes": {"label": "n"}},
        },
    })
}

async fn deliver(world: &World, receiver: &Receiver, body: Value) -> Value {
    let delivery = json!({"url": receiver.url, "secret": "whsec", "body": body});
    let answer = world
        .client
        .post(world.url("/control/calcom/deliver"))
        .json(&delivery)
        .send()
        .await
        .unwrap();
    assert_eq!(answer.status(), 200);
    answer.json().await.unwrap()
}

async fn api(world: &World, method: &str, path: &str, body: Value) -> (u16, Value) {
    let request = world
        .client
        .request(method.parse().unwrap(), world.sandbox.calcom_url() + path)
        .bearer_auth(CAL_KEY)
        .header("cal-api-version", "2024-08-13");
    let answer = if method == "GET" {
        request
    } else {
        request.json(&body)
    }
    .send()
    .await
    .unwrap();
    (answer.status().as_u16(), answer.json().await.unwrap())
}

#[test]
fn the_signature_is_a_plain_hmac() {
    // HMAC-SHA256, RFC 4231 test case 2.
    assert_eq!(
        calcom_signature("Jefe", b"what do ya want for nothing?"),
        "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
    );
    assert!(
        signed_delivery("", b"{}")
            .contains(&("x-cal-signature-256", "no-secret-provided".to_owned()))
    );
}

#[tokio::test]
async fn a_booking_event_is_signed_delivered_and_remembered() {
    let world = world().await;
    let receiver = Receiver::start(&[202]).await;
    assert_eq!(
        deliver(&world, &receiver, event("BOOKING_CREATED", "u1")).await,
        json!({"status": 202})
    );
    let delivery = receiver.settle(1).await.remove(0);
    assert_eq!(
        delivery.headers["x-cal-signature-256"],
        *calcom_signature("whsec", &delivery.body)
    );
    assert_eq!(delivery.json(), event("BOOKING_CREATED", "u1"));
    // A string goes out byte for byte.
    deliver(&world, &receiver, json!("{ \"not\" : \"canonical\" }")).await;
    assert_eq!(
        receiver.settle(2).await[1].body,
        "{ \"not\" : \"canonical\" }"
    );

    let (status, page) = api(&world, "GET", "/v2/bookings", json!({})).await;
    assert_eq!(status, 200);
    assert_eq!(page["status"], "success");
    let booking = &page["data"][0];
    assert_eq!(booking["uid"], "u1");
    assert_eq!(booking["status"], "accepted");
    assert_eq!(booking["start"], "2026-11-25T10:00:00.000Z");
    assert_eq!(booking["duration"], 30);
    assert_eq!(booking["attendees"][0]["phoneNumber"], TO);
    assert_eq!(
        booking["bookingFieldsResponses"],
        json!({"attendeePhoneNumber": TO})
    );
    assert_eq!(page["pagination"]["totalItems"], 1);
}

#[tokio::test]
async fn bookings_are_the_organizers_own_in_pages_since_an_instant() {
    let world = world().await;
    let add = async |uid: &str, email: &str| {
        let booking = json!({"uid": uid, "start": "2026-11-25T10:00:00Z", "end": "2026-11-25T11:00:00Z",
                             "hosts": [{"email": email}]});
        let answer = world
            .client
            .post(world.url("/control/calcom/bookings"))
            .json(&booking)
            .send()
            .await
            .unwrap();
        assert_eq!(answer.status(), 204);
    };
    for uid in ["a", "b", "c"] {
        add(uid, ORGANIZER).await;
        world.advance(60);
    }
    add("theirs", "other@example.com").await;
    let uids = |page: &Value| -> Vec<String> {
        page["data"]
            .as_array()
            .unwrap()
            .iter()
            .map(|b| b["uid"].as_str().unwrap().to_owned())
            .collect()
    };
    let (_, all) = api(&world, "GET", "/v2/bookings", json!({})).await;
    assert_eq!(uids(&all), ["a", "b", "c"]);
    let (_, page) = api(&world, "GET", "/v2/bookings?take=2&skip=1", json!({})).await;
    assert_eq!(uids(&page), ["b", "c"]);
    assert_eq!(page["pagination"]["hasNextPage"], false);
    let (_, since) = api(
        &world,
        "GET",
        "/v2/bookings?afterUpdatedAt=2026-11-20T09:00:30Z",
        json!({}),
    )
    .await;
    assert_eq!(uids(&since), ["b", "c"]);
    assert_eq!(
        api(&world, "GET", "/v2/bookings?take=101", json!({}))
            .await
            .0,
        400
    );
    assert_eq!(
        api(&world, "POST", "/v2/bookings/theirs/cancel", json!({}))
            .await
            .0,
        404
    );
}

#[tokio::test]
async fn bookings_are_confirmed_moved_and_cancelled() {
    let world = world().await;
    let receiver = Receiver::start(&[]).await;
    deliver(&world, &receiver, event("BOOKING_REQUESTED", "u1")).await;
    let (status, confirmed) = api(&world, "POST", "/v2/bookings/u1/confirm", json!({})).await;
    assert_eq!(
        (status, &confirmed["data"]["status"]),
        (200, &json!("accepted"))
    );
    assert_eq!(
        api(&world, "POST", "/v2/bookings/u1/confirm", json!({}))
            .await
            .0,
        400
    );
    let (status, moved) = api(
        &world,
        "POST",
        "/v2/bookings/u1/reschedule",
        json!({"start": "2026-11-26T09:00:00Z"}),
    )
    .await;
    assert_eq!(status, 201);
    assert_eq!(moved["data"]["rescheduledFromUid"], "u1");
    assert_eq!(moved["data"]["end"], "2026-11-26T09:30:00.000Z");
    let (_, old) = api(&world, "GET", "/v2/bookings/u1", json!({})).await;
    assert_eq!(old["data"]["status"], "cancelled");
    assert_eq!(old["data"]["rescheduledToUid"], moved["data"]["uid"]);
    let path = format!(
        "/v2/bookings/{}/cancel",
        moved["data"]["uid"].as_str().unwrap()
    );
    let (status, gone) = api(&world, "POST", &path, json!({"cancellationReason": "ill"})).await;
    assert_eq!(
        (status, &gone["data"]["cancellationReason"]),
        (200, &json!("ill"))
    );
    assert_eq!(api(&world, "POST", &path, json!({})).await.0, 400);
}

#[tokio::test]
async fn keys_and_versions_are_held_to() {
    let world = world().await;
    let (status, me) = api(&world, "GET", "/v2/me", json!({})).await;
    assert_eq!((status, &me["data"]["email"]), (200, &json!(ORGANIZER)));
    for path in ["/v2/me", "/v2/bookings"] {
        let answer = world
            .client
            .get(world.url(path))
            .bearer_auth(KEY)
            .send()
            .await
            .unwrap();
        assert_eq!(answer.status(), 401);
        let body: Value = answer.json().await.unwrap();
        assert_eq!(body["error"]["code"], "UnauthorizedException");
        assert_eq!(body["path"], path);
    }
    let old = world
        .client
        .get(world.url("/v2/bookings"))
        .bearer_auth(CAL_KEY)
        .send()
        .await
        .unwrap();
    assert_eq!(old.status(), 400);
}
