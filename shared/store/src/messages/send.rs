//! Sending: the guards and the count in one transaction before anything goes out, and what the provider answered, or
//! its list says, after.

use chrono::{DateTime, TimeDelta, Utc};
use vio_domain::contact::AttentionReason;
use vio_domain::ids::{ContactId, MessageId};
use vio_domain::messages::Channel;
use vio_domain::messages::rules::{Facts, MOST_A_DAY, NOT_READY, Reason, Verdict, may_send};
use vio_domain::messages::state::{MOST_SENDS, Reconciled, Report, Status};
use vio_domain::notices::{Happening, Limit};
use vio_domain::settings::Settings;

use super::plan::{entry_kind, entry_text, permitted_at, still_wanted};
use super::{MessageRow, MessagesSentRow, ProviderMessageRow};
use crate::contacts::interactions::{Direction, Written};
use crate::contacts::{Person, SAVE_TRIES, Save};
use crate::entity::Entity;
use crate::error::StoreError;
use crate::key;
use crate::log::{Actor, Entry};
use crate::port::Condition;
use crate::store::TenantStore;
use crate::tenants::TenantSettings;
use crate::tx::Tx;

/// Who writes in the log of what happens to messages.
const ACTOR: &str = "messaging";

/// A message whose send is counted: it may go out once, until its bound.
#[derive(Debug)]
pub struct Sending {
    pub row: MessageRow,
    /// The number or the address.
    pub to: String,
    /// Of an e-mail.
    pub subject: Option<String>,
    pub text: String,
}

/// What a reminder says.
#[derive(Debug)]
pub struct Words {
    /// Of an e-mail.
    pub subject: Option<String>,
    pub text: String,
    /// Whether it asks the person to confirm.
    pub asks: bool,
}

/// What is to be done with a message.
#[derive(Debug)]
pub enum Taken {
    Send(Box<Sending>),
    /// Nobody heard of its last send: the provider is to be asked for it.
    LookUp(Box<Sending>),
    /// Nothing now.
    Nothing,
}

/// What came of a send, or of a look at the provider's list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// The provider has it.
    Accepted {
        provider_id: String,
        report: Report,
        error_code: Option<u32>,
    },
    /// It was refused for certain, and may go out later.
    NotNow { again: DateTime<Utc> },
    /// The same, because the provider refuses the business's account: administrators are told.
    AccountRefused { again: DateTime<Utc> },
    /// It was refused for certain, because the person sent a stop word to this number (SMS).
    OptedOut { error_code: Option<u32> },
    /// It was refused for certain and for good.
    Refused { error_code: Option<u32> },
    /// What a look at the provider's list came to.
    LookedUp(Reconciled),
}

/// What the worker knows besides the table.
#[derive(Debug, Clone, Copy)]
pub struct Ready<'a> {
    /// Hash of the account and address for SMS; None where none can go out now.
    pub sms: Option<&'a str>,
    /// Whether e-mail can go out now.
    pub email: bool,
    /// How long a send may take.
    pub bound: TimeDelta,
}

/// What e-mails are noted as sent through: the platform's own account.
const SES: &str = "ses";

impl<'a> Ready<'a> {
    fn through(&self, channel: Channel) -> Option<&'a str> {
        match channel {
            Channel::Sms => self.sms,
            Channel::Email => Some(SES).filter(|_| self.email),
        }
    }
}

