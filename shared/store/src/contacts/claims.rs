//! Claims: under the keyed hash of a number or an address lies the list of contacts that have it. Duplicates and
//! households are decided on claims read consistently and written in the contact's own transaction, never on an index
//! (rules.md "Same person?").

use serde::{Deserialize, Serialize};
use vio_crypto::LookupHash;
use vio_domain::ids::{ContactId, TenantId};

use crate::contacts::person::Person;
use crate::entity::Entity;
use crate::error::StoreError;
use crate::key::{self, ClaimKind};
use crate::port::{Condition, Key};
use crate::store::TenantStore;
use crate::tx::Tx;

/// The contacts that have one number or address.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ClaimRow {
    pub tenant: TenantId,
    pub kind: ClaimKind,
    pub hash: LookupHash,
    pub contacts: Vec<ContactId>,
    #[serde(skip)]
    pub version: u64,
}

impl Entity for ClaimRow {
    const TYPE: &'static str = "claim";
    fn key(&self) -> Key {
        key::claim(self.tenant, self.kind, &self.hash.to_string())
    }
    fn version(&self) -> u64 {
        self.version
    }
    fn set_version(&mut self, version: u64) {
        self.version = version;
    }
}

/// A version to begin with, from the random part of an id.
fn fresh_version(id: uuid::Uuid) -> u64 {
    u64::try_from(id.as_u128() & 0xff_ffff_ffff).unwrap_or_default() + 1
}

/// The claims that a write touches, as read: those of the new values and those of the old.
#[derive(Debug, Default)]
pub struct Claims {
    rows: Vec<ClaimRow>,
}

impl Claims {
    /// Others who have one of the person's new numbers or addresses.
    pub fn others(
        &self,
        person: ContactId,
        wanted: &[(ClaimKind, LookupHash)],
    ) -> Vec<(ClaimKind, ContactId)> {
        let mut found: Vec<(ClaimKind, ContactId)> = self
            .rows
            .iter()
            .filter(|row| wanted.contains(&(row.kind, row.hash)))
            .flat_map(|row| row.contacts.iter().map(|contact| (row.kind, *contact)))
            .filter(|(_, contact)| *contact != person)
            .collect();
        found.sort();
        found.dedup();
        found
    }

    /// Holds a transaction to the claims as read, where what they say was judged and nothing of them is written.
    pub fn hold(&self, tx: &mut Tx) {
        for row in &self.rows {
            let condition = match row.version {
                0 => Condition::Absent,
                version => Condition::VersionIs(version),
            };
            tx.check("claim", row.key(), condition);
        }
    }
}

impl TenantStore {
    /// Reads the claims that writing this person touches. None are needed for a deleted person's new values.
    pub async fn read_claims(&self, person: &Person) -> Result<Claims, StoreError> {
        self.read_claims_of(&[person]).await
    }

    /// The same of several persons who are written in one transaction.
    pub(crate) async fn read_claims_of(&self, persons: &[&Person]) -> Result<Claims, StoreError> {
        let mut wanted: Vec<(ClaimKind, LookupHash)> = Vec::new();
        for person in persons {
            let (phone, email) = person.stored_hashes();
            let old = phone.map(|hash| (ClaimKind::Phone, hash)).into_iter();
            let old = old.chain(email.map(|hash| (ClaimKind::Email, hash)));
            for claim in self.claims_of(&person.contact).into_iter().chain(old) {
                if !wanted.contains(&claim) {
                    wanted.push(claim);
                }
            }
        }
        let keys: Vec<Key> = wanted
            .iter()
            .map(|(kind, hash)| key::claim(self.id, *kind, &hash.to_string()))
            .collect();
        let mut rows: Vec<ClaimRow> = self.store.read_all(&keys).await?;
        for (kind, hash) in wanted {
            if !rows.iter().any(|row| row.kind == kind && row.hash == hash) {
                rows.push(ClaimRow {
                    tenant: self.id,
                    kind,
                    hash,
                    contacts: Vec::new(),
                    version: 0,
                });
            }
        }
        Ok(Claims { rows })
    }

    /// Stages the claims of persons as they are now: added where one has the number or address, dropped where it no
    /// longer has, or where it is deleted. A claim that stays as it is but was judged is held to the version read.
    pub fn stage_claims(
        &self,
        tx: &mut Tx,
        persons: &[&Person],
        claims: Claims,
    ) -> Result<(), StoreError> {
        let wanted: Vec<(ContactId, Vec<(ClaimKind, LookupHash)>)> = persons
            .iter()
            .map(|person| {
                let gone = person.contact.deleted.is_some();
                let wanted = (!gone).then(|| self.claims_of(&person.contact));
                (person.contact.id, wanted.unwrap_or_default())
            })
            .collect();
        for mut row in claims.rows {
            let before = row.contacts.clone();
            let claim = (row.kind, row.hash);
            for (id, wanted) in &wanted {
                match (row.contacts.contains(id), wanted.contains(&claim)) {
                    (false, true) => row.contacts.push(*id),
                    (true, false) => row.contacts.retain(|contact| contact != id),
                    _ => {}
                }
            }
            if row.contacts == before {
                if wanted.iter().any(|(_, wanted)| wanted.contains(&claim)) {
                    tx.check("claim", row.key(), Condition::VersionIs(row.version));
                }
            } else if row.version == 0 {
                // A claim comes and goes: its versions begin anywhere, so that one read before it went is not
                // taken for the one that came.
                row.version = fresh_version(self.new_id());
                tx.put_if(ClaimRow::TYPE, &row, row.version, Condition::Absent)?;
            } else if row.contacts.is_empty() {
                tx.delete(&row);
            } else {
                tx.update(&mut row)?;
            }
        }
        Ok(())
    }
}
