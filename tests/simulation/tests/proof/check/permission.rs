//! When and whom: days, hours, and what a person took back.

use chrono::{DateTime, Datelike, NaiveDate, TimeDelta, Timelike, Utc, Weekday};
use chrono_tz::Tz;
use vio_domain::calling::session::Method;
use vio_domain::contact::VoiceConsent;
use vio_domain::settings::Settings;

use super::Broken;
use crate::history::{History, at, before};
use crate::provider::Arrival;

/// How far a worker's clock may be from the truth.
const SKEW: TimeDelta = TimeDelta::seconds(1);
/// From the reads of the guards to the send that follows them, slow requests included.
const READ_TO_SEND: TimeDelta = TimeDelta::seconds(5);

/// England's bank holidays of the years that worlds are set in.
const BANK_HOLIDAYS: [&str; 16] = [
    "2026-01-01",
    "2026-04-03",
    "2026-04-06",
    "2026-05-04",
    "2026-05-25",
    "2026-08-31",
    "2026-12-25",
    "2026-12-28",
    "2027-01-01",
    "2027-03-26",
    "2027-03-29",
    "2027-05-03",
    "2027-05-31",
    "2027-08-30",
    "2027-12-27",
    "2027-12-28",
];

/// The local day of the tenant holds no more than the daily limit. While two zones count, the day of both.
pub(super) fn days(history: &History, broken: &mut Vec<Broken>) {
    let daily = history.numbers.daily;
    let created: Vec<&Arrival> = history.arrivals.iter().filter(|a| a.created).collect();
    for arrival in &created {
        let Some(grant) = history.grant(arrival.attempt) else {
            continue;
        };
        for zone in zones_in_force(history, grant.seq, grant.at) {
            let date = |instant: DateTime<Utc>| instant.with_timezone(&zone).date_naive();
            let today = created
                .iter()
                .filter(|other| other.at <= arrival.at && date(other.at) == date(arrival.at))
                .count();
            if today > daily as usize {
                broken.push(Broken {
                    rule: "day",
                    at: Some(arrival.at),
                    what: format!("call {today} of {} in {zone}", date(arrival.at)),
                });
            }
        }
    }
}

/// The tenant's zone at a grant, and earlier ones until their next midnight.
fn zones_in_force(history: &History, seq: u64, when: DateTime<Utc>) -> Vec<Tz> {
    let mut zones = Vec::new();
    let versions: Vec<_> = history.settings.iter().filter(|v| v.seq < seq).collect();
    for (index, version) in versions.iter().enumerate() {
        let zone = version.value.business.timezone;
        let replaced = versions.get(index + 1).map(|next| next.at);
        let date = |instant: DateTime<Utc>| instant.with_timezone(&zone).date_naive();
        if replaced.is_none_or(|replaced| date(replaced) == date(when)) {
            zones.push(zone);
        }
    }
    zones
}

/// Every send begins at a permitted time on the person's clock, under the settings that its grant was decided on.
pub(super) fn hours(history: &History, broken: &mut Vec<Broken>) {
    for arrival in &history.arrivals {
        let Some(grant) = history.grant(arrival.attempt) else {
            continue;
        };
        let settings = before(&history.settings, grant.seq);
        let contact = history
            .contacts
            .get(&arrival.contact)
            .and_then(|versions| before(versions, grant.seq));
        let (Some(settings), Some(contact)) = (settings, contact) else {
            continue;
        };
        let settings = &settings.value;
        let zone = contact
            .value
            .preferences
            .timezone
            .unwrap_or(settings.business.timezone);
        let close = [-SKEW, TimeDelta::zero(), SKEW];
        if !close
            .iter()
            .any(|off| permitted(settings, zone, arrival.sent_at + *off))
        {
            let local = arrival.sent_at.with_timezone(&zone);
            broken.push(Broken {
                rule: "hours",
                at: Some(arrival.at),
                what: format!(
                    "contact {} at {}",
                    arrival.contact,
                    local.format("%a %F %T %Z")
                ),
            });
        }
    }
}

/// Whether a call may be placed at an instant, on the clock of a zone.
pub(super) fn permitted(settings: &Settings, zone: Tz, instant: DateTime<Utc>) -> bool {
    let hours = settings.calls.call_hours;
    let local = instant.with_timezone(&zone);
    let minutes = |text: String| -> u32 {
        let (hour, minute) = text.split_once(':').unwrap_or(("0", "0"));
        hour.parse::<u32>().unwrap_or(0) * 60 + minute.parse::<u32>().unwrap_or(0)
    };
    let now = local.hour() * 60 + local.minute();
    let within =
        minutes(hours.start().to_string()) <= now && now < minutes(hours.end().to_string());
    let weekend = matches!(local.weekday(), Weekday::Sat | Weekday::Sun);
    let date = local.date_naive();
    within && (hours.weekends() || !weekend) && (hours.holidays() || !holiday(settings, date))
}

