//! What else a calendar says of a booking: refused, asked to be moved, who did not come.

use serde_json::{Value, json};
use vio_domain::appointment::{Appointment, AppointmentStatus, Attendance};
use vio_domain::bookings::Calendar;
use vio_domain::contact::AttentionReason;
use vio_domain::settings::mapping::BookingField;
use vio_store::contacts::Save;
use vio_store::log::Actor;
use vio_store::tx::Tx;

use crate::support::*;

async fn only_appointment(clinic: &Clinic) -> Appointment {
    let mut person = clinic.only_person().await;
    assert_eq!(person.appointments.len(), 1);
    person.appointments.remove(0)
}

fn asks_for_another_time(uid: &'static str, minute: i64) -> Value {
    let mut event = Booking::cancelled(uid, 7, minute).json();
    event["payload"]["requestReschedule"] = json!(true);
    event
}

#[tokio::test]
async fn asked_to_choose_another_time_nobody_is_rung_about_the_old_one() {
    let events = [
        Booking::created("u1", 7, 0).json(),
        asks_for_another_time("u1", 1),
    ];
    for order in orders(&events) {
        let clinic = Clinic::new().await;
        clinic.hear(&order).await;
        let appointment = only_appointment(&clinic).await;
        assert_eq!(appointment.status, AppointmentStatus::Rescheduled);
        assert!(appointment.awaiting_new_time);
        assert_eq!(appointment.next_call_at, None);
        let flagged = async || clinic.only_person().await.contact.needs_attention;
        let waits = Some(AttentionReason::NewTimeAwaited);
        assert_eq!(flagged().await, waits, "staff see that it waits");

        clinic
            .hear(&[Booking::moved("u2", "u1", 9, 2).json()])
            .await;
        assert_eq!(flagged().await, None);
        let appointment = only_appointment(&clinic).await;
        assert!(!appointment.awaiting_new_time && appointment.next_call_at.is_some());
        assert_eq!(appointment.time.to_rfc3339(), "2026-03-11T12:00:00+00:00");
    }
}

/// One change can end what two entries of the work list waited for; neither stands for the person afterwards.
#[tokio::test]
async fn a_number_and_a_new_time_at_once_leave_nothing_to_do() {
    let clinic = Clinic::new().await;
    let without_number = |mut event: Value| {
        event["payload"]["responses"]["attendeePhoneNumber"] = Value::Null;
        event
    };
    let events = [
        Booking::created("u1", 7, 0).json(),
        asks_for_another_time("u1", 1),
    ];
    clinic.hear(&events.map(without_number)).await;
    let store = clinic.store();
    let open = async || {
        let (rows, _) = store
            .attention(Default::default(), 100, None)
            .await
            .unwrap();
        rows.len()
    };
    assert_eq!(open().await, 2);

    let settings = store.settings().await.unwrap().settings;
    let mut person = clinic.only_person().await;
    let number = vio_domain::phone::parse("+442071838750", settings.business.country);
    person.contact.phone = Some(number.unwrap().e164);
    let id = person.appointments[0].id;
    let appointment = person.appointment_mut(id).unwrap();
    appointment.time += chrono::TimeDelta::days(2);
    appointment.awaiting_new_time = false;
    let mut tx = Tx::new();
    let save = Save {
        settings: &settings,
        actor: &Actor::system("test"),
        action: "contact.updated",
        reason: None,
        claims: None,
        replan: true,
    };
    assert!(store.stage_save(&mut tx, &mut person, save).await.unwrap());
    store.store.commit(tx).await.unwrap();
    assert_eq!(open().await, 0);
    let person = clinic.only_person().await;
    assert_eq!(person.contact.needs_attention, None);
}

#[tokio::test]
async fn a_request_is_no_booking_unless_it_moves_one() {
    let clinic = Clinic::new().await;
    let mut request = Booking::created("u1", 7, 0);
    request.trigger = "BOOKING_REQUESTED";
    clinic.hear(&[request.json()]).await;
    assert!(clinic.people().await.is_empty());

    clinic.hear(&[Booking::created("u1", 7, 1).json()]).await;
    let mut moved = Booking::moved("u2", "u1", 9, 2);
    moved.trigger = "BOOKING_REQUESTED";
    clinic.hear(&[moved.json()]).await;
    let appointment = only_appointment(&clinic).await;
    assert_eq!(appointment.time.to_rfc3339(), "2026-03-11T12:00:00+00:00");

    let mut refused = Booking::cancelled("u2", 9, 3);
    refused.trigger = "BOOKING_REJECTED";
    clinic.hear(&[refused.json()]).await;
    let appointment = only_appointment(&clinic).await;
    assert_eq!(appointment.status, AppointmentStatus::Cancelled);
    assert_eq!(appointment.next_call_at, None);
}

