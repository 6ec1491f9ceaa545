//! Keyed requests, remembered in the table.

use async_trait::async_trait;
use bytes::Bytes;
use vio_domain::ids::TenantId;
use vio_http::idempotency::{Begin, IdempotencyStore, KeyedRequest, SavedAnswer, StoreFailure};
use vio_store::idempotency::{Answer, Keyed, Known};
use vio_store::{Store, StoreError, TenantStore};

/// [`IdempotencyStore`] over the table.
#[derive(Debug, Clone)]
pub struct StoredAnswers(Store);

impl StoredAnswers {
    pub fn new(store: Store) -> Self {
        Self(store)
    }

    async fn tenant(&self, tenant: TenantId) -> Result<TenantStore, StoreFailure> {
        self.0
            .tenant(tenant)
            .await?
            .ok_or_else(|| StoreError::Invalid("a keyed request of no tenant".into()).into())
    }
}

fn keyed(request: &KeyedRequest) -> Keyed<'_> {
    Keyed {
        route: &request.route,
        key: request.key.as_str(),
        fingerprint: request.fingerprint,
    }
}

#[async_trait]
impl IdempotencyStore for StoredAnswers {
    async fn begin(&self, tenant: TenantId, request: &KeyedRequest) -> Result<Begin, StoreFailure> {
        let known = self.tenant(tenant).await?.begin(keyed(request)).await?;
        Ok(match known {
            Known::Fresh { operation } => Begin::Fresh { operation },
            Known::Answered(answer) => Begin::Replay(SavedAnswer {
                status: answer.status,
                headers: answer.headers,
                body: Bytes::from(answer.body),
            }),
            Known::Mismatch => Begin::Mismatch,
            Known::InProgress => Begin::InProgress,
        })
    }

    async fn finish(
        &self,
        tenant: TenantId,
        request: &KeyedRequest,
        answer: SavedAnswer,
    ) -> Result<(), StoreFailure> {
        let answer = Answer {
            status: answer.status,
            headers: answer.headers,
            body: answer.body.to_vec(),
        };
        let tenant = self.tenant(tenant).await?;
        Ok(tenant.finish(keyed(request), &answer).await?)
    }

    async fn abandon(&self, tenant: TenantId, request: &KeyedRequest) -> Result<(), StoreFailure> {
        let tenant = self.tenant(tenant).await?;
        Ok(tenant.abandon(keyed(request)).await?)
    }
}
