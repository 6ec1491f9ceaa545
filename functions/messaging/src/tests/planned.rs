//! Reminders by message: in the place of a call for those who prefer it, and where calls fail.

use chrono::TimeDelta;
use serde_json::json;
use vio_domain::appointment::AppointmentStatus;
use vio_domain::calling::order::Band;
use vio_domain::contact::AttentionReason;
use vio_domain::messages::Purpose;
use vio_domain::messages::state::Status;
use vio_store::tx::Tx;

use super::world::{PHONE, World};

/// S0-14: at due time one SMS, and no call.
#[tokio::test]
async fn who_prefers_messages_gets_one_at_due_time_and_no_call() {
    let world = World::new().await;
    let contact = world.texter().await;
    world.tick().await;
    assert_eq!(world.provider.count(), 0);
    world.advance(TimeDelta::hours(2));
    world.tick().await;
    world.tick().await;
    let request = world.provider.requests.lock().unwrap().clone();
    assert_eq!(request.len(), 1);
    assert_eq!(
        request[0].body,
        "Hello Ada, this is Corner Salon about your appointment on Tuesday 3 March at 10 AM. \
         Reply YES to confirm. Reply STOP to get no more messages."
    );
    let row = world.message(contact).await;
    assert_eq!((row.purpose, row.status), (Purpose::Reminder, Status::Sent));
    for band in Band::ALL {
        world.advance(TimeDelta::hours(1));
        assert!(world.ts().due_items(band, 10).await.unwrap().is_empty());
    }
    assert_eq!(world.read(contact).await.contact.needs_attention, None);
}

#[tokio::test]
async fn a_reminder_follows_its_appointment_and_is_not_repeated() {
    let world = World::new().await;
    let contact = world.texter().await;
    let replan = async |change: &dyn Fn(&mut vio_store::contacts::Person)| {
        let settings = world.settings().await.settings;
        let mut person = world.read(contact).await;
        change(&mut person);
        let about = person.appointments[0].id;
        let mut tx = Tx::new();
        world
            .ts()
            .replan(&mut tx, &settings, &mut person, about)
            .await
            .unwrap();
        world.ts().stage_person(&mut tx, &mut person).unwrap();
        vio_runtime::testing::tell(world.ts(), &mut tx, &person);
        world.ts().store.commit(tx).await.unwrap();
    };
    let first = world.message(contact).await;
    // Moved by a day: the old one is dropped, a new one planned.
    replan(&|person| person.appointments[0].time += TimeDelta::days(1)).await;
    let old = world
        .ts()
        .message(contact, first.id)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(old.status, Status::Cancelled);
    let second = world.message(contact).await;
    assert_eq!(second.due.to_rfc3339(), "2026-03-03T10:00:00+00:00");
    // Planned anew with nothing changed: nothing changes, also when it is due.
    replan(&|_| ()).await;
    world.advance(TimeDelta::hours(27));
    replan(&|_| ()).await;
    assert_eq!(world.message(contact).await.id, second.id);
    world.tick().await;
    assert_eq!(world.provider.count(), 1);
    replan(&|_| ()).await;
    world.advance(TimeDelta::hours(1));
    world.tick().await;
    assert_eq!(world.provider.count(), 1);
    assert_eq!(world.message(contact).await.id, second.id);
}

#[tokio::test]
async fn an_appointment_that_was_answered_is_not_reminded_of() {
    let world = World::new().await;
    let contact = world.texter().await;
    let mut person = world.read(contact).await;
    person.appointments[0].status = AppointmentStatus::Confirmed;
    let mut tx = Tx::new();
    world.ts().stage_person(&mut tx, &mut person).unwrap();
    vio_runtime::testing::tell(world.ts(), &mut tx, &person);
    world.ts().store.commit(tx).await.unwrap();
    world.advance(TimeDelta::hours(2));
    world.tick().await;
    assert_eq!(world.provider.count(), 0);
    assert_eq!(world.message(contact).await.status, Status::Cancelled);
}

/// S1-16: one message with the right time and words, and not another one at due time.
#[tokio::test]
async fn staff_send_a_reminder_now() {
    let world = World::new().await;
    let contact = world.texter().await;
    let path = format!("/api/contacts/{contact}/send-reminder");
    let sent = world.post(&path, json!({})).await;
    assert_eq!(sent.status, 202, "{}", sent.body);
    for _ in 0..5 {
        world.tick().await;
        world.advance(TimeDelta::hours(1));
    }
    assert_eq!(world.provider.count(), 1);
    let body = world.provider.requests.lock().unwrap()[0].body.clone();
    assert!(body.contains("on Tuesday 3 March at 10 AM"), "{body}");
}

/// rules.md "When a reminder is due": until the channel is configured.
#[tokio::test]
async fn without_the_channel_it_goes_to_staff_as_before() {
    let world = World::new().await;
    world
        .set(|opened| opened.settings.integrations.twilio.enabled = false)
        .await;
    let contact = world.texter().await;
    let person = world.read(contact).await;
    assert_eq!(
        person.contact.needs_attention,
        Some(AttentionReason::ChannelUnavailable)
    );
    assert_eq!(person.appointments[0].message, None);
}

/// S0 `voice_service_outage`: while calling is paused, an hour before the window closes.
#[tokio::test]
async fn a_pause_is_made_up_for_by_a_message_where_the_person_opted_in() {
    for opted_in in [true, false] {
        let world = World::new().await;
        let contact = world
            .person(PHONE, |contact| contact.preferences.sms_opt_in = opted_in)
            .await;
        let settings = world.settings().await.settings;
        // The window ends two hours before the appointment, in the night's end: by 20:00 today.
        world.advance(TimeDelta::hours(10));
        let held = world.ts().held_reminders().await.unwrap();
        assert_eq!(held.closing.len() + held.missed.len(), 1, "{held:?}");
        for item in &held.closing {
            assert!(
                world
                    .ts()
                    .tell_calling_paused(&settings, item)
                    .await
                    .unwrap()
            );
            assert!(
                !world
                    .ts()
                    .tell_calling_paused(&settings, item)
                    .await
                    .unwrap()
            );
        }
        world.tick().await;
        let person = world.read(contact).await;
        assert_eq!(world.provider.count(), usize::from(opted_in));
        let expected = (!opted_in).then_some(AttentionReason::CallingPaused);
        assert_eq!(person.contact.needs_attention, expected);
        assert_eq!(person.appointments[0].open_session.is_none(), opted_in);
    }
}

/// Withdrawing the opt-in takes effect at once: the reminder becomes a call (S1-19).
#[tokio::test]
async fn who_sends_stop_gets_a_call_or_nothing_as_the_business_set_it() {
    for stop_ends_calls in [true, false] {
        let world = World::new().await;
        world
            .set(|opened| opened.settings.integrations.twilio.stop_ends_calls = stop_ends_calls)
            .await;
        let contact = world.texter().await;
        assert!(world.hears(PHONE, "Stop").await);
        world.advance(TimeDelta::hours(3));
        world.tick().await;
        assert_eq!(world.provider.count(), 0);
        let person = world.read(contact).await;
        assert!(!person.contact.preferences.sms_opt_in);
        assert_eq!(person.open_sessions().next().is_some(), !stop_ends_calls);
        // Calls withdrawn alone: messages go on.
        let other = world
            .person("07912 345679", |contact| {
                contact.preferences.voice_consent =
                    vio_domain::contact::VoiceConsent::Withdrawn { at: world.now() };
            })
            .await;
        assert_eq!(world.send(other, "Hello.").await.status, 202);
    }
}