/// What a calendar changes and nobody here would see is among what went wrong with it, once for each delivery.
#[tokio::test]
async fn a_cancellation_of_what_nobody_knows_is_among_what_went_wrong() {
    let clinic = Clinic::new().await;
    let wrong = async || {
        let row = clinic.store().calendar(Calendar::Calcom).await.unwrap();
        let row = row.unwrap();
        let reasons: Vec<String> = row.failures.into_iter().map(|one| one.reason).collect();
        (row.failed, reasons)
    };
    let cancelled = Booking::cancelled("u9", 7, 0).json();
    clinic.hear(&[cancelled.clone(), cancelled]).await;
    let unknown = vec!["unknown_booking".to_owned()];
    assert_eq!(wrong().await, (1, unknown.clone()));
    // What is known is no failure, and neither is who came to what is not.
    let events = [
        Booking::created("u1", 7, 0).json(),
        Booking::cancelled("u1", 7, 1).json(),
        no_show(
            "u8",
            5,
            json!([{"email": "zoe@example.com", "noShow": true}]),
        ),
    ];
    clinic.hear(&events).await;
    assert_eq!(wrong().await, (1, unknown));
}

/// `minute` is when the calendar was told, as in [`Booking`].
fn no_show(uid: &str, minute: i64, attendees: Value) -> Value {
    let mut event = Booking::created("u", 7, minute).json();
    event["triggerEvent"] = json!("BOOKING_NO_SHOW_UPDATED");
    event["payload"] = json!({"bookingUid": uid, "message": "x", "attendees": attendees});
    event
}

#[tokio::test]
async fn who_did_not_come_is_known_whatever_the_order() {
    let zoe = |missed: bool| json!([{"email": "Zoe@example.com", "noShow": missed}]);
    let both = json!([{"email": "guest@example.com", "noShow": false}, {"email": "zoe@example.com", "noShow": true}]);
    let strangers = json!([{"email": "a@example.com", "noShow": true}, {"email": "b@example.com", "noShow": true}]);
    for (events, expected) in [
        (vec![no_show("u1", 5, zoe(true))], Attendance::NoShow),
        (
            vec![no_show("u1", 5, zoe(true)), no_show("u1", 6, zoe(false))],
            Attendance::Unknown,
        ),
        (
            vec![no_show("u1", 6, zoe(false)), no_show("u1", 5, zoe(true))],
            Attendance::Unknown,
        ),
        (vec![no_show("u1", 5, both)], Attendance::NoShow),
        (vec![no_show("u1", 5, strangers)], Attendance::Unknown),
        // Somebody else's address, but nobody else was booked.
        (
            vec![no_show(
                "u1",
                5,
                json!([{"email": "new@example.com", "noShow": true}]),
            )],
            Attendance::NoShow,
        ),
        // A booking that nobody knows.
        (vec![no_show("u9", 5, zoe(true))], Attendance::Unknown),
        (
            vec![no_show("u1", 5, json!([{"email": "zoe@example.com"}]))],
            Attendance::Unknown,
        ),
        (vec![no_show("u1", 5, json!("nobody"))], Attendance::Unknown),
    ] {
        let clinic = Clinic::new().await;
        clinic.hear(&[Booking::created("u1", 7, 0).json()]).await;
        clinic.hear(&events).await;
        let appointment = only_appointment(&clinic).await;
        assert_eq!(appointment.attendance, expected, "{events:?}");
        assert_eq!(clinic.only_person().await.contact.needs_attention, None);
    }
}

#[tokio::test]
async fn what_staff_saw_is_not_overruled() {
    let clinic = Clinic::new().await;
    clinic.hear(&[Booking::created("u1", 7, 0).json()]).await;
    let mut person = clinic.only_person().await;
    person.appointments[0].attendance = Attendance::Attended;
    let mut tx = Tx::new();
    clinic.store().stage_person(&mut tx, &mut person).unwrap();
    vio_runtime::testing::tell(clinic.store(), &mut tx, &person);
    clinic.store().store.commit(tx).await.unwrap();
    let missed = json!([{"email": "zoe@example.com", "noShow": true}]);
    clinic.hear(&[no_show("u1", 5, missed)]).await;
    let person = clinic.only_person().await;
    assert_eq!(person.appointments[0].attendance, Attendance::Attended);
    assert_eq!(
        person.contact.needs_attention,
        Some(AttentionReason::CalendarConflict)
    );
}

