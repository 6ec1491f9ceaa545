//! News of calls, from Retell. The ids in a call's metadata are ours; what a call came to is decided where calls are
//! settled (`vio_store::calling`).

use vio_providers::retell::Moment;
use vio_providers::retell::webhook::{EventKind, parse};
use vio_runtime::App;
use vio_store::TenantStore;
use vio_store::calling::settle::{CallHeard, Heard};
use vio_store::inbox::InboxRow;
use vio_store::log::Actor;
use vio_store::tenants::Provider;

use crate::process::{Trouble, drop_event};

/// Applies one event.
pub(crate) async fn apply(
    app: &App,
    ts: &TenantStore,
    row: &InboxRow,
    body: &[u8],
) -> Result<(), Trouble> {
    let event = parse(body).map_err(|_| Trouble::Hopeless("a call event that cannot be read"))?;
    let moment = match event.kind {
        EventKind::CallStarted => Moment::Started,
        EventKind::CallEnded => Moment::Ended,
        EventKind::CallAnalyzed => Moment::Analyzed,
        EventKind::Other => return drop_event(ts, row).await,
    };
    let Some(call) = event.call else {
        return Err(Trouble::Hopeless("a call event without its call"));
    };
    let ours = call.tenant_id.is_none_or(|tenant| tenant == ts.id);
    let (Some(session), Some(attempt), true) = (call.session_id, call.attempt_id, ours) else {
        return stranger(ts, row).await;
    };
    let contact = match call.contact_id {
        Some(contact) => Some(contact),
        None => ts
            .session_by_id(session)
            .await?
            .map(|row| row.session.contact),
    };
    let Some(contact) = contact else {
        return stranger(ts, row).await;
    };
    if ts.session(contact, session).await?.is_none()
        || ts.attempt(contact, attempt).await?.is_none()
    {
        return stranger(ts, row).await;
    }
    let settings = ts.settings().await?;
    let zone = if call.needs_zone() {
        ts.appointment_zone(&settings, contact, session).await?
    } else {
        settings.settings.business.timezone
    };
    let heard = CallHeard {
        contact,
        session,
        attempt,
        provider_call_id: call.call_id.clone(),
        event: call.news(moment, zone, app.clock.now()),
    };
    // The raw event goes under the person's own key; without one the person was erased, and nothing is kept.
    let key = ts.person_key(contact).await?;
    let actor = Actor::provider(Provider::Retell.as_str());
    let outcome = ts
        .hear(&settings, &heard, &actor, |tx| {
            ts.stage_done(tx, row, key.as_ref().map(|key| (contact, key)), body)
        })
        .await;
    match outcome {
        Ok(Heard::Changed { settled, .. }) => {
            tracing::info!(tenant_id = %ts.id, %session, %attempt, event = %event.name, settled, "call event applied");
            Ok(())
        }
        Ok(Heard::Nothing) => {
            tracing::info!(tenant_id = %ts.id, %session, %attempt, event = %event.name, "call event changes nothing");
            Ok(())
        }
        Err(error) => Err(error.into()),
    }
}

/// A call that nobody here asked for: somebody else uses the same account, or its person was erased.
async fn stranger(ts: &TenantStore, row: &InboxRow) -> Result<(), Trouble> {
    tracing::info!(tenant_id = %ts.id, event = %row.id, "an event of a call that is not known here is ignored");
    drop_event(ts, row).await
}
