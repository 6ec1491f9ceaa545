//! Holds the table in memory to DynamoDB: the same operations on both, through the real SDK on the one side, and every
//! answer compared. The simulation proves what it proves only as far as this holds.
//!
//! Runs are random; a failing one prints its seed, and `VIO_SEED=<number>` repeats it.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stderr,
    reason = "a test fails by panicking, its helpers too"
)]

use std::sync::atomic::{AtomicU32, Ordering};

use proptest::prelude::*;
use proptest::test_runner::{Config, RngAlgorithm, TestCaseError, TestRng, TestRunner};
use vio_stack::{Stack, StackOptions};
use vio_store::dynamo::{DynamoTable, TableNames};
use vio_store::memory::MemoryTable;
use vio_store::port::{
    AttributeValue, Attributes, Condition, DUE_PK, DUE_SK, ENUM_PK, ENUM_SK, ENUM_TAG, Index, Key,
    Op, PK, Page, Port, PortError, Position, Query, SK, SortRange, Source, TableName, Transaction,
    VERSION,
};
use vio_store::schema::create_tables;

/// How many random programs one run tries, and how long each is at most.
const PROGRAMS: u32 = 32;
const STEPS: usize = 40;

/// Partitions and sort keys that meet often: separators that begin one another, cases, scripts, and code points whose
/// order in UTF-16 is not that in UTF-8.
const PARTITIONS: [&str; 3] = ["T#1", "T#1#C", "Ť"];
const SORTS: [&str; 14] = [
    "A",
    "CONTACT",
    "a",
    "a#",
    "a#1",
    "a#10",
    "a#2",
    "a~",
    "b#~",
    "é",
    "ﬀ",
    "\u{ffff}",
    "\u{10000}",
    "😀",
];

/// Both tables.
struct Pair {
    _stack: Stack,
    dynamo: DynamoTable,
}

impl Pair {
    async fn start() -> Self {
        let stack = Stack::start(StackOptions::ephemeral()).await.unwrap();
        let names = TableNames {
            main: "main".into(),
            person_keys: "keys".into(),
        };
        let client = stack.dynamodb();
        create_tables(&client, &names).await.unwrap();
        Self {
            dynamo: DynamoTable::new(client, names),
            _stack: stack,
        }
    }

    /// Both sides of one program: a fresh table in memory, and a corner of DynamoDB's where nothing lies yet.
    fn corner(&self) -> Corner<'_> {
        static CORNERS: AtomicU32 = AtomicU32::new(0);
        Corner {
            memory: MemoryTable::new(),
            dynamo: &self.dynamo,
            prefix: format!("{}/", CORNERS.fetch_add(1, Ordering::Relaxed)),
        }
    }
}

/// What a request came to. Texts of errors are not compared, kinds are.
#[derive(Debug, Clone, PartialEq)]
enum Answer {
    Item(Option<Attributes>),
    Items(Vec<Attributes>),
    Page(Vec<Attributes>, Option<Position>),
    Done,
    Failed(Vec<usize>),
    Invalid,
}

fn refusal(error: PortError) -> Answer {
    match error {
        PortError::ConditionFailed { failed } => Answer::Failed(failed),
        PortError::Invalid(_) => Answer::Invalid,
        other => panic!("not an answer: {other:?}"),
    }
}

fn order(item: &Attributes) -> (String, String) {
    let text = |name| match item.get(name) {
        Some(AttributeValue::S(text)) => text.clone(),
        _ => panic!("an item without {name}"),
    };
    (text(PK), text(SK))
}

struct Corner<'a> {
    memory: MemoryTable,
    dynamo: &'a DynamoTable,
    prefix: String,
}

