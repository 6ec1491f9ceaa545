//! One booked time of a contact, with its own status, history and planned calls (rules.md Contacts).

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use serde::{Deserialize, Serialize};

use crate::bookings::BookingUid;
use crate::contact::BookingSource;
use crate::error::FieldError;
use crate::ids::{AppointmentId, ContactId, LocationId, MessageId, SessionId, TenantId};
use crate::text::{ShortText, SpecialInstructions};

/// Whether the person is coming (S0).
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default, Serialize, Deserialize,
)]
#[serde(rename_all = "snake_case")]
pub enum AppointmentStatus {
    #[default]
    Pending,
    Confirmed,
    Cancelled,
    Rescheduled,
}

impl AppointmentStatus {
    /// The word used in the API and the table.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Confirmed => "confirmed",
            Self::Cancelled => "cancelled",
            Self::Rescheduled => "rescheduled",
        }
    }

    /// Whether an appointment in this status still gets a reminder while its time is to come (rules.md: pending, and
    /// rescheduled with a coming time).
    pub fn wants_reminder(self) -> bool {
        matches!(self, Self::Pending | Self::Rescheduled)
    }
}

/// Whether the person came.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Attendance {
    #[default]
    Unknown,
    Attended,
    NoShow,
}

/// How an appointment was confirmed (S0 "Appointment Confirmation Workflow").
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ConfirmationMethod {
    VoiceCall,
    Manual,
    Phone,
    Sms,
    Email,
}

/// Minutes, one of S0's list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "u16", into = "u16")]
pub struct Duration(u16);

impl Duration {
    /// The lengths on offer (S0 step 2).
    pub const OFFERED: [u16; 6] = [15, 30, 45, 60, 90, 120];

    /// Minutes.
    pub fn minutes(self) -> u16 {
        self.0
    }
}

impl TryFrom<u16> for Duration {
    type Error = FieldError;

    fn try_from(minutes: u16) -> Result<Self, FieldError> {
        if Self::OFFERED.contains(&minutes) {
            Ok(Self(minutes))
        } else {
            Err(FieldError::new(
                "/appointment_duration",
                "not_offered",
                "The duration must be one of 15, 30, 45, 60, 90 or 120 minutes.",
            ))
        }
    }
}

impl From<Duration> for u16 {
    fn from(duration: Duration) -> u16 {
        duration.0
    }
}

/// How many hours before the appointment the reminder call is wanted: 1 to 168 (S0 step 2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "u16", into = "u16")]
pub struct CallBeforeHours(u16);

impl CallBeforeHours {
    /// The default of S0 and S3.
    pub const DEFAULT: Self = Self(24);
    /// What a business can choose as its default (S3 `default_call_timing`). Appointments made before keep theirs.
    pub const OFFERED: [u16; 6] = [1, 2, 6, 24, 48, 168];

    /// Hours.
    pub fn hours(self) -> u16 {
        self.0
    }
}

impl TryFrom<u16> for CallBeforeHours {
    type Error = FieldError;

    fn try_from(hours: u16) -> Result<Self, FieldError> {
        if (1..=168).contains(&hours) {
            Ok(Self(hours))
        } else {
            Err(FieldError::new(
                "/call_before_hours",
                "out_of_range",
                "The reminder call can be 1 to 168 hours before the appointment.",
            ))
        }
    }
}

impl From<CallBeforeHours> for u16 {
    fn from(hours: CallBeforeHours) -> u16 {
        hours.0
    }
}

/// A confirmation: how, when, and how long before the appointment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Confirmation {
    pub method: ConfirmationMethod,
    pub at: DateTime<Utc>,
    pub minutes_before: i64,
}

/// The one open call session of an appointment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct OpenSession {
    pub id: SessionId,
    /// Placing or in flight, as against planned.
    pub in_progress: bool,
}

/// One appointment, in clear. `version` is what its ETag names: edits and changes of status or time bump it, the
/// keeping of calls does not.
#[derive(Clone, PartialEq)]
pub struct Appointment {
    pub id: AppointmentId,
    pub tenant: TenantId,
    pub contact: ContactId,
    pub version: u64,
    pub time: DateTime<Utc>,
    /// For showing and speaking only; permitted hours follow the contact's own zone.
    pub timezone: Tz,
    pub duration: Option<Duration>,
    pub appointment_type: Option<ShortText<100>>,
    /// Who they are meeting.
    pub owner_name: Option<ShortText<100>>,
    pub location: Option<LocationId>,
    /// Spoken, at most 300 characters.
    pub special_instructions: Option<SpecialInstructions>,
    pub call_before_hours: CallBeforeHours,
    pub status: AppointmentStatus,
    /// Since when it has this status: made, or changed. Kept by the store, whoever changes the status.
    pub status_since: DateTime<Utc>,
    /// Rescheduled, and nobody has named the new time yet: staff finds one, nothing is called (rules.md Contacts).
    pub awaiting_new_time: bool,
    pub attendance: Attendance,
    pub confirmation: Option<Confirmation>,
    pub source: BookingSource,
    /// A uid of the outside booking that it is, by which that is found; None where nobody but us knows of it.
    pub booking: Option<BookingUid>,
    /// When this time was set: created or moved, or the calendar's own instant if earlier. None for an import, which
    /// skips the term in the planner.
    pub booked_at: Option<DateTime<Utc>>,
    /// Attempts that count towards the cap, for this appointment at this time.
    pub call_attempts: u32,
    /// The session that is planned, placing or in flight: at most one.
    pub open_session: Option<OpenSession>,
    /// When the open session's next call is due.
    pub next_call_at: Option<DateTime<Utc>>,
    /// The message that reminds of this time, planned or sent: the last one there was.
    pub message: Option<MessageId>,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
}

impl std::fmt::Debug for Appointment {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Appointment")
            .field("id", &self.id)
            .field("status", &self.status)
            .finish_non_exhaustive()
    }
}

impl Appointment {
    /// A pending appointment with nothing but its time, not stored yet: everything else as it is when nobody says
    /// otherwise.
    pub fn at(
        id: AppointmentId,
        tenant: TenantId,
        contact: ContactId,
        time: DateTime<Utc>,
        timezone: Tz,
        now: DateTime<Utc>,
    ) -> Self {
        Self {
            id,
            tenant,
            contact,
            version: 0,
            time,
            timezone,
            duration: None,
            appointment_type: None,
            owner_name: None,
            location: None,
            special_instructions: None,
            call_before_hours: CallBeforeHours::DEFAULT,
            status: AppointmentStatus::Pending,
            status_since: now,
            awaiting_new_time: false,
            attendance: Attendance::Unknown,
            confirmation: None,
            source: BookingSource::default(),
            booking: None,
            booked_at: None,
            call_attempts: 0,
            open_session: None,
            next_call_at: None,
            message: None,
            created_at: now,
            updated_at: now,
        }
    }

    /// Whether a reminder may still be called for it at `now` (rules.md: pending, and rescheduled with a coming time).
    pub fn wants_reminder(&self, now: DateTime<Utc>) -> bool {
        self.status.wants_reminder() && !self.awaiting_new_time && now < self.time
    }
}

/// The current appointment: the next coming one that is not cancelled, else the latest (rules.md Contacts).
pub fn current(appointments: &[Appointment], now: DateTime<Utc>) -> Option<&Appointment> {
    let coming = appointments
        .iter()
        .filter(|a| a.time >= now && a.status != AppointmentStatus::Cancelled)
        .min_by_key(|a| (a.time, a.id));
    coming.or_else(|| appointments.iter().max_by_key(|a| (a.time, a.id)))
}
