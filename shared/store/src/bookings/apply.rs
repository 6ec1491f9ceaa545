//! An event of the calendar applied: one transaction for the chain, the appointment, its person, its planned call, the
//! work list, the log (one entry for each event) and the inbox.

use chrono::{DateTime, Utc};
use vio_domain::appointment::{Appointment, Duration as Length};
use vio_domain::bookings::{BookingKind, BookingStatus, ChainState, TakenOver, Verdict, judge};
use vio_domain::contact::{AttentionReason, ConsentMethod, VoiceConsent};
use vio_domain::ids::{AppointmentId, ContactId};
use vio_domain::person::{CalendarTarget, LeftOut};
use vio_domain::settings::Settings;

use crate::bookings::chain::{About, Chain, KnownEvent, Touched};
use crate::bookings::{Booker, BookingDetails, BookingHeard};
use crate::contacts::{ConsentChange, NewAppointment, NewContact, Person, Save};
use crate::error::StoreError;
use crate::inbox::InboxRow;
use crate::log::{Actor, Entry};
use crate::store::TenantStore;
use crate::tx::{COMMIT_TRIES, Tx};

/// What an event came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BookingOutcome {
    /// It was known.
    Duplicate,
    /// A booking of which nothing else is known: remembered for what may follow.
    Remembered,
    /// Its person was erased: nothing is kept of it.
    Erased,
    /// Nobody knows of the booking: nothing is kept.
    Unknown,
    /// The business wants nothing made of it: the booking is remembered, not whose it is.
    LeftOut(LeftOut),
    /// A new appointment.
    Created {
        contact: ContactId,
        appointment: AppointmentId,
        new_contact: bool,
    },
    /// An appointment that was known.
    Judged {
        contact: ContactId,
        appointment: AppointmentId,
        verdict: Verdict,
    },
    /// An appointment of somebody who was deleted here, and is now to come all the same: it follows, and nobody is told by
    /// it but whoever looks for what went wrong.
    OfDeleted {
        contact: ContactId,
        appointment: AppointmentId,
    },
}

/// What every step of taking in an event has at hand.
pub(super) struct Context<'a> {
    pub(super) settings: &'a Settings,
    heard: &'a BookingHeard,
    pub(super) actor: &'a Actor,
    inbox: &'a InboxRow,
    body: &'a [u8],
}

impl TenantStore {
    /// Takes in an event of the calendar; `inbox` is marked as done in the same transaction, its `body` sealed anew
    /// under the key of the person it is about.
    pub async fn hear_booking(
        &self,
        settings: &Settings,
        heard: &BookingHeard,
        actor: &Actor,
        inbox: &InboxRow,
        body: &[u8],
    ) -> Result<BookingOutcome, StoreError> {
        let context = Context {
            settings,
            heard,
            actor,
            inbox,
            body,
        };
        for _ in 0..COMMIT_TRIES * 2 {
            let mut tx = Tx::new();
            let staged = self.stage_event(&mut tx, &context).await;
            let committed = match staged {
                Ok(outcome) => self.store.commit(tx).await.map(|()| outcome),
                Err(error) => Err(error),
            };
            match committed {
                Err(error) if error.is_lost() => {}
                other => return other,
            }
        }
        Err(StoreError::Lost {
            lost: vec!["booking"],
        })
    }

    async fn stage_event(
        &self,
        tx: &mut Tx,
        context: &Context<'_>,
    ) -> Result<BookingOutcome, StoreError> {
        let heard = context.heard;
        let mut touched = self.touched(&heard.event).await?;
        let about = touched.chain.about;
        let mut person = match about {
            Some(about) => self.person(about.contact).await?,
            None => None,
        };
        if touched.chain.knows(&heard.event) && !touched.joins_two() {
            let whose = person
                .as_ref()
                .map(|person| (person.contact.id, &person.key));
            self.stage_done(tx, context.inbox, whose, context.body)?;
            return Ok(BookingOutcome::Duplicate);
        }
        let other = touched.take_other();
        match (about, &mut person) {
            (Some(about), Some(person)) => {
                person.changed_by_calendar();
                self.stage_known(tx, context, touched, about, person, other)
                    .await
            }
            (Some(_), None) => {
                // Erased: only the opaque parts of the event are kept, so that the chain stays whole.
                touched
                    .chain
                    .add(KnownEvent::of_nobody(heard.event.clone()))?;
                self.stage_chain(tx, touched)?;
                self.stage_done(tx, context.inbox, None, context.body)?;
                Ok(BookingOutcome::Erased)
            }
            (None, _) => self.stage_unknown(tx, context, touched, other).await,
        }
    }