impl Corner<'_> {
    fn pk(&self, name: &str) -> String {
        format!("{}{name}", self.prefix)
    }

    fn key(&self, (table, pk, sk): (bool, usize, usize)) -> Key {
        Key {
            table: if table {
                TableName::PersonKeys
            } else {
                TableName::Main
            },
            pk: self.pk(PARTITIONS[pk]),
            sk: SORTS[sk].to_owned(),
        }
    }

    async fn both<F, T>(
        &self,
        request: impl Fn(Box<dyn Port>) -> F,
        answer: fn(T) -> Answer,
    ) -> Answer
    where
        F: Future<Output = Result<T, PortError>>,
    {
        let ask = async |port: Box<dyn Port>| request(port).await.map_or_else(refusal, answer);
        let memory = ask(Box::new(self.memory.clone())).await;
        let dynamo = ask(Box::new(self.dynamo.clone())).await;
        assert_eq!(memory, dynamo, "memory on the left, DynamoDB on the right");
        memory
    }

    async fn get(&self, key: &Key) -> Answer {
        self.both(
            |port| {
                let key = key.clone();
                async move { port.get(&key).await }
            },
            Answer::Item,
        )
        .await
    }

    async fn batch(&self, keys: &[Key]) -> Answer {
        self.both(
            |port| {
                let keys = keys.to_vec();
                async move { port.batch_get(&keys).await }
            },
            |mut items: Vec<Attributes>| {
                items.sort_by_key(order);
                Answer::Items(items)
            },
        )
        .await
    }

    async fn query(&self, query: &Query) -> Answer {
        self.both(
            |port| {
                let query = query.clone();
                async move { port.query(&query).await }
            },
            |page: Page| Answer::Page(page.items, page.next),
        )
        .await
    }

    /// All pages to the end; how many entries they had.
    async fn walk(&self, mut query: Query) -> usize {
        let mut entries = 0;
        loop {
            let Answer::Page(items, next) = self.query(&query).await else {
                return entries;
            };
            entries += items.len();
            if next.is_none() {
                return entries;
            }
            query.after = next;
        }
    }

    async fn transact(&self, transaction: &Transaction) -> Answer {
        self.both(
            |port| {
                let transaction = transaction.clone();
                async move { port.transact(&transaction).await }
            },
            |()| Answer::Done,
        )
        .await
    }

    /// The whole corner, by table and by index.
    async fn compare_all(&self) {
        let sources = [
            Source::Table(TableName::Main),
            Source::Table(TableName::PersonKeys),
            Source::Index(Index::Due),
            Source::Index(Index::Enumeration),
        ];
        for source in sources {
            for pk in PARTITIONS {
                for ascending in [true, false] {
                    self.walk(Query {
                        source,
                        pk: self.pk(pk),
                        sort: SortRange::All,
                        ascending,
                        limit: 7,
                        after: None,
                    })
                    .await;
                }
            }
        }
    }
}

