//! Processing a stored event. Whatever happens on the way, the event stays in the inbox until the transaction that
//! holds its effect marks it as done; one that can never be processed is marked as failed, and shown in the log by its
//! id alone.

use vio_domain::bookings::Calendar;
use vio_runtime::batch::MessageError;
use vio_runtime::crash;
use vio_runtime::queues::InboxMessage;
use vio_store::inbox::InboxRow;
use vio_store::tenants::Provider;
use vio_store::tx::Tx;
use vio_store::{StoreError, TenantStore};

use crate::Webhooks;
use crate::bookings::note_failure;

/// What is wrong with an event that can never be processed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Trouble {
    #[error(transparent)]
    Store(#[from] StoreError),
    /// It will not get better by trying again.
    #[error("{0}")]
    Hopeless(&'static str),
}

/// Processes one stored event. Unknown, processed and failed ones are acknowledged.
pub async fn process(webhooks: &Webhooks, message: InboxMessage) -> Result<(), MessageError> {
    let Ok(event) = message.event.parse() else {
        return Err(MessageError::Hopeless("not the name of an event".into()));
    };
    let Some(ts) = webhooks
        .app
        .store
        .tenant(message.tenant)
        .await
        .map_err(MessageError::retry)?
    else {
        return Ok(());
    };
    let Some(row) = ts.event(event).await.map_err(MessageError::retry)? else {
        return Ok(());
    };
    if !row.is_waiting() {
        return Ok(());
    }
    crash::point("before_process");
    match apply(webhooks, &ts, &row).await {
        Ok(()) => {
            crash::point("processed");
            tidy(webhooks, &ts, &row).await;
            Ok(())
        }
        Err(Trouble::Hopeless(reason)) => {
            tracing::error!(tenant_id = %ts.id, event = %row.id, provider = row.provider.as_str(), reason,
                            "a stored event can never be processed");
            if let Some(calendar) = row.provider.calendar() {
                note_failure(&ts, calendar, "unreadable_event").await;
            }
            settled(ts.fail_event(&row).await)
        }
        Err(Trouble::Store(error)) => {
            tracing::warn!(tenant_id = %ts.id, event = %row.id, provider = row.provider.as_str(), tries = row.tries,
                           %error, "a stored event will be tried again");
            match ts.put_off_event(&row).await {
                Ok(false) => {
                    tracing::error!(tenant_id = %ts.id, event = %row.id, "a stored event was given up after many tries");
                    if let Some(calendar) = row.provider.calendar() {
                        note_failure(&ts, calendar, "given_up").await;
                    }
                    Ok(())
                }
                other => settled(other.map(|_| ())),
            }
        }
    }
}

/// Somebody else who dealt with the event meanwhile dealt with it for us too.
fn settled(outcome: Result<(), StoreError>) -> Result<(), MessageError> {
    match outcome {
        Err(error) if !error.is_lost() => Err(MessageError::retry(error)),
        _ => Ok(()),
    }
}

async fn apply(webhooks: &Webhooks, ts: &TenantStore, row: &InboxRow) -> Result<(), Trouble> {
    let body = match ts.event_body(webhooks.objects.as_ref(), row).await {
        Ok(Some(body)) => body,
        Ok(None) => return drop_event(ts, row).await,
        Err(StoreError::NoObject { .. }) => {
            return Err(Trouble::Hopeless("its object is not in the bucket"));
        }
        Err(StoreError::Sealed { .. }) => return Err(Trouble::Hopeless("it does not open")),
        Err(error) => return Err(error.into()),
    };
    match row.provider {
        Provider::Retell => crate::retell::apply(&webhooks.app, ts, row, &body).await,
        Provider::Calcom => crate::bookings::apply(ts, Calendar::Calcom, row, &body).await,
        Provider::Calendly => crate::bookings::apply(ts, Calendar::Calendly, row, &body).await,
        Provider::Twilio => crate::twilio::apply(ts, row, &body).await,
    }
}

/// Deletes the object of an event that was dropped. Without its key nobody can read it; if this fails, the bucket's
/// lifecycle removes it.
async fn tidy(webhooks: &Webhooks, ts: &TenantStore, row: &InboxRow) {
    let Some(object) = row.object() else { return };
    let tidied = async {
        let after = ts.event(row.event).await?;
        if after.is_some_and(|after| after.object().is_none()) {
            webhooks.objects.delete(&object).await?;
        }
        Ok::<_, StoreError>(())
    };
    if let Err(error) = tidied.await {
        tracing::warn!(tenant_id = %ts.id, event = %row.id, %error, "a dropped event's object was not deleted; its lifecycle does it");
    }
}

/// Acknowledges an event that is none of ours; nothing of it is kept.
pub(crate) async fn drop_event(ts: &TenantStore, row: &InboxRow) -> Result<(), Trouble> {
    let mut tx = Tx::new();
    ts.stage_done(&mut tx, row, None, &[])?;
    match ts.store.commit(tx).await {
        Err(error) if !error.is_lost() => Err(error.into()),
        _ => Ok(()),
    }
}
