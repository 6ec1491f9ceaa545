//! One tenant, its people and its clock; the production pump, tick and store over a table in memory.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use chrono::{DateTime, TimeDelta, Utc};
use vio_domain::appointment::{Appointment, AppointmentStatus, Attendance, CallBeforeHours};
use vio_domain::calling::session::{Action, Analysis, CallEvent, Ended};
use vio_domain::contact::{
    BookingSource, CallState, ConsentMethod, Contact, ContactMethod, Preferences, Priority,
    VoiceConsent,
};
use vio_domain::ids::{AppointmentId, ContactId};
use vio_domain::phone::E164;
use vio_domain::settings::BusinessType;
use vio_domain::text::{CustomFields, PersonName, ShortText};
use vio_runtime::queues::DialMessage;
use vio_runtime::testing::{ManualClock, TestApp, TestTenant, platform};
use vio_store::TenantStore;
use vio_store::calling::settle::CallHeard;
use vio_store::env::Clock;
use vio_store::log::{Actor, Entry};
use vio_store::memory::{Fault, Faults, MemoryTable, Request};
use vio_store::tx::Tx;

use crate::provider::Provider;
use crate::rng::Rng;

/// How rough the run is.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Rough {
    /// Provider faults per thousand requests.
    pub(crate) provider: u32,
    /// Table faults per ten thousand requests.
    pub(crate) table: u32,
    /// Of a hundred runs of the pump, how many are cut off by a crash.
    pub(crate) crashes: u32,
    /// Of a hundred messages and webhooks, how many are lost; as many are delivered twice.
    pub(crate) lost: u32,
}

pub(crate) const CALM: Rough = Rough {
    provider: 0,
    table: 0,
    crashes: 0,
    lost: 0,
};

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Event {
    Tick,
    Dial,
    /// Somebody looks whether calling was paused, and resumes it.
    Resume,
    /// Index into the arrivals, and which moment of the call.
    Webhook(usize, u8),
}

/// Decides table faults and crashes; shared with the table.
struct Weather {
    rng: Mutex<Rng>,
    table: u32,
    /// Requests left until the process dies; 0 means it lives.
    fuse: AtomicU64,
    dead: AtomicBool,
}

pub(crate) struct World {
    pub(crate) test: TestApp,
    pub(crate) tenant: TestTenant,
    pub(crate) provider: Arc<Provider>,
    pub(crate) clock: Arc<ManualClock>,
    rough: Rough,
    rng: Rng,
    weather: Arc<Weather>,
    events: BinaryHeap<Reverse<(DateTime<Utc>, u64, Event)>>,
    sequence: u64,
    announced: usize,
    pub(crate) messages: usize,
    pub(crate) crashes: usize,
    pub(crate) pauses: usize,
}

impl World {
    pub(crate) async fn new(seed: u64, rough: Rough) -> Self {
        let weather = Arc::new(Weather {
            rng: Mutex::new(Rng::new(seed ^ 0xabcd)),
            table: rough.table,
            fuse: AtomicU64::new(0),
            dead: AtomicBool::new(false),
        });
        let held = weather.clone();
        let faults: Faults = Arc::new(move |request| held.fault(request));
        let calm = Calm::begin();
        let provider = Arc::new(Provider::new(seed ^ 0x1234, rough.provider));
        let test = TestApp::with(
            platform(),
            MemoryTable::with_faults(faults),
            Some(provider.clone()),
        )
        .await;
        let clock = test.clock.clone();
        provider.set_clock(clock.clone());
        let tenant = test.tenant("Riverside", BusinessType::General).await;
        let mut opened = tenant.store.settings().await.unwrap();
        opened.settings.integrations.retell.agent_id = Some(ShortText::parse("agent_1").unwrap());
        opened.settings.integrations.retell.from_number =
            Some(E164::try_from("+442079460000".to_owned()).unwrap());
        opened.settings.integrations.retell.has_key = true;
        opened
            .secrets
            .retell_key
            .rotate("key_1".into(), clock.now());
        let mut tx = Tx::new();
        tenant.store.save_settings(&mut tx, &mut opened).unwrap();
        test.app.store.commit(tx).await.unwrap();
        drop(calm);
        let mut world = Self {
            test,
            tenant,
            provider,
            clock,
            rough,
            rng: Rng::new(seed),
            weather,
            events: BinaryHeap::new(),
            sequence: 0,
            announced: 0,
            messages: 0,
            crashes: 0,
            pauses: 0,
        };
        world.at(world.clock.now(), Event::Tick);
        world.at(world.clock.now(), Event::Resume);
        world
    }

    pub(crate) fn store(&self) -> &TenantStore {
        &self.tenant.store
    }

    fn at(&mut self, when: DateTime<Utc>, event: Event) {
        self.sequence += 1;
        self.events.push(Reverse((when, self.sequence, event)));
    }

