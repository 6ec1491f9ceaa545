//! From the fields of a request to domain types: every wrong field is noted before anything is saved.

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use serde_json::Value;
use vio_domain::appointment::{
    AppointmentStatus, Attendance, CallBeforeHours, ConfirmationMethod, Duration,
};
use vio_domain::calendar::{LocalDateTimeInput, PreferredTime};
use vio_domain::contact::{BookingSource, ContactMethod, HipaaChecklist, Priority};
use vio_domain::error::Invalid;
use vio_domain::ids::{AppointmentId, GroupId, LocationId, UserId};
use vio_domain::person::OnDuplicate;
use vio_domain::phi::FieldPolicy;
use vio_domain::phone::E164;
use vio_domain::settings::Settings;
use vio_domain::text::{
    Email, FirstName, LastName, Notes, PersonName, ShortText, SpecialInstructions, Tag,
};
use vio_http::{FieldProblem, Fields};
use vio_store::contacts::ConsentChange;
use vio_store::{StoreError, TenantStore};

use crate::body::{AppointmentBody, ChecklistBody, ConsentBody, ContactBody};
use crate::given::Given;
use crate::phi;
use crate::times;
use crate::warnings::Warning;

/// Tags of one contact at most.
const MOST_TAGS: usize = 50;

/// What judging a request needs to know, and what it gathers.
pub(crate) struct Judge<'a> {
    pub(crate) settings: &'a Settings,
    pub(crate) now: DateTime<Utc>,
    pub(crate) user: UserId,
    pub(crate) fields: Fields,
    pub(crate) warnings: Vec<Warning>,
}

/// A contact's own fields.
#[derive(Debug, Clone, Default)]
pub(crate) struct ContactInput {
    pub(crate) name: Given<PersonName>,
    pub(crate) first_name: Given<FirstName>,
    pub(crate) last_name: Given<LastName>,
    pub(crate) phone: Given<E164>,
    pub(crate) email: Given<Email>,
    pub(crate) company_name: Given<ShortText<255>>,
    pub(crate) industry: Given<ShortText<50>>,
    pub(crate) notes: Given<Notes>,
    pub(crate) tags: Given<Vec<Tag>>,
    pub(crate) groups: Given<Vec<GroupId>>,
    pub(crate) priority: Given<Priority>,
    pub(crate) preferred_contact_method: Given<ContactMethod>,
    pub(crate) do_not_contact: Given<bool>,
    pub(crate) preferences: Given<PreferencesInput>,
    pub(crate) consent: Option<ConsentChange>,
    pub(crate) checklist: Given<HipaaChecklist>,
    /// Checked once the industry is known.
    pub(crate) custom_fields: Given<Value>,
    pub(crate) assigned_to: Given<UserId>,
    pub(crate) is_active: Given<bool>,
    pub(crate) booking_source: Given<BookingSource>,
    pub(crate) on_duplicate: Option<OnDuplicate>,
    pub(crate) appointment_id: Option<AppointmentId>,
}

/// A contact's wishes.
#[derive(Debug, Clone, Default)]
pub(crate) struct PreferencesInput {
    pub(crate) sms_opt_in: Given<bool>,
    pub(crate) email_opt_in: Given<bool>,
    pub(crate) preferred_contact_time: Given<PreferredTime>,
    pub(crate) timezone: Given<Tz>,
}

/// An appointment's fields.
#[derive(Debug, Clone, Default)]
pub(crate) struct AppointmentInput {
    pub(crate) time: Given<LocalDateTimeInput>,
    pub(crate) timezone: Given<Tz>,
    pub(crate) duration: Given<Duration>,
    pub(crate) appointment_type: Given<ShortText<100>>,
    pub(crate) owner_name: Given<ShortText<100>>,
    pub(crate) location: Given<LocationId>,
    pub(crate) special_instructions: Given<SpecialInstructions>,
    pub(crate) call_before_hours: Given<CallBeforeHours>,
    pub(crate) status: Given<AppointmentStatus>,
    pub(crate) attendance: Given<Attendance>,
    pub(crate) confirmation_method: Given<ConfirmationMethod>,
    pub(crate) reason: Option<ShortText<300>>,
}

impl AppointmentInput {
    /// Whether nothing of an appointment was sent.
    pub(crate) fn is_empty(&self) -> bool {
        self.time.is_absent()
            && self.timezone.is_absent()
            && self.duration.is_absent()
            && self.appointment_type.is_absent()
            && self.owner_name.is_absent()
            && self.location.is_absent()
            && self.special_instructions.is_absent()
            && self.call_before_hours.is_absent()
            && self.status.is_absent()
            && self.attendance.is_absent()
            && self.confirmation_method.is_absent()
    }
}

