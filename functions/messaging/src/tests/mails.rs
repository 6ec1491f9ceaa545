//! E-mails to contacts: the same rules as for SMS, their news, and the way out of them.

use chrono::TimeDelta;
use proptest::prelude::*;
use serde_json::json;
use vio_domain::calling::order::Band;
use vio_domain::contact::{AttentionReason, ContactMethod};
use vio_domain::ids::ContactId;
use vio_domain::messages::Purpose;
use vio_domain::messages::state::Status;
use vio_domain::text::Email;
use vio_providers::ses::Refusal;
use vio_providers::ses::feedback::Happened;
use vio_store::contacts::{Direction, InteractionKind};

use super::world::{EMAIL, PHONE, Posts, World};

/// Somebody who prefers e-mails: their reminder is planned for 11:00 today.
async fn reader(world: &World) -> ContactId {
    world
        .mailed(|contact| contact.preferred_contact_method = ContactMethod::Email)
        .await
}

async fn timeline(
    world: &World,
    contact: ContactId,
) -> Vec<(InteractionKind, Option<Direction>, String)> {
    let (entries, _) = world.ts().interactions_of(contact, 20, None).await.unwrap();
    let key = world.read(contact).await.key;
    entries
        .iter()
        .map(|entry| {
            let text = entry.text(&key).unwrap().into_string();
            (entry.kind, entry.direction, text)
        })
        .collect()
}

/// S0-14 with e-mail: at due time one e-mail, no call, no SMS.
#[tokio::test]
async fn who_prefers_emails_gets_one_at_due_time_and_no_call() {
    let world = World::new().await;
    let contact = reader(&world).await;
    world.tick().await;
    assert_eq!(world.post_office.count(), 0);
    world.advance(TimeDelta::hours(2));
    world.tick().await;
    world.tick().await;
    let mail = world.post_office.only();
    assert_eq!(mail.to, EMAIL);
    assert_eq!(
        mail.from.header(),
        "\"Corner Salon\" <no-reply@mail.example.com>"
    );
    assert_eq!(mail.reply_to.as_deref(), Some("desk@corner.example.com"));
    assert_eq!(mail.subject, "A reminder from Corner Salon");
    assert!(
        mail.text.contains(
            "Hello Ada,\n\nThis is a reminder from Corner Salon about your appointment on Tuesday 3 March at 10 AM."
        ),
        "{}",
        mail.text
    );
    assert!(mail.html.contains("on Tuesday 3 March at 10 AM."));
    let row = world.message(contact).await;
    assert_eq!((row.purpose, row.status), (Purpose::Reminder, Status::Sent));
    assert_eq!(world.provider.count(), 0);
    for band in Band::ALL {
        world.advance(TimeDelta::hours(1));
        assert!(world.ts().due_items(band, 10).await.unwrap().is_empty());
    }
    assert_eq!(world.read(contact).await.contact.needs_attention, None);
    world.happens(0, Happened::Delivery, "").await;
    assert_eq!(world.message(contact).await.status, Status::Delivered);
}

#[tokio::test]
async fn staff_write_one_which_is_in_the_timeline_with_the_providers_id() {
    let world = World::new().await;
    let contact = world.mailed(|_| {}).await;
    let sent = world.mail(contact, "Hello Ada,\n\nwe open at 10.").await;
    assert_eq!(sent.status, 202, "{}", sent.body);
    assert_eq!(
        (&sent.body["channel"], &sent.body["segments"]),
        (&json!("email"), &json!(null))
    );
    world.tick().await;
    world.tick().await;
    let mail = world.post_office.only();
    assert_eq!(mail.subject, "News");
    assert!(
        mail.text
            .starts_with("News\n\nHello Ada,\n\nwe open at 10.\n\n--\n\n"),
        "{}",
        mail.text
    );
    assert!(mail.html.contains(">we open at 10.</p>"));
    let row = world.message_of(contact, &sent).await;
    assert_eq!(row.provider_id.as_deref(), Some("mail-0"));
    let expected = "News\n\nHello Ada,\n\nwe open at 10.".to_owned();
    assert_eq!(
        timeline(&world, contact).await,
        [(InteractionKind::Email, Some(Direction::Outbound), expected)]
    );
}

