//! Canaries: rare words, numbers and dates go through every route, error path and webhook of the product at its most
//! verbose log level, and then whatever it wrote or sent is searched for them in every form (docs/security.md "The
//! canary search"). None may be found.
//!
//! Not searched, on purpose: requests to the voice provider, which must hold the words that are to be spoken (it is a
//! process of its own here, and only the URLs that it saw count); answers to those who may read what they ask for; and
//! memory.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout
)]

mod coverage;
mod drive;
mod forms;
mod lambda;
mod planted;
mod search;
mod words;
mod world;

use aws_sdk_dynamodb::types::AttributeValue;
use vio_stack::{Stack, StackOptions};

use crate::search::Search;
use crate::words::{BIRTH, FOREIGN, WORD, phone};
use crate::world::World;

/// Statuses that must have been met, or the refusals were not what they seem.
const STATUSES: &[u16] = &[
    200, 201, 204, 400, 401, 403, 404, 405, 409, 412, 413, 415, 422, 428,
];

#[tokio::test(flavor = "multi_thread")]
async fn no_canary_is_found_in_clear() {
    let mut world = World::start().await;
    drive::business(&world).await;
    drive::person(&world).await;
    drive::bookings(&world).await;
    drive::call(&world).await;
    drive::attention(&world).await;
    drive::sign_ins(&world).await;
    drive::refusals(&world).await;
    let missing = world.client.coverage.lock().unwrap().missing();
    assert!(
        missing.is_empty(),
        "text that no canary was sent in; send one in drive.rs, or say in coverage.rs why it is no text: {missing:#?}"
    );
    let statuses = world.client.statuses();
    let unmet: Vec<_> = STATUSES
        .iter()
        .filter(|status| !statuses.contains(status))
        .collect();
    assert!(
        unmet.is_empty(),
        "never answered: {unmet:?}; answered: {statuses:?}"
    );

    let messages = world.client.get("/dev/messages").await;
    let sent = messages["sent"].as_array().unwrap();
    for operation in ["SendMessage", "PutEvents"] {
        let some = sent.iter().any(|one| one["operation"] == operation);
        assert!(some, "{operation} was never asked for: the tap is shut");
    }
    let urls = world.urls();
    assert!(
        urls.iter().any(|url| url.contains("create-phone-call")),
        "{urls:?}"
    );

    let log = std::fs::read_to_string(world.log()).unwrap();
    for part in [
        "booking taken over",
        "call event applied",
        "/api/contacts/{contact_id}",
    ] {
        assert!(
            log.contains(part),
            "{part} was never logged: the log is not the product's"
        );
    }
    let secrets = world.client.secrets();
    assert!(secrets.len() > 5, "{} secrets", secrets.len());
    let mut texts = vec![WORD, FOREIGN];
    texts.extend(secrets.iter().map(String::as_str));
    let mut search = Search::new(&texts, phone::ALL, &[BIRTH]);
    // While it runs, with the database's journal, and when it has ended.
    search.directory(&world.data(), &[]);
    let said = world.stop().await;
    search.bytes("standard output", said.as_bytes());
    search.file(&world.log());
    for one in sent {
        // As JSON in JSON, and as it was sent.
        let request = one["request"].as_str().unwrap();
        search.bytes(
            &format!("a message: {}", one["operation"]),
            request.as_bytes(),
        );
    }
    for url in &urls {
        search.bytes("a URL at the provider", url.as_bytes());
    }
    search.directory(&world.data(), &[]);
    items(&world, &mut search).await;

    println!(
        "searched: {}; {} requests, messages and URLs",
        search.extent(),
        sent.len() + urls.len()
    );
    let findings = search.findings();
    let (count, first) = (findings.len(), &findings[..findings.len().min(60)]);
    assert!(
        findings.is_empty(),
        "{count} findings, of which: {first:#?}"
    );
}

/// The tables once more, item by item: in the database's pages a long value is cut into pieces.
async fn items(world: &World, search: &mut Search) {
    let options = StackOptions {
        data_dir: Some(world.data().join("aws")),
        ..StackOptions::ephemeral()
    };
    let stack = Stack::start(options).await.unwrap();
    let names = vio_local::tables();
    let mut count = 0;
    for table in [&names.main, &names.person_keys] {
        let mut pages = stack
            .dynamodb()
            .scan()
            .table_name(table)
            .into_paginator()
            .items()
            .send();
        while let Some(item) = pages.next().await {
            count += 1;
            let item = item.unwrap();
            let place = format!("{table} {:?} {:?}", item["pk"], item["sk"]);
            for (name, value) in &item {
                let mut parts = vec![name.clone().into_bytes()];
                flatten(value, &mut parts);
                for part in parts {
                    search.bytes(&format!("{place} {name}"), &part);
                }
            }
        }
    }
    assert!(count > 100, "{count} items");
    stack.shutdown().await;
}

fn flatten(value: &AttributeValue, parts: &mut Vec<Vec<u8>>) {
    match value {
        AttributeValue::S(text) | AttributeValue::N(text) => parts.push(text.clone().into_bytes()),
        AttributeValue::B(bytes) => parts.push(bytes.as_ref().to_vec()),
        AttributeValue::Ss(texts) | AttributeValue::Ns(texts) => {
            parts.extend(texts.iter().map(|text| text.clone().into_bytes()));
        }
        AttributeValue::Bs(all) => parts.extend(all.iter().map(|bytes| bytes.as_ref().to_vec())),
        AttributeValue::L(items) => items.iter().for_each(|item| flatten(item, parts)),
        AttributeValue::M(members) => {
            for (name, value) in members {
                parts.push(name.clone().into_bytes());
                flatten(value, parts);
            }
        }
        _ => {}
    }
}
