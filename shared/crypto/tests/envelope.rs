//! The envelope from the outside: what was sealed opens in its own place and nowhere else.
#![allow(
    clippy::unwrap_used,
    reason = "a test fails by panicking, its helpers too"
)]

use std::num::NonZeroUsize;
use std::sync::Arc;

use proptest::prelude::*;
use uuid::Uuid;
use vio_crypto::{
    CryptoError, EncryptionContext, FieldRef, KeyRing, Kms, KmsError, LookupHash, LookupKind,
    MAX_INFLATED_BYTES, MemoryKms, ObjectKey, PersonKey, Sealed, SystemRandom, TenantKeys,
    WrappedKey, WrappedPersonKey,
};

const TENANT: Uuid = Uuid::from_u128(1);
const OTHER_TENANT: Uuid = Uuid::from_u128(2);
const PERSON: Uuid = Uuid::from_u128(3);
const OTHER_PERSON: Uuid = Uuid::from_u128(4);
const RECORD: Uuid = Uuid::from_u128(5);
const OTHER_RECORD: Uuid = Uuid::from_u128(6);

fn block_on<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap()
        .block_on(future)
}

fn kms() -> Arc<MemoryKms> {
    Arc::new(MemoryKms::new([9; 32]).unwrap())
}

fn tenant(id: Uuid) -> TenantKeys {
    block_on(KeyRing::new(kms()).create_tenant(id)).unwrap().0
}

fn person(keys: &TenantKeys, id: Uuid) -> (PersonKey, WrappedPersonKey) {
    keys.new_person_key(id, &SystemRandom).unwrap()
}

fn place() -> FieldRef {
    FieldRef::new(TENANT, RECORD, "phone")
}

#[test]
fn a_field_opens_in_its_own_place_only() {
    let key = person(&tenant(TENANT), PERSON).0;
    let sealed = key.seal(place(), b"+447700900123").unwrap();
    assert_eq!(
        key.open(place(), &sealed).unwrap().as_slice(),
        b"+447700900123"
    );
    assert_eq!(
        key.open_text(place(), &sealed).unwrap().as_str(),
        "+447700900123"
    );
    for elsewhere in [
        FieldRef::new(TENANT, OTHER_RECORD, "phone"),
        FieldRef::new(TENANT, RECORD, "email"),
        FieldRef::new(TENANT, RECORD, "phon"),
        FieldRef::new(TENANT, RECORD, ""),
        place().part(1),
    ] {
        assert!(
            matches!(key.open(elsewhere, &sealed), Err(CryptoError::Unopenable)),
            "{elsewhere:?}"
        );
    }
    let foreign = FieldRef::new(OTHER_TENANT, RECORD, "phone");
    assert!(matches!(
        key.open(foreign, &sealed),
        Err(CryptoError::WrongTenant)
    ));
    assert!(matches!(
        key.seal(foreign, b"x"),
        Err(CryptoError::WrongTenant)
    ));
}

#[test]
fn keys_of_others_open_nothing() {
    let (mine, theirs) = (tenant(TENANT), tenant(OTHER_TENANT));
    let key = person(&mine, PERSON).0;
    let sealed = key.seal(place(), b"secret").unwrap();
    for other in [person(&mine, PERSON).0, person(&mine, OTHER_PERSON).0] {
        assert!(matches!(
            other.open(place(), &sealed),
            Err(CryptoError::Unopenable)
        ));
    }
    assert!(
        mine.open(place(), &sealed).is_err(),
        "the tenant's field key is not the person's"
    );
    assert!(
        theirs
            .open(FieldRef::new(OTHER_TENANT, RECORD, "phone"), &sealed)
            .is_err()
    );

    let of_tenant = mine.seal(place(), b"secret").unwrap();
    assert_eq!(
        mine.open(place(), &of_tenant).unwrap().as_slice(),
        b"secret"
    );
    assert!(key.open(place(), &of_tenant).is_err());
    // The same seed, the same bytes of data key, another tenant: still nothing.
    assert!(
        theirs
            .open(FieldRef::new(OTHER_TENANT, RECORD, "phone"), &of_tenant)
            .is_err()
    );
}

