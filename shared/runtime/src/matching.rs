//! Contacts that match criteria: the one place from which templates, suggestions and work on a filter take their people.
//! It looks at all of a tenant's contacts, page by page; whoever keeps them in memory can answer it instead.

use vio_domain::appointment::Appointment;
use vio_domain::contact::Contact;
use vio_domain::groups::criteria::{Criterion, Facts};
use vio_domain::ids::ContactId;
use vio_http::Principal;
use vio_store::contacts::{ListQuery, Start};
use vio_store::{StoreError, TenantStore};

use crate::reach::{can_edit, can_view};

/// Contacts read in one request.
const AT_ONCE: u32 = 500;

/// Shows `see` every contact that the person sees and that is not deleted, oldest first. `history`: for whom all
/// appointments must be at hand; the others come with the current one alone.
pub async fn each_contact(
    ts: &TenantStore,
    who: &Principal,
    history: impl Fn(&Contact) -> bool,
    mut see: impl FnMut(&Facts<'_>),
) -> Result<(), StoreError> {
    let mut start = Start::Page(1);
    loop {
        let page = ts
            .list_contacts(ListQuery {
                status: None,
                ascending: true,
                start,
                page_size: AT_ONCE,
            })
            .await?;
        for (contact, current) in &page.contacts {
            if !can_view(who, contact) {
                continue;
            }
            let appointments: Vec<Appointment> = if history(contact) {
                let person = ts.person(contact.id).await?;
                person.map_or_else(Vec::new, |person| person.appointments)
            } else {
                Vec::new()
            };
            see(&Facts {
                contact,
                current: current.as_ref(),
                appointments: &appointments,
                now: ts.now(),
            });
        }
        match page.next {
            Some(last) => start = Start::After(last),
            None => return Ok(()),
        }
    }
}

/// Who matches a criterion, in order of id, each with whether the person may change it.
pub async fn members_matching(
    ts: &TenantStore,
    who: &Principal,
    criterion: &Criterion,
) -> Result<Vec<(ContactId, bool)>, StoreError> {
    let mut found = Vec::new();
    let history = |contact: &Contact| criterion.needs_history(contact);
    each_contact(ts, who, history, |facts| {
        if criterion.matches(facts) {
            found.push((facts.contact.id, can_edit(who, facts.contact)));
        }
    })
    .await?;
    found.sort_unstable();
    Ok(found)
}
