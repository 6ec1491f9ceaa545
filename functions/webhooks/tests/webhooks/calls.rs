//! News of calls: duplicate, late, reordered, before our own answer.

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};
use vio_domain::appointment::{AppointmentStatus, OpenSession};
use vio_domain::calling::attempt::Attempt;
use vio_domain::calling::limits::CallLimits;
use vio_domain::calling::session::SessionState;
use vio_domain::ids::{AttemptId, ContactId, SessionId};
use vio_store::calling::sessions::AttemptRow;
use vio_store::key::LogKind;
use vio_store::tx::Tx;

use crate::support::*;

pub(crate) struct Granted {
    pub(crate) contact: ContactId,
    pub(crate) session: SessionId,
    pub(crate) attempt: AttemptId,
    at: DateTime<Utc>,
}

/// A call that was granted and is being sent: nobody has heard of it yet.
pub(crate) async fn granted(clinic: &Clinic) -> Granted {
    clinic.hear(&[Booking::created("u1", 7, 0).json()]).await;
    let mut person = clinic.only_person().await;
    let due = person.next_call_at().unwrap();
    clinic.test.clock.set(due);
    clinic.test.real_clock.set(due);
    let contact = person.contact.id;
    let open = person.appointments[0].open_session.unwrap();
    let mut row = clinic
        .store()
        .session(contact, open.id)
        .await
        .unwrap()
        .unwrap();
    let before = row.dial();
    let attempt = AttemptId::new(clinic.store().new_id());
    row.session.grant(attempt, due).unwrap();
    let mut tx = Tx::new();
    clinic
        .store()
        .stage_session(&mut tx, &mut row, Some(&before))
        .unwrap();
    let limits = CallLimits::default();
    let made = Attempt::granted(attempt, open.id, due, "fingerprint".into(), &limits);
    let phone = clinic
        .store()
        .phone_hash(person.contact.phone.as_ref().unwrap());
    let tenant = clinic.tenant.id;
    let mut stored = AttemptRow::new(tenant, contact, made, phone, b"{}", &person.key).unwrap();
    tx.create(&mut stored).unwrap();
    person.appointments[0].open_session = Some(OpenSession {
        id: open.id,
        in_progress: true,
    });
    clinic.store().stage_person(&mut tx, &mut person).unwrap();
    vio_runtime::testing::tell(clinic.store(), &mut tx, &person);
    clinic.store().store.commit(tx).await.unwrap();
    Granted {
        contact,
        session: open.id,
        attempt,
        at: due,
    }
}

fn event(clinic: &Clinic, granted: &Granted, name: &str, more: Value) -> Value {
    let started = granted.at + TimeDelta::seconds(5);
    let mut call = json!({
        "call_id": "call_1",
        "metadata": {
            "tenant_id": clinic.tenant.id,
            "session_id": granted.session,
            "attempt_id": granted.attempt,
            "contact_id": granted.contact,
        },
        "start_timestamp": started.timestamp_millis(),
    });
    if name != "call_started" {
        call["end_timestamp"] = json!((started + TimeDelta::seconds(40)).timestamp_millis());
        call["disconnection_reason"] = json!("agent_hangup");
    }
    for (key, value) in more.as_object().unwrap() {
        call[key.as_str()] = value.clone();
    }
    json!({"event": name, "call": call})
}

pub(crate) async fn course(clinic: &Clinic, granted: &Granted, action: Value) -> Vec<Value> {
    let analysis = json!({"call_analysis": {
        "call_summary": "They talked.", "in_voicemail": false, "custom_analysis_data": action,
    }});
    vec![
        event(clinic, granted, "call_started", json!({})),
        event(clinic, granted, "call_ended", json!({})),
        event(clinic, granted, "call_analyzed", analysis),
    ]
}

async fn tell_all(clinic: &Clinic, events: &[Value]) {
    for event in events {
        let (status, answer) = clinic.tell(event.to_string().as_bytes()).await;
        assert_eq!(status.as_u16(), 200, "{answer}");
        clinic.drain().await;
    }
}

async fn state(clinic: &Clinic) -> Value {
    let person = clinic.only_person().await;
    let appointment = &person.appointments[0];
    assert!(appointment.open_session.is_none());
    json!({
        "status": appointment.status, "time": appointment.time, "attempts": appointment.call_attempts,
        "last_contact": person.contact.last_contact_time, "next": appointment.next_call_at,
        "attention": person.contact.needs_attention, "state": person.contact.call_state,
    })
}