#[test]
fn a_person_key_opens_for_that_person_and_tenant_only() {
    let (mine, theirs) = (tenant(TENANT), tenant(OTHER_TENANT));
    let (key, wrapped) = person(&mine, PERSON);
    let sealed = key.seal(place(), b"secret").unwrap();
    let again = mine.open_person_key(PERSON, &wrapped).unwrap();
    assert_eq!(again.open(place(), &sealed).unwrap().as_slice(), b"secret");
    assert!(matches!(
        mine.open_person_key(OTHER_PERSON, &wrapped),
        Err(CryptoError::Unopenable)
    ));
    assert!(matches!(
        theirs.open_person_key(PERSON, &wrapped),
        Err(CryptoError::Unopenable)
    ));
    let other = person(&mine, OTHER_PERSON).1;
    assert!(mine.open_person_key(PERSON, &other).is_err());
    assert!(matches!(
        mine.new_person_key(Uuid::nil(), &SystemRandom),
        Err(CryptoError::NilId)
    ));
    for cut in 0..wrapped.as_bytes().len() {
        let short = WrappedPersonKey::from_bytes(wrapped.as_bytes()[..cut].to_vec());
        assert!(mine.open_person_key(PERSON, &short).is_err());
    }
}

#[test]
fn every_changed_bit_and_every_cut_is_noticed() {
    let keys = tenant(TENANT);
    for sealed in [
        keys.seal(place(), b"integration secret").unwrap(),
        keys.seal(place(), b"").unwrap(),
        keys.seal_compressed(place(), b"integration secret")
            .unwrap(),
    ] {
        for bit in 0..sealed.len() * 8 {
            let mut bytes = sealed.as_bytes().to_vec();
            bytes[bit / 8] ^= 1 << (bit % 8);
            assert!(
                keys.open(place(), &Sealed::from_bytes(bytes)).is_err(),
                "bit {bit}"
            );
        }
        for cut in 0..sealed.len() {
            let bytes = sealed.as_bytes()[..cut].to_vec();
            assert!(
                keys.open(place(), &Sealed::from_bytes(bytes)).is_err(),
                "cut at {cut}"
            );
        }
        let longer = [sealed.as_bytes(), &[0]].concat();
        assert!(keys.open(place(), &Sealed::from_bytes(longer)).is_err());
    }
}

#[test]
fn two_seals_of_one_value_differ() {
    let keys = tenant(TENANT);
    assert_ne!(
        keys.seal(place(), b"x").unwrap(),
        keys.seal(place(), b"x").unwrap()
    );
}

#[test]
fn an_empty_value_is_a_value() {
    let keys = tenant(TENANT);
    let sealed = keys.seal(place(), b"").unwrap();
    assert_eq!(sealed.len(), 29, "version, nonce and tag");
    assert!(keys.open(place(), &sealed).unwrap().is_empty());
}

#[test]
fn large_values_shrink_and_have_a_bound() {
    let keys = tenant(TENANT);
    let body = "the same words again and again. ".repeat(10_000);
    let sealed = keys.seal_compressed(place(), body.as_bytes()).unwrap();
    assert!(sealed.len() < body.len() / 10, "{}", sealed.len());
    assert_eq!(
        keys.open(place(), &sealed).unwrap().as_slice(),
        body.as_bytes()
    );
    let most = vec![7u8; MAX_INFLATED_BYTES];
    let sealed = keys.seal_compressed(place(), &most).unwrap();
    assert_eq!(
        keys.open(place(), &sealed).unwrap().len(),
        MAX_INFLATED_BYTES
    );
    let too_much = vec![7u8; MAX_INFLATED_BYTES + 1];
    assert!(matches!(
        keys.seal_compressed(place(), &too_much),
        Err(CryptoError::TooLarge)
    ));
    assert!(matches!(
        keys.seal(place(), &too_much),
        Err(CryptoError::TooLarge)
    ));
}

