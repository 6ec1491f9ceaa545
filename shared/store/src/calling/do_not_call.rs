//! The do-not-call list (S0, rules.md "Guards before each attempt"). Two items per number: the guard, found by the
//! number's keyed hash, which every grant is conditional on; and the entry that staff reads, in order of listing. An
//! erasure takes the entry's sealed part and leaves the hash.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use vio_crypto::{FieldRef, LookupHash, Sealed};
use vio_domain::calling::session::CancelReason;
use vio_domain::ids::{AppointmentId, ContactId, DncId, TenantId, UserId};
use vio_domain::phone::E164;
use vio_domain::settings::Settings;
use vio_domain::text::Reason;

use crate::calling::rows::DncRow;
use crate::contacts::ClaimRow;
use crate::entity::Entity;
use crate::error::StoreError;
use crate::key::{self, ClaimKind};
use crate::log::{Actor, Entry};
use crate::port::{Condition, Key, MAX_OPS, Position};
use crate::store::{TenantStore, sealed};
use crate::tx::{COMMIT_TRIES, Tx};

/// How a number came onto the list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DncSource {
    /// The person asked for it in a call (`user_requested_dnc`).
    Call,
    Staff,
    Import,
}

/// An entry of the list as stored. Number and reason are sealed under the tenant's key, not the person's: a number can
/// be listed of somebody who is no contact.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct DncEntryRow {
    pub tenant: TenantId,
    pub id: DncId,
    #[serde(skip)]
    pub version: u64,
    pub phone: LookupHash,
    pub source: DncSource,
    pub added_by: Option<UserId>,
    pub added_at: DateTime<Utc>,
    /// The contact it was learnt from, for showing.
    pub contact: Option<ContactId>,
    details: Option<Sealed>,
}

impl Entity for DncEntryRow {
    const TYPE: &'static str = "do_not_call_entry";
    fn key(&self) -> Key {
        key::do_not_call_entry(self.tenant, self.id)
    }
    fn version(&self) -> u64 {
        self.version
    }
    fn set_version(&mut self, version: u64) {
        self.version = version;
    }
}

/// What of an entry is sealed.
#[derive(Serialize, Deserialize)]
struct Details {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    number: Option<E164>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    reason: Option<Reason>,
}

/// An entry of the list, opened.
#[derive(Debug, Clone)]
pub struct DncEntry {
    pub row: DncEntryRow,
    /// Absent after an erasure.
    pub number: Option<E164>,
    pub reason: Option<Reason>,
}

/// A number to be listed.
#[derive(Debug, Clone)]
pub struct NewDnc {
    pub phone: LookupHash,
    /// To be shown to staff.
    pub number: Option<E164>,
    pub reason: Option<Reason>,
    pub source: DncSource,
    pub contact: Option<ContactId>,
}

impl TenantStore {
    /// The guard of a number, if it is listed.
    pub async fn do_not_call(&self, phone: LookupHash) -> Result<Option<DncRow>, StoreError> {
        let place = key::do_not_call(self.id, &phone.to_string());
        self.store.read(&place).await
    }

    /// One entry of the list.
    pub async fn do_not_call_entry(&self, id: DncId) -> Result<Option<DncEntry>, StoreError> {
        let row: Option<DncEntryRow> = self
            .store
            .read(&key::do_not_call_entry(self.id, id))
            .await?;
        row.map(|row| self.open_do_not_call(row)).transpose()
    }

    /// A page of the list, newest first, and whether there is more.
    pub async fn do_not_call_list(
        &self,
        limit: u32,
        after: Option<DncId>,
    ) -> Result<(Vec<DncEntry>, bool), StoreError> {
        let pk = key::do_not_call_entries_pk(self.id);
        let after = after.map(|id| Position {
            pk: pk.clone(),
            sk: id.to_string(),
            index: None,
        });
        let (rows, next) = self
            .store
            .list::<DncEntryRow>(pk, "", false, limit, after)
            .await?;
        let entries = rows
            .into_iter()
            .map(|row| self.open_do_not_call(row))
            .collect::<Result<_, _>>()?;
        Ok((entries, next.is_some()))
    }

    fn details_field(&self, id: DncId) -> FieldRef {
        FieldRef::new(self.id.uuid(), id.uuid(), "do_not_call")
    }

