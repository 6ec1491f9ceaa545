//! The demo clinic: its people sign up and are entered through the product's own API, its settings in one change. What
//! is there already stays as it is, so it can be run again after it was cut off.

use chrono::{DateTime, Datelike, NaiveTime, SecondsFormat, TimeDelta, TimeZone, Utc, Weekday};
use chrono_tz::Europe::London;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use vio_domain::calendar::HolidayCalendar;
use vio_domain::groups::{Color, GroupName, Visibility};
use vio_domain::ids::{GroupId, LocationId, TenantId};
use vio_domain::phone::{Country, E164, parse};
use vio_domain::settings::{AppointmentType, Sensitivity};
use vio_runtime::App;
use vio_store::contacts::{ListQuery, Start};
use vio_store::groups::GroupRow;
use vio_store::locations::LocationRow;
use vio_store::log::{Actor, Entry};
use vio_store::tx::Tx;
use vio_store::{StoreError, TenantStore};

use super::{DemoNote, PASSWORD, SIGN_INS, SeedError};

/// What the sandbox's voice provider knows the clinic by.
const AGENT: &str = "agent_riverside_demo";
const FROM: &str = "+442079460100";
const RETELL_KEY: &str = "key_riverside_demo_sandbox";
const CALCOM_KEY: &str = "cal_riverside_demo_sandbox";
const ORGANIZER: &str = "bookings@riverside.example";
const WEBHOOK_SECRET: &str = "riverside-demo-webhook-secret";

/// The group to try a campaign on, and how many are in it.
const GROUP: &str = "Follow-up";
const IN_GROUP: u32 = 60;

/// Name, number, e-mail, working days ahead, hour, minute, length, type, location, instructions.
type Person = (
    &'static str,
    &'static str,
    &'static str,
    u32,
    u32,
    u32,
    u16,
    &'static str,
    usize,
    Option<&'static str>,
);

const PEOPLE: [Person; 12] = [
    (
        "Amelia Hart",
        "020 7946 0201",
        "amelia.hart@example.com",
        2,
        9,
        0,
        30,
        "Check-up",
        0,
        None,
    ),
    (
        "George Pemberton",
        "020 7946 0202",
        "g.pemberton@example.com",
        2,
        9,
        30,
        30,
        "Check-up",
        0,
        None,
    ),
    (
        "Yusuf Demir",
        "020 7946 0203",
        "yusuf.demir@example.com",
        2,
        10,
        15,
        45,
        "Physiotherapy",
        1,
        None,
    ),
    (
        "Siân Llewellyn",
        "020 7946 0204",
        "sian.ll@example.com",
        2,
        14,
        0,
        30,
        "Blood test",
        0,
        None,
    ),
    (
        "Owen Fairweather",
        "020 7946 0205",
        "owen.f@example.com",
        3,
        9,
        0,
        60,
        "Physiotherapy",
        1,
        None,
    ),
    (
        "Niamh O'Sullivan",
        "020 7946 0206",
        "niamh.os@example.com",
        3,
        11,
        30,
        30,
        "Check-up",
        0,
        None,
    ),
    (
        "Priscilla Adjei",
        "020 7946 0207",
        "p.adjei@example.com",
        3,
        15,
        45,
        30,
        "Vaccination",
        0,
        None,
    ),
    (
        "Thomas Birchwood",
        "020 7946 0208",
        "t.birchwood@example.com",
        4,
        8,
        45,
        15,
        "Vaccination",
        1,
        None,
    ),
    (
        "Mei-Ling Zhao",
        "020 7946 0209",
        "meiling.zhao@example.com",
        5,
        10,
        0,
        45,
        "Physiotherapy",
        1,
        None,
    ),
    (
        "Callum Strachan",
        "020 7946 0210",
        "callum.s@example.com",
        6,
        13,
        30,
        30,
        "Check-up",
        0,
        None,
    ),
    (
        "Rosa Delgado",
        "020 7946 0211",
        "rosa.delgado@example.com",
        8,
        16,
        0,
        30,
        "Blood test",
        0,
        None,
    ),
    (
        "Edith Winterbourne",
        "020 7946 0211",
        "edith.w@example.com",
        9,
        10,
        30,
        30,
        "Check-up",
        0,
        Some("Please arrive ten minutes early."),
    ),
];

const TYPES: [(&str, Sensitivity, Option<&str>); 4] = [
    ("Check-up", Sensitivity::Normal, None),
    ("Physiotherapy", Sensitivity::Normal, None),
    (
        "Vaccination",
        Sensitivity::Normal,
        Some("appointment with the nurse"),
    ),
    ("Blood test", Sensitivity::Sensitive, None),
];

