//! When a reminder call is due: the rules of rules.md "When a reminder is due", as a pure function.
//!
//! Whole minutes decide. A minute belongs to a window only if all of it does, so `due` is never before the window's
//! start and `latest` never after its end. Intervals are half-open.

mod retry;

pub use retry::{
    Retry, RetryCause, RetryDelays, RetryDelaysError, TECHNICAL_FAILURE_DELAY, retry_due,
};

use chrono::{DateTime, TimeDelta, Utc};

use crate::calendar::{PermittedWindows, PreferredTime, SEARCH_HORIZON_DAYS};

/// Booked with less than this before the appointment: no call (rules.md).
pub const MINIMUM_LEAD: TimeDelta = TimeDelta::minutes(30);
/// A new booking rests this long, or half its lead if that is less, before it is reminded of (rules.md).
pub const LONGEST_REST_AFTER_BOOKING: TimeDelta = TimeDelta::hours(2);
/// A window that is extended still leaves this long after the booking (rules.md).
pub const SHORTEST_REST_AFTER_BOOKING: TimeDelta = TimeDelta::minutes(10);
/// No reminder is started nearer to the appointment, unless the tenant says otherwise (rules.md).
pub const DEFAULT_MINIMUM_NOTICE: TimeDelta = TimeDelta::hours(2);
/// A window with fewer permitted minutes is extended (rules.md).
pub const SHORT_WINDOW_MINUTES: i64 = 15;
/// A window is extended to this many permitted minutes (rules.md).
pub const EXTENDED_WINDOW_MINUTES: i64 = 60;

/// How far back an extension looks at a time.
const LOOK_BACK: TimeDelta = TimeDelta::days(7);

/// All that decides when a reminder is due.
#[derive(Debug, Clone, Copy)]
pub struct PlanInput<'a> {
    /// The present instant.
    pub now: DateTime<Utc>,
    /// When the appointment is.
    pub appointment: DateTime<Utc>,
    /// When this time was set: created or moved, or the calendar's own instant if earlier. `None` for an import,
    /// which skips every term with it.
    pub booked_at: Option<DateTime<Utc>>,
    /// How long before the appointment the call is wanted (S0 `call_before_hours`, 1 to 168 hours).
    pub call_before: TimeDelta,
    /// The tenant's `minimum_notice`; see [`DEFAULT_MINIMUM_NOTICE`].
    pub minimum_notice: TimeDelta,
    /// The tenant's call hours on the contact's clock, not narrowed.
    pub permitted: PermittedWindows<'a>,
    /// S1 `preferred_contact_time`: it narrows what is permitted where that still leaves a minute of the window.
    pub preferred: PreferredTime,
}

/// A reminder may be placed in `[due, latest)`, at permitted instants. Both are whole minutes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CallWindow {
    /// The instant from which the call may be placed.
    pub due: DateTime<Utc>,
    /// The instant from which it may not; a session past it is settled as `window_missed`.
    pub latest: DateTime<Utc>,
}

/// Why no call is planned, and nobody needs to look at it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NoCallReason {
    /// Booked less than [`MINIMUM_LEAD`] before the appointment.
    LeadTooShort,
    /// The appointment has begun.
    AppointmentPassed,
}

/// What becomes of an appointment's reminder.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Plan {
    /// No call and no work item.
    NoCall(NoCallReason),
    /// To be called.
    Window(CallWindow),
    /// No permitted minute is left: `needs_attention: no_call_window`.
    NoWindow,
}

