//! Two contacts made one, in one transaction: the one that is kept gets what was chosen, the groups, the appointments to
//! come and the open work of both; the other is deleted, says with whom it was made one, and keeps its own calls, notes
//! and consents, which are read through the one that is kept. It can be brought back like anybody deleted.

use std::collections::HashMap;
use std::iter::once;

use vio_domain::appointment::Appointment;
use vio_domain::calling::session::CancelReason;
use vio_domain::contact::{AttentionReason, Contact, Deleted, VoiceConsent};
use vio_domain::ids::{AppointmentId, ContactId};
use vio_domain::person::{appointments_brought, consent_brought};
use vio_domain::settings::Settings;

use crate::contacts::consents::ConsentChange;
use crate::contacts::person::Person;
use crate::contacts::save::Save;
use crate::error::StoreError;
use crate::log::Actor;
use crate::store::TenantStore;
use crate::tx::Tx;

/// How far a record is followed to the one that it was made one with, in the end: beyond any real person.
const MOST_MERGES: usize = 50;

impl TenantStore {
    /// Stages two persons made one. The values that were chosen lie on `kept` already; neither may have a call in
    /// progress that the other would be rung beside.
    pub async fn stage_merge(
        &self,
        tx: &mut Tx,
        settings: &Settings,
        kept: &mut Person,
        other: &mut Person,
        actor: &Actor,
    ) -> Result<(), StoreError> {
        let now = self.now();
        let current = [kept.current(now), other.current(now)].map(|found| found.map(|a| a.id));
        self.bring_consent(tx, kept, other, actor).await?;
        let places = self.bring_appointments(kept, other);
        self.bring_attention(tx, kept, other, &places, actor)
            .await?;
        self.stage_no_more_calls(tx, other, CancelReason::Person)
            .await?;
        other.contact.deleted = Some(Deleted {
            at: now,
            by: actor.user(),
        });
        other.contact.merged_into = Some(kept.contact.id);
        // With those that were made one with the other before: the gap between calls counts from the last attempt to any of them.
        for id in once(&other.contact.id).chain(&other.contact.merged_from) {
            if !kept.contact.merged_from.contains(id) {
                kept.contact.merged_from.push(*id);
            }
        }
        let claims = self.read_claims_of(&[&*kept, &*other]).await?;
        self.stage_memberships(tx, &mut [&mut *kept, &mut *other], actor)
            .await?;
        for (person, action) in [
            (&mut *kept, "contact.merged"),
            (&mut *other, "contact.merged_away"),
        ] {
            let save = Save {
                settings,
                actor,
                action,
                reason: None,
                claims: None,
                replan: true,
            };
            self.stage_saved(tx, person, save).await?;
        }
        self.stage_claims(tx, &[&*kept, &*other], claims)?;
        for (person, current) in [&*kept, &*other].into_iter().zip(current) {
            if let Some(current) = current {
                self.hold_appointment(tx, person, current);
            }
        }
        Ok(())
    }

    async fn bring_consent(
        &self,
        tx: &mut Tx,
        kept: &mut Person,
        other: &Person,
        actor: &Actor,
    ) -> Result<(), StoreError> {
        let mine = kept.contact.preferences.voice_consent;
        let change = match consent_brought(mine, other.contact.preferences.voice_consent) {
            None | Some(VoiceConsent::Unknown) => return Ok(()),
            Some(VoiceConsent::Given {
                method,
                obtained_at,
            }) => ConsentChange::Given {
                method,
                obtained_at,
            },
            Some(VoiceConsent::Withdrawn { .. }) => {
                let reason = CancelReason::Person;
                self.stage_no_more_calls(tx, kept, reason).await?;
                ConsentChange::Withdrawn
            }
        };
        self.stage_consent(tx, kept, change, actor)?;
        Ok(())
    }

    /// Adds what the kept one lacks of the other's appointments to come, with the attempts that were made. Answers which
    /// stands for which.
    fn bring_appointments(
        &self,
        kept: &mut Person,
        other: &Person,
    ) -> HashMap<AppointmentId, AppointmentId> {
        let now = self.now();
        let brought = appointments_brought(&kept.appointments, &other.appointments, now);
        let mut places = HashMap::new();
        for appointment in brought {
            let id = AppointmentId::new(self.new_id());
            places.insert(appointment.id, id);
            kept.appointments.push(Appointment {
                id,
                contact: kept.contact.id,
                version: 0,
                booking: None,
                open_session: None,
                next_call_at: None,
                message: None,
                created_at: now,
                updated_at: now,
                ..appointment.clone()
            });
        }
        places
    }

    /// Ends the work about the two as possible duplicates, and brings the rest of the other's open work.
    async fn bring_attention(
        &self,
        tx: &mut Tx,
        kept: &mut Person,
        other: &mut Person,
        places: &HashMap<AppointmentId, AppointmentId>,
        actor: &Actor,
    ) -> Result<(), StoreError> {
        let is_duplicate = |reason| reason == AttentionReason::PossibleDuplicate;
        self.stage_attention_over(tx, kept, is_duplicate, actor)
            .await?;
        let open = self.open_attention_of(other.contact.id).await?;
        self.stage_attention_over(tx, other, |_| true, actor)
            .await?;
        for row in open.into_iter().filter(|row| !is_duplicate(row.reason)) {
            let about = row.appointment.and_then(|id| places.get(&id).copied());
            self.flag(tx, &mut kept.contact, row.reason, about, None)?;
        }
        Ok(())
    }

    /// Contacts that were made one with this one, and those that were made one with them before, as long as they were not
    /// brought back.
    pub async fn merged_records(&self, contact: &Contact) -> Result<Vec<Contact>, StoreError> {
        let into = |contact: &Contact| -> Vec<(ContactId, ContactId)> {
            let from = contact.merged_from.iter();
            from.map(|id| (*id, contact.id)).collect()
        };
        let (mut found, mut level) = (Vec::new(), into(contact));
        while !level.is_empty() && found.len() < MOST_MERGES {
            let ids: Vec<ContactId> = level.iter().map(|(id, _)| *id).collect();
            let known = self.contacts(&ids).await?;
            let mut next = Vec::new();
            for (_, contact) in known {
                let said = contact.merged_into.map(|into| (contact.id, into));
                if contact.deleted.is_some() && said.is_some_and(|said| level.contains(&said)) {
                    next.extend(into(&contact));
                    found.push(contact);
                }
            }
            level = next;
        }
        Ok(found)
    }

    /// The contact that a deleted one was made one with, in the end; None where it, or one on the way, was simply deleted.
    pub async fn merged_in_the_end(
        &self,
        contact: &Contact,
    ) -> Result<Option<Contact>, StoreError> {
        let mut next = contact.merged_into;
        for _ in 0..MOST_MERGES {
            let Some(id) = next else {
                return Ok(None);
            };
            let Some((_, contact)) = self.contacts(&[id]).await?.pop() else {
                return Ok(None);
            };
            if contact.deleted.is_none() {
                return Ok(Some(contact));
            }
            next = contact.merged_into;
        }
        Ok(None)
    }
}
