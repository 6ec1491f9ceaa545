//! What the calendar says of who came. It is no event of the chain: it changes neither time nor status.

use chrono::{DateTime, Utc};
use vio_domain::appointment::Attendance;
use vio_domain::bookings::{BookingUid, Verdict};
use vio_domain::contact::AttentionReason;
use vio_domain::settings::Settings;
use vio_domain::text::Email;

use crate::bookings::BookingOutcome;
use crate::contacts::{Person, Save};
use crate::error::StoreError;
use crate::inbox::InboxRow;
use crate::log::{Actor, Entry};
use crate::store::TenantStore;
use crate::tx::{COMMIT_TRIES, Tx};

/// Who of a booking came, as the calendar says.
#[derive(Clone, PartialEq, Eq)]
pub struct NoShowHeard {
    pub uid: BookingUid,
    /// When the calendar was told.
    pub created_at: DateTime<Utc>,
    /// Each attendee's address, where it is one, and whether they did not come.
    pub attendees: Vec<(Option<Email>, bool)>,
}

impl std::fmt::Debug for NoShowHeard {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("NoShowHeard")
            .field("attendees", &self.attendees.len())
            .finish_non_exhaustive()
    }
}

impl NoShowHeard {
    /// What it says of a person: under their address, or as the only attendee.
    fn of(&self, person: &Person) -> Option<bool> {
        let address = person.contact.email.as_ref();
        let theirs =
            |(email, _): &&(Option<Email>, bool)| email.is_some() && email.as_ref() == address;
        match (
            self.attendees.iter().find(theirs),
            self.attendees.as_slice(),
        ) {
            (Some((_, missed)), _) | (None, [(_, missed)]) => Some(*missed),
            _ => None,
        }
    }
}

/// What an appointment's attendance comes to. What staff saw themselves is not overruled.
fn judged(ours: Attendance, missed: bool) -> (Attendance, Verdict) {
    match (ours, missed) {
        (Attendance::Unknown, true) => (Attendance::NoShow, Verdict::Follow),
        (Attendance::NoShow, false) => (Attendance::Unknown, Verdict::Follow),
        (Attendance::Attended, true) => (ours, Verdict::Conflict),
        (Attendance::NoShow, true) | (Attendance::Unknown | Attendance::Attended, false) => {
            (ours, Verdict::Nothing)
        }
    }
}

impl TenantStore {
    /// Takes in who came; `inbox` is marked as done in the same transaction.
    pub async fn hear_no_show(
        &self,
        settings: &Settings,
        heard: &NoShowHeard,
        actor: &Actor,
        inbox: &InboxRow,
        body: &[u8],
    ) -> Result<BookingOutcome, StoreError> {
        for _ in 0..COMMIT_TRIES * 2 {
            let mut tx = Tx::new();
            let outcome = self
                .stage_no_show(&mut tx, settings, heard, (actor, inbox, body))
                .await?;
            match self.store.commit(tx).await {
                Err(error) if error.is_lost() => {}
                other => return other.map(|()| outcome),
            }
        }
        Err(StoreError::Lost {
            lost: vec!["booking"],
        })
    }

    async fn stage_no_show(
        &self,
        tx: &mut Tx,
        settings: &Settings,
        heard: &NoShowHeard,
        (actor, inbox, body): (&Actor, &InboxRow, &[u8]),
    ) -> Result<BookingOutcome, StoreError> {
        let known = self.chain_of(&heard.uid).await?;
        let about = known.as_ref().and_then(|touched| touched.chain.about);
        let (Some(mut touched), Some(about)) = (known, about) else {
            self.stage_done(tx, inbox, None, body)?;
            return Ok(BookingOutcome::Unknown);
        };
        let Some(mut person) = self.person(about.contact).await? else {
            self.stage_done(tx, inbox, None, body)?;
            return Ok(BookingOutcome::Erased);
        };
        person.changed_by_calendar();
        let (contact, id) = (person.contact.id, about.appointment);
        let late = touched
            .chain
            .attendance_at
            .is_some_and(|at| at >= heard.created_at);
        let said = heard.of(&person).filter(|_| !late);
        let (Some(missed), Some(appointment)) = (said, person.appointment_mut(id)) else {
            self.stage_done(tx, inbox, Some((contact, &person.key)), body)?;
            return Ok(BookingOutcome::Duplicate);
        };
        let (attendance, verdict) = judged(appointment.attendance, missed);
        appointment.attendance = attendance;
        if verdict == Verdict::Conflict {
            let reason = AttentionReason::CalendarConflict;
            self.flag(tx, &mut person.contact, reason, Some(id), None)?;
        }
        touched.chain.attendance_at = Some(heard.created_at);
        self.stage_chain(tx, touched)?;
        let save = Save {
            settings,
            actor,
            action: "booking.no_show",
            reason: None,
            claims: None,
            replan: true,
        };
        if !self.stage_save(tx, &mut person, save).await? {
            self.stage_person(tx, &mut person)?;
            let entry = Entry::new("booking.no_show", "appointment", id.uuid()).contact(contact);
            self.log(tx, actor, entry)?;
        }
        self.stage_done(tx, inbox, Some((contact, &person.key)), body)?;
        Ok(BookingOutcome::Judged {
            contact,
            appointment: id,
            verdict,
        })
    }
}
