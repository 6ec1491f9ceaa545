//! An app over memory: clocks moved by hand, queues that only record, a provider that refuses every call unless a test
//! brings its own. For the tests of functions; nothing here is compiled into one.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use axum::Router;
use axum::body::Body;
use chrono::{DateTime, TimeDelta, Utc};
use http::{HeaderMap, Method, Request, StatusCode};
use http_body_util::BodyExt;
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;
use tower::ServiceExt;
use uuid::Uuid;
use vio_crypto::MemoryKms;
use vio_crypto::password::{self, Argon2Params};
use vio_domain::ids::{TenantId, UserId};
use vio_domain::permission::{CustomPermissions, Preset, Role};
use vio_domain::phone::Country;
use vio_domain::settings::{Business, BusinessType, Settings};
use vio_domain::text::{Email, PersonName, ShortText};
use vio_providers::BaseUrl;
use vio_providers::retell::{RetellApi, RetellFactory};
use vio_store::TenantStore;
use vio_store::contacts::Person;
use vio_store::env::{Clock, IdSource};
use vio_store::log::{Actor, Entry};
use vio_store::memory::MemoryTable;
use vio_store::port::Port;
use vio_store::tenants::TenantStatus;
use vio_store::tx::Tx;
use vio_store::users::{NewUser, PersonalDetails};

use crate::app::{App, Parts};
use crate::config::{CALCOM_URL, CALENDLY_URL, Platform, RETELL_URL, TWILIO_URL};
use crate::queues::{
    CalendarMessage, DialMessage, InboxMessage, JobMessage, LetterWork, MessageWork, NoticeWork,
    OutgoingMessage, QueueError, Queues,
};

/// The password of every user made here.
pub const PASSWORD: &str = "vast-Umbrella-71-quietly";

/// A clock moved by hand.
#[derive(Debug)]
pub struct ManualClock(Mutex<DateTime<Utc>>);

impl ManualClock {
    pub fn at(now: DateTime<Utc>) -> Self {
        Self(Mutex::new(now))
    }

    pub fn set(&self, now: DateTime<Utc>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = now;
    }

    pub fn advance(&self, by: TimeDelta) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) += by;
    }
}