/// The shape of an item: everything the port can see of it.
#[derive(Debug, Clone)]
struct Shape {
    version: u64,
    expires: Option<i64>,
    word: Option<AttributeValue>,
    due: Option<(usize, usize)>,
    /// Partition without a sort key: such an item is in no index.
    half_due: bool,
    listed: Option<(usize, usize, Option<&'static str>)>,
}

fn item(corner: &Corner<'_>, key: &Key, shape: &Shape) -> Attributes {
    let text = |text: &str| AttributeValue::S(text.to_owned());
    let mut item = Attributes::from([
        (PK.to_owned(), text(&key.pk)),
        (SK.to_owned(), text(&key.sk)),
        (
            VERSION.to_owned(),
            AttributeValue::N(shape.version.to_string()),
        ),
    ]);
    if let Some(expires) = shape.expires {
        item.insert("expires_ms".into(), AttributeValue::N(expires.to_string()));
    }
    if let Some(word) = &shape.word {
        item.insert("word".into(), word.clone());
    }
    if let Some((pk, sk)) = shape.due {
        item.insert(DUE_PK.into(), text(&corner.pk(PARTITIONS[pk])));
        if !shape.half_due {
            item.insert(DUE_SK.into(), text(SORTS[sk]));
        }
    }
    if let Some((pk, sk, tag)) = shape.listed {
        item.insert(ENUM_PK.into(), text(&corner.pk(PARTITIONS[pk])));
        item.insert(ENUM_SK.into(), text(SORTS[sk]));
        if let Some(tag) = tag {
            item.insert(ENUM_TAG.into(), text(tag));
        }
    }
    item
}

type KeyChoice = (bool, usize, usize);

#[derive(Debug, Clone)]
enum Act {
    Put(Shape, Condition),
    Delete(Condition),
    Check(Condition),
}

#[derive(Debug, Clone)]
enum Step {
    Get(KeyChoice),
    Batch(Vec<KeyChoice>),
    /// A query to its end, or from a position that some other query may have given.
    Walk(usize, usize, SortRange, bool, u32),
    From(
        usize,
        usize,
        SortRange,
        bool,
        KeyChoice,
        Option<(usize, usize)>,
    ),
    Transact(Vec<(KeyChoice, Act)>),
    /// An earlier transaction once more under its token.
    Repeat(prop::sample::Index),
    /// Its token with other operations.
    Reuse(prop::sample::Index, KeyChoice),
}

fn key_choice() -> impl Strategy<Value = KeyChoice> {
    (
        prop::bool::weighted(0.1),
        0..PARTITIONS.len(),
        0..SORTS.len(),
    )
}

fn word() -> impl Strategy<Value = AttributeValue> {
    prop_oneof![
        prop::sample::select(vec!["", "one", "zwei", "三"])
            .prop_map(|w| AttributeValue::S(w.into())),
        (0..3_i32).prop_map(|n| AttributeValue::N(n.to_string())),
        any::<bool>().prop_map(AttributeValue::Bool),
        prop::collection::vec(any::<u8>(), 0..3).prop_map(AttributeValue::B),
        (0..3_i32).prop_map(|n| AttributeValue::M(
            [("id".to_owned(), AttributeValue::N(n.to_string()))].into()
        )),
        Just(AttributeValue::L(vec![AttributeValue::Bool(true)])),
    ]
}

fn shape() -> impl Strategy<Value = Shape> {
    (
        0..4_u64,
        prop::option::of(0..5_i64),
        prop::option::of(word()),
        prop::option::of((0..PARTITIONS.len(), 0..SORTS.len())),
        prop::bool::weighted(0.2),
        prop::option::of((
            0..PARTITIONS.len(),
            0..SORTS.len(),
            prop::option::of(prop::sample::select(vec!["pending", "confirmed"])),
        )),
    )
        .prop_map(|(version, expires, word, due, half_due, listed)| Shape {
            version,
            expires,
            word,
            due,
            half_due,
            listed,
        })
}

fn condition() -> impl Strategy<Value = Condition> {
    let one = prop_oneof![
        3 => Just(Condition::Always),
        3 => Just(Condition::Absent),
        2 => Just(Condition::Present),
        3 => (0..4_u64).prop_map(Condition::VersionIs),
        3 => (0..5_i64).prop_map(|now_ms| Condition::AbsentOrExpired { attribute: "expires_ms", now_ms }),
        2 => word().prop_map(|value| Condition::Equals("word", value)),
    ];
    one.prop_recursive(2, 6, 2, |inner| {
        (inner.clone(), inner).prop_map(|(a, b)| Condition::Both(Box::new(a), Box::new(b)))
    })
}

fn act() -> impl Strategy<Value = Act> {
    prop_oneof![
        5 => (shape(), condition()).prop_map(|(shape, condition)| Act::Put(shape, condition)),
        2 => condition().prop_map(Act::Delete),
        1 => condition().prop_map(Act::Check),
    ]
}

fn sort_range() -> impl Strategy<Value = SortRange> {
    let sort = || (0..SORTS.len()).prop_map(|at| SORTS[at].to_owned());
    let prefix = prop::sample::select(vec!["a", "a#", "a#1", "b", "é", "\u{10ffff}"]);
    prop_oneof![
        Just(SortRange::All),
        prefix.prop_map(|p| SortRange::Prefix(p.to_owned())),
        (sort(), sort()).prop_map(|(low, high)| SortRange::Between(low, high)),
        sort().prop_map(SortRange::AtMost),
    ]
}

fn step() -> impl Strategy<Value = Step> {
    let source = || 0..4_usize;
    let partition = || 0..PARTITIONS.len();
    prop_oneof![
        2 => key_choice().prop_map(Step::Get),
        1 => prop::collection::vec(key_choice(), 0..6).prop_map(Step::Batch),
        3 => (source(), partition(), sort_range(), any::<bool>(), 1..6_u32)
            .prop_map(|(s, p, r, a, l)| Step::Walk(s, p, r, a, l)),
        1 => (source(), partition(), sort_range(), any::<bool>(), key_choice(),
              prop::option::of((partition(), 0..SORTS.len())))
            .prop_map(|(s, p, r, a, k, i)| Step::From(s, p, r, a, k, i)),
        4 => prop::collection::vec((key_choice(), act()), 1..=1).prop_map(Step::Transact),
        6 => prop::collection::vec((key_choice(), act()), 0..7).prop_map(Step::Transact),
        1 => any::<prop::sample::Index>().prop_map(Step::Repeat),
        1 => (any::<prop::sample::Index>(), key_choice()).prop_map(|(i, k)| Step::Reuse(i, k)),
    ]
}

const SOURCES: [Source; 4] = [
    Source::Table(TableName::Main),
    Source::Table(TableName::PersonKeys),
    Source::Index(Index::Due),
    Source::Index(Index::Enumeration),
];

async fn run(corner: &Corner<'_>, steps: &[Step]) {
    let mut sent: Vec<Transaction> = Vec::new();
    for (at, step) in steps.iter().enumerate() {
        match step {
            Step::Get(key) => {
                corner.get(&corner.key(*key)).await;
            }
            Step::Batch(keys) => {
                let keys: Vec<Key> = keys.iter().map(|key| corner.key(*key)).collect();
                corner.batch(&keys).await;
            }
            Step::Walk(source, pk, sort, ascending, limit) => {
                corner
                    .walk(Query {
                        source: SOURCES[*source],
                        pk: corner.pk(PARTITIONS[*pk]),
                        sort: sort.clone(),
                        ascending: *ascending,
                        limit: *limit,
                        after: None,
                    })
                    .await;
            }
            Step::From(source, pk, sort, ascending, key, index) => {
                let key = corner.key(*key);
                corner
                    .query(&Query {
                        source: SOURCES[*source],
                        pk: corner.pk(PARTITIONS[*pk]),
                        sort: sort.clone(),
                        ascending: *ascending,
                        limit: 3,
                        after: Some(Position {
                            pk: key.pk,
                            sk: key.sk,
                            index: index
                                .map(|(pk, sk)| (corner.pk(PARTITIONS[pk]), SORTS[sk].to_owned())),
                        }),
                    })
                    .await;
            }
            Step::Transact(acts) => {
                let ops = acts
                    .iter()
                    .map(|(key, act)| op(corner, &corner.key(*key), act))
                    .collect();
                let transaction = Transaction {
                    ops,
                    token: format!("{}{at}", corner.prefix),
                };
                corner.transact(&transaction).await;
                sent.push(transaction);
            }
            Step::Repeat(which) if !sent.is_empty() => {
                let which = which.get(&sent).clone();
                corner.transact(&which).await;
            }
            Step::Reuse(which, key) if !sent.is_empty() => {
                let mut other = which.get(&sent).clone();
                let key = corner.key(*key);
                other.ops.push(Op::Delete {
                    key,
                    condition: Condition::Always,
                });
                corner.transact(&other).await;
            }
            Step::Repeat(_) | Step::Reuse(..) => {}
        }
    }
    corner.compare_all().await;
}

fn op(corner: &Corner<'_>, key: &Key, act: &Act) -> Op {
    match act {
        Act::Put(shape, condition) => Op::Put {
            table: key.table,
            item: item(corner, key, shape),
            condition: condition.clone(),
        },
        Act::Delete(condition) => Op::Delete {
            key: key.clone(),
            condition: condition.clone(),
        },
        Act::Check(condition) => Op::Check {
            key: key.clone(),
            condition: condition.clone(),
        },
    }
}

fn seed() -> u64 {
    std::env::var("VIO_SEED").map_or_else(
        |_| {
            use std::hash::{BuildHasher, Hasher};
            std::collections::hash_map::RandomState::new()
                .build_hasher()
                .finish()
        },
        |text| text.parse().unwrap(),
    )
}

#[test]
fn random_programs_get_the_same_answers() {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap();
    let pair = runtime.block_on(Pair::start());
    let seed = seed();
    eprintln!("VIO_SEED={seed}");
    let mut bytes = [0; 32];
    bytes[..8].copy_from_slice(&seed.to_le_bytes());
    let config = Config {
        cases: PROGRAMS,
        max_shrink_iters: 400,
        failure_persistence: None,
        ..Config::default()
    };
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &bytes);
    let mut runner = TestRunner::new_with_rng(config, rng);
    let programs = prop::collection::vec(step(), 1..STEPS);
    let result = runner.run(&programs, |steps| {
        let outcome = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            runtime.block_on(run(&pair.corner(), &steps));
        }));
        outcome.map_err(|panic| {
            let text = panic.downcast_ref::<String>().cloned();
            TestCaseError::fail(text.unwrap_or_default())
        })
    });
    if let Err(failure) = result {
        panic!("VIO_SEED={seed}: {failure}");
    }
}

