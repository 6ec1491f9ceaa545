//! Two contacts that are one person are made one (S4's merge, for contacts): one is kept with the values that somebody
//! chose, and what would be lost of the other is brought over.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::appointment::{Appointment, AppointmentStatus};
use crate::contact::{BookingSource, Contact, VoiceConsent};
use crate::error::Invalid;
use crate::text::{CustomFields, Notes, Tag};

/// Whose value is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Side {
    /// Of the one that is kept.
    Keep,
    /// Of the one that is merged into it.
    Merge,
}

/// Whose notes are taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NotesSide {
    /// Of the one that is kept.
    Keep,
    /// Of the one that is merged into it.
    Merge,
    /// Those of both, one under the other.
    Both,
}

/// Whose value is taken of each field; None: of the one that is kept where it has one, else of the other. Notes are those
/// of both then.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Choices {
    pub name: Option<Side>,
    pub phone: Option<Side>,
    pub email: Option<Side>,
    pub company_name: Option<Side>,
    pub preferred_contact_method: Option<Side>,
    pub priority: Option<Side>,
    pub assigned_to: Option<Side>,
    pub notes: Option<NotesSide>,
}

/// Takes the value that was chosen.
fn choose<T: Clone>(kept: &mut T, other: &T, side: Option<Side>) {
    if side == Some(Side::Merge) {
        kept.clone_from(other);
    }
}

/// The same of a value that one of the two may lack.
fn choose_some<T: Clone>(kept: &mut Option<T>, other: &Option<T>, side: Option<Side>) {
    if side == Some(Side::Merge) || (side.is_none() && kept.is_none()) {
        kept.clone_from(other);
    }
}

fn notes(
    kept: Option<Notes>,
    other: Option<&Notes>,
    side: Option<NotesSide>,
) -> Result<Option<Notes>, Invalid> {
    match (kept, other, side.unwrap_or(NotesSide::Both)) {
        (Some(kept), Some(other), NotesSide::Both) if !kept.as_str().contains(other.as_str()) => {
            let both = format!("{}\n\n{}", kept.as_str(), other.as_str());
            Notes::parse(&both).map(Some)
        }
        (None, other, NotesSide::Both) | (_, other, NotesSide::Merge) => Ok(other.cloned()),
        (kept, _, NotesSide::Both | NotesSide::Keep) => Ok(kept),
    }
}

fn tags(kept: &mut Vec<Tag>, other: &[Tag]) {
    for tag in other {
        if !kept.contains(tag) {
            kept.push(tag.clone());
        }
    }
}

/// The business's own fields of both; where both have one, the kept one's. Where they are too many together, those of the
/// kept one alone.
fn custom(kept: &CustomFields, other: &CustomFields) -> CustomFields {
    let mut both = other.as_map().clone();
    both.extend(kept.as_map().clone());
    CustomFields::parse(both.into()).unwrap_or_else(|_| kept.clone())
}

/// Brings one contact's values onto the one that is kept: those chosen, the groups and tags of both, its form, checklist
/// and zone where the kept one has none. Who must not be contacted stays so, and whether messages are wanted comes with the
/// number or address that it was said of. Consent, appointments and the deletion of the
/// other are their owners' to write down. Errs where the notes of both are too long together.
pub fn merge_into(kept: &mut Contact, other: &Contact, choices: &Choices) -> Result<(), Invalid> {
    kept.notes = notes(kept.notes.take(), other.notes.as_ref(), choices.notes)?;
    if choices.name == Some(Side::Merge) {
        kept.name = other.name.clone();
        kept.first_name = other.first_name.clone();
        kept.last_name = other.last_name.clone();
    }
    let before = (kept.phone.clone(), kept.email.clone());
    choose_some(&mut kept.phone, &other.phone, choices.phone);
    choose_some(&mut kept.email, &other.email, choices.email);
    if kept.phone != before.0 {
        kept.preferences.sms_opt_in = other.preferences.sms_opt_in;
    }
    if kept.email != before.1 {
        kept.preferences.email_opt_in = other.preferences.email_opt_in;
    }
    choose_some(
        &mut kept.company_name,
        &other.company_name,
        choices.company_name,
    );
    choose_some(
        &mut kept.assigned_to,
        &other.assigned_to,
        choices.assigned_to,
    );
    let method = choices.preferred_contact_method;
    choose(
        &mut kept.preferred_contact_method,
        &other.preferred_contact_method,
        method,
    );
    choose(&mut kept.priority, &other.priority, choices.priority);
    tags(&mut kept.tags, &other.tags);
    for group in &other.group_ids {
        if !kept.group_ids.contains(group) {
            kept.group_ids.push(*group);
        }
    }
    // A form belongs to its industry.
    if kept.industry.is_none() && kept.form.is_none() {
        kept.industry.clone_from(&other.industry);
        kept.form.clone_from(&other.form);
    }
    kept.custom_fields = custom(&kept.custom_fields, &other.custom_fields);
    choose_some(&mut kept.checklist, &other.checklist, None);
    choose_some(&mut kept.booking_page_zone, &other.booking_page_zone, None);
    let wishes = &mut kept.preferences;
    choose_some(
        &mut wishes.preferred_contact_time,
        &other.preferences.preferred_contact_time,
        None,
    );
    choose_some(&mut wishes.timezone, &other.preferences.timezone, None);
    kept.do_not_contact |= other.do_not_contact;
    kept.last_contact_time = kept.last_contact_time.max(other.last_contact_time);
    Ok(())
}