    /// A person with one appointment, planned as production plans it.
    pub(crate) async fn person(
        &mut self,
        number: usize,
        appointment: DateTime<Utc>,
        hours: u16,
    ) -> ContactId {
        let calm = Calm::begin();
        let ts = self.store().clone();
        let now = ts.now();
        let id = ContactId::new(ts.new_id());
        let contact = Contact {
            id,
            tenant: ts.id,
            version: 1,
            name: PersonName::parse("Ada Example").unwrap(),
            first_name: None,
            last_name: None,
            phone: Some(E164::try_from(format!("+4479122{number:05}")).unwrap()),
            email: None,
            company_name: None,
            industry: None,
            notes: None,
            tags: Vec::new(),
            group_ids: Vec::new(),
            priority: Priority::Normal,
            preferred_contact_method: ContactMethod::Voice,
            do_not_contact: false,
            preferences: Preferences {
                voice_consent: VoiceConsent::Given {
                    method: ConsentMethod::Verbal,
                    obtained_at: now,
                },
                ..Preferences::default()
            },
            custom_fields: CustomFields::default(),
            form: None,
            checklist: None,
            assigned_to: None,
            is_active: true,
            booking_source: BookingSource::Manual,
            booking_page_zone: None,
            last_contact_time: None,
            failures_in_a_row: 0,
            needs_attention: None,
            attention_about: None,
            attention_snoozed_until: None,
            call_state: CallState::None,
            open_session: None,
            next_call_at: None,
            current_appointment: None,
            appointments_count: 0,
            created_by: None,
            created_at: now,
            updated_at: now,
            deleted: None,
        };
        let appointment = Appointment {
            id: AppointmentId::new(ts.new_id()),
            tenant: ts.id,
            contact: id,
            version: 1,
            time: appointment,
            timezone: chrono_tz::Europe::London,
            duration: None,
            appointment_type: None,
            owner_name: None,
            location: None,
            special_instructions: None,
            call_before_hours: CallBeforeHours::try_from(hours).unwrap(),
            status: AppointmentStatus::Pending,
            awaiting_new_time: false,
            attendance: Attendance::Unknown,
            confirmation: None,
            source: BookingSource::Manual,
            booked_at: None,
            call_attempts: 0,
            open_session: None,
            next_call_at: None,
            created_at: now,
            updated_at: now,
        };
        let about = appointment.id;
        let mut person = ts.new_person(contact, vec![appointment]).unwrap();
        let settings = ts.settings().await.unwrap();
        let mut tx = Tx::new();
        ts.replan(&mut tx, &settings.settings, &mut person, about)
            .await
            .unwrap();
        let claims = ts.read_claims(&person).await.unwrap();
        ts.stage_claims(&mut tx, &person, claims).unwrap();
        ts.stage_person(&mut tx, &mut person).unwrap();
        let entry = Entry::new("contact.created", "contact", id.uuid()).contact(id);
        ts.log(&mut tx, &Actor::system("test"), entry).unwrap();
        ts.store.commit(tx).await.unwrap();
        drop(calm);
        id
    }

    /// Runs events until `end`.
    pub(crate) async fn run_until(&mut self, end: DateTime<Utc>) {
        while let Some(Reverse((when, _, event))) = self.events.peek().cloned() {
            if when > end {
                break;
            }
            self.events.pop();
            if when > self.clock.now() {
                self.clock.set(when);
            }
            match event {
                Event::Tick => {
                    // Errors of a run are what the platform would log and repeat.
                    let _ = vio_reminders::tick(&self.test.app).await;
                    let next = self.clock.now() + TimeDelta::seconds(60);
                    self.at(next, Event::Tick);
                }
                Event::Dial => self.pump().await,
                Event::Resume => {
                    self.resume().await;
                    let next = self.clock.now() + TimeDelta::minutes(30);
                    self.at(next, Event::Resume);
                }
                Event::Webhook(arrival, moment) => self.webhook(arrival, moment).await,
            }
            self.collect();
        }
        if self.clock.now() < end {
            self.clock.set(end);
        }
    }

    async fn resume(&mut self) {
        let _calm = Calm::begin();
        let ts = self.store().clone();
        let settings = ts.settings().await.unwrap();
        if ts
            .resume_calling(&settings, &Actor::system("test"))
            .await
            .unwrap()
        {
            self.pauses += 1;
            let now = self.clock.now();
            self.at(now, Event::Dial);
        }
    }

