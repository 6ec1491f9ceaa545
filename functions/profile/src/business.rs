//! The business: names, contact, location, zone, opening hours (S3 section 1).

use axum::extract::State;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;
use vio_domain::calendar::parse_zone;
use vio_domain::ids::TenantId;
use vio_domain::phone::{self, AcceptedRegions, Country};
use vio_domain::settings::{Business, BusinessType, Settings};
use vio_domain::text::{Email, ShortText};
use vio_http::{ETag, FieldProblem, Fields, IfMatch, Json, Principal, Problem, RequestId};
use vio_runtime::App;
use vio_store::tenants::TenantSettings;

use crate::change::{Asked, tag};
use crate::hours::{
    CallHoursPatch, CallHoursView, HolidaysPatch, HolidaysView, SchedulePatch, ScheduleView,
    schedule,
};
use vio_http::Patch;

/// Opening hours, call hours and holidays together, as S3 shows them.
#[derive(Serialize, ToSchema)]
pub(crate) struct BusinessHoursView {
    #[serde(skip_serializing_if = "Option::is_none")]
    operating_schedule: Option<ScheduleView>,
    call_hours: CallHoursView,
    holiday_calendar: HolidaysView,
}

/// The business.
#[derive(Serialize, ToSchema)]
pub(crate) struct BusinessView {
    tenant_id: Uuid,
    #[schema(example = "Riverside Dental Ltd")]
    company_legal_name: String,
    /// The name that is spoken, where it differs.
    #[schema(example = "Riverside Dental")]
    business_trading_name: Option<String>,
    #[schema(value_type = String, example = "medical")]
    business_type: BusinessType,
    /// The number people are told to call.
    #[schema(example = "+442079460001")]
    primary_phone: Option<String>,
    #[schema(example = "desk@riverside.example")]
    business_email: Option<String>,
    #[schema(example = "https://riverside.example")]
    website_url: Option<String>,
    #[schema(example = "1 High Street")]
    street_address: Option<String>,
    #[schema(example = "Leeds")]
    city: Option<String>,
    #[schema(example = "West Yorkshire")]
    county_state: Option<String>,
    #[schema(example = "LS1 1AA")]
    postal_code: Option<String>,
    /// ISO 3166 code.
    #[schema(example = "GB")]
    country: String,
    #[schema(example = "Europe/London")]
    timezone: String,
    /// Regions whose phone numbers are taken.
    #[schema(example = json!(["GB", "GG", "IM", "JE"]))]
    accepted_phone_regions: Vec<String>,
    business_hours: BusinessHoursView,
    /// Whether health data is handled by HIPAA's rules: S0's checklist is asked for before anybody is called.
    hipaa_mode: bool,
    /// Whether nobody is called without a recorded consent.
    require_voice_consent: bool,
}

impl BusinessView {
    fn of(tenant: TenantId, settings: &Settings) -> Self {
        let Business {
            legal_name,
            trading_name,
            business_type,
            country,
            timezone,
            primary_phone,
            email,
            website,
            address,
            operating_schedule,
            holidays,
            accepted_regions,
        } = &settings.business;
        Self {
            tenant_id: tenant.uuid(),
            company_legal_name: legal_name.as_str().to_owned(),
            business_trading_name: text(trading_name),
            business_type: *business_type,
            primary_phone: primary_phone
                .as_ref()
                .map(|phone| phone.as_str().to_owned()),
            business_email: email.as_ref().map(|email| email.as_str().to_owned()),
            website_url: text(website),
            street_address: text(&address.street),
            city: text(&address.city),
            county_state: text(&address.county),
            postal_code: text(&address.postal_code),
            country: country.as_str().to_owned(),
            timezone: timezone.name().to_owned(),
            accepted_phone_regions: accepted_regions
                .iter()
                .map(|region| region.as_str().to_owned())
                .collect(),
            business_hours: BusinessHoursView {
                operating_schedule: schedule(operating_schedule),
                call_hours: settings.calls.call_hours.into(),
                holiday_calendar: holidays.into(),
            },
            hipaa_mode: settings.privacy.hipaa_mode,
            require_voice_consent: settings.privacy.require_voice_consent,
        }
    }
}

fn text<const N: usize>(text: &Option<ShortText<N>>) -> Option<String> {
    text.as_ref().map(|text| text.as_str().to_owned())
}

/// The business, as everybody in it may see it.
#[utoipa::path(get, path = "/api/users/business", tag = "profile",
    responses((status = 200, body = BusinessView, headers(("ETag" = String, description = "Version of the settings")))))]
pub(crate) async fn show(
    State(app): State<App>,
    principal: Principal,
) -> Result<(ETag, Json<BusinessView>), Problem> {
    let (tenant, opened) = app.tenant_with_settings(&principal).await?;
    let view = BusinessView::of(tenant.id, &opened.settings);
    Ok((tag(&opened), Json(view)))
}

