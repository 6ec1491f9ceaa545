//! The subscription to its webhooks. A reading looks whether it is there and makes it where it is not: when the calendar
//! is connected, when the key that signs is another, and after somebody took it away there. Calendly switches one off
//! whose address failed for a day: that is shown for an hour, and the calendar read often, before it is made anew.

use chrono::TimeDelta;
use secrecy::SecretString;
use vio_providers::ApiError;
use vio_providers::calendly::{CalendlyClient, Me, NewSubscription, Subscription};
use vio_store::TenantStore;
use vio_store::calendar::{CalendarRow, Subscribed};
use vio_store::tenants::TenantSettings;

use crate::read::Failed;
use crate::{CalendarSync, PATIENCE};

/// How long one that was switched off is shown before it is made anew.
const SHOWN_OFF: TimeDelta = TimeDelta::hours(1);

/// Looks at the subscription, makes it where that is due, and notes how it stands.
pub(super) async fn see_to(
    sync: &CalendarSync,
    ts: &TenantStore,
    settings: &TenantSettings,
    client: &CalendlyClient,
    me: &Me,
    row: &CalendarRow,
) -> Result<Subscribed, Failed> {
    let stands = match looked(sync, ts, settings, client, me, row).await {
        Ok(stands) => stands,
        // The token may not, or the account's plan has none: it is read instead.
        Err(ApiError::Refused { status: 403, .. }) => Subscribed::Refused,
        Err(ApiError::Refused {
            status: 400 | 404 | 422,
            ..
        }) => Subscribed::Missing,
        Err(error) => return Err(error.into()),
    };
    if row.subscribed != Some(stands) || row.renew {
        ts.note_subscription(row.calendar(), stands).await?;
        tracing::info!(tenant_id = %ts.id, ?stands, "subscription to the calendar");
    }
    Ok(stands)
}

async fn looked(
    sync: &CalendarSync,
    ts: &TenantStore,
    settings: &TenantSettings,
    client: &CalendlyClient,
    me: &Me,
    row: &CalendarRow,
) -> Result<Subscribed, ApiError> {
    let endpoint = &settings.endpoints.calendly_booking;
    let key = settings.secrets.calendly_signing.current.clone();
    let Some(key) = key.filter(|_| !endpoint.is_empty()) else {
        return Ok(Subscribed::Missing);
    };
    let public = &sync.app.platform.public_url;
    let url = format!("{public}/api/webhook/calendly-booking/{endpoint}");
    let all = client.subscriptions(me, PATIENCE).await?;
    let ours: Vec<&Subscription> = all
        .iter()
        .filter(|one| one.url.trim_end_matches('/') == url)
        .collect();
    if !row.renew {
        if ours.iter().any(|one| one.active && one.tells_enough()) {
            return Ok(Subscribed::Active);
        }
        let off = ours.iter().any(|one| !one.active);
        let shown = row
            .disabled_at
            .is_some_and(|since| ts.now() - since >= SHOWN_OFF);
        if off && !shown {
            return Ok(Subscribed::Disabled);
        }
    }
    // An account has one for each address.
    for old in ours {
        client.unsubscribe(&old.id, PATIENCE).await?;
    }
    let new = NewSubscription {
        url: &url,
        organization: &me.organization,
        user: &me.uri,
        signing_key: &SecretString::from(key),
    };
    let made = client.subscribe(&new, PATIENCE).await?;
    Ok(match made.active {
        true => Subscribed::Active,
        false => Subscribed::Disabled,
    })
}
