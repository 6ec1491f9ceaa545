//! Telling a calendar what a call, a message or staff changed (rules.md "Webhooks in", S0 `calendar_sync`). The change and
//! the duty to tell it are one transaction. Whoever tells it takes it for a while, asks the calendar how the booking
//! stands, and tells only what it does not say already: after a crash in between nothing is told twice.

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;
use vio_domain::appointment::Appointment;
use vio_domain::bookings::{BookingEvent, BookingKind, Calendar, ChainState, TakenOver};
use vio_domain::contact::AttentionReason;
use vio_domain::ids::{AppointmentId, ContactId, TenantId};

use crate::bookings::BookingDetails;
use crate::bookings::chain::KnownEvent;
use crate::contacts::Person;
use crate::entity::{DueEntry, Entity};
use crate::error::StoreError;
use crate::key::{self, DueKind};
use crate::log::{Actor, Entry};
use crate::port::{AttributeValue, Condition, Key};
use crate::store::TenantStore;
use crate::tx::{COMMIT_TRIES, Tx};

/// How long whoever tells a change has it alone: longer than all its requests together.
const TAKEN_FOR: TimeDelta = TimeDelta::minutes(2);
/// How long a calendar that does not answer is told again and again, before people are.
const TRIED_FOR: TimeDelta = TimeDelta::hours(24);
/// First wait after a try that failed; doubled for each further one.
const FIRST_WAIT: TimeDelta = TimeDelta::minutes(1);
/// Longest wait between two tries.
const LONGEST_WAIT: TimeDelta = TimeDelta::hours(1);

/// A change that a calendar has not been told yet. One for each appointment: only how it stands in the end is told.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct CalendarWriteRow {
    pub tenant: TenantId,
    pub contact: ContactId,
    pub appointment: AppointmentId,
    /// Another one with each change and each taking: whoever holds an older one has nothing to say about it.
    stamp: Uuid,
    /// Since when there is something to tell.
    pub since: DateTime<Utc>,
    due: DateTime<Utc>,
    #[serde(default)]
    pub tries: u32,
}

impl Entity for CalendarWriteRow {
    const TYPE: &'static str = "calendar_write";
    fn key(&self) -> Key {
        key::calendar_write(self.tenant, self.appointment)
    }
    fn version(&self) -> u64 {
        1
    }
    fn set_version(&mut self, _: u64) {}
    fn due(&self) -> Option<DueEntry> {
        let id = self.appointment.uuid();
        Some(key::due(self.due, DueKind::Calendar, self.tenant, id))
    }
}

impl CalendarWriteRow {
    fn unchanged(&self) -> Condition {
        Condition::Equals("stamp", AttributeValue::S(self.stamp.to_string()))
    }
}

/// What a calendar may have to be told.
pub struct ToTell {
    pub calendar: Calendar,
    /// The booking's uid in the calendar.
    pub uid: String,
    /// The appointment as it stands.
    pub ours: Appointment,
    /// What the calendar said last.
    pub theirs: TakenOver,
}

impl std::fmt::Debug for ToTell {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ToTell")
            .field("ours", &self.ours)
            .finish_non_exhaustive()
    }
}

/// What came of telling it.
#[derive(Clone, PartialEq, Eq)]
pub enum Told {
    /// Nothing had to be told.
    Nothing,
    /// The booking that waited is confirmed.
    Confirmed,
    /// The booking is cancelled, since then by the calendar's clock.
    Cancelled { at: DateTime<Utc> },
    /// The booking moved, and has another uid since.
    Moved {
        uid: String,
        start: DateTime<Utc>,
        end: Option<DateTime<Utc>>,
        at: DateTime<Utc>,
    },
    /// It could not be told: people see to it.
    Refused(Refusal),
}

/// Why a calendar could not be told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Refusal {
    /// It refused, or its key is not good.
    ByCalendar,
    /// The booking is off there, and stands here.
    OffThere,
    /// It takes no new times from the organizer's side.
    NoNewTimes,
    /// Others are invited to the same event, who would be cancelled too.
    OthersInvited,
    /// It did not answer for a day.
    NoAnswer,
}

impl Told {
    fn action(&self) -> Option<&'static str> {
        match self {
            Self::Nothing => None,
            Self::Confirmed => Some("calendar.confirmed"),
            Self::Cancelled { .. } => Some("calendar.cancelled"),
            Self::Moved { .. } => Some("calendar.moved"),
            Self::Refused(_) => Some("calendar.refused"),
        }
    }
}

impl std::fmt::Debug for Told {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.action().unwrap_or("nothing"))
    }
}