#[derive(Deserialize, ToSchema)]
pub(crate) struct BusinessHoursPatch {
    #[serde(default)]
    operating_schedule: Option<SchedulePatch>,
    #[serde(default)]
    call_hours: Option<CallHoursPatch>,
    #[serde(default)]
    holiday_calendar: Option<HolidaysPatch>,
}

/// What to change; a field left out stays, null empties one that may be empty.
#[derive(Deserialize, ToSchema)]
pub(crate) struct BusinessPatch {
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    company_legal_name: Patch<String>,
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    business_trading_name: Patch<String>,
    #[serde(default)]
    #[schema(value_type = Option<String>, example = "medical")]
    business_type: Patch<BusinessType>,
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    primary_phone: Patch<String>,
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    business_email: Patch<String>,
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    website_url: Patch<String>,
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    street_address: Patch<String>,
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    city: Patch<String>,
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    county_state: Patch<String>,
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    postal_code: Patch<String>,
    #[serde(default)]
    #[schema(value_type = Option<String>, example = "GB")]
    country: Patch<String>,
    #[serde(default)]
    #[schema(value_type = Option<String>, example = "Europe/London")]
    timezone: Patch<String>,
    #[serde(default)]
    #[schema(value_type = Option<Vec<String>>)]
    accepted_phone_regions: Patch<Vec<String>>,
    #[serde(default)]
    business_hours: Option<BusinessHoursPatch>,
}

type Refusal = (&'static str, &'static str);

fn country(text: &str) -> Result<Country, Refusal> {
    Country::parse(text).map_err(|_| {
        (
            "unknown_country",
            "This is not a two-letter country code, such as GB.",
        )
    })
}

fn regions(texts: &[String]) -> Result<AcceptedRegions, FieldProblem> {
    let mut regions = Vec::new();
    for (at, text) in texts.iter().enumerate() {
        let region = country(text)
            .map_err(|(code, detail)| FieldProblem::new(format!("/{at}"), code, detail))?;
        if !regions.contains(&region) {
            regions.push(region);
        }
    }
    AcceptedRegions::new(regions)
        .map_err(|_| FieldProblem::new("", "empty", "At least one region must be accepted."))
}

fn website(text: &str) -> Result<ShortText<255>, Refusal> {
    let refused = (
        "invalid_url",
        "A website is written in full, such as https://example.com.",
    );
    let uri: http::Uri = text.trim().parse().map_err(|_| refused)?;
    let scheme = uri
        .scheme_str()
        .is_some_and(|s| s == "https" || s == "http");
    let host = uri.host().is_some_and(|host| host.contains('.'));
    let plain = uri.authority().is_some_and(|a| !a.as_str().contains('@'));
    if !(scheme && host && plain) {
        return Err(refused);
    }
    ShortText::parse(text).map_err(|_| refused)
}

/// A postcode; one of the United Kingdom is checked and written with its space.
fn postal_code(text: &str, country: Country) -> Result<ShortText<20>, Refusal> {
    let refused = (
        "invalid_postcode",
        "This is not a UK postcode, such as SW1A 1AA.",
    );
    let british = [Country::GB, Country::GG, Country::IM, Country::JE].contains(&country);
    if !british {
        return ShortText::parse(text)
            .map_err(|_| ("too_long", "A postal code has 1 to 20 characters."));
    }
    let bare: String = text
        .chars()
        .filter(|c| !c.is_whitespace())
        .map(|c| c.to_ascii_uppercase())
        .collect();
    if !bare.is_ascii() || !(5..=7).contains(&bare.len()) {
        return Err(refused);
    }
    let (outward, inward) = bare.split_at(bare.len() - 3);
    let shape = |part: &str| -> String {
        part.chars()
            .map(|c| match c {
                'A'..='Z' => 'A',
                '0'..='9' => '9',
                _ => '?',
            })
            .collect()
    };
    let outwards = ["A9", "A99", "AA9", "AA99", "A9A", "AA9A"];
    if shape(inward) != "9AA" || !outwards.contains(&shape(outward).as_str()) {
        return Err(refused);
    }
    ShortText::parse(&format!("{outward} {inward}")).map_err(|_| refused)
}