const LOCATIONS: [(&str, &str, &str); 2] = [
    (
        "Riverside House",
        "14 Quayside, London SE1 0AA",
        "020 7946 0100",
    ),
    (
        "Mill Lane Rooms",
        "3 Mill Lane, London SE1 0AB",
        "020 7946 0101",
    ),
];

/// The product's API with one session.
struct Client {
    http: reqwest::Client,
    base: String,
    token: Option<String>,
}

impl Client {
    async fn call(
        &self,
        method: Method,
        path: &str,
        body: Option<&Value>,
    ) -> Result<(StatusCode, Value), SeedError> {
        let mut request = self.http.request(method, format!("{}{path}", self.base));
        if let Some(body) = body {
            request = request.json(body);
        }
        if let Some(token) = &self.token {
            request = request.bearer_auth(token);
        }
        let answer = request.send().await.map_err(SeedError::NoAnswer)?;
        let status = answer.status();
        Ok((status, answer.json().await.unwrap_or(Value::Null)))
    }

    /// Does a step; `there` is an answer that says it was done before.
    async fn step(
        &self,
        step: &'static str,
        (method, path): (Method, &str),
        body: &Value,
        there: Option<StatusCode>,
    ) -> Result<Value, SeedError> {
        let (status, answer) = self.call(method, path, Some(body)).await?;
        if status.is_success() || Some(status) == there {
            return Ok(answer);
        }
        Err(refused(step, status, &answer))
    }
}

fn refused(step: &'static str, status: StatusCode, answer: &Value) -> SeedError {
    // The type and the fields at fault, never their values.
    let mut kind = answer["type"].as_str().unwrap_or_default().to_owned();
    for error in answer["errors"].as_array().into_iter().flatten() {
        let text = |name: &str| error[name].as_str().unwrap_or_default();
        kind.push_str(&format!(" {} {}", text("pointer"), text("code")));
    }
    SeedError::Refused {
        step,
        status: status.as_u16(),
        kind,
    }
}

/// Makes the demo clinic, its people through the API at `base`. Its id; None where it is there and its password was
/// changed.
pub async fn demo(app: &App, base: &str, note: &DemoNote) -> Result<Option<TenantId>, SeedError> {
    if let Some(tenant) = note.tenant() {
        return Ok(Some(tenant));
    }
    let http = reqwest::Client::builder()
        .no_proxy()
        .build()
        .map_err(SeedError::NoAnswer)?;
    let mut client = Client {
        http,
        base: base.to_owned(),
        token: None,
    };
    let admin = &SIGN_INS[0];
    let sign_up = json!({
        "business_name": "Riverside Clinic", "business_type": "medical", "country": "GB", "timezone": "Europe/London",
        "admin": { "full_name": admin.full_name, "email": admin.email, "password": PASSWORD },
    });
    client
        .step(
            "sign-up",
            (Method::POST, "/api/tenants"),
            &sign_up,
            Some(StatusCode::CONFLICT),
        )
        .await?;
    let credentials = json!({ "email": admin.email, "password": PASSWORD });
    let (status, session) = client
        .call(Method::POST, "/api/auth/sign-in", Some(&credentials))
        .await?;
    if status == StatusCode::UNAUTHORIZED {
        return Ok(None);
    }
    let tenant = session["user"]["tenant_id"]
        .as_str()
        .and_then(|id| id.parse::<TenantId>().ok());
    let (Some(tenant), Some(token)) = (tenant, session["access_token"].as_str()) else {
        return Err(refused("sign-in", status, &session));
    };
    client.token = Some(token.to_owned());
    team(&client).await?;
    let scope = app.store.tenant(tenant).await?;
    let scope = scope.ok_or_else(|| invalid("a tenant that signs in and is not there"))?;
    let locations = settings(&scope).await?;
    people(&client, &scope, &locations).await?;
    follow_up(&scope).await?;
    note.keep(tenant)?;
    Ok(Some(tenant))
}

/// When the first planned call of a tenant's contacts is due, among the hundred oldest contacts.
pub async fn first_call(app: &App, tenant: TenantId) -> Result<Option<DateTime<Utc>>, StoreError> {
    let Some(ts) = app.store.tenant(tenant).await? else {
        return Ok(None);
    };
    let query = ListQuery {
        status: None,
        ascending: true,
        start: Start::Page(1),
        page_size: 100,
    };
    let listed = ts.list_contacts(query).await?;
    let planned = listed
        .contacts
        .into_iter()
        .filter_map(|(_, appointment)| appointment?.next_call_at);
    Ok(planned.filter(|at| *at > ts.now()).min())
}

