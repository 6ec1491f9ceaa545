//! Keys of messages to people, letters to staff, and what staff are still to be told of.

use vio_domain::ids::{ContactId, MessageId, NoticeId, TenantId, UserId};

use crate::port::Key;

use super::contacts::{CONTACT_PART, contact_pk};
use super::main;

/// A written message to or about a contact.
pub fn message(t: TenantId, c: ContactId, id: MessageId) -> Key {
    main(contact_pk(t, c), format!("{MESSAGE_PREFIX}{id}"))
}
pub const MESSAGE_PREFIX: &str = "MSG#";
/// Which message it is that a provider has under an id, by keyed hash of that.
pub fn provider_message(t: TenantId, id_hash: &str) -> Key {
    main(format!("T#{t}#PM#{id_hash}"), "MESSAGE")
}
/// The message that a due entry of its kind stands for, by the keys of its item.
pub fn message_of(pk: &str, sk: &str) -> Option<(ContactId, MessageId)> {
    let (_, contact) = pk.split_once(CONTACT_PART)?;
    let message = sk.strip_prefix(MESSAGE_PREFIX)?;
    Some((contact.parse().ok()?, message.parse().ok()?))
}

/// A letter to somebody on the staff, by keyed hash of what it is about and whom it is to: the same one is written once.
pub fn letter(t: TenantId, hash: &str) -> Key {
    main(format!("T#{t}{LETTER_PART}{hash}"), "LETTER")
}
/// What leads the hash in the partition key of a letter.
const LETTER_PART: &str = "#LTR#";
/// The letter that a due entry of its kind stands for, by the partition key of its item.
pub fn letter_of(pk: &str) -> Option<&str> {
    pk.split_once(LETTER_PART).map(|(_, hash)| hash)
}
/// An address at which e-mail does not arrive or is not wanted, by keyed hash.
pub fn mail_stopped(t: TenantId, email_hash: &str) -> Key {
    main(format!("T#{t}#MX#{email_hash}"), "STOPPED")
}

/// Partition of what staff are still to be told of.
pub fn notices_pk(t: TenantId) -> String {
    format!("T#{t}#NTC")
}
/// Something that staff are still to be told of.
pub fn notice(t: TenantId, id: NoticeId) -> Key {
    main(notices_pk(t), format!("{NOTICE_PREFIX}{id}"))
}
pub const NOTICE_PREFIX: &str = "TOLD#";
/// An alert by SMS to somebody on the staff that was not sent yet.
pub fn notice_sms(t: TenantId, id: NoticeId, u: UserId) -> Key {
    main(notices_pk(t), format!("{NOTICE_SMS_PREFIX}{id}#{u}"))
}
pub const NOTICE_SMS_PREFIX: &str = "SMS#";
/// Which summaries staff get next.
pub fn summaries(t: TenantId) -> Key {
    main(notices_pk(t), "SUMMARIES")
}
