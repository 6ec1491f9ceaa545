//! The bucket in memory, with faults on demand.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;

use super::{ObjectError, ObjectName, Objects, Put};

/// What befalls every request until further notice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Fault {
    #[default]
    None,
    /// The request fails before anything happened.
    LostRequest,
    /// What was asked happens, and its answer never arrives.
    LostAnswer,
}

#[derive(Debug, Default)]
struct State {
    objects: BTreeMap<ObjectName, Vec<u8>>,
    fault: Fault,
}

/// A bucket in memory. Clones share the objects.
#[derive(Clone, Default)]
pub struct MemoryObjects(Arc<Mutex<State>>);

impl std::fmt::Debug for MemoryObjects {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("MemoryObjects").finish_non_exhaustive()
    }
}

impl MemoryObjects {
    pub fn new() -> Self {
        Self::default()
    }

    /// From here on, requests fail like this.
    pub fn fail(&self, fault: Fault) {
        self.lock().fault = fault;
    }

    /// Every object, by name.
    pub fn dump(&self) -> BTreeMap<ObjectName, Vec<u8>> {
        self.lock().objects.clone()
    }

    /// Puts other bytes in the place of an object's, as nobody may: for tests of damage.
    pub fn damage(&self, name: &ObjectName, bytes: Vec<u8>) {
        self.lock().objects.insert(name.clone(), bytes);
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn serve<T>(
        &self,
        act: impl FnOnce(&mut BTreeMap<ObjectName, Vec<u8>>) -> T,
    ) -> Result<T, ObjectError> {
        let mut state = self.lock();
        match state.fault {
            Fault::None => Ok(act(&mut state.objects)),
            Fault::LostRequest => Err(ObjectError::Unavailable("request lost".into())),
            Fault::LostAnswer => {
                act(&mut state.objects);
                Err(ObjectError::Unavailable("answer lost".into()))
            }
        }
    }
}

#[async_trait]
impl Objects for MemoryObjects {
    async fn put_if_absent(&self, name: &ObjectName, bytes: Vec<u8>) -> Result<Put, ObjectError> {
        self.serve(|objects| match objects.contains_key(name) {
            true => Put::Exists,
            false => {
                objects.insert(name.clone(), bytes);
                Put::Created
            }
        })
    }

    async fn get(&self, name: &ObjectName) -> Result<Option<Vec<u8>>, ObjectError> {
        self.serve(|objects| objects.get(name).cloned())
    }

    async fn delete(&self, name: &ObjectName) -> Result<(), ObjectError> {
        self.serve(|objects| drop(objects.remove(name)))
    }
}
