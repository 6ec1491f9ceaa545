//! Logs, settings, idempotency records and keys, over the table in memory and over the embedded DynamoDB.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking, its helpers too"
)]

mod world;

use std::sync::Arc;

use chrono::TimeDelta;
use uuid::Uuid;
use vio_crypto::AwsKms;
use vio_domain::groups::{Color, GroupName, Visibility};
use vio_domain::ids::{GroupId, LogId, TagId};
use vio_domain::text::{ShortText, Tag};
use vio_stack::{Stack, StackOptions, SystemClock};
use vio_store::dynamo::{DynamoTable, TableNames};
use vio_store::groups::GroupRow;
use vio_store::idempotency::{Answer, KEPT_HOURS, Keyed, Known, LEASE_SECONDS};
use vio_store::key::LogKind;
use vio_store::log::{Actor, Entry, Who};
use vio_store::memory::MemoryTable;
use vio_store::schema::create_tables;
use vio_store::tags::TagRow;
use vio_store::tenants::ROTATION_HOURS;
use vio_store::tx::Tx;
use world::{World, dynamo, staff};

/// The same over both tables.
async fn both(test: impl AsyncFn(World)) {
    test(World::memory().await).await;
    let (_stack, table) = dynamo().await;
    test(World::on(table).await).await;
}

/// Text that compression makes little of.
fn noise(bytes: usize) -> String {
    let mut state = 1_u64;
    (0..bytes)
        .map(|_| {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1);
            char::from(b'0' + u8::try_from((state >> 33) % 70).unwrap())
        })
        .collect()
}

/// Whether the table holds the word, as text or as bytes.
fn holds(table: &MemoryTable, word: &str) -> bool {
    let stored = format!("{:?}", table.dump()).to_lowercase();
    let bytes = format!("{:?}", word.as_bytes());
    stored.contains(word) || stored.contains(bytes.trim_matches(['[', ']']))
}

#[tokio::test]
async fn what_groups_are_called_lies_sealed() {
    let table = MemoryTable::new();
    let world = World::on(table.clone()).await;
    let ts = &world.ts;
    let mut row = GroupRow {
        tenant: ts.id,
        id: GroupId::new(ts.new_id()),
        version: 0,
        edit_version: 1,
        name: GroupName::parse("dialysis").unwrap(),
        description: Some("on tuesdays".parse().unwrap()),
        color: Color::Orange,
        icon: None,
        visibility: Visibility::AllStaff,
        members: 0,
        archived_at: None,
        made_from: None,
        active_at: ts.now(),
        created_by: staff().user(),
        created_at: ts.now(),
        updated_at: ts.now(),
    };
    let mut tx = Tx::new();
    ts.create_group(&mut tx, &mut row).unwrap();
    ts.store.commit(tx).await.unwrap();
    assert_eq!(ts.group(row.id).await.unwrap(), Some(row.clone()));
    let before = std::mem::replace(&mut row.name, GroupName::parse("infusion").unwrap());
    let mut tx = Tx::new();
    ts.edit_group(&mut tx, &mut row, &before).unwrap();
    ts.store.commit(tx).await.unwrap();
    assert_eq!(
        ts.groups(10, None).await.unwrap(),
        (vec![row.clone()], false)
    );
    for word in ["dialysis", "infusion", "tuesdays"] {
        assert!(!holds(&table, word), "{word}");
    }
    let mut tx = Tx::new();
    ts.delete_group(&mut tx, &row);
    ts.store.commit(tx).await.unwrap();
    assert_eq!(ts.group(row.id).await.unwrap(), None);
}

#[tokio::test]
async fn names_and_descriptions_of_tags_lie_sealed() {
    let table = MemoryTable::new();
    let world = World::on(table.clone()).await;
    let ts = &world.ts;
    let named = |name: &str| {
        let (id, name) = (TagId::new(ts.new_id()), Tag::parse(name).unwrap());
        TagRow::named(ts.id, id, name, ts.now())
    };
    let mut row = named("hiv-clinic");
    let mut tx = Tx::new();
    ts.create_tag(&mut tx, &mut row).unwrap();
    ts.store.commit(tx).await.unwrap();
    let before = row.clone();
    row.name = Tag::parse("HIV-evening").unwrap();
    row.description = Some(ShortText::parse("for dialysis").unwrap());
    row.color = Color::Pink;
    let mut tx = Tx::new();
    ts.update_tag(&mut tx, &before, &mut row).unwrap();
    ts.store.commit(tx).await.unwrap();
    let mut tx = Tx::new();
    ts.create_tag(&mut tx, &mut named("hiv-clinic")).unwrap();
    ts.store.commit(tx).await.unwrap();
    for word in ["hiv", "clinic", "evening", "dialysis"] {
        assert!(!holds(&table, word), "{word}");
    }
    assert_eq!(ts.tag(row.id).await.unwrap(), Some(row.clone()));
    let tags = ts.tags().await.unwrap();
    let names: Vec<&str> = tags.iter().map(|tag| tag.name.as_str()).collect();
    assert_eq!(names, ["HIV-evening", "hiv-clinic"]);
    let mut tx = Tx::new();
    ts.delete_tag(&mut tx, &row);
    ts.store.commit(tx).await.unwrap();
    assert_eq!(ts.tag(row.id).await.unwrap(), None);
}

