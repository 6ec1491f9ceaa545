//! Same person, household or stranger: decided on claims (rules.md "Same person?").

use vio_crypto::LookupKind;
use vio_domain::contact::Contact;
use vio_domain::ids::ContactId;
use vio_domain::person::{self, Candidate, Duplicate};

use crate::contacts::claims::{ClaimRow, Claims};
use crate::contacts::person::Person;
use crate::error::StoreError;
use crate::key::{self, ClaimKind};
use crate::store::TenantStore;

/// What the claims say about a person, with the claims it was judged on.
#[derive(Debug)]
pub struct Judged {
    pub claims: Claims,
    pub found: Duplicate,
    candidates: Vec<Known>,
}

/// Somebody who has the same number or address.
#[derive(Debug)]
struct Known {
    contact: Contact,
    same_phone: bool,
    same_email: bool,
}

impl Judged {
    /// The candidates as the rules take them.
    pub(crate) fn candidates(&self) -> Vec<Candidate<'_>> {
        self.candidates
            .iter()
            .map(|known| Candidate {
                id: known.contact.id,
                name: known.contact.name.as_str(),
                same_phone: known.same_phone,
                same_email: known.same_email,
            })
            .collect()
    }

    /// Duplicates that this change makes: those that were none under the name, number and address read before. Two
    /// contacts that somebody chose to keep apart are not held against every later edit.
    pub fn new_duplicates(&self, person: &Person) -> Vec<ContactId> {
        let before = person.contact_before();
        self.candidates
            .iter()
            .filter(|known| self.found.duplicates.contains(&known.contact.id))
            .filter(|known| {
                !before.is_some_and(|before| {
                    let shared = Candidate {
                        id: known.contact.id,
                        name: known.contact.name.as_str(),
                        same_phone: before.phone.is_some() && before.phone == known.contact.phone,
                        same_email: same_mailbox(before, &known.contact),
                    };
                    before.deleted.is_none()
                        && person::classify(before.name.as_str(), &shared)
                            == person::Relation::Duplicate
                })
            })
            .map(|known| known.contact.id)
            .collect()
    }
}

fn same_mailbox(a: &Contact, b: &Contact) -> bool {
    match (&a.email, &b.email) {
        (Some(a), Some(b)) => a.folded() == b.folded(),
        _ => false,
    }
}

impl TenantStore {
    /// Reads the claims that writing this person touches, and judges everybody found there.
    pub async fn judge(&self, person: &Person) -> Result<Judged, StoreError> {
        let claims = self.read_claims(person).await?;
        let others = claims.others(person.contact.id, &self.claims_of(&person.contact));
        let mut ids: Vec<ContactId> = others.iter().map(|(_, id)| *id).collect();
        ids.sort_unstable();
        ids.dedup();
        let mut known = self.contacts(&ids).await?;
        known.sort_by_key(|(row, _)| row.id);
        let candidates: Vec<Known> = known
            .into_iter()
            .filter(|(row, _)| row.deleted.is_none())
            .map(|(row, contact)| Known {
                same_phone: others.contains(&(ClaimKind::Phone, row.id)),
                same_email: others.contains(&(ClaimKind::Email, row.id)),
                contact,
            })
            .collect();
        let mut judged = Judged {
            claims,
            found: Duplicate::default(),
            candidates,
        };
        judged.found = person::classify_all(person.contact.name.as_str(), &judged.candidates());
        Ok(judged)
    }

    /// Who else has a contact's number, as the claims say: both sides of a household see each other, and nobody who moved
    /// away or was deleted stays linked.
    pub async fn shares_phone_with(&self, contact: &Contact) -> Result<Vec<ContactId>, StoreError> {
        let number = contact.phone.as_ref().filter(|_| contact.deleted.is_none());
        let Some(number) = number else {
            return Ok(Vec::new());
        };
        let hash = self.keys.lookup(LookupKind::Phone, number.as_str());
        let place = key::claim(self.id, ClaimKind::Phone, &hash.to_string());
        let row: Option<ClaimRow> = self.store.read(&place).await?;
        let mut others = row.map(|row| row.contacts).unwrap_or_default();
        others.retain(|other| *other != contact.id);
        Ok(others)
    }
}
