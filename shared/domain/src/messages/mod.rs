//! Written messages to people: what they may say is in `words`; here is how long they are, what becomes of one, and
//! what an answer to one means (S1 phase 4). SMS and e-mail are two channels of the same record.

pub mod inbound;
pub mod mail;
pub mod rules;
pub mod segments;
pub mod state;

use serde::{Deserialize, Serialize};

use crate::contact::{Contact, ContactMethod};
use crate::text::MessageText;
use mail::{MailSubject, MailText};
use rules::Reason;

/// How a message goes out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Channel {
    Sms,
    Email,
}

impl Channel {
    /// Every channel: where both would do, the first goes (people read an SMS sooner).
    pub const ALL: [Self; 2] = [Self::Sms, Self::Email];

    /// The word used in the API.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Sms => "sms",
            Self::Email => "email",
        }
    }

    /// The channel of somebody's preference; None for calls.
    pub fn of(method: ContactMethod) -> Option<Self> {
        match method {
            ContactMethod::Voice => None,
            ContactMethod::Sms => Some(Self::Sms),
            ContactMethod::Email => Some(Self::Email),
        }
    }

    /// Whether the person agreed to messages by this channel.
    pub fn opted_in(self, contact: &Contact) -> bool {
        match self {
            Self::Sms => contact.preferences.sms_opt_in,
            Self::Email => contact.preferences.email_opt_in,
        }
    }

    /// Why there is nowhere to send to.
    pub fn no_address(self) -> Reason {
        match self {
            Self::Sms => Reason::NoNumber,
            Self::Email => Reason::NoEmail,
        }
    }

    /// Whether a contact has an address that takes messages of this channel.
    pub fn has_address(self, contact: &Contact) -> bool {
        match self {
            Self::Sms => {
                let phone = contact.phone.as_ref();
                phone.is_some_and(|phone| phone.dialable().is_ok())
            }
            Self::Email => contact.email.is_some(),
        }
    }

    /// Why no message may go to a contact by this channel, whatever its words.
    pub fn unreachable(self, contact: &Contact) -> Option<Reason> {
        [
            (
                contact.deleted.is_some() || !contact.is_active,
                Reason::NotActive,
            ),
            (contact.do_not_contact, Reason::DoNotContact),
            (!self.opted_in(contact), Reason::NotOptedIn),
            (!self.has_address(contact), self.no_address()),
        ]
        .into_iter()
        .find_map(|(fails, reason)| fails.then_some(reason))
    }
}

/// What somebody on the staff writes.
#[derive(Debug, Clone)]
pub enum OwnWords {
    Sms(MessageText),
    Email {
        subject: MailSubject,
        text: MailText,
    },
}

impl OwnWords {
    /// By which channel it goes.
    pub fn channel(&self) -> Channel {
        match self {
            Self::Sms(_) => Channel::Sms,
            Self::Email { .. } => Channel::Email,
        }
    }

    /// The words.
    pub fn text(&self) -> &str {
        match self {
            Self::Sms(text) => text.as_str(),
            Self::Email { text, .. } => text.as_str(),
        }
    }

    /// What stands above them, where the channel has that.
    pub fn subject(&self) -> Option<&str> {
        match self {
            Self::Sms(_) => None,
            Self::Email { subject, .. } => Some(subject.as_str()),
        }
    }
}

/// Why a message goes out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Purpose {
    /// Somebody on the staff wrote it.
    Staff,
    /// A reminder that staff asked for (S1 "Send appointment reminder").
    ReminderNow,
    /// The reminder of somebody who prefers this channel.
    Reminder,
    /// Calls did not reach the person (S0 "Voicemail Handling Strategy"), or cannot be made in time (S0
    /// `voice_service_outage`).
    Fallback,
}

impl Purpose {
    /// Whether it reminds of an appointment, and so asks whether the person comes.
    pub fn reminds(self) -> bool {
        self != Self::Staff
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::samples;

    #[test]
    fn who_cannot_be_reached_by_which_channel_and_why() {
        let whole = || {
            let mut contact = samples::contact(1);
            let phone = crate::phone::parse("07911 123456", crate::phone::Country::GB);
            contact.phone = Some(phone.unwrap().e164);
            contact.email = Some("zoe@example.com".parse().unwrap());
            contact.preferences.sms_opt_in = true;
            contact.preferences.email_opt_in = true;
            contact
        };
        for channel in Channel::ALL {
            assert_eq!(channel.unreachable(&whole()), None);
            let never = |change: fn(&mut Contact), reason| {
                let mut contact = whole();
                change(&mut contact);
                assert_eq!(channel.unreachable(&contact), Some(reason), "{channel:?}");
            };
            never(|contact| contact.is_active = false, Reason::NotActive);
            never(
                |contact| contact.do_not_contact = true,
                Reason::DoNotContact,
            );
            never(
                |contact| {
                    contact.preferences.sms_opt_in = false;
                    contact.preferences.email_opt_in = false;
                },
                Reason::NotOptedIn,
            );
            never(
                |contact| (contact.phone, contact.email) = (None, None),
                channel.no_address(),
            );
        }
        let mut contact = whole();
        contact.preferences.email_opt_in = false;
        assert_eq!(Channel::Sms.unreachable(&contact), None);
        assert!(Channel::Email.unreachable(&contact).is_some());
    }
}
