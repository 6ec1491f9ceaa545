//! Attempts nobody heard of: still `placing` after their bound, or in flight without a webhook. The provider is asked;
//! nothing is ever sent again from here.

use std::time::Duration;

use chrono::TimeDelta;
use vio_domain::calling::attempt::{AttemptState, Listing, Reconciled};
use vio_domain::calling::session::{CallEvent, Ended};
use vio_providers::retell::{Call, CallStatus, Moment};
use vio_runtime::app::App;
use vio_runtime::crash;
use vio_store::calling::rows::FlightRow;
use vio_store::calling::settle::CallHeard;
use vio_store::log::Actor;
use vio_store::tenants::TenantSettings;
use vio_store::{StoreError, TenantStore};

use crate::Voice;

/// How long the provider may take to answer a question.
const TIMEOUT: Duration = Duration::from_secs(8);
/// When a call that is still under way, or could not be fetched, is looked at again.
const AGAIN: TimeDelta = TimeDelta::minutes(5);
/// After this long without an end, a placed call is settled as one of unknown cause.
const GIVEN_UP: TimeDelta = TimeDelta::hours(24);

/// Looks at one attempt that is due for it.
pub(crate) async fn look(
    app: &App,
    ts: &TenantStore,
    settings: &TenantSettings,
    voice: Option<&Voice>,
    flight: &FlightRow,
) -> Result<(), StoreError> {
    let Some(row) = ts.attempt(flight.contact, flight.attempt).await? else {
        return ts
            .record_reconciled(settings, flight, &Reconciled::Closed)
            .await;
    };
    match &row.attempt.state {
        AttemptState::Placing => {
            let listing = match voice {
                Some(voice) => list(voice, flight).await,
                None => Listing::Failed,
            };
            let fingerprint = voice.map_or("", |voice| voice.fingerprint.as_str());
            let decided =
                row.attempt
                    .reconcile(&listing, fingerprint, ts.now(), &app.platform.limits);
            tracing::info!(tenant = %ts.id, attempt = %flight.attempt, ?decided, "attempt reconciled");
            crash::point("reconciled");
            match &decided {
                Reconciled::Adopt(call) => {
                    hear(ts, settings, flight, call, CallEvent::Placed).await
                }
                other => ts.record_reconciled(settings, flight, other).await,
            }
        }
        AttemptState::Placed {
            provider_call_id, ..
        } => {
            let call = match voice {
                Some(voice) => voice.api.get_call(provider_call_id, TIMEOUT).await.ok(),
                None => None,
            };
            let over = call.filter(is_over);
            match over {
                Some(call) => {
                    let zone = ts
                        .appointment_zone(settings, flight.contact, flight.session)
                        .await?;
                    let news = call.news(Moment::Analyzed, zone, ts.now());
                    hear(ts, settings, flight, provider_call_id, news).await
                }
                None if ts.now() - row.attempt.granted_at > GIVEN_UP => {
                    let ended = Ended {
                        at: ts.now(),
                        reason: "error_unknown".into(),
                        started_at: None,
                    };
                    let news = CallEvent::Analyzed {
                        ended,
                        started: false,
                        analysis: None,
                    };
                    hear(ts, settings, flight, provider_call_id, news).await
                }
                None => {
                    ts.record_reconciled(settings, flight, &Reconciled::Later(ts.now() + AGAIN))
                        .await
                }
            }
        }
        _ => {
            ts.record_reconciled(settings, flight, &Reconciled::Closed)
                .await
        }
    }
}

async fn list(voice: &Voice, flight: &FlightRow) -> Listing {
    match voice
        .api
        .list_calls_by_attempt(flight.attempt, TIMEOUT)
        .await
    {
        Ok(calls) => calls
            .into_iter()
            .next()
            .map_or(Listing::Empty, |call| Listing::Found(call.call_id)),
        Err(error) => {
            tracing::warn!(attempt = %flight.attempt, %error, "the provider's calls could not be listed");
            Listing::Failed
        }
    }
}

fn is_over(call: &Call) -> bool {
    call.disconnection_reason.is_some()
        || matches!(
            call.status,
            Some(CallStatus::Ended | CallStatus::Error | CallStatus::NotConnected)
        )
}

async fn hear(
    ts: &TenantStore,
    settings: &TenantSettings,
    flight: &FlightRow,
    call: &str,
    event: CallEvent,
) -> Result<(), StoreError> {
    let heard = CallHeard {
        contact: flight.contact,
        session: flight.session,
        attempt: flight.attempt,
        provider_call_id: call.to_owned(),
        event,
    };
    ts.hear(settings, &heard, &Actor::system("reconcile"), |_| Ok(()))
        .await
        .map(|_| ())
}
