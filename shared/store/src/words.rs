//! What is said to a person, on the phone or in writing, is made of these records and no others.

use vio_domain::appointment::Appointment;
use vio_domain::contact::Contact;
use vio_domain::settings::{Sensitivity, Settings};
use vio_domain::words::{AppointmentWords, CustomWords, TypeWords, WordsInput};

use crate::locations::LocationRow;

/// All that the words about an appointment (or about none) are made of. `location` is the appointment's.
pub fn words_input<'a>(
    settings: &'a Settings,
    contact: &'a Contact,
    appointment: Option<&'a Appointment>,
    location: Option<&'a LocationRow>,
    custom_message: Option<CustomWords<'a>>,
) -> WordsInput<'a> {
    let words = appointment.map(|a| AppointmentWords {
        starts_at: a.time,
        zone: a.timezone,
        duration_minutes: a.duration.map(|duration| u32::from(duration.minutes())),
        kind: a.appointment_type.as_ref().map(|name| {
            let entry = settings.appointment_type(name.as_str());
            TypeWords {
                name: name.as_str(),
                spoken_as: entry
                    .and_then(|entry| entry.spoken_as.as_ref())
                    .map(|text| text.as_str()),
                sensitive: entry.is_some_and(|entry| entry.sensitivity == Sensitivity::Sensitive),
            }
        }),
        provider: a.owner_name.as_ref().map(|name| name.as_str()),
        location: location.map(|location| location.name.as_str()),
        instructions: a.special_instructions.as_ref(),
    });
    WordsInput {
        hipaa: settings.privacy.level_in_force(),
        phi_level: settings.privacy.phi_level,
        personalization: settings.calls.personalization,
        tone: settings.calls.tone,
        script_length: settings.calls.script_length,
        ask_feedback: settings.calls.customer_feedback,
        business_name: settings.business.spoken_name(),
        callback_number: location
            .and_then(|location| location.phone.as_ref())
            .or(settings.business.primary_phone.as_ref()),
        name: &contact.name,
        first_name: contact.first_name.as_ref(),
        last_name: contact.last_name.as_ref(),
        appointment: words,
        custom_message,
    }
}
