//! One send is one message: whatever is lost on the way.

use chrono::TimeDelta;
use serde_json::json;
use vio_domain::contact::{AttentionReason, VoiceConsent};
use vio_domain::messages::Channel;
use vio_domain::messages::state::{Report, Status};
use vio_domain::notices::Happening;
use vio_providers::ses::Refusal;
use vio_store::contacts::Direction;
use vio_store::log::Actor;
use vio_store::messages::StatusNews;

use super::world::{Does, Posts, World};

#[tokio::test]
async fn a_message_goes_out_once_and_is_in_the_timeline_with_the_providers_id() {
    let world = World::new().await;
    let contact = world.person("07912 345678", |_| {}).await;
    let path = format!("/api/contacts/{contact}/send-sms");
    let token = &world.tenant.admin.token;
    let headers = [("idempotency-key", "once-and-no-more")];
    for _ in 0..2 {
        let body = json!({ "message": "We open at 10 today." });
        let sent = world
            .server
            .send(http::Method::POST, &path, Some(token), Some(body), &headers)
            .await;
        assert_eq!(sent.status, 202, "{}", sent.body);
        assert_eq!(sent.body["segments"], 1);
    }
    world.tick().await;
    world.tick().await;
    assert_eq!(world.provider.count(), 1);
    let request = world.provider.requests.lock().unwrap()[0].clone();
    assert_eq!(
        (request.to.as_str(), request.body.as_str()),
        ("+447912345678", "We open at 10 today.")
    );
    let (entries, _) = world.ts().interactions_of(contact, 10, None).await.unwrap();
    assert_eq!(entries.len(), 1);
    assert_eq!(entries[0].direction, Some(Direction::Outbound));
    let row = world
        .ts()
        .message(contact, entries[0].message.unwrap())
        .await
        .unwrap()
        .unwrap();
    assert_eq!((row.status, row.sends), (Status::Sent, 1));
    assert_eq!(
        row.provider_id.as_deref(),
        Some("SM00000000000000000000000000000000")
    );
    let key = world.read(contact).await.key;
    assert_eq!(
        entries[0].text(&key).unwrap().as_str(),
        "We open at 10 today."
    );
}

#[tokio::test]
async fn who_may_not_be_written_to_is_named_with_the_reason() {
    let world = World::new().await;
    let not_in = world
        .person("07912 345670", |contact| {
            contact.preferences.sms_opt_in = false
        })
        .await;
    let never = world
        .person("07912 345671", |contact| contact.do_not_contact = true)
        .await;
    let well = world.person("07912 345672", |_| {}).await;
    let refused = world.send(not_in, "Hello.").await;
    assert_eq!(
        (refused.status.as_u16(), refused.problem()),
        (409, "not-opted-in")
    );
    assert_eq!(
        world.send(never, "Hello.").await.problem(),
        "do-not-contact"
    );
    // One that is not there: nobody gets any.
    let unknown = uuid::Uuid::from_u128(7);
    let many = json!({ "contact_ids": [well, unknown], "message": "Closed on Monday." });
    let answer = world.post("/api/messages/sms", many).await;
    assert_eq!(answer.status, 422, "{}", answer.body);
    assert_eq!(answer.pointers(), ["/contact_ids/1"]);
    let many =
        json!({ "contact_ids": [not_in, never, well, well], "message": "Closed on Monday." });
    let answer = world.post("/api/messages/sms", many).await;
    assert_eq!(answer.status, 202, "{}", answer.body);
    assert_eq!(
        (&answer.body["queued"], &answer.body["skipped"]),
        (&json!(1), &json!(2))
    );
    let reason = |id: String| {
        let results = answer.body["results"].as_array().unwrap();
        results.iter().find(|one| one["contact_id"] == id).unwrap()["reason"].clone()
    };
    assert_eq!(reason(not_in.to_string()), "not_opted_in");
    assert_eq!(reason(never.to_string()), "do_not_contact");
    world.tick().await;
    assert_eq!(world.provider.count(), 1);
    // S1-14: of two more the provider refuses one. Each has its message, under the campaign's id, with what became of it.
    let other = world.person("07912 345673", |_| {}).await;
    world.provider.will(Does::Refuse(400, 21614));
    let many = json!({ "contact_ids": [well, other], "message": "Open again." });
    let answer = world.post("/api/messages/sms", many).await;
    assert_eq!(answer.body["queued"], 2, "{}", answer.body);
    world.tick().await;
    let mut became = Vec::new();
    for one in answer.body["results"].as_array().unwrap() {
        let contact = one["contact_id"].as_str().unwrap().parse().unwrap();
        let message = one["message_id"].as_str().unwrap().parse().unwrap();
        let row = world.ts().message(contact, message).await.unwrap();
        let row = row.unwrap();
        assert_eq!(json!(row.batch.unwrap()), answer.body["campaign_id"]);
        became.push(row.status);
    }
    became.sort_by_key(|status| status.as_str());
    assert_eq!(became, [Status::Failed, Status::Sent]);
    world
        .set(|opened| opened.settings.integrations.twilio.enabled = false)
        .await;
    assert_eq!(
        world.send(well, "Hello.").await.problem(),
        "messaging-not-configured"
    );
}

