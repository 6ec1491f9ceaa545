//! Bookings, from either calendar: a webhook in the words of the domain. What booking chains come to, and whom a booking
//! is for, is decided in `vio_domain::bookings` and `vio_store::bookings`.

use chrono::{DateTime, TimeDelta, Utc};
use vio_domain::bookings::{BookingEvent, BookingKind, Calendar};
use vio_domain::phi::{self, Effect, FieldPolicy};
use vio_domain::phone::E164;
use vio_domain::settings::Settings;
use vio_domain::settings::integrations::Integrations;
use vio_domain::settings::mapping::{BookingField, FieldMapping};
use vio_domain::text::{
    Email, FirstName, LastName, Notes, PersonName, ShortText, SpecialInstructions,
};
use vio_providers::booking::{Booking, Event, Trigger};
use vio_providers::{EventError, calcom, calendly};
use vio_store::TenantStore;
use vio_store::bookings::{Booker, BookingDetails, BookingHeard, BookingOutcome, NoShowHeard};
use vio_store::inbox::InboxRow;
use vio_store::log::Actor;

use crate::process::{Trouble, drop_event};

/// Stands for a name that no contact can have.
const NAMELESS: &str = "Guest";
/// Stands for a note that staff notes may not hold (rules.md Privacy).
const WITHHELD: &str = "The note on the booking was left out: it holds an identifier that must not be kept here. It is in the calendar.";

/// Whether an event is to be processed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Wanted {
    Yes,
    /// The connection is off, or the kind of event is not used.
    No,
    /// It is about a kind of booking that the business did not choose.
    OtherType,
}

/// Whether an event is to be processed: of a connection that is on, a kind that is used, an event type that is chosen.
/// An event that does not name its type passes.
pub(crate) fn wanted(calendar: Calendar, settings: &Integrations, event: &Event) -> Wanted {
    let enabled = settings.calendar(calendar).enabled;
    let booking = match event.trigger {
        Trigger::Other => return Wanted::No,
        _ if !enabled => return Wanted::No,
        Trigger::NoShowUpdated => return Wanted::Yes,
        _ => event.booking.as_ref(),
    };
    let Some(booking) = booking else {
        return Wanted::No;
    };
    let of_type = match calendar {
        Calendar::Calendly => settings.calendly.takes(booking.event_type.as_deref()),
        Calendar::Calcom => match (settings.calcom.event_type_id, &booking.event_type) {
            (Some(wanted), Some(given)) => *given == wanted.to_string(),
            _ => true,
        },
    };
    if of_type {
        Wanted::Yes
    } else {
        Wanted::OtherType
    }
}

/// The event in a stored body, as it was told or read; None for a reading that says nothing any more.
fn event_in(calendar: Calendar, body: &[u8]) -> Result<Option<Event>, EventError> {
    match calendar {
        Calendar::Calcom => match calcom::reading::kept(body)? {
            Some(read) => Ok(read.event()),
            None => calcom::webhook::parse(body).map(Some),
        },
        Calendar::Calendly => match calendly::reading::kept(body)? {
            Some(read) => Ok(read.event()),
            None => calendly::webhook::parse(body).map(Some),
        },
    }
}

/// Applies one event.
pub(crate) async fn apply(
    ts: &TenantStore,
    calendar: Calendar,
    row: &InboxRow,
    body: &[u8],
) -> Result<(), Trouble> {
    let unreadable = |_| Trouble::Hopeless("a booking event that cannot be read");
    let Some(event) = event_in(calendar, body).map_err(unreadable)? else {
        return drop_event(ts, row).await;
    };
    let settings = ts.settings().await?.settings;
    if wanted(calendar, &settings.integrations, &event) != Wanted::Yes {
        return drop_event(ts, row).await;
    }
    if is_without_time(&event) {
        // Read, it comes with its times.
        ts.ask_calendar_reading(calendar).await?;
        return drop_event(ts, row).await;
    }
    let actor = Actor::provider(calendar.word());
    let outcome = if let Some(heard) = no_show(ts, &event, row.received_at) {
        ts.hear_no_show(&settings, &heard, &actor, row, body).await
    } else if let Some(heard) = heard(ts, calendar, &settings, event, row.received_at) {
        ts.hear_booking(&settings, &heard, &actor, row, body).await
    } else {
        return drop_event(ts, row).await;
    };
    match outcome? {
        BookingOutcome::Created {
            contact,
            appointment,
            new_contact,
        } => {
            tracing::info!(tenant_id = %ts.id, %contact, %appointment, new_contact, "booking taken over");
            let today = ts.now().with_timezone(&settings.business.timezone);
            if let Err(error) = ts.count_booking(calendar, today.date_naive()).await {
                tracing::warn!(tenant_id = %ts.id, %error, "a booking was not counted");
            }
        }
        BookingOutcome::Judged {
            contact,
            appointment,
            verdict,
        } => {
            tracing::info!(tenant_id = %ts.id, %contact, %appointment, ?verdict, "booking event judged");
        }
        outcome => {
            tracing::info!(tenant_id = %ts.id, event = %row.id, ?outcome, "booking event");
            if let Some(reason) = without_effect(&outcome) {
                note_failure(ts, calendar, reason).await;
            }
        }
    }
    Ok(())
}

