//! The do-not-call list (S0, rules.md "Guards before each attempt"). Two items per number: the guard, found by the
//! number's keyed hash, which every grant is conditional on; and the entry that staff reads, in order of listing. An
//! erasure takes the entry's sealed part and leaves the hash.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use vio_crypto::{FieldRef, LookupHash, Sealed};
use vio_domain::calling::session::CancelReason;
use vio_domain::ids::{AppointmentId, ContactId, DncId, JobId, TenantId, UserId};
use vio_domain::outgoing::{EventType, News};
use vio_domain::phone::E164;
use vio_domain::settings::Settings;
use vio_domain::text::Reason;

use crate::calling::rows::DncRow;
use crate::contacts::ClaimRow;
use crate::entity::Entity;
use crate::error::StoreError;
use crate::jobs::{JobRow, JobStatus, JobWork};
use crate::key::{self, ClaimKind};
use crate::log::{Actor, Entry};
use crate::port::{Condition, Key, MAX_OPS};
use crate::store::TenantStore;
use crate::tx::{COMMIT_TRIES, Tx};

/// How a number came onto the list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DncSource {
    /// The person asked for it in a call (`user_requested_dnc`).
    Call,
    /// Somebody on the staff.
    Manual,
    Import,
}

/// The row of a file that a number came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImportRow {
    pub job: JobId,
    pub row: u32,
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
    pub import: Option<ImportRow>,
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

    /// The entry of a number, if it is listed.
    pub async fn do_not_call_entry_of(
        &self,
        number: &E164,
    ) -> Result<Option<DncEntry>, StoreError> {
        match self.do_not_call(self.phone_hash(number)).await? {
            Some(guard) => self.do_not_call_entry(guard.id).await,
            None => Ok(None),
        }
    }

    /// A page of the list, newest first, and whether there is more.
    pub async fn do_not_call_list(
        &self,
        limit: u32,
        after: Option<DncId>,
    ) -> Result<(Vec<DncEntry>, bool), StoreError> {
        let pk = key::do_not_call_entries_pk(self.id);
        let after = after.map(|id| key::do_not_call_entry(self.id, id).into());
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
        let place = self.details_field(row.id);
        let details: Details = self.open_json("do-not-call entry", place, kept)?;
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
        let (source, contact) = (new.source, new.contact);
        let listed = self.stage_do_not_call_unlogged(tx, new, actor)?;
        let mut entry = Entry::new("do_not_call.added", "do_not_call", listed.row.id.uuid())
            .version(listed.row.version)
            .details(serde_json::json!({ "source": source, "reason": listed.reason }))
            .news([News {
                event: EventType::DoNotCallAdded,
                id: listed.row.id.uuid(),
                version: listed.row.version,
                status: None,
            }]);
        entry.contact = contact;
        self.log(tx, actor, entry)?;
        Ok(listed)
    }

    /// The same without the log entry: that of several is one.
    pub(crate) fn stage_do_not_call_unlogged(
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
        let kept = self.seal_json("do-not-call entry", self.details_field(id), &details)?;
        let mut guard = DncRow {
            tenant: self.id,
            phone: new.phone,
            version: 0,
            id,
            import: new.import,
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
        self.add_do_not_call_from(number, reason, source, contact, None, actor)
            .await
    }

    /// The same, of a row of a file.
    pub(crate) async fn add_do_not_call_from(
        &self,
        number: E164,
        reason: Option<Reason>,
        source: DncSource,
        contact: Option<ContactId>,
        import: Option<ImportRow>,
        actor: &Actor,
    ) -> Result<(DncEntry, bool), StoreError> {
        let phone = self.phone_hash(&number);
        for _ in 0..COMMIT_TRIES * 2 {
            if let Some(entry) = self.do_not_call_entry_of(&number).await? {
                // What a crash left of planned calls ends now.
                let claim = self.phone_claim(phone).await?;
                for contact in claim.map(|claim| claim.contacts).unwrap_or_default() {
                    self.end_calls(contact, entry.row.id, actor).await?;
                }
                return Ok((entry, false));
            }
            let mut tx = Tx::new();
            let new = NewDnc {
                phone,
                number: Some(number.clone()),
                reason: reason.clone(),
                source,
                contact,
                import,
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

    /// Takes a number off the list. In the same transaction comes a job that plans anew for the contacts that have it, so
    /// that a crash right after loses nobody. The job, or None where nobody has the number; None altogether where there
    /// is no such entry.
    pub async fn remove_do_not_call(
        &self,
        id: DncId,
        reason: Option<&Reason>,
        actor: &Actor,
    ) -> Result<Option<Option<JobRow>>, StoreError> {
        for _ in 0..COMMIT_TRIES {
            let Some(entry) = self.do_not_call_entry(id).await? else {
                return Ok(None);
            };
            let phone = entry.row.phone;
            let mut tx = Tx::new();
            tx.delete(&entry.row);
            if let Some(guard) = self.do_not_call(phone).await?
                && guard.id == id
            {
                tx.delete(&guard);
            }
            let claim = self.phone_claim(phone).await?;
            let contacts = claim.map(|claim| claim.contacts).unwrap_or_default();
            let job = if contacts.is_empty() {
                None
            } else {
                let work = JobWork::PlanAnew {
                    contacts,
                    cause: id,
                };
                let mut job = self.new_job(JobId::new(self.new_id()), work, actor.user());
                job.status = JobStatus::Running;
                tx.create(&mut job)?;
                Some(job)
            };
            let mut removed = Entry::new("do_not_call.removed", "do_not_call", id.uuid())
                .details(serde_json::json!({
                    "source": entry.row.source, "listed_for": entry.reason, "reason": reason,
                }))
                .news([News {
                    event: EventType::DoNotCallRemoved,
                    id: id.uuid(),
                    version: 0,
                    status: None,
                }]);
            removed.contact = entry.row.contact;
            self.log(&mut tx, actor, removed)?;
            match self.store.commit(tx).await {
                Err(error) if error.is_lost() => continue,
                Err(error) => return Err(error),
                Ok(()) => return Ok(Some(job)),
            }
        }
        Err(StoreError::Lost {
            lost: vec![DncEntryRow::TYPE],
        })
    }

    /// Plans anew for one of the contacts of such a job.
    pub async fn plan_listed_anew(
        &self,
        settings: &Settings,
        contact: ContactId,
        job: &JobRow,
        actor: &Actor,
    ) -> Result<(), StoreError> {
        match job.work {
            JobWork::PlanAnew { cause, .. } => {
                self.plan_anew(settings, contact, cause, actor).await
            }
            JobWork::DncImport | JobWork::Bulk { .. } | JobWork::Undo { .. } => Ok(()),
        }
    }

    /// The job is over and leaves nothing.
    pub async fn finish_plan_anew(&self, job: JobRow) -> Result<(), StoreError> {
        let mut tx = Tx::new();
        tx.delete(&job);
        match self.store.commit(tx).await {
            // Another worker was quicker.
            Err(error) if error.is_lost() => Ok(()),
            other => other,
        }
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