#[tokio::test]
async fn fields_come_from_where_the_business_says() {
    let clinic = Clinic::new().await;
    let place = |text: &str| BookingField::parse(text).unwrap();
    clinic
        .set(|opened| {
            let calcom = &mut opened.settings.integrations.calcom;
            calcom.call_before_hours = Some(48.try_into().unwrap());
            let mapping = &mut calcom.field_mapping;
            mapping.phone = place("responses.mobile");
            mapping.owner_name = place("responses.practitioner");
            mapping.appointment_type = place("responses.what_for");
            mapping.special_instructions = place("responses.access");
        })
        .await;
    let mut answered = Booking::created("u1", 7, 0).json();
    answered["payload"]["responses"] = json!({
        "mobile": {"label": "Mobile", "value": "+44 20 7183 8751"},
        "attendeePhoneNumber": {"label": "phone_number", "value": "+442071838750"},
        "practitioner": {"label": "With whom?", "value": {"value": "Mx Patel", "optionValue": ""}},
        "what_for": {"label": "What for?", "value": ["Hygiene"]},
        "access": {"label": "Anything we should know?", "value": "Step-free entrance, please."},
    });
    clinic.hear(&[answered]).await;
    let person = clinic.only_person().await;
    assert_eq!(
        person.contact.phone.as_ref().unwrap().as_str(),
        "+442071838751"
    );
    let appointment = &person.appointments[0];
    let text = |field: &Option<vio_domain::text::ShortText<100>>| {
        field.as_ref().map(|t| t.as_str().to_owned())
    };
    assert_eq!(text(&appointment.owner_name).unwrap(), "Mx Patel");
    assert_eq!(text(&appointment.appointment_type).unwrap(), "Hygiene");
    assert_eq!(appointment.call_before_hours.hours(), 48);
    let spoken = appointment.special_instructions.as_ref().unwrap();
    assert_eq!(spoken.as_str(), "Step-free entrance, please.");

    // What was not answered is taken from where it usually is.
    let clinic = Clinic::new().await;
    clinic
        .set(|opened| {
            let mapping = &mut opened.settings.integrations.calcom.field_mapping;
            mapping.owner_name = place("responses.practitioner");
            mapping.phone = place("responses.mobile");
        })
        .await;
    clinic.hear(&[Booking::created("u1", 7, 0).json()]).await;
    let person = clinic.only_person().await;
    assert_eq!(
        person.contact.phone.as_ref().unwrap().as_str(),
        "+442071838750"
    );
    assert_eq!(
        text(&person.appointments[0].owner_name).unwrap(),
        "Dr Ada Grey"
    );
}

#[tokio::test]
async fn health_information_in_a_mapped_answer_is_held_and_not_spoken() {
    let clinic = Clinic::new().await;
    clinic
        .set(|opened| {
            let mapping = &mut opened.settings.integrations.calcom.field_mapping;
            mapping.special_instructions = BookingField::parse("responses.reason").unwrap();
        })
        .await;
    let mut event = Booking::created("u1", 7, 0).json();
    let reason = "I was diagnosed with diabetes and need insulin.";
    event["payload"]["responses"]["reason"] = json!({"label": "Why?", "value": reason});
    clinic.hear(&[event]).await;
    let person = clinic.only_person().await;
    assert_eq!(person.appointments[0].special_instructions, None);
    let notes = person.contact.notes.as_ref().unwrap();
    assert_eq!(
        notes.as_str(),
        format!("{reason}\n\nPlease ring the bell twice.")
    );
}

/// An answer in place of the notes does not lose them.
#[tokio::test]
async fn what_was_written_besides_a_mapped_answer_is_kept_for_staff() {
    let clinic = Clinic::new().await;
    clinic
        .set(|opened| {
            let mapping = &mut opened.settings.integrations.calcom.field_mapping;
            mapping.special_instructions = BookingField::parse("responses.access").unwrap();
        })
        .await;
    let mut event = Booking::created("u1", 7, 0).json();
    event["payload"]["responses"]["access"] =
        json!({"label": "Access", "value": "Step-free entrance, please."});
    event["payload"]["additionalNotes"] = json!("I come with my sister.");
    clinic.hear(&[event]).await;
    let person = clinic.only_person().await;
    let spoken = person.appointments[0].special_instructions.as_ref();
    assert_eq!(spoken.unwrap().as_str(), "Step-free entrance, please.");
    let notes = person.contact.notes.as_ref().unwrap();
    assert_eq!(notes.as_str(), "I come with my sister.");
}
