//! What businesses that build on us are told of, and when a try that failed is made again (Standard Webhooks). An event
//! carries ids, instants and statuses; who wants more reads it through the API, where permissions are judged.

use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::appointment::{Appointment, AppointmentStatus};
use crate::ids::DeliveryId;

/// What an event tells of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum EventType {
    #[serde(rename = "appointment.cancelled")]
    AppointmentCancelled,
    #[serde(rename = "appointment.confirmed")]
    AppointmentConfirmed,
    #[serde(rename = "appointment.created")]
    AppointmentCreated,
    #[serde(rename = "appointment.rescheduled")]
    AppointmentRescheduled,
    #[serde(rename = "appointment.updated")]
    AppointmentUpdated,
    #[serde(rename = "call.finished")]
    CallFinished,
    #[serde(rename = "contact.created")]
    ContactCreated,
    #[serde(rename = "contact.deleted")]
    ContactDeleted,
    #[serde(rename = "contact.updated")]
    ContactUpdated,
    #[serde(rename = "do_not_call.added")]
    DoNotCallAdded,
    #[serde(rename = "do_not_call.removed")]
    DoNotCallRemoved,
    #[serde(rename = "needs_attention.created")]
    NeedsAttentionCreated,
    /// A sample, sent when somebody asks for it; nobody subscribes to it.
    #[serde(rename = "webhook.test")]
    Test,
}

/// The text names no event that can be chosen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not an event that can be chosen")]
pub struct UnknownEvent;

impl EventType {
    /// What can be chosen, in the order of the names.
    pub const CHOICE: [Self; 12] = [
        Self::AppointmentCancelled,
        Self::AppointmentConfirmed,
        Self::AppointmentCreated,
        Self::AppointmentRescheduled,
        Self::AppointmentUpdated,
        Self::CallFinished,
        Self::ContactCreated,
        Self::ContactDeleted,
        Self::ContactUpdated,
        Self::DoNotCallAdded,
        Self::DoNotCallRemoved,
        Self::NeedsAttentionCreated,
    ];

    /// The name on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::AppointmentCancelled => "appointment.cancelled",
            Self::AppointmentConfirmed => "appointment.confirmed",
            Self::AppointmentCreated => "appointment.created",
            Self::AppointmentRescheduled => "appointment.rescheduled",
            Self::AppointmentUpdated => "appointment.updated",
            Self::CallFinished => "call.finished",
            Self::ContactCreated => "contact.created",
            Self::ContactDeleted => "contact.deleted",
            Self::ContactUpdated => "contact.updated",
            Self::DoNotCallAdded => "do_not_call.added",
            Self::DoNotCallRemoved => "do_not_call.removed",
            Self::NeedsAttentionCreated => "needs_attention.created",
            Self::Test => "webhook.test",
        }
    }

    /// What it tells of, for people who choose.
    pub const fn sentence(self) -> &'static str {
        match self {
            Self::AppointmentCancelled => "An appointment is off.",
            Self::AppointmentConfirmed => "The person, or staff, confirmed an appointment.",
            Self::AppointmentCreated => "There is a new appointment.",
            Self::AppointmentRescheduled => "An appointment has another time, or waits for one.",
            Self::AppointmentUpdated => "Anything else of an appointment changed.",
            Self::CallFinished => "A call is over and its result is known.",
            Self::ContactCreated => "There is a new contact.",
            Self::ContactDeleted => "A contact was deleted.",
            Self::ContactUpdated => "A contact's data changed.",
            Self::DoNotCallAdded => "A number is not to be called any more.",
            Self::DoNotCallRemoved => "A number may be called again.",
            Self::NeedsAttentionCreated => "Staff has to see to something.",
            Self::Test => "A sample.",
        }
    }

    /// What a change of an appointment is told as: its status decides, then its time.
    pub fn of_appointment(before: Option<&Appointment>, after: &Appointment) -> Self {
        let Some(before) = before else {
            return Self::AppointmentCreated;
        };
        let moved = before.time != after.time;
        if before.status == after.status {
            return if moved {
                Self::AppointmentRescheduled
            } else {
                Self::AppointmentUpdated
            };
        }
        match after.status {
            AppointmentStatus::Confirmed => Self::AppointmentConfirmed,
            AppointmentStatus::Cancelled => Self::AppointmentCancelled,
            AppointmentStatus::Rescheduled => Self::AppointmentRescheduled,
            AppointmentStatus::Pending if moved => Self::AppointmentRescheduled,
            AppointmentStatus::Pending => Self::AppointmentUpdated,
        }
    }
}

impl fmt::Display for EventType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for EventType {
    type Err = UnknownEvent;

    fn from_str(text: &str) -> Result<Self, UnknownEvent> {
        let mut all = Self::CHOICE.into_iter();
        all.find(|event| event.as_str() == text).ok_or(UnknownEvent)
    }
}

/// One thing that a change is told as. Carries no name, number or value of a person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct News {
    pub event: EventType,
    /// The record that it is about.
    pub id: Uuid,
    /// The record's version since; 0 where it has none.
    #[serde(default)]
    pub version: u64,
    /// Where it stands since, in the API's word.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<String>,
}

impl News {
    /// Of a changed or new appointment.
    pub fn of_appointment(before: Option<&Appointment>, after: &Appointment) -> Self {
        Self {
            event: EventType::of_appointment(before, after),
            id: after.id.uuid(),
            version: after.version,
            status: Some(after.status.as_str().to_owned()),
        }
    }
}

/// The id of one of several deliveries of one source: that of the source for the first, and for each of the others one
/// made from it, the same each time. At most 128 of one source have ids of their own.
pub fn delivery_id(source: Uuid, at: usize) -> DeliveryId {
    let mut bytes = *source.as_bytes();
    if at > 0 {
        // Bits that count nothing: neither the instant nor the version of the id.
        bytes[9] ^= 0x80 | (u8::try_from(at).unwrap_or(u8::MAX) & 0x7f);
    }
    DeliveryId::new(Uuid::from_bytes(bytes))
}

