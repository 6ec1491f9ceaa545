//! A booking of an outside calendar: what its events come to, whatever order they arrive in, and how that meets what
//! staff or a call did to the appointment meanwhile (rules.md "Webhooks in").
//!
//! A reschedule gives a booking a new uid and names the old one, so the events of one booking form a chain of uids.
//! The chain has the state of its events folded in the order in which the calendar made them, not in that of arrival.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::appointment::{Appointment, AppointmentStatus};
use crate::contact::BookingSource;

/// An outside calendar that bookings come from (S3 section 4).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Calendar {
    Calcom,
    Calendly,
}

impl Calendar {
    /// Every one there is.
    pub const ALL: [Self; 2] = [Self::Calcom, Self::Calendly];

    /// The word in keys, logs and the API.
    pub fn word(self) -> &'static str {
        match self {
            Self::Calcom => "calcom",
            Self::Calendly => "calendly",
        }
    }

    /// What people call it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Calcom => "Cal.com",
            Self::Calendly => "Calendly",
        }
    }

    /// Where a contact or an appointment that came from it is from.
    pub fn source(self) -> BookingSource {
        match self {
            Self::Calcom => BookingSource::Calcom,
            Self::Calendly => BookingSource::Calendly,
        }
    }

    /// The calendar that something is from; None for what came otherwise.
    pub fn of(source: BookingSource) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|calendar| calendar.source() == source)
    }
}

/// A booking's uid, opaque here: the store uses a keyed hash of the calendar's own.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct BookingUid(String);

impl BookingUid {
    /// Wraps an opaque text.
    pub fn new(uid: impl Into<String>) -> Self {
        Self(uid.into())
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// What the calendar says happened. The order breaks ties between events of one instant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BookingKind {
    /// A new booking.
    Created,
    /// It moved, under a new uid.
    Rescheduled,
    /// It was cancelled.
    Cancelled,
}

/// One event of a chain, without anything personal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BookingEvent {
    /// What happened.
    pub kind: BookingKind,
    /// To which booking.
    pub uid: BookingUid,
    /// The uid it had before, where the event names one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<BookingUid>,
    /// When the calendar says it happened.
    pub created_at: DateTime<Utc>,
    /// The calendar's own counter of changes; 0 where it gives none.
    #[serde(default)]
    pub sequence: i64,
    /// When the booked time begins.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub start: Option<DateTime<Utc>>,
    /// When it ends.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub end: Option<DateTime<Utc>>,
    /// With a cancellation: the organizer asked the person to choose another time.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub asks_new_time: bool,
}

impl BookingEvent {
    /// Whether two deliveries are the same event: kind, uid and instant (CONTRACTS Cal.com).
    pub fn same_as(&self, other: &Self) -> bool {
        self.kind == other.kind && self.uid == other.uid && self.created_at == other.created_at
    }

    /// The order of folding: the calendar's instant and counter; the rest only makes it total.
    fn order(&self) -> impl Ord + '_ {
        (
            self.created_at,
            self.sequence,
            self.kind,
            &self.uid,
            &self.before,
            (self.start, self.end),
        )
    }
}

/// How a booking stands in the calendar.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BookingStatus {
    /// As first booked.
    Booked,
    /// Moved to another time.
    Moved,
    /// Cancelled.
    Cancelled,
    /// Cancelled by the organizer, who asked the person to choose another time.
    NewTimeAsked,
}

impl BookingStatus {
    /// Whether nobody is to come at the booked time.
    pub fn is_off(self) -> bool {
        matches!(self, Self::Cancelled | Self::NewTimeAsked)
    }

    /// The appointment's status while nobody but the calendar changed it.
    pub fn as_appointment(self) -> AppointmentStatus {
        match self {
            Self::Booked => AppointmentStatus::Pending,
            Self::Moved | Self::NewTimeAsked => AppointmentStatus::Rescheduled,
            Self::Cancelled => AppointmentStatus::Cancelled,
        }
    }
}

/// What the events of a chain come to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChainState {
    /// How it stands.
    pub status: BookingStatus,
    /// The uid under which the calendar knows it now.
    pub uid: BookingUid,
    /// When it begins.
    pub start: DateTime<Utc>,
    /// When it ends, where told.
    pub end: Option<DateTime<Utc>>,
    /// When the calendar set this time.
    pub set_at: DateTime<Utc>,
    /// When the calendar last changed time or status.
    pub changed_at: DateTime<Utc>,
    /// When the person booked: the earliest event that set a time.
    pub began_at: DateTime<Utc>,
    /// Which of the events given set the time.
    pub set_by: usize,
}

/// Where the fold stands.
#[derive(Default)]
struct Fold<'a> {
    tip: Option<&'a BookingUid>,
    /// Uids that a later one replaced: what is still told of them moves nothing.
    replaced: BTreeSet<&'a BookingUid>,
    /// The first cancellation of each uid: a cancelled uid stays cancelled.
    cancelled: Vec<&'a BookingEvent>,
    /// The event that set the time, by its place among those given.
    position: Option<(usize, &'a BookingEvent, DateTime<Utc>)>,
}

