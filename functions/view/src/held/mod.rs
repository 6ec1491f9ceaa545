//! The views that a process holds: one for each tenant that was asked for lately, within a bound of memory.
//!
//! A view is loaded from its snapshot, or built anew where there is none that opens (`load`), and brought up to date from
//! the change log before each answer (`follow`): strongly consistent, so every client reads what was written before its
//! request. Requests that come at the same time share one reading of the log, as long as it began after they came.
//! Reading is not held up by any of it, only by the taking in of changes itself, which takes milliseconds.

mod changes;
pub(crate) use changes::Rest;
mod follow;
mod load;
mod save;

use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::Duration;

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use lru::LruCache;
use vio_domain::ids::TenantId;
use vio_http::Problem;
use vio_runtime::web::store_problem;
use vio_store::env::Clock;
use vio_store::objects::Objects;
use vio_store::{StoreError, TenantStore};
use vio_view::{ReadError, Reader, TenantView, ViewFull, Visibility};

use follow::Following;

/// How long a request waits for a view that is being built, loaded or brought up to date. The work goes on without it.
const PATIENCE: Duration = Duration::from_secs(20);
/// When to ask again then.
const ASK_AGAIN_SECONDS: u64 = 3;

/// Why there is no view to read.
#[derive(Debug, thiserror::Error)]
pub enum ViewError {
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The tenant is larger than a view can be.
    #[error(transparent)]
    Full(#[from] ViewFull),
    /// The snapshot could not be read, for a reason that passes.
    #[error("the snapshot cannot be read now")]
    Snapshot(#[source] vio_store::objects::ObjectError),
    /// It is still being built or brought up to date.
    #[error("the view is being prepared")]
    NotReady,
    /// The work on it ended early.
    #[error("preparing the view ended early")]
    Ended,
}

impl From<ViewError> for Problem {
    fn from(error: ViewError) -> Self {
        match error {
            ViewError::Store(error) => store_problem(error),
            ViewError::NotReady => Problem::unavailable(&error)
                .detail("The contacts are being prepared. Ask again in a few seconds.")
                .retry_after(ASK_AGAIN_SECONDS),
            ViewError::Snapshot(_) | ViewError::Ended => {
                Problem::unavailable(&error).retry_after(ASK_AGAIN_SECONDS)
            }
            ViewError::Full(_) => Problem::internal(&error),
        }
    }
}

/// What bounds the views of a process.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Bytes of all views together. The one that is being used stays, however large.
    pub bytes: usize,
    /// Changes after which a snapshot is written, and a hundredth of the contacts if that is more.
    pub changes: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            bytes: 512 * 1024 * 1024,
            changes: 500,
        }
    }
}

/// The views of a process. Cheap to clone.
#[derive(Clone)]
pub struct Views(Arc<Inner>);

struct Inner {
    objects: Arc<dyn Objects>,
    real_clock: Arc<dyn Clock>,
    limits: Limits,
    held: Mutex<LruCache<TenantId, Arc<Held>>>,
}

/// More tenants than fit the memory with anything in it.
const MOST_TENANTS: NonZeroUsize = NonZeroUsize::MIN.saturating_add(9_999);

impl std::fmt::Debug for Views {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Views").finish_non_exhaustive()
    }
}

/// One tenant's view, as this process holds it.
pub struct Held {
    tenant: TenantId,
    /// Where it is in the change log; whoever brings it up to date has this.
    following: tokio::sync::Mutex<Following>,
    /// How often bringing it up to date was begun.
    begun: AtomicU64,
    view: RwLock<Option<TenantView>>,
    bytes: AtomicUsize,
    saving: AtomicBool,
    tidying: AtomicBool,
}

impl std::fmt::Debug for Held {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Held")
            .field("tenant", &self.tenant)
            .finish_non_exhaustive()
    }
}

impl Views {
    pub fn new(objects: Arc<dyn Objects>, real_clock: Arc<dyn Clock>, limits: Limits) -> Self {
        Self(Arc::new(Inner {
            objects,
            real_clock,
            limits,
            held: Mutex::new(LruCache::new(MOST_TENANTS)),
        }))
    }

    /// Half of what the function has on Lambda: a snapshot is made from a second copy.
    pub fn limits_of_function() -> Limits {
        let megabytes = std::env::var("AWS_LAMBDA_FUNCTION_MEMORY_SIZE").ok();
        let megabytes = megabytes.and_then(|text| text.parse::<usize>().ok());
        let default = Limits::default();
        Limits {
            bytes: megabytes.map_or(default.bytes, |mb| mb * 1024 * 1024 / 2),
            ..default
        }
    }