    /// A run of the pump, cut off by a crash now and then.
    async fn pump(&mut self) {
        let crash = self.rng.below(100) < self.rough.crashes;
        if crash {
            let fuse = 1 + u64::from(self.rng.below(120));
            self.weather.fuse.store(fuse, Ordering::SeqCst);
        }
        let outcome = vio_campaign_worker::handle(
            &self.test.app,
            DialMessage {
                tenant: self.tenant.id,
            },
        )
        .await;
        let died = self.weather.dead.swap(false, Ordering::SeqCst);
        self.weather.fuse.store(0, Ordering::SeqCst);
        self.provider.set_dead(false);
        self.crashes += usize::from(died);
        if outcome.is_err() && self.rng.below(100) >= self.rough.lost {
            // SQS delivers a failed message again after its visibility timeout.
            let again = self.clock.now() + TimeDelta::seconds(120);
            self.at(again, Event::Dial);
        }
    }

    /// Queued messages and new calls become events, some lost, some doubled.
    fn collect(&mut self) {
        for (_, delay) in self.test.queues.take_dial() {
            self.messages += 1;
            let when = self.clock.now() + TimeDelta::seconds(i64::from(delay));
            for _ in 0..self.copies() {
                self.at(when, Event::Dial);
            }
        }
        let arrivals = self.provider.arrivals();
        for (index, arrival) in arrivals.iter().enumerate().skip(self.announced) {
            let moments = [(3, 0u8), (40, 1), (42, 2)];
            for (after, moment) in moments {
                for _ in 0..self.copies() {
                    let late = if self.rough.lost > 0 {
                        i64::from(self.rng.below(30))
                    } else {
                        0
                    };
                    self.at(
                        arrival.at + TimeDelta::seconds(after + late),
                        Event::Webhook(index, moment),
                    );
                }
            }
        }
        self.announced = arrivals.len();
    }

    fn copies(&mut self) -> u32 {
        let drawn = self.rng.below(100);
        if drawn < self.rough.lost {
            0
        } else if drawn < 2 * self.rough.lost {
            2
        } else {
            1
        }
    }

    async fn webhook(&mut self, index: usize, moment: u8) {
        let arrival = self.provider.arrivals()[index].clone();
        let ended = Ended {
            at: arrival.at + TimeDelta::seconds(40),
            reason: "agent_hangup".into(),
            started_at: Some(arrival.at + TimeDelta::seconds(5)),
        };
        let event = match moment {
            0 => CallEvent::Started,
            1 => CallEvent::Ended {
                ended,
                started: true,
            },
            _ => CallEvent::Analyzed {
                ended,
                started: true,
                analysis: Some(Analysis {
                    action: Action::Confirmed,
                    ..Analysis::default()
                }),
            },
        };
        let heard = CallHeard {
            contact: arrival.contact.parse().unwrap(),
            session: arrival.session.parse().unwrap(),
            attempt: arrival.attempt,
            provider_call_id: arrival.call_id.clone(),
            event,
        };
        let ts = self.store().clone();
        let Ok(settings) = ts.settings().await else {
            return self.again(index, moment);
        };
        let actor = Actor::provider("retell");
        if ts
            .hear(&settings, &heard, &actor, |_| Ok(()))
            .await
            .is_err()
        {
            self.again(index, moment);
        }
    }

    fn again(&mut self, index: usize, moment: u8) {
        let when = self.clock.now() + TimeDelta::seconds(60);
        self.at(when, Event::Webhook(index, moment));
    }
}

impl Weather {
    fn fault(&self, request: Request) -> Fault {
        if CALMED.with(|calmed| calmed.get()) > 0 {
            return Fault::None;
        }
        if self.dead.load(Ordering::SeqCst) {
            return Fault::LostRequest;
        }
        if self.fuse.load(Ordering::SeqCst) > 0 && self.fuse.fetch_sub(1, Ordering::SeqCst) == 1 {
            self.dead.store(true, Ordering::SeqCst);
            // The last act of a dying process may or may not take effect.
            let acts = self.rng.lock().unwrap().below(2) == 0 && request == Request::Transact;
            return if acts {
                Fault::LostAnswer
            } else {
                Fault::LostRequest
            };
        }
        let mut rng = self.rng.lock().unwrap();
        if rng.below(10_000) >= self.table {
            return Fault::None;
        }
        match rng.below(4) {
            0 => Fault::Conflict,
            1 => Fault::Throttled,
            2 => Fault::LostAnswer,
            _ => Fault::LostRequest,
        }
    }
}

thread_local! {
    static CALMED: std::cell::Cell<u32> = const { std::cell::Cell::new(0) };
}

/// While one lives, the table of this thread's test has no faults: for setting up and for judging.
pub(crate) struct Calm(());

impl Calm {
    pub(crate) fn begin() -> Self {
        CALMED.with(|calmed| calmed.set(calmed.get() + 1));
        Self(())
    }
}

impl Drop for Calm {
    fn drop(&mut self) {
        CALMED.with(|calmed| calmed.set(calmed.get() - 1));
    }
}