impl Clock for ManualClock {
    fn now(&self) -> DateTime<Utc> {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Ids in the order in which they were made, also within one instant of a clock that stands still.
#[derive(Debug, Default)]
pub struct OrderedIds(AtomicU64);

impl IdSource for OrderedIds {
    fn next(&self, now: DateTime<Utc>) -> Uuid {
        let millis = u64::try_from(now.timestamp_millis()).unwrap_or(0);
        let mut rest = [0; 10];
        rest[2..].copy_from_slice(&self.0.fetch_add(1, Ordering::Relaxed).to_be_bytes());
        uuid::Builder::from_unix_timestamp_millis(millis, &rest).into_uuid()
    }
}

/// Queues that only record what was sent.
#[derive(Debug, Default)]
pub struct RecordedQueues {
    dial: Mutex<Vec<(DialMessage, u32)>>,
    inbox: Mutex<Vec<InboxMessage>>,
    jobs: Mutex<Vec<JobMessage>>,
    calendar: Mutex<Vec<CalendarMessage>>,
    messages: Mutex<Vec<MessageWork>>,
    letters: Mutex<Vec<LetterWork>>,
    notices: Mutex<Vec<NoticeWork>>,
    outgoing: Mutex<Vec<(OutgoingMessage, u32)>>,
}

impl RecordedQueues {
    /// Takes out the wake-ups so far, with their delays in seconds.
    pub fn take_dial(&self) -> Vec<(DialMessage, u32)> {
        std::mem::take(&mut self.dial.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Takes out the jobs handed on so far.
    pub fn take_jobs(&self) -> Vec<JobMessage> {
        std::mem::take(&mut self.jobs.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Takes out the calendars handed on so far.
    pub fn take_calendar(&self) -> Vec<CalendarMessage> {
        let mut sent = self.calendar.lock().unwrap_or_else(PoisonError::into_inner);
        std::mem::take(&mut sent)
    }

    /// Takes out the messages to people handed on so far.
    pub fn take_messages(&self) -> Vec<MessageWork> {
        std::mem::take(&mut self.messages.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Takes out the letters to staff handed on so far.
    pub fn take_letters(&self) -> Vec<LetterWork> {
        std::mem::take(&mut self.letters.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Takes out whose staff are to be told of something.
    pub fn take_notices(&self) -> Vec<NoticeWork> {
        std::mem::take(&mut self.notices.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Takes out the addresses handed on so far, with their delays in seconds.
    pub fn take_outgoing(&self) -> Vec<(OutgoingMessage, u32)> {
        std::mem::take(&mut self.outgoing.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Takes out the stored events handed on so far.
    pub fn take_inbox(&self) -> Vec<InboxMessage> {
        std::mem::take(&mut self.inbox.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

#[async_trait]
impl Queues for RecordedQueues {
    async fn dial(&self, message: DialMessage, delay_seconds: u32) -> Result<(), QueueError> {
        let mut sent = self.dial.lock().unwrap_or_else(PoisonError::into_inner);
        sent.push((message, delay_seconds));
        Ok(())
    }

    async fn inbox(&self, message: InboxMessage) -> Result<(), QueueError> {
        let mut sent = self.inbox.lock().unwrap_or_else(PoisonError::into_inner);
        sent.push(message);
        Ok(())
    }

    async fn calendar(&self, message: CalendarMessage) -> Result<(), QueueError> {
        let mut sent = self.calendar.lock().unwrap_or_else(PoisonError::into_inner);
        sent.push(message);
        Ok(())
    }

    async fn job(&self, message: JobMessage) -> Result<(), QueueError> {
        let mut sent = self.jobs.lock().unwrap_or_else(PoisonError::into_inner);
        sent.push(message);
        Ok(())
    }

    async fn message(&self, message: MessageWork) -> Result<(), QueueError> {
        let mut sent = self.messages.lock().unwrap_or_else(PoisonError::into_inner);
        sent.push(message);
        Ok(())
    }

    async fn letter(&self, letter: LetterWork) -> Result<(), QueueError> {
        let mut sent = self.letters.lock().unwrap_or_else(PoisonError::into_inner);
        sent.push(letter);
        Ok(())
    }

    async fn notices(&self, work: NoticeWork) -> Result<(), QueueError> {
        let mut sent = self.notices.lock().unwrap_or_else(PoisonError::into_inner);
        sent.push(work);
        Ok(())
    }

    async fn outgoing(
        &self,
        message: OutgoingMessage,
        delay_seconds: u32,
    ) -> Result<(), QueueError> {
        let mut sent = self.outgoing.lock().unwrap_or_else(PoisonError::into_inner);
        sent.push((message, delay_seconds));
        Ok(())
    }
}

/// Hands out one and the same provider, whatever the address and key.
#[derive(Clone)]
pub struct FixedRetell(pub Arc<dyn RetellApi>);

impl RetellFactory for FixedRetell {
    fn client(&self, _: BaseUrl, _: SecretString) -> Arc<dyn RetellApi> {
        self.0.clone()
    }
}

/// An app over memory, with its parts at hand.
#[derive(Clone)]
pub struct TestApp {
    pub app: App,
    pub table: MemoryTable,
    /// The domain's clock; starts on Monday 2 March 2026, 09:00 in London.
    pub clock: Arc<ManualClock>,
    /// Real time; starts at the same instant. Move both with [`TestApp::advance`].
    pub real_clock: Arc<ManualClock>,
    pub queues: Arc<RecordedQueues>,
    ids: Arc<OrderedIds>,
}

/// A platform that is open and local, counts no requests, and hashes passwords cheaply.
pub fn platform() -> Platform {
    Platform {
        limits: Default::default(),
        // A test's requests are all made in one minute.
        requests_per_minute: None,
        tenant_sets_retell: true,
        open_sign_up: true,
        local: true,
        public_url: "https://app.example".to_owned(),
        retell_url: RETELL_URL.to_owned(),
        calcom_url: CALCOM_URL.to_owned(),
        calendly_url: CALENDLY_URL.to_owned(),
        twilio_url: TWILIO_URL.to_owned(),
        password_cost: Argon2Params::for_tests(),
    }
}

impl TestApp {
    /// Over a table in memory, on [`platform`], without a provider.
    pub async fn new() -> Self {
        Self::with(platform(), MemoryTable::new(), None).await
    }

    /// Over a table and a platform of the test's own; `retell` answers every tenant's calls.
    pub async fn with(
        platform: Platform,
        table: MemoryTable,
        retell: Option<Arc<dyn RetellApi>>,
    ) -> Self {
        Self::over(platform, table.clone(), Arc::new(table), retell).await
    }

    /// As [`TestApp::with`], with another port in front of the table: one that delays, counts or fails.
    #[allow(clippy::expect_used)]
    pub async fn over(
        platform: Platform,
        table: MemoryTable,
        port: Arc<dyn Port>,
        retell: Option<Arc<dyn RetellApi>>,
    ) -> Self {
        let start: DateTime<Utc> = DateTime::from_timestamp(1_772_442_000, 0).expect("an instant");
        let clock = Arc::new(ManualClock::at(start));
        let real_clock = Arc::new(ManualClock::at(start));
        let queues = Arc::new(RecordedQueues::default());
        let ids = Arc::new(OrderedIds::default());
        let retell: Arc<dyn RetellFactory> = match retell {
            Some(api) => Arc::new(FixedRetell(api)),
            None => Arc::new(vio_providers::retell::HttpRetellFactory::new(
                vio_providers::Http::new(),
            )),
        };
        let app = App::new(Parts {
            port,
            kms: Arc::new(MemoryKms::new([7; 32]).expect("a key service")),
            queues: queues.clone(),
            retell,
            mail: None,
            platform,
            clock: clock.clone(),
            real_clock: real_clock.clone(),
            ids: ids.clone(),
        });
        Self {
            app,
            table,
            clock,
            real_clock,
            queues,
            ids,
        }
    }

    /// A second process over the same table, keys and clocks, with caches of its own.
    #[allow(clippy::expect_used)]
    pub fn second(&self) -> Self {
        let app = App::new(Parts {
            port: Arc::new(self.table.clone()),
            kms: Arc::new(MemoryKms::new([7; 32]).expect("a key service")),
            queues: self.queues.clone(),
            retell: self.app.retell.clone(),
            mail: self.app.mail.clone(),
            platform: self.app.platform.as_ref().clone(),
            clock: self.clock.clone(),
            real_clock: self.real_clock.clone(),
            ids: self.ids.clone(),
        });
        Self {
            app,
            ..self.clone()
        }
    }

    /// Suspends a business, as the platform's operator does.
    #[allow(clippy::expect_used)]
    pub async fn suspend(&self, tenant: TenantId) {
        let row = self.app.store.tenant_row(tenant).await.expect("a read");
        let mut row = row.expect("a tenant");
        row.status = TenantStatus::Suspended;
        let mut tx = Tx::new();
        tx.update(&mut row).expect("a change");
        self.app.store.commit(tx).await.expect("a commit");
    }

    /// Moves both clocks.
    pub fn advance(&self, by: TimeDelta) {
        self.clock.advance(by);
        self.real_clock.advance(by);
    }

    /// Routes behind the layers that every function has, ready for requests.
    pub fn serve(&self, routes: Router) -> Server {
        Server(vio_http::service(routes, self.app.shared()))
    }

    /// A business with its settings at their defaults and a signed-in administrator. `name` must be new.
    #[allow(clippy::expect_used)]
    pub async fn tenant(&self, name: &str, kind: BusinessType) -> TestTenant {
        let settings = Settings::for_business(Business {
            legal_name: ShortText::parse(name).expect("a name"),
            trading_name: None,
            business_type: kind,
            country: Country::GB,
            timezone: chrono_tz::Europe::London,
            primary_phone: None,
            email: None,
            website: None,
            address: Default::default(),
            operating_schedule: Default::default(),
            holidays: Default::default(),
            accepted_regions: Default::default(),
        });
        let tenant = TenantId::new(self.app.store.new_id());
        let admin = self.new_user(Role::ClientAdmin, None);
        let (user_id, email) = (admin.id, admin.personal.email.clone());
        let store = self
            .app
            .store
            .sign_up(
                self.app.platform_keys().await.expect("platform keys"),
                tenant,
                settings,
                admin,
                &Actor::system("test"),
            )
            .await
            .expect("a new tenant");
        let token = self.token(&store, user_id).await;
        TestTenant {
            id: tenant,
            store,
            admin: TestUser {
                id: user_id,
                email,
                token,
            },
        }
    }

    /// Adds a signed-in member of staff.
    #[allow(clippy::expect_used)]
    pub async fn staff(&self, tenant: &TestTenant, preset: Preset) -> TestUser {
        let custom = CustomPermissions::default();
        self.staff_with(tenant, preset, custom).await
    }

    /// One with more or less than the preset gives.
    #[allow(clippy::expect_used)]
    pub async fn staff_with(
        &self,
        tenant: &TestTenant,
        preset: Preset,
        custom: CustomPermissions,
    ) -> TestUser {
        let mut new = self.new_user(Role::ClientUser, Some(preset));
        new.custom = custom;
        let (id, email) = (new.id, new.personal.email.clone());
        let mut tx = Tx::new();
        tenant
            .store
            .create_user(
                &mut tx,
                self.app.platform_keys().await.expect("platform keys"),
                new,
            )
            .expect("a user");
        self.app.store.commit(tx).await.expect("a commit");
        let token = self.token(&tenant.store, id).await;
        TestUser { id, email, token }
    }

    #[allow(clippy::expect_used)]
    fn new_user(&self, role: Role, preset: Option<Preset>) -> NewUser {
        let id = self.app.store.new_id();
        NewUser {
            id: UserId::new(id),
            role,
            preset,
            industries: Default::default(),
            custom: CustomPermissions::default(),
            personal: PersonalDetails {
                full_name: PersonName::parse("Ada Example").expect("a name"),
                email: Email::parse(&format!("{}@staff.example", id.simple())).expect("an e-mail"),
                job_title: None,
                phone: None,
            },
            password: Some(
                password::hash(
                    &SecretString::from(PASSWORD),
                    &self.app.platform.password_cost,
                )
                .expect("a hash"),
            ),
        }
    }

    /// An access token of a new session of this user.
    #[allow(clippy::expect_used)]
    pub async fn token(&self, tenant: &TenantStore, user: UserId) -> String {
        let mut row = tenant.user(user).await.expect("a read").expect("a user");
        let session = self
            .app
            .open_session(tenant, &mut row, false, &Actor::system("test"))
            .await
            .expect("a session");
        session.access_token.expose_secret().to_owned()
    }
}

/// Adds the entry of the change log that a change of a person must have, where a test makes one by hand.
#[allow(clippy::expect_used)]
pub fn tell(tenant: &TenantStore, tx: &mut Tx, person: &Person) {
    let contact = person.contact.id;
    let entry = Entry::new("contact.updated", "contact", contact.uuid()).contact(contact);
    tenant
        .log(tx, &Actor::system("test"), entry)
        .expect("an entry");
}

/// A business made for a test.
#[derive(Debug, Clone)]
pub struct TestTenant {
    pub id: TenantId,
    pub store: TenantStore,
    pub admin: TestUser,
}

/// Somebody signed in.
#[derive(Debug, Clone)]
pub struct TestUser {
    pub id: UserId,
    pub email: Email,
    /// An access token, good for ten minutes of real time.
    pub token: String,
}

/// Routes that answer requests in this process.
#[derive(Clone, Debug)]
pub struct Server(Router);

/// An answer, read to its end.
#[derive(Debug, Clone)]
pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    /// The body as JSON; null where there is none.
    pub body: Value,
}

impl Answer {
    /// The last part of a problem's type, or nothing.
    pub fn problem(&self) -> &str {
        let uri = self.body["type"].as_str().unwrap_or_default();
        uri.rsplit('/').next().unwrap_or_default()
    }

    /// A response header.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// The pointers of a problem's field errors.
    pub fn pointers(&self) -> Vec<&str> {
        let errors = self.body["errors"].as_array();
        errors
            .into_iter()
            .flatten()
            .filter_map(|error| error["pointer"].as_str())
            .collect()
    }
}

impl Server {
    /// One request with a JSON body, on behalf of a bearer token, with more headers.
    #[allow(clippy::expect_used)]
    pub async fn send(
        &self,
        method: Method,
        path: &str,
        token: Option<&str>,
        body: Option<Value>,
        headers: &[(&str, &str)],
    ) -> Answer {
        let mut request = Request::builder().method(method).uri(path);
        if let Some(token) = token {
            request = request.header("authorization", format!("Bearer {token}"));
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let body = match body {
            Some(body) => {
                request = request.header("content-type", "application/json");
                Body::from(body.to_string())
            }
            None => Body::empty(),
        };
        let request = request.body(body).expect("a request");
        let response = self.0.clone().oneshot(request).await.expect("an answer");
        let (parts, body) = response.into_parts();
        let bytes = body.collect().await.expect("a body").to_bytes();
        Answer {
            status: parts.status,
            headers: parts.headers,
            body: serde_json::from_slice(&bytes).unwrap_or(Value::Null),
        }
    }

    /// GET on behalf of a token.
    pub async fn get(&self, path: &str, token: &str) -> Answer {
        self.send(Method::GET, path, Some(token), None, &[]).await
    }

    /// DELETE on behalf of a token.
    pub async fn delete(&self, path: &str, token: &str) -> Answer {
        self.send(Method::DELETE, path, Some(token), None, &[])
            .await
    }

    /// POST on behalf of a token.
    pub async fn post(&self, path: &str, token: &str, body: Value) -> Answer {
        self.send(Method::POST, path, Some(token), Some(body), &[])
            .await
    }

    /// PATCH on behalf of a token.
    pub async fn patch(&self, path: &str, token: &str, body: Value) -> Answer {
        self.send(Method::PATCH, path, Some(token), Some(body), &[])
            .await
    }

    /// PUT on behalf of a token, on whatever version there is.
    pub async fn put(&self, path: &str, token: &str, body: Value) -> Answer {
        let headers = [("if-match", "*")];
        self.send(Method::PUT, path, Some(token), Some(body), &headers)
            .await
    }

    /// POST by nobody who is signed in.
    pub async fn post_open(&self, path: &str, body: Value) -> Answer {
        self.send(Method::POST, path, None, Some(body), &[]).await
    }
}
