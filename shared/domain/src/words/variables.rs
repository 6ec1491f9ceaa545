//! The variables of one call (`retell_llm_dynamic_variables`).

use std::collections::BTreeMap;

use super::rules::{Allowed, LastNameRule, ProviderRule, TypeRule};
use super::spoken::{
    generic_type, provider_first_name, speakable, spoken_date, spoken_time, spoken_when,
};
use super::voicemail::voicemail_message;
use super::{AppointmentWords, TypeWords, WordsInput};
use crate::phi;

/// How the agent asks for somebody whose name it may not say.
pub const NAMELESS: &str = "the person we are trying to reach";

/// Every variable with what the agent's prompt may do with it. Each call carries all of them; one that may not be
/// said, or is not known, is empty, so that no placeholder is ever read out.
pub const VARIABLES: [(&str, &str); 23] = [
    (
        "appointment_date",
        "The day. Empty where it may only be said after the person confirmed who they are.",
    ),
    (
        "appointment_duration",
        "How long it lasts, such as \"30 minutes\".",
    ),
    (
        "appointment_time",
        "The time of day. Empty where it may only be said after confirmation.",
    ),
    (
        "appointment_type",
        "The noun for the visit, to go after \"your\": \"appointment\" unless more may be said.",
    ),
    (
        "appointment_when",
        "Day and time in one. Empty where it may only be said after confirmation.",
    ),
    (
        "ask_feedback",
        "\"yes\": at the end ask how content the person was with this call, from 1 to 5, and report it as \
         customer_feedback; \"no\": do not ask.",
    ),
    ("business_name", "Who is calling."),
    (
        "callback_number",
        "The business's number, for people who ask.",
    ),
    (
        "custom_message",
        "A message to say once, after the person confirmed who they are.",
    ),
    (
        "custom_message_mode",
        "\"add\": besides the usual words; \"replace\": instead of them; \"none\".",
    ),
    ("first_name", "The first name, for talking to the person."),
    ("last_name", "The last name, its initial, or nothing."),
    ("location", "Where it is."),
    (
        "person_to_ask_for",
        "Whom to ask for when the call is answered.",
    ),
    ("provider_name", "Whom it is with."),
    ("script_length", "brief, standard or detailed."),
    (
        "special_instructions",
        "What to tell besides, after the person confirmed who they are.",
    ),
    (
        "verified_appointment_date",
        "The day; say it only after the person confirmed who they are.",
    ),
    (
        "verified_appointment_time",
        "The time of day; say it only after the person confirmed who they are.",
    ),
    (
        "verified_appointment_when",
        "Day and time in one; say it only after the person confirmed who they are.",
    ),
    ("voice_tone", "professional, friendly, casual or medical."),
    (
        "voicemail_action",
        "\"leave_message\": say voicemail_message and nothing else; \"hang_up\": say nothing.",
    ),
    ("voicemail_message", "The message for a mailbox."),
];

/// What the agent is told for one call: exactly the [`VARIABLES`], each holding no more than HIPAA level and
/// personalization allow, the stricter of the two winning (rules.md Privacy).
pub fn dynamic_variables(input: &WordsInput<'_>) -> BTreeMap<String, String> {
    let allowed = Allowed::new(input.hipaa, input.personalization, input.script_length);
    let mut words: BTreeMap<String, String> = VARIABLES
        .iter()
        .map(|(name, _)| ((*name).to_owned(), String::new()))
        .collect();
    let mut say = |name: &str, text: &str| {
        words.insert(name.to_owned(), speakable(text));
    };

    say("business_name", input.business_name);
    say("voice_tone", input.tone.as_str());
    say("script_length", input.script_length.as_str());
    say(
        "ask_feedback",
        if input.ask_feedback { "yes" } else { "no" },
    );
    if let Some(number) = input.callback_number {
        say("callback_number", &number.national());
    }
    match voicemail_message(input) {
        Some(message) => {
            say("voicemail_action", "leave_message");
            say("voicemail_message", &message);
        }
        None => say("voicemail_action", "hang_up"),
    }

    let person = person(input, allowed);
    say("first_name", &person.first);
    say("last_name", &person.last);
    say("person_to_ask_for", &person.ask_for);

    say("appointment_type", "appointment");
    if let Some(appointment) = &input.appointment {
        say_appointment(input, appointment, allowed, &mut say);
    }

    let message = input
        .custom_message
        .filter(|message| allowed.custom_message && may_say(input, message.text.as_str()));
    match message {
        Some(message) => {
            say("custom_message", message.text.as_str());
            say(
                "custom_message_mode",
                if message.replaces { "replace" } else { "add" },
            );
        }
        None => say("custom_message_mode", "none"),
    }
    words
}