/// E-mail wakes nobody.
#[tokio::test]
async fn staffs_emails_go_out_at_any_hour() {
    let world = World::new().await;
    let contact = world.mailed(|_| {}).await;
    world.advance(TimeDelta::hours(14));
    world.mail(contact, "Hello.").await;
    world.tick().await;
    assert_eq!(world.post_office.count(), 1);
}

#[tokio::test]
async fn who_may_not_be_written_to_is_refused_with_the_reason() {
    let world = World::new().await;
    let not_in = world
        .mailed(|contact| contact.preferences.email_opt_in = false)
        .await;
    let never = world.mailed(|contact| contact.do_not_contact = true).await;
    let nowhere = world.mailed(|contact| contact.email = None).await;
    for (contact, slug) in [
        (not_in, "not-opted-in"),
        (never, "do-not-contact"),
        (nowhere, "no-email"),
    ] {
        let refused = world.mail(contact, "Hello.").await;
        assert_eq!((refused.status.as_u16(), refused.problem()), (409, slug));
    }
    let well = world.mailed(|_| {}).await;
    let long = json!({ "subject": "x".repeat(151), "message": "y".repeat(4_001) });
    let path = format!("/api/contacts/{well}/send-email");
    let refused = world.post(&path, long).await;
    assert_eq!(refused.pointers(), ["/subject", "/message"]);
    world
        .set(|opened| {
            opened.settings.privacy.hipaa_mode = true;
            opened.settings.integrations.email.enabled = false;
        })
        .await;
    let sick = json!({ "subject": "Your diabetes results", "message": "Diabetes." });
    let refused = world.post(&path, sick).await;
    assert_eq!(refused.pointers(), ["/subject", "/message"]);
    let off = world.mail(well, "Hello.").await;
    assert_eq!(off.problem(), "messaging-not-configured");
    world.tick().await;
    assert_eq!(world.post_office.count(), 0);
}

/// SES has no list of what was sent: nothing is sent on a guess.
#[tokio::test]
async fn what_was_not_answered_stays_unknown_unless_its_news_comes() {
    for (posts, heard) in [
        (Posts::Silently, true),
        (Posts::Silently, false),
        (Posts::Loses, false),
    ] {
        let world = World::new().await;
        let contact = world.mailed(|_| {}).await;
        world.post_office.will(posts);
        let answer = world.mail(contact, "Hello.").await;
        world.tick().await;
        if heard {
            world.happens(0, Happened::Delivery, "").await;
        }
        for _ in 0..20 {
            world.tick().await;
            world.advance(TimeDelta::minutes(1));
        }
        assert_eq!(*world.post_office.asked.lock().unwrap(), 1, "{posts:?}");
        let row = world.message_of(contact, &answer).await;
        let reason = world.read(contact).await.contact.needs_attention;
        match heard {
            true => assert_eq!((row.status, reason), (Status::Delivered, None)),
            false => assert_eq!(
                (row.status, reason),
                (Status::Unknown, Some(AttentionReason::MessageNotDelivered))
            ),
        }
    }
}

#[tokio::test]
async fn refusals_wait_or_end_it_by_what_they_are_about() {
    for (about, asked, end) in [
        (Refusal::TooMany, 2, Status::Sent),
        (Refusal::Account, 2, Status::Sent),
        (Refusal::Quota, 2, Status::Sent),
        (Refusal::Mail, 1, Status::Failed),
    ] {
        let world = World::new().await;
        let contact = world.mailed(|_| {}).await;
        world.post_office.will(Posts::Refuses(400, about));
        let answer = world.mail(contact, "Hello.").await;
        for _ in 0..20 {
            world.tick().await;
            world.advance(TimeDelta::minutes(1));
        }
        let row = world.message_of(contact, &answer).await;
        assert_eq!(row.status, end, "{about:?}");
        assert_eq!(*world.post_office.asked.lock().unwrap(), asked, "{about:?}");
        let flagged = world.read(contact).await.contact.needs_attention.is_some();
        assert_eq!(flagged, end == Status::Failed);
    }
}

