//! The request limit of a tenant over all functions and processes (S0): each process books some requests ahead in the
//! tenant's count and answers them without asking again, so that most requests cost no write.

use std::num::{NonZeroU32, NonZeroUsize};
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use chrono::{DateTime, TimeDelta, Utc};
use lru::LruCache;
use vio_domain::ids::TenantId;
use vio_domain::requests::Booked;
use vio_http::rate::{Decision, RateLimiter};
use vio_store::Store;
use vio_store::env::Clock;
use vio_store::requests::Unused;

/// How long booked requests can be made. So much later than the second they count in a request comes at most, and so
/// long a process keeps them from the others if it needs them no more.
const GOOD_FOR: TimeDelta = TimeDelta::seconds(10);
/// Where nothing is free, the table is asked at most this often.
const ASKED_EVERY: TimeDelta = TimeDelta::seconds(1);
/// Tenants whose bookings are remembered.
const TENANTS: NonZeroUsize = NonZeroUsize::MIN.saturating_add(4_095);

/// Counts requests in the table.
pub struct TenantLimiter {
    store: Store,
    /// The real one.
    clock: Arc<dyn Clock>,
    limit: u32,
    tenants: Mutex<LruCache<TenantId, Arc<tokio::sync::Mutex<Lease>>>>,
}

/// What a process has booked for a tenant.
#[derive(Debug, Default)]
struct Lease {
    second: i64,
    booked: u32,
    left: u32,
    until: DateTime<Utc>,
    /// When to ask again, and when something is free, after there was nothing.
    full: Option<(DateTime<Utc>, DateTime<Utc>)>,
}

impl std::fmt::Debug for TenantLimiter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("TenantLimiter")
            .field("limit", &self.limit)
            .finish_non_exhaustive()
    }
}

impl TenantLimiter {
    /// A limiter of `limit` requests a minute on the real clock.
    pub fn new(store: Store, clock: Arc<dyn Clock>, limit: NonZeroU32) -> Self {
        Self {
            store,
            clock,
            limit: limit.get(),
            tenants: Mutex::new(LruCache::new(TENANTS)),
        }
    }

    fn lease(&self, tenant: TenantId) -> Arc<tokio::sync::Mutex<Lease>> {
        let mut all = self.tenants.lock().unwrap_or_else(PoisonError::into_inner);
        all.get_or_insert(tenant, Arc::default).clone()
    }
}

impl Lease {
    /// How many to book: twice what was used up in time, else what was used of the last ones. At the default limit from
    /// 8 to 50.
    fn wanted(&self, limit: u32, now: DateTime<Utc>) -> u32 {
        let (few, many) = (limit.div_ceil(125), limit.div_ceil(20));
        let used = self.booked - self.left;
        let wanted = if now < self.until { 2 * used } else { used };
        wanted.clamp(few, many)
    }

    /// Whether nothing was booked yet, nor refused.
    fn is_new(&self) -> bool {
        self.booked == 0 && self.full.is_none()
    }

    /// Books more, the request at hand among them.
    async fn book(
        &mut self,
        store: &Store,
        (tenant, limit): (TenantId, u32),
        now: DateTime<Utc>,
    ) -> Decision {
        let unused = (self.left > 0).then_some(Unused {
            second: self.second,
            requests: self.left,
        });
        let (second, wanted) = (now.timestamp(), self.wanted(limit, now));
        let booked = store.book_requests(tenant, second, wanted, limit, unused);
        match booked.await {
            Ok(Booked::Some { requests, second }) => {
                *self = Self {
                    second,
                    booked: requests,
                    left: requests - 1,
                    until: now + GOOD_FOR,
                    full: None,
                };
                Decision::Pass
            }
            Ok(Booked::Full { seconds }) => {
                let free = DateTime::from_timestamp(second + i64::from(seconds), 0);
                let free = free.unwrap_or(now);
                *self = Self {
                    full: Some((free.min(now + ASKED_EVERY), free)),
                    ..Self::default()
                };
                wait(free - now)
            }
            // Without the table the request comes to nothing anyway, and says so itself.
            Err(error) => {
                tracing::warn!(%tenant, %error, "requests are not counted");
                Decision::Pass
            }
        }
    }
}

