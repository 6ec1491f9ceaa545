//! A world: several businesses, their people, the provider and its phones, and the production code in between. Time is
//! the runtime's paused clock, so it jumps from one thing that happens to the next.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use chrono::{DateTime, DurationRound, TimeDelta, Utc};
use chrono_tz::Tz;
use http::{Method, Request, StatusCode};
use http_body_util::BodyExt;
use secrecy::SecretString;
use serde_json::Value;
use tokio::sync::mpsc;
use tower::ServiceExt;
use vio_crypto::MemoryKms;
use vio_crypto::password::{self, Argon2Params};
use vio_domain::calling::limits::{
    CALL_DAILY_LIMIT, CALL_LIMIT, CALL_WINDOW_SECONDS, CallLimits, PLACEMENT_BOUND_SECONDS,
    RECONCILE_AFTER_SECONDS,
};
use vio_domain::ids::{ContactId, TenantId, UserId};
use vio_domain::notices::Switch;
use vio_domain::permission::{ContactScopes, CustomPermissions, Role, effective};
use vio_domain::phone::{Country, E164};
use vio_domain::settings::{Business, BusinessType, Settings};
use vio_domain::text::{Email, PersonName, ShortText};
use vio_http::Shared;
use vio_http::principal::{AuthError, Authenticator, Principal};
use vio_http::rate::Unlimited;
use vio_runtime::app::{App, Parts};
use vio_runtime::batch::MessageError;
use vio_runtime::queues::DialMessage;
use vio_runtime::testing::{OrderedIds, platform};
use vio_store::TenantStore;
use vio_store::log::Actor as LogActor;
use vio_store::objects::MemoryObjects;
use vio_store::tenants::TenantStatus;
use vio_store::tx::Tx;
use vio_store::users::{NewUser, PersonalDetails};

use vio_webhooks::Webhooks;

use crate::fabric::{Fabric, Rough};
use crate::history::{CampaignEstimate, Estimate};
use crate::mutation::Mutation;
use crate::process::Process;
use crate::provider::{Hook, SimProvider, SimRetell};
use crate::queues::{Message, SimQueues};
use crate::rng::Rng;
use crate::table::SimTable;

/// The pump's invocations.
pub(crate) const PUMP: &str = "pump";
/// How often a message that failed is delivered again.
const DELIVERIES: u32 = 5;
/// Until a message that failed is seen again (template.yaml).
const DIAL_AGAIN: Duration = Duration::from_secs(720);
const INBOX_AGAIN: Duration = Duration::from_secs(180);
/// How long a handler may run (template.yaml).
const DIAL_TIMEOUT: Duration = Duration::from_secs(120);
const OTHER_TIMEOUT: Duration = Duration::from_secs(29);
/// Machines that handlers run on, each with its own clock.
const MACHINES: u64 = 6;

/// The numbers of the throttle in a world.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Numbers {
    pub(crate) limit: u32,
    pub(crate) window: i64,
    pub(crate) daily: u32,
    pub(crate) bound: i64,
    pub(crate) reconcile_after: i64,
}

impl Numbers {
    /// S0's own.
    pub(crate) const DEFAULT: Self = Self {
        limit: 25,
        window: 900,
        daily: 300,
        bound: 30,
        reconcile_after: 300,
    };

    /// As the product is given them.
    fn limits(self) -> CallLimits {
        CallLimits::from_lookup(|name| {
            let number = match name {
                CALL_LIMIT => i64::from(self.limit),
                CALL_WINDOW_SECONDS => self.window,
                CALL_DAILY_LIMIT => i64::from(self.daily),
                PLACEMENT_BOUND_SECONDS => self.bound,
                RECONCILE_AFTER_SECONDS => self.reconcile_after,
                _ => return None,
            };
            Some(number.to_string())
        })
        .expect("numbers that are allowed")
    }
}

