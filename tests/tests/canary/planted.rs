//! The search is searched: every form planted in every kind of place must be found. The encoders here are others than
//! those of the search where there are others.

use std::io::Write;
use std::path::Path;

use aws_sdk_dynamodb::types::AttributeValue;
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE};
use chrono::NaiveDate;
use flate2::Compression;
use flate2::write::{DeflateEncoder, GzEncoder, ZlibEncoder};
use vio_stack::{Stack, StackOptions};

use crate::search::Search;

const WORD: &str = "Wyvernquilt";
const FOREIGN: &str = "Жѣщюѳъ";
const PHONE: &str = "+447700900461";
const BIRTH: NaiveDate = NaiveDate::from_ymd_opt(1931, 7, 23).expect("a date");

fn search() -> Search {
    Search::new(&[WORD, FOREIGN], &[PHONE], &[BIRTH])
}

fn base64(text: &str) -> impl Iterator<Item = Vec<u8>> {
    // Whatever stands before and after it.
    (0..6).flat_map(move |before| {
        let whole = format!(
            "{}{text}{}",
            &"éabcd"[..[0, 2, 3, 4, 5, 6][before]],
            &"xyz"[..before / 2]
        );
        [STANDARD.encode(&whole), URL_SAFE.encode(&whole)].map(String::into_bytes)
    })
}

fn escaped(text: &str) -> String {
    text.encode_utf16()
        .map(|unit| format!("\\u{unit:04X}"))
        .collect()
}

fn wide(text: &str, swap: bool) -> Vec<u8> {
    let mut bytes: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
    if swap {
        bytes.chunks_mut(2).for_each(<[u8]>::reverse);
    }
    bytes
}

/// Every way of writing the canaries down.
fn written() -> Vec<(String, Vec<u8>)> {
    let mut all = Vec::new();
    let mut add =
        |name: &str, text: &str, bytes: Vec<u8>| all.push((format!("{name} of {text}"), bytes));
    for text in [WORD, FOREIGN, "7700900461", "1931-07-23"] {
        let cased = [text.to_owned(), text.to_lowercase(), text.to_uppercase()];
        for text in &cased {
            let hexed: String = text.bytes().map(|byte| format!("{byte:02x}")).collect();
            let percent: String = text.bytes().map(|byte| format!("%{byte:02X}")).collect();
            add("raw", text, text.clone().into_bytes());
            for bytes in base64(text) {
                add("base64", text, bytes.clone());
                add(
                    "base64 of base64",
                    text,
                    STANDARD.encode(&bytes).into_bytes(),
                );
            }
            add("hex", text, hexed.clone().into_bytes());
            add("upper hex", text, hexed.to_uppercase().into_bytes());
            add("percent", text, percent.clone().into_bytes());
            add("lower percent", text, percent.to_lowercase().into_bytes());
            add(
                "percent twice",
                text,
                percent.replace('%', "%25").into_bytes(),
            );
            let form = form_urlencoded(text);
            add("form", text, form.clone().into_bytes());
            add("form twice", text, form_urlencoded(&form).into_bytes());
            add("JSON escapes", text, escaped(text).into_bytes());
            add(
                "lower JSON escapes",
                text,
                escaped(text).to_lowercase().into_bytes(),
            );
            add(
                "JSON in JSON",
                text,
                escaped(text).replace('\\', "\\\\").into_bytes(),
            );
            add(
                "Debug of bytes",
                text,
                format!("{:?}", text.as_bytes()).into_bytes(),
            );
            add(
                "JSON of bytes",
                text,
                serde_json::to_vec(text.as_bytes()).expect("JSON"),
            );
            add("UTF-16LE", text, wide(text, false));
            add("UTF-16BE", text, wide(text, true));
        }
    }
    let mixed: String = WORD
        .char_indices()
        .map(|(at, c)| {
            if at % 2 == 0 {
                c.to_ascii_lowercase()
            } else {
                c.to_ascii_uppercase()
            }
        })
        .collect();
    add("mixed case", WORD, mixed.into_bytes());
    for text in [
        "+447700900461",
        "447700900461",
        "07700900461",
        "07700 900461",
        "07700 900 461",
        "+44 7700 900461",
        "+44 (0)7700 900-461",
        "(07700) 900461",
        "07700.900.461",
        "077 0090 0461",
        "tel:+44-7700-900461",
        "%2B447700900461",
        "+44+7700+900461",
    ] {
        add("formatted", text, text.as_bytes().to_vec());
    }
    for text in [
        "23/07/1931",
        "07/23/1931",
        "23.07.1931",
        "23 July 1931",
        "July 23, 1931",
        "23 Jul 1931",
    ] {
        add("formatted", text, text.as_bytes().to_vec());
    }
    all
}