#[async_trait]
impl RateLimiter for TenantLimiter {
    async fn check(&self, tenant: TenantId) -> Decision {
        // Whoever finds nothing left books for those who come meanwhile.
        let mut lease = self.lease(tenant).lock_owned().await;
        let now = self.clock.now();
        if lease.left > 0 && now < lease.until {
            lease.left -= 1;
            return Decision::Pass;
        }
        if let Some((ask_again, free)) = lease.full.filter(|(ask_again, _)| now < *ask_again) {
            debug_assert!(ask_again <= free);
            return wait(free - now);
        }
        let of = (tenant, self.limit);
        if lease.is_new() {
            // The first request to a new process need not wait for it: it reads the table meanwhile.
            let store = self.store.clone();
            tokio::spawn(async move { lease.book(&store, of, now).await });
            return Decision::Pass;
        }
        lease.book(&self.store, of, now).await
    }
}

fn wait(left: TimeDelta) -> Decision {
    let millis = u64::try_from(left.num_milliseconds()).unwrap_or_default();
    Decision::Wait {
        seconds: millis.div_ceil(1_000).max(1),
    }
}

#[cfg(all(test, feature = "testing"))]
mod tests {
    use vio_http::rate::Decision::Pass;
    use vio_store::memory::MemoryTable;
    use vio_store::port::{Key, Port};

    use super::*;
    use crate::testing::{TestApp, platform};

    async fn app(limit: u32) -> TestApp {
        let mut platform = platform();
        platform.requests_per_minute = NonZeroU32::new(limit);
        TestApp::with(platform, MemoryTable::new(), None).await
    }

    fn tenant(number: u128) -> TenantId {
        TenantId::new(uuid::Uuid::from_u128(number))
    }

    async fn ask(app: &TestApp, number: u128) -> Decision {
        app.app.requests.check(tenant(number)).await
    }

    /// How many pass, up to `most`.
    async fn passing(app: &TestApp, most: usize) -> usize {
        for passed in 0..most {
            if ask(app, 1).await != Pass {
                return passed;
            }
        }
        most
    }

    #[tokio::test]
    async fn a_minute_holds_the_limit_and_no_more() {
        let app = app(1_000).await;
        assert_eq!(passing(&app, 2_000).await, 1_000);
        assert_eq!(ask(&app, 1).await, Decision::Wait { seconds: 60 });
        assert_eq!(ask(&app, 2).await, Pass, "each tenant has its own");
        app.advance(TimeDelta::milliseconds(59_400));
        assert_eq!(ask(&app, 1).await, Decision::Wait { seconds: 1 });
        app.advance(TimeDelta::milliseconds(600));
        assert_eq!(passing(&app, 2_000).await, 1_000);
    }

    #[tokio::test]
    async fn all_processes_count_together() {
        let one = app(1_000).await;
        let (two, three) = (one.second(), one.second());
        let mut passed = 0;
        let mut turned_away = 0;
        while turned_away < 3 {
            turned_away = 0;
            for process in [&one, &two, &three] {
                match ask(process, 1).await {
                    Pass => passed += 1,
                    Decision::Wait { .. } => turned_away += 1,
                }
            }
        }
        assert_eq!(passed, 1_000);
    }

    #[tokio::test]
    async fn what_was_booked_and_not_needed_is_free_again() {
        let (one, mut passed) = (app(1_000).await, 0);
        for _ in 0..5 {
            let other = one.second();
            passed += passing(&other, 1).await;
            one.advance(GOOD_FOR);
            passed += passing(&other, 1).await;
        }
        // Each of the five has 7 more in hand, booked just now or given back.
        assert_eq!(passed, 10);
        assert!(passing(&one, 2_000).await >= 1_000 - passed - 5 * 7);
        let (alone, mut steady) = (app(1_000).await, 0);
        for _ in 0..120 {
            alone.advance(TimeDelta::milliseconds(500));
            steady += passing(&alone, 8).await;
        }
        assert_eq!(steady, 960, "no process gets in its own way");
    }

    #[tokio::test]
    async fn most_requests_do_not_ask_the_table() {
        let app = app(1_000).await;
        assert_eq!(passing(&app, 1_000).await, 1_000);
        let key: Key = vio_store::key::requests(tenant(1));
        let row = app.table.get(&key).await.unwrap().unwrap();
        let writes: u32 = match &row["v"] {
            vio_store::port::AttributeValue::N(number) => number.parse().unwrap(),
            other => panic!("{other:?}"),
        };
        assert!(writes <= 24, "{writes}");
    }

    #[tokio::test]
    async fn without_a_limit_nothing_is_counted() {
        let app = app(0).await;
        assert_eq!(passing(&app, 5_000).await, 5_000);
        let key = vio_store::key::requests(tenant(1));
        assert!(app.table.get(&key).await.unwrap().is_none());
    }
}
