//! The inbox: webhook events as they came, kept under the provider's identity of them (rules.md "Webhooks in"). An
//! event is stored once, lies in the due index until it was dealt with, and is marked in the transaction of what it
//! causes, so that a lost message, a crash or a second delivery changes nothing twice and loses nothing.
//!
//! A large one lies in the bucket. Its object is written first, then the entry that names it: an entry without its
//! object would be an event lost, while an object without an entry is waste that the bucket's lifecycle removes (and
//! that nobody can read, because its key lay nowhere else).

use chrono::{DateTime, Duration, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;
use vio_crypto::{FieldRef, LookupHash, LookupKind, ObjectKey, PersonKey, Sealed};
use vio_domain::ids::{ContactId, TenantId};

use crate::entity::{DueEntry, Entity};
use crate::error::StoreError;
use crate::key::{self, DueKind};
use crate::objects::{ObjectName, Objects};
use crate::port::Key;
use crate::store::{TenantStore, sealed};
use crate::tenants::Provider;
use crate::tx::Tx;

/// Days that a raw event is kept (rules.md "Webhooks in").
pub const KEPT_DAYS: i64 = 7;
/// The tick takes an event up this long after it came, unless its message was faster.
pub const GRACE_SECONDS: i64 = 15;
/// Bytes of a raw event that its entry holds itself, compressed and sealed; a larger one lies in the bucket (rules.md
/// "Webhooks in": over 200 KB).
pub const LARGEST_IN_ENTRY: usize = 200 * 1024;
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

/// Where the raw body is.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(tag = "at", rename_all = "snake_case")]
enum Raw {
    Entry {
        body: Sealed,
    },
    /// In the bucket, under the event's id; here lies the object's key.
    Object {
        key: Sealed,
    },
    /// The event was none of ours.
    Gone,
}

/// Under whose key the raw event, or the key of its object, is sealed.
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
    raw: Raw,
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

    /// The object that holds the body, if one does.
    pub fn object(&self) -> Option<ObjectName> {
        match self.raw {
            Raw::Object { .. } => Some(key::inbox_object(self.tenant, self.id)),
            Raw::Entry { .. } | Raw::Gone => None,
        }
    }

    fn field(&self) -> FieldRef {
        FieldRef::new(self.tenant.uuid(), self.id, "body")
    }

    fn key_field(&self) -> FieldRef {
        FieldRef::new(self.tenant.uuid(), self.id, "object_key")
    }

    /// The object belongs to this event of this tenant and opens as nothing else.
    fn object_field(&self) -> FieldRef {
        FieldRef::named(self.tenant.uuid(), &self.event.to_string(), "object")
    }

    fn object_key(&self, bytes: &[u8]) -> Result<ObjectKey, StoreError> {
        ObjectKey::from_bytes(self.tenant.uuid(), self.id, bytes).map_err(sealed("event"))
    }
}

/// An event that is sealed and not stored yet.
#[derive(Debug, Clone)]
pub struct NewEvent {
    row: InboxRow,
    /// What goes into the bucket before the entry is stored.
    object: Option<(ObjectName, Sealed)>,
}

impl NewEvent {
    /// Its identity, as a keyed hash.
    pub fn event(&self) -> LookupHash {
        self.row.event
    }

    /// The object that must be in the bucket before [`TenantStore::store_event`], if it needs one: its name, which is
    /// new for every delivery, and its bytes.
    pub fn object(&self) -> Option<(&ObjectName, &[u8])> {
        self.object
            .as_ref()
            .map(|(name, sealed)| (name, sealed.as_bytes()))
    }
}

/// What storing an event came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stored {
    /// It is new: its inbox entry is there.
    New { event: LookupHash },
    /// It was delivered before.
    Duplicate,
}

impl TenantStore {
    /// Keyed hash of the provider's identity of an event.
    pub fn event_hash(&self, provider: Provider, identity: &str) -> LookupHash {
        let identity = format!("{}|{identity}", provider.as_str());
        self.keys.lookup(LookupKind::ProviderEvent, &identity)
    }