/// Seconds from one try that failed to the next one: the schedule that Standard Webhooks suggests, a little more than three
/// days in all.
const WAITS: [i64; 9] = [
    5,
    5 * 60,
    30 * 60,
    2 * 3600,
    5 * 3600,
    10 * 3600,
    14 * 3600,
    20 * 3600,
    24 * 3600,
];
/// Tries that a delivery gets before it has failed.
pub const MOST_TRIES: u32 = 10;
/// The longest that a receiver's `Retry-After` is kept to.
const LONGEST_ASKED: TimeDelta = TimeDelta::hours(24);
/// How long an address may answer nothing well before it is switched off.
pub const FAILING_FOR: TimeDelta = TimeDelta::days(5);

/// When a delivery is tried again after its `tries`th try failed at `now`; None after the last one. `jitter` spreads the
/// wait by up to a fifth, so that receivers who were away are not met by all at once. `asked` is the receiver's
/// `Retry-After`: it is never met sooner.
pub fn next_try(
    tries: u32,
    jitter: u8,
    asked: Option<DateTime<Utc>>,
    now: DateTime<Utc>,
) -> Option<DateTime<Utc>> {
    let at = usize::try_from(tries.checked_sub(1)?).ok()?;
    let wait = WAITS.get(at).copied()?;
    let spread = wait * 1_000 / 5 * i64::from(jitter) / 255;
    let planned = now + TimeDelta::milliseconds(wait * 1_000 + spread);
    Some(match asked {
        Some(asked) => planned.max(asked.min(now + LONGEST_ASKED)),
        None => planned,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::samples::appointment;

    #[test]
    fn names_read_back_and_samples_cannot_be_chosen() {
        for event in EventType::CHOICE {
            assert_eq!(event.as_str().parse(), Ok(event));
            let json = serde_json::to_string(&event).unwrap();
            assert_eq!(json, format!("\"{event}\""));
            assert_eq!(serde_json::from_str::<EventType>(&json).unwrap(), event);
            assert!(event.sentence().ends_with('.'));
        }
        assert_eq!("webhook.test".parse::<EventType>(), Err(UnknownEvent));
        let mut sorted = EventType::CHOICE;
        sorted.sort_by_key(|event| event.as_str());
        assert_eq!(sorted, EventType::CHOICE);
    }

    #[test]
    fn a_status_decides_before_a_time() {
        let before = appointment(7, 3);
        let event = |change: fn(&mut Appointment)| {
            let mut after = before.clone();
            change(&mut after);
            EventType::of_appointment(Some(&before), &after)
        };
        assert_eq!(
            EventType::of_appointment(None, &before),
            EventType::AppointmentCreated
        );
        assert_eq!(
            event(|a| a.status = AppointmentStatus::Confirmed),
            EventType::AppointmentConfirmed
        );
        assert_eq!(
            event(|a| a.status = AppointmentStatus::Cancelled),
            EventType::AppointmentCancelled
        );
        assert_eq!(
            event(|a| a.status = AppointmentStatus::Rescheduled),
            EventType::AppointmentRescheduled
        );
        assert_eq!(
            event(|a| a.time += TimeDelta::hours(1)),
            EventType::AppointmentRescheduled
        );
        assert_eq!(
            event(|a| {
                a.time += TimeDelta::hours(1);
                a.status = AppointmentStatus::Confirmed;
            }),
            EventType::AppointmentConfirmed
        );
        assert_eq!(event(|_| {}), EventType::AppointmentUpdated);
    }

    #[test]
    fn ids_of_one_source_differ_and_are_the_same_each_time() {
        let source = Uuid::from_u128(0x0193_2f00_0000_7000_8000_0000_0000_0007);
        let ids: std::collections::BTreeSet<_> =
            (0..128).map(|at| delivery_id(source, at)).collect();
        assert_eq!(ids.len(), 128);
        assert_eq!(delivery_id(source, 0).uuid(), source);
        assert_eq!(delivery_id(source, 5), delivery_id(source, 5));
        for id in ids {
            // Their instant is the source's: they lie in its place in the list.
            assert_eq!(id.uuid().as_bytes()[..8], source.as_bytes()[..8]);
            assert_eq!(id.uuid().get_version_num(), 7);
        }
    }

    #[test]
    fn tries_go_on_for_three_days_and_never_sooner_than_asked() {
        let start = DateTime::from_timestamp(1_800_000_000, 0).unwrap();
        for jitter in [0, 128, 255] {
            let (mut now, mut tries) = (start, 1);
            while let Some(next) = next_try(tries, jitter, None, now) {
                assert!(next > now);
                (now, tries) = (next, tries + 1);
            }
            assert_eq!(tries, MOST_TRIES);
            let all = now - start;
            assert!(
                all >= TimeDelta::hours(75) && all <= TimeDelta::hours(91),
                "{all}"
            );
            assert!(all < FAILING_FOR);
        }
        let asked = start + TimeDelta::hours(1);
        assert_eq!(next_try(1, 0, Some(asked), start), Some(asked));
        // What is asked for does not hasten anything, and is not kept to for ever.
        assert_eq!(
            next_try(2, 0, Some(start), start),
            Some(start + TimeDelta::minutes(5))
        );
        assert_eq!(
            next_try(1, 0, Some(start + TimeDelta::days(400)), start),
            Some(start + TimeDelta::hours(24))
        );
        assert_eq!(next_try(0, 0, None, start), None);
        assert_eq!(next_try(MOST_TRIES, 0, None, start), None);
    }
}
