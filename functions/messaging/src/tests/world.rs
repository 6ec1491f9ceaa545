//! A clinic that can write to people, and a provider that keeps a list as Twilio does.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};
use vio_domain::appointment::Appointment;
use vio_domain::contact::{Contact, ContactMethod};
use vio_domain::ids::{AppointmentId, ContactId, MessageId};
use vio_domain::messages::state::Report;
use vio_domain::phone::{Country, E164, parse};
use vio_domain::settings::BusinessType;
use vio_domain::text::{Email, PersonName, ShortText};
use vio_providers::ses::feedback::{Happened, MailNews};
use vio_providers::ses::{MailAccount, MailError, Mailer, NewMail, Refusal};
use vio_providers::twilio::{
    Account, Lookup, NewSms, OwnNumber, Page, Sms, TwilioApi, TwilioError, TwilioFactory,
};
use vio_providers::{BaseUrl, Unanswered};
use vio_runtime::App;
use vio_runtime::mail::Mail;
use vio_runtime::testing::{Answer, Server, TestApp, TestTenant};
use vio_store::TenantStore;
use vio_store::contacts::Person;
use vio_store::log::Actor;
use vio_store::messages::{InboundSms, MessageRow};
use vio_store::tenants::TenantSettings;
use vio_store::tx::Tx;

pub(super) const PHONE: &str = "07912 345678";
pub(super) const EMAIL: &str = "ada@example.com";
pub(super) const TOKEN: &str = "twilio-token-for-tests";

/// What the provider does with the next message.
#[derive(Debug, Clone, Copy)]
pub(super) enum Does {
    Accept,
    /// It has it, and says nothing.
    AcceptSilently,
    /// It has nothing, and says nothing.
    LoseSilently,
    Refuse(u16, u32),
}

/// The provider.
pub(super) struct Provider {
    clock: Arc<dyn Fn() -> DateTime<Utc> + Send + Sync>,
    pub(super) has: Mutex<Vec<Sms>>,
    pub(super) requests: Mutex<Vec<NewSms>>,
    pub(super) next: Mutex<VecDeque<Does>>,
    pub(super) list_fails: Mutex<bool>,
}

impl Provider {
    pub(super) fn count(&self) -> usize {
        self.has.lock().unwrap().len()
    }

    pub(super) fn will(&self, does: Does) {
        self.next.lock().unwrap().push_back(does);
    }
}

#[async_trait]
impl TwilioApi for Provider {
    async fn send(&self, sms: &NewSms, _: Duration) -> Result<Sms, TwilioError> {
        self.requests.lock().unwrap().push(sms.clone());
        let does = self.next.lock().unwrap().pop_front();
        let does = does.unwrap_or(Does::Accept);
        let silent = Err(TwilioError::NoAnswer(Unanswered::TimedOut));
        match does {
            Does::LoseSilently => return silent,
            Does::Refuse(status, code) => {
                return Err(TwilioError::Refused {
                    status,
                    code: Some(code),
                    retry_after: None,
                });
            }
            Does::Accept | Does::AcceptSilently => {}
        }
        let mut has = self.has.lock().unwrap();
        let new = Sms {
            sid: format!("SM{:032x}", has.len()),
            report: Some(Report::Accepted),
            body: sms.body.clone(),
            created_at: Some((self.clock)()),
            error_code: None,
        };
        has.push(new.clone());
        match does {
            Does::Accept => Ok(new),
            _ => silent,
        }
    }

    async fn sent(&self, _: &str, _: &str, _: Duration) -> Result<Page, TwilioError> {
        if *self.list_fails.lock().unwrap() {
            return Err(TwilioError::NoAnswer(Unanswered::Status(500)));
        }
        let mut messages = self.has.lock().unwrap().clone();
        messages.reverse();
        Ok(Page {
            messages,
            more: false,
        })
    }

    async fn lookup(&self, _: &str, _: Duration) -> Result<Lookup, TwilioError> {
        Err(TwilioError::NoAnswer(Unanswered::TimedOut))
    }

    async fn own_number(&self, _: &str, _: Duration) -> Result<Option<OwnNumber>, TwilioError> {
        Ok(None)
    }
}

struct Fixed(Arc<Provider>);

impl TwilioFactory for Fixed {
    fn client(&self, _: BaseUrl, _: Account) -> Arc<dyn TwilioApi> {
        self.0.clone()
    }
}

/// What SES does with the next e-mail.
#[derive(Debug, Clone, Copy)]
pub(super) enum Posts {
    /// It has it, and says nothing.
    Silently,
    /// It has nothing, and says nothing.
    Loses,
    Refuses(u16, Refusal),
}

