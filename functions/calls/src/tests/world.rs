//! A business with people to ring, and the steps of a call.

use chrono::{DateTime, TimeDelta, Utc};
use vio_domain::appointment::Appointment;
use vio_domain::calling::order::Band;
use vio_domain::calling::session::{Action, Analysis, CallEvent, Ended, Sentiment, SessionState};
use vio_domain::contact::Contact;
use vio_domain::ids::{AppointmentId, ContactId, SessionId, UserId};
use vio_domain::phone::{Country, parse};
use vio_domain::settings::BusinessType;
use vio_domain::text::{PersonName, ShortText};
use vio_runtime::testing::{Answer, Server, TestApp, TestTenant};
use vio_store::calling::grant::{Dialling, Granted, Granting};
use vio_store::calling::rows::{DialRow, GateRow};
use vio_store::calling::sessions::SessionRow;
use vio_store::calling::settle::{CallHeard, Heard};
use vio_store::contacts::Person;
use vio_store::log::Actor;
use vio_store::tenants::TenantSettings;
use vio_store::tx::Tx;

pub(super) struct World {
    pub(super) app: TestApp,
    pub(super) tenant: TestTenant,
    pub(super) server: Server,
}

pub(super) const PHONE: &str = "07911 123456";

impl World {
    /// A salon that can call, on Monday 2 March 2026, 09:00 in London.
    pub(super) async fn new() -> Self {
        let app = TestApp::new().await;
        let tenant = app.tenant("Corner Salon", BusinessType::Salon).await;
        let ts = &tenant.store;
        let mut settings = ts.settings().await.unwrap();
        let retell = &mut settings.settings.integrations.retell;
        retell.agent_id = Some(ShortText::parse("agent_1").unwrap());
        retell.from_number = Some(parse("02079460000", Country::GB).unwrap().e164);
        retell.has_key = true;
        settings.secrets.retell_key.current = Some("key".into());
        let mut tx = Tx::new();
        ts.save_settings(&mut tx, &mut settings).unwrap();
        ts.store.commit(tx).await.unwrap();
        let server = app.serve(crate::router(app.app.clone()).0);
        Self {
            app,
            tenant,
            server,
        }
    }

    pub(super) fn admin(&self) -> &str {
        &self.tenant.admin.token
    }

    pub(super) async fn settings(&self) -> TenantSettings {
        self.tenant.store.settings().await.unwrap()
    }

    /// Somebody with an appointment tomorrow at 10:00, whose reminder is planned for 11:00 today.
    pub(super) async fn person(&self, phone: &str, created_by: Option<UserId>) -> ContactId {
        let ts = &self.tenant.store;
        let now = ts.now();
        let id = ContactId::new(ts.new_id());
        let contact = Contact {
            version: 1,
            phone: Some(parse(phone, Country::GB).unwrap().e164),
            created_by,
            ..Contact::named(id, ts.id, PersonName::parse("Ada Example").unwrap(), now)
        };
        let appointment = Appointment {
            version: 1,
            booked_at: Some(now),
            ..Appointment::at(
                AppointmentId::new(ts.new_id()),
                ts.id,
                id,
                now + TimeDelta::hours(25),
                chrono_tz::Europe::London,
                now,
            )
        };
        let about = appointment.id;
        let settings = self.settings().await;
        let mut person = ts.new_person(contact, vec![appointment]).unwrap();
        let mut tx = Tx::new();
        let claims = ts.read_claims(&person).await.unwrap();
        ts.stage_claims(&mut tx, &[&person], claims).unwrap();
        ts.replan(&mut tx, &settings.settings, &mut person, about)
            .await
            .unwrap();
        ts.stage_person(&mut tx, &mut person).unwrap();
        vio_runtime::testing::tell(ts, &mut tx, &person);
        ts.store.commit(tx).await.unwrap();
        id
    }

    /// The sessions of a contact, oldest first.
    pub(super) async fn sessions(&self, contact: ContactId) -> Vec<SessionRow> {
        let (mut rows, _) = self
            .tenant
            .store
            .sessions_of(contact, 50, None)
            .await
            .unwrap();
        rows.reverse();
        rows
    }

    /// The one planned session of a contact.
    pub(super) async fn planned(&self, contact: ContactId) -> SessionId {
        let rows = self.sessions(contact).await;
        let planned: Vec<_> = rows
            .iter()
            .filter(|row| row.session.state == SessionState::Planned)
            .collect();
        assert_eq!(planned.len(), 1);
        planned[0].session.id
    }

