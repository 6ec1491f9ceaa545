//! Typed ids. Every id is a UUIDv7 without a prefix (rules.md); each kind is a type of its own, so that a
//! contact's id cannot be passed where an appointment's is meant. Making one needs randomness and time, so the
//! callers do that; this crate only wraps and parses.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// The text was not a UUID.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a valid id")]
pub struct InvalidId;

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident),+ $(,)?) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(Uuid);

        impl $name {
            /// Wraps an id made elsewhere.
            pub const fn new(id: Uuid) -> Self {
                Self(id)
            }

            /// The bare UUID.
            pub const fn uuid(self) -> Uuid {
                self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.as_hyphenated().fmt(f)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), self.0)
            }
        }

        impl FromStr for $name {
            type Err = InvalidId;

            /// Accepts the hyphenated form only, so that one id has one spelling.
            fn from_str(text: &str) -> Result<Self, InvalidId> {
                if text.len() != 36 {
                    return Err(InvalidId);
                }
                Uuid::try_parse(text).map(Self).map_err(|_| InvalidId)
            }
        }
    )+};
}

ids! {
    /// A paying business (rules.md Words).
    TenantId,
    /// Somebody who signs in.
    UserId,
    /// A client or patient.
    ContactId,
    /// One booked time of a contact.
    AppointmentId,
    /// One intended call to one contact, from planned to settled.
    SessionId,
    /// One granted try of a call session.
    AttemptId,
    /// Calls to many members of a group or a selection.
    CampaignId,
    /// A contact group.
    GroupId,
    /// One of the tenant's own locations.
    LocationId,
    /// A tag of the tenant's list.
    TagId,
    /// A filter that a user saved.
    SavedFilterId,
    /// One entry of the needs-attention work list.
    AttentionId,
    /// One step of the history of such an entry.
    AttentionStepId,
    /// An entry of the do-not-call list.
    DncId,
    /// An address of a business that is told what happens.
    OutgoingWebhookId,
    /// One event on its way to one such address.
    DeliveryId,
    /// Work that is done in the background.
    JobId,
    /// A signed-in device: the family of refresh tokens it rotates through.
    SignInId,
    /// An entry of the change or access log.
    LogId,
    /// One consent given or withdrawn.
    ConsentId,
    /// One entry of a contact's timeline.
    InteractionId,
    /// A written message to a contact.
    MessageId,
    /// An e-mail to somebody on the staff.
    LetterId,
    /// Something that staff are told of, and each message of it in the console.
    NoticeId,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_spelling_only() {
        let text = "0192f0c1-2b3c-7def-8abc-0123456789ab";
        let id: ContactId = text.parse().unwrap();
        assert_eq!(id.to_string(), text);
        assert_eq!(
            "0192f0c12b3c7def8abc0123456789ab".parse::<ContactId>(),
            Err(InvalidId)
        );
        assert_eq!(
            "{0192f0c1-2b3c-7def-8abc-0123456789ab}".parse::<ContactId>(),
            Err(InvalidId)
        );
        assert_eq!("".parse::<ContactId>(), Err(InvalidId));
    }

    #[test]
    fn json_is_the_bare_uuid() {
        let id: SessionId = "0192f0c1-2b3c-7def-8abc-0123456789ab".parse().unwrap();
        assert_eq!(
            serde_json::to_string(&id).unwrap(),
            "\"0192f0c1-2b3c-7def-8abc-0123456789ab\""
        );
    }
}
