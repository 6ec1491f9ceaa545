//! Who reaches which contact. One that is out of reach is 404, like one of another tenant (rules.md).

use vio_domain::contact::Contact;
use vio_domain::ids::{AppointmentId, ContactId};
use vio_domain::permission::{ContactOwnership, Permission};
use vio_http::{Principal, Problem};
use vio_runtime::web::store_problem;
use vio_store::TenantStore;
use vio_store::contacts::Person;

/// What decides about reach.
pub(crate) fn ownership(contact: &Contact) -> ContactOwnership<'_> {
    ContactOwnership {
        created_by: contact.created_by,
        assigned_to: contact.assigned_to,
        industry: contact.industry.as_ref().map(|name| name.as_str()),
    }
}

/// Whether the person may see the contact.
pub(crate) fn can_view(principal: &Principal, contact: &Contact) -> bool {
    let scope = &principal.scope;
    scope.can_view(principal.user_id, &ownership(contact))
}

/// Whether the person may change the contact.
pub(crate) fn can_edit(principal: &Principal, contact: &Contact) -> bool {
    let scope = &principal.scope;
    scope.can_edit(principal.user_id, &ownership(contact))
}

/// A contact that may be seen; a deleted one may not.
pub(crate) async fn viewed(
    tenant: &TenantStore,
    principal: &Principal,
    id: ContactId,
) -> Result<Person, Problem> {
    tenant
        .person(id)
        .await
        .map_err(store_problem)?
        .filter(|person| person.contact.deleted.is_none())
        .filter(|person| can_view(principal, &person.contact))
        .ok_or_else(Problem::not_found)
}

/// A contact that may be changed: 403 for one that is seen only.
pub(crate) async fn edited(
    tenant: &TenantStore,
    principal: &Principal,
    id: ContactId,
) -> Result<Person, Problem> {
    let person = viewed(tenant, principal, id).await?;
    if can_edit(principal, &person.contact) {
        Ok(person)
    } else {
        Err(Problem::lacks(&[Permission::EditAllContacts]))
    }
}

/// Whose an appointment is, among those that may be seen.
pub(crate) async fn of_appointment(
    tenant: &TenantStore,
    id: AppointmentId,
) -> Result<ContactId, Problem> {
    tenant
        .contact_of_appointment(id)
        .await
        .map_err(store_problem)?
        .ok_or_else(Problem::not_found)
}
