//! Who is counted, and with which calls.

use std::collections::{BTreeMap, BTreeSet};

use futures::{StreamExt, TryStreamExt, stream};
use vio_domain::analytics::CallFact;
use vio_domain::appointment::AppointmentStatus;
use vio_domain::ids::ContactId;
use vio_http::{Principal, Problem};
use vio_runtime::web::store_problem;
use vio_store::{StoreError, TenantStore};

use crate::reach::can_view;

/// Contacts read in one request, and requests under way together.
const AT_ONCE: usize = 100;
const CONTACT_READS: usize = 8;
/// People whose calls are read together.
const CALL_READS: usize = 32;
/// Calls read in one request.
const CALLS: u32 = 100;

/// What is counted of somebody.
pub(super) struct Person {
    /// Of the current appointment; `None` without one.
    pub(super) status: Option<AppointmentStatus>,
    pub(super) calls: Vec<CallFact>,
}

/// Those of the contacts that the person sees and that are not deleted.
pub(super) async fn read(
    ts: &TenantStore,
    who: &Principal,
    ids: BTreeSet<ContactId>,
) -> Result<BTreeMap<ContactId, Person>, Problem> {
    let ids: Vec<ContactId> = ids.into_iter().collect();
    let chunks: Vec<Vec<ContactId>> = ids.chunks(AT_ONCE).map(<[_]>::to_vec).collect();
    let pages: Vec<Vec<_>> = stream::iter(chunks)
        .map(|some| async move { ts.with_current(&some).await })
        .buffer_unordered(CONTACT_READS)
        .try_collect()
        .await
        .map_err(store_problem)?;
    let seen: Vec<(ContactId, Option<AppointmentStatus>)> = pages
        .into_iter()
        .flatten()
        .filter(|(contact, _)| can_view(who, contact))
        .map(|(contact, current)| (contact.id, current.map(|appointment| appointment.status)))
        .collect();
    stream::iter(seen)
        .map(|(id, status)| async move {
            let calls = calls(ts, id).await?;
            Ok::<_, StoreError>((id, Person { status, calls }))
        })
        .buffer_unordered(CALL_READS)
        .try_collect()
        .await
        .map_err(store_problem)
}

async fn calls(ts: &TenantStore, id: ContactId) -> Result<Vec<CallFact>, StoreError> {
    let (mut facts, mut after) = (Vec::new(), None);
    loop {
        let (rows, next) = ts.sessions_of(id, CALLS, after).await?;
        facts.extend(rows.iter().filter_map(|row| CallFact::of(&row.session)));
        match next {
            Some(place) => after = Some(place),
            None => return Ok(facts),
        }
    }
}