/// A bounce ends e-mails to everybody at the address, is told in the timeline, and a lost reminder goes to staff.
#[tokio::test]
async fn a_bounce_ends_emails_to_the_address() {
    let world = World::new().await;
    let contact = reader(&world).await;
    let other = world
        .person("07912 345679", |contact| {
            contact.email = Some(Email::parse("ADA@example.com").unwrap());
            contact.preferences.email_opt_in = true;
        })
        .await;
    world.advance(TimeDelta::hours(2));
    world.tick().await;
    // It may be delivered first and come back later.
    world.happens(0, Happened::Delivery, "").await;
    world.happens(0, Happened::Bounce, "Permanent").await;
    world.happens(0, Happened::Delivery, "").await;
    assert_eq!(world.message(contact).await.status, Status::Bounced);
    let person = world.read(contact).await;
    assert!(!person.contact.preferences.email_opt_in);
    let reason = person.contact.needs_attention;
    assert_eq!(reason, Some(AttentionReason::MessageNotDelivered));
    assert!(!world.read(other).await.contact.preferences.email_opt_in);
    for who in [contact, other] {
        let entries = timeline(&world, who).await;
        let told = entries
            .iter()
            .filter(|(_, direction, text)| direction.is_none() && text.contains("came back"));
        assert_eq!(told.count(), 1, "{entries:?}");
    }
    assert_eq!(
        world.mail(contact, "Hello.").await.problem(),
        "not-opted-in"
    );
}

#[tokio::test]
async fn a_full_mailbox_loses_the_message_and_not_the_opt_in() {
    let world = World::new().await;
    let contact = world.mailed(|_| {}).await;
    let answer = world.mail(contact, "Hello.").await;
    world.tick().await;
    world.happens(0, Happened::Bounce, "Transient").await;
    assert_eq!(
        world.message_of(contact, &answer).await.status,
        Status::Bounced
    );
    assert!(world.read(contact).await.contact.preferences.email_opt_in);
    assert_eq!(world.mail(contact, "Again.").await.status, 202);
}

/// Whoever changed their address meanwhile has done nothing that was complained of.
#[tokio::test]
async fn a_complaint_ends_emails_to_the_address_that_it_came_from() {
    for changed in [false, true] {
        let world = World::new().await;
        let contact = world.mailed(|_| {}).await;
        let answer = world.mail(contact, "Hello.").await;
        world.tick().await;
        if changed {
            let mut person = world.read(contact).await;
            person.contact.email = Some(Email::parse("new@example.com").unwrap());
            let mut tx = vio_store::tx::Tx::new();
            world.ts().stage_person(&mut tx, &mut person).unwrap();
            vio_runtime::testing::tell(world.ts(), &mut tx, &person);
            world.ts().store.commit(tx).await.unwrap();
        }
        world.happens(0, Happened::Delivery, "").await;
        world.happens(0, Happened::Complaint, "").await;
        assert_eq!(
            world.message_of(contact, &answer).await.status,
            Status::Delivered
        );
        let opted_in = world.read(contact).await.contact.preferences.email_opt_in;
        assert_eq!(opted_in, changed);
        let old = Email::parse(EMAIL).unwrap();
        assert!(world.ts().mail_is_stopped(&old).await.unwrap().is_some());
    }
}

