//! Sending one granted attempt: the same body under the same key until the provider answers for certain, and never
//! past the attempt's bound.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use vio_domain::calling::attempt::{NextSend, repeat_pause};
use vio_domain::calling::refusal::{Answer, Meaning};
use vio_domain::calling::session::CallEvent;
use vio_domain::ids::AttemptId;
use vio_providers::retell::CreateError;
use vio_runtime::app::App;
use vio_runtime::crash;
use vio_store::calling::grant::Granted;
use vio_store::calling::settle::CallHeard;
use vio_store::log::Actor;
use vio_store::tenants::TenantSettings;
use vio_store::{StoreError, TenantStore};

use crate::Voice;

/// Sends until there is a definite answer or no time is left. Returns when the provider answered that it has the
/// call: the slot lives from there.
pub(crate) async fn place(
    app: &App,
    ts: &TenantStore,
    settings: &TenantSettings,
    voice: &Voice,
    granted: Granted,
) -> Result<Option<(AttemptId, DateTime<Utc>)>, StoreError> {
    let Granted {
        session,
        mut attempt,
        body,
    } = granted;
    let id = attempt.attempt.id;
    let mut first = true;
    loop {
        if !first {
            tokio::time::sleep(duration(repeat_pause(attempt.attempt.sends))).await;
        }
        let NextSend::Send { timeout } = attempt.attempt.next_send(ts.now()) else {
            return Ok(None);
        };
        // A withdrawal committed after the grant stops every send that has not begun.
        if !ts.may_still_send(&attempt, settings).await? {
            tracing::info!(tenant = %ts.id, attempt = %id, "a send was stopped: it is no longer allowed");
            return Ok(None);
        }
        if !first {
            match ts.count_send(&attempt).await? {
                Some(counted) => attempt = counted,
                None => return Ok(None),
            }
        }
        first = false;
        crash::point("before_send");
        let answer = voice.api.create_call(&body, duration(timeout)).await;
        let answered_at = app.clock.now();
        crash::point("after_send");
        let (status, retry_after) = match answer {
            Ok(call) => {
                let heard = CallHeard {
                    contact: attempt.contact,
                    session: session.session.id,
                    attempt: id,
                    provider_call_id: call.call_id,
                    event: CallEvent::Placed,
                };
                ts.hear(settings, &heard, &Actor::system("campaign-worker"), |_| {
                    Ok(())
                })
                .await?;
                crash::point("placed");
                return Ok(Some((id, answered_at)));
            }
            Err(CreateError::Refused {
                status,
                retry_after,
                ..
            }) => (status, retry_after),
            Err(CreateError::NoAnswer(cause)) => {
                tracing::warn!(tenant = %ts.id, attempt = %id, ?cause, "a send was not answered; it may have arrived");
                continue;
            }
        };
        let quiet = retry_after.map(|after| after.instant(answered_at) - answered_at);
        let meaning = Meaning::of(Answer::Status(status), quiet);
        if !meaning.is_refusal() {
            continue;
        }
        crash::point("before_refusal");
        let outcome = ts
            .record_refusal(settings, &app.platform.limits, &attempt, status, meaning)
            .await?;
        tracing::warn!(tenant = %ts.id, attempt = %id, status, ?outcome, "the provider refused a call");
        crash::point("refused");
        return Ok(None);
    }
}

fn duration(delta: TimeDelta) -> Duration {
    delta.to_std().unwrap_or_default()
}
