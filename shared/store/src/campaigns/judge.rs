//! Whom a campaign would call and whom it passes over: the guards that fail for good, asked for the instant at which it
//! begins. The dry run, the start's estimate and the preparation all judge here.

use chrono::{DateTime, Utc};
use futures::{StreamExt, TryStreamExt, stream};
use vio_crypto::LookupHash;
use vio_domain::calling::guards::{Decision, GuardInput, StatusFact, Verdict, evaluate};
use vio_domain::calling::order::Priority;
use vio_domain::calling::session::Method;
use vio_domain::campaigns::{Config, SkipReason};
use vio_domain::contact::ContactMethod;
use vio_domain::ids::{AppointmentId, ContactId};
use vio_domain::text::PersonName;

use crate::calling::grant::{Dialling, Intended};
use crate::calling::reach::Reach;
use crate::calling::rows::GateRow;
use crate::error::StoreError;
use crate::store::TenantStore;

/// Members judged side by side.
const SIDE_BY_SIDE: usize = 16;

/// A member, judged.
#[derive(Debug, Clone)]
pub struct Judged {
    pub contact: ContactId,
    /// None for one who is no contact any more.
    pub name: Option<PersonName>,
    /// The appointment that the call would be about.
    pub appointment: Option<AppointmentId>,
    /// When that begins.
    pub starts: Option<DateTime<Utc>>,
    pub reach: Reach,
    pub priority: Priority,
    /// The channel that the person prefers for reminders: a campaign rings regardless, and says so.
    pub preferred: ContactMethod,
    /// Not before then.
    pub not_before: Option<DateTime<Utc>>,
    /// Why they are passed over.
    pub skip: Option<SkipReason>,
    /// What each guard saw.
    pub decisions: Vec<Decision>,
    input: Option<GuardInput>,
}

impl Judged {
    /// When their number was rung in the last day.
    pub(crate) fn dialled(&self) -> Option<(LookupHash, Vec<DateTime<Utc>>)> {
        let attempts = &self.input.as_ref()?.number_attempts;
        Some((self.reach.number?, attempts.clone()))
    }

    /// Why they would be passed over if their turn came at an instant.
    pub fn skipped_at(&self, at: DateTime<Utc>) -> Option<SkipReason> {
        if self.skip.is_some() {
            return self.skip;
        }
        let mut input = self.input.clone()?;
        if input.status == StatusFact::CallsForACall
            && self.starts.is_some_and(|starts| starts <= at)
        {
            input.status = StatusFact::Past;
        }
        match evaluate(&input, at).0 {
            Verdict::SettleWith { reason } => Some(reason.into()),
            _ => None,
        }
    }
}

impl TenantStore {
    /// Judges members for a campaign that begins at an instant, in the order given.
    pub async fn judge_members(
        &self,
        dialling: Dialling<'_>,
        gate: &GateRow,
        config: &Config,
        members: &[ContactId],
        starts_at: DateTime<Utc>,
    ) -> Result<Vec<Judged>, StoreError> {
        stream::iter(members.to_vec())
            .map(|contact| self.judge_member(dialling, gate, config, contact, starts_at))
            .buffered(SIDE_BY_SIDE)
            .try_collect()
            .await
    }

    async fn judge_member(
        &self,
        dialling: Dialling<'_>,
        gate: &GateRow,
        config: &Config,
        contact: ContactId,
        starts_at: DateTime<Utc>,
    ) -> Result<Judged, StoreError> {
        let now = self.now();
        let at = starts_at.max(now);
        let person = self.person(contact).await?;
        let Some(person) = person.filter(|person| person.contact.deleted.is_none()) else {
            return Ok(Judged {
                contact,
                name: None,
                appointment: None,
                starts: None,
                reach: Reach::default(),
                priority: Priority::default(),
                preferred: ContactMethod::default(),
                not_before: None,
                skip: Some(SkipReason::ContactDeleted),
                decisions: Vec::new(),
                input: None,
            });
        };
        let current = person.current(now);
        let intended = Intended {
            method: Method::Campaign,
            appointment: current,
            latest: None,
            tries_before: 0,
        };
        let mut input = self.facts(dialling, gate, &intended, &person).await?.input;
        let starts = current.map(|appointment| appointment.time);
        let not_before = config.not_before(starts.filter(|starts| now < *starts));
        // As of its turn, which is no earlier than this.
        let at = at.max(not_before.unwrap_or(at));
        if input.status == StatusFact::CallsForACall && starts.is_some_and(|starts| starts <= at) {
            input.status = StatusFact::Past;
        }
        let busy = person.open_sessions().any(|(_, open)| open.in_progress);
        let (verdict, decisions) = evaluate(&input, at);
        let skip = match verdict {
            _ if busy => Some(SkipReason::CallInProgress),
            Verdict::SettleWith { reason } => Some(reason.into()),
            _ => None,
        };
        Ok(Judged {
            contact,
            name: Some(person.contact.name.clone()),
            appointment: current.map(|appointment| appointment.id),
            starts,
            reach: self.reach(&person.contact),
            priority: person.contact.priority,
            preferred: person.contact.preferred_contact_method,
            not_before,
            skip,
            decisions,
            input: Some(input),
        })
    }
}