#[tokio::test]
async fn what_tells_of_health_or_is_too_long_is_not_sent() {
    let world = World::new().await;
    world
        .set(|opened| opened.settings.privacy.hipaa_mode = true)
        .await;
    let contact = world.person("07912 345678", |_| {}).await;
    let sick = world.send(contact, "Your diabetes results are here.").await;
    assert_eq!(
        (sick.status.as_u16(), sick.pointers()),
        (422, vec!["/message"])
    );
    let why = sick.body["errors"][0]["detail"].as_str().unwrap();
    assert!(why.starts_with("This is said or written"), "{why}");
    let long = world.send(contact, &"a".repeat(919)).await;
    assert_eq!(
        (long.status.as_u16(), long.pointers()),
        (422, vec!["/message"])
    );
    assert_eq!(world.provider.count(), 0);
}

/// The heart of it: an answer that is lost never makes a second message, and a message that is lost is sent again.
#[tokio::test]
async fn a_send_that_nobody_heard_of_is_looked_for_before_there_is_another() {
    for (does, sends) in [(Does::AcceptSilently, 1), (Does::LoseSilently, 2)] {
        let world = World::new().await;
        let contact = world.person("07912 345678", |_| {}).await;
        world.provider.will(does);
        let answer = world.send(contact, "Hello.").await;
        for _ in 0..20 {
            world.tick().await;
            world.advance(TimeDelta::seconds(40));
        }
        assert_eq!(world.provider.count(), 1, "{does:?}");
        let row = world.message_of(contact, &answer).await;
        assert_eq!((row.status, row.sends), (Status::Sent, sends), "{does:?}");
    }
}

#[tokio::test]
async fn what_cannot_be_found_out_is_never_sent_again_and_goes_to_staff() {
    let world = World::new().await;
    let contact = world.person("07912 345678", |_| {}).await;
    world.provider.will(Does::LoseSilently);
    *world.provider.list_fails.lock().unwrap() = true;
    let answer = world.send(contact, "Hello.").await;
    for _ in 0..30 {
        world.tick().await;
        world.advance(TimeDelta::hours(1));
    }
    assert_eq!(world.provider.requests.lock().unwrap().len(), 1);
    assert_eq!(
        world.message_of(contact, &answer).await.status,
        Status::Unknown
    );
    let reason = world.read(contact).await.contact.needs_attention;
    assert_eq!(reason, Some(AttentionReason::MessageNotDelivered));
}

#[tokio::test]
async fn of_two_lost_messages_to_one_number_one_that_arrived_is_one_of_them() {
    let world = World::new().await;
    let contact = world.person("07912 345678", |_| {}).await;
    world.provider.will(Does::AcceptSilently);
    world.provider.will(Does::LoseSilently);
    let one = world.send(contact, "Hello.").await;
    let two = world.send(contact, "Hello.").await;
    for _ in 0..20 {
        world.tick().await;
        world.advance(TimeDelta::seconds(40));
    }
    assert_eq!(world.provider.count(), 2);
    let (one, two) = (
        world.message_of(contact, &one).await,
        world.message_of(contact, &two).await,
    );
    assert_eq!((one.status, two.status), (Status::Sent, Status::Sent));
    assert_ne!(one.provider_id, two.provider_id);
}

#[tokio::test]
async fn refusals_wait_end_or_opt_out_by_their_code() {
    // (status, code, how often it is asked, where it ends, still opted in)
    for (status, code, requests, end, opted_in) in [
        (429, 20429, 2, Status::Sent, true),
        (401, 20003, 2, Status::Sent, true),
        (400, 21211, 1, Status::Failed, true),
        (400, 21614, 1, Status::Failed, true),
        (400, 21610, 1, Status::Failed, false),
    ] {
        let world = World::new().await;
        let contact = world.person("07912 345678", |_| {}).await;
        world.provider.will(Does::Refuse(status, code));
        let answer = world.send(contact, "Hello.").await;
        for _ in 0..20 {
            world.tick().await;
            world.advance(TimeDelta::minutes(1));
        }
        let row = world.message_of(contact, &answer).await;
        assert_eq!(row.status, end, "{code}");
        assert_eq!(
            world.provider.requests.lock().unwrap().len(),
            requests,
            "{code}"
        );
        let person = world.read(contact).await;
        assert_eq!(person.contact.preferences.sms_opt_in, opted_in, "{code}");
        let flagged = person.contact.needs_attention == Some(AttentionReason::MessageNotDelivered);
        assert_eq!(flagged, end == Status::Failed, "{code}");
        // That the account is refused is for administrators; the rest is about one message.
        assert_eq!(
            failing(&world, Channel::Sms).await,
            usize::from(code == 20003),
            "{code}"
        );
    }
}

