//! Written messages: one record each under its contact, in the due index while something is still to be done. SMS and
//! e-mail are two channels of the same record.
//!
//! Neither provider has an idempotency key. So each send is counted on the record before it goes out; an SMS that nobody
//! heard of is looked for at the provider, and only where it certainly did not arrive is there another. Of e-mails there is
//! no list: one that nobody heard of stays unknown.

mod inbound;
mod mail;
mod plan;
mod send;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use vio_crypto::{LookupHash, LookupKind, PersonKey, Sealed};
use vio_domain::ids::{AppointmentId, CampaignId, ContactId, MessageId, TenantId, UserId};
use vio_domain::messages::rules::{DayCount, Reason};
use vio_domain::messages::state::Status;
use vio_domain::messages::{Channel, Purpose};

use crate::contacts::rows::Fields;
use crate::entity::{DueEntry, Entity};
use crate::error::StoreError;
use crate::key::{self, DueKind};
use crate::port::Key;
use crate::store::TenantStore;

pub use inbound::{InboundSms, StatusNews};
pub use mail::UnsubscribeToken;
pub(crate) use plan::can_write;
pub use plan::{NewMessage, NotSendable};
pub use send::{Outcome, Ready, Sending, Taken, Words};

/// One message that goes out.
#[derive(Clone, Serialize, Deserialize)]
pub struct MessageRow {
    pub tenant: TenantId,
    pub contact: ContactId,
    pub id: MessageId,
    #[serde(skip)]
    pub version: u64,
    pub channel: Channel,
    pub purpose: Purpose,
    pub appointment: Option<AppointmentId>,
    /// The time it reminds of.
    pub about_time: Option<DateTime<Utc>>,
    pub status: Status,
    /// When it is to be sent, or looked at again.
    pub due: DateTime<Utc>,
    /// It is not sent from this instant on.
    pub not_after: DateTime<Utc>,
    /// Sends counted before they went out, and those of them that are known not to have arrived.
    pub sends: u32,
    pub refused: u32,
    /// When the last send was counted, and when it had ended at the latest.
    pub sent_at: Option<DateTime<Utc>>,
    pub bound: Option<DateTime<Utc>>,
    /// Hash of the account and address that it was sent through: it is never asked about elsewhere.
    pub through: Option<String>,
    pub provider_id: Option<String>,
    /// The provider's code for why it did not arrive.
    pub error_code: Option<u32>,
    /// Why it was never sent.
    pub reason: Option<Reason>,
    /// Whether it asks the person to confirm.
    #[serde(default)]
    pub asks: bool,
    pub by: Option<UserId>,
    /// What it was sent with to many.
    pub batch: Option<CampaignId>,
    /// Of an e-mail: the address that it was sent to, as the hash by which contacts are found.
    #[serde(default)]
    pub sent_to: Option<LookupHash>,
    /// A reminder gets its words when it is first sent.
    text: Option<Sealed>,
    /// Of an e-mail.
    #[serde(default)]
    subject: Option<Sealed>,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
}

impl std::fmt::Debug for MessageRow {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("MessageRow")
            .field("id", &self.id)
            .field("status", &self.status)
            .finish_non_exhaustive()
    }
}

impl Entity for MessageRow {
    const TYPE: &'static str = "message";
    fn key(&self) -> Key {
        key::message(self.tenant, self.contact, self.id)
    }
    fn version(&self) -> u64 {
        self.version
    }
    fn set_version(&mut self, version: u64) {
        self.version = version;
    }
    fn due(&self) -> Option<DueEntry> {
        let open = self.status.is_open();
        open.then(|| key::due(self.due, DueKind::Message, self.tenant, self.id.uuid()))
    }
}

impl MessageRow {
    fn fields<'a>(&self, key: &'a PersonKey) -> Fields<'a> {
        Fields {
            key,
            tenant: self.tenant,
            record: self.id.uuid(),
        }
    }

    /// What it says; None before a reminder has its words.
    pub fn text(&self, key: &PersonKey) -> Result<Option<String>, StoreError> {
        self.fields(key).open_some("text", self.text.as_ref())
    }

    /// What stands above that, where the channel has it.
    pub fn subject(&self, key: &PersonKey) -> Result<Option<String>, StoreError> {
        self.fields(key).open_some("subject", self.subject.as_ref())
    }

    fn set_words(
        &mut self,
        key: &PersonKey,
        subject: Option<&str>,
        text: &str,
    ) -> Result<(), StoreError> {
        self.text = Some(self.fields(key).seal("text", &text)?);
        self.subject = subject
            .map(|subject| self.fields(key).seal("subject", &subject))
            .transpose()?;
        Ok(())
    }
}

/// Which message a provider has under one of its ids. Its absence is the condition of taking it for ours.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct ProviderMessageRow {
    tenant: TenantId,
    hash: LookupHash,
    pub(crate) contact: ContactId,
    pub(crate) message: MessageId,
}

impl Entity for ProviderMessageRow {
    const TYPE: &'static str = "provider_message";
    fn key(&self) -> Key {
        key::provider_message(self.tenant, &self.hash.to_string())
    }
    fn version(&self) -> u64 {
        1
    }
    fn set_version(&mut self, _: u64) {}
}

/// How many messages a tenant sent during the last day.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct MessagesSentRow {
    tenant: TenantId,
    #[serde(skip)]
    version: u64,
    count: DayCount,
    /// When administrators were last told that the limit is near or reached, and of which share of it in percent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    told: Option<(DateTime<Utc>, u8)>,
    /// When administrators were last told that Twilio refuses the account.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    refused_at: Option<DateTime<Utc>>,
    /// The same of SES.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    mail_refused_at: Option<DateTime<Utc>>,
}

impl Entity for MessagesSentRow {
    const TYPE: &'static str = "messages_sent";
    fn key(&self) -> Key {
        key::messages_sent(self.tenant)
    }
    fn version(&self) -> u64 {
        self.version
    }
    fn set_version(&mut self, version: u64) {
        self.version = version;
    }
}

impl TenantStore {
    /// One message.
    pub async fn message(
        &self,
        contact: ContactId,
        id: MessageId,
    ) -> Result<Option<MessageRow>, StoreError> {
        self.store.read(&key::message(self.id, contact, id)).await
    }

    /// Several messages of one contact; missing ones are left out.
    pub async fn messages(
        &self,
        contact: ContactId,
        ids: &[MessageId],
    ) -> Result<Vec<MessageRow>, StoreError> {
        let keys: Vec<Key> = ids
            .iter()
            .map(|id| key::message(self.id, contact, *id))
            .collect();
        self.store.read_all(&keys).await
    }

    fn provider_id_hash(&self, provider_id: &str) -> LookupHash {
        let identity = format!("message|{provider_id}");
        self.keys.lookup(LookupKind::ProviderEvent, &identity)
    }

    /// Which message of ours a provider has under this id.
    pub(crate) async fn message_at_provider(
        &self,
        provider_id: &str,
    ) -> Result<Option<ProviderMessageRow>, StoreError> {
        let hash = self.provider_id_hash(provider_id).to_string();
        self.store
            .read(&key::provider_message(self.id, &hash))
            .await
    }
}