/// RFC 8058: one POST ends it, without a session; a look at the link does not.
#[tokio::test]
async fn the_link_in_an_email_ends_emails_and_nothing_else_does() {
    let world = World::new().await;
    let contact = world.mailed(|_| {}).await;
    world.mail(contact, "Hello.").await;
    world.tick().await;
    let mail = world.post_office.only();
    let address = mail.unsubscribe.unwrap();
    assert!(mail.text.contains(&address) && mail.html.contains(&address));
    let path = address.strip_prefix("https://app.example").unwrap();
    let ask = async |method: http::Method, path: &str| {
        world.server.send(method, path, None, None, &[]).await
    };
    assert_eq!(ask(http::Method::GET, path).await.status, 200);
    assert!(world.read(contact).await.contact.preferences.email_opt_in);
    // One letter of the proof changed; another contact with this proof; no token at all.
    let last = if path.ends_with('A') { "B" } else { "A" };
    let forged = format!("{}{last}", &path[..path.len() - 1]);
    let swapped = path.replace(
        &contact.uuid().simple().to_string(),
        &uuid::Uuid::from_u128(7).simple().to_string(),
    );
    for bad in [forged.as_str(), &swapped, "/api/unsubscribe/x"] {
        assert_eq!(ask(http::Method::POST, bad).await.status, 404, "{bad}");
    }
    assert!(world.read(contact).await.contact.preferences.email_opt_in);
    for _ in 0..2 {
        assert_eq!(ask(http::Method::POST, path).await.status, 200);
        assert!(!world.read(contact).await.contact.preferences.email_opt_in);
    }
    let entries = timeline(&world, contact).await;
    let told = entries
        .iter()
        .filter(|(_, _, text)| text.contains("wants no more e-mails"));
    assert_eq!(told.count(), 1);
    assert_eq!(
        world.mail(contact, "Hello.").await.problem(),
        "not-opted-in"
    );
}

/// Both fallbacks: SMS where the person takes it, else e-mail (S0-70).
#[tokio::test]
async fn a_pause_is_made_up_for_by_email_where_that_is_what_the_person_takes() {
    let world = World::new().await;
    let contact = world.mailed(|_| {}).await;
    let both = world
        .person("07912 345679", |contact| {
            contact.email = Some(Email::parse("ben@example.com").unwrap());
            contact.preferences.email_opt_in = true;
        })
        .await;
    let settings = world.settings().await.settings;
    world.advance(TimeDelta::hours(10));
    let held = world.ts().held_reminders().await.unwrap();
    assert_eq!(held.closing.len(), 2, "{held:?}");
    for item in &held.closing {
        assert!(
            world
                .ts()
                .tell_calling_paused(&settings, item)
                .await
                .unwrap()
        );
    }
    world.tick().await;
    assert_eq!(world.post_office.only().to, EMAIL);
    assert_eq!(world.provider.count(), 1);
    for who in [contact, both] {
        assert_eq!(world.message(who).await.purpose, Purpose::Fallback);
        assert_eq!(world.read(who).await.contact.needs_attention, None);
    }
}

/// S1-16: by SMS or e-mail, as asked, else as the person prefers, else as they can be reached.
#[tokio::test]
async fn staff_send_a_reminder_now_by_the_channel_that_fits() {
    let world = World::new().await;
    let both = world
        .person(PHONE, |contact| {
            contact.email = Some(Email::parse(EMAIL).unwrap());
            contact.preferences.email_opt_in = true;
        })
        .await;
    let path = format!("/api/contacts/{both}/send-reminder");
    for (body, channel) in [
        (json!({}), "sms"),
        (json!({ "channel": "email" }), "email"),
        (json!({ "channel": "sms" }), "sms"),
    ] {
        let sent = world.post(&path, body).await;
        assert_eq!(
            (sent.status.as_u16(), &sent.body["channel"]),
            (202, &json!(channel))
        );
    }
    let mail_only = world.mailed(|contact| contact.phone = None).await;
    let path = format!("/api/contacts/{mail_only}/send-reminder");
    let sent = world.post(&path, json!({})).await;
    assert_eq!(sent.body["channel"], "email");
    let refused = world.post(&path, json!({ "channel": "sms" })).await;
    assert_eq!(refused.problem(), "not-opted-in");
}

