//! Who reaches which contact and which group. What is out of reach is 404, like what is another tenant's (rules.md).

use std::collections::HashMap;

use vio_domain::contact::Contact;
use vio_domain::ids::{ContactId, GroupId};
use vio_domain::permission::ContactOwnership;
use vio_http::{FieldProblem, Principal, Problem};
use vio_store::TenantStore;
use vio_store::groups::GroupRow;

use crate::web::{sees_group, store_problem};

/// What decides about reach.
fn ownership(contact: &Contact) -> ContactOwnership<'_> {
    ContactOwnership {
        created_by: contact.created_by,
        assigned_to: contact.assigned_to,
        industry: contact.industry.as_ref().map(|name| name.as_str()),
    }
}

/// Whether the person sees the contact.
pub fn can_view(who: &Principal, contact: &Contact) -> bool {
    who.scope.can_view(who.user_id, &ownership(contact))
}

/// Whether the person may change the contact.
pub fn can_edit(who: &Principal, contact: &Contact) -> bool {
    who.scope.can_edit(who.user_id, &ownership(contact))
}

/// Those of the contacts that exist and are seen, deleted ones included.
pub async fn visible(
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
        .filter(|contact| can_view(who, contact))
        .map(|contact| (contact.id, contact))
        .collect())
}

/// Refuses contacts that are not there, not seen or not to be changed, each by its place in the list at `field`: nothing
/// is done for any of them then (S2). `done` is what whoever may only see one is told they may not do to it.
pub async fn changeable(
    ts: &TenantStore,
    who: &Principal,
    field: &str,
    ids: &[ContactId],
    done: &str,
) -> Result<(), Problem> {
    let found = ts.contacts(ids).await.map_err(store_problem)?;
    let mut wrong = Vec::new();
    for (n, id) in ids.iter().enumerate() {
        let contact = found
            .iter()
            .map(|(_, contact)| contact)
            .find(|contact| contact.id == *id)
            .filter(|contact| contact.deleted.is_none() && can_view(who, contact));
        let (code, detail) = match contact {
            None => ("unknown", "There is no such contact.".to_owned()),
            Some(contact) if !can_edit(who, contact) => {
                let detail = format!("You may see this contact, not {done} it.");
                ("not_allowed", detail)
            }
            Some(_) => continue,
        };
        wrong.push(FieldProblem::new(format!("{field}/{n}"), code, detail));
    }
    if wrong.is_empty() {
        Ok(())
    } else {
        Err(Problem::validation(wrong))
    }
}

/// A group that the person sees; None where there is none.
pub async fn find_group(
    ts: &TenantStore,
    who: &Principal,
    id: GroupId,
) -> Result<Option<GroupRow>, Problem> {
    let group = ts.group(id).await.map_err(store_problem)?;
    Ok(group.filter(|group| sees_group(who, &group.visibility)))
}

/// A group that the person sees.
pub async fn group(ts: &TenantStore, who: &Principal, id: GroupId) -> Result<GroupRow, Problem> {
    let group = find_group(ts, who, id).await?;
    group.ok_or_else(Problem::not_found)
}