#[test]
fn what_is_not_text_says_so() {
    let keys = tenant(TENANT);
    let sealed = keys.seal(place(), &[0xff]).unwrap();
    assert!(matches!(
        keys.open_text(place(), &sealed),
        Err(CryptoError::NotText)
    ));
}

#[test]
fn named_records_are_places_too() {
    let keys = tenant(TENANT);
    let event = |name| FieldRef::named(TENANT, name, "body");
    let sealed = keys.seal(event("call_1#ended"), b"body").unwrap();
    assert!(keys.open(event("call_1#ended"), &sealed).is_ok());
    assert!(keys.open(event("call_2#ended"), &sealed).is_err());
}

#[test]
fn lookups_differ_by_tenant_kind_and_value() {
    let (mine, theirs) = (tenant(TENANT), tenant(OTHER_TENANT));
    let hash = mine.lookup(LookupKind::Phone, "+447700900123");
    assert_eq!(hash, mine.lookup(LookupKind::Phone, "+447700900123"));
    assert_ne!(hash, mine.lookup(LookupKind::Phone, "+447700900124"));
    assert_ne!(hash, mine.lookup(LookupKind::BookingUid, "+447700900123"));
    assert_ne!(hash, theirs.lookup(LookupKind::Phone, "+447700900123"));
    let text = hash.to_string();
    assert_eq!(text.len(), 27);
    assert_eq!(text.parse::<LookupHash>(), Ok(hash));
    assert_eq!(
        serde_json::from_str::<LookupHash>(&serde_json::to_string(&hash).unwrap()).unwrap(),
        hash
    );
    assert!(text[1..].parse::<LookupHash>().is_err());
    assert!(!format!("{hash:?}").contains(&text));
}

#[test]
fn the_ring_asks_the_key_service_once() {
    block_on(async {
        let kms = kms();
        let made = KeyRing::new(kms.clone())
            .create_tenant(TENANT)
            .await
            .unwrap();
        let hash = made.0.lookup(LookupKind::Email, "a@example.org");
        let ring = KeyRing::new(kms.clone());
        let before = kms.calls();
        let (a, b) = tokio::join!(ring.tenant(TENANT, &made.1), ring.tenant(TENANT, &made.1));
        assert_eq!(a.unwrap().lookup(LookupKind::Email, "a@example.org"), hash);
        assert_eq!(b.unwrap().lookup(LookupKind::Email, "a@example.org"), hash);
        ring.tenant(TENANT, &made.1).await.unwrap();
        assert_eq!(kms.calls(), before + 1);
        ring.forget(TENANT);
        ring.tenant(TENANT, &made.1).await.unwrap();
        assert_eq!(kms.calls(), before + 2);
    });
}

#[test]
fn the_ring_is_bounded_and_keeps_what_it_made() {
    block_on(async {
        let kms = kms();
        let ring = KeyRing::with_capacity(kms.clone(), NonZeroUsize::new(2).unwrap());
        let mut wrapped = Vec::new();
        for number in 1..=3 {
            let tenant = Uuid::from_u128(number);
            wrapped.push((tenant, ring.create_tenant(tenant).await.unwrap().1));
        }
        let before = kms.calls();
        ring.tenant(wrapped[2].0, &wrapped[2].1).await.unwrap();
        ring.tenant(wrapped[1].0, &wrapped[1].1).await.unwrap();
        assert_eq!(kms.calls(), before, "the two last made are known");
        ring.tenant(wrapped[0].0, &wrapped[0].1).await.unwrap();
        assert_eq!(kms.calls(), before + 1, "the first was put out");
    });
}

