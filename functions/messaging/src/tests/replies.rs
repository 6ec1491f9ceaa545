//! What people answer.

use chrono::TimeDelta;
use serde_json::json;
use vio_domain::appointment::{AppointmentStatus, ConfirmationMethod};
use vio_domain::contact::{AttentionReason, BookingSource, ContactMethod};
use vio_domain::ids::ContactId;
use vio_store::contacts::{Direction, NewAppointment};
use vio_store::tx::Tx;

use super::world::{PHONE, World};

/// Somebody who was asked.
async fn asked(world: &World) -> ContactId {
    let contact = world.texter().await;
    world.advance(TimeDelta::hours(2));
    world.tick().await;
    assert_eq!(world.provider.count(), 1);
    contact
}

#[tokio::test]
async fn yes_to_a_question_confirms_and_without_one_a_person_reads_it() {
    let world = World::new().await;
    let contact = asked(&world).await;
    assert!(world.hears(PHONE, " yes ").await);
    let person = world.read(contact).await;
    let appointment = &person.appointments[0];
    assert_eq!(appointment.status, AppointmentStatus::Confirmed);
    let confirmation = appointment.confirmation.unwrap();
    assert_eq!(confirmation.method, ConfirmationMethod::Sms);
    assert_eq!(confirmation.minutes_before, 23 * 60);
    assert_eq!(person.contact.needs_attention, None);
    // The question is answered: another YES is about something else.
    world.hears(PHONE, "YES").await;
    let person = world.read(contact).await;
    assert_eq!(
        person.contact.needs_attention,
        Some(AttentionReason::ReplyToRead)
    );
    let (entries, _) = world.ts().interactions_of(contact, 10, None).await.unwrap();
    let ways: Vec<_> = entries
        .iter()
        .map(|entry| entry.direction.unwrap())
        .collect();
    assert_eq!(
        ways,
        [Direction::Inbound, Direction::Inbound, Direction::Outbound]
    );
    assert!(
        entries[0]
            .provider_id
            .as_ref()
            .is_some_and(|id| id.starts_with("SM"))
    );
}

#[tokio::test]
async fn cancel_ends_messages_and_asks_staff_about_the_appointment() {
    let world = World::new().await;
    let contact = asked(&world).await;
    world.hears(PHONE, "CANCEL").await;
    let person = world.read(contact).await;
    assert!(!person.contact.preferences.sms_opt_in);
    assert_eq!(
        person.contact.needs_attention,
        Some(AttentionReason::CancelRequested)
    );
    assert_eq!(
        person.contact.attention_about,
        Some(person.appointments[0].id)
    );
    // Nobody's word cancels an appointment by itself.
    assert_eq!(person.appointments[0].status, AppointmentStatus::Pending);
}

#[tokio::test]
async fn words_that_nobody_expects_go_to_a_person_and_strangers_to_nobody() {
    let world = World::new().await;
    let contact = asked(&world).await;
    assert!(world.hears(PHONE, "Can I come at 11?").await);
    let person = world.read(contact).await;
    assert_eq!(
        person.contact.needs_attention,
        Some(AttentionReason::ReplyToRead)
    );
    assert_eq!(person.appointments[0].status, AppointmentStatus::Pending);
    assert!(!world.hears("07912 345699", "YES").await);
}

/// Nobody can tell which of two appointments a YES is about.
#[tokio::test]
async fn a_yes_of_somebody_asked_about_two_appointments_confirms_neither() {
    let world = World::new().await;
    let contact = asked(&world).await;
    let (ts, settings) = (world.ts(), world.settings().await.settings);
    let mut person = world.read(contact).await;
    let first = &person.appointments[0];
    let (time, zone) = (first.time + TimeDelta::hours(24), first.timezone);
    let second = NewAppointment::at(time, zone, &settings, BookingSource::Manual, ts.now());
    let second = ts.add_appointment(&mut person, &second);
    let mut tx = Tx::new();
    ts.stage_person(&mut tx, &mut person).unwrap();
    vio_runtime::testing::tell(ts, &mut tx, &person);
    ts.store.commit(tx).await.unwrap();

    let path = format!("/api/contacts/{contact}/send-reminder");
    let sent = world.post(&path, json!({ "appointment_id": second })).await;
    assert_eq!(sent.status, 202, "{}", sent.body);
    world.tick().await;
    assert_eq!(world.provider.count(), 2);
    world.hears(PHONE, "YES").await;
    let person = world.read(contact).await;
    for appointment in &person.appointments {
        assert_eq!(appointment.status, AppointmentStatus::Pending);
    }
    assert_eq!(
        person.contact.needs_attention,
        Some(AttentionReason::ReplyToRead)
    );
}

/// Of a family with one number nobody can tell who answered.
#[tokio::test]
async fn a_yes_from_a_number_of_two_who_were_asked_confirms_neither() {
    let world = World::new().await;
    let one = world.texter().await;
    let two = world
        .person(PHONE, |contact| {
            contact.preferred_contact_method = ContactMethod::Sms
        })
        .await;
    let silent = world.person(PHONE, |_| {}).await;
    world.advance(TimeDelta::hours(2));
    world.tick().await;
    assert_eq!(world.provider.count(), 2);
    world.hears(PHONE, "YES").await;
    for contact in [one, two] {
        let person = world.read(contact).await;
        assert_eq!(person.appointments[0].status, AppointmentStatus::Pending);
        assert_eq!(
            person.contact.needs_attention,
            Some(AttentionReason::ReplyToRead)
        );
    }
    assert_eq!(world.read(silent).await.contact.needs_attention, None);
    // STOP is about the number: it holds for all of them.
    world.hears(PHONE, "STOP").await;
    for contact in [one, two, silent] {
        assert!(!world.read(contact).await.contact.preferences.sms_opt_in);
    }
}