fn form_urlencoded(text: &str) -> String {
    url(text.as_bytes())
}

fn url(bytes: &[u8]) -> String {
    let mut text = String::new();
    for byte in bytes {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' => {
                text.push(char::from(*byte))
            }
            b' ' => text.push('+'),
            _ => text.push_str(&format!("%{byte:02X}")),
        }
    }
    text
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(bytes).expect("memory");
    encoder.finish().expect("memory")
}

fn zlib(bytes: &[u8], level: Compression) -> Vec<u8> {
    let mut encoder = ZlibEncoder::new(Vec::new(), level);
    encoder.write_all(bytes).expect("memory");
    encoder.finish().expect("memory")
}

/// A ZIP archive's one member, as in an XLSX.
fn zip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = DeflateEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(bytes).expect("memory");
    let mut whole = b"PK\x03\x04\x14\0\0\0\x08\0".to_vec();
    whole.extend([0; 16]);
    whole.extend([5, 0, 0, 0]);
    whole.extend(b"a.xml");
    whole.extend(encoder.finish().expect("memory"));
    whole
}

fn around(bytes: &[u8]) -> Vec<u8> {
    let mut whole = b"\0\x01 what stands before x\x9c ".to_vec();
    whole.extend(bytes);
    whole.extend(b" what stands after \xff");
    whole
}

/// Bytes put somewhere.
type Place = fn(&[u8]) -> Vec<u8>;

/// Every kind of place in bytes.
const PLACES: &[(&str, Place)] = &[
    ("all there is", <[u8]>::to_vec),
    ("in the middle", around),
    ("at the end", |bytes| {
        [b"what stands before ", bytes].concat()
    }),
    ("in gzip", |bytes| around(&gzip(&around(bytes)))),
    ("in zlib", |bytes| {
        around(&zlib(&around(bytes), Compression::default()))
    }),
    ("in fast zlib", |bytes| {
        around(&zlib(&around(bytes), Compression::fast()))
    }),
    ("in the best zlib", |bytes| {
        around(&zlib(&around(bytes), Compression::best()))
    }),
    ("in stored zlib", |bytes| {
        around(&zlib(&around(bytes), Compression::none()))
    }),
    ("in zlib in gzip", |bytes| {
        gzip(&around(&zlib(&around(bytes), Compression::fast())))
    }),
    ("in ZIP", |bytes| around(&zip(&around(bytes)))),
    ("in zlib that is cut off", |bytes| {
        let mut whole = zlib(
            &[&around(bytes)[..], &[7; 5000]].concat(),
            Compression::none(),
        );
        whole.truncate(whole.len() - 100);
        whole
    }),
    ("in gzip in base64", |bytes| {
        around(STANDARD.encode(gzip(&around(bytes))).as_bytes())
    }),
    ("in zlib in base64 in gzip", |bytes| {
        gzip(&around(
            URL_SAFE
                .encode(zlib(&around(bytes), Compression::fast()))
                .as_bytes(),
        ))
    }),
    ("in zlib in hex", |bytes| {
        around(hex::encode(zlib(&around(bytes), Compression::fast())).as_bytes())
    }),
    ("in the second of two gzips", |bytes| {
        [gzip(b"the first"), gzip(&around(bytes))].concat()
    }),
];

#[test]
fn every_form_in_every_place_is_found() {
    let mut search = search();
    let mut missed = Vec::new();
    for (form, bytes) in written() {
        for (place, put) in PLACES {
            search.bytes("planted", &put(&bytes));
            if search.take().is_empty() {
                missed.push(format!("{form}, {place}"));
            }
        }
    }
    assert!(missed.is_empty(), "{} missed: {missed:#?}", missed.len());
}

#[test]
fn nothing_is_found_where_nothing_is() {
    let mut search = search();
    for (_, put) in PLACES {
        search.bytes(
            "innocent",
            &put(b"Wyvern quilt, 7700 and 900461, Wyvernquil, 1931-07"),
        );
    }
    let mut noise = vio_tests::Random::new(1);
    let bytes: Vec<u8> = (0..2_000_000)
        .map(|_| noise.draw().to_le_bytes()[0])
        .collect();
    search.bytes("noise", &bytes);
    search.bytes("noise in base64", STANDARD.encode(&bytes).as_bytes());
    search.bytes("noise in hex", hex::encode(&bytes).as_bytes());
    assert_eq!(search.findings(), []);
}

