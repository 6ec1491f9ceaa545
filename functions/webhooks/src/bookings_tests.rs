use vio_domain::phone::Country;
use vio_domain::settings::{Business, BusinessType};

use super::*;

fn settings(kind: BusinessType) -> Settings {
    Settings::for_business(Business {
        legal_name: ShortText::parse("Calm Clinic").unwrap(),
        trading_name: None,
        business_type: kind,
        country: Country::GB,
        timezone: chrono_tz::Europe::London,
        primary_phone: None,
        email: None,
        website: None,
        address: Default::default(),
        operating_schedule: Default::default(),
        holidays: Default::default(),
        accepted_regions: Default::default(),
    })
}

#[test]
fn every_booker_has_a_name() {
    for (given, email, expected) in [
        (Some("Zoë O'Neil"), None, "Zoë O'Neil"),
        (
            Some("Zoë <zoe@example.com> 42"),
            None,
            "Zoë zoe example com",
        ),
        (Some("42"), Some("zoe.lucas99@example.com"), "zoe lucas"),
        (Some("🎉"), None, "Guest"),
        (None, None, "Guest"),
        (None, Some("7@example.com"), "Guest"),
    ] {
        assert_eq!(name(given, email).unwrap().as_str(), expected, "{given:?}");
    }
}

#[test]
fn the_first_number_that_the_tenant_accepts_counts() {
    let settings = settings(BusinessType::Salon);
    let of = |places: &[&str]| {
        let places: Vec<String> = places.iter().map(|place| (*place).to_owned()).collect();
        phone(&settings, places.iter().map(String::as_str)).map(|phone| phone.as_str().to_owned())
    };
    let number = of(&["020 7183 8750"]);
    assert_eq!(number.as_deref(), Some("+442071838750"));
    assert_eq!(of(&["12", "+1 202 456 1414", "020 7183 8750"]), number);
    assert_eq!(of(&["+1 202 456 1414"]), None);
    assert_eq!(of(&[]), None);
}

#[test]
fn a_note_is_spoken_only_where_it_may_be() {
    let salon = settings(BusinessType::Salon);
    let clinic = settings(BusinessType::Medical);
    let spoken = |settings: &Settings, text: &str| {
        let (spoken, staff) = note(settings, Some(text));
        (
            spoken.map(|text| text.into_string()),
            staff.map(|text| text.into_string()),
        )
    };
    let parking = "Please park behind the house.";
    assert_eq!(spoken(&clinic, parking), (Some(parking.into()), None));
    let ill = "I was diagnosed with cancer and take insulin.";
    assert_eq!(spoken(&salon, ill).0.as_deref(), Some(ill));
    assert_eq!(spoken(&clinic, ill), (None, Some(ill.into())));
    let number = "My NHS number is 943 476 5919.";
    assert_eq!(spoken(&clinic, number), (None, Some(WITHHELD.into())));
    let long = "a ".repeat(400);
    assert_eq!(spoken(&salon, &long).0, None);
    assert!(spoken(&salon, &long).1.is_some());
    assert_eq!(note(&salon, None), (None, None));
}
