//! The rows of booking chains: found by any uid, joined where an event links two.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use vio_crypto::{FieldRef, PersonKey, Sealed};
use vio_domain::bookings::{BookingEvent, BookingUid, ChainState, TakenOver, fold};
use vio_domain::ids::{AppointmentId, ContactId, TenantId};

use crate::bookings::BookingDetails;
use crate::entity::Entity;
use crate::error::StoreError;
use crate::key;
use crate::port::Key;
use crate::store::{TenantStore, sealed, to_json};
use crate::tx::Tx;

/// Events of one chain at most: beyond any real booking.
const MOST_EVENTS: usize = 200;
/// Rows followed from a uid to its chain at most.
const MOST_HOPS: usize = 64;

/// One uid.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct BookingRow {
    tenant: TenantId,
    pub(crate) uid: BookingUid,
    #[serde(skip)]
    version: u64,
    /// Where the chain lies, for a uid that only points there.
    link: Option<BookingUid>,
    /// The chain, for the one uid that holds it.
    chain: Option<Chain>,
}

/// The events of one booking under all its uids, and what they led to.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct Chain {
    pub(crate) events: Vec<KnownEvent>,
    /// None while only cancellations are known.
    pub(crate) about: Option<About>,
    /// When the calendar last said whether the person came.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) attendance_at: Option<DateTime<Utc>>,
}

/// An event with its personal part, sealed under the person's key.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct KnownEvent {
    pub(crate) event: BookingEvent,
    pub(crate) details: Option<Sealed>,
}

/// The appointment that a chain is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct About {
    pub(crate) contact: ContactId,
    pub(crate) appointment: AppointmentId,
    /// What was last taken over from the calendar.
    pub(crate) taken: TakenOver,
    /// Whether the contact came into being with this booking.
    pub(crate) made_contact: bool,
}

impl Entity for BookingRow {
    const TYPE: &'static str = "booking";
    fn key(&self) -> Key {
        key::booking(self.tenant, self.uid.as_str())
    }
    fn version(&self) -> u64 {
        self.version
    }
    fn set_version(&mut self, version: u64) {
        self.version = version;
    }
}

impl Chain {
    /// What its events come to.
    pub(crate) fn state(&self) -> Option<ChainState> {
        let events: Vec<BookingEvent> = self
            .events
            .iter()
            .map(|known| known.event.clone())
            .collect();
        fold(&events)
    }

    pub(crate) fn knows(&self, event: &BookingEvent) -> bool {
        self.events.iter().any(|known| known.event.same_as(event))
    }

    /// Whether an event would make it come to something else. A cancellation of what nobody knows does not.
    pub(crate) fn would_change(&self, event: &BookingEvent) -> bool {
        let mut events: Vec<BookingEvent> = self.events.iter().map(|k| k.event.clone()).collect();
        let before = fold(&events);
        events.push(event.clone());
        let after = fold(&events);
        let stands = |state: &ChainState| (state.status.is_off(), state.uid.clone(), state.start);
        before.as_ref().map(stands) != after.as_ref().map(stands)
    }

    pub(crate) fn add(&mut self, known: KnownEvent) -> Result<(), StoreError> {
        if self.events.len() >= MOST_EVENTS {
            return Err(StoreError::Invalid("a booking with too many events".into()));
        }
        self.events.push(known);
        Ok(())
    }
}

fn field(tenant: TenantId, contact: ContactId) -> FieldRef {
    FieldRef::new(tenant.uuid(), contact.uuid(), "booking_details")
}

impl KnownEvent {
    /// An event whose person is known.
    pub(crate) fn of_person(
        event: BookingEvent,
        details: &BookingDetails,
        tenant: TenantId,
        contact: ContactId,
        key: &PersonKey,
    ) -> Result<Self, StoreError> {
        let bytes = to_json(details)?;
        let details = key
            .seal(field(tenant, contact), &bytes)
            .map_err(sealed("booking"))?;
        Ok(Self {
            event,
            details: Some(details),
        })
    }

    /// An event of a booking of which nobody knows yet whose it is: nothing personal is kept.
    pub(crate) fn of_nobody(event: BookingEvent) -> Self {
        Self {
            event,
            details: None,
        }
    }

