//! Two chains of events that turn out to be one booking, because they came out of order: what came into being twice goes.

use vio_domain::appointment::AppointmentStatus;
use vio_domain::contact::{AttentionReason, Deleted};
use vio_domain::outgoing::{EventType, News};

use super::apply::Context;
use super::chain::{About, Chain, KnownEvent};
use crate::contacts::{Person, Save};
use crate::error::StoreError;
use crate::log::Entry;
use crate::store::TenantStore;
use crate::tx::Tx;

/// Why a second appointment of one booking goes.
const DOUBLE: &str = "double_booking";

impl TenantStore {
    /// Two chains turn out to be one booking: the second one's events go over, and its appointment goes, because the
    /// first one stands for both.
    pub(super) async fn stage_joined(
        &self,
        tx: &mut Tx,
        context: &Context<'_>,
        chain: &mut Chain,
        person: &mut Person,
        other: Chain,
    ) -> Result<(), StoreError> {
        let contact = person.contact.id;
        let mut stranger = match other.about {
            Some(about) if about.contact != contact => self.person(about.contact).await?,
            _ => None,
        };
        for known in other.events {
            if chain.knows(&known.event) {
                continue;
            }
            let details = match (other.about, &stranger) {
                (Some(about), _) if about.contact == contact => {
                    known.open(self.id, contact, &person.key)?
                }
                (Some(about), Some(stranger)) => {
                    known.open(self.id, about.contact, &stranger.key)?
                }
                _ => None,
            };
            chain.add(match details {
                Some(details) => {
                    KnownEvent::of_person(known.event, &details, self.id, contact, &person.key)?
                }
                None => KnownEvent::of_nobody(known.event),
            })?;
        }
        match (other.about, &mut stranger) {
            (None, _) => Ok(()),
            (Some(about), None) if about.contact == contact => self
                .stage_doubled(tx, context, person, about)
                .await
                .map(|_| ()),
            (Some(_), None) => Ok(()),
            (Some(about), Some(stranger)) => {
                stranger.changed_by_calendar();
                self.stage_double_person(tx, context, stranger, about).await
            }
        }
    }

    /// A second contact that came into being only because the events came out of order goes with its appointment,
    /// unless somebody has had to do with it.
    async fn stage_double_person(
        &self,
        tx: &mut Tx,
        context: &Context<'_>,
        stranger: &mut Person,
        about: About,
    ) -> Result<(), StoreError> {
        let alone =
            about.made_contact && stranger.contact.version == 1 && stranger.appointments.len() == 1;
        let untouched = self.stage_doubled(tx, context, stranger, about).await?;
        let mut claims = None;
        if alone && untouched {
            claims = Some(self.read_claims(stranger).await?);
            stranger.contact.deleted = Some(Deleted {
                at: self.now(),
                by: None,
            });
        }
        let save = Save {
            settings: context.settings,
            actor: context.actor,
            action: if claims.is_some() {
                "contact.deleted"
            } else {
                "appointment.cancelled"
            },
            reason: Some(DOUBLE),
            claims,
            replan: true,
        };
        if !self.stage_save(tx, stranger, save).await? {
            self.stage_person(tx, stranger)?;
        }
        Ok(())
    }

    /// Takes away an appointment that doubles another. One that staff or a call had to do with is cancelled and shown
    /// to staff instead. Returns whether it was untouched.
    async fn stage_doubled(
        &self,
        tx: &mut Tx,
        context: &Context<'_>,
        person: &mut Person,
        about: About,
    ) -> Result<bool, StoreError> {
        let id = about.appointment;
        let Some(appointment) = person.appointment_mut(id) else {
            return Ok(true);
        };
        let untouched = appointment.call_attempts == 0
            && appointment
                .open_session
                .is_none_or(|open| !open.in_progress)
            && appointment.time == about.taken.start
            && appointment.status == about.taken.status.as_appointment();
        appointment.status = AppointmentStatus::Cancelled;
        if !untouched {
            let reason = AttentionReason::CalendarConflict;
            return self
                .flag(tx, &mut person.contact, reason, Some(id), None)
                .map(|()| false);
        }
        self.replan(tx, context.settings, person, id).await?;
        person.remove_appointment(id);
        let entry = Entry::new("appointment.deleted", "appointment", id.uuid())
            .contact(person.contact.id)
            .details(serde_json::json!({ "reason": DOUBLE }))
            .news([News {
                event: EventType::AppointmentCancelled,
                id: id.uuid(),
                version: 0,
                status: Some(AppointmentStatus::Cancelled.as_str().to_owned()),
            }]);
        self.log(tx, context.actor, entry)?;
        Ok(true)
    }
}
