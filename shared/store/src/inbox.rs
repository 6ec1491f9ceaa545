//! The inbox: webhook events as they came, kept under the provider's identity of them (rules.md "Webhooks in"). An
//! event is stored once, lies in the due index until it was dealt with, and is marked in the transaction of what it
//! causes, so that a lost message, a crash or a second delivery changes nothing twice and loses nothing.

use chrono::{DateTime, Duration, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;
use vio_crypto::{FieldRef, LookupHash, LookupKind, PersonKey, Sealed};
use vio_domain::ids::{ContactId, TenantId};

use crate::entity::{DueEntry, Entity};
use crate::error::StoreError;
use crate::key::{self, DueKind};
use crate::port::Key;
use crate::store::{TenantStore, sealed};
use crate::tenants::Provider;
use crate::tx::Tx;

/// Days that a raw event is kept (rules.md "Webhooks in").
pub const KEPT_DAYS: i64 = 7;
/// The tick takes an event up this long after it came, unless its message was faster.
pub const GRACE_SECONDS: i64 = 15;
/// Compressed and sealed bytes that one event may have: with the rest of its item below DynamoDB's 400 KB. A larger
/// one is refused; keeping it in the bucket is the next step (rules.md: over 200 KB in the bucket).
pub const LARGEST_SEALED: usize = 350 * 1024;
/// After so many failed tries, over about a day, an event is given up and shown as failed.
pub const MOST_TRIES: u32 = 30;
/// First wait after a failed try; doubled for each further one.
const FIRST_WAIT_SECONDS: i64 = 30;
/// Longest wait between two tries.
const LONGEST_WAIT_SECONDS: i64 = 3600;

/// Where an event stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum InboxState {
    /// To be processed, at this instant at the latest.
    Waiting { due: DateTime<Utc> },
    /// Its effect is in the table, or it has none.
    Done { at: DateTime<Utc> },
    /// It cannot be processed.
    Failed { at: DateTime<Utc> },
}

/// Under whose key the raw event is sealed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "key", rename_all = "snake_case")]
enum SealedUnder {
    /// Nobody knows yet whom it is about.
    Tenant,
    /// The person's own: erasing the person erases the event.
    Person { contact: ContactId },
}

/// One event as received.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct InboxRow {
    pub tenant: TenantId,
    /// The provider's identity of the event, as a keyed hash.
    pub event: LookupHash,
    /// Its own id, for logs and for its place in the due index.
    pub id: Uuid,
    #[serde(skip)]
    pub version: u64,
    pub provider: Provider,
    pub received_at: DateTime<Utc>,
    pub state: InboxState,
    #[serde(default)]
    pub tries: u32,
    under: SealedUnder,
    /// The raw body; gone where the event was none of ours.
    body: Option<Sealed>,
}

impl Entity for InboxRow {
    const TYPE: &'static str = "inbox";
    fn key(&self) -> Key {
        key::inbox(self.tenant, &self.event.to_string())
    }
    fn version(&self) -> u64 {
        self.version
    }
    fn set_version(&mut self, version: u64) {
        self.version = version;
    }
    fn due(&self) -> Option<DueEntry> {
        match self.state {
            InboxState::Waiting { due } => {
                Some(key::due(due, DueKind::Inbox, self.tenant, self.id))
            }
            InboxState::Done { .. } | InboxState::Failed { .. } => None,
        }
    }
    fn ttl(&self) -> Option<i64> {
        Some((self.received_at + Duration::days(KEPT_DAYS)).timestamp())
    }
}

impl InboxRow {
    /// Whether there is still something to do.
    pub fn is_waiting(&self) -> bool {
        matches!(self.state, InboxState::Waiting { .. })
    }

    fn field(&self) -> FieldRef {
        FieldRef::new(self.tenant.uuid(), self.id, "body")
    }
}

/// What storing an event came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stored {
    /// It is new: its inbox entry is there.
    New { event: LookupHash },
    /// It was delivered before.
    Duplicate,
    /// Larger than an item takes, even compressed.
    TooLarge,
}