#[test]
fn a_wrapped_key_of_another_tenant_is_refused_even_when_cached() {
    block_on(async {
        let ring = KeyRing::new(kms());
        let (_, wrapped) = ring.create_tenant(TENANT).await.unwrap();
        for attempt in [
            ring.tenant(OTHER_TENANT, &wrapped).await,
            ring.tenant(OTHER_TENANT, &wrapped).await,
        ] {
            assert!(matches!(attempt, Err(CryptoError::Kms(KmsError::Rejected))));
        }
        assert!(ring.tenant(TENANT, &wrapped).await.is_ok());
        assert!(ring.platform(&wrapped).await.is_err());
        for damaged in [
            vec![],
            vec![1; 11],
            vec![1; 12],
            wrapped.as_bytes()[1..].to_vec(),
        ] {
            assert!(
                ring.tenant(TENANT, &WrappedKey::from_bytes(damaged))
                    .await
                    .is_err()
            );
        }
        assert!(matches!(
            ring.create_tenant(Uuid::nil()).await,
            Err(CryptoError::NilId)
        ));
        assert!(matches!(
            ring.tenant(Uuid::nil(), &wrapped).await,
            Err(CryptoError::NilId)
        ));
    });
}

#[test]
fn the_platform_has_keys_of_its_own() {
    block_on(async {
        let kms = kms();
        let ring = KeyRing::new(kms.clone());
        let (keys, wrapped) = ring.create_platform().await.unwrap();
        let hash = keys.sign_in_email("amara@example.org");
        let before = kms.calls();
        for _ in 0..3 {
            let opened = ring.platform(&wrapped).await.unwrap();
            assert_eq!(opened.sign_in_email("amara@example.org"), hash);
        }
        assert_eq!(kms.calls(), before + 1);
        assert_ne!(hash, keys.lookup(LookupKind::Email, "amara@example.org"));
        let place = FieldRef::new(Uuid::nil(), RECORD, "email");
        let sealed = keys.seal(place, b"amara@example.org").unwrap();
        assert_eq!(
            keys.open_text(place, &sealed).unwrap().as_str(),
            "amara@example.org"
        );
        let (other, other_wrapped) = ring.create_platform().await.unwrap();
        assert_ne!(other.sign_in_email("amara@example.org"), hash);
        let reopened = ring.platform(&other_wrapped).await.unwrap();
        assert_eq!(
            reopened.sign_in_email("amara@example.org"),
            other.sign_in_email("amara@example.org")
        );
    });
}

#[test]
fn a_seed_decides_the_keys_of_the_key_service_in_memory() {
    block_on(async {
        let context = EncryptionContext::tenant(TENANT);
        let (first, second) = (kms(), kms());
        let (key, wrapped) = first.generate_data_key(&context).await.unwrap();
        assert_eq!(
            second.generate_data_key(&context).await.unwrap(),
            (key.clone(), wrapped.clone())
        );
        assert_ne!(*first.generate_data_key(&context).await.unwrap().0, *key);
        assert_eq!(
            second.decrypt_data_key(&wrapped, &context).await.unwrap(),
            key
        );
        assert_eq!(
            first.public_key().await.unwrap(),
            second.public_key().await.unwrap()
        );
        let other = MemoryKms::new([8; 32]).unwrap();
        assert!(other.decrypt_data_key(&wrapped, &context).await.is_err());
        assert_ne!(
            other.public_key().await.unwrap(),
            first.public_key().await.unwrap()
        );
    });
}

#[test]
fn nothing_secret_in_debug() {
    block_on(async {
        let ring = KeyRing::new(kms());
        let (keys, wrapped) = ring.create_tenant(TENANT).await.unwrap();
        let (person, wrapped_person) = keys.new_person_key(PERSON, &SystemRandom).unwrap();
        let text = format!(
            "{ring:?} {keys:?} {wrapped:?} {person:?} {wrapped_person:?} {:?}",
            kms()
        );
        let expected = format!(
            "KeyRing {{ .. }} TenantKeys({TENANT}) WrappedKey(60 bytes) PersonKey({PERSON}) WrappedPersonKey(61 bytes) MemoryKms {{ .. }}"
        );
        assert_eq!(text, expected);
    });
}

