//! No change is lost: each version of a record follows the one before it. Two writers who both read the same version would
//! both write the next, and the second would undo what the first did.

use vio_store::entity::Entity;

use super::Broken;
use crate::history::{History, Version};

fn steps<E: Entity>(versions: &[Version<E>], what: &str, broken: &mut Vec<Broken>) {
    for pair in versions.windows(2) {
        let (old, new) = (pair[0].value.version(), pair[1].value.version());
        if new != old + 1 {
            broken.push(Broken {
                rule: "lost change",
                at: Some(pair[1].at),
                what: format!("{what}: version {new} was written over version {old}"),
            });
        }
    }
}

/// Of all that people and the pump change at the same time.
pub(super) fn changes(history: &History, broken: &mut Vec<Broken>) {
    for (id, versions) in &history.contacts {
        steps(versions, &format!("contact {id}"), broken);
    }
    for ((contact, id), versions) in &history.appointments {
        steps(
            versions,
            &format!("appointment {id} of contact {contact}"),
            broken,
        );
    }
    for (id, versions) in &history.sessions {
        steps(versions, &format!("session {id}"), broken);
    }
    steps(&history.gate, "the gate", broken);
}
