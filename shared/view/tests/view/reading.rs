//! What a reader may rely on: reach, freshness, stable pages.

use chrono::TimeDelta;
use vio_domain::ids::{TenantId, UserId};
use vio_domain::permission::{ContactScopes, Scope};
use vio_view::*;

use crate::world::{Dice, World, base, tenant};

fn world(seed: u64, steps: usize) -> (World, TenantView) {
    let mut dice = Dice(seed);
    let mut world = World::new(&mut dice);
    for _ in 0..steps {
        world.step(&mut dice);
    }
    let mut view = TenantView::new(tenant(), base());
    view.apply(world.events.iter().cloned()).unwrap();
    (world, view)
}

fn everybody(tenant: TenantId) -> Visibility {
    let scopes = ContactScopes {
        view: Some(Scope::All),
        edit: Some(Scope::All),
    };
    let user = UserId::new(uuid::Uuid::from_u128(9));
    Visibility::new(tenant, user, true, &scopes, []).unwrap()
}

fn by_name(start: Start) -> Query {
    let params = Params {
        sort: Some("name".into()),
        page_size: Some(10),
        ..Params::default()
    };
    Query {
        start,
        ..params.parse(None).unwrap()
    }
}

#[test]
fn nobody_without_reach_reads() {
    let (_, view) = world(1, 50);
    let stranger = everybody(TenantId::new(uuid::Uuid::from_u128(1)));
    let refused = view.reader(&stranger, base(), chrono_tz::UTC);
    assert_eq!(refused.err(), Some(ReadError::WrongTenant));
    let none = ContactScopes::default();
    let user = UserId::new(uuid::Uuid::from_u128(9));
    assert!(Visibility::new(tenant(), user, true, &none, []).is_none());
}

#[test]
fn a_passed_appointment_has_to_be_turned_first() {
    let (_, mut view) = world(2, 300);
    let eyes = everybody(tenant());
    let turn = view.next_turn().unwrap();
    let after = turn + TimeDelta::seconds(1);
    assert!(view.reader(&eyes, turn, chrono_tz::UTC).is_ok());
    let behind = view.reader(&eyes, after, chrono_tz::UTC).err();
    assert_eq!(behind, Some(ReadError::Behind));
    assert!(view.advance(after) > 0);
    assert!(view.reader(&eyes, after, chrono_tz::UTC).is_ok());
    assert_eq!(view.advance(after), 0);
}

/// Whoever did not move is seen once, whatever comes, goes and changes between two pages.
#[test]
fn cursors_hold_while_others_come_and_go() {
    for seed in 0..20 {
        let (mut world, mut view) = world(seed, 200);
        let mut dice = Dice(seed + 100);
        let eyes = everybody(tenant());
        let all = |view: &TenantView| {
            let reader = view.reader(&eyes, base(), chrono_tz::UTC).unwrap();
            let ids = reader.select(&Filter::default()).unwrap();
            ids.into_iter()
                .map(|id| reader.contact(id).unwrap())
                .map(|c| (c.id, c.name))
                .collect::<std::collections::BTreeMap<_, _>>()
        };
        let before = all(&view);
        let mut seen = Vec::new();
        let mut start = Start::Page(1);
        let done = loop {
            let reader = view.reader(&eyes, base(), chrono_tz::UTC).unwrap();
            let page = reader.page(&by_name(start)).unwrap();
            seen.extend(page.rows.iter().map(|row| row.contact.id));
            let Some(next) = page.next else { break true };
            start = Start::After(next);
            let known = world.events.len();
            for _ in 0..10 {
                world.step(&mut dice);
            }
            view.apply(world.events[known..].iter().cloned()).unwrap();
        };
        assert!(done);
        let after = all(&view);
        for (id, name) in &before {
            if after.get(id) == Some(name) {
                let times = seen.iter().filter(|seen| *seen == id).count();
                // One that was away for a while may be missed.
                assert!(times <= 1 || world.contacts[id].0 > 1, "{id}");
                assert!(times == 1 || world.contacts[id].0 > 1, "{id}");
            }
        }
    }
}