    /// An event of a chain that has no appointment yet: it makes one, or is one more cancellation to be remembered.
    async fn stage_unknown(
        &self,
        tx: &mut Tx,
        context: &Context<'_>,
        mut touched: Touched,
        other: Option<Chain>,
    ) -> Result<BookingOutcome, StoreError> {
        let Context {
            settings,
            heard,
            actor,
            inbox,
            body,
        } = *context;
        let own = KnownEvent::of_nobody(heard.event.clone());
        touched.chain.add(own)?;
        for known in other.into_iter().flat_map(|chain| chain.events) {
            touched.chain.add(known)?;
        }
        let Some(state) = touched.chain.state() else {
            self.log(
                tx,
                actor,
                Entry::new(action(heard.event.kind), "booking", inbox.id),
            )?;
            self.stage_chain(tx, touched)?;
            self.stage_done(tx, inbox, None, body)?;
            return Ok(BookingOutcome::Remembered);
        };
        let contact = self.contact_of(heard);
        let appointment = self.appointment_of(settings, &state, heard);
        let landed = self.stage_booking(tx, settings, &contact, &appointment, actor);
        let booked = match landed.await? {
            Ok(booked) => booked,
            Err(why) => {
                let entry = Entry::new(action(heard.event.kind), "booking", inbox.id)
                    .details(serde_json::json!({ "left_out": why }));
                self.log(tx, actor, entry)?;
                self.stage_chain(tx, touched)?;
                self.stage_done(tx, inbox, None, body)?;
                return Ok(BookingOutcome::LeftOut(why));
            }
        };
        let new_contact = !matches!(booked.target, CalendarTarget::Existing(_));
        for known in &mut touched.chain.events {
            if known.event.same_as(&heard.event) {
                *known = KnownEvent::of_person(
                    known.event.clone(),
                    &heard.details,
                    self.id,
                    booked.contact,
                    &booked.key,
                )?;
            }
        }
        touched.chain.about = Some(About {
            contact: booked.contact,
            appointment: booked.appointment,
            taken: TakenOver::from(&state),
            made_contact: new_contact,
        });
        self.stage_chain(tx, touched)?;
        self.stage_done(tx, inbox, Some((booked.contact, &booked.key)), body)?;
        Ok(BookingOutcome::Created {
            contact: booked.contact,
            appointment: booked.appointment,
            new_contact,
        })
    }

    /// An event of a chain that has an appointment: what the chain comes to now is judged against it.
    async fn stage_known(
        &self,
        tx: &mut Tx,
        context: &Context<'_>,
        mut touched: Touched,
        mut about: About,
        person: &mut Person,
        other: Option<Chain>,
    ) -> Result<BookingOutcome, StoreError> {
        let Context {
            settings,
            heard,
            actor,
            inbox,
            body,
        } = *context;
        let contact = person.contact.id;
        let id = about.appointment;
        if !touched.chain.knows(&heard.event) {
            let event = heard.event.clone();
            let known =
                KnownEvent::of_person(event, &heard.details, self.id, contact, &person.key)?;
            touched.chain.add(known)?;
        }
        if let Some(other) = other {
            self.stage_joined(tx, context, &mut touched.chain, person, other)
                .await?;
        }
        let state = touched
            .chain
            .state()
            .ok_or_else(|| StoreError::Invalid("a booking without its time".into()))?;
        let verdict = person
            .appointment(id)
            .map_or(Verdict::Nothing, |ours| judge(about.taken, &state, ours));
        match verdict {
            Verdict::Nothing => {}
            Verdict::Follow => {
                let details = match touched.chain.events.get(state.set_by) {
                    Some(known) => known.open(self.id, contact, &person.key)?,
                    None => None,
                };
                let mut waits = false;
                if let Some(appointment) = person.appointment_mut(id) {
                    let waited = appointment.awaiting_new_time;
                    follow(appointment, &state, details.as_ref(), self.now());
                    waits = appointment.awaiting_new_time && !waited;
                }
                if waits {
                    let reason = AttentionReason::NewTimeAwaited;
                    self.flag(tx, &mut person.contact, reason, Some(id), None)?;
                    self.tell_attention(tx, contact, reason)?;
                }
                self.stage_calendar_write_over(tx, id);
            }
            Verdict::Conflict => {
                let reason = AttentionReason::CalendarConflict;
                self.flag(tx, &mut person.contact, reason, Some(id), None)?;
                self.tell_attention(tx, contact, reason)?;
                // What stands is for people to say; the calendar is told of what they do then.
                self.stage_calendar_write_over(tx, id);
            }
        }
        self.stage_implied_consent(tx, settings, person, state.began_at, actor)?;
        about.taken = TakenOver::from(&state);
        touched.chain.about = Some(about);
        self.stage_chain(tx, touched)?;
        let save = Save {
            settings,
            actor,
            action: action(heard.event.kind),
            reason: None,
            claims: None,
            replan: true,
        };
        if !self.stage_save(tx, person, save).await? {
            self.stage_person(tx, person)?;
            let entry = Entry::new(action(heard.event.kind), "appointment", id.uuid())
                .contact(contact)
                .version(person.appointment(id).map_or(0, |a| a.version));
            self.log(tx, actor, entry)?;
        }
        self.stage_done(tx, inbox, Some((contact, &person.key)), body)?;
        let comes = verdict == Verdict::Follow && !state.status.is_off();
        if comes && person.contact.deleted.is_some() {
            return Ok(BookingOutcome::OfDeleted {
                contact,
                appointment: id,
            });
        }
        Ok(BookingOutcome::Judged {
            contact,
            appointment: id,
            verdict,
        })
    }

