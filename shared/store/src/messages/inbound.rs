//! What comes in: news of our messages, and what people write.

use vio_crypto::PersonKey;
use vio_domain::appointment::{AppointmentStatus, Confirmation, ConfirmationMethod};
use vio_domain::calling::session::CancelReason;
use vio_domain::contact::AttentionReason;
use vio_domain::ids::{AppointmentId, ContactId, MessageId};
use vio_domain::messages::inbound::{Meaning, OptIn, Standing, Then, Word, meaning};
use vio_domain::messages::state::Report;
use vio_domain::phone::E164;
use vio_domain::settings::Settings;
use vio_domain::text::Notes;

use super::MessageRow;
use crate::contacts::interactions::{Direction, InteractionKind, Written};
use crate::contacts::{ClaimRow, ConsentChange, Person, SAVE_TRIES, Save};
use crate::error::StoreError;
use crate::key::{self, ClaimKind};
use crate::log::{Actor, Entry};
use crate::store::TenantStore;
use crate::tx::Tx;

/// Contacts with one number that a message is brought to, at most: one transaction holds them all.
const MOST_OF_A_NUMBER: usize = 6;

/// News of a message of ours.
#[derive(Debug, Clone)]
pub struct StatusNews {
    /// Which one, as its own address says; else the provider's id tells.
    pub about: Option<(ContactId, MessageId)>,
    pub provider_id: String,
    pub report: Report,
    pub error_code: Option<u32>,
}

/// What somebody wrote.
#[derive(Clone)]
pub struct InboundSms {
    pub provider_id: String,
    pub from: E164,
    pub body: String,
    /// What the provider took it for, in its words: see [`Word::taken_for`].
    pub opt_out: Option<String>,
}

impl std::fmt::Debug for InboundSms {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("InboundSms")
    }
}

/// A contact that a message may be from.
struct Sender {
    person: Person,
    /// The appointments about which a question is open.
    questions: Vec<AppointmentId>,
}

impl TenantStore {
    /// Applies news of a message, in one transaction with `also`. False where the message is none of ours.
    pub async fn hear_message(
        &self,
        settings: &Settings,
        news: &StatusNews,
        actor: &Actor,
        also: impl Fn(&mut Tx, ContactId, &PersonKey) -> Result<(), StoreError>,
    ) -> Result<bool, StoreError> {
        let mut lost = Vec::new();
        for _ in 0..SAVE_TRIES {
            let Some(mut row) = self.message_of_news(news).await? else {
                return Ok(false);
            };
            let Some(mut person) = self.person(row.contact).await? else {
                return Ok(false);
            };
            let mut tx = Tx::new();
            let before = (row.status, row.provider_id.clone(), row.error_code);
            let (report, code) = (news.report, news.error_code);
            self.stage_report(
                &mut tx,
                &mut row,
                &mut person,
                &news.provider_id,
                report,
                code,
            )?;
            if before != (row.status, row.provider_id.clone(), row.error_code) {
                self.stage_message_of(&mut tx, settings, &mut row, &mut person, actor)
                    .await?;
            }
            also(&mut tx, row.contact, &person.key)?;
            match self.store.commit(tx).await {
                Ok(()) => return Ok(true),
                Err(StoreError::Lost { lost: labels }) => lost = labels,
                Err(error) => return Err(error),
            }
        }
        Err(StoreError::Lost { lost })
    }

    async fn message_of_news(&self, news: &StatusNews) -> Result<Option<MessageRow>, StoreError> {
        let claim = self.message_at_provider(&news.provider_id).await?;
        let about = match claim {
            Some(claim) => Some((claim.contact, claim.message)),
            None => news.about,
        };
        let Some((contact, id)) = about else {
            return Ok(None);
        };
        let row = self.message(contact, id).await?;
        // One that was never sent has no news.
        Ok(row.filter(|row| row.sends > 0))
    }

