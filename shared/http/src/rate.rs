//! The request limit of a tenant: 1,000 a minute (S0), 429 with `Retry-After` beyond it.

use std::collections::{HashMap, VecDeque};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use vio_domain::ids::TenantId;

/// Requests a tenant may make in [`WINDOW`] (S0).
pub const REQUESTS_PER_WINDOW: usize = 1_000;

/// The window of [`REQUESTS_PER_WINDOW`].
pub const WINDOW: Duration = Duration::from_secs(60);

/// Whether a request may pass.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decision {
    /// It may, and has been counted.
    Pass,
    /// It may not; the next one may after so many seconds, at least 1.
    Wait {
        /// Whole seconds, rounded up.
        seconds: u64,
    },
}

/// Counts a tenant's requests.
#[async_trait::async_trait]
pub trait RateLimiter: Send + Sync {
    /// Counts one request if it may pass.
    async fn check(&self, tenant: TenantId) -> Decision;
}

/// Any 60 seconds hold at most the limit, exactly: the instants of the last requests are kept per tenant (16 bytes
/// each). It counts what this process serves.
pub struct SlidingWindow {
    limit: usize,
    window: Duration,
    seen: Mutex<HashMap<TenantId, VecDeque<Instant>>>,
}

impl Default for SlidingWindow {
    fn default() -> Self {
        Self::new(REQUESTS_PER_WINDOW, WINDOW)
    }
}

impl SlidingWindow {
    /// Tenants kept before the idle ones are dropped.
    const SWEEP_ABOVE: usize = 1_024;

    /// A limiter of `limit` requests in any `window`.
    pub fn new(limit: usize, window: Duration) -> Self {
        Self {
            limit,
            window,
            seen: Mutex::new(HashMap::new()),
        }
    }

    /// [`RateLimiter::check`] at a given instant.
    pub fn check_at(&self, tenant: TenantId, now: Instant) -> Decision {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        let live = |at: &Instant| now.saturating_duration_since(*at) < self.window;
        if seen.len() > Self::SWEEP_ABOVE {
            seen.retain(|_, requests| requests.back().is_some_and(live));
        }
        let requests = seen.entry(tenant).or_default();
        while requests.front().is_some_and(|at| !live(at)) {
            requests.pop_front();
        }
        if requests.len() < self.limit {
            requests.push_back(now);
            return Decision::Pass;
        }
        let waited = requests
            .front()
            .map_or(Duration::ZERO, |at| now.saturating_duration_since(*at));
        let left = self.window.saturating_sub(waited);
        let seconds = left.as_secs() + u64::from(left.subsec_nanos() > 0);
        Decision::Wait {
            seconds: seconds.max(1),
        }
    }
}

#[async_trait::async_trait]
impl RateLimiter for SlidingWindow {
    async fn check(&self, tenant: TenantId) -> Decision {
        self.check_at(tenant, Instant::now())
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    #[test]
    fn any_window_holds_the_limit_and_the_wait_is_true() {
        let (one, two) = (
            TenantId::new(Uuid::from_u128(1)),
            TenantId::new(Uuid::from_u128(2)),
        );
        let limiter = SlidingWindow::new(3, Duration::from_secs(60));
        let start = Instant::now();
        let at = |ms: u64| start + Duration::from_millis(ms);
        assert_eq!(limiter.check_at(one, at(0)), Decision::Pass);
        assert_eq!(limiter.check_at(one, at(30_000)), Decision::Pass);
        assert_eq!(limiter.check_at(one, at(59_000)), Decision::Pass);
        assert_eq!(
            limiter.check_at(one, at(59_500)),
            Decision::Wait { seconds: 1 }
        );
        assert_eq!(
            limiter.check_at(two, at(59_500)),
            Decision::Pass,
            "each tenant has its own"
        );
        assert_eq!(limiter.check_at(one, at(60_000)), Decision::Pass);
        assert_eq!(
            limiter.check_at(one, at(60_001)),
            Decision::Wait { seconds: 30 }
        );
        assert_eq!(
            limiter.check_at(one, at(89_999)),
            Decision::Wait { seconds: 1 }
        );
        assert_eq!(limiter.check_at(one, at(90_000)), Decision::Pass);
    }

    #[test]
    fn idle_tenants_are_dropped() {
        let limiter = SlidingWindow::new(3, Duration::from_secs(60));
        let start = Instant::now();
        for n in 0..=SlidingWindow::SWEEP_ABOVE as u128 {
            limiter.check_at(TenantId::new(Uuid::from_u128(n)), start);
        }
        limiter.check_at(TenantId::new(Uuid::from_u128(0)), start + WINDOW);
        assert_eq!(limiter.seen.lock().unwrap().len(), 1);
    }
}