/// What a world is made of.
#[derive(Debug, Clone)]
pub(crate) struct Plan {
    pub(crate) seed: u64,
    pub(crate) rough: Rough,
    pub(crate) start: DateTime<Utc>,
    /// Days in which people book and things go wrong; a calm end follows.
    pub(crate) days: i64,
    /// Days of the calm end: whatever was booked has passed then.
    pub(crate) tail: i64,
    pub(crate) zones: Vec<Tz>,
    pub(crate) numbers: Numbers,
    /// Whether somebody looks at how long calls wait, and presses Call Now.
    pub(crate) asked: bool,
    /// So many people, all booked for one time, and nobody else.
    pub(crate) crowd: Option<u32>,
    /// Ends the n-th run of the pump at one of its points.
    pub(crate) execute: Option<(u32, u32)>,
    pub(crate) mutation: Option<Mutation>,
    pub(crate) traced: bool,
}

/// Somebody who was booked.
#[derive(Debug, Clone)]
pub(crate) struct Known {
    pub(crate) contact: ContactId,
    pub(crate) phone: String,
}

/// One business of a world.
pub(crate) struct Site {
    pub(crate) number: usize,
    pub(crate) id: TenantId,
    pub(crate) zone: Tz,
    pub(crate) store: TenantStore,
    user: UserId,
    endpoint: String,
    pub(crate) people: Mutex<Vec<Known>>,
    /// What people were told of calls that wait.
    pub(crate) estimates: Mutex<Vec<Estimate>>,
    pub(crate) campaign_estimates: Mutex<Vec<CampaignEstimate>>,
}

/// The world.
pub(crate) struct World {
    pub(crate) plan: Plan,
    pub(crate) fabric: Arc<Fabric>,
    pub(crate) table: Arc<SimTable>,
    pub(crate) provider: Arc<SimProvider>,
    pub(crate) app: App,
    pub(crate) sites: Vec<Arc<Site>>,
    webhooks: Webhooks,
    router: Router,
    skews: Vec<TimeDelta>,
    closing: AtomicBool,
    messages: Mutex<Option<mpsc::UnboundedReceiver<Message>>>,
    hooks: Mutex<Option<mpsc::UnboundedReceiver<Hook>>>,
    pub(crate) pumps: std::sync::atomic::AtomicU32,
    /// Points passed by the run that was to end early.
    pub(crate) points: std::sync::atomic::AtomicU32,
}

/// Whoever asks is let in: signing in is proved elsewhere. The bearer is the tenant and the user.
struct Doorman;

#[async_trait::async_trait]
impl Authenticator for Doorman {
    async fn authenticate(&self, bearer: &str, _: bool) -> Result<Principal, AuthError> {
        let (tenant, user) = bearer.split_once('.').ok_or(AuthError::Refused)?;
        let tenant_id = tenant.parse().map_err(|_| AuthError::Refused)?;
        let user_id: UserId = user.parse().map_err(|_| AuthError::Refused)?;
        let role = Role::ClientAdmin;
        let permissions = effective(role, None, CustomPermissions::default());
        Ok(Principal {
            tenant_id,
            user_id,
            session_id: vio_domain::ids::SignInId::new(user_id.uuid()),
            role,
            preset: None,
            permissions,
            scope: ContactScopes::new(role, None, permissions, &Default::default()),
            ip: None,
            user_agent: None,
        })
    }
}

