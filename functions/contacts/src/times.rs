//! When an appointment is: zone, wall clock, past, opening hours (rules.md Contacts).

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use vio_domain::calendar::{AppointmentTimeWarning, LocalDateTimeInput, parse_zone};
use vio_domain::settings::Settings;
use vio_http::{FieldProblem, Fields};

use crate::warnings::Warning;

/// Reads an IANA zone.
pub(crate) fn zone(text: &str) -> Result<Tz, FieldProblem> {
    parse_zone(text).map_err(|_| {
        FieldProblem::new(
            "",
            "unknown_timezone",
            "This is not an IANA time zone such as Europe/London.",
        )
    })
}

/// Reads the text of a time; the zone comes later.
pub(crate) fn text(text: &str) -> Result<LocalDateTimeInput, FieldProblem> {
    text.parse().map_err(|_| {
        FieldProblem::new(
            "",
            "invalid_time",
            "Write the time as 2027-03-10T10:30, or in RFC 3339 with Z or an offset.",
        )
    })
}

/// The instant that was meant: refused where the clocks jump over it or where it is past, pointed out where it occurs
/// twice, or falls outside the opening hours or on a holiday.
pub(crate) fn resolve(
    settings: &Settings,
    time: LocalDateTimeInput,
    zone: Tz,
    now: DateTime<Utc>,
    fields: &mut Fields,
    warnings: &mut Vec<Warning>,
) -> Option<DateTime<Utc>> {
    const POINTER: &str = "/appointment_time";
    let resolved = match time.resolve(zone) {
        Ok(resolved) => resolved,
        Err(skipped) => {
            let detail = format!(
                "This time does not exist in {}: the clocks go forward over it. Choose another.",
                skipped.zone
            );
            fields.note(POINTER, "skipped_by_dst", detail);
            return None;
        }
    };
    if resolved.instant <= now {
        fields.note(POINTER, "in_the_past", "This time is in the past.");
        return None;
    }
    if resolved.ambiguous {
        warnings.push(Warning::of_time(AppointmentTimeWarning::AmbiguousLocalTime));
    }
    let business = &settings.business;
    warnings.extend(
        business
            .operating_schedule
            .warnings(resolved.instant, business.timezone, &business.holidays)
            .into_iter()
            .map(Warning::of_time),
    );
    Some(resolved.instant)
}