#[test]
fn a_finding_says_where_and_shows_it() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path().join("log");
    std::fs::write(&path, format!("one\ntwo phone={PHONE} three\n")).expect("a file");
    let mut search = search();
    search.file(&path);
    let [finding] = search.findings() else {
        panic!("{:?}", search.findings())
    };
    let told = format!("{finding:?}");
    assert_eq!(finding.offset, 17, "{told}");
    for part in [
        "log at 17",
        PHONE,
        "as raw",
        "two phone=+447700900461 three\\n",
    ] {
        assert!(told.contains(part), "{part} in {told}");
    }
}

#[test]
fn files_wherever_they_lie_and_their_names() {
    let directory = tempfile::tempdir().expect("a directory");
    let deep = directory.path().join("a/.b/c");
    std::fs::create_dir_all(&deep).expect("folders");
    std::fs::write(deep.join("d"), WORD).expect("a file");
    std::fs::write(directory.path().join(format!("of-{WORD}.txt")), "").expect("a file");
    let spared = directory.path().join("spared");
    std::fs::create_dir(&spared).expect("a folder");
    std::fs::write(spared.join("e"), WORD).expect("a file");
    let mut search = search();
    search.directory(directory.path(), &[spared]);
    let places: Vec<_> = search.findings().iter().map(|found| &found.place).collect();
    assert_eq!(places.len(), 2, "{places:?}");
    assert!(
        places.iter().any(|place| place.ends_with("a/.b/c/d")),
        "{places:?}"
    );
    assert!(
        places.iter().any(|place| place.starts_with("the name of")),
        "{places:?}"
    );
}

fn found_in(directory: &Path, part: &str) -> bool {
    let mut search = search();
    search.directory(directory, &[]);
    let mut places = search.findings().iter().map(|found| &found.place);
    places.any(|place| place.contains(part))
}

/// The real services: a row, a row that was deleted (its page is free, its bytes are not gone), the journal that was
/// not checkpointed, an object, a message, an event.
#[tokio::test(flavor = "multi_thread")]
async fn what_the_services_keep_is_found() {
    let directory = tempfile::tempdir().expect("a directory");
    let options = StackOptions {
        data_dir: Some(directory.path().to_owned()),
        ..StackOptions::ephemeral()
    };
    let stack = Stack::start(options).await.expect("the services");
    let names = vio_local::tables();
    let table = stack.dynamodb();
    vio_store::schema::create_tables(&table, &names)
        .await
        .expect("tables");
    assert!(!found_in(directory.path(), ""));
    let put = async |key: &str, value: AttributeValue| {
        table
            .put_item()
            .table_name(&names.person_keys)
            .item("pk", AttributeValue::S(key.into()))
            .item("sk", AttributeValue::S(key.into()))
            .item("value", value)
            .send()
            .await
            .expect("a write");
    };
    let gone = || AttributeValue::B(gzip(&around(WORD.as_bytes())).into());
    // Deleted at once: only a free page or a journal can hold it, or the stream's record of it.
    put("k", gone()).await;
    assert!(found_in(directory.path(), "sqlite"), "in the table");
    table
        .delete_item()
        .table_name(&names.person_keys)
        .key("pk", AttributeValue::S("k".into()))
        .key("sk", AttributeValue::S("k".into()))
        .send()
        .await
        .expect("a deletion");
    assert!(
        found_in(directory.path(), "sqlite"),
        "in a free page or the journal"
    );
    let s3 = stack.s3();
    s3.create_bucket()
        .bucket("planted")
        .send()
        .await
        .expect("a bucket");
    s3.put_object()
        .bucket("planted")
        .key("o")
        .body(zlib(FOREIGN.as_bytes(), Compression::fast()).into())
        .send()
        .await
        .expect("an object");
    assert!(found_in(directory.path(), "objects"), "in the object store");

    let sqs = stack.sqs();
    let queue = sqs
        .create_queue()
        .queue_name("q")
        .send()
        .await
        .expect("a queue");
    let url = queue.queue_url().expect("an address");
    sqs.send_message()
        .queue_url(url)
        .message_body(STANDARD.encode(PHONE))
        .send()
        .await
        .expect("a message");
    sqs.purge_queue()
        .queue_url(url)
        .send()
        .await
        .expect("a purge");
    let entry = aws_sdk_eventbridge::types::PutEventsRequestEntry::builder()
        .source("test")
        .detail_type("planted")
        .detail(serde_json::json!({ "born": BIRTH }).to_string())
        .build();
    stack
        .events()
        .put_events()
        .entries(entry)
        .send()
        .await
        .expect("an event");
    let sent = serde_json::to_vec(&stack.sent()).expect("JSON");
    let mut search = search();
    search.bytes("sent", &sent);
    let mut found: Vec<_> = search
        .findings()
        .iter()
        .map(|found| found.canary.as_str())
        .collect();
    found.sort_unstable();
    assert_eq!(found, [PHONE, "1931-07-23"], "{:?}", search.findings());
    stack.shutdown().await;
}
