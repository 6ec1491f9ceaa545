//! What changed settings do to planned calls.

use super::*;

async fn contact_with_appointment(
    tenant: &TestTenant,
    number: u32,
    time: DateTime<Utc>,
) -> ContactId {
    let store = &tenant.store;
    let settings = store.settings().await.unwrap().settings;
    let id = ContactId::new(store.new_id());
    let mut new = NewContact::named(id, PersonName::parse("Sam Example").unwrap());
    new.phone = Some(
        vio_domain::phone::parse(
            &format!("+4420794600{number:02}"),
            settings.business.country,
        )
        .unwrap()
        .e164,
    );
    let appointment =
        NewAppointment::at(time, London, &settings, BookingSource::Manual, store.now());
    let made = store
        .create_contact(
            &settings,
            &new,
            Some(&appointment),
            OnDuplicate::CreateNew,
            &Actor::system("test"),
        )
        .await
        .unwrap();
    assert!(matches!(made, Created::Made { .. }));
    id
}

async fn next_call(tenant: &TestTenant, id: ContactId) -> Option<DateTime<Utc>> {
    tenant
        .store
        .person(id)
        .await
        .unwrap()
        .unwrap()
        .next_call_at()
}

fn at(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

/// S3-04: set 10:00-12:00, and every planned call is planned anew; in pieces, and to the end.
#[tokio::test]
async fn changed_call_hours_move_every_planned_call() {
    let (app, server, tenant) = started(BusinessType::Salon).await;
    let token = &tenant.admin.token;
    let mut contacts = Vec::new();
    for n in 0..12 {
        // Appointments on Friday 6 March at 16:00: the reminder is due a day earlier at 16:00.
        contacts.push(contact_with_appointment(&tenant, n, at("2026-03-06T16:00:00Z")).await);
        app.advance(TimeDelta::seconds(1));
    }
    for id in &contacts {
        assert_eq!(
            next_call(&tenant, *id).await,
            Some(at("2026-03-05T16:00:00Z"))
        );
    }
    app.queues.take_dial();
    let hours = json!({"call_hours": {"start_time": "10:00", "end_time": "12:00"}});
    assert_eq!(
        server
            .patch("/api/settings/calls", token, hours)
            .await
            .status,
        StatusCode::OK
    );
    assert_eq!(app.queues.take_dial().len(), 1, "the pump is woken");
    assert!(tenant.store.replan_due().await.unwrap());
    assert!(
        !tenant.store.replan_some(5).await.unwrap(),
        "a small budget leaves work"
    );
    while !tenant.store.replan_some(5).await.unwrap() {}
    for id in &contacts {
        assert_eq!(
            next_call(&tenant, *id).await,
            Some(at("2026-03-06T10:00:00Z"))
        );
    }
    // Those made around the change are looked at once more, then nothing is left.
    assert!(!tenant.store.replan_due().await.unwrap());
    app.advance(TimeDelta::seconds(60));
    assert!(tenant.store.replan_due().await.unwrap());
    while !tenant.store.replan_some(5).await.unwrap() {}
    app.clock.advance(TimeDelta::hours(1));
    assert!(!tenant.store.replan_due().await.unwrap());
    // A change that cannot move a call asks for nothing.
    let tone = json!({"voice_tone": "casual"});
    assert_eq!(
        server
            .patch("/api/settings/calls", token, tone)
            .await
            .status,
        StatusCode::OK
    );
    assert!(!tenant.store.replan_due().await.unwrap());
}

/// Planning anew is no reason to wait: a reminder that is due already keeps its place in the queue.
#[tokio::test]
async fn a_change_of_settings_does_not_put_off_what_is_due() {
    let (app, server, tenant) = started(BusinessType::Salon).await;
    let id = contact_with_appointment(&tenant, 1, at("2026-03-06T16:00:00Z")).await;
    let due = at("2026-03-05T16:00:00Z");
    app.clock.advance(due - app.app.clock.now());
    app.clock.advance(TimeDelta::seconds(330));
    let token = app.token(&tenant.store, tenant.admin.id).await;
    let set = async |body: Value| {
        let answer = server.patch("/api/settings/calls", &token, body).await;
        assert_eq!(answer.status, StatusCode::OK);
        while !tenant.store.replan_some(100).await.unwrap() {}
    };
    set(json!({"minimum_notice_hours": 3})).await;
    assert_eq!(next_call(&tenant, id).await, Some(due));
    // But it does not ring outside the new hours.
    set(json!({"call_hours": {"start_time": "16:30", "end_time": "20:00"}})).await;
    assert_eq!(
        next_call(&tenant, id).await,
        Some(at("2026-03-05T16:30:00Z"))
    );
}

/// S3-05: Monday 15 June 2026 is a holiday in Scotland only.
#[tokio::test]
async fn a_division_moves_calls_off_its_own_holidays() {
    let (app, server, tenant) = started(BusinessType::Salon).await;
    app.advance(TimeDelta::days(100)); // 10 June
    let token = app.token(&tenant.store, tenant.admin.id).await;
    let id = contact_with_appointment(&tenant, 1, at("2026-06-16T14:00:00Z")).await;
    assert_eq!(
        next_call(&tenant, id).await,
        Some(at("2026-06-15T14:00:00Z"))
    );
    let set = |body: Value| {
        let (server, token) = (server.clone(), token.clone());
        async move { server.patch("/api/settings/calls", &token, body).await }
    };
    let scotland = json!({"holiday_calendar": {"division": "scotland"}});
    assert_eq!(set(scotland).await.status, StatusCode::OK);
    while !tenant.store.replan_some(100).await.unwrap() {}
    assert_eq!(
        next_call(&tenant, id).await,
        Some(at("2026-06-16T07:00:00Z")),
        "08:00 British summer time"
    );
    let off = json!({"auto_schedule_calls": false});
    assert_eq!(set(off).await.status, StatusCode::OK);
    while !tenant.store.replan_some(100).await.unwrap() {}
    assert_eq!(next_call(&tenant, id).await, None);
    // A second change while the first is being worked off starts it over.
    assert_eq!(
        set(json!({"auto_schedule_calls": true})).await.status,
        StatusCode::OK
    );
    let england = json!({"holiday_calendar": {"division": "england-and-wales"}});
    assert_eq!(set(england).await.status, StatusCode::OK);
    while !tenant.store.replan_some(100).await.unwrap() {}
    assert_eq!(
        next_call(&tenant, id).await,
        Some(at("2026-06-15T14:00:00Z"))
    );
}
