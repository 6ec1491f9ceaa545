//! The storage of one process, and the view of it that one tenant gets. There is no way to a tenant's records except
//! through [`TenantStore`], which can only be had for one tenant.

use std::num::NonZeroUsize;
use std::sync::{Arc, Mutex, PoisonError};

use chrono::{DateTime, Utc};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use uuid::Uuid;
use vio_crypto::{
    FieldRef, KeyRing, PersonKey, Random, Sealed, TenantKeys, WrappedKey, WrappedPersonKey,
};
use vio_domain::ids::{ContactId, TenantId};

use crate::entity::{Entity, from_item};
use crate::env::{Clock, IdSource};
use crate::error::StoreError;
use crate::key::{self, EnumKind};
use crate::port::{
    Attributes, Index, Key, Page, Port, Position, Query, SortRange, Source, TableName, key_of,
};
use crate::tx::{self, Tx};

/// The storage of one process. Cheap to clone.
#[derive(Clone)]
pub struct Store {
    inner: Arc<Inner>,
}

struct Inner {
    port: Arc<dyn Port>,
    keys: KeyRing,
    clock: Arc<dyn Clock>,
    ids: Arc<dyn IdSource>,
    random: Arc<dyn Random>,
    /// Wrapped tenant keys never change once made, so a warm process reads a tenant's record once.
    wrapped: Mutex<lru::LruCache<TenantId, WrappedKey>>,
}

const WRAPPED_CACHE: NonZeroUsize = NonZeroUsize::MIN.saturating_add(4095);

impl std::fmt::Debug for Store {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Store").finish_non_exhaustive()
    }
}

impl Store {
    pub fn new(
        port: Arc<dyn Port>,
        keys: KeyRing,
        clock: Arc<dyn Clock>,
        ids: Arc<dyn IdSource>,
        random: Arc<dyn Random>,
    ) -> Self {
        let wrapped = Mutex::new(lru::LruCache::new(WRAPPED_CACHE));
        Self {
            inner: Arc::new(Inner {
                port,
                keys,
                clock,
                ids,
                random,
                wrapped,
            }),
        }
    }

    /// The domain clock.
    pub fn now(&self) -> DateTime<Utc> {
        self.inner.clock.now()
    }

    /// A fresh UUIDv7.
    pub fn new_id(&self) -> Uuid {
        self.inner.ids.next(self.now())
    }

    pub fn port(&self) -> &Arc<dyn Port> {
        &self.inner.port
    }

    pub fn keys(&self) -> &KeyRing {
        &self.inner.keys
    }

    pub fn random(&self) -> &dyn Random {
        self.inner.random.as_ref()
    }

    /// Opens the connection to the table ahead of its use, by reading an item, whether there is one or not.
    pub async fn connect(&self) -> Result<(), StoreError> {
        self.inner.port.get(&key::platform()).await?;
        Ok(())
    }

    /// One entity, strongly consistent.
    pub async fn read<E: Entity>(&self, key: &Key) -> Result<Option<E>, StoreError> {
        self.inner.port.get(key).await?.map(from_item).transpose()
    }

    /// Several entities of one type, strongly consistent; missing ones are left out, and one that is named twice comes
    /// once.
    pub async fn read_all<E: Entity>(&self, keys: &[Key]) -> Result<Vec<E>, StoreError> {
        if keys.is_empty() {
            return Ok(Vec::new());
        }
        let mut keys = keys.to_vec();
        keys.sort();
        keys.dedup();
        self.inner
            .port
            .batch_get(&keys)
            .await?
            .into_iter()
            .map(from_item)
            .collect()
    }

    /// Items of any types, strongly consistent, in one request; missing ones are left out.
    pub(crate) async fn read_items(&self, keys: &[Key]) -> Result<Vec<Attributes>, StoreError> {
        Ok(self.inner.port.batch_get(keys).await?)
    }