    fn open_do_not_call(&self, row: DncEntryRow) -> Result<DncEntry, StoreError> {
        let Some(kept) = &row.details else {
            return Ok(DncEntry {
                row,
                number: None,
                reason: None,
            });
        };
        let clear = self
            .keys
            .open(self.details_field(row.id), kept)
            .map_err(sealed("do-not-call entry"))?;
        let details: Details =
            serde_json::from_slice(&clear).map_err(sealed("do-not-call entry"))?;
        Ok(DncEntry {
            row,
            number: details.number,
            reason: details.reason,
        })
    }

    /// Stages a number that is not listed yet: guard, entry, and the log entry of it. A number that another
    /// transaction lists meanwhile fails this one.
    pub fn stage_do_not_call_entry(
        &self,
        tx: &mut Tx,
        new: NewDnc,
        actor: &Actor,
    ) -> Result<DncEntry, StoreError> {
        let id = DncId::new(self.new_id());
        let details = Details {
            number: new.number,
            reason: new.reason,
        };
        let clear =
            serde_json::to_vec(&details).map_err(|error| StoreError::Invalid(error.to_string()))?;
        let kept = self
            .keys
            .seal(self.details_field(id), &clear)
            .map_err(sealed("do-not-call entry"))?;
        let mut guard = DncRow {
            tenant: self.id,
            phone: new.phone,
            version: 0,
            id,
        };
        tx.create(&mut guard)?;
        let mut row = DncEntryRow {
            tenant: self.id,
            id,
            version: 0,
            phone: new.phone,
            source: new.source,
            added_by: actor.user(),
            added_at: self.now(),
            contact: new.contact,
            details: Some(kept),
        };
        tx.create(&mut row)?;
        let mut entry = Entry::new("do_not_call.added", "do_not_call", id.uuid())
            .version(row.version)
            .details(serde_json::json!({ "source": new.source, "reason": details.reason }));
        entry.contact = new.contact;
        self.log(tx, actor, entry)?;
        Ok(DncEntry {
            row,
            number: details.number,
            reason: details.reason,
        })
    }

    /// Lists a number and ends the planned calls of every contact that has it, in one transaction as far as one can
    /// hold them; the calls of a number with dozens of contacts end right after. From the commit on no grant goes
    /// through. A number that is listed already is left as it is: false.
    pub async fn add_do_not_call(
        &self,
        number: E164,
        reason: Option<Reason>,
        source: DncSource,
        contact: Option<ContactId>,
        actor: &Actor,
    ) -> Result<(DncEntry, bool), StoreError> {
        let phone = self.phone_hash(&number);
        for _ in 0..COMMIT_TRIES * 2 {
            if let Some(guard) = self.do_not_call(phone).await?
                && let Some(entry) = self.do_not_call_entry(guard.id).await?
            {
                return Ok((entry, false));
            }
            let mut tx = Tx::new();
            let new = NewDnc {
                phone,
                number: Some(number.clone()),
                reason: reason.clone(),
                source,
                contact,
            };
            let entry = self.stage_do_not_call_entry(&mut tx, new, actor)?;
            let claim = self.phone_claim(phone).await?;
            // Whoever takes the number on meanwhile makes this start over, and is found then.
            let unchanged = match &claim {
                Some(claim) => Condition::VersionIs(claim.version),
                None => Condition::Absent,
            };
            tx.check(
                ClaimRow::TYPE,
                key::claim(self.id, ClaimKind::Phone, &phone.to_string()),
                unchanged,
            );
            let mut later = Vec::new();
            for contact in claim.map(|claim| claim.contacts).unwrap_or_default() {
                if !self
                    .stage_calls_ended(&mut tx, contact, entry.row.id, actor)
                    .await?
                {
                    later.push(contact);
                }
            }
            match self.store.commit(tx).await {
                Err(error) if error.is_lost() => continue,
                Err(error) => return Err(error),
                Ok(()) => {}
            }
            for contact in later {
                self.end_calls(contact, entry.row.id, actor).await?;
            }
            return Ok((entry, true));
        }
        Err(StoreError::Lost {
            lost: vec![DncRow::TYPE],
        })
    }

