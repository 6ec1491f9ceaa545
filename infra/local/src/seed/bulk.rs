//! Many invented contacts, written through the store in batches: what a load test or a full list needs, without a
//! request for each.

use std::ops::Range;

use chrono::{DateTime, TimeDelta, Utc};
use futures::{StreamExt, TryStreamExt, stream};
use vio_domain::appointment::Appointment;
use vio_domain::contact::{
    BookingSource, ConsentMethod, Contact, Preferences, Priority, VoiceConsent,
};
use vio_domain::ids::{AppointmentId, ContactId, TenantId};
use vio_domain::phone::E164;
use vio_domain::settings::Settings;
use vio_domain::text::PersonName;
use vio_runtime::App;
use vio_store::log::{Actor, Entry};
use vio_store::tx::Tx;
use vio_store::{StoreError, TenantStore};

/// Contacts written in one transaction: each takes up to nine of its hundred operations.
pub const BATCH: u32 = 10;
/// Batches written side by side: fewer than there are numbers, so that no two claim the same.
const SIDE_BY_SIDE: usize = 4;
/// What Ofcom keeps for drama: these, each followed by three digits. London's are left to the demo clinic.
const DRAMA: [&str; 13] = [
    "+441134960",
    "+441144960",
    "+441164960",
    "+441174960",
    "+441184960",
    "+441214960",
    "+441314960",
    "+441414960",
    "+441514960",
    "+441614960",
    "+441914980",
    "+442896496",
    "+442920180",
];
/// How many there are. Contacts beyond that share numbers, as households do.
const NUMBERS: u64 = 1_000 * DRAMA.len() as u64;

fn number(at: u64) -> String {
    let (area, rest) = ((at % NUMBERS / 1_000) as usize, at % 1_000);
    format!("{}{rest:03}", DRAMA[area])
}

const FIRST: [&str; 24] = [
    "Alice", "Amir", "Bronwen", "Caleb", "Chloe", "Dafydd", "Elena", "Farah", "Grace", "Hamish",
    "Imogen", "Jamal", "Kerry", "Leah", "Mateo", "Nadia", "Oliver", "Petra", "Quentin", "Rhys",
    "Sofia", "Tariq", "Una", "Wilfred",
];
const LAST: [&str; 25] = [
    "Abbott",
    "Barlow",
    "Castell",
    "Drummond",
    "Eastwood",
    "Farrow",
    "Galbraith",
    "Hollis",
    "Inskip",
    "Jessop",
    "Kirkbride",
    "Lomax",
    "Merriweather",
    "Northcote",
    "Oakden",
    "Pendle",
    "Quayle",
    "Radcliffe",
    "Sedgwick",
    "Thorne",
    "Underhill",
    "Vance",
    "Wetherby",
    "Yardley",
    "Zeller",
];

const TYPES: [&str; 6] = [
    "Check-up",
    "Consultation",
    "Hygienist",
    "Follow-up",
    "Assessment",
    "Review",
];
const OWNERS: [&str; 5] = [
    "Jo Lee",
    "Morgan Price",
    "Sam Adeyemi",
    "Robin Clarke",
    "Alex Marsh",
];
const NOTES: [&str; 8] = [
    "Prefers mornings and a ground-floor room.",
    "Comes by bus, may be ten minutes late.",
    "Asked about the knee brace last time.",
    "Likes to be rung after five.",
    "Brings a grandchild along.",
    "Needs the ramp at the side entrance.",
    "Moved here in spring; papers are to follow.",
    "Hard of hearing on the left; speak slowly.",
];
const TAGS: [&str; 4] = ["vip", "referral", "newsletter", "needs transport"];
const INSTRUCTIONS: [&str; 3] = [
    "Please come ten minutes early.",
    "Please bring your glasses.",
    "Parking is behind the house.",
];

/// Adds `count` contacts to a tenant, each with one appointment in the next two weeks and its planned call. How many
/// were added; None where there is no such tenant.
pub async fn contacts(app: &App, tenant: TenantId, count: u32) -> Result<Option<u32>, StoreError> {
    let Some(ts) = app.store.tenant(tenant).await? else {
        return Ok(None);
    };
    let settings = ts.settings().await?.settings;
    // Each run starts elsewhere, so that small ones seldom share numbers.
    let start = ts.new_id().as_u64_pair().1 % NUMBERS;
    let batches = (0..count).step_by(BATCH as usize);
    stream::iter(batches.map(|first| {
        let (ts, settings) = (ts.clone(), settings.clone());
        let last = count.min(first + BATCH);
        // Tasks of their own: sealing is work for the processor.
        tokio::spawn(async move { batch(&ts, &settings, start, first..last).await })
    }))
    .buffer_unordered(SIDE_BY_SIDE)
    .map(|done| done.unwrap_or_else(|ended| Err(invalid(ended))))
    .try_collect::<()>()
    .await?;
    Ok(Some(count))
}

async fn batch(
    ts: &TenantStore,
    settings: &Settings,
    start: u64,
    numbers: Range<u32>,
) -> Result<(), StoreError> {
    let mut tx = Tx::new();
    for at in numbers {
        stage(ts, settings, &mut tx, start, at).await?;
    }
    ts.store.commit(tx).await
}