#[test]
fn wrapped_keys_are_binary_in_dynamodb() {
    let wrapped = WrappedPersonKey::from_bytes(vec![1, 2]);
    let value: serde_dynamo::AttributeValue = serde_dynamo::to_attribute_value(&wrapped).unwrap();
    assert_eq!(value, serde_dynamo::AttributeValue::B(vec![1, 2]));
    assert_eq!(
        serde_dynamo::from_attribute_value::<_, WrappedPersonKey>(value).unwrap(),
        wrapped
    );
    let wrapped = WrappedKey::from_bytes(vec![1, 2]);
    let value: serde_dynamo::AttributeValue = serde_dynamo::to_attribute_value(&wrapped).unwrap();
    assert_eq!(
        serde_dynamo::from_attribute_value::<_, WrappedKey>(value).unwrap(),
        wrapped
    );
}

proptest! {
    #[test]
    fn whatever_is_sealed_opens_again(plain in proptest::collection::vec(any::<u8>(), 0..2_000), record: u128, part: u32) {
        let keys = tenant(TENANT);
        let key = person(&keys, PERSON).0;
        let place = FieldRef::new(TENANT, Uuid::from_u128(record), "notes").part(part);
        for sealed in [key.seal(place, &plain).unwrap(), key.seal_compressed(place, &plain).unwrap()] {
            let opened = key.open(place, &sealed).unwrap();
            prop_assert_eq!(opened.as_slice(), plain.as_slice());
            prop_assert!(key.open(place.part(part.wrapping_add(1)), &sealed).is_err());
        }
    }

    #[test]
    fn arbitrary_bytes_never_open(bytes in proptest::collection::vec(any::<u8>(), 0..200), format in 0u8..4) {
        let keys = tenant(TENANT);
        let mut with_format = bytes.clone();
        with_format.insert(0, format);
        for bytes in [bytes, with_format] {
            prop_assert!(keys.open(place(), &Sealed::from_bytes(bytes)).is_err());
        }
    }
}

#[test]
fn an_object_opens_with_its_own_key_as_itself_only() {
    let new = |tenant, object| ObjectKey::generate(tenant, object, &SystemRandom).unwrap();
    let place = FieldRef::named(TENANT, "event", "object");
    let key = new(TENANT, RECORD);
    let sealed = key.seal_compressed(place, &[7; 100_000]).unwrap();
    assert!(sealed.len() < 1_000);
    // The key as its record keeps it, under the tenant's and then under a person's.
    let again = ObjectKey::from_bytes(TENANT, RECORD, key.expose()).unwrap();
    let opened = again.open(place, sealed.as_bytes()).unwrap();
    assert_eq!(opened.as_slice(), [7; 100_000]);
    let foreign = ObjectKey::from_bytes(OTHER_TENANT, RECORD, key.expose()).unwrap();
    let misnamed = ObjectKey::from_bytes(TENANT, OTHER_RECORD, key.expose()).unwrap();
    for (why, opened) in [
        (
            "another key",
            new(TENANT, RECORD).open(place, sealed.as_bytes()),
        ),
        ("another object", misnamed.open(place, sealed.as_bytes())),
        ("another tenant", foreign.open(place, sealed.as_bytes())),
        (
            "another event",
            key.open(
                FieldRef::named(TENANT, "other", "object"),
                sealed.as_bytes(),
            ),
        ),
        (
            "cut off",
            key.open(place, &sealed.as_bytes()[..sealed.len() - 1]),
        ),
        ("nothing", key.open(place, &[])),
    ] {
        assert!(opened.is_err(), "{why}");
    }
    for bytes in [&[][..], &[1; 31], &[1; 33]] {
        assert!(ObjectKey::from_bytes(TENANT, RECORD, bytes).is_err());
    }
    assert!(ObjectKey::generate(TENANT, Uuid::nil(), &SystemRandom).is_err());
    assert_eq!(format!("{key:?}"), "ObjectKey");
}
