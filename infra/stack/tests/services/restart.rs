use std::{
    io::{BufRead as _, BufReader},
    os::unix::fs::PermissionsExt as _,
    path::Path,
    process::{Child, Command, Stdio},
    sync::Arc,
    time::Duration,
};

use aws_sdk_kms::{primitives::Blob, types::DataKeySpec};
use vio_stack::{Stack, StackError, StackOptions, SystemClock};

use crate::{
    dynamodb::{TABLE, make_table, s},
    ephemeral,
};

/// A child process that ends, by SIGKILL, with the value.
struct Killed(Child);

impl Drop for Killed {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

const DIRECTORY: &str = "VIO_STACK_TEST_DIRECTORY";

fn kept_in(directory: &Path) -> StackOptions {
    StackOptions {
        data_dir: Some(directory.to_owned()),
        clock: Arc::new(SystemClock),
    }
}

#[tokio::test]
async fn tables_objects_and_keys_survive_a_restart() {
    let directory = tempfile::tempdir().unwrap();
    let data_dir = directory.path().join("data");
    let stack = Stack::start(kept_in(&data_dir)).await.unwrap();
    make_table(&stack.dynamodb()).await;
    let put = stack
        .dynamodb()
        .put_item()
        .table_name(TABLE)
        .item("pk", s("a"))
        .item("sk", s("1"));
    put.send().await.unwrap();
    stack
        .s3()
        .create_bucket()
        .bucket("files")
        .send()
        .await
        .unwrap();
    stack
        .s3()
        .put_object()
        .bucket("files")
        .key("k")
        .body(vec![1, 2].into())
        .send()
        .await
        .unwrap();
    let kms = stack.kms();
    let key = kms.create_key().send().await.unwrap().key_metadata.unwrap();
    kms.create_alias()
        .alias_name("alias/data")
        .target_key_id(key.key_id())
        .send()
        .await
        .unwrap();
    let data_key = kms
        .generate_data_key()
        .key_id("alias/data")
        .key_spec(DataKeySpec::Aes256);
    let data_key = data_key
        .encryption_context("tenant", "a")
        .send()
        .await
        .unwrap();
    let signer = kms
        .create_key()
        .key_spec(aws_sdk_kms::types::KeySpec::EccNistP256)
        .key_usage(aws_sdk_kms::types::KeyUsageType::SignVerify);
    let signer = signer.send().await.unwrap().key_metadata.unwrap().key_id;
    let public = kms
        .get_public_key()
        .key_id(&signer)
        .send()
        .await
        .unwrap()
        .public_key
        .unwrap();
    stack.shutdown().await;

    let mode = std::fs::metadata(data_dir.join("kms.json"))
        .unwrap()
        .permissions()
        .mode();
    assert_eq!(mode & 0o777, 0o600);
    assert_eq!(
        std::fs::metadata(&data_dir).unwrap().permissions().mode() & 0o777,
        0o700
    );
    let text = std::fs::read_to_string(data_dir.join("kms.json")).unwrap();
    assert!(text.contains("DEVELOPMENT KEYS"));

    let stack = Stack::start(kept_in(&data_dir)).await.unwrap();
    let get = stack
        .dynamodb()
        .get_item()
        .table_name(TABLE)
        .key("pk", s("a"))
        .key("sk", s("1"));
    assert!(get.send().await.unwrap().item.is_some());
    let object = stack
        .s3()
        .get_object()
        .bucket("files")
        .key("k")
        .send()
        .await
        .unwrap();
    assert_eq!(object.body.collect().await.unwrap().to_vec(), [1, 2]);
    let opened = stack
        .kms()
        .decrypt()
        .ciphertext_blob(data_key.ciphertext_blob.unwrap());
    let opened = opened
        .encryption_context("tenant", "a")
        .send()
        .await
        .unwrap();
    assert_eq!(opened.plaintext, data_key.plaintext);
    let same = stack
        .kms()
        .get_public_key()
        .key_id(&signer)
        .send()
        .await
        .unwrap()
        .public_key
        .unwrap();
    assert_eq!(same, public);
}

#[tokio::test]
async fn damaged_keys_stop_the_start_and_are_left_alone() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("kms.json");
    std::fs::write(&file, "{ half a file").unwrap();
    let started = Stack::start(kept_in(directory.path())).await;
    assert!(matches!(started, Err(StackError::Keys(_))), "{started:?}");
    assert_eq!(std::fs::read_to_string(&file).unwrap(), "{ half a file");
    assert_eq!(
        std::fs::metadata(&file).unwrap().permissions().mode() & 0o777,
        0o600
    );
}

