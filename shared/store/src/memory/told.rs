//! Every change of a contact and of its appointments is told in the change log, in the same transaction: the tenant view
//! follows the log, and would not see it otherwise.

use super::rules::text;
use crate::entity::type_of;
use crate::key::CONTACT_PART;
use crate::port::{AttributeValue, Attributes, Op, PortError, Transaction};

const TOLD: [&str; 2] = ["contact", "appointment"];

/// Refuses a transaction that changes a contact or an appointment without an entry about that contact.
pub(super) fn check(transaction: &Transaction) -> Result<(), PortError> {
    let puts = || {
        transaction.ops.iter().filter_map(|op| match op {
            Op::Put { item, .. } => Some(item),
            Op::Delete { .. } | Op::Check { .. } => None,
        })
    };
    let changed = puts().filter(|item| type_of(item).is_some_and(|kind| TOLD.contains(&kind)));
    for item in changed {
        let contact = text(item, "pk").and_then(|pk| pk.split_once(CONTACT_PART));
        let Some((_, contact)) = contact else {
            continue;
        };
        if !puts().any(|entry| tells_of(entry, contact)) {
            let reason = "a change of a contact that the change log does not tell of";
            return Err(PortError::Invalid(reason.into()));
        }
    }
    Ok(())
}

fn tells_of(entry: &Attributes, contact: &str) -> bool {
    type_of(entry) == Some("log")
        && text(entry, "contact") == Some(contact)
        && entry.get("access") == Some(&AttributeValue::Bool(false))
}
