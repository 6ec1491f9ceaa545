//! The request limit of a tenant: 1,000 a minute (S0), 429 with `Retry-After` beyond it.

use vio_domain::ids::TenantId;

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

/// Lets everything pass: tests, benches, the simulation.
#[derive(Debug, Clone, Copy)]
pub struct Unlimited;

#[async_trait::async_trait]
impl RateLimiter for Unlimited {
    async fn check(&self, _: TenantId) -> Decision {
        Decision::Pass
    }
}