/// Decides when a reminder is due.
pub fn plan(input: &PlanInput<'_>) -> Plan {
    let PlanInput {
        now, appointment, ..
    } = *input;
    if appointment <= now {
        return Plan::NoCall(NoCallReason::AppointmentPassed);
    }
    let booking = input.booked_at.map(|booked| (booked, appointment - booked));
    if booking.is_some_and(|(_, lead)| lead < MINIMUM_LEAD) {
        return Plan::NoCall(NoCallReason::LeadTooShort);
    }
    let wanted = now.max(appointment - input.call_before);
    let (start, earliest) = booking.map_or((wanted, now), |(booked, lead)| {
        let rest = LONGEST_REST_AFTER_BOOKING.min(lead / 2);
        (
            wanted.max(booked + rest),
            now.max(booked + SHORTEST_REST_AFTER_BOOKING),
        )
    });
    let lead = booking.map(|(_, lead)| lead);
    let end = reminders_end(appointment, lead, input.call_before, input.minimum_notice);

    let (start, earliest, end) = (
        minute_after(start),
        minute_after(earliest),
        minute_before(end),
    );
    let permitted = preferred_where_possible(input.permitted, input.preferred, start, end);
    window(&permitted, start, earliest, end).map_or(Plan::NoWindow, Plan::Window)
}

/// The end of the time for reminders, retries included: `appointment − min(minimum_notice, call_before / 2,
/// lead / 4)`. `lead = appointment − booked_at`; an import has none.
pub fn reminders_end(
    appointment: DateTime<Utc>,
    lead: Option<TimeDelta>,
    call_before: TimeDelta,
    minimum_notice: TimeDelta,
) -> DateTime<Utc> {
    let notice = minimum_notice.min(call_before / 2);
    appointment - lead.map_or(notice, |lead| notice.min(lead / 4))
}

/// The permitted minutes of `[start, end)`, extended backwards to `earliest` where they are few.
fn window(
    permitted: &PermittedWindows<'_>,
    start: DateTime<Utc>,
    earliest: DateTime<Utc>,
    end: DateTime<Utc>,
) -> Option<CallWindow> {
    let mut minutes = 0;
    let mut found: Option<CallWindow> = None;
    for interval in permitted.iter(start, end) {
        minutes += (interval.end - interval.start).num_minutes();
        let due = found.map_or(interval.start, |window| window.due);
        found = Some(CallWindow {
            due,
            latest: interval.end,
        });
    }
    if minutes >= SHORT_WINDOW_MINUTES {
        found
    } else {
        last_minutes(permitted, earliest, end)
    }
}

/// The last [`EXTENDED_WINDOW_MINUTES`] permitted minutes of `[earliest, end)`, or as many as there are.
fn last_minutes(
    permitted: &PermittedWindows<'_>,
    earliest: DateTime<Utc>,
    end: DateTime<Utc>,
) -> Option<CallWindow> {
    let earliest = earliest.max(end - TimeDelta::days(SEARCH_HORIZON_DAYS));
    let mut wanted = TimeDelta::minutes(EXTENDED_WINDOW_MINUTES);
    let mut window: Option<CallWindow> = None;
    let mut to = end;
    while to > earliest && wanted > TimeDelta::zero() {
        let from = (to - LOOK_BACK).max(earliest);
        let intervals: Vec<_> = permitted.iter(from, to).collect();
        for interval in intervals.into_iter().rev() {
            let taken = wanted.min(interval.end - interval.start);
            if taken <= TimeDelta::zero() {
                break;
            }
            wanted -= taken;
            let latest = window.map_or(interval.end, |window| window.latest);
            window = Some(CallWindow {
                due: interval.end - taken,
                latest,
            });
        }
        to = from;
    }
    window
}

/// What is permitted, narrowed to the preferred times where that leaves a minute of `[from, to)`.
fn preferred_where_possible<'a>(
    permitted: PermittedWindows<'a>,
    preferred: PreferredTime,
    from: DateTime<Utc>,
    to: DateTime<Utc>,
) -> PermittedWindows<'a> {
    let narrowed = permitted.narrowed(preferred);
    if narrowed.iter(from, to).next().is_some() {
        narrowed
    } else {
        permitted
    }
}

/// The instant itself when it is a whole minute, else the next one.
pub fn minute_after(instant: DateTime<Utc>) -> DateTime<Utc> {
    let minute = minute_before(instant);
    if minute == instant {
        minute
    } else {
        minute + TimeDelta::minutes(1)
    }
}

/// The whole minute at or before an instant.
fn minute_before(instant: DateTime<Utc>) -> DateTime<Utc> {
    let minute = instant.timestamp().div_euclid(60) * 60;
    DateTime::from_timestamp(minute, 0).unwrap_or(instant)
}
