//! After a change of settings that can move reminders, every coming appointment is planned anew (rules.md "When a
//! reminder is due"; S3: "weekend and holiday switches move planned calls"). The change leaves one item; the tenant's
//! pump works it off in pieces, each of which may be the last before a crash.

use chrono::{DateTime, TimeDelta, Utc};
use futures::{StreamExt, TryStreamExt, stream};
use serde::{Deserialize, Serialize};
use uuid::Uuid;
use vio_domain::ids::{AppointmentId, ContactId, TenantId};
use vio_domain::messages::Channel;
use vio_domain::settings::Settings;

use crate::contacts::rows::{AppointmentRow, ContactRow};
use crate::entity::{DueEntry, Entity};
use crate::error::StoreError;
use crate::key::{self, DueKind, EnumKind};
use crate::log::{Actor, Entry};
use crate::port::{AttributeValue, Condition, ENUM_SK, ENUM_TAG, Index, Key, Position, SortRange};
use crate::store::TenantStore;
use crate::tx::Tx;

/// Contacts read from the index at a time.
const PAGE: u32 = 100;
/// Persons planned side by side.
const SIDE_BY_SIDE: usize = 8;
/// How often a person is read again after somebody else's change.
const TRIES: usize = 6;
/// A contact that was being saved while the settings changed can have been planned by the old ones, and an index can
/// be behind: those made from so long before the change to so long after it are looked at once more.
const SETTLES_WITHIN: TimeDelta = TimeDelta::seconds(60);

/// The work that a change of settings left.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ReplanRow {
    pub tenant: TenantId,
    #[serde(skip)]
    version: u64,
    pub asked_at: DateTime<Utc>,
    /// The last contact that was looked at.
    after: Option<ContactId>,
    /// Whether the rest is only to look again at those made around the change, from `due` on.
    #[serde(default)]
    again: bool,
    due: DateTime<Utc>,
}

impl Entity for ReplanRow {
    const TYPE: &'static str = "replan";
    fn key(&self) -> Key {
        key::replan(self.tenant)
    }
    fn version(&self) -> u64 {
        self.version
    }
    fn set_version(&mut self, version: u64) {
        self.version = version;
    }
    fn due(&self) -> Option<DueEntry> {
        Some(key::due(
            self.due,
            DueKind::Replan,
            self.tenant,
            self.tenant.uuid(),
        ))
    }
}

/// Whether a change of settings can move a planned call.
pub fn moves_reminders(before: &Settings, after: &Settings) -> bool {
    let calling = |settings: &Settings| {
        (
            settings.calls.call_hours,
            settings.calls.minimum_notice_hours,
            settings.calls.auto_schedule_calls,
            settings.business.timezone,
            settings.privacy.hipaa_mode,
            settings.privacy.require_voice_consent,
            Channel::ALL.map(|channel| settings.integrations.channel_ready(channel)),
        )
    };
    calling(before) != calling(after) || before.business.holidays != after.business.holidays
}

/// The first id that can have been made at an instant.
fn first_id_at(instant: DateTime<Utc>) -> ContactId {
    let millis = u128::try_from(instant.timestamp_millis().max(0)).unwrap_or(0);
    ContactId::new(Uuid::from_u128((millis & 0xffff_ffff_ffff) << 80))
}

impl TenantStore {
    /// Asks for every coming appointment to be planned anew; put it into the transaction that changes the settings, and
    /// wake the tenant's pump after it. One that is under way starts over.
    pub fn ask_replan(&self, tx: &mut Tx) -> Result<(), StoreError> {
        let now = self.now();
        // A version nobody has read: whoever is working on an earlier request loses its next write.
        let version = (self.new_id().as_u128() & 0xffff_ffff_ffff) as u64;
        let row = ReplanRow {
            tenant: self.id,
            version,
            asked_at: now,
            after: None,
            again: false,
            due: now,
        };
        tx.put_if(ReplanRow::TYPE, &row, version, Condition::Always)
    }

    /// Whether planning anew is asked for and its time has come.
    pub async fn replan_due(&self) -> Result<bool, StoreError> {
        let row: Option<ReplanRow> = self.store.read(&key::replan(self.id)).await?;
        Ok(row.is_some_and(|row| row.due <= self.now()))
    }