impl TenantStore {
    /// Keyed hash of the provider's identity of an event.
    pub fn event_hash(&self, provider: Provider, identity: &str) -> LookupHash {
        let identity = format!("{}|{identity}", provider.as_str());
        self.keys.lookup(LookupKind::ProviderEvent, &identity)
    }

    /// Stores a verified event, once for each identity.
    pub async fn store_event(
        &self,
        provider: Provider,
        identity: &str,
        body: &[u8],
    ) -> Result<Stored, StoreError> {
        let now = self.now();
        let event = self.event_hash(provider, identity);
        let mut row = InboxRow {
            tenant: self.id,
            event,
            id: self.new_id(),
            version: 0,
            provider,
            received_at: now,
            state: InboxState::Waiting {
                due: now + Duration::seconds(GRACE_SECONDS),
            },
            tries: 0,
            under: SealedUnder::Tenant,
            body: None,
        };
        let body = self
            .keys
            .seal_compressed(row.field(), body)
            .map_err(sealed("event"))?;
        if body.len() > LARGEST_SEALED {
            return Ok(Stored::TooLarge);
        }
        row.body = Some(body);
        let mut tx = Tx::new();
        tx.create(&mut row)?;
        match self.store.commit(tx).await {
            Ok(()) => Ok(Stored::New { event }),
            Err(error) if error.is_lost() => Ok(Stored::Duplicate),
            Err(error) => Err(error),
        }
    }

    /// One event, by the hash that its message carries.
    pub async fn event(&self, event: LookupHash) -> Result<Option<InboxRow>, StoreError> {
        self.store
            .read(&key::inbox(self.id, &event.to_string()))
            .await
    }

    /// The raw body. None where it was not kept, or where its person was erased.
    pub async fn event_body(&self, row: &InboxRow) -> Result<Option<Vec<u8>>, StoreError> {
        let Some(body) = &row.body else {
            return Ok(None);
        };
        let clear = match row.under {
            SealedUnder::Tenant => self.keys.open(row.field(), body),
            SealedUnder::Person { contact } => match self.person_key(contact).await? {
                Some(key) => key.open(row.field(), body),
                None => return Ok(None),
            },
        };
        Ok(Some(clear.map_err(sealed("event"))?.to_vec()))
    }

    /// Marks an event as done, in the transaction of its effect. With a person, its body is sealed anew under that
    /// person's key, so that it goes when the person is erased; without one it was none of ours, and is dropped.
    pub fn stage_done(
        &self,
        tx: &mut Tx,
        row: &InboxRow,
        about: Option<(ContactId, &PersonKey)>,
        body: &[u8],
    ) -> Result<(), StoreError> {
        let mut row = row.clone();
        row.state = InboxState::Done { at: self.now() };
        row.body = None;
        if let Some((contact, key)) = about {
            let body = key
                .seal_compressed(row.field(), body)
                .map_err(sealed("event"))?;
            row.body = Some(body);
            row.under = SealedUnder::Person { contact };
        }
        tx.update(&mut row)
    }

    /// Marks an event as one that can never be processed. Its body is kept for its seven days.
    pub async fn fail_event(&self, row: &InboxRow) -> Result<(), StoreError> {
        let mut row = row.clone();
        row.state = InboxState::Failed { at: self.now() };
        let mut tx = Tx::new();
        tx.update(&mut row)?;
        self.store.commit(tx).await
    }

    /// Puts an event off after a failed try, a little longer each time, and gives it up after [`MOST_TRIES`]. Returns
    /// whether it will be tried again.
    pub async fn put_off_event(&self, row: &InboxRow) -> Result<bool, StoreError> {
        let mut row = row.clone();
        row.tries += 1;
        if row.tries >= MOST_TRIES {
            return self.fail_event(&row).await.map(|()| false);
        }
        let doubled = FIRST_WAIT_SECONDS << (row.tries - 1).min(10);
        let wait = Duration::seconds(doubled.min(LONGEST_WAIT_SECONDS));
        row.state = InboxState::Waiting {
            due: self.now() + wait,
        };
        let mut tx = Tx::new();
        tx.update(&mut row)?;
        self.store.commit(tx).await.map(|()| true)
    }
}