    /// Takes a number off the list and plans anew for the contacts that have it. False where there is no such entry.
    pub async fn remove_do_not_call(
        &self,
        settings: &Settings,
        id: DncId,
        actor: &Actor,
    ) -> Result<bool, StoreError> {
        for _ in 0..COMMIT_TRIES {
            let Some(entry) = self.do_not_call_entry(id).await? else {
                return Ok(false);
            };
            let phone = entry.row.phone;
            let mut tx = Tx::new();
            tx.delete(&entry.row);
            if let Some(guard) = self.do_not_call(phone).await?
                && guard.id == id
            {
                tx.delete(&guard);
            }
            let mut removed = Entry::new("do_not_call.removed", "do_not_call", id.uuid())
                .details(serde_json::json!({ "source": entry.row.source, "reason": entry.reason }));
            removed.contact = entry.row.contact;
            self.log(&mut tx, actor, removed)?;
            match self.store.commit(tx).await {
                Err(error) if error.is_lost() => continue,
                Err(error) => return Err(error),
                Ok(()) => {}
            }
            let claim = self.phone_claim(phone).await?;
            for contact in claim.map(|claim| claim.contacts).unwrap_or_default() {
                self.plan_anew(settings, contact, id, actor).await?;
            }
            return Ok(true);
        }
        Err(StoreError::Lost {
            lost: vec![DncEntryRow::TYPE],
        })
    }

    async fn phone_claim(&self, phone: LookupHash) -> Result<Option<ClaimRow>, StoreError> {
        let place = key::claim(self.id, ClaimKind::Phone, &phone.to_string());
        self.store.read(&place).await
    }

    /// Stages the end of a contact's planned calls, if the transaction has room for it: false if not.
    async fn stage_calls_ended(
        &self,
        tx: &mut Tx,
        contact: ContactId,
        cause: DncId,
        actor: &Actor,
    ) -> Result<bool, StoreError> {
        let Some(mut person) = self.person(contact).await? else {
            return Ok(true);
        };
        let planned = person.open_sessions().filter(|(_, open)| !open.in_progress);
        let calls = planned.count();
        if calls == 0 {
            return Ok(true);
        }
        // The contact and its log entry; for each call its session, queue item and appointment.
        if tx.len() + 2 + 3 * calls > MAX_OPS {
            return Ok(false);
        }
        self.stage_no_more_calls(tx, &mut person, CancelReason::Person)
            .await?;
        self.stage_person(tx, &mut person)?;
        let entry = Entry::new("contact.calls_ended", "contact", contact.uuid())
            .contact(contact)
            .version(person.contact.version)
            .details(serde_json::json!({ "do_not_call": cause }));
        self.log(tx, actor, entry)?;
        Ok(true)
    }

    /// Ends a contact's planned calls on their own. More than one transaction can hold are ended by the grant, which
    /// asks the list.
    async fn end_calls(
        &self,
        contact: ContactId,
        cause: DncId,
        actor: &Actor,
    ) -> Result<(), StoreError> {
        for _ in 0..COMMIT_TRIES {
            let mut tx = Tx::new();
            self.stage_calls_ended(&mut tx, contact, cause, actor)
                .await?;
            match self.store.commit(tx).await {
                Err(error) if error.is_lost() => {}
                other => return other,
            }
        }
        Err(StoreError::Lost {
            lost: vec!["contact"],
        })
    }

    /// Plans every appointment of a contact anew.
    async fn plan_anew(
        &self,
        settings: &Settings,
        contact: ContactId,
        cause: DncId,
        actor: &Actor,
    ) -> Result<(), StoreError> {
        for _ in 0..COMMIT_TRIES {
            let Some(mut person) = self.person(contact).await? else {
                return Ok(());
            };
            let mut tx = Tx::new();
            let appointments: Vec<AppointmentId> =
                person.appointments.iter().map(|a| a.id).collect();
            for appointment in appointments {
                self.replan(&mut tx, settings, &mut person, appointment)
                    .await?;
            }
            if !self.stage_person(&mut tx, &mut person)? {
                return Ok(());
            }
            let entry = Entry::new("contact.planned_anew", "contact", contact.uuid())
                .contact(contact)
                .version(person.contact.version)
                .details(serde_json::json!({ "do_not_call": cause }));
            self.log(&mut tx, actor, entry)?;
            match self.store.commit(tx).await {
                Err(error) if error.is_lost() => {}
                other => return other,
            }
        }
        Err(StoreError::Lost {
            lost: vec!["contact"],
        })
    }
}