    /// Plans anew for about `budget` contacts, as asked for by [`TenantStore::ask_replan`]. True when nothing is left
    /// to do now; false when the next run should go on.
    pub async fn replan_some(&self, budget: usize) -> Result<bool, StoreError> {
        let mut left = budget;
        loop {
            let Some(mut row) = self.store.read::<ReplanRow>(&key::replan(self.id)).await? else {
                return Ok(true);
            };
            if row.due > self.now() {
                return Ok(true);
            }
            if left == 0 {
                return Ok(false);
            }
            let settings = self.settings().await?.settings;
            let (contacts, last) = self.next_contacts(row.after).await?;
            left = left.saturating_sub(contacts.len().max(1));
            let coming = self.with_coming(&contacts).await?;
            stream::iter(coming)
                .map(|contact| self.replan_person(&settings, contact))
                .buffer_unordered(SIDE_BY_SIDE)
                .try_collect::<Vec<()>>()
                .await?;
            let mut tx = Tx::new();
            match last {
                Some(last) => {
                    row.after = Some(last);
                    tx.update(&mut row)?;
                }
                None if !row.again => {
                    row.again = true;
                    row.after = Some(first_id_at(row.asked_at - SETTLES_WITHIN));
                    row.due = row.asked_at + SETTLES_WITHIN;
                    tx.update(&mut row)?;
                }
                None => tx.delete(&row),
            }
            match self.store.commit(tx).await {
                Ok(()) => {}
                // Asked for anew, or another run was quicker: go by what is there now.
                Err(error) if error.is_lost() => {}
                Err(error) => return Err(error),
            }
        }
    }

    /// The next contacts in order of creation that are not deleted, and the last one looked at; None at the end.
    async fn next_contacts(
        &self,
        after: Option<ContactId>,
    ) -> Result<(Vec<ContactId>, Option<ContactId>), StoreError> {
        let pk = key::enumeration_pk(self.id, EnumKind::Contact);
        let position = after.map(|contact| {
            let place = key::contact(self.id, contact);
            Position {
                pk: place.pk,
                sk: place.sk,
                index: Some((pk.clone(), contact.to_string())),
            }
        });
        let page = self
            .store
            .suggest(Index::Enumeration, pk, SortRange::All, true, PAGE, position)
            .await?;
        let text = |item: &crate::port::Attributes, name: &str| match item.get(name) {
            Some(AttributeValue::S(text)) => Some(text.clone()),
            _ => None,
        };
        let id = |item| text(item, ENUM_SK).and_then(|id| id.parse::<ContactId>().ok());
        let last = page.items.last().and_then(id);
        let contacts = page
            .items
            .iter()
            .filter(|item| text(item, ENUM_TAG).as_deref() != Some("deleted"))
            .filter_map(id)
            .collect();
        Ok((contacts, last))
    }

    /// Those of the contacts that can have a coming appointment, without opening anything personal.
    async fn with_coming(&self, contacts: &[ContactId]) -> Result<Vec<ContactId>, StoreError> {
        let keys: Vec<Key> = contacts
            .iter()
            .map(|id| key::contact(self.id, *id))
            .collect();
        let rows: Vec<ContactRow> = self.store.read_all(&keys).await?;
        let mut coming = Vec::new();
        let mut single = Vec::new();
        for row in rows {
            match row.current_appointment {
                // Which one is current is kept as of the last change of the person: of several, any can be next.
                Some(_) if row.appointments_count > 1 => coming.push(row.id),
                Some(appointment) => single.push(key::appointment(self.id, row.id, appointment)),
                None => {}
            }
        }
        let now = self.now();
        let rows: Vec<AppointmentRow> = self.store.read_all(&single).await?;
        coming.extend(
            rows.iter()
                .filter(|row| row.time > now || row.open_session.is_some())
                .map(|row| row.contact),
        );
        coming.sort();
        Ok(coming)
    }

    async fn replan_person(
        &self,
        settings: &Settings,
        contact: ContactId,
    ) -> Result<(), StoreError> {
        let actor = Actor::system("settings");
        let mut tries = 0;
        loop {
            let Some(mut person) = self.person(contact).await? else {
                return Ok(());
            };
            let now = self.now();
            let coming: Vec<(AppointmentId, Option<DateTime<Utc>>)> = person
                .appointments
                .iter()
                .filter(|a| a.time > now || a.open_session.is_some())
                .map(|a| (a.id, a.next_call_at))
                .collect();
            let mut tx = Tx::new();
            for (id, _) in &coming {
                self.replan(&mut tx, settings, &mut person, *id).await?;
            }
            let moved = !tx.is_empty();
            if !(self.stage_person(&mut tx, &mut person)? || moved) {
                return Ok(());
            }
            let mut told = false;
            for (id, before) in coming {
                let after = person.appointment(id).and_then(|a| a.next_call_at);
                if before != after {
                    let entry = Entry::new("appointment.replanned", "appointment", id.uuid())
                        .contact(contact)
                        .fields(["next_call_at"])
                        .details(serde_json::json!({
                            "before": { "next_call_at": before }, "after": { "next_call_at": after },
                        }));
                    self.log(&mut tx, &actor, entry)?;
                    told = true;
                }
            }
            if !told {
                let entry = Entry::new("contact.replanned", "contact", contact.uuid())
                    .contact(contact)
                    .version(person.contact.version);
                self.log(&mut tx, &actor, entry)?;
            }
            match self.store.commit(tx).await {
                Ok(()) => return Ok(()),
                Err(error) if error.is_lost() && tries < TRIES => tries += 1,
                Err(error) => return Err(error),
            }
        }
    }
}
