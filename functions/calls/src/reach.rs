//! Whose calls somebody sees: those of the contacts within their reach (rules.md People, roles, sessions).

use std::collections::HashMap;

use vio_domain::contact::Contact;
use vio_domain::ids::ContactId;
use vio_domain::permission::{ContactOwnership, Scope};
use vio_http::{FieldProblem, Kind, PageRequest, Principal, Problem};
use vio_runtime::web::store_problem;
use vio_store::TenantStore;

/// Records that one request examines at most. A list that filters answers a shorter page rather than read on for ever.
pub(crate) const EXAMINED: usize = 1_000;

/// What decides whether a contact is within reach.
pub(crate) fn ownership(contact: &Contact) -> ContactOwnership<'_> {
    ContactOwnership {
        created_by: contact.created_by,
        assigned_to: contact.assigned_to,
        industry: contact.industry.as_ref().map(|industry| industry.as_str()),
    }
}

/// Whether every contact of the tenant is within reach, so that none need be read to know.
pub(crate) fn sees_all(who: &Principal) -> bool {
    who.scope.view == Some(Scope::All)
}

/// Those of the contacts that exist and are within reach, deleted ones included.
pub(crate) async fn visible(
    ts: &TenantStore,
    who: &Principal,
    mut ids: Vec<ContactId>,
) -> Result<HashMap<ContactId, Contact>, Problem> {
    ids.sort_unstable();
    ids.dedup();
    if ids.is_empty() {
        return Ok(HashMap::new());
    }
    let contacts = ts.contacts(&ids).await.map_err(store_problem)?;
    Ok(contacts
        .into_iter()
        .map(|(_, contact)| contact)
        .filter(|contact| who.scope.can_view(who.user_id, &ownership(contact)))
        .map(|contact| (contact.id, contact))
        .collect())
}

/// How many rows a page asked for by number leaves out. Far pages are reached by cursor: 400.
pub(crate) fn rows_before(page: &PageRequest) -> Result<usize, Problem> {
    let rows = (page.page.get() as usize - 1).saturating_mul(page.page_size as usize);
    if rows >= EXAMINED {
        let detail = "Pages this far are reached by next_cursor.";
        return Err(Problem::new(Kind::InvalidParameter)
            .detail(format!("The parameter page is not valid. {detail}"))
            .error(FieldProblem::new("page", "out_of_range", detail)));
    }
    Ok(rows)
}