fn id<T: std::str::FromStr>(text: &str) -> Result<T, Invalid> {
    text.parse()
        .map_err(|_| Invalid::new("invalid_id", "This is not an id."))
}

impl<'a> Judge<'a> {
    pub(crate) fn new(settings: &'a Settings, now: DateTime<Utc>, user: UserId) -> Self {
        Self {
            settings,
            now,
            user,
            fields: Fields::default(),
            warnings: Vec::new(),
        }
    }

    fn screen(&mut self, policy: FieldPolicy, pointer: &str, text: Option<&str>) {
        if let Some(text) = text {
            phi::screen(
                self.settings,
                policy,
                pointer,
                text,
                &mut self.fields,
                &mut self.warnings,
            );
        }
    }

    /// Judges a contact's own fields.
    pub(crate) fn contact(&mut self, body: ContactBody) -> ContactInput {
        body.refuse_kept(&mut self.fields);
        let business = &self.settings.business;
        let country = business.country;
        let regions = &business.accepted_regions;
        let phone = |text: &str| regions.parse(text, country).map(|parsed| parsed.e164);
        let fields = &mut self.fields;
        let consent = match (body.voice_consent, body.preferences.as_ref()) {
            (Given::Absent, Given::Value(preferences)) => (
                "/preferences/voice_consent",
                preferences.voice_consent.clone(),
            ),
            (given, Given::Value(preferences)) if !preferences.voice_consent.is_absent() => {
                fields.note(
                    "/preferences/voice_consent",
                    "conflict",
                    "Give the consent in one place only.",
                );
                ("/voice_consent", given)
            }
            (given, _) => ("/voice_consent", given),
        };
        let input = ContactInput {
            name: body
                .name
                .parse(fields, "/name", |text| PersonName::parse(&text)),
            first_name: body
                .first_name
                .text(fields, "/first_name", FirstName::parse),
            last_name: body.last_name.text(fields, "/last_name", LastName::parse),
            phone: body
                .phone
                .text(fields, "/phone", |text| phone(text).map_err(Invalid::from)),
            email: body.email.text(fields, "/email", Email::parse),
            company_name: body
                .company_name
                .text(fields, "/company_name", ShortText::parse),
            industry: body.industry.text(fields, "/industry", ShortText::parse),
            notes: body.notes.text(fields, "/notes", Notes::parse),
            tags: tags(fields, body.tags),
            groups: group_ids(fields, body.group_ids),
            priority: body.priority,
            preferred_contact_method: body.preferred_contact_method,
            do_not_contact: body.do_not_contact,
            preferences: body.preferences.map(|given| PreferencesInput {
                sms_opt_in: given.sms_opt_in,
                email_opt_in: given.email_opt_in,
                preferred_contact_time: given.preferred_contact_time.text(
                    fields,
                    "/preferences/preferred_contact_time",
                    |text| {
                        text.parse::<PreferredTime>().map_err(|error| {
                            Invalid::new("invalid_time", format!("Must be a time of day: {error}."))
                        })
                    },
                ),
                timezone: given
                    .timezone
                    .text(fields, "/preferences/timezone", times::zone),
            }),
            consent: consent_given(fields, consent.0, consent.1, self.now),
            checklist: body
                .hipaa_checklist
                .map(|list| checklist(&list, self.user, self.now)),
            custom_fields: body.custom_fields,
            assigned_to: body.assigned_to.text(fields, "/assigned_to", id),
            is_active: body.is_active,
            booking_source: body.booking_source,
            on_duplicate: body.on_duplicate.value(),
            appointment_id: body
                .appointment_id
                .text(fields, "/appointment_id", id)
                .value(),
        };
        if let Given::Value(phone) = &input.phone
            && let Err(error) = phone.dialable()
        {
            let detail = format!("This number cannot be rung: {error}");
            self.warnings
                .push(Warning::new("not_dialable", "/phone", detail));
        }
        self.screen(
            FieldPolicy::StaffNotes,
            "/notes",
            input.notes.as_ref().value().map(Notes::as_str),
        );
        input
    }

