//! A snapshot that is not whole, not ours or not untouched is never served, and never a panic.

use vio_domain::ids::TenantId;
use vio_domain::permission::{ContactScopes, Scope};
use vio_view::snapshot::{Loading, SnapshotError, SnapshotKey};
use vio_view::*;

use crate::world::{Dice, World, base, tenant};

fn view(seed: u64, steps: usize) -> TenantView {
    let mut dice = Dice(seed);
    let mut world = World::new(&mut dice);
    for _ in 0..steps {
        world.step(&mut dice);
    }
    let mut view = TenantView::new(tenant(), base());
    view.apply(world.events).unwrap();
    view
}

fn key() -> SnapshotKey {
    SnapshotKey::new(&[5; 32]).unwrap()
}

/// All rows as JSON-like text, for comparing views.
fn all(view: &TenantView) -> Vec<String> {
    let scopes = ContactScopes {
        view: Some(Scope::All),
        edit: Some(Scope::All),
    };
    let user = vio_domain::ids::UserId::new(uuid::Uuid::from_u128(9));
    let visibility = Visibility::new(tenant(), user, true, &scopes, []).unwrap();
    let reader = view.reader(&visibility, base(), chrono_tz::UTC).unwrap();
    let ids = reader.select(&Filter::default()).unwrap();
    let cards = ids.iter().map(|id| reader.contact(*id).unwrap());
    cards
        .map(|card| {
            format!(
                "{} {} {:?} {:?}",
                card.id, card.name, card.notes, card.groups
            )
        })
        .collect()
}

#[test]
fn flips_cuts_and_strangers_are_found_out() {
    let view = view(1, 400);
    let bytes = view.snapshot(&key(), 7, base()).unwrap();
    let read =
        |bytes: &[u8]| TenantView::from_snapshot(bytes, &key(), tenant(), 7).map(|(view, _)| view);
    assert_eq!(all(&read(&bytes).unwrap()), all(&view));

    let mut dice = Dice(2);
    for _ in 0..600 {
        let mut flipped = bytes.clone();
        let head = dice.one_in(3);
        let at = dice.below(if head { 120 } else { bytes.len() });
        flipped[at] ^= 1 << dice.below(8);
        assert!(read(&flipped).is_err(), "byte {at}");
    }
    for _ in 0..200 {
        let cut = dice.below(bytes.len());
        assert_eq!(
            read(&bytes[..cut]).unwrap_err(),
            SnapshotError::Truncated,
            "{cut}"
        );
    }
    let longer = [&bytes[..], b"x"].concat();
    assert_eq!(read(&longer).unwrap_err(), SnapshotError::Trailing);
    assert_eq!(read(b"").unwrap_err(), SnapshotError::Truncated);
    assert_eq!(read(&[0; 4_096]).unwrap_err(), SnapshotError::NotASnapshot);

    let other = TenantId::new(uuid::Uuid::from_u128(78));
    let foreign = TenantView::from_snapshot(&bytes, &key(), other, 7);
    assert_eq!(foreign.unwrap_err(), SnapshotError::ForeignTenant);
    let old = TenantView::from_snapshot(&bytes, &key(), tenant(), 8);
    assert_eq!(old.unwrap_err(), SnapshotError::OtherVersion);
    let stolen = SnapshotKey::new(&[6; 32]).unwrap();
    let stolen = TenantView::from_snapshot(&bytes, &stolen, tenant(), 7);
    assert_eq!(stolen.unwrap_err(), SnapshotError::Unopenable);
}

/// Somebody who can write to the bucket, but has no key, makes one snapshot of two.
#[test]
fn chunks_of_different_snapshots_do_not_mix() {
    let view = view(3, 300);
    let one = view.snapshot(&key(), 7, base()).unwrap();
    let two = view
        .snapshot(&key(), 7, base() + chrono::TimeDelta::days(1))
        .unwrap();
    assert_eq!(one.len(), two.len());
    let header = 12 + u32::from_le_bytes(one[8..12].try_into().unwrap()) as usize;
    let mixed = [&one[..header], &two[header..]].concat();
    let read = TenantView::from_snapshot(&mixed, &key(), tenant(), 7);
    assert_eq!(read.unwrap_err(), SnapshotError::Unopenable);
}

#[test]
fn arrives_in_any_pieces() {
    let view = view(4, 300);
    let bytes = view.snapshot(&key(), 1, base()).unwrap();
    let key = key();
    let mut dice = Dice(5);
    for most in [1, 7, 1_000, 100_000] {
        let mut loading = Loading::new(&key, tenant(), 1);
        let mut rest = &bytes[..];
        while !rest.is_empty() {
            let (now, later) = rest.split_at(rest.len().min(1 + dice.below(most)));
            loading.feed(now).unwrap();
            rest = later;
        }
        let (loaded, info) = loading.finish().unwrap();
        assert_eq!(all(&loaded), all(&view));
        assert_eq!(
            (info.tenant, info.version, info.complete_to),
            (tenant(), 1, base())
        );
    }
}

#[test]
fn an_empty_tenant_has_one_too() {
    let view = TenantView::new(tenant(), base());
    let bytes = view.snapshot(&key(), 1, base()).unwrap();
    let (loaded, _) = TenantView::from_snapshot(&bytes, &key(), tenant(), 1).unwrap();
    assert_eq!(loaded.contacts(), 0);
}

/// What is in clear tells nothing of a person, and the same view is never sealed to the same bytes.
#[test]
fn says_nothing() {
    let view = view(6, 200);
    let (one, two) = (
        view.snapshot(&key(), 1, base()).unwrap(),
        view.snapshot(&key(), 1, base()).unwrap(),
    );
    assert_ne!(one, two);
    let finder = |text: &str| memchr::memmem::find(&one, text.as_bytes()).is_some();
    assert!(!finder("smith") && !finder("healthcare"));
}
