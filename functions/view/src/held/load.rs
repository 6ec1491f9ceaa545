//! A view from its snapshot, or from the records where there is no snapshot that opens.

use chrono::TimeDelta;
use vio_domain::ids::ContactId;
use vio_store::TenantStore;
use vio_store::objects::ObjectError;
use vio_store::port::MAX_BATCH_GET;
use vio_store::view::{SnapshotRow, Wanted};
use vio_view::TenantView;
use vio_view::snapshot::{Loading, SnapshotError, SnapshotKey};

use futures::stream::TryStreamExt;

use super::follow::{Clocks, Place, persons};
use super::{Held, ViewError, Views, changes};
use crate::memory;

/// How far the enumeration index may be behind the table, by far: a build takes in the log from so long before it began.
/// The index is usually behind by less than a second.
const INDEX_BEHIND: TimeDelta = TimeDelta::minutes(15);
/// Contacts of a page of the enumeration.
const PAGE: u32 = 1_000;

/// Puts a view into `held`; where it is in the log.
pub(super) async fn load(
    views: &Views,
    held: &Held,
    tenant: &TenantStore,
) -> Result<Place, ViewError> {
    let clocks = Clocks::new(tenant.now(), views.0.real_clock.now());
    let mut row = tenant.snapshot_row().await?;
    while let Some(named) = row {
        match open(views, tenant, &named).await? {
            Opened::View(view) => {
                held.replace(*view);
                return Ok(Place::new(named.complete_to, clocks));
            }
            Opened::Missing => {
                // Another process may have named a new one and deleted this meanwhile.
                row = tenant.snapshot_row().await?;
                if row.as_ref().is_some_and(|row| row.object != named.object) {
                    continue;
                }
                tracing::warn!(tenant = %tenant.id, version = named.version, "a snapshot is missing; it is made anew");
            }
            Opened::Unusable(error) => {
                tracing::error!(tenant = %tenant.id, version = named.version, error = %error, "a snapshot does not open; it is made anew");
            }
        }
        let mut place = build(held, tenant, clocks).await?;
        place.unusable = Some(named.version);
        return Ok(place);
    }
    build(held, tenant, clocks).await
}

enum Opened {
    View(Box<TenantView>),
    Missing,
    Unusable(SnapshotError),
}

async fn open(views: &Views, tenant: &TenantStore, row: &SnapshotRow) -> Result<Opened, ViewError> {
    let key = tenant.snapshot_key(row);
    let key = key.ok().and_then(|key| key_of(key.expose()));
    let Some(key) = key else {
        return Ok(Opened::Unusable(SnapshotError::Unopenable));
    };
    let bytes = match views.0.objects.get(&row.name()).await {
        Ok(Some(bytes)) => bytes,
        // S3 refuses rather than say that there is none.
        Ok(None) | Err(ObjectError::Refused(_)) => return Ok(Opened::Missing),
        Err(error) => return Err(ViewError::Snapshot(error)),
    };
    let (id, version, complete_to) = (tenant.id, row.version, row.complete_to);
    if bytes.len() >= memory::LARGE_SNAPSHOT {
        memory::take_huge_pages();
    }
    let read = move || {
        let mut loading = Loading::new(&key, id, version);
        loading.feed(&bytes)?;
        let (view, info) = loading.finish()?;
        // The record and the snapshot say the same, or one of them is not what it was.
        if info.complete_to.timestamp_micros() == complete_to.timestamp_micros() {
            Ok(view)
        } else {
            Err(SnapshotError::OtherVersion)
        }
    };
    Ok(match tokio::task::spawn_blocking(read).await {
        Ok(Ok(view)) => Opened::View(Box::new(view)),
        Ok(Err(error)) => Opened::Unusable(error),
        Err(_) => return Err(ViewError::Ended),
    })
}

/// The key that a snapshot is sealed with.
pub(super) fn key_of(bytes: &[u8]) -> Option<SnapshotKey> {
    SnapshotKey::new(bytes.try_into().ok()?).ok()
}

/// Enumerates the tenant's contacts and reads each. What the index does not have yet, or what changes meanwhile, is in the
/// log from before it began.
async fn build(held: &Held, tenant: &TenantStore, clocks: Clocks) -> Result<Place, ViewError> {
    let began = tenant.now();
    let mut view = TenantView::new(tenant.id, began);
    let (groups, mut page) =
        futures::try_join!(tenant.all_groups(), tenant.enumerate_contacts(PAGE, None))?;
    view.apply(groups.into_iter().map(changes::of_group))?;
    let mut contacts = 0;
    loop {
        let (ids, next) = page;
        contacts += ids.len();
        if contacts >= memory::MANY_CONTACTS {
            memory::take_huge_pages();
        }
        let wanted = |contact: &ContactId| Wanted {
            contact: *contact,
            memberships: true,
        };
        let wanted: Vec<Wanted> = ids.iter().map(wanted).collect();
        let mut read = persons(tenant, wanted.chunks(MAX_BATCH_GET));
        while let Some(persons) = read.try_next().await? {
            let taken = persons.into_iter();
            view.apply(taken.flat_map(|person| changes::of_person(person, &[])))?;
        }
        match next {
            Some(next) => page = tenant.enumerate_contacts(PAGE, Some(next)).await?,
            None => break,
        }
    }
    held.replace(view);
    let mut place = Place::new(began - INDEX_BEHIND, clocks);
    place.news = contacts;
    place.read_after = Some(began);
    Ok(place)
}
