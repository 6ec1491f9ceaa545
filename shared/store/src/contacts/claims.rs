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
        let (phone, email) = person.stored_hashes();
        let old = phone.map(|hash| (ClaimKind::Phone, hash)).into_iter();
        let old = old.chain(email.map(|hash| (ClaimKind::Email, hash)));
        let mut wanted: Vec<(ClaimKind, LookupHash)> = self.claims_of(&person.contact);
        for claim in old {
            if !wanted.contains(&claim) {
                wanted.push(claim);
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

    /// Stages the claims of a person as it is now: added where it has the number or address, dropped where it no
    /// longer has, or where it is deleted. A claim that stays as it is but was judged is held to the version read.
    pub fn stage_claims(
        &self,
        tx: &mut Tx,
        person: &Person,
        claims: Claims,
    ) -> Result<(), StoreError> {
        let id = person.contact.id;
        let wanted = if person.contact.deleted.is_some() {
            Vec::new()
        } else {
            self.claims_of(&person.contact)
        };
        for mut row in claims.rows {
            let has = row.contacts.contains(&id);
            match (has, wanted.contains(&(row.kind, row.hash))) {
                (false, true) if row.version == 0 => {
                    row.contacts.push(id);
                    // A claim comes and goes: its versions begin anywhere, so that one read before it went is not
                    // taken for the one that came.
                    row.version = fresh_version(self.new_id());
                    tx.put_if(ClaimRow::TYPE, &row, row.version, Condition::Absent)?;
                }
                (false, true) => {
                    row.contacts.push(id);
                    tx.update(&mut row)?;
                }
                (true, false) if row.contacts.len() == 1 => tx.delete(&row),
                (true, false) => {
                    row.contacts.retain(|contact| *contact != id);
                    tx.update(&mut row)?;
                }
                (true, true) => tx.check("claim", row.key(), Condition::VersionIs(row.version)),
                (false, false) => {}
            }
        }
        Ok(())
    }
}