/// Why a change of the calendar's shows nowhere here, where people may have to do something about it.
fn without_effect(outcome: &BookingOutcome) -> Option<&'static str> {
    match outcome {
        BookingOutcome::Remembered => Some("unknown_booking"),
        BookingOutcome::OfDeleted { .. } => Some("contact_deleted"),
        // Known already; nobody's any more; as the business chose; of a time that is over.
        BookingOutcome::Duplicate
        | BookingOutcome::Erased
        | BookingOutcome::LeftOut(_)
        | BookingOutcome::Unknown
        | BookingOutcome::Created { .. }
        | BookingOutcome::Judged { .. } => None,
    }
}

/// Puts it among what went wrong with a calendar, which its status shows.
pub(crate) async fn note_failure(ts: &TenantStore, calendar: Calendar, reason: &str) {
    if let Err(error) = ts.note_calendar_failure(calendar, reason).await {
        tracing::warn!(tenant_id = %ts.id, %error, "a calendar's failure was not noted");
    }
}

/// Whether an event is about a booking made or moved whose time it does not say.
fn is_without_time(event: &Event) -> bool {
    let sets_time = matches!(
        event.trigger,
        Trigger::BookingCreated | Trigger::BookingRescheduled
    );
    let booking = event.booking.as_ref();
    sets_time && booking.is_none_or(|booking| booking.start.is_none())
}

/// Who came, in the words of the domain; None where the event is about something else.
fn no_show(ts: &TenantStore, event: &Event, received_at: DateTime<Utc>) -> Option<NoShowHeard> {
    let uid = event.uid.as_deref()?;
    let attendees = event.no_show.iter().map(|one| {
        let email = one.email.as_deref();
        (email.and_then(|email| Email::parse(email).ok()), one.missed)
    });
    (event.trigger == Trigger::NoShowUpdated).then(|| NoShowHeard {
        uid: ts.booking_uid(uid),
        created_at: event.created_at.unwrap_or(received_at),
        attendees: attendees.collect(),
    })
}

/// The event in the words of the domain; None for one that is not used.
fn heard(
    ts: &TenantStore,
    calendar: Calendar,
    settings: &Settings,
    event: Event,
    received_at: DateTime<Utc>,
) -> Option<BookingHeard> {
    let kind = match event.trigger {
        Trigger::BookingCreated => BookingKind::Created,
        Trigger::BookingRescheduled => BookingKind::Rescheduled,
        Trigger::BookingCancelled => BookingKind::Cancelled,
        Trigger::NoShowUpdated | Trigger::Other => return None,
    };
    let booking = event.booking?;
    let mapping = settings.integrations.calendar(calendar).field_mapping;
    let (special_instructions, notes) = match said(&mapping.special_instructions, &booking) {
        // What was written besides the answer is for staff.
        Some(told) => {
            let besides = booking.notes.as_deref().filter(|notes| *notes != told);
            match (note(settings, Some(told)), besides) {
                ((None, _), Some(besides)) => {
                    (None, staff_note(settings, &format!("{told}\n\n{besides}")))
                }
                ((spoken, None), Some(besides)) => (spoken, staff_note(settings, besides)),
                (noted, _) => noted,
            }
        }
        None => note(settings, booking.notes.as_deref()),
    };
    Some(BookingHeard {
        calendar,
        event: BookingEvent {
            kind,
            uid: ts.booking_uid(&booking.uid),
            before: booking
                .reschedule_uid
                .as_deref()
                .map(|uid| ts.booking_uid(uid)),
            created_at: event.created_at.unwrap_or(received_at),
            sequence: booking.ical_sequence.unwrap_or(0),
            start: booking.start,
            end: end_of(&booking),
            asks_new_time: booking.request_reschedule,
        },
        details: BookingDetails {
            appointment_type: said(&mapping.appointment_type, &booking)
                .or(booking.event_title.as_deref())
                .and_then(short),
            owner_name: said(&mapping.owner_name, &booking)
                .or(booking.organizer_name.as_deref())
                .and_then(short),
            special_instructions,
            uid: booking.uid.clone(),
        },
        booker: booker(settings, mapping, &booking, notes)?,
    })
}

