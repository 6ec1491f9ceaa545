//! The timeline of a contact: what staff wrote down of it.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use vio_crypto::{PersonKey, Sealed};
use vio_domain::ids::{ContactId, InteractionId, MessageId, TenantId, UserId};
use vio_domain::text::Notes;

use crate::contacts::rows::Fields;
use crate::entity::Entity;
use crate::error::StoreError;
use crate::key;
use crate::log::{Actor, Entry};
use crate::port::{Condition, Key, Position};
use crate::store::TenantStore;
use crate::tx::Tx;

/// What kind of contact there was.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum InteractionKind {
    #[default]
    Note,
    /// A call outside the system.
    #[serde(alias = "call")]
    Phone,
    Email,
    Sms,
    #[serde(alias = "meeting")]
    InPerson,
}

/// What became of something that went outside the system, as staff say it (S1 `status`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Became {
    Sent,
    Delivered,
    Failed,
    Read,
}

impl Became {
    /// The word in the API.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Sent => "sent",
            Self::Delivered => "delivered",
            Self::Failed => "failed",
            Self::Read => "read",
        }
    }
}

/// Which way it went.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    Inbound,
    Outbound,
}

/// One entry of the timeline. Written once.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct InteractionRow {
    pub tenant: TenantId,
    pub contact: ContactId,
    pub id: InteractionId,
    pub kind: InteractionKind,
    pub at: DateTime<Utc>,
    pub by: Option<UserId>,
    #[serde(default)]
    pub direction: Option<Direction>,
    /// As staff said it, of what went outside the system.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub became: Option<Became>,
    /// The message that was sent: what becomes of it is on its record.
    #[serde(default)]
    pub message: Option<MessageId>,
    /// The provider's id of one that came in.
    #[serde(default)]
    pub provider_id: Option<String>,
    text: Sealed,
}

impl Entity for InteractionRow {
    const TYPE: &'static str = "interaction";
    fn key(&self) -> Key {
        key::interaction(self.tenant, self.contact, self.id)
    }
    fn version(&self) -> u64 {
        1
    }
    fn set_version(&mut self, _: u64) {}
}

impl InteractionRow {
    /// The text, opened.
    pub fn text(&self, key: &PersonKey) -> Result<Notes, StoreError> {
        fields(self.tenant, self.id, key).open("text", &self.text)
    }
}

fn fields(tenant: TenantId, id: InteractionId, key: &PersonKey) -> Fields<'_> {
    Fields {
        key,
        tenant,
        record: id.uuid(),
    }
}

/// What staff note.
#[derive(Debug)]
pub struct Noted {
    pub kind: InteractionKind,
    pub direction: Option<Direction>,
    pub became: Option<Became>,
    pub text: Notes,
}

/// What was written to or by a person.
pub(crate) struct Written<'a> {
    pub kind: InteractionKind,
    /// None for what nobody wrote, but happened.
    pub direction: Option<Direction>,
    pub message: Option<MessageId>,
    pub provider_id: Option<&'a str>,
    pub text: &'a Notes,
    pub by: Option<UserId>,
}

impl TenantStore {
    /// Stages the entry of what was written to or by a person.
    pub(crate) fn stage_written(
        &self,
        tx: &mut Tx,
        contact: ContactId,
        person_key: &PersonKey,
        written: Written<'_>,
    ) -> Result<InteractionId, StoreError> {
        let id = InteractionId::new(self.new_id());
        let mut row = InteractionRow {
            tenant: self.id,
            contact,
            id,
            kind: written.kind,
            at: self.now(),
            by: written.by,
            direction: written.direction,
            became: None,
            message: written.message,
            provider_id: written.provider_id.map(str::to_owned),
            text: fields(self.id, id, person_key).seal("text", written.text)?,
        };
        tx.create(&mut row)?;
        Ok(id)
    }

    /// Adds an entry to the timeline of a contact, under an id of the caller's: a repeat adds nothing.
    pub async fn add_interaction(
        &self,
        contact: ContactId,
        id: InteractionId,
        noted: &Noted,
        actor: &Actor,
    ) -> Result<Option<InteractionRow>, StoreError> {
        let Some(person_key) = self.person_key(contact).await? else {
            return Ok(None);
        };
        let mut row = InteractionRow {
            tenant: self.id,
            contact,
            id,
            kind: noted.kind,
            at: self.now(),
            by: actor.user(),
            direction: noted.direction,
            became: noted.became,
            message: None,
            provider_id: None,
            text: fields(self.id, id, &person_key).seal("text", &noted.text)?,
        };
        let mut tx = Tx::new();
        tx.create(&mut row)?;
        tx.check(
            "contact",
            key::contact(self.id, contact),
            Condition::Present,
        );
        let entry = Entry::new("interaction.added", "interaction", id.uuid())
            .contact(contact)
            .version(1)
            .details(serde_json::json!({
                "kind": noted.kind, "direction": noted.direction, "became": noted.became, "text": noted.text,
            }));
        self.log(&mut tx, actor, entry)?;
        match self.store.commit(tx).await {
            Err(error) if error.is_lost() => self.store.read(&row.key()).await,
            other => other.map(|()| Some(row)),
        }
    }

    /// The timeline of a contact, newest first.
    pub async fn interactions_of(
        &self,
        contact: ContactId,
        limit: u32,
        after: Option<Position>,
    ) -> Result<(Vec<InteractionRow>, Option<Position>), StoreError> {
        let pk = key::contact_pk(self.id, contact);
        self.store
            .list(pk, key::INTERACTION_PREFIX, false, limit, after)
            .await
    }
}