    /// Commits a transaction.
    pub async fn commit(&self, tx: Tx) -> Result<(), StoreError> {
        tx::commit(&self.inner.port, tx, || self.new_id().simple().to_string()).await
    }

    /// Commits a transaction; false where it was lost to another writer.
    pub(crate) async fn try_commit(&self, tx: Tx) -> Result<bool, StoreError> {
        match self.commit(tx).await {
            Ok(()) => Ok(true),
            Err(error) if error.is_lost() => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// One page of entities of one type from the table.
    pub async fn list<E: Entity>(
        &self,
        pk: String,
        prefix: &str,
        ascending: bool,
        limit: u32,
        after: Option<Position>,
    ) -> Result<(Vec<E>, Option<Position>), StoreError> {
        let sort = if prefix.is_empty() {
            SortRange::All
        } else {
            SortRange::Prefix(prefix.to_owned())
        };
        let source = Source::Table(TableName::Main);
        let page = self
            .inner
            .port
            .query(&Query {
                source,
                pk,
                sort,
                ascending,
                limit,
                after,
            })
            .await?;
        let items = page
            .items
            .into_iter()
            .map(from_item)
            .collect::<Result<_, _>>()?;
        Ok((items, page.next))
    }

    /// One page of an index: suggestions, to be read again from the table.
    pub async fn suggest(
        &self,
        index: Index,
        pk: String,
        sort: SortRange,
        ascending: bool,
        limit: u32,
        after: Option<Position>,
    ) -> Result<Page, StoreError> {
        let source = Source::Index(index);
        Ok(self
            .inner
            .port
            .query(&Query {
                source,
                pk,
                sort,
                ascending,
                limit,
                after,
            })
            .await?)
    }

    pub(crate) fn remember_wrapped(&self, tenant: TenantId, wrapped: WrappedKey) {
        self.inner
            .wrapped
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .put(tenant, wrapped);
    }

    /// The storage of one tenant; None where there is no such tenant.
    pub async fn tenant(&self, tenant: TenantId) -> Result<Option<TenantStore>, StoreError> {
        let cached = self
            .inner
            .wrapped
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .get(&tenant)
            .cloned();
        let wrapped = match cached {
            Some(wrapped) => wrapped,
            None => {
                let Some(row) = self
                    .read::<crate::tenants::TenantRow>(&key::tenant(tenant))
                    .await?
                else {
                    return Ok(None);
                };
                self.remember_wrapped(tenant, row.wrapped_key.clone());
                row.wrapped_key
            }
        };
        let keys = self
            .inner
            .keys
            .tenant(tenant.uuid(), &wrapped)
            .await
            .map_err(|error| StoreError::Keys(Box::new(error)))?;
        Ok(Some(TenantStore {
            store: self.clone(),
            id: tenant,
            keys,
        }))
    }
}

/// The storage of one tenant: its id and its keys. Cheap to clone.
#[derive(Clone)]
pub struct TenantStore {
    pub store: Store,
    pub id: TenantId,
    pub keys: TenantKeys,
}

impl std::fmt::Debug for TenantStore {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("TenantStore")
            .field("id", &self.id)
            .finish_non_exhaustive()
    }
}

impl TenantStore {
    /// The domain clock.
    pub fn now(&self) -> DateTime<Utc> {
        self.store.now()
    }

    /// A fresh UUIDv7.
    pub fn new_id(&self) -> Uuid {
        self.store.new_id()
    }

    /// What the enumeration of a kind has under an id: the index suggests where it lies, the table decides.
    pub(crate) async fn enumerated<E: Entity>(
        &self,
        kind: EnumKind,
        id: Uuid,
    ) -> Result<Option<E>, StoreError> {
        let pk = key::enumeration_pk(self.id, kind);
        let exactly = SortRange::Between(id.to_string(), id.to_string());
        let page = self
            .store
            .suggest(Index::Enumeration, pk, exactly, true, 1, None)
            .await?;
        match page.items.first().and_then(key_of) {
            Some(place) => self.store.read(&place).await,
            None => Ok(None),
        }
    }

