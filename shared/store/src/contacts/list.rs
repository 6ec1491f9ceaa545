//! The list of contacts by creation: one bounded query of the enumeration index, then the page itself from the table.
//! The tenant view will answer every other order and filter; this is what a list costs without it.

use vio_domain::appointment::{Appointment, AppointmentStatus};
use vio_domain::contact::Contact;
use vio_domain::ids::ContactId;

use crate::error::StoreError;
use crate::key::{self, EnumKind};
use crate::port::{AttributeValue, Attributes, ENUM_SK, ENUM_TAG, Index, Position, SortRange};
use crate::store::TenantStore;

/// How many index entries one list request reads at most.
pub const LIST_BOUND: u32 = 1_000;

/// How many such requests one page of deleted contacts takes at most.
const DELETED_PAGES: usize = 10;

/// Where a list starts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Start {
    /// Page number, from 1.
    Page(u32),
    /// After this contact, in the order asked for.
    After(ContactId),
}

/// What to list.
#[derive(Debug, Clone, Copy)]
pub struct ListQuery {
    pub status: Option<AppointmentStatus>,
    /// Oldest first.
    pub ascending: bool,
    pub start: Start,
    pub page_size: u32,
}

/// One page.
#[derive(Debug, Default)]
pub struct ContactPage {
    /// Each with its current appointment.
    pub contacts: Vec<(Contact, Option<Appointment>)>,
    /// How many there are in all; None where the bounded query did not reach the end.
    pub total: Option<u32>,
    /// Continue after this contact; None at the end.
    pub next: Option<ContactId>,
}

fn text<'a>(item: &'a Attributes, name: &str) -> Option<&'a str> {
    match item.get(name) {
        Some(AttributeValue::S(text)) => Some(text),
        _ => None,
    }
}

impl TenantStore {
    /// One page of the contacts that are not deleted, by creation.
    pub async fn list_contacts(&self, query: ListQuery) -> Result<ContactPage, StoreError> {
        let pk = key::enumeration_pk(self.id, EnumKind::Contact);
        let after = match query.start {
            Start::Page(_) => None,
            Start::After(contact) => {
                let place = key::contact(self.id, contact);
                Some(Position {
                    pk: place.pk,
                    sk: place.sk,
                    index: Some((pk.clone(), contact.to_string())),
                })
            }
        };
        let found = self
            .store
            .suggest(
                Index::Enumeration,
                pk,
                SortRange::All,
                query.ascending,
                LIST_BOUND,
                after,
            )
            .await?;
        let wanted = |item: &&Attributes| match (query.status, text(item, ENUM_TAG)) {
            (_, Some("deleted")) => false,
            (Some(status), tag) => tag == Some(status.as_str()),
            (None, _) => true,
        };
        let ids: Vec<ContactId> = found
            .items
            .iter()
            .filter(wanted)
            .filter_map(|item| text(item, ENUM_SK).and_then(|id| id.parse().ok()))
            .collect();
        let size = query.page_size as usize;
        let skip = match query.start {
            Start::Page(page) => (page.max(1) as usize - 1).saturating_mul(size),
            Start::After(_) => 0,
        };
        let page: Vec<ContactId> = ids.iter().copied().skip(skip).take(size).collect();
        let more = ids.len() > skip + page.len();
        // A bounded query that ended early continues after the last entry it read, wanted or not.
        let last_read = found
            .items
            .last()
            .and_then(|item| text(item, ENUM_SK))
            .and_then(|id| id.parse().ok());
        let next = if more {
            page.last().copied()
        } else {
            found.next.as_ref().and(last_read)
        };
        let total = match (query.start, &found.next) {
            (Start::Page(_), None) => u32::try_from(ids.len()).ok(),
            _ => None,
        };
        Ok(ContactPage {
            contacts: self.with_current(&page).await?,
            total,
            next,
        })
    }

    /// Contacts that are deleted, the latest made first, and after which to go on. Index entries of others are passed
    /// over, so a page can be short, or empty, while there is more.
    pub async fn deleted_contacts(
        &self,
        limit: usize,
        after: Option<ContactId>,
    ) -> Result<(Vec<Contact>, Option<ContactId>), StoreError> {
        let pk = key::enumeration_pk(self.id, EnumKind::Contact);
        let (mut ids, mut last) = (Vec::new(), after);
        let mut more = true;
        for _ in 0..DELETED_PAGES {
            let after = last.map(|contact| {
                let place = key::contact(self.id, contact);
                Position {
                    pk: place.pk,
                    sk: place.sk,
                    index: Some((pk.clone(), contact.to_string())),
                }
            });
            let found = self
                .store
                .suggest(
                    Index::Enumeration,
                    pk.clone(),
                    SortRange::All,
                    false,
                    LIST_BOUND,
                    after,
                )
                .await?;
            more = found.next.is_some();
            let read = found.items.len();
            for (at, item) in found.items.iter().enumerate() {
                let Some(id) = text(item, ENUM_SK).and_then(|id| id.parse().ok()) else {
                    continue;
                };
                last = Some(id);
                if text(item, ENUM_TAG) == Some("deleted") {
                    ids.push(id);
                }
                if ids.len() == limit {
                    more |= at + 1 < read;
                    break;
                }
            }
            if !more || ids.len() == limit {
                break;
            }
        }
        let contacts = self.contacts(&ids).await?.into_iter();
        let mut contacts: Vec<Contact> = contacts
            .map(|(_, contact)| contact)
            .filter(|contact| contact.deleted.is_some())
            .collect();
        contacts.sort_by_key(|contact| std::cmp::Reverse(contact.id));
        Ok((contacts, last.filter(|_| more)))
    }

    /// The contacts named, in that order, each with its current appointment; those deleted meanwhile left out.
    pub async fn with_current(
        &self,
        ids: &[ContactId],
    ) -> Result<Vec<(Contact, Option<Appointment>)>, StoreError> {
        let (mut read, keys) = self.contacts_and_keys(ids).await?;
        read.retain(|(row, _)| row.deleted.is_none());
        let wanted: Vec<_> = read
            .iter()
            .filter_map(|(row, _)| row.current_appointment.map(|id| (row.id, id)))
            .collect();
        let appointments = self.appointments_of(&wanted, &keys).await?;
        let place = |id: &ContactId| ids.iter().position(|other| other == id);
        read.sort_by_key(|(row, _)| place(&row.id));
        Ok(read
            .into_iter()
            .map(|(row, contact)| {
                let current = appointments
                    .iter()
                    .find(|a| Some(a.id) == row.current_appointment)
                    .cloned();
                (contact, current)
            })
            .collect())
    }
}