async fn stage(
    ts: &TenantStore,
    settings: &Settings,
    tx: &mut Tx,
    start: u64,
    at: u32,
) -> Result<(), StoreError> {
    let now = ts.now();
    let mut contact = contact(ts, start, at, now)?;
    let time = appointment_time(now, at);
    let mut appointment = appointment(ts, &contact, settings, time);
    vary(at as usize, &mut contact, &mut appointment)?;
    stage_person(ts, settings, tx, contact, appointment)
        .await
        .map(|_| ())
}

/// Something to search and to filter by: every contact has a kind of appointment and somebody to see, some have notes,
/// a tag, a priority.
fn vary(at: usize, contact: &mut Contact, appointment: &mut Appointment) -> Result<(), StoreError> {
    fn some<T: std::str::FromStr>(words: &[&str], at: usize) -> Result<Option<T>, StoreError>
    where
        T::Err: std::fmt::Debug,
    {
        let word = words[at % words.len()].parse();
        word.map(Some).map_err(|_| invalid("a word that is none"))
    }
    appointment.appointment_type = some(&TYPES, at)?;
    appointment.owner_name = some(&OWNERS, at / TYPES.len())?;
    if at.is_multiple_of(3) {
        contact.notes = some(&NOTES, at / 3)?;
    }
    if at.is_multiple_of(5) {
        contact.tags.extend(some(&TAGS, at / 5)?);
    }
    if at.is_multiple_of(7) {
        appointment.special_instructions = some(&INSTRUCTIONS, at / 7)?;
    }
    contact.priority = match at % 20 {
        0 => Priority::Urgent,
        1 | 2 => Priority::High,
        _ => Priority::Normal,
    };
    Ok(())
}

/// Adds at most [`BATCH`] invented contacts, by number, with appointments at these times and their planned calls: who
/// they are.
pub async fn with_appointments(
    ts: &TenantStore,
    settings: &Settings,
    numbered: &[(u32, DateTime<Utc>)],
) -> Result<Vec<ContactId>, StoreError> {
    let mut ids = Vec::with_capacity(numbered.len());
    let mut tx = Tx::new();
    for (at, time) in numbered {
        let contact = contact(ts, 0, *at, ts.now())?;
        let appointment = appointment(ts, &contact, settings, *time);
        ids.push(stage_person(ts, settings, &mut tx, contact, appointment).await?);
    }
    ts.store.commit(tx).await?;
    Ok(ids)
}

async fn stage_person(
    ts: &TenantStore,
    settings: &Settings,
    tx: &mut Tx,
    contact: Contact,
    appointment: Appointment,
) -> Result<ContactId, StoreError> {
    let (id, appointment_id) = (contact.id, appointment.id);
    let mut person = ts.new_person(contact, vec![appointment])?;
    let claims = ts.read_claims(&person).await?;
    ts.stage_claims(tx, &[&person], claims)?;
    ts.replan(tx, settings, &mut person, appointment_id).await?;
    ts.stage_person(tx, &mut person)?;
    let entry = Entry::new("contact.created", "contact", id.uuid())
        .contact(id)
        .version(1);
    ts.log(tx, &Actor::system("seed"), entry)?;
    Ok(id)
}

fn invalid(error: impl std::fmt::Display) -> StoreError {
    StoreError::Invalid(error.to_string())
}

fn contact(
    ts: &TenantStore,
    start: u64,
    at: u32,
    now: DateTime<Utc>,
) -> Result<Contact, StoreError> {
    let at = at as usize;
    let first = FIRST[at % FIRST.len()];
    let last = LAST[at / FIRST.len() % LAST.len()];
    let number = number(start + at as u64);
    Ok(Contact {
        version: 1,
        phone: Some(E164::try_from(number).map_err(invalid)?),
        preferences: Preferences {
            voice_consent: VoiceConsent::Given {
                method: ConsentMethod::Verbal,
                obtained_at: now,
            },
            ..Preferences::default()
        },
        booking_source: BookingSource::Import,
        ..Contact::named(
            ContactId::new(ts.new_id()),
            ts.id,
            PersonName::parse(&format!("{first} {last}")).map_err(|error| invalid(error.detail))?,
            now,
        )
    })
}

/// Every quarter of an hour from 09:00 to 17:00 UTC, spread over two weeks that begin in two days.
fn appointment_time(now: DateTime<Utc>, at: u32) -> DateTime<Utc> {
    let quarter = i64::from(at % 32);
    let day = i64::from(at / 32 % 14) + 2;
    let midnight = now.date_naive().and_time(chrono::NaiveTime::MIN).and_utc();
    midnight + TimeDelta::days(day) + TimeDelta::minutes(9 * 60 + 15 * quarter)
}

fn appointment(
    ts: &TenantStore,
    contact: &Contact,
    settings: &Settings,
    time: DateTime<Utc>,
) -> Appointment {
    let now = ts.now();
    Appointment {
        version: 1,
        source: BookingSource::Import,
        ..Appointment::at(
            AppointmentId::new(ts.new_id()),
            ts.id,
            contact.id,
            time,
            settings.business.timezone,
            now,
        )
    }
}

#[cfg(test)]
mod tests {
    use vio_domain::phone::{Country, parse};

    use super::*;

    #[test]
    fn the_numbers_are_valid_and_kept_for_drama() {
        let gb = Country::parse("GB").unwrap();
        let all: std::collections::BTreeSet<String> = (0..NUMBERS).map(number).collect();
        assert_eq!(all.len() as u64, NUMBERS);
        for number in all.iter().step_by(37) {
            assert!(
                parse(number, gb).unwrap().e164.dialable().is_ok(),
                "{number}"
            );
        }
    }
}
