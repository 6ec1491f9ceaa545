//! People for tests.

use chrono::{DateTime, TimeDelta, Utc};
use uuid::Uuid;

use crate::appointment::Appointment;
use crate::contact::Contact;
use crate::ids::{AppointmentId, ContactId, TenantId};

/// Now, in tests.
pub(crate) fn now() -> DateTime<Utc> {
    DateTime::from_timestamp(1_772_442_000, 0).unwrap()
}

/// Somebody with nothing but a name, added half a year ago.
pub(crate) fn contact(n: u128) -> Contact {
    let then = now() - TimeDelta::days(180);
    Contact {
        version: 1,
        ..Contact::named(
            ContactId::new(Uuid::from_u128(n)),
            TenantId::new(Uuid::from_u128(1)),
            "Ada Example".parse().unwrap(),
            then,
        )
    }
}

/// A pending appointment, `days` from now.
pub(crate) fn appointment(n: u128, days: i64) -> Appointment {
    Appointment {
        version: 1,
        ..Appointment::at(
            AppointmentId::new(Uuid::from_u128(n)),
            TenantId::new(Uuid::from_u128(1)),
            ContactId::new(Uuid::from_u128(n)),
            now() + TimeDelta::days(days),
            chrono_tz::Europe::London,
            now(),
        )
    }
}
