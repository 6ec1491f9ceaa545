//! What is known of each contact besides text, a column each.

use chrono::{DateTime, Utc};
use vio_domain::appointment::{AppointmentStatus, Attendance, ConfirmationMethod};
use vio_domain::calling::session::Outcome;
use vio_domain::contact::{BookingSource, CallState, ContactMethod, Priority};

use super::plain::{Section, record};
use crate::memory::Wiped;

/// An instant that is not there.
pub(crate) const NEVER: i64 = i64::MIN;
/// No current appointment.
pub(crate) const NO_APPOINTMENT: u32 = u32::MAX;

/// Instants are kept in microseconds.
pub(crate) fn micros(instant: DateTime<Utc>) -> i64 {
    instant.timestamp_micros()
}

pub(crate) fn micros_or_never(instant: Option<DateTime<Utc>>) -> i64 {
    instant.map_or(NEVER, micros)
}

pub(crate) fn instant(micros: i64) -> Option<DateTime<Utc>> {
    (micros != NEVER)
        .then(|| DateTime::from_timestamp_micros(micros))
        .flatten()
}

macro_rules! columns {
    ($($(#[$doc:meta])* $name:ident: $kind:ty = $empty:expr,)+) => {
        /// A row per contact, also for one that is gone (its version must be remembered) or not known yet.
        #[derive(Clone, Default)]
        pub(crate) struct Columns { $($(#[$doc])* pub(crate) $name: Wiped<$kind>,)+ }

        impl Columns {
            pub(crate) fn push_row(&mut self, id: u128) {
                $(self.$name.push($empty);)+
                if let Some(last) = self.id.last_mut() {
                    *last = id;
                }
            }

            pub(crate) fn bytes(&self) -> usize {
                0 $(+ self.$name.bytes())+
            }

            pub(crate) fn sections(&self) -> Vec<&dyn Section> {
                vec![$(&self.$name),+]
            }

            pub(crate) fn sections_mut(&mut self) -> Vec<&mut dyn Section> {
                vec![$(&mut self.$name),+]
            }

            /// Whether all columns have as many rows.
            pub(crate) fn is_even(&self, rows: usize) -> bool {
                true $(& (self.$name.len() == rows))+
            }
        }
    };
}

columns! {
    id: u128 = 0,
    /// The contact's version in the table; 0 before any is known.
    version: u64 = 0,
    /// The version that its ETag names.
    edit_version: u64 = 0,
    /// 1 for a contact that is known and not deleted.
    present: u8 = 0,
    is_active: u8 = 0,
    do_not_contact: u8 = 0,
    priority: u8 = 0,
    method: u8 = 0,
    source: u8 = 0,
    call_state: u8 = 0,
    /// The reason of the open entry of the work list.
    attention: u32 = u32::MAX,
    created_by: u32 = u32::MAX,
    assigned_to: u32 = u32::MAX,
    industry: u32 = u32::MAX,
    created_at: i64 = NEVER,
    updated_at: i64 = NEVER,
    last_contact: i64 = NEVER,
    /// When the call that belongs to no appointment is due.
    own_next_call: i64 = NEVER,
    /// When the next call is due, over all appointments.
    next_call: i64 = NEVER,
    /// Whether that next call is about an appointment.
    next_is_reminder: u8 = 0,
    /// The current appointment's place in the row's list.
    current: u32 = NO_APPOINTMENT,
    appointment_time: i64 = NEVER,
    status: u8 = 0,
    call_attempts: u32 = 0,
    /// After this instant another appointment may be the current one.
    turns_after: i64 = NEVER,
    calls_version: u64 = 0,
    calls_made: u32 = 0,
    calls_answered: u32 = 0,
    last_outcome: u8 = 0,
    /// The first eight bytes of the folded name: decides most comparisons.
    name_key: u64 = 0,
    /// The place of the folded name among all names; equal names have one place.
    name_rank: u32 = 0,
}

record! {
    /// An appointment without its texts.
    AppointmentRow {
        id: u128,
        version: u64,
        /// It was deleted; only the version is left.
        is_gone: u8,
        time: i64,
        next_call: i64,
        confirmed_at: i64,
        confirmed_before: i64,
        status_since: i64,
        call_attempts: u32,
        zone: u32,
        location: u32,
        duration: u16,
        call_before: u16,
        status: u8,
        awaiting_new_time: u8,
        attendance: u8,
        confirmation: u8,
    }
}

record! {
    /// A contact in a group.
    Joined {
        group: u32,
        /// Whether the contact itself says that it is in the group: what decides.
        is_listed: u8,
        at: i64,
        by: u32,
    }
}

macro_rules! codes {
    ($($list:ident: $kind:ty = [$($variant:ident),+];)+) => {$(
        pub(crate) const $list: &[$kind] = &[$(<$kind>::$variant),+];
    )+};
}
// The place in these lists is what snapshots hold: new values go to the end.
codes! {
    PRIORITIES: Priority = [Normal, High, Urgent];
    METHODS: ContactMethod = [Voice, Email, Sms];
    SOURCES: BookingSource = [Manual, Import, Api, Form, Calcom, Calendly];
    CALL_STATES: CallState = [None, CallingScheduled, CallingInProgress, Settled, NeedsAttention];
    STATUSES: AppointmentStatus = [Pending, Confirmed, Cancelled, Rescheduled];
    ATTENDANCES: Attendance = [Unknown, Attended, NoShow];
    CONFIRMATIONS: ConfirmationMethod = [VoiceCall, Manual, Phone, Sms, Email];
    OUTCOMES: Outcome = [Answered, Voicemail, NoAnswer, Busy, Failed];
}

/// The code of a value, its place in the list.
pub(crate) fn code<T: PartialEq>(list: &[T], value: &T) -> u8 {
    list.iter().position(|v| v == value).unwrap_or_default() as u8
}

/// The code of a value that may be absent: 0, else its place plus 1.
pub(crate) fn code_or_none<T: PartialEq>(list: &[T], value: Option<&T>) -> u8 {
    value.map_or(0, |value| code(list, value) + 1)
}

/// The value of [`code`].
pub(crate) fn value<T: Copy + Default>(list: &[T], code: u8) -> T {
    list.get(usize::from(code)).copied().unwrap_or_default()
}

/// The value of [`code_or_none`].
pub(crate) fn value_or_none<T: Copy>(list: &[T], code: u8) -> Option<T> {
    let place = usize::from(code).checked_sub(1)?;
    list.get(place).copied()
}
