//! Who reaches which contact. One that is out of reach is 404, like one of another tenant (rules.md).

use vio_domain::ids::{AppointmentId, ContactId};
use vio_domain::permission::Permission;
use vio_http::{Principal, Problem};
pub(crate) use vio_runtime::reach::{can_edit, can_view};
use vio_runtime::web::store_problem;
use vio_store::TenantStore;
use vio_store::contacts::Person;

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

/// The same, or a contact that was made one with one that may be seen: what was kept of it is read on.
pub(crate) async fn viewed_or_merged(
    tenant: &TenantStore,
    principal: &Principal,
    id: ContactId,
) -> Result<Person, Problem> {
    let found = tenant.person(id).await.map_err(store_problem)?;
    let person = found.ok_or_else(Problem::not_found)?;
    let seen = match person.contact.deleted {
        None => can_view(principal, &person.contact),
        Some(_) => {
            let kept = tenant.merged_in_the_end(&person.contact).await;
            let kept = kept.map_err(store_problem)?;
            kept.is_some_and(|kept| can_view(principal, &kept))
        }
    };
    if seen {
        Ok(person)
    } else {
        Err(Problem::not_found())
    }
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