#[tokio::test]
async fn a_confirmed_appointment_in_any_order_and_however_often() {
    let mut expected = None;
    for order in orders(&[0usize, 1, 2]) {
        let clinic = Clinic::new().await;
        // No answer of the provider was recorded: the webhook is the first to know.
        let granted = granted(&clinic).await;
        let course = course(
            &clinic,
            &granted,
            json!({"appointment_action": "confirmed"}),
        )
        .await;
        let order: Vec<Value> = order.into_iter().map(|at| course[at].clone()).collect();
        tell_all(&clinic, &order).await;
        let after_once = state(&clinic).await;
        let log = clinic
            .store()
            .read_log(LogKind::Change, None, 500)
            .await
            .unwrap()
            .len();
        tell_all(&clinic, &order).await;
        clinic.test.advance(TimeDelta::minutes(2));
        vio_reminders::tick(&clinic.test.app).await.unwrap();
        clinic.drain().await;
        assert_eq!(state(&clinic).await, after_once);
        assert_eq!(
            clinic
                .store()
                .read_log(LogKind::Change, None, 500)
                .await
                .unwrap()
                .len(),
            log
        );
        assert_eq!(after_once["status"], "confirmed");
        assert_eq!(after_once["attempts"], 1);
        assert_eq!(
            &after_once,
            expected.get_or_insert_with(|| after_once.clone())
        );
    }
}

#[tokio::test]
async fn a_new_time_is_meant_in_the_appointments_zone() {
    let clinic = Clinic::new().await;
    let granted = granted(&clinic).await;
    // British summer time begins on 29 March 2026.
    let action = json!({"appointment_action": "rescheduled", "new_time": "2026-03-30T10:30"});
    tell_all(&clinic, &course(&clinic, &granted, action).await).await;
    let person = clinic.only_person().await;
    let appointment = &person.appointments[0];
    assert_eq!(appointment.status, AppointmentStatus::Rescheduled);
    assert_eq!(appointment.time.to_rfc3339(), "2026-03-30T09:30:00+00:00");
    assert!(
        appointment.next_call_at.is_some(),
        "the new time has its own call"
    );
}

#[tokio::test]
async fn whoever_asks_not_to_be_called_is_on_the_list() {
    let clinic = Clinic::new().await;
    let granted = granted(&clinic).await;
    let dnc = json!({"disconnection_reason": "user_requested_dnc"});
    let events = [
        event(&clinic, &granted, "call_ended", dnc.clone()),
        event(&clinic, &granted, "call_analyzed", dnc),
    ];
    tell_all(&clinic, &events).await;
    let person = clinic.only_person().await;
    assert!(
        clinic
            .store()
            .on_do_not_call_list(&person.contact)
            .await
            .unwrap()
    );
}

#[tokio::test]
async fn a_call_of_somebody_else_is_acknowledged_and_not_kept() {
    let clinic = Clinic::new().await;
    let granted = granted(&clinic).await;
    let before = clinic
        .store()
        .session(granted.contact, granted.session)
        .await
        .unwrap()
        .unwrap();
    let other_attempt = AttemptId::new(clinic.store().new_id());
    for metadata in [
        json!({}),
        json!({"tenant_id": clinic.store().new_id(), "session_id": granted.session, "attempt_id": granted.attempt}),
        json!({"tenant_id": clinic.tenant.id, "session_id": granted.session, "attempt_id": other_attempt}),
        json!({"tenant_id": clinic.tenant.id, "session_id": clinic.store().new_id(),
               "attempt_id": granted.attempt, "contact_id": granted.contact}),
    ] {
        let call_id = format!("call_{}", clinic.store().new_id());
        let call = json!({"metadata": metadata, "call_id": call_id});
        let body = event(&clinic, &granted, "call_started", call).to_string();
        assert_eq!(clinic.tell(body.as_bytes()).await.0.as_u16(), 200);
        let message = clinic.test.queues.take_inbox().remove(0);
        let event = message.event.parse().unwrap();
        vio_webhooks::process(&clinic.webhooks, message)
            .await
            .unwrap();
        let row = clinic.store().event(event).await.unwrap().unwrap();
        assert!(!row.is_waiting());
        assert_eq!(
            clinic
                .store()
                .event_body(&clinic.objects, &row)
                .await
                .unwrap(),
            None
        );
    }
    let after = clinic
        .store()
        .session(granted.contact, granted.session)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(before.session, after.session);
    assert!(matches!(after.session.state, SessionState::Placing { .. }));
    // Without a contact's id the session is found all the same.
    let ids = json!({"metadata": {"tenant_id": clinic.tenant.id, "session_id": granted.session,
                                  "attempt_id": granted.attempt}});
    tell_all(&clinic, &[event(&clinic, &granted, "call_started", ids)]).await;
    let heard = clinic
        .store()
        .session(granted.contact, granted.session)
        .await
        .unwrap()
        .unwrap();
    assert!(matches!(heard.session.state, SessionState::Answered { .. }));
}