async fn team(client: &Client) -> Result<(), SeedError> {
    for who in &SIGN_INS[1..] {
        let member = json!({
            "full_name": who.full_name, "email": who.email, "role": who.role, "preset": who.preset, "password": PASSWORD,
        });
        client
            .step(
                "a colleague",
                (Method::POST, "/api/team"),
                &member,
                Some(StatusCode::CONFLICT),
            )
            .await?;
    }
    Ok(())
}

/// What a person would set up in the settings: in one change, so that it is there whole or not at all.
async fn settings(ts: &TenantStore) -> Result<Vec<LocationId>, SeedError> {
    let known = ts.locations().await?;
    if !known.is_empty() {
        return Ok(known.iter().map(|location| location.id).collect());
    }
    let now = ts.now();
    let mut tx = Tx::new();
    let mut opened = ts.settings().await?;
    let before = opened.clone();
    opened.secrets.retell_key.rotate(RETELL_KEY.to_owned(), now);
    opened.secrets.calcom_key = Some(CALCOM_KEY.to_owned());
    opened
        .secrets
        .calcom_webhook
        .rotate(WEBHOOK_SECRET.to_owned(), now);
    let settings = &mut opened.settings;
    settings.calls.voice_consent_from_booking = true;
    settings.business.primary_phone = Some(number(FROM)?);
    settings.integrations.retell.agent_id = Some(AGENT.parse().map_err(invalid)?);
    settings.integrations.retell.from_number = Some(number(FROM)?);
    settings.integrations.retell.has_key = true;
    let calcom = &mut settings.integrations.calcom;
    calcom.enabled = true;
    calcom.organizer_email = Some(ORGANIZER.parse().map_err(invalid)?);
    calcom.has_key = true;
    calcom.has_webhook_secret = true;
    // The sandbox's post office takes every e-mail and shows it.
    settings.integrations.email.enabled = true;
    settings.integrations.email.reply_to = Some(ORGANIZER.parse().map_err(invalid)?);
    for (name, sensitivity, spoken_as) in TYPES {
        settings.appointment_types.push(AppointmentType {
            name: name.parse().map_err(invalid)?,
            sensitivity,
            spoken_as: spoken_as.map(str::parse).transpose().map_err(invalid)?,
        });
    }
    ts.stage_calendar_connected(&mut tx, &before, &opened)
        .await?;
    ts.save_settings(&mut tx, &mut opened)?;
    let actor = Actor::system("seed");
    let entry = Entry::new("settings.updated", "settings", ts.id.uuid()).version(opened.version);
    ts.log(
        &mut tx,
        &actor,
        entry.fields(["integrations", "calls", "appointment_types"]),
    )?;
    let mut ids = Vec::new();
    for (name, address, phone) in LOCATIONS {
        let mut row = LocationRow {
            tenant: ts.id,
            id: LocationId::new(ts.new_id()),
            version: 0,
            name: name.parse().map_err(invalid)?,
            address: Some(address.parse().map_err(invalid)?),
            phone: Some(number(phone)?),
            timezone: Some(London),
            created_at: now,
            updated_at: now,
        };
        tx.create(&mut row)?;
        ts.log(
            &mut tx,
            &actor,
            Entry::new("location.created", "location", row.id.uuid()).version(1),
        )?;
        ids.push(row.id);
    }
    ts.store.commit(tx).await?;
    Ok(ids)
}

fn number(text: &str) -> Result<E164, SeedError> {
    let region = Country::parse("GB").map_err(invalid)?;
    Ok(parse(text, region).map_err(invalid)?.e164)
}

fn invalid(error: impl std::fmt::Display) -> SeedError {
    SeedError::Store(StoreError::Invalid(error.to_string()))
}

async fn people(
    client: &Client,
    scope: &TenantStore,
    locations: &[LocationId],
) -> Result<(), SeedError> {
    let holidays = scope.settings().await?.settings.business.holidays;
    for (name, phone, email, days, hour, minute, length, kind, location, instructions) in PEOPLE {
        let at = opening_time(scope.now(), &holidays, days, hour, minute);
        let mut body = json!({
            "name": name, "phone": phone, "email": email,
            "appointment_time": at.to_rfc3339_opts(SecondsFormat::Secs, true), "timezone": "Europe/London",
            "appointment_type": kind, "appointment_duration": length, "location_id": locations.get(location),
            "voice_consent": { "method": "verbal" },
        });
        if let Some(instructions) = instructions {
            body["special_instructions"] = json!(instructions);
        }
        client
            .step(
                "a contact",
                (Method::POST, "/api/contacts"),
                &body,
                Some(StatusCode::CONFLICT),
            )
            .await?;
    }
    Ok(())
}