/// Someone who was reminded in writing and then wants nothing in writing is not rung about the same appointment.
#[tokio::test]
async fn who_unsubscribes_after_the_reminder_is_not_rung_about_the_same() {
    let world = World::new().await;
    let contact = reader(&world).await;
    world.advance(TimeDelta::hours(2));
    world.tick().await;
    let address = world.post_office.only().unsubscribe.unwrap();
    let path = address.strip_prefix("https://app.example").unwrap();
    let done = world
        .server
        .send(http::Method::POST, path, None, None, &[])
        .await;
    assert_eq!(done.status, 200);
    let person = world.read(contact).await;
    assert!(person.open_sessions().next().is_none());
    assert!(!person.contact.preferences.email_opt_in);
}

/// What SES may tell of one e-mail.
const NEWS: [(Happened, &str); 6] = [
    (Happened::Delivery, ""),
    (Happened::Bounce, "Permanent"),
    (Happened::Bounce, "Transient"),
    (Happened::Bounce, "Undetermined"),
    (Happened::Complaint, ""),
    (Happened::Reject, ""),
];

/// What is told of one e-mail together: one that SES refused was never on its way, and one that came back for good was not
/// complained of.
fn told_of_one() -> impl Strategy<Value = Vec<(Happened, &'static str)>> {
    let (on_its_way, refused) = NEWS.split_at(5);
    let some = prop::sample::subsequence(on_its_way.to_vec(), 1..=4);
    let possible = some.prop_filter("both at an end", |told| {
        !(told.contains(&NEWS[1]) && told.contains(&NEWS[4]))
    });
    prop_oneof![9 => possible, 1 => Just(refused.to_vec())]
}

/// All that news of an e-mail can change: how it stands, the opt-in, the work list, the timeline, what the address may be
/// sent, and how much the log tells.
async fn after_news(news: &[(Happened, &str)]) -> serde_json::Value {
    let world = World::new().await;
    let contact = reader(&world).await;
    world.advance(TimeDelta::hours(2));
    world.tick().await;
    for (event, kind) in news {
        world.happens(0, *event, kind).await;
    }
    let person = world.read(contact).await;
    let list = world.ts().attention(Default::default(), 100, None).await;
    let entries = timeline(&world, contact).await;
    let texts: Vec<&String> = entries.iter().map(|(_, _, text)| text).collect();
    let address = Email::parse(EMAIL).unwrap();
    json!({
        "status": world.message(contact).await.status,
        "opted_in": person.contact.preferences.email_opt_in,
        "attention": person.contact.needs_attention,
        "listed": list.unwrap().0.len(),
        "timeline": texts,
        "stopped": world.ts().mail_is_stopped(&address).await.unwrap().is_some(),
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    /// Whatever SES tells of an e-mail, in whatever order and however often, ends alike, and once more changes nothing.
    #[test]
    fn news_in_any_order_and_number_ends_alike(
        told in told_of_one(),
        picks in prop::collection::vec(any::<prop::sample::Index>(), 0..4),
        order in prop::collection::vec(any::<u32>(), 8),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let in_order = after_news(&told).await;
            let mut heard = told.clone();
            heard.extend(picks.iter().map(|pick| *pick.get(&told)));
            let mut keyed: Vec<_> = heard.into_iter().zip(order.iter().cycle()).collect();
            keyed.sort_by_key(|(_, key)| **key);
            let mut shuffled: Vec<_> = keyed.into_iter().map(|(news, _)| news).collect();
            prop_assert_eq!(&after_news(&shuffled).await, &in_order);
            shuffled.extend(&told);
            prop_assert_eq!(&after_news(&shuffled).await, &in_order);
            let ends = told.iter().any(|(event, kind)| *event == Happened::Complaint || *kind == "Permanent");
            prop_assert_eq!(in_order["opted_in"].as_bool(), Some(!ends));
            prop_assert_eq!(in_order["stopped"].as_bool(), Some(ends));
            Ok(())
        })?;
    }
}