impl TenantStore {
    /// Takes a message that is due: judges it and counts its send, in one transaction with everything the judgement was
    /// made of. `words` makes what a reminder says.
    pub async fn take_message(
        &self,
        settings: &TenantSettings,
        ready: Ready<'_>,
        (contact, id): (ContactId, MessageId),
        words: impl Fn(&Person, &MessageRow) -> Words,
    ) -> Result<Taken, StoreError> {
        let mut lost = Vec::new();
        for _ in 0..SAVE_TRIES {
            let now = self.now();
            let Some(mut row) = self.message(contact, id).await? else {
                return Ok(Taken::Nothing);
            };
            if !row.status.is_open() || now < row.due {
                return Ok(Taken::Nothing);
            }
            let mut tx = Tx::new();
            let Some(mut person) = self.person(contact).await? else {
                // Erased: nobody can read or send it any more.
                tx.delete(&row);
                self.store.commit(tx).await?;
                return Ok(Taken::Nothing);
            };
            if row.status == Status::Sending {
                let through = ready.through(row.channel);
                let same = through.is_some() && row.through.as_deref() == through;
                let given_up = Outcome::LookedUp(Reconciled::GiveUp);
                let late = row
                    .sent_at
                    .is_none_or(|at| now - at >= vio_domain::messages::state::GIVEN_UP);
                return match sending(&row, &person)? {
                    Some(sending) if same => Ok(Taken::LookUp(Box::new(sending))),
                    // The account changed meanwhile: nobody can ask there any more.
                    _ if through.is_some() || late => {
                        self.record_outcome(&settings.settings, &row, given_up)
                            .await?;
                        Ok(Taken::Nothing)
                    }
                    _ => {
                        row.due = now + NOT_READY;
                        tx.update(&mut row)?;
                        self.committed(tx).await.map(|_| Taken::Nothing)
                    }
                };
            }
            let verdict = judge(&settings.settings, ready, &row, &person, now);
            let mut sent = self.messages_sent().await?;
            let verdict = match (verdict, sent.count.admit(MOST_A_DAY, now)) {
                (Verdict::Send, Err(free)) => Verdict::Wait(free.min(row.not_after)),
                (verdict, _) => verdict,
            };
            match verdict {
                Verdict::Wait(at) => {
                    row.due = at;
                    tx.update(&mut row)?;
                }
                Verdict::Never(reason) => {
                    row.reason = Some(reason);
                    row.updated_at = now;
                    row.status = match reason {
                        Reason::TooLate => Status::Failed,
                        _ => Status::Cancelled,
                    };
                    if reason == Reason::TooLate {
                        self.flag_message(&mut tx, &mut person, &row)?;
                    }
                    self.stage_person(&mut tx, &mut person)?;
                    self.log_message(&mut tx, &row)?;
                    tx.update(&mut row)?;
                }
                Verdict::Send => {
                    row.sends += 1;
                    row.status = Status::Sending;
                    row.sent_at = Some(now);
                    row.updated_at = now;
                    row.bound = Some(now + ready.bound);
                    row.due = now + ready.bound;
                    row.through = ready.through(row.channel).map(str::to_owned);
                    let email = person.contact.email.as_ref();
                    row.sent_to = email
                        .filter(|_| row.channel == Channel::Email)
                        .map(|email| self.email_hash(email));
                    if row.text(&person.key)?.is_none() {
                        let words = words(&person, &row);
                        row.asks = words.asks;
                        row.set_words(&person.key, words.subject.as_deref(), &words.text)?;
                        self.stage_sent_entry(&mut tx, &person, &row, &words)?;
                    }
                    self.stage_person(&mut tx, &mut person)?;
                    let held = Condition::VersionIs(settings.version);
                    tx.check("settings", key::settings(self.id), held);
                    self.tell_of_limit(&mut tx, &mut sent, now)?;
                    tx.save(&mut sent)?;
                    self.log_message(&mut tx, &row)?;
                    tx.update(&mut row)?;
                }
            }
            match self.store.commit(tx).await {
                Ok(()) => {}
                Err(StoreError::Lost { lost: labels }) => {
                    lost = labels;
                    continue;
                }
                Err(error) => return Err(error),
            }
            let sends = verdict == Verdict::Send;
            let sending = sending(&row, &person)?.filter(|_| sends);
            return Ok(sending.map_or(Taken::Nothing, |it| Taken::Send(Box::new(it))));
        }
        Err(StoreError::Lost { lost })
    }

    /// Writes down what came of a send of `sent`, a message as it was taken. A later send's is left alone.
    pub async fn record_outcome(
        &self,
        settings: &Settings,
        sent: &MessageRow,
        outcome: Outcome,
    ) -> Result<Option<MessageRow>, StoreError> {
        let mut lost = Vec::new();
        for _ in 0..SAVE_TRIES {
            let (row, person) = (
                self.message(sent.contact, sent.id).await?,
                self.person(sent.contact).await?,
            );
            let (Some(mut row), Some(mut person)) = (row, person) else {
                return Ok(None);
            };
            // News of the provider's may have come first.
            let heard = row.sends != sent.sends || row.status != Status::Sending;
            let accepted = matches!(
                outcome,
                Outcome::Accepted { .. } | Outcome::LookedUp(Reconciled::Adopt(..))
            );
            if heard && !accepted {
                return Ok(Some(row));
            }
            let mut tx = Tx::new();
            let before = (row.status, row.provider_id.clone(), row.due);
            self.apply_outcome(&mut tx, &mut row, &mut person, &outcome)?;
            if matches!(outcome, Outcome::AccountRefused { .. }) {
                self.tell_of_refusal(&mut tx, row.channel).await?;
            }
            if before == (row.status, row.provider_id.clone(), row.due) {
                return Ok(Some(row));
            }
            let actor = Actor::system(ACTOR);
            self.stage_message_of(&mut tx, settings, &mut row, &mut person, &actor)
                .await?;
            match self.store.commit(tx).await {
                Ok(()) => return Ok(Some(row)),
                Err(StoreError::Lost { lost: labels })
                    if labels.contains(&ProviderMessageRow::TYPE) =>
                {
                    // Another message of ours is this one at the provider.
                    if self.claimed_by_other(&row).await? {
                        return Ok(None);
                    }
                    lost = labels;
                }
                Err(StoreError::Lost { lost: labels }) => lost = labels,
                Err(error) => return Err(error),
            }
        }
        Err(StoreError::Lost { lost })
    }