/// SES.
#[derive(Default)]
pub(super) struct PostOffice {
    pub(super) sent: Mutex<Vec<NewMail>>,
    pub(super) asked: Mutex<u32>,
    pub(super) next: Mutex<VecDeque<Posts>>,
}

impl PostOffice {
    pub(super) fn count(&self) -> usize {
        self.sent.lock().unwrap().len()
    }

    pub(super) fn will(&self, posts: Posts) {
        self.next.lock().unwrap().push_back(posts);
    }

    /// The only e-mail.
    pub(super) fn only(&self) -> NewMail {
        let sent = self.sent.lock().unwrap();
        assert_eq!(sent.len(), 1);
        sent[0].clone()
    }
}

#[async_trait]
impl Mailer for PostOffice {
    async fn send(&self, mail: &NewMail, _: Duration) -> Result<String, MailError> {
        *self.asked.lock().unwrap() += 1;
        let posts = self.next.lock().unwrap().pop_front();
        let silent = Err(MailError::NoAnswer(Unanswered::TimedOut));
        match posts {
            Some(Posts::Loses) => return silent,
            Some(Posts::Refuses(status, about)) => {
                return Err(MailError::Refused {
                    status,
                    about,
                    retry_after: None,
                });
            }
            Some(Posts::Silently) | None => {}
        }
        let mut sent = self.sent.lock().unwrap();
        sent.push(mail.clone());
        match posts {
            None => Ok(format!("mail-{}", sent.len() - 1)),
            _ => silent,
        }
    }

    async fn account(&self, _: Duration) -> Result<MailAccount, MailError> {
        Err(MailError::NoAnswer(Unanswered::TimedOut))
    }
}

pub(super) struct World {
    pub(super) test: TestApp,
    pub(super) app: App,
    pub(super) tenant: TestTenant,
    pub(super) server: Server,
    pub(super) provider: Arc<Provider>,
    pub(super) post_office: Arc<PostOffice>,
}

impl World {
    /// A salon on Monday 2 March 2026, 09:00 in London.
    pub(super) async fn new() -> Self {
        let mut test = TestApp::new().await;
        let clock = test.clock.clone();
        let provider = Arc::new(Provider {
            clock: Arc::new(move || vio_store::env::Clock::now(clock.as_ref())),
            has: Mutex::default(),
            requests: Mutex::default(),
            next: Mutex::default(),
            list_fails: Mutex::default(),
        });
        test.app.twilio = Arc::new(Fixed(provider.clone()));
        let post_office = Arc::new(PostOffice::default());
        test.app.mail = Some(Mail {
            api: post_office.clone(),
            from: Email::parse("no-reply@mail.example.com").unwrap(),
        });
        let tenant = test.tenant("Corner Salon", BusinessType::Salon).await;
        let server = test.serve(crate::router(test.app.clone()).0);
        let world = Self {
            app: test.app.clone(),
            test,
            tenant,
            server,
            provider,
            post_office,
        };
        world
            .set(|opened| {
                let twilio = &mut opened.settings.integrations.twilio;
                twilio.enabled = true;
                let sid = format!("AC{}", "a".repeat(32));
                twilio.account_sid = Some(ShortText::parse(&sid).unwrap());
                twilio.from_number = Some(number("07700 153842"));
                twilio.has_token = true;
                opened.secrets.twilio_token.current = Some(TOKEN.into());
                let email = &mut opened.settings.integrations.email;
                email.enabled = true;
                email.reply_to = Some(Email::parse("desk@corner.example.com").unwrap());
                let retell = &mut opened.settings.integrations.retell;
                retell.agent_id = Some(ShortText::parse("agent_1").unwrap());
                retell.from_number = Some(number("02079460000"));
                retell.has_key = true;
                opened.secrets.retell_key.current = Some("key".into());
            })
            .await;
        world
    }

    pub(super) fn ts(&self) -> &TenantStore {
        &self.tenant.store
    }

    pub(super) fn now(&self) -> DateTime<Utc> {
        self.ts().now()
    }

    pub(super) async fn settings(&self) -> TenantSettings {
        self.ts().settings().await.unwrap()
    }

    pub(super) async fn set(&self, change: impl FnOnce(&mut TenantSettings)) {
        let mut opened = self.settings().await;
        change(&mut opened);
        let mut tx = Tx::new();
        self.ts().save_settings(&mut tx, &mut opened).unwrap();
        self.ts().store.commit(tx).await.unwrap();
    }