#[test]
fn a_cursor_of_another_order_is_refused() {
    let (_, view) = world(3, 200);
    let eyes = everybody(tenant());
    let reader = view.reader(&eyes, base(), chrono_tz::UTC).unwrap();
    let cursor = reader.page(&by_name(Start::Page(1))).unwrap().next.unwrap();
    let mut query = by_name(Start::After(cursor.clone()));
    query.sort = vec![Sort::descending(SortBy::Name)];
    assert_eq!(
        reader.page(&query).unwrap_err(),
        ReadError::Cursor(BadCursor)
    );
    let mut bytes = cursor.to_bytes();
    let broken: Vec<bool> = (0..bytes.len())
        .map(|at| {
            bytes[at] ^= 4;
            let read = Cursor::from_bytes(&bytes);
            bytes[at] ^= 4;
            // What still reads is answered or refused, never a panic.
            read.map(|cursor| reader.page(&by_name(Start::After(cursor))).is_ok())
                .is_err()
        })
        .collect();
    assert!(broken.contains(&true));
    assert!(!format!("{cursor:?}").contains(char::is_whitespace));
}

#[test]
fn every_wrong_parameter_is_named() {
    let with = |set: fn(&mut Params)| {
        let mut params = Params::default();
        set(&mut params);
        params.parse(None).unwrap_err()
    };
    let group = "0192f0c1-2b3c-7def-8abc-0123456789ab";
    assert_eq!(
        with(|p| p.status = Some("open".into())).parameter(),
        "status"
    );
    assert_eq!(with(|p| p.status = Some("pending,".into())).code(), "empty");
    assert_eq!(
        with(|p| p.group_ids = Some("12".into())).code(),
        "not_an_id"
    );
    assert_eq!(
        with(|p| p.group_logic = Some("any".into())).parameter(),
        "group_logic"
    );
    assert_eq!(
        with(|p| p.include_ungrouped = Some(true)).code(),
        "needs_another"
    );
    assert_eq!(
        with(|p| p.search = Some("\"a".into())).code(),
        "unclosed_quote"
    );
    assert_eq!(
        with(|p| p.appointment = Some("later".into())).parameter(),
        "appointment"
    );
    assert_eq!(
        with(|p| p.appointment_from = Some("1.2.2026".into())).code(),
        "not_a_date"
    );
    assert_eq!(
        with(|p| {
            p.appointment_from = Some("2026-02-02".into());
            p.appointment_to = Some("2026-02-01".into())
        })
        .code(),
        "empty_range"
    );
    assert_eq!(
        with(|p| {
            p.appointment = Some("today".into());
            p.appointment_to = Some("2026-02-01".into())
        })
        .code(),
        "not_together"
    );
    assert_eq!(with(|p| p.call = Some("soon".into())).parameter(), "call");
    assert_eq!(
        with(|p| p.urgency = Some("high".into())).parameter(),
        "urgency"
    );
    assert_eq!(
        with(|p| {
            p.last_contact = Some("never".into());
            p.last_contact_days = Some(3)
        })
        .code(),
        "not_together"
    );
    assert_eq!(
        with(|p| p.last_contact_days = Some(0)).code(),
        "out_of_range"
    );
    assert_eq!(with(|p| p.sort = Some("age".into())).parameter(), "sort");
    assert_eq!(
        with(|p| p.sort = Some("name,-name".into())).parameter(),
        "sort"
    );
    assert_eq!(
        with(|p| p.sort = Some("relevance".into())).code(),
        "needs_another"
    );
    assert_eq!(
        with(|p| p.sort = Some("added_to_group".into())).code(),
        "needs_another"
    );
    assert_eq!(with(|p| p.page = Some(0)).parameter(), "page");
    assert_eq!(with(|p| p.page_size = Some(9)).parameter(), "page_size");
    assert_eq!(with(|p| p.page_size = Some(101)).parameter(), "page_size");
    assert_eq!(
        with(|p| p.priority = Some("low".into())).parameter(),
        "priority"
    );
    assert_eq!(with(|p| p.tag = Some(" ".into())).parameter(), "tag");
    assert_eq!(
        with(|p| p.booking_source = Some("fax".into())).parameter(),
        "booking_source"
    );
    let mut params = Params {
        group_ids: Some(group.into()),
        sort: Some("added_to_group".into()),
        ..Params::default()
    };
    assert!(params.parse(None).is_ok());
    params.search = Some("secret name".into());
    assert!(!format!("{params:?}{:?}", params.parse(None)).contains("secret"));
}