    /// Seals a verified event. Nothing is stored yet.
    pub fn new_event(
        &self,
        provider: Provider,
        identity: &str,
        body: &[u8],
    ) -> Result<NewEvent, StoreError> {
        let now = self.now();
        let mut row = InboxRow {
            tenant: self.id,
            event: self.event_hash(provider, identity),
            id: self.new_id(),
            version: 0,
            provider,
            received_at: now,
            state: InboxState::Waiting {
                due: now + Duration::seconds(GRACE_SECONDS),
            },
            tries: 0,
            under: SealedUnder::Tenant,
            raw: Raw::Gone,
        };
        if body.len() > LARGEST_IN_ENTRY {
            let key = ObjectKey::generate(self.id.uuid(), row.id, self.store.random())
                .map_err(sealed("event"))?;
            let body = key
                .seal_compressed(row.object_field(), body)
                .map_err(sealed("event"))?;
            let key = self
                .keys
                .seal(row.key_field(), key.expose())
                .map_err(sealed("event"))?;
            row.raw = Raw::Object { key };
            let object = Some((key::inbox_object(self.id, row.id), body));
            return Ok(NewEvent { row, object });
        }
        let body = self
            .keys
            .seal_compressed(row.field(), body)
            .map_err(sealed("event"))?;
        row.raw = Raw::Entry { body };
        Ok(NewEvent { row, object: None })
    }

    /// Stores an event, once for each identity. Its object, if it has one, is in the bucket already.
    pub async fn store_event(&self, new: NewEvent) -> Result<Stored, StoreError> {
        let mut row = new.row;
        let event = row.event;
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

    /// The raw body, from the entry or from its object. None where it was not kept, or where its person was erased. An
    /// object that is not there is [`StoreError::NoObject`], what does not open [`StoreError::Sealed`]: neither gets
    /// better.
    pub async fn event_body(
        &self,
        objects: &dyn Objects,
        row: &InboxRow,
    ) -> Result<Option<Vec<u8>>, StoreError> {
        let person = match row.under {
            SealedUnder::Tenant => None,
            SealedUnder::Person { contact } => match self.person_key(contact).await? {
                Some(key) => Some(key),
                None => return Ok(None),
            },
        };
        let open = |field: FieldRef, value: &Sealed| {
            match &person {
                None => self.keys.open(field, value),
                Some(key) => key.open(field, value),
            }
            .map_err(sealed("event"))
        };
        match &row.raw {
            Raw::Gone => Ok(None),
            Raw::Entry { body } => Ok(Some(open(row.field(), body)?.to_vec())),
            Raw::Object { key } => {
                let key = row.object_key(&open(row.key_field(), key)?)?;
                let name = key::inbox_object(self.id, row.id);
                let object = objects.get(&name).await?;
                let object = object.ok_or(StoreError::NoObject { what: "event" })?;
                let body = key.open(row.object_field(), &object);
                Ok(Some(body.map_err(sealed("event"))?.to_vec()))
            }
        }
    }

    /// Marks an event as done, in the transaction of its effect. With a person, its body (or its object's key) is
    /// sealed anew under that person's key, so that it goes when the person is erased; without one it was none of
    /// ours, and is dropped.
    pub fn stage_done(
        &self,
        tx: &mut Tx,
        row: &InboxRow,
        about: Option<(ContactId, &PersonKey)>,
        body: &[u8],
    ) -> Result<(), StoreError> {
        let mut row = row.clone();
        row.state = InboxState::Done { at: self.now() };
        let raw = std::mem::replace(&mut row.raw, Raw::Gone);
        if let Some((contact, person)) = about {
            (row.raw, row.under) = match (raw, row.under) {
                // A person's already: events do not change persons.
                (raw @ Raw::Object { .. }, under @ SealedUnder::Person { .. }) => (raw, under),
                (Raw::Object { key }, SealedUnder::Tenant) => {
                    let key = self.keys.open(row.key_field(), &key);
                    let key = person.seal(row.key_field(), &key.map_err(sealed("event"))?);
                    let key = key.map_err(sealed("event"))?;
                    (Raw::Object { key }, SealedUnder::Person { contact })
                }
                (Raw::Entry { .. } | Raw::Gone, _) => {
                    let body = person.seal_compressed(row.field(), body);
                    let body = body.map_err(sealed("event"))?;
                    (Raw::Entry { body }, SealedUnder::Person { contact })
                }
            };
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