/// A person whose booking it is, with what the booking's chain says.
struct Found {
    person: Person,
    state: ChainState,
    details: BookingDetails,
}

impl TenantStore {
    /// Puts the duty to tell the calendar of a change into the transaction of the change.
    pub(crate) fn stage_calendar_write(
        &self,
        tx: &mut Tx,
        appointment: &Appointment,
    ) -> Result<(), StoreError> {
        let now = self.now();
        let row = CalendarWriteRow {
            tenant: self.id,
            contact: appointment.contact,
            appointment: appointment.id,
            stamp: self.new_id(),
            since: now,
            due: now,
            tries: 0,
        };
        tx.put_if(CalendarWriteRow::TYPE, &row, 1, Condition::Always)
    }

    /// Takes the duty away: the calendar said something later.
    pub(crate) fn stage_calendar_write_over(&self, tx: &mut Tx, appointment: AppointmentId) {
        let place = key::calendar_write(self.id, appointment);
        tx.delete_if(CalendarWriteRow::TYPE, place, Condition::Always);
    }

    /// Changes that a calendar is to be told by now, at most `limit`.
    pub async fn calendar_writes_due(
        &self,
        limit: u32,
    ) -> Result<Vec<CalendarWriteRow>, StoreError> {
        let pk = key::calendar_pk(self.id);
        let (rows, _) = self
            .store
            .list::<CalendarWriteRow>(pk, key::CALENDAR_WRITE_PREFIX, true, limit, None)
            .await?;
        let now = self.now();
        Ok(rows.into_iter().filter(|row| row.due <= now).collect())
    }

    /// Takes a change for a while, so that nobody else tells it too; None where somebody was quicker.
    pub async fn take_calendar_write(
        &self,
        row: CalendarWriteRow,
    ) -> Result<Option<CalendarWriteRow>, StoreError> {
        let taken = CalendarWriteRow {
            stamp: self.new_id(),
            due: self.now() + TAKEN_FOR,
            ..row.clone()
        };
        let mut tx = Tx::new();
        tx.put_if(CalendarWriteRow::TYPE, &taken, 1, row.unchanged())?;
        let won = self.store.try_commit(tx).await?;
        Ok(won.then_some(taken))
    }

    /// What is to be told; None where the appointment, its person or its booking is no more.
    pub async fn to_tell(&self, row: &CalendarWriteRow) -> Result<Option<ToTell>, StoreError> {
        let Some(found) = self.booking_of(row).await? else {
            return Ok(None);
        };
        let Some(ours) = found.person.appointment(row.appointment).cloned() else {
            return Ok(None);
        };
        Ok(Calendar::of(ours.source).map(|calendar| ToTell {
            calendar,
            uid: found.details.uid,
            theirs: TakenOver::from(&found.state),
            ours,
        }))
    }

    async fn booking_of(&self, row: &CalendarWriteRow) -> Result<Option<Found>, StoreError> {
        let Some(person) = self.person(row.contact).await? else {
            return Ok(None);
        };
        let ours = person.appointment(row.appointment);
        let Some(uid) = ours.and_then(|ours| ours.booking.clone()) else {
            return Ok(None);
        };
        let Some(touched) = self.chain_of(&uid).await? else {
            return Ok(None);
        };
        let chain = &touched.chain;
        let about = chain.about.map(|about| about.appointment);
        let (Some(state), true) = (chain.state(), about == Some(row.appointment)) else {
            return Ok(None);
        };
        let mut details = None;
        for known in chain
            .events
            .iter()
            .filter(|known| known.event.uid == state.uid)
        {
            details = details.or(known.open(self.id, row.contact, &person.key)?);
        }
        Ok(details.map(|details| Found {
            person,
            state,
            details,
        }))
    }

    /// Notes what came of telling a change, in one transaction with what the calendar says from now on: its own word of
    /// it, when that comes, is nothing new. A change of ours made meanwhile stays to be told.
    pub async fn settle_calendar_write(
        &self,
        row: &CalendarWriteRow,
        told: &Told,
        actor: &Actor,
    ) -> Result<(), StoreError> {
        let mut changed_again = false;
        for _ in 0..COMMIT_TRIES {
            let mut tx = Tx::new();
            if !changed_again {
                tx.delete_if(CalendarWriteRow::TYPE, row.key(), row.unchanged());
            }
            // That nothing could be told of what is no more says nothing of what is to be told now.
            if !(changed_again && matches!(told, Told::Refused(_))) {
                self.stage_told(&mut tx, row, told, actor).await?;
            }
            match self.store.commit(tx).await {
                // What was told is known all the same, so that the calendar's own word of it is no news later.
                Err(StoreError::Lost { lost }) if lost.contains(&CalendarWriteRow::TYPE) => {
                    changed_again = true;
                }
                Err(error) if error.is_lost() => {}
                other => return other,
            }
        }
        Err(StoreError::Lost {
            lost: vec![CalendarWriteRow::TYPE],
        })
    }