fn say_appointment(
    input: &WordsInput<'_>,
    appointment: &AppointmentWords<'_>,
    allowed: Allowed,
    say: &mut dyn FnMut(&str, &str),
) {
    let (at, zone) = (appointment.starts_at, appointment.zone);
    for (part, text) in [
        ("date", spoken_date(at, zone)),
        ("time", spoken_time(at, zone)),
        ("when", spoken_when(at, zone)),
    ] {
        say(&format!("verified_appointment_{part}"), &text);
        if allowed.time_at_once {
            say(&format!("appointment_{part}"), &text);
        }
    }
    if let Some(kind) = appointment
        .kind
        .and_then(|kind| type_words(input, kind, allowed.kind))
    {
        say("appointment_type", &kind);
    }
    let provider = appointment
        .provider
        .and_then(|name| match allowed.provider {
            ProviderRule::None => None,
            ProviderRule::FirstName => provider_first_name(name),
            ProviderRule::Full => Some(name),
        });
    if let Some(provider) = provider.filter(|name| may_say(input, name)) {
        say("provider_name", provider);
    }
    if let Some(location) = appointment
        .location
        .filter(|location| allowed.location && may_say(input, location))
    {
        say("location", location);
    }
    if let Some(minutes) = appointment.duration_minutes.filter(|_| allowed.duration) {
        say("appointment_duration", &format!("{minutes} minutes"));
    }
    let instructions = appointment.instructions.map(AsRef::as_ref);
    if let Some(text) = instructions.filter(|text| allowed.instructions && may_say(input, text)) {
        say("special_instructions", text);
    }
}

/// In HIPAA mode no free text with a finding is said, whatever was saved before the mode was on.
fn may_say(input: &WordsInput<'_>, text: &str) -> bool {
    input.hipaa.is_none() || phi::is_clean(text, input.phi_level)
}

/// The noun for the visit, where it says more than "appointment".
fn type_words(input: &WordsInput<'_>, kind: TypeWords<'_>, rule: TypeRule) -> Option<String> {
    if kind.sensitive {
        return None;
    }
    let generic = || {
        kind.spoken_as
            .and_then(generic_type)
            .or_else(|| generic_type(kind.name))
            .map(str::to_owned)
    };
    let own = |text: &str| may_say(input, text).then(|| text.to_owned());
    match rule {
        TypeRule::None => None,
        TypeRule::Generic => generic(),
        TypeRule::SpokenAs => kind.spoken_as.and_then(own).or_else(generic),
        TypeRule::Named => own(kind.spoken_as.unwrap_or(kind.name)),
    }
}

struct Person {
    first: String,
    last: String,
    ask_for: String,
}

fn person(input: &WordsInput<'_>, allowed: Allowed) -> Person {
    let parts = input.name.split();
    let first = input
        .first_name
        .or(parts.first.as_ref())
        .map_or("", |name| name.as_str());
    let last_name = input.last_name.or(parts.last.as_ref());
    let last = match (allowed.last_name, last_name) {
        (LastNameRule::Full, Some(name)) => name.as_str().to_owned(),
        (LastNameRule::Initial, Some(name)) => name.initial(),
        (LastNameRule::None, _) | (_, None) => String::new(),
    };
    let ask_for = match (allowed.last_name, first) {
        (LastNameRule::Full, _) => input.name.as_str().to_owned(),
        (_, "") => NAMELESS.to_owned(),
        _ => format!("{first} {last}"),
    };
    Person {
        first: first.to_owned(),
        last,
        ask_for,
    }
}

#[cfg(test)]
#[path = "variables_tests.rs"]
mod tests;