    /// The tenant's view with everything that was committed before this call.
    pub async fn current(&self, tenant: &TenantStore) -> Result<Arc<Held>, ViewError> {
        let held = self.held(tenant.id);
        let came = held.begun.load(Ordering::SeqCst);
        // On its own: a request that goes away must not leave a view half way.
        let work = follow::bring_up_to_date(self.clone(), held.clone(), tenant.clone(), came);
        match tokio::time::timeout(PATIENCE, tokio::spawn(work)).await {
            Ok(Ok(done)) => done?,
            Ok(Err(_)) => return Err(ViewError::Ended),
            Err(_) => return Err(ViewError::NotReady),
        }
        self.make_room();
        Ok(held)
    }

    fn held(&self, tenant: TenantId) -> Arc<Held> {
        let mut all = self.0.held.lock().unwrap_or_else(PoisonError::into_inner);
        all.get_or_insert(tenant, || Arc::new(Held::new(tenant)))
            .clone()
    }

    /// Drops the views that were not used for the longest until the rest fits. A view in use stays in memory until its
    /// last reader has done.
    fn make_room(&self) {
        let mut dropped = Vec::new();
        let mut all = self.0.held.lock().unwrap_or_else(PoisonError::into_inner);
        let mut bytes: usize = all.iter().map(|(_, held)| held.bytes()).sum();
        while bytes > self.0.limits.bytes && all.len() > 1 {
            if let Some((_, least)) = all.pop_lru() {
                bytes -= least.bytes();
                dropped.push(least);
            }
        }
        drop(all);
        // Wiping them takes a moment that nobody else need wait for.
        drop(dropped);
    }

    /// Bytes that the views hold.
    pub fn bytes(&self) -> usize {
        let all = self.0.held.lock().unwrap_or_else(PoisonError::into_inner);
        all.iter().map(|(_, held)| held.bytes()).sum()
    }

    /// Tenants whose views are held.
    pub fn tenants(&self) -> usize {
        self.0
            .held
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .len()
    }
}

impl Held {
    fn new(tenant: TenantId) -> Self {
        Self {
            tenant,
            following: tokio::sync::Mutex::default(),
            begun: AtomicU64::new(0),
            view: RwLock::new(None),
            bytes: AtomicUsize::new(0),
            saving: AtomicBool::new(false),
            tidying: AtomicBool::new(false),
        }
    }

    /// Bytes that it holds.
    pub fn bytes(&self) -> usize {
        self.bytes.load(Ordering::Relaxed)
    }

    /// Whether a snapshot of it is being written.
    pub fn is_saving(&self) -> bool {
        self.saving.load(Ordering::SeqCst)
    }

    /// Reads it as one person, at an instant, on the tenant's clock.
    pub fn read<T>(
        &self,
        eyes: &Visibility,
        now: DateTime<Utc>,
        zone: Tz,
        ask: impl FnOnce(&Reader<'_>) -> Result<T, ReadError>,
    ) -> Result<T, Problem> {
        loop {
            {
                let view = self.view.read().unwrap_or_else(PoisonError::into_inner);
                let view = view.as_ref().ok_or(ViewError::NotReady)?;
                match view.reader(eyes, now, zone) {
                    Ok(reader) => return ask(&reader).map_err(read_problem),
                    Err(ReadError::Behind) => {}
                    Err(error) => return Err(read_problem(error)),
                }
            }
            // Appointments passed since it was brought up to date.
            self.write(|view| view.advance(now));
        }
    }

    fn write<T>(&self, change: impl FnOnce(&mut TenantView) -> T) -> Option<T> {
        let mut view = self.view.write().unwrap_or_else(PoisonError::into_inner);
        let changed = view.as_mut().map(change);
        let bytes = view.as_ref().map_or(0, TenantView::bytes);
        self.bytes.store(bytes, Ordering::Relaxed);
        changed
    }

    fn look<T>(&self, look: impl FnOnce(&TenantView) -> T) -> Option<T> {
        let view = self.view.read().unwrap_or_else(PoisonError::into_inner);
        view.as_ref().map(look)
    }

    fn replace(&self, view: TenantView) {
        self.bytes.store(view.bytes(), Ordering::Relaxed);
        let mut held = self.view.write().unwrap_or_else(PoisonError::into_inner);
        *held = Some(view);
    }

    /// Does the upkeep that makes searches fast, in pieces between which others read.
    fn tidy_later(self: &Arc<Self>) {
        if self.tidying.swap(true, Ordering::SeqCst) {
            return;
        }
        let held = Arc::clone(self);
        tokio::spawn(async move {
            while held.write(TenantView::tidy) == Some(true) {
                tokio::task::yield_now().await;
            }
            held.tidying.store(false, Ordering::SeqCst);
        });
    }
}

fn read_problem(error: ReadError) -> Problem {
    match error {
        ReadError::UnknownGroup(_) => Problem::not_found(),
        ReadError::Cursor(_) => Problem::new(vio_http::Kind::InvalidCursor),
        ReadError::WrongTenant | ReadError::Behind => Problem::internal(&error),
    }
}
