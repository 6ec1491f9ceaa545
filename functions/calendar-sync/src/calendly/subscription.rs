//! The subscription to its webhooks. A reading looks whether it is there and makes it where it is not: when the calendar
//! is connected, when the key that signs is another, and after somebody took it away there. Calendly switches one off
//! whose address failed for a day: that is shown for an hour, and the calendar read often, before it is made anew.

use chrono::TimeDelta;
use secrecy::SecretString;
use vio_domain::bookings::Calendar;
use vio_providers::ApiError;
use vio_providers::calendly::{CalendlyClient, Me, NewSubscription, Subscription};
use vio_store::calendar::{CalendarRow, Left, Subscribed};
use vio_store::tenants::TenantSettings;
use vio_store::{StoreError, TenantStore};

use crate::read::Failed;
use crate::{CalendarSync, PATIENCE};

/// Our address that it sends to.
fn address(sync: &CalendarSync, endpoint: &str) -> String {
    let public = &sync.app.platform.public_url;
    format!("{public}/api/webhook/calendly-booking/{endpoint}")
}

/// An account's subscriptions that send to our address.
async fn ours(client: &CalendlyClient, me: &Me, url: &str) -> Result<Vec<Subscription>, ApiError> {
    let mut all = client.subscriptions(me, PATIENCE).await?;
    all.retain(|one| one.url.trim_end_matches('/') == url);
    Ok(all)
}

/// Ends the subscriptions of accounts that were left. What fails is tried again with the next reading; what the account
/// refuses for good is let go: our address takes nothing from it any more.
pub(crate) async fn leave(
    sync: &CalendarSync,
    ts: &TenantStore,
    settings: &TenantSettings,
    row: &CalendarRow,
) -> Result<(), StoreError> {
    for left in ts.calendly_left(row)? {
        let id = left.id;
        match ended(sync, settings, left).await {
            Ok(()) => {
                tracing::info!(tenant_id = %ts.id, "no subscription to a calendar that was left")
            }
            Err(
                error @ ApiError::Refused {
                    status: 401 | 403, ..
                },
            ) => {
                tracing::warn!(tenant_id = %ts.id, %error, "the subscription to a calendar that was left cannot be ended");
            }
            Err(error) => {
                tracing::warn!(tenant_id = %ts.id, %error, "the subscription to a calendar that was left is ended later");
                continue;
            }
        }
        ts.calendly_is_left(id).await?;
    }
    Ok(())
}

async fn ended(sync: &CalendarSync, settings: &TenantSettings, left: Left) -> Result<(), ApiError> {
    let connected = settings.settings.integrations.calendar(Calendar::Calendly);
    let same_place = connected.base_url == left.base_url.as_ref();
    let Some(base) = sync.base_of(left.base_url.as_ref(), Calendar::Calendly) else {
        return Ok(());
    };
    let client = CalendlyClient::new(sync.http.clone(), base, left.token);
    let me = client.me(PATIENCE).await?;
    if connected.connected
        && same_place
        && let Some(present) = sync.calendly(settings)
    {
        // Another token of the same account: the reading makes its subscription anew.
        if present.me(PATIENCE).await?.uri == me.uri {
            return Ok(());
        }
    }
    let url = address(sync, &settings.endpoints.calendly_booking);
    for one in ours(&client, &me, &url).await? {
        client.unsubscribe(&one.id, PATIENCE).await?;
    }
    Ok(())
}

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
    let url = address(sync, endpoint);
    let ours = ours(client, me, &url).await?;
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