impl BusinessPatch {
    fn apply(&self, opened: &mut TenantSettings, fields: &mut Fields) {
        let settings = &mut opened.settings;
        let business = &mut settings.business;
        let name = &mut business.legal_name;
        self.company_legal_name
            .put(fields, "/company_legal_name", name, |t| ShortText::parse(t));
        let name = &mut business.trading_name;
        self.business_trading_name
            .put_optional(fields, "/business_trading_name", name, |t| {
                ShortText::parse(t)
            });
        self.country
            .put(fields, "/country", &mut business.country, |t| country(t));
        self.timezone
            .put(fields, "/timezone", &mut business.timezone, |t| {
                let fault = (
                    "unknown_timezone",
                    "This is not a time zone, such as Europe/London.",
                );
                parse_zone(t).map_err(|_| fault)
            });
        let home = business.country;
        let number = &mut business.primary_phone;
        self.primary_phone
            .put_optional(fields, "/primary_phone", number, |t| {
                let fault = |error: phone::PhoneError| {
                    vio_http::FieldProblem::new("", error.code(), error.to_string())
                };
                phone::parse(t, home).map(|phone| phone.e164).map_err(fault)
            });
        let email = &mut business.email;
        self.business_email
            .put_optional(fields, "/business_email", email, |t| Email::parse(t));
        let site = &mut business.website;
        self.website_url
            .put_optional(fields, "/website_url", site, |t| website(t));
        let address = &mut business.address;
        self.street_address
            .put_optional(fields, "/street_address", &mut address.street, |t| {
                ShortText::parse(t)
            });
        self.city
            .put_optional(fields, "/city", &mut address.city, |t| ShortText::parse(t));
        self.county_state
            .put_optional(fields, "/county_state", &mut address.county, |t| {
                ShortText::parse(t)
            });
        let code = &mut address.postal_code;
        self.postal_code
            .put_optional(fields, "/postal_code", code, |t| postal_code(t, home));
        let accepted = &mut business.accepted_regions;
        self.accepted_phone_regions
            .put(fields, "/accepted_phone_regions", accepted, |t| regions(t));
        let before = business.business_type;
        self.business_type
            .copy(fields, "/business_type", &mut business.business_type);
        if business.business_type != before {
            change_type(settings);
        }
        if let Some(hours) = &self.business_hours {
            let at = |part: &str| format!("/business_hours/{part}");
            if let Some(patch) = &hours.operating_schedule {
                let schedule = &mut settings.business.operating_schedule;
                patch.apply(fields, &at("operating_schedule"), schedule);
            }
            if let Some(patch) = &hours.call_hours {
                patch.apply(fields, &at("call_hours"), &mut settings.calls.call_hours);
            }
            if let Some(patch) = &hours.holiday_calendar {
                let holidays = &mut settings.business.holidays;
                patch.apply(fields, &at("holiday_calendar"), holidays);
            }
        }
    }
}

/// Another type of business brings its voice; medical switches HIPAA mode on, and nothing switches it off (rules.md
/// Privacy).
fn change_type(settings: &mut Settings) {
    let defaults = Settings::for_business(settings.business.clone());
    settings.calls.tone = defaults.calls.tone;
    settings.calls.personalization = defaults.calls.personalization;
    if defaults.privacy.hipaa_mode && !settings.privacy.hipaa_mode {
        settings.privacy.hipaa_mode = true;
        settings.privacy.require_voice_consent = true;
        settings.privacy.contact_retention_months = defaults.privacy.contact_retention_months;
    }
}

/// Changes the business. What can move reminders (zone, hours, holidays) has them planned anew.
#[utoipa::path(patch, path = "/api/users/business", tag = "profile", request_body = BusinessPatch,
    params(("If-Match" = Option<String>, Header, description = "The version being changed")),
    responses((status = 200, body = BusinessView), (status = 409, description = "The legal name is taken"),
    (status = 412, description = "Somebody else changed the settings meanwhile")))]
pub(crate) async fn edit(
    State(app): State<App>,
    principal: Principal,
    request: RequestId,
    condition: IfMatch,
    Json(patch): Json<BusinessPatch>,
) -> Result<(ETag, Json<BusinessView>), Problem> {
    let asked = Asked {
        app: &app,
        principal: &principal,
        request,
        condition,
        section: "settings.business",
    };
    let saved = asked
        .change(|opened, fields| patch.apply(opened, fields))
        .await?;
    let view = BusinessView::of(principal.tenant_id, &saved.settings);
    Ok((tag(&saved), Json(view)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn british_postcodes_are_checked_and_spaced() {
        let read = |text: &str| postal_code(text, Country::GB).map(ShortText::into_string);
        assert_eq!(read("sw1a1aa").as_deref(), Ok("SW1A 1AA"));
        assert_eq!(read(" M1 1AE ").as_deref(), Ok("M1 1AE"));
        assert_eq!(read("CR2 6XH").as_deref(), Ok("CR2 6XH"));
        for bad in [
            "",
            "SW1A",
            "12345",
            "SW1A 1A1",
            "ÄÖ1 1AA",
            "SW1A 11AA",
            "QQQ1 1AA",
        ] {
            assert!(read(bad).is_err(), "{bad}");
        }
        assert!(postal_code("10115", Country::US).is_ok());
    }

    #[test]
    fn websites_are_whole_addresses() {
        assert!(website("https://riverside.example/book").is_ok());
        for bad in [
            "riverside.example",
            "javascript:alert(1)",
            "https://user@riverside.example",
            "http://x",
        ] {
            assert!(website(bad).is_err(), "{bad}");
        }
    }
}
