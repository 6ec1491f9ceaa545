//! Which groups and contacts somebody reaches. What is out of reach is 404, like what is another tenant's (rules.md).

use vio_domain::contact::Contact;
use vio_domain::ids::{ContactId, GroupId};
use vio_domain::permission::ContactOwnership;
use vio_http::{FieldProblem, Kind, PageRequest, Principal, Problem};
use vio_runtime::web::{sees_group, store_problem};
use vio_store::TenantStore;
use vio_store::groups::GroupRow;

/// Rows that a page asked for by number may leave out. Farther pages are reached by cursor.
const SKIPPED: usize = 1_000;

/// A group that the person sees.
pub(crate) async fn group(
    ts: &TenantStore,
    who: &Principal,
    id: GroupId,
) -> Result<GroupRow, Problem> {
    ts.group(id)
        .await
        .map_err(store_problem)?
        .filter(|group| sees_group(who, &group.visibility))
        .ok_or_else(Problem::not_found)
}

fn ownership(contact: &Contact) -> ContactOwnership<'_> {
    ContactOwnership {
        created_by: contact.created_by,
        assigned_to: contact.assigned_to,
        industry: contact.industry.as_ref().map(|industry| industry.as_str()),
    }
}

/// Whether the person sees the contact.
pub(crate) fn can_view(who: &Principal, contact: &Contact) -> bool {
    who.scope.can_view(who.user_id, &ownership(contact))
}

/// Whether the person may change the contact.
pub(crate) fn can_edit(who: &Principal, contact: &Contact) -> bool {
    who.scope.can_edit(who.user_id, &ownership(contact))
}

/// Refuses contacts that are not there, not seen or not to be changed, each by its place in the list: nothing is done
/// for any of them then (S2).
pub(crate) async fn changeable(
    ts: &TenantStore,
    who: &Principal,
    field: &str,
    ids: &[ContactId],
) -> Result<(), Problem> {
    let found = ts.contacts(ids).await.map_err(store_problem)?;
    let mut wrong = Vec::new();
    for (n, id) in ids.iter().enumerate() {
        let contact = found
            .iter()
            .map(|(_, contact)| contact)
            .find(|contact| contact.id == *id)
            .filter(|contact| contact.deleted.is_none() && can_view(who, contact));
        let refused = match contact {
            None => Some(("unknown", "There is no such contact.")),
            Some(contact) if !can_edit(who, contact) => {
                Some(("not_allowed", "You may see this contact, not change it."))
            }
            Some(_) => None,
        };
        if let Some((code, detail)) = refused {
            wrong.push(FieldProblem::new(format!("{field}/{n}"), code, detail));
        }
    }
    if wrong.is_empty() {
        Ok(())
    } else {
        Err(Problem::validation(wrong))
    }
}

/// How many rows a page asked for by number leaves out. Far pages are reached by cursor: 400.
pub(crate) fn rows_before(page: &PageRequest) -> Result<usize, Problem> {
    let rows = (page.page.get() as usize - 1).saturating_mul(page.page_size as usize);
    if rows >= SKIPPED {
        let detail = "Pages this far are reached by next_cursor.";
        return Err(Problem::new(Kind::InvalidParameter)
            .detail(format!("The parameter page is not valid. {detail}"))
            .error(FieldProblem::new("page", "out_of_range", detail)));
    }
    Ok(rows)
}