    /// Judges an appointment's fields, its instant aside.
    pub(crate) fn appointment(&mut self, body: AppointmentBody) -> AppointmentInput {
        let fields = &mut self.fields;
        let calls = &self.settings.calls;
        let hours = |hours: u16| {
            let hours = CallBeforeHours::try_from(hours).map_err(FieldProblem::from)?;
            if calls.custom_timing_allowed || hours == calls.call_before_hours {
                Ok(hours)
            } else {
                Err(FieldProblem::new(
                    "/call_before_hours",
                    "custom_timing_not_allowed",
                    "Your business sets one timing for all reminder calls (setting custom_timing_allowed).",
                ))
            }
        };
        let input = AppointmentInput {
            time: body
                .appointment_time
                .text(fields, "/appointment_time", times::text),
            timezone: body.timezone.text(fields, "/timezone", times::zone),
            duration: body
                .appointment_duration
                .parse(fields, "", Duration::try_from),
            appointment_type: body.appointment_type.text(
                fields,
                "/appointment_type",
                ShortText::parse,
            ),
            owner_name: body
                .owner_name
                .text(fields, "/owner_name", ShortText::parse),
            location: body.location_id.text(fields, "/location_id", id),
            special_instructions: body.special_instructions.text(
                fields,
                "/special_instructions",
                SpecialInstructions::parse,
            ),
            call_before_hours: body.call_before_hours.parse(fields, "", hours),
            status: body.appointment_status,
            attendance: body.attendance,
            confirmation_method: body.confirmation_method,
            reason: body
                .reason
                .text(fields, "/reason", ShortText::parse)
                .value(),
        };
        let spoken = input.special_instructions.as_ref().value();
        self.screen(
            FieldPolicy::Spoken,
            "/special_instructions",
            spoken.map(SpecialInstructions::as_str),
        );
        self.screen(
            FieldPolicy::StaffNotes,
            "/appointment_type",
            input
                .appointment_type
                .as_ref()
                .value()
                .map(ShortText::as_str),
        );
        self.screen(
            FieldPolicy::StaffNotes,
            "/owner_name",
            input.owner_name.as_ref().value().map(ShortText::as_str),
        );
        input
    }

    /// Notes ids that name nothing of this tenant's.
    pub(crate) async fn references(
        &mut self,
        tenant: &TenantStore,
        contact: &ContactInput,
        appointment: &AppointmentInput,
    ) -> Result<(), StoreError> {
        if let Given::Value(location) = appointment.location
            && tenant.location(location).await?.is_none()
        {
            self.fields.note(
                "/location_id",
                "unknown_location",
                "Choose one of your own locations.",
            );
        }
        if let Given::Value(user) = contact.assigned_to
            && tenant.user(user).await?.is_none()
        {
            self.fields.note(
                "/assigned_to",
                "unknown_user",
                "Choose somebody of your team.",
            );
        }
        Ok(())
    }
}

fn group_ids(fields: &mut Fields, given: Given<Vec<String>>) -> Given<Vec<GroupId>> {
    given.map(|texts| {
        let mut ids = Vec::with_capacity(texts.len());
        for (n, text) in texts.iter().enumerate() {
            let unknown = ("unknown_group", "There is no such group.");
            let parsed = text.parse::<GroupId>().map_err(|_| unknown);
            ids.extend(fields.take(&format!("/group_ids/{n}"), parsed));
        }
        ids
    })
}

fn tags(fields: &mut Fields, given: Given<Vec<String>>) -> Given<Vec<Tag>> {
    given.map(|texts| {
        if texts.len() > MOST_TAGS {
            fields.note("/tags", "too_many", format!("At most {MOST_TAGS} tags."));
            return Vec::new();
        }
        let mut tags: Vec<Tag> = Vec::with_capacity(texts.len());
        for (n, text) in texts.iter().enumerate() {
            if let Some(tag) = fields.take(&format!("/tags/{n}"), Tag::parse(text))
                && tags.iter().all(|known| known.folded() != tag.folded())
            {
                tags.push(tag);
            }
        }
        tags
    })
}

/// A consent that is newly given, by whoever writes it down.
pub(crate) fn consent_given(
    fields: &mut Fields,
    pointer: &str,
    given: Given<ConsentBody>,
    now: DateTime<Utc>,
) -> Option<ConsentChange> {
    match given {
        Given::Absent | Given::Wrong => None,
        Given::Null => {
            fields.note(
                pointer,
                "not_clearable",
                "Record a withdrawal with POST /api/contacts/{contact_id}/consents.",
            );
            None
        }
        Given::Value(consent) => {
            let obtained_at = consent.obtained_at.unwrap_or(now);
            if obtained_at > now {
                fields.note(
                    &format!("{pointer}/obtained_at"),
                    "in_the_future",
                    "A consent cannot have been given in the future.",
                );
                return None;
            }
            Some(ConsentChange::Given {
                method: consent.method,
                obtained_at,
            })
        }
    }
}

fn checklist(body: &ChecklistBody, user: UserId, now: DateTime<Utc>) -> HipaaChecklist {
    HipaaChecklist {
        confirmed_by: Some(user),
        confirmed_at: now,
        consent_obtained: body.consent_obtained,
        minimum_necessary: body.minimum_necessary,
        no_phi_in_instructions: body.no_phi_in_instructions,
        sensitivity_set: body.sensitivity_set,
        staff_trained: body.staff_trained,
    }
}
