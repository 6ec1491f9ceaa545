//! Holds `docs/data-model.md` to the code: every function of `key/` is described there and nothing else is, and what
//! operations and records cost is what the table measures. Where a figure differs, the test prints the table to paste.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stderr,
    reason = "a test fails by panicking, its helpers too"
)]

mod world;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use chrono::TimeDelta;
use vio_crypto::password::PasswordHash;
use vio_crypto::tokens::RefreshToken;
use vio_domain::calling::limits::CallLimits;
use vio_domain::calling::order::Band;
use vio_domain::calling::session::{Action, Analysis, CallEvent, Ended};
use vio_domain::campaigns::{Config, Source, Timing};
use vio_domain::contact::{AttentionReason, ConsentMethod, Deleted};
use vio_domain::groups::{Color, GroupName, Visibility};
use vio_domain::ids::{CampaignId, ContactId, GroupId, LocationId, SignInId, UserId};
use vio_domain::permission::{CustomPermissions, Role};
use vio_domain::requests::Booked;
use vio_store::TenantStore;
use vio_store::calling::attention::Shown;
use vio_store::calling::do_not_call::DncSource;
use vio_store::calling::grant::{Dialling, Granting};
use vio_store::calling::settle::CallHeard;
use vio_store::calling::work::{AttentionChange, Changed};
use vio_store::campaigns::{CampaignWords, NewCampaign, Started};
use vio_store::contacts::{ConsentChange, ListQuery, Start};
use vio_store::entity::type_of;
use vio_store::groups::GroupRow;
use vio_store::idempotency::{Answer, Keyed, Known};
use vio_store::key::{self, LogKind};
use vio_store::locations::LocationRow;
use vio_store::log::{Actor, Entry};
use vio_store::memory::{MemoryTable, item_bytes};
use vio_store::meter::{Meter, Units};
use vio_store::port::{
    AttributeValue, Attributes, Condition, Index, Key, Op, PK, Port, SK, SortRange, TableName,
    Transaction,
};
use vio_store::tenants::TenantSettings;
use vio_store::tx::Tx;
use vio_store::users::{NewUser, PersonalDetails};
use vio_store::view::Wanted;
use world::{World, dynamo, staff};

/// Units by which a figure in the document may be off.
const TOLERANCE: f64 = 0.5;

fn repository() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."))
}

fn document() -> String {
    std::fs::read_to_string(repository().join("docs/data-model.md")).unwrap()
}

/// Cells of the table rows below a heading, up to the next one.
fn rows(document: &str, heading: &str) -> Vec<Vec<String>> {
    let (_, section) = document.split_once(&format!("\n## {heading}\n")).unwrap();
    let section = section.split("\n## ").next().unwrap();
    let lines = section.lines().filter(|line| line.starts_with('|'));
    let cells = lines.map(|line| {
        let inner = line.trim().trim_matches('|');
        inner
            .split('|')
            .map(|cell| cell.trim().to_owned())
            .collect::<Vec<_>>()
    });
    // Without the head and the line under it.
    let body = cells.filter(|row| !row[0].starts_with("---"));
    body.filter(|row| !["function", "operation", "record"].contains(&row[0].as_str()))
        .collect()
}

#[test]
fn the_document_describes_every_key_and_no_other() {
    let files = std::fs::read_dir(repository().join("shared/store/src/key")).unwrap();
    let source: String = files
        .map(|file| std::fs::read_to_string(file.unwrap().path()).unwrap())
        .collect();
    let functions: BTreeSet<String> = source
        .lines()
        .filter_map(|line| line.strip_prefix("pub fn "))
        .map(|rest| rest.split('(').next().unwrap().to_owned())
        .collect();
    assert!(functions.len() > 40, "{functions:?}");
    let document = document();
    let mut described = BTreeSet::new();
    for heading in [
        "Keys of records",
        "Partitions, ranges and indexes",
        "Objects",
    ] {
        for row in rows(&document, heading) {
            let name = row[0].trim_matches('`').to_owned();
            assert!(described.insert(name), "described twice: {}", row[0]);
        }
    }
    assert_eq!(
        functions, described,
        "key/ on the left, the document on the right"
    );
}

