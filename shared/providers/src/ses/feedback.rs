//! News of e-mails: what SES tells EventBridge, of which only this comes to us (template.yaml): which e-mail, and what
//! happened. Whom it was to stays there.

use serde::{Deserialize, Serialize};
use uuid::Uuid;
use vio_domain::ids::{ContactId, MessageId, TenantId};

/// What happened to an e-mail.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Happened {
    /// The recipient's server took it.
    Delivery,
    /// The recipient's server gave it back.
    Bounce,
    /// The recipient said that it was unwanted.
    Complaint,
    /// SES would not send it after all.
    Reject,
}

/// News of one e-mail, as a rule of EventBridge puts it on the queue.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MailNews {
    /// The tag that the e-mail was sent with.
    pub mail: String,
    /// SES's id of it.
    pub id: String,
    pub event: Happened,
    /// Of a bounce: `Permanent`, `Transient` or `Undetermined`; else empty.
    #[serde(default)]
    pub kind: String,
}

impl MailNews {
    /// Whether nothing more is to be sent to the address.
    pub fn is_final(&self) -> bool {
        match self.event {
            Happened::Complaint => true,
            Happened::Bounce => self.kind == "Permanent",
            Happened::Delivery | Happened::Reject => false,
        }
    }
}

/// Which of our e-mails it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MailTag {
    /// A message to a contact.
    Message {
        tenant: TenantId,
        contact: ContactId,
        message: MessageId,
    },
    /// A letter to somebody on the staff, by its name.
    Letter { tenant: TenantId, letter: String },
}

impl MailTag {
    /// Reads a tag; None for one that is not ours.
    pub fn parse(tag: &str) -> Option<Self> {
        let (kind, rest) = tag.split_once('_')?;
        let (tenant, rest) = rest.split_once('_')?;
        let tenant = TenantId::new(id(tenant)?);
        match kind {
            "m" => {
                let (contact, message) = rest.split_once('_')?;
                Some(Self::Message {
                    tenant,
                    contact: ContactId::new(id(contact)?),
                    message: MessageId::new(id(message)?),
                })
            }
            "l" if !rest.is_empty() && rest.len() <= 64 => Some(Self::Letter {
                tenant,
                letter: rest.to_owned(),
            }),
            _ => None,
        }
    }
}

impl std::fmt::Display for MailTag {
    /// Of letters, digits, `_` and `-` alone: what SES takes for a tag.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Message {
                tenant,
                contact,
                message,
            } => write!(f, "m_{tenant}_{contact}_{message}"),
            Self::Letter { tenant, letter } => write!(f, "l_{tenant}_{letter}"),
        }
    }
}

fn id(text: &str) -> Option<Uuid> {
    Uuid::try_parse(text).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_read_back() {
        let tenant = TenantId::new(Uuid::from_u128(1));
        for tag in [
            MailTag::Message {
                tenant,
                contact: ContactId::new(Uuid::from_u128(2)),
                message: MessageId::new(Uuid::from_u128(3)),
            },
            MailTag::Letter {
                tenant,
                letter: "a_b-c".to_owned(),
            },
        ] {
            let text = tag.to_string();
            assert!(text.len() <= 256);
            let legal = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
            assert!(text.chars().all(legal), "{text}");
            assert_eq!(MailTag::parse(&text), Some(tag));
        }
        for other in [
            "",
            "m",
            "x_1_2",
            "m_1_2_3",
            "l_00000000-0000-0000-0000-000000000001_",
        ] {
            assert_eq!(MailTag::parse(other), None, "{other}");
        }
    }

    #[test]
    fn only_what_will_not_get_better_is_final() {
        let news = |event, kind: &str| MailNews {
            mail: String::new(),
            id: String::new(),
            event,
            kind: kind.to_owned(),
        };
        assert!(news(Happened::Complaint, "").is_final());
        assert!(news(Happened::Bounce, "Permanent").is_final());
        assert!(!news(Happened::Bounce, "Transient").is_final());
        assert!(!news(Happened::Bounce, "Undetermined").is_final());
        assert!(!news(Happened::Delivery, "").is_final());
        assert!(!news(Happened::Reject, "").is_final());
    }
}
