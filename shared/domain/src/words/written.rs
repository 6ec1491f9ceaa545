//! A reminder in writing, held to the same levels as a call (rules.md Privacy "HIPAA mode").
//!
//! Nobody confirms who they are before they read, so what a call may only say after that is never written.

use super::spoken::speakable;
use super::{WordsInput, dynamic_variables};

/// What a person does to answer. YES confirms; everything else a person reads.
const ASK: &str = "Reply YES to confirm";

/// Whether a reminder asks the person to confirm: only one that says the time does.
pub fn asks_to_confirm(input: &WordsInput<'_>) -> bool {
    dynamic_variables(input)
        .get("appointment_when")
        .is_some_and(|when| !when.is_empty())
}

/// The text of a reminder by SMS, made of nothing but the variables of a call about the same appointment.
pub fn written_reminder(input: &WordsInput<'_>) -> String {
    let words = dynamic_variables(input);
    let say = |name: &str| words.get(name).map_or("", String::as_str);
    let greeting = match say("first_name") {
        "" => "Hello".to_owned(),
        first => format!("Hello {first}"),
    };
    let mut text = format!(
        "{greeting}, this is {} about your {}",
        say("business_name"),
        say("appointment_type")
    );
    for (word, name) in [
        ("on", "appointment_when"),
        ("with", "provider_name"),
        ("at", "location"),
    ] {
        if !say(name).is_empty() {
            text.push_str(&format!(" {word} {}", say(name)));
        }
    }
    text.push('.');
    let instructions = say("special_instructions").trim_end_matches('.');
    if !instructions.is_empty() {
        text.push_str(&format!(" {instructions}."));
    }
    // Confirming means something only where the time was said.
    let asks = !say("appointment_when").is_empty();
    let call = match say("callback_number") {
        "" => None,
        number => Some(number),
    };
    match (asks, call) {
        (true, Some(number)) => text.push_str(&format!(" {ASK}, or call us on {number}.")),
        (true, None) => text.push_str(&format!(" {ASK}.")),
        (false, Some(number)) => text.push_str(&format!(" Please call us on {number}.")),
        (false, None) => text.push_str(" Please contact us."),
    }
    text.push_str(" Reply STOP to get no more messages.");
    speakable(&text)
}

#[cfg(test)]
mod tests {
    use chrono::{TimeZone, Utc};

    use super::*;
    use crate::phi::PhiLevel;
    use crate::phone::{self, Country};
    use crate::text::{PersonName, SpecialInstructions};
    use crate::words::{
        AppointmentWords, HipaaLevel, Personalization, ScriptLength, Tone, TypeWords,
    };

    fn text(hipaa: Option<HipaaLevel>, personalization: Personalization) -> String {
        let name = PersonName::parse("Zoe Quirk").unwrap();
        let number = phone::parse("020 7946 0958", Country::GB).unwrap().e164;
        let instructions = SpecialInstructions::parse("Please come early.").unwrap();
        written_reminder(&WordsInput {
            hipaa,
            phi_level: PhiLevel::Moderate,
            personalization,
            tone: Tone::Medical,
            script_length: ScriptLength::Standard,
            ask_feedback: false,
            business_name: "Riverside",
            callback_number: Some(&number),
            name: &name,
            first_name: None,
            last_name: None,
            appointment: Some(AppointmentWords {
                starts_at: Utc.with_ymd_and_hms(2026, 12, 7, 14, 30, 0).unwrap(),
                zone: chrono_tz::Europe::London,
                duration_minutes: Some(30),
                kind: Some(TypeWords {
                    name: "Root canal",
                    spoken_as: Some("dental visit"),
                    sensitive: false,
                }),
                provider: Some("Dr Emily Jones"),
                location: Some("High Street"),
                instructions: Some(&instructions),
            }),
            custom_message: None,
        })
    }

    #[test]
    fn each_level_writes_no_more_than_it_may() {
        let enhanced = Personalization::Enhanced;
        assert_eq!(
            text(Some(HipaaLevel::Strict), enhanced),
            "Hello Zoe, this is Riverside about your appointment. Please call us on 020 7946 0958. \
             Reply STOP to get no more messages."
        );
        assert_eq!(
            text(Some(HipaaLevel::Standard), enhanced),
            "Hello Zoe, this is Riverside about your appointment on Monday 7 December at 2:30 PM with Emily at \
             High Street. Reply YES to confirm, or call us on 020 7946 0958. Reply STOP to get no more messages."
        );
        assert_eq!(
            text(Some(HipaaLevel::Basic), enhanced),
            "Hello Zoe, this is Riverside about your dental visit on Monday 7 December at 2:30 PM with Emily at \
             High Street. Please come early. Reply YES to confirm, or call us on 020 7946 0958. \
             Reply STOP to get no more messages."
        );
        assert_eq!(
            text(None, Personalization::Minimal),
            "Hello Zoe, this is Riverside about your appointment on Monday 7 December at 2:30 PM. \
             Reply YES to confirm, or call us on 020 7946 0958. Reply STOP to get no more messages."
        );
        assert!(
            text(None, enhanced)
                .contains("your dental visit on Monday 7 December at 2:30 PM with Dr Emily Jones")
        );
    }
}
