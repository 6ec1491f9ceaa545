//! What comes back of e-mails: what became of them, and that somebody wants no more.

use uuid::Uuid;
use vio_crypto::{LookupHash, LookupKind};
use vio_domain::ids::{ContactId, InvalidId, MessageId, TenantId};
use vio_domain::messages::Channel;
use vio_domain::messages::state::Report;
use vio_domain::settings::Settings;
use vio_domain::text::{Email, Notes};

use super::MessageRow;
use crate::contacts::interactions::{InteractionKind, Written};
use crate::contacts::{ClaimRow, Person, SAVE_TRIES, Save};
use crate::error::StoreError;
use crate::key::{self, ClaimKind};
use crate::log::Actor;
use crate::mail_stops::MailStop;
use crate::store::TenantStore;
use crate::tx::Tx;

/// Contacts with one address for whom e-mails end together, at most: one transaction holds them all.
const MOST_OF_AN_ADDRESS: usize = 6;
/// Characters of a UUID without hyphens.
const ID: usize = 32;

/// Why e-mails to somebody end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum MailEnd {
    /// The address does not take them, or its owner complained of one.
    Stopped(MailStop),
    /// The person said so, by the link in one.
    Unsubscribed,
}

impl MailEnd {
    fn action(self) -> &'static str {
        match self {
            Self::Stopped(_) => "contact.email_stopped",
            Self::Unsubscribed => "contact.unsubscribed",
        }
    }

    /// For the timeline and the log.
    fn said(self) -> &'static str {
        match self {
            Self::Stopped(MailStop::Bounced) => {
                "An e-mail to this address came back. No more are sent there; ask for another address."
            }
            Self::Stopped(MailStop::Complained) => {
                "The person reported an e-mail as unwanted. No more are sent."
            }
            Self::Unsubscribed => {
                "The person wants no more e-mails: they said so by the link in one."
            }
        }
    }
}

/// The token in the link by which a person ends e-mails to them: whose contact it is, and a keyed hash that nobody else
/// can make.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UnsubscribeToken {
    pub tenant: TenantId,
    pub contact: ContactId,
    proof: LookupHash,
}

impl std::str::FromStr for UnsubscribeToken {
    type Err = InvalidId;

    fn from_str(text: &str) -> Result<Self, InvalidId> {
        let id = |range: std::ops::Range<usize>| {
            let part: &str = text.get(range).ok_or(InvalidId)?;
            Uuid::try_parse(part).map_err(|_| InvalidId)
        };
        let proof = text.get(2 * ID..).ok_or(InvalidId)?;
        Ok(Self {
            tenant: TenantId::new(id(0..ID)?),
            contact: ContactId::new(id(ID..2 * ID)?),
            proof: proof.parse().map_err(|_| InvalidId)?,
        })
    }
}

impl TenantStore {
    fn unsubscribe_proof(&self, contact: ContactId, email: &Email) -> LookupHash {
        let whose = format!("{contact}\n{}", email.folded());
        self.keys.lookup(LookupKind::Unsubscribe, &whose)
    }

    /// The token of a contact at an address: it opens nothing once the address is another.
    pub fn unsubscribe_token(&self, contact: ContactId, email: &Email) -> String {
        let (tenant, whose) = (self.id.uuid(), contact.uuid());
        let proof = self.unsubscribe_proof(contact, email);
        format!("{}{}{proof}", tenant.simple(), whose.simple())
    }

    /// The contact that a token of this tenant is about; None where it is not genuine, or no longer.
    pub async fn unsubscribing(
        &self,
        token: &UnsubscribeToken,
    ) -> Result<Option<Person>, StoreError> {
        let person = self.person(token.contact).await?;
        Ok(person.filter(|person| {
            let email = person.contact.email.as_ref();
            email.is_some_and(|email| {
                let proof = self.unsubscribe_proof(token.contact, email).to_string();
                let given = token.proof.to_string();
                vio_crypto::mac::equal(proof.as_bytes(), given.as_bytes())
            })
        }))
    }

    /// Ends e-mails to the contact of a token. False where it is not genuine, or no longer; a repeat changes nothing.
    pub async fn unsubscribe(
        &self,
        settings: &Settings,
        token: &UnsubscribeToken,
        actor: &Actor,
    ) -> Result<bool, StoreError> {
        let mut lost = Vec::new();
        for _ in 0..SAVE_TRIES {
            let Some(mut person) = self.unsubscribing(token).await? else {
                return Ok(false);
            };
            if !person.contact.preferences.email_opt_in {
                return Ok(true);
            }
            let mut tx = Tx::new();
            self.end_mail(&mut tx, settings, &mut person, MailEnd::Unsubscribed, actor)
                .await?;
            match self.store.commit(tx).await {
                Ok(()) => return Ok(true),
                Err(StoreError::Lost { lost: labels }) => lost = labels,
                Err(error) => return Err(error),
            }
        }
        Err(StoreError::Lost { lost })
    }

