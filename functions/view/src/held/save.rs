//! Writing a snapshot, so that the next process need not read every record.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use chrono::{DateTime, Utc};
use vio_store::TenantStore;
use vio_store::objects::{ObjectError, Objects};
use vio_view::TenantView;
use vio_view::snapshot::SnapshotError;

use super::follow::Place;
use super::load::key_of;
use super::{Held, Views};

/// Why there is no new snapshot. The view goes on without: the next process reads a longer tail.
#[derive(Debug, thiserror::Error)]
enum NotSaved {
    #[error(transparent)]
    Store(#[from] vio_store::StoreError),
    #[error(transparent)]
    Objects(#[from] ObjectError),
    #[error(transparent)]
    Snapshot(#[from] SnapshotError),
    #[error("the work ended early")]
    Ended,
}

/// Writes a snapshot beside the requests, from a copy of the view, once enough has changed or the last one does not open.
pub(super) fn save_if_due(
    views: &Views,
    held: &Arc<Held>,
    tenant: &TenantStore,
    place: &mut Place,
) {
    let contacts = held.look(TenantView::contacts).unwrap_or_default();
    let enough = place.news >= views.0.limits.changes.max(contacts / 100);
    if !enough && place.unusable.is_none() || held.saving.swap(true, Ordering::SeqCst) {
        return;
    }
    let Some(copy) = held.look(TenantView::clone) else {
        held.saving.store(false, Ordering::SeqCst);
        return;
    };
    let (complete_to, unusable) = (place.complete_to, place.unusable.take());
    place.news = 0;
    let (objects, tenant, held) = (views.0.objects.clone(), tenant.clone(), held.clone());
    tokio::spawn(async move {
        let saved = save(objects.as_ref(), &tenant, copy, complete_to, unusable).await;
        if let Err(error) = saved {
            tracing::warn!(tenant = %tenant.id, error = %error, "no snapshot was written");
        }
        held.saving.store(false, Ordering::SeqCst);
    });
}

async fn save(
    objects: &dyn Objects,
    tenant: &TenantStore,
    view: TenantView,
    complete_to: DateTime<Utc>,
    unusable: Option<u64>,
) -> Result<(), NotSaved> {
    let before = tenant.snapshot_row().await?;
    let newer = before
        .as_ref()
        .is_some_and(|row| row.complete_to >= complete_to && Some(row.version) != unusable);
    if newer {
        return Ok(());
    }
    let contacts = view.contacts() as u64;
    let (mut row, key) = tenant.next_snapshot(before.as_ref(), complete_to, contacts)?;
    let version = row.version;
    let make = move || {
        let key = key_of(key.expose()).ok_or(SnapshotError::NotMade)?;
        view.snapshot(&key, version, complete_to)
    };
    let bytes = tokio::task::spawn_blocking(make)
        .await
        .map_err(|_| NotSaved::Ended)??;
    row.bytes = bytes.len() as u64;
    // Nobody else has this name: whatever the answer, it is ours.
    let _ = objects.put_if_absent(&row.name(), bytes).await?;
    // An answer that is lost says nothing: the object may be named by now, so it stays.
    if tenant.swap_snapshot(&row).await? {
        if let Some(before) = before {
            objects.delete(&before.name()).await?;
        }
    } else {
        objects.delete(&row.name()).await?;
    }
    Ok(())
}