/// A group to try a campaign on: sixty people whose appointments are more than a week ahead, so that no reminder of their
/// own is due meanwhile. Run again after it was cut off, it goes on where the group ends.
async fn follow_up(ts: &TenantStore) -> Result<(), SeedError> {
    let actor = Actor::system("seed");
    let (groups, _) = ts.groups(100, None).await?;
    let there = groups
        .into_iter()
        .find(|group| group.name.as_str() == GROUP);
    let group = match there {
        Some(group) => group,
        None => {
            let mut row = GroupRow {
                tenant: ts.id,
                id: GroupId::new(ts.new_id()),
                version: 0,
                edit_version: 1,
                name: GroupName::parse(GROUP).map_err(|error| invalid(error.detail))?,
                description: Some(
                    "To be rung after their last visit"
                        .parse()
                        .map_err(invalid)?,
                ),
                color: Color::Orange,
                icon: None,
                visibility: Visibility::AllStaff,
                members: 0,
                archived_at: None,
                made_from: None,
                active_at: ts.now(),
                created_by: None,
                created_at: ts.now(),
                updated_at: ts.now(),
            };
            let mut tx = Tx::new();
            ts.create_group(&mut tx, &mut row)?;
            let entry = Entry::new("group.created", "group", row.id.uuid()).version(1);
            ts.log(&mut tx, &actor, entry)?;
            ts.store.commit(tx).await?;
            row
        }
    };
    let settings = ts.settings().await?.settings;
    let now = ts.now();
    let missing: Vec<(u32, DateTime<Utc>)> = (group.members..IN_GROUP)
        .map(|at| {
            let (day, quarter) = (at / 30, at % 30);
            let holidays = &settings.business.holidays;
            let time = opening_time(now, holidays, 8 + day, 9 + quarter / 4, quarter % 4 * 15);
            (at, time)
        })
        .collect();
    for batch in missing.chunks(super::bulk::BATCH as usize) {
        let people = super::bulk::with_appointments(ts, &settings, batch).await?;
        ts.join_group(group.id, &people, &actor).await?;
    }
    Ok(())
}

/// A time of day in London so many working days ahead. Two or more leave a working day between, so that there is time
/// for a call whenever the demo is made.
fn opening_time(
    now: DateTime<Utc>,
    holidays: &HolidayCalendar,
    working_days: u32,
    hour: u32,
    minute: u32,
) -> DateTime<Utc> {
    let mut day = now.with_timezone(&London).date_naive();
    let mut left = working_days;
    while left > 0 {
        day += TimeDelta::days(1);
        let weekend = matches!(day.weekday(), Weekday::Sat | Weekday::Sun);
        if !weekend && !holidays.is_holiday(day) {
            left -= 1;
        }
    }
    let time = NaiveTime::from_hms_opt(hour, minute, 0).unwrap_or_default();
    // No clock change happens in opening hours.
    let local = London.from_local_datetime(&day.and_time(time)).earliest();
    local.map_or(now, |at| at.with_timezone(&Utc))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_number_is_valid_and_kept_for_drama() {
        let gb = Country::parse("GB").unwrap();
        let numbers = PEOPLE
            .iter()
            .map(|person| person.1)
            .chain(LOCATIONS.iter().map(|place| place.2))
            .chain([FROM]);
        for number in numbers {
            let parsed = parse(number, gb).unwrap();
            assert!(parsed.e164.dialable().is_ok());
            assert!(
                parsed.e164.as_str().starts_with("+4420794601")
                    || parsed.e164.as_str().starts_with("+4420794602")
            );
        }
    }

    #[test]
    fn appointments_are_on_working_days_with_one_before_them() {
        let holidays = HolidayCalendar::default();
        // Over Christmas, New Year and Easter, at all hours.
        let mut now = Utc.with_ymd_and_hms(2026, 12, 1, 23, 30, 0).unwrap();
        for _ in 0..250 {
            now += TimeDelta::hours(13);
            for person in PEOPLE {
                let at = opening_time(now, &holidays, person.3, person.4, person.5)
                    .with_timezone(&London);
                assert_eq!(
                    at.time(),
                    NaiveTime::from_hms_opt(person.4, person.5, 0).unwrap()
                );
                let open = |day: chrono::NaiveDate| {
                    !matches!(day.weekday(), Weekday::Sat | Weekday::Sun)
                        && !holidays.is_holiday(day)
                };
                assert!(open(at.date_naive()));
                let today = now.with_timezone(&London).date_naive();
                let between = today
                    .iter_days()
                    .skip(1)
                    .take_while(|day| *day < at.date_naive())
                    .filter(|day| open(*day));
                assert!(between.count() >= 1, "{at} from {now}");
            }
        }
    }
}
