//! What the guards look at: plain facts, read by the caller.

use chrono::{DateTime, Utc};

use crate::appointment::Appointment;
use crate::calling::gate::GateRefusal;
use crate::calling::pause::Pause;
use crate::calling::session::Method;

/// The number to ring.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NumberFact {
    /// None.
    Missing,
    /// One that cannot or must not be rung.
    NotDialable,
    /// One that may.
    Dialable,
}

/// What the appointment's status asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StatusFact {
    /// No appointment, or one whose status still calls for a call.
    CallsForACall,
    /// Confirmed, cancelled, or rescheduled without a new time.
    DoesNot,
    /// Its time has passed.
    Past,
}

impl StatusFact {
    /// What it asks for at `now`; a call about nothing is always called for.
    pub fn of(appointment: Option<&Appointment>, now: DateTime<Utc>) -> Self {
        match appointment {
            Some(appointment) if appointment.time <= now => Self::Past,
            Some(appointment) if !appointment.wants_reminder(now) => Self::DoesNot,
            _ => Self::CallsForACall,
        }
    }
}

/// The permitted call hours, seen from now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HoursFact {
    /// Permitted now.
    Permitted,
    /// Permitted again from then on.
    From(DateTime<Utc>),
    /// Not within the time looked ahead.
    Never,
}

/// The last attempt to the contact that counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LastAttempt {
    /// When it was granted.
    pub at: DateTime<Utc>,
    /// Whether a person answered.
    pub answered: bool,
}

/// Everything the guards look at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GuardInput {
    /// What asked for the call.
    pub method: Method,
    /// The tenant is not suspended or closed.
    pub tenant_active: bool,
    /// Why calling is paused, if it is.
    pub paused: Option<Pause>,
    /// Agent id, number and key are there.
    pub agent_configured: bool,
    /// A calendar is enabled.
    pub calendar_enabled: bool,
    /// The key of each one that is enabled is there.
    pub calendar_configured: bool,
    /// The number.
    pub number: NumberFact,
    /// It is on the do-not-call list.
    pub on_do_not_call_list: bool,
    /// The contact forbids contact.
    pub do_not_contact: bool,
    /// The tenant requires consent (in HIPAA mode, its checklist or consent).
    pub consent_required: bool,
    /// It was given and not withdrawn.
    pub consent_given: bool,
    /// What the status asks for.
    pub status: StatusFact,
    /// Attempts that count for the appointment (for the session, where it has none).
    pub attempts: u32,
    /// How many are allowed: 1 + `maximum_retry_attempts`.
    pub attempts_cap: u32,
    /// The end (exclusive) of the call's own window.
    pub latest: Option<DateTime<Utc>>,
    /// Permitted hours.
    pub hours: HoursFact,
    /// The contact's local wall-clock time and zone, as text.
    pub local_time: String,
    /// The last attempt to the contact.
    pub last_attempt: Option<LastAttempt>,
    /// A call to the contact or the number is in flight; its lock ends then at the latest.
    pub in_flight_until: Option<DateTime<Utc>>,
    /// Instants of the attempts to the number in the last 24 hours that count.
    pub number_attempts: Vec<DateTime<Utc>>,
    /// What the gate says, without taking a slot.
    pub gate: Result<(), GateRefusal>,
    /// Slots in use and the limit.
    pub slots: (u32, u32),
    /// Attempts today and the limit.
    pub today: (u32, u32),
}
