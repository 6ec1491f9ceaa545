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

/// What both channels say first: a greeting, and what it is about.
fn opening(say: &dyn Fn(&str) -> String, begins: &str) -> (String, String) {
    let greeting = match say("first_name") {
        first if first.is_empty() => "Hello".to_owned(),
        first => format!("Hello {first}"),
    };
    let mut about = format!(
        "{begins} {} about your {}",
        say("business_name"),
        say("appointment_type")
    );
    for (word, name) in [
        ("on", "appointment_when"),
        ("with", "provider_name"),
        ("at", "location"),
    ] {
        if !say(name).is_empty() {
            about.push_str(&format!(" {word} {}", say(name)));
        }
    }
    about.push('.');
    (greeting, about)
}

/// A reminder by e-mail: its subject, and its text with a blank line between paragraphs. Made of nothing but the
/// variables of a call about the same appointment, as [`written_reminder`]; the subject, which others may see on a screen,
/// says from whom it is and no more. `answers`: whether somebody reads what the person writes back.
pub fn mailed_reminder(input: &WordsInput<'_>, answers: bool) -> (String, String) {
    let words = dynamic_variables(input);
    let say = |name: &str| words.get(name).cloned().unwrap_or_default();
    let (greeting, about) = opening(&say, "This is a reminder from");
    let mut paragraphs = vec![format!("{greeting},"), about];
    let instructions = say("special_instructions");
    let instructions = instructions.trim_end_matches('.');
    if !instructions.is_empty() {
        paragraphs.push(format!("{instructions}."));
    }
    let asked = match say("appointment_when").is_empty() {
        true => "For more about it",
        false => "To confirm, change or cancel it",
    };
    paragraphs.push(match (say("callback_number"), answers) {
        (number, _) if !number.is_empty() => format!("{asked}, please call us on {number}."),
        (_, true) => format!("{asked}, please answer this e-mail."),
        (_, false) => format!("{asked}, please contact us."),
    });
    let paragraphs: Vec<String> = paragraphs.iter().map(|text| speakable(text)).collect();
    let subject = speakable(&format!("A reminder from {}", say("business_name")));
    (subject, paragraphs.join("\n\n"))
}

/// The text of a reminder by SMS, made of nothing but the variables of a call about the same appointment.
pub fn written_reminder(input: &WordsInput<'_>) -> String {
    let words = dynamic_variables(input);
    let say = |name: &str| words.get(name).cloned().unwrap_or_default();
    let (greeting, about) = opening(&say, "this is");
    let mut text = format!("{greeting}, {about}");
    let instructions = say("special_instructions");
    let instructions = instructions.trim_end_matches('.');
    if !instructions.is_empty() {
        text.push_str(&format!(" {instructions}."));
    }
    // Confirming means something only where the time was said.
    let asks = !say("appointment_when").is_empty();
    let call = Some(say("callback_number")).filter(|number| !number.is_empty());
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
        with_input(hipaa, personalization, written_reminder)
    }

    fn with_input<T>(
        hipaa: Option<HipaaLevel>,
        personalization: Personalization,
        write: impl FnOnce(&WordsInput<'_>) -> T,
    ) -> T {
        let name = PersonName::parse("Zoe Quirk").unwrap();
        let number = phone::parse("020 7946 0958", Country::GB).unwrap().e164;
        let instructions = SpecialInstructions::parse("Please come early.").unwrap();
        write(&WordsInput {
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

    #[test]
    fn an_email_says_what_an_sms_of_its_level_says() {
        let mail = |hipaa, answers| {
            with_input(hipaa, Personalization::Enhanced, |input| {
                mailed_reminder(input, answers)
            })
        };
        let (subject, strict) = mail(Some(HipaaLevel::Strict), true);
        assert_eq!(subject, "A reminder from Riverside");
        assert_eq!(
            strict,
            "Hello Zoe,\n\nThis is a reminder from Riverside about your appointment.\n\n\
             For more about it, please call us on 020 7946 0958."
        );
        let (subject, basic) = mail(Some(HipaaLevel::Basic), true);
        assert_eq!(subject, "A reminder from Riverside");
        assert_eq!(
            basic,
            "Hello Zoe,\n\nThis is a reminder from Riverside about your dental visit on Monday 7 December at 2:30 PM \
             with Emily at High Street.\n\nPlease come early.\n\n\
             To confirm, change or cancel it, please call us on 020 7946 0958."
        );
        let numberless = |answers| {
            with_input(None, Personalization::Minimal, |input| {
                let input = WordsInput {
                    callback_number: None,
                    ..input.clone()
                };
                mailed_reminder(&input, answers).1
            })
        };
        assert!(numberless(true).ends_with("please answer this e-mail."));
        assert!(numberless(false).ends_with("please contact us."));
    }
}