    async fn claimed_by_other(&self, row: &MessageRow) -> Result<bool, StoreError> {
        let Some(id) = &row.provider_id else {
            return Ok(false);
        };
        let claim = self.message_at_provider(id).await?;
        Ok(claim.is_some_and(|claim| claim.message != row.id))
    }

    /// Whether another message of ours has this id at the provider.
    pub async fn is_anothers(
        &self,
        row: &MessageRow,
        provider_id: &str,
    ) -> Result<bool, StoreError> {
        let claim = self.message_at_provider(provider_id).await?;
        Ok(claim.is_some_and(|claim| claim.message != row.id))
    }

    fn apply_outcome(
        &self,
        tx: &mut Tx,
        row: &mut MessageRow,
        person: &mut Person,
        outcome: &Outcome,
    ) -> Result<(), StoreError> {
        let now = self.now();
        let again = |row: &mut MessageRow, at: DateTime<Utc>| {
            row.refused += 1;
            row.status = Status::Queued;
            row.due = at;
        };
        match outcome {
            Outcome::Accepted {
                provider_id,
                report,
                error_code,
            } => self.stage_report(tx, row, person, provider_id, *report, *error_code)?,
            Outcome::LookedUp(Reconciled::Adopt(provider_id, report)) => {
                self.stage_report(tx, row, person, provider_id, *report, None)?;
            }
            Outcome::NotNow { again: at } | Outcome::AccountRefused { again: at } => {
                again(row, *at);
            }
            Outcome::LookedUp(Reconciled::NotSent) if row.refused + 1 < MOST_SENDS => {
                again(row, now);
            }
            Outcome::LookedUp(Reconciled::NotSent) => {
                row.status = Status::Failed;
                self.flag_message(tx, person, row)?;
            }
            Outcome::LookedUp(Reconciled::Later(at)) => row.due = *at,
            Outcome::LookedUp(Reconciled::GiveUp) => {
                row.status = Status::Unknown;
                self.flag_message(tx, person, row)?;
            }
            Outcome::OptedOut { error_code } | Outcome::Refused { error_code } => {
                row.refused += 1;
                row.status = Status::Failed;
                row.error_code = *error_code;
                if matches!(outcome, Outcome::OptedOut { .. }) {
                    person.contact.preferences.sms_opt_in = false;
                }
                self.flag_message(tx, person, row)?;
            }
        }
        Ok(())
    }

    /// What the provider says of a message: its id there, claimed, and where it stands.
    pub(super) fn stage_report(
        &self,
        tx: &mut Tx,
        row: &mut MessageRow,
        person: &mut Person,
        provider_id: &str,
        report: Report,
        error_code: Option<u32>,
    ) -> Result<(), StoreError> {
        match &row.provider_id {
            Some(known) if known != provider_id => {
                tracing::error!(tenant_id = %self.id, message = %row.id, "a message has two ids at the provider");
                return Ok(());
            }
            Some(_) => {}
            None => {
                row.provider_id = Some(provider_id.to_owned());
                tx.create(&mut ProviderMessageRow {
                    tenant: self.id,
                    hash: self.provider_id_hash(provider_id),
                    contact: row.contact,
                    message: row.id,
                })?;
            }
        }
        let before = row.status;
        row.status = before.after(report);
        row.error_code = error_code.or(row.error_code);
        if row.status.did_not_arrive() && !before.did_not_arrive() {
            self.flag_message(tx, person, row)?;
        }
        Ok(())
    }

    /// Stages a changed message with its person and its entry in the log.
    pub(super) async fn stage_message_of(
        &self,
        tx: &mut Tx,
        settings: &Settings,
        row: &mut MessageRow,
        person: &mut Person,
        actor: &Actor,
    ) -> Result<(), StoreError> {
        let save = Save {
            settings,
            actor,
            action: "contact.updated",
            reason: None,
            claims: None,
            replan: true,
        };
        if !self.stage_save(tx, person, save).await? {
            self.stage_person(tx, person)?;
        }
        self.stage_message(tx, row)
    }

    /// Stages a changed message with its entry in the log.
    pub(super) fn stage_message(
        &self,
        tx: &mut Tx,
        row: &mut MessageRow,
    ) -> Result<(), StoreError> {
        row.updated_at = self.now();
        self.log_message(tx, row)?;
        tx.update(row)
    }