/// The consent that the kept one is to have besides its own: one that was withdrawn outweighs one that was given.
pub fn consent_brought(kept: VoiceConsent, other: VoiceConsent) -> Option<VoiceConsent> {
    match (kept, other) {
        (VoiceConsent::Unknown, VoiceConsent::Given { .. })
        | (VoiceConsent::Unknown | VoiceConsent::Given { .. }, VoiceConsent::Withdrawn { .. }) => {
            Some(other)
        }
        _ => None,
    }
}

fn coming(appointment: &Appointment, now: DateTime<Utc>) -> bool {
    appointment.time > now && appointment.status != AppointmentStatus::Cancelled
}

/// The appointments to come that the kept one lacks.
pub fn appointments_brought<'a>(
    kept: &[Appointment],
    other: &'a [Appointment],
    now: DateTime<Utc>,
) -> Vec<&'a Appointment> {
    let there = |time| {
        kept.iter()
            .any(|known| known.time == time && known.status != AppointmentStatus::Cancelled)
    };
    let coming = other.iter().filter(|appointment| coming(appointment, now));
    coming
        .filter(|appointment| !there(appointment.time))
        .collect()
}

/// Whether a calendar goes on telling of an appointment to come: it does so where that was booked, so its contact is one
/// to keep.
pub fn booked_in_calendar(appointments: &[Appointment], now: DateTime<Utc>) -> bool {
    appointments.iter().any(|appointment| {
        let calendars = [BookingSource::Calcom, BookingSource::Calendly];
        coming(appointment, now) && calendars.contains(&appointment.source)
    })
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;
    use uuid::Uuid;

    use super::*;
    use crate::contact::ConsentMethod;
    use crate::ids::{AppointmentId, ContactId, GroupId, TenantId};
    use crate::phone::Country;
    use crate::text::{Email, PersonName};

    fn now() -> DateTime<Utc> {
        DateTime::from_timestamp(1_800_000_000, 0).unwrap()
    }

    fn contact(n: u128, name: &str) -> Contact {
        let id = ContactId::new(Uuid::from_u128(n));
        let tenant = TenantId::new(Uuid::from_u128(7));
        Contact::named(id, tenant, PersonName::parse(name).unwrap(), now())
    }

    fn at(days: i64) -> Appointment {
        let id = AppointmentId::new(Uuid::now_v7());
        let whose = contact(1, "Ada Example");
        let time = now() + TimeDelta::days(days);
        Appointment::at(
            id,
            whose.tenant,
            whose.id,
            time,
            chrono_tz::Europe::London,
            now(),
        )
    }

    #[test]
    fn the_kept_one_takes_what_it_lacks_and_what_was_chosen() {
        let (one, two) = (Uuid::from_u128(1), Uuid::from_u128(2));
        let mut kept = contact(1, "Ada Example");
        kept.notes = Some(Notes::parse("Prefers mornings.").unwrap());
        kept.group_ids = vec![GroupId::new(one)];
        let mut other = contact(2, "Ada Mae Example");
        other.email = Some(Email::parse("ada@example.com").unwrap());
        other.notes = Some(Notes::parse("Has moved.").unwrap());
        other.group_ids = vec![GroupId::new(one), GroupId::new(two)];
        other.do_not_contact = true;
        let choices = Choices {
            name: Some(Side::Merge),
            ..Choices::default()
        };
        merge_into(&mut kept, &other, &choices).unwrap();
        assert_eq!(kept.name.as_str(), "Ada Mae Example");
        assert_eq!(kept.email, other.email);
        assert_eq!(
            kept.notes.as_ref().unwrap().as_str(),
            "Prefers mornings.\n\nHas moved."
        );
        assert_eq!(kept.group_ids.len(), 2);
        assert!(kept.do_not_contact);
        // Done again it changes nothing.
        let before = kept.clone();
        merge_into(&mut kept, &other, &Choices::default()).unwrap();
        assert!(kept == before);
    }

    #[test]
    fn what_was_chosen_of_the_kept_one_stays_though_it_is_nothing() {
        let mut kept = contact(1, "Ada Example");
        let mut other = contact(2, "Ada Example");
        other.email = Some(Email::parse("ada@example.com").unwrap());
        other.notes = Some(Notes::parse("Has moved.").unwrap());
        let choices = Choices {
            email: Some(Side::Keep),
            notes: Some(NotesSide::Keep),
            ..Choices::default()
        };
        merge_into(&mut kept, &other, &choices).unwrap();
        assert_eq!((kept.email, kept.notes), (None, None));
    }

    #[test]
    fn whether_messages_are_wanted_comes_with_the_number_and_the_address() {
        let person = |n, number: &str, email: &str, wanted| {
            let mut person = contact(n, "Ada Example");
            let gb = Country::parse("GB").unwrap();
            person.phone = Some(crate::phone::parse(number, gb).unwrap().e164);
            person.email = Some(Email::parse(email).unwrap());
            person.preferences.sms_opt_in = wanted;
            person.preferences.email_opt_in = wanted;
            person
        };
        let kept = person(1, "+447912345678", "ada@example.com", true);
        let other = person(2, "+447912345679", "ada@example.org", false);
        for side in [None, Some(Side::Keep), Some(Side::Merge)] {
            let choices = Choices {
                phone: side,
                email: side,
                ..Choices::default()
            };
            let mut merged = kept.clone();
            merge_into(&mut merged, &other, &choices).unwrap();
            let wanted = side != Some(Side::Merge);
            let wishes = &merged.preferences;
            assert_eq!((wishes.sms_opt_in, wishes.email_opt_in), (wanted, wanted));
        }
        // Where the kept one has none, both come.
        let mut bare = contact(3, "Ada Example");
        merge_into(&mut bare, &kept, &Choices::default()).unwrap();
        assert!(bare.preferences.sms_opt_in && bare.preferences.email_opt_in);
    }

    #[test]
    fn notes_that_do_not_fit_together_are_refused() {
        let long = |letter: &str| Some(Notes::parse(&letter.repeat(3_000)).unwrap());
        let mut kept = contact(1, "Ada Example");
        kept.notes = long("a");
        let mut other = contact(2, "Ada Example");
        other.notes = long("b");
        assert!(merge_into(&mut kept, &other, &Choices::default()).is_err());
    }

    #[test]
    fn a_withdrawal_outweighs_a_consent() {
        let given = VoiceConsent::Given {
            method: ConsentMethod::Verbal,
            obtained_at: now(),
        };
        let withdrawn = VoiceConsent::Withdrawn { at: now() };
        let unknown = VoiceConsent::Unknown;
        assert_eq!(consent_brought(given, withdrawn), Some(withdrawn));
        assert_eq!(consent_brought(unknown, withdrawn), Some(withdrawn));
        assert_eq!(consent_brought(unknown, given), Some(given));
        assert_eq!(consent_brought(withdrawn, given), None);
        assert_eq!(consent_brought(given, unknown), None);
    }

    #[test]
    fn appointments_to_come_are_brought_once_and_calendars_are_heeded() {
        let kept = [at(2)];
        let mut cancelled = at(4);
        cancelled.status = AppointmentStatus::Cancelled;
        let mut other = [at(-2), at(2), at(3), cancelled];
        let brought = appointments_brought(&kept, &other, now());
        assert_eq!(
            brought.iter().map(|each| each.time).collect::<Vec<_>>(),
            [other[2].time]
        );
        assert!(!booked_in_calendar(&other, now()));
        other[0].source = BookingSource::Calcom;
        assert!(!booked_in_calendar(&other, now()));
        other[2].source = BookingSource::Calendly;
        assert!(booked_in_calendar(&other, now()));
    }
}
