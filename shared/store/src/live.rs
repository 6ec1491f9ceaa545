//! Open connections of consoles, and the tickets that open them (api.md `/live/tickets`). All instants here are of real
//! time, as those of tokens.

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;
use vio_crypto::tokens::{LiveTicket, LiveTicketToken, SecretTokenHash};
use vio_domain::ids::{SignInId, TenantId, UserId};

use crate::entity::Entity;
use crate::error::StoreError;
use crate::key;
use crate::port::{Condition, Key};
use crate::store::Store;
use crate::tx::Tx;

/// How long a ticket is good.
pub const TICKET_LIFETIME: TimeDelta = TimeDelta::seconds(30);
/// How long a connection is told of changes; the console opens the next one before. API Gateway closes a connection on
/// which nothing is said for as long.
pub const CONNECTION_LIFETIME: TimeDelta = TimeDelta::minutes(10);
/// Connections of one tenant that are told of a change, at most.
const MOST: u32 = 500;

/// Whose connection it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Listener {
    pub tenant: TenantId,
    pub user: UserId,
    pub session: SignInId,
}

/// A ticket that was not used yet.
#[derive(Debug, Serialize, Deserialize)]
struct TicketRow {
    id: Uuid,
    hash: SecretTokenHash<LiveTicket>,
    listener: Listener,
    expires_at: DateTime<Utc>,
    #[serde(skip)]
    version: u64,
}

impl Entity for TicketRow {
    const TYPE: &'static str = "live_ticket";
    fn key(&self) -> Key {
        key::live_ticket(self.id)
    }
    fn version(&self) -> u64 {
        self.version
    }
    fn set_version(&mut self, version: u64) {
        self.version = version;
    }
    fn ttl(&self) -> Option<i64> {
        Some(self.expires_at.timestamp())
    }
}

/// A connection that is told of changes.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ConnectionRow {
    pub listener: Listener,
    /// API Gateway's name of it.
    pub connection: String,
    /// It is told nothing from then on.
    pub until: DateTime<Utc>,
    #[serde(skip)]
    version: u64,
}

impl Entity for ConnectionRow {
    const TYPE: &'static str = "live_connection";
    fn key(&self) -> Key {
        key::live_connection(self.listener.tenant, &self.connection)
    }
    fn version(&self) -> u64 {
        self.version
    }
    fn set_version(&mut self, version: u64) {
        self.version = version;
    }
    fn ttl(&self) -> Option<i64> {
        Some(self.until.timestamp())
    }
}

impl Store {
    /// Makes a ticket for a signed-in person, with the instant until which it is good.
    pub async fn issue_live_ticket(
        &self,
        listener: Listener,
        real_now: DateTime<Utc>,
    ) -> Result<(LiveTicketToken, DateTime<Utc>), StoreError> {
        let token = LiveTicketToken::generate(self.new_id(), self.random())
            .map_err(|error| StoreError::Keys(Box::new(error)))?;
        let expires_at = real_now + TICKET_LIFETIME;
        let mut tx = Tx::new();
        tx.create(&mut TicketRow {
            id: token.id(),
            hash: token.hash(),
            listener,
            expires_at,
            version: 0,
        })?;
        self.commit(tx).await?;
        Ok((token, expires_at))
    }

    /// Takes a ticket, which is good once, and notes the connection that came with it. None where the ticket is not
    /// good: a stranger's, used, or too old.
    pub async fn open_live_connection(
        &self,
        ticket: &LiveTicketToken,
        connection: &str,
        real_now: DateTime<Utc>,
    ) -> Result<Option<ConnectionRow>, StoreError> {
        let row: Option<TicketRow> = self.read(&key::live_ticket(ticket.id())).await?;
        let Some(row) = row.filter(|row| row.hash.matches(ticket) && real_now < row.expires_at)
        else {
            return Ok(None);
        };
        let mut opened = ConnectionRow {
            listener: row.listener,
            connection: connection.to_owned(),
            until: real_now + CONNECTION_LIFETIME,
            version: 0,
        };
        let mut tx = Tx::new();
        tx.delete(&row);
        tx.create(&mut opened)?;
        match self.commit(tx).await {
            Ok(()) => Ok(Some(opened)),
            // Somebody else was first with the same ticket.
            Err(error) if error.is_lost() => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// The connections that are told of a tenant's changes.
    pub async fn live_connections(
        &self,
        tenant: TenantId,
        real_now: DateTime<Utc>,
    ) -> Result<Vec<ConnectionRow>, StoreError> {
        let pk = key::live_pk(tenant);
        let (mut rows, more): (Vec<ConnectionRow>, _) = self.list(pk, "", true, MOST, None).await?;
        if more.is_some() {
            tracing::warn!(tenant_id = %tenant, "some live connections are not told of a change");
        }
        rows.retain(|row| real_now < row.until);
        Ok(rows)
    }

    /// Forgets a connection that is gone.
    pub async fn close_live_connection(
        &self,
        tenant: TenantId,
        connection: &str,
    ) -> Result<(), StoreError> {
        let mut tx = Tx::new();
        let place = key::live_connection(tenant, connection);
        tx.delete_if("live_connection", place, Condition::Always);
        self.commit(tx).await
    }
}
