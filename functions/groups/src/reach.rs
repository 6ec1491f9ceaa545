//! Which groups and contacts somebody reaches. What is out of reach is 404, like what is another tenant's (rules.md).

use std::collections::BTreeSet;

use serde::Serialize;
use serde::de::DeserializeOwned;
use vio_domain::ids::ContactId;
use vio_domain::permission::Scope;
use vio_http::{PageRequest, Pagination, Principal, Problem};
pub(crate) use vio_runtime::reach::{can_edit, can_view, changeable, group};
use vio_runtime::web::store_problem;
use vio_store::TenantStore;

/// Contacts read in one request.
const AT_ONCE: usize = 100;

/// Those of the contacts that the person sees; one who sees everybody is not asked about.
pub(crate) async fn seen_of(
    ts: &TenantStore,
    who: &Principal,
    ids: BTreeSet<ContactId>,
) -> Result<BTreeSet<ContactId>, Problem> {
    if who.scope.view == Some(Scope::All) {
        return Ok(ids);
    }
    let all: Vec<ContactId> = ids.into_iter().collect();
    let mut seen = BTreeSet::new();
    for some in all.chunks(AT_ONCE) {
        let rows = ts.contacts(some).await.map_err(store_problem)?;
        let shown = rows.iter().filter(|(_, contact)| can_view(who, contact));
        seen.extend(shown.map(|(_, contact)| contact.id));
    }
    Ok(seen)
}

/// The page of a sorted list that was asked for, and the cursor of the next: after the row that the last page ended
/// with, where it is still there, else after as many rows.
pub(crate) fn page_of<T, I: Copy + PartialEq + Serialize + DeserializeOwned>(
    page: &PageRequest,
    mut rows: Vec<T>,
    id: impl Fn(&T) -> I,
) -> Result<(Vec<T>, Pagination), Problem> {
    let size = page.page_size as usize;
    let total = rows.len();
    let (start, number) = match page.position::<(I, u32)>(None)? {
        Some(((last, at), number)) => {
            let found = rows.iter().position(|row| id(row) == last);
            (found.map_or(at as usize, |at| at + 1), number)
        }
        None => {
            let number = page.page.get();
            ((number as usize - 1).saturating_mul(size), number)
        }
    };
    let start = start.min(total);
    let end = start.saturating_add(size).min(total);
    let shown: Vec<T> = rows.drain(start..end).collect();
    let next_cursor = match shown.last() {
        Some(last) if end < total => {
            let at = u32::try_from(end).unwrap_or(u32::MAX);
            Some(page.next_cursor((id(last), at), number, None)?)
        }
        _ => None,
    };
    let pagination = page.pagination(number, u64::try_from(total).ok(), next_cursor);
    Ok((shown, pagination))
}
