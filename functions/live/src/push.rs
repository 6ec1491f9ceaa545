//! From the change log to those who look on.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use async_trait::async_trait;
use aws_lambda_events::event::dynamodb::{Event as StreamEvent, EventRecord};
use aws_sdk_apigatewaymanagement::Client;
use aws_sdk_apigatewaymanagement::config::Builder;
use aws_sdk_apigatewaymanagement::primitives::Blob;
use futures::StreamExt;
use serde::{Deserialize, Serialize};
use uuid::Uuid;
use vio_domain::ids::TenantId;
use vio_projector::project;
use vio_store::StoreError;
use vio_store::entity::TYPE;
use vio_store::live::ConnectionRow;
use vio_store::port::AttributeValue;

use crate::Live;

/// Changes of one business that are pushed one by one; more become one that says so.
pub const MOST_AT_ONCE: usize = 20;
/// What it says.
const MANY: &str = "many.changed";
/// How long API Gateway may take to accept a message.
const PATIENCE: Duration = Duration::from_secs(2);
/// Connections spoken to at once.
const SIDE_BY_SIDE: usize = 16;

/// What is pushed. Carries no names, numbers or values.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Change {
    /// `noun.verb`, such as `contact.updated`; `call.changed`, `job.changed`, `campaign.changed`, `notice.changed` for each of
    /// their steps.
    #[serde(rename = "type")]
    pub kind: String,
    /// The record that changed.
    pub id: Uuid,
    /// Its version after the change; 0 where it has none.
    pub version: u64,
}

/// Nothing was said on a connection.
#[derive(Debug, thiserror::Error)]
pub enum PostError {
    #[error("the connection is gone")]
    Gone,
    #[error("the message was not taken")]
    Failed(#[source] Box<dyn std::error::Error + Send + Sync>),
}

/// Whoever holds the connections.
#[async_trait]
pub trait Sockets: Send + Sync {
    /// Says something on a connection.
    async fn post(&self, connection: &str, text: String) -> Result<(), PostError>;
}

/// API Gateway.
#[derive(Debug, Clone)]
pub struct ApiGateway(Client);

impl ApiGateway {
    /// `url`: where the WebSocket API's stage takes messages.
    pub fn new(config: Builder, url: &str) -> Self {
        Client::from_conf(config.endpoint_url(url).build()).into()
    }
}

impl From<Client> for ApiGateway {
    fn from(client: Client) -> Self {
        Self(client)
    }
}

#[async_trait]
impl Sockets for ApiGateway {
    async fn post(&self, connection: &str, text: String) -> Result<(), PostError> {
        let request = self
            .0
            .post_to_connection()
            .connection_id(connection)
            .data(Blob::new(text));
        match tokio::time::timeout(PATIENCE, request.send()).await {
            Ok(Ok(_)) => Ok(()),
            Ok(Err(error)) => {
                let gone = error
                    .as_service_error()
                    .is_some_and(|error| error.is_gone_exception());
                Err(if gone {
                    PostError::Gone
                } else {
                    PostError::Failed(error.into())
                })
            }
            Err(late) => Err(PostError::Failed(late.into())),
        }
    }
}

/// What has a name of its own within a record.
#[derive(Deserialize)]
struct Named {
    tenant: TenantId,
    id: Uuid,
}

/// A call, a job, a campaign or a message in a console: what of its record is looked at.
#[derive(Deserialize)]
struct State {
    #[serde(rename = "v")]
    version: u64,
    session: Option<Named>,
    campaign: Option<Named>,
    tenant: Option<TenantId>,
    id: Option<Uuid>,
}

/// The new state of a call, a job, a campaign or a message in a console: their steps are no entries of the change log.
fn state(record: &EventRecord) -> Option<(TenantId, Change)> {
    let item = &record.change.new_image;
    let Some(AttributeValue::S(of)) = item.get(TYPE) else {
        return None;
    };
    let read = || serde_dynamo::from_item::<_, State>(item.clone()).ok();
    let (kind, state, named) = match of.as_str() {
        "session" => {
            let mut state = read()?;
            let named = state.session.take()?;
            ("call.changed", state, named)
        }
        "campaign" => {
            let mut state = read()?;
            let named = state.campaign.take()?;
            ("campaign.changed", state, named)
        }
        "job" => {
            let state = read()?;
            let (tenant, id) = state.tenant.zip(state.id)?;
            ("job.changed", state, Named { tenant, id })
        }
        // The same one for everybody who got it.
        "in_app" => {
            let state = read()?;
            let (tenant, id) = state.tenant.zip(state.id)?;
            ("notice.changed", state, Named { tenant, id })
        }
        _ => return None,
    };
    let change = Change {
        kind: kind.to_owned(),
        id: named.id,
        version: state.version,
    };
    Some((named.tenant, change))
}

/// A change of a record of the stream.
fn change(record: &EventRecord) -> Option<(TenantId, Change)> {
    // What cannot be read is the projector's to tell of.
    let Ok(Some(event)) = project(record) else {
        return state(record);
    };
    let change = Change {
        kind: event.kind,
        id: event.id,
        version: event.version,
    };
    Some((event.tenant, change))
}

/// What is pushed to each business of a batch: of several changes of one kind to one record, the newest.
pub(crate) fn changes(event: &StreamEvent) -> BTreeMap<TenantId, Vec<Change>> {
    let mut newest: BTreeMap<TenantId, BTreeMap<(String, Uuid), u64>> = BTreeMap::new();
    for record in &event.records {
        if let Some((tenant, change)) = change(record) {
            let of_tenant = newest.entry(tenant).or_default();
            let version = of_tenant.entry((change.kind, change.id)).or_default();
            *version = change.version.max(*version);
        }
    }
    let many = |tenant: TenantId| Change {
        kind: MANY.to_owned(),
        id: tenant.uuid(),
        version: 0,
    };
    newest
        .into_iter()
        .map(|(tenant, changed)| {
            if changed.len() > MOST_AT_ONCE {
                return (tenant, vec![many(tenant)]);
            }
            let each =
                changed
                    .into_iter()
                    .map(|((kind, id), version)| Change { kind, id, version });
            (tenant, each.collect())
        })
        .collect()
}

impl Live {
    /// Tells everybody who looks on of a batch of the stream.
    pub async fn push(&self, event: StreamEvent) {
        for (tenant, changes) in changes(&event) {
            if let Err(error) = self.tell(tenant, &changes).await {
                tracing::warn!(tenant_id = %tenant, %error, "who looks on was not told of a change");
            }
        }
    }