    /// The queue items that are due.
    pub(super) async fn due(&self) -> Vec<DialRow> {
        let mut items = Vec::new();
        for band in Band::ALL {
            items.extend(self.tenant.store.due_items(band, 50).await.unwrap());
        }
        items
    }

    pub(super) async fn gate(&self) -> GateRow {
        let settings = self.settings().await;
        self.tenant.store.gate(&settings).await.unwrap()
    }

    /// Grants a queue item on a gate read before; `meanwhile` happens after the guards were asked and before the
    /// commit.
    pub(super) async fn grant_on(
        &self,
        gate: &mut GateRow,
        item: &DialRow,
        meanwhile: impl FnOnce(),
    ) -> Granting {
        let settings = self.settings().await;
        let dialling = Dialling {
            settings: &settings,
            limits: &self.app.app.platform.limits,
            fingerprint: "print",
            tenant_active: true,
        };
        self.tenant
            .store
            .grant(dialling, gate, item, |_, _, _| {
                meanwhile();
                Ok(b"{}".to_vec())
            })
            .await
            .unwrap()
    }

    /// Grants the due call of a contact.
    pub(super) async fn granted(&self, contact: ContactId) -> Granted {
        let due = self.due().await;
        let item = due.iter().find(|item| item.contact == contact).unwrap();
        let mut gate = self.gate().await;
        match self.grant_on(&mut gate, item, || {}).await {
            Granting::Granted(granted) => *granted,
            _ => panic!("the call was not granted"),
        }
    }

    pub(super) async fn hear(&self, granted: &Granted, event: CallEvent) -> Heard {
        let settings = self.settings().await;
        let session = &granted.session.session;
        let heard = CallHeard {
            contact: session.contact,
            session: session.id,
            attempt: granted.attempt.attempt.id,
            provider_call_id: format!("call_{}", session.id),
            event,
        };
        self.tenant
            .store
            .hear(&settings, &heard, &Actor::provider("retell"), |_| Ok(()))
            .await
            .unwrap()
    }

    /// Signs the administrator in anew, after hours of idleness.
    pub(super) async fn sign_in_again(&mut self) {
        let admin = self.tenant.admin.id;
        self.tenant.admin.token = self.app.token(&self.tenant.store, admin).await;
    }

    /// Presses Call Now.
    pub(super) async fn call_now(&self, contact: ContactId, body: serde_json::Value) -> Answer {
        let path = format!("/api/contacts/{contact}/call-now");
        self.server.post(&path, self.admin(), body).await
    }

    /// Changes a person in the table, whatever it is.
    pub(super) async fn change(&self, contact: ContactId, change: impl FnOnce(&mut Person)) {
        let ts = &self.tenant.store;
        let mut person = ts.person(contact).await.unwrap().unwrap();
        change(&mut person);
        let mut tx = Tx::new();
        ts.stage_person(&mut tx, &mut person).unwrap();
        vio_runtime::testing::tell(ts, &mut tx, &person);
        ts.store.commit(tx).await.unwrap();
    }

    /// Changes the settings.
    pub(super) async fn set(&self, change: impl FnOnce(&mut TenantSettings)) {
        let ts = &self.tenant.store;
        let mut settings = self.settings().await;
        change(&mut settings);
        let mut tx = Tx::new();
        ts.save_settings(&mut tx, &mut settings).unwrap();
        ts.store.commit(tx).await.unwrap();
    }

    pub(super) fn advance(&self, by: TimeDelta) {
        // Sign-ins run on real time and would end; calls run on the domain's.
        self.app.clock.advance(by);
    }

    pub(super) async fn call(&self, id: SessionId) -> serde_json::Value {
        let answer = self
            .server
            .get(&format!("/api/calls/{id}"), self.admin())
            .await;
        assert_eq!(answer.status, 200, "{:?}", answer.body);
        answer.body
    }
}

pub(super) fn ended(at: DateTime<Utc>, reason: &str, connected: bool) -> Ended {
    Ended {
        at,
        reason: reason.into(),
        started_at: connected.then(|| at - TimeDelta::seconds(36)),
    }
}

pub(super) fn said(action: Action) -> Analysis {
    Analysis {
        action,
        sentiment: Some(Sentiment::Positive),
        ..Analysis::default()
    }
}
