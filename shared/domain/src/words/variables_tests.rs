//! A checker of its own for what each level lets through, over generated calls.

use chrono::{DateTime, TimeZone, Utc};
use proptest::prelude::*;

use super::super::{CustomWords, HipaaLevel, Personalization, ScriptLength, Tone};
use super::*;
use crate::phi::PhiLevel;
use crate::phone::{self, Country, E164};
use crate::text::{CustomMessage, FirstName, LastName, PersonName, SpecialInstructions};

/// A call in owned parts; every part carries a word that occurs nowhere else.
#[derive(Debug, Clone)]
struct Call {
    hipaa: Option<HipaaLevel>,
    personalization: Personalization,
    length: ScriptLength,
    tone: Tone,
    phi_level: PhiLevel,
    starts_at: DateTime<Utc>,
    sensitive: bool,
    spoken_as: Option<&'static str>,
    type_name: &'static str,
    instructions: &'static str,
    message: &'static str,
    replaces: bool,
    with_number: bool,
    ask_feedback: bool,
}

const CLEAN_INSTRUCTIONS: &str = "Please qinstruct early";
const UNCLEAN_INSTRUCTIONS: &str = "Please qinstruct about the diabetes";

impl Call {
    fn words(&self) -> BTreeMap<String, String> {
        let number: E164 = phone::parse("020 7946 0958", Country::GB).unwrap().e164;
        let name = PersonName::parse("Qfirst Qlast").unwrap();
        let instructions = SpecialInstructions::parse(self.instructions).unwrap();
        let message = CustomMessage::parse(self.message).unwrap();
        dynamic_variables(&WordsInput {
            hipaa: self.hipaa,
            phi_level: self.phi_level,
            personalization: self.personalization,
            tone: self.tone,
            script_length: self.length,
            ask_feedback: self.ask_feedback,
            business_name: "Qbusiness",
            callback_number: self.with_number.then_some(&number),
            name: &name,
            first_name: None,
            last_name: None,
            appointment: Some(AppointmentWords {
                starts_at: self.starts_at,
                zone: chrono_tz::Europe::London,
                duration_minutes: Some(45),
                kind: Some(TypeWords {
                    name: self.type_name,
                    spoken_as: self.spoken_as,
                    sensitive: self.sensitive,
                }),
                provider: Some("Dr Qprovider Qsurname"),
                location: Some("Qlocation House"),
                instructions: Some(&instructions),
            }),
            custom_message: Some(CustomWords {
                text: &message,
                replaces: self.replaces,
            }),
        })
    }
}

fn call() -> impl Strategy<Value = Call> {
    let settings = (
        prop_oneof![
            Just(None),
            Just(Some(HipaaLevel::Strict)),
            Just(Some(HipaaLevel::Standard)),
            Just(Some(HipaaLevel::Basic))
        ],
        prop_oneof![
            Just(Personalization::Minimal),
            Just(Personalization::Standard),
            Just(Personalization::Enhanced)
        ],
        prop_oneof![
            Just(ScriptLength::Brief),
            Just(ScriptLength::Standard),
            Just(ScriptLength::Detailed)
        ],
        prop_oneof![
            Just(Tone::Professional),
            Just(Tone::Friendly),
            Just(Tone::Casual),
            Just(Tone::Medical)
        ],
        prop_oneof![
            Just(PhiLevel::Minimal),
            Just(PhiLevel::Moderate),
            Just(PhiLevel::Strict)
        ],
    );
    let texts = (
        0_i64..400 * 24 * 60,
        any::<bool>(),
        prop_oneof![
            Just(None),
            Just(Some("qspoken")),
            Just(Some("Follow up")),
            Just(Some("qspoken chemotherapy"))
        ],
        prop_oneof![Just("qtype"), Just("Consultation")],
        prop_oneof![Just(CLEAN_INSTRUCTIONS), Just(UNCLEAN_INSTRUCTIONS)],
        prop_oneof![Just("qmessage"), Just("qmessage on your cancer")],
        any::<bool>(),
        any::<(bool, bool)>(),
    );
    (settings, texts).prop_map(
        |((hipaa, personalization, length, tone, phi_level), texts)| {
            let (
                minute,
                sensitive,
                spoken_as,
                type_name,
                instructions,
                message,
                replaces,
                (with_number, ask_feedback),
            ) = texts;
            let starts_at = Utc.with_ymd_and_hms(2026, 11, 20, 9, 0, 0).unwrap()
                + chrono::TimeDelta::minutes(minute);
            Call {
                hipaa,
                personalization,
                length,
                tone,
                phi_level,
                starts_at,
                sensitive,
                spoken_as,
                type_name,
                instructions,
                message,
                replaces,
                with_number,
                ask_feedback,
            }
        },
    )
}