    /// Applies what somebody wrote, to everybody who has that number, in one transaction with `also`. False where
    /// nobody has it.
    pub async fn hear_sms(
        &self,
        settings: &Settings,
        sms: &InboundSms,
        actor: &Actor,
        also: impl Fn(&mut Tx, ContactId, &PersonKey) -> Result<(), StoreError>,
    ) -> Result<bool, StoreError> {
        let word = Word::of(&sms.body).taken_for(sms.opt_out.as_deref());
        let text = text_of(&sms.body)?;
        let mut lost = Vec::new();
        for _ in 0..SAVE_TRIES {
            let mut senders = self.senders(&sms.from).await?;
            let asked: usize = senders.iter().map(|one| one.questions.len()).sum();
            let mut tx = Tx::new();
            let mut first = true;
            for sender in &mut senders {
                let standing = Standing {
                    opted_in: sender.person.contact.preferences.sms_opt_in,
                    question: !sender.questions.is_empty(),
                };
                let mut means = meaning(word, standing);
                // Of several people with one number, nobody can tell who answered; of several questions, which one.
                if means.then == Then::Confirm && asked > 1 {
                    means.then = Then::Read;
                }
                let addressed = asked == 0 || !sender.questions.is_empty();
                if !addressed {
                    means.then = Then::Nothing;
                }
                self.stage_meaning(&mut tx, settings, sender, means, actor)
                    .await?;
                let (contact, person_key) = (sender.person.contact.id, &sender.person.key);
                if addressed {
                    let written = Written {
                        kind: InteractionKind::Sms,
                        direction: Some(Direction::Inbound),
                        message: None,
                        provider_id: Some(&sms.provider_id),
                        text: &text,
                        by: None,
                    };
                    let id = self.stage_written(&mut tx, contact, person_key, written)?;
                    let entry = Entry::new("message.received", "interaction", id.uuid())
                        .contact(contact)
                        .version(1)
                        .details(serde_json::json!({ "channel": "sms", "text": text }));
                    self.log(&mut tx, actor, entry)?;
                    if std::mem::take(&mut first) {
                        also(&mut tx, contact, person_key)?;
                    }
                }
            }
            if senders.is_empty() {
                return Ok(false);
            }
            match self.store.commit(tx).await {
                Ok(()) => return Ok(true),
                Err(StoreError::Lost { lost: labels }) => lost = labels,
                Err(error) => return Err(error),
            }
        }
        Err(StoreError::Lost { lost })
    }

    /// Everybody who has a number, with the questions that are open to them.
    async fn senders(&self, number: &E164) -> Result<Vec<Sender>, StoreError> {
        let hash = self.phone_hash(number).to_string();
        let place = key::claim(self.id, ClaimKind::Phone, &hash);
        let claim: Option<ClaimRow> = self.store.read(&place).await?;
        let mut senders = Vec::new();
        for contact in claim.into_iter().flat_map(|claim| claim.contacts) {
            if senders.len() >= MOST_OF_A_NUMBER {
                tracing::warn!(tenant_id = %self.id, "a message from a number of many contacts is brought to some of them");
                break;
            }
            let Some(person) = self.person(contact).await? else {
                continue;
            };
            if person.contact.deleted.is_some() {
                continue;
            }
            let questions = self.open_questions(&person).await?;
            senders.push(Sender { person, questions });
        }
        Ok(senders)
    }

    /// The appointments that a message asked the person to confirm, and that still wait for it.
    async fn open_questions(&self, person: &Person) -> Result<Vec<AppointmentId>, StoreError> {
        let now = self.now();
        let mut open = Vec::new();
        for appointment in &person.appointments {
            if !appointment.wants_reminder(now) {
                continue;
            }
            if let Some(row) = self.message_about(appointment).await?
                && row.asks
                && row.status.went_out()
                && row.about_time == Some(appointment.time)
            {
                open.push(appointment.id);
            }
        }
        Ok(open)
    }

    async fn stage_meaning(
        &self,
        tx: &mut Tx,
        settings: &Settings,
        sender: &mut Sender,
        means: Meaning,
        actor: &Actor,
    ) -> Result<(), StoreError> {
        let now = self.now();
        let person = &mut sender.person;
        let question = sender.questions.first().copied();
        let about = question.or_else(|| {
            let current = person.current(now);
            current.filter(|a| a.time > now).map(|a| a.id)
        });
        match means.opt_in {
            OptIn::Unchanged => {}
            OptIn::In => person.contact.preferences.sms_opt_in = true,
            OptIn::Out => {
                person.contact.preferences.sms_opt_in = false;
                if settings.integrations.twilio.stop_ends_calls {
                    self.stage_no_more_calls(tx, person, CancelReason::Person)
                        .await?;
                    self.stage_consent(tx, person, ConsentChange::Withdrawn, actor)?;
                }
            }
        }
        let reason = match means.then {
            Then::Nothing => None,
            Then::Confirm => {
                let asked = question.and_then(|id| person.appointment_mut(id));
                if let Some(appointment) = asked {
                    appointment.status = AppointmentStatus::Confirmed;
                    appointment.confirmation = Some(Confirmation {
                        method: ConfirmationMethod::Sms,
                        at: now,
                        minutes_before: (appointment.time - now).num_minutes(),
                    });
                }
                None
            }
            Then::AskAboutCancelling => Some(AttentionReason::CancelRequested),
            Then::Read => Some(AttentionReason::ReplyToRead),
        };
        if let Some(reason) = reason {
            self.flag(tx, &mut person.contact, reason, about, None)?;
            self.tell_attention(tx, person.contact.id, reason)?;
        }
        let save = Save {
            settings,
            actor,
            action: "contact.answered",
            reason: None,
            claims: None,
            replan: true,
        };
        if !self.stage_save(tx, person, save).await? {
            self.stage_person(tx, person)?;
        }
        Ok(())
    }
}

/// What somebody wrote, as the timeline takes it.
fn text_of(body: &str) -> Result<Notes, StoreError> {
    let printable: String = body
        .chars()
        .map(|c| if c.is_control() && c != '\n' { ' ' } else { c })
        .collect();
    Notes::parse(&printable)
        .or_else(|_| Notes::parse("[no text]"))
        .map_err(|error| StoreError::Invalid(error.to_string()))
}
