//! Telling the team of something: whom, on which channels, a few at a time.

use vio_domain::ids::UserId;
use vio_domain::letters::{Labelled, Letter};
use vio_domain::notices::{Audience, Channels, Happening};
use vio_domain::permission::{ContactOwnership, Permission, Role};
use vio_domain::text::Email;

use crate::error::StoreError;
use crate::letters::NewLetter;
use crate::notices::{InAppRow, NoticeRow, SmsAlert};
use crate::store::TenantStore;
use crate::tx::Tx;
use crate::users::{UserRow, UserStatus};

/// Members of a team who are told.
pub(crate) const MOST_MEMBERS: usize = 1_000;
/// Members told in one transaction: at most a letter, an alert and a message each.
pub(crate) const AT_ONCE: usize = 25;

/// What was written of one thing to tell.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Spread {
    /// Names of the letters, to be handed on.
    pub letters: Vec<String>,
    pub alerts: usize,
    pub messages: usize,
}

/// Whether this run told it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Told {
    Whole(Spread),
    /// Somebody else tells it.
    Elsewhere(Spread),
}

/// Somebody who is told, and how.
struct Listener {
    user: UserId,
    email: Email,
    channels: Channels,
}

impl TenantStore {
    /// Tells the team of one thing. `open` makes the link that a letter has.
    pub async fn spread_notice(
        &self,
        mut row: NoticeRow,
        open: impl Fn(&Happening) -> Option<Labelled>,
    ) -> Result<Told, StoreError> {
        let listeners = self.listeners(&row).await?;
        let mut spread = Spread::default();
        let mut some = listeners.chunks(AT_ONCE).peekable();
        loop {
            let mut tx = Tx::new();
            let mut written = Spread::default();
            let told = some.next().unwrap_or_default();
            for listener in told {
                self.stage_told_one(&mut tx, &row, listener, &open, &mut written)
                    .await?;
            }
            let last = some.peek().is_none();
            if last {
                tx.delete(&row);
            } else {
                row.after = told.last().map(|listener| listener.user);
                tx.update(&mut row)?;
            }
            match self.store.commit(tx).await {
                Ok(()) => {}
                Err(error) if error.is_lost() => return Ok(Told::Elsewhere(spread)),
                Err(error) => return Err(error),
            }
            spread.letters.extend(written.letters);
            spread.alerts += written.alerts;
            spread.messages += written.messages;
            if last {
                return Ok(Told::Whole(spread));
            }
        }
    }

    async fn stage_told_one(
        &self,
        tx: &mut Tx,
        row: &NoticeRow,
        listener: &Listener,
        open: &impl Fn(&Happening) -> Option<Labelled>,
        written: &mut Spread,
    ) -> Result<(), StoreError> {
        let topic = row.happening.topic();
        if listener.channels.email {
            let letter = Letter::Notice {
                subject: topic.subject().to_owned(),
                lines: vec![topic.sentence().to_owned()],
                link: open(&row.happening),
            };
            let new = NewLetter {
                to: &listener.email,
                user: Some(listener.user),
                letter,
                about: &format!("notice/{}", row.id),
                due: self.now(),
            };
            written.letters.push(self.write_letter(tx, new).await?);
        }
        if listener.channels.sms {
            tx.create(&mut SmsAlert {
                tenant: self.id,
                id: row.id,
                user: listener.user,
                version: 0,
                topic,
                at: row.at,
                due: self.now(),
            })?;
            written.alerts += 1;
        }
        if listener.channels.in_app {
            tx.create(&mut InAppRow {
                tenant: self.id,
                user: listener.user,
                id: row.id,
                version: 0,
                happening: row.happening,
                at: row.at,
                read: false,
            })?;
            written.messages += 1;
        }
        Ok(())
    }

    /// Who is still to be told, in order of joining.
    async fn listeners(&self, row: &NoticeRow) -> Result<Vec<Listener>, StoreError> {
        let audience = row.happening.audience();
        let users = match audience {
            Audience::One(user) => self.user(user).await?.into_iter().collect(),
            _ => self.team(MOST_MEMBERS).await?,
        };
        let person = match audience {
            Audience::WhoSees(contact) => self.person(contact).await?,
            _ => None,
        };
        let contact = person
            .as_ref()
            .filter(|person| person.contact.deleted.is_none());
        let owned = contact.map(|person| ContactOwnership {
            created_by: person.contact.created_by,
            assigned_to: person.contact.assigned_to,
            industry: person.contact.industry.as_ref().map(|name| name.as_str()),
        });
        let asked = |user: &UserRow| match audience {
            Audience::One(_) | Audience::Everybody => true,
            Audience::Administrators => user.role == Role::ClientAdmin,
            Audience::WhoSeesCalls => user.permissions().contains(Permission::ViewCallResults),
            // Gone meanwhile: there is nobody to tell of.
            Audience::WhoSees(_) => owned
                .as_ref()
                .is_some_and(|owned| user.scopes().can_view(user.id, owned)),
        };
        let mut listeners = Vec::new();
        for user in users {
            let told = row.after.is_some_and(|after| user.id <= after);
            if told || user.status != UserStatus::Active || !asked(&user) {
                continue;
            }
            let personal = self.open_personal(&user)?;
            let has_phone = personal.phone.is_some();
            let channels = user.notices.channels(&row.happening, has_phone);
            if channels.any() {
                listeners.push(Listener {
                    user: user.id,
                    email: personal.email,
                    channels,
                });
            }
        }
        Ok(listeners)
    }
}
