//! SMS: sending one, and looking for one that nobody heard of.

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use vio_domain::messages::rules::NOT_READY;
use vio_domain::messages::state::{Listing, Reconciled, Report, reconcile};
use vio_providers::twilio::{NewSms, TwilioApi, TwilioError, code};
use vio_runtime::App;
use vio_store::messages::{MessageRow, Outcome, Sending};
use vio_store::tenants::TenantSettings;
use vio_store::{StoreError, TenantStore};

/// How long the provider may take to answer.
const PATIENCE: Duration = Duration::from_secs(15);
/// How long to rest after 429 without a word on it.
const REST: TimeDelta = TimeDelta::seconds(60);
/// How far the provider's clock may be behind ours.
const SKEW: TimeDelta = TimeDelta::seconds(60);

/// Where the provider reports to: the business's own address, and which message it is.
fn callback(app: &App, settings: &TenantSettings, row: &MessageRow) -> String {
    format!(
        "{}/api/webhook/sms/{}?contact={}&message={}",
        app.platform.public_url, settings.endpoints.sms, row.contact, row.id
    )
}

/// Sends once. None where nobody knows whether it arrived.
pub(crate) async fn send(
    app: &App,
    ts: &TenantStore,
    settings: &TenantSettings,
    api: &dyn TwilioApi,
    sending: &Sending,
) -> Option<Outcome> {
    let from = settings.settings.integrations.twilio.from_number.as_ref()?;
    let left = sending.row.bound.map(|bound| bound - ts.now());
    let left = left.and_then(|left| left.to_std().ok())?;
    let sms = NewSms {
        to: sending.to.clone(),
        from: from.as_str().to_owned(),
        body: sending.text.clone(),
        status_callback: callback(app, settings, &sending.row),
    };
    let answer = api.send(&sms, PATIENCE.min(left)).await;
    let now = ts.now();
    match answer {
        Ok(sent) => Some(Outcome::Accepted {
            provider_id: sent.sid,
            report: sent.report.unwrap_or(Report::Accepted),
            error_code: sent.error_code,
        }),
        Err(TwilioError::NoAnswer(_)) => None,
        Err(TwilioError::Refused {
            status,
            code,
            retry_after,
        }) => {
            tracing::warn!(tenant = %ts.id, message = %sending.row.id, status, code, "a message was refused");
            Some(match (status, code) {
                (429, _) | (_, Some(code::TOO_MANY)) => {
                    let told = retry_after.map(|after| after.instant(now));
                    let again = told.filter(|at| *at > now).unwrap_or(now + REST);
                    Outcome::NotNow { again }
                }
                // The account is not usable now: it goes out once somebody has mended that, or it is too late.
                (401..=403, _) | (_, Some(code::CREDENTIALS)) => Outcome::AccountRefused {
                    again: now + NOT_READY,
                },
                (_, Some(code::OPTED_OUT)) => Outcome::OptedOut { error_code: code },
                _ => Outcome::Refused { error_code: code },
            })
        }
    }
}

/// Looks for a message in the provider's list. Only a list that goes back to before the send, and has nothing to this
/// number since that could be it, says that it did not arrive.
pub(crate) async fn look_up(
    app: &App,
    ts: &TenantStore,
    settings: &TenantSettings,
    api: &Arc<dyn TwilioApi>,
    sending: &Sending,
) -> Result<Reconciled, StoreError> {
    let row = &sending.row;
    let sent_at = row.sent_at.unwrap_or(row.created_at);
    let bound = row.bound.unwrap_or(sent_at);
    let twilio = &settings.settings.integrations.twilio;
    let from = twilio.from_number.as_ref().map_or("", |from| from.as_str());
    let listing = match api.sent(&sending.to, from, PATIENCE).await {
        Ok(page) => {
            let since = sent_at - SKEW;
            let at = |created: Option<DateTime<Utc>>| created.is_none_or(|at| at >= since);
            let whole = !page.more || page.messages.iter().any(|one| !at(one.created_at));
            let mut listing = if whole {
                Listing::Empty
            } else {
                Listing::Failed
            };
            for one in page.messages.iter().filter(|one| at(one.created_at)) {
                let Some(report) = one.report else { continue };
                if ts.is_anothers(row, &one.sid).await? {
                    continue;
                }
                if one.body == sending.text {
                    listing = Listing::Found(one.sid.clone(), report);
                    break;
                }
                listing = Listing::Doubtful;
            }
            listing
        }
        Err(error) => {
            tracing::warn!(tenant = %ts.id, message = %row.id, %error, "the provider's messages could not be listed");
            Listing::Failed
        }
    };
    let settles = app.platform.limits.reconcile_after();
    Ok(reconcile(listing, sent_at, bound, settles, ts.now()))
}
