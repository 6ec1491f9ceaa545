//! Keys of a person: their item collection, their key, and the claims on how they are reached.

use chrono::{DateTime, Utc};
use vio_domain::ids::{
    AppointmentId, AttemptId, AttentionId, AttentionStepId, ConsentId, ContactId, InteractionId,
    SessionId, TenantId,
};

use crate::port::{Key, TableName};

use super::{main, sortable, tenant_pk};

/// Partition of a contact's item collection: one query is the whole person.
pub fn contact_pk(t: TenantId, c: ContactId) -> String {
    format!("T#{t}{CONTACT_PART}{c}")
}
/// What leads the contact's id in the partition key of its collection.
pub(crate) const CONTACT_PART: &str = "#C#";
/// The contact itself.
pub fn contact(t: TenantId, c: ContactId) -> Key {
    main(contact_pk(t, c), "CONTACT")
}
/// One appointment of a contact.
pub fn appointment(t: TenantId, c: ContactId, a: AppointmentId) -> Key {
    main(contact_pk(t, c), format!("APPT#{a}"))
}
pub const APPOINTMENT_PREFIX: &str = "APPT#";
/// One call session of a contact.
pub fn session(t: TenantId, c: ContactId, s: SessionId) -> Key {
    main(contact_pk(t, c), format!("SESS#{s}"))
}
pub const SESSION_PREFIX: &str = "SESS#";
/// One attempt of a call session.
pub fn attempt(t: TenantId, c: ContactId, a: AttemptId) -> Key {
    main(contact_pk(t, c), format!("ATT#{a}"))
}
/// A decision record: why somebody was rung, or was not.
pub fn decision(t: TenantId, c: ContactId, s: SessionId, at: DateTime<Utc>) -> Key {
    main(contact_pk(t, c), format!("DEC#{s}#{}", sortable(at)))
}
pub fn decision_prefix(s: SessionId) -> String {
    format!("DEC#{s}#")
}
/// A consent given or withdrawn.
pub fn consent(t: TenantId, c: ContactId, id: ConsentId) -> Key {
    main(contact_pk(t, c), format!("CONS#{id}"))
}
pub const CONSENT_PREFIX: &str = "CONS#";
/// An entry of the contact's timeline.
pub fn interaction(t: TenantId, c: ContactId, id: InteractionId) -> Key {
    main(contact_pk(t, c), format!("INT#{id}"))
}
pub const INTERACTION_PREFIX: &str = "INT#";

/// One step of the history of an entry of the work list, with the contact it is about.
pub fn attention_step(t: TenantId, c: ContactId, entry: AttentionId, id: AttentionStepId) -> Key {
    main(contact_pk(t, c), format!("ATTN#{entry}#{id}"))
}
pub fn attention_step_prefix(entry: AttentionId) -> String {
    format!("ATTN#{entry}#")
}

/// The key of a person, in the table of its own.
pub fn person_key(t: TenantId, c: ContactId) -> Key {
    Key {
        table: TableName::PersonKeys,
        pk: tenant_pk(t),
        sk: c.to_string(),
    }
}

/// Claim on a phone number or an e-mail address: which contacts have it. `kind` is `P` or `E`.
pub fn claim(t: TenantId, kind: ClaimKind, hash: &str) -> Key {
    main(format!("T#{t}#{}#{hash}", kind.letter()), "CLAIM")
}

/// What a claim is on.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize,
)]
#[serde(rename_all = "snake_case")]
pub enum ClaimKind {
    Phone,
    Email,
}

impl ClaimKind {
    fn letter(self) -> &'static str {
        match self {
            Self::Phone => "CP",
            Self::Email => "CE",
        }
    }
}

/// Partition of the pairs of contacts that are two people.
pub fn apart_pk(t: TenantId) -> String {
    format!("T#{t}#APART")
}
/// Two contacts that somebody said are two people, the lesser id first.
pub fn apart(t: TenantId, [one, other]: [ContactId; 2]) -> Key {
    main(apart_pk(t), format!("{one}#{other}"))
}