    /// Applies news of an e-mail: where it stands, and whether nothing more is to go to its address. False where it is none
    /// of ours. News may come in any order, and more than once.
    pub async fn hear_mail(
        &self,
        settings: &Settings,
        (contact, id): (ContactId, MessageId),
        provider_id: &str,
        (report, stop): (Option<Report>, Option<MailStop>),
        actor: &Actor,
    ) -> Result<bool, StoreError> {
        let mut lost = Vec::new();
        for _ in 0..SAVE_TRIES {
            let row = self.message(contact, id).await?;
            let ours = |row: &MessageRow| row.channel == Channel::Email && row.sends > 0;
            let (Some(mut row), Some(mut person)) = (row.filter(ours), self.person(contact).await?)
            else {
                return Ok(false);
            };
            let mut tx = Tx::new();
            let before = (row.status, row.provider_id.clone());
            if let Some(report) = report {
                self.stage_report(&mut tx, &mut row, &mut person, provider_id, report, None)?;
            }
            let address = row.sent_to.filter(|_| stop.is_some());
            let end = stop.map(MailEnd::Stopped).filter(|_| {
                let email = person.contact.email.as_ref();
                let same = email.map(|email| self.email_hash(email)) == row.sent_to;
                same && person.contact.preferences.email_opt_in
            });
            match end {
                Some(end) => {
                    self.end_mail(&mut tx, settings, &mut person, end, actor)
                        .await?;
                    self.stage_message(&mut tx, &mut row)?;
                }
                None if before != (row.status, row.provider_id.clone()) => {
                    self.stage_message_of(&mut tx, settings, &mut row, &mut person, actor)
                        .await?;
                }
                None => {}
            }
            if let (Some(address), Some(why)) = (address, stop) {
                self.stop_address(&mut tx, settings, (address, why), contact, actor)
                    .await?;
            }
            match self.store.commit(tx).await {
                Ok(()) => return Ok(true),
                Err(StoreError::Lost { lost: labels }) => lost = labels,
                Err(error) => return Err(error),
            }
        }
        Err(StoreError::Lost { lost })
    }

    /// Nothing more goes to an address that does not take e-mail, whoever else has it.
    async fn stop_address(
        &self,
        tx: &mut Tx,
        settings: &Settings,
        (address, why): (LookupHash, MailStop),
        but: ContactId,
        actor: &Actor,
    ) -> Result<(), StoreError> {
        if !self.stage_mail_stop(tx, address, why).await? {
            return Ok(());
        }
        let place = key::claim(self.id, ClaimKind::Email, &address.to_string());
        let claim: Option<ClaimRow> = self.store.read(&place).await?;
        let others = claim.into_iter().flat_map(|claim| claim.contacts);
        for other in others
            .filter(|other| *other != but)
            .take(MOST_OF_AN_ADDRESS - 1)
        {
            let Some(mut person) = self.person(other).await? else {
                continue;
            };
            let contact = &person.contact;
            if contact.deleted.is_none() && contact.preferences.email_opt_in {
                let end = MailEnd::Stopped(why);
                self.end_mail(tx, settings, &mut person, end, actor).await?;
            }
        }
        Ok(())
    }

    /// Stages that a contact gets no more e-mails, with its entry in the timeline and in the log.
    async fn end_mail(
        &self,
        tx: &mut Tx,
        settings: &Settings,
        person: &mut Person,
        end: MailEnd,
        actor: &Actor,
    ) -> Result<(), StoreError> {
        person.contact.preferences.email_opt_in = false;
        let said = end.said();
        let text = Notes::parse(said).map_err(|error| StoreError::Invalid(error.to_string()))?;
        let written = Written {
            kind: InteractionKind::Email,
            direction: None,
            message: None,
            provider_id: None,
            text: &text,
            by: None,
        };
        self.stage_written(tx, person.contact.id, &person.key, written)?;
        let save = Save {
            settings,
            actor,
            action: end.action(),
            reason: Some(said),
            claims: None,
            replan: true,
        };
        if !self.stage_save(tx, person, save).await? {
            self.stage_person(tx, person)?;
        }
        Ok(())
    }
}