    async fn tell(&self, tenant: TenantId, changes: &[Change]) -> Result<(), StoreError> {
        let store = &self.app.store;
        let now = self.app.real_clock.now();
        let connections = store.live_connections(tenant, now).await?;
        if connections.is_empty() {
            return Ok(());
        }
        let texts: Vec<String> = changes
            .iter()
            .filter_map(|change| serde_json::to_string(change).ok())
            .collect();
        let ended: BTreeSet<String> = futures::stream::iter(connections)
            .map(|row| self.tell_one(row, &texts))
            .buffer_unordered(SIDE_BY_SIDE)
            .filter_map(async |ended| ended)
            .collect()
            .await;
        for connection in ended {
            store.close_live_connection(tenant, &connection).await?;
        }
        Ok(())
    }

    /// The connection's name where it is over.
    async fn tell_one(&self, row: ConnectionRow, texts: &[String]) -> Option<String> {
        let whose = row.listener;
        let stands = self
            .app
            .authenticator
            .stands(whose.tenant, whose.user, whose.session)
            .await;
        match stands {
            Ok(true) => {}
            Ok(false) => return Some(row.connection),
            Err(error) => {
                tracing::warn!(tenant_id = %whose.tenant, %error, "nobody knows whether a session stands; it is told nothing");
                return None;
            }
        }
        for text in texts {
            match self.sockets.post(&row.connection, text.clone()).await {
                Ok(()) => {}
                Err(PostError::Gone) => return Some(row.connection),
                Err(error) => {
                    tracing::warn!(tenant_id = %whose.tenant, %error, "a push was lost");
                    return None;
                }
            }
        }
        None
    }
}
