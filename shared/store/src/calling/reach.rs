//! What of a contact decides when their turn to be rung comes: the zones of their day, and the number, which is never
//! rung twice at once.

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use serde::{Deserialize, Serialize};
use vio_crypto::LookupHash;
use vio_domain::calendar::{CallingZone, PermittedWindows};
use vio_domain::contact::Contact;
use vio_domain::settings::Settings;

use crate::calling::rows::NumberLockRow;
use crate::error::StoreError;
use crate::key;
use crate::store::TenantStore;

/// Kept beside a call that waits, so that what waits can be played forward without reading the people. It is as of the
/// call's planning: a call is decided on by what the contact says then.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reach {
    /// The zone that the contact chose.
    #[serde(rename = "o", default, skip_serializing_if = "Option::is_none")]
    own: Option<Tz>,
    /// That of the booking page they came from.
    #[serde(rename = "p", default, skip_serializing_if = "Option::is_none")]
    page: Option<Tz>,
    /// Keyed hash of the number.
    #[serde(rename = "n", default, skip_serializing_if = "Option::is_none")]
    pub(crate) number: Option<LookupHash>,
}

impl Reach {
    /// Whether nothing is known.
    pub(crate) fn is_none(&self) -> bool {
        *self == Self::default()
    }

    /// When somebody in these zones may be rung.
    pub fn permitted<'a>(&self, settings: &'a Settings) -> PermittedWindows<'a> {
        let business = &settings.business;
        let zone = CallingZone::resolve(self.own, self.page, business.timezone);
        PermittedWindows::new(settings.calls.call_hours, &business.holidays, zone)
    }
}

impl TenantStore {
    /// How a contact is reached now.
    pub(crate) fn reach(&self, contact: &Contact) -> Reach {
        Reach {
            own: contact.preferences.timezone,
            page: contact.booking_page_zone,
            number: contact.phone.as_ref().map(|phone| self.phone_hash(phone)),
        }
    }

    /// Until when a number is locked by a call to it; None where it is not being rung.
    pub(crate) async fn rung_until(
        &self,
        number: LookupHash,
    ) -> Result<Option<DateTime<Utc>>, StoreError> {
        let lock = key::number_lock(self.id, &number.to_string());
        let lock: Option<NumberLockRow> = self.store.read(&lock).await?;
        let until = lock.and_then(|lock| DateTime::from_timestamp_millis(lock.expires_ms));
        Ok(until.filter(|until| self.now() < *until))
    }
}