/// How often administrators are to be told that nothing goes out by this channel.
async fn failing(world: &World, channel: Channel) -> usize {
    let notices = world.ts().notices(100).await.unwrap();
    let wanted = Happening::ChannelFailing { channel };
    notices.iter().filter(|row| row.happening == wanted).count()
}

#[tokio::test]
async fn an_account_that_is_refused_is_told_of_once_a_day() {
    let world = World::new().await;
    let contact = world.person("07912 345678", |_| {}).await;
    for _ in 0..6 {
        world.provider.will(Does::Refuse(401, 20003));
    }
    for _ in 0..3 {
        world.send(contact, "Hello.").await;
    }
    for _ in 0..20 {
        world.tick().await;
        world.advance(TimeDelta::minutes(1));
    }
    assert!(world.provider.requests.lock().unwrap().len() >= 6);
    assert_eq!(failing(&world, Channel::Sms).await, 1);
    // SES has an account of its own: paused, in its sandbox, or out of its quota.
    let reader = world.mailed(|_| {}).await;
    for about in [Refusal::Account, Refusal::Quota, Refusal::Account] {
        world.post_office.will(Posts::Refuses(400, about));
        world.mail(reader, "Hello.").await;
    }
    for _ in 0..3 {
        world.tick().await;
        world.advance(TimeDelta::minutes(1));
    }
    assert_eq!(failing(&world, Channel::Email).await, 1);
    assert_eq!(failing(&world, Channel::Sms).await, 1);
    world.advance(TimeDelta::days(1));
    world
        .post_office
        .will(Posts::Refuses(400, Refusal::Account));
    world.mail(reader, "Hello.").await;
    world.tick().await;
    assert_eq!(failing(&world, Channel::Email).await, 2);
}

/// S1-19: each channel has a consent of its own.
#[tokio::test]
async fn who_withdrew_calls_alone_still_gets_messages() {
    let world = World::new().await;
    let at = world.ts().now();
    let contact = world
        .person("07912 345678", |contact| {
            contact.preferences.voice_consent = VoiceConsent::Withdrawn { at };
        })
        .await;
    assert_eq!(world.read(contact).await.appointments[0].next_call_at, None);
    assert_eq!(world.send(contact, "Hello.").await.status, 202);
    world.tick().await;
    assert_eq!(world.provider.count(), 1);
}

#[tokio::test]
async fn nobody_is_written_to_at_night() {
    let world = World::new().await;
    let contact = world.person("07912 345678", |_| {}).await;
    // 20:00 is not permitted any more.
    world.advance(TimeDelta::hours(11));
    let answer = world.send(contact, "Hello.").await;
    // Staff are told when it goes out.
    assert_eq!(answer.body["due_at"], "2026-03-03T08:00:00Z");
    for _ in 0..11 {
        world.tick().await;
        world.advance(TimeDelta::hours(1));
    }
    assert_eq!(world.provider.count(), 0);
    world.advance(TimeDelta::hours(1));
    world.tick().await;
    assert_eq!(world.provider.count(), 1);
    let sent_at = world.message_of(contact, &answer).await.sent_at.unwrap();
    assert_eq!(sent_at.to_rfc3339(), "2026-03-03T08:00:00+00:00");
}

#[tokio::test]
async fn news_in_any_order_ends_the_same_and_finds_a_message_whose_answer_was_lost() {
    let world = World::new().await;
    let contact = world.person("07912 345678", |_| {}).await;
    world.provider.will(Does::AcceptSilently);
    let answer = world.send(contact, "Hello.").await;
    world.tick().await;
    let row = world.message_of(contact, &answer).await;
    assert_eq!(row.status, Status::Sending);
    let settings = world.settings().await.settings;
    let actor = Actor::provider("twilio");
    for report in [Report::Delivered, Report::Accepted, Report::Delivered] {
        let news = StatusNews {
            about: Some((contact, row.id)),
            provider_id: format!("SM{:032x}", 0),
            report,
            error_code: None,
        };
        let ours = world
            .ts()
            .hear_message(&settings, &news, &actor, |_, _, _| Ok(()))
            .await;
        assert!(ours.unwrap());
    }
    world.advance(TimeDelta::minutes(10));
    world.tick().await;
    assert_eq!(world.provider.requests.lock().unwrap().len(), 1);
    assert_eq!(
        world.message_of(contact, &answer).await.status,
        Status::Delivered
    );
}