impl World {
    /// Builds the world; nothing moves yet.
    pub(crate) async fn new(plan: Plan) -> Arc<Self> {
        let fabric = Fabric::new(
            plan.seed,
            plan.start,
            plan.rough,
            plan.mutation,
            plan.traced,
        );
        let table = SimTable::new(fabric.clone());
        let (out, messages) = mpsc::unbounded_channel();
        let (hook_out, hooks) = mpsc::unbounded_channel();
        let provider = SimProvider::new(fabric.clone(), hook_out);
        let queues = SimQueues {
            fabric: fabric.clone(),
            out,
        };
        let mut numbers = plan.numbers;
        match plan.mutation {
            Some(Mutation::SlotFreeAtAnswer) => numbers.window = 1,
            Some(Mutation::NotPlacedAtOnce) => numbers.reconcile_after = 1,
            _ => {}
        }
        let mut platform = platform();
        platform.limits = numbers.limits();
        platform.retell_url = "https://voice.example".to_owned();
        let clock = Arc::new(fabric.clock);
        let app = App::new(Parts {
            mail: None,
            port: table.clone(),
            kms: Arc::new(MemoryKms::new([7; 32]).expect("a key service")),
            queues: Arc::new(queues),
            retell: Arc::new(SimRetell(provider.clone())),
            platform,
            clock: clock.clone(),
            real_clock: clock,
            ids: Arc::new(OrderedIds::default()),
        });
        // The limit of requests is proved elsewhere.
        let shared = Shared::new(Arc::new(Doorman), Arc::new(Unlimited));
        let webhooks = Webhooks {
            app: app.clone(),
            objects: Arc::new(MemoryObjects::new()),
        };
        let routes = vio_contacts::router(app.clone())
            .0
            .merge(vio_calls::router(app.clone()).0)
            .merge(vio_campaigns::router(app.clone()).0)
            .merge(vio_groups::router(app.clone()).0)
            .merge(vio_profile::router(app.clone()).0)
            .merge(vio_webhooks::router(webhooks.clone()).0);
        let router = vio_http::service(routes, shared);
        let mut rng = Rng::of(plan.seed, "machines", 0);
        let apart = match plan.mutation {
            Some(Mutation::ClocksApart) => 6_000,
            _ => plan.rough.skew_ms,
        };
        let skews = (0..MACHINES)
            .map(|_| TimeDelta::milliseconds(rng.between(-apart, apart)))
            .collect();
        let mut world = Self {
            sites: Vec::new(),
            fabric,
            table,
            provider,
            app,
            webhooks,
            router,
            skews,
            closing: AtomicBool::new(false),
            messages: Mutex::new(Some(messages)),
            hooks: Mutex::new(Some(hooks)),
            pumps: Default::default(),
            points: Default::default(),
            plan,
        };
        for number in 0..world.plan.zones.len() {
            let site = world.open(number).await;
            world.sites.push(Arc::new(site));
        }
        Arc::new(world)
    }

    /// A business signs up.
    async fn open(&self, number: usize) -> Site {
        let zone = self.plan.zones[number];
        let mut rng = Rng::of(self.plan.seed, "business", number);
        let mut settings = Settings::for_business(Business {
            legal_name: ShortText::parse(&format!("Business {number}")).expect("a name"),
            trading_name: None,
            business_type: BusinessType::General,
            country: Country::GB,
            timezone: zone,
            primary_phone: None,
            email: None,
            website: None,
            address: Default::default(),
            operating_schedule: Default::default(),
            holidays: Default::default(),
            accepted_regions: Default::default(),
        });
        let retell = &mut settings.integrations.retell;
        retell.agent_id = Some(ShortText::parse("agent_1").expect("an id"));
        retell.from_number = Some(E164::try_from("+442079460000".to_owned()).expect("a number"));
        retell.has_key = true;
        if self.plan.rough.meddling {
            settings.privacy.require_voice_consent = rng.chance(1, 2);
        }
        let tenant = TenantId::new(self.app.store.new_id());
        let user = UserId::new(self.app.store.new_id());
        let secret = SecretString::from("vast-Umbrella-71-quietly");
        let admin = NewUser {
            id: user,
            role: Role::ClientAdmin,
            preset: None,
            industries: Default::default(),
            custom: CustomPermissions::default(),
            personal: PersonalDetails {
                full_name: PersonName::parse("Ada Example").expect("a name"),
                email: Email::parse(&format!("boss{number}@staff.example")).expect("an address"),
                job_title: None,
                phone: None,
            },
            password: Some(password::hash(&secret, &Argon2Params::for_tests()).expect("a hash")),
        };
        let actor = LogActor::system("simulation");
        let platform_keys = self.app.platform_keys().await.expect("the platform's keys");
        let store = self
            .app
            .store
            .sign_up(platform_keys, tenant, settings, admin, &actor)
            .await
            .expect("a new business");
        let mut opened = store.settings().await.expect("settings");
        let now = self.fabric.truth();
        opened
            .secrets
            .retell_key
            .rotate(format!("key-{number}-0000"), now);
        let mut tx = Tx::new();
        store.save_settings(&mut tx, &mut opened).expect("settings");
        // Letters are no part of these worlds.
        let mut row = store.user(user).await.expect("a read").expect("a user");
        for switch in Switch::ALL {
            switch.set(&mut row.notices, false);
        }
        tx.update(&mut row).expect("a change");
        self.app.store.commit(tx).await.expect("a commit");
        Site {
            number,
            id: tenant,
            zone,
            store,
            user,
            endpoint: opened.endpoints.call_outcome,
            people: Mutex::default(),
            estimates: Mutex::default(),
            campaign_estimates: Mutex::default(),
        }
    }

