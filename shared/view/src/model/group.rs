//! The tenant's groups and who is in them.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};
use vio_domain::groups::{Color, GroupDescription, GroupName, Icon, Visibility};
use vio_domain::ids::GroupId;

use crate::memory::Bits;

/// A group as lists show it (S2).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Group {
    pub id: GroupId,
    pub name: GroupName,
    pub description: Option<GroupDescription>,
    pub color: Color,
    pub icon: Option<Icon>,
    pub visibility: Visibility,
    /// Out of sight on cards and in facets, and counted as none; still found by its id.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub archived: bool,
}

/// A group with its members. `group` is none while it is not known yet, and for good once it is deleted: what still
/// names it is read as if it did not.
#[derive(Clone)]
pub(crate) struct Slot {
    pub(crate) id: GroupId,
    pub(crate) version: u64,
    pub(crate) group: Option<Group>,
    pub(crate) members: Bits,
}

/// As a snapshot has it; the members follow from the contacts.
#[derive(Serialize, Deserialize)]
pub(crate) struct StoredSlot {
    pub(crate) id: GroupId,
    pub(crate) version: u64,
    pub(crate) group: Option<Group>,
}

#[derive(Clone, Default)]
pub(crate) struct Groups {
    pub(crate) slots: Vec<Slot>,
    numbers: HashMap<GroupId, u32>,
}

impl Groups {
    pub(crate) fn bytes(&self) -> usize {
        let slot = |slot: &Slot| size_of::<Slot>() + slot.members.bytes() + 512;
        self.slots.iter().map(slot).sum()
    }

    /// The number of a group, new if it was never heard of.
    pub(crate) fn number(&mut self, id: GroupId) -> u32 {
        *self.numbers.entry(id).or_insert_with(|| {
            self.slots.push(Slot {
                id,
                version: 0,
                group: None,
                members: Bits::default(),
            });
            (self.slots.len() - 1) as u32
        })
    }

    pub(crate) fn find(&self, id: GroupId) -> Option<u32> {
        self.numbers.get(&id).copied()
    }

    /// Takes a version of a group, or its end; false if as new a one is known.
    pub(crate) fn put(&mut self, id: GroupId, version: u64, group: Option<Group>) -> bool {
        let number = self.number(id) as usize;
        let slot = &mut self.slots[number];
        if version <= slot.version {
            return false;
        }
        slot.version = version;
        slot.group = group;
        true
    }

    pub(crate) fn stored(&self) -> Vec<StoredSlot> {
        let stored = |slot: &Slot| StoredSlot {
            id: slot.id,
            version: slot.version,
            group: slot.group.clone(),
        };
        self.slots.iter().map(stored).collect()
    }

    pub(crate) fn from_stored(stored: Vec<StoredSlot>) -> Self {
        let mut groups = Self::default();
        for slot in stored {
            let number = groups.number(slot.id) as usize;
            groups.slots[number].version = slot.version;
            groups.slots[number].group = slot.group;
        }
        groups
    }
}