    /// Its personal part, where there is one.
    pub(crate) fn open(
        &self,
        tenant: TenantId,
        contact: ContactId,
        key: &PersonKey,
    ) -> Result<Option<BookingDetails>, StoreError> {
        let Some(details) = &self.details else {
            return Ok(None);
        };
        let clear = key
            .open(field(tenant, contact), details)
            .map_err(sealed("booking"))?;
        serde_json::from_slice(&clear)
            .map(Some)
            .map_err(|_| StoreError::Sealed { what: "booking" })
    }
}

/// The rows that an event touches, as read.
pub(crate) struct Touched {
    /// The row that holds the chain from now on.
    root: BookingRow,
    pub(crate) chain: Chain,
    /// A second chain, which the event joins to the first.
    other: Option<(BookingRow, Chain)>,
    /// Uids mentioned for the first time.
    new: Vec<BookingUid>,
}

impl Touched {
    /// The chain of a uid that is known, alone.
    fn alone(mut root: BookingRow) -> Self {
        let chain = root.chain.take().unwrap_or_default();
        Self {
            root,
            chain,
            other: None,
            new: Vec::new(),
        }
    }

    /// Takes out the chain that the event joins to this one.
    pub(crate) fn take_other(&mut self) -> Option<Chain> {
        self.other.as_mut().map(|(_, chain)| std::mem::take(chain))
    }

    pub(crate) fn joins_two(&self) -> bool {
        self.other.is_some()
    }
}

impl TenantStore {
    /// The row that holds the chain of a uid; None for a uid never mentioned.
    async fn chain_row(&self, uid: &BookingUid) -> Result<Option<BookingRow>, StoreError> {
        let mut at = uid.clone();
        for _ in 0..MOST_HOPS {
            let row: Option<BookingRow> =
                self.store.read(&key::booking(self.id, at.as_str())).await?;
            match row {
                Some(BookingRow { link: Some(to), .. }) => at = to,
                found => return Ok(found),
            }
        }
        Err(StoreError::Invalid("a booking's uids lead nowhere".into()))
    }

    /// The chain of a uid; None for one never mentioned.
    pub(crate) async fn chain_of(&self, uid: &BookingUid) -> Result<Option<Touched>, StoreError> {
        Ok(self.chain_row(uid).await?.map(Touched::alone))
    }

    /// Reads what an event touches: its own uid's chain and that of the uid it replaces.
    pub(crate) async fn touched(&self, event: &BookingEvent) -> Result<Touched, StoreError> {
        let mut found: Vec<BookingRow> = Vec::new();
        let mut new: Vec<BookingUid> = Vec::new();
        for uid in std::iter::once(&event.uid).chain(&event.before) {
            match self.chain_row(uid).await? {
                Some(row) if found.iter().any(|known| known.uid == row.uid) => {}
                Some(row) => found.push(row),
                None => new.push(uid.clone()),
            }
        }
        // The chain that knows its person stays, else the elder one.
        found.sort_by_key(|row| {
            let chain = row.chain.as_ref();
            let began = chain.and_then(|chain| {
                chain
                    .events
                    .iter()
                    .map(|known| known.event.created_at)
                    .min()
            });
            (chain.is_none_or(|chain| chain.about.is_none()), began)
        });
        let mut found = found.into_iter();
        let mut root = found.next().unwrap_or_else(|| BookingRow {
            tenant: self.id,
            uid: event.uid.clone(),
            version: 0,
            link: None,
            chain: None,
        });
        new.retain(|uid| *uid != root.uid);
        let chain = root.chain.take().unwrap_or_default();
        let other = found.next().map(|mut row| {
            let chain = row.chain.take().unwrap_or_default();
            (row, chain)
        });
        Ok(Touched {
            root,
            chain,
            other,
            new,
        })
    }

    /// Stages the chain and every uid that points to it anew.
    pub(crate) fn stage_chain(&self, tx: &mut Tx, touched: Touched) -> Result<(), StoreError> {
        let Touched {
            mut root,
            chain,
            other,
            new,
        } = touched;
        let holds = root.uid.clone();
        root.chain = Some(chain);
        tx.save(&mut root)?;
        if let Some((mut row, _)) = other {
            row.link = Some(holds.clone());
            row.chain = None;
            tx.save(&mut row)?;
        }
        for uid in new {
            tx.create(&mut BookingRow {
                tenant: self.id,
                uid,
                version: 0,
                link: Some(holds.clone()),
                chain: None,
            })?;
        }
        Ok(())
    }
}