    /// Tells staff, who want to hear of nothing.
    async fn tell(&self, tenant: TenantId) -> Result<(), MessageError> {
        let store = self.app.store.tenant(tenant).await;
        let Some(store) = store.map_err(MessageError::retry)? else {
            return Ok(());
        };
        for row in store.notices(100).await.map_err(MessageError::retry)? {
            store
                .spread_notice(row, |_| None)
                .await
                .map_err(MessageError::retry)?;
        }
        Ok(())
    }

    /// An invocation on one of the machines, which may end early.
    fn process(&self, what: &'static str, longest: u64) -> Arc<Process> {
        let crashes = self.plan.rough.crashes;
        let calm = self.fabric.is_calm();
        self.fabric.draw(|rng| {
            let machine = usize::try_from(rng.below(MACHINES)).unwrap_or(0);
            let dies = !calm && rng.chance(crashes, 100);
            let at = if dies { 1 + rng.below(longest) } else { 0 };
            Process::new(what, self.skews[machine], u32::try_from(at).unwrap_or(0))
        })
    }

    fn mourn(&self, process: &Process) {
        if process.died() {
            let what = process.what;
            self.fabric.count(&format!("crash: {what}"));
            self.fabric.note(None, || {
                format!("CRASH of {what} after {} points", process.points())
            });
        }
    }

    /// A request of a signed-in person; None where the process that served it ended.
    pub(crate) async fn request(
        &self,
        site: &Site,
        method: Method,
        path: &str,
        body: Option<Value>,
    ) -> Option<(StatusCode, Value)> {
        let mut request = Request::builder()
            .method(method)
            .uri(path)
            .header("authorization", format!("Bearer {}.{}", site.id, site.user));
        let body = match body {
            Some(body) => {
                request = request.header("content-type", "application/json");
                Body::from(body.to_string())
            }
            None => Body::empty(),
        };
        let request = request.body(body).expect("a request");
        self.serve(request, "request").await
    }

    async fn serve(
        &self,
        request: Request<Body>,
        what: &'static str,
    ) -> Option<(StatusCode, Value)> {
        let process = self.process(what, 40);
        let served = process.run(self.router.clone().oneshot(request));
        let answer = tokio::time::timeout(OTHER_TIMEOUT, served).await;
        self.mourn(&process);
        let response = answer.ok().flatten()?.expect("an answer");
        let (parts, body) = response.into_parts();
        let bytes = body.collect().await.expect("a body").to_bytes();
        Some((
            parts.status,
            serde_json::from_slice(&bytes).unwrap_or(Value::Null),
        ))
    }

    /// Whether the time for booking and meddling is over.
    pub(crate) fn is_closing(&self) -> bool {
        self.closing.load(Ordering::SeqCst)
    }

    /// Runs the world to its end.
    pub(crate) async fn run(self: &Arc<Self>) {
        let end = self.plan.start + TimeDelta::days(self.plan.days);
        tokio::spawn(self.clone().carry());
        tokio::spawn(self.clone().announce());
        tokio::spawn(self.clone().tick());
        if self.plan.rough.indexes > 0 {
            tokio::spawn(self.clone().weather());
        }
        self.fabric.set_calm(false);
        crate::actors::start(self);
        tokio::time::sleep_until(self.fabric.clock.instant(end)).await;
        self.closing.store(true, Ordering::SeqCst);
        self.fabric.set_calm(true);
        self.table.rows().thaw_indexes();
        let rest = end + TimeDelta::days(self.plan.tail);
        tokio::time::sleep_until(self.fabric.clock.instant(rest)).await;
    }

