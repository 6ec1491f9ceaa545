//! What is accepted and pointed out: the `warnings` of an answer.

use chrono::{DateTime, Utc};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;
use vio_domain::calendar::AppointmentTimeWarning;
use vio_domain::person::Duplicate;
use vio_domain::settings::Settings;
use vio_store::calling::plan::consent;
use vio_store::contacts::Person;

/// Something accepted that somebody should know.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[schema(as = ContactWarning)]
pub struct Warning {
    /// For programs.
    #[schema(value_type = String, example = "outside_opening_hours")]
    pub code: &'static str,
    /// For people.
    #[schema(example = "The appointment is outside your opening hours.")]
    pub detail: String,
    /// The field it is about, as a JSON pointer.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "/appointment_time")]
    pub pointer: Option<String>,
    /// The contacts it is about.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub existing_ids: Vec<Uuid>,
}

impl Warning {
    pub(crate) fn new(code: &'static str, pointer: &str, detail: impl Into<String>) -> Self {
        Self {
            code,
            detail: detail.into(),
            pointer: (!pointer.is_empty()).then(|| pointer.to_owned()),
            existing_ids: Vec::new(),
        }
    }

    /// About an appointment's time.
    pub(crate) fn of_time(warning: AppointmentTimeWarning) -> Self {
        let mut text = warning.to_string();
        if let Some(first) = text.get_mut(..1) {
            first.make_ascii_uppercase();
        }
        Self::new(warning.code(), "/appointment_time", format!("{text}."))
    }
}

/// Others at the same number or address.
pub(crate) fn household(found: &Duplicate, warnings: &mut Vec<Warning>) {
    let ids = |ids: &[vio_domain::ids::ContactId]| ids.iter().map(|id| id.uuid()).collect();
    if !found.shares_phone_with.is_empty() {
        let mut warning = Warning::new(
            "household",
            "/phone",
            "Somebody else with another name has this phone number; they are linked as a household.",
        );
        warning.existing_ids = ids(&found.shares_phone_with);
        warnings.push(warning);
    }
    if !found.shares_email_with.is_empty() {
        let mut warning = Warning::new(
            "household",
            "/email",
            "Somebody else with another name has this e-mail address.",
        );
        warning.existing_ids = ids(&found.shares_email_with);
        warnings.push(warning);
    }
    if !found.duplicates.is_empty() {
        let mut warning = Warning::new(
            "possible_duplicate",
            "",
            "This may be the same person as a contact that exists.",
        );
        warning.existing_ids = ids(&found.duplicates);
        warnings.push(warning);
    }
}

/// Why nobody will be rung although an appointment waits for it.
pub(crate) fn no_call(
    settings: &Settings,
    person: &Person,
    now: DateTime<Utc>,
    warnings: &mut Vec<Warning>,
) {
    let waits = person
        .appointments
        .iter()
        .any(|appointment| appointment.wants_reminder(now) && appointment.open_session.is_none());
    if !waits {
        return;
    }
    let (required, given) = consent(settings, &person.contact);
    if required && !given {
        warnings.push(Warning::new(
            "consent_missing",
            "/voice_consent",
            "No reminder call is planned until the person's consent is recorded.",
        ));
    } else if let Some(reason) = person.contact.needs_attention {
        warnings.push(Warning::new(
            "needs_attention",
            "",
            format!("No reminder call is planned ({}).", reason.as_str()),
        ));
    }
}
