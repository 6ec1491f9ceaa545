//! What a change of ours means for the booking it came from (rules.md "Webhooks in", S0 `calendar_sync`): a
//! confirmation, a cancellation or a new time is told to the calendar, once, and only where the calendar does not say
//! the same already.

use chrono::{DateTime, Utc};

use crate::appointment::{Appointment, AppointmentStatus};

/// How a booking stands in its calendar, as just read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TheirStatus {
    /// It takes place.
    Accepted,
    /// It waits for the organizer's word.
    Pending,
    /// It was cancelled, refused, or replaced by another.
    Off,
}

/// A booking in its calendar, as just read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Theirs {
    /// How it stands.
    pub status: TheirStatus,
    /// When it begins.
    pub start: DateTime<Utc>,
}

/// What the calendar is to be told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tell {
    /// Nothing: it says the same, or it is nobody's business any more.
    Nothing,
    /// The booking that waits is confirmed.
    Confirm,
    /// The booking is cancelled.
    Cancel,
    /// The booking moves to this time.
    Move(DateTime<Utc>),
    /// It cannot follow: the booking is off there, and stands here. People see to it.
    CannotFollow,
}

/// What the calendar must be told so that it says what the appointment says.
///
/// Nothing is told of what is over: neither a time that has passed here, nor a cancellation of a booking that has passed
/// there. An appointment that was put off without a new time is told when somebody names one.
pub fn tell(theirs: Theirs, ours: &Appointment, now: DateTime<Utc>) -> Tell {
    if ours.status == AppointmentStatus::Cancelled {
        return match theirs.status {
            TheirStatus::Off => Tell::Nothing,
            TheirStatus::Accepted | TheirStatus::Pending if theirs.start <= now => Tell::Nothing,
            TheirStatus::Accepted | TheirStatus::Pending => Tell::Cancel,
        };
    }
    if ours.awaiting_new_time || ours.time <= now {
        return Tell::Nothing;
    }
    match theirs.status {
        TheirStatus::Off => Tell::CannotFollow,
        TheirStatus::Accepted | TheirStatus::Pending if theirs.start != ours.time => {
            Tell::Move(ours.time)
        }
        TheirStatus::Pending if ours.status == AppointmentStatus::Confirmed => Tell::Confirm,
        TheirStatus::Accepted | TheirStatus::Pending => Tell::Nothing,
    }
}

/// Whether a change of an appointment is one that its calendar is to hear of: its time, or its status.
pub fn concerns_calendar(before: &Appointment, after: &Appointment) -> bool {
    after.booking.is_some()
        && (before.time != after.time
            || before.status != after.status
            || before.awaiting_new_time != after.awaiting_new_time)
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

    use super::*;
    use crate::samples::{appointment, now};

    #[test]
    fn the_calendar_is_told_only_what_it_does_not_say() {
        use AppointmentStatus::{Cancelled, Confirmed, Pending, Rescheduled};
        use TheirStatus::{Accepted, Off, Pending as Waits};
        let now = now();
        let (soon, later) = (now + TimeDelta::hours(5), now + TimeDelta::hours(9));
        let past = now - TimeDelta::hours(1);
        for (status, time, theirs, start, expected) in [
            (Confirmed, soon, Accepted, soon, Tell::Nothing),
            (Confirmed, soon, Waits, soon, Tell::Confirm),
            (Confirmed, soon, Off, soon, Tell::CannotFollow),
            (Confirmed, later, Waits, soon, Tell::Move(later)),
            (Rescheduled, later, Accepted, soon, Tell::Move(later)),
            (Rescheduled, later, Accepted, later, Tell::Nothing),
            (Rescheduled, later, Off, soon, Tell::CannotFollow),
            (Rescheduled, soon, Accepted, past, Tell::Move(soon)),
            (Rescheduled, past, Accepted, soon, Tell::Nothing),
            (Pending, soon, Accepted, soon, Tell::Nothing),
            (Pending, soon, Waits, soon, Tell::Nothing),
            (Cancelled, soon, Accepted, soon, Tell::Cancel),
            (Cancelled, soon, Waits, soon, Tell::Cancel),
            (Cancelled, soon, Off, soon, Tell::Nothing),
            (Cancelled, past, Accepted, past, Tell::Nothing),
            // Moved and then cancelled, before the calendar heard of either.
            (Cancelled, past, Accepted, soon, Tell::Cancel),
        ] {
            let mut ours = appointment(1, 0);
            ours.time = time;
            ours.status = status;
            let theirs = Theirs {
                status: theirs,
                start,
            };
            assert_eq!(tell(theirs, &ours, now), expected, "{status:?} {theirs:?}");
        }
    }

    #[test]
    fn put_off_without_a_new_time_is_told_when_there_is_one() {
        let now = now();
        let start = now + TimeDelta::hours(5);
        let mut ours = appointment(1, 0);
        ours.time = start;
        ours.status = AppointmentStatus::Rescheduled;
        ours.awaiting_new_time = true;
        for status in [
            TheirStatus::Accepted,
            TheirStatus::Pending,
            TheirStatus::Off,
        ] {
            assert_eq!(tell(Theirs { status, start }, &ours, now), Tell::Nothing);
        }
    }
}