    /// Carries messages: at times late, twice, or never.
    async fn carry(self: Arc<Self>) {
        let messages = self.messages.lock().unwrap().take();
        let Some(mut messages) = messages else { return };
        let rough = self.plan.rough.messages;
        while let Some(message) = messages.recv().await {
            let mut copies = 1;
            if self.fabric.strikes(rough, 100, "message lost") {
                copies = 0;
            } else if self.fabric.strikes(rough, 100, "message doubled") {
                copies = 2;
            }
            if self.plan.mutation == Some(Mutation::NoTick)
                && self.fabric.draw(|rng| rng.chance(1, 2))
            {
                copies = 0;
            }
            for _ in 0..copies {
                let mut wait = self.fabric.draw(|rng| rng.between(5, 60));
                if let Message::Dial(_, delay) = &message {
                    wait += i64::from(*delay) * 1000;
                }
                if self.fabric.strikes(rough, 100, "message late") {
                    wait += self.fabric.draw(|rng| rng.between(1_000, 400_000));
                }
                tokio::spawn(self.clone().deliver(message.clone(), wait.unsigned_abs()));
            }
        }
    }

    async fn deliver(self: Arc<Self>, message: Message, wait: u64) {
        tokio::time::sleep(Duration::from_millis(wait)).await;
        for _ in 0..DELIVERIES {
            let (outcome, process, again) = match &message {
                Message::Dial(message, _) => {
                    let run = self.pumps.fetch_add(1, Ordering::SeqCst) + 1;
                    let doomed = self.plan.execute.filter(|(at, _)| *at == run);
                    let process = match doomed {
                        Some((_, point)) => Process::new(PUMP, TimeDelta::zero(), point),
                        None => self.process(PUMP, 160),
                    };
                    self.fabric
                        .note(Some(message.tenant), || format!("pump run {run}"));
                    let work = process.run(vio_campaign_worker::handle(&self.app, message.clone()));
                    let outcome = tokio::time::timeout(DIAL_TIMEOUT, work).await;
                    if doomed.is_some() {
                        self.points.store(process.points(), Ordering::SeqCst);
                    }
                    (outcome, process.clone(), DIAL_AGAIN)
                }
                Message::Inbox(message) => {
                    let process = self.process("webhook's processing", 50);
                    let work = process.run(vio_webhooks::process(&self.webhooks, message.clone()));
                    let outcome = tokio::time::timeout(OTHER_TIMEOUT, work).await;
                    (outcome, process.clone(), INBOX_AGAIN)
                }
                Message::Notices(work) => {
                    let process = self.process("telling staff", 50);
                    let told = process.run(self.tell(work.notices));
                    let outcome = tokio::time::timeout(OTHER_TIMEOUT, told).await;
                    (outcome, process.clone(), INBOX_AGAIN)
                }
            };
            self.mourn(&process);
            match outcome {
                Ok(Some(Ok(()))) => return,
                Ok(Some(Err(error))) => {
                    let what = process.what;
                    self.fabric.count(&format!("failed: {what}"));
                    self.fabric
                        .note(None, || format!("{what} failed: {error:?}"));
                }
                _ => {}
            }
            tokio::time::sleep(again).await;
        }
    }

    /// Sends the provider's webhooks: at times late, twice, out of order, or never.
    async fn announce(self: Arc<Self>) {
        let hooks = self.hooks.lock().unwrap().take();
        let Some(mut hooks) = hooks else { return };
        let rough = self.plan.rough.messages;
        while let Some(hook) = hooks.recv().await {
            let mut copies = 1;
            if self.fabric.strikes(rough, 100, "webhook lost") {
                copies = 0;
            } else if self.fabric.strikes(rough, 100, "webhook doubled") {
                copies = 2;
            }
            for _ in 0..copies {
                let mut late = self.fabric.draw(|rng| rng.between(40, 900));
                if self.fabric.strikes(rough, 100, "webhook late") {
                    late += self.fabric.draw(|rng| rng.between(1_000, 3_600_000));
                }
                let at = hook.at + TimeDelta::milliseconds(late);
                tokio::spawn(self.clone().knock(hook.clone(), at));
            }
        }
    }