    /// Seals a value under the tenant's key, in its place only. `what` names it where that fails.
    pub(crate) fn seal_json<T: Serialize>(
        &self,
        what: &'static str,
        place: FieldRef,
        value: &T,
    ) -> Result<Sealed, StoreError> {
        let clear = to_json(value)?;
        self.keys.seal(place, &clear).map_err(sealed(what))
    }

    /// As [`Self::seal_json`], deflated first ([`TenantKeys::seal_compressed`] says when not to).
    pub(crate) fn seal_json_compressed<T: Serialize>(
        &self,
        what: &'static str,
        place: FieldRef,
        value: &T,
    ) -> Result<Sealed, StoreError> {
        let clear = to_json(value)?;
        self.keys
            .seal_compressed(place, &clear)
            .map_err(sealed(what))
    }

    /// Opens what either of the two sealed.
    pub(crate) fn open_json<T: DeserializeOwned>(
        &self,
        what: &'static str,
        place: FieldRef,
        value: &Sealed,
    ) -> Result<T, StoreError> {
        let clear = self.keys.open(place, value).map_err(sealed(what))?;
        serde_json::from_slice(&clear).map_err(sealed(what))
    }

    /// Makes the key of a new person; its row goes into the transaction that creates the contact.
    pub fn new_person_key(
        &self,
        contact: ContactId,
    ) -> Result<(PersonKey, PersonKeyRow), StoreError> {
        let (key, wrapped) = self
            .keys
            .new_person_key(contact.uuid(), self.store.random())
            .map_err(sealed("person key"))?;
        Ok((
            key,
            PersonKeyRow {
                tenant: self.id,
                contact,
                wrapped,
                version: 0,
            },
        ))
    }

    /// The key of a person; None once it was destroyed.
    pub async fn person_key(&self, contact: ContactId) -> Result<Option<PersonKey>, StoreError> {
        let Some(row) = self
            .store
            .read::<PersonKeyRow>(&key::person_key(self.id, contact))
            .await?
        else {
            return Ok(None);
        };
        self.keys
            .open_person_key(contact.uuid(), &row.wrapped)
            .map(Some)
            .map_err(sealed("person key"))
    }

    /// The keys of several persons, in one batch.
    pub async fn person_keys(
        &self,
        contacts: &[ContactId],
    ) -> Result<std::collections::HashMap<ContactId, PersonKey>, StoreError> {
        let keys: Vec<Key> = contacts
            .iter()
            .map(|contact| key::person_key(self.id, *contact))
            .collect();
        self.store
            .read_all::<PersonKeyRow>(&keys)
            .await?
            .into_iter()
            .map(|row| {
                let key = self
                    .keys
                    .open_person_key(row.contact.uuid(), &row.wrapped)
                    .map_err(sealed("person key"))?;
                Ok((row.contact, key))
            })
            .collect()
    }
}

/// Names what did not open, for the log; the cause is a damaged or foreign ciphertext.
pub(crate) fn sealed<E>(what: &'static str) -> impl FnOnce(E) -> StoreError {
    move |_| StoreError::Sealed { what }
}

/// The bytes of a value that is to be sealed.
pub(crate) fn to_json<T: Serialize>(value: &T) -> Result<Vec<u8>, StoreError> {
    serde_json::to_vec(value).map_err(|error| StoreError::Invalid(error.to_string()))
}

/// A person's wrapped key, in the table of its own.
#[derive(Serialize, Deserialize)]
pub struct PersonKeyRow {
    tenant: TenantId,
    contact: ContactId,
    wrapped: WrappedPersonKey,
    #[serde(skip)]
    version: u64,
}

impl Entity for PersonKeyRow {
    const TYPE: &'static str = "person_key";
    fn key(&self) -> Key {
        key::person_key(self.tenant, self.contact)
    }
    fn version(&self) -> u64 {
        self.version
    }
    fn set_version(&mut self, version: u64) {
        self.version = version;
    }
}
