//! Operations on one contact: what they change, and that taking them back restores exactly that.

use proptest::prelude::*;
use uuid::Uuid;

use super::*;
use crate::samples::{appointment, contact, now};

const CONTEXT: fn() -> Context = || Context {
    now: now(),
    by: None,
};

fn group(n: u8) -> GroupId {
    GroupId::new(Uuid::from_u128(u128::from(n)))
}

fn groups(ids: &[u8]) -> BTreeSet<GroupId> {
    ids.iter().map(|n| group(*n)).collect()
}

fn reason() -> Reason {
    "Closed for repairs".parse().unwrap()
}

#[test]
fn groups_are_added_removed_and_replaced() {
    let before = [group(1), group(2), group(9)];
    let after = |change: GroupChange| change.after(&before);
    assert_eq!(
        after(GroupChange::Add(groups(&[2, 3]))),
        [group(1), group(2), group(9), group(3)]
    );
    assert_eq!(
        after(GroupChange::Remove(groups(&[2, 3]))),
        [group(1), group(9)]
    );
    // What whoever asked does not see stays.
    let replace = GroupChange::Replace {
        with: groups(&[1, 4]),
        hidden: groups(&[9]),
    };
    assert_eq!(after(replace), [group(1), group(9), group(4)]);
}

#[test]
fn nobody_gets_into_more_groups_than_a_contact_can_be_in() {
    let mut one = contact(1);
    one.group_ids = (0..20).map(group).collect();
    let add = Operation::Groups {
        change: GroupChange::Add(groups(&[30])),
        reason: None,
    };
    assert_eq!(
        apply(&add, &mut one, None, CONTEXT()),
        Verdict::TooManyGroups
    );
    assert_eq!(one.group_ids.len(), 20);
    let undo = Undo::Groups {
        joined: vec![],
        left: vec![Left {
            group: group(40),
            added_at: now(),
            added_by: None,
        }],
    };
    assert_eq!(take_back(&undo, &mut one, &mut []), Verdict::TooManyGroups);
}

#[test]
fn a_status_says_how_and_whether_a_time_is_missing() {
    let status = |status| Operation::Status {
        status,
        method: None,
        reason: reason(),
    };
    let (mut one, mut current) = (contact(1), appointment(1, 1));
    let confirm = status(AppointmentStatus::Confirmed);
    assert_eq!(
        apply(&confirm, &mut one, Some(&mut current), CONTEXT()),
        Verdict::Changed
    );
    let confirmation = current.confirmation.unwrap();
    assert_eq!(confirmation.method, ConfirmationMethod::Manual);
    assert_eq!(confirmation.minutes_before, 24 * 60);
    assert_eq!(
        apply(&confirm, &mut one, Some(&mut current), CONTEXT()),
        Verdict::Unchanged
    );
    assert_eq!(
        apply(&confirm, &mut one, None, CONTEXT()),
        Verdict::NoAppointment
    );
    apply(
        &status(AppointmentStatus::Rescheduled),
        &mut one,
        Some(&mut current),
        CONTEXT(),
    );
    assert!(current.awaiting_new_time && current.confirmation.is_none());
}

#[test]
fn the_operation_survives_storage() {
    for operation in [
        Operation::Delete,
        Operation::Edit(Edit {
            owner_name: Some("Jo".parse().unwrap()),
            ..Edit::default()
        }),
        Operation::Groups {
            change: GroupChange::Replace {
                with: groups(&[1]),
                hidden: groups(&[2]),
            },
            reason: None,
        },
        Operation::Groups {
            change: GroupChange::Remove(groups(&[1])),
            reason: Some(reason()),
        },
    ] {
        let text = serde_json::to_string(&operation).unwrap();
        assert_eq!(serde_json::from_str::<Operation>(&text).unwrap(), operation);
    }
}

fn operations() -> impl Strategy<Value = Operation> {
    let status = prop_oneof![
        Just(AppointmentStatus::Confirmed),
        Just(AppointmentStatus::Cancelled),
        Just(AppointmentStatus::Rescheduled),
        Just(AppointmentStatus::Pending),
    ];
    let text = proptest::option::of("[a-c]{1,3}");
    prop_oneof![
        status.prop_map(|status| Operation::Status {
            status,
            method: None,
            reason: reason()
        }),
        (text.clone(), text, any::<bool>(), 1_u16..4).prop_map(|(kind, owner, urgent, hours)| {
            Operation::Edit(Edit {
                appointment_type: kind.map(|text| text.parse().unwrap()),
                owner_name: owner.map(|text| text.parse().unwrap()),
                priority: urgent.then_some(Priority::Urgent),
                call_before_hours: CallBeforeHours::try_from(hours).ok(),
                ..Edit::default()
            })
        }),
    ]
}

proptest! {
    /// Done and taken back, everything is as it was; done twice, the second time changes nothing; and what was changed
    /// in between is left alone.
    #[test]
    fn what_is_taken_back_is_as_it_was(operation in operations(), other in operations()) {
        let (before, before_current) = (contact(1), appointment(1, 3));
        let (mut one, mut current) = (before.clone(), before_current.clone());
        let done = apply(&operation, &mut one, Some(&mut current), CONTEXT());
        prop_assert_eq!(done == Verdict::Changed, (&one, &current) != (&before, &before_current));
        let undo = undo_of(&operation, (&before, Some(&before_current)), (&one, Some(&current))).unwrap();
        let again = apply(&operation, &mut one.clone(), Some(&mut current.clone()), CONTEXT());
        prop_assert_eq!(again, Verdict::Unchanged);

        let (mut back, mut appointments) = (one.clone(), [current.clone()]);
        prop_assert_eq!(take_back(&undo, &mut back, &mut appointments), Verdict::Changed);
        prop_assert_eq!((&back, &appointments[0]), (&before, &before_current));

        apply(&other, &mut one, Some(&mut current), CONTEXT());
        let (kept, kept_current) = (one.clone(), current.clone());
        let mut appointments = [current];
        if take_back(&undo, &mut one, &mut appointments) == Verdict::ChangedSince {
            prop_assert_eq!((&one, &appointments[0]), (&kept, &kept_current));
        }
    }
}

#[test]
fn a_tag_is_replaced_where_it_stands_and_never_twice() {
    let tag = |text: &str| Tag::parse(text).unwrap();
    // Before, the tag, its new name if any, after; words are parted by commas.
    let cases = [
        ("a,VIP,b", "vip", Some("best"), "a,best,b"),
        ("a,vip,best", "vip", Some("Best"), "a,Best"),
        ("best,vip", "vip", Some("Best"), "best"),
        ("vip,VIP", "vip", None, ""),
        ("vip", "VIP", Some("VIP"), "VIP"),
        ("VIP", "vip", Some("VIP"), "VIP"),
        ("vip lounge", "vip", None, "vip lounge"),
    ];
    for (before, from, to, after) in cases {
        let mut one = contact(1);
        one.tags = before.split(',').map(tag).collect();
        let operation = Operation::Retag {
            from: tag(from),
            to: to.map(tag),
        };
        let verdict = apply(&operation, &mut one, None, CONTEXT());
        let words: Vec<&str> = one.tags.iter().map(Tag::as_str).collect();
        assert_eq!(words.join(","), after, "{before:?}");
        assert_eq!(verdict == Verdict::Changed, before != after, "{before:?}");
    }
}