/// An item of some size at the n-th sort key.
fn sized(corner: &Corner<'_>, n: usize, bytes: usize) -> Attributes {
    let key = Key {
        table: TableName::Main,
        pk: corner.pk("sized"),
        sk: format!("{n:04}"),
    };
    let shape = Shape {
        version: 1,
        expires: None,
        word: Some(AttributeValue::S("x".repeat(bytes))),
        due: Some((0, 0)),
        half_due: false,
        listed: None,
    };
    item(corner, &key, &shape)
}

fn put(item: Attributes) -> Op {
    Op::Put {
        table: TableName::Main,
        item,
        condition: Condition::Always,
    }
}

fn all_of(corner: &Corner<'_>, source: Source, pk: &str, limit: u32) -> Query {
    Query {
        source,
        pk: corner.pk(pk),
        sort: SortRange::All,
        ascending: true,
        limit,
        after: None,
    }
}

async fn send(corner: &Corner<'_>, ops: Vec<Op>, token: &str) -> Answer {
    let token = token.to_owned();
    corner.transact(&Transaction { ops, token }).await
}

#[tokio::test(flavor = "multi_thread")]
async fn the_limits_are_the_same() {
    let pair = Pair::start().await;
    let corner = pair.corner();
    let many = |count: usize| {
        (0..count)
            .map(|n| put(sized(&corner, n, 10)))
            .collect::<Vec<_>>()
    };
    assert_eq!(send(&corner, many(100), "hundred").await, Answer::Done);
    assert_eq!(send(&corner, many(101), "more").await, Answer::Invalid);
    assert_eq!(send(&corner, vec![], "none").await, Answer::Invalid);
    let token = "t".repeat(37);
    assert_eq!(send(&corner, many(2), &token[1..]).await, Answer::Done);
    assert_eq!(send(&corner, many(2), &token).await, Answer::Invalid);

    // 400 KB is the last size that goes in, to the byte.
    let overhead = vio_store::memory::item_bytes(&sized(&corner, 0, 0));
    let largest = 400 * 1024 - overhead;
    for (bytes, expected) in [(largest, Answer::Done), (largest + 1, Answer::Invalid)] {
        let alone = vec![put(sized(&corner, 0, bytes))];
        assert_eq!(send(&corner, alone, "").await, expected);
        let two = vec![put(sized(&corner, 0, bytes)), put(sized(&corner, 1, 1))];
        assert_eq!(send(&corner, two, &format!("{bytes}")).await, expected);
    }
    // And 4 MB is what a transaction takes.
    let eleven = |bytes| (0..11).map(|n| put(sized(&corner, n, bytes))).collect();
    let fits = 4 * 1024 * 1024 / 11 - overhead;
    assert_eq!(send(&corner, eleven(fits), "fits").await, Answer::Done);
    assert_eq!(
        send(&corner, eleven(fits + 1), "over").await,
        Answer::Invalid
    );

    // A page ends at 1 MB, whatever its limit; an index counts what it carries.
    let table = Source::Table(TableName::Main);
    let query = all_of(&corner, table, "sized", 100);
    let Answer::Page(items, Some(_)) = corner.query(&query).await else {
        panic!("a page of 1 MB, and more");
    };
    assert_eq!(items.len(), 2);
    assert_eq!(corner.walk(query).await, 100);
    let due = all_of(&corner, Source::Index(Index::Due), PARTITIONS[0], 200);
    assert_eq!(corner.walk(due).await, 100);
    // A full page has a position even where nothing follows.
    let Answer::Page(items, Some(last)) = corner.query(&all_of(&corner, table, "sized", 1)).await
    else {
        panic!("a full page");
    };
    assert_eq!((items.len(), last.sk.as_str()), (1, "0000"));
}