#[tokio::test]
async fn a_data_directory_has_one_stack_at_a_time() {
    let directory = tempfile::tempdir().unwrap();
    let stack = Stack::start(kept_in(directory.path())).await.unwrap();
    let second = Stack::start(kept_in(directory.path())).await;
    assert!(matches!(second, Err(StackError::InUse(_))), "{second:?}");
    stack.shutdown().await;
    Stack::start(kept_in(directory.path())).await.unwrap();
}

#[tokio::test]
async fn an_ephemeral_stack_forgets() {
    let stack = ephemeral().await;
    stack.kms().create_key().send().await.unwrap();
    stack.shutdown().await;
    let stack = ephemeral().await;
    let encrypt = stack.kms().list_aliases().send().await.unwrap();
    assert!(encrypt.aliases().is_empty());
    let tables = stack.dynamodb().list_tables().send().await.unwrap();
    assert!(tables.table_names().is_empty());
}

/// Every acknowledged write is there after the process was killed in the middle of its work.
#[tokio::test]
async fn acknowledged_writes_survive_kill_9() {
    let directory = tempfile::tempdir().unwrap();
    let child = Command::new(std::env::current_exe().unwrap())
        .args([
            "--exact",
            "restart::serve_until_killed",
            "--ignored",
            "--nocapture",
        ])
        .env(DIRECTORY, directory.path())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut child = Killed(child);
    let lines = BufReader::new(child.0.stdout.take().unwrap()).lines();
    let mut urls = lines.map_while(Result::ok).filter_map(|line| {
        let (_, urls) = line.split_once("serving ")?;
        let (dynamodb, kms) = urls.split_once(' ')?;
        Some((dynamodb.to_owned(), kms.to_owned()))
    });
    let (dynamodb_url, kms_url) = urls.next().expect("the child should say where it serves");

    let here = ephemeral().await;
    let config =
        aws_sdk_dynamodb::config::Builder::from(here.sdk_config()).endpoint_url(dynamodb_url);
    let dynamodb = aws_sdk_dynamodb::Client::from_conf(config.build());
    let config = aws_sdk_kms::config::Builder::from(here.sdk_config()).endpoint_url(kms_url);
    let kms = aws_sdk_kms::Client::from_conf(config.build());
    make_table(&dynamodb).await;
    let key = kms
        .create_key()
        .send()
        .await
        .unwrap()
        .key_metadata
        .unwrap()
        .key_id;
    let secret = kms
        .encrypt()
        .key_id(&key)
        .plaintext(Blob::new([5]))
        .send()
        .await
        .unwrap();
    let writer = tokio::spawn(async move {
        let mut acknowledged = 0;
        loop {
            let put = dynamodb.put_item().table_name(TABLE).item("pk", s("a"));
            match put.item("sk", s(&acknowledged.to_string())).send().await {
                Ok(_) => acknowledged += 1,
                Err(_) => return acknowledged,
            }
        }
    });
    tokio::time::sleep(Duration::from_millis(500)).await;
    drop(child);
    let acknowledged: usize = writer.await.unwrap();
    assert!(acknowledged > 0);

    let stack = Stack::start(kept_in(directory.path())).await.unwrap();
    let mut kept = std::collections::HashSet::new();
    let query = stack
        .dynamodb()
        .query()
        .table_name(TABLE)
        .key_condition_expression("pk = :p");
    let mut pages = query
        .expression_attribute_values(":p", s("a"))
        .into_paginator()
        .send();
    while let Some(page) = pages.next().await {
        kept.extend(
            page.unwrap()
                .items()
                .iter()
                .map(|item| item["sk"].as_s().unwrap().clone()),
        );
    }
    let lost: Vec<_> = (0..acknowledged)
        .filter(|n| !kept.contains(&n.to_string()))
        .collect();
    assert!(lost.is_empty(), "{lost:?}");
    let opened = stack
        .kms()
        .decrypt()
        .ciphertext_blob(secret.ciphertext_blob.unwrap())
        .send()
        .await;
    assert_eq!(opened.unwrap().plaintext.unwrap().as_ref(), [5]);
}

#[tokio::test]
#[ignore = "the process that the kill test starts and kills"]
async fn serve_until_killed() {
    let directory = std::env::var_os(DIRECTORY).expect("only the kill test runs this");
    let stack = Stack::start(kept_in(Path::new(&directory))).await.unwrap();
    println!(
        "serving {} {}",
        stack.endpoints().dynamodb,
        stack.endpoints().kms
    );
    std::future::pending::<()>().await;
}
