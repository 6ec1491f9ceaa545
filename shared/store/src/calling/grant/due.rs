//! What is due: queue items, and attempts that must be looked at again.

use chrono::{DateTime, Utc};

use crate::calling::rows::{DialRow, FlightRow};
use crate::error::StoreError;
use crate::key;
use crate::store::TenantStore;

impl TenantStore {
    /// The queue items of one band that are due, in key order, at most `limit`.
    pub async fn due_items(
        &self,
        band: vio_domain::calling::order::Band,
        limit: u32,
    ) -> Result<Vec<DialRow>, StoreError> {
        self.queued_until(band, self.now(), limit).await
    }

    /// The queue items of one band that fall due up to an instant, in key order, at most `limit`.
    pub(crate) async fn queued_until(
        &self,
        band: vio_domain::calling::order::Band,
        until: DateTime<Utc>,
        limit: u32,
    ) -> Result<Vec<DialRow>, StoreError> {
        let (low, high) = key::dial_due(band, until);
        let query = crate::port::Query {
            source: crate::port::Source::Table(crate::port::TableName::Main),
            pk: key::dial_pk(self.id),
            sort: crate::port::SortRange::Between(low, high),
            ascending: true,
            limit,
            after: None,
        };
        let page = self.store.port().query(&query).await?;
        page.items
            .into_iter()
            .map(crate::entity::from_item)
            .collect()
    }

    /// The attempts that must be looked at now, at most `limit`.
    pub async fn due_flights(&self, limit: u32) -> Result<Vec<FlightRow>, StoreError> {
        let now = self.now();
        let (mut rows, _) = self
            .store
            .list::<FlightRow>(key::flights_pk(self.id), "", true, limit, None)
            .await?;
        rows.retain(|row| row.due <= now);
        Ok(rows)
    }
}