/// When a booking ends: as it says, or by its length.
fn end_of(booking: &Booking) -> Option<DateTime<Utc>> {
    let by_length = || {
        let length = TimeDelta::try_minutes(booking.length_minutes?)?;
        booking.start?.checked_add_signed(length)
    };
    booking.end.or_else(by_length)
}

/// What a booking says at a place.
fn said<'a>(place: &BookingField, booking: &'a Booking) -> Option<&'a str> {
    match place {
        BookingField::InviteeName => booking.attendee.name.as_deref(),
        BookingField::InviteeEmail => booking.attendee.email.as_deref(),
        BookingField::InviteePhone => booking.attendee.phones.first().map(String::as_str),
        BookingField::Notes => booking.notes.as_deref(),
        BookingField::EventTitle => booking.event_title.as_deref(),
        BookingField::OrganizerName => booking.organizer_name.as_deref(),
        BookingField::Answer(slug) => booking.answers.get(slug).map(String::as_str),
    }
}

fn booker(
    settings: &Settings,
    mapping: &FieldMapping,
    booking: &Booking,
    notes: Option<Notes>,
) -> Option<Booker> {
    let attendee = &booking.attendee;
    let called = said(&mapping.name, booking).or(attendee.name.as_deref());
    let email = said(&mapping.email, booking).or(attendee.email.as_deref());
    // The mapped place first, then every place where the calendar has one.
    let phones = said(&mapping.phone, booking).into_iter();
    let phones = phones.chain(attendee.phones.iter().map(String::as_str));
    Some(Booker {
        name: name(called, email)?,
        first_name: attendee
            .first_name
            .as_deref()
            .and_then(|name| FirstName::parse(name).ok()),
        last_name: attendee
            .last_name
            .as_deref()
            .and_then(|name| LastName::parse(name).ok()),
        phone: phone(settings, phones),
        email: email.and_then(|email| Email::parse(email).ok()),
        zone: attendee.timezone,
        notes,
    })
}

/// The first of the places that holds a number the tenant accepts.
fn phone<'a>(settings: &Settings, mut places: impl Iterator<Item = &'a str>) -> Option<E164> {
    let business = &settings.business;
    places.find_map(|text| {
        let parsed = business.accepted_regions.parse(text, business.country);
        parsed.ok().map(|phone| phone.e164)
    })
}

/// A booking page takes any text as a name: what a contact cannot be called is left out of it; failing that, the
/// address says something; failing that, the person is a guest.
fn name(given: Option<&str>, email: Option<&str>) -> Option<PersonName> {
    let local_part = email
        .and_then(|email| email.split_once('@'))
        .map(|(local, _)| local);
    [given, local_part, Some(NAMELESS)]
        .into_iter()
        .flatten()
        .find_map(|text| {
            PersonName::parse(text)
                .ok()
                .or_else(|| PersonName::parse(&letters(text)).ok())
        })
}

fn letters(text: &str) -> String {
    let spaced: String = text
        .chars()
        .map(|c| {
            if c.is_alphabetic() || c == '\'' || c == '-' {
                c
            } else {
                ' '
            }
        })
        .take(100)
        .collect();
    spaced.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn short(text: &str) -> Option<ShortText<100>> {
    let cut: String = text.chars().take(100).collect();
    ShortText::parse(&cut).ok()
}

/// What the person wrote on the booking page: spoken where it is short and, in HIPAA mode, holds no health
/// information; for staff otherwise.
fn note(settings: &Settings, text: Option<&str>) -> (Option<SpecialInstructions>, Option<Notes>) {
    let Some(text) = text else {
        return (None, None);
    };
    let spoken = SpecialInstructions::parse(text).ok();
    if spoken.is_some() && FieldPolicy::Spoken.decide(&findings(settings, text)) == Effect::Allow {
        return (spoken, None);
    }
    (None, staff_note(settings, text))
}

/// For staff to read, unless it holds an identifier that no free text may.
fn staff_note(settings: &Settings, text: &str) -> Option<Notes> {
    let kept = match FieldPolicy::StaffNotes.decide(&findings(settings, text)) {
        Effect::Block => WITHHELD.to_owned(),
        Effect::Allow | Effect::Warn => text.chars().take(Notes::MAX).collect(),
    };
    Notes::parse(&kept).ok()
}

fn findings(settings: &Settings, text: &str) -> Vec<phi::Finding> {
    let privacy = &settings.privacy;
    if privacy.hipaa_mode && privacy.phi_detection {
        phi::scan(text, privacy.phi_level)
    } else {
        Vec::new()
    }
}

#[cfg(test)]
#[path = "bookings_tests.rs"]
mod tests;