    async fn stage_told(
        &self,
        tx: &mut Tx,
        row: &CalendarWriteRow,
        told: &Told,
        actor: &Actor,
    ) -> Result<(), StoreError> {
        let Some(action) = told.action() else {
            return Ok(());
        };
        let Some(mut found) = self.booking_of(row).await? else {
            return Ok(());
        };
        let mut details = serde_json::Value::Null;
        if let Told::Refused(why) = told {
            details = serde_json::json!({ "why": why });
            let reason = AttentionReason::CalendarNotUpdated;
            let contact = &mut found.person.contact;
            self.flag(tx, contact, reason, Some(row.appointment), None)?;
            self.tell_attention(tx, row.contact, reason)?;
            self.stage_person(tx, &mut found.person)?;
        }
        if let Some(event) = self.own_event(told, &found) {
            self.stage_own_event(tx, event, told, &found).await?;
        }
        let mut entry =
            Entry::new(action, "appointment", row.appointment.uuid()).contact(row.contact);
        if !details.is_null() {
            entry = entry.details(details);
        }
        self.log(tx, actor, entry)
    }

    /// What was told, as an event of the chain; None where the calendar's own word of it was quicker.
    fn own_event(&self, told: &Told, found: &Found) -> Option<BookingEvent> {
        let state = &found.state;
        match told {
            Told::Nothing | Told::Confirmed | Told::Refused(_) => None,
            Told::Cancelled { .. } if state.status.is_off() => None,
            Told::Moved { uid, .. } if self.booking_uid(uid) == state.uid => None,
            Told::Cancelled { at } => Some(BookingEvent {
                kind: BookingKind::Cancelled,
                uid: state.uid.clone(),
                before: None,
                created_at: *at,
                sequence: 0,
                start: None,
                end: None,
                asks_new_time: false,
            }),
            Told::Moved {
                uid,
                start,
                end,
                at,
            } => Some(BookingEvent {
                kind: BookingKind::Rescheduled,
                uid: self.booking_uid(uid),
                before: Some(state.uid.clone()),
                created_at: *at,
                sequence: 0,
                start: Some(*start),
                end: *end,
                asks_new_time: false,
            }),
        }
    }

    async fn stage_own_event(
        &self,
        tx: &mut Tx,
        event: BookingEvent,
        told: &Told,
        found: &Found,
    ) -> Result<(), StoreError> {
        let mut touched = self.touched(&event).await?;
        if touched.joins_two() {
            // Somebody else's booking there as well: its events say what it is.
            return Ok(());
        }
        let mut details = found.details.clone();
        if let Told::Moved { uid, .. } = told {
            details.uid.clone_from(uid);
        }
        let contact = found.person.contact.id;
        let known = KnownEvent::of_person(event, &details, self.id, contact, &found.person.key)?;
        touched.chain.add(known)?;
        let state = touched.chain.state();
        if let (Some(about), Some(state)) = (&mut touched.chain.about, &state) {
            about.taken = TakenOver::from(state);
        }
        self.stage_chain(tx, touched)
    }

    /// Puts a change off after a calendar did not answer, or asked to be left alone until `at`. False where it was tried
    /// for too long: people see to it then.
    pub async fn put_off_calendar_write(
        &self,
        row: &CalendarWriteRow,
        at: Option<DateTime<Utc>>,
        actor: &Actor,
    ) -> Result<bool, StoreError> {
        let now = self.now();
        if now - row.since >= TRIED_FOR {
            let told = Told::Refused(Refusal::NoAnswer);
            self.settle_calendar_write(row, &told, actor).await?;
            return Ok(false);
        }
        let doubled = FIRST_WAIT * (1 << row.tries.min(10));
        let later = CalendarWriteRow {
            stamp: self.new_id(),
            due: at
                .unwrap_or(now + doubled.min(LONGEST_WAIT))
                .clamp(now, row.since + TRIED_FOR),
            tries: row.tries + 1,
            ..row.clone()
        };
        let mut tx = Tx::new();
        tx.put_if(CalendarWriteRow::TYPE, &later, 1, row.unchanged())?;
        match self.store.commit(tx).await {
            Err(error) if !error.is_lost() => Err(error),
            _ => Ok(true),
        }
    }
}