    fn flag_message(
        &self,
        tx: &mut Tx,
        person: &mut Person,
        row: &MessageRow,
    ) -> Result<(), StoreError> {
        let reason = AttentionReason::MessageNotDelivered;
        self.flag(tx, &mut person.contact, reason, row.appointment, None)
    }

    fn log_message(&self, tx: &mut Tx, row: &MessageRow) -> Result<(), StoreError> {
        let details = serde_json::json!({
            "channel": row.channel, "purpose": row.purpose, "status": row.status,
            "provider_id": row.provider_id, "error_code": row.error_code, "reason": row.reason,
        });
        let entry = Entry::new("message.changed", "message", row.id.uuid())
            .contact(row.contact)
            .version(row.version + 1)
            .fields(["status"])
            .details(details);
        self.log(tx, &Actor::system(ACTOR), entry)
    }

    fn stage_sent_entry(
        &self,
        tx: &mut Tx,
        person: &Person,
        row: &MessageRow,
        words: &Words,
    ) -> Result<(), StoreError> {
        let written = Written {
            kind: entry_kind(row.channel),
            direction: Some(Direction::Outbound),
            message: Some(row.id),
            provider_id: None,
            text: &entry_text(words.subject.as_deref(), &words.text)?,
            by: row.by,
        };
        self.stage_written(tx, row.contact, &person.key, written)
            .map(|_| ())
    }

    async fn messages_sent(&self) -> Result<MessagesSentRow, StoreError> {
        let row = self.store.read(&key::messages_sent(self.id)).await?;
        Ok(row.unwrap_or(MessagesSentRow {
            tenant: self.id,
            version: 0,
            count: Default::default(),
            told: None,
            refused_at: None,
            mail_refused_at: None,
        }))
    }

    /// Tells administrators that the provider of a channel refuses the account: once in 24 hours, however many messages
    /// wait.
    pub(crate) async fn tell_of_refusal(
        &self,
        tx: &mut Tx,
        channel: Channel,
    ) -> Result<(), StoreError> {
        let now = self.now();
        let mut sent = self.messages_sent().await?;
        let told = match channel {
            Channel::Sms => &mut sent.refused_at,
            Channel::Email => &mut sent.mail_refused_at,
        };
        if told.is_some_and(|at| now - at < TimeDelta::days(1)) {
            return Ok(());
        }
        *told = Some(now);
        tracing::error!(tenant_id = %self.id, channel = channel.as_str(), "the provider refuses the account; messages wait");
        tx.save(&mut sent)?;
        self.tell(tx, Happening::ChannelFailing { channel })
    }

    /// Tells administrators that the messages of a day are nearly used up, or wholly: of each once in 24 hours, though the
    /// count goes up and down.
    fn tell_of_limit(
        &self,
        tx: &mut Tx,
        sent: &mut MessagesSentRow,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        let Some(percent) = Limit::reached(sent.count.used(), MOST_A_DAY) else {
            return Ok(());
        };
        let known =
            |(at, told): (DateTime<Utc>, u8)| now - at < TimeDelta::days(1) && told >= percent;
        if sent.told.is_some_and(known) {
            return Ok(());
        }
        sent.told = Some((now, percent));
        let limit = Limit::MessagesOfTheDay;
        self.tell(tx, Happening::UsageLimit { limit, percent })
    }

    /// Commits what may as well be done by the next who looks.
    pub(crate) async fn committed(&self, tx: Tx) -> Result<(), StoreError> {
        match self.store.commit(tx).await {
            Err(error) if !error.is_lost() => Err(error),
            _ => Ok(()),
        }
    }
}

fn judge(
    settings: &Settings,
    ready: Ready<'_>,
    row: &MessageRow,
    person: &Person,
    now: DateTime<Utc>,
) -> Verdict {
    let facts = Facts {
        unreachable: row.channel.unreachable(&person.contact),
        wanted: still_wanted(row, person, now),
        ready: ready.through(row.channel).is_some(),
        permitted: permitted_at(settings, &person.contact, row.channel, now),
        not_after: row.not_after,
    };
    may_send(&facts, now)
}

/// A message with its address and words; None where the contact has none any more.
fn sending(row: &MessageRow, person: &Person) -> Result<Option<Sending>, StoreError> {
    let contact = &person.contact;
    let to = match row.channel {
        Channel::Sms => contact.phone.as_ref().map(|phone| phone.as_str()),
        Channel::Email => contact.email.as_ref().map(|email| email.as_str()),
    };
    let (subject, text) = (row.subject(&person.key)?, row.text(&person.key)?);
    Ok(to.zip(text).map(|(to, text)| Sending {
        row: row.clone(),
        to: to.to_owned(),
        subject,
        text,
    }))
}