    async fn knock(self: Arc<Self>, hook: Hook, at: DateTime<Utc>) {
        tokio::time::sleep_until(self.fabric.clock.instant(at)).await;
        let tenant = hook.call.arrival.tenant;
        let Some(site) = self.sites.iter().find(|site| site.id == tenant) else {
            return;
        };
        for pause in [10, 60, 300] {
            let now = self.fabric.truth();
            let (body, signature) = hook.call.webhook(hook.event, now);
            let request = Request::builder()
                .method(Method::POST)
                .uri(format!("/api/webhook/call-outcome/{}", site.endpoint))
                .header("content-type", "application/json")
                .header("x-retell-signature", signature)
                .body(Body::from(body))
                .expect("a request");
            let answer = self.serve(request, "webhook").await;
            self.fabric.note(Some(tenant), || {
                let status = answer.as_ref().map(|(status, _)| *status);
                format!(
                    "webhook {} of {}: {status:?}",
                    hook.event, hook.call.call_id
                )
            });
            match answer {
                Some((status, _)) if status.is_success() => return,
                _ => tokio::time::sleep(Duration::from_secs(pause)).await,
            }
        }
        self.fabric.count("webhook given up");
    }

    /// The tick, each minute; minutes in which nothing is due are skipped.
    async fn tick(self: Arc<Self>) {
        if self.plan.mutation == Some(Mutation::NoTick) {
            return;
        }
        let minute = TimeDelta::minutes(1);
        let past = TimeDelta::milliseconds(700);
        let mut last = self.fabric.truth();
        loop {
            let now = self.fabric.truth();
            let soonest = self.table.soonest_due().await;
            let due = soonest.map_or(now + TimeDelta::days(3), |due| due.max(now));
            let mut at = (due - past).duration_trunc(minute).expect("a minute") + past;
            while at < due || at <= last {
                at += minute;
            }
            tokio::select! {
                biased;
                () = self.table.due.notified() => continue,
                () = tokio::time::sleep_until(self.fabric.clock.instant(at)) => {}
            }
            last = at;
            self.fabric.count("ticks");
            let process = self.process("tick", 60);
            let work = process.run(vio_reminders::tick(&self.app));
            let _ = tokio::time::timeout(DIAL_TIMEOUT, work).await;
            self.mourn(&process);
        }
    }

    /// At times the indexes stand still for a while.
    async fn weather(self: Arc<Self>) {
        while !self.is_closing() {
            let (calm, stale) = self
                .fabric
                .draw(|rng| (rng.between(3_600, 40_000), rng.between(1, 150)));
            tokio::time::sleep(Duration::from_secs(calm.unsigned_abs())).await;
            if self.is_closing() {
                break;
            }
            self.fabric.count("index: stale");
            self.table.rows().freeze_indexes();
            tokio::time::sleep(Duration::from_secs(stale.unsigned_abs())).await;
            self.table.rows().thaw_indexes();
            self.table.due.notify_one();
        }
    }

    /// Suspends a business or lets it work again, as the platform's operator does.
    pub(crate) async fn set_status(&self, site: &Site, status: TenantStatus) {
        for _ in 0..5 {
            let row = self.app.store.tenant_row(site.id).await.expect("a read");
            let mut row = row.expect("a business");
            row.status = status;
            let mut tx = Tx::new();
            tx.update(&mut row).expect("a change");
            if self.app.store.commit(tx).await.is_ok() {
                break;
            }
        }
        if status == TenantStatus::Active {
            let _ = self
                .app
                .queues
                .dial(DialMessage { tenant: site.id }, 0)
                .await;
        }
    }
}
