//! Letters: e-mails to the business's own people. A letter is written in the transaction of what it tells of, and lies
//! in the due index until it was sent or given up, so a lost message of the queue costs a minute.
//!
//! Whom it is to and what it says are sealed; both are gone from the record once it is done with, because what it says
//! may open a door (the link of an invitation or of a new password).

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use vio_crypto::{FieldRef, LookupHash, LookupKind, Sealed};
use vio_domain::ids::{LetterId, TenantId, UserId};
use vio_domain::letters::Letter;
use vio_domain::letters::rules::{KEPT, MOST_TRIES, back_off, not_after};
use vio_domain::messages::Channel;
use vio_domain::messages::rules::NOT_READY;
use vio_domain::text::Email;

use crate::entity::{DueEntry, Entity};
use crate::error::StoreError;
use crate::key::{self, DueKind};
use crate::mail_stops::MailStop;
use crate::port::Key;
use crate::store::TenantStore;
use crate::tx::Tx;

/// A letter to be written.
#[derive(Debug, Clone)]
pub struct NewLetter<'a> {
    pub to: &'a Email,
    /// Whose address it is; None for somebody who is no user yet.
    pub user: Option<UserId>,
    pub letter: Letter,
    /// What it is about, such as `invitation/<id>` or `summary/2026-03-02`: one letter is written about it to one address.
    /// It is kept as a keyed hash.
    pub about: &'a str,
    /// Not sent before.
    pub due: DateTime<Utc>,
}

/// Where a letter stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LetterStatus {
    /// It waits to be sent, or to be tried again.
    Waiting,
    /// The provider has it.
    Sent,
    /// It did not arrive: the provider said so later.
    Returned,
    /// It was not sent in time, or refused for good.
    Failed,
    /// The address does not take e-mail, or its owner does not want it.
    Stopped,
}

/// One letter.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct LetterRow {
    pub tenant: TenantId,
    /// Keyed hash of what it is about and whom it is to.
    pub hash: String,
    pub id: LetterId,
    #[serde(skip)]
    pub version: u64,
    /// [`Letter::kind`].
    pub letter_kind: String,
    pub user: Option<UserId>,
    pub status: LetterStatus,
    /// When it is to be sent, or tried again.
    pub due: DateTime<Utc>,
    /// It is not sent from this instant on.
    pub not_after: DateTime<Utc>,
    /// Tries counted before they went out.
    pub tries: u32,
    pub provider_id: Option<String>,
    /// The address, as the hash by which stopped ones are found.
    pub sent_to: Option<LookupHash>,
    /// Gone once it is done with.
    to: Option<Sealed>,
    content: Option<Sealed>,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
}

impl Entity for LetterRow {
    const TYPE: &'static str = "letter";
    fn key(&self) -> Key {
        key::letter(self.tenant, &self.hash)
    }
    fn version(&self) -> u64 {
        self.version
    }
    fn set_version(&mut self, version: u64) {
        self.version = version;
    }
    fn due(&self) -> Option<DueEntry> {
        let waits = self.status == LetterStatus::Waiting;
        waits.then(|| key::due(self.due, DueKind::Letter, self.tenant, self.id.uuid()))
    }
    fn ttl(&self) -> Option<i64> {
        Some((self.not_after + KEPT).timestamp())
    }
}

impl LetterRow {
    /// Ends it: nobody needs to read it any more.
    fn end(&mut self, status: LetterStatus, now: DateTime<Utc>) {
        self.status = status;
        self.to = None;
        self.content = None;
        self.updated_at = now;
    }
}

/// A letter whose try is counted: it may go out once.
#[derive(Debug)]
pub struct LetterSending {
    pub row: LetterRow,
    pub to: Email,
    pub letter: Letter,
}

/// What came of a try.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LetterOutcome {
    /// The provider has it.
    Accepted { provider_id: String },
    /// It did not go out, or nobody knows: it is tried again, at this instant where the provider named one.
    Again { at: Option<DateTime<Utc>> },
    /// It did not go out, because the provider refuses the account: administrators are told, and it is no try.
    AccountRefused,
    /// Refused for good.
    Refused,
}

impl TenantStore {
    fn letter_field(&self, id: LetterId, field: &'static str) -> FieldRef {
        FieldRef::new(self.id.uuid(), id.uuid(), field)
    }

    /// The name of a letter about something to an address: its key, and what the queue's message holds.
    pub fn letter_hash(&self, to: &Email, about: &str) -> String {
        let identity = format!("letter\n{about}\n{}", to.folded());
        let hash = self.keys.lookup(LookupKind::ProviderEvent, &identity);
        hash.to_string()
    }