fn holiday(settings: &Settings, date: NaiveDate) -> bool {
    let calendar = &settings.business.holidays;
    let bank = calendar.uk_bank_holidays && BANK_HOLIDAYS.contains(&date.to_string().as_str());
    bank || calendar.custom_holidays.iter().any(|day| day == date)
}

/// What forbids a call to somebody, as far as a person can take it back.
fn withdrawn(history: &History, arrival: &Arrival, seq: u64) -> Vec<(&'static str, DateTime<Utc>)> {
    let mut reasons = Vec::new();
    let Some(grant) = history.grant(arrival.attempt) else {
        return reasons;
    };
    let hash = grant.value.phone.to_string();
    if let Some(listed) = history.listed.get(&hash).and_then(|v| before(v, seq))
        && listed.value
    {
        reasons.push(("do-not-call list", listed.at));
    }
    if let Some(versions) = history.contacts.get(&arrival.contact) {
        // Since when something holds without a break.
        let since = |holds: &dyn Fn(&vio_store::contacts::ContactRow) -> bool| {
            let mut start = None;
            for version in versions.iter().filter(|version| version.seq < seq) {
                match (holds(&version.value), start) {
                    (true, None) => start = Some(version.at),
                    (true, Some(_)) => {}
                    (false, _) => start = None,
                }
            }
            start
        };
        let mut note = |reason, start: Option<DateTime<Utc>>| {
            reasons.extend(start.map(|start| (reason, start)));
        };
        note("contact forbidden", since(&|row| row.do_not_contact));
        note("contact deleted", since(&|row| row.deleted.is_some()));
        note(
            "consent withdrawn",
            since(&|row| {
                matches!(
                    row.preferences.voice_consent,
                    VoiceConsent::Withdrawn { .. }
                )
            }),
        );
        note(
            "another number",
            since(&|row| row.phone_hash.map(|hash| hash.to_string()).as_deref() != Some(&hash)),
        );
        let settings = before(&history.settings, grant.seq);
        if settings.is_some_and(|settings| settings.value.privacy.require_voice_consent) {
            let given = |row: &vio_store::contacts::ContactRow| {
                matches!(row.preferences.voice_consent, VoiceConsent::Given { .. })
            };
            note("no consent", since(&|row| !given(row)));
        }
    }
    let session = history.session(arrival.session);
    let asked = |row: &&vio_store::calling::sessions::SessionRow| {
        // Call Now rings whatever the status: who pressed it was warned.
        row.session.method != Method::ManualCallNow
    };
    if let Some(appointment) = session
        .filter(asked)
        .and_then(|row| row.session.appointment)
        && let Some(versions) = history.appointments.get(&(arrival.contact, appointment))
        && let Some(row) = before(versions, seq)
        && !matches!(row.value.status.as_str(), "pending" | "rescheduled")
    {
        reasons.push(("needs no call", row.at));
    }
    let mut paused = None;
    for version in history.gate.iter().filter(|version| version.seq < seq) {
        match (version.value.gate.paused().is_some(), paused) {
            (true, None) => paused = Some(version.at),
            (true, Some(_)) => {}
            (false, _) => paused = None,
        }
    }
    reasons.extend(paused.map(|at| ("paused", at)));
    reasons
}

/// Nobody is granted a call beyond the line: what was committed before the grant wins; what was committed after it
/// stops every send that has not begun.
pub(super) fn withdrawals(history: &History, broken: &mut Vec<Broken>) {
    let mut judged = std::collections::BTreeSet::new();
    for arrival in &history.arrivals {
        let Some(grant) = history.grant(arrival.attempt) else {
            continue;
        };
        if judged.insert(arrival.attempt) {
            for (reason, since) in withdrawn(history, arrival, grant.seq) {
                broken.push(Broken {
                    rule: "withdrawal before the grant",
                    at: Some(grant.at),
                    what: format!(
                        "{reason} since {since}, granted to contact {}",
                        arrival.contact
                    ),
                });
            }
            if at(&history.active, grant.at - READ_TO_SEND * 6).is_some_and(|active| !active.value)
                && at(&history.active, grant.at).is_some_and(|active| !active.value)
            {
                broken.push(Broken {
                    rule: "suspended",
                    at: Some(grant.at),
                    what: format!("granted to contact {}", arrival.contact),
                });
            }
        }
        for (reason, since) in withdrawn(history, arrival, arrival.seq) {
            if since + READ_TO_SEND < arrival.sent_at {
                broken.push(Broken {
                    rule: "withdrawal before a send",
                    at: Some(arrival.at),
                    what: format!("{reason} since {since}, sent at {}", arrival.sent_at),
                });
            }
        }
    }
}