    /// Somebody who opted in, with an appointment tomorrow at 10:00.
    pub(super) async fn person(&self, phone: &str, change: impl FnOnce(&mut Contact)) -> ContactId {
        let ts = self.ts();
        let now = ts.now();
        let id = ContactId::new(ts.new_id());
        let mut contact = Contact {
            version: 1,
            phone: Some(number(phone)),
            ..Contact::named(id, ts.id, PersonName::parse("Ada Example").unwrap(), now)
        };
        contact.preferences.sms_opt_in = true;
        change(&mut contact);
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

    /// One who prefers messages: their reminder is planned for 11:00 today.
    pub(super) async fn texter(&self) -> ContactId {
        self.person(PHONE, |contact| {
            contact.preferred_contact_method = ContactMethod::Sms;
        })
        .await
    }

    /// Somebody who agreed to e-mails and not to SMS.
    pub(super) async fn mailed(&self, change: impl FnOnce(&mut Contact)) -> ContactId {
        self.person(PHONE, |contact| {
            contact.email = Some(Email::parse(EMAIL).unwrap());
            contact.preferences.sms_opt_in = false;
            contact.preferences.email_opt_in = true;
            change(contact);
        })
        .await
    }

    pub(super) async fn mail(&self, contact: ContactId, text: &str) -> Answer {
        let path = format!("/api/contacts/{contact}/send-email");
        self.post(&path, json!({ "subject": "News", "message": text }))
            .await
    }

    pub(super) async fn read(&self, contact: ContactId) -> Person {
        self.ts().person(contact).await.unwrap().unwrap()
    }

    pub(super) fn advance(&self, by: TimeDelta) {
        self.test.advance(by);
    }

    /// A tick, and all that it hands on. Twice over, as queues do.
    pub(super) async fn tick(&self) {
        vio_reminders::tick(&self.app).await.unwrap();
        for work in self.test.queues.take_messages() {
            for _ in 0..2 {
                let work = crate::Work::Message(work.clone());
                crate::process(&self.app, work).await.unwrap();
            }
        }
        for work in self.test.queues.take_letters() {
            for _ in 0..2 {
                let work = crate::Work::Letter(work.clone());
                crate::process(&self.app, work).await.unwrap();
            }
        }
    }

    /// Something happened to the e-mail of this number, counted from 0.
    pub(super) async fn happens(&self, number: usize, event: Happened, kind: &str) {
        let (mail, id) = {
            let sent = self.post_office.sent.lock().unwrap();
            (sent[number].tag.clone(), format!("mail-{number}"))
        };
        let kind = kind.to_owned();
        for _ in 0..2 {
            let (mail, id, kind) = (mail.clone(), id.clone(), kind.clone());
            let news = MailNews {
                mail,
                id,
                event,
                kind,
            };
            crate::process(&self.app, crate::Work::News(news))
                .await
                .unwrap();
        }
    }

    /// The message that the contact's appointment notes.
    pub(super) async fn message(&self, contact: ContactId) -> MessageRow {
        let person = self.read(contact).await;
        let id = person.appointments[0].message.unwrap();
        self.ts().message(contact, id).await.unwrap().unwrap()
    }

    pub(super) async fn message_of(&self, contact: ContactId, answer: &Answer) -> MessageRow {
        let id: MessageId = answer.body["message_id"].as_str().unwrap().parse().unwrap();
        self.ts().message(contact, id).await.unwrap().unwrap()
    }

    pub(super) async fn post(&self, path: &str, body: Value) -> Answer {
        // A token is good for ten minutes.
        let token = self.test.token(self.ts(), self.tenant.admin.id).await;
        self.server.post(path, &token, body).await
    }

    pub(super) async fn send(&self, contact: ContactId, text: &str) -> Answer {
        let path = format!("/api/contacts/{contact}/send-sms");
        self.post(&path, json!({ "message": text })).await
    }

    /// Somebody with the number writes.
    pub(super) async fn hears(&self, phone: &str, body: &str) -> bool {
        let sms = InboundSms {
            provider_id: format!("SM{}", self.ts().new_id().simple()),
            from: number(phone),
            body: body.to_owned(),
            opt_out: None,
        };
        let settings = self.settings().await.settings;
        let actor = Actor::provider("twilio");
        self.ts()
            .hear_sms(&settings, &sms, &actor, |_, _, _| Ok(()))
            .await
            .unwrap()
    }
}

pub(super) fn number(text: &str) -> E164 {
    parse(text, Country::GB).unwrap().e164
}