    /// A booking on the tenant's own calendar is an implied consent where the tenant says so (rules.md Privacy), since
    /// the earliest event of the booking. It replaces no other consent, and no withdrawal.
    fn stage_implied_consent(
        &self,
        tx: &mut Tx,
        settings: &Settings,
        person: &mut Person,
        began_at: DateTime<Utc>,
        actor: &Actor,
    ) -> Result<(), StoreError> {
        if !settings.calls.voice_consent_from_booking {
            return Ok(());
        }
        let began_at = began_at.min(self.now());
        let consent = &mut person.contact.preferences.voice_consent;
        match consent {
            VoiceConsent::Unknown => {
                let change = ConsentChange::Given {
                    method: ConsentMethod::Implied,
                    obtained_at: began_at,
                };
                self.stage_consent(tx, person, change, actor)?;
            }
            VoiceConsent::Given {
                method: ConsentMethod::Implied,
                obtained_at,
            } => *obtained_at = began_at.min(*obtained_at),
            VoiceConsent::Given { .. } | VoiceConsent::Withdrawn { .. } => {}
        }
        Ok(())
    }

    fn contact_of(&self, heard: &BookingHeard) -> NewContact {
        let booker: &Booker = &heard.booker;
        let id = ContactId::new(self.new_id());
        NewContact {
            first_name: booker.first_name.clone(),
            last_name: booker.last_name.clone(),
            phone: booker.phone.clone(),
            email: booker.email.clone(),
            notes: booker.notes.clone(),
            booking_source: heard.calendar.source(),
            booking_page_zone: booker.zone,
            ..NewContact::named(id, booker.name.clone())
        }
    }

    fn appointment_of(
        &self,
        settings: &Settings,
        state: &ChainState,
        heard: &BookingHeard,
    ) -> NewAppointment {
        let details = &heard.details;
        let calendar = settings.integrations.calendar(heard.calendar);
        let zone = settings.business.timezone;
        let booked_at = state.set_at.min(self.now());
        let source = heard.calendar.source();
        NewAppointment {
            duration: length(state),
            appointment_type: details.appointment_type.clone(),
            owner_name: details.owner_name.clone(),
            special_instructions: details.special_instructions.clone(),
            status: state.status.as_appointment(),
            awaiting_new_time: state.status == BookingStatus::NewTimeAsked,
            booking: Some(state.uid.clone()),
            call_before_hours: calendar
                .call_before_hours
                .unwrap_or(settings.calls.call_before_hours),
            ..NewAppointment::at(state.start, zone, settings, source, booked_at)
        }
    }
}

/// Takes time, status and details over from the calendar. A time that stays as it is keeps its attempts.
fn follow(
    appointment: &mut Appointment,
    state: &ChainState,
    details: Option<&BookingDetails>,
    now: DateTime<Utc>,
) {
    if appointment.time != state.start {
        appointment.time = state.start;
        appointment.call_attempts = 0;
        appointment.confirmation = None;
    }
    appointment.booked_at = Some(state.set_at.min(now));
    appointment.awaiting_new_time = state.status == BookingStatus::NewTimeAsked;
    appointment.status = state.status.as_appointment();
    appointment.duration = length(state);
    if let Some(details) = details {
        appointment.appointment_type = details.appointment_type.clone();
        appointment.owner_name = details.owner_name.clone();
        appointment.special_instructions = details.special_instructions.clone();
    }
}

/// How long it is, where that is one of the lengths on offer.
fn length(state: &ChainState) -> Option<Length> {
    let minutes = (state.end? - state.start).num_minutes();
    Length::try_from(u16::try_from(minutes).ok()?).ok()
}

fn action(kind: BookingKind) -> &'static str {
    match kind {
        BookingKind::Created => "booking.created",
        BookingKind::Rescheduled => "booking.rescheduled",
        BookingKind::Cancelled => "booking.cancelled",
    }
}
