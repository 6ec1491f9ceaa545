//! How many requests a business made of the API in the last minute, over all functions and processes (S0).

use serde::{Deserialize, Serialize};
use vio_domain::ids::TenantId;
use vio_domain::requests::{Booked, RequestCount};

use crate::entity::Entity;
use crate::error::StoreError;
use crate::key;
use crate::port::Key;
use crate::store::Store;
use crate::tx::Tx;

/// How often a booking is decided again that lost against another one.
const TRIES: u32 = 5;

/// The count. It lies apart from everything else of the tenant, for it is written all the time.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct RequestsRow {
    tenant: TenantId,
    #[serde(skip)]
    version: u64,
    count: RequestCount,
}

impl Entity for RequestsRow {
    const TYPE: &'static str = "requests";
    fn key(&self) -> Key {
        key::requests(self.tenant)
    }
    fn version(&self) -> u64 {
        self.version
    }
    fn set_version(&mut self, version: u64) {
        self.version = version;
    }
}

/// Requests that were booked in a second and not made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Unused {
    pub second: i64,
    pub requests: u32,
}

impl Store {
    /// Books up to `wanted` requests of a tenant in this epoch second, as many as `limit` a minute leaves, and takes back
    /// what an earlier booking left over. One read, one write; none where nothing is left.
    pub async fn book_requests(
        &self,
        tenant: TenantId,
        second: i64,
        wanted: u32,
        limit: u32,
        unused: Option<Unused>,
    ) -> Result<Booked, StoreError> {
        let mut tries = 0;
        loop {
            let row: Option<RequestsRow> = self.read(&key::requests(tenant)).await?;
            let mut row = row.unwrap_or(RequestsRow {
                tenant,
                version: 0,
                count: RequestCount::default(),
            });
            if let Some(unused) = unused {
                row.count.give_back(unused.second, unused.requests);
            }
            let booked = row.count.book(second, wanted, limit);
            if matches!(booked, Booked::Full { .. }) {
                return Ok(booked);
            }
            let mut tx = Tx::new();
            tx.save(&mut row)?;
            match self.commit(tx).await {
                Err(error) if error.is_lost() && tries < TRIES => tries += 1,
                Err(error) => return Err(error),
                Ok(()) => return Ok(booked),
            }
        }
    }
}