/// What must and must not be heard, written down level by level from rules.md, apart from the code under test.
fn expected(call: &Call) -> Vec<(&'static str, bool)> {
    use HipaaLevel::{Basic, Standard, Strict};
    let minimal = call.personalization == Personalization::Minimal;
    let enhanced = call.personalization == Personalization::Enhanced;
    let brief = call.length == ScriptLength::Brief;
    let phi = call.phi_level != PhiLevel::Minimal;
    let dirty_instructions = call.instructions == UNCLEAN_INSTRUCTIONS && phi;
    let dirty_spoken = call.spoken_as == Some("qspoken chemotherapy") && phi;
    let dirty_message = call.message != "qmessage" && phi;
    let spoken = call.spoken_as.is_some_and(|text| text.contains("qspoken"));
    let base = [
        ("Qfirst", true),
        ("Qbusiness", true),
        ("Qprovider", !minimal),
    ];
    let mut rules: Vec<(&str, bool)> = base.to_vec();
    match call.hipaa {
        Some(Strict) => {
            rules = vec![("Qfirst", true), ("Qbusiness", true)];
            for never in [
                "Qlast",
                "Qprovider",
                "Qsurname",
                "Qlocation",
                "qtype",
                "qspoken",
                "qinstruct",
                "qmessage",
            ] {
                rules.push((never, false));
            }
            rules.extend([
                ("onsultation", false),
                ("follow-up", false),
                ("45 minutes", false),
            ]);
        }
        Some(Standard) => {
            for never in [
                "Qlast",
                "Qsurname",
                "qtype",
                "qspoken",
                "qinstruct",
                "45 minutes",
            ] {
                rules.push((never, false));
            }
            rules.push(("Qlocation", enhanced));
            rules.push(("qmessage", !dirty_message));
        }
        Some(Basic) => {
            for never in ["Qlast", "Qsurname", "qtype", "45 minutes"] {
                rules.push((never, false));
            }
            rules.push(("Qlocation", enhanced));
            rules.push((
                "qspoken",
                spoken && !dirty_spoken && !minimal && !call.sensitive,
            ));
            rules.push(("qinstruct", enhanced && !brief && !dirty_instructions));
            rules.push(("qmessage", !dirty_message));
        }
        None => {
            rules.push(("Qlast", true));
            rules.push(("Qsurname", !minimal));
            rules.push(("Qlocation", enhanced));
            rules.push(("qspoken", spoken && !minimal && !call.sensitive));
            rules.push((
                "qtype",
                call.spoken_as.is_none()
                    && call.type_name == "qtype"
                    && !minimal
                    && !call.sensitive,
            ));
            rules.push(("qinstruct", enhanced && !brief));
            rules.push(("45 minutes", enhanced && !brief));
            rules.push(("qmessage", true));
        }
    }
    rules
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    #[test]
    fn each_level_says_what_it_may_and_nothing_else(call in call()) {
        let words = call.words();
        let heard: String = words.values().map(|text| format!("{text}\n")).collect();
        for (word, allowed) in expected(&call) {
            prop_assert_eq!(heard.contains(word), allowed, "{}", word);
        }
        if call.sensitive {
            prop_assert_eq!(words["appointment_type"].as_str(), "appointment");
        }
    }

    #[test]
    fn at_strict_the_time_waits_for_confirmation(call in call()) {
        let words = call.words();
        let date = &words["verified_appointment_date"];
        prop_assert!(!date.is_empty() && words["verified_appointment_when"].starts_with(date.as_str()));
        for part in ["date", "time", "when"] {
            let plain = &words[&format!("appointment_{part}")];
            if call.hipaa == Some(HipaaLevel::Strict) {
                prop_assert_eq!(plain, "");
            } else {
                prop_assert_eq!(plain, &words[&format!("verified_appointment_{part}")]);
            }
        }
        for (name, text) in words.iter().filter(|(name, _)| !name.contains("appointment_")) {
            prop_assert!(!text.contains(date.as_str()), "{} tells the date", name);
        }
    }

    #[test]
    fn a_mailbox_hears_the_business_and_its_number_alone(call in call()) {
        let words = call.words();
        if call.hipaa == Some(HipaaLevel::Strict) || !call.with_number {
            prop_assert_eq!(words["voicemail_message"].as_str(), "");
            prop_assert_eq!(words["voicemail_action"].as_str(), "hang_up");
        } else {
            prop_assert_eq!(
                words["voicemail_message"].as_str(),
                "Hello, this is a message from Qbusiness. Please call us on 020 7946 0958."
            );
        }
    }

    #[test]
    fn exactly_the_documented_variables(call in call()) {
        let words = call.words();
        let names: Vec<&str> = words.keys().map(String::as_str).collect();
        let documented: Vec<&str> = VARIABLES.iter().map(|(name, _)| *name).collect();
        prop_assert_eq!(names, documented);
        let plain = words.values().all(|text| !text.contains(['{', '}', '\n']));
        prop_assert!(plain);
    }
}