/// What was measured, in order.
#[derive(Default)]
struct Measured(Vec<(&'static str, Units)>);

impl Measured {
    fn note(&mut self, meter: &Meter, operation: &'static str) {
        self.0.push((operation, meter.take()));
    }
}

/// Runs the main operations one after the other and reads the meter after each.
#[expect(clippy::too_many_lines, reason = "one list of operations")]
async fn operate(table: impl Port, meter: &Meter) -> Measured {
    let mut all = Measured::default();
    let world = World::on(table).await;
    let (ts, store) = (&world.ts, &world.store);
    let platform = store.platform_keys().await.unwrap();
    all.note(
        meter,
        "a tenant's first records (not its administrator), the platform's first keys",
    );

    let user = UserId::new(store.new_id());
    let mut tx = Tx::new();
    let new_user = NewUser {
        id: user,
        role: Role::ClientAdmin,
        preset: None,
        industries: BTreeSet::new(),
        custom: CustomPermissions::default(),
        personal: PersonalDetails {
            full_name: "Dana Reyes".parse().unwrap(),
            email: "dana@example.com".parse().unwrap(),
            job_title: None,
            phone: None,
        },
        password: Some(
            PasswordHash::try_from(format!(
                "$argon2id$v=19$m=19456,t=2,p=1${}${}",
                "A".repeat(22),
                "A".repeat(43)
            ))
            .unwrap(),
        ),
    };
    ts.create_user(&mut tx, &platform, new_user).unwrap();
    ts.claim_business_name(&mut tx, &platform, "Bright Hair")
        .unwrap();
    ts.log(
        &mut tx,
        &staff(),
        Entry::new("user.created", "user", user.uuid()),
    )
    .unwrap();
    store.commit(tx).await.unwrap();
    all.note(meter, "add a user");

    let token = RefreshToken::generate(store.new_id(), store.random()).unwrap();
    let mut tx = Tx::new();
    ts.create_sign_in(&mut tx, user, &token, true, &staff(), ts.now())
        .unwrap();
    store.commit(tx).await.unwrap();
    let login = vio_store::users::login_hash(&platform, &"dana@example.com".parse().unwrap());
    store.begin_try(login, ts.now()).await.unwrap();
    all.note(meter, "sign in (the try, the new session)");
    store.sign_in_of(&token).await.unwrap().unwrap();
    all.note(meter, "find a sign-in by its refresh token");
    let id = SignInId::new(token.family());
    store.standing(ts.id, user, id).await.unwrap().unwrap();
    all.note(
        meter,
        "judge an access token (tenant, user and sign-in in one request)",
    );
    store.tenant(ts.id).await.unwrap().unwrap();
    all.note(meter, "open the tenant's storage after that");
    let booked = store.book_requests(ts.id, 1_800_000_000, 50, 1_000, None);
    assert!(matches!(booked.await.unwrap(), Booked::Some { .. }));
    all.note(meter, "book up to 50 requests of a tenant");
    store.tenant_row(ts.id).await.unwrap().unwrap();
    all.note(meter, "a tenant's record, once per process");

    let settings = world.connect().await;
    all.note(meter, "change the settings (read, then written)");
    ts.settings().await.unwrap();
    all.note(meter, "read the settings");
    let mut tx = Tx::new();
    let mut location = LocationRow {
        tenant: ts.id,
        id: LocationId::new(ts.new_id()),
        version: 0,
        name: "High Street".parse().unwrap(),
        address: None,
        phone: None,
        timezone: None,
        created_at: ts.now(),
        updated_at: ts.now(),
    };
    tx.create(&mut location).unwrap();
    store.commit(tx).await.unwrap();
    meter.take();

    let person = world.create(0).await.unwrap();
    let contact = person.contact.id;
    all.note(
        meter,
        "create a contact with appointment, two claims, planned call and log entry",
    );
    ts.person(contact).await.unwrap().unwrap();
    all.note(meter, "read a contact (with appointments and key)");
    world
        .edit(contact, |p| {
            p.contact.notes = Some("Prefers afternoons now.".parse().unwrap())
        })
        .await
        .unwrap();
    all.note(meter, "patch a contact's notes");
    world
        .edit(contact, |p| p.appointments[0].time += TimeDelta::hours(2))
        .await
        .unwrap();
    all.note(
        meter,
        "patch the appointment's time (the planned call moves)",
    );
    let mut person = ts.person(contact).await.unwrap().unwrap();
    let mut tx = Tx::new();
    let given = ConsentChange::Given {
        method: ConsentMethod::Verbal,
        obtained_at: ts.now(),
    };
    ts.stage_consent(&mut tx, &mut person, given, &staff())
        .unwrap();
    ts.stage_person(&mut tx, &mut person).unwrap();
    ts.log(
        &mut tx,
        &staff(),
        Entry::new("consent.given", "contact", contact.uuid()).contact(contact),
    )
    .unwrap();
    store.commit(tx).await.unwrap();
    all.note(meter, "record a consent");

    for n in 1..25 {
        world.create(n).await.unwrap();
    }
    meter.take();
    let list = ListQuery {
        status: None,
        ascending: false,
        start: Start::Page(1),
        page_size: 25,
    };
    let page = ts.list_contacts(list).await.unwrap();
    assert_eq!(page.contacts.len(), 25);
    all.note(meter, "list 25 contacts by creation, without a view");

    let others: Vec<ContactId> = page.contacts.iter().map(|(c, _)| c.id).collect();
    view(ts, meter, &others, &mut all).await;
    groups(&world, meter, &others[..24], &mut all).await;

    let keyed = Keyed {
        route: "POST /api/contacts",
        key: "3f6c2d",
        fingerprint: [1; 32],
    };
    assert!(matches!(
        ts.begin(keyed).await.unwrap(),
        Known::Fresh { .. }
    ));
    all.note(meter, "idempotency: begin");
    let answer = Answer {
        status: 201,
        headers: vec![("Location".into(), "/api/contacts/1".into())],
        body: vec![b'x'; 900],
    };
    ts.finish(keyed, &answer).await.unwrap();
    all.note(meter, "idempotency: keep the answer");
    assert!(matches!(ts.begin(keyed).await.unwrap(), Known::Answered(_)));
    all.note(meter, "idempotency: answer again");
    ts.log_access(
        &staff(),
        Entry::new("contact.viewed", "contact", contact.uuid()).contact(contact),
    )
    .await
    .unwrap();
    all.note(meter, "log an access");
    let details = serde_json::Value::String(incompressible(6_000));
    ts.log_access(
        &staff(),
        Entry::new("export.made", "export", contact.uuid()).details(details),
    )
    .await
    .unwrap();
    all.note(meter, "log an access with details over 3 KB");
    assert_eq!(
        ts.read_log(LogKind::Change, None, 25).await.unwrap().len(),
        25
    );
    all.note(meter, "read a page of 25 log entries");

    campaign(&world, &settings, meter, &others[..24], &mut all).await;
    call(&world, &settings, meter, contact, &mut all).await;

    let mut person = ts.person(contact).await.unwrap().unwrap();
    let mut tx = Tx::new();
    ts.flag(
        &mut tx,
        &mut person.contact,
        AttentionReason::FallbackPending,
        None,
        None,
    )
    .unwrap();
    ts.stage_person(&mut tx, &mut person).unwrap();
    let entry = Entry::new("contact.flagged", "contact", contact.uuid()).contact(contact);
    ts.log(&mut tx, &staff(), entry).unwrap();
    store.commit(tx).await.unwrap();
    meter.take();
    let (work, _) = ts.attention(Shown::Open, 25, None).await.unwrap();
    all.note(meter, "read the work list (one entry)");
    let done = "Rung by hand.".parse().unwrap();
    let resolve = AttentionChange::Resolve(Some(&done));
    let resolved = ts
        .change_attention(work[0].id, resolve, |_| true, &staff())
        .await
        .unwrap();
    assert!(matches!(resolved, Changed::Done(_)));
    all.note(meter, "resolve an entry of the work list");

    let mut person = ts.person(contact).await.unwrap().unwrap();
    let claims = ts.judge(&person).await.unwrap().claims;
    person.contact.deleted = Some(Deleted {
        at: ts.now(),
        by: None,
    });
    let mut tx = Tx::new();
    let save = vio_store::contacts::Save {
        settings: &settings.settings,
        actor: &staff(),
        action: "contact.deleted",
        reason: None,
        claims: Some(claims),
        replan: true,
    };
    ts.stage_save(&mut tx, &mut person, save).await.unwrap();
    store.commit(tx).await.unwrap();
    all.note(
        meter,
        "delete a contact (softly; its two claims are dropped)",
    );
    all
}

/// A group and the contacts in it.
/// What a tenant view asks of the table.
async fn view(ts: &TenantStore, meter: &Meter, contacts: &[ContactId], all: &mut Measured) {
    let later = ts.now() + chrono::TimeDelta::minutes(1);
    let news = ts.changes_since(later, |_| false).await.unwrap();
    assert!(news.is_empty());
    all.note(meter, "follow the change log with nothing new (each list)");
    let wanted: Vec<Wanted> = contacts
        .iter()
        .map(|contact| Wanted {
            contact: *contact,
            memberships: true,
        })
        .collect();
    let read = ts.gather(&wanted).await.unwrap();
    assert!(read.iter().all(|person| person.appointments.len() == 1));
    all.note(meter, "read 25 persons for a view");
    let (_, contact) = read[0].contact.as_ref().unwrap();
    ts.shares_phone_with(contact).await.unwrap();
    all.note(meter, "who else has a contact's number");
    let (row, _) = ts.next_snapshot(None, ts.now(), 25).unwrap();
    assert!(ts.swap_snapshot(&row).await.unwrap());
    assert!(!ts.swap_snapshot(&row).await.unwrap(), "once");
    all.note(meter, "name a snapshot");
}

async fn groups(world: &World, meter: &Meter, contacts: &[ContactId], all: &mut Measured) {
    let (ts, store) = (&world.ts, &world.store);
    let mut row = GroupRow {
        tenant: ts.id,
        id: GroupId::new(ts.new_id()),
        version: 0,
        edit_version: 1,
        name: GroupName::parse("Follow-up required").unwrap(),
        description: Some("Rung a week after their visit.".parse().unwrap()),
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
    meter.take();
    let mut tx = Tx::new();
    ts.create_group(&mut tx, &mut row).unwrap();
    let entry = Entry::new("group.created", "group", row.id.uuid()).version(1);
    ts.log(&mut tx, &staff(), entry).unwrap();
    store.commit(tx).await.unwrap();
    all.note(meter, "make a group");
    let joined = ts.join_group(row.id, contacts, &staff()).await.unwrap();
    assert_eq!(joined.unwrap().added, 24);
    all.note(meter, "put 24 contacts into a group");
    let (members, _) = ts.members(row.id, 25, None).await.unwrap();
    assert_eq!(members.len(), 24);
    all.note(meter, "read a group's members (24; not their contacts)");
}

/// A campaign over a group of 24: begun, prepared, handed over, held, taken back.
async fn campaign(
    world: &World,
    settings: &TenantSettings,
    meter: &Meter,
    contacts: &[ContactId],
    all: &mut Measured,
) {
    let ts = &world.ts;
    let limits = CallLimits::default();
    let dialling = Dialling {
        settings,
        limits: &limits,
        fingerprint: "",
        tenant_active: true,
    };
    let config = Config {
        timing: Timing::Immediate,
        interval: None,
        replace_message: false,
        hours_before: None,
        priority: Default::default(),
    };
    let by = staff().user().unwrap();
    let new = NewCampaign {
        id: CampaignId::new(ts.new_id()),
        source: Source::Selection,
        members: contacts.to_vec(),
        config,
        words: CampaignWords {
            message: Some("We have a new address since last week.".parse().unwrap()),
            group_name: Some(GroupName::parse("Follow-up required").unwrap()),
        },
        started_by: by,
        starts_at: ts.now(),
    };
    let gate = ts.gate(settings).await.unwrap();
    meter.take();
    let judged = ts
        .judge_members(dialling, &gate, &config, contacts, ts.now())
        .await
        .unwrap();
    assert!(judged.iter().all(|one| one.skip.is_none()));
    all.note(meter, "judge 24 members for a campaign (a dry run)");
    let started = ts.start_campaign(&new, None, &staff()).await.unwrap();
    assert!(matches!(started, Started::Begun(_)));
    all.note(meter, "begin a campaign of 24");
    let running = ts.campaigns_running().await.unwrap();
    all.note(meter, "which campaigns run (each run of the pump)");
    // 24 are judged and written down, then handed over: as many as lie ready.
    let stepped = ts.step_campaigns(dialling, running).await.unwrap();
    assert_eq!(stepped.handed_over, 24);
    all.note(
        meter,
        "prepare a campaign of 24 and hand them over (their reminders are taken over)",
    );
    let row = ts.campaign(new.id).await.unwrap().unwrap();
    let members = ts.all_members(new.id, 0).await.unwrap();
    let ahead = ts
        .foresee_running(settings, &limits, &gate, &row, &members)
        .await
        .unwrap();
    assert!(ahead.completion.is_some());
    all.note(
        meter,
        "how far a campaign of 24 is, and when it will be through",
    );
    ts.pause_campaign(new.id, by, &staff()).await.unwrap();
    all.note(meter, "pause a campaign");
    let running = ts.campaigns_running().await.unwrap();
    ts.step_campaigns(dialling, running).await.unwrap();
    all.note(
        meter,
        "take 24 calls back (each appointment gets its reminder)",
    );
    ts.cancel_campaign(new.id, by, &staff()).await.unwrap();
    let running = ts.campaigns_running().await.unwrap();
    ts.step_campaigns(dialling, running).await.unwrap();
    meter.take();
}

/// One call from the tick to its end.
async fn call(
    world: &World,
    settings: &TenantSettings,
    meter: &Meter,
    contact: ContactId,
    all: &mut Measured,
) {
    let (ts, store) = (&world.ts, &world.store);
    let due = ts
        .person(contact)
        .await
        .unwrap()
        .unwrap()
        .next_call_at()
        .unwrap();
    world.clock.set(due);
    meter.take();

    for shard in 0..key::DUE_SHARDS {
        let until = SortRange::AtMost(key::due_until(ts.now()));
        store
            .suggest(Index::Due, key::due_pk(shard), until, true, 100, None)
            .await
            .unwrap();
    }
    all.note(meter, "the tick, every shard (25 calls due)");
    store.pump_armed(ts.id).await.unwrap();
    all.note(meter, "whether a pump is armed");
    let items = ts.due_items(Band::Reminder, 25).await.unwrap();
    all.note(meter, "read the dial queue (25 due)");
    let item = items
        .into_iter()
        .find(|item| item.contact == contact)
        .unwrap();
    let limits = CallLimits::default();
    let dialling = Dialling {
        settings,
        limits: &limits,
        fingerprint: &"f".repeat(64),
        tenant_active: true,
    };
    let mut gate = ts.gate(settings).await.unwrap();
    let body = |_: &_, _: &_, _| Ok(vec![b'{'; 1_400]);
    let Granting::Granted(granted) = ts.grant(dialling, &mut gate, &item, body).await.unwrap()
    else {
        panic!("not granted");
    };
    all.note(meter, "grant a call (guards, then the one transaction)");
    assert!(ts.may_still_send(&granted.attempt, settings).await.unwrap());
    all.note(meter, "ask the guards again before a repeat");

    let heard = |event| CallHeard {
        contact,
        session: granted.session.session.id,
        attempt: granted.attempt.attempt.id,
        provider_call_id: "call_0123456789abcdef".into(),
        event,
    };
    let ended = Ended {
        at: ts.now() + TimeDelta::minutes(2),
        reason: "user_hangup".into(),
        started_at: None,
    };
    let analysis = Analysis {
        action: Action::Confirmed,
        ..Analysis::default()
    };
    let events = [
        ("hear that the call was placed", CallEvent::Placed),
        ("hear that it connected", CallEvent::Started),
        (
            "hear that it ended",
            CallEvent::Ended {
                ended: ended.clone(),
                started: true,
            },
        ),
        (
            "hear its analysis (settled: appointment confirmed)",
            CallEvent::Analyzed {
                ended,
                started: true,
                analysis: Some(analysis),
            },
        ),
    ];
    for (name, event) in events {
        let actor = Actor::provider("retell");
        ts.hear(settings, &heard(event), &actor, |_| Ok(()))
            .await
            .unwrap();
        all.note(meter, name);
    }
    meter.take();
    let number = ts
        .person(contact)
        .await
        .unwrap()
        .unwrap()
        .contact
        .phone
        .unwrap();
    meter.take();
    ts.add_do_not_call(number, None, DncSource::Manual, Some(contact), &staff())
        .await
        .unwrap();
    all.note(meter, "list a number as not to be called");
    ts.do_not_call_list(25, None).await.unwrap();
    all.note(meter, "read the do-not-call list (one entry)");
}

/// Text that compression makes little of.
fn incompressible(bytes: usize) -> String {
    let mut state = 1_u64;
    (0..bytes)
        .map(|_| {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1);
            char::from(b'!' + u8::try_from((state >> 33) % 90).unwrap())
        })
        .collect()
}

fn figures(row: &[String]) -> (f64, f64) {
    let number = |cell: &String| cell.parse().unwrap_or(f64::NAN);
    (number(&row[row.len() - 2]), number(&row[row.len() - 1]))
}

fn differs(documented: (f64, f64), measured: Units) -> bool {
    let off = |a: f64, b: f64| a.is_nan() || (a - b).abs() > TOLERANCE;
    off(documented.0, measured.read) || off(documented.1, measured.write)
}

#[tokio::test(flavor = "multi_thread")]
async fn operations_cost_what_the_document_says() {
    let (_stack, table) = dynamo().await;
    let measured = operate(table.clone(), table.meter()).await;
    let units = |wanted: &str| {
        let found = measured.0.iter().find(|(name, _)| name.contains(wanted));
        found.unwrap().1
    };
    // The targets: a create within 24 write units, a patch within 12.
    let (create, patch) = (units("create a contact"), units("patch a contact's notes"));
    assert!(create.write <= 24.0, "{create:?}");
    assert!(patch.write <= 12.0, "{patch:?}");

    let documented = rows(&document(), "What operations cost");
    let same = documented.len() == measured.0.len()
        && documented
            .iter()
            .zip(&measured.0)
            .all(|(row, (name, units))| row[0] == *name && !differs(figures(row), *units));
    if !same {
        eprintln!("| operation | read units | write units |\n|---|---|---|");
        for (name, units) in &measured.0 {
            eprintln!("| {name} | {} | {} |", units.read, units.write);
        }
        panic!("docs/data-model.md, \"What operations cost\", is out of date; the table is above");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn records_cost_what_the_document_says() {
    // One of each kind, as the operations leave them.
    let memory = MemoryTable::new();
    operate(memory.clone(), &Meter::default()).await;
    let mut examples: BTreeMap<String, Attributes> = BTreeMap::new();
    for item in memory.dump() {
        let kind = type_of(&item).unwrap().to_owned();
        examples.entry(kind).or_insert(item);
    }
    let (_stack, table) = dynamo().await;
    let mut measured = BTreeMap::new();
    for (kind, item) in examples {
        let text = |name| match item.get(name) {
            Some(AttributeValue::S(text)) => text.clone(),
            _ => panic!("an item without {name}"),
        };
        let key = Key {
            table: match kind.as_str() {
                "person_key" => TableName::PersonKeys,
                _ => TableName::Main,
            },
            pk: text(PK),
            sk: text(SK),
        };
        let put = Op::Put {
            table: key.table,
            item: item.clone(),
            condition: Condition::Absent,
        };
        let transaction = Transaction {
            ops: vec![put],
            token: String::new(),
        };
        table.transact(&transaction).await.unwrap();
        let read = table.get(&key).await.unwrap();
        assert_eq!(read.as_ref(), Some(&item), "{kind} comes back as it went");
        measured.insert(kind, (table.meter().take(), item_bytes(&item)));
    }
    let mut documented = BTreeMap::new();
    for row in rows(&document(), "Keys of records") {
        let kind = row[3].trim_matches('`').to_owned();
        if kind != "-" {
            documented.insert(kind, figures(&row));
        }
    }
    let same = measured.keys().eq(documented.keys())
        && measured
            .iter()
            .all(|(kind, (units, _))| !differs(documented[kind], *units));
    if !same {
        eprintln!("record, bytes, read units, write units");
        for (kind, (units, bytes)) in &measured {
            let mark = match documented.get(kind) {
                Some(figures) if !differs(*figures, *units) => "",
                _ => "  <- in the document otherwise, or not at all",
            };
            eprintln!("{kind}, {bytes}, {}, {}{mark}", units.read, units.write);
        }
        panic!("docs/data-model.md, \"Keys of records\", is out of date; the figures are above");
    }
}