#[tokio::test(flavor = "multi_thread")]
async fn batches_are_split_and_refuse_a_key_named_twice() {
    let pair = Pair::start().await;
    let corner = pair.corner();
    for part in 0..3 {
        let ops = (0..100).map(|n| put(sized(&corner, part * 100 + n, 10)));
        send(&corner, ops.collect(), &format!("part {part}")).await;
    }
    let key = |n: usize| Key {
        table: TableName::Main,
        pk: corner.pk("sized"),
        sk: format!("{n:04}"),
    };
    let keys: Vec<Key> = (0..310).map(key).collect();
    let Answer::Items(items) = corner.batch(&keys).await else {
        panic!("all there are");
    };
    assert_eq!(items.len(), 300);
    assert_eq!(corner.batch(&[]).await, Answer::Items(vec![]));
    assert_eq!(corner.batch(&[key(1), key(1)]).await, Answer::Invalid);
    // Far apart too, where each of the two would go in a request of its own.
    let mut far = keys.clone();
    far.push(key(0));
    assert_eq!(corner.batch(&far).await, Answer::Invalid);
    // The same text in the other table is another key.
    let other = Key {
        table: TableName::PersonKeys,
        ..key(1)
    };
    let Answer::Items(items) = corner.batch(&[key(1), other]).await else {
        panic!("two different keys");
    };
    assert_eq!(items.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_and_ranges_are_judged_the_same() {
    let pair = Pair::start().await;
    let corner = pair.corner();
    let long = |bytes: usize| "k".repeat(bytes - corner.prefix.len());
    let keys = [
        ("", "s", false),
        ("p", "", false),
        (&long(2048), "s", true),
        (&long(2049), "s", false),
        ("p", &"s".repeat(1024), true),
        ("p", &"s".repeat(1025), false),
    ];
    for (pk, sk, good) in keys {
        let key = Key {
            table: TableName::Main,
            pk: if pk.is_empty() {
                String::new()
            } else {
                corner.pk(pk)
            },
            sk: sk.to_owned(),
        };
        let write = Op::Delete {
            key: key.clone(),
            condition: Condition::Always,
        };
        let (read, written) = if good {
            (Answer::Item(None), Answer::Done)
        } else {
            (Answer::Invalid, Answer::Invalid)
        };
        assert_eq!(corner.get(&key).await, read, "{} {}", pk.len(), sk.len());
        assert_eq!(send(&corner, vec![write.clone()], "").await, written);
        let two = vec![write, put(sized(&corner, 1, 1))];
        let token = format!("{}-{}", pk.len(), sk.len());
        assert_eq!(send(&corner, two, &token).await, written);
        // The embedded database takes such keys in a query, where DynamoDB refuses them: not compared.
        if good {
            let query = Query {
                pk: key.pk,
                ..all_of(&corner, Source::Table(TableName::Main), "", 1)
            };
            assert_eq!(corner.query(&query).await, Answer::Page(vec![], None));
        }
    }
    for name in [DUE_PK, DUE_SK, ENUM_PK, ENUM_SK] {
        for value in [
            AttributeValue::S(String::new()),
            AttributeValue::N("1".into()),
        ] {
            let mut item = sized(&corner, 1, 1);
            item.insert(name.into(), value);
            let two = vec![put(item.clone()), put(sized(&corner, 2, 1))];
            assert_eq!(send(&corner, vec![put(item)], "").await, Answer::Invalid);
            assert_eq!(send(&corner, two, name).await, Answer::Invalid);
        }
    }
    for (sort, good) in [
        (SortRange::Between("b".into(), "a".into()), false),
        (SortRange::Between("a".into(), "a".into()), true),
        (SortRange::Prefix("\u{10ffff}".into()), true),
    ] {
        let query = Query {
            sort,
            ..all_of(&corner, Source::Table(TableName::Main), "p", 1)
        };
        let expected = if good {
            Answer::Page(vec![], None)
        } else {
            Answer::Invalid
        };
        assert_eq!(corner.query(&query).await, expected);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_check_never_goes_alone_and_no_item_is_touched_twice() {
    let pair = Pair::start().await;
    let corner = pair.corner();
    let key = corner.key((false, 0, 0));
    let check = |condition| Op::Check {
        key: key.clone(),
        condition,
    };
    let other = || put(sized(&corner, 1, 1));
    let absent = || check(Condition::Absent);
    assert_eq!(send(&corner, vec![absent()], "1").await, Answer::Invalid);
    assert_eq!(
        send(&corner, vec![absent(), other()], "2").await,
        Answer::Done
    );
    let nothing = check(Condition::Always);
    assert_eq!(
        send(&corner, vec![nothing, other()], "3").await,
        Answer::Invalid
    );
    assert_eq!(
        send(&corner, vec![absent(), absent()], "4").await,
        Answer::Invalid
    );
    let failing = vec![
        other(),
        check(Condition::Present),
        check(Condition::VersionIs(u64::MAX)),
    ];
    assert_eq!(send(&corner, failing, "5").await, Answer::Invalid);
    let failing = vec![put(sized(&corner, 2, 1)), check(Condition::Present)];
    assert_eq!(send(&corner, failing, "6").await, Answer::Failed(vec![1]));
    let not_there = vec![check(Condition::VersionIs(u64::MAX)), other()];
    assert_eq!(send(&corner, not_there, "7").await, Answer::Failed(vec![0]));
}