#[tokio::test(flavor = "multi_thread")]
async fn details_of_any_size_come_back_and_so_does_who_did_it() {
    both(async |world: World| {
        for bytes in [0, 10, 2_000, 3_000, 3_100, 20_000] {
            let details = serde_json::json!({ "before": noise(bytes), "after": null });
            let entry = Entry::new("export.made", "export", Uuid::from_u128(5))
                .version(3)
                .fields(["notes"])
                .details(details.clone());
            world.ts.log_access(&staff(), entry).await.unwrap();
            let row = world
                .ts
                .read_log(LogKind::Access, None, 1)
                .await
                .unwrap()
                .remove(0);
            assert_eq!((row.entity_version, row.fields.len()), (3, 1));
            assert_eq!(row.who, staff().who);
            let opened = world.ts.open_log(row).await.unwrap();
            assert_eq!(opened.details, Some(details), "{bytes} bytes");
            assert_eq!(opened.origin, Some((staff().address, staff().device)));
        }
        let entry = Entry::new("tick", "tenant", Uuid::from_u128(5));
        world
            .ts
            .log_access(&Actor::system("tick"), entry)
            .await
            .unwrap();
        let row = world
            .ts
            .read_log(LogKind::Access, None, 1)
            .await
            .unwrap()
            .remove(0);
        assert!(matches!(&row.who, Who::System { name } if name == "tick"));
        let opened = world.ts.open_log(row).await.unwrap();
        assert!(opened.details.is_none() && opened.origin.is_none());
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_log_is_read_newest_first_page_by_page_over_all_shards() {
    both(async |world: World| {
        let mut written: Vec<LogId> = Vec::new();
        for n in 0..23_u128 {
            let entity = Uuid::from_u128(n % 7);
            let entry = Entry::new("contact.viewed", "contact", entity);
            world.ts.log_access(&staff(), entry).await.unwrap();
            world.clock.forward(TimeDelta::milliseconds(3));
            let newest = world.ts.read_log(LogKind::Access, None, 1).await.unwrap();
            written.push(newest[0].id);
        }
        written.reverse();
        for limit in [1, 2, 5, 22, 23, 24] {
            let mut read: Vec<LogId> = Vec::new();
            loop {
                let before = read.last().copied();
                let page = world
                    .ts
                    .read_log(LogKind::Access, before, limit)
                    .await
                    .unwrap();
                assert!(page.len() <= limit as usize);
                if page.is_empty() {
                    break;
                }
                read.extend(page.iter().map(|row| row.id));
            }
            assert_eq!(read, written, "pages of {limit}");
        }
        // The other log is another.
        let changes = world.ts.read_log(LogKind::Change, None, 50).await.unwrap();
        assert!(changes.is_empty());
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn settings_and_secrets_come_back_and_the_later_of_two_changes_loses() {
    both(async |world: World| {
        let connected = world.connect().await;
        let read = world.ts.settings().await.unwrap();
        assert_eq!(read.version, 2);
        assert_eq!(read.settings, connected.settings);
        assert_eq!(read.endpoints, connected.endpoints);
        let now = world.ts.now();
        assert_eq!(
            read.secrets.retell_key.accepted(now),
            ["key_1234567890abcdef"]
        );
        assert!(!format!("{read:?}").contains("key_1234567890abcdef"));

        let (mut one, mut two) = (read.clone(), read);
        one.secrets.retell_key.rotate("key_new".into(), now);
        let mut tx = Tx::new();
        world.ts.save_settings(&mut tx, &mut one).unwrap();
        world.store.commit(tx).await.unwrap();
        let mut tx = Tx::new();
        world.ts.save_settings(&mut tx, &mut two).unwrap();
        let outcome = world.store.commit(tx).await;
        assert!(outcome.is_err_and(|error| error.is_lost()));

        let key = world.ts.settings().await.unwrap().secrets.retell_key;
        let rotation = TimeDelta::hours(ROTATION_HOURS);
        let last = now + rotation - TimeDelta::seconds(1);
        assert_eq!(key.accepted(last), ["key_new", "key_1234567890abcdef"]);
        assert_eq!(key.accepted(now + rotation), ["key_new"]);
    })
    .await;
}

fn keyed(fingerprint: u8) -> Keyed<'static> {
    Keyed {
        route: "POST /api/contacts",
        key: "7c1d",
        fingerprint: [fingerprint; 32],
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_is_taken_leased_answered_and_forgotten_after_a_day() {
    both(async |world: World| {
        let ts = &world.ts;
        let begin = async |fingerprint| ts.begin(keyed(fingerprint)).await.unwrap();
        let Known::Fresh { operation: first } = begin(1).await else {
            panic!("nobody used it yet");
        };
        assert!(matches!(begin(1).await, Known::InProgress));
        assert!(matches!(begin(2).await, Known::Mismatch));
        let elsewhere = Keyed {
            route: "POST /api/tags",
            ..keyed(2)
        };
        assert!(matches!(
            ts.begin(elsewhere).await.unwrap(),
            Known::Fresh { .. }
        ));

        // The try died: after its lease another goes on under the same operation.
        world
            .clock
            .forward(TimeDelta::seconds(LEASE_SECONDS) - TimeDelta::milliseconds(1));
        assert!(matches!(begin(1).await, Known::InProgress));
        world.clock.forward(TimeDelta::milliseconds(1));
        assert!(matches!(begin(1).await, Known::Fresh { operation } if operation == first));
        // It was refused: the next may come at once.
        ts.abandon(keyed(1)).await.unwrap();
        assert!(matches!(begin(1).await, Known::Fresh { operation } if operation == first));
        let answer = Answer {
            status: 201,
            headers: vec![("ETag".into(), "\"1\"".into())],
            body: noise(5_000).into_bytes(),
        };
        ts.finish(keyed(1), &answer).await.unwrap();
        assert!(matches!(begin(1).await, Known::Answered(kept) if kept == answer));
        assert!(matches!(begin(2).await, Known::Mismatch));
        // An answer that is kept is not given up.
        ts.abandon(keyed(1)).await.unwrap();
        assert!(matches!(begin(1).await, Known::Answered(_)));

        world
            .clock
            .forward(TimeDelta::hours(KEPT_HOURS) - TimeDelta::seconds(1));
        assert!(matches!(begin(1).await, Known::Answered(_)));
        world.clock.forward(TimeDelta::seconds(1));
        assert!(
            matches!(begin(2).await, Known::Fresh { operation } if operation != first),
            "a new request, with another body"
        );
        // Keys of one tenant say nothing of another's.
        assert!(matches!(begin(1).await, Known::Mismatch));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_sealed_under_kms_opens_after_a_restart() {
    let directory = tempfile::tempdir().unwrap();
    let options = || StackOptions {
        data_dir: Some(directory.path().to_owned()),
        clock: Arc::new(SystemClock),
    };
    let names = || TableNames {
        main: "main".into(),
        person_keys: "keys".into(),
    };
    let stack = Stack::start(options()).await.unwrap();
    create_tables(&stack.dynamodb(), &names()).await.unwrap();
    let created = stack.kms().create_key().send().await.unwrap();
    let data_key = created.key_metadata.unwrap().key_id;
    let kms = |stack: &Stack| Arc::new(AwsKms::new(stack.kms(), &data_key, "unused"));
    let table = DynamoTable::new(stack.dynamodb(), names());
    let world = World::with_keys(table, kms(&stack)).await;
    let person = world.create(1).await.unwrap();
    world.connect().await;
    let platform = world.store.platform_keys().await.unwrap();
    let address = "dana@example.com".parse().unwrap();
    let login = vio_store::users::login_hash(&platform, &address);
    stack.shutdown().await;

    let stack = Stack::start(options()).await.unwrap();
    let table = DynamoTable::new(stack.dynamodb(), names());
    let (store, _) = World::store(table, kms(&stack));
    let ts = store.tenant(world.ts.id).await.unwrap().unwrap();
    let again = ts.person(person.contact.id).await.unwrap().unwrap();
    assert_eq!(again.contact, person.contact);
    assert_eq!(again.appointments, person.appointments);
    assert!(
        ts.settings()
            .await
            .unwrap()
            .secrets
            .retell_key
            .current
            .is_some()
    );
    let platform = store.platform_keys().await.unwrap();
    assert_eq!(vio_store::users::login_hash(&platform, &address), login);
    let stranger = vio_domain::ids::TenantId::new(Uuid::from_u128(9));
    assert!(store.tenant(stranger).await.unwrap().is_none());
}