    /// Stages a letter in the caller's transaction and answers its name, for the queue. One about the same to the same
    /// address is not written twice; two who write it at once lose on `letter`, and find it when they try again.
    pub async fn write_letter(
        &self,
        tx: &mut Tx,
        new: NewLetter<'_>,
    ) -> Result<String, StoreError> {
        let hash = self.letter_hash(new.to, new.about);
        let place = key::letter(self.id, &hash);
        if tx.touches(&place) || self.store.read::<LetterRow>(&place).await?.is_some() {
            return Ok(hash);
        }
        let (now, id) = (self.now(), LetterId::new(self.new_id()));
        let place = |field| self.letter_field(id, field);
        tx.create(&mut LetterRow {
            tenant: self.id,
            hash: hash.clone(),
            id,
            version: 0,
            letter_kind: new.letter.kind().to_owned(),
            user: new.user,
            status: LetterStatus::Waiting,
            due: new.due,
            not_after: not_after(new.due, new.letter.expires()),
            tries: 0,
            provider_id: None,
            sent_to: Some(self.email_hash(new.to)),
            to: Some(self.seal_json("letter", place("to"), new.to)?),
            content: Some(self.seal_json("letter", place("content"), &new.letter)?),
            created_at: now,
            updated_at: now,
        })?;
        Ok(hash)
    }

    /// One letter.
    pub async fn letter(&self, hash: &str) -> Result<Option<LetterRow>, StoreError> {
        self.store.read(&key::letter(self.id, hash)).await
    }

    /// Takes a letter that is due, and counts its try before it goes out. None where there is nothing to send now; whoever
    /// else took it meanwhile sends it. `ready` is whether e-mail can be sent at all.
    pub async fn take_letter(
        &self,
        hash: &str,
        ready: bool,
    ) -> Result<Option<LetterSending>, StoreError> {
        let now = self.now();
        let Some(mut row) = self.letter(hash).await? else {
            return Ok(None);
        };
        if row.status != LetterStatus::Waiting || now < row.due {
            return Ok(None);
        }
        let place = |field| self.letter_field(row.id, field);
        let to: Option<Email> = row
            .to
            .as_ref()
            .map(|to| self.open_json("letter", place("to"), to))
            .transpose()?;
        let letter: Option<Letter> = row
            .content
            .as_ref()
            .map(|letter| self.open_json("letter", place("content"), letter))
            .transpose()?;
        let mut tx = Tx::new();
        let stopped = match &to {
            Some(to) => self.mail_is_stopped(to).await?.is_some(),
            None => false,
        };
        let over = now >= row.not_after || row.tries >= MOST_TRIES;
        let ends = match (&to, &letter) {
            (Some(_), Some(_)) if stopped => Some(LetterStatus::Stopped),
            (Some(_), Some(_)) if !over => None,
            _ => Some(LetterStatus::Failed),
        };
        let mut sending = None;
        match ends {
            Some(status) => {
                tracing::warn!(tenant = %self.id, letter = %row.id, kind = %row.letter_kind, ?status, tries = row.tries, "a letter is not sent");
                row.end(status, now);
            }
            None if !ready => row.due = (now + NOT_READY).min(row.not_after),
            None => {
                row.tries += 1;
                row.updated_at = now;
                row.due = (now + back_off(row.tries)).min(row.not_after);
                sending = to.zip(letter);
            }
        }
        tx.update(&mut row)?;
        match self.store.commit(tx).await {
            Ok(()) => Ok(sending.map(|(to, letter)| LetterSending { row, to, letter })),
            Err(error) if error.is_lost() => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Writes down what came of a try. A later try's is left alone.
    pub async fn record_letter(
        &self,
        sent: &LetterRow,
        outcome: LetterOutcome,
    ) -> Result<(), StoreError> {
        let Some(mut row) = self.letter(&sent.hash).await? else {
            return Ok(());
        };
        if row.status != LetterStatus::Waiting {
            return Ok(());
        }
        let now = self.now();
        let mut tx = Tx::new();
        match outcome {
            LetterOutcome::Accepted { provider_id } => {
                row.provider_id = Some(provider_id);
                row.end(LetterStatus::Sent, now);
            }
            LetterOutcome::Refused if row.tries == sent.tries => row.end(LetterStatus::Failed, now),
            LetterOutcome::Again { at: Some(at) } if row.tries == sent.tries => {
                row.due = at.max(row.due).min(row.not_after);
                row.updated_at = now;
            }
            LetterOutcome::AccountRefused if row.tries == sent.tries => {
                // That is no fault of the letter's: it keeps its tries for when somebody has mended it.
                row.tries -= 1;
                row.due = (now + NOT_READY).min(row.not_after);
                row.updated_at = now;
                self.tell_of_refusal(&mut tx, Channel::Email).await?;
            }
            // The wait was written down with the try.
            _ => return Ok(()),
        }
        tx.update(&mut row)?;
        self.committed(tx).await
    }

    /// The provider says that a letter did not arrive, or was not wanted. `stop`: nothing more goes to its address for some
    /// time, because of this. False where there is no such letter.
    pub async fn letter_returned(
        &self,
        hash: &str,
        stop: Option<MailStop>,
    ) -> Result<bool, StoreError> {
        let Some(mut row) = self.letter(hash).await? else {
            return Ok(false);
        };
        let mut tx = Tx::new();
        if let (Some(why), Some(address)) = (stop, row.sent_to) {
            self.stage_mail_stop(&mut tx, address, why).await?;
        }
        let complained = stop == Some(MailStop::Complained);
        if row.status != LetterStatus::Returned && !complained {
            row.end(LetterStatus::Returned, self.now());
            tx.update(&mut row)?;
        }
        self.store.commit(tx).await.map(|()| true)
    }
}
