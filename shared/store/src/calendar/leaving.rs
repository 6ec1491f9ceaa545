//! Accounts of Calendly that were left: switched off, or with a token in place of which there is another. Their
//! subscription to our address is ended there with the token that made it, which is kept for that and no longer.

use chrono::{DateTime, TimeDelta, Utc};
use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use uuid::Uuid;
use vio_crypto::{FieldRef, Sealed};
use vio_domain::bookings::Calendar;
use vio_domain::text::ShortText;

use super::reading::CalendarRow;
use crate::error::StoreError;
use crate::store::{TenantStore, sealed};
use crate::tenants::TenantSettings;

/// How long it is tried. Afterwards the subscription is Calendly's business: our address refuses what it sends, and
/// Calendly switches it off after a day.
const TRIED_FOR: TimeDelta = TimeDelta::days(2);
/// From one try that failed to the next.
const AGAIN: TimeDelta = TimeDelta::minutes(15);
/// Accounts left that are kept at once.
const MOST: usize = 5;

/// An account that was left, as stored.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Leaving {
    id: Uuid,
    token: Sealed,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    base_url: Option<ShortText<255>>,
    until: DateTime<Utc>,
}

/// An account whose subscription is still to be ended.
#[derive(Debug)]
pub struct Left {
    pub id: Uuid,
    /// What the subscription was made with.
    pub token: SecretString,
    /// Instead of the provider's own address.
    pub base_url: Option<ShortText<255>>,
}

impl CalendarRow {
    /// When the next try to leave is due, if anything was left.
    pub(super) fn leaves_at(&mut self, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
        self.leaving.retain(|one| one.until > now);
        (!self.leaving.is_empty()).then(|| now + AGAIN)
    }
}

impl TenantStore {
    fn leaving_field(&self, id: Uuid) -> FieldRef {
        FieldRef::new(self.id.uuid(), id, "calendly_left")
    }

    /// Notes in memory that a change of settings leaves the account that was connected, if it does.
    pub(super) fn leave_calendly(
        &self,
        row: &mut CalendarRow,
        before: &TenantSettings,
        after: &TenantSettings,
    ) -> Result<bool, StoreError> {
        let account = |of: &TenantSettings| {
            let calendly = of.settings.integrations.calendar(Calendar::Calendly);
            let token = of.secrets.calendly_key.clone();
            token
                .filter(|_| calendly.connected)
                .map(|token| (token, calendly.base_url.cloned()))
        };
        let left = account(before).filter(|old| account(after).as_ref() != Some(old));
        let Some((token, base_url)) = left else {
            return Ok(false);
        };
        let id = self.new_id();
        let token = self
            .keys
            .seal(self.leaving_field(id), token.as_bytes())
            .map_err(sealed("calendly account"))?;
        row.leaving.push(Leaving {
            id,
            token,
            base_url,
            until: self.now() + TRIED_FOR,
        });
        let over = row.leaving.len().saturating_sub(MOST);
        row.leaving.drain(..over);
        Ok(true)
    }

    /// The accounts whose subscription is still to be ended.
    pub fn calendly_left(&self, row: &CalendarRow) -> Result<Vec<Left>, StoreError> {
        let now = self.now();
        let kept = row.leaving.iter().filter(|one| one.until > now);
        kept.map(|one| {
            let bytes = self
                .keys
                .open(self.leaving_field(one.id), &one.token)
                .map_err(sealed("calendly account"))?;
            let token = std::str::from_utf8(&bytes).map_err(sealed("calendly account"))?;
            Ok(Left {
                id: one.id,
                token: SecretString::from(token),
                base_url: one.base_url.clone(),
            })
        })
        .collect()
    }

    /// Forgets an account that was left: its subscription is ended, or can never be.
    pub async fn calendly_is_left(&self, id: Uuid) -> Result<(), StoreError> {
        self.change_calendar(Calendar::Calendly, |row| {
            row.leaving.retain(|one| one.id != id);
        })
        .await
    }
}
