//! Whatever lies in an opened chunk, reading and serving it does not panic.

use std::sync::OnceLock;

use chrono::TimeDelta;
use proptest::prelude::*;
use uuid::Uuid;
use vio_domain::ids::{TenantId, UserId};
use vio_domain::permission::{ContactScopes, Scope};

use super::decode::{part, read_chunk};
use super::encode::{chunks, frames};
use super::header::Kind;
use crate::model::TenantView;
use crate::model::tests::{appointment, booked, contact, now, saved};
use crate::{Params, Visibility};

fn tenant() -> TenantId {
    TenantId::new(Uuid::from_u128(1))
}

fn view() -> TenantView {
    let mut view = TenantView::new(tenant(), now());
    let people = (1..60u128).flat_map(|n| {
        let mut person = contact(
            n,
            ["Zoë Ærø", "Ann Smith"][n as usize % 2],
            "left knee\nring twice",
        );
        person.group_ids = vec![vio_domain::ids::GroupId::new(Uuid::from_u128(n % 3))];
        person.email = "ann@example.org".parse().ok();
        [
            saved(1, person, "{}"),
            booked(1, appointment(1_000 + n, n, n as i64 - 30, "Check-up")),
            booked(1, appointment(2_000 + n, n, n as i64 % 7, "Café")),
        ]
    });
    view.apply(people).unwrap();
    view
}

/// Every kind of answer, and changes on top.
fn use_it(mut view: TenantView) {
    let scopes = ContactScopes {
        view: Some(Scope::All),
        edit: None,
    };
    let eyes = Visibility::new(
        tenant(),
        UserId::new(Uuid::from_u128(3)),
        true,
        &scopes,
        ["café"],
    );
    let eyes = eyes.unwrap();
    view.advance(now() + TimeDelta::hours(3));
    while view.tidy() {}
    for (search, sort) in [
        (Some("ann -knee"), "relevance,name"),
        (Some("07 12 type:caf*"), "status,-name"),
        (None, "appointment_time,call_attempts"),
        (None, "-last_contact,name"),
    ] {
        let params = Params {
            search: search.map(str::to_owned),
            sort: Some(sort.to_owned()),
            ..Params::default()
        };
        let reader = view.reader(&eyes, now() + TimeDelta::hours(3), chrono_tz::UTC);
        if let Ok(reader) = reader {
            let page = reader.page(&params.parse(None).unwrap()).unwrap();
            if let Some(next) = page.next {
                let _ = reader.page(&params.parse(Some(next)).unwrap());
            }
        }
    }
    let changes = (1..60u128).flat_map(|n| {
        [
            saved(
                u64::MAX - 1,
                contact(n, "Ann Other", "a longer story than the one before"),
                "{}",
            ),
            booked(u64::MAX - 1, appointment(1_000 + n, n, 5, "Surgery")),
        ]
    });
    view.apply(changes).unwrap();
}

type Parts = Vec<(Kind, Vec<Vec<u8>>)>;

/// What the chunks of a sound view hold, inflated.
fn parts() -> &'static Parts {
    static PARTS: OnceLock<Parts> = OnceLock::new();
    PARTS.get_or_init(|| {
        let mut all = Parts::new();
        for (kind, chunk) in chunks(&view()).unwrap() {
            let mut rest = &chunk[..];
            let mut parts = Vec::new();
            while !rest.is_empty() {
                parts.push(part(&mut rest, 0).unwrap());
            }
            all.push((kind, parts));
        }
        all
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 120, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn damaged_content_is_refused_or_harmless(flips in proptest::collection::vec((any::<u32>(), any::<u32>(), any::<u8>()), 0..4)) {
        let mut parts = parts().clone();
        for (which, place, value) in &flips {
            let all: Vec<&mut Vec<u8>> = parts.iter_mut().flat_map(|(_, parts)| parts).collect();
            let count = all.len();
            if let Some(part) = all.into_iter().nth(*which as usize % count) {
                let len = part.len().max(1);
                if let Some(byte) = part.get_mut(*place as usize % len) {
                    *byte ^= value;
                }
            }
        }
        let mut read = TenantView::new(tenant(), now());
        let whole = parts.iter().all(|(kind, parts)| {
            let parts: Vec<&[u8]> = parts.iter().map(Vec::as_slice).collect();
            let chunk = frames(&parts).unwrap();
            read_chunk(&mut read, &mut Default::default(), *kind, &chunk).is_ok()
        });
        let sound = whole && read.derive();
        prop_assert!(sound || !flips.is_empty());
        if sound {
            use_it(read);
        }
    }

    #[test]
    fn noise_is_refused(kind in 0..3usize, noise in proptest::collection::vec(any::<u8>(), 0..200)) {
        let mut read = TenantView::new(tenant(), now());
        let kind = [Kind::Names, Kind::Columns, Kind::Text][kind];
        prop_assert!(read_chunk(&mut read, &mut Default::default(), kind, &noise).is_err());
    }
}