impl<'a> Fold<'a> {
    fn take(&mut self, at: usize, event: &'a BookingEvent) {
        let follows_tip = event.before.is_some() && event.before.as_ref() == self.tip;
        if let Some(before) = &event.before {
            self.replaced.insert(before);
        }
        let replaced = self.replaced.contains(&event.uid);
        if event.kind == BookingKind::Cancelled {
            if !self.is_cancelled(&event.uid) {
                self.cancelled.push(event);
            }
            if !replaced && (self.tip.is_none() || follows_tip) {
                self.tip = Some(&event.uid);
            }
            return;
        }
        if let Some(start) = event.start
            && (!replaced || self.position.is_none())
        {
            self.position = Some((at, event, start));
        }
        if !replaced || self.tip.is_none() {
            self.tip = Some(&event.uid);
        }
    }

    fn is_cancelled(&self, uid: &BookingUid) -> bool {
        self.cancelled.iter().any(|event| event.uid == *uid)
    }
}

/// Folds the events of one chain, given in any order and however often. None while only cancellations are known: there
/// is nobody to tell and no time.
pub fn fold(events: &[BookingEvent]) -> Option<ChainState> {
    let mut ordered: Vec<(usize, &BookingEvent)> = events.iter().enumerate().collect();
    ordered.sort_by(|(_, a), (_, b)| a.order().cmp(&b.order()));
    ordered.dedup_by(|(_, later), (_, earlier)| later.same_as(earlier));
    let booked = |event: &BookingEvent| event.kind != BookingKind::Cancelled;
    let first = ordered.iter().find(|(_, event)| booked(event));
    let began_at = first?.1.created_at;
    let mut fold = Fold::default();
    for (at, event) in ordered {
        fold.take(at, event);
    }
    let (set_by, event, start) = fold.position?;
    let tip = fold.tip?;
    let cancelled = fold.cancelled.iter().find(|event| event.uid == *tip);
    let cancelled_at = cancelled.map(|event| event.created_at);
    let moved = event.kind == BookingKind::Rescheduled || event.before.is_some();
    Some(ChainState {
        status: match cancelled {
            Some(event) if event.asks_new_time => BookingStatus::NewTimeAsked,
            Some(_) => BookingStatus::Cancelled,
            None if moved => BookingStatus::Moved,
            None => BookingStatus::Booked,
        },
        uid: tip.clone(),
        start,
        end: event.end,
        set_at: event.created_at,
        changed_at: cancelled_at.map_or(event.created_at, |at| at.max(event.created_at)),
        began_at,
        set_by,
    })
}

/// What was last taken over from the calendar: the base of comparison for the next change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct TakenOver {
    /// The time.
    pub start: DateTime<Utc>,
    /// The status.
    pub status: BookingStatus,
}

impl From<&ChainState> for TakenOver {
    fn from(state: &ChainState) -> Self {
        Self {
            start: state.start,
            status: state.status,
        }
    }
}

/// What a changed chain does to its appointment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Nothing: the calendar says nothing new, or what the appointment says already (the echo of our own change).
    Nothing,
    /// The appointment follows the calendar.
    Follow,
    /// We changed the same thing later than the calendar did: staff decide.
    Conflict,
}

/// Judges a chain's state against the appointment: `base` is what was last taken over from the calendar.
pub fn judge(base: TakenOver, theirs: &ChainState, ours: &Appointment) -> Verdict {
    if TakenOver::from(theirs) == base {
        return Verdict::Nothing;
    }
    let moved = ours.time != base.start;
    let restated = ours.status != base.status.as_appointment();
    if !moved && !restated {
        return Verdict::Follow;
    }
    let cancelled = ours.status == AppointmentStatus::Cancelled;
    let same = match theirs.status {
        BookingStatus::Cancelled => cancelled,
        BookingStatus::NewTimeAsked => cancelled || ours.awaiting_new_time,
        BookingStatus::Booked | BookingStatus::Moved => !cancelled && ours.time == theirs.start,
    };
    if same {
        return Verdict::Nothing;
    }
    // What of ours stands against theirs. A new time supersedes a confirmation of the old one, however late; it does
    // not supersede a later cancellation or another new time.
    let against_cancelling = theirs.status.is_off();
    let by_time = moved.then(|| ours.booked_at.unwrap_or(ours.updated_at));
    let by_status = (restated && (against_cancelling || cancelled)).then(|| {
        let confirmed = ours.confirmation.map(|confirmation| confirmation.at);
        match ours.status {
            AppointmentStatus::Confirmed => confirmed.unwrap_or(ours.updated_at),
            _ => ours.updated_at,
        }
    });
    match by_time.max(by_status) {
        Some(changed) if changed > theirs.changed_at => Verdict::Conflict,
        _ => Verdict::Follow,
    }
}

#[cfg(test)]
#[path = "bookings_tests.rs"]
mod tests;