fn example() -> Call {
    Call {
        hipaa: None,
        personalization: Personalization::Enhanced,
        length: ScriptLength::Standard,
        tone: Tone::Friendly,
        phi_level: PhiLevel::Moderate,
        starts_at: Utc.with_ymd_and_hms(2026, 12, 7, 14, 30, 0).unwrap(),
        sensitive: false,
        spoken_as: Some("qspoken"),
        type_name: "qtype",
        instructions: CLEAN_INSTRUCTIONS,
        message: "qmessage",
        replaces: true,
        with_number: true,
        ask_feedback: false,
    }
}

#[test]
fn feedback_is_asked_for_where_the_tenant_wants_it() {
    let asked = |ask_feedback| {
        Call {
            ask_feedback,
            ..example()
        }
        .words()["ask_feedback"]
            .clone()
    };
    assert_eq!((asked(true).as_str(), asked(false).as_str()), ("yes", "no"));
}

/// S3 section 3: every tone with every length and personalization, as the agent's prompt gets them.
#[test]
fn tone_length_and_personalization_each_give_the_words_of_the_table() {
    use {Personalization as P, ScriptLength as L, Tone as T};
    for (tone, tone_word) in [
        (T::Professional, "professional"),
        (T::Friendly, "friendly"),
        (T::Casual, "casual"),
        (T::Medical, "medical"),
    ] {
        for (length, length_word) in [
            (L::Brief, "brief"),
            (L::Standard, "standard"),
            (L::Detailed, "detailed"),
        ] {
            for (personalization, [kind, provider, location, duration, instructions]) in [
                (P::Minimal, ["appointment", "", "", "", ""]),
                (
                    P::Standard,
                    ["qspoken", "Dr Qprovider Qsurname", "", "", ""],
                ),
                (
                    P::Enhanced,
                    [
                        "qspoken",
                        "Dr Qprovider Qsurname",
                        "Qlocation House",
                        "45 minutes",
                        CLEAN_INSTRUCTIONS,
                    ],
                ),
            ] {
                let words = Call {
                    tone,
                    length,
                    personalization,
                    ..example()
                }
                .words();
                let brief = length == L::Brief;
                let unless_brief = |text| if brief { "" } else { text };
                for (name, text) in [
                    ("voice_tone", tone_word),
                    ("script_length", length_word),
                    ("appointment_type", kind),
                    ("provider_name", provider),
                    ("location", location),
                    ("appointment_duration", unless_brief(duration)),
                    ("special_instructions", unless_brief(instructions)),
                ] {
                    assert_eq!(
                        words[name], text,
                        "{name}: {tone:?} {length:?} {personalization:?}"
                    );
                }
            }
        }
    }
}

#[test]
fn a_friendly_call_in_full() {
    let words = example().words();
    for (name, text) in [
        ("appointment_when", "Monday 7 December at 2:30 PM"),
        ("appointment_type", "qspoken"),
        ("appointment_duration", "45 minutes"),
        ("person_to_ask_for", "Qfirst Qlast"),
        ("provider_name", "Dr Qprovider Qsurname"),
        ("location", "Qlocation House"),
        ("special_instructions", CLEAN_INSTRUCTIONS),
        ("custom_message_mode", "replace"),
        ("voice_tone", "friendly"),
        ("callback_number", "020 7946 0958"),
    ] {
        assert_eq!(words[name], text, "{name}");
    }
}

#[test]
fn names_by_level() {
    let ask = |hipaa| Call { hipaa, ..example() }.words()["person_to_ask_for"].clone();
    assert_eq!(ask(Some(HipaaLevel::Strict)), "Qfirst");
    assert_eq!(ask(Some(HipaaLevel::Standard)), "Qfirst");
    assert_eq!(ask(Some(HipaaLevel::Basic)), "Qfirst Q");
    assert_eq!(ask(None), "Qfirst Qlast");
}

#[test]
fn a_name_without_a_first_name_is_not_said_in_hipaa_mode() {
    let name = PersonName::parse("Mrs Smith").unwrap();
    let input = |hipaa| WordsInput {
        hipaa,
        phi_level: PhiLevel::Moderate,
        personalization: Personalization::Standard,
        tone: Tone::Medical,
        script_length: ScriptLength::Standard,
        ask_feedback: false,
        business_name: "Clinic",
        callback_number: None,
        name: &name,
        first_name: None,
        last_name: None,
        appointment: None,
        custom_message: None,
    };
    assert_eq!(
        dynamic_variables(&input(Some(HipaaLevel::Basic)))["person_to_ask_for"],
        NAMELESS
    );
    assert_eq!(
        dynamic_variables(&input(None))["person_to_ask_for"],
        "Mrs Smith"
    );
    let given = FirstName::parse("Emma").unwrap();
    let last = LastName::parse("Smith").unwrap();
    let input = WordsInput {
        first_name: Some(&given),
        last_name: Some(&last),
        ..input(Some(HipaaLevel::Basic))
    };
    assert_eq!(dynamic_variables(&input)["person_to_ask_for"], "Emma S");
}
